// Flows: how a demand on a whole becomes a demand on a part. The values that demand.c computes with, what it leaves for
// demand_query.c, and the slots of variables, which spine.c goes by as well.
#ifndef HVM_LANG_FLOW_H
#define HVM_LANG_FLOW_H

#include "demand.h"

// What reaches a part of a term for each demand on the whole: two bits each, those of LAZY always 0. A flow is a
// function from demands to demands, so flows compose: an argument of a call of an argument of a call.
typedef uint8_t Flow;

#define FLOW(weak, spine, complete) ((Flow)((weak) << 2 | (spine) << 4 | (complete) << 6))
enum {
  FLOW_NONE = 0,
  FLOW_SAME = FLOW(DEMAND_WEAK, DEMAND_SPINE, DEMAND_COMPLETE),
  FLOW_WEAK = FLOW(DEMAND_WEAK, DEMAND_WEAK, DEMAND_WEAK),
  FLOW_COMPLETE = FLOW(DEMAND_COMPLETE, DEMAND_COMPLETE, DEMAND_COMPLETE),
  FLOW_FIELD = FLOW(DEMAND_LAZY, DEMAND_LAZY, DEMAND_COMPLETE),
  FLOW_SPINE_FIELD = FLOW(DEMAND_LAZY, DEMAND_SPINE, DEMAND_COMPLETE),
};

static inline Demand flow_at(Flow flow, Demand on) { return (Demand)(flow >> 2 * (unsigned)on & 3); }

static inline Flow flow_make(Demand weak, Demand spine, Demand complete) { return FLOW(weak, spine, complete); }

// Outer reaches a term, inner a part of that term: what reaches the part.
static inline Flow flow_through(Flow outer, Flow inner) {
  return flow_make(flow_at(inner, flow_at(outer, DEMAND_WEAK)), flow_at(inner, flow_at(outer, DEMAND_SPINE)),
                   flow_at(inner, flow_at(outer, DEMAND_COMPLETE)));
}

// Both reach it; one of the two does, nobody knows which.
static inline Flow flow_both(Flow a, Flow b) {
  Flow result = FLOW_NONE;
  for (unsigned shift = 2; shift < 8; shift += 2) {
    unsigned x = a >> shift & 3, y = b >> shift & 3;
    result |= (Flow)((x > y ? x : y) << shift);
  }
  return result;
}

static inline Flow flow_either(Flow a, Flow b) {
  Flow result = FLOW_NONE;
  for (unsigned shift = 2; shift < 8; shift += 2) {
    unsigned x = a >> shift & 3, y = b >> shift & 3;
    result |= (Flow)((x < y ? x : y) << shift);
  }
  return result;
}

// Variables are numbered within a rule; those that dups make of one variable share its number, its slot. Slot 0 is
// nobody's.
static inline uint32_t slot_of(const Binder *binder) { return binder && !binder->scopeless ? binder->index : 0; }

static inline uint32_t slot_of_variable(const Term *term) {
  return term->kind == TERM_VARIABLE ? slot_of(term->variable.binder) : 0;
}

// What is known of a function: the flow to each argument, from the demand on its result.
struct FunctionDemand {
  uint32_t node; // while it is analysed: its number
  Flow *arguments;
  Flow *restricted; // the same if the function is restricted, or the program
};

static inline Flow builtin_flow(Builtin builtin, uint32_t index) {
  if (builtin == BUILTIN_U60_IF) return index == 0 ? FLOW_COMPLETE : FLOW_NONE;
  if (builtin == BUILTIN_U60_SWAP) return index == 0 ? FLOW_COMPLETE : FLOW_FIELD;
  if (builtin == BUILTIN_SPARK) return index == 0 ? FLOW_NONE : FLOW_SAME;
  return FLOW_NONE;
}

#endif
