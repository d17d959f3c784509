// reference-test: random programs give the same text in libhvm and in the reference evaluator.
//
//   reference-test [--seed N] [--count N] [--show]   compares programs of the seeds N, N + 1 …
//   reference-test --demands [--seed N] [--count N]  tries the demand analysis instead (demands.h)
//   reference-test --file F.hvm                      prints what the reference says of a program
//
// Each result is also given back to libhvm, which must give the same text again, and after hvm_collect no cell may be
// in use. Ends at the first difference, which it shrinks and shows, with status 1.
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "demands.h"
#include "generate.h"
#include "lib/hvm.h"
#include "reference.h"
#include "shrink.h"

enum {
  MEMORY_BYTES = 256 << 20,
  KEPT_BYTES = 64 << 20,
  WATCHDOG_SECONDS = 10,
  SHRINK_WATCHDOG_SECONDS = 1, // a shrunk program that hangs is not what is looked for, mostly
  SHRINK_SECONDS = 60,
  SKIPPED_LIMIT_PERCENT = 40,
  COUNT_FOR_LIMIT = 50, // fewer programs than this may all be skipped
};

typedef enum { SAME, DIFFERENT, SKIPPED, INVALID } Verdict;

typedef struct {
  ReferenceStatus reference_status;
  hvm_status status;
  Buffer expected, actual, again, messages; // again: what the actual result reduces to
  uint64_t live_cells;
  bool printed_differently; // the second time
} Comparison;

static hvm_runtime *volatile running;
static volatile sig_atomic_t alarms;

static void on_alarm(int signal_number) {
  (void)signal_number;
  if (running && alarms++ < 2) {
    hvm_interrupt(running);
    return;
  }
  static const char message[] =
      "reference-test: libhvm cannot be interrupted; --show tells the program\n0 passed, 1 failed\n";
  ssize_t written = write(STDOUT_FILENO, message, sizeof message - 1);
  (void)written;
  _exit(1);
}

static void watch(hvm_runtime *runtime, int seconds) {
  alarms = 0;
  running = runtime;
  struct itimerval timer = {.it_value.tv_sec = seconds, .it_interval.tv_sec = seconds};
  setitimer(ITIMER_REAL, &timer, NULL);
}

// What the reference says of a program's Main; false when the program has errors or no Main.
static bool evaluate_reference(const char *text, size_t size, ReferenceBudget budget, ReferenceStatus *status,
                               Buffer *result, Buffer *errors) {
  Program *program = program_new();
  Function *main = NULL;
  NameId name;
  if (program_read(program, "program.hvm", text, size) && program_find_name(program, "Main", 4, &name) &&
      program->names.items[name].function)
    main = program_read_expression(program, "<expression>", "Main", strlen("Main"));
  if (main) *status = reference_evaluate(program, main, budget, result);
  for (size_t i = 0; i < program->diagnostics.list.count && !main && errors; i++)
    diagnostic_render(errors, &program->diagnostics.list.items[i], false);
  program_free(program);
  return main != NULL;
}

static void take_result(hvm_runtime *runtime, Buffer *out) {
  size_t size = 0;
  char *text = hvm_result_text(runtime, &size);
  if (text) buffer_add(out, text, size);
  free(text);
}

static bool same_text(const Buffer *a, const Buffer *b) {
  return a->size == b->size && (a->size == 0 || memcmp(a->text, b->text, a->size) == 0);
}

static void evaluate_actual(const char *text, size_t size, int seconds, Comparison *c) {
  hvm_runtime *runtime = hvm_new(&(hvm_options){.memory = MEMORY_BYTES});
  if (!runtime) memory_exhausted();
  watch(runtime, seconds);
  c->status = hvm_load_text(runtime, "program.hvm", text, size);
  if (c->status == HVM_OK) c->status = hvm_reduce_main(runtime);
  if (c->status == HVM_OK) {
    take_result(runtime, &c->actual);
    hvm_collect(runtime);
    c->live_cells = hvm_stats(runtime).live_cells;
    if (same_text(&c->expected, &c->actual)) {
      if (hvm_reduce(runtime, c->actual.text) == HVM_OK) take_result(runtime, &c->again);
      c->printed_differently = !same_text(&c->actual, &c->again);
    }
  }
  if (c->status != HVM_OK || c->printed_differently) buffer_text(&c->messages, hvm_messages(runtime, false));
  watch(NULL, 0);
  hvm_free(runtime);
}

static Verdict judge(const Comparison *c) {
  if (c->reference_status == REFERENCE_RUNTIME_ERROR) {
    if (c->status == HVM_FAILED) return SAME;
    // Something that diverges may well be demanded before what divides by zero.
    return c->status == HVM_EXHAUSTED || c->status == HVM_INTERRUPTED ? SKIPPED : DIFFERENT;
  }
  bool same = c->status == HVM_OK && same_text(&c->expected, &c->actual);
  return same && c->live_cells == 0 && !c->printed_differently ? SAME : DIFFERENT;
}

static Verdict compare(const char *text, size_t size, int seconds, Comparison *c) {
  *c = (Comparison){0};
  if (!evaluate_reference(text, size, REFERENCE_SMALL, &c->reference_status, &c->expected, &c->messages))
    return INVALID;
  if (c->reference_status == REFERENCE_OUT_OF_FUEL || c->reference_status == REFERENCE_UNSUPPORTED) return SKIPPED;
  evaluate_actual(text, size, seconds, c);
  return judge(c);
}

static void comparison_free(Comparison *c) {
  buffer_free(&c->expected);
  buffer_free(&c->actual);
  buffer_free(&c->again);
  buffer_free(&c->messages);
}

static void show(const char *title, const Buffer *text) {
  if (text->size) printf("%s: %s\n", title, text->text);
}

static void show_comparison(const Comparison *c) {
  static const char *const names[] = {"ok", "invalid", "failed", "exhausted", "interrupted", "unreadable"};
  printf("reference: %s, libhvm: %s, live cells: %llu\n", reference_status_name(c->reference_status), names[c->status],
         (unsigned long long)c->live_cells);
  show("reference", &c->expected);
  show("libhvm   ", &c->actual);
  if (c->printed_differently) show("its result reduced again", &c->again);
  show("messages", &c->messages);
}

static bool still_differs(void *deadline, const char *text, size_t size) {
  if (time(NULL) > *(const time_t *)deadline) return false;
  Comparison c;
  Verdict verdict = compare(text, size, SHRINK_WATCHDOG_SECONDS, &c);
  comparison_free(&c);
  return verdict == DIFFERENT;
}

static void report(uint64_t seed, Buffer *program, const Comparison *c) {
  printf("FAIL  seed %llu\n", (unsigned long long)seed);
  printf("%s", program->text);
  show_comparison(c);
  fflush(stdout); // in case shrinking crashes
  time_t deadline = time(NULL) + SHRINK_SECONDS;
  shrink_program(program, still_differs, &deadline);
  Comparison shrunk;
  compare(program->text, program->size, WATCHDOG_SECONDS, &shrunk);
  printf("shrunk to:\n");
  printf("%s", program->text);
  show_comparison(&shrunk);
  comparison_free(&shrunk);
}

typedef struct {
  uint64_t seed, count;
  bool verbose, demands, failed;
} Test;

static void test(void *argument) {
  Test *t = argument;
  if (t->demands) {
    t->failed = !demands_test(t->seed, t->count);
    return;
  }
  uint64_t passed = 0, skipped = 0, failed = 0;
  for (uint64_t i = 0; i < t->count && !failed; i++) {
    Buffer program = {0};
    generate_program(t->seed + i, &program);
    if (t->verbose) {
      printf("seed %llu\n%s", (unsigned long long)(t->seed + i), program.text);
      fflush(stdout); // in case the program crashes
    }
    Comparison c;
    Verdict verdict = compare(program.text, program.size, WATCHDOG_SECONDS, &c);
    if (t->verbose) show_comparison(&c);
    if (verdict == SAME)
      passed++;
    else if (verdict == SKIPPED)
      skipped++;
    else
      failed++, report(t->seed + i, &program, &c);
    comparison_free(&c);
    buffer_free(&program);
  }
  if (skipped * 100 > t->count * SKIPPED_LIMIT_PERCENT && t->count >= COUNT_FOR_LIMIT) {
    printf("FAIL  too many programs do not end\n");
    failed++;
  }
  printf("(%llu skipped)\n", (unsigned long long)skipped);
  printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)failed);
  t->failed = failed != 0;
}

static int print_file(const char *path) {
  Buffer text = {0}, result = {0}, errors = {0};
  FILE *file = fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "reference-test: cannot read '%s'\n", path);
    return 1;
  }
  char block[4096];
  for (size_t size; (size = fread(block, 1, sizeof block, file)) > 0;) buffer_add(&text, block, size);
  fclose(file);
  ReferenceStatus status = REFERENCE_OK;
  bool valid = evaluate_reference(text.text ? text.text : "", text.size, REFERENCE_LARGE, &status, &result, &errors);
  if (!valid)
    fprintf(stderr, "%s", errors.text);
  else if (status == REFERENCE_OK)
    printf("%s\n", result.text);
  else
    fprintf(stderr, "reference-test: %s\n", reference_status_name(status));
  buffer_free(&text);
  buffer_free(&result);
  buffer_free(&errors);
  return !valid || status != REFERENCE_OK;
}

int main(int argc, char **argv) {
  uint64_t seed = 1, count = 2000;
  bool verbose = false, demands = false;
  for (int i = 1; i < argc; i++) {
    bool value = i + 1 < argc;
    if (value && strcmp(argv[i], "--seed") == 0)
      seed = strtoull(argv[++i], NULL, 10);
    else if (value && strcmp(argv[i], "--count") == 0)
      count = strtoull(argv[++i], NULL, 10);
    else if (value && strcmp(argv[i], "--file") == 0)
      return print_file(argv[i + 1]);
    else if (strcmp(argv[i], "--show") == 0)
      verbose = true;
    else if (strcmp(argv[i], "--demands") == 0)
      demands = true;
    else {
      fprintf(stderr, "usage: reference-test [--demands] [--seed N] [--count N] [--show] | --file F.hvm\n");
      return 2;
    }
  }
  signal(SIGALRM, on_alarm);
#ifdef __GLIBC__
  // Programs come and go: keep their memory instead of giving it back to the system each time.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
  // All of it runs on one deep stack: starting a new one for each step of each program would take most of the time.
  Test all = {.seed = seed, .count = count, .verbose = verbose, .demands = demands};
  term_run_deep(test, &all);
  return all.failed;
}
