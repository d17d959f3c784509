// Sparks that the graph's code makes where its stack is not deep (spark.h).
#ifndef HVM_EVAL_GRAPH_SPARKS_H
#define HVM_EVAL_GRAPH_SPARKS_H

#include "frames.h"

// In a FRAME_OP2_RIGHT, above the operation: the left operand is to be reduced as yet.
#define LEFT_IS_OFFERED ((Word)1 << (WORD_EXTRA_BITS + FRAME_SHIFT))

// May a spark come of an operand, so that it is worth while to look?
static inline bool may_be_offered(Word operand) { return word_tag(operand) == TAG_CAL || word_tag(operand) == TAG_OP2; }
// The same for the frames that were made for a term, `words` of them: is there one with such an operand on the right?
static inline bool may_offer(const Word *frames, int32_t words) {
  for (int32_t i = 1; i < words; i += 2)
    if ((frames[i] & 15) == FRAME_OP2_LEFT && may_be_offered(frames[i - 1])) return true;
  return false;
}

// The same for the arguments that a call of a function demands in any case: are several of them calls?
static inline bool may_offer_arguments(const FunctionCode *function, const Word *arguments) {
  uint32_t calls = 0;
  for (uint32_t i = 0; i < function->demanded_count; i++)
    calls += word_tag(arguments[function->demanded[i]]) == TAG_CAL;
  return calls > 1;
}

// A call that strict code offers to others, `depth` bytes deep: the box that it is in then; or the call itself if it
// takes no time, since its arguments choose a rule without calls.
Word offer_call(Machine *machine, Word call, ptrdiff_t depth);
// Offers all fields of a constructor but the last, which is to be made normal first, if reducing them has no effect.
// frame: the top of the stack.
bool offer_fields(Machine *machine, Location fields, unsigned count, const Word *frame);
// Offers all of them but the first.
void offer_arguments(Machine *machine, const FunctionCode *function, Word *arguments);
// Offers an operand of an operation whose left one is about to be reduced. frame: the right one, and a FRAME_OP2_LEFT.
// Gives the one to be reduced.
Word offer_operand(Machine *machine, Word left, Word *frame);
// The same for all operations whose frames were made for the term: `words` of them.
Word offer_operands(Machine *machine, Word term, Word *frames, int32_t words);
// A call whose arguments are not in a node yet.
Word gather_call(Machine *machine, NameId name, const Word *arguments);

#endif
