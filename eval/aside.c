// Ways aside of machine code. What it does at a surprise is no C: it calls the runtime with what the way uses, and the
// steps are walked here. Ways only build: nothing is reduced before the machine code goes on, or returns.
#include "aside.h"

#include "machine.h"
#include "rules.h"

bool aside_is_way(const Step *step) {
  return step->aside && step->kind != STEP_CASE && step->kind != STEP_IF && step->kind != STEP_FUEL &&
         step->kind != STEP_SHALLOW && step->kind != STEP_BLOCK;
}

// Calls visit for each way's step, in an order that depends on the main paths alone.
static void visit_ways(Unit *unit, Step *step, void (*visit)(Unit *unit, Step *step)) {
  for (; step; step = step->next) {
    if (aside_is_way(step))
      visit(unit, step);
    else if (step->aside)
      visit_ways(unit, step->aside, visit);
    for (uint32_t i = 0; i < step->case_count; i++) visit_ways(unit, step->cases[i].steps, visit);
  }
}

static void count_way(Unit *unit, Step *step) { step->way = unit->way_count++; }
static void store_way(Unit *unit, Step *step) { unit->ways[step->way] = step; }

void aside_number(Strict *strict, Unit *unit) {
  if (unit->ways) return;
  unit->way_count = 0;
  visit_ways(unit, unit->steps, count_way);
  unit->ways = ARENA_ARRAY(&strict->code->arena, Step *, unit->way_count + 1);
  visit_ways(unit, unit->steps, store_way);
}

static bool makes_values(const Step *step) {
  return step->kind == STEP_FORCE || step->kind == STEP_CALL || step->kind == STEP_APPLY;
}

Atom aside_surprise(const Step *step) {
  return !makes_values(step) ? NO_ATOM : step->kind == STEP_FORCE ? step->arguments[0] : step->dst;
}

// The arguments that a step defines.
static bool defines(const Step *step, uint32_t argument) { return step->kind == STEP_LAMBDA && argument == 0; }

void aside_sets(const Unit *unit, const Step *step, uint64_t *inputs, uint64_t *changes) {
  unsigned words = bit_words(unit->variables + 1);
  uint64_t *made = calloc(words, sizeof *made);
  if (!made) memory_exhausted();
  memset(inputs, 0, words * sizeof *inputs);
  memset(changes, 0, words * sizeof *changes);
  for (const Step *at = step->aside; at; at = at->next) {
    for (uint32_t i = 0; i <= at->count; i++) {
      Atom x = i < at->count ? at->arguments[i] : at->reuse;
      if (i < at->count && defines(at, i))
        bit_add(made, x);
      else if (!bit_has(made, x))
        bit_add(inputs, x);
    }
    if (at->kind == STEP_CLONE || at->kind == STEP_COPY) bit_add(changes, at->arguments[0]);
    bit_add(made, at->dst);
  }
  bit_add(changes, aside_surprise(step));
  for (unsigned i = 0; i < words; i++) changes[i] &= inputs[i];
  free(made);
}

// Walking.

typedef struct {
  Machine *machine;
  Word *values; // by variable
} Walk;

static Word value(const Walk *walk, Atom x) {
  return x >= 0 ? walk->values[x] : walk->machine->shared->code.constants.items[~x];
}

static Location store(const Walk *walk, Location node, const Step *step) {
  for (uint32_t i = 0; i < step->count; i++) walk->machine->heap[node + i] = value(walk, step->arguments[i]);
  return node;
}

static Word make_node(const Walk *walk, const Step *step) {
  if (step->count == 0) return step->word;
  bool reuse = step->reuse != NO_ATOM;
  Location node = reuse ? word_location(value(walk, step->reuse)) : heap_alloc(walk->machine, step->count);
  return step->word | store(walk, node, step) << WORD_LOCATION_SHIFT;
}

static Word make_list(const Walk *walk, const Step *step) {
  Word list = word_make(TAG_CTR, NAME_LIST_NIL, 0);
  for (uint32_t i = step->count; i-- > 0;)
    list = new_pair(walk->machine, TAG_CTR, NAME_LIST_CONS, value(walk, step->arguments[i]), list);
  return list;
}

static Word make_lambda(const Walk *walk, const Step *step) {
  Location lambda = heap_alloc(walk->machine, 2);
  walk->machine->heap[lambda] = SLOT_FREE;
  walk->values[step->arguments[0]] = word_make(TAG_VAR, 0, lambda);
  return word_make(TAG_LAM, 0, lambda);
}

// The constructor in a box, which stays there.
static Word look(const Machine *machine, Word term) {
  return word_tag(term) == TAG_SHR ? machine->heap[word_location(term) + 1] : term;
}

// What a step gives; it may change its argument.
static Word make(const Walk *walk, const Step *step) {
  Machine *machine = walk->machine;
  const Atom *x = step->arguments;
  Word copies[2];
  switch (step->kind) {
  case STEP_NODE: return make_node(walk, step);
  case STEP_LIST: return make_list(walk, step);
  case STEP_STRING: return make_string(machine, &machine->shared->code.strings.items[step->name]);
  case STEP_LAMBDA: return make_lambda(walk, step);
  case STEP_LAMBDA_UNUSED: return new_pair(machine, TAG_LAM, 0, SLOT_UNUSED, value(walk, x[0]));
  case STEP_LATER: return operate_later(machine, word_extra(step->word), value(walk, x[0]), value(walk, x[1]));
  case STEP_SUPERPOSE: return new_superposition(machine, value(walk, x[0]), value(walk, x[1]), fresh_label(machine));
  case STEP_CLONE_FIELD: return clone_field(machine, word_location(look(machine, value(walk, x[0]))) + step->word);
  case STEP_CLONE:
  case STEP_COPY:
    if (step->kind == STEP_COPY || (step->word && !machine->shared->code.shares))
      copy_value(machine, value(walk, x[0]), copies);
    else
      clone_term(machine, value(walk, x[0]), 0, copies);
    walk->values[x[0]] = copies[0]; // what is lent stays where it is
    return copies[1];
  case STEP_KEEP:
    if (word_tag(value(walk, x[0])) == TAG_LAM) return value(walk, x[0]);
    copy_value(machine, value(walk, x[0]), copies);
    return copies[1];
  default: abort(); // no step of a way aside
  }
}

static Word walk_steps(const Walk *walk, const Step *step) {
  Machine *machine = walk->machine;
  for (;; step = step->next) {
    Word x = step->count ? value(walk, step->arguments[0]) : 0;
    switch (step->kind) {
    case STEP_UNLEND: break;
    case STEP_DROP: heap_erase(machine, x); break;
    case STEP_FREE: heap_free(machine, word_location(x), (unsigned)step->word); break;
    case STEP_LAMBDA_BODY: machine->heap[word_location(x) + 1] = value(walk, step->arguments[1]); break;
    case STEP_RETURN: return x;
    case STEP_GRAPH:
      return word_make(TAG_GRAPH, step->name, step->count ? store(walk, heap_alloc(machine, step->count), step) : 0);
    default: walk->values[step->dst] = make(walk, step);
    }
  }
}

Word aside_run(Machine *machine, Word way, ...) {
  Strict *strict = machine->shared->code.strict;
  Unit *unit = strict->by_name.items[way >> NATIVE_WAY_BITS];
  aside_number(strict, unit);
  const Step *step = unit->ways[way & (((Word)1 << NATIVE_WAY_BITS) - 1)];
  unsigned words = bit_words(unit->variables + 1);
  ARRAY_RESERVE(&machine->aside, unit->variables + 2 * words);
  Walk walk = {machine, machine->aside.items};
  uint64_t *used = walk.values + unit->variables, *changed = used + words;
  aside_sets(unit, step, used, changed);
  va_list inputs;
  va_start(inputs, way);
  uint32_t place = 0;
  for (Atom x = 0; x < (Atom)unit->variables; x++) {
    if (!bit_has(used, x)) continue;
    walk.values[x] = place < NATIVE_WAY_INPUTS ? va_arg(inputs, Word) : machine->stack_top[place];
    place++;
  }
  va_end(inputs);
  Atom surprise = aside_surprise(step);
  if (bit_has(used, surprise) && !is_settled(machine, walk.values[surprise])) // a value may be the wrong one
    walk.values[surprise] = mark_stuck(machine, walk.values[surprise]);
  Word result = walk_steps(&walk, step->aside);
  Word *back = machine->stack_top;
  for (Atom x = 0; x < (Atom)unit->variables; x++)
    if (bit_has(used, x)) *back++ = walk.values[x];
  return result;
}
