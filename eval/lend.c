// Which parameters are only looked at: matched, computed with, and handed on to such parameters. Where clones are
// boxes, parts of them may be kept: cloning a part where it is costs no more than what a parameter's owner would do.
//
// This decides between copies, not about results: a callee that keeps a part of what it borrowed clones that part. So a
// function that calls itself is taken at its word.
#include "strict.h"

#include "lang/match.h"

enum { LOOK_LIMIT = 64 }; // binders of one parameter that are followed

typedef struct {
  Strict *strict;
  const Binder *binders[LOOK_LIMIT]; // that stand for parts of the parameter
  uint32_t count;
  bool kept; // some part is
} Look;

static bool is_followed(const Look *look, const Term *term) {
  if (term->kind != TERM_VARIABLE) return false;
  for (uint32_t i = 0; i < look->count; i++)
    if (look->binders[i] == term->variable.binder) return true;
  return false;
}

static void follow(Look *look, const Binder *binder) {
  if (!binder) return;
  if (look->count == LOOK_LIMIT)
    look->kept = true;
  else
    look->binders[look->count++] = binder;
}

static bool only_looks(Strict *strict, const Function *function, uint32_t index);

static void visit(void *context, Term *term) {
  Look *look = context;
  if (look->kept) return;
  if (is_followed(look, term)) {
    look->kept = true; // in none of the places below
    return;
  }
  switch (term->kind) {
  case TERM_OPERATE:
    if (!is_followed(look, term->operate.left)) visit(look, term->operate.left);
    if (!is_followed(look, term->operate.right)) visit(look, term->operate.right);
    return;
  case TERM_DUP:
    if (is_followed(look, term->dup.value))
      follow(look, term->dup.first), follow(look, term->dup.second);
    else
      visit(look, term->dup.value);
    visit(look, term->dup.body);
    return;
  case TERM_CALL: {
    const Function *function = look->strict->program->names.items[term->call.name].function;
    for (uint32_t i = 0; i < term->call.count; i++) {
      Term *argument = term->call.arguments[i];
      bool looked = function && (function->builtin == BUILTIN_U60_IF ? i == 0 : only_looks(look->strict, function, i));
      if (!is_followed(look, argument))
        visit(look, argument);
      else if (!looked)
        look->kept = true;
    }
    return;
  }
  default: term_visit_parts(term, visit, look);
  }
}

static void follow_pattern(Look *look, Arena *arena, Term *pattern, bool whole) {
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  if (pattern->kind == TERM_VARIABLE) {
    if (whole || !look->strict->shares) follow(look, pattern->variable.binder);
    return;
  }
  NameId name;
  uint32_t fields = match_constructor(pattern, &name);
  for (uint32_t i = 0; fields != UINT32_MAX && i < fields && i < LOOK_LIMIT; i++)
    follow_pattern(look, arena, match_subpattern(arena, pattern, i), false);
}

static bool rule_only_looks(Strict *strict, const Rule *rule, uint32_t index) {
  Look look = {.strict = strict};
  follow_pattern(&look, &strict->code->arena, rule->patterns[index], true);
  visit(&look, rule->body);
  return !look.kept;
}

static bool only_looks(Strict *strict, const Function *function, uint32_t index) {
  return strict_all_rules(strict, &strict->looks, function, index, rule_only_looks);
}

// Does some rule take it apart? Numbers need no lending.
static bool is_taken_apart(const Function *function, uint32_t index) {
  for (size_t i = 0; i < function->rules.count; i++) {
    Term *pattern = function->rules.items[i]->patterns[index];
    while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
    NameId name;
    uint32_t fields = match_constructor(pattern, &name);
    if (fields != UINT32_MAX && fields > 0) return true;
  }
  return false;
}

bool strict_consumes(Strict *strict, const Function *function, uint32_t index) {
  return is_taken_apart(function, index) && !only_looks(strict, function, index);
}

bool strict_lendable(Strict *strict, const Unit *unit, uint32_t index) {
  return index < 64 && unit->values[index] && is_taken_apart(unit->function, index) &&
         only_looks(strict, unit->function, index);
}
