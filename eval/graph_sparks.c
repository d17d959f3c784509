#include "graph_sparks.h"

#include "lang/demand.h"
#include "worker.h"

void offer_arguments(Machine *machine, NameId name, Word *arguments) {
  const Program *program = machine->shared->program;
  const Function *function = program->names.items[name].function;
  bool first = true;
  for (unsigned i = 0; function && i < machine->shared->code.arities.items[name]; i++) {
    if (word_tag(arguments[i]) != TAG_CAL) continue;
    if (demand_of_argument(program, function, DEMAND_WEAK, i) == DEMAND_LAZY) continue;
    if (!first) arguments[i] = worker_offer(machine, arguments[i], arguments);
    first = false;
  }
}

// If both take long the left one is offered, and the right one reduced first, where the rest of a list or of a count
// mostly is: who goes on there offers more.
Word offer_operand(Machine *machine, Word left, Word *frame) {
  if (!worker_takes_long(machine, left) || !worker_takes_long(machine, frame[0])) {
    frame[0] = worker_offer(machine, frame[0], frame);
    return left;
  }
  Word right = frame[0];
  frame[0] = worker_offer(machine, left, frame);
  frame[1] = (frame[1] & ~(Word)15) | LEFT_IS_OFFERED | FRAME_OP2_RIGHT;
  return right;
}

Word offer_operands(Machine *machine, Word term, Word *frames, int32_t words) {
  for (int32_t i = 0; i + 3 < words; i += 2)
    if ((frames[i + 1] & 15) == FRAME_OP2_LEFT) frames[i] = worker_offer(machine, frames[i], frames);
  bool operand = words >= 2 && (frames[words - 1] & 15) == FRAME_OP2_LEFT;
  return operand ? offer_operand(machine, term, frames + words - 2) : term;
}

Word gather_call(Machine *machine, NameId name, const Word *arguments) {
  unsigned arity = machine->shared->code.arities.items[name];
  Location node = arity ? heap_alloc(machine, arity) : 0;
  for (unsigned i = 0; i < arity; i++) machine->heap[node + i] = arguments[i];
  return word_make(TAG_CAL, name, node);
}
