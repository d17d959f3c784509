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

void reach_functions(const Program *program, const Function *start,
                     bool (*visit_function)(void *context, const Function *function), void *context) {
  Reach reach = {.program = program, .seen = calloc(program->names.count, sizeof *reach.seen)};
  if (!reach.seen) memory_exhausted();
  if (start) reach.seen[start->name] = true;
  if (start) ARRAY_PUSH(&reach.pending, start);
  for (size_t i = start ? 0 : program->functions.count; i-- > 0;)
    ARRAY_PUSH(&reach.pending, program->functions.items[i]);
  bool goes_on = true;
  while (reach.pending.count && goes_on) {
    const Function *function = reach.pending.items[--reach.pending.count];
    goes_on = visit_function(context, function);
    if (!start) continue;
    if (function->original) add(&reach, function->original); // what a call of it that gets stuck becomes
    for (size_t i = 0; i < function->rules.count; i++) visit(&reach, function->rules.items[i]->body);
  }
  ARRAY_FREE(&reach.pending);
  free(reach.seen);
}

static bool is_closed(void *context, const Function *function) {
  bool *opens = context;
  return !(*opens = function->opens);
}

bool reach_open_lambda(const Program *program, const Function *start) {
  bool opens = program->has_open_lambdas;
  if (start && opens) reach_functions(program, start, is_closed, &opens);
  return opens;
}
