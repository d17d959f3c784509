// The scanner of what is not seen: it takes no character, but tells the parser where rules begin on a new line.
//
// A `(` or a name that is the first of its line begins a rule when a `=` follows the name or the parentheses: nowhere
// else does one follow. Within such a rule's predecessor, brackets that are still open and terms that are still missing
// end there, so an error damages no rule but its own. And rules are gathered in parts and chapters (grammar.js) by a
// hash of their left sides, since boundaries that depend on nothing else stay where they are when other rules change.
#include "tree_sitter/parser.h"

#include <stdlib.h>

enum Token { PART_MARK, CHAPTER_MARK, UNCLOSED, NOTHING, BROKEN };

enum {
  HEAD_LIMIT = 500, // characters; longer left sides are not recognised
  PART_BITS = 5,    // 32 rules to a part
  CHAPTER_BITS = 10
};

// How many brackets and terms were made up in the present rule, up to 255; all that is serialized.
typedef uint8_t Repairs;

void *tree_sitter_hvm_external_scanner_create(void) { return calloc(1, sizeof(Repairs)); }

void tree_sitter_hvm_external_scanner_destroy(void *payload) { free(payload); }

unsigned tree_sitter_hvm_external_scanner_serialize(void *payload, char *buffer) {
  Repairs repairs = *(Repairs *)payload;
  if (repairs) *buffer = (char)repairs;
  return repairs ? 1 : 0;
}

void tree_sitter_hvm_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  *(Repairs *)payload = length ? (Repairs)*buffer : 0;
}

static bool is_space(int32_t c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v') || c == 0xFEFF; }

static bool is_name_character(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '.';
}

// A left side that is being read.
typedef struct {
  TSLexer *lexer;
  uint32_t hash, length;
} Head;

// Takes a character; false at the end of the line or of patience.
static bool take(Head *head) {
  int32_t c = head->lexer->lookahead;
  if (c == '\n' || c == 0 || ++head->length > HEAD_LIMIT) return false;
  head->hash = (head->hash ^ (uint32_t)c) * 16777619;
  head->lexer->advance(head->lexer, false);
  return true;
}

// Behind the opening quote. Brackets in a literal do not count.
static bool take_literal(Head *head, int32_t quote) {
  while (head->lexer->lookahead != quote) {
    bool escape = head->lexer->lookahead == '\\';
    if (!take(head) || (escape && !take(head))) return false;
  }
  return take(head);
}

static bool take_parentheses(Head *head) {
  for (uint32_t depth = 0;;) {
    int32_t c = head->lexer->lookahead;
    if (!take(head)) return false;
    if ((c == '"' || c == '`' || c == '\'') && !take_literal(head, c)) return false;
    if (c == '(') depth++;
    if (c == ')' && --depth == 0) return true;
  }
}

static bool take_head(Head *head) {
  int32_t first = head->lexer->lookahead;
  if (first == '(') {
    if (!take_parentheses(head)) return false;
  } else if (first >= 'A' && first <= 'Z') {
    while (is_name_character(head->lexer->lookahead))
      if (!take(head)) return false;
  } else {
    return false;
  }
  while (head->lexer->lookahead == ' ' || head->lexer->lookahead == '\t')
    if (!take(head)) return false;
  if (head->lexer->lookahead != '=') return false;
  head->lexer->advance(head->lexer, false);
  return head->lexer->lookahead != '=';
}

static bool found(TSLexer *lexer, enum Token token) {
  lexer->result_symbol = (TSSymbol)token;
  return true;
}

static bool repaired(Repairs *repairs, TSLexer *lexer, enum Token token) {
  if (*repairs < UINT8_MAX) ++*repairs;
  return found(lexer, token);
}

bool tree_sitter_hvm_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  Repairs *repairs = payload;
  if (valid[PART_MARK] && valid[UNCLOSED]) return false; // recovery, which would take anything
  while (lexer->lookahead == ' ' || lexer->lookahead == '\t') lexer->advance(lexer, true);
  if (!is_space(lexer->lookahead) && !lexer->eof(lexer)) return false; // nearly always
  lexer->mark_end(lexer);
  bool new_line = false;
  for (; is_space(lexer->lookahead); lexer->advance(lexer, true)) new_line |= lexer->lookahead == '\n';
  bool end = lexer->eof(lexer);
  Head head = {.lexer = lexer, .hash = 2166136261};
  if (!end && !(new_line && take_head(&head))) return false;
  if (valid[UNCLOSED]) return repaired(repairs, lexer, UNCLOSED);
  if (valid[NOTHING]) return repaired(repairs, lexer, NOTHING);
  bool repair = *repairs;
  *repairs = 0;
  if (repair && valid[BROKEN]) return found(lexer, BROKEN);
  if (end || !valid[PART_MARK]) return false;
  uint32_t level = (head.hash ^ head.hash >> 15) * 0x2C1B3C6D;
  if (level >> (32 - CHAPTER_BITS) == 0) return found(lexer, CHAPTER_MARK);
  return (repair || level >> (32 - PART_BITS) == 0) && found(lexer, PART_MARK);
}
