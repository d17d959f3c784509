// Several machines work on one program: each on a thread of its own, all on one heap.
//
// A *spark* is a box (share.h) that one machine offers to the others: its term is demanded, but the machine has
// something else to do first. It lies in the machine's deque until another one steals it, or until the machine comes to
// it itself. Whoever takes the term out claims the box, with one compare-and-swap. Who asks for a box that somebody
// else has claimed *waits*: its thread sleeps until the result is there, and another one works instead of it.
//
// As many machines work as the run may have threads; there are more machines than that while some wait. Sparks are
// made down to a depth of the stacks (Machine.spark_depth), which each machine keeps such that they go neither too fast
// nor too slowly, and others make larger when they find no work: the oldest, which thieves take, are the largest, and
// deeper code makes none. Without threads that depth is 0.
//
// Where λs are open two owners see dups as well as boxes, which are claimed in the same way (claim.h). What is left to
// one machine says Code.spreads.
#ifndef HVM_EVAL_WORKER_H
#define HVM_EVAL_WORKER_H

#include "machine.h"

unsigned worker_default_threads(void); // the processors that this process may use

// Offers a term that was built to be reduced: the box that has it, for the machine and for the deque. depth: of the
// stack that the code which builds it uses, in bytes from where its machine began.
Word worker_spark(Machine *machine, Word term, ptrdiff_t depth);
bool worker_takes_long(const Machine *machine, Word term); // a call of a function that calls itself
// The same for a part of a node that the graph's code has at hand, which uses its stack up to `top`, if the part takes
// long: if it is a call of a function that calls itself. Else the part; calls that are operands in it are offered.
Word worker_offer(Machine *machine, Word part, const Word *top);
// If a box is a spark that nobody has taken, and nobody else owns it: its term, and there is no box any more. Else the
// box.
Word worker_take_back(Machine *machine, Word box);
// If it is the newest one: what is in the box stays there; the machine's share of it is left, the deque's is given up.
// False: it is not.
bool worker_take(Machine *machine, Location box);
// A spark of the machine's own for a field of a constructor: what is to stand there. If nobody took it, it is reduced
// with half of the fuel that is left; when there is none, worker_leave.
Word worker_join(Machine *machine, Word spark);
// The same without fuel: others may take it as yet, and build some of it. But what they leave is left for later without
// a box, so that what is built ahead has a bound.
Word worker_leave(Machine *machine, Word spark);
// Has the machine so few sparks left for others that there should be more?
bool worker_is_hungry(const Machine *machine);
// The stack of machine code begins by so many bytes higher than it was taken for, to tell how deep sparks are.
void worker_move_sparks(Machine *machine, ptrdiff_t bytes);
// As somebody who finds no work does: wants more sparks of all machines.
void worker_ask_all(Shared *shared);
// Sleeps until the term that was claimed in a cell, a box's or a field, has been reduced.
void worker_wait(Machine *machine, Location at);
// Those who wait for it: what the cell held before the result was put there.
void worker_wake(Machine *machine, Word claimed);
// Has any machine sparks that are not done?
bool worker_is_busy(Machine *machine);
// Works on what there is until no other machine does.
void worker_settle(Machine *machine);

// A run of the main machine begins, and has ended well or not: no other machine works then.
void worker_begin(Machine *machine);
void worker_end(Machine *machine);
void worker_delete(Shared *shared); // ends all threads

// At a safe point: leaves if the run is to end, waits if somebody wants to be alone.
void worker_attend(Machine *machine);
// At a safe point of the main machine: others need not be thought of until there is a spark again, if all of them
// sleep.
void worker_be_one(Machine *machine);
// The machine makes no sparks any more.
void worker_calm(Machine *machine);
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

// For speculate.c.
void worker_be_many(Machine *machine); // other machines may look at its boxes from now on
void worker_want_help(Shared *shared); // one should look for work, if one more may
void worker_sleep(Machine *machine);   // until it is let go on: its flag `waiting` is set
void worker_let_go_on(Machine *machine);
void worker_nap(void);
Machine *worker_claimer(const Machine *machine); // who has claimed what it waits for, if that one speculates
// Reduces the term that was taken out of a box, and gives the box.
Word worker_reduce_claimed(Machine *machine, Location box, Word term);

#endif
