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
  CODE_CALL,   // m name n x*m x*n          … the arguments of a function
  CODE_RETURN, // m x x*m                   … a term to evaluate
  // Operations: computed at once when both operands are numbers of one kind, else a node.
  CODE_OP2,                        // + operator: dst x y word; x, y: registers; word: the node's constant
  CODE_OP2K = CODE_OP2 + OP_COUNT, // + operator: dst x constant word
  CODE_COUNT = CODE_OP2K + OP_COUNT
} CodeKind;

// Where an instruction comes from.
typedef struct {
  const Source *source;
  Span span;
  NameId function;
} CodePlace;

typedef struct FunctionCode {
  int32_t entry;         // offset
  uint32_t arity, frame; // words that the frame needs
  const Function *function;
  const bool *strict; // by argument
  Builtin builtin;
  _Atomic(NativeEnter *) native; // machine code; NULL: none, or none yet
} FunctionCode;

typedef struct {
  const uint32_t *codes;
  uint32_t count;
} CodeString;

typedef struct Code {
  ARRAY(int32_t) words;
  ARRAY(Word) constants;
  ARRAY(CodeString) strings;
  ARRAY(CodePlace) places;         // of divisions; 0 is unknown
  ARRAY(FunctionCode *) functions; // by NameId; NULL: a constructor
  ARRAY(uint8_t) arities;          // by NameId
  size_t compiled;                 // functions of the program that are done
  Arena arena;
} Code;

// Compiles the functions that are new since the last call. Must run on the deep stack (term_run_deep).
void code_compile(Code *code, Program *program);
void code_free(Code *code);

#endif
