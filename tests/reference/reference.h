// The reference evaluator: what a program means, by substitution, as plainly as it can be said.
//
// Terms are immutable trees with de Bruijn indices. Reduction is normal order: a term that is substituted is always
// closed (λs are opened with a fresh variable before the normaliser enters them), so nothing can be captured and
// nothing has to be shifted. A node remembers its weak head normal form and its normal form, which changes no answer:
// the same closed term always reduces to the same thing. It knows no superpositions, no scopeless variables and no
// effects.
//
// Matching follows docs/language.md §3: strict positions first, then a matrix of the rules still in play. The first of
// them says what is looked at next; every rule that the answer rules out leaves; a stuck term rules out every variable.
//
// Nothing here is shared with the evaluator that it judges, but the parser, the checker and the printing of numbers.
#ifndef HVM_TESTS_REFERENCE_H
#define HVM_TESTS_REFERENCE_H

#include "lang/program.h"

typedef enum {
  REFERENCE_OK,
  REFERENCE_OUT_OF_FUEL,   // a budget was exceeded: says nothing about the program
  REFERENCE_RUNTIME_ERROR, // U60 division or remainder by zero
  REFERENCE_UNSUPPORTED,   // superpositions, scopeless variables, effects
} ReferenceStatus;

typedef struct {
  uint64_t steps; // rewrites
  uint64_t nodes; // term nodes ever made
  uint32_t depth; // levels of C recursion
  size_t text;    // bytes of the result
} ReferenceBudget;

extern const ReferenceBudget REFERENCE_SMALL; // for random programs: milliseconds
extern const ReferenceBudget REFERENCE_LARGE; // for programs that people wrote: seconds

// The normal form of a function without arguments, appended to text in docs/language.md §5's format when the result is
// REFERENCE_OK. The program must have been read (program_read), and need not be compiled.
ReferenceStatus reference_evaluate(const Program *program, const Function *main, ReferenceBudget budget, Buffer *text);

// Of two numbers of one kind. False: a U60 division by zero.
bool reference_operate(Operator op, Number a, Number b, Number *result);

const char *reference_status_name(ReferenceStatus status);

#endif
