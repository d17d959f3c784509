#include "worker.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"
#include "rules.h"

// What a thief does at a time should be worth the theft: it builds more before it leaves something for later, and makes
// no sparks faster than this, once its first ones are gone.
enum { THIEF_FUEL = 1 << 14, SPARK_NANOSECONDS = 20000 };
enum { SPARKS_AHEAD = 3 };       // that a machine keeps for others
enum { HELPER_BYTES = 8 << 20 }; // of the memory limit for each: its stack and free cells take about a tenth
enum { WAITS_TOO_MANY = 64 };    // more than sparks were stolen
enum { WAIT_ROUNDS = 20 };       // looks at a claimed box before a thread sleeps
enum { SEARCH_ROUNDS = 200 };    // before a thread sleeps
enum { SETTLE_NANOSECONDS = 20000 };
static const size_t STACK_BYTES = (size_t)16 << 30; // of a thread, in address space

struct Worker {
  pthread_t thread;
  void *stack; // the thread's; NULL: the main machine has none of its own
  size_t stack_bytes;
  sem_t wake;
  Machine *next_waiting;  // for the same box
  Machine *next_sleeping; // without work
};

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

static Worker *new_worker(void) {
  Worker *worker = calloc(1, sizeof *worker);
  if (!worker || sem_init(&worker->wake, 0, 0) != 0) memory_exhausted();
  return worker;
}

static void sleep_until_woken(Machine *machine) {
  while (sem_wait(&machine->worker->wake) != 0) continue; // a signal came
}

static void pause_processor(void) {
#if defined __x86_64__ || defined __i386__
  __builtin_ia32_pause();
#elif defined __aarch64__
  __asm__ volatile("yield");
#endif
}

static void nap(void) { nanosleep(&(struct timespec){0, SETTLE_NANOSECONDS}, NULL); }

// Helpers, and when they work.

static void *help(void *argument);

// A machine with a thread of its own, which sleeps. NULL: there is no room for one.
static Machine *new_helper(Shared *shared) {
  Worker *worker = new_worker();
  Machine *machine = NULL;
  size_t page = (size_t)1 << 20;
  for (size_t size = term_address_space(STACK_BYTES) & ~(page - 1); size >= page; size /= 2) {
    worker->stack =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    worker->stack_bytes = size;
    if (worker->stack != MAP_FAILED) break;
    worker->stack = NULL;
  }
  if (worker->stack) machine = machine_add(shared);
  if (!machine) goto failed;
  machine->worker = worker;
  machine->natives = shared->main->natives;
  machine->stages = shared->main->stages;
  machine->many = true;
  machine->tank = THIEF_FUEL;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, worker->stack, worker->stack_bytes);
  bool started = pthread_create(&worker->thread, &attributes, help, machine) == 0;
  pthread_attr_destroy(&attributes);
  if (started) return machine;
  machine->worker = NULL; // it stays, without a thread
failed:
  if (worker->stack) munmap(worker->stack, worker->stack_bytes);
  sem_destroy(&worker->wake);
  free(worker);
  return NULL;
}

// Lets a helper look for work, if there may be one more and none is looking.
static void want_help(Shared *shared) {
  int none = 0;
  if (atomic_load(&shared->searching) != 0 || atomic_load(&shared->active) >= (int)shared->threads) return;
  if (!atomic_compare_exchange_strong(&shared->searching, &none, 1)) return;
  atomic_fetch_add(&shared->active, 1);
  pthread_mutex_lock(&shared->lock);
  Machine *helper = shared->sleeping;
  if (helper) {
    shared->sleeping = helper->worker->next_sleeping;
    shared->sleepers--;
  } else if (shared->helpers < shared->memory_limit / HELPER_BYTES) {
    helper = new_helper(shared);
    shared->helpers += helper != NULL;
  }
  pthread_mutex_unlock(&shared->lock);
  if (helper) {
    sem_post(&helper->worker->wake);
    return;
  }
  atomic_fetch_sub(&shared->active, 1);
  atomic_fetch_sub(&shared->searching, 1);
}

// Lets one that waits go on. Whoever takes its flag away is the one to do it.
static void let_go_on(Machine *machine) {
  if (!atomic_exchange(&machine->waiting, false)) return;
  atomic_fetch_add(&machine->shared->active, 1);
  sem_post(&machine->worker->wake);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void ask_for_sparks(Machine *machine) {
  if (atomic_load_explicit(&machine->hungry, memory_order_relaxed) || !atomic_load(&machine->sated)) return;
  if (atomic_load(&machine->shared->calm)) return;
  if (now() - atomic_load(&machine->sated) < SPARK_NANOSECONDS) return;
  atomic_store(&machine->sated, 0);
  atomic_store(&machine->hungry, true);
}

static void begin_sparks(Machine *machine) {
  if (atomic_load(&machine->shared->calm)) return;
  machine->budget = SPARKS_AHEAD;
  atomic_store(&machine->sated, 0);
  atomic_store(&machine->hungry, true);
}

static Location find_spark(Machine *machine) {
  Shared *shared = machine->shared;
  for (Machine *victim = machine->next;; victim = victim->next) {
    if (!victim) victim = atomic_load(&shared->machines);
    Location box = deque_steal(&victim->deque);
    if (box != DEQUE_EMPTY) {
      if (victim != machine) machine->steals++, atomic_fetch_add(&shared->steals, 1);
      return box;
    }
    if (victim == machine) return DEQUE_EMPTY;
    ask_for_sparks(victim);
  }
}

static bool is_work_left(Shared *shared) {
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next)
    if (deque_size(&one->deque) > 0) return true;
  return false;
}

// Reduces the term of a stolen spark, unless somebody has begun already.
static void run_spark(Machine *machine, Location box) {
  Word *cell = &machine->heap[box + 1], term = __atomic_load_n(cell, __ATOMIC_ACQUIRE), spark;
  bool claimed = false;
  while (word_tag(term) == TAG_CAL && !claimed && !is_last_owner(machine, box))
    claimed = __atomic_compare_exchange_n(cell, &term, TAG_SLOT, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  spark = word_make(TAG_SHR, 0, box);
  if (claimed) {
    machine->fuel = machine->tank;
    *machine->stack_top++ = FRAME_STOP;
    *machine->stack_top++ = box << FRAME_SHIFT | FRAME_SHARE;
    spark = machine_reduce(machine, term);
    machine->stack_top--;
  }
  heap_erase(machine, spark);
  atomic_fetch_sub(&machine->shared->sparks, 1);
}

static void pause_if_wanted(Machine *machine) {
  Shared *shared = machine->shared;
  if (!atomic_load(&shared->pausing)) return;
  atomic_fetch_add(&shared->paused, 1);
  while (atomic_load(&shared->pausing)) nap();
  atomic_fetch_sub(&shared->paused, 1);
}

// Sleeps without work until somebody wants help. The machine was counted as one that searches, and is again.
static void rest(Machine *machine) {
  Shared *shared = machine->shared;
  atomic_fetch_sub(&shared->searching, 1);
  int active = atomic_fetch_sub(&shared->active, 1) - 1;
  pthread_mutex_lock(&shared->lock); // from here on it is done with the run
  machine->worker->next_sleeping = shared->sleeping;
  shared->sleeping = machine;
  shared->sleepers++;
  pthread_mutex_unlock(&shared->lock);
  if (atomic_load(&shared->stopping)) {
    // nothing is to be done any more
  } else if (is_work_left(shared)) {
    want_help(shared);      // it may be this one
  } else if (active == 0) { // the main machine waits as well, for nobody
    atomic_store(&shared->deadlock, true);
    let_go_on(shared->main);
  }
  sleep_until_woken(machine);
}

static void *help(void *argument) {
  Machine *machine = argument;
  Shared *shared = machine->shared;
  machine_begin_stack(machine, machine->worker->stack_bytes);
  sleep_until_woken(machine);
  if (setjmp(machine->escape) != 0) { // it leaves a run that was stopped
    machine->stack_top = machine->stack;
    machine->work.count = 0;
    atomic_fetch_add(&shared->searching, 1);
    rest(machine);
  }
  while (!atomic_load(&shared->quitting)) {
    Location box = DEQUE_EMPTY;
    for (int round = 0; round < SEARCH_ROUNDS && box == DEQUE_EMPTY; round++) {
      if (round > 0) sched_yield();
      pause_if_wanted(machine);
      if (!atomic_load(&shared->stopping)) box = find_spark(machine);
    }
    if (box == DEQUE_EMPTY || atomic_load(&shared->active) > (int)shared->threads) {
      if (box != DEQUE_EMPTY) deque_push(&machine->deque, box); // for another one
      rest(machine);
      continue;
    }
    if (atomic_fetch_sub(&shared->searching, 1) == 1) want_help(shared);
    begin_sparks(machine);
    run_spark(machine, box);
    atomic_fetch_add(&shared->searching, 1);
  }
  return NULL;
}

// Sparks.

static void begin_threads(Machine *machine) {
  if (!machine->worker) machine->worker = new_worker();
  machine->many = true;
}

Word worker_spark(Machine *machine, Word term) {
  if (!machine->many) begin_threads(machine);
  Location box = heap_alloc(machine, 2);
  machine->heap[box] = 2 * SHARE_ONE;
  machine->heap[box + 1] = term;
  atomic_fetch_add(&machine->shared->sparks, 1);
  deque_push(&machine->deque, box);
  machine->sparks++;
  if (machine->budget) machine->budget--;
  if (!machine->budget) {
    atomic_store(&machine->hungry, false);
    atomic_store(&machine->sated, now());
  }
  atomic_thread_fence(memory_order_seq_cst);
  want_help(machine->shared);
  return word_make(TAG_SHR, 0, box);
}

bool worker_take_back(Machine *machine, Location box) {
  if (deque_last(&machine->deque) != box || deque_take(&machine->deque) == DEQUE_EMPTY) return false;
  if (machine->budget < SPARKS_AHEAD) machine->budget++;
  atomic_store(&machine->sated, 0);
  atomic_store_explicit(&machine->hungry, !atomic_load(&machine->shared->calm), memory_order_relaxed);
  atomic_fetch_sub(&machine->shared->sparks, 1);
  return true;
}

Word worker_join(Machine *machine, Word term) {
  Location box = word_location(term);
  if (deque_last(&machine->deque) != box || !worker_take_back(machine, box)) return term;
  drop_owner(machine, box);
  if ((char *)__builtin_frame_address(0) < machine->native_bottom) machine_attend(machine, NATIVE_NO_NAME);
  term = machine_evaluate(machine, term);
  return is_settled(machine, term) ? term : mark_stuck(machine, term);
}

void worker_wait(Machine *machine, Location at) {
  Shared *shared = machine->shared;
  Word *cell = &machine->heap[at], claimed = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
  for (int round = 0; round < WAIT_ROUNDS && word_tag(claimed) == TAG_SLOT; round++) { // it may be a moment only
    pause_processor();
    claimed = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
  }
  atomic_store(&machine->waiting, true);
  do {
    if (word_tag(claimed) != TAG_SLOT) {
      if (atomic_exchange(&machine->waiting, false)) return;
      atomic_fetch_sub(&shared->active, 1); // the run is being stopped: it was let go on already
      sleep_until_woken(machine);
      return;
    }
    machine->worker->next_waiting = (Machine *)(uintptr_t)(claimed & ~(Word)15); // NOLINT
  } while (!__atomic_compare_exchange_n(cell, &claimed, (Word)(uintptr_t)machine | TAG_SLOT, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE));
  machine->waits++;
  // Each stolen spark can be waited for once. More waits mean that machines want the same boxes at the same time, and
  // would mostly wake each other up.
  if (atomic_fetch_add(&shared->waits, 1) > atomic_load(&shared->steals) + WAITS_TOO_MANY)
    atomic_store(&shared->calm, true);
  atomic_fetch_sub(&shared->active, 1);
  if (atomic_load(&shared->stopping)) let_go_on(machine);
  want_help(shared);
  sleep_until_woken(machine);
  if (atomic_exchange(&shared->deadlock, false)) fail_cycle(machine);
  worker_attend(machine);
}

void worker_wake(Word claimed) {
  Machine *one = (Machine *)(uintptr_t)(claimed & ~(Word)15); // NOLINT
  while (one) {
    Machine *next = one->worker->next_waiting;
    let_go_on(one);
    one = next;
  }
}

void worker_settle(Machine *machine) {
  Shared *shared = machine->shared;
  while (atomic_load(&shared->sparks) > 0) {
    worker_attend(machine);
    Location box = find_spark(machine);
    if (box != DEQUE_EMPTY)
      run_spark(machine, box);
    else
      nap();
  }
}

// Runs.

void worker_begin(Machine *machine) {
  Shared *shared = machine->shared;
  atomic_store(&shared->stopping, false);
  atomic_store(&shared->deadlock, false);
  atomic_store(&shared->calm, false);
  atomic_store(&shared->steals, 0);
  atomic_store(&shared->waits, 0);
  machine->many = false;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    one->natives = machine->natives;
    one->stages = machine->stages;
  }
#ifndef HVM_STRESS_CYCLES // the search for cycles sees what one machine holds
  if (shared->threads > 1 && shared->code.shares && !machine->trace) begin_sparks(machine);
#endif
}

static bool all_rest(Shared *shared) {
  pthread_mutex_lock(&shared->lock);
  bool all = shared->sleepers == shared->helpers;
  pthread_mutex_unlock(&shared->lock);
  return all;
}

void worker_end(Machine *machine) {
  Shared *shared = machine->shared;
  atomic_store(&machine->hungry, false);
  while (!all_rest(shared)) nap();
  if (!atomic_load(&shared->stopping)) return;
  atomic_store(&shared->active, 1);
  atomic_store(&shared->searching, 0);
  atomic_store(&shared->sparks, 0);
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    while (deque_take(&one->deque) != DEQUE_EMPTY) continue;
    one->stack_top = one->stack;
    one->work.count = 0;
  }
}

void worker_delete(Shared *shared) {
  atomic_store(&shared->quitting, true);
  for (Machine *one = shared->sleeping, *next; one; one = next) {
    next = one->worker->next_sleeping;
    sem_post(&one->worker->wake);
  }
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    Worker *worker = one->worker;
    if (!worker) continue;
    if (worker->stack) {
      pthread_join(worker->thread, NULL);
      munmap(worker->stack, worker->stack_bytes);
    }
    sem_destroy(&worker->wake);
    free(worker);
  }
}

void worker_attend(Machine *machine) {
  if (atomic_load(&machine->shared->stopping)) machine_leave(machine);
  pause_if_wanted(machine);
}

void worker_stop(Shared *shared) {
  atomic_store(&shared->stopping, true);
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    machine_want_attention(one);
    let_go_on(one);
  }
}

void worker_pause_others(Machine *machine) {
  Shared *shared = machine->shared;
  if (!machine->many) return;
  while (pthread_mutex_trylock(&shared->alone) != 0) {
    worker_attend(machine);
    nap();
  }
  atomic_store(&shared->pausing, true);
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next)
    if (one != machine) machine_want_attention(one);
  while (atomic_load(&shared->paused) < atomic_load(&shared->active) - 1) nap();
}

void worker_resume_others(Machine *machine) {
  Shared *shared = machine->shared;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    one->natives = machine->natives;
    one->stages = machine->stages;
  }
  if (!machine->many) return;
  atomic_store(&shared->pausing, false);
  pthread_mutex_unlock(&shared->alone);
}
