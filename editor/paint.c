#include "scope.h"
#include "server.h"

// What a client cannot know of a token: whether a name has rules, and what binds a variable. The rest is the grammar's.
typedef enum { PAINT_FUNCTION, PAINT_CONSTRUCTOR, PAINT_VARIABLE, PAINT_PARAMETER, PAINT_COUNT } Paint;
static const char *const TYPES[PAINT_COUNT] = {"function", "enumMember", "variable", "parameter"};
enum { IS_DECLARATION = 1, IS_BUILTIN = 2, IS_SCOPELESS = 4 };
static const char *const MODIFIERS[] = {"declaration", "defaultLibrary", "static"};

json_t *paint_legend(void) {
  json_t *types = json_array(), *modifiers = json_array();
  for (int i = 0; i < PAINT_COUNT; i++) json_array_append_new(types, json_string(TYPES[i]));
  for (int i = 0; i < 3; i++) json_array_append_new(modifiers, json_string(MODIFIERS[i]));
  return json_pack("{s:o, s:o}", "tokenTypes", types, "tokenModifiers", modifiers);
}

typedef struct {
  uint32_t start;
  bool parameter, binds;
} Variable;

typedef struct {
  ARRAY(Variable) variables; // by start
  Position last;             // of the token before, which begins at offset
  uint32_t offset;
  json_t *data;
} Painter;

static int by_start(const void *a, const void *b) {
  uint32_t first = ((const Variable *)a)->start, second = ((const Variable *)b)->start;
  return first < second ? -1 : first > second;
}

static int by_pointer(const void *a, const void *b) {
  uintptr_t first = (uintptr_t) * (void *const *)a, second = (uintptr_t) * (void *const *)b;
  return first < second ? -1 : first > second;
}

// Parameters are what patterns bind.
static void find_variables(Painter *painter, const Rule *rule) {
  Bounds bounds = {0};
  VariablePlaces places = {0};
  ARRAY(const Binder *) parameters = {0};
  scope_bounds(rule, &bounds);
  scope_places(rule, &places);
  for (size_t i = 0; i < bounds.count; i++)
    if (bounds.items[i].by == BOUND_BY_PATTERN) ARRAY_PUSH(&parameters, bounds.items[i].binder);
  if (parameters.count) qsort(parameters.items, parameters.count, sizeof *parameters.items, by_pointer);
  for (size_t i = 0; i < places.count; i++) {
    const VariablePlace *place = &places.items[i];
    bool parameter = parameters.count &&
                     bsearch(&place->binder, parameters.items, parameters.count, sizeof *parameters.items, by_pointer);
    ARRAY_PUSH(&painter->variables, (Variable){place->span.start, parameter, place->binds});
  }
  ARRAY_FREE(&parameters);
  ARRAY_FREE(&places);
  ARRAY_FREE(&bounds);
}

// Tokens come in the order of the text, so each is placed from the one before: lines may be very long.
static void paint(Painter *painter, const Source *source, Span span, Paint type, int modifiers) {
  Position at = painter->last;
  for (uint32_t i = painter->offset; i < span.start; i++) {
    unsigned char byte = (unsigned char)source->text[i];
    at.character += (byte & 0xC0) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
    if (byte == '\n') at = (Position){at.line + 1, 0};
  }
  bool same = at.line == painter->last.line;
  json_int_t numbers[] = {at.line - painter->last.line, at.character - (same ? painter->last.character : 0),
                          span.end - span.start, type, modifiers};
  for (int i = 0; i < 5; i++) json_array_append_new(painter->data, json_integer(numbers[i]));
  painter->last = at;
  painter->offset = span.start;
}

// A name that stands only in damaged rules may be unknown.
static void paint_name(Painter *painter, Document *document, const Token *token) {
  NameId id = server_name(document, token);
  const Name *name = id == UINT32_MAX ? NULL : &document->program->names.items[id];
  const Piece *piece = document_piece_at(document, token->span.start);
  bool head = piece && piece->head != UINT32_MAX && piece->name.start == token->span.start;
  int modifiers = (head ? IS_DECLARATION : 0) | (name && name->builtin ? IS_BUILTIN : 0);
  bool function = head || (name && name->function);
  paint(painter, &document->source, token->span, function ? PAINT_FUNCTION : PAINT_CONSTRUCTOR, modifiers);
}

static void paint_variable(Painter *painter, Document *document, const Token *token) {
  Variable key = {.start = token->span.start}, *found = NULL;
  if (painter->variables.count)
    found = bsearch(&key, painter->variables.items, painter->variables.count, sizeof key, by_start);
  int modifiers = found && found->binds ? IS_DECLARATION : 0;
  if (document->source.text[token->span.start] == '$') modifiers |= IS_SCOPELESS;
  paint(painter, &document->source, token->span, found && found->parameter ? PAINT_PARAMETER : PAINT_VARIABLE,
        modifiers);
}

static json_t *paint_range(Document *document, Span range) {
  Painter painter = {.data = json_array()};
  for (size_t i = 0; i < document->pieces.count; i++) {
    const Piece *piece = &document->pieces.items[i];
    if (piece->rule && piece->span.end >= range.start && piece->span.start < range.end)
      find_variables(&painter, piece->rule);
  }
  if (painter.variables.count)
    qsort(painter.variables.items, painter.variables.count, sizeof *painter.variables.items, by_start);
  const TokenList *tokens = document_tokens(document);
  for (size_t i = 0; i < tokens->count; i++) {
    const Token *token = &tokens->items[i];
    if (token->span.end <= range.start || token->span.start >= range.end) continue;
    if (token->kind == TOKEN_NAME) paint_name(&painter, document, token);
    if (token->kind == TOKEN_VARIABLE) paint_variable(&painter, document, token);
  }
  ARRAY_FREE(&painter.variables);
  return json_pack("{s:o}", "data", painter.data);
}

json_t *feature_tokens(Server *server, const json_t *params) {
  (void)params;
  return paint_range(server->document, (Span){0, server->document->source.size});
}

json_t *feature_tokens_range(Server *server, const json_t *params) {
  return paint_range(server->document, json_span_at(&server->document->source, json_object_get(params, "range")));
}

// Folding: rules, brackets and blocks of comments that take more than one line.

static void fold(json_t *folds, const Source *source, uint32_t start, uint32_t end, const char *kind) {
  uint32_t first = position_of(source, start).line, last = position_of(source, end).line;
  if (last <= first) return;
  json_t *range = json_pack("{s:I, s:I}", "startLine", (json_int_t)first, "endLine", (json_int_t)last);
  if (kind) json_object_set_new(range, "kind", json_string(kind));
  json_array_append_new(folds, range);
}

static void fold_comments(json_t *folds, const Document *document) {
  const Source *source = &document->source;
  size_t first = 0, count = 0; // of the lines of a block
  for (size_t i = 0; i <= source->lines.count; i++) {
    bool comment = false;
    if (i < source->lines.count) {
      Span line = source_line(source, (uint32_t)i + 1);
      while (line.start < line.end && strchr(" \t", source->text[line.start])) line.start++;
      comment = line.end - line.start >= 2 && memcmp(source->text + line.start, "//", 2) == 0;
    }
    if (comment && count++ == 0) first = i;
    if (comment) continue;
    if (count > 1) fold(folds, source, source->lines.items[first], source->lines.items[first + count - 1], "comment");
    count = 0;
  }
}

json_t *feature_folding(Server *server, const json_t *params) {
  (void)params;
  Document *document = server->document;
  json_t *folds = json_array();
  ARRAY(uint32_t) open = {0};
  for (size_t i = 0; i < document->pieces.count; i++)
    fold(folds, &document->source, document->pieces.items[i].span.start, document->pieces.items[i].span.end, NULL);
  const TokenList *tokens = document_tokens(document);
  for (size_t i = 0; i < tokens->count; i++) {
    TokenKind kind = tokens->items[i].kind;
    if (kind == TOKEN_OPEN_SQUARE || kind == TOKEN_OPEN_CURLY) ARRAY_PUSH(&open, tokens->items[i].span.start);
    if ((kind == TOKEN_CLOSE_SQUARE || kind == TOKEN_CLOSE_CURLY) && open.count)
      fold(folds, &document->source, open.items[--open.count], tokens->items[i].span.start, NULL);
  }
  ARRAY_FREE(&open);
  fold_comments(folds, document);
  return folds;
}
