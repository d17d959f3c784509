// Running the C compiler.
#ifndef HVM_EVAL_NATIVE_BUILD_H
#define HVM_EVAL_NATIVE_BUILD_H

#include "lang/memory.h"

#include <sys/types.h>

// The compiler is $HVM_CC, else cc: a path, or a command of $PATH. Appends its absolute path; false, with the reason,
// when there is none.
bool compiler_find(Buffer *path, Buffer *reason);
// Appends a line of C, a comment, that changes when the compiler or its flags do, which depend on the size of the unit.
void compiler_describe(const char *path, size_t size, Buffer *out);

typedef struct {
  pid_t process;
  int messages; // a descriptor that gives what the compiler says, and ends with it
} Compiler;

// Compiles unit.c, a unit of this size, in a locked workshop of the cache's folder, in processes that outlive this one.
// The result and, behind it, the text are written to module.so, which is there already; it becomes the folder's module
// if all went well. The workshop is removed in any case. False, with the reason, when nothing can be started.
bool compiler_start(Compiler *compiler, const char *path, size_t size, int workshop, const char *workshop_name,
                    const char *module_name, Buffer *reason);
// After its end; before it, the compiler goes on by itself.
void compiler_leave(Compiler *compiler);

#endif
