// See sleep.c.
#ifndef HVM_TESTS_MODELS_SLEEP_H
#define HVM_TESTS_MODELS_SLEEP_H

#include "eval/deque.h"

typedef struct {
  Deque deque;
  _Atomic(long) searching, lock;
} Sleep;

long sleep_spark(Sleep *at); // is somebody searching?
long sleep_rest(Sleep *at);  // how many sparks are there?

#endif
