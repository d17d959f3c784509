// Which parameters are only passed on: they are the result, or become a field of it, or such a parameter of a call. So
// what is demanded of one need not be there when a call begins, and another machine may compute it meanwhile: in
//
//     (Flat (Bin l r) k) = (Flat l (Flat r k))
//
// the inner call can be a spark.
//
// As in lend.c this decides about paths, not about results: who needs the value of such a parameter reduces it.
#include "strict.h"

static void visit(void *context, Term *term);

typedef struct {
  Strict *strict;
  const Binder *binder;
  bool other; // it is used in another way
} Pass;

static bool is_it(const Pass *pass, const Term *term) {
  return term->kind == TERM_VARIABLE && term->variable.binder == pass->binder;
}

static void visit_result(Pass *pass, Term *term) {
  while (term->kind == TERM_LET || term->kind == TERM_DUP) {
    visit(pass, term->kind == TERM_LET ? term->let.value : term->dup.value);
    term = term->kind == TERM_LET ? term->let.body : term->dup.body;
  }
  if (!is_it(pass, term)) visit(pass, term);
}

static void visit(void *context, Term *term) {
  Pass *pass = context;
  if (pass->other) return;
  if (is_it(pass, term)) {
    pass->other = true;
  } else if (term->kind != TERM_CALL) {
    term_visit_parts(term, visit, pass);
  } else {
    const Function *function = pass->strict->program->names.items[term->call.name].function;
    for (uint32_t i = 0; i < term->call.count; i++) {
      Term *argument = term->call.arguments[i];
      if (!is_it(pass, argument))
        visit(pass, argument);
      else
        pass->other |= function && !strict_passes(pass->strict, function, i);
    }
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
