#include "simplify.h"

#include "wait.h"

enum { STEPS_LIMIT = 200, TERMS_LIMIT = 4000, INLINE_TERMS = 60, REACH_LIMIT = 200, GROUP_LIMIT = 16 };
enum { LOOK_CALLS = 3, LOOK_RULES = 8 }; // how far a function's λs are looked for

// Terms.

static Term *new_term(Simplifier *s, TermKind kind, Span span) {
  Term *term = ARENA_NEW(&s->program->arena, Term);
  term->kind = kind;
  term->span = span;
  s->terms++;
  return term;
}

const Env *simplify_bind(Simplifier *s, const Env *env, const Binder *from, Term *to) {
  Env *added = ARENA_NEW(&s->program->arena, Env);
  *added = (Env){env, from, to};
  return added;
}

Binder *simplify_binder(Simplifier *s, const Binder *origin) {
  Binder *binder = ARENA_NEW(&s->program->arena, Binder);
  *binder = *origin;
  return binder;
}

Term *simplify_variable(Simplifier *s, Binder *binder) {
  Term *term = new_term(s, TERM_VARIABLE, binder->span);
  term->variable.binder = binder;
  term->variable.name = binder->name;
  term->variable.symbol = binder->symbol;
  return term;
}

Term *simplify_call(Simplifier *s, NameId name, Term **arguments, uint32_t count, Span span) {
  Term *term = new_term(s, TERM_CALL, span);
  term->call.name = name;
  term->call.arguments = arguments;
  term->call.count = count;
  return term;
}

Term *simplify_apply(Simplifier *s, Term *function, Term **arguments, uint32_t count, Span span) {
  if (count == 0) return function;
  Term *term = new_term(s, TERM_APPLY, span);
  term->apply.function = function;
  term->apply.arguments = arguments;
  term->apply.count = count;
  return term;
}

// What is known of terms and functions.

typedef struct {
  const Binder *binder;
  uint32_t uses;
  bool under; // a λ
} Uses;

static void count_uses(void *context, Term *term) {
  Uses *uses = context;
  if (term->kind == TERM_VARIABLE && term->variable.binder == uses->binder) uses->uses += uses->under ? 2 : 1;
  bool under = uses->under;
  uses->under |= term->kind == TERM_LAMBDA;
  if (uses->uses < 2) term_visit_parts(term, count_uses, context);
  uses->under = under;
}

// 0, 1, or more, which a use under a λ counts as, other than the first ones of a row of λs.
static uint32_t uses_of(const Binder *binder, Term *term, uint32_t lambdas) {
  Uses uses = {binder, 0, false};
  for (; lambdas > 0 && term->kind == TERM_LAMBDA; lambdas--) term = term->lambda.body;
  count_uses(&uses, term);
  return uses.uses;
}

typedef struct {
  const Binder **found;
  uint32_t count, limit;
  const Env *bound; // to: not used
} FreeSearch;

static void find_free(void *context, Term *term) {
  FreeSearch *search = context;
  const Env *outer = search->bound;
  Env inner[2] = {{outer, NULL, NULL}, {&inner[0], NULL, NULL}};
  if (term->kind == TERM_VARIABLE) {
    const Binder *binder = term->variable.binder;
    for (const Env *at = outer; at; at = at->next)
      if (at->from == binder) return;
    for (uint32_t i = 0; i < search->count; i++)
      if (search->found[i] == binder) return;
    if (search->count < search->limit) search->found[search->count] = binder;
    search->count++;
    return;
  }
  // A binder is bound in all parts of its term, since every one has its own.
  if (term->kind == TERM_LAMBDA) inner[0].from = term->lambda.binder;
  if (term->kind == TERM_LET) inner[0].from = term->let.binder;
  if (term->kind == TERM_DUP) inner[0].from = term->dup.first, inner[1].from = term->dup.second;
  search->bound = &inner[1];
  if (search->count <= search->limit) term_visit_parts(term, find_free, search);
  search->bound = outer;
}

uint32_t simplify_free(const Term *term, const Binder **found, uint32_t count, uint32_t limit) {
  FreeSearch search = {found, count, limit, NULL};
  find_free(&search, (Term *)(uintptr_t)term);
  return search.count > limit ? UINT32_MAX : search.count;
}

typedef struct {
  uint32_t terms, limit;
  bool unfit;
} Measure;

// Terms, and what stays where it is: divisions that may fail, since their messages name the function that they are in,
// and what is seldom.
static void measure(void *context, Term *term) {
  Measure *found = context;
  if (++found->terms > found->limit) return;
  if (term->kind == TERM_OPERATE && (term->operate.op == OP_DIV || term->operate.op == OP_MOD)) {
    const Term *right = term->operate.right;
    found->unfit |= right->kind != TERM_NUMBER || right->number == number_u60(0);
  }
  found->unfit |= term->kind == TERM_STRING || term->kind == TERM_DUP || term->kind == TERM_SUPERPOSE;
  term_visit_parts(term, measure, context);
}

static bool is_small(const Term *term) {
  Measure found = {0, INLINE_TERMS, false};
  measure(&found, (Term *)(uintptr_t)term);
  return found.terms <= INLINE_TERMS && !found.unfit;
}

static void reach_call(void *context, Term *term) {
  Reach *reach = context;
  term_visit_parts(term, reach_call, context);
  const Function *function = term->kind == TERM_CALL ? reach->program->names.items[term->call.name].function : NULL;
  if (!function || function->builtin || reach->found.count >= REACH_LIMIT) return;
  for (size_t i = 0; i < reach->found.count; i++)
    if (reach->found.items[i] == function) return;
  ARRAY_PUSH(&reach->found, function);
  simplify_reach(reach, function);
}

void simplify_reach(Reach *reach, const Function *function) {
  for (size_t i = 0; i < function->rules.count; i++) reach_call(reach, function->rules.items[i]->body);
}

static bool is_recursive(Simplifier *s, const Function *function) {
  while (s->recursion.count <= function->name) ARRAY_PUSH(&s->recursion, 0);
  uint8_t known = s->recursion.items[function->name];
  if (known) return known == 1;
  Reach reach = {.program = s->program};
  simplify_reach(&reach, function);
  bool found = reach.found.count >= REACH_LIMIT;
  for (size_t i = 0; i < reach.found.count; i++) found |= reach.found.items[i] == function;
  ARRAY_FREE(&reach.found);
  s->recursion.items[function->name] = found ? 1 : 2;
  return found;
}

// A function of the text that is being loaded, or made for it.
static const Function *open_function(const Simplifier *s, NameId name) {
  const Function *function = s->program->names.items[name].function;
  return function && !function->builtin && !function->compiled && function->tree ? function : NULL;
}

static const Term *below_lets(const Term *term) {
  while (term->kind == TERM_LET) term = term->let.body;
  return term;
}

// Is every rule's body a λ?
static bool gives_lambda(const Function *function) {
  for (size_t i = 0; i < function->rules.count; i++)
    if (below_lets(function->rules.items[i]->body)->kind != TERM_LAMBDA) return false;
  return true;
}

bool simplify_is_function(Simplifier *s, const Term *term) {
  if (term->kind == TERM_LAMBDA) return true;
  if (term->kind != TERM_CALL) return false;
  const Function *function = open_function(s, term->call.name);
  return function && gives_lambda(function);
}

// Has a λ, with those that follow it, nothing that its copies would share?
static bool is_code(const Simplifier *s, const Term *term) {
  if (s->program->share_by_need) return true;
  const Binder *binders[GROUP_LIMIT];
  uint32_t count = 0;
  for (; term->kind == TERM_LAMBDA && count < GROUP_LIMIT; term = term->lambda.body)
    if (term->lambda.binder) binders[count++] = term->lambda.binder;
  return wait_may_repeat(s->program, term, binders, count);
}

bool simplify_may_repeat(Simplifier *s, const Term *term) {
  switch (term->kind) {
  case TERM_VARIABLE:
  case TERM_NUMBER: return true;
  case TERM_LAMBDA: return is_small(term) && is_code(s, term);
  case TERM_CALL: {
    if (term->call.count == 0 && !s->program->names.items[term->call.name].function) return true;
    const Function *function = open_function(s, term->call.name);
    if (!function) return false;
    specialise_function(s, function);
    if (!gives_lambda(function)) return false;
    for (uint32_t i = 0; i < term->call.count; i++)
      if (!wait_is_still(s->program, term->call.arguments[i]) && !simplify_may_repeat(s, term->call.arguments[i]))
        return false;
    for (size_t i = 0; i < function->rules.count; i++)
      if (!is_code(s, function->rules.items[i]->body)) return false;
    return true;
  }
  default: return false;
  }
}

// Copies.

// What waits to be bound around the term at work, innermost first.
typedef struct Let {
  struct Let *outer;
  Binder *binder;
  Term *value;
} Let;

static Term *reduce(Simplifier *s, const Env *env, Term *head, Term **arguments, uint32_t count);

static Term *copy(Simplifier *s, const Env *env, Term *term) { return reduce(s, env, term, NULL, 0); }

static Term **copy_all(Simplifier *s, const Env *env, Term **terms, uint32_t count) {
  Term **copies = ARENA_ARRAY(&s->program->arena, Term *, count + 1);
  for (uint32_t i = 0; i < count; i++) copies[i] = copy(s, env, terms[i]);
  return copies;
}

static const Env *copy_binder(Simplifier *s, const Env *env, Binder **binder) {
  if (!*binder) return env;
  const Binder *origin = *binder;
  *binder = simplify_binder(s, origin);
  return simplify_bind(s, env, origin, simplify_variable(s, *binder));
}

Term *simplify_copy(Simplifier *s, const Env *env, Term *term) {
  bool plain = s->plain;
  s->plain = true;
  Term *result = copy(s, env, term);
  s->plain = plain;
  return result;
}

static Term *copy_parts(Simplifier *s, const Env *env, Term *term) {
  Term *result = new_term(s, term->kind, term->span);
  *result = *term;
  switch (term->kind) {
  case TERM_LAMBDA:
    env = copy_binder(s, env, &result->lambda.binder);
    result->lambda.body = copy(s, env, term->lambda.body);
    break;
  case TERM_LIST: result->list.items = copy_all(s, env, term->list.items, term->list.count); break;
  case TERM_CALL: result->call.arguments = copy_all(s, env, term->call.arguments, term->call.count); break;
  case TERM_OPERATE:
    result->operate.left = copy(s, env, term->operate.left);
    result->operate.right = copy(s, env, term->operate.right);
    break;
  case TERM_LET:
    result->let.value = copy(s, env, term->let.value);
    env = copy_binder(s, env, &result->let.binder);
    result->let.body = copy(s, env, term->let.body);
    break;
  case TERM_DUP:
    result->dup.value = copy(s, env, term->dup.value);
    env = copy_binder(s, env, &result->dup.first);
    env = copy_binder(s, env, &result->dup.second);
    result->dup.body = copy(s, env, term->dup.body);
    break;
  case TERM_SUPERPOSE:
    result->superpose.first = copy(s, env, term->superpose.first);
    result->superpose.second = copy(s, env, term->superpose.second);
    break;
  default: break;
  }
  return result;
}

// What a binder becomes whose scope is the rest of the work, below so many λs that are applied.
static const Env *give(Simplifier *s, const Env *env, Let **lets, Binder *binder, Term *value, Term *scope,
                       uint32_t lambdas) {
  if (!binder) return env;
  uint32_t uses = uses_of(binder, scope, lambdas);
  if (uses == 0) return env;
  if (uses == 1 || simplify_may_repeat(s, value)) return simplify_bind(s, env, binder, value);
  Let *let = ARENA_NEW(&s->program->arena, Let);
  *let = (Let){*lets, simplify_binder(s, binder), value};
  *lets = let;
  return simplify_bind(s, env, binder, simplify_variable(s, let->binder));
}

static Term **join(Simplifier *s, Term *const *first, uint32_t count, Term *const *second, uint32_t more) {
  Term **all = ARENA_ARRAY(&s->program->arena, Term *, count + more + 1);
  if (count) memcpy(all, first, count * sizeof(Term *));
  if (more) memcpy(all + count, second, more * sizeof(Term *));
  return all;
}

static bool should_inline(Simplifier *s, const Function *function, Term *const *arguments, bool applied) {
  if (function->rules.count != 1 || function->made) return false;
  const Rule *rule = function->rules.items[0];
  bool known = applied;
  for (uint32_t i = 0; i < function->arity; i++) {
    if (rule->patterns[i]->kind != TERM_VARIABLE) return false;
    known |= simplify_is_function(s, arguments[i]);
  }
  return known && is_small(rule->body) && !is_recursive(s, function);
}

// How many λs does a function give, at most? Through calls, too: a callee may not be simplified yet, or is just now.
static uint32_t leading_lambdas(const Simplifier *s, const Function *function, uint32_t depth) {
  uint32_t most = 0;
  for (size_t i = 0; i < function->rules.count; i++) {
    uint32_t count = 0;
    const Term *at = below_lets(function->rules.items[i]->body);
    const Function *callee = at->kind == TERM_CALL && depth ? open_function(s, at->call.name) : NULL;
    if (callee && callee->rules.count <= LOOK_RULES) count = leading_lambdas(s, callee, depth - 1);
    for (; at->kind == TERM_LAMBDA; at = at->lambda.body) count++;
    if (count > most) most = count;
  }
  return most;
}

static bool is_tired(const Simplifier *s) { return s->plain || s->steps >= STEPS_LIMIT || s->terms >= TERMS_LIMIT; }

// A call that is not inlined: perhaps of a function made for it, which may take some of what it is applied to.
static Term *call(Simplifier *s, const Function *function, NameId name, Term **given, Span span, Term **arguments,
                  uint32_t count, uint32_t *taken) {
  *taken = 0;
  uint32_t arity = function ? function->arity : s->program->names.items[name].arity;
  uint32_t extra = function && count ? leading_lambdas(s, function, LOOK_CALLS) : 0;
  if (extra > count) extra = count;
  if (extra) {
    Function *applied = specialise_applied(s, function, extra);
    if (applied) {
      given = join(s, given, arity, arguments, extra);
      function = applied;
      *taken = extra;
    }
  }
  if (function) {
    Function *made = specialise_call(s, function, &given);
    if (made) function = made;
    name = function->name, arity = function->arity;
  }
  return simplify_call(s, name, given, arity, span);
}

// The copy of a term that is applied to arguments, which are copies already.
static Term *reduce(Simplifier *s, const Env *env, Term *head, Term **arguments, uint32_t count) {
  Let *lets = NULL;
  Term *result = NULL;
  Span span = head->span;
  while (!result) {
    switch (head->kind) {
    case TERM_VARIABLE: {
      const Env *found = env;
      while (found && found->from != head->variable.binder) found = found->next;
      if (!found) {
        result = simplify_variable(s, head->variable.binder);
      } else if (count && found->to->kind != TERM_VARIABLE) {
        head = simplify_copy(s, NULL, found->to);
        env = NULL;
      } else {
        result = simplify_copy(s, NULL, found->to);
      }
      break;
    }
    case TERM_APPLY: {
      Term **first = copy_all(s, env, head->apply.arguments, head->apply.count);
      arguments = join(s, first, head->apply.count, arguments, count);
      count += head->apply.count;
      head = head->apply.function;
      break;
    }
    case TERM_LAMBDA:
      if (!count || is_tired(s)) {
        result = copy_parts(s, env, head);
        break;
      }
      s->steps++;
      env = give(s, env, &lets, head->lambda.binder, arguments[0], head->lambda.body, count - 1);
      head = head->lambda.body;
      arguments++, count--;
      break;
    case TERM_LET:
      if (is_tired(s)) {
        result = copy_parts(s, env, head);
        break;
      }
      env = give(s, env, &lets, head->let.binder, copy(s, env, head->let.value), head->let.body, count);
      head = head->let.body;
      break;
    case TERM_CALL: {
      const Function *function = open_function(s, head->call.name);
      Term **given = copy_all(s, env, head->call.arguments, head->call.count);
      if (!is_tired(s) && function) specialise_function(s, function);
      if (!is_tired(s) && function && should_inline(s, function, given, count > 0)) {
        s->steps++;
        const Rule *rule = function->rules.items[0];
        env = NULL;
        for (uint32_t i = 0; i < function->arity; i++)
          env = give(s, env, &lets, rule->patterns[i]->variable.binder, given[i], rule->body, count);
        head = rule->body;
        break;
      }
      uint32_t taken;
      result = call(s, is_tired(s) ? NULL : function, head->call.name, given, head->span, arguments, count, &taken);
      arguments += taken, count -= taken;
      break;
    }
    default: result = copy_parts(s, env, head);
    }
  }
  result = simplify_apply(s, result, arguments, count, span);
  for (; lets; lets = lets->outer) {
    Term *let = new_term(s, TERM_LET, span);
    let->let.binder = lets->binder;
    let->let.value = lets->value;
    let->let.body = result;
    result = let;
  }
  return result;
}

Term *simplify_rule(Simplifier *s, const Env *env, Term *body, Term **arguments, uint32_t count) {
  uint32_t steps = s->steps, terms = s->terms;
  bool plain = s->plain;
  s->steps = s->terms = 0;
  s->plain = false;
  Term *result = reduce(s, env, body, arguments, count);
  s->steps = steps, s->terms = terms, s->plain = plain;
  return result;
}

void simplify_free_state(Simplifier *s) {
  ARRAY_FREE(&s->made);
  ARRAY_FREE(&s->positions);
  ARRAY_FREE(&s->seen);
  ARRAY_FREE(&s->recursion);
}
