// libhvm: load HVM1 programs, reduce expressions, look at the results.
//
//   hvm_runtime *runtime = hvm_new(NULL);
//   if (hvm_load_file(runtime, "main.hvm") == HVM_OK && hvm_reduce(runtime, "(Main)") == HVM_OK) {
//     char *text = hvm_result_text(runtime, NULL);
//     puts(text);
//     free(text);
//   } else {
//     fputs(hvm_messages(runtime, false), stderr);
//   }
//   hvm_free(runtime);
//
// A runtime owns everything that belongs to it: its program, its heap, its result. Any number of runtimes can live in
// one process, each used by one thread at a time. No function exits, prints (other than the effects HVM.log, HVM.print
// and their like, which go where the options say) or keeps a pointer that it was given.
#ifndef HVM_H
#define HVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVM_VERSION "0.1.0"

typedef struct hvm_runtime hvm_runtime;

typedef enum {
  HVM_OK = 0,
  HVM_INVALID,     // the program or expression has errors: see hvm_messages
  HVM_FAILED,      // reduction failed: division by zero, failed file access, a value that depends on itself …
  HVM_EXHAUSTED,   // the memory limit was reached
  HVM_INTERRUPTED, // hvm_interrupt was called
  HVM_UNREADABLE,  // the file cannot be read
  HVM_STOPPED,     // a trace ended the reduction: see hvm_trace
} hvm_status;

// When strict code becomes machine code: as soon as the C compiler is done in the background; before the reduction
// begins, which fails when it cannot be; never. What was compiled is kept in $XDG_CACHE_HOME/hvm.
typedef enum { HVM_NATIVE_AUTO = 0, HVM_NATIVE_ON, HVM_NATIVE_OFF } hvm_native;

// What copies of a λ share: also what is reduced under it; only what was computed before it was made, as in Haskell,
// which is sound for every λ-term.
typedef enum { HVM_SHARING_OPTIMAL = 0, HVM_SHARING_NEED } hvm_sharing;

typedef struct {
  uint64_t memory;   // bytes for cells and stack; 0: most of the machine's memory
  unsigned threads;  // how many may work at a time; 0: as many as processors that this process may use
  FILE *output;      // where HVM.log and HVM.print write; NULL: standard output
  FILE *input;       // where HVM.query reads; NULL: standard input
  bool graph_only;   // everything goes through the graph: no strict code, no machine code
  hvm_native native; // machine code
  hvm_sharing sharing;
  bool profile;      // how parallel each reduction is, is measured: see hvm_profile
  bool keep_lambdas; // no λ becomes a closure: hvm_demand_text then tells of the program as it is written
} hvm_options;

// A size as people write it, 1000000, 64K, 512M, 8G or 1T, in bytes. False: the text is none, or it is too large.
bool hvm_parse_size(const char *text, uint64_t *bytes);

// A new runtime with an empty program; options may be NULL. NULL when memory cannot be reserved.
hvm_runtime *hvm_new(const hvm_options *options);
void hvm_free(hvm_runtime *runtime);

// Adds the rules of a file, or of a text of size bytes that messages call by path. HVM_OK, HVM_INVALID or
// HVM_UNREADABLE; after an error the program must not be reduced. Warnings are in hvm_messages in any case.
// All rules of a function come from one call.
hvm_status hvm_load_file(hvm_runtime *runtime, const char *path);
hvm_status hvm_load_text(hvm_runtime *runtime, const char *path, const char *text, size_t size);

// What the functions need of their arguments, as text in memory that the caller frees: a line or two for each function,
// or, when name is not NULL, why each argument of that function is needed or not. NULL when a load failed, and, with a
// diagnostic, when there is no such function.
char *hvm_demand_text(hvm_runtime *runtime, const char *name);
// The rules of a function as they are written, in memory that the caller frees; NULL when it has none.
char *hvm_rules_text(const hvm_runtime *runtime, const char *name);
// Is there a function of this name, built-in ones too? When not, a diagnostic says so and what is called nearly so.
bool hvm_find_function(hvm_runtime *runtime, const char *name);
// The functions and constructors of the program, built-in ones too, by number from 0; false past the last.
typedef struct {
  const char *name;
  unsigned arity;
  bool function, builtin;
} hvm_name_info;
bool hvm_name_at(const hvm_runtime *runtime, size_t index, hvm_name_info *info);

// The strict code that a function became, as text in memory that the caller frees: one block for each demand under
// which Main needs it, empty when it does not. NULL like hvm_demand_text.
char *hvm_steps_text(hvm_runtime *runtime, const char *name);

// Whether several threads may run Main, or why not, as text in memory that the caller frees: a line, and perhaps
// places. NULL when a load failed.
char *hvm_threads_text(hvm_runtime *runtime);

// Reduces an expression to normal form with the loaded rules. The result stays until the next reduction, hvm_collect or
// hvm_free. Any status but HVM_UNREADABLE.
hvm_status hvm_reduce(hvm_runtime *runtime, const char *expression);
// Reduces Main; its absence, or a Main with arguments, is HVM_INVALID.
hvm_status hvm_reduce_main(hvm_runtime *runtime);

// Calls a function on a thread with a stack for deep recursion: address space, most of which is never touched. What
// this library does recursively happens on such a stack; calls from inside share this one instead of making their own.
void hvm_run_deep(void (*function)(void *context), void *context);

// The loaded program's strict functions as a C unit, in memory that the caller frees (size may be NULL): what becomes
// machine code. NULL after a load that failed.
char *hvm_emit_c(hvm_runtime *runtime, size_t *size);

// All diagnostics so far, as text for people: one or more lines each, empty when there are none. Valid until the next
// call with this runtime.
const char *hvm_messages(hvm_runtime *runtime, bool colour);

// One diagnostic at a time, for programs. Lines and columns count from 1 (columns in code points); 0: no place.
typedef struct {
  bool warning;
  const char *path, *message, *hint; // path NULL: about no source; hint may be NULL
  uint32_t line, column, end_line, end_column;
} hvm_diagnostic;
size_t hvm_diagnostic_count(const hvm_runtime *runtime);
hvm_diagnostic hvm_diagnostic_at(const hvm_runtime *runtime, size_t index);
void hvm_clear_diagnostics(hvm_runtime *runtime);

// The result as text, in memory that the caller frees (size may be NULL). NULL when there is no result, and, with a
// diagnostic, when the text needs more than the memory limit, was interrupted, or would be wrong because clones of a λ
// met that lazy cloning cannot tell apart.
char *hvm_result_text(hvm_runtime *runtime, size_t *size);

// Traces: the reductions that follow are shown step by step, each rewrite with the whole term before and after it. For
// runtimes without machine code (HVM_NATIVE_OFF). A textbook trace also wants graph_only and keep_lambdas. Without
// graph_only, a strict call is one step, which can be opened: then it is handed out when it begins and when it ends,
// with the steps inside of it in between; docs/trace.md says what these show.
typedef struct {
  size_t start, end; // bytes
} hvm_range;
// A term while it is being reduced: a line for each dup, "dup x0 x1 = …", then the term.
typedef struct {
  const char *text;
  size_t size;
  const hvm_range *ranges; // in the order of the text: what is about to be rewritten, or what the rewrite made
  size_t range_count;
} hvm_picture;
typedef enum { HVM_STEP_WHOLE, HVM_STEP_BEGINS, HVM_STEP_ENDS } hvm_step_part;
typedef struct {
  hvm_step_part part;
  uint64_t number;      // of its first rewrite, from 1
  uint64_t rewrites;    // 1; 0 for Collect and Move; more for a strict call, and for the steps of a hidden function
  const char *rule;     // "App-Lam", …, or the name of a function
  const char *path;     // of a function's rule: where it is; else NULL
  unsigned line, index; // … and which of the function's rules it is, from 1
  bool strict;          // a strict call
  const char *left;     // how it ended: "result", "graph", "back", "tail" (docs/trace.md); NULL: it did not yet
  unsigned depth;       // how many opened calls it is in
  uint64_t parent;      // the number of the innermost of these
  hvm_picture before, after; // empty: it ends; it begins
} hvm_step;
typedef struct {
  bool textbook;     // nothing is computed in advance, as it would be by the calculus alone
  uint64_t from, to; // the first and the last step that are shown; 0: no limit. The reduction ends after the last
  unsigned depth;    // how deeply nested terms are shown; 0: completely
  const char *const *hidden; // functions whose calls are one step each; must live as long as they are used
  size_t hidden_count;
  const char *const *opened; // strict calls that are opened: names of functions, numbers of steps; likewise
  size_t opened_count;
  bool open_all;
  uint64_t inside; // how many steps are shown inside of a call that only open_all opens; 0: no limit
  bool (*step)(void *context, const hvm_step *step); // false: the reduction ends here. The step is valid meanwhile
  void *context;
} hvm_trace_options;
// NULL: no more traces. A reduction that step or `to` ended returns HVM_STOPPED.
void hvm_trace(hvm_runtime *runtime, const hvm_trace_options *options);
const char *hvm_trace_rule(size_t index); // what a step's rule can be beside a function, from 0; NULL past the last

// Walking the result. A node is valid as long as the result is.
typedef enum {
  HVM_NODE_U60,
  HVM_NODE_F60,
  HVM_NODE_CONSTRUCTOR,
  HVM_NODE_CALL,
  HVM_NODE_LAMBDA,
  HVM_NODE_VARIABLE,
  HVM_NODE_APPLICATION,
  HVM_NODE_OPERATION,
  HVM_NODE_SUPERPOSITION,
  HVM_NODE_ERASED
} hvm_node_kind;
typedef struct {
  uint64_t word;
  const void *path;
  hvm_runtime *runtime;
} hvm_node;

hvm_node hvm_result(hvm_runtime *runtime); // the root; only after a reduction that returned HVM_OK
hvm_node_kind hvm_kind(hvm_node node);
uint64_t hvm_u60(hvm_node node);     // HVM_NODE_U60
double hvm_f60(hvm_node node);       // HVM_NODE_F60
const char *hvm_name(hvm_node node); // constructor or function name; operator of an operation; else NULL
uint64_t hvm_binder(hvm_node node);  // λ and variable: a number that a λ shares with its variable
// Fields of a constructor, arguments of a call, [body] of a λ, [function, argument], [left, right], [first, second].
unsigned hvm_child_count(hvm_node node);
hvm_node hvm_child(hvm_node node, unsigned index);

// Gives the result's memory back.
void hvm_collect(hvm_runtime *runtime);

typedef enum {
  HVM_APP_LAM,
  HVM_APP_SUP,
  HVM_DUP_LAM,
  HVM_DUP_SUP,
  HVM_DUP_NUM,
  HVM_DUP_CTR,
  HVM_OP2_NUM,
  HVM_OP2_SUP,
  HVM_FUN_SUP,
  HVM_FUN_RULE,
  HVM_RULE_COUNT
} hvm_rule;
typedef struct {
  uint64_t rewrites;                         // all of them
  uint64_t rewrites_by_rule[HVM_RULE_COUNT]; // by rewrite rule
  uint64_t live_cells;                       // 8-byte cells in use now
  uint64_t cycle_cells;                      // given back by the search for cycles, so far
  uint64_t machines;                         // that worked so far, those that waited meanwhile included; 0: just one
  uint64_t sparks, steals, waits;            // work that was offered to other machines; that they took; waits for it
  uint64_t hints;                            // terms that HVM.spark offered to other machines
  uint64_t peak_cells;                       // most cells ever in use or free for reuse
  uint64_t peak_bytes;                       // most bytes of cells and stack together
  double seconds;                            // spent in reductions
} hvm_statistics;
hvm_statistics hvm_stats(const hvm_runtime *runtime);

// What may make reductions like those so far cheaper, one sentence, which the runtime keeps. NULL: nothing is known.
// Today that is HVM_SHARING_NEED, where a quarter of the rewrites cloned λs layer by layer.
const char *hvm_advice(hvm_runtime *runtime);

// The machines that worked so far, by number from 0, which is the one of the thread that reduces; false past the last.
// Seconds are of its time in reductions since it is there; they add up to this time.
typedef struct {
  uint64_t rewrites, sparks, steals, waits;
  double busy;    // it reduced
  double idle;    // it searched for work, or slept without
  double waiting; // it slept until another machine had computed a value
} hvm_worker;
bool hvm_worker_at(const hvm_runtime *runtime, size_t index, hvm_worker *worker);

// How parallel the last reduction was (docs/parallel.md). Valid until the next call with this runtime.
typedef struct {
  const char *name; // of a function whose calls were sparks; NULL: outside of sparks, or, if it is the last, others
  uint64_t sparks, taken; // that were made; that another machine than their maker's took
  uint64_t rewrites;      // in its sparks without those of others in them
  double work, span;      // seconds likewise: of all busy time, of the longest path
} hvm_profile_function;
// Shares of a machine's time in each part of the run, from 0 to 1.
typedef struct {
  const float *busy, *searching, *waiting;
} hvm_profile_lane;
typedef struct {
  unsigned threads;                      // that might work at a time
  bool may_spark;                        // false: programs like this one, or these options, have no sparks
  bool calm;                             // machines waited for each other too often, and made no more sparks
  double wall;                           // seconds that the run took
  double work, span;                     // seconds of all busy time; of the longest path through it
  uint64_t work_rewrites, span_rewrites; // rewrites; the most on any path
  size_t function_count, lane_count, part_count;
  const hvm_profile_function *functions; // the first is what was outside of sparks; the others by work
  const hvm_profile_lane *lanes;         // by number of the machine
  double part;                           // seconds of a part
} hvm_profile;
// NULL: the options do not say `profile`, or nothing was reduced.
const hvm_profile *hvm_profile_last(hvm_runtime *runtime);

const char *hvm_rule_name(hvm_rule rule); // "App-Lam" …

// Ends the reduction that runs in another thread or was interrupted by a signal handler: async-signal-safe. When none
// runs, the next one ends at once.
void hvm_interrupt(hvm_runtime *runtime);

#ifdef __cplusplus
}
#endif

#endif
