// The reducer: a machine with the heap of machine.h, a stack of continuation frames, and one loop.
//
// The loop is in one of three states:
//   eval    `term` is to be reduced to weak head normal form
//   ret     `term` is one; the frame on top of the stack takes it
//   run     a function's code runs in the frame of registers at `fp`
//
// Frames, bottom first; the low 4 bits of the last word are the kind:
//   FRAME_STOP                                 the bottom: leave the loop
//   FRAME_APP           [argument]             the function of an application is being reduced
//   FRAME_OP2_LEFT      [right]  extra         the left operand is; extra: operator and place
//   FRAME_OP2_RIGHT     [left]   extra         the right operand is
//   FRAME_DUP0, _DUP1            location      the term of a dup is, for one of its sides
//   FRAME_RUN           [registers] offset     what an instruction at this offset of the code asked for
//   FRAME_ODD           [arguments] index name a strict argument after one that was no value
//   FRAME_NORMAL                 location      a cell to be normalised
//   FRAME_NORMAL_STORE           location      … whose weak head normal form is being made
//   FRAME_NORMAL_BELOW           location      … whose term is a weak head normal form already
//   FRAME_BUILTIN       [rewrites, arguments' node] name   a built-in function whose arguments are being normalised
//
// Demanded terms are moved from the heap to the stack: an evaluation owns what it reduces, and only dups are shared. A
// cell that stays reachable while its term is being reduced holds 0; a dup is marked as claimed.
#include "machine.h"
#include "rules.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

enum { FRAME_SHIFT = 4, ODD_INDEX_SHIFT = 4, ODD_NAME_SHIFT = 12, STACK_SLACK = 8 };

static inline Word u60_operate(Operator op, Word a, Word b) {
  // Packed numbers: the value is in the upper bits. Division and remainder are given b != 0.
  switch (op) {
  case OP_ADD: return a + b;
  case OP_SUB: return a - b;
  case OP_MUL: return (a >> NUMBER_KIND_BITS) * b;
  case OP_DIV: return number_u60(a / b);
  case OP_MOD: return a % b;
  case OP_AND: return a & b;
  case OP_OR: return a | b;
  case OP_XOR: return a ^ b;
  case OP_SHL: return number_value(b) < 60 ? a << number_value(b) : 0;
  case OP_SHR: return number_value(b) < 60 ? number_u60(number_value(a) >> number_value(b)) : 0;
  case OP_LT: return number_u60(a < b);
  case OP_LE: return number_u60(a <= b);
  case OP_EQ: return number_u60(a == b);
  case OP_GE: return number_u60(a >= b);
  case OP_GT: return number_u60(a > b);
  case OP_NE: return number_u60(a != b);
  case OP_COUNT: break;
  }
  return 0;
}

// Both are numbers of one kind: (op N M) -> the number                                                        Op2-Num
static inline bool operate_numbers(Machine *machine, Operator op, Word a, Word b, Word *result) {
  if (LIKELY(((a | b) & NUMBER_KIND_MASK) == TAG_NUM)) {
    if (UNLIKELY(b == 0 && (op == OP_DIV || op == OP_MOD))) return false;
    machine->rewrites[RULE_OP2_NUM]++;
    *result = u60_operate(op, a, b);
    return true;
  }
  if (word_tag(a) != TAG_FLO || word_tag(b) != TAG_FLO) return false;
  machine->rewrites[RULE_OP2_NUM]++;
  return number_operate(op, a, b, result);
}

static _Noreturn void fail_division(Machine *machine, unsigned extra, Word left) {
  const CodePlace *place = &machine->code.places.items[op2_place(extra)];
  Buffer text = {0};
  buffer_format(&text, "while reducing (%s ", OPERATOR_TEXT[op2_operator(extra)]);
  number_print(&text, left);
  buffer_text(&text, " 0)");
  const char *name = machine->program->names.items[place->function].text;
  if (place->source && *name != '(') buffer_format(&text, " in a rule of %s", name); // else: in the expression
  char *hint = arena_text(&machine->diagnostics->arena, text.text, text.size);
  buffer_free(&text);
  machine_fail(machine, MACHINE_FAILED, place, hint, "division by zero");
}

// The term of a dup asks for the other side of the same dup.
static _Noreturn void fail_cycle(Machine *machine) {
  const char *hint = machine->program->has_scopeless
                         ? "follow the scopeless variables"
                         : "a λ that clones its own variable was cloned itself, and one copy was given to the other: "
                           "lazy cloning has no result for that; build the copies separately, by calls of a function";
  machine_fail(machine, MACHINE_FAILED, NULL, hint, "a value depends on itself");
}

// An operation whose operands are both in weak head normal form.
static Word operate(Machine *machine, unsigned extra, Word left, Word right) {
  Operator op = op2_operator(extra);
  Word result;
  if (operate_numbers(machine, op, left, right, &result)) return result;
  if (word_tag(left) == TAG_NUM && right == number_u60(0)) fail_division(machine, extra, left);
  if (word_tag(left) == TAG_SUP || word_tag(right) == TAG_SUP)
    return operate_superposition(machine, extra, left, right);
  if (word_tag(left) == TAG_ERA || word_tag(right) == TAG_ERA) {
    heap_erase(machine, left);
    heap_erase(machine, right);
    return TAG_ERA;
  }
  return new_pair(machine, TAG_OP2, extra, left, right);
}

// The term of a dup is in weak head normal form and no λ (see lift_lambda): what the demanded side gets. Sets *again when that must be reduced
// further.
static Word fire_dup(Machine *machine, Location dup, unsigned side, Word term, bool *again) {
  Word state = machine->heap[dup + 1] & ~(Word)DUP_CLAIMED;
  Word other_dead = state & (side ? DUP_DEAD0 : DUP_DEAD1);
  Word results[2];
  if (word_is_flat(term)) {
    machine->rewrites[word_tag(term) == TAG_CTR ? RULE_DUP_CTR : RULE_DUP_NUM]++;
    results[0] = results[1] = term;
  } else if (word_tag(term) > TAG_SUP) { // stuck
    machine->heap[dup] = term;
    machine->heap[dup + 1] = state;
    return word_make(TAG_DP0 + side, 0, dup);
  } else if (other_dead && !(state >> DUP_LABEL_SHIFT)) { // nobody else will ask: a move
    heap_free(machine, dup, 2);
    return term;
  } else if (word_tag(term) == TAG_CTR) {
    dup_constructor(machine, term, state & ~DUP_SESSION_MASK, results);
  } else if (state >> DUP_LABEL_SHIFT &&
             label_projects(state >> DUP_LABEL_SHIFT, machine->heap[word_location(term) + 2])) {
    dup_same_superposition(machine, term, state, results);
    *again = true;
  } else {
    dup_other_superposition(machine, term, state & ~DUP_SESSION_MASK, results);
  }
  if (other_dead) {
    heap_free(machine, dup, 2);
  } else {
    machine->heap[dup] = results[1 - side];
    machine->heap[dup + 1] = DUP_FIRED;
  }
  return results[side];
}

// A λ that one or more dups wait for, and perhaps an application below them, on its way down the stack. Only what stays
// is built: the copies that are demanded are not, since the next frame takes them apart again. In between, the λ is
// the cell that awaits what its variable stands for (at first its slot, then a side of a superposition) and its body.
//
// dup r s = λx f
// --------------------------------------- Dup-Lam
// dup f0 f1 = f
// r <- λx0 f0
// s <- λx1 f1
// x <- {x0 x1}
//
// Returns the new top of the stack. *term becomes what is to be evaluated next (*applied), or a λ.
static Word *lift_lambda(Machine *machine, Word *term, Word *sp, bool *applied) {
  Word *const heap = machine->heap;
  Location cell = word_location(*term);
  Word body = heap[cell + 1];
  const bool used = heap[cell] == SLOT_FREE;
  if (!used) heap_free(machine, cell, 2);
  for (;;) {
    unsigned kind = (unsigned)(sp[-1] & 15);
    if (kind == FRAME_APP) {
      machine->rewrites[RULE_APP_LAM]++;
      if (used) heap[cell] = sp[-2];
      else heap_erase(machine, sp[-2]);
      *term = body;
      *applied = true;
      return sp - 2;
    }
    if (kind != FRAME_DUP0 && kind != FRAME_DUP1) break;
    Location outer = *--sp >> FRAME_SHIFT;
    unsigned side = kind - FRAME_DUP0;
    Word state = heap[outer + 1] & ~(DUP_CLAIMED | DUP_SESSION_MASK), dead = state & (side ? DUP_DEAD0 : DUP_DEAD1);
    if (!(state >> DUP_LABEL_SHIFT)) {
      if (dead) { // nobody else will ask: a move
        heap_free(machine, outer, 2);
        continue;
      }
      state |= fresh_label(machine) << DUP_LABEL_SHIFT;
    }
    machine->rewrites[RULE_DUP_LAM]++;
    Location inner = new_dup(machine, body, state);
    Word variable = TAG_ERA;
    if (dead) {
      heap_free(machine, outer, 2);
    } else {
      Location copy = heap_alloc(machine, 2);
      heap[copy] = used ? SLOT_FREE : SLOT_UNUSED;
      heap[copy + 1] = word_make(TAG_DP1 - side, 0, inner);
      variable = word_make(TAG_VAR, 0, copy);
      heap[outer] = word_make(TAG_LAM, 0, copy);
      heap[outer + 1] = DUP_FIRED;
    }
    body = word_make(TAG_DP0 + side, 0, inner);
    if (!used) continue;
    Location superposition = heap_alloc(machine, 3);
    heap[superposition + 1 - side] = variable;
    heap[superposition + 2] = state >> DUP_LABEL_SHIFT;
    heap[cell] = word_make(TAG_SUP, 0, superposition);
    cell = superposition + side;
  }
  Location lambda = heap_alloc(machine, 2);
  heap[lambda] = used ? SLOT_FREE : SLOT_UNUSED;
  heap[lambda + 1] = body;
  if (used) heap[cell] = word_make(TAG_VAR, 0, lambda);
  *term = word_make(TAG_LAM, 0, lambda);
  *applied = false;
  return sp;
}

// A superposition that is applied, where a dup of its label waits for the result: what the dup does not choose is built,
// what it chooses goes on.
//
// dup x y = ({a b} c …), of one label, for x
// --------------------------------------- App-Sup …, Dup-Sup
// dup c0 c1 = c …
// y <- (b c1 …)
// (a c0 …)
//
// Returns the new top of the stack, with *term to be evaluated; NULL when no such dup waits.
static Word *project_application(Machine *machine, Word *term, Word *sp) {
  Word *const heap = machine->heap;
  Location superposition = word_location(*term);
  Label label = heap[superposition + 2];
  Word *below = sp;
  while (below[-1] == FRAME_APP) below -= 2;
  unsigned kind = (unsigned)(below[-1] & 15);
  if (kind != FRAME_DUP0 && kind != FRAME_DUP1) return NULL;
  Location dup = below[-1] >> FRAME_SHIFT;
  Word state = heap[dup + 1], dead = state & (DUP_DEAD0 | DUP_DEAD1);
  if (!(state >> DUP_LABEL_SHIFT) || !label_projects(state >> DUP_LABEL_SHIFT, label)) return NULL;
  unsigned side = kind - FRAME_DUP0;
  Word other = heap[superposition + 1 - side];
  *term = heap[superposition + side];
  heap_free(machine, superposition, 3);
  machine->rewrites[RULE_DUP_SUP]++;
  for (Word *at = sp; at > below; at -= 2) {
    Word copies[2];
    machine->rewrites[RULE_APP_SUP]++;
    clone(machine, at[-2], label << DUP_LABEL_SHIFT | dead, copies);
    at[-2] = copies[side];
    if (!dead) other = new_pair(machine, TAG_APP, 0, other, copies[1 - side]);
  }
  if (dead) {
    heap_free(machine, dup, 2);
    heap_erase(machine, other);
  } else {
    heap[dup] = other;
    heap[dup + 1] = DUP_FIRED;
  }
  for (Word *at = below; at < sp; at++) at[-1] = at[0]; // the dup's frame is gone
  return sp - 1;
}

const Word *machine_next_frame(const Machine *machine, const Word *top) {
  switch (*top & 15) {
  case FRAME_APP: case FRAME_OP2_LEFT: case FRAME_OP2_RIGHT: return top - 2;
  case FRAME_BUILTIN: return top - 3;
  case FRAME_RUN: return top - 1 - machine->code.words.items[(*top >> FRAME_SHIFT) + 2];
  case FRAME_ODD: return top - 1 - machine->code.functions.items[*top >> ODD_NAME_SHIFT]->arity;
  default: return top - 1;
  }
}

NameId machine_frame_function(const Machine *machine, const Word *top) {
  switch (*top & 15) {
  case FRAME_RUN: return (NameId)machine->code.words.items[(*top >> FRAME_SHIFT) + 3];
  case FRAME_ODD: return (NameId)(*top >> ODD_NAME_SHIFT);
  case FRAME_BUILTIN: return (NameId)(*top >> FRAME_SHIFT);
  default: return UINT32_MAX;
  }
}

// A superposition at an occurrence inside an argument moves up to the argument itself.
static unsigned lift_to_argument(Machine *machine, const FunctionCode *function, Word *fp, unsigned occurrence) {
  while (occurrence >= function->arity) {
    Occurrence place = function->function->occurrences.items[occurrence];
    Word node = fp[place.parent];
    unsigned arity = machine->code.arities.items[word_extra(node)];
    machine->rewrites[RULE_FUN_SUP]++;
    fp[place.parent] = lift_superposition(machine, word_key(node), cell(machine, word_location(node)), arity, place.field);
    heap_free(machine, word_location(node), arity);
    if (place.parent >= function->arity) {
      Occurrence above = function->function->occurrences.items[place.parent];
      machine->heap[word_location(fp[above.parent]) + above.field] = fp[place.parent];
    }
    occurrence = place.parent;
  }
  return occurrence;
}

static Word rebuild_call(Machine *machine, unsigned name, const Word *fields, unsigned arity) {
  if (arity == 0) return word_make(TAG_CAL, name, 0);
  Location node = heap_alloc(machine, arity);
  memcpy(cell(machine, node), fields, arity * sizeof *fields);
  return word_make(TAG_CAL, name, node);
}

// All strict arguments are in weak head normal form, one of them no value.
static Word odd_call(Machine *machine, unsigned name, Word *fp) {
  const FunctionCode *function = machine->code.functions.items[name];
  for (unsigned i = 0; i < function->arity; i++) {
    if (!function->strict[i] || word_tag(fp[i]) != TAG_SUP) continue;
    machine->rewrites[RULE_FUN_SUP]++;
    return lift_superposition(machine, word_make(TAG_CAL, name, 0), fp, function->arity, i);
  }
  for (unsigned i = 0; i < function->arity; i++) {
    if (!function->strict[i] || word_tag(fp[i]) != TAG_ERA) continue;
    for (unsigned k = 0; k < function->arity; k++) heap_erase(machine, fp[k]);
    return TAG_ERA;
  }
  return rebuild_call(machine, name, fp, function->arity);
}

// Pushes frames for what is to be normalised below a term in weak head normal form. The leftmost comes on top. The
// strict parts of a stuck term are in weak head normal form themselves.
static Word *push_parts(Machine *machine, Word term, Word *sp) {
  Location location = word_location(term);
  unsigned name = word_extra(term);
#define PUSH(kind, place) (*sp++ = (Word)(place) << FRAME_SHIFT | (kind))
  switch (word_tag(term)) {
  case TAG_CTR:
    for (unsigned i = location ? machine->code.arities.items[name] : 0; i-- > 0;) PUSH(FRAME_NORMAL, location + i);
    break;
  case TAG_CAL: {
    const FunctionCode *function = machine->code.functions.items[name];
    for (unsigned i = function->arity; i-- > 0;)
      PUSH(function->strict[i] ? FRAME_NORMAL_BELOW : FRAME_NORMAL, location + i);
    break;
  }
  case TAG_LAM: PUSH(FRAME_NORMAL, location + 1); break;
  case TAG_SUP: PUSH(FRAME_NORMAL, location + 1), PUSH(FRAME_NORMAL, location); break;
  case TAG_APP: PUSH(FRAME_NORMAL, location + 1), PUSH(FRAME_NORMAL_BELOW, location); break;
  case TAG_OP2: PUSH(FRAME_NORMAL_BELOW, location + 1), PUSH(FRAME_NORMAL_BELOW, location); break;
  case TAG_DP0: case TAG_DP1: {
    // Both sides of a stuck dup show the same term: once is enough.
    Word *state = cell(machine, location + 1), mark = (Word)machine->session << DUP_SESSION_SHIFT;
    if ((*state & DUP_SESSION_MASK) == mark && mark != DUP_SESSION_MASK) {
      machine->stale = true; // unless something is substituted into it after all
      break;
    }
    *state = (*state & ~DUP_SESSION_MASK) | mark;
    PUSH(FRAME_NORMAL_BELOW, location);
    break;
  }
  default: break;
  }
#undef PUSH
  return sp;
}

// Pushes the frames for a built-in function and for normalising its arguments, all but the last (the continuation).
static Word *push_builtin(Machine *machine, unsigned name, Location node, Word *sp) {
  *sp++ = machine_begin_normalising(machine);
  *sp++ = node;
  *sp++ = (Word)name << FRAME_SHIFT | FRAME_BUILTIN;
  for (unsigned i = machine->code.arities.items[name] - 1u; i-- > 0;) *sp++ = (node + i) << FRAME_SHIFT | FRAME_NORMAL;
  return sp;
}

static Word make_string(Machine *machine, const CodeString *string) {
  Word text = word_make(TAG_CTR, NAME_STRING_NIL, 0);
  for (uint32_t i = string->count; i-- > 0;)
    text = new_pair(machine, TAG_CTR, NAME_STRING_CONS, number_u60(string->codes[i]), text);
  return text;
}

static inline Word read_key(const int32_t *at) {
  return (Word)(uint32_t)at[0] | (Word)(uint32_t)at[1] << 32;
}

// What a switch compares: numbers as a whole, constructors and calls by name.
static inline Word switch_key(Word term) { return word_tag(term) <= TAG_FLO ? term : word_key(term); }

static int32_t search_key(const int32_t *table, int32_t count, Word key) {
  int32_t low = 0, high = count;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (read_key(table + 3 * middle) < key) low = middle + 1;
    else high = middle;
  }
  return low < count && read_key(table + 3 * low) == key ? table[3 * low + 2] : -1;
}

// Stores what a frame waited for. A value, or a stuck call that the instruction accepts, lets the code go on: true.
static bool resume(Machine *machine, const int32_t *pc, Word *fp, Word term) {
  fp[pc[1]] = term;
  if (pc[0] == CODE_FIELD) machine->heap[word_location(fp[pc[5]]) + (Location)pc[6]] = term;
  return word_is_value(term) || (word_tag(term) == TAG_CAL && pc[0] != CODE_MATCH && pc[4]);
}

// A register or a constant, without a branch.
static inline Word operand(const Word *fp, const Word *constants, int32_t x) {
  const Word *base = x < 0 ? constants : fp;
  return base[x ^ (x >> 31)];
}

// Each instruction jumps to the next one itself: processors predict many indirect jumps better than one. Labels as
// values are an extension that gcc and clang share.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

void machine_reduce(Machine *machine) {
  static const void *const labels[CODE_COUNT] = {
      [CODE_EVAL] = &&CODE_EVAL, [CODE_MATCH] = &&CODE_MATCH, [CODE_FIELD] = &&CODE_FIELD,
      [CODE_SWITCH] = &&CODE_SWITCH, [CODE_SEARCH] = &&CODE_SEARCH, [CODE_JUMP] = &&CODE_JUMP,
      [CODE_STUCK] = &&CODE_STUCK, [CODE_BUILTIN] = &&CODE_BUILTIN, [CODE_OPEN] = &&CODE_OPEN, [CODE_OPEN_1] = &&CODE_OPEN_1, [CODE_OPEN_2] = &&CODE_OPEN_2,
      [CODE_OPEN_3] = &&CODE_OPEN_3,
      [CODE_ERASE] = &&CODE_ERASE, [CODE_DUP] = &&CODE_DUP, [CODE_DUP_NEW] = &&CODE_DUP_NEW,
      [CODE_DUP_SET] = &&CODE_DUP_SET, [CODE_LAM_NEW] = &&CODE_LAM_NEW, [CODE_LAM_SET] = &&CODE_LAM_SET,
      [CODE_LAM_UNUSED] = &&CODE_LAM_UNUSED, [CODE_CONSTANT] = &&CODE_CONSTANT, [CODE_APP] = &&CODE_APP, [CODE_NODE] = &&CODE_NODE, [CODE_NODE_1] = &&CODE_NODE_1, [CODE_NODE_2] = &&CODE_NODE_2,
      [CODE_NODE_3] = &&CODE_NODE_3,
      [CODE_SUP] = &&CODE_SUP, [CODE_STRING] = &&CODE_STRING, [CODE_LIST] = &&CODE_LIST,
      [CODE_IF_NUMBER] = &&CODE_IF_NUMBER, [CODE_CALL] = &&CODE_CALL, [CODE_RETURN] = &&CODE_RETURN,
      [CODE_OP2 + OP_ADD] = &&CODE_OP2_ADD, [CODE_OP2 + OP_SUB] = &&CODE_OP2_SUB,
      [CODE_OP2 + OP_MUL] = &&CODE_OP2_MUL, [CODE_OP2 + OP_DIV] = &&CODE_OP2_DIV,
      [CODE_OP2 + OP_MOD] = &&CODE_OP2_MOD, [CODE_OP2 + OP_AND] = &&CODE_OP2_AND,
      [CODE_OP2 + OP_OR] = &&CODE_OP2_OR, [CODE_OP2 + OP_XOR] = &&CODE_OP2_XOR,
      [CODE_OP2 + OP_SHL] = &&CODE_OP2_SHL, [CODE_OP2 + OP_SHR] = &&CODE_OP2_SHR,
      [CODE_OP2 + OP_LT] = &&CODE_OP2_LT, [CODE_OP2 + OP_LE] = &&CODE_OP2_LE,
      [CODE_OP2 + OP_EQ] = &&CODE_OP2_EQ, [CODE_OP2 + OP_GE] = &&CODE_OP2_GE,
      [CODE_OP2 + OP_GT] = &&CODE_OP2_GT, [CODE_OP2 + OP_NE] = &&CODE_OP2_NE,
      [CODE_OP2K + OP_ADD] = &&CODE_OP2K_ADD, [CODE_OP2K + OP_SUB] = &&CODE_OP2K_SUB,
      [CODE_OP2K + OP_MUL] = &&CODE_OP2K_MUL, [CODE_OP2K + OP_DIV] = &&CODE_OP2K_DIV,
      [CODE_OP2K + OP_MOD] = &&CODE_OP2K_MOD, [CODE_OP2K + OP_AND] = &&CODE_OP2K_AND,
      [CODE_OP2K + OP_OR] = &&CODE_OP2K_OR, [CODE_OP2K + OP_XOR] = &&CODE_OP2K_XOR,
      [CODE_OP2K + OP_SHL] = &&CODE_OP2K_SHL, [CODE_OP2K + OP_SHR] = &&CODE_OP2K_SHR,
      [CODE_OP2K + OP_LT] = &&CODE_OP2K_LT, [CODE_OP2K + OP_LE] = &&CODE_OP2K_LE,
      [CODE_OP2K + OP_EQ] = &&CODE_OP2K_EQ, [CODE_OP2K + OP_GE] = &&CODE_OP2K_GE,
      [CODE_OP2K + OP_GT] = &&CODE_OP2K_GT, [CODE_OP2K + OP_NE] = &&CODE_OP2K_NE};
#define NEXT() goto *labels[pc[0]]
  Word *const heap = machine->heap;
  const int32_t *const code = machine->code.words.items;
  const Word *const constants = machine->code.constants.items;
  FunctionCode *const *const functions = machine->code.functions.items;
  Word *sp = machine->stack_top, *fp = sp;
  const int32_t *pc = code;
  Word term = 0;
  goto ret;

// `loose` words above the top of the stack are terms, too.
#define CHECK_STACK(words, loose)                                                                                      \
  do {                                                                                                                 \
    if (UNLIKELY(sp + (words) > atomic_load_explicit(&machine->stack_limit, memory_order_relaxed)))                    \
      machine_more_stack(machine, sp, (words), (loose), term);                                                         \
  } while (0)

eval:
  switch (word_tag(term)) {
  case TAG_APP: {
    Location location = word_location(term);
    CHECK_STACK(STACK_SLACK, 0);
    sp[0] = heap[location + 1];
    sp[1] = FRAME_APP;
    sp += 2;
    term = heap[location];
    heap_free(machine, location, 2);
    goto eval;
  }
  case TAG_OP2: {
    Location location = word_location(term);
    CHECK_STACK(STACK_SLACK, 0);
    sp[0] = heap[location + 1];
    sp[1] = (Word)word_extra(term) << FRAME_SHIFT | FRAME_OP2_LEFT;
    sp += 2;
    term = heap[location];
    heap_free(machine, location, 2);
    goto eval;
  }
  case TAG_CAL: {
    const FunctionCode *function = functions[word_extra(term)];
    Location location = word_location(term);
    unsigned arity = function->arity;
    CHECK_STACK(function->frame + STACK_SLACK, 0);
    fp = sp;
    if (arity) {
      for (unsigned i = 0; i < arity; i++) {
        fp[i] = heap[location + i];
        __builtin_prefetch(&heap[word_location(fp[i])]);
      }
      heap_free(machine, location, arity);
    }
    pc = code + function->entry;
    goto run;
  }
  case TAG_VAR: {
    Location location = word_location(term);
    Word slot = heap[location];
    if (UNLIKELY(word_tag(slot) == TAG_SLOT)) goto ret;
    heap_free(machine, location, 2);
    term = slot;
    goto eval;
  }
  case TAG_DP0:
  case TAG_DP1: {
    Location location = word_location(term);
    Word state = heap[location + 1];
    if (state & DUP_FIRED) {
      term = heap[location];
      heap_free(machine, location, 2);
      goto eval;
    }
    unsigned side = word_tag(term) - TAG_DP0;
    if (UNLIKELY(state & DUP_CLAIMED)) fail_cycle(machine);
    if (!(state >> DUP_LABEL_SHIFT) && state & (side ? DUP_DEAD0 : DUP_DEAD1)) {
      term = heap[location];
      heap_free(machine, location, 2);
      goto eval;
    }
    CHECK_STACK(STACK_SLACK, 0);
    heap[location + 1] = state | DUP_CLAIMED;
    *sp++ = location << FRAME_SHIFT | (FRAME_DUP0 + side);
    term = heap[location];
    goto eval;
  }
  default: goto ret;
  }

ret:;
  Word frame = sp[-1];
  switch (frame & 15) {
  case FRAME_STOP: machine->stack_top = sp; return;
  case FRAME_APP: {
    Word argument = sp[-2];
    sp -= 2;
    if (LIKELY(word_tag(term) == TAG_LAM)) {
      // (λx body a)
      // --------------- App-Lam
      // x <- a
      // body
      Location lambda = word_location(term);
      machine->rewrites[RULE_APP_LAM]++;
      term = heap[lambda + 1];
      if (LIKELY(heap[lambda] == SLOT_FREE)) {
        heap[lambda] = argument;
      } else {
        heap_free(machine, lambda, 2);
        heap_erase(machine, argument);
      }
      goto eval;
    }
    if (word_tag(term) == TAG_SUP) {
      sp += 2;
      Word *rest = project_application(machine, &term, sp);
      if (rest) {
        sp = rest;
        goto eval;
      }
      sp -= 2;
      term = apply_superposition(machine, term, argument);
      goto ret;
    }
    if (word_tag(term) == TAG_ERA) heap_erase(machine, argument);
    else term = new_pair(machine, TAG_APP, 0, term, argument);
    goto ret;
  }
  case FRAME_OP2_LEFT: {
    Word right = sp[-2];
    unsigned extra = (unsigned)(frame >> FRAME_SHIFT);
    if (word_tag(right) <= TAG_ERA) {
      sp -= 2;
      term = operate(machine, extra, term, right);
      goto ret;
    }
    sp[-2] = term;
    sp[-1] = (Word)extra << FRAME_SHIFT | FRAME_OP2_RIGHT;
    term = right;
    goto eval;
  }
  case FRAME_OP2_RIGHT: {
    Word left = sp[-2];
    unsigned extra = (unsigned)(frame >> FRAME_SHIFT);
    sp -= 2;
    term = operate(machine, extra, left, term);
    goto ret;
  }
  case FRAME_DUP0:
  case FRAME_DUP1: {
    bool again = false;
    sp--;
    if (word_tag(term) == TAG_LAM) {
      bool applied;
      sp = lift_lambda(machine, &term, sp + 1, &applied);
      if (applied) goto eval;
      goto ret;
    }
    term = fire_dup(machine, frame >> FRAME_SHIFT, (unsigned)(frame & 15) - FRAME_DUP0, term, &again);
    if (again) goto eval;
    goto ret;
  }
  case FRAME_RUN: {
    pc = code + (frame >> FRAME_SHIFT);
    fp = sp - 1 - pc[2];
    if (LIKELY(word_is_value(term))) {
      fp[pc[1]] = term;
      if (pc[0] == CODE_FIELD) heap[word_location(fp[pc[5]]) + (Location)pc[6]] = term;
      sp = fp;
      goto run;
    }
    sp = fp;
    if (resume(machine, pc, fp, term)) {
      pc += pc[0] == CODE_EVAL ? 5 : 7;
      goto run;
    }
    unsigned name = (unsigned)pc[3], index = (unsigned)pc[1];
    const FunctionCode *function = functions[name];
    if (index >= function->arity) {
      if (word_tag(term) == TAG_SUP) lift_to_argument(machine, function, fp, index);
      index = function->arity - 1;
    }
    sp = fp + function->arity;
    *sp++ = (Word)name << ODD_NAME_SHIFT | (Word)index << ODD_INDEX_SHIFT | FRAME_ODD;
    term = fp[index];
    goto ret;
  }
  case FRAME_ODD: {
    unsigned name = (unsigned)(frame >> ODD_NAME_SHIFT), index = (unsigned)(frame >> ODD_INDEX_SHIFT & 0xFF);
    const FunctionCode *function = functions[name];
    fp = sp - 1 - function->arity;
    fp[index] = term;
    for (index++; index < function->arity; index++)
      if (function->strict[index] && word_tag(fp[index]) > TAG_ERA) break;
    if (index < function->arity) {
      sp[-1] = (Word)name << ODD_NAME_SHIFT | (Word)index << ODD_INDEX_SHIFT | FRAME_ODD;
      term = fp[index];
      goto eval;
    }
    sp = fp;
    term = odd_call(machine, name, fp);
    goto ret;
  }
  case FRAME_NORMAL: {
    Location location = frame >> FRAME_SHIFT;
    term = heap[location];
    if (word_is_flat(term)) {
      sp--;
      goto ret;
    }
    sp[-1] = (Word)location << FRAME_SHIFT | FRAME_NORMAL_STORE;
    heap[location] = 0; // moved out
    goto eval;
  }
  case FRAME_NORMAL_STORE:
    heap[frame >> FRAME_SHIFT] = term;
    sp--;
    CHECK_STACK(SIZE_CLASSES + STACK_SLACK, 0);
    sp = push_parts(machine, term, sp);
    goto ret;
  case FRAME_NORMAL_BELOW:
    sp--;
    term = 0;
    CHECK_STACK(SIZE_CLASSES + STACK_SLACK, 0);
    sp = push_parts(machine, heap[frame >> FRAME_SHIFT], sp);
    goto ret;
  case FRAME_BUILTIN: {
    Location node = sp[-2];
    unsigned name = (unsigned)(frame >> FRAME_SHIFT);
    const FunctionCode *function = functions[name];
    sp -= 3;
    if (machine_must_repeat(machine, sp[0])) {
      sp = push_builtin(machine, name, node, sp);
      goto ret;
    }
    machine->stack_top = sp;
    BuiltinResult result = machine_builtin(machine, function->builtin, &heap[node]);
    if (result.stuck) {
      term = word_make(TAG_CAL, name, node);
      goto ret;
    }
    heap_free(machine, node, function->arity);
    if (result.applied) { // in the place of the frame that was here
      sp[0] = result.argument;
      sp[1] = FRAME_APP;
      sp += 2;
    }
    term = result.next;
    goto eval;
  }
  default: __builtin_unreachable();
  }

#define OPERAND(x) operand(fp, constants, (x))
#define EVALUATE(x)                                                                                                    \
  do {                                                                                                                 \
    sp = fp + pc[2];                                                                                                   \
    *sp++ = (Word)(pc - code) << FRAME_SHIFT | FRAME_RUN;                                                              \
    term = (x);                                                                                                        \
    goto eval;                                                                                                         \
  } while (0)

run:
  NEXT();
  CODE_EVAL: {
    Word argument = fp[pc[1]];
    if (!word_is_value(argument)) EVALUATE(argument);
    pc += 5;
    NEXT();
  }
  CODE_MATCH: {
    Word argument = fp[pc[1]];
    if (!word_is_value(argument)) EVALUATE(argument);
    Word key = switch_key(argument);
    int32_t target = pc[5];
    const int32_t *at = pc + 6;
    for (int32_t n = pc[4]; n > 0; n--, at += 3)
      if (read_key(at) == key) {
        target = at[2];
        break;
      }
    pc = code + target;
    NEXT();
  }
  CODE_FIELD: {
    Word field = heap[word_location(fp[pc[5]]) + (Location)pc[6]];
    if (!word_is_value(field)) {
      heap[word_location(fp[pc[5]]) + (Location)pc[6]] = 0; // moved out
      EVALUATE(field);
    }
    fp[pc[1]] = field;
    pc += 7;
    NEXT();
  }
  CODE_SWITCH: {
    Word argument = fp[pc[1]], key = switch_key(argument);
    int32_t target = word_is_value(argument) ? pc[3] : pc[4];
    const int32_t *at = pc + 5;
    for (int32_t n = pc[2]; n > 0; n--, at += 3)
      if (read_key(at) == key) {
        target = at[2];
        break;
      }
    pc = code + target;
    NEXT();
  }
  CODE_SEARCH: {
    Word argument = fp[pc[1]];
    int32_t target = search_key(pc + 5, pc[2], switch_key(argument));
    if (target < 0) target = word_is_value(argument) ? pc[3] : pc[4];
    pc = code + target;
    NEXT();
  }
  CODE_JUMP: pc = code + pc[1]; NEXT();
  CODE_STUCK:;
    sp = fp;
    term = rebuild_call(machine, (unsigned)pc[1], fp, functions[pc[1]]->arity);
    goto ret;
  CODE_BUILTIN: goto builtin;
#define OPEN_FIELD(i) (to[i] = from[i], __builtin_prefetch(&heap[word_location(to[i])]))
#define OPEN_FIELDS(n, ...)                                                                                            \
  CODE_OPEN_##n: {                                                                                                     \
    Location location = word_location(fp[pc[1]]);                                                                      \
    Word *to = fp + pc[2], *from = heap + location;                                                                    \
    __VA_ARGS__;                                                                                                       \
    heap_free(machine, location, n);                                                                                   \
    pc += 3;                                                                                                           \
    NEXT();                                                                                                            \
  }
  OPEN_FIELDS(1, OPEN_FIELD(0))
  OPEN_FIELDS(2, OPEN_FIELD(0), OPEN_FIELD(1))
  OPEN_FIELDS(3, OPEN_FIELD(0), OPEN_FIELD(1), OPEN_FIELD(2))
  CODE_OPEN: {
    Location location = word_location(fp[pc[1]]);
    Word *to = fp + pc[2];
    int32_t n = pc[3];
    for (int32_t i = 0; i < n; i++) {
      to[i] = heap[location + (Location)i];
      __builtin_prefetch(&heap[word_location(to[i])]);
    }
    heap_free(machine, location, (unsigned)n);
    pc += 4;
    NEXT();
  }
  CODE_ERASE: {
    Word erased = OPERAND(pc[1]);
    heap_erase(machine, erased);
    pc += 2;
    NEXT();
  }
  CODE_DUP: {
    Word copies[2];
    clone(machine, OPERAND(pc[3]), 0, copies);
    fp[pc[1]] = copies[0];
    fp[pc[2]] = copies[1];
    pc += 4;
    NEXT();
  }
  CODE_DUP_NEW: {
    Location dup = new_dup(machine, 0, 0);
    fp[pc[1]] = fp[pc[3]] = word_make(TAG_DP0, 0, dup);
    fp[pc[2]] = word_make(TAG_DP1, 0, dup);
    pc += 4;
    NEXT();
  }
  CODE_DUP_SET: {
    Word value = OPERAND(pc[2]);
    heap[word_location(fp[pc[1]])] = value;
    pc += 3;
    NEXT();
  }
  CODE_LAM_NEW: {
    Location lambda = heap_alloc(machine, 2);
    heap[lambda] = SLOT_FREE;
    fp[pc[1]] = word_make(TAG_LAM, 0, lambda);
    fp[pc[2]] = word_make(TAG_VAR, 0, lambda);
    pc += 3;
    NEXT();
  }
  CODE_LAM_SET: {
    Word body = OPERAND(pc[2]);
    heap[word_location(fp[pc[1]]) + 1] = body;
    pc += 3;
    NEXT();
  }
  CODE_LAM_UNUSED: {
    Word body = OPERAND(pc[2]);
    fp[pc[1]] = new_pair(machine, TAG_LAM, 0, SLOT_UNUSED, body);
    pc += 3;
    NEXT();
  }
  CODE_CONSTANT:;
    fp[pc[1]] = constants[pc[2]];
    pc += 3;
    NEXT();
  CODE_APP: {
    fp[pc[1]] = new_pair(machine, TAG_APP, 0, fp[pc[2]], fp[pc[3]]);
    pc += 4;
    NEXT();
  }
  CODE_NODE: {
    int32_t n = pc[3];
    Location node = heap_alloc(machine, (unsigned)n);
    for (int32_t i = 0; i < n; i++) heap[node + (Location)i] = OPERAND(pc[4 + i]);
    fp[pc[1]] = constants[~pc[2]] | node << WORD_LOCATION_SHIFT;
    pc += 4 + n;
    NEXT();
  }
#define NODE_FIELD(i) (to[i] = fp[pc[3 + (i)]])
#define NODE_FIELDS(n, ...)                                                                                            \
  CODE_NODE_##n: {                                                                                                     \
    Location node = heap_alloc(machine, n);                                                                            \
    Word *to = heap + node;                                                                                            \
    __VA_ARGS__;                                                                                                       \
    fp[pc[1]] = constants[~pc[2]] | node << WORD_LOCATION_SHIFT;                                                       \
    pc += 3 + n;                                                                                                       \
    NEXT();                                                                                                            \
  }
  NODE_FIELDS(1, NODE_FIELD(0))
  NODE_FIELDS(2, NODE_FIELD(0), NODE_FIELD(1))
  NODE_FIELDS(3, NODE_FIELD(0), NODE_FIELD(1), NODE_FIELD(2))
  CODE_SUP: {
    Word first = OPERAND(pc[2]), second = OPERAND(pc[3]);
    fp[pc[1]] = new_superposition(machine, first, second, fresh_label(machine));
    pc += 4;
    NEXT();
  }
  CODE_STRING:;
    fp[pc[1]] = make_string(machine, &machine->code.strings.items[pc[2]]);
    pc += 3;
    NEXT();
  CODE_LIST: {
    int32_t n = pc[2];
    Word list = word_make(TAG_CTR, NAME_LIST_NIL, 0);
    for (int32_t i = n; i-- > 0;) list = new_pair(machine, TAG_CTR, NAME_LIST_CONS, OPERAND(pc[3 + i]), list);
    fp[pc[1]] = list;
    pc += 3 + n;
    NEXT();
  }
  CODE_IF_NUMBER: {
    Word x = OPERAND(pc[1]);
    pc = word_tag(x) == TAG_NUM ? pc + 3 : code + pc[2];
    NEXT();
  }
  CODE_CALL: {
    // The frames and the arguments overwrite the registers that they come from: through a buffer.
    int32_t m = pc[1], n = pc[3];
    const FunctionCode *function = functions[pc[2]];
    const int32_t *at = pc + 4;
    Word words[2 * 64 + ARITY_LIMIT];
    machine->rewrites[RULE_FUN_RULE]++;
    for (int32_t i = 0; i < m + n; i++) words[i] = OPERAND(at[i]);
    for (int32_t i = 0; i < m + n; i++) fp[i] = words[i];
    fp += m;
    sp = fp;
    term = word_make(TAG_CAL, (unsigned)pc[2], 0);
    CHECK_STACK(function->frame + STACK_SLACK + (unsigned)n, (size_t)n);
    pc = code + function->entry;
    NEXT();
  }
  CODE_RETURN: {
    int32_t m = pc[1];
    const int32_t *at = pc + 3;
    Word words[2 * 64];
    machine->rewrites[RULE_FUN_RULE]++;
    term = OPERAND(pc[2]);
    for (int32_t i = 0; i < m; i++) words[i] = OPERAND(at[i]);
    for (int32_t i = 0; i < m; i++) fp[i] = words[i];
    sp = fp + m;
    goto eval;
  }
#define OPERATION(form, op, y)                                                                                         \
  CODE_##form##_##op: {                                                                                                \
    Word left = fp[pc[2]], right = (y), result;                                                                        \
    if (!operate_numbers(machine, OP_##op, left, right, &result))                                                      \
      result = new_pair(machine, TAG_OP2, word_extra(constants[pc[4]]), left, right);                                  \
    fp[pc[1]] = result;                                                                                                \
    pc += 5;                                                                                                           \
    NEXT();                                                                                                            \
  }
#define BOTH_OPERATIONS(op) OPERATION(OP2, op, fp[pc[3]]) OPERATION(OP2K, op, constants[pc[3]])
  BOTH_OPERATIONS(ADD)
  BOTH_OPERATIONS(SUB)
  BOTH_OPERATIONS(MUL)
  BOTH_OPERATIONS(DIV)
  BOTH_OPERATIONS(MOD)
  BOTH_OPERATIONS(AND)
  BOTH_OPERATIONS(OR)
  BOTH_OPERATIONS(XOR)
  BOTH_OPERATIONS(SHL)
  BOTH_OPERATIONS(SHR)
  BOTH_OPERATIONS(LT)
  BOTH_OPERATIONS(LE)
  BOTH_OPERATIONS(EQ)
  BOTH_OPERATIONS(GE)
  BOTH_OPERATIONS(GT)
  BOTH_OPERATIONS(NE)

builtin: {
  unsigned name = (unsigned)pc[1];
  Builtin builtin = (Builtin)pc[2];
  if (builtin == BUILTIN_U60_IF || builtin == BUILTIN_U60_SWAP || builtin == BUILTIN_SLEEP) {
    if (word_tag(fp[0]) != TAG_NUM) { // a constructor, λ or float: stuck
      sp = fp;
      term = rebuild_call(machine, name, fp, functions[name]->arity);
      goto ret;
    }
    machine->rewrites[RULE_FUN_RULE]++;
    sp = fp;
    if (builtin == BUILTIN_U60_IF) {
      Word condition = fp[0], yes = fp[1], no = fp[2];
      term = condition ? yes : no;
      heap_erase(machine, condition ? no : yes);
      goto eval;
    }
    if (builtin == BUILTIN_U60_SWAP) {
      term = fp[0] ? new_pair(machine, TAG_CTR, NAME_BOTH, fp[2], fp[1])
                   : new_pair(machine, TAG_CTR, NAME_BOTH, fp[1], fp[2]);
      goto ret;
    }
    machine->stack_top = sp;
    BuiltinResult result = machine_builtin(machine, builtin, fp);
    term = result.next;
    goto eval;
  }
  // The arguments wait in a node of the heap.
  unsigned arity = functions[name]->arity;
  Location node = word_location(rebuild_call(machine, name, fp, arity));
  machine->rewrites[RULE_FUN_RULE]++;
  sp = push_builtin(machine, name, node, fp);
  goto ret;
}
}
#pragma GCC diagnostic pop
