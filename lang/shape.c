#include "shape.h"

#include "components.h"
#include "match.h"

// Two graphs: the arguments, each pointing at those that it is passed on to, and the results, each pointing at those of
// the functions whose calls are the result.
typedef struct {
  Program *program;
  Shapes shapes;
  uint32_t *function_of_name;  // index in program->functions
  uint32_t base;               // the first argument of the function at work
  ARRAY(Edge) passed, results; // by argument; by function
  uint32_t function;
} Finder;

static void add_name(Shape *shape, NameId name) {
  for (uint32_t i = 0; i < shape->count && i < SHAPE_NAMES; i++)
    if (shape->names[i] == name) return;
  if (shape->count < SHAPE_NAMES) shape->names[shape->count] = name;
  if (shape->count <= SHAPE_NAMES) shape->count++;
}

static void add_shape(Shape *to, const Shape *from) {
  to->kinds |= from->kinds;
  for (uint32_t i = 0; i < from->count && i < SHAPE_NAMES; i++) add_name(to, from->names[i]);
  if (from->count > SHAPE_NAMES) to->count = SHAPE_NAMES + 1;
}

// Every node gets what the nodes have that it reaches: those of a component all have the same.
static void spread(Shape *shapes, uint32_t count, const Edge *edges, size_t edge_count) {
  Graph graph = graph_of_edges(count, edges, edge_count);
  Components all = components_find(&graph);
  for (uint32_t c = 0; c < all.count; c++) {
    Shape whole = {0};
    for (uint32_t i = all.start[c]; i < all.start[c + 1]; i++) {
      uint32_t node = all.nodes[i];
      add_shape(&whole, &shapes[node]);
      for (size_t e = graph.first[node]; e < graph.first[node + 1]; e++) add_shape(&whole, &shapes[graph.targets[e]]);
    }
    for (uint32_t i = all.start[c]; i < all.start[c + 1]; i++) shapes[all.nodes[i]] = whole;
  }
  components_free(&all);
  graph_free(&graph);
}

// Binder.index is 1 + the number of the argument that a variable is; 0: none.

static uint32_t argument_of(const Term *term) {
  return term->kind == TERM_VARIABLE && !term->variable.binder->scopeless ? term->variable.binder->index : 0;
}

static void add_kind(Finder *finder, const Term *term, uint32_t kind) {
  uint32_t argument = argument_of(term);
  if (argument) finder->shapes.arguments[finder->base + argument - 1].kinds |= kind;
}

static void set_index(Binder *binder, uint32_t index) {
  if (binder) binder->index = index;
}

static void find_uses_of_call(Finder *finder, const Term *term) {
  const Function *callee = finder->program->names.items[term->call.name].function;
  if (!callee) return;
  if (callee->builtin == BUILTIN_U60_IF || callee->builtin == BUILTIN_U60_SWAP)
    add_kind(finder, term->call.arguments[0], SHAPE_NUMBER);
  if (callee->builtin) return;
  size_t first = finder->shapes.first[finder->function_of_name[term->call.name]];
  for (uint32_t i = 0; i < term->call.count; i++) {
    uint32_t argument = argument_of(term->call.arguments[i]);
    if (argument) ARRAY_PUSH(&finder->passed, (Edge){finder->base + argument - 1, (uint32_t)first + i});
  }
}

static void find_uses(void *context, Term *term) {
  Finder *finder = context;
  switch (term->kind) {
  case TERM_LAMBDA: set_index(term->lambda.binder, 0); break;
  case TERM_OPERATE:
    add_kind(finder, term->operate.left, SHAPE_NUMBER);
    add_kind(finder, term->operate.right, SHAPE_NUMBER);
    break;
  case TERM_APPLY: add_kind(finder, term->apply.function, SHAPE_LAMBDA); break;
  case TERM_CALL: find_uses_of_call(finder, term); break;
  case TERM_LET: set_index(term->let.binder, argument_of(term->let.value)); break;
  case TERM_DUP:
    set_index(term->dup.first, argument_of(term->dup.value));
    set_index(term->dup.second, argument_of(term->dup.value));
    break;
  default: break;
  }
  term_visit_parts(term, find_uses, context);
}

static void find_result(Finder *finder, const Term *term) {
  Shape *shape = &finder->shapes.results[finder->function];
  while (term->kind == TERM_DUP || term->kind == TERM_LET)
    term = term->kind == TERM_DUP ? term->dup.body : term->let.body;
  NameId name;
  const Function *callee = term->kind == TERM_CALL ? finder->program->names.items[term->call.name].function : NULL;
  if (term->kind == TERM_NUMBER || term->kind == TERM_OPERATE)
    shape->kinds |= SHAPE_NUMBER;
  else if (term->kind == TERM_LAMBDA || term->kind == TERM_CLOSURE)
    shape->kinds |= SHAPE_LAMBDA;
  else if (callee && callee->builtin == BUILTIN_U60_IF)
    find_result(finder, term->call.arguments[1]), find_result(finder, term->call.arguments[2]);
  else if (callee && callee->builtin == BUILTIN_SPARK)
    find_result(finder, term->call.arguments[1]);
  else if (callee && callee->builtin == BUILTIN_U60_SWAP)
    add_name(shape, NAME_BOTH);
  else if (callee && !callee->builtin)
    ARRAY_PUSH(&finder->results, (Edge){finder->function, finder->function_of_name[term->call.name]});
  else if (!callee && match_constructor(term, &name) != UINT32_MAX)
    add_name(shape, name);
  else
    shape->kinds |= SHAPE_UNKNOWN;
}

static void clear_parameters(const Term *pattern) {
  switch (pattern->kind) {
  case TERM_VARIABLE: set_index(pattern->variable.binder, 0); break;
  case TERM_STRICT: clear_parameters(pattern->strict.argument); break;
  case TERM_CALL:
    for (uint32_t i = 0; i < pattern->call.count; i++) clear_parameters(pattern->call.arguments[i]);
    break;
  case TERM_LIST:
    for (uint32_t i = 0; i < pattern->list.count; i++) clear_parameters(pattern->list.items[i]);
    break;
  default: break;
  }
}

static void find_argument(Finder *finder, const Term *pattern, uint32_t index) {
  Shape *shape = &finder->shapes.arguments[finder->base + index];
  clear_parameters(pattern);
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  NameId name;
  if (pattern->kind == TERM_VARIABLE)
    set_index(pattern->variable.binder, index + 1);
  else if (pattern->kind == TERM_NUMBER)
    shape->kinds |= SHAPE_NUMBER;
  else if (match_constructor(pattern, &name) != UINT32_MAX)
    add_name(shape, name);
}

static void find_function(Finder *finder, uint32_t index) {
  const Function *function = finder->program->functions.items[index];
  finder->function = index;
  finder->base = (uint32_t)finder->shapes.first[index];
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    if (!rule->reachable) continue;
    for (uint32_t k = 0; k < rule->arity; k++) find_argument(finder, rule->patterns[k], k);
    find_uses(finder, rule->body);
    find_result(finder, rule->body);
  }
}

Shapes shapes_find(Program *program) {
  Finder finder = {.program = program};
  uint32_t count = (uint32_t)program->functions.count;
  finder.function_of_name = memory_zeroed(program->names.count, sizeof(uint32_t));
  finder.shapes.first = memory_zeroed(count + 1, sizeof(size_t));
  for (uint32_t i = 0; i < count; i++) {
    const Function *function = program->functions.items[i];
    finder.function_of_name[function->name] = i;
    finder.shapes.first[i + 1] = finder.shapes.first[i] + function->arity;
  }
  size_t arguments = finder.shapes.first[count];
  finder.shapes.arguments = memory_zeroed(arguments, sizeof(Shape));
  finder.shapes.results = memory_zeroed(count, sizeof(Shape));
  for (uint32_t i = 0; i < count; i++) find_function(&finder, i);
  spread(finder.shapes.arguments, (uint32_t)arguments, finder.passed.items, finder.passed.count);
  spread(finder.shapes.results, count, finder.results.items, finder.results.count);
  free(finder.function_of_name);
  ARRAY_FREE(&finder.passed);
  ARRAY_FREE(&finder.results);
  return finder.shapes;
}

void shapes_free(Shapes *shapes) {
  free(shapes->arguments);
  free(shapes->results);
  free(shapes->first);
}

void shape_print(Buffer *out, const Program *program, const Shape *shape) {
  if (shape->kinds & SHAPE_UNKNOWN || (!shape->kinds && !shape->count)) {
    buffer_char(out, '_');
    return;
  }
  uint32_t parts = shape->count + (shape->kinds & SHAPE_NUMBER ? 1 : 0) + (shape->kinds & SHAPE_LAMBDA ? 1 : 0);
  const char *between = parts > 1 ? "(" : "";
  if (shape->kinds & SHAPE_NUMBER) buffer_format(out, "%snum", between), between = "|";
  if (shape->kinds & SHAPE_LAMBDA) buffer_format(out, "%sλ", between), between = "|";
  for (uint32_t i = 0; i < shape->count && i < SHAPE_NAMES; i++, between = "|")
    buffer_format(out, "%s%s", between, program->names.items[shape->names[i]].text);
  if (shape->count > SHAPE_NAMES) buffer_text(out, "|…");
  if (parts > 1) buffer_char(out, ')');
}
