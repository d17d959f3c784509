#include "token.h"

bool token_is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_variable_start(char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '$'; }
bool token_is_name_character(char c) { return is_variable_start(c) || is_upper(c) || token_is_digit(c); }

static uint32_t skip_digits(const char *text, uint32_t at) {
  while (token_is_digit(text[at])) at++;
  return at;
}

// White space and comments. A NUL ends a comment: it is unexpected there too.
uint32_t token_skip_space(const char *text, uint32_t at) {
  for (;;) {
    char c = text[at];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f')
      at++;
    else if (c == '\xEF' && text[at + 1] == '\xBB' && text[at + 2] == '\xBF')
      at += 3;
    else if (c == '/' && text[at + 1] == '/')
      while (text[at] && text[at] != '\n') at++;
    else
      return at;
  }
}

static uint32_t float_end(const char *text, uint32_t start) {
  uint32_t at = skip_digits(text, start);
  if (at == start || text[at] != '.' || !token_is_digit(text[at + 1])) return start;
  at = skip_digits(text, at + 1);
  if (text[at] == 'e' || text[at] == 'E') {
    uint32_t exponent = at + 1;
    if (text[exponent] == '+' || text[exponent] == '-') exponent++;
    if (token_is_digit(text[exponent])) at = exponent;
  }
  while (token_is_name_character(text[at]) || text[at] == '.') at++;
  return at;
}

static uint32_t number_end(const char *text, uint32_t start) {
  uint32_t at = float_end(text, start);
  if (at == start)
    while (token_is_name_character(text[at])) at++;
  return at;
}

uint32_t token_variable_end(const char *text, uint32_t at) {
  while (token_is_name_character(text[at]) || (text[at] == '.' && token_is_name_character(text[at + 1]))) at++;
  return at;
}

static TokenKind word_kind(const char *word, uint32_t size) {
  static const char *const KEYWORDS[] = {"let", "dup", "ask", "if", "else"};
  for (int i = 0; i < 5; i++)
    if (strlen(KEYWORDS[i]) == size && memcmp(word, KEYWORDS[i], size) == 0) return (TokenKind)(TOKEN_LET + i);
  return TOKEN_VARIABLE;
}

static uint32_t operator_size(const char *text) {
  static const char *const PAIRS[] = {"<<", ">>", "<=", ">=", "==", "!="};
  for (int i = 0; i < 6; i++)
    if (text[0] == PAIRS[i][0] && text[1] == PAIRS[i][1]) return 2;
  return text[0] && strchr("+-*/%&|^<>", text[0]) ? 1 : 0;
}

static bool is_foreign(const char *text, bool head) {
  static const char *const PAIRS[] = {"=>", "->", ":=", "/*", "--"};
  for (int i = 0; i < (head ? 4 : 5); i++) // (--1.5 2) is a subtraction
    if (text[0] == PAIRS[i][0] && text[1] == PAIRS[i][1]) return true;
  return false;
}

// Whether a line after the first of a string looks like a rule: then the string may well lack its closing quote.
static bool holds_rule(const char *text, Span string) {
  const char *at = text + string.start, *end = text + string.end;
  while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
    const char *line = ++at;
    if (*line != '(' && !is_upper(*line)) continue;
    const char *line_end = memchr(line, '\n', (size_t)(end - line));
    if (memchr(line, '=', (size_t)((line_end ? line_end : end) - line))) return true;
  }
  return false;
}

static Token scan_string(Scanner *scanner, uint32_t start) {
  const char *text = scanner->text, quote = text[start];
  uint8_t bit = quote == '"' ? 1 : 2;
  Span opening = {start, start + 1};
  // Between rules a quote may be anything: it must not be searched for again and again.
  if (scanner->skipping && (scanner->unclosed & bit)) return (Token){TOKEN_OPEN_STRING, opening};
  for (size_t at = start + 1; at < scanner->size; at++) {
    if (text[at] == quote) {
      Span span = {start, (uint32_t)at + 1};
      if (scanner->string == NOWHERE && holds_rule(text, span)) scanner->string = start;
      return (Token){TOKEN_STRING, span};
    }
    if (text[at] == '\\' && at + 1 < scanner->size) at++;
    if (!text[at]) return (Token){TOKEN_UNKNOWN, {(uint32_t)at, (uint32_t)at + 1}};
  }
  scanner->unclosed |= bit;
  return (Token){TOKEN_OPEN_STRING, opening};
}

// The end of \u{…} at its brace, or the brace itself.
static uint32_t code_point_end(const char *text, uint32_t brace) {
  uint32_t at = brace;
  while (text[at] && !strchr("}\n\"'`", text[at])) at++;
  return text[at] == '}' ? at + 1 : brace;
}

static Token scan_character(const Scanner *scanner, uint32_t start) {
  const char *text = scanner->text;
  Token bad = {TOKEN_BAD_CHARACTER, {start, start + 1}};
  uint32_t at = start + 1, code;
  if (text[at] == '\'') return bad;
  bool escape = text[at] == '\\';
  if (escape) at++;
  if (at >= scanner->size || !text[at]) return bad;
  size_t size = source_decode(text, scanner->size, at, &code);
  bool braces = escape && text[at] == 'u' && text[at + 1] == '{';
  at += size ? (uint32_t)size : 1;
  if (braces) at = code_point_end(text, at);
  if (text[at] != '\'') return bad;
  return (Token){TOKEN_CHARACTER, {start, at + 1}};
}

static Token scan_other(const Scanner *scanner, uint32_t start) {
  uint32_t code;
  size_t size = source_decode(scanner->text, scanner->size, start, &code);
  if (!size) return (Token){TOKEN_NOT_UTF8, {start, start + 1}};
  return (Token){code == 0x3BB ? TOKEN_LAMBDA : TOKEN_UNKNOWN, {start, start + (uint32_t)size}};
}

static TokenKind punctuation_kind(char c) {
  static const char ALL[] = "()[]{}!=,;.@"; // in the order of their kinds
  const char *found = c ? strchr(ALL, c) : NULL;
  return found ? (TokenKind)(TOKEN_OPEN_ROUND + (found - ALL)) : TOKEN_NONE;
}

static Token scan_punctuation(const Scanner *scanner, uint32_t start, bool head) {
  const char *text = scanner->text + start;
  if (!head && text[0] == '-') {
    uint32_t end = float_end(scanner->text, start + 1);
    if (end > start + 1) return (Token){TOKEN_NUMBER, {start, end}};
  }
  if (!head && text[0] == '%') {
    uint32_t end = start + 1;
    while (token_is_name_character(scanner->text[end]) || scanner->text[end] == '.') end++;
    if (end > start + 1) return (Token){TOKEN_SYMBOL, {start, end}};
  }
  if (is_foreign(text, head)) return (Token){TOKEN_FOREIGN, {start, start + 2}};
  uint32_t size = operator_size(text);
  if (size) return (Token){TOKEN_OPERATOR, {start, start + size}};
  TokenKind kind = punctuation_kind(text[0]);
  if (kind != TOKEN_NONE) return (Token){kind, {start, start + 1}};
  return scan_other(scanner, start);
}

// Right after an opening round bracket, operators stand for themselves.
Token token_scan(Scanner *scanner, uint32_t at, bool head) {
  const char *text = scanner->text;
  uint32_t start = token_skip_space(text, at), end = start;
  if (start >= scanner->size) return (Token){TOKEN_END, {scanner->size, scanner->size}};
  char c = text[start];
  if (is_variable_start(c)) {
    end = token_variable_end(text, start);
    return (Token){word_kind(text + start, end - start), {start, end}};
  }
  if (is_upper(c)) {
    while (token_is_name_character(text[end]) || text[end] == '.') end++;
    return (Token){TOKEN_NAME, {start, end}};
  }
  if (token_is_digit(c)) return (Token){TOKEN_NUMBER, {start, number_end(text, start)}};
  if (c == '"' || c == '`') return scan_string(scanner, start);
  if (c == '\'') return scan_character(scanner, start);
  return scan_punctuation(scanner, start, head);
}
