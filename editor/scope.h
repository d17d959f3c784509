// Variables of a rule that was checked: what binds them and where they are used. All of it walks the rule's terms, and
// so must run on the deep stack.
#ifndef HVM_EDITOR_SCOPE_H
#define HVM_EDITOR_SCOPE_H

#include "lang/program.h"

typedef enum { BOUND_BY_PATTERN, BOUND_BY_LAMBDA, BOUND_BY_LET, BOUND_BY_DUP } BoundBy;

typedef struct {
  Binder *binder;
  BoundBy by;
  Span scope;            // where it can be used: for a scopeless one, the whole rule
  const Binder *partner; // the other side of a dup
} Bound;

// A variable where it is bound or used. The one that nothing binds has no binder.
typedef struct {
  Span span;
  const Binder *binder;
  bool binds;
} VariablePlace;

typedef ARRAY(Bound) Bounds;
typedef ARRAY(VariablePlace) VariablePlaces;

void scope_bounds(const Rule *rule, Bounds *bounds);
void scope_places(const Rule *rule, VariablePlaces *places); // in no order
// What the variable at a place is bound by; NULL: nothing, or there is no variable.
const Binder *scope_binder_at(const Rule *rule, uint32_t offset);

#endif
