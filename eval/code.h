// Code: the compact form of all functions that the reducer runs.
//
// A function's code runs in a frame of words on the stack: registers 0 .. arity-1 hold the arguments, then come the
// occurrences that its decision tree looks at, then temporaries. It
//   evaluates the strict arguments (EVAL), selects a rule (SWITCH, FIELD), takes the matched constructors apart (OPEN),
//   builds the rule's body bottom-up, and leaves by CALL or RETURN, with the continuation frames of the body's spine.
// Nothing is evaluated after a rule was selected, so temporaries never survive an evaluation.
//
// An instruction is an operation code and operands, 32 bits each. An operand x >= 0 is register x, x < 0 the constant
// number ~x. Targets are offsets from the beginning of the code.
#ifndef HVM_EVAL_CODE_H
#define HVM_EVAL_CODE_H

#include "lang/program.h"
#include "word.h"

typedef enum {
  // Selection. The first three share the layout of their first operands: the frame that waits for an evaluation keeps
  // only the instruction's offset.
  CODE_EVAL,    // reg live name calls       reduce a register; live: words of the frame to keep; calls: a stuck call
                //                           is accepted, for patterns that name functions
  CODE_MATCH,   // reg live name n default (key:64 target)*n      EVAL, then SWITCH
  CODE_FIELD,   // reg live name calls parent index               load and reduce a field of a matched constructor
  CODE_SWITCH,  // reg n default stuck (key:64 target)*n          few keys: compared one by one
  CODE_SEARCH,  // reg n default stuck (key:64 target)*n          many keys: sorted, searched by bisection
  CODE_JUMP,    // target
  CODE_STUCK,   // name                      no rule matches
  CODE_BUILTIN, // name builtin
  // Building.
  CODE_OPEN,   // src dst n                 n fields of a constructor to dst…; frees it
  CODE_OPEN_1, // src dst                   … of one field, two, three
  CODE_OPEN_2,
  CODE_OPEN_3,
  CODE_ERASE,      // x
  CODE_DUP,        // dst0 dst1 x
  CODE_DUP_NEW,    // dst0 dst1 dst             a dup whose term comes later (scopeless); dst: its first side again
  CODE_DUP_SET,    // dst x                     … and here it is
  CODE_LAM_NEW,    // lam var                   a λ and its variable
  CODE_LAM_SET,    // lam x                     the λ's body
  CODE_LAM_UNUSED, // dst x                   a λ without variable
  CODE_CONSTANT,   // dst constant              for the instructions below that take registers only
  CODE_APP,        // dst f x                   registers
  CODE_NODE,       // dst word n x*n            a constructor or call with n >= 1 fields; word: constant
  CODE_NODE_1,     // dst word x                … with one field, two, three, from registers
  CODE_NODE_2,     // dst word x x
  CODE_NODE_3,     // dst word x x x
  CODE_SUP,        // dst x y
  CODE_STRING,     // dst index
  CODE_LIST,       // dst n x*n
  CODE_IF_NUMBER,  // x target                  jump unless x is a U60
  CODE_BRANCH,     // x target                  U60.if of a number: jump when it is 0
  // Leaving: m words of continuation frames, then …
  CODE_CALL,       // m name n x*m x*n          … the arguments of a function
  CODE_CALL_OFFER, // …                     … of which some, or operands in the frames, may be offered to others
  CODE_RETURN,     // m x x*m                   … a term to evaluate
  // Operations: computed at once when both operands are numbers of one kind, else a node.
  CODE_OP2,                        // + operator: dst x y word; x, y: registers; word: the node's constant
  CODE_OP2K = CODE_OP2 + OP_COUNT, // + operator: dst x constant word
  // Strict code (strict.h). The first three wait for a reduction with the same first operands:
  //   dst  words of the frame to keep, the last one for the fuel  name  aside  end  mask
  // When the term is no value and aside is not 0, they go on there, else at the end. The mask numbers the first of
  // Code.masks: the registers that hold terms meanwhile.
  CODE_FORCE = CODE_OP2K + OP_COUNT, // …                      reduce dst
  CODE_FORCE_FIELD,                  // … p index              dst becomes a field of p, reduced in its place; a
                                     //                        λ goes aside, too
  CODE_CALL_UNIT,                    // … name n x*n           dst becomes the result of a function's direct code
  CODE_JOIN,                         // …                      reduce dst if it is a spark that nobody took
  CODE_APPLY,                        // … n f x*(n-1)          … of an application
  CODE_READY,                        // direct                  makes the code of the function called, and goes on there
  CODE_REFUEL,
  CODE_ENTER,        // name                    a unit begins: in machine code if there is some
  CODE_FUEL,         // target                  takes one, or jumps when there is none
  CODE_PORTION,      // target                  the same where what there is counts as NATIVE_FUEL at most
  CODE_SHALLOW,      // target                  jumps when few calls deep: there may be a spark
  CODE_HUNGRY,       // target                  … if others have few to take
  CODE_SPARK,        // dst x                   x, a call, in a box that is offered to others
  CODE_HINT,         // x                       HVM.spark: others may reduce it
  CODE_IF_ZERO,      // x target                jumps when x is 0
  CODE_TAKE,         // x n free dst*n          the fields of a constructor; frees its cells if told so
  CODE_FREE,         // x n                     frees the n cells of an opened constructor
  CODE_REUSE,        // dst word x n y*n        a node in the cells of x
  CODE_COPY,         // dst0 dst1 x             copies of a value that are values
  CODE_UNSHARE,      // x target                if x is a box with a value, takes it out and jumps
  CODE_CLONE_FIELD,  // dst p index           a copy of a field that stays where it is
  CODE_LEND,         // dst x                   x for a callee that borrows it
  CODE_BORROW,       // x target                jumps when x, a borrowed parameter, is a λ
  CODE_KEEP,         // dst x                   x if it is a λ, else a copy of it
  CODE_MOVE,         // dst x
  CODE_RESULT,       // x                       leaves with a term
  CODE_TAIL_UNIT,    // name n x*n              … by the direct code of a function
  CODE_TAIL_OPERAND, // x extra frame name n y*n  … likewise, whose result is the operand of an operation: x is the
                     //                        other one. In traces nothing: what follows does the same
  CODE_GRAPH,        // name n x*n              … by its graph code
  CODE_LEAVE,        // n f x*(n-1)             … by an application
  CODE_OPERATE,      // + operator: dst x y aside   numbers of one kind; else it goes aside
  CODE_OPERATEK = CODE_OPERATE + OP_COUNT, // + operator: dst x constant aside
  CODE_COUNT = CODE_OPERATEK + OP_COUNT
} CodeKind;

// Where the code begins: instructions for functions whose own are not made yet, for either kind of caller.
enum { CODE_READY_ENTRY = 0, CODE_READY_DIRECT = 2 };

// Where an instruction comes from.
typedef struct {
  const Source *source;
  Span span;
  NameId function;
} CodePlace;

typedef struct FunctionCode {
  int32_t entry;         // offset: for callers that have any terms
  int32_t direct;        // for callers that reduced what the unit wants as values (strict.h); without a unit as graph
  int32_t graph;         // the graph's code
  uint32_t arity, frame; // words that the frame needs
  const Function *function;
  const bool *strict; // by argument
  Builtin builtin;
  uint8_t *demanded; // numbers of the arguments that a call demands in any case, if they are several (graph_sparks.h)
  uint32_t demanded_count;
} FunctionCode;

typedef struct {
  const uint32_t *codes;
  uint32_t count;
} CodeString;

// For traces: where a rule's code begins (rule NULL: a built-in function's), and where binders get their nodes.
typedef struct {
  int32_t offset;
  uint32_t index; // of the rule among its function's
  const Rule *rule;
} CodeRule;
typedef struct {
  int32_t offset;
  const Binder *first, *second; // second: of a dup, else NULL
} CodeBinder;

typedef struct Code {
  ARRAY(CodeRule) rules;     // by offset
  ARRAY(CodeBinder) binders; // by offset
  ARRAY(int32_t) words;
  ARRAY(Word) constants;
  ARRAY(CodeString) strings;
  ARRAY(CodePlace) places;         // of divisions; 0 is unknown
  ARRAY(FunctionCode *) functions; // by NameId; NULL: a constructor
  ARRAY(uint8_t) arities;          // by NameId
  ARRAY(uint32_t) masks;           // sets of registers, 32 in each
  size_t compiled;                 // functions of the program that are done
  struct Strict *strict;           // NULL: no strict code
  bool shares;                     // clones are boxes (share.h)
  bool open;                       // λs may be open, or there are superpositions
  bool spreads; // several machines may work: clones are boxes, and if λs are open there are no effects
  bool remade;  // units were made anew since the first time: machine code is outdated
  Arena arena;
} Code;

// Emits the table of a switch: (key:64 target) for each key, sorted for CODE_SEARCH. targets[i]: where that of keys[i]
// is to be stored.
void code_emit_keys(Code *code, const Word *keys, uint32_t count, bool sorted, int32_t *targets);

// Compiles the functions that are new since the last call. Must run on the deep stack (term_run_deep).
void code_compile(Code *code, Program *program);
void code_free(Code *code);
void code_grow(Code *code, const Program *program); // the tables by NameId, for names that are new

// What a reduction to normal form begins with: the name of a function without parameters, or of its unit for this.
// several: more machines than one may work on it.
NameId code_start(Code *code, const Program *program, const Function *function, bool several);
// Makes all strict code that it needs and that machine code can be made for.
void code_reach(Code *code, const Function *function, bool any); // see strict_reach

#endif
