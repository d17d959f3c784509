// The graph's code of a rule: takes what was matched apart, builds the body, and leaves.
#include "frames.h"
#include "generator.h"
#include "lang/match.h"

typedef ARRAY(int32_t) Operands;

enum { SPINE_LIMIT = 24, BRANCH_LIMIT = 12 };

static int32_t constant(Generator *generator, Word word) {
  // Constants repeat mostly within a function: look back a little.
  size_t count = generator->code->constants.count;
  for (size_t i = count; i-- > 0 && count - i < 16;)
    if (generator->code->constants.items[i] == word) return ~(int32_t)i;
  ARRAY_PUSH(&generator->code->constants, word);
  return ~(int32_t)count;
}

// Registers.

static int32_t take_register(Generator *generator) {
  if (generator->idle.count) return (int32_t)generator->idle.items[--generator->idle.count];
  uint32_t reg = generator->used++;
  if (generator->used > generator->peak) generator->peak = generator->used;
  return (int32_t)reg;
}

static int32_t take_block(Generator *generator, uint32_t count) {
  uint32_t reg = generator->used;
  generator->used += count;
  if (generator->used > generator->peak) generator->peak = generator->used;
  return (int32_t)reg;
}

static void release(Generator *generator, int32_t operand) {
  if (operand >= 0) ARRAY_PUSH(&generator->idle, (uint32_t)operand);
}

// The instruction that comes next makes the node of a λ or of a dup.
static void note_binder(Generator *generator, const Binder *first, const Binder *second) {
  ARRAY_PUSH(&generator->code->binders, (CodeBinder){here(generator), first, second});
}

static void hold(Binder *binder, int32_t reg) { binder->index = (uint32_t)reg; }

// Building: every function returns the operand that holds the term, which the caller releases.

static int32_t build(Generator *generator, Term *term);

static void build_all(Generator *generator, Term **terms, uint32_t count, Operands *operands) {
  for (uint32_t i = 0; i < count; i++) {
    int32_t operand = build(generator, terms[i]);
    ARRAY_PUSH(operands, operand);
  }
}

// The operand in a register: a constant is loaded into one.
static int32_t in_register(Generator *generator, int32_t operand) {
  if (operand >= 0) return operand;
  int32_t dst = take_register(generator);
  emit(generator, CODE_CONSTANT), emit(generator, dst), emit(generator, ~operand);
  return dst;
}

// Emits an instruction whose operands end with a list; releases those, and returns the destination.
static int32_t emit_node(Generator *generator, CodeKind kind, int32_t word, Operands *operands) {
  bool short_form = kind == CODE_NODE && operands->count <= 3;
  for (size_t i = 0; i < operands->count && short_form; i++)
    operands->items[i] = in_register(generator, operands->items[i]);
  for (size_t i = 0; i < operands->count; i++) release(generator, operands->items[i]);
  int32_t dst = take_register(generator);
  emit(generator, short_form ? CODE_NODE_1 + (int32_t)operands->count - 1 : (int32_t)kind);
  emit(generator, dst);
  if (kind == CODE_NODE) emit(generator, word);
  if (!short_form) emit(generator, (int32_t)operands->count);
  for (size_t i = 0; i < operands->count; i++) emit(generator, operands->items[i]);
  ARRAY_FREE(operands);
  return dst;
}

static int32_t build_call(Generator *generator, const Term *term) {
  int32_t word = constant(generator, name_word(generator, term->call.name));
  if (term->call.count == 0) return word;
  Operands operands = {0};
  build_all(generator, term->call.arguments, term->call.count, &operands);
  return emit_node(generator, CODE_NODE, word, &operands);
}

static int32_t build_string(Generator *generator, const Term *term) {
  if (term->string.count == 0) return constant(generator, word_make(TAG_CTR, NAME_STRING_NIL, 0));
  uint32_t *codes = ARENA_ARRAY(&generator->code->arena, uint32_t, term->string.count);
  memcpy(codes, term->string.codes, term->string.count * sizeof *codes);
  ARRAY_PUSH(&generator->code->strings, (CodeString){codes, term->string.count});
  int32_t dst = take_register(generator);
  emit(generator, CODE_STRING);
  emit(generator, dst);
  emit(generator, (int32_t)generator->code->strings.count - 1);
  return dst;
}

static int32_t build_list(Generator *generator, const Term *term) {
  if (term->list.count == 0) return constant(generator, word_make(TAG_CTR, NAME_LIST_NIL, 0));
  Operands operands = {0};
  build_all(generator, term->list.items, term->list.count, &operands);
  return emit_node(generator, CODE_LIST, 0, &operands);
}

static int32_t build_closure(Generator *generator, const Term *term) {
  int32_t word = constant(generator, word_make(TAG_LAM, term->closure.stage, 0));
  if (term->closure.count == 0) return word;
  Operands operands = {0};
  build_all(generator, term->closure.captured, term->closure.count, &operands);
  return emit_node(generator, CODE_NODE, word, &operands);
}

static int32_t build_lambda(Generator *generator, const Term *term) {
  Binder *binder = term->lambda.binder;
  if (!binder) {
    int32_t body = build(generator, term->lambda.body);
    release(generator, body);
    int32_t dst = take_register(generator);
    emit(generator, CODE_LAM_UNUSED), emit(generator, dst), emit(generator, body);
    return dst;
  }
  int32_t lambda;
  if (binder->scopeless) {
    lambda = (int32_t)binder->span.end; // taken before the body began: see reserve_scopeless
  } else {
    lambda = take_register(generator);
    int32_t variable = take_register(generator);
    note_binder(generator, binder, NULL);
    emit(generator, CODE_LAM_NEW), emit(generator, lambda), emit(generator, variable);
    hold(binder, variable);
  }
  int32_t body = build(generator, term->lambda.body);
  emit(generator, CODE_LAM_SET), emit(generator, lambda), emit(generator, body);
  release(generator, body);
  return lambda;
}

// The node word of an operation; divisions remember where they stand.
static int32_t operation_word(Generator *generator, const Term *term) {
  unsigned extra = (unsigned)term->operate.op;
  size_t place = generator->code->places.count;
  if ((term->operate.op == OP_DIV || term->operate.op == OP_MOD) && place < OP2_PLACE_LIMIT) {
    const Source *source = generator->function->rules.items[0]->source;
    ARRAY_PUSH(&generator->code->places, (CodePlace){source, term->span, generator->function->name});
    extra |= (unsigned)place << OP2_OPERATOR_BITS;
  }
  return constant(generator, word_make(TAG_OP2, extra, 0));
}

static int32_t emit_operation(Generator *generator, const Term *term, int32_t left, int32_t right) {
  int32_t word = operation_word(generator, term);
  left = in_register(generator, left);
  release(generator, left), release(generator, right);
  int32_t dst = take_register(generator);
  emit(generator, (int32_t)(right < 0 ? CODE_OP2K : CODE_OP2) + (int32_t)term->operate.op);
  emit(generator, dst), emit(generator, left), emit(generator, right < 0 ? ~right : right), emit(generator, ~word);
  return dst;
}

static void emit_dup(Generator *generator, const Term *term) {
  int32_t value = build(generator, term->dup.value);
  Binder *first = term->dup.first, *second = term->dup.second;
  if (first->scopeless) {
    emit(generator, CODE_DUP_SET), emit(generator, (int32_t)first->span.end), emit(generator, value);
    release(generator, value);
    if (!first->uses) emit(generator, CODE_ERASE), emit(generator, (int32_t)first->index);
    if (!second->uses) emit(generator, CODE_ERASE), emit(generator, (int32_t)second->index);
    return;
  }
  release(generator, value);
  hold(first, take_register(generator));
  hold(second, take_register(generator));
  note_binder(generator, first, second);
  emit(generator, CODE_DUP), emit(generator, (int32_t)first->index), emit(generator, (int32_t)second->index);
  emit(generator, value);
}

static void emit_erased_let(Generator *generator, const Term *term) {
  int32_t value = build(generator, term->let.value);
  emit(generator, CODE_ERASE), emit(generator, value);
  release(generator, value);
}

static int32_t build_apply(Generator *generator, const Term *term) {
  int32_t function = build(generator, term->apply.function);
  for (uint32_t i = 0; i < term->apply.count; i++) {
    int32_t argument = in_register(generator, build(generator, term->apply.arguments[i]));
    function = in_register(generator, function);
    release(generator, function), release(generator, argument);
    int32_t dst = take_register(generator);
    emit(generator, CODE_APP), emit(generator, dst), emit(generator, function), emit(generator, argument);
    function = dst;
  }
  return function;
}

static int32_t build(Generator *generator, Term *term) {
  int32_t left, right, dst;
  switch (term->kind) {
  case TERM_VARIABLE: return (int32_t)term->variable.binder->index;
  case TERM_NUMBER: return constant(generator, term->number);
  case TERM_STRING: return build_string(generator, term);
  case TERM_LIST: return build_list(generator, term);
  case TERM_CALL: return build_call(generator, term);
  case TERM_APPLY: return build_apply(generator, term);
  case TERM_LAMBDA: return build_lambda(generator, term);
  case TERM_CLOSURE: return build_closure(generator, term);
  case TERM_OPERATE:
    left = build(generator, term->operate.left);
    right = build(generator, term->operate.right);
    return emit_operation(generator, term, left, right);
  case TERM_SUPERPOSE:
    left = build(generator, term->superpose.first);
    right = build(generator, term->superpose.second);
    release(generator, left), release(generator, right);
    dst = take_register(generator);
    emit(generator, CODE_SUP), emit(generator, dst), emit(generator, left), emit(generator, right);
    return dst;
  case TERM_DUP: emit_dup(generator, term); return build(generator, term->dup.body);
  case TERM_LET: emit_erased_let(generator, term); return build(generator, term->let.body);
  case TERM_STRICT: break;
  }
  return constant(generator, number_u60(0));
}

// Leaving a rule. `spine` holds the words of the continuation frames that the way down to the term demanded next has
// passed: bottom of the stack first.

static bool is_cheap(const Term *term) {
  // Built without a call inside: when its operands are numbers, so is it.
  return term->kind == TERM_VARIABLE || term->kind == TERM_NUMBER ||
         (term->kind == TERM_OPERATE && is_cheap(term->operate.left) && is_cheap(term->operate.right));
}

static void leave(Generator *generator, Term *term, Operands *spine);

static void leave_with(Generator *generator, int32_t operand, const Operands *spine) {
  emit(generator, CODE_RETURN), emit(generator, (int32_t)spine->count), emit(generator, operand);
  for (size_t i = 0; i < spine->count; i++) emit(generator, spine->items[i]);
}

// May several arguments be calls, or anything in the frames?
static bool has_offers(const Generator *generator, const Term *term, const Operands *spine) {
  uint32_t calls = 0;
  for (uint32_t i = 0; i < term->call.count; i++) {
    const Term *argument = term->call.arguments[i];
    calls += argument->kind == TERM_VARIABLE || argument->kind == TERM_DUP || argument->kind == TERM_LET ||
             (argument->kind == TERM_CALL && generator->program->names.items[argument->call.name].function);
  }
  return calls > 1 || spine->count > 0;
}

static void leave_call(Generator *generator, const Term *term, const Operands *spine) {
  Operands operands = {0};
  build_all(generator, term->call.arguments, term->call.count, &operands);
  emit(generator, has_offers(generator, term, spine) ? CODE_CALL_OFFER : CODE_CALL);
  emit(generator, (int32_t)spine->count), emit(generator, (int32_t)term->call.name);
  emit(generator, (int32_t)operands.count);
  for (size_t i = 0; i < spine->count; i++) emit(generator, spine->items[i]);
  for (size_t i = 0; i < operands.count; i++) emit(generator, operands.items[i]);
  ARRAY_FREE(&operands);
}

static void push_frame(Generator *generator, Operands *spine, int32_t operand, int32_t word, unsigned frame) {
  unsigned extra = word < 0 ? word_extra(generator->code->constants.items[~word]) : 0;
  ARRAY_PUSH(spine, operand);
  ARRAY_PUSH(spine, constant(generator, (Word)extra << 4 | frame));
}

// The registers at a point where the code takes one of several ways: each way begins with the same ones.
typedef struct {
  Registers idle;
  uint32_t used;
  size_t spine;
} Fork;

static Fork fork_code(const Generator *generator, const Operands *spine) {
  Fork fork = {.used = generator->used, .spine = spine->count};
  for (size_t i = 0; i < generator->idle.count; i++) ARRAY_PUSH(&fork.idle, generator->idle.items[i]);
  return fork;
}

// Begins another way here, which the jump with its target at an offset leads to.
static void begin_way(Generator *generator, const Fork *fork, Operands *spine, int32_t target) {
  generator->code->words.items[target] = here(generator);
  generator->idle.count = 0;
  for (size_t i = 0; i < fork->idle.count; i++) ARRAY_PUSH(&generator->idle, fork->idle.items[i]);
  generator->used = fork->used;
  spine->count = fork->spine;
}

// Both ways of an operation whose left side may be a number already: then the right side is evaluated at once.
static void leave_operation(Generator *generator, Term *term, Operands *spine) {
  Term *left = term->operate.left, *right = term->operate.right;
  int32_t word = operation_word(generator, term);
  if (!is_cheap(left)) {
    int32_t operand = build(generator, right);
    push_frame(generator, spine, operand, word, FRAME_OP2_LEFT);
    leave(generator, left, spine);
    return;
  }
  int32_t operand = build(generator, left);
  if (left->kind == TERM_NUMBER && !number_is_f60(left->number)) {
    push_frame(generator, spine, operand, word, FRAME_OP2_RIGHT);
    leave(generator, right, spine);
    return;
  }
  emit(generator, CODE_IF_NUMBER), emit(generator, operand);
  int32_t target = emit(generator, 0);
  Fork fork = fork_code(generator, spine);
  push_frame(generator, spine, operand, word, FRAME_OP2_RIGHT);
  leave(generator, right, spine);
  begin_way(generator, &fork, spine, target);
  int32_t lazy = build(generator, right);
  push_frame(generator, spine, lazy, word, FRAME_OP2_LEFT);
  leave_with(generator, operand, spine);
  ARRAY_FREE(&fork.idle);
}

// Erases what a branch that is not taken would have used: its variables that are bound outside of it.
static void erase_variables(void *context, Term *term) {
  static const uint32_t INSIDE = UINT32_MAX; // the register of a binder of the branch itself
  Generator *generator = context;
  switch (term->kind) {
  case TERM_VARIABLE:
    if (term->variable.binder->index == INSIDE) return;
    emit(generator, CODE_ERASE), emit(generator, (int32_t)term->variable.binder->index);
    return;
  case TERM_LAMBDA:
    if (term->lambda.binder) term->lambda.binder->index = INSIDE;
    break;
  case TERM_DUP: // its value cannot use them
    term->dup.first->index = term->dup.second->index = INSIDE;
    break;
  default: break;
  }
  term_visit_parts(term, erase_variables, context);
}

// U60.if with a condition that often is a number when the rule fires: then only the branch taken is built.
static void leave_if(Generator *generator, Term *term, Operands *spine) {
  Term *condition = term->call.arguments[0], *yes = term->call.arguments[1], *no = term->call.arguments[2];
  int32_t operand = build(generator, condition);
  emit(generator, CODE_IF_NUMBER), emit(generator, operand);
  int32_t lazy = emit(generator, 0);
  emit(generator, CODE_BRANCH), emit(generator, operand);
  int32_t zero = emit(generator, 0);
  Fork fork = fork_code(generator, spine);
  generator->branches++;
  erase_variables(generator, no);
  leave(generator, yes, spine);
  begin_way(generator, &fork, spine, zero);
  erase_variables(generator, yes);
  leave(generator, no, spine);
  generator->branches--;
  begin_way(generator, &fork, spine, lazy);
  ARRAY_FREE(&fork.idle);
  Binder held = {.index = (uint32_t)operand, .uses = 1};
  Term known = {.kind = TERM_VARIABLE, .span = condition->span, .variable = {.binder = &held}};
  Term *arguments[3] = {operand >= 0 ? &known : condition, yes, no};
  Term call = *term;
  call.call.arguments = arguments;
  leave_call(generator, &call, spine);
}

// Is this an `if` that leave_if takes? Its code is larger by both branches, and scopeless variables must not be made in
// a branch that is not taken.
static bool is_branch(const Generator *generator, const Term *term) {
  return term->call.name == NAME_U60_IF && generator->branches < BRANCH_LIMIT && !generator->program->has_scopeless &&
         is_cheap(term->call.arguments[0]);
}

static void leave(Generator *generator, Term *term, Operands *spine) {
  bool room = spine->count < 2 * SPINE_LIMIT;
  switch (term->kind) {
  case TERM_DUP:
    emit_dup(generator, term);
    leave(generator, term->dup.body, spine);
    return;
  case TERM_LET:
    emit_erased_let(generator, term);
    leave(generator, term->let.body, spine);
    return;
  case TERM_CALL:
    if (!generator->program->names.items[term->call.name].function) break;
    if (is_branch(generator, term))
      leave_if(generator, term, spine);
    else
      leave_call(generator, term, spine);
    return;
  case TERM_APPLY:
    if (!room || term->apply.count > SPINE_LIMIT) break;
    for (uint32_t i = term->apply.count; i-- > 0;) {
      int32_t operand = build(generator, term->apply.arguments[i]);
      push_frame(generator, spine, operand, 0, FRAME_APP);
    }
    leave(generator, term->apply.function, spine);
    return;
  case TERM_OPERATE:
    if (!room || is_cheap(term)) break;
    leave_operation(generator, term, spine);
    return;
  default: break;
  }
  leave_with(generator, build(generator, term), spine);
}

// Scopeless binders may be used before the place where they stand: their λ or dup is made when the rule begins. The
// register of the λ (or of the dup's first side) is kept in the binder's span, which nobody needs any more.

static void reserve_scopeless(void *context, Term *term) {
  Generator *generator = context;
  Binder *binder = term->kind == TERM_LAMBDA ? term->lambda.binder : term->kind == TERM_DUP ? term->dup.first : NULL;
  if (binder && binder->scopeless) {
    int32_t node = take_register(generator), first = take_register(generator);
    hold(binder, first);
    binder->span.end = (uint32_t)node;
    note_binder(generator, binder, term->kind == TERM_DUP ? term->dup.second : NULL);
    if (term->kind == TERM_LAMBDA) {
      emit(generator, CODE_LAM_NEW), emit(generator, node), emit(generator, first);
    } else {
      int32_t second = take_register(generator);
      hold(term->dup.second, second);
      emit(generator, CODE_DUP_NEW), emit(generator, first), emit(generator, second), emit(generator, node);
    }
  }
  term_visit_parts(term, reserve_scopeless, context);
}

// The rule.

// Takes the matched constructor in a register apart, and binds the pattern's variables.
static void open_pattern(Generator *generator, Term *pattern, int32_t reg) {
  while (pattern->kind == TERM_STRICT) pattern = pattern->strict.argument;
  if (pattern->kind == TERM_VARIABLE) {
    if (pattern->variable.binder && pattern->variable.binder->uses) {
      hold(pattern->variable.binder, reg);
      return;
    }
    emit(generator, CODE_ERASE), emit(generator, reg);
    release(generator, reg);
    return;
  }
  NameId name;
  uint32_t fields = match_constructor(pattern, &name);
  if (fields == UINT32_MAX || fields == 0) {
    release(generator, reg);
    return;
  }
  int32_t block = take_block(generator, fields);
  emit(generator, fields <= 3 ? CODE_OPEN_1 + (int32_t)fields - 1 : CODE_OPEN);
  emit(generator, reg), emit(generator, block);
  if (fields > 3) emit(generator, (int32_t)fields);
  release(generator, reg);
  for (uint32_t i = 0; i < fields; i++)
    open_pattern(generator, match_subpattern(&generator->code->arena, pattern, i), block + (int32_t)i);
}

void generate_rule(Generator *generator, Rule *rule) {
  generator->idle.count = 0;
  generator->used = (uint32_t)generator->function->occurrences.count;
  if (generator->used > generator->peak) generator->peak = generator->used;
  for (uint32_t i = rule->arity; i < generator->used; i++) ARRAY_PUSH(&generator->idle, i);
  for (uint32_t i = 0; i < rule->arity; i++) open_pattern(generator, rule->patterns[i], (int32_t)i);
  if (generator->program->has_scopeless) reserve_scopeless(generator, rule->body);
  Operands spine = {0};
  leave(generator, rule->body, &spine);
  ARRAY_FREE(&spine);
}
