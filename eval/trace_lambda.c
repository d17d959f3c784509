// λs that the machine made functions of (lang/lift.h), as they were: read from the rule of the function. What linear.c
// added for variables that are used more than once is left out again.
#include "trace.h"

static void write(const Program *program, Buffer *out, const Term *term);

// A copy of x is called "x.0" or "x.rest1", a copy of that "x.0.1".
size_t trace_name_length(const char *name) {
  for (size_t at = 1; name[0] && name[at]; at++)
    if (name[at] == '.' && ((name[at + 1] >= '0' && name[at + 1] <= '9') || strncmp(name + at, ".rest", 5) == 0))
      return at;
  return strlen(name);
}

static void write_name(Buffer *out, const char *name) { buffer_add(out, name, trace_name_length(name)); }

static void write_parts(const Program *program, Buffer *out, Term *const *terms, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    buffer_char(out, ' ');
    write(program, out, terms[i]);
  }
}

static void write_binder(Buffer *out, const char *before, const Binder *binder) {
  buffer_text(out, before);
  if (binder && binder->uses)
    write_name(out, binder->name);
  else
    buffer_char(out, '*');
}

static void write_dup(const Program *program, Buffer *out, const Term *term) {
  const Binder *first = term->dup.first, *second = term->dup.second;
  const Term *value = term->dup.value;
  bool added = first->symbol == second->symbol;
  if (added && value->kind == TERM_VARIABLE && value->variable.symbol == first->symbol) {
    write(program, out, term->dup.body); // the variable itself
    return;
  }
  buffer_text(out, added ? "let " : "dup ");
  write_name(out, first->name);
  if (!added) buffer_char(out, ' '), write_name(out, second->name);
  buffer_text(out, " = ");
  write(program, out, value);
  buffer_text(out, "; ");
  write(program, out, term->dup.body);
}

static void write_string(Buffer *out, const Term *term) {
  buffer_char(out, '"');
  for (uint32_t i = 0; i < term->string.count; i++) {
    if (term->string.codes[i] == '"' || term->string.codes[i] == '\\') buffer_char(out, '\\');
    buffer_code_point(out, term->string.codes[i] < 32 ? ' ' : term->string.codes[i]);
  }
  buffer_char(out, '"');
}

static void write(const Program *program, Buffer *out, const Term *term) {
  switch (term->kind) {
  case TERM_VARIABLE: write_name(out, term->variable.name); return;
  case TERM_NUMBER: number_print(out, term->number); return;
  case TERM_STRING: write_string(out, term); return;
  case TERM_LAMBDA:
    write_binder(out, "λ", term->lambda.binder);
    buffer_char(out, ' ');
    write(program, out, term->lambda.body);
    return;
  case TERM_CLOSURE: {
    const Function *function = program->names.items[term->closure.stage + term->closure.missing].function;
    trace_lambda_print(program, out, function, term->closure.count);
    return;
  }
  case TERM_APPLY:
    buffer_char(out, '(');
    write(program, out, term->apply.function);
    write_parts(program, out, term->apply.arguments, term->apply.count);
    buffer_char(out, ')');
    return;
  case TERM_CALL:
    if (term->call.count) buffer_char(out, '(');
    buffer_text(out, program->names.items[term->call.name].text);
    write_parts(program, out, term->call.arguments, term->call.count);
    if (term->call.count) buffer_char(out, ')');
    return;
  case TERM_LIST:
    buffer_char(out, '[');
    for (uint32_t i = 0; i < term->list.count; i++) {
      if (i) buffer_text(out, ", ");
      write(program, out, term->list.items[i]);
    }
    buffer_char(out, ']');
    return;
  case TERM_OPERATE:
    buffer_format(out, "(%s ", OPERATOR_TEXT[term->operate.op]);
    write(program, out, term->operate.left);
    buffer_char(out, ' ');
    write(program, out, term->operate.right);
    buffer_char(out, ')');
    return;
  case TERM_DUP: write_dup(program, out, term); return;
  case TERM_LET: write(program, out, term->let.body); return; // what is erased there is of no interest
  case TERM_SUPERPOSE:
    buffer_char(out, '{');
    write(program, out, term->superpose.first);
    buffer_char(out, ' ');
    write(program, out, term->superpose.second);
    buffer_char(out, '}');
    return;
  case TERM_STRICT: write(program, out, term->strict.argument); return;
  }
}

void trace_lambda_print(const Program *program, Buffer *out, const Function *function, uint32_t skipped) {
  const Rule *rule = function->rules.items[0];
  for (uint32_t i = skipped; i < rule->arity; i++) {
    write_binder(out, "λ", rule->patterns[i]->variable.binder);
    buffer_char(out, ' ');
  }
  write(program, out, rule->body);
}
