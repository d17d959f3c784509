#include "program.h"

#include "cli.h"

#include <stdio.h>

static const char HELP[] =
    "A program that 'hvm compile' made: reduces its Main, or an expression with its rules, and prints the normal form\n"
    "\n"
    "usage: PROGRAM [OPTION…] [EXPR]\n"
    "\n"
    "options:\n"
    "  -c, --cost           shows time, rewrites and millions of rewrites per second on standard error\n"
    "      --stats json     shows counts of rewrites, workers and memory as one JSON object on standard error\n"
    "      --profile[=FILE] measures how parallel the run is and shows it on standard error; FILE gets an SVG of\n"
    "                       when each worker was busy\n"
    "  -s, --memory SIZE    limits the memory of the run: 512M, 8G (default: most of the machine's)\n"
    "  -t, --threads N      runs on so many processors at most (default: all that this process may use)\n"
    "      --strict on|off  code by demand analysis (default), or everything through the graph\n"
    "      --native WHEN    its machine code: auto or on (both the same), or off\n"
    "      --sharing HOW    copies of a λ share what is reduced under it: optimal (default); or need, as in Haskell,\n"
    "                       which is sound for every λ-term\n"
    "      --color WHEN     colours messages: auto (default), always or never\n"
    "  -h, --help           shows this help\n"
    "  -V, --version        shows the version of hvm\n"
    "\n"
    "exit status: 0 when a result was printed, 1 after an error, 2 when the command line is wrong\n";

static const struct option LONG_OPTIONS[] = {REDUCTION_OPTIONS};

// Returns -1 when there is something to run, else the exit status.
static int parse(const Command *command, Reduction *reduction, const char **expression, int count, char **words) {
  count = option_join_boolean(count, words, "-c", "--cost");
  for (int code; (code = option_next(command, count, words, ":" REDUCTION_LETTERS, LONG_OPTIONS)) != -1;) {
    if (code == '?') return EXIT_USAGE;
    if (code == 'h') return output_help(command);
    if (code == 'V') return output_version();
    if (!reduction_option(command, reduction, code, optarg)) return EXIT_USAGE;
  }
  if (optind < count) *expression = words[optind++];
  if (optind < count)
    return usage_error(command, "unexpected '%s'; an expression is one word, so quote it", words[optind]);
  return -1;
}

typedef struct {
  Reduction reduction;
  const char *path, *text, *expression;
  size_t size;
  const NativeModule *module;
  int exit_status;
} Job;

static void load_and_reduce(void *context) {
  Job *job = context;
  hvm_runtime *runtime = reduction_begin(&job->reduction);
  if (!runtime) return;
  hvm_use_module(runtime, job->module);
  hvm_status status = hvm_load_text(runtime, job->path, job->text, job->size);
  if (status == HVM_OK) hvm_clear_diagnostics(runtime); // warnings were shown when it was compiled
  job->exit_status = reduction_end(&job->reduction, runtime, status, job->path, job->expression);
}

int hvm_program(int count, char **words, const char *path, const char *text, size_t size, const NativeModule *module) {
  process_prepare();
  Command command = {"", NULL, "", HELP, NULL, count ? words[0] : "PROGRAM"};
  Job job = {.path = path, .text = text, .size = size, .module = module, .exit_status = EXIT_ERROR};
  int exit_status = parse(&command, &job.reduction, &job.expression, count, words);
  if (exit_status < 0) {
    hvm_run_deep(load_and_reduce, &job);
    exit_status = job.exit_status;
  }
  return output_finish(exit_status);
}
