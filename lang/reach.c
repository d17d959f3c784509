#include "reach.h"

#include "memory.h"

typedef struct {
  const Program *program;
  bool *seen; // by NameId, of functions
  ARRAY(const Function *) pending;
} Reach;

static void add(Reach *reach, NameId name) {
  const Function *function = reach->program->names.items[name].function;
  if (!function || reach->seen[name]) return;
  reach->seen[name] = true;
  ARRAY_PUSH(&reach->pending, function);
}

static void visit(void *context, Term *term) {
  Reach *reach = context;
  if (term->kind == TERM_CALL) add(reach, term->call.name);
  if (term->kind == TERM_CLOSURE)
    add(reach, term->closure.stage + reach->program->names.items[term->closure.stage].missing);
  term_visit_parts(term, visit, reach);
}

bool reach_open_lambda(const Program *program, const Function *start) {
  if (!start || !program->has_open_lambdas) return program->has_open_lambdas;
  Reach reach = {.program = program, .seen = calloc(program->names.count, sizeof *reach.seen)};
  if (!reach.seen) memory_exhausted();
  ARRAY_PUSH(&reach.pending, start);
  bool found = false;
  while (reach.pending.count && !found) {
    const Function *function = reach.pending.items[--reach.pending.count];
    found = function->opens;
    if (function->original) add(&reach, function->original); // what a call of it that gets stuck becomes
    for (size_t i = 0; i < function->rules.count && !found; i++) visit(&reach, function->rules.items[i]->body);
  }
  ARRAY_FREE(&reach.pending);
  free(reach.seen);
  return found;
}
