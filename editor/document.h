// A document that is being edited: its text, and what is known of it.
//
// Its parts are the rules, and damaged ones up to the next rule. After an edit only parts whose text changed are read
// by tree-sitter again; the terms of the others are kept, and names, arities and scopes are checked anew for all of
// them. Offsets count bytes; a Position is the protocol's: lines from 0, characters in UTF-16 units.
#ifndef HVM_EDITOR_DOCUMENT_H
#define HVM_EDITOR_DOCUMENT_H

#include "lang/program.h"
#include "lang/token.h"

typedef struct {
  uint32_t line, character;
} Position;

typedef struct {
  Span span;
  bool damaged;
  Rule *rule;  // NULL: it is damaged, or has a faulty literal
  NameId head; // the name that it has a rule for; UINT32_MAX: none
  Span name;   // where that name stands on its left side
} Piece;

typedef ARRAY(Token) TokenList;
typedef ARRAY(Piece) Pieces;

typedef struct Document {
  char *uri;
  bool open;       // the client's text counts, not the file's
  int64_t version; // the client's
  int64_t stamp;   // of a file: when it was changed
  Buffer text;
  Source source;    // of the text; valid once analysed
  Program *program; // terms and names; functions have rules and strict positions, but no code
  Arena scratch;    // what the last check made
  Pieces pieces;    // in the order of the text
  TokenList tokens; // of the text; see document_tokens
  bool analysed, has_tokens;
  bool published;       // its diagnostics were sent
  size_t garbage;       // bytes of text whose terms are no longer used
  uint32_t front, back; // bytes at both ends that are as they were at the last analysis
  uint32_t size;        // of the text then
  char *demands;        // what hvm check --demand says; NULL: not asked for yet
} Document;

Document *document_new(const char *uri);
void document_free(Document *document);
void document_set(Document *document, const char *text, size_t size);
// Replaces a stretch; offsets beyond the end are the end, and those inside of a character its beginning.
void document_edit(Document *document, uint32_t start, uint32_t end, const char *text, size_t size);
// Brings everything up to date. Its diagnostics are in program->diagnostics, sorted.
void document_analyse(Document *document);

// All tokens, also those of damaged parts. Strings that do not end are one byte long.
const TokenList *document_tokens(Document *document);
// The token that a place is in or right behind; names and variables win. NULL: none.
const Token *document_token_at(Document *document, uint32_t offset);
// The part that a place is in, or that ends nearest before it; NULL: none.
Piece *document_piece_at(Document *document, uint32_t offset);
bool document_token_is(const Document *document, const Token *token, const char *text, size_t size);

// Lines of what hvm check --demand says of a function; NULL when nothing is known. The caller frees it.
char *document_demand(Document *document, const char *name);

Position position_of(const Source *source, uint32_t offset);
uint32_t position_offset(const Source *source, Position position);

#endif
