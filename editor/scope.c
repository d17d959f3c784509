#include "scope.h"

typedef struct {
  const Rule *rule;
  Bounds *bounds;
  VariablePlaces *places;
  bool pattern;
} Walk;

static void add(Walk *walk, Binder *binder, BoundBy by, Span scope, const Binder *partner) {
  if (!binder) return;
  if (binder->scopeless) scope = walk->rule->span;
  if (walk->bounds) ARRAY_PUSH(walk->bounds, (Bound){binder, by, scope, partner});
  if (walk->places) ARRAY_PUSH(walk->places, (VariablePlace){binder->span, binder, true});
}

static void visit(void *context, Term *term) {
  Walk *walk = context;
  switch (term->kind) {
  case TERM_VARIABLE:
    if (walk->pattern)
      add(walk, term->variable.binder, BOUND_BY_PATTERN, walk->rule->span, NULL);
    else if (walk->places)
      ARRAY_PUSH(walk->places, (VariablePlace){term->span, term->variable.binder, false});
    break;
  case TERM_LAMBDA: add(walk, term->lambda.binder, BOUND_BY_LAMBDA, term->lambda.body->span, NULL); break;
  case TERM_LET: add(walk, term->let.binder, BOUND_BY_LET, term->let.body->span, NULL); break;
  case TERM_DUP:
    add(walk, term->dup.first, BOUND_BY_DUP, term->dup.body->span, term->dup.second);
    add(walk, term->dup.second, BOUND_BY_DUP, term->dup.body->span, term->dup.first);
    break;
  default: break;
  }
  term_visit_parts(term, visit, context);
}

static void walk_rule(Walk *walk) {
  walk->pattern = true;
  visit(walk, walk->rule->left);
  walk->pattern = false;
  visit(walk, walk->rule->body);
}

void scope_bounds(const Rule *rule, Bounds *bounds) { walk_rule(&(Walk){.rule = rule, .bounds = bounds}); }
void scope_places(const Rule *rule, VariablePlaces *places) { walk_rule(&(Walk){.rule = rule, .places = places}); }

const Binder *scope_binder_at(const Rule *rule, uint32_t offset) {
  VariablePlaces places = {0};
  const Binder *found = NULL;
  scope_places(rule, &places);
  for (size_t i = 0; i < places.count; i++)
    if (places.items[i].span.start <= offset && offset <= places.items[i].span.end) found = places.items[i].binder;
  ARRAY_FREE(&places);
  return found;
}
