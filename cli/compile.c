#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
  const char *file, *output; // NULL: not given
  bool emit_c, colour;
} Options;

static const struct option LONG_OPTIONS[] = {{"output", required_argument, NULL, 'o'},
                                             {"emit-c", no_argument, NULL, OPTION_EMIT_C},
                                             {"color", required_argument, NULL, OPTION_COLOUR},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

// Returns -1 when there is something to compile, else the exit status.
static int parse(const Command *command, Options *options, int count, char **words) {
  Colour colour = COLOUR_AUTO;
  for (int code; (code = option_next(command, count, words, ":o:hV", LONG_OPTIONS)) != -1;) {
    if (code == '?') return EXIT_USAGE;
    if (code == 'h') return output_help(command);
    if (code == 'V') return output_version();
    if (code == OPTION_EMIT_C) options->emit_c = true;
    if (code == OPTION_COLOUR && !option_colour(command, optarg, &colour)) return EXIT_USAGE;
    if (code != 'o') continue;
    if (options->output) return usage_error(command, "two outputs: '%s' and '%s'", options->output, optarg);
    if (!*optarg) return usage_error(command, "the name of the output is empty");
    options->output = optarg;
  }
  options->colour = output_colour(colour);
  if (optind == count) return usage_error(command, "nothing to compile: give a file");
  options->file = words[optind++];
  if (optind < count) return usage_error(command, "unexpected '%s'; a program is one file", words[optind]);
  if (options->output && source_has_suffix(options->output))
    return usage_error(command, "the output '%s' is called like a program's text", options->output);
  return -1;
}

// The output's name: that of the file without its folder and its suffix. NULL: it must be given.
static char *default_output(const char *file) {
  if (!source_has_suffix(file)) return NULL;
  const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
  size_t size = strlen(name) - strlen(".hvm");
  return size ? strndup(name, size) : NULL;
}

// Only a program is replaced by a program.
static bool may_write(const char *output, bool colour) {
  struct stat about;
  if (stat(output, &about) != 0 || (S_ISREG(about.st_mode) && about.st_mode & S_IXUSR)) return true;
  output_error(colour, "'%s' exists and is no program; remove it, or give another name with -o", output);
  return false;
}

// Writing C.

static void write_string(FILE *to, const char *text, size_t size) {
  fputc('"', to);
  for (size_t i = 0; i < size; i++) {
    unsigned char letter = (unsigned char)text[i];
    if (letter >= ' ' && letter < 127 && letter != '"' && letter != '\\' && letter != '?')
      fputc(letter, to);
    else
      fprintf(to, "\\%03o", letter);
    if (letter == '\n') fputs("\"\n\"", to);
  }
  fputc('"', to);
}

// The unit, and the main function of a program.
static void write_source(FILE *to, const char *unit, const char *path, const char *text, size_t size) {
  fputs(unit, to);
  fputs("\nint hvm_program(int, char **, const char *, const char *, size_t, const NativeModule *);\n"
        "static const char hvm_text[] =\n",
        to);
  write_string(to, text, size);
  fputs(";\nint main(int count, char **words) {\n  return hvm_program(count, words, ", to);
  write_string(to, path, strlen(path));
  fputs(", hvm_text, sizeof hvm_text - 1, &hvm_native_module);\n}\n", to);
}

static int write_unit(const Options *options, const char *unit, size_t size) {
  FILE *to = options->output ? fopen(options->output, "w") : stdout;
  bool written = to && fwrite(unit, 1, size, to) == size;
  if (!options->output) return EXIT_OK; // main looks after standard output
  if (to) written = fclose(to) == 0 && written;
  if (!written) output_error(options->colour, "cannot write '%s': %s", options->output, strerror(errno));
  return written ? EXIT_OK : EXIT_ERROR;
}

static int write_program(const Options *options, const char *unit, const char *text, size_t size) {
  char *source = NULL;
  size_t source_size;
  FILE *to = open_memstream(&source, &source_size);
  if (to) write_source(to, unit, strcmp(options->file, "-") == 0 ? "<stdin>" : options->file, text, size);
  bool linked = false;
  if (!to || fclose(to) != 0)
    output_error(options->colour, "out of memory");
  else
    linked = compiler_link(source, source_size, options->output, options->colour);
  free(source);
  return linked ? EXIT_OK : EXIT_ERROR;
}

static int compile_text(const Options *options, const char *text, size_t size) {
  hvm_runtime *runtime = hvm_new(NULL);
  if (!runtime) {
    output_error(options->colour, "cannot reserve memory");
    return EXIT_ERROR;
  }
  hvm_load_text(runtime, strcmp(options->file, "-") == 0 ? "<stdin>" : options->file, text, size);
  output_messages(runtime, options->colour);
  size_t unit_size;
  char *unit = hvm_emit_c(runtime, &unit_size);
  hvm_free(runtime);
  if (!unit) return EXIT_ERROR;
  int status = options->emit_c ? write_unit(options, unit, unit_size) : write_program(options, unit, text, size);
  free(unit);
  return status;
}

static int compile(const Command *command, int count, char **words) {
  Options options = {0};
  int status = parse(command, &options, count, words);
  if (status >= 0) return status;
  char *name = options.output || options.emit_c ? NULL : default_output(options.file);
  if (name) options.output = name;
  if (!options.output && !options.emit_c)
    return usage_error(command, "'%s' does not end in .hvm: give the name of the program with -o", options.file);
  size_t size;
  char *text = options.emit_c || may_write(options.output, options.colour) ? source_read(options.file, &size) : NULL;
  status = text ? compile_text(&options, text, size) : EXIT_ERROR;
  free(text);
  free(name);
  return status;
}

static const char HELP[] =
    "hvm compile: makes an executable program\n"
    "\n"
    "usage: hvm compile [OPTION…] FILE\n"
    "\n"
    "The program does what 'hvm run FILE' does, takes its options, but for -f and -d, and an expression, and needs\n"
    "neither hvm nor the file. It is made by the C compiler that HVM_CC names, or cc. - is standard input. 'hvm c' is\n"
    "the same as 'hvm compile'.\n"
    "\n"
    "options:\n"
    "  -o, --output NAME    the program (default: the file's name without .hvm, in the current folder)\n"
    "      --emit-c         writes the C of the program's machine code instead, on standard output or to -o\n"
    "      --color WHEN     colours messages: auto (default), always or never\n"
    "  -h, --help           shows this help\n"
    "  -V, --version        shows the version\n"
    "\n"
    "exit status: 0 when the output was written, 1 after an error, 2 when the command line is wrong\n"
    "\n"
    "examples:\n"
    "  hvm compile main.hvm\n"
    "  hvm c main.hvm -o program && ./program -c '(Main 10)'\n"
    "  hvm compile --emit-c main.hvm | less\n";

const Command COMMAND_COMPILE = {"compile", "c", "makes an executable program", HELP, compile, "hvm compile"};
