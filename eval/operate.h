// Operations on numbers: a part of rules.h, which includes it where what it needs is there. Operands that are no
// numbers are left to rules.h.
#ifndef HVM_EVAL_OPERATE_H
#define HVM_EVAL_OPERATE_H

static inline Word u60_operate(Operator op, Word a, Word b) {
  // Packed numbers: the value is in the upper bits. Division and remainder are given b != 0.
  switch (op) {
  case OP_ADD: return a + b;
  case OP_SUB: return a - b;
  case OP_MUL: return (a >> NUMBER_KIND_BITS) * b;
  case OP_DIV: return number_u60(a / b);
  case OP_MOD: return a % b;
  case OP_AND: return a & b;
  case OP_OR: return a | b;
  case OP_XOR: return a ^ b;
  case OP_SHL: return number_value(b) < 60 ? a << number_value(b) : 0;
  case OP_SHR: return number_value(b) < 60 ? number_u60(number_value(a) >> number_value(b)) : 0;
  case OP_LT: return number_u60(a < b);
  case OP_LE: return number_u60(a <= b);
  case OP_EQ: return number_u60(a == b);
  case OP_GE: return number_u60(a >= b);
  case OP_GT: return number_u60(a > b);
  case OP_NE: return number_u60(a != b);
  case OP_COUNT: break;
  }
  return 0;
}

// Both are numbers of one kind: (op N M) -> the number                                                        Op2-Num
static inline bool operate_numbers(Machine *machine, Operator op, Word a, Word b, Word *result) {
  if (LIKELY(((a | b) & NUMBER_KIND_MASK) == TAG_NUM)) {
    if (UNLIKELY(b == 0 && (op == OP_DIV || op == OP_MOD))) return false;
    machine->rewrites[RULE_OP2_NUM]++;
    *result = u60_operate(op, a, b);
    return true;
  }
  if (word_tag(a) != TAG_FLO || word_tag(b) != TAG_FLO) return false;
  machine->rewrites[RULE_OP2_NUM]++;
  return number_operate(op, a, b, result);
}

#ifndef HVM_TRACE
// An operand: what it stands for, or the number in its box.
static inline Word resolve_operand(Machine *machine, Word term) {
  term = resolve(machine, term);
  if (word_tag(term) != TAG_SHR) return term;
  Word value = load_cell(machine, word_location(term) + 1);
  if (!word_is_flat(value) || machine->profile) return term; // a profile is to see who comes to a box
  leave_box(machine, word_location(term));
  return value;
}

// An operation in a rule's body whose operands are not both numbers as they stand: computed if they stand for numbers,
// else a node.
static inline Word operate_later(Machine *machine, unsigned extra, Word left, Word right) {
  Word result;
  left = resolve_operand(machine, left), right = resolve_operand(machine, right);
  if (operate_numbers(machine, op2_operator(extra), left, right, &result)) return result;
  return new_pair(machine, TAG_OP2, extra, left, right);
}

// An argument that is an operation on numbers by now is computed when it is passed: no chain of pending operations
// grows behind the variables of continuations. One step that always succeeds: nothing that lazy evaluation leaves out
// can fail or take long by this.
static inline Word operate_argument(Machine *machine, Word term) {
  Location location = word_location(term);
  Word *operands = &machine->heap[location], result;
  operands[0] = resolve_operand(machine, operands[0]);
  operands[1] = resolve_operand(machine, operands[1]);
  if (!operate_numbers(machine, op2_operator(word_extra(term)), operands[0], operands[1], &result)) return term;
  heap_free(machine, location, 2);
  return result;
}
#endif

static inline _Noreturn void fail_division(Machine *machine, unsigned extra, Word left) {
  const CodePlace *place = &machine->shared->code.places.items[op2_place(extra)];
  Buffer text = {0};
  buffer_format(&text, "while reducing (%s ", OPERATOR_TEXT[op2_operator(extra)]);
  number_print(&text, left);
  buffer_text(&text, " 0)");
  const char *name = machine->shared->program->names.items[place->function].text;
  if (place->source && *name != '(') buffer_format(&text, " in a rule of %s", name); // else: in the expression
  char *hint = arena_text(&machine->shared->diagnostics->arena, text.text, text.size);
  buffer_free(&text);
  machine_fail(machine, MACHINE_FAILED, place, hint, "division by zero");
}

#endif
