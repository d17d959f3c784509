#include "batch.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "generate.h"
#include "shrink.h"

enum {
  SCALE = 1500,
  SHRINK_SECONDS = 90,
  SHRINK_MILLISECONDS = 1000, // a shrunk program that hangs is not what is looked for, mostly
  SKIPPED_LIMIT_PERCENT = 40,
  COUNT_FOR_LIMIT = 50, // fewer programs than this may all be skipped
};

// What the processes tell.
typedef struct {
  _Atomic uint64_t passed, skipped, failed, ended, divided, endless, otherwise;
  struct {
    _Atomic uint64_t batch, seed; // seed: of the program that runs; UINT64_MAX: all of them are being loaded
    _Atomic int mode;
  } now[];
} Board;

typedef struct {
  const BatchOptions *options;
  Board *board;
  uint32_t job;
  Case *cases;
  uint64_t *graph_peaks;
  uint32_t count;
} Batch;

uint32_t batch_scale(const BatchOptions *options, uint64_t seed) {
  bool scaled = options->recursive && options->scaled_every && seed % options->scaled_every == 0;
  return scaled ? SCALE : 1;
}

void batch_generate(const BatchOptions *options, uint64_t seed, Buffer *plain) {
  if (options->recursive)
    generate_recursive(seed, batch_scale(options, seed), plain);
  else
    generate_program(seed, plain);
}

// Shrinking ----------------------------------------------------------------------------------------------------------

typedef enum { RUN_SAME, RUN_DIFFERENT, RUN_CRASHED } Run;
typedef struct {
  Mode mode;
  Run wanted;
  uint32_t scale;
  time_t deadline;
} Shrinking;

// In a process of its own: the program may crash it.
static Run run_apart(const Shrinking *s, const char *text, size_t size, bool shown) {
  fflush(stdout);
  pid_t child = fork();
  if (child < 0) return RUN_SAME;
  if (child == 0) {
    Alone alone;
    judge_alone(&alone, text, size, s->scale, s->mode, shown ? UINT32_MAX : SHRINK_MILLISECONDS);
    if (shown) alone_show(&alone, s->mode);
    fflush(stdout);
    _exit(alone.verdict == DIFFERENT ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status)        ? RUN_CRASHED
         : WEXITSTATUS(status) == 0 ? RUN_SAME
         : WEXITSTATUS(status) == 1 ? RUN_DIFFERENT
                                    : RUN_CRASHED;
}

static bool still_differs(void *context, const char *text, size_t size) {
  const Shrinking *s = context;
  return time(NULL) <= s->deadline && run_apart(s, text, size, false) == s->wanted;
}

static void report(Batch *b, uint64_t seed, Mode mode, const char *why, const Outcome *outcome, const Case *c) {
  printf("FAIL  %s seed %llu in mode %s: %s\n", b->options->recursive ? "recursive" : "terms", (unsigned long long)seed,
         MODE_NAMES[mode], why);
  Buffer plain = {0};
  batch_generate(b->options, seed, &plain);
  Shrinking s = {.mode = mode, .scale = batch_scale(b->options, seed)};
  s.wanted = run_apart(&s, plain.text, plain.size, true);
  if (s.wanted == RUN_SAME) {
    printf("alone it does not differ; in its batch: %s, expected %s\n",
           outcome ? ENDING_NAMES[outcome->ending] : "crashed", c ? ENDING_NAMES[c->expected.ending] : "otherwise");
    const BatchOptions *o = b->options;
    uint64_t first = seed - (seed - o->seed) % o->batch;
    printf("its batch again: --seed %llu --count %u --batch %u --native-every 1\n", (unsigned long long)first, o->batch,
           o->batch);
    if (c && c->expected.text.size) printf("expected: %.2000s\n", c->expected.text.text);
    if (outcome && outcome->text.size) printf("but was:  %.2000s\n", outcome->text.text);
    if (outcome && outcome->message.size) printf("message:  %s\n", outcome->message.text);
  } else {
    s.deadline = time(NULL) + SHRINK_SECONDS;
    shrink_program(&plain, still_differs, &s);
    printf("shrunk to:\n");
    if (run_apart(&s, plain.text, plain.size, true) == RUN_CRASHED) printf("%s(it crashed)\n", plain.text);
  }
  fflush(stdout);
  buffer_free(&plain);
}

// Batches ------------------------------------------------------------------------------------------------------------

// Counts a verdict; true when it is a difference.
static bool count(Batch *b, const Case *c, Mode mode, Verdict verdict, const Outcome *outcome, const char *why) {
  Board *board = b->board;
  if (verdict == OTHERWISE) {
    board->otherwise++;
    if (!b->options->exact) return false;
    why = "one fails, the other does not end";
  } else if (verdict != DIFFERENT) {
    return false;
  }
  if (board->failed++ == 0) report(b, c->seed, mode, why, outcome, c); // others are not shown
  return true;
}

static void begin(Batch *b, Mode mode, uint64_t seed) {
  b->board->now[b->job].mode = (int)mode;
  b->board->now[b->job].seed = seed;
}

static bool open_batch(Batch *b, Mode mode, bool calm, Kind kind, Session *session) {
  Buffer text = {0}, messages = {0};
  for (uint32_t i = 0; i < b->count; i++)
    if (b->cases[i].calm == calm && b->cases[i].kind == kind)
      buffer_add(&text, b->cases[i].text.text, b->cases[i].text.size);
  begin(b, mode, UINT64_MAX);
  bool good = session_open(session, mode, 0, text.text ? text.text : "", text.size, &messages);
  if (!good && b->board->failed++ == 0)
    printf("FAIL  a batch is refused in mode %s:\n%s", MODE_NAMES[mode], messages.text);
  buffer_free(&text), buffer_free(&messages);
  return good;
}

// What the graph gives, given to it again, gives the same text.
static bool reads_back(Batch *b, Session *session, const Case *c, const Outcome *outcome) {
  Outcome again;
  if (outcome->ending != ENDED || !outcome->text.size) return true;
  session_run(session, outcome->text.text, c->milliseconds, &again);
  bool same = again.ending == ENDED && buffer_same(&again.text, &outcome->text);
  if (!same && b->board->failed++ == 0)
    printf("FAIL  seed %llu: the result reads back differently\n%s%s\n%s\n", (unsigned long long)c->seed, c->plain.text,
           outcome->text.text, again.text.size ? again.text.text : "");
  outcome_clear(&again);
  return same;
}

// A program with large inputs may need more beside others: an open λ of theirs takes its boxes away, in the graph too.
static void run_apart_if_unfinished(Mode mode, const Case *c, Outcome *outcome) {
  if (c->scale == 1 || outcome->ending != UNFINISHED || c->expected.ending != ENDED) return;
  Session own;
  Buffer messages = {0};
  outcome_clear(outcome);
  session_open(&own, mode, 0, c->text.text, c->text.size, &messages);
  session_run(&own, c->main, c->milliseconds, outcome);
  session_close(&own);
  buffer_free(&messages);
}

static bool run_case(Batch *b, Session *session, Mode mode, uint32_t i, bool measured) {
  Case *c = &b->cases[i];
  Outcome outcome;
  const char *why;
  begin(b, mode, c->seed);
  session_run(session, c->main, c->milliseconds, &outcome);
  if (mode > MODE_STRICT) run_apart_if_unfinished(mode, c, &outcome);
  Verdict verdict = judge(c, mode, &outcome, mode != MODE_GRAPH && measured ? b->graph_peaks[i] : 0, &why);
  bool differs = count(b, c, mode, verdict, &outcome, why);
  if (mode == MODE_GRAPH && !differs) {
    case_learn(c, &outcome);
    b->graph_peaks[i] = outcome.peak_bytes;
    if (c->calm) differs = !reads_back(b, session, c, &outcome);
  }
  outcome_clear(&outcome);
  return !differs;
}

// The calm programs of a kind in one file, the others in another; those with large inputs in a file each, to see their
// memory.
static bool run_mode(Batch *b, Mode mode, bool calm, Kind kind) {
  Session session;
  bool good = open_batch(b, mode, calm, kind, &session);
  for (uint32_t i = 0; i < b->count && good; i++) {
    const Case *c = &b->cases[i];
    if (c->calm != calm || c->kind != kind) continue;
    Session own;
    Buffer messages = {0};
    bool measured = c->scale > 1 && mode <= MODE_STRICT;
    if (measured) session_open(&own, mode, 0, c->text.text, c->text.size, &messages);
    good = run_case(b, measured ? &own : &session, mode, i, calm ? mode <= MODE_STRICT : measured);
    if (measured) session_close(&own);
    buffer_free(&messages);
  }
  session_close(&session);
  return good;
}

static bool generate_batch(Batch *b, uint64_t number) {
  const BatchOptions *o = b->options;
  uint64_t first = number * o->batch, left = o->count - first;
  b->count = 0;
  for (uint32_t i = 0; i < o->batch && i < left; i++) {
    Buffer plain = {0};
    uint64_t seed = o->seed + first + i;
    batch_generate(o, seed, &plain);
    Case *c = &b->cases[b->count++];
    bool good = case_new(c, seed, i, batch_scale(o, seed), &plain);
    c->exact = o->exact;
    if (good) continue;
    if (b->board->failed++ == 0)
      printf("FAIL  seed %llu has errors:\n%s%s", (unsigned long long)seed, plain.text, c->expected.message.text);
    return false;
  }
  return true;
}

static void count_batch(Batch *b) {
  for (uint32_t i = 0; i < b->count; i++) {
    const Case *c = &b->cases[i];
    Board *board = b->board;
    *(c->expected.ending == ENDED    ? &board->ended
      : c->expected.ending == FAILED ? &board->divided
                                     : &board->endless) += 1;
    if (c->calm || c->expected.ending != UNFINISHED)
      board->passed++;
    else
      board->skipped++;
  }
}

static void run_batch(Batch *b, uint64_t number) {
  const BatchOptions *o = b->options;
  bool native = o->native_every && number % o->native_every == 0, good = generate_batch(b, number);
  b->board->now[b->job].batch = number;
  for (int mode = 0; mode < (native ? MODE_COUNT : MODE_NATIVE) && good; mode++)
    for (int calm = 1; calm >= 0 && good; calm--)
      for (int kind = 0; kind < KIND_COUNT && good; kind++) good = run_mode(b, (Mode)mode, calm, (Kind)kind);
  if (good) count_batch(b);
  for (uint32_t i = 0; i < b->count; i++) case_free(&b->cases[i]);
}

static uint64_t batch_count(const BatchOptions *o) { return (o->count + o->batch - 1) / o->batch; }

static void run_job(Batch *b) {
  b->cases = calloc(b->options->batch, sizeof *b->cases);
  b->graph_peaks = calloc(b->options->batch, sizeof *b->graph_peaks);
  if (!b->cases || !b->graph_peaks) memory_exhausted();
  for (uint64_t number = b->job; number < batch_count(b->options) && !b->board->failed; number += b->options->jobs)
    run_batch(b, number);
  free(b->cases), free(b->graph_peaks);
}

// A process died: which program was it?
static void report_crash(Batch *b) {
  const BatchOptions *o = b->options;
  Mode mode = (Mode)b->board->now[b->job].mode;
  uint64_t seed = b->board->now[b->job].seed, first = o->seed + b->board->now[b->job].batch * o->batch;
  for (uint64_t i = first; seed == UINT64_MAX && i < first + o->batch; i++) {
    Buffer plain = {0};
    batch_generate(o, i, &plain);
    Shrinking s = {.mode = mode, .scale = batch_scale(o, i)};
    if (run_apart(&s, plain.text, plain.size, false) == RUN_CRASHED) seed = i;
    buffer_free(&plain);
  }
  if (seed == UINT64_MAX)
    printf("FAIL  a batch of the seeds from %llu on crashes while it is loaded in mode %s\n", (unsigned long long)first,
           MODE_NAMES[mode]);
  else
    report(b, seed, mode, "it crashes, or cannot be interrupted", NULL, NULL);
}

static void show_counts(const BatchOptions *o, Board *board) {
  unsigned long long passed = board->passed, skipped = board->skipped;
  if (skipped * 100 > o->count * SKIPPED_LIMIT_PERCENT && o->count >= COUNT_FOR_LIMIT && !board->failed) {
    printf("FAIL  too many programs do not end\n");
    board->failed++;
  }
  printf(
      "(%llu ended, %llu failed, %llu endless or too long, %llu of them in one mode fail and in another do not end)\n",
      (unsigned long long)board->ended, (unsigned long long)board->divided, (unsigned long long)board->endless,
      (unsigned long long)board->otherwise);
  printf("%llu passed, %llu failed\n", passed, (unsigned long long)board->failed);
}

bool batch_run(const BatchOptions *options) {
  size_t size = sizeof(Board) + options->jobs * sizeof(((Board *)0)->now[0]);
  Board *board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (board == MAP_FAILED) memory_exhausted();
  pid_t children[BATCH_JOBS_LIMIT] = {0};
  fflush(stdout);
  for (uint32_t job = 0; job < options->jobs; job++) {
    Batch batch = {.options = options, .board = board, .job = job};
    children[job] = fork();
    if (children[job]) continue;
    run_job(&batch);
    fflush(stdout);
    _exit(0);
  }
  for (uint32_t job = 0; job < options->jobs; job++) {
    int status = 0;
    Batch batch = {.options = options, .board = board, .job = job};
    if (waitpid(children[job], &status, 0) == children[job] && status != 0 && board->failed++ == 0)
      report_crash(&batch);
  }
  show_counts(options, board);
  bool good = !board->failed;
  munmap(board, size);
  return good;
}
