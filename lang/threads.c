#include "threads.h"

#include "demand.h"
#include "effects.h"
#include "reach.h"

enum { SHOWN = 5 };

typedef struct {
  Program *program;
  Buffer *out;
  size_t found;
  ARRAY(const Term *) shown; // λs
} Job;

static const char *name_of(const Job *job, const Function *function) {
  return job->program->names.items[function->name].text;
}

// The same λ may be in several functions that were made of one.
static bool is_shown(const Job *job, const Rule *rule) {
  for (size_t i = 0; i < job->shown.count; i++)
    if (job->shown.items[i]->span.start == rule->open_lambda->span.start) return true;
  return false;
}

static bool show_open(void *context, const Function *function) {
  Job *job = context;
  for (size_t i = 0; i < function->rules.count; i++) {
    const Rule *rule = function->rules.items[i];
    if (!rule->open_lambda || is_shown(job, rule) || job->found++ >= SHOWN) continue;
    ARRAY_PUSH(&job->shown, rule->open_lambda);
    char *text =
        arena_format(&job->program->arena, "in %s: what is under this λ does not wait for it", name_of(job, function));
    diagnostic_render_place(job->out, rule->source, rule->open_lambda->span, text);
  }
  return true;
}

static bool name_effects(void *context, const Function *function) {
  Job *job = context;
  if (!function->restricted || function->made || function->lifted) return true;
  if (job->found++ < SHOWN) buffer_format(job->out, "%s %s", job->found > 1 ? "," : "", name_of(job, function));
  return true;
}

static void show_open_lambdas(Job *job, const Function *start) {
  reach_functions(job->program, start, show_open, job);
  if (job->found > SHOWN) buffer_text(job->out, "  … and at other places\n");
}

static void print(void *argument) {
  Job *job = argument;
  Program *program = job->program;
  NameId name;
  const Function *start = program_find_name(program, "Main", 4, &name) ? program->names.items[name].function : NULL;
  const bool effects = program->has_effects, superposed = program->has_superposition;
  const bool open = reach_open_lambda(program, start);
  const char *one = program->has_scopeless       ? "it has scopeless variables"
                    : program->has_call_patterns ? "it has patterns that match calls of functions"
                    : effects && superposed      ? "it has effects, and superpositions"
                                                 : NULL;
  if (one) {
    buffer_format(job->out, "one thread runs this program: %s\n", one);
  } else if (effects && open) {
    buffer_text(job->out,
                "one thread runs this program: it has effects, and λs that are reduced before they are applied, "
                "once for all copies\n");
    show_open_lambdas(job, start);
    buffer_text(job->out, "  = hint: with --sharing=need all threads do, and such work is done for each copy\n");
  } else {
    buffer_text(job->out, "all threads run this program\n");
    if (effects) {
      buffer_text(job->out, "  = note: one thread runs what has to do with effects:");
      reach_functions(program, start, name_effects, job);
      if (job->found > SHOWN) buffer_format(job->out, " … and %zu more", job->found - SHOWN);
      buffer_text(job->out, "\n");
    }
    if (open) {
      buffer_text(job->out,
                  "  = note: these λs are reduced before they are applied, once for all copies, layer by layer\n");
      show_open_lambdas(job, start);
      buffer_text(job->out,
                  "  = hint: with --sharing=need λs are closures, which often takes far less time and memory\n");
    }
  }
  if (!program->has_sparks || !(one || effects || open || superposed)) return;
  const char *why = one          ? ""
                    : effects    ? " in programs with effects"
                    : superposed ? " in programs with superpositions"
                                 : " where λs are reduced before they are applied";
  buffer_format(job->out, "  = note: HVM.spark offers nothing%s\n", why);
}

void threads_explain(Program *program, Buffer *out) {
  Job job = {.program = program, .out = out};
  buffer_text(out, "");
  term_run_deep(print, &job);
  ARRAY_FREE(&job.shown);
}
