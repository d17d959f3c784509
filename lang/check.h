// Names, arities, scopes: everything that can be wrong with a rule whose syntax is right.
//
// In:  the rules that parse appended to program->rules.
// Out: every rule has its function, arity and patterns; every variable its binder; the functions exist. Rules with
//      errors, and rules for built-in names (a warning), are left out.
#ifndef HVM_LANG_CHECK_H
#define HVM_LANG_CHECK_H

#include "program.h"

// Checks the rules of a source and distributes them to their functions. Rules may be checked again when what was known
// of them is forgotten (program_forget).
void check_rules(Program *program, const Source *source);
// Checks the body of a rule that has no parameters.
void check_expression(Program *program, const Source *source, Term *body);
// Gives the built-in names their numbers and arities; once per program.
void check_add_builtins(Program *program);

#endif
