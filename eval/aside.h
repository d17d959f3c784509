// What machine code leaves to the runtime: see aside.c.
#ifndef HVM_EVAL_ASIDE_H
#define HVM_EVAL_ASIDE_H

#include "strict.h"

bool aside_is_way(const Step *step); // and no path like others
// Numbers the steps of a unit that have such a way: Step.way, Unit.ways. The same main paths give the same numbers.
void aside_number(Strict *strict, Unit *unit);
// The variable that is no value when the way is taken; NO_ATOM: the way begins for another reason.
Atom aside_surprise(const Step *step);
// The variables that the way of a step is given, and those of them that it changes. Sets of all variables.
void aside_sets(const Unit *unit, const Step *step, uint64_t *inputs, uint64_t *changes);

// Takes a way: its unit's name and, in the lowest NATIVE_WAY_BITS, its number. It is given the values of its inputs in
// the order of their variables: the first NATIVE_WAY_INPUTS as arguments, the others where they stand if all stand on
// top of the stack. There it leaves what became of all of them. Gives what the way gives.
Word aside_run(struct Machine *machine, Word way, ...);

#endif
