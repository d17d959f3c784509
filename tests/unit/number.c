// Numbers: U60 and F60 arithmetic, rounding, printing and reading back, symbol hashes (lang/number).
#include "lang/number.h"

#include <math.h>

#include "unit.h"

static uint64_t random_u60(UnitRandom *random) {
  uint64_t bits = unit_random(random);
  switch (unit_below(random, 6)) {
  case 0: return bits & 7;
  case 1: return U60_LIMIT - 1 - (bits & 7);
  case 2: return (uint64_t)1 << unit_below(random, 60);
  case 3: return bits & 127;
  default: return bits >> (4 + unit_below(random, 56));
  }
}

// What an operator means on U60, by arithmetic that cannot overflow; false: undefined.
static bool expected_u60(Operator op, uint64_t x, uint64_t y, uint64_t *result) {
  __extension__ typedef unsigned __int128 Wide;
  Wide a = x, b = y, value = 0, modulus = (Wide)1 << 60;
  switch (op) {
  case OP_ADD: value = a + b; break;
  case OP_SUB: value = a + modulus - b; break;
  case OP_MUL: value = a * b; break;
  case OP_DIV:
  case OP_MOD:
    if (b == 0) return false;
    value = op == OP_DIV ? a / b : a % b;
    break;
  case OP_AND: value = a & b; break;
  case OP_OR: value = a | b; break;
  case OP_XOR: value = a ^ b; break;
  case OP_SHL: value = y >= 60 ? 0 : a << y; break;
  case OP_SHR: value = y >= 60 ? 0 : a >> y; break;
  case OP_LT: value = a < b; break;
  case OP_LE: value = a <= b; break;
  case OP_EQ: value = a == b; break;
  case OP_GE: value = a >= b; break;
  case OP_GT: value = a > b; break;
  case OP_NE: value = a != b; break;
  case OP_COUNT: break;
  }
  *result = (uint64_t)(value % modulus);
  return true;
}

static void u60_operations_agree_with_wide_arithmetic(void) {
  UnitRandom random = {60};
  unsigned long wrong = 0;
  for (int round = 0; round < 200000; round++) {
    uint64_t a = random_u60(&random), b = random_u60(&random);
    for (int op = 0; op < OP_COUNT; op++) {
      uint64_t expected = 0;
      Number result = 0;
      bool defined = expected_u60((Operator)op, a, b, &expected);
      bool good = number_operate((Operator)op, number_u60(a), number_u60(b), &result);
      if (good == defined && (!good || (result == number_u60(expected) && !number_is_f60(result)))) continue;
      if (wrong++ < 5) CHECK_SAY(false, "(%s %" PRIu64 " %" PRIu64 ") is wrong", OPERATOR_TEXT[op], a, b);
    }
  }
  CHECK_NUMBER(wrong, 0);
}

// A double rounded to 49 significant bits by scaling and nearbyint, which rounds ties to even.
static double expected_f60(double value) {
  if (isnan(value) || isinf(value) || value == 0.0) return value;
  int exponent;
  frexp(value, &exponent);
  int unit = exponent - 49 < -1070 ? -1070 : exponent - 49; // the exponent of the last bit
  return ldexp(nearbyint(ldexp(value, -unit)), unit);
}

static double random_double(UnitRandom *random) {
  uint64_t bits = unit_random(random);
  double value;
  switch (unit_below(random, 8)) {
  case 0: bits = (bits & ~UINT64_C(15)) | 8; break;    // a tie
  case 1: bits |= UINT64_C(0x000FFFFFFFFFFFF0); break; // carries into the exponent
  case 2: bits &= ~(UINT64_C(0x7FF) << 52); break;     // subnormal
  case 3: bits |= UINT64_C(0x7FE) << 52; break;        // near the largest
  case 4: return (double)(int64_t)(bits >> 40) / 64.0;
  case 5: return ldexp(1.0, (int)unit_below(random, 2098) - 1074);
  default: break;
  }
  memcpy(&value, &bits, sizeof value);
  return value;
}

static bool same_double(double a, double b) { return (isnan(a) && isnan(b)) || (a == b && !signbit(a) == !signbit(b)); }

static void f60_rounds_to_nearest_even_at_48_bits(void) {
  UnitRandom random = {48};
  unsigned long wrong = 0;
  for (int round = 0; round < 500000; round++) {
    double value = random_double(&random), rounded = number_double(number_f60(value));
    if (same_double(rounded, expected_f60(value)) && number_f60(rounded) == number_f60(value)) continue;
    if (wrong++ < 5) CHECK_SAY(false, "%a is rounded to %a, not %a", value, rounded, expected_f60(value));
  }
  CHECK_NUMBER(wrong, 0);
}

static void f60_has_infinities_one_nan_and_both_zeros(void) {
  double infinity = (double)INFINITY, nan = (double)NAN;
  CHECK(same_double(number_double(number_f60(1.7976931348623157e308)), infinity));
  CHECK(same_double(number_double(number_f60(-1.7976931348623157e308)), -infinity));
  CHECK(same_double(number_double(number_f60(infinity)), infinity));
  CHECK(same_double(number_double(number_f60(-infinity)), -infinity));
  CHECK(same_double(number_double(number_f60(0.0)), 0.0));
  CHECK(same_double(number_double(number_f60(-0.0)), -0.0));
  CHECK(same_double(number_double(number_f60(5e-324)), 0.0));
  CHECK(same_double(number_double(number_f60(-5e-324)), -0.0));
  CHECK(same_double(number_double(number_f60(ldexp(1.0, -1070))), ldexp(1.0, -1070)));
  CHECK(number_f60(nan) == number_f60(-nan));
  CHECK(isnan(number_double(number_f60(nan))));
  double strange;
  uint64_t bits = UINT64_C(0xFFF0000000000001); // a NaN whose payload the rounding would drop
  memcpy(&strange, &bits, sizeof strange);
  CHECK(number_f60(strange) == number_f60(nan));
  CHECK(number_is_f60(number_f60(0.0)) && !number_is_f60(number_u60(0)));
}

static void f60_operations_round_their_double_results(void) {
  UnitRandom random = {64};
  unsigned long wrong = 0;
  for (int round = 0; round < 50000; round++) {
    Number left = number_f60(random_double(&random)), right = number_f60(random_double(&random));
    double a = number_double(left), b = number_double(right);
    const double expected[OP_COUNT] = {[OP_ADD] = a + b,
                                       [OP_SUB] = a - b,
                                       [OP_MUL] = a * b,
                                       [OP_DIV] = a / b,
                                       [OP_MOD] = fmod(a, b),
                                       [OP_AND] = cos(a) + sin(b),
                                       [OP_OR] = atan2(a, b),
                                       [OP_XOR] = ceil(a) + floor(b),
                                       [OP_SHL] = pow(b, a),
                                       [OP_SHR] = log(a) / log(b),
                                       [OP_LT] =
                                           a<b, [OP_LE] = a <= b, [OP_EQ] = a == b, [OP_GE] = a >= b, [OP_GT] = a> b,
                                       [OP_NE] = a != b};
    for (int op = 0; op < OP_COUNT; op++) {
      Number result = 0;
      if (number_operate((Operator)op, left, right, &result) && result == number_f60(expected[op])) continue;
      if (wrong++ < 5) CHECK_SAY(false, "(%s %a %a) is wrong", OPERATOR_TEXT[op], a, b);
    }
  }
  CHECK_NUMBER(wrong, 0);
  Number result;
  CHECK(number_operate(OP_DIV, number_f60(1.0), number_f60(0.0), &result) && isinf(number_double(result)));
  CHECK(number_operate(OP_MOD, number_f60(1.0), number_f60(0.0), &result) && isnan(number_double(result)));
  CHECK(!number_operate(OP_DIV, number_u60(1), number_u60(0), &result));
  CHECK(!number_operate(OP_MOD, number_u60(0), number_u60(0), &result));
}

static void check_print(Number number, const char *expected) {
  Buffer out = {0};
  number_print(&out, number);
  CHECK_TEXT(out.text, expected);
  buffer_free(&out);
}

static void numbers_print_as_the_language_reads_them(void) {
  check_print(number_u60(0), "0");
  check_print(number_u60(U60_LIMIT - 1), "1152921504606846975");
  static const struct {
    double value;
    const char *text;
  } floats[] = {{0.0, "0.0"},
                {-0.0, "-0.0"},
                {1.0, "1.0"},
                {-1.5, "-1.5"},
                {0.1, "0.1"},
                {0.30000000000000004, "0.3"},
                {100.0, "100.0"},
                {123456.75, "123456.75"},
                {1e15, "1000000000000000.0"},
                {1e19, "10000000000000000000.0"},
                {1e20, "100000000000000000000.0"},
                {1e21, "1.0e21"},
                {1e22, "1.0e22"},
                {-2.5e300, "-2.5e300"},
                {0.001, "0.001"},
                {1e-19, "0.0000000000000000001"},
                {1e-20, "0.00000000000000000001"},
                {1e-21, "1.0e-21"},
                {1.25e-30, "1.25e-30"},
                {3.141592653589793, "3.141592653589793"}};
  for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
    Buffer out = {0};
    Number number = number_f60(floats[i].value);
    number_print(&out, number);
    // Rounding can shorten what a double would need.
    if (floats[i].value != 3.141592653589793) CHECK_TEXT(out.text, floats[i].text);
    CHECK_NUMBER(number_f60(strtod(out.text, NULL)), number);
    buffer_free(&out);
  }
  check_print(number_f60((double)INFINITY), "(/ 1.0 0.0)");
  check_print(number_f60(-(double)INFINITY), "(/ -1.0 0.0)");
  check_print(number_f60((double)NAN), "(/ 0.0 0.0)");
}

// Is there a decimal with fewer digits that reads as the same F60? Both neighbours are tried at the given length.
static bool reads_back_with(double value, int digits, Number number) {
  char text[64];
  snprintf(text, sizeof text, "%.*e", digits - 1, value);
  double nearest = strtod(text, NULL);
  if (number_f60(nearest) == number) return true;
  char *e = strchr(text, 'e');
  int exponent = (int)strtol(e + 1, NULL, 10);
  long double unit = powl(10.0L, exponent - digits + 1);
  for (int step = -1; step <= 1; step += 2) {
    char other[64];
    snprintf(other, sizeof other, "%.*Le", digits - 1, (long double)nearest + step * unit);
    if (number_f60(strtod(other, NULL)) == number) return true;
  }
  return false;
}

typedef struct {
  unsigned long different, large, longer; // how many numbers print as another, with too many digits, not the shortest
  char example[3][64];
} PrintFaults;

static void note_fault(PrintFaults *faults, unsigned long *count, size_t which, const char *text) {
  if ((*count)++ == 0) snprintf(faults->example[which], sizeof faults->example[which], "%s", text);
}

static void find_fault(PrintFaults *faults, double value) {
  Number number = number_f60(value);
  value = number_double(number);
  if (isnan(value) || isinf(value)) return;
  Buffer out = {0};
  number_print(&out, number);
  const char *text = out.text[0] == '-' ? out.text + 1 : out.text, *e = strchr(text, 'e');
  if (number_f60(strtod(out.text, NULL)) != number || !strchr(text, '.'))
    note_fault(faults, &faults->different, 0, out.text);
  // A whole number of 21 digits has a point and a zero besides.
  size_t written = e ? (size_t)(e - text) : strlen(text);
  if (written > 23) note_fault(faults, &faults->large, 1, out.text);
  int digits = 0, zeros = 0;
  for (size_t i = 0; i < written; i++) {
    if (text[i] < '0' || text[i] > '9' || (digits == 0 && text[i] == '0')) continue;
    digits++;
    zeros = text[i] == '0' ? zeros + 1 : 0;
  }
  digits -= zeros;
  if (digits > 1 && reads_back_with(fabs(value), digits - 1, number)) note_fault(faults, &faults->longer, 2, out.text);
  buffer_free(&out);
}

static void check_faults(const PrintFaults *faults) {
  CHECK_SAY(faults->different == 0, "%lu read back as other numbers: %s", faults->different, faults->example[0]);
  CHECK_SAY(faults->large == 0, "%lu have too many digits: %s", faults->large, faults->example[1]);
  CHECK_SAY(faults->longer == 0, "%lu could be shorter: %s", faults->longer, faults->example[2]);
}

static bool is_power_of_two(double value) {
  int exponent;
  return fabs(frexp(value, &exponent)) == 0.5;
}

static void floats_print_as_the_shortest_text_that_reads_back(void) {
  UnitRandom random = {17};
  PrintFaults faults = {0};
  for (int round = 0; round < 60000; round++) {
    double value = number_double(number_f60(random_double(&random)));
    if (!is_power_of_two(value)) find_fault(&faults, value);
  }
  check_faults(&faults);
}

// Their neighbours below are nearer than those above: the shortest decimal need not be the nearest of its length.
static void powers_of_two_print_as_the_shortest_text_that_reads_back(void) {
  PrintFaults faults = {0};
  for (int exponent = -1070; exponent < 1024; exponent++) find_fault(&faults, ldexp(1.0, exponent));
  check_faults(&faults);
}

static uint64_t rotated(uint64_t x, unsigned n) { return (x << n) | (x >> (64 - n)); }

// SipHash-c-d as in the paper of Aumasson and Bernstein, for any key.
static uint64_t siphash(int c, int d, uint64_t k0, uint64_t k1, const unsigned char *text, size_t size) {
  uint64_t v0 = k0 ^ UINT64_C(0x736f6d6570736575), v1 = k1 ^ UINT64_C(0x646f72616e646f6d);
  uint64_t v2 = k0 ^ UINT64_C(0x6c7967656e657261), v3 = k1 ^ UINT64_C(0x7465646279746573);
  size_t words = size / 8 + 1;
  for (size_t word = 0; word <= words; word++) {
    uint64_t m = 0;
    for (size_t i = 0; i < 8; i++) {
      size_t at = word * 8 + i;
      uint64_t byte = at < size ? text[at] : word == words - 1 && i == 7 ? size & 0xFF : 0;
      m |= byte << (8 * i);
    }
    if (word == words)
      v2 ^= 0xFF;
    else
      v3 ^= m;
    for (int round = 0; round < (word == words ? d : c); round++) {
      v0 += v1;
      v2 += v3;
      v1 = rotated(v1, 13) ^ v0;
      v3 = rotated(v3, 16) ^ v2;
      v0 = rotated(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = rotated(v1, 17) ^ v2;
      v3 = rotated(v3, 21) ^ v0;
      v2 = rotated(v2, 32);
    }
    if (word < words) v0 ^= m;
  }
  return v0 ^ v1 ^ v2 ^ v3;
}

static void symbols_are_siphash_1_3_of_their_name(void) {
  unsigned char text[300];
  const uint64_t k0 = UINT64_C(0x0706050403020100), k1 = UINT64_C(0x0f0e0d0c0b0a0908);
  for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)i;
  // The paper's vector for SipHash-2-4, and the first ones of the reference implementations of 2-4 and 1-3.
  CHECK_NUMBER(siphash(2, 4, k0, k1, text, 15), UINT64_C(0xa129ca6149be45e5));
  CHECK_NUMBER(siphash(2, 4, k0, k1, text, 0), UINT64_C(0x726fdb47dd0e0e31));
  CHECK_NUMBER(siphash(1, 3, k0, k1, text, 0), UINT64_C(0xabac0158050fc4dc));
  for (size_t size = 0; size <= sizeof text; size++)
    CHECK_NUMBER(number_symbol((const char *)text, size), siphash(1, 3, 0, 0, text, size) & (U60_LIMIT - 1));
  // From CPython, whose hash of bytes is SipHash-1-3, with zero keys when PYTHONHASHSEED=0: hash(b"abc") & 2**60 - 1.
  CHECK_NUMBER(number_symbol("a", 1), UINT64_C(32731167175940115));
  CHECK_NUMBER(number_symbol("abc", 3), UINT64_C(16822115657724146));
  CHECK_NUMBER(number_symbol("name", 4), UINT64_C(648382836587941798));
  CHECK_NUMBER(number_symbol("12345678", 8), UINT64_C(326959729158261383));
  CHECK_NUMBER(number_symbol("a-longer-name-than-eight", 24), UINT64_C(35629706144566802));
  CHECK_NUMBER(number_symbol("λ", 2), UINT64_C(142282294639037209));
}

int main(void) {
  u60_operations_agree_with_wide_arithmetic();
  f60_rounds_to_nearest_even_at_48_bits();
  f60_has_infinities_one_nan_and_both_zeros();
  f60_operations_round_their_double_results();
  numbers_print_as_the_language_reads_them();
  floats_print_as_the_shortest_text_that_reads_back();
  powers_of_two_print_as_the_shortest_text_that_reads_back();
  symbols_are_siphash_1_3_of_their_name();
  return unit_finish();
}
