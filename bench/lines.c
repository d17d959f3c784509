// lines.c: what it costs that processors share cache lines, for bench/steal.py. Prints nanoseconds, the median of many:
//   load N          processor 0 reads a line that processor N has just written, which waits for it
//   add THREADS     one addition to a counter that so many threads add to all the time
//   wake            from sem_post until the other thread runs
// Threads stay on their processors.
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 20000, ADDS = 2000000, WAKES = 2000, THREADS = 256 };

static _Alignas(128) atomic_ulong turn;
static _Alignas(128) atomic_ulong counter;
static _Alignas(128) atomic_int ready;
static uint64_t taken[ROUNDS];
static sem_t semaphore;
static uint64_t posted;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void stay_on(long processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)processor, &set);
  sched_setaffinity(0, sizeof set, &set);
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static uint64_t median(size_t count) {
  qsort(taken, count, sizeof *taken, compare);
  return taken[count / 2];
}

static void *answer(void *argument) {
  stay_on((long)(intptr_t)argument);
  for (unsigned long round = 0; round < ROUNDS; round++) {
    while (atomic_load(&turn) != 2 * round + 1) continue;
    atomic_store(&turn, 2 * round + 2);
  }
  return NULL;
}

static uint64_t measure_load(long processor) {
  pthread_t thread;
  atomic_store(&turn, 0);
  pthread_create(&thread, NULL, answer, (void *)(intptr_t)processor);
  for (unsigned long round = 0; round < ROUNDS; round++) {
    uint64_t from = now();
    atomic_store(&turn, 2 * round + 1);
    while (atomic_load(&turn) != 2 * round + 2) continue;
    taken[round] = (now() - from) / 2; // there and back
  }
  pthread_join(thread, NULL);
  return median(ROUNDS);
}

static void *add(void *argument) {
  stay_on((long)(intptr_t)argument);
  atomic_fetch_sub(&ready, 1);
  while (atomic_load(&ready) > 0) continue;
  for (int i = 0; i < ADDS; i++) atomic_fetch_add(&counter, 1);
  return NULL;
}

static double measure_add(long threads) {
  pthread_t all[THREADS];
  atomic_store(&ready, (int)threads + 1);
  for (long i = 0; i < threads; i++) pthread_create(&all[i], NULL, add, (void *)(intptr_t)i);
  while (atomic_load(&ready) > 1) continue;
  uint64_t from = now();
  atomic_fetch_sub(&ready, 1);
  for (long i = 0; i < threads; i++) pthread_join(all[i], NULL);
  return (double)(now() - from) / ADDS / (double)threads;
}

static void *sleep_often(void *argument) {
  stay_on((long)(intptr_t)argument);
  for (int i = 0; i < WAKES; i++) {
    while (sem_wait(&semaphore) != 0) continue;
    taken[i] = now() - posted;
    atomic_store(&turn, (unsigned long)i + 1);
  }
  return NULL;
}

static uint64_t measure_wake(long processor) {
  pthread_t thread;
  sem_init(&semaphore, 0, 0);
  atomic_store(&turn, 0);
  pthread_create(&thread, NULL, sleep_often, (void *)(intptr_t)processor);
  for (unsigned long i = 0; i < WAKES; i++) {
    nanosleep(&(struct timespec){0, 200000}, NULL);
    posted = now();
    sem_post(&semaphore);
    while (atomic_load(&turn) != i + 1) sched_yield();
  }
  pthread_join(thread, NULL);
  return median(WAKES);
}

int main(void) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (processors > THREADS) processors = THREADS;
  stay_on(0);
  for (long i = 1; i < processors; i *= 2) printf("load %ld %lu\n", i, (unsigned long)measure_load(i));
  for (long i = 1; i <= processors; i *= 2) printf("add %ld %.1f\n", i, measure_add(i));
  if (processors > 1) printf("wake %lu\n", (unsigned long)measure_wake(processors - 1));
  return 0;
}
