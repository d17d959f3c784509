#include "check.h"

typedef struct {
  Program *program;
  const Source *source;
  Diagnostics *diagnostics;
  Binder **scope;             // by symbol: the binder in force; NULL: unbound
  Binder **scopeless;         // by symbol: the scopeless binder of this rule
  ARRAY(Term *) pending;      // uses of scopeless variables in this rule, in the order of the text
  ARRAY(Binder *) bound;      // scopeless binders of this rule
  ARRAY(Binder *) parameters; // pattern variables of this rule
  size_t bad;                 // errors in this rule
} Checker;

static const struct {
  const char *text;
  uint32_t arity;
  Builtin builtin;
} BUILTINS[NAME_BUILTIN_COUNT] = {
    [NAME_STRING_CONS] = {"String.cons", 2, BUILTIN_CONSTRUCTOR},
    [NAME_STRING_NIL] = {"String.nil", 0, BUILTIN_CONSTRUCTOR},
    [NAME_LIST_CONS] = {"List.cons", 2, BUILTIN_CONSTRUCTOR},
    [NAME_LIST_NIL] = {"List.nil", 0, BUILTIN_CONSTRUCTOR},
    [NAME_BOTH] = {"Both", 2, BUILTIN_CONSTRUCTOR},
    [NAME_U60_IF] = {"U60.if", 3, BUILTIN_U60_IF},
    [NAME_U60_SWAP] = {"U60.swap", 3, BUILTIN_U60_SWAP},
    [NAME_LOG] = {"HVM.log", 2, BUILTIN_LOG},
    [NAME_PRINT] = {"HVM.print", 2, BUILTIN_PRINT},
    [NAME_QUERY] = {"HVM.query", 1, BUILTIN_QUERY},
    [NAME_STORE] = {"HVM.store", 3, BUILTIN_STORE},
    [NAME_LOAD] = {"HVM.load", 2, BUILTIN_LOAD},
    [NAME_SLEEP] = {"HVM.sleep", 2, BUILTIN_SLEEP},
    [NAME_SPARK] = {"HVM.spark", 2, BUILTIN_SPARK},
};

void check_add_builtins(Program *program) {
  for (NameId id = 0; id < NAME_BUILTIN_COUNT; id++) {
    program_name(program, BUILTINS[id].text, strlen(BUILTINS[id].text));
    Name *name = &program->names.items[id];
    name->arity = BUILTINS[id].arity;
    name->known = name->builtin = true;
    if (BUILTINS[id].builtin == BUILTIN_CONSTRUCTOR) continue;
    Function *function = ARENA_NEW(&program->arena, Function);
    function->name = id;
    function->arity = name->arity;
    function->builtin = BUILTINS[id].builtin;
    function->compiled = true;
    name->function = function;
    ARRAY_PUSH(&program->functions, function);
  }
}

static Diagnostic *report(Checker *checker, Span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
static Diagnostic *report(Checker *checker, Span span, const char *format, ...) {
  Buffer text = {0};
  va_list arguments;
  va_start(arguments, format);
  buffer_vformat(&text, format, arguments);
  va_end(arguments);
  Diagnostic *diagnostic = diagnostic_add(checker->diagnostics, SEVERITY_ERROR, checker->source, span, "%s", text.text);
  buffer_free(&text);
  checker->bad++;
  return diagnostic;
}

#define HINT(checker, diagnostic, ...) diagnostic_hint((checker)->diagnostics, (diagnostic), __VA_ARGS__)

static void check_arity(Checker *checker, NameId id, uint32_t count, Span span) {
  Name *name = &checker->program->names.items[id];
  if (!name->known) {
    name->known = true;
    name->arity = count;
    name->source = checker->source;
    name->span = span;
    if (count <= ARITY_LIMIT) return;
    Diagnostic *diagnostic = report(checker, span, "'%s' has %u arguments", name->text, count);
    HINT(checker, diagnostic, "at most %d are possible", ARITY_LIMIT);
    return;
  }
  if (name->arity == count) return;
  Diagnostic *diagnostic = report(checker, span, "'%s' has %u argument%s here, but its arity is %u", name->text, count,
                                  count == 1 ? "" : "s", name->arity);
  if (name->source)
    diagnostic_note(checker->diagnostics, diagnostic, name->source, name->span, "first used with %u argument%s",
                    name->arity, name->arity == 1 ? "" : "s");
  else
    HINT(checker, diagnostic, "'%s' is built in", name->text);
  if (count > name->arity && name->source && name->function)
    HINT(checker, diagnostic, "what it gives is applied with parentheses around the call: ((%s%s) x)", name->text,
         name->arity ? " …" : "");
}

// The binder in scope whose name is nearest to the given one, within a third of its letters; NULL when none is.
static const char *similar_name(const Checker *checker, const char *name) {
  size_t size = strlen(name), best = size / 3 + 1;
  const char *found = NULL;
  if (size > 30) return NULL;
  size_t symbols = checker->program->symbols.texts.count;
  for (size_t i = 0; i < symbols && i < 10000; i++) {
    const Binder *binder = checker->scope[i];
    if (!binder) continue;
    size_t other = strlen(binder->name), row[32];
    if (other > 30) continue;
    for (size_t x = 0; x <= other; x++) row[x] = x;
    for (size_t y = 1; y <= size; y++) {
      size_t diagonal = row[0];
      row[0] = y;
      for (size_t x = 1; x <= other; x++) {
        size_t change = diagonal + (name[y - 1] != binder->name[x - 1]);
        diagonal = row[x];
        if (row[x] + 1 < change) change = row[x] + 1;
        if (row[x - 1] + 1 < change) change = row[x - 1] + 1;
        row[x] = change;
      }
    }
    if (row[other] < best && row[other] < size) best = row[other], found = binder->name;
  }
  return found;
}

static void check_variable(Checker *checker, Term *term) {
  term->variable.binder = NULL;
  if (term->variable.name[0] == '$') {
    ARRAY_PUSH(&checker->pending, term);
    return;
  }
  Binder *binder = checker->scope[term->variable.symbol];
  if (binder) {
    term->variable.binder = binder;
    binder->uses++;
    return;
  }
  Diagnostic *diagnostic = report(checker, term->span, "unbound variable '%s'", term->variable.name);
  if (strcmp(term->variable.name, "_") == 0)
    HINT(checker, diagnostic, "'_' binds nothing");
  else {
    const char *other = similar_name(checker, term->variable.name);
    if (other) HINT(checker, diagnostic, "did you mean '%s'?", other);
  }
}

// Puts a binder in scope; returns the one that it hides, for unbind.
static Binder *bind(Checker *checker, Binder *binder) {
  if (!binder) return NULL;
  binder->uses = 0;
  if (binder->scopeless) {
    Binder **known = &checker->scopeless[binder->symbol];
    checker->program->has_scopeless = true;
    if (*known) {
      Diagnostic *diagnostic =
          report(checker, binder->span, "scopeless variable '%s' is bound more than once", binder->name);
      diagnostic_note(checker->diagnostics, diagnostic, checker->source, (*known)->span, "first bound here");
    } else {
      *known = binder;
      ARRAY_PUSH(&checker->bound, binder);
    }
    return NULL;
  }
  Binder *hidden = checker->scope[binder->symbol];
  checker->scope[binder->symbol] = binder;
  return hidden;
}

static void unbind(Checker *checker, const Binder *binder, Binder *hidden) {
  if (binder && !binder->scopeless) checker->scope[binder->symbol] = hidden;
}

static void check_term(Checker *checker, Term *term);

static void check_terms(Checker *checker, Term **terms, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) check_term(checker, terms[i]);
}

static void check_let(Checker *checker, Term *term) {
  Binder *binder = term->let.binder;
  if (binder && binder->scopeless) {
    Diagnostic *diagnostic = report(checker, binder->span, "let cannot bind the scopeless variable '%s'", binder->name);
    HINT(checker, diagnostic, "only λ and dup bind scopeless variables");
  }
  check_term(checker, term->let.value);
  if (binder && binder->scopeless) {
    check_term(checker, term->let.body);
    return;
  }
  Binder *hidden = bind(checker, binder);
  check_term(checker, term->let.body);
  unbind(checker, binder, hidden);
}

// dup $0x $1x = t: both sides scopeless, of one name.
static void check_dup_names(Checker *checker, const Binder *first, const Binder *second) {
  bool left = first && first->scopeless, right = second && second->scopeless;
  if (!left && !right) {
    if (!first || !second || first->symbol != second->symbol) return;
    Diagnostic *diagnostic = report(checker, second->span, "'%s' is bound twice by one dup", second->name);
    HINT(checker, diagnostic, "the two copies need different names");
    return;
  }
  if (left && right && first->name[1] == '0' && second->name[1] == '1' && first->name[2] &&
      strcmp(first->name + 2, second->name + 2) == 0)
    return;
  Diagnostic *diagnostic = report(checker, right ? second->span : first->span,
                                  "the scopeless names of a dup differ: they must be the same but for their digit");
  HINT(checker, diagnostic, "write dup $0x $1x = …");
}

static void check_dup(Checker *checker, Term *term) {
  Binder *first = term->dup.first, *second = term->dup.second;
  check_dup_names(checker, first, second);
  check_term(checker, term->dup.value);
  Binder *hidden_first = bind(checker, first);
  Binder *hidden_second = bind(checker, second);
  check_term(checker, term->dup.body);
  unbind(checker, second, hidden_second);
  unbind(checker, first, hidden_first);
}

// λx.x 1 binds x.x, and returns 1: hardly what was meant.
static void warn_dotted(Checker *checker, const Binder *binder) {
  const char *dot = binder && !binder->uses && !binder->scopeless ? strchr(binder->name, '.') : NULL;
  if (!dot) return;
  Diagnostic *diagnostic = diagnostic_add(checker->diagnostics, SEVERITY_WARNING, checker->source, binder->span,
                                          "this λ binds '%s', which its body does not use", binder->name);
  HINT(checker, diagnostic, "put a space after the dot to bind '%.*s'", (int)(dot - binder->name), binder->name);
}

// A float, or an operation with one.
static bool is_float(const Term *term) {
  for (; term->kind == TERM_OPERATE; term = term->operate.left)
    if (term->operate.right->kind == TERM_NUMBER && number_is_f60(term->operate.right->number)) return true;
  return term->kind == TERM_NUMBER && number_is_f60(term->number);
}

// Comparisons of floats give floats, by which U60.if does not decide: it is stuck.
static void warn_float_condition(Checker *checker, const Term *call) {
  if (call->call.name != NAME_U60_IF || call->call.count != 3 || !is_float(call->call.arguments[0])) return;
  Diagnostic *diagnostic = diagnostic_add(checker->diagnostics, SEVERITY_WARNING, checker->source,
                                          call->call.arguments[0]->span, "'if' does not decide by a float");
  HINT(checker, diagnostic, "comparisons of floats give 1.0 or 0.0: give them to a function with a rule for 0.0");
}

static void check_term(Checker *checker, Term *term) {
  Binder *hidden;
  switch (term->kind) {
  case TERM_VARIABLE: check_variable(checker, term); break;
  case TERM_LAMBDA:
    checker->program->has_lambdas = true;
    hidden = bind(checker, term->lambda.binder);
    check_term(checker, term->lambda.body);
    unbind(checker, term->lambda.binder, hidden);
    warn_dotted(checker, term->lambda.binder);
    break;
  case TERM_APPLY:
    check_term(checker, term->apply.function);
    check_terms(checker, term->apply.arguments, term->apply.count);
    break;
  case TERM_CALL:
    check_arity(checker, term->call.name, term->call.count, term->span);
    check_terms(checker, term->call.arguments, term->call.count);
    warn_float_condition(checker, term);
    break;
  case TERM_NUMBER:
  case TERM_STRING: break;
  case TERM_LIST: check_terms(checker, term->list.items, term->list.count); break;
  case TERM_OPERATE:
    check_term(checker, term->operate.left);
    check_term(checker, term->operate.right);
    break;
  case TERM_LET: check_let(checker, term); break;
  case TERM_DUP: check_dup(checker, term); break;
  case TERM_SUPERPOSE:
    checker->program->has_superposition = true;
    check_term(checker, term->superpose.first);
    check_term(checker, term->superpose.second);
    break;
  case TERM_CLOSURE: // made later
  case TERM_STRICT: {
    Diagnostic *diagnostic = report(checker, term->span, "'!' is only meaningful in a pattern");
    HINT(checker, diagnostic, "it marks a strict argument on a rule's left side: (F !x) = …");
    check_term(checker, term->strict.argument);
    break;
  }
  }
}

static void resolve_scopeless(Checker *checker) {
  for (size_t i = 0; i < checker->pending.count; i++) {
    Term *term = checker->pending.items[i];
    Binder *binder = checker->scopeless[term->variable.symbol];
    if (!binder) {
      report(checker, term->span, "unbound scopeless variable '%s'", term->variable.name);
    } else if (binder->uses > 0) {
      Diagnostic *diagnostic =
          report(checker, term->span, "scopeless variable '%s' is used more than once", term->variable.name);
      HINT(checker, diagnostic, "clone it: dup a b = %s", term->variable.name);
    } else {
      term->variable.binder = binder;
      binder->uses++;
    }
  }
  for (size_t i = 0; i < checker->bound.count; i++) checker->scopeless[checker->bound.items[i]->symbol] = NULL;
  checker->pending.count = checker->bound.count = 0;
}

static void check_pattern(Checker *checker, Term *pattern);

static void check_pattern_variable(Checker *checker, Term *pattern) {
  const char *name = pattern->variable.name;
  pattern->variable.binder = NULL;
  if (name[0] == '$') {
    report(checker, pattern->span, "a pattern cannot bind the scopeless variable '%s'", name);
    return;
  }
  if (strcmp(name, "_") == 0) return;
  Binder *known = checker->scope[pattern->variable.symbol];
  if (known) {
    Diagnostic *diagnostic = report(checker, pattern->span, "'%s' is bound twice by the patterns of this rule", name);
    diagnostic_note(checker->diagnostics, diagnostic, checker->source, known->span, "first bound here");
    return;
  }
  Binder *binder = ARENA_NEW(&checker->program->arena, Binder);
  binder->name = name;
  binder->symbol = pattern->variable.symbol;
  binder->span = pattern->span;
  pattern->variable.binder = binder;
  checker->scope[binder->symbol] = binder;
  ARRAY_PUSH(&checker->parameters, binder);
}

static void reject_pattern(Checker *checker, Term *pattern) {
  static const char *const what[] = {[TERM_LAMBDA] = "a lambda",
                                     [TERM_APPLY] = "an application",
                                     [TERM_OPERATE] = "an operation",
                                     [TERM_LET] = "let",
                                     [TERM_DUP] = "dup",
                                     [TERM_SUPERPOSE] = "a superposition"};
  Diagnostic *diagnostic = report(checker, pattern->span, "%s cannot be a pattern", what[pattern->kind]);
  HINT(checker, diagnostic, "patterns are variables, constructors, numbers, characters, strings and lists");
}

static void check_pattern(Checker *checker, Term *pattern) {
  switch (pattern->kind) {
  case TERM_VARIABLE: check_pattern_variable(checker, pattern); break;
  case TERM_CALL:
    check_arity(checker, pattern->call.name, pattern->call.count, pattern->span);
    for (uint32_t i = 0; i < pattern->call.count; i++) check_pattern(checker, pattern->call.arguments[i]);
    break;
  case TERM_LIST:
    for (uint32_t i = 0; i < pattern->list.count; i++) check_pattern(checker, pattern->list.items[i]);
    break;
  case TERM_STRICT: check_pattern(checker, pattern->strict.argument); break;
  case TERM_NUMBER:
  case TERM_STRING: break;
  default: reject_pattern(checker, pattern);
  }
}

static const char *describe(const Term *term) {
  switch (term->kind) {
  case TERM_VARIABLE: return "a variable";
  case TERM_LAMBDA: return "a lambda";
  case TERM_APPLY: return "an application";
  case TERM_NUMBER: return "a number";
  case TERM_STRING: return "a string";
  case TERM_LIST: return "a list";
  case TERM_OPERATE: return "an operation";
  case TERM_SUPERPOSE: return "a superposition";
  default: return "this term";
  }
}

// The function that a rule belongs to; NULL when the left side is no name.
static bool check_head(Checker *checker, Rule *rule) {
  if (rule->left->kind != TERM_CALL) {
    Diagnostic *diagnostic =
        report(checker, rule->left->span, "%s cannot be the left side of a rule", describe(rule->left));
    HINT(checker, diagnostic, "a rule is (Name pattern …) = term or Name = term, its name with a capital letter");
    return false;
  }
  rule->function = rule->left->call.name;
  rule->arity = rule->left->call.count;
  rule->patterns = rule->left->call.arguments;
  const Name *name = &checker->program->names.items[rule->function];
  if (!name->builtin) return true;
  Diagnostic *diagnostic = diagnostic_add(checker->diagnostics, SEVERITY_WARNING, checker->source, rule->head,
                                          "'%s' is built in: this rule is ignored", name->text);
  (void)diagnostic;
  return false;
}

static void check_rule(Checker *checker, Rule *rule) {
  checker->bad = 0;
  checker->parameters.count = 0;
  check_arity(checker, rule->function, rule->arity, rule->head);
  for (uint32_t i = 0; i < rule->arity; i++) check_pattern(checker, rule->patterns[i]);
  check_term(checker, rule->body);
  resolve_scopeless(checker);
  for (size_t i = 0; i < checker->parameters.count; i++) checker->scope[checker->parameters.items[i]->symbol] = NULL;
}

static Function *function_of(Checker *checker, Rule *rule) {
  Program *program = checker->program;
  Name *name = &program->names.items[rule->function];
  // What earlier sources say of a name is compiled: it cannot become a function any more.
  if (!name->function && name->known && name->source && name->source != checker->source) {
    Diagnostic *diagnostic =
        report(checker, rule->head, "'%s' cannot get rules: another source uses it as a constructor", name->text);
    diagnostic_note(checker->diagnostics, diagnostic, name->source, name->span, "used here");
    return NULL;
  }
  if (!name->function) {
    Function *function = ARENA_NEW(&program->arena, Function);
    function->name = rule->function;
    function->arity = rule->arity;
    name->function = function;
    ARRAY_PUSH(&program->functions, function);
  }
  if (!name->function->compiled) return name->function;
  report(checker, rule->head, "'%s' already has rules from another source", name->text);
  return NULL;
}

static void start(Checker *checker, Program *program, const Source *source) {
  size_t symbols = program->symbols.texts.count + 1;
  *checker = (Checker){.program = program, .source = source, .diagnostics = &program->diagnostics};
  checker->scope = calloc(symbols, sizeof *checker->scope);
  checker->scopeless = calloc(symbols, sizeof *checker->scopeless);
  if (!checker->scope || !checker->scopeless) memory_exhausted();
}

static void finish(Checker *checker) {
  free(checker->scope);
  free(checker->scopeless);
  ARRAY_FREE(&checker->pending);
  ARRAY_FREE(&checker->bound);
  ARRAY_FREE(&checker->parameters);
}

typedef struct {
  Program *program;
  const Source *source;
  Term *body;
} CheckJob;

static void run_check_rules(void *argument) {
  CheckJob *job = argument;
  Program *program = job->program;
  Checker checker;
  start(&checker, program, job->source);
  for (size_t i = 0; i < program->rules.count; i++) {
    Rule *rule = program->rules.items[i];
    if (!check_head(&checker, rule)) continue;
    check_rule(&checker, rule);
    Function *function = function_of(&checker, rule);
    if (function && checker.bad == 0) ARRAY_PUSH(&function->rules, rule);
  }
  program->rules.count = 0;
  finish(&checker);
}

static void run_check_expression(void *argument) {
  CheckJob *job = argument;
  Checker checker;
  start(&checker, job->program, job->source);
  check_term(&checker, job->body);
  resolve_scopeless(&checker);
  finish(&checker);
}

void check_rules(Program *program, const Source *source) {
  CheckJob job = {program, source, NULL};
  term_run_deep(run_check_rules, &job);
}

void check_expression(Program *program, const Source *source, Term *body) {
  CheckJob job = {program, source, body};
  term_run_deep(run_check_expression, &job);
}
