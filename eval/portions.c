// Which calls make what they give in portions.
//
// Where a tree is taken apart, and its parts are worked on in parallel,
//
//     (Check (Node l r)) = (+ 1 (+ (Check l) (Check r)))
//     (Make d)           = (Node (Make (- d 1)) (Make (- d 1)))
//
// a call like (Check (Make d)) is parallel by what Check does: its calls are sparks, and each machine may make the
// parts that it works on. If Make were parallel as well, and made as much at once as several machines have fuel for,
// the parts would lie in the caches of those who made them, and others would work on them. So such a call of Make is
// one of a version of its own: it makes no sparks, and leaves the rest for later after NATIVE_FUEL constructors,
// however much fuel there is.
//
// That would be the worse way if the parts had something in common for which those who make them wait, or if the
// consumer went from part to part itself, so that nobody worked ahead. So both are asked for: the consumer's calls for
// different parts are all demanded where it can offer them to others, and the calls that make the parts share nothing
// but numbers.
#include "strict.h"

#include "lang/demand.h"

enum { FORK_DEPTH = 8 };        // of calls and operations around the calls of a fork
enum { VARIABLES_LIMIT = 256 }; // of a rule, with copies: else nothing is said of it

// Of a variable in the rule's patterns, with the copies that dups make of it.
typedef struct {
  uint32_t uses;
  uint32_t parts;  // uses as the whole argument of a call of the function, at the parameter
  uint32_t shared; // uses within such a call that are no operands
} Use;

typedef struct {
  const Binder *binder;
  size_t use;
} Variable;

typedef struct {
  const Strict *strict;
  const Function *function;
  uint32_t index; // of the parameter
  bool inside;    // a call of the function
  ARRAY(Use) uses;
  ARRAY(Variable) variables;
} Search;

static const Function *called(const Strict *strict, const Term *term) {
  return term->kind == TERM_CALL ? strict->program->names.items[term->call.name].function : NULL;
}

static const Function *function_of(const Strict *strict, const Rule *rule) {
  return strict->program->names.items[rule->function].function;
}

static const Term *without_bindings(const Term *term) {
  while (term->kind == TERM_LET || term->kind == TERM_DUP)
    term = term->kind == TERM_LET ? term->let.body : term->dup.body;
  return term;
}

static const Term *without_mark(const Term *pattern) {
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  return pattern;
}

static void add_variable(Search *search, const Binder *binder, size_t use) {
  if (binder && search->variables.count < VARIABLES_LIMIT) ARRAY_PUSH(&search->variables, (Variable){binder, use});
}

static void add_variables(void *context, Term *pattern) {
  Search *search = context;
  if (pattern->kind == TERM_VARIABLE) {
    add_variable(search, pattern->variable.binder, search->uses.count);
    ARRAY_PUSH(&search->uses, (Use){0, 0, 0});
  }
  term_visit_parts(pattern, add_variables, search);
}

static Use *use_of(const Search *search, const Term *term) {
  for (size_t i = 0; i < search->variables.count && term->kind == TERM_VARIABLE; i++)
    if (search->variables.items[i].binder == term->variable.binder)
      return &search->uses.items[search->variables.items[i].use];
  return NULL;
}

static void count_uses(void *context, Term *term) {
  Search *search = context;
  Use *use = use_of(search, term);
  bool outside = !search->inside;
  if (use) {
    use->uses++, use->shared += search->inside;
  } else if (term->kind == TERM_DUP && (use = use_of(search, term->dup.value))) {
    size_t number = (size_t)(use - search->uses.items);
    add_variable(search, term->dup.first, number);
    add_variable(search, term->dup.second, number);
    count_uses(search, term->dup.body);
  } else if (term->kind == TERM_OPERATE) {
    Term *const operands[] = {term->operate.left, term->operate.right};
    for (int i = 0; i < 2; i++)
      if ((use = use_of(search, operands[i])))
        use->uses++;
      else
        count_uses(search, operands[i]);
  } else if (called(search->strict, term) == search->function) {
    search->inside = true;
    for (uint32_t i = 0; i < term->call.count; i++) {
      use = use_of(search, term->call.arguments[i]);
      if (outside && use && i == search->index) use->parts++;
      count_uses(search, term->call.arguments[i]);
    }
    search->inside = !outside;
  } else {
    term_visit_parts(term, count_uses, search);
  }
}

// The uses of the variables of one of the rule's patterns, or of all of them.
static Search search_rule(const Strict *strict, const Rule *rule, uint32_t index, bool all) {
  Search search = {.strict = strict, .function = function_of(strict, rule), .index = index};
  for (uint32_t i = 0; i < rule->arity; i++)
    if (all || i == index) add_variables(&search, rule->patterns[i]);
  count_uses(&search, rule->body);
  return search;
}

static void end_search(Search *search) {
  ARRAY_FREE(&search->uses);
  ARRAY_FREE(&search->variables);
}

// What is taken out of the parameter, or it as it is, goes to one call of the function each, at the same place; what
// does not is no part.
static bool goes_apart(Strict *strict, const Rule *rule, uint32_t index) {
  Search search = search_rule(strict, rule, index, false);
  bool holds = search.variables.count < VARIABLES_LIMIT;
  for (size_t i = 0; i < search.uses.count && holds; i++) {
    const Use *use = &search.uses.items[i];
    holds = use->parts ? use->uses == 1 : use->shared == 0;
  }
  end_search(&search);
  return holds;
}

static uint32_t count_parts(const Strict *strict, const Rule *rule, uint32_t index) {
  if (without_mark(rule->patterns[index])->kind != TERM_CALL) return 0;
  Search search = search_rule(strict, rule, index, false);
  uint32_t parts = 0;
  for (size_t i = 0; i < search.uses.count; i++) parts += search.uses.items[i].parts;
  end_search(&search);
  return parts;
}

// How many calls of a function are demanded beside each other where sparks are made of them.
static uint32_t count_fork(const Strict *strict, const Function *function, const Term *term, int depth) {
  term = without_bindings(term);
  if (depth == 0) return 0;
  if (term->kind == TERM_OPERATE)
    return count_fork(strict, function, term->operate.left, depth - 1) +
           count_fork(strict, function, term->operate.right, depth - 1);
  const Function *callee = called(strict, term);
  if (!callee || callee == function) return callee == function;
  uint32_t calls = 0;
  if (callee->builtin == BUILTIN_U60_IF) {
    for (uint32_t i = 1; i < 3; i++) {
      uint32_t branch = count_fork(strict, function, term->call.arguments[i], depth - 1);
      if (calls < branch) calls = branch;
    }
  } else if (!callee->builtin) {
    for (uint32_t i = 0; i < term->call.count; i++)
      if (demand_of_argument(strict->program, callee, DEMAND_WEAK, i) > DEMAND_LAZY)
        calls += count_fork(strict, function, term->call.arguments[i], depth - 1);
  }
  return calls;
}

static bool has_no_fork(Strict *strict, const Rule *rule, uint32_t index) {
  uint32_t parts = count_parts(strict, rule, index);
  return parts < 2 || count_fork(strict, function_of(strict, rule), rule->body, FORK_DEPTH) < parts;
}

static bool has_no_parts(Strict *strict, const Rule *rule, uint32_t index) {
  return count_parts(strict, rule, index) < 2;
}

typedef struct {
  const Strict *strict;
  const Function *function;
  bool found;
} CallSearch;

static void find_call(void *context, Term *term) {
  CallSearch *search = context;
  search->found |= called(search->strict, term) == search->function;
  if (!search->found) term_visit_parts(term, find_call, search);
}

static bool calls(const Strict *strict, const Function *function, Term *term) {
  CallSearch search = {strict, function, false};
  find_call(&search, term);
  return search.found;
}

// The calls of the function in what a rule gives are fields of a constructor, or all of it. Counts those in fields.
static bool is_made_apart(const Strict *strict, const Function *function, Term *term, uint32_t *fields) {
  while (term->kind == TERM_LET || term->kind == TERM_DUP) {
    if (calls(strict, function, term->kind == TERM_LET ? term->let.value : term->dup.value)) return false;
    term = term->kind == TERM_LET ? term->let.body : term->dup.body;
  }
  const Function *callee = called(strict, term);
  if (callee && callee->builtin == BUILTIN_U60_IF)
    return !calls(strict, function, term->call.arguments[0]) &&
           is_made_apart(strict, function, term->call.arguments[1], fields) &&
           is_made_apart(strict, function, term->call.arguments[2], fields);
  if (term->kind != TERM_CALL || (callee && callee != function)) return !calls(strict, function, term);
  for (uint32_t i = 0; i < term->call.count; i++) {
    Term *part = term->call.arguments[i];
    bool field = !callee && called(strict, part) == function;
    if (!field && calls(strict, function, part)) return false;
    for (uint32_t k = 0; field && k < part->call.count; k++)
      if (calls(strict, function, part->call.arguments[k])) return false;
    *fields += field;
  }
  return true;
}

// … and have nothing in common but operands, which are numbers.
static bool makes_apart(Strict *strict, const Rule *rule, uint32_t index) {
  uint32_t fields = 0;
  if (!is_made_apart(strict, function_of(strict, rule), rule->body, &fields)) return false;
  Search search = search_rule(strict, rule, index, true);
  bool holds = search.variables.count < VARIABLES_LIMIT;
  for (size_t i = 0; i < search.uses.count && holds && fields > 1; i++)
    holds = search.uses.items[i].uses < 2 || search.uses.items[i].shared == 0;
  end_search(&search);
  return holds;
}

static bool makes_no_two(Strict *strict, const Rule *rule, uint32_t index) {
  uint32_t fields = 0;
  (void)index;
  return is_made_apart(strict, function_of(strict, rule), rule->body, &fields) && fields < 2;
}

// Does it hold for some rule?
static bool any_rule(Strict *strict, UsesTable *table, const Function *function, uint32_t index,
                     bool (*not_so)(Strict *strict, const Rule *rule, uint32_t index)) {
  return index < 64 && !strict_all_rules(strict, table, function, index, not_so);
}

bool strict_wants_portions(Strict *strict, const Unit *unit, uint32_t index, const Term *argument) {
  const Function *maker = called(strict, argument), *consumer = unit->function;
  enum { MADE_APART, MADE_OF_ONE, GOES_APART, NO_PARTS, NO_FORK }; // what each table keeps the answers to
  UsesTable *tables = strict->portions;
  if (!strict->code->spreads || !maker || maker->builtin || !maker->recursive || !consumer->recursive) return false;
  if (!strict_all_rules(strict, &tables[MADE_APART], maker, 0, makes_apart)) return false;
  if (!any_rule(strict, &tables[MADE_OF_ONE], maker, 0, makes_no_two)) return false;
  if (!strict_all_rules(strict, &tables[GOES_APART], consumer, index, goes_apart)) return false;
  return unit->portions ? any_rule(strict, &tables[NO_PARTS], consumer, index, has_no_parts)
                        : any_rule(strict, &tables[NO_FORK], consumer, index, has_no_fork);
}
