// What a reduction can come to.
#ifndef HVM_LANG_REACH_H
#define HVM_LANG_REACH_H

#include "program.h"

// Is there an open λ (lift.h) in the rules of the function, or of those that these name, and so on? start NULL: in any
// rule. In time linear in the rules that are reached. After lift; on the deep stack.
bool reach_open_lambda(const Program *program, const Function *start);

// Calls visit for each of these functions, until it says false.
void reach_functions(const Program *program, const Function *start,
                     bool (*visit)(void *context, const Function *function), void *context);

#endif
