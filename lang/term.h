// Source terms: what the parser builds, the checker resolves and the lineariser rewrites.
//
// Sugar that has a meaning of its own elsewhere is gone: `if` is a call of U60.if, `ask` is an application, `()` is 0,
// parentheses are nothing. Strings and lists stay as they are (a long one must not become a deep term).
// All terms of a program live in its arena. Recursion over terms is bounded by term_depth_limit, which the parser
// checks, and runs on the deep stack of term_run_deep.
#ifndef HVM_LANG_TERM_H
#define HVM_LANG_TERM_H

#include "number.h"
#include "source.h"

typedef uint32_t NameId; // an index into the program's names

// What binds a variable: a λ, let, dup, ask or a pattern.
typedef struct Binder {
  const char *name; // as written: "x", "$x", "_"
  uint32_t symbol;  // the name's number among the program's variables
  Span span;
  uint32_t uses;           // occurrences in terms that survive; set by check, 0 or 1 after linear
  bool scopeless;          // $x
  uint32_t index;          // free for the stage that walks the term: a number of its own
  uint8_t context, demand; // set by demand: what reaches its scope, and what reaches it, by what is demanded outside
  uint32_t effect;         // set by effects: how what it stands for comes by one; 0: it has none
} Binder;

typedef enum {
  TERM_VARIABLE,
  TERM_LAMBDA,
  TERM_APPLY,
  TERM_CALL, // a constructor or a function with all its arguments
  TERM_NUMBER,
  TERM_STRING,
  TERM_LIST,
  TERM_OPERATE,
  TERM_LET,
  TERM_DUP,
  TERM_SUPERPOSE,
  TERM_STRICT,  // !x in a pattern
  TERM_CLOSURE, // a λ that lift.h made a function of
} TermKind;

typedef struct Term Term;
struct Term {
  TermKind kind;
  Span span;
  union {
    struct {
      const char *name;
      Binder *binder;
      uint32_t symbol;
    } variable; // binder: set by check (in a pattern: what it
                // binds, NULL for _)
    struct {
      Binder *binder;
      Term *body;
    } lambda; // binder NULL: λ*
    struct {
      Term *function, **arguments;
      uint32_t count;
    } apply; // count >= 1
    struct {
      Term **arguments;
      uint32_t count;
      NameId name;
      Span name_span;
    } call;
    Number number;
    struct {
      const uint32_t *codes;
      uint32_t count;
    } string; // code points
    struct {
      Term **items;
      uint32_t count;
    } list;
    struct {
      Term *left, *right;
      Operator op;
    } operate;
    struct {
      Binder *binder;
      Term *value, *body;
    } let;
    struct {
      Binder *first, *second;
      Term *value, *body;
    } dup;
    struct {
      Term *first, *second;
    } superpose;
    struct {
      Term *argument;
    } strict;
    struct {
      Term **captured; // variables
      uint32_t count;
      NameId stage;     // the names of its stages (of those with more arguments) and its function follow each other
      uint32_t missing; // arguments until the function runs
    } closure;
  };
};

// Calls visit for every direct part of a term, in the order of the text.
void term_visit_parts(const Term *term, void (*visit)(void *context, Term *part), void *context);

// Runs a function on a very large stack, reserved but not touched. Calls from inside run at once on the same stack.
void term_run_deep(void (*function)(void *), void *argument);
// How much address space may be reserved for one purpose: what is wanted, but no more than a quarter of the process's
// limit, so that everybody else has some left.
size_t term_address_space(size_t wanted);
// Bytes of the stack that we are on; of an ordinary one, what is safe to assume.
size_t term_stack_bytes(void);
// How many levels of nesting a term may have, by the stack that we are on: 4 KiB for each, several millions in all.
uint32_t term_depth_limit(void);

#endif
