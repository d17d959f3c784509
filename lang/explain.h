// The demand analysis as text for people: what hvm check --demand and --explain show.
#ifndef HVM_LANG_EXPLAIN_H
#define HVM_LANG_EXPLAIN_H

#include "program.h"

// One line for each function, in the order of the text; a second one where a result that is needed completely needs
// more. What the marks mean is in docs/demand.md.
void explain_all(Program *program, Buffer *out);

// A function that rules are for, or a built-in one if these are wanted; NULL, with a diagnostic: none has that name.
const Function *explain_find(Program *program, const char *name, bool builtins);

// Why each argument of a function is or is not needed, with the places that decide. False, with a diagnostic, when no
// rule has that name.
bool explain_function(Program *program, const char *name, Buffer *out);

#endif
