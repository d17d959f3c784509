// Cells: the memory that all machines of a run share, and who may use which part of it.
//
// The heap is one reservation of address space. Its end moves up in steps; whoever moves it has the new cells for
// itself. What a machine frees it uses again.
#include "machine.h"
#include "purse.h"
#include "speculate.h"
#include "worker.h"

#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES ((size_t)2 << 20) // a large page
enum { POPULATE_LEAST = 1 << 19 };   // cells: below this, pages come one by one

// Memory limits of the machine and of the control group, in bytes.
static size_t available_memory(void) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  size_t bytes = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : (size_t)4 << 30;
  FILE *file = fopen("/sys/fs/cgroup/memory.max", "r");
  unsigned long long group;
  if (file) {
    if (fscanf(file, "%llu", &group) == 1 && group < bytes) bytes = (size_t)group;
    fclose(file);
  }
  return bytes / 10 * 9;
}

static void *map(uintptr_t address, size_t bytes, int flags) {
  flags |= MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *memory = mmap((void *)address, bytes, PROT_READ | PROT_WRITE, flags, -1, 0); // NOLINT: a number is wanted
  return memory == MAP_FAILED ? NULL : memory;
}

static size_t reservation(size_t bytes) { return term_address_space(bytes) / PAGE_BYTES * PAGE_BYTES; }
static size_t half(size_t bytes) { return bytes / 2 / PAGE_BYTES * PAGE_BYTES; }

void *heap_reserve(size_t *bytes) {
  for (*bytes = reservation(*bytes); *bytes >= PAGE_BYTES; *bytes = half(*bytes)) {
    char *memory = map(0, *bytes + PAGE_BYTES, 0);
    if (!memory) continue;
    size_t before = (PAGE_BYTES - (uintptr_t)memory % PAGE_BYTES) % PAGE_BYTES;
    if (before) munmap(memory, before);
    munmap(memory + before + *bytes, PAGE_BYTES - before);
    return memory + before;
  }
  return NULL;
}

// Address space for cells, whose numbers must be locations: below 2 TiB, where nothing else is put by itself.
static Word *reserve_cells(size_t *bytes) {
  const uintptr_t first = HVM_HEAP_BASE + ((uintptr_t)1 << 36), step = (uintptr_t)1 << 30;
  const uintptr_t end = HVM_HEAP_BASE + HEAP_CELLS_LIMIT * sizeof(Word);
  size_t most = (size_t)(end - first);
  for (*bytes = reservation(*bytes < most ? *bytes : most); *bytes >= PAGE_BYTES; *bytes = half(*bytes)) {
    for (uintptr_t at = first; at + *bytes <= end; at += step) {
      void *memory = map(at, *bytes, MAP_FIXED_NOREPLACE);
      if (memory == (void *)at) return memory; // NOLINT
      if (memory) munmap(memory, *bytes);      // an old kernel takes the address for a wish
    }
  }
  return NULL;
}

Shared *heap_new(size_t memory_limit) {
  if (!memory_limit) memory_limit = available_memory();
  size_t most = (size_t)HEAP_CELLS_LIMIT * sizeof(Word);
  memory_limit = memory_limit > most ? most : memory_limit < PAGE_BYTES ? PAGE_BYTES : memory_limit;
  size_t bytes = (memory_limit + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
  Word *cells = reserve_cells(&bytes);
  if (!cells) return NULL;
  if (bytes > PAGE_BYTES) // small programs would only clear the first one
    madvise(cells + PAGE_BYTES / sizeof(Word), bytes - PAGE_BYTES, MADV_HUGEPAGE);
  Shared *shared = aligned_alloc(MACHINE_ALIGNMENT, sizeof *shared);
  if (!shared) memory_exhausted();
  memset(shared, 0, sizeof *shared);
  shared->heap = cells;
  shared->heap_start = ((uintptr_t)cells - HVM_HEAP_BASE) / sizeof(Word);
  shared->heap_end = shared->touched = shared->heap_start;
  shared->memory_limit = memory_limit;
  shared->heap_bytes = bytes;
#ifdef HVM_CHECK
  shared->sizes = map(0, bytes / sizeof(Word), 0);
  if (!shared->sizes) abort();
#endif
  return shared;
}

void heap_delete(Shared *shared) {
  for (unsigned size = 0; size < SIZE_CLASSES; size++) ARRAY_FREE(&shared->given[size]);
#ifdef HVM_CHECK
  munmap(shared->sizes, shared->heap_bytes / sizeof(Word));
#endif
  munmap(shared->heap, shared->heap_bytes);
  free(shared);
}

size_t heap_committed_bytes(const Shared *shared) {
  return (shared->heap_end - shared->heap_start) * sizeof(Word) + atomic_load(&shared->stack_bytes);
}

// Extends the heap, and the run of the machine; false at the limit. Cycles are looked for when the heap has doubled
// since the last time and enough labelled dups were half erased to make it worth while; and as the limit comes near.
static bool extend_heap(Machine *machine) {
  Shared *shared = machine->shared;
  Location begin = shared->heap_end, wanted;
  bool full;
  size_t committed;
  do {
    wanted = begin + HEAP_STEP_CELLS;
    size_t bytes = (wanted - shared->heap_start) * sizeof(Word);
    committed = bytes + atomic_load(&shared->stack_bytes);
    full = bytes > shared->heap_bytes || committed > shared->memory_limit;
    if (full && (shared->exhausted || bytes > shared->heap_bytes)) return false;
  } while (!atomic_compare_exchange_weak(&shared->heap_end, &begin, wanted));
  if (full) { // one step beyond the limit, so that the next safe point can say what was being reduced
    shared->exhausted = true;
    machine_want_attention(machine);
  }
  speculate_grow(machine, HEAP_STEP_CELLS * sizeof(Word));
  bool suspected = machine->cycles_possible || shared->program->has_scopeless;
  bool worth = machine->cycle_debt > (begin - shared->heap_start) / 4096 || shared->program->has_scopeless;
  bool near_limit = !full && shared->memory_limit - committed < shared->memory_limit / 8;
  Location used = wanted - shared->heap_start;
  if (machine->many) {
    if (shared->code.open && worth && used >= atomic_load(&shared->gather_at)) worker_gather(machine, used);
  } else if (used >= machine->cycle_check && (worth || (suspected && near_limit))) {
    machine_want_cycles(machine);
  }
#ifdef MADV_POPULATE_WRITE // one call instead of a fault for every page
  if (wanted - shared->heap_start >= POPULATE_LEAST)
    madvise(machine->heap + begin, HEAP_STEP_CELLS * sizeof(Word), MADV_POPULATE_WRITE);
#endif
  if (machine->bump_limit != begin) { // else the run goes on
    if (machine->bump < machine->bump_limit)
      heap_add_free(machine, machine->bump, (unsigned)(machine->bump_limit - machine->bump));
    machine->bump = begin;
  }
  machine->bump_limit = wanted;
  if (machine->many) purse_heap_grew(machine->shared, wanted);
  if (shared->touched < begin) shared->touched = begin;
  return true;
}

// Cuts a node of the wanted size from a larger free one. Only when the memory is used up: it breaks larger nodes.
static Location split_free(Machine *machine, unsigned size) {
  for (unsigned larger = size + 1; larger < SIZE_CLASSES; larger++) {
    Location location = machine->free_lists[larger];
    if (!location) continue;
    machine->free_lists[larger] = machine->heap[location];
    heap_add_free(machine, location + size, larger - size);
    return location;
  }
  return 0;
}

// What one machine builds and another one frees would make the heap grow for ever. So a machine that needs cells asks
// the others for free ones of this size, which they give at their next safe points, or before they take the next spark,
// in lists of some length, and takes one list after the other. It asks again when a part of them is left, since others
// may be late: the more they have given, the more time they have. Not while the heap is small: nodes of different
// machines get into the same cache lines by it, which made some programs take twice the time; but in programs with
// hints, whose point are producers and consumers.

enum { GIVEN_NODES = 1 << 10, GIVEN_AT_ONCE = 1 << 8, GIVEN_FEW = 4, GIVEN_SIZES = 64 };
enum { GIVEN_HEAP_CELLS = 1 << 23 };

static void ask_others(Machine *machine, unsigned size) {
  if (!machine->many || size >= GIVEN_SIZES) return;
  for (Machine *one = atomic_load(&machine->shared->machines); one; one = one->next) {
    if (one == machine) continue;
    atomic_fetch_or(&one->asked_for, (uint64_t)1 << size);
    machine_want_attention(one);
  }
}

// Cuts a list behind so many nodes; the rest.
static Location cut_list(Machine *machine, Location list) {
  for (unsigned i = 1; list && i < GIVEN_NODES; i++) list = machine->heap[list];
  Location rest = list ? machine->heap[list] : 0;
  if (rest) machine->heap[list] = 0;
  return rest;
}

static void give(Machine *machine, unsigned size) {
  Given *given = &machine->shared->given[size];
  Location rest = cut_list(machine, machine->free_lists[size]);
  for (unsigned count = 0; rest && count < GIVEN_AT_ONCE; count++) {
    Location list = rest;
    rest = cut_list(machine, list);
    pthread_mutex_lock(&machine->shared->lock);
    ARRAY_PUSH(given, list);
    given->few = given->count / GIVEN_FEW;
    pthread_mutex_unlock(&machine->shared->lock);
  }
  if (!rest) return;
  Location first = machine->free_lists[size]; // the machine keeps the rest, and gives what it began with
  machine->free_lists[size] = rest;
  pthread_mutex_lock(&machine->shared->lock);
  ARRAY_PUSH(given, first);
  pthread_mutex_unlock(&machine->shared->lock);
}

void heap_give(Machine *machine) {
  uint64_t sizes = atomic_exchange(&machine->asked_for, 0);
  for (; sizes; sizes &= sizes - 1) give(machine, (unsigned)__builtin_ctzll(sizes));
}

static bool take_given(Machine *machine, unsigned size) {
  if (!machine->many || size >= GIVEN_SIZES) return false;
  const Shared *shared = machine->shared;
  if (!shared->program->has_sparks && shared->heap_end - shared->heap_start < GIVEN_HEAP_CELLS) return false;
  pthread_mutex_lock(&machine->shared->lock);
  Given *given = &machine->shared->given[size];
  if (given->count) machine->free_lists[size] = given->items[--given->count];
  bool few = given->count < GIVEN_FEW || given->count == given->few;
  pthread_mutex_unlock(&machine->shared->lock);
  if (few) ask_others(machine, size);
  return machine->free_lists[size];
}

static bool take_run(Machine *machine) {
  Location run = machine->runs;
  if (!run) return false;
  if (machine->bump < machine->bump_limit)
    heap_add_free(machine, machine->bump, (unsigned)(machine->bump_limit - machine->bump));
  machine->runs = machine->heap[run];
  machine->bump = run;
  machine->bump_limit = run + machine->heap[run + 1];
  return true;
}

Location machine_more_heap(Machine *machine, unsigned size) {
  while (machine->bump + size > machine->bump_limit) {
    if (take_given(machine, size)) return heap_alloc(machine, size);
    if (take_run(machine) || extend_heap(machine)) continue;
    Location location = split_free(machine, size);
    if (!location) machine_fail_memory(machine, NULL, 0, "cells");
    NATIVE_CHECK_ALLOC(machine, location, size);
    return location;
  }
  Location location = machine->bump;
  machine->bump += size;
  NATIVE_CHECK_ALLOC(machine, location, size);
  return location;
}

static uint64_t free_cells(const Machine *machine) {
  uint64_t count = machine->bump_limit - machine->bump;
  for (unsigned size = 1; size < SIZE_CLASSES; size++)
    for (Location at = machine->free_lists[size]; at; at = machine->heap[at]) count += size;
  for (Location run = machine->runs; run; run = machine->heap[run]) count += machine->heap[run + 1];
  return count;
}

static uint64_t given_cells(const Machine *machine) {
  uint64_t count = 0;
  for (unsigned size = 1; size < GIVEN_SIZES; size++)
    for (size_t i = 0; i < machine->shared->given[size].count; i++)
      for (Location at = machine->shared->given[size].items[i]; at; at = machine->heap[at]) count += size;
  return count;
}

uint64_t machine_live_cells(const Machine *machine) {
  uint64_t live = machine->shared->heap_end - machine->shared->heap_start;
  for (const Machine *one = machine->shared->machines; one; one = one->next) live -= free_cells(one);
  return live - given_cells(machine);
}

uint64_t machine_peak_cells(const Machine *machine) {
  const Shared *shared = machine->shared;
  Location touched = shared->touched;
  for (const Machine *one = shared->machines; one; one = one->next)
    if (one->bump_limit == shared->heap_end && one->bump > touched) touched = one->bump;
  return touched - shared->heap_start;
}

void heap_reset(Shared *shared) {
  shared->peak_bytes = machine_peak_bytes(shared->main);
  shared->touched = machine_peak_cells(shared->main) + shared->heap_start;
#ifdef HVM_CHECK
  memset(shared->sizes, 0, shared->touched - shared->heap_start);
#endif
  for (unsigned size = 0; size < SIZE_CLASSES; size++) shared->given[size].count = 0;
  for (Machine *one = shared->machines; one; one = one->next) {
    one->bump = one->bump_limit = shared->heap_start;
    one->runs = 0;
    memset(one->free_lists, 0, sizeof one->free_lists);
  }
  shared->heap_end = shared->heap_start; // what one machine had is there for all in the next run
}
