// Diagnostics: the one way in which anything is reported to a user.
//
//   main.hvm:2:11: error: unbound variable 'z'
//     2 |   (Pair x z)
//       |           ^
//       = hint: did you mean 'x'?
//
// A Diagnostics list collects them in the order of discovery; diagnostics_sort puts them in the order of the text.
// Message texts are copied into the list's arena. After DIAGNOSTIC_LIMIT diagnostics the others are only counted.
#ifndef HVM_LANG_DIAGNOSTIC_H
#define HVM_LANG_DIAGNOSTIC_H

#include <stdio.h>

#include "source.h"

typedef enum { SEVERITY_ERROR, SEVERITY_WARNING } Severity;

typedef struct Diagnostic {
  Severity severity;
  const Source *source; // NULL: the message has no place
  Span span;            // an empty span points between characters
  bool placed;          // false: the whole source is meant, no line is shown
  const char *message;  // one sentence without a final full stop
  const char *hint;     // NULL, or what to do about it
  const char *note;     // NULL, or what is to be seen at note_span
  const Source *note_source;
  Span note_span;
} Diagnostic;

enum { DIAGNOSTIC_LIMIT = 1000 };

typedef struct Diagnostics {
  ARRAY(Diagnostic) list;
  size_t errors, warnings;
  size_t dropped;   // not in the list
  Diagnostic spare; // what add returns for those
  Arena arena;
} Diagnostics;

// Adds a diagnostic at a span of a source (source NULL: without a place). The result may get a hint or a note by the
// functions below before the next one is added.
Diagnostic *diagnostic_add(Diagnostics *all, Severity severity, const Source *source, Span span, const char *format,
                           ...) __attribute__((format(printf, 5, 6)));
void diagnostic_hint(Diagnostics *all, Diagnostic *diagnostic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diagnostic_note(Diagnostics *all, Diagnostic *diagnostic, const Source *source, Span span, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void diagnostics_sort(Diagnostics *all);
void diagnostics_free(Diagnostics *all);

// Appends one diagnostic as text, with the source line and the span underlined, in ANSI colours when asked.
void diagnostic_render(Buffer *out, const Diagnostic *diagnostic, bool colour);
// The same of something that is only to be shown: the place, the text, the line.
void diagnostic_render_place(Buffer *out, const Source *source, Span span, const char *text);

#endif
