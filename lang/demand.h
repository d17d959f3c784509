// Demand analysis: what of an argument is needed for sure when something of the result is.
//
//   LAZY      perhaps nothing
//   WEAK      its weak head normal form: a number, a λ or a constructor
//   SPINE     that, and of its recursive fields the spine again: the cells of a list, the nodes of a tree
//   COMPLETE  that, and all fields completely
//
// Each includes those before it. What is demanded may be evaluated before the call: if it does not end, neither does
// the call have a normal form. A call that no rule matches counts as one that does not end, since everything in a stuck
// call is normalised as well. The results are a fixed point over the components of the call graph, from below for the
// functions, that is from COMPLETE downwards for the demands.
//
// A program that has patterns that match calls of functions, or scopeless variables, is restricted, and so are
// functions for which it matters when something is reduced (effects.h): there only what the patterns of a call look at
// is demanded, and nothing of variables. Programs and functions may become so when a program is extended.
#ifndef HVM_LANG_DEMAND_H
#define HVM_LANG_DEMAND_H

#include "program.h"

typedef enum { DEMAND_LAZY, DEMAND_WEAK, DEMAND_SPINE, DEMAND_COMPLETE } Demand;

// Analyses the functions that are new since the last time: their rules must be matched and linear. On the deep stack.
void demand_analyse(Program *program);

bool demand_is_restricted(const Program *program);

// Is an argument of a call demanded, but only as a part of the result: not for the head of it?
bool demand_is_late(const Program *program, const Function *callee, Demand result, uint32_t index);

// The demand on an argument of a call, built-in functions included, when the call's result is demanded.
Demand demand_of_argument(const Program *program, const Function *callee, Demand result, uint32_t index);

// The demand on what a variable stands for, when its scope is demanded. The scope is the body of the let, dup or λ that
// binds it, or of the rule whose pattern does. The variables that dups make of one value share its demand, which takes
// the uses of all of them together. In constant time.
Demand demand_of_variable(const Program *program, const Term *scope, Demand on, const Binder *binder);

// The same question about such a variable: is it demanded only as a part of what its scope gives?
bool demand_is_late_variable(const Program *program, Demand on, const Binder *binder);

// Is this a recursive field: does the spine of the constructor go on there? Fixed when the constructor is first
// analysed, from the recursions of the program that take it apart or build it.
bool demand_is_spine(const Program *program, NameId constructor, uint32_t field);

#endif
