// Traced reductions: every rewrite as a step, with the whole term before and after it.
//
// The reducer is compiled a second time with hooks (trace_reduce.c), so that the ordinary one has none. Between two
// states of its loop at most one rule fires: a transition. Where one may begin, trace_point draws the term (picture)
// with the redex; where the next state begins, it finds out from the counts of rewrites what happened, draws the term
// again, and hands both out as a step.
//
// The machine computes some things in advance: operations on known numbers and copies of flat values while a rule's
// body is built. They are counted as rewrites and are steps, too. They are told apart by running the transition several
// times: with none of these early steps, with the first, with the first two, and so on, each time from a copy of heap
// and stack. In a textbook trace nothing is done in advance, and a dup of which one side is gone still duplicates.
//
// Strict code (strict.h) computes without terms in between: a call of a unit is one step, from where the unit begins to
// where it leaves its registers. The step can be opened (trace_strict.c). Inside of it, there is no whole term:
// pictures are of what the call at hand wants, and of what stands on the stack above it.
#ifndef HVM_EVAL_TRACE_H
#define HVM_EVAL_TRACE_H

#include "machine.h"

typedef struct {
  size_t start, end; // bytes
} TraceRange;

// A term as text: a line for each floating dup, then the term itself.
typedef struct {
  Buffer text;
  ARRAY(TraceRange) redex; // what the next step rewrites
  ARRAY(TraceRange) made;  // what the last one made
} TracePicture;

typedef enum { STEP_WHOLE, STEP_BEGINS, STEP_ENDS } TraceStepPart; // of a step that is opened, two are handed out

typedef struct {
  TraceStepPart part;
  uint64_t number;            // of its first rewrite, from 1
  uint64_t rewrites;          // 0: Collect, Move; more than 1: a function's steps as one
  const char *rule;           // "App-Lam", a function's name
  const Rule *source;         // a rule of the program; NULL: a rule of the calculus or a built-in function
  uint32_t index;             // its number in its function, from 1
  bool strict;                // a strict call
  const char *left;           // how it ended, see trace_leave; NULL: it begins
  unsigned depth;             // how many opened calls it is in
  uint64_t parent;            // the number of the innermost of them
  const TracePicture *before; // with its redex; NULL: it ends
  const TracePicture *after;  // with what was made; NULL: it begins
} TraceStep;

// Returns whether to go on.
typedef bool TraceSink(void *context, const TraceStep *step);

typedef struct {
  bool textbook;
  uint64_t from, to;         // numbers of the steps to be shown; to 0: all. The reduction stops after the last one.
  unsigned depth;            // nesting that is shown; 0: all
  const char *const *hidden; // functions whose calls are one step each
  size_t hidden_count;
  const char *const *opened; // strict calls that are opened: names of functions, numbers of steps
  size_t opened_count;
  bool open_all;
  uint64_t inside; // how many steps are shown inside of a call that only open_all opens; 0: all
  TraceSink *sink;
  void *context;
} TraceOptions;

typedef struct Trace Trace;
Trace *trace_new(const TraceOptions *options);
void trace_free(Trace *trace);
bool trace_stopped(const Trace *trace);   // the sink or `to` ended the last reduction
uint64_t trace_steps(const Trace *trace); // rewrites of it so far
// Draws the term that is going to be reduced, or the result.
void trace_draw_root(Machine *machine, TracePicture *picture);

// Below: for the files of eval/ only.

void trace_begin(Machine *machine);
void trace_end(Machine *machine);
Word trace_reduce(Machine *machine, Word term);
// A dup whose sides are both gone: true when the trace keeps it until it shows that as a step.
bool trace_lose(Machine *machine, Location dup);

typedef enum { TRACE_EVAL, TRACE_RET, TRACE_RUN } TraceState;
typedef struct {
  TraceState state;
  Word term, *sp, *fp;
  const int32_t *pc;
} TraceLoop; // the variables of the reducer's loop

typedef enum { MARK_HEIGHT, MARK_DUP, MARK_NODE, MARK_THROUGH } TraceMarkKind;
// Something to be marked in a picture:
//   HEIGHT   what stands on the stack from this height on, in words
//   DUP      the line of a dup, by location
//   NODE     a node, by location
//   THROUGH  what a variable or a side of a dup at this location stands for
typedef struct {
  TraceMarkKind kind;
  uint64_t place;
  bool made; // else it is a redex
} TraceMark;

// A strict call that goes on. All but the innermost are opened.
typedef struct {
  uint64_t height, number; // where its registers are on the stack; of its step
  const char *rule;
  bool opened, shown;
  bool limited; // it or one that it is in was not opened by name or number
} TraceLevel;

// An instruction of strict code that may be a step.
typedef struct {
  bool waits; // for what it does
  const int32_t *pc;
  uint64_t rewrites[RULE_COUNT]; // before it
} TraceInstruction;

typedef struct {
  uint32_t base, number; // number + 1; 0: none
} TraceName;
typedef struct {
  TraceName sides[2]; // of a dup; of a λ: the first
  uint64_t serial;    // in which order they came; 0: no name yet
} TraceNames;

typedef struct {
  char *text;
  uint32_t next;
  bool plain; // the name without a number is in use
} TraceBase;

#define TRACE_NO_LIMIT UINT32_MAX

struct Trace {
  TraceOptions options;
  uint64_t steps;
  bool stopped, running, collecting;
  ARRAY(uint8_t) points; // by offset of the code: what is there
  // The transition that goes on.
  bool open, drawn, replay;
  bool followed; // before is the term after the last step
  TraceLoop begin;
  ptrdiff_t begin_code;          // the offset of its pc: code moves when more is made
  uint64_t rewrites[RULE_COUNT]; // when it began
  TraceMark redex;
  const char *rule;
  const Rule *source;
  uint32_t index;
  Word subject;         // the λ, number, constructor … that a dup or an operation works on
  uint32_t limit, done; // early steps that may be taken; that were
  uint64_t done_rewrites;
  bool refused;           // an early step was not taken: its redex
  bool mark_next;         // is the next node,
  bool mark_focus;        // or what the transition leaves to be reduced
  const char *early_rule; // of the last one
  ARRAY(TraceMark) marks;
  ARRAY(Location) values; // of the last early step: variables that stand for its result
  ARRAY(Location) lost;
  unsigned lifted; // 1: a λ came out of a dup just before
  // A call whose steps are shown as one.
  bool hiding;
  size_t hidden_height;
  uint64_t hidden_from;
  const char *hidden_rule;
  TracePicture before, after;
  // Strict code: see trace_strict.c.
  bool strict; // there is some
  ARRAY(TraceLevel) levels;
  const char *leaving; // how the innermost strict call just ended
  TraceInstruction instruction;
  uint64_t rewrites_before; // when the reduction began
  uint64_t uncounted;       // steps that are no rewrites: calls that strict code gave back
  uint64_t inside;          // steps that were shown inside of the outermost limited call
  // Names.
  ARRAY(TraceNames) names; // by location
  ARRAY(TraceBase) bases;
  Location first;      // the location of the first name
  uint32_t pending[2]; // names for the dup that comes next
  uint64_t serial;
  // A copy of the machine when the transition began.
  struct {
    ARRAY(Word) cells, stack;
    ARRAY(TraceBase) bases;
    ARRAY(Location) lost;
    Location bump, bump_limit, free_lists[NATIVE_SIZES], runs, heap_end, touched;
    uint64_t rewrites[RULE_COUNT], cycle_debt, next_label, serial;
    bool cycles_possible, stale;
    size_t stack_from;
#ifdef HVM_CHECK
    ARRAY(uint8_t) sizes;
#endif
  } saved;
};

static inline TraceLevel *trace_level(const Trace *trace) { return &trace->levels.items[trace->levels.count - 1]; }

enum { POINT_ENTRY = 1, POINT_RULE = 2, POINT_BINDER = 4 };

// A state begins: ends a transition, may begin another. Returns how the loop goes on: elsewhere when a transition is
// run once more.
TraceState trace_point(Machine *machine, TraceLoop *loop);
// An instruction with a note is next.
void trace_binder(Machine *machine, const int32_t *pc);

// May an early step be taken now?
bool trace_early(Trace *trace, const char *rule);

static inline unsigned trace_point_at(const Machine *machine, const int32_t *pc) { // code that was made later has none
  size_t offset = (size_t)(pc - machine->shared->code.words.items);
  return offset < machine->trace->points.count ? machine->trace->points.items[offset] : 0;
}
// Is an argument of a strict call reduced before it begins?
static inline bool trace_awaits_argument(const Machine *machine, const int32_t *pc) {
  return pc[0] == CODE_FORCE && pc[4] == machine->shared->code.functions.items[pc[3]]->graph;
}
// Is an instruction looked at before it runs?
bool trace_wants(const Machine *machine, const int32_t *pc);
// Strict code is about to run one. True: a state begins.
bool trace_instruction(Machine *machine, const int32_t *pc, Word *fp);
void trace_enter(Machine *machine, const TraceLoop *loop); // a strict call begins
void trace_leave(Machine *machine, const TraceLoop *loop); // … has ended, if leaving says so
void trace_settle(Machine *machine);     // no transition goes on: strict code may run, and its rewrites are counted
bool trace_conceals(const Trace *trace); // steps are part of one that is shown as a whole
bool trace_shows(const Trace *trace);    // the next step is shown

// trace.c: parts of a step.
uint64_t trace_height(const Machine *machine, const TraceLoop *loop);
void trace_take_picture(Machine *machine, const TraceLoop *loop, TracePicture *picture);
void trace_swap_pictures(Trace *trace);
void trace_emit_move(Machine *machine);
void trace_emit(Machine *machine, TraceStep step);
bool trace_in_window(const Trace *trace, uint64_t number);
bool trace_is_named(const char *const *names, size_t count, const char *name);
const char *trace_function_name(const Machine *machine, unsigned name);
const char *trace_rule_name(const Machine *machine, RuleKind kind);
enum { TRACE_RULE_NAMES = 15 };
extern const char *const trace_rule_names[TRACE_RULE_NAMES]; // all that are not functions
uint64_t trace_total(const uint64_t *rewrites);
_Noreturn void trace_stop(Machine *machine);

// A superposition moved up in an argument of a call, at fp, and will move further: steps of their own.
void trace_lifted(Machine *machine, const FunctionCode *function, Word *fp, unsigned place);
// What stands for the result of an early step.
Word trace_result(Machine *machine, Word value);
void trace_name_lambda(Trace *trace, Location lambda, Location origin);
void trace_name_dup(Trace *trace, Location dup);
void trace_name_fresh(Trace *trace, Location location, const char *base); // what the program has no name for
void trace_skip_names(Trace *trace);                                      // of a dup that is not made

// trace_draw.c: the focus is a term, or a call whose arguments are in registers.
typedef struct {
  Word *top; // of the stack
  Word term;
  const Word *registers; // NULL: the focus is the term
  uint64_t base;         // the height of the strict call in which it is: what stands above is drawn; 0: all
  const char *operation; // not NULL: instead, these words are drawn, as its operands unless it is empty
  const Word *words;
  unsigned count;
} TraceFocus;
void trace_draw(Machine *machine, const TraceFocus *focus, TracePicture *picture, const TraceMark *marks, size_t count);
// trace_lambda.c: the λ that a function was made of, without the first of its parameters.
void trace_lambda_print(const Program *program, Buffer *out, const Function *function, uint32_t skipped);
size_t trace_name_length(const char *name); // of a variable, without what linear.c added
void trace_name_print(Trace *trace, Buffer *out, Location location, unsigned side, bool dup);

#endif
