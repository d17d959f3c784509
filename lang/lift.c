#include "lift.h"

#include "wait.h"

enum { CLOSURE_LIMIT = 200 }; // captured terms and arguments of one closure

typedef struct {
  Program *program;
  Rule *rule;
  bool by_need, opens; // all λs become closures; it has one that does not
} Lifter;

static Term *lift(Lifter *lifter, Term *term);

typedef struct {
  const Binder **items;
  size_t count, capacity;
} Binders;

typedef struct {
  Binders bound;
  Binders found;
} Search;

static bool has_binder(const Binders *binders, const Binder *binder) {
  for (size_t i = binders->count; i-- > 0;)
    if (binders->items[i] == binder) return true;
  return false;
}

static void add_binder(Binders *binders, const Binder *binder) {
  if (binder) ARRAY_PUSH(binders, binder);
}

// Free variables, in the order of their first occurrence.
static void find_free(void *context, Term *term) {
  Search *search = context;
  size_t bound = search->bound.count;
  switch (term->kind) {
  case TERM_VARIABLE:
    if (!has_binder(&search->bound, term->variable.binder) && !has_binder(&search->found, term->variable.binder))
      add_binder(&search->found, term->variable.binder);
    return;
  case TERM_LAMBDA:
    add_binder(&search->bound, term->lambda.binder);
    find_free(search, term->lambda.body);
    break;
  case TERM_LET:
    find_free(search, term->let.value);
    add_binder(&search->bound, term->let.binder);
    find_free(search, term->let.body);
    break;
  case TERM_DUP:
    find_free(search, term->dup.value);
    add_binder(&search->bound, term->dup.first);
    add_binder(&search->bound, term->dup.second);
    find_free(search, term->dup.body);
    break;
  default: term_visit_parts(term, find_free, search);
  }
  search->bound.count = bound;
}

// What a variable is renamed to inside the closure's function.
typedef struct {
  const Binders *from;
  Binder **to;
} Renaming;

static void rename_variables(void *context, Term *term) {
  const Renaming *renaming = context;
  if (term->kind == TERM_VARIABLE) {
    for (size_t i = 0; i < renaming->from->count; i++)
      if (renaming->from->items[i] == term->variable.binder) {
        term->variable.binder = renaming->to[i];
        return;
      }
    return;
  }
  term_visit_parts(term, rename_variables, context);
}

static Term *variable_of(Program *program, Binder *binder, Span span) {
  Term *term = ARENA_NEW(&program->arena, Term);
  term->kind = TERM_VARIABLE;
  term->span = span;
  term->variable.binder = binder;
  if (binder) term->variable.name = binder->name, term->variable.symbol = binder->symbol;
  return term;
}

// Names that no program can write, which show as the name of the function that the λ is in. Those of a closure's stages
// and of its function follow each other: see word.h.
static NameId new_name(Lifter *lifter, uint32_t arity, Function *function) {
  Program *program = lifter->program;
  Buffer text = {0};
  buffer_format(&text, "λ%zu", program->names.count);
  NameId name = program_name(program, text.text, text.size);
  buffer_free(&text);
  program->names.items[name].text = program->names.items[lifter->rule->function].text;
  program->names.items[name].size = program->names.items[lifter->rule->function].size;
  program->names.items[name].arity = arity;
  program->names.items[name].known = true;
  program->names.items[name].function = function;
  return name;
}

static Function *new_function(Lifter *lifter, uint32_t arity) {
  Function *function = ARENA_NEW(&lifter->program->arena, Function);
  function->arity = arity;
  function->lifted = true;
  return function;
}

// The closure of the λs with these binders, outermost first, around a body that has no λs to lift.
static Term *make_closure(Lifter *lifter, Term *term, Binder **binders, uint32_t count, Term *body) {
  Program *program = lifter->program;
  Search search = {0};
  for (uint32_t i = 0; i < count; i++) add_binder(&search.bound, binders[i]);
  find_free(&search, body);
  free(search.bound.items);
  uint32_t captured = (uint32_t)search.found.count;
  if (captured + count > CLOSURE_LIMIT) {
    free(search.found.items);
    return NULL;
  }
  Function *function = new_function(lifter, captured + count);
  Rule *rule = ARENA_NEW(&program->arena, Rule);
  rule->arity = captured + count;
  rule->patterns = ARENA_ARRAY(&program->arena, Term *, rule->arity + 1);
  rule->source = lifter->rule->source;
  rule->span = rule->head = term->span;
  Term *closure = ARENA_NEW(&program->arena, Term);
  closure->kind = TERM_CLOSURE;
  closure->span = term->span;
  closure->closure.count = captured;
  closure->closure.missing = count;
  closure->closure.captured = ARENA_ARRAY(&program->arena, Term *, captured + 1);
  Binder **inner = ARENA_ARRAY(&program->arena, Binder *, captured + 1);
  for (uint32_t i = 0; i < captured; i++) {
    const Binder *outer = search.found.items[i];
    inner[i] = ARENA_NEW(&program->arena, Binder);
    *inner[i] = *outer;
    rule->patterns[i] = variable_of(program, inner[i], term->span);
    closure->closure.captured[i] = variable_of(program, (Binder *)(uintptr_t)outer, term->span);
  }
  for (uint32_t i = 0; i < count; i++) rule->patterns[captured + i] = variable_of(program, binders[i], term->span);
  Renaming renaming = {&search.found, inner};
  rename_variables(&renaming, body);
  free(search.found.items);
  for (uint32_t i = 0; i < count; i++) {
    NameId stage = new_name(lifter, captured + i, NULL);
    if (i == 0) closure->closure.stage = stage;
    program->names.items[stage].missing = count - i;
  }
  function->name = rule->function = new_name(lifter, captured + count, function);
  rule->body = body;
  ARRAY_PUSH(&function->rules, rule);
  ARRAY_PUSH(&program->functions, function);
  return closure;
}

static void lift_all(Lifter *lifter, Term **terms, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) terms[i] = lift(lifter, terms[i]);
}

static Term *lift_lambdas(Lifter *lifter, Term *term) {
  uint32_t count = 0;
  Term *body = term;
  for (; body->kind == TERM_LAMBDA && count < CLOSURE_LIMIT / 2; body = body->lambda.body) count++;
  Binder **binders = ARENA_ARRAY(&lifter->program->arena, Binder *, count);
  Term **lambdas = ARENA_ARRAY(&lifter->program->arena, Term *, count);
  uint32_t n = 0;
  for (Term *at = term; n < count; at = at->lambda.body) binders[n] = at->lambda.binder, lambdas[n++] = at;
  body = lift(lifter, body);
  lambdas[count - 1]->lambda.body = body;
  uint32_t from = 0; // the λs from here on become one closure
  if (!lifter->by_need) {
    const Binder *last = binders[count - 1];
    from = wait_is_fine(lifter->program, body, &last, 1) ? count - 1 : count;
    while (from > 0 && from < count) from--; // a λ around a closure of variables has nothing to reduce under it
  }
  Term *closure = from < count ? make_closure(lifter, lambdas[from], binders + from, count - from, body) : NULL;
  if (closure && from == 0) return closure;
  lifter->opens = true;
  if (!lifter->rule->open_lambda || lifter->rule->open_lambda->span.start > term->span.start)
    lifter->rule->open_lambda = term;
  if (!closure) return term;
  lambdas[from - 1]->lambda.body = closure;
  return term;
}

static Term *lift(Lifter *lifter, Term *term) {
  switch (term->kind) {
  case TERM_LAMBDA: return lift_lambdas(lifter, term);
  case TERM_APPLY:
    term->apply.function = lift(lifter, term->apply.function);
    lift_all(lifter, term->apply.arguments, term->apply.count);
    break;
  case TERM_CALL: lift_all(lifter, term->call.arguments, term->call.count); break;
  case TERM_LIST: lift_all(lifter, term->list.items, term->list.count); break;
  case TERM_OPERATE:
    term->operate.left = lift(lifter, term->operate.left);
    term->operate.right = lift(lifter, term->operate.right);
    break;
  case TERM_LET:
    term->let.value = lift(lifter, term->let.value);
    term->let.body = lift(lifter, term->let.body);
    break;
  case TERM_DUP:
    term->dup.value = lift(lifter, term->dup.value);
    term->dup.body = lift(lifter, term->dup.body);
    break;
  case TERM_SUPERPOSE:
    term->superpose.first = lift(lifter, term->superpose.first);
    term->superpose.second = lift(lifter, term->superpose.second);
    break;
  default: break;
  }
  return term;
}

bool lift_rule(Program *program, Rule *rule) {
  const Function *function = program->names.items[rule->function].function;
  bool by_need = program->share_by_need || (function && function->by_need);
  Lifter lifter = {program, rule, by_need, program->has_lambdas};
  if (!program->keep_lambdas && !program->has_scopeless) { // whose variables may be bound inside and used outside
    lifter.opens = false;
    rule->body = lift(&lifter, rule->body);
  }
  program->has_open_lambdas |= lifter.opens;
  return lifter.opens;
}
