// The tables that hold all code, and what is added to them when the program has grown.
#include "code.h"

#include "generator.h"
#include "strict.h"
#include "lang/demand.h"
#include "lang/reach.h"

typedef struct {
  Word key;
  uint32_t index;
} SortedKey;

static int compare_keys(const void *left, const void *right) {
  Word a = ((const SortedKey *)left)->key, b = ((const SortedKey *)right)->key;
  return a < b ? -1 : a > b;
}

void code_emit_keys(Code *code, const Word *keys, uint32_t count, bool sorted, int32_t *targets) {
  SortedKey *all = malloc((count + 1) * sizeof *all);
  if (!all) memory_exhausted();
  for (uint32_t i = 0; i < count; i++) all[i] = (SortedKey){keys[i], i};
  if (sorted) qsort(all, count, sizeof *all, compare_keys);
  for (uint32_t i = 0; i < count; i++) {
    ARRAY_PUSH(&code->words, (int32_t)(uint32_t)all[i].key);
    ARRAY_PUSH(&code->words, (int32_t)(uint32_t)(all[i].key >> 32));
    targets[all[i].index] = (int32_t)code->words.count;
    ARRAY_PUSH(&code->words, 0);
  }
  free(all);
}

void code_grow(Code *code, const Program *program) {
  while (code->functions.count < program->names.count) {
    ARRAY_PUSH(&code->functions, NULL);
    ARRAY_PUSH(&code->arities, 0);
  }
}

void code_compile(Code *code, Program *program) {
  if (code->places.count == 0) ARRAY_PUSH(&code->places, (CodePlace){0});
  for (int32_t direct = 0; direct < 2 && code->words.count <= CODE_READY_DIRECT; direct++) {
    ARRAY_PUSH(&code->words, CODE_READY);
    ARRAY_PUSH(&code->words, direct);
  }
  code_grow(code, program);
  for (size_t i = 0; i < program->names.count; i++) code->arities.items[i] = (uint8_t)program->names.items[i].arity;
  for (; code->compiled < program->functions.count; code->compiled++) {
    Function *function = program->functions.items[code->compiled];
    if (function->builtin)
      generate_builtin(code, function);
    else
      generate_function(code, program, function);
  }
}

static void find_demanded(Code *code, const Program *program, const Function *function) {
  FunctionCode *result = code->functions.items[function->name];
  uint8_t found[ARITY_LIMIT];
  uint32_t count = 0;
  for (uint32_t i = 0; i < function->arity && !function->restricted; i++)
    if (demand_of_argument(program, function, DEMAND_WEAK, i) > DEMAND_LAZY) found[count++] = (uint8_t)i;
  result->demanded_count = count > 1 ? count : 0;
  if (!result->demanded_count) return;
  if (!result->demanded) result->demanded = arena_alloc(&code->arena, function->arity);
  memcpy(result->demanded, found, count);
}

NameId code_start(Code *code, const Program *program, const Function *function, bool several) {
  NameId start = function->name;
  if (code->strict) {
    const Unit *unit = strict_start(code->strict, function);
    if (unit) start = unit->name;
  } else {
    bool open = reach_open_lambda(program, function) || program->has_superposition;
    code->open = open;
    code->shares = several && !demand_is_restricted(program);
    code->spreads = code->shares && !(open && program->has_effects);
  }
  for (size_t i = 0; i < program->functions.count && code->spreads; i++)
    find_demanded(code, program, program->functions.items[i]);
  return start;
}

void code_reach(Code *code, const Function *function, bool any) {
  if (code->strict) strict_reach(code->strict, function, any);
}

void code_free(Code *code) {
  strict_free(code->strict);
  ARRAY_FREE(&code->rules);
  ARRAY_FREE(&code->binders);
  ARRAY_FREE(&code->masks);
  ARRAY_FREE(&code->words);
  ARRAY_FREE(&code->constants);
  ARRAY_FREE(&code->strings);
  ARRAY_FREE(&code->places);
  ARRAY_FREE(&code->functions);
  ARRAY_FREE(&code->arities);
  arena_free(&code->arena);
}
