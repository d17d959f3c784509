#include "hvm.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "eval/machine.h"
#include "eval/native.h"
#include "eval/strict.h"
#include "eval/trace.h"
#include "eval/worker.h"
#include "lang/explain.h"
#include "lang/threads.h"
#include "module.h"
#include "lib/profile.h"

enum { CLONES_LEAST = 1 << 18 }; // rewrites that are worth a word of advice

struct hvm_runtime {
  Program *program;
  Machine *machine;
  bool graph_only;
  hvm_native native;
  bool grown;                   // functions were loaded since machine code was made last
  const NativeModule *module;   // that the process came with; NULL: none
  ARRAY(NativeBuild *) natives; // one for each time that the program grew
  Buffer messages, advice;
  double seconds;
  Arena choices; // for nodes of the result
  bool broken;   // a load failed: nothing may be reduced
  hvm_trace_options trace;
  ARRAY(hvm_range) ranges; // of the step that is shown
  ProfileResult profile;
};

hvm_runtime *hvm_new(const hvm_options *options) {
  hvm_options defaults = {0};
  if (!options) options = &defaults;
  hvm_runtime *runtime = calloc(1, sizeof *runtime);
  if (!runtime) return NULL;
  runtime->program = program_new();
  runtime->program->keep_lambdas = options->keep_lambdas;
  runtime->program->specialise = !options->keep_lambdas && !options->graph_only;
  runtime->program->share_by_need = options->sharing == HVM_SHARING_NEED;
  runtime->machine = machine_new(runtime->program, (size_t)options->memory, !options->graph_only);
  if (!runtime->machine) {
    hvm_free(runtime);
    return NULL;
  }
  runtime->machine->shared->threads = options->threads ? options->threads : worker_default_threads();
  if (options->profile) runtime->machine->shared->profile = profile_new();
  if (options->output) runtime->machine->shared->output = options->output;
  if (options->input) runtime->machine->shared->input = options->input;
  runtime->graph_only = options->graph_only;
  runtime->native = options->native;
  return runtime;
}

void hvm_free(hvm_runtime *runtime) {
  if (!runtime) return;
  for (size_t i = 0; i < runtime->natives.count; i++) native_free(runtime->natives.items[i]);
  ARRAY_FREE(&runtime->natives);
  if (runtime->machine) trace_free(runtime->machine->trace);
  ARRAY_FREE(&runtime->ranges);
  machine_free(runtime->machine);
  program_free(runtime->program);
  buffer_free(&runtime->messages);
  buffer_free(&runtime->advice);
  arena_free(&runtime->choices);
  arena_free(&runtime->profile.arena);
  free(runtime);
}

hvm_status hvm_load_text(hvm_runtime *runtime, const char *path, const char *text, size_t size) {
  runtime->grown = true;
  if (program_load(runtime->program, path, text, size)) return HVM_OK;
  runtime->broken = true;
  return HVM_INVALID;
}

hvm_status hvm_load_file(hvm_runtime *runtime, const char *path) {
  FILE *file = fopen(path, "rb");
  Buffer text = {0};
  char block[1 << 14];
  struct stat about;
  if (file && fstat(fileno(file), &about) == 0 && about.st_size >= UINT32_MAX) errno = EFBIG, fclose(file), file = NULL;
  if (file)
    for (size_t size; (size = fread(block, 1, sizeof block, file)) > 0;) buffer_add(&text, block, size);
  hvm_status status = HVM_OK;
  if (!file || ferror(file)) {
    diagnostic_add(&runtime->program->diagnostics, SEVERITY_ERROR, NULL, (Span){0, 0}, "cannot read the file '%s': %s",
                   path, strerror(errno));
    runtime->broken = true;
    status = HVM_UNREADABLE;
  }
  if (file) fclose(file);
  if (status == HVM_OK) status = hvm_load_text(runtime, path, text.text ? text.text : "", text.size);
  buffer_free(&text);
  return status;
}

bool hvm_parse_size(const char *text, uint64_t *bytes) { return memory_parse_size(text, bytes); }

char *hvm_demand_text(hvm_runtime *runtime, const char *name) {
  if (runtime->broken) return NULL;
  Buffer text = {0};
  if (!name) explain_all(runtime->program, &text);
  if (name && !explain_function(runtime->program, name, &text)) buffer_free(&text);
  return text.text;
}

char *hvm_threads_text(hvm_runtime *runtime) {
  if (runtime->broken) return NULL;
  Buffer text = {0};
  threads_explain(runtime->program, &text);
  return text.text;
}

char *hvm_steps_text(hvm_runtime *runtime, const char *name) {
  const Function *function = runtime->broken ? NULL : explain_find(runtime->program, name, false);
  if (!function) return NULL;
  Buffer text = {0};
  machine_compile(runtime->machine, false);
  buffer_text(&text, "");
  if (runtime->machine->shared->code.strict)
    strict_dump_function(runtime->machine->shared->code.strict, function, &text);
  return text.text;
}

char *hvm_rules_text(const hvm_runtime *runtime, const char *name) {
  NameId id;
  if (!program_find_name(runtime->program, name, strlen(name), &id)) return NULL;
  const Function *function = runtime->program->names.items[id].function;
  Buffer text = {0};
  for (size_t i = 0; function && i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    buffer_add(&text, rule->source->text + rule->span.start, rule->span.end - rule->span.start);
    buffer_char(&text, '\n');
  }
  return text.text;
}

bool hvm_find_function(hvm_runtime *runtime, const char *name) {
  return !runtime->broken && explain_find(runtime->program, name, true);
}

bool hvm_name_at(const hvm_runtime *runtime, size_t index, hvm_name_info *info) {
  if (index >= runtime->program->names.count) return false;
  const Name *name = &runtime->program->names.items[index];
  *info = (hvm_name_info){name->text, name->arity, name->function != NULL, name->builtin};
  return true;
}

// Machine code.

void hvm_use_module(hvm_runtime *runtime, const NativeModule *module) {
  if (native_bind(module)) runtime->module = module;
}

// A unit for the program's functions. False: there is nothing to compile.
static bool emit_unit(hvm_runtime *runtime, Buffer *unit, bool any) {
  machine_compile(runtime->machine, any);
  return native_emit(runtime->machine, unit);
}

char *hvm_emit_c(hvm_runtime *runtime, size_t *size) {
  if (runtime->broken) return NULL;
  Buffer unit = {0};
  if (!emit_unit(runtime, &unit, false)) {
    unit.size = 0;
    native_emit_empty(&unit);
  }
  if (size) *size = unit.size;
  return unit.text;
}

static bool build_native(hvm_runtime *runtime, bool any) {
  Buffer unit = {0};
  if (!emit_unit(runtime, &unit, any)) {
    buffer_free(&unit);
    return true;
  }
  NativeBuild *build = native_new(runtime->machine, &unit);
  buffer_free(&unit);
  ARRAY_PUSH(&runtime->natives, build);
  NativeStatus status = native_look_up(build);
  if (status == NATIVE_MISSING && runtime->native == HVM_NATIVE_ON) status = native_wait(build);
  if (status == NATIVE_MISSING) native_in_background(build);
  if (status != NATIVE_FAILED || runtime->native != HVM_NATIVE_ON) return true; // reducing sees an interrupt
  diagnostic_add(&runtime->program->diagnostics, SEVERITY_ERROR, NULL, (Span){0, 0}, "no machine code: %s",
                 native_reason(build));
  return false;
}

// After a program was loaded: sees to its machine code as the options want it. False, with a diagnostic, when it must
// be had and cannot. any: for expressions that may be anything, and not for Main.
static bool prepare_native(hvm_runtime *runtime, bool any) {
  if (!runtime->grown || runtime->graph_only || runtime->native == HVM_NATIVE_OFF) return true;
  runtime->grown = false;
  if (!runtime->module) return build_native(runtime, any);
  machine_compile(runtime->machine, false); // as when it was compiled
  machine_use_native(runtime->machine, runtime->module);
  return true;
}

static hvm_status reduce(hvm_runtime *runtime, const Function *function) {
  static const hvm_status statuses[] = {[MACHINE_OK] = HVM_OK,
                                        [MACHINE_FAILED] = HVM_FAILED,
                                        [MACHINE_EXHAUSTED] = HVM_EXHAUSTED,
                                        [MACHINE_INTERRUPTED] = HVM_INTERRUPTED};
  arena_free(&runtime->choices);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  MachineStatus status = machine_normalise(runtime->machine, function);
  clock_gettime(CLOCK_MONOTONIC, &end);
  runtime->seconds += (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9;
  if (runtime->machine->trace && trace_stopped(runtime->machine->trace)) return HVM_STOPPED;
  return statuses[status];
}

// Traces.

static bool show_step(void *context, const TraceStep *step) {
  hvm_runtime *runtime = context;
  size_t redex = step->before ? step->before->redex.count : 0, made = step->after ? step->after->made.count : 0;
  ARRAY_RESERVE(&runtime->ranges, redex + made + 1);
  hvm_range *ranges = runtime->ranges.items;
  for (size_t i = 0; i < redex; i++)
    ranges[i] = (hvm_range){step->before->redex.items[i].start, step->before->redex.items[i].end};
  for (size_t i = 0; i < made; i++)
    ranges[redex + i] = (hvm_range){step->after->made.items[i].start, step->after->made.items[i].end};
  static const hvm_step_part parts[] = {
      [STEP_WHOLE] = HVM_STEP_WHOLE, [STEP_BEGINS] = HVM_STEP_BEGINS, [STEP_ENDS] = HVM_STEP_ENDS};
  hvm_step shown = {.part = parts[step->part],
                    .number = step->number,
                    .rewrites = step->rewrites,
                    .rule = step->rule,
                    .strict = step->strict,
                    .left = step->left,
                    .depth = step->depth,
                    .parent = step->parent,
                    .before = {"", 0, ranges, redex},
                    .after = {"", 0, ranges + redex, made}};
  if (step->before) shown.before.text = step->before->text.text, shown.before.size = step->before->text.size;
  if (step->after) shown.after.text = step->after->text.text, shown.after.size = step->after->text.size;
  if (step->source) {
    shown.path = step->source->source->path;
    shown.line = source_place(step->source->source, step->source->span.start).line;
    shown.index = step->index;
  }
  return runtime->trace.step(runtime->trace.context, &shown);
}

void hvm_trace(hvm_runtime *runtime, const hvm_trace_options *options) {
  trace_free(runtime->machine->trace);
  runtime->machine->trace = NULL;
  if (!options) return;
  runtime->trace = *options;
  TraceOptions wishes = {.textbook = options->textbook,
                         .from = options->from,
                         .to = options->to,
                         .depth = options->depth,
                         .hidden = options->hidden,
                         .hidden_count = options->hidden_count,
                         .opened = options->opened,
                         .opened_count = options->opened_count,
                         .open_all = options->open_all,
                         .inside = options->inside,
                         .sink = show_step,
                         .context = runtime};
  runtime->machine->trace = trace_new(&wishes);
}

void hvm_run_deep(void (*function)(void *context), void *context) { term_run_deep(function, context); }

hvm_status hvm_reduce(hvm_runtime *runtime, const char *expression) {
  if (runtime->broken) return HVM_INVALID;
  if (!prepare_native(runtime, true)) return HVM_FAILED; // first: the expression is no part of the machine code
  const Function *function = program_load_expression(runtime->program, "<expression>", expression, strlen(expression));
  return function ? reduce(runtime, function) : HVM_INVALID;
}

hvm_status hvm_reduce_main(hvm_runtime *runtime) {
  if (runtime->broken) return HVM_INVALID;
  Program *program = runtime->program;
  const Source *source = program->sources.count ? program->sources.items[0] : NULL;
  NameId id;
  const Function *function = program_find_name(program, "Main", 4, &id) ? program->names.items[id].function : NULL;
  if (function && function->arity == 0) return prepare_native(runtime, false) ? reduce(runtime, function) : HVM_FAILED;
  Diagnostics *all = &program->diagnostics;
  if (function) {
    const Rule *rule = function->rules.items[0];
    Diagnostic *diagnostic =
        diagnostic_add(all, SEVERITY_ERROR, rule->source, rule->head, "Main takes %u argument%s, and none are given",
                       function->arity, function->arity == 1 ? "" : "s");
    diagnostic_hint(all, diagnostic, "give the call: hvm run -f %s \"(Main …)\"", rule->source->path);
  } else {
    Diagnostic *diagnostic = diagnostic_add(all, SEVERITY_ERROR, source, (Span){0, 0}, "there is no rule for Main");
    if (source) diagnostic->placed = false;
    diagnostic_hint(all, diagnostic, "a program begins with its rule: Main = …; an expression can be given instead");
  }
  return HVM_INVALID;
}

const char *hvm_messages(hvm_runtime *runtime, bool colour) {
  runtime->messages.size = 0;
  buffer_text(&runtime->messages, "");
  const Diagnostics *all = &runtime->program->diagnostics;
  for (size_t i = 0; i < all->list.count; i++) diagnostic_render(&runtime->messages, &all->list.items[i], colour);
  if (all->dropped) buffer_format(&runtime->messages, "hvm: %zu more messages are not shown\n", all->dropped);
  return runtime->messages.text;
}

size_t hvm_diagnostic_count(const hvm_runtime *runtime) { return runtime->program->diagnostics.list.count; }

hvm_diagnostic hvm_diagnostic_at(const hvm_runtime *runtime, size_t index) {
  const Diagnostic *from = &runtime->program->diagnostics.list.items[index];
  hvm_diagnostic to = {.warning = from->severity == SEVERITY_WARNING, .message = from->message, .hint = from->hint};
  if (!from->source) return to;
  to.path = from->source->path;
  if (!from->placed) return to;
  Place start = source_place(from->source, from->span.start), end = source_place(from->source, from->span.end);
  to.line = start.line, to.column = start.column;
  to.end_line = end.line, to.end_column = end.column;
  return to;
}

void hvm_clear_diagnostics(hvm_runtime *runtime) { diagnostics_free(&runtime->program->diagnostics); }

char *hvm_result_text(hvm_runtime *runtime, size_t *size) {
  Machine *machine = runtime->machine;
  if (!machine->root) return NULL;
  Buffer text = {0};
  PrintStatus status = machine_print(machine, &text, machine->heap[machine->root]);
  if (status != PRINT_OK) {
    if (status == PRINT_INTERRUPTED) atomic_store(&machine->shared->interrupted, false);
    Diagnostics *all = &runtime->program->diagnostics;
    Diagnostic *diagnostic = diagnostic_add(all, SEVERITY_ERROR, NULL, (Span){0, 0}, "%s", PRINT_MESSAGES[status]);
    if (status == PRINT_TORN) diagnostic_hint(all, diagnostic, "%s", PRINT_TORN_HINT);
    buffer_free(&text);
    return NULL;
  }
  if (size) *size = text.size;
  return text.text;
}

void hvm_collect(hvm_runtime *runtime) {
  arena_free(&runtime->choices);
  machine_collect_result(runtime->machine);
}

// Walking. A node's path is the list of the dups that the way to it has passed.

static hvm_node look_at(hvm_runtime *runtime, Word word, const Choice *choices) {
  machine_see_through(runtime->machine, &runtime->choices, &word, &choices);
  return (hvm_node){word, choices, runtime};
}

hvm_node hvm_result(hvm_runtime *runtime) {
  return look_at(runtime, runtime->machine->heap[runtime->machine->root], NULL);
}

hvm_node_kind hvm_kind(hvm_node node) {
  switch (word_tag(node.word)) {
  case TAG_NUM: return HVM_NODE_U60;
  case TAG_FLO: return HVM_NODE_F60;
  case TAG_CTR: return HVM_NODE_CONSTRUCTOR;
  case TAG_CAL: return HVM_NODE_CALL;
  case TAG_LAM: return HVM_NODE_LAMBDA;
  case TAG_VAR: return HVM_NODE_VARIABLE;
  case TAG_APP: return HVM_NODE_APPLICATION;
  case TAG_OP2: return HVM_NODE_OPERATION;
  case TAG_SUP: return HVM_NODE_SUPERPOSITION;
  default: return HVM_NODE_ERASED;
  }
}

uint64_t hvm_u60(hvm_node node) { return number_value(node.word); }
double hvm_f60(hvm_node node) { return number_double(node.word); }
uint64_t hvm_binder(hvm_node node) { return word_location(node.word); }

const char *hvm_name(hvm_node node) {
  unsigned tag = word_tag(node.word), extra = word_extra(node.word);
  if (tag == TAG_CTR || tag == TAG_CAL) return node.runtime->program->names.items[extra].text;
  return tag == TAG_OP2 ? OPERATOR_TEXT[op2_operator(extra)] : NULL;
}

unsigned hvm_child_count(hvm_node node) {
  switch (word_tag(node.word)) {
  case TAG_CTR:
  case TAG_CAL:
    return word_location(node.word) ? node.runtime->machine->shared->code.arities.items[word_extra(node.word)] : 0;
  case TAG_LAM: return 1;
  case TAG_APP:
  case TAG_OP2:
  case TAG_SUP: return 2;
  default: return 0;
  }
}

hvm_node hvm_child(hvm_node node, unsigned index) {
  Location location = word_location(node.word) + (word_tag(node.word) == TAG_LAM ? 1 : index);
  return look_at(node.runtime, node.runtime->machine->heap[location], node.path);
}

hvm_statistics hvm_stats(const hvm_runtime *runtime) {
  const Machine *machine = runtime->machine;
  hvm_statistics stats = {.live_cells = machine_live_cells(machine),
                          .cycle_cells = machine->cycle_cells,
                          .peak_cells = machine_peak_cells(machine),
                          .peak_bytes = machine_peak_bytes(machine),
                          .seconds = runtime->seconds};
  for (const Machine *one = machine->shared->machines; one; one = one->next) {
    stats.sparks += atomic_load(&one->sparks), stats.steals += one->steals, stats.waits += one->waits;
    stats.hints += one->hinted;
    stats.machines += one->worker != NULL;
    for (int rule = 0; rule < HVM_RULE_COUNT; rule++) stats.rewrites_by_rule[rule] += one->rewrites[rule];
  }
  for (int rule = 0; rule < HVM_RULE_COUNT; rule++) stats.rewrites += stats.rewrites_by_rule[rule];
  return stats;
}

const char *hvm_advice(hvm_runtime *runtime) {
  static const hvm_rule cloning[] = {HVM_DUP_LAM, HVM_DUP_SUP, HVM_APP_SUP, HVM_OP2_SUP, HVM_FUN_SUP};
  const Program *program = runtime->program;
  if (program->share_by_need || program->has_superposition || program->has_scopeless) return NULL;
  uint64_t all = 0, clones = 0;
  for (const Machine *one = runtime->machine->shared->machines; one; one = one->next) {
    for (int rule = 0; rule < HVM_RULE_COUNT; rule++) all += one->rewrites[rule];
    for (size_t i = 0; i < sizeof cloning / sizeof *cloning; i++) clones += one->rewrites[cloning[i]];
  }
  if (clones < CLONES_LEAST || clones < all / 4) return NULL;
  buffer_free(&runtime->advice);
  buffer_format(&runtime->advice,
                "%.0f %% of the rewrites cloned λs layer by layer, so that copies share what is reduced under them; "
                "with --sharing=need λs are closures, which often takes far less time and memory",
                100 * (double)clones / (double)all);
  return runtime->advice.text;
}

bool hvm_worker_at(const hvm_runtime *runtime, size_t index, hvm_worker *worker) {
  return profile_worker(runtime->machine, index, worker);
}

const hvm_profile *hvm_profile_last(hvm_runtime *runtime) {
  return profile_result(&runtime->profile, runtime->machine);
}

const char *hvm_rule_name(hvm_rule rule) {
  static const char *const names[HVM_RULE_COUNT] = {"App-Lam", "App-Sup", "Dup-Lam", "Dup-Sup", "Dup-Num",
                                                    "Dup-Ctr", "Op2-Num", "Op2-Sup", "Fun-Sup", "Fun-Rule"};
  return names[rule];
}

const char *hvm_trace_rule(size_t index) { return index < TRACE_RULE_NAMES ? trace_rule_names[index] : NULL; }

void hvm_interrupt(hvm_runtime *runtime) { machine_interrupt(runtime->machine); }
