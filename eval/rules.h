// The rewrite rules, one function each, drawn above it.
//
// Every function consumes the cells of its redex and returns the term that takes its place. `count` is done by callers
// where a rule has several outcomes.
#ifndef HVM_EVAL_RULES_H
#define HVM_EVAL_RULES_H

#include "claim.h"
#include "frames.h"
#include "machine.h"
#include "share.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

// Hooks of a traced reduction (trace_rules.h), which compiles all this once more.
#ifndef HVM_TRACE
#define TRACE_MOVES(machine) true
#define TRACE_EARLY(done) (done)
#define TRACE_COPIED(machine, lambda, dup, cells) ((void)0)
#define TRACE_LIFTED(machine, function, fp, place) ((void)0)
#endif

static inline Word new_pair(Machine *machine, unsigned tag, unsigned extra, Word first, Word second) {
  Location location = heap_alloc(machine, 2);
  machine->heap[location] = first;
  machine->heap[location + 1] = second;
  return word_make(tag, extra, location);
}

static inline Word new_superposition(Machine *machine, Word first, Word second, Label label) {
  Location location = heap_alloc(machine, 3);
  machine->heap[location] = first;
  machine->heap[location + 1] = second;
  machine->heap[location + 2] = label;
  return word_make(TAG_SUP, 0, location);
}

// A dup in some state (its label, and perhaps a dead side); the sides are DP0 and DP1 of the location.
static inline Location new_dup(Machine *machine, Word term, Word state) {
  Location location = heap_alloc(machine, 2);
  machine->heap[location] = term;
  machine->heap[location + 1] = state;
  return location;
}

// Machines take labels from Shared in blocks.
static inline Label fresh_label(Machine *machine) {
  if (UNLIKELY(machine->next_label == machine->last_label)) machine_more_labels(machine);
  return machine->next_label++;
}

// What a word stands for already: the value of a dup that fired, the argument that β put into a slot.
static inline Word resolve(Machine *machine, Word term) {
  for (;;) {
    Location location = word_location(term);
    unsigned tag = word_tag(term);
    if (tag != TAG_VAR && tag != TAG_DP0 && tag != TAG_DP1) return term;
    if (tag != TAG_VAR && load_cell(machine, location + 1) != DUP_FIRED) return term;
    Word value = load_cell(machine, location);
    if (word_tag(value) == TAG_SLOT) return term; // free, or about to get there
    term = value;
    heap_free(machine, location, 2);
  }
}

// What a λ's variable stands for from now on. What the λ is applied to is nobody's if its variable is gone.
static inline void substitute(Machine *machine, Location lambda, Word term) {
  Word *cell = &machine->heap[lambda], slot;
  if (UNLIKELY(machine->many)) {
    slot = __atomic_exchange_n(cell, term, __ATOMIC_ACQ_REL);
    count_up(&machine->substitutions);
  } else {
    slot = *cell;
    *cell = term;
  }
  if (LIKELY(slot == SLOT_FREE)) return; // from here on it is the variable's
  heap_free(machine, lambda, 2);
  heap_erase(machine, term);
}

#ifdef HVM_TRACE
#include "trace_rules.h"
#else
// The two copies of a term: flat ones at once, others through a dup in the given state. A dead side gets ERA.
static inline void clone_term(Machine *machine, Word term, Word state, Word copies[2]) {
  NATIVE_CHECK_TERM(machine, term);
  bool boxes = !(state >> DUP_LABEL_SHIFT); // copies of a λ's body differ in what its variable stands for
  if (word_tag(term) == TAG_SHR && boxes) {
    if (UNLIKELY(machine->many))
      term = share_among_many(machine, term);
    else
      machine->heap[word_location(term)] += SHARE_ONE;
    copies[0] = copies[1] = term;
    return;
  }
  if (!word_is_flat(term)) term = resolve(machine, term);
  if (word_is_flat(term)) {
    machine->rewrites[word_tag(term) == TAG_CTR ? RULE_DUP_CTR : RULE_DUP_NUM]++;
    copies[0] = copies[1] = term;
    return;
  }
  if (boxes && machine->shared->code.shares) {
    if (word_tag(term) == TAG_SHR)
      add_owner(machine, word_location(term));
    else
      term = new_box(machine, term);
    copies[0] = copies[1] = term;
    return;
  }
  Location dup = new_dup(machine, term, state);
  copies[0] = state & DUP_DEAD0 ? TAG_ERA : word_make(TAG_DP0, 0, dup);
  copies[1] = state & DUP_DEAD1 ? TAG_ERA : word_make(TAG_DP1, 0, dup);
}
#endif

// A copy of what is in a cell, which keeps the other.
static inline Word clone_field(Machine *machine, Location cell) {
  Word copies[2];
  if (machine->many) { // boxes
    Word term = box_cell(machine, cell);
    if (word_tag(term) != TAG_SHR) return term;
    Word value = load_cell(machine, word_location(term) + 1);
    if (word_is_flat(value) && !machine->profile) return value;
    add_owner(machine, word_location(term));
    return term;
  }
  clone_term(machine, machine->heap[cell], 0, copies);
  machine->heap[cell] = copies[0];
  return copies[1];
}

// A stuck term that strict code came upon. It builds what is left around it, which is then reduced and asks for the
// term once more, and the same happens to what is left: without a mark, a row of n stuck calls would be reduced 2^n
// times. The mark is a dup that fired, with the time, since a term stays stuck until some variable gets a value.
//
// Among several machines one may have given a variable its value since another one looked: such marks hold until the
// main one is alone, which then makes one more pass (normalise_root).
#define STUCK_AMONG_MANY ((Word)1 << 47)

static inline Word stuck_time(const Machine *machine) {
  if (UNLIKELY(machine->many)) return STUCK_AMONG_MANY | worker_substitutions(machine);
  return machine->rewrites[RULE_APP_LAM] + machine->rewrites[RULE_DUP_LAM] + 1;
}

static inline Word mark_stuck(Machine *machine, Word term) {
  if (word_tag(term) <= TAG_ERA || word_tag(term) == TAG_VAR) return term;
  if (UNLIKELY(machine->many) && machine->shared->code.open) atomic_store(&machine->shared->marked, true);
  return word_make(TAG_DP0, 0, new_dup(machine, term, stuck_time(machine) << DUP_LABEL_SHIFT | DUP_FIRED));
}

// Is the term of a dup, or of a box, being made normal, or was it in this pass? It was stuck then, and its parts may be
// out of their places: it is left as it is until the next pass. The word has the mark that frames_push_parts sets.
static inline bool is_settling(Machine *machine, Word marked) {
  Word mark = (Word)machine->session << DUP_SESSION_SHIFT;
  if (!mark || mark == DUP_SESSION_MASK || (marked & DUP_SESSION_MASK) != mark) return false;
  machine->stale = true;
  return true;
}

static inline Word make_string(Machine *machine, const CodeString *string) {
  Word text = word_make(TAG_CTR, NAME_STRING_NIL, 0);
  for (uint32_t i = string->count; i-- > 0;)
    text = new_pair(machine, TAG_CTR, NAME_STRING_CONS, number_u60(string->codes[i]), text);
  return text;
}

// What one side of a dup gets, and the other: results[side].
// dead: the state bit of a side that was erased already; its result is not built.

// dup x y = (K a b …)
// --------------------------------------- Dup-Ctr
// dup a0 a1 = a; dup b0 b1 = b; …
// x <- (K a0 b0 …)
// y <- (K a1 b1 …)
static inline void dup_constructor(Machine *machine, Word term, Word state, Word results[2]) {
  unsigned arity = machine->shared->code.arities.items[word_extra(term)];
  Location source = word_location(term);
  machine->rewrites[RULE_DUP_CTR]++;
  if (state & (DUP_DEAD0 | DUP_DEAD1)) {
    // Only a labelled dup comes here with a dead side: it goes on projecting, in place.
    unsigned side = state & DUP_DEAD0 ? 1 : 0;
    for (unsigned i = 0; i < arity; i++) {
      Word copies[2];
      clone_term(machine, machine->heap[source + i], state, copies);
      machine->heap[source + i] = copies[side];
    }
    results[side] = term;
    results[1 - side] = TAG_ERA;
    return;
  }
  Location target = heap_alloc(machine, arity);
  for (unsigned i = 0; i < arity; i++) {
    Word copies[2];
    if (UNLIKELY(machine->many) && !(state >> DUP_LABEL_SHIFT)) { // others may see it
      machine->heap[target + i] = clone_field(machine, source + i);
      continue;
    }
    clone_term(machine, machine->heap[source + i], state, copies);
    machine->heap[source + i] = copies[0];
    machine->heap[target + i] = copies[1];
  }
  results[0] = term;
  results[1] = word_make(word_tag(term), word_extra(term), target);
}

// dup x y = {a b}, of different labels
// --------------------------------------- Dup-Sup
// dup xa ya = a; dup xb yb = b            (the label is the dup's)
// x <- {xa xb}
// y <- {ya yb}
static inline void dup_other_superposition(Machine *machine, Word term, Word state, Word results[2]) {
  Location location = word_location(term);
  Word first = machine->heap[location], second = machine->heap[location + 1];
  Label label = machine->heap[location + 2];
  Word dead = state & (DUP_DEAD0 | DUP_DEAD1);
  machine->rewrites[RULE_DUP_SUP]++;
  if (UNLIKELY(machine->many) && !(state >> DUP_LABEL_SHIFT)) { // in a box, others may see it
    Word copy = clone_field(machine, location), second_copy = clone_field(machine, location + 1);
    results[0] = term;
    results[1] = new_superposition(machine, copy, second_copy, label);
    return;
  }
  Word firsts[2], seconds[2];
  clone_term(machine, first, state, firsts);
  clone_term(machine, second, state, seconds);
  unsigned reused = dead & DUP_DEAD0 ? 1 : 0;
  machine->heap[location] = firsts[reused];
  machine->heap[location + 1] = seconds[reused];
  results[reused] = term;
  results[1 - reused] = dead ? TAG_ERA : new_superposition(machine, firsts[1], seconds[1], label);
}

// ({a b} c)
// --------------------------------------- App-Sup
// dup c0 c1 = c
// {(a c0) (b c1)}
static inline Word apply_superposition(Machine *machine, Word term, Word argument) {
  Location location = word_location(term);
  Label label = machine->heap[location + 2];
  Word copies[2];
  machine->rewrites[RULE_APP_SUP]++;
  clone_term(machine, argument, label << DUP_LABEL_SHIFT, copies);
  machine->heap[location] = new_pair(machine, TAG_APP, 0, machine->heap[location], copies[0]);
  machine->heap[location + 1] = new_pair(machine, TAG_APP, 0, machine->heap[location + 1], copies[1]);
  return term;
}

// (op {a b} c)                            (op c {a b}) likewise
// --------------------------------------- Op2-Sup
// dup c0 c1 = c
// {(op a c0) (op b c1)}
static inline Word operate_superposition(Machine *machine, unsigned extra, Word left, Word right) {
  bool on_left = word_tag(left) == TAG_SUP;
  Word term = on_left ? left : right, other = on_left ? right : left;
  Location location = word_location(term);
  Label label = machine->heap[location + 2];
  Word copies[2];
  machine->rewrites[RULE_OP2_SUP]++;
  clone_term(machine, other, label << DUP_LABEL_SHIFT, copies);
  for (unsigned side = 0; side < 2; side++) {
    Word part = machine->heap[location + side];
    machine->heap[location + side] = on_left ? new_pair(machine, TAG_OP2, extra, part, copies[side])
                                             : new_pair(machine, TAG_OP2, extra, copies[side], part);
  }
  return term;
}

// A node with a superposition among its fields, as a superposition of two nodes.
// (F … {a b} … c …)
// --------------------------------------- Fun-Sup (also used to lift one out of a matched constructor)
// dup c0 c1 = c; …
// {(F … a … c0 …) (F … b … c1 …)}
static inline Word lift_superposition(Machine *machine, Word key, Word *fields, unsigned arity, unsigned index) {
  Word term = fields[index];
  Location location = word_location(term);
  Label label = machine->heap[location + 2];
  Location nodes[2] = {heap_alloc(machine, arity), heap_alloc(machine, arity)};
  for (unsigned i = 0; i < arity; i++) {
    Word copies[2] = {machine->heap[location], machine->heap[location + 1]};
    if (i != index) clone_term(machine, fields[i], label << DUP_LABEL_SHIFT, copies);
    for (unsigned side = 0; side < 2; side++) machine->heap[nodes[side] + i] = copies[side];
  }
  for (unsigned side = 0; side < 2; side++)
    machine->heap[location + side] = word_make(word_tag(key), word_extra(key), nodes[side]);
  return term;
}

#include "operate.h"

// The term of a dup asks for the other side of the same dup.
static inline _Noreturn void fail_cycle(Machine *machine) {
  const char *hint = machine->shared->program->has_scopeless ? "follow the scopeless variables" : PRINT_TORN_HINT;
  machine_fail(machine, MACHINE_FAILED, NULL, hint, "a value depends on itself");
}

// An operation whose operands are both in weak head normal form.
static inline Word operate(Machine *machine, unsigned extra, Word left, Word right) {
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

// A dup fired: what the side that was not demanded gets waits in the dup, or is erased with it when that side is dead.
static inline void settle_dup(Machine *machine, Location dup, Word other_dead, Word other) {
  if (UNLIKELY(machine->many)) {
    claim_settle(machine, dup, other);
  } else if (other_dead) {
    heap_free(machine, dup, 2);
    heap_erase(machine, other);
  } else {
    machine->heap[dup] = other;
    machine->heap[dup + 1] = DUP_FIRED;
  }
}

// dup x y = {a b}, of one label, for x
// --------------------------------------- Dup-Sup
// y <- b
// a
// False when the labels differ. *term becomes what is to be evaluated.
static inline bool project(Machine *machine, Location dup, unsigned side, Word *term) {
  Word *const heap = machine->heap;
  Location superposition = word_location(*term);
  Word state = load_cell(machine, dup + 1);
  if (state >> DUP_LABEL_SHIFT != heap[superposition + 2]) return false;
  machine->rewrites[RULE_DUP_SUP]++;
  Word other = heap[superposition + 1 - side];
  *term = heap[superposition + side];
  heap_free(machine, superposition, 3);
  settle_dup(machine, dup, state & (DUP_DEAD0 | DUP_DEAD1), other);
  return true;
}

// The term of a dup is in weak head normal form, no λ (see lift_lambda) and no superposition of its own (see project):
// what the demanded side gets.
static inline Word fire_dup(Machine *machine, Location dup, unsigned side, Word term) {
  Word state = load_cell(machine, dup + 1) & ~(Word)DUP_CLAIMED;
  Word other_dead = state & (side ? DUP_DEAD0 : DUP_DEAD1);
  Word results[2];
  if (word_is_flat(term)) {
    machine->rewrites[word_tag(term) == TAG_CTR ? RULE_DUP_CTR : RULE_DUP_NUM]++;
    results[0] = results[1] = term;
  } else if (word_tag(term) > TAG_SUP) { // stuck
    if (UNLIKELY(machine->many))
      claim_put_back(machine, dup, term);
    else
      machine->heap[dup] = term, machine->heap[dup + 1] = state;
    return word_make(TAG_DP0 + side, 0, dup);
  } else if (other_dead && !(state >> DUP_LABEL_SHIFT) && TRACE_MOVES(machine)) { // nobody else will ask: a move
    heap_free(machine, dup, 2);
    return term;
  } else if (word_tag(term) == TAG_CTR || word_tag(term) == TAG_LAM) {
    dup_constructor(machine, term, state & ~DUP_SESSION_MASK, results);
  } else {
    dup_other_superposition(machine, term, state & ~DUP_SESSION_MASK, results);
  }
  settle_dup(machine, dup, other_dead, results[1 - side]);
  return results[side];
}

// One side of a dup whose term is a stuck call, where a pattern asks for such a call: it is data there, and is cloned
// like a constructor, so that it makes no difference whether it is shared.
static inline Word split_stuck_call(Machine *machine, Word term) {
  Location dup = word_location(term);
  unsigned side = word_tag(term) - TAG_DP0;
  Word call = machine->heap[dup], state = machine->heap[dup + 1] & ~DUP_SESSION_MASK, results[2] = {call, TAG_ERA};
  Word other_dead = state & (side ? DUP_DEAD0 : DUP_DEAD1);
  if (other_dead && !(state >> DUP_LABEL_SHIFT)) {
    heap_free(machine, dup, 2);
    return call;
  }
  dup_constructor(machine, call, state, results);
  settle_dup(machine, dup, other_dead, results[1 - side]);
  return results[side];
}

// Both copies of a λ, whose bodies are sides of a dup in this state, which has a label (Dup-Lam: see lift_lambda).
static inline void copy_lambda(Machine *machine, Word term, Word state, Word copies[2]) {
  Word *const heap = machine->heap;
  Location lambda = word_location(term);
  bool used = load_cell(machine, lambda) == SLOT_FREE;
  machine->rewrites[RULE_DUP_LAM]++;
  Location dup = new_dup(machine, heap[lambda + 1], state), cells[2];
  for (unsigned side = 0; side < 2; side++) {
    cells[side] = heap_alloc(machine, 2);
    heap[cells[side]] = used ? SLOT_FREE : SLOT_UNUSED;
    heap[cells[side] + 1] = word_make(TAG_DP0 + side, 0, dup);
    copies[side] = word_make(TAG_LAM, 0, cells[side]);
  }
  TRACE_COPIED(machine, lambda, dup, cells);
  if (used)
    substitute(machine, lambda,
               new_superposition(machine, word_make(TAG_VAR, 0, cells[0]), word_make(TAG_VAR, 0, cells[1]),
                                 state >> DUP_LABEL_SHIFT));
  else
    heap_free(machine, lambda, 2);
}

// Both copies of a value, as values.
static inline void copy_value(Machine *machine, Word term, Word copies[2]) {
  if (word_is_flat(term))
    copies[0] = copies[1] = term;
  else if (word_tag(term) == TAG_CTR || word_is_closure(term))
    dup_constructor(machine, term, 0, copies);
  else
    copy_lambda(machine, term, fresh_label(machine) << DUP_LABEL_SHIFT, copies);
}

// Both copies of a value, which may be in a box.
static inline void clone_value(Machine *machine, Word term, Word copies[2]) {
  if (machine->shared->code.shares)
    clone_term(machine, term, 0, copies);
  else
    copy_value(machine, term, copies);
}

// What an owner of a box takes out, a value with cells: all of it if nobody else has it, else a copy of its first
// layer.
static inline Word unbox(Machine *machine, Word term) {
  Location box = word_location(term);
  Word copies[2], value;
  do {
    bool last = is_last_owner(machine, box);
    value = load_cell(machine, box + 1);
    if (last) {
      heap_free(machine, box, 2);
      return value;
    }
    if (word_tag(value) == TAG_SLOT) { // somebody copies the λ
      worker_wait(machine, box + 1);
      continue;
    }
    if (word_tag(value) == TAG_SUP) {
      dup_other_superposition(machine, value, 0, copies);
    } else if (word_tag(value) == TAG_LAM && !word_extra(value)) {
      hard_pause();
      if (machine->many && !__atomic_compare_exchange_n(&machine->heap[box + 1], &value, machine->claim, false,
                                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        continue;
      copy_value(machine, value, copies);
      value = copies[0];
      if (machine->many)
        worker_wake(machine, __atomic_exchange_n(&machine->heap[box + 1], value, __ATOMIC_ACQ_REL));
      else
        machine->heap[box + 1] = value;
    } else {
      dup_constructor(machine, value, 0, copies);
    }
    break;
  } while (true);
  if (!drop_owner(machine, box)) {       // the others left meanwhile
    value = load_cell(machine, box + 1); // or one of them copied the λ once more
    heap_free(machine, box, 2);
    heap_erase(machine, value);
  }
  return copies[1];
}

// A value for a callee that borrows it: as it is where it is, if need be in a box. A λ cannot be looked at so: the
// callee gets a copy, which is its own.
static inline Word lend(Machine *machine, Word *owner) {
  Word copies[2], value = shared_value(machine, *owner);
  bool copied = word_tag(value) == TAG_SHR && machine->many; // a λ, just now by somebody else
  if (word_tag(value) != TAG_LAM && !copied) return value;
  clone_value(machine, *owner, copies);
  *owner = copies[0];
  return word_tag(copies[1]) == TAG_SHR ? unbox(machine, copies[1]) : copies[1];
}

// A closure that still misses arguments after this one.
static inline Word extend_closure(Machine *machine, Word closure, Word argument) {
  unsigned stage = word_extra(closure), held = machine->shared->code.arities.items[stage];
  Location from = word_location(closure), to = heap_alloc(machine, held + 1);
  for (unsigned i = 0; i < held; i++) machine->heap[to + i] = machine->heap[from + i];
  machine->heap[to + held] = argument;
  if (held) heap_free(machine, from, held);
  return word_make(TAG_LAM, stage + 1, to);
}

// closure
// --------------------------------------- to be shown
// λx (closure x)
static inline Word open_closure(Machine *machine, Word closure) {
  Location lambda = heap_alloc(machine, 2);
  machine->heap[lambda] = SLOT_FREE;
  machine->heap[lambda + 1] = new_pair(machine, TAG_APP, 0, closure, word_make(TAG_VAR, 0, lambda));
  return word_make(TAG_LAM, 0, lambda);
}

// What a cell holds below which all is to be made normal, once its term is in weak head normal form. A closure becomes
// a λ. Where λs may be open, what is below a value may come to the box that it is in: so it is copied out of that.
static inline Word settle_cell(Machine *machine, Location cell) {
  Word *term = &machine->heap[cell];
  if (word_tag(*term) == TAG_SHR && machine->shared->code.open &&
      word_is_value(machine->heap[word_location(*term) + 1]))
    *term = unbox(machine, *term);
  if (word_is_closure(*term)) *term = open_closure(machine, *term);
  return *term;
}

// A λ that a dup waits for, among several machines: others may look at each step.
static inline Word split_lambda(Machine *machine, Location dup, unsigned side, Word term) {
  Word copies[2], label = load_cell(machine, dup + 1) >> DUP_LABEL_SHIFT;
  copy_lambda(machine, term, (label ? label : fresh_label(machine)) << DUP_LABEL_SHIFT, copies);
  claim_settle(machine, dup, copies[1 - side]);
  return copies[side];
}

#ifndef HVM_TRACE
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
static inline Word *lift_lambda(Machine *machine, Word *term, Word *sp, bool *applied) {
  Word *const heap = machine->heap;
  Location cell = word_location(*term);
  Word body = heap[cell + 1]; // later a side of the dup that was made last
  Location inner = 0;         // that dup
  const bool used = heap[cell] == SLOT_FREE;
  if (!used) heap_free(machine, cell, 2);
  for (;;) {
    unsigned kind = (unsigned)(sp[-1] & 15);
    if (kind == FRAME_APP) {
      machine->rewrites[RULE_APP_LAM]++;
      if (used)
        heap[cell] = sp[-2];
      else
        heap_erase(machine, sp[-2]);
      *applied = true;
      if (!inner) {
        *term = body;
        return sp - 2;
      }
      heap[inner + 1] |= DUP_CLAIMED; // it is asked at once
      *term = heap[inner];
      heap[inner] = TAG_SLOT;
      sp[-2] = inner << FRAME_SHIFT | (FRAME_DUP0 + word_tag(body) - TAG_DP0);
      return sp - 1;
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
    inner = new_dup(machine, body, state);
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

// A superposition that is applied, where a dup of its label waits for the result: what the dup does not choose is
// built, what it chooses goes on.
//
// dup x y = ({a b} c …), of one label, for x
// --------------------------------------- App-Sup …, Dup-Sup
// dup c0 c1 = c …
// y <- (b c1 …)
// (a c0 …)
//
// Returns the new top of the stack, with *term to be evaluated; NULL when no such dup waits.
static inline Word *project_application(Machine *machine, Word *term, Word *sp) {
  Word *const heap = machine->heap;
  Location superposition = word_location(*term);
  Label label = heap[superposition + 2];
  Word *below = sp;
  while (below[-1] == FRAME_APP) below -= 2;
  unsigned kind = (unsigned)(below[-1] & 15);
  if (kind != FRAME_DUP0 && kind != FRAME_DUP1) return NULL;
  Location dup = below[-1] >> FRAME_SHIFT;
  Word state = load_cell(machine, dup + 1), dead = state & (DUP_DEAD0 | DUP_DEAD1);
  if (state >> DUP_LABEL_SHIFT != label) return NULL;
  unsigned side = kind - FRAME_DUP0;
  Word other = heap[superposition + 1 - side];
  *term = heap[superposition + side];
  heap_free(machine, superposition, 3);
  machine->rewrites[RULE_DUP_SUP]++;
  for (Word *at = sp; at > below; at -= 2) {
    Word copies[2];
    machine->rewrites[RULE_APP_SUP]++;
    clone_term(machine, at[-2], label << DUP_LABEL_SHIFT | dead, copies);
    at[-2] = copies[side];
    if (!dead) other = new_pair(machine, TAG_APP, 0, other, copies[1 - side]);
  }
  settle_dup(machine, dup, dead, other);
  for (Word *at = below; at < sp; at++) at[-1] = at[0]; // the dup's frame is gone
  return sp - 1;
}
#endif

// A superposition at an occurrence inside an argument moves up to the argument itself.
static inline unsigned lift_to_argument(Machine *machine, const FunctionCode *function, Word *fp, unsigned occurrence) {
  while (occurrence >= function->arity) {
    Occurrence place = function->function->occurrences.items[occurrence];
    Word node = fp[place.parent];
    unsigned arity = machine->shared->code.arities.items[word_extra(node)];
    machine->rewrites[RULE_FUN_SUP]++;
    fp[place.parent] =
        lift_superposition(machine, word_key(node), &machine->heap[word_location(node)], arity, place.field);
    heap_free(machine, word_location(node), arity);
    if (place.parent >= function->arity) {
      Occurrence above = function->function->occurrences.items[place.parent];
      machine->heap[word_location(fp[above.parent]) + above.field] = fp[place.parent];
      TRACE_LIFTED(machine, function, fp, place.parent);
    }
    occurrence = place.parent;
  }
  return occurrence;
}

static inline Word rebuild_call(Machine *machine, unsigned name, const Word *fields, unsigned arity) {
  if (arity == 0) return word_make(TAG_CAL, name, 0);
  Location node = heap_alloc(machine, arity);
  memcpy(&machine->heap[node], fields, arity * sizeof *fields);
  return word_make(TAG_CAL, name, node);
}

// A stuck call of a function that was made for known λs becomes the call that it stands for, which is to be reduced in
// its place: results show what the program says.
static inline bool is_made(const Machine *machine, Word term) {
  return word_tag(term) == TAG_CAL && machine->shared->code.functions.items[word_extra(term)]->function->original;
}

static inline Word original_call(const Machine *machine, Word term) {
  unsigned original = machine->shared->code.functions.items[word_extra(term)]->function->original;
  return word_make(TAG_CAL, original, word_location(term));
}

// All strict arguments are in weak head normal form, one of them no value.
static inline Word odd_call(Machine *machine, unsigned name, Word *fp) {
  const FunctionCode *function = machine->shared->code.functions.items[name];
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

#endif
