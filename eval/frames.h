// Continuation frames: what waits on the stack for a weak head normal form.
//
// A frame is some words; the low 4 bits of the last one are its kind. Bottom first:
//   FRAME_STOP                                 the bottom: leave the loop
//   FRAME_APP           [argument]             the function of an application is being reduced
//   FRAME_OP2_LEFT      [right]  extra         the left operand is; extra: operator and place
//   FRAME_OP2_RIGHT     [left]   extra         the right operand is
//   FRAME_DUP0, _DUP1            location      the term of a dup is, for one of its sides
//   FRAME_RUN           [registers] offset     what an instruction at this offset of the code asked for
//   FRAME_ODD           [arguments] index name a strict argument after one that was no value
//   FRAME_NORMAL                 location      a cell to be normalised
//   FRAME_NORMAL_STORE           location      … whose weak head normal form is being made
//   FRAME_NORMAL_BELOW           location      … whose term is a weak head normal form already
//   FRAME_BUILTIN       [rewrites, arguments' node] name   a built-in function whose arguments are being normalised
//   FRAME_NATIVE        [terms] count          what machine code holds while it waits
//   FRAME_SHARE                  location      the term of a box is being reduced
#ifndef HVM_EVAL_FRAMES_H
#define HVM_EVAL_FRAMES_H

#include "machine.h"

enum {
  FRAME_STOP,
  FRAME_APP,
  FRAME_OP2_LEFT,
  FRAME_OP2_RIGHT,
  FRAME_DUP0,
  FRAME_DUP1,
  FRAME_RUN,
  FRAME_ODD,
  FRAME_NORMAL,
  FRAME_NORMAL_STORE,
  FRAME_NORMAL_BELOW,
  FRAME_BUILTIN,
  FRAME_NATIVE,
  FRAME_SHARE
};
enum { FRAME_KIND_MASK = 15, FRAME_SHIFT = 4, ODD_INDEX_SHIFT = 4, ODD_NAME_SHIFT = 12 };

// Keeps a term from the search for cycles while something is reduced that may end with nobody else knowing it.
static inline void frames_hold(Machine *machine, Word term) {
  machine->stack_top[0] = term;
  machine->stack_top[1] = (Word)1 << FRAME_SHIFT | FRAME_NATIVE;
  machine->stack_top += 2;
}
static inline void frames_let_go(Machine *machine) { machine->stack_top -= 2; }

// From the top word of a frame to that of the one below.
const Word *frames_next(const Machine *machine, const Word *top);
// The function for whose argument a frame waits; UINT32_MAX when it waits for something else.
NameId frames_function(const Machine *machine, const Word *top);

// Pushes frames for what is to be normalised below a term in weak head normal form: the leftmost on top. The strict
// parts of a stuck term are in weak head normal form themselves. At most SIZE_CLASSES words.
Word *frames_push_parts(Machine *machine, Word term, Word *sp);
// Pushes the frames for a built-in function, and for normalising its arguments (a node of the heap), all but the last:
// that is the continuation.
Word *frames_push_builtin(Machine *machine, unsigned name, Location node, Word *sp);

#endif
