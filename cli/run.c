#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  hvm_options library;
  const char *file, *expression; // NULL: not given
  bool cost, json;
  Colour colour;
} Options;

static bool set_option(Options *options, int code, const char *value) {
  switch (code) {
  case 'f':
    if (options->file) return usage_error(&COMMAND_RUN, "two files: '%s' and '%s'", options->file, value), false;
    options->file = value;
    return true;
  case 'c': return option_boolean(&COMMAND_RUN, value, &options->cost);
  case 's': return option_memory(&COMMAND_RUN, value, &options->library.memory);
  case 't': return option_threads(&COMMAND_RUN, value, &options->library.threads);
  case OPTION_STRICT: return option_strict(&COMMAND_RUN, value, &options->library.graph_only);
  case OPTION_NATIVE: return option_native(&COMMAND_RUN, value, &options->library.native);
  case OPTION_COLOUR: return option_colour(&COMMAND_RUN, value, &options->colour);
  case OPTION_STATS:
    options->json = strcmp(value, "json") == 0;
    return options->json || (usage_error(&COMMAND_RUN, "--stats takes json, not '%s'", value), false);
  default: return false;
  }
}

static bool set_argument(Options *options, const char *word) {
  if (!options->file && source_is_file(word))
    options->file = word;
  else if (source_has_suffix(word))
    return usage_error(&COMMAND_RUN, "two files: '%s' and '%s'", options->file, word), false;
  else if (!options->expression)
    options->expression = word;
  else
    return usage_error(&COMMAND_RUN, "unexpected '%s'; an expression is one word, so quote it", word), false;
  return true;
}

static const struct option LONG_OPTIONS[] = {{"file", required_argument, NULL, 'f'},
                                             {"cost", optional_argument, NULL, 'c'},
                                             {"stats", required_argument, NULL, OPTION_STATS},
                                             {"memory", required_argument, NULL, 's'},
                                             {"threads", required_argument, NULL, 't'},
                                             {"strict", required_argument, NULL, OPTION_STRICT},
                                             {"native", required_argument, NULL, OPTION_NATIVE},
                                             {"color", optional_argument, NULL, OPTION_COLOUR},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

// Returns -1 when there is something to run, else the exit status.
static int parse(const Command *command, Options *options, int count, char **words) {
  count = option_join_boolean(count, words, "-c", "--cost");
  for (int code; (code = option_next(command, count, words, ":f:c::s:t:hV", LONG_OPTIONS)) != -1;) {
    if (code == '?') return EXIT_USAGE;
    if (code == 'h') return output_help(command);
    if (code == 'V') return output_version();
    if (!set_option(options, code, optarg)) return EXIT_USAGE;
  }
  for (; optind < count; optind++)
    if (!set_argument(options, words[optind])) return EXIT_USAGE;
  if (!options->file && !options->expression)
    return usage_error(command, "nothing to run: give a file or an expression");
  return -1;
}

static void print_statistics(hvm_runtime *runtime, const Options *options) {
  if (!options->cost && !options->json) return;
  hvm_collect(runtime);
  hvm_statistics statistics = hvm_stats(runtime);
  if (options->cost) statistics_cost(&statistics);
  if (options->json) statistics_json(&statistics);
}

static int print_result(hvm_runtime *runtime) {
  size_t size;
  char *text = hvm_result_text(runtime, &size);
  if (!text) return EXIT_ERROR;
  fwrite(text, 1, size, stdout);
  putchar('\n');
  free(text);
  return output_finish(EXIT_OK);
}

static int reduce(hvm_runtime *runtime, const Options *options, bool colour) {
  interrupt_begin(runtime);
  hvm_status status = options->expression ? hvm_reduce(runtime, options->expression) : hvm_reduce_main(runtime);
  int exit_status = status == HVM_OK ? print_result(runtime) : EXIT_ERROR;
  interrupt_end();
  output_messages(runtime, colour);
  print_statistics(runtime, options);
  return exit_status;
}

static int run(const Command *command, int count, char **words) {
  Options options = {0};
  int exit_status = parse(command, &options, count, words);
  if (exit_status >= 0) return exit_status;
  bool colour = output_colour(options.colour);
  interrupt_catch();
  hvm_runtime *runtime = hvm_new(&options.library);
  if (!runtime) {
    output_error(colour, "cannot reserve memory; try a smaller --memory");
    return EXIT_ERROR;
  }
  hvm_status status = options.file ? source_load(runtime, options.file) : HVM_OK;
  output_messages(runtime, colour);
  exit_status = status == HVM_OK ? reduce(runtime, &options, colour) : EXIT_ERROR;
  hvm_free(runtime);
  return exit_status;
}

static const char HELP[] =
    "hvm run: reduces a program or an expression to normal form and prints it\n"
    "\n"
    "usage: hvm run [OPTION…] FILE [EXPR]\n"
    "       hvm run [OPTION…] EXPR\n"
    "\n"
    "With a file alone, its Main is reduced; with an expression, that is, using the rules of the file. A word that\n"
    "ends in .hvm or names an existing file is the file; - is standard input. 'hvm r' is the same as 'hvm run'.\n"
    "\n"
    "options:\n"
    "  -f, --file FILE      the file, whatever its name\n"
    "  -c, --cost           shows time, rewrites and millions of rewrites per second on standard error\n"
    "      --stats json     shows counts of rewrites and memory as one JSON object on standard error\n"
    "  -s, --memory SIZE    limits the memory of the run: 512M, 8G (default: most of the machine's)\n"
    "  -t, --threads N      accepted for later versions; this one uses one thread\n"
    "      --strict on|off  code by demand analysis (default), or everything through the graph\n"
    "      --native WHEN    machine code: auto (default), as soon as it is compiled; on, before the program starts; "
    "off\n"
    "      --color WHEN     colours messages: auto (default), always or never\n"
    "  -h, --help           shows this help\n"
    "  -V, --version        shows the version\n"
    "\n"
    "exit status: 0 when a result was printed, 1 after an error, 2 when the command line is wrong\n"
    "\n"
    "examples:\n"
    "  hvm run main.hvm\n"
    "  hvm r main.hvm -c true\n"
    "  hvm run -f main.hvm '(Main 10)'\n"
    "  hvm run '(* 6 7)'\n"
    "  echo 'Main = \"hello\"' | hvm run -\n"
    "  hvm run --memory 1G --stats=json main.hvm\n";

const Command COMMAND_RUN = {"run", "r", "reduces a program or an expression and prints the result", HELP, run};
