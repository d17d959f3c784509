// Strict code in traces. A call of a unit is a step: it begins with CODE_ENTER, when its arguments are reduced as far
// as the unit wants, and ends with the instruction that leaves the unit's registers. Calls in the place of the result
// are part of it. When the step is opened, those calls are steps that follow it, and inside of it are the steps of
//   strict calls      that are closed, or opened themselves
//   instructions      that compute or copy, with the rewrites that they count
//   the graph         where strict code wants a term that is not reduced yet
#include "trace.h"

bool trace_conceals(const Trace *trace) {
  return trace->hiding || (trace->levels.count && !trace_level(trace)->opened);
}

bool trace_shows(const Trace *trace) {
  if (trace_conceals(trace) || !trace_in_window(trace, trace->steps + 1)) return false;
  bool limited = trace->levels.count && trace->options.inside && trace_level(trace)->limited;
  return !limited || trace->inside < trace->options.inside;
}

void trace_settle(Machine *machine) {
  Trace *trace = machine->trace;
  if (!trace->strict || trace->open) return;
  trace->limit = TRACE_NO_LIMIT;
  trace->done = 0;
  trace->marks.count = 0;
  trace->drawn = trace->refused = trace->mark_next = trace->mark_focus = false;
  trace->steps = trace_total(machine->rewrites) - trace->rewrites_before + trace->uncounted;
}

// What is reduced is opened in any case, unless it is hidden.
static bool is_asked_for(const TraceOptions *options, const TraceLevel *level) {
  char number[24];
  snprintf(number, sizeof number, "%llu", (unsigned long long)level->number);
  return level->number == 1 || trace_is_named(options->opened, options->opened_count, level->rule) ||
         trace_is_named(options->opened, options->opened_count, number);
}

// To what is in a limited call, nothing is shown any more when it has shown so much.
static void choose_opened(const Trace *trace, TraceLevel *level) {
  const TraceOptions *options = &trace->options;
  bool asked_for = is_asked_for(options, level), left_out = !level->shown && trace_in_window(trace, level->number);
  bool hidden = trace_is_named(options->hidden, options->hidden_count, level->rule);
  level->opened = (asked_for || options->open_all) && !hidden && !left_out;
  level->limited = !asked_for || (trace->levels.count && trace_level(trace)->limited);
}

// The call takes the mark, since what is below it is what wants its result.
static void mark_call(Trace *trace, uint64_t height, bool made) {
  trace->marks.count = 0;
  ARRAY_PUSH(&trace->marks, (TraceMark){MARK_HEIGHT, height, made});
}

void trace_enter(Machine *machine, const TraceLoop *loop) {
  Trace *trace = machine->trace;
  if (trace_conceals(trace)) return;
  if (trace->options.to && trace->steps >= trace->options.to) trace_stop(machine);
  TraceLevel level = {.height = trace_height(machine, loop),
                      .number = trace->steps + 1,
                      .rule = trace_function_name(machine, word_extra(loop->term)),
                      .shown = trace_shows(trace)};
  choose_opened(trace, &level);
  if (level.shown) {
    mark_call(trace, level.height, false);
    trace_take_picture(machine, loop, &trace->after);
    trace_emit_move(machine);
  }
  if (level.shown && level.opened)
    trace_emit(
        machine,
        (TraceStep){
            .part = STEP_BEGINS, .number = level.number, .rule = level.rule, .strict = true, .before = &trace->before});
  trace->followed = level.shown && !level.opened;
  ARRAY_PUSH(&trace->levels, level);
}

// How a call may end:
//   result  with a value
//   graph   with a term that the graph reduces on: something met a superposition, a λ or a stuck term
//   back    as it was, for the same reason: the graph's rules take over. This is no rewrite.
//   tail    by a call in its place: only of opened ones
void trace_leave(Machine *machine, const TraceLoop *loop) {
  Trace *trace = machine->trace;
  TraceLevel level = *trace_level(trace);
  const char *left = trace->leaving;
  trace->leaving = NULL;
  trace->levels.count--;
  trace->followed = level.shown;
  if (!level.shown) return;
  mark_call(trace, level.height, true);
  trace_take_picture(machine, loop, &trace->after);
  trace_emit(machine, (TraceStep){.part = level.opened ? STEP_ENDS : STEP_WHOLE,
                                  .number = level.number,
                                  .rewrites = trace->steps + 1 - level.number,
                                  .rule = level.rule,
                                  .strict = true,
                                  .left = left,
                                  .before = level.opened ? NULL : &trace->before,
                                  .after = &trace->after});
  trace_swap_pictures(trace);
}

// Instructions.

static bool is_operation(int32_t kind) {
  return (kind >= CODE_OP2 && kind < CODE_FORCE) || (kind >= CODE_OPERATE && kind < CODE_COUNT);
}

static bool may_count(int32_t kind) {
  switch (kind) {
  case CODE_DUP:
  case CODE_COPY:
  case CODE_KEEP:
  case CODE_LEND:
  case CODE_CLONE_FIELD:
  case CODE_HINT:
  case CODE_UNSHARE: return true;
  default: return is_operation(kind);
  }
}

// A rule of the graph may end with a call of strict code, whose first instruction is one of these.
static bool ends_transition(const Trace *trace, const int32_t *pc) {
  return trace->strict && trace->open && (pc[0] == CODE_READY || pc[0] == CODE_REFUEL);
}

bool trace_wants(const Machine *machine, const int32_t *pc) {
  const Trace *trace = machine->trace;
  if (trace_point_at(machine, pc) || ends_transition(trace, pc)) return true;
  if (!trace->strict || trace->open) return false;
  if (trace->instruction.waits || may_count(pc[0])) return true;
  switch (pc[0]) {
  case CODE_READY:
  case CODE_REFUEL:
  case CODE_ENTER:
  case CODE_LAM_NEW:
  case CODE_RESULT:
  case CODE_TAIL_UNIT:
  case CODE_GRAPH:
  case CODE_LEAVE: return true;
  default: return false;
  }
}

static void draw_words(Machine *machine, const char *operation, const Word *words, unsigned count, bool made) {
  Trace *trace = machine->trace;
  TraceFocus focus = {.top = machine->stack, .base = trace_level(trace)->height};
  focus.operation = operation, focus.words = words, focus.count = count;
  mark_call(trace, 0, made);
  trace_draw(machine, &focus, &trace->after, trace->marks.items, trace->marks.count);
}

static const char *operator_of(int32_t kind) {
  if (!is_operation(kind)) return "";
  int32_t first = kind >= CODE_OPERATE ? CODE_OPERATE : CODE_OP2;
  return OPERATOR_TEXT[(kind - first) % OP_COUNT];
}

// The words that an instruction works on, and those that it made of them. Returns their number.
static unsigned words_before(const Machine *machine, const int32_t *pc, const Word *fp, Word words[2]) {
#define OPERAND(x) ((x) < 0 ? machine->shared->code.constants.items[~(x)] : fp[x])
  switch (pc[0]) {
  case CODE_DUP:
  case CODE_COPY: words[0] = OPERAND(pc[3]); return 1;
  case CODE_KEEP:
  case CODE_LEND: words[0] = fp[pc[2]]; return 1;
  case CODE_CLONE_FIELD: words[0] = machine->heap[word_location(fp[pc[2]]) + (Location)pc[3]]; return 1;
  case CODE_HINT:
  case CODE_UNSHARE: words[0] = fp[pc[1]]; return 1;
  default: {
    bool mixed = pc[0] >= CODE_OPERATEK || (pc[0] >= CODE_OP2K && pc[0] < CODE_FORCE);
    words[0] = fp[pc[2]];
    words[1] = mixed ? machine->shared->code.constants.items[pc[3]] : fp[pc[3]];
    return 2;
  }
  }
}

static unsigned words_after(const Machine *machine, const int32_t *pc, const Word *fp, Word words[2]) {
  words[0] = pc[0] == CODE_HINT ? number_u60(0) : fp[pc[1]];
  switch (pc[0]) {
  case CODE_HINT: return 0; // it is gone
  case CODE_DUP:
  case CODE_COPY:
  case CODE_KEEP:
  case CODE_LEND: words[1] = fp[pc[2]]; return 2;
  case CODE_CLONE_FIELD: words[1] = machine->heap[word_location(fp[pc[2]]) + (Location)pc[3]]; return 2;
  default: return 1;
  }
}

static void begin_instruction(Machine *machine, const int32_t *pc, const Word *fp) {
  Trace *trace = machine->trace;
  Word words[2];
  if (!trace->levels.count || trace_conceals(trace)) return;
  if (trace->options.to && trace->steps >= trace->options.to) trace_stop(machine);
  if (!trace_shows(trace)) return;
  unsigned count = words_before(machine, pc, fp, words);
  draw_words(machine, operator_of(pc[0]), words, count, false);
  trace_swap_pictures(trace);
  trace->instruction.waits = true;
  trace->instruction.pc = pc;
  memcpy(trace->instruction.rewrites, machine->rewrites, sizeof machine->rewrites);
}

static void end_instruction(Machine *machine, const Word *fp) {
  Trace *trace = machine->trace;
  Word words[2];
  trace->instruction.waits = false;
  uint64_t first = trace->steps + 1;
  trace_settle(machine);
  if (trace->steps < first) return;
  int kind = RULE_COUNT - 1; // a copy of a constructor copies its fields, too
  while (machine->rewrites[kind] == trace->instruction.rewrites[kind]) kind--;
  unsigned count = words_after(machine, trace->instruction.pc, fp, words);
  trace->subject = words[0];
  draw_words(machine, "", words, count, true);
  bool hint = trace->instruction.pc[0] == CODE_HINT;
  trace_emit(machine, (TraceStep){.number = first,
                                  .rewrites = trace->steps + 1 - first,
                                  .rule = hint ? trace_function_name(machine, NAME_SPARK)
                                               : trace_rule_name(machine, (RuleKind)kind),
                                  .before = &trace->before,
                                  .after = &trace->after});
  trace->followed = false;
}

bool trace_instruction(Machine *machine, const int32_t *pc, Word *fp) {
  Trace *trace = machine->trace;
  if (!trace->strict || trace->open) return ends_transition(trace, pc);
  if (trace->instruction.waits) end_instruction(machine, fp);
  bool ends = trace->levels.count && trace_level(trace)->height == (uint64_t)(fp - machine->stack);
  trace_settle(machine);
  switch (pc[0]) {
  case CODE_READY:
  case CODE_REFUEL:
  case CODE_ENTER: return true;
  case CODE_LAM_NEW:
    trace_name_fresh(trace, machine->free_lists[2] ? machine->free_lists[2] : machine->bump, "x");
    return false;
  case CODE_RESULT: {
    Word term = pc[1] < 0 ? machine->shared->code.constants.items[~pc[1]] : fp[pc[1]];
    if (word_tag(term) == TAG_SHR) term = machine->heap[word_location(term) + 1];
    if (ends) trace->leaving = word_is_value(term) ? "result" : "graph";
    return false;
  }
  case CODE_TAIL_UNIT:
    if (ends && trace_level(trace)->opened) trace->leaving = "tail";
    return false;
  case CODE_GRAPH:
    trace->uncounted++;
    if (ends) trace->leaving = "back";
    return false;
  case CODE_LEAVE:
    if (ends) trace->leaving = "graph";
    return false;
  default:
    if (may_count(pc[0])) begin_instruction(machine, pc, fp);
    return false;
  }
}
