// The language server: `hvm lsp`.
//
// server.c    the loop: reads messages, keeps documents, answers
// report.c    diagnostics, and edits that mend what they say
// navigate.c  definition, references, rename, symbols
// assist.c    hover, completion, signatures, inlay hints
// paint.c     semantic tokens, folding
//
// A feature takes a request's parameters and gives its result, a new reference; NULL stands for null. What is wrong
// with a request is said with server_refuse. Features run on the deep stack, with the document that the request names
// analysed.
#ifndef HVM_EDITOR_SERVER_H
#define HVM_EDITOR_SERVER_H

#include "message.h"
#include "workspace.h"

typedef struct Server {
  Input in;
  FILE *out;
  Workspace workspace;
  Document *document;  // of the request; NULL: it names none
  uint32_t offset;     // of its position; 0: it has none
  const char *refusal; // NULL: none
  bool initialized, shut_down, closed;
} Server;

// Until the client says `exit` or its stream ends. The exit status of the process.
int server_run(int in, FILE *out);

json_t *server_refuse(Server *server, const char *why); // NULL

typedef json_t *Feature(Server *server, const json_t *params);
Feature feature_definition, feature_references, feature_highlight, feature_rename, feature_prepare_rename,
    feature_symbols, feature_all_symbols, feature_hover, feature_completion, feature_signature, feature_hints,
    feature_tokens, feature_tokens_range, feature_folding, feature_formatting, feature_actions;

json_t *report_diagnostics(Document *document); // an array
json_t *paint_legend(void);

json_t *json_position(Position position);
json_t *json_range(const Source *source, Span span);
json_t *json_location(const Document *document, Span span);
json_t *json_edit(const Source *source, Span span, const char *text, size_t size);
uint32_t json_offset_at(const Source *source, const json_t *position);
Span json_span_at(const Source *source, const json_t *range);

// The token that a request is about, when it is a name or a variable; else NULL.
const Token *server_word(Server *server);
// The name of a token; UINT32_MAX: the document has none of this text.
NameId server_name(const Document *document, const Token *token);

#endif
