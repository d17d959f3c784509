// A machine: stack, counters, free cells, and the reduction of terms on them. What the machines of a run have in common
// is Shared; how they work together says worker.h.
//
// Heap: an array of cells in reserved, untouched virtual memory. Freed cells go to the free list of their size, whose
// links are the freed cells themselves; new ones come from there, else from the current run of unused cells. Every rule
// frees what it consumes. The one thing that this leaves behind are cycles: see cycles.c.
//
// A location is an address in units of cells (native_abi.h): heaps are mapped low enough for 38 bits.
//
// Stack: continuation frames, words in reserved memory. The word on top of a frame says its kind (reduce.c).
//
// One machine is used by one thread. Only machine_interrupt and machine_offer_native may be called from anywhere.
#ifndef HVM_EVAL_MACHINE_H
#define HVM_EVAL_MACHINE_H

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>

#include "code.h"
#include "deque.h"
#include "hard.h"
#include "profile.h"
#include "word.h"

typedef enum {
  RULE_APP_LAM,
  RULE_APP_SUP,
  RULE_DUP_LAM,
  RULE_DUP_SUP,
  RULE_DUP_NUM,
  RULE_DUP_CTR,
  RULE_OP2_NUM,
  RULE_OP2_SUP,
  RULE_FUN_SUP,
  RULE_FUN_RULE,
  RULE_COUNT
} RuleKind;

typedef enum { MACHINE_OK, MACHINE_FAILED, MACHINE_EXHAUSTED, MACHINE_INTERRUPTED } MachineStatus;

enum { SIZE_CLASSES = NATIVE_SIZES };

// In a cell that was claimed: the address is that of who claimed it, and nobody waits yet.
#define CLAIM_OWNER ((Word)1 << 4)

enum { LABEL_BLOCK = 1 << 16 };  // labels that a machine takes at once
enum { MACHINE_ALIGNMENT = 64 }; // bytes: a cache line
enum {
  HEAP_STEP_CELLS = HARD_OR(1 << 9, 1 << 15),
  CYCLE_LEAST_CELLS = 1 << 16
}; // the heap's end moves by; the least to look for cycles

// What all machines of a run have in common.
typedef struct Purse Purse;
typedef struct Worker Worker;
// Free cells of one size that machines have given to others: heap.c.
typedef struct {
  Location *items; // lists
  size_t count, capacity;
  size_t few; // when so many are left, somebody asks for more
} Given;

struct Shared {
  Word *heap; // the memory of the cells, which begins with cell heap_start
  Location heap_start;
  _Atomic(Location) heap_end, touched; // end of the cells in use or free for use; of those that were ever used
  atomic_size_t stack_bytes;           // of all machines' stacks: what they may use without asking
  _Atomic(Machine *) machines;         // all; main is the one that the result belongs to
  Machine *main;
#ifdef HVM_CHECK
  uint8_t *sizes;
#endif
  size_t memory_limit, heap_bytes; // the limit, and what is reserved, in bytes
  uint64_t peak_bytes;             // most of cells and stacks together, in runs before this one
  atomic_bool exhausted;           // the limit was passed: the next safe point fails
  // Threads: see worker.h. What is written at each theft or wait has lines of its own.
  _Alignas(MACHINE_ALIGNMENT) atomic_int active, searching; // machines that work, or look for work; that only look
  atomic_int running;                                       // machines that work and do not wait or sleep meanwhile
  _Atomic(Machine *) solo;                                  // the one that does so alone: solo.h
  _Alignas(MACHINE_ALIGNMENT) atomic_long steals, waits;    // so far in this run
  _Alignas(MACHINE_ALIGNMENT) unsigned threads;             // how many machines may work at a time
  cpu_set_t processors;                                     // that this process may use; none: not known
  atomic_uint machine_count;                                // that there are
  atomic_bool calm;                                         // sparks do not pay in it: none are made any more
  atomic_int paused;             // machines that wait at a safe point since one wants to be alone
  atomic_bool pausing, stopping; // … which one does; the run is over
  atomic_bool deadlock, quitting;
  // Speculation: see speculate.h.
  atomic_int speculating;               // machines that do, also those that sleep meanwhile
  atomic_uint parked;                   // … those that are parked
  _Atomic(size_t) speculated;           // bytes that they took
  atomic_bool hints_off;                // no hints are made or taken
  atomic_bool cancelling, abandoned;    // they are to leave; some have left cells behind
  _Atomic(uint64_t) turning, turned;    // how often one began or ended to wait, at its beginning and at its end
  _Atomic(uint64_t) last_look;          // in nanoseconds
  uint64_t begun;                       // when the run was, in nanoseconds
  pthread_mutex_t parking;              // of Machine.parked
  pthread_mutex_t lock, alone, failing; // of the next fields; of the one who pauses others; of messages
  Given given[SIZE_CLASSES];            // by size
  Machine *sleeping;                    // helpers without work
  unsigned sleepers, helpers;
  bool over;        // the run is, and none of them is woken until the next one
  Profile *profile; // NULL: none is made
  atomic_bool interrupted;
  atomic_bool marked;                         // stuck terms were, by one of many machines
  bool again, sequential;                     // the run is to be made once more, by one machine; it is
  _Atomic(Location) purses_at;                // the end of the cells in use at which purses are emptied
  _Atomic(Location) gather_at;                // cells in use at which several machines suspect cycles
  atomic_bool gathering;                      // they are to become one, which looks for them
  _Atomic(uint64_t) labels;                   // the next one that no machine has
  _Atomic(const NativeModule *) native_offer; // machine code to use from the next safe point on; NULL: none
  size_t natives_count, natives_capacity;
  const Program *program;
  Code code;
  FILE *output, *input;
  Diagnostics *diagnostics; // where failures are reported
  MachineStatus status;
};

struct Machine {
  NATIVE_MACHINE_FIELDS                           // see native_abi.h
      _Alignas(MACHINE_ALIGNMENT) Shared *shared; // what others read
  Machine *next;                                  // of all
  Worker *worker;                                 // NULL: no threads yet
  // What thieves look at and change.
  _Alignas(MACHINE_ALIGNMENT) Deque deque;
  _Atomic(uint64_t) spark_change; // when spark_depth changed last, in nanoseconds
  _Atomic(uint64_t) spark_pause;  // how long it stays so, whoever asks for more: what they got was not worth it
  _Atomic(uint32_t) spark_worth;  // how long thefts from it keep the thief busy, on average, in nanoseconds
  atomic_bool spark_asked;        // it grew since somebody asked, and was not cut since
  _Atomic(size_t) spark_least;    // the least depth of a spark since it began to do this
  _Atomic(size_t) spark_depth;    // how far the next two are from the beginnings of what it does, in bytes
  Deque hints;                    // see speculate.h, as what is said to be of speculation below
  atomic_bool waiting;            // sleeps until a box is reduced, or is parked
  atomic_bool listed;             // … and it is seen for whom: else it may find the box reduced as yet
  atomic_bool works;              // it has a spark, or is the main one in a run
  atomic_bool speculates;         // it has a spark that may not be needed
  atomic_int wanted;              // machines that wait for what it has claimed
  atomic_bool lags;               // sleeps behind another one
  atomic_int followers;           // machines that sleep behind it
  _Atomic(Location) stolen;       // the box of the spark that it took from another one and reduces; 0: none
  _Atomic(uint64_t) followed_until, followed_for; // … until then, and how long in all; in nanoseconds
  _Atomic(Machine *) waits_for;        // a machine that speculates, which has claimed what this one waits for
  _Atomic(uint64_t) asked_for;         // sizes of free cells that others need, as a set
  _Atomic(const uint32_t *) processor; // where the kernel says which one its thread is on; NULL: that is not known
  // Its own.
  _Alignas(MACHINE_ALIGNMENT) _Atomic(Word *) spark_below; // code whose frame is below makes sparks; spark_above for
                                                           // machine code
  _Atomic(char *) spark_native;                            // these beginnings: of the C stack …
  _Atomic(Word *) spark_stack;                             // … and of the other one
  bool was_many;                                           // in this run
  uint64_t burst, burst_waiting;                           // sparks made, and in the deque, at
  uint64_t burst_began;                                    // this time
  uint64_t looked_around;         // when it asked last whether somebody else is on its processor
  ptrdiff_t burst_depth;          // the deepest of them
  _Atomic(uint64_t) sparks, done; // that it made so far; that it has done with
  uint64_t steals, waits;         // so far
  Account account;                // of its time
  MachineProfile *profile;        // NULL: none is made
  Purse *purse;                   // see purse.h; NULL: it has none yet
  atomic_bool purse_full;         // it is to be emptied: the heap has grown
  uint64_t random;                // for the choice of victims; not 0
  Machine *victim;                // of its last theft; NULL: there was nothing to take
  // Speculation.
  uint64_t hinted; // boxes that became hints so far
  Word claim;      // what it puts where it takes a term out that others may ask for: CLAIM_OWNER
  Location box;    // whose term it reduces
  bool parked;
  uint64_t full_tank;          // what its tank is without
  size_t grown;                // bytes that it took for this spark
  ARRAY(Location) cells;       // of the result that are to be reduced
  Word *heap;                  // cell 0, which is not there
  Location runs;               // further runs, by address: [next, length] in their first cells; 0: none
  Location cycle_check;        // heap_end at which to look for cycles
  uint64_t cycle_debt;         // erased sides of labelled dups since the last look: each may leave a cycle
  bool cycles_possible;        // some were, since the heap was empty
  uint64_t cycle_cells;        // cells that only cycles kept, given back so far
  bool cycle_wanted;           // look at the next safe point: when the stack is checked
  Word *stack;                 // its bottom
  char *native_top;            // where the C stack begins that machine code may use
  char *native_bottom;         // what native_limit is without a wish for attention: so far it may be used as yet
  char *native_floor;          // the lowest that this may become
  size_t native_peak;          // bytes that it was used for in this run
  _Atomic(Word *) stack_limit; // where to ask for more; at the bottom after an interrupt
  Word *stack_committed;
  size_t stack_bytes;               // that are reserved
  Word words[2 * 64 + ARITY_LIMIT]; // what an instruction gathers; not in the reducer's frame, since that may nest
  uint64_t rewrites[RULE_COUNT];
  uint64_t next_label, last_label; // of its block
  _Atomic(uint64_t) substitutions; // of variables, while it was one of many
  uint32_t session;                // number of the pass of normalisation
  bool stale;                      // the pass may have to be repeated
  Location root;                   // the cell of the result; 0: none
  const char *running;             // the built-in function that runs, for messages; NULL: none
  ARRAY(Word) work;                // terms still to be erased
  ARRAY(Word) aside;               // room for one run of aside.c
  struct Trace *trace;             // NULL: nobody looks; see trace.h
  jmp_buf escape;                  // where failures go
};

// memory_limit: bytes for cells and stack together; 0: most of the machine's. NULL when nothing can be reserved.
// strict: functions may run as strict code (strict.h).
Machine *machine_new(Program *program, size_t memory_limit, bool strict);
void machine_free(Machine *machine);

// Compiles the program's functions as far as they are new, and all that machine code can be made for. What is new in
// other respects machine_normalise compiles, too. any: not only Main may be reduced, so what that comes to does not say
// whether λs are open.
void machine_compile(Machine *machine, bool any);
// Functions of the module are used from now on; or from the next safe point on, which comes soon.
void machine_use_native(Machine *machine, const NativeModule *module);
void machine_offer_native(Machine *machine, const NativeModule *module);

// Reduces a function without parameters to normal form; the result is in heap[root]. The program's functions are
// compiled first as far as they are new.
MachineStatus machine_normalise(Machine *machine, const Function *function);
void machine_collect_result(Machine *machine);
void machine_interrupt(Machine *machine);

uint64_t machine_live_cells(const Machine *machine);
uint64_t machine_peak_cells(const Machine *machine); // that were ever used
uint64_t machine_peak_bytes(const Machine *machine); // of cells and stack

// Appends the result, or any other normal term, as text. What can prevent it:
//   too large    the text needs more than the memory limit
//   interrupted  by machine_interrupt
//   torn         a superposition, an erased side or a variable outside of its λ shows in the result of a program that
//   has
//                neither {a b} nor $x: clones of a λ met that lazy cloning cannot tell apart, and the text would be
//                wrong
typedef enum { PRINT_OK, PRINT_TOO_LARGE, PRINT_INTERRUPTED, PRINT_TORN } PrintStatus;
extern const char *const PRINT_MESSAGES[], *const PRINT_TORN_HINT;
PrintStatus machine_print(const Machine *machine, Buffer *out, Word term);
// Appends the code points of a string as UTF-8; false when the term is no string.
bool machine_string(const Machine *machine, Buffer *out, Word term);

// A dup that the way from the root to a term has passed: superpositions of its label show the side that was taken.
// Lists share their ends, and live in an arena of the reader's.
typedef struct Choice {
  const struct Choice *outer;
  Label label;
  unsigned side;
} Choice;
// Looks through stuck dups, the superpositions that they project, and substituted variables.
void machine_see_through(const Machine *machine, Arena *arena, Word *term, const Choice **choices);

// Below: for the files of eval/ only.

// Ends the reduction with a diagnostic; place and hint may be NULL.
_Noreturn void machine_leave(Machine *machine);           // the run
Machine *machine_add(Shared *shared);                     // one more; NULL: no address space
void machine_begin_stack(Machine *machine, size_t bytes); // the C stack from here on downwards
_Noreturn void machine_fail(Machine *machine, MachineStatus status, const CodePlace *place, const char *hint,
                            const char *format, ...) __attribute__((format(printf, 5, 6)));
// A pass of normalisation: what begin returns is given to must_repeat at its end.
void machine_more_labels(Machine *machine);
uint64_t machine_begin_normalising(Machine *machine);
bool machine_must_repeat(const Machine *machine, uint64_t begin);
// Fails at a safe point (top, term) or somewhere else (top NULL) since the memory limit is reached.
_Noreturn void machine_fail_memory(Machine *machine, const Word *top, Word term, const char *what);
void machine_want_attention(Machine *machine); // the next look at a limit of the stacks leads to a safe point
void machine_want_cycles(Machine *machine);    // the next safe point looks for cycles

// heap.c
Shared *heap_new(size_t memory_limit); // NULL: nothing can be reserved
void heap_delete(Shared *shared);
void heap_reset(Shared *shared);                   // all cells are free
void *heap_reserve(size_t *bytes);                 // address space, perhaps less of it; NULL: none
size_t heap_committed_bytes(const Shared *shared); // cells and stacks, for the memory limit
void heap_give(Machine *machine);                  // at a safe point, or between two sparks: cells others asked for
Location machine_more_heap(Machine *machine, unsigned size); // fails at the limit
// Also a safe point: all terms are reachable from the result's cell, the frames up to top, the loose words above it,
// and the term at hand.
void machine_more_stack(Machine *machine, Word *top, size_t words, size_t loose, Word term);
void machine_find_cycles(Machine *machine, const Word *top, size_t loose, Word term); // cycles.c
// Reduces a term, and what the frames on the stack down to a FRAME_STOP then want.
Word machine_reduce(Machine *machine, Word term);
void machine_attend(Machine *machine, uint32_t name);   // machine code passed native_limit, in a call of name
Word machine_evaluate(Machine *machine, Word term);     // to weak head normal form, above the frames that are there
void machine_make_ready(Machine *machine, NameId name); // the code of a unit
void machine_erase_all(Machine *machine);               // what is in work
Word machine_make_string(Machine *machine, const char *text, size_t size); // from UTF-8
// Runs a built-in function whose arguments were normalised; see builtin.c.
typedef struct {
  bool stuck;
  Word next, argument;
  bool applied;
} BuiltinResult;
BuiltinResult machine_builtin(Machine *machine, Builtin builtin, Word *arguments);

// A counter that only this thread changes.
static inline void count_up(_Atomic(uint64_t) *counter) {
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1, memory_order_release);
}

static inline Location heap_alloc(Machine *machine, unsigned size) {
  Location location = machine->free_lists[size];
  if (__builtin_expect(location != 0, 1)) {
    machine->free_lists[size] = machine->heap[location];
    NATIVE_CHECK_ALLOC(machine, location, size);
    return location;
  }
  location = machine->bump;
  if (__builtin_expect(location + size > machine->bump_limit, 0)) return machine_more_heap(machine, size);
  machine->bump = location + size;
  NATIVE_CHECK_ALLOC(machine, location, size);
  return location;
}

// Cells that no node is in.
static inline void heap_add_free(Machine *machine, Location location, unsigned size) {
  machine->heap[location] = machine->free_lists[size];
  machine->free_lists[size] = location;
}

static inline void heap_free(Machine *machine, Location location, unsigned size) {
  NATIVE_CHECK_FREE(machine, location, size);
  heap_add_free(machine, location, size);
}

// The count of a box. Among several machines purse.h helps where it is large.
enum { OWNERS_MANY = 3 };

bool purse_take(Machine *machine, Location box);
bool purse_keep(Machine *machine, Location box);

static inline void add_owner(Machine *machine, Location box) {
  if (__builtin_expect(!machine->locked, 1)) {
    machine->heap[box] += SHARE_ONE;
    return;
  }
  if (machine->purse && purse_take(machine, box)) return; // a look at the count first would take it from others twice
  __atomic_fetch_add(&machine->heap[box], SHARE_ONE, __ATOMIC_RELAXED);
}

// Does nobody else own the box? Then nobody else can see what is in it, either.
static inline bool is_last_owner(const Machine *machine, Location box) {
  return __atomic_load_n(&machine->heap[box], __ATOMIC_ACQUIRE) < 2 * SHARE_ONE;
}

// False: it was the last one, whose the box is now, whatever its count.
static inline bool drop_owner(Machine *machine, Location box) {
  Word owners = __atomic_load_n(&machine->heap[box], __ATOMIC_ACQUIRE);
  if (owners < 2 * SHARE_ONE) return false;
  if (__builtin_expect(!machine->locked, 1)) {
    machine->heap[box] -= SHARE_ONE;
    return true;
  }
  if (owners >= OWNERS_MANY * SHARE_ONE && purse_keep(machine, box)) return true;
  return __atomic_fetch_sub(&machine->heap[box], SHARE_ONE, __ATOMIC_ACQ_REL) >= 2 * SHARE_ONE;
}

static inline Word load_cell(const Machine *machine, Location cell) {
  return __atomic_load_n(&machine->heap[cell], __ATOMIC_ACQUIRE);
}

// Puts a word into a cell that others may see; what was there.
static inline Word exchange_cell(Machine *machine, Location cell, Word term) {
  Word *at = &machine->heap[cell], found;
  if (machine->locked) return __atomic_exchange_n(at, term, __ATOMIC_ACQ_REL);
  found = *at;
  *at = term;
  return found;
}

// The same if *found is there; else false, and *found is what is.
static inline bool replace_cell(Machine *machine, Location cell, Word *found, Word term) {
  Word *at = &machine->heap[cell], was = *found;
  if (machine->locked) return __atomic_compare_exchange_n(at, found, term, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  *found = *at;
  if (*found != was) return false;
  *at = term;
  return true;
}

// Erases a term that nobody owns any more.
static inline void heap_erase(Machine *machine, Word term) {
  if (word_is_flat(term)) return;
  ARRAY_PUSH(&machine->work, term);
  machine_erase_all(machine);
}

#endif
