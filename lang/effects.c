#include "effects.h"

#include "components.h"

// How a term comes by effects. Those that it only has if the variable of a λ around it does are none of the λ itself:
// a λ gives back what it is given. So the levels of these λs are kept, and the outermost one counts.
enum { PURE, EFFECT, OF_LAMBDA }; // OF_LAMBDA + n: if what the λ at depth n is applied to does

struct FunctionEffects {
  uint32_t node;  // while it is new: its number; else UINT32_MAX
  bool comes;     // to an effect
  bool looked_at; // at what it gives to others
  bool queued;    // to be looked at
  bool lambda;    // a variable of a λ in it may have effects
  NameId effect;  // the built-in function that it comes to
  NameId through; // by a call of this one; the same if directly
  NameId giver;   // who gives it one
  bool given[];   // by parameter
};

typedef struct {
  Program *program;
  ARRAY(Function *) fresh, pending;
  size_t *first_call;
  ARRAY(uint32_t) calls;
  Function *function; // the one at work
} Effects;

static Function *callee_of(const Program *program, const Term *term) {
  const Name *names = program->names.items;
  if (term->kind == TERM_CALL) return names[term->call.name].function;
  return term->kind == TERM_CLOSURE ? names[term->closure.stage + term->closure.missing].function : NULL;
}

// First: which functions come to an effect.

static void comes_through(Function *function, NameId effect, NameId through) {
  FunctionEffects *effects = function->effects;
  if (effects->comes) return;
  effects->comes = true;
  effects->effect = effect;
  effects->through = through;
}

static void find_calls(void *context, Term *term) {
  Effects *effects = context;
  const Function *callee = callee_of(effects->program, term);
  if (callee && has_effect(callee)) comes_through(effects->function, callee->name, callee->name);
  if (callee && callee->effects) {
    if (callee->effects->comes) comes_through(effects->function, callee->effects->effect, callee->name);
    if (callee->effects->node != UINT32_MAX) ARRAY_PUSH(&effects->calls, callee->effects->node);
  }
  term_visit_parts(term, find_calls, context);
}

static void find_fresh(Effects *effects) {
  Program *program = effects->program;
  for (size_t i = program->functions.count; i-- > 0;) {
    Function *function = program->functions.items[i];
    if (function->builtin || function->effects) continue;
    function->effects = arena_alloc(&program->arena, sizeof *function->effects + function->arity);
    function->effects->node = (uint32_t)effects->fresh.count;
    ARRAY_PUSH(&effects->fresh, function);
  }
}

// Within a component all do if one does; those that it calls come before it.
static void spread(Effects *effects, const Components *components, uint32_t component) {
  const uint32_t *nodes = components->nodes, end = components->start[component + 1];
  const Function *one = NULL;
  for (uint32_t k = components->start[component]; k < end; k++) {
    Function *function = effects->fresh.items[nodes[k]];
    for (size_t i = effects->first_call[nodes[k]]; i < effects->first_call[nodes[k] + 1]; i++) {
      const Function *callee = effects->fresh.items[effects->calls.items[i]];
      if (callee->effects->comes) comes_through(function, callee->effects->effect, callee->name);
    }
    if (function->effects->comes) one = function;
  }
  for (uint32_t k = components->start[component]; k < end && one; k++)
    comes_through(effects->fresh.items[nodes[k]], one->effects->effect, one->name);
}

static void find_comers(Effects *effects) {
  size_t count = effects->fresh.count;
  effects->first_call = calloc(count + 1, sizeof *effects->first_call);
  if (!effects->first_call) memory_exhausted();
  for (size_t node = 0; node < count; node++) {
    effects->function = effects->fresh.items[node];
    for (size_t i = 0; i < effects->function->rules.count; i++)
      find_calls(effects, effects->function->rules.items[i]->body);
    effects->first_call[node + 1] = effects->calls.count;
  }
  Components components = components_find(&(Graph){(uint32_t)count, effects->first_call, effects->calls.items});
  for (uint32_t i = 0; i < components.count; i++) spread(effects, &components, i);
  components_free(&components);
}

// Second: what is given to whom.

static void queue(Effects *effects, Function *function) {
  if (function->effects->queued) return;
  function->effects->queued = true;
  ARRAY_PUSH(&effects->pending, function);
}

static void give(Effects *effects, Function *callee, uint32_t parameter) {
  if (!callee->effects || callee->effects->given[parameter]) return;
  callee->effects->given[parameter] = true;
  callee->effects->giver = effects->function->name;
  queue(effects, callee);
}

static uint32_t outermost(uint32_t a, uint32_t b) { return !a || (b && b < a) ? b : a; }

// Unknown functions are given effects: every λ may be one of them.
static void give_lambdas(Effects *effects) {
  Program *program = effects->program;
  if (program->lambdas_given_effects) return;
  program->lambdas_given_effects = true;
  for (size_t i = 0; i < program->functions.count; i++)
    if (program->functions.items[i]->effects) queue(effects, program->functions.items[i]);
}

static void add(Binder *binder, uint32_t effect) {
  if (binder) binder->effect = outermost(binder->effect, effect);
}

static uint32_t walk(Effects *effects, const Term *term, uint32_t depth);

static uint32_t walk_all(Effects *effects, Term **terms, uint32_t count, uint32_t depth) {
  uint32_t found = PURE;
  for (uint32_t i = 0; i < count; i++) found = outermost(found, walk(effects, terms[i], depth));
  return found;
}

static uint32_t walk_lambda(Effects *effects, const Term *term, uint32_t depth) {
  if (effects->program->lambdas_given_effects) {
    effects->function->effects->lambda = true;
    add(term->lambda.binder, OF_LAMBDA + depth);
  }
  uint32_t found = walk(effects, term->lambda.body, depth + 1);
  return found == OF_LAMBDA + depth ? PURE : found;
}

// A call, or a closure: who is called, if it is known, and with what.
static uint32_t walk_call(Effects *effects, const Term *term, Term **arguments, uint32_t count, uint32_t depth) {
  Function *callee = callee_of(effects->program, term);
  uint32_t found = PURE;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t argument = walk(effects, arguments[i], depth);
    if (argument && callee) give(effects, callee, i);
    found = outermost(found, argument);
  }
  return callee && (has_effect(callee) || (callee->effects && callee->effects->comes)) ? EFFECT : found;
}

// What it may come to when it is reduced, as far as that gets, or when what it gives is used.
static uint32_t walk(Effects *effects, const Term *term, uint32_t depth) {
  uint32_t found;
  switch (term->kind) {
  case TERM_VARIABLE: return term->variable.binder ? term->variable.binder->effect : PURE;
  case TERM_LAMBDA: return walk_lambda(effects, term, depth);
  case TERM_APPLY:
    found = walk_all(effects, term->apply.arguments, term->apply.count, depth);
    if (found) give_lambdas(effects);
    return outermost(found, walk(effects, term->apply.function, depth));
  case TERM_CALL: return walk_call(effects, term, term->call.arguments, term->call.count, depth);
  case TERM_CLOSURE:
    if (effects->program->lambdas_given_effects)
      for (uint32_t i = 0; i < term->closure.missing; i++)
        give(effects, callee_of(effects->program, term), term->closure.count + i);
    return walk_call(effects, term, term->closure.captured, term->closure.count, depth);
  case TERM_LIST: return walk_all(effects, term->list.items, term->list.count, depth);
  case TERM_OPERATE:
    return outermost(walk(effects, term->operate.left, depth), walk(effects, term->operate.right, depth));
  case TERM_LET:
    add(term->let.binder, walk(effects, term->let.value, depth));
    return walk(effects, term->let.body, depth);
  case TERM_DUP:
    found = walk(effects, term->dup.value, depth);
    add(term->dup.first, found);
    add(term->dup.second, found);
    return walk(effects, term->dup.body, depth);
  case TERM_SUPERPOSE:
    return outermost(walk(effects, term->superpose.first, depth), walk(effects, term->superpose.second, depth));
  default: return PURE;
  }
}

static void tell_pattern(void *context, Term *pattern) {
  if (pattern->kind == TERM_VARIABLE) add(pattern->variable.binder, EFFECT);
  term_visit_parts(pattern, tell_pattern, context);
}

static void look_at(Effects *effects, Function *function) {
  FunctionEffects *own = function->effects;
  effects->function = function;
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    for (uint32_t k = 0; k < rule->arity; k++)
      if (own->given[k]) tell_pattern(NULL, rule->patterns[k]);
    walk(effects, rule->body, 0);
  }
  function->restricted = own->comes || own->lambda;
  for (uint32_t k = 0; k < function->arity; k++) function->restricted |= own->given[k];
  if (!function->restricted || !function->original) return;
  // When a call of it gets stuck, it becomes one of the function that it was made of, with the λs that were known.
  Function *original = effects->program->names.items[function->original].function;
  for (uint32_t k = 0; k < original->arity; k++) give(effects, original, k);
}

void effects_find(Program *program) {
  Effects effects = {.program = program};
  find_fresh(&effects);
  find_comers(&effects);
  for (size_t i = 0; i < effects.fresh.count; i++) effects.fresh.items[i]->effects->node = UINT32_MAX;
  ARRAY_FREE(&effects.fresh);
  ARRAY_FREE(&effects.calls);
  free(effects.first_call);
}

bool effects_comes(const Function *function) { return function->effects && function->effects->comes; }

void effects_analyse(Program *program) {
  Effects effects = {.program = program};
  effects_find(program);
  for (size_t i = program->functions.count; i-- > 0;) {
    Function *function = program->functions.items[i];
    if (!function->effects || function->effects->looked_at) continue;
    function->effects->looked_at = true;
    queue(&effects, function);
  }
  while (effects.pending.count) {
    Function *function = effects.pending.items[--effects.pending.count];
    function->effects->queued = false;
    look_at(&effects, function);
  }
  ARRAY_FREE(&effects.pending);
}

const char *effects_reason(Program *program, const Function *function) {
  const FunctionEffects *effects = function->effects;
  const Name *names = program->names.items;
  if (effects->comes && effects->effect == effects->through)
    return arena_format(&program->arena, "has the effect of %s", names[effects->effect].text);
  if (effects->comes)
    return arena_format(&program->arena, "comes to %s, through %s", names[effects->effect].text,
                        names[effects->through].text);
  for (uint32_t i = 0; i < function->arity; i++)
    if (effects->given[i])
      return arena_format(&program->arena, "is given what has an effect, by %s", names[effects->giver].text);
  return "has a λ that may be applied to what has an effect";
}
