#include "specialise.h"

#include "effects.h"
#include "match.h"
#include "simplify.h"
#include "wait.h"

enum { MADE_LIMIT = 400, POSITION_LIMIT = 64 };

// Functions made.

static Function *new_function(Simplifier *s, const Function *origin, uint32_t arity) {
  Program *program = s->program;
  Buffer text = {0};
  buffer_format(&text, "%s'%zu", program->names.items[origin->name].text, program->names.count);
  NameId id = program_name(program, text.text, text.size); // no name that a program can write
  buffer_free(&text);
  Function *function = ARENA_NEW(&program->arena, Function);
  function->name = id;
  function->arity = arity;
  function->made = true;
  Name *name = &program->names.items[id];
  name->text = program->names.items[origin->name].text; // it shows as what it stands for
  name->size = program->names.items[origin->name].size;
  name->arity = arity;
  name->known = true;
  name->function = function;
  ARRAY_PUSH(&program->functions, function);
  return function;
}

static Rule *new_rule(Simplifier *s, Function *function, const Rule *origin) {
  Rule *rule = ARENA_NEW(&s->program->arena, Rule);
  *rule = *origin;
  rule->function = function->name;
  rule->arity = function->arity;
  rule->patterns = ARENA_ARRAY(&s->program->arena, Term *, function->arity + 1);
  ARRAY_PUSH(&function->rules, rule);
  return rule;
}

// What a call of a made function is, if it cannot be reduced: a function of one rule with this body.
static void make_original(Simplifier *s, Made *made, Term *body, Term **parameters) {
  Function *original = new_function(s, made->function, made->function->arity);
  original->by_need = true; // the λs were copied as code before
  Rule *rule = new_rule(s, original, made->base->rules.items[0]);
  for (uint32_t i = 0; i < original->arity; i++) rule->patterns[i] = parameters[i];
  rule->body = body;
  match_compile(s->program, original);
  made->function->original = original->name;
}

// A pattern with binders of its own.
static Term *copy_pattern(Simplifier *s, const Env **env, const Term *pattern) {
  Term *copy = ARENA_NEW(&s->program->arena, Term);
  *copy = *pattern;
  switch (pattern->kind) {
  case TERM_VARIABLE:
    if (pattern->variable.binder) {
      copy->variable.binder = simplify_binder(s, pattern->variable.binder);
      *env = simplify_bind(s, *env, pattern->variable.binder, simplify_variable(s, copy->variable.binder));
    }
    break;
  case TERM_CALL:
    copy->call.arguments = ARENA_ARRAY(&s->program->arena, Term *, pattern->call.count + 1);
    for (uint32_t i = 0; i < pattern->call.count; i++)
      copy->call.arguments[i] = copy_pattern(s, env, pattern->call.arguments[i]);
    break;
  case TERM_LIST:
    copy->list.items = ARENA_ARRAY(&s->program->arena, Term *, pattern->list.count + 1);
    for (uint32_t i = 0; i < pattern->list.count; i++)
      copy->list.items[i] = copy_pattern(s, env, pattern->list.items[i]);
    break;
  case TERM_STRICT: copy->strict.argument = copy_pattern(s, env, pattern->strict.argument); break;
  default: break;
  }
  return copy;
}

static Term *parameter(Simplifier *s, Span span) {
  Binder *binder = ARENA_NEW(&s->program->arena, Binder);
  binder->name = "x";
  binder->span = span;
  return simplify_variable(s, binder);
}

static Term **parameters_of(Simplifier *s, uint32_t count, Span span) {
  Term **parameters = ARENA_ARRAY(&s->program->arena, Term *, count + 1);
  for (uint32_t i = 0; i < count; i++) parameters[i] = parameter(s, span);
  return parameters;
}

static Term **variables_of(Simplifier *s, Term *const *parameters, uint32_t count) {
  Term **variables = ARENA_ARRAY(&s->program->arena, Term *, count + 1);
  for (uint32_t i = 0; i < count; i++) variables[i] = simplify_variable(s, parameters[i]->variable.binder);
  return variables;
}

static Made *add_made(Simplifier *s, const Function *base, uint32_t arity) {
  if (s->made.count >= MADE_LIMIT || arity > ARITY_LIMIT) return NULL;
  Made *made = ARENA_NEW(&s->program->arena, Made);
  made->base = base;
  made->function = new_function(s, base, arity);
  ARRAY_PUSH(&s->made, made);
  return made;
}

Function *specialise_applied(Simplifier *s, const Function *base, uint32_t extra) {
  for (size_t i = 0; i < s->made.count; i++)
    if (s->made.items[i]->base == base && s->made.items[i]->extra == extra && !s->made.items[i]->positions)
      return s->made.items[i]->function;
  Made *made = add_made(s, base, base->arity + extra);
  if (!made) return NULL;
  made->extra = extra;
  Span span = base->rules.items[0]->span;
  Term **names = parameters_of(s, made->function->arity, span);
  Term **all = variables_of(s, names, made->function->arity);
  Term *call = simplify_call(s, base->name, all, base->arity, span);
  make_original(s, made, simplify_apply(s, call, all + base->arity, extra, span), names);
  for (size_t i = 0; i < base->rules.count; i++) {
    const Rule *origin = base->rules.items[i];
    Rule *rule = new_rule(s, made->function, origin);
    const Env *env = NULL;
    for (uint32_t k = 0; k < base->arity; k++) rule->patterns[k] = copy_pattern(s, &env, origin->patterns[k]);
    for (uint32_t k = 0; k < extra; k++) rule->patterns[base->arity + k] = parameter(s, span);
    Term **arguments = variables_of(s, rule->patterns + base->arity, extra);
    rule->body = simplify_rule(s, env, origin->body, arguments, extra);
  }
  match_compile(s->program, made->function);
  return made->function;
}

// λs as arguments.

static bool is_same(const Term *a, const Term *b, const Env *renamed);

static bool are_same(Term *const *a, Term *const *b, uint32_t count, const Env *renamed) {
  for (uint32_t i = 0; i < count; i++)
    if (!is_same(a[i], b[i], renamed)) return false;
  return true;
}

// Equal but for names. renamed: binders of a and what they are in b.
static bool is_same(const Term *a, const Term *b, const Env *renamed) {
  if (a->kind != b->kind) return false;
  switch (a->kind) {
  case TERM_VARIABLE:
    for (; renamed; renamed = renamed->next)
      if (renamed->from == a->variable.binder) return renamed->to->variable.binder == b->variable.binder;
    return a->variable.binder == b->variable.binder;
  case TERM_NUMBER: return a->number == b->number;
  case TERM_LAMBDA: {
    if (!a->lambda.binder || !b->lambda.binder)
      return !a->lambda.binder && !b->lambda.binder && is_same(a->lambda.body, b->lambda.body, renamed);
    Term to = {.kind = TERM_VARIABLE, .variable = {.binder = b->lambda.binder}};
    return is_same(a->lambda.body, b->lambda.body, &(Env){renamed, a->lambda.binder, &to});
  }
  case TERM_APPLY:
    return a->apply.count == b->apply.count && is_same(a->apply.function, b->apply.function, renamed) &&
           are_same(a->apply.arguments, b->apply.arguments, a->apply.count, renamed);
  case TERM_CALL:
    return a->call.name == b->call.name && a->call.count == b->call.count &&
           are_same(a->call.arguments, b->call.arguments, a->call.count, renamed);
  case TERM_LIST:
    return a->list.count == b->list.count && are_same(a->list.items, b->list.items, a->list.count, renamed);
  case TERM_LET: {
    Term to = {.kind = TERM_VARIABLE, .variable = {.binder = b->let.binder}};
    return is_same(a->let.value, b->let.value, renamed) &&
           is_same(a->let.body, b->let.body, &(Env){renamed, a->let.binder, &to});
  }
  case TERM_OPERATE:
    return a->operate.op == b->operate.op && is_same(a->operate.left, b->operate.left, renamed) &&
           is_same(a->operate.right, b->operate.right, renamed);
  default: return false; // none that simplify_may_repeat lets through
  }
}

// The free variables of all the values, in the order of their occurrence.
static uint32_t find_captured(Term *const *arguments, uint64_t positions, const Binder **captured) {
  uint32_t count = 0;
  for (uint32_t i = 0; positions >> i; i++) {
    if (!(positions >> i & 1)) continue;
    count = simplify_free(arguments[i], captured, count, ARITY_LIMIT);
    if (count == UINT32_MAX) return count;
  }
  return count;
}

static const Env *renaming(Simplifier *s, const Binder *const *from, Term *const *to, uint32_t count) {
  const Env *env = NULL;
  for (uint32_t i = 0; i < count; i++) env = simplify_bind(s, env, from[i], to[i]);
  return env;
}

static Made *find_specialised(Simplifier *s, const Function *base, uint64_t positions, Term *const *arguments,
                              const Binder *const *captured, uint32_t count) {
  for (size_t i = 0; i < s->made.count; i++) {
    Made *made = s->made.items[i];
    if (made->base != base || made->positions != positions || made->captured_count != count) continue;
    const Env *renamed = NULL;
    for (uint32_t k = 0; k < count; k++) renamed = simplify_bind(s, renamed, captured[k], made->captured[k]);
    bool same = true;
    for (uint32_t k = 0; positions >> k && same; k++)
      if (positions >> k & 1) same = is_same(arguments[k], made->values[k], renamed);
    if (same) return made;
  }
  return NULL;
}

static void make_specialised(Simplifier *s, Made *made, Term *const *arguments, const Binder *const *captured) {
  const Function *base = made->base;
  uint32_t kept = made->function->arity - made->captured_count;
  Span span = base->rules.items[0]->span;
  Term **names = parameters_of(s, made->function->arity, span), **all = variables_of(s, names, kept);
  Term **whole = ARENA_ARRAY(&s->program->arena, Term *, base->arity + 1);
  made->captured = variables_of(s, names + kept, made->captured_count);
  made->values = ARENA_ARRAY(&s->program->arena, Term *, base->arity + 1);
  const Env *own = renaming(s, captured, made->captured, made->captured_count);
  for (uint32_t i = 0, next = 0; i < base->arity; i++) {
    bool value = i < POSITION_LIMIT && made->positions >> i & 1;
    if (value) made->values[i] = simplify_copy(s, own, arguments[i]);
    whole[i] = value ? made->values[i] : all[next++];
  }
  make_original(s, made, simplify_call(s, base->name, whole, base->arity, span), names);
  for (size_t i = 0; i < base->rules.count; i++) {
    const Rule *origin = base->rules.items[i];
    Rule *rule = new_rule(s, made->function, origin);
    const Env *env = NULL;
    for (uint32_t k = 0; k < made->captured_count; k++) rule->patterns[kept + k] = parameter(s, span);
    own = renaming(s, captured, rule->patterns + kept, made->captured_count);
    for (uint32_t k = 0, next = 0; k < base->arity; k++) {
      const Term *pattern = origin->patterns[k];
      if (k >= POSITION_LIMIT || !(made->positions >> k & 1))
        rule->patterns[next++] = copy_pattern(s, &env, pattern);
      else if (pattern->variable.binder)
        env = simplify_bind(s, env, pattern->variable.binder, simplify_copy(s, own, arguments[k]));
    }
    rule->body = simplify_rule(s, env, origin->body, NULL, 0);
  }
  match_compile(s->program, made->function);
}

// Every call of the function that it leads to passes on at this position what it was given at such a position.
static bool is_static(Simplifier *s, const Function *function, uint32_t position);

typedef struct {
  Simplifier *s;
  const Function *target;
  uint32_t position;
  const Rule *rule;
  bool is_static;
} StaticSearch;

static void check_calls(void *context, Term *term) {
  StaticSearch *search = context;
  if (!search->is_static) return;
  term_visit_parts(term, check_calls, context);
  if (term->kind != TERM_CALL || term->call.name != search->target->name) return;
  const Term *argument = term->call.arguments[search->position];
  const Binder *binder = argument->kind == TERM_VARIABLE ? argument->variable.binder : NULL;
  for (uint32_t i = 0; binder && i < search->rule->arity; i++) {
    const Term *pattern = search->rule->patterns[i];
    if (pattern->kind != TERM_VARIABLE || pattern->variable.binder != binder) continue;
    const Function *holder = search->s->program->names.items[search->rule->function].function;
    search->is_static = is_static(search->s, holder, i);
    return;
  }
  search->is_static = false;
}

static bool is_static(Simplifier *s, const Function *function, uint32_t position) {
  for (size_t i = 0; i < s->positions.count; i++)
    if (s->positions.items[i].function == function && s->positions.items[i].position == position) return true;
  ARRAY_PUSH(&s->positions, (Position){function, position});
  StaticSearch search = {s, function, position, NULL, true};
  for (size_t i = 0; i < function->rules.count; i++) {
    const Term *pattern = function->rules.items[i]->patterns[position];
    if (pattern->kind != TERM_VARIABLE) return false;
  }
  Reach reach = {.program = s->program};
  simplify_reach(&reach, function);
  for (size_t i = 0; i < reach.found.count && search.is_static; i++) {
    const Function *other = reach.found.items[i];
    search.is_static = other->tree != NULL; // else it is being made
    for (size_t k = 0; k < other->rules.count && search.is_static; k++) {
      search.rule = other->rules.items[k];
      check_calls(&search, search.rule->body);
    }
  }
  ARRAY_FREE(&reach.found);
  return search.is_static;
}

Function *specialise_call(Simplifier *s, const Function *function, Term ***arguments) {
  if (!function->tree) return NULL; // it is being made: its rules are not there yet
  uint64_t positions = 0;
  Term **given = *arguments;
  for (uint32_t i = 0; i < function->arity && i < POSITION_LIMIT; i++) {
    if (!simplify_is_function(s, given[i]) || !simplify_may_repeat(s, given[i])) continue;
    s->positions.count = 0;
    if (is_static(s, function, i)) positions |= (uint64_t)1 << i;
  }
  const Binder *captured[ARITY_LIMIT];
  uint32_t count = positions ? find_captured(given, positions, captured) : 0;
  uint32_t kept = 0;
  if (!positions || count == UINT32_MAX) return NULL;
  Term **rest = ARENA_ARRAY(&s->program->arena, Term *, function->arity + count + 1);
  for (uint32_t i = 0; i < function->arity; i++)
    if (i >= POSITION_LIMIT || !(positions >> i & 1)) rest[kept++] = given[i];
  Made *made = find_specialised(s, function, positions, given, captured, count);
  if (!made) {
    made = add_made(s, function, kept + count);
    if (!made) return NULL;
    made->positions = positions;
    made->captured_count = count;
    make_specialised(s, made, given, captured);
  }
  for (uint32_t i = 0; i < count; i++) rest[kept + i] = simplify_variable(s, (Binder *)(uintptr_t)captured[i]);
  *arguments = rest;
  return made->function;
}

// Is there something to do in a body? A call or λ that is applied, or a λ that is an argument.
static void look(void *context, Term *term) {
  bool *found = context;
  if (*found) return;
  if (term->kind == TERM_APPLY)
    *found = term->apply.function->kind == TERM_CALL || term->apply.function->kind == TERM_LAMBDA;
  if (term->kind == TERM_CALL)
    for (uint32_t i = 0; i < term->call.count && !*found; i++)
      *found = term->call.arguments[i]->kind == TERM_LAMBDA || term->call.arguments[i]->kind == TERM_CALL;
  term_visit_parts(term, look, context);
}

void specialise_function(Simplifier *s, const Function *function) {
  if (function->compiled || function->builtin || function->made || effects_comes(function)) return;
  while (s->seen.count <= function->name) ARRAY_PUSH(&s->seen, 0);
  if (s->seen.items[function->name]) return;
  s->seen.items[function->name] = 1;
  for (size_t i = 0; i < function->rules.count; i++) {
    Rule *rule = function->rules.items[i];
    bool found = false;
    look(&found, rule->body);
    if (found) rule->body = simplify_rule(s, NULL, rule->body, NULL, 0);
  }
}

typedef struct {
  const Program *program;
  bool found;
} Search;

static void find_function(void *context, Term *pattern) {
  Search *search = context;
  search->found |= pattern->kind == TERM_CALL && search->program->names.items[pattern->call.name].function;
  term_visit_parts(pattern, find_function, context);
}

// For a function as a pattern a call is data.
static bool is_fit(const Program *program) {
  Search search = {program, program->has_scopeless || program->has_superposition || !program->has_lambdas};
  for (size_t i = 0; i < program->functions.count && !search.found; i++) {
    const Function *function = program->functions.items[i];
    for (size_t k = 0; k < function->rules.count; k++)
      for (uint32_t j = 0; j < function->arity; j++) find_function(&search, function->rules.items[k]->patterns[j]);
  }
  return !search.found;
}

void specialise_program(Program *program) {
  if (!program->specialise || !is_fit(program)) return;
  effects_find(program); // functions that come to one stay as they are: its order counts
  Simplifier simplifier = {.program = program};
  size_t count = program->functions.count;
  for (size_t i = 0; i < count; i++) specialise_function(&simplifier, program->functions.items[i]);
  simplify_free_state(&simplifier);
}
