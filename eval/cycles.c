// Cycles: what freeing by ownership cannot reach.
//
// A dup is owned by its two sides. When a λ was cloned, a side of the dup in its body can end up inside what the dup
// itself clones: x <- {x0 x1} was put into the body, and x0 was substituted by a term that holds the other copy. If the
// other side is then erased, the dup owns itself. Interaction nets have the same cycles, and HVM1 leaks them.
//
// So there is a tracing search, for these alone: it runs when the heap has doubled and labelled dups have been half
// erased (machine.c) and no other machine works, marks what the result, the frames and the term at hand reach, and
// makes everything else free. First-order programs never come here. Its cost is proportional to the heap that it halts
// the growth of.
#include "machine.h"

#include "frames.h"

typedef struct {
  Machine *machine;
  uint64_t *marks;
} Marker;

static bool is_marked(const Marker *marker, Location location) {
  location -= marker->machine->shared->heap_start;
  return marker->marks[location / 64] >> (location % 64) & 1;
}

static void mark_cells(Marker *marker, Location location, unsigned count) {
  location -= marker->machine->shared->heap_start;
  for (; count; count--, location++) marker->marks[location / 64] |= (uint64_t)1 << (location % 64);
}

// A register that waits to be filled may hold any word: what is no term of this heap reaches nothing.
static void visit(Marker *marker, Word term) {
  const Shared *shared = marker->machine->shared;
  if (word_location(term) - shared->heap_start >= shared->heap_end - shared->heap_start) return;
  if (!word_is_flat(term) && word_tag(term) != TAG_SLOT) ARRAY_PUSH(&marker->machine->work, term);
}

static void visit_cells(Marker *marker, Location location, unsigned count) {
  for (unsigned i = 0; i < count; i++) visit(marker, marker->machine->heap[location + i]);
}

static void trace(Marker *marker) {
  Machine *machine = marker->machine;
  while (machine->work.count) {
    Word term = machine->work.items[--machine->work.count];
    Location location = word_location(term);
    unsigned arity;
    switch (word_tag(term)) {
    case TAG_CTR:
    case TAG_CAL:
      arity = location ? machine->shared->code.arities.items[word_extra(term)] : 0;
      mark_cells(marker, location, arity);
      visit_cells(marker, location, arity);
      break;
    case TAG_APP:
    case TAG_OP2:
      mark_cells(marker, location, 2);
      visit_cells(marker, location, 2);
      break;
    case TAG_SUP:
      mark_cells(marker, location, 3);
      visit_cells(marker, location, 2);
      break;
    case TAG_LAM:             // the slot is its variable's, or holds a state
      if (word_extra(term)) { // a closure
        arity = machine->shared->code.arities.items[word_extra(term)];
        mark_cells(marker, location, arity);
        visit_cells(marker, location, arity);
        break;
      }
      mark_cells(marker, location, 2);
      visit(marker, machine->heap[location + 1]);
      break;
    case TAG_VAR: // the body is the λ's, or was taken out
      mark_cells(marker, location, 2);
      visit(marker, machine->heap[location]);
      break;
    case TAG_DP0:
    case TAG_DP1: // reached from either side, once
      if (is_marked(marker, location)) break;
      mark_cells(marker, location, 2);
      if (!(machine->heap[location + 1] & DUP_CLAIMED)) visit(marker, machine->heap[location]);
      break;
    case TAG_SHR:
      if (is_marked(marker, location)) break;
      mark_cells(marker, location, 2);
      visit(marker, machine->heap[location + 1]);
      break;
    default: break;
    }
  }
}

// The terms of a frame, given its top word.
static void visit_frame(Marker *marker, const Word *top) {
  Machine *machine = marker->machine;
  Word frame = *top;
  unsigned arity, skipped;
  switch (frame & 15) {
  case FRAME_APP:
  case FRAME_OP2_LEFT:
  case FRAME_OP2_RIGHT: visit(marker, top[-1]); break;
  case FRAME_DUP0:
  case FRAME_DUP1:
  case FRAME_SHARE: mark_cells(marker, frame >> 4, 2); break;
  case FRAME_RUN: {
    // The occurrences after the arguments are copies of what these reach.
    const int32_t *pc = &machine->shared->code.words.items[frame >> 4];
    const Word *registers = top - pc[2];
    if (pc[0] >= CODE_FORCE) {
      const uint32_t *mask = &machine->shared->code.masks.items[pc[6]];
      for (int32_t i = 0; i < pc[2] - 1; i++)
        if (mask[i / 32] >> (i % 32) & 1) visit(marker, registers[i]);
      break;
    }
    arity = machine->shared->code.functions.items[pc[3]]->arity, skipped = (unsigned)pc[1];
    for (unsigned i = 0; i < arity; i++)
      if (i != skipped) visit(marker, registers[i]);
    break;
  }
  case FRAME_ODD:
    arity = machine->shared->code.functions.items[frame >> 12]->arity, skipped = (unsigned)(frame >> 4 & 0xFF);
    for (unsigned i = 0; i < arity; i++)
      if (i != skipped) visit(marker, top[(int)i - (int)arity]);
    break;
  case FRAME_BUILTIN:
    arity = machine->shared->code.functions.items[frame >> 4]->arity;
    mark_cells(marker, top[-1], arity);
    visit_cells(marker, top[-1], arity);
    break;
  case FRAME_NATIVE:
    for (Word i = 0; i < frame >> FRAME_SHIFT; i++) visit(marker, top[-1 - (ptrdiff_t)i]);
    break;
  default: break; // the cells of the FRAME_NORMAL kinds are reachable otherwise
  }
}

// Nobody has free cells any more, also none of the machines that sleep.
static void forget_free_cells(Shared *shared) {
  for (unsigned size = 0; size < SIZE_CLASSES; size++) shared->given[size].count = 0;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    memset(one->free_lists, 0, sizeof one->free_lists);
    one->runs = 0;
    one->bump = one->bump_limit = shared->heap_start;
  }
}

// Unmarked cells become free: short runs go to the free lists, longer ones are allocated from one after the other.
static void sweep(Marker *marker) {
  Machine *machine = marker->machine;
  forget_free_cells(machine->shared);
  enum { SHORT_RUN = 4 };
  const Location first = machine->shared->heap_start; // of a page: 64 cells have one word of marks
  Location end = machine->shared->heap_end;
  while (end > first) {
    while (end > first && is_marked(marker, end - 1)) end--;
    Location start = end;
    while (start > first && !is_marked(marker, start - 1))
      start -= start % 64 == 0 && start > first + 64 && !marker->marks[(start - first) / 64 - 1] ? 64 : 1;
#ifdef HVM_CHECK
    memset(machine->sizes + start, 0, end - start);
#endif
    if (end - start >= SHORT_RUN) {
      machine->heap[start] = machine->runs;
      machine->heap[start + 1] = end - start;
      machine->runs = start;
    } else if (end > start) {
      heap_add_free(machine, start, (unsigned)(end - start));
    }
    end = start;
  }
}

void machine_find_cycles(Machine *machine, const Word *top, size_t loose, Word term) {
  for (const Machine *one = atomic_load(&machine->shared->machines); one; one = one->next)
    if (one->bump_limit == machine->shared->heap_end && one->bump > machine->shared->touched)
      machine->shared->touched = one->bump;
  uint64_t before = machine_live_cells(machine);
  Marker marker = {machine,
                   calloc((machine->shared->heap_end - machine->shared->heap_start) / 64 + 1, sizeof(uint64_t))};
  if (!marker.marks) return; // no memory to look with
  machine->work.count = 0;
  visit(&marker, term);
  for (size_t i = 0; i < loose; i++) visit(&marker, top[i]);
  if (machine->root) {
    mark_cells(&marker, machine->root, 1);
    visit(&marker, machine->heap[machine->root]);
  }
  for (const Word *at = top - 1; at >= machine->stack; at = frames_next(machine, at)) visit_frame(&marker, at);
  trace(&marker);
  sweep(&marker);
  free(marker.marks);
  machine->cycle_cells += before - machine_live_cells(machine);
  machine->cycle_debt = 0;
}
