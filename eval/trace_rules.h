// What a traced reduction does otherwise than rules.h: early steps are asked for, and no two rules are done as one.
// Included by rules.h in trace_reduce.c.
#define TRACE_MOVES(machine) (!(machine)->trace->options.textbook)
#define TRACE_EARLY(done) false // operate_later does it
#define TRACE_LIFTED(machine, function, fp, place) trace_lifted(machine, function, fp, place)
#define TRACE_COPIED(machine, lambda, dup, cells) trace_copied(machine, lambda, dup, cells)

static inline void trace_copied(Machine *machine, Location lambda, Location dup, const Location cells[2]) {
  trace_name_dup(machine->trace, dup);
  for (int side = 0; side < 2; side++) trace_name_lambda(machine->trace, cells[side], lambda);
}

static inline Word trace_see(const Machine *machine, Word term) {
  for (;;) {
    unsigned tag = word_tag(term);
    Location location = word_location(term);
    if (tag == TAG_VAR) {
      if (word_tag(machine->heap[location]) == TAG_SLOT) return term;
    } else if (tag == TAG_DP0 || tag == TAG_DP1) {
      if (machine->heap[location + 1] != DUP_FIRED) return term;
    } else {
      return term;
    }
    term = machine->heap[location];
  }
}

static inline const char *trace_dup_rule(Word value) {
  switch (word_tag(value)) {
  case TAG_NUM: return "Dup-U60";
  case TAG_FLO: return "Dup-F60";
  case TAG_CTR: return "Dup-Ctr";
  case TAG_LAM: return "Dup-Lam";
  default: return "Dup-Era";
  }
}

static inline void clone_term(Machine *machine, Word term, Word state, Word copies[2]) {
  Trace *trace = machine->trace;
  bool boxes = !(state >> DUP_LABEL_SHIFT);
  if (word_tag(term) == TAG_SHR && boxes) {
    machine->heap[word_location(term)] += SHARE_ONE;
    copies[0] = copies[1] = term;
    return;
  }
  Word seen = trace_see(machine, term);
  if (word_is_flat(seen) && trace_early(trace, trace_dup_rule(seen))) {
    machine->rewrites[word_tag(seen) == TAG_CTR ? RULE_DUP_CTR : RULE_DUP_NUM]++;
    term = resolve(machine, term);
    copies[0] = trace_result(machine, term), copies[1] = trace_result(machine, term);
    trace_skip_names(trace);
    return;
  }
  if (!word_is_flat(seen)) term = resolve(machine, term);
  if (boxes && machine->shared->code.shares && !word_is_flat(seen)) {
    if (word_tag(term) == TAG_SHR)
      machine->heap[word_location(term)] += SHARE_ONE;
    else
      term = new_box(machine, term), trace_name_fresh(trace, word_location(term), "s");
    copies[0] = copies[1] = term;
    return;
  }
  Location dup = new_dup(machine, term, state);
  trace_name_dup(trace, dup);
  copies[0] = state & DUP_DEAD0 ? TAG_ERA : word_make(TAG_DP0, 0, dup);
  copies[1] = state & DUP_DEAD1 ? TAG_ERA : word_make(TAG_DP1, 0, dup);
}

static inline bool trace_may_operate(const Machine *machine, unsigned extra, Word left, Word right) {
  Operator op = op2_operator(extra);
  left = trace_see(machine, left), right = trace_see(machine, right);
  if (word_tag(left) == TAG_NUM && word_tag(right) == TAG_NUM)
    return !(right == number_u60(0) && (op == OP_DIV || op == OP_MOD));
  return word_tag(left) == TAG_FLO && word_tag(right) == TAG_FLO;
}

static inline bool operate_numbers(Machine *machine, Operator op, Word a, Word b, Word *result);

// Computes an operation early if that may be; else its operands are what they stand for, unless that is still to come.
static inline bool trace_operate(Machine *machine, unsigned extra, Word *left, Word *right, Word *result) {
  bool possible = trace_may_operate(machine, extra, *left, *right);
  bool floats = possible && word_tag(trace_see(machine, *left)) == TAG_FLO;
  if (possible && !trace_early(machine->trace, floats ? "Op2-F60" : "Op2-U60")) return false;
  *left = resolve(machine, *left), *right = resolve(machine, *right);
  if (!possible) return false;
  operate_numbers(machine, op2_operator(extra), *left, *right, result);
  *result = trace_result(machine, *result);
  return true;
}

static inline void trace_mark_node(Machine *machine, Word node) {
  Trace *trace = machine->trace;
  if (!trace->mark_next) return;
  trace->mark_next = false;
  ARRAY_PUSH(&trace->marks, (TraceMark){MARK_NODE, word_location(node), false});
}

static inline Word operate_later(Machine *machine, unsigned extra, Word left, Word right) {
  Word result;
  if (trace_operate(machine, extra, &left, &right, &result)) return result;
  result = new_pair(machine, TAG_OP2, extra, left, right);
  trace_mark_node(machine, result);
  return result;
}

static inline Word operate_argument(Machine *machine, Word term) {
  Word *operands = &machine->heap[word_location(term)], result;
  if (machine->trace->lifted) return term; // lift_lambda passes it as it is
  if (!trace_operate(machine, word_extra(term), &operands[0], &operands[1], &result)) {
    trace_mark_node(machine, term);
    return term;
  }
  heap_free(machine, word_location(term), 2);
  return result;
}

// U60.if with a number as its condition takes a branch early.
static inline bool trace_number(Machine *machine, const int32_t *pc, Word x) {
  Trace *trace = machine->trace;
  if (trace->options.textbook) return false;
  for (size_t i = 0; i < trace->values.count && word_tag(x) == TAG_VAR; i++)
    if (word_location(x) == trace->values.items[i]) x = machine->heap[word_location(x)];
  if (word_tag(x) != TAG_NUM) return false;
  if (pc[3] != CODE_BRANCH || trace_early(trace, "U60.if")) return true;
  trace->mark_focus = trace->mark_next;
  trace->mark_next = false;
  return false;
}

// One dup and one λ: see lift_lambda in rules.h, which does more at once.
static inline Word *lift_lambda(Machine *machine, Word *term, Word *sp, bool *applied) {
  Word *const heap = machine->heap;
  Trace *trace = machine->trace;
  unsigned side = (unsigned)(*--sp & 15) - FRAME_DUP0;
  Location outer = *sp >> FRAME_SHIFT, lambda = word_location(*term), cells[2] = {0};
  Word state = heap[outer + 1] & ~(DUP_CLAIMED | DUP_SESSION_MASK), dead = state & (side ? DUP_DEAD0 : DUP_DEAD1);
  bool used = heap[lambda] == SLOT_FREE;
  *applied = false;
  trace->lifted = 2;
  if (!(state >> DUP_LABEL_SHIFT)) {
    if (dead && TRACE_MOVES(machine)) {
      heap_free(machine, outer, 2);
      return sp;
    }
    state |= fresh_label(machine) << DUP_LABEL_SHIFT;
  }
  machine->rewrites[RULE_DUP_LAM]++;
  Location inner = new_dup(machine, heap[lambda + 1], state);
  trace_name_dup(trace, inner);
  for (unsigned i = 0; i < 2; i++) {
    if (dead && i != side) continue;
    cells[i] = heap_alloc(machine, 2);
    heap[cells[i]] = used ? SLOT_FREE : SLOT_UNUSED;
    heap[cells[i] + 1] = word_make(TAG_DP0 + i, 0, inner);
    if (used) trace_name_lambda(trace, cells[i], lambda);
  }
  if (used)
    heap[lambda] = new_superposition(machine, cells[0] ? word_make(TAG_VAR, 0, cells[0]) : TAG_ERA,
                                     cells[1] ? word_make(TAG_VAR, 0, cells[1]) : TAG_ERA, state >> DUP_LABEL_SHIFT);
  else
    heap_free(machine, lambda, 2);
  if (dead) {
    heap_free(machine, outer, 2);
  } else {
    heap[outer] = word_make(TAG_LAM, 0, cells[1 - side]);
    heap[outer + 1] = DUP_FIRED;
  }
  *term = word_make(TAG_LAM, 0, cells[side]);
  return sp;
}

static inline Word *project_application(Machine *machine, Word *term, Word *sp) {
  (void)machine, (void)term, (void)sp;
  return NULL; // apply_superposition, then project
}
