// Reducing in its place what several machines can see, from machine code: a box, or a field of something borrowed. The
// graph reducer does the same to boxes with frames (FRAME_SHARE); here the calls are those of C, and the reducer is
// only asked for what machine code does not know.
#ifndef HVM_EVAL_FORCE_H
#define HVM_EVAL_FORCE_H

#include "frames.h"
#include "rules.h"
#include "spark.h"

static inline Word force_box(Machine *machine, Word box);

// To weak head normal form: calls by their machine code, until one of them needs the reducer.
static inline Word force_term(Machine *machine, Word term) {
  while (!machine->profile) { // which wants to see frames
    if (word_tag(term) == TAG_SHR && machine->many) {
      Word taken = spark_take_back(machine, term);
      if (taken == term) return force_box(machine, term);
      term = taken;
    }
    NativeEnter *enter = word_tag(term) == TAG_CAL ? machine->natives[word_extra(term)] : NULL;
    if (!enter) break;
    term = enter(machine, &machine->heap[word_location(term)], word_location(term));
    if (word_is_value(term)) return term;
  }
  return machine_evaluate(machine, term);
}

// What a claimed box holds now, which wakes those who wait for it. The box, the number in it, or the box in it.
static inline Word settle_box(Machine *machine, Word box, Word term) {
  if (!is_settled(machine, term)) term = mark_stuck(machine, term);
  worker_wake(machine, exchange_cell(machine, word_location(box) + 1, term));
  Word value = shared_value(machine, term);
  if (word_is_flat(value)) {
    heap_erase(machine, box);
    return value;
  }
  if (word_tag(term) != TAG_SHR && word_tag(term) != TAG_SUP) return box;
  if (value == term) return machine_evaluate(machine, box); // a superposition, or a box that is stuck
  if (is_last_owner(machine, word_location(box))) {
    heap_free(machine, word_location(box), 2);
  } else {
    add_owner(machine, word_location(term));
    heap_erase(machine, box);
  }
  return term;
}

// A box that is in no deque of this machine. When it has a value with cells it stays a box.
static inline Word force_box(Machine *machine, Word box) {
  Location at = word_location(box);
  Word term = load_cell(machine, at + 1);
  if (word_is_value(term) && !word_is_flat(term)) return box;
  bool claimed = word_tag(term) == TAG_CAL && !machine->profile && !is_last_owner(machine, at);
  if (claimed && (char *)__builtin_frame_address(0) < machine->native_bottom) machine_attend(machine, NATIVE_NO_NAME);
  hard_pause();
  claimed = claimed && replace_cell(machine, at + 1, &term, machine->claim);
  if (!claimed) return machine_evaluate(machine, box);
  frames_hold(machine, box);
  term = force_term(machine, term);
  frames_let_go(machine);
  return settle_box(machine, box, term);
}

// Reduces the term of a cell that others can see, in its place; what is there then, if in a box the value there.
static inline Word force_cell(Machine *machine, Location cell) {
  Word term, value;
  while (!claim_cell(machine, cell, &term)) {
    if (word_is_value(term)) return term;
    if (word_tag(term) != TAG_SHR) continue;
    if (is_shared_value(machine, term)) return shared_value(machine, term);
    Word box = term;
    add_owner(machine, word_location(box));
    term = force_term(machine, box);
    if (word_tag(term) != TAG_SHR) return word_is_flat(term) ? term : replace_box(machine, cell, box, term);
    value = shared_value(machine, term);
    drop_owner(machine, word_location(term)); // the cell keeps it
    return value;
  }
  term = force_term(machine, term);
  if (!is_settled(machine, term)) term = mark_stuck(machine, term);
  worker_wake(machine, exchange_cell(machine, cell, term));
  return shared_value(machine, term);
}

#endif
