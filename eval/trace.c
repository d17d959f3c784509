#include "trace.h"

#include "frames.h"

Trace *trace_new(const TraceOptions *options) {
  Trace *trace = calloc(1, sizeof *trace);
  if (!trace) memory_exhausted();
  trace->options = *options;
  return trace;
}

void trace_free(Trace *trace) {
  if (!trace) return;
  for (size_t i = 0; i < trace->bases.count; i++) free(trace->bases.items[i].text);
  TracePicture *pictures[2] = {&trace->before, &trace->after};
  for (int i = 0; i < 2; i++) {
    buffer_free(&pictures[i]->text);
    ARRAY_FREE(&pictures[i]->redex);
    ARRAY_FREE(&pictures[i]->made);
  }
  ARRAY_FREE(&trace->points);
  ARRAY_FREE(&trace->marks);
  ARRAY_FREE(&trace->values);
  ARRAY_FREE(&trace->lost);
  ARRAY_FREE(&trace->levels);
  ARRAY_FREE(&trace->names);
  ARRAY_FREE(&trace->bases);
  ARRAY_FREE(&trace->saved.cells);
  ARRAY_FREE(&trace->saved.stack);
  ARRAY_FREE(&trace->saved.bases);
  ARRAY_FREE(&trace->saved.lost);
#ifdef HVM_CHECK
  ARRAY_FREE(&trace->saved.sizes);
#endif
  free(trace);
}

bool trace_stopped(const Trace *trace) { return trace->stopped; }
uint64_t trace_steps(const Trace *trace) { return trace->steps; }

// Names. A variable is called as in the program; those that come of it get numbers.

static uint32_t find_base(Trace *trace, const char *text, size_t size) {
  for (uint32_t i = 0; i < trace->bases.count; i++)
    if (strncmp(trace->bases.items[i].text, text, size) == 0 && !trace->bases.items[i].text[size]) return i;
  char *copy = malloc(size + 1);
  if (!copy) memory_exhausted();
  memcpy(copy, text, size);
  copy[size] = 0;
  ARRAY_PUSH(&trace->bases, (TraceBase){.text = copy});
  return (uint32_t)trace->bases.count - 1;
}

// The name of a binder, without what linear.c added to it, and without digits, which would look like ours.
static uint32_t binder_base(Trace *trace, const Binder *binder) {
  const char *name = binder->name;
  size_t size = trace_name_length(name);
  while (size > 1 && name[size - 1] >= '0' && name[size - 1] <= '9') size--;
  return find_base(trace, name, size);
}

static TraceName fresh_name(Trace *trace, uint32_t base) { return (TraceName){base, ++trace->bases.items[base].next}; }

static TraceNames *names_of(Trace *trace, Location location) {
  location -= trace->first;
  while (trace->names.count <= location) ARRAY_PUSH(&trace->names, (TraceNames){0});
  return &trace->names.items[location];
}

void trace_name_lambda(Trace *trace, Location lambda, Location origin) {
  TraceNames from = *names_of(trace, origin);
  uint32_t base = from.serial ? from.sides[0].base : find_base(trace, "x", 1);
  *names_of(trace, lambda) = (TraceNames){{fresh_name(trace, base), {0, 0}}, ++trace->serial};
}

void trace_skip_names(Trace *trace) {
  for (int side = 0; side < 2; side++) fresh_name(trace, trace->pending[side]);
  trace->serial++;
}

void trace_name_dup(Trace *trace, Location dup) {
  TraceNames names = {.serial = ++trace->serial};
  for (int side = 0; side < 2; side++) names.sides[side] = fresh_name(trace, trace->pending[side]);
  *names_of(trace, dup) = names;
  ARRAY_PUSH(&trace->marks, (TraceMark){MARK_DUP, dup, true});
  if (!trace->mark_next) return;
  trace->mark_next = false;
  ARRAY_PUSH(&trace->marks, (TraceMark){MARK_DUP, dup, false});
}

void trace_name_fresh(Trace *trace, Location location, const char *base) {
  TraceName name = fresh_name(trace, find_base(trace, base, strlen(base)));
  *names_of(trace, location) = (TraceNames){{name, name}, ++trace->serial};
}

void trace_name_print(Trace *trace, Buffer *out, Location location, unsigned side, bool dup) {
  TraceNames *names = names_of(trace, location);
  if (!names->serial) { // a λ that a result was opened with
    uint32_t base = find_base(trace, "x", 1);
    *names_of(trace, location) = (TraceNames){{fresh_name(trace, base), fresh_name(trace, base)}, ++trace->serial};
    names = names_of(trace, location);
  }
  const TraceName *name = &names->sides[dup ? side : 0];
  buffer_text(out, trace->bases.items[name->base].text);
  if (name->number) buffer_number(out, name->number - 1);
}

static const CodeBinder *binder_at(const Code *code, int32_t offset) {
  size_t low = 0, high = code->binders.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (code->binders.items[middle].offset < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return &code->binders.items[low];
}

void trace_binder(Machine *machine, const int32_t *pc) {
  Trace *trace = machine->trace;
  const CodeBinder *binder = binder_at(&machine->shared->code, (int32_t)(pc - machine->shared->code.words.items));
  for (int side = 0; side < 2; side++)
    trace->pending[side] = binder_base(trace, side && binder->second ? binder->second : binder->first);
  if (pc[0] == CODE_DUP) return;
  Location next = machine->free_lists[2] ? machine->free_lists[2] : machine->bump; // where the node will be
  if (pc[0] == CODE_DUP_NEW) {
    trace_name_dup(trace, next);
    return;
  }
  TraceBase *base = &trace->bases.items[trace->pending[0]];
  TraceName name = {trace->pending[0], 0};
  if (base->plain || base->next) name = fresh_name(trace, trace->pending[0]);
  base->plain = true;
  *names_of(trace, next) = (TraceNames){{name, {0, 0}}, ++trace->serial};
}

static void note_point(Trace *trace, int32_t offset, uint8_t point) { trace->points.items[offset] |= point; }

void trace_begin(Machine *machine) {
  Trace *trace = machine->trace;
  const Code *code = &machine->shared->code;
  ARRAY_RESERVE(&trace->points, code->words.count);
  trace->points.count = code->words.count;
  memset(trace->points.items, 0, trace->points.count);
  for (size_t i = 0; i < code->rules.count; i++) note_point(trace, code->rules.items[i].offset, POINT_RULE);
  for (size_t i = 0; i < code->binders.count; i++) note_point(trace, code->binders.items[i].offset, POINT_BINDER);
  for (size_t i = 0; i < code->functions.count; i++)
    if (code->functions.items[i]) note_point(trace, code->functions.items[i]->graph, POINT_ENTRY);
  trace->steps = 0;
  trace->open = trace->hiding = trace->stopped = trace->collecting = false;
  trace->lost.count = trace->names.count = 0;
  trace->first = machine->shared->heap_start;
  trace->lifted = 0;
  trace->followed = false;
  trace->strict = code->strict;
  trace->levels.count = 0;
  trace->leaving = NULL;
  trace->instruction.waits = false;
  trace->rewrites_before = trace_total(machine->rewrites);
  trace->uncounted = trace->inside = 0;
  for (size_t i = 0; i < trace->bases.count; i++) trace->bases.items[i].next = 0, trace->bases.items[i].plain = false;
  trace->pending[0] = trace->pending[1] = find_base(trace, "a", 1);
  trace->running = true;
}

// Early steps.

bool trace_early(Trace *trace, const char *rule) {
  if (trace->done < trace->limit) {
    trace->done++;
    trace->early_rule = rule;
    return true;
  }
  if (!trace->refused) trace->refused = trace->mark_next = true;
  return false;
}

Word trace_result(Machine *machine, Word value) {
  Trace *trace = machine->trace;
  if (trace->done != trace->limit || !trace->drawn) return value;
  Location location = heap_alloc(machine, 2); // a variable, so that the picture can mark it
  machine->heap[location] = value;
  machine->heap[location + 1] = 0;
  ARRAY_PUSH(&trace->values, location);
  return word_make(TAG_VAR, 0, location);
}

// Copies of the machine.

#define COPY(to, from, n)                                                                                              \
  do {                                                                                                                 \
    ARRAY_RESERVE((to), (n) + 1);                                                                                      \
    (to)->count = (n);                                                                                                 \
    if (n) memcpy((to)->items, (from), (n) * sizeof *(to)->items);                                                     \
  } while (0)

static void save(Machine *machine) {
  Trace *trace = machine->trace;
  const TraceLoop *loop = &trace->begin;
  const Word *from = loop->fp, *to;
  if (loop->state == TRACE_EVAL) {
    from = to = loop->sp;
  } else if (loop->state == TRACE_RET) {
    from = frames_next(machine, loop->sp - 1) + 1;
    to = loop->sp;
  } else {
    unsigned name = word_extra(trace->begin.term);
    to = loop->fp + machine->shared->code.functions.items[name]->frame;
  }
  trace->saved.stack_from = (size_t)(from - machine->stack);
  COPY(&trace->saved.stack, from, (size_t)(to - from));
  COPY(&trace->saved.cells, machine->heap + machine->shared->heap_start, machine_peak_cells(machine));
#ifdef HVM_CHECK
  COPY(&trace->saved.sizes, machine->sizes + machine->shared->heap_start, machine_peak_cells(machine));
#endif
  COPY(&trace->saved.bases, trace->bases.items, trace->bases.count);
  COPY(&trace->saved.lost, trace->lost.items, trace->lost.count);
#define FIELDS(X)                                                                                                      \
  X(bump)                                                                                                              \
  X(bump_limit) X(runs) X(cycle_debt) X(next_label) X(cycles_possible) X(stale)
#define X(field) trace->saved.field = machine->field;
  FIELDS(X)
#undef X
  trace->saved.heap_end = machine->shared->heap_end, trace->saved.touched = machine->shared->touched;
  memcpy(trace->saved.free_lists, machine->free_lists, sizeof machine->free_lists);
  memcpy(trace->saved.rewrites, machine->rewrites, sizeof machine->rewrites);
  trace->saved.serial = trace->serial;
}

static void restore(Machine *machine) {
  Trace *trace = machine->trace;
  memcpy(machine->stack + trace->saved.stack_from, trace->saved.stack.items, trace->saved.stack.count * sizeof(Word));
#ifdef HVM_CHECK
  memset(machine->sizes + machine->shared->heap_start, 0, machine_peak_cells(machine));
  memcpy(machine->sizes + machine->shared->heap_start, trace->saved.sizes.items, trace->saved.sizes.count);
#endif
  memcpy(machine->heap + machine->shared->heap_start, trace->saved.cells.items,
         trace->saved.cells.count * sizeof(Word));
  for (size_t i = 0; i < trace->bases.count; i++)
    if (i < trace->saved.bases.count)
      trace->bases.items[i] = trace->saved.bases.items[i];
    else
      trace->bases.items[i].next = 0, trace->bases.items[i].plain = false; // the text stays
  COPY(&trace->lost, trace->saved.lost.items, trace->saved.lost.count);
#define X(field) machine->field = trace->saved.field;
  FIELDS(X)
#undef X
  machine->shared->heap_end = trace->saved.heap_end;
  machine->shared->touched = trace->saved.touched;
  memcpy(machine->free_lists, trace->saved.free_lists, sizeof machine->free_lists);
  memcpy(machine->rewrites, trace->saved.rewrites, sizeof machine->rewrites);
  trace->serial = trace->saved.serial;
  trace->begin.pc = machine->shared->code.words.items + trace->begin_code;
}

// Pictures.

void trace_take_picture(Machine *machine, const TraceLoop *loop, TracePicture *picture) {
  Trace *trace = machine->trace;
  TraceFocus focus = {.top = loop->state == TRACE_RUN ? loop->fp : loop->sp, .term = loop->term};
  if (loop->state == TRACE_RUN) focus.registers = loop->fp;
  if (trace->levels.count) focus.base = trace_level(trace)->height;
  trace_draw(machine, &focus, picture, trace->marks.items, trace->marks.count);
}

uint64_t trace_height(const Machine *machine, const TraceLoop *loop) {
  return (uint64_t)((loop->state == TRACE_RUN ? loop->fp : loop->sp) - machine->stack);
}

_Noreturn void trace_stop(Machine *machine) {
  machine->trace->stopped = true;
  machine->shared->status = MACHINE_INTERRUPTED;
  longjmp(machine->escape, 1);
}

bool trace_in_window(const Trace *trace, uint64_t number) {
  return number >= trace->options.from && (!trace->options.to || number <= trace->options.to);
}

void trace_emit(Machine *machine, TraceStep step) {
  Trace *trace = machine->trace;
  step.depth = (unsigned)trace->levels.count;
  if (step.depth) step.parent = trace_level(trace)->number;
  trace->inside = step.depth && trace_level(trace)->limited ? trace->inside + 1 : 0;
  if (!trace->options.sink(trace->options.context, &step)) trace_stop(machine);
}

static void emit(Machine *machine, const char *rule, const Rule *source, uint32_t index, uint64_t number,
                 uint64_t rewrites) {
  Trace *trace = machine->trace;
  if (!trace_in_window(trace, number)) return;
  trace_emit(machine, (TraceStep){.number = number,
                                  .rewrites = rewrites,
                                  .rule = rule,
                                  .source = source,
                                  .index = index,
                                  .before = &trace->before,
                                  .after = &trace->after});
}

void trace_swap_pictures(Trace *trace) {
  TracePicture picture = trace->before;
  trace->before = trace->after;
  trace->after = picture;
}

// What changes without a rewrite is a step too, so that each term is the one before the next: where only one side of a
// dup is left, the machine moves its value there, and a closure that is to be shown becomes a λ.
void trace_emit_move(Machine *machine) {
  Trace *trace = machine->trace;
  const Buffer *old = &trace->before.text, *new = &trace->after.text;
  bool same = old->size == new->size &&memcmp(old->text, new->text, old->size) == 0;
  if (trace->followed && !same) {
    size_t least = old->size < new->size ? old->size : new->size, front = 0, back = 0;
    while (front < least && old->text[front] == new->text[front]) front++;
    while (front > 0 && (old->text[front] & 0xC0) == 0x80) front--;
    while (back < least - front && old->text[old->size - 1 - back] == new->text[new->size - 1 - back]) back++;
    while (back > 0 && (old->text[old->size - back] & 0xC0) == 0x80) back--;
    TracePicture next = trace->after; // its redex is that of the step after this one
    trace->after.redex.count = trace->before.redex.count = trace->after.made.count = 0;
    if (old->size > front + back) ARRAY_PUSH(&trace->before.redex, (TraceRange){front, old->size - back});
    if (new->size > front + back) ARRAY_PUSH(&trace->after.made, (TraceRange){front, new->size - back});
    emit(machine, "Move", NULL, 0, trace->steps, 0);
    trace->after.redex.count = next.redex.count;
  }
  trace_swap_pictures(trace);
}

// Transitions.

uint64_t trace_total(const uint64_t *rewrites) {
  uint64_t sum = 0;
  for (int rule = 0; rule < RULE_COUNT; rule++) sum += rewrites[rule];
  return sum;
}

static void begin_run(Machine *machine, uint32_t limit) {
  Trace *trace = machine->trace;
  trace->limit = limit;
  trace->done = 0;
  trace->refused = trace->mark_next = trace->mark_focus = false;
  trace->marks.count = trace->values.count = 0;
  trace->pending[0] = trace->pending[1] = find_base(trace, "a", 1);
  if (trace->redex.kind == MARK_DUP) {
    const TraceNames *names = names_of(trace, trace->redex.place);
    for (int side = 0; side < 2 && names->serial; side++) trace->pending[side] = names->sides[side].base;
  }
  const TraceLoop *loop = &trace->begin;
  if (loop->state == TRACE_RUN && trace_point_at(machine, loop->pc) & POINT_BINDER) trace_binder(machine, loop->pc);
}

const char *const trace_rule_names[TRACE_RULE_NAMES] = {"App-Lam", "App-Sup", "Dup-Lam",  "Dup-Sup", "Dup-U60",
                                                        "Dup-F60", "Dup-Era", "Dup-Ctr",  "Op2-U60", "Op2-F60",
                                                        "Op2-Sup", "Fun-Sup", "Fun-Rule", "Move",    "Collect"};

// The name of what happened, by the rule that was counted.
const char *trace_rule_name(const Machine *machine, RuleKind kind) {
  const Trace *trace = machine->trace;
  Word subject = trace->subject;
  switch (kind) {
  case RULE_APP_LAM: return "App-Lam";
  case RULE_APP_SUP: return "App-Sup";
  case RULE_DUP_LAM: return "Dup-Lam";
  case RULE_DUP_SUP: return "Dup-Sup";
  case RULE_DUP_NUM:
    return word_tag(subject) == TAG_NUM   ? "Dup-U60"
           : word_tag(subject) == TAG_FLO ? "Dup-F60"
           : word_tag(subject) == TAG_LAM ? "Dup-Lam"
                                          : "Dup-Era";
  case RULE_DUP_CTR: return "Dup-Ctr";
  case RULE_OP2_NUM: return word_tag(subject) == TAG_FLO ? "Op2-F60" : "Op2-U60";
  case RULE_OP2_SUP: return "Op2-Sup";
  case RULE_FUN_SUP: return "Fun-Sup";
  default: return trace->rule ? trace->rule : "Fun-Rule";
  }
}

static void add_mark(Trace *trace, TraceMarkKind kind, uint64_t place, bool made) {
  ARRAY_PUSH(&trace->marks, (TraceMark){kind, place, made});
}

static void draw_after(Machine *machine, const TraceLoop *loop, bool early) {
  Trace *trace = machine->trace;
  if (early) { // of the dups that were made none is news
    size_t kept = 0;
    for (size_t i = 0; i < trace->marks.count; i++)
      if (!trace->marks.items[i].made) trace->marks.items[kept++] = trace->marks.items[i];
    trace->marks.count = kept;
    for (size_t i = 0; i < trace->values.count; i++) add_mark(trace, MARK_THROUGH, trace->values.items[i], true);
    if (!trace->values.count) add_mark(trace, MARK_HEIGHT, trace_height(machine, &trace->begin), true); // a branch
  } else if (trace->redex.kind == MARK_HEIGHT) {
    add_mark(trace, MARK_HEIGHT, trace->redex.place, true);
  } else {
    add_mark(trace, MARK_HEIGHT, trace_height(machine, &trace->begin) - 1, true);
    add_mark(trace, MARK_THROUGH, trace->redex.place, true);
  }
  if (trace->mark_focus) add_mark(trace, MARK_HEIGHT, trace_height(machine, loop), false);
  trace_take_picture(machine, loop, &trace->after);
}

static void emit_main(Machine *machine) {
  Trace *trace = machine->trace;
  for (int kind = 0; kind < RULE_COUNT; kind++)
    for (uint64_t n = machine->rewrites[kind] - trace->rewrites[kind]; n > 0; n--) {
      bool rule = kind == RULE_FUN_RULE;
      emit(machine, trace_rule_name(machine, (RuleKind)kind), rule ? trace->source : NULL, rule ? trace->index : 0,
           ++trace->steps, 1);
    }
}

void trace_lifted(Machine *machine, const FunctionCode *function, Word *fp, unsigned place) {
  Trace *trace = machine->trace;
  if (!trace->open || !trace->drawn || trace->limit > 0) return;
  TraceLoop loop = {.state = TRACE_RUN, .term = word_make(TAG_CAL, function->function->name, 0), .fp = fp};
  TraceMark refused = {0}; // is marked in the last of these steps
  size_t kept = 0;
  bool later = false;
  for (size_t i = 0; i < trace->marks.count; i++)
    if (trace->marks.items[i].made)
      trace->marks.items[kept++] = trace->marks.items[i];
    else
      refused = trace->marks.items[i], later = true;
  trace->marks.count = kept;
  add_mark(trace, MARK_NODE, word_location(fp[place]), true);
  add_mark(trace, MARK_HEIGHT, trace->redex.place, false); // once more
  trace_take_picture(machine, &loop, &trace->after);
  trace->marks.count = 0;
  if (later) ARRAY_PUSH(&trace->marks, refused);
  emit(machine, "Fun-Sup", NULL, 0, ++trace->steps, 1);
  trace->rewrites[RULE_FUN_SUP]++;
  trace_swap_pictures(trace);
}

// The end of a transition. True: it is run once more.
static bool end_transition(Machine *machine, const TraceLoop *loop) {
  Trace *trace = machine->trace;
  uint64_t count = trace_total(machine->rewrites) - trace_total(trace->rewrites);
  if (!trace->drawn || trace->replay) {
    if (!trace->replay) trace->steps += count;
    trace->replay = trace->open = false;
    return false;
  }
  if (count || trace->refused) {
    draw_after(machine, loop, trace->limit > 0);
    if (trace->limit == 0)
      emit_main(machine);
    else
      emit(machine, trace->early_rule, NULL, 0, ++trace->steps, 1);
    trace_swap_pictures(trace);
  }
  if (trace->options.textbook || (!trace->refused && trace->limit == 0)) {
    trace->open = false;
    return false;
  }
  trace->replay = !trace->refused;
  uint32_t limit = trace->refused ? trace->limit + 1 : TRACE_NO_LIMIT;
  restore(machine);
  begin_run(machine, limit);
  return true;
}

// The instruction of strict code that waits for a term; NULL: something else does.
static const int32_t *strict_waiting(const Machine *machine, const TraceLoop *loop) {
  const int32_t *pc = machine->shared->code.words.items + (loop->sp[-1] >> FRAME_SHIFT);
  return (loop->sp[-1] & FRAME_KIND_MASK) == FRAME_RUN && pc[0] >= CODE_FORCE ? pc : NULL;
}

static bool may_fire(const Machine *machine, const TraceLoop *loop) {
  unsigned tag = word_tag(loop->term);
  switch (loop->sp[-1] & 15) {
  case FRAME_APP: return tag == TAG_LAM || tag == TAG_SUP;
  case FRAME_OP2_LEFT: return word_tag(loop->sp[-2]) <= TAG_ERA;
  case FRAME_OP2_RIGHT: return true;
  case FRAME_DUP0:
  case FRAME_DUP1: return tag <= TAG_ERA;
  case FRAME_RUN: return !word_is_value(loop->term) && !strict_waiting(machine, loop);
  case FRAME_ODD:
  case FRAME_BUILTIN: return true;
  default: return false;
  }
}

// A copy of a constructor is taken out of a box: the one rewrite of the state eval.
static bool may_unshare(const Machine *machine, const TraceLoop *loop) {
  if (word_tag(loop->term) != TAG_SHR) return false;
  Word inner = machine->heap[word_location(loop->term) + 1];
  return word_tag(inner) <= TAG_SUP && !word_is_flat(inner);
}

static const CodeRule *rule_at(const Code *code, int32_t offset) {
  size_t low = 0, high = code->rules.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (code->rules.items[middle].offset < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low < code->rules.count && code->rules.items[low].offset == offset ? &code->rules.items[low] : NULL;
}

bool trace_is_named(const char *const *names, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

const char *trace_function_name(const Machine *machine, unsigned name) {
  const char *text = machine->shared->program->names.items[name].text;
  if (machine->shared->code.functions.items[name]->function->lifted) return "λ";
  return *text == '(' ? "Main" : text; // an expression
}

// Finds out what a transition from here works on.
static void look_at_redex(Machine *machine, const TraceLoop *loop, const CodeRule *rule) {
  Trace *trace = machine->trace;
  trace->rule = NULL, trace->source = NULL, trace->index = 0;
  trace->subject = loop->term;
  trace->redex = (TraceMark){MARK_HEIGHT, trace_height(machine, loop), false};
  if (loop->state == TRACE_EVAL) return;
  if (rule) {
    trace->rule = trace_function_name(machine, word_extra(loop->term));
    trace->source = rule->rule;
    trace->index = rule->index + 1;
    return;
  }
  Word frame = loop->sp[-1];
  unsigned kind = frame & 15;
  if (kind == FRAME_DUP0 || kind == FRAME_DUP1)
    trace->redex = (TraceMark){MARK_DUP, frame >> FRAME_SHIFT, false};
  else
    trace->redex.place = (uint64_t)(frames_next(machine, loop->sp - 1) + 1 - machine->stack);
  NameId name = frames_function(machine, loop->sp - 1);
  if (kind == FRAME_BUILTIN) trace->rule = trace_function_name(machine, name);
}

static void begin_transition(Machine *machine, const TraceLoop *loop, const CodeRule *rule) {
  Trace *trace = machine->trace;
  trace->open = true;
  trace->begin = *loop;
  trace->begin_code = loop->state == TRACE_RUN ? loop->pc - machine->shared->code.words.items : 0;
  trace->lifted = trace->lifted ? trace->lifted - 1 : 0;
  memcpy(trace->rewrites, machine->rewrites, sizeof machine->rewrites);
  look_at_redex(machine, loop, rule);
  if (!trace_conceals(trace) && rule && rule->rule &&
      trace_is_named(trace->options.hidden, trace->options.hidden_count, trace->rule)) {
    trace->marks.count = 0;
    add_mark(trace, MARK_HEIGHT, trace_height(machine, loop), false);
    trace_take_picture(machine, loop, &trace->after);
    trace_emit_move(machine);
    trace->hiding = true;
    trace->hidden_rule = trace->rule;
    trace->hidden_height = trace_height(machine, loop);
    trace->hidden_from = trace->steps + 1;
  }
  if (!trace_conceals(trace) && trace->options.to && trace->steps >= trace->options.to) trace_stop(machine);
  trace->drawn = trace_shows(trace);
  bool lazy = trace->options.textbook;
  if (trace->drawn) {
    trace->marks.count = 0;
    ARRAY_PUSH(&trace->marks, trace->redex);
    trace_take_picture(machine, loop, &trace->after);
    trace_emit_move(machine);
    if (!lazy) save(machine);
  }
  trace->followed = trace->drawn;
  begin_run(machine, trace->drawn || lazy ? 0 : TRACE_NO_LIMIT);
}

// The result of a hidden call is there: its steps are shown as one.
static void end_hiding(Machine *machine, const TraceLoop *loop) {
  Trace *trace = machine->trace;
  trace->marks.count = 0;
  add_mark(trace, MARK_HEIGHT, trace->hidden_height, true);
  trace->hiding = false;
  uint64_t count = trace->steps + 1 - trace->hidden_from;
  trace_take_picture(machine, loop, &trace->after);
  emit(machine, trace->hidden_rule, NULL, 0, trace->hidden_from, count);
  trace_swap_pictures(trace);
  trace->followed = true;
}

// What is lost.

bool trace_lose(Machine *machine, Location dup) {
  Trace *trace = machine->trace;
  if (!trace->running || trace->collecting) return false;
  machine->heap[dup + 1] |= DUP_DEAD0 | DUP_DEAD1;
  ARRAY_PUSH(&trace->lost, dup);
  return true;
}

static void free_lost(Machine *machine) {
  Trace *trace = machine->trace;
  trace->collecting = true;
  for (size_t i = 0; i < trace->lost.count; i++) {
    Location dup = trace->lost.items[i];
    ARRAY_PUSH(&machine->work, machine->heap[dup]);
    heap_free(machine, dup, 2);
  }
  trace->lost.count = 0;
  machine_erase_all(machine);
  trace->collecting = false;
}

static void collect(Machine *machine, const TraceLoop *loop) {
  Trace *trace = machine->trace;
  bool drawn = trace_shows(trace);
  trace->marks.count = 0;
  for (size_t i = 0; i < trace->lost.count && drawn; i++) add_mark(trace, MARK_DUP, trace->lost.items[i], false);
  if (drawn) {
    trace_take_picture(machine, loop, &trace->after);
    trace_emit_move(machine);
  }
  free_lost(machine);
  trace->marks.count = 0;
  if (!drawn) return;
  trace_take_picture(machine, loop, &trace->after);
  emit(machine, "Collect", NULL, 0, trace->steps, 0);
  trace_swap_pictures(trace);
}

enum { LOST_LIMIT = 16 }; // dups that a textbook trace leaves behind before it collects them

static bool should_collect(const Machine *machine, const TraceLoop *loop) {
  const Trace *trace = machine->trace;
  if (!trace->lost.count) return false;
  if (!trace->options.textbook || trace->lost.count >= LOST_LIMIT) return true;
  unsigned kind = loop->sp[-1] & 15;
  return loop->state == TRACE_RET && (kind == FRAME_NORMAL_STORE || kind == FRAME_STOP);
}

TraceState trace_point(Machine *machine, TraceLoop *loop) {
  Trace *trace = machine->trace;
  const CodeRule *rule = NULL;
  bool enters = loop->state == TRACE_RUN && loop->pc[0] == CODE_ENTER;
  if (loop->state == TRACE_RUN)
    rule = rule_at(&machine->shared->code, (int32_t)(loop->pc - machine->shared->code.words.items));
  if (rule) loop->term = word_make(TAG_CAL, rule->rule ? rule->rule->function : (NameId)loop->pc[1], 0);
  if (enters) loop->term = word_make(TAG_CAL, (unsigned)loop->pc[1], 0);
  if (trace->open && end_transition(machine, loop)) {
    *loop = trace->begin;
    return loop->state;
  }
  trace_settle(machine);
  if (trace->leaving) trace_leave(machine, loop);
  if (trace->hiding && loop->state == TRACE_RET && trace_height(machine, loop) <= trace->hidden_height)
    end_hiding(machine, loop);
  if (should_collect(machine, loop)) collect(machine, loop);
  if (enters)
    trace_enter(machine, loop);
  else if (rule)
    begin_transition(machine, loop, rule);
  else if (loop->state == TRACE_RET ? may_fire(machine, loop) : loop->state == TRACE_EVAL && may_unshare(machine, loop))
    begin_transition(machine, loop, NULL);
  const int32_t *waiting = loop->state == TRACE_RET ? strict_waiting(machine, loop) : NULL;
  if (waiting && !trace_awaits_argument(machine, waiting)) trace->followed = false; // strict code takes the term
  return loop->state;
}

void trace_end(Machine *machine) {
  Trace *trace = machine->trace;
  trace->open = false;
  if (machine->shared->status == MACHINE_OK) free_lost(machine);
  trace->running = false;
}

void trace_draw_root(Machine *machine, TracePicture *picture) {
  TraceFocus focus = {.top = machine->stack_top};
  trace_draw(machine, &focus, picture, NULL, 0);
}
