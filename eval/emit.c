// Steps become C: one function for each unit, one entry for callers that have arguments in memory.
//
// Variables are locals, paths are blocks, ways aside are labels behind the function's main path, where the compiler's
// optimiser leaves what is seldom run. A unit's own tail calls are jumps; other tail calls pass at most six arguments
// in registers, the rest in the machine, so that compilers make jumps of them too.
#include "emit.h"

#include "aside.h"
#include "native.h"
#include "strict.h"

enum { PASSED_FROM = 5 }; // parameters from this one on are passed in the machine

typedef struct {
  const Step *step; // that has it
  const uint64_t *after;
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
  uint32_t blocks, cases;
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
  return unit->reached && unit->steps && *emitter->program->names.items[unit->name].text != '(';
}

static bool is_emitted(const Emitter *emitter, NameId name) {
  const Strict *strict = emitter->strict;
  const Unit *unit = name < strict->by_name.count ? strict->by_name.items[name] : NULL;
  return unit && is_machine_code(emitter, unit);
}

static bool is_borrowed(const Emitter *emitter, Atom x) {
  return (size_t)x < emitter->unit->loans.count && emitter->unit->loans.items[x].borrowed;
}

// What stays in use while a step waits, for the search for cycles: only programs with λs leave cycles.
static uint32_t print_hold(Emitter *emitter, const Step *step, const uint64_t *after) {
  if (!emitter->strict->open) return 0;
  uint32_t count = 0;
  const Unit *unit = emitter->unit;
  for (Atom x = 0; x < (Atom)unit->variables; x++) {
    bool kept = bit_has(step->next->live, x) || bit_has(after, x) || (step->aside && bit_has(step->aside->live, x));
    if (is_borrowed(emitter, x)) continue; // its owner holds it
    if (!kept || x == step->dst || (step->kind == STEP_FORCE && x == step->arguments[0])) continue;
    PRINT(count ? "" : "  {\n  Word *top = m->stack_top;\n");
    PRINT("  top[%u] = v%d;\n", count++, x);
  }
  if (count) PRINT("  HOLD(top, %u);\n  }\n", count);
  return count;
}

// A label for a step's way aside, which is written later.
static uint32_t way_aside(Emitter *emitter, const Step *step, const uint64_t *after) {
  Way way = {step, after};
  ARRAY_PUSH(&emitter->ways, way);
  return step->way;
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
  PRINT("graph(m, %u, %u", step->name, step->count);
  for (uint32_t i = 0; i < step->count; i++) {
    PRINT(", (Word)");
    print_atom(emitter, step->arguments[i]);
  }
  PRINT(")");
}

static void print_let_go(Emitter *emitter, uint32_t count) {
  if (count) PRINT("  LET_GO(%u);\n", count);
}

// Behind what may have given no value, and before what was held meanwhile is let go.
static void print_value_check(Emitter *emitter, const Step *step, const uint64_t *after, uint32_t held) {
  Atom x = aside_surprise(step);
  PRINT("  v%d = finish(m, v%d);\n", x, x);
  if (!step->aside) return;
  PRINT("  if (UNLIKELY(!IS_VALUE(v%d)) && !is_settled(m, v%d)) {\n", x, x);
  print_let_go(emitter, held);
  PRINT("  goto l%u;\n  }\n", way_aside(emitter, step, after));
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
  PRINT(step->aside ? ";\n  if (UNLIKELY(!IS_VALUE(v%d))) {\n" : ";\n  if (UNLIKELY(TAG(v%d) == T_GRAPH)) {\n",
        step->dst);
  print_value_check(emitter, step, after, held);
  PRINT("  }\n");
  print_let_go(emitter, held);
}

static void emit_force(Emitter *emitter, const Step *step, const uint64_t *after) {
  Atom x = step->arguments[0];
  PRINT("  if (!IS_VALUE(v%d)%s", x, emitter->strict->shares ? "" : ") {\n");
  if (emitter->strict->shares) PRINT(" && !is_boxed(m, v%d)) {\n", x);
  uint32_t held = print_hold(emitter, step, after);
  print_value_check(emitter, step, after, held);
  print_let_go(emitter, held);
  PRINT("  }\n");
}

static void emit_force_field(Emitter *emitter, const Step *step, const uint64_t *after) {
  uint32_t label = way_aside(emitter, step, after);
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
  if (!step->aside) return;
  PRINT("  if (UNLIKELY(!IS_VALUE(v%d)) && !is_settled(m, v%d)) ", step->dst, step->dst);
  PRINT("goto l%u;\n", way_aside(emitter, step, after));
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
  uint32_t label = way_aside(emitter, step, after);
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
    PRINT("  if (UNLIKELY(TAG(v%d) == T_LAM)) goto l%u;\n", x[0], way_aside(emitter, step, after));
    break;
  case STEP_KEEP: PRINT("  KEEP(v%d, v%d);\n", step->dst, x[0]); break;
  case STEP_CHECK:
    PRINT("  if (UNLIKELY(!IS_U60(");
    print_atom(emitter, x[0]);
    PRINT("))) goto l%u;\n", way_aside(emitter, step, after));
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

// What stands around a path's result: the unit's, or its innermost block's.
static void print_result(Emitter *emitter) {
  size_t depth = emitter->inside.count;
  if (depth)
    PRINT("  v%d = ", emitter->inside.items[depth - 1].dst);
  else
    PRINT("  return ");
}

static void print_leave(Emitter *emitter) {
  size_t depth = emitter->inside.count;
  if (depth) PRINT("  goto b%u;\n", emitter->inside.items[depth - 1].number);
}

static void emit_return(Emitter *emitter, Atom x) {
  print_result(emitter);
  print_atom(emitter, x);
  PRINT(";\n");
  print_leave(emitter);
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
  uint32_t again = step_opens(emitter->strict, step) && !is_borrowed(emitter, x) ? ++emitter->cases : 0;
  if (again) PRINT("  f%d = 0;\nc%u:;\n", x, again);
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
    PRINT("  if (TAG(v%d) == T_SHR) {\n  LOOK_INTO(f%d, v%d);\n  goto c%u;\n  }\n", x, x, x, again);
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

// What a way uses is passed to the runtime, the first values as arguments, which is less to compile, the others on top
// of the stack. All come back there: what was changed and somebody needs after the block is taken from there.
static void emit_way(Emitter *emitter, const Way *way, uint64_t *used, uint64_t *changed) {
  Atom variables = (Atom)emitter->unit->variables;
  aside_sets(emitter->unit, way->step, used, changed);
  PRINT("l%u: COLD_LABEL;\n", way->step->way);
  uint32_t place = 0;
  for (Atom x = 0; x < variables; x++)
    if (bit_has(used, x) && place++ >= NATIVE_WAY_INPUTS) PRINT("  m->stack_top[%u] = v%d;\n", place - 1, x);
  print_result(emitter);
  PRINT("runtime->aside(m, 0x%llxull", (unsigned long long)emitter->unit->name << NATIVE_WAY_BITS | way->step->way);
  place = 0;
  for (Atom x = 0; x < variables && place < NATIVE_WAY_INPUTS; x++)
    if (bit_has(used, x)) PRINT(", v%d", x), place++;
  PRINT(");\n");
  place = 0;
  for (Atom x = 0; x < variables; x++) {
    if (bit_has(changed, x) && bit_has(way->after, x)) PRINT("  v%d = m->stack_top[%u];\n", x, place);
    place += bit_has(used, x);
  }
  print_leave(emitter);
}

// Writes ways aside, all but the first so many.
static void emit_ways(Emitter *emitter, size_t from) {
  unsigned words = bit_words(emitter->unit->variables + 1);
  uint64_t *sets = malloc(2 * words * sizeof *sets);
  if (!sets) memory_exhausted();
  while (emitter->ways.count > from) {
    Way way = emitter->ways.items[--emitter->ways.count];
    emit_way(emitter, &way, sets, sets + words);
  }
  free(sets);
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
  emit_ways(emitter, ways); // those of a block end in it
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
    case STEP_FAIL: PRINT("  goto l%u;\n", way_aside(emitter, step, after)); return;
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
    if (step->aside && !aside_is_way(step)) find_boxes(emitter, step->aside, found);
  }
}

// The variables of the main paths that are no parameters.
static void find_variables(const Step *step, uint64_t *used) {
  for (; step; step = step->next) {
    bit_add(used, step->dst);
    for (uint32_t i = 0; i < step->count; i++) bit_add(used, step->arguments[i]);
    if (step->aside && !aside_is_way(step)) find_variables(step->aside, used);
    for (uint32_t i = 0; i < step->case_count; i++) find_variables(step->cases[i].steps, used);
  }
}

static void declare_variables(Emitter *emitter, const Unit *unit) {
  uint64_t *used = calloc(bit_words(unit->variables + 1), sizeof *used);
  if (!used) memory_exhausted();
  find_variables(unit->steps, used);
  const char *before = "  Word ";
  for (Atom x = (Atom)unit->function->arity; x < (Atom)unit->variables; x++)
    if (bit_has(used, x)) PRINT("%sv%d", before, x), before = ", ";
  if (*before == ',') PRINT(";\n");
  free(used);
}

static void emit_unit(Emitter *emitter, Unit *unit) {
  emitter->unit = unit;
  aside_number(emitter->code->strict, unit);
  emitter->blocks = emitter->cases = 0;
  uint32_t arity = unit->function->arity;
  PRINT("\n// %s\nUNIT Word u%u(", emitter->program->names.items[unit->name].text, unit->name);
  print_parameters(emitter, unit);
  PRINT(") {\n");
  for (uint32_t i = PASSED_FROM; i < arity; i++) PRINT("  Word v%u = m->passed[%u];\n", i, i);
  declare_variables(emitter, unit);
  uint64_t *boxes = ARENA_ARRAY((Arena *)&emitter->code->arena, uint64_t, bit_words(unit->variables + 1));
  if (emitter->strict->shares) find_boxes(emitter, unit->steps, boxes);
  for (Atom x = 0; x < (Atom)unit->variables; x++)
    if (bit_has(boxes, x) && !is_borrowed(emitter, x)) PRINT("  Word f%d;\n", x);
  if (unit->calls_itself) PRINT("again:\n");
  PRINT("  CHECK_STACK(%u);\n", unit->name);
  uint64_t *nothing = ARENA_ARRAY((Arena *)&emitter->code->arena, uint64_t, bit_words(unit->variables + 1));
  emit_path(emitter, unit->steps, nothing);
  emit_ways(emitter, 0);
  PRINT("}\n");
}

// The parameter of an entry, made a value.
static void emit_wanted(Emitter *emitter, uint32_t parameter, uint32_t arity) {
  bool hold = emitter->strict->open && arity > 1;
  PRINT("  if (!IS_VALUE(v%u)) {\n", parameter);
  if (hold) PRINT("  Word *top = m->stack_top;\n");
  for (uint32_t i = 0, place = 0; i < arity && hold; i++)
    if (i != parameter) PRINT("  top[%u] = v%u;\n", place++, i);
  if (hold) PRINT("  HOLD(top, %u);\n", arity - 1);
  PRINT("  v%u = finish(m, v%u);\n", parameter, parameter);
  if (hold) PRINT("  LET_GO(%u);\n", arity - 1);
  PRINT("  if (UNLIKELY(!is_settled(m, v%u))) {\n", parameter);
  PRINT("  v%u = runtime->surprise(m, v%u);\n  goto graph;\n  }\n  }\n", parameter, parameter);
}

// For callers that have arguments in memory, in any state.
static void emit_entry(Emitter *emitter, const Unit *unit) {
  uint32_t arity = unit->function->arity;
  bool values = false;
  PRINT("UNIT Word e%u(Machine *m, const Word *a, Location node) {\n  uint64_t fuel = m->fuel;\n", unit->name);
  for (uint32_t i = 0; i < arity; i++) PRINT("%sv%u = a[%u]", i ? ", " : "  Word ", i, i);
  if (arity) PRINT(";\n  if (node) release(m, node, %u);\n", arity);
  PRINT("  m->fuel = NATIVE_FUEL;\n");
  for (uint32_t i = 0; i < arity; i++) {
    if (unit->values[i]) emit_wanted(emitter, i, arity);
    values |= unit->values[i];
  }
  for (uint32_t i = PASSED_FROM; i < arity; i++) PRINT("  m->passed[%u] = v%u;\n", i, i);
  PRINT("  Word w = u%u(m", unit->name);
  for (uint32_t i = 0; i < arity && i < PASSED_FROM; i++) PRINT(", v%u", i);
  PRINT(");\n  m->fuel = fuel;\n  return w;\n");
  if (values) {
    PRINT("graph: COLD_LABEL;\n  m->fuel = fuel;\n  return graph(m, %u, %u", unit->function->name, arity);
    for (uint32_t i = 0; i < arity; i++) PRINT(", v%u", i);
    PRINT(");\n");
  }
  PRINT("}\n");
}

static void declare(Emitter *emitter, const Unit *unit) {
  PRINT("UNIT Word u%u(", unit->name);
  print_parameters(emitter, unit);
  PRINT(");\nUNIT Word e%u(Machine *m, const Word *a, Location node);\n", unit->name);
}

// The module, in the first of the parts.
static void emit_module(Emitter *emitter, size_t count) {
  const Strict *strict = emitter->strict;
  PRINT("\n#if IN_PART(0)\n#ifdef PARTS\nconst NativeRuntime *runtime;\n#endif\n");
  PRINT("static void bind(const void *table) { runtime = table; }\n");
  if (count) PRINT("static const NativeEntry entries[] = {\n");
  for (size_t i = 0; i < strict->reached.count; i++) {
    const Unit *unit = strict->reached.items[i];
    if (is_machine_code(emitter, unit)) PRINT("  {%u, e%u},\n", unit->name, unit->name);
  }
  if (count) PRINT("};\n");
  PRINT("const NativeModule hvm_native_module = {NATIVE_ABI, %zu, %s, bind};\n", count, count ? "entries" : "NULL");
  PRINT("#endif\n");
}

size_t emit_c(const Code *code, const Program *program, Buffer *out) {
  const Strict *strict = code->strict;
  Emitter state = {.code = code, .program = program, .strict = strict, .out = out}, *emitter = &state;
  size_t count = 0, begin, chunk = 0;
  native_emit_prelude(out);
  if (!strict) return 0;
  for (size_t i = 0; i < strict->reached.count; i++)
    if (is_machine_code(emitter, strict->reached.items[i])) declare(emitter, strict->reached.items[i]);
  begin = out->size;
  PRINT("\n#if IN_PART(0)\n");
  for (size_t i = 0; i < strict->reached.count; i++) {
    Unit *unit = strict->reached.items[i];
    if (!is_machine_code(emitter, unit)) continue;
    size_t at = (out->size - begin) / EMIT_CHUNK;
    if (at != chunk) PRINT("\n#endif\n#if IN_PART(%zu)\n", chunk = at);
    emit_unit(emitter, unit);
    emit_entry(emitter, unit);
    count++;
  }
  PRINT("#endif\n");
  ARRAY_FREE(&state.ways);
  ARRAY_FREE(&state.inside);
  emit_module(emitter, count);
  return count;
}
