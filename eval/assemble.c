// Steps become instructions: registers are given to variables, paths are laid out one after the other.
#include "frames.h"
#include "strict.h"

typedef ARRAY(int32_t) Offsets;

typedef struct {
  Code *code;
  const Unit *unit;
  uint32_t peak; // registers ever used
} Assembler;

// Which variable is where on a path.
typedef struct {
  int32_t *registers; // by variable; -1: nowhere
  uint8_t *taken;     // by register
} Layout;

// Where a block's result goes, and the jumps to its end that are still open. NULL: the unit's result.
typedef struct {
  int32_t dst;
  Offsets jumps;
} Exit;

static int32_t here(const Assembler *assembler) { return (int32_t)assembler->code->words.count; }

static int32_t emit(Assembler *assembler, int32_t word) {
  ARRAY_PUSH(&assembler->code->words, word);
  return here(assembler) - 1;
}

static int32_t constant(Assembler *assembler, Word word) {
  size_t count = assembler->code->constants.count;
  for (size_t i = count; i-- > 0 && count - i < 32;)
    if (assembler->code->constants.items[i] == word) return ~(int32_t)i;
  ARRAY_PUSH(&assembler->code->constants, word);
  return ~(int32_t)count;
}

static Layout new_layout(const Assembler *assembler, const Layout *from) {
  size_t count = assembler->unit->variables + 2;
  Layout layout = {malloc(count * sizeof(int32_t)), malloc(count)};
  if (!layout.registers || !layout.taken) memory_exhausted();
  if (from) {
    memcpy(layout.registers, from->registers, count * sizeof(int32_t));
    memcpy(layout.taken, from->taken, count);
  } else {
    for (size_t i = 0; i < count; i++) layout.registers[i] = -1;
    memset(layout.taken, 0, count);
  }
  return layout;
}

static void free_layout(Layout *layout) {
  free(layout->registers);
  free(layout->taken);
}

static int32_t take_register(Assembler *assembler, Layout *layout) {
  int32_t reg = 0;
  while (layout->taken[reg]) reg++;
  layout->taken[reg] = 1;
  if ((uint32_t)reg >= assembler->peak) assembler->peak = (uint32_t)reg + 1;
  return reg;
}

static int32_t place(Assembler *assembler, Layout *layout, Atom x) {
  if (x >= 0 && layout->registers[x] < 0) layout->registers[x] = take_register(assembler, layout);
  return x < 0 ? x : layout->registers[x];
}

// An operand: a register or a constant.
static int32_t operand(const Layout *layout, Atom x) { return x < 0 ? x : layout->registers[x]; }

static int32_t in_register(Assembler *assembler, Layout *layout, Atom x) {
  if (x >= 0) return layout->registers[x];
  int32_t reg = take_register(assembler, layout);
  layout->taken[reg] = 0; // for this instruction only
  emit(assembler, CODE_CONSTANT), emit(assembler, reg), emit(assembler, ~x);
  return reg;
}

static void release(Layout *layout, Atom x) {
  if (x < 0 || layout->registers[x] < 0) return;
  layout->taken[layout->registers[x]] = 0;
  layout->registers[x] = -1;
}

// Gives the registers back of variables that nothing from here on uses.
static void release_dead(const Assembler *assembler, Layout *layout, const Step *next, const uint64_t *after) {
  const uint64_t *live = next ? next->live : after;
  for (Atom x = 0; x < (Atom)assembler->unit->variables; x++)
    if (layout->registers[x] >= 0 && !bit_has(live, x) && !(after && bit_has(after, x))) release(layout, x);
}

// The head of an instruction that waits for a reduction; see code.h. Returns where its aside and its end belong.
typedef struct {
  int32_t aside, end;
} Waiting;

static Waiting emit_waiting(Assembler *assembler, const Layout *layout, CodeKind kind, Atom dst, const uint64_t *kept) {
  uint32_t registers = 0;
  for (Atom x = 0; x < (Atom)assembler->unit->variables; x++) {
    int32_t reg = layout->registers[x];
    if (reg >= 0 && (x == dst || bit_has(kept, x)) && (uint32_t)reg >= registers) registers = (uint32_t)reg + 1;
  }
  int32_t mask = (int32_t)assembler->code->masks.count;
  for (uint32_t i = 0; i < (registers + 31) / 32; i++) ARRAY_PUSH(&assembler->code->masks, 0);
  for (Atom x = 0; x < (Atom)assembler->unit->variables; x++) {
    int32_t reg = layout->registers[x];
    bool borrowed = (size_t)x < assembler->unit->loans.count && assembler->unit->loans.items[x].borrowed;
    if (reg >= 0 && x != dst && bit_has(kept, x) && !borrowed) // the owner keeps what is borrowed
      assembler->code->masks.items[mask + reg / 32] |= (uint32_t)1 << (reg % 32);
  }
  if (registers + 1 > assembler->peak) assembler->peak = registers + 1;
  emit(assembler, (int32_t)kind), emit(assembler, operand(layout, dst)), emit(assembler, (int32_t)registers + 1);
  emit(assembler, (int32_t)assembler->unit->name);
  int32_t aside = emit(assembler, 0), end = emit(assembler, 0);
  emit(assembler, mask);
  return (Waiting){aside, end};
}

static void emit_operands(Assembler *assembler, const Layout *layout, const Step *step, uint32_t from) {
  for (uint32_t i = from; i < step->count; i++) emit(assembler, operand(layout, step->arguments[i]));
}

static void assemble(Assembler *assembler, Step *step, Layout *layout, Exit *exit, const uint64_t *after);

static void assemble_fork(Assembler *assembler, Step *step, const Layout *layout, Exit *exit, const uint64_t *after,
                          int32_t target) {
  assembler->code->words.items[target] = here(assembler);
  Layout fork = new_layout(assembler, layout);
  release_dead(assembler, &fork, step, after);
  assemble(assembler, step, &fork, exit, after);
  free_layout(&fork);
}

static void assemble_case(Assembler *assembler, const Step *step, Layout *layout, Exit *exit, const uint64_t *after) {
  enum { FEW_CASES = 6 };
  bool many = step->case_count > FEW_CASES;
  int32_t begin = here(assembler);
  emit(assembler, many ? CODE_SEARCH : CODE_SWITCH), emit(assembler, operand(layout, step->arguments[0]));
  emit(assembler, (int32_t)step->case_count);
  int32_t otherwise = emit(assembler, 0), stuck = emit(assembler, 0);
  Word *keys = malloc((step->case_count + 1) * sizeof *keys);
  int32_t *targets = malloc((step->case_count + 1) * sizeof *targets);
  if (!keys || !targets) memory_exhausted();
  for (uint32_t i = 0; i < step->case_count; i++) keys[i] = step->cases[i].key;
  code_emit_keys(assembler->code, keys, step->case_count, many, targets);
  for (uint32_t i = 0; i < step->case_count; i++)
    assemble_fork(assembler, step->cases[i].steps, layout, exit, after, targets[i]);
  assembler->code->words.items[stuck] = here(assembler);
  if (step_opens(assembler->code->strict, step))
    emit(assembler, CODE_UNSHARE), emit(assembler, operand(layout, step->arguments[0])), emit(assembler, begin);
  assemble_fork(assembler, step->aside, layout, exit, after, otherwise);
  free(keys);
  free(targets);
}

static void assemble_operation(Assembler *assembler, const Step *step, Layout *layout, int32_t *aside) {
  int32_t left = in_register(assembler, layout, step->arguments[0]), right = step->arguments[1];
  int32_t op = (int32_t)op2_operator(word_extra(step->word));
  bool later = step->kind == STEP_LATER;
  CodeKind registers = later ? CODE_OP2 : CODE_OPERATE, mixed = later ? CODE_OP2K : CODE_OPERATEK;
  if (right >= 0) right = layout->registers[right];
  // The result must not overwrite operands that the way aside needs: dst gets its own register before they go.
  int32_t dst = place(assembler, layout, step->dst);
  emit(assembler, (int32_t)(right < 0 ? mixed : registers) + op);
  emit(assembler, dst), emit(assembler, left), emit(assembler, right < 0 ? ~right : right);
  *aside = emit(assembler, later ? ~constant(assembler, step->word) : 0);
}

static void assemble_node(Assembler *assembler, const Step *step, Layout *layout) {
  uint32_t count = step->count;
  if (count == 0) {
    int32_t word = constant(assembler, step->word);
    emit(assembler, CODE_CONSTANT), emit(assembler, place(assembler, layout, step->dst)), emit(assembler, ~word);
    return;
  }
  int32_t word = constant(assembler, step->word);
  int32_t dst = place(assembler, layout, step->dst);
  bool registers = count <= 3;
  for (uint32_t i = 0; i < count; i++) registers &= step->arguments[i] >= 0;
  if (step->reuse != NO_ATOM) {
    emit(assembler, CODE_REUSE), emit(assembler, dst), emit(assembler, word);
    emit(assembler, layout->registers[step->reuse]), emit(assembler, (int32_t)count);
  } else if (registers) {
    emit(assembler, CODE_NODE_1 + (int32_t)count - 1), emit(assembler, dst), emit(assembler, word);
  } else {
    emit(assembler, CODE_NODE), emit(assembler, dst), emit(assembler, word), emit(assembler, (int32_t)count);
  }
  emit_operands(assembler, layout, step, 0);
}

static void assemble_call(Assembler *assembler, const Step *step, const Layout *layout, CodeKind kind) {
  emit(assembler, (int32_t)kind), emit(assembler, (int32_t)step->name), emit(assembler, (int32_t)step->count);
  emit_operands(assembler, layout, step, 0);
}

// The operation that a unit ends with behind a call, if all that is left to do then is this: so the call need not keep
// the registers. What is given aside is the same operation as a node. NULL: there is more to do.
static const Step *last_operation(const Step *call) {
  const Step *step = call->next, *built = call->aside;
  if (step && step->kind == STEP_FORCE && step->arguments[0] != call->dst) step = step->next;
  if (!built || !step || step->kind != STEP_OPERATE || !step->next || step->next->kind != STEP_RETURN) return NULL;
  const Atom *x = step->arguments;
  if (step->next->arguments[0] != step->dst || (x[0] == call->dst) == (x[1] == call->dst)) return NULL;
  if (step != call->next && x[x[0] == call->dst] != call->next->arguments[0]) return NULL;
  bool same = built->kind == STEP_LATER && built->word == step->word && built->arguments[0] == x[0] &&
              built->arguments[1] == x[1] && built->next && built->next->kind == STEP_RETURN;
  return same && built->next->arguments[0] == built->dst ? step : NULL;
}

static void assemble_tail_operand(Assembler *assembler, const Step *call, const Layout *layout) {
  const Step *operation = last_operation(call);
  if (!operation) return;
  bool left = operation->arguments[0] == call->dst;
  emit(assembler, CODE_TAIL_OPERAND), emit(assembler, operand(layout, operation->arguments[left]));
  emit(assembler, (int32_t)word_extra(operation->word));
  emit(assembler, left ? FRAME_OP2_LEFT : FRAME_OP2_RIGHT);
  emit(assembler, (int32_t)call->name), emit(assembler, (int32_t)call->count);
  emit_operands(assembler, layout, call, 0);
}

// A step that is not the last of its path. Returns where the offset of its way aside belongs; 0: it has none.
static int32_t assemble_middle(Assembler *assembler, const Step *step, Layout *layout, const uint64_t *after) {
  const Atom *x = step->arguments;
  int32_t aside = 0;
  switch (step->kind) {
  case STEP_FORCE:
  case STEP_FORCE_FIELD:
  case STEP_CALL:
  case STEP_JOIN:
  case STEP_APPLY: {
    static const CodeKind kinds[] = {[STEP_FORCE] = CODE_FORCE,
                                     [STEP_JOIN] = CODE_JOIN,
                                     [STEP_FORCE_FIELD] = CODE_FORCE_FIELD,
                                     [STEP_CALL] = CODE_CALL_UNIT,
                                     [STEP_APPLY] = CODE_APPLY};
    Atom dst = step->kind == STEP_FORCE || step->kind == STEP_JOIN ? x[0] : step->dst;
    unsigned words = bit_words(assembler->unit->variables + 1);
    uint64_t *kept = calloc(words, sizeof *kept);
    if (!kept) memory_exhausted();
    for (Atom v = 0; v < (Atom)assembler->unit->variables; v++)
      if (bit_has(step->next->live, v) || bit_has(after, v) || (step->aside && bit_has(step->aside->live, v)))
        bit_add(kept, v);
    if (step->kind == STEP_FORCE_FIELD) bit_add(kept, x[0]); // where the field is stored
    // The result's register may be one that an argument leaves: arguments are read first.
    Layout before = new_layout(assembler, layout);
    for (uint32_t i = 0; i < step->count; i++)
      if (x[i] != dst && !bit_has(kept, x[i])) release(layout, x[i]);
    place(assembler, layout, dst);
    Waiting waiting = emit_waiting(assembler, layout, kinds[step->kind], dst, kept);
    if (step->kind == STEP_CALL) emit(assembler, (int32_t)step->name);
    if (step->kind == STEP_FORCE_FIELD)
      emit(assembler, layout->registers[x[0]]), emit(assembler, (int32_t)step->word);
    else if (step->kind != STEP_FORCE && step->kind != STEP_JOIN)
      emit(assembler, (int32_t)step->count), emit_operands(assembler, &before, step, 0);
    assembler->code->words.items[waiting.end] = here(assembler);
    aside = step->aside ? waiting.aside : 0;
    free_layout(&before);
    free(kept);
    return aside;
  }
  case STEP_CHECK: emit(assembler, CODE_IF_NUMBER), emit(assembler, operand(layout, x[0])); return emit(assembler, 0);
  case STEP_OPERATE: assemble_operation(assembler, step, layout, &aside); return aside;
  case STEP_LATER: assemble_operation(assembler, step, layout, &aside); return 0;
  case STEP_NODE: assemble_node(assembler, step, layout); return 0;
  case STEP_OPEN: {
    for (uint32_t i = 1; i < step->count; i++) place(assembler, layout, x[i]);
    emit(assembler, CODE_TAKE), emit(assembler, layout->registers[x[0]]), emit(assembler, (int32_t)step->count - 1);
    emit(assembler, !step->keep);
    emit_operands(assembler, layout, step, 1);
    return 0;
  }
  case STEP_LAMBDA: {
    int32_t lambda = place(assembler, layout, step->dst), variable = place(assembler, layout, x[0]);
    emit(assembler, CODE_LAM_NEW), emit(assembler, lambda), emit(assembler, variable);
    return 0;
  }
  case STEP_LAMBDA_BODY:
    emit(assembler, CODE_LAM_SET), emit(assembler, layout->registers[x[0]]), emit(assembler, operand(layout, x[1]));
    return 0;
  case STEP_LAMBDA_UNUSED: {
    int32_t dst = place(assembler, layout, step->dst);
    emit(assembler, CODE_LAM_UNUSED), emit(assembler, dst), emit(assembler, operand(layout, x[0]));
    return 0;
  }
  case STEP_SUPERPOSE: {
    int32_t dst = place(assembler, layout, step->dst);
    emit(assembler, CODE_SUP), emit(assembler, dst);
    emit_operands(assembler, layout, step, 0);
    return 0;
  }
  case STEP_STRING: {
    int32_t dst = place(assembler, layout, step->dst);
    emit(assembler, CODE_STRING), emit(assembler, dst), emit(assembler, (int32_t)step->name);
    return 0;
  }
  case STEP_LIST: {
    int32_t dst = place(assembler, layout, step->dst);
    emit(assembler, CODE_LIST), emit(assembler, dst), emit(assembler, (int32_t)step->count);
    emit_operands(assembler, layout, step, 0);
    return 0;
  }
  case STEP_CLONE: {
    int32_t source = layout->registers[x[0]], dst = place(assembler, layout, step->dst);
    emit(assembler, step->word && !assembler->code->shares ? CODE_COPY : CODE_DUP), emit(assembler, dst),
        emit(assembler, source);
    emit(assembler, source);
    return 0;
  }
  case STEP_COPY: {
    int32_t source = layout->registers[x[0]], dst = place(assembler, layout, step->dst);
    emit(assembler, CODE_COPY), emit(assembler, dst), emit(assembler, source), emit(assembler, source);
    return 0;
  }
  case STEP_CLONE_FIELD: {
    int32_t dst = place(assembler, layout, step->dst);
    emit(assembler, CODE_CLONE_FIELD), emit(assembler, dst), emit(assembler, layout->registers[x[0]]);
    emit(assembler, (int32_t)step->word);
    return 0;
  }
  case STEP_LEND: {
    int32_t dst = place(assembler, layout, step->dst);
    emit(assembler, CODE_LEND), emit(assembler, dst), emit(assembler, layout->registers[x[0]]);
    return 0;
  }
  case STEP_UNLEND: return 0;
  case STEP_BORROW: emit(assembler, CODE_BORROW), emit(assembler, layout->registers[x[0]]); return emit(assembler, 0);
  case STEP_SPARK: {
    int32_t dst = place(assembler, layout, step->dst);
    emit(assembler, CODE_SPARK), emit(assembler, dst), emit(assembler, layout->registers[x[0]]);
    return 0;
  }
  case STEP_KEEP: {
    int32_t dst = place(assembler, layout, step->dst);
    emit(assembler, CODE_KEEP), emit(assembler, dst), emit(assembler, layout->registers[x[0]]);
    return 0;
  }
  case STEP_HINT: emit(assembler, CODE_HINT), emit(assembler, layout->registers[x[0]]); return 0;
  case STEP_DROP: emit(assembler, CODE_ERASE), emit(assembler, layout->registers[x[0]]); return 0;
  case STEP_FREE:
    emit(assembler, CODE_FREE), emit(assembler, layout->registers[x[0]]), emit(assembler, (int32_t)step->word);
    return 0;
  default: return 0;
  }
}

static void assemble_block(Assembler *assembler, Step *step, Layout *layout, Exit *exit, const uint64_t *after) {
  // What is used after the block keeps its register all through it.
  unsigned words = bit_words(assembler->unit->variables + 1);
  uint64_t *kept = calloc(words, sizeof *kept);
  if (!kept) memory_exhausted();
  for (Atom v = 0; v < (Atom)assembler->unit->variables; v++)
    if (v != step->dst && (bit_has(step->next->live, v) || bit_has(after, v))) bit_add(kept, v);
  Exit inner = {.dst = place(assembler, layout, step->dst)};
  Layout fork = new_layout(assembler, layout);
  assemble(assembler, step->aside, &fork, &inner, kept);
  free_layout(&fork);
  for (size_t i = 0; i < inner.jumps.count; i++) assembler->code->words.items[inner.jumps.items[i]] = here(assembler);
  ARRAY_FREE(&inner.jumps);
  free(kept);
  release_dead(assembler, layout, step->next, after);
  assemble(assembler, step->next, layout, exit, after);
}

static void assemble_return(Assembler *assembler, const Step *step, const Layout *layout, Exit *exit) {
  if (!exit) {
    emit(assembler, CODE_RESULT), emit(assembler, operand(layout, step->arguments[0]));
    return;
  }
  emit(assembler, CODE_MOVE), emit(assembler, exit->dst), emit(assembler, operand(layout, step->arguments[0]));
  emit(assembler, CODE_JUMP);
  ARRAY_PUSH(&exit->jumps, emit(assembler, 0));
}

static void assemble(Assembler *assembler, Step *step, Layout *layout, Exit *exit, const uint64_t *after) {
  typedef struct {
    Step *step;
    Layout layout;
    int32_t target;
  } Pending;
  ARRAY(Pending) pending = {0}; // ways aside: laid out after the path
  for (; step; step = step->next) {
    switch (step->kind) {
    case STEP_CASE: assemble_case(assembler, step, layout, exit, after); goto done;
    case STEP_IF: {
      emit(assembler, CODE_IF_ZERO), emit(assembler, operand(layout, step->arguments[0]));
      int32_t target = emit(assembler, 0);
      Layout fork = new_layout(assembler, layout);
      release_dead(assembler, layout, step->next, after);
      assemble(assembler, step->next, layout, exit, after);
      assemble_fork(assembler, step->aside, &fork, exit, after, target);
      free_layout(&fork);
      goto done;
    }
    case STEP_FUEL:
    case STEP_SHALLOW: {
      if (step->kind == STEP_FUEL)
        emit(assembler, step->word ? CODE_PORTION : CODE_FUEL);
      else
        emit(assembler, step->word ? CODE_HUNGRY : CODE_SHALLOW);
      int32_t target = emit(assembler, 0);
      Layout fork = new_layout(assembler, layout);
      release_dead(assembler, layout, step->next, after);
      assemble(assembler, step->next, layout, exit, after);
      assemble_fork(assembler, step->aside, &fork, exit, after, target);
      free_layout(&fork);
      goto done;
    }
    case STEP_FAIL:
      release_dead(assembler, layout, step->aside, after);
      assemble(assembler, step->aside, layout, exit, after);
      goto done;
    case STEP_RETURN: assemble_return(assembler, step, layout, exit); goto done;
    case STEP_TAIL: assemble_call(assembler, step, layout, CODE_TAIL_UNIT); goto done;
    case STEP_GRAPH: assemble_call(assembler, step, layout, CODE_GRAPH); goto done;
    case STEP_LEAVE:
      emit(assembler, CODE_LEAVE), emit(assembler, (int32_t)step->count);
      emit_operands(assembler, layout, step, 0);
      goto done;
    case STEP_BLOCK: assemble_block(assembler, step, layout, exit, after); goto done;
    default: break;
    }
    if (step->kind == STEP_CALL && !exit) assemble_tail_operand(assembler, step, layout);
    int32_t aside = assemble_middle(assembler, step, layout, after);
    if (aside) {
      Pending way = {step->aside, new_layout(assembler, layout), aside};
      ARRAY_PUSH(&pending, way);
    }
    release_dead(assembler, layout, step->next, after);
  }
done:
  for (size_t i = 0; i < pending.count; i++) {
    assemble_fork(assembler, pending.items[i].step, &pending.items[i].layout, exit, after, pending.items[i].target);
    free_layout(&pending.items[i].layout);
  }
  ARRAY_FREE(&pending);
}

// Reduces the parameters that the unit takes as values, for callers that have terms. When one is none, the graph's code
// goes on from the same registers.
static void assemble_entry(Assembler *assembler, const FunctionCode *function) {
  const Unit *unit = assembler->unit;
  uint32_t arity = unit->function->arity;
  emit(assembler, CODE_REFUEL);
  for (uint32_t i = 0; i < arity; i++) {
    if (!unit->values[i]) continue;
    int32_t mask = (int32_t)assembler->code->masks.count;
    for (uint32_t k = 0; k < (arity + 31) / 32; k++) ARRAY_PUSH(&assembler->code->masks, 0);
    for (uint32_t k = 0; k < arity; k++)
      if (k != i) assembler->code->masks.items[mask + (int32_t)k / 32] |= (uint32_t)1 << (k % 32);
    emit(assembler, CODE_FORCE), emit(assembler, (int32_t)i), emit(assembler, (int32_t)arity + 1);
    emit(assembler, (int32_t)unit->name), emit(assembler, function->graph);
    int32_t end = emit(assembler, 0);
    emit(assembler, mask);
    assembler->code->words.items[end] = here(assembler);
  }
}

void strict_declare(Strict *strict, const Unit *unit) {
  Code *code = strict->code;
  const Function *function = unit->function;
  code_grow(code, strict->program);
  FunctionCode *base = code->functions.items[function->name], *result = code->functions.items[unit->name];
  if (!result) {
    result = ARENA_NEW(&code->arena, FunctionCode);
    code->functions.items[unit->name] = result;
    code->arities.items[unit->name] = (uint8_t)function->arity;
  }
  if (result != base) *result = *base;
  result->graph = base->graph;
  result->entry = CODE_READY_ENTRY;
  result->direct = CODE_READY_DIRECT;
}

void strict_assemble(Strict *strict, Unit *unit) {
  Code *code = strict->code;
  const Function *function = unit->function;
  const FunctionCode *base = code->functions.items[function->name];
  FunctionCode *result = code->functions.items[unit->name];
  result->entry = result->direct = result->graph;
  if (!unit->steps) return;
  Assembler assembler = {code, unit, function->arity + 1};
  int32_t entry = here(&assembler);
  assemble_entry(&assembler, result);
  result->direct = here(&assembler);
  emit(&assembler, CODE_ENTER), emit(&assembler, (int32_t)unit->name);
  Layout layout = new_layout(&assembler, NULL);
  for (uint32_t i = 0; i < function->arity; i++) layout.registers[i] = (int32_t)i, layout.taken[i] = 1;
  uint64_t *nothing = calloc(bit_words(unit->variables + 1), sizeof *nothing);
  if (!nothing) memory_exhausted();
  release_dead(&assembler, &layout, unit->steps, nothing);
  assemble(&assembler, unit->steps, &layout, NULL, nothing);
  free(nothing);
  free_layout(&layout);
  result->entry = entry;
  uint32_t frame = assembler.peak + 1;
  result->frame = frame > base->frame ? frame : base->frame;
}
