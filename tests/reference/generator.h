// Inside the generator: what generate.c (types, patterns, functions) and terms.c (expressions) share.
#ifndef HVM_TESTS_GENERATOR_H
#define HVM_TESTS_GENERATOR_H

#include <stdio.h>

#include "lang/memory.h"

enum {
  TYPE_NUMBER,
  TYPE_FLOAT,
  TYPE_STRING,
  TYPE_LIST, // a list of numbers
  TYPE_DATA, // the first of the program's own data types
  DATA_LIMIT = 3,
  TYPE_FUNCTION = TYPE_DATA + DATA_LIMIT, // the first function type
  TYPE_LIMIT = TYPE_FUNCTION + 8,
  CONSTRUCTOR_LIMIT = 5,
  FIELD_LIMIT = 16,
  ARGUMENT_LIMIT = 20,
  FUNCTION_LIMIT = 8,
  ROW_LIMIT = 12,
  UNLIMITED = 1000000,
};

typedef uint32_t TypeId;

typedef struct {
  uint32_t count;
  TypeId fields[FIELD_LIMIT];
} Constructor;
typedef struct {
  uint32_t count;
  Constructor constructors[CONSTRUCTOR_LIMIT];
  bool higher_order;
} Data;
typedef struct {
  TypeId argument, result;
} Arrow;

// Rules that no random function would give (NEEDED).
typedef enum {
  NEED_SPIN,
  NEED_LOOP,
  NEED_BANG,
  NEED_DROP,
  NEED_FIRST,
  NEED_TAKE,
  NEED_ZIP,
  NEED_MAP,
  NEED_ONES,
  NEED_FROM,
  NEED_FOLD,
  NEED_COMPOSE,
  NEED_TWICE,
  NEED_PARTIAL,
  NEED_MINUS,
  NEED_COUNT
} Need;

typedef struct {
  char name[12];
  TypeId type;
  uint32_t left;
} Variable; // left: how often it may still be used

typedef struct {
  uint32_t arity;
  TypeId arguments[ARGUMENT_LIMIT], result;
  bool dropped[ARGUMENT_LIMIT]; // no rule looks at it or uses it
  uint32_t recursive;           // the argument that gets smaller; ARGUMENT_LIMIT: none
} Signature;

typedef struct {
  uint64_t state;
  Buffer *out;
  uint32_t data_count, function_count, fresh;
  Data data[DATA_LIMIT];
  Arrow arrows[TYPE_LIMIT - TYPE_FUNCTION];
  Signature functions[FUNCTION_LIMIT];
  bool needs[NEED_COUNT], floats;
  ARRAY(Variable) variables; // in scope, innermost last
  uint32_t lambdas;          // how many λs of this rule are around
  // The rule that is being written: how it may call itself.
  const Signature *self;
  uint32_t self_calls;
  ARRAY(uint32_t) smaller; // indices of variables that are parts of the recursive argument
} Generator;

static inline bool is_data(TypeId type) { return type >= TYPE_DATA && type < TYPE_FUNCTION; }

// No functions in it.
static inline bool is_first_order(const Generator *g, TypeId type) {
  return type < TYPE_FUNCTION && !(is_data(type) && g->data[type - TYPE_DATA].higher_order);
}

uint32_t generator_below(Generator *g, uint32_t limit); // a random number
bool generator_chance(Generator *g, uint32_t percent);
const char *generator_need(Generator *g, Need what, const char *name); // is the name
TypeId generator_type(Generator *g);                                   // any type
TypeId generator_first_order_type(Generator *g);                       // one without functions in it

// Each appends to g->out. size is about how many nodes the expression may have.
void generator_expression(Generator *g, TypeId type, uint32_t size);
void generator_call(Generator *g, uint32_t number, uint32_t size); // of the function of that number
void generator_number(Generator *g);
void generator_string(Generator *g);
void generator_constructor_name(Generator *g, TypeId type, uint32_t number);

#endif
