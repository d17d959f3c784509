// Machine code for strict functions: emitted as C (emit.h), compiled by the system's C compiler, kept in a cache,
// loaded while the program runs.
//
// native.c          a build from its C text to the module in use: in the background or waited for
// native_build.c    runs the C compiler
// native_cache.c    the folder of compiled modules
// native_runtime.c  what modules call, and the header that they begin with
#ifndef HVM_EVAL_NATIVE_H
#define HVM_EVAL_NATIVE_H

#include "lang/memory.h"
#include "native_abi.h"

// What every loaded module is bound to.
extern const NativeRuntime native_runtime;

// Appends the text of native_abi.h, with which every emitted unit begins.
void native_emit_prelude(Buffer *out);
// Appends a unit with a module that has no functions.
void native_emit_empty(Buffer *out);

#endif
