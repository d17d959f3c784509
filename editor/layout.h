// Layout: from a document that says where lines may break to text of at most LAYOUT_WIDTH columns, where that is
// possible. Method: Wadler, "A prettier printer" (2003), with the width of everything known when it is built, so that
// laying out takes time linear in the text.
//
// A group is written on one line if it fits; else its own lines break, and the groups in it are decided one by one.
// Documents belong to an arena.
#ifndef HVM_EDITOR_LAYOUT_H
#define HVM_EDITOR_LAYOUT_H

#include "lang/memory.h"

enum { LAYOUT_WIDTH = 80, LAYOUT_STEP = 2 };

typedef enum {
  DOC_TEXT,
  DOC_COMMENT, // what follows stands on a new line
  DOC_LINE,    // a line break; in a group on one line the text `flat`
  DOC_FLAT,    // a text that is only there on one line
  DOC_ROW,     // its parts one after the other
  DOC_INDENT,  // its part one step further in
  DOC_GROUP,   // its part; a second one takes its place where the first line of the broken part is too long
  DOC_ASSIGN,  // what follows an '=': behind it, or on the next line one step further in
} DocKind;

typedef struct Doc Doc;
struct Doc {
  DocKind kind;
  bool hard;      // holds a line that always breaks
  uint32_t width; // code points on one line
  const char *text;
  uint32_t size;
  Doc **parts;
  uint32_t count;
  Doc *other; // DOC_GROUP
  uint32_t
      opening; // columns of the first line of the broken part, for DOC_ASSIGN 0 when it must not begin behind the '='
};

Doc *doc_text(Arena *arena, const char *text, size_t size); // copies nothing
Doc *doc_word(Arena *arena, const char *word);
Doc *doc_comment(Arena *arena, const char *text, size_t size);
Doc *doc_line(Arena *arena, const char *flat); // NULL: it always breaks
Doc *doc_flat(Arena *arena, const char *word);
Doc *doc_row(Arena *arena, Doc **parts, size_t count);
Doc *doc_indent(Arena *arena, Doc *part);
Doc *doc_group(Arena *arena, Doc *part);
Doc *doc_choice(Arena *arena, Doc *part, uint32_t opening, Doc *other);
Doc *doc_assign(Arena *arena, Doc *part, uint32_t opening);

#define DOC_ROW(arena, ...) doc_row((arena), (Doc *[]){__VA_ARGS__}, sizeof((Doc *[]){__VA_ARGS__}) / sizeof(Doc *))

// Appends the document's text, the first line of which begins at the column that the buffer's last line has reached.
void layout_write(Buffer *out, Doc *doc);

#endif
