// Making a failing program small.
#ifndef HVM_TESTS_SHRINK_H
#define HVM_TESTS_SHRINK_H

#include "lang/memory.h"

typedef bool (*StillFails)(void *context, const char *text, size_t size);
// Removes lines and arguments and replaces terms by 0 or by parts of them, greedily, as long as the program still
// fails.
void shrink_program(Buffer *program, StillFails still_fails, void *context);

#endif
