// What all emitted C begins with, after native_abi.h: the machine as machine code sees it, and its commonest actions.
// The layout of words is that of word.h, the actions are those of rules.h and machine.h.
#include "native_abi.h" // (not in the emitted text)

struct Machine {
  NATIVE_MACHINE_FIELDS
};

// A large unit is compiled in PARTS at the same time, from the same text; PART is the number of this one.
#ifdef PARTS
#define UNIT __attribute__((visibility("hidden")))
#define IN_PART(chunk) ((chunk) % PARTS == PART)
extern UNIT const NativeRuntime *runtime;
#else
#define UNIT static
#define IN_PART(chunk) 1
static const NativeRuntime *runtime;
#endif

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define COLD __attribute__((noinline, cold, unused))
#define COLD_LABEL __attribute__((cold))
#define INLINE static inline __attribute__((always_inline, unused))

#define HEAP ((Word *)HVM_HEAP_BASE)
// A cell that other machines may change meanwhile: a box's two, and the fields of what has several owners. Who sees by
// the count that nobody else is left must not have looked at anything in the box before.
#define LOAD(cell) __atomic_load_n((const Word *)(HVM_HEAP_BASE + (cell) * sizeof(Word)), __ATOMIC_ACQUIRE)
#define TAG(w) ((w)&15)
#define EXTRA(w) ((uint32_t)((w) >> 4 & 0x3FFFFF))
#define LOCATION(w) ((w) >> 26)
#define KEY(w) ((w)&0x3FFFFFF)
#define KEY_OR_NUMBER(w) (TAG(w) <= 1 ? (w) : KEY(w))
#define IS_VALUE(w) (TAG(w) <= 3)
#define IS_U60(w) (TAG(w) == 0)
#define ARE_U60(a, b) ((((a) | (b)) & 15) == 0)
#define ARE_F60(a, b) (TAG(a) == 1 && TAG(b) == 1)
#define IS_FLAT(w) (TAG(w) <= 1 || TAG(w) == 5 || ((TAG(w) & 14) == 2 && (w) >> 26 == 0))
enum {
  T_CTR = 2,
  T_LAM = 3,
  T_SUP = 4,
  T_APP = 6,
  T_OP2 = 7,
  T_CAL = 8,
  T_VAR = 9,
  T_DP0 = 10,
  T_DP1 = 11,
  T_GRAPH = 12,
  T_SHR = 13
};
enum {
  SLOT_FREE_ = 15,
  SLOT_UNUSED_ = 15 | 1 << 4,
  FIRED_ = 4,
  SHARE_ONE_ = 1 << 16,
  CLAIMED_ = 15,
  FRAME_NATIVE_ = 12
};

INLINE Location alloc(Machine *m, unsigned size) {
  Location l = m->free_lists[size];
  if (LIKELY(l != 0)) {
    m->free_lists[size] = HEAP[l];
    NATIVE_CHECK_ALLOC(m, l, size);
    return l;
  }
  l = m->bump;
  if (UNLIKELY(l + size > m->bump_limit)) return runtime->more_heap(m, size);
  m->bump = l + size;
  NATIVE_CHECK_ALLOC(m, l, size);
  return l;
}

INLINE void release(Machine *m, Location l, unsigned size) {
  NATIVE_CHECK_FREE(m, l, size);
  HEAP[l] = m->free_lists[size];
  m->free_lists[size] = l;
}

// The way to more stack, and to whoever wants attention.
#define WANTS_ATTENTION(m)                                                                                             \
  UNLIKELY((char *)__builtin_frame_address(0) < __atomic_load_n(&(m)->native_limit, __ATOMIC_RELAXED))
#define CHECK_STACK(name)                                                                                              \
  do {                                                                                                                 \
    if (WANTS_ATTENTION(m)) runtime->attend(m, name);                                                                  \
  } while (0)

// The result of a unit that has something to do with it, if anything is pending: emit_hole.c, emit_sum.c. Else it
// returns, so that a call is a jump.
#define RETURN(pending, result)                                                                                        \
  do {                                                                                                                 \
    if (!(pending)) return result;                                                                                     \
    w_ = result;                                                                                                       \
    goto fill;                                                                                                         \
  } while (0)
enum { SUM_TURNS = 16 };

// What the search for cycles must see while something else runs stands on top of the stack.
#define HOLD(top, count) ((top)[count] = (Word)(count) << 4 | FRAME_NATIVE_, m->stack_top = (top) + (count) + 1)
#define LET_GO(count) (m->stack_top -= (count) + 1)

enum { CHAIN = 8 };    // operations within each other that are left to the runtime
enum { GATHERED = 8 }; // arguments that are applied to here; with more the runtime does it

// Strict code's values: real ones, and boxes that have one.
static inline bool is_settled(const Machine *m, Word w) {
  return IS_VALUE(w) || (TAG(w) == T_SHR && IS_VALUE(LOAD(LOCATION(w) + 1)));
}

// A box that has one with cells, the common kind.
INLINE bool is_boxed(const Machine *m, Word w) {
  if (TAG(w) != T_SHR) return false;
  Word inner = LOAD(LOCATION(w) + 1);
  return (TAG(inner) & 14) == T_CTR && LOCATION(inner);
}

// A box with a constructor that others own, too.
INLINE bool is_others(Word w) {
  return TAG(w) == T_SHR && LOAD(LOCATION(w)) >= 2 * SHARE_ONE_ && TAG(LOAD(LOCATION(w) + 1)) == T_CTR;
}

// A box's constructor, where it is.
INLINE Word view(const Machine *m, Word w) {
  Word inner = TAG(w) == T_SHR ? LOAD(LOCATION(w) + 1) : w;
  return IS_VALUE(inner) ? inner : w;
}

// A closure with some more arguments, and more to miss.
INLINE Word extend(Machine *m, Word f, const Word *a, uint32_t n) {
  uint32_t has = m->stages[EXTRA(f)] >> 8;
  Location l = LOCATION(f), to = alloc(m, has + n);
  for (uint32_t i = 0; i < has; i++) HEAP[to + i] = HEAP[l + i];
  for (uint32_t i = 0; i < n; i++) HEAP[to + has + i] = a[i];
  if (has) release(m, l, has);
  return T_LAM | (Word)(EXTRA(f) + n) << 4 | to << 26;
}

// Operations on U60.
#define U_ADD(a, b) ((a) + (b))
#define U_SUB(a, b) ((a) - (b))
#define U_MUL(a, b) (((a) >> 4) * (b))
#define U_DIV(a, b) ((a) / (b) << 4)
#define U_MOD(a, b) ((a) % (b))
#define U_AND(a, b) ((a) & (b))
#define U_OR(a, b) ((a) | (b))
#define U_XOR(a, b) ((a) ^ (b))
#define U_SHL(a, b) ((b) >> 4 < 60 ? (a) << ((b) >> 4) : 0)
#define U_SHR(a, b) ((b) >> 4 < 60 ? (a) >> 4 >> ((b) >> 4) << 4 : 0)
#define U_LT(a, b) ((Word)((a) < (b)) << 4)
#define U_LE(a, b) ((Word)((a) <= (b)) << 4)
#define U_EQ(a, b) ((Word)((a) == (b)) << 4)
#define U_GE(a, b) ((Word)((a) >= (b)) << 4)
#define U_GT(a, b) ((Word)((a) > (b)) << 4)
#define U_NE(a, b) ((Word)((a) != (b)) << 4)

// Floats as doubles, whose last four bits are 0. They are rounded as lang/number.c does it, in the register that they
// are in.
typedef union {
  double value;
  Word word;
} Double;
typedef Word Pair __attribute__((vector_size(16)));
typedef double Doubles __attribute__((vector_size(16)));

INLINE Word F_BOX(double x) { return (Double){.value = x}.word | 1; }
INLINE double F_UNBOX(Word w) { return (Double){.word = w & ~(Word)15}.value; }
INLINE double F_ROUND(double x) {
  if (UNLIKELY(x != x)) return F_UNBOX((Word)0x7FF8 << 48);
  Pair bits = (Pair)(Doubles){x, x};
  bits = (bits + 7 + (bits >> 4 & 1)) & ~(Word)15;
  return ((Doubles)bits)[0];
}

static Word finish(Machine *m, Word w);
static Word finish_any(Machine *m, Word w);

// Computes an operation on two numbers; NATIVE_NOTHING: they are no such, or it cannot be done.
static __attribute__((noinline, unused)) Word operate(Machine *m, uint32_t extra, Word a, Word b) {
  uint32_t op = extra & 31;
  if (ARE_F60(a, b)) {
    double x = F_UNBOX(a), y = F_UNBOX(b);
    if (op < 3) return F_BOX(F_ROUND(op == 0 ? x + y : op == 1 ? x - y : x * y));
    return runtime->operate(m, extra, a, b);
  }
  if (!ARE_U60(a, b)) return NATIVE_NOTHING;
  if (b == 0 && (op == 3 || op == 4)) return NATIVE_NOTHING;
  switch (op) {
#define OPERATION(number, name)                                                                                        \
  case number: return U_##name(a, b)
    OPERATION(0, ADD);
    OPERATION(1, SUB);
    OPERATION(2, MUL);
    OPERATION(3, DIV);
    OPERATION(4, MOD);
    OPERATION(5, AND);
    OPERATION(6, OR);
    OPERATION(7, XOR);
    OPERATION(8, SHL);
    OPERATION(9, SHR);
    OPERATION(10, LT);
    OPERATION(11, LE);
    OPERATION(12, EQ);
    OPERATION(13, GE);
    OPERATION(14, GT);
    OPERATION(15, NE);
  default: return NATIVE_NOTHING;
  }
}

// What a function is given: operate_argument of operate.h, whose reasons it has.
static __attribute__((noinline, unused)) Word operate_argument(Machine *m, Word w) {
  Location l = LOCATION(w);
  if (TAG(HEAP[l]) > 1 || TAG(HEAP[l + 1]) > 1) return runtime->operate_argument(m, w);
  Word result = operate(m, EXTRA(w), HEAP[l], HEAP[l + 1]);
  if (result == NATIVE_NOTHING) return w;
  release(m, l, 2);
  return result;
}
INLINE Word argument(Machine *m, Word w) { return TAG(w) == T_OP2 ? operate_argument(m, w) : w; }

// The code of a closure's function if it has some and these are arguments enough.
INLINE NativeEnter *code_of(const Machine *m, Word f, uint32_t n) {
  uint32_t stage = EXTRA(f), has = m->stages[stage] >> 8, misses = m->stages[stage] & 255;
  return n < misses || has + misses > GATHERED ? NULL : m->natives[stage + misses];
}

// Takes what a closure has, in front of the arguments that were passed from there on.
INLINE void take_held(Machine *m, Word f) {
  uint32_t has = m->stages[EXTRA(f)] >> 8;
  Location l = LOCATION(f);
  for (uint32_t i = 0; i < has; i++) m->passed[i] = HEAP[l + i];
  if (has) release(m, l, has);
}

// (f a b …): does what can be done with f, and gives what is to be reduced on, which is a value at times. So a function
// that leaves by an application returns to a loop, and no stack grows. NATIVE_NOTHING: the runtime has to do it.
static __attribute__((noinline, unused)) Word reduce_application(Machine *m, Word w) {
  Location inner = LOCATION(w), outer = 0, l;
  uint32_t n = 1;
  Word f = HEAP[inner];
  for (; TAG(f) == T_APP; n++) {
    if (n == GATHERED) return NATIVE_NOTHING;
    outer = inner, inner = LOCATION(f), f = HEAP[inner];
  }
  l = LOCATION(f);
  switch (TAG(f)) {
  case T_LAM: {
    if (!EXTRA(f)) { // App-Lam
      Word slot = LOAD(l), body = HEAP[l + 1], x = HEAP[inner + 1];
      release(m, inner, 2);
      if (slot == SLOT_FREE_) x = argument(m, x);
      runtime->substitute(m, l, x);
      if (n == 1) return body;
      HEAP[outer] = body;
      return w;
    }
    uint32_t has = m->stages[EXTRA(f)] >> 8, misses = m->stages[EXTRA(f)] & 255, k = n < misses ? n : misses;
    NativeEnter *enter = code_of(m, f, n);
    if (!enter && n >= misses) return NATIVE_NOTHING;
    Word at = w;
    for (uint32_t i = n; i > k; i--) outer = LOCATION(at), at = HEAP[outer];
    if (n < misses) has = 0;
    for (uint32_t i = k; i-- > 0;) {
      Location node = LOCATION(at);
      m->passed[has + i] = argument(m, HEAP[node + 1]);
      at = HEAP[node];
      release(m, node, 2);
    }
    if (n < misses) return extend(m, f, m->passed, n);
    take_held(m, f);
    if (n == k) return enter(m, m->passed, 0);
    inner = outer;
    HEAP[inner] = 0; // moved out
    *m->stack_top = w;
    HOLD(m->stack_top, 1);
    f = enter(m, m->passed, 0);
    break;
  }
  case T_SHR: {
    Word held = LOAD(l + 1);
    bool is_function = TAG(held) == T_LAM;
    if (!is_function && (m->many || IS_VALUE(held) || TAG(held) == T_SUP || TAG(held) >= T_SHR)) return NATIVE_NOTHING;
    HEAP[inner] = 0;
    *m->stack_top = w;
    HOLD(m->stack_top, 1);
    f = is_function && !IS_FLAT(held) ? runtime->unbox(m, f) : finish_any(m, f);
    LET_GO(1);
    HEAP[inner] = f;
    return TAG(f) == T_LAM || (TAG(f) == T_SHR && TAG(LOAD(LOCATION(f) + 1)) == T_LAM) ? w : NATIVE_NOTHING;
  }
  case T_VAR: {
    Word slot = LOAD(l);
    if (TAG(slot) == 15) return NATIVE_NOTHING;
    release(m, l, 2);
    HEAP[inner] = slot;
    return w;
  }
  case T_DP0:
  case T_DP1:
    if (LOAD(l + 1) != FIRED_ || TAG(LOAD(l)) == 15) return NATIVE_NOTHING;
    HEAP[inner] = LOAD(l);
    release(m, l, 2);
    return w;
  default: return NATIVE_NOTHING;
  }
  LET_GO(1);
  HEAP[inner] = f;
  return w;
}

// Long chains of operations are for the runtime, whose frames are smaller.
INLINE bool is_chain(Word w) {
  for (int i = 0; i < CHAIN; i++) {
    Location l = LOCATION(w);
    w = TAG(HEAP[l]) > 1 ? HEAP[l] : HEAP[l + 1];
    if (TAG(w) == T_VAR) w = LOAD(LOCATION(w)); // what it stands for, or a mark
    if (LIKELY(TAG(w) != T_OP2)) return false;
  }
  return true;
}

// Reduces an operation.
static __attribute__((noinline, unused)) Word finish_operation(Machine *m, Word w) {
  Location l = LOCATION(w);
  if (is_chain(w)) return runtime->reduce(m, w);
  CHECK_STACK(NATIVE_NO_NAME);
  for (int i = 0; i < 2; i++) {
    Word x = HEAP[l + i];
    if (TAG(x) <= 1) continue;
    HEAP[l + i] = 0; // moved out
    *m->stack_top = w;
    HOLD(m->stack_top, 1);
    x = finish(m, x);
    LET_GO(1);
    HEAP[l + i] = x;
    if (TAG(x) > 1) return runtime->reduce(m, w);
  }
  Word result = operate(m, EXTRA(w), HEAP[l], HEAP[l + 1]);
  if (result == NATIVE_NOTHING) return runtime->reduce(m, w);
  release(m, l, 2);
  return result;
}

// Reduces the call in a box for all its owners; what one of them has then.
static __attribute__((noinline, unused)) Word finish_box(Machine *m, Word w) {
  Location l = LOCATION(w);
  Word inner = HEAP[l + 1];
  CHECK_STACK(TAG(inner) == T_CAL ? EXTRA(inner) : NATIVE_NO_NAME);
  HEAP[l + 1] = CLAIMED_;
  *m->stack_top = w;
  HOLD(m->stack_top, 1);
  inner = finish(m, inner);
  LET_GO(1);
  if (UNLIKELY(m->many)) return runtime->settle_box(m, w, inner);
  if (IS_FLAT(inner)) {
    HEAP[l + 1] = inner;
    HEAP[l] -= SHARE_ONE_;
    if (HEAP[l] < SHARE_ONE_) release(m, l, 2);
    return inner;
  }
  HEAP[l + 1] = is_settled(m, inner) ? inner : runtime->surprise(m, inner);
  return w;
}

// Reduces a term to weak head normal form: a call by its machine code, all else by the runtime.
static __attribute__((noinline, unused)) Word finish_any(Machine *m, Word w) {
  for (;;) {
    Location l = LOCATION(w);
    NATIVE_CHECK_TERM(m, w);
    switch (TAG(w)) {
    case T_CAL: {
      NativeEnter *enter = m->natives[EXTRA(w)];
      if (!enter) return runtime->reduce(m, w);
      w = enter(m, HEAP + l, l);
      break;
    }
    case T_DP0:
    case T_DP1:
      if (LOAD(l + 1) != FIRED_ || TAG(LOAD(l)) == 15) return runtime->reduce(m, w);
      w = LOAD(l);
      release(m, l, 2);
      break;
    case T_VAR: {
      Word slot = LOAD(l);
      if (TAG(slot) == 15) return w;
      w = slot;
      release(m, l, 2);
      break;
    }
    case T_APP: {
      Word next = reduce_application(m, w);
      if (next == NATIVE_NOTHING) return runtime->reduce(m, w);
      w = next;
      break;
    }
    case T_SHR: {
      Word inner = LOAD(l + 1);
      if (IS_VALUE(inner) && !IS_FLAT(inner)) return w;
      if (UNLIKELY(m->many)) {
        Word taken = runtime->take_back(m, w);
        if (taken == w) return runtime->reduce_box(m, w);
        w = taken;
        break;
      }
      if (TAG(inner) >= T_SHR || TAG(inner) == T_SUP) return runtime->reduce(m, w);
      if (HEAP[l] < 2 * SHARE_ONE_) { // nobody else has it
        release(m, l, 2);
        w = inner;
        break;
      }
      w = finish_box(m, w);
      bool ready = TAG(w) != T_SHR || (TAG(HEAP[l + 1]) != T_SHR && TAG(HEAP[l + 1]) != T_SUP);
      return ready ? w : runtime->reduce(m, w); // what took its place is another box, or to be copied
    }
    case T_OP2: return finish_operation(m, w);
    case T_GRAPH: return runtime->reduce(m, w);
    default: return w;
    }
  }
}

// spark_join, whose reasons it has.
static __attribute__((noinline, unused)) Word join(Machine *m, Word spark) {
  uint64_t tank = m->tank, share = m->fuel / 2;
  if (!share) return runtime->leave(m, spark);
  Word w = runtime->take_back(m, spark);
  if (w == spark) return w;
  m->fuel -= share;
  m->tank = share;
  w = finish_any(m, w);
  m->tank = tank;
  return is_settled(m, w) ? w : runtime->surprise(m, w);
}

// The same; mostly it is a call that gives a value.
static __attribute__((noinline, unused)) Word finish(Machine *m, Word w) {
  NATIVE_CHECK_TERM(m, w);
  NativeEnter *enter = TAG(w) == T_CAL ? m->natives[EXTRA(w)] : NULL;
  if (enter) w = enter(m, HEAP + LOCATION(w), LOCATION(w));
  return IS_VALUE(w) ? w : finish_any(m, w);
}

// Reduces the field of something borrowed in its place, and looks at it there.
static __attribute__((noinline, unused)) Word force_field(Machine *m, Location cell) {
  Word w = view(m, LOAD(cell));
  if (TAG(w) <= T_LAM) return w;
  if (UNLIKELY(m->many)) return runtime->force_field(m, cell);
  HEAP[cell] = 0;
  NativeEnter *enter = TAG(w) == T_CAL ? m->natives[EXTRA(w)] : NULL;
  if (enter) w = enter(m, HEAP + LOCATION(w), LOCATION(w));
  if (!is_settled(m, w)) w = finish(m, w);
  if (!is_settled(m, w)) w = runtime->surprise(m, w);
  HEAP[cell] = w;
  return view(m, w);
}

// A call that the graph's code takes over.
static COLD Word graph(Machine *m, uint32_t name, uint32_t n, ...) {
  Location l = n ? alloc(m, n) : 0;
  va_list arguments;
  va_start(arguments, n);
  for (uint32_t i = 0; i < n; i++) HEAP[l + i] = va_arg(arguments, Word);
  va_end(arguments);
  return (Word)name << 4 | T_GRAPH | l << 26;
}

// A function applied to the first of the arguments passed, in weak head normal form.
static __attribute__((noinline, unused)) Word apply(Machine *m, Word f, uint32_t n) {
  if (TAG(f) == T_LAM && EXTRA(f)) {
    uint32_t has = m->stages[EXTRA(f)] >> 8, misses = m->stages[EXTRA(f)] & 255;
    if (n < misses) return extend(m, f, m->passed, n);
    NativeEnter *enter = n == misses ? code_of(m, f, n) : NULL;
    if (enter) {
      for (uint32_t i = n; i-- > 0;) m->passed[has + i] = argument(m, m->passed[i]);
      take_held(m, f);
      Word w = enter(m, m->passed, 0);
      return IS_VALUE(w) ? w : finish(m, w);
    }
  }
  for (uint32_t i = 0; i < n; i++) {
    Location l = alloc(m, 2);
    HEAP[l] = f, HEAP[l + 1] = m->passed[i];
    f = T_APP | l << 26;
  }
  return finish_any(m, f);
}

INLINE void erase(Machine *m, Word w) {
  if (LIKELY(IS_FLAT(w))) return;
  if (TAG(w) == T_SHR && LIKELY(!m->many) && HEAP[LOCATION(w)] >= 2 * SHARE_ONE_)
    HEAP[LOCATION(w)] -= SHARE_ONE_;
  else
    runtime->erase(m, w);
}

#define CLONE(copy, x)                                                                                                 \
  do {                                                                                                                 \
    if (IS_FLAT(x)) {                                                                                                  \
      copy = x;                                                                                                        \
    } else {                                                                                                           \
      NativePair copies_ = runtime->clone(m, x);                                                                       \
      copy = copies_.first;                                                                                            \
      x = copies_.second;                                                                                              \
    }                                                                                                                  \
  } while (0)

// Puts a term into a box for two owners.
static __attribute__((noinline, unused)) Word box(Machine *m, Word x) {
  if (TAG(x) >= T_VAR) return runtime->clone(m, x).first; // it may stand for something else
  Location l = alloc(m, 2);
  HEAP[l] = 2 * SHARE_ONE_, HEAP[l + 1] = x;
  return T_SHR | l << 26;
}

INLINE void add_owner(Machine *m, Word w) {
  if (UNLIKELY(m->locked))
    runtime->add_owner(m, w);
  else
    HEAP[LOCATION(w)] += SHARE_ONE_;
}

// Leaves a box that others own too, or owned a moment ago.
INLINE void leave(Machine *m, Word w) {
  if (UNLIKELY(m->many))
    runtime->erase(m, w);
  else
    HEAP[LOCATION(w)] -= SHARE_ONE_;
}

// CLONE, where clones are boxes.
#define SHARE(copy, x)                                                                                                 \
  do {                                                                                                                 \
    if (!IS_FLAT(x)) {                                                                                                 \
      if (TAG(x) == T_SHR)                                                                                             \
        add_owner(m, x);                                                                                               \
      else                                                                                                             \
        x = box(m, x);                                                                                                 \
    }                                                                                                                  \
    copy = x;                                                                                                          \
  } while (0)

INLINE Word share_field(Machine *m, Location cell) {
  Word copy, x = LOAD(cell);
  if (IS_FLAT(x)) return x;
  if (UNLIKELY(m->many)) {
    if (TAG(x) != T_SHR) return runtime->clone_field(m, cell);
    add_owner(m, x);
    return x;
  }
  SHARE(copy, x);
  HEAP[cell] = x;
  return copy;
}

// An owner looks into a box: the value is its own if nobody else has it (`from` is 0 then), else it stays where it is.
#define LOOK_INTO(from, x)                                                                                             \
  do {                                                                                                                 \
    Location l_ = LOCATION(x);                                                                                         \
    from = x;                                                                                                          \
    x = LOAD(l_ + 1);                                                                                                  \
    if (LOAD(l_) < 2 * SHARE_ONE_) {                                                                                   \
      release(m, l_, 2);                                                                                               \
      from = 0;                                                                                                        \
    }                                                                                                                  \
  } while (0)

// An owner leaves a box with the fields of its constructor, which are passed. It may be the last one by now.
static __attribute__((noinline, unused)) void peel(Machine *m, Word w, uint32_t count) {
  Location l = LOCATION(w), from = LOCATION(LOAD(l + 1));
  if (LOAD(l) < 2 * SHARE_ONE_) {
    for (uint32_t i = 0; i < count; i++) m->passed[i] = HEAP[from + i];
    release(m, from, count);
    release(m, l, 2);
    return;
  }
  for (uint32_t i = 0; i < count; i++) m->passed[i] = share_field(m, from + i);
  leave(m, w);
}

#define COPY_VALUE(copy, x)                                                                                            \
  do {                                                                                                                 \
    if (IS_FLAT(x)) {                                                                                                  \
      copy = x;                                                                                                        \
    } else {                                                                                                           \
      NativePair copies_ = runtime->copy_value(m, x);                                                                  \
      x = copies_.first; /* what is lent stays where it is */                                                          \
      copy = copies_.second;                                                                                           \
    }                                                                                                                  \
  } while (0)

#define LEND(lent, x)                                                                                                  \
  do {                                                                                                                 \
    if (TAG(x) == T_SHR && TAG(LOAD(LOCATION(x) + 1)) == T_CTR) {                                                      \
      lent = LOAD(LOCATION(x) + 1);                                                                                    \
    } else if (UNLIKELY(TAG(x) == T_LAM || TAG(x) == T_SHR)) {                                                         \
      NativePair pair_ = runtime->lend(m, x);                                                                          \
      x = pair_.first;                                                                                                 \
      lent = pair_.second;                                                                                             \
    } else {                                                                                                           \
      lent = x;                                                                                                        \
    }                                                                                                                  \
  } while (0)

INLINE Word node1(Machine *m, Word key, Word a) {
  Location l = alloc(m, 1);
  HEAP[l] = a;
  return key | l << 26;
}

INLINE Word node2(Machine *m, Word key, Word a, Word b) {
  Location l = alloc(m, 2);
  HEAP[l] = a, HEAP[l + 1] = b;
  return key | l << 26;
}

INLINE Word node3(Machine *m, Word key, Word a, Word b, Word c) {
  Location l = alloc(m, 3);
  HEAP[l] = a, HEAP[l + 1] = b, HEAP[l + 2] = c;
  return key | l << 26;
}

// Given with a loan, or a copy: see STEP_KEEP.
#define KEEP(kept, x)                                                                                                  \
  do {                                                                                                                 \
    if (TAG(x) == T_LAM)                                                                                               \
      kept = x;                                                                                                        \
    else                                                                                                               \
      COPY_VALUE(kept, x);                                                                                             \
  } while (0)

#define TAKE_FUEL() (LIKELY(m->fuel != 0) && (m->fuel--, 1))
#define TAKE_PORTION() (LIKELY(m->fuel + NATIVE_FUEL > m->tank) && TAKE_FUEL())
