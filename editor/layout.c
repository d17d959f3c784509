#include "layout.h"

// Further in than this no line begins, or deep terms would be mostly space.
enum { INDENT_LIMIT = LAYOUT_WIDTH * 3 / 4, WIDE = 1 << 20 };

static Doc *new_doc(Arena *arena, DocKind kind) {
  Doc *doc = ARENA_NEW(arena, Doc);
  doc->kind = kind;
  return doc;
}

static uint32_t add_width(uint32_t a, uint32_t b) { return a + b < WIDE ? a + b : WIDE; }

static uint32_t columns(const char *text, size_t size) {
  uint32_t count = 0;
  for (size_t i = 0; i < size && count < WIDE; i++) count += ((unsigned char)text[i] & 0xC0) != 0x80;
  return count;
}

Doc *doc_text(Arena *arena, const char *text, size_t size) {
  Doc *doc = new_doc(arena, DOC_TEXT);
  doc->text = text;
  doc->size = (uint32_t)size;
  doc->width = columns(text, size);
  doc->hard = memchr(text, '\n', size) != NULL;
  return doc;
}

Doc *doc_word(Arena *arena, const char *word) { return doc_text(arena, word, strlen(word)); }

Doc *doc_flat(Arena *arena, const char *word) {
  Doc *doc = doc_word(arena, word);
  doc->kind = DOC_FLAT;
  return doc;
}

Doc *doc_comment(Arena *arena, const char *text, size_t size) {
  Doc *doc = doc_text(arena, text, size);
  doc->kind = DOC_COMMENT;
  doc->hard = true;
  return doc;
}

Doc *doc_line(Arena *arena, const char *flat) {
  Doc *doc = new_doc(arena, DOC_LINE);
  doc->text = flat;
  doc->hard = !flat;
  if (flat) doc->size = doc->width = (uint32_t)strlen(flat);
  return doc;
}

Doc *doc_row(Arena *arena, Doc **parts, size_t count) {
  Doc *doc = new_doc(arena, DOC_ROW);
  doc->parts = ARENA_ARRAY(arena, Doc *, count);
  doc->count = (uint32_t)count;
  for (size_t i = 0; i < count; i++) {
    doc->parts[i] = parts[i];
    doc->width = add_width(doc->width, parts[i]->width);
    doc->hard |= parts[i]->hard;
  }
  return doc;
}

static Doc *around(Arena *arena, DocKind kind, Doc *part) {
  Doc *doc = doc_row(arena, &part, 1);
  doc->kind = kind;
  return doc;
}

Doc *doc_indent(Arena *arena, Doc *part) { return around(arena, DOC_INDENT, part); }
Doc *doc_group(Arena *arena, Doc *part) { return around(arena, DOC_GROUP, part); }

Doc *doc_choice(Arena *arena, Doc *part, uint32_t opening, Doc *other) {
  Doc *doc = doc_group(arena, part);
  doc->opening = opening;
  doc->other = other;
  return doc;
}

Doc *doc_assign(Arena *arena, Doc *part, uint32_t opening) {
  Doc *doc = around(arena, DOC_ASSIGN, part);
  doc->width = add_width(part->width, 1);
  doc->opening = opening;
  return doc;
}

// What is still to be written: on one line, or breaking its lines.
typedef struct {
  Doc *doc;
  uint32_t indent;
  bool flat;
} Task;
typedef ARRAY(Task) Tasks;

typedef struct {
  Buffer *out;
  Tasks tasks, ahead; // `ahead` is what rest looks through
  uint32_t column;
  bool comment; // the last thing written was one
} Writer;

// Columns that the tasks will write before a line can break, or more than the limit.
static uint32_t rest(Writer *writer, uint32_t limit) {
  uint32_t width = 0;
  for (size_t i = writer->tasks.count; i-- > 0 && width <= limit;) {
    writer->ahead.count = 0;
    ARRAY_PUSH(&writer->ahead, writer->tasks.items[i]);
    while (writer->ahead.count && width <= limit) {
      Task task = writer->ahead.items[--writer->ahead.count];
      if (task.doc->kind == DOC_COMMENT) return width; // however long it is
      if (task.flat || task.doc->kind == DOC_TEXT) {
        width = add_width(width, task.doc->width);
        continue;
      }
      if (task.doc->kind == DOC_LINE || task.doc->kind == DOC_ASSIGN) return width;
      for (uint32_t k = task.doc->count; k-- > 0;)
        ARRAY_PUSH(&writer->ahead, (Task){task.doc->parts[k], task.indent, false});
    }
  }
  return width;
}

static bool fits(Writer *writer, uint32_t column, const Doc *doc) {
  if (doc->hard || column + doc->width > LAYOUT_WIDTH) return false;
  return column + doc->width + rest(writer, LAYOUT_WIDTH) <= LAYOUT_WIDTH;
}

static void new_line(Writer *writer, uint32_t indent) {
  while (writer->out->size && writer->out->text[writer->out->size - 1] == ' ') writer->out->size--;
  buffer_char(writer->out, '\n');
  for (uint32_t i = 0; i < indent; i++) buffer_char(writer->out, ' ');
  writer->column = indent;
  writer->comment = false;
}

// Behind a comment a new line begins, without space but its own.
static void write_text(Writer *writer, const char *text, size_t size, uint32_t indent) {
  if (writer->comment) {
    while (size && *text == ' ') text++, size--;
    if (size) new_line(writer, indent);
  }
  if (!size) return;
  buffer_add(writer->out, text, size);
  const char *line = memrchr(text, '\n', size);
  writer->column = line ? columns(line + 1, (size_t)(text + size - line - 1)) : writer->column + columns(text, size);
}

static void push(Writer *writer, Doc *doc, uint32_t indent, bool flat) {
  ARRAY_PUSH(&writer->tasks, (Task){doc, indent, flat});
}

static uint32_t further(uint32_t indent) { return indent < INDENT_LIMIT ? indent + LAYOUT_STEP : indent; }

static void write_assign(Writer *writer, const Doc *doc, uint32_t indent) {
  Doc *part = doc->parts[0];
  uint32_t inner = further(indent);
  bool here = fits(writer, writer->column + 1, part), below = !here && fits(writer, inner, part);
  bool opens = !below && doc->opening && writer->column + 1 + doc->opening <= LAYOUT_WIDTH;
  if (here || opens) {
    write_text(writer, " ", 1, indent);
    push(writer, part, indent, here);
  } else {
    new_line(writer, inner);
    push(writer, part, inner, below);
  }
}

void layout_write(Buffer *out, Doc *doc) {
  Writer writer = {.out = out};
  size_t line = out->size;
  while (line && out->text[line - 1] != '\n') line--;
  writer.column = columns(out->text + line, out->size - line);
  push(&writer, doc, 0, false);
  while (writer.tasks.count) {
    Task task = writer.tasks.items[--writer.tasks.count];
    Doc *at = task.doc;
    switch (at->kind) {
    case DOC_TEXT: write_text(&writer, at->text, at->size, task.indent); break;
    case DOC_COMMENT:
      write_text(&writer, at->text, at->size, task.indent);
      writer.comment = true;
      break;
    case DOC_FLAT:
      if (task.flat) write_text(&writer, at->text, at->size, task.indent);
      break;
    case DOC_LINE:
      if (task.flat)
        write_text(&writer, at->text, at->size, task.indent);
      else
        new_line(&writer, task.indent);
      break;
    case DOC_ASSIGN:
      if (!task.flat) {
        write_assign(&writer, at, task.indent);
        break;
      }
      write_text(&writer, " ", 1, task.indent);
      push(&writer, at->parts[0], task.indent, true);
      break;
    case DOC_GROUP: {
      bool flat = task.flat || fits(&writer, writer.column, at);
      bool other = !flat && at->other && writer.column + at->opening > LAYOUT_WIDTH;
      push(&writer, other ? at->other : at->parts[0], task.indent, flat);
      break;
    }
    case DOC_INDENT: push(&writer, at->parts[0], further(task.indent), task.flat); break;
    case DOC_ROW:
      for (uint32_t i = at->count; i-- > 0;) push(&writer, at->parts[i], task.indent, task.flat);
      break;
    }
  }
  ARRAY_FREE(&writer.tasks);
  ARRAY_FREE(&writer.ahead);
}
