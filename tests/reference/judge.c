#include "judge.h"

#include <ctype.h>

enum {
  TRIAL_MILLISECONDS = 20,         // for what may not end
  SCALED_TRIAL_MILLISECONDS = 150, // for large inputs
  PATIENT_MILLISECONDS = 10000,    // for what does end
  PEAK_FACTOR = 4,
  SHOWN_BYTES = 2000,
};
static const uint64_t PEAK_BYTES = UINT64_C(4) << 20, PATIENT_BYTES = UINT64_C(2) << 30;

// Numbered names -----------------------------------------------------------------------------------------------------

static bool is_name_character(char c) { return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$'; }

static bool is_built_in(const char *name, size_t size) {
  return memchr(name, '.', size) != NULL || (size == 4 && memcmp(name, "Both", 4) == 0);
}

// The end of a string or character literal.
static size_t literal_end(const Buffer *plain, size_t at) {
  char quote = plain->text[at++];
  while (at < plain->size && plain->text[at] != quote) at += plain->text[at] == '\\' ? 2 : 1;
  return at + 1;
}

static void number_names(const Buffer *plain, uint32_t number, Buffer *out) {
  for (size_t at = 0; at < plain->size;) {
    size_t end = at + 1;
    char c = plain->text[at];
    bool is_name = isupper((unsigned char)c) != 0;
    if (c == '"' || c == '\'')
      end = literal_end(plain, at);
    else if (is_name_character(c))
      while (end < plain->size && is_name_character(plain->text[end])) end++;
    buffer_add(out, plain->text + at, end - at);
    if (is_name && !is_built_in(plain->text + at, end - at)) buffer_format(out, "_%u", number);
    at = end;
  }
}

// Cases --------------------------------------------------------------------------------------------------------------

bool case_new(Case *c, uint64_t seed, uint32_t number, uint32_t scale, Buffer *plain) {
  *c = (Case){.seed = seed, .scale = scale, .plain = *plain};
  number_names(plain, number, &c->text);
  snprintf(c->main, sizeof c->main, "Main_%u", number);
  c->reference = REFERENCE_OUT_OF_FUEL;
  ReferenceBudget budget = scale == 1 ? REFERENCE_SMALL : (ReferenceBudget){0};
  if (!outcome_reference(c->text.text, c->text.size, c->main, budget, &c->reference, &c->expected.text,
                         &c->expected.message))
    return false;
  c->calm = c->reference == REFERENCE_OK;
  c->kind = outcome_kind(c->text.text, c->text.size);
  c->expected.ending = c->calm ? ENDED : UNFINISHED;
  c->milliseconds = c->calm ? PATIENT_MILLISECONDS : case_trial(c);
  return true;
}

void case_free(Case *c) {
  buffer_free(&c->plain);
  buffer_free(&c->text);
  outcome_clear(&c->expected);
}

uint32_t case_trial(const Case *c) { return c->scale == 1 ? TRIAL_MILLISECONDS : SCALED_TRIAL_MILLISECONDS; }

void case_learn(Case *c, const Outcome *graph) {
  if (c->calm) return;
  outcome_clear(&c->expected);
  c->expected.ending = graph->ending;
  if (graph->text.size) buffer_add(&c->expected.text, graph->text.text, graph->text.size);
  if (graph->log.size) buffer_add(&c->expected.log, graph->log.text, graph->log.size);
  if (graph->message.size) buffer_add(&c->expected.message, graph->message.text, graph->message.size);
  c->milliseconds = graph->ending == UNFINISHED ? case_trial(c) : PATIENT_MILLISECONDS;
}

// What did not end in the time of a trial gets more before another result is called wrong.
static Verdict judge_late(const Case *c, const Outcome *outcome, const char **why) {
  Session session;
  Outcome graph;
  Buffer messages = {0};
  bool good = session_open(&session, MODE_GRAPH, PATIENT_BYTES, c->text.text, c->text.size, &messages);
  session_run(&session, c->main, PATIENT_MILLISECONDS, &graph);
  bool same = good && graph.ending == outcome->ending && buffer_same(&graph.text, &outcome->text);
  // A long computation that takes more memory than there is may still be right.
  bool unknown = graph.ending == UNFINISHED && c->scale > 1;
  *why = "it ends or fails, which it does not in the graph";
  session_close(&session);
  outcome_clear(&graph);
  buffer_free(&messages);
  return same ? SAME : unknown ? SKIPPED : DIFFERENT;
}

static Verdict judge_failure(const Case *c, Mode mode, const Outcome *outcome, const char **why) {
  if (mode == MODE_GRAPH && outcome->ending == FAILED && c->reference == REFERENCE_RUNTIME_ERROR) return SAME;
  bool late = c->expected.ending == UNFINISHED;
  if (late && (outcome->ending == ENDED || (outcome->ending == FAILED && c->exact))) return judge_late(c, outcome, why);
  if (outcome->ending == c->expected.ending && (late || buffer_same(&outcome->message, &c->expected.message)))
    return SAME;
  *why = "it ended instead of failing";
  return outcome->ending == ENDED ? DIFFERENT : OTHERWISE;
}

Verdict judge(const Case *c, Mode mode, const Outcome *outcome, uint64_t graph_peak, const char **why) {
  *why = "";
  if (mode == MODE_GRAPH && !c->calm) {
    // A division by zero in the reference may come after something endless here, but not after nothing at all.
    *why = "the reference divides by zero";
    if (c->reference == REFERENCE_RUNTIME_ERROR && outcome->ending == ENDED) return DIFFERENT;
    return outcome->ending == UNFINISHED && c->scale > 1 ? SKIPPED : SAME;
  }
  if (outcome->ending == REFUSED) {
    *why = "the program was refused";
    return DIFFERENT;
  }
  if (c->expected.ending != ENDED) return judge_failure(c, mode, outcome, why);
  bool scopeless = c->plain.size && memchr(c->plain.text, '$', c->plain.size);
  if (outcome->ending != ENDED)
    *why = "it did not end well";
  else if (!buffer_same(&outcome->text, &c->expected.text))
    *why = "another text";
  else if (!buffer_same(&outcome->log, &c->expected.log))
    *why = "other effects";
  else if (outcome->live_cells && !scopeless)
    *why = "live cells are left";
  else if (graph_peak && outcome->peak_bytes > graph_peak * PEAK_FACTOR + PEAK_BYTES)
    *why = "much more memory than in the graph";
  else
    return SAME;
  return DIFFERENT;
}

// Alone --------------------------------------------------------------------------------------------------------------

static void run_alone(const Case *c, Mode mode, uint32_t milliseconds, Outcome *outcome) {
  Session session;
  *outcome = (Outcome){.ending = REFUSED};
  if (session_open(&session, mode, 0, c->text.text, c->text.size, &outcome->message))
    session_run(&session, c->main, milliseconds, outcome);
  session_close(&session);
}

void judge_alone(Alone *alone, const char *text, size_t size, uint32_t scale, Mode mode, uint32_t milliseconds) {
  *alone = (Alone){.verdict = BAD_PROGRAM, .why = "it has errors"};
  Buffer plain = {0};
  buffer_add(&plain, text, size);
  Case *c = &alone->c;
  if (!case_new(c, 0, 0, scale, &plain)) return;
  if (c->calm && milliseconds < c->milliseconds) c->milliseconds = milliseconds;
  run_alone(c, MODE_GRAPH, c->milliseconds, &alone->graph);
  alone->verdict = judge(c, MODE_GRAPH, &alone->graph, 0, &alone->why);
  case_learn(c, &alone->graph);
  if (mode == MODE_GRAPH || alone->verdict == DIFFERENT) {
    if (mode != MODE_GRAPH) alone->verdict = SKIPPED; // that is another difference
    return;
  }
  run_alone(c, mode, milliseconds < c->milliseconds ? milliseconds : c->milliseconds, &alone->outcome);
  alone->verdict = judge(c, mode, &alone->outcome, alone->graph.peak_bytes, &alone->why);
}

static void show(const char *title, const Buffer *text) {
  if (!text->size) return;
  printf("  %s: %.*s\n", title, (int)(text->size < SHOWN_BYTES ? text->size : SHOWN_BYTES), text->text);
}

static void show_outcome(const char *name, const Outcome *outcome) {
  printf("%s: %s, %llu live cells, peak %llu bytes\n", name, ENDING_NAMES[outcome->ending],
         (unsigned long long)outcome->live_cells, (unsigned long long)outcome->peak_bytes);
  show("text", &outcome->text);
  show("effects", &outcome->log);
  show("message", &outcome->message);
}

void alone_show(const Alone *alone, Mode mode) {
  printf("%s", alone->c.plain.text);
  printf("reference: %s\n", reference_status_name(alone->c.reference));
  if (alone->c.calm) show("text", &alone->c.expected.text);
  if (alone->verdict == BAD_PROGRAM) show("errors", &alone->c.expected.message);
  show_outcome(MODE_NAMES[MODE_GRAPH], &alone->graph);
  if (mode != MODE_GRAPH) show_outcome(MODE_NAMES[mode], &alone->outcome);
  if (alone->verdict == DIFFERENT) printf("difference: %s\n", alone->why);
}

void alone_free(Alone *alone) {
  case_free(&alone->c);
  outcome_clear(&alone->graph);
  outcome_clear(&alone->outcome);
}
