#include "deque.h"

#include <stdlib.h>

#include "hard.h"
#include "lang/memory.h"

enum { FIRST_SIZE = HARD_OR(1, 1 << 5) };

// Rings that were too small stay until the end: a thief may still read one.
struct DequeRing {
  DequeRing *smaller;
  int64_t size; // a power of two
  _Atomic(Location) boxes[];
};

static DequeRing *new_ring(int64_t size, DequeRing *smaller) {
  DequeRing *ring = malloc(sizeof *ring + (size_t)size * sizeof *ring->boxes);
  if (!ring) memory_exhausted();
  ring->size = size;
  ring->smaller = smaller;
  return ring;
}

static _Atomic(Location) *place(DequeRing *ring, int64_t number) { return &ring->boxes[number & (ring->size - 1)]; }

void deque_init(Deque *deque) {
  atomic_init(&deque->top, 0);
  atomic_init(&deque->bottom, 0);
  atomic_init(&deque->ring, new_ring(FIRST_SIZE, NULL));
}

void deque_free(Deque *deque) {
  DequeRing *ring = atomic_load(&deque->ring);
  while (ring) {
    DequeRing *smaller = ring->smaller;
    free(ring);
    ring = smaller;
  }
}

static DequeRing *grow(Deque *deque, DequeRing *ring, int64_t top, int64_t bottom) {
  DequeRing *larger = new_ring(2 * ring->size, ring);
  for (int64_t i = top; i < bottom; i++)
    atomic_store_explicit(place(larger, i), atomic_load_explicit(place(ring, i), memory_order_relaxed),
                          memory_order_relaxed);
  atomic_store_explicit(&deque->ring, larger, memory_order_release);
  return larger;
}

void deque_push(Deque *deque, Location box) {
  int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_relaxed);
  int64_t top = atomic_load_explicit(&deque->top, memory_order_acquire);
  DequeRing *ring = atomic_load_explicit(&deque->ring, memory_order_relaxed);
  if (bottom - top > ring->size - 1) ring = grow(deque, ring, top, bottom);
  atomic_store_explicit(place(ring, bottom), box, memory_order_relaxed);
  hard_pause();
  atomic_store_explicit(&deque->bottom, bottom + 1, memory_order_release);
}

Location deque_take(Deque *deque) {
  int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_relaxed) - 1;
  DequeRing *ring = atomic_load_explicit(&deque->ring, memory_order_relaxed);
  hard_pause();
  atomic_store_explicit(&deque->bottom, bottom, memory_order_seq_cst);
  hard_pause();
  int64_t top = atomic_load_explicit(&deque->top, memory_order_seq_cst);
  Location box = DEQUE_EMPTY;
  if (top <= bottom) {
    box = atomic_load_explicit(place(ring, bottom), memory_order_relaxed);
    if (top < bottom) return box;
    hard_pause();
    // The last one: whoever moves the top has it.
    if (!atomic_compare_exchange_strong_explicit(&deque->top, &top, top + 1, memory_order_seq_cst,
                                                 memory_order_relaxed))
      box = DEQUE_EMPTY;
  }
  atomic_store_explicit(&deque->bottom, bottom + 1, memory_order_relaxed);
  return box;
}

Location deque_last(const Deque *deque) {
  int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_relaxed);
  if (bottom <= atomic_load_explicit(&deque->top, memory_order_relaxed)) return DEQUE_EMPTY;
  return atomic_load_explicit(place(atomic_load_explicit(&deque->ring, memory_order_relaxed), bottom - 1),
                              memory_order_relaxed);
}

Location deque_steal(Deque *deque) {
  int64_t top = atomic_load_explicit(&deque->top, memory_order_seq_cst);
  int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_seq_cst);
  if (top >= bottom) return DEQUE_EMPTY;
  hard_pause();
  DequeRing *ring = atomic_load_explicit(&deque->ring, memory_order_acquire);
  Location box = atomic_load_explicit(place(ring, top), memory_order_relaxed);
  hard_pause();
  if (!atomic_compare_exchange_strong_explicit(&deque->top, &top, top + 1, memory_order_seq_cst, memory_order_relaxed))
    return DEQUE_EMPTY;
  return box;
}

int64_t deque_size(const Deque *deque) {
  int64_t top = atomic_load_explicit(&deque->top, memory_order_relaxed);
  return atomic_load_explicit(&deque->bottom, memory_order_relaxed) - top;
}
