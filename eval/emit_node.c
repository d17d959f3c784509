// Nodes in C: they are made, of new cells or of those of a node that was opened, and opened, in their boxes or not.
#include "emitter.h"

void emit_node(Emitter *emitter, const Step *step) {
  unsigned long long word = step->word;
  if (step->count == 0) {
    PRINT("  v%d = 0x%llxull;\n", step->dst, word);
    return;
  }
  if (step->reuse == NO_ATOM && step->count <= 3) {
    PRINT("  v%d = node%u(m, 0x%llxull", step->dst, step->count, word);
    emit_arguments(emitter, step);
    PRINT(");\n");
    return;
  }
  PRINT("  {\n  Location l_ = ");
  if (step->reuse != NO_ATOM)
    PRINT("LOCATION(v%d);\n  NATIVE_CHECK_TERM(m, v%d);\n", step->reuse, step->reuse);
  else
    PRINT("alloc(m, %u);\n", step->count);
  for (uint32_t i = 0; i < step->count; i++) {
    PRINT("  HEAP[l_ + %u] = ", i);
    emit_atom(emitter, step->arguments[i]);
    PRINT(";\n");
  }
  PRINT("  v%d = 0x%llxull | l_ << 26;\n  }\n", step->dst, word);
}

static bool is_dropped_next(const Step *step, Atom x) {
  for (; step && step->kind == STEP_DROP; step = step->next)
    if (step->arguments[0] == x) return true;
  return false;
}

// The fields of a constructor that is in a box of others; in line where that is to be expected.
static void emit_peel(Emitter *emitter, const Step *step, Atom x) {
  uint32_t count = step->count - 1;
  const Atom *fields = step->arguments + 1;
  if (!step->boxed) {
    PRINT("  if (f%d) {\n  peel(m, f%d, %u);\n", x, x, count);
    for (uint32_t i = 0; i < count; i++) PRINT("  v%d = m->passed[%u];\n", fields[i], i);
  } else {
    PRINT("  if (f%d) v%d = LOAD(LOCATION(f%d) + 1);\n", x, x, x);
    PRINT("  if (f%d && LOAD(LOCATION(f%d)) >= 2 * SHARE_ONE_) {\n", x, x);
    for (uint32_t i = 0; i < count; i++) {
      if (is_dropped_next(step->next, fields[i]))
        PRINT("  v%d = 0;\n", fields[i]);
      else
        PRINT("  v%d = share_field(m, LOCATION(v%d) + %u);\n", fields[i], x, i);
    }
    PRINT("  leave(m, f%d);\n", x);
  }
  if (step->keep) PRINT("  v%d = alloc(m, %u) << 26;\n", x, count);
  PRINT("  } else {\n");
  if (step->boxed) PRINT("  if (f%d) release(m, LOCATION(f%d), 2);\n", x, x);
}

// What is in the fields is mostly asked for soon, behind a branch that is not foreseen, as where lists are merged.
static void emit_prefetch(Emitter *emitter, const Step *step) {
  for (uint32_t i = 1; i < step->count; i++) {
    Atom x = step->arguments[i];
    if (emitter->of->wanted[x] == KNOWN_NOTHING && !is_dropped_next(step->next, x))
      PRINT("  __builtin_prefetch(&HEAP[LOCATION(v%d)]);\n", x);
  }
}

void emit_open(Emitter *emitter, const Step *step) {
  const Atom *x = step->arguments;
  uint32_t count = step->count - 1;
  bool shares = emitter->strict->shares;
  if (shares) emit_peel(emitter, step, x[0]); // f: the box that it is in, if others own it too
  PRINT("  NATIVE_CHECK_TERM(m, v%d);\n", x[0]);
  for (uint32_t i = 0; i < count; i++) PRINT("  v%d = HEAP[LOCATION(v%d) + %u];\n", x[i + 1], x[0], i);
  emit_prefetch(emitter, step);
  if (!step->keep) PRINT("  release(m, LOCATION(v%d), %u);\n", x[0], count);
  if (shares) PRINT("  }\n");
}

void emit_list(Emitter *emitter, const Step *step) {
  PRINT("  v%d = 0x%llxull;\n", step->dst, (unsigned long long)word_make(TAG_CTR, NAME_LIST_NIL, 0));
  for (uint32_t i = step->count; i-- > 0;) {
    PRINT("  v%d = node2(m, 0x%llxull, ", step->dst, (unsigned long long)word_make(TAG_CTR, NAME_LIST_CONS, 0));
    emit_atom(emitter, step->arguments[i]);
    PRINT(", v%d);\n", step->dst);
  }
}
