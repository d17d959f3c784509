// Effects: where it matters when something is reduced.
//
// A call of HVM.log and the like has its effect when it is reduced. So whatever may come to one while it is reduced
// must be reduced when the graph would do it, no sooner and no later: its function is *restricted*. The others are
// pure. What they are given, hold and give back has no effect whenever it is reduced: the demands on it may be used
// (demand.h), and other threads may reduce it.
//
// A function is restricted
//   - if it comes to an effect: its rules name a built-in function that has one, or a function that comes to one;
//   - if it is given one: some call of it has an argument that is or holds a term with an effect, such as a call of a
//     function that comes to one, or a λ with such a call in it;
//   - if a variable of a λ in it may be such a term: as soon as one is an argument of a function that is known only at
//     run time, the variables of all λs are taken for that.
// This is a least fixed point: each bit goes from no to yes once, and a function is looked at again when one of its own
// bits does. Whether data hold an effect is not asked of each field: a constructor with one that does is one as a
// whole.
#ifndef HVM_LANG_EFFECTS_H
#define HVM_LANG_EFFECTS_H

#include "program.h"

// A built-in function with an effect.
static inline bool has_effect(const Function *function) {
  return function->builtin >= BUILTIN_LOG && function->builtin <= BUILTIN_SLEEP;
}

// Finds which functions come to an effect, of those of which it is not known yet. A function that was made of a part of
// another one comes to none that the other does not come to.
void effects_find(Program *program);
bool effects_comes(const Function *function); // as found

// Sets Function.restricted, of functions that were not analysed yet, and of others that these give effects to. The
// rules must be linear. On the deep stack.
void effects_analyse(Program *program);

// Why a function is restricted, as the rest of a sentence that begins with its name; text of the program's arena.
const char *effects_reason(Program *program, const Function *function);

#endif
