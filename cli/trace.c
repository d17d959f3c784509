#include "trace.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { STEPS_DEFAULT = 1000, INSIDE_PAGE = 200, WIDTH_PLAIN = 100, WIDTH_LEAST = 20, NAMES_MAX = 64 };

enum {
  OPTION_RULES = 512,
  OPTION_FUNCTION,
  OPTION_FROM,
  OPTION_TO,
  OPTION_LIMIT,
  OPTION_DEPTH,
  OPTION_HIDE,
  OPTION_OPEN,
  OPTION_OPEN_ALL,
  OPTION_INSIDE,
  OPTION_WATCH,
  OPTION_FORMAT,
  OPTION_EXACT,
  OPTION_TEXTBOOK,
  OPTION_WIDTH,
  OPTION_MARKS,
  OPTION_LAST,
  OPTION_PAGER
};

typedef struct {
  const char *items[NAMES_MAX];
  size_t count;
} Names;

typedef struct {
  Reduction reduction;
  const char *file, *expression, *output, *added; // NULL: not given
  const TraceFormat *format;
  hvm_trace_options settings;
  Names rules, functions, hidden, watched, opened;
  uint64_t steps;
  bool exact, textbook, strict, pager;
  bool width_given;
  TraceOutput target;
} Options;

// Steps with memory of their own.

static void keep_picture(hvm_picture *picture, char **text, hvm_range **ranges) {
  char *text_copy = malloc(picture->size + 1);
  hvm_range *range_copy = malloc((picture->range_count + 1) * sizeof *range_copy);
  if (!text_copy || !range_copy) abort();
  memcpy(text_copy, picture->text, picture->size);
  text_copy[picture->size] = 0;
  if (picture->range_count) memcpy(range_copy, picture->ranges, picture->range_count * sizeof *range_copy);
  picture->text = *text = text_copy;
  picture->ranges = *ranges = range_copy;
}

void kept_step_set(KeptStep *kept, const hvm_step *step) {
  kept_step_free(kept);
  kept->step = *step;
  keep_picture(&kept->step.before, &kept->texts[0], &kept->ranges[0]);
  keep_picture(&kept->step.after, &kept->texts[1], &kept->ranges[1]);
}

void kept_step_free(KeptStep *kept) {
  for (int i = 0; i < 2; i++) free(kept->texts[i]), free(kept->ranges[i]);
  *kept = (KeptStep){0};
}

const char *strict_end_title(const char *left) {
  return strcmp(left, "tail") == 0    ? "a call in its place"
         : strcmp(left, "graph") == 0 ? "a term"
         : strcmp(left, "back") == 0  ? "given back to the graph"
                                      : "result";
}

int step_title(const hvm_step *step, char *text, size_t size) {
  if (step->strict && step->part != HVM_STEP_ENDS) return snprintf(text, size, "%s, strict call", step->rule);
  if (step->strict) return snprintf(text, size, "%s, %s", step->rule, strict_end_title(step->left));
  if (step->rewrites > 1) return snprintf(text, size, "%s, %" PRIu64 " steps", step->rule, step->rewrites);
  if (!step->path) return snprintf(text, size, "%s", step->rule);
  const char *slash = strrchr(step->path, '/'), *file = slash ? slash + 1 : step->path;
  if (step->path[0] == '<') return snprintf(text, size, "%s", step->rule); // of the expression
  return snprintf(text, size, "%s, rule %u (%s:%u)", step->rule, step->index, file, step->line);
}

// Filters.

static bool split_names(Names *names, char *list) {
  for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
    if (names->count == NAMES_MAX) return false;
    names->items[names->count++] = name;
  }
  return names->count > 0;
}

typedef struct {
  const Options *options;
  void *writer;
  uint64_t shown;
  bool cut, failed;
  bool seen[NAMES_MAX]; // of the watched variables
} Run;

// "Dup" and "dup-" stand for all rules that begin so.
static bool is_rule(const char *rule, const char *name) {
  size_t size = strlen(name);
  if (size && name[size - 1] == '-') size--;
  return strncasecmp(rule, name, size) == 0 && (rule[size] == 0 || rule[size] == '-');
}

static bool is_named(const hvm_step *step, const Options *options) {
  if (!options->rules.count && !options->functions.count) return true;
  for (size_t i = 0; i < options->rules.count; i++)
    if (is_rule(step->rule, options->rules.items[i])) return true;
  for (size_t i = 0; i < options->functions.count; i++)
    if (strcmp(step->rule, options->functions.items[i]) == 0) return true;
  return false;
}

static bool is_name_byte(char c) { return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '.' || c & 0x80; }

// Does the variable, or one that came of it, occur in a part of the text? Those have its name and a number.
static bool shows_variable(const char *text, size_t start, size_t end, const char *name) {
  size_t size = strlen(name);
  for (size_t at = start; at + size <= end; at++) {
    if (memcmp(text + at, name, size) != 0) continue;
    bool lambda = at >= 2 && memcmp(text + at - 2, "λ", 2) == 0;
    if (at > 0 && is_name_byte(text[at - 1]) && !lambda) continue;
    size_t behind = at + size;
    while (behind < end && isdigit((unsigned char)text[behind])) behind++;
    if (behind == end || !is_name_byte(text[behind])) return true;
  }
  return false;
}

static bool shows(const hvm_step *step, const char *name) {
  const hvm_picture *pictures[2] = {&step->before, &step->after};
  for (int k = 0; k < 2; k++)
    for (size_t r = 0; r < pictures[k]->range_count; r++)
      if (shows_variable(pictures[k]->text, pictures[k]->ranges[r].start, pictures[k]->ranges[r].end, name))
        return true;
  return false;
}

// Is one of the watched variables in it? Notes which of them were seen.
static bool is_watched(Run *run, const hvm_step *step) {
  if (step->part != HVM_STEP_WHOLE) return true;
  const Names *watched = &run->options->watched;
  bool any = watched->count == 0;
  for (size_t i = 0; i < watched->count; i++)
    if (shows(step, watched->items[i])) any = run->seen[i] = true;
  return any;
}

static bool is_any_rule(const char *name) {
  const char *rule;
  for (size_t i = 0; (rule = hvm_trace_rule(i)); i++)
    if (is_rule(rule, name)) return true;
  return false;
}

static bool are_functions(hvm_runtime *runtime, const Names *names, bool numbers) {
  bool all = true;
  for (size_t i = 0; i < names->count; i++) {
    const char *name = names->items[i];
    bool number = numbers && !name[strspn(name, "0123456789")];
    if (!number && !hvm_find_function(runtime, name)) all = false;
  }
  return all;
}

// A name that nothing has would show nothing, or hide nothing, without a word.
static bool are_known(hvm_runtime *runtime, const Options *options) {
  for (size_t i = 0; i < options->rules.count; i++) {
    const char *name = options->rules.items[i];
    if (is_any_rule(name)) continue;
    output_error(output_colour(options->reduction.colour), "no rule of a trace is called '%s'", name);
    fputs("  = hint: --function takes names of functions; --rules takes", stderr);
    const char *rule;
    for (size_t k = 0; (rule = hvm_trace_rule(k)); k++) fprintf(stderr, "%s %s", k ? "," : "", rule);
    fputs("\n", stderr);
    return false;
  }
  bool known = are_functions(runtime, &options->functions, false);
  known &= are_functions(runtime, &options->hidden, false);
  return known & are_functions(runtime, &options->opened, true);
}

// The run.

static bool take_step(void *context, const hvm_step *step) {
  Run *run = context;
  if (!is_named(step, run->options) || !is_watched(run, step)) return true;
  if (run->options->steps && run->shown == run->options->steps) {
    run->cut = true;
    return false;
  }
  run->shown++;
  run->failed = !run->options->format->step(run->writer, step);
  return !run->failed;
}

static int reduce(const Options *options, hvm_runtime *runtime) {
  Run run = {.options = options, .writer = options->format->begin(&options->target)};
  if (!run.writer) return EXIT_ERROR;
  hvm_trace_options wishes = options->settings;
  wishes.step = take_step;
  wishes.context = &run;
  hvm_trace(runtime, &wishes);
  interrupt_begin(runtime);
  hvm_status status = options->expression ? hvm_reduce(runtime, options->expression) : hvm_reduce_main(runtime);
  char *result = status == HVM_OK ? hvm_result_text(runtime, NULL) : NULL;
  interrupt_end();
  if (status == HVM_OK && !result) status = HVM_FAILED;
  TraceEnd end = {.status = status,
                  .cut = run.cut,
                  .limit = options->steps,
                  .shown = run.shown,
                  .rewrites = hvm_stats(runtime).rewrites,
                  .result = result};
  bool written = options->format->end(run.writer, &end) && !run.failed;
  for (size_t i = 0; i < options->watched.count && written && !run.cut; i++)
    if (!run.seen[i])
      output_warning(output_colour(options->reduction.colour), "no step that is shown has to do with a variable '%s'",
                     options->watched.items[i]);
  free(result);
  if (!written) return EXIT_ERROR;
  return status == HVM_OK || status == HVM_STOPPED ? EXIT_OK : EXIT_ERROR;
}

static int run_with(Options *options) {
  hvm_runtime *runtime = reduction_begin(&options->reduction);
  if (!runtime) return EXIT_ERROR;
  bool colour = output_colour(options->reduction.colour);
  hvm_status status = options->file ? source_load(runtime, options->file) : HVM_OK;
  if (status == HVM_OK && options->added)
    status = hvm_load_text(runtime, "<input>", options->added, strlen(options->added));
  output_messages(runtime, colour);
  int exit_status = status == HVM_OK && are_known(runtime, options) ? reduce(options, runtime) : EXIT_ERROR;
  output_messages(runtime, colour);
  hvm_collect(runtime);
  hvm_statistics statistics = hvm_stats(runtime);
  if (options->reduction.cost) statistics_cost(&statistics);
  if (options->reduction.json) statistics_json(runtime, &statistics);
  hvm_free(runtime);
  return exit_status;
}

// Where it goes.

static FILE *open_pager(const Options *options) {
  const char *pager = getenv("PAGER");
  if (!options->pager || options->output || options->format != &TRACE_TEXT || !isatty(STDOUT_FILENO)) return NULL;
  if (!pager || !*pager) pager = "less";
  setenv("LESS", "FRX", 0);
  char test[512];
  snprintf(test, sizeof test, "command -v %.400s >/dev/null 2>&1", pager);
  return system(test) == 0 ? popen(pager, "w") : NULL; // NOLINT: the user's own command
}

static void find_width(Options *options) {
  struct winsize size;
  if (options->width_given) return;
  options->target.width = WIDTH_PLAIN;
  if (isatty(STDOUT_FILENO) && !options->output && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
    options->target.width = size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
}

// Text, or what hvm repl makes of it.
static bool is_text(const Options *options) { return options->format->step == TRACE_TEXT.step || options->added; }

static int run_to_output(Options *options) {
  FILE *pager = open_pager(options);
  size_t length = options->output ? strlen(options->output) : 0;
  bool folder = length && options->output[length - 1] == '/';
  const char *no = getenv("NO_COLOR");
  bool terminal = isatty(STDOUT_FILENO) && !options->output && !(no && *no);
  options->target.out = pager ? pager : stdout;
  options->target.folder = folder ? options->output : NULL;
  options->target.program = options->expression ? options->expression : options->file;
  options->target.colour =
      options->reduction.colour == COLOUR_AUTO ? terminal : options->reduction.colour == COLOUR_ALWAYS;
  if (length && !folder) options->target.out = fopen(options->output, "w");
  if (!options->target.out) {
    output_error(false, "cannot write the file '%s': %s", options->output, strerror(errno));
    return EXIT_ERROR;
  }
  find_width(options);
  // What the program itself writes must not get between the steps of a format that other tools read.
  options->reduction.settings.output = is_text(options) ? options->target.out : stderr;
  int status = run_with(options);
  if (pager) pclose(pager);
  if (!length || folder) return status;
  int reason = output_lost(options->target.out);
  fclose(options->target.out);
  if (!reason) return status;
  output_error(false, "cannot write the file '%s': %s", options->output, strerror(reason));
  return EXIT_ERROR;
}

// The command line.

static bool set_count(const Command *command, const char *name, const char *text, uint64_t *count) {
  char *end;
  errno = 0;
  if (isdigit((unsigned char)*text) && (*count = strtoull(text, &end, 10), !*end && !errno)) return true;
  return usage_error(command, "--%s takes a number, not '%s'", name, text), false;
}

static bool set_format(const Command *command, Options *options, const char *name) {
  static const TraceFormat *const formats[] = {&TRACE_TEXT, &TRACE_JSONL, &TRACE_DOT, &TRACE_SVG, &TRACE_HTML};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (strcmp(formats[i]->name, name) == 0) {
      options->format = formats[i];
      return true;
    }
  return usage_error(command, "--format takes text, jsonl, dot, svg or html, not '%s'", name), false;
}

static bool set_switch(const Command *command, const char *name, const char *text, bool *value) {
  *value = strcmp(text, "on") == 0;
  if (*value || strcmp(text, "off") == 0) return true;
  return usage_error(command, "--%s takes on or off, not '%s'", name, text), false;
}

static bool set_names(const Command *command, const char *name, char *list, Names *names) {
  if (split_names(names, list)) return true;
  return usage_error(command, "--%s takes names with commas between them, %d at most", name, NAMES_MAX), false;
}

static bool set_option(const Command *command, Options *options, int code, char *value) {
  uint64_t number;
  switch (code) {
  case 'f':
    if (options->file) return usage_error(command, "two files: '%s' and '%s'", options->file, value), false;
    options->file = value;
    return true;
  case 'o': options->output = value; return true;
  case OPTION_RULES: return set_names(command, "rules", value, &options->rules);
  case OPTION_FUNCTION: return set_names(command, "function", value, &options->functions);
  case OPTION_OPEN: return set_names(command, "open", value, &options->opened);
  case OPTION_OPEN_ALL: options->settings.open_all = true; return true;
  case OPTION_INSIDE: return set_count(command, "inside", value, &options->settings.inside);
  case OPTION_HIDE: return set_names(command, "hide", value, &options->hidden);
  case OPTION_WATCH: return set_names(command, "watch", value, &options->watched);
  case OPTION_FROM: return set_count(command, "from", value, &options->settings.from);
  case OPTION_TO: return set_count(command, "to", value, &options->settings.to);
  case OPTION_LIMIT: return set_count(command, "steps", value, &options->steps);
  case OPTION_DEPTH:
    if (!set_count(command, "depth", value, &number)) return false;
    options->settings.depth = (unsigned)number;
    return true;
  case OPTION_WIDTH:
    if (!set_count(command, "width", value, &number)) return false;
    options->target.width = number && number < WIDTH_LEAST ? WIDTH_LEAST : (unsigned)number;
    options->width_given = true;
    return true;
  case OPTION_FORMAT: return set_format(command, options, value);
  case OPTION_EXACT: options->exact = true; return true;
  case OPTION_TEXTBOOK: options->exact = false, options->textbook = true; return true;
  case OPTION_MARKS: return set_switch(command, "marks", value, &options->target.marks);
  case OPTION_PAGER: return set_switch(command, "pager", value, &options->pager);
  case OPTION_LAST: options->target.last = true; return true;
  case OPTION_STRICT: options->strict = strcmp(value, "on") == 0; break;
  default: break;
  }
  return reduction_option(command, &options->reduction, code, value);
}

static const struct option LONG_OPTIONS[] = {{"file", required_argument, NULL, 'f'},
                                             {"output", required_argument, NULL, 'o'},
                                             {"rules", required_argument, NULL, OPTION_RULES},
                                             {"function", required_argument, NULL, OPTION_FUNCTION},
                                             {"from", required_argument, NULL, OPTION_FROM},
                                             {"to", required_argument, NULL, OPTION_TO},
                                             {"steps", required_argument, NULL, OPTION_LIMIT},
                                             {"depth", required_argument, NULL, OPTION_DEPTH},
                                             {"hide", required_argument, NULL, OPTION_HIDE},
                                             {"open", required_argument, NULL, OPTION_OPEN},
                                             {"open-all", no_argument, NULL, OPTION_OPEN_ALL},
                                             {"inside", required_argument, NULL, OPTION_INSIDE},
                                             {"watch", required_argument, NULL, OPTION_WATCH},
                                             {"format", required_argument, NULL, OPTION_FORMAT},
                                             {"exact", no_argument, NULL, OPTION_EXACT},
                                             {"textbook", no_argument, NULL, OPTION_TEXTBOOK},
                                             {"width", required_argument, NULL, OPTION_WIDTH},
                                             {"marks", required_argument, NULL, OPTION_MARKS},
                                             {"last", no_argument, NULL, OPTION_LAST},
                                             {"pager", required_argument, NULL, OPTION_PAGER},
                                             REDUCTION_OPTIONS};

static bool set_argument(const Command *command, Options *options, const char *word) {
  if (!options->file && source_is_file(word))
    options->file = word;
  else if (!options->expression)
    options->expression = word;
  else
    return usage_error(command, "unexpected '%s'; an expression is one word, so quote it", word), false;
  return true;
}

static bool opens_any(const Options *options) { return options->opened.count || options->settings.open_all; }

// Returns -1 when there is something to trace, else the exit status.
static int parse(const Command *command, Options *options, int count, char **words) {
  count = option_join_boolean(count, words, "-c", "--cost");
  for (int code; (code = option_next(command, count, words, ":f:o:" REDUCTION_LETTERS, LONG_OPTIONS)) != -1;) {
    if (code == '?') return EXIT_USAGE;
    if (code == 'h') return output_help(command);
    if (code == 'V') return output_version();
    if (!set_option(command, options, code, optarg)) return EXIT_USAGE;
  }
  for (; optind < count; optind++)
    if (!set_argument(command, options, words[optind])) return EXIT_USAGE;
  if (!options->file && !options->expression)
    return usage_error(command, "nothing to trace: give a file or an expression");
  if (opens_any(options) && !options->strict)
    return usage_error(command, "only strict calls can be opened: give --strict=on, too");
  if (options->strict && options->textbook)
    return usage_error(command, "a textbook trace shows the graph: leave out --textbook or --strict=on");
  return -1;
}

int trace_run(const Command *command, int count, char **words, const TraceDefaults *defaults) {
  Options options = {.format = defaults->format,
                     .steps = STEPS_DEFAULT,
                     .exact = defaults->exact,
                     .pager = true,
                     .file = defaults->file,
                     .added = defaults->rules,
                     .target.marks = true};
  optind = 0; // hvm repl comes here often
  int exit_status = parse(command, &options, count, words);
  if (exit_status >= 0) return exit_status;
  if (options.strict) options.exact = true;
  options.reduction.settings.graph_only = !options.strict;
  options.reduction.settings.native = HVM_NATIVE_OFF;
  // With sharing by need, λs are functions in any case.
  options.reduction.settings.keep_lambdas = !options.exact && options.reduction.settings.sharing == HVM_SHARING_OPTIMAL;
  options.settings.textbook = !options.exact;
  options.settings.hidden = options.hidden.items;
  options.settings.hidden_count = options.hidden.count;
  if (options.strict && !opens_any(&options) && options.format == &TRACE_HTML) { // the page opens and closes them
    options.settings.open_all = true;
    if (!options.settings.inside) options.settings.inside = INSIDE_PAGE;
  }
  options.settings.opened = options.opened.items;
  options.settings.opened_count = options.opened.count;
  return run_to_output(&options);
}

static int run(const Command *command, int count, char **words) {
  return trace_run(command, count, words, &(TraceDefaults){false, &TRACE_TEXT, NULL, NULL});
}

static const char HELP[] =
    "hvm trace: shows a reduction step by step, each rewrite with the whole term\n"
    "\n"
    "usage: hvm trace [OPTION…] FILE [EXPR]\n"
    "       hvm trace [OPTION…] EXPR\n"
    "\n"
    "A term is written with its dups on top, as they float: 'dup x0 x1 = …'. By default the steps are those of the\n"
    "calculus. The machine also computes some things in advance and moves what only one side of a dup still wants;\n"
    "--exact shows its own steps, as many as 'hvm run --strict=off -c' counts. 'hvm run -d' is 'hvm trace --exact'.\n"
    "--strict=on shows those of the run that 'hvm run' does.\n"
    "\n"
    "which steps:\n"
    "      --rules LIST     only these rules: App-Lam,Dup (all that begin with Dup-)\n"
    "      --function LIST  only the rules of these functions, beside those of --rules\n"
    "      --watch LIST     only where these variables, or copies of their values, take part\n"
    "      --from N --to N  only these numbers\n"
    "      --steps MAX      at most so many (default: 1000; 0: all)\n"
    "      --hide LIST      what a call of these functions does is one step\n"
    "      --depth N        terms are shown to this depth\n"
    "      --exact          the machine's own steps\n"
    "      --textbook       the steps of the calculus\n"
    "      --strict on|off  strict code as 'hvm run' uses it, too: a strict call is one step (default: off)\n"
    "      --open LIST      what is inside of these strict calls: names of functions, numbers of steps\n"
    "      --open-all       … of all of them\n"
    "      --inside N       of what --open-all opens, at most so many steps inside of one (html: 200)\n"
    "\n"
    "how they are shown:\n"
    "      --format FORMAT  text (default); jsonl, one object a line; dot, for Graphviz; svg; html, one page that "
    "works\n"
    "                       offline\n"
    "  -o, --output FILE    where; for dot and svg, a name that ends in / is a folder with a file for each step\n"
    "      --last           dot, svg: the last step only\n"
    "      --width N        columns of text (default: the terminal's, or 100; 0: lines are not broken)\n"
    "      --marks on|off   without colours: lines that mark what is rewritten (^) and what was made (~)\n"
    "      --color WHEN     auto (default), always or never\n"
    "      --pager on|off   through $PAGER or less, when the output is a terminal (default: on)\n"
    "\n"
    "of the run:\n"
    "  -f, --file FILE      the file, whatever its name\n"
    "  -c, --cost           shows time and rewrites\n"
    "      --stats json     shows counts as one JSON object\n"
    "  -s, --memory SIZE    limits the memory\n"
    "      --sharing HOW    optimal (default) or need\n"
    "  -h, --help           shows this help\n"
    "  -V, --version        shows the version\n"
    "\n"
    "examples:\n"
    "  hvm trace 'let a = (+ 1 2); (Pair a a)'\n"
    "  hvm trace --rules Dup,App-Lam main.hvm\n"
    "  hvm trace --hide Insert --depth 6 main.hvm '(Sort [3, 1, 2])'\n"
    "  hvm trace --format html -o trace.html main.hvm\n"
    "  hvm trace --strict=on --open Sort main.hvm\n"
    "  hvm run -d -c main.hvm\n";

const Command COMMAND_TRACE = {"trace", NULL, "shows a reduction step by step", HELP, run, "hvm trace"};
