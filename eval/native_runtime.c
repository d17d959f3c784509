// What machine code calls, and the texts that emitted C begins with.
#include "aside.h"
#include "force.h"
#include "frames.h"
#include "graph_sparks.h"
#include "machine.h"
#include "native.h"
#include "rules.h"
#include "speculate.h"
#include "spark.h"
#include "worker.h"

static Word runtime_unbox(Machine *machine, Word box) { return unbox(machine, box); }

static void runtime_erase(Machine *machine, Word term) {
  Location box = word_location(term);
  if (word_tag(term) == TAG_SHR && drop_owner(machine, box)) return;
  heap_erase(machine, term);
}

static void runtime_add_owner(Machine *machine, Word box) { add_owner(machine, word_location(box)); }

static Word runtime_surprise(Machine *machine, Word term) { return mark_stuck(machine, term); }

static NativePair runtime_clone(Machine *machine, Word term) {
  Word copies[2];
  clone_term(machine, term, 0, copies);
  return (NativePair){copies[0], copies[1]};
}

static NativePair runtime_copy_value(Machine *machine, Word term) {
  Word copies[2];
  copy_value(machine, term, copies);
  return (NativePair){copies[0], copies[1]};
}

static NativePair runtime_lend(Machine *machine, Word term) {
  Word lent = lend(machine, &term);
  return (NativePair){term, lent};
}

static Word runtime_clone_field(Machine *machine, Location cell) { return clone_field(machine, cell); }

static void runtime_substitute(Machine *machine, Location lambda, Word term) {
  machine->rewrites[RULE_APP_LAM]++; // which is the time of marks of stuck terms, too
  substitute(machine, lambda, term);
}

static Word runtime_operate_later(Machine *machine, uint32_t extra, Word left, Word right) {
  return operate_later(machine, extra, left, right);
}

static Word runtime_operate(Machine *machine, uint32_t extra, Word left, Word right) {
  Word result;
  return operate_numbers(machine, op2_operator(extra), left, right, &result) ? result : NATIVE_NOTHING;
}

static Word runtime_operate_argument(Machine *machine, Word operation) { return operate_argument(machine, operation); }

static Word runtime_superpose(Machine *machine, Word first, Word second) {
  return new_superposition(machine, first, second, fresh_label(machine));
}

static Word runtime_string(Machine *machine, uint32_t index) {
  return make_string(machine, &machine->shared->code.strings.items[index]);
}

// A profile is to see where the spark ends, so it is reduced here.
static Word runtime_take_back(Machine *machine, Word box) {
  if (__builtin_expect(machine->profile == NULL, 1)) return spark_take_back(machine, box);
  if (!spark_take(machine, word_location(box))) return box;
  if ((char *)__builtin_frame_address(0) < machine->native_bottom) machine_attend(machine, NATIVE_NO_NAME);
  profile_from_native(machine, __builtin_frame_address(0));
  box = machine_evaluate(machine, box);
  profile_from_native(machine, NULL);
  return box;
}

static Word runtime_force_field(Machine *machine, Location cell) { return force_cell(machine, cell); }

static Word runtime_settle_box(Machine *machine, Word box, Word term) { return settle_box(machine, box, term); }

static Word runtime_reduce_box(Machine *machine, Word box) { return force_box(machine, box); }

static Word runtime_spark(Machine *machine, Word call, const void *frame) {
  return offer_call(machine, call, machine->spark_native - (const char *)frame);
}

const NativeRuntime native_runtime = {
    .abi = NATIVE_ABI,
    .more_heap = machine_more_heap,
    .attend = machine_attend,
    .reduce = machine_evaluate,
    .surprise = runtime_surprise,
    .aside = aside_run,
    .unbox = runtime_unbox,
    .erase = runtime_erase,
    .add_owner = runtime_add_owner,
    .clone = runtime_clone,
    .copy_value = runtime_copy_value,
    .lend = runtime_lend,
    .clone_field = runtime_clone_field,
    .substitute = runtime_substitute,
    .operate_later = runtime_operate_later,
    .operate = runtime_operate,
    .operate_argument = runtime_operate_argument,
    .superpose = runtime_superpose,
    .string = runtime_string,
    .spark = runtime_spark,
    .take_back = runtime_take_back,
    .leave = spark_leave,
    .is_hungry = spark_is_hungry,
    .hint = speculate_hint,
    .force_field = runtime_force_field,
    .settle_box = runtime_settle_box,
    .reduce_box = runtime_reduce_box,
};

// The texts of two headers, which make's rule for this file depends on.
__asm__(".pushsection .rodata\n"
        ".hidden native_abi_text, native_prelude_text\n"
        ".global native_abi_text, native_prelude_text\n"
        "native_abi_text: .incbin \"eval/native_abi.h\"\n"
        ".byte 0\n"
        "native_prelude_text: .incbin \"eval/native_prelude.h\"\n"
        ".byte 0\n"
        ".popsection\n");
extern const char native_abi_text[], native_prelude_text[];

void native_emit_prelude(Buffer *out) {
  static const char include[] = "#include \"native_abi.h\"";
  const char *prelude = native_prelude_text, *line = strstr(prelude, include);
#ifdef HVM_CHECK
  buffer_text(out, "#define HVM_CHECK\n");
#endif
  if (HVM_HEAP_BASE)
    buffer_format(out, "#define HVM_HEAP_BASE ((uintptr_t)%#llx)\n", (unsigned long long)HVM_HEAP_BASE);
  buffer_text(out, native_abi_text);
  buffer_add(out, prelude, (size_t)(line - prelude));
  buffer_text(out, strchr(line, '\n'));
}

void native_emit_empty(Buffer *out) {
  native_emit_prelude(out);
  buffer_text(out, "const NativeModule hvm_native_module = {NATIVE_ABI, 0, NULL, NULL};\n");
}
