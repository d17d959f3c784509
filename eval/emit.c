// Steps become C. Variables are locals, paths are blocks, ways aside are labels behind the function's main path, where
// the compiler's optimiser leaves what is seldom run. A unit's own tail calls are jumps; other tail calls pass at most
// six arguments in registers besides doubles, the rest in the machine, so that compilers make jumps of them too.
#include "aside.h"
#include "emitter.h"

void emit_atom(Emitter *emitter, Atom x) {
  if (x >= 0)
    PRINT(emitter->known[x] == KNOWN_F60 ? "F_BOX(d%d)" : "v%d", x);
  else
    PRINT("0x%llxull", (unsigned long long)emitter->code->constants.items[~x]);
}

void emit_arguments(Emitter *emitter, const Step *step) {
  for (uint32_t i = 0; i < step->count; i++) {
    PRINT(", ");
    emit_atom(emitter, step->arguments[i]);
  }
}

// The unit that a call is one of, if it is machine code.
static const Unit *emitted(const Emitter *emitter, NameId name) {
  const Strict *strict = emitter->strict;
  const Unit *unit = name < strict->by_name.count ? strict->by_name.items[name] : NULL;
  return unit && kinds_cover(strict, unit) ? unit : NULL;
}

bool emit_is_borrowed(const Emitter *emitter, Atom x) {
  return (size_t)x < emitter->unit->loans.count && emitter->unit->loans.items[x].borrowed;
}

// What stays in use while a step waits, for the search for cycles: only programs with λs leave cycles.
static uint32_t print_hold(Emitter *emitter, const Step *step, const uint64_t *after) {
  if (!emitter->strict->open) return 0;
  uint32_t count = 0;
  const Unit *unit = emitter->unit;
  for (Atom x = 0; x < (Atom)unit->variables; x++) {
    bool kept = bit_has(step->next->live, x) || bit_has(after, x) || (step->aside && bit_has(step->aside->live, x));
    if (emit_is_borrowed(emitter, x)) continue; // its owner holds it
    if (emitter->known[x] != KNOWN_NOTHING) continue;
    bool taken = (step->kind == STEP_FORCE || step->kind == STEP_JOIN) && x == step->arguments[0];
    if (!kept || x == step->dst || taken) continue;
    PRINT(count ? "" : "  {\n  Word *top = m->stack_top;\n");
    PRINT("  top[%u] = v%d;\n", count++, x);
  }
  if (count) PRINT("  HOLD(top, %u);\n  }\n", count);
  return count;
}

uint8_t *emit_known_copy(const Emitter *emitter) {
  uint8_t *copy = ARENA_ARRAY((Arena *)&emitter->code->arena, uint8_t, emitter->unit->variables + 1);
  memcpy(copy, emitter->known, emitter->unit->variables);
  return copy;
}

uint32_t emit_way(Emitter *emitter, const Step *step, const uint64_t *after) {
  Way way = {step, after, emit_known_copy(emitter)};
  ARRAY_PUSH(&emitter->ways, way);
  return step->way;
}

// Doubles are passed in registers of their own.
bool emit_is_passed(const Emitter *emitter, const Unit *unit, uint32_t parameter) {
  const uint8_t *kinds = kinds_of(emitter->kinds, unit)->parameters;
  uint32_t words = 0;
  for (uint32_t i = 0; i < parameter; i++) words += kinds[i] != KNOWN_F60;
  return words >= PASSED_FROM && kinds[parameter] != KNOWN_F60;
}

// A call of a unit, as an expression. What goes through memory is passed before.
static void print_call(Emitter *emitter, const Step *step, const Unit *callee) {
  PRINT("%c%u(m", emitter->heads[callee->name] ? 'h' : 'u', callee->name);
  for (uint32_t i = 0; i < step->count; i++) {
    if (emit_is_passed(emitter, callee, i)) continue;
    PRINT(", ");
    emit_as(emitter, step->arguments[i], (Known)kinds_of(emitter->kinds, callee)->parameters[i]);
  }
  PRINT(")");
}

static void print_passed(Emitter *emitter, const Step *step, const Unit *callee) {
  for (uint32_t i = PASSED_FROM; i < step->count; i++) {
    if (!emit_is_passed(emitter, callee, i)) continue;
    PRINT("  m->passed[%u] = ", i);
    emit_atom(emitter, step->arguments[i]);
    PRINT(";\n");
  }
}

// The test that arguments are not what a unit is to be given; false: they are.
static bool print_unfit(Emitter *emitter, const Step *step, const Unit *callee) {
  bool tests = false;
  for (uint32_t i = 0; i < step->count; i++)
    tests |= emit_unless(emitter, tests ? " || " : "  if (UNLIKELY(", step->arguments[i],
                         (Known)kinds_of(emitter->kinds, callee)->parameters[i]);
  if (tests) PRINT("))");
  return tests;
}

bool emit_fits(const Emitter *emitter, const Step *step, const Unit *callee) {
  for (uint32_t i = 0; i < step->count; i++) {
    Known kind = (Known)kinds_of(emitter->kinds, callee)->parameters[i];
    if (kind != KNOWN_NOTHING && kinds_known(emitter->kinds, emitter->known, step->arguments[i]) != kind) return false;
  }
  return true;
}

// A result of the unit is printed in between.
static void print_return(Emitter *emitter) {
  PRINT(emitter->holes ? "  RETURN(hole_, " : emitter->sum ? "  RETURN(pending_, " : "  return ");
}
static void print_returned(Emitter *emitter) { PRINT(emitter->holes || emitter->sum ? ");\n" : ";\n"); }

// The graph's code does a call instead of machine code, with copies of what it is lent. dst: NO_ATOM for the unit's.
static void print_instead(Emitter *emitter, const Step *step, const Unit *callee, Atom dst) {
  PRINT(" {\n");
  for (uint32_t i = 0; i < step->count; i++) {
    PRINT("  Word k%u = ", i);
    emit_atom(emitter, step->arguments[i]);
    PRINT(";\n");
    Atom x = step->arguments[i];
    bool borrowed = i < 64 && callee->borrowed >> i & 1;
    if (borrowed && x >= 0 && emitter->known[x] == KNOWN_NOTHING) PRINT("  KEEP(k%u, v%d);\n", i, x);
  }
  if (dst == NO_ATOM)
    print_return(emitter);
  else
    PRINT("  v%d = ", dst);
  PRINT("graph(m, %u, %u", callee->function->name, step->count);
  for (uint32_t i = 0; i < step->count; i++) PRINT(", k%u", i);
  PRINT(")");
  if (dst == NO_ATOM)
    print_returned(emitter);
  else
    PRINT(";\n");
  PRINT("  }\n");
}

// What the graph's code of a function begins with.
static void print_graph(Emitter *emitter, const Step *step) {
  PRINT("graph(m, %u, %u", step->name, step->count);
  for (uint32_t i = 0; i < step->count; i++) {
    PRINT(", (Word)");
    emit_atom(emitter, step->arguments[i]);
  }
  PRINT(")");
}

static void print_let_go(Emitter *emitter, uint32_t count) {
  if (count) PRINT("  LET_GO(%u);\n", count);
}

// Is the variable what is wanted of it: a value, or a number of one kind?
static void print_unwanted(Emitter *emitter, Atom x, const char *test) {
  Known kind = (Known)emitter->of->wanted[x];
  if (kind == KNOWN_NOTHING)
    PRINT("  if (%s(!IS_VALUE(v%d))", test, x);
  else
    PRINT("  if (%s(TAG(v%d) != %d)", test, x, kind == KNOWN_F60 ? TAG_FLO : TAG_NUM);
}

// Behind what may have given something else, and before what was held meanwhile is let go.
static void print_value_check(Emitter *emitter, const Step *step, const uint64_t *after, uint32_t held) {
  Atom x = aside_surprise(step);
  PRINT("  v%d = finish(m, v%d);\n", x, x);
  if (!step->aside) return;
  print_unwanted(emitter, x, "UNLIKELY");
  PRINT(emitter->of->wanted[x] == KNOWN_NOTHING ? " && !is_settled(m, v%d)) {\n" : ") {\n", x);
  print_let_go(emitter, held);
  PRINT("  goto l%u;\n  }\n", emit_way(emitter, step, after));
}

static void emit_call(Emitter *emitter, const Step *step, const uint64_t *after) {
  uint32_t held = print_hold(emitter, step, after);
  const Unit *callee = emitted(emitter, step->name);
  bool unfit = callee && print_unfit(emitter, step, callee);
  if (unfit) {
    print_instead(emitter, step, callee, step->dst);
    PRINT("  else {\n");
  }
  if (callee) print_passed(emitter, step, callee);
  PRINT("  v%d = ", step->dst);
  if (callee)
    print_call(emitter, step, callee);
  else
    print_graph(emitter, step);
  PRINT(unfit ? ";\n  }\n" : ";\n");
  emitter->known[step->dst] = KNOWN_NOTHING;
  if (step->aside)
    print_unwanted(emitter, step->dst, "UNLIKELY");
  else
    PRINT("  if (UNLIKELY(TAG(v%d) == T_GRAPH)", step->dst);
  PRINT(") {\n");
  print_value_check(emitter, step, after, held);
  PRINT("  }\n");
  print_let_go(emitter, held);
  if (step->aside) emit_known(emitter, step->dst);
}

static void emit_force(Emitter *emitter, const Step *step, const uint64_t *after) {
  Atom x = step->arguments[0];
  if (emitter->known[x] != KNOWN_NOTHING) return;
  print_unwanted(emitter, x, ""); // often it is a call
  if (emitter->strict->shares && emitter->of->wanted[x] == KNOWN_NOTHING) PRINT(" && !is_boxed(m, v%d)", x);
  PRINT(") {\n");
  uint32_t held = print_hold(emitter, step, after);
  print_value_check(emitter, step, after, held);
  print_let_go(emitter, held);
  PRINT("  }\n");
  emit_known(emitter, x);
}

static Known wanted_field(const Emitter *emitter, const Step *step) { return (Known)emitter->of->wanted[step->dst]; }

static void print_force_test(Emitter *emitter, const Step *step) {
  Known kind = wanted_field(emitter, step);
  if (kind == KNOWN_NOTHING)
    PRINT("TAG(v%d) > %d", step->dst, TAG_CTR);
  else
    PRINT("TAG(v%d) != %d", step->dst, kind == KNOWN_F60 ? TAG_FLO : TAG_NUM);
}

// A field is mostly what is wanted, or a box with it.
static void emit_force_field(Emitter *emitter, const Step *step, const uint64_t *after) {
  Atom x = step->dst;
  unsigned field = (unsigned)step->word;
  bool in_box = emitter->strict->shares && wanted_field(emitter, step) == KNOWN_NOTHING;
  PRINT("  NATIVE_CHECK_TERM(m, v%d);\n", step->arguments[0]);
  PRINT("  v%d = LOAD(LOCATION(v%d) + %u);\n", x, step->arguments[0], field);
  if (in_box && step->boxed) PRINT("  if (TAG(v%d) == T_SHR) v%d = LOAD(LOCATION(v%d) + 1);\n", x, x, x);
  bool rare = wanted_field(emitter, step) != KNOWN_NOTHING;
  PRINT(rare ? "  if (UNLIKELY(" : "  if (");
  print_force_test(emitter, step);
  PRINT(rare ? ")) {\n" : ") {\n");
  if (emitter->leaf) {
    PRINT("  ");
    emit_leaf_exit(emitter);
    PRINT("  }\n");
    emitter->known[x] = KNOWN_NOTHING;
    emit_known(emitter, x);
    return;
  }
  if (in_box && !step->boxed) {
    PRINT("  if (TAG(v%d) == T_SHR && TAG(LOAD(LOCATION(v%d) + 1)) == T_CTR) {\n", x, x);
    PRINT("  v%d = LOAD(LOCATION(v%d) + 1);\n  } else {\n", x, x);
  } else {
    PRINT("  {\n");
  }
  uint32_t held = print_hold(emitter, step, after);
  PRINT("  v%d = force_field(m, LOCATION(v%d) + %u);\n", x, step->arguments[0], field);
  print_let_go(emitter, held);
  PRINT("  if (UNLIKELY(");
  print_force_test(emitter, step);
  PRINT(")) goto l%u;\n", emit_way(emitter, step, after));
  PRINT("  }\n  }\n");
  emitter->known[x] = KNOWN_NOTHING;
  emit_known(emitter, x);
}

static void emit_apply(Emitter *emitter, const Step *step, const uint64_t *after) {
  uint32_t held = print_hold(emitter, step, after);
  for (uint32_t i = 1; i < step->count; i++) {
    PRINT("  m->passed[%u] = ", i - 1);
    emit_atom(emitter, step->arguments[i]);
    PRINT(";\n");
  }
  PRINT("  v%d = apply(m, ", step->dst);
  emit_atom(emitter, step->arguments[0]);
  PRINT(", %u);\n", step->count - 1);
  print_let_go(emitter, held);
  if (!step->aside) return;
  emitter->known[step->dst] = KNOWN_NOTHING;
  print_unwanted(emitter, step->dst, "UNLIKELY");
  if (emitter->of->wanted[step->dst] == KNOWN_NOTHING) PRINT(" && !is_settled(m, v%d)", step->dst);
  PRINT(") goto l%u;\n", emit_way(emitter, step, after));
  emit_known(emitter, step->dst);
}

// A copy of a number is the number.
static bool emit_copied_number(Emitter *emitter, const Step *step) {
  Known kind = kinds_known(emitter->kinds, emitter->known, step->arguments[0]);
  if (kind == KNOWN_NOTHING) return false;
  bool is_double = kind == KNOWN_F60 && emitter->of->wanted[step->dst] == KNOWN_F60;
  emit_assign(emitter, 'v', step->dst, step->arguments[0], is_double ? KNOWN_F60 : KNOWN_U60);
  return true;
}

void emit_step(Emitter *emitter, const Step *step, const uint64_t *after) {
  const Atom *x = step->arguments;
  bool copies =
      step->kind == STEP_CLONE || step->kind == STEP_COPY || step->kind == STEP_LEND || step->kind == STEP_KEEP;
  if (copies && emit_copied_number(emitter, step)) return;
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
    if (emitter->known[x[0]] != KNOWN_NOTHING) break;
    PRINT("  if (UNLIKELY(TAG(v%d) == T_LAM)) goto l%u;\n", x[0], emit_way(emitter, step, after));
    break;
  case STEP_KEEP: PRINT("  KEEP(v%d, v%d);\n", step->dst, x[0]); break;
  case STEP_CHECK: emit_check(emitter, step, after); break;
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
    emit_atom(emitter, x[1]);
    PRINT(";\n");
    break;
  case STEP_LAMBDA_UNUSED:
    PRINT("  v%d = node2(m, T_LAM, SLOT_UNUSED_, ", step->dst);
    emit_atom(emitter, x[0]);
    PRINT(");\n");
    break;
  case STEP_SUPERPOSE:
    PRINT("  v%d = runtime->superpose(m", step->dst);
    emit_arguments(emitter, step);
    PRINT(");\n");
    break;
  case STEP_JOIN:
    if (emitter->known[x[0]] != KNOWN_NOTHING) break;
    PRINT("  if (UNLIKELY(TAG(v%d) == T_SHR) && m->many) {\n", x[0]);
    uint32_t held = print_hold(emitter, step, after);
    PRINT("  v%d = join(m, v%d);\n", x[0], x[0]);
    print_let_go(emitter, held);
    PRINT("  }\n");
    break;
  case STEP_SPARK:
    PRINT("  v%d = runtime->spark(m", step->dst);
    emit_arguments(emitter, step);
    PRINT(", __builtin_frame_address(0));\n");
    break;
  case STEP_HINT:
    PRINT("  runtime->hint(m");
    emit_arguments(emitter, step);
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
  case STEP_DROP:
    if (emitter->known[x[0]] == KNOWN_NOTHING) PRINT("  erase(m, v%d);\n", x[0]);
    break;
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
    print_return(emitter);
}

static void print_result_end(Emitter *emitter) {
  if (emitter->inside.count)
    PRINT(";\n");
  else
    print_returned(emitter);
}

static void print_leave(Emitter *emitter) {
  size_t depth = emitter->inside.count;
  if (depth) PRINT("  goto b%u;\n", emitter->inside.items[depth - 1].number);
}

void emit_return(Emitter *emitter, Atom x) {
  size_t depth = emitter->inside.count;
  const Block *block = depth ? &emitter->inside.items[depth - 1] : NULL;
  if (block && block->sure != KNOWN_NOTHING && kinds_known(emitter->kinds, emitter->known, x) == block->sure) {
    emit_assign(emitter, 'v', block->dst, x, block->sure);
    PRINT("  goto s%u;\n", block->number);
    return;
  }
  print_result(emitter);
  emit_atom(emitter, x);
  print_result_end(emitter);
  print_leave(emitter);
}

// A tail call of the unit itself: its parameters change, all at once.
void emit_loop(Emitter *emitter, const Step *step) {
  const uint8_t *kinds = emitter->of->parameters;
  PRINT("  {\n");
  for (uint32_t i = 0; i < step->count; i++) {
    if (step->arguments[i] == (Atom)i) continue;
    PRINT(kinds[i] == KNOWN_F60 ? "  double" : "  Word");
    emit_assign(emitter, 'n', (Atom)i, step->arguments[i], (Known)kinds[i]);
  }
  for (uint32_t i = 0; i < step->count; i++)
    if (step->arguments[i] != (Atom)i) PRINT("  %c%u = n%u;\n", kinds[i] == KNOWN_F60 ? 'd' : 'v', i, i);
  if (emitter->leaf) emit_leaf_check(emitter); // a second one: so the loop is in one piece
  PRINT("  goto again;\n  }\n");
}

static void emit_tail(Emitter *emitter, const Step *step) {
  const Unit *callee = emitted(emitter, step->name);
  if (callee && print_unfit(emitter, step, callee)) print_instead(emitter, step, callee, NO_ATOM);
  if (callee == emitter->unit) {
    emit_loop(emitter, step);
    return;
  }
  if (callee) print_passed(emitter, step, callee);
  print_return(emitter);
  if (callee)
    print_call(emitter, step, callee);
  else
    print_graph(emitter, step);
  print_returned(emitter);
}

static void emit_leave(Emitter *emitter, const Step *step) {
  PRINT("  {\n  Word f_ = ");
  emit_atom(emitter, step->arguments[0]);
  PRINT(";\n");
  for (uint32_t i = 1; i < step->count; i++) {
    PRINT("  f_ = node2(m, T_APP, f_, ");
    emit_atom(emitter, step->arguments[i]);
    PRINT(");\n");
  }
  print_return(emitter);
  PRINT("f_");
  print_returned(emitter);
  PRINT("  }\n");
}

void emit_switch(Emitter *emitter, const Step *step) {
  bool numbers = false, names = false;
  for (uint32_t i = 0; i < step->case_count; i++) *(word_tag(step->cases[i].key) <= TAG_FLO ? &numbers : &names) = true;
  Atom x = step->arguments[0];
  PRINT(numbers && names ? "  switch (KEY_OR_NUMBER(" : names ? "  switch (KEY(" : "  switch ((");
  emit_atom(emitter, x);
  PRINT(")) {\n");
}

// Is what follows a result that the head has found?
static bool is_found(Emitter *emitter, const Step *step) {
  for (; emit_is_light(emitter, step); step = step->next)
    kinds_learn(emitter->kinds, emitter->of, step, emitter->known);
  return step->kind == STEP_RETURN;
}

// One of several paths that go on from here. tests: the head has made the same test.
static void emit_branch(Emitter *emitter, const Step *step, const uint64_t *after, bool tests) {
  uint8_t *known = emitter->known;
  uint32_t head = emitter->head;
  emitter->known = emit_known_copy(emitter);
  bool found = head && tests && is_found(emitter, step);
  emitter->head = head && tests ? head - 1 : 0;
  memcpy(emitter->known, known, emitter->unit->variables);
  if (found)
    PRINT("  __builtin_unreachable();\n");
  else
    emit_path(emitter, step, after);
  emitter->known = known;
  emitter->head = head;
}

// Is each parameter known to be what the other unit takes?
static bool suits(const Emitter *emitter, const Unit *callee) {
  for (uint32_t i = 0; i < callee->function->arity; i++) {
    Known kind = (Known)kinds_of(emitter->kinds, callee)->parameters[i];
    if (kind != KNOWN_NOTHING && kind != (Known)emitter->known[i]) return false;
  }
  return true;
}

// If a parameter is in a box of others, a unit that borrows it goes on (offer.c).
static void emit_offer(Emitter *emitter, const Step *step) {
  const Unit *borrower = emitted(emitter, step->name);
  Atom x = step->arguments[0];
  if (!borrower || emitter->inside.count || !suits(emitter, borrower)) return;
  uint32_t arity = borrower->function->arity;
  PRINT("  if (is_others(v%d)) {\n", x);
  for (uint32_t i = PASSED_FROM; i < arity; i++)
    if (emit_is_passed(emitter, borrower, i)) PRINT("  m->passed[%u] = v%u;\n", i, i);
  print_return(emitter);
  PRINT("o%u_%d(m", emitter->unit->name, x);
  for (uint32_t i = 0; i < arity; i++) {
    if (emit_is_passed(emitter, borrower, i)) continue;
    PRINT(", ");
    emit_as(emitter, (Atom)i, (Known)kinds_of(emitter->kinds, borrower)->parameters[i]);
  }
  PRINT(")");
  print_returned(emitter);
  PRINT("  }\n");
}

// What is in a box is taken out.
static void emit_look(Emitter *emitter, Atom x) {
  PRINT("  if (TAG(v%d) == T_SHR) {\n  LOOK_INTO(f%d, v%d);\n", x, x, x);
}

// Where boxes are to be expected, they are looked into first, else only when no case fits.
static void emit_case(Emitter *emitter, const Step *step, const uint64_t *after) {
  Atom x = step->arguments[0];
  bool tests = !step_opens(emitter->strict, step);
  uint32_t again = !tests && !emit_is_borrowed(emitter, x) ? ++emitter->cases : 0;
  if (again) PRINT("  f%d = 0;\n", x);
  if (again && step->boxed) {
    emit_look(emitter, x);
    PRINT("  }\n");
  } else if (again) {
    PRINT("c%u:;\n", again);
  }
  emit_switch(emitter, step);
  for (uint32_t i = 0; i < step->case_count; i++) {
    const Step *first = step->cases[i].steps;
    PRINT("  case 0x%llxull:;\n", (unsigned long long)step->cases[i].key);
    if (again && first->kind != STEP_OPEN) PRINT("  if (f%d) v%d = f%d;\n", x, x, x);
    emit_branch(emitter, first, after, tests);
  }
  PRINT("  default:;\n");
  if (again && !step->boxed) {
    emit_look(emitter, x);
    PRINT("  goto c%u;\n  }\n", again);
  }
  if (again) { PRINT("  if (f%d) v%d = f%d;\n", x, x, x); }
  emit_branch(emitter, step->aside, after, tests);
  PRINT("  }\n");
}

static void emit_fork(Emitter *emitter, const Step *step, const uint64_t *after) {
  PRINT("  {\n");
  bool tests = step->kind == STEP_IF;
  emit_branch(emitter, step->next, after, tests);
  PRINT("  } else {\n");
  emit_branch(emitter, step->aside, after, tests);
  PRINT("  }\n");
}

// What a way uses is passed to the runtime, the first values as arguments, which is less to compile, the others on top
// of the stack. All come back there: what was changed and somebody needs after the block is taken from there.
static void emit_one_way(Emitter *emitter, const Way *way, uint64_t *used, uint64_t *changed) {
  Atom variables = (Atom)emitter->unit->variables;
  aside_sets(emitter->unit, way->step, used, changed);
  PRINT("l%u: COLD_LABEL;\n", way->step->way);
  uint32_t place = 0;
  for (Atom x = 0; x < variables; x++)
    if (bit_has(used, x) && place++ >= NATIVE_WAY_INPUTS) {
      PRINT("  m->stack_top[%u] = ", place - 1);
      emit_atom(emitter, x);
      PRINT(";\n");
    }
  print_result(emitter);
  PRINT("runtime->aside(m, 0x%llxull", (unsigned long long)emitter->unit->name << NATIVE_WAY_BITS | way->step->way);
  place = 0;
  for (Atom x = 0; x < variables && place < NATIVE_WAY_INPUTS; x++)
    if (bit_has(used, x)) PRINT(", "), emit_atom(emitter, x), place++;
  PRINT(")");
  print_result_end(emitter);
  place = 0;
  for (Atom x = 0; x < variables; x++) {
    if (bit_has(changed, x) && bit_has(way->after, x)) PRINT("  v%d = m->stack_top[%u];\n", x, place);
    place += bit_has(used, x);
  }
  print_leave(emitter);
}

// Writes ways aside, all but the first so many.
void emit_ways(Emitter *emitter, size_t from) {
  unsigned words = bit_words(emitter->unit->variables + 1);
  uint64_t *sets = malloc(2 * words * sizeof *sets);
  if (!sets) memory_exhausted();
  uint8_t *known = emitter->known;
  while (emitter->ways.count > from) {
    Way way = emitter->ways.items[--emitter->ways.count];
    emitter->known = way.known;
    emit_one_way(emitter, &way, sets, sets + words);
  }
  emitter->known = known;
  free(sets);
}

// Where the result is then reduced, those that are known to be what is wanted jump over that. Gives the last step done.
static const Step *emit_block(Emitter *emitter, const Step *step, const uint64_t *after) {
  uint32_t number = ++emitter->blocks;
  uint64_t *kept = ARENA_ARRAY((Arena *)&emitter->code->arena, uint64_t, bit_words(emitter->unit->variables + 1));
  for (Atom x = 0; x < (Atom)emitter->unit->variables; x++)
    if (x != step->dst && (bit_has(step->next->live, x) || bit_has(after, x))) bit_add(kept, x);
  bool forced = step->next->kind == STEP_FORCE && step->next->arguments[0] == step->dst;
  Known sure = forced ? (Known)emitter->of->wanted[step->dst] : KNOWN_NOTHING;
  ARRAY_PUSH(&emitter->inside, (Block){step->dst, number, sure, emit_find_hole(emitter, step)});
  size_t ways = emitter->ways.count;
  PRINT("  {\n");
  emit_branch(emitter, step->aside, kept, false);
  PRINT("  }\n");
  emit_ways(emitter, ways); // they end in the block
  emitter->inside.count--;
  emitter->known[step->dst] = KNOWN_NOTHING;
  PRINT("b%u:;\n", number);
  if (sure == KNOWN_NOTHING) return step;
  emit_force(emitter, step->next, after);
  PRINT("s%u:;\n", number);
  return step->next;
}

void emit_path(Emitter *emitter, const Step *step, const uint64_t *after) {
  for (; step; step = step->next) {
    if (step->kind != STEP_CASE && step->kind != STEP_IF && !emit_is_light(emitter, step)) emitter->head = 0;
    if (emitter->holes && emit_into_hole(emitter, step)) return;
    if (emitter->sum == step) emit_into_sum(emitter, step);
    switch (step->kind) {
    case STEP_CASE: emit_case(emitter, step, after); return;
    case STEP_OFFER: emit_offer(emitter, step); break;
    case STEP_IF:
      PRINT("  if (");
      emit_atom(emitter, step->arguments[0]);
      PRINT(")");
      emit_fork(emitter, step, after);
      return;
    case STEP_SHALLOW:
      PRINT("  if (LIKELY(m->spark_above >= (char *)__builtin_frame_address(0))%s)",
            step->word ? " || !runtime->is_hungry(m)" : "");
      emit_fork(emitter, step, after);
      return;
    case STEP_FUEL:
      PRINT("  if (TAKE_%s())", step->word ? "PORTION" : "FUEL");
      emit_fork(emitter, step, after);
      return;
    case STEP_RETURN: emit_return(emitter, step->arguments[0]); return;
    case STEP_TAIL: emit_tail(emitter, step); return;
    case STEP_LEAVE: emit_leave(emitter, step); return;
    case STEP_FAIL: PRINT("  goto l%u;\n", emit_way(emitter, step, after)); return;
    case STEP_GRAPH:
      print_return(emitter);
      print_graph(emitter, step);
      print_returned(emitter);
      return;
    case STEP_BLOCK: step = emit_block(emitter, step, after); break;
    default: emit_step(emitter, step, after);
    }
    kinds_learn(emitter->kinds, emitter->of, step, emitter->known);
  }
}
