// Interning: texts to small numbers, in the order of their first appearance. Open addressing with linear probing.
#ifndef HVM_LANG_INTERN_H
#define HVM_LANG_INTERN_H

#include "memory.h"

typedef struct {
  const char *text;
  uint32_t size, hash;
} InternedText;

typedef struct {
  ARRAY(InternedText) texts; // indexed by number; the texts belong to the arena that intern was given
  uint32_t *slots;           // number + 1, 0 for an empty slot
  size_t slot_count;         // a power of two
} Interner;

uint32_t intern(Interner *interner, Arena *arena, const char *text, size_t size);
// UINT32_MAX when the text is not there.
uint32_t intern_find(const Interner *interner, const char *text, size_t size);
void intern_free(Interner *interner);

#endif
