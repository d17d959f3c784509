#include "spark.h"

#include "frames.h"
#include "rules.h"
#include "speculate.h"
#include "worker.h"

enum { LEFT_FUEL = HARD_OR(1, 1 << 12) };   // of a thief, for what was left by one without fuel
enum { SPARKS_FEW = HARD_OR(1 << 20, 16) }; // left for others: there should be more

// How deep code makes sparks.

enum {
  SPARK_NANOSECONDS = 12000, // one in that time is fast enough,
  BURST = 8,                 // on the average of so many;
  SLOW = 4                   // one in so many times that time is too slow
};
enum { LOOK_NANOSECONDS = 20000 }; // how often a machine with sparks sees to it that it keeps no thief from running
enum { ASK_NANOSECONDS = 20000 };  // how often those who find no work may make it grow
enum { DEPTH_STEP = 4, DEPTH_FIRST = 128 };         // by which part it grows, and by how many bytes more
enum { DEPTH_CUT = 16 };                            // by which part it is cut; far too fast: by DEPTH_STEP
enum { SPARKS_ENOUGH = HARD_OR(1 << 20, 1 << 10) }; // that nobody took: then there are no more, until somebody asks
static const size_t DEPTH_MOST = (size_t)1 << 40;

// Where thieves look.

enum { CHOICES = 3, LOOKS = 8 };                // at so many that have sparks, among so many from the first of them
enum { MUCH = 32 };                             // times as large
enum { WORTH_PARTS = 4, WORTH_MOST = 1000000 }; // of the average, one of which is a theft; nanoseconds

// How long nobody asks a machine for more when what it made then was not worth a theft, in nanoseconds.

enum { PAUSE_MOST = 8000000, PAUSE_MOST_ALONE = 64000000 }; // at most; and where it is long until it is alone again:
enum { PAUSE_TIMES = 32 };                                  // so many times as that takes
enum { WORTH_NANOSECONDS = 10000 };                         // a theft that keeps the thief so busy is worth it,
enum { PAUSE_CUT = 4 };                                     // and divides the pause by so much

static void set_spark_depth(Machine *machine, size_t depth) {
  atomic_store_explicit(&machine->spark_depth, depth, memory_order_relaxed);
  const Shared *shared = machine->shared;
  bool none = depth == 0 || atomic_load_explicit(&shared->calm, memory_order_relaxed) ||
              atomic_load_explicit(&shared->gathering, memory_order_relaxed) || atomic_load(&machine->followers) != 0;
  char *native = atomic_load_explicit(&machine->spark_native, memory_order_relaxed);
  native = depth < (uintptr_t)native ? native - depth : NULL; // as low as there is address space
  atomic_store_explicit(&machine->spark_above, none ? (char *)UINTPTR_MAX : native, memory_order_relaxed);
  atomic_store_explicit(&machine->spark_below,
                        none ? NULL
                             : atomic_load_explicit(&machine->spark_stack, memory_order_relaxed) + depth / sizeof(Word),
                        memory_order_relaxed);
}

// Depths are counted from the least one at which there has been a spark: what is above has nothing to offer.
static void grow_spark_depth(Machine *machine, size_t depth) {
  size_t least = atomic_load_explicit(&machine->spark_least, memory_order_relaxed);
  if (depth < least) depth = least;
  set_spark_depth(machine, depth + (depth - least) / DEPTH_STEP + DEPTH_FIRST);
}

// What a machine made since it was asked for more goes too fast. If nothing of it is worth the theft, as where a loop
// calls a function again and again that is small as a whole, to ask once more is in vain; so this may be less often,
// and less, until a theft is worth it.
static void note_vain(Machine *machine) {
  if (machine->profile || !atomic_exchange(&machine->spark_asked, false)) return;
  uint64_t pause = 2 * atomic_load(&machine->spark_pause);
  atomic_store(&machine->spark_pause, pause > PAUSE_MOST ? PAUSE_MOST : pause ? pause : ASK_NANOSECONDS);
}

// Until the others slept again the machine paid for what they did not do: that is to be a small part of the time.
void spark_note_alone(Machine *machine) {
  uint64_t pause = (profile_now() - atomic_load(&machine->spark_change)) * PAUSE_TIMES;
  if (pause > PAUSE_MOST_ALONE) pause = PAUSE_MOST_ALONE;
  if (spark_is_in_doubt(machine) && pause > atomic_load(&machine->spark_pause))
    atomic_store(&machine->spark_pause, pause);
}

bool spark_is_in_doubt(const Machine *victim) { return victim && atomic_load(&victim->spark_pause) > 0; }

void spark_judge(Machine *victim, uint64_t busy) {
  if (busy < WORTH_NANOSECONDS) return;
  uint64_t pause = atomic_load(&victim->spark_pause) / PAUSE_CUT;
  atomic_store(&victim->spark_pause, pause < ASK_NANOSECONDS ? 0 : pause);
}

static void cut_spark_depth(Machine *machine, size_t deepest, unsigned part) {
  size_t least = atomic_load_explicit(&machine->spark_least, memory_order_relaxed);
  set_spark_depth(machine, deepest > least ? deepest - (deepest - least) / part - 1 : least);
}

// The next call that can become a spark will. The nanoseconds until this may be.
static uint64_t want_sparks(Machine *machine, uint64_t time) {
  size_t depth = atomic_load(&machine->spark_depth);
  uint64_t until = atomic_load(&machine->spark_change) + atomic_load(&machine->spark_pause);
  if (!depth || depth >= DEPTH_MOST) return 0;
  if (until > time && atomic_load(&machine->works)) return until - time;
  atomic_store(&machine->spark_asked, true);
  set_spark_depth(machine, DEPTH_MOST);
  return 0;
}

uint64_t spark_want_all(Shared *shared) {
  uint64_t time = profile_now(), least = 0;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    uint64_t left = want_sparks(one, time);
    if (left && (!least || left < least)) least = left;
  }
  return least;
}

// A machine without sparks, seen by one that looks for some.
static void ask_for_sparks(Machine *machine) {
  uint64_t last = atomic_load(&machine->spark_change), time = profile_now();
  size_t depth = atomic_load(&machine->spark_depth);
  if (!depth || depth >= DEPTH_MOST || time - last < ASK_NANOSECONDS + atomic_load(&machine->spark_pause)) return;
  if (!atomic_compare_exchange_strong(&machine->spark_change, &last, time)) return;
  atomic_store(&machine->spark_asked, true);
  grow_spark_depth(machine, depth);
}

void spark_start(Machine *machine, const void *native) {
  atomic_store_explicit(&machine->spark_native, (char *)native, memory_order_relaxed);
  atomic_store_explicit(&machine->spark_stack, machine->stack_top, memory_order_relaxed);
  atomic_store_explicit(&machine->spark_least, DEPTH_MOST, memory_order_relaxed);
  size_t depth = atomic_load_explicit(&machine->spark_depth, memory_order_relaxed);
  set_spark_depth(machine, depth ? depth : DEPTH_MOST);
}

void spark_stop(Machine *machine) { set_spark_depth(machine, 0); }

void spark_go_on(Machine *machine) { set_spark_depth(machine, DEPTH_MOST); }

void spark_move_stack(Machine *machine, ptrdiff_t bytes) {
  atomic_store(&machine->spark_native, atomic_load(&machine->spark_native) + bytes);
  set_spark_depth(machine, atomic_load(&machine->spark_depth));
}

void spark_look_again(Machine *machine) { set_spark_depth(machine, atomic_load(&machine->spark_depth)); }

void spark_all_look_again(Shared *shared) {
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) spark_look_again(one);
}

void spark_ask_all(Shared *shared) {
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) ask_for_sparks(one);
}

// One more spark. When they go too fast, to thieves or back to the machine, the deepest ones are not worth it. How fast
// they come says nothing: a loop may leave all its rounds to others.
static void count_spark(Machine *machine, ptrdiff_t depth) {
  if (machine->burst_depth < depth) machine->burst_depth = depth;
  if ((size_t)depth < atomic_load_explicit(&machine->spark_least, memory_order_relaxed))
    atomic_store_explicit(&machine->spark_least, (size_t)depth, memory_order_relaxed);
  uint64_t made = atomic_load(&machine->sparks), waiting = (uint64_t)deque_size(&machine->deque);
  if (waiting > SPARKS_ENOUGH && !machine->profile) set_spark_depth(machine, 1);
  uint64_t time = profile_now(), took = time - machine->burst_began;
  if (time - machine->looked_around > LOOK_NANOSECONDS && atomic_load(&machine->shared->searching)) {
    machine->looked_around = time;
    processors_spread(machine); // who looks for work may be waiting for the processor
  }
  uint64_t count = made - machine->burst;
  if (waiting > machine->burst_waiting) count -= waiting - machine->burst_waiting;
  bool slow = took > SLOW * BURST * SPARK_NANOSECONDS;
  if (count < BURST && !slow) return;
  size_t limit = atomic_load(&machine->spark_depth);
  if (took < count * SPARK_NANOSECONDS && HARD_OR(false, true)) {
    atomic_store(&machine->spark_change, time);
    note_vain(machine);
    cut_spark_depth(machine, (size_t)machine->burst_depth,
                    took < count * SPARK_NANOSECONDS / 8 ? DEPTH_STEP : DEPTH_CUT);
  } else if (slow && limit && limit < DEPTH_MOST &&
             time - atomic_load(&machine->spark_change) >= atomic_load(&machine->spark_pause)) {
    atomic_store(&machine->spark_asked, true);
    grow_spark_depth(machine, limit);
  }
  machine->burst = made;
  machine->burst_waiting = waiting;
  machine->burst_began = time;
  machine->burst_depth = 0;
}

// Who takes them.

// Any machine. If each thief began with the one behind it, they would live on each other's last and smallest sparks
// (bench/steal.py). Marsaglia, "Xorshift RNGs", 2003.
static Machine *random_machine(Machine *machine) {
  Machine *one = atomic_load(&machine->shared->machines);
  machine->random ^= machine->random << 13;
  machine->random ^= machine->random >> 7;
  machine->random ^= machine->random << 17;
  for (uint64_t skip = machine->random % atomic_load(&machine->shared->machine_count); skip && one->next; skip--)
    one = one->next;
  return one;
}

// The next machine that has sparks, unless one of the few behind it has much larger ones: those who compute the rows of
// a matrix, and offer single elements, are many; who offers the rows is one. Before there is any, those without are
// asked for some.
static Machine *choose_victim(Machine *machine) {
  Machine *first = random_machine(machine), *one = first, *chosen = NULL;
  int seen = 0, found = 0;
  do {
    if (deque_size(&one->deque) > 0) {
      found++;
      if (!chosen || atomic_load(&one->spark_worth) / MUCH > atomic_load(&chosen->spark_worth)) chosen = one;
    } else if (one != machine && !chosen) {
      ask_for_sparks(one);
    }
    seen += chosen != NULL;
    one = one->next ? one->next : atomic_load(&machine->shared->machines);
  } while (one != first && found < CHOICES && seen < LOOKS);
  return chosen;
}

Location spark_find(Machine *machine) {
  Machine *victim = machine->victim = choose_victim(machine);
  Location box = victim ? deque_steal(&victim->deque) : DEQUE_EMPTY;
  if (box == DEQUE_EMPTY)
    machine->victim = NULL; // another thief was faster
  else if (victim != machine)
    machine->steals++, atomic_fetch_add(&machine->shared->steals, 1);
  return box;
}

void spark_note_worth(Machine *victim, uint64_t busy) {
  int before = (int)atomic_load(&victim->spark_worth), now = (int)(busy < WORTH_MOST ? busy : WORTH_MOST);
  atomic_store(&victim->spark_worth, (uint32_t)(before + (now - before) / WORTH_PARTS));
}

bool spark_any_left(Shared *shared) {
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next)
    if (deque_size(&one->deque) > 0) return true;
  return speculate_has_hints(shared);
}

Word spark_reduce_claimed(Machine *machine, Location box, Word term) {
  profile_turn(machine, ACTIVITY_BUSY);
  if (machine->profile) profile_enter(machine, box);
  machine->fuel = machine->tank;
  *machine->stack_top++ = FRAME_STOP;
  *machine->stack_top++ = box << FRAME_SHIFT | FRAME_SHARE;
  term = machine_reduce(machine, term);
  machine->stack_top--;
  profile_turn(machine, ACTIVITY_SEARCHING);
  return term;
}

// The entry of a spark was taken out of its deque, and is an owner like others. The count of the box before.
static Word leave_deque(Machine *machine, Location box) {
  return __atomic_fetch_and(&machine->heap[box], ~SHARE_SPARK, __ATOMIC_RELAXED);
}

// Reduces the term of a stolen spark, unless somebody has begun already. The thief leaves the box before: those whose
// box it is need not copy what nobody shares with them. When they leave it, too, it is an orphan.
void spark_run(Machine *machine, Location box) {
  Word *cell = &machine->heap[box + 1], term = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
  bool left = leave_deque(machine, box) & SHARE_LEFT, claimed = false;
  uint64_t tank = machine->tank;
  while (word_tag(term) == TAG_CAL && !claimed && !is_last_owner(machine, box)) {
    hard_pause();
    claimed = __atomic_compare_exchange_n(cell, &term, machine->claim, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  }
  if (machine->profile && (!claimed || is_last_owner(machine, box))) profile_forget(machine, box);
  if (!claimed) {
    heap_erase(machine, word_make(TAG_SHR, 0, box));
  } else if (!drop_owner(machine, box)) {
    heap_free(machine, box, 2);
    heap_erase(machine, term);
  } else {
    profile_turn(machine, ACTIVITY_BUSY);
    if (machine->profile) profile_enter(machine, box);
    if (left) machine->tank = LEFT_FUEL;
    machine->fuel = machine->tank;
    atomic_store_explicit(&machine->stolen, box, memory_order_relaxed);
    frames_hold(machine, word_make(TAG_SHR, 0, box));
    term = machine_evaluate(machine, term);
    frames_let_go(machine);
    atomic_store_explicit(&machine->stolen, 0, memory_order_relaxed);
    machine->tank = tank;
    if (!word_is_value(term) && word_tag(term) != TAG_SHR) term = mark_stuck(machine, term);
    hard_pause();
    if (machine->profile) profile_leave(machine, box, true);
    Word waiting = __atomic_exchange_n(cell, term, __ATOMIC_ACQ_REL);
    if (waiting == SLOT_ORPHAN) {
      heap_free(machine, box, 2);
      heap_erase(machine, term);
    } else {
      worker_wake(machine, waiting);
    }
    profile_turn(machine, ACTIVITY_SEARCHING);
  }
  count_up(&machine->done);
}

// What a machine does with its own.

bool spark_is_hungry(const Machine *machine) { return machine->profile || deque_size(&machine->deque) < SPARKS_FEW; }

Word spark_make(Machine *machine, Word term, ptrdiff_t depth) {
  worker_be_many(machine);
  Location box = heap_alloc(machine, 2);
  bool needed = !atomic_load_explicit(&machine->speculates, memory_order_relaxed);
  machine->heap[box] = needed ? 2 * SHARE_ONE | SHARE_SPARK : 2 * SHARE_ONE;
  machine->heap[box + 1] = term;
  count_up(&machine->sparks);
  if (!needed) count_up(&machine->done); // nobody waits for it in the end
  if (machine->profile) profile_spark(machine, box, term);
  deque_push(&machine->deque, needed ? box : box | DEQUE_SPECULATIVE);
  count_spark(machine, depth);
  atomic_thread_fence(memory_order_seq_cst);
  worker_want_help(machine->shared);
  return word_make(TAG_SHR, 0, box);
}

bool spark_takes_long(const Machine *machine, Word term) {
  if (word_tag(term) != TAG_CAL) return false;
  const Function *function = machine->shared->program->names.items[word_extra(term)].function;
  return function && !function->builtin && function->recursive && !function->restricted;
}

Word spark_offer(Machine *machine, Word part, const Word *top) {
  ptrdiff_t depth = (const char *)top - (const char *)machine->spark_stack;
  if (spark_takes_long(machine, part)) return spark_make(machine, part, depth);
  for (unsigned i = 0; i < 2 && word_tag(part) == TAG_OP2; i++) {
    Word *operand = &machine->heap[word_location(part) + i];
    if (spark_takes_long(machine, *operand)) *operand = spark_make(machine, *operand, depth);
  }
  return part;
}

bool spark_take(Machine *machine, Location box) {
  Location last = deque_last(&machine->deque);
  if ((last & ~DEQUE_SPECULATIVE) != box || deque_take(&machine->deque) == DEQUE_EMPTY) return false;
  if (last == box) count_up(&machine->done), leave_deque(machine, box);
  drop_owner(machine, box);
  return true;
}

// A spark that nobody has taken, of which the only other owner is its entry in a deque: its term. Whoever takes the
// entry finds nothing in the box.
static Word take_out(Machine *machine, Word box) {
  Location at = word_location(box);
  Word owners = __atomic_load_n(&machine->heap[at], __ATOMIC_ACQUIRE), term = load_cell(machine, at + 1);
  if (!(owners & SHARE_SPARK) || owners >= 3 * SHARE_ONE || word_tag(term) != TAG_CAL) return box;
  hard_pause();
  if (!__atomic_compare_exchange_n(&machine->heap[at + 1], &term, TAG_ERA, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
    return box;
  heap_erase(machine, box);
  return term;
}

Word spark_take_back(Machine *machine, Word box) {
  Location at = word_location(box);
  Word owners = __atomic_load_n(&machine->heap[at], __ATOMIC_RELAXED);
  if (!(owners & SHARE_SPARK) && !atomic_load_explicit(&machine->speculates, memory_order_relaxed)) return box;
  if (hard_chance(4)) return box; // others may have it, or whoever comes to it takes its term as a thief does
  hard_pause();
  if (!spark_take(machine, at)) return take_out(machine, box);
  if (!is_last_owner(machine, at)) return box;
  Word term = load_cell(machine, at + 1);
  heap_free(machine, at, 2);
  return term;
}

Word spark_leave(Machine *machine, Word spark) {
  if (machine->tank == THIEF_FUEL)
    __atomic_fetch_or(&machine->heap[word_location(spark)], SHARE_LEFT, __ATOMIC_RELAXED);
  else if (machine->profile) // which knows it by its box
    spark_take(machine, word_location(spark));
  else
    return spark_take_back(machine, spark);
  return spark;
}

Word spark_join(Machine *machine, Word spark) {
  uint64_t tank = machine->tank, share = machine->fuel / 2;
  if (!share) return spark_leave(machine, spark);
  Word term = machine->profile ? spark : spark_take_back(machine, spark);
  if (machine->profile ? !spark_take(machine, word_location(spark)) : term == spark) return spark;
  if ((char *)__builtin_frame_address(0) < machine->native_bottom) machine_attend(machine, NATIVE_NO_NAME);
  machine->fuel -= share;
  machine->tank = share;
  term = machine_evaluate(machine, term);
  machine->tank = tank;
  return is_settled(machine, term) ? term : mark_stuck(machine, term);
}

// All of them.

bool spark_any_undone(Machine *machine) {
  uint64_t done = 0, made = 0; // in this order: what is done was made
  for (Machine *one = atomic_load(&machine->shared->machines); one; one = one->next) done += atomic_load(&one->done);
  for (Machine *one = atomic_load(&machine->shared->machines); one; one = one->next) made += atomic_load(&one->sparks);
  return made != done;
}

void spark_settle(Machine *machine) {
  if (!spark_any_undone(machine)) return;
  profile_turn(machine, ACTIVITY_SEARCHING);
  worker_hurry_all(machine->shared);
  while (spark_any_undone(machine)) {
    worker_attend(machine);
    Location box = spark_find(machine);
    if (box & DEQUE_SPECULATIVE)
      speculate_drop(machine, box & ~DEQUE_SPECULATIVE);
    else if (box != DEQUE_EMPTY)
      spark_run(machine, box);
    else
      worker_nap();
  }
  profile_turn(machine, ACTIVITY_BUSY);
  if (machine->profile) profile_settled(machine);
}
