#include "check.h"
#include "state.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the models switch between threads with instructions of x86-64"
#endif

static const char *const OP_NAMES[] = {"load",  "store", "change",  "compare-and-swap", "fence",
                                       "yield", "lock",  "trylock", "unlock",           "post",
                                       "wait",  "join",  "begin"};
static const char *const ORDER_NAMES[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};

static bool show;
static int current = -1; // the thread that runs; -1: the search does
static unsigned choice;  // of the messages that it may read, counted from the newest
static void *search_sp;
static const char *failure;

// Fibers.

void check_switch(void **save, void *load);
__asm__(".text\n"
        "check_switch:\n"
        "push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "mov %rsp, (%rdi)\n mov %rsi, %rsp\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n"
        "ret\n");

static void enter_search(void) { check_switch(&now.thread[current].sp, search_sp); }

static void run_thread(void) {
  Thread *thread = &now.thread[current];
  thread->run(thread->argument);
  now.thread[current].done = true;
  enter_search();
}

void check_start(CheckRun *run, void *argument) {
  int number = now.threads++;
  if (number >= THREADS) abort();
  Thread *thread = &now.thread[number];
  uint64_t *top = stacks[number] + STACK_WORDS - 2; // the stack is at a multiple of 16 when a function is called
  *--top = 0;
  *--top = (uint64_t)(uintptr_t)run_thread;
  for (int i = 0; i < 6; i++) *--top = 0;
  *thread = (Thread){.sp = top, .run = run, .argument = argument, .op = {.kind = OP_BEGIN}, .plain = -1};
  if (current >= 0) memcpy(thread->view, now.thread[current].view, sizeof(View));
  for (int cell = 0; current < 0 && cell < CELLS; cell++)
    thread->view[cell] = (uint8_t)(now.counts[cell] ? now.counts[cell] - 1 : 0);
}

void *check_alloc(size_t bytes) {
  size_t words = (bytes + 15) / 16 * 2;
  if (now.used + words > ARENA_WORDS) abort();
  void *memory = arena + now.used;
  memset(memory, 0, words * sizeof *arena);
  now.used += words;
  return memory;
}

void check_ignore(const void *at, size_t bytes) {
  if (now.ignored_count == IGNORED) abort();
  now.ignored[now.ignored_count][0] = at;
  now.ignored[now.ignored_count++][1] = (const uint8_t *)at + bytes;
}

static bool is_point(const Op *op) {
  if (stale) return true;
  if (op->kind == OP_FENCE) return false;
  const uint8_t *at = op->kind < OP_FENCE ? op->address : NULL;
  for (int i = 0; at && i < now.ignored_count; i++)
    if (at >= now.ignored[i][0] && at < now.ignored[i][1]) return false;
  return true;
}

bool check_that(bool condition, const char *what) {
  if (!condition && !failure) failure = what, now.failed = true;
  return condition;
}

// Memory.

static int cell_of(const void *address) {
  size_t at = (size_t)((const uint64_t *)address - arena);
  if ((uintptr_t)address < (uintptr_t)arena || at >= ARENA_WORDS) return -1;
  if (at >= CELLS) abort(); // a model with stale values is small
  return (int)at;
}

static void join_view(View into, const View other) {
  for (int i = 0; i < CELLS; i++)
    if (other[i] > into[i]) into[i] = other[i];
}

// A plain store is seen before it is done: what it stored is in memory at the next event.
static void settle_plain(void) {
  if (current < 0) return;
  Thread *thread = &now.thread[current];
  if (thread->plain < 0) return;
  messages[thread->plain][now.counts[thread->plain] - 1].value = arena[thread->plain];
  thread->plain = -1;
}

static void begin_cell(int cell) { // what is there at first
  if (now.counts[cell]) return;
  messages[cell][0] = (Message){.value = arena[cell]};
  now.counts[cell] = 1;
}

static Message *add_message(int cell, uint64_t value) {
  if (now.counts[cell] == MESSAGES) abort();
  Message *message = &messages[cell][now.counts[cell]++];
  *message = (Message){.value = value};
  return message;
}

static void plain(const void *address, bool writes) {
  settle_plain();
  int cell = stale && current >= 0 ? cell_of(address) : -1;
  if (cell < 0) return;
  Thread *thread = &now.thread[current];
  begin_cell(cell);
  if (thread->view[cell] != now.counts[cell] - 1) check_that(false, "a plain access races with a store");
  if (!writes) return;
  add_message(cell, 0);
  thread->view[cell] = (uint8_t)(now.counts[cell] - 1);
  thread->plain = cell;
}

static uint64_t get(const Op *op) {
  switch (op->size) {
  case 1: return *(uint8_t *)op->address;
  case 4: return *(uint32_t *)op->address;
  default: return *(uint64_t *)op->address;
  }
}

static void put(const Op *op, uint64_t value) {
  switch (op->size) {
  case 1: *(uint8_t *)op->address = (uint8_t)value; break;
  case 4: *(uint32_t *)op->address = (uint32_t)value; break;
  default: *(uint64_t *)op->address = value;
  }
}

static uint64_t changed(const Op *op, uint64_t old) {
  switch (op->change) {
  case CHANGE_ADD: return old + op->value;
  case CHANGE_SUB: return old - op->value;
  case CHANGE_AND: return old & op->value;
  case CHANGE_OR: return old | op->value;
  default: return op->value;
  }
}

// The oldest message that a load of this order may read.
static int oldest(const Thread *thread, int cell, int order) {
  int least = thread->view[cell];
  return order == SEQ_CST && now.sequential[cell] > least ? now.sequential[cell] : least;
}

// What a load may read, or a compare-and-swap that fails: messages by number.
static int readable(const Thread *thread, const Op *op, int *numbers) {
  int cell = cell_of(op->address), count = 0, last = now.counts[cell] - 1;
  bool swaps = op->kind == OP_CAS;
  for (int i = last; i >= oldest(thread, cell, swaps ? op->failure : op->order); i--)
    if (!swaps || i == last || messages[cell][i].value != op->expected) numbers[count++] = i;
  return count;
}

static void see(Thread *thread, int cell, int number, int order) {
  thread->view[cell] = (uint8_t)number;
  bool acquires = order == ACQUIRE || order == CONSUME || order >= ACQ_REL;
  join_view(acquires ? thread->view : thread->acquired, messages[cell][number].view);
  if (order == SEQ_CST && now.sequential[cell] < number) now.sequential[cell] = (uint8_t)number;
}

static void store(Thread *thread, int cell, uint64_t value, int order, const Message *continued) {
  Message *message = add_message(cell, value);
  uint8_t number = (uint8_t)(now.counts[cell] - 1);
  thread->view[cell] = number;
  memcpy(message->view, order >= RELEASE ? thread->view : thread->released, sizeof(View));
  message->view[cell] = number;
  if (continued) join_view(message->view, continued->view); // a release sequence goes on
  if (order == SEQ_CST) now.sequential[cell] = number;
}

static uint64_t do_stale(Thread *thread, Op *op) {
  if (op->kind == OP_FENCE) {
    if (op->order != RELEASE) join_view(thread->view, thread->acquired);
    if (op->order == SEQ_CST) {
      join_view(thread->view, now.sequential);
      memcpy(now.sequential, thread->view, sizeof(View));
    }
    if (op->order >= RELEASE) memcpy(thread->released, thread->view, sizeof(View));
    return 0;
  }
  int cell = cell_of(op->address), numbers[MESSAGES], last = now.counts[cell] - 1;
  if (op->kind == OP_STORE) {
    store(thread, cell, op->value, op->order, NULL);
    put(op, op->value);
    return 0;
  }
  int number = op->kind == OP_RMW ? last : (readable(thread, op, numbers), numbers[choice]);
  uint64_t old = messages[cell][number].value;
  bool swapped = op->kind == OP_CAS && number == last && old == op->expected;
  see(thread, cell, number, op->kind == OP_CAS && !swapped ? op->failure : op->order);
  if (op->kind == OP_RMW || swapped) {
    uint64_t value = op->kind == OP_RMW ? changed(op, old) : op->value;
    store(thread, cell, value, op->order, &messages[cell][number]);
    put(op, value);
  }
  return old;
}

static int *place(const Op *op) { return op->address; } // of a mutex or a semaphore: its count

static uint64_t perform(Thread *thread, Op *op) {
  uint64_t old;
  switch (op->kind) {
  case OP_LOCK: return (uint64_t)(*place(op) = 1);
  case OP_TRYLOCK:
    old = (uint64_t)*place(op);
    *place(op) = 1;
    return old;
  case OP_UNLOCK: return (uint64_t)(*place(op) = 0);
  case OP_POST: return check_that(*place(op) < 4, "a semaphore is posted again and again"), (uint64_t)++ * place(op);
  case OP_WAIT: return (uint64_t)-- * place(op);
  case OP_JOIN: join_view(thread->view, now.thread[op->value].view); return 0;
  case OP_YIELD:
  case OP_BEGIN: return 0;
  default: break;
  }
  if (stale && thread) return do_stale(thread, op);
  if (op->kind == OP_FENCE) return 0;
  old = get(op);
  if (op->kind == OP_STORE) put(op, op->value);
  if (op->kind == OP_RMW) put(op, changed(op, old));
  if (op->kind == OP_CAS && old == op->expected) put(op, op->value);
  return old;
}

// How many ways a thread has to go on; 0: it waits.
static unsigned ways(const Thread *thread) {
  const Op *op = &thread->op;
  int numbers[MESSAGES];
  if (thread->done) return 0;
  switch (op->kind) {
  case OP_LOCK: return *place(op) == 0;
  case OP_WAIT: return *place(op) > 0;
  case OP_JOIN: return now.thread[op->value].done;
  case OP_LOAD:
  case OP_CAS: return stale && cell_of(op->address) >= 0 ? (unsigned)readable(thread, op, numbers) : 1;
  default: return 1;
  }
}

static void tell(const Op *op, uint64_t result) {
  char command[200], line[300], *end;
  printf("  thread %d  %s", current, OP_NAMES[op->kind]);
  if (op->kind <= OP_FENCE) printf(" %s", ORDER_NAMES[op->order]);
  if (op->kind < OP_FENCE) printf(" cell %d", (int)((uint64_t *)op->address - arena));
  if (op->kind == OP_STORE) printf(" = %llx", (unsigned long long)op->value);
  if (op->kind == OP_LOAD || op->kind == OP_RMW || op->kind == OP_CAS)
    printf(" gives %llx", (unsigned long long)result);
  if (op->kind == OP_CAS && result == op->expected) printf(", now %llx", (unsigned long long)op->value);
  if (op->kind == OP_RMW) printf(", now %llx", (unsigned long long)changed(op, result));
  snprintf(command, sizeof command, "addr2line -fse /proc/%d/exe %p 2>/dev/null", (int)getpid(),
           (void *)((uintptr_t)op->from - 1));
  FILE *pipe = op->from ? popen(command, "r") : NULL;
  for (int i = 0; pipe && i < 2 && fgets(line, sizeof line, pipe); i++) {
    if ((end = strpbrk(line, " \n"))) *end = 0;
    printf(i ? " (%s)" : "   %s", line);
  }
  if (pipe) pclose(pipe);
  putchar('\n');
}

static uint64_t visible(Op op) {
  settle_plain();
  if (current < 0 || !is_point(&op)) return perform(NULL, &op); // before the threads begin, or nothing may come between
  if (stale && op.kind < OP_FENCE) begin_cell(cell_of(op.address));
  now.thread[current].op = op;
  enter_search();
  Thread *thread = &now.thread[current];
  uint64_t result = perform(thread, &thread->op);
  if (show) tell(&thread->op, result);
  return result;
}

// The compiler's calls.

#define FROM __builtin_return_address(0)
#define PLAIN(size)                                                                                                    \
  void __tsan_read##size(void *address) { plain(address, false); }                                                     \
  void __tsan_write##size(void *address) { plain(address, true); }
PLAIN(1) PLAIN(2) PLAIN(4) PLAIN(8) PLAIN(16) void __tsan_init(void) {}
void __tsan_func_entry(void *from) { (void)from; }
void __tsan_func_exit(void) {}
void __tsan_read_range(void *address, size_t size) { (void)address, (void)size; }
void __tsan_write_range(void *address, size_t size) { (void)address, (void)size; }
void __tsan_atomic_thread_fence(int order) { visible((Op){.kind = OP_FENCE, .order = order, .from = FROM}); }

#define ATOMIC(bits, type)                                                                                             \
  type __tsan_atomic##bits##_load(const volatile type *a, int order) {                                                 \
    return (type)visible((Op){OP_LOAD, 0, order, 0, bits / 8, (void *)(uintptr_t)a, 0, 0, FROM});                      \
  }                                                                                                                    \
  void __tsan_atomic##bits##_store(volatile type *a, type v, int order) {                                              \
    visible((Op){OP_STORE, 0, order, 0, bits / 8, (void *)(uintptr_t)a, v, 0, FROM});                                  \
  }                                                                                                                    \
  bool __tsan_atomic##bits##_compare_exchange_strong(volatile type *a, type *c, type v, int order, int failed) {       \
    type expected = *c;                                                                                                \
    Op op = {OP_CAS, 0, order, failed, bits / 8, (void *)(uintptr_t)a, v, expected, FROM};                             \
    *c = (type)visible(op);                                                                                            \
    return *c == expected;                                                                                             \
  }                                                                                                                    \
  bool __tsan_atomic##bits##_compare_exchange_weak(volatile type *a, type *c, type v, int order, int failed) {         \
    return __tsan_atomic##bits##_compare_exchange_strong(a, c, v, order, failed);                                      \
  }                                                                                                                    \
  CHANGE(bits, type, exchange, CHANGE_EXCHANGE)                                                                        \
  CHANGE(bits, type, fetch_add, CHANGE_ADD)                                                                            \
  CHANGE(bits, type, fetch_sub, CHANGE_SUB)                                                                            \
  CHANGE(bits, type, fetch_and, CHANGE_AND)                                                                            \
  CHANGE(bits, type, fetch_or, CHANGE_OR)
#define CHANGE(bits, type, name, how)                                                                                  \
  type __tsan_atomic##bits##_##name(volatile type *a, type v, int order) {                                             \
    return (type)visible((Op){OP_RMW, how, order, 0, bits / 8, (void *)(uintptr_t)a, v, 0, FROM});                     \
  }
ATOMIC(8, uint8_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

// The C library's functions.

#define CALL(what, at, number) visible((Op){.kind = what, .address = (at), .value = (number), .from = FROM})
int check_yield(void) { return (int)CALL(OP_YIELD, NULL, 0); }
// Processors, and attributes of threads: there are none.
int check_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set) {
  (void)process, memset(set, 0, size);
  return 0;
}
int check_pthread_sigmask(int how, const sigset_t *set, sigset_t *before) {
  return (void)how, (void)set, (void)before, 0;
}
int check_pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *set) {
  return (void)thread, (void)size, (void)set, 0;
}
int check_pthread_attr_init(pthread_attr_t *attributes) { return memset(attributes, 0, sizeof *attributes), 0; }
int check_pthread_attr_destroy(pthread_attr_t *attributes) { return (void)attributes, 0; }
int check_pthread_attr_setstack(pthread_attr_t *attributes, void *stack, size_t size) {
  return (void)attributes, (void)stack, (void)size, 0;
}
int check_pthread_attr_setaffinity_np(pthread_attr_t *attributes, size_t size, const cpu_set_t *set) {
  return (void)attributes, (void)size, (void)set, 0;
}
int check_nanosleep(const struct timespec *time, struct timespec *left) { return (void)time, (void)left, 0; }
int check_clock_gettime(clockid_t clock, struct timespec *time) {
  (void)clock;
  *time = (struct timespec){1, 0};
  return 0;
}
int check_sem_init(sem_t *sem, int shared, unsigned value) { return (void)shared, *(int *)sem = (int)value, 0; }
int check_sem_destroy(sem_t *sem) { return (void)sem, 0; }
int check_sem_post(sem_t *sem) { return CALL(OP_POST, sem, 0), 0; }
int check_sem_wait(sem_t *sem) { return CALL(OP_WAIT, sem, 0), 0; }
int check_sem_timedwait(sem_t *sem, const struct timespec *end) { // the time may have come at once
  (void)end;
  check_yield();
  if (*(int *)sem > 0) return check_sem_wait(sem);
  return errno = ETIMEDOUT, -1;
}
int check_pthread_mutex_lock(pthread_mutex_t *lock) { return CALL(OP_LOCK, lock, 0), 0; }
int check_pthread_mutex_trylock(pthread_mutex_t *lock) { return (int)CALL(OP_TRYLOCK, lock, 0); }
int check_pthread_mutex_unlock(pthread_mutex_t *lock) { return CALL(OP_UNLOCK, lock, 0), 0; }
int check_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  (void)attributes;
  *thread = (pthread_t)now.threads;
  check_start((CheckRun *)(uintptr_t)run, argument);
  return 0;
}
int check_pthread_join(pthread_t thread, void **result) { return (void)result, CALL(OP_JOIN, NULL, thread), 0; }
void *check_malloc(size_t bytes) { return memset(check_alloc(bytes), 0xEE, bytes); }
void *check_calloc(size_t count, size_t bytes) { return check_alloc(count * bytes); }
void check_free(void *memory) { (void)memory; }
void *check_mmap(void *at, size_t bytes, int protection, int flags, int file, long offset) {
  return (void)at, (void)bytes, (void)protection, (void)flags, (void)file, (void)offset, arena;
}
int check_munmap(void *memory, size_t bytes) { return (void)memory, (void)bytes, 0; }

// The search. States are numbered in the order in which they are found; of each is known how it was found first.

typedef struct {
  uint64_t hash[2];
  uint32_t before; // the state that it was reached from
  uint8_t thread, choice;
  bool ends; // the end can be reached from it
} State;

typedef struct {
  size_t snapshot; // where it begins in the pool
  uint32_t state;
  unsigned next; // way to try
} Level;

static State *states;
static uint32_t state_count, *table, (*edges)[2];
static size_t table_size, edge_count, edge_room, most;
static uint64_t *pool; // snapshots of the states on the way to this one
static size_t pool_used, pool_room;

// The number of the state with the hash; *is_new: it was not known.
static uint32_t find_state(const uint64_t hash[2], bool *is_new) {
  for (size_t at = hash[0] & (table_size - 1);; at = (at + 1) & (table_size - 1)) {
    if (table[at] == 0) {
      states[state_count] = (State){{hash[0], hash[1]}, 0, 0, 0, false};
      table[at] = ++state_count;
      *is_new = true;
      return state_count - 1;
    }
    const State *known = &states[table[at] - 1];
    if (known->hash[0] == hash[0] && known->hash[1] == hash[1]) {
      *is_new = false;
      return table[at] - 1;
    }
  }
}

static void add_edge(uint32_t from, uint32_t to) {
  if (edge_count == edge_room) {
    edge_room = edge_room ? 2 * edge_room : 1 << 16;
    edges = realloc(edges, edge_room * sizeof *edges);
    if (!edges) abort();
  }
  edges[edge_count][0] = from, edges[edge_count++][1] = to;
}

static void step(int thread, unsigned way) {
  current = thread, choice = way;
  size_t live = live_words(&now, thread); // what lies below may get into new frames: it is the same whatever ran there
  if (live + CLEARED_WORDS <= STACK_WORDS)
    memset(stacks[thread] + STACK_WORDS - live - CLEARED_WORDS, 0, CLEARED_WORDS * sizeof(uint64_t));
  check_switch(&search_sp, now.thread[thread].sp);
  settle_plain(); // before current changes
  current = -1;
  Thread *stepped = &now.thread[thread];
  if (stepped->done) stepped->op = (Op){.kind = OP_BEGIN}, stepped->sp = NULL; // how it ended is of no account
}

static bool all_done(void) {
  for (int i = 0; i < now.threads; i++)
    if (!now.thread[i].done) return false;
  return true;
}

static void begin(CheckRun *run) {
  memset(&now, 0, sizeof now);
  failure = NULL;
  run(NULL);
}

static void show_way(CheckRun *run, uint32_t state, const char *what) {
  uint32_t length = 0, *way = malloc(state_count * sizeof *way);
  if (!way) abort();
  for (; state != 0; state = states[state].before) way[length++] = state;
  begin(run);
  show = true;
  while (length > 0) step(states[way[length - 1]].thread, states[way[length - 1]].choice), length--;
  show = false;
  for (int i = 0; i < now.threads; i++)
    if (!now.thread[i].done)
      printf("  thread %d is before: ", i), current = i, tell(&now.thread[i].op, 0), current = -1;
  printf("  fault: %s\n", what);
  free(way);
}

// Marks the states from which the end can be reached, backwards from those where it is; one that is not marked.
static uint32_t find_hopeless(void) {
  uint32_t *first = calloc(state_count + 1, sizeof *first), *from = malloc((edge_count + 1) * sizeof *from);
  uint32_t *open = malloc((state_count + 1) * sizeof *open), count = 0;
  if (!first || !from || !open) abort();
  for (size_t i = 0; i < edge_count; i++) first[edges[i][1] + 1]++;
  for (uint32_t i = 0; i < state_count; i++) first[i + 1] += first[i];
  uint32_t *at = malloc((state_count + 1) * sizeof *at);
  if (!at) abort();
  memcpy(at, first, (state_count + 1) * sizeof *at);
  for (size_t i = 0; i < edge_count; i++) from[at[edges[i][1]]++] = edges[i][0];
  for (uint32_t i = 0; i < state_count; i++)
    if (states[i].ends) open[count++] = i;
  while (count > 0) {
    uint32_t state = open[--count];
    for (uint32_t i = first[state]; i < first[state + 1]; i++)
      if (!states[from[i]].ends) states[from[i]].ends = true, open[count++] = from[i];
  }
  uint32_t hopeless = 0;
  while (hopeless < state_count && states[hopeless].ends) hopeless++;
  free(first), free(from), free(open), free(at);
  return hopeless;
}

// The state that is, on top.
static void push(Level *level, uint32_t state) {
  size_t words = snapshot_words(&now);
  *level = (Level){pool_used, state, 0};
  if (pool_used + words > pool_room) {
    pool_room = 2 * (pool_used + words);
    pool = realloc(pool, pool_room * sizeof *pool);
    if (!pool) abort();
  }
  take_snapshot(pool + pool_used);
  pool_used += words;
  states[state].ends = all_done();
}

// Goes through all states; one with a fault, or UINT32_MAX.
static uint32_t search(CheckRun *run, const char **what) {
  static Level levels[1 << 16];
  size_t depth = 0;
  bool is_new;
  uint64_t hash[2] = {0, 0};
  begin(run);
  pool_used = 0;
  hash_change(hash, NULL);
  for (uint32_t state = find_state(hash, &is_new);;) {
    if (is_new && depth == sizeof levels / sizeof *levels) abort();
    if (is_new) push(&levels[depth++], state);
    Level *top = &levels[depth - 1];
    if (!is_new) restore(pool + top->snapshot);
    unsigned left = top->next++;
    int thread = 0;
    for (; thread < now.threads && left >= ways(&now.thread[thread]); thread++) left -= ways(&now.thread[thread]);
    if (thread == now.threads) {
      if (top->next == 1 && !all_done()) return *what = "all threads wait", top->state;
      pool_used = top->snapshot;
      if (--depth == 0) return UINT32_MAX;
      is_new = false;
      continue;
    }
    uint32_t before = top->state;
    memcpy(hash, states[before].hash, sizeof hash);
    step(thread, left);
    hash_change(hash, pool + top->snapshot);
    state = find_state(hash, &is_new);
    add_edge(before, state);
    if (is_new)
      states[state].before = before, states[state].thread = (uint8_t)thread, states[state].choice = (uint8_t)left;
    if (failure) return *what = failure, state;
    if (state_count >= most) return *what = NULL, state;
  }
}

int check_all(const char *name, bool with_stale, size_t most_states, CheckRun *run) {
  const char *what;
  stale = with_stale, most = most_states;
  state_count = 0, edge_count = 0;
  for (table_size = 1 << 10; table_size < 2 * most; table_size *= 2) continue;
  table = calloc(table_size, sizeof *table);
  states = malloc((most + 1) * sizeof *states);
  if (!table || !states) abort();
  uint32_t fault = search(run, &what);
  if (fault != UINT32_MAX && !what) {
    printf("%s: more than %zu states\n", name, most);
    return 3;
  }
  if (fault == UINT32_MAX && (fault = find_hopeless()) < state_count) what = "from here on the end cannot be reached";
  if (fault < state_count) {
    printf("%s:\n", name);
    show_way(run, fault, what);
    return 1;
  }
  printf("%s: %u states, %zu steps\n", name, state_count, edge_count);
  free(table), free(states);
  return 0;
}
