// Linearisation (lang/linear): after it every variable occurs at most once, and the term still means the same.
#include "lang/program.h"

#include "unit.h"

// What a walk knows of a binder. Binder.index is the number of its fact, if that fact is about this binder.
typedef struct {
  const Binder *binder;
  uint32_t uses;
  bool bound, in_scope;
  uint32_t level;    // of a λ, in an expansion
  const Term *value; // of a let or dup, in an expansion
} Fact;

typedef struct {
  ARRAY(Fact) facts;
  Buffer out;
  uint32_t level;
  bool expand; // lets and dups are substituted
  unsigned dups, lets, unbound, outside;
} Walk;

enum { EXPANSION_LIMIT = 50000 };

static Fact *fact_of(Walk *walk, Binder *binder) {
  if (!binder->index || binder->index > walk->facts.count || walk->facts.items[binder->index - 1].binder != binder) {
    ARRAY_PUSH(&walk->facts, (Fact){.binder = binder});
    binder->index = (uint32_t)walk->facts.count;
  }
  return &walk->facts.items[binder->index - 1];
}

static void free_walk(Walk *walk) {
  ARRAY_FREE(&walk->facts);
  buffer_free(&walk->out);
}

// Counting occurrences, in order of scope; what is bound where.

static void count_uses(Walk *walk, const Term *term);

static void bind(Walk *walk, Binder *binder) {
  if (!binder) return;
  Fact *fact = fact_of(walk, binder);
  fact->bound = fact->in_scope = true;
}

static void unbind(Walk *walk, Binder *binder) {
  if (binder && !binder->scopeless) fact_of(walk, binder)->in_scope = false;
}

static void count_all(Walk *walk, Term *const *terms, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) count_uses(walk, terms[i]);
}

static void count_uses(Walk *walk, const Term *term) {
  switch (term->kind) {
  case TERM_VARIABLE:
    if (!term->variable.binder) {
      walk->unbound++;
      return;
    }
    fact_of(walk, term->variable.binder)->uses++;
    if (!term->variable.binder->scopeless && !fact_of(walk, term->variable.binder)->in_scope) walk->outside++;
    return;
  case TERM_LAMBDA:
    bind(walk, term->lambda.binder);
    count_uses(walk, term->lambda.body);
    unbind(walk, term->lambda.binder);
    return;
  case TERM_APPLY:
    count_uses(walk, term->apply.function);
    count_all(walk, term->apply.arguments, term->apply.count);
    return;
  case TERM_CALL: count_all(walk, term->call.arguments, term->call.count); return;
  case TERM_LIST: count_all(walk, term->list.items, term->list.count); return;
  case TERM_OPERATE:
    count_uses(walk, term->operate.left);
    count_uses(walk, term->operate.right);
    return;
  case TERM_LET:
    walk->lets++;
    bind(walk, term->let.binder);
    count_uses(walk, term->let.body);
    unbind(walk, term->let.binder);
    // What an unused let binds is not there at all.
    if (term->let.binder ? fact_of(walk, term->let.binder)->uses > 0 : walk->expand) count_uses(walk, term->let.value);
    return;
  case TERM_DUP: {
    bind(walk, term->dup.first);
    bind(walk, term->dup.second);
    count_uses(walk, term->dup.body);
    unbind(walk, term->dup.first);
    unbind(walk, term->dup.second);
    uint32_t first = term->dup.first ? fact_of(walk, term->dup.first)->uses : 0;
    uint32_t second = term->dup.second ? fact_of(walk, term->dup.second)->uses : 0;
    if (first && second) walk->dups++;
    if (first || second) count_uses(walk, term->dup.value);
    return;
  }
  case TERM_SUPERPOSE:
    count_uses(walk, term->superpose.first);
    count_uses(walk, term->superpose.second);
    return;
  case TERM_NUMBER:
  case TERM_STRING: return;
  case TERM_STRICT:
  case TERM_CLOSURE: CHECK_SAY(false, "a strict mark or closure in a term"); return;
  }
}

static void bind_patterns(Walk *walk, const Term *pattern) {
  if (pattern->kind == TERM_VARIABLE)
    bind(walk, pattern->variable.binder);
  else if (pattern->kind == TERM_STRICT)
    bind_patterns(walk, pattern->strict.argument);
  else if (pattern->kind == TERM_CALL)
    for (uint32_t i = 0; i < pattern->call.count; i++) bind_patterns(walk, pattern->call.arguments[i]);
  else if (pattern->kind == TERM_LIST)
    for (uint32_t i = 0; i < pattern->list.count; i++) bind_patterns(walk, pattern->list.items[i]);
}

static void count_rule(Walk *walk, const Rule *rule) {
  for (uint32_t i = 0; i < rule->arity; i++) bind_patterns(walk, rule->patterns[i]);
  count_uses(walk, rule->body);
}

// Terms as text, either as they are or with lets and dups substituted and λs named by their depth.

static void show(Walk *walk, const Term *term);

static void show_all(Walk *walk, Term *const *terms, uint32_t count, const char *before) {
  for (uint32_t i = 0; i < count; i++) {
    buffer_text(&walk->out, i ? " " : before);
    show(walk, terms[i]);
  }
}

static const char *name_of(const Binder *binder) { return binder ? binder->name : "*"; }

static void show_lambda(Walk *walk, const Term *term) {
  Binder *binder = term->lambda.binder;
  if (!walk->expand) {
    buffer_format(&walk->out, "λ%s ", name_of(binder));
    show(walk, term->lambda.body);
    return;
  }
  buffer_text(&walk->out, "λ ");
  if (binder && !binder->scopeless)
    fact_of(walk, binder)->level = ++walk->level;
  else
    walk->level++;
  show(walk, term->lambda.body);
  walk->level--;
}

static void show_binding(Walk *walk, Binder *first, Binder *second, bool dup, const Term *value, const Term *body) {
  if (!walk->expand) {
    if (dup)
      buffer_format(&walk->out, "dup %s %s = ", name_of(first), name_of(second));
    else
      buffer_format(&walk->out, "let %s = ", name_of(first));
    show(walk, value);
    buffer_text(&walk->out, "; ");
  } else {
    if (first) fact_of(walk, first)->value = value;
    if (second) fact_of(walk, second)->value = value;
  }
  show(walk, body);
}

static void show_variable(Walk *walk, const Term *term) {
  Binder *binder = term->variable.binder;
  const Fact *fact = fact_of(walk, binder);
  if (!walk->expand || binder->scopeless)
    buffer_text(&walk->out, binder->name);
  else if (fact->value)
    show(walk, fact->value);
  else if (fact->level)
    buffer_format(&walk->out, "#%u", fact->level);
  else
    buffer_text(&walk->out, binder->name); // a parameter
}

static void show(Walk *walk, const Term *term) {
  Buffer *out = &walk->out;
  if (out->size > EXPANSION_LIMIT) return;
  switch (term->kind) {
  case TERM_VARIABLE: show_variable(walk, term); return;
  case TERM_LAMBDA: show_lambda(walk, term); return;
  case TERM_APPLY:
    buffer_char(out, '(');
    show(walk, term->apply.function);
    show_all(walk, term->apply.arguments, term->apply.count, " ");
    buffer_char(out, ')');
    return;
  case TERM_CALL:
    buffer_format(out, "(N%u", term->call.name);
    show_all(walk, term->call.arguments, term->call.count, " ");
    buffer_char(out, ')');
    return;
  case TERM_LIST:
    buffer_char(out, '[');
    show_all(walk, term->list.items, term->list.count, "");
    buffer_char(out, ']');
    return;
  case TERM_OPERATE:
    buffer_format(out, "(%s ", OPERATOR_TEXT[term->operate.op]);
    show(walk, term->operate.left);
    buffer_char(out, ' ');
    show(walk, term->operate.right);
    buffer_char(out, ')');
    return;
  case TERM_LET: show_binding(walk, term->let.binder, NULL, false, term->let.value, term->let.body); return;
  case TERM_DUP: show_binding(walk, term->dup.first, term->dup.second, true, term->dup.value, term->dup.body); return;
  case TERM_SUPERPOSE:
    buffer_char(out, '{');
    show(walk, term->superpose.first);
    buffer_char(out, ' ');
    show(walk, term->superpose.second);
    buffer_char(out, '}');
    return;
  case TERM_NUMBER: number_print(out, term->number); return;
  case TERM_STRING: buffer_format(out, "\"%u\"", term->string.count); return;
  case TERM_STRICT:
  case TERM_CLOSURE: buffer_char(out, 0x21); return;
  }
}

// Random terms, as text. Names repeat, so that some hide others.

typedef struct {
  UnitRandom random;
  Buffer out;
  char scope[64];
  unsigned in_scope;
} Writer;

static char new_name(Writer *writer) { return (char)('p' + unit_below(&writer->random, 8)); }

static void write_term(Writer *writer, int depth);

static void write_bound(Writer *writer, const char *names, int depth) {
  unsigned before = writer->in_scope;
  for (; *names; names++) writer->scope[writer->in_scope++] = *names;
  write_term(writer, depth);
  writer->in_scope = before;
}

static void write_leaf(Writer *writer) {
  if (writer->in_scope && unit_below(&writer->random, 5))
    buffer_char(&writer->out, writer->scope[unit_below(&writer->random, writer->in_scope)]);
  else if (unit_below(&writer->random, 4) == 0)
    buffer_text(&writer->out, "\"ab\"");
  else
    buffer_number(&writer->out, unit_below(&writer->random, 100));
}

static void write_parts(Writer *writer, const char *before, unsigned count, const char *after, int depth) {
  buffer_text(&writer->out, before);
  for (unsigned i = 0; i < count; i++) {
    if (i) buffer_char(&writer->out, ' ');
    write_term(writer, depth - 1);
  }
  buffer_text(&writer->out, after);
}

static void write_term(Writer *writer, int depth) {
  char first[2] = {new_name(writer), 0}, both[3] = {first[0], first[0] == 'p' ? 'q' : 'p', 0};
  if (depth <= 0 || writer->in_scope > 40) {
    write_leaf(writer);
    return;
  }
  switch (unit_below(&writer->random, 14)) {
  case 0:
  case 1:
    buffer_format(&writer->out, "λ%s ", first);
    write_bound(writer, first, depth - 1);
    return;
  case 2: write_parts(writer, "λ* ", 1, "", depth); return;
  case 3: write_parts(writer, "(λz z ", 2, ")", depth); return;
  case 4: write_parts(writer, "(Pair ", 2, ")", depth); return;
  case 5: write_parts(writer, "(+ ", 2, ")", depth); return;
  case 6:
  case 7:
  case 8:
    buffer_format(&writer->out, "let %s = ", first);
    write_term(writer, depth - 1);
    buffer_text(&writer->out, "; ");
    write_bound(writer, first, depth - 1);
    return;
  case 9:
  case 10:
    buffer_format(&writer->out, "dup %c %c = ", both[0], both[1]);
    write_term(writer, depth - 1);
    buffer_text(&writer->out, "; ");
    write_bound(writer, both, depth - 1);
    return;
  case 11: write_parts(writer, "{", 2, "}", depth); return;
  case 12: write_parts(writer, "[", 3, "]", depth); return;
  default: write_leaf(writer); return;
  }
}

static const Rule *rule_of(const Program *program, const char *name) {
  NameId id;
  if (!program_find_name(program, name, strlen(name), &id) || !program->names.items[id].function) return NULL;
  return program->names.items[id].function->rules.items[0];
}

// The laws for one rule R: what is expected is counted in the rule as read.
static void check_laws(const char *text) {
  Program *read = program_new(), *loaded = program_new();
  loaded->keep_lambdas = true;
  Walk before = {0}, after = {0}, meant = {.expand = true}, got = {.expand = true};
  bool good = program_read(read, "r", text, strlen(text)) && program_load(loaded, "r", text, strlen(text));
  if (CHECK_SAY(good, "rejected: %s", text)) {
    const Rule *original = rule_of(read, "R"), *linear = rule_of(loaded, "R");
    count_rule(&before, original);
    unsigned dups = before.dups;
    for (size_t i = 0; i < before.facts.count; i++)
      if (before.facts.items[i].uses > 1) dups += before.facts.items[i].uses - 1;
    count_rule(&after, linear);
    CHECK_SAY(after.dups == dups, "%u dups, not %u: %s", after.dups, dups, text);
    CHECK_SAY(after.lets == 0, "lets are left: %s", text);
    CHECK_SAY(after.unbound == 0 && after.outside == 0, "a variable is out of scope: %s", text);
    bool once = true, counted = true;
    for (size_t i = 0; i < after.facts.count; i++) {
      once = once && after.facts.items[i].uses <= 1;
      counted = counted && after.facts.items[i].uses == after.facts.items[i].binder->uses;
    }
    CHECK_SAY(once, "a variable occurs twice: %s", text);
    CHECK_SAY(counted, "uses are counted wrongly: %s", text);
    show(&meant, original->body);
    show(&got, linear->body);
    if (meant.out.size <= EXPANSION_LIMIT)
      CHECK_SAY(unit_same_text(got.out.text, meant.out.text), "%s\n  means %s\n  not   %s", text, got.out.text,
                meant.out.text);
  }
  free_walk(&before);
  free_walk(&after);
  free_walk(&meant);
  free_walk(&got);
  program_free(read);
  program_free(loaded);
}

// Every λ, let and dup that is left binds what is used.
static bool binds_only_used(const Term *term) {
  bool good = true;
  switch (term->kind) {
  case TERM_LAMBDA:
    return (!term->lambda.binder || term->lambda.binder->uses == 1) && binds_only_used(term->lambda.body);
  case TERM_APPLY:
    good = binds_only_used(term->apply.function);
    for (uint32_t i = 0; i < term->apply.count; i++) good = good && binds_only_used(term->apply.arguments[i]);
    return good;
  case TERM_CALL:
    for (uint32_t i = 0; i < term->call.count; i++) good = good && binds_only_used(term->call.arguments[i]);
    return good;
  case TERM_LIST:
    for (uint32_t i = 0; i < term->list.count; i++) good = good && binds_only_used(term->list.items[i]);
    return good;
  case TERM_OPERATE: return binds_only_used(term->operate.left) && binds_only_used(term->operate.right);
  case TERM_SUPERPOSE: return binds_only_used(term->superpose.first) && binds_only_used(term->superpose.second);
  case TERM_DUP:
    return term->dup.first && term->dup.second && term->dup.first->uses == 1 && term->dup.second->uses == 1 &&
           binds_only_used(term->dup.value) && binds_only_used(term->dup.body);
  default: return true;
  }
}

static void random_terms_become_linear_and_keep_their_meaning(void) {
  static const char *const heads[] = {"R = ", "(R p q) = ", "(R (Pair p !q) [r s] !t) = ", "(R _ p) = "};
  static const char *const scopes[] = {"", "pq", "pqrst", "p"};
  for (uint64_t seed = 0; seed < 3000; seed++) {
    Writer writer = {.random = {seed}};
    buffer_text(&writer.out, heads[seed % 4]);
    write_bound(&writer, scopes[seed % 4], 2 + (int)(seed % 6));
    check_laws(writer.out.text);
    Program *program = program_new();
    program->keep_lambdas = true;
    if (program_load(program, "r", writer.out.text, writer.out.size))
      CHECK_SAY(binds_only_used(rule_of(program, "R")->body), "an unused binder is left: %s", writer.out.text);
    program_free(program);
    buffer_free(&writer.out);
  }
}

static void check_body(const char *rule, const char *expected) {
  Program *program = program_new();
  program->keep_lambdas = true;
  Walk walk = {0};
  if (CHECK_SAY(program_load(program, "r", rule, strlen(rule)), "rejected: %s", rule)) {
    show(&walk, rule_of(program, "R")->body);
    CHECK_TEXT(walk.out.text, expected);
  }
  free_walk(&walk);
  program_free(program);
}

static void uses_are_fed_by_dups(void) {
  check_body("R = λx x", "λx x");
  check_body("R = λx 1", "λ* 1");
  check_body("R = λx (+ x x)", "λx dup x.0 x.1 = x; (+ x.0 x.1)");
  check_body("R = λx [x x x]", "λx dup x.0 x.rest1 = x; dup x.1 x.2 = x.rest1; [x.0 x.1 x.2]");
  check_body("(R x y) = [x y x y]", "dup x.0 x.1 = x; dup y.0 y.1 = y; [x.0 y.0 x.1 y.1]");
  check_body("(R x y) = 1", "1");
}

static void lets_are_substituted_shared_or_dropped(void) {
  check_body("R = let a = (+ 1 2); a", "(+ 1 2)");
  check_body("R = let a = (+ 1 2); 3", "3");
  check_body("R = let a = 1; let b = [a a]; 3", "3");
  check_body("R = let a = (+ 1 2); [a a]", "dup a.0 a.1 = (+ 1 2); [a.0 a.1]");
  check_body("R = let a = 1; let a = (+ a 2); a", "(+ 1 2)");
  check_body("(R x) = let a = x; let b = a; [b x]", "dup x.0 x.1 = x; [x.0 x.1]");
  check_body("R = λx let y = x; λx (x y)", "λx λx (x x)");
}

static void explicit_dups_may_be_used_any_number_of_times(void) {
  check_body("R = dup a b = 1; [a b]", "dup a b = 1; [a b]");
  check_body("R = dup a b = 1; a", "1");
  check_body("R = dup a b = 1; 2", "2");
  check_body("R = dup a b = (+ 1 2); [b b]", "dup b.0 b.1 = (+ 1 2); [b.0 b.1]");
  check_body("R = dup a b = 1; [a b a]", "dup a b = 1; dup a.0 a.1 = a; [a.0 b a.1]");
}

static void scopeless_variables_keep_what_binds_them(void) {
  check_body("R = [λ$x 1 $x]", "[λ$x 1 $x]");
  check_body("R = let a = λ$x 1; $x", "let * = λ$x 1; $x");
  check_body("R = let a = $x; λ$x 1", "let * = $x; λ$x 1");
  check_body("R = let a = λ$x $x; (a 1)", "(λ$x $x 1)");
  check_body("R = λ$x 1", "λ* 1");
  check_body("R = dup $0x $1x = 5; [$1x $0x]", "dup $0x $1x = 5; [$1x $0x]");
  check_body("R = [$1x dup $0x $1x = 5; $0x]", "[$1x dup $0x $1x = 5; $0x]");
}

static void ten_thousand_uses_need_one_dup_less(void) {
  Buffer text = {0};
  buffer_text(&text, "R = λx [");
  for (int i = 0; i < 10000; i++) buffer_text(&text, "x ");
  buffer_text(&text, "]");
  Program *program = program_new();
  program->keep_lambdas = true;
  Walk walk = {0};
  if (CHECK(program_load(program, "r", text.text, text.size))) {
    count_rule(&walk, rule_of(program, "R"));
    CHECK_NUMBER(walk.dups, 9999);
  }
  free_walk(&walk);
  program_free(program);
  buffer_free(&text);
}

int main(void) {
  uses_are_fed_by_dups();
  lets_are_substituted_shared_or_dropped();
  explicit_dups_may_be_used_any_number_of_times();
  scopeless_variables_keep_what_binds_them();
  random_terms_become_linear_and_keep_their_meaning();
  ten_thousand_uses_need_one_dup_less();
  return unit_finish();
}
