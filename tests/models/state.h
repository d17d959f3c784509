// The state of a program that is checked: what it consists of, snapshots of it, and their hashes. Part of check.c,
// which alone includes it.
#ifndef HVM_TESTS_MODELS_STATE_H
#define HVM_TESTS_MODELS_STATE_H

#include "check.h"

#include <string.h>

enum {
  THREADS = 5,
  STACK_WORDS = 1 << 12,
  ARENA_WORDS = 1 << 14,
  CELLS = 40,
  MESSAGES = 16,
  IGNORED = 64,
  CLEARED_WORDS = 1 << 7
};
enum { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST }; // memory orders as the compiler passes them

typedef enum {
  OP_LOAD,
  OP_STORE,
  OP_RMW,
  OP_CAS,
  OP_FENCE,
  OP_YIELD,
  OP_LOCK,
  OP_TRYLOCK,
  OP_UNLOCK,
  OP_POST,
  OP_WAIT,
  OP_JOIN,
  OP_BEGIN
} OpKind;
typedef enum { CHANGE_EXCHANGE, CHANGE_ADD, CHANGE_SUB, CHANGE_AND, CHANGE_OR } Change;

typedef struct {
  OpKind kind;
  Change change;
  int order, failure, size;
  void *address;
  uint64_t value, expected;
  const void *from; // the code
} Op;

typedef uint8_t View[CELLS]; // by cell: the oldest message that may be read

typedef struct {
  uint64_t value;
  View view;
} Message;

typedef struct {
  void *sp;
  CheckRun *run;
  void *argument;
  bool done;
  Op op; // what it does next
  View view, released, acquired;
  int plain; // the cell that it has just written without an atomic access, whose message has no value yet; -1: none
} Thread;

// All of the state but the arena, the stacks and the messages.
typedef struct {
  int threads;
  bool failed;
  size_t used; // words of the arena
  View sequential;
  uint8_t counts[CELLS]; // messages
  Thread thread[THREADS];
  int ignored_count;
  const uint8_t *ignored[IGNORED][2]; // from, to
} Now;
static Now now;
static Message messages[CELLS][MESSAGES];
static uint64_t arena[ARENA_WORDS], stacks[THREADS][STACK_WORDS];
static bool stale; // atomic loads may give values that are not the last

// The parts of a state, of as many words as there are in it, in the order of a snapshot.
enum { PARTS = 2 + CELLS + THREADS };

typedef struct {
  void *at;
  size_t words, position; // of the first one among all that there can be: for the hash
} Part;

static size_t live_words(const Now *state, int thread) {
  return state->thread[thread].done ? 0 : (size_t)(stacks[thread] + STACK_WORDS - (uint64_t *)state->thread[thread].sp);
}

static void find_parts(const Now *state, Part *parts) {
  size_t position = 0, words = sizeof(uint64_t);
  *parts++ = (Part){&now, sizeof now / words, position};
  position += sizeof now / words;
  *parts++ = (Part){arena, state->used, position};
  position += ARENA_WORDS;
  for (int cell = 0; cell < CELLS; cell++) {
    *parts++ = (Part){messages[cell], stale ? state->counts[cell] * sizeof(Message) / words : 0, position};
    position += sizeof messages[cell] / words;
  }
  for (int i = 0; i < THREADS; i++) {
    size_t live = i < state->threads ? live_words(state, i) : 0;
    position += STACK_WORDS;
    *parts++ = (Part){stacks[i] + STACK_WORDS - live, live, position - live};
  }
}

static void take_snapshot(uint64_t *to) {
  Part parts[PARTS];
  find_parts(&now, parts);
  for (int i = 0; i < PARTS; to += parts[i++].words) memcpy(to, parts[i].at, parts[i].words * sizeof *to);
}

static size_t snapshot_words(const Now *state) {
  Part parts[PARTS];
  size_t words = 0;
  find_parts(state, parts);
  for (int i = 0; i < PARTS; i++) words += parts[i].words;
  return words;
}

static void restore(const uint64_t *from) {
  Part parts[PARTS];
  find_parts((const Now *)from, parts);
  for (int i = 0; i < PARTS; from += parts[i++].words) memcpy(parts[i].at, from, parts[i].words * sizeof *from);
}

// The hash of a state is the sum of those of its words, each with its position; so it is known from that of another one
// and from what differs. How a word is mixed: Appleby, MurmurHash3, its 64-bit finalizer.
static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
  x = (x ^ x >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
  return x ^ x >> 33;
}

typedef struct {
  const uint64_t *words;
  size_t from, to; // positions
} Span;

static void hash_words(uint64_t hash[2], Span span, size_t from, size_t to, bool there) {
  for (uint64_t i = from; i < to; i++) {
    uint64_t mixed = mix(span.words[i - span.from] ^ i * UINT64_C(0x9E3779B97F4A7C15));
    uint64_t a = mix(mixed + i * UINT64_C(0xC2B2AE3D27D4EB4F)), b = mix(mixed ^ i << 32 ^ ~i);
    hash[0] += there ? a : -a;
    hash[1] += there ? b : -b;
  }
}

// A part grows at one of its ends, so the two spans have the other one in common.
static void hash_part(uint64_t hash[2], Span old, Span new) {
  enum { BLOCK = 128 };
  size_t low = old.from > new.from ? old.from : new.from, high = old.to < new.to ? old.to : new.to;
  hash_words(hash, old, old.from, low, false);
  hash_words(hash, new, new.from, low, true);
  for (size_t next; low < high; low = next) {
    next = low + BLOCK < high ? low + BLOCK : high;
    const uint64_t *before = old.words + (low - old.from), *now_there = new.words + (low - new.from);
    if (memcmp(before, now_there, (next - low) * sizeof *before) == 0) continue;
    for (size_t i = low; i < next; i++) {
      if (old.words[i - old.from] == new.words[i - new.from]) continue;
      hash_words(hash, old, i, i + 1, false);
      hash_words(hash, new, i, i + 1, true);
    }
  }
  hash_words(hash, old, high, old.to, false);
  hash_words(hash, new, high, new.to, true);
}

// From the hash of the state of a snapshot to that of the state that is. NULL: from 0, the hash of nothing.
static void hash_change(uint64_t hash[2], const uint64_t *snapshot) {
  static const Now none;
  Part before[PARTS], parts[PARTS];
  find_parts(snapshot ? (const Now *)snapshot : &none, before);
  find_parts(&now, parts);
  if (!snapshot) before[0].words = 0;
  for (int i = 0; i < PARTS; i++) {
    Span old = {snapshot, before[i].position, before[i].position + before[i].words};
    hash_part(hash, old, (Span){parts[i].at, parts[i].position, parts[i].position + parts[i].words});
    if (snapshot) snapshot += before[i].words;
  }
}

#endif
