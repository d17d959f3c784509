// Machine code for strict functions: emitted as C (emit.h), compiled by the system's C compiler, kept in a cache,
// loaded while the program runs.
//
// native.c          a build from its C text to the module in use, in the background or waited for
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

// Appends the unit of all strict functions that are compiled so far; false: there is nothing to compile.
bool native_emit(struct Machine *machine, Buffer *out);

// Whether the module was made for this runtime; if so, binds it.
bool native_bind(const NativeModule *module);

typedef struct NativeBuild NativeBuild;
typedef enum {
  NATIVE_READY,
  NATIVE_MISSING, // not in the cache
  NATIVE_FAILED,  // there will be none: native_reason
  NATIVE_STOPPED, // the machine was interrupted meanwhile
} NativeStatus;

// Machine code of the unit (copied) for the machine. All functions are to be called by the machine's thread.
NativeBuild *native_new(struct Machine *machine, const Buffer *unit);
// Lets the machine use the module when the cache has it. Takes no time worth mentioning.
NativeStatus native_look_up(NativeBuild *build);
// Waits for the compiler. The compiler goes on when the wait is interrupted.
NativeStatus native_wait(NativeBuild *build);
// Compiles meanwhile; the machine uses the module from the first safe point on at which it is there. Programs that end
// at once are not compiled at all; the compiler goes on when this process or build ends, so the next run has it.
void native_in_background(NativeBuild *build);
const char *native_reason(const NativeBuild *build); // why there is no module
// The machine must not run any more.
void native_free(NativeBuild *build);

#endif
