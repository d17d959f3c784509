// The library's interface (lib/hvm.h).
#include "lib/hvm.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "unit.h"

static hvm_status load(hvm_runtime *runtime, const char *text) {
  return hvm_load_text(runtime, "test.hvm", text, strlen(text));
}

static void check_result(hvm_runtime *runtime, const char *expression, const char *expected) {
  hvm_status status = hvm_reduce(runtime, expression);
  if (!CHECK_SAY(status == HVM_OK, "%s: status %d, %s", expression, (int)status, hvm_messages(runtime, false))) return;
  size_t size = 0;
  char *text = hvm_result_text(runtime, &size);
  CHECK_TEXT(text, expected);
  CHECK(text && strlen(text) == size);
  free(text);
}

static void the_example_of_the_header_works(void) {
  char path[] = "/tmp/hvm-api-XXXXXX";
  int descriptor = mkstemp(path);
  FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
  if (!CHECK(file != NULL)) return;
  fputs("// a file\nMain = (Add 40 2)\r\n(Add a b) = (+ a b)", file);
  fclose(file);
  hvm_runtime *runtime = hvm_new(NULL);
  CHECK(hvm_load_file(runtime, path) == HVM_OK);
  CHECK(hvm_reduce(runtime, "(Main)") == HVM_OK);
  char *text = hvm_result_text(runtime, NULL);
  CHECK_TEXT(text, "42");
  free(text);
  CHECK(hvm_reduce_main(runtime) == HVM_OK);
  check_result(runtime, "(Add 1 Main)", "43");
  CHECK_TEXT(hvm_messages(runtime, false), "");
  hvm_free(runtime);
  remove(path);
}

static void missing_files_are_reported(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  CHECK(hvm_load_file(runtime, "/nonexistent/x.hvm") == HVM_UNREADABLE);
  CHECK_TEXT(hvm_messages(runtime, false),
             "hvm: error: cannot read the file '/nonexistent/x.hvm': No such file or directory\n");
  CHECK_NUMBER(hvm_diagnostic_count(runtime), 1);
  hvm_diagnostic diagnostic = hvm_diagnostic_at(runtime, 0);
  CHECK(!diagnostic.warning && !diagnostic.path && diagnostic.line == 0 && diagnostic.column == 0);
  CHECK(hvm_reduce(runtime, "1") == HVM_INVALID);
  CHECK(hvm_reduce_main(runtime) == HVM_INVALID);
  hvm_free(runtime);
  runtime = hvm_new(NULL);
  CHECK(hvm_load_file(runtime, "/tmp") == HVM_UNREADABLE);
  hvm_free(runtime);
}

static void a_runtime_without_rules_reduces_expressions(void) {
  hvm_runtime *runtime = hvm_new(&(hvm_options){.threads = 1});
  CHECK(hvm_result_text(runtime, NULL) == NULL);
  check_result(runtime, "(* 6 7)", "42");
  check_result(runtime, " // comment\n λx (x \"λ\")", "λx0 (x0 \"λ\")");
  hvm_collect(runtime);
  CHECK(hvm_result_text(runtime, NULL) == NULL);
  hvm_collect(runtime);
  CHECK(hvm_reduce_main(runtime) == HVM_INVALID);
  CHECK(strstr(hvm_messages(runtime, false), "there is no rule for Main") != NULL);
  hvm_free(runtime);
  hvm_free(NULL);
}

static void files_add_up_and_keep_what_they_were_given(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  char text[] = "(Double x) = (* 2 x)", path[] = "a.hvm";
  CHECK(hvm_load_text(runtime, path, text, strlen(text)) == HVM_OK);
  memset(text, 'Z', sizeof text - 1);
  memset(path, 'z', sizeof path - 1);
  CHECK(load(runtime, "(Quad x) = (Double (Double x))") == HVM_OK);
  check_result(runtime, "(Quad 5)", "20");
  CHECK(hvm_load_text(runtime, "empty", "", 0) == HVM_OK);
  CHECK(load(runtime, "(Double 0) = 1") == HVM_INVALID);
  CHECK(strstr(hvm_messages(runtime, false), "'Double' already has rules from another source") != NULL);
  CHECK(hvm_reduce(runtime, "(Quad 5)") == HVM_INVALID);
  hvm_free(runtime);
}

static void errors_have_places(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  CHECK(load(runtime, "Main = λx\n  (λ* λy\n  (Pair yy z))\n(G 1) = 1\n(G !x) = 2\n(G 3) = 3\n") == HVM_INVALID);
  bool unbound = false;
  for (size_t i = 0; i < hvm_diagnostic_count(runtime); i++) {
    hvm_diagnostic one = hvm_diagnostic_at(runtime, i);
    CHECK_TEXT(one.path, "test.hvm");
    if (strcmp(one.message, "unbound variable 'z'") != 0) continue;
    unbound = true;
    CHECK(!one.warning);
    CHECK(one.line == 3 && one.column == 12 && one.end_line == 3 && one.end_column == 13);
  }
  CHECK(unbound);
  CHECK(strstr(hvm_messages(runtime, false), "test.hvm:3:12: error: unbound variable 'z'\n") != NULL);
  CHECK(strchr(hvm_messages(runtime, false), '\x1b') == NULL);
  CHECK(strchr(hvm_messages(runtime, true), '\x1b') != NULL);
  hvm_clear_diagnostics(runtime);
  CHECK_NUMBER(hvm_diagnostic_count(runtime), 0);
  CHECK_TEXT(hvm_messages(runtime, true), "");
  CHECK_SAY(hvm_reduce(runtime, "1") == HVM_INVALID, "a broken program is reduced");
  hvm_free(runtime);
}

static void warnings_do_not_stop_anything(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  CHECK(load(runtime, "(F x) = 1\n(F 2) = 2\n(U60.if a b c) = 7\nMain = (F 2)") == HVM_OK);
  CHECK_NUMBER(hvm_diagnostic_count(runtime), 2);
  for (size_t i = 0; i < hvm_diagnostic_count(runtime); i++) CHECK(hvm_diagnostic_at(runtime, i).warning);
  hvm_diagnostic one = hvm_diagnostic_at(runtime, 0);
  CHECK(one.line == 2 && one.column == 1 && one.end_column == 6);
  CHECK(hvm_reduce_main(runtime) == HVM_OK);
  check_result(runtime, "(U60.if 1 2 3)", "2");
  hvm_free(runtime);
}

static void main_with_arguments_is_explained(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  CHECK(load(runtime, "(Main n) = n") == HVM_OK);
  CHECK(hvm_reduce_main(runtime) == HVM_INVALID);
  hvm_diagnostic one = hvm_diagnostic_at(runtime, 0);
  CHECK_TEXT(one.message, "Main takes 1 argument, and none are given");
  CHECK(one.hint && strstr(one.hint, "(Main …)"));
  CHECK(one.line == 1 && one.column == 1);
  check_result(runtime, "(Main 3)", "3");
  hvm_free(runtime);
}

static void a_runtime_works_on_after_errors(void) {
  hvm_runtime *runtime = hvm_new(&(hvm_options){.memory = 8 << 20});
  CHECK(load(runtime, "(Grow n) = (Cons n (Grow n))\n(Half n) = (/ n 0)") == HVM_OK);
  static const struct {
    const char *expression;
    hvm_status status;
  } bad[] = {{"(Half 1)", HVM_FAILED},
             {"(Grow 1)", HVM_EXHAUSTED},
             {"(", HVM_INVALID},
             {"", HVM_INVALID},
             {"(Half 1 2)", HVM_INVALID},
             {"x", HVM_INVALID},
             {"1 2", HVM_INVALID},
             {"Main = 1", HVM_INVALID},
             {"\"\xFF\"", HVM_INVALID},
             {"1152921504606846976", HVM_INVALID},
             {"(% 1 0)", HVM_FAILED},
             {"(HVM.load \"/nonexistent\" λx x)", HVM_FAILED},
             {"(HVM.store \"/nonexistent/x\" \"\" 1)", HVM_FAILED}};
  for (int round = 0; round < 3; round++)
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
      hvm_status status = hvm_reduce(runtime, bad[i].expression);
      CHECK_SAY(status == bad[i].status, "%s gives status %d", bad[i].expression, (int)status);
      CHECK_SAY(hvm_diagnostic_count(runtime) > 0, "%s gives no message", bad[i].expression);
      CHECK_SAY(hvm_messages(runtime, false)[0] != 0, "%s gives no text", bad[i].expression);
      hvm_clear_diagnostics(runtime);
      check_result(runtime, "[1 (+ 1 1)]", "[1, 2]");
      CHECK_NUMBER(hvm_diagnostic_count(runtime), 0);
    }
  hvm_free(runtime);
}

static void a_failed_reduction_leaves_no_result(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  check_result(runtime, "1", "1");
  CHECK(hvm_reduce(runtime, "[1 (/ 1 0)]") == HVM_FAILED);
  CHECK(hvm_result_text(runtime, NULL) == NULL);
  hvm_free(runtime);
}

// Walking.

static hvm_node child_of(hvm_node node, unsigned index, hvm_node_kind kind) {
  CHECK(hvm_child_count(node) > index);
  hvm_node child = hvm_child(node, index);
  CHECK_NUMBER(hvm_kind(child), kind);
  return child;
}

static hvm_node root_of(hvm_runtime *runtime, const char *expression, hvm_node_kind kind) {
  CHECK_SAY(hvm_reduce(runtime, expression) == HVM_OK, "%s", hvm_messages(runtime, false));
  hvm_node node = hvm_result(runtime);
  CHECK_SAY(hvm_kind(node) == kind, "%s is of kind %d", expression, (int)hvm_kind(node));
  return node;
}

static void every_kind_of_node_can_be_walked(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  CHECK(load(runtime, "(F 0 x) = 1\nG = (F [] 2)") == HVM_OK);
  CHECK_NUMBER(hvm_u60(root_of(runtime, "(- 0 1)", HVM_NODE_U60)), (UINT64_C(1) << 60) - 1);
  CHECK(hvm_f60(root_of(runtime, "-1.5", HVM_NODE_F60)) == -1.5);
  CHECK(hvm_name(hvm_result(runtime)) == NULL && hvm_child_count(hvm_result(runtime)) == 0);

  hvm_node node = root_of(runtime, "(Pair \"a\" Nil)", HVM_NODE_CONSTRUCTOR);
  CHECK_TEXT(hvm_name(node), "Pair");
  CHECK_NUMBER(hvm_child_count(node), 2);
  hvm_node text = child_of(node, 0, HVM_NODE_CONSTRUCTOR);
  CHECK_TEXT(hvm_name(text), "String.cons");
  CHECK_NUMBER(hvm_u60(child_of(text, 0, HVM_NODE_U60)), 'a');
  CHECK_TEXT(hvm_name(child_of(text, 1, HVM_NODE_CONSTRUCTOR)), "String.nil");
  CHECK_NUMBER(hvm_child_count(child_of(node, 1, HVM_NODE_CONSTRUCTOR)), 0);

  node = root_of(runtime, "λx λ* λy (x y 1)", HVM_NODE_LAMBDA);
  CHECK_NUMBER(hvm_child_count(node), 1);
  hvm_node inner = child_of(child_of(node, 0, HVM_NODE_LAMBDA), 0, HVM_NODE_LAMBDA);
  hvm_node outer_call = child_of(inner, 0, HVM_NODE_APPLICATION), call = child_of(outer_call, 0, HVM_NODE_APPLICATION);
  CHECK_NUMBER(hvm_u60(child_of(outer_call, 1, HVM_NODE_U60)), 1);
  CHECK_NUMBER(hvm_binder(child_of(call, 0, HVM_NODE_VARIABLE)), hvm_binder(node));
  CHECK_NUMBER(hvm_binder(child_of(call, 1, HVM_NODE_VARIABLE)), hvm_binder(inner));
  CHECK(hvm_binder(node) != hvm_binder(inner));

  node = root_of(runtime, "(F (Nil) 2)", HVM_NODE_CALL);
  CHECK_TEXT(hvm_name(node), "F");
  CHECK_NUMBER(hvm_child_count(node), 2);
  node = root_of(runtime, "G", HVM_NODE_CALL);
  CHECK_TEXT(hvm_name(child_of(node, 0, HVM_NODE_CONSTRUCTOR)), "List.nil");

  node = root_of(runtime, "(<< 1 1.5)", HVM_NODE_OPERATION);
  CHECK_TEXT(hvm_name(node), "<<");
  CHECK_NUMBER(hvm_child_count(node), 2);
  CHECK_NUMBER(hvm_u60(child_of(node, 0, HVM_NODE_U60)), 1);
  CHECK(hvm_f60(child_of(node, 1, HVM_NODE_F60)) == 1.5);

  node = root_of(runtime, "{1 λx x}", HVM_NODE_SUPERPOSITION);
  CHECK_NUMBER(hvm_child_count(node), 2);
  CHECK_NUMBER(hvm_u60(child_of(node, 0, HVM_NODE_U60)), 1);
  CHECK_NUMBER(hvm_kind(hvm_child(node, 1)), HVM_NODE_LAMBDA);
  hvm_free(runtime);
}

static void walking_looks_through_shared_terms(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  hvm_node node = root_of(runtime, "λx dup a b = (x 1); (Pair a b)", HVM_NODE_LAMBDA);
  hvm_node pair = child_of(node, 0, HVM_NODE_CONSTRUCTOR);
  for (unsigned i = 0; i < 2; i++) {
    hvm_node call = child_of(pair, i, HVM_NODE_APPLICATION);
    CHECK_NUMBER(hvm_binder(child_of(call, 0, HVM_NODE_VARIABLE)), hvm_binder(node));
    CHECK_NUMBER(hvm_u60(child_of(call, 1, HVM_NODE_U60)), 1);
  }
  // Both copies of a λ show their own variable, whatever is shared below.
  node = root_of(runtime, "λx let f = λy (x y); (Pair f f)", HVM_NODE_LAMBDA);
  pair = child_of(node, 0, HVM_NODE_CONSTRUCTOR);
  for (unsigned i = 0; i < 2; i++) {
    hvm_node lambda = child_of(pair, i, HVM_NODE_LAMBDA), call = child_of(lambda, 0, HVM_NODE_APPLICATION);
    CHECK_NUMBER(hvm_binder(child_of(call, 0, HVM_NODE_VARIABLE)), hvm_binder(node));
    CHECK_NUMBER(hvm_binder(child_of(call, 1, HVM_NODE_VARIABLE)), hvm_binder(lambda));
  }
  hvm_free(runtime);
}

static void walking_chooses_sides_below_nested_shared_lambdas(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  hvm_node node = root_of(runtime, "λx let f = λy λz (x y z); (Five f f f f f)", HVM_NODE_LAMBDA);
  hvm_node pair = child_of(node, 0, HVM_NODE_CONSTRUCTOR);
  for (unsigned i = 0; i < 5; i++) {
    hvm_node y = child_of(pair, i, HVM_NODE_LAMBDA), z = child_of(y, 0, HVM_NODE_LAMBDA);
    hvm_node outer = child_of(z, 0, HVM_NODE_APPLICATION), call = child_of(outer, 0, HVM_NODE_APPLICATION);
    CHECK_NUMBER(hvm_binder(child_of(call, 0, HVM_NODE_VARIABLE)), hvm_binder(node));
    CHECK_NUMBER(hvm_binder(child_of(call, 1, HVM_NODE_VARIABLE)), hvm_binder(y));
    CHECK_NUMBER(hvm_binder(child_of(outer, 1, HVM_NODE_VARIABLE)), hvm_binder(z));
  }
  hvm_free(runtime);
}

// Input and output.

static void effects_use_the_given_files(void) {
  char *written = NULL, input[] = "first\nsecond λ\r\nlast";
  size_t size = 0;
  FILE *output = open_memstream(&written, &size), *lines = fmemopen(input, strlen(input), "r");
  hvm_runtime *runtime = hvm_new(&(hvm_options){.output = output, .input = lines});
  check_result(runtime, "(HVM.log [1 λx x] (HVM.print \"λ\\\"\" 7))", "7");
  check_result(runtime, "(HVM.query λs s)", "\"first\"");
  check_result(runtime, "(HVM.query λs (HVM.print s (HVM.query λt [s t])))", "[\"second λ\", \"last\"]");
  check_result(runtime, "(HVM.query λs s)", "\"\"");
  fflush(output);
  CHECK_TEXT(written, "[1, λx0 x0]\nλ\"\nsecond λ\n");
  hvm_free(runtime);
  fclose(output);
  fclose(lines);
  free(written);
}

static void files_are_stored_and_loaded(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  char path[] = "/tmp/hvm-api-XXXXXX", expression[200];
  int descriptor = mkstemp(path);
  if (!CHECK(descriptor >= 0)) return;
  close(descriptor);
  snprintf(expression, sizeof expression, "(HVM.store \"%s\" \"a\\nλ\" (HVM.load \"%s\" λx [x 1]))", path, path);
  check_result(runtime, expression, "[\"a\\nλ\", 1]");
  hvm_free(runtime);
  remove(path);
}

static void an_output_that_fails_is_an_error(void) {
  FILE *full = fopen("/dev/full", "w");
  if (!full) return;
  hvm_runtime *runtime = hvm_new(&(hvm_options){.output = full});
  CHECK(hvm_reduce(runtime, "(HVM.log 1 2)") == HVM_FAILED);
  CHECK(strstr(hvm_messages(runtime, false), "cannot write the output") != NULL);
  hvm_free(runtime);
  fclose(full);
}

// Statistics.

static void statistics_add_up(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  CHECK(load(runtime, "(F 0) = 0\n(F n) = (F (- n 1))") == HVM_OK);
  check_result(runtime, "(F 1000)", "0");
  hvm_statistics stats = hvm_stats(runtime);
  uint64_t sum = 0;
  for (int rule = 0; rule < HVM_RULE_COUNT; rule++) sum += stats.rewrites_by_rule[rule];
  CHECK_NUMBER(stats.rewrites, sum);
  CHECK_NUMBER(stats.rewrites_by_rule[HVM_FUN_RULE], 1002); // 1001 of F, one of the expression
  CHECK_NUMBER(stats.rewrites_by_rule[HVM_OP2_NUM], 1000);
  CHECK_NUMBER(stats.rewrites_by_rule[HVM_APP_LAM], 0);
  CHECK(stats.seconds > 0 && stats.seconds < 10);
  CHECK(stats.live_cells >= 1 && stats.peak_cells >= stats.live_cells && stats.peak_bytes >= 8 * stats.peak_cells);
  check_result(runtime, "(λx [x x] {λy y 2})", "[{λx0 x0 2}, {λx1 x1 2}]");
  check_result(runtime, "({λx x λy 1} (+ {1 2} 3))", "{{4 5} 1}");
  hvm_statistics more = hvm_stats(runtime);
  CHECK(more.rewrites > stats.rewrites && more.seconds >= stats.seconds);
  CHECK_NUMBER(more.rewrites_by_rule[HVM_APP_SUP], 1);
  CHECK_NUMBER(more.rewrites_by_rule[HVM_OP2_SUP], 1);
  hvm_collect(runtime);
  CHECK_NUMBER(hvm_stats(runtime).live_cells, 0);
  static const char *const names[HVM_RULE_COUNT] = {"App-Lam", "App-Sup", "Dup-Lam", "Dup-Sup", "Dup-Num",
                                                    "Dup-Ctr", "Op2-Num", "Op2-Sup", "Fun-Sup", "Fun-Rule"};
  for (int rule = 0; rule < HVM_RULE_COUNT; rule++) CHECK_TEXT(hvm_rule_name((hvm_rule)rule), names[rule]);
  hvm_free(runtime);
}

static void the_memory_limit_holds(void) {
  hvm_runtime *runtime = hvm_new(&(hvm_options){.memory = 16 << 20});
  CHECK(load(runtime, "(Grow n) = (Cons n (Grow n))") == HVM_OK);
  CHECK(hvm_reduce(runtime, "(Grow 1)") == HVM_EXHAUSTED);
  CHECK(strstr(hvm_messages(runtime, false), "16 MiB") != NULL);
  uint64_t bytes = hvm_stats(runtime).peak_bytes;
  CHECK_SAY(bytes > 8 << 20 && bytes <= (16 << 20) + (256 << 10), "%" PRIu64 " bytes", bytes);
  hvm_free(runtime);
}

// Two runtimes, and interrupts.

static void runtimes_are_independent(void) {
  hvm_runtime *a = hvm_new(NULL), *b = hvm_new(&(hvm_options){.memory = 4 << 20});
  CHECK(load(a, "(F x) = [x x]") == HVM_OK);
  CHECK(load(b, "(F x y) = y") == HVM_OK);
  check_result(a, "(F λx x)", "[λx0 x0, λx1 x1]");
  hvm_node kept = hvm_result(a);
  check_result(b, "(F 1 2)", "2");
  CHECK(hvm_reduce(b, "(F (/ 1 0) (/ 1 0))") == HVM_FAILED);
  CHECK_NUMBER(hvm_diagnostic_count(a), 0);
  CHECK_NUMBER(hvm_diagnostic_count(b), 1);
  hvm_free(b);
  CHECK_NUMBER(hvm_child_count(kept), 2);
  check_result(a, "(F 1)", "[1, 1]");
  hvm_free(a);
}

static hvm_runtime *alarmed;

static void on_alarm(int signal_number) {
  (void)signal_number;
  hvm_interrupt(alarmed);
}

static void interrupt_in(long microseconds) {
  signal(SIGALRM, on_alarm);
  setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, microseconds}}, NULL);
}

static void a_signal_handler_can_interrupt(void) {
  static const char *const endless[] = {"(Loop)", "(λx (x x) λx (x x))", "(Inf 0)", "(Sum (Inf 0))",
                                        "(HVM.sleep 100000000000 1)"};
  for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
    alarmed = hvm_new(&(hvm_options){.memory = (uint64_t)4 << 30});
    CHECK(load(alarmed, "(Loop) = (Loop)\n(Inf n) = (Cons n (Inf (+ n 1)))\n(Sum (Cons x xs)) = (+ x (Sum xs))") ==
          HVM_OK);
    interrupt_in(20000);
    hvm_status status = hvm_reduce(alarmed, endless[i]);
    CHECK_SAY(status == HVM_INTERRUPTED, "%s ends with status %d", endless[i], (int)status);
    CHECK(strstr(hvm_messages(alarmed, false), "interrupted") != NULL);
    CHECK(hvm_result_text(alarmed, NULL) == NULL);
    hvm_free(alarmed);
  }
}

static void a_runtime_works_on_after_an_interrupt(void) {
  alarmed = hvm_new(NULL);
  CHECK(load(alarmed, "(Loop) = (Loop)") == HVM_OK);
  for (int round = 0; round < 3; round++) {
    interrupt_in(10000);
    CHECK(hvm_reduce(alarmed, "(Loop)") == HVM_INTERRUPTED);
    hvm_clear_diagnostics(alarmed);
    check_result(alarmed, "(+ 1 2)", "3");
  }
  hvm_free(alarmed);
}

static void *stop(void *runtime) {
  usleep(20000);
  hvm_interrupt(runtime);
  return NULL;
}

static void another_thread_can_interrupt(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  pthread_t thread;
  CHECK(load(runtime, "(Spin n) = (Spin (+ n 1))") == HVM_OK);
  if (CHECK(pthread_create(&thread, NULL, stop, runtime) == 0)) {
    CHECK(hvm_reduce(runtime, "(Spin 0)") == HVM_INTERRUPTED);
    pthread_join(thread, NULL);
  }
  hvm_free(runtime);
}

static void demands_are_told(void) {
  hvm_runtime *runtime = hvm_new(NULL);
  static const char program[] = "(F x y) = (+ x 1)  Main = (F 1 2)";
  CHECK_NUMBER(hvm_load_text(runtime, "p", program, strlen(program)), HVM_OK);
  CHECK_NUMBER(hvm_reduce_main(runtime), HVM_OK); // code was made from the same terms
  char *text = hvm_demand_text(runtime, NULL);
  CHECK_TEXT(text, "F : num!! _ → num\nMain : num\n");
  free(text);
  text = hvm_demand_text(runtime, "F");
  CHECK(text && strstr(text, "argument 2: not needed\np:1:6: this rule does not use it\n"));
  free(text);
  CHECK_NUMBER(hvm_diagnostic_count(runtime), 0);
  CHECK(!hvm_demand_text(runtime, "G"));
  CHECK_NUMBER(hvm_diagnostic_count(runtime), 1);
  CHECK_NUMBER(hvm_load_text(runtime, "q", "Main = x", 8), HVM_INVALID);
  CHECK(!hvm_demand_text(runtime, NULL));
  hvm_free(runtime);
}

// Steps as lines "rule: redex => term".
typedef struct {
  char text[1024];
  unsigned limit, count;
} Steps;

static bool add_step(void *context, const hvm_step *step) {
  Steps *steps = context;
  size_t size = strlen(steps->text);
  const char *redex = "";
  int length = 0;
  if (step->before.range_count) {
    hvm_range range = step->before.ranges[0];
    redex = step->before.text + range.start, length = (int)(range.end - range.start);
  }
  snprintf(steps->text + size, sizeof steps->text - size, "%s %u: %.*s => %s|", step->rule, step->line, length, redex,
           step->after.text);
  return ++steps->count != steps->limit;
}

// Strict calls as "number part depth parent left|".
static bool add_call(void *context, const hvm_step *step) {
  Steps *steps = context;
  size_t size = strlen(steps->text);
  static const char *const parts[] = {"call", "begins", "ends"};
  snprintf(steps->text + size, sizeof steps->text - size, "%u %s %u %u %s|", (unsigned)step->number,
           step->strict ? parts[step->part] : step->rule, step->depth, (unsigned)step->parent,
           step->left ? step->left : "-");
  CHECK((step->before.size == 0) == (step->part == HVM_STEP_ENDS));
  CHECK((step->after.size == 0) == (step->part == HVM_STEP_BEGINS));
  return true;
}

static void strict_calls_are_opened(void) {
  hvm_runtime *runtime = hvm_new(&(hvm_options){.native = HVM_NATIVE_OFF});
  Steps steps = {.limit = 0};
  static const char *const opened[] = {"2"}, *const hidden[] = {"Main"};
  CHECK(load(runtime, "(S 0) = 0\n(S n) = (+ n (S (- n 1)))\nMain = (P (S 1) (S 0))") == HVM_OK);
  hvm_trace(runtime, &(hvm_trace_options){.step = add_call, .context = &steps});
  CHECK(hvm_reduce_main(runtime) == HVM_OK);
  CHECK_TEXT(steps.text, "1 begins 0 0 -|2 call 1 1 result|6 call 1 1 result|1 ends 0 0 result|");
  steps = (Steps){.limit = 0};
  hvm_trace(runtime, &(hvm_trace_options){.opened = opened, .opened_count = 1, .step = add_call, .context = &steps});
  CHECK(hvm_reduce_main(runtime) == HVM_OK);
  CHECK_TEXT(steps.text, "1 begins 0 0 -|2 begins 1 1 -|3 Op2-U60 2 2 -|4 call 2 2 result|5 Op2-U60 2 2 -|"
                         "2 ends 1 1 result|6 call 1 1 result|1 ends 0 0 result|");
  steps = (Steps){.limit = 0};
  hvm_trace(runtime, &(hvm_trace_options){.hidden = hidden, .hidden_count = 1, .step = add_call, .context = &steps});
  CHECK(hvm_reduce_main(runtime) == HVM_OK);
  CHECK_TEXT(steps.text, "1 call 0 0 result|");
  hvm_free(runtime);
}

static void steps_are_shown(void) {
  hvm_runtime *runtime = hvm_new(&(hvm_options){.graph_only = true, .keep_lambdas = true});
  Steps steps = {.limit = 0};
  CHECK(load(runtime, "(F x) = (+ x 1)\n(G x) =\n (P x x)") == HVM_OK);
  hvm_trace(runtime, &(hvm_trace_options){.textbook = true, .from = 2, .step = add_step, .context = &steps});
  check_result(runtime, "(F 2)", "3");
  CHECK_TEXT(steps.text, "F 1: (F 2) => (+ 2 1)|Op2-U60 0: (+ 2 1) => 3|");
  steps = (Steps){.limit = 3};
  hvm_trace(runtime, &(hvm_trace_options){.step = add_step, .context = &steps});
  CHECK(hvm_reduce(runtime, "(G (F 2))") == HVM_STOPPED);
  CHECK_TEXT(steps.text, "Main 1: Main => (G (F 2))|G 2: (G (F 2)) => dup x0 x1 = (F 2)\n(P x0 x1)|"
                         "F 1: (F 2) => dup x0 x1 = (+ 2 1)\n(P x0 x1)|");
  steps = (Steps){.limit = 0};
  check_result(runtime, "(G 1)", "(P 1 1)");
  CHECK_NUMBER(steps.count, 3);
  hvm_trace(runtime, NULL);
  check_result(runtime, "(G (F 2))", "(P 3 3)");
  CHECK_NUMBER(steps.count, 3);
  hvm_name_info info;
  size_t at = 0;
  while (hvm_name_at(runtime, at, &info) && strcmp(info.name, "G") != 0) at++;
  CHECK(hvm_name_at(runtime, at, &info) && info.function && !info.builtin && info.arity == 1);
  char *rules = hvm_rules_text(runtime, "G");
  CHECK_TEXT(rules, "(G x) =\n (P x x)\n");
  free(rules);
  CHECK(!hvm_rules_text(runtime, "P"));
  hvm_collect(runtime);
  CHECK_NUMBER(hvm_stats(runtime).live_cells, 0);
  hvm_free(runtime);
}

int main(void) {
  the_example_of_the_header_works();
  missing_files_are_reported();
  a_runtime_without_rules_reduces_expressions();
  files_add_up_and_keep_what_they_were_given();
  errors_have_places();
  warnings_do_not_stop_anything();
  main_with_arguments_is_explained();
  a_runtime_works_on_after_errors();
  a_failed_reduction_leaves_no_result();
  every_kind_of_node_can_be_walked();
  walking_looks_through_shared_terms();
  walking_chooses_sides_below_nested_shared_lambdas();
  effects_use_the_given_files();
  files_are_stored_and_loaded();
  an_output_that_fails_is_an_error();
  statistics_add_up();
  the_memory_limit_holds();
  runtimes_are_independent();
  a_signal_handler_can_interrupt();
  another_thread_can_interrupt();
  a_runtime_works_on_after_an_interrupt();
  demands_are_told();
  steps_are_shown();
  strict_calls_are_opened();
  return unit_finish();
}
