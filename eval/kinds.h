// Which variables of strict code hold numbers of one kind, for machine code.
//
// Variables that meet in an operation, as argument and parameter or as result are taken to be of one kind, and one
// literal tells which. That is a guess: machine code tests it where a number comes from outside, in a call's argument
// or result, a field, a term that is reduced, and need not test it from there on. A wrong guess leads aside, so it
// costs time and nothing else.
#ifndef HVM_EVAL_KINDS_H
#define HVM_EVAL_KINDS_H

#include "strict.h"

typedef enum { KNOWN_NOTHING, KNOWN_U60, KNOWN_F60 } Known;

// Of one unit.
typedef struct {
  uint8_t *wanted;     // by variable, a Known: what it is tested for where it might be anything
  uint8_t *parameters; // a Known: what the unit is given by direct calls
} UnitKinds;

enum { KINDS_DOUBLES = 8 }; // at most so many parameters are F60

typedef struct Kinds Kinds;
bool kinds_cover(const Strict *strict, const Unit *unit); // does the unit become machine code?
Kinds *kinds_new(const Strict *strict);
void kinds_free(Kinds *kinds);
const UnitKinds *kinds_of(const Kinds *kinds, const Unit *unit);

// On a path, by variable. What a path begins with, and what is known after one of its steps.
void kinds_begin(const UnitKinds *of, const Unit *unit, uint8_t *known);
void kinds_learn(const Kinds *kinds, const UnitKinds *of, const Step *step, uint8_t *known);
Known kinds_known(const Kinds *kinds, const uint8_t *known, Atom x);
// What an operation is done on without asking whether its operands are of another kind.
Known kinds_operation(const Kinds *kinds, const UnitKinds *of, const Step *step, const uint8_t *known);

// Can the operation fail on two numbers of that kind?
bool kinds_may_fail(const Kinds *kinds, const Step *step, Known kind);

// A block whose result is then reduced: that step; else NULL.
static inline const Step *block_force(const Step *block) {
  const Step *next = block->next;
  return next && next->kind == STEP_FORCE && next->arguments[0] == block->dst ? next : NULL;
}

#endif
