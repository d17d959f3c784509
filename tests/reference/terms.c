#include "generator.h"

static void text(Generator *g, const char *string) { buffer_text(g->out, string); }

// Variables

static const char *bind(Generator *g, TypeId type, uint32_t left, bool shadows) {
  Variable variable = {.type = type, .left = left};
  // Sometimes a name that is already taken.
  if (shadows && g->variables.count && generator_chance(g, 5))
    memcpy(variable.name, g->variables.items[generator_below(g, (uint32_t)g->variables.count)].name,
           sizeof variable.name);
  else
    snprintf(variable.name, sizeof variable.name, "%c%u", "abcxyz"[generator_below(g, 6)], g -> fresh++);
  ARRAY_PUSH(&g->variables, variable);
  return g->variables.items[g->variables.count - 1].name;
}

static bool is_hidden(const Generator *g, size_t index) {
  for (size_t i = index + 1; i < g->variables.count; i++)
    if (strcmp(g->variables.items[i].name, g->variables.items[index].name) == 0) return true;
  return false;
}

static bool use_variable(Generator *g, TypeId type) {
  uint32_t candidates[64], count = 0;
  for (size_t i = 0; i < g->variables.count && count < 64; i++)
    if (g->variables.items[i].type == type && g->variables.items[i].left && !is_hidden(g, i))
      candidates[count++] = (uint32_t)i;
  if (!count) return false;
  Variable *variable = &g->variables.items[candidates[generator_below(g, count)]];
  variable->left--;
  text(g, variable->name);
  return true;
}

// Literals

void generator_number(Generator *g) {
  static const uint64_t large[] = {UINT64_C(1152921504606846975),
                                   UINT64_C(1152921504606846974),
                                   UINT64_C(1) << 32,
                                   UINT64_C(1) << 59,
                                   1000000007,
                                   0xFFFF,
                                   59,
                                   60,
                                   61,
                                   64};
  if (generator_chance(g, 85))
    buffer_number(g->out, generator_below(g, 6));
  else if (generator_chance(g, 20))
    buffer_format(g->out, "'%c'", 'a' + (int)generator_below(g, 3));
  else if (generator_chance(g, 20))
    buffer_format(g->out, "0x%X", generator_below(g, 4096));
  else
    buffer_number(g->out, generator_chance(g, 50) ? generator_below(g, 1000)
                                                  : large[generator_below(g, sizeof large / sizeof *large)]);
}

static void floating(Generator *g) {
  static const char *const values[] = {"0.0", "1.0", "2.0", "0.5", "-1.5", "3.25", "0.1", "1.0e10", "-0.0", "1.0e-7"};
  text(g, values[generator_below(g, sizeof values / sizeof *values)]);
}

void generator_string(Generator *g) {
  static const char *const pieces[] = {"a", "b", "ab", "λ", " ", "\\n", "\\\"", "\\\\", "🙂", "'"};
  text(g, "\"");
  for (uint32_t left = generator_below(g, 4); left; left--)
    text(g,
         pieces[generator_chance(g, 75) ? generator_below(g, 2) : generator_below(g, sizeof pieces / sizeof *pieces)]);
  text(g, "\"");
}

void generator_constructor_name(Generator *g, TypeId type, uint32_t number) {
  buffer_format(g->out, "%c%u", 'P' + (int)(type - TYPE_DATA), number);
}

// Expressions

// Copies of a number or of data are harmless; see generate.h.
static void lambda_binder(Generator *g, TypeId type) {
  uint32_t uses = is_first_order(g, type) ? 3 : 1;
  buffer_format(g->out, generator_chance(g, 80) ? "λ%s " : "@%s ", bind(g, type, uses, true));
}

static void lambda(Generator *g, TypeId type, uint32_t size) {
  Arrow arrow = g->arrows[type - TYPE_FUNCTION];
  if (arrow.argument >= TYPE_FUNCTION) { // λf (f e), λf (+ (f e) e), λf λx (f e)
    uint32_t f = g->fresh++;
    buffer_format(g->out, "λf%u ", f);
    g->lambdas++;
    size_t scope = g->variables.count;
    if (arrow.result >= TYPE_FUNCTION) lambda_binder(g, TYPE_NUMBER);
    bool more = generator_chance(g, 50);
    if (more) text(g, "(+ ");
    buffer_format(g->out, "(f%u ", f);
    generator_expression(g, TYPE_NUMBER, size / 2);
    text(g, ")");
    if (more) text(g, " "), generator_expression(g, TYPE_NUMBER, size / 2), text(g, ")");
    g->variables.count = scope;
    g->lambdas--;
    return;
  }
  g->lambdas++;
  size_t scope = g->variables.count;
  if (generator_chance(g, 10))
    text(g, "λ* ");
  else
    lambda_binder(g, arrow.argument);
  generator_expression(g, arrow.result, size ? size - 1 : 0);
  g->variables.count = scope;
  g->lambdas--;
}

static void construct(Generator *g, TypeId type, uint32_t size) {
  const Data *data = &g->data[type - TYPE_DATA];
  uint32_t number = size < 2 ? 0 : generator_below(g, data->count);
  const Constructor *constructor = &data->constructors[number];
  if (constructor->count) text(g, "(");
  generator_constructor_name(g, type, number);
  for (uint32_t i = 0; i < constructor->count; i++) {
    text(g, " ");
    generator_expression(g, constructor->fields[i], size / (constructor->count + 1));
  }
  if (constructor->count) text(g, ")");
}

static void list(Generator *g, uint32_t size) {
  if (generator_chance(g, 30) && size > 2) {
    text(g, "(List.cons ");
    generator_expression(g, TYPE_NUMBER, size / 3);
    text(g, " ");
    generator_expression(g, TYPE_LIST, size / 2);
    text(g, ")");
    return;
  }
  uint32_t count = generator_below(g, size < 6 ? size + 1 : 6);
  text(g, "[");
  for (uint32_t i = 0; i < count; i++) {
    if (i) text(g, generator_chance(g, 50) ? ", " : " ");
    generator_expression(g, TYPE_NUMBER, size / (count + 1));
  }
  text(g, "]");
}

static void leaf(Generator *g, TypeId type) {
  if (generator_chance(g, 80) && use_variable(g, type)) return;
  if (type == TYPE_NUMBER)
    generator_number(g);
  else if (type == TYPE_FLOAT)
    floating(g);
  else if (type == TYPE_STRING)
    generator_string(g);
  else if (type == TYPE_LIST)
    list(g, generator_below(g, 4));
  else if (is_data(type))
    construct(g, type, 0);
  else
    lambda(g, type, 0);
}

// Something that must never be reduced.
static void trap(Generator *g) {
  switch (generator_below(g, 5)) {
  case 0: text(g, generator_need(g, NEED_LOOP, "Loop")); break;
  case 1: text(g, generator_need(g, NEED_BANG, "(Bang 3)")); break;
  case 2: text(g, "(% 1 0)"); break;
  default: // with something inside that has to be collected
    text(g, generator_need(g, NEED_SPIN, "(Spin "));
    generator_expression(g, TYPE_NUMBER, 2);
    text(g, ")");
  }
}

// A trap and, beside it, the expression that is wanted.
static void trapped(Generator *g, TypeId type, uint32_t size) {
  switch (generator_below(g, 5)) {
  case 0:
    text(g, generator_need(g, NEED_FIRST, "(First (Pair "));
    generator_expression(g, type, size);
    text(g, " "), trap(g), text(g, "))");
    break;
  case 1:
    text(g, generator_need(g, NEED_DROP, "(Drop "));
    trap(g), text(g, " "), generator_expression(g, type, size), text(g, ")");
    break;
  case 2:
    text(g, "if (- 3 2) {"), generator_expression(g, type, size), text(g, "} else {"), trap(g), text(g, "}");
    break;
  case 3: text(g, "(U60.if (< 2 1) "), trap(g), text(g, " "), generator_expression(g, type, size), text(g, ")"); break;
  default: text(g, "let unused = "), trap(g), text(g, "; "), generator_expression(g, type, size);
  }
}

// Does not fit anywhere: what uses it is stuck.
static void misfit(Generator *g) {
  switch (generator_below(g, 6)) {
  case 0: text(g, "(Alien (+ 1 2))"); break;
  case 1: generator_number(g); break;
  case 2: generator_string(g); break;
  case 3: text(g, generator_need(g, NEED_PARTIAL, "(Partial 1)")); break;
  case 4: text(g, generator_need(g, NEED_PARTIAL, "(Partial (Some (* 2 3)))")); break;
  default: text(g, "Nothing");
  }
}

// A number that is small, for counting down.
static void counter(Generator *g, uint32_t size) {
  if (generator_chance(g, 60))
    buffer_number(g->out, generator_below(g, generator_chance(g, 90) ? 5 : generator_chance(g, 80) ? 12 : 300));
  else
    text(g, "(% "), generator_expression(g, TYPE_NUMBER, size),
        buffer_format(g->out, " %u)", 1 + generator_below(g, 5));
}

static void stream(Generator *g, uint32_t size) {
  switch (size < 2 ? generator_below(g, 2) : generator_below(g, 6)) {
  case 0: text(g, generator_need(g, NEED_ONES, "Ones")); break;
  case 1:
    text(g, generator_need(g, NEED_FROM, "(From "));
    generator_expression(g, TYPE_NUMBER, size / 3), text(g, " "), generator_expression(g, TYPE_NUMBER, size / 3),
        text(g, ")");
    break;
  case 2:
    text(g, generator_need(g, NEED_ZIP, "(Zip "));
    stream(g, size / 2), text(g, " "), stream(g, size / 2), text(g, ")");
    break;
  case 3:
    text(g, generator_need(g, NEED_MAP, "(Map "));
    generator_expression(g, TYPE_FUNCTION, size / 2), text(g, " "), stream(g, size / 2), text(g, ")");
    break;
  case 4:
    text(g, "(List.cons "), generator_expression(g, TYPE_NUMBER, size / 2), text(g, " "), stream(g, size / 2),
        text(g, ")");
    break;
  default: {
    uint32_t name = g->fresh++;
    buffer_format(g->out, "let s%u = ", name), stream(g, size - 1);
    buffer_format(g->out, "; %s s%u s%u)", generator_need(g, NEED_ZIP, "(Zip"), name, name);
  }
  }
}

static void operator_call(Generator *g, const char *op, TypeId type, uint32_t size) {
  buffer_format(g->out, "(%s ", op);
  generator_expression(g, type, size / 2), text(g, " "), generator_expression(g, type, size / 2), text(g, ")");
}

static void divide(Generator *g, uint32_t size) {
  text(g, generator_chance(g, 50) ? "(/ " : "(% "), generator_expression(g, TYPE_NUMBER, size / 2);
  if (generator_chance(g, 80))
    buffer_format(g->out, " %u)", 1 + generator_below(g, 9));
  else if (generator_chance(g, 90))
    text(g, " (+ 1 (% "), generator_expression(g, TYPE_NUMBER, size / 2), text(g, " 5)))");
  else
    text(g, " "), generator_expression(g, TYPE_NUMBER, size / 2), text(g, ")");
}

static void arithmetic(Generator *g, uint32_t size) {
  static const char *const operators[] = {
      "+", "-", "*", "+", "-", "<", "<=", "==", ">=", ">", "!=", "&", "|", "^", "<<", ">>"};
  if (generator_chance(g, 12))
    divide(g, size);
  else
    operator_call(g, operators[generator_below(g, sizeof operators / sizeof *operators)], TYPE_NUMBER, size);
}

static void float_arithmetic(Generator *g, uint32_t size) {
  static const char *const operators[] = {"+", "-", "*", "/", "%", "<", "<=", "==", ">=", ">", "!=", "^"};
  operator_call(g, operators[generator_below(g, sizeof operators / sizeof *operators)], TYPE_FLOAT, size);
}

static void arguments(Generator *g, const Signature *function, uint32_t size, const char *smaller) {
  for (uint32_t i = 0; i < function->arity; i++) {
    uint32_t share = size / (function->arity + 1);
    text(g, " ");
    if (function->dropped[i] && generator_chance(g, 30))
      trap(g);
    else if (i == function->recursive && smaller)
      text(g, smaller);
    else if (i == function->recursive && function->arguments[i] == TYPE_NUMBER)
      counter(g, share);
    else
      generator_expression(g, function->arguments[i], share);
  }
}

void generator_call(Generator *g, uint32_t number, uint32_t size) {
  const Signature *function = &g->functions[number];
  if (function->arity) text(g, "(");
  buffer_format(g->out, "F%u", number);
  arguments(g, function, size, NULL);
  if (function->arity) text(g, ")");
}

static bool call(Generator *g, TypeId type, uint32_t size) {
  uint32_t candidates[FUNCTION_LIMIT], count = 0;
  for (uint32_t i = 0; i < g->function_count; i++)
    if (g->functions[i].result == type) candidates[count++] = i;
  if (count) generator_call(g, candidates[generator_below(g, count)], size);
  return count;
}

static bool call_self(Generator *g, TypeId type, uint32_t size) {
  if (!g->self_calls || !g->smaller.count || g->self->result != type) return false;
  uint32_t index = g->smaller.items[generator_below(g, (uint32_t)g->smaller.count)];
  if (is_hidden(g, index)) return false;
  g->self_calls--;
  const Variable *variable = &g->variables.items[index];
  char smaller[32];
  snprintf(smaller, sizeof smaller, variable->type == TYPE_NUMBER ? "(- %s 1)" : "%s", variable->name);
  buffer_format(g->out, "(F%u", (uint32_t)(g->self - g->functions));
  arguments(g, g->self, size, smaller);
  text(g, ")");
  return true;
}

// The head of an application goes into parentheses of its own: it may be a constructor without fields.
static bool apply(Generator *g, TypeId type, uint32_t size) {
  uint32_t candidates[TYPE_LIMIT], count = 0;
  for (uint32_t i = 0; i < TYPE_LIMIT - TYPE_FUNCTION; i++)
    if (g->arrows[i].result == type) candidates[count++] = i;
  if (!count) return false;
  uint32_t number = candidates[generator_below(g, count)];
  text(g, "((");
  generator_expression(g, TYPE_FUNCTION + number, size / 2);
  text(g, ") ");
  generator_expression(g, g->arrows[number].argument, size / 2);
  text(g, ")");
  return true;
}

static void bind_value(Generator *g, TypeId type, uint32_t size) {
  // In a λ nothing that may hold a function is cloned.
  TypeId value = g->lambdas ? generator_first_order_type(g) : generator_type(g);
  size_t scope = g->variables.count;
  Buffer *out = g->out, value_text = {0};
  g->out = &value_text;
  generator_expression(g, value, size / 3);
  g->out = out;
  if (generator_chance(g, 30)) {
    const char *first = bind(g, value, UNLIMITED, true);
    buffer_format(g->out, "dup %s ", first);
    buffer_format(g->out, "%s = ", bind(g, value, UNLIMITED, false));
  } else {
    buffer_format(g->out, "let %s = ", bind(g, value, UNLIMITED, true));
  }
  if (value_text.size) buffer_add(g->out, value_text.text, value_text.size);
  buffer_free(&value_text);
  text(g, generator_chance(g, 80) ? "; " : " ");
  generator_expression(g, type, size * 2 / 3);
  g->variables.count = scope;
}

static void branch(Generator *g, TypeId type, uint32_t size) {
  text(g, "if "), generator_expression(g, TYPE_NUMBER, size / 3);
  text(g, " {"), generator_expression(g, type, size / 3);
  text(g, "} else {"), generator_expression(g, type, size / 3), text(g, "}");
}

// (e λx body), written as an application or with ask.
static void continuation(Generator *g, TypeId type, uint32_t size) {
  size_t scope = g->variables.count;
  text(g, "ask k = (λv "), text(g, "λc (c v) "), generator_expression(g, TYPE_NUMBER, size / 2), text(g, ") ");
  Variable variable = {.name = "k", .type = TYPE_NUMBER, .left = 1};
  ARRAY_PUSH(&g->variables, variable);
  g->lambdas++;
  generator_expression(g, type, size / 2);
  g->lambdas--;
  g->variables.count = scope;
}

static void number_expression(Generator *g, uint32_t size) {
  if (generator_chance(g, 90)) {
    arithmetic(g, size);
    return;
  }
  if (generator_chance(g, 30)) {
    text(g, generator_need(g, NEED_MINUS, "(Minus (U60.swap "));
    for (int i = 0; i < 3; i++) generator_expression(g, TYPE_NUMBER, size / 3), text(g, i < 2 ? " " : "))");
    return;
  }
  text(g, generator_need(g, NEED_FOLD, "(Fold ")), lambda(g, TYPE_FUNCTION + 1, size / 3), text(g, " ");
  generator_expression(g, TYPE_NUMBER, size / 3), text(g, " "), generator_expression(g, TYPE_LIST, size / 3),
      text(g, ")");
}

static void list_expression(Generator *g, uint32_t size) {
  if (generator_chance(g, 60)) {
    list(g, size);
  } else if (generator_chance(g, 60)) {
    text(g, generator_need(g, NEED_TAKE, "(Take "));
    counter(g, size / 2), text(g, " "), stream(g, size / 2), text(g, ")");
  } else {
    text(g, generator_need(g, NEED_MAP, "(Map "));
    generator_expression(g, TYPE_FUNCTION, size / 2), text(g, " "), generator_expression(g, TYPE_LIST, size / 2),
        text(g, ")");
  }
}

static void string_expression(Generator *g, uint32_t size) {
  if (generator_chance(g, 60)) {
    generator_string(g);
    return;
  }
  text(g, "(String.cons "), generator_expression(g, TYPE_NUMBER, size / 2), text(g, " ");
  generator_expression(g, TYPE_STRING, size / 2), text(g, ")");
}

static void function_expression(Generator *g, TypeId type, uint32_t size) {
  if (type != TYPE_FUNCTION || generator_chance(g, 70)) {
    lambda(g, type, size);
  } else if (generator_chance(g, 60)) {
    text(g, generator_need(g, NEED_COMPOSE, "(Compose "));
    generator_expression(g, type, size / 2), text(g, " "), generator_expression(g, type, size / 2), text(g, ")");
  } else {
    text(g, generator_need(g, NEED_TWICE, "(Twice ")), generator_expression(g, type, size - 1), text(g, ")");
  }
}

void generator_expression(Generator *g, TypeId type, uint32_t size) {
  if (size < 2) {
    leaf(g, type);
    return;
  }
  if (generator_chance(g, 40) && call_self(g, type, size)) return;
  uint32_t choice = generator_below(g, 100);
  if (choice < 10 && use_variable(g, type)) return;
  if (choice < 30 && call(g, type, size)) return;
  if (choice < 36 && apply(g, type, size)) return;
  if (choice < 46)
    bind_value(g, type, size);
  else if (choice < 52)
    branch(g, type, size);
  else if (choice < 55)
    trapped(g, type, size);
  else if (choice < 57)
    continuation(g, type, size);
  else if (choice < 58)
    misfit(g);
  else if (type == TYPE_NUMBER)
    number_expression(g, size);
  else if (type == TYPE_FLOAT)
    float_arithmetic(g, size);
  else if (type == TYPE_STRING)
    string_expression(g, size);
  else if (type == TYPE_LIST)
    list_expression(g, size);
  else if (is_data(type))
    construct(g, type, size);
  else
    function_expression(g, type, size);
}
