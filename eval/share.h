// Boxes: what is used more than once is not cloned by dups. It is put into a box, which counts its owners; they reduce
// it once, in its place. Who takes a constructor out of a box that has other owners gets a copy of this layer, and the
// fields of both are boxes from then on. So cloning costs one step, however often and however late the copies are used.
//
// An open λ that is taken out of a box is copied by Dup-Lam: both copies share what is reduced under them through dups,
// which have its label. A box under them stays one for each copy's owners, but what its term stands for differs from
// copy to copy: so a dup that has a label clones a box as it clones any term, and only those without become boxes.
// Where no λ is ever open there are no such dups, and no cycles.
#ifndef HVM_EVAL_SHARE_H
#define HVM_EVAL_SHARE_H

#include "machine.h"
#include "worker.h"

static inline Word new_box(Machine *machine, Word term) {
  Location box = heap_alloc(machine, 2);
  machine->heap[box] = 2 * SHARE_ONE;
  machine->heap[box + 1] = term;
  return word_make(TAG_SHR, 0, box);
}

// Machines that run at the same time (worker.h) see the same boxes, and the same constructors in them. So counts are
// atomic then (machine.h, but see solo.h), a term is moved out of a box or a field with a compare-and-swap, and a field
// becomes a box where it is with another. An open λ in a box is copied by whoever moves it out meanwhile. Nothing else
// changes where several owners can see it; of dups see claim.h.

// A box for the term of a cell that others can see, which becomes this box, too; the cell's owner is counted. What the
// cell has already, if that needs no box or is one.
static inline Word box_cell(Machine *machine, Location cell) {
  Word term = load_cell(machine, cell), box = 0;
  while (!word_is_flat(term) && word_tag(term) != TAG_SHR) {
    if (word_tag(term) == TAG_SLOT) { // somebody reduces it
      worker_wait(machine, cell);
      term = load_cell(machine, cell);
      continue;
    }
    if (!box) box = new_box(machine, term);
    machine->heap[word_location(box)] = SHARE_ONE;
    machine->heap[word_location(box) + 1] = term;
    hard_pause();
    if (replace_cell(machine, cell, &term, box)) return box;
  }
  if (box) heap_free(machine, word_location(box), 2);
  return term;
}

// Moves the term of a field out that others can see, to reduce it. False: it is a value or in a box, or somebody else
// is or was at it.
static inline bool claim_cell(Machine *machine, Location cell, Word *term) {
  *term = load_cell(machine, cell);
  if (word_tag(*term) == TAG_SLOT) {
    worker_wait(machine, cell);
    *term = load_cell(machine, cell);
  }
  if (word_is_value(*term) || word_tag(*term) == TAG_SHR || word_tag(*term) == TAG_SLOT) return false;
  hard_pause();
  return replace_cell(machine, cell, term, machine->claim);
}

// An owner leaves a box; the term in it, without cells, stays for the others.
static inline void leave_box(Machine *machine, Location box) {
  if (!drop_owner(machine, box)) heap_free(machine, box, 2);
}

// One more owner of a box among several machines, which count them with locked instructions: so a number comes out of
// it, and needs no owners from then on. A profile is to see who comes to a box.
static __attribute__((noinline, unused)) Word share_among_many(Machine *machine, Word box) {
  Word value = load_cell(machine, word_location(box) + 1);
  if (!word_is_flat(value) || machine->profile) return add_owner(machine, word_location(box)), box;
  leave_box(machine, word_location(box));
  return value;
}

// The value of a box if it has one. Such a word is as good as the value for strict code.
static inline Word shared_value(const Machine *machine, Word term) {
  Word inner = word_tag(term) == TAG_SHR ? load_cell(machine, word_location(term) + 1) : term;
  return word_is_value(inner) ? inner : term;
}

static inline bool is_shared_value(const Machine *machine, Word term) {
  return word_tag(term) == TAG_SHR && word_is_value(shared_value(machine, term));
}

// Strict code's values.
static inline bool is_settled(const Machine *machine, Word term) {
  return word_is_value(term) || is_shared_value(machine, term);
}

static inline Word mark_stuck(Machine *machine, Word term); // rules.h

// The box in a cell that others can see was reduced, and it has no value: the evaluation gave a copy of a
// superposition, or a stuck term. That takes the box's place, unless somebody else's did. What is there.
static inline Word replace_box(Machine *machine, Location cell, Word box, Word term) {
  Word found = box;
  bool replaced = replace_cell(machine, cell, &found, term);
  heap_erase(machine, replaced ? box : term);
  return replaced ? term : found;
}

#endif
