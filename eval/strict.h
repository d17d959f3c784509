// Strict code: functions whose demands are known, as a tree of steps in direct style.
//
// A unit is a function for one demand on its result. Its parameters that are demanded are values when it begins (the
// caller reduces them), unless it only passes them on; the others are terms as they are. It gives a term: mostly a
// value, else one that the caller reduces on. Whatever does not fit (a superposition, a stuck term, a λ where a number
// should be) leaves the strict code: what is left of the rule's body is built as a graph, with the parts that were
// computed already in their places.
//
//   lower_tree.c  decision tree -> steps: cases, and the bodies of rules in them
//   lower.c       bodies -> steps: what is demanded is computed, helpers are inlined
//   build.c       what is not demanded, and what is left over: graphs
//   own.c         every variable is consumed once: clones, drops, and matched cells reused for what is built
//   lend.c        which parameters are only looked at
//   pass.c        which are only passed on
//   boxes.c       where boxes are to be expected
//   offer.c       arguments in boxes that have other owners: lent, where a version of the unit borrows them
//   assemble.c    steps -> instructions (code.h)
//   emit.c        steps -> C
//   aside.c       the ways aside of what became machine code
#ifndef HVM_EVAL_STRICT_H
#define HVM_EVAL_STRICT_H

#include "code.h"
#include "lang/demand.h"

// A variable (>= 0) of the unit or a constant of the code (~index). Variables hold one word each.
typedef int32_t Atom;
enum { NO_ATOM = INT32_MIN };

typedef enum {
  KIND_ANY,   // any term
  KIND_VALUE, // a constructor, number or λ
  KIND_NUMBER // a number: without cells; a U60 unless the program has floats
} Kind;

typedef enum {
  // dst and arguments; `aside` is where a surprise leads.
  STEP_FORCE,       // x            reduces x in place; aside: it is no value
  STEP_FORCE_FIELD, // dst p        likewise a field (word: its number) of a borrowed constructor, in its place there;
                    //              aside for λs, too: what is lent on is none
  STEP_BORROW,      // x            a borrowed parameter; aside: a λ, which cannot be lent, was given instead
  STEP_KEEP,        // dst x        … and is taken; if x is something else, a copy
  STEP_CHECK,       // x            a number? else aside
  STEP_OPERATE,     // dst a b      word: the node's; aside: not two numbers of a kind
  STEP_LATER,       // dst a b      word: the node's; a number when both are, else a node
  STEP_CALL,        // dst a…       name: the unit's; aside: the result is no value; NULL: it need not be
  STEP_APPLY,       // dst f a…     aside as in STEP_CALL
  STEP_NODE,        // dst a…       word: tag and name; reuse: a variable whose cells are taken
  STEP_OPEN,        // x f…         the fields of a matched constructor; word: its tag and name; keep: its cells stay
  STEP_LAMBDA,      // dst f        a λ without body, and (f) its variable
  STEP_LAMBDA_BODY, // x b          the λ's body
  STEP_LAMBDA_UNUSED, // dst b
  STEP_SUPERPOSE,     // dst a b
  STEP_STRING,        // dst          name: the number of the string
  STEP_LIST,          // dst a…
  STEP_BLOCK,         // dst          aside: steps that end with STEP_RETURN of what dst becomes
  STEP_CLONE,         // dst x        dst is a copy, x stays one; word: both are values
  STEP_COPY,          // dst x        a copy of a borrowed parameter
  STEP_CLONE_FIELD,   // dst p        a copy of a field (word: its number) of a borrowed constructor
  STEP_LEND,          // dst x        x for a callee that borrows it; a λ is copied, and the copy becomes the callee's
  STEP_UNLEND,        // x            after the call: nothing is done, but x lives until here
  STEP_SPARK,         // dst x        x, a call that was built, in a box that is offered to other machines
  STEP_HINT,          // x            HVM.spark: others may reduce it
  STEP_OFFER,         // x            a parameter: if it is in a box of others, the unit goes on that borrows it (name)
  STEP_JOIN,          // x            if it is a spark that nobody took, it is reduced in place
  STEP_DROP,          // x
  STEP_FREE,          // x            the cells of an opened constructor; count of word
  // Ends.
  STEP_CASE,    // x            cases by key; aside: any other value
  STEP_IF,      // x            next: not 0; aside: 0
  STEP_FUEL,    // -            next: go on eagerly; aside: build it for later; word: in portions
  STEP_SHALLOW, // -            next: go on; aside: so few calls deep that it may become a spark: build it
                // word: only if others have few to take
  STEP_FAIL,    // -            no rule matches: always aside
  STEP_RETURN,  // x            the unit's result, or the block's
  STEP_TAIL,    // a…           name: a unit
  STEP_LEAVE,   // f a…         an application in the place of the result
  STEP_GRAPH,   // a…           name: a function whose graph code takes over
} StepKind;

typedef struct Step Step;

typedef struct {
  Word key; // a number, or tag and name
  Step *steps;
} StepCase;

struct Step {
  StepKind kind;
  Atom dst;
  uint32_t count; // of arguments
  Atom *arguments;
  bool *lent; // by argument of a call: the callee borrows it; NULL: none
  Word word;
  NameId name;
  Atom reuse;
  bool keep;
  uint32_t case_count;
  StepCase *cases;
  bool boxed; // of a case, STEP_OPEN, STEP_FORCE_FIELD: it is perhaps in a box (boxes.c)
  Step *next, *aside;
  uint32_t way;   // the number of its way aside in the unit: aside.h
  uint64_t *live; // variables that the step and what follows it use, as a set
};

// What a variable is when it belongs to somebody else: a borrowed parameter, or a field of something borrowed.
typedef struct {
  bool borrowed;
  Atom parent; // NO_ATOM: a parameter
  uint32_t field;
} Loan;

typedef struct Unit {
  NameId name; // its own, for calls of it: the function's, or one made for it
  const Function *function;
  Demand demand;
  bool *values;       // by parameter: a value when the unit begins, since it is demanded,
  bool *passed;       // … or not, though it is: it is only passed on (pass.c)
  bool portions;      // what it gives is made in portions (portions.c)
  uint64_t borrowed;  // parameters that stay the caller's, as a set of the first 64: λs are given (STEP_BORROW)
  ARRAY(Loan) loans;  // by variable
  uint32_t variables; // the parameters are the first
  bool lowered;       // the fields below are known, and it has instructions
  bool reached;       // what machine code is made for: see strict_reach
  Step *steps;        // NULL: only the graph can run this function
  uint32_t calls_itself;
  Step **ways; // the steps with ways aside, by number; NULL: not numbered yet
  uint32_t way_count;
} Unit;

// What was found of a function's parameters (that they are only looked at, or only passed on), as sets of the first 64.
typedef struct {
  uint64_t known, only;
} Uses;
typedef ARRAY(Uses) UsesTable; // by NameId, of functions

// All units, and what is needed to make them.
typedef struct Strict {
  Code *code;
  Program *program;
  bool floats;           // the program has float literals: numbers need not be U60
  bool lambdas;          // it has λs or superpositions
  bool open;             // … λs that are open, or superpositions: there may be cycles
  bool opened;           // by a λ that a reduction so far could come to: units stay as they are for the others
  bool shares;           // clones are boxes (share.h)
  bool restricted;       // see demand.h
  uint32_t restrictions; // how many functions were when they had code already
  ARRAY(Unit *) units;   // in the order in which they were asked for
  ARRAY(Unit *) reached; // those that machine code is made for
  ARRAY(Unit *) by_name; // by NameId; NULL: none
  ARRAY(const Function *) wanted; // called by what only the graph can run
  UsesTable looks, passes;        // lend.c, pass.c
  UsesTable portions[5];          // portions.c
  ARRAY(uint8_t) abilities;       // by NameId, of functions; 0: not known yet
} Strict;

bool strict_can_lower(Strict *strict, const Function *function);
bool strict_can_inline(Strict *strict, const Function *function,
                       const Function *caller); // small, and no loop of its own

// The unit of a function under a demand; NULL: this function has none. Its steps and instructions are made by
// strict_ready, at the latest when it is called for the first time.
Unit *strict_unit(Strict *strict, const Function *function, Demand demand);
// The unit that does the same with some parameters borrowed.
Unit *strict_borrowing(Strict *strict, const Unit *unit, uint64_t borrowed);
// The unit that does the same in portions: a reduction of it makes no sparks, and only so much at a time as on one
// thread.
Unit *strict_portions(Strict *strict, Unit *unit);
// Is a call that is the argument of a unit for a parameter which it demands to be one of such a unit?
bool strict_wants_portions(Strict *strict, const Unit *unit, uint32_t index, const Term *argument);
// Does something hold of a parameter in all rules of its function, which must be one that strict code can be made for?
// The answers are kept in the table; those that are being found are taken to be true.
bool strict_all_rules(Strict *strict, UsesTable *table, const Function *function, uint32_t index,
                      bool (*holds)(Strict *strict, const Rule *rule, uint32_t index));
// Is a parameter, a value, only looked at, so that borrowing it saves copies?
bool strict_lendable(Strict *strict, const Unit *unit, uint32_t index);
// Is a parameter taken apart, and more done with it than looking?
bool strict_consumes(Strict *strict, const Function *function, uint32_t index);
// Is a parameter only passed on, so that its value may be missing when a call begins?
bool strict_passes(Strict *strict, const Function *function, uint32_t index);
Strict *strict_new(Code *code, Program *program);
void strict_free(Strict *strict);
// Before a function's unit is asked for, when the program may have grown.
void strict_begin(Strict *strict, const Function *function);
// Makes the steps and instructions of a unit.
void strict_ready(Strict *strict, Unit *unit);
// The unit that a reduction begins with; NULL: the graph's code.
Unit *strict_start(Strict *strict, const Function *function);
// Finds the units that this reduction needs if it meets no surprise, for machine code, and makes them ready. NULL:
// those of all functions. any: other reductions may come, too, so λs are taken to be open if any of the program is.
void strict_reach(Strict *strict, const Function *function, bool any);

// The passes over a unit, in this order.
void strict_lower(Strict *strict, Unit *unit);         // lower_tree.c
void strict_own(Strict *strict, Unit *unit);           // own.c
void strict_assemble(Strict *strict, Unit *unit);      // assemble.c
void strict_offer(Strict *strict, Unit *unit);         // offer.c: only for machine code
void strict_find_boxes(Strict *strict);                // boxes.c: likewise, of all units that are reached
void strict_declare(Strict *strict, const Unit *unit); // assemble.c: instructions that ask for the unit's

// The steps as text: of one unit, and of all units of a function that were made.
void strict_dump(const Strict *strict, const Unit *unit, Buffer *out);
void strict_dump_function(const Strict *strict, const Function *function, Buffer *out);

// Does a case ask for constructors with fields? Boxes have no others in them.
bool step_opens(const Strict *strict, const Step *step);

static inline unsigned bit_words(uint32_t count) { return (count + 63) / 64; }
static inline bool bit_has(const uint64_t *set, Atom x) { return x >= 0 && set[x / 64] >> (x % 64) & 1; }
static inline void bit_add(uint64_t *set, Atom x) {
  if (x >= 0) set[x / 64] |= (uint64_t)1 << (x % 64);
}
static inline void bit_remove(uint64_t *set, Atom x) {
  if (x >= 0) set[x / 64] &= ~((uint64_t)1 << (x % 64));
}

#endif
