#include "wait.h"

#include "effects.h"

enum { NESTED_LIMIT = 6, POSITION_LIMIT = 64, LOOKS_LIMIT = 20000 };

// What is known of the arguments of a call, each a set of positions.
typedef struct {
  uint64_t waits;   // they wait
  uint64_t applied; // they are λs that wait when they are applied to as many arguments as there are λs …
  uint64_t brief;   // they are looked at, and have no fields before the variables arrive
  uint8_t lambdas[POSITION_LIMIT]; // … by position; 0 where there is none
} Given;

// What is asked of a function's rules: whether each leaves something that waits; takes a few steps at most; or leaves
// as much as it takes.
typedef enum { ASK_WAITS, ASK_FEW, ASK_GROWS } Question;

// A function whose rules are being looked at.
typedef struct Assumption {
  const struct Assumption *outer;
  const Function *function;
  const Given *given;
  uint32_t depth;
  Question question;
} Assumption;

// A variable that is waited for, or that stands for a λ, and for so many λs in all, that waits when it is applied.
typedef struct {
  const Binder *binder;
  uint32_t lambdas; // 0: it is waited for
} Awaited;

typedef struct {
  const Program *program;
  const Awaited *awaited;
  uint32_t count;
  const Assumption *assumed;
  uint32_t *looks; // that are left
  bool briefly;    // steps that depend on a number alone do not count if they are few
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
  FINE = 4,  // nothing in it can be reduced before the variables arrive, as in the others; or it grows: reducing it
             // takes as long as to copy what it becomes
  FEW = 8,   // some steps at most, whose number does not depend on data; then it waits, or is what was there before
  BRIEF = 16 // … or has no fields
};
enum { STUCK = WAITS | FINE | FEW | BRIEF, FLAT = STILL | FINE | FEW | BRIEF };
enum { LAMBDAS_SHIFT = 8 }; // behind the set: λs that follow each other and wait when they are applied

static unsigned look(const Wait *wait, const Term *term, bool leaves);

// What can be said of all of them, which are passed on or put into a constructor.
static unsigned look_at_all(const Wait *wait, Term *const *terms, uint32_t count) {
  unsigned all = STILL | FINE;
  for (uint32_t i = 0; i < count && all; i++) all &= look(wait, terms[i], true);
  return all;
}

// Can the pattern match what has no fields?
static bool is_flat_pattern(const Term *pattern) {
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  return !(pattern->kind == TERM_CALL && pattern->call.count) && !(pattern->kind == TERM_LIST && pattern->list.count) &&
         pattern->kind != TERM_STRING;
}

static bool may_match(const Rule *rule, const Given *given) {
  for (uint32_t k = 0; k < rule->arity && k < POSITION_LIMIT; k++)
    if (given->brief >> k & 1 && !is_flat_pattern(rule->patterns[k])) return false;
  return true;
}

// What can be said of what each rule leaves that may match before the variables arrive. With ASK_GROWS it may be a
// constructor in whose fields calls of the function are left, or what takes no step at all: a list that is built of
// another one, an element at a time.
static unsigned look_at_rules(const Wait *wait, const Function *function, const Given *given, Question question) {
  uint32_t depth = wait->assumed ? wait->assumed->depth + 1 : 0;
  unsigned all = function->rules.count > 0 ? ~0u : 0;
  if (function->builtin || function->compiled || depth > NESTED_LIMIT) return 0;
  Assumption assumed = {wait->assumed, function, given, depth, question};
  for (size_t i = 0; i < function->rules.count && all; i++) {
    const Rule *rule = function->rules.items[i];
    if (!may_match(rule, given)) continue;
    Awaited awaited[POSITION_LIMIT];
    Wait inner = {wait->program, awaited, 0, &assumed, wait->looks, wait->briefly};
    for (uint32_t k = 0; k < rule->arity && k < POSITION_LIMIT; k++) {
      const Term *pattern = rule->patterns[k];
      if (!((given->waits | given->applied) >> k & 1) || pattern->kind != TERM_VARIABLE) continue;
      if (pattern->variable.binder) awaited[inner.count++] = (Awaited){pattern->variable.binder, given->lambdas[k]};
    }
    unsigned body = rule->body ? look(&inner, rule->body, false) : 0;
    if (question == ASK_GROWS && body & (WAITS | STILL | FINE)) body |= FINE;
    all &= body;
  }
  return all == ~0u ? 0 : all;
}

// Which argument what is built in looks at, or becomes.
static bool built_in_waits(Builtin builtin, uint32_t index) {
  return (builtin == BUILTIN_U60_IF && index == 0) || (builtin == BUILTIN_SPARK && index == 1);
}

static bool is_same(const Given *a, const Given *b) {
  return a->waits == b->waits && a->applied == b->applied && a->brief == b->brief &&
         memcmp(a->lambdas, b->lambdas, sizeof a->lambdas) == 0;
}

static unsigned look_at_call(const Wait *wait, const Function *function, const Term *term, bool leaves) {
  Given given = {0};
  bool stuck = false; // one that waits is looked at
  for (uint32_t i = 0; i < term->call.count; i++) {
    unsigned argument = look(wait, term->call.arguments[i], true), lambdas = argument >> LAMBDAS_SHIFT;
    if (!(argument & FINE)) return 0;
    bool looked_at = function->builtin ? built_in_waits(function->builtin, i) : function->strict[i];
    stuck |= argument & WAITS && looked_at;
    if (i >= POSITION_LIMIT) continue;
    if (argument & WAITS) given.waits |= (uint64_t)1 << i;
    if (lambdas && lambdas <= UINT8_MAX) given.applied |= (uint64_t)1 << i, given.lambdas[i] = (uint8_t)lambdas;
    bool brief = wait->briefly && argument & BRIEF && !(argument & WAITS);
    if (brief && looked_at && !function->builtin) given.brief |= (uint64_t)1 << i;
  }
  if (stuck) return STUCK;
  if (!given.waits && !given.applied && !given.brief) return 0;
  for (const Assumption *at = wait->assumed; at; at = at->outer) {
    if (at->function != function) continue;
    if (!leaves || !is_same(at->given, &given)) return 0;
    return at->question == ASK_WAITS ? STUCK : FINE; // not FEW: each call that is left takes some
  }
  if (look_at_rules(wait, function, &given, ASK_WAITS) & WAITS) return STUCK;
  unsigned few = look_at_rules(wait, function, &given, ASK_FEW) & (FEW | BRIEF);
  if (few & FEW) return few | FINE;
  for (uint32_t i = 0; i < term->call.count; i++) // it may take apart what a call of one of those around leaves there
    if (wait->assumed && !(look(wait, term->call.arguments[i], false) & FINE)) return 0;
  return look_at_rules(wait, function, &given, ASK_GROWS) & FINE;
}

// What is written, read or slept for is to be known: an effect waits for a variable in it, whatever comes behind it. Is
// there one? The last argument is what goes on behind.
static bool effect_waits(const Wait *wait, const Term *term) {
  for (uint32_t i = 0; i + 1 < term->call.count; i++)
    if (look(wait, term->call.arguments[i], true) & WAITS) return true;
  return false;
}

static unsigned look_inside(const Wait *wait, const Term *body, Binder *const *binders, uint32_t count, bool leaves) {
  Awaited *awaited = malloc((wait->count + count + 1) * sizeof *awaited);
  if (!awaited) memory_exhausted();
  Wait inner = {wait->program, awaited, wait->count, wait->assumed, wait->looks, wait->briefly};
  if (wait->count) memcpy(awaited, wait->awaited, wait->count * sizeof *awaited);
  for (uint32_t i = 0; i < count; i++)
    if (binders[i]) awaited[inner.count++] = (Awaited){binders[i], 0};
  unsigned found = look(&inner, body, leaves);
  free(awaited);
  return found;
}

// A λ is fine when nothing in it can be reduced before its own variable arrives, either. Does it wait for other ones
// when it is applied?
static unsigned look_at_lambda(const Wait *wait, const Term *term) {
  if (!(look_inside(wait, term->lambda.body, (Binder *const[]){term->lambda.binder}, 1, true) & FINE)) return 0;
  unsigned lambdas = 0;
  for (; term->kind == TERM_LAMBDA; term = term->lambda.body) lambdas++;
  return FINE | (look(wait, term, true) & WAITS ? lambdas << LAMBDAS_SHIFT : 0);
}

// A λ that was lifted already: as the λ.
static unsigned look_at_closure(const Wait *wait, const Term *term) {
  if (!wait_is_still(wait->program, term)) return 0;
  const Function *function = wait->program->names.items[term->closure.stage + term->closure.missing].function;
  const Rule *rule = function->rules.items[0];
  Awaited awaited[POSITION_LIMIT];
  Wait inner = {wait->program, awaited, 0, wait->assumed, wait->looks, wait->briefly};
  for (uint32_t i = 0; i < term->closure.count && inner.count < POSITION_LIMIT; i++) {
    unsigned captured = look(wait, term->closure.captured[i], true), lambdas = captured >> LAMBDAS_SHIFT;
    if (captured & WAITS || lambdas) awaited[inner.count++] = (Awaited){rule->patterns[i]->variable.binder, lambdas};
  }
  bool waits = inner.count && look(&inner, rule->body, true) & WAITS;
  return STILL | FINE | FEW | (waits ? term->closure.missing << LAMBDAS_SHIFT : 0);
}

static unsigned look_at_let(const Wait *wait, const Term *term, bool leaves) {
  unsigned value = look(wait, term->let.value, true);
  if (!(value & FINE)) return 0;
  return look_inside(wait, term->let.body, (Binder *const[]){term->let.binder}, value & WAITS ? 1 : 0, leaves) &
         ~(value & STILL ? 0u : (unsigned)STILL);
}

static unsigned look_at_variable(const Wait *wait, const Binder *binder) {
  for (uint32_t i = 0; i < wait->count; i++) {
    if (wait->awaited[i].binder != binder) continue;
    uint32_t lambdas = wait->awaited[i].lambdas;
    return lambdas ? STILL | FINE | FEW | lambdas << LAMBDAS_SHIFT : STILL | STUCK;
  }
  return STILL | FINE | FEW;
}

static unsigned look_at_operation(const Wait *wait, const Term *term) {
  unsigned left = look(wait, term->operate.left, true), right = look(wait, term->operate.right, true);
  unsigned both = left & right, either = left | right;
  if (both & FINE && either & WAITS) return (both & STILL) | STUCK;
  return both & FEW ? (both & STILL) | FINE | FEW | BRIEF : 0;
}

static unsigned look_at_application(const Wait *wait, const Term *term) {
  unsigned function = look(wait, term->apply.function, true), lambdas = function >> LAMBDAS_SHIFT;
  if (!(function & WAITS) && !(lambdas && lambdas <= term->apply.count)) return 0;
  return look_at_all(wait, term->apply.arguments, term->apply.count) & FINE ? STUCK : 0;
}

// leaves: what is around the term waits with it.
static unsigned look(const Wait *wait, const Term *term, bool leaves) {
  if (!*wait->looks) return 0;
  --*wait->looks;
  switch (term->kind) {
  case TERM_NUMBER: return FLAT;
  case TERM_STRING: return STILL | FINE | FEW;
  case TERM_VARIABLE: return look_at_variable(wait, term->variable.binder);
  case TERM_CLOSURE: return look_at_closure(wait, term);
  case TERM_LIST: return look_at_all(wait, term->list.items, term->list.count);
  case TERM_LAMBDA: return look_at_lambda(wait, term);
  case TERM_LET: return look_at_let(wait, term, leaves);
  case TERM_OPERATE: return look_at_operation(wait, term);
  case TERM_APPLY: return look_at_application(wait, term);
  case TERM_CALL: {
    const Function *function = wait->program->names.items[term->call.name].function;
    if (!function) return term->call.count ? look_at_all(wait, term->call.arguments, term->call.count) : FLAT;
    if (has_effect(function)) return effect_waits(wait, term) ? STUCK : 0;
    return look_at_call(wait, function, term, leaves);
  }
  default: return 0;
  }
}

static bool is_fine(const Program *program, const Term *term, const Binder *const *binders, uint32_t count,
                    bool briefly) {
  uint32_t looks = LOOKS_LIMIT;
  Wait wait = {program, NULL, 0, NULL, &looks, briefly};
  return look_inside(&wait, term, (Binder *const *)binders, count, true) & FINE;
}

bool wait_is_fine(const Program *program, const Term *term, const Binder *const *binders, uint32_t count) {
  return is_fine(program, term, binders, count, true);
}

bool wait_may_repeat(const Program *program, const Term *term, const Binder *const *binders, uint32_t count) {
  return is_fine(program, term, binders, count, false);
}
