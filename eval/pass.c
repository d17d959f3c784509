// Which parameters are only passed on: they are the result, or become a field of it, or such a parameter of a call. So
// what is demanded of one need not be there when a call begins, and another machine may compute it meanwhile: in
//
//     (Flat (Bin l r) k) = (Flat l (Flat r k))
//
// the inner call can be a spark.
//
// The inner one may not be an operand: in (+ 1 (Add n k)) the value of k is asked for as soon as the call ends.
//
// As in lend.c this decides about paths, not about results: who needs the value of such a parameter reduces it.
#include "strict.h"

typedef struct {
  Strict *strict;
  const Binder *binder;
  bool other; // it is used in another way
} Pass;

static void find_use(void *context, Term *term) {
  Pass *pass = context;
  pass->other |= term->kind == TERM_VARIABLE && term->variable.binder == pass->binder;
  if (!pass->other) term_visit_parts(term, find_use, pass);
}

// A term that is the result, or a part of it.
static void visit_result(void *context, Term *term) {
  Pass *pass = context;
  while (term->kind == TERM_LET || term->kind == TERM_DUP) {
    find_use(pass, term->kind == TERM_LET ? term->let.value : term->dup.value);
    term = term->kind == TERM_LET ? term->let.body : term->dup.body;
  }
  if (pass->other || (term->kind == TERM_VARIABLE && term->variable.binder == pass->binder)) return;
  if (term->kind == TERM_LIST) {
    term_visit_parts(term, visit_result, pass);
  } else if (term->kind == TERM_CALL) {
    const Function *function = pass->strict->program->names.items[term->call.name].function;
    bool is_if = function && function->builtin == BUILTIN_U60_IF;
    for (uint32_t i = 0; i < term->call.count; i++) {
      bool passes = !function || (is_if ? i > 0 : !function->builtin && strict_passes(pass->strict, function, i));
      (passes ? visit_result : find_use)(pass, term->call.arguments[i]);
    }
  } else {
    find_use(pass, term);
  }
}

static bool rule_passes(Strict *strict, const Rule *rule, uint32_t index) {
  const Term *pattern = rule->patterns[index];
  if (pattern->kind != TERM_VARIABLE) return false;
  Pass pass = {strict, pattern->variable.binder, false};
  if (pass.binder) visit_result(&pass, rule->body);
  return !pass.other;
}

bool strict_passes(Strict *strict, const Function *function, uint32_t index) {
  return strict_all_rules(strict, &strict->passes, function, index, rule_passes);
}
