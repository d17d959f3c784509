#include "linear.h"

// What the occurrences of a binder become: copies of it (several uses), or the value of a let (one use).
typedef struct {
  Binder **names;
  uint32_t next;
  Term *value;
} Copies;

typedef struct {
  Arena *arena;
  bool scopeless;       // the rule binds scopeless variables: an unused let may hold one
  ARRAY(Copies) copies; // indexed by Binder.index - 1
} Linear;

// First pass: uses of every binder, not counting what is in unused lets. A binder's scope is counted before its value.

static void reset_binder(Linear *linear, Binder *binder) {
  if (!binder) return;
  binder->uses = binder->index = 0;
  if (binder->scopeless) linear->scopeless = true;
}

// Sets all uses to 0, and finds out whether the rule has scopeless variables.
static void reset(void *context, Term *term) {
  if (term->kind == TERM_VARIABLE) reset_binder(context, term->variable.binder);
  if (term->kind == TERM_LAMBDA) reset_binder(context, term->lambda.binder);
  if (term->kind == TERM_LET) reset_binder(context, term->let.binder);
  if (term->kind == TERM_DUP) reset_binder(context, term->dup.first), reset_binder(context, term->dup.second);
  term_visit_parts(term, reset, context);
}

static uint32_t uses_of(const Binder *binder) { return binder ? binder->uses : 0; }

static void count(void *context, Term *term) {
  const Linear *linear = context;
  switch (term->kind) {
  case TERM_VARIABLE: term->variable.binder->uses++; break;
  case TERM_LET:
    count(context, term->let.body);
    if (uses_of(term->let.binder) > 0 || linear->scopeless) count(context, term->let.value);
    break;
  case TERM_DUP:
    count(context, term->dup.body);
    if (uses_of(term->dup.first) + uses_of(term->dup.second) > 0 || linear->scopeless) count(context, term->dup.value);
    break;
  default: term_visit_parts(term, count, context);
  }
}

// Second pass: the rewriting.

static Term *rewrite(Linear *linear, Term *term);

static Binder *new_binder(Linear *linear, const Binder *origin, const char *format, uint32_t number) {
  Binder *binder = ARENA_NEW(linear->arena, Binder);
  binder->name = arena_format(linear->arena, format, origin->name, number);
  binder->symbol = origin->symbol;
  binder->span = origin->span;
  binder->uses = 1;
  return binder;
}

static Term *new_variable(Linear *linear, Binder *binder) {
  Term *term = ARENA_NEW(linear->arena, Term);
  term->kind = TERM_VARIABLE;
  term->span = binder->span;
  term->variable.binder = binder;
  term->variable.name = binder->name;
  term->variable.symbol = binder->symbol;
  return term;
}

static Copies *copies_of(Linear *linear, Binder *binder) {
  if (!binder->index) {
    ARRAY_PUSH(&linear->copies, (Copies){0});
    binder->index = (uint32_t)linear->copies.count;
  }
  return &linear->copies.items[binder->index - 1];
}

// Prepares the copies of a binder with several uses: from now on its occurrences take them one by one.
static void prepare_copies(Linear *linear, Binder *binder) {
  if (uses_of(binder) < 2) return;
  uint32_t uses = binder->uses;
  Binder **names = ARENA_ARRAY(linear->arena, Binder *, uses);
  for (uint32_t i = 0; i < uses; i++) names[i] = new_binder(linear, binder, "%s.%u", i);
  *copies_of(linear, binder) = (Copies){.names = names};
}

static Term *new_dup(Linear *linear, Binder *first, Binder *second, Term *value, Term *body) {
  Term *term = ARENA_NEW(linear->arena, Term);
  term->kind = TERM_DUP;
  term->span = value->span;
  term->dup.first = first;
  term->dup.second = second;
  term->dup.value = value;
  term->dup.body = body;
  return term;
}

enum { CHAIN_LIMIT = 16 };

// The dups that make the copies first .. last of a value, outermost first, linked by their bodies: *place is where the
// next one goes. Few copies are made by a chain, each dup making one: who asks for the first passes one dup only. Many
// are made by a balanced tree, so that nobody passes more than a few.
static Term **add_dups(Linear *linear, const Binder *origin, Binder **names, uint32_t first, uint32_t last, Term *value,
                       Term **place) {
  uint32_t count = last - first + 1;
  uint32_t left = count > CHAIN_LIMIT ? count / 2 : 1; // how many copies the first side feeds
  Binder *sides[2];
  for (int side = 0; side < 2; side++) {
    uint32_t fed = side ? count - left : left, at = side ? first + left : first;
    sides[side] = fed == 1 ? names[at] : new_binder(linear, origin, "%s.rest%u", at);
  }
  *place = new_dup(linear, sides[0], sides[1], value, NULL);
  place = &(*place)->dup.body;
  if (left > 1) place = add_dups(linear, origin, names, first, first + left - 1, new_variable(linear, sides[0]), place);
  if (count - left > 1)
    place = add_dups(linear, origin, names, first + left, last, new_variable(linear, sides[1]), place);
  return place;
}

// The dups that feed the copies of a binder, around its scope. value NULL: the binder itself is cloned.
static Term *wrap_copies(Linear *linear, Binder *binder, Term *value, Term *body) {
  if (uses_of(binder) < 2) return body;
  uint32_t uses = binder->uses;
  Binder **names = copies_of(linear, binder)->names;
  binder->uses = 1;
  if (!value) value = new_variable(linear, binder);
  Term *outer = NULL;
  *add_dups(linear, binder, names, 0, uses - 1, value, &outer) = body;
  return outer;
}

static Term *rewrite_variable(Linear *linear, Term *term) {
  Binder *binder = term->variable.binder;
  if (!binder->index) return term;
  Copies *copies = copies_of(linear, binder);
  if (copies->value) return copies->value;
  if (!copies->names) return term;
  term->variable.binder = copies->names[copies->next++];
  term->variable.name = term->variable.binder->name;
  return term;
}

static Term *rewrite_let(Linear *linear, Term *term) {
  Binder *binder = term->let.binder;
  uint32_t uses = uses_of(binder);
  if (uses == 0 && !linear->scopeless) return rewrite(linear, term->let.body);
  Term *value = rewrite(linear, term->let.value);
  if (uses == 0) {
    term->let.binder = NULL;
    term->let.value = value;
    term->let.body = rewrite(linear, term->let.body);
    return term;
  }
  if (uses == 1) {
    copies_of(linear, binder)->value = value;
    return rewrite(linear, term->let.body);
  }
  prepare_copies(linear, binder);
  Term *body = rewrite(linear, term->let.body);
  return wrap_copies(linear, binder, value, body);
}

static Term *rewrite_dup(Linear *linear, Term *term) {
  Binder *first = term->dup.first, *second = term->dup.second;
  // A side of a scopeless dup may have been used before this place: then it stays a dup, with a side to erase.
  bool scopeless = first && first->scopeless && uses_of(first) + uses_of(second) > 0;
  if ((uses_of(first) == 0 || uses_of(second) == 0) && !scopeless) {
    term->kind = TERM_LET;
    Term *value = term->dup.value, *body = term->dup.body;
    term->let.binder = uses_of(first) ? first : second;
    term->let.value = value;
    term->let.body = body;
    return rewrite_let(linear, term);
  }
  term->dup.value = rewrite(linear, term->dup.value);
  prepare_copies(linear, first);
  prepare_copies(linear, second);
  Term *body = rewrite(linear, term->dup.body);
  body = wrap_copies(linear, second, NULL, body);
  term->dup.body = wrap_copies(linear, first, NULL, body);
  return term;
}

static void rewrite_all(Linear *linear, Term **terms, uint32_t terms_count) {
  for (uint32_t i = 0; i < terms_count; i++) terms[i] = rewrite(linear, terms[i]);
}

static Term *rewrite(Linear *linear, Term *term) {
  switch (term->kind) {
  case TERM_VARIABLE: return rewrite_variable(linear, term);
  case TERM_LAMBDA: {
    Binder *binder = term->lambda.binder;
    prepare_copies(linear, binder);
    term->lambda.body = wrap_copies(linear, binder, NULL, rewrite(linear, term->lambda.body));
    if (uses_of(binder) == 0) term->lambda.binder = NULL;
    return term;
  }
  case TERM_APPLY:
    term->apply.function = rewrite(linear, term->apply.function);
    rewrite_all(linear, term->apply.arguments, term->apply.count);
    return term;
  case TERM_CALL: rewrite_all(linear, term->call.arguments, term->call.count); return term;
  case TERM_CLOSURE: rewrite_all(linear, term->closure.captured, term->closure.count); return term;
  case TERM_LIST: rewrite_all(linear, term->list.items, term->list.count); return term;
  case TERM_OPERATE:
    term->operate.left = rewrite(linear, term->operate.left);
    term->operate.right = rewrite(linear, term->operate.right);
    return term;
  case TERM_LET: return rewrite_let(linear, term);
  case TERM_DUP: return rewrite_dup(linear, term);
  case TERM_SUPERPOSE:
    term->superpose.first = rewrite(linear, term->superpose.first);
    term->superpose.second = rewrite(linear, term->superpose.second);
    return term;
  case TERM_NUMBER:
  case TERM_STRING:
  case TERM_STRICT: return term;
  }
  return term;
}

// Pattern variables, in the order of the text.
static void visit_parameters(Linear *linear, Term *pattern, void (*visit)(Linear *, Binder *)) {
  switch (pattern->kind) {
  case TERM_VARIABLE:
    if (pattern->variable.binder) visit(linear, pattern->variable.binder);
    break;
  case TERM_CALL:
    for (uint32_t i = 0; i < pattern->call.count; i++) visit_parameters(linear, pattern->call.arguments[i], visit);
    break;
  case TERM_LIST:
    for (uint32_t i = 0; i < pattern->list.count; i++) visit_parameters(linear, pattern->list.items[i], visit);
    break;
  case TERM_STRICT: visit_parameters(linear, pattern->strict.argument, visit); break;
  default: break;
  }
}

// Dups of the parameters go around the body, the first parameter's outermost: so they are collected innermost first.
static Term *wrap_parameters(Linear *linear, Term *pattern, Term *body) {
  switch (pattern->kind) {
  case TERM_VARIABLE:
    return pattern->variable.binder ? wrap_copies(linear, pattern->variable.binder, NULL, body) : body;
  case TERM_CALL:
    for (uint32_t i = pattern->call.count; i-- > 0;) body = wrap_parameters(linear, pattern->call.arguments[i], body);
    return body;
  case TERM_LIST:
    for (uint32_t i = pattern->list.count; i-- > 0;) body = wrap_parameters(linear, pattern->list.items[i], body);
    return body;
  case TERM_STRICT: return wrap_parameters(linear, pattern->strict.argument, body);
  default: return body;
  }
}

void linear_rule(Program *program, Rule *rule) {
  Linear linear = {.arena = &program->arena};
  for (uint32_t i = 0; i < rule->arity; i++) visit_parameters(&linear, rule->patterns[i], reset_binder);
  reset(&linear, rule->body);
  count(&linear, rule->body);
  for (uint32_t i = 0; i < rule->arity; i++) visit_parameters(&linear, rule->patterns[i], prepare_copies);
  rule->body = rewrite(&linear, rule->body);
  for (uint32_t i = rule->arity; i-- > 0;) rule->body = wrap_parameters(&linear, rule->patterns[i], rule->body);
  ARRAY_FREE(&linear.copies);
}
