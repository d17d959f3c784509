// Lowering of what is demanded: terms become steps.
#include "lower.h"

enum { STEPS_LIMIT = 4000, APPLY_LIMIT = 64, INLINE_STEPS_LIMIT = 600, INLINE_DEPTH = 5 };

// Paths.

Saved lower_save(Lowering *lowering) {
  size_t count = lowering->facts.count;
  Saved saved = {lowering->scope,    lowering->entries, lowering->root, lowering->at,
                 lowering->in_block, lowering->depth,   NULL,           count};
  saved.facts = malloc((count + 1) * sizeof *saved.facts);
  if (!saved.facts) memory_exhausted();
  if (count) memcpy(saved.facts, lowering->facts.items, count * sizeof *saved.facts);
  return saved;
}

void lower_restore(Lowering *lowering, Saved *saved) {
  lowering->scope = saved->scope;
  lowering->entries = saved->entries;
  lowering->root = saved->root;
  lowering->at = saved->at;
  lowering->in_block = saved->in_block;
  lowering->depth = saved->depth;
  if (saved->count) memcpy(lowering->facts.items, saved->facts, saved->count * sizeof *saved->facts);
  free(saved->facts);
}

// Variables, constants, steps.

Atom lower_variable(Lowering *lowering, Kind kind) {
  ARRAY_PUSH(&lowering->facts, (Fact){kind, NO_ATOM, NULL});
  ARRAY_PUSH(&lowering->unit->loans, (Loan){false, NO_ATOM, 0});
  return (Atom)lowering->facts.count - 1;
}

Atom lower_constant(Lowering *lowering, Word word) {
  Code *code = lowering->strict->code;
  size_t count = code->constants.count;
  for (size_t i = count; i-- > 0 && count - i < 32;)
    if (code->constants.items[i] == word) return ~(Atom)i;
  ARRAY_PUSH(&code->constants, word);
  return ~(Atom)count;
}

Step *lower_step(Lowering *lowering, StepKind kind, Atom dst, uint32_t count) {
  Step *step = ARENA_NEW(lowering->arena, Step);
  step->kind = kind;
  step->dst = dst;
  step->reuse = NO_ATOM;
  step->count = count;
  step->arguments = ARENA_ARRAY(lowering->arena, Atom, count + 1);
  *lowering->at = step;
  lowering->at = &step->next;
  if (++lowering->steps > STEPS_LIMIT) lowering->failed = true;
  return step;
}

void lower_end(Lowering *lowering, StepKind kind, Atom x) { lower_step(lowering, kind, NO_ATOM, 1)->arguments[0] = x; }

// What is known.

static void add_entry(Lowering *lowering, Entry entry) {
  Entry *added = ARENA_NEW(lowering->arena, Entry);
  *added = entry;
  added->next = lowering->entries;
  added->scope = lowering->scope;
  lowering->entries = added;
}

void lower_bind(Lowering *lowering, const void *key, Atom atom) {
  add_entry(lowering, (Entry){.key = key, .atom = atom});
}

void lower_delay(Lowering *lowering, const void *key, Term *term, const Scope *scope, uint32_t sides) {
  add_entry(lowering, (Entry){.key = key, .atom = NO_ATOM, .delayed = term, .delayed_scope = scope, .sides = sides});
}

void lower_delay_dup(Lowering *lowering, const Term *dup) {
  uint32_t sides = 0;
  sides += dup->dup.first->uses > 0;
  sides += dup->dup.second->uses > 0;
  lower_delay(lowering, dup->dup.first, dup->dup.value, lowering->scope, sides);
  lower_delay(lowering, dup->dup.second, dup->dup.value, lowering->scope, sides);
}

const Entry *lower_find(const Lowering *lowering, const void *key) {
  for (const Entry *entry = lowering->entries; entry; entry = entry->next)
    if (entry->key == key && entry->scope == lowering->scope) return entry;
  return NULL;
}

Atom lower_resolve(const Lowering *lowering, Atom atom) {
  while (atom >= 0 && lowering->facts.items[atom].alias != NO_ATOM) atom = lowering->facts.items[atom].alias;
  return atom;
}

Kind lower_kind(const Lowering *lowering, Atom atom) {
  atom = lower_resolve(lowering, atom);
  if (atom >= 0) return lowering->facts.items[atom].kind;
  Word word = lowering->strict->code->constants.items[~atom];
  return word_tag(word) <= TAG_FLO ? KIND_NUMBER : word_is_value(word) ? KIND_VALUE : KIND_ANY;
}

static void set_kind(Lowering *lowering, Atom atom, Kind kind) {
  atom = lower_resolve(lowering, atom);
  if (atom >= 0) lowering->facts.items[atom].kind = kind;
}

const Shape *lower_shape(const Lowering *lowering, Atom atom) {
  atom = lower_resolve(lowering, atom);
  return atom >= 0 ? lowering->facts.items[atom].shape : NULL;
}

void lower_set_shape(Lowering *lowering, Atom x, Word key, uint32_t count, const Atom *fields) {
  Shape *shape = ARENA_NEW(lowering->arena, Shape);
  *shape = (Shape){key, count, fields};
  lowering->facts.items[x].shape = shape;
}

Atom lower_shaped(Lowering *lowering, Word key, uint32_t count, const Atom *fields) {
  Atom x = lower_variable(lowering, KIND_VALUE);
  lower_set_shape(lowering, x, key, count, fields);
  return x;
}

const Loan *lower_loan(const Lowering *lowering, Atom x) {
  return x >= 0 && lowering->unit->loans.items[x].borrowed ? &lowering->unit->loans.items[x] : NULL;
}

// A copy of something borrowed, for a step that takes it away.
static Atom lower_copy(Lowering *lowering, Atom x, Loan loan) {
  if (lower_kind(lowering, x) == KIND_NUMBER) return x;
  bool parameter = loan.parent == NO_ATOM;
  Atom copy = lower_variable(lowering, parameter ? KIND_VALUE : KIND_ANY);
  Step *step = lower_step(lowering, parameter ? STEP_COPY : STEP_CLONE_FIELD, copy, 1);
  step->arguments[0] = parameter ? x : loan.parent;
  step->word = parameter ? 0 : loan.field;
  return copy;
}

Atom lower_look(Lowering *lowering, Atom atom) {
  atom = lower_resolve(lowering, atom);
  return lower_loan(lowering, atom) ? atom : lower_use(lowering, atom);
}

Atom lower_use(Lowering *lowering, Atom atom) {
  atom = lower_resolve(lowering, atom);
  if (lower_loan(lowering, atom)) return lower_copy(lowering, atom, *lower_loan(lowering, atom));
  const Shape *shape = lower_shape(lowering, atom);
  if (!shape) return atom;
  Atom *fields = ARENA_ARRAY(lowering->arena, Atom, shape->count);
  for (uint32_t i = 0; i < shape->count; i++) fields[i] = lower_use(lowering, shape->fields[i]);
  Atom dst = lower_variable(lowering, KIND_VALUE);
  Step *step = lower_step(lowering, STEP_NODE, dst, shape->count);
  step->word = shape->key;
  memcpy(step->arguments, fields, shape->count * sizeof *fields);
  lowering->facts.items[atom].alias = dst;
  return dst;
}

Word lower_operation(Lowering *lowering, const Term *term) {
  Code *code = lowering->strict->code;
  unsigned extra = (unsigned)term->operate.op;
  size_t place = code->places.count;
  if ((term->operate.op == OP_DIV || term->operate.op == OP_MOD) && place < OP2_PLACE_LIMIT) {
    const Function *function = lowering->scope->function;
    ARRAY_PUSH(&code->places, (CodePlace){function->rules.items[0]->source, term->span, function->name});
    extra |= (unsigned)place << OP2_OPERATOR_BITS;
  }
  return word_make(TAG_OP2, extra, 0);
}

Step *lower_aside(Lowering *lowering) {
  Step *first = NULL;
  Saved saved = lower_save(lowering);
  bool aside = lowering->aside;
  lowering->at = &first;
  lowering->aside = true;
  build_rest(lowering);
  lowering->aside = aside;
  lower_restore(lowering, &saved);
  return first;
}

// Values.

void lower_force(Lowering *lowering, Atom atom) {
  atom = lower_resolve(lowering, atom);
  if (lower_kind(lowering, atom) != KIND_ANY) return;
  if (atom < 0) { // a call without arguments
    lowering->failed = true;
    return;
  }
  const Loan *loan = lower_loan(lowering, atom);
  Step *step = lower_step(lowering, loan ? STEP_FORCE_FIELD : STEP_FORCE, loan ? atom : NO_ATOM, 1);
  step->arguments[0] = loan ? loan->parent : atom;
  step->word = loan ? loan->field : 0;
  step->aside = lower_aside(lowering);
  set_kind(lowering, atom, KIND_VALUE);
}

// The result of a step that may be no value.
static void lower_surprise(Lowering *lowering, Term *term, Step *step) {
  lower_bind(lowering, term, step->dst);
  step->aside = lower_aside(lowering);
  set_kind(lowering, step->dst, KIND_VALUE);
}

Demand lower_field_demand(const Lowering *lowering, NameId constructor, uint32_t field, Demand on) {
  if (on == DEMAND_COMPLETE) return on;
  return on == DEMAND_SPINE && demand_is_spine(lowering->strict->program, constructor, field) ? on : DEMAND_LAZY;
}

static Atom lower_constructor(Lowering *lowering, Term *term, Demand on) {
  uint32_t count = term->call.count;
  NameId name = term->call.name;
  if (count == 0) return lower_constant(lowering, word_make(TAG_CTR, name, 0));
  Atom *fields = ARENA_ARRAY(lowering->arena, Atom, count);
  Sparks sparks = lower_fields_apart(lowering, term, on);
  for (uint32_t i = 0; i < count; i++) {
    Demand field = lower_field_demand(lowering, name, i, on);
    fields[i] = lower_field(lowering, term->call.arguments[i], field);
  }
  lower_join(lowering, sparks);
  Atom atom = lower_shaped(lowering, word_make(TAG_CTR, name, 0), count, fields);
  lower_bind(lowering, term, atom);
  return atom;
}

static Atom lower_operate(Lowering *lowering, Term *term) {
  lower_apart(lowering, term, NULL, DEMAND_COMPLETE);
  Atom left = lower_value(lowering, term->operate.left, DEMAND_COMPLETE);
  Atom right = lower_value(lowering, term->operate.right, DEMAND_COMPLETE);
  left = lower_look(lowering, left), right = lower_look(lowering, right);
  Atom dst = lower_variable(lowering, KIND_NUMBER);
  Step *step = lower_step(lowering, STEP_OPERATE, dst, 2);
  step->word = lower_operation(lowering, term);
  step->arguments[0] = left;
  step->arguments[1] = right;
  step->aside = lower_aside(lowering);
  set_kind(lowering, left, KIND_NUMBER);
  set_kind(lowering, right, KIND_NUMBER);
  lower_bind(lowering, term, dst);
  return dst;
}

// The arguments of a call, the demanded ones as values, but for those that the callee passes on and others compute, and
// those that are demanded late, unless its unit wants them as values. No unit: it is inlined, and what is not demanded
// is delayed. whole: what will be demanded of the result.
static Atom *lower_arguments(Lowering *lowering, Term *term, const Unit *unit, const Function *function, Demand on,
                             Demand whole) {
  const Program *program = lowering->strict->program;
  uint32_t count = term->call.count;
  Atom *atoms = ARENA_ARRAY(lowering->arena, Atom, count + 1);
  Demand *demands = ARENA_ARRAY(lowering->arena, Demand, count + 1);
  for (uint32_t i = 0; i < count; i++) demands[i] = demand_of_argument(program, function, on, i);
  if (unit) lower_mark_portions(lowering, term, unit, demands);
  lower_apart(lowering, term, unit, on);
  for (uint32_t i = 0; i < count; i++) {
    Term *argument = term->call.arguments[i];
    Demand demand = demands[i];
    bool passes =
        demand > DEMAND_LAZY && lowering->strict->code->spreads && strict_passes(lowering->strict, function, i);
    if (passes && (atoms[i] = lower_passed(lowering, argument)) != NO_ATOM) continue;
    if (!(unit && unit->values[i]) && lower_holds_back(lowering, function, on, i))
      atoms[i] = lower_late(lowering, argument, demand);
    else if (demand > DEMAND_LAZY)
      atoms[i] = lower_value(lowering, argument, demand);
    else if (unit)
      atoms[i] =
          build_term(lowering, argument, whole > on ? demand_of_argument(program, function, whole, i) : DEMAND_LAZY);
    else
      atoms[i] = NO_ATOM;
  }
  return atoms;
}

// The function's tree in the place of a call. Its result goes where the path ends.
static void lower_inline(Lowering *lowering, Term *term, const Function *function, Demand on) {
  Atom *atoms = lower_arguments(lowering, term, NULL, function, on, on);
  const Scope *caller = lowering->scope;
  Scope *scope = ARENA_NEW(lowering->arena, Scope);
  *scope = (Scope){caller, function, atoms};
  lowering->scope = scope;
  lowering->depth++;
  // What is not demanded waits for its first use: a parameter stands for the argument.
  for (uint32_t i = 0; i < term->call.count; i++) {
    if (atoms[i] != NO_ATOM) continue;
    lower_delay(lowering, &atoms[i], term->call.arguments[i], caller, 1);
  }
  lowering->root = (Root){caller, term};
  lower_tree(lowering, function->tree, on);
  lowering->depth--;
  lowering->scope = caller;
}

bool lower_has_room(const Lowering *lowering) {
  return lowering->depth < INLINE_DEPTH && lowering->steps <= INLINE_STEPS_LIMIT;
}

Atom lower_cheap_call(Lowering *lowering, Term *term, Scope *scope) {
  const Function *function = scope->function;
  Block block = lower_begin_block(lowering, lower_root(lowering, term));
  for (uint32_t i = 0; i < function->arity; i++) {
    Atom atom = scope->arguments[i];
    lower_bind(lowering, term->call.arguments[i], atom); // a way aside takes it from here
    if (!build_computes_with(lowering, function, i) || lower_kind(lowering, atom) == KIND_NUMBER) continue;
    Step *check = lower_step(lowering, STEP_CHECK, NO_ATOM, 1);
    check->arguments[0] = atom;
    check->aside = lower_aside(lowering);
    set_kind(lowering, atom, KIND_NUMBER);
  }
  lowering->scope = scope;
  lowering->depth++;
  lower_tree(lowering, function->tree, DEMAND_WEAK);
  return lower_end_block(lowering, &block);
}

static bool should_inline(const Lowering *lowering, const Function *function) {
  if (!lower_has_room(lowering)) return false;
  for (const Scope *scope = lowering->scope; scope; scope = scope->caller)
    if (scope->function == function) return false;
  return strict_can_inline(lowering->strict, function, lowering->unit->function);
}

Unit *lower_callee(Lowering *lowering, const Term *call, Demand on) {
  const Function *function = lowering->strict->program->names.items[call->call.name].function;
  Unit *unit = strict_unit(lowering->strict, function, on);
  bool portions = lowering->unit->portions && function == lowering->unit->function;
  for (size_t i = 0; i < lowering->portions.count && !portions; i++) portions = lowering->portions.items[i] == call;
  return unit && portions ? strict_portions(lowering->strict, unit) : unit;
}

void lower_mark_portions(Lowering *lowering, const Term *call, const Unit *unit, const Demand *demands) {
  for (uint32_t i = 0; i < call->call.count; i++) {
    const Term *argument = call->call.arguments[i];
    const Entry *entry = argument->kind == TERM_VARIABLE ? lower_find(lowering, argument->variable.binder) : NULL;
    if (entry && entry->atom == NO_ATOM) argument = entry->delayed;
    if (demands[i] > DEMAND_LAZY && strict_wants_portions(lowering->strict, unit, i, argument))
      ARRAY_PUSH(&lowering->portions, argument);
  }
}

// A call of a unit. What is borrowed is lent on where the callee only looks at it.
static Step *lower_unit_call(Lowering *lowering, Term *term, const Unit *unit, Demand on, Demand whole, StepKind kind) {
  Atom *atoms = lower_arguments(lowering, term, unit, unit->function, on, whole);
  uint32_t count = term->call.count;
  bool *lent = ARENA_ARRAY(lowering->arena, bool, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    Atom atom = lower_resolve(lowering, atoms[i]);
    lent[i] = lower_loan(lowering, atom) && lower_kind(lowering, atom) == KIND_VALUE &&
              strict_lendable(lowering->strict, unit, i);
    atoms[i] = lent[i] ? atom : lower_use(lowering, atom);
    if (unit->values[i] && lower_kind(lowering, atoms[i]) == KIND_ANY) lower_force(lowering, atoms[i]); // a copy
  }
  Step *step = lower_step(lowering, kind, kind == STEP_TAIL ? NO_ATOM : lower_variable(lowering, KIND_ANY), count);
  memcpy(step->arguments, atoms, count * sizeof *atoms);
  step->lent = lent;
  step->name = unit->name;
  return step;
}

// Does the unit want the value of an argument that is demanded late, though computing it may come back here? Then it is
// called only as far as there is fuel.
static bool wants_fuel(const Lowering *lowering, const Term *term, const Unit *unit, Demand on) {
  for (uint32_t i = 0; i < term->call.count; i++)
    if (unit->values[i] && lower_holds_back(lowering, unit->function, on, i) &&
        !lower_find(lowering, term->call.arguments[i]) && lower_recurs(lowering, term->call.arguments[i]))
      return true;
  return false;
}

static void lower_last_call(Lowering *lowering, Term *term, const Unit *unit, Demand on, Demand whole) {
  Step *step = lower_unit_call(lowering, term, unit, on, whole, lowering->in_block ? STEP_CALL : STEP_TAIL);
  if (lowering->in_block) lower_end(lowering, STEP_RETURN, step->dst);
}

static Atom lower_call(Lowering *lowering, Term *term, Demand on) {
  const Function *function = lowering->strict->program->names.items[term->call.name].function;
  if (!function) return lower_constructor(lowering, term, on);
  Unit *unit = NULL;
  bool apart =
      function->builtin == BUILTIN_U60_IF || function->builtin == BUILTIN_SPARK || should_inline(lowering, function);
  if (!apart) unit = lower_callee(lowering, term, on);
  if (apart || (unit && wants_fuel(lowering, term, unit, on))) {
    Block block = lower_begin_block(lowering, lower_root(lowering, term));
    lower_tail(lowering, term, on);
    Atom dst = lower_end_block(lowering, &block);
    lower_bind(lowering, term, dst);
    lower_force(lowering, dst);
    return dst;
  }
  if (!unit) {
    Atom atom = lower_use(lowering, build_term(lowering, term, on));
    lower_bind(lowering, term, atom);
    lower_force(lowering, atom);
    return atom;
  }
  Step *step = lower_unit_call(lowering, term, unit, on, on, STEP_CALL);
  lower_surprise(lowering, term, step);
  return step->dst;
}

// The function and arguments of an application, innermost function first.
static Atom *lower_application(Lowering *lowering, const Term *term) {
  Atom *atoms = ARENA_ARRAY(lowering->arena, Atom, term->apply.count + 1);
  atoms[0] = lower_use(lowering, build_term(lowering, term->apply.function, DEMAND_LAZY));
  for (uint32_t i = 0; i < term->apply.count; i++)
    atoms[i + 1] = lower_use(lowering, build_term(lowering, term->apply.arguments[i], DEMAND_LAZY));
  return atoms;
}

static Atom lower_apply(Lowering *lowering, Term *term) {
  Atom *atoms = lower_application(lowering, term);
  Step *step = lower_step(lowering, STEP_APPLY, lower_variable(lowering, KIND_ANY), term->apply.count + 1);
  memcpy(step->arguments, atoms, step->count * sizeof *atoms);
  lower_surprise(lowering, term, step);
  return step->dst;
}

// Binds the sides of a dup to its value: computed at once if it is demanded, else at the first use.
static void lower_dup(Lowering *lowering, Term *term, Demand on) {
  const Program *program = lowering->strict->program;
  Term *value = term->dup.value, *body = term->dup.body;
  if (lower_find(lowering, term->dup.first)) return; // a second walk over the same term
  Demand first = DEMAND_LAZY;
  if (value->kind != TERM_VARIABLE) {
    first = demand_of_variable(program, body, on, term->dup.first);
    Demand second = first > DEMAND_WEAK ? first : demand_of_variable(program, body, on, term->dup.second);
    if (second > first) first = second;
  }
  if (first > DEMAND_LAZY) {
    bool late =
        demand_is_late_variable(program, on, term->dup.first) || demand_is_late_variable(program, on, term->dup.second);
    Atom atom = (late ? lower_late : lower_value)(lowering, value, first);
    lower_bind(lowering, term->dup.first, atom);
    lower_bind(lowering, term->dup.second, atom);
  } else {
    lower_delay_dup(lowering, term);
  }
}

static Atom lower_variable_value(Lowering *lowering, Term *term, Demand on) {
  const Entry *entry = lower_find(lowering, term->variable.binder);
  if (!entry) {
    lowering->failed = true;
    return lower_constant(lowering, number_u60(0));
  }
  Atom atom = entry->atom;
  if (atom == NO_ATOM) {
    const Scope *scope = lowering->scope;
    lowering->scope = entry->delayed_scope;
    atom = lower_value(lowering, entry->delayed, on);
    lower_bind(lowering, entry->delayed, atom);
    lowering->scope = scope;
    lower_bind(lowering, term->variable.binder, atom);
  }
  lower_force(lowering, atom);
  return atom;
}

Atom lower_value(Lowering *lowering, Term *term, Demand on) {
  const Entry *computed = lower_find(lowering, term);
  if (computed) {
    lower_force(lowering, computed->atom);
    return computed->atom;
  }
  switch (term->kind) {
  case TERM_VARIABLE: return lower_variable_value(lowering, term, on);
  case TERM_CALL: return lower_call(lowering, term, on);
  case TERM_OPERATE: return lower_operate(lowering, term);
  case TERM_APPLY:
    if (term->apply.count <= APPLY_LIMIT) return lower_apply(lowering, term);
    break; // built
  case TERM_DUP: lower_dup(lowering, term, on); return lower_value(lowering, term->dup.body, on);
  case TERM_LET: return lower_value(lowering, term->let.body, on);
  default: break;
  }
  Atom atom = build_term(lowering, term, on);
  lower_bind(lowering, term, atom);
  if (!lower_shape(lowering, atom)) lower_force(lowering, atom);
  return atom;
}

// Results.

// U60.if: the condition is a number, and one branch is the result.
static void lower_if(Lowering *lowering, Term *term, Demand on) {
  Term **arguments = term->call.arguments;
  Atom condition = lower_look(lowering, lower_value(lowering, arguments[0], DEMAND_COMPLETE));
  if (lower_kind(lowering, condition) != KIND_NUMBER || lowering->strict->floats) {
    Step *check = lower_step(lowering, STEP_CHECK, NO_ATOM, 1);
    check->arguments[0] = condition;
    check->aside = lower_aside(lowering);
    set_kind(lowering, condition, KIND_NUMBER);
  }
  Step *step = lower_step(lowering, STEP_IF, NO_ATOM, 1);
  step->arguments[0] = condition;
  Saved saved = lower_save(lowering);
  lowering->root = lower_root(lowering, arguments[2]);
  lowering->at = &step->aside;
  lower_tail(lowering, arguments[2], on);
  lower_restore(lowering, &saved);
  lowering->root = lower_root(lowering, arguments[1]);
  lower_tail(lowering, arguments[1], on);
}

static void lower_tail_call(Lowering *lowering, Term *term, Demand on) {
  const Function *function = lowering->strict->program->names.items[term->call.name].function;
  if (function->builtin == BUILTIN_U60_IF) {
    lower_if(lowering, term, on);
    return;
  }
  if (function->builtin == BUILTIN_SPARK) {
    lower_spark(lowering, term, on);
    return;
  }
  lower_pass_apart(lowering, term, on);
  if (should_inline(lowering, function)) {
    lower_inline(lowering, term, function, on);
    return;
  }
  Unit *unit = lower_callee(lowering, term, on);
  if (!unit) {
    lower_end(lowering, STEP_RETURN, lower_use(lowering, build_term(lowering, term, on)));
    return;
  }
  if (wants_fuel(lowering, term, unit, on)) {
    // Without any, its result is left for later as the weakest demand leaves it.
    Step *step = lower_fuel(lowering);
    Saved saved = lower_save(lowering);
    lowering->at = &step->aside;
    lower_last_call(lowering, term, strict_unit(lowering->strict, function, DEMAND_WEAK), DEMAND_WEAK, on);
    lower_restore(lowering, &saved);
  }
  lower_last_call(lowering, term, unit, on, on);
}

static void lower_tail_apply(Lowering *lowering, Term *term) {
  Atom *atoms = lower_application(lowering, term);
  uint32_t count = term->apply.count + 1;
  Atom dst = lowering->in_block ? lower_variable(lowering, KIND_ANY) : NO_ATOM;
  Step *step = lower_step(lowering, lowering->in_block ? STEP_APPLY : STEP_LEAVE, dst, count);
  memcpy(step->arguments, atoms, count * sizeof *atoms);
  if (lowering->in_block) lower_end(lowering, STEP_RETURN, dst);
}

void lower_tail(Lowering *lowering, Term *term, Demand on) {
  if (lowering->failed) return;
  const Entry *computed = lower_find(lowering, term);
  if (computed) {
    lower_end(lowering, STEP_RETURN, lower_use(lowering, computed->atom));
    return;
  }
  switch (term->kind) {
  case TERM_CALL:
    if (!lowering->strict->program->names.items[term->call.name].function) break;
    lower_tail_call(lowering, term, on);
    return;
  case TERM_APPLY:
    if (term->apply.count <= APPLY_LIMIT)
      lower_tail_apply(lowering, term);
    else
      lower_end(lowering, STEP_RETURN, lower_use(lowering, build_term(lowering, term, on)));
    return;
  case TERM_DUP:
    lower_dup(lowering, term, on);
    lower_tail(lowering, term->dup.body, on);
    return;
  case TERM_LET: lower_tail(lowering, term->let.body, on); return;
  case TERM_OPERATE: break;
  default: lower_end(lowering, STEP_RETURN, lower_use(lowering, build_term(lowering, term, on))); return;
  }
  lower_end(lowering, STEP_RETURN, lower_use(lowering, lower_value(lowering, term, on)));
}
