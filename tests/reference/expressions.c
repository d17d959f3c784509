#include "recursive.h"

enum { FIRST_SIZE = 12 }; // of what a function recurs on

static void argument(Recursive *g, char kind, uint32_t size);

// Leaves

// A copy: the locals move when others come.
static bool find_local(Recursive *g, char type, bool risky, Local *found) {
  if (g->lambdas && (type == 'f' || type == 'g')) return false; // in a λ nothing that is a function is cloned
  uint32_t seen = 0;
  for (size_t i = 0; i < g->locals.count; i++) {
    const Local *local = &g->locals.items[i];
    if (local->type == type && local->risky == risky && recursive_below(g, ++seen) == 0) *found = *local;
  }
  return seen != 0;
}

static bool use_local(Recursive *g, char type) {
  uint32_t daring = g->branches ? 9 : 2; // what may be a trap is wanted now and then
  Local local;
  bool found = find_local(g, type, recursive_chance(g, daring), &local);
  if (found) put(g, "%s", local.name);
  return found;
}

static void number(Recursive *g) {
  static const char *const large[] = {"1152921504606846975", "1152921504606846974", "0xFFFFFFFFFFFFFF",
                                      "576460752303423488"};
  uint32_t choice = recursive_below(g, 100);
  if (choice < 88)
    put(g, "%u", recursive_below(g, choice < 60 ? 4 : 30));
  else if (choice < 96)
    put(g, "%u", recursive_below(g, 100000));
  else if (choice < 99)
    put(g, "%s", large[recursive_below(g, 4)]);
  else
    put(g, "'%c'", 'a' + (char)recursive_below(g, 26));
}

static void chain(Recursive *g, uint32_t size) {
  uint32_t count = recursive_below(g, 4);
  for (uint32_t i = 0; i < count; i++) put(g, "(Cons "), recursive_expression(g, 'n', size / 4), put(g, " ");
  put(g, "Nil");
  for (uint32_t i = 0; i < count; i++) put(g, ")");
}

static void list(Recursive *g, uint32_t size) {
  put(g, "[");
  for (uint32_t i = recursive_below(g, 4); i; i--) recursive_expression(g, 'n', size / 4), put(g, i > 1 ? " " : "");
  put(g, "]");
}

static void construct(Recursive *g, char type, uint32_t size) {
  const Shape *shapes[8];
  uint32_t count = 0;
  for (uint32_t i = 0; i < SHAPE_COUNT; i++)
    if (SHAPES[i].type == type) shapes[count++] = &SHAPES[i];
  const Shape *shape = shapes[size < 2 ? 0 : recursive_below(g, count)];
  bool bare = !*shape->fields;
  put(g, bare ? "%s" : "(%s", shape->name);
  for (const char *field = shape->fields; *field; field++) put(g, " "), recursive_expression(g, *field, size / 3);
  if (!bare) put(g, ")");
}

static void lambda(Recursive *g, char type, uint32_t size) {
  size_t scope = g->locals.count;
  g->lambdas++;
  for (int i = type == 'g' ? 2 : 1; i; i--) {
    if (recursive_chance(g, 10))
      put(g, "λ* ");
    else
      put(g, "λ%s ", recursive_bind(g, 'n', false));
  }
  recursive_expression(g, 'n', size < 2 && g->lambdas < 3 ? 3 : size);
  g->lambdas--;
  g->locals.count = scope;
}

void recursive_literal(Recursive *g, char type) {
  static const char *const floats[] = {"0.5", "1.0", "2.25", "0.1", "1.0e10"};
  switch (type) {
  case 'n': number(g); break;
  case 'x': put(g, "%s", floats[recursive_below(g, 5)]); break;
  case 's': put(g, "\"%.*s\"", (int)recursive_below(g, 4), "abc"); break;
  case 'f':
  case 'g': lambda(g, type, 0); break;
  case 'c': chain(g, 0); break;
  case 'l': list(g, 0); break;
  default: construct(g, type, recursive_below(g, 4));
  }
}

static void leaf(Recursive *g, char type) {
  if (!recursive_chance(g, 85) || !use_local(g, type)) recursive_literal(g, type);
}

// Traps

// Never a value, whatever type is wanted.
static void bottom(Recursive *g) {
  uint32_t choice = recursive_below(g, 100);
  if (choice < 30)
    put(g, "(%s ", recursive_need(g, "Loop")), recursive_expression(g, 'n', 1), put(g, ")");
  else if (choice < 45)
    put(g, "(%s ", recursive_need(g, "Slow")), recursive_expression(g, 'n', 1), put(g, ")");
  else if (choice < 60)
    put(g, "(%s ", recursive_need(g, "Bang")), recursive_expression(g, 'n', 1), put(g, ")");
  else if (choice < 80)
    put(g, "(%c ", "/%"[recursive_below(g, 2)]), recursive_expression(g, 'n', 1), put(g, " 0)");
  else if (choice < 92)
    put(g, "%s", recursive_need(g, "Hang"));
  else
    put(g, "(%s 1)", recursive_need(g, "Deep"));
}

static void stream(Recursive *g, uint32_t size) {
  switch (recursive_below(g, size < 2 ? 4 : 8)) {
  case 0: put(g, "%s", recursive_need(g, "Ones")); break;
  case 1: put(g, "%s", recursive_need(g, "Fibs")); break;
  case 2: put(g, "(%s ", recursive_need(g, "Knot")), recursive_expression(g, 'n', 1), put(g, ")"); break;
  case 3: put(g, "(%s ", recursive_need(g, "From")), recursive_expression(g, 'n', size / 2), put(g, ")"); break;
  case 4:
    put(g, "(Cons "), recursive_expression(g, 'n', size / 2), put(g, " "), stream(g, size / 2), put(g, ")");
    break;
  case 5:
    put(g, "(%s ", recursive_need(g, "Iterate")), recursive_expression(g, 'f', size / 2), put(g, " ");
    recursive_expression(g, 'n', size / 2), put(g, ")");
    break;
  case 6:
    put(g, "(%s ", recursive_need(g, "Map")), recursive_expression(g, 'f', size / 2), put(g, " "), stream(g, size / 2),
        put(g, ")");
    break;
  default:
    put(g, "(%s ", recursive_need(g, "Scan")), recursive_expression(g, 'g', size / 2), put(g, " ");
    recursive_expression(g, 'n', 1), put(g, " "), stream(g, size / 2), put(g, ")");
  }
}

// Something of a type with a trap inside.
static void hollow(Recursive *g, char type) {
  switch (type) {
  case 'c':
    if (recursive_chance(g, 50)) {
      stream(g, 3);
      return;
    }
    put(g, "(Cons "), bottom(g), put(g, recursive_chance(g, 50) ? " Nil)" : " (Cons 1 Nil))");
    break;
  case 'l': put(g, "[1 "), bottom(g), put(g, "]"); break;
  case 'p':
    if (recursive_chance(g, 50))
      put(g, "(Pair 1 "), bottom(g), put(g, ")");
    else
      put(g, "(Pair "), bottom(g), put(g, " 2)");
    break;
  case 'd': put(g, "(Duo 3 "), hollow(g, 'c'), put(g, ")"); break;
  case 'm': put(g, "(Some "), bottom(g), put(g, ")"); break;
  case 't':
    if (recursive_chance(g, 50))
      put(g, "(%s 1)", recursive_need(g, "Tree"));
    else
      put(g, "(Node Leaf 1 "), bottom(g), put(g, ")");
    break;
  case 'e': put(g, "(Cond (Lit 1) (Lit 2) "), bottom(g), put(g, ")"); break;
  case 'a': put(g, "(Entry (Pair 1 "), bottom(g), put(g, ") End)"); break;
  default: bottom(g);
  }
}

// Arguments

static void ragged(Recursive *g, uint32_t size) {
  uint32_t count = 1 + recursive_below(g, 4);
  for (uint32_t i = 0; i < count; i++) {
    put(g, "(Cons ");
    if (recursive_chance(g, 40))
      bottom(g);
    else
      recursive_expression(g, 'n', size / 4);
    put(g, " ");
  }
  put(g, "Nil");
  for (uint32_t i = 0; i < count; i++) put(g, ")");
}

static void counter(Recursive *g, uint32_t size) {
  if (size > 2 && !g->in_main && recursive_chance(g, 40))
    put(g, "(& "), recursive_expression(g, 'n', size / 2), put(g, " %u)", recursive_chance(g, 80) ? 3 : 7);
  else
    put(g, "%u", g->in_main ? recursive_below(g, 12) * g->scale : recursive_below(g, recursive_chance(g, 90) ? 5 : 12));
}

// A trap in most cases; what is lazy itself is passed on.
static void lazy_argument(Recursive *g, char kind, uint32_t size) {
  char type = kind_type(kind);
  Local risky;
  bool found = find_local(g, type, true, &risky);
  uint32_t choice = recursive_below(g, 100);
  if (found && choice < 45)
    put(g, "%s", risky.name);
  else if (found && choice < 58 && type == 'n')
    put(g, "(%c ", "+-*"[recursive_below(g, 3)]), recursive_expression(g, 'n', 1), put(g, " %s)", risky.name);
  else if (found && choice < 60 && type == 'c')
    put(g, "(Cons "), recursive_expression(g, 'n', 1), put(g, " %s)", risky.name);
  else if (choice < 75)
    bottom(g);
  else if (choice < 83)
    hollow(g, type);
  else
    argument(g, (char)tolower(kind), size);
}

static void argument(Recursive *g, char kind, uint32_t size) {
  if (isupper((unsigned char)kind))
    lazy_argument(g, kind, size);
  else if (kind == 'k')
    counter(g, size);
  else if (kind == 'i' && recursive_chance(g, 60))
    stream(g, size);
  else if (kind == 'r' && recursive_chance(g, 50))
    ragged(g, size);
  else
    recursive_expression(g, kind_type(kind), size);
}

// An argument of a call that goes on: an accumulator takes something in.
static void next_argument(Recursive *g, char kind, uint32_t size) {
  Local local;
  bool found = !isupper((unsigned char)kind) && find_local(g, kind_type(kind), false, &local);
  uint32_t choice = recursive_below(g, 100);
  if (found && choice < 25)
    put(g, "%s", local.name);
  else if (found && choice < 65 && local.type == 'n')
    put(g, "(%c %s ", "++-*^"[recursive_below(g, 5)], local.name), recursive_expression(g, 'n', size), put(g, ")");
  else if (found && choice < 65 && local.type == 'c')
    put(g, "(Cons "), recursive_expression(g, 'n', size), put(g, " %s)", local.name);
  else
    argument(g, kind, size);
}

// Data of many constructors.
static void grown(Recursive *g, char type, uint32_t size) {
  const Shape *found = NULL;
  uint32_t seen = 0, first = UINT32_MAX, parts = 0;
  for (uint32_t i = 0; i < SHAPE_COUNT; i++) {
    if (SHAPES[i].type != type) continue;
    if (first == UINT32_MAX) first = i; // it ends the data
    if (i == first ? size < 2 : size >= 2 && recursive_below(g, ++seen) == 0) found = &SHAPES[i];
  }
  if (!found) {
    recursive_expression(g, type, size);
    return;
  }
  for (const char *field = found->fields; *field; field++) parts += *field == type;
  put(g, *found->fields ? "(%s" : "%s", found->name);
  for (const char *field = found->fields; *field; field++) {
    put(g, " ");
    if (*field == type)
      grown(g, type, (size - 1) / parts);
    else
      recursive_expression(g, *field, 2);
  }
  if (*found->fields) put(g, ")");
}

// What a function of Main recurs on.
static void first_argument(Recursive *g, char kind) {
  char type = kind_type(kind);
  if (g->scale > 1 && type == 'c')
    put(g, "(%s %u 1)", recursive_need(g, "Range"), g->scale * (1 + recursive_below(g, 10)));
  else if (g->scale > 1 && type == 's')
    put(g, "(%s %u 1)", recursive_need(g, "Text"), g->scale * (1 + recursive_below(g, 10)));
  else if (g->scale > 1 && type == 't')
    put(g, "(%s %u 1)", recursive_need(g, "Grow"), 8 + recursive_below(g, 6));
  else if (kind == 'k' || recursive_chance(g, 20))
    argument(g, kind, FIRST_SIZE);
  else
    grown(g, type, FIRST_SIZE);
}

void recursive_call(Recursive *g, const Callee *callee, const char *smaller, uint32_t size) {
  uint32_t count = (uint32_t)strlen(callee->kinds);
  bool at_top = g->at_top;
  g->at_top = false;
  put(g, count ? "(%s" : "%s", callee->name);
  for (uint32_t i = 0; i < count; i++) {
    put(g, " ");
    if (i == 0 && at_top)
      first_argument(g, callee->kinds[0]);
    else if (i == 0 && smaller)
      put(g, "%s", smaller);
    else if (smaller)
      next_argument(g, callee->kinds[i], size / (count + 1));
    else
      argument(g, callee->kinds[i], size / (count + 1));
  }
  if (count) put(g, ")");
}

static bool call_self(Recursive *g, char type, uint32_t size) {
  if (!g->self_calls || !g->smaller.count || g->self[0]->result != type) return false;
  const Local *local = &g->locals.items[g->smaller.items[recursive_below(g, (uint32_t)g->smaller.count)]];
  char smaller[NAME_SIZE + 8];
  snprintf(smaller, sizeof smaller, local->type == 'n' ? "(- %s 1)" : "%s", local->name);
  g->self_calls--;
  recursive_call(g, g->self[recursive_below(g, 2)], smaller, size);
  return true;
}

// In a λ no functions are passed on: cloned λs that clone such variables are what lazy cloning cannot do.
static bool may_call(const Recursive *g, const char *kinds) { return !g->lambdas || !strpbrk(kinds, "fgFG"); }

static bool call(Recursive *g, char type, uint32_t size) {
  uint32_t seen = 0;
  const Callee *found = NULL;
  for (uint32_t i = 0; i < g->callee_count; i++)
    if (g->callees[i].result == type && recursive_below(g, ++seen) == 0) found = &g->callees[i];
  if (!found || !may_call(g, found->kinds)) return false;
  recursive_call(g, found, NULL, size);
  return true;
}

static bool call_library(Recursive *g, char type, uint32_t size) {
  uint32_t seen = 0;
  const Library *found = NULL;
  for (uint32_t i = 0; i < LIBRARY_COUNT; i++)
    if (LIBRARY[i].result == type && recursive_below(g, ++seen) == 0) found = &LIBRARY[i];
  if (!found || !may_call(g, found->kinds)) return false;
  recursive_need(g, found->name);
  Callee callee = {.result = type};
  snprintf(callee.name, sizeof callee.name, "%s", found->name);
  snprintf(callee.kinds, sizeof callee.kinds, "%s", found->kinds);
  recursive_call(g, &callee, NULL, size);
  return true;
}

// Terms

static void operation(Recursive *g, uint32_t size) {
  static const char *const operators[] = {
      "+", "-", "*", "+", "-", "<", "<=", "==", ">=", ">", "!=", "&", "|", "^", "<<", ">>"};
  uint32_t choice = recursive_below(g, 100);
  if (choice < 88) {
    put(g, "(%s ", operators[recursive_below(g, 16)]);
    recursive_expression(g, 'n', size / 2), put(g, " "), recursive_expression(g, 'n', size / 2), put(g, ")");
    return;
  }
  put(g, "(%c ", "/%"[recursive_below(g, 2)]), recursive_expression(g, 'n', size / 2);
  if (choice < 92)
    put(g, " %u)", 1 + recursive_below(g, 9));
  else if (choice < 98)
    put(g, " (+ 1 (& "), recursive_expression(g, 'n', size / 2), put(g, " 7)))");
  else
    put(g, " "), recursive_expression(g, 'n', size / 2), put(g, ")");
}

static const char SIMPLE_TYPES[] = "nnnnnncccclltpdmes";

// A value with a name: used several times, or never and then maybe a trap.
static void bind_value(Recursive *g, char type, uint32_t size) {
  size_t scope = g->locals.count;
  char value = recursive_pick(g, SIMPLE_TYPES);
  bool risky = recursive_chance(g, 35), twice = recursive_chance(g, 20);
  Buffer *out = g->out, text = {0};
  g->out = &text;
  if (risky)
    lazy_argument(g, (char)toupper(value), size / 3);
  else
    recursive_expression(g, value, size / 3);
  g->out = out;
  const char *name = recursive_bind(g, value, risky);
  if (twice)
    put(g, "dup %s ", name), put(g, "%s", recursive_bind(g, value, risky));
  else
    put(g, "let %s", name);
  put(g, " = %s%s", text.text, recursive_chance(g, 80) ? "; " : " ");
  buffer_free(&text);
  bool offered = g->offers && !twice && recursive_chance(g, 60);
  if (offered) put(g, "(HVM.spark %s ", g->locals.items[scope].name);
  recursive_expression(g, type, size * 2 / 3);
  if (offered) put(g, ")");
  g->locals.count = scope;
}

// One value that is used twice, once only in part.
static void use_partly(Recursive *g, uint32_t size) {
  size_t scope = g->locals.count;
  put(g, "let "), put(g, "%s = ", recursive_bind(g, 'c', false));
  char name[NAME_SIZE];
  snprintf(name, sizeof name, "%s", g->locals.items[scope].name);
  g->locals.count = scope;
  if (recursive_chance(g, 60)) {
    stream(g, size / 2);
    put(g, "; (+ (%s %u %s) ", recursive_need(g, "Nth"), recursive_below(g, 4), name);
    put(g, "(%s (%s %u %s) 0))", recursive_need(g, "Total"), recursive_need(g, "Take"), recursive_below(g, 5), name);
  } else {
    ragged(g, size / 2);
    put(g, "; (+ (%s %s) (%s (%s 1 %s)))", recursive_need(g, "Len"), name, recursive_need(g, "Len"),
        recursive_need(g, "Drop"), name);
  }
}

static void branch(Recursive *g, char type, uint32_t size) {
  bool call = recursive_chance(g, 40);
  uint32_t calls = g->self_calls;
  put(g, call ? "(U60.if " : "if "), recursive_expression(g, 'n', size / 3), put(g, call ? " " : " {");
  g->branches++;
  recursive_body(g, type, size / 3), put(g, call ? " " : "} else {");
  g->self_calls = calls; // each branch may go on
  if (recursive_chance(g, 10))
    bottom(g);
  else
    recursive_body(g, type, size / 3);
  put(g, call ? ")" : "}");
  g->branches--;
}

// What does not fit: a λ, another type's constructor, a stuck call, a superposition.
static void misfit(Recursive *g, char type) {
  switch (recursive_below(g, 8)) {
  case 0: lambda(g, 'f', 2); break;
  case 1: put(g, "(%s 3)", recursive_need(g, "Partial")); break;
  case 2: put(g, "(%s Nil)", recursive_need(g, "Head")); break;
  case 3: put(g, "(Some (+ 1 2))"); break;
  case 4: number(g); break;
  case 5: put(g, "0.5"); break;
  case 6: recursive_literal(g, recursive_pick(g, SIMPLE_TYPES)); break;
  default: recursive_literal(g, type);
  }
}

static bool rare(Recursive *g, char type, uint32_t size) {
  if (g->superposes && recursive_chance(g, 8)) {
    put(g, "{"), recursive_expression(g, type, size / 2), put(g, " "), recursive_expression(g, type, size / 2),
        put(g, "}");
    return true;
  }
  if (g->scopeless && type == 'n' && recursive_chance(g, 15)) {
    uint32_t name = g->fresh++;
    put(g, "(+ $s%u ((λ$s%u ", name, name), recursive_expression(g, type, size / 2);
    put(g, ") "), recursive_expression(g, 'n', size / 2), put(g, "))");
    return true;
  }
  if (g->offers && recursive_chance(g, 6)) {
    put(g, "(HVM.spark ");
    if (!use_local(g, recursive_pick(g, SIMPLE_TYPES)))
      lazy_argument(g, (char)toupper(recursive_pick(g, SIMPLE_TYPES)), size / 3);
    put(g, " "), recursive_expression(g, type, size * 2 / 3), put(g, ")");
    return true;
  }
  if (recursive_chance(g, g->logs)) {
    put(g, "(HVM.log ");
    if (recursive_chance(g, 70))
      recursive_literal(g, 'n');
    else
      recursive_expression(g, 'n', size / 2);
    put(g, " "), recursive_expression(g, type, size - 1), put(g, ")");
    return true;
  }
  return false;
}

static void apply(Recursive *g, uint32_t size) {
  bool two = recursive_chance(g, 40);
  if (recursive_chance(g, 10)) {
    put(g, "((%s %u) ", recursive_need(g, "Church"), recursive_below(g, 5)), lambda(g, 'f', 3), put(g, " ");
    recursive_expression(g, 'n', size / 2), put(g, ")");
    return;
  }
  put(g, "((");
  if (g->lambdas)
    lambda(g, two ? 'g' : 'f', size / 2);
  else
    recursive_expression(g, two ? 'g' : 'f', size / 2);
  put(g, ") "), argument(g, recursive_chance(g, 15) ? 'N' : 'n', size / 3);
  if (two) put(g, " "), recursive_expression(g, 'n', size / 3);
  put(g, ")");
}

static void build(Recursive *g, char type, uint32_t size) {
  switch (type) {
  case 'n':
    if (recursive_chance(g, 10))
      apply(g, size);
    else if (recursive_chance(g, 8))
      use_partly(g, size);
    else
      operation(g, size);
    break;
  case 'x':
    put(g, "(%c ", "+-*/<%"[recursive_below(g, 6)]), recursive_expression(g, 'x', size / 2), put(g, " ");
    recursive_expression(g, 'x', size / 2), put(g, ")");
    break;
  case 'f':
  case 'g': lambda(g, type, size); break;
  case 'c':
    if (recursive_chance(g, 40))
      chain(g, size);
    else
      put(g, "(Cons "), recursive_expression(g, 'n', size / 2), put(g, " "), recursive_expression(g, 'c', size / 2),
          put(g, ")");
    break;
  case 'l':
    if (recursive_chance(g, 50)) {
      list(g, size);
      break;
    } // fall through
  default: construct(g, type, size);
  }
}

void recursive_expression(Recursive *g, char type, uint32_t size) {
  if (size < 2) {
    leaf(g, type);
    return;
  }
  if (rare(g, type, size) || (recursive_chance(g, 45) && call_self(g, type, size))) return;
  uint32_t choice = recursive_below(g, 1000);
  if (choice < 120 && use_local(g, type)) return;
  if (choice < 300 && call(g, type, size)) return;
  if (choice < 480 && call_library(g, type, size)) return;
  if (choice < 540)
    bind_value(g, type, size);
  else if (choice < 600)
    branch(g, type, size);
  else if (choice < 604)
    misfit(g, type);
  else if (choice < 605)
    bottom(g);
  else
    build(g, type, size);
}
