// A work-stealing deque of boxes (their locations): one owner pushes and takes at the bottom, anybody steals at the
// top. Chase and Lev, "Dynamic circular work-stealing deque", SPAA 2005, with the C11 orderings of Lê, Pop, Cohen and
// Zappa Nardelli, "Correct and efficient work-stealing for weak memory models", PPoPP 2013.
#ifndef HVM_EVAL_DEQUE_H
#define HVM_EVAL_DEQUE_H

#include <stdatomic.h>

#include "native_abi.h"

typedef struct DequeRing DequeRing;

typedef struct {
  _Atomic(int64_t) top, bottom; // the boxes are numbered; those from top to bottom - 1 are there
  _Atomic(DequeRing *) ring;
} Deque;

enum { DEQUE_EMPTY = 0 };                     // no box is there
#define DEQUE_SPECULATIVE ((Location)1 << 63) // beside a box: a spark that nobody may need (speculate.h)

void deque_init(Deque *deque);
void deque_free(Deque *deque); // nobody uses it any more
// The owner's: at the bottom.
void deque_push(Deque *deque, Location box);
Location deque_take(Deque *deque);       // DEQUE_EMPTY: the last one is gone
Location deque_last(const Deque *deque); // what would be taken, if nobody steals it; DEQUE_EMPTY: none
// Anybody's: at the top. DEQUE_EMPTY: nothing there, or somebody else was faster.
Location deque_steal(Deque *deque);
int64_t deque_size(const Deque *deque); // at some time during the call

#endif
