#include "spine.h"

#include "flow.h"

typedef struct {
  NameId name;
  uint32_t index; // NO_FIELD: a whole argument
} Field;

static const uint32_t NO_FIELD = UINT32_MAX;

// The parameter in whose pattern a variable stands, and the constructor field that it is there.
typedef struct {
  const Rule *rule; // whose slot this is; an old one's counts for nothing
  uint32_t parameter;
  Field field;
} Origin;

typedef struct {
  Program *program;
  Function *const *functions;
  const Components *components;
  uint32_t *first_parameter; // by function: the parameters of all are numbered
  Origin *origins;           // by slot
  const Rule *rule;
  uint32_t component;  // the rule's function's
  ARRAY(Edge) passed;  // variables, from a parameter to a parameter, within a component of the call graph
  ARRAY(Field) fields; // which each of them is
} Search;

// What was analysed before relies on the fields of its constructors.
static void mark(const Search *search, Field field) {
  Name *constructor = &search->program->names.items[field.name];
  if (constructor->builtin || constructor->function || field.name < search->program->analysed_names) return;
  if (!constructor->spine) constructor->spine = ARENA_ARRAY(&search->program->arena, bool, constructor->arity);
  constructor->spine[field.index] = true;
}

// The number of a function of the rule's component that is called; UINT32_MAX: it is none.
static uint32_t called(const Search *search, const Term *term) {
  if (term->kind != TERM_CALL) return UINT32_MAX;
  const Function *callee = search->program->names.items[term->call.name].function;
  if (!callee || !callee->demand || callee->demand->node == UINT32_MAX) return UINT32_MAX;
  return search->components->of[callee->demand->node] == search->component ? callee->demand->node : UINT32_MAX;
}

static void find_origins(Search *search, const Term *pattern, Origin origin) {
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  switch (pattern->kind) {
  case TERM_VARIABLE: search->origins[slot_of(pattern->variable.binder)] = origin; break;
  case TERM_LIST:
    for (uint32_t i = 0; i < pattern->list.count; i++)
      find_origins(search, pattern->list.items[i], (Origin){search->rule, origin.parameter, {NAME_LIST_CONS, 0}});
    break;
  case TERM_CALL:
    for (uint32_t i = 0; i < pattern->call.count; i++)
      find_origins(search, pattern->call.arguments[i],
                   (Origin){search->rule, origin.parameter, {pattern->call.name, i}});
    break;
  default: break;
  }
}

static void find_passings(void *context, Term *term) {
  Search *search = context;
  uint32_t callee = called(search, term);
  if (callee != UINT32_MAX)
    for (uint32_t i = 0; i < term->call.count; i++) {
      uint32_t slot = slot_of_variable(term->call.arguments[i]);
      const Origin *origin = &search->origins[slot];
      if (!slot || origin->rule != search->rule) continue;
      ARRAY_PUSH(&search->passed, (Edge){origin->parameter, search->first_parameter[callee] + i});
      ARRAY_PUSH(&search->fields, origin->field);
    }
  term_visit_parts(term, find_passings, context);
}

// Fields of the result that a function of the component gives.
static void mark_built(const Search *search, const Term *term) {
  while (term->kind == TERM_DUP || term->kind == TERM_LET)
    term = term->kind == TERM_DUP ? term->dup.body : term->let.body;
  if (term->kind != TERM_CALL) return;
  const Function *callee = search->program->names.items[term->call.name].function;
  if (callee && callee->builtin == BUILTIN_U60_IF) {
    mark_built(search, term->call.arguments[1]);
    mark_built(search, term->call.arguments[2]);
  }
  if (callee) return;
  for (uint32_t i = 0; i < term->call.count; i++)
    if (called(search, term->call.arguments[i]) != UINT32_MAX)
      mark(search, (Field){term->call.name, i});
    else
      mark_built(search, term->call.arguments[i]);
}

static void walk_rules(Search *search, uint32_t node) {
  const Function *function = search->functions[node];
  if (!function->recursive) return;
  search->component = search->components->of[node];
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = search->rule = function->rules.items[i];
    for (uint32_t k = 0; k < rule->arity; k++)
      find_origins(search, rule->patterns[k], (Origin){rule, search->first_parameter[node] + k, {0, NO_FIELD}});
    find_passings(search, rule->body);
    mark_built(search, rule->body);
  }
}

void spine_find(Program *program, Function *const *functions, uint32_t count, const Components *components,
                uint32_t slot_limit) {
  Search search = {.program = program, .functions = functions, .components = components};
  search.first_parameter = memory_zeroed(count, sizeof(uint32_t));
  search.origins = memory_zeroed((size_t)slot_limit + 1, sizeof(Origin));
  uint32_t parameters = 0;
  for (uint32_t node = 0; node < count; parameters += functions[node++]->arity)
    search.first_parameter[node] = parameters;
  for (uint32_t node = 0; node < count; node++) walk_rules(&search, node);
  Graph graph = graph_of_edges(parameters, search.passed.items, search.passed.count);
  Components circles = components_find(&graph);
  for (size_t i = 0; i < search.passed.count; i++) {
    const Edge *edge = &search.passed.items[i];
    if (search.fields.items[i].index != NO_FIELD && circles.of[edge->from] == circles.of[edge->to])
      mark(&search, search.fields.items[i]);
  }
  components_free(&circles);
  graph_free(&graph);
  free(search.first_parameter);
  free(search.origins);
  ARRAY_FREE(&search.passed);
  ARRAY_FREE(&search.fields);
}
