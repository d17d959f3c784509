// Explains syntax errors: what was expected and what was found, at the first token where a rule cannot go on.
//
// The parser proper is tree-sitter (parse.h), whose error nodes say that something is wrong but not what. This reader
// runs only on texts in which it found an error: a predictive reader over the same grammar that builds nothing, reports
// one diagnostic for each damaged rule and goes on at the next rule.
#ifndef HVM_LANG_SYNTAX_H
#define HVM_LANG_SYNTAX_H

#include "diagnostic.h"

typedef enum { SYNTAX_FILE, SYNTAX_EXPRESSION } SyntaxKind;

// Adds errors to diagnostics; returns how many. 0: this reader finds the text well-formed.
size_t syntax_explain(const Source *source, SyntaxKind kind, Diagnostics *diagnostics);

// A stretch of a file: a rule, or a damaged one with everything up to the next.
typedef struct {
  Span span;
  bool damaged;
} SyntaxPart;
typedef ARRAY(SyntaxPart) SyntaxParts;

// What is known of a file already: the parts at both ends that lie in text that did not change.
typedef struct {
  uint32_t until;                                   // the first part to read begins here
  bool (*from_here)(void *context, uint32_t start); // whether a part that would begin here and all behind it are known
  void *context;
} SyntaxKnown;

// Explains the errors of a file, and appends its parts in the order of the text, but for known ones (NULL: none).
// Behind very many errors the rest of the file is one damaged part.
size_t syntax_parts(const Source *source, const SyntaxKnown *known, Diagnostics *diagnostics, SyntaxParts *parts);

#endif
