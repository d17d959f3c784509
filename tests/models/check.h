// A model checker for C that runs on several threads: it runs the code itself, not a description of it, through all
// interleavings and, if asked to, all stale values that C11 lets atomic loads give.
//
// The files under test are compiled with -fsanitize=thread, but linked with check.c instead of the sanitizer's library:
// so each of their accesses to memory comes here. Threads are fibers. Each atomic access, and each call of a mutex, a
// semaphore or the scheduler (which the compiler's command line renames to check_…), is a point at which another thread
// may go on. (Fences are none where there are no stale values, nor short sleeps: nothing happens there.) At such a
// point the state of the whole program is written down: what was allocated, the stacks, and with stale values also what
// each thread may still see. States that were seen before are not followed again; they are compared by 128 bits of a
// hash. When all is explored:
//
//   - no check_that failed, and no thread was stuck while others had ended;
//   - from each state the end can still be reached, so that no thread waits for ever, asleep or in a loop;
//   - with stale values: no plain access races with another one.
//
// Stale values: the model of views (Kang et al., "A promising semantics for relaxed-memory concurrency", POPL 2017)
// without promises, with the order of sequentially consistent accesses as in C++20 (Lahav et al., "Repairing sequential
// consistency in C/C++11", PLDI 2017). Each store is a message, each thread has for each cell the oldest message that
// it may still read, and a release store takes the view of its thread along. Not seen are a load that gives what is
// stored later in the order of time, and stores to one cell whose order is not that of time; in a deque each cell has
// one writer or is changed by compare-and-swap.
#ifndef HVM_TESTS_MODELS_CHECK_H
#define HVM_TESTS_MODELS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void CheckRun(void *argument);

// Runs begin, which starts threads, through all of its executions and prints what was found; the program's exit status:
// 0 when nothing was, 1 for a fault, which is shown with a way to it, 3 when there are more than so many states.
int check_all(const char *name, bool stale, size_t most_states, CheckRun *begin);

// For what is checked. All memory that outlives a point between threads is from check_alloc, or on the threads' stacks.
void check_start(CheckRun *run, void *argument);
void *check_alloc(size_t bytes); // zeros
bool check_that(bool condition, const char *what);
#define CHECK_THAT(condition) check_that((condition), #condition)

// Accesses of these bytes, which are from check_alloc, are no points: what depends on when they happen is only how fast
// the program is. Without stale values.
void check_ignore(const void *at, size_t bytes);

// What the command line puts in the place of functions of the C library.
int check_yield(void); // another thread may go on, or not

#endif
