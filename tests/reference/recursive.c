#include "generate.h"
#include "random.h"
#include "recursive.h"

enum { BODY_SIZE = 12, HELPER_DEPTH = 2, HELPER_LOCALS = 18, SIZE_IN_MAIN = 14 };

uint32_t recursive_below(Recursive *g, uint32_t limit) { return random_below(&g->state, limit); }
bool recursive_chance(Recursive *g, uint32_t percent) { return recursive_below(g, 100) < percent; }
char recursive_pick(Recursive *g, const char *letters) {
  return letters[recursive_below(g, (uint32_t)strlen(letters))];
}

char kind_type(char kind) {
  kind = (char)tolower(kind);
  return kind == 'k' ? 'n' : kind == 'i' || kind == 'r' ? 'c' : kind;
}

void put(Recursive *g, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  buffer_vformat(g->out, format, arguments);
  va_end(arguments);
}

const char *recursive_need(Recursive *g, const char *name) {
  for (uint32_t i = 0; i < LIBRARY_COUNT; i++) {
    if (strcmp(LIBRARY[i].name, name) != 0) continue;
    if (!g->needed[i] && *LIBRARY[i].needs) g->needed[i] = true, recursive_need(g, LIBRARY[i].needs);
    g->needed[i] = true;
    return name;
  }
  abort();
}

// Patterns

const char *recursive_bind(Recursive *g, char type, bool risky) {
  Local local = {.type = type, .risky = risky};
  snprintf(local.name, sizeof local.name, "%c%u", type, g->fresh++);
  ARRAY_PUSH(&g->locals, local);
  return g->locals.items[g->locals.count - 1].name;
}

static void pattern(Recursive *g, char type, char whole, uint32_t depth);

// A constructor's pattern; parts of the type `whole` are what a recursion may go on with.
static void shape_pattern(Recursive *g, const Shape *shape, char whole, uint32_t depth) {
  bool bare = !*shape->fields;
  put(g, bare ? "%s" : "(%s", shape->name);
  for (const char *field = shape->fields; *field; field++) put(g, " "), pattern(g, *field, whole, depth);
  if (!bare) put(g, ")");
}

static const Shape *random_shape(Recursive *g, char type) {
  const Shape *found = NULL;
  uint32_t seen = 0;
  for (uint32_t i = 0; i < SHAPE_COUNT; i++)
    if (SHAPES[i].type == type && recursive_below(g, ++seen) == 0) found = &SHAPES[i];
  return found;
}

static void pattern(Recursive *g, char type, char whole, uint32_t depth) {
  const Shape *shape = random_shape(g, type);
  if (depth && shape && recursive_chance(g, 55)) {
    shape_pattern(g, shape, whole, depth - 1);
  } else if (depth && type == 'n' && recursive_chance(g, 30)) {
    put(g, "%u", recursive_below(g, 3));
  } else if (recursive_chance(g, 8)) {
    put(g, "_");
  } else {
    if (type == whole) ARRAY_PUSH(&g->smaller, (uint32_t)g->locals.count);
    put(g, "%s", recursive_bind(g, type, false));
  }
}

// An argument that a rule does not select by, or seldom.
static void other_pattern(Recursive *g, char kind, bool select) {
  bool lazy = isupper((unsigned char)kind);
  char type = kind_type(kind);
  const Shape *shape = random_shape(g, type);
  if (select && !lazy && recursive_chance(g, 30) && (shape || type == 'n')) {
    if (shape)
      shape_pattern(g, shape, 0, 1);
    else
      put(g, "%u", recursive_below(g, 3));
  } else {
    put(g, "%s%s", recursive_chance(g, lazy ? 1 : 14) ? "!" : "", recursive_bind(g, type, lazy));
  }
}

// Helpers in the flat style: (If 0 a b) = b, (If c a b) = a; or the cases of a constructor

static void helper_rule(Recursive *g, const char *name, const char *passed, const Shape *shape, const char *literal,
                        char type, uint32_t size) {
  size_t scope = g->locals.count, smaller = g->smaller.count;
  uint32_t calls = g->self_calls;
  put(g, "(%s ", name);
  if (shape)
    shape_pattern(g, shape, 0, recursive_chance(g, 15));
  else
    put(g, "%s", literal);
  put(g, "%s) = ", passed);
  recursive_body(g, type, size);
  put(g, "\n");
  g->locals.count = scope;
  g->smaller.count = smaller;
  g->self_calls = calls;
}

// The locals that the helper gets: most of them. Bangs only for what is no trap.
static void passed_locals(Recursive *g, Buffer *arguments, Buffer *patterns) {
  size_t count = g->locals.count < HELPER_LOCALS ? g->locals.count : HELPER_LOCALS;
  for (size_t i = g->locals.count - count; i < g->locals.count; i++) {
    const Local *local = &g->locals.items[i];
    buffer_format(arguments, " %s", local->name);
    buffer_format(patterns, " %s%s", !local->risky && recursive_chance(g, 6) ? "!" : "", local->name);
  }
}

static void helper(Recursive *g, char type, uint32_t size) {
  char name[NAME_SIZE], scrutinee = recursive_chance(g, 65) ? 'n' : recursive_pick(g, "ctmpe");
  snprintf(name, sizeof name, "H%u", g->fresh++);
  put(g, "(%s ", name);
  uint32_t calls = g->self_calls;
  g->self_calls = 0;
  recursive_expression(g, scrutinee, size / 3);
  g->self_calls = calls;
  // Only what the helper gets is in its scope.
  Buffer arguments = {0}, patterns = {0}, rules = {0}, *out = g->out;
  buffer_text(&arguments, ""), buffer_text(&patterns, "");
  passed_locals(g, &arguments, &patterns);
  put(g, "%s)", arguments.text);
  size_t first = g->locals.count > HELPER_LOCALS ? g->locals.count - HELPER_LOCALS : 0;
  Recursive outer = *g;
  memset(&g->locals, 0, sizeof g->locals), memset(&g->smaller, 0, sizeof g->smaller);
  for (size_t i = first; i < outer.locals.count; i++) ARRAY_PUSH(&g->locals, outer.locals.items[i]);
  for (size_t i = 0; i < outer.smaller.count; i++)
    if (outer.smaller.items[i] >= first) ARRAY_PUSH(&g->smaller, outer.smaller.items[i] - (uint32_t)first);
  g->out = &rules;
  g->helper_depth++, g->branches++;
  if (scrutinee == 'n') {
    helper_rule(g, name, patterns.text, NULL, "0", type, size);
    if (recursive_chance(g, 15)) helper_rule(g, name, patterns.text, NULL, "1", type, size);
    helper_rule(g, name, patterns.text, NULL, recursive_chance(g, 80) ? "_" : "!_z", type, size);
  } else {
    for (uint32_t i = 0; i < SHAPE_COUNT; i++)
      if (SHAPES[i].type == scrutinee && recursive_chance(g, 92))
        helper_rule(g, name, patterns.text, &SHAPES[i], "", type, size);
    if (!rules.size || recursive_chance(g, 30)) helper_rule(g, name, patterns.text, NULL, "_", type, size);
  }
  ARRAY_FREE(&g->locals), ARRAY_FREE(&g->smaller);
  g->locals.items = outer.locals.items, g->locals.count = outer.locals.count,
  g->locals.capacity = outer.locals.capacity;
  g->smaller.items = outer.smaller.items, g->smaller.count = outer.smaller.count;
  g->smaller.capacity = outer.smaller.capacity;
  g->helper_depth--, g->branches--;
  g->out = out;
  buffer_add(&g->helpers, rules.text, rules.size);
  buffer_free(&arguments), buffer_free(&patterns), buffer_free(&rules);
}

// A call of the function itself at the end, or of a helper, or anything.
void recursive_body(Recursive *g, char type, uint32_t size) {
  uint32_t choice = recursive_below(g, 100);
  if (choice < 22 && g->helper_depth < HELPER_DEPTH && !g->lambdas && !g->in_main) {
    helper(g, type, size * 3 / 4);
  } else if (choice < 60 && g->self_calls && g->smaller.count && g->self[0]->result == type) {
    const Local *local = &g->locals.items[g->smaller.items[recursive_below(g, (uint32_t)g->smaller.count)]];
    char smaller[NAME_SIZE + 8];
    snprintf(smaller, sizeof smaller, local->type == 'n' ? "(- %s 1)" : "%s", local->name);
    g->self_calls--;
    recursive_call(g, g->self[recursive_below(g, 2)], smaller, size);
  } else {
    recursive_expression(g, type, size);
  }
}

// Functions

static void begin_rule(Recursive *g, const Callee *callee) {
  g->locals.count = g->smaller.count = 0;
  g->self_calls = 1 + recursive_chance(g, 25);
  put(g, *callee->kinds ? "(%s" : "%s", callee->name);
}

static void end_rule(Recursive *g, const Callee *callee, bool select) {
  for (const char *kind = callee->kinds + 1; *kind; kind++) put(g, " "), other_pattern(g, *kind, select);
  put(g, ") = ");
  recursive_body(g, callee->result, 2 + recursive_below(g, BODY_SIZE));
  put(g, "\n");
}

static void number_rules(Recursive *g, const Callee *callee) {
  if (recursive_chance(g, 12)) begin_rule(g, callee), put(g, " %u", recursive_below(g, 4)), end_rule(g, callee, true);
  begin_rule(g, callee), put(g, " 0"), end_rule(g, callee, false);
  if (recursive_chance(g, 15)) begin_rule(g, callee), put(g, " 1"), end_rule(g, callee, false);
  begin_rule(g, callee), put(g, " ");
  ARRAY_PUSH(&g->smaller, 0);
  put(g, "%s", recursive_bind(g, 'n', false));
  end_rule(g, callee, false);
}

// No rule selects by the count: an `if` ends the recursion.
static void counting_rule(Recursive *g, const Callee *callee) {
  g->locals.count = g->smaller.count = 0;
  put(g, "(%s", callee->name);
  for (const char *kind = callee->kinds; *kind; kind++) put(g, " "), other_pattern(g, *kind, false);
  const char *count = g->locals.items[0].name;
  switch (recursive_below(g, 3)) {
  case 0: put(g, ") = if %s {", count); break;
  case 1: put(g, ") = (U60.if (> %s 0) ", count); break;
  default: put(g, ") = (U60.if %s ", count); break;
  }
  bool call = g->out->text[g->out->size - 1] == ' ';
  g->branches++;
  g->self_calls = 1 + recursive_chance(g, 25);
  ARRAY_PUSH(&g->smaller, 0);
  recursive_body(g, callee->result, 2 + recursive_below(g, BODY_SIZE));
  put(g, call ? " " : "} else {");
  g->smaller.count = 0;
  recursive_expression(g, callee->result, 2 + recursive_below(g, BODY_SIZE));
  put(g, call ? ")\n" : "}\n");
  g->branches--;
}

static void data_rules(Recursive *g, const Callee *callee) {
  char type = callee->kinds[0];
  if (recursive_chance(g, 30)) {
    begin_rule(g, callee), put(g, " "), shape_pattern(g, random_shape(g, type), type, 2);
    end_rule(g, callee, recursive_chance(g, 40));
  }
  uint32_t count = 0;
  for (uint32_t i = 0; i < SHAPE_COUNT; i++) {
    if (SHAPES[i].type != type || !recursive_chance(g, 93)) continue;
    begin_rule(g, callee), put(g, " "), shape_pattern(g, &SHAPES[i], type, 0), end_rule(g, callee, false);
    count++;
  }
  if (!count || recursive_chance(g, 30))
    begin_rule(g, callee), put(g, " %s", recursive_bind(g, type, false)), end_rule(g, callee, false);
}

static Callee new_callee(Recursive *g) {
  Callee callee = {.result = recursive_pick(g, "nnnnnnnncccctppmdlfaes")};
  if (g->floats && recursive_chance(g, 25)) callee.result = 'x';
  uint32_t count = recursive_chance(g, 4) ? 5 + recursive_below(g, 15) : recursive_below(g, 5);
  callee.kinds[0] = recursive_pick(g, "kkkkkkkccccttleeasp");
  for (uint32_t i = 1; i <= count; i++) {
    char kind = recursive_pick(g, "nnnnnnnncccctpdmlfgeas");
    if (g->floats && recursive_chance(g, 20)) kind = 'x';
    callee.kinds[i] = recursive_chance(g, 38) ? (char)toupper(kind) : kind;
  }
  snprintf(callee.name, sizeof callee.name, "F%u", g->callee_count);
  return callee;
}

static void write_function(Recursive *g, const Callee *callee) {
  if (callee->kinds[0] != 'k')
    data_rules(g, callee);
  else if (recursive_chance(g, 22))
    counting_rule(g, callee);
  else
    number_rules(g, callee);
}

// A function, or two that call each other.
static void family(Recursive *g) {
  Callee *callee = &g->callees[g->callee_count], *other = callee;
  *callee = new_callee(g);
  if (recursive_chance(g, 25)) {
    other = callee + 1, *other = *callee;
    snprintf(other->name, sizeof other->name, "F%u", g->callee_count + 1);
  }
  g->self[0] = callee, g->self[1] = other;
  write_function(g, callee);
  if (other != callee) write_function(g, other);
  buffer_add(g->out, g->helpers.text, g->helpers.size);
  g->helpers.size = 0;
  g->callee_count += other == callee ? 1 : 2;
}

static void write_main(Recursive *g) {
  g->locals.count = g->smaller.count = g->self_calls = 0;
  g->in_main = true;
  put(g, "Main = [");
  for (uint32_t left = 1 + recursive_below(g, 2); left; left--) {
    // The last ones call the others.
    uint32_t a = recursive_below(g, g->callee_count), b = recursive_below(g, g->callee_count);
    g->at_top = true;
    recursive_call(g, &g->callees[a > b ? a : b], NULL, 4 + recursive_below(g, SIZE_IN_MAIN));
    if (left > 1) put(g, " ");
  }
  put(g, "]\n");
}

void generate_recursive(uint64_t seed, uint32_t scale, Buffer *out) {
  Recursive g = {.state = random_seed(seed), .scale = scale, .out = out, .offers = seed % 6 == 5};
  g.floats = recursive_chance(&g, 12), g.superposes = recursive_chance(&g, 3);
  g.scopeless = recursive_chance(&g, 1), g.logs = recursive_chance(&g, 12) ? 1 + recursive_below(&g, 12) : 0;
  if (g.offers) g.superposes = g.scopeless = false, g.logs = 0; // else nothing is offered in the end
  for (uint32_t left = 1 + recursive_below(&g, 4); left; left--) family(&g);
  write_main(&g);
  for (uint32_t i = 0; i < LIBRARY_COUNT; i++)
    if (g.needed[i]) buffer_text(out, LIBRARY[i].rules);
  buffer_free(&g.helpers);
  ARRAY_FREE(&g.locals), ARRAY_FREE(&g.smaller);
}
