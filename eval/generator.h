// Generating the graph's code of functions (code.h): what generate.c and generate_rule.c share.
#ifndef HVM_EVAL_GENERATOR_H
#define HVM_EVAL_GENERATOR_H

#include "code.h"

typedef ARRAY(uint32_t) Registers;

typedef struct {
  Code *code;
  Program *program;
  const Function *function;
  uint32_t used, peak; // registers in use from 0 on, not counting the holes in `idle`; most ever
  Registers idle;      // freed registers below `used`
  int32_t stuck;       // offset of the function's CODE_STUCK
  bool *accepts_calls; // by occurrence: a stuck call is no obstacle
  uint32_t branches;   // depth of the branches of U60.if that we are in
} Generator;

static inline int32_t here(const Generator *generator) { return (int32_t)generator->code->words.count; }

static inline int32_t emit(Generator *generator, int32_t word) {
  ARRAY_PUSH(&generator->code->words, word);
  return here(generator) - 1;
}

static inline Word name_word(const Generator *generator, NameId name) {
  return word_make(generator->program->names.items[name].function ? TAG_CAL : TAG_CTR, name, 0);
}

// generate_rule.c: the code of a rule that was selected.
void generate_rule(Generator *generator, Rule *rule);

// generate.c: the code of a whole function.
void generate_function(Code *code, Program *program, Function *function);
void generate_builtin(Code *code, Function *function);

#endif
