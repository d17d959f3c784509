// The graph's code of a function: evaluates what its patterns look at, selects a rule, and goes on there.
#include "generator.h"
#include "lang/match.h"

enum { FEW_CASES = 6 };

// Jumps to places that are not known yet form lists through their target words.
typedef struct {
  int32_t head;
} Pending;

static void jump_to_pending(Generator *generator, Pending *pending) {
  int32_t at = emit(generator, pending->head);
  pending->head = at;
}

static void resolve(Generator *generator, Pending *pending, int32_t target) {
  for (int32_t at = pending->head; at >= 0;) {
    int32_t next = generator->code->words.items[at];
    generator->code->words.items[at] = target;
    at = next;
  }
  pending->head = -1;
}

static Word key_of(const Generator *generator, const TreeCase *one) {
  return one->kind == KEY_NUMBER ? one->number : name_word(generator, one->name);
}

// Finds the occurrences where some rule names a function in its pattern: there a stuck call of it matches.
static void find_calls(Generator *generator, const Tree *tree) {
  for (; tree->kind == TREE_CHAIN; tree = tree->otherwise) find_calls(generator, tree->first);
  if (tree->kind != TREE_SWITCH) return;
  for (uint32_t i = 0; i < tree->case_count; i++) {
    const TreeCase *one = &tree->cases[i];
    if (one->kind == KEY_NAME && generator->program->names.items[one->name].function)
      generator->accepts_calls[tree->occurrence] = true;
    find_calls(generator, one->tree);
  }
  find_calls(generator, tree->otherwise);
}

static void generate_tree(Generator *generator, const Tree *tree, Pending *fail, Pending *rules, bool fused);

// Emits the key table; afterwards at[i] is where the target of case i belongs.
static void emit_keys(Generator *generator, const Tree *tree, bool sorted, int32_t *at) {
  Word *keys = malloc((tree->case_count + 1) * sizeof *keys);
  if (!keys) memory_exhausted();
  for (uint32_t i = 0; i < tree->case_count; i++) keys[i] = key_of(generator, &tree->cases[i]);
  code_emit_keys(generator->code, keys, tree->case_count, sorted, at);
  free(keys);
}

static void generate_target(Generator *generator, const Tree *tree, int32_t at, Pending *fail, Pending *rules) {
  Pending *pending = tree->kind == TREE_RULE ? &rules[tree->rule->number] : tree->kind == TREE_FAIL ? fail : NULL;
  if (pending) { // jump straight there
    generator->code->words.items[at] = pending->head;
    pending->head = at;
    return;
  }
  generator->code->words.items[at] = here(generator);
  generate_tree(generator, tree, fail, rules, false);
}

static void generate_switch(Generator *generator, const Tree *tree, Pending *fail, Pending *rules, bool fused) {
  const Function *function = generator->function;
  uint32_t occurrence = tree->occurrence;
  int32_t live = (int32_t)function->occurrences.count;
  if (occurrence >= function->arity) {
    Occurrence field = function->occurrences.items[occurrence];
    emit(generator, CODE_FIELD), emit(generator, (int32_t)occurrence), emit(generator, live);
    emit(generator, (int32_t)function->name);
    emit(generator, generator->accepts_calls[occurrence]);
    emit(generator, (int32_t)field.parent), emit(generator, (int32_t)field.field);
  }
  int32_t default_at;
  if (fused) {
    emit(generator, CODE_MATCH), emit(generator, (int32_t)occurrence), emit(generator, live);
    emit(generator, (int32_t)function->name), emit(generator, (int32_t)tree->case_count);
    default_at = emit(generator, 0);
  } else {
    emit(generator, tree->case_count > FEW_CASES ? CODE_SEARCH : CODE_SWITCH), emit(generator, (int32_t)occurrence);
    emit(generator, (int32_t)tree->case_count);
    default_at = emit(generator, 0);
    emit(generator, generator->stuck);
  }
  int32_t *at = malloc((tree->case_count + 1) * sizeof *at);
  if (!at) memory_exhausted();
  emit_keys(generator, tree, tree->case_count > FEW_CASES, at);
  for (uint32_t i = 0; i < tree->case_count; i++) generate_target(generator, tree->cases[i].tree, at[i], fail, rules);
  free(at);
  generate_target(generator, tree->otherwise, default_at, fail, rules);
}

static void generate_tree(Generator *generator, const Tree *tree, Pending *fail, Pending *rules, bool fused) {
  switch (tree->kind) {
  case TREE_FAIL:
    emit(generator, CODE_JUMP);
    jump_to_pending(generator, fail);
    return;
  case TREE_RULE:
    emit(generator, CODE_JUMP);
    jump_to_pending(generator, &rules[tree->rule->number]);
    return;
  case TREE_SWITCH: generate_switch(generator, tree, fail, rules, fused); return;
  case TREE_CHAIN: // a loop, since a chain has a link for each rule
    for (; tree->kind == TREE_CHAIN; tree = tree->otherwise) {
      Pending next = {-1};
      generate_tree(generator, tree->first, &next, rules, false);
      resolve(generator, &next, here(generator));
    }
    generate_tree(generator, tree, fail, rules, false);
    return;
  }
}

static void generate_selection(Generator *generator, Pending *rules) {
  const Function *function = generator->function;
  uint32_t strict = 0;
  for (uint32_t i = 0; i < function->arity; i++) strict += function->strict[i];
  const Tree *tree = function->tree;
  bool fused = strict == 1 && tree->kind == TREE_SWITCH && tree->occurrence < function->arity &&
               tree->case_count <= FEW_CASES && !generator->accepts_calls[tree->occurrence];
  for (uint32_t i = 0; i < function->arity && !fused; i++) {
    if (!function->strict[i]) continue;
    emit(generator, CODE_EVAL), emit(generator, (int32_t)i), emit(generator, (int32_t)function->arity);
    emit(generator, (int32_t)function->name), emit(generator, generator->accepts_calls[i]);
  }
  Pending fail = {-1};
  generate_tree(generator, tree, &fail, rules, fused);
  resolve(generator, &fail, generator->stuck);
}

typedef struct {
  const Program *program;
  bool found;
} Search;

static void find_call(void *context, Term *term) {
  Search *search = context;
  search->found |=
      term->kind == TERM_APPLY || (term->kind == TERM_CALL && search->program->names.items[term->call.name].function);
  if (!search->found) term_visit_parts(term, find_call, search);
}

static bool has_calls(const Program *program, Term *body) {
  Search search = {program, false};
  find_call(&search, body);
  return search.found;
}

static FunctionCode *new_function_code(Code *code, const Function *function) {
  FunctionCode *result = ARENA_NEW(&code->arena, FunctionCode);
  result->function = function;
  result->arity = function->arity;
  result->strict = function->strict;
  result->builtin = function->builtin;
  code->functions.items[function->name] = result;
  return result;
}

void generate_function(Code *code, Program *program, Function *function) {
  FunctionCode *result = new_function_code(code, function);
  Generator generator = {.code = code, .program = program, .function = function, .peak = function->arity + 1};
  generator.stuck = emit(&generator, CODE_STUCK);
  emit(&generator, (int32_t)function->name);
  size_t count = function->rules.count;
  Pending *rules = malloc((count + 1) * sizeof *rules);
  if (!rules) memory_exhausted();
  for (size_t i = 0; i < count; i++) {
    rules[i].head = -1;
    Rule *rule = function->rules.items[i];
    rule->number = (uint32_t)i; // for the leaves of the tree
    rule->calls = has_calls(program, rule->body);
  }
  generator.accepts_calls = calloc(function->occurrences.count + 1, sizeof(bool));
  if (!generator.accepts_calls) memory_exhausted();
  find_calls(&generator, function->tree);
  result->entry = here(&generator);
  generate_selection(&generator, rules);
  for (size_t i = 0; i < count; i++) {
    if (rules[i].head < 0) continue; // can never match
    resolve(&generator, &rules[i], here(&generator));
    ARRAY_PUSH(&code->rules, (CodeRule){here(&generator), (uint32_t)i, function->rules.items[i]});
    generate_rule(&generator, function->rules.items[i]);
  }
  free(rules);
  free(generator.accepts_calls);
  result->graph = result->direct = result->entry;
  result->frame = generator.peak;
  ARRAY_FREE(&generator.idle);
}

// A built-in function evaluates what it needs as a value, and leaves the rest to machine_builtin.
void generate_builtin(Code *code, Function *function) {
  FunctionCode *result = new_function_code(code, function);
  Generator generator = {.code = code, .function = function};
  function->strict[0] = function->builtin == BUILTIN_U60_IF || function->builtin == BUILTIN_U60_SWAP ||
                        function->builtin == BUILTIN_SLEEP;
  emit(&generator, CODE_STUCK), emit(&generator, (int32_t)function->name);
  result->entry = here(&generator);
  if (function->strict[0]) {
    emit(&generator, CODE_EVAL), emit(&generator, 0), emit(&generator, (int32_t)function->arity);
    emit(&generator, (int32_t)function->name), emit(&generator, 0);
  }
  ARRAY_PUSH(&code->rules, (CodeRule){here(&generator), 0, NULL});
  emit(&generator, CODE_BUILTIN), emit(&generator, (int32_t)function->name),
      emit(&generator, (int32_t)function->builtin);
  result->graph = result->direct = result->entry;
  result->frame = function->arity + 4;
}
