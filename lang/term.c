#include "term.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

void term_visit_parts(const Term *term, void (*visit)(void *context, Term *part), void *context) {
  switch (term->kind) {
  case TERM_VARIABLE:
  case TERM_NUMBER:
  case TERM_STRING: break;
  case TERM_LAMBDA: visit(context, term->lambda.body); break;
  case TERM_APPLY:
    visit(context, term->apply.function);
    for (uint32_t i = 0; i < term->apply.count; i++) visit(context, term->apply.arguments[i]);
    break;
  case TERM_CALL:
    for (uint32_t i = 0; i < term->call.count; i++) visit(context, term->call.arguments[i]);
    break;
  case TERM_LIST:
    for (uint32_t i = 0; i < term->list.count; i++) visit(context, term->list.items[i]);
    break;
  case TERM_OPERATE:
    visit(context, term->operate.left);
    visit(context, term->operate.right);
    break;
  case TERM_LET:
    visit(context, term->let.value);
    visit(context, term->let.body);
    break;
  case TERM_DUP:
    visit(context, term->dup.value);
    visit(context, term->dup.body);
    break;
  case TERM_SUPERPOSE:
    visit(context, term->superpose.first);
    visit(context, term->superpose.second);
    break;
  case TERM_STRICT: visit(context, term->strict.argument); break;
  case TERM_CLOSURE:
    for (uint32_t i = 0; i < term->closure.count; i++) visit(context, term->closure.captured[i]);
    break;
  }
}

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

size_t term_stack_bytes(void) { return deep_stack_bytes ? deep_stack_bytes : (size_t)1 << 20; }

size_t term_address_space(size_t wanted) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
  size_t share = (size_t)limit.rlim_cur / 4;
  return wanted < share ? wanted : share;
}

// Signals go to the thread that works meanwhile: they end what it waits for.
static void wait_for(pthread_t thread) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_join(thread, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
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
    if (started) wait_for(thread);
    pthread_attr_destroy(&attributes);
    munmap(stack, size);
    if (started) return;
  }
  function(argument);
}
