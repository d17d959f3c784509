#include "number.h"

#include <math.h>
#include <stdio.h>

const char *const OPERATOR_TEXT[OP_COUNT] = {"+",  "-",  "*", "/",  "%",  "&",  "|", "^",
                                             "<<", ">>", "<", "<=", "==", ">=", ">", "!="};

Number number_f60(double value) {
  uint64_t bits;
  if (isnan(value)) value = (double)NAN;
  memcpy(&bits, &value, sizeof bits);
  if (isnan(value)) return (UINT64_C(0x7FF8) << 48) | NUMBER_F60;
  // Adding half a unit carries into the exponent when the mantissa overflows, which is the right result.
  bits += 7 + (bits >> NUMBER_KIND_BITS & 1);
  return (bits & ~(uint64_t)NUMBER_KIND_MASK) | NUMBER_F60;
}

double number_double(Number f60) {
  uint64_t bits = f60 & ~(uint64_t)NUMBER_KIND_MASK;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static Number f60_operate(Operator op, double a, double b) {
  switch (op) {
  case OP_ADD: return number_f60(a + b);
  case OP_SUB: return number_f60(a - b);
  case OP_MUL: return number_f60(a * b);
  case OP_DIV: return number_f60(a / b);
  case OP_MOD: return number_f60(fmod(a, b));
  case OP_AND: return number_f60(cos(a) + sin(b));
  case OP_OR: return number_f60(atan2(a, b));
  case OP_XOR: return number_f60(ceil(a) + floor(b));
  case OP_SHL: return number_f60(pow(b, a));
  case OP_SHR: return number_f60(log(a) / log(b));
  case OP_LT: return number_f60(a < b ? 1.0 : 0.0);
  case OP_LE: return number_f60(a <= b ? 1.0 : 0.0);
  case OP_EQ: return number_f60(a == b ? 1.0 : 0.0);
  case OP_GE: return number_f60(a >= b ? 1.0 : 0.0);
  case OP_GT: return number_f60(a > b ? 1.0 : 0.0);
  case OP_NE: return number_f60(a != b ? 1.0 : 0.0);
  case OP_COUNT: break;
  }
  return number_f60((double)NAN);
}

bool number_operate(Operator op, Number left, Number right, Number *result) {
  if (number_is_f60(left)) {
    *result = f60_operate(op, number_double(left), number_double(right));
    return true;
  }
  uint64_t a = number_value(left), b = number_value(right), value = 0;
  switch (op) {
  case OP_ADD: value = a + b; break;
  case OP_SUB: value = a - b; break;
  case OP_MUL: value = a * b; break;
  case OP_DIV:
    if (b == 0) return false;
    value = a / b;
    break;
  case OP_MOD:
    if (b == 0) return false;
    value = a % b;
    break;
  case OP_AND: value = a & b; break;
  case OP_OR: value = a | b; break;
  case OP_XOR: value = a ^ b; break;
  case OP_SHL: value = b < 60 ? a << b : 0; break;
  case OP_SHR: value = b < 60 ? a >> b : 0; break;
  case OP_LT: value = a < b; break;
  case OP_LE: value = a <= b; break;
  case OP_EQ: value = a == b; break;
  case OP_GE: value = a >= b; break;
  case OP_GT: value = a > b; break;
  case OP_NE: value = a != b; break;
  case OP_COUNT: break;
  }
  *result = number_u60(value); // the shift drops what is beyond 60 bits
  return true;
}

// The fewest digits d0.d1d2… × 10^exponent that read back to the same F60; returns their number. With a given number of
// digits the nearest decimal is tried, and the next one above: at a power of two the numbers that round to it reach
// farther up than down.
static int shortest_digits(double value, Number number, char digits[24], int *exponent) {
  for (int precision = 0; precision <= 17; precision++) {
    char text[48];
    snprintf(text, sizeof text, "%.*e", precision, value);
    *exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    uint64_t mantissa = 0;
    for (const char *at = text; *at != 'e'; at++)
      if (*at != '.') mantissa = mantissa * 10 + (uint64_t)(*at - '0');
    for (int above = 0; above < 2; above++, mantissa++) {
      snprintf(text, sizeof text, "%llue%d", (unsigned long long)mantissa, *exponent - precision);
      if (number_f60(strtod(text, NULL)) != number) continue;
      int count = (int)(strchr(text, 'e') - text);
      *exponent += count - 1 - precision; // 999 + 1 has a digit more
      memcpy(digits, text, (size_t)count);
      while (count > 1 && digits[count - 1] == '0') count--;
      return count;
    }
  }
  return 0; // 18 digits always read back
}

static void f60_print(Buffer *out, Number number) {
  double value = number_double(number);
  if (isnan(value)) {
    buffer_text(out, "(/ 0.0 0.0)");
    return;
  }
  if (isinf(value)) {
    buffer_text(out, value > 0 ? "(/ 1.0 0.0)" : "(/ -1.0 0.0)");
    return;
  }
  if (signbit(value)) buffer_char(out, '-');
  value = fabs(value);
  char digits[24];
  int exponent, count = shortest_digits(value, number_f60(value), digits, &exponent);
  int before = exponent >= 0 ? exponent + 1 : 1; // digits before the point without an exponent, and after it
  int after = count - 1 - exponent > 0 ? count - 1 - exponent : 0;
  if (before + after > 21) {
    buffer_char(out, digits[0]);
    buffer_char(out, '.');
    if (count > 1)
      buffer_add(out, digits + 1, (size_t)(count - 1));
    else
      buffer_char(out, '0');
    buffer_format(out, "e%d", exponent);
    return;
  }
  for (int i = 0; i < before; i++) buffer_char(out, exponent < 0 ? '0' : i < count ? digits[i] : '0');
  buffer_char(out, '.');
  if (after == 0) buffer_char(out, '0');
  for (int i = 0; i < after; i++) {
    int index = exponent + 1 + i;
    buffer_char(out, index < 0 ? '0' : digits[index]);
  }
}

void number_print(Buffer *out, Number number) {
  if (number_is_f60(number))
    f60_print(out, number);
  else
    buffer_number(out, number_value(number));
}

static inline uint64_t rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static inline void sip_round(uint64_t v[4]) {
  v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
  v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

static inline uint64_t eight_bytes(const char *at) { // the first one is the lowest
  const unsigned char *b = (const unsigned char *)at;
  return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
         (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

uint64_t number_symbol(const char *name, size_t size) {
  // The initial state for zero keys spells "somepseudorandomlygeneratedbytes".
  uint64_t v[4] = {UINT64_C(0x736f6d6570736575), UINT64_C(0x646f72616e646f6d), UINT64_C(0x6c7967656e657261),
                   UINT64_C(0x7465646279746573)};
  for (size_t at = 0; at <= size; at += 8) {
    uint64_t word = at + 8 > size ? (uint64_t)size << 56 : eight_bytes(name + at);
    for (size_t i = at; at + 8 > size && i < size; i++) word |= (uint64_t)(unsigned char)name[i] << (8 * (i - at));
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
  }
  v[2] ^= 0xFF;
  for (int i = 0; i < 3; i++) sip_round(v);
  return (v[0] ^ v[1] ^ v[2] ^ v[3]) & (U60_LIMIT - 1);
}
