// Several machines work on one program: each on a thread of its own, all on one heap.
//
// A machine offers others what is demanded and what it comes to later: sparks (spark.h), boxes that whoever takes them
// claims. Who asks for a box that somebody else has claimed *waits*: its thread sleeps until the result is there, and
// another one works instead of it. As many machines work as the run may have threads; there are more machines than that
// while some wait.
//
// Where λs are open two owners see dups as well as boxes, which are claimed in the same way (claim.h). What is left to
// one machine says Code.spreads.
#ifndef HVM_EVAL_WORKER_H
#define HVM_EVAL_WORKER_H

#include "machine.h"

unsigned worker_default_threads(void); // the processors that this process may use

// The machine is on the calling thread from now on, and is not any more.
void processors_enter(Machine *machine);
void processors_leave(Machine *machine);
// Those of the run's processors on which no machine works or looks for work; if there are none, on which no machine
// works; and the calling thread does not. False: there are none.
bool processors_free(const Shared *shared, cpu_set_t *free);
// Of a thread that slept, or looks for work: if another one works on its processor, or looks for work, it goes to a
// free one. The kernel may leave both there for as long as a short run takes.
void processors_spread(const Machine *machine);

// Sleeps until the term that was claimed in a cell, a box's or a field, has been reduced.
void worker_wait(Machine *machine, Location at);
// Those who wait for it: what the cell held before the result was put there.
void worker_wake(Machine *machine, Word claimed);

// A run of the main machine begins, and has ended well or not: no other machine works then.
void worker_begin(Machine *machine);
void worker_end(Machine *machine);
void worker_delete(Shared *shared); // ends all threads

// At a safe point: leaves if the run is to end, waits if somebody wants to be alone.
void worker_attend(Machine *machine);
// At a safe point of the main machine: others need not be thought of until there is a spark again, if all of them
// sleep.
void worker_be_one(Machine *machine);
// One of many machines suspects that cycles fill the memory, of which so many cells are in use: no sparks are made any
// more, so that the main one will be alone, which looks for them. If that takes too long the run is given up, and made
// once more by one machine.
void worker_gather(Machine *machine, Location used);
void worker_gathered(Machine *machine); // they were looked for: others may work again
// Waits until all others sleep; then the machine is alone.
void worker_be_alone(Machine *machine);
// How many variables got values while there were many machines.
uint64_t worker_substitutions(const Machine *machine);
// All machines stop at safe points and leave their runs.
void worker_stop(Shared *shared);
// Nobody else runs between these: tables may move.
void worker_pause_others(Machine *machine);
void worker_resume_others(Machine *machine);

// For spark.c, speculate.c and solo.c.
void worker_be_many(Machine *machine); // other machines may look at its boxes from now on
void worker_want_help(Shared *shared); // one should look for work, if one more may
void worker_hurry_all(Shared *shared); // those that keep their distance from others go on
void worker_sleep(Machine *machine);   // until it is let go on: its flag `waiting` is set
void worker_let_go_on(Machine *machine);
void worker_pause_processor(void); // in a loop that waits for a moment
void worker_nap(void);             // some microseconds

#endif
