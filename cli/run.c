#include "trace.h"

#include <string.h>

typedef struct {
  Reduction reduction;
  const char *file, *expression; // NULL: not given
} Options;

static bool set_option(Options *options, int code, const char *value) {
  if (code != 'f') return reduction_option(&COMMAND_RUN, &options->reduction, code, value);
  if (options->file) return usage_error(&COMMAND_RUN, "two files: '%s' and '%s'", options->file, value), false;
  options->file = value;
  return true;
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

static const struct option LONG_OPTIONS[] = {{"file", required_argument, NULL, 'f'}, REDUCTION_OPTIONS};

// Returns -1 when there is something to run, else the exit status.
static int parse(const Command *command, Options *options, int count, char **words) {
  count = option_join_boolean(count, words, "-c", "--cost");
  for (int code; (code = option_next(command, count, words, ":f:" REDUCTION_LETTERS, LONG_OPTIONS)) != -1;) {
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

// Takes -d out of the words.
static bool wants_trace(int *count, char **words) {
  for (int i = 1; i < *count && strcmp(words[i], "--") != 0; i++) {
    if (strcmp(words[i], "-d") != 0 && strcmp(words[i], "--debug") != 0) continue;
    memmove(words + i, words + i + 1, (size_t)(*count - i) * sizeof *words);
    --*count;
    return true;
  }
  return false;
}

typedef struct {
  const Options *options;
  int exit_status;
} Job;

static void load_and_reduce(void *context) {
  Job *job = context;
  const Options *options = job->options;
  hvm_runtime *runtime = reduction_begin(&options->reduction);
  if (!runtime) return;
  hvm_status status = options->file ? source_load(runtime, options->file) : HVM_OK;
  job->exit_status = reduction_end(&options->reduction, runtime, status, options->file, options->expression);
}

static int run(const Command *command, int count, char **words) {
  if (wants_trace(&count, words))
    return trace_run(&COMMAND_TRACE, count, words, &(TraceDefaults){true, &TRACE_TEXT, NULL, NULL});
  Options options = {0};
  int exit_status = parse(command, &options, count, words);
  if (exit_status >= 0) return exit_status;
  Job job = {&options, EXIT_ERROR};
  hvm_run_deep(load_and_reduce, &job);
  return job.exit_status;
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
    "  -d, --debug          shows every step instead; takes the options of 'hvm trace'\n"
    "  -c, --cost           shows time, rewrites and millions of rewrites per second on standard error\n"
    "      --stats json     shows counts of rewrites, workers and memory as one JSON object on standard error\n"
    "      --profile[=FILE] measures how parallel the run is and shows it on standard error; FILE gets an SVG of\n"
    "                       when each worker was busy\n"
    "  -s, --memory SIZE    limits the memory of the run: 512M, 8G (default: most of the machine's)\n"
    "  -t, --threads N      runs on so many processors at most (default: all that this process may use)\n"
    "      --strict on|off  code by demand analysis (default), or everything through the graph\n"
    "      --native WHEN    machine code: auto (default), as soon as it is compiled; on, before the program\n"
    "                       starts; off\n"
    "      --sharing HOW    copies of a λ share what is reduced under it: optimal (default); or need, as in Haskell,\n"
    "                       which is sound for every λ-term\n"
    "      --color WHEN     colours messages: auto (default), always or never\n"
    "  -h, --help           shows this help\n"
    "  -V, --version        shows the version\n"
    "\n"
    "Machine code needs a C compiler: the one that HVM_CC names, or cc. It is kept in $XDG_CACHE_HOME/hvm or "
    "~/.cache/hvm,\n"
    "at most HVM_CACHE_MAX bytes of it (default: 256M).\n"
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

const Command COMMAND_RUN = {"run", "r", "reduces a program or an expression and prints the result",
                             HELP,  run, "hvm run"};
