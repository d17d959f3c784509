// Lowering of decision trees: they become cases, at the ends of which are the bodies of rules; and of whole units.
#include "lower.h"

static void bind_pattern(Lowering *lowering, Term *pattern, Atom atom) {
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  if (pattern->kind == TERM_VARIABLE) {
    if (pattern->variable.binder && pattern->variable.binder->uses)
      lower_bind(lowering, pattern->variable.binder, atom);
    return;
  }
  NameId name;
  uint32_t fields = match_constructor(pattern, &name);
  if (fields == UINT32_MAX || fields == 0) return;
  const Shape *shape = lower_shape(lowering, atom);
  if (!shape) {
    lowering->failed = true;
    return;
  }
  for (uint32_t i = 0; i < fields; i++)
    bind_pattern(lowering, match_subpattern(lowering->arena, pattern, i), shape->fields[i]);
}

static void lower_rule(Lowering *lowering, Rule *rule, Demand on) {
  const Scope *scope = lowering->scope;
  for (uint32_t i = 0; i < rule->arity; i++) {
    if (scope->arguments[i] != NO_ATOM) {
      bind_pattern(lowering, rule->patterns[i], scope->arguments[i]);
      continue;
    }
    // An argument that was delayed when this function was inlined: no rule looks at it.
    Term *pattern = rule->patterns[i];
    const Entry *entry = lower_find(lowering, &scope->arguments[i]);
    if (pattern->kind == TERM_VARIABLE && pattern->variable.binder && entry)
      lower_delay(lowering, pattern->variable.binder, entry->delayed, entry->delayed_scope, 1);
  }
  lowering->root = lower_root(lowering, rule->body);
  lower_tail(lowering, rule->body, on);
}

static Atom occurrence_atom(Lowering *lowering, uint32_t occurrence) {
  const Scope *scope = lowering->scope;
  if (occurrence < scope->function->arity) return scope->arguments[occurrence];
  Occurrence place = scope->function->occurrences.items[occurrence];
  const Shape *shape = lower_shape(lowering, occurrence_atom(lowering, place.parent));
  if (shape && place.field < shape->count) return shape->fields[place.field];
  lowering->failed = true;
  return lower_constant(lowering, number_u60(0));
}

static Word case_key(const TreeCase *one) {
  return one->kind == KEY_NUMBER ? one->number : word_make(TAG_CTR, one->name, 0);
}

// The constructor or number is known already: its case is taken.
static void lower_known_switch(Lowering *lowering, const Tree *tree, Word key, Demand on) {
  for (uint32_t i = 0; i < tree->case_count; i++) {
    if (case_key(&tree->cases[i]) != key) continue;
    lower_tree(lowering, tree->cases[i].tree, on);
    return;
  }
  lower_tree(lowering, tree->otherwise, on);
}

static void lower_case(Lowering *lowering, Atom x, Word key, const Tree *tree, Demand on) {
  uint32_t count = word_tag(key) == TAG_CTR ? lowering->strict->program->names.items[word_extra(key)].arity : 0;
  if (count == 0) {
    lowering->facts.items[x].alias = lower_constant(lowering, key);
  } else {
    Atom *fields = ARENA_ARRAY(lowering->arena, Atom, count);
    for (uint32_t i = 0; i < count; i++) fields[i] = lower_variable(lowering, KIND_ANY);
    if (lower_loan(lowering, x)) {
      for (uint32_t i = 0; i < count; i++) lowering->unit->loans.items[fields[i]] = (Loan){true, x, i};
    } else {
      Step *step = lower_step(lowering, STEP_OPEN, NO_ATOM, count + 1);
      step->arguments[0] = x;
      memcpy(step->arguments + 1, fields, count * sizeof *fields);
      step->word = key;
    }
    lower_set_shape(lowering, x, key, count, fields);
  }
  lower_tree(lowering, tree, on);
}

static void lower_switch(Lowering *lowering, const Tree *tree, Demand on) {
  Atom x = lower_resolve(lowering, occurrence_atom(lowering, tree->occurrence));
  if (lowering->failed) return;
  const Shape *shape = lower_shape(lowering, x);
  if (shape || x < 0) {
    lower_known_switch(lowering, tree, shape ? shape->key : lowering->strict->code->constants.items[~x], on);
    return;
  }
  lower_force(lowering, x);
  Step *step = lower_step(lowering, STEP_CASE, NO_ATOM, 1);
  step->arguments[0] = x;
  step->case_count = tree->case_count;
  step->cases = ARENA_ARRAY(lowering->arena, StepCase, tree->case_count + 1);
  for (uint32_t i = 0; i < tree->case_count && !lowering->failed; i++) {
    Saved saved = lower_save(lowering);
    step->cases[i].key = case_key(&tree->cases[i]);
    lowering->at = &step->cases[i].steps;
    lower_case(lowering, x, step->cases[i].key, tree->cases[i].tree, on);
    lower_restore(lowering, &saved);
  }
  lowering->at = &step->aside;
  lower_tree(lowering, tree->otherwise, on);
}

void lower_tree(Lowering *lowering, const Tree *tree, Demand on) {
  if (lowering->failed) return;
  switch (tree->kind) {
  case TREE_FAIL: {
    Step *step = lower_step(lowering, STEP_FAIL, NO_ATOM, 0);
    step->aside = lower_aside(lowering);
    return;
  }
  case TREE_RULE: lower_rule(lowering, tree->rule, on); return;
  case TREE_SWITCH: lower_switch(lowering, tree, on); return;
  case TREE_CHAIN: lowering->failed = true; return;
  }
}

// The graph's code for a call of which borrowed parameters are λs: these are the unit's own.
static Step *give_to_graph(Lowering *lowering) {
  const Unit *unit = lowering->unit;
  uint32_t arity = unit->function->arity;
  Step *first = NULL;
  Saved saved = lower_save(lowering);
  lowering->at = &first;
  Atom *atoms = ARENA_ARRAY(lowering->arena, Atom, arity + 1);
  for (uint32_t i = 0; i < arity; i++) {
    atoms[i] = lowering->scope->arguments[i];
    if (!lower_loan(lowering, atoms[i])) continue;
    Step *step = lower_step(lowering, STEP_KEEP, lower_variable(lowering, KIND_VALUE), 1);
    step->arguments[0] = atoms[i];
    atoms[i] = step->dst;
  }
  Step *step = lower_step(lowering, STEP_GRAPH, NO_ATOM, arity);
  memcpy(step->arguments, atoms, arity * sizeof *atoms);
  step->name = unit->function->name;
  lower_restore(lowering, &saved);
  return first;
}

static void check_loans(Lowering *lowering) {
  for (uint32_t i = 0; i < lowering->unit->function->arity; i++) {
    if (!lower_loan(lowering, lowering->scope->arguments[i])) continue;
    Step *step = lower_step(lowering, STEP_BORROW, NO_ATOM, 1);
    step->arguments[0] = lowering->scope->arguments[i];
    step->aside = give_to_graph(lowering);
  }
}

void strict_lower(Strict *strict, Unit *unit) {
  const Function *function = unit->function;
  Arena *arena = &strict->code->arena;
  Scope scope = {.function = function, .arguments = ARENA_ARRAY(arena, Atom, function->arity + 1)};
  Scope *kept = ARENA_NEW(arena, Scope);
  *kept = scope;
  Lowering lowering = {.strict = strict, .unit = unit, .arena = arena, .scope = kept, .at = &unit->steps};
  lowering.root = (Root){kept, NULL};
  unit->loans.count = 0;
  for (uint32_t i = 0; i < function->arity; i++) {
    kept->arguments[i] = lower_variable(&lowering, unit->values[i] ? KIND_VALUE : KIND_ANY);
    unit->loans.items[i].borrowed = i < 64 && unit->borrowed >> i & 1;
  }
  if (strict->lambdas) check_loans(&lowering);
  lower_tree(&lowering, function->tree, unit->demand);
  if (lowering.failed) {
    unit->steps = NULL;
    if (unit->borrowed) { // its callers need it all the same: it gives copies to the graph's code
      lowering.failed = false;
      unit->steps = give_to_graph(&lowering);
    }
  }
  unit->variables = (uint32_t)lowering.facts.count;
  ARRAY_FREE(&lowering.facts);
  ARRAY_FREE(&lowering.portions);
}
