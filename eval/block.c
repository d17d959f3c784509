// Lowering: parts of a body that are computed on paths of their own, and those that another machine may compute.
#include "lower.h"

Root lower_root(const Lowering *lowering, Term *term) { return (Root){lowering->scope, term}; }

// What is delayed and used inside of the block as well as outside must be built before it: what is built inside is not
// there any more behind it, and would be made, and computed, twice.

typedef struct {
  const Entry *entry; // one that delays the term
  uint32_t uses;      // in the block
} Delayed;

typedef struct {
  Lowering *lowering;
  const Scope *scope;
  ARRAY(Delayed) found;
} DelayedSearch;

static void find_delayed(void *context, Term *term) {
  DelayedSearch *search = context;
  const Scope *scope = search->lowering->scope;
  search->lowering->scope = search->scope;
  const Entry *entry = lower_find(search->lowering, term->kind == TERM_VARIABLE ? (void *)term->variable.binder : term);
  search->lowering->scope = scope;
  if (term->kind != TERM_VARIABLE) {
    if (!entry) term_visit_parts(term, find_delayed, context);
    return;
  }
  if (!entry || entry->atom != NO_ATOM) return;
  for (size_t i = 0; i < search->found.count; i++) {
    Delayed *known = &search->found.items[i];
    if (known->entry->delayed != entry->delayed || known->entry->delayed_scope != entry->delayed_scope) continue;
    known->uses++;
    return;
  }
  ARRAY_PUSH(&search->found, (Delayed){entry, 1});
  scope = search->scope;
  search->scope = entry->delayed_scope;
  find_delayed(search, entry->delayed);
  search->scope = scope;
}

static void build_shared(Lowering *lowering, Root root) {
  DelayedSearch search = {.lowering = lowering, .scope = root.scope};
  find_delayed(&search, root.term);
  for (size_t i = 0; i < search.found.count; i++) {
    const Entry *entry = search.found.items[i].entry;
    if (search.found.items[i].uses >= entry->sides) continue;
    const Scope *scope = lowering->scope;
    lowering->scope = entry->delayed_scope;
    build_term(lowering, entry->delayed, DEMAND_LAZY);
    lowering->scope = scope;
  }
  ARRAY_FREE(&search.found);
}

Block lower_begin_block(Lowering *lowering, Root root) {
  build_shared(lowering, root);
  Atom dst = lower_variable(lowering, KIND_ANY);
  Step *step = lower_step(lowering, STEP_BLOCK, dst, 0);
  Block block = {lower_save(lowering), step};
  lowering->at = &step->aside;
  lowering->in_block = true;
  lowering->root = root;
  return block;
}

Atom lower_end_block(Lowering *lowering, Block *block) {
  lower_restore(lowering, &block->saved);
  return block->step->dst;
}

static bool may_eager(const Lowering *lowering, const Term *term) {
  const Program *program = lowering->strict->program;
  if (term->kind != TERM_CALL) return term->kind == TERM_OPERATE;
  const Function *function = program->names.items[term->call.name].function;
  return !function || (!function->builtin && strict_can_lower(lowering->strict, function));
}

// Sparks. Where a body demands several calls, all but the last can be computed by other machines meanwhile. Each of
// them becomes a block: when nobody wants work it is computed there, else it is built and offered (spark.h). Whoever
// needs its value reduces it, since it may be none: a box, or a surprise, which the block leaves as it is. So the ways
// aside are those of any term that was built.

// Calls itself, directly or through what it calls: worth it.
static bool takes_long(Lowering *lowering, const Function *function) {
  return function && !function->builtin && function->recursive && strict_can_lower(lowering->strict, function);
}

// To the end of a block's path: the call as a graph, offered to others if so.
static void build_instead(Lowering *lowering, Step *step, Term *term, Demand on, bool offered) {
  Saved saved = lower_save(lowering);
  lowering->at = &step->aside;
  Atom call = lower_use(lowering, build_term(lowering, term, on));
  if (offered) {
    Step *spark = lower_step(lowering, STEP_SPARK, lower_variable(lowering, KIND_ANY), 1);
    spark->arguments[0] = call;
    call = spark->dst;
  }
  lower_end(lowering, STEP_RETURN, call);
  lower_restore(lowering, &saved);
}

Step *lower_fuel(Lowering *lowering) {
  Step *step = lower_step(lowering, STEP_FUEL, NO_ATOM, 0);
  step->word = lowering->unit->portions;
  return step;
}

// A call as a block. With fuel: it goes on while there is some, else it is left for later.
static Atom lower_call_apart(Lowering *lowering, Term *term, Demand on, bool fuel, bool offered) {
  Block block = lower_begin_block(lowering, lower_root(lowering, term));
  if (fuel) build_instead(lowering, lower_fuel(lowering), term, on, false);
  if (offered) {
    Step *shallow = lower_step(lowering, STEP_SHALLOW, NO_ATOM, 0);
    shallow->word = fuel;
    build_instead(lowering, shallow, term, on, true);
  }
  if (fuel)
    lower_tail(lowering, term, on);
  else
    lower_end(lowering, STEP_RETURN, lower_use(lowering, lower_value(lowering, term, on)));
  Atom dst = lower_end_block(lowering, &block);
  lower_bind(lowering, term, dst);
  return dst;
}

typedef struct {
  const Lowering *lowering;
  bool found;
} Recursion;

static void find_recursion(void *context, Term *term) {
  Recursion *recursion = context;
  const Lowering *lowering = recursion->lowering;
  const Function *function =
      term->kind == TERM_CALL ? lowering->strict->program->names.items[term->call.name].function : NULL;
  recursion->found |= term->kind == TERM_APPLY;
  recursion->found |= function && function->recursive && function->component == lowering->unit->function->component;
  if (!recursion->found) term_visit_parts(term, find_recursion, recursion);
}

bool lower_recurs(const Lowering *lowering, Term *term) {
  const Name *names = lowering->strict->program->names.items;
  if (term->kind == TERM_OPERATE || term->kind == TERM_LIST) return false;
  if (term->kind == TERM_CALL && !names[term->call.name].function) return false; // its fields take fuel themselves
  Recursion recursion = {lowering, false};
  find_recursion(&recursion, term);
  return recursion.found;
}

bool lower_holds_back(const Lowering *lowering, const Function *callee, Demand on, uint32_t index) {
  return demand_is_late(lowering->strict->program, callee, on, index) &&
         !(callee->recursive && callee->component == lowering->unit->function->component);
}

Atom lower_late(Lowering *lowering, Term *term, Demand on) {
  const Entry *computed = lower_find(lowering, term->kind == TERM_VARIABLE ? (void *)term->variable.binder : term);
  if (computed && computed->atom != NO_ATOM) return computed->atom;
  if (term->kind == TERM_VARIABLE) return build_term(lowering, term, on);
  return lower_recurs(lowering, term) ? lower_call_apart(lowering, term, on, true, false)
                                      : lower_value(lowering, term, on);
}

typedef struct {
  Term *term;
  Demand on;
  bool late;
} Part;

enum { PARTS_LIMIT = 8 };

typedef struct {
  Part items[PARTS_LIMIT];
  uint32_t count;
} Parts;

// Calls among the demanded parts of what is demanded.
static void find_parts(Lowering *lowering, Term *term, Demand on, bool late, Parts *parts) {
  if (lower_find(lowering, term) || parts->count == PARTS_LIMIT) return;
  if (term->kind == TERM_OPERATE) {
    find_parts(lowering, term->operate.left, DEMAND_COMPLETE, false, parts);
    find_parts(lowering, term->operate.right, DEMAND_COMPLETE, false, parts);
  }
  if (term->kind != TERM_CALL) return;
  const Function *function = lowering->strict->program->names.items[term->call.name].function;
  late = late && lower_recurs(lowering, term);
  if (takes_long(lowering, function)) parts->items[parts->count++] = (Part){term, on, late};
}

static bool makes_sparks(const Lowering *lowering) {
  return lowering->strict->code->spreads && !lowering->unit->function->restricted && !lowering->aside &&
         !lowering->unit->portions && lower_has_room(lowering);
}

void lower_apart(Lowering *lowering, Term *term, const Unit *unit, Demand on) {
  if (!makes_sparks(lowering)) return;
  Parts parts = {.count = 0};
  if (term->kind == TERM_OPERATE) {
    find_parts(lowering, term, on, false, &parts);
  } else {
    const Function *function = lowering->strict->program->names.items[term->call.name].function;
    for (uint32_t i = 0; i < term->call.count; i++) {
      Demand demand = demand_of_argument(lowering->strict->program, function, on, i);
      bool late = !(unit && unit->values[i]) && lower_holds_back(lowering, function, on, i);
      if (demand > DEMAND_LAZY) find_parts(lowering, term->call.arguments[i], demand, late, &parts);
    }
  }
  if (parts.count < 2) return;
  for (uint32_t i = 0; i + 1 < parts.count; i++)
    lower_call_apart(lowering, parts.items[i].term, parts.items[i].on, parts.items[i].late, true);
  const Part *last = &parts.items[parts.count - 1];
  (last->late ? lower_late : lower_value)(lowering, last->term, last->on);
}

Atom lower_passed(const Lowering *lowering, const Term *argument) {
  if (argument->kind != TERM_VARIABLE) return NO_ATOM;
  const Entry *entry = lower_find(lowering, argument->variable.binder);
  Atom atom = entry && entry->atom != NO_ATOM ? lower_resolve(lowering, entry->atom) : NO_ATOM;
  const Unit *unit = lowering->unit;
  return atom >= 0 && (uint32_t)atom < unit->function->arity && unit->passed[atom] ? atom : NO_ATOM;
}

// Calls in an argument that the callee goes on without: it, or fields of what it builds.
static void find_passed(Lowering *lowering, Term *argument, Demand on, Parts *parts) {
  if (argument->kind != TERM_CALL || on == DEMAND_LAZY || lower_find(lowering, argument)) return;
  const Function *function = lowering->strict->program->names.items[argument->call.name].function;
  if (takes_long(lowering, function) && parts->count < PARTS_LIMIT)
    parts->items[parts->count++] = (Part){argument, on, true};
  for (uint32_t i = 0; i < argument->call.count && !function; i++)
    find_passed(lowering, argument->call.arguments[i], lower_field_demand(lowering, argument->call.name, i, on), parts);
}

void lower_pass_apart(Lowering *lowering, Term *term, Demand on) {
  const Program *program = lowering->strict->program;
  const Function *callee = program->names.items[term->call.name].function;
  if (!makes_sparks(lowering) || !takes_long(lowering, callee)) return;
  Parts parts = {.count = 0};
  for (uint32_t i = 0; i < term->call.count; i++)
    if (strict_passes(lowering->strict, callee, i) &&
        !(lower_holds_back(lowering, callee, on, i) && lower_recurs(lowering, term->call.arguments[i])))
      find_passed(lowering, term->call.arguments[i], demand_of_argument(program, callee, on, i), &parts);
  if (!parts.count) return;
  Step *step = lower_step(lowering, STEP_SHALLOW, NO_ATOM, 0);
  step->word = 1;
  Saved saved = lower_save(lowering);
  lowering->at = &step->aside;
  for (uint32_t i = 0; i < parts.count; i++) {
    Atom call = lower_use(lowering, build_term(lowering, parts.items[i].term, parts.items[i].on));
    Step *spark = lower_step(lowering, STEP_SPARK, lower_variable(lowering, KIND_ANY), 1);
    spark->arguments[0] = call;
    lower_bind(lowering, parts.items[i].term, spark->dst);
  }
  lower_end(lowering, STEP_RETURN, lower_use(lowering, build_term(lowering, term, on)));
  lower_restore(lowering, &saved);
}

Sparks lower_fields_apart(Lowering *lowering, const Term *term, Demand on) {
  Sparks sparks = {ARENA_ARRAY(lowering->arena, Atom, term->call.count + 1), 0};
  if (!makes_sparks(lowering)) return sparks;
  const Program *program = lowering->strict->program;
  Term *last = NULL;
  Demand last_on = DEMAND_LAZY;
  for (uint32_t i = 0; i < term->call.count; i++) {
    Term *field = term->call.arguments[i];
    Demand demand = lower_field_demand(lowering, term->call.name, i, on);
    if (demand == DEMAND_LAZY || field->kind != TERM_CALL || lower_find(lowering, field)) continue;
    if (!takes_long(lowering, program->names.items[field->call.name].function)) continue;
    if (last) sparks.items[sparks.count++] = lower_call_apart(lowering, last, last_on, true, true);
    last = field, last_on = demand;
  }
  return sparks;
}

void lower_join(Lowering *lowering, Sparks sparks) {
  while (sparks.count) lower_step(lowering, STEP_JOIN, NO_ATOM, 1)->arguments[0] = sparks.items[--sparks.count];
}

Atom lower_field(Lowering *lowering, Term *term, Demand on) {
  const Entry *computed = lower_find(lowering, term);
  if (computed) return computed->atom;
  if (on == DEMAND_LAZY || !may_eager(lowering, term)) return build_term(lowering, term, on);
  const Program *program = lowering->strict->program;
  bool call = term->kind == TERM_CALL && program->names.items[term->call.name].function;
  return call ? lower_call_apart(lowering, term, on, true, false) : lower_value(lowering, term, on);
}

void lower_spark(Lowering *lowering, const Term *term, Demand on) {
  Term *offered = term->call.arguments[0], *result = term->call.arguments[1];
  if (lowering->strict->code->spreads && offered->kind == TERM_VARIABLE) {
    Atom atom = lower_use(lowering, build_term(lowering, offered, DEMAND_LAZY));
    if (lower_kind(lowering, atom) == KIND_ANY && atom >= 0) lower_end(lowering, STEP_HINT, atom);
  }
  lowering->root = lower_root(lowering, result);
  lower_tail(lowering, result, on);
}
