// From text to terms: tree-sitter's syntax tree of the grammar in grammar/, converted to the terms of term.h.
//
// Rules with syntax errors are reported (syntax.h) and left out; the others are converted all the same, so that one
// run reports the errors of several rules. Literals are decoded here: their errors (range, unknown escapes, malformed
// numbers) are reported at their place.
#ifndef HVM_LANG_PARSE_H
#define HVM_LANG_PARSE_H

#include "program.h"

// Appends the rules of a source to program->rules. The source must live as long as the program.
void parse_file(Program *program, const Source *source);
// The same for a stretch of a source in which the reader of syntax.h finds nothing wrong.
void parse_part(Program *program, const Source *source, Span part);
// The term of an expression; NULL when it has errors.
Term *parse_expression(Program *program, const Source *source);

#endif
