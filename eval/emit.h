// C for the functions that strict code covers.
#ifndef HVM_EVAL_EMIT_H
#define HVM_EVAL_EMIT_H

#include "code.h"

enum { EMIT_CHUNK = 1 << 14 }; // bytes of C that are compiled together at least

// Appends a self-contained C11 translation unit for all strict functions of the code. Returns the number of functions;
// 0: there is nothing to compile.
size_t emit_c(const Code *code, const Program *program, Buffer *out);

#endif
