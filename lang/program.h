// A program: names, functions with their rules, and everything the run-time needs to know about them.
//
// The stages, each with its own header, fill it in order:
//   parse   text -> terms; syntax diagnostics
//   check   names, arities, scopes; counts the uses of every binder
//   match   the rules of a function -> one decision tree
//   linear  every variable occurs at most once (dup inserted, let substituted)
//   demand  what is needed of every argument and variable for sure
// program_load runs them all. A program can be extended (a file, then an expression): names and functions stay.
#ifndef HVM_LANG_PROGRAM_H
#define HVM_LANG_PROGRAM_H

#include "diagnostic.h"
#include "intern.h"
#include "term.h"

typedef struct Tree Tree;                       // match.h
typedef struct FunctionDemand FunctionDemand;   // demand.c
typedef struct FunctionEffects FunctionEffects; // effects.c

enum { ARITY_LIMIT = 255, NAME_LIMIT = 1 << 22 };

typedef enum {
  BUILTIN_NONE,
  BUILTIN_U60_IF,
  BUILTIN_U60_SWAP,
  BUILTIN_SPARK,
  BUILTIN_LOG,
  BUILTIN_PRINT,
  BUILTIN_QUERY,
  BUILTIN_STORE,
  BUILTIN_LOAD,
  BUILTIN_SLEEP,
  BUILTIN_CONSTRUCTOR
} Builtin;

typedef struct Rule {
  Term *left, *body; // as parsed
  NameId function;   // the rest is set by check
  uint32_t arity;
  Term **patterns;
  Span span, head; // the whole rule; its left side
  const Source *source;
  bool reachable;          // set by match
  const Term *open_lambda; // the first λ in it that is no closure; set by lift; NULL: none, or nobody looked
  uint32_t number;         // among those of its function; set by code, as the next one
  bool calls;              // its body has calls or applications
} Rule;

// A place in a function's arguments: numbers below the arity are the arguments themselves, the others fields of what is
// at another occurrence, whatever the constructor there. 0 in a link: none (an argument is nobody's child).
typedef struct {
  uint32_t parent, field, argument, depth, first_child, next_sibling;
} Occurrence;

typedef struct Function {
  NameId name;
  uint32_t arity;
  Builtin builtin;
  ARRAY(Rule *) rules;
  bool strict[ARITY_LIMIT + 1]; // argument positions that some rule inspects
  Tree *tree;
  uint32_t component;            // of the call graph: functions that call each other have the same; set by demand
  bool recursive;                // it may call itself, perhaps through others
  ARRAY(Occurrence) occurrences; // indexed by number, arguments included; set by match
  bool compiled;                 // match and linear are done
  bool opens;                    // one of its rules has a λ that is no closure; set by lift
  bool lifted;                   // made of a λ: see lift.h
  bool made;                     // for known λs: see specialise.h
  bool by_need;                  // its λs become closures, whatever they have under them
  NameId original;               // of such a function: what a call of it becomes that gets stuck; else 0
  bool restricted;               // it matters when it is reduced: see effects.h
  FunctionEffects *effects;      // NULL: none were looked for
  FunctionDemand *demand;        // of its arguments; NULL before the analysis and for built-in functions
} Function;

// Where a name was first used with an arity, for diagnostics and printing.
typedef struct Name {
  const char *text;
  uint32_t size, arity;
  bool known; // arity is fixed
  bool builtin;
  Function *function; // NULL: a constructor
  bool *spine;        // of a constructor: which fields are recursive; NULL: none
  uint32_t missing;   // a closure's stage: arguments until its function runs, whose name is so many further on; else 0
  const Source *source; // of the first use; NULL for built-in names
  Span span;
} Name;

enum { // built-in names have fixed numbers
  NAME_STRING_CONS,
  NAME_STRING_NIL,
  NAME_LIST_CONS,
  NAME_LIST_NIL,
  NAME_BOTH,
  NAME_U60_IF,
  NAME_U60_SWAP,
  NAME_LOG,
  NAME_PRINT,
  NAME_QUERY,
  NAME_STORE,
  NAME_LOAD,
  NAME_SLEEP,
  NAME_SPARK,
  NAME_BUILTIN_COUNT
};

typedef struct Program {
  Arena arena;
  ARRAY(Name) names;          // indexed by NameId
  Interner name_ids, symbols; // of names and of variables
  ARRAY(Function *) functions;
  ARRAY(Source *) sources;
  ARRAY(Rule *) rules;        // of the source that is being loaded
  bool keep_lambdas;          // no λ becomes a closure: for tests of what comes after lift
  bool specialise;            // functions are made for known λs: to be set before rules are loaded
  bool share_by_need;         // all λs become closures: to be set before rules are loaded
  bool has_scopeless;         // some rule uses $x
  bool has_superposition;     // some rule has {a b}
  bool has_lambdas;           // some rule has a λ
  bool has_open_lambdas;      // … that is no closure (lift.h): terms may be below its variable
  bool has_floats;            // some rule has a float
  bool has_effects;           // some rule names HVM.log or another built-in function with an effect; set by demand
  bool lambdas_given_effects; // some function that is known at run time only may be given one; set by effects
  uint32_t restrictions;      // functions that became restricted when they had been analysed already
  bool has_call_patterns;     // some pattern names a function; set by demand
  bool has_sparks;            // some rule names HVM.spark; set by demand
  uint32_t components;        // numbers given to components of the call graph
  size_t analysed_functions, analysed_names; // how many of each demand_analyse has seen
  Diagnostics diagnostics;
} Program;

Program *program_new(void);
void program_free(Program *program);

NameId program_name(Program *program, const char *text, size_t size); // interned
bool program_find_name(const Program *program, const char *text, size_t size, NameId *name);

// Parses and checks the rules of a source text (copied), as far as check.h: terms are as written, binders resolved,
// uses counted. Returns false, with diagnostics, when it has errors.
bool program_read(Program *program, const char *path, const char *text, size_t size);
// Decision trees, linear bodies and demands for every function that has none yet.
void program_compile(Program *program);
// Both. All rules of a function come from one source.
bool program_load(Program *program, const char *path, const char *text, size_t size);

// Forgets functions, arities and diagnostics, as if nothing had been checked yet; what parse made stays.
void program_forget(Program *program);

// An expression, read or loaded as a function without arguments that has no name a program can write. NULL on errors.
Function *program_read_expression(Program *program, const char *path, const char *text, size_t size);
Function *program_load_expression(Program *program, const char *path, const char *text, size_t size);

#endif
