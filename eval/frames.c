#include "frames.h"

#include "graph_sparks.h"

const Word *frames_next(const Machine *machine, const Word *top) {
  switch (*top & 15) {
  case FRAME_APP:
  case FRAME_OP2_LEFT:
  case FRAME_OP2_RIGHT: return top - 2;
  case FRAME_BUILTIN: return top - 3;
  case FRAME_NATIVE: return top - 1 - (*top >> FRAME_SHIFT);
  case FRAME_RUN: return top - 1 - machine->shared->code.words.items[(*top >> FRAME_SHIFT) + 2];
  case FRAME_ODD: return top - 1 - machine->shared->code.functions.items[*top >> ODD_NAME_SHIFT]->arity;
  default: return top - 1;
  }
}

NameId frames_function(const Machine *machine, const Word *top) {
  switch (*top & 15) {
  case FRAME_RUN: return (NameId)machine->shared->code.words.items[(*top >> FRAME_SHIFT) + 3];
  case FRAME_ODD: return (NameId)(*top >> ODD_NAME_SHIFT);
  case FRAME_BUILTIN: return (NameId)(*top >> FRAME_SHIFT);
  default: return UINT32_MAX;
  }
}

Word *frames_push_parts(Machine *machine, Word term, Word *sp) {
  Location location = word_location(term);
  unsigned name = word_extra(term), arity;
#define PUSH(kind, place) (*sp++ = (Word)(place) << FRAME_SHIFT | (kind))
  switch (word_tag(term)) {
  case TAG_CTR:
    arity = location ? machine->shared->code.arities.items[name] : 0;
    bool shallow = arity > 1 && sp < atomic_load_explicit(&machine->spark_below, memory_order_relaxed);
    if (__builtin_expect(shallow, 0) && offer_fields(machine, location, arity, sp)) {
      for (unsigned i = 0; i < arity; i++) PUSH(FRAME_NORMAL, location + i);
    } else {
      for (unsigned i = arity; i-- > 0;) PUSH(FRAME_NORMAL, location + i);
    }
    break;
  case TAG_CAL: {
    const FunctionCode *function = machine->shared->code.functions.items[name];
    for (unsigned i = function->arity; i-- > 0;)
      PUSH(function->strict[i] ? FRAME_NORMAL_BELOW : FRAME_NORMAL, location + i);
    break;
  }
  case TAG_LAM: PUSH(FRAME_NORMAL, location + 1); break;
  case TAG_SUP: PUSH(FRAME_NORMAL, location + 1), PUSH(FRAME_NORMAL, location); break;
  case TAG_APP: PUSH(FRAME_NORMAL, location + 1), PUSH(FRAME_NORMAL_BELOW, location); break;
  case TAG_OP2: PUSH(FRAME_NORMAL_BELOW, location + 1), PUSH(FRAME_NORMAL_BELOW, location); break;
  case TAG_DP0:
  case TAG_DP1: {
    // Both sides of a stuck dup show the same term: once is enough.
    Word *state = &machine->heap[location + 1], mark = (Word)machine->session << DUP_SESSION_SHIFT;
    if ((*state & DUP_SESSION_MASK) == mark && mark != DUP_SESSION_MASK) {
      machine->stale = true; // unless something is substituted into it after all
      break;
    }
    *state = (*state & ~DUP_SESSION_MASK) | mark;
    PUSH(FRAME_NORMAL_BELOW, location);
    break;
  }
  case TAG_SHR: { // likewise, for all owners
    Word *count = &machine->heap[location], mark = (Word)machine->session << DUP_SESSION_SHIFT;
    Word old = __atomic_load_n(count, __ATOMIC_RELAXED);
    if ((old & DUP_SESSION_MASK) == mark && mark != DUP_SESSION_MASK) {
      machine->stale = true;
      break;
    }
    while (!__atomic_compare_exchange_n(count, &old, (old & ~DUP_SESSION_MASK) | mark, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
      continue;
    PUSH(FRAME_NORMAL_BELOW, location + 1);
    break;
  }
  default: break;
  }
#undef PUSH
  return sp;
}

Word *frames_push_builtin(Machine *machine, unsigned name, Location node, Word *sp) {
  *sp++ = machine_begin_normalising(machine);
  *sp++ = node;
  *sp++ = (Word)name << FRAME_SHIFT | FRAME_BUILTIN;
  for (unsigned i = machine->shared->code.arities.items[name] - 1u; i-- > 0;)
    *sp++ = (node + i) << FRAME_SHIFT | FRAME_NORMAL;
  return sp;
}
