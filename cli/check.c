#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "editor/message.h"

typedef struct {
  bool colour;
  int view;         // the option that says what is shown; 0: messages
  const char *name; // of a function, for some options; NULL: none
  json_t *found;    // all diagnostics, with --json
} Report;

// File names and what messages quote from a file need not be UTF-8.
static json_t *json_text(const char *text) { return text ? json_clean(text, strlen(text)) : json_null(); }

static json_t *json_diagnostic(const hvm_diagnostic *diagnostic, const char *file) {
  json_t *object = json_object();
  json_object_set_new(object, "path", json_text(diagnostic->path ? diagnostic->path : file));
  json_object_set_new(object, "line", json_integer(diagnostic->line));
  json_object_set_new(object, "column", json_integer(diagnostic->column));
  json_object_set_new(object, "end_line", json_integer(diagnostic->end_line));
  json_object_set_new(object, "end_column", json_integer(diagnostic->end_column));
  json_object_set_new(object, "severity", json_string(diagnostic->warning ? "warning" : "error"));
  json_object_set_new(object, "message", json_text(diagnostic->message));
  json_object_set_new(object, "hint", json_text(diagnostic->hint));
  return object;
}

static void report(Report *to, hvm_runtime *runtime, const char *file) {
  if (to->view != OPTION_JSON) {
    output_messages(runtime, to->colour);
    return;
  }
  for (size_t i = 0; i < hvm_diagnostic_count(runtime); i++) {
    hvm_diagnostic diagnostic = hvm_diagnostic_at(runtime, i);
    json_array_append_new(to->found, json_diagnostic(&diagnostic, file));
  }
}

// What a right program demands, or why, or what becomes of it. Several files are told apart by their names.
static bool show_demands(const Report *to, hvm_runtime *runtime, const char *file, bool several) {
  char *text = to->view == OPTION_STEPS           ? hvm_steps_text(runtime, to->name)
               : to->view == OPTION_CHECK_THREADS ? hvm_threads_text(runtime)
                                                  : hvm_demand_text(runtime, to->name);
  if (!text) return output_messages(runtime, to->colour), false;
  if (several) printf("%s:\n", file);
  fputs(text, stdout);
  free(text);
  return true;
}

// Every file is a program of its own.
static int check_file(Report *to, const char *file, bool several) {
  // Demands are shown of functions as they are written.
  bool lifted = to->view == OPTION_STEPS || to->view == OPTION_CHECK_THREADS;
  hvm_runtime *runtime = hvm_new(&(hvm_options){.keep_lambdas = !lifted});
  if (!runtime) {
    output_error(to->colour, "cannot reserve memory");
    return EXIT_ERROR;
  }
  hvm_status status = source_load(runtime, file);
  const char *shown = strcmp(file, "-") == 0 ? "<stdin>" : file;
  bool good = status == HVM_OK;
  report(to, runtime, shown);
  if (good && to->view && to->view != OPTION_JSON) good = show_demands(to, runtime, shown, several);
  hvm_free(runtime);
  return good ? EXIT_OK : EXIT_ERROR;
}

static const struct option LONG_OPTIONS[] = {{"json", no_argument, NULL, OPTION_JSON},
                                             {"demand", no_argument, NULL, OPTION_DEMAND},
                                             {"explain", required_argument, NULL, OPTION_EXPLAIN},
                                             {"steps", required_argument, NULL, OPTION_STEPS},
                                             {"threads", no_argument, NULL, OPTION_CHECK_THREADS},
                                             {"color", required_argument, NULL, OPTION_COLOUR},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

// What is shown, which is one thing; --explain says more of what --demand shows.
static bool set_view(const Command *command, Report *to, int code, const char *name) {
  const char *before = NULL, *now = NULL;
  for (const struct option *option = LONG_OPTIONS; option->name; option++) {
    if (option->val == to->view) before = option->name;
    if (option->val == code) now = option->name;
  }
  if (to->view == OPTION_EXPLAIN && code == OPTION_DEMAND) return true;
  if (before && (name || before != now) && !(to->view == OPTION_DEMAND && code == OPTION_EXPLAIN))
    return usage_error(command, "--%s beside --%s: only one thing can be shown", now, before), false;
  to->view = code;
  to->name = name;
  return true;
}

// Returns -1 when there is something to check, else the exit status.
static int parse(const Command *command, Report *to, int count, char **words) {
  Colour colour = COLOUR_AUTO;
  for (int code; (code = option_next(command, count, words, ":hV", LONG_OPTIONS)) != -1;) {
    if (code == '?') return EXIT_USAGE;
    if (code == 'h') return output_help(command);
    if (code == 'V') return output_version();
    if (code == OPTION_COLOUR && !option_colour(command, optarg, &colour)) return EXIT_USAGE;
    if (code != OPTION_COLOUR && !set_view(command, to, code, optarg)) return EXIT_USAGE;
  }
  to->colour = output_colour(colour);
  return optind < count ? -1 : usage_error(command, "nothing to check: give a file");
}

static int check(const Command *command, int count, char **words) {
  Report to = {0};
  int status = parse(command, &to, count, words);
  if (status >= 0) return status;
  to.found = json_array();
  status = EXIT_OK;
  for (int i = optind; i < count; i++)
    if (check_file(&to, words[i], count - optind > 1) != EXIT_OK) status = EXIT_ERROR;
  if (to.view == OPTION_JSON) {
    json_dumpf(to.found, stdout, JSON_INDENT(2));
    putchar('\n');
  }
  json_decref(to.found);
  return status;
}

static const char HELP[] =
    "hvm check: looks for mistakes in programs without running them\n"
    "\n"
    "usage: hvm check [OPTION…] FILE…\n"
    "\n"
    "Each file is a program of its own; - is standard input. Without mistakes nothing is printed.\n"
    "\n"
    "options:\n"
    "      --json           prints a JSON array of objects with path, line, column, end_line, end_column, severity,\n"
    "                       message and hint on standard output; lines and columns count from 1, 0 is no place\n"
    "      --demand         shows what each function needs of its arguments for sure, before a result can be given\n"
    "      --explain NAME   shows why a function needs an argument or not, and where that is decided\n"
    "      --steps NAME     shows the strict code that a function becomes, as far as Main needs it\n"
    "      --threads        says whether several threads can run the program, and which part of it they cannot\n"
    "      --color WHEN     colours messages: auto (default), always or never\n"
    "  -h, --help           shows this help\n"
    "  -V, --version        shows the version\n"
    "\n"
    "marks of --demand, behind what an argument is (num, λ, its constructors, _ for anything):\n"
    "  none   perhaps not evaluated at all\n"
    "  !      evaluated to its head: a number, a λ, a constructor\n"
    "  !*     the head, and again in the recursive fields: the cells of a list, the nodes of a tree\n"
    "  !!     evaluated completely\n"
    "The first line of a function says what its result's head needs. A second line says what all of the result needs,\n"
    "when that is more.\n"
    "\n"
    "exit status: 0 without errors (there may be warnings), 1 with errors, 2 when the command line is wrong\n"
    "\n"
    "examples:\n"
    "  hvm check main.hvm\n"
    "  hvm check --json lib/*.hvm\n"
    "  hvm check --demand main.hvm\n"
    "  hvm check --explain Sum main.hvm\n"
    "  hvm check --threads main.hvm\n";

const Command COMMAND_CHECK = {"check", NULL,  "looks for mistakes in programs without running them",
                               HELP,    check, "hvm check"};
