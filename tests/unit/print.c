// Readback (eval/print): what results look like, and that they can be read again.
#include <dirent.h>
#include <stdlib.h>

#include "lang/memory.h"
#include "lib/hvm.h"
#include "unit.h"

static hvm_runtime *open_runtime(const char *rules) {
  static FILE *nothing;
  if (!nothing) nothing = fopen("/dev/null", "r+");
  hvm_runtime *runtime = hvm_new(&(hvm_options){.output = nothing, .input = nothing});
  CHECK_SAY(hvm_load_text(runtime, "rules", rules, strlen(rules)) == HVM_OK, "%s", hvm_messages(runtime, false));
  return runtime;
}

// The text of the result; freed by the caller, NULL after an error.
static char *print_of(hvm_runtime *runtime, const char *expression) {
  hvm_clear_diagnostics(runtime);
  if (hvm_reduce(runtime, expression) != HVM_OK) {
    CHECK_SAY(false, "%s: %s", expression, hvm_messages(runtime, false));
    return NULL;
  }
  return hvm_result_text(runtime, NULL);
}

// What is printed, read again, prints the same.
static void check_stable(hvm_runtime *runtime, const char *printed) {
  char *again = print_of(runtime, printed);
  CHECK_SAY(unit_same_text(again, printed), "%s\n  prints again as\n      %s", printed, again ? again : "an error");
  free(again);
}

typedef struct {
  const char *expression, *expected; // expected NULL: the same
} Case;

static void check_cases(const char *rules, const Case *cases, size_t count) {
  hvm_runtime *runtime = open_runtime(rules);
  for (size_t i = 0; i < count; i++) {
    const char *expected = cases[i].expected ? cases[i].expected : cases[i].expression;
    char *printed = print_of(runtime, cases[i].expression);
    if (!printed) continue; // a failed check already
    CHECK_SAY(unit_same_text(printed, expected), "%s\n  prints as\n      %s\n  not\n      %s", cases[i].expression,
              printed, expected);
    check_stable(runtime, printed);
    free(printed);
  }
  hvm_free(runtime);
}

#define CHECK_CASES(rules, ...)                                                                                        \
  check_cases((rules), (const Case[]){__VA_ARGS__}, sizeof((const Case[]){__VA_ARGS__}) / sizeof(Case))

static void constructors_without_fields_print_bare(void) {
  CHECK_CASES("", {"Nil", NULL}, {"(Nil)", "Nil"}, {"(Cons 2 (Cons 3 Nil))", NULL},
              {"(Cons (+ 1 1) (Nil))", "(Cons 2 Nil)"}, {"(F$a.b_1 Nil. 0)", NULL}, {"(Both 1 2)", NULL},
              {"(U60.swap 0 1 2)", "(Both 1 2)"});
}

static void numbers_print_in_decimal(void) {
  CHECK_CASES("", {"0", NULL}, {"1152921504606846975", NULL}, {"0xFF", "255"}, {"0b101", "5"}, {"'a'", "97"},
              {"(- 0 1)", "1152921504606846975"}, {"()", "0"});
}

static void floats_print_the_shortest_text(void) {
  CHECK_CASES("", {"1.0", NULL}, {"1.5", NULL}, {"-1.5", NULL}, {"0.1", NULL}, {"(+ 0.5 0.25)", "0.75"}, {"0.0", NULL},
              {"(* 0.0 -1.0)", "-0.0"}, {"-0.0", NULL}, {"1.0e-3", "0.001"}, {"1.0e100", NULL}, {"-2.5e-50", NULL},
              {"1.0e22", NULL}, {"123456789.0", NULL}, {"(/ 1.0 0.0)", NULL}, {"(/ -1.0 0.0)", NULL},
              {"(/ 1.0 -0.0)", "(/ -1.0 0.0)"}, {"(/ 0.0 0.0)", NULL}, {"(- 0.0 (/ 0.0 0.0))", "(/ 0.0 0.0)"},
              {"(/ 1.0 3.0)", "0.333333333333333"}, {"[-1.5 (/ 1.0 0.0)]", "[-1.5, (/ 1.0 0.0)]"});
}

static void strings_print_with_escapes(void) {
  CHECK_CASES("", {"\"\"", NULL}, {"\"abc\"", NULL}, {"`a\"b`", "\"a\\\"b\""}, {"\"\\n\\t\\r\\0\\\\\\\"\"", NULL},
              {"\"\\'\\`\"", "\"'`\""}, {"\"\\u{3bb}λ\"", "\"λλ\""}, {"\"\\u{1F600}\"", "\"😀\""},
              {"\"\\u{7f}\\u{1}\"", NULL}, {"\"\\u{10FFFF}\\u{0}1\"", "\"\\u{10ffff}\\01\""},
              {"(String.cons 'a' (String.cons 'b' String.nil))", "\"ab\""}, {"String.nil", "\"\""},
              {"(String.cons (+ 96 1) \"\")", "\"a\""});
}

static void improper_strings_print_as_constructors(void) {
  CHECK_CASES("", {"(String.cons 1 2)", NULL}, {"(String.cons 97 λx x)", "(String.cons 97 λx0 x0)"},
              {"(String.cons λx x \"b\")", "(String.cons λx0 x0 \"b\")"}, {"(String.cons 1114112 \"a\")", NULL},
              {"(String.cons 55296 \"a\")", NULL}, {"(String.cons 57343 \"a\")", NULL},
              {"(String.cons 1.0 \"a\")", NULL}, {"(String.cons 57344 \"\")", "\"\xEE\x80\x80\""},
              {"(String.cons 97 (String.cons 1114112 \"bc\"))", NULL}, {"(String.cons 97 (String.cons 98 Nil))", NULL},
              {"(String.cons 97 (List.cons 98 []))", "(String.cons 97 [98])"}, {"(String.cons \"a\" \"b\")", NULL});
}

static void lists_print_with_brackets(void) {
  CHECK_CASES("", {"[]", NULL}, {"[1]", NULL}, {"[1 2 3]", "[1, 2, 3]"},
              {"(List.cons 1 (List.cons 2 List.nil))", "[1, 2]"}, {"[[] [1] \"a\" Nil]", "[[], [1], \"a\", Nil]"},
              {"(List.cons 1 2)", NULL}, {"(List.cons 1 (List.cons 2 Nil))", NULL}, {"(List.cons 1 \"ab\")", NULL},
              {"[(List.cons 1 2) λx x]", "[(List.cons 1 2), λx0 x0]"},
              {"(List.cons (List.cons 1 2) [])", "[(List.cons 1 2)]"},
              {"(List.cons 1 {[] [2]})", "(List.cons 1 {[] [2]})"});
}

static void binders_are_named_in_the_order_of_the_text(void) {
  CHECK_CASES("", {"λx x", "λx0 x0"}, {"λx 1", "λ* 1"}, {"λ* 1", NULL}, {"λx λy (y x)", "λx0 λx1 (x1 x0)"},
              {"λx λy λz (y x)", "λx0 λx1 λ* (x1 x0)"}, {"[λa λb a λc c]", "[λx0 λ* x0, λx1 x1]"},
              {"λx (x λy (y x) λz z)", "λx0 (x0 λx1 (x1 x0) λx2 x2)"}, {"(λx x λ* 2)", "λ* 2"},
              {"(λf [f f] λx (x x))", "[λx0 (x0 x0), λx1 (x1 x1)]"});
}

static void applications_are_flattened(void) {
  CHECK_CASES("", {"λf ((f 1) 2)", "λx0 (x0 1 2)"}, {"λf (f (f 1) 2)", "λx0 (x0 (x0 1) 2)"}, {"(1 2 3)", NULL},
              {"((1 2) 3)", "(1 2 3)"}, {"((Foo 1) 2 3)", NULL}, {"((Bar) 2)", NULL}, {"(\"ab\" 1)", NULL},
              {"([1] 2)", NULL}, {"([] 2)", NULL}, {"(\"\" 2)", NULL}, {"(1.5 2)", NULL}, {"(0.0 2)", NULL},
              {"((- 0.0 1.5) 2)", NULL}, {"((* 0.0 -1.0) 2)", NULL}, {"((/ 1.0 0.0) 2)", NULL},
              {"((/ -1.0 0.0) 2)", NULL}, {"((/ 0.0 0.0) 2)", NULL}, {"((- 0.0 1.0e30) 1 -2.0)", NULL},
              {"λx ((+ x 1) 2)", "λx0 ((+ x0 1) 2)"}, {"((λx (x x) 1) 2)", "(1 1 2)"});
}

static void stuck_calls_and_operations_print_as_source(void) {
  CHECK_CASES("(F 0 x) = x\n(F (S n) x) = (F n x)\n(K !x) = 1\nC = (F λx x 1)", {"(F 5 (+ 1 2))", "(F 5 3)"},
              {"λx (F x (+ 1 2))", "λx0 (F x0 3)"}, {"(F (S (S 3)) 4)", "(F 3 4)"}, {"((F 7 1) 2)", NULL},
              {"(+ (F 7 1) 2)", NULL}, {"λx (K (x (+ 1 1)))", "λx0 (K (x0 2))"}, {"C", "(F λx0 x0 1)"},
              {"(K (F 9 λx (+ 1 2)))", "(K (F 9 λ* 3))"}, {"λx (+ x (* 2 3))", "λx0 (+ x0 6)"},
              {"λx (- (* x x) -1.5)", "λx0 (- (* x0 x0) -1.5)"}, {"(+ 1 1.5)", NULL}, {"(<< λx x 2)", "(<< λx0 x0 2)"},
              {"(+ [1 (+ 1 1)] 3)", "(+ [1, 2] 3)"}, {"(U60.if λx x (+ 1 1) 2)", "(U60.if λx0 x0 2 2)"},
              {"(if A { 1 } else { (+ 1 2) })", "(U60.if A 1 3)"}, {"(HVM.print 5 (+ 1 1))", "(HVM.print 5 2)"},
              {"(% 1 (== λx x 2))", "(% 1 (== λx0 x0 2))"}, {"(>= \"a\" 'a')", "(>= \"a\" 97)"});
}

static void superpositions_print_in_braces_or_the_side_that_was_chosen(void) {
  CHECK_CASES("(D (S x)) = (D x)\n(D n) = n", {"{1 2}", NULL}, {"[{1 {2 3}}]", NULL}, {"({λx x λy 1} 3)", "{3 1}"},
              {"(+ {1 2} 10)", "{11 12}"}, {"(+ {1 2} {10 20})", "{{11 21} {12 22}}"}, {"(D {(S 1) 2})", "{1 2}"},
              {"λx {x 1}", "λx0 {x0 1}"}, {"dup a b = {1 2}; [a b]", "[{1 2}, {1 2}]"},
              {"(λf [f f] λx {x 1})", "[λx0 {x0 1}, λx1 {x1 1}]"}, {"{-1.5 -0.0}", NULL},
              {"{λx x \"a\"}", "{λx0 x0 \"a\"}"});
}

static void both_sides_of_stuck_dups_print(void) {
  CHECK_CASES("(F 0) = 0", {"λx dup a b = x; [a b]", "λx0 [x0, x0]"},
              {"λx dup a b = (x (+ 1 2)); [a b]", "λx0 [(x0 3), (x0 3)]"},
              {"λx dup a b = (F x); (a b)", "λx0 ((F x0) (F x0))"},
              {"λx dup a b = (+ x 1); [(+ 1 2) b a]", "λx0 [3, (+ x0 1), (+ x0 1)]"},
              {"λx let y = (x λz z); [y y y]", "λx0 [(x0 λx1 x1), (x0 λx2 x2), (x0 λx3 x3)]"},
              {"λx let f = λy (x y y); [f f]", "λx0 [λx1 (x0 x1 x1), λx2 (x0 x2 x2)]"},
              {"λx let f = λy λz (x z y); λu (f f u)", "λx0 λx1 (x0 x1 λx2 λx3 (x0 x3 x2))"});
}

static void deep_and_wide_results_print_in_linear_time(void) {
  hvm_runtime *runtime =
      open_runtime("(List 0 t) = t\n(List n t) = (List (- n 1) (List.cons n t))\n"
                   "(Nat 0) = Z\n(Nat n) = (S (Nat (- n 1)))\n(Lam 0) = 1\n(Lam n) = λx (Pair x (Lam (- n 1)))\n"
                   "(Nest 0) = []\n(Nest n) = [(Nest (- n 1))]\n"
                   "(Odd 0) = 5\n(Odd n) = (List.cons (Odd (- n 1)) (Odd (- n 1)))");
  static const struct {
    const char *expression;
    size_t size;
  } large[] = {
      {"(List 300000 [])", 2288895}, {"(List 300000 Nil)", 0}, {"(Nat 300000)", 1200001}, {"(Nest 300000)", 600002}};
  for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
    size_t size = 0;
    char *text = hvm_reduce(runtime, large[i].expression) == HVM_OK ? hvm_result_text(runtime, &size) : NULL;
    CHECK_SAY(text && strlen(text) == size, "%s does not print", large[i].expression);
    if (large[i].size) CHECK_NUMBER(size, large[i].size);
    free(text);
  }
  char *text = print_of(runtime, "(Odd 14)");
  CHECK(text && strncmp(text, "(List.cons (List.cons ", 22) == 0);
  free(text);
  text = print_of(runtime, "(Lam 50000)");
  CHECK(text && strstr(text, "λx49999 (Pair x49999 1)"));
  if (text) check_stable(runtime, text);
  free(text);
  hvm_free(runtime);
}

// Random normal terms.

typedef struct {
  UnitRandom random;
  Buffer out;
  unsigned names, in_scope, scope[64];
} Writer;

static void write_term(Writer *writer, int depth);

static void write_parts(Writer *writer, const char *before, unsigned count, const char *after, int depth) {
  buffer_text(&writer->out, before);
  for (unsigned i = 0; i < count; i++) {
    buffer_char(&writer->out, ' ');
    write_term(writer, depth - 1);
  }
  buffer_text(&writer->out, after);
}

static void write_number(Writer *writer) {
  static const char *const numbers[] = {
      "0",   "1",    "97",     "55296",    "1114112",     "1152921504606846975", "0.0",        "-0.0",
      "1.5", "-2.5", "1.0e30", "-1.0e-30", "(/ 1.0 0.0)", "(/ -1.0 0.0)",        "(/ 0.0 0.0)"};
  buffer_text(&writer->out, numbers[unit_below(&writer->random, sizeof numbers / sizeof *numbers)]);
}

static void write_leaf(Writer *writer) {
  static const char *const leaves[] = {"\"\"", "\"a\\n\\\"λ\"", "[]", "Nil", "Stuck", "String.nil"};
  if (writer->in_scope && unit_below(&writer->random, 2))
    buffer_format(&writer->out, "v%u", writer->scope[unit_below(&writer->random, writer->in_scope)]);
  else if (unit_below(&writer->random, 2))
    write_number(writer);
  else
    buffer_text(&writer->out, leaves[unit_below(&writer->random, sizeof leaves / sizeof *leaves)]);
}

static void write_term(Writer *writer, int depth) {
  unsigned choice = unit_below(&writer->random, 13);
  if (depth <= 0 || choice == 0) {
    write_leaf(writer);
  } else if (choice <= 3) {
    buffer_format(&writer->out, "λv%u ", writer->names);
    writer->scope[writer->in_scope++] = writer->names++;
    write_term(writer, depth - 1);
    writer->in_scope--;
  } else if (choice <= 5 && writer->in_scope) {
    buffer_format(&writer->out, "(v%u", writer->scope[unit_below(&writer->random, writer->in_scope)]);
    write_parts(writer, "", 1 + unit_below(&writer->random, 3), ")", depth);
  } else if (choice == 6) {
    write_parts(writer, "(Pair", 2, ")", depth);
  } else if (choice == 7) {
    write_parts(writer, "((Foo", 1, ") 1)", depth);
  } else if (choice == 8) {
    write_parts(writer, "(String.cons", 2, ")", depth);
  } else if (choice == 9) {
    write_parts(writer, "(List.cons", 2, ")", depth);
  } else if (choice == 10) {
    write_parts(writer, "[", unit_below(&writer->random, 4), "]", depth);
  } else if (choice == 11) {
    write_parts(writer, "(Stuck2 (Pair", 2, "))", depth);
  } else {
    write_parts(writer, "(+ Nil", 1, ")", depth);
  }
}

static void random_results_can_be_read_again(void) {
  hvm_runtime *runtime = open_runtime("(Stuck2 0) = 1");
  for (uint64_t seed = 0; seed < 1500; seed++) {
    Writer writer = {.random = {seed}};
    write_term(&writer, 1 + (int)(seed % 7));
    char *printed = print_of(runtime, writer.out.text);
    if (printed) check_stable(runtime, printed);
    free(printed);
    buffer_free(&writer.out);
  }
  hvm_free(runtime);
}

static bool read_file(Buffer *out, const char *path) {
  FILE *file = fopen(path, "rb");
  char block[4096];
  out->size = 0;
  buffer_text(out, "");
  if (!file) return false;
  for (size_t size; (size = fread(block, 1, sizeof block, file)) > 0;) buffer_add(out, block, size);
  fclose(file);
  return true;
}

// The last line of NAME.out is what NAME.hvm prints at its end.
static unsigned check_outputs(const char *folder) {
  unsigned count = 0;
  DIR *directory = opendir(folder);
  Buffer text = {0}, path = {0};
  for (struct dirent *entry; directory && (entry = readdir(directory));) {
    const char *end = strrchr(entry->d_name, '.');
    if (!end || strcmp(end, ".out") != 0) continue;
    path.size = 0;
    buffer_format(&path, "%s/%.*s.hvm", folder, (int)(end - entry->d_name), entry->d_name);
    bool read = read_file(&text, path.text);
    hvm_runtime *runtime = open_runtime(read ? text.text : "");
    memcpy(path.text + path.size - 3, "out", 3);
    if (read && read_file(&text, path.text)) {
      if (text.size && text.text[text.size - 1] == '\n') text.text[--text.size] = 0;
      const char *line = strrchr(text.text, '\n');
      check_stable(runtime, line ? line + 1 : text.text);
      count++;
    }
    hvm_free(runtime);
  }
  if (directory) closedir(directory);
  buffer_free(&text);
  buffer_free(&path);
  return count;
}

static void outputs_of_programs_can_be_read_again(void) {
  CHECK(check_outputs("tests/conformance/cases") > 50);
  CHECK(check_outputs("examples") > 20);
  CHECK(check_outputs("bench/programs") > 5);
}

int main(void) {
  constructors_without_fields_print_bare();
  numbers_print_in_decimal();
  floats_print_the_shortest_text();
  strings_print_with_escapes();
  improper_strings_print_as_constructors();
  lists_print_with_brackets();
  binders_are_named_in_the_order_of_the_text();
  applications_are_flattened();
  stuck_calls_and_operations_print_as_source();
  superpositions_print_in_braces_or_the_side_that_was_chosen();
  both_sides_of_stuck_dups_print();
  deep_and_wide_results_print_in_linear_time();
  random_results_can_be_read_again();
  outputs_of_programs_can_be_read_again();
  return unit_finish();
}
