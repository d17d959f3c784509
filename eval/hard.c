#include "hard.h"

#ifdef HVM_HARD
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

// Each thread has a sequence of its own (Vigna's splitmix64), so that no two wait for each other here.
static uint64_t next_random(void) {
  static atomic_uint threads;
  static _Thread_local uint64_t state;
  if (!state) {
    const char *seed = getenv("HVM_HARD_SEED");
    state = (seed ? strtoull(seed, NULL, 10) : 0) * UINT64_C(1000003) + atomic_fetch_add(&threads, 1) + 1;
  }
  uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

bool hard_chance(unsigned one_time_in) { return next_random() % one_time_in == 0; }

void hard_pause(void) {
  uint64_t random = next_random();
  int error = errno;
  if (random % 512 == 0)
    nanosleep(&(struct timespec){0, (long)(random >> 32 & 0x3FFF)}, NULL);
  else if (random % 8 == 0)
    sched_yield();
  errno = error;
}
#else
typedef int nothing_is_hard; // a file must not be empty
#endif
