// Machine code (eval/native): from a unit's text to the entries of a machine.
#include <stdlib.h>
#include <unistd.h>

#include "eval/machine.h"
#include "eval/native.h"
#include "lib/hvm.h"
#include "unit.h"

typedef struct {
  Program *program;
  Machine *machine;
  Function *main;
} Setup;

static Setup set_up(void) {
  static const char text[] = "(F x) = (+ x 1)\nMain = (F 1)\n";
  Setup setup = {.program = program_new()};
  CHECK(program_load(setup.program, "rules", text, sizeof text - 1));
  setup.machine = machine_new(setup.program, (size_t)1 << 30, true);
  machine_compile(setup.machine, false);
  return setup;
}

static void tear_down(Setup *setup) {
  machine_free(setup->machine);
  program_free(setup->program);
}

static NameId name_of(const Setup *setup, const char *name) {
  NameId id = 0;
  CHECK(program_find_name(setup->program, name, strlen(name), &id));
  return id;
}

static NativeEnter *entry_of(const Setup *setup, const char *name) {
  NameId id = name_of(setup, name);
  return id < setup->machine->shared->natives_count ? setup->machine->natives[id] : NULL;
}

// A unit in which F returns a number.
static Buffer unit_with(const Setup *setup, unsigned number) {
  Buffer unit = {0};
  native_emit_prelude(&unit);
  buffer_format(&unit,
                "static uint32_t bound;\n"
                "static void bind(const void *runtime) { bound = ((const NativeRuntime *)runtime)->abi; }\n"
                "static Word f(Machine *machine, const Word *arguments, Location node) {\n"
                "  return arguments[0] + %u + (bound == NATIVE_ABI ? 0 : 1000);\n"
                "}\n"
                "static const NativeEntry entries[] = {{%u, f}, {4000000, f}};\n"
                "const NativeModule hvm_native_module = {NATIVE_ABI, 2, entries, bind};\n",
                number, (unsigned)name_of(setup, "F"));
  return unit;
}

static NativeBuild *new_build(const Setup *setup, unsigned number) {
  Buffer unit = unit_with(setup, number);
  NativeBuild *build = native_new(setup->machine, &unit);
  buffer_free(&unit);
  return build;
}

static void check_entry(const Setup *setup, Word expected) {
  NativeEnter *enter = entry_of(setup, "F");
  CHECK(enter != NULL);
  if (enter) CHECK(enter(setup->machine, (Word[]){5}, 0) == 5 + expected);
}

static void test_wait(void) {
  Setup setup = set_up();
  NativeBuild *first = new_build(&setup, 10), *second = new_build(&setup, 10);
  CHECK(entry_of(&setup, "F") == NULL);
  CHECK(native_look_up(first) == NATIVE_MISSING);
  CHECK(entry_of(&setup, "F") == NULL);
  CHECK_SAY(native_wait(first) == NATIVE_READY, "%s", native_reason(first));
  check_entry(&setup, 10);
  CHECK(entry_of(&setup, "Main") == NULL);
  CHECK(native_look_up(second) == NATIVE_READY);
  check_entry(&setup, 10);
  native_free(first), native_free(second);
  tear_down(&setup);
}

// Modules that are loaded after each other through the same descriptor are not taken for one another.
static void test_many(void) {
  enum { MANY = 6 };
  Setup setups[MANY];
  NativeBuild *builds[MANY];
  for (unsigned i = 0; i < MANY; i++) {
    setups[i] = set_up();
    builds[i] = new_build(&setups[i], 20 + i);
    CHECK_SAY(native_wait(builds[i]) == NATIVE_READY, "%s", native_reason(builds[i]));
  }
  for (unsigned i = 0; i < MANY; i++) check_entry(&setups[i], 20 + i);
  for (unsigned i = 0; i < MANY; i++) native_free(builds[i]), tear_down(&setups[i]);
}

static void test_background(void) {
  Setup setup = set_up();
  NativeBuild *build = new_build(&setup, 30);
  native_in_background(build);
  for (int i = 0; i < 3000 && !atomic_load(&setup.machine->shared->native_offer); i++) usleep(10000);
  CHECK(atomic_load(&setup.machine->shared->native_offer) != NULL);
  CHECK(entry_of(&setup, "F") == NULL);
  machine_more_stack(setup.machine, setup.machine->stack, 1, 0, 0); // a safe point
  check_entry(&setup, 30);
  native_free(build);
  tear_down(&setup);
}

static void test_stop(void) {
  Setup setup = set_up();
  NativeBuild *build = new_build(&setup, 40);
  atomic_store(&setup.machine->shared->interrupted, true);
  CHECK(native_wait(build) == NATIVE_STOPPED);
  CHECK(entry_of(&setup, "F") == NULL);
  native_free(build);
  build = new_build(&setup, 41);
  native_in_background(build);
  native_free(build); // at once
  CHECK(atomic_load(&setup.machine->shared->native_offer) == NULL);
  tear_down(&setup);
}

static void test_other_version(void) {
  Setup setup = set_up();
  Buffer unit = {0};
  native_emit_prelude(&unit);
  buffer_text(&unit, "const NativeModule hvm_native_module = {NATIVE_ABI + 1, 0, NULL, NULL};\n");
  NativeBuild *build = native_new(setup.machine, &unit);
  CHECK(native_wait(build) == NATIVE_FAILED);
  CHECK(strstr(native_reason(build), "version") != NULL);
  native_free(build);
  buffer_free(&unit);
  tear_down(&setup);
}

// A runtime whose program grows: by text, by expressions, by floats, λs, effects and scopeless variables.
static void test_session(void) {
  static const struct {
    const char *load, *expression, *expected;
  } steps[] = {
      {"(Sum Nil) = 0 (Sum (Cons x xs)) = (+ x (Sum xs)) (Down 0) = Nil (Down n) = (Cons n (Down (- n 1)))"
       "(Pair !l) = (Two (Sum l) (Sum l) l)",
       "(Sum (Down 10))", "55"},
      {"(Twice x) = (+ (Sum (Down x)) (Sum (Down x)))", "(Twice 10)", "110"},
      {NULL, "(Sum (Down 100))", "5050"},
      {NULL, "(+ 1.5 2.5)", "4.0"},
      {NULL, "(Sum (Cons 1.5 (Cons 2.5 Nil)))", "(+ 1.5 (+ 2.5 0))"},
      {NULL, "(λx (Sum (Cons x Nil)) 4)", "4"},
      {NULL, "(Pair (Cons λx x Nil))", "(Two (+ λx0 x0 0) (+ λx1 x1 0) (Cons λx2 x2 Nil))"},
      {"(Times Nil) = 1 (Times (Cons x xs)) = (* x (Times xs))", "(HVM.sleep 0 (Times (Down 5)))", "120"},
      {NULL, "(λ$y (Times (Cons $y (Down 3))) 7)", "42"},
      {NULL, "[(Times (Down 5)) (Sum {(Down 2) (Down 3)})]", "[120, {3 6}]"},
  };
  static const hvm_options modes[] = {{.graph_only = true}, {.native = HVM_NATIVE_OFF}, {.native = HVM_NATIVE_ON}};
  for (size_t mode = 0; mode < sizeof modes / sizeof *modes; mode++) {
    hvm_runtime *runtime = hvm_new(&modes[mode]);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
      if (steps[i].load) CHECK(hvm_load_text(runtime, "more", steps[i].load, strlen(steps[i].load)) == HVM_OK);
      CHECK_SAY(hvm_reduce(runtime, steps[i].expression) == HVM_OK, "%s", hvm_messages(runtime, false));
      char *text = hvm_result_text(runtime, NULL);
      CHECK_TEXT(text, steps[i].expected);
      free(text);
      hvm_collect(runtime);
      CHECK_NUMBER(hvm_stats(runtime).live_cells, 0);
    }
    hvm_free(runtime);
  }
}

int main(void) {
  char folder[] = "/tmp/hvm-unit-XXXXXX", command[64];
  if (!mkdtemp(folder)) return 1;
  setenv("XDG_CACHE_HOME", folder, 1);
  test_wait();
  test_many();
  test_background();
  test_stop();
  test_other_version();
  test_session();
  sleep(1); // a compiler may go on by itself
  snprintf(command, sizeof command, "rm -rf %s", folder);
  CHECK(system(command) == 0);
  return unit_finish();
}
