// `hvm trace` and `hvm run -d`: from the steps of a reduction to what is shown of them.
//
// trace.c        options, filters, the run
// trace_text.c   text: wrapped to a width, marked by colours or by lines below
// trace_json.c   one JSON object a line
// trace_graph.c  graphs for Graphviz, and what it draws
// trace_html.c   a page that shows all steps
//
// Every format is a struct of functions: begin, then step for each step that passed the filters, then end.
#ifndef HVM_CLI_TRACE_H
#define HVM_CLI_TRACE_H

#include "cli.h"

#include <stdio.h>

typedef struct {
  FILE *out;
  const char *program; // what is reduced, for titles
  const char *folder;  // for one file a step; NULL: all goes to out
  bool colour, marks;  // of text
  bool last;           // graphs: of the last step only
  unsigned width;      // columns of text; 0: lines are not broken
} TraceOutput;

typedef struct {
  hvm_status status;
  bool cut;              // --steps was reached
  uint64_t limit, shown; // its value, and how many steps were shown
  uint64_t rewrites;
  const char *result; // NULL: none
} TraceEnd;

typedef struct {
  const char *name;
  void *(*begin)(const TraceOutput *output);        // NULL after a report
  bool (*step)(void *writer, const hvm_step *step); // false: it cannot be written
  bool (*end)(void *writer, const TraceEnd *end);   // frees the writer
} TraceFormat;

extern const TraceFormat TRACE_TEXT, TRACE_JSONL, TRACE_DOT, TRACE_SVG, TRACE_HTML;

// The same step with memory of its own. Steps follow each other when the term did not change in between.
typedef struct {
  hvm_step step;
  char *texts[2];
  hvm_range *ranges[2];
} KeptStep;
void kept_step_set(KeptStep *kept, const hvm_step *step);
void kept_step_free(KeptStep *kept);

// How a step is called: "App-Lam", "Map, rule 2 (list.hvm:3)". Returns the name's length, as snprintf does.
int step_title(const hvm_step *step, char *text, size_t size);
const char *strict_end_title(const char *left); // how a strict call ended

// What a command line need not say.
typedef struct {
  bool exact;
  const TraceFormat *format;
  const char *file, *rules; // a program, and more rules of it as text; NULL: none
} TraceDefaults;
int trace_run(const Command *command, int count, char **words, const TraceDefaults *defaults);

#endif
