// What strict code does not compute: graphs for what is not demanded, and for what is left after a surprise.
#include "lower.h"

static Atom build_node(Lowering *lowering, Word word, Term **terms, uint32_t count, const Demand *demands) {
  if (count == 0 && word_tag(word) != TAG_CAL) return lower_constant(lowering, word);
  Atom *fields = ARENA_ARRAY(lowering->arena, Atom, count);
  for (uint32_t i = 0; i < count; i++) fields[i] = build_term(lowering, terms[i], demands ? demands[i] : DEMAND_LAZY);
  if (word_tag(word) == TAG_CTR) return lower_shaped(lowering, word, count, fields);
  for (uint32_t i = 0; i < count; i++) fields[i] = lower_use(lowering, fields[i]);
  Atom dst = lower_variable(lowering, word_tag(word) == TAG_LAM ? KIND_VALUE : KIND_ANY);
  Step *step = lower_step(lowering, STEP_NODE, dst, count);
  step->word = word;
  memcpy(step->arguments, fields, count * sizeof *fields);
  return dst;
}

// Functions that only compute with numbers, without loops and without what can fail, cost less than a node that
// remembers their call. So a call that is not demanded is computed all the same if its arguments are numbers by now.

enum { CHEAP_TERMS = 40 };

static const Function *called_function(const Lowering *lowering, const Term *term) {
  return term->kind == TERM_CALL ? lowering->strict->program->names.items[term->call.name].function : NULL;
}

// Counts the terms that computing it takes at most, down from *left.
static bool is_cheap_function(const Lowering *lowering, const Function *function, uint32_t *left);

static bool is_cheap_body(const Lowering *lowering, const Term *term, uint32_t *left) {
  if (*left == 0) return false;
  --*left;
  switch (term->kind) {
  case TERM_VARIABLE:
  case TERM_NUMBER: return true;
  case TERM_OPERATE: {
    const Term *divisor = term->operate.right;
    bool divides = term->operate.op == OP_DIV || term->operate.op == OP_MOD;
    if (divides && (divisor->kind != TERM_NUMBER || divisor->number == number_u60(0))) return false;
    return is_cheap_body(lowering, term->operate.left, left) && is_cheap_body(lowering, term->operate.right, left);
  }
  case TERM_DUP: return is_cheap_body(lowering, term->dup.value, left) && is_cheap_body(lowering, term->dup.body, left);
  case TERM_CALL: {
    const Function *function = called_function(lowering, term);
    if (!function) return false;
    for (uint32_t i = 0; i < term->call.count; i++)
      if (!is_cheap_body(lowering, term->call.arguments[i], left)) return false;
    return function->builtin == BUILTIN_U60_IF || is_cheap_function(lowering, function, left);
  }
  default: return false;
  }
}

static bool is_cheap_function(const Lowering *lowering, const Function *function, uint32_t *left) {
  if (function->builtin || function->recursive || !strict_can_lower(lowering->strict, function)) return false;
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    for (uint32_t k = 0; k < rule->arity; k++) {
      const Term *pattern = rule->patterns[k];
      while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
      if (pattern->kind != TERM_VARIABLE && pattern->kind != TERM_NUMBER) return false;
    }
    if (!is_cheap_body(lowering, rule->body, left)) return false;
  }
  return true;
}

typedef struct {
  const Binder *binder;
  bool found;
} Use;

// Is something computed with a variable of the term? Else it is only a part of what may be the result.
static void find_use(void *context, Term *term) {
  Use *use = context;
  if (term->kind == TERM_VARIABLE) use->found |= term->variable.binder == use->binder;
  term_visit_parts(term, find_use, use);
}

static bool is_computed_with(const Lowering *lowering, Term *term, const Binder *binder) {
  Use use = {binder, false};
  if (term->kind == TERM_VARIABLE) return false;
  const Function *function = called_function(lowering, term);
  if (!function || function->builtin != BUILTIN_U60_IF) {
    find_use(&use, term);
    return use.found;
  }
  find_use(&use, term->call.arguments[0]);
  return use.found || is_computed_with(lowering, term->call.arguments[1], binder) ||
         is_computed_with(lowering, term->call.arguments[2], binder);
}

// Does some rule want a constructor there?
static bool takes_apart(const Function *function, uint32_t index) {
  NameId name;
  for (size_t i = 0; i < function->rules.count; i++)
    if (match_constructor(function->rules.items[i]->patterns[index], &name) != UINT32_MAX) return true;
  return false;
}

bool build_computes_with(const Lowering *lowering, const Function *function, uint32_t index) {
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    const Term *pattern = rule->patterns[index];
    if (pattern->kind != TERM_VARIABLE) return !takes_apart(function, index);
    if (pattern->variable.binder && is_computed_with(lowering, rule->body, pattern->variable.binder)) return true;
  }
  return false;
}

// A pattern that looks no deeper than at one constructor's fields.
static bool is_shallow(Arena *arena, Term *pattern) {
  NameId name;
  uint32_t fields = match_constructor(pattern, &name);
  for (uint32_t i = 0; fields != UINT32_MAX && i < fields; i++)
    if (match_subpattern(arena, pattern, i)->kind != TERM_VARIABLE) return false;
  return true;
}

// Functions that take constructors apart only to give one of their fields, or something flat, cost less than a node,
// too, where the constructors are there: nothing is reduced by it, and what else they hold can go.
static bool is_projection(const Lowering *lowering, const Function *function) {
  if (function->builtin || function->recursive || !strict_can_lower(lowering->strict, function)) return false;
  if (function->rules.count * function->arity > CHEAP_TERMS) return false;
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    const Term *body = rule->body;
    bool flat = body->kind == TERM_NUMBER ||
                (body->kind == TERM_CALL && body->call.count == 0 && !called_function(lowering, body));
    if (!flat && body->kind != TERM_VARIABLE) return false;
    for (uint32_t k = 0; k < rule->arity; k++)
      if (!is_shallow(lowering->arena, rule->patterns[k])) return false;
  }
  return true;
}

static bool is_cheap_call(const Lowering *lowering, const Term *term, const Function *function) {
  uint32_t left = CHEAP_TERMS;
  if (lowering->aside || !lower_has_room(lowering)) return false;
  if (!is_cheap_function(lowering, function, &left) && !is_projection(lowering, function)) return false;
  for (uint32_t i = 0; i < term->call.count; i++) { // an argument that is no number yet for sure
    const Function *inner = called_function(lowering, term->call.arguments[i]);
    uint32_t rest = CHEAP_TERMS;
    if (inner && !is_cheap_function(lowering, inner, &rest)) return false;
  }
  return true;
}

// NO_ATOM: a constructor that it wants is not there.
static Atom build_cheap_call(Lowering *lowering, Term *term, const Function *function) {
  uint32_t count = term->call.count;
  Scope *scope = ARENA_NEW(lowering->arena, Scope);
  *scope = (Scope){lowering->scope, function, ARENA_ARRAY(lowering->arena, Atom, count + 1)};
  for (uint32_t i = 0; i < count; i++) {
    scope->arguments[i] = build_term(lowering, term->call.arguments[i], DEMAND_LAZY);
    if (takes_apart(function, i) && lower_kind(lowering, scope->arguments[i]) != KIND_VALUE) return NO_ATOM;
  }
  for (uint32_t i = 0; i < count; i++)
    if (!takes_apart(function, i)) scope->arguments[i] = lower_use(lowering, scope->arguments[i]);
  return lower_cheap_call(lowering, term, scope);
}

static Atom build_call(Lowering *lowering, Term *term, Demand on) {
  Program *program = lowering->strict->program;
  NameId name = term->call.name;
  const Function *function = program->names.items[name].function;
  uint32_t count = term->call.count;
  Demand *demands = ARENA_ARRAY(lowering->arena, Demand, count + 1);
  if (!function) {
    for (uint32_t i = 0; i < count; i++) demands[i] = lower_field_demand(lowering, name, i, on);
    return build_node(lowering, word_make(TAG_CTR, name, 0), term->call.arguments, count, demands);
  }
  Atom made = is_cheap_call(lowering, term, function) ? build_cheap_call(lowering, term, function) : NO_ATOM;
  if (made != NO_ATOM) return made;
  if (on < DEMAND_WEAK) on = DEMAND_WEAK; // if it is reduced at all
  for (uint32_t i = 0; i < count; i++) demands[i] = demand_of_argument(program, function, on, i);
  Unit *unit = lower_callee(lowering, term, on);
  if (unit) lower_mark_portions(lowering, term, unit, demands);
  return build_node(lowering, word_make(TAG_CAL, unit ? unit->name : name, 0), term->call.arguments, count, demands);
}

static Atom build_operation(Lowering *lowering, const Term *term) {
  Atom left = lower_use(lowering, build_term(lowering, term->operate.left, DEMAND_LAZY));
  Atom right = lower_use(lowering, build_term(lowering, term->operate.right, DEMAND_LAZY));
  bool known = lower_kind(lowering, left) == KIND_NUMBER && lower_kind(lowering, right) == KIND_NUMBER;
  bool divides = term->operate.op == OP_DIV || term->operate.op == OP_MOD;
  bool total = !divides || (right < 0 && lowering->strict->code->constants.items[~right] != number_u60(0));
  Atom dst = lower_variable(lowering, known && total && !lowering->strict->floats ? KIND_NUMBER : KIND_ANY);
  Step *step = lower_step(lowering, STEP_LATER, dst, 2);
  step->word = lower_operation(lowering, term);
  step->arguments[0] = left;
  step->arguments[1] = right;
  return dst;
}

static Atom build_lambda(Lowering *lowering, const Term *term) {
  Binder *binder = term->lambda.binder;
  if (!binder) {
    Atom body = lower_use(lowering, build_term(lowering, term->lambda.body, DEMAND_LAZY));
    Atom dst = lower_variable(lowering, KIND_VALUE);
    lower_step(lowering, STEP_LAMBDA_UNUSED, dst, 1)->arguments[0] = body;
    return dst;
  }
  Atom lambda = lower_variable(lowering, KIND_VALUE), variable = lower_variable(lowering, KIND_ANY);
  lower_step(lowering, STEP_LAMBDA, lambda, 1)->arguments[0] = variable;
  lower_bind(lowering, binder, variable);
  Atom body = lower_use(lowering, build_term(lowering, term->lambda.body, DEMAND_LAZY));
  Step *step = lower_step(lowering, STEP_LAMBDA_BODY, NO_ATOM, 2);
  step->arguments[0] = lambda;
  step->arguments[1] = body;
  return lambda;
}

static Atom build_apply(Lowering *lowering, const Term *term) {
  Atom function = lower_use(lowering, build_term(lowering, term->apply.function, DEMAND_LAZY));
  for (uint32_t i = 0; i < term->apply.count; i++) {
    Atom argument = lower_use(lowering, build_term(lowering, term->apply.arguments[i], DEMAND_LAZY));
    Atom dst = lower_variable(lowering, KIND_ANY);
    Step *step = lower_step(lowering, STEP_NODE, dst, 2);
    step->word = TAG_APP;
    step->arguments[0] = function;
    step->arguments[1] = argument;
    function = dst;
  }
  return function;
}

static Atom build_string(Lowering *lowering, const Term *term) {
  Code *code = lowering->strict->code;
  if (term->string.count == 0) return lower_constant(lowering, word_make(TAG_CTR, NAME_STRING_NIL, 0));
  uint32_t *codes = ARENA_ARRAY(&code->arena, uint32_t, term->string.count);
  memcpy(codes, term->string.codes, term->string.count * sizeof *codes);
  ARRAY_PUSH(&code->strings, (CodeString){codes, term->string.count});
  Atom dst = lower_variable(lowering, KIND_VALUE);
  lower_step(lowering, STEP_STRING, dst, 0)->name = (NameId)(code->strings.count - 1);
  return dst;
}

static Atom build_list(Lowering *lowering, const Term *term, Demand on) {
  uint32_t count = term->list.count;
  if (count == 0) return lower_constant(lowering, word_make(TAG_CTR, NAME_LIST_NIL, 0));
  Atom *items = ARENA_ARRAY(lowering->arena, Atom, count);
  for (uint32_t i = 0; i < count; i++)
    items[i] = lower_use(lowering, build_term(lowering, term->list.items[i], on == DEMAND_COMPLETE ? on : DEMAND_LAZY));
  Atom dst = lower_variable(lowering, KIND_VALUE);
  Step *step = lower_step(lowering, STEP_LIST, dst, count);
  memcpy(step->arguments, items, count * sizeof *items);
  return dst;
}

static Atom build_variable(Lowering *lowering, const Term *term, Demand on) {
  const Entry *entry = lower_find(lowering, term->variable.binder);
  if (!entry) {
    lowering->failed = true;
    return lower_constant(lowering, number_u60(0));
  }
  if (entry->atom != NO_ATOM) return entry->atom;
  const Scope *scope = lowering->scope;
  lowering->scope = entry->delayed_scope;
  Atom atom = build_term(lowering, entry->delayed, on);
  lower_bind(lowering, entry->delayed, atom); // for the other side of its dup
  lowering->scope = scope;
  lower_bind(lowering, term->variable.binder, atom);
  return atom;
}

static Atom build(Lowering *lowering, Term *term, Demand on) {
  switch (term->kind) {
  case TERM_VARIABLE: return build_variable(lowering, term, on);
  case TERM_NUMBER: return lower_constant(lowering, term->number);
  case TERM_STRING: return build_string(lowering, term);
  case TERM_LIST: return build_list(lowering, term, on);
  case TERM_CALL: return build_call(lowering, term, on);
  case TERM_APPLY: return build_apply(lowering, term);
  case TERM_LAMBDA: return build_lambda(lowering, term);
  case TERM_CLOSURE:
    return build_node(lowering, word_make(TAG_LAM, term->closure.stage, 0), term->closure.captured, term->closure.count,
                      NULL);
  case TERM_OPERATE: return build_operation(lowering, term);
  case TERM_SUPERPOSE: {
    Atom first = lower_use(lowering, build_term(lowering, term->superpose.first, DEMAND_LAZY));
    Atom second = lower_use(lowering, build_term(lowering, term->superpose.second, DEMAND_LAZY));
    Atom dst = lower_variable(lowering, KIND_ANY);
    Step *step = lower_step(lowering, STEP_SUPERPOSE, dst, 2);
    step->arguments[0] = first;
    step->arguments[1] = second;
    return dst;
  }
  case TERM_DUP:
    if (!lower_find(lowering, term->dup.first)) lower_delay_dup(lowering, term);
    return build_term(lowering, term->dup.body, on);
  case TERM_LET: return build_term(lowering, term->let.body, on); // what is not used is not built
  case TERM_STRICT: break;
  }
  lowering->failed = true;
  return lower_constant(lowering, number_u60(0));
}

// What is built is built once: a way aside takes it from there.
Atom build_term(Lowering *lowering, Term *term, Demand on) {
  const Entry *computed = lower_find(lowering, term);
  if (computed) return computed->atom;
  Atom atom = build(lowering, term, on);
  if (term->kind != TERM_VARIABLE && term->kind != TERM_NUMBER) lower_bind(lowering, term, atom);
  return atom;
}

void build_rest(Lowering *lowering) {
  const Root root = lowering->root;
  if (root.term) {
    const Scope *scope = lowering->scope;
    lowering->scope = root.scope;
    Atom atom = build_term(lowering, root.term, DEMAND_LAZY);
    lower_end(lowering, STEP_RETURN, lower_use(lowering, atom));
    lowering->scope = scope;
    return;
  }
  uint32_t arity = root.scope->function->arity;
  Atom *atoms = ARENA_ARRAY(lowering->arena, Atom, arity + 1);
  for (uint32_t i = 0; i < arity; i++) atoms[i] = lower_use(lowering, root.scope->arguments[i]);
  Step *step = lower_step(lowering, STEP_GRAPH, NO_ATOM, arity);
  memcpy(step->arguments, atoms, arity * sizeof *atoms);
  step->name = root.scope->function->name;
}
