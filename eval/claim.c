#include "claim.h"

#include "worker.h"

bool claim_dup(Machine *machine, Location dup, Word *term) {
  Word *const cells = &machine->heap[dup];
  for (;;) {
    Word state = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE), inner = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
    if (word_tag(inner) == TAG_SLOT) {
      worker_wait(machine, dup);
      continue;
    }
    hard_pause();
    if (!(state & DUP_FIRED)) { // what is there may be the term, or what was left since
      if (!__atomic_compare_exchange_n(&cells[0], &inner, machine->claim, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        continue;
      state = __atomic_fetch_or(&cells[1], DUP_CLAIMED, __ATOMIC_ACQ_REL);
    }
    *term = inner;
    if (!(state & DUP_FIRED)) return true;
    heap_free(machine, dup, 2);
    return false;
  }
}

void claim_settle(Machine *machine, Location dup, Word other) {
  Word *const cells = &machine->heap[dup];
  Word state = __atomic_exchange_n(&cells[1], DUP_FIRED, __ATOMIC_ACQ_REL), waiting = SLOT_ORPHAN;
  hard_pause();
  if (!(state & (DUP_DEAD0 | DUP_DEAD1))) waiting = __atomic_exchange_n(&cells[0], other, __ATOMIC_ACQ_REL);
  if (waiting != SLOT_ORPHAN) {
    worker_wake(machine, waiting);
  } else {
    heap_free(machine, dup, 2);
    heap_erase(machine, other);
  }
}

void claim_put_back(Machine *machine, Location dup, Word term) {
  Word *const cells = &machine->heap[dup];
  __atomic_fetch_and(&cells[1], ~(Word)DUP_CLAIMED, __ATOMIC_RELAXED);
  hard_pause();
  worker_wake(machine, __atomic_exchange_n(&cells[0], term, __ATOMIC_ACQ_REL));
}

bool claim_erase(Machine *machine, Location dup, unsigned side, Word *term, bool *halved) {
  Word *const cells = &machine->heap[dup];
  Word state = __atomic_fetch_or(&cells[1], side ? DUP_DEAD1 : DUP_DEAD0, __ATOMIC_ACQ_REL);
  *halved = !(state & (DUP_FIRED | (side ? DUP_DEAD0 : DUP_DEAD1)));
  if (*halved) return false;
  hard_pause();
  *term = __atomic_exchange_n(&cells[0], SLOT_ORPHAN, __ATOMIC_ACQ_REL);
  if (word_tag(*term) == TAG_SLOT) return false; // it fires just now: whoever does it frees it
  heap_free(machine, dup, 2);
  return true;
}
