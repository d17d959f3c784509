// The one style of programs: text in, text out (docs/editors.md says what it looks like).
//
// Only white space, the ',' of lists, ';', the '.' of a λ and the parentheses of (Name) change. Comments stay where
// they are. The result's terms are the text's: that is looked at each time. Formatting twice changes nothing.
#ifndef HVM_EDITOR_FORMAT_H
#define HVM_EDITOR_FORMAT_H

#include "lang/diagnostic.h"

// Appends the formatted text. False, with diagnostics, when the text has syntax errors.
bool format_source(const Source *source, Diagnostics *diagnostics, Buffer *out);

#endif
