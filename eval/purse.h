// Owners in reserve. A box that many own, as a program that is interpreted or an environment in it, is taken and left
// all the time; where several machines do that, its count goes from cache to cache, and they are slower together than
// one of them alone. So a machine that would leave such a box keeps to be its owner, and is one owner less to count
// when it takes the box again: both without a look at the count by others. It leaves boxes when it needs the place for
// another one, when the heap has grown by an eighth, when it has done with a stolen spark, and before it waits: a purse
// may hold on to much that nobody needs. It must not change counts once another machine may count alone (solo.h).
// (Weighted and deferred reference counting do likewise: Bevan, "Distributed garbage collection using reference
// counting", PARLE 1987.)
#ifndef HVM_EVAL_PURSE_H
#define HVM_EVAL_PURSE_H

#include "machine.h"

// Keeps the owner that leaves the box; false: it does not, and the owner is to be counted.
bool purse_keep(Machine *machine, Location box);
// Another owner of the box out of the purse, which the machine has; false: none is in it.
bool purse_take(Machine *machine, Location box);
// Leaves all boxes of another machine's purse, or of its own, as an owner does. Nobody else uses the purse meanwhile.
void purse_empty(Machine *machine, Machine *of);
// A run begins.
void purse_begin(Shared *shared);
// The cells in use end here: who works is to empty its purse at the next safe point, if it is time for that.
void purse_heap_grew(Shared *shared, Location end);
void purse_forget(Machine *machine); // whose boxes are no more
void purse_free(Machine *machine);

#endif
