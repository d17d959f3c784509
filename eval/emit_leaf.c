// Leaves: units whose main path computes with numbers, looks into what is lent to it and calls nothing but its
// successor. Such a unit is emitted twice. The first text knows nothing of what is rare: where attention is wanted or a
// field is to be reduced, it leaves for the second, the usual one, with the parameters of the turn that it is in; until
// then a turn changes nothing. So the first has no registers to save, and a call of it costs next to nothing.
#include "emitter.h"

static bool is_leaf_step(const Emitter *emitter, const Step *step) {
  switch (step->kind) {
  case STEP_FORCE_FIELD: return !emitter->strict->open; // nothing is to be held meanwhile
  case STEP_OPERATE:
  case STEP_LATER: return kinds_operation(emitter->kinds, emitter->of, step, emitter->known) != KNOWN_NOTHING;
  default: return emit_is_light(emitter, step);
  }
}

static bool is_leaf_path(Emitter *emitter, const Step *step);

static bool is_leaf_branch(Emitter *emitter, const Step *step) {
  uint8_t *known = emitter->known;
  emitter->known = emit_known_copy(emitter);
  bool leaf = is_leaf_path(emitter, step);
  emitter->known = known;
  return leaf;
}

static bool is_leaf_path(Emitter *emitter, const Step *step) {
  for (; step; step = step->next) {
    switch (step->kind) {
    case STEP_CASE:
      if (step_opens(emitter->strict, step) && !emit_is_borrowed(emitter, step->arguments[0])) return false;
      for (uint32_t i = 0; i < step->case_count; i++)
        if (!is_leaf_branch(emitter, step->cases[i].steps)) return false;
      return is_leaf_branch(emitter, step->aside);
    case STEP_IF: return is_leaf_branch(emitter, step->next) && is_leaf_branch(emitter, step->aside);
    case STEP_RETURN:
    case STEP_TAIL:
    case STEP_FAIL: return true;
    default:
      if (!is_leaf_step(emitter, step)) return false;
    }
    kinds_learn(emitter->kinds, emitter->of, step, emitter->known);
  }
  return true;
}

bool emit_is_leaf(Emitter *emitter) {
  const Unit *unit = emitter->unit;
  for (uint32_t i = 0; i < unit->function->arity; i++)
    if (emit_is_passed(emitter, unit, i)) return false; // others overwrite that meanwhile
  return is_leaf_branch(emitter, unit->steps);
}

void emit_leaf_exit(Emitter *emitter) {
  PRINT("return s%u(m", emitter->unit->name);
  emit_same_arguments(emitter, emitter->unit);
  PRINT(");\n");
}

void emit_leaf_check(Emitter *emitter) {
  PRINT("  if (WANTS_ATTENTION(m)) ");
  emit_leaf_exit(emitter);
}
