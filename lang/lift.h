// Lambda lifting: λs that become closures.
//
//   … λx b …     with the free variables y z     … closure L y z …
//                                                (L y z x) = b
// Consecutive λs become one closure that waits for as many arguments. Cloning a closure clones what it captured, like
// the fields of a constructor; b runs when the last argument is there.
//
// With sharing by need all λs become closures: what stands under a λ is computed anew for each application, as in
// Haskell, and every λ-term is evaluated soundly. With optimal sharing only those do where nothing under the λ can
// reduce before its variable arrives, so that no sharing is lost; what can, but needs none of the variables, is bound
// in front of the closure, where all its copies share it. The others stay λs, whose copies share what is reduced under
// them.
#ifndef HVM_LANG_LIFT_H
#define HVM_LANG_LIFT_H

#include "program.h"

// Before linear_rule, on the deep stack. Adds functions to the program, with rules that are neither matched nor lifted
// yet (nor need to be lifted). Does the rule have a λ that is no closure now?
bool lift_rule(Program *program, Rule *rule);

#endif
