#include "source.h"

#include <locale.h>
#include <wchar.h>

void source_init(Source *source, const char *path, const char *text, size_t size) {
  *source = (Source){.path = path, .text = text, .size = (uint32_t)size};
  ARRAY_PUSH(&source->lines, 0);
  for (const char *at = text, *end = text + size; (at = memchr(at, '\n', (size_t)(end - at))) != NULL;)
    ARRAY_PUSH(&source->lines, (uint32_t)(++at - text));
}

void source_free(Source *source) { ARRAY_FREE(&source->lines); }

Place source_place(const Source *source, uint32_t offset) {
  size_t low = 0, high = source->lines.count;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (source->lines.items[middle] <= offset)
      low = middle;
    else
      high = middle;
  }
  uint32_t column = 1, code;
  for (size_t at = source->lines.items[low]; at < offset && at < source->size; column++) {
    size_t size = (unsigned char)source->text[at] < 0x80 ? 1 : source_decode(source->text, source->size, at, &code);
    at += size ? size : 1; // what is no UTF-8 is a column a byte
  }
  // A byte-order mark is no column.
  if (low == 0 && source->size >= 3 && memcmp(source->text, "\xEF\xBB\xBF", 3) == 0 && column > 1) column--;
  return (Place){(uint32_t)low + 1, column};
}

Span source_line(const Source *source, uint32_t line) {
  uint32_t start = source->lines.items[line - 1];
  uint32_t end = line < source->lines.count ? source->lines.items[line] - 1 : source->size;
  if (end > start && source->text[end - 1] == '\r') end--;
  return (Span){start, end};
}

size_t source_decode(const char *text, size_t size, size_t offset, uint32_t *code) {
  const unsigned char *at = (const unsigned char *)text + offset;
  size_t left = size - offset;
  if (left == 0) return 0;
  if (at[0] < 0x80) return *code = at[0], 1;
  size_t length = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (at[0] < 0xC2 || at[0] > 0xF4 || left < length) return 0;
  uint32_t value = at[0] & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xC0) != 0x80) return 0;
    value = value << 6 | (at[i] & 0x3F);
  }
  if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
  return *code = value, length;
}

// The C library knows it in locales that have Unicode. The one of the process may have none.
int source_cells(uint32_t code) {
  if (code < 0x300) return 1;
  locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  if (!unicode) return 1;
  locale_t before = uselocale(unicode);
  int cells = wcwidth((wchar_t)code);
  uselocale(before);
  freelocale(unicode);
  return cells < 0 ? 1 : cells;
}
