// Decision trees (lang/match) against a matcher that tries one rule after the other.
#include "lang/match.h"

#include <time.h>

#include "unit.h"

// Patterns and closed values: what a test writes as text and also matches by itself.
typedef enum { SHAPE_ANY, SHAPE_STRICT, SHAPE_LAMBDA, SHAPE_NUMBER, SHAPE_NODE } ShapeKind;
typedef enum { A, B, C, D, STRING_CONS, STRING_NIL, LIST_CONS, LIST_NIL, NAME_COUNT } ShapeName;
typedef struct Shape Shape;
struct Shape {
  ShapeKind kind;
  ShapeName name;
  bool sugar, marked; // written as a string or list; written with a strict mark
  Number number;
  Shape *fields[2];
};

static const char *const NAMES[NAME_COUNT] = {[A] = "A",
                                              [B] = "B",
                                              [C] = "C",
                                              [D] = "D",
                                              [STRING_CONS] = "String.cons",
                                              [STRING_NIL] = "String.nil",
                                              [LIST_CONS] = "List.cons",
                                              [LIST_NIL] = "List.nil"};
static const unsigned ARITIES[NAME_COUNT] = {[C] = 1, [D] = 2, [STRING_CONS] = 2, [LIST_CONS] = 2};

enum { ARITY_MOST = 24 };

typedef struct {
  unsigned arity;
  Shape *patterns[ARITY_MOST];
} TestRule;

typedef struct {
  Arena arena;
  UnitRandom random;
  unsigned variables; // written so far: their names
} Maker;

static Shape *new_shape(Maker *maker, ShapeKind kind) {
  Shape *shape = ARENA_NEW(&maker->arena, Shape);
  shape->kind = kind;
  return shape;
}

static Shape *number_shape(Maker *maker, Number number) {
  Shape *shape = new_shape(maker, SHAPE_NUMBER);
  shape->number = number;
  return shape;
}

static Shape *node_shape(Maker *maker, ShapeName name, Shape *first, Shape *second) {
  Shape *shape = new_shape(maker, SHAPE_NODE);
  shape->name = name;
  shape->fields[0] = first;
  shape->fields[1] = second;
  return shape;
}

static Shape *random_number(Maker *maker) {
  static const double floats[] = {0.0, 1.0, 2.5};
  if (unit_below(&maker->random, 5) == 0) return number_shape(maker, number_f60(floats[unit_below(&maker->random, 3)]));
  uint32_t digit = unit_below(&maker->random, 5);
  return number_shape(maker, number_u60(digit < 3 ? digit : 'a' + digit - 3));
}

static Shape *random_shape(Maker *maker, int depth, bool pattern);

static Shape *random_chain(Maker *maker, bool string, int depth, bool pattern) {
  Shape *chain = node_shape(maker, string ? STRING_NIL : LIST_NIL, NULL, NULL);
  chain->sugar = true;
  for (uint32_t left = unit_below(&maker->random, 3); left > 0; left--) {
    Shape *item = string ? number_shape(maker, number_u60('a' + unit_below(&maker->random, 2)))
                         : random_shape(maker, depth - 1, pattern);
    chain = node_shape(maker, string ? STRING_CONS : LIST_CONS, item, chain);
    chain->sugar = true;
  }
  return chain;
}

static Shape *random_shape(Maker *maker, int depth, bool pattern) {
  uint32_t choice = unit_below(&maker->random, depth > 0 ? 12 : 5);
  if (choice < 3 && pattern) {
    Shape *shape = new_shape(maker, choice == 2 ? SHAPE_STRICT : SHAPE_ANY);
    return shape;
  }
  Shape *shape;
  if (choice < 1) return new_shape(maker, SHAPE_LAMBDA);
  if (choice < 4)
    shape = random_number(maker);
  else if (choice == 10)
    shape = random_chain(maker, true, depth, pattern);
  else if (choice == 11)
    shape = random_chain(maker, false, depth, pattern);
  else {
    ShapeName name = (ShapeName)unit_below(&maker->random, depth > 0 ? (uint32_t)NAME_COUNT : 2);
    shape = node_shape(maker, name, NULL, NULL);
    for (unsigned i = 0; i < ARITIES[name]; i++) shape->fields[i] = random_shape(maker, depth - 1, pattern);
  }
  shape->marked = pattern && unit_below(&maker->random, 10) == 0;
  return shape;
}

// A value that the pattern matches, or nearly.
static Shape *random_instance(Maker *maker, const Shape *pattern) {
  if (pattern->kind == SHAPE_ANY || pattern->kind == SHAPE_STRICT || unit_below(&maker->random, 12) == 0)
    return random_shape(maker, 2, false);
  Shape *value = ARENA_NEW(&maker->arena, Shape);
  *value = *pattern;
  for (unsigned i = 0; value->kind == SHAPE_NODE && i < ARITIES[value->name]; i++)
    value->fields[i] = random_instance(maker, pattern->fields[i]);
  return value;
}

static void write_shape(Maker *maker, Buffer *out, const Shape *shape) {
  if (shape->marked || shape->kind == SHAPE_STRICT) buffer_char(out, '!');
  if (shape->kind == SHAPE_ANY || shape->kind == SHAPE_STRICT) {
    if (unit_below(&maker->random, 4) == 0)
      buffer_char(out, '_');
    else
      buffer_format(out, "v%u", maker->variables++);
  } else if (shape->kind == SHAPE_NUMBER) {
    number_print(out, shape->number);
  } else if (shape->sugar && (shape->name == STRING_CONS || shape->name == STRING_NIL)) {
    buffer_char(out, '"');
    for (; shape->name == STRING_CONS; shape = shape->fields[1])
      buffer_char(out, (char)number_value(shape->fields[0]->number));
    buffer_char(out, '"');
  } else if (shape->sugar) {
    buffer_char(out, '[');
    for (; shape->name == LIST_CONS; shape = shape->fields[1]) {
      write_shape(maker, out, shape->fields[0]);
      if (shape->fields[1]->name == LIST_CONS) buffer_text(out, ", ");
    }
    buffer_char(out, ']');
  } else {
    buffer_format(out, "(%s", NAMES[shape->name]);
    for (unsigned i = 0; i < ARITIES[shape->name]; i++) {
      buffer_char(out, ' ');
      write_shape(maker, out, shape->fields[i]);
    }
    buffer_char(out, ')');
  }
}

static void write_rule(Maker *maker, Buffer *out, const char *name, const TestRule *rule, unsigned number) {
  buffer_format(out, "(%s", name);
  for (unsigned i = 0; i < rule->arity; i++) {
    buffer_char(out, ' ');
    write_shape(maker, out, rule->patterns[i]);
  }
  buffer_format(out, ") = %u\n", number);
}

static bool shape_matches(const Shape *pattern, const Shape *value) {
  if (pattern->kind == SHAPE_ANY || pattern->kind == SHAPE_STRICT) return true;
  if (pattern->kind != value->kind) return false;
  if (pattern->kind == SHAPE_NUMBER) return pattern->number == value->number;
  if (pattern->name != value->name) return false;
  for (unsigned i = 0; i < ARITIES[pattern->name]; i++)
    if (!shape_matches(pattern->fields[i], value->fields[i])) return false;
  return true;
}

static int first_match(const TestRule *rules, unsigned count, Shape *const *values) {
  for (unsigned i = 0; i < count; i++) {
    bool all = true;
    for (unsigned k = 0; k < rules[i].arity && all; k++) all = shape_matches(rules[i].patterns[k], values[k]);
    if (all) return (int)i;
  }
  return -1;
}

// Walking a tree. Every occurrence that it looks at must exist, and what holds it must have been looked at before.
typedef struct {
  const Program *program;
  const Function *function;
  Shape *const *values;
  bool *seen; // by occurrence
  bool sound;
} Walk;

static const Shape *value_at(Walk *walk, uint32_t occurrence) {
  if (occurrence < walk->function->arity) return walk->values[occurrence];
  Occurrence place = walk->function->occurrences.items[occurrence];
  if (!walk->seen[place.parent]) walk->sound = false;
  const Shape *parent = value_at(walk, place.parent);
  if (parent && parent->kind == SHAPE_NODE && place.field < ARITIES[parent->name]) return parent->fields[place.field];
  walk->sound = false;
  return NULL;
}

static bool key_matches(const Walk *walk, const TreeCase *one, const Shape *value) {
  if (one->kind == KEY_NUMBER) return value->kind == SHAPE_NUMBER && value->number == one->number;
  return value->kind == SHAPE_NODE && strcmp(walk->program->names.items[one->name].text, NAMES[value->name]) == 0;
}

static const Rule *walk_tree(Walk *walk, const Tree *tree) {
  switch (tree->kind) {
  case TREE_FAIL: return NULL;
  case TREE_RULE: return tree->rule;
  case TREE_CHAIN: {
    const Rule *rule = walk_tree(walk, tree->first);
    return rule ? rule : walk_tree(walk, tree->otherwise);
  }
  case TREE_SWITCH: break;
  }
  const Shape *value = value_at(walk, tree->occurrence);
  if (!value) return NULL;
  if (tree->occurrence < walk->function->arity && !walk->function->strict[tree->occurrence]) walk->sound = false;
  walk->seen[tree->occurrence] = true;
  for (uint32_t i = 0; i < tree->case_count; i++)
    if (key_matches(walk, &tree->cases[i], value)) return walk_tree(walk, tree->cases[i].tree);
  return walk_tree(walk, tree->otherwise);
}

static int tree_match(const Program *program, const Function *function, Shape *const *values, bool *sound) {
  Walk walk = {program, function, values, calloc(function->occurrences.count + 1, sizeof(bool)), true};
  const Rule *rule = walk_tree(&walk, function->tree);
  free(walk.seen);
  *sound = walk.sound;
  return rule ? (int)number_value(rule->body->number) : -1;
}

static size_t tree_size(const Tree *tree) {
  size_t size = 1;
  for (uint32_t i = 0; i < tree->case_count; i++) size += tree_size(tree->cases[i].tree);
  if (tree->otherwise) size += tree_size(tree->otherwise);
  if (tree->first) size += tree_size(tree->first);
  return size;
}

static bool tree_has_chain(const Tree *tree) {
  if (tree->kind == TREE_CHAIN) return true;
  for (uint32_t i = 0; i < tree->case_count; i++)
    if (tree_has_chain(tree->cases[i].tree)) return true;
  return tree->otherwise && tree_has_chain(tree->otherwise);
}

static const Function *find_function(const Program *program, const char *name) {
  NameId id;
  return program_find_name(program, name, strlen(name), &id) ? program->names.items[id].function : NULL;
}

// Loads rules of one function; false, with a failed check, when they have errors.
static bool load(Program *program, const Buffer *text) {
  bool good = program_load(program, "rules", text->text, text->size);
  Buffer out = {0};
  for (size_t i = 0; !good && i < program->diagnostics.list.count; i++)
    diagnostic_render(&out, &program->diagnostics.list.items[i], false);
  CHECK_SAY(good, "the rules are rejected: %s", out.text);
  buffer_free(&out);
  return good;
}

typedef struct {
  unsigned long wrong, unsound, matched, unreachable;
} Tally;

// Compares the tree and the rules for random values.
static void compare(Maker *maker, const Program *program, const char *name, const TestRule *rules, unsigned count,
                    int rounds, Tally *tally) {
  const Function *function = find_function(program, name);
  if (!CHECK(function != NULL)) return;
  for (int round = 0; round < rounds; round++) {
    Shape *values[ARITY_MOST];
    const TestRule *model = &rules[unit_below(&maker->random, count)];
    for (unsigned k = 0; k < model->arity; k++) values[k] = random_instance(maker, model->patterns[k]);
    bool sound;
    int expected = first_match(rules, count, values), found = tree_match(program, function, values, &sound);
    tally->wrong += expected != found;
    tally->unsound += !sound;
    tally->matched += expected >= 0;
    if (expected >= 0 && !function->rules.items[expected]->reachable) tally->unreachable++;
  }
}

static void random_rule_sets_match_as_the_first_rule_from_the_top(void) {
  enum { PROGRAMS = 300, FUNCTIONS = 10, ROUNDS = 30, RULES = 9 };
  Tally tally = {0};
  for (unsigned p = 0; p < PROGRAMS; p++) {
    Maker maker = {.random = {p + 1}};
    static TestRule rules[FUNCTIONS][RULES];
    unsigned counts[FUNCTIONS];
    char name[16];
    Buffer text = {0};
    for (unsigned f = 0; f < FUNCTIONS; f++) {
      counts[f] = 1 + unit_below(&maker.random, RULES);
      unsigned arity = 1 + unit_below(&maker.random, 4);
      snprintf(name, sizeof name, "F%u", f);
      for (unsigned r = 0; r < counts[f]; r++) {
        rules[f][r].arity = arity;
        for (unsigned k = 0; k < arity; k++) rules[f][r].patterns[k] = random_shape(&maker, 3, true);
        write_rule(&maker, &text, name, &rules[f][r], r);
      }
    }
    Program *program = program_new();
    if (load(program, &text))
      for (unsigned f = 0; f < FUNCTIONS; f++) {
        snprintf(name, sizeof name, "F%u", f);
        compare(&maker, program, name, rules[f], counts[f], ROUNDS, &tally);
      }
    program_free(program);
    buffer_free(&text);
    arena_free(&maker.arena);
  }
  CHECK_NUMBER(tally.wrong, 0);
  CHECK_NUMBER(tally.unsound, 0);
  CHECK_NUMBER(tally.unreachable, 0);
  CHECK_SAY(tally.matched > 30000, "only %lu values match anything", tally.matched);
}

// All values over A, (C _), the numbers 0, 1 and 9, and λ, nested at most twice.
enum { LEAVES = 5, SMALL_VALUES = 3 * LEAVES };

static void make_small_values(Maker *maker, Shape *values[SMALL_VALUES]) {
  values[0] = node_shape(maker, A, NULL, NULL);
  values[1] = number_shape(maker, number_u60(0));
  values[2] = number_shape(maker, number_u60(1));
  values[3] = number_shape(maker, number_u60(9));
  values[4] = new_shape(maker, SHAPE_LAMBDA);
  for (int i = LEAVES; i < SMALL_VALUES; i++) values[i] = node_shape(maker, C, values[i - LEAVES], NULL);
}

static Shape *small_pattern(Maker *maker, int depth) {
  switch (unit_below(&maker->random, depth > 0 ? 7 : 5)) {
  case 0:
  case 1: return new_shape(maker, unit_below(&maker->random, 2) ? SHAPE_ANY : SHAPE_STRICT);
  case 2: return node_shape(maker, A, NULL, NULL);
  case 3: return number_shape(maker, number_u60(0));
  case 4: return number_shape(maker, number_u60(1));
  default: return node_shape(maker, C, small_pattern(maker, depth - 1), NULL);
  }
}

static void reachable_rules_are_those_that_some_value_selects(void) {
  enum { PROGRAMS = 400, RULES = 10 };
  unsigned long wrong = 0, unreachable = 0, warned = 0;
  for (unsigned p = 0; p < PROGRAMS; p++) {
    Maker maker = {.random = {p + 5000}};
    TestRule rules[RULES];
    Shape *values[SMALL_VALUES];
    bool selected[RULES] = {false};
    unsigned count = 1 + unit_below(&maker.random, RULES);
    Buffer text = {0};
    make_small_values(&maker, values);
    for (unsigned r = 0; r < count; r++) {
      rules[r].arity = 2;
      for (unsigned k = 0; k < 2; k++) rules[r].patterns[k] = small_pattern(&maker, 2);
      write_rule(&maker, &text, "F", &rules[r], r);
    }
    for (int i = 0; i < SMALL_VALUES * SMALL_VALUES; i++) {
      Shape *pair[2] = {values[i / SMALL_VALUES], values[i % SMALL_VALUES]};
      int rule = first_match(rules, count, pair);
      if (rule >= 0) selected[rule] = true;
    }
    Program *program = program_new();
    if (load(program, &text)) {
      const Function *function = find_function(program, "F");
      for (unsigned r = 0; r < count; r++) {
        wrong += function->rules.items[r]->reachable != selected[r];
        unreachable += !selected[r];
      }
      warned += program->diagnostics.warnings;
    }
    program_free(program);
    buffer_free(&text);
    arena_free(&maker.arena);
  }
  CHECK_NUMBER(wrong, 0);
  CHECK_NUMBER(warned, unreachable);
  CHECK(unreachable > 100);
}

#ifdef __SANITIZE_ADDRESS__
static const double SLOWNESS = 6;
#else
static const double SLOWNESS = 1;
#endif

static double cpu_seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

// Compiles a large rule set, which must stay small and fast, and compares it with the rules.
static void check_large(Maker *maker, const char *what, const TestRule *rules, unsigned count, int rounds,
                        bool expect_chain) {
  Buffer text = {0};
  Tally tally = {0};
  for (unsigned r = 0; r < count; r++) write_rule(maker, &text, "F", &rules[r], r);
  Program *program = program_new();
  double start = cpu_seconds();
  bool good = load(program, &text);
  double seconds = cpu_seconds() - start;
  if (good) {
    const Function *function = find_function(program, "F");
    size_t size = tree_size(function->tree), limit = 200000 + 200 * (size_t)count;
    CHECK_SAY(seconds < SLOWNESS * (1 + count / 20000.0), "%s: compiling takes %.1f s", what, seconds);
    CHECK_SAY(size < limit, "%s: the tree has %zu nodes", what, size);
    CHECK_SAY(function->occurrences.count < limit, "%s: %zu occurrences", what, function->occurrences.count);
    if (expect_chain) CHECK_SAY(tree_has_chain(function->tree), "%s: no chain", what);
    compare(maker, program, "F", rules, count, rounds, &tally);
    CHECK_SAY(tally.wrong == 0, "%s: %lu values match another rule", what, tally.wrong);
    CHECK_SAY(tally.unsound == 0, "%s: %lu walks look at what is not there", what, tally.unsound);
    CHECK_SAY(tally.unreachable == 0, "%s: %lu values match an unreachable rule", what, tally.unreachable);
  }
  program_free(program);
  buffer_free(&text);
}

static void rules_on_many_columns_do_not_make_exponential_trees(void) {
  enum { RULES = 40, COLUMNS = 20 };
  for (unsigned seed = 0; seed < 5; seed++) {
    Maker maker = {.random = {seed + 77}};
    TestRule rules[RULES];
    for (unsigned r = 0; r < RULES; r++) {
      rules[r].arity = COLUMNS;
      for (unsigned k = 0; k < COLUMNS; k++) {
        // Alternating columns in the first set, random ones in the others.
        bool looks = seed == 0 ? k == r % COLUMNS || k == (r * 7 + 3) % COLUMNS : unit_below(&maker.random, 3) == 0;
        rules[r].patterns[k] =
            looks ? node_shape(&maker, unit_below(&maker.random, 2) ? A : B, NULL, NULL) : new_shape(&maker, SHAPE_ANY);
      }
    }
    check_large(&maker, "many columns", rules, RULES, 2000, seed > 0);
    arena_free(&maker.arena);
  }
}

static void nested_alternating_fields_do_not_make_exponential_trees(void) {
  enum { RULES = 40 };
  Maker maker = {.random = {99}};
  TestRule rules[RULES];
  for (unsigned r = 0; r < RULES; r++) {
    rules[r].arity = 4;
    for (unsigned k = 0; k < 4; k++) {
      Shape *shape = new_shape(&maker, SHAPE_ANY);
      for (unsigned depth = 0; depth < 4; depth++) {
        Shape *other = unit_below(&maker.random, 3) ? new_shape(&maker, SHAPE_ANY) : random_number(&maker);
        shape =
            unit_below(&maker.random, 2) ? node_shape(&maker, D, shape, other) : node_shape(&maker, D, other, shape);
      }
      rules[r].patterns[k] = shape;
    }
  }
  check_large(&maker, "nested fields", rules, RULES, 2000, true);
  arena_free(&maker.arena);
}

static void check_many(const char *what, unsigned count, Shape *(*pattern)(Maker *, unsigned, unsigned),
                       unsigned arity) {
  Maker maker = {.random = {2024}};
  TestRule *rules = calloc(count, sizeof *rules);
  for (unsigned r = 0; rules && r < count; r++) {
    rules[r].arity = arity;
    for (unsigned k = 0; k < arity; k++) rules[r].patterns[k] = pattern(&maker, r, k);
  }
  if (rules) check_large(&maker, what, rules, count, 300, false);
  free(rules);
  arena_free(&maker.arena);
}

static Shape *number_in_column_0(Maker *maker, unsigned rule, unsigned column) {
  return column == 0 ? number_shape(maker, number_u60(rule)) : new_shape(maker, SHAPE_ANY);
}

static Shape *number_in_either_column(Maker *maker, unsigned rule, unsigned column) {
  return column == rule % 2 ? number_shape(maker, number_u60(rule)) : new_shape(maker, SHAPE_ANY);
}

static Shape *word(Maker *maker, unsigned rule, unsigned column) {
  (void)column;
  Shape *chain = node_shape(maker, STRING_NIL, NULL, NULL);
  chain->sugar = true;
  for (unsigned left = 1; left <= 5; left++, rule /= 10) {
    chain = node_shape(maker, STRING_CONS, number_shape(maker, number_u60('0' + rule % 10)), chain);
    chain->sugar = true;
  }
  return chain;
}

static void twenty_thousand_rules_compile_fast(void) {
  check_many("20,000 numbers", 20000, number_in_column_0, 2);
  check_many("20,000 strings", 20000, word, 1);
}

// Each number in one column is compatible with each in the other: a tree of all combinations is quadratic.
static void many_rules_on_alternating_columns_compile_fast(void) {
  check_many("3,000 numbers in alternating columns", 3000, number_in_either_column, 2);
}

int main(void) {
  random_rule_sets_match_as_the_first_rule_from_the_top();
  reachable_rules_are_those_that_some_value_selects();
  rules_on_many_columns_do_not_make_exponential_trees();
  nested_alternating_fields_do_not_make_exponential_trees();
  twenty_thousand_rules_compile_fast();
  many_rules_on_alternating_columns_compile_fast();
  return unit_finish();
}
