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

static Term *variable_of(Arena *arena, Binder *binder, Span span) {
  Term *term = ARENA_NEW(arena, Term);
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
    rule->patterns[i] = variable_of(&program->arena, inner[i], term->span);
    closure->closure.captured[i] = variable_of(&program->arena, (Binder *)(uintptr_t)outer, term->span);
  }
  for (uint32_t i = 0; i < count; i++)
    rule->patterns[captured + i] = variable_of(&program->arena, binders[i], term->span);
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

// Work under λs that needs none of their variables is moved out of them, where closures share it (Hughes, "The Design
// and Implementation of Programming Languages", 1983: maximal free expressions).

typedef struct {
  Term **place, *term; // what stood there
  Binder *binder;      // what stands for it now
  Term *value;
} Moved;

typedef struct {
  const Program *program;
  Arena *arena;
  Binders inside; // binders of the λs and below
  ARRAY(Moved) moved;
  bool full; // there would be more than MOVED_MOST
} Mover;

enum { MOVED_MOST = 256 }; // else nothing is moved: each λ around these would move them again, one after the other

static void find_fixed(void *context, Term *term) {
  bool *fixed = context;
  *fixed |= term->kind == TERM_SUPERPOSE || term->kind == TERM_DUP || term->kind == TERM_LAMBDA;
  if (!*fixed) term_visit_parts(term, find_fixed, context);
}

static bool must_stay(Mover *mover, Term **place);

static void move(Mover *mover, Term **place, Binder *binder, Term *value, Term *instead) {
  mover->full |= mover->moved.count == MOVED_MOST;
  if (mover->full) return;
  ARRAY_PUSH(&mover->moved, (Moved){place, *place, binder, value});
  *place = instead;
}

static void move_out(Mover *mover, Term **place) {
  bool fixed = false;
  find_fixed(&fixed, *place);
  if (fixed || wait_is_still(mover->program, *place)) return;
  Binder *binder = ARENA_NEW(mover->arena, Binder);
  binder->name = "x";
  binder->span = (*place)->span;
  move(mover, place, binder, *place, variable_of(mover->arena, binder, (*place)->span));
}

// Does any of the parts need what is inside? Then the others are moved.
static bool parts_must_stay(Mover *mover, Term **first, Term **terms, uint32_t count) {
  bool *stays = malloc(count + 1), first_stays = first && must_stay(mover, first), any = first_stays;
  if (!stays) memory_exhausted();
  for (uint32_t i = 0; i < count; i++) any |= stays[i] = must_stay(mover, &terms[i]);
  if (any && first && !first_stays) move_out(mover, first);
  for (uint32_t i = 0; i < count && any; i++)
    if (!stays[i]) move_out(mover, &terms[i]);
  free(stays);
  return any;
}

static bool let_must_stay(Mover *mover, Term **place) {
  Term *term = *place;
  bool fixed = must_stay(mover, &term->let.value);
  if (!fixed) find_fixed(&fixed, term->let.value);
  if (!fixed) {
    move(mover, place, term->let.binder, term->let.value, term->let.body);
    return mover->full || must_stay(mover, place);
  }
  size_t bound = mover->inside.count;
  add_binder(&mover->inside, term->let.binder);
  if (!must_stay(mover, &term->let.body)) move_out(mover, &term->let.body);
  mover->inside.count = bound;
  return true;
}

static bool must_stay(Mover *mover, Term **place) {
  Term *term = *place;
  switch (term->kind) {
  case TERM_VARIABLE: return has_binder(&mover->inside, term->variable.binder);
  case TERM_NUMBER:
  case TERM_STRING: return false;
  case TERM_CLOSURE: return parts_must_stay(mover, NULL, term->closure.captured, term->closure.count);
  case TERM_LIST: return parts_must_stay(mover, NULL, term->list.items, term->list.count);
  case TERM_CALL: return parts_must_stay(mover, NULL, term->call.arguments, term->call.count);
  case TERM_APPLY: return parts_must_stay(mover, &term->apply.function, term->apply.arguments, term->apply.count);
  case TERM_OPERATE: return parts_must_stay(mover, &term->operate.left, &term->operate.right, 1);
  case TERM_LET: return let_must_stay(mover, place);
  default: return true;
  }
}

static void put_back(Mover *mover) {
  for (; mover->moved.count; mover->moved.count--) {
    const Moved *moved = &mover->moved.items[mover->moved.count - 1];
    *moved->place = moved->term;
  }
}

// The body waits for the last of the binders, perhaps when some of it was moved out.
static bool waits(Lifter *lifter, Mover *mover, Term **body, Binder *const *binders, uint32_t count) {
  const Binder *last = binders[count - 1];
  if (wait_is_fine(lifter->program, *body, &last, 1)) return true;
  if (lifter->program->has_superposition) return false;
  for (uint32_t i = 0; i < count; i++) add_binder(&mover->inside, binders[i]);
  if (!must_stay(mover, body)) move_out(mover, body);
  bool fine = mover->moved.count && !mover->full && wait_is_fine(lifter->program, *body, &last, 1);
  if (!fine) put_back(mover);
  return fine;
}

// Binds what was moved around the closure.
static Term *bind_moved(Lifter *lifter, const Mover *mover, Term *closure) {
  for (size_t i = mover->moved.count; i-- > 0;) {
    const Moved *moved = &mover->moved.items[i];
    bool again = moved->term->kind == TERM_LET && moved->term->let.binder == moved->binder; // a let of the body
    Term *let = again ? moved->term : ARENA_NEW(&lifter->program->arena, Term);
    *let = (Term){.kind = TERM_LET, .span = closure->span};
    let->let.binder = moved->binder;
    let->let.value = moved->value;
    let->let.body = closure;
    closure = let;
  }
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
  Mover mover = {.program = lifter->program, .arena = &lifter->program->arena};
  bool closes = lifter->by_need || waits(lifter, &mover, &body, binders, count);
  Term *closure = closes ? make_closure(lifter, lambdas[0], binders, count, body) : NULL;
  if (closure)
    closure = bind_moved(lifter, &mover, closure);
  else
    put_back(&mover);
  ARRAY_FREE(&mover.moved);
  free(mover.inside.items);
  if (closure) return closure;
  lambdas[count - 1]->lambda.body = body;
  lifter->opens = true;
  if (!lifter->rule->open_lambda || lifter->rule->open_lambda->span.start > term->span.start)
    lifter->rule->open_lambda = term;
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
