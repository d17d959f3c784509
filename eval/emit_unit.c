// Units become C: one function for each, one entry for callers that have arguments in memory, and the module's table.
#include "emit.h"

#include "aside.h"
#include "emitter.h"
#include "native.h"

void emit_parameters(Emitter *emitter, const Unit *unit) {
  const uint8_t *kinds = kinds_of(emitter->kinds, unit)->parameters;
  PRINT("Machine *m");
  for (uint32_t i = 0; i < unit->function->arity; i++)
    if (!emit_is_passed(emitter, unit, i)) PRINT(kinds[i] == KNOWN_F60 ? ", double d%u" : ", Word v%u", i);
}

static void begin_unit(Emitter *emitter, const Unit *unit) {
  emitter->unit = unit;
  emitter->of = kinds_of(emitter->kinds, unit);
  emitter->blocks = emitter->cases = 0;
  emitter->known = ARENA_ARRAY((Arena *)&emitter->code->arena, uint8_t, unit->variables + 1);
  kinds_begin(emitter->of, unit, emitter->known);
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
  const UnitKinds *of = emitter->of;
  for (Atom x = 0; x < (Atom)unit->variables; x++) {
    bool is_parameter = x < (Atom)unit->function->arity;
    Known given = is_parameter ? (Known)of->parameters[x] : KNOWN_NOTHING;
    if (is_parameter && emit_is_passed(emitter, unit, (uint32_t)x))
      PRINT("  Word v%d = m->passed[%d];\n", x, x);
    else if (bit_has(used, x) && (!is_parameter || given == KNOWN_F60))
      PRINT("  Word v%d;\n", x);
    if (bit_has(used, x) && of->wanted[x] == KNOWN_F60 && given != KNOWN_F60) PRINT("  double d%d;\n", x);
  }
  free(used);
}

// The head of a unit: its first tests, where they lead to results without more ado. Callers have a copy of it, so that
// such a result needs no call. That pays where a function calls itself more than once, so that many calls are the last.

enum { HEAD_FORKS = 2 };

// Is this done by an instruction or two?
bool emit_is_light(const Emitter *emitter, const Step *step) {
  const Atom *x = step->arguments;
  switch (step->kind) {
  case STEP_OFFER: return true;
  case STEP_FORCE:
  case STEP_CHECK:
  case STEP_CLONE:
  case STEP_DROP: return kinds_known(emitter->kinds, emitter->known, x[0]) == KNOWN_U60;
  case STEP_OPERATE:
    for (int i = 0; i < 2; i++)
      if (kinds_known(emitter->kinds, emitter->known, x[i]) != KNOWN_U60) return false;
    return !kinds_may_fail(emitter->kinds, step, KNOWN_U60);
  default: return false;
  }
}

// Calls of functions that call this one again.
static uint32_t count_recursion(const Emitter *emitter, const Step *step) {
  uint32_t count = 0;
  for (; step; step = step->next) {
    if (step->kind == STEP_CALL) {
      const Function *function = emitter->strict->by_name.items[step->name]->function;
      count += function->component == emitter->unit->function->component;
    }
    if (step->aside && !aside_is_way(step)) count += count_recursion(emitter, step->aside);
    for (uint32_t i = 0; i < step->case_count; i++) count += count_recursion(emitter, step->cases[i].steps);
  }
  return count;
}

// Emits the head's path from a step on, or only says whether it has a result.
static bool walk_head(Emitter *emitter, const Step *step, uint32_t forks, bool emits);

static bool walk_branch(Emitter *emitter, const Step *step, uint32_t forks, bool emits) {
  uint8_t *known = emitter->known;
  emitter->known = emit_known_copy(emitter);
  bool found = walk_head(emitter, step, forks, emits);
  emitter->known = known;
  return found;
}

void emit_same_arguments(Emitter *emitter, const Unit *unit) {
  const uint8_t *kinds = kinds_of(emitter->kinds, unit)->parameters;
  for (uint32_t i = 0; i < unit->function->arity; i++)
    if (!emit_is_passed(emitter, unit, i)) PRINT(kinds[i] == KNOWN_F60 ? ", d%u" : ", v%u", i);
}

// A call with the parameters of the function around it, which are the same.
static void print_same_call(Emitter *emitter, const Unit *unit) {
  PRINT("u%u(m", unit->name);
  emit_same_arguments(emitter, unit);
  PRINT(");\n");
}

static void print_body_call(Emitter *emitter) {
  PRINT("  return ");
  print_same_call(emitter, emitter->unit);
}

static bool walk_fork(Emitter *emitter, const Step *step, uint32_t forks, bool emits) {
  bool found = false;
  if (emits && step->kind == STEP_IF) {
    PRINT("  if (");
    emit_atom(emitter, step->arguments[0]);
    PRINT(") {\n");
  }
  if (step->kind == STEP_IF) found |= walk_branch(emitter, step->next, forks - 1, emits);
  if (emits) step->kind == STEP_IF ? PRINT("  } else {\n") : emit_switch(emitter, step);
  for (uint32_t i = 0; i < step->case_count; i++) {
    if (emits) PRINT("  case 0x%llxull:;\n", (unsigned long long)step->cases[i].key);
    found |= walk_branch(emitter, step->cases[i].steps, forks - 1, emits);
  }
  if (emits && step->kind == STEP_CASE) PRINT("  default:;\n");
  if (step->kind == STEP_IF || !step_opens(emitter->strict, step))
    found |= walk_branch(emitter, step->aside, forks - 1, emits);
  else if (emits) // it may be in a box
    print_body_call(emitter);
  if (emits) PRINT("  }\n");
  return found;
}

static bool walk_head(Emitter *emitter, const Step *step, uint32_t forks, bool emits) {
  if (emits && !walk_branch(emitter, step, forks, false)) {
    print_body_call(emitter);
    return false;
  }
  for (; emit_is_light(emitter, step); step = step->next) {
    if (emits && step->kind != STEP_OFFER) emit_step(emitter, step, NULL); // the body looks for it
    kinds_learn(emitter->kinds, emitter->of, step, emitter->known);
  }
  if (step->kind == STEP_RETURN) {
    if (emits) emit_return(emitter, step->arguments[0]);
    return true;
  }
  return forks > 0 && (step->kind == STEP_IF || step->kind == STEP_CASE) && walk_fork(emitter, step, forks, emits);
}

static void emit_head(Emitter *emitter, const Unit *unit) {
  begin_unit(emitter, unit);
  PRINT("\nINLINE Word h%u(", unit->name);
  emit_parameters(emitter, unit);
  PRINT(") {\n");
  declare_variables(emitter, unit);
  walk_head(emitter, unit->steps, HEAD_FORKS, true);
  PRINT("}\n");
}

// What a unit calls when the parameter x is in a box of others: the unit that borrows it. Apart, so that the compiler
// saves no registers for it on the usual way.
static void emit_loan(Emitter *emitter, const Unit *unit, const Unit *borrower, Atom x) {
  PRINT("\nstatic __attribute__((noinline, unused)) Word o%u_%d(", unit->name, x);
  emit_parameters(emitter, borrower);
  bool open = emitter->strict->open; // the search for cycles must see what is borrowed
  PRINT(") {\n  Word box_ = v%d;\n  v%d = LOAD(LOCATION(v%d) + 1);\n", x, x, x);
  if (open) PRINT("  *m->stack_top = box_;\n  HOLD(m->stack_top, 1);\n");
  PRINT("  Word w_ = ");
  print_same_call(emitter, borrower);
  PRINT("%s  erase(m, box_);\n  return w_;\n}\n", open ? "  LET_GO(1);\n" : "");
}

static void emit_loans(Emitter *emitter, const Unit *unit, const Step *step, uint64_t *done) {
  for (; step; step = step->next) {
    if (step->kind == STEP_OFFER && !bit_has(done, step->arguments[0])) {
      bit_add(done, step->arguments[0]);
      emit_loan(emitter, unit, emitter->strict->by_name.items[step->name], step->arguments[0]);
    }
    if (step->aside && !aside_is_way(step)) emit_loans(emitter, unit, step->aside, done);
    for (uint32_t i = 0; i < step->case_count; i++) emit_loans(emitter, unit, step->cases[i].steps, done);
  }
}

static void emit_body(Emitter *emitter, const Unit *unit) {
  declare_variables(emitter, unit);
  uint64_t *boxes = ARENA_ARRAY((Arena *)&emitter->code->arena, uint64_t, bit_words(unit->variables + 1));
  if (emitter->strict->shares) find_boxes(emitter, unit->steps, boxes);
  for (Atom x = 0; x < (Atom)unit->variables; x++)
    if (bit_has(boxes, x) && !emit_is_borrowed(emitter, x)) PRINT("  Word f%d;\n", x);
  if (emitter->leaf) emit_leaf_check(emitter);
  if (emitter->holes) PRINT("  Word first_, w_;\n  Location hole_ = 0;\n");
  if (emitter->sum) emit_sum_begin(emitter);
  bool turns = unit->calls_itself || emitter->holes || emitter->sum;
  if (turns) PRINT("again:\n");
  if (!emitter->leaf) PRINT("  CHECK_STACK(%u);\n", unit->name);
  uint64_t *nothing = ARENA_ARRAY((Arena *)&emitter->code->arena, uint64_t, bit_words(unit->variables + 1));
  emitter->head = emitter->heads[unit->name] && !turns ? HEAD_FORKS : 0;
  emit_path(emitter, unit->steps, nothing);
  emit_ways(emitter, 0);
  if (emitter->holes) emit_fill(emitter);
  if (emitter->sum) emit_sum_end(emitter);
}

static void emit_text(Emitter *emitter, const Unit *unit, const char *kind) {
  PRINT("%s%u(", kind, unit->name);
  emit_parameters(emitter, unit);
  PRINT(") {\n");
  emit_body(emitter, unit);
  PRINT("}\n");
}

static void emit_unit(Emitter *emitter, Unit *unit) {
  begin_unit(emitter, unit);
  uint64_t loans[1] = {0}; // of the first parameters
  emit_loans(emitter, unit, unit->steps, loans);
  aside_number(emitter->code->strict, unit);
  PRINT("\n// %s\n", emitter->program->names.items[unit->name].text);
  bool leaf = emit_is_leaf(emitter);
  if (leaf) {
    emit_text(emitter, unit, "static __attribute__((noinline)) Word s");
    begin_unit(emitter, unit);
  }
  emitter->leaf = leaf;
  emitter->holes = !leaf && emit_has_holes(emitter, unit);
  emitter->sum = leaf || emitter->holes ? NULL : emit_find_sum(emitter);
  emit_text(emitter, unit, "UNIT Word u");
  emitter->leaf = emitter->holes = false;
  emitter->sum = NULL;
}

// The parameter of an entry, made a value.
static void emit_wanted(Emitter *emitter, uint32_t parameter, uint32_t arity) {
  bool hold = emitter->strict->open && arity > 1;
  PRINT("  if (!IS_VALUE(v%u)", parameter);
  if (emitter->strict->shares) PRINT(" && !is_boxed(m, v%u)", parameter);
  PRINT(") {\n");
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
  const uint8_t *kinds = kinds_of(emitter->kinds, unit)->parameters;
  bool values = false;
  PRINT("UNIT Word e%u(Machine *m, const Word *a, Location node) {\n  uint64_t fuel = m->fuel;\n", unit->name);
  for (uint32_t i = 0; i < arity; i++) PRINT("%sv%u = a[%u]", i ? ", " : "  Word ", i, i);
  if (arity) PRINT(";\n  if (node) release(m, node, %u);\n", arity);
  PRINT("  m->fuel = m->tank;\n");
  for (uint32_t i = 0; i < arity; i++) {
    if (unit->values[i]) emit_wanted(emitter, i, arity);
    values |= unit->values[i];
  }
  for (uint32_t i = 0; i < arity; i++) {
    values |= kinds[i] != KNOWN_NOTHING;
    if (kinds[i] != KNOWN_NOTHING)
      PRINT("  if (UNLIKELY(TAG(v%u) != %d)) goto graph;\n", i, kinds[i] == KNOWN_F60 ? TAG_FLO : TAG_NUM);
  }
  for (uint32_t i = 0; i < arity; i++)
    if (emit_is_passed(emitter, unit, i)) PRINT("  m->passed[%u] = v%u;\n", i, i);
  PRINT("  Word w = %c%u(m", emitter->heads[unit->name] ? 'h' : 'u', unit->name);
  for (uint32_t i = 0; i < arity; i++)
    if (!emit_is_passed(emitter, unit, i)) PRINT(kinds[i] == KNOWN_F60 ? ", F_UNBOX(v%u)" : ", v%u", i);
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
  emit_parameters(emitter, unit);
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
    if (kinds_cover(strict, unit)) PRINT("  {%u, e%u},\n", unit->name, unit->name);
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
  Kinds *kinds = kinds_new(strict);
  bool *heads = ARENA_ARRAY((Arena *)&code->arena, bool, strict->by_name.count + 1);
  state.kinds = kinds, state.heads = heads;
  for (size_t i = 0; i < strict->reached.count; i++) {
    const Unit *unit = strict->reached.items[i];
    if (!kinds_cover(strict, unit)) continue;
    declare(emitter, unit);
    begin_unit(emitter, unit);
    heads[unit->name] = count_recursion(emitter, unit->steps) > 1 && walk_head(emitter, unit->steps, HEAD_FORKS, false);
  }
  for (size_t i = 0; i < strict->reached.count; i++)
    if (heads[strict->reached.items[i]->name]) emit_head(emitter, strict->reached.items[i]);
  begin = out->size;
  PRINT("\n#if IN_PART(0)\n");
  for (size_t i = 0; i < strict->reached.count; i++) {
    Unit *unit = strict->reached.items[i];
    if (!kinds_cover(strict, unit)) continue;
    size_t at = (out->size - begin) / EMIT_CHUNK;
    if (at != chunk) PRINT("\n#endif\n#if IN_PART(%zu)\n", chunk = at);
    emit_unit(emitter, unit);
    emit_entry(emitter, unit);
    count++;
  }
  PRINT("#endif\n");
  kinds_free(kinds);
  ARRAY_FREE(&state.ways);
  ARRAY_FREE(&state.inside);
  emit_module(emitter, count);
  return count;
}
