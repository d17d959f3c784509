// Random programs for the comparison with the reference evaluator.
//
// Programs are typed while they are made (numbers, floats, strings, lists, data of their own, functions), so that most
// calls go through; a few terms of a wrong type make calls and operators stuck. They mostly terminate: functions call
// functions that were made before them, and themselves only on something smaller. What must not be reduced (a divergent
// argument that is never used, the rest of an infinite list, a division by zero in a branch that is not taken) is there
// on purpose.
//
// A λ-bound variable that is a function is used at most once, and only as the head of an application: cloned λs that
// clone such variables of their own are where lazy duplication is known to be unsound, and not what this is a test of.
// λ-bound numbers and data are used a few times, variables of rules any number of times.
#ifndef HVM_TESTS_GENERATE_H
#define HVM_TESTS_GENERATE_H

#include "lang/memory.h"

// Appends a program with a Main; the same seed gives the same text.
void generate_program(uint64_t seed, Buffer *out);

// Programs as people write them, in which an evaluator that is too eager goes wrong: functions that recur on numbers
// and data, with accumulators, helpers in HVM1's flat style, arguments that are wanted on some paths only, and there
// traps to fall into: calls that diverge, divisions by zero, infinite lists, values of which only a part is wanted.
// scale multiplies the counts in Main: the same program, larger.
void generate_recursive(uint64_t seed, uint32_t scale, Buffer *out);

#endif
