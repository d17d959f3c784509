// Tokens of the language, for the reader of syntax.h. tree-sitter has its own (grammar/grammar.js): a token here ends
// where it ends there.
#ifndef HVM_LANG_TOKEN_H
#define HVM_LANG_TOKEN_H

#include "source.h"

#define NOWHERE UINT32_MAX

typedef enum {
  TOKEN_NONE,     // before the first token
  TOKEN_END,      // of the text
  TOKEN_NEW_RULE, // stands for the token where a rule must have ended
  TOKEN_LET,
  TOKEN_DUP,
  TOKEN_ASK,
  TOKEN_IF,
  TOKEN_ELSE,
  TOKEN_VARIABLE,
  TOKEN_NAME,
  TOKEN_NUMBER,
  TOKEN_STRING,
  TOKEN_CHARACTER,
  TOKEN_SYMBOL,
  TOKEN_OPEN_ROUND,
  TOKEN_CLOSE_ROUND,
  TOKEN_OPEN_SQUARE,
  TOKEN_CLOSE_SQUARE,
  TOKEN_OPEN_CURLY,
  TOKEN_CLOSE_CURLY,
  TOKEN_BANG,
  TOKEN_EQUALS,
  TOKEN_COMMA,
  TOKEN_SEMICOLON,
  TOKEN_DOT,
  TOKEN_LAMBDA,
  TOKEN_OPERATOR,
  TOKEN_FOREIGN, // what means something in other languages
  // No tokens at all, each with a message of its own.
  TOKEN_UNKNOWN,
  TOKEN_NOT_UTF8,
  TOKEN_OPEN_STRING,
  TOKEN_BAD_CHARACTER
} TokenKind;

typedef struct {
  TokenKind kind;
  Span span;
} Token;

typedef struct {
  const char *text;
  uint32_t size;
  uint32_t string;  // the first string since this was set to NOWHERE that seems to hold a rule
  bool skipping;    // a quote may be anything: it need not be searched for again
  uint8_t unclosed; // bit 0: a " is known to have no end; bit 1: a `
} Scanner;

// The token at or after an offset. head: right after an opening round bracket, where operators stand for themselves.
Token token_scan(Scanner *scanner, uint32_t at, bool head);

// White space and comments; a NUL ends a comment, it is unexpected there too.
uint32_t token_skip_space(const char *text, uint32_t at);
bool token_is_digit(char c);
bool token_is_name_character(char c);
// The end of the variable that begins at an offset; the offset itself when none does.
uint32_t token_variable_end(const char *text, uint32_t at);

#endif
