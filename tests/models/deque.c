// eval/deque.c on all interleavings and with all stale values (check.h): whatever an owner and thieves do, each box
// comes out once, whole. The build has rings for one box at first (eval/hard.h), so they grow soon and are gone round
// often.
#include "eval/deque.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "eval/hard.h"
#include "lang/memory.h"
#include "sleep.h"

int check_pthread_join(unsigned long thread, void **result);

void memory_exhausted(void) { abort(); }
void hard_pause(void) {}

enum { BOXES = 7, THIEVES = 2 };

typedef struct {
  Deque deque;
  uint8_t seen[BOXES + 1];
} Scene;

static Scene *scene;
static const char *owner, *thieves[THIEVES]; // what they do: p(ush), t(ake), s(teal)

static void see(Location box) {
  if (box == DEQUE_EMPTY) return;
  if (CHECK_THAT(box >= 1 && box <= BOXES)) CHECK_THAT(++scene->seen[box] == 1);
}

static void run_thief(void *argument) {
  for (const char *next = argument; *next; next++) see(deque_steal(&scene->deque));
}

static void run_owner(void *argument) {
  (void)argument;
  Location pushed = 0, box;
  int count = 0;
  for (const char *next = owner; *next; next++)
    if (*next == 'p')
      deque_push(&scene->deque, ++pushed);
    else
      see(deque_take(&scene->deque));
  for (int i = 0; i < THIEVES; i++)
    if (thieves[i]) check_pthread_join((unsigned long)++count, NULL);
  while ((box = deque_take(&scene->deque)) != DEQUE_EMPTY) see(box);
  for (box = 1; box <= pushed; box++) CHECK_THAT(scene->seen[box] == 1);
}

static void begin(void *argument) {
  (void)argument;
  scene = check_alloc(sizeof *scene);
  deque_init(&scene->deque);
  check_start(run_owner, NULL);
  for (int i = 0; i < THIEVES; i++)
    if (thieves[i]) check_start(run_thief, (void *)(uintptr_t)thieves[i]);
}

// A spark is made while the last one that searches goes to sleep.

typedef struct {
  Sleep sleep;
  long searching, sparks;
  int done;
} Night;

static Night *night;

static void fall_asleep(void) {
  if (++night->done == 2) check_that(night->searching == 0 || night->sparks > 0, "nobody sees the spark");
}

static void make_spark(void *argument) {
  (void)argument;
  night->searching = sleep_spark(&night->sleep);
  fall_asleep();
}

static void stop_to_search(void *argument) {
  (void)argument;
  night->sparks = sleep_rest(&night->sleep);
  fall_asleep();
}

static void begin_night(void *argument) {
  (void)argument;
  night = check_alloc(sizeof *night);
  deque_init(&night->sleep.deque);
  atomic_init(&night->sleep.searching, 1);
  check_start(make_spark, NULL);
  check_start(stop_to_search, NULL);
}

static const struct {
  const char *owner, *thieves[THIEVES];
  bool large;
} SCENES[] = {
    {"pt", {"s"}, false},       {"pt", {"s", "s"}, false},   {"ppt", {"ss"}, false},   {"ptpt", {"ss"}, false},
    {"pptt", {"s"}, false},     {"ppp", {"ss"}, false},      {"pptpp", {"s"}, false},  {"ppt", {"s", "s"}, false},
    {"ptpt", {"s", "s"}, true}, {"pptt", {"ss", "s"}, true}, {"pptpt", {"sss"}, true}, {"pptppt", {"ss"}, true},
    {"ppp", {"ss", "s"}, true},
};

// deque [small | large]
int main(int count, char **words) {
  bool large = count > 1 && strcmp(words[1], "large") == 0;
  for (size_t i = 0; i < sizeof SCENES / sizeof *SCENES; i++) {
    if (SCENES[i].large && !large) continue;
    char name[60];
    owner = SCENES[i].owner;
    memcpy(thieves, SCENES[i].thieves, sizeof thieves);
    snprintf(name, sizeof name, "deque %s %s %s", owner, thieves[0], thieves[1] ? thieves[1] : "");
    int status = check_all(name, true, large ? 20000000 : 2000000, begin);
    if (status != 0) return status;
  }
  return check_all("a spark and a search that ends", true, 2000000, begin_night);
}
