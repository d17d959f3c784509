#include "explain.h"

#include "demand.h"
#include "effects.h"
#include "match.h"
#include "shape.h"

static const char *const MARKS[] = {"", "!", "!*", "!!"};
static const char *const PARTS[] = {"nothing of it", "its head", "its spine", "all of it"};
static const char *const MEANINGS[] = {"not needed", "its head is needed", "its spine is needed",
                                       "all of it is needed"};

// The lines of all functions.

static size_t width_of(const char *text) {
  size_t width = 0;
  for (; *text; text++) width += (*text & 0xC0) != 0x80;
  return width;
}

static void print_arguments(Buffer *out, const Program *program, const Shapes *shapes, size_t index, Demand on) {
  const Function *function = program->functions.items[index];
  for (uint32_t i = 0; i < function->arity; i++) {
    shape_print(out, program, &shapes->arguments[shapes->first[index] + i]);
    buffer_format(out, "%s ", MARKS[demand_of_argument(program, function, on, i)]);
  }
  if (function->arity) buffer_text(out, "→ ");
  shape_print(out, program, &shapes->results[index]);
}

static bool depends_on_result(const Program *program, const Function *function) {
  for (uint32_t i = 0; i < function->arity; i++)
    if (demand_of_argument(program, function, DEMAND_WEAK, i) !=
        demand_of_argument(program, function, DEMAND_COMPLETE, i))
      return true;
  return false;
}

static void print_function(Buffer *out, const Program *program, const Shapes *shapes, size_t index) {
  const Function *function = program->functions.items[index];
  const char *name = program->names.items[function->name].text;
  buffer_format(out, "%s : ", name);
  print_arguments(out, program, shapes, index, DEMAND_WEAK);
  buffer_text(out, function->restricted ? "   effects\n" : "\n");
  if (!depends_on_result(program, function)) return;
  buffer_format(out, "%*s", (int)width_of(name) + 3, "");
  print_arguments(out, program, shapes, index, DEMAND_COMPLETE);
  buffer_text(out, "!!\n");
}

// function NULL: of all.
static void print_restriction(Buffer *out, Program *program, const Function *function) {
  const char *needs = "a call needs only what its patterns look at";
  if (demand_is_restricted(program))
    buffer_format(out, "this program has %s: %s\n",
                  program->has_call_patterns ? "patterns that match calls of functions" : "scopeless variables ($x)",
                  needs);
  else if (program->has_effects && !function)
    buffer_format(out, "where it says 'effects', the order of HVM.log and the like counts: %s\n", needs);
  else if (function && function->restricted)
    buffer_format(out, "%s %s, and the order of effects counts: %s\n", program->names.items[function->name].text,
                  effects_reason(program, function), needs);
}

// Expressions are functions too, but no name leads to them.
static bool is_named(const Program *program, const Function *function) {
  return !function->builtin && program->names.items[function->name].function == function;
}

typedef struct {
  Program *program;
  const Function *function; // NULL: all
  Buffer *out;
} Job;

static void print_all(void *argument) {
  const Job *job = argument;
  Shapes shapes = shapes_find(job->program);
  print_restriction(job->out, job->program, NULL);
  for (size_t i = 0; i < job->program->functions.count; i++)
    if (is_named(job->program, job->program->functions.items[i])) print_function(job->out, job->program, &shapes, i);
  shapes_free(&shapes);
}

void explain_all(Program *program, Buffer *out) {
  buffer_text(out, "");
  term_run_deep(print_all, &(Job){program, NULL, out});
}

// Why. A walk like that of the analysis, of one variable, which remembers where the demand got lost, or what it came
// from last.

typedef struct {
  Span span;
  Demand demand;
  const char *reason;
} Use;

typedef struct {
  Program *program;
  Buffer *out;
  Arena arena;
  const Source *source;
  ARRAY(Use) found;
} Explainer;

// What is demanded of a term, and why, or why not.
typedef struct {
  Demand demand;
  const char *reason;
} Cause;

typedef struct Pending {
  Term **arguments;
  uint32_t count;
  const struct Pending *rest;
} Pending;

static void walk(Explainer *explainer, const Term *term, Cause cause, const Pending *pending);

static const char *name_of(const Explainer *explainer, NameId name) {
  return explainer->program->names.items[name].text;
}

// As written: copies of a variable have made-up names.
static const char *text_at(Explainer *explainer, Span span) {
  return arena_text(&explainer->arena, explainer->source->text + span.start, span.end - span.start);
}

// What becomes of the cause when a part has less, or another, demand. Where nothing was demanded, that stays the
// reason.
static Cause pass(Cause outer, Demand demand, const char *needed, const char *lazy) {
  if (!outer.demand) return outer;
  return (Cause){demand, demand ? needed : lazy};
}

static void mark(Binder *binder, bool target) {
  if (binder) binder->index = target && !binder->scopeless;
}

static bool is_target(const Term *term) { return term->kind == TERM_VARIABLE && term->variable.binder->index == 1; }

static Cause cause_of_value(Explainer *explainer, const Term *scope, Cause cause, const Binder *binder) {
  if (!binder) return pass(cause, DEMAND_LAZY, NULL, "the value of a variable that is not used");
  const char *name = text_at(explainer, binder->span);
  return pass(cause, demand_of_variable(explainer->program, scope, cause.demand, binder),
              arena_format(&explainer->arena, "the value of '%s', which is needed", name),
              arena_format(&explainer->arena, "the value of '%s', which is not needed for sure", name));
}

static void walk_if(Explainer *explainer, const Term *term, Cause cause) {
  walk(explainer, term->call.arguments[0], pass(cause, DEMAND_COMPLETE, "the condition of an if", NULL), NULL);
  size_t bounds[3];
  Demand both = DEMAND_COMPLETE;
  for (uint32_t i = 0; i < 2; i++) {
    bounds[i] = explainer->found.count;
    walk(explainer, term->call.arguments[1 + i], cause, NULL);
    Demand most = DEMAND_LAZY;
    for (size_t k = bounds[i]; k < explainer->found.count; k++)
      if (explainer->found.items[k].demand > most) most = explainer->found.items[k].demand;
    if (most < both) both = most;
  }
  for (size_t k = bounds[0]; k < explainer->found.count; k++) {
    Use *one = &explainer->found.items[k];
    if (one->demand <= both) continue;
    if (!both) one->reason = "needed in one branch of an if only";
    one->demand = both;
  }
}

// What is offered to other machines is left to them.
static void walk_spark(Explainer *explainer, const Term *term, Cause cause) {
  size_t first = explainer->found.count;
  bool offered = is_target(term->call.arguments[0]);
  const char *reason = offered ? "HVM.spark leaves it to other threads" : "passed to HVM.spark, which does not need it";
  walk(explainer, term->call.arguments[0], pass(cause, DEMAND_LAZY, NULL, reason), NULL);
  walk(explainer, term->call.arguments[1], cause, NULL);
  for (size_t i = first; offered && i < explainer->found.count; i++)
    explainer->found.items[i].demand = DEMAND_LAZY, explainer->found.items[i].reason = reason;
}

static void walk_call(Explainer *explainer, const Term *term, Cause cause) {
  const Program *program = explainer->program;
  const char *name = name_of(explainer, term->call.name);
  const Function *callee = program->names.items[term->call.name].function;
  if (callee && callee->builtin == BUILTIN_U60_IF) {
    walk_if(explainer, term, cause);
    return;
  }
  if (callee && callee->builtin == BUILTIN_SPARK) {
    walk_spark(explainer, term, cause);
    return;
  }
  for (uint32_t i = 0; i < term->call.count; i++) {
    Demand demand = callee ? demand_of_argument(program, callee, cause.demand, i)
                    : cause.demand == DEMAND_COMPLETE ||
                            (cause.demand == DEMAND_SPINE && demand_is_spine(program, term->call.name, i))
                        ? cause.demand
                        : DEMAND_LAZY;
    const char *needed = arena_format(&explainer->arena, "passed to %s, which needs %s", name, PARTS[demand]);
    const char *lazy = callee ? arena_format(&explainer->arena, "passed to %s, which does not need it for sure", name)
                              : arena_format(&explainer->arena, "a field of %s, which is built lazily", name);
    if (!callee) needed = arena_format(&explainer->arena, "a field of %s, which is needed as well", name);
    walk(explainer, term->call.arguments[i], pass(cause, demand, needed, lazy), NULL);
  }
}

static void walk_lambda(Explainer *explainer, const Term *term, Cause cause, const Pending *pending) {
  Binder *binder = term->lambda.binder;
  mark(binder, false);
  if (!pending) {
    cause = pass(cause, DEMAND_LAZY, NULL, "under a λ, which may never be applied");
    walk(explainer, term->lambda.body, cause, NULL);
    return;
  }
  Pending others = {pending->arguments + 1, pending->count - 1, pending->rest};
  walk(explainer, term->lambda.body, cause, others.count ? &others : pending->rest);
  walk(explainer, pending->arguments[0], cause_of_value(explainer, term->lambda.body, cause, binder), NULL);
}

static void walk_dup(Explainer *explainer, const Term *term, Cause cause, const Pending *pending) {
  bool same = is_target(term->dup.value);
  mark(term->dup.first, same);
  mark(term->dup.second, same);
  walk(explainer, term->dup.body, cause, pending);
  if (!same) walk(explainer, term->dup.value, cause_of_value(explainer, term->dup.body, cause, term->dup.first), NULL);
}

static void walk_list(Explainer *explainer, const Term *term, Cause cause) {
  if (cause.demand != DEMAND_COMPLETE)
    cause = pass(cause, DEMAND_LAZY, NULL, "an item of a list, which is built lazily");
  for (uint32_t i = 0; i < term->list.count; i++) walk(explainer, term->list.items[i], cause, NULL);
}

static void walk_pending(Explainer *explainer, Cause cause, const Pending *pending) {
  cause = pass(cause, DEMAND_LAZY, NULL, "an argument of a function that is known only at run time");
  for (; pending; pending = pending->rest)
    for (uint32_t i = 0; i < pending->count; i++) walk(explainer, pending->arguments[i], cause, NULL);
}

static void walk(Explainer *explainer, const Term *term, Cause cause, const Pending *pending) {
  switch (term->kind) {
  case TERM_LAMBDA: walk_lambda(explainer, term, cause, pending); return;
  case TERM_DUP: walk_dup(explainer, term, cause, pending); return;
  case TERM_LET:
    mark(term->let.binder, false);
    walk(explainer, term->let.body, cause, pending);
    walk(explainer, term->let.value, cause_of_value(explainer, term->let.body, cause, term->let.binder), NULL);
    return;
  case TERM_APPLY:
    walk(explainer, term->apply.function, cause, &(Pending){term->apply.arguments, term->apply.count, pending});
    return;
  default: break;
  }
  Cause whole = cause;
  if (pending) cause = pass(cause, DEMAND_WEAK, "applied to an argument", NULL);
  switch (term->kind) {
  case TERM_VARIABLE:
    if (is_target(term)) ARRAY_PUSH(&explainer->found, (Use){term->span, cause.demand, cause.reason});
    break;
  case TERM_CALL: walk_call(explainer, term, cause); break;
  case TERM_LIST: walk_list(explainer, term, cause); break;
  case TERM_OPERATE:
    cause = pass(cause, DEMAND_COMPLETE,
                 arena_format(&explainer->arena, "an operand of %s", OPERATOR_TEXT[term->operate.op]), NULL);
    walk(explainer, term->operate.left, cause, NULL);
    walk(explainer, term->operate.right, cause, NULL);
    break;
  case TERM_SUPERPOSE:
    cause = pass(cause, DEMAND_LAZY, NULL, "a side of a superposition");
    walk(explainer, term->superpose.first, cause, NULL);
    walk(explainer, term->superpose.second, cause, NULL);
    break;
  default: break;
  }
  if (pending) walk_pending(explainer, whole, pending);
}

// Clears the marks of all variables of a pattern.
static void clear(const Term *pattern) {
  switch (pattern->kind) {
  case TERM_VARIABLE: mark(pattern->variable.binder, false); break;
  case TERM_STRICT: clear(pattern->strict.argument); break;
  case TERM_CALL:
    for (uint32_t i = 0; i < pattern->call.count; i++) clear(pattern->call.arguments[i]);
    break;
  case TERM_LIST:
    for (uint32_t i = 0; i < pattern->list.count; i++) clear(pattern->list.items[i]);
    break;
  default: break;
  }
}

static void print_place(Explainer *explainer, Span span, const char *before, const char *text) {
  diagnostic_render_place(explainer->out, explainer->source, span,
                          arena_format(&explainer->arena, "%s%s", before, text));
}

static Demand demand_of_binder(const Explainer *explainer, const Rule *rule, const Binder *binder) {
  return binder ? demand_of_variable(explainer->program, rule->body, DEMAND_WEAK, binder) : DEMAND_LAZY;
}

enum { SHOWN = 3 };

// What a rule does with a variable of its patterns: where it needs it, or all the places where it does not.
static void explain_variable(Explainer *explainer, const Rule *rule, const Term *variable, bool part) {
  Binder *binder = variable->variable.binder;
  const char *name = "";
  if (part) name = arena_format(&explainer->arena, "'%s', a part of it: ", text_at(explainer, variable->span));
  explainer->found.count = 0;
  for (uint32_t i = 0; i < rule->arity; i++) clear(rule->patterns[i]);
  mark(binder, true);
  if (binder) walk(explainer, rule->body, (Cause){DEMAND_WEAK, "the result of this rule"}, NULL);
  if (!explainer->found.count) print_place(explainer, variable->span, name, "this rule does not use it");
  Demand most = DEMAND_LAZY;
  for (size_t i = 0; i < explainer->found.count; i++)
    if (explainer->found.items[i].demand > most) most = explainer->found.items[i].demand;
  size_t shown = 0;
  for (size_t i = 0; i < explainer->found.count && shown < (most ? 1 : SHOWN); i++) {
    const Use *one = &explainer->found.items[i];
    if (one->demand != most) continue;
    print_place(explainer, one->span, name, one->reason);
    shown++;
  }
  if (!most && explainer->found.count > SHOWN)
    buffer_format(explainer->out, "  … and at %zu more places\n", explainer->found.count - SHOWN);
}

static Term *unmarked(Term *pattern) {
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  return pattern;
}

// The first variable of a pattern of which not all is needed.
static const Term *find_lacking(const Explainer *explainer, const Rule *rule, Term *pattern) {
  pattern = unmarked(pattern);
  const Term *found = NULL;
  if (pattern->kind == TERM_VARIABLE)
    return demand_of_binder(explainer, rule, pattern->variable.binder) == DEMAND_COMPLETE ? NULL : pattern;
  if (pattern->kind == TERM_CALL)
    for (uint32_t i = 0; i < pattern->call.count && !found; i++)
      found = find_lacking(explainer, rule, pattern->call.arguments[i]);
  if (pattern->kind == TERM_LIST)
    for (uint32_t i = 0; i < pattern->list.count && !found; i++)
      found = find_lacking(explainer, rule, pattern->list.items[i]);
  return found;
}

// Why a call looks at an argument: the first rule that asks.
static void explain_look(Explainer *explainer, const Function *function, uint32_t index) {
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    const Term *pattern = rule->patterns[index];
    if (pattern->kind == TERM_VARIABLE) continue;
    explainer->source = rule->source;
    print_place(explainer, pattern->span, "",
                unmarked(rule->patterns[index])->kind == TERM_VARIABLE
                    ? "the mark ! has it evaluated before the rules are tried"
                    : "a call looks at it to select a rule");
    return;
  }
}

// The rules that allow no stronger demand on an argument than there is.
static void explain_limit(Explainer *explainer, const Function *function, uint32_t index, Demand demand) {
  size_t shown = 0, more = 0;
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    if (!rule->reachable) continue;
    explainer->source = rule->source;
    Term *pattern = unmarked(rule->patterns[index]);
    const Term *lacking = find_lacking(explainer, rule, pattern);
    if (!lacking) continue;
    bool whole = lacking == pattern;
    if (whole && demand_of_binder(explainer, rule, lacking->variable.binder) > demand) continue;
    if (shown++ >= SHOWN) {
      more++;
      continue;
    }
    explain_variable(explainer, rule, lacking, !whole);
  }
  if (more) buffer_format(explainer->out, "  … and %zu more rules\n", more);
}

// An argument that every rule needs, though none looks at it.
static void explain_needs(Explainer *explainer, const Function *function, uint32_t index) {
  size_t shown = 0;
  for (size_t i = 0; i < function->rules.count && shown < SHOWN; i++) {
    const Rule *rule = function->rules.items[i];
    explainer->source = rule->source;
    const Term *pattern = rule->patterns[index];
    if (rule->reachable && pattern->kind == TERM_VARIABLE) explain_variable(explainer, rule, pattern, false), shown++;
  }
}

static void explain_argument(Explainer *explainer, const Function *function, uint32_t index) {
  const Program *program = explainer->program;
  Demand weak = demand_of_argument(program, function, DEMAND_WEAK, index);
  Demand whole = demand_of_argument(program, function, DEMAND_COMPLETE, index);
  buffer_format(explainer->out, "\nargument %u: %s%s%s%s", index + 1, MEANINGS[weak], weak ? " (" : "", MARKS[weak],
                weak ? ")" : "");
  if (whole != weak)
    buffer_format(explainer->out, "; when all of the result is needed, %s (%s)", MEANINGS[whole], MARKS[whole]);
  buffer_char(explainer->out, '\n');
  if (function->strict[index])
    explain_look(explainer, function, index);
  else if (weak)
    explain_needs(explainer, function, index);
  if (weak != DEMAND_COMPLETE && !function->restricted && !demand_is_restricted(program)) {
    if (weak && function->strict[index]) buffer_text(explainer->out, "but no more, because:\n");
    if (!weak || function->strict[index]) explain_limit(explainer, function, index, weak);
  }
}

static void print_explanation(void *argument) {
  const Job *job = argument;
  Shapes shapes = shapes_find(job->program);
  Explainer explainer = {.program = job->program, .out = job->out};
  for (size_t i = 0; i < job->program->functions.count; i++)
    if (job->program->functions.items[i] == job->function) print_function(job->out, job->program, &shapes, i);
  print_restriction(job->out, job->program, job->function);
  for (uint32_t i = 0; i < job->function->arity; i++) explain_argument(&explainer, job->function, i);
  shapes_free(&shapes);
  ARRAY_FREE(&explainer.found);
  arena_free(&explainer.arena);
}

// How many letters must change to make one name of the other; names of more than 30 letters are far from all.
static size_t distance(const char *a, const char *b) {
  size_t width = strlen(b), row[32];
  if (width > 30 || strlen(a) > 30) return SIZE_MAX;
  for (size_t x = 0; x <= width; x++) row[x] = x;
  for (size_t y = 1; a[y - 1]; y++) {
    size_t diagonal = row[0];
    row[0] = y;
    for (size_t x = 1; x <= width; x++) {
      size_t best = diagonal + (a[y - 1] != b[x - 1]);
      diagonal = row[x];
      if (row[x] + 1 < best) best = row[x] + 1;
      if (row[x - 1] + 1 < best) best = row[x - 1] + 1;
      row[x] = best;
    }
  }
  return row[width];
}

static void report_unknown(Program *program, const char *name) {
  Diagnostic *diagnostic =
      diagnostic_add(&program->diagnostics, SEVERITY_ERROR, NULL, (Span){0, 0}, "no rule is for '%s'", name);
  const char *nearest = NULL;
  size_t best = strlen(name) / 3 + 2;
  for (size_t i = 0; i < program->functions.count; i++) {
    const Function *function = program->functions.items[i];
    const char *other = program->names.items[function->name].text;
    if (is_named(program, function) && distance(name, other) < best) best = distance(name, other), nearest = other;
  }
  if (nearest) diagnostic_hint(&program->diagnostics, diagnostic, "did you mean '%s'?", nearest);
}

const Function *explain_find(Program *program, const char *name, bool builtins) {
  NameId id;
  const Function *function =
      program_find_name(program, name, strlen(name), &id) ? program->names.items[id].function : NULL;
  if (function && (builtins || !function->builtin)) return function;
  report_unknown(program, name);
  return NULL;
}

bool explain_function(Program *program, const char *name, Buffer *out) {
  const Function *function = explain_find(program, name, false);
  if (!function) return false;
  term_run_deep(print_explanation, &(Job){program, function, out});
  return true;
}
