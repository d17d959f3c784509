// One program in libhvm, in one of the ways in which it can be evaluated, and what comes of it.
#ifndef HVM_TESTS_OUTCOME_H
#define HVM_TESTS_OUTCOME_H

#include "lang/memory.h"
#include "lib/hvm.h"
#include "reference.h"

typedef enum {
  MODE_GRAPH,  // the graph reducer alone
  MODE_STRICT, // strict code, interpreted
  MODE_NATIVE, // strict code as machine code
  MODE_AUTO,   // machine code that arrives in the middle
  MODE_COUNT
} Mode;
extern const char *const MODE_NAMES[MODE_COUNT];

typedef enum { ENDED, FAILED, UNFINISHED, REFUSED } Ending;
extern const char *const ENDING_NAMES[];

typedef struct {
  Ending ending;
  Buffer text, log, message; // the result; what the program wrote; why it failed
  uint64_t live_cells, peak_bytes;
} Outcome;
void outcome_clear(Outcome *outcome);

// A loaded program.
typedef struct {
  hvm_runtime *runtime;
  FILE *log;
  char *log_text;
  size_t log_size, log_seen;
} Session;
// False, with the diagnostics in messages, when the program is refused. memory: bytes, 0 for what small programs need.
bool session_open(Session *session, Mode mode, uint64_t memory, const char *text, size_t size, Buffer *messages);
void session_run(Session *session, const char *expression, uint32_t milliseconds, Outcome *outcome);
void session_close(Session *session);

// What the reference says of an expression; false, with the diagnostics in errors (or NULL), when something is invalid.
bool outcome_reference(const char *text, size_t size, const char *expression, ReferenceBudget budget,
                       ReferenceStatus *status, Buffer *result, Buffer *errors);

// What the way depends on in which a program is run. Programs of one kind may stand in one file: an open λ anywhere
// takes away the boxes of all others, and patterns that match calls or scopeless variables take their demands. Where
// something is offered by HVM.spark, threads work otherwise.
typedef enum { KIND_CLOSED, KIND_SPARKS, KIND_OPEN, KIND_RESTRICTED, KIND_COUNT } Kind;
Kind outcome_kind(const char *text, size_t size);

// Once in a process, before sessions run: they are interrupted by SIGALRM.
void outcome_prepare(void);
// All sessions from now on are with sharing by need.
void outcome_share_by_need(void);

bool buffer_same(const Buffer *a, const Buffer *b);

#endif
