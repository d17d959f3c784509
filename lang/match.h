// Pattern matching: the rules of a function become one decision tree.
//
// Method: Maranget, "Compiling pattern matching to good decision trees" (ML 2008), with the column chosen by the first
// rule still in play, so that a sub-pattern is inspected only where some rule needs it, in the order of the text. Where
// a tree would grow too large (its size can be exponential), the rest of the rules is tested one after the other.
//
// Arguments in strict positions are values before the tree is entered; an occurrence below them is reduced where the
// tree switches on it.
#ifndef HVM_LANG_MATCH_H
#define HVM_LANG_MATCH_H

#include "program.h"

typedef enum {
  TREE_FAIL,   // no rule matches: the call is stuck (in the first part of a TREE_CHAIN: try the second)
  TREE_RULE,   // this rule
  TREE_SWITCH, // by what is at an occurrence
  TREE_CHAIN,  // try the first tree; where it fails, the second
} TreeKind;

typedef enum { KEY_NUMBER, KEY_NAME } KeyKind;

typedef struct {
  KeyKind kind;
  Number number;
  NameId name;
  Tree *tree;
} TreeCase;

struct Tree {
  TreeKind kind;
  Rule *rule;          // TREE_RULE
  uint32_t occurrence; // TREE_SWITCH
  uint32_t case_count;
  TreeCase *cases; // TREE_SWITCH: distinct keys, in the order of the rules
  Tree *otherwise; // TREE_SWITCH: any other value (constructor, number or λ); TREE_CHAIN: the second tree
  Tree *first;     // TREE_CHAIN
};

// Sets the function's tree, strict positions and occurrences, and rule->reachable; warns of rules that never match.
void match_compile(Program *program, Function *function);

// The occurrence of a field of what is at another occurrence; numbers are given out on first use.
uint32_t match_field(Function *function, uint32_t parent, uint32_t field);

// Strings and lists in patterns, seen as constructors: sets *name, and returns the number of fields, or UINT32_MAX for
// a pattern that is no constructor (a number or a variable). Strict marks are looked through.
uint32_t match_constructor(const Term *pattern, NameId *name);
// A field of such a pattern. Tails of strings and lists are built in the arena when they are first asked for.
Term *match_subpattern(Arena *arena, Term *pattern, uint32_t field);

#endif
