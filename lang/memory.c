#include "memory.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct ArenaBlock {
  ArenaBlock *previous;
  _Alignas(16) char data[];
};

enum { ARENA_BLOCK_BYTES = 1 << 16 };

_Noreturn void memory_exhausted(void) {
  static const char message[] = "hvm: error: out of memory\n";
  ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
  (void)written;
  _exit(1);
}

void *memory_zeroed(size_t count, size_t item_size) {
  void *items = calloc(count ? count : 1, item_size);
  if (!items) memory_exhausted();
  return items;
}

void *memory_grow(void *items, size_t *capacity, size_t needed, size_t item_size) {
  size_t wanted = *capacity < 8 ? 8 : *capacity;
  while (wanted < needed) {
    if (wanted > SIZE_MAX / 2) memory_exhausted();
    wanted *= 2;
  }
  if (wanted > SIZE_MAX / item_size) memory_exhausted();
  void *grown = realloc(items, wanted * item_size);
  if (!grown) memory_exhausted();
  *capacity = wanted;
  return grown;
}

void *arena_alloc(Arena *arena, size_t bytes) {
  size_t size = (bytes + 15) & ~(size_t)15;
  if ((size_t)(arena->end - arena->free) < size || !arena->free) {
    // A large object gets a block of its own size; blocks grow with the arena so that their number stays logarithmic.
    size_t block_size = size > ARENA_BLOCK_BYTES ? size : ARENA_BLOCK_BYTES;
    ArenaBlock *block = calloc(1, sizeof *block + block_size);
    if (!block) memory_exhausted();
    block->previous = arena->last;
    arena->last = block;
    arena->free = block->data;
    arena->end = block->data + block_size;
  }
  void *result = arena->free;
  arena->free += size;
  return result;
}

char *arena_text(Arena *arena, const char *text, size_t size) {
  char *copy = arena_alloc(arena, size + 1);
  if (size) memcpy(copy, text, size);
  return copy;
}

char *arena_format(Arena *arena, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Buffer buffer = {0};
  buffer_vformat(&buffer, format, arguments);
  va_end(arguments);
  char *text = arena_text(arena, buffer.text ? buffer.text : "", buffer.size);
  buffer_free(&buffer);
  return text;
}

void arena_free(Arena *arena) {
  while (arena->last) {
    ArenaBlock *block = arena->last;
    arena->last = block->previous;
    free(block);
  }
  arena->free = arena->end = NULL;
}

void buffer_add(Buffer *buffer, const char *text, size_t size) {
  if (buffer->size + size + 1 > buffer->capacity)
    buffer->text = memory_grow(buffer->text, &buffer->capacity, buffer->size + size + 1, 1);
  if (size) memcpy(buffer->text + buffer->size, text, size);
  buffer->size += size;
  buffer->text[buffer->size] = 0;
}

void buffer_text(Buffer *buffer, const char *text) { buffer_add(buffer, text, strlen(text)); }
void buffer_char(Buffer *buffer, char c) { buffer_add(buffer, &c, 1); }

void buffer_code_point(Buffer *buffer, uint32_t code) {
  char bytes[4];
  size_t size;
  if (code < 0x80) {
    bytes[0] = (char)code;
    size = 1;
  } else if (code < 0x800) {
    bytes[0] = (char)(0xC0 | code >> 6);
    bytes[1] = (char)(0x80 | (code & 0x3F));
    size = 2;
  } else if (code < 0x10000) {
    bytes[0] = (char)(0xE0 | code >> 12);
    bytes[1] = (char)(0x80 | (code >> 6 & 0x3F));
    bytes[2] = (char)(0x80 | (code & 0x3F));
    size = 3;
  } else {
    bytes[0] = (char)(0xF0 | code >> 18);
    bytes[1] = (char)(0x80 | (code >> 12 & 0x3F));
    bytes[2] = (char)(0x80 | (code >> 6 & 0x3F));
    bytes[3] = (char)(0x80 | (code & 0x3F));
    size = 4;
  }
  buffer_add(buffer, bytes, size);
}

void buffer_number(Buffer *buffer, uint64_t number) {
  char digits[20];
  size_t start = sizeof digits;
  do {
    digits[--start] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  buffer_add(buffer, digits + start, sizeof digits - start);
}

void buffer_printable(Buffer *buffer, const char *text) {
  for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
    bool second = *at == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0; // those that UTF-8 writes with two bytes
    buffer_char(buffer, second || *at < ' ' || *at == 127 ? '?' : (char)*at);
    at += second;
  }
}

void buffer_vformat(Buffer *buffer, const char *format, va_list arguments) {
  size_t room = buffer->capacity - buffer->size; // mostly it fits
  va_list copy;
  va_copy(copy, arguments);
  int size = vsnprintf(room ? buffer->text + buffer->size : NULL, room, format, copy);
  va_end(copy);
  if (size < 0) size = 0;
  if ((size_t)size >= room) {
    buffer->text = memory_grow(buffer->text, &buffer->capacity, buffer->size + (size_t)size + 1, 1);
    vsnprintf(buffer->text + buffer->size, (size_t)size + 1, format, arguments);
  }
  buffer->size += (size_t)size;
}

void buffer_format(Buffer *buffer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  buffer_vformat(buffer, format, arguments);
  va_end(arguments);
}

void buffer_free(Buffer *buffer) {
  free(buffer->text);
  *buffer = (Buffer){0};
}

bool memory_parse_size(const char *text, uint64_t *bytes) {
  if (!isdigit((unsigned char)*text)) return false;
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  const char *units = "KMGT", *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
  int shift = unit ? 10 * (int)(unit - units + 1) : 0;
  if (errno || (*end && (!unit || end[1])) || number > UINT64_MAX >> shift) return false;
  *bytes = (uint64_t)number << shift;
  return true;
}
