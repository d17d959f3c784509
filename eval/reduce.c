// The reducer: a machine with the heap of machine.h, a stack of continuation frames, and one loop.
//
// The loop is in one of three states:
//   eval    `term` is to be reduced to weak head normal form
//   ret     `term` is one; the frame on top of the stack takes it
//   run     a function's code runs in the frame of registers at `fp`
//
// Demanded terms are moved from the heap to the stack: an evaluation owns what it reduces, and only dups are shared. A
// cell that stays reachable while its term is being reduced holds 0; a dup is marked as claimed.
#include "claim.h"
#include "frames.h"
#include "graph_sparks.h"
#include "machine.h"
#include "rules.h"
#include "speculate.h"
#include "spark.h"
#include "worker.h"

// trace_reduce.c includes this file with hooks where states begin and where instructions do.
#ifndef HVM_TRACE
#define TRACE_POINT(state) ((void)0)
#define TRACE_CODE() ((void)0)
#define TRACE_PLAIN() false
#define TRACE_NUMBER(machine, pc, x) (word_tag(x) == TAG_NUM)
#endif

enum { FUEL = 256 };      // constructors that are built eagerly before one is left for later
enum { STACK_SLACK = 8 }; // words of the largest frame that is pushed after one check

static inline Word read_key(const int32_t *at) { return (Word)(uint32_t)at[0] | (Word)(uint32_t)at[1] << 32; }

// What a switch compares: numbers as a whole, constructors and calls by name.
static inline Word switch_key(Word term) { return word_tag(term) <= TAG_FLO ? term : word_key(term); }

static int32_t search_key(const int32_t *table, int32_t count, Word key) {
  int32_t low = 0, high = count;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (read_key(table + 3 * middle) < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && read_key(table + 3 * low) == key ? table[3 * low + 2] : -1;
}

// Stores what a frame waited for. A value, or a stuck call that the instruction accepts, lets the code go on: true.
static bool resume(Machine *machine, const int32_t *pc, Word *fp, Word term) {
  bool calls = pc[0] != CODE_MATCH && pc[4];
  unsigned tag = word_tag(term);
  if (calls && (tag == TAG_DP0 || tag == TAG_DP1) && word_tag(machine->heap[word_location(term)]) == TAG_CAL)
    term = split_stuck_call(machine, term);
  fp[pc[1]] = term;
  if (pc[0] == CODE_FIELD) machine->heap[word_location(fp[pc[5]]) + (Location)pc[6]] = term;
  return word_is_value(term) || (calls && word_tag(term) == TAG_CAL);
}

// A register or a constant, without a branch.
static inline Word operand(const Word *fp, const Word *constants, int32_t x) {
  const Word *base = x < 0 ? constants : fp;
  return base[x ^ (x >> 31)];
}

// Does what waits take a box with a value for this value?
static inline bool accepts_boxes(const int32_t *code, Word frame) {
  unsigned kind = (unsigned)(frame & FRAME_KIND_MASK);
  return kind == FRAME_STOP || kind == FRAME_SHARE || (kind == FRAME_RUN && code[frame >> FRAME_SHIFT] >= CODE_FORCE);
}

// Each instruction jumps to the next one itself: processors predict many indirect jumps better than one. Labels as
// values are an extension that gcc and clang share.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

Word machine_reduce(Machine *machine, Word term) {
  // clang-format off
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
      [CODE_IF_NUMBER] = &&CODE_IF_NUMBER, [CODE_BRANCH] = &&CODE_BRANCH, [CODE_CALL] = &&CODE_CALL, [CODE_CALL_OFFER] = &&CODE_CALL_OFFER, [CODE_RETURN] = &&CODE_RETURN,
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
      [CODE_OP2K + OP_GT] = &&CODE_OP2K_GT, [CODE_OP2K + OP_NE] = &&CODE_OP2K_NE,
      [CODE_FORCE] = &&CODE_FORCE, [CODE_FORCE_FIELD] = &&CODE_FORCE_FIELD, [CODE_CLONE_FIELD] = &&CODE_CLONE_FIELD, [CODE_UNSHARE] = &&CODE_UNSHARE,
      [CODE_LEND] = &&CODE_LEND, [CODE_BORROW] = &&CODE_BORROW, [CODE_KEEP] = &&CODE_KEEP, [CODE_CALL_UNIT] = &&CODE_CALL_UNIT, [CODE_APPLY] = &&CODE_APPLY,
      [CODE_READY] = &&CODE_READY, [CODE_REFUEL] = &&CODE_REFUEL, [CODE_ENTER] = &&CODE_ENTER, [CODE_FUEL] = &&CODE_FUEL, [CODE_PORTION] = &&CODE_PORTION, [CODE_SHALLOW] = &&CODE_SHALLOW, [CODE_HUNGRY] = &&CODE_HUNGRY, [CODE_SPARK] = &&CODE_SPARK, [CODE_HINT] = &&CODE_HINT, [CODE_JOIN] = &&CODE_JOIN,
      [CODE_IF_ZERO] = &&CODE_IF_ZERO, [CODE_TAKE] = &&CODE_TAKE, [CODE_FREE] = &&CODE_FREE,
      [CODE_REUSE] = &&CODE_REUSE, [CODE_COPY] = &&CODE_COPY, [CODE_MOVE] = &&CODE_MOVE,
      [CODE_RESULT] = &&CODE_RESULT, [CODE_TAIL_UNIT] = &&CODE_TAIL_UNIT, [CODE_TAIL_OPERAND] = &&CODE_TAIL_OPERAND, [CODE_GRAPH] = &&CODE_GRAPH,
      [CODE_LEAVE] = &&CODE_LEAVE,
      [CODE_OPERATE + OP_ADD] = &&CODE_OPERATE_ADD,
      [CODE_OPERATE + OP_SUB] = &&CODE_OPERATE_SUB,
      [CODE_OPERATE + OP_MUL] = &&CODE_OPERATE_MUL,
      [CODE_OPERATE + OP_DIV] = &&CODE_OPERATE_DIV,
      [CODE_OPERATE + OP_MOD] = &&CODE_OPERATE_MOD,
      [CODE_OPERATE + OP_AND] = &&CODE_OPERATE_AND,
      [CODE_OPERATE + OP_OR] = &&CODE_OPERATE_OR,
      [CODE_OPERATE + OP_XOR] = &&CODE_OPERATE_XOR,
      [CODE_OPERATE + OP_SHL] = &&CODE_OPERATE_SHL,
      [CODE_OPERATE + OP_SHR] = &&CODE_OPERATE_SHR,
      [CODE_OPERATE + OP_LT] = &&CODE_OPERATE_LT,
      [CODE_OPERATE + OP_LE] = &&CODE_OPERATE_LE,
      [CODE_OPERATE + OP_EQ] = &&CODE_OPERATE_EQ,
      [CODE_OPERATE + OP_GE] = &&CODE_OPERATE_GE,
      [CODE_OPERATE + OP_GT] = &&CODE_OPERATE_GT,
      [CODE_OPERATE + OP_NE] = &&CODE_OPERATE_NE,
      [CODE_OPERATEK + OP_ADD] = &&CODE_OPERATEK_ADD,
      [CODE_OPERATEK + OP_SUB] = &&CODE_OPERATEK_SUB,
      [CODE_OPERATEK + OP_MUL] = &&CODE_OPERATEK_MUL,
      [CODE_OPERATEK + OP_DIV] = &&CODE_OPERATEK_DIV,
      [CODE_OPERATEK + OP_MOD] = &&CODE_OPERATEK_MOD,
      [CODE_OPERATEK + OP_AND] = &&CODE_OPERATEK_AND,
      [CODE_OPERATEK + OP_OR] = &&CODE_OPERATEK_OR,
      [CODE_OPERATEK + OP_XOR] = &&CODE_OPERATEK_XOR,
      [CODE_OPERATEK + OP_SHL] = &&CODE_OPERATEK_SHL,
      [CODE_OPERATEK + OP_SHR] = &&CODE_OPERATEK_SHR,
      [CODE_OPERATEK + OP_LT] = &&CODE_OPERATEK_LT,
      [CODE_OPERATEK + OP_LE] = &&CODE_OPERATEK_LE,
      [CODE_OPERATEK + OP_EQ] = &&CODE_OPERATEK_EQ,
      [CODE_OPERATEK + OP_GE] = &&CODE_OPERATEK_GE,
      [CODE_OPERATEK + OP_GT] = &&CODE_OPERATEK_GT,
      [CODE_OPERATEK + OP_NE] = &&CODE_OPERATEK_NE};
  // clang-format on
#define NEXT()                                                                                                         \
  do {                                                                                                                 \
    TRACE_CODE();                                                                                                      \
    goto *labels[pc[0]];                                                                                               \
  } while (0)
  Word *const heap = machine->heap;
  Word *const words = machine->words;
  // They move when code is made, which may happen in what machine code calls.
  const int32_t *code;
  const Word *constants;
  FunctionCode *const *functions;
#define LOOK_AT_CODE()                                                                                                 \
  (code = machine->shared->code.words.items, constants = machine->shared->code.constants.items,                        \
   functions = machine->shared->code.functions.items)
  LOOK_AT_CODE();
  Word *sp = machine->stack_top, *fp = sp;
  const int32_t *pc = code;

// `loose` words above the top of the stack are terms, too.
#define CHECK_STACK(words, loose)                                                                                      \
  do {                                                                                                                 \
    if (UNLIKELY(sp + (words) > atomic_load_explicit(&machine->stack_limit, memory_order_relaxed))) {                  \
      ptrdiff_t at_ = pc - code; /* another machine may make code meanwhile */                                         \
      machine_more_stack(machine, sp, (words), (loose), term);                                                         \
      LOOK_AT_CODE();                                                                                                  \
      pc = code + at_;                                                                                                 \
    }                                                                                                                  \
  } while (0)

// What may wait for another machine, or reduce something: code may be made meanwhile.
#define MAY_WAIT(action)                                                                                               \
  do {                                                                                                                 \
    bool many_ = machine->many; /* it may be alone by then */                                                          \
    ptrdiff_t at_ = pc - code;                                                                                         \
    action;                                                                                                            \
    if (UNLIKELY(many_)) {                                                                                             \
      LOOK_AT_CODE();                                                                                                  \
      pc = code + at_;                                                                                                 \
    }                                                                                                                  \
  } while (0)

// So little of the stack is used that there may be sparks.
#define IS_SHALLOW(top) ((top) < atomic_load_explicit(&machine->spark_below, memory_order_relaxed))

// What is below a stuck term that is shared is made normal where it is: nobody else may look at it then. Where λs are
// open it may be below itself.
#define SETTLE(stuck)                                                                                                  \
  do {                                                                                                                 \
    if (UNLIKELY(word_tag(stuck) > TAG_VAR) && machine->shared->code.open) spark_stop(machine);                        \
    if (UNLIKELY(machine->many) && word_tag(stuck) > TAG_ERA && spark_any_undone(machine)) {                           \
      machine->stack_top = sp;                                                                                         \
      spark_settle(machine);                                                                                           \
      LOOK_AT_CODE();                                                                                                  \
    }                                                                                                                  \
  } while (0)

eval:
  NATIVE_CHECK_TERM(machine, term);
  TRACE_POINT(EVAL);
#ifdef HVM_TRACE
trace_eval:
#endif
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
    term = heap[location];
    if (UNLIKELY(IS_SHALLOW(sp)) && may_be_offered(sp[0])) term = offer_operand(machine, term, sp);
    sp += 2;
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
      if (UNLIKELY(IS_SHALLOW(fp)) && may_offer_arguments(function, fp)) offer_arguments(machine, function, fp);
    }
    pc = code + function->entry;
    goto run;
  }
  case TAG_VAR: {
    Location location = word_location(term);
    Word slot = load_cell(machine, location);
    if (UNLIKELY(word_tag(slot) == TAG_SLOT)) goto ret;
    heap_free(machine, location, 2);
    term = slot;
    goto eval;
  }
  case TAG_DP0:
  case TAG_DP1: {
    Location location = word_location(term);
    Word state = load_cell(machine, location + 1);
    unsigned side = word_tag(term) - TAG_DP0;
    if (UNLIKELY(machine->many) && (state == DUP_FIRED || !(state & DUP_FIRED))) { // no mark of mark_stuck
      if (UNLIKELY(machine->session != 0) && is_settling(machine, state)) goto ret;
      machine->stack_top = sp;
      CHECK_STACK(STACK_SLACK, 0);
      bool claimed = claim_dup(machine, location, &term);
      LOOK_AT_CODE();
      if (claimed) *sp++ = location << FRAME_SHIFT | (FRAME_DUP0 + side);
      goto eval;
    }
    if (state & DUP_FIRED) {
      term = heap[location];
      heap_free(machine, location, 2);
      if (UNLIKELY(state != DUP_FIRED) && state >> DUP_LABEL_SHIFT == stuck_time(machine)) goto ret;
      goto eval;
    }
    if (UNLIKELY(state & DUP_CLAIMED)) fail_cycle(machine);
    if (UNLIKELY(machine->session != 0) && is_settling(machine, state)) goto ret;
    if (!(state >> DUP_LABEL_SHIFT) && state & (side ? DUP_DEAD0 : DUP_DEAD1) && TRACE_MOVES(machine)) {
      term = heap[location];
      heap_free(machine, location, 2);
      goto eval;
    }
    CHECK_STACK(STACK_SLACK, 0);
    heap[location + 1] = state | DUP_CLAIMED;
    *sp++ = location << FRAME_SHIFT | (FRAME_DUP0 + side);
    term = heap[location];
#ifndef HVM_TRACE
    heap[location] = TAG_SLOT; // for those who come before it is back: see claim.h
#endif
    goto eval;
  }
  case TAG_GRAPH: {
    const FunctionCode *function = functions[word_extra(term)];
    Location location = word_location(term);
    unsigned arity = function->arity;
    term = word_make(TAG_CAL, word_extra(term), location);
    CHECK_STACK(function->frame + STACK_SLACK, 0);
    fp = sp;
    for (unsigned i = 0; i < arity; i++) fp[i] = heap[location + i];
    if (arity) heap_free(machine, location, arity);
    pc = code + function->graph;
    goto run;
  }
  case TAG_SHR: {
    Location box = word_location(term);
    Word inner = load_cell(machine, box + 1);
    bool apart = UNLIKELY(machine->profile != NULL) && profile_meet(machine, box, inner);
    if (word_is_flat(inner)) {
      leave_box(machine, box);
      term = inner;
      goto ret;
    }
    if (word_is_value(inner)) {
      if (is_last_owner(machine, box) || !accepts_boxes(code, sp[-1])) MAY_WAIT(term = unbox(machine, term));
      goto ret;
    }
    if (word_tag(inner) == TAG_SUP) {
      term = unbox(machine, term);
      goto ret;
    }
    if (word_tag(inner) == TAG_SLOT && machine->many) {
      machine->stack_top = sp;
      worker_wait(machine, box + 1);
      LOOK_AT_CODE();
      goto eval;
    }
    if (UNLIKELY(machine->session != 0) && machine->shared->code.open && is_settling(machine, load_cell(machine, box)))
      goto ret;
    if (is_last_owner(machine, box) && !apart) {
      inner = load_cell(machine, box + 1); // who had it too, or a thief, may be or have been at it meanwhile
      if (UNLIKELY(word_tag(inner) == TAG_SLOT)) goto eval;
      heap_free(machine, box, 2);
      term = inner;
      goto eval;
    }
    if (word_tag(inner) == TAG_SHR) { // another box took its place
      add_owner(machine, word_location(inner));
      heap_erase(machine, term);
      term = inner;
      goto eval;
    }
    if (UNLIKELY(machine->many)) {
      if (UNLIKELY(apart)) spark_take(machine, box);
      Word taken = UNLIKELY(apart) ? term : spark_take_back(machine, term);
      if (taken != term) {
        term = taken;
        goto eval;
      }
      machine->stack_top = sp;
      CHECK_STACK(STACK_SLACK, 0);
      hard_pause();
      if (!replace_cell(machine, box + 1, &inner, machine->claim)) goto eval;
      if (UNLIKELY(apart)) profile_enter(machine, box);
    } else {
      if (UNLIKELY(word_tag(inner) == TAG_SLOT)) fail_cycle(machine);
      CHECK_STACK(STACK_SLACK, 0);
      heap[box + 1] = TAG_SLOT; // moved out
    }
    *sp++ = box << FRAME_SHIFT | FRAME_SHARE;
    term = inner;
    goto eval;
  }
  default: goto ret;
  }

ret:;
  NATIVE_CHECK_TERM(machine, term);
  TRACE_POINT(RET);
#ifdef HVM_TRACE
trace_ret:;
#endif
  Word frame = sp[-1];
  switch (frame & 15) {
  case FRAME_STOP: machine->stack_top = sp; return term;
  case FRAME_APP: {
    Word argument = sp[-2];
    if (word_is_closure(term)) {
      unsigned stage = word_extra(term), held = machine->shared->code.arities.items[stage];
      machine->rewrites[RULE_APP_LAM]++;
      if (machine->shared->program->names.items[stage].missing > 1) {
        sp -= 2;
        term = extend_closure(machine, term, argument);
        goto ret;
      }
      const FunctionCode *function = functions[stage + 1];
      CHECK_STACK(function->frame + STACK_SLACK, 0);
      sp -= 2;
      Location location = word_location(term);
      fp = sp;
      for (unsigned i = 0; i < held; i++) fp[i] = heap[location + i];
      if (held) heap_free(machine, location, held);
      fp[held] = word_tag(argument) == TAG_OP2 ? operate_argument(machine, argument) : argument;
      term = word_make(TAG_CAL, stage + 1, 0);
      pc = code + function->entry;
      goto run;
    }
    sp -= 2;
    if (LIKELY(word_tag(term) == TAG_LAM)) {
      // (λx body a)
      // --------------- App-Lam
      // x <- a
      // body
      Location lambda = word_location(term);
      machine->rewrites[RULE_APP_LAM]++;
      term = heap[lambda + 1];
      if (word_tag(argument) == TAG_OP2 && LIKELY(load_cell(machine, lambda) == SLOT_FREE))
        argument = operate_argument(machine, argument);
      substitute(machine, lambda, argument);
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
    if (word_tag(term) == TAG_ERA)
      heap_erase(machine, argument);
    else
      term = new_pair(machine, TAG_APP, 0, term, argument);
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
    if (UNLIKELY((frame & LEFT_IS_OFFERED) != 0)) {
      sp[-2] = term;
      sp[-1] = (frame & ~(LEFT_IS_OFFERED | 15)) | FRAME_OP2_LEFT;
      term = left;
      goto eval;
    }
    sp -= 2;
    term = operate(machine, extra, left, term);
    goto ret;
  }
  case FRAME_DUP0:
  case FRAME_DUP1: {
    unsigned side = (unsigned)(frame & 15) - FRAME_DUP0;
    sp--;
    if (word_tag(term) == TAG_SUP && project(machine, frame >> FRAME_SHIFT, side, &term)) goto eval;
    if (word_tag(term) == TAG_LAM && !word_extra(term)) {
      bool applied = false;
      if (UNLIKELY(machine->many))
        term = split_lambda(machine, frame >> FRAME_SHIFT, side, term);
      else
        sp = lift_lambda(machine, &term, sp + 1, &applied);
      if (applied) goto eval;
      goto ret;
    }
    term = fire_dup(machine, frame >> FRAME_SHIFT, side, term);
    goto ret;
  }
  case FRAME_SHARE: {
    Location box = frame >> FRAME_SHIFT;
    sp--;
    bool settled = word_tag(term) <= TAG_ERA || word_tag(term) == TAG_SHR;
    if (!settled) term = mark_stuck(machine, term);
    if (UNLIKELY(machine->many)) {
      if (machine->profile) profile_leave(machine, box, !is_last_owner(machine, box));
      worker_wake(machine, exchange_cell(machine, box + 1, term));
    } else {
      heap[box + 1] = term;
    }
    term = word_make(TAG_SHR, 0, box);
    if (settled) goto eval;
    goto ret;
  }
  case FRAME_RUN: {
    pc = code + (frame >> FRAME_SHIFT);
    fp = sp - 1 - pc[2];
    if (pc[0] >= CODE_FORCE) {
      if (pc[0] != CODE_CALL_UNIT) machine->fuel = sp[-2]; // what was called goes on with what there is
      bool expected = is_settled(machine, term);
      Location cell = pc[0] == CODE_FORCE_FIELD ? word_location(fp[pc[7]]) + (Location)pc[8] : 0;
      Word box = cell ? load_cell(machine, cell) : 0;
      bool boxed = word_tag(box) == TAG_SHR; // then it stays there
      if (UNLIKELY(boxed)) {
        if (word_tag(term) == TAG_SHR)
          drop_owner(machine, word_location(term));
        else if (!word_is_flat(term))
          term = replace_box(machine, cell, box, term);
      } else if (UNLIKELY(!expected)) {
        term = mark_stuck(machine, term);
      }
      fp[pc[1]] = term;
      if (cell) {
        if (LIKELY(!boxed)) {
          Word claimed = exchange_cell(machine, cell, term);
          if (UNLIKELY(word_tag(claimed) == TAG_SLOT)) worker_wake(machine, claimed);
        }
        term = fp[pc[1]] = shared_value(machine, term);
        expected = word_tag(term) <= TAG_CTR;
      }
      sp = fp;
      pc = code + (LIKELY(expected) || !pc[4] ? pc[5] : pc[4]);
      goto run;
    }
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
    if (is_made(machine, term)) {
      term = original_call(machine, term);
      goto eval;
    }
    goto ret;
  }
  case FRAME_NORMAL: {
    Location location = frame >> FRAME_SHIFT;
    term = heap[location];
    if (word_is_flat(term) && word_tag(term) != TAG_LAM) {
      sp--;
      goto ret;
    }
    sp[-1] = (Word)location << FRAME_SHIFT | FRAME_NORMAL_STORE;
    heap[location] = 0; // moved out
    goto eval;
  }
  case FRAME_NORMAL_STORE:
    if (word_is_closure(term)) term = open_closure(machine, term);
    heap[frame >> FRAME_SHIFT] = term;
    sp--;
    SETTLE(term);
    CHECK_STACK(SIZE_CLASSES + STACK_SLACK, 0);
    sp = frames_push_parts(machine, term, sp);
    goto ret;
  case FRAME_NORMAL_BELOW:
    sp--;
    term = 0;
    CHECK_STACK(SIZE_CLASSES + STACK_SLACK, 0);
    Word below = settle_cell(machine, frame >> FRAME_SHIFT);
    SETTLE(below);
    sp = frames_push_parts(machine, below, sp);
    goto ret;
  case FRAME_BUILTIN: {
    Location node = sp[-2];
    unsigned name = (unsigned)(frame >> FRAME_SHIFT);
    const FunctionCode *function = functions[name];
    sp -= 3;
    if (machine_must_repeat(machine, sp[0])) {
      sp = frames_push_builtin(machine, name, node, sp);
      goto ret;
    }
    machine->stack_top = sp;
    BuiltinResult result = machine_builtin(machine, function->builtin, &heap[node]);
    if (result.stuck) {
      term = word_make(TAG_CAL, name, node);
      goto ret;
    }
    machine->rewrites[RULE_FUN_RULE]++;
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
#include "reduce_graph.h"
#include "reduce_strict.h"

#ifdef HVM_TRACE
trace_run:
  TRACE_RUN();
  goto *labels[pc[0]];
#endif
builtin : {
  unsigned name = (unsigned)pc[1];
  Builtin builtin = (Builtin)pc[2];
  if (builtin == BUILTIN_SPARK) {
    machine->rewrites[RULE_FUN_RULE]++;
    sp = fp;
    term = fp[1];
    speculate_hint(machine, fp[0]);
    goto eval;
  }
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
  sp = frames_push_builtin(machine, name, node, fp);
  goto ret;
}
}
#pragma GCC diagnostic pop

#ifndef HVM_TRACE
Word machine_evaluate(Machine *machine, Word term) {
  uint64_t fuel = machine->fuel;
  *machine->stack_top++ = FRAME_STOP;
  term = machine_reduce(machine, term);
  machine->stack_top--;
  machine->fuel = fuel;
  return term;
}
#endif
