// The processors that a run may use, and where its threads are.
#include <sched.h>
#include <stdio.h>
#include <unistd.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

#include "worker.h"

unsigned worker_default_threads(void) {
  cpu_set_t set;
  long count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
  FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
  long quota, period;
  if (file) {
    if (fscanf(file, "%ld %ld", &quota, &period) == 2 && period > 0 && quota > 0) {
      long whole = (quota + period - 1) / period;
      if (whole < count) count = whole;
    }
    fclose(file);
  }
  return count < 1 ? 1 : (unsigned)count;
}

// Where the kernel says which processor the calling thread is on, or was when it ran last: anybody may look there.
// NULL: it does not say.
static const uint32_t *own_processor(void) {
#if __has_include(<sys/rseq.h>)
  const struct rseq *area = (const struct rseq *)((const char *)__builtin_thread_pointer() + __rseq_offset);
  return __rseq_size ? &area->cpu_id : NULL;
#else
  return NULL;
#endif
}

void processors_enter(Machine *machine) { atomic_store(&machine->processor, own_processor()); }

void processors_leave(Machine *machine) { atomic_store(&machine->processor, NULL); }

// Those on which machines work, but for one; or where they look for work as well.
static void find_taken(const Shared *shared, const Machine *but, bool searching, cpu_set_t *taken) {
  CPU_ZERO(taken);
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    const uint32_t *there = atomic_load(&one->processor);
    Activity activity = atomic_load_explicit(&one->account.activity, memory_order_relaxed);
    bool takes = activity == ACTIVITY_BUSY || (searching && activity == ACTIVITY_SEARCHING);
    if (one == but || !there || !takes) continue;
    uint32_t processor = __atomic_load_n(there, __ATOMIC_RELAXED);
    if (processor < CPU_SETSIZE) CPU_SET(processor, taken);
  }
}

// What is in a set and not taken. False: nothing.
static bool find_free(const cpu_set_t *set, const cpu_set_t *taken, cpu_set_t *free) {
  CPU_AND(free, set, taken);
  CPU_XOR(free, free, set);
  return CPU_COUNT(free) > 0;
}

bool processors_free(const Shared *shared, cpu_set_t *free) {
  for (int searching = 1; searching >= 0; searching--) {
    cpu_set_t taken;
    find_taken(shared, NULL, searching, &taken);
    CPU_SET((size_t)sched_getcpu(), &taken);
    if (find_free(&shared->processors, &taken, free)) return true;
  }
  return false;
}

static void move_to(const cpu_set_t *processors, const cpu_set_t *before) {
  if (sched_setaffinity(0, sizeof *processors, processors) == 0) sched_setaffinity(0, sizeof *before, before);
}

void processors_spread(const Machine *machine) {
  if (atomic_load(&machine->shared->quitting)) return; // threads end, and with them what says where they are
  const uint32_t *here = atomic_load(&machine->processor);
  uint32_t processor = here ? __atomic_load_n(here, __ATOMIC_RELAXED) : CPU_SETSIZE;
  cpu_set_t taken, before, free;
  find_taken(machine->shared, machine, true, &taken);
  if (processor >= CPU_SETSIZE || !CPU_ISSET(processor, &taken)) return;
  if (sched_getaffinity(0, sizeof before, &before) != 0) return;
  if (!find_free(&before, &taken, &free)) {
    find_taken(machine->shared, machine, false, &taken);
    if (!CPU_ISSET(processor, &taken) || !find_free(&before, &taken, &free)) return;
  }
  move_to(&free, &before);
}
