#include "shrink.h"

// The end of the term that starts at an offset; start itself when there is none that shrinking knows.
static size_t term_end(const Buffer *program, size_t start) {
  const char *at = program->text + start, *end = program->text + program->size;
  int depth = 0;
  for (; at < end && *at != '\n'; at++) {
    if (strchr("([{", *at)) depth++;
    if (strchr(")]}", *at) && --depth <= 0) return (size_t)(at - program->text) + (depth == 0);
    if (depth == 0 && strchr(" ,;", *at)) return (size_t)(at - program->text);
  }
  return (size_t)(at - program->text);
}

// Replaces a range when the program still fails without it.
static bool try_replace(Buffer *program, size_t start, size_t end, const char *by, size_t size, StillFails still_fails,
                        void *context) {
  Buffer candidate = {0};
  buffer_add(&candidate, program->text, start);
  buffer_add(&candidate, by, size);
  buffer_add(&candidate, program->text + end, program->size - end);
  bool fails = candidate.size < program->size && still_fails(context, candidate.text, candidate.size);
  Buffer dropped = fails ? *program : candidate;
  if (fails) *program = candidate;
  buffer_free(&dropped);
  return fails;
}

static bool shrink_line(Buffer *program, size_t start, StillFails still_fails, void *context) {
  const char *end = memchr(program->text + start, '\n', program->size - start);
  size_t stop = end ? (size_t)(end - program->text) + 1 : program->size;
  return try_replace(program, start, stop, "", 0, still_fails, context);
}

static bool shrink_term(Buffer *program, size_t start, StillFails still_fails, void *context) {
  size_t end = term_end(program, start);
  if (end <= start + 1) return false;
  if (try_replace(program, start, end, "0", 1, still_fails, context)) return true;
  for (size_t part = start + 1; part < end; part++) { // a part starts after a space or a bracket
    if (!strchr(" ([{", program->text[part - 1])) continue;
    size_t part_end = term_end(program, part);
    if (part_end <= part || part_end > end) continue;
    char *copy = malloc(part_end - part);
    if (!copy) memory_exhausted();
    memcpy(copy, program->text + part, part_end - part);
    bool shrunk = try_replace(program, start, end, copy, part_end - part, still_fails, context);
    free(copy);
    if (shrunk) return true;
  }
  return false;
}

void shrink_program(Buffer *program, StillFails still_fails, void *context) {
  for (bool again = true; again;) {
    again = false;
    for (size_t at = 0; at < program->size; at++) {
      char before = at ? program->text[at - 1] : '\n';
      if (before == '\n' && shrink_line(program, at, still_fails, context))
        again = true, at = (size_t)-1;
      else if (strchr(" ([{", before) && shrink_term(program, at, still_fails, context))
        again = true, at--;
      if (at + 1 == 0) continue;
    }
  }
}
