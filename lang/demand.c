#include "demand.h"

#include "components.h"
#include "effects.h"
#include "flow.h"
#include "match.h"
#include "spine.h"

typedef struct {
  uint32_t slot;
  Flow flow;
} Use;
typedef ARRAY(Use) Uses;

typedef struct {
  Program *program;
  Function **functions; // the new ones: the nodes of the call graph
  uint32_t count;
  size_t *first_call;
  ARRAY(uint32_t) calls;
  size_t *first_caller; // the graph turned round
  uint32_t *callers;
  Components components;
  uint32_t component; // the one at work

  uint32_t slots, slot_limit; // of the rule; of any rule

  Flow *use;    // by slot: how what was walked so far uses the variable
  Uses changes; // and what stood there before
  Uses branch;  // what the first branches of the ifs around use
  struct {
    uint32_t stamp;
    Flow flow;
  } * first_branch; // by slot, to find them
  uint32_t stamp;
  bool record; // walk the terms that nobody demands as well, and tell the binders
} Analysis;

static Flow field_flow(const Program *program, NameId name, uint32_t field) {
  return demand_is_spine(program, name, field) ? FLOW_SPINE_FIELD : FLOW_FIELD;
}

// First: slots, calls, and what restricts the program.

static void new_slot(Analysis *analysis, Binder *binder) {
  if (binder) binder->index = binder->scopeless ? 0 : ++analysis->slots;
}

static void number_pattern(Analysis *analysis, const Term *pattern) {
  switch (pattern->kind) {
  case TERM_VARIABLE: new_slot(analysis, pattern->variable.binder); break;
  case TERM_STRICT: number_pattern(analysis, pattern->strict.argument); break;
  case TERM_CALL:
    if (analysis->program->names.items[pattern->call.name].function) analysis->program->has_call_patterns = true;
    for (uint32_t i = 0; i < pattern->call.count; i++) number_pattern(analysis, pattern->call.arguments[i]);
    break;
  case TERM_LIST:
    for (uint32_t i = 0; i < pattern->list.count; i++) number_pattern(analysis, pattern->list.items[i]);
    break;
  default: break;
  }
}

static void number_call(Analysis *analysis, const Function *callee) {
  if (!callee) return;
  if (callee->demand) {
    if (callee->demand->node != UINT32_MAX) ARRAY_PUSH(&analysis->calls, callee->demand->node);
  } else if (callee->builtin == BUILTIN_SPARK) {
    analysis->program->has_sparks = true;
  } else if (has_effect(callee)) {
    analysis->program->has_effects = true;
  }
}

static void number_term(void *context, Term *term) {
  Analysis *analysis = context;
  switch (term->kind) {
  case TERM_LAMBDA:
    new_slot(analysis, term->lambda.binder);
    number_term(analysis, term->lambda.body);
    break;
  case TERM_LET:
    number_term(analysis, term->let.value);
    new_slot(analysis, term->let.binder);
    number_term(analysis, term->let.body);
    break;
  case TERM_DUP: {
    Binder *first = term->dup.first, *second = term->dup.second;
    number_term(analysis, term->dup.value);
    uint32_t slot = slot_of_variable(term->dup.value);
    if (!slot) slot = ++analysis->slots;
    if (first) first->index = first->scopeless ? 0 : slot;
    if (second) second->index = second->scopeless ? 0 : slot;
    number_term(analysis, term->dup.body);
    break;
  }
  case TERM_CALL:
    number_call(analysis, analysis->program->names.items[term->call.name].function); // and the arguments
  // fallthrough
  default: term_visit_parts(term, number_term, context);
  }
}

static void number_functions(Analysis *analysis) {
  analysis->first_call = memory_zeroed(analysis->count + 1, sizeof(size_t));
  for (uint32_t node = 0; node < analysis->count; node++) {
    const Function *function = analysis->functions[node];
    analysis->first_call[node] = analysis->calls.count;
    for (size_t i = 0; i < function->rules.count; i++) {
      const Rule *rule = function->rules.items[i];
      analysis->slots = 0;
      for (uint32_t k = 0; k < rule->arity; k++) number_pattern(analysis, rule->patterns[k]);
      number_term(analysis, rule->body);
      if (analysis->slots > analysis->slot_limit) analysis->slot_limit = analysis->slots;
    }
  }
  analysis->first_call[analysis->count] = analysis->calls.count;
}

static void turn_round(Analysis *analysis) {
  analysis->first_caller = memory_zeroed(analysis->count + 2, sizeof(size_t));
  analysis->callers = memory_zeroed(analysis->calls.count, sizeof(uint32_t));
  size_t *first = analysis->first_caller;
  for (size_t i = 0; i < analysis->calls.count; i++) first[analysis->calls.items[i] + 2]++;
  for (uint32_t i = 2; i < analysis->count + 2; i++) first[i] += first[i - 1];
  for (uint32_t node = 0; node < analysis->count; node++)
    for (size_t i = analysis->first_call[node]; i < analysis->first_call[node + 1]; i++)
      analysis->callers[first[analysis->calls.items[i] + 1]++] = node;
}

// Second: what of the call graph is recursive.

static bool is_recursive(const Analysis *analysis, uint32_t node) {
  uint32_t component = analysis->components.of[node];
  if (analysis->components.start[component + 1] - analysis->components.start[component] > 1) return true;
  for (size_t i = analysis->first_call[node]; i < analysis->first_call[node + 1]; i++)
    if (analysis->calls.items[i] == node) return true;
  return false;
}

static void tell_components(Analysis *analysis) {
  for (uint32_t node = 0; node < analysis->count; node++) {
    analysis->functions[node]->component = analysis->program->components + analysis->components.of[node];
    analysis->functions[node]->recursive = is_recursive(analysis, node);
  }
  analysis->program->components += analysis->components.count;
}

// Third: how a term uses its variables.

// Arguments that wait for the λ that a term may be.
typedef struct Pending {
  Term **arguments;
  uint32_t count; // at least 1
  const struct Pending *rest;
} Pending;

static void walk(Analysis *analysis, const Term *term, Flow flow, const Pending *pending);

static void set_use(Analysis *analysis, uint32_t slot, Flow flow) {
  if (!slot || analysis->use[slot] == flow) return;
  ARRAY_PUSH(&analysis->changes, (Use){slot, analysis->use[slot]});
  analysis->use[slot] = flow;
}

static void add_use(Analysis *analysis, uint32_t slot, Flow flow) {
  set_use(analysis, slot, flow_both(analysis->use[slot], flow));
}

// Takes back the changes since a mark. What stood there last is kept, the last change of a slot first, when asked.
static void undo(Analysis *analysis, size_t mark, Uses *kept) {
  while (analysis->changes.count > mark) {
    Use change = analysis->changes.items[--analysis->changes.count];
    if (kept) ARRAY_PUSH(kept, (Use){change.slot, analysis->use[change.slot]});
    analysis->use[change.slot] = change.flow;
  }
}

static void tell(const Analysis *analysis, Binder *binder, Flow context) {
  if (!analysis->record || !binder) return;
  binder->context = context;
  binder->demand = binder->scopeless ? FLOW_NONE : analysis->use[slot_of(binder)];
}

static void walk_all(Analysis *analysis, Term **terms, uint32_t count, Flow flow) {
  for (uint32_t i = 0; i < count; i++) walk(analysis, terms[i], flow, NULL);
}

static void walk_pending(Analysis *analysis, const Pending *pending) {
  for (; pending; pending = pending->rest) walk_all(analysis, pending->arguments, pending->count, FLOW_NONE);
}

static void walk_lambda(Analysis *analysis, const Term *term, Flow flow, const Pending *pending) {
  Binder *binder = term->lambda.binder;
  if (!pending) {
    if (!analysis->record) return;
    size_t mark = analysis->changes.count;
    walk(analysis, term->lambda.body, FLOW_SAME, NULL);
    tell(analysis, binder, FLOW_SAME);
    undo(analysis, mark, NULL);
    return;
  }
  Pending others = {pending->arguments + 1, pending->count - 1, pending->rest};
  walk(analysis, term->lambda.body, flow, others.count ? &others : pending->rest);
  tell(analysis, binder, flow);
  walk(analysis, pending->arguments[0], analysis->use[slot_of(binder)], NULL);
}

static void walk_let(Analysis *analysis, const Term *term, Flow flow, const Pending *pending) {
  walk(analysis, term->let.body, flow, pending);
  tell(analysis, term->let.binder, flow);
  walk(analysis, term->let.value, analysis->use[slot_of(term->let.binder)], NULL);
}

// When the value is a variable, both sides have its slot, which may be in use already.
static void walk_dup(Analysis *analysis, const Term *term, Flow flow, const Pending *pending) {
  Binder *first = term->dup.first, *second = term->dup.second;
  uint32_t slot = slot_of(first) ? slot_of(first) : slot_of(second);
  bool shared = slot && slot_of_variable(term->dup.value) == slot;
  Flow before = analysis->use[slot];
  if (shared && analysis->record) set_use(analysis, slot, FLOW_NONE);
  walk(analysis, term->dup.body, flow, pending);
  tell(analysis, first, flow);
  tell(analysis, second, flow);
  if (shared)
    add_use(analysis, slot, before);
  else
    walk(analysis, term->dup.value, analysis->use[slot], NULL);
}

// Of two branches one is reduced: a variable is used as both use it. The uses of the first are found by slot when those
// of the second are known, and only slots that both touch change.
static void walk_if(Analysis *analysis, const Term *term, Flow flow) {
  walk(analysis, term->call.arguments[0], flow_through(flow, FLOW_COMPLETE), NULL);
  size_t mark = analysis->changes.count, start = analysis->branch.count;
  walk(analysis, term->call.arguments[1], flow, NULL);
  undo(analysis, mark, &analysis->branch);
  walk(analysis, term->call.arguments[2], flow, NULL);
  uint32_t stamp = ++analysis->stamp;
  size_t middle = analysis->branch.count;
  for (size_t i = start; i < middle; i++) {
    Use use = analysis->branch.items[i];
    if (analysis->first_branch[use.slot].stamp == stamp) continue;
    analysis->first_branch[use.slot].stamp = stamp;
    analysis->first_branch[use.slot].flow = use.flow;
  }
  undo(analysis, mark, &analysis->branch);
  for (size_t i = middle; i < analysis->branch.count; i++) {
    Use use = analysis->branch.items[i];
    if (analysis->first_branch[use.slot].stamp != stamp) continue;
    analysis->first_branch[use.slot].stamp = 0;
    add_use(analysis, use.slot, flow_either(use.flow, analysis->first_branch[use.slot].flow));
  }
  analysis->branch.count = start;
}

// A variable that is offered to other machines is left to them, though the rest may want it: what is computed in
// advance could not be offered any more.
static void walk_spark(Analysis *analysis, const Term *term, Flow flow) {
  uint32_t slot = slot_of_variable(term->call.arguments[0]);
  Flow before = analysis->use[slot];
  walk(analysis, term->call.arguments[0], FLOW_NONE, NULL);
  walk(analysis, term->call.arguments[1], flow, NULL);
  set_use(analysis, slot, before);
}

static void walk_call(Analysis *analysis, const Term *term, Flow flow) {
  NameId name = term->call.name;
  const Function *callee = analysis->program->names.items[name].function;
  if (callee && callee->builtin == BUILTIN_U60_IF) {
    walk_if(analysis, term, flow);
    return;
  }
  if (callee && callee->builtin == BUILTIN_SPARK) {
    walk_spark(analysis, term, flow);
    return;
  }
  for (uint32_t i = 0; i < term->call.count; i++) {
    Flow inner = !callee           ? field_flow(analysis->program, name, i)
                 : callee->builtin ? builtin_flow(callee->builtin, i)
                                   : callee->demand->arguments[i];
    walk(analysis, term->call.arguments[i], flow_through(flow, inner), NULL);
  }
}

static void walk_list(Analysis *analysis, const Term *term, Flow flow) {
  for (uint32_t i = 0; i < term->list.count; i++) {
    if (!flow && !analysis->record) return;
    walk(analysis, term->list.items[i], flow_through(flow, field_flow(analysis->program, NAME_LIST_CONS, 0)), NULL);
    flow = flow_through(flow, field_flow(analysis->program, NAME_LIST_CONS, 1));
  }
}

// What nobody demands is walked by itself, to tell its binders.
static void walk_apart(Analysis *analysis, const Term *term) {
  if (!analysis->record) return;
  size_t mark = analysis->changes.count;
  walk(analysis, term, FLOW_SAME, NULL);
  undo(analysis, mark, NULL);
}

// Adds what a term uses of its variables.
static void walk(Analysis *analysis, const Term *term, Flow flow, const Pending *pending) {
  if (!flow) {
    walk_apart(analysis, term);
    return;
  }
  switch (term->kind) {
  case TERM_LAMBDA: walk_lambda(analysis, term, flow, pending); return;
  case TERM_LET: walk_let(analysis, term, flow, pending); return;
  case TERM_DUP: walk_dup(analysis, term, flow, pending); return;
  case TERM_APPLY:
    walk(analysis, term->apply.function, flow, &(Pending){term->apply.arguments, term->apply.count, pending});
    return;
  default: break;
  }
  if (pending) {
    flow = flow_through(flow, FLOW_WEAK);
    if (analysis->record) walk_pending(analysis, pending);
  }
  switch (term->kind) {
  case TERM_VARIABLE: add_use(analysis, slot_of(term->variable.binder), flow); break;
  case TERM_CALL: walk_call(analysis, term, flow); break;
  case TERM_LIST: walk_list(analysis, term, flow); break;
  case TERM_OPERATE:
    walk(analysis, term->operate.left, flow_through(flow, FLOW_COMPLETE), NULL);
    walk(analysis, term->operate.right, flow_through(flow, FLOW_COMPLETE), NULL);
    break;
  case TERM_CLOSURE:
    for (uint32_t i = 0; i < term->closure.count; i++) walk(analysis, term->closure.captured[i], FLOW_NONE, NULL);
    break;
  case TERM_SUPERPOSE:
    walk(analysis, term->superpose.first, FLOW_NONE, NULL);
    walk(analysis, term->superpose.second, FLOW_NONE, NULL);
    break;
  default: break;
  }
}

// Fourth: functions.

// What a constructor pattern demands when this is demanded of its fields, one after the other.
typedef struct {
  bool whole[DEMAND_COMPLETE + 1], spine[DEMAND_COMPLETE + 1]; // by the demand on the result
} Fields;

static void add_field(Fields *fields, Flow flow, bool recursive) {
  for (Demand on = DEMAND_WEAK; on <= DEMAND_COMPLETE; on++) {
    if (flow_at(flow, on) != DEMAND_COMPLETE) fields->whole[on] = false;
    if (recursive && flow_at(flow, on) < DEMAND_SPINE) fields->spine[on] = false;
  }
}

static Demand demand_of_fields(const Fields *fields, Demand on) {
  return fields->whole[on] ? DEMAND_COMPLETE : fields->spine[on] ? DEMAND_SPINE : DEMAND_WEAK;
}

static Flow flow_of_fields(const Fields *fields) {
  return flow_make(demand_of_fields(fields, DEMAND_WEAK), demand_of_fields(fields, DEMAND_SPINE),
                   demand_of_fields(fields, DEMAND_COMPLETE));
}

static const Fields ALL_FIELDS = {{true, true, true, true}, {true, true, true, true}};

static Flow pattern_flow(const Analysis *analysis, const Term *pattern) {
  Fields fields = ALL_FIELDS;
  switch (pattern->kind) {
  case TERM_VARIABLE: return analysis->use[slot_of(pattern->variable.binder)];
  case TERM_STRICT: return flow_both(FLOW_WEAK, pattern_flow(analysis, pattern->strict.argument));
  case TERM_CALL:
    for (uint32_t i = 0; i < pattern->call.count; i++)
      add_field(&fields, pattern_flow(analysis, pattern->call.arguments[i]),
                demand_is_spine(analysis->program, pattern->call.name, i));
    return flow_of_fields(&fields);
  case TERM_LIST: {
    Flow flow = FLOW_COMPLETE; // of the empty list at the end
    for (uint32_t i = pattern->list.count; i-- > 0;) {
      fields = ALL_FIELDS;
      add_field(&fields, pattern_flow(analysis, pattern->list.items[i]), false);
      add_field(&fields, flow, true);
      flow = flow_of_fields(&fields);
    }
    return flow;
  }
  default: return FLOW_COMPLETE;
  }
}

static void walk_rule(Analysis *analysis, const Rule *rule) { walk(analysis, rule->body, FLOW_SAME, NULL); }

// Finds the demands on a function's arguments from those of the functions that it calls. Have they changed?
static bool analyse_function(Analysis *analysis, const Function *function) {
  if (function->restricted) return false;
  Flow flows[ARITY_LIMIT + 1];
  memset(flows, FLOW_COMPLETE, sizeof flows);
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    if (!rule->reachable) continue;
    walk_rule(analysis, rule);
    for (uint32_t k = 0; k < rule->arity; k++) {
      Flow flow = pattern_flow(analysis, rule->patterns[k]);
      if (function->strict[k]) flow = flow_both(flow, FLOW_WEAK);
      flows[k] = flow_either(flows[k], flow);
    }
    undo(analysis, 0, NULL);
  }
  if (memcmp(flows, function->demand->arguments, function->arity) == 0) return false;
  memcpy(function->demand->arguments, flows, function->arity);
  return true;
}

// Until nothing changes: who changed has its callers looked at again.
static void analyse_component(Analysis *analysis, uint32_t *queue, bool *queued) {
  const Components *all = &analysis->components;
  uint32_t start = all->start[analysis->component], size = all->start[analysis->component + 1] - start;
  uint32_t head = 0, count = size;
  for (uint32_t i = 0; i < size; i++) queued[queue[i] = all->nodes[start + i]] = true;
  while (count) {
    uint32_t node = queue[head];
    head = head + 1 == size ? 0 : head + 1;
    count--;
    queued[node] = false;
    if (!analyse_function(analysis, analysis->functions[node])) continue;
    for (size_t i = analysis->first_caller[node]; i < analysis->first_caller[node + 1]; i++) {
      uint32_t caller = analysis->callers[i];
      if (queued[caller] || all->of[caller] != analysis->component) continue;
      queued[caller] = true;
      queue[(head + count++) % size] = caller;
    }
  }
}

static void analyse_components(Analysis *analysis) {
  uint32_t *queue = memory_zeroed(analysis->count, sizeof(uint32_t));
  bool *queued = memory_zeroed(analysis->count, sizeof(bool));
  for (analysis->component = 0; analysis->component < analysis->components.count; analysis->component++)
    analyse_component(analysis, queue, queued);
  free(queue);
  free(queued);
}

static void tell_parameters(const Analysis *analysis, const Term *pattern) {
  switch (pattern->kind) {
  case TERM_VARIABLE: tell(analysis, pattern->variable.binder, FLOW_SAME); break;
  case TERM_STRICT: tell_parameters(analysis, pattern->strict.argument); break;
  case TERM_CALL:
    for (uint32_t i = 0; i < pattern->call.count; i++) tell_parameters(analysis, pattern->call.arguments[i]);
    break;
  case TERM_LIST:
    for (uint32_t i = 0; i < pattern->list.count; i++) tell_parameters(analysis, pattern->list.items[i]);
    break;
  default: break;
  }
}

static void tell_binders(Analysis *analysis) {
  analysis->record = true;
  for (uint32_t node = 0; node < analysis->count; node++)
    for (size_t i = 0; i < analysis->functions[node]->rules.count && !analysis->functions[node]->restricted; i++) {
      const Rule *rule = analysis->functions[node]->rules.items[i];
      walk_rule(analysis, rule);
      for (uint32_t k = 0; k < rule->arity; k++) tell_parameters(analysis, rule->patterns[k]);
      undo(analysis, 0, NULL);
    }
}

// What a call looks at in any case: strict arguments, and all of a number.
static Flow restricted_flow(const Function *function, uint32_t index) {
  if (!function->strict[index]) return FLOW_NONE;
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    const Term *pattern = rule->patterns[index];
    while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
    if (rule->reachable && pattern->kind != TERM_NUMBER) return FLOW_WEAK;
  }
  return FLOW_COMPLETE;
}

static void start(Analysis *analysis) {
  Program *program = analysis->program;
  analysis->functions = memory_zeroed(program->functions.count - program->analysed_functions, sizeof(Function *));
  for (size_t i = program->analysed_functions; i < program->functions.count; i++) {
    Function *function = program->functions.items[i];
    if (function->builtin) continue;
    FunctionDemand *demand = function->demand = ARENA_NEW(&program->arena, FunctionDemand);
    demand->arguments = ARENA_ARRAY(&program->arena, Flow, 2 * (size_t)function->arity);
    demand->restricted = demand->arguments + function->arity;
    for (uint32_t k = 0; k < function->arity; k++) {
      demand->arguments[k] = FLOW_COMPLETE;
      demand->restricted[k] = restricted_flow(function, k);
    }
    demand->node = analysis->count;
    analysis->functions[analysis->count++] = function;
  }
}

static void forget(void *context, Term *term) {
  Binder *binders[] = {term->kind == TERM_VARIABLE ? term->variable.binder : NULL,
                       term->kind == TERM_LAMBDA ? term->lambda.binder
                       : term->kind == TERM_LET  ? term->let.binder
                       : term->kind == TERM_DUP  ? term->dup.first
                                                 : NULL,
                       term->kind == TERM_DUP ? term->dup.second : NULL};
  for (unsigned i = 0; i < 3; i++)
    if (binders[i]) binders[i]->demand = FLOW_NONE;
  term_visit_parts(term, forget, context);
}

// Of what is restricted by its effects only what its patterns look at is demanded, and nothing of its variables.
static void restrict_functions(Analysis *analysis) {
  Program *program = analysis->program;
  effects_analyse(program);
  for (size_t i = 0; i < program->functions.count; i++) {
    const Function *function = program->functions.items[i];
    FunctionDemand *demand = function->demand;
    if (!function->restricted || demand->arguments == demand->restricted) continue;
    demand->arguments = demand->restricted;
    if (i >= program->analysed_functions) continue;
    program->restrictions++;
    for (size_t k = 0; k < function->rules.count; k++) {
      const Rule *rule = function->rules.items[k];
      for (uint32_t j = 0; j < rule->arity; j++) forget(NULL, rule->patterns[j]);
      forget(NULL, rule->body);
    }
  }
}

static void analyse(Analysis *analysis) {
  analysis->components = components_find(&(Graph){analysis->count, analysis->first_call, analysis->calls.items});
  turn_round(analysis);
  analysis->use = memory_zeroed(analysis->slot_limit + 1, sizeof *analysis->use);
  analysis->first_branch = memory_zeroed(analysis->slot_limit + 1, sizeof *analysis->first_branch);
  tell_components(analysis);
  spine_find(analysis->program, analysis->functions, analysis->count, &analysis->components, analysis->slot_limit);
  analyse_components(analysis);
  tell_binders(analysis);
}

static void finish(Analysis *analysis) {
  Program *program = analysis->program;
  for (uint32_t i = 0; i < analysis->count; i++) analysis->functions[i]->demand->node = UINT32_MAX;
  program->analysed_functions = program->functions.count;
  program->analysed_names = program->names.count;
  free(analysis->functions);
  free(analysis->first_call);
  ARRAY_FREE(&analysis->calls);
  free(analysis->first_caller);
  free(analysis->callers);
  components_free(&analysis->components);
  free(analysis->use);
  free(analysis->first_branch);
  ARRAY_FREE(&analysis->changes);
  ARRAY_FREE(&analysis->branch);
}

void demand_analyse(Program *program) {
  Analysis analysis = {.program = program};
  start(&analysis);
  number_functions(&analysis);
  if (program->has_effects) restrict_functions(&analysis);
  if (!demand_is_restricted(program)) analyse(&analysis);
  finish(&analysis);
}
