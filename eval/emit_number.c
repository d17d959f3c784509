// Numbers in C: what is known of them is not tested, and floats are doubles from one operation to the next.
#include "emitter.h"

void emit_as(Emitter *emitter, Atom x, Known kind) {
  bool is_double = kinds_known(emitter->kinds, emitter->known, x) == KNOWN_F60;
  if (kind != KNOWN_F60) {
    emit_atom(emitter, x);
  } else if (x >= 0 && is_double) {
    PRINT("d%d", x);
  } else {
    PRINT("F_UNBOX(");
    emit_atom(emitter, x);
    PRINT(")");
  }
}

void emit_assign(Emitter *emitter, char prefix, Atom dst, Atom x, Known kind) {
  PRINT("  %c%d = ", kind == KNOWN_F60 && prefix == 'v' ? 'd' : prefix, dst);
  emit_as(emitter, x, kind);
  PRINT(";\n");
}

bool emit_unless(Emitter *emitter, const char *separator, Atom x, Known kind) {
  if (kind == KNOWN_NOTHING || kinds_known(emitter->kinds, emitter->known, x) == kind) return false;
  PRINT("%sTAG(", separator);
  emit_atom(emitter, x);
  PRINT(") != %d", kind == KNOWN_F60 ? TAG_FLO : TAG_NUM);
  return true;
}

void emit_known(Emitter *emitter, Atom x) {
  if (emitter->of->wanted[x] == KNOWN_F60) PRINT("  d%d = F_UNBOX(v%d);\n", x, x);
}

void emit_check(Emitter *emitter, const Step *step, const uint64_t *after) {
  Atom x = step->arguments[0];
  Known known = kinds_known(emitter->kinds, emitter->known, x);
  if (known == KNOWN_U60) return;
  PRINT("  if (UNLIKELY(!IS_U60(");
  emit_atom(emitter, x);
  PRINT("))) goto l%u;\n", emit_way(emitter, step, after));
  if (x >= 0 && known == KNOWN_F60) PRINT("  v%d = 0;\n", x); // never reached
}

static const char *const OPERATIONS[OP_COUNT] = {"ADD", "SUB", "MUL", "DIV", "MOD", "AND", "OR", "XOR",
                                                 "SHL", "SHR", "LT",  "LE",  "EQ",  "GE",  "GT", "NE"};

static void print_operation(Emitter *emitter, const Step *step) {
  PRINT("U_%s(", OPERATIONS[op2_operator(word_extra(step->word))]);
  emit_atom(emitter, step->arguments[0]);
  PRINT(", ");
  emit_atom(emitter, step->arguments[1]);
  PRINT(")");
}

// What C does with doubles.
static const char *const done_here[OP_COUNT] = {
    [OP_ADD] = "+", [OP_SUB] = "-", [OP_MUL] = "*", [OP_DIV] = "/", [OP_LT] = "<",
    [OP_LE] = "<=", [OP_EQ] = "==", [OP_GE] = ">=", [OP_GT] = ">",  [OP_NE] = "!=",
};

// Two operands of no known kind that turn out to be floats.
static void print_if_floats(Emitter *emitter, const Step *step) {
  const Atom *x = step->arguments;
  Operator op = op2_operator(word_extra(step->word));
  if (!emitter->strict->floats || !done_here[op]) return;
  PRINT("  else if (ARE_F60(");
  emit_atom(emitter, x[0]);
  PRINT(", ");
  emit_atom(emitter, x[1]);
  PRINT(")) v%d = F_BOX(%s(", step->dst, op < OP_LT ? "F_ROUND" : "(double)");
  emit_as(emitter, x[0], KNOWN_F60);
  PRINT(" %s ", done_here[op]);
  emit_as(emitter, x[1], KNOWN_F60);
  PRINT("));\n");
}

static void print_float_operation(Emitter *emitter, const Step *step) {
  const Atom *x = step->arguments;
  Operator op = op2_operator(word_extra(step->word));
  PRINT("  d%d = ", step->dst);
  if (!done_here[op]) {
    PRINT("F_UNBOX(runtime->operate(m, %u", word_extra(step->word));
    emit_arguments(emitter, step);
    PRINT("));\n");
    return;
  }
  PRINT("%s(", op < OP_LT ? "F_ROUND" : "(double)");
  emit_as(emitter, x[0], KNOWN_F60);
  PRINT(" %s ", done_here[op]);
  emit_as(emitter, x[1], KNOWN_F60);
  PRINT(");\n");
}

// The tests that an operation needs on the spot; what they lead to follows as `otherwise`.
static bool print_tests(Emitter *emitter, const Step *step, Known kind) {
  const Atom *x = step->arguments;
  bool tests = emit_unless(emitter, "  if (UNLIKELY(", x[0], kind);
  if (x[0] != x[1]) tests |= emit_unless(emitter, tests ? " || " : "  if (UNLIKELY(", x[1], kind);
  if (kinds_may_fail(emitter->kinds, step, kind)) {
    PRINT(tests ? " || " : "  if (UNLIKELY(");
    emit_atom(emitter, x[1]);
    PRINT(" == 0");
    tests = true;
  }
  return tests;
}

static void emit_known_operation(Emitter *emitter, const Step *step, const uint64_t *after, Known kind) {
  if (print_tests(emitter, step, kind)) PRINT(")) goto l%u;\n", emit_way(emitter, step, after));
  for (uint32_t i = 0; i < 2 && kind == KNOWN_F60; i++) {
    Atom x = step->arguments[i];
    if (x < 0 || emitter->known[x] == kind) continue;
    emit_known(emitter, x);
    emitter->known[x] = (uint8_t)kind;
  }
  if (kind == KNOWN_F60) {
    print_float_operation(emitter, step);
    return;
  }
  PRINT("  v%d = ", step->dst);
  print_operation(emitter, step);
  PRINT(";\n");
}

void emit_operation(Emitter *emitter, const Step *step, const uint64_t *after) {
  Known kind = kinds_operation(emitter->kinds, emitter->of, step, emitter->known);
  if (kind != KNOWN_NOTHING) {
    emit_known_operation(emitter, step, after, kind);
    return;
  }
  PRINT("  if (LIKELY(ARE_U60(");
  emit_atom(emitter, step->arguments[0]);
  PRINT(", ");
  emit_atom(emitter, step->arguments[1]);
  PRINT(")");
  if (kinds_may_fail(emitter->kinds, step, KNOWN_U60)) {
    PRINT(" && ");
    emit_atom(emitter, step->arguments[1]);
    PRINT(" != 0");
  }
  PRINT(")) v%d = ", step->dst);
  print_operation(emitter, step);
  PRINT(";\n");
  print_if_floats(emitter, step);
  if (step->kind == STEP_LATER) {
    PRINT("  else v%d = runtime->operate_later(m, %u", step->dst, word_extra(step->word));
    emit_arguments(emitter, step);
    PRINT(");\n");
    return;
  }
  PRINT("  else {\n  v%d = runtime->operate(m, %u", step->dst, word_extra(step->word));
  emit_arguments(emitter, step);
  PRINT(");\n  if (v%d == NATIVE_NOTHING) goto l%u;\n  }\n", step->dst, emit_way(emitter, step, after));
}
