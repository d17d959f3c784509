#include "shrink.h"

typedef struct {
  Buffer *program;
  StillFails still_fails;
  void *context;
} Shrink;

// Reading terms ------------------------------------------------------------------------------------------------------
// Each takes an offset and is where what starts there ends; program->size at most.

static size_t term_end(const Buffer *program, size_t at);

static bool is_at(const Buffer *program, size_t at, const char *text) {
  size_t size = strlen(text);
  return at + size <= program->size && memcmp(program->text + at, text, size) == 0;
}

static size_t skip(const Buffer *program, size_t at, const char *characters) {
  while (at < program->size && strchr(characters, program->text[at])) at++;
  return at;
}

static size_t word_end(const Buffer *program, size_t at) {
  while (at < program->size && !strchr(" \n()[]{};,\"", program->text[at])) at++;
  return at;
}

static size_t literal_end(const Buffer *program, size_t at) {
  char quote = program->text[at++];
  while (at < program->size && program->text[at] != quote) at += program->text[at] == '\\' ? 2 : 1;
  return at < program->size ? at + 1 : program->size;
}

static size_t bracket_end(const Buffer *program, size_t at) {
  for (int depth = 0; at < program->size && program->text[at] != '\n'; at++) {
    char c = program->text[at];
    if (strchr("([{", c)) depth++;
    if (strchr(")]}", c) && --depth <= 0) return at + 1;
    if (c == '"') at = literal_end(program, at) - 1;
  }
  return at;
}

// let x = t; t and the like
static size_t binding_end(const Buffer *program, size_t at) {
  while (at < program->size && program->text[at] != '=' && program->text[at] != '\n') at++;
  return term_end(program, skip(program, term_end(program, at + 1), "; "));
}

static size_t term_end(const Buffer *program, size_t at) {
  at = skip(program, at, " ");
  if (at >= program->size) return program->size;
  if (strchr("([{", program->text[at])) return bracket_end(program, at);
  if (strchr("\"'", program->text[at])) return literal_end(program, at);
  if (is_at(program, at, "λ")) return term_end(program, word_end(program, at));
  if (is_at(program, at, "let ") || is_at(program, at, "dup ") || is_at(program, at, "ask "))
    return binding_end(program, at);
  if (!is_at(program, at, "if ")) return word_end(program, at);
  at = skip(program, term_end(program, at + 3), " ");
  at = skip(program, bracket_end(program, at), " ");
  return is_at(program, at, "else") ? term_end(program, at + 4) : at;
}

// Smaller programs ---------------------------------------------------------------------------------------------------

static bool accept(const Shrink *s, Buffer *candidate) {
  bool fails = candidate->size < s->program->size && s->still_fails(s->context, candidate->text, candidate->size);
  Buffer dropped = fails ? *s->program : *candidate;
  if (fails) *s->program = *candidate;
  buffer_free(&dropped);
  return fails;
}

// Replaces a range when the program still fails without it.
static bool try_replace(const Shrink *s, size_t start, size_t end, const char *by, size_t size) {
  Buffer candidate = {0};
  buffer_add(&candidate, s->program->text, start);
  buffer_add(&candidate, by, size);
  buffer_add(&candidate, s->program->text + end, s->program->size - end);
  return accept(s, &candidate);
}

static size_t line_end(const Buffer *program, size_t start) {
  const char *end = memchr(program->text + start, '\n', program->size - start);
  return end ? (size_t)(end - program->text) + 1 : program->size;
}

static bool shrink_line(const Shrink *s, size_t start) {
  return try_replace(s, start, line_end(s->program, start), "", 0);
}

// By 0, or by a part, which starts after a space or a bracket.
static bool shrink_term(const Shrink *s, size_t start) {
  size_t end = term_end(s->program, start);
  if (end <= start + 1) return false;
  if (try_replace(s, start, end, "0", 1)) return true;
  for (size_t part = start + 1; part < end; part++) {
    if (!strchr(" ([{", s->program->text[part - 1])) continue;
    size_t part_end = term_end(s->program, part);
    if (part_end <= part || part_end > end) continue;
    char *copy = malloc(part_end - part);
    if (!copy) memory_exhausted();
    memcpy(copy, s->program->text + part, part_end - part);
    bool shrunk = try_replace(s, start, end, copy, part_end - part);
    free(copy);
    if (shrunk) return true;
  }
  return false;
}

// Without the argument of that index in all calls and patterns of a name. False when there is none.
static bool drop_argument(const Shrink *s, const char *name, size_t name_size, uint32_t index) {
  const Buffer *program = s->program;
  Buffer candidate = {0};
  size_t copied = 0;
  for (size_t at = 0; at + name_size + 1 < program->size; at++) {
    size_t end = at + 1 + name_size;
    if (program->text[at] != '(' || memcmp(program->text + at + 1, name, name_size) != 0 || program->text[end] != ' ')
      continue;
    size_t start = end;
    for (uint32_t i = 0; i < index; i++) start = term_end(program, start);
    end = term_end(program, start);
    if (start < copied || end <= start + 1) continue; // inside of what was left out; no such argument
    buffer_add(&candidate, program->text + copied, start - copied);
    copied = end;
  }
  buffer_add(&candidate, program->text + copied, program->size - copied);
  return accept(s, &candidate);
}

static bool shrink_arguments(const Shrink *s, size_t start) {
  if (s->program->text[start] != '(') return false;
  char name[64];
  size_t size = word_end(s->program, start + 1) - start - 1;
  if (size == 0 || size >= sizeof name) return false;
  memcpy(name, s->program->text + start + 1, size);
  size_t end = bracket_end(s->program, start), at = start + 1 + size;
  uint32_t count = 0;
  for (; at + 1 < end; count++) at = term_end(s->program, at);
  bool again = false;
  while (count-- > 0) again |= drop_argument(s, name, size, count);
  return again;
}

static bool shrink_once(const Shrink *s) {
  bool again = false;
  for (size_t at = 0; at < s->program->size; at++) {
    char before = at ? s->program->text[at - 1] : '\n';
    if (before == '\n' && (shrink_line(s, at) || shrink_arguments(s, at)))
      again = true, at = (size_t)-1;
    else if (strchr(" ([{", before) && shrink_term(s, at))
      again = true, at--;
  }
  return again;
}

void shrink_program(Buffer *program, StillFails still_fails, void *context) {
  Shrink s = {program, still_fails, context};
  while (shrink_once(&s)) continue;
}
