#include "term.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

static const size_t DEEP_STACK_BYTES = (size_t)16 << 30;
// More than any recursive function of lang/ takes for one level of a term, sanitizers' larger frames included.
enum { BYTES_PER_LEVEL = 4096, SHALLOW_LEVELS = 1000 };

static _Thread_local size_t deep_stack_bytes; // of the deep stack that this thread runs on; 0: an ordinary one

typedef struct {
  void (*function)(void *);
  void *argument;
  size_t bytes;
} DeepCall;

static void *run(void *call) {
  DeepCall *deep = call;
  deep_stack_bytes = deep->bytes;
  deep->function(deep->argument);
  return NULL;
}

uint32_t term_depth_limit(void) {
  return deep_stack_bytes ? (uint32_t)(deep_stack_bytes / BYTES_PER_LEVEL) : SHALLOW_LEVELS;
}

size_t term_address_space(size_t wanted) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
  size_t share = (size_t)limit.rlim_cur / 4;
  return wanted < share ? wanted : share;
}

void term_run_deep(void (*function)(void *), void *argument) {
  DeepCall call = {function, argument, 0};
  if (deep_stack_bytes) {
    function(argument);
    return;
  }
  // A machine that cannot reserve so much address space gets what it can.
  for (size_t size = term_address_space(DEEP_STACK_BYTES) & ~(size_t)0xFFFFF; size >= (size_t)1 << 20; size /= 2) {
    void *stack =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) continue;
    call.bytes = size;
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, size);
    bool started = pthread_create(&thread, &attributes, run, &call) == 0;
    if (started) pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    munmap(stack, size);
    if (started) return;
  }
  function(argument);
}
