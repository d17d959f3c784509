// Memory for compile-time data, and the two containers that the whole code base uses.
//
// Arena     bump allocation, freed whole. Everything that lives as long as a program lives in the program's arena.
// Buffer    a growable byte string (always followed by a NUL once text was written).
// ARRAY     a growable typed array: struct { T *items; size_t count, capacity; }.
//
// Allocation failure is reported once, by memory_exhausted: it writes "out of memory" and ends the process with
// status 1. Compile-time data is small beside the run-time heap, whose exhaustion is an ordinary diagnostic.
#ifndef HVM_LANG_MEMORY_H
#define HVM_LANG_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct ArenaBlock ArenaBlock;
typedef struct {
  ArenaBlock *last;
  char *free, *end;
} Arena;

void *arena_alloc(Arena *arena, size_t bytes);                 // zeroed, aligned to 16 bytes
char *arena_text(Arena *arena, const char *text, size_t size); // a NUL-terminated copy
char *arena_format(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_free(Arena *arena);

#define ARENA_NEW(arena, T) ((T *)arena_alloc((arena), sizeof(T)))
#define ARENA_ARRAY(arena, T, n) ((T *)arena_alloc((arena), sizeof(T) * (size_t)(n)))

_Noreturn void memory_exhausted(void);
void *memory_zeroed(size_t count, size_t item_size);                               // for free(); never returns NULL
void *memory_grow(void *items, size_t *capacity, size_t needed, size_t item_size); // doubles; never returns NULL

// A size like 1000000, 64K, 512M, 8G or 1T, in bytes; the units are of 1024. False: it is none, or too large.
bool memory_parse_size(const char *text, uint64_t *bytes);

#define ARRAY(T)                                                                                                       \
  struct {                                                                                                             \
    T *items;                                                                                                          \
    size_t count, capacity;                                                                                            \
  }
#define ARRAY_RESERVE(a, n)                                                                                            \
  do {                                                                                                                 \
    if ((n) > (a)->capacity) (a)->items = memory_grow((a)->items, &(a)->capacity, (n), sizeof *(a)->items);            \
  } while (0)
#define ARRAY_PUSH(a, ...)                                                                                             \
  do {                                                                                                                 \
    ARRAY_RESERVE((a), (a)->count + 1);                                                                                \
    (a)->items[(a)->count++] = __VA_ARGS__;                                                                            \
  } while (0)
#define ARRAY_FREE(a) (free((a)->items), (a)->items = NULL, (a)->count = (a)->capacity = 0)

typedef struct {
  char *text;
  size_t size, capacity;
} Buffer;

void buffer_add(Buffer *buffer, const char *text, size_t size);
void buffer_text(Buffer *buffer, const char *text);
void buffer_char(Buffer *buffer, char c);
void buffer_code_point(Buffer *buffer, uint32_t code);   // as UTF-8
void buffer_number(Buffer *buffer, uint64_t number);     // decimal
void buffer_printable(Buffer *buffer, const char *text); // with '?' for control characters, so that terminals obey none
void buffer_format(Buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_vformat(Buffer *buffer, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
void buffer_free(Buffer *buffer);

#endif
