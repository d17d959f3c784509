// The working part of specialise.h: terms copied with what is known put in, applications of λs and calls reduced.
//
// A copy has binders of its own, so no two places of a program share one. Terms that were copied are never changed:
// rules of functions can be copied while they are being simplified.
#ifndef HVM_LANG_SIMPLIFY_H
#define HVM_LANG_SIMPLIFY_H

#include "program.h"

// What variables become in a copy: terms that are simplified already. Others stay.
typedef struct Env {
  const struct Env *next;
  const Binder *from;
  Term *to;
} Env;

// A function that was made, and for what.
typedef struct {
  const Function *base;
  uint32_t extra;     // arguments that its result is applied to
  uint64_t positions; // parameters that are known, as a set
  Term **values;      // by position: the λ, in which
  Term **captured;    // these variables are free
  uint32_t captured_count;
  Function *function; // without a tree while it is being made
} Made;

typedef struct {
  const Function *function;
  uint32_t position;
} Position;

typedef struct {
  Program *program;
  uint32_t steps, terms; // of the rule at work: reductions done, terms made
  bool plain;            // copy, and reduce nothing
  ARRAY(Made *) made;
  ARRAY(Position) positions; // those that is_static is at
  ARRAY(uint8_t) seen;       // by NameId: functions whose rules were simplified, or are being
  ARRAY(uint8_t) recursion;  // by NameId: 0 not known, 1 calls itself, 2 does not
} Simplifier;

// A copy of a rule's body, simplified; arguments, simplified already, are those that its result is applied to.
Term *simplify_rule(Simplifier *s, const Env *env, Term *body, Term **arguments, uint32_t count);
Term *simplify_copy(Simplifier *s, const Env *env, Term *term);
void simplify_free_state(Simplifier *s);

// Is a term a λ, or a call that gives one? May it stand in several places, or under a λ, without losing sharing?
bool simplify_is_function(Simplifier *s, const Term *term);
bool simplify_may_repeat(Simplifier *s, const Term *term);
// Adds the free variables of a term to those found, in the order of their occurrence; UINT32_MAX: too many.
uint32_t simplify_free(const Term *term, const Binder **found, uint32_t count, uint32_t limit);

// Functions that a function's rules lead to.
typedef struct {
  const Program *program;
  ARRAY(const Function *) found;
} Reach;
void simplify_reach(Reach *reach, const Function *function);

// Terms.
const Env *simplify_bind(Simplifier *s, const Env *env, const Binder *from, Term *to);
Binder *simplify_binder(Simplifier *s, const Binder *origin);
Term *simplify_variable(Simplifier *s, Binder *binder);
Term *simplify_call(Simplifier *s, NameId name, Term **arguments, uint32_t count, Span span);
Term *simplify_apply(Simplifier *s, Term *function, Term **arguments, uint32_t count, Span span);

// specialise.c: simplifies a function's rules, if that was not done.
void specialise_function(Simplifier *s, const Function *function);
// The function for calls that are applied to so many more arguments; for a call with known λs, whose
// arguments become those of the function. NULL: there is none.
Function *specialise_applied(Simplifier *s, const Function *base, uint32_t extra);
Function *specialise_call(Simplifier *s, const Function *function, Term ***arguments);

#endif
