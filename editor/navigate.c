#include "scope.h"
#include "server.h"

enum { SYMBOL_FUNCTION = 12, HIGHLIGHT_READ = 2, HIGHLIGHT_WRITE = 3, SYMBOLS_MAX = 1000 };

typedef ARRAY(Span) Spans;

static const Rule *rule_at(Document *document, uint32_t offset) {
  const Piece *piece = document_piece_at(document, offset);
  return piece && offset <= piece->span.end ? piece->rule : NULL;
}

static const Binder *binder_at(Server *server) {
  const Rule *rule = rule_at(server->document, server->offset);
  return rule ? scope_binder_at(rule, server->offset) : NULL;
}

static bool has_rules(const Document *document, NameId name) {
  for (size_t i = 0; i < document->pieces.count; i++)
    if (document->pieces.items[i].head == name) return true;
  return false;
}

static NameId name_in(const Document *document, const char *text, size_t size) {
  NameId name;
  return program_find_name(document->program, text, size, &name) ? name : UINT32_MAX;
}

static void add_rules(json_t *locations, const Document *document, NameId name) {
  for (size_t i = 0; i < document->pieces.count; i++)
    if (document->pieces.items[i].head == name)
      json_array_append_new(locations, json_location(document, document->pieces.items[i].name));
}

json_t *feature_definition(Server *server, const json_t *params) {
  (void)params;
  Document *document = server->document;
  const Token *token = server_word(server);
  if (!token) return NULL;
  if (token->kind == TOKEN_VARIABLE) {
    const Binder *binder = binder_at(server);
    return binder ? json_location(document, binder->span) : NULL;
  }
  json_t *locations = json_array();
  const char *text = document->source.text + token->span.start;
  size_t size = token->span.end - token->span.start;
  add_rules(locations, document, server_name(document, token));
  if (json_array_size(locations) == 0) {
    char *name = strndup(text, size); // the documents may move
    workspace_refresh(&server->workspace);
    for (size_t i = 0; i < server->workspace.documents.count; i++) {
      Document *other = server->workspace.documents.items[i];
      NameId id = name_in(other, name, size);
      if (id != UINT32_MAX) add_rules(locations, other, id);
    }
    free(name);
  }
  return locations;
}

// Places of a name or variable in one document

static void name_places(Document *document, const char *text, size_t size, Spans *spans) {
  const TokenList *tokens = document_tokens(document);
  for (size_t i = 0; i < tokens->count; i++)
    if (tokens->items[i].kind == TOKEN_NAME && document_token_is(document, &tokens->items[i], text, size))
      ARRAY_PUSH(spans, tokens->items[i].span);
}

static int by_start(const void *a, const void *b) {
  uint32_t first = ((const Span *)a)->start, second = ((const Span *)b)->start;
  return first < second ? -1 : first > second;
}

static void variable_places(const Rule *rule, const Binder *binder, Spans *spans) {
  VariablePlaces places = {0};
  scope_places(rule, &places);
  for (size_t i = 0; i < places.count; i++)
    if (places.items[i].binder == binder) ARRAY_PUSH(spans, places.items[i].span);
  ARRAY_FREE(&places);
  qsort(spans->items, spans->count, sizeof *spans->items, by_start);
}

static bool is_rule_head(Document *document, Span span) {
  const Piece *piece = document_piece_at(document, span.start);
  return piece && piece->head != UINT32_MAX && piece->name.start == span.start;
}

// Every file is a program of its own. So a name's places are those of its file, and those in files that use it without
// having rules for it, if its own file has some.
typedef void UsePlaces(void *context, Document *document, const Spans *spans);

static void for_name(Server *server, const Token *token, UsePlaces *use, void *context) {
  Document *document = server->document;
  size_t size = token->span.end - token->span.start;
  char *text = strndup(document->source.text + token->span.start, size);
  if (!text) memory_exhausted();
  bool shared = has_rules(document, server_name(document, token));
  if (shared) workspace_refresh(&server->workspace);
  for (size_t i = 0; i < server->workspace.documents.count; i++) {
    Document *other = server->workspace.documents.items[i];
    if (other != document && (!shared || has_rules(other, name_in(other, text, size)))) continue;
    Spans spans = {0};
    name_places(other, text, size, &spans);
    if (spans.count) use(context, other, &spans);
    ARRAY_FREE(&spans);
  }
  free(text);
}

typedef struct {
  json_t *result;
  bool declarations;
  const char *name;
} Answer;

static void add_references(void *context, Document *document, const Spans *spans) {
  Answer *answer = context;
  for (size_t i = 0; i < spans->count; i++)
    if (answer->declarations || !is_rule_head(document, spans->items[i]))
      json_array_append_new(answer->result, json_location(document, spans->items[i]));
}

json_t *feature_references(Server *server, const json_t *params) {
  const Token *token = server_word(server);
  if (!token) return NULL;
  Answer answer = {.result = json_array()};
  answer.declarations = json_is_true(json_object_get(json_object_get(params, "context"), "includeDeclaration"));
  if (token->kind == TOKEN_NAME) {
    for_name(server, token, add_references, &answer);
    return answer.result;
  }
  const Binder *binder = binder_at(server);
  Spans spans = {0};
  if (binder) variable_places(rule_at(server->document, server->offset), binder, &spans);
  for (size_t i = 0; i < spans.count; i++)
    if (answer.declarations || spans.items[i].start != binder->span.start)
      json_array_append_new(answer.result, json_location(server->document, spans.items[i]));
  ARRAY_FREE(&spans);
  return answer.result;
}

json_t *feature_highlight(Server *server, const json_t *params) {
  (void)params;
  Document *document = server->document;
  const Token *token = server_word(server);
  if (!token) return NULL;
  Spans spans = {0};
  const Binder *binder = token->kind == TOKEN_VARIABLE ? binder_at(server) : NULL;
  if (binder)
    variable_places(rule_at(document, server->offset), binder, &spans);
  else if (token->kind == TOKEN_NAME)
    name_places(document, document->source.text + token->span.start, token->span.end - token->span.start, &spans);
  json_t *highlights = json_array();
  for (size_t i = 0; i < spans.count; i++) {
    bool written = binder ? spans.items[i].start == binder->span.start : is_rule_head(document, spans.items[i]);
    json_array_append_new(highlights, json_pack("{s:o, s:i}", "range", json_range(&document->source, spans.items[i]),
                                                "kind", written ? HIGHLIGHT_WRITE : HIGHLIGHT_READ));
  }
  ARRAY_FREE(&spans);
  return highlights;
}

// Renaming

json_t *feature_prepare_rename(Server *server, const json_t *params) {
  (void)params;
  const Document *document = server->document;
  const Token *token = server_word(server);
  if (!token) return NULL;
  if (token->kind == TOKEN_VARIABLE && !binder_at(server)) return NULL;
  NameId name = token->kind == TOKEN_NAME ? server_name(document, token) : UINT32_MAX;
  if (name != UINT32_MAX && document->program->names.items[name].builtin) return NULL;
  return json_range(&document->source, token->span);
}

static json_t *edits_of(const Document *document, const Spans *spans, const char *text) {
  json_t *edits = json_array();
  for (size_t i = 0; i < spans->count; i++)
    json_array_append_new(edits, json_edit(&document->source, spans->items[i], text, strlen(text)));
  return edits;
}

static void add_edits(void *context, Document *document, const Spans *spans) {
  Answer *answer = context;
  json_object_set_new(answer->result, document->uri, edits_of(document, spans, answer->name));
}

// Whether a text is one token of a kind.
static bool is_token(const char *text, TokenKind kind) {
  Scanner in = {.text = text, .size = (uint32_t)strlen(text), .string = NOWHERE};
  Token token = token_scan(&in, 0, false);
  return token.kind == kind && token.span.start == 0 && token.span.end == in.size;
}

static json_t *rename_name(Server *server, const Token *token, const char *new) {
  const Document *document = server->document;
  NameId name = server_name(document, token), other = name_in(document, new, strlen(new));
  if (!is_token(new, TOKEN_NAME)) return server_refuse(server, "a function's name begins with a capital letter");
  if (name != UINT32_MAX && document->program->names.items[name].builtin)
    return server_refuse(server, "this name is built in");
  Spans used = {0};
  name_places(server->document, new, strlen(new), &used);
  bool taken = used.count > 0 || (other != UINT32_MAX && document->program->names.items[other].builtin);
  ARRAY_FREE(&used);
  if (taken) return server_refuse(server, "there is such a name already");
  Answer answer = {.result = json_object(), .name = new};
  for_name(server, token, add_edits, &answer);
  return answer.result;
}

// The other side of a scopeless dup changes its name, too: $0x and $1x belong together.
static const Binder *partner_of(const Rule *rule, const Binder *binder) {
  Bounds bounds = {0};
  const Binder *partner = NULL;
  scope_bounds(rule, &bounds);
  for (size_t i = 0; i < bounds.count; i++)
    if (bounds.items[i].binder == binder && binder->scopeless) partner = bounds.items[i].partner;
  ARRAY_FREE(&bounds);
  return partner;
}

static bool is_used(const Document *document, const Rule *rule, const char *variable) {
  Scanner in = {.text = document->source.text, .size = document->source.size, .string = NOWHERE};
  bool head = false;
  for (uint32_t at = rule->span.start; at < rule->span.end;) {
    Token token = token_scan(&in, at, head);
    if (token.kind == TOKEN_VARIABLE && document_token_is(document, &token, variable, strlen(variable))) return true;
    head = token.kind == TOKEN_OPEN_ROUND;
    at = token.span.end;
  }
  return false;
}

static json_t *rename_variable(Server *server, const char *new) {
  const Document *document = server->document;
  const Rule *rule = rule_at(server->document, server->offset);
  const Binder *binder = binder_at(server);
  if (!binder) return server_refuse(server, "nothing binds this variable");
  if (!is_token(new, TOKEN_VARIABLE) || strcmp(new, "_") == 0)
    return server_refuse(server, "a variable's name begins with a small letter, and is no keyword");
  if ((*new == '$') != binder->scopeless)
    return server_refuse(server, "the names of scopeless variables, and only those, begin with $");
  const Binder *partner = partner_of(rule, binder);
  if (partner && (new[1] != binder->name[1] || !new[2]))
    return server_refuse(server, "the sides of a scopeless dup are called $0… and $1…");
  char *other = strdup(new);
  if (!other) memory_exhausted();
  if (partner) other[1] = partner->name[1];
  Spans spans = {0}, partners = {0};
  json_t *result = NULL;
  if (is_used(document, rule, new) || (partner && is_used(document, rule, other))) {
    server_refuse(server, "this rule has such a variable already");
  } else {
    variable_places(rule, binder, &spans);
    if (partner) variable_places(rule, partner, &partners);
    json_t *edits = edits_of(document, &spans, new), *more = edits_of(document, &partners, other);
    json_array_extend(edits, more);
    json_decref(more);
    result = json_object();
    json_object_set_new(result, document->uri, edits);
  }
  ARRAY_FREE(&spans);
  ARRAY_FREE(&partners);
  free(other);
  return result;
}

json_t *feature_rename(Server *server, const json_t *params) {
  const Token *token = server_word(server);
  const char *new = json_text_at(params, "newName");
  if (!token || !new) return server_refuse(server, "only functions, constructors and variables can be renamed");
  json_t *changes = token->kind == TOKEN_NAME ? rename_name(server, token, new) : rename_variable(server, new);
  return changes ? json_pack("{s:o}", "changes", changes) : NULL;
}

// Symbols

// Rules of one function that follow each other are one symbol. Returns where the next one begins.
static size_t next_symbol(const Document *document, size_t first) {
  size_t next = first + 1;
  while (next < document->pieces.count && document->pieces.items[next].head == document->pieces.items[first].head)
    next++;
  return next;
}

json_t *feature_symbols(Server *server, const json_t *params) {
  (void)params;
  const Document *document = server->document;
  const Pieces *pieces = &document->pieces;
  json_t *symbols = json_array();
  for (size_t i = 0, next; i < pieces->count; i = next) {
    const Piece *piece = &pieces->items[i];
    next = next_symbol(document, i);
    if (piece->head == UINT32_MAX) continue;
    const Name *name = &document->program->names.items[piece->head];
    char detail[40] = "";
    if (name->known) snprintf(detail, sizeof detail, "/%u", name->arity);
    Span span = {piece->span.start, pieces->items[next - 1].span.end};
    json_array_append_new(symbols, json_pack("{s:s, s:s, s:i, s:o, s:o}", "name", name->text, "detail", detail, "kind",
                                             SYMBOL_FUNCTION, "range", json_range(&document->source, span),
                                             "selectionRange", json_range(&document->source, piece->name)));
  }
  return symbols;
}

json_t *feature_all_symbols(Server *server, const json_t *params) {
  const char *query = json_text_at(params, "query");
  json_t *symbols = json_array();
  workspace_refresh(&server->workspace);
  for (size_t d = 0; d < server->workspace.documents.count; d++) {
    const Document *document = server->workspace.documents.items[d];
    for (size_t i = 0, next; i < document->pieces.count && json_array_size(symbols) < SYMBOLS_MAX; i = next) {
      const Piece *piece = &document->pieces.items[i];
      next = next_symbol(document, i);
      if (piece->head == UINT32_MAX) continue;
      const char *name = document->program->names.items[piece->head].text;
      if (query && *query && !strcasestr(name, query)) continue;
      json_array_append_new(symbols, json_pack("{s:s, s:i, s:o}", "name", name, "kind", SYMBOL_FUNCTION, "location",
                                               json_location(document, piece->name)));
    }
  }
  return symbols;
}
