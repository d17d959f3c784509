#include "parse.h"

#include <math.h>

#include "syntax.h"
#include "tree.h"

typedef struct {
  Program *program;
  const Source *source;
  const char *text; // what tree-sitter read: the source's text, behind a prefix for an expression
  uint32_t shift;   // length of that prefix
  uint32_t base;    // where in the source a stretch begins that is read alone
  TSTreeCursor cursor;
  uint32_t depth;
  bool failed, too_deep;
} Parser;

static Arena *arena_of(Parser *parser) { return &parser->program->arena; }

static Span span_of(const Parser *parser, TSNode node) {
  uint32_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);
  start = start < parser->shift ? 0 : start - parser->shift;
  end = end < parser->shift ? 0 : end - parser->shift;
  return (Span){start + parser->base, end + parser->base};
}

static Diagnostic *fail(Parser *parser, Span span, const char *message) {
  parser->failed = true;
  return diagnostic_add(&parser->program->diagnostics, SEVERITY_ERROR, parser->source, span, "%s", message);
}

static Term *new_term(Parser *parser, TermKind kind, Span span) {
  Term *term = ARENA_NEW(arena_of(parser), Term);
  term->kind = kind;
  term->span = span;
  return term;
}

// The grammar takes a keyword for a variable where no keyword can stand.
static void reject_keyword(Parser *parser, Span span) {
  static const char *const keywords[] = {"let", "dup", "ask", "if", "else"};
  const char *text = parser->source->text + span.start;
  for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
    if (strlen(keywords[i]) != span.end - span.start || memcmp(text, keywords[i], span.end - span.start) != 0) continue;
    Diagnostic *diagnostic = fail(parser, span, "");
    diagnostic->message = arena_format(&parser->program->diagnostics.arena,
                                       "unexpected keyword '%s': expected a term or a name", keywords[i]);
  }
}

static Binder *new_binder(Parser *parser, TSNode node) {
  Span span = span_of(parser, node);
  reject_keyword(parser, span);
  uint32_t size = span.end - span.start;
  const char *text = parser->source->text + span.start;
  if (tree_kind(node) == NODE_WILDCARD || (size == 1 && *text == '_')) return NULL;
  Binder *binder = ARENA_NEW(arena_of(parser), Binder);
  Interner *symbols = &parser->program->symbols;
  binder->symbol = intern(symbols, arena_of(parser), text, size);
  binder->name = symbols->texts.items[binder->symbol].text;
  binder->span = span;
  binder->scopeless = *text == '$';
  return binder;
}

// The character of an escape between at and end (without the backslash); UINT32_MAX when there is no such escape.
static uint32_t decode_escape(const char *at, const char *end) {
  if (end - at == 1) {
    switch (*at) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case '0': return 0;
    case '\\':
    case '"':
    case '\'':
    case '`': return (unsigned char)*at;
    default: return UINT32_MAX;
    }
  }
  if (end - at < 4 || at[0] != 'u' || at[1] != '{' || end[-1] != '}') return UINT32_MAX;
  uint32_t code = 0;
  for (at += 2; at < end - 1; at++) {
    uint32_t digit = *at >= '0' && *at <= '9'   ? (uint32_t)(*at - '0')
                     : *at >= 'a' && *at <= 'f' ? (uint32_t)(*at - 'a' + 10)
                     : *at >= 'A' && *at <= 'F' ? (uint32_t)(*at - 'A' + 10)
                                                : 16;
    if (digit == 16 || code > 0x10FFFF) return UINT32_MAX;
    code = code * 16 + digit;
  }
  return code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) ? UINT32_MAX : code;
}

typedef ARRAY(uint32_t) CodePoints;

// The code points between the delimiters of a string or character literal.
static void decode_literal(Parser *parser, Span span, CodePoints *codes) {
  const char *text = parser->source->text;
  uint32_t at = span.start + 1, end = span.end - 1;
  while (at < end) {
    uint32_t code = 0;
    if (text[at] != '\\') {
      size_t size = source_decode(text, end, at, &code);
      if (!size) size = 1, code = 0xFFFD; // reported with the encoding already
      ARRAY_PUSH(codes, code);
      at += (uint32_t)size;
      continue;
    }
    uint32_t stop = at + 2;
    size_t size = source_decode(text, end, at + 1, &code);
    if (size > 1) stop = at + 1 + (uint32_t)size;
    if (stop <= end && text[at + 1] == 'u' && stop < end && text[stop] == '{')
      while (stop < end && text[stop - 1] != '}') stop++;
    code = stop <= end ? decode_escape(text + at + 1, text + stop) : UINT32_MAX;
    if (code == UINT32_MAX) {
      Diagnostic *diagnostic = fail(parser, (Span){at, stop}, "");
      diagnostic->message =
          arena_format(&parser->program->diagnostics.arena, "unknown escape '%.*s'", (int)(stop - at), text + at);
      diagnostic_hint(
          &parser->program->diagnostics, diagnostic,
          "the escapes are \\n \\t \\r \\0 \\\\ \\\" \\' \\` and \\u{…} with a hexadecimal code point up to "
          "10FFFF that is no surrogate");
      code = 0xFFFD;
    }
    ARRAY_PUSH(codes, code);
    at = stop;
  }
}

static Term *convert_string(Parser *parser, Span span) {
  CodePoints codes = {0};
  decode_literal(parser, span, &codes);
  Term *term = new_term(parser, TERM_STRING, span);
  uint32_t *copy = ARENA_ARRAY(arena_of(parser), uint32_t, codes.count);
  if (codes.count) memcpy(copy, codes.items, codes.count * sizeof *copy);
  term->string.codes = copy;
  term->string.count = (uint32_t)codes.count;
  ARRAY_FREE(&codes);
  return term;
}

static Term *convert_character(Parser *parser, Span span) {
  CodePoints codes = {0};
  decode_literal(parser, span, &codes);
  Term *term = new_term(parser, TERM_NUMBER, span);
  term->number = number_u60(codes.count ? codes.items[0] : 0);
  ARRAY_FREE(&codes);
  return term;
}

static Term *convert_integer(Parser *parser, Span span) {
  const char *at = parser->source->text + span.start, *end = parser->source->text + span.end, *digits = at;
  uint64_t base = 10, value = 0;
  if (end - at > 1 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
    base = 16, digits += 2;
  else if (end - at > 1 && at[0] == '0' && (at[1] == 'b' || at[1] == 'B'))
    base = 2, digits += 2;
  bool malformed = digits == end, large = false;
  for (const char *c = digits; c < end && !malformed; c++) {
    uint64_t digit = *c >= '0' && *c <= '9'   ? (uint64_t)(*c - '0')
                     : *c >= 'a' && *c <= 'f' ? (uint64_t)(*c - 'a' + 10)
                     : *c >= 'A' && *c <= 'F' ? (uint64_t)(*c - 'A' + 10)
                                              : 99;
    if (digit >= base)
      malformed = true;
    else if (!large)
      large = (value = value * base + digit) >= U60_LIMIT;
  }
  Diagnostics *diagnostics = &parser->program->diagnostics;
  if (malformed) {
    Diagnostic *diagnostic = fail(parser, span, "");
    int shown = end - at > 60 ? 60 : (int)(end - at);
    diagnostic->message =
        arena_format(&diagnostics->arena, "malformed number literal '%.*s'%s", shown, at, shown < end - at ? "…" : "");
    diagnostic_hint(diagnostics, diagnostic,
                    base == 16  ? "hexadecimal digits are 0-9 and a-f: 0x2A"
                    : base == 2 ? "binary digits are 0 and 1: 0b101010"
                                : "a number ends before a letter; floats have a point: 1.0e5");
  } else if (large) {
    Diagnostic *diagnostic = fail(parser, span, "number literal out of range: it needs more than 60 bits");
    diagnostic_hint(diagnostics, diagnostic, "the largest integer is 1152921504606846975 (2^60 - 1)");
  }
  Term *term = new_term(parser, TERM_NUMBER, span);
  term->number = number_u60(value);
  return term;
}

static Term *convert_float(Parser *parser, Span span) {
  uint32_t size = span.end - span.start;
  char *copy = arena_text(arena_of(parser), parser->source->text + span.start, size), *end = copy;
  // strtod also reads "0x1.8", "inf" and such, which the grammar's digits exclude but for the x.
  double value = copy[strspn(copy, "+-0123456789.eE")] ? 0 : strtod(copy, &end);
  if (end != copy + size) {
    Diagnostic *diagnostic = fail(parser, span, "");
    diagnostic->message = arena_format(&parser->program->diagnostics.arena, "malformed number literal '%.*s'",
                                       size > 60 ? 60 : (int)size, copy);
  } else if (isinf(number_double(number_f60(value)))) {
    fail(parser, span, "number literal out of range: its magnitude is beyond the largest F60");
  }
  Term *term = new_term(parser, TERM_NUMBER, span);
  term->number = number_f60(value);
  parser->program->has_floats = true;
  return term;
}

static Operator convert_operator(Parser *parser, Span span) {
  const char *text = parser->source->text + span.start;
  uint32_t size = span.end - span.start;
  for (int op = 0; op < OP_COUNT; op++)
    if (strlen(OPERATOR_TEXT[op]) == size && memcmp(OPERATOR_TEXT[op], text, size) == 0) return (Operator)op;
  return OP_ADD;
}

typedef ARRAY(Term *) Terms;

static Term **terms_to_arena(Parser *parser, Terms *terms) {
  Term **copy = ARENA_ARRAY(arena_of(parser), Term *, terms->count);
  if (terms->count) memcpy(copy, terms->items, terms->count * sizeof *copy);
  ARRAY_FREE(terms);
  return copy;
}

static NameId convert_name(Parser *parser, Span span) {
  return program_name(parser->program, parser->source->text + span.start, span.end - span.start);
}

// What a node's named children are, in order; tokens and comments are no parts.
typedef struct {
  Terms terms;
  Binder *binders[2];
  uint32_t binder_count;
  NameId name;
  Span name_span;
  Operator op;
} Parts;

static Term *convert(Parser *parser);

// Whether the variable under the cursor binds: then it stands in a name, binder, first or second field.
static bool is_binder(Parser *parser, NodeKind parent, TSNode node) {
  NodeKind kind = tree_kind(node);
  if (kind == NODE_WILDCARD) return true;
  if (kind != NODE_VARIABLE) return false;
  if (parent != NODE_LAMBDA && parent != NODE_LET && parent != NODE_DUPLICATION && parent != NODE_ASK) return false;
  const char *field = ts_tree_cursor_current_field_name(&parser->cursor);
  return field && (strcmp(field, "binder") == 0 || strcmp(field, "name") == 0 || strcmp(field, "first") == 0 ||
                   strcmp(field, "second") == 0);
}

static void convert_parts(Parser *parser, NodeKind parent, Parts *parts) {
  if (!ts_tree_cursor_goto_first_child(&parser->cursor)) return;
  do {
    TSNode node = ts_tree_cursor_current_node(&parser->cursor);
    if (!ts_node_is_named(node)) continue;
    NodeKind kind = tree_kind(node);
    if (kind == NODE_OTHER || kind == NODE_COMMENT) continue;
    if (is_binder(parser, parent, node)) {
      if (parts->binder_count < 2) parts->binders[parts->binder_count++] = new_binder(parser, node);
    } else if (kind == NODE_NAME) {
      parts->name_span = span_of(parser, node);
      parts->name = convert_name(parser, parts->name_span);
    } else if (kind == NODE_OPERATOR) {
      parts->op = convert_operator(parser, span_of(parser, node));
    } else {
      Term *term = convert(parser);
      ARRAY_PUSH(&parts->terms, term);
    }
  } while (ts_tree_cursor_goto_next_sibling(&parser->cursor));
  ts_tree_cursor_goto_parent(&parser->cursor);
}

static Term *call_builtin(Parser *parser, NameId name, Span span, Terms *arguments) {
  Term *term = new_term(parser, TERM_CALL, span);
  term->call.name = name;
  term->call.name_span = span;
  term->call.count = (uint32_t)arguments->count;
  term->call.arguments = terms_to_arena(parser, arguments);
  return term;
}

// ask x = f; body  is  (f λx body)
static Term *convert_ask(Parser *parser, Span span, Parts *parts) {
  Term *lambda = new_term(parser, TERM_LAMBDA, span);
  lambda->lambda.binder = parts->binders[0];
  lambda->lambda.body = parts->terms.items[1];
  Term *term = new_term(parser, TERM_APPLY, span);
  term->apply.function = parts->terms.items[0];
  term->apply.arguments = ARENA_ARRAY(arena_of(parser), Term *, 1);
  term->apply.arguments[0] = lambda;
  term->apply.count = 1;
  ARRAY_FREE(&parts->terms);
  return term;
}

// How many term children a node of a kind has at least; a tree without errors always has them.
static size_t least_parts(NodeKind kind) {
  switch (kind) {
  case NODE_APPLICATION:
  case NODE_OPERATION:
  case NODE_SUPERPOSITION:
  case NODE_LET:
  case NODE_DUPLICATION:
  case NODE_ASK: return 2;
  case NODE_IF: return 3;
  case NODE_LAMBDA:
  case NODE_PARENTHESIZED:
  case NODE_STRICT: return 1;
  default: return 0;
  }
}

static Term *convert_compound(Parser *parser, NodeKind kind, Span span) {
  Parts parts = {0};
  convert_parts(parser, kind, &parts);
  if (parts.terms.count < least_parts(kind)) { // only after a reported error
    ARRAY_FREE(&parts.terms);
    parser->failed = true;
    return new_term(parser, TERM_NUMBER, span);
  }
  Term **terms = parts.terms.items, *term = NULL;
  uint32_t count = (uint32_t)parts.terms.count;
  switch (kind) {
  case NODE_CONSTRUCTOR:
    term = new_term(parser, TERM_CALL, span);
    term->call.name = parts.name;
    term->call.name_span = parts.name_span;
    term->call.count = count;
    term->call.arguments = terms_to_arena(parser, &parts.terms);
    return term;
  case NODE_APPLICATION:
    term = new_term(parser, TERM_APPLY, span);
    term->apply.function = terms[0];
    term->apply.count = count - 1;
    term->apply.arguments = terms_to_arena(parser, &parts.terms) + 1;
    return term;
  case NODE_PARENTHESIZED: term = terms[0]; break;
  case NODE_OPERATION:
    term = new_term(parser, TERM_OPERATE, span);
    term->operate.op = parts.op;
    term->operate.left = terms[0];
    term->operate.right = terms[1];
    break;
  case NODE_LAMBDA:
    term = new_term(parser, TERM_LAMBDA, span);
    term->lambda.binder = parts.binders[0];
    term->lambda.body = terms[0];
    break;
  case NODE_LET:
    term = new_term(parser, TERM_LET, span);
    term->let.binder = parts.binders[0];
    term->let.value = terms[0];
    term->let.body = terms[1];
    break;
  case NODE_DUPLICATION:
    term = new_term(parser, TERM_DUP, span);
    term->dup.first = parts.binders[0];
    term->dup.second = parts.binders[1];
    term->dup.value = terms[0];
    term->dup.body = terms[1];
    break;
  case NODE_SUPERPOSITION:
    term = new_term(parser, TERM_SUPERPOSE, span);
    term->superpose.first = terms[0];
    term->superpose.second = terms[1];
    break;
  case NODE_LIST:
    term = new_term(parser, TERM_LIST, span);
    term->list.count = count;
    term->list.items = terms_to_arena(parser, &parts.terms);
    return term;
  case NODE_IF: return call_builtin(parser, NAME_U60_IF, span, &parts.terms);
  case NODE_ASK: return convert_ask(parser, span, &parts);
  case NODE_STRICT:
    term = new_term(parser, TERM_STRICT, span);
    term->strict.argument = terms[0];
    break;
  default: term = new_term(parser, TERM_NUMBER, span); break;
  }
  ARRAY_FREE(&parts.terms);
  return term;
}

static Term *convert_variable(Parser *parser, Span span) {
  reject_keyword(parser, span);
  Term *term = new_term(parser, TERM_VARIABLE, span);
  Interner *symbols = &parser->program->symbols;
  term->variable.symbol = intern(symbols, arena_of(parser), parser->source->text + span.start, span.end - span.start);
  term->variable.name = symbols->texts.items[term->variable.symbol].text;
  return term;
}

// The term at the cursor, which stays there.
static Term *convert(Parser *parser) {
  TSNode node = ts_tree_cursor_current_node(&parser->cursor);
  NodeKind kind = tree_kind(node);
  Span span = span_of(parser, node);
  Term *term;
  switch (kind) {
  case NODE_VARIABLE: return convert_variable(parser, span);
  case NODE_INTEGER: return convert_integer(parser, span);
  case NODE_FLOAT: return convert_float(parser, span);
  case NODE_CHARACTER: return convert_character(parser, span);
  case NODE_STRING: return convert_string(parser, span);
  case NODE_UNIT: return new_term(parser, TERM_NUMBER, span); // the number 0
  case NODE_SYMBOL:
    term = new_term(parser, TERM_NUMBER, span);
    term->number = number_u60(number_symbol(parser->source->text + span.start + 1, span.end - span.start - 1));
    return term;
  default: break;
  }
  if (parser->depth >= term_depth_limit()) {
    if (!parser->too_deep)
      diagnostic_hint(&parser->program->diagnostics, fail(parser, span, "this term is nested too deeply"),
                      "at most %u levels are possible", term_depth_limit());
    parser->too_deep = true;
    return new_term(parser, TERM_NUMBER, span);
  }
  parser->depth++;
  term = convert_compound(parser, kind, span);
  parser->depth--;
  return term;
}

// The two sides of the rule at the cursor.
static bool convert_sides(Parser *parser, Term **left, Term **right) {
  Parts parts = {0};
  parser->failed = false;
  convert_parts(parser, NODE_RULE, &parts);
  bool good = parts.terms.count == 2 && !parser->failed;
  if (good) *left = parts.terms.items[0], *right = parts.terms.items[1];
  ARRAY_FREE(&parts.terms);
  return good;
}

static void convert_rules(Parser *parser) {
  if (!ts_tree_cursor_goto_first_child(&parser->cursor)) return;
  do {
    TSNode node = ts_tree_cursor_current_node(&parser->cursor);
    if (tree_kind(node) != NODE_RULE || ts_node_has_error(node)) continue;
    Term *left, *right;
    if (!convert_sides(parser, &left, &right)) continue;
    Rule *rule = ARENA_NEW(arena_of(parser), Rule);
    rule->left = left;
    rule->head = left->span;
    rule->body = right;
    rule->span = span_of(parser, node);
    rule->source = parser->source;
    ARRAY_PUSH(&parser->program->rules, rule);
  } while (ts_tree_cursor_goto_next_sibling(&parser->cursor));
}

// The first place that tree-sitter marked, for texts that the explaining reader finds nothing wrong with.
static void report_marked(Parser *parser, TSNode root) {
  TSNode node = root;
  for (bool deeper = true; deeper;) {
    deeper = false;
    uint32_t count = ts_node_child_count(node);
    for (uint32_t i = 0; i < count && !deeper; i++) {
      TSNode child = ts_node_child(node, i);
      if (ts_node_has_error(child) || ts_node_is_missing(child)) node = child, deeper = true;
    }
    if (ts_node_is_missing(node) || strcmp(ts_node_type(node), "ERROR") == 0) break;
  }
  fail(parser, span_of(parser, node), "unexpected text");
}

typedef struct {
  Parser parser;
  uint32_t size;
  bool expression;
  Term *result;
} ParseJob;

static void explain(ParseJob *job, TSTree *tree) {
  Parser *parser = &job->parser;
  SyntaxKind kind = job->expression ? SYNTAX_EXPRESSION : SYNTAX_FILE;
  size_t found = syntax_explain(parser->source, kind, &parser->program->diagnostics);
  if (found) return;
  if (tree)
    report_marked(parser, ts_tree_root_node(tree));
  else
    fail(parser, (Span){0, 0}, "this text cannot be parsed");
}

static void run_parse(void *argument) {
  ParseJob *job = argument;
  Parser *parser = &job->parser;
  // A large text with errors must not reach tree-sitter (tree.h): it is first read by our own reader. So is a text with
  // U+10FFFF, which the grammar has as the token that no text has.
  if (job->size >= TREE_BROKEN_LIMIT || memmem(parser->text, job->size, "\xF4\x8F\xBF\xBF", 4)) {
    SyntaxKind kind = job->expression ? SYNTAX_EXPRESSION : SYNTAX_FILE;
    if (syntax_explain(parser->source, kind, &parser->program->diagnostics)) return;
  }
  TSTree *tree = tree_read(parser->text, job->size);
  TSNode root = {0};
  if (tree) root = ts_tree_root_node(tree);
  size_t before = parser->program->rules.count, errors = parser->program->diagnostics.errors;
  bool broken = !tree || ts_node_has_error(root);
  if (broken) explain(job, tree);
  if (tree && !(broken && job->expression)) {
    parser->cursor = ts_tree_cursor_new(root);
    convert_rules(parser);
    ts_tree_cursor_delete(&parser->cursor);
  }
  if (tree) ts_tree_delete(tree);
  if (!job->expression) return;
  size_t count = parser->program->rules.count - before;
  if (count == 1 && !broken)
    job->result = parser->program->rules.items[before]->body;
  else if (!broken && parser->program->diagnostics.errors == errors)
    explain(job, NULL);
  parser->program->rules.count = before;
}

// Bytes that are no UTF-8 may stand in comments only. A light reader is enough to know where those are.
static bool check_encoding(Program *program, const Source *source, char *copy) {
  size_t errors = program->diagnostics.errors;
  char delimiter = 0; // of the string that we are in; '/' in a comment
  for (size_t at = 0; at < source->size;) {
    uint32_t code = 0;
    size_t size = source_decode(source->text, source->size, at, &code);
    if (!size) {
      if (delimiter != '/' && program->diagnostics.errors - errors < 10)
        diagnostic_add(&program->diagnostics, SEVERITY_ERROR, source, (Span){(uint32_t)at, (uint32_t)at + 1},
                       "this is not UTF-8: unexpected byte 0x%02X", (unsigned char)source->text[at]);
      copy[at++] = '?';
      continue;
    }
    const char *text = source->text + at;
    if (delimiter == '/')
      delimiter = code == '\n' ? 0 : '/';
    else if (delimiter) {
      if (code == '\\' && at + 1 < source->size && (text[1] == delimiter || text[1] == '\\'))
        size = 2;
      else if (code == (uint32_t)(unsigned char)delimiter)
        delimiter = 0;
    } else if (code == '/' && text[1] == '/')
      delimiter = '/';
    else if (code == '"' || code == '`')
      delimiter = (char)code;
    else if (code == '\'' && at + 2 < source->size && text[1] != '\\' && text[2] == '\'')
      size = 3;
    else if (code == '\'' && at + 3 < source->size && text[1] == '\\' && text[3] == '\'')
      size = 4;
    at += size;
  }
  return program->diagnostics.errors == errors;
}

static bool is_utf8(const Source *source) {
  uint32_t code;
  for (size_t at = 0, size; at < source->size; at += size)
    if (!(size = source_decode(source->text, source->size, at, &code))) return false;
  return true;
}

static const char EXPRESSION_PREFIX[] = "X=";

static Term *parse(Program *program, const Source *source, bool expression) {
  ParseJob job = {.parser = {.program = program, .source = source, .text = source->text},
                  .size = source->size,
                  .expression = expression};
  char *copy = NULL;
  if (!is_utf8(source)) {
    copy = arena_text(&program->arena, source->text, source->size);
    if (!check_encoding(program, source, copy)) return NULL;
    job.parser.text = copy;
  }
  if (expression) {
    job.parser.shift = sizeof EXPRESSION_PREFIX - 1;
    char *text = arena_alloc(&program->arena, source->size + job.parser.shift + 1);
    memcpy(text + job.parser.shift, job.parser.text, source->size);
    memcpy(text, EXPRESSION_PREFIX, job.parser.shift);
    job.parser.text = text;
    job.size = source->size + job.parser.shift;
  }
  term_run_deep(run_parse, &job);
  return job.result;
}

static void run_parse_part(void *argument) {
  ParseJob *job = argument;
  Parser *parser = &job->parser;
  TSTree *tree = tree_read(parser->text, job->size);
  if (!tree) return;
  if (ts_node_has_error(ts_tree_root_node(tree))) report_marked(parser, ts_tree_root_node(tree));
  parser->cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
  convert_rules(parser);
  ts_tree_cursor_delete(&parser->cursor);
  ts_tree_delete(tree);
}

void parse_part(Program *program, const Source *source, Span part) {
  ParseJob job = {
      .parser = {.program = program, .source = source, .text = source->text + part.start, .base = part.start},
      .size = part.end - part.start};
  term_run_deep(run_parse_part, &job);
}

void parse_file(Program *program, const Source *source) { parse(program, source, false); }
Term *parse_expression(Program *program, const Source *source) { return parse(program, source, true); }
