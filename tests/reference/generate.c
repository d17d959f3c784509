#include "generate.h"
#include "generator.h"
#include "random.h"

// Rules that no random function would give, written once at the end when something used them.
static const char *const NEEDED[NEED_COUNT] = {
    "(Spin n) = (Spin (+ n 1))\n",
    "Loop = (Wait Loop)\n(Wait (Never x)) = x\n",
    "(Bang n) = (/ n 0)\n",
    "(Drop a b) = b\n",
    "(First (Pair a b)) = a\n",
    "(Take 0 xs) = []\n(Take n []) = []\n(Take n (List.cons x xs)) = (List.cons x (Take (- n 1) xs))\n",
    "(Zip (List.cons x xs) (List.cons y ys)) = (List.cons (+ x y) (Zip xs ys))\n(Zip xs ys) = []\n",
    "(Map f []) = []\n(Map f (List.cons x xs)) = (List.cons (f x) (Map f xs))\n",
    "Ones = (List.cons 1 Ones)\n",
    "(From n k) = (List.cons n (From (+ n k) k))\n",
    "(Fold f z []) = z\n(Fold f z (List.cons x xs)) = (f x (Fold f z xs))\n",
    "(Compose f g) = λx (f (g x))\n",
    "(Twice f) = λx (f (f x))\n",
    "(Partial 0) = 7\n(Partial (Some x)) = x\n",
    "(Minus (Both a b)) = (- a b)\n",
};

static void text(Generator *g, const char *string) { buffer_text(g->out, string); }

uint32_t generator_below(Generator *g, uint32_t limit) { return random_below(&g->state, limit); }
bool generator_chance(Generator *g, uint32_t percent) { return generator_below(g, 100) < percent; }

const char *generator_need(Generator *g, Need what, const char *name) {
  g->needs[what] = true;
  return name;
}

// Types

static bool is_recursive(TypeId type) { return type != TYPE_FLOAT && type < TYPE_FUNCTION; }

TypeId generator_first_order_type(Generator *g) {
  uint32_t choice = generator_below(g, 10);
  if (choice < 4) return TYPE_NUMBER;
  if (choice < 6) return TYPE_LIST;
  if (choice < 7) return TYPE_STRING;
  if (choice < 8) return g->floats ? TYPE_FLOAT : TYPE_NUMBER;
  TypeId type = TYPE_DATA + generator_below(g, g->data_count);
  return is_first_order(g, type) ? type : TYPE_NUMBER;
}

TypeId generator_type(Generator *g) {
  if (generator_chance(g, 20)) return TYPE_FUNCTION + generator_below(g, TYPE_LIMIT - TYPE_FUNCTION);
  if (generator_chance(g, 30)) return TYPE_DATA + generator_below(g, g->data_count);
  return generator_first_order_type(g);
}

static void make_data(Generator *g, uint32_t number) {
  Data *data = &g->data[number];
  data->higher_order = generator_chance(g, 15);
  data->count = 1 + generator_below(g, CONSTRUCTOR_LIMIT);
  for (uint32_t i = 0; i < data->count; i++) {
    Constructor *constructor = &data->constructors[i];
    constructor->count = generator_chance(g, 2) ? FIELD_LIMIT : generator_below(g, 4);
    for (uint32_t k = 0; k < constructor->count; k++) {
      TypeId *field = &constructor->fields[k];
      *field = generator_below(g, 3)     ? TYPE_NUMBER
               : generator_chance(g, 30) ? TYPE_LIST
                                         : TYPE_DATA + generator_below(g, number + 1);
      // The first constructor ends the data.
      if (i == 0) *field = TYPE_NUMBER;
      if (is_data(*field) && g->data[*field - TYPE_DATA].higher_order) data->higher_order = true;
    }
    if (data->higher_order && constructor->count && generator_chance(g, 40)) constructor->fields[0] = TYPE_FUNCTION;
  }
}

static void make_types(Generator *g) {
  for (g->data_count = 0; g->data_count < DATA_LIMIT; g->data_count++) make_data(g, g->data_count);
  g->arrows[0] = (Arrow){TYPE_NUMBER, TYPE_NUMBER};
  g->arrows[1] = (Arrow){TYPE_NUMBER, TYPE_FUNCTION};
  g->arrows[2] = (Arrow){TYPE_FUNCTION, TYPE_NUMBER};
  g->arrows[3] = (Arrow){TYPE_FUNCTION, TYPE_FUNCTION};
  for (uint32_t i = 4; i < TYPE_LIMIT - TYPE_FUNCTION; i++)
    g->arrows[i] =
        (Arrow){generator_first_order_type(g),
                generator_chance(g, 30) ? TYPE_FUNCTION + generator_below(g, i) : generator_first_order_type(g)};
}

// Patterns

// A fresh variable, so that no pattern binds one twice. `part`: inside the recursive argument, whose type is `whole`.
static void pattern_variable(Generator *g, TypeId type, TypeId whole, bool part) {
  if (generator_chance(g, 10)) {
    text(g, "_");
    return;
  }
  Variable variable = {.type = type, .left = UNLIMITED};
  snprintf(variable.name, sizeof variable.name, "%c%u", "nmpqrs"[generator_below(g, 6)], g -> fresh++);
  if (part && type == whole) ARRAY_PUSH(&g->smaller, (uint32_t)g->variables.count);
  ARRAY_PUSH(&g->variables, variable);
  text(g, variable.name);
}

static void pattern(Generator *g, TypeId type, uint32_t depth, TypeId whole, bool part);

static void list_pattern(Generator *g, uint32_t depth, TypeId whole, bool part) {
  uint32_t choice = generator_below(g, 10);
  if (choice < 3) {
    text(g, generator_chance(g, 50) ? "[]" : "List.nil");
  } else if (choice < 8) {
    text(g, "(List.cons "), pattern(g, TYPE_NUMBER, depth - 1, whole, part), text(g, " ");
    pattern(g, TYPE_LIST, depth - 1, whole, part), text(g, ")");
  } else {
    text(g, "["), pattern(g, TYPE_NUMBER, depth - 1, whole, part);
    if (choice == 9) text(g, " "), pattern(g, TYPE_NUMBER, depth - 1, whole, part);
    text(g, "]");
  }
}

static void string_pattern(Generator *g, uint32_t depth, TypeId whole, bool part) {
  if (generator_chance(g, 50)) {
    generator_string(g);
    return;
  }
  text(g, "(String.cons "), pattern(g, TYPE_NUMBER, depth - 1, whole, part), text(g, " ");
  pattern(g, TYPE_STRING, depth - 1, whole, part), text(g, ")");
}

static void data_pattern(Generator *g, TypeId type, uint32_t number, uint32_t depth, TypeId whole, bool part) {
  const Constructor *constructor = &g->data[type - TYPE_DATA].constructors[number];
  if (constructor->count) text(g, "(");
  generator_constructor_name(g, type, number);
  for (uint32_t i = 0; i < constructor->count; i++)
    text(g, " "), pattern(g, constructor->fields[i], depth ? depth - 1 : 0, whole, part);
  if (constructor->count) text(g, ")");
}

static void pattern(Generator *g, TypeId type, uint32_t depth, TypeId whole, bool part) {
  if (depth == 0 || type >= TYPE_FUNCTION || generator_chance(g, 40))
    pattern_variable(g, type, whole, part);
  else if (generator_chance(g, 2))
    text(g, generator_need(g, NEED_PARTIAL, "(Partial _)")); // a stuck call is data
  else if (type == TYPE_NUMBER)
    generator_number(g);
  else if (type == TYPE_FLOAT)
    text(g, generator_chance(g, 50) ? "1.0" : "0.5");
  else if (type == TYPE_STRING)
    string_pattern(g, depth, whole, part);
  else if (type == TYPE_LIST)
    list_pattern(g, depth, whole, part);
  else
    data_pattern(g, type, generator_below(g, g->data[type - TYPE_DATA].count), depth, whole, part);
}

// Functions

static Signature make_signature(Generator *g) {
  Signature s = {.arity = generator_below(g, 5), .recursive = ARGUMENT_LIMIT, .result = generator_type(g)};
  if (generator_chance(g, 2)) s.arity = 1 + generator_below(g, ARGUMENT_LIMIT);
  for (uint32_t i = 0; i < s.arity; i++) {
    s.arguments[i] = generator_type(g);
    s.dropped[i] = generator_chance(g, 10);
  }
  if (s.arity && generator_chance(g, 60)) {
    uint32_t i = generator_below(g, s.arity);
    if (is_recursive(s.arguments[i])) s.recursive = i, s.dropped[i] = false;
  }
  return s;
}

// The constructors of a type that can be taken apart.
static uint32_t shape_count(const Generator *g, TypeId type) {
  return is_data(type) ? g->data[type - TYPE_DATA].count : 2; // 0 and n; nil and cons
}

// The pattern for the recursive argument: its shape, everything inside a variable.
static void shape(Generator *g, TypeId type, uint32_t number) {
  if (is_data(type)) {
    data_pattern(g, type, number, 0, type, true);
  } else if (number == 0) {
    text(g, type == TYPE_NUMBER ? "0" : type == TYPE_LIST ? "[]" : "\"\"");
  } else if (type == TYPE_NUMBER) {
    pattern_variable(g, type, type, true);
  } else {
    text(g, type == TYPE_LIST ? "(List.cons " : "(String.cons ");
    pattern_variable(g, TYPE_NUMBER, type, false), text(g, " ");
    pattern_variable(g, type, type, true), text(g, ")");
  }
}

typedef enum { ROW_RANDOM, ROW_VARIABLES, ROW_SHAPE } RowKind;

static void argument_pattern(Generator *g, const Signature *s, uint32_t i, RowKind kind, uint32_t number) {
  bool recursive = i == s->recursive;
  TypeId type = s->arguments[i];
  if (s->dropped[i]) {
    if (generator_chance(g, 50))
      text(g, "_");
    else
      buffer_format(g->out, "d%u", g->fresh++);
  } else if (recursive && kind == ROW_SHAPE) {
    shape(g, type, number);
  } else if (kind == ROW_VARIABLES || (kind == ROW_SHAPE && generator_chance(g, 80))) {
    if (generator_chance(g, 8))
      buffer_format(g->out, "!e%u", g->fresh++);
    else
      pattern_variable(g, type, type, false);
  } else {
    // Parts of the recursive argument are smaller than it, numbers are not parts of numbers.
    pattern(g, type, 1 + generator_below(g, 3), type, recursive && type != TYPE_NUMBER);
  }
}

static void row(Generator *g, uint32_t index, const Signature *s, RowKind kind, uint32_t number) {
  g->variables.count = g->smaller.count = 0;
  g->self = s;
  g->self_calls = 1 + generator_chance(g, 25);
  buffer_format(g->out, s->arity ? "(F%u" : "F%u", index);
  for (uint32_t i = 0; i < s->arity; i++) text(g, " "), argument_pattern(g, s, i, kind, number);
  text(g, s->arity ? ") = " : " = ");
  // A pattern that is a variable at the top is no smaller than the argument.
  if (kind != ROW_SHAPE && s->recursive < s->arity && s->arguments[s->recursive] == TYPE_NUMBER) g->smaller.count = 0;
  generator_expression(g, s->result, 2 + generator_below(g, 9));
  text(g, "\n");
}

static void write_rows(Generator *g, Buffer *rows, uint32_t count, bool shuffled) {
  for (uint32_t i = 0; i < count; i++) {
    if (shuffled) {
      uint32_t k = i + generator_below(g, count - i);
      Buffer swapped = rows[i];
      rows[i] = rows[k], rows[k] = swapped;
    }
    buffer_add(g->out, rows[i].text, rows[i].size);
    buffer_free(&rows[i]);
  }
}

static void make_function(Generator *g) {
  uint32_t index = g->function_count, count = 0;
  g->functions[index] = make_signature(g);
  const Signature *s = &g->functions[index];
  bool recursive = s->recursive < s->arity, counts = recursive && s->arguments[s->recursive] == TYPE_NUMBER;
  Buffer *out = g->out, rows[ROW_LIMIT] = {{0}};
  uint32_t random_rows = s->arity == 0 ? 0 : recursive ? generator_below(g, 2) : generator_below(g, 5);
  for (; count < random_rows; count++) g->out = &rows[count], row(g, index, s, ROW_RANDOM, 0);
  if (recursive) {
    uint32_t shapes = shape_count(g, s->arguments[s->recursive]);
    for (uint32_t i = 0; i < shapes; i++)
      if (counts || generator_chance(g, 95)) g->out = &rows[count++], row(g, index, s, ROW_SHAPE, i);
  } else if (!count || generator_chance(g, 65)) {
    g->out = &rows[count++], row(g, index, s, ROW_VARIABLES, 0);
  }
  if (!count) g->out = &rows[count++], row(g, index, s, ROW_VARIABLES, 0);
  g->out = out;
  write_rows(g, rows, count, !counts && generator_chance(g, 20)); // a count must find its 0 first
  g->function_count++;
}

static void make_main(Generator *g) {
  g->variables.count = g->smaller.count = 0;
  g->self_calls = 0;
  uint32_t results = 1 + generator_below(g, 3); // there are constructors for two and three
  text(g, "Main = ");
  if (results > 1) text(g, generator_chance(g, 50) ? "[" : results == 2 ? "(Two " : "(Three ");
  bool is_list = g->out->text[g->out->size - 1] == '[';
  for (uint32_t i = 0; i < results; i++) {
    if (i) text(g, " ");
    uint32_t size = 5 + generator_below(g, 25);
    if (generator_chance(g, 80))
      generator_call(g, generator_below(g, g->function_count), size);
    else
      generator_expression(g, generator_type(g), size);
  }
  if (results > 1) text(g, is_list ? "]" : ")");
  text(g, "\n");
}

void generate_program(uint64_t seed, Buffer *out) {
  Generator g = {.state = random_seed(seed), .out = out};
  g.floats = generator_chance(&g, 15);
  make_types(&g);
  for (uint32_t left = 1 + generator_below(&g, 5); left; left--) make_function(&g);
  make_main(&g);
  for (uint32_t i = 0; i < NEED_COUNT; i++)
    if (g.needs[i]) text(&g, NEEDED[i]);
  ARRAY_FREE(&g.variables);
  ARRAY_FREE(&g.smaller);
}
