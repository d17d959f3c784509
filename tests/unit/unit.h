// Assertions for the programs of this folder. A failed check prints its place and what it saw, and the program goes on;
// unit_finish writes "N passed, N failed" and gives the exit status.
#ifndef HVM_TESTS_UNIT_H
#define HVM_TESTS_UNIT_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned long unit_passed, unit_failed;
enum { UNIT_SHOWN = 40 }; // failures that are printed

__attribute__((format(printf, 4, 5))) static inline bool unit_check(bool good, const char *file, int line,
                                                                    const char *format, ...) {
  if (good) {
    unit_passed++;
    return true;
  }
  if (unit_failed++ >= UNIT_SHOWN) return false;
  va_list arguments;
  va_start(arguments, format);
  printf("FAIL  %s:%d: ", file, line);
  vprintf(format, arguments);
  putchar('\n');
  fflush(stdout);
  va_end(arguments);
  return false;
}

static inline bool unit_same_text(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }

#define CHECK(condition) unit_check((condition), __FILE__, __LINE__, "not so: %s", #condition)
// With a message of its own: CHECK_SAY(condition, format, ...).
#define CHECK_SAY(condition, ...) unit_check((condition), __FILE__, __LINE__, __VA_ARGS__)
#define CHECK_NUMBER(actual, expected)                                                                                 \
  unit_check_number((uint64_t)(actual), (uint64_t)(expected), __FILE__, __LINE__, #actual)
#define CHECK_TEXT(actual, expected) unit_check_text((actual), (expected), __FILE__, __LINE__, #actual)

static inline bool unit_check_number(uint64_t actual, uint64_t expected, const char *file, int line, const char *what) {
  return unit_check(actual == expected, file, line, "%s is %" PRIu64 ", not %" PRIu64, what, actual, expected);
}

static inline bool unit_check_text(const char *actual, const char *expected, const char *file, int line,
                                   const char *what) {
  return unit_check(unit_same_text(actual, expected), file, line, "%s is\n      %s\n  not %s", what,
                    actual ? actual : "(null)", expected ? expected : "(null)");
}

static inline int unit_finish(void) {
  printf("%lu passed, %lu failed\n", unit_passed, unit_failed);
  return unit_failed ? 1 : 0;
}

// A reproducible sequence (Vigna's splitmix64).
typedef struct {
  uint64_t state;
} UnitRandom;

static inline uint64_t unit_random(UnitRandom *random) {
  uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

static inline uint32_t unit_below(UnitRandom *random, uint32_t limit) {
  return (uint32_t)(unit_random(random) % limit);
}

#endif
