#include "machine.h"

#include "claim.h"
#include "frames.h"
#include "speculate.h"
#include "strict.h"
#include "trace.h"
#include "solo.h"
#include "purse.h"
#include "spark.h"
#include "worker.h"

#include <sys/mman.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

enum { STACK_STEP = 1 << 16, STACK_MARGIN = 1 << 11 }; // words
static const size_t NATIVE_FIRST = (size_t)1 << 16,    // of machine code's stack, in bytes
    NATIVE_STEP = (size_t)1 << 19,
                    READY_RESERVE = (size_t)8 << 20,  // for making strict code, where there is room
    STACK_RESERVE = (size_t)256 << 10;                // for the runtime's own functions, below machine code's limit
static const size_t FRAMES_AT_ONCE = (size_t)2 << 20; // bytes of frames that most programs never need more of

// Nothing is being reduced any more.
static void reset(Machine *machine) {
  heap_reset(machine->shared);
  for (Machine *one = machine->shared->machines; one; one = one->next) purse_forget(one);
  machine->cycle_debt = 0;
  machine->shared->exhausted = machine->cycle_wanted = machine->cycles_possible = false;
  machine->stack_top = machine->stack;
  machine->work.count = 0;
  machine->root = 0;
  atomic_store(&machine->shared->abandoned, false);
}

// A machine on a heap: with a stack for frames, and nothing on it.
Machine *machine_add(Shared *shared) {
  size_t bytes = 2 * shared->heap_bytes; // frames, and what machine code holds, which is less than its own stack
  Word *stack = heap_reserve(&bytes);
  if (!stack) return NULL;
  if (bytes > FRAMES_AT_ONCE) madvise((char *)stack + FRAMES_AT_ONCE, bytes - FRAMES_AT_ONCE, MADV_HUGEPAGE);
  Machine *machine = aligned_alloc(MACHINE_ALIGNMENT,
                                   (sizeof *machine + MACHINE_ALIGNMENT - 1) / MACHINE_ALIGNMENT * MACHINE_ALIGNMENT);
  if (!machine) memory_exhausted();
  memset(machine, 0, sizeof *machine);
  machine->shared = shared;
  machine->heap = (Word *)HVM_HEAP_BASE; // NOLINT: the address of cell 0
#ifdef HVM_CHECK
  machine->sizes = shared->sizes - shared->heap_start;
#endif
  machine->stack = machine->stack_committed = machine->stack_top = stack;
  machine->stack_bytes = bytes;
  atomic_init(&machine->stack_limit, stack);
  machine->cycle_check = CYCLE_LEAST_CELLS;
  machine->tank = NATIVE_FUEL;
  atomic_init(&machine->spark_above, (char *)UINTPTR_MAX); // NOLINT: no code is above
  machine->claim = (Word)(uintptr_t)machine | CLAIM_OWNER | TAG_SLOT;
  deque_init(&machine->deque);
  machine->random = (atomic_fetch_add(&shared->machine_count, 1) + 1) * UINT64_C(0x9E3779B97F4A7C15);
  deque_init(&machine->hints);
  machine->next = atomic_load(&shared->machines);
  atomic_store(&shared->machines, machine);
  return machine;
}

Machine *machine_new(Program *program, size_t memory_limit, bool strict) {
  Shared *shared = heap_new(memory_limit);
  Machine *machine = shared ? machine_add(shared) : NULL;
  if (!machine) {
    if (shared) heap_delete(shared);
    return NULL;
  }
  shared->main = machine;
  shared->program = program;
  shared->threads = 1;
  atomic_store(&shared->active, 1);
  pthread_mutex_init(&shared->lock, NULL);
  pthread_mutex_init(&shared->alone, NULL);
  pthread_mutex_init(&shared->failing, NULL);
  pthread_mutex_init(&shared->parking, NULL);
  if (strict) shared->code.strict = strict_new(&shared->code, program);
  shared->diagnostics = &program->diagnostics;
  shared->output = stdout;
  shared->input = stdin;
  reset(machine);
  return machine;
}

void machine_free(Machine *machine) {
  if (!machine) return;
  Shared *shared = machine->shared;
  worker_delete(shared);
  code_free(&shared->code);
  profile_free(shared->profile);
  free(machine->natives);
  free((void *)(uintptr_t)machine->stages);
  for (Machine *one = shared->machines, *next; one; one = next) {
    next = one->next;
    ARRAY_FREE(&one->work);
    purse_free(one);
    ARRAY_FREE(&one->aside);
    ARRAY_FREE(&one->cells);
    deque_free(&one->deque);
    profile_free_machine(one->profile);
    deque_free(&one->hints);
    munmap(one->stack, one->stack_bytes);
    free(one);
  }
  heap_delete(shared);
}

// Failures.

_Noreturn void machine_leave(Machine *machine) {
#ifdef __SANITIZE_ADDRESS__ // it cannot see how deep the stack is that is left here, and takes what was there for alive
  char *here = __builtin_frame_address(0);
  if (machine->native_top > here) __asan_unpoison_memory_region(here, (size_t)(machine->native_top - here));
#endif
  longjmp(machine->escape, 1);
}

// The first one to fail says why, and ends the run for all.
_Noreturn void machine_fail(Machine *machine, MachineStatus status, const CodePlace *place, const char *hint,
                            const char *format, ...) {
  Shared *shared = machine->shared;
  CodePlace at = place ? *place : (CodePlace){0}; // the table of places may move while it is held
  if (status != MACHINE_INTERRUPTED) speculate_hold(machine);
  pthread_mutex_lock(&shared->failing);
  if (!atomic_load(&shared->stopping) && shared->code.open && shared->main->was_many && status != MACHINE_INTERRUPTED) {
    shared->again = true; // what is found first may depend on who came first
    worker_stop(shared);
  } else if (!atomic_load(&shared->stopping)) {
    Buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vformat(&text, format, arguments);
    va_end(arguments);
    Diagnostic *diagnostic = diagnostic_add(shared->diagnostics, SEVERITY_ERROR, at.source, at.span, "%s", text.text);
    if (hint) diagnostic_hint(shared->diagnostics, diagnostic, "%s", hint);
    buffer_free(&text);
    shared->status = status;
    worker_stop(shared);
  }
  pthread_mutex_unlock(&shared->failing);
  machine_leave(machine);
}

void machine_more_labels(Machine *machine) {
  machine->next_label = atomic_fetch_add(&machine->shared->labels, LABEL_BLOCK);
  machine->last_label = machine->next_label + LABEL_BLOCK;
  if (machine->last_label > LABEL_LIMIT)
    machine_fail(machine, MACHINE_EXHAUSTED, NULL, NULL, "out of labels: 2^48 duplications of lambdas");
}

// The functions whose arguments the frames wait for, innermost first. Frames are walked down by their lengths.
static void describe_frames(const Machine *machine, const Word *top, Buffer *out) {
  enum { FRAMES_SEEN = 100000, NAMES_SHOWN = 3 };
  unsigned found = 0;
  NameId last = UINT32_MAX;
  const Word *at = top - 1;
  for (unsigned seen = 0; at >= machine->stack && seen < FRAMES_SEEN && found < NAMES_SHOWN; seen++) {
    NameId name = frames_function(machine, at);
    if (name != UINT32_MAX && name != last) {
      buffer_format(out, "%s%s", found++ ? ", of " : " for an argument of ",
                    machine->shared->program->names.items[name].text);
      last = name;
    }
    at = frames_next(machine, at);
  }
}

// Fails at a safe point: the message says what was being reduced.
_Noreturn static void fail_running(Machine *machine, MachineStatus status, const Word *top, Word term,
                                   const char *message) {
  Buffer where = {0};
  buffer_text(&where, "while reducing ");
  unsigned tag = word_tag(term), extra = word_extra(term);
  if (tag == TAG_CAL)
    buffer_format(&where, "a call of %s", machine->shared->program->names.items[extra].text);
  else if (tag == TAG_OP2)
    buffer_format(&where, "an operation %s", OPERATOR_TEXT[op2_operator(extra)]);
  else if (tag == TAG_APP)
    buffer_text(&where, "an application");
  else
    buffer_text(&where, "a term");
  describe_frames(machine, top, &where);
  char *hint = arena_text(&machine->shared->diagnostics->arena, where.text, where.size);
  buffer_free(&where);
  machine_fail(machine, status, NULL, hint, "%s", message);
}

_Noreturn void machine_fail_memory(Machine *machine, const Word *top, Word term, const char *what) {
  char message[128];
  snprintf(message, sizeof message, "out of memory: the limit of %zu MiB is reached (%s)",
           machine->shared->memory_limit >> 20, what);
  if (top) fail_running(machine, MACHINE_EXHAUSTED, top, term, message);
  char hint[128];
  if (machine->running) snprintf(hint, sizeof hint, "while reducing a call of %.80s", machine->running);
  machine_fail(machine, MACHINE_EXHAUSTED, NULL, machine->running ? hint : "while building the right side of a rule",
               "%s", message);
}

// The next look at a limit, of the frames' or of machine code's stack, leads to a safe point.
void machine_want_attention(Machine *machine) {
  atomic_store(&machine->stack_limit, machine->stack);
  __atomic_store_n(&machine->native_limit, (char *)UINTPTR_MAX, __ATOMIC_SEQ_CST);
}

// Lets the next safe point look for cycles: the check of the stack that comes first fails.
void machine_want_cycles(Machine *machine) {
  machine->cycle_wanted = true;
  atomic_store(&machine->stack_limit, machine->stack);
}

// Room for so many words above the top of the frames.
static void commit_stack(Machine *machine, Word *top, size_t words, Word term) {
  Shared *shared = machine->shared;
  size_t native = (size_t)(machine->native_top - machine->native_floor); // may be held on the stack without a check
  Word *end = machine->stack + (machine->stack_bytes - native) / sizeof(Word);
  while (top + words + STACK_MARGIN > machine->stack_committed) {
    size_t more = STACK_STEP * sizeof(Word);
    if (machine->stack_committed + STACK_STEP > end || heap_committed_bytes(shared) + more > shared->memory_limit)
      machine_fail_memory(machine, top, term, "stack: the evaluation is nested too deeply");
    machine->stack_committed += STACK_STEP;
    atomic_fetch_add(&shared->stack_bytes, more);
    speculate_grow(machine, more);
  }
}

static bool is_attention_wanted(Shared *shared) {
  return atomic_load(&shared->interrupted) || atomic_load(&shared->stopping) || atomic_load(&shared->pausing) ||
         atomic_load(&shared->exhausted);
}

void machine_more_stack(Machine *machine, Word *top, size_t words, size_t loose, Word term) {
  worker_attend(machine);
  worker_be_one(machine);
  solo_attend(machine);
  if (atomic_load(&machine->asked_for)) heap_give(machine);
  speculate_attend(machine);
  if (atomic_load(&machine->shared->interrupted)) fail_running(machine, MACHINE_INTERRUPTED, top, term, "interrupted");
  if (machine->shared->exhausted) machine_fail_memory(machine, top, term, "cells");
  const NativeModule *offered = atomic_exchange(&machine->shared->native_offer, NULL);
  if (offered) machine_use_native(machine, offered);
  // What others hold is not seen; what a trace still shows may be reachable from nowhere else.
  if ((machine->cycle_wanted || atomic_load(&machine->shared->gathering)) && !machine->many && !machine->trace) {
    machine->cycle_wanted = false;
    machine_find_cycles(machine, top, loose, term);
    Location live = machine_live_cells(machine), cells = machine->shared->heap_end - machine->shared->heap_start;
    machine->cycle_check = live * 2 > CYCLE_LEAST_CELLS ? live * 2 : CYCLE_LEAST_CELLS;
    if (machine->cycle_check < cells) machine->cycle_check = cells + HEAP_STEP_CELLS;
    worker_gathered(machine);
  }
  commit_stack(machine, top, words, term);
  atomic_store(&machine->stack_limit, machine->stack_committed - STACK_MARGIN);
#ifdef HVM_STRESS_CYCLES // a test build: look for cycles at every safe point
  machine_want_cycles(machine);
#endif
  // An interrupt or an offer between the tests above and this store must not be lost.
  if (is_attention_wanted(machine->shared) || atomic_load(&machine->shared->native_offer))
    atomic_store(&machine->stack_limit, machine->stack);
}

void machine_interrupt(Machine *machine) {
  atomic_store(&machine->shared->interrupted, true);
  for (Machine *one = atomic_load(&machine->shared->machines); one; one = one->next) machine_want_attention(one);
}

// Machine code found its limit passed: it is deep in recursion, or somebody wants attention.
void machine_attend(Machine *machine, uint32_t name) {
  Word *top = machine->stack_top; // the term is for messages only
  Word term = name == NATIVE_NO_NAME ? number_u60(0) : word_make(TAG_CAL, name, 0);
  worker_attend(machine);
  worker_be_one(machine);
  solo_attend(machine);
  if (atomic_load(&machine->asked_for)) heap_give(machine);
  speculate_attend(machine);
  if (atomic_load(&machine->shared->interrupted)) fail_running(machine, MACHINE_INTERRUPTED, top, term, "interrupted");
  if (machine->shared->exhausted) machine_fail_memory(machine, top, term, "cells");
  while ((char *)__builtin_frame_address(0) < machine->native_bottom) {
    if ((size_t)(machine->native_bottom - machine->native_floor) < NATIVE_STEP ||
        heap_committed_bytes(machine->shared) + NATIVE_STEP > machine->shared->memory_limit)
      machine_fail_memory(machine, top, term, "stack: the evaluation is nested too deeply");
    machine->native_bottom -= NATIVE_STEP;
    atomic_fetch_add(&machine->shared->stack_bytes, NATIVE_STEP);
    speculate_grow(machine, NATIVE_STEP);
    commit_stack(machine, top, 0, term); // what it holds
    size_t used = (size_t)(machine->native_top - machine->native_bottom);
    if (used > machine->native_peak) machine->native_peak = used;
  }
  __atomic_store_n(&machine->native_limit, machine->native_bottom, __ATOMIC_SEQ_CST);
  if (is_attention_wanted(machine->shared)) machine_want_attention(machine); // in between
}

// A place in the tables for every name.
static void grow_natives(Machine *machine) {
  size_t count = machine->shared->code.functions.count;
  if (count <= machine->shared->natives_count) return;
  uint16_t *stages = (uint16_t *)(uintptr_t)machine->stages;
  if (count > machine->shared->natives_capacity) {
    size_t capacity = count + count / 2;
    machine->natives = realloc(machine->natives, capacity * sizeof *machine->natives);
    machine->stages = stages = realloc(stages, capacity * sizeof *stages);
    if (!machine->natives || !stages) memory_exhausted();
    machine->shared->natives_capacity = capacity;
  }
  for (size_t i = machine->shared->natives_count; i < count; i++) {
    machine->natives[i] = NULL;
    stages[i] = (uint16_t)((unsigned)machine->shared->code.arities.items[i] << 8 |
                           machine->shared->program->names.items[i].missing);
  }
  machine->shared->natives_count = count;
}

void machine_use_native(Machine *machine, const NativeModule *module) {
  if (machine->shared->code.remade) return; // the program has grown by what the module does not know of
  grow_natives(machine);
  for (uint32_t i = 0; i < module->count; i++) {
    const NativeEntry *entry = &module->entries[i];
    if (entry->name < machine->shared->natives_count) machine->natives[entry->name] = entry->enter;
  }
}

void machine_offer_native(Machine *machine, const NativeModule *module) {
  atomic_store(&machine->shared->native_offer, module);
  machine_want_attention(machine);
}

// Erasing.

// A λ or its variable goes, and the other one is to find this state in the slot. False: the other one went before.
static bool leave_slot(Machine *machine, Location slot, Word state) {
  Word free = SLOT_FREE;
  if (machine->many)
    return __atomic_compare_exchange_n(&machine->heap[slot], &free, state, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  if (machine->heap[slot] != SLOT_FREE) return false;
  machine->heap[slot] = state;
  return true;
}

void machine_erase_all(Machine *machine) {
  Word *const heap = machine->heap;
  while (machine->work.count) {
    Word term = machine->work.items[--machine->work.count];
    Location location = word_location(term);
    unsigned size = 2;
    NATIVE_CHECK_TERM(machine, term);
    switch (word_tag(term)) {
    case TAG_CTR:
    case TAG_CAL:
      if (!location) continue;
      size = machine->shared->code.arities.items[word_extra(term)];
      break;
    case TAG_SUP:
    case TAG_APP:
    case TAG_OP2: break;
    case TAG_LAM:
      if (word_extra(term)) { // a closure
        if (!location) continue;
        size = machine->shared->code.arities.items[word_extra(term)];
        break;
      }
      if (!word_is_flat(heap[location + 1])) ARRAY_PUSH(&machine->work, heap[location + 1]);
      if (!leave_slot(machine, location, SLOT_ORPHAN)) heap_free(machine, location, 2);
      continue;
    case TAG_VAR:
      if (leave_slot(machine, location, SLOT_UNUSED)) continue;
      if (heap[location] != SLOT_ORPHAN) ARRAY_PUSH(&machine->work, heap[location]);
      heap_free(machine, location, 2);
      continue;
    case TAG_DP0:
    case TAG_DP1: {
      Word state = load_cell(machine, location + 1), side = word_tag(term) - TAG_DP0;
      bool halved = !(state & (DUP_FIRED | (side ? DUP_DEAD0 : DUP_DEAD1)));
      if (machine->many) {
        if (claim_erase(machine, location, (unsigned)side, &term, &halved)) ARRAY_PUSH(&machine->work, term);
      } else if (halved || state & DUP_CLAIMED) { // claimed: whoever works on it frees it
        heap[location + 1] = state | (side ? DUP_DEAD1 : DUP_DEAD0);
        halved = true;
      } else if (!machine->trace || state & DUP_FIRED || !trace_lose(machine, location)) {
        ARRAY_PUSH(&machine->work, heap[location]);
        heap_free(machine, location, 2);
      }
      if (halved && state >> DUP_LABEL_SHIFT) machine->cycle_debt++, machine->cycles_possible = true;
      continue;
    }
    case TAG_SHR:
      if (drop_owner(machine, location)) continue;
      term = machine->many ? exchange_cell(machine, location + 1, SLOT_ORPHAN) : heap[location + 1];
      if (word_tag(term) == TAG_SLOT) continue; // a thief reduces it, and frees the box then
      if (!word_is_flat(term)) ARRAY_PUSH(&machine->work, term);
      heap_free(machine, location, 2);
      continue;
    default: continue;
    }
    for (unsigned i = 0; i < size; i++)
      if (!word_is_flat(heap[location + i])) ARRAY_PUSH(&machine->work, heap[location + i]);
    heap_free(machine, location, word_tag(term) == TAG_SUP ? 3 : size);
  }
}

void machine_make_ready(Machine *machine, NameId name) {
  Strict *strict = machine->shared->code.strict;
  worker_pause_others(machine);
  strict_ready(strict, strict->by_name.items[name]);
  grow_natives(machine);
  worker_resume_others(machine);
}

// Reduction.

typedef struct {
  Machine *machine;
  Program *program;
  const Function *function;
  NameId start;
  bool any;
} CompileJob;

static void run_compile(void *argument) {
  CompileJob *job = argument;
  code_compile(&job->machine->shared->code, job->program);
  bool several = job->machine->shared->threads > 1 && !job->machine->trace;
  job->start = code_start(&job->machine->shared->code, job->program, job->function, several);
}

static void run_reach(void *argument) {
  CompileJob *job = argument;
  Code *code = &job->machine->shared->code;
  code_compile(code, job->program);
  code_reach(code, job->function, job->any); // no Main: anything may be asked for
}

static const Function *main_function(const Program *program) {
  NameId name;
  return program_find_name(program, "Main", 4, &name) ? program->names.items[name].function : NULL;
}

void machine_compile(Machine *machine, bool any) {
  const Program *program = machine->shared->program;
  if (machine->shared->code.compiled == program->functions.count &&
      machine->shared->code.functions.count == program->names.count)
    return;
  CompileJob job = {machine, (Program *)machine->shared->program, main_function(machine->shared->program), 0, any};
  term_run_deep(run_reach, &job);
}

// A pass of normalisation may leave redexes behind where something is substituted after the pass went by: below a stuck
// dup, whose term both sides show but only the first one normalises, or through a scopeless variable. So passes are
// repeated until one rewrites nothing.

// Where no λ is open this machine's are enough: nothing is substituted. Else others sleep when this is asked.
static uint64_t total_rewrites(const Machine *machine) {
  uint64_t total = 0;
  for (const Machine *one = atomic_load(&machine->shared->machines); one; one = one->next)
    for (int rule = 0; rule < RULE_COUNT && (one == machine || machine->shared->code.open); rule++)
      total += one->rewrites[rule];
  return total;
}

uint64_t machine_begin_normalising(Machine *machine) {
  machine->session = machine->session < 0xFFF ? machine->session + 1 : 0xFFF;
  // A pass inside another one (of HVM.log's term, say) must not forget what the outer one found.
  machine->stale = machine->stale || machine->shared->program->has_scopeless;
  return total_rewrites(machine);
}

bool machine_must_repeat(const Machine *machine, uint64_t begin) {
  return machine->stale && total_rewrites(machine) != begin;
}

static void normalise_root(Machine *machine) {
  uint64_t begin;
  bool marked;
  do {
    machine->stale = false;
    begin = machine_begin_normalising(machine);
    *machine->stack_top++ = FRAME_STOP;
    *machine->stack_top++ = machine->root << 4 | FRAME_NORMAL;
    if (machine->trace)
      trace_reduce(machine, number_u60(0));
    else
      machine_reduce(machine, number_u60(0));
    machine->stack_top--;
    if (machine->shared->code.open) worker_be_alone(machine);
    marked = atomic_exchange(&machine->shared->marked, false);
  } while (machine_must_repeat(machine, begin) || marked);
}

void machine_begin_stack(Machine *machine, size_t bytes) {
  Shared *shared = machine->shared;
  size_t depth = bytes;
  if (depth > 2 * READY_RESERVE) depth -= READY_RESERVE;
  if (depth > shared->memory_limit) depth = shared->memory_limit;
  if (depth > machine->stack_bytes / 2) depth = machine->stack_bytes / 2;
  if (machine->native_top)
    atomic_fetch_sub(&shared->stack_bytes, (size_t)(machine->native_top - machine->native_bottom));
  machine->native_top = __builtin_frame_address(0);
  machine->native_floor = machine->native_top - depth + STACK_RESERVE;
  machine->native_bottom = machine->native_top - NATIVE_FIRST;
  atomic_fetch_add(&shared->stack_bytes, NATIVE_FIRST);
  __atomic_store_n(&machine->native_limit, machine->native_bottom, __ATOMIC_SEQ_CST);
}

// Gives back what the last run's deep recursion took of the stacks, of all machines: the others sleep.
static void release_stacks(Shared *shared) {
  const uintptr_t page = 4096;
  shared->peak_bytes = machine_peak_bytes(shared->main);
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    size_t frames = (size_t)(one->stack_committed - one->stack) * sizeof(Word);
    one->native_peak = 0;
    if (frames > STACK_STEP * sizeof(Word)) {
      madvise(one->stack + STACK_STEP, frames - STACK_STEP * sizeof(Word), MADV_DONTNEED);
      atomic_fetch_sub(&shared->stack_bytes, frames - STACK_STEP * sizeof(Word));
      one->stack_committed = one->stack + STACK_STEP;
      machine_want_attention(one); // to find the new limit
    }
    if (one == shared->main || !one->native_top) continue; // the main machine's is new
    char *first = one->native_top - NATIVE_FIRST;
    if (one->native_bottom >= first) continue;
    atomic_fetch_sub(&shared->stack_bytes, (size_t)(first - one->native_bottom));
    uintptr_t begin = (uintptr_t)one->native_bottom & ~(page - 1), end = (uintptr_t)first & ~(page - 1);
    if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED); // NOLINT: a part of the stack
    one->native_bottom = first;
    machine_want_attention(one);
  }
}

static void begin_result(Machine *machine, NameId start) {
  machine->root = heap_alloc(machine, 1);
  machine->heap[machine->root] = word_make(TAG_CAL, start, 0);
}

// What was abandoned may be needed after all: once more, without.
static void begin_again(Machine *machine, NameId start) {
  worker_end(machine);
  reset(machine);
  worker_begin(machine);
  atomic_store(&machine->shared->hints_off, true);
  begin_result(machine, start);
}

// Where λs are open a run that failed on several machines is made once more by one, which says what is wrong.
static void reduce_alone(Machine *machine, NameId start) {
  machine->shared->again = false;
  machine->shared->sequential = true;
  worker_begin(machine);
  if (setjmp(machine->escape) == 0) {
    machine_more_stack(machine, machine->stack, 1, 0, 0);
    begin_result(machine, start);
    normalise_root(machine);
    worker_end(machine);
  } else {
    worker_end(machine);
    reset(machine);
    atomic_store(&machine->shared->interrupted, false);
  }
}

static void run_normalise(void *argument) {
  CompileJob *job = argument;
  Machine *machine = job->machine;
  run_compile(job);
  if (machine->shared->code.remade && machine->natives)
    memset(machine->natives, 0, machine->shared->natives_count * sizeof *machine->natives);
  grow_natives(machine);
  release_stacks(machine->shared);
  machine_begin_stack(machine, term_stack_bytes());
  machine->session = 0;
  machine->shared->exhausted = false; // the run before may have ended just above the limit
  machine->shared->status = MACHINE_OK;
  machine->running = NULL;
  machine->shared->again = machine->shared->sequential = false;
  atomic_store(&machine->shared->marked, false);
  worker_begin(machine);
  if (setjmp(machine->escape) == 0) {
    machine_more_stack(machine, machine->stack, 1, 0, 0);
    if (machine->trace) trace_begin(machine);
    if (atomic_load(&machine->shared->interrupted)) machine_want_attention(machine);
    begin_result(machine, job->start);
    if (!speculate_finish(machine)) begin_again(machine, job->start);
    normalise_root(machine);
    spark_settle(machine);
    worker_end(machine);
    if (machine->trace) trace_end(machine);
  } else {
    worker_end(machine);
    if (machine->trace) trace_end(machine);
    reset(machine); // what was being reduced is in no state to be looked at
    if (machine->shared->again) {
      reduce_alone(machine, job->start);
      return;
    }
    atomic_store(&machine->shared->interrupted, false);
  }
}

MachineStatus machine_normalise(Machine *machine, const Function *function) {
  machine_collect_result(machine);
  CompileJob job = {machine, (Program *)machine->shared->program, function, function->name, false};
  term_run_deep(run_normalise, &job);
  return machine->shared->status;
}

void machine_collect_result(Machine *machine) {
  if (!machine->root) return;
  if (atomic_load(&machine->shared->abandoned)) {
    reset(machine);
    return;
  }
  heap_erase(machine, machine->heap[machine->root]);
  heap_free(machine, machine->root, 1);
  machine->root = 0;
  if (!machine->cycles_possible && !machine->shared->program->has_scopeless) return;
  // Nothing is reachable any more: what is left are cycles.
  machine->cycle_cells += machine_live_cells(machine);
  reset(machine);
}

uint64_t machine_peak_bytes(const Machine *machine) {
  const Shared *shared = machine->shared;
  uint64_t words = machine_peak_cells(machine), bytes = 0;
  if (words > shared->heap_end - shared->heap_start) words = shared->heap_end - shared->heap_start; // before a reset
  for (const Machine *one = shared->machines; one; one = one->next)
    words += (uint64_t)(one->stack_committed - one->stack), bytes += one->native_peak;
  bytes += words * sizeof(Word);
  return bytes > shared->peak_bytes ? bytes : shared->peak_bytes;
}
