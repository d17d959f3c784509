#include "wait.h"

#include "effects.h"

enum { NESTED_LIMIT = 6, POSITION_LIMIT = 64, LOOKS_LIMIT = 20000 };

// A function whose rules are being looked at, called with waiting arguments at some positions. grows: asked is not
// whether it waits, but whether it leaves as much as it takes.
typedef struct Assumption {
  const struct Assumption *outer;
  const Function *function;
  uint64_t positions;
  uint32_t depth;
  bool grows;
} Assumption;

typedef struct {
  const Program *program;
  const Binder *const *binders;
  uint32_t count;
  const Assumption *assumed;
  uint32_t *looks; // that are left
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

// What can be said of a term, as a set. Each part is looked at once: terms may be nested deeply.
enum {
  STILL = 1, // wait_is_still
  WAITS = 2, // for a variable, with nothing beside it that would not
  FINE = 4   // nothing in it can be reduced before the variables arrive, as in the others; or it grows: reducing it
             // takes as long as to copy what it becomes
};

static unsigned look(const Wait *wait, const Term *term, bool leaves);

// What can be said of all of them.
static unsigned look_at_all(const Wait *wait, Term *const *terms, uint32_t count) {
  unsigned all = STILL | FINE;
  for (uint32_t i = 0; i < count && all; i++) all &= look(wait, terms[i], true);
  return all;
}

// Does each rule leave something that waits for these parameters? grows: or a constructor, in whose fields calls of the
// function may be left; or what takes no step at all. As a list that is built of another one, an element at a time.
static bool rules_leave(const Wait *wait, const Function *function, uint64_t positions, bool grows) {
  uint32_t depth = wait->assumed ? wait->assumed->depth + 1 : 0;
  if (function->builtin || function->compiled || depth > NESTED_LIMIT) return false;
  Assumption assumed = {wait->assumed, function, positions, depth, grows};
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    const Binder *binders[POSITION_LIMIT];
    Wait inner = {wait->program, binders, 0, &assumed, wait->looks};
    for (uint32_t k = 0; k < rule->arity && k < POSITION_LIMIT; k++) {
      const Term *pattern = rule->patterns[k];
      if (positions >> k & 1 && pattern->kind == TERM_VARIABLE && pattern->variable.binder)
        binders[inner.count++] = pattern->variable.binder;
    }
    if (!rule->body || !(look(&inner, rule->body, false) & (grows ? WAITS | STILL | FINE : WAITS))) return false;
  }
  return function->rules.count > 0;
}

// Which argument what is built in looks at, or becomes.
static bool built_in_waits(Builtin builtin, uint32_t index) {
  return (builtin == BUILTIN_U60_IF && index == 0) || (builtin == BUILTIN_SPARK && index == 1);
}

static unsigned look_at_call(const Wait *wait, const Function *function, const Term *term, bool leaves) {
  uint64_t positions = 0;
  bool strict = false; // one that waits is looked at
  for (uint32_t i = 0; i < term->call.count; i++) {
    unsigned argument = look(wait, term->call.arguments[i], true);
    if (!(argument & FINE)) return 0;
    if (!(argument & WAITS)) continue;
    strict |= function->builtin ? built_in_waits(function->builtin, i) : function->strict[i];
    if (i < POSITION_LIMIT) positions |= (uint64_t)1 << i;
  }
  if (strict || !positions) return strict ? WAITS | FINE : 0;
  for (const Assumption *at = wait->assumed; at; at = at->outer)
    if (at->function == function) return !leaves || at->positions != positions ? 0 : at->grows ? FINE : WAITS | FINE;
  if (rules_leave(wait, function, positions, false)) return WAITS | FINE;
  for (uint32_t i = 0; i < term->call.count; i++) // it may take apart what a call of one of those around leaves there
    if (wait->assumed && !(look(wait, term->call.arguments[i], false) & FINE)) return 0;
  return rules_leave(wait, function, positions, true) ? FINE : 0;
}

// What is written, read or slept for is to be known: an effect waits for a variable in it, whatever comes behind it. Is
// there one? The last argument is what goes on behind.
static bool effect_waits(const Wait *wait, const Term *term) {
  for (uint32_t i = 0; i + 1 < term->call.count; i++)
    if (look(wait, term->call.arguments[i], true) & WAITS) return true;
  return false;
}

// A λ is fine when nothing in it can be reduced before its own variable arrives, either.
static unsigned look_at_lambda(const Wait *wait, const Term *term) {
  const Binder **binders = malloc((wait->count + 1) * sizeof *binders);
  if (!binders) memory_exhausted();
  Wait inner = {wait->program, binders, wait->count, wait->assumed, wait->looks};
  if (wait->count) memcpy(binders, wait->binders, wait->count * sizeof *binders);
  if (term->lambda.binder) binders[inner.count++] = term->lambda.binder;
  unsigned body = look(&inner, term->lambda.body, true);
  free(binders);
  return body & FINE;
}

static bool is_bound(const Wait *wait, const Binder *binder) {
  for (uint32_t i = 0; i < wait->count; i++)
    if (wait->binders[i] == binder) return true;
  return false;
}

// leaves: what is around the term waits with it.
static unsigned look(const Wait *wait, const Term *term, bool leaves) {
  if (!*wait->looks) return 0;
  --*wait->looks;
  switch (term->kind) {
  case TERM_NUMBER:
  case TERM_STRING: return STILL | FINE;
  case TERM_VARIABLE: return STILL | FINE | (is_bound(wait, term->variable.binder) ? WAITS : 0);
  case TERM_CLOSURE: return wait_is_still(wait->program, term) ? STILL | FINE : 0;
  case TERM_LIST: return look_at_all(wait, term->list.items, term->list.count);
  case TERM_LAMBDA: return look_at_lambda(wait, term);
  case TERM_OPERATE: {
    unsigned left = look(wait, term->operate.left, true), right = look(wait, term->operate.right, true);
    unsigned both = left & right, either = left | right;
    return both & FINE && either & WAITS ? (both & STILL) | WAITS | FINE : both & STILL ? STILL | FINE : 0;
  }
  case TERM_APPLY: {
    if (!(look(wait, term->apply.function, true) & WAITS)) return 0;
    return look_at_all(wait, term->apply.arguments, term->apply.count) & FINE ? WAITS | FINE : 0;
  }
  case TERM_CALL: {
    const Function *function = wait->program->names.items[term->call.name].function;
    if (!function) return look_at_all(wait, term->call.arguments, term->call.count);
    if (has_effect(function)) return effect_waits(wait, term) ? WAITS | FINE : 0;
    return look_at_call(wait, function, term, leaves);
  }
  default: return 0;
  }
}

bool wait_is_fine(const Program *program, const Term *term, const Binder *const *binders, uint32_t count) {
  uint32_t looks = LOOKS_LIMIT;
  return look(&(Wait){program, binders, count, NULL, &looks}, term, true) & FINE;
}
