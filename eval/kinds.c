// A kind for each class of variables that meet, then what is known on the paths.
#include "kinds.h"

enum { OTHER = KNOWN_F60 + 1 }; // a class that numbers of two kinds, or other terms, meet in

// Classes are trees of nodes: variables of the units, one after the other, each unit's result behind its own.
struct Kinds {
  const Strict *strict;
  Arena arena;
  UnitKinds *units; // by the order in strict->reached
  size_t *first;    // likewise: the node of the unit's first variable
  uint32_t *index;  // by NameId: of the unit
  uint32_t *parent; // by node
  uint8_t *kind;    // by root
  bool changed;
};

// Expressions are no part of machine code: the next one has the same name.
bool kinds_cover(const Strict *strict, const Unit *unit) {
  return unit->reached && unit->steps && *strict->program->names.items[unit->name].text != '(';
}

static const Unit *unit_called(const Kinds *kinds, NameId name) {
  const Strict *strict = kinds->strict;
  const Unit *unit = name < strict->by_name.count ? strict->by_name.items[name] : NULL;
  return unit && kinds_cover(strict, unit) ? unit : NULL;
}

const UnitKinds *kinds_of(const Kinds *kinds, const Unit *unit) { return &kinds->units[kinds->index[unit->name]]; }

static Known constant_kind(const Kinds *kinds, Atom x) {
  unsigned tag = word_tag(kinds->strict->code->constants.items[~x]);
  return tag == TAG_NUM ? KNOWN_U60 : tag == TAG_FLO ? KNOWN_F60 : (Known)OTHER;
}

// Classes.

static uint32_t root_of(Kinds *kinds, size_t node) {
  uint32_t at = (uint32_t)node;
  while (kinds->parent[at] != at) at = kinds->parent[at] = kinds->parent[kinds->parent[at]];
  return at;
}

static void seed(Kinds *kinds, size_t node, Known kind) {
  uint8_t *at = &kinds->kind[root_of(kinds, node)];
  *at = *at == KNOWN_NOTHING || *at == kind ? (uint8_t)kind : (uint8_t)OTHER;
}

static void meet_nodes(Kinds *kinds, size_t a, size_t b) {
  uint32_t left = root_of(kinds, a), right = root_of(kinds, b);
  if (left == right) return;
  Known kind = (Known)kinds->kind[right];
  kinds->parent[right] = left;
  if (kind != KNOWN_NOTHING) seed(kinds, left, kind);
}

static size_t unit_node(const Kinds *kinds, const Unit *unit) { return kinds->first[kinds->index[unit->name]]; }
static size_t result_node(const Kinds *kinds, const Unit *unit) { return unit_node(kinds, unit) + unit->variables; }

static void meet_atom(Kinds *kinds, const Unit *unit, size_t node, Atom x) {
  if (x >= 0)
    meet_nodes(kinds, node, unit_node(kinds, unit) + (size_t)x);
  else
    seed(kinds, node, constant_kind(kinds, x));
}

static void seed_atom(Kinds *kinds, const Unit *unit, Atom x, Known kind) {
  if (x >= 0) seed(kinds, unit_node(kinds, unit) + (size_t)x, kind);
}

static void classify(Kinds *kinds, const Unit *unit, const Step *step, size_t result);

static void classify_call(Kinds *kinds, const Unit *unit, const Step *step, size_t result) {
  const Unit *callee = unit_called(kinds, step->name);
  if (!callee) return;
  size_t first = unit_node(kinds, callee);
  for (uint32_t i = 0; i < step->count; i++) meet_atom(kinds, unit, first + i, step->arguments[i]);
  meet_nodes(kinds, step->kind == STEP_TAIL ? result : unit_node(kinds, unit) + (size_t)step->dst,
             result_node(kinds, callee));
}

// The parameters go on to another unit as they are.
static void classify_offer(Kinds *kinds, const Unit *unit, const Step *step, size_t result) {
  const Unit *borrower = unit_called(kinds, step->name);
  for (uint32_t i = 0; borrower && i < unit->function->arity; i++)
    meet_nodes(kinds, unit_node(kinds, unit) + i, unit_node(kinds, borrower) + i);
  if (borrower) meet_nodes(kinds, result, result_node(kinds, borrower));
}

static void classify_case(Kinds *kinds, const Unit *unit, const Step *step, size_t result) {
  for (uint32_t i = 0; i < step->case_count; i++) {
    unsigned tag = word_tag(step->cases[i].key);
    seed_atom(kinds, unit, step->arguments[0], tag == TAG_NUM ? KNOWN_U60 : tag == TAG_FLO ? KNOWN_F60 : (Known)OTHER);
    classify(kinds, unit, step->cases[i].steps, result);
  }
  classify(kinds, unit, step->aside, result);
}

// A path. What is aside for a surprise, or left for later, says nothing about what usually happens.
static void classify(Kinds *kinds, const Unit *unit, const Step *step, size_t result) {
  size_t first = unit_node(kinds, unit);
  for (; step; step = step->next) {
    const Atom *x = step->arguments;
    size_t dst = first + (step->dst >= 0 ? (size_t)step->dst : 0);
    switch (step->kind) {
    case STEP_OPERATE:
    case STEP_LATER:
      meet_atom(kinds, unit, dst, x[0]);
      meet_atom(kinds, unit, dst, x[1]);
      if (!kinds->strict->floats) seed(kinds, dst, KNOWN_U60);
      break;
    case STEP_CHECK: seed_atom(kinds, unit, x[0], KNOWN_U60); break;
    case STEP_IF:
      seed_atom(kinds, unit, x[0], KNOWN_U60);
      classify(kinds, unit, step->aside, result);
      break;
    case STEP_CASE: classify_case(kinds, unit, step, result); break;
    case STEP_BLOCK: classify(kinds, unit, step->aside, dst); break;
    case STEP_CALL:
    case STEP_TAIL: classify_call(kinds, unit, step, result); break;
    case STEP_OFFER: classify_offer(kinds, unit, step, result); break;
    case STEP_RETURN: meet_atom(kinds, unit, result, x[0]); break;
    case STEP_CLONE:
    case STEP_COPY:
    case STEP_LEND:
    case STEP_KEEP: meet_atom(kinds, unit, dst, x[0]); break;
    case STEP_NODE:
      if (word_tag(step->word) == TAG_CTR) seed(kinds, dst, (Known)OTHER);
      break;
    case STEP_OPEN: seed_atom(kinds, unit, x[0], (Known)OTHER); break;
    case STEP_LIST:
    case STEP_STRING:
    case STEP_LAMBDA:
    case STEP_LAMBDA_UNUSED: seed(kinds, dst, (Known)OTHER); break;
    default: break;
    }
  }
}

// Paths.

Known kinds_known(const Kinds *kinds, const uint8_t *known, Atom x) {
  if (x >= 0) return (Known)known[x];
  Known kind = constant_kind(kinds, x);
  return kind <= KNOWN_F60 ? kind : KNOWN_NOTHING;
}

bool kinds_may_fail(const Kinds *kinds, const Step *step, Known kind) {
  Operator op = op2_operator(word_extra(step->word));
  if (kind != KNOWN_U60 || (op != OP_DIV && op != OP_MOD)) return false;
  return step->arguments[1] >= 0 || kinds->strict->code->constants.items[~step->arguments[1]] == 0;
}

Known kinds_operation(const Kinds *kinds, const UnitKinds *of, const Step *step, const uint8_t *known) {
  Known left = kinds_known(kinds, known, step->arguments[0]), right = kinds_known(kinds, known, step->arguments[1]);
  Known kind = left != KNOWN_NOTHING ? left : right != KNOWN_NOTHING ? right : (Known)of->wanted[step->dst];
  if (kind == KNOWN_F60 && of->wanted[step->dst] != KNOWN_F60) return KNOWN_NOTHING;
  if (step->kind == STEP_LATER) return left == right && !kinds_may_fail(kinds, step, kind) ? left : KNOWN_NOTHING;
  if (kind == KNOWN_NOTHING && !kinds->strict->floats) kind = KNOWN_U60;
  if (left != KNOWN_NOTHING && right != KNOWN_NOTHING && left != right) return KNOWN_NOTHING;
  if (kind != KNOWN_F60) return kind;
  for (uint32_t i = 0; i < 2; i++) // only what is wanted as F60 can be one
    if (step->arguments[i] >= 0 && of->wanted[step->arguments[i]] != KNOWN_F60) return KNOWN_NOTHING;
  return kind;
}

void kinds_begin(const UnitKinds *of, const Unit *unit, uint8_t *known) {
  memset(known, KNOWN_NOTHING, unit->variables);
  memcpy(known, of->parameters, unit->function->arity);
}

static void learn(const UnitKinds *of, uint8_t *known, Atom x, Known kind) {
  if (x >= 0) known[x] = kind == KNOWN_F60 && of->wanted[x] != KNOWN_F60 ? KNOWN_NOTHING : (uint8_t)kind;
}

void kinds_learn(const Kinds *kinds, const UnitKinds *of, const Step *step, uint8_t *known) {
  const Atom *x = step->arguments;
  switch (step->kind) {
  case STEP_FORCE:
    if (known[x[0]] == KNOWN_NOTHING) known[x[0]] = of->wanted[x[0]];
    break;
  case STEP_FORCE_FIELD: known[step->dst] = of->wanted[step->dst]; break;
  case STEP_CALL:
  case STEP_APPLY: known[step->dst] = step->aside ? of->wanted[step->dst] : KNOWN_NOTHING; break;
  case STEP_CHECK: learn(of, known, x[0], KNOWN_U60); break;
  case STEP_OPERATE:
  case STEP_LATER: {
    Known kind = kinds_operation(kinds, of, step, known);
    if (kind != KNOWN_NOTHING) learn(of, known, x[0], kind), learn(of, known, x[1], kind);
    learn(of, known, step->dst, kind);
    break;
  }
  case STEP_CLONE:
  case STEP_COPY:
  case STEP_LEND:
  case STEP_KEEP: learn(of, known, step->dst, kinds_known(kinds, known, x[0])); break;
  case STEP_OPEN:
    for (uint32_t i = 1; i < step->count; i++) known[x[i]] = KNOWN_NOTHING;
    break;
  case STEP_LAMBDA:
    known[x[0]] = KNOWN_NOTHING; // and what it is bound to
  // fallthrough
  default:
    if (step->dst >= 0) known[step->dst] = KNOWN_NOTHING;
  }
}

// A parameter that need not be a value is only taken for a number if all calls give it one.
static void visit_argument(Kinds *kinds, const Unit *callee, uint32_t index, Known kind) {
  uint8_t *parameter = &kinds->units[kinds->index[callee->name]].parameters[index];
  if (callee->values[index] || *parameter == KNOWN_NOTHING || kind == (Known)*parameter) return;
  *parameter = KNOWN_NOTHING;
  kinds->changed = true;
}

static void visit_call(Kinds *kinds, const Step *step, const uint8_t *known) {
  const Unit *callee = unit_called(kinds, step->name);
  for (uint32_t i = 0; callee && i < step->count; i++)
    visit_argument(kinds, callee, i, kinds_known(kinds, known, step->arguments[i]));
}

static void visit_offer(Kinds *kinds, const Unit *unit, const Step *step, const uint8_t *known) {
  const Unit *borrower = unit_called(kinds, step->name);
  for (uint32_t i = 0; borrower && i < unit->function->arity; i++) visit_argument(kinds, borrower, i, (Known)known[i]);
}

static void visit(Kinds *kinds, const Unit *unit, const Step *step, uint8_t *known);

static void visit_fork(Kinds *kinds, const Unit *unit, const Step *step, const uint8_t *known) {
  uint8_t *copy = malloc(unit->variables + 1);
  if (!copy) memory_exhausted();
  memcpy(copy, known, unit->variables);
  visit(kinds, unit, step, copy);
  free(copy);
}

static void visit(Kinds *kinds, const Unit *unit, const Step *step, uint8_t *known) {
  const UnitKinds *of = kinds_of(kinds, unit);
  for (; step; step = step->next) {
    switch (step->kind) {
    case STEP_CASE:
      for (uint32_t i = 0; i < step->case_count; i++) visit_fork(kinds, unit, step->cases[i].steps, known);
      visit_fork(kinds, unit, step->aside, known);
      return;
    case STEP_IF:
    case STEP_BLOCK: visit_fork(kinds, unit, step->aside, known); break;
    case STEP_CALL:
    case STEP_TAIL: visit_call(kinds, step, known); break;
    case STEP_OFFER: visit_offer(kinds, unit, step, known); break;
    default: break;
    }
    kinds_learn(kinds, of, step, known);
  }
}

// All of it.

static void want(Kinds *kinds, const Unit *unit) {
  UnitKinds *of = &kinds->units[kinds->index[unit->name]];
  of->wanted = ARENA_ARRAY(&kinds->arena, uint8_t, unit->variables + 1);
  of->parameters = ARENA_ARRAY(&kinds->arena, uint8_t, unit->function->arity + 1);
  uint32_t doubles = 0;
  for (uint32_t x = 0; x < unit->variables; x++) {
    uint8_t kind = kinds->kind[root_of(kinds, unit_node(kinds, unit) + x)];
    of->wanted[x] = kind == OTHER ? KNOWN_NOTHING : kind;
    if (x >= unit->function->arity || (of->wanted[x] == KNOWN_F60 && doubles == KINDS_DOUBLES)) continue;
    of->parameters[x] = of->wanted[x];
    doubles += of->wanted[x] == KNOWN_F60;
  }
}

static void visit_unit(Kinds *kinds, const Unit *unit) {
  uint8_t *known = malloc(unit->variables + 1);
  if (!known) memory_exhausted();
  kinds_begin(kinds_of(kinds, unit), unit, known);
  visit(kinds, unit, unit->steps, known);
  free(known);
}

Kinds *kinds_new(const Strict *strict) {
  Kinds *kinds = calloc(1, sizeof *kinds);
  if (!kinds) memory_exhausted();
  size_t count = 0, nodes = 0, all = strict->reached.count;
  const Unit **units = ARENA_ARRAY(&kinds->arena, const Unit *, all + 1);
  kinds->strict = strict;
  kinds->units = ARENA_ARRAY(&kinds->arena, UnitKinds, all + 1);
  kinds->first = ARENA_ARRAY(&kinds->arena, size_t, all + 1);
  kinds->index = ARENA_ARRAY(&kinds->arena, uint32_t, strict->by_name.count + 1);
  for (size_t i = 0; i < all; i++) {
    const Unit *unit = strict->reached.items[i];
    if (!kinds_cover(strict, unit)) continue;
    units[count] = unit;
    kinds->first[count] = nodes;
    kinds->index[unit->name] = (uint32_t)count++;
    nodes += unit->variables + 1;
  }
  kinds->parent = ARENA_ARRAY(&kinds->arena, uint32_t, nodes + 1);
  kinds->kind = ARENA_ARRAY(&kinds->arena, uint8_t, nodes + 1);
  for (size_t i = 0; i < nodes; i++) kinds->parent[i] = (uint32_t)i;
  for (size_t i = 0; i < count; i++) classify(kinds, units[i], units[i]->steps, result_node(kinds, units[i]));
  for (size_t i = 0; i < count; i++) want(kinds, units[i]);
  do {
    kinds->changed = false;
    for (size_t i = 0; i < count; i++) visit_unit(kinds, units[i]);
  } while (kinds->changed);
  return kinds;
}

void kinds_free(Kinds *kinds) {
  arena_free(&kinds->arena);
  free(kinds);
}
