#include "match.h"

// What a rule still demands on a path of the tree: a pattern at an occurrence. Variables demand nothing, except that a
// strict mark demands a value.
typedef struct {
  uint32_t occurrence;
  Term *pattern;
} Demand;
typedef struct Row {
  Rule *rule;
  uint32_t count;
  Demand demands[];
} Row;
typedef ARRAY(Row *) Rows;

typedef struct {
  Program *program;
  Function *function;
  size_t budget; // rows that may still be copied before chains are used
} Matcher;

enum { ROWS_PER_RULE = 32, LEAST_ROWS = 20000 };

static Term *look_through(Term *pattern) {
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  return pattern;
}

uint32_t match_constructor(const Term *pattern, NameId *name) {
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  switch (pattern->kind) {
  case TERM_CALL: return *name = pattern->call.name, pattern->call.count;
  case TERM_STRING:
    return *name = pattern->string.count ? NAME_STRING_CONS : NAME_STRING_NIL, pattern->string.count ? 2 : 0;
  case TERM_LIST: return *name = pattern->list.count ? NAME_LIST_CONS : NAME_LIST_NIL, pattern->list.count ? 2 : 0;
  default: return UINT32_MAX;
  }
}

Term *match_subpattern(Arena *arena, Term *pattern, uint32_t field) {
  pattern = look_through(pattern);
  if (pattern->kind == TERM_CALL) return pattern->call.arguments[field];
  if (pattern->kind == TERM_LIST && field == 0) return pattern->list.items[0];
  Term *part = ARENA_NEW(arena, Term);
  part->span = pattern->span;
  if (field == 0) {
    part->kind = TERM_NUMBER;
    part->number = number_u60(pattern->string.codes[0]);
  } else if (pattern->kind == TERM_STRING) {
    part->kind = TERM_STRING;
    part->string.codes = pattern->string.codes + 1;
    part->string.count = pattern->string.count - 1;
  } else {
    part->kind = TERM_LIST;
    part->list.items = pattern->list.items + 1;
    part->list.count = pattern->list.count - 1;
  }
  return part;
}

uint32_t match_field(Function *function, uint32_t parent, uint32_t field) {
  uint32_t child = function->occurrences.items[parent].first_child;
  while (child && function->occurrences.items[child].field != field)
    child = function->occurrences.items[child].next_sibling;
  if (child) return child;
  child = (uint32_t)function->occurrences.count;
  uint32_t sibling = function->occurrences.items[parent].first_child;
  uint32_t depth = function->occurrences.items[parent].depth + 1,
           argument = function->occurrences.items[parent].argument;
  ARRAY_PUSH(
      &function->occurrences,
      (Occurrence){.parent = parent, .field = field, .argument = argument, .depth = depth, .next_sibling = sibling});
  function->occurrences.items[parent].first_child = child;
  return child;
}

static bool is_variable(Term *pattern) { return look_through(pattern)->kind == TERM_VARIABLE; }

// Does the pattern demand a value at an occurrence that may not be one yet?
static bool is_demand(Term *pattern) { return pattern->kind == TERM_STRICT || pattern->kind != TERM_VARIABLE; }

static bool same_key(const Term *a, const Term *b) {
  NameId x = 0, y = 0;
  while (a->kind == TERM_STRICT) a = a->strict.argument;
  while (b->kind == TERM_STRICT) b = b->strict.argument;
  if (a->kind == TERM_NUMBER || b->kind == TERM_NUMBER) return a->kind == b->kind && a->number == b->number;
  return match_constructor(a, &x) == match_constructor(b, &y) && x == y;
}

static uint64_t key_hash(const Term *pattern) {
  NameId name = 0;
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  uint64_t key =
      pattern->kind == TERM_NUMBER ? pattern->number * 2 + 1 : (match_constructor(pattern, &name), (uint64_t)name * 2);
  return key * UINT64_C(0x9E3779B97F4A7C15) >> 20;
}

static Row *new_row(Rule *rule, uint32_t capacity) {
  Row *row = malloc(sizeof *row + capacity * sizeof row->demands[0]);
  if (!row) memory_exhausted();
  row->rule = rule;
  row->count = 0;
  return row;
}

static Row *copy_row(const Row *row) {
  Row *copy = new_row(row->rule, row->count);
  copy->count = row->count;
  memcpy(copy->demands, row->demands, row->count * sizeof row->demands[0]);
  return copy;
}

static uint32_t find_demand(const Row *row, uint32_t occurrence) {
  for (uint32_t i = 0; i < row->count; i++)
    if (row->demands[i].occurrence == occurrence) return i;
  return UINT32_MAX;
}

// Outer occurrences come before inner ones, those of a level from left to right.
static bool comes_before(const Function *function, uint32_t a, uint32_t b) {
  const Occurrence *all = function->occurrences.items;
  if (all[a].depth != all[b].depth) return all[a].depth < all[b].depth;
  if (all[a].argument != all[b].argument) return all[a].argument < all[b].argument;
  while (all[a].depth > 0 && all[a].parent != all[b].parent) a = all[a].parent, b = all[b].parent;
  return all[a].field < all[b].field;
}

// Demands are in the order of their occurrences, so that a field is reduced only for a rule whose outer patterns match.
static void add_demand(const Function *function, Row *row, Demand demand) {
  uint32_t at = row->count++;
  for (; at > 0 && comes_before(function, demand.occurrence, row->demands[at - 1].occurrence); at--)
    row->demands[at] = row->demands[at - 1];
  row->demands[at] = demand;
}

// The row after its demand number `at` was met: the pattern's fields may have demands of their own.
static Row *open_row(Matcher *matcher, const Row *row, uint32_t at) {
  Demand met = row->demands[at];
  NameId name;
  uint32_t fields = is_variable(met.pattern) ? UINT32_MAX : match_constructor(met.pattern, &name);
  if (fields == UINT32_MAX) fields = 0;
  Row *opened = new_row(row->rule, row->count + fields);
  for (uint32_t i = 0; i < row->count; i++)
    if (i != at) opened->demands[opened->count++] = row->demands[i];
  for (uint32_t k = 0; k < fields; k++) {
    Term *part = match_subpattern(&matcher->program->arena, met.pattern, k);
    if (!is_demand(part)) continue;
    uint32_t occurrence = match_field(matcher->function, met.occurrence, k);
    add_demand(matcher->function, opened, (Demand){occurrence, part});
  }
  return opened;
}

static void free_rows(Rows *rows) {
  for (size_t i = 0; i < rows->count; i++) free(rows->items[i]);
  ARRAY_FREE(rows);
}

static Tree *new_tree(Matcher *matcher, TreeKind kind) {
  Tree *tree = ARENA_NEW(&matcher->program->arena, Tree);
  tree->kind = kind;
  return tree;
}

// calls: the key names a function, so what is there is a stuck call of it, which no variable matches.
typedef struct {
  Term *key;
  Rows rows;
  bool calls;
} Group;
typedef ARRAY(Group) Groups;

// Finds or adds the group of a key. A new group begins with the rows that match anything and came before.
static Rows *group_of(const Program *program, Groups *groups, uint32_t **slots, size_t *slot_count, Term *key,
                      const Rows *any) {
  if ((groups->count + 1) * 2 > *slot_count) {
    free(*slots);
    *slot_count = *slot_count ? *slot_count * 4 : 16;
    *slots = calloc(*slot_count, sizeof **slots);
    if (!*slots) memory_exhausted();
    for (size_t i = 0; i < groups->count; i++) {
      size_t at = key_hash(groups->items[i].key) & (*slot_count - 1);
      while ((*slots)[at]) at = (at + 1) & (*slot_count - 1);
      (*slots)[at] = (uint32_t)i + 1;
    }
  }
  size_t at = key_hash(key) & (*slot_count - 1);
  for (; (*slots)[at]; at = (at + 1) & (*slot_count - 1))
    if (same_key(groups->items[(*slots)[at] - 1].key, key)) return &groups->items[(*slots)[at] - 1].rows;
  NameId name;
  bool calls = match_constructor(key, &name) != UINT32_MAX && program->names.items[name].function;
  ARRAY_PUSH(groups, (Group){.key = key, .calls = calls});
  (*slots)[at] = (uint32_t)groups->count;
  Rows *rows = &groups->items[groups->count - 1].rows;
  for (size_t i = 0; i < any->count && !calls; i++) ARRAY_PUSH(rows, copy_row(any->items[i]));
  return rows;
}

static Tree *build(Matcher *matcher, Rows *rows);

// Tests the first row alone, then the others.
static Tree *build_chain(Matcher *matcher, Rows *rows) {
  Tree *chain = NULL, **link = &chain;
  for (size_t i = 0; i < rows->count; i++) {
    Rows one = {0};
    ARRAY_PUSH(&one, rows->items[i]);
    *link = new_tree(matcher, TREE_CHAIN);
    (*link)->first = build(matcher, &one);
    link = &(*link)->otherwise;
  }
  *link = new_tree(matcher, TREE_FAIL);
  ARRAY_FREE(rows);
  return chain;
}

static void free_groups(Groups *groups) {
  for (size_t i = 0; i < groups->count; i++) free_rows(&groups->items[i].rows);
  ARRAY_FREE(groups);
}

static Tree *build_switch(Matcher *matcher, Rows *rows) {
  uint32_t occurrence = rows->items[0]->demands[0].occurrence;
  Groups groups = {0};
  Rows any = {0};
  uint32_t *slots = NULL;
  size_t slot_count = 0, copied = 0;
  for (size_t i = 0; i < rows->count; i++) {
    if (copied > matcher->budget + 2 * rows->count) { // rows that match anything go into every group: too many
      free(slots);
      free_groups(&groups);
      free_rows(&any);
      matcher->budget = 0;
      return build_chain(matcher, rows);
    }
    Row *row = rows->items[i];
    uint32_t at = find_demand(row, occurrence);
    copied++;
    if (at != UINT32_MAX && !is_variable(row->demands[at].pattern)) {
      size_t known = groups.count;
      Rows *group =
          group_of(matcher->program, &groups, &slots, &slot_count, look_through(row->demands[at].pattern), &any);
      ARRAY_PUSH(group, open_row(matcher, row, at));
      if (groups.count > known) copied += any.count;
      continue;
    }
    Row *kept = at == UINT32_MAX ? copy_row(row) : open_row(matcher, row, at);
    for (size_t g = 0; g < groups.count; g++)
      if (!groups.items[g].calls) {
        ARRAY_PUSH(&groups.items[g].rows, copy_row(kept));
        copied++;
      }
    ARRAY_PUSH(&any, kept);
  }
  free(slots);
  free_rows(rows);
  matcher->budget = matcher->budget > copied ? matcher->budget - copied : 0;
  Tree *tree = new_tree(matcher, TREE_SWITCH);
  tree->occurrence = occurrence;
  tree->case_count = (uint32_t)groups.count;
  tree->cases = ARENA_ARRAY(&matcher->program->arena, TreeCase, groups.count);
  for (size_t i = 0; i < groups.count; i++) {
    Term *key = groups.items[i].key;
    TreeCase *one = &tree->cases[i];
    one->kind = key->kind == TERM_NUMBER ? KEY_NUMBER : KEY_NAME;
    if (one->kind == KEY_NUMBER)
      one->number = key->number;
    else
      match_constructor(key, &one->name);
    one->tree = build(matcher, &groups.items[i].rows);
  }
  tree->otherwise = build(matcher, &any);
  ARRAY_FREE(&groups);
  return tree;
}

// Consumes the rows.
static Tree *build(Matcher *matcher, Rows *rows) {
  if (rows->count == 0) return new_tree(matcher, TREE_FAIL);
  if (rows->items[0]->count > 0)
    return rows->count > 1 && matcher->budget == 0 ? build_chain(matcher, rows) : build_switch(matcher, rows);
  Tree *leaf = new_tree(matcher, TREE_RULE);
  leaf->rule = rows->items[0]->rule;
  leaf->rule->reachable = true;
  free_rows(rows);
  return leaf;
}

// Does some rule name a function at this argument? Then a stuck call may be there, and a variable demands that it is
// not.
static bool names_function(const Program *program, const Function *function, uint32_t argument) {
  for (size_t i = 0; i < function->rules.count; i++) {
    NameId name;
    if (match_constructor(function->rules.items[i]->patterns[argument], &name) != UINT32_MAX &&
        program->names.items[name].function)
      return true;
  }
  return false;
}

static void find_strict(Function *function) {
  for (size_t i = 0; i < function->rules.count; i++)
    for (uint32_t k = 0; k < function->arity; k++)
      if (is_demand(function->rules.items[i]->patterns[k])) function->strict[k] = true;
}

static void warn_unreachable(Program *program, const Function *function) {
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    if (rule->reachable) continue;
    Diagnostic *diagnostic = diagnostic_add(&program->diagnostics, SEVERITY_WARNING, rule->source, rule->head,
                                            "this rule can never match: earlier rules of '%s' cover it",
                                            program->names.items[function->name].text);
    const Rule *before = function->rules.items[i > 0 ? i - 1 : 0];
    if (i == 1)
      diagnostic_note(&program->diagnostics, diagnostic, before->source, before->head, "the rule that matches first");
  }
}

void match_compile(Program *program, Function *function) {
  Matcher matcher = {program, function, function->rules.count * ROWS_PER_RULE + LEAST_ROWS};
  find_strict(function);
  bool calls[ARITY_LIMIT + 1];
  for (uint32_t k = 0; k < function->arity; k++) {
    ARRAY_PUSH(&function->occurrences, (Occurrence){.field = k, .argument = k});
    calls[k] = names_function(program, function, k);
  }
  Rows rows = {0};
  for (size_t i = 0; i < function->rules.count; i++) {
    Rule *rule = function->rules.items[i];
    Row *row = new_row(rule, rule->arity);
    for (uint32_t k = 0; k < rule->arity; k++)
      if (calls[k] || !is_variable(rule->patterns[k])) row->demands[row->count++] = (Demand){k, rule->patterns[k]};
    ARRAY_PUSH(&rows, row);
  }
  function->tree = build(&matcher, &rows);
  if (!function->made) warn_unreachable(program, function);
}
