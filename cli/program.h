// The main function of a program that `hvm compile` makes.
#ifndef HVM_CLI_PROGRAM_H
#define HVM_CLI_PROGRAM_H

#include "lib/module.h"

// The text of the program, the path that messages call it by, and its machine code.
int hvm_program(int count, char **words, const char *path, const char *text, size_t size, const NativeModule *module);

#endif
