// Work-stealing deques (eval/deque): order, growth, and owner and thieves on threads of their own.
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "eval/deque.h"
#include "unit.h"

static void the_owner_takes_the_newest_and_thieves_the_oldest(void) {
  Deque deque;
  deque_init(&deque);
  CHECK_NUMBER(deque_take(&deque), DEQUE_EMPTY);
  CHECK_NUMBER(deque_steal(&deque), DEQUE_EMPTY);
  CHECK_NUMBER(deque_last(&deque), DEQUE_EMPTY);
  for (Location box = 1; box <= 3; box++) deque_push(&deque, box);
  CHECK_NUMBER(deque_size(&deque), 3);
  CHECK_NUMBER(deque_last(&deque), 3);
  CHECK_NUMBER(deque_steal(&deque), 1);
  CHECK_NUMBER(deque_take(&deque), 3);
  CHECK_NUMBER(deque_take(&deque), 2);
  CHECK_NUMBER(deque_take(&deque), DEQUE_EMPTY);
  CHECK_NUMBER(deque_size(&deque), 0);
  deque_push(&deque, 4);
  CHECK_NUMBER(deque_steal(&deque), 4);
  CHECK_NUMBER(deque_last(&deque), DEQUE_EMPTY);
  deque_free(&deque);
}

// The numbers of the boxes go round the ring many times, and the ring grows while they stand anywhere in it.
static void nothing_is_lost_when_the_ring_is_passed_or_grows(void) {
  for (unsigned held = 0; held < 70; held += 3) {
    Deque deque;
    deque_init(&deque);
    Location next = 1, oldest = 1;
    for (unsigned i = 0; i < held; i++) deque_push(&deque, next++);
    bool right = true;
    for (unsigned round = 0; round < 300; round++) {
      deque_push(&deque, next++);
      right = right && deque_steal(&deque) == oldest++;
    }
    CHECK_SAY(right, "boxes come out of order when %u are held", held);
    for (unsigned i = 0; i < 5 * held + 5; i++) deque_push(&deque, next++); // grows from where it stands
    for (Location box = next; right && box-- > oldest;) right = deque_take(&deque) == box;
    CHECK_SAY(right, "boxes are lost when the ring grows by %u", 5 * held + 5);
    CHECK_NUMBER(deque_take(&deque), DEQUE_EMPTY);
    deque_free(&deque);
  }
}

// Threads. Each box has a number, and each number must come out once.
#ifdef HVM_HARD // a box takes longer
enum { THIEVES = 3, BOXES = 4000 };
#else
enum { THIEVES = 3, BOXES = 60000 };
#endif

typedef struct {
  Deque deque;
  atomic_bool done;
  atomic_uchar times[BOXES + 1];
} Race;

static void *steal(void *argument) {
  Race *race = argument;
  for (;;) {
    bool done = atomic_load(&race->done); // before the last look
    Location box = deque_steal(&race->deque);
    if (box != DEQUE_EMPTY)
      atomic_fetch_add(&race->times[box], 1);
    else if (done && deque_size(&race->deque) <= 0)
      return NULL;
  }
}

// The owner pushes up to so many boxes and takes some of them back, at random; small amounts are about the last box.
static void race(uint32_t burst, uint64_t seed) {
  Race *race = calloc(1, sizeof *race);
  pthread_t threads[THIEVES];
  UnitRandom random = {seed};
  Location next = 1;
  deque_init(&race->deque);
  for (int i = 0; i < THIEVES; i++) CHECK(pthread_create(&threads[i], NULL, steal, race) == 0);
  while (next <= BOXES) {
    for (uint32_t i = unit_below(&random, burst) + 1; i > 0 && next <= BOXES; i--) deque_push(&race->deque, next++);
    if (unit_below(&random, 64) == 0) sched_yield();
    for (uint32_t i = unit_below(&random, burst + 1); i > 0; i--) {
      Location last = deque_last(&race->deque), box = deque_take(&race->deque);
      if (box == DEQUE_EMPTY) break;
      atomic_fetch_add(&race->times[box], 1);
      if (last != box) unit_check(false, __FILE__, __LINE__, "%" PRIu64 " was the last, not %" PRIu64, box, last);
    }
  }
  atomic_store(&race->done, true);
  for (int i = 0; i < THIEVES; i++) pthread_join(threads[i], NULL);
  unsigned wrong = 0;
  for (Location box = 1; box <= BOXES; box++) wrong += race->times[box] != 1;
  CHECK_SAY(wrong == 0, "%u boxes did not come out once, in bursts of %u", wrong, burst);
  deque_free(&race->deque);
  free(race);
}

int main(void) {
  the_owner_takes_the_newest_and_thieves_the_oldest();
  nothing_is_lost_when_the_ring_is_passed_or_grows();
  for (uint64_t seed = 1; seed <= 8; seed++) race(1, seed);
  race(2, 1), race(5, 2), race(100, 3), race(3000, 4);
  return unit_finish();
}
