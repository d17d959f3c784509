// Whether a program means the same in all modes of libhvm as in the reference evaluator.
#ifndef HVM_TESTS_JUDGE_H
#define HVM_TESTS_JUDGE_H

#include "outcome.h"

typedef enum {
  SAME,
  SKIPPED,   // nothing can be said
  OTHERWISE, // both fail, one of them by not ending
  DIFFERENT,
  BAD_PROGRAM, // it has errors
} Verdict;

typedef struct {
  uint64_t seed;
  uint32_t scale;     // 1: small enough for the reference
  Buffer plain, text; // as generated; with a number in each name, so that many can stand in one file
  char main[24];      // text's Main
  bool calm;          // the reference says what it means
  Kind kind;
  ReferenceStatus reference;
  Outcome expected;      // by the reference if calm, else by the graph
  bool exact;            // whether one failure for another is worth a long look
  uint32_t milliseconds; // that a mode gets
} Case;

// A case from a program, which it takes over. False when it has errors, which are in expected.message.
bool case_new(Case *c, uint64_t seed, uint32_t number, uint32_t scale, Buffer *plain);
void case_free(Case *c);

// The time that programs get of which the reference says nothing.
uint32_t case_trial(const Case *c);
// What graph mode gave is what other modes are measured by, if the reference said nothing.
void case_learn(Case *c, const Outcome *graph);

// why: set when DIFFERENT. graph_peak: 0 for no limit of memory.
Verdict judge(const Case *c, Mode mode, const Outcome *outcome, uint64_t graph_peak, const char **why);

// A program alone in one mode, in this process.
typedef struct {
  Case c;
  Outcome graph, outcome;
  Verdict verdict;
  const char *why;
} Alone;
void judge_alone(Alone *alone, const char *text, size_t size, uint32_t scale, Mode mode, uint32_t milliseconds);
void alone_show(const Alone *alone, Mode mode);
void alone_free(Alone *alone);

#endif
