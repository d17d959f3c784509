// reference-test: random programs give the same text in the reference evaluator and in libhvm, in each of its modes.
//
//   reference-test [OPTION…]         compares programs of the seeds N, N + 1 …
//   reference-test --file F.hvm      prints what the reference says of a program
//   reference-test --show --seed N   prints the program of a seed and what comes of it in each mode
//
//   --demands         tries the demand analysis instead (demands.h)
//   --recursive       programs of the second generator (generate.h)
//   --seed N          the first seed (1)
//   --count N         how many programs (2000)
//   --batch N         how many of them are made at a time (100): those of a kind (outcome.h) stand in one file
//   --native-every N  machine code for one batch of N (10); 0: never
//   --scaled-every N  large inputs for one recursive program of N (10); 0: never
//   --jobs N          processes (1)
//   --need            everything with sharing by need
//   --exact           a mode that divides by zero where another does not end counts as a difference, too
//
// Each text that the graph gives is also given back to it, which must give the same text again; after each reduction no
// cell may be in use; and strict code may not need much more memory than the graph. Ends at the first difference, which
// is shrunk and shown, with status 1.
#include <stdio.h>

#include "batch.h"
#include "demands.h"
#include "outcome.h"

typedef struct {
  BatchOptions batch;
  const char *file;
  bool show, demands, failed;
} Options;

static void print_file(Options *o) {
  Buffer text = {0}, result = {0}, errors = {0};
  o->failed = true;
  FILE *file = fopen(o->file, "rb");
  if (!file) {
    fprintf(stderr, "reference-test: cannot read '%s'\n", o->file);
    return;
  }
  char block[4096];
  for (size_t size; (size = fread(block, 1, sizeof block, file)) > 0;) buffer_add(&text, block, size);
  fclose(file);
  ReferenceStatus status = REFERENCE_OK;
  if (!outcome_reference(text.text ? text.text : "", text.size, "Main", REFERENCE_LARGE, &status, &result, &errors))
    fprintf(stderr, "%s", errors.text);
  else if (status == REFERENCE_OK)
    printf("%s\n", result.text), o->failed = false;
  else
    fprintf(stderr, "reference-test: %s\n", reference_status_name(status));
  buffer_free(&text);
  buffer_free(&result);
  buffer_free(&errors);
}

static void show_seed(Options *o) {
  for (int mode = 0; mode < MODE_COUNT; mode++) {
    Buffer plain = {0};
    batch_generate(&o->batch, o->batch.seed, &plain);
    Alone alone;
    judge_alone(&alone, plain.text, plain.size, batch_scale(&o->batch, o->batch.seed), (Mode)mode, UINT32_MAX);
    alone_show(&alone, (Mode)mode);
    o->failed |= alone.verdict == DIFFERENT;
    alone_free(&alone);
    buffer_free(&plain);
  }
}

static void work(void *argument) {
  Options *o = argument;
  if (o->file)
    print_file(o);
  else if (o->demands)
    o->failed = !demands_test(o->batch.seed, o->batch.count);
  else if (o->show)
    show_seed(o);
  else
    o->failed = !batch_run(&o->batch);
}

static bool parse_number(Options *o, const char *name, const char *value) {
  BatchOptions *b = &o->batch;
  uint64_t number = strtoull(value, NULL, 10);
  uint32_t small = (uint32_t)number;
  if (strcmp(name, "--seed") == 0) return b->seed = number, true;
  if (strcmp(name, "--count") == 0) return b->count = number, true;
  if (strcmp(name, "--batch") == 0) return b->batch = small, small > 0;
  if (strcmp(name, "--native-every") == 0) return b->native_every = small, true;
  if (strcmp(name, "--scaled-every") == 0) return b->scaled_every = small, true;
  if (strcmp(name, "--jobs") == 0) return b->jobs = small < BATCH_JOBS_LIMIT ? small : BATCH_JOBS_LIMIT, small > 0;
  return strcmp(name, "--file") == 0 && (o->file = value);
}

int main(int argc, char **argv) {
  Options o = {.batch = {.seed = 1, .count = 2000, .batch = 100, .native_every = 10, .scaled_every = 10, .jobs = 1}};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--show") == 0)
      o.show = true;
    else if (strcmp(argv[i], "--recursive") == 0)
      o.batch.recursive = true;
    else if (strcmp(argv[i], "--demands") == 0)
      o.demands = true;
    else if (strcmp(argv[i], "--exact") == 0)
      o.batch.exact = true;
    else if (strcmp(argv[i], "--need") == 0)
      outcome_share_by_need();
    else if (i + 1 < argc && parse_number(&o, argv[i], argv[i + 1]))
      i++;
    else {
      fprintf(stderr,
              "usage: reference-test [--recursive | --demands] [--seed N] [--count N] [--batch N] [--native-every N]\n"
              "                      [--scaled-every N] [--jobs N] [--need] [--exact] [--show] | --file F.hvm\n");
      return 2;
    }
  }
  outcome_prepare();
  // All of it runs on one deep stack: starting a new one for each step of each program would take most of the time.
  term_run_deep(work, &o);
  return o.failed;
}
