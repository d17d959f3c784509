// Steps become C: one function for each unit, one entry for callers that have arguments in memory.
//
// Variables are locals, paths are blocks, ways aside are labels behind the function's main path, where the compiler's
// optimiser leaves what is seldom run. A unit's own tail calls are jumps; other tail calls pass at most six arguments
// in registers, the rest in the machine, so that compilers make jumps of them too.
#include "emit.h"

#include "native.h"
#include "strict.h"

enum { PASSED_FROM = 5 }; // parameters from this one on are passed in the machine

typedef struct {
  const Step *step;
  const uint64_t *after;
  uint32_t label;
} Way; // aside, to be written

typedef struct {
  Atom dst;
  uint32_t number; // of its end's label
} Block;

typedef struct {
  const Code *code;
  const Program *program;
  const Strict *strict;
  Buffer *out;
  const Unit *unit;
  uint32_t labels, blocks;
  ARRAY(Way) ways;
  ARRAY(Block) inside; // the blocks that the path is in
} Emitter;

#define PRINT(...) buffer_format(emitter->out, __VA_ARGS__)

static void print_atom(Emitter *emitter, Atom x) {
  if (x >= 0)
    PRINT("v%d", x);
  else
    PRINT("0x%llxull", (unsigned long long)emitter->code->constants.items[~x]);
}

static void print_arguments(Emitter *emitter, const Step *step, uint32_t from) {
  for (uint32_t i = from; i < step->count; i++) {
    PRINT(", ");
    print_atom(emitter, step->arguments[i]);
  }
}

// Expressions are no part of machine code: the next one has the same name.
static bool is_machine_code(const Emitter *emitter, const Unit *unit) {
  return unit->steps && *emitter->program->names.items[unit->name].text != '(';
}

static bool is_emitted(const Emitter *emitter, NameId name) {
  const Strict *strict = emitter->strict;
  const Unit *unit = name < strict->by_name.count ? strict->by_name.items[name] : NULL;
  return unit && is_machine_code(emitter, unit);
}

// What stays in use while a step waits, for the search for cycles: only programs with λs leave cycles.
static uint32_t print_hold(Emitter *emitter, const Step *step, const uint64_t *after) {
  if (!emitter->strict->open) return 0;
  uint32_t count = 0;
  for (int pass = 0; pass < 2; pass++) {
    if (pass == 1 && count) PRINT("  HOLD(%u", count);
    for (Atom x = 0; x < (Atom)emitter->unit->variables; x++) {
      bool kept = bit_has(step->next->live, x) || bit_has(after, x) || (step->aside && bit_has(step->aside->live, x));
      const Unit *unit = emitter->unit;
      if ((size_t)x < unit->loans.count && unit->loans.items[x].borrowed) continue; // its owner holds it
      if (!kept || x == step->dst || (step->kind == STEP_FORCE && x == step->arguments[0])) continue;
      if (pass == 0) count++;
      if (pass == 1) PRINT(", v%d", x);
    }
    if (pass == 1 && count) PRINT(");\n");
  }
  return count;
}

static void print_let_go(Emitter *emitter, uint32_t count) {
  if (count) PRINT("  LET_GO(%u);\n", count);
}

static bool is_borrowed(const Emitter *emitter, Atom x) {
  return (size_t)x < emitter->unit->loans.count && emitter->unit->loans.items[x].borrowed;
}

// A label for a way aside, written later.
static uint32_t way_aside(Emitter *emitter, const Step *step, const uint64_t *after) {
  Way way = {step, after, ++emitter->labels};
  ARRAY_PUSH(&emitter->ways, way);
  return way.label;
}

static void emit_path(Emitter *emitter, const Step *step, const uint64_t *after);

// A call of a unit, as an expression. Arguments after the fifth are passed before.
static void print_call(Emitter *emitter, const Step *step) {
  PRINT("u%u(m", step->name);
  for (uint32_t i = 0; i < step->count && i < PASSED_FROM; i++) {
    PRINT(", ");
    print_atom(emitter, step->arguments[i]);
  }
  PRINT(")");
}

static void print_passed(Emitter *emitter, const Step *step) {
  for (uint32_t i = PASSED_FROM; i < step->count; i++) {
    PRINT("  m->passed[%u] = ", i);
    print_atom(emitter, step->arguments[i]);
    PRINT(";\n");
  }
}

// What the graph's code of a function begins with.
static void print_graph(Emitter *emitter, const Step *step) {
  if (step->count == 0) {
    PRINT("(Word)%u << 4 | T_GRAPH", step->name);
    return;
  }
  PRINT("graph%u(m", step->count);
  PRINT(", %u", step->name);
  print_arguments(emitter, step, 0);
  PRINT(")");
}

static void print_surprise(Emitter *emitter, Atom x, uint32_t label) {
  PRINT("  if (UNLIKELY(!IS_VALUE(v%d)) && !is_settled(m, v%d)) {\n", x, x);
  PRINT("  v%d = runtime->surprise(m, v%d);\n  goto l%u;\n  }\n", x, x, label);
}

static void print_value_check(Emitter *emitter, const Step *step, const uint64_t *after) {
  if (step->aside) print_surprise(emitter, step->dst, way_aside(emitter, step->aside, after));
}

static void emit_call(Emitter *emitter, const Step *step, const uint64_t *after) {
  uint32_t held = print_hold(emitter, step, after);
  if (is_emitted(emitter, step->name)) {
    print_passed(emitter, step);
    PRINT("  v%d = ", step->dst);
    print_call(emitter, step);
  } else {
    PRINT("  v%d = ", step->dst);
    print_graph(emitter, step);
  }
  PRINT(";\n");
  if (step->aside)
    PRINT("  if (UNLIKELY(!IS_VALUE(v%d))) v%d = finish(m, v%d);\n", step->dst, step->dst, step->dst);
  else
    PRINT("  if (UNLIKELY(TAG(v%d) == T_GRAPH)) v%d = finish(m, v%d);\n", step->dst, step->dst, step->dst);
  print_let_go(emitter, held);
  print_value_check(emitter, step, after);
}

static void emit_force(Emitter *emitter, const Step *step, const uint64_t *after) {
  Atom x = step->arguments[0];
  PRINT("  if (!IS_VALUE(v%d)%s", x, emitter->strict->shares ? "" : ") {\n");
  if (emitter->strict->shares) PRINT(" && !is_boxed(m, v%d)) {\n", x);
  uint32_t held = print_hold(emitter, step, after);
  PRINT("  v%d = finish(m, v%d);\n", x, x);
  print_let_go(emitter, held);
  print_surprise(emitter, x, way_aside(emitter, step->aside, after));
  PRINT("  }\n");
}

static void emit_force_field(Emitter *emitter, const Step *step, const uint64_t *after) {
  uint32_t label = way_aside(emitter, step->aside, after);
  PRINT("  NATIVE_CHECK_TERM(m, v%d);\n", step->arguments[0]);
  PRINT("  v%d = HEAP[LOCATION(v%d) + %u];\n", step->dst, step->arguments[0], (unsigned)step->word);
  PRINT("  if (TAG(v%d) > T_CTR) {\n  v%d = view(m, v%d);\n", step->dst, step->dst, step->dst);
  PRINT("  if (TAG(v%d) == T_LAM) goto l%u;\n  }\n", step->dst, label);
  PRINT("  if (TAG(v%d) > T_CTR) {\n", step->dst);
  PRINT("  HEAP[LOCATION(v%d) + %u] = 0;\n", step->arguments[0], (unsigned)step->word);
  uint32_t held = print_hold(emitter, step, after);
  PRINT("  v%d = finish(m, v%d);\n", step->dst, step->dst);
  print_let_go(emitter, held);
  PRINT("  if (UNLIKELY(!IS_VALUE(v%d)) && !is_settled(m, v%d)) ", step->dst, step->dst);
  PRINT("v%d = runtime->surprise(m, v%d);\n", step->dst, step->dst);
  PRINT("  HEAP[LOCATION(v%d) + %u] = v%d;\n", step->arguments[0], (unsigned)step->word, step->dst);
  PRINT("  v%d = view(m, v%d);\n", step->dst, step->dst);
  PRINT("  if (UNLIKELY(TAG(v%d) > T_CTR)) goto l%u;\n  }\n", step->dst, label);
}

static void emit_apply(Emitter *emitter, const Step *step, const uint64_t *after) {
  uint32_t held = print_hold(emitter, step, after);
  for (uint32_t i = 1; i < step->count; i++) {
    PRINT("  m->passed[%u] = ", i - 1);
    print_atom(emitter, step->arguments[i]);
    PRINT(";\n");
  }
  PRINT("  v%d = apply(m, ", step->dst);
  print_atom(emitter, step->arguments[0]);
  PRINT(", %u);\n", step->count - 1);
  print_let_go(emitter, held);
  print_value_check(emitter, step, after);
}

static const char *const OPERATIONS[OP_COUNT] = {"ADD", "SUB", "MUL", "DIV", "MOD", "AND", "OR", "XOR",
                                                 "SHL", "SHR", "LT",  "LE",  "EQ",  "GE",  "GT", "NE"};

static void print_operation(Emitter *emitter, const Step *step) {
  PRINT("U_%s(", OPERATIONS[op2_operator(word_extra(step->word))]);
  print_atom(emitter, step->arguments[0]);
  PRINT(", ");
  print_atom(emitter, step->arguments[1]);
  PRINT(")");
}

// The test that an operation can be done on the spot.
static void print_operable(Emitter *emitter, const Step *step) {
  Operator op = op2_operator(word_extra(step->word));
  PRINT("ARE_U60(");
  print_atom(emitter, step->arguments[0]);
  PRINT(", ");
  print_atom(emitter, step->arguments[1]);
  PRINT(")");
  if (op != OP_DIV && op != OP_MOD) return;
  PRINT(" && ");
  print_atom(emitter, step->arguments[1]);
  PRINT(" != 0");
}

static void emit_operation(Emitter *emitter, const Step *step, const uint64_t *after) {
  PRINT("  if (LIKELY(");
  print_operable(emitter, step);
  PRINT(")) v%d = ", step->dst);
  print_operation(emitter, step);
  PRINT(";\n");
  if (step->kind == STEP_LATER) {
    PRINT("  else v%d = runtime->operate_later(m, %u", step->dst, word_extra(step->word));
    print_arguments(emitter, step, 0);
    PRINT(");\n");
    return;
  }
  uint32_t label = way_aside(emitter, step->aside, after);
  if (!emitter->strict->floats) {
    PRINT("  else goto l%u;\n", label);
    return;
  }
  PRINT("  else {\n  v%d = runtime->operate(m, %u", step->dst, word_extra(step->word));
  print_arguments(emitter, step, 0);
  PRINT(");\n  if (v%d == NATIVE_NOTHING) goto l%u;\n  }\n", step->dst, label);
}

static void emit_node(Emitter *emitter, const Step *step) {
  unsigned long long word = step->word;
  if (step->count == 0) {
    PRINT("  v%d = 0x%llxull;\n", step->dst, word);
    return;
  }
  if (step->reuse == NO_ATOM && step->count <= 3) {
    PRINT("  v%d = node%u(m, 0x%llxull", step->dst, step->count, word);
    print_arguments(emitter, step, 0);
    PRINT(");\n");
    return;
  }
  PRINT("  {\n  Location l_ = ");
  if (step->reuse != NO_ATOM)
    PRINT("LOCATION(v%d);\n  NATIVE_CHECK_TERM(m, v%d);\n", step->reuse, step->reuse);
  else
    PRINT("alloc(m, %u);\n", step->count);
  for (uint32_t i = 0; i < step->count; i++) {
    PRINT("  HEAP[l_ + %u] = ", i);
    print_atom(emitter, step->arguments[i]);
    PRINT(";\n");
  }
  PRINT("  v%d = 0x%llxull | l_ << 26;\n  }\n", step->dst, word);
}

static void emit_open(Emitter *emitter, const Step *step) {
  const Atom *x = step->arguments;
  uint32_t count = step->count - 1;
  bool shares = emitter->strict->shares;
  if (shares) { // f: the box that it is in, if others own it too
    PRINT("  if (f%d) {\n  peel(m, f%d, %u);\n", x[0], x[0], count);
    for (uint32_t i = 0; i < count; i++) PRINT("  v%d = m->passed[%u];\n", x[i + 1], i);
    if (step->keep) PRINT("  v%d = alloc(m, %u) << 26;\n", x[0], count);
    PRINT("  } else {\n");
  }
  PRINT("  NATIVE_CHECK_TERM(m, v%d);\n", x[0]);
  for (uint32_t i = 0; i < count; i++) PRINT("  v%d = HEAP[LOCATION(v%d) + %u];\n", x[i + 1], x[0], i);
  if (!step->keep) PRINT("  release(m, LOCATION(v%d), %u);\n", x[0], count);
  if (shares) PRINT("  }\n");
}

static void emit_list(Emitter *emitter, const Step *step) {
  PRINT("  v%d = 0x%llxull;\n", step->dst, (unsigned long long)word_make(TAG_CTR, NAME_LIST_NIL, 0));
  for (uint32_t i = step->count; i-- > 0;) {
    PRINT("  v%d = node2(m, 0x%llxull, ", step->dst, (unsigned long long)word_make(TAG_CTR, NAME_LIST_CONS, 0));
    print_atom(emitter, step->arguments[i]);
    PRINT(", v%d);\n", step->dst);
  }
}

static void emit_middle(Emitter *emitter, const Step *step, const uint64_t *after) {
  const Atom *x = step->arguments;
  switch (step->kind) {
  case STEP_FORCE: emit_force(emitter, step, after); break;
  case STEP_FORCE_FIELD: emit_force_field(emitter, step, after); break;
  case STEP_CLONE_FIELD:
    if (emitter->strict->shares)
      PRINT("  v%d = share_field(m, LOCATION(view(m, v%d)) + %u);\n", step->dst, x[0], (unsigned)step->word);
    else
      PRINT("  v%d = runtime->clone_field(m, LOCATION(v%d) + %u);\n", step->dst, x[0], (unsigned)step->word);
    break;
  case STEP_LEND: PRINT("  LEND(v%d, v%d);\n", step->dst, x[0]); break;
  case STEP_UNLEND: break;
  case STEP_BORROW:
    PRINT("  if (UNLIKELY(TAG(v%d) == T_LAM)) goto l%u;\n", x[0], way_aside(emitter, step->aside, after));
    break;
  case STEP_KEEP: PRINT("  KEEP(v%d, v%d);\n", step->dst, x[0]); break;
  case STEP_CHECK:
    PRINT("  if (UNLIKELY(!IS_U60(");
    print_atom(emitter, x[0]);
    PRINT("))) goto l%u;\n", way_aside(emitter, step->aside, after));
    break;
  case STEP_OPERATE:
  case STEP_LATER: emit_operation(emitter, step, after); break;
  case STEP_CALL: emit_call(emitter, step, after); break;
  case STEP_APPLY: emit_apply(emitter, step, after); break;
  case STEP_NODE: emit_node(emitter, step); break;
  case STEP_OPEN: emit_open(emitter, step); break;
  case STEP_LAMBDA:
    PRINT("  {\n  Location l_ = alloc(m, 2);\n  HEAP[l_] = SLOT_FREE_;\n");
    PRINT("  v%d = T_LAM | l_ << 26;\n  v%d = T_VAR | l_ << 26;\n  }\n", step->dst, x[0]);
    break;
  case STEP_LAMBDA_BODY:
    PRINT("  HEAP[LOCATION(v%d) + 1] = ", x[0]);
    print_atom(emitter, x[1]);
    PRINT(";\n");
    break;
  case STEP_LAMBDA_UNUSED:
    PRINT("  v%d = node2(m, T_LAM, SLOT_UNUSED_, ", step->dst);
    print_atom(emitter, x[0]);
    PRINT(");\n");
    break;
  case STEP_SUPERPOSE:
    PRINT("  v%d = runtime->superpose(m", step->dst);
    print_arguments(emitter, step, 0);
    PRINT(");\n");
    break;
  case STEP_STRING: PRINT("  v%d = runtime->string(m, %u);\n", step->dst, step->name); break;
  case STEP_LIST: emit_list(emitter, step); break;
  case STEP_CLONE: {
    const char *action = emitter->strict->shares ? "SHARE" : step->word ? "COPY_VALUE" : "CLONE";
    PRINT("  %s(v%d, v%d);\n", action, step->dst, x[0]);
    break;
  }
  case STEP_COPY: PRINT("  COPY_VALUE(v%d, v%d);\n", step->dst, x[0]); break;
  case STEP_DROP: PRINT("  erase(m, v%d);\n", x[0]); break;
  case STEP_FREE: PRINT("  release(m, LOCATION(v%d), %u);\n", x[0], (unsigned)step->word); break;
  default: break;
  }
}

static void emit_return(Emitter *emitter, Atom x) {
  if (!emitter->inside.count) {
    PRINT("  return ");
    print_atom(emitter, x);
    PRINT(";\n");
    return;
  }
  Block block = emitter->inside.items[emitter->inside.count - 1];
  PRINT("  v%d = ", block.dst);
  print_atom(emitter, x);
  PRINT(";\n  goto b%u;\n", block.number);
}

// A tail call of the unit itself: its parameters change, all at once.
static void emit_loop(Emitter *emitter, const Step *step) {
  PRINT("  {\n");
  for (uint32_t i = 0; i < step->count; i++) {
    if (step->arguments[i] == (Atom)i) continue;
    PRINT("  Word n%u = ", i);
    print_atom(emitter, step->arguments[i]);
    PRINT(";\n");
  }
  for (uint32_t i = 0; i < step->count; i++)
    if (step->arguments[i] != (Atom)i) PRINT("  v%u = n%u;\n", i, i);
  PRINT("  goto again;\n  }\n");
}

static void emit_tail(Emitter *emitter, const Step *step) {
  if (step->name == emitter->unit->name) {
    emit_loop(emitter, step);
    return;
  }
  if (!is_emitted(emitter, step->name)) {
    PRINT("  return ");
    print_graph(emitter, step);
    PRINT(";\n");
    return;
  }
  print_passed(emitter, step);
  PRINT("  return ");
  print_call(emitter, step);
  PRINT(";\n");
}

static void emit_leave(Emitter *emitter, const Step *step) {
  PRINT("  {\n  Word f_ = ");
  print_atom(emitter, step->arguments[0]);
  PRINT(";\n");
  for (uint32_t i = 1; i < step->count; i++) {
    PRINT("  f_ = node2(m, T_APP, f_, ");
    print_atom(emitter, step->arguments[i]);
    PRINT(");\n");
  }
  PRINT("  return f_;\n  }\n");
}

static void emit_case(Emitter *emitter, const Step *step, const uint64_t *after) {
  bool numbers = false, names = false;
  for (uint32_t i = 0; i < step->case_count; i++) *(word_tag(step->cases[i].key) <= TAG_FLO ? &numbers : &names) = true;
  Atom x = step->arguments[0];
  uint32_t again = step_opens(emitter->strict, step) && !is_borrowed(emitter, x) ? ++emitter->labels : 0;
  if (again) PRINT("  f%d = 0;\nl%u:;\n", x, again);
  if (numbers && names)
    PRINT("  switch (TAG(v%d) <= 1 ? v%d : KEY(v%d)) {\n", x, x, x);
  else
    PRINT(names ? "  switch (KEY(v%d)) {\n" : "  switch (v%d) {\n", x);
  for (uint32_t i = 0; i < step->case_count; i++) {
    const Step *first = step->cases[i].steps;
    PRINT("  case 0x%llxull:;\n", (unsigned long long)step->cases[i].key);
    if (again && first->kind != STEP_OPEN) PRINT("  if (f%d) v%d = f%d;\n", x, x, x);
    emit_path(emitter, first, after);
  }
  PRINT("  default:;\n");
  if (again) {
    PRINT("  if (TAG(v%d) == T_SHR) {\n  LOOK_INTO(f%d, v%d);\n  goto l%u;\n  }\n", x, x, x, again);
    PRINT("  if (f%d) v%d = f%d;\n", x, x, x);
  }
  emit_path(emitter, step->aside, after);
  PRINT("  }\n");
}

static void emit_fork(Emitter *emitter, const Step *step, const uint64_t *after) {
  PRINT("  {\n");
  emit_path(emitter, step->next, after);
  PRINT("  } else {\n");
  emit_path(emitter, step->aside, after);
  PRINT("  }\n");
}

static void emit_block(Emitter *emitter, const Step *step, const uint64_t *after) {
  uint32_t number = ++emitter->blocks;
  uint64_t *kept = ARENA_ARRAY((Arena *)&emitter->code->arena, uint64_t, bit_words(emitter->unit->variables + 1));
  for (Atom x = 0; x < (Atom)emitter->unit->variables; x++)
    if (x != step->dst && (bit_has(step->next->live, x) || bit_has(after, x))) bit_add(kept, x);
  ARRAY_PUSH(&emitter->inside, (Block){step->dst, number});
  size_t ways = emitter->ways.count;
  PRINT("  {\n");
  emit_path(emitter, step->aside, kept);
  PRINT("  }\n");
  // The ways aside of a block end in it: they are written before it is left.
  while (emitter->ways.count > ways) {
    Way way = emitter->ways.items[--emitter->ways.count];
    PRINT("l%u:;\n  {\n", way.label);
    emit_path(emitter, way.step, way.after);
    PRINT("  }\n");
  }
  emitter->inside.count--;
  PRINT("b%u:;\n", number);
}

static void emit_path(Emitter *emitter, const Step *step, const uint64_t *after) {
  for (; step; step = step->next) {
    switch (step->kind) {
    case STEP_CASE: emit_case(emitter, step, after); return;
    case STEP_IF:
      PRINT("  if (");
      print_atom(emitter, step->arguments[0]);
      PRINT(")");
      emit_fork(emitter, step, after);
      return;
    case STEP_FUEL:
      PRINT("  if (TAKE_FUEL())");
      emit_fork(emitter, step, after);
      return;
    case STEP_RETURN: emit_return(emitter, step->arguments[0]); return;
    case STEP_TAIL: emit_tail(emitter, step); return;
    case STEP_LEAVE: emit_leave(emitter, step); return;
    case STEP_GRAPH:
      PRINT("  return ");
      print_graph(emitter, step);
      PRINT(";\n");
      return;
    case STEP_BLOCK: emit_block(emitter, step, after); break;
    default: emit_middle(emitter, step, after);
    }
  }
}

static void print_parameters(Emitter *emitter, const Unit *unit) {
  PRINT("Machine *m");
  for (uint32_t i = 0; i < unit->function->arity && i < PASSED_FROM; i++) PRINT(", Word v%u", i);
}

// The variables that may be found in a box which others own too: see emit_open.
static void find_boxes(const Emitter *emitter, const Step *step, uint64_t *found) {
  for (; step; step = step->next) {
    if (step->kind == STEP_OPEN) bit_add(found, step->arguments[0]);
    for (uint32_t i = 0; i < step->case_count; i++) find_boxes(emitter, step->cases[i].steps, found);
    if (step->kind == STEP_CASE && step_opens(emitter->strict, step)) bit_add(found, step->arguments[0]);
    if (step->aside) find_boxes(emitter, step->aside, found);
  }
}

static void emit_unit(Emitter *emitter, const Unit *unit) {
  emitter->unit = unit;
  emitter->labels = emitter->blocks = 0;
  uint32_t arity = unit->function->arity;
  PRINT("\n// %s\nstatic Word u%u(", emitter->program->names.items[unit->name].text, unit->name);
  print_parameters(emitter, unit);
  PRINT(") {\n");
  for (uint32_t i = PASSED_FROM; i < arity; i++) PRINT("  Word v%u = m->passed[%u];\n", i, i);
  for (uint32_t i = arity; i < unit->variables; i++) PRINT("  Word v%u;\n", i);
  uint64_t *boxes = ARENA_ARRAY((Arena *)&emitter->code->arena, uint64_t, bit_words(unit->variables + 1));
  if (emitter->strict->shares) find_boxes(emitter, unit->steps, boxes);
  for (Atom x = 0; x < (Atom)unit->variables; x++)
    if (bit_has(boxes, x) && !is_borrowed(emitter, x)) PRINT("  Word f%d;\n", x);
  if (unit->calls_itself) PRINT("again:\n");
  PRINT("  CHECK_STACK(%u);\n", unit->name);
  uint64_t *nothing = ARENA_ARRAY((Arena *)&emitter->code->arena, uint64_t, bit_words(unit->variables + 1));
  emit_path(emitter, unit->steps, nothing);
  while (emitter->ways.count) {
    Way way = emitter->ways.items[--emitter->ways.count];
    PRINT("l%u:;\n  {\n", way.label);
    emit_path(emitter, way.step, way.after);
    PRINT("  }\n");
  }
  PRINT("}\n");
}

// For callers that have arguments in memory, in any state.
static void emit_entry(Emitter *emitter, const Unit *unit) {
  uint32_t arity = unit->function->arity;
  PRINT("\nstatic Word e%u(Machine *m, const Word *a, Location node) {\n", unit->name);
  for (uint32_t i = 0; i < arity; i++) PRINT("  Word v%u = a[%u];\n", i, i);
  if (arity) PRINT("  if (node) release(m, node, %u);\n", arity);
  PRINT("  uint64_t fuel = m->fuel;\n  m->fuel = NATIVE_FUEL;\n");
  for (uint32_t i = 0; i < arity; i++) {
    if (!unit->values[i]) continue;
    PRINT("  if (!IS_VALUE(v%u)) {\n", i);
    bool hold = emitter->strict->open && arity > 1;
    if (hold) {
      PRINT("  HOLD(%u", arity - 1);
      for (uint32_t k = 0; k < arity; k++)
        if (k != i) PRINT(", v%u", k);
      PRINT(");\n");
    }
    PRINT("  v%u = finish(m, v%u);\n", i, i);
    if (hold) PRINT("  LET_GO(%u);\n", arity - 1);
    PRINT("  if (UNLIKELY(!is_settled(m, v%u))) {\n  v%u = runtime->surprise(m, v%u);\n  goto graph;\n  }\n  }\n", i, i,
          i);
  }
  for (uint32_t i = PASSED_FROM; i < arity; i++) PRINT("  m->passed[%u] = v%u;\n", i, i);
  PRINT("  Word result = u%u(m", unit->name);
  for (uint32_t i = 0; i < arity && i < PASSED_FROM; i++) PRINT(", v%u", i);
  PRINT(");\n  m->fuel = fuel;\n  return result;\n");
  bool values = false;
  for (uint32_t i = 0; i < arity; i++) values |= unit->values[i];
  if (values) {
    PRINT("graph:\n  m->fuel = fuel;\n  return graph%u(m, %u", arity, unit->function->name);
    for (uint32_t i = 0; i < arity; i++) PRINT(", v%u", i);
    PRINT(");\n");
  }
  PRINT("}\n");
}

// A call that the graph's code takes over, for each number of arguments.
static void emit_graphs(Emitter *emitter) {
  bool needed[ARITY_LIMIT + 1] = {false};
  for (size_t i = 0; i < emitter->strict->units.count; i++)
    needed[emitter->strict->units.items[i]->function->arity] = true;
  for (uint32_t arity = 1; arity <= ARITY_LIMIT; arity++) {
    if (!needed[arity]) continue;
    PRINT("\nstatic COLD Word graph%u(Machine *m, uint32_t name", arity);
    for (uint32_t i = 0; i < arity; i++) PRINT(", Word v%u", i);
    PRINT(") {\n  Location l = alloc(m, %u);\n", arity);
    for (uint32_t i = 0; i < arity; i++) PRINT("  HEAP[l + %u] = v%u;\n", i, i);
    PRINT("  return (Word)name << 4 | T_GRAPH | l << 26;\n}\n");
  }
}

size_t emit_c(const Code *code, const Program *program, Buffer *out) {
  const Strict *strict = code->strict;
  Emitter state = {.code = code, .program = program, .strict = strict, .out = out}, *emitter = &state;
  size_t count = 0;
  native_emit_prelude(out);
  if (!strict) return 0;
  emit_graphs(emitter);
  for (size_t i = 0; i < strict->finished; i++) {
    const Unit *unit = strict->units.items[i];
    if (!is_machine_code(emitter, unit)) continue;
    PRINT("static Word u%u(", unit->name);
    print_parameters(emitter, unit);
    PRINT(");\n");
  }
  for (size_t i = 0; i < strict->finished; i++) {
    const Unit *unit = strict->units.items[i];
    if (!is_machine_code(emitter, unit)) continue;
    emit_unit(emitter, unit);
    emit_entry(emitter, unit);
    count++;
  }
  ARRAY_FREE(&state.ways);
  ARRAY_FREE(&state.inside);
  PRINT("\nstatic void bind(const void *table) { runtime = table; }\n");
  if (count) {
    PRINT("static const NativeEntry entries[] = {\n");
    for (size_t i = 0; i < strict->finished; i++)
      if (is_machine_code(emitter, strict->units.items[i]))
        PRINT("  {%u, e%u},\n", strict->units.items[i]->name, strict->units.items[i]->name);
    PRINT("};\n");
  }
  PRINT("const NativeModule hvm_native_module = {NATIVE_ABI, %zu, %s, bind};\n", count, count ? "entries" : "NULL");
  return count;
}
