#include "intern.h"

// FNV-1a. Names come from the user's own program, so nobody gains from colliding them.
static uint32_t hash_text(const char *text, size_t size) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
  return hash;
}

// The slot that holds the text, or the empty slot where it belongs.
static size_t find_slot(const Interner *interner, const char *text, size_t size, uint32_t hash) {
  size_t mask = interner->slot_count - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    uint32_t number = interner->slots[at];
    if (number == 0) return at;
    const InternedText *known = &interner->texts.items[number - 1];
    if (known->hash == hash && known->size == size && memcmp(known->text, text, size) == 0) return at;
  }
}

static void grow(Interner *interner) {
  size_t count = interner->slot_count ? interner->slot_count * 2 : 64;
  uint32_t *slots = calloc(count, sizeof *slots);
  if (!slots) memory_exhausted();
  free(interner->slots);
  interner->slots = slots;
  interner->slot_count = count;
  for (size_t i = 0; i < interner->texts.count; i++) {
    const InternedText *known = &interner->texts.items[i];
    slots[find_slot(interner, known->text, known->size, known->hash)] = (uint32_t)i + 1;
  }
}

uint32_t intern(Interner *interner, Arena *arena, const char *text, size_t size) {
  if ((interner->texts.count + 1) * 2 > interner->slot_count) grow(interner);
  uint32_t hash = hash_text(text, size);
  size_t slot = find_slot(interner, text, size, hash);
  if (interner->slots[slot] == 0) {
    ARRAY_PUSH(&interner->texts, (InternedText){arena_text(arena, text, size), (uint32_t)size, hash});
    interner->slots[slot] = (uint32_t)interner->texts.count;
  }
  return interner->slots[slot] - 1;
}

uint32_t intern_find(const Interner *interner, const char *text, size_t size) {
  if (interner->slot_count == 0) return UINT32_MAX;
  uint32_t number = interner->slots[find_slot(interner, text, size, hash_text(text, size))];
  return number == 0 ? UINT32_MAX : number - 1;
}

void intern_free(Interner *interner) {
  ARRAY_FREE(&interner->texts);
  free(interner->slots);
  *interner = (Interner){0};
}
