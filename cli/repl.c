#include "repl.h"

#include "trace.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  Reduction reduction;
  char *file;                     // NULL: none is loaded
  char *rules;                    // that were typed in; "" when there are none
  hvm_runtime *runtime, *written; // the program as it runs, and as it is written, for what is told of it
  hvm_statistics before, after;   // the last reduction
  bool reduced, done;
} Repl;

static bool colour(const Repl *repl) { return output_colour(repl->reduction.colour); }

// Programs.

static hvm_runtime *new_runtime(const Repl *repl, bool as_written, bool *good) {
  hvm_options options = repl->reduction.settings;
  options.keep_lambdas = as_written;
  hvm_runtime *runtime = hvm_new(&options);
  if (!runtime) {
    output_error(colour(repl), "cannot reserve memory");
    exit(EXIT_ERROR); // NOLINT: nothing is left to work with
  }
  *good = !repl->file || hvm_load_file(runtime, repl->file) == HVM_OK;
  if (*good && *repl->rules) *good = hvm_load_text(runtime, "<input>", repl->rules, strlen(repl->rules)) == HVM_OK;
  return runtime;
}

// Loads the file and the rules that were typed in. After an error everything stays as it was.
static bool load(Repl *repl) {
  bool good;
  hvm_runtime *runtime = new_runtime(repl, false, &good);
  output_messages(runtime, colour(repl));
  if (!good) {
    hvm_free(runtime);
    return false;
  }
  hvm_free(repl->runtime);
  hvm_free(repl->written);
  repl->runtime = runtime;
  repl->written = new_runtime(repl, true, &good);
  hvm_clear_diagnostics(repl->written);
  input_names(repl->written);
  return true;
}

static char *copy_text(const char *text) {
  char *copy = strdup(text);
  if (!copy) abort();
  return copy;
}

static bool load_file(Repl *repl, const char *path) {
  char *old = repl->file;
  repl->file = copy_text(path);
  if (load(repl)) {
    free(old);
    return true;
  }
  free(repl->file);
  repl->file = old;
  return false;
}

static void add_rules(Repl *repl, const char *text) {
  char *old = repl->rules, *grown = malloc(strlen(old) + strlen(text) + 2);
  if (!grown) abort();
  sprintf(grown, "%s%s\n", old, text); // NOLINT: it fits
  repl->rules = grown;
  if (load(repl)) {
    free(old);
    return;
  }
  free(repl->rules);
  repl->rules = old;
}

// Reductions.

static void reduce(Repl *repl, const char *expression) {
  hvm_collect(repl->runtime);
  repl->before = hvm_stats(repl->runtime);
  interrupt_catch();
  interrupt_begin(repl->runtime);
  hvm_status status = hvm_reduce(repl->runtime, expression);
  char *text = status == HVM_OK ? hvm_result_text(repl->runtime, NULL) : NULL;
  interrupt_end();
  interrupt_ignore();
  repl->after = hvm_stats(repl->runtime);
  repl->reduced = true;
  if (text) puts(text);
  free(text);
  output_messages(repl->runtime, colour(repl));
}

// A trace is a run of its own, from the file and the rules as they are now.
static void trace(const Repl *repl, char *argument, const TraceFormat *format) {
  enum { WORDS_MAX = 32 };
  char *words[WORDS_MAX + 3] = {":trace"};
  int count = 1;
  while (*argument == '-' && argument[1] == '-' && count < WORDS_MAX) {
    words[count++] = argument;
    argument += strcspn(argument, " \t");
    if (*argument) *argument++ = 0;
    argument += strspn(argument, " \t");
  }
  words[count++] = "--";
  if (*argument) words[count++] = argument;
  trace_run(&COMMAND_TRACE, count, words, &(TraceDefaults){false, format, repl->file, repl->rules});
  interrupt_end();
}

// As text, with a line of input after each step.
static bool wait_step(void *writer, const hvm_step *step) {
  if (!TRACE_TEXT.step(writer, step)) return false;
  if (step->number == 1) return true; // nothing to be seen yet
  fflush(stdout);
  char *line = input_line("");
  bool more = line && *line != 'q';
  free(line);
  return more;
}

// Commands.

static void show_info(Repl *repl, const char *name) {
  hvm_name_info info;
  size_t at = 0;
  while (hvm_name_at(repl->written, at, &info) && strcmp(info.name, name) != 0) at++;
  if (!hvm_name_at(repl->written, at, &info)) {
    printf("there is no '%s' here\n", name);
    return;
  }
  const char *kind = !info.function ? "constructor" : info.builtin ? "built-in function" : "function";
  printf("%s: a %s of arity %u\n", name, kind, info.arity);
  char *rules = info.function && !info.builtin ? hvm_rules_text(repl->written, name) : NULL;
  if (!rules) return;
  fputs(rules, stdout);
  free(rules);
  char *all = hvm_demand_text(repl->written, NULL);
  char start[300];
  int size = snprintf(start, sizeof start, "%s :", name);
  bool shown = false;
  for (char *line = all ? strtok(all, "\n") : NULL; line; line = strtok(NULL, "\n")) {
    bool first = strncmp(line, start, (size_t)size) == 0;
    shown = first || (shown && *line == ' ');
    if (shown) printf("%s%s\n", first ? "demand: " : "        ", first ? line + size + 1 : line + size + 1);
  }
  free(all);
}

static void show_statistics(const Repl *repl) {
  if (!repl->reduced) {
    puts("nothing was reduced yet");
    return;
  }
  const hvm_statistics *before = &repl->before, *after = &repl->after;
  printf("%llu rewrites in %.3f s\n", (unsigned long long)(after->rewrites - before->rewrites),
         after->seconds - before->seconds);
  for (int rule = 0; rule < HVM_RULE_COUNT; rule++) {
    uint64_t count = after->rewrites_by_rule[rule] - before->rewrites_by_rule[rule];
    if (count) printf("  %-9s %llu\n", hvm_rule_name((hvm_rule)rule), (unsigned long long)count);
  }
  printf("%llu bytes at most\n", (unsigned long long)after->peak_bytes);
}

static const char COMMANDS_HELP[] =
    "an expression     is reduced\n"
    "a rule            (F x) = … is added; several lines may follow, as long as a bracket is open\n"
    ":load FILE        forgets the rules that were typed, and loads a file\n"
    ":reload           loads the file once more\n"
    ":info NAME        rules, arity, and what a function demands of its arguments\n"
    ":trace EXPR       shows the reduction step by step; options of 'hvm trace' may stand before\n"
    ":step EXPR        … and waits after each step: Enter goes on, q ends it\n"
    ":stats            what the last reduction took\n"
    ":help             this text\n"
    ":quit             ends; so does the end of the input\n";

static void run_command(Repl *repl, char *line) {
  char *argument = line + strcspn(line, " \t");
  if (*argument) *argument++ = 0;
  while (isspace((unsigned char)*argument)) argument++;
  for (size_t size = strlen(argument); size && isspace((unsigned char)argument[size - 1]);) argument[--size] = 0;
  if (strcmp(line, ":load") == 0 && *argument) {
    *repl->rules = 0;
    load_file(repl, argument);
  } else if (strcmp(line, ":reload") == 0) {
    load(repl);
  } else if (strcmp(line, ":info") == 0 && *argument) {
    show_info(repl, argument);
  } else if (strcmp(line, ":trace") == 0) {
    trace(repl, argument, &TRACE_TEXT);
  } else if (strcmp(line, ":step") == 0) {
    const TraceFormat steps = {"steps", TRACE_TEXT.begin, wait_step, TRACE_TEXT.end};
    trace(repl, argument, &steps);
  } else if (strcmp(line, ":stats") == 0) {
    show_statistics(repl);
  } else if (strcmp(line, ":help") == 0) {
    fputs(COMMANDS_HELP, stdout);
  } else if (strcmp(line, ":quit") == 0 || strcmp(line, ":q") == 0) {
    repl->done = true;
  } else {
    output_error(colour(repl), "'%s' needs something, or is no command; :help shows them", line);
  }
}

// Input.

// How many brackets are open at the end of a text.
static int open_brackets(const char *text) {
  int open = 0;
  bool string = false;
  for (const char *at = text; *at; at++) {
    if (string && *at == '\\' && at[1])
      at++;
    else if (*at == '"')
      string = !string;
    else if (!string && at[0] == '/' && at[1] == '/')
      at += strcspn(at, "\n") - 1;
    else if (!string && *at == '\'' && at[1] && at[2] == '\'')
      at += 2;
    else if (!string)
      open += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
  }
  return open;
}

// A rule has a = outside of all brackets, and does not begin with let, dup or ask.
static bool is_rule(const char *text) {
  static const char *const keywords[] = {"let", "dup", "ask"};
  while (isspace((unsigned char)*text)) text++;
  for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
    if (strncmp(text, keywords[i], 3) == 0 && !isalnum((unsigned char)text[3])) return false;
  int open = 0;
  bool head = *text == '(' || isupper((unsigned char)*text);
  for (; head && *text && *text != '"' && (unsigned char)*text < 0x80; text++) {
    open += strchr("([{", *text) ? 1 : strchr(")]}", *text) ? -1 : 0;
    if (*text == '=' && open == 0) return text[1] != '=';
  }
  return false;
}

static bool is_blank(const char *text) { return text[strspn(text, " \t\r\n")] == 0; }

// One input of one or more lines; NULL at the end.
static char *read_input(void) {
  char *text = input_line("hvm> ");
  while (text && *text != ':' && (open_brackets(text) > 0 || (strlen(text) && text[strlen(text) - 1] == '='))) {
    char *more = input_line("...> ");
    if (!more) break;
    char *grown = realloc(text, strlen(text) + strlen(more) + 2);
    if (!grown) abort();
    strcat(strcat(grown, "\n"), more); // NOLINT: it fits
    free(more);
    text = grown;
  }
  return text;
}

// False, after a report: the input cannot be read.
static bool loop(Repl *repl) {
  while (!repl->done) {
    interrupt_ignore();
    fflush(stdout);
    char *text = read_input();
    if (!text) {
      bool failed = ferror(stdin) != 0;
      if (failed) output_error(colour(repl), "cannot read standard input: %s", strerror(errno));
      if (input_is_terminal()) putchar('\n');
      return !failed;
    }
    input_remember(text);
    if (*text == ':')
      run_command(repl, text);
    else if (is_rule(text))
      add_rules(repl, text);
    else if (!is_blank(text) && strncmp(text, "//", 2) != 0)
      reduce(repl, text);
    free(text);
  }
  return true;
}

static const struct option LONG_OPTIONS[] = {REDUCTION_OPTIONS};

static int run(const Command *command, int count, char **words) {
  Repl repl = {0};
  for (int code; (code = option_next(command, count, words, ":" REDUCTION_LETTERS, LONG_OPTIONS)) != -1;) {
    if (code == '?') return EXIT_USAGE;
    if (code == 'h') return output_help(command);
    if (code == 'V') return output_version();
    if (!reduction_option(command, &repl.reduction, code, optarg)) return EXIT_USAGE;
  }
  if (count - optind > 1) return usage_error(command, "unexpected '%s': repl takes one file", words[optind + 1]);
  setlocale(LC_CTYPE, "");
  repl.rules = copy_text("");
  input_begin(NULL);
  load(&repl);
  bool good = optind == count || load_file(&repl, words[optind]);
  if (input_is_terminal()) puts("hvm " HVM_VERSION ", :help shows what can be typed");
  good &= loop(&repl);
  input_end();
  hvm_free(repl.runtime);
  hvm_free(repl.written);
  free(repl.file);
  free(repl.rules);
  return good ? EXIT_OK : EXIT_ERROR;
}

static const char HELP[] = "hvm repl: reads expressions and rules, and reduces the expressions\n"
                           "\n"
                           "usage: hvm repl [OPTION…] [FILE]\n"
                           "\n"
                           "Names are completed with Tab, earlier lines come back with the arrow keys, and are kept in "
                           "~/.hvm_history. Input may\n"
                           "come from a pipe, too. :help shows the commands, among them :trace and :step.\n"
                           "\n"
                           "options:\n"
                           "  -s, --memory SIZE    limits the memory\n"
                           "  -t, --threads N      runs on so many processors at most (default: all)\n"
                           "      --strict on|off  code by demand analysis (default), or everything through the graph\n"
                           "      --native WHEN    machine code: auto (default), on or off\n"
                           "      --sharing HOW    optimal (default) or need\n"
                           "      --color WHEN     colours messages: auto (default), always or never\n"
                           "  -h, --help           shows this help\n"
                           "  -V, --version        shows the version\n"
                           "\n"
                           "examples:\n"
                           "  hvm repl main.hvm\n"
                           "  echo '(+ 1 2)' | hvm repl\n";

const Command COMMAND_REPL = {"repl", NULL, "reads and reduces expressions", HELP, run, "hvm repl"};
