// Text: a term for each step, with the rule between one and the next. What the next step rewrites and what the last one
// made is coloured, or marked by a line below. Steps inside of an opened strict call are indented, and have their own
// terms before and after them: on one line, where they are short.
#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 2, INDENT_MOST = 40, WIDTH_INSIDE = 20 };

typedef struct {
  TraceOutput output;
  KeptStep last; // its term is written when the next redex in it is known
  bool any;      // there is one
  size_t margin; // in front of all lines
  uint64_t next; // the number of the next step, if none is left out
} Writer;

// A position in a term that is being broken into lines.
typedef struct {
  const hvm_picture *picture;
  const hvm_range *redex, *made;
  size_t redex_count, made_count;
  size_t *ends; // by position of an opening bracket: of its closing one
} Layout;

static bool opens(char c) { return c == '(' || c == '[' || c == '{'; }
static bool closes(char c) { return c == ')' || c == ']' || c == '}'; }

// Finds the closing bracket of each opening one; strings have none.
static bool match_brackets(const char *text, size_t size, size_t *ends) {
  size_t *stack = malloc((size + 1) * sizeof *stack), depth = 0;
  if (!stack) return false;
  bool string = false;
  for (size_t at = 0; at < size; at++) {
    if (string && text[at] == '\\') {
      at++;
      continue;
    }
    if (text[at] == '"') string = !string;
    if (string) continue;
    if (opens(text[at])) stack[depth++] = at;
    if (closes(text[at]) && depth) ends[stack[--depth]] = at;
  }
  while (depth) ends[stack[--depth]] = size;
  free(stack);
  return true;
}

// Where a line may end behind a part: behind the brackets that close with it.
static size_t end_with_brackets(const char *text, size_t end, size_t limit) {
  while (end < limit && closes(text[end])) end++;
  return end;
}

static size_t columns(const char *text, size_t from, size_t to) {
  size_t count = 0;
  for (; from < to; from++) count += (text[from] & 0xC0) != 0x80;
  return count;
}

static bool inside(const hvm_range *ranges, size_t count, size_t at) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (ranges[middle].end <= at)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && ranges[low].start <= at;
}

// One line of the term, bytes from .. to, after some spaces.
static void write_line(const Writer *writer, const Layout *layout, size_t indent, size_t from, size_t to) {
  FILE *out = writer->output.out;
  const char *text = layout->picture->text;
  int state = 0;
  bool any = false;
  fprintf(out, "%*s", (int)(writer->margin + indent), "");
  for (size_t at = from; at < to; at++) {
    bool redex = inside(layout->redex, layout->redex_count, at), made = inside(layout->made, layout->made_count, at);
    int next = redex ? 2 : made ? 1 : 0;
    any |= next != 0;
    if (writer->output.colour && next != state)
      fputs(next == 2 ? "\x1b[0;1;4;33m" : next == 1 ? "\x1b[0;32m" : "\x1b[0m", out);
    state = next;
    putc(text[at], out);
  }
  if (writer->output.colour && state) fputs("\x1b[0m", out);
  putc('\n', out);
  if (!any || writer->output.colour || !writer->output.marks) return;
  fprintf(out, "%*s", (int)(writer->margin + indent), "");
  size_t last = to;
  while (last > from && !inside(layout->redex, layout->redex_count, last - 1) &&
         !inside(layout->made, layout->made_count, last - 1))
    last--;
  for (size_t at = from; at < last; at++) {
    if ((text[at] & 0xC0) == 0x80) continue;
    putc(inside(layout->redex, layout->redex_count, at) ? '^'
         : inside(layout->made, layout->made_count, at) ? '~'
                                                        : ' ',
         out);
  }
  putc('\n', out);
}

// Columns for a line of a term.
static size_t room(const Writer *writer) {
  size_t width = writer->output.width;
  if (!width) return SIZE_MAX;
  return width > writer->margin + WIDTH_INSIDE ? width - writer->margin : WIDTH_INSIDE;
}

// A term whose brackets do not fit into the line is broken behind each of their parts.
static void write_paragraph(const Writer *writer, const Layout *layout, size_t from, size_t to) {
  const char *text = layout->picture->text;
  size_t width = room(writer);
  size_t indent = 0, line = from, column = 0, depth = 0;
  struct Broken {
    size_t end, indent;
  } *broken = malloc((to - from + 1) * sizeof *broken);
  if (!broken) return;
  bool string = false, binder = false;
  for (size_t at = from; at < to; at++) {
    char c = text[at];
    if ((c & 0xC0) == 0x80) continue;
    if (string && c == '\\') {
      at++, column += 2;
      continue;
    }
    if (c == '"') string = !string;
    size_t group = opens(c) ? end_with_brackets(text, layout->ends[at] + 1, to) : at;
    if (!string && opens(c) && column + columns(text, at, group) > width) {
      size_t deeper = indent + INDENT;
      broken[depth++] = (struct Broken){layout->ends[at], deeper > INDENT_MOST ? INDENT_MOST : deeper};
    } else if (!string && opens(c)) { // fits
      column += columns(text, at, layout->ends[at] + 1);
      at = layout->ends[at];
      binder = false;
      while (depth && broken[depth - 1].end <= at) depth--;
      continue;
    }
    if (depth && broken[depth - 1].end == at) depth--;
    if ((unsigned char)c == 0xCE) binder = true; // λ: its body follows on the same line
    bool breaks = c == ' ' && !string && !binder && depth;
    if (c == ' ') binder = false;
    column++;
    if (!breaks) continue;
    size_t next = at + 1, end = next;
    while (end < to && text[end] != ' ' && !opens(text[end]) && !closes(text[end])) end++;
    if (end < to && opens(text[end])) end = layout->ends[end] + 1;
    size_t part = columns(text, next, end_with_brackets(text, end, to));
    // Short parts share a line.
    if (column + part <= width && at > line && end <= broken[depth - 1].end && part <= width / 4) continue;
    write_line(writer, layout, indent, line, at);
    indent = broken[depth - 1].indent;
    line = next;
    column = indent;
  }
  write_line(writer, layout, indent, line, to);
  free(broken);
}

static void write_term(const Writer *writer, const hvm_picture *picture, const hvm_picture *next) {
  Layout layout = {.picture = picture, .made = picture->ranges, .made_count = picture->range_count};
  if (next) layout.redex = next->ranges, layout.redex_count = next->range_count;
  layout.ends = malloc((picture->size + 1) * sizeof *layout.ends);
  if (!layout.ends || !match_brackets(picture->text, picture->size, layout.ends)) abort();
  for (size_t from = 0, to; from <= picture->size; from = to + 1) {
    const char *newline = memchr(picture->text + from, '\n', picture->size - from);
    to = newline ? (size_t)(newline - picture->text) : picture->size;
    write_paragraph(writer, &layout, from, to);
  }
  free(layout.ends);
}

static void write_rule(const Writer *writer, const hvm_step *step) {
  char title[256];
  int length = snprintf(title, sizeof title, "%" PRIu64 ". ", step->number);
  length += step_title(step, title + length, sizeof title - (size_t)length);
  size_t width = writer->output.width ? writer->output.width : 60;
  if (width > 60) width = 60;
  FILE *out = writer->output.out;
  if (writer->output.colour) fputs("\x1b[0;2m", out);
  for (size_t i = 0; i + (size_t)length + 1 < width || i < 4; i++) putc('-', out);
  if (writer->output.colour) fputs("\x1b[0;1;36m", out);
  fprintf(out, " %s", title);
  if (writer->output.colour) fputs("\x1b[0m", out);
  putc('\n', out);
}

static void *begin(const TraceOutput *output) {
  Writer *writer = calloc(1, sizeof *writer);
  if (!writer) return NULL;
  writer->output = *output;
  writer->next = 1;
  return writer;
}

// The term of the last step, if it was not written yet.
static void write_last(Writer *writer) {
  if (writer->any) write_term(writer, &writer->last.step.after, NULL);
  writer->any = false;
}

static void write_left_out(const Writer *writer, uint64_t number) {
  uint64_t left_out = number > writer->next ? number - writer->next : 0;
  if (left_out)
    fprintf(writer->output.out, "%*s  ⋮ %" PRIu64 " step%s\n", (int)writer->margin, "", left_out,
            left_out == 1 ? "" : "s");
  else if (!writer->margin)
    fputs("  ⋮\n", writer->output.out);
}

// Inside of a call, or at its end.
static void write_left_out_before(const Writer *writer, const hvm_step *one) {
  uint64_t number = one->number + (one->part == HVM_STEP_ENDS ? one->rewrites : 0);
  if (number > writer->next) write_left_out(writer, number);
}

// The term before a step, and the rule.
static void write_before(Writer *writer, const hvm_step *one) {
  const hvm_picture *before = &writer->last.step.after;
  hvm_picture term = one->before;
  term.range_count = 0;
  if (!writer->any) {
    write_term(writer, &term, &one->before);
  } else if (before->size == one->before.size && memcmp(before->text, one->before.text, before->size) == 0) {
    write_term(writer, before, &one->before);
  } else {
    write_term(writer, before, NULL);
    write_left_out(writer, one->number);
    write_term(writer, &term, &one->before);
  }
  write_rule(writer, one);
}

// Is all of a picture marked, and on one line?
static bool is_short(const hvm_picture *picture) {
  return picture->size == 0 || (picture->range_count == 1 && picture->ranges[0].start == 0 &&
                                picture->ranges[0].end == picture->size && !memchr(picture->text, '\n', picture->size));
}

static void write_marked(const Writer *writer, const hvm_picture *picture, const char *colour) {
  if (writer->output.colour) fputs(colour, writer->output.out);
  fwrite(picture->text, 1, picture->size, writer->output.out);
  if (writer->output.colour) fputs("\x1b[0m", writer->output.out);
}

// A step inside of an opened call.
static void write_inside(Writer *writer, const hvm_step *one) {
  FILE *out = writer->output.out;
  const hvm_picture *before = &one->before, *after = &one->after;
  char title[256];
  size_t length = (size_t)step_title(one, title, sizeof title);
  writer->margin = one->depth < INDENT_MOST / INDENT ? (size_t)one->depth * INDENT : INDENT_MOST;
  write_left_out_before(writer, one);
  fprintf(out, "%*s%s%" PRIu64 ". %s%s", (int)writer->margin, "", writer->output.colour ? "\x1b[0;1;36m" : "",
          one->number, title, writer->output.colour ? "\x1b[0m" : "");
  size_t needed = length + 12 + columns(before->text, 0, before->size) + columns(after->text, 0, after->size);
  if (is_short(before) && is_short(after) && needed <= room(writer)) {
    fputs(": ", out);
    write_marked(writer, before, "\x1b[0;33m");
    if (before->size && after->size) fputs(" → ", out);
    write_marked(writer, after, "\x1b[0;32m");
    putc('\n', out);
  } else {
    fputs(":\n", out);
    writer->margin += INDENT;
    hvm_picture term = *before;
    term.range_count = 0;
    if (before->size) write_term(writer, &term, before);
    if (before->size && after->size) fprintf(out, "%*s→\n", (int)writer->margin, "");
    if (after->size) write_term(writer, after, NULL);
  }
  writer->margin = 0;
}

static bool step(void *context, const hvm_step *one) {
  Writer *writer = context;
  uint64_t next = one->number + (one->rewrites ? one->rewrites : 1);
  if (one->number == 1 && !one->strict && strcmp(one->before.text, "Main") == 0) { // begin with what Main stands for
    hvm_step start = *one;
    start.after.range_count = 0;
    kept_step_set(&writer->last, &start);
    writer->any = true;
  } else if (one->depth) {
    write_last(writer);
    write_inside(writer, one);
  } else if (one->part == HVM_STEP_BEGINS) {
    write_before(writer, one);
    writer->any = false;
  } else {
    if (one->part == HVM_STEP_ENDS) {
      write_left_out_before(writer, one);
      write_rule(writer, one);
    } else {
      write_before(writer, one);
    }
    kept_step_set(&writer->last, one);
    writer->any = true;
  }
  if (next > writer->next) writer->next = next;
  return !ferror(writer->output.out);
}

static bool end(void *context, const TraceEnd *how) {
  Writer *writer = context;
  FILE *out = writer->output.out;
  bool shown = how->result && writer->any && strcmp(how->result, writer->last.step.after.text) == 0;
  write_last(writer);
  if (how->cut)
    fprintf(out, "  ⋮ cut here after %" PRIu64 " steps; --steps shows more, --steps 0 all\n", how->limit);
  else if (how->status == HVM_STOPPED)
    fputs("  ⋮ the rest was not asked for\n", out);
  if (how->result && !shown) fprintf(out, "\n%s\n", how->result);
  kept_step_free(&writer->last);
  fflush(out);
  bool written = !ferror(out);
  free(writer);
  return written;
}

const TraceFormat TRACE_TEXT = {"text", begin, step, end};
