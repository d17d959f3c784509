#include "syntax.h"

#include "token.h"

// The reader is a machine with an explicit stack: a frame is a construct that was begun, and the step that it is at.
// A step says which tokens may come next, and how to name them to the user.

enum { ERROR_LIMIT = 100, SHOWN_LIMIT = 40 };

typedef enum {
  STEP_END,
  STEP_TOKEN,
  STEP_OPTIONAL,
  STEP_CLOSE,
  STEP_TERM,
  STEP_TERMS,  // any number
  STEP_ITEMS,  // any number; STEP_COMMA follows
  STEP_COMMA,  // an optional comma, then back to STEP_ITEMS
  STEP_BINDER, // a variable or *
  STEP_HEAD,   // what follows a round bracket
  STEP_ASK,    // what follows the keyword
} StepKind;

typedef struct {
  StepKind kind;
  TokenKind token;
  const char *expected;
} Step;

typedef struct {
  const Step *next;
  uint32_t start;
} Frame;

typedef struct {
  const Source *source;
  Diagnostics *diagnostics;
  Scanner in;
  uint32_t at; // behind the token
  Token previous, token;
  ARRAY(Frame) stack;
  uint32_t rule;   // where the rule began that is being read
  bool follows;    // a well-formed rule ended right before it
  uint32_t first;  // the first token
  uint32_t indent; // columns before it
  uint32_t stop;   // where TOKEN_NEW_RULE is, or NOWHERE
  uint32_t head;   // the start of the name or parentheses that the previous token ended, or NOWHERE
  bool expression;
  SyntaxParts *parts;       // NULL: nobody wants them
  const SyntaxKnown *known; // NULL: nothing
} Reader;

static void advance(Reader *reader) {
  reader->previous = reader->token;
  reader->token = token_scan(&reader->in, reader->at, reader->token.kind == TOKEN_OPEN_ROUND);
  reader->at = reader->token.span.end;
  if (reader->token.span.start == reader->stop) reader->token.kind = TOKEN_NEW_RULE;
  reader->head = NOWHERE;
}

static void restart(Reader *reader, uint32_t at) {
  reader->at = at;
  reader->token = (Token){TOKEN_NONE, {at, at}};
  advance(reader);
}

// The grammar

static const Step RULE[] = {{STEP_TERM, 0, "a rule"},
                            {STEP_TOKEN, TOKEN_EQUALS, "'=' after the left side of the rule"},
                            {STEP_TERM, 0, "the right side of the rule"},
                            {STEP_END, 0, NULL}};
static const Step EXPRESSION[] = {
    {STEP_TERM, 0, "a term"}, {STEP_TOKEN, TOKEN_END, "end of expression"}, {STEP_END, 0, NULL}};
static const Step ROUND[] = {{STEP_HEAD, 0, "a term, an operator or ')' after '('"}};
static const Step ARGUMENTS[] = {{STEP_TERMS, 0, NULL}, {STEP_CLOSE, TOKEN_CLOSE_ROUND, "a term or ')'"}};
static const Step OPERATION[] = {{STEP_TERM, 0, "the first operand of the operator"},
                                 {STEP_TERM, 0, "the second operand of the operator"},
                                 {STEP_CLOSE, TOKEN_CLOSE_ROUND, "')'"}};
static const Step LIST[] = {
    {STEP_ITEMS, 0, NULL}, {STEP_COMMA, 0, NULL}, {STEP_CLOSE, TOKEN_CLOSE_SQUARE, "a term or ']'"}};
static const Step SUPERPOSITION[] = {{STEP_TERM, 0, "the first side of the superposition"},
                                     {STEP_TERM, 0, "the second side of the superposition"},
                                     {STEP_CLOSE, TOKEN_CLOSE_CURLY, "'}'"}};
static const Step LAMBDA[] = {{STEP_BINDER, 0, "a variable or '*' after 'λ'"},
                              {STEP_OPTIONAL, TOKEN_DOT, NULL},
                              {STEP_TERM, 0, "the body of the λ"},
                              {STEP_END, 0, NULL}};
static const Step LET[] = {{STEP_TOKEN, TOKEN_VARIABLE, "a variable name after 'let'"},
                           {STEP_TOKEN, TOKEN_EQUALS, "'=' after the variable of 'let'"},
                           {STEP_TERM, 0, "the value of 'let' after '='"},
                           {STEP_OPTIONAL, TOKEN_SEMICOLON, NULL},
                           {STEP_TERM, 0, "the body of 'let'"},
                           {STEP_END, 0, NULL}};
static const Step DUP[] = {{STEP_TOKEN, TOKEN_VARIABLE, "a variable name after 'dup'"},
                           {STEP_TOKEN, TOKEN_VARIABLE, "a second variable name after 'dup'"},
                           {STEP_TOKEN, TOKEN_EQUALS, "'=' after the variables of 'dup'"},
                           {STEP_TERM, 0, "the value of 'dup' after '='"},
                           {STEP_OPTIONAL, TOKEN_SEMICOLON, NULL},
                           {STEP_TERM, 0, "the body of 'dup'"},
                           {STEP_END, 0, NULL}};
static const Step ASK[] = {{STEP_ASK, 0, "a variable or a term after 'ask'"}};
static const Step ASK_VALUE[] = {{STEP_TERM, 0, "the value of 'ask' after '='"},
                                 {STEP_OPTIONAL, TOKEN_SEMICOLON, NULL},
                                 {STEP_TERM, 0, "the body of 'ask'"},
                                 {STEP_END, 0, NULL}};
static const Step IF[] = {{STEP_TERM, 0, "the condition of 'if'"},
                          {STEP_TOKEN, TOKEN_OPEN_CURLY, "'{' after the condition of 'if'"},
                          {STEP_TERM, 0, "the first branch of 'if'"},
                          {STEP_TOKEN, TOKEN_CLOSE_CURLY, "'}' after the first branch of 'if'"},
                          {STEP_TOKEN, TOKEN_ELSE, "'else' after the first branch of 'if'"},
                          {STEP_TOKEN, TOKEN_OPEN_CURLY, "'{' after 'else'"},
                          {STEP_TERM, 0, "the second branch of 'if'"},
                          {STEP_TOKEN, TOKEN_CLOSE_CURLY, "'}' after the second branch of 'if'"},
                          {STEP_END, 0, NULL}};
static const Step STRICT[] = {{STEP_TERM, 0, "a term after '!'"}, {STEP_END, 0, NULL}};

// The construct that a token begins, NULL for a term of one token or no term.
static const Step *construct(TokenKind kind) {
  switch (kind) {
  case TOKEN_OPEN_ROUND: return ROUND;
  case TOKEN_OPEN_SQUARE: return LIST;
  case TOKEN_OPEN_CURLY: return SUPERPOSITION;
  case TOKEN_LAMBDA: return LAMBDA;
  case TOKEN_LET: return LET;
  case TOKEN_DUP: return DUP;
  case TOKEN_ASK: return ASK;
  case TOKEN_IF: return IF;
  case TOKEN_BANG: return STRICT;
  default: return NULL;
  }
}

static bool begins_term(TokenKind kind) { return (kind >= TOKEN_VARIABLE && kind <= TOKEN_SYMBOL) || construct(kind); }

// The machine

static void push(Reader *reader, const Step *steps) {
  ARRAY_PUSH(&reader->stack, (Frame){steps, reader->token.span.start});
}

static Frame *top(const Reader *reader) {
  return reader->stack.count ? &reader->stack.items[reader->stack.count - 1] : NULL;
}

static bool begin_term(Reader *reader) {
  Token token = reader->token;
  if (!begins_term(token.kind)) return false;
  const Step *steps = construct(token.kind);
  if (steps) push(reader, steps);
  advance(reader);
  if (token.kind == TOKEN_NAME || token.kind == TOKEN_VARIABLE) reader->head = token.span.start;
  return true;
}

static bool take(Reader *reader, TokenKind kind) {
  if (reader->token.kind != kind) return false;
  advance(reader);
  return true;
}

static bool close_bracket(Reader *reader, TokenKind kind) {
  uint32_t start = top(reader)->start;
  if (!take(reader, kind)) return false;
  if (kind == TOKEN_CLOSE_ROUND) reader->head = start;
  reader->stack.count--;
  return true;
}

static bool take_head(Reader *reader, Frame *frame) {
  TokenKind kind = reader->token.kind;
  if (kind == TOKEN_CLOSE_ROUND) return close_bracket(reader, kind);
  if (!begins_term(kind) && kind != TOKEN_OPERATOR) return false;
  frame->next = kind == TOKEN_OPERATOR ? OPERATION : ARGUMENTS;
  return take(reader, TOKEN_OPERATOR) || begin_term(reader);
}

static bool take_ask(Reader *reader, Frame *frame) {
  if (!begins_term(reader->token.kind)) return false;
  frame->next = ASK_VALUE + 1;
  if (!take(reader, TOKEN_VARIABLE)) return begin_term(reader);
  if (take(reader, TOKEN_EQUALS)) frame->next = ASK_VALUE;
  return true;
}

// Whether a '=' here makes a rule of the name or parentheses before it, whatever stood before those: they are the first
// of their line, and the '=' is on it too. The grammar's scanner finds the same (grammar/src/scanner.c).
static bool begins_rule(const Reader *reader) {
  enum { HEAD_LIMIT = 500 };
  uint32_t head = reader->head, line = head, end = reader->token.span.start;
  if (head == NOWHERE || head <= reader->rule || end - head >= HEAD_LIMIT) return false;
  while (line && strchr(" \t\r\f", reader->in.text[line - 1])) line--;
  return line && reader->in.text[line - 1] == '\n' && !memchr(reader->in.text + head, '\n', end - head);
}

static bool is_star(const Reader *reader) {
  return reader->token.kind == TOKEN_OPERATOR && reader->in.text[reader->token.span.start] == '*';
}

// One step of the construct on top. False: the text cannot go on here, and nothing was changed.
static bool take_step(Reader *reader) {
  Frame *frame = top(reader);
  const Step *step = frame->next;
  TokenKind kind = reader->token.kind;
  switch (step->kind) {
  case STEP_END: reader->stack.count--; return true;
  case STEP_CLOSE: return close_bracket(reader, step->token);
  case STEP_HEAD: return take_head(reader, frame);
  case STEP_ASK: return take_ask(reader, frame);
  case STEP_TOKEN:
    if (kind != step->token || (step == RULE + 1 && begins_rule(reader))) return false;
    frame->next++;
    advance(reader);
    return true;
  case STEP_OPTIONAL:
    frame->next++;
    take(reader, step->token);
    return true;
  case STEP_BINDER:
    if (kind != TOKEN_VARIABLE && !is_star(reader)) return false;
    frame->next++;
    advance(reader);
    return true;
  case STEP_TERM:
    if (!begins_term(kind)) return false;
    frame->next++;
    return begin_term(reader);
  case STEP_TERMS:
    if (!begins_term(kind))
      frame->next++;
    else
      begin_term(reader);
    return true;
  case STEP_ITEMS:
    frame->next += begins_term(kind) ? 1 : 2;
    begin_term(reader);
    return true;
  case STEP_COMMA:
    frame->next--;
    take(reader, TOKEN_COMMA);
    return true;
  }
  return false;
}

static bool run(Reader *reader) {
  while (reader->stack.count)
    if (!take_step(reader)) return false;
  return true;
}

// Messages

static bool text_is(const Reader *reader, Span span, const char *text) {
  return span.end - span.start == strlen(text) && memcmp(reader->in.text + span.start, text, strlen(text)) == 0;
}

static void add_quoted(const Reader *reader, Buffer *out, Span span) {
  uint32_t size = span.end - span.start; // only ASCII tokens can be long
  buffer_char(out, '\'');
  buffer_add(out, reader->in.text + span.start, size > SHOWN_LIMIT ? SHOWN_LIMIT : size);
  buffer_text(out, size > SHOWN_LIMIT ? "…'" : "'");
}

static void add_found(const Reader *reader, Buffer *out, Token token) {
  const char *kind = "";
  switch (token.kind) {
  case TOKEN_END: buffer_text(out, reader->expression ? "end of expression" : "end of file"); return;
  case TOKEN_NEW_RULE: buffer_text(out, "a new rule"); return;
  case TOKEN_STRING: buffer_text(out, "a string"); return;
  case TOKEN_CHARACTER: buffer_text(out, "a character"); return;
  case TOKEN_NUMBER: kind = "number "; break;
  case TOKEN_OPERATOR: kind = "operator "; break;
  case TOKEN_LET:
  case TOKEN_DUP:
  case TOKEN_ASK:
  case TOKEN_IF:
  case TOKEN_ELSE: kind = "keyword "; break;
  default: break;
  }
  buffer_text(out, kind);
  add_quoted(reader, out, token.span);
}

static Diagnostic *add_error(Reader *reader, Span span, Buffer *message) {
  Diagnostic *diagnostic =
      diagnostic_add(reader->diagnostics, SEVERITY_ERROR, reader->source, span, "%s", message->text);
  buffer_free(message);
  return diagnostic;
}

static void add_hint(Reader *reader, Diagnostic *diagnostic, const char *hint) {
  if (hint) diagnostic_hint(reader->diagnostics, diagnostic, "%s", hint);
}

// What shows as itself; the rest is named by its code point.
static bool is_visible(uint32_t code) {
  return code > 0x20 && !(code >= 0x7F && code <= 0xA0) && code != 0xAD && !(code >= 0x300 && code <= 0x36F) &&
         !(code >= 0x2000 && code <= 0x200F) && !(code >= 0x2028 && code <= 0x202F) &&
         !(code >= 0x205F && code <= 0x206F) && code != 0x3000 && !(code >= 0xE000 && code <= 0xF8FF) &&
         code != 0xFEFF && code < 0xE0000;
}

// One character, as UTF-8.
static const char *character_hint(const char *character, size_t size) {
  static const char *const HINTS[][2] = {
      {"#", "comments start with //"},
      {"\\Λ", "λ is written λ or @"},
      {":", "there are no type annotations"},
      {"“”„«»", "strings stand in straight quotes: \"…\""},
      {"‘’´", "characters stand in straight quotes: 'a'"},
      {"→⇒←", "a λ is written λx body, a rule (F x) = body"},
      {"−–—", "the minus sign is -"},
      {"\u00A0\u200B\u3000", "it looks like a space, but is none"},
  };
  for (size_t i = 0; i < sizeof HINTS / sizeof *HINTS; i++)
    if (size && memmem(HINTS[i][0], strlen(HINTS[i][0]), character, size)) return HINTS[i][1];
  return NULL;
}

static void report_unknown(Reader *reader, Span span) {
  uint32_t code = 0;
  source_decode(reader->in.text, reader->in.size, span.start, &code);
  Buffer message = {0};
  buffer_text(&message, "unexpected character ");
  if (is_visible(code))
    add_quoted(reader, &message, span);
  else
    buffer_format(&message, "U+%04X", (unsigned)code);
  add_hint(reader, add_error(reader, span, &message),
           character_hint(reader->in.text + span.start, span.end - span.start));
}

// Where a second quote is near, it was meant to be a character.
static void report_character(Reader *reader, Span span) {
  enum { NEAR = 64 };
  uint32_t at = span.end;
  while (at - span.end < NEAR && reader->in.text[at] && reader->in.text[at] != '\n' && reader->in.text[at] != '\'')
    at++;
  bool closed = reader->in.text[at] == '\'', empty = closed && at == span.end;
  Buffer message = {0};
  if (empty)
    buffer_text(&message, "empty character: expected a character between the quotes");
  else if (closed)
    buffer_text(&message, "expected one character between the quotes, found more");
  else
    buffer_text(&message, "unclosed character: expected a closing quote '''");
  if (closed) span.end = at + 1;
  Diagnostic *diagnostic = add_error(reader, span, &message);
  add_hint(reader, diagnostic, empty ? "a quote is the character '\\''" : closed ? "a string is written \"…\"" : NULL);
}

static void report_string(Reader *reader, uint32_t start) {
  Buffer message = {0};
  buffer_format(&message, "unclosed string: expected a closing '%c'", reader->in.text[start]);
  add_error(reader, (Span){start, start + 1}, &message);
}

// Errors inside of a token. False: the token is one of the language.
static bool report_token(Reader *reader) {
  Token token = reader->token;
  Buffer message = {0};
  switch (token.kind) {
  case TOKEN_UNKNOWN: report_unknown(reader, token.span); return true;
  case TOKEN_OPEN_STRING: report_string(reader, token.span.start); return true;
  case TOKEN_BAD_CHARACTER: report_character(reader, token.span); return true;
  case TOKEN_NOT_UTF8:
    buffer_format(&message, "this is not UTF-8: unexpected byte 0x%02X",
                  (unsigned)(unsigned char)reader->in.text[token.span.start]);
    add_error(reader, token.span, &message);
    return true;
  default: return false;
  }
}

static bool in_steps(const Step *step, const Step *steps, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (step == steps + i) return true;
  return false;
}
#define IN_STEPS(step, steps) in_steps((step), (steps), sizeof(steps) / sizeof *(steps))

static const char *foreign_hint(const Reader *reader, Span span) {
  if (text_is(reader, span, "/*") || text_is(reader, span, "--")) return "comments start with //";
  if (text_is(reader, span, ":=")) return "definitions are written with '='";
  return "a λ is written λx body, a rule (F x) = body";
}

static const char *operator_hint(const Reader *reader, const Step *step, Span span) {
  if (step && step->token == TOKEN_EQUALS && text_is(reader, span, "==")) return "definitions are written with one '='";
  if (reader->in.text[span.start] == '-' && token_is_digit(reader->in.text[span.end]))
    return "integers have no sign: (- 0 1); a negative float is written with a point: -1.0";
  return "operators come first: (+ a b)";
}

static const char *equals_hint(const Reader *reader, const Step *step) {
  if (!step || reader->stack.count < 2) return reader->expression ? "rules stand in files" : NULL;
  char opening = reader->in.text[top(reader)->start];
  return opening == '(' ? "equality is (== a b)" : NULL;
}

// What the missing part of a construct suggests, whatever was found.
static const char *step_hint(const Reader *reader, const Step *step) {
  Span last = reader->previous.span;
  TokenKind kind = reader->token.kind;
  bool word = kind >= TOKEN_LET && kind <= TOKEN_ELSE;
  bool binds = step->kind == STEP_BINDER || (step->kind == STEP_TOKEN && step->token == TOKEN_VARIABLE);
  if (binds && kind == TOKEN_NAME) return "variables start with a small letter";
  if (binds && word) return "a keyword cannot be a name";
  if (step == LAMBDA + 2 && reader->previous.kind == TOKEN_VARIABLE &&
      memchr(reader->in.text + last.start, '.', last.end - last.start))
    return "a name may hold dots: put a space after the dot, as in λx. x";
  if (step == DUP + 1) return "dup makes two copies: dup a b = value; body";
  if (IN_STEPS(step, IF) && step->kind == STEP_TOKEN) return "if is written: if condition { a } else { b }";
  if (step == SUPERPOSITION + 2 && begins_term(kind)) return "a superposition has two sides; a list is written [a b]";
  if (step == OPERATION + 2 && begins_term(kind)) return "an operator has two operands: (+ (+ a b) c)";
  if (step == RULE + 1 && begins_term(kind) && token_is_name_character(reader->in.text[reader->rule]))
    return "a left side with arguments is written in parentheses: (F x) = body";
  return NULL;
}

static const char *hint_for(const Reader *reader, const Step *step) {
  Token token = reader->token;
  const char *hint = step ? step_hint(reader, step) : NULL;
  if (token.kind == TOKEN_FOREIGN) return foreign_hint(reader, token.span);
  if (token.kind == TOKEN_OPERATOR) return operator_hint(reader, step, token.span);
  if (hint) return hint;
  switch (token.kind) {
  case TOKEN_EQUALS: return equals_hint(reader, step);
  case TOKEN_COMMA: return "only the items of a list may have ',' between them";
  case TOKEN_SEMICOLON: return "';' only follows the value of let, dup or ask";
  case TOKEN_DOT: return "a float has digits on both sides of its point: 1.0";
  case TOKEN_CLOSE_ROUND:
  case TOKEN_CLOSE_SQUARE:
  case TOKEN_CLOSE_CURLY: return step ? NULL : "no bracket is open here";
  default: return NULL;
  }
}

// The token that began the construct.
static Span opening(const Reader *reader, const Frame *frame) {
  uint32_t start = frame->start, end = token_variable_end(reader->in.text, start);
  if (end == start) end += reader->in.text[start] == '\xCE' ? 2 : 1;
  return (Span){start, end};
}

// Points at the construct that is not complete when it began on another line.
static void add_opening(Reader *reader, Diagnostic *diagnostic, const Frame *frame) {
  Span span = opening(reader, frame);
  if (IN_STEPS(frame->next, RULE) || IN_STEPS(frame->next, EXPRESSION)) return;
  if (reader->token.kind != TOKEN_END &&
      !memchr(reader->in.text + span.start, '\n', reader->token.span.start - span.start))
    return;
  Buffer text = {0};
  add_quoted(reader, &text, span);
  diagnostic_note(reader->diagnostics, diagnostic, reader->source, span, "%s began here", text.text);
  buffer_free(&text);
}

// A rule that ended, and on its last line something that is no rule.
static void report_leftover(Reader *reader) {
  Span end = reader->token.span;
  if (!reader->expression) restart(reader, reader->rule);
  bool argument = begins_term(reader->token.kind);
  Buffer message = {0};
  Buffer found = {0};
  add_found(reader, &found, reader->token);
  buffer_format(&message, "unexpected %s", found.text + (strncmp(found.text, "a ", 2) == 0 ? 2 : 0));
  buffer_free(&found);
  buffer_text(&message, reader->expression ? " after the expression" : " after the right side of the rule");
  Diagnostic *diagnostic = add_error(reader, reader->token.span, &message);
  add_hint(reader, diagnostic, argument ? "an application is written (f x)" : hint_for(reader, NULL));
  if (!reader->expression)
    diagnostic_note(reader->diagnostics, diagnostic, reader->source, end,
                    "if it is a rule, '=' was expected after its left side");
}

static void report_expected(Reader *reader, const Frame *frame) {
  const Step *step = frame->next;
  Buffer message = {0};
  buffer_format(&message, "expected %s", step->expected);
  if (step->kind == STEP_CLOSE)
    buffer_format(&message, " to close the '%c' of line %u", reader->in.text[frame->start],
                  source_place(reader->source, frame->start).line);
  buffer_text(&message, ", found ");
  add_found(reader, &message, reader->token);
  Diagnostic *diagnostic = add_error(reader, reader->token.span, &message);
  add_hint(reader, diagnostic, hint_for(reader, step));
  add_opening(reader, diagnostic, frame);
}

// Recovery

// Whether a token is the first of a line, in the column of the rules.
static bool in_rule_column(const Reader *reader, uint32_t start) {
  uint32_t line = start;
  while (line && (reader->in.text[line - 1] == ' ' || reader->in.text[line - 1] == '\t')) line--;
  if (line && reader->in.text[line - 1] != '\n') return start == reader->first;
  return line == start || start - line == reader->indent;
}

static bool is_equals(const Reader *reader) {
  Token token = reader->token;
  if (token.kind == TOKEN_FOREIGN) return !text_is(reader, token.span, "/*") && !text_is(reader, token.span, "--");
  if (reader->previous.kind == TOKEN_OPEN_ROUND) return false;
  return token.kind == TOKEN_EQUALS || (token.kind == TOKEN_OPERATOR && text_is(reader, token.span, "=="));
}

// Whether the token looks like the start of a rule.
static bool at_rule(const Reader *reader) {
  TokenKind kind = reader->token.kind;
  if ((kind != TOKEN_NAME && kind != TOKEN_OPEN_ROUND) || !in_rule_column(reader, reader->token.span.start))
    return false;
  Reader next = *reader;
  advance(&next);
  return kind == TOKEN_OPEN_ROUND || is_equals(&next);
}

static void report(Reader *reader) {
  const Frame *frame = top(reader);
  if (report_token(reader)) return;
  if (frame && (frame->next == EXPRESSION + 1 ||
                (frame->next == RULE + 1 && reader->follows && !in_rule_column(reader, reader->rule)))) {
    report_leftover(reader);
  } else if (frame) {
    if (at_rule(reader)) reader->token.kind = TOKEN_NEW_RULE;
    report_expected(reader, frame);
  } else {
    Buffer message = {0};
    buffer_text(&message, "unexpected ");
    add_found(reader, &message, reader->token);
    add_hint(reader, add_error(reader, reader->token.span, &message), hint_for(reader, NULL));
  }
}

// Goes on at the first line that begins like a rule. No line inside of a rule has a '=' but for let, dup and ask.
static void skip_to_rule(Reader *reader, uint32_t from) {
  uint32_t rule = NOWHERE;
  reader->in.skipping = true;
  for (restart(reader, from); reader->token.kind != TOKEN_END; advance(reader)) {
    TokenKind kind = reader->token.kind;
    uint32_t start = reader->token.span.start;
    if (rule != NOWHERE && is_equals(reader)) break;
    if (kind == TOKEN_LET || kind == TOKEN_DUP || kind == TOKEN_ASK) rule = NOWHERE;
    if ((kind == TOKEN_OPEN_ROUND || kind == TOKEN_NAME) && in_rule_column(reader, start)) rule = start;
  }
  reader->in.skipping = false;
  if (reader->token.kind != TOKEN_END) restart(reader, rule);
}

// A rule without its end takes the left side of the next one for a term; then the '=' cannot follow.
static uint32_t swallowed_rule(const Reader *reader) {
  uint32_t head = reader->head;
  bool swallowed = head != NOWHERE && head > reader->rule && is_equals(reader);
  const Frame *frame = top(reader);
  bool left = frame && frame->next == RULE + 1 && reader->token.kind == TOKEN_EQUALS; // begins_rule said so
  return swallowed && (left || in_rule_column(reader, head)) ? head : NOWHERE;
}

// Without its closing quote a string ends where the next one begins, and the quotes of the file do not pair up.
static uint32_t unclosed_string(const Reader *reader) {
  if (reader->in.string == NOWHERE || reader->token.span.start <= reader->in.string) return NOWHERE;
  char quote = reader->in.text[reader->in.string];
  Reader ahead = *reader;
  ahead.in.skipping = true;
  ahead.in.unclosed = 0;
  for (; ahead.token.kind != TOKEN_END; advance(&ahead))
    if (ahead.token.kind == TOKEN_OPEN_STRING && ahead.in.text[ahead.token.span.start] == quote)
      return reader->in.string;
  return NOWHERE;
}

static bool read_rule(Reader *reader) {
  uint32_t start = reader->token.span.start;
  reader->stack.count = 0;
  if (!begins_term(reader->token.kind)) return false;
  reader->rule = start;
  push(reader, RULE);
  return run(reader);
}

// Reports the one error of a damaged rule and finds the next rule.
static void recover(Reader *reader) {
  uint32_t found = reader->token.span.start;
  uint32_t string = unclosed_string(reader), rule = swallowed_rule(reader);
  if (string != NOWHERE) {
    report_string(reader, string);
    skip_to_rule(reader, string + 1);
  } else if (rule != NOWHERE) {
    // The same steps again, up to the next rule: what is missing there?
    reader->stop = rule;
    restart(reader, reader->rule);
    read_rule(reader);
    report(reader);
    reader->stop = NOWHERE;
    restart(reader, rule);
  } else {
    report(reader);
    skip_to_rule(reader, found);
  }
}

// Recovery may find that a rule lacks its end and took the next one for it: then it is read again from there.
static void add_part(Reader *reader, uint32_t start, uint32_t end, bool damaged) {
  SyntaxPart *last = reader->parts->count ? &reader->parts->items[reader->parts->count - 1] : NULL;
  if (last && end < last->span.end) {
    last->span.end = end;
    last->damaged = true;
  } else if (start < end) {
    ARRAY_PUSH(reader->parts, (SyntaxPart){{start, end}, damaged});
  }
}

static void read_file(Reader *reader) {
  uint32_t line = reader->first;
  while (line && (reader->in.text[line - 1] == ' ' || reader->in.text[line - 1] == '\t')) line--;
  reader->indent = reader->first - line;
  size_t limit = reader->diagnostics->errors + ERROR_LIMIT;
  while (reader->token.kind != TOKEN_END && reader->diagnostics->errors < limit) {
    // Strings are suspected by lines, not by rules: what follows a closing quote may look like a rule.
    if (in_rule_column(reader, reader->token.span.start)) reader->in.string = NOWHERE;
    uint32_t start = reader->token.span.start;
    if (reader->known && reader->known->from_here(reader->known->context, start)) return;
    bool complete = read_rule(reader);
    uint32_t end = reader->previous.span.end;
    if (!complete) recover(reader);
    reader->follows = complete;
    if (reader->parts) add_part(reader, start, complete ? end : reader->token.span.start, !complete);
  }
  uint32_t rest = reader->token.span.start;
  if (reader->parts && reader->token.kind != TOKEN_END) add_part(reader, rest, reader->in.size, true);
}

static void read_expression(Reader *reader) {
  push(reader, EXPRESSION);
  if (!run(reader)) report(reader);
}

static size_t explain(const Source *source, SyntaxKind kind, Diagnostics *diagnostics, SyntaxParts *parts,
                      const SyntaxKnown *known) {
  size_t errors = diagnostics->errors;
  Reader reader = {.source = source,
                   .diagnostics = diagnostics,
                   .in = {.text = source->text, .size = source->size, .string = NOWHERE},
                   .first = token_skip_space(source->text, 0),
                   .stop = NOWHERE,
                   .expression = kind == SYNTAX_EXPRESSION,
                   .parts = parts,
                   .known = known};
  restart(&reader, known ? known->until : 0);
  if (reader.expression)
    read_expression(&reader);
  else
    read_file(&reader);
  ARRAY_FREE(&reader.stack);
  return diagnostics->errors - errors;
}

size_t syntax_explain(const Source *source, SyntaxKind kind, Diagnostics *diagnostics) {
  return explain(source, kind, diagnostics, NULL, NULL);
}

size_t syntax_parts(const Source *source, const SyntaxKnown *known, Diagnostics *diagnostics, SyntaxParts *parts) {
  return explain(source, SYNTAX_FILE, diagnostics, parts, known);
}
