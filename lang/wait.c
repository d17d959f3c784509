#include "wait.h"

enum { NESTED_LIMIT = 6, POSITION_LIMIT = 64 };

// A function whose rules are being looked at, called with waiting arguments at some positions.
typedef struct Assumption {
  const struct Assumption *outer;
  const Function *function;
  uint64_t positions;
  uint32_t depth;
} Assumption;

typedef struct {
  const Program *program;
  const Binder *const *binders;
  uint32_t count;
  const Assumption *assumed;
} Wait;

static bool are_still(const Program *program, Term *const *terms, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!wait_is_still(program, terms[i])) return false;
  return true;
}

bool wait_is_still(const Program *program, const Term *term) {
  switch (term->kind) {
  case TERM_VARIABLE:
  case TERM_NUMBER:
  case TERM_STRING: return true;
  case TERM_OPERATE: return wait_is_still(program, term->operate.left) && wait_is_still(program, term->operate.right);
  case TERM_CLOSURE: return are_still(program, term->closure.captured, term->closure.count);
  case TERM_LIST: return are_still(program, term->list.items, term->list.count);
  case TERM_CALL:
    return !program->names.items[term->call.name].function &&
           are_still(program, term->call.arguments, term->call.count);
  default: return false;
  }
}

static bool is_fine(const Wait *wait, const Term *term);

static bool are_fine(const Wait *wait, Term *const *terms, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!is_fine(wait, terms[i])) return false;
  return true;
}

static bool waits(const Wait *wait, const Term *term, bool leaves);

// Does each rule leave something that waits for these parameters?
static bool rules_wait(const Wait *wait, const Function *function, uint64_t positions) {
  uint32_t depth = wait->assumed ? wait->assumed->depth + 1 : 0;
  if (function->builtin || function->compiled || depth > NESTED_LIMIT) return false;
  Assumption assumed = {wait->assumed, function, positions, depth};
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    const Binder *binders[POSITION_LIMIT];
    Wait inner = {wait->program, binders, 0, &assumed};
    for (uint32_t k = 0; k < rule->arity && k < POSITION_LIMIT; k++) {
      const Term *pattern = rule->patterns[k];
      if (positions >> k & 1 && pattern->kind == TERM_VARIABLE && pattern->variable.binder)
        binders[inner.count++] = pattern->variable.binder;
    }
    if (!rule->body || !waits(&inner, rule->body, false)) return false;
  }
  return function->rules.count > 0;
}

// Which argument what is built in looks at, or becomes.
static bool built_in_waits(Builtin builtin, uint32_t index) {
  return (builtin == BUILTIN_U60_IF && index == 0) || (builtin == BUILTIN_SPARK && index == 1);
}

static bool call_waits(const Wait *wait, const Term *term, bool leaves) {
  const Function *function = wait->program->names.items[term->call.name].function;
  if (!function || !are_fine(wait, term->call.arguments, term->call.count)) return false;
  uint64_t positions = 0;
  for (uint32_t i = 0; i < term->call.count; i++) {
    bool strict = function->builtin ? built_in_waits(function->builtin, i) : function->strict[i];
    if (!waits(wait, term->call.arguments[i], true)) continue;
    if (strict) return true;
    if (i < POSITION_LIMIT) positions |= (uint64_t)1 << i;
  }
  if (!positions) return false;
  for (const Assumption *at = wait->assumed; at; at = at->outer)
    if (at->function == function) return leaves && at->positions == positions;
  return rules_wait(wait, function, positions);
}

// Does the term wait for a variable, with nothing beside it that would not? leaves: what is around it waits with it.
static bool waits(const Wait *wait, const Term *term, bool leaves) {
  switch (term->kind) {
  case TERM_VARIABLE:
    for (uint32_t i = 0; i < wait->count; i++)
      if (wait->binders[i] == term->variable.binder) return true;
    return false;
  case TERM_OPERATE: {
    const Term *left = term->operate.left, *right = term->operate.right;
    return (waits(wait, left, true) && is_fine(wait, right)) || (is_fine(wait, left) && waits(wait, right, true));
  }
  case TERM_APPLY:
    return waits(wait, term->apply.function, true) && are_fine(wait, term->apply.arguments, term->apply.count);
  case TERM_CALL: return call_waits(wait, term, leaves);
  default: return false;
  }
}

// A λ is fine when nothing in it can be reduced before its own variable arrives, either.
static bool lambda_is_fine(const Wait *wait, const Term *term) {
  const Binder **binders = malloc((wait->count + 1) * sizeof *binders);
  if (!binders) memory_exhausted();
  Wait inner = {wait->program, binders, wait->count, wait->assumed};
  if (wait->count) memcpy(binders, wait->binders, wait->count * sizeof *binders);
  if (term->lambda.binder) binders[inner.count++] = term->lambda.binder;
  bool fine = is_fine(&inner, term->lambda.body);
  free(binders);
  return fine;
}

static bool is_fine(const Wait *wait, const Term *term) {
  if (wait_is_still(wait->program, term) || waits(wait, term, true)) return true;
  if (term->kind == TERM_LIST) return are_fine(wait, term->list.items, term->list.count);
  if (term->kind == TERM_LAMBDA) return lambda_is_fine(wait, term);
  return term->kind == TERM_CALL && !wait->program->names.items[term->call.name].function &&
         are_fine(wait, term->call.arguments, term->call.count);
}

bool wait_is_fine(const Program *program, const Term *term, const Binder *const *binders, uint32_t count) {
  return is_fine(&(Wait){program, binders, count, NULL}, term);
}
