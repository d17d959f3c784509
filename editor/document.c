#include "document.h"

#include "lang/check.h"
#include "lang/explain.h"
#include "lang/match.h"
#include "lang/parse.h"
#include "lang/syntax.h"

enum { GARBAGE_LIMIT = 1 << 22 };

// Positions

Position position_of(const Source *source, uint32_t offset) {
  size_t low = 0, high = source->lines.count;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    *(source->lines.items[middle] <= offset ? &low : &high) = middle;
  }
  Position position = {(uint32_t)low, 0};
  for (uint32_t at = source->lines.items[low]; at < offset && at < source->size; at++) {
    unsigned char byte = (unsigned char)source->text[at];
    position.character += (byte & 0xC0) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
  }
  return position;
}

uint32_t position_offset(const Source *source, Position position) {
  if (position.line >= source->lines.count) return source->size;
  Span line = source_line(source, position.line + 1);
  uint32_t at = line.start, units = 0;
  while (at < line.end && units < position.character) {
    unsigned char byte = (unsigned char)source->text[at];
    units += byte >= 0xF0 ? 2 : 1;
    if (units > position.character) break; // between the halves of a pair
    at++;
    while (at < line.end && ((unsigned char)source->text[at] & 0xC0) == 0x80) at++;
  }
  return at;
}

// Texts

Document *document_new(const char *uri) {
  Document *document = calloc(1, sizeof *document);
  if (!document || !(document->uri = strdup(uri))) memory_exhausted();
  buffer_text(&document->text, "");
  source_init(&document->source, document->uri, document->text.text, 0);
  return document;
}

static void forget_program(Document *document) {
  if (document->program) program_free(document->program);
  document->program = NULL;
  document->pieces.count = 0;
  document->garbage = 0;
  arena_free(&document->scratch);
  document->scratch = (Arena){0};
}

void document_free(Document *document) {
  if (!document) return;
  forget_program(document);
  ARRAY_FREE(&document->pieces);
  ARRAY_FREE(&document->tokens);
  source_free(&document->source);
  buffer_free(&document->text);
  free(document->demands);
  free(document->uri);
  free(document);
}

// The source follows each edit, since the places of the next one refer to the changed text.
static void text_changed(Document *document) {
  source_free(&document->source);
  source_init(&document->source, document->uri, document->text.text, document->text.size);
  document->analysed = document->has_tokens = document->published = false;
  free(document->demands);
  document->demands = NULL;
}

void document_set(Document *document, const char *text, size_t size) {
  document->text.size = 0;
  buffer_add(&document->text, text, size);
  document->front = document->back = 0;
  text_changed(document);
}

static uint32_t snap(const Buffer *text, uint32_t at) {
  if (at >= text->size) return (uint32_t)text->size;
  while (at && ((unsigned char)text->text[at] & 0xC0) == 0x80) at--;
  return at;
}

void document_edit(Document *document, uint32_t start, uint32_t end, const char *text, size_t size) {
  Buffer *old = &document->text, changed = {0};
  start = snap(old, start);
  end = snap(old, end);
  if (end < start) end = start;
  uint32_t behind = (uint32_t)old->size - end;
  if (start < document->front) document->front = start;
  if (behind < document->back) document->back = behind;
  buffer_add(&changed, old->text, start);
  buffer_add(&changed, text, size);
  buffer_add(&changed, old->text + end, behind);
  buffer_free(old);
  *old = changed;
  text_changed(document);
}

// Analysis

static void move_span(Span *span, uint32_t by) {
  span->start += by;
  span->end += by;
}

static void move_binder(Binder *binder, uint32_t by) {
  if (binder) move_span(&binder->span, by);
}

static void move_term(void *context, Term *term) {
  uint32_t by = *(uint32_t *)context;
  move_span(&term->span, by);
  if (term->kind == TERM_CALL) move_span(&term->call.name_span, by);
  if (term->kind == TERM_LAMBDA) move_binder(term->lambda.binder, by);
  if (term->kind == TERM_LET) move_binder(term->let.binder, by);
  if (term->kind == TERM_DUP) move_binder(term->dup.first, by), move_binder(term->dup.second, by);
  term_visit_parts(term, move_term, context);
}

// by: modulo 2^32.
static void move_piece(Piece *piece, uint32_t by) {
  move_span(&piece->span, by);
  move_span(&piece->name, by);
  if (!by || !piece->rule) return;
  move_span(&piece->rule->span, by);
  move_span(&piece->rule->head, by);
  move_term(&by, piece->rule->left);
  move_term(&by, piece->rule->body);
}

// The name that a rule or damaged rule begins with.
static void find_head(Document *document, Piece *piece) {
  Scanner in = {.text = document->source.text, .size = document->source.size, .string = NOWHERE};
  Token token = token_scan(&in, piece->span.start, false);
  if (token.kind == TOKEN_OPEN_ROUND) token = token_scan(&in, token.span.end, true);
  piece->head = UINT32_MAX;
  if (token.kind != TOKEN_NAME || token.span.end > piece->span.end) return;
  piece->name = token.span;
  piece->head =
      program_name(document->program, document->source.text + token.span.start, token.span.end - token.span.start);
}

// Reads the pieces from first to before last, which are not damaged, and gives them their rules.
static void read_pieces(Document *document, Pieces *pieces, size_t first, size_t last) {
  Program *program = document->program;
  Span span = {pieces->items[first].span.start, pieces->items[last - 1].span.end};
  parse_part(program, &document->source, span);
  document->garbage += span.end - span.start;
  size_t rule = 0;
  for (size_t i = first; i < last; i++) {
    while (rule < program->rules.count && program->rules.items[rule]->span.start < pieces->items[i].span.start) rule++;
    if (rule < program->rules.count && program->rules.items[rule]->span.start == pieces->items[i].span.start)
      pieces->items[i].rule = program->rules.items[rule];
  }
  program->rules.count = 0;
}

static bool reusable(const Piece *old, const Piece *new, uint32_t by) {
  return old->rule && !new->damaged && old->span.start + by == new->span.start && old->span.end + by == new->span.end;
}

// Gives new pieces the terms of old ones that lie in what was not edited.
static void keep_pieces(const Document *document, Pieces *pieces) {
  const Pieces *old = &document->pieces;
  size_t front = 0, back = 0, limit = old->count < pieces->count ? old->count : pieces->count;
  for (; front < limit && old->items[front].span.end < document->front; front++) {
    if (old->items[front].span.start != pieces->items[front].span.start) break;
    if (reusable(&old->items[front], &pieces->items[front], 0)) pieces->items[front] = old->items[front];
  }
  uint32_t by = document->source.size - document->size; // modulo 2^32
  for (; back + front < limit; back++) {
    Piece *from = &old->items[old->count - 1 - back], *to = &pieces->items[pieces->count - 1 - back];
    if (from->span.start < document->size - document->back || from->span.start + by != to->span.start) break;
    if (!reusable(from, to, by)) continue;
    *to = *from;
    move_piece(to, by);
  }
}

static void add_piece(Pieces *pieces, Span span, bool damaged) {
  ARRAY_PUSH(pieces, (Piece){.span = span, .damaged = damaged});
}

// The pieces that an edit left whole: those before `front` and those from `back` on. None of them is damaged, for then
// what is wrong must be said anew.
typedef struct {
  const Pieces *old;
  size_t front, back;
  uint32_t by; // how far the ones at the back moved, modulo 2^32
  bool met;    // reading came to them
} Whole;

static Whole find_whole(const Document *document) {
  const Pieces *old = &document->pieces;
  Whole whole = {old, 0, old->count, document->source.size - document->size, false};
  uint32_t behind = document->size - document->back;
  while (whole.front < old->count && !old->items[whole.front].damaged &&
         old->items[whole.front].span.end < document->front)
    whole.front++;
  while (whole.back > whole.front && !old->items[whole.back - 1].damaged &&
         old->items[whole.back - 1].span.start >= behind)
    whole.back--;
  // The last one before the edit is read again, since it might go on now.
  if (whole.front) whole.front--;
  return whole;
}

static bool is_whole_from(void *context, uint32_t start) {
  Whole *whole = context;
  const Pieces *old = whole->old;
  while (whole->back < old->count && (int32_t)(old->items[whole->back].span.start + whole->by - start) < 0)
    whole->back++;
  return whole->met = whole->back < old->count && old->items[whole->back].span.start + whole->by == start;
}

// Reads what changed; everything when there is nothing old.
static Pieces read_parts(Document *document) {
  SyntaxParts parts = {0};
  Pieces pieces = {0};
  Whole whole = find_whole(document);
  SyntaxKnown known = {0, is_whole_from, &whole};
  if (whole.front) known.until = whole.old->items[whole.front].span.start;
  syntax_parts(&document->source, &known, &document->program->diagnostics, &parts);
  for (size_t i = 0; i < whole.front; i++) add_piece(&pieces, whole.old->items[i].span, false);
  for (size_t i = 0; i < parts.count; i++) add_piece(&pieces, parts.items[i].span, parts.items[i].damaged);
  for (size_t i = whole.back; whole.met && i < whole.old->count; i++) {
    add_piece(&pieces, whole.old->items[i].span, false);
    move_span(&pieces.items[pieces.count - 1].span, whole.by);
  }
  ARRAY_FREE(&parts);
  return pieces;
}

static void find_pieces(Document *document) {
  Pieces pieces = read_parts(document);
  keep_pieces(document, &pieces);
  for (size_t i = 0, end; i < pieces.count; i = end) {
    for (end = i; end < pieces.count && !pieces.items[end].damaged && !pieces.items[end].rule; end++) {}
    if (end > i) read_pieces(document, &pieces, i, end);
    if (end == i && pieces.items[i].damaged) find_head(document, &pieces.items[i]);
    for (size_t k = i; k < end; k++) find_head(document, &pieces.items[k]);
    if (end == i) end++;
  }
  ARRAY_FREE(&document->pieces);
  document->pieces = pieces;
}

static void check_pieces(Document *document) {
  Program *program = document->program;
  for (size_t i = 0; i < document->pieces.count; i++)
    if (document->pieces.items[i].rule) ARRAY_PUSH(&program->rules, document->pieces.items[i].rule);
  check_rules(program, &document->source);
  if (program->diagnostics.errors) return;
  for (size_t i = 0; i < program->functions.count; i++) {
    Function *function = program->functions.items[i];
    if (!function->compiled) match_compile(program, function);
    function->compiled = true;
  }
}

static void run_analysis(void *argument) {
  Document *document = argument;
  if (document->garbage > GARBAGE_LIMIT + 8 * document->text.size) {
    forget_program(document);
    document->front = document->back = 0;
  }
  if (!document->program) document->program = program_new();
  Program *program = document->program;
  // Terms and names live in the program's arena; what the checks make, in one that the next analysis frees.
  Arena terms = program->arena;
  program->arena = (Arena){0};
  program_forget(program);
  arena_free(&document->scratch);
  document->scratch = program->arena;
  program->arena = terms;
  find_pieces(document);
  terms = program->arena;
  program->arena = document->scratch;
  check_pieces(document);
  document->scratch = program->arena;
  program->arena = terms;
  diagnostics_sort(&program->diagnostics);
}

void document_analyse(Document *document) {
  if (document->analysed) return;
  term_run_deep(run_analysis, document);
  document->size = document->front = document->back = document->source.size;
  document->analysed = true;
}

// Tokens

const TokenList *document_tokens(Document *document) {
  if (document->has_tokens) return &document->tokens;
  Scanner in = {.text = document->source.text, .size = document->source.size, .string = NOWHERE, .skipping = true};
  document->tokens.count = 0;
  bool head = false;
  for (Token token = token_scan(&in, 0, head); token.kind != TOKEN_END; token = token_scan(&in, token.span.end, head)) {
    if (token.span.end <= token.span.start) token.span.end = token.span.start + 1;
    ARRAY_PUSH(&document->tokens, token);
    head = token.kind == TOKEN_OPEN_ROUND;
  }
  document->has_tokens = true;
  return &document->tokens;
}

static bool is_word(TokenKind kind) { return kind >= TOKEN_LET && kind <= TOKEN_NAME; }

const Token *document_token_at(Document *document, uint32_t offset) {
  const TokenList *tokens = document_tokens(document);
  size_t low = 0, high = tokens->count; // the first token that ends behind the place is at or behind low
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (tokens->items[middle].span.end <= offset)
      low = middle + 1;
    else
      high = middle;
  }
  const Token *in = low < tokens->count && tokens->items[low].span.start <= offset ? &tokens->items[low] : NULL;
  const Token *behind = low && tokens->items[low - 1].span.end == offset ? &tokens->items[low - 1] : NULL;
  if (behind && is_word(behind->kind) && !(in && is_word(in->kind))) return behind;
  return in ? in : behind;
}

Piece *document_piece_at(Document *document, uint32_t offset) {
  size_t low = 0, high = document->pieces.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (document->pieces.items[middle].span.start <= offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low ? &document->pieces.items[low - 1] : NULL;
}

bool document_token_is(const Document *document, const Token *token, const char *text, size_t size) {
  return token->span.end - token->span.start == size &&
         memcmp(document->source.text + token->span.start, text, size) == 0;
}

// Demands, which need the whole program linear and analysed: so it is loaded anew when they are first asked for.

static void find_demands(Document *document) {
  Buffer text = {0};
  Program *program = program_new();
  program->keep_lambdas = true; // functions are shown as they are written
  buffer_text(&text, "");
  if (program_load(program, document->uri, document->text.text, document->text.size)) explain_all(program, &text);
  program_free(program);
  document->demands = text.text;
}

char *document_demand(Document *document, const char *name) {
  if (!document->demands) find_demands(document);
  size_t size = strlen(name);
  for (const char *line = document->demands; line && *line;) {
    const char *end = strchrnul(line, '\n');
    if (strncmp(line, name, size) == 0 && strncmp(line + size, " : ", 3) == 0) {
      while (end[0] && end[1] == ' ') end = strchrnul(end + 1, '\n');
      return strndup(line, (size_t)(end - line));
    }
    line = *end ? end + 1 : end;
  }
  return NULL;
}
