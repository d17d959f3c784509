#include "reference.h"

#include <setjmp.h>

typedef enum {
  NODE_BOUND,  // de Bruijn index; in a pattern: the number of the variable
  NODE_FREE,   // the variable of an opened λ
  NODE_LAMBDA, // kids: body. Normalised: kids: variable, body
  NODE_APPLY,  // kids: function, argument
  NODE_CALL,   // a constructor or a function
  NODE_NUMBER,
  NODE_OPERATE, // kids: left, right
} NodeKind;

typedef struct Node Node;
struct Node {
  NodeKind kind;
  uint32_t count;      // kids
  uint32_t open;       // how many enclosing binders it needs: 0 when closed
  uint32_t index;      // NODE_BOUND; NODE_FREE: its number while it is printed
  bool strict;         // a pattern !x
  bool written;        // part of a rule: copied whole when the rule fires, so that calls share nothing
  bool used;           // NODE_FREE: occurs in the normal form
  NameId name;         // NODE_CALL
  Operator op;         // NODE_OPERATE
  Number number;       // NODE_NUMBER
  Node *whnf, *normal; // NULL: not known yet
  Node *kids[];
};

typedef struct {
  Node **patterns; // function's arity of them; NODE_BOUND, NODE_CALL or NODE_NUMBER
  Node *body;      // needs `variables` binders
  uint32_t variables;
} ReferenceRule;

typedef struct {
  bool converted, *strict;
  uint32_t arity, rule_count;
  ReferenceRule *rules;
} ReferenceFunction;

typedef struct {
  const Program *program;
  const Function *main;
  ReferenceBudget budget;
  ReferenceFunction *functions; // by NameId
  Arena arena;
  uint32_t depth, printed_lambdas;
  bool converting;             // a rule: its nodes are `written`
  ARRAY(Node *) reducing;      // the terms that whnf has gone through, innermost last
  ARRAY(const Binder *) scope; // while a rule is converted: its binders, outermost first
  Buffer *text;
  ReferenceStatus status;
  jmp_buf escape;
} Reference;

const ReferenceBudget REFERENCE_SMALL = {.steps = 20000, .nodes = 200000, .depth = 4000, .text = 50000};
const ReferenceBudget REFERENCE_LARGE = {.steps = 20000000, .nodes = 50000000, .depth = 500000, .text = 10000000};

const char *reference_status_name(ReferenceStatus status) {
  static const char *const names[] = {"ok", "out of fuel", "run-time error", "unsupported"};
  return names[status];
}

static _Noreturn void leave(Reference *r, ReferenceStatus status) {
  r->status = status;
  longjmp(r->escape, 1);
}

static void enter(Reference *r) {
  if (r->depth++ >= r->budget.depth) leave(r, REFERENCE_OUT_OF_FUEL);
}

static void *allocate(Reference *r, size_t items, size_t size) { return arena_alloc(&r->arena, items * size + 1); }

static Node *node_new(Reference *r, NodeKind kind, uint32_t count) {
  if (r->budget.nodes-- == 0) leave(r, REFERENCE_OUT_OF_FUEL);
  Node *node = arena_alloc(&r->arena, sizeof(Node) + count * sizeof(Node *));
  node->kind = kind;
  node->count = count;
  node->written = r->converting;
  return node;
}

// How many binders a node needs, once its kids are there.
static Node *node_close(Node *node) {
  if (node->kind == NODE_BOUND) node->open = node->index + 1;
  for (uint32_t i = 0; i < node->count; i++)
    if (node->kids[i]->open > node->open) node->open = node->kids[i]->open;
  if (node->kind == NODE_LAMBDA && node->open) node->open--;
  return node;
}

// Without the kids.
static Node *node_copy(Reference *r, const Node *node) {
  Node *copy = node_new(r, node->kind, node->count);
  copy->name = node->name;
  copy->op = node->op;
  copy->number = node->number;
  return copy;
}

static Node *node_number(Reference *r, Number number) {
  Node *node = node_new(r, NODE_NUMBER, 0);
  node->number = number;
  return node;
}

static Node *node_call(Reference *r, NameId name, uint32_t count, Node *const *kids) {
  Node *node = node_new(r, NODE_CALL, count);
  node->name = name;
  for (uint32_t i = 0; i < count; i++) node->kids[i] = kids[i];
  return node_close(node);
}

static Node *node_pair(Reference *r, NodeKind kind, Node *first, Node *second) {
  Node *node = node_new(r, kind, 2);
  node->kids[0] = first;
  node->kids[1] = second;
  return node_close(node);
}

static Node *node_lambda(Reference *r, Node *body) {
  Node *node = node_new(r, NODE_LAMBDA, 1);
  node->kids[0] = body;
  return node_close(node);
}

// Source terms to nodes ----------------------------------------------------------------------------------------------

static Node *convert(Reference *r, const Term *term);

static Node *convert_under(Reference *r, const Binder *binder, const Term *body) {
  if (binder && binder->scopeless) leave(r, REFERENCE_UNSUPPORTED);
  ARRAY_PUSH(&r->scope, binder);
  Node *node = convert(r, body);
  r->scope.count--;
  return node_lambda(r, node);
}

static Node *convert_variable(Reference *r, const Binder *binder) {
  for (size_t i = r->scope.count; i-- > 0;) {
    if (r->scope.items[i] != binder) continue;
    Node *node = node_new(r, NODE_BOUND, 0);
    node->index = (uint32_t)(r->scope.count - 1 - i);
    return node_close(node);
  }
  leave(r, REFERENCE_UNSUPPORTED); // bound somewhere else: scopeless
}

static Node *convert_string(Reference *r, const Term *term) {
  Node *node = node_call(r, NAME_STRING_NIL, 0, NULL);
  for (uint32_t i = term->string.count; i-- > 0;)
    node = node_call(r, NAME_STRING_CONS, 2, (Node *[]){node_number(r, number_u60(term->string.codes[i])), node});
  return node;
}

static Node *convert_pattern(Reference *r, const Term *term);

static Node *convert_list(Reference *r, const Term *term, Node *(*item)(Reference *, const Term *)) {
  Node **items = allocate(r, term->list.count, sizeof *items);
  for (uint32_t i = 0; i < term->list.count; i++) items[i] = item(r, term->list.items[i]);
  Node *node = node_call(r, NAME_LIST_NIL, 0, NULL);
  for (uint32_t i = term->list.count; i-- > 0;) node = node_call(r, NAME_LIST_CONS, 2, (Node *[]){items[i], node});
  return node;
}

static Node *convert_call(Reference *r, const Term *term, Node *(*item)(Reference *, const Term *)) {
  Node **kids = allocate(r, term->call.count, sizeof *kids);
  for (uint32_t i = 0; i < term->call.count; i++) kids[i] = item(r, term->call.arguments[i]);
  return node_call(r, term->call.name, term->call.count, kids);
}

static Node *convert_apply(Reference *r, const Term *term) {
  Node *node = convert(r, term->apply.function);
  for (uint32_t i = 0; i < term->apply.count; i++)
    node = node_pair(r, NODE_APPLY, node, convert(r, term->apply.arguments[i]));
  return node;
}

static Node *convert_operate(Reference *r, const Term *term) {
  Node *left = convert(r, term->operate.left), *right = convert(r, term->operate.right);
  Node *node = node_pair(r, NODE_OPERATE, left, right);
  node->op = term->operate.op;
  return node;
}

// dup a b = t; body  is  (λs (λa λb body s s) t): two names for one term.
static Node *convert_dup(Reference *r, const Term *term) {
  const Binder *first = term->dup.first;
  if (first && first->scopeless) leave(r, REFERENCE_UNSUPPORTED);
  Node *value = convert(r, term->dup.value), *shared = node_close(node_new(r, NODE_BOUND, 0));
  ARRAY_PUSH(&r->scope, NULL); // s
  ARRAY_PUSH(&r->scope, first);
  Node *inner = node_lambda(r, convert_under(r, term->dup.second, term->dup.body));
  r->scope.count -= 2;
  Node *outer = node_pair(r, NODE_APPLY, node_pair(r, NODE_APPLY, inner, shared), shared);
  return node_pair(r, NODE_APPLY, node_lambda(r, outer), value);
}

static Node *convert_kind(Reference *r, const Term *term) {
  switch (term->kind) {
  case TERM_VARIABLE: return convert_variable(r, term->variable.binder);
  case TERM_LAMBDA: return convert_under(r, term->lambda.binder, term->lambda.body);
  case TERM_APPLY: return convert_apply(r, term);
  case TERM_CALL: return convert_call(r, term, convert);
  case TERM_NUMBER: return node_number(r, term->number);
  case TERM_STRING: return convert_string(r, term);
  case TERM_LIST: return convert_list(r, term, convert);
  case TERM_OPERATE: return convert_operate(r, term);
  case TERM_LET: {
    Node *value = convert(r, term->let.value);
    return node_pair(r, NODE_APPLY, convert_under(r, term->let.binder, term->let.body), value);
  }
  case TERM_DUP: return convert_dup(r, term);
  case TERM_STRICT: return convert(r, term->strict.argument);
  case TERM_CLOSURE: break; // made later
  case TERM_SUPERPOSE: break;
  }
  leave(r, REFERENCE_UNSUPPORTED);
}

static Node *convert(Reference *r, const Term *term) {
  enter(r);
  Node *node = convert_kind(r, term);
  r->depth--;
  return node;
}

static Node *convert_pattern(Reference *r, const Term *term) {
  enter(r);
  Node *node = NULL;
  switch (term->kind) {
  case TERM_VARIABLE:
    node = node_new(r, NODE_BOUND, 0);
    node->index = (uint32_t)r->scope.count;
    ARRAY_PUSH(&r->scope, term->variable.binder);
    break;
  case TERM_STRICT:
    node = convert_pattern(r, term->strict.argument);
    node->strict = true;
    break;
  case TERM_CALL: node = convert_call(r, term, convert_pattern); break;
  case TERM_LIST: node = convert_list(r, term, convert_pattern); break;
  case TERM_STRING: node = convert_string(r, term); break;
  case TERM_NUMBER: node = node_number(r, term->number); break;
  default: leave(r, REFERENCE_UNSUPPORTED);
  }
  r->depth--;
  return node;
}

static ReferenceRule convert_rule(Reference *r, const Rule *rule) {
  ReferenceRule result = {.patterns = allocate(r, rule->arity, sizeof(Node *))};
  r->scope.count = 0;
  r->converting = true;
  for (uint32_t i = 0; i < rule->arity; i++) result.patterns[i] = convert_pattern(r, rule->patterns[i]);
  result.variables = (uint32_t)r->scope.count;
  result.body = convert(r, rule->body);
  r->converting = false;
  return result;
}

static const ReferenceFunction *convert_function(Reference *r, NameId name, const Function *function) {
  ReferenceFunction *result = &r->functions[name];
  if (result->converted) return result;
  result->arity = function->arity;
  result->rule_count = (uint32_t)function->rules.count;
  result->rules = allocate(r, result->rule_count, sizeof *result->rules);
  result->strict = allocate(r, result->arity, sizeof *result->strict);
  for (uint32_t i = 0; i < result->rule_count; i++) {
    result->rules[i] = convert_rule(r, function->rules.items[i]);
    for (uint32_t k = 0; k < result->arity; k++) {
      const Node *pattern = result->rules[i].patterns[k];
      if (pattern->kind != NODE_BOUND || pattern->strict) result->strict[k] = true;
    }
  }
  result->converted = true;
  return result;
}

// Substitution -------------------------------------------------------------------------------------------------------

// The node with closed values for the binders around it: values[0] for the innermost. `inside` counts the λs between
// the node and those binders.
static Node *instantiate(Reference *r, Node *node, uint32_t inside, Node *const *values) {
  if (node->open <= inside && !node->written) return node;
  if (node->kind == NODE_BOUND) return node->index < inside ? node : values[node->index - inside];
  enter(r);
  Node *copy = node_copy(r, node);
  for (uint32_t i = 0; i < node->count; i++)
    copy->kids[i] = instantiate(r, node->kids[i], inside + (node->kind == NODE_LAMBDA), values);
  r->depth--;
  return node_close(copy);
}

// Matching -----------------------------------------------------------------------------------------------------------

static Node *whnf(Reference *r, Node *node);

static const Function *function_of(const Reference *r, const Node *call) {
  const Name *name = &r->program->names.items[call->name];
  return name->function && name->function->rules.count ? name->function : NULL;
}

static bool is_builtin_function(NameId name) { return name >= NAME_U60_IF && name < NAME_BUILTIN_COUNT; }

// Of terms in weak head normal form: constructors, numbers and λs are values, everything else is stuck.
static bool is_value(const Reference *r, const Node *node) {
  if (node->kind == NODE_CALL) return !is_builtin_function(node->name) && !function_of(r, node);
  return node->kind == NODE_NUMBER || node->kind == NODE_LAMBDA;
}

// The rules still in play against the arguments. A column is a part of the arguments that was not looked at yet; each
// row has a pattern for it, or NULL. The way to it is an argument, a field of that, and so on.
typedef struct {
  uint32_t depth;
  uint8_t *fields;
} Way;

typedef struct {
  const ReferenceRule *rule;
  Node **patterns, **bound; // by column; by variable
} Row;

typedef struct {
  uint32_t columns, rows;
  Node **values;
  Way *ways;
  Row *row;
} Matrix;

// Whether a row stays in play when a column's value is known, which is in weak head normal form.
static bool row_accepts(const Reference *r, const Node *pattern, const Node *value) {
  if (!pattern || pattern->kind == NODE_BOUND) return is_value(r, value);
  if (pattern->kind == NODE_NUMBER) return value->kind == NODE_NUMBER && value->number == pattern->number;
  return value->kind == NODE_CALL && value->name == pattern->name;
}

static Way way_to(Reference *r, Way way, uint32_t field) {
  Way longer = {way.depth + 1, allocate(r, way.depth + 1, 1)};
  if (way.depth) memcpy(longer.fields, way.fields, way.depth);
  longer.fields[way.depth] = (uint8_t)field;
  return longer;
}

// Reduces a column, drops the rows that its value rules out, and replaces it by columns for the value's fields.
static void inspect(Reference *r, Matrix *m, uint32_t column) {
  Node *value = m->values[column] = whnf(r, m->values[column]);
  uint32_t fields = value->kind == NODE_CALL ? value->count : 0, rest = m->columns - column - 1, rows = 0;
  Node **values = allocate(r, m->columns - 1 + fields, sizeof *values);
  memcpy(values, m->values, column * sizeof *values);
  memcpy(values + column, m->values + column + 1, rest * sizeof *values);
  memcpy(values + column + rest, value->kids, fields * sizeof *values);
  Way *ways = allocate(r, m->columns - 1 + fields, sizeof *ways);
  memcpy(ways, m->ways, column * sizeof *ways);
  memcpy(ways + column, m->ways + column + 1, rest * sizeof *ways);
  for (uint32_t i = 0; i < fields; i++) ways[column + rest + i] = way_to(r, m->ways[column], i);
  for (uint32_t i = 0; i < m->rows; i++) {
    Row row = m->row[i];
    Node *pattern = row.patterns[column];
    if (!row_accepts(r, pattern, value)) continue;
    if (pattern && pattern->kind == NODE_BOUND) row.bound[pattern->index] = value;
    Node **patterns = allocate(r, m->columns - 1 + fields, sizeof *patterns);
    memcpy(patterns, row.patterns, column * sizeof *patterns);
    memcpy(patterns + column, row.patterns + column + 1, rest * sizeof *patterns);
    if (pattern && pattern->kind == NODE_CALL)
      memcpy(patterns + column + rest, pattern->kids, fields * sizeof *patterns);
    row.patterns = patterns;
    m->row[rows++] = row;
  }
  m->rows = rows;
  m->columns += fields - 1;
  m->values = values;
  m->ways = ways;
}

static bool is_before(Way a, Way b) {
  return a.depth != b.depth ? a.depth < b.depth : memcmp(a.fields, b.fields, a.depth) < 0;
}

// The column that the first row wants to see next: outer ones first, then from left to right. The number of columns
// when the row is satisfied.
static uint32_t wanted_column(const Matrix *m) {
  uint32_t wanted = m->columns;
  for (uint32_t column = 0; column < m->columns; column++) {
    const Node *pattern = m->row[0].patterns[column];
    if (!pattern || (pattern->kind == NODE_BOUND && !pattern->strict)) continue;
    if (wanted == m->columns || is_before(m->ways[column], m->ways[wanted])) wanted = column;
  }
  return wanted;
}

static Matrix matrix_new(Reference *r, const ReferenceFunction *function, const Node *call) {
  Matrix m = {.columns = function->arity, .rows = function->rule_count};
  m.values = allocate(r, m.columns, sizeof *m.values);
  m.ways = allocate(r, m.columns, sizeof *m.ways);
  for (uint32_t i = 0; i < m.columns; i++) m.values[i] = call->kids[i], m.ways[i] = way_to(r, (Way){0}, i);
  m.row = allocate(r, m.rows, sizeof *m.row);
  for (uint32_t i = 0; i < m.rows; i++) {
    const ReferenceRule *rule = &function->rules[i];
    m.row[i] = (Row){rule, rule->patterns, allocate(r, rule->variables, sizeof(Node *))};
  }
  return m;
}

// The body of the first matching rule; NULL when the call is stuck. The strict arguments of the call are reduced.
static Node *apply_rules(Reference *r, const ReferenceFunction *function, Node *call) {
  for (uint32_t i = 0; i < function->arity; i++)
    if (function->strict[i]) call->kids[i] = whnf(r, call->kids[i]);
  Matrix m = matrix_new(r, function, call);
  // An inspected column leaves, and those behind it move up.
  for (uint32_t i = 0, inspected = 0; i < function->arity; i++)
    if (function->strict[i]) inspect(r, &m, i - inspected++);
  for (uint32_t column; m.rows && (column = wanted_column(&m)) < m.columns;) inspect(r, &m, column);
  if (!m.rows) return NULL;
  const Row *row = &m.row[0];
  for (uint32_t i = 0; i < m.columns; i++)
    if (row->patterns[i]) row->bound[row->patterns[i]->index] = m.values[i];
  uint32_t variables = row->rule->variables;
  Node **values = allocate(r, variables, sizeof *values);
  for (uint32_t i = 0; i < variables; i++) values[i] = row->bound[variables - 1 - i]; // the last is the innermost
  return instantiate(r, row->rule->body, 0, values);
}

// Weak head normal form ----------------------------------------------------------------------------------------------

static bool is_u60(const Node *node) { return node->kind == NODE_NUMBER && !number_is_f60(node->number); }

static Node *apply_builtin(Reference *r, Node *call) {
  if (call->name == NAME_SPARK) return call->kids[1];
  if (call->name != NAME_U60_IF && call->name != NAME_U60_SWAP) leave(r, REFERENCE_UNSUPPORTED);
  Node *condition = call->kids[0] = whnf(r, call->kids[0]), *first = call->kids[1], *second = call->kids[2];
  if (!is_u60(condition)) return NULL;
  bool zero = number_value(condition->number) == 0;
  if (call->name == NAME_U60_IF) return zero ? second : first;
  return node_call(r, NAME_BOTH, 2, zero ? (Node *[]){first, second} : (Node *[]){second, first});
}

// One step at the head, after what it needs is reduced; NULL when there is none. A stuck node is changed only in that
// kids are replaced by what they reduce to.
static Node *step(Reference *r, Node *node) {
  switch (node->kind) {
  case NODE_APPLY: {
    Node *function = node->kids[0] = whnf(r, node->kids[0]);
    return function->kind == NODE_LAMBDA ? instantiate(r, function->kids[0], 0, &node->kids[1]) : NULL;
  }
  case NODE_OPERATE: {
    Node *left = node->kids[0] = whnf(r, node->kids[0]), *right = node->kids[1] = whnf(r, node->kids[1]);
    if (left->kind != NODE_NUMBER || right->kind != NODE_NUMBER || is_u60(left) != is_u60(right)) return NULL;
    Number result;
    if (!reference_operate(node->op, left->number, right->number, &result)) leave(r, REFERENCE_RUNTIME_ERROR);
    return node_number(r, result);
  }
  case NODE_CALL: {
    if (is_builtin_function(node->name)) return apply_builtin(r, node);
    const Function *function = function_of(r, node);
    return function ? apply_rules(r, convert_function(r, node->name, function), node) : NULL;
  }
  case NODE_BOUND: abort(); // only closed terms are reduced
  case NODE_FREE:
  case NODE_LAMBDA:
  case NODE_NUMBER: break;
  }
  return NULL;
}

static Node *whnf(Reference *r, Node *node) {
  if (node->whnf) return node->whnf;
  enter(r);
  size_t start = r->reducing.count;
  for (Node *next; !node->whnf && (next = step(r, node)) != NULL; node = next) {
    if (r->budget.steps-- == 0) leave(r, REFERENCE_OUT_OF_FUEL);
    ARRAY_PUSH(&r->reducing, node);
  }
  if (!node->whnf) node->whnf = node;
  while (r->reducing.count > start) r->reducing.items[--r->reducing.count]->whnf = node->whnf;
  r->depth--;
  return node->whnf;
}

// Normal form --------------------------------------------------------------------------------------------------------

static Node *normalise(Reference *r, Node *node) {
  node = whnf(r, node);
  if (node->normal) return node->normal;
  enter(r);
  Node *result;
  if (node->kind == NODE_LAMBDA) {
    Node *variable = node_new(r, NODE_FREE, 0);
    Node *body = normalise(r, instantiate(r, node->kids[0], 0, &variable));
    result = node_pair(r, NODE_LAMBDA, variable, body);
  } else if (node->count) {
    result = node_copy(r, node);
    for (uint32_t i = 0; i < node->count; i++) result->kids[i] = normalise(r, node->kids[i]);
  } else {
    result = node;
    node->used = true;
  }
  r->depth--;
  return node->normal = result;
}

// Printing -----------------------------------------------------------------------------------------------------------

static void print(Reference *r, Node *node);

static bool is_call(const Node *node, NameId name) { return node->kind == NODE_CALL && node->name == name; }

static bool is_code_point(const Node *node) {
  uint64_t code = is_u60(node) ? number_value(node->number) : UINT64_MAX;
  return code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
}

static bool is_string(const Node *node) {
  for (; is_call(node, NAME_STRING_CONS); node = node->kids[1])
    if (!is_code_point(node->kids[0])) return false;
  return is_call(node, NAME_STRING_NIL);
}

static bool is_list(const Node *node) {
  while (is_call(node, NAME_LIST_CONS)) node = node->kids[1];
  return is_call(node, NAME_LIST_NIL);
}

// Control characters, line separators, the byte-order mark and what is no character are written as \u{…}.
static bool is_hidden(uint32_t code) {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return true;
  return code == 0x2028 || code == 0x2029 || code == 0xFEFF || (code & 0xFFFE) == 0xFFFE;
}

static void print_character(Buffer *out, uint32_t code) {
  switch (code) {
  case '\n': buffer_text(out, "\\n"); break;
  case '\t': buffer_text(out, "\\t"); break;
  case '\r': buffer_text(out, "\\r"); break;
  case 0: buffer_text(out, "\\0"); break;
  case '"': buffer_text(out, "\\\""); break;
  case '\\': buffer_text(out, "\\\\"); break;
  default:
    if (is_hidden(code))
      buffer_format(out, "\\u{%x}", code);
    else
      buffer_code_point(out, code);
  }
}

static void print_string(Reference *r, const Node *node) {
  buffer_char(r->text, '"');
  for (; node->count; node = node->kids[1]) print_character(r->text, (uint32_t)number_value(node->kids[0]->number));
  buffer_char(r->text, '"');
}

static void print_list(Reference *r, const Node *node) {
  buffer_char(r->text, '[');
  for (bool first = true; node->count; node = node->kids[1], first = false) {
    if (!first) buffer_text(r->text, ", ");
    print(r, node->kids[0]);
  }
  buffer_char(r->text, ']');
}

static void print_call(Reference *r, const Node *node) {
  const Name *name = &r->program->names.items[node->name];
  if (node->count) buffer_char(r->text, '(');
  buffer_add(r->text, name->text, name->size);
  for (uint32_t i = 0; i < node->count; i++) {
    buffer_char(r->text, ' ');
    print(r, node->kids[i]);
  }
  if (node->count) buffer_char(r->text, ')');
}

static void print_lambda(Reference *r, const Node *node) {
  Node *variable = node->kids[0];
  variable->index = r->printed_lambdas;
  if (variable->used)
    buffer_format(r->text, "λx%u ", r->printed_lambdas++);
  else
    buffer_text(r->text, "λ* ");
  print(r, node->kids[1]);
}

// The head of an application and its arguments, without the parentheses around them.
static void print_spine(Reference *r, Node *node) {
  enter(r);
  bool sugar = is_call(node, NAME_LIST_NIL) || is_call(node, NAME_STRING_NIL);
  if (node->kind == NODE_APPLY) {
    print_spine(r, node->kids[0]);
    buffer_char(r->text, ' ');
    print(r, node->kids[1]);
  } else if (node->kind == NODE_CALL && node->count == 0 && !sugar) {
    // (Foo 2) would be another constructor's call.
    buffer_char(r->text, '(');
    print(r, node);
    buffer_char(r->text, ')');
  } else {
    print(r, node);
  }
  r->depth--;
}

static void print(Reference *r, Node *node) {
  enter(r);
  if (r->text->size > r->budget.text) leave(r, REFERENCE_OUT_OF_FUEL);
  switch (node->kind) {
  case NODE_BOUND: abort();
  case NODE_FREE: buffer_format(r->text, "x%u", node->index); break;
  case NODE_LAMBDA: print_lambda(r, node); break;
  case NODE_NUMBER: number_print(r->text, node->number); break;
  case NODE_CALL:
    if (is_string(node))
      print_string(r, node);
    else if (is_list(node))
      print_list(r, node);
    else
      print_call(r, node);
    break;
  case NODE_APPLY:
    buffer_char(r->text, '(');
    print_spine(r, node);
    buffer_char(r->text, ')');
    break;
  case NODE_OPERATE:
    buffer_format(r->text, "(%s ", OPERATOR_TEXT[node->op]);
    print(r, node->kids[0]);
    buffer_char(r->text, ' ');
    print(r, node->kids[1]);
    buffer_char(r->text, ')');
    break;
  }
  r->depth--;
}

static void evaluate(void *argument) {
  Reference *r = argument;
  if (setjmp(r->escape)) return;
  ReferenceRule rule = convert_rule(r, r->main->rules.items[0]);
  print(r, normalise(r, instantiate(r, rule.body, 0, NULL)));
}

ReferenceStatus reference_evaluate(const Program *program, const Function *main, ReferenceBudget budget, Buffer *text) {
  size_t start = text->size;
  Reference r = {.program = program, .main = main, .budget = budget, .text = text, .status = REFERENCE_OK};
  r.functions = allocate(&r, program->names.count, sizeof *r.functions);
  term_run_deep(evaluate, &r);
  ARRAY_FREE(&r.scope);
  ARRAY_FREE(&r.reducing);
  arena_free(&r.arena);
  if (r.status != REFERENCE_OK && text->size > start) text->text[text->size = start] = 0;
  return r.status;
}
