// What machine code and the runtime agree on. The text of this file stands in front of all C that is emitted, so it
// includes nothing but standard headers. Whoever changes a layout or a meaning here counts NATIVE_ABI up.
#ifndef HVM_EVAL_NATIVE_ABI_H
#define HVM_EVAL_NATIVE_ABI_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NATIVE_ABI 14

typedef uint64_t Word; // word.h says what it holds
typedef uint64_t Location;
typedef struct Machine Machine;

// A function on arguments in the order of its parameters, which are in the cells of a call's node (node: its location,
// which is freed) or elsewhere (node 0). Gives a term: a value, or what is to be reduced on.
typedef Word NativeEnter(Machine *machine, const Word *arguments, Location node);

enum { NATIVE_SIZES = 256 }; // cells of the largest node + 1
enum { NATIVE_FUEL = 256 };  // constructors that are built eagerly before one is left for later, usually

// A location is an address divided by the size of a cell: the heap is mapped where all of it has such numbers. Only
// where a sanitizer has these addresses for itself, the heap lies behind them.
#ifdef __SANITIZE_ADDRESS__
#define HVM_HEAP_BASE ((uintptr_t)1 << 45)
#elif !defined HVM_HEAP_BASE
#define HVM_HEAP_BASE ((uintptr_t)0)
#endif

// A test build (-DHVM_CHECK) knows of every cell whether a node begins there, and how large it is. What is freed twice
// or used after it was freed is a trap; freed cells hold words that are no terms.
#ifdef HVM_CHECK
#define NATIVE_CHECK_FIELDS uint8_t *sizes; /* by location: of the node that is there; 0: none */
#define NATIVE_CHECK_ALLOC(machine, location, size) ((machine)->sizes[location] = (uint8_t)(size))
#define NATIVE_CHECK_FREE(machine, location, size)                                                                     \
  do {                                                                                                                 \
    if ((machine)->sizes[location] != (size)) __builtin_trap();                                                        \
    (machine)->sizes[location] = 0;                                                                                    \
    for (unsigned i_ = 1; i_ < (size); i_++) ((Word *)HVM_HEAP_BASE)[(location) + i_] = 14;                            \
  } while (0)
#define NATIVE_CHECK_TERM(machine, term) native_check_term((machine)->sizes, term)
static inline void native_check_term(const uint8_t *sizes, Word term) {
  unsigned tag = term & 15;
  if (tag > 13 || (tag != 0 && tag != 1 && term >> 26 && !sizes[term >> 26])) __builtin_trap();
}
#else
#define NATIVE_CHECK_FIELDS
#define NATIVE_CHECK_ALLOC(machine, location, size) ((void)0)
#define NATIVE_CHECK_FREE(machine, location, size) ((void)0)
#define NATIVE_CHECK_TERM(machine, term) ((void)0)
#endif

// What a machine begins with.
#define NATIVE_MACHINE_FIELDS                                                                                          \
  NATIVE_CHECK_FIELDS                                                                                                  \
  Location bump, bump_limit;         /* the current run of unused cells */                                             \
  Location free_lists[NATIVE_SIZES]; /* by size; 0: empty */                                                           \
  bool many;                         /* other machines may look at the same boxes, */                                  \
  bool locked;                       /* … and at this moment: counts and claims change by locked instructions */     \
  _Atomic(char *) spark_above;       /* code whose C frame is above makes sparks (spark.h)  */                         \
  uint64_t tank;                     /* what fuel is filled up to */                                                   \
  uint64_t fuel;                     /* eager steps that strict code may take before it leaves something for later */  \
  char *native_limit;                /* where the C stack must not grow below; the highest address to get attention */ \
  Word *stack_top;                   /* of the frames, while reduce is not running */                                  \
  NativeEnter **natives;             /* machine code by NameId; NULL: none at all */                                   \
  const uint16_t *stages;            /* of closures, by NameId: arguments that it has << 8 | that it misses */         \
  Word passed[NATIVE_SIZES];         /* arguments after the fifth; all those of an apply */

typedef struct {
  Word first, second;
} NativePair;

enum { NATIVE_WAY_BITS = 16 };  // of the number of a way aside, below its unit's name
enum { NATIVE_WAY_INPUTS = 4 }; // that are given in registers

enum { NATIVE_NOTHING = 15 }; // no term
#define NATIVE_NO_NAME UINT32_MAX

// The functions of the runtime that machine code calls. None is given the address of a local variable: compilers make
// tail calls only where none was.
typedef struct {
  uint32_t abi;
  Word (*aside)(Machine *machine, Word way, ...); // takes a way aside: see aside.h
  Location (*more_heap)(Machine *machine, unsigned size);
  void (*attend)(Machine *machine,
                 uint32_t name); // the stack limit was passed, in a call of name (or NATIVE_NO_NAME); may end the run
  Word (*reduce)(Machine *machine, Word term);   // to weak head normal form
  Word (*surprise)(Machine *machine, Word term); // what it gave, no value, for what is built around it
  Word (*unbox)(Machine *machine, Word box);     // the value of a box that has one, for one of the owners
  void (*erase)(Machine *machine, Word term);
  void (*add_owner)(Machine *machine, Word box); // one of several machines is
  NativePair (*clone)(Machine *machine, Word term);
  NativePair (*copy_value)(Machine *machine, Word term);
  NativePair (*lend)(Machine *machine, Word term); // first: what the lender has left
  Word (*clone_field)(Machine *machine, Location cell);
  void (*substitute)(Machine *machine, Location lambda, Word term); // for its variable
  Word (*operate_later)(Machine *machine, uint32_t extra, Word left, Word right);
  Word (*operate)(Machine *machine, uint32_t extra, Word left, Word right); // NATIVE_NOTHING if it cannot be done
  Word (*operate_argument)(Machine *machine, Word operation); // the number, or the operation where that is none yet
  Word (*superpose)(Machine *machine, Word first, Word second);
  Word (*string)(Machine *machine, uint32_t index);
  Word (*spark)(Machine *machine, Word call, const void *frame); // the box that has it; of the code that makes it
  Word (*take_back)(Machine *machine, Word box);        // its term, if it was a spark that nobody took; or the box
  Word (*leave)(Machine *machine, Word box);            // what stands in a field for a spark when there is no fuel
  bool (*is_hungry)(const Machine *machine);            // do others have few of its sparks to take?
  void (*hint)(Machine *machine, Word term);            // what others may reduce meanwhile (HVM.spark)
  Word (*force_field)(Machine *machine, Location cell); // where several machines run: what is in it, and reduced there
  Word (*settle_box)(Machine *machine, Word box, Word term); // likewise: puts the term into the box it was taken out of
  Word (*reduce_box)(Machine *machine, Word box);            // likewise: its term, for all its owners
} NativeRuntime;

typedef struct {
  uint32_t name; // NameId
  NativeEnter *enter;
} NativeEntry;

// What a compiled unit consists of. bind, which may be NULL, is called once, with a NativeRuntime, before any entry is.
typedef struct {
  uint32_t abi, count;
  const NativeEntry *entries;
  void (*bind)(const void *runtime);
} NativeModule;

// The one symbol that a unit defines.
#if defined __GNUC__
__attribute__((visibility("default")))
#endif
extern const NativeModule hvm_native_module;

#endif
