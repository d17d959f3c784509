// What editors show of built-in names.
#ifndef HVM_EDITOR_BUILTIN_H
#define HVM_EDITOR_BUILTIN_H

#include "lang/program.h"

typedef struct {
  const char *call; // with names for its arguments
  const char *text; // one sentence, or two
} BuiltinHelp;

extern const BuiltinHelp BUILTIN_HELP[NAME_BUILTIN_COUNT]; // by NameId

#endif
