// An in-process fuzz target for clang's libFuzzer: the input is a program, or an expression when it has no '='.
//
// Besides what the sanitizers find, it stops at a result that does not print the same text when it is read back and
// reduced again, and at cells that are left after the result was collected. FUZZ_CRASHES_ONLY in the environment
// turns these two off.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/hvm.h"

enum { MEMORY = 64 << 20, STEP_MS = 200, WALK_LIMIT = 10000, READ_BACK_LIMIT = 20000 };

static hvm_runtime *volatile reducing;
static timer_t timer;
static FILE *nothing_in, *nothing_out;
static bool crashes_only;

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void interrupt(int signal_number) {
  (void)signal_number;
  if (reducing) hvm_interrupt(reducing);
}

// libFuzzer keeps SIGALRM for itself.
int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count, (void)words;
  struct sigaction action = {.sa_handler = interrupt};
  sigaction(SIGRTMIN, &action, NULL);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  nothing_in = fopen("/dev/null", "r");
  nothing_out = fopen("/dev/null", "w");
  crashes_only = getenv("FUZZ_CRASHES_ONLY") != NULL;
  return 0;
}

static void set_timer(long milliseconds) {
  struct itimerspec when = {.it_value.tv_nsec = milliseconds * 1000000, .it_interval.tv_nsec = milliseconds * 1000000};
  timer_settime(timer, 0, &when, NULL);
}

// Counts down to 0 for a result that is large, as a small one with much sharing may be.
static void walk(hvm_node node, unsigned *left, unsigned depth) {
  if (depth > 200) *left = 0;
  if (!*left) return;
  --*left;
  hvm_node_kind kind = hvm_kind(node);
  const char *name = hvm_name(node);
  if (kind == HVM_NODE_CONSTRUCTOR && (!name || !*name)) abort();
  if (kind == HVM_NODE_U60) (void)hvm_u60(node);
  if (kind == HVM_NODE_F60) (void)hvm_f60(node);
  for (unsigned i = 0, n = hvm_child_count(node); i < n && *left; i++) walk(hvm_child(node, i), left, depth + 1);
}

// A text that holds name, whatever its bytes are.
static bool mentions(const uint8_t *data, size_t size, const char *name) {
  return memmem(data, size, name, strlen(name)) != NULL;
}

// A runtime with the program loaded and the expression (NULL: Main) reduced; the status is of the last that was done.
static hvm_runtime *evaluate(const char *text, size_t size, const char *expression, hvm_status *status) {
  hvm_runtime *runtime = hvm_new(&(hvm_options){.memory = MEMORY, .output = nothing_out, .input = nothing_in});
  if (!runtime) abort();
  *status = hvm_load_text(runtime, "fuzz", text, size);
  if (*status == HVM_OK) {
    reducing = runtime;
    set_timer(STEP_MS);
    *status = expression ? hvm_reduce(runtime, expression) : hvm_reduce_main(runtime);
    set_timer(0);
    reducing = NULL;
  }
  size_t errors = 0;
  for (size_t i = 0; i < hvm_diagnostic_count(runtime); i++) errors += !hvm_diagnostic_at(runtime, i).warning;
  if ((*status == HVM_OK) != (errors == 0)) {
    fprintf(stderr, "status %d with %zu errors\n%s\n", *status, errors, hvm_messages(runtime, false));
    abort();
  }
  (void)hvm_messages(runtime, false);
  (void)hvm_messages(runtime, true);
  return runtime;
}

static void read_back(const char *text, size_t size, const char *result) {
  hvm_status status;
  hvm_runtime *again = evaluate(text, size, result, &status);
  if (status == HVM_OK) {
    char *second = hvm_result_text(again, NULL);
    if (strcmp(result, second) != 0) {
      fprintf(stderr, "read back differs\nfirst:  %.300s\nsecond: %.300s\n", result, second);
      abort();
    }
    free(second);
  } else if (status == HVM_INVALID || status == HVM_FAILED) {
    fprintf(stderr, "read back fails: %.300s\n%s\n", result, hvm_messages(again, false));
    abort();
  }
  hvm_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Files belong to the other fuzzer, which runs in a folder of its own.
  if (mentions(data, size, "HVM.store") || mentions(data, size, "HVM.load")) return -1;
  char *text = malloc(size + 1);
  if (!text) return 0;
  memcpy(text, data, size);
  text[size] = 0;
  bool program = memchr(text, '=', size) != NULL;
  hvm_status status;
  hvm_runtime *runtime = program ? evaluate(text, size, NULL, &status) : evaluate("", 0, text, &status);
  if (status == HVM_OK) {
    unsigned left = WALK_LIMIT;
    walk(hvm_result(runtime), &left, 0);
    size_t length = 0;
    char *result = left ? hvm_result_text(runtime, &length) : NULL;
    bool scopeless = memchr(text, '$', size) || memchr(text, '{', size) || mentions(data, size, "dup");
    if (result && !crashes_only && length < READ_BACK_LIMIT && !scopeless)
      read_back(program ? text : "", program ? size : 0, result);
    free(result);
    hvm_collect(runtime);
    if (!crashes_only && !scopeless && hvm_stats(runtime).live_cells != 0) {
      fprintf(stderr, "%llu live cells\n", (unsigned long long)hvm_stats(runtime).live_cells);
      abort();
    }
  }
  hvm_free(runtime);
  free(text);
  return 0;
}
