// The two lines of spark.c and worker.c whose orderings matter beside those of the deques: whoever makes a spark looks
// whether somebody searches (spark_make, want_help), and whoever stops to search looks whether there is one (rest). One
// of the two must see the other. deque.c beside this checks it with stale values.
#include "sleep.h"

long sleep_spark(Sleep *at) {
  deque_push(&at->deque, 1);
  atomic_thread_fence(memory_order_seq_cst); // spark
  return atomic_load(&at->searching);
}

long sleep_rest(Sleep *at) {
  long unlocked = 0;
  atomic_fetch_sub(&at->searching, 1);
  while (!atomic_compare_exchange_strong_explicit(&at->lock, &unlocked, 1, memory_order_acquire, memory_order_relaxed))
    unlocked = 0;
  atomic_store_explicit(&at->lock, 0, memory_order_release);
  atomic_thread_fence(memory_order_seq_cst); // rest
  return deque_size(&at->deque);
}
