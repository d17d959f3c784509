// Strict code as text, for those who work on it.
#include "strict.h"

static const char *const NAMES[] = {
    [STEP_FORCE] = "force",
    [STEP_FORCE_FIELD] = "force-field",
    [STEP_BORROW] = "borrow",
    [STEP_KEEP] = "keep",
    [STEP_CLONE_FIELD] = "clone-field",
    [STEP_LEND] = "lend",
    [STEP_UNLEND] = "unlend",
    [STEP_CHECK] = "check",
    [STEP_OPERATE] = "operate",
    [STEP_LATER] = "later",
    [STEP_CALL] = "call",
    [STEP_APPLY] = "apply",
    [STEP_NODE] = "node",
    [STEP_OPEN] = "open",
    [STEP_LAMBDA] = "lambda",
    [STEP_LAMBDA_BODY] = "body",
    [STEP_LAMBDA_UNUSED] = "lambda*",
    [STEP_SUPERPOSE] = "superpose",
    [STEP_STRING] = "string",
    [STEP_LIST] = "list",
    [STEP_BLOCK] = "block",
    [STEP_CLONE] = "clone",
    [STEP_COPY] = "copy",
    [STEP_DROP] = "drop",
    [STEP_FREE] = "free",
    [STEP_CASE] = "case",
    [STEP_IF] = "if",
    [STEP_FUEL] = "fuel",
    [STEP_SHALLOW] = "shallow",
    [STEP_SPARK] = "spark",
    [STEP_HINT] = "hint",
    [STEP_OFFER] = "offer",
    [STEP_JOIN] = "join",
    [STEP_FAIL] = "fail",
    [STEP_RETURN] = "return",
    [STEP_TAIL] = "tail",
    [STEP_LEAVE] = "leave",
    [STEP_GRAPH] = "graph",
};

static void dump_atom(const Strict *strict, Buffer *out, Atom x) {
  if (x == NO_ATOM) return;
  if (x >= 0) {
    buffer_format(out, " v%d", x);
    return;
  }
  Word word = strict->code->constants.items[~x];
  if (word_tag(word) <= TAG_FLO) {
    buffer_char(out, ' ');
    number_print(out, word);
  } else {
    buffer_format(out, " %s", strict->program->names.items[word_extra(word)].text);
  }
}

static void indent(Buffer *out, int depth) { buffer_format(out, "%*s", 2 * depth, ""); }

static void dump_path(const Strict *strict, Buffer *out, const Step *step, int depth) {
  for (; step; step = step->next) {
    indent(out, depth);
    if (step->dst != NO_ATOM) buffer_format(out, "v%d = ", step->dst);
    buffer_text(out, NAMES[step->kind]);
    unsigned tag = word_tag(step->word);
    if (step->kind == STEP_OPERATE || step->kind == STEP_LATER)
      buffer_format(out, " %s", OPERATOR_TEXT[op2_operator(word_extra(step->word))]);
    if (step->kind == STEP_CALL || step->kind == STEP_TAIL || step->kind == STEP_GRAPH || step->kind == STEP_OFFER)
      buffer_format(out, " #%u", step->name);
    if ((step->kind == STEP_NODE || step->kind == STEP_OPEN) && (tag == TAG_CTR || tag == TAG_CAL))
      buffer_format(out, " %s", strict->program->names.items[word_extra(step->word)].text);
    for (uint32_t i = 0; i < step->count; i++) dump_atom(strict, out, step->arguments[i]);
    if (step->reuse != NO_ATOM) buffer_format(out, " in v%d", step->reuse);
    if (step->keep) buffer_text(out, " (kept)");
    if (step->kind == STEP_CLONE && step->word) buffer_text(out, " (value)");
    if (step->kind == STEP_FUEL && step->word) buffer_text(out, " (a portion)");
    buffer_char(out, '\n');
    for (uint32_t i = 0; i < step->case_count; i++) {
      indent(out, depth + 1);
      Word key = step->cases[i].key;
      if (word_tag(key) <= TAG_FLO)
        number_print(out, key);
      else
        buffer_text(out, strict->program->names.items[word_extra(key)].text);
      buffer_text(out, ":\n");
      dump_path(strict, out, step->cases[i].steps, depth + 2);
    }
    if (step->aside) {
      indent(out, depth + 1);
      buffer_text(out, step->kind == STEP_BLOCK ? "by:\n" : "else:\n");
      dump_path(strict, out, step->aside, depth + 2);
    }
  }
}

void strict_dump(const Strict *strict, const Unit *unit, Buffer *out) {
  buffer_format(out, "%s#%u for %d:", strict->program->names.items[unit->name].text, unit->name, (int)unit->demand);
  for (uint32_t i = 0; i < unit->function->arity; i++) buffer_format(out, " v%u%s", i, unit->values[i] ? "!" : "");
  buffer_char(out, '\n');
  if (unit->steps)
    dump_path(strict, out, unit->steps, 1);
  else
    buffer_text(out, "  by the graph\n");
}

void strict_dump_function(const Strict *strict, const Function *function, Buffer *out) {
  for (size_t i = 0; i < strict->units.count; i++)
    if (strict->units.items[i]->function == function && strict->units.items[i]->lowered)
      strict_dump(strict, strict->units.items[i], out);
}
