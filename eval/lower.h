// Lowering: what lower.c, lower_tree.c, block.c and build.c share.
//
// A rule's body is walked in the order in which its parts are demanded; steps are appended at `at`. What is known on
// the way down one path of the unit (which binder is which variable, which terms were computed already, what kind of
// term a variable holds, which constructors were taken apart) is saved where paths part.
#ifndef HVM_EVAL_LOWER_H
#define HVM_EVAL_LOWER_H

#include "lang/match.h"
#include "strict.h"

// An instance of a function: the unit's own, or one that was inlined.
typedef struct Scope {
  const struct Scope *caller;
  const Function *function;
  Atom *arguments;
} Scope;

// What a binder stands for, or a term was computed to, in a scope. A delayed value is built or computed at its first
// use.
typedef struct Entry {
  const struct Entry *next;
  const void *key; // Binder or Term
  const Scope *scope;
  Atom atom; // NO_ATOM: delayed
  Term *delayed;
  const Scope *delayed_scope;
  uint32_t sides; // how many binders stand for what is delayed
} Entry;

// A constructor of which the fields are known: matched and taken apart, or not built yet.
typedef struct {
  Word key;
  uint32_t count;
  const Atom *fields;
} Shape;

typedef struct {
  Kind kind;
  Atom alias;         // what holds its term now; NO_ATOM: it does itself
  const Shape *shape; // NULL: not taken apart
} Fact;

// What a surprise leaves to the graph: a term; without one, the unit's function with its arguments.
typedef struct {
  const Scope *scope;
  Term *term;
} Root;

typedef struct {
  Strict *strict;
  Unit *unit;
  Arena *arena;
  const Scope *scope;
  const Entry *entries;
  Root root;
  ARRAY(Fact) facts;            // by variable
  ARRAY(const Term *) portions; // calls that make what they give in portions
  Step **at;
  bool in_block;  // a result is the block's, not the unit's
  bool aside;     // what is left after a surprise is being built
  uint32_t steps; // so far
  uint32_t depth; // of inlined functions
  bool failed;    // too large, or nothing that strict code can do
} Lowering;

typedef struct {
  const Scope *scope;
  const Entry *entries;
  Root root;
  Step **at;
  bool in_block;
  uint32_t depth;
  Fact *facts;
  size_t count;
} Saved;
Saved lower_save(Lowering *lowering);
void lower_restore(Lowering *lowering, Saved *saved); // once for each save

Atom lower_variable(Lowering *lowering, Kind kind); // a new one
Atom lower_constant(Lowering *lowering, Word word);
Step *lower_step(Lowering *lowering, StepKind kind, Atom dst, uint32_t count); // appended; arguments to be filled in
void lower_end(Lowering *lowering, StepKind kind, Atom x);                     // … with one argument, the path's last
void lower_bind(Lowering *lowering, const void *key, Atom atom);
// sides: how many keys the term is delayed under.
void lower_delay(Lowering *lowering, const void *key, Term *term, const Scope *scope, uint32_t sides);
void lower_delay_dup(Lowering *lowering, const Term *dup);          // both sides of a dup
const Entry *lower_find(const Lowering *lowering, const void *key); // NULL: none
Atom lower_resolve(const Lowering *lowering, Atom atom);            // through aliases
Kind lower_kind(const Lowering *lowering, Atom atom);
const Shape *lower_shape(const Lowering *lowering, Atom atom); // NULL: not known
void lower_set_shape(Lowering *lowering, Atom x, Word key, uint32_t count, const Atom *fields);
const Loan *lower_loan(const Lowering *lowering, Atom x); // NULL: it is not borrowed
// The atom as an argument: a constructor that was taken apart or not built is built.
Atom lower_use(Lowering *lowering, Atom atom);
Atom lower_shaped(Lowering *lowering, Word key, uint32_t count, const Atom *fields); // a constructor, not built yet
// The atom for a step that only looks at it: what is borrowed stays so.
Atom lower_look(Lowering *lowering, Atom atom);
// Makes sure that a variable holds a value. What it holds changes in place.
void lower_force(Lowering *lowering, Atom atom);
Word lower_operation(Lowering *lowering, const Term *term); // the word of an operation's node
Step *lower_aside(Lowering *lowering); // the steps that leave what is left of the root to the graph

// A part of its own: what it gives becomes one variable, whichever path gave it.
typedef struct {
  Saved saved;
  Step *step;
} Block;
Root lower_root(const Lowering *lowering, Term *term);
Block lower_begin_block(Lowering *lowering, Root root);
Atom lower_end_block(Lowering *lowering, Block *block);

Atom lower_value(Lowering *lowering, Term *term, Demand on); // computes it
void lower_tail(Lowering *lowering, Term *term, Demand on);  // … and leaves the unit, or the block, with it
// lower_tree.c: … with the body of the rule that a tree of the scope's function selects.
void lower_tree(Lowering *lowering, const Tree *tree, Demand on);
Step *lower_fuel(Lowering *lowering); // goes on if there is fuel; aside: there is none
// A field that is demanded with its constructor, as far as there is fuel.
Atom lower_field(Lowering *lowering, Term *term, Demand on);
// An argument of a call that is demanded only as a part of the result (demand_is_late): it is held back like a field,
// but for calls of the unit's own recursion, which go down in some structure: (Flat l (Flat r k)).
bool lower_holds_back(const Lowering *lowering, const Function *callee, Demand on, uint32_t index);
// Such a part: computed as far as there is fuel, if computing it may come back here, so that nothing else would bound
// how far it goes; else computed.
Atom lower_late(Lowering *lowering, Term *term, Demand on);
bool lower_recurs(const Lowering *lowering, Term *term); // may computing it come to the unit's function again?
// Lets other machines compute what an operation's operands or a call's arguments demand, all but one of them; and what
// a constructor's fields do.
void lower_apart(Lowering *lowering, Term *term, const Unit *unit, Demand on); // unit: of the call; NULL: none
// The same for calls that a callee only passes on (pass.c), before the call of it: where there may be sparks, all of it
// is built, and the unit, or the block, left with it.
void lower_pass_apart(Lowering *lowering, Term *term, Demand on);
// A parameter of the unit that it only passes on, or NO_ATOM.
Atom lower_passed(const Lowering *lowering, const Term *argument);
typedef struct {
  Atom *items;
  uint32_t count;
} Sparks;
Sparks lower_fields_apart(Lowering *lowering, const Term *term, Demand on);
void lower_join(Lowering *lowering, Sparks sparks); // when the other fields are there

// The unit for a call, under a demand; NULL: there is none.
Unit *lower_callee(Lowering *lowering, const Term *call, Demand on);
// The arguments of a call of a unit, under these demands, may be calls that make what they give in portions: says so to
// lower_callee.
void lower_mark_portions(Lowering *lowering, const Term *call, const Unit *unit, const Demand *demands);

// Does a cheap function compute with an argument? Others can only be its result.
bool build_computes_with(const Lowering *lowering, const Function *function, uint32_t index);
// A function in the place of its call (whose arguments are built) if those that it computes with are numbers: a block.
Atom lower_cheap_call(Lowering *lowering, Term *term, Scope *scope);
bool lower_has_room(const Lowering *lowering); // for more inlined functions

// HVM.spark in the place of the result: the term is offered if something else may ask for it, too, and the result is
// the other one. Where λs may be open nothing can be offered.
void lower_spark(Lowering *lowering, const Term *term, Demand on);

// How far a field is demanded with its constructor.
Demand lower_field_demand(const Lowering *lowering, NameId constructor, uint32_t field, Demand on);

// build.c: a term that is not demanded (on: how far it will be, for the units that its calls become).
Atom build_term(Lowering *lowering, Term *term, Demand on);
// Builds and returns what is left of the root.
void build_rest(Lowering *lowering);

#endif
