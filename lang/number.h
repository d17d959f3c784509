// Machine numbers: U60 and F60, packed into 64 bits.
//
//   bits 63..4  the value: an unsigned 60-bit integer, or the upper 60 bits of an IEEE 754 binary64
//   bits  3..0  the kind: NUMBER_U60 or NUMBER_F60
//
// The run-time's terms use the same layout, with further kinds. U60 is kind 0 on purpose: sums, differences and
// comparisons of packed U60 need no unpacking, and wrap modulo 2^60 by themselves.
#ifndef HVM_LANG_NUMBER_H
#define HVM_LANG_NUMBER_H

#include "memory.h"

typedef uint64_t Number;

enum { NUMBER_U60 = 0, NUMBER_F60 = 1, NUMBER_KIND_BITS = 4, NUMBER_KIND_MASK = 15 };
#define U60_LIMIT ((uint64_t)1 << 60) // the least integer that is no U60

typedef enum {
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DIV,
  OP_MOD,
  OP_AND,
  OP_OR,
  OP_XOR,
  OP_SHL,
  OP_SHR,
  OP_LT,
  OP_LE,
  OP_EQ,
  OP_GE,
  OP_GT,
  OP_NE,
  OP_COUNT
} Operator;

extern const char *const OPERATOR_TEXT[OP_COUNT];

static inline Number number_u60(uint64_t value) { return value << NUMBER_KIND_BITS; }
static inline uint64_t number_value(Number number) { return number >> NUMBER_KIND_BITS; }
static inline bool number_is_f60(Number number) { return (number & NUMBER_KIND_MASK) == NUMBER_F60; }

// A double rounded to 48 explicit mantissa bits (to nearest, ties to even); every NaN becomes the one quiet NaN.
Number number_f60(double value);
double number_double(Number f60);

// Both operands of one kind, which also is the result's. Returns false for an integer division or remainder by zero.
// F60: the comparisons give 1.0 or 0.0; & is cos a + sin b, | is atan2(a, b), << is b^a, >> is the logarithm of a to
// base b, ^ is ceil a + floor b (HVM1's meanings).
bool number_operate(Operator op, Number left, Number right, Number *result);

// Appends the number as the language reads it back: decimal for U60; for F60 the shortest decimal that reads back to
// the same F60, always with a point, with an exponent when it would have more than 21 digits without one (a .0 at the
// end not counted); infinities and NaN as divisions.
void number_print(Buffer *out, Number number);

// The hash of a symbol %name: SipHash-1-3 (Aumasson and Bernstein, 2012) with zero keys over the bytes, low 60 bits.
uint64_t number_symbol(const char *name, size_t size);

#endif
