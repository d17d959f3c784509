// Tail calls modulo an operation: a unit that returns (+ x call), where the call is of itself and x a number by then,
// keeps x and goes on with the call as its next turn. At the end, what it kept is added up, the last first, one by one:
// so that what turns out to be no number is what it would have been, a term that shows each of them. So a list is
// summed in a loop, with two words for each element instead of a frame of the processor's stack. It is as good for any
// other operation that cannot fail.
//
// pending_ is how many there are, kept on the machine's stack from base_ on, as what machine code holds. After
// SUM_TURNS of them the call is a call, so that the stack is looked after by whoever looks after the processor's.
#include "emitter.h"

#include "aside.h"

// The operation behind a call that this can be done for; NULL: none.
static const Step *operation_of(const Emitter *emitter, const Step *call) {
  if (call->kind != STEP_CALL || call->name != emitter->unit->name || !call->aside) return NULL;
  const Step *step = call->next;
  Atom other = NO_ATOM;
  if (step && step->kind == STEP_FORCE && step->arguments[0] != call->dst)
    other = step->arguments[0], step = step->next;
  if (!step || step->kind != STEP_OPERATE || !step->next || step->next->kind != STEP_RETURN) return NULL;
  if (step->next->arguments[0] != step->dst) return NULL;
  bool left = step->arguments[0] == call->dst, right = step->arguments[1] == call->dst;
  Atom x = step->arguments[left ? 1 : 0];
  if (left == right || (other != NO_ATOM && other != x)) return NULL;
  if (emitter->of->wanted[call->dst] != KNOWN_U60 || kinds_may_fail(emitter->kinds, step, KNOWN_U60)) return NULL;
  return x < 0 || emitter->of->wanted[x] == KNOWN_U60 ? step : NULL;
}

static Atom kept(const Step *call, const Step *operation) {
  return operation->arguments[operation->arguments[0] == call->dst ? 1 : 0];
}

// Is what the call's way aside is given nothing but the two operands?
static bool has_simple_way(const Emitter *emitter, const Step *call, Atom x) {
  const Unit *unit = emitter->unit;
  unsigned words = bit_words(unit->variables + 1);
  uint64_t *sets = ARENA_ARRAY((Arena *)&emitter->code->arena, uint64_t, 2 * words);
  aside_sets(unit, call, sets, sets + words);
  for (Atom y = 0; y < (Atom)unit->variables; y++)
    if (bit_has(sets, y) && y != x && y != call->dst) return false;
  return bit_has(sets, call->dst) && (x < 0 || bit_has(sets, x));
}

// The first such call on the main paths from a step on. Not where the other operand was a call, too: then the depth is
// small mostly, and a frame costs less than this.
static const Step *find(const Emitter *emitter, const Step *step) {
  Atom called = NO_ATOM;
  for (; step; step = step->next) {
    const Step *operation = operation_of(emitter, step), *found = NULL;
    Atom x = operation ? kept(step, operation) : NO_ATOM;
    if (operation && x != called && has_simple_way(emitter, step, x)) return step;
    if (step->kind == STEP_CALL || step->kind == STEP_BLOCK) called = step->dst;
    for (uint32_t i = 0; i < step->case_count && !found; i++) found = find(emitter, step->cases[i].steps);
    if (!found && step->kind == STEP_IF) found = find(emitter, step->aside);
    if (found) return found;
  }
  return NULL;
}

const Step *emit_find_sum(const Emitter *emitter) {
  return emitter->strict->open ? NULL : find(emitter, emitter->unit->steps);
}

void emit_sum_begin(Emitter *emitter) { PRINT("  Word w_, *base_ = m->stack_top;\n  unsigned pending_ = 0;\n"); }

void emit_into_sum(Emitter *emitter, const Step *call) {
  if (!emit_fits(emitter, call, emitter->unit)) return;
  Atom x = kept(call, operation_of(emitter, call));
  bool known = x < 0 || emitter->known[x] == KNOWN_U60;
  if (known)
    PRINT("  if (LIKELY(pending_ < SUM_TURNS)) {\n");
  else
    PRINT("  if (LIKELY(TAG(v%d) == 0 && pending_ < SUM_TURNS)) {\n", x);
  if (x >= 0)
    PRINT("  if (!pending_) HOLD(base_, SUM_TURNS);\n  base_[pending_++] = v%d;\n", x);
  else
    PRINT("  pending_++;\n");
  emit_loop(emitter, call);
  PRINT("  }\n");
}

void emit_sum_end(Emitter *emitter) {
  const Step *call = emitter->sum, *operation = operation_of(emitter, call);
  Atom x = kept(call, operation), result = call->dst;
  uint8_t *known = emitter->known;
  emitter->known = emit_known_copy(emitter);
  PRINT("fill:\n  do {\n");
  if (x >= 0) PRINT("  v%d = base_[--pending_];\n", x);
  PRINT("  if (UNLIKELY(TAG(w_) != 0)) {\n  w_ = finish(m, w_);\n  if (UNLIKELY(TAG(w_) != 0)) {\n");
  PRINT("  w_ = runtime->aside(m, 0x%llxull", (unsigned long long)emitter->unit->name << NATIVE_WAY_BITS | call->way);
  if (x >= 0 && x < result) PRINT(", v%d", x);
  PRINT(", w_");
  if (x > result) PRINT(", v%d", x);
  PRINT(");\n  goto next;\n  }\n  }\n  v%d = w_;\n", result);
  emitter->known[result] = KNOWN_U60;
  if (x >= 0) emitter->known[x] = KNOWN_U60;
  emit_step(emitter, operation, NULL);
  PRINT("  w_ = v%d;\nnext:;\n", operation->dst);
  if (x >= 0)
    PRINT("  } while (pending_);\n  m->stack_top = base_;\n");
  else
    PRINT("  } while (--pending_);\n");
  PRINT("  return w_;\n");
  emitter->known = known;
}
