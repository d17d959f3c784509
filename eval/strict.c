// Which functions have strict code, under which demands.
#include "strict.h"

#include "aside.h"
#include "lang/match.h"
#include "lang/reach.h"

enum { BODY_TERMS = 1200, INLINE_TERMS = 48 };

static uint32_t count_terms(const Term *term, uint32_t limit);

typedef struct {
  uint32_t count, limit;
} Counter;

static void count_part(void *context, Term *part) {
  Counter *counter = context;
  if (counter->count >= counter->limit) return;
  counter->count += count_terms(part, counter->limit - counter->count);
}

// Terms inside a term, up to a limit.
static uint32_t count_terms(const Term *term, uint32_t limit) {
  Counter counter = {1, limit};
  if (limit > 1) term_visit_parts(term, count_part, &counter);
  return counter.count;
}

static bool tree_can_lower(const Program *program, const Tree *tree, uint32_t *budget) {
  if (tree->kind == TREE_CHAIN || *budget == 0) return false;
  --*budget;
  if (tree->kind != TREE_SWITCH) return true;
  for (uint32_t i = 0; i < tree->case_count; i++) {
    const TreeCase *one = &tree->cases[i];
    if (one->kind == KEY_NAME && program->names.items[one->name].function) return false;
    if (!tree_can_lower(program, one->tree, budget)) return false;
  }
  return tree_can_lower(program, tree->otherwise, budget);
}

static uint32_t body_terms(const Function *function, uint32_t limit) {
  uint32_t total = 0;
  for (size_t i = 0; i < function->rules.count && total < limit; i++)
    total += count_terms(function->rules.items[i]->body, limit - total);
  return total;
}

static bool can_lower(const Strict *strict, const Function *function) {
  if (function->builtin || !function->tree) return false;
  uint32_t budget = BODY_TERMS;
  return body_terms(function, BODY_TERMS) < BODY_TERMS && tree_can_lower(strict->program, function->tree, &budget);
}

typedef struct {
  NameId name;
  bool found;
} Search;

static void find_call(void *context, Term *term) {
  Search *search = context;
  if (term->kind == TERM_CALL && term->call.name == search->name) search->found = true;
  if (!search->found) term_visit_parts(term, find_call, context);
}

static bool can_inline(const Function *function) {
  if (body_terms(function, INLINE_TERMS) >= INLINE_TERMS) return false;
  Search search = {function->name, false};
  for (size_t i = 0; i < function->rules.count && !search.found; i++)
    find_call(&search, function->rules.items[i]->body);
  return !search.found;
}

enum { ABLE_KNOWN = 1, ABLE_LOWER = 2, ABLE_INLINE = 4, ABLE_REACHED = 8 };

// What only the graph can run calls functions that have units.
static void want_calls(void *context, Term *term) {
  Strict *strict = context;
  const Function *function = term->kind == TERM_CALL ? strict->program->names.items[term->call.name].function : NULL;
  if (function) ARRAY_PUSH(&strict->wanted, function);
  term_visit_parts(term, want_calls, context);
}

static void want_callees(Strict *strict, const Function *function) {
  for (size_t i = 0; i < function->rules.count; i++) want_calls(strict, function->rules.items[i]->body);
}

static uint8_t abilities(Strict *strict, const Function *function) {
  while (strict->abilities.count <= function->name) ARRAY_PUSH(&strict->abilities, 0);
  uint8_t *able = &strict->abilities.items[function->name];
  if (*able) return *able;
  uint8_t found = ABLE_KNOWN;
  if (!strict->program->has_scopeless && can_lower(strict, function)) {
    found |= ABLE_LOWER;
    if (can_inline(function)) found |= ABLE_INLINE;
  }
  strict->abilities.items[function->name] = found;
  if (!(found & ABLE_LOWER)) want_callees(strict, function);
  return found;
}

bool strict_can_lower(Strict *strict, const Function *function) { return abilities(strict, function) & ABLE_LOWER; }
bool strict_can_inline(Strict *strict, const Function *function, const Function *caller) {
  if (function->recursive && function->component != caller->component) return false;
  return abilities(strict, function) & ABLE_INLINE;
}

bool strict_all_rules(Strict *strict, UsesTable *table, const Function *function, uint32_t index,
                      bool (*holds)(Strict *strict, const Rule *rule, uint32_t index)) {
  if (function->builtin || index >= 64 || !strict_can_lower(strict, function)) return false;
  while (table->count <= function->name) ARRAY_PUSH(table, (Uses){0, 0});
  uint64_t bit = (uint64_t)1 << index;
  Uses *uses = &table->items[function->name];
  if (uses->known & bit) return uses->only & bit;
  uses->known |= bit, uses->only |= bit;
  bool only = true;
  for (size_t i = 0; i < function->rules.count && only; i++) only = holds(strict, function->rules.items[i], index);
  if (!only) table->items[function->name].only &= ~bit; // it may have moved
  return only;
}

// Can the result be a constructor with fields that this function builds, or that a function called in its place does?
// Otherwise it makes no difference to the code how far the result is demanded.
typedef struct {
  Strict *strict;
  ARRAY(const Function *) seen;
  bool found;
} DataSearch;

static void search_function(DataSearch *search, const Function *function);

static void search_result(DataSearch *search, const Term *term) {
  while (term->kind == TERM_DUP || term->kind == TERM_LET)
    term = term->kind == TERM_DUP ? term->dup.body : term->let.body;
  if (term->kind == TERM_LIST || term->kind == TERM_STRING) search->found = true;
  if (term->kind != TERM_CALL) return;
  const Function *function = search->strict->program->names.items[term->call.name].function;
  if (!function) {
    search->found |= term->call.count > 0;
  } else if (function->builtin) {
    for (uint32_t i = 1; i < term->call.count && !search->found; i++) search_result(search, term->call.arguments[i]);
  } else {
    search_function(search, function);
  }
}

static void search_function(DataSearch *search, const Function *function) {
  for (size_t i = 0; i < search->seen.count; i++)
    if (search->seen.items[i] == function) return;
  if (search->seen.count >= 64) { // far enough: take it that there is
    search->found = true;
    return;
  }
  ARRAY_PUSH(&search->seen, function);
  for (size_t i = 0; i < function->rules.count && !search->found; i++)
    search_result(search, function->rules.items[i]->body);
}

static bool same_values(Strict *strict, const Function *function, Demand demand) {
  for (uint32_t i = 0; i < function->arity; i++) {
    bool weak = demand_of_argument(strict->program, function, DEMAND_WEAK, i) > DEMAND_LAZY;
    if (weak != (demand_of_argument(strict->program, function, demand, i) > DEMAND_LAZY)) return false;
  }
  return true;
}

static bool makes_a_difference(Strict *strict, const Function *function, Demand demand) {
  if (demand <= DEMAND_WEAK) return false;
  if (!same_values(strict, function, demand)) return true;
  DataSearch search = {.strict = strict};
  search_function(&search, function);
  ARRAY_FREE(&search.seen);
  return search.found;
}

static NameId version_name(Strict *strict, const Function *function, Demand demand, bool portions, uint64_t borrowed) {
  if (demand <= DEMAND_WEAK && !borrowed && !portions) return function->name;
  Program *program = strict->program;
  const Name *origin = &program->names.items[function->name];
  Buffer text = {0};
  buffer_format(&text, "%s#%u#%d", origin->text, function->name, (int)demand); // no name that a program can write
  if (portions) buffer_text(&text, "#portions");
  if (borrowed) buffer_format(&text, "#%llx", (unsigned long long)borrowed);
  NameId name = program_name(program, text.text, text.size);
  buffer_free(&text);
  origin = &program->names.items[function->name]; // the table may have moved
  Name *made = &program->names.items[name];
  made->text = origin->text; // it shows as what it stands for
  made->size = origin->size;
  made->arity = origin->arity;
  made->known = true;
  made->function = origin->function;
  return name;
}

static Unit *make_unit(Strict *strict, const Function *function, Demand demand, bool portions, uint64_t borrowed) {
  NameId name = version_name(strict, function, demand, portions, borrowed);
  while (strict->by_name.count <= name) ARRAY_PUSH(&strict->by_name, NULL);
  Unit *unit = strict->by_name.items[name];
  if (unit && unit->function == function) return unit; // expressions share a name
  Arena *arena = &strict->code->arena;
  unit = ARENA_NEW(arena, Unit);
  unit->name = name;
  unit->function = function;
  unit->demand = demand;
  unit->portions = portions;
  unit->borrowed = borrowed;
  unit->values = ARENA_ARRAY(arena, bool, function->arity + 1);
  unit->passed = ARENA_ARRAY(arena, bool, function->arity + 1);
  for (uint32_t i = 0; i < function->arity; i++) {
    bool demanded = demand_of_argument(strict->program, function, demand, i) > DEMAND_LAZY;
    bool late = demand_is_late(strict->program, function, demand, i);
    unit->passed[i] = demanded && (late || strict->code->spreads) && strict_passes(strict, function, i);
    unit->values[i] = demanded && !unit->passed[i] && !(late && strict_consumes(strict, function, i));
  }
  strict->by_name.items[name] = unit;
  ARRAY_PUSH(&strict->units, unit);
  strict_declare(strict, unit);
  return unit;
}

Unit *strict_unit(Strict *strict, const Function *function, Demand demand) {
  if (!strict_can_lower(strict, function)) return NULL;
  if (demand_is_restricted(strict->program) || function->restricted || demand < DEMAND_WEAK) demand = DEMAND_WEAK;
  if (!makes_a_difference(strict, function, demand)) demand = DEMAND_WEAK;
  return make_unit(strict, function, demand, false, 0);
}

Unit *strict_borrowing(Strict *strict, const Unit *unit, uint64_t borrowed) {
  return make_unit(strict, unit->function, unit->demand, unit->portions, unit->borrowed | borrowed);
}

Unit *strict_portions(Strict *strict, Unit *unit) {
  return unit->demand > DEMAND_WEAK ? make_unit(strict, unit->function, unit->demand, true, unit->borrowed) : unit;
}

bool step_opens(const Strict *strict, const Step *step) {
  for (uint32_t i = 0; i < step->case_count && strict->shares; i++) {
    Word key = step->cases[i].key;
    if (word_tag(key) == TAG_CTR && strict->program->names.items[word_extra(key)].arity) return true;
  }
  return false;
}

Strict *strict_new(Code *code, Program *program) {
  Strict *strict = calloc(1, sizeof *strict);
  if (!strict) memory_exhausted();
  strict->code = code;
  strict->program = program;
  return strict;
}

static void free_loans(Strict *strict) {
  for (size_t i = 0; i < strict->units.count; i++) ARRAY_FREE(&strict->units.items[i]->loans);
}

void strict_free(Strict *strict) {
  if (!strict) return;
  free_loans(strict);
  ARRAY_FREE(&strict->units);
  ARRAY_FREE(&strict->reached);
  ARRAY_FREE(&strict->looks);
  ARRAY_FREE(&strict->passes);
  for (size_t i = 0; i < sizeof strict->portions / sizeof *strict->portions; i++) ARRAY_FREE(&strict->portions[i]);
  ARRAY_FREE(&strict->by_name);
  ARRAY_FREE(&strict->abilities);
  ARRAY_FREE(&strict->wanted);
  free(strict);
}

// What a program was extended by, or another reduction can come to, can make the code of its units wrong: they are made
// anew. function NULL: anything may be reduced.
void strict_begin(Strict *strict, const Function *function) {
  if (function && function->name < strict->abilities.count) strict->abilities.items[function->name] = 0;
  const Program *program = strict->program;
  bool floats = program->has_floats, restricted = demand_is_restricted(program);
  bool lambdas = program->has_lambdas || program->has_superposition;
  strict->opened = strict->opened || reach_open_lambda(program, function);
  bool open = strict->opened || program->has_superposition;
  strict->code->shares = !restricted;
  strict->code->open = open;
  strict->code->spreads = !restricted && !(open && program->has_effects);
#ifdef HVM_STRESS_CYCLES // the search for cycles runs in every program
  lambdas = open = true;
#endif
  if (floats == strict->floats && lambdas == strict->lambdas && open == strict->open &&
      restricted == strict->restricted && program->restrictions == strict->restrictions &&
      strict->code->shares == strict->shares)
    return;
  if (strict->units.count) strict->code->remade = true;
  strict->floats = floats, strict->lambdas = lambdas, strict->restricted = restricted;
  strict->restrictions = program->restrictions;
  strict->open = open, strict->shares = strict->code->shares;
  for (size_t i = 0; i < strict->units.count; i++) {
    FunctionCode *made = strict->code->functions.items[strict->units.items[i]->name];
    made->entry = made->direct = made->graph;
  }
  for (size_t i = 0; i < strict->by_name.count; i++) strict->by_name.items[i] = NULL;
  free_loans(strict);
  strict->units.count = strict->reached.count = strict->abilities.count = 0;
}

static void ask_wanted(Strict *strict) {
  while (strict->wanted.count) strict_unit(strict, strict->wanted.items[--strict->wanted.count], DEMAND_WEAK);
}

void strict_ready(Strict *strict, Unit *unit) {
  if (unit->lowered) return;
  unit->lowered = true;
  strict_lower(strict, unit);
  if (unit->steps) strict_own(strict, unit);
  if (!unit->steps) want_callees(strict, unit->function);
  strict_assemble(strict, unit);
  ask_wanted(strict);
}

Unit *strict_start(Strict *strict, const Function *function) {
  strict_begin(strict, function);
  Unit *unit = strict_unit(strict, function, DEMAND_COMPLETE);
  ask_wanted(strict);
  return unit;
}

// What is reached.

static void reach_unit(Strict *strict, Unit *unit) {
  if (unit->reached) return;
  unit->reached = true;
  ARRAY_PUSH(&strict->reached, unit);
}

static void reach_function(Strict *strict, const Function *function);

static void reach_term(void *context, Term *term) {
  Strict *strict = context;
  const Name *names = strict->program->names.items;
  if (term->kind == TERM_CALL && names[term->call.name].function)
    reach_function(strict, names[term->call.name].function);
  if (term->kind == TERM_CLOSURE)
    reach_function(strict, names[term->closure.stage + names[term->closure.stage].missing].function);
  term_visit_parts(term, reach_term, context);
}

// What the graph's code of a function calls.
static void reach_graph(Strict *strict, const Function *function) {
  uint8_t *able = &strict->abilities.items[function->name];
  if (*able & ABLE_REACHED) return;
  *able |= ABLE_REACHED;
  for (size_t i = 0; i < function->rules.count; i++) reach_term(strict, function->rules.items[i]->body);
}

static void reach_function(Strict *strict, const Function *function) {
  if (function->builtin) return;
  Unit *unit = strict_unit(strict, function, DEMAND_WEAK);
  if (unit)
    reach_unit(strict, unit);
  else
    reach_graph(strict, function);
}

static void reach(Strict *strict, NameId name) {
  Unit *unit = name < strict->by_name.count ? strict->by_name.items[name] : NULL;
  const Function *function = strict->program->names.items[name].function;
  if (unit)
    reach_unit(strict, unit);
  else if (function)
    reach_function(strict, function);
}

// What the graph's nodes stand for: calls, closures.
static void reach_node(Strict *strict, Word word) {
  unsigned name = word_extra(word);
  if (word_tag(word) == TAG_CAL) reach(strict, name);
  if (word_tag(word) == TAG_LAM && name) reach(strict, name + strict->program->names.items[name].missing);
}

static void reach_callees(Strict *strict, const Step *step) {
  for (; step; step = step->next) {
    if (step->kind == STEP_CALL || step->kind == STEP_TAIL || step->kind == STEP_GRAPH || step->kind == STEP_OFFER)
      reach(strict, step->name);
    if (step->kind == STEP_NODE) reach_node(strict, step->word);
    for (uint32_t i = 0; i < step->count; i++)
      if (step->arguments[i] < 0) reach_node(strict, strict->code->constants.items[~step->arguments[i]]);
    if (step->aside && !aside_is_way(step)) reach_callees(strict, step->aside);
    for (uint32_t i = 0; i < step->case_count; i++) reach_callees(strict, step->cases[i].steps);
  }
}

// From a unit on, by the order in which they were reached.
static void reach_from(Strict *strict, size_t first, bool offers) {
  for (size_t i = first; i < strict->reached.count; i++) {
    Unit *unit = strict->reached.items[i];
    strict_ready(strict, unit);
    if (offers) strict_offer(strict, unit);
    if (unit->steps)
      reach_callees(strict, unit->steps);
    else
      reach_graph(strict, unit->function);
  }
}

static void reach_start(Strict *strict, const Function *function) {
  Unit *start = strict_start(strict, function);
  if (start)
    reach_unit(strict, start);
  else
    reach_function(strict, function);
}

void strict_reach(Strict *strict, const Function *function, bool any) {
  const Program *program = strict->program;
  strict_begin(strict, any ? NULL : function);
  for (size_t i = 0; i < program->functions.count && !function; i++)
    if (!program->functions.items[i]->builtin) reach_start(strict, program->functions.items[i]);
  if (function) reach_start(strict, function);
  reach_from(strict, 0, false);
  if (!strict->shares) return;
  for (size_t before = SIZE_MAX; before != strict->reached.count;) { // borrowers lend on what they are given
    before = strict->reached.count;
    strict_find_boxes(strict);
    reach_from(strict, 0, true);
  }
}
