// tree-sitter's syntax tree of the grammar in grammar/: how a text becomes one, and what its nodes are.
#ifndef HVM_LANG_TREE_H
#define HVM_LANG_TREE_H

#include <tree_sitter/api.h>

#include "memory.h"

// Named nodes, by the names of grammar.js. NODE_OTHER: tokens, source_file, ERROR.
typedef enum {
  NODE_OTHER,
  NODE_RULE,
  NODE_CONSTRUCTOR,
  NODE_NAME,
  NODE_VARIABLE,
  NODE_APPLICATION,
  NODE_PARENTHESIZED,
  NODE_UNIT,
  NODE_OPERATION,
  NODE_OPERATOR,
  NODE_LAMBDA,
  NODE_WILDCARD,
  NODE_LET,
  NODE_DUPLICATION,
  NODE_SUPERPOSITION,
  NODE_LIST,
  NODE_IF,
  NODE_ASK,
  NODE_STRICT,
  NODE_INTEGER,
  NODE_FLOAT,
  NODE_CHARACTER,
  NODE_STRING,
  NODE_SYMBOL,
  NODE_COMMENT,
  NODE_KIND_COUNT
} NodeKind;

// NULL when reading takes too long, which only texts with errors do. Texts with errors must be smaller than
// TREE_BROKEN_LIMIT bytes: the error recovery of libtree-sitter 0.20.7 counts the children of a node in 16 bits and
// corrupts its heap beyond that.
enum { TREE_BROKEN_LIMIT = UINT16_MAX };
TSTree *tree_read(const char *text, uint32_t size);

NodeKind tree_kind(TSNode node);

#endif
