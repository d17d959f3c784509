#include "speculate.h"

#include <time.h>

#include "force.h"
#include "spark.h"
#include "worker.h"

enum { HINTS_KEPT = 1 << 8 };        // by each machine: the oldest are dropped
enum { PARKED_LIMIT = 64 };          // machines: then no more hints are taken in this run
enum { MEMORY_PART = 4 };            // of the limit is what speculation may take unasked
enum { LOOK_NANOSECONDS = 1000000 }; // between two searches for what nobody can need any more

static bool is_reducible(Word term) {
  return word_tag(term) == TAG_APP || word_tag(term) == TAG_OP2 || word_tag(term) == TAG_CAL;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static bool is_over(Shared *shared) { return atomic_load(&shared->speculated) > shared->memory_limit / MEMORY_PART; }

// Who is demanded. All that changes who waits for whom, or who is parked, looks at the other afterwards.

static bool is_demanded(Shared *shared, const Machine *machine) {
  if (!atomic_load(&machine->speculates)) return true;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    if (atomic_load(&one->speculates)) continue;
    unsigned steps = 0; // a value that depends on itself
    for (Machine *at = one; at && atomic_load(&at->waiting) && steps < 1000; steps++) {
      at = atomic_load(&at->waits_for);
      if (at == machine) return true;
    }
  }
  return false;
}

void speculate_demand(Shared *shared) {
  if (!atomic_load(&shared->parked)) return;
  pthread_mutex_lock(&shared->parking);
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    if (!one->parked || !is_demanded(shared, one)) continue;
    one->parked = false;
    atomic_fetch_sub(&shared->parked, 1);
    worker_let_go_on(one);
  }
  pthread_mutex_unlock(&shared->parking);
}

// Sleeps until it is demanded. False: it is, or the run or its speculation ends.
static bool park(Machine *machine) {
  Shared *shared = machine->shared;
  atomic_store(&machine->waits_for, NULL);
  pthread_mutex_lock(&shared->parking);
  unsigned parked = atomic_fetch_add(&shared->parked, 1) + 1;
  bool stays = !is_demanded(shared, machine) && !atomic_load(&shared->stopping) && !atomic_load(&shared->cancelling);
  if (stays) {
    if (parked > PARKED_LIMIT) atomic_store(&shared->hints_off, true);
    machine->parked = true;
    atomic_store(&machine->listed, true);
    atomic_store(&machine->waiting, true);
  } else {
    atomic_fetch_sub(&shared->parked, 1);
  }
  pthread_mutex_unlock(&shared->parking);
  if (!stays) return false;
  worker_sleep(machine);
  pthread_mutex_lock(&shared->parking);
  if (machine->parked) atomic_fetch_sub(&shared->parked, 1);
  machine->parked = false;
  pthread_mutex_unlock(&shared->parking);
  return true;
}

void speculate_hold(Machine *machine) {
  if (!atomic_load(&machine->speculates)) return;
  while (park(machine)) worker_attend(machine);
  worker_attend(machine); // it may be the end instead
}

void speculate_attend(Machine *machine) {
  Shared *shared = machine->shared;
  if (!atomic_load(&machine->speculates)) return;
  if (!is_over(shared) && !is_last_owner(machine, machine->box)) return;
  while (park(machine)) worker_attend(machine);
}

void speculate_grow(Machine *machine, size_t bytes) {
  if (!atomic_load_explicit(&machine->speculates, memory_order_relaxed)) return;
  machine->grown += bytes;
  atomic_fetch_add(&machine->shared->speculated, bytes);
  if (is_over(machine->shared)) machine_want_attention(machine);
}

// Machines are looked at one after the other; meanwhile none may have begun or ended to wait. Else one that was seen
// waiting may run by the time that whoever woke it is looked at, which nobody needs any more; or one that was not
// needed when it was looked at, since the main machine ran, may be what that waits for when it is looked at.
bool speculate_is_all(Shared *shared) {
  for (;; worker_nap()) {
    uint64_t turned = atomic_load(&shared->turned);
    if (!atomic_load(&shared->speculating) || atomic_load(&shared->searching)) return false;
    pthread_mutex_lock(&shared->parking);
    bool runs = false;
    for (Machine *one = atomic_load(&shared->machines); one && !runs; one = one->next)
      runs = atomic_load(&one->works) && !(atomic_load(&one->waiting) && atomic_load(&one->listed)) &&
             is_demanded(shared, one);
    pthread_mutex_unlock(&shared->parking);
    if (runs) return false;
    if (turned == atomic_load(&shared->turning)) return true;
  }
}

// Hints.

// Those that speculate should have a look whether somebody else owns their boxes as yet.
static void look_for_useless(Shared *shared) {
  uint64_t time = now(), last = atomic_load(&shared->last_look);
  if (time - last < LOOK_NANOSECONDS || !atomic_compare_exchange_strong(&shared->last_look, &last, time)) return;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next)
    if (atomic_load(&one->speculates) && !atomic_load(&one->waiting)) machine_want_attention(one);
}

void speculate_drop(Machine *machine, Location box) {
  if (machine->profile) profile_forget(machine, box);
  heap_erase(machine, word_make(TAG_SHR, 0, box));
}

static bool is_useful(const Machine *machine, Location box) {
  return !is_last_owner(machine, box) && is_reducible(load_cell(machine, box + 1));
}

void speculate_hint(Machine *machine, Word term) {
  Shared *shared = machine->shared;
  if (atomic_load_explicit(&shared->hints_off, memory_order_relaxed)) {
    heap_erase(machine, term);
    return;
  }
  while (word_tag(term) == TAG_SHR) {
    Word inner = load_cell(machine, word_location(term) + 1);
    if (word_tag(inner) != TAG_SHR || is_last_owner(machine, word_location(term))) break;
    add_owner(machine, word_location(inner)); // another box took its place
    heap_erase(machine, term);
    term = inner;
  }
  Location box = word_location(term);
  bool wanted = word_tag(term) == TAG_SHR && is_useful(machine, box);
  if (!wanted || __atomic_fetch_or(&machine->heap[box], SHARE_HINTED, __ATOMIC_RELAXED) & SHARE_HINTED) {
    heap_erase(machine, term);
    return;
  }
  worker_be_many(machine);
  if (deque_size(&machine->hints) >= HINTS_KEPT) {
    Location oldest = deque_steal(&machine->hints);
    if (oldest != DEQUE_EMPTY) speculate_drop(machine, oldest);
  }
  if (machine->profile) profile_spark(machine, box, load_cell(machine, box + 1));
  deque_push(&machine->hints, box);
  machine->hinted++;
  atomic_thread_fence(memory_order_seq_cst);
  worker_want_help(shared);
  if (atomic_load(&shared->speculating)) look_for_useless(shared);
}

static bool may_take(Shared *shared) { return !atomic_load(&shared->hints_off) && !is_over(shared); }

bool speculate_has_hints(Shared *shared) {
  if (!may_take(shared)) return false;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next)
    if (deque_size(&one->hints) > 0) return true;
  return false;
}

Location speculate_find(Machine *machine) {
  Shared *shared = machine->shared;
  if (!may_take(shared)) return DEQUE_EMPTY;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    Location box = deque_steal(&one->hints);
    if (box == DEQUE_EMPTY) continue;
    if (one != machine) machine->steals++, atomic_fetch_add(&shared->steals, 1);
    return box | DEQUE_SPECULATIVE;
  }
  return DEQUE_EMPTY;
}

static void begin(Machine *machine, Location box) {
  machine->box = box;
  machine->full_tank = machine->tank; // what it does is as large as a program: memory counts more than the theft
  machine->tank = NATIVE_FUEL;
  atomic_fetch_add(&machine->shared->speculating, 1);
  atomic_store(&machine->speculates, true);
}

static void end(Machine *machine) {
  atomic_fetch_sub(&machine->shared->speculated, machine->grown);
  machine->grown = 0;
  machine->tank = machine->full_tank;
  atomic_store(&machine->speculates, false);
  atomic_fetch_sub(&machine->shared->speculating, 1);
}

void speculate_run(Machine *machine, Location box) {
  begin(machine, box);
  hard_pause();
  if (atomic_load(&machine->shared->cancelling)) { // it came too late, and nobody would see to it that it ends
    end(machine);
    if (!atomic_load(&machine->shared->abandoned)) speculate_drop(machine, box);
    return;
  }
  Word *cell = &machine->heap[box + 1], term = load_cell(machine, box + 1);
  bool claimed = false;
  while (is_reducible(term) && !claimed && !is_last_owner(machine, box))
    claimed = __atomic_compare_exchange_n(cell, &term, machine->claim, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  Word spark = word_make(TAG_SHR, 0, box);
  if (claimed)
    spark = spark_reduce_claimed(machine, box, term);
  else if (machine->profile)
    profile_forget(machine, box);
  end(machine);
  heap_erase(machine, spark);
}

void speculate_left(Machine *machine) {
  if (!atomic_load(&machine->speculates)) return;
  atomic_store(&machine->shared->abandoned, true);
  end(machine);
}

// Runs.

void speculate_begin(Shared *shared) {
  atomic_store(&shared->hints_off, true);
  atomic_store(&shared->cancelling, false);
  atomic_store(&shared->speculated, 0);
  atomic_store(&shared->parked, 0);
#ifndef HVM_STRESS_CYCLES // see worker_begin
  bool may = shared->threads > 1 && shared->code.spreads && !shared->code.open && !shared->main->trace &&
             shared->program->has_sparks && !shared->program->has_effects; // since a run may be done again
  atomic_store(&shared->hints_off, !may);
#endif
}

// All that speculate leave, and nobody begins to until the next run.
static void cancel(Machine *machine) {
  Shared *shared = machine->shared;
  atomic_store(&shared->cancelling, true);
  while (atomic_load(&shared->speculating)) {
    worker_attend(machine);
    for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
      if (!atomic_load(&one->speculates)) continue;
      machine_want_attention(one);
      worker_let_go_on(one);
    }
    worker_nap();
  }
}

static void empty(Machine *machine, Deque *deque, bool lost) {
  for (Location box; (box = deque_take(deque)) != DEQUE_EMPTY;)
    if (!lost) speculate_drop(machine, box & ~DEQUE_SPECULATIVE);
}

void speculate_end(Machine *machine) {
  Shared *shared = machine->shared;
  bool lost = atomic_load(&shared->stopping) || atomic_load(&shared->abandoned); // the heap is emptied as a whole
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    empty(machine, &one->hints, lost);
    empty(machine, &one->deque, lost);
  }
}

// The result. Normalising (reduce.c) changes terms where others may see them, so it is done when nobody speculates any
// more. Before, all that the result needs is reduced in its place as others would do it, while they may.

// Is it the first time?
static bool visit(Machine *machine, Location box) {
  Word *count = &machine->heap[box], mark = (Word)machine->session << DUP_SESSION_SHIFT, old = load_cell(machine, box);
  do {
    if ((old & DUP_SESSION_MASK) == mark && mark != DUP_SESSION_MASK) return false;
  } while (!__atomic_compare_exchange_n(count, &old, (old & ~DUP_SESSION_MASK) | mark, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
  return true;
}

// Reduces a cell; the fields of its constructor are put on the list of cells. False: it is neither that nor a number.
static bool deepen(Machine *machine, Location cell) {
  for (;;) {
    Word term = load_cell(machine, cell);
    if (word_tag(term) == TAG_SHR) {
      if (!visit(machine, word_location(term))) return true;
      cell = word_location(term) + 1;
    } else if (word_tag(term) == TAG_CTR) {
      Location fields = word_location(term);
      for (unsigned i = fields ? machine->shared->code.arities.items[word_extra(term)] : 0; i-- > 0;)
        ARRAY_PUSH(&machine->cells, fields + i);
      return true;
    } else if (word_is_value(term)) {
      return word_tag(term) != TAG_LAM;
    } else {
      term = force_cell(machine, cell);
      if (!is_settled(machine, term)) return false;
    }
  }
}

static bool deepen_all(Machine *machine) {
  bool whole = true;
  machine->cells.count = 0;
  machine_begin_normalising(machine);
  ARRAY_PUSH(&machine->cells, machine->root);
  while (machine->cells.count) whole &= deepen(machine, machine->cells.items[--machine->cells.count]);
  return whole;
}

bool speculate_finish(Machine *machine) {
  Shared *shared = machine->shared;
  if (atomic_load(&shared->hints_off)) return true;
  bool whole = deepen_all(machine);
  spark_settle(machine); // who is demanded may wait for one that speculates
  atomic_store(&shared->hints_off, true);
  if (!whole) { // most of it may end by itself: it gets the time that the run took so far
    uint64_t time = now();
    while (atomic_load(&shared->speculating) && now() - time < time - shared->begun) {
      worker_attend(machine);
      worker_nap();
    }
  }
  cancel(machine);
  return whole || !atomic_load(&shared->abandoned);
}
