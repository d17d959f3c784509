#include "outcome.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { MEMORY_BYTES = 128 << 20, KEPT_BYTES = 64 << 20, COMPILE_MILLISECONDS = 120000, PATIENCE = 3 };

const char *const MODE_NAMES[MODE_COUNT] = {"graph", "strict", "native", "auto"};
const char *const ENDING_NAMES[] = {"ended", "failed", "unfinished", "refused"};

static hvm_runtime *volatile running;
static volatile sig_atomic_t alarms;

static void on_alarm(int signal_number) {
  (void)signal_number;
  if (!running) return;
  if (alarms++ < PATIENCE)
    hvm_interrupt(running);
  else
    abort(); // it cannot be interrupted
}

static void watch(hvm_runtime *runtime, uint32_t milliseconds) {
  alarms = 0;
  running = runtime;
  struct itimerval timer = {.it_value = {milliseconds / 1000, milliseconds % 1000 * 1000}};
  timer.it_interval = (struct timeval){2 + milliseconds / 1000, 0};
  if (!runtime) timer = (struct itimerval){0};
  setitimer(ITIMER_REAL, &timer, NULL);
}

void outcome_prepare(void) {
  signal(SIGALRM, on_alarm);
#ifdef __GLIBC__
  // Programs come and go: keep their memory instead of giving it back to the system each time.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
}

bool buffer_same(const Buffer *a, const Buffer *b) {
  return a->size == b->size && (a->size == 0 || memcmp(a->text, b->text, a->size) == 0);
}

void outcome_clear(Outcome *outcome) {
  buffer_free(&outcome->text);
  buffer_free(&outcome->log);
  buffer_free(&outcome->message);
  *outcome = (Outcome){0};
}

static hvm_sharing sharing;

void outcome_share_by_need(void) { sharing = HVM_SHARING_NEED; }

bool session_open(Session *session, Mode mode, uint64_t memory, const char *text, size_t size, Buffer *messages) {
  *session = (Session){0};
  session->log = open_memstream(&session->log_text, &session->log_size);
  hvm_options options = {.memory = memory ? memory : MEMORY_BYTES, .output = session->log};
  options.sharing = sharing;
  options.graph_only = mode == MODE_GRAPH;
  options.native = mode == MODE_NATIVE ? HVM_NATIVE_ON : mode == MODE_AUTO ? HVM_NATIVE_AUTO : HVM_NATIVE_OFF;
  session->runtime = session->log ? hvm_new(&options) : NULL;
  if (!session->runtime) memory_exhausted();
  bool good = hvm_load_text(session->runtime, "program.hvm", text, size) == HVM_OK;
  // Whatever has to be done before the first reduction is not part of its time.
  watch(session->runtime, COMPILE_MILLISECONDS);
  if (good) hvm_reduce(session->runtime, "0");
  watch(NULL, 0);
  if (!good) buffer_text(messages, hvm_messages(session->runtime, false));
  hvm_clear_diagnostics(session->runtime);
  return good;
}

Kind outcome_kind(const char *text, size_t size) {
  Program *program = program_new();
  program->specialise = true;
  program->share_by_need = sharing == HVM_SHARING_NEED;
  program_load(program, "program.hvm", text, size);
  Kind kind = program->has_scopeless || program->has_call_patterns      ? KIND_RESTRICTED
              : program->has_open_lambdas || program->has_superposition ? KIND_OPEN
              : program->has_sparks                                     ? KIND_SPARKS
                                                                        : KIND_CLOSED;
  program_free(program);
  return kind;
}

void session_close(Session *session) {
  hvm_free(session->runtime);
  fclose(session->log);
  free(session->log_text);
}

static void take_log(Session *session, Buffer *log) {
  fflush(session->log);
  if (session->log_size > session->log_seen)
    buffer_add(log, session->log_text + session->log_seen, session->log_size - session->log_seen);
  session->log_seen = session->log_size;
}

void session_run(Session *session, const char *expression, uint32_t milliseconds, Outcome *outcome) {
  static const Ending endings[] = {[HVM_OK] = ENDED,
                                   [HVM_INVALID] = REFUSED,
                                   [HVM_FAILED] = FAILED,
                                   [HVM_EXHAUSTED] = UNFINISHED,
                                   [HVM_INTERRUPTED] = UNFINISHED,
                                   [HVM_UNREADABLE] = REFUSED};
  hvm_runtime *runtime = session->runtime;
  *outcome = (Outcome){0};
  watch(runtime, milliseconds);
  outcome->ending = endings[hvm_reduce(runtime, expression)];
  size_t size = 0;
  char *text = outcome->ending == ENDED ? hvm_result_text(runtime, &size) : NULL;
  watch(NULL, 0);
  if (text) buffer_add(&outcome->text, text, size);
  free(text);
  hvm_collect(runtime);
  take_log(session, &outcome->log);
  size_t count = hvm_diagnostic_count(runtime);
  if (count) buffer_text(&outcome->message, hvm_diagnostic_at(runtime, count - 1).message);
  // Clones of a λ took each other's place; or it was no more than time or memory.
  if (!text && outcome->ending == ENDED)
    outcome->ending = outcome->message.size && strstr(outcome->message.text, "clones") ? FAILED : UNFINISHED;
  hvm_clear_diagnostics(runtime);
  hvm_statistics statistics = hvm_stats(runtime);
  outcome->live_cells = statistics.live_cells;
  outcome->peak_bytes = statistics.peak_bytes;
}

bool outcome_reference(const char *text, size_t size, const char *expression, ReferenceBudget budget,
                       ReferenceStatus *status, Buffer *result, Buffer *errors) {
  Program *program = program_new();
  Function *function = NULL;
  if (program_read(program, "program.hvm", text, size))
    function = program_read_expression(program, "<expression>", expression, (uint32_t)strlen(expression));
  if (function) *status = reference_evaluate(program, function, budget, result);
  for (size_t i = 0; i < program->diagnostics.list.count && !function && errors; i++)
    diagnostic_render(errors, &program->diagnostics.list.items[i], false);
  program_free(program);
  return function != NULL;
}
