#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"
#include "rules.h"
#include "solo.h"
#include "purse.h"
#include "spark.h"
#include "speculate.h"

enum { HELPER_BYTES = 8 << 20 }; // of the memory limit for each: its stack and free cells take about a tenth
enum { GATHER_LEAST = HARD_OR(1 << 11, 1 << 22) };       // cells in use before several machines suspect cycles,
enum { GATHER_TIMES = HARD_OR(1 << 8, 2) };              // and how many times as many before none has come to be alone
enum { WAITS_TOO_MANY = 1 << 10 };                       // more than sparks were stolen;
enum { WAITS_TOO_MANY_OPEN = HARD_OR(1 << 12, 1 << 6) }; // where λs are open, and one more for each
enum { WORTH_A_WAIT = HARD_OR(100, 1) * 1000000 };       // nanoseconds of the run, which would all be lost
enum { WAIT_ROUNDS = HARD_OR(0, 1000), THIEF_ROUNDS = HARD_OR(0, 8000) }; // looks at what is claimed, or reduced by a
// thief, before a thread sleeps: to be woken takes as long
enum { FOLLOW_NANOSECONDS = 20000, FOLLOW_TIMES = HARD_OR(0, 8) };                  // see stay_behind
enum { APART_LEAST = HARD_OR(1000, 250000), APART_MOST = HARD_OR(20000, 4000000) }; // nanoseconds
enum { SEARCH_ROUNDS = HARD_OR(1, 200), SEARCH_NANOSECONDS = 200000 }; // before a thread sleeps, whichever ends first
enum {
  SPREAD_ROUNDS = 16
}; // of them, after which it looks whether somebody works on its processor: it would yield to that one
enum { SETTLE_NANOSECONDS = HARD_OR(1000, 20000) };
static const size_t STACK_BYTES = (size_t)16 << 30; // of a thread, in address space

struct Worker {
  pthread_t thread;
  void *stack; // the thread's; NULL: the main machine has none of its own
  size_t stack_bytes;
  sem_t wake;
  Word next_waiting;          // for the same box: what its cell held before
  _Atomic(Machine *) claimer; // of this box; NULL: not known
  uint64_t met;               // when it waited last, in nanoseconds
  int meetings;               // … and how often in a row
  Machine *next_sleeping;     // without work
};

static Worker *new_worker(void) {
  Worker *worker = calloc(1, sizeof *worker);
  if (!worker || sem_init(&worker->wake, 0, 0) != 0) memory_exhausted();
  return worker;
}

static void sleep_until_woken(Machine *machine) {
  while (sem_wait(&machine->worker->wake) != 0) continue; // a signal came
}

// For so many nanoseconds at most, if not 0. False: nobody woke it.
static bool sleep_for(Machine *machine, uint64_t nanoseconds) {
  if (!nanoseconds) return sleep_until_woken(machine), true;
  struct timespec time; // ThreadSanitizer does not know sem_clockwait
  clock_gettime(CLOCK_REALTIME, &time);
  uint64_t end = (uint64_t)time.tv_nsec + nanoseconds, second = 1000000000;
  time.tv_sec += (time_t)(end / second);
  time.tv_nsec = (long)(end % second);
  while (sem_timedwait(&machine->worker->wake, &time) != 0)
    if (errno != EINTR) return false;
  return true;
}

void worker_pause_processor(void) {
#if defined __x86_64__ || defined __i386__
  __builtin_ia32_pause();
#elif defined __aarch64__
  __asm__ volatile("yield");
#endif
}

void worker_nap(void) { nanosleep(&(struct timespec){0, SETTLE_NANOSECONDS}, NULL); }

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
  machine->many = machine->locked = true;
  machine->tank = THIEF_FUEL;
  profile_add_machine(machine);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, worker->stack, worker->stack_bytes);
  cpu_set_t room; // else the kernel may let it wait for one on which another machine works, for milliseconds
  if (processors_free(shared, &room)) pthread_attr_setaffinity_np(&attributes, sizeof room, &room);
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

void worker_let_go_on(Machine *machine) {
  Shared *shared = machine->shared;
  if (!atomic_load(&machine->waiting)) return;
  atomic_fetch_add(&shared->turning, 1);
  hard_pause();
  bool waited = atomic_exchange(&machine->waiting, false);
  hard_pause();
  if (waited) atomic_fetch_add(&shared->active, 1);
  atomic_fetch_add(&shared->turned, 1);
  if (waited) sem_post(&machine->worker->wake);
}

// Nobody works, and so the main machine waits as well: each of those who wait waits for another one.
static void tell_deadlock(Shared *shared) {
  atomic_store(&shared->deadlock, true);
  worker_let_go_on(shared->main);
}

// Lets a helper look for work, if there may be one more and none is looking.
void worker_want_help(Shared *shared) {
  int none = 0;
  if (atomic_load(&shared->searching) != 0 || atomic_load(&shared->active) >= (int)shared->threads) return;
  if (!atomic_compare_exchange_strong(&shared->searching, &none, 1)) return;
  atomic_fetch_add(&shared->active, 1);
  hard_pause();
  pthread_mutex_lock(&shared->lock);
  Machine *helper = shared->over ? NULL : shared->sleeping;
  if (helper) {
    shared->sleeping = helper->worker->next_sleeping;
    shared->sleepers--;
  } else if (!shared->over && shared->helpers < shared->memory_limit / HELPER_BYTES) {
    helper = new_helper(shared);
    shared->helpers += helper != NULL;
  }
  pthread_mutex_unlock(&shared->lock);
  if (helper) {
    sem_post(&helper->worker->wake);
    return;
  }
  atomic_fetch_sub(&shared->searching, 1);
  if (atomic_fetch_sub(&shared->active, 1) == 1) tell_deadlock(shared); // the last one went to rest meanwhile
}

static void pause_if_wanted(Machine *machine) {
  Shared *shared = machine->shared;
  if (!atomic_load(&shared->pausing)) return;
  do {
    atomic_fetch_add(&shared->paused, 1);
    while (atomic_load(&shared->pausing)) worker_nap();
    atomic_fetch_sub(&shared->paused, 1);
  } while (atomic_load(&shared->pausing)); // the next one, who may have counted this one still
}

// While it sleeps.
static uint64_t want_more(Shared *shared) {
  pthread_mutex_lock(&shared->lock);
  uint64_t later = shared->over ? 0 : spark_want_all(shared);
  pthread_mutex_unlock(&shared->lock);
  return later;
}

// Sleeps without work until somebody wants help. The machine was counted as one that searches, and is again.
static void rest(Machine *machine) {
  Shared *shared = machine->shared;
  profile_turn(machine, ACTIVITY_ASLEEP);
  atomic_fetch_sub(&shared->searching, 1);
  int active = atomic_fetch_sub(&shared->active, 1) - 1;
  hard_pause();
  pthread_mutex_lock(&shared->lock); // from here on it is done with the run
  machine->worker->next_sleeping = shared->sleeping;
  shared->sleeping = machine;
  shared->sleepers++;
  pthread_mutex_unlock(&shared->lock);
  hard_pause();
  atomic_thread_fence(memory_order_seq_cst); // like the one behind a spark: one of the two sees the other
  uint64_t later = 0;
  if (atomic_load(&shared->stopping)) {
    // nothing is to be done any more
  } else if (spark_any_left(shared)) {
    worker_want_help(shared); // it may be this one
  } else if (active == 0 || speculate_is_all(shared)) {
    tell_deadlock(shared);
  } else {
    later = spark_want_all(shared);
    if (active == 1) machine_want_attention(shared->main); // it may be alone now
  }
  while (!sleep_for(machine, later)) later = want_more(shared);
  processors_spread(machine);
  profile_turn(machine, ACTIVITY_SEARCHING);
}

static bool is_one_too_many(const Shared *shared) { return atomic_load(&shared->active) > (int)shared->threads; }

static void *help(void *argument) {
  Machine *machine = argument;
  Shared *shared = machine->shared;
  sigset_t all; // signals are for the main machine, which may wait for input
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  pthread_setaffinity_np(pthread_self(), sizeof shared->processors, &shared->processors);
  processors_enter(machine);
  machine_begin_stack(machine, machine->worker->stack_bytes);
  sleep_until_woken(machine);
  processors_spread(machine);
  pause_if_wanted(machine); // whoever wants it to start need not work by now: tables may be moving
  machine->natives = shared->main->natives;
  machine->stages = shared->main->stages;
  profile_turn(machine, ACTIVITY_SEARCHING);
  if (setjmp(machine->escape) != 0) { // it leaves a run that was stopped
    machine->stack_top = machine->stack;
    machine->work.count = 0;
    speculate_left(machine);
    solo_stop(machine);
    atomic_fetch_add(&shared->searching, 1);
    atomic_store(&machine->works, false);
    rest(machine);
  }
  while (!atomic_load(&shared->quitting)) {
    if (atomic_load(&machine->asked_for)) heap_give(machine);
    Location box = DEQUE_EMPTY;
    uint64_t began = profile_now();
    for (int round = 0; round < SEARCH_ROUNDS && box == DEQUE_EMPTY; round++) {
      if (round > 0 && is_one_too_many(shared)) break; // somebody who was let go on needs the processor
      if (round % SPREAD_ROUNDS == 1) processors_spread(machine);
      if (round > 0) sched_yield();
      if (profile_now() - began > SEARCH_NANOSECONDS) round = SEARCH_ROUNDS; // others have the processors
      pause_if_wanted(machine);
      if (!atomic_load(&shared->stopping)) box = spark_find(machine);
      if (box == DEQUE_EMPTY && !atomic_load(&shared->stopping)) box = speculate_find(machine);
    }
    if (box == DEQUE_EMPTY || is_one_too_many(shared)) {
      if (box != DEQUE_EMPTY) deque_push(&machine->deque, box); // for another one
      rest(machine);
      continue;
    }
    atomic_store(&machine->works, true);
    if (atomic_fetch_sub(&shared->searching, 1) == 1) worker_want_help(shared);
    solo_go_on(machine);
    machine->tank = THIEF_FUEL;
    spark_start(machine, __builtin_frame_address(0));
    Machine *victim = machine->victim;
    uint64_t started = spark_is_in_doubt(victim) ? profile_processor_time() : 0;
    uint64_t busy = machine->account.spent[ACTIVITY_BUSY];
    if (box & DEQUE_SPECULATIVE)
      speculate_run(machine, box & ~DEQUE_SPECULATIVE);
    else
      spark_run(machine, box);
    if (started) spark_judge(victim, profile_processor_time() - started);
    if (victim) spark_note_worth(victim, machine->account.spent[ACTIVITY_BUSY] - busy);
    if (!atomic_load(&shared->stopping)) purse_empty(machine, machine); // another one may count alone from here on
    solo_stop(machine);
    atomic_fetch_add(&shared->searching, 1);
    atomic_store(&machine->works, false);
  }
  processors_leave(machine);
  return NULL;
}

static bool all_rest(Shared *shared) {
  pthread_mutex_lock(&shared->lock);
  bool all = shared->sleepers == shared->helpers;
  pthread_mutex_unlock(&shared->lock);
  return all;
}

// The run is over once all rest: one that is about to sleep may still want help for what is left in a deque.
static bool is_over(Shared *shared) {
  pthread_mutex_lock(&shared->lock);
  bool over = shared->sleepers == shared->helpers;
  shared->over = over;
  pthread_mutex_unlock(&shared->lock);
  return over;
}

// What the others have left behind may be cycles, which the main machine looks for.
static void gather_debts(Machine *machine) {
  for (Machine *one = atomic_load(&machine->shared->machines); one; one = one->next) {
    if (one == machine) continue;
    machine->cycle_debt += one->cycle_debt, machine->cycles_possible |= one->cycles_possible;
    one->cycle_debt = 0, one->cycles_possible = false;
  }
}

// Of all, while nobody else works. From then on nothing gets into one.
static void empty_purses(Machine *machine) {
  machine->locked = false;
  for (Machine *one = atomic_load(&machine->shared->machines); one; one = one->next) purse_empty(machine, one);
}

static void leave_many(Machine *machine) {
  solo_end(machine);
  empty_purses(machine);
  machine->many = false;
  machine->tank = NATIVE_FUEL;
  count_up(&machine->substitutions); // what it does alone is not counted
  gather_debts(machine);
}

uint64_t worker_substitutions(const Machine *machine) {
  uint64_t all = 0;
  for (Machine *one = atomic_load(&machine->shared->machines); one; one = one->next)
    all += atomic_load_explicit(&one->substitutions, memory_order_relaxed);
  return all;
}

static bool may_spark(const Machine *machine) {
  const Shared *shared = machine->shared;
#ifdef HVM_STRESS_CYCLES // the search for cycles sees what one machine holds
  return false;
#endif
  return (shared->threads > 1 || shared->profile) && shared->code.spreads && !shared->sequential && !machine->trace;
}

static Location gather_least(const Shared *shared) {
  Location quarter = shared->memory_limit / sizeof(Word) / 4;
  return quarter < GATHER_LEAST ? quarter : GATHER_LEAST;
}

// The run is made once more, by one machine.
static void give_up(Shared *shared) {
  pthread_mutex_lock(&shared->failing);
  if (!atomic_load(&shared->stopping)) {
    shared->again = true;
    worker_stop(shared);
  }
  pthread_mutex_unlock(&shared->failing);
}

void worker_gather(Machine *machine, Location used) {
  Shared *shared = machine->shared;
  Location at = atomic_load(&shared->gather_at);
  if (used < at || !atomic_compare_exchange_strong(&shared->gather_at, &at, GATHER_TIMES * used)) return;
  if (!atomic_exchange(&shared->gathering, true)) {
    spark_all_look_again(shared);
    return;
  }
  give_up(shared);
}

void worker_gathered(Machine *machine) {
  Shared *shared = machine->shared;
  Location twice = 2 * (shared->heap_end - shared->heap_start);
  atomic_store(&shared->gather_at, twice > gather_least(shared) ? twice : gather_least(shared));
  if (atomic_exchange(&shared->gathering, false) && may_spark(machine)) spark_go_on(machine);
}

// Nobody else works, and nothing is left that others could take: so they sleep until this machine makes a spark, and
// until then it need not take care of them.
void worker_be_one(Machine *machine) {
  Shared *shared = machine->shared;
  if (!machine->many || machine != shared->main || shared->profile || shared->program->has_sparks) return;
  if (atomic_load(&shared->active) != 1 || atomic_load(&shared->searching) != 0) return;
  if (deque_size(&machine->deque) > 0 || spark_any_undone(machine) || !all_rest(shared)) return;
  leave_many(machine);
  spark_note_alone(machine);
}

void worker_be_alone(Machine *machine) {
  if (!machine->many) return;
  spark_settle(machine);
  spark_stop(machine);
  solo_end(machine);
  while (!all_rest(machine->shared)) worker_nap();
  leave_many(machine);
}

void worker_be_many(Machine *machine) {
  if (machine->many) return;
  if (!machine->worker) {
    if (sched_getaffinity(0, sizeof machine->shared->processors, &machine->shared->processors) != 0)
      CPU_ZERO(&machine->shared->processors);
    machine->worker = new_worker();
  }
  machine->many = machine->locked = true;
  if (machine->shared->program->has_sparks) return; // it says what is ahead
  machine->tank = THIEF_FUEL;
  if (!machine->was_many) machine->fuel = THIEF_FUEL; // once: what is built ahead has a bound
  machine->was_many = true;
}

void worker_sleep(Machine *machine) {
  Shared *shared = machine->shared;
  if (!atomic_load(&shared->stopping)) purse_empty(machine, machine);
  int active = atomic_fetch_sub(&shared->active, 1) - 1;
  bool leaves = atomic_load(&shared->cancelling) && atomic_load(&machine->speculates);
  if (leaves || atomic_load(&shared->stopping)) worker_let_go_on(machine);
  bool alone = active == 0 || atomic_load(&shared->speculating); // then somebody finds out whether all wait
  // Another one could work instead: now, or it sees to it that there are sparks when it is time for them.
  if (alone || spark_any_left(shared) || spark_want_all(shared)) worker_want_help(shared);
  solo_stop(machine);
  sleep_until_woken(machine);
  processors_spread(machine);
  solo_go_on(machine);
}

// Who has claimed what a cell holds; NULL: that is not known.
static Machine *claimer(Word claimed) {
  Machine *one = (Machine *)(uintptr_t)(claimed & ~(Word)(MACHINE_ALIGNMENT - 1)); // NOLINT
  return one && !(claimed & CLAIM_OWNER) ? atomic_load(&one->worker->claimer) : one;
}

static void hurry(Machine *machine) {
  if (atomic_load(&machine->lags) && atomic_exchange(&machine->lags, false)) sem_post(&machine->worker->wake);
}

void worker_hurry_all(Shared *shared) {
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) hurry(one);
}

// Sleeps behind another one for so long, unless somebody hurries it. That one makes no sparks meanwhile: there is no
// gain in more machines that follow it.
static void lag(Machine *machine, Machine *ahead, uint64_t nanoseconds) {
  Shared *shared = machine->shared;
  if (atomic_fetch_add(&ahead->followers, 1) == 0) spark_look_again(ahead);
  profile_turn(machine, ACTIVITY_WAITING);
  solo_stop(machine);
  atomic_store(&machine->lags, true);
  hard_pause();
  bool hurries = atomic_load(&shared->stopping) || atomic_load(&shared->pausing) || atomic_load(&shared->running) == 0;
  bool woken = !hurries && sleep_for(machine, nanoseconds);
  if (!woken && !atomic_exchange(&machine->lags, false)) sleep_until_woken(machine); // somebody did just now
  solo_go_on(machine);
  profile_turn(machine, ACTIVITY_BUSY);
  if (atomic_fetch_sub(&ahead->followers, 1) == 1) spark_look_again(ahead);
  worker_attend(machine);
}

// Machines that go through the same value, a lazy list for example, would meet at each of its cells: the one behind
// waits for the one ahead, and takes the cache lines from it that it works on. So if that happens again and again, all
// that come upon what the one ahead has claimed stay behind for a while, which doubles if it was not enough.
static void stay_behind(Machine *machine, Machine *ahead) {
  Worker *worker = machine->worker;
  uint64_t time = profile_now(), until = atomic_load(&ahead->followed_until);
  bool soon = time - worker->met < FOLLOW_NANOSECONDS;
  if (time >= until) {
    worker->meetings = soon ? worker->meetings + 1 : 0;
    if (worker->meetings < FOLLOW_TIMES) return;
    worker->meetings = 0;
    uint64_t last = atomic_load(&ahead->followed_for), length = time - until < last ? 2 * last : APART_LEAST;
    if (length > APART_MOST) length = APART_MOST;
    atomic_store(&ahead->followed_for, length);
    if (!atomic_compare_exchange_strong(&ahead->followed_until, &until, time + length)) return;
    until = time + length;
  }
  uint64_t nanoseconds = until - time;
  if (atomic_load(&machine->wanted) && nanoseconds > APART_LEAST) nanoseconds = APART_LEAST;
  lag(machine, ahead, nanoseconds);
}

// Looks for a moment whether the term that is claimed in a cell is there; what the cell holds then.
static Word wait_shortly(Machine *machine, Location at, int rounds) {
  Word claimed = load_cell(machine, at);
  for (int round = 0; round < rounds && word_tag(claimed) == TAG_SLOT; round++) {
    worker_pause_processor();
    claimed = load_cell(machine, at);
  }
  return claimed;
}

static void wait_for(Machine *machine, Location at, int rounds) {
  Shared *shared = machine->shared;
  Word *cell = &machine->heap[at], claimed = wait_shortly(machine, at, rounds);
  atomic_store(&machine->listed, false);
  atomic_store(&machine->waits_for, NULL);
  atomic_store(&machine->waiting, true);
  do {
    hard_pause();
    if (word_tag(claimed) != TAG_SLOT) {
      if (atomic_exchange(&machine->waiting, false)) return;
      atomic_fetch_sub(&shared->active, 1); // the run is being stopped: it was let go on already
      sleep_until_woken(machine);
      return;
    }
    machine->worker->next_waiting = claimed;
    atomic_store(&machine->worker->claimer, claimer(claimed));
  } while (!__atomic_compare_exchange_n(cell, &claimed, (Word)(uintptr_t)machine | TAG_SLOT, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE));
  Machine *whom = atomic_load(&machine->worker->claimer);
  atomic_store(&machine->waits_for, whom && atomic_load(&whom->speculates) ? whom : NULL);
  atomic_fetch_add(&shared->turning, 1);
  hard_pause();
  atomic_store(&machine->listed, true);
  hard_pause();
  speculate_demand(shared);
  atomic_fetch_add(&shared->turned, 1);
  hard_pause();
  machine->waits++;
  profile_turn(machine, ACTIVITY_WAITING);
  // Each stolen spark can be waited for once. More waits mean that machines want the same boxes or dups at the same
  // time, and would mostly wake each other up. Without open λs that ends with the sparks that there are; but copies of
  // what is under a λ depend on each other all the way.
  long more = atomic_fetch_add(&shared->waits, 1) - atomic_load(&shared->steals);
  if (more > WAITS_TOO_MANY && HARD_OR(false, true)) atomic_store(&shared->calm, true);
  if (more > WAITS_TOO_MANY_OPEN && shared->code.open &&
      more - WAITS_TOO_MANY_OPEN > (long)((profile_now() - shared->begun) / WORTH_A_WAIT))
    give_up(shared);
  worker_sleep(machine);
  profile_turn(machine, ACTIVITY_BUSY);
  if (machine->profile) profile_woken(machine);
  if (atomic_exchange(&shared->deadlock, false)) fail_cycle(machine);
  worker_attend(machine);
}

void worker_wait(Machine *machine, Location at) {
  Word claimed = load_cell(machine, at);
  if (word_tag(claimed) != TAG_SLOT) return;
  Machine *whom = claimer(claimed);
  bool stolen = whom && atomic_load_explicit(&whom->stolen, memory_order_relaxed) + 1 == at;
  solo_end(machine);
  if (whom) {
    atomic_fetch_add(&whom->wanted, 1);
    hurry(whom);
    if (!stolen) stay_behind(machine, whom); // it does not go ahead of this machine, but works for it
  }
  wait_for(machine, at, stolen ? THIEF_ROUNDS : WAIT_ROUNDS);
  machine->worker->met = profile_now();
  if (whom) atomic_fetch_sub(&whom->wanted, 1);
}

void worker_wake(Machine *machine, Word claimed) {
  for (Machine *one; !(claimed & CLAIM_OWNER) && (one = (Machine *)(uintptr_t)(claimed & ~(Word)15));) { // NOLINT
    claimed = one->worker->next_waiting;
    hard_pause();
    if (machine->profile) profile_wake(machine, one);
    worker_let_go_on(one);
  }
}

// Runs.

void worker_begin(Machine *machine) {
  Shared *shared = machine->shared;
  pthread_mutex_lock(&shared->lock);
  shared->over = false;
  pthread_mutex_unlock(&shared->lock);
  atomic_store(&shared->stopping, false);
  atomic_store(&shared->deadlock, false);
  atomic_store(&shared->calm, false);
  atomic_store(&shared->steals, 0);
  atomic_store(&shared->waits, 0);
  shared->begun = profile_now();
  machine->many = machine->locked = machine->was_many = false;
  solo_begin(machine);
  profile_begin(shared);
  machine->tank = machine->profile ? THIEF_FUEL : NATIVE_FUEL; // with a profile, as if it were a thief
  processors_enter(machine);
  atomic_store(&machine->works, true);
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    one->natives = machine->natives;
    one->stages = machine->stages;
    one->next_label = one->last_label = 0;
    atomic_store(&one->stolen, 0);
    atomic_store(&one->spark_pause, 0);
    atomic_store(&one->spark_worth, 0);
    atomic_store(&one->wanted, 0);
    atomic_store(&one->followed_until, 0);
    atomic_store(&one->followers, 0);
  }
  machine->next_label = 1; // 0: no label
  machine->last_label = LABEL_BLOCK;
  atomic_store(&shared->labels, LABEL_BLOCK);
  purse_begin(shared);
  atomic_store(&shared->gathering, false);
  atomic_store(&shared->gather_at, gather_least(shared));
  speculate_begin(shared);
  if (may_spark(machine)) spark_start(machine, __builtin_frame_address(0));
}

void worker_end(Machine *machine) {
  Shared *shared = machine->shared;
  spark_stop(machine);
  solo_end(machine);
  worker_hurry_all(shared);
  while (!is_over(shared)) worker_nap();
  spark_stop(machine); // nobody who slept has let it go on meanwhile
  processors_leave(machine);
  gather_debts(machine);
  profile_end(shared);
  speculate_end(machine);
  if (!atomic_load(&shared->stopping)) {
    empty_purses(machine);
    return;
  }
  atomic_store(&shared->active, 1);
  atomic_store(&shared->searching, 0);
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    one->stack_top = one->stack;
    one->work.count = 0;
    atomic_store(&one->done, atomic_load(&one->sparks));
  }
}

void worker_delete(Shared *shared) {
  atomic_store(&shared->quitting, true);
  pthread_mutex_lock(&shared->lock); // one may look for work once more
  for (Machine *one = shared->sleeping, *next; one; one = next) {
    next = one->worker->next_sleeping;
    sem_post(&one->worker->wake);
  }
  pthread_mutex_unlock(&shared->lock);
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
  Shared *shared = machine->shared;
  if (atomic_load(&shared->stopping)) machine_leave(machine);
  if (atomic_load(&shared->cancelling) && atomic_load(&machine->speculates)) machine_leave(machine);
  solo_yield(machine);
  pause_if_wanted(machine);
  if (atomic_load(&machine->purse_full)) purse_empty(machine, machine);
}

void worker_stop(Shared *shared) {
  atomic_store(&shared->stopping, true);
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    machine_want_attention(one);
    worker_let_go_on(one);
    hurry(one);
  }
}

void worker_pause_others(Machine *machine) {
  Shared *shared = machine->shared;
  if (!machine->many) return;
  while (pthread_mutex_trylock(&shared->alone) != 0) {
    worker_attend(machine);
    worker_nap();
  }
  atomic_store(&shared->pausing, true);
  solo_end(machine);
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next)
    if (one != machine) machine_want_attention(one), hurry(one);
  while (atomic_load(&shared->paused) < atomic_load(&shared->active) - 1) {
    if (atomic_load(&shared->stopping)) { // who has failed does not pause any more
      worker_resume_others(machine);
      machine_leave(machine);
    }
    worker_nap();
  }
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
