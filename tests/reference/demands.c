#include "demands.h"

#include <stdio.h>

#include "lang/demand.h"
#include "reference.h"

// Programs are typed but for a few terms, so that most calls match. They need not end: a call is looked at when it has
// a result with harmless arguments.
typedef enum { NUMBER, LIST, TREE, FUNCTION, TYPE_COUNT } Type;

enum { FUNCTIONS = 4, ARITY_MOST = 3, RULES_MOST = 3, NAMES_MOST = 24, CALLS = 4 };

typedef struct {
  uint32_t arity;
  Type result, arguments[ARITY_MOST];
} Signature;

typedef struct {
  uint64_t random;
  Buffer out;
  Signature functions[FUNCTIONS];
  Type scope[NAMES_MOST]; // of the variables v0, v1 …
  uint32_t variables;
} Maker;

static uint32_t below(Maker *maker, uint32_t limit) { // splitmix64
  uint64_t z = maker->random += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return (uint32_t)((z ^ z >> 31) % limit);
}

static bool chance(Maker *maker, uint32_t percent) { return below(maker, 100) < percent; }

static Type any_type(Maker *maker) { return (Type)below(maker, TYPE_COUNT); }

static void bind(Maker *maker, Type type) {
  if (maker->variables == NAMES_MOST) maker->variables--;
  buffer_format(&maker->out, "v%u", maker->variables);
  maker->scope[maker->variables++] = type;
}

static void make_pattern(Maker *maker, Type type, int depth) {
  if (maker->variables + 2 >= NAMES_MOST || chance(maker, 12)) {
    buffer_text(&maker->out, "_");
    return;
  }
  if (chance(maker, 8)) buffer_char(&maker->out, '!');
  if (depth == 0 || type == FUNCTION || chance(maker, 35)) {
    bind(maker, type);
    return;
  }
  Type parts[2] = {type == LIST ? NUMBER : TREE, type};
  const char *names[TYPE_COUNT][2] = {[LIST] = {"Nil", "(Cons "}, [TREE] = {"(Tip ", "(Fork "}};
  if (type == NUMBER) {
    buffer_format(&maker->out, "%u", below(maker, 3));
    return;
  }
  bool large = chance(maker, 60);
  buffer_text(&maker->out, names[type][large]);
  if (type == TREE && !large) parts[0] = NUMBER;
  for (int i = 0; i < 2 && (large || (type == TREE && i == 0)); i++) {
    if (i) buffer_char(&maker->out, ' ');
    make_pattern(maker, parts[i], depth - 1);
  }
  if (large || type == TREE) buffer_char(&maker->out, ')');
}

static void make_term(Maker *maker, Type type, int depth);

static void make_parts(Maker *maker, const char *before, uint32_t count, const Type *types, int depth) {
  buffer_text(&maker->out, before);
  for (uint32_t i = 0; i < count; i++) {
    buffer_char(&maker->out, ' ');
    make_term(maker, types[i], depth - 1);
  }
  buffer_char(&maker->out, ')');
}

static bool make_variable(Maker *maker, Type type) {
  uint32_t start = maker->variables ? below(maker, maker->variables) : 0;
  for (uint32_t i = 0; i < maker->variables; i++) {
    uint32_t at = (start + i) % maker->variables;
    if (maker->scope[at] != type) continue;
    buffer_format(&maker->out, "v%u", at);
    return true;
  }
  return false;
}

static void make_leaf(Maker *maker, Type type) {
  static const char *const leaves[] = {"1", "Nil", "(Tip 2)", "λf0 (+ f0 1)"};
  if (chance(maker, 80) && make_variable(maker, type)) return;
  buffer_text(&maker->out, leaves[type]);
}

static bool make_call(Maker *maker, Type type, int depth) {
  uint32_t start = below(maker, FUNCTIONS);
  for (uint32_t i = 0; i < FUNCTIONS; i++) {
    uint32_t at = (start + i) % FUNCTIONS;
    const Signature *callee = &maker->functions[at];
    if (callee->result != type) continue;
    char head[16];
    snprintf(head, sizeof head, "(F%u", at);
    make_parts(maker, head, callee->arity, callee->arguments, depth);
    return true;
  }
  return false;
}

static void make_data(Maker *maker, Type type, int depth) {
  static const char *const operators[] = {"(+", "(-", "(*", "(<", "(=="};
  switch (type) {
  case NUMBER: make_parts(maker, operators[below(maker, 5)], 2, (Type[]){NUMBER, NUMBER}, depth); return;
  case LIST: make_parts(maker, "(Cons", 2, (Type[]){NUMBER, LIST}, depth); return;
  case TREE: make_parts(maker, "(Fork", 2, (Type[]){TREE, TREE}, depth); return;
  default: break;
  }
  uint32_t known = maker->variables;
  buffer_text(&maker->out, "λ");
  bind(maker, NUMBER);
  buffer_char(&maker->out, ' ');
  make_term(maker, NUMBER, depth - 1);
  maker->variables = known;
}

// let, dup and an applied λ: their variables may hide others of the same name.
static void make_binding(Maker *maker, Type type, int depth) {
  uint32_t known = maker->variables, form = below(maker, 3);
  Type bound = any_type(maker);
  Buffer value = maker->out; // the value is in the scope outside
  maker->out = (Buffer){0};
  make_term(maker, bound, depth - 1);
  Buffer text = maker->out;
  maker->out = value;
  static const char *const heads[] = {"let ", "dup ", "(λ"};
  buffer_text(&maker->out, heads[form]);
  bind(maker, bound);
  if (form == 1 && maker->variables < NAMES_MOST) {
    buffer_char(&maker->out, ' ');
    bind(maker, bound);
  } else if (form == 1) {
    buffer_text(&maker->out, " _");
  }
  if (form < 2) buffer_format(&maker->out, " = %s;", text.text);
  buffer_char(&maker->out, ' ');
  make_term(maker, type, depth - 1);
  if (form == 2) buffer_format(&maker->out, " %s)", text.text);
  buffer_free(&text);
  maker->variables = known;
}

static void make_term(Maker *maker, Type type, int depth) {
  if (chance(maker, 2)) type = any_type(maker);
  uint32_t choice = below(maker, 100);
  if (depth <= 0 || choice < 20) {
    make_leaf(maker, type);
  } else if (choice < 50) {
    if (!make_call(maker, type, depth)) make_data(maker, type, depth);
  } else if (choice < 65) {
    make_data(maker, type, depth);
  } else if (choice < 80) {
    make_parts(maker, "(U60.if", 3, (Type[]){NUMBER, type, type}, depth);
  } else if (choice < 92 || type != NUMBER) {
    make_binding(maker, type, depth);
  } else {
    buffer_char(&maker->out, '(');
    if (!make_variable(maker, FUNCTION)) buffer_text(&maker->out, "λf0 (- f0 1)");
    make_parts(maker, "", 1, (Type[]){NUMBER}, depth);
  }
}

static void make_program(Maker *maker) {
  for (uint32_t i = 0; i < FUNCTIONS; i++) {
    Signature *function = &maker->functions[i];
    function->arity = 1 + below(maker, ARITY_MOST);
    function->result = (Type)below(maker, FUNCTION);
    for (uint32_t k = 0; k < function->arity; k++) function->arguments[k] = any_type(maker);
  }
  for (uint32_t i = 0; i < FUNCTIONS; i++)
    for (uint32_t rule = 1 + below(maker, RULES_MOST); rule > 0; rule--) {
      maker->variables = 0;
      buffer_format(&maker->out, "(F%u", i);
      for (uint32_t k = 0; k < maker->functions[i].arity; k++) {
        buffer_char(&maker->out, ' ');
        make_pattern(maker, maker->functions[i].arguments[k], 2);
      }
      buffer_text(&maker->out, ") = ");
      make_term(maker, maker->functions[i].result, 3);
      buffer_char(&maker->out, '\n');
    }
}

// Values, with a hole at a place that a demand reaches.

static bool is_spine(const Program *program, const char *constructor, uint32_t field) {
  NameId id;
  return program_find_name(program, constructor, strlen(constructor), &id) && demand_is_spine(program, id, field);
}

static void make_value(Maker *maker, const Program *program, Type type, int depth, Demand hole) {
  static const struct {
    const char *name;
    uint32_t arity;
    Type fields[2];
  } forms[TYPE_COUNT][2] = {[LIST] = {{"Nil", 0, {0}}, {"Cons", 2, {NUMBER, LIST}}},
                            [TREE] = {{"Tip", 1, {NUMBER}}, {"Fork", 2, {TREE, TREE}}}};
  bool here = hole == DEMAND_WEAK || (hole && (depth == 0 || chance(maker, 35)));
  if (here) {
    buffer_text(&maker->out, "@HOLE@");
  } else if (type == NUMBER) {
    buffer_text(&maker->out, hole ? "@HOLE@" : chance(maker, 50) ? "0" : chance(maker, 50) ? "1" : "2");
  } else if (type == FUNCTION) {
    buffer_text(&maker->out, hole ? "@HOLE@" : chance(maker, 50) ? "λx (+ x 1)" : "λx 1");
  } else {
    bool large = depth > 0 && chance(maker, 70), placed = false;
    if (hole && type == LIST) large = true;
    const char *name = forms[type][large].name;
    uint32_t arity = forms[type][large].arity, first = arity ? below(maker, arity) : 0;
    bool reached[2] = {false};
    for (uint32_t i = 0; i < arity && hole; i++) {
      uint32_t at = (first + i) % arity;
      if (placed || (hole == DEMAND_SPINE && !is_spine(program, name, at))) continue;
      placed = reached[at] = true;
    }
    if (hole && !placed) {
      buffer_text(&maker->out, "@HOLE@");
      return;
    }
    buffer_format(&maker->out, arity ? "(%s" : "%s", name);
    for (uint32_t i = 0; i < arity; i++) {
      buffer_char(&maker->out, ' ');
      make_value(maker, program, forms[type][large].fields[i], depth - 1, reached[i] ? hole : DEMAND_LAZY);
    }
    if (arity) buffer_char(&maker->out, ')');
  }
}

// Functions that demand a value weakly and as a spine, in a source of their own: what is recursive is fixed by then.
static void make_observers(const Program *program, Buffer *out) {
  static const struct {
    const char *name, *pattern;
    uint32_t arity;
  } forms[] = {{"Cons", "(Cons a b)", 2}, {"Fork", "(Fork a b)", 2}, {"Tip", "(Tip a)", 1}};
  buffer_text(out, "(ObserveWeak !x) = 0\n");
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    buffer_format(out, "(ObserveSpine %s) = ", forms[i].pattern);
    uint32_t open = 0;
    for (uint32_t k = 0; k < forms[i].arity; k++)
      if (is_spine(program, forms[i].name, k)) buffer_format(out, "(+ (ObserveSpine %c) ", "ab"[k]), open++;
    buffer_text(out, "0");
    for (; open > 0; open--) buffer_char(out, ')');
    buffer_char(out, '\n');
  }
  buffer_text(out, "(ObserveSpine !x) = 0\n");
}

static const ReferenceBudget BUDGET = {.steps = 2000, .nodes = 20000, .depth = 2000, .text = 20000};

// What a call with something in the place of its hole comes to.
static ReferenceStatus evaluate(Program *program, const Buffer *call, const char *filling) {
  Buffer text = {0}, result = {0};
  for (const char *at = call->text; *at;) {
    if (strncmp(at, "@HOLE@", 6) == 0)
      buffer_text(&text, filling), at += 6;
    else
      buffer_char(&text, *at++);
  }
  const Function *main = program_read_expression(program, "call", text.text, text.size);
  ReferenceStatus status = main ? reference_evaluate(program, main, BUDGET, &result) : REFERENCE_UNSUPPORTED;
  buffer_free(&text);
  buffer_free(&result);
  return status;
}

typedef struct {
  uint64_t passed, failed, idle; // idle: the call has no result anyway
} Count;

static void try_argument(Maker *maker, Program *program, uint32_t index, uint32_t argument, Count *count) {
  static const char *const observers[] = {"", "(ObserveWeak ", "(ObserveSpine ", ""};
  static const char *const harmless[TYPE_COUNT] = {"1", "(Cons 1 Nil)", "(Fork (Tip 1) (Tip 0))", "λx x"};
  const Signature *function = &maker->functions[index];
  Demand on = (Demand)(1 + below(maker, 3));
  char name[16];
  snprintf(name, sizeof name, "F%u", index);
  NameId id;
  program_find_name(program, name, strlen(name), &id);
  Demand demand = demand_of_argument(program, program->names.items[id].function, on, argument);
  if (!demand) return;
  Demand hole = (Demand)(1 + below(maker, (uint32_t)demand)); // each demand includes the weaker ones
  maker->out.size = 0;
  buffer_format(&maker->out, "%s(%s", observers[on], name);
  for (uint32_t i = 0; i < function->arity; i++) {
    buffer_char(&maker->out, ' ');
    make_value(maker, program, function->arguments[i], 3, i == argument ? hole : DEMAND_LAZY);
  }
  buffer_text(&maker->out, *observers[on] ? "))" : ")");
  bool good = false;
  for (int type = 0; type < TYPE_COUNT && !good; type++)
    good = evaluate(program, &maker->out, harmless[type]) == REFERENCE_OK;
  if (!good)
    count->idle++;
  else if (evaluate(program, &maker->out, "(/ 1 0)") != REFERENCE_OK)
    count->passed++;
  else
    count->failed++, printf("FAIL  the hole is not needed: %s\n", maker->out.text);
}

static void try_program(uint64_t seed, Count *count) {
  Maker maker = {.random = seed};
  make_program(&maker);
  Program *program = program_new();
  program->keep_lambdas = true;
  uint64_t failed = count->failed;
  Buffer observers = {0}, text = {0};
  buffer_add(&text, maker.out.text, maker.out.size);
  bool good = program_load(program, "program", text.text, text.size);
  make_observers(program, &observers);
  good = good && program_load(program, "observers", observers.text, observers.size);
  if (!good) {
    count->failed++;
    for (size_t i = 0; i < program->diagnostics.list.count; i++) {
      Buffer message = {0};
      diagnostic_render(&message, &program->diagnostics.list.items[i], false);
      printf("%s", message.text);
      buffer_free(&message);
    }
  }
  for (uint32_t i = 0; i < FUNCTIONS && good; i++)
    for (uint32_t k = 0; k < maker.functions[i].arity; k++)
      for (int n = 0; n < CALLS; n++) try_argument(&maker, program, i, k, count);
  if (count->failed > failed) printf("in the program of seed %llu:\n%s", (unsigned long long)seed, text.text);
  program_free(program);
  buffer_free(&maker.out);
  buffer_free(&observers);
  buffer_free(&text);
}

enum { BUSY_LEAST_PERCENT = 30 };

bool demands_test(uint64_t seed, uint64_t count) {
  Count all = {0};
  for (uint64_t i = 0; i < count && all.failed < 10; i++) try_program(seed + i, &all);
  printf("(%llu calls without a result)\n", (unsigned long long)all.idle);
  if (all.passed * 100 < (all.passed + all.idle) * BUSY_LEAST_PERCENT) printf("FAIL  too few calls\n"), all.failed++;
  printf("%llu passed, %llu failed\n", (unsigned long long)all.passed, (unsigned long long)all.failed);
  return all.failed == 0;
}
