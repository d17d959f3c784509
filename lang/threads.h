// Whether several threads may run a program, for those who ask why it runs on one.
#ifndef HVM_LANG_THREADS_H
#define HVM_LANG_THREADS_H

#include "program.h"

// Appends what is to be said of Main, or of all functions if there is none: a line, then the places that matter.
// The program is compiled, with λs lifted.
void threads_explain(Program *program, Buffer *out);

#endif
