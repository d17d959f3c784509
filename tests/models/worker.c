// eval/worker.c, solo.c, spark.c, speculate.c, claim.c and deque.c on all interleavings (check.h): sparks, hints,
// claims of boxes and of dups, waits and wake-ups, helpers that sleep, values that depend on themselves, runs that
// fail, and machines that want to be alone. Atomic accesses are taken in one order here: worker.c uses sequentially
// consistent ones where it matters, and what deque.c does with weaker ones is checked by deque.c beside this.
//
// Instead of terms the machines reduce tasks. A task is a call whose name is its number: it makes sparks of tasks, does
// something of its own, and then asks for boxes. What machine.c and reduce.c do around their functions is written
// down here in their words: see ask (TAG_SHR in machine_reduce), ask_dup (TAG_DP0), finish (FRAME_SHARE) and run
// (run_normalise).
#include "eval/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "eval/frames.h"
#include "eval/rules.h"
#include "eval/solo.h"
#include "eval/spark.h"
#include "eval/speculate.h"

void *check_calloc(size_t count, size_t bytes);
#define IGNORE(what) check_ignore(&(what), sizeof(what))

enum { TASKS = 5, HEAP_WORDS = 64 };

typedef struct {
  const char *sparks; // digits: tasks; where hints are on, these
  const char *asks;   // digits: tasks whose boxes it asks for: its sparks', or those of the task SHARED; a and b: sides
                      // of the dup that it asks for, A and B: that it erases
  char own;           // what it does between: f(ail), a(lone), t(wice alone), n(othing); u: nothing, but it may be left
                      // undone as a hint that nobody asks for; U: … and would fail
  char then;          // a task that it goes on with, behind a safe point; 0: none
} Task;

typedef struct {
  const char *name;
  unsigned threads, helpers; // how many there may be
  Task tasks[TASKS];
  bool must_fail;
  int runs;
  bool large;
  char dup; // there is one: it f(ires) or is s(tuck)
  bool hints;
  bool part; // it has too many states: those that there is room for
} Scene;

// A task in a box that several machines ask for: the last one's, made before the run.
enum { SHARED = TASKS - 1 };

// The task in the dup.
enum { DUPLICATED = TASKS - 2 };

typedef struct {
  Shared shared;
  Word heap[HEAP_WORDS];
  Location cells; // of them so many were ever used
  Location boxes[TASKS], dup;
  uint8_t begun[TASKS]; // times
  NativeEnter **tables; // what Machine.natives must be
  int alone, working;   // machines that are, or are between two safe points
  bool failed;
} World;

static const Scene *scene;
static World *world;

// What these need of the other files.

const char *const PRINT_TORN_HINT = "";

void memory_exhausted(void) { abort(); }
void *memory_grow(void *items, size_t *capacity, size_t needed, size_t item_size) {
  return (void)items, (void)capacity, (void)needed, (void)item_size, abort(), NULL;
}
size_t term_address_space(size_t bytes) { return bytes < 1 << 20 ? bytes : 1 << 20; }
void machine_begin_stack(Machine *machine, size_t bytes) { (void)machine, (void)bytes; }
void machine_attend(Machine *machine, uint32_t name) { (void)machine, (void)name, abort(); }
void machine_want_attention(Machine *machine) { (void)machine; } // all safe points look at everything here
void heap_give(Machine *machine) { (void)machine, abort(); }     // nobody asks
uint64_t machine_begin_normalising(Machine *machine) { return (void)machine, 0; }
// No profiles here.
uint64_t profile_now(void) { return 0; }
uint64_t profile_processor_time(void) { return 0; }
void profile_turn(Machine *machine, Activity activity) { (void)machine, (void)activity; }
void processors_enter(Machine *machine) { (void)machine; }
void processors_leave(Machine *machine) { (void)machine; }
bool processors_free(const Shared *shared, cpu_set_t *set) { return (void)shared, (void)set, false; }
void processors_spread(const Machine *machine) { (void)machine; }
void profile_begin(Shared *shared) { (void)shared; }
void profile_end(Shared *shared) { (void)shared; }
void profile_add_machine(Machine *machine) { (void)machine; }
void profile_spark(Machine *machine, Location box, Word term) { (void)machine, (void)box, (void)term, abort(); }
void profile_enter(Machine *machine, Location box) { (void)machine, (void)box, abort(); }
void profile_leave(Machine *machine, Location box, bool others) { (void)machine, (void)box, (void)others, abort(); }
void profile_forget(Machine *machine, Location box) { (void)machine, (void)box, abort(); }
void profile_wake(Machine *machine, Machine *waiting) { (void)machine, (void)waiting, abort(); }
void profile_woken(Machine *machine) { (void)machine, abort(); }
void profile_settled(Machine *machine) { (void)machine, abort(); }
void hard_pause(void) {}
bool hard_chance(unsigned one_time_in) { return (void)one_time_in, false; }

Location machine_more_heap(Machine *machine, unsigned size) {
  (void)machine;
  if (world->cells + size > HEAP_WORDS) abort();
  world->cells += size;
  return world->cells - size;
}

// The last owner leaves: TAG_SHR in machine.c. Calls have no cells here.
void machine_erase_all(Machine *machine) {
  Word erased = machine->work.items[--machine->work.count];
  Location box = word_location(erased);
  if (word_tag(erased) == TAG_CAL) return;
  if (drop_owner(machine, box)) return;
  Word term = exchange_cell(machine, box + 1, SLOT_ORPHAN);
  if (word_tag(term) != TAG_SLOT) heap_free(machine, box, 2); // else a thief reduces it, and frees the box then
}

Machine *machine_add(Shared *shared) {
  uintptr_t room = (uintptr_t)check_calloc(1, sizeof(Machine) + MACHINE_ALIGNMENT);
  Machine *machine = (Machine *)((room + MACHINE_ALIGNMENT - 1) & ~(uintptr_t)(MACHINE_ALIGNMENT - 1));
  machine->shared = shared;
  machine->heap = world->heap;
  machine->claim = (Word)(uintptr_t)machine | CLAIM_OWNER | TAG_SLOT;
  machine->work.items = check_calloc(4, sizeof *machine->work.items);
  machine->work.capacity = 4;
  machine->stack = machine->stack_top = check_calloc(16, sizeof *machine->stack);
  deque_init(&machine->deque);
  deque_init(&machine->hints);
  machine->cells.items = check_calloc(2, sizeof *machine->cells.items);
  machine->cells.capacity = 2;
  IGNORE(machine->spark_change); // how many sparks are made is up to the tasks
  IGNORE(machine->spark_pause);
  IGNORE(machine->spark_asked);
  IGNORE(machine->spark_least);
  IGNORE(machine->spark_depth);
  IGNORE(machine->spark_above);
  IGNORE(machine->spark_below);
  IGNORE(machine->spark_native);
  IGNORE(machine->spark_stack);
  atomic_fetch_add(&shared->machine_count, 1); // random stays 0: each search begins with the same machine
  machine->next = atomic_load(&shared->machines);
  atomic_store(&shared->machines, machine);
  return machine;
}

_Noreturn void machine_leave(Machine *machine) { longjmp(machine->escape, 1); }

_Noreturn void machine_fail(Machine *machine, MachineStatus status, const CodePlace *place, const char *hint,
                            const char *format, ...) {
  Shared *shared = machine->shared;
  (void)place, (void)hint, (void)format;
  world->working--;
  speculate_hold(machine);
  world->working++;
  pthread_mutex_lock(&shared->failing);
  if (!atomic_load(&shared->stopping)) {
    shared->status = status;
    CHECK_THAT(!world->failed);
    world->failed = true;
    worker_stop(shared);
  }
  pthread_mutex_unlock(&shared->failing);
  world->working--;
  machine_leave(machine);
}

// Tasks.

static Word task_term(unsigned task) { return word_make(TAG_CAL, task, 0); }

static void work(Machine *machine, unsigned task);

// A machine goes on: no other one is alone, or solo.
static void go_on(Machine *machine) {
  CHECK_THAT(world->alone == 0); // see STEP: nobody else runs while one is alone
  for (Machine *one = machine->shared->machines; one; one = one->next)
    CHECK_THAT(one == machine || one->locked || !one->many || machine->shared->stopping);
  world->working++;
}

static void safe_point(Machine *machine) {
  world->working--;
  worker_attend(machine);
  speculate_attend(machine);
  worker_be_one(machine); // machine_attend
  solo_attend(machine);
  CHECK_THAT(machine->locked || world->working == 0);
  go_on(machine);
}

// A result for those who wait: FRAME_SHARE.
static void finish(Machine *machine, Location box) {
  worker_wake(machine, exchange_cell(machine, box + 1, number_u60(7)));
}

// An owner asks for a box, and leaves it: TAG_SHR.
static void ask(Machine *machine, Location box) {
  for (;;) {
    Word inner = load_cell(machine, box + 1);
    if (word_is_value(inner)) break;
    if (word_tag(inner) == TAG_SLOT) {
      world->working--;
      worker_wait(machine, box + 1);
      go_on(machine);
      continue;
    }
    if (is_last_owner(machine, box)) {
      inner = load_cell(machine, box + 1); // who had it too, or a thief, may be or have been at it meanwhile
      if (word_tag(inner) == TAG_SLOT) continue;
      heap_free(machine, box, 2);
      if (!word_is_value(inner)) work(machine, word_extra(inner));
      return;
    }
    Word term = word_make(TAG_SHR, 0, box), taken = spark_take_back(machine, term);
    if (taken != term) {
      if (!word_is_value(taken)) work(machine, word_extra(taken));
      return;
    }
    safe_point(machine);
    if (!replace_cell(machine, box + 1, &inner, machine->claim)) continue;
    work(machine, word_extra(inner));
    finish(machine, box);
  }
  heap_erase(machine, word_make(TAG_SHR, 0, box));
}

// What a side of the dup gets: something with cells, so that none may be lost.
static Word new_value(Machine *machine) {
  Word box = new_box(machine, number_u60(7));
  machine->heap[word_location(box)] = SHARE_ONE;
  return box;
}

// TAG_DP0 in machine.c.
static void erase_side(Machine *machine, Location dup, unsigned side) {
  Word state = load_cell(machine, dup + 1), term;
  bool halved;
  if (machine->many) {
    if (claim_erase(machine, dup, side, &term, &halved)) heap_erase(machine, term);
  } else if (!(state & (DUP_FIRED | (side ? DUP_DEAD0 : DUP_DEAD1)))) {
    machine->heap[dup + 1] = state | (side ? DUP_DEAD1 : DUP_DEAD0);
  } else {
    term = machine->heap[dup];
    heap_free(machine, dup, 2);
    heap_erase(machine, term);
  }
}

// Asks for a side, and erases what it gets: TAG_DP0, FRAME_DUP0.
static void ask_dup(Machine *machine, Location dup, unsigned side) {
  Word term;
  safe_point(machine);
  if (machine->many) {
    world->working--;
    bool claimed = claim_dup(machine, dup, &term);
    go_on(machine);
    if (!claimed) {
      heap_erase(machine, term);
      return;
    }
  } else {
    term = machine->heap[dup];
    if (machine->heap[dup + 1] & DUP_FIRED) {
      heap_free(machine, dup, 2);
      heap_erase(machine, term);
      return;
    }
    if (machine->heap[dup + 1] & DUP_CLAIMED) {
      CHECK_THAT(term == TAG_SLOT);
      machine_fail(machine, MACHINE_FAILED, NULL, NULL, "it depends on itself");
    }
    machine->heap[dup + 1] |= DUP_CLAIMED;
    machine->heap[dup] = TAG_SLOT;
  }
  CHECK_THAT(term == task_term(DUPLICATED));
  work(machine, DUPLICATED);
  Word state = load_cell(machine, dup + 1);
  if (scene->dup == 'f') {
    Word other = new_value(machine);
    settle_dup(machine, dup, state & (side ? DUP_DEAD0 : DUP_DEAD1), other);
    return;
  }
  if (machine->many)
    claim_put_back(machine, dup, term);
  else
    machine->heap[dup] = term, machine->heap[dup + 1] = state & ~(Word)DUP_CLAIMED;
  erase_side(machine, dup, side);
}

static void be_alone(Machine *machine) {
  world->working--;
  worker_pause_others(machine);
  CHECK_THAT(world->working == 0);
  world->alone++;
  CHECK_THAT(world->alone == 1);
  sched_yield();                                                             // whoever runs meanwhile is seen
  machine->natives = world->tables = check_calloc(1, sizeof(NativeEnter *)); // they move
  CHECK_THAT(world->working == 0);
  world->alone--;
  worker_resume_others(machine);
  world->working++;
}

// As many as ask for it; and for a hint that nobody asks for, one that could.
static unsigned owners_of(unsigned task) {
  unsigned owners = (scene->tasks[task].own | 32) == 'u';
  for (int i = 0; i < TASKS; i++)
    for (const char *next = scene->tasks[i].asks; next && *next; next++) owners += *next == '0' + (int)task;
  return owners;
}

static void work(Machine *machine, unsigned number) {
  const Task *task = &scene->tasks[number];
  CHECK_THAT(++world->begun[number] == 1 || (number == DUPLICATED && scene->dup == 's'));
  CHECK_THAT(machine->natives == world->tables);
  CHECK_THAT(machine->shared->main->many || machine == machine->shared->main); // worker_be_one: nobody else works
  for (const char *next = task->sparks; next && *next; next++) {
    unsigned made = (unsigned)(*next - '0');
    Word box = scene->hints ? new_box(machine, task_term(made)) : spark_make(machine, task_term(made), 0);
    world->boxes[made] = word_location(box);
    if (!scene->hints) continue;
    machine->heap[word_location(box)] = (1 + owners_of(made)) * SHARE_ONE;
    speculate_hint(machine, box);
  }
  if (task->own == 'f' || task->own == 'U') machine_fail(machine, MACHINE_FAILED, NULL, NULL, "failed");
  if (task->own == 'a' || task->own == 't') be_alone(machine);
  if (task->own == 't') be_alone(machine);
  for (const char *next = task->asks; next && *next; next++) {
    if (*next <= '9')
      ask(machine, world->boxes[*next - '0']);
    else if (*next >= 'a')
      ask_dup(machine, world->dup, (unsigned)(*next - 'a'));
    else
      erase_side(machine, world->dup, (unsigned)(*next - 'A'));
  }
  CHECK_THAT(machine->shared->main->many || machine == machine->shared->main);
  if (task->then) {
    safe_point(machine);
    work(machine, (unsigned)(task->then - '0'));
  }
}

// What a thief does: a task.
Word machine_evaluate(Machine *machine, Word term) {
  go_on(machine);
  safe_point(machine);
  work(machine, word_extra(term));
  world->working--;
  return number_u60(7);
}

// The same for a hint, below whose frame there is FRAME_STOP.
Word machine_reduce(Machine *machine, Word term) {
  go_on(machine);
  safe_point(machine);
  work(machine, word_extra(term));
  world->working--;
  Location box = *--machine->stack_top >> FRAME_SHIFT;
  finish(machine, box);
  return word_make(TAG_SHR, 0, box);
}

// Runs.

static Location free_cells(Shared *shared) {
  Location count = 0;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next)
    for (Location at = one->free_lists[2]; at; at = world->heap[at]) count += 2;
  return count;
}

static void run(Machine *machine) {
  Shared *shared = machine->shared;
  memset(world->begun, 0, sizeof world->begun);
  memset(world->heap, 0, sizeof world->heap);
  world->cells = 2; // 0 is no location
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next)
    memset(one->free_lists, 0, sizeof one->free_lists);
  world->failed = false;
  world->working = 1;
  if (scene->tasks[SHARED].own) {
    world->boxes[SHARED] = heap_alloc(machine, 2);
    world->heap[world->boxes[SHARED]] = owners_of(SHARED) * SHARE_ONE;
    world->heap[world->boxes[SHARED] + 1] = task_term(SHARED);
  }
  if (scene->dup) {
    world->dup = heap_alloc(machine, 2);
    world->heap[world->dup] = task_term(DUPLICATED);
    world->heap[world->dup + 1] = (Word)1 << DUP_LABEL_SHIFT;
  }
  worker_begin(machine);
  if (setjmp(machine->escape) == 0) {
    safe_point(machine);
    work(machine, 0);
    world->working--;
    spark_settle(machine);
    if (scene->hints) CHECK_THAT(speculate_finish(machine));
    CHECK_THAT(!scene->hints || world->working == 0);
    worker_end(machine);
    CHECK_THAT(!world->failed && !scene->must_fail);
    for (int i = 0; i < TASKS && !atomic_load(&shared->abandoned); i++) // who could have asked for it leaves, too
      if ((scene->tasks[i].own | 32) == 'u') heap_erase(machine, word_make(TAG_SHR, 0, world->boxes[i]));
    CHECK_THAT(free_cells(shared) == world->cells - 2 || atomic_load(&shared->abandoned));
    for (int i = 0; i < TASKS; i++)
      CHECK_THAT((scene->dup && i == DUPLICATED) || world->begun[i] == (i == 0 || scene->tasks[i].own != 0) ||
                 (scene->hints && (scene->tasks[i].own | 32) == 'u'));
  } else {
    worker_end(machine);
    CHECK_THAT(world->failed && scene->must_fail);
  }
  CHECK_THAT(!spark_any_undone(machine));
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) CHECK_THAT(one->natives == world->tables);
}

static void run_main(void *argument) {
  Machine *machine = argument;
  for (int i = 0; i < scene->runs; i++) run(machine);
  worker_delete(machine->shared);
}

static void begin(void *argument) {
  (void)argument;
  world = check_calloc(1, sizeof *world);
  Shared *shared = &world->shared;
  shared->threads = scene->threads;
  shared->memory_limit = (size_t)scene->helpers * (8 << 20);
  shared->code.shares = shared->code.spreads = true;
  Program *program = check_calloc(1, sizeof *program);
  program->has_sparks = scene->hints;
  shared->program = program;
  IGNORE(shared->machine_count); // for random_machine
  IGNORE(shared->steals);
  IGNORE(shared->calm); // as it is
  IGNORE(shared->gathering);
  if (!scene->hints) { // only who looks for those that speculate reads them
    IGNORE(shared->turning);
    IGNORE(shared->turned);
    IGNORE(shared->speculating);
    IGNORE(shared->parked);
    IGNORE(shared->cancelling);
    IGNORE(shared->hints_off);
  }
  atomic_store(&shared->active, 1);
  shared->main = machine_add(shared);
  check_start(run_main, shared->main);
}

static const Scene SCENES[] = {
    {"a spark", 2, 1, {{"1", "1", 'n'}, {.own = 'n'}}, .runs = 1},
    {"a spark, twice", 2, 1, {{"1", "1", 'n'}, {.own = 'n'}}, .runs = 2},
    {"a spark, two helpers", 3, 2, {{"1", "1", 'n'}, {.own = 'n'}}, .runs = 1, .large = true},
    {"two sparks", 2, 1, {{"12", "21", 'n'}, {.own = 'n'}, {.own = 'n'}}, .runs = 1},
    {"the older spark first", 2, 1, {{"12", "12", 'n'}, {.own = 'n'}, {.own = 'n'}}, .runs = 1},
    {"a spark that sparks", 2, 2, {{"1", "1", 'n'}, {"2", "2", 'n'}, {.own = 'n'}}, .runs = 1, .large = true},
    {"a shared box", 2, 1, {{"1", "41", 'n'}, {NULL, "4", 'n'}, [SHARED] = {.own = 'n'}}, .runs = 1},
    {"a shared box, two helpers",
     2,
     2,
     {{"1", "41", 'n'}, {NULL, "4", 'n'}, [SHARED] = {.own = 'n'}},
     .runs = 1,
     .large = true},
    {"a box that needs itself",
     2,
     1,
     {{"1", "1", 'n'}, {NULL, "4", 'n'}, [SHARED] = {NULL, "4", 'n'}},
     .must_fail = true,
     .runs = 1},
    {"a box that needs itself, two helpers",
     2,
     2,
     {{"1", "1", 'n'}, {NULL, "4", 'n'}, [SHARED] = {NULL, "4", 'n'}},
     .must_fail = true,
     .runs = 1,
     .large = true},
    {"failing", 2, 1, {{"1", "1", 'n'}, {.own = 'f'}}, .must_fail = true, .runs = 1},
    {"failing twice", 2, 1, {{"1", "1", 'n'}, {.own = 'f'}}, .must_fail = true, .runs = 2},
    {"alone", 2, 1, {{"1", "1", 'a'}, {.own = 'n'}}, .runs = 1},
    {"twice alone", 2, 1, {{"1", "1", 't'}, {.own = 'n'}}, .runs = 1},
    {"alone beside a new helper", 2, 2, {{"1", "1", 'n'}, {.own = 'a'}}, .runs = 1, .large = true},
    {"failing beside one alone", 2, 1, {{"1", "1", 'a'}, {.own = 'f'}}, .must_fail = true, .runs = 1},
    {"alone beside one failing", 2, 1, {{"1", NULL, 'f'}, {.own = 'a'}}, .must_fail = true, .runs = 1},
    {"one again", 2, 1, {{"1", "1", 'n', '2'}, {.own = 'n'}, {"3", "3", 'n'}, {.own = 'n'}}, .runs = 1},
    {"one beside one that waits",
     2,
     1,
     {{"1", "41", 'n', '2'}, {NULL, "4", 'n'}, {.own = 'n'}, [SHARED] = {NULL, NULL, 'n', '3'}, [3] = {.own = 'n'}},
     .runs = 1},
    {"a dup", 2, 1, {{"1", "a1", 'n'}, {NULL, "b", 'n'}, [DUPLICATED] = {.own = 'n'}}, .dup = 'f', .runs = 1},
    {"a side that is erased",
     2,
     1,
     {{"1", "a1", 'n'}, {NULL, "B", 'n'}, [DUPLICATED] = {.own = 'n'}},
     .dup = 'f',
     .runs = 1},
    {"both sides erased",
     2,
     1,
     {{"1", "A1", 'n'}, {NULL, "B", 'n'}, [DUPLICATED] = {.own = 'n'}},
     .dup = 'f',
     .runs = 1},
    {"a stuck dup", 2, 1, {{"1", "a1", 'n'}, {NULL, "b", 'n'}, [DUPLICATED] = {.own = 'n'}}, .dup = 's', .runs = 1},
    {"a stuck dup, one side erased",
     2,
     1,
     {{"1", "a1", 'n'}, {NULL, "B", 'n'}, [DUPLICATED] = {.own = 'n'}},
     .dup = 's',
     .runs = 1},
    {"a dup claimed by one machine",
     2,
     1,
     {{NULL, "a1", 'n'}, {NULL, "b", 'n'}, [DUPLICATED] = {"1", NULL, 'n'}},
     .dup = 'f',
     .runs = 1},
    {"a dup claimed by one machine, the other side erased",
     2,
     1,
     {{NULL, "a1", 'n'}, {NULL, "B", 'n'}, [DUPLICATED] = {"1", NULL, 'n'}},
     .dup = 'f',
     .runs = 1},
    {"a dup that needs itself",
     2,
     1,
     {{NULL, "a", 'n'}, {NULL, "b", 'n'}, [DUPLICATED] = {"1", "1", 'n'}},
     .dup = 'f',
     .must_fail = true,
     .runs = 1},
    {"a dup that sparks",
     2,
     1,
     {{"1", "a12", 'n'}, {NULL, "b", 'n'}, {.own = 'n'}, [DUPLICATED] = {"2", NULL, 'n'}},
     .dup = 'f',
     .runs = 1,
     .large = true},
    {"a hint", 2, 1, {{"1", "1", 'n'}, {.own = 'n'}}, .hints = true, .runs = 1},
    {"a hint that nobody asks for", 2, 1, {{"1", NULL, 'n'}, {.own = 'u'}}, .hints = true, .runs = 1},
    {"a hint that would fail", 2, 1, {{"1", NULL, 'n'}, {.own = 'U'}}, .hints = true, .runs = 1},
    {"a hint that fails", 2, 1, {{"1", "1", 'n'}, {.own = 'f'}}, .hints = true, .must_fail = true, .runs = 1},
    {"a hint that needs what others need",
     2,
     1,
     {{"1", "41", 'n'}, {NULL, "4", 'n'}, [SHARED] = {.own = 'n'}},
     .hints = true,
     .runs = 1,
     .large = true},
    {"a hint that needs itself",
     2,
     1,
     {{"1", "1", 'n'}, {NULL, "4", 'n'}, [SHARED] = {NULL, "1", 'n'}},
     .hints = true,
     .must_fail = true,
     .runs = 1,
     .large = true},
    {"a hint, two helpers",
     3,
     2,
     {{"1", "1", 'n'}, {.own = 'n'}},
     .hints = true,
     .runs = 1,
     .large = true,
     .part = true},
    {"both alone", 2, 1, {{"1", "1", 'a'}, {.own = 'a'}}, .runs = 1},
};

// worker [small | large | dups | hints | NAME]. dups, hints: the small ones with such.
int main(int count, char **words) {
  const char *which = count > 1 ? words[1] : "small";
  bool large = strcmp(which, "large") == 0, dups = strcmp(which, "dups") == 0, hints = strcmp(which, "hints") == 0;
  bool small = dups || hints || strcmp(which, "small") == 0, found = false;
  for (size_t i = 0; i < sizeof SCENES / sizeof *SCENES; i++) {
    scene = &SCENES[i];
    if (large || small ? scene->large && small : strcmp(which, scene->name) != 0) continue;
    if ((dups && !scene->dup) || (hints && !scene->hints)) continue;
    found = true;
    int status = check_all(scene->name, false, scene->large ? 40000000 : 3000000, begin);
    if (status != 0 && !(status == 3 && scene->part)) return status;
  }
  return found ? 0 : 2;
}
