// What arguments and results are, as far as the rules tell: for the text that people read, not for the evaluator.
#ifndef HVM_LANG_SHAPE_H
#define HVM_LANG_SHAPE_H

#include "program.h"

enum { SHAPE_NUMBER = 1, SHAPE_LAMBDA = 2, SHAPE_UNKNOWN = 4, SHAPE_NAMES = 4 };

typedef struct {
  uint32_t kinds;
  uint32_t count; // of names; SHAPE_NAMES + 1: more than are kept
  NameId names[SHAPE_NAMES];
} Shape;

typedef struct {
  Shape *arguments, *results;
  size_t *first; // by index in program->functions: where the arguments begin
} Shapes;

// Of all functions. An argument is what patterns say, what operators and applications make of it, and what functions
// that it is passed on to say; a result is what every rule builds. Must run on the deep stack.
Shapes shapes_find(Program *program);
void shapes_free(Shapes *shapes);

// num, λ, Name, (Name|Name|…), or _ when nothing is known.
void shape_print(Buffer *out, const Program *program, const Shape *shape);

#endif
