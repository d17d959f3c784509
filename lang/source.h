// Source texts and places in them.
//
// A Source is one file, expression or standard input: UTF-8 bytes, a path to show, and an index of its lines.
// A Span is a half-open range of byte offsets; texts are limited to 4 GiB - 1 bytes.
// Lines and columns count from 1; a column is a number of code points, not bytes.
#ifndef HVM_LANG_SOURCE_H
#define HVM_LANG_SOURCE_H

#include "memory.h"

typedef struct {
  uint32_t start, end;
} Span;
typedef struct {
  uint32_t line, column;
} Place;

typedef struct Source {
  const char *path;      // as shown in diagnostics: "main.hvm", "<expression>", "<stdin>"
  const char *text;      // NUL-terminated; may contain NUL bytes before its end
  uint32_t size;         // bytes, without the final NUL
  ARRAY(uint32_t) lines; // offset of the first byte of every line; built by source_init
} Source;

// Takes ownership of nothing: text must outlive the source.
void source_init(Source *source, const char *path, const char *text, size_t size);
void source_free(Source *source);

Place source_place(const Source *source, uint32_t offset);
// The bytes of a line (from 1) without its line end.
Span source_line(const Source *source, uint32_t line);
// Decodes the UTF-8 character at an offset into *code; returns its length in bytes, 0 when it is malformed
// (overlong forms, surrogates and code points beyond U+10FFFF are malformed).
size_t source_decode(const char *text, size_t size, size_t offset, uint32_t *code);
int source_cells(uint32_t code); // of a terminal that a character takes: 0 to 2

#endif
