// Tail calls modulo constructors: a unit that returns a node with the result of a call of itself in it makes the node
// at once, with a hole, and goes on with the call as its next turn, which fills the hole in the end. So lists are built
// from their front, in a loop, without a frame for each element. Until the unit returns nobody else sees the nodes.
//
// hole_ is the cell to be filled, 0 in the first turn; first_ is the node that the unit returns. What is filled in is
// what the call would have given, so the terms are the same. (Minamide, "A functional representation of data structures
// with a hole", 1998, where the holes come from.)
#include "emitter.h"

// The node that is made of a block's result, if nothing else but such nodes stands between it and the unit's result.
// Not where a search for cycles may come by: it must see whatever is live.
const Step *emit_find_hole(const Emitter *emitter, const Step *block) {
  Atom x = block->dst;
  if (emitter->strict->open || emitter->inside.count) return NULL;
  const Step *step = block->next;
  for (; step && step->kind == STEP_NODE && word_tag(step->word) == TAG_CTR; step = step->next) {
    uint32_t uses = 0;
    for (uint32_t i = 0; i < step->count; i++) uses += step->arguments[i] == x;
    if (uses != 1) return NULL;
    x = step->dst;
  }
  bool found = step && step != block->next && step->kind == STEP_RETURN && step->arguments[0] == x;
  return found ? block->next : NULL;
}

static bool is_own_call(const Unit *unit, const Step *step) {
  const Step *next = step->next;
  return step->kind == STEP_CALL && step->name == unit->name && !step->aside && next && next->kind == STEP_RETURN &&
         next->arguments[0] == step->dst;
}

static bool has_own_call(const Unit *unit, const Step *step) {
  for (; step; step = step->next) {
    if (is_own_call(unit, step)) return true;
    if (step->kind == STEP_BLOCK) continue; // a block in it has another result
    if ((step->kind == STEP_FUEL || step->kind == STEP_SHALLOW || step->kind == STEP_IF || step->kind == STEP_CASE) &&
        step->aside && has_own_call(unit, step->aside))
      return true;
    for (uint32_t i = 0; i < step->case_count; i++)
      if (has_own_call(unit, step->cases[i].steps)) return true;
  }
  return false;
}

static bool has_holes(const Emitter *emitter, const Unit *unit, const Step *step) {
  for (; step; step = step->next) {
    if (step->kind == STEP_BLOCK && emit_find_hole(emitter, step) && has_own_call(unit, step->aside)) return true;
    for (uint32_t i = 0; i < step->case_count; i++)
      if (has_holes(emitter, unit, step->cases[i].steps)) return true;
    if (step->kind == STEP_IF && has_holes(emitter, unit, step->aside)) return true;
  }
  return false;
}

bool emit_has_holes(const Emitter *emitter, const Unit *unit) { return has_holes(emitter, unit, unit->steps); }

bool emit_into_hole(Emitter *emitter, const Step *step) {
  if (emitter->inside.count != 1) return false;
  const Block *block = &emitter->inside.items[0];
  if (!block->hole || !is_own_call(emitter->unit, step) || !emit_fits(emitter, step, emitter->unit)) return false;
  uint32_t field = 0;
  while (block->hole->arguments[field] != block->dst) field++;
  PRINT("  v%d = 0;\n", block->dst);
  const Step *node = block->hole;
  for (; node->kind == STEP_NODE; node = node->next) emit_node(emitter, node);
  Atom last = node->arguments[0];
  PRINT("  if (hole_) HEAP[hole_] = v%d; else first_ = v%d;\n", last, last);
  PRINT("  hole_ = LOCATION(v%d) + %u;\n", block->hole->dst, field);
  emit_loop(emitter, step);
  return true;
}

void emit_fill(Emitter *emitter) {
  PRINT("fill:\n  if (UNLIKELY(TAG(w_) == T_GRAPH)) w_ = finish(m, w_);\n  HEAP[hole_] = w_;\n  return first_;\n");
}
