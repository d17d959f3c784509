// Run-time terms: one 64-bit word each.
//
//   numbers        63 ........ value ........ 4 | 3..0 tag      (lang/number.h)
//   all others     63 ... location ... 26 | 25 .. extra .. 4 | 3..0 tag
//
// A location is a cell number of the heap: 2^38 cells, 2 TiB. What the cells there hold:
//
//   tag  extra        cells at the location
//   CTR  name         the fields; none (location 0) for a constructor without fields
//   LAM               [slot, body]
//   LAM  stage        a closure that waits for more arguments (lang/lift.h): what it has; none (location 0) when it
//                     has nothing. An open λ's extra is 0.
//   SUP               [first, second, label]
//   APP               [function, argument]
//   OP2  operator and [left, right]
//        its place
//   CAL  name         the arguments; none (location 0) for a function without parameters
//   VAR               the LAM whose slot it reads
//   DP0, DP1          [term, state]: the two sides of a dup
//   SHR               [count, term]: one of so many owners of a box (share.h)
//   ERA               nothing: the dead side of a superposition
//
// Binders are not pointed back at: a variable knows its λ's slot, the λ does not know where its variable is. β writes
// the argument into the slot; whoever meets the variable takes it from there and frees the λ's two cells. Every cell
// but a dup's and a box's has exactly one owner, so a term is moved by copying its word.
#ifndef HVM_EVAL_WORD_H
#define HVM_EVAL_WORD_H

#include "lang/number.h"
#include "native_abi.h"

// clang-format off
enum {
  TAG_NUM, TAG_FLO, TAG_CTR, TAG_LAM, // values: what a strict position accepts
  TAG_SUP, TAG_ERA,                   // weak head normal forms that need a rule of their own
  TAG_APP, TAG_OP2, TAG_CAL, TAG_VAR, TAG_DP0, TAG_DP1, // may be reducible; a stuck one is a normal form
  TAG_GRAPH,                          // a call for the graph's code; only on the way from machine code to the reducer
  TAG_SHR,                            // may be reducible; when its box has a value, strict code takes it for one
  TAG_SLOT = 15                       // states of a λ's slot
};
// clang-format on

enum { WORD_EXTRA_SHIFT = 4, WORD_LOCATION_SHIFT = 26, WORD_EXTRA_BITS = 22, WORD_KEY_MASK = (1 << 26) - 1 };
#define HEAP_CELLS_LIMIT ((Location)1 << 38)

// A slot holds one of these, or the argument that β put there.
enum {
  SLOT_FREE = TAG_SLOT,            // neither applied yet
  SLOT_UNUSED = TAG_SLOT | 1 << 4, // the variable is gone: the λ's application erases its argument
  SLOT_ORPHAN = TAG_SLOT | 2 << 4, // the λ is gone: the variable stays free; in a box: its owners are gone
};

static inline unsigned word_tag(Word word) { return (unsigned)(word & 15); }
static inline unsigned word_extra(Word word) {
  return (unsigned)(word >> WORD_EXTRA_SHIFT & ((1 << WORD_EXTRA_BITS) - 1));
}
static inline Location word_location(Word word) { return word >> WORD_LOCATION_SHIFT; }
static inline Word word_make(unsigned tag, unsigned extra, Location location) {
  return tag | (Word)extra << WORD_EXTRA_SHIFT | location << WORD_LOCATION_SHIFT;
}
// Tag and extra alone: what a pattern compares of a constructor.
static inline Word word_key(Word word) { return word & WORD_KEY_MASK; }
static inline bool word_is_value(Word word) { return word_tag(word) <= TAG_LAM; }
// A term without cells, which is cloned and erased by doing nothing.
static inline bool word_is_flat(Word word) {
  unsigned tag = word_tag(word);
  return tag <= TAG_FLO || tag == TAG_ERA || ((tag == TAG_CTR || tag == TAG_LAM) && !word_location(word));
}

static inline bool word_is_closure(Word word) { return word_tag(word) == TAG_LAM && word_extra(word); }

// The extra of an operation: the operator, and for / and % where it stands in the source, 0 when that is not known.
enum { OP2_OPERATOR_BITS = 5, OP2_PLACE_LIMIT = 1 << (WORD_EXTRA_BITS - OP2_OPERATOR_BITS) };
static inline Operator op2_operator(unsigned extra) { return (Operator)(extra & ((1 << OP2_OPERATOR_BITS) - 1)); }
static inline unsigned op2_place(unsigned extra) { return extra >> OP2_OPERATOR_BITS; }

// The state of a dup, in its second cell:
//   63 .. label .. 16 | 15 .. session .. 4 | 3 .. flags .. 0
// A dup that fired has in its first cell the term of the side that was not demanded. Where the label was may then stand
// when this term was found to be stuck (mark_stuck); else it is 0.
enum { DUP_DEAD0 = 1, DUP_DEAD1 = 2, DUP_FIRED = 4, DUP_CLAIMED = 8, DUP_SESSION_SHIFT = 4, DUP_LABEL_SHIFT = 16 };
#define DUP_SESSION_MASK ((Word)0xFFF << DUP_SESSION_SHIFT)

// The count of a box, in its first cell: owners in the bits from 16 on, a session like that of a dup, whether the box
// has been a hint (speculate.h), whether one of the owners is an entry in a deque, and whether it was left there
// (worker.h).
#define SHARE_ONE ((Word)1 << DUP_LABEL_SHIFT)
#define SHARE_HINTED ((Word)1)
#define SHARE_SPARK ((Word)2)
#define SHARE_LEFT ((Word)4)

// A label: the number of the duplication. 0: not labelled yet. A dup gets it when it first meets a λ or a superposition
// that is not its own, and keeps it; both copies that another superposition splits it into have the same.
typedef uint64_t Label;
#define LABEL_LIMIT ((Label)1 << 48)

#endif
