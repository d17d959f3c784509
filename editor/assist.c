#include "builtin.h"
#include "scope.h"
#include "server.h"

enum { COMPLETES_FUNCTION = 3, COMPLETES_CONSTRUCTOR = 4, COMPLETES_VARIABLE = 6, COMPLETES_KEYWORD = 14 };
enum { HINT_TYPE = 1, SHOWN_RULES = 8, COMPLETIONS_MAX = 5000 };

static const Name *name_of(const Document *document, NameId id) { return &document->program->names.items[id]; }

static bool is_builtin(const Document *document, NameId id) { return name_of(document, id)->builtin; }

static const Piece *first_rule(const Document *document, NameId name) {
  for (size_t i = 0; i < document->pieces.count; i++)
    if (document->pieces.items[i].head == name) return &document->pieces.items[i];
  return NULL;
}

// The left side of a rule; of a damaged one, its first line.
static Span left_side(const Document *document, const Piece *piece) {
  if (piece->rule) return piece->rule->head;
  const char *text = document->source.text + piece->span.start;
  const char *end = memchr(text, '\n', piece->span.end - piece->span.start);
  return (Span){piece->span.start, end ? piece->span.start + (uint32_t)(end - text) : piece->span.end};
}

static void add_span(Buffer *out, const Document *document, Span span) {
  buffer_add(out, document->source.text + span.start, span.end - span.start);
}

static json_t *markdown(Buffer *text) {
  json_t *value = json_pack("{s:s, s:o}", "kind", "markdown", "value", json_clean(text->text, text->size));
  buffer_free(text);
  return value;
}

// Hover

static void describe_rules(Document *document, NameId id, Buffer *out) {
  size_t count = 0;
  buffer_text(out, "```hvm\n");
  for (size_t i = 0; i < document->pieces.count; i++) {
    const Piece *piece = &document->pieces.items[i];
    if (piece->head != id || count++ >= SHOWN_RULES) continue;
    add_span(out, document, left_side(document, piece));
    buffer_char(out, '\n');
  }
  buffer_text(out, "```\n");
  const Name *name = name_of(document, id);
  buffer_format(out, "function of %u argument%s, %zu rule%s\n", name->arity, name->arity == 1 ? "" : "s", count,
                count == 1 ? "" : "s");
  char *demand = document_demand(document, name->text);
  if (demand) buffer_format(out, "\nneeds for sure (`hvm check --demand`):\n```\n%s\n```\n", demand);
  free(demand);
}

static void describe_name(Document *document, NameId id, Buffer *out) {
  const Name *name = name_of(document, id);
  if (name->builtin)
    buffer_format(out, "```hvm\n%s\n```\n%s\n", BUILTIN_HELP[id].call, BUILTIN_HELP[id].text);
  else if (first_rule(document, id))
    describe_rules(document, id, out);
  else
    buffer_format(out, "```hvm\n%s\n```\nconstructor of %u field%s\n", name->text, name->arity,
                  name->arity == 1 ? "" : "s");
}

static void describe_uses(const Bound *bound, Buffer *out) {
  static const char *const BY[] = {"a pattern", "a λ", "let", "dup"};
  const Binder *binder = bound->binder;
  buffer_format(out, "```hvm\n%s\n```\n%svariable, bound by %s; ", binder->name, binder->scopeless ? "scopeless " : "",
                BY[bound->by]);
  if (binder->uses == 0)
    buffer_text(out, "not used: what it stands for is erased\n");
  else if (binder->uses == 1)
    buffer_text(out, "used once\n");
  else
    buffer_format(out, "used %u times: cloned by %u inserted `dup`%s\n", binder->uses, binder->uses - 1,
                  binder->uses == 2 ? "" : "s");
}

static void describe_variable(Server *server, Buffer *out) {
  const Piece *piece = document_piece_at(server->document, server->offset);
  if (!piece || !piece->rule) return;
  const Binder *binder = scope_binder_at(piece->rule, server->offset);
  Bounds bounds = {0};
  scope_bounds(piece->rule, &bounds);
  for (size_t i = 0; i < bounds.count; i++)
    if (bounds.items[i].binder == binder) describe_uses(&bounds.items[i], out);
  ARRAY_FREE(&bounds);
}

json_t *feature_hover(Server *server, const json_t *params) {
  (void)params;
  Document *document = server->document;
  const Token *token = server_word(server);
  if (!token) return NULL;
  Span span = token->span;
  Buffer text = {0};
  NameId id = token->kind == TOKEN_NAME ? server_name(document, token) : UINT32_MAX;
  if (id != UINT32_MAX) describe_name(document, id, &text);
  if (token->kind == TOKEN_VARIABLE) describe_variable(server, &text);
  if (!text.size) return NULL;
  return json_pack("{s:o, s:o}", "contents", markdown(&text), "range", json_range(&document->source, span));
}

// Completion

typedef struct {
  const Document *document;
  json_t *items;
  Span word; // what a completion replaces
} Completion;

// NULL when there are too many.
static json_t *add_item(Completion *to, const char *label, int kind) {
  if (json_array_size(to->items) >= COMPLETIONS_MAX) return NULL;
  json_t *edit = json_edit(&to->document->source, to->word, label, strlen(label));
  json_t *item =
      json_pack("{s:o, s:i, s:o}", "label", json_clean(label, strlen(label)), "kind", kind, "textEdit", edit);
  json_array_append_new(to->items, item);
  return item;
}

static void add_names(Completion *to) {
  const Document *document = to->document;
  const Piece **rules = calloc(document->program->names.count, sizeof *rules); // by name: its first
  if (!rules) memory_exhausted();
  for (size_t i = document->pieces.count; i-- > 0;)
    if (document->pieces.items[i].head != UINT32_MAX)
      rules[document->pieces.items[i].head] = &document->pieces.items[i];
  for (NameId id = 0; id < document->program->names.count; id++) {
    const Name *name = name_of(document, id);
    // A name that occurs only as the word that is being typed is none yet; a forgotten one is not known.
    if (!name->known || name->text[0] == '(' ||
        (!name->builtin && !name->function && name->span.start == to->word.start))
      continue;
    json_t *item = add_item(to, name->text, name->function ? COMPLETES_FUNCTION : COMPLETES_CONSTRUCTOR);
    if (!item) break;
    Buffer detail = {0};
    const Piece *piece = name->builtin ? NULL : rules[id];
    if (name->builtin)
      buffer_text(&detail, BUILTIN_HELP[id].call);
    else if (piece)
      add_span(&detail, document, left_side(document, piece));
    else
      buffer_format(&detail, "constructor of %u", name->arity);
    json_object_set_new(item, "detail", json_clean(detail.text, detail.size));
    buffer_free(&detail);
    if (name->builtin) json_object_set_new(item, "documentation", json_string(BUILTIN_HELP[id].text));
  }
  free(rules);
}

static bool has_item(const json_t *items, const char *label) {
  size_t i;
  json_t *item;
  json_array_foreach(items, i, item) if (strcmp(json_text_at(item, "label"), label) == 0) return true;
  return false;
}

// In a damaged rule nobody knows scopes: there every variable that stands before the place counts.
static void add_written_variables(Completion *to, const Piece *piece) {
  const TokenList *tokens = document_tokens((Document *)to->document);
  for (size_t i = 0; i < tokens->count; i++) {
    Span span = tokens->items[i].span;
    if (tokens->items[i].kind != TOKEN_VARIABLE || span.start < piece->span.start || span.end >= to->word.start)
      continue;
    char *name = strndup(to->document->source.text + span.start, span.end - span.start);
    if (name && strcmp(name, "_") != 0 && !has_item(to->items, name)) add_item(to, name, COMPLETES_VARIABLE);
    free(name);
  }
}

static void add_variables(Completion *to, const Piece *piece) {
  if (!piece->rule) {
    add_written_variables(to, piece);
    return;
  }
  Bounds bounds = {0};
  scope_bounds(piece->rule, &bounds);
  for (size_t i = bounds.count; i-- > 0;) { // the nearest first
    const Bound *bound = &bounds.items[i];
    if (to->word.start < bound->scope.start || to->word.start > bound->scope.end) continue;
    if (strcmp(bound->binder->name, "_") != 0 && !has_item(to->items, bound->binder->name))
      add_item(to, bound->binder->name, COMPLETES_VARIABLE);
  }
  ARRAY_FREE(&bounds);
}

json_t *feature_completion(Server *server, const json_t *params) {
  (void)params;
  static const char *const KEYWORDS[] = {"let", "dup", "ask", "if", "else"};
  Document *document = server->document;
  const Token *token = document_token_at(document, server->offset);
  if (token && token->span.start < server->offset &&
      (token->kind == TOKEN_STRING || token->kind == TOKEN_OPEN_STRING || token->kind == TOKEN_CHARACTER) &&
      server->offset < token->span.end)
    return json_array();
  bool word = token && token->kind >= TOKEN_LET && token->kind <= TOKEN_NAME;
  Completion to = {document, json_array(), word ? token->span : (Span){server->offset, server->offset}};
  const Piece *piece = document_piece_at(document, server->offset);
  if (piece) add_variables(&to, piece);
  add_names(&to);
  for (size_t i = 0; i < sizeof KEYWORDS / sizeof *KEYWORDS; i++) add_item(&to, KEYWORDS[i], COMPLETES_KEYWORD);
  return to.items;
}

// Signatures

typedef struct {
  size_t name; // the token behind the bracket
  uint32_t arguments;
} Call;

static bool opens(TokenKind kind) {
  return kind == TOKEN_OPEN_ROUND || kind == TOKEN_OPEN_SQUARE || kind == TOKEN_OPEN_CURLY;
}
static bool closes(TokenKind kind) {
  return kind == TOKEN_CLOSE_ROUND || kind == TOKEN_CLOSE_SQUARE || kind == TOKEN_CLOSE_CURLY;
}

// The innermost call around a place, and how many arguments end before it.
static bool find_call(Document *document, uint32_t start, uint32_t offset, Call *call) {
  ARRAY(Call) stack = {0};
  const TokenList *tokens = document_tokens(document);
  bool found = false;
  for (size_t i = 0; i < tokens->count && tokens->items[i].span.start < offset; i++) {
    Token token = tokens->items[i];
    if (token.span.start < start) continue;
    if (opens(token.kind)) {
      ARRAY_PUSH(&stack, (Call){i + 1, 0});
      continue;
    }
    if (closes(token.kind) && stack.count) stack.count--;
    bool prefix = token.kind == TOKEN_LAMBDA || token.kind == TOKEN_BANG || token.kind == TOKEN_DOT;
    bool binder = i && tokens->items[i - 1].kind == TOKEN_LAMBDA;
    if (stack.count && !prefix && !binder && i > stack.items[stack.count - 1].name && token.span.end < offset)
      stack.items[stack.count - 1].arguments++;
  }
  while (stack.count && !found) {
    *call = stack.items[--stack.count];
    found = call->name < tokens->count && tokens->items[call->name].kind == TOKEN_NAME &&
            tokens->items[call->name].span.end < offset;
  }
  ARRAY_FREE(&stack);
  return found;
}

// Where the arguments of a written call stand in it, as the protocol counts.
static json_t *parameters_of(const char *call) {
  Source source;
  source_init(&source, "", call, strlen(call));
  Scanner in = {.text = call, .size = source.size, .string = NOWHERE};
  json_t *parameters = json_array();
  int depth = 0;
  bool bang = false;
  uint32_t start = 0, count = 0;
  for (Token token = token_scan(&in, 0, false); token.kind != TOKEN_END;
       token = token_scan(&in, token.span.end, false)) {
    if (token.kind == TOKEN_COMMA) continue;
    if (closes(token.kind)) depth--;
    if (depth < 1 && !opens(token.kind)) continue; // the last bracket
    if (depth == 1 && !closes(token.kind) && !bang) start = token.span.start;
    bang = token.kind == TOKEN_BANG;
    if (opens(token.kind)) depth++;
    if (depth != 1 || bang || (opens(token.kind) && depth == 1) || count++ == 0)
      continue; // the name, the first bracket
    json_array_append_new(parameters, json_pack("{s:[i, i]}", "label", (int)position_of(&source, start).character,
                                                (int)position_of(&source, token.span.end).character));
  }
  source_free(&source);
  return parameters;
}

json_t *feature_signature(Server *server, const json_t *params) {
  (void)params;
  Document *document = server->document;
  const Piece *piece = document_piece_at(document, server->offset);
  Call call;
  if (!piece || !find_call(document, piece->span.start, server->offset, &call)) return NULL;
  NameId id = server_name(document, &document_tokens(document)->items[call.name]);
  if (id == UINT32_MAX) return NULL;
  Buffer label = {0};
  const Name *name = name_of(document, id);
  const Piece *rule = is_builtin(document, id) ? NULL : first_rule(document, id);
  if (name->builtin) {
    buffer_text(&label, BUILTIN_HELP[id].call);
  } else if (rule) {
    add_span(&label, document, left_side(document, rule));
    for (size_t i = 0; i < label.size; i++)
      if (label.text[i] == '\n') label.text[i] = ' ';
  } else {
    if (!name->known || name->source == NULL) return NULL;
    buffer_format(&label, "(%s", name->text);
    for (uint32_t i = 0; i < name->arity; i++) buffer_format(&label, " field%u", i + 1);
    buffer_char(&label, ')');
  }
  json_t *signature =
      json_pack("{s:o, s:o}", "label", json_clean(label.text, label.size), "parameters", parameters_of(label.text));
  if (name->builtin) json_object_set_new(signature, "documentation", json_string(BUILTIN_HELP[id].text));
  buffer_free(&label);
  return json_pack("{s:[o], s:i, s:I}", "signatures", signature, "activeSignature", 0, "activeParameter",
                   (json_int_t)call.arguments);
}

// Hints

json_t *feature_hints(Server *server, const json_t *params) {
  Document *document = server->document;
  Span range = json_span_at(&document->source, json_object_get(params, "range"));
  json_t *hints = json_array();
  Bounds bounds = {0};
  for (size_t i = 0; i < document->pieces.count; i++) {
    const Piece *piece = &document->pieces.items[i];
    if (piece->rule && piece->span.end >= range.start && piece->span.start <= range.end)
      scope_bounds(piece->rule, &bounds);
  }
  for (size_t i = 0; i < bounds.count; i++) {
    const Binder *binder = bounds.items[i].binder;
    if (binder->uses < 2 || binder->span.end < range.start || binder->span.start > range.end) continue;
    char label[40], tooltip[100];
    snprintf(label, sizeof label, "dup×%u", binder->uses - 1);
    snprintf(tooltip, sizeof tooltip, "used %u times: cloned lazily by %u inserted dup%s", binder->uses,
             binder->uses - 1, binder->uses == 2 ? "" : "s");
    json_array_append_new(hints, json_pack("{s:o, s:s, s:i, s:s, s:b}", "position",
                                           json_position(position_of(&document->source, binder->span.end)), "label",
                                           label, "kind", HINT_TYPE, "tooltip", tooltip, "paddingLeft", true));
  }
  ARRAY_FREE(&bounds);
  return hints;
}
