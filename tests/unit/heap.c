// The machine's heap, labels, limits, cycles and interrupts (eval/machine, word, cycles).
#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

#include "eval/machine.h"
#include "unit.h"

// A machine with a program of its own.
typedef struct {
  Program *program;
  Machine *machine;
} Fixture;

static Fixture open_fixture(const char *text, size_t limit) {
  Fixture fixture = {.program = program_new()};
  CHECK(program_load(fixture.program, "test", text, strlen(text)));
  fixture.machine = machine_new(fixture.program, limit, true);
  CHECK(fixture.machine != NULL);
  return fixture;
}

static void close_fixture(Fixture *fixture) {
  machine_free(fixture->machine);
  program_free(fixture->program);
}

static MachineStatus reduce(Fixture *fixture, const char *expression) {
  Function *function = program_load_expression(fixture->program, "expression", expression, strlen(expression));
  if (!CHECK_SAY(function != NULL, "rejected: %s", expression)) return MACHINE_FAILED;
  return machine_normalise(fixture->machine, function);
}

static void check_result(Fixture *fixture, const char *expression, const char *expected) {
  Buffer out = {0};
  MachineStatus status = reduce(fixture, expression);
  if (CHECK_SAY(status == MACHINE_OK, "%s ends with status %d", expression, (int)status)) {
    machine_print(fixture->machine, &out, fixture->machine->heap[fixture->machine->root]);
    CHECK_TEXT(out.text, expected);
  }
  buffer_free(&out);
}

// Allocation.

static void freed_cells_are_reused_by_size(void) {
  Fixture fixture = open_fixture("", 64 << 20);
  Machine *machine = fixture.machine;
  Location locations[SIZE_CLASSES];
  uint64_t cells = 0;
  for (unsigned size = 1; size < SIZE_CLASSES; size++) {
    locations[size] = heap_alloc(machine, size);
    CHECK(locations[size] != 0);
    cells += size;
  }
  CHECK_NUMBER(machine_live_cells(machine), cells);
  CHECK_NUMBER(machine_peak_cells(machine), cells);
  for (unsigned size = 1; size < SIZE_CLASSES; size++) heap_free(machine, locations[size], size);
  CHECK_NUMBER(machine_live_cells(machine), 0);
  for (unsigned size = SIZE_CLASSES - 1; size > 0; size--) CHECK_NUMBER(heap_alloc(machine, size), locations[size]);
  CHECK_NUMBER(machine_live_cells(machine), cells);
  CHECK_NUMBER(machine_peak_cells(machine), cells);
  close_fixture(&fixture);
}

static void live_nodes_never_overlap(void) {
  enum { NODES = 2000, STEPS = 300000 };
  Fixture fixture = open_fixture("", 64 << 20);
  Machine *machine = fixture.machine;
  UnitRandom random = {4};
  static struct {
    Location location;
    unsigned size;
  } nodes[NODES];
  uint64_t live = 0;
  unsigned long damaged = 0;
  memset(nodes, 0, sizeof nodes);
  for (uint32_t step = 0; step < STEPS; step++) {
    uint32_t n = unit_below(&random, NODES);
    if (nodes[n].location) {
      for (unsigned i = 0; i < nodes[n].size; i++) damaged += machine->heap[nodes[n].location + i] != n * 1000 + i;
      heap_free(machine, nodes[n].location, nodes[n].size);
      live -= nodes[n].size;
      nodes[n].location = 0;
    } else {
      nodes[n].size = 1 + unit_below(&random, unit_below(&random, 20) ? 6 : SIZE_CLASSES - 1);
      nodes[n].location = heap_alloc(machine, nodes[n].size);
      for (unsigned i = 0; i < nodes[n].size; i++) machine->heap[nodes[n].location + i] = n * 1000 + i;
      live += nodes[n].size;
    }
    if (step % 10000 == 0) CHECK_NUMBER(machine_live_cells(machine), live);
  }
  CHECK_NUMBER(damaged, 0);
  close_fixture(&fixture);
}

static void allocation_stops_at_the_limit_and_takes_larger_nodes_apart(void) {
  Fixture fixture = open_fixture("", 4 << 20);
  Machine *machine = fixture.machine;
  volatile uint64_t count = 0;
  volatile Location last = 0;
  if (setjmp(machine->escape) == 0)
    for (;; count++) {
      Location location = heap_alloc(machine, 4);
      machine->heap[location] = last;
      last = location;
    }
  CHECK_NUMBER(machine->shared->status, MACHINE_EXHAUSTED);
  CHECK(count * 4 * sizeof(Word) <= (4 << 20) + (256 << 10));
  CHECK(count * 4 * sizeof(Word) >= 3 << 20);
  CHECK(machine_peak_bytes(machine) <= (4 << 20) + (256 << 10));
  for (Location at = last; at;) {
    Location next = machine->heap[at];
    heap_free(machine, at, 4);
    at = next;
  }
  CHECK_NUMBER(machine_live_cells(machine), 0);
  volatile uint64_t pairs = 0;
  if (setjmp(machine->escape) == 0)
    for (;; pairs++) heap_alloc(machine, 2);
  CHECK_SAY(pairs >= 2 * count, "%" PRIu64 " pairs after %" PRIu64 " nodes of four", pairs, count);
  close_fixture(&fixture);
}

static void an_exhausted_machine_can_run_again(void) {
  Fixture fixture = open_fixture("(Grow n) = (Cons n (Grow (+ n 1)))\n(Deep n) = (+ 1 (Deep n))\n"
                                 "(Copy f) = λx (f (Copy f) x)\n(Wide n) = (Node (Wide n) (Wide n))",
                                 4 << 20);
  for (int round = 0; round < 10; round++) {
    CHECK_NUMBER(reduce(&fixture, "(Grow 0)"), MACHINE_EXHAUSTED);
    check_result(&fixture, "(+ 1 2)", "3");
    CHECK_NUMBER(reduce(&fixture, "(Deep 0)"), MACHINE_EXHAUSTED);
    check_result(&fixture, "[1 λx x]", "[1, λx0 x0]");
    CHECK_NUMBER(reduce(&fixture, "(Wide 0)"), MACHINE_EXHAUSTED);
    check_result(&fixture, "λx (x x)", "λx0 (x0 x0)");
    machine_collect_result(fixture.machine);
    CHECK_NUMBER(machine_live_cells(fixture.machine), 0);
    uint64_t bytes = machine_peak_bytes(fixture.machine);
    // A step of 256 KiB beyond the limit lets the machine say what it was reducing.
    CHECK_SAY(bytes <= (4 << 20) + (256 << 10), "%" PRIu64 " bytes were used in spite of the limit", bytes);
  }
  CHECK(fixture.program->diagnostics.errors == 30);
  close_fixture(&fixture);
}

static void a_failed_machine_can_run_again(void) {
  Fixture fixture = open_fixture("(Bad n) = [(Bad2 n) (/ n 0)]\n(Bad2 n) = λx (x n)", 0);
  CHECK_NUMBER(reduce(&fixture, "(Bad 1)"), MACHINE_FAILED);
  CHECK(fixture.machine->root == 0);
  check_result(&fixture, "(Bad2 7)", "λx0 (x0 7)");
  machine_collect_result(fixture.machine);
  machine_collect_result(fixture.machine);
  CHECK_NUMBER(machine_live_cells(fixture.machine), 0);
  close_fixture(&fixture);
}

// Labels.

static void labels_fit_the_state_of_a_dup(void) {
  Label most = LABEL_LIMIT - 1;
  CHECK(most << DUP_LABEL_SHIFT >> DUP_LABEL_SHIFT == most);
  CHECK((most << DUP_LABEL_SHIFT & (DUP_DEAD0 | DUP_DEAD1 | DUP_FIRED | DUP_CLAIMED | DUP_SESSION_MASK)) == 0);
}

// Erasing.

static void deep_terms_are_erased_without_recursion(void) {
  enum { DEPTH = 10000000 };
  Fixture fixture = open_fixture("", 0);
  Machine *machine = fixture.machine;
  check_result(&fixture, "[]", "[]");
  machine_collect_result(machine);
  Word list = word_make(TAG_CTR, NAME_LIST_NIL, 0);
  for (int i = 0; i < DEPTH; i++) {
    Location location = heap_alloc(machine, 2);
    machine->heap[location] = number_u60((uint64_t)i);
    machine->heap[location + 1] = list;
    list = word_make(TAG_CTR, NAME_LIST_CONS, location);
  }
  CHECK_NUMBER(machine_live_cells(machine), 2 * (uint64_t)DEPTH);
  heap_erase(machine, list);
  CHECK_NUMBER(machine_live_cells(machine), 0);
  // The same for a tower of all kinds of nodes.
  Word term = number_u60(7);
  uint64_t cells = 0;
  for (int i = 0; i < DEPTH / 10; i++) {
    static const unsigned tags[] = {TAG_LAM, TAG_APP, TAG_OP2, TAG_SUP, TAG_DP0, TAG_VAR};
    unsigned tag = tags[i % 6];
    Location location = heap_alloc(machine, tag == TAG_SUP ? 3 : 2);
    Word *at = &machine->heap[location];
    cells += tag == TAG_SUP ? 3 : 2;
    at[0] = tag == TAG_LAM ? SLOT_UNUSED : term;
    at[1] = tag == TAG_LAM ? term : tag == TAG_DP0 ? DUP_DEAD1 : number_u60(1);
    if (tag == TAG_SUP) at[2] = (Label)7;
    term = word_make(tag, 0, location);
  }
  CHECK_NUMBER(machine_live_cells(machine), cells);
  heap_erase(machine, term);
  CHECK_NUMBER(machine_live_cells(machine), 0);
  close_fixture(&fixture);
}

static void binders_and_dups_are_freed_with_their_last_side(void) {
  Fixture fixture = open_fixture("", 0);
  Machine *machine = fixture.machine;
  for (int order = 0; order < 2; order++) {
    Location lambda = heap_alloc(machine, 2), dup = heap_alloc(machine, 2);
    machine->heap[lambda] = SLOT_FREE;
    machine->heap[lambda + 1] = number_u60(1);
    machine->heap[dup] = word_make(TAG_VAR, 0, lambda);
    machine->heap[dup + 1] = 0;
    heap_erase(machine, word_make(TAG_DP0 + (unsigned)order, 0, dup));
    CHECK_NUMBER(machine_live_cells(machine), 4);
    if (order) heap_erase(machine, word_make(TAG_LAM, 0, lambda));
    heap_erase(machine, word_make(TAG_DP1 - (unsigned)order, 0, dup));
    CHECK_NUMBER(machine_live_cells(machine), order ? 0 : 2);
    if (!order) heap_erase(machine, word_make(TAG_LAM, 0, lambda));
    CHECK_NUMBER(machine_live_cells(machine), 0);
  }
  close_fixture(&fixture);
}

static char *read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  Buffer text = {0};
  char block[4096];
  if (!file) return NULL;
  for (size_t size; (size = fread(block, 1, sizeof block, file)) > 0;) buffer_add(&text, block, size);
  fclose(file);
  return text.text;
}

// Runs Main of every program in a folder; what is left of a collected result is a leak.
static void check_folder(const char *folder) {
  DIR *directory = opendir(folder);
  unsigned programs = 0, freed = 0;
  if (!CHECK_SAY(directory != NULL, "no folder %s: run this from the repository's root", folder)) return;
  for (struct dirent *entry; (entry = readdir(directory));) {
    char path[512];
    const char *end = strrchr(entry->d_name, '.');
    if (!end || strcmp(end, ".hvm") != 0) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    char *text = read_file(path);
    Fixture fixture = open_fixture(text ? text : "", 0);
    FILE *nothing = fopen("/dev/null", "r+");
    if (nothing) fixture.machine->shared->output = fixture.machine->shared->input = nothing;
    if (reduce(&fixture, "(Main)") == MACHINE_OK) {
      // With cyclic garbage the heap is reset as a whole, which hides leaks.
      freed += fixture.machine->cycle_debt == 0 && !fixture.program->has_scopeless;
      machine_collect_result(fixture.machine);
      uint64_t left = machine_live_cells(fixture.machine);
      CHECK_SAY(left == 0, "%s leaves %" PRIu64 " cells", path, left);
      programs++;
    }
    close_fixture(&fixture);
    if (nothing) fclose(nothing);
    free(text);
  }
  closedir(directory);
  CHECK_SAY(programs > 20 && freed > 10, "only %u programs of %s run, %u without cycles", programs, folder, freed);
}

static void programs_leave_no_cells_behind(void) {
  check_folder("tests/conformance/cases");
  check_folder("examples");
}

// Cycles.

// The peak of cells, with or without the search for cycles.
static uint64_t peak_of(const char *text, const char *expression, const char *expected, bool search, bool *searched) {
  Fixture fixture = open_fixture(text, 0);
  Location never = UINT64_MAX, first = fixture.machine->cycle_check;
  if (!search) fixture.machine->cycle_check = never;
  check_result(&fixture, expression, expected);
  *searched = fixture.machine->cycle_check != (search ? first : never);
  uint64_t peak = machine_peak_cells(fixture.machine);
  machine_collect_result(fixture.machine);
  CHECK_NUMBER(machine_live_cells(fixture.machine), 0);
  close_fixture(&fixture);
  return peak;
}

static void check_bounded(const char *what, const char *text, const char *expression, const char *expected,
                          uint64_t limit) {
  bool searched, other;
  uint64_t with = peak_of(text, expression, expected, true, &searched);
  uint64_t without = peak_of(text, expression, expected, false, &other);
  CHECK_SAY(with <= limit, "%s: %" PRIu64 " cells", what, with);
  CHECK_SAY(searched && !other && without > 2 * with,
            "%s proves nothing: %" PRIu64 " cells without the search for cycles, %" PRIu64 " with it", what, without,
            with);
}

static void cyclic_garbage_is_found(void) {
  char *text = read_file("bench/programs/lambdabits.hvm");
  if (CHECK(text != NULL)) check_bounded("lambdabits", text, "(Loop 60 28 0 5)", "486217688", 2500000);
  free(text);
  check_bounded("negations",
                "Not = λb λt λf (b f t)\n(Rep 0 f) = f\n(Rep n f) = (Rep (- n 1) λx (f (f x)))\n"
                "(Iter 0 !a) = a\n(Iter k !a) = (Iter (- k 1) (+ a ((Rep 40 Not) λt λf t 1 0)))",
                "(Iter 1000 0)", "1000", 400000);
  check_bounded("fixpoints",
                "(Fix f) = (f (Fix f))\n(Iter 0 !a) = a\n"
                "(Iter k !a) = (Iter (- k 1) (+ a ((Fix λrec λn if n { (* n (rec (- n 1))) } else { 1 }) 10)))",
                "(Iter 20000 0)", "72576000000", 400000);
}

static void first_order_programs_never_search_for_cycles(void) {
  bool searched;
  peak_of(
      "(Gen 0) = 1\n(Gen n) = (Node (Gen (- n 1)) (Gen (- n 1)))\n(Sum (Node a b)) = (+ (Sum a) (Sum b))\n(Sum n) = n",
      "(Sum (Gen 18))", "262144", true, &searched);
  CHECK(!searched);
  peak_of("(Range 0) = []\n(Range n) = (List.cons n (Range (- n 1)))\n(Len [] !n) = n\n"
          "(Len (List.cons x xs) !n) = (Len xs (+ n 1))\n(Both3 x) = (+ (Len x 0) (+ (Len x 0) (Len x 0)))",
          "(Both3 (Range 100000))", "300000", true, &searched);
  CHECK(!searched);
}

// Interrupts.

static void *interrupt_soon(void *machine) {
  usleep(20000);
  machine_interrupt(machine);
  return NULL;
}

static void check_interrupt(const char *text, const char *expression) {
  Fixture fixture = open_fixture(text, (size_t)4 << 30);
  pthread_t thread;
  if (!CHECK(pthread_create(&thread, NULL, interrupt_soon, fixture.machine) == 0)) return;
  MachineStatus status = reduce(&fixture, expression);
  pthread_join(thread, NULL);
  CHECK_SAY(status == MACHINE_INTERRUPTED, "%s ends with status %d", expression, (int)status);
  CHECK(fixture.program->diagnostics.errors == 1);
  close_fixture(&fixture);
}

static void endless_reductions_can_be_interrupted(void) {
  check_interrupt("(Loop) = (Loop)", "(Loop)");
  check_interrupt("(Spin n) = (Spin (+ n 1))", "(Spin 0)");
  check_interrupt("(Spin !n) = (Spin (+ n 1))", "(Spin 0)");
  check_interrupt("(Ping 0 x) = (Pong 1 x)\n(Pong 1 x) = (Ping 0 x)", "(Ping 0 1)");
  check_interrupt("", "(λx (x x) λx (x x))");
  check_interrupt("(Fix f) = (f (Fix f))", "(Fix λx x)");
  check_interrupt("(Inf n) = (Cons n (Inf (+ n 1)))", "(Inf 0)");
  check_interrupt("(Last (Cons x xs)) = (Last xs)\n(Inf n) = (Cons n (Inf (+ n 1)))", "(Last (Inf 0))");
  check_interrupt("(Tower) = λx (Tower)", "(Tower)");
  check_interrupt("", "(HVM.sleep 1000000000000000000 1)");
}

static void an_interrupted_machine_can_run_again(void) {
  Fixture fixture = open_fixture("(Loop) = (Loop)", 0);
  for (int round = 0; round < 3; round++) {
    pthread_t thread;
    if (!CHECK(pthread_create(&thread, NULL, interrupt_soon, fixture.machine) == 0)) break;
    CHECK_NUMBER(reduce(&fixture, "[1 (Loop)]"), MACHINE_INTERRUPTED);
    pthread_join(thread, NULL);
    check_result(&fixture, "[1 2]", "[1, 2]");
  }
  close_fixture(&fixture);
}

// Several machines.

static const char CHURCH[] = "(Church 0) = λf λx x\n(Church n) = λf λx (f ((Church (- n 1)) f x))";

static void machines_do_not_disturb_each_other(void) {
  Fixture a = open_fixture(CHURCH, 0), b = open_fixture("(Church n) = [n n]", 0);
  for (int round = 0; round < 20; round++) {
    CHECK_NUMBER(reduce(&a, "((Church 2) (Church 3))"), MACHINE_OK);
    check_result(&b, "(Church λx x)", "[λx0 x0, λx1 x1]");
    Buffer out = {0};
    machine_print(a.machine, &out, a.machine->heap[a.machine->root]);
    CHECK_TEXT(out.text, "λx0 λx1 (x0 (x0 (x0 (x0 (x0 (x0 (x0 (x0 (x0 x1)))))))))");
    buffer_free(&out);
    if (round % 3 == 0) CHECK_NUMBER(reduce(&b, "(/ 1 0)"), MACHINE_FAILED);
  }
  close_fixture(&a);
  check_result(&b, "(Church 1)", "[1, 1]");
  close_fixture(&b);
}

typedef struct {
  Fixture fixture;
  Function *function;
  unsigned good;
} Job;

static void *run_job(void *argument) {
  Job *job = argument;
  const Machine *machine = job->fixture.machine;
  for (int round = 0; round < 30; round++)
    job->good += machine_normalise(job->fixture.machine, job->function) == MACHINE_OK &&
                 machine->heap[machine->root] == number_u60(65536);
  return NULL;
}

static void machines_can_run_in_parallel_threads(void) {
  enum { THREADS = 4 };
  static const char expression[] = "((Church 16) λf λx (f (f x)) λn (+ n 1) 0)";
  pthread_t threads[THREADS];
  Job jobs[THREADS];
  for (int i = 0; i < THREADS; i++) {
    jobs[i] = (Job){.fixture = open_fixture(CHURCH, 0)};
    jobs[i].function = program_load_expression(jobs[i].fixture.program, "e", expression, strlen(expression));
    if (!CHECK(jobs[i].function && pthread_create(&threads[i], NULL, run_job, &jobs[i]) == 0)) return;
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    CHECK_NUMBER(jobs[i].good, 30);
    close_fixture(&jobs[i].fixture);
  }
}

int main(void) {
  alarm(100);
  freed_cells_are_reused_by_size();
  live_nodes_never_overlap();
  allocation_stops_at_the_limit_and_takes_larger_nodes_apart();
  an_exhausted_machine_can_run_again();
  a_failed_machine_can_run_again();
  labels_fit_the_state_of_a_dup();
  deep_terms_are_erased_without_recursion();
  binders_and_dups_are_freed_with_their_last_side();
  programs_leave_no_cells_behind();
  cyclic_garbage_is_found();
  first_order_programs_never_search_for_cycles();
  endless_reductions_can_be_interrupted();
  machines_do_not_disturb_each_other();
  machines_can_run_in_parallel_threads();
  an_interrupted_machine_can_run_again();
  return unit_finish();
}
