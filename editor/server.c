#include "server.h"

#include "format.h"
#include "lib/hvm.h"

enum { PARSE_ERROR = -32700, INVALID_REQUEST = -32600, NO_METHOD = -32601, NOT_INITIALIZED = -32002, REFUSED = -32803 };

json_t *server_refuse(Server *server, const char *why) {
  server->refusal = why;
  return NULL;
}

json_t *json_position(Position position) {
  return json_pack("{s:I, s:I}", "line", (json_int_t)position.line, "character", (json_int_t)position.character);
}

json_t *json_range(const Source *source, Span span) {
  return json_pack("{s:o, s:o}", "start", json_position(position_of(source, span.start)), "end",
                   json_position(position_of(source, span.end)));
}

json_t *json_location(const Document *document, Span span) {
  return json_pack("{s:s, s:o}", "uri", document->uri, "range", json_range(&document->source, span));
}

json_t *json_edit(const Source *source, Span span, const char *text, size_t size) {
  return json_pack("{s:o, s:o}", "range", json_range(source, span), "newText", json_clean(text, size));
}

static uint32_t limited(int64_t number) { return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number; }

uint32_t json_offset_at(const Source *source, const json_t *position) {
  return position_offset(source, (Position){limited(json_number_at(position, "line", 0)),
                                            limited(json_number_at(position, "character", 0))});
}

Span json_span_at(const Source *source, const json_t *range) {
  Span span = {json_offset_at(source, json_object_get(range, "start")),
               json_offset_at(source, json_object_get(range, "end"))};
  if (span.end < span.start) span.end = span.start;
  return span;
}

const Token *server_word(Server *server) {
  const Token *token = document_token_at(server->document, server->offset);
  return token && (token->kind == TOKEN_NAME || token->kind == TOKEN_VARIABLE) ? token : NULL;
}

NameId server_name(const Document *document, const Token *token) {
  NameId name;
  Span span = token->span;
  return program_find_name(document->program, document->source.text + span.start, span.end - span.start, &name)
             ? name
             : UINT32_MAX;
}

// Sending

static void send(Server *server, json_t *message) {
  json_object_set_new(message, "jsonrpc", json_string("2.0"));
  if (!message_write(server->out, message)) server->closed = true;
}

static void send_error(Server *server, const json_t *id, int code, const char *message) {
  json_t *error = json_pack("{s:i, s:s}", "code", code, "message", message);
  send(server, json_pack("{s:O, s:o}", "id", id ? id : json_null(), "error", error));
}

static void publish(Server *server, const Document *document, json_t *diagnostics) {
  json_t *params = json_pack("{s:s, s:I, s:o}", "uri", document->uri, "version", (json_int_t)document->version,
                             "diagnostics", diagnostics);
  send(server, json_pack("{s:s, s:o}", "method", "textDocument/publishDiagnostics", "params", params));
}

// Documents that changed since their diagnostics were sent.
static void publish_changed(Server *server) {
  for (size_t i = 0; i < server->workspace.documents.count; i++) {
    Document *document = server->workspace.documents.items[i];
    if (!document->open || document->published) continue;
    document_analyse(document);
    document->published = true;
    publish(server, document, report_diagnostics(document));
  }
}

// Documents

static const json_t *document_of(const json_t *params) { return json_object_get(params, "textDocument"); }

static void did_open(Server *server, const json_t *params) {
  const json_t *item = document_of(params), *text = json_object_get(item, "text");
  const char *uri = json_text_at(item, "uri");
  if (!uri || !json_is_string(text)) return;
  workspace_open(&server->workspace, uri, json_string_value(text), json_string_length(text),
                 json_number_at(item, "version", 0));
}

static void did_change(Server *server, const json_t *params) {
  const char *uri = json_text_at(document_of(params), "uri");
  Document *document = uri ? workspace_find(&server->workspace, uri) : NULL;
  if (!document || !document->open) return;
  size_t i;
  json_t *change;
  json_array_foreach(json_object_get(params, "contentChanges"), i, change) {
    const json_t *text = json_object_get(change, "text"), *range = json_object_get(change, "range");
    if (!json_is_string(text)) continue;
    if (json_is_object(range)) {
      Span span = json_span_at(&document->source, range);
      document_edit(document, span.start, span.end, json_string_value(text), json_string_length(text));
    } else {
      document_set(document, json_string_value(text), json_string_length(text));
    }
  }
  document->version = json_number_at(document_of(params), "version", document->version);
}

static void did_close(Server *server, const json_t *params) {
  const char *uri = json_text_at(document_of(params), "uri");
  Document *document = uri ? workspace_find(&server->workspace, uri) : NULL;
  if (!document || !document->open) return;
  publish(server, document, json_array());
  workspace_close(&server->workspace, document);
}

json_t *feature_formatting(Server *server, const json_t *params) {
  (void)params;
  const Source *source = &server->document->source;
  Diagnostics diagnostics = {0};
  Buffer out = {0};
  json_t *edits = NULL;
  buffer_text(&out, "");
  if (format_source(source, &diagnostics, &out)) {
    // Only from the first line that changes to the last.
    uint32_t start = 0, end = source->size;
    size_t out_end = out.size;
    for (uint32_t at = 0; at < source->size && at < out.size && source->text[at] == out.text[at]; at++)
      if (source->text[at] == '\n') start = at + 1;
    while (end > start && out_end > start && source->text[end - 1] == out.text[out_end - 1]) end--, out_end--;
    while (end < source->size && end > start && source->text[end - 1] != '\n') end++, out_end++;
    edits = json_array();
    if (end > start || out_end > start)
      json_array_append_new(edits, json_edit(source, (Span){start, end}, out.text + start, out_end - start));
  } else {
    server_refuse(server, "a text with syntax errors cannot be formatted");
  }
  buffer_free(&out);
  diagnostics_free(&diagnostics);
  return edits;
}

// Life

static json_t *initialize(Server *server, const json_t *params) {
  const json_t *folder = json_array_get(json_object_get(params, "workspaceFolders"), 0);
  const char *root = json_text_at(folder, "uri");
  if (!root) root = json_text_at(params, "rootUri");
  if (!root) root = json_text_at(params, "rootPath");
  if (root) workspace_set_root(&server->workspace, root);
  server->initialized = true;
  json_t *capabilities = json_pack(
      "{s:s, s:{s:b, s:i}, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:{s:b}, s:{s:[s,s]}, s:{s:[s]}, s:{s:[s]}, "
      "s:{s:o, s:b, s:b}}",
      "positionEncoding", "utf-16", "textDocumentSync", "openClose", true, "change", 2, "hoverProvider", true,
      "definitionProvider", true, "referencesProvider", true, "documentHighlightProvider", true,
      "documentSymbolProvider", true, "workspaceSymbolProvider", true, "documentFormattingProvider", true,
      "foldingRangeProvider", true, "inlayHintProvider", true, "renameProvider", "prepareProvider", true,
      "completionProvider", "triggerCharacters", "(", "$", "signatureHelpProvider", "triggerCharacters", " ",
      "codeActionProvider", "codeActionKinds", "quickfix", "semanticTokensProvider", "legend", paint_legend(), "full",
      true, "range", true);
  return json_pack("{s:o, s:{s:s, s:s}}", "capabilities", capabilities, "serverInfo", "name", "hvm", "version",
                   HVM_VERSION);
}

typedef struct {
  const char *method;
  Feature *feature;
} Method;

static const Method METHODS[] = {{"textDocument/definition", feature_definition},
                                 {"textDocument/references", feature_references},
                                 {"textDocument/documentHighlight", feature_highlight},
                                 {"textDocument/rename", feature_rename},
                                 {"textDocument/prepareRename", feature_prepare_rename},
                                 {"textDocument/documentSymbol", feature_symbols},
                                 {"workspace/symbol", feature_all_symbols},
                                 {"textDocument/hover", feature_hover},
                                 {"textDocument/completion", feature_completion},
                                 {"textDocument/signatureHelp", feature_signature},
                                 {"textDocument/inlayHint", feature_hints},
                                 {"textDocument/semanticTokens/full", feature_tokens},
                                 {"textDocument/semanticTokens/range", feature_tokens_range},
                                 {"textDocument/foldingRange", feature_folding},
                                 {"textDocument/formatting", feature_formatting},
                                 {"textDocument/codeAction", feature_actions}};

static const struct {
  const char *method;
  void (*handle)(Server *server, const json_t *params);
} NOTIFICATIONS[] = {
    {"textDocument/didOpen", did_open}, {"textDocument/didChange", did_change}, {"textDocument/didClose", did_close}};

typedef struct {
  Server *server;
  Feature *feature;
  const json_t *params;
  json_t *result;
} Job;

static void run_feature(void *argument) {
  Job *job = argument;
  Server *server = job->server;
  const char *uri = json_text_at(document_of(job->params), "uri");
  server->document = uri ? workspace_find(&server->workspace, uri) : NULL;
  server->offset = 0;
  if (server->document) {
    document_analyse(server->document);
    server->offset = json_offset_at(&server->document->source, json_object_get(job->params, "position"));
  } else if (job->feature != feature_all_symbols) {
    server_refuse(server, "this document is not open");
    return;
  }
  job->result = job->feature(server, job->params);
}

static Feature *find_feature(const char *method) {
  for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
    if (strcmp(METHODS[i].method, method) == 0) return METHODS[i].feature;
  return NULL;
}

static void answer(Server *server, const json_t *id, const char *method, const json_t *params) {
  Job job = {.server = server, .feature = find_feature(method), .params = params};
  bool begins = strcmp(method, "initialize") == 0;
  int code = REFUSED;
  server->refusal = NULL;
  if (begins && server->initialized)
    server->refusal = "already initialized", code = INVALID_REQUEST;
  else if (begins)
    job.result = initialize(server, params);
  else if (!server->initialized)
    server->refusal = "not yet initialized", code = NOT_INITIALIZED;
  else if (server->shut_down)
    server->refusal = "shut down", code = INVALID_REQUEST;
  else if (strcmp(method, "shutdown") == 0)
    server->shut_down = true;
  else if (job.feature)
    term_run_deep(run_feature, &job);
  else
    server->refusal = "unknown method", code = NO_METHOD;
  if (server->refusal) {
    send_error(server, id, code, server->refusal);
    return;
  }
  json_t *response = json_pack("{s:O, s:o}", "id", id, "result", job.result ? job.result : json_null());
  send(server, response);
}

static void handle(Server *server, const json_t *message) {
  const char *method = json_text_at(message, "method");
  const json_t *id = json_object_get(message, "id"), *params = json_object_get(message, "params");
  if (!method) { // an answer to nothing that was asked, or rubbish
    if (!json_object_get(message, "result") && !json_object_get(message, "error"))
      send_error(server, id, INVALID_REQUEST, "a message without a method");
  } else if (id) {
    answer(server, id, method, params);
  } else if (strcmp(method, "exit") == 0) {
    server->closed = true;
  } else if (server->initialized && !server->shut_down) {
    for (size_t i = 0; i < sizeof NOTIFICATIONS / sizeof *NOTIFICATIONS; i++)
      if (strcmp(NOTIFICATIONS[i].method, method) == 0) NOTIFICATIONS[i].handle(server, params);
  }
}

int server_run(int in, FILE *out) {
  Server server = {.in = {.descriptor = in}, .out = out};
  while (!server.closed) {
    json_t *message;
    MessageStatus status = message_read(&server.in, &message);
    if (status == MESSAGE_END) break;
    if (status == MESSAGE_BAD)
      send_error(&server, NULL, PARSE_ERROR, "this is no message");
    else
      handle(&server, message);
    json_decref(message);
    // While the client types on, only the last text counts.
    if (!message_waits(&server.in)) publish_changed(&server);
  }
  workspace_free(&server.workspace);
  free(server.in.bytes);
  return server.shut_down ? 0 : 1;
}
