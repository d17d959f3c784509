// Where boxes are to be expected. Something that is used twice is put into a box, and goes from there through calls,
// results and fields of constructors. The fields of a constructor in a box become boxes when it is taken out.
//
// This is a guess about what happens often, over the main paths of what is reached; all code takes boxes everywhere.
// Fields are told apart by the name of their constructor only.
#include "aside.h"
#include "strict.h"

typedef struct {
  Strict *strict;
  uint64_t *fields;     // by NameId: of a constructor, as a set of the first 64
  uint64_t *parameters; // by NameId: of a function
  uint8_t *results;     // by NameId: of a function
  uint8_t **variables;  // by the order in strict->reached
  Word **keys;          // likewise: what is in a variable on the path
  bool changed;
} Boxes;

typedef struct {
  Boxes *boxes;
  const Unit *unit;
  uint8_t *variables;
  Word *keys;
} Visit;

static void mark(Visit *visit, Atom x) {
  if (x < 0 || visit->variables[x]) return;
  visit->variables[x] = 1;
  visit->boxes->changed = true;
}

static bool is_marked(const Visit *visit, Atom x) { return x >= 0 && visit->variables[x]; }

static void mark_in(Boxes *boxes, uint64_t *sets, NameId name, uint32_t index) {
  if (index >= 64 || sets[name] >> index & 1) return;
  sets[name] |= (uint64_t)1 << index;
  boxes->changed = true;
}

static void pass_arguments(Visit *visit, const Step *step, uint64_t *sets, NameId name) {
  for (uint32_t i = 0; i < step->count; i++)
    if (is_marked(visit, step->arguments[i]) && !(step->lent && step->lent[i])) mark_in(visit->boxes, sets, name, i);
}

static const Function *function_called(const Strict *strict, NameId name) {
  const Unit *unit = name < strict->by_name.count ? strict->by_name.items[name] : NULL;
  return unit ? unit->function : strict->program->names.items[name].function;
}

static void visit_call(Visit *visit, const Step *step) {
  const Function *function = function_called(visit->boxes->strict, step->name);
  if (!function) return;
  pass_arguments(visit, step, visit->boxes->parameters, function->name);
  if (step->kind == STEP_CALL && visit->boxes->results[function->name]) mark(visit, step->dst);
}

static void visit_result(Visit *visit, const Step *step, Atom block) {
  if (!is_marked(visit, step->arguments[0])) return;
  uint8_t *result = &visit->boxes->results[visit->unit->function->name];
  if (block != NO_ATOM) {
    mark(visit, block);
  } else if (!*result) {
    *result = 1;
    visit->boxes->changed = true;
  }
}

static void visit_node(Visit *visit, const Step *step) {
  Boxes *boxes = visit->boxes;
  NameId name = word_extra(step->word);
  if (word_tag(step->word) == TAG_CTR) {
    pass_arguments(visit, step, boxes->fields, name);
    return;
  }
  if (word_tag(step->word) != TAG_CAL) return;
  const Function *function = function_called(boxes->strict, name);
  if (function) pass_arguments(visit, step, boxes->parameters, function->name);
}

static void visit_open(Visit *visit, Step *step) {
  Boxes *boxes = visit->boxes;
  NameId name = word_extra(step->word);
  bool shared = is_marked(visit, step->arguments[0]);
  step->boxed = shared;
  for (uint32_t i = 1; i < step->count; i++) {
    if (shared) mark_in(boxes, boxes->fields, name, i - 1);
    if (i <= 64 && boxes->fields[name] >> (i - 1) & 1) mark(visit, step->arguments[i]);
  }
}

// A field of something that was matched.
static bool is_marked_field(const Visit *visit, const Step *step) {
  Word key = visit->keys[step->arguments[0]];
  return word_tag(key) == TAG_CTR && step->word < 64 && visit->boxes->fields[word_extra(key)] >> step->word & 1;
}

static void visit_steps(Visit *visit, Step *step, Atom block) {
  for (; step; step = step->next) {
    const Atom *x = step->arguments;
    switch (step->kind) {
    case STEP_CLONE: mark(visit, x[0]), mark(visit, step->dst); break;
    case STEP_CLONE_FIELD:
      mark(visit, step->dst);
      if (word_tag(visit->keys[x[0]]) == TAG_CTR)
        mark_in(visit->boxes, visit->boxes->fields, word_extra(visit->keys[x[0]]), (uint32_t)step->word);
      break;
    case STEP_FORCE_FIELD: step->boxed = is_marked_field(visit, step); break;
    case STEP_NODE: visit_node(visit, step); break;
    case STEP_OPEN: visit_open(visit, step); break;
    case STEP_CALL:
    case STEP_TAIL:
    case STEP_GRAPH: visit_call(visit, step); break;
    case STEP_RETURN: visit_result(visit, step, block); break;
    case STEP_BLOCK: visit_steps(visit, step->aside, step->dst); break;
    case STEP_CASE:
      step->boxed = is_marked(visit, x[0]);
      for (uint32_t i = 0; i < step->case_count; i++) {
        if (x[0] >= 0) visit->keys[x[0]] = step->cases[i].key;
        visit_steps(visit, step->cases[i].steps, block);
      }
      break;
    default: break;
    }
    if (step->aside && step->kind != STEP_BLOCK && !aside_is_way(step)) visit_steps(visit, step->aside, block);
  }
}

static void visit_unit(Boxes *boxes, size_t index) {
  Unit *unit = boxes->strict->reached.items[index];
  Visit visit = {boxes, unit, boxes->variables[index], boxes->keys[index]};
  for (uint32_t i = 0; i < unit->function->arity && i < 64; i++)
    if (boxes->parameters[unit->function->name] >> i & 1 && !unit->loans.items[i].borrowed) mark(&visit, (Atom)i);
  visit_steps(&visit, unit->steps, NO_ATOM);
}

void strict_find_boxes(Strict *strict) {
  Arena arena = {0};
  size_t names = strict->program->names.count, count = strict->reached.count;
  Boxes boxes = {.strict = strict};
  boxes.fields = ARENA_ARRAY(&arena, uint64_t, names);
  boxes.parameters = ARENA_ARRAY(&arena, uint64_t, names);
  boxes.results = ARENA_ARRAY(&arena, uint8_t, names);
  boxes.variables = ARENA_ARRAY(&arena, uint8_t *, count + 1);
  boxes.keys = ARENA_ARRAY(&arena, Word *, count + 1);
  for (size_t i = 0; i < count; i++) {
    boxes.variables[i] = ARENA_ARRAY(&arena, uint8_t, strict->reached.items[i]->variables + 1);
    boxes.keys[i] = ARENA_ARRAY(&arena, Word, strict->reached.items[i]->variables + 1);
  }
  do {
    boxes.changed = false;
    for (size_t i = 0; i < count; i++)
      if (strict->reached.items[i]->steps) visit_unit(&boxes, i);
  } while (boxes.changed);
  arena_free(&arena);
}
