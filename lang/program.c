#include "program.h"

#include "check.h"
#include "demand.h"
#include "lift.h"
#include "linear.h"
#include "match.h"
#include "parse.h"
#include "specialise.h"

Program *program_new(void) {
  Program *program = calloc(1, sizeof *program);
  if (!program) memory_exhausted();
  check_add_builtins(program);
  return program;
}

static void free_functions(Program *program) {
  for (size_t i = 0; i < program->functions.count; i++) {
    ARRAY_FREE(&program->functions.items[i]->rules);
    ARRAY_FREE(&program->functions.items[i]->occurrences);
  }
  program->functions.count = 0;
}

void program_forget(Program *program) {
  free_functions(program);
  for (size_t i = 0; i < program->names.count; i++) {
    Name *name = &program->names.items[i];
    *name = (Name){.text = name->text, .size = name->size};
  }
  program->rules.count = 0;
  program->has_scopeless = program->has_superposition = program->has_lambdas = program->has_floats = false;
  program->has_effects = program->has_call_patterns = program->has_sparks = false;
  program->lambdas_given_effects = false;
  program->restrictions = 0;
  program->components = 0;
  program->analysed_functions = program->analysed_names = 0;
  diagnostics_free(&program->diagnostics);
  check_add_builtins(program);
}

void program_free(Program *program) {
  if (!program) return;
  free_functions(program);
  for (size_t i = 0; i < program->sources.count; i++) source_free(program->sources.items[i]);
  ARRAY_FREE(&program->names);
  ARRAY_FREE(&program->functions);
  ARRAY_FREE(&program->sources);
  ARRAY_FREE(&program->rules);
  intern_free(&program->name_ids);
  intern_free(&program->symbols);
  diagnostics_free(&program->diagnostics);
  arena_free(&program->arena);
  free(program);
}

NameId program_name(Program *program, const char *text, size_t size) {
  NameId id = intern(&program->name_ids, &program->arena, text, size);
  if (id == program->names.count)
    ARRAY_PUSH(&program->names, (Name){.text = program->name_ids.texts.items[id].text, .size = (uint32_t)size});
  return id;
}

bool program_find_name(const Program *program, const char *text, size_t size, NameId *name) {
  *name = intern_find(&program->name_ids, text, size);
  return *name != UINT32_MAX;
}

// A source of its own for a copied text; NULL, with a diagnostic, when it is too large.
static Source *add_source(Program *program, const char *path, const char *text, size_t size) {
  if (size >= UINT32_MAX - 16) {
    diagnostic_add(&program->diagnostics, SEVERITY_ERROR, NULL, (Span){0, 0}, "%s: larger than 4 GiB", path);
    return NULL;
  }
  Source *source = ARENA_NEW(&program->arena, Source);
  source_init(source, arena_text(&program->arena, path, strlen(path)), arena_text(&program->arena, text, size), size);
  ARRAY_PUSH(&program->sources, source);
  return source;
}

static bool check_name_count(Program *program) {
  if (program->names.count <= NAME_LIMIT) return true;
  diagnostic_add(&program->diagnostics, SEVERITY_ERROR, NULL, (Span){0, 0}, "more than %d different names", NAME_LIMIT);
  return false;
}

bool program_read(Program *program, const char *path, const char *text, size_t size) {
  size_t errors = program->diagnostics.errors;
  Source *source = add_source(program, path, text, size);
  if (!source) return false;
  parse_file(program, source);
  check_rules(program, source);
  return check_name_count(program) && program->diagnostics.errors == errors;
}

static void run_compile(void *argument) {
  Program *program = argument;
  size_t first = 0; // functions that are not compiled yet come last
  while (first < program->functions.count && program->functions.items[first]->compiled) first++;
  for (size_t i = first; i < program->functions.count; i++) match_compile(program, program->functions.items[i]);
  specialise_program(program);
  for (size_t i = first; i < program->functions.count; i++) {
    Function *function = program->functions.items[i];
    if (function->lifted) match_compile(program, function);
    for (size_t k = 0; k < function->rules.count && !function->lifted; k++)
      function->opens |= lift_rule(program, function->rules.items[k]);
  }
  for (size_t i = first; i < program->functions.count; i++) {
    Function *function = program->functions.items[i];
    for (size_t k = 0; k < function->rules.count; k++) linear_rule(program, function->rules.items[k]);
    function->compiled = true;
  }
  demand_analyse(program);
}

void program_compile(Program *program) { term_run_deep(run_compile, program); }

bool program_load(Program *program, const char *path, const char *text, size_t size) {
  bool good = program_read(program, path, text, size);
  // With errors the functions may lack rules: no trees, and no warnings about them.
  if (good) program_compile(program);
  diagnostics_sort(&program->diagnostics);
  return good;
}

Function *program_read_expression(Program *program, const char *path, const char *text, size_t size) {
  size_t errors = program->diagnostics.errors;
  Source *source = add_source(program, path, text, size);
  if (!source) return NULL;
  Term *body = parse_expression(program, source);
  if (body) check_expression(program, source, body);
  if (!body || program->diagnostics.errors != errors || !check_name_count(program)) {
    for (size_t i = 0; i < program->names.count; i++) // what a rejected expression says of arities is void
      if (program->names.items[i].source == source) program->names.items[i].known = false;
    return NULL;
  }
  Function *function = ARENA_NEW(&program->arena, Function);
  Rule *rule = ARENA_NEW(&program->arena, Rule);
  // Interned like other names, but not writable: an expression is "(expression)".
  function->name = rule->function = program_name(program, "(expression)", 12);
  program->names.items[function->name].known = true;
  rule->body = body;
  rule->span = rule->head = body->span;
  rule->source = source;
  ARRAY_PUSH(&function->rules, rule);
  ARRAY_PUSH(&program->functions, function);
  return function;
}

Function *program_load_expression(Program *program, const char *path, const char *text, size_t size) {
  Function *function = program_read_expression(program, path, text, size);
  if (function) program_compile(program);
  return function;
}
