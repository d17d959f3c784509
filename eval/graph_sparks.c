#include "graph_sparks.h"

#include "lang/match.h"
#include "spark.h"

static bool is_over_soon(const Machine *machine, Word call) {
  const Program *program = machine->shared->program;
  const Function *function = program->names.items[word_extra(call)].function;
  const Tree *tree = function ? function->tree : NULL;
  while (tree && tree->kind == TREE_SWITCH) {
    if (tree->occurrence >= function->arity) return false;
    Word x = load_cell(machine, word_location(call) + tree->occurrence);
    if (word_tag(x) == TAG_SHR) x = load_cell(machine, word_location(x) + 1);
    if (word_tag(x) > TAG_CTR) return false;
    const Tree *next = tree->otherwise;
    for (uint32_t i = 0; i < tree->case_count; i++) {
      const TreeCase *one = &tree->cases[i];
      bool same = one->kind == KEY_NUMBER ? x == one->number : word_tag(x) == TAG_CTR && word_extra(x) == one->name;
      if (same) next = one->tree;
    }
    tree = next;
  }
  return tree && tree->kind == TREE_RULE && !tree->rule->calls;
}

Word offer_call(Machine *machine, Word call, ptrdiff_t depth) {
  return is_over_soon(machine, call) ? call : spark_make(machine, call, depth);
}

enum { PURE_DEPTH = 3 }; // of operations that is_pure looks into

// Reducing it has no effect for sure.
static bool is_pure(const Machine *machine, Word term, int depth) {
  const Program *program = machine->shared->program;
  if (!program->has_effects || word_is_flat(term)) return true;
  const Word *cells = &machine->heap[word_location(term)];
  if (word_tag(term) == TAG_OP2 && depth)
    return is_pure(machine, cells[0], depth - 1) && is_pure(machine, cells[1], depth - 1);
  const Function *function = word_tag(term) == TAG_CAL ? program->names.items[word_extra(term)].function : NULL;
  return function && !function->builtin && !function->restricted;
}

bool offer_fields(Machine *machine, Location fields, unsigned count, const Word *frame) {
  for (unsigned i = 0; i < count; i++)
    if (!is_pure(machine, machine->heap[fields + i], PURE_DEPTH)) return false;
  for (unsigned i = 0; i + 1 < count; i++)
    machine->heap[fields + i] = spark_offer(machine, machine->heap[fields + i], frame);
  return true;
}

void offer_arguments(Machine *machine, const FunctionCode *function, Word *arguments) {
  bool first = true;
  for (uint32_t i = 0; i < function->demanded_count; i++) {
    Word *argument = &arguments[function->demanded[i]];
    if (word_tag(*argument) != TAG_CAL) continue;
    if (!first) *argument = spark_offer(machine, *argument, arguments);
    first = false;
  }
}

// If both take long the left one is offered, and the right one reduced first, where the rest of a list or of a count
// mostly is: who goes on there offers more.
Word offer_operand(Machine *machine, Word left, Word *frame) {
  if (!is_pure(machine, left, PURE_DEPTH)) return left;
  if (!spark_takes_long(machine, left) || !spark_takes_long(machine, frame[0])) {
    frame[0] = spark_offer(machine, frame[0], frame);
    return left;
  }
  Word right = frame[0];
  frame[0] = spark_offer(machine, left, frame);
  frame[1] = (frame[1] & ~(Word)15) | LEFT_IS_OFFERED | FRAME_OP2_RIGHT;
  return right;
}

Word offer_operands(Machine *machine, Word term, Word *frames, int32_t words) {
  if (!is_pure(machine, term, PURE_DEPTH)) return term;
  for (int32_t i = 0; i + 3 < words; i += 2)
    if ((frames[i + 1] & 15) == FRAME_OP2_LEFT) frames[i] = spark_offer(machine, frames[i], frames);
  bool operand = words >= 2 && (frames[words - 1] & 15) == FRAME_OP2_LEFT;
  return operand ? offer_operand(machine, term, frames + words - 2) : term;
}

Word gather_call(Machine *machine, NameId name, const Word *arguments) {
  unsigned arity = machine->shared->code.arities.items[name];
  Location node = arity ? heap_alloc(machine, arity) : 0;
  for (unsigned i = 0; i < arity; i++) machine->heap[node + i] = arguments[i];
  return word_make(TAG_CAL, name, node);
}
