#include "diagnostic.h"

enum { LINE_LIMIT = 160, LINE_CONTEXT = 60 }; // longer lines are shown in part, in code points

Diagnostic *diagnostic_add(Diagnostics *all, Severity severity, const Source *source, Span span, const char *format,
                           ...) {
  if (severity == SEVERITY_ERROR)
    all->errors++;
  else
    all->warnings++;
  if (all->list.count >= DIAGNOSTIC_LIMIT) {
    all->dropped++;
    return &all->spare;
  }
  Buffer message = {0};
  va_list arguments;
  va_start(arguments, format);
  buffer_vformat(&message, format, arguments);
  va_end(arguments);
  char *text = arena_text(&all->arena, message.text, message.size);
  buffer_free(&message);
  ARRAY_PUSH(
      &all->list,
      (Diagnostic){.severity = severity, .source = source, .span = span, .placed = source != NULL, .message = text});
  return &all->list.items[all->list.count - 1];
}

void diagnostic_hint(Diagnostics *all, Diagnostic *diagnostic, const char *format, ...) {
  if (diagnostic == &all->spare) return;
  Buffer text = {0};
  va_list arguments;
  va_start(arguments, format);
  buffer_vformat(&text, format, arguments);
  va_end(arguments);
  diagnostic->hint = arena_text(&all->arena, text.text, text.size);
  buffer_free(&text);
}

void diagnostic_note(Diagnostics *all, Diagnostic *diagnostic, const Source *source, Span span, const char *format,
                     ...) {
  if (diagnostic == &all->spare) return;
  Buffer text = {0};
  va_list arguments;
  va_start(arguments, format);
  buffer_vformat(&text, format, arguments);
  va_end(arguments);
  diagnostic->note = arena_text(&all->arena, text.text, text.size);
  diagnostic->note_source = source;
  diagnostic->note_span = span;
  buffer_free(&text);
}

static uint32_t sort_key(const Diagnostic *diagnostic) {
  return diagnostic->placed ? diagnostic->span.start : UINT32_MAX;
}

// Insertion of runs: diagnostics arrive nearly sorted, and equal places must keep their order. A binary search for the
// place makes the comparisons few; the moves are what memmove does fast.
void diagnostics_sort(Diagnostics *all) {
  Diagnostic *items = all->list.items;
  for (size_t i = 1; i < all->list.count; i++) {
    Diagnostic item = items[i];
    size_t low = 0, high = i;
    if (sort_key(&items[i - 1]) <= sort_key(&item)) continue;
    while (low < high) {
      size_t middle = low + (high - low) / 2;
      if (sort_key(&items[middle]) <= sort_key(&item))
        low = middle + 1;
      else
        high = middle;
    }
    memmove(items + low + 1, items + low, (i - low) * sizeof *items);
    items[low] = item;
  }
}

void diagnostics_free(Diagnostics *all) {
  ARRAY_FREE(&all->list);
  arena_free(&all->arena);
  *all = (Diagnostics){0};
}

static const char *const RED = "\x1b[1;31m", *const YELLOW = "\x1b[1;33m", *const BLUE = "\x1b[1;34m",
                         *const BOLD = "\x1b[1m", *const PLAIN = "\x1b[0m";

// The source line with the span underlined. Tabs become one space and control characters a dot, so that the
// underline stays below what it marks, also behind characters that take two cells or none; a very long line is cut
// around the span.
static void render_line(Buffer *out, const Source *source, Span span, const char *colour, const char *frame,
                        const char *plain) {
  Place place = source_place(source, span.start);
  Span line = source_line(source, place.line);
  uint32_t skip = place.column > LINE_LIMIT - LINE_CONTEXT ? place.column - LINE_CONTEXT : 1;
  int gutter = snprintf(NULL, 0, "%u", place.line);
  buffer_format(out, "  %s%u |%s ", frame, place.line, plain);
  Buffer under = {0};
  uint32_t column = 1, shown = 0;
  size_t at = line.start;
  if (at == 0 && source->size >= 3 && memcmp(source->text, "\xEF\xBB\xBF", 3) == 0) at = 3;
  if (skip > 1) buffer_text(out, "…"), buffer_char(&under, ' ');
  bool marked = false;
  for (; at < line.end && shown < LINE_LIMIT; column++) {
    uint32_t code = 0;
    size_t size = source_decode(source->text, line.end, at, &code);
    if (column >= skip) {
      shown++;
      if (!size)
        buffer_text(out, "�");
      else if (code < 32 || code == 127 || (code >= 0x80 && code < 0xA0))
        buffer_char(out, code == '\t' ? ' ' : '.');
      else
        buffer_add(out, source->text + at, size);
      bool inside = at >= span.start && (at < span.end || !marked);
      if (at + (size ? size : 1) <= span.start) inside = false;
      for (int cells = size ? source_cells(code) : 1; cells; cells--) {
        buffer_char(&under, inside ? '^' : ' ');
        if (inside) marked = true;
      }
    }
    at += size ? size : 1;
  }
  if (at < line.end) buffer_text(out, "…");
  if (!marked) buffer_char(&under, '^');
  while (under.size && under.text[under.size - 1] == ' ') under.text[--under.size] = 0;
  buffer_format(out, "\n  %s%*s |%s %s", frame, gutter, "", plain, colour);
  buffer_add(out, under.text, under.size);
  buffer_format(out, "%s\n", plain);
  buffer_free(&under);
}

void diagnostic_render_place(Buffer *out, const Source *source, Span span, const char *text) {
  Place place = source_place(source, span.start);
  buffer_printable(out, source->path);
  buffer_format(out, ":%u:%u: %s\n", place.line, place.column, text);
  render_line(out, source, span, "", "", "");
}

void diagnostic_render(Buffer *out, const Diagnostic *diagnostic, bool colour) {
  bool error = diagnostic->severity == SEVERITY_ERROR;
  const char *bold = colour ? BOLD : "", *plain = colour ? PLAIN : "", *frame = colour ? BLUE : "";
  const char *mark = !colour ? "" : error ? RED : YELLOW;
  uint32_t gutter = 1;
  if (diagnostic->source && diagnostic->placed) {
    Place place = source_place(diagnostic->source, diagnostic->span.start);
    gutter = (uint32_t)snprintf(NULL, 0, "%u", place.line);
    buffer_text(out, bold);
    buffer_printable(out, diagnostic->source->path);
    buffer_format(out, ":%u:%u:%s ", place.line, place.column, plain);
  } else if (diagnostic->source) {
    buffer_text(out, bold);
    buffer_printable(out, diagnostic->source->path);
    buffer_format(out, ":%s ", plain);
  } else {
    buffer_format(out, "%shvm:%s ", bold, plain);
  }
  buffer_format(out, "%s%s:%s %s%s%s\n", mark, error ? "error" : "warning", plain, bold, diagnostic->message, plain);
  if (diagnostic->source && diagnostic->placed)
    render_line(out, diagnostic->source, diagnostic->span, mark, frame, plain);
  if (diagnostic->note) {
    Place place = source_place(diagnostic->note_source, diagnostic->note_span.start);
    buffer_format(out, "  %s%*s = note:%s %s (", frame, (int)gutter, "", plain, diagnostic->note);
    buffer_printable(out, diagnostic->note_source->path);
    buffer_format(out, ":%u:%u)\n", place.line, place.column);
    render_line(out, diagnostic->note_source, diagnostic->note_span, frame, frame, plain);
  }
  if (diagnostic->hint) buffer_format(out, "  %s%*s = hint:%s %s\n", frame, (int)gutter, "", plain, diagnostic->hint);
}
