// Linearisation: after it every variable occurs at most once.
//
//   a variable used n >= 2 times   n - 1 dups around the scope of its binder: dup x.0 r = x; dup x.1 x.2 = r
//   let x = t, x used once         t in the place of x
//   let x = t, x used n >= 2 times dup x.0 x.1 = t …
//   let x = t, x not used          gone (kept where t holds a scopeless variable: it is built and erased)
//   dup with an unused side        as let (a scopeless one of which a side is used stays: the other side is erased)
// Every Binder's uses is 0 or 1 afterwards; a λ whose variable is not used has a NULL binder.
#ifndef HVM_LANG_LINEAR_H
#define HVM_LANG_LINEAR_H

#include "program.h"

// Rewrites rule->body in place; must run on the deep stack. The pattern variables' own uses are counted afresh.
void linear_rule(Program *program, Rule *rule);

#endif
