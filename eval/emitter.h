// Emitting C: what emit.c and emit_number.c share.
#ifndef HVM_EVAL_EMITTER_H
#define HVM_EVAL_EMITTER_H

#include "kinds.h"

typedef struct {
  const Step *step; // that has it
  const uint64_t *after;
  uint8_t *known; // where it begins
} Way;            // aside, to be written

typedef struct {
  Atom dst;
  uint32_t number;  // of its end's label
  Known sure;       // what is jumped to the second label with; KNOWN_NOTHING: there is no such label
  const Step *hole; // the node that the unit returns with the result in it: emit_hole.c; NULL: it is used otherwise
} Block;

// A variable is the C variable v; d, a double, once it is known as F60.
typedef struct {
  const Code *code;
  const Program *program;
  const Strict *strict;
  const Kinds *kinds;
  const bool *heads; // by NameId: the unit has one
  Buffer *out;
  const Unit *unit;
  const UnitKinds *of; // the unit
  uint8_t *known;      // on the path, by variable
  uint32_t blocks, cases;
  uint32_t head;   // so many tests ahead are also the head's, which had no result
  bool leaf;       // the first text of a unit that calls nothing on its main path: emit_leaf.c
  bool holes;      // the unit goes on where a result is to be filled in: emit_hole.c
  const Step *sum; // the call that it goes on with while it keeps what is to be added: emit_sum.c; NULL: none
  ARRAY(Way) ways;
  ARRAY(Block) inside; // the blocks that the path is in
} Emitter;

#define PRINT(...) buffer_format(emitter->out, __VA_ARGS__)

enum { PASSED_FROM = 5 }; // words of a call from this one on are passed in the machine

// emit.c
void emit_atom(Emitter *emitter, Atom x);                // as a term
void emit_arguments(Emitter *emitter, const Step *step); // each behind a comma
void emit_switch(Emitter *emitter, const Step *step);    // a case's beginning
void emit_return(Emitter *emitter, Atom x);
void emit_step(Emitter *emitter, const Step *step, const uint64_t *after); // that is not its path's end
void emit_path(Emitter *emitter, const Step *step, const uint64_t *after); // after: what is used behind the path
uint32_t emit_way(Emitter *emitter, const Step *step,
                  const uint64_t *after);       // a label for a step's way aside, written later
void emit_ways(Emitter *emitter, size_t since); // writes those since there were so many
uint8_t *emit_known_copy(const Emitter *emitter);
bool emit_is_borrowed(const Emitter *emitter, Atom x);
bool emit_is_passed(const Emitter *emitter, const Unit *unit, uint32_t parameter); // in the machine

void emit_loop(Emitter *emitter, const Step *step); // a call of the unit by itself, as its next turn
bool emit_fits(const Emitter *emitter, const Step *step, const Unit *callee); // the arguments of a call, for sure

// emit_node.c
void emit_node(Emitter *emitter, const Step *step);
void emit_open(Emitter *emitter, const Step *step); // its argument's fields become variables
void emit_list(Emitter *emitter, const Step *step);

// emit_hole.c
const Step *emit_find_hole(const Emitter *emitter, const Step *block); // for Block.hole
bool emit_has_holes(const Emitter *emitter, const Unit *unit);
bool emit_into_hole(Emitter *emitter, const Step *step); // emits the step and its successors, if it is such a call
void emit_fill(Emitter *emitter);                        // behind the unit's paths

// emit_sum.c
const Step *emit_find_sum(const Emitter *emitter); // in the unit that was begun
void emit_sum_begin(Emitter *emitter);
void emit_into_sum(Emitter *emitter, const Step *call); // the next turn, before the call for when there is none
void emit_sum_end(Emitter *emitter);                    // behind the unit's paths

// emit_leaf.c
bool emit_is_leaf(Emitter *emitter);    // the unit that was begun
void emit_leaf_check(Emitter *emitter); // is attention wanted?
void emit_leaf_exit(Emitter *emitter);  // a statement: to the second text

// emit_unit.c
void emit_parameters(Emitter *emitter, const Unit *unit);
void emit_same_arguments(Emitter *emitter, const Unit *unit); // the parameters, each behind a comma
bool emit_is_light(const Emitter *emitter,
                   const Step *step); // done by an instruction or two, so that a head may have it

// emit_number.c
void emit_as(Emitter *emitter, Atom x, Known kind); // as what such a C variable holds; x is known as it or was tested
void emit_assign(Emitter *emitter, char prefix, Atom dst, Atom x, Known kind); // to the C variable for that kind
bool emit_unless(Emitter *emitter, const char *separator, Atom x, Known kind); // the test, unless it is known already
void emit_known(Emitter *emitter, Atom x); // after v was tested, for what the path is about to know of it
void emit_check(Emitter *emitter, const Step *step, const uint64_t *after);
void emit_operation(Emitter *emitter, const Step *step, const uint64_t *after);

#endif
