// The rewrite rules, one function each, drawn above it. Included by reduce.c only.
//
// Every function consumes the cells of its redex and returns the term that takes its place. `count` is done by callers
// where a rule has several outcomes.
#ifndef HVM_EVAL_RULES_H
#define HVM_EVAL_RULES_H

#include "machine.h"

static inline Word *cell(Machine *machine, Location location) { return &machine->heap[location]; }

static inline Word new_pair(Machine *machine, unsigned tag, unsigned extra, Word first, Word second) {
  Location location = heap_alloc(machine, 2);
  machine->heap[location] = first;
  machine->heap[location + 1] = second;
  return word_make(tag, extra, location);
}

static inline Word new_superposition(Machine *machine, Word first, Word second, Label label) {
  Location location = heap_alloc(machine, 3);
  machine->heap[location] = first;
  machine->heap[location + 1] = second;
  machine->heap[location + 2] = label;
  return word_make(TAG_SUP, 0, location);
}

// A dup in some state (its label, and perhaps a dead side); the sides are DP0 and DP1 of the location.
static inline Location new_dup(Machine *machine, Word term, Word state) {
  Location location = heap_alloc(machine, 2);
  machine->heap[location] = term;
  machine->heap[location + 1] = state;
  return location;
}

static inline Label fresh_label(Machine *machine) {
  if (machine->next_label >= LABEL_IDENTITY_LIMIT)
    machine_fail(machine, MACHINE_EXHAUSTED, NULL, NULL, "out of labels: 2^40 duplications of lambdas");
  return label_new(machine->next_label++);
}

// The two copies of a term: flat ones at once, others through a dup in the given state. A dead side gets ERA.
static inline void clone(Machine *machine, Word term, Word state, Word copies[2]) {
  if (word_is_flat(term)) {
    machine->rewrites[word_tag(term) == TAG_CTR ? RULE_DUP_CTR : RULE_DUP_NUM]++;
    copies[0] = copies[1] = term;
    return;
  }
  Location dup = new_dup(machine, term, state);
  copies[0] = state & DUP_DEAD0 ? TAG_ERA : word_make(TAG_DP0, 0, dup);
  copies[1] = state & DUP_DEAD1 ? TAG_ERA : word_make(TAG_DP1, 0, dup);
}

// What one side of a dup gets, and the other: results[side].
// dead: the state bit of a side that was erased already; its result is not built.

// dup x y = (K a b …)
// --------------------------------------- Dup-Ctr
// dup a0 a1 = a; dup b0 b1 = b; …
// x <- (K a0 b0 …)
// y <- (K a1 b1 …)
static inline void dup_constructor(Machine *machine, Word term, Word state, Word results[2]) {
  unsigned arity = machine->code.arities.items[word_extra(term)];
  Location source = word_location(term);
  machine->rewrites[RULE_DUP_CTR]++;
  if (state & (DUP_DEAD0 | DUP_DEAD1)) {
    // Only a labelled dup comes here with a dead side: it goes on projecting, in place.
    unsigned side = state & DUP_DEAD0 ? 1 : 0;
    for (unsigned i = 0; i < arity; i++) {
      Word copies[2];
      clone(machine, machine->heap[source + i], state, copies);
      machine->heap[source + i] = copies[side];
    }
    results[side] = term;
    results[1 - side] = TAG_ERA;
    return;
  }
  Location target = heap_alloc(machine, arity);
  for (unsigned i = 0; i < arity; i++) {
    Word copies[2];
    clone(machine, machine->heap[source + i], state, copies);
    machine->heap[source + i] = copies[0];
    machine->heap[target + i] = copies[1];
  }
  results[0] = term;
  results[1] = word_make(TAG_CTR, word_extra(term), target);
}

// dup x y = {a b}, of one label
// --------------------------------------- Dup-Sup
// x <- a
// y <- b
static inline void dup_same_superposition(Machine *machine, Word term, Word state, Word results[2]) {
  Location location = word_location(term);
  machine->rewrites[RULE_DUP_SUP]++;
  results[0] = machine->heap[location];
  results[1] = machine->heap[location + 1];
  heap_free(machine, location, 3);
  if (state & DUP_DEAD0) heap_erase(machine, results[0]);
  if (state & DUP_DEAD1) heap_erase(machine, results[1]);
}

// dup x y = {a b}, of different labels
// --------------------------------------- Dup-Sup
// dup xa ya = a; dup xb yb = b            (labels: the dup's own, a step further to either side)
// x <- {xa xb}
// y <- {ya yb}
static inline void dup_other_superposition(Machine *machine, Word term, Word state, Word results[2]) {
  Location location = word_location(term);
  Word first = machine->heap[location], second = machine->heap[location + 1];
  Label label = machine->heap[location + 2], own = state >> DUP_LABEL_SHIFT;
  Word dead = state & (DUP_DEAD0 | DUP_DEAD1);
  machine->rewrites[RULE_DUP_SUP]++;
  Word firsts[2], seconds[2];
  clone(machine, first, (own ? label_step(own, 0) << DUP_LABEL_SHIFT : 0) | dead, firsts);
  clone(machine, second, (own ? label_step(own, 1) << DUP_LABEL_SHIFT : 0) | dead, seconds);
  unsigned reused = dead & DUP_DEAD0 ? 1 : 0;
  machine->heap[location] = firsts[reused];
  machine->heap[location + 1] = seconds[reused];
  results[reused] = term;
  results[1 - reused] = dead ? TAG_ERA : new_superposition(machine, firsts[1], seconds[1], label);
}

// ({a b} c)
// --------------------------------------- App-Sup
// dup c0 c1 = c
// {(a c0) (b c1)}
static inline Word apply_superposition(Machine *machine, Word term, Word argument) {
  Location location = word_location(term);
  Label label = machine->heap[location + 2];
  Word copies[2];
  machine->rewrites[RULE_APP_SUP]++;
  clone(machine, argument, label << DUP_LABEL_SHIFT, copies);
  machine->heap[location] = new_pair(machine, TAG_APP, 0, machine->heap[location], copies[0]);
  machine->heap[location + 1] = new_pair(machine, TAG_APP, 0, machine->heap[location + 1], copies[1]);
  return term;
}

// (op {a b} c)                            (op c {a b}) likewise
// --------------------------------------- Op2-Sup
// dup c0 c1 = c
// {(op a c0) (op b c1)}
static inline Word operate_superposition(Machine *machine, unsigned extra, Word left, Word right) {
  bool on_left = word_tag(left) == TAG_SUP;
  Word term = on_left ? left : right, other = on_left ? right : left;
  Location location = word_location(term);
  Label label = machine->heap[location + 2];
  Word copies[2];
  machine->rewrites[RULE_OP2_SUP]++;
  clone(machine, other, label << DUP_LABEL_SHIFT, copies);
  for (unsigned side = 0; side < 2; side++) {
    Word part = machine->heap[location + side];
    machine->heap[location + side] = on_left ? new_pair(machine, TAG_OP2, extra, part, copies[side])
                                             : new_pair(machine, TAG_OP2, extra, copies[side], part);
  }
  return term;
}

// A node with a superposition among its fields, as a superposition of two nodes.
// (F … {a b} … c …)
// --------------------------------------- Fun-Sup (also used to lift one out of a matched constructor)
// dup c0 c1 = c; …
// {(F … a … c0 …) (F … b … c1 …)}
static inline Word lift_superposition(Machine *machine, Word key, Word *fields, unsigned arity, unsigned index) {
  Word term = fields[index];
  Location location = word_location(term);
  Label label = machine->heap[location + 2];
  Location nodes[2] = {heap_alloc(machine, arity), heap_alloc(machine, arity)};
  for (unsigned i = 0; i < arity; i++) {
    Word copies[2] = {machine->heap[location], machine->heap[location + 1]};
    if (i != index) clone(machine, fields[i], label << DUP_LABEL_SHIFT, copies);
    for (unsigned side = 0; side < 2; side++) machine->heap[nodes[side] + i] = copies[side];
  }
  for (unsigned side = 0; side < 2; side++)
    machine->heap[location + side] = word_make(word_tag(key), word_extra(key), nodes[side]);
  return term;
}

#endif
