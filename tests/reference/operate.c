// The reference's own arithmetic.
#include "reference.h"

#include <math.h>

// b is not 0 where it divides.
static uint64_t operate_u60(Operator op, uint64_t a, uint64_t b) {
  switch (op) {
  case OP_ADD: return a + b;
  case OP_SUB: return a - b;
  case OP_MUL: return a * b;
  case OP_DIV: return a / b;
  case OP_MOD: return a % b;
  case OP_AND: return a & b;
  case OP_OR: return a | b;
  case OP_XOR: return a ^ b;
  case OP_SHL: return b >= 60 ? 0 : a << b;
  case OP_SHR: return b >= 60 ? 0 : a >> b;
  case OP_LT: return a < b;
  case OP_LE: return a <= b;
  case OP_EQ: return a == b;
  case OP_GE: return a >= b;
  case OP_GT: return a > b;
  case OP_NE: return a != b;
  case OP_COUNT: break;
  }
  abort();
}

static double operate_f60(Operator op, double a, double b) {
  switch (op) {
  case OP_ADD: return a + b;
  case OP_SUB: return a - b;
  case OP_MUL: return a * b;
  case OP_DIV: return a / b;
  case OP_MOD: return fmod(a, b);
  case OP_AND: return cos(a) + sin(b);
  case OP_OR: return atan2(a, b);
  case OP_XOR: return ceil(a) + floor(b);
  case OP_SHL: return pow(b, a);
  case OP_SHR: return log(a) / log(b);
  case OP_LT: return a < b;
  case OP_LE: return a <= b;
  case OP_EQ: return a == b;
  case OP_GE: return a >= b;
  case OP_GT: return a > b;
  case OP_NE: return a != b;
  case OP_COUNT: break;
  }
  abort();
}

bool reference_operate(Operator op, Number a, Number b, Number *result) {
  if (number_is_f60(a)) {
    *result = number_f60(operate_f60(op, number_double(a), number_double(b)));
    return true;
  }
  if ((op == OP_DIV || op == OP_MOD) && number_value(b) == 0) return false;
  *result = number_u60(operate_u60(op, number_value(a), number_value(b)) % U60_LIMIT);
  return true;
}
