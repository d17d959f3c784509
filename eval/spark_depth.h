// How deep code makes sparks: down to a depth of its stacks, which grows when others want more or when sparks come too
// slowly, and becomes less when they come too fast. Included by worker.c only.
#ifndef HVM_EVAL_SPARK_DEPTH_H
#define HVM_EVAL_SPARK_DEPTH_H

#include "profile.h"
#include "worker.h"

enum {
  SPARK_NANOSECONDS = 12000, // one in that time is fast enough,
  BURST = 8,                 // on the average of so many;
  SLOW = 4                   // one in so many times that time is too slow
};
enum { ASK_NANOSECONDS = 20000 };                   // how often those who find no work may make it grow
enum { DEPTH_STEP = 4, DEPTH_FIRST = 128 };         // by which part it grows, and by how many bytes more
enum { DEPTH_CUT = 16 };                            // by which part it is cut; far too fast: by DEPTH_STEP
enum { SPARKS_ENOUGH = HARD_OR(1 << 20, 1 << 10) }; // that nobody took: then there are no more, until somebody asks
static const size_t DEPTH_MOST = (size_t)1 << 40;

static void set_spark_depth(Machine *machine, size_t depth) {
  atomic_store_explicit(&machine->spark_depth, depth, memory_order_relaxed);
  const Shared *shared = machine->shared;
  bool none = depth == 0 || atomic_load_explicit(&shared->calm, memory_order_relaxed) ||
              atomic_load_explicit(&shared->gathering, memory_order_relaxed);
  atomic_store_explicit(&machine->spark_above,
                        none ? (char *)UINTPTR_MAX
                             : atomic_load_explicit(&machine->spark_native, memory_order_relaxed) - depth,
                        memory_order_relaxed);
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

static void cut_spark_depth(Machine *machine, size_t deepest, unsigned part) {
  size_t least = atomic_load_explicit(&machine->spark_least, memory_order_relaxed);
  set_spark_depth(machine, deepest > least ? deepest - (deepest - least) / part - 1 : least);
}

// The next call that can become a spark will.
static void want_sparks(Machine *machine) {
  if (atomic_load(&machine->spark_depth)) set_spark_depth(machine, DEPTH_MOST);
}

static void want_sparks_of_all(Shared *shared) {
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) want_sparks(one);
}

// A machine without sparks, seen by one that looks for some.
static void ask_for_sparks(Machine *machine) {
  uint64_t last = atomic_load(&machine->spark_change), time = profile_now();
  size_t depth = atomic_load(&machine->spark_depth);
  if (!depth || depth >= DEPTH_MOST || time - last < ASK_NANOSECONDS) return;
  if (atomic_compare_exchange_strong(&machine->spark_change, &last, time)) grow_spark_depth(machine, depth);
}

// The machine begins to do something, with its stacks as they are.
static void begin_sparks(Machine *machine) {
  atomic_store_explicit(&machine->spark_native, __builtin_frame_address(0), memory_order_relaxed);
  atomic_store_explicit(&machine->spark_stack, machine->stack_top, memory_order_relaxed);
  atomic_store_explicit(&machine->spark_least, DEPTH_MOST, memory_order_relaxed);
  size_t depth = atomic_load_explicit(&machine->spark_depth, memory_order_relaxed);
  set_spark_depth(machine, depth ? depth : DEPTH_MOST);
}

static void end_sparks(Machine *machine) { set_spark_depth(machine, 0); }

// One more spark. When they go too fast, to thieves or back to the machine, the deepest ones are not worth it. How fast
// they come says nothing: a loop may leave all its rounds to others.
static void count_spark(Machine *machine, ptrdiff_t depth) {
  if (machine->burst_depth < depth) machine->burst_depth = depth;
  if ((size_t)depth < atomic_load_explicit(&machine->spark_least, memory_order_relaxed))
    atomic_store_explicit(&machine->spark_least, (size_t)depth, memory_order_relaxed);
  uint64_t made = atomic_load(&machine->sparks), waiting = (uint64_t)deque_size(&machine->deque);
  if (waiting > SPARKS_ENOUGH) set_spark_depth(machine, 1);
  uint64_t time = profile_now(), took = time - machine->burst_began;
  uint64_t count = made - machine->burst;
  if (waiting > machine->burst_waiting) count -= waiting - machine->burst_waiting;
  bool slow = took > SLOW * BURST * SPARK_NANOSECONDS;
  if (count < BURST && !slow) return;
  size_t limit = atomic_load(&machine->spark_depth);
  if (took < count * SPARK_NANOSECONDS && HARD_OR(false, true)) {
    atomic_store(&machine->spark_change, time);
    cut_spark_depth(machine, (size_t)machine->burst_depth,
                    took < count * SPARK_NANOSECONDS / 8 ? DEPTH_STEP : DEPTH_CUT);
  } else if (slow && limit && limit < DEPTH_MOST) {
    grow_spark_depth(machine, limit);
  }
  machine->burst = made;
  machine->burst_waiting = waiting;
  machine->burst_began = time;
  machine->burst_depth = 0;
}

#endif
