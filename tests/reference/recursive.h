// Inside the second generator: programs of recursive functions with lazy traps. recursive.c makes functions,
// expressions.c what is in them, library.c has functions that people write and what traps are made of.
//
// A type is a letter:
//   n number   x float   s string   l [1 2]   c Nil, Cons n c   t Leaf, Tip n, Node t n t   p Pair n n   d Duo n c
//   m None, Some n   a End, Entry p a   e Lit n, Neg e, Add e e, Cond e e e   f a λ from n to n   g one of two numbers
// An argument has a kind: a type, or a number or chain with a use of its own:
//   k a number that is counted down   i a chain that may be infinite   r a chain whose elements may be traps
// As a capital letter it is lazy: not used on all paths, so that callers give traps, often.
#ifndef HVM_TESTS_RECURSIVE_H
#define HVM_TESTS_RECURSIVE_H

#include <ctype.h>
#include <stdio.h>

#include "lang/memory.h"

enum { KIND_LIMIT = 24, FUNCTION_MOST = 24, NAME_SIZE = 12, NEED_SIZE = 96, FIELD_MOST = 3 };

typedef struct {
  char name[NAME_SIZE], kinds[KIND_LIMIT], result;
} Callee;

typedef struct {
  const char *name, *kinds;
  char result;
  const char *rules, *needs; // needs: names of others, with spaces between
} Library;
extern const Library LIBRARY[];
extern const uint32_t LIBRARY_COUNT;

typedef struct {
  char type;
  const char *name, *fields;
} Shape; // a constructor
extern const Shape SHAPES[];
extern const uint32_t SHAPE_COUNT;

typedef struct {
  char name[NAME_SIZE], type;
  bool risky;
} Local; // risky: may be a trap

typedef struct {
  uint64_t state;
  uint32_t scale;                                              // of the counts in Main
  bool in_main, at_top, floats, superposes, scopeless, offers; // offers: with HVM.spark
  uint32_t logs;                                               // per cent of the expressions
  Buffer *out, helpers; // helpers: rules that are written beside those of a function
  uint32_t fresh, callee_count, lambdas, branches, helper_depth;
  Callee callees[FUNCTION_MOST];
  bool needed[NEED_SIZE];
  ARRAY(Local) locals;
  // The function that is being written: which ones it may call on what is smaller.
  const Callee *self[2];
  uint32_t self_calls;
  ARRAY(uint32_t) smaller; // locals
} Recursive;

uint32_t recursive_below(Recursive *g, uint32_t limit);
bool recursive_chance(Recursive *g, uint32_t percent);
char recursive_pick(Recursive *g, const char *letters);
const char *recursive_need(Recursive *g, const char *name); // a library function's name
const char *recursive_bind(Recursive *g, char type, bool risky);
char kind_type(char kind);

// Each appends to g->out; size is about how many nodes the term may have.
void put(Recursive *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
void recursive_literal(Recursive *g, char type);
void recursive_expression(Recursive *g, char type, uint32_t size);
void recursive_body(Recursive *g, char type, uint32_t size); // of a rule: often a call in its tail
void recursive_call(Recursive *g, const Callee *callee, const char *smaller, uint32_t size);

#endif
