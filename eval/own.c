// Ownership: after this pass every variable is consumed exactly once on every path.
//
// What is consumed and needed again is cloned first (STEP_CLONE); what a path does not need is dropped where the path
// begins. Numbers are neither. A constructor that was taken apart lends its cells to one of the same size that is built
// later on the path. (Reinking, Xie, de Moura, Leijen: Perceus, PLDI 2021, on which this is modelled, counts
// references; here a clone is a box where no λ is ever open, else a dup, or for a value a copy of its first layer.)
#include "strict.h"

typedef struct {
  Strict *strict;
  Unit *unit;
  uint32_t limit; // of variables, clones included
  unsigned words; // of a set
} Owner;

typedef uint64_t *Set;

static Set new_set(Owner *owner) { return ARENA_ARRAY(&owner->strict->code->arena, uint64_t, owner->words); }

static Set copy_set(Owner *owner, const uint64_t *from) {
  Set set = new_set(owner);
  memcpy(set, from, owner->words * sizeof *set);
  return set;
}

static void unite(Owner *owner, Set set, const uint64_t *other) {
  for (unsigned i = 0; i < owner->words; i++) set[i] |= other[i];
}

// The arguments from .. end of a step that it uses; the others are defined by it.
typedef struct {
  uint32_t from, end;
} Range;

static Range used_arguments(const Step *step) {
  if (step->kind == STEP_LAMBDA) return (Range){1, step->count};
  return (Range){0, step->kind == STEP_OPEN ? 1 : step->count};
}

// Does the step take its arguments away? Otherwise it only looks at them.
static bool consumes(const Step *step) {
  switch (step->kind) {
  case STEP_FORCE:
  case STEP_FORCE_FIELD:
  case STEP_CLONE_FIELD:
  case STEP_UNLEND:
  case STEP_JOIN:
  case STEP_BORROW:
  case STEP_CHECK:
  case STEP_OPERATE:
  case STEP_CASE:
  case STEP_IF: return false;
  default: return true;
  }
}

// First pass, backwards: the variables that are used from a step on. `after` is what is used after the block.
static Set find_live(Owner *owner, Step *step, const uint64_t *after) {
  if (!step) return new_set(owner);
  Set live;
  switch (step->kind) {
  case STEP_RETURN: live = copy_set(owner, after); break;
  case STEP_TAIL:
  case STEP_LEAVE:
  case STEP_GRAPH: live = new_set(owner); break;
  case STEP_CASE:
    live = copy_set(owner, find_live(owner, step->aside, after));
    for (uint32_t i = 0; i < step->case_count; i++) unite(owner, live, find_live(owner, step->cases[i].steps, after));
    break;
  case STEP_BLOCK: {
    Set next = copy_set(owner, find_live(owner, step->next, after));
    bit_remove(next, step->dst);
    live = copy_set(owner, find_live(owner, step->aside, next));
    break;
  }
  default:
    live = copy_set(owner, find_live(owner, step->next, after));
    if (step->aside) unite(owner, live, find_live(owner, step->aside, after));
  }
  bit_remove(live, step->dst);
  Range used = used_arguments(step);
  for (uint32_t i = 0; i < step->count; i++)
    if (i < used.from || i >= used.end) bit_remove(live, step->arguments[i]);
  for (uint32_t i = used.from; i < used.end; i++) bit_add(live, step->arguments[i]);
  bit_add(live, step->reuse);
  step->live = live;
  return live;
}

// Second pass, forwards.

typedef struct {
  Atom x;
  unsigned size;
} Token; // an opened constructor whose cells wait to be used again

typedef ARRAY(Token) Tokens;

typedef struct {
  Kind *kinds; // by variable
  Tokens tokens;
} Path;

static bool is_flat(const Owner *owner, const Path *path, Atom x) {
  return x < 0 ? word_is_flat(owner->strict->code->constants.items[~x]) : path->kinds[x] == KIND_NUMBER;
}

static bool is_number(const Owner *owner, const Path *path, Atom x) {
  return x < 0 ? word_tag(owner->strict->code->constants.items[~x]) <= TAG_FLO : path->kinds[x] == KIND_NUMBER;
}

static bool is_borrowed(const Owner *owner, Atom x) {
  return x >= 0 && (size_t)x < owner->unit->loans.count && owner->unit->loans.items[x].borrowed;
}

static Path fork_path(const Owner *owner, const Path *path) {
  Path fork = {malloc(((size_t)owner->limit + 1) * sizeof(Kind)), {0}};
  if (!fork.kinds) memory_exhausted();
  memcpy(fork.kinds, path->kinds, owner->limit * sizeof(Kind));
  for (size_t i = 0; i < path->tokens.count; i++) ARRAY_PUSH(&fork.tokens, path->tokens.items[i]);
  return fork;
}

static void free_path(Path *path) {
  free(path->kinds);
  ARRAY_FREE(&path->tokens);
}

static Step *insert_step(Owner *owner, Step **place, StepKind kind, Atom dst, Atom x) {
  Arena *arena = &owner->strict->code->arena;
  Step *step = ARENA_NEW(arena, Step);
  step->kind = kind;
  step->dst = dst;
  step->reuse = NO_ATOM;
  step->count = 1;
  step->arguments = ARENA_ARRAY(arena, Atom, 1);
  step->arguments[0] = x;
  step->next = *place;
  step->live = *place ? (*place)->live : NULL;
  *place = step;
  return step;
}

static unsigned node_size(const Owner *owner, Word key) {
  return owner->strict->program->names.items[word_extra(key)].arity;
}

static unsigned built_size(const Owner *owner, const Step *step) {
  if (step->kind == STEP_LAMBDA || step->kind == STEP_LAMBDA_UNUSED) return 0; // not worth it
  if (step->kind != STEP_NODE || step->count == 0) return 0;
  return word_tag(step->word) == TAG_APP ? 2 : node_size(owner, step->word);
}

// Can nothing else run before the path ends?
static bool is_calm(const Step *step) {
  for (; step; step = step->next) {
    if (step->kind == STEP_FORCE || step->kind == STEP_FORCE_FIELD || step->kind == STEP_CALL ||
        step->kind == STEP_APPLY)
      return false;
    for (uint32_t i = 0; i < step->case_count; i++)
      if (!is_calm(step->cases[i].steps)) return false;
    if (step->aside && !is_calm(step->aside)) return false;
  }
  return true;
}

// Is something of this size built on some path from here on, before anything else can run?
static bool will_build(const Owner *owner, const Step *step, unsigned size) {
  for (; step; step = step->next) {
    if (built_size(owner, step) == size) return true;
    switch (step->kind) {
    case STEP_CASE:
      for (uint32_t i = 0; i < step->case_count; i++)
        if (will_build(owner, step->cases[i].steps, size)) return true;
      return will_build(owner, step->aside, size);
    case STEP_IF:
    case STEP_FUEL:
    case STEP_SHALLOW:
    case STEP_FAIL:
      if (will_build(owner, step->aside, size)) return true;
      break;
    case STEP_FORCE:
    case STEP_FORCE_FIELD: // the search for cycles must not find cells that nobody holds
      if (owner->strict->open) return false;
      break;
    case STEP_BLOCK:
      if (!is_calm(step->aside)) return false;
      break;
    case STEP_CALL:
    case STEP_JOIN:
    case STEP_APPLY: return false;
    default: break;
    }
  }
  return false;
}

// Gives the cells back that nothing from here on takes.
static Step **settle_tokens(Owner *owner, Step **place, Path *path) {
  for (size_t i = path->tokens.count; i-- > 0;) {
    Token token = path->tokens.items[i];
    if (will_build(owner, *place, token.size)) continue;
    Step *step = insert_step(owner, place, STEP_FREE, NO_ATOM, token.x);
    step->word = token.size;
    place = &step->next;
    path->tokens.items[i] = path->tokens.items[--path->tokens.count];
  }
  return place;
}

static void own(Owner *owner, Step **place, Path *path, const uint64_t *after);

// The beginning of a path: what only the others need is dropped.
static void enter(Owner *owner, Step **place, const uint64_t *before, Path *path, const uint64_t *after) {
  const uint64_t *needed = *place ? (*place)->live : after;
  for (Atom x = 0; x < (Atom)owner->unit->variables; x++) {
    if (!bit_has(before, x) || bit_has(needed, x) || is_flat(owner, path, x) || is_borrowed(owner, x)) continue;
    Step *step = insert_step(owner, place, STEP_DROP, NO_ATOM, x);
    place = &step->next;
  }
  place = settle_tokens(owner, place, path);
  own(owner, place, path, after);
}

static void enter_fork(Owner *owner, Step **place, const uint64_t *before, const Path *path, const uint64_t *after) {
  Path fork = fork_path(owner, path);
  enter(owner, place, before, &fork, after);
  free_path(&fork);
}

// Lends an argument of a call, which is needed after it, instead of cloning it: false if the callee does not borrow.
// The loan ends where the call does, on both its ways.
static bool lend_argument(Owner *owner, Step ***place, const Path *path, uint32_t index) {
  Step *step = **place;
  Atom x = step->arguments[index];
  const Unit *callee = owner->strict->by_name.items[step->name];
  if (step->kind != STEP_CALL || path->kinds[x] != KIND_VALUE) return false;
  if (!strict_lendable(owner->strict, callee, index)) return false;
  Atom lent = (Atom)owner->unit->variables++;
  Step *lend = insert_step(owner, *place, STEP_LEND, lent, x);
  *place = &lend->next;
  step->arguments[index] = lent;
  step->lent[index] = true;
  Step **ends[] = {&step->next, &step->aside};
  for (int i = 0; i < 2; i++) {
    if (!*ends[i]) continue;
    Step *end = insert_step(owner, ends[i], STEP_UNLEND, NO_ATOM, x);
    end->live = copy_set(owner, end->live);
    bit_add(end->live, x);
  }
  return true;
}

// A constructor that is needed after it was taken apart is not: its fields are cloned where they are, those that are
// used.
static void look_into(Owner *owner, Step **place) {
  const Step *open = *place;
  Atom x = open->arguments[0];
  *place = open->next;
  for (uint32_t i = open->count; i-- > 1;) {
    if (!bit_has(open->next->live, open->arguments[i])) continue;
    Step *step = insert_step(owner, place, STEP_CLONE_FIELD, open->arguments[i], x);
    step->word = i - 1;
    step->live = copy_set(owner, step->live);
    bit_remove(step->live, step->dst);
    bit_add(step->live, x);
  }
}

// Clones what a step takes and somebody needs later. `live`: variables that are used after it.
static Step **clone_arguments(Owner *owner, Step **place, Path *path, const uint64_t *live) {
  Step *step = *place;
  Range used = used_arguments(step);
  if (step->kind == STEP_LAMBDA_BODY) used.from = 1; // the λ stays where it is
  for (uint32_t i = used.from; i < used.end; i++) {
    Atom x = step->arguments[i];
    if (x < 0 || is_flat(owner, path, x) || is_borrowed(owner, x) || (step->lent && step->lent[i])) continue;
    if (bit_has(live, x) && lend_argument(owner, &place, path, i)) continue;
    bool again = bit_has(live, x);
    for (uint32_t k = i + 1; k < used.end && !again; k++) again = step->arguments[k] == x;
    if (!again) continue;
    Atom copy = (Atom)owner->unit->variables++;
    Step *clone = insert_step(owner, place, STEP_CLONE, copy, x);
    clone->word = path->kinds[x] == KIND_VALUE;
    path->kinds[copy] = path->kinds[x];
    place = &clone->next;
    step->arguments[i] = copy;
  }
  return place;
}

static Kind result_kind(const Owner *owner, const Step *step, const Path *path) {
  switch (step->kind) {
  case STEP_OPERATE: return KIND_NUMBER;
  case STEP_LATER: {
    bool numbers = is_number(owner, path, step->arguments[0]) && is_number(owner, path, step->arguments[1]);
    Operator op = op2_operator(word_extra(step->word));
    bool total = (op != OP_DIV && op != OP_MOD) ||
                 (step->arguments[1] < 0 && owner->strict->code->constants.items[~step->arguments[1]] != number_u60(0));
    return numbers && total && !owner->strict->floats ? KIND_NUMBER : KIND_ANY;
  }
  case STEP_NODE: return word_is_value(step->word) ? KIND_VALUE : KIND_ANY;
  case STEP_CALL:
  case STEP_APPLY: return step->aside ? KIND_VALUE : KIND_ANY;
  case STEP_LAMBDA:
  case STEP_LAMBDA_UNUSED:
  case STEP_STRING:
  case STEP_LIST:
  case STEP_KEEP:
  case STEP_COPY: return KIND_VALUE;
  case STEP_CLONE: return path->kinds[step->arguments[0]];
  default: return KIND_ANY;
  }
}

static void set_kind(Path *path, Atom x, Kind kind) {
  if (x >= 0) path->kinds[x] = kind;
}

static void own_case(Owner *owner, Step *step, Path *path, const uint64_t *after) {
  Atom x = step->arguments[0];
  for (uint32_t i = 0; i < step->case_count; i++) {
    Path fork = fork_path(owner, path);
    Word key = step->cases[i].key;
    bool flat = word_tag(key) <= TAG_FLO || node_size(owner, key) == 0;
    if (flat) set_kind(&fork, x, KIND_NUMBER);
    enter(owner, &step->cases[i].steps, step->live, &fork, after);
    free_path(&fork);
  }
  enter_fork(owner, &step->aside, step->live, path, after);
}

static void take_token(Owner *owner, Step *step, Path *path) {
  unsigned size = built_size(owner, step);
  if (!size) return;
  for (size_t i = path->tokens.count; i-- > 0;) {
    if (path->tokens.items[i].size != size) continue;
    step->reuse = path->tokens.items[i].x;
    path->tokens.items[i] = path->tokens.items[--path->tokens.count];
    return;
  }
}

// The arguments that are still there after a step.
static void add_looked_at(const Step *step, Set set) {
  switch (step->kind) {
  case STEP_LAMBDA_BODY:
  case STEP_LEND: bit_add(set, step->arguments[0]); return;
  default:
    for (uint32_t i = 0; i < step->count && !consumes(step); i++) bit_add(set, step->arguments[i]);
  }
}

static void own(Owner *owner, Step **place, Path *path, const uint64_t *after) {
  Step *step = *place;
  if (!step) return;
  // The variables that are used after this step, on any path.
  Set out = new_set(owner);
  switch (step->kind) {
  case STEP_RETURN: unite(owner, out, after); break;
  case STEP_TAIL:
  case STEP_LEAVE:
  case STEP_GRAPH: break;
  default:
    if (step->next) unite(owner, out, step->next->live);
    if (step->aside) unite(owner, out, step->aside->live);
    for (uint32_t i = 0; i < step->case_count; i++) unite(owner, out, step->cases[i].steps->live);
  }
  bit_remove(out, step->dst);
  if (step->kind == STEP_OPEN && bit_has(out, step->arguments[0])) {
    look_into(owner, place);
    own(owner, place, path, after);
    return;
  }
  if (consumes(step)) place = clone_arguments(owner, place, path, out);
  switch (step->kind) {
  case STEP_CASE: own_case(owner, step, path, after); return;
  case STEP_IF:
  case STEP_FUEL:
  case STEP_SHALLOW:
    enter_fork(owner, &step->aside, step->live, path, after);
    enter_fork(owner, &step->next, step->live, path, after);
    return;
  case STEP_FAIL: enter(owner, &step->aside, step->live, path, after); return;
  case STEP_RETURN:
  case STEP_TAIL:
  case STEP_LEAVE:
  case STEP_GRAPH: return;
  case STEP_BLOCK: {
    Set next = copy_set(owner, step->next->live);
    bool used = bit_has(next, step->dst);
    bit_remove(next, step->dst);
    Path inside = fork_path(owner, path);
    inside.tokens.count = 0; // what follows the block takes them
    enter(owner, &step->aside, step->live, &inside, next);
    free_path(&inside);
    Set before = copy_set(owner, next);
    if (!used) bit_add(before, step->dst);
    enter(owner, &step->next, before, path, after);
    return;
  }
  default: break;
  }
  if (step->kind == STEP_NODE) take_token(owner, step, path);
  // Aside, a call's result is there but is no value; an operation has none, and its operands may be anything.
  Set before = copy_set(owner, out);
  if (step->kind != STEP_OPERATE) bit_add(before, step->dst);
  add_looked_at(step, before); // dropped after its last use
  if (step->aside) enter_fork(owner, &step->aside, before, path, after);
  bit_add(before, step->dst);
  Kind kind = step->kind == STEP_FORCE || step->kind == STEP_FORCE_FIELD ? KIND_VALUE : result_kind(owner, step, path);
  if (step->kind == STEP_FORCE) set_kind(path, step->arguments[0], kind);
  if (step->kind == STEP_CHECK || step->kind == STEP_OPERATE)
    for (uint32_t i = 0; i < step->count; i++) set_kind(path, step->arguments[i], KIND_NUMBER);
  set_kind(path, step->dst, kind);
  if (step->kind == STEP_OPEN) {
    for (uint32_t i = 1; i < step->count; i++) bit_add(before, step->arguments[i]);
    unsigned size = step->count - 1;
    step->keep = will_build(owner, step->next, size);
    if (step->keep) ARRAY_PUSH(&path->tokens, (Token){step->arguments[0], size});
  }
  if (step->kind == STEP_LAMBDA) bit_add(before, step->arguments[0]);
  enter(owner, &step->next, before, path, after);
}

// An upper bound of the variables that cloning adds: the arguments of all steps.
static uint32_t count_arguments(const Step *step) {
  uint32_t count = 0;
  for (; step; step = step->next) {
    count += step->count;
    if (step->aside) count += count_arguments(step->aside);
    for (uint32_t i = 0; i < step->case_count; i++) count += count_arguments(step->cases[i].steps);
  }
  return count;
}

// Calls that lend something are calls of the unit that borrows it.
static void name_callees(Owner *owner, Step *step) {
  for (; step; step = step->next) {
    if (step->kind == STEP_CALL || step->kind == STEP_TAIL) {
      uint64_t borrowed = 0;
      for (uint32_t i = 0; i < step->count && i < 64 && step->lent; i++) borrowed |= (uint64_t)step->lent[i] << i;
      if (borrowed)
        step->name = strict_borrowing(owner->strict, owner->strict->by_name.items[step->name], borrowed)->name;
      if (step->kind == STEP_TAIL && step->name == owner->unit->name) owner->unit->calls_itself++;
    }
    if (step->aside) name_callees(owner, step->aside);
    for (uint32_t i = 0; i < step->case_count; i++) name_callees(owner, step->cases[i].steps);
  }
}

void strict_own(Strict *strict, Unit *unit) {
  Owner owner = {.strict = strict, .unit = unit, .limit = unit->variables + count_arguments(unit->steps)};
  owner.words = bit_words(owner.limit);
  Set nothing = new_set(&owner);
  find_live(&owner, unit->steps, nothing);
  Path path = {malloc(((size_t)owner.limit + 1) * sizeof(Kind)), {0}};
  if (!path.kinds) memory_exhausted();
  for (uint32_t x = 0; x < owner.limit; x++) path.kinds[x] = KIND_ANY;
  Set parameters = new_set(&owner);
  for (uint32_t x = 0; x < unit->function->arity; x++) {
    bit_add(parameters, (Atom)x);
    if (unit->values[x]) path.kinds[x] = KIND_VALUE;
  }
  enter(&owner, &unit->steps, parameters, &path, nothing);
  free_path(&path);
  name_callees(&owner, unit->steps);
  find_live(&owner, unit->steps, nothing); // once more, with the clones
}
