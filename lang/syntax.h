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

#endif
