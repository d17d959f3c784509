// Sparks: what one machine offers to the others (worker.h).
//
// A *spark* is a box (share.h) whose term is demanded, but the machine has something else to do first. It lies in the
// machine's deque until another one steals it, or until the machine comes to it itself. Whoever takes the term out
// claims the box, with one compare-and-swap. The entry in the deque is one of the box's owners.
//
// Sparks are made down to a depth of the stacks (Machine.spark_depth), which each machine keeps such that they go
// neither too fast nor too slowly, and others make larger when they find no work: the oldest, which thieves take, are
// the largest, and deeper code makes none. Without threads that depth is 0.
#ifndef HVM_EVAL_SPARK_H
#define HVM_EVAL_SPARK_H

#include "machine.h"

// What a thief does at a time should be worth the theft: it builds more before it leaves something for later.
enum { THIEF_FUEL = HARD_OR(2, 1 << 14) };

// The machine begins to do something, with its stack as it is, and that of machine code as it is there.
void spark_start(Machine *machine, const void *native);
void spark_stop(Machine *machine);                        // it makes no sparks any more,
void spark_go_on(Machine *machine);                       // and makes them again, with its stacks as before
void spark_move_stack(Machine *machine, ptrdiff_t bytes); // machine code's begins by so many bytes higher
void spark_look_again(Machine *machine);                  // Machine.followers has changed
void spark_all_look_again(Shared *shared);                // Shared.gathering has
void spark_ask_all(Shared *shared);                       // as somebody who finds no work: more of all machines
// The next call of each that can become one will, but of those whose last ones were not worth it. In how many
// nanoseconds this may have changed; 0: there are no such.
uint64_t spark_want_all(Shared *shared);
bool spark_is_in_doubt(const Machine *victim);            // were its last ones not worth it? NULL: there is none
void spark_judge(Machine *victim, uint64_t busy);         // a theft from one in doubt took so many nanoseconds
void spark_note_worth(Machine *victim, uint64_t busy);    // one from anybody kept the thief busy for so many
void spark_note_alone(Machine *machine);                  // all others have gone to sleep
bool spark_is_hungry(const Machine *machine);             // has it so few for others that there should be more?
bool spark_takes_long(const Machine *machine, Word term); // a call of a function that calls itself

// Offers a term that was built to be reduced: the box that has it, for the machine and for the deque. depth: of the
// stack that the code which builds it uses, in bytes from where its machine began.
Word spark_make(Machine *machine, Word term, ptrdiff_t depth);
// The same for a part of a node that the graph's code has at hand, which uses its stack up to `top`, if the part takes
// long. Else the part; calls that are operands in it are offered.
Word spark_offer(Machine *machine, Word part, const Word *top);
// If a box is a spark that nobody has taken, and nobody else owns it: its term, and there is no box any more. Else the
// box.
Word spark_take_back(Machine *machine, Word box);
// If it is the newest one: what is in the box stays there; the machine's share of it is left, the deque's is given up.
// False: it is not.
bool spark_take(Machine *machine, Location box);
// A spark of the machine's own for a field of a constructor: what is to stand there. If nobody took it, it is reduced
// with half of the fuel that is left; when there is none, spark_leave.
Word spark_join(Machine *machine, Word spark);
// The same without fuel: others may take it as yet, and build some of it. But what they leave is left for later without
// a box, so that what is built ahead has a bound.
Word spark_leave(Machine *machine, Word spark);

// For those who look for work: takes a spark of any machine, or DEQUE_EMPTY. It may be speculative (speculate.h).
Location spark_find(Machine *machine);
void spark_run(Machine *machine, Location box); // one that was taken and is not speculative
// Reduces the term that was taken out of a box, and gives the box.
Word spark_reduce_claimed(Machine *machine, Location box, Word term);
bool spark_any_left(Shared *shared);     // is there one, or a hint, that may be taken?
bool spark_any_undone(Machine *machine); // has any machine sparks that are not done?
void spark_settle(Machine *machine);     // works on what there is until no other machine does

#endif
