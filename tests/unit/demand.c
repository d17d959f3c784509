// Demand analysis (lang/demand): what small programs demand of their arguments and variables.
#include "lang/demand.h"
#include "lang/effects.h"

#include <time.h>

#include "unit.h"

static const char MARKS[] = ".WSC"; // lazy, weak, spine, complete

static const Function *function_of(const Program *program, const char *name) {
  NameId id;
  return program_find_name(program, name, strlen(name), &id) ? program->names.items[id].function : NULL;
}

static Program *load(const char *text) {
  Program *program = program_new();
  program->keep_lambdas = true;
  CHECK_SAY(program_load(program, "p", text, strlen(text)), "rejected: %s", text);
  return program;
}

// One letter for each argument, for a result demanded weakly, as a spine and completely.
static void describe(const Program *program, const char *name, char *text) {
  const Function *function = function_of(program, name);
  for (Demand on = DEMAND_WEAK; on <= DEMAND_COMPLETE; on++) {
    for (uint32_t i = 0; function && i < function->arity; i++)
      *text++ = MARKS[demand_of_argument(program, function, on, i)];
    *text++ = on == DEMAND_COMPLETE ? 0 : ' ';
  }
}

static void check_demands(const char *program_text, const char *name, const char *expected) {
  Program *program = load(program_text);
  char text[256];
  describe(program, name, text);
  CHECK_SAY(strcmp(text, expected) == 0, "%s is %s, not %s, in\n%s", name, text, expected, program_text);
  program_free(program);
}

static void accumulators_are_strict(void) {
  check_demands("(Sum 0 a) = a  (Sum n a) = (Sum (- n 1) (+ a n))", "Sum", "CW CS CC");
  check_demands("(Loop 0 a b) = (+ a b)  (Loop n a b) = (Loop (- n 1) b (+ a b))", "Loop", "CCC CCC CCC");
  check_demands("(Count 0 a) = 7  (Count n a) = (Count (- n 1) (+ a n))", "Count", "C. C. C.");
  check_demands("(Fib 0) = 0  (Fib 1) = 1  (Fib n) = (+ (Fib (- n 1)) (Fib (- n 2)))", "Fib", "C C C");
  check_demands("(Rev Nil a) = a  (Rev (Cons x xs) a) = (Rev xs (Cons x a))", "Rev", "S. SS CC");
}

static void mutual_recursion(void) {
  static const char parity[] = "(Even 0 a) = a  (Even n a) = (Odd (- n 1) (+ a 1))\n"
                               "(Odd 0 a) = (+ a 1)  (Odd n a) = (Even (- n 1) (+ a 2))";
  check_demands(parity, "Even", "CW CS CC");
  check_demands(parity, "Odd", "CC CC CC");
  static const char lost[] = "(A n x) = (B n x)  (B n x) = (C n x)  (C 0 x) = 0  (C n x) = (A (- n 1) x)";
  check_demands(lost, "A", "C. C. C.");
  check_demands(lost, "B", "C. C. C.");
  check_demands("(A x) = (B x)  (B x) = (A x)", "A", "C C C"); // never ends
}

static void lists(void) {
  static const char list[] = "(Len Nil) = 0  (Len (Cons x xs)) = (+ 1 (Len xs))\n"
                             "(Sum Nil) = 0  (Sum (Cons x xs)) = (+ x (Sum xs))\n"
                             "(Map f Nil) = Nil  (Map f (Cons x xs)) = (Cons (f x) (Map f xs))\n"
                             "(Head (Cons x xs)) = x\n"
                             "(Append Nil ys) = ys  (Append (Cons x xs) ys) = (Cons x (Append xs ys))\n"
                             "(From n) = (Cons n (From (+ n 1)))\n"
                             "(Range 0) = Nil  (Range n) = (Cons n (Range (- n 1)))\n"
                             "(Take 0 xs) = Nil  (Take n (Cons x xs)) = (Cons x (Take (- n 1) xs))\n"
                             "(Copy Nil) = Nil  (Copy (Cons x xs)) = (Cons x (Copy xs))\n"
                             "(Last (Cons x Nil)) = x  (Last (Cons x xs)) = (Last xs)\n";
  check_demands(list, "Len", "S S S");
  check_demands(list, "Sum", "C C C");
  check_demands(list, "Map", ".W .S .S"); // f is not applied for an empty list
  check_demands(list, "Head", "W W W");
  check_demands(list, "Append", "W. SS CC");
  check_demands(list, "From", ". C C"); // never ends
  check_demands(list, "Range", "W C C");
  check_demands(list, "Take", "WW CW CW");
  check_demands(list, "Copy", "W S C");
  check_demands(list, "Last", "S S S");
  check_demands("(Len []) = 0  (Len (List.cons x xs)) = (+ 1 (Len xs))", "Len", "S S S");
  check_demands("(Two [a b]) = (+ a b)  (Two xs) = 0", "Two", "W W W");
  check_demands("(Two [a b]) = (+ a b)", "Two", "C C C");
  check_demands("(Two [a b]) = 0", "Two", "S S S");
  check_demands("(Is \"ab\") = 1", "Is", "C C C");
  check_demands("(Wrap x) = [x]", "Wrap", ". . C");
}

static void trees(void) {
  static const char tree[] = "(Sum (Tip x)) = (+ x 0)  (Sum (Fork l r)) = (+ (Sum l) (Sum r))\n"
                             "(Depth (Tip x)) = 1  (Depth (Fork l r)) = (+ (Depth l) (Depth r))\n"
                             "(Left (Tip x)) = x  (Left (Fork l r)) = (Left l)\n"
                             "(Flip (Tip x)) = (Tip x)  (Flip (Fork l r)) = (Fork (Flip r) (Flip l))\n"
                             "(Make 0) = (Tip 1)  (Make n) = let m = (- n 1); (Fork (Make m) (Make m))\n"
                             "(Into (Tip y) x) = (Fork (Tip y) (Tip x))  (Into (Fork l r) x) = (Fork (Into r x) l)";
  check_demands(tree, "Sum", "C C C");
  check_demands(tree, "Depth", "S S S");
  check_demands(tree, "Left", "W W W");
  check_demands(tree, "Flip", "W S C");
  check_demands(tree, "Make", "W C C");
  check_demands(tree, "Into", "W. S. CC");
  static const char forest[] = "(Size (Node f)) = (+ 1 (Sizes f))\n"
                               "(Sizes End) = 0  (Sizes (More t f)) = (+ (Size t) (Sizes f))";
  check_demands(forest, "Size", "C C C");
  check_demands(forest, "Sizes", "C C C");
}

static void branches(void) {
  check_demands("(F c x y) = if c { x } else { y }", "F", "C.. C.. C..");
  check_demands("(F c x y) = if c { (+ x y) } else { x }", "F", "CW. CS. CC.");
  check_demands("(F c x) = if c { (+ x 1) } else { (- x 1) }", "F", "CC CC CC");
  check_demands("(F c x y z) = if c { if x { y } else { z } } else { (+ y x) }", "F", "CC.. CC.. CC..");
  check_demands("(F c x y) = (+ y if c { x } else { (+ x x) })", "F", "CCC CCC CCC");
  check_demands("(F c x) = (+ if c { 1 } else { x } if c { x } else { 1 })", "F", "C. C. C.");
  check_demands("(F c x) = if c { x } else { if x { 1 } else { 2 } }", "F", "CW CS CC");
  check_demands("(F c x) = (U60.if (+ c 1) (K x) x)", "F", "C. C. CC");
  check_demands("(F c x) = if c { (F 0 x) } else { x }", "F", "CW CS CC");
  check_demands("(F c a b) = (U60.swap c a b)", "F", "C.. C.. CCC");
  check_demands("(F x y) = (HVM.spark x (+ x y))", "F", ".C .C .C");       // what is offered is left to others
  check_demands("(F x y) = (HVM.spark (+ x 1) (+ x y))", "F", "CC CC CC"); // nobody else could have it
  check_demands("(F x) = (+ x (HVM.spark x (+ x 1)))", "F", "C C C");
  check_demands("(F x y) = (HVM.spark x y)", "F", ".W .S .C");
}

static void patterns(void) {
  check_demands("(F (P (Q a b) c)) = (+ a c)", "F", "S S S");
  check_demands("(F (P (Q a b) c)) = (+ (+ a b) c)", "F", "C C C");
  check_demands("(F A x) = x", "F", "CW CS CC"); // partial: other calls are stuck
  check_demands("(F A x) = x  (F B x) = 0", "F", "C. C. C.");
  check_demands("(F !x y) = y", "F", "WW WS WC");
  check_demands("(F _ y) = y", "F", ".W .S .C");
  check_demands("(F !_ y) = 1", "F", "W. W. W.");
  check_demands("(F x 0) = x  (F x 1) = 3", "F", ".C .C .C");
  check_demands("(F 0 _) = 0  (F x A) = x  (F x y) = 1", "F", "WW WW WW");
  check_demands("(F (K (N a))) = a  (F (K b)) = 2", "F", "S S S");
  check_demands("(F x) = (G x)  (G (K a)) = a", "F", "S S C");
  check_demands("(F A) = 1  (F !x) = 2  (F (K y z)) = y", "F", "W W W"); // the last one is never reached
  check_demands("F = 1", "F", "  ");
}

static void lambdas_and_dups(void) {
  check_demands("(F x) = λy (+ x y)", "F", ". . .");
  check_demands("(F f x) = (f x)", "F", "W. W. W.");
  check_demands("(F x y) = (λa (+ a x) y)", "F", "CC CC CC");
  check_demands("(F x y) = (λa 3 y)", "F", ".. .. ..");
  check_demands("(F x y) = (λa λb (b a) x y)", "F", ".W .W .W");
  check_demands("(F x y z) = (λa λb (+ (+ a a) b) x y z)", "F", "CC. CC. CC.");
  check_demands("(F c x) = (λa if c { a } else { (+ a a) } x)", "F", "CW CS CC");
  check_demands("(F x) = dup a b = (+ x 1); (+ a b)", "F", "C C C");
  check_demands("(F x) = dup a b = x; (K a b)", "F", ". . C");
  check_demands("(F x) = let y = (+ x 1); [y y y]", "F", ". . C");
  check_demands("(F x) = let y = (+ x 1); 3", "F", ". . .");
  check_demands("(F x y) = {x y}", "F", ".. .. ..");
  check_demands("(F c x) = dup a b = (+ x 1); if c { a } else { b }", "F", "CC CC CC");
  check_demands("(F x y) = dup a b = x; ((dup c d = y; λe (+ e (+ c d))) a b)", "F", "CC CC CC");
}

static void infinite_structures(void) {
  static const char text[] = "(Nat n) = (Cons n (Nat (+ n 1)))  (Take 0 xs) = Nil\n"
                             "(Take n (Cons x xs)) = (Cons x (Take (- n 1) xs))  (Main n) = (Take n (Nat 0))\n"
                             "(Zip (Cons a as) (Cons b bs)) = (Cons (+ a b) (Zip as bs))\n"
                             "(Iterate f x) = (Cons x (Iterate f (f x)))  (At 0 (Cons x xs)) = x\n"
                             "(At n (Cons x xs)) = (At (- n 1) xs)";
  check_demands(text, "Take", "WW CW CW");
  check_demands(text, "Zip", "WW SS CC");
  check_demands(text, "Iterate", ".. C. CC");
  check_demands(text, "At", "CW CW CW");
  check_demands(text, "Main", "W C C");
}

static void restricted_programs(void) {
  check_demands("(F x) = (+ x 1)  (G (F x)) = x", "F", ". . .");
  check_demands("(F x) = (+ x 1)  (G (K (F x))) = x", "G", "W W W");
  check_demands("(F x) = (+ x 1)  (G y) = (y λ$x 1 $x)", "F", ". . .");
}

static void check_effects(const char *program_text, const char *name, const char *reason) {
  Program *program = load(program_text);
  const Function *function = function_of(program, name);
  const char *found = function->restricted ? effects_reason(program, function) : "no effects";
  CHECK_SAY(strcmp(found, reason) == 0, "%s %s, not %s, in\n%s", name, found, reason, program_text);
  program_free(program);
}

static void effects_restrict_functions(void) {
  check_demands("(F x y) = (HVM.log x y)", "F", ".. .. ..");
  check_demands("(F 0 y z) = y  (F n y !z) = (F (- n 1) y z)  Main = (HVM.print \"a\" (F 1 2 3))", "F", "CWW CSW CCW");
  check_demands("(F 0 y z) = y  (F n y !z) = (F (- n 1) (HVM.log n y) z)", "F", "W.W W.W W.W");
  check_demands("(G x y) = (+ x y)  (F x) = (HVM.log 1 (G x x))", "G", "CC CC CC");
  check_demands("(G x y) = (+ y x)  (F x) = (G (HVM.log 1 x) x)", "G", ".. .. ..");

  static const char calls[] = "(A x) = (B x)  (B x) = (C x)  (C x) = (A (HVM.log x x))  (D x) = (+ x 1)";
  check_effects(calls, "A", "comes to HVM.log, through B");
  check_effects(calls, "B", "comes to HVM.log, through C");
  check_effects(calls, "C", "has the effect of HVM.log");
  check_effects(calls, "D", "no effects");

  // What is given: itself, in data, in a variable, in a λ, by a closure, by what another function gives back.
  static const char given[] = "(Id x) = x  (Log x) = (HVM.log x x)  (Snd (P a b)) = (Id2 b)  (Id2 x) = x  (Id3 x) = x\n"
                              "(Id4 x) = x  (Call f) = (f 1)  (Clean x) = x  (Id5 x) = x  (Twice x) = [x (Id5 x)]\n"
                              "A = (Id (Log 1))  B = (Snd (P (Log 1) 2))  C = let y = (Log 2); (Id3 (+ y 1))\n"
                              "D = (Call λx (Log x))  E = (Clean (HVM.query λs s))  F = (Twice (Log 1))";
  check_effects(given, "Id", "is given what has an effect, by A");
  check_effects(given, "Snd", "is given what has an effect, by B");
  check_effects(given, "Id2", "is given what has an effect, by Snd");
  check_effects(given, "Id3", "is given what has an effect, by C");
  check_effects(given, "Id4", "no effects");
  check_effects(given, "Call", "is given what has an effect, by D");
  check_effects(given, "Clean", "is given what has an effect, by E");
  check_effects(given, "Id5", "is given what has an effect, by Twice");
  check_effects("(L s) = (+ s 1)  Main = (HVM.query λs (L s))", "L", "no effects");

  // Unknown functions: any λ may be it.
  static const char unknown[] = "(Use f) = (f (HVM.log 1 2))  (G x) = (+ x 1)  (H x) = λy (G y)  (K x) = (+ x x)";
  check_effects(unknown, "G", "is given what has an effect, by H");
  check_effects(unknown, "K", "no effects");
  static const char own[] = "(Use f) = (f (HVM.log 1 2))  (G f) = 1  Main = (G λx (Cons x Nil))";
  check_effects(own, "G", "no effects"); // a λ has none that it is given
  check_effects("(Use f) = (f (HVM.log 1 2))  (G f) = 1  Main = λx (G λy (x y))", "G",
                "is given what has an effect, by Main");
}

static void programs_with_effects_grow(void) {
  static const char text[] = "(Sum 0 a) = a  (Sum n a) = (Sum (- n 1) (+ a n))  (Call x) = (Sum 3 x)";
  Program *program = load(text);
  const Function *sum = function_of(program, "Sum"), *call = function_of(program, "Call");
  CHECK(program_load_expression(program, "e", "(HVM.log 1 (Sum 2 3))", 21));
  CHECK(!sum->restricted && program->restrictions == 0);
  CHECK_NUMBER(demand_of_argument(program, sum, DEMAND_WEAK, 1), DEMAND_WEAK);
  CHECK(program_load_expression(program, "e", "(Call (HVM.log 1 2))", 20));
  CHECK(sum->restricted && call->restricted);
  CHECK_NUMBER(program->restrictions, 2);
  CHECK_NUMBER(demand_of_argument(program, sum, DEMAND_WEAK, 0), DEMAND_WEAK);
  CHECK_NUMBER(demand_of_argument(program, sum, DEMAND_WEAK, 1), DEMAND_LAZY);
  const Rule *rule = call->rules.items[0];
  CHECK_NUMBER(demand_of_variable(program, rule->body, DEMAND_WEAK, rule->patterns[0]->variable.binder), DEMAND_LAZY);
  program_free(program);
}

static bool is_spine(Program *program, const char *constructor, uint32_t field) {
  NameId name;
  return program_find_name(program, constructor, strlen(constructor), &name) && demand_is_spine(program, name, field);
}

// A field is recursive where it comes back to the parameter that it was taken out of, not to another one.
static void recursive_fields(void) {
  Program *program = load("(Sort Nil) = Nil  (Sort (Cons x xs)) = (Sort1 x xs)\n"
                          "(Sort1 x Nil) = (Cons x Nil)  (Sort1 x (Cons y ys)) = (Sort2 (Cons x (Cons y ys)))\n"
                          "(Sort2 xs) = (Merge (Sort (Tail xs)) (Sort xs))\n"
                          "(Merge Nil ys) = ys  (Merge (Cons x xs) Nil) = x  (Merge (Cons x xs) (Cons y ys)) = y\n"
                          "(Tail (Cons x xs)) = (Tail xs)  (Tail Nil) = Nil\n"
                          "(Step (Node l x r)) = (Choose x l r)\n"
                          "(Choose 0 l r) = (Step l)  (Choose n l r) = (Step r)\n"
                          "(Sink k (More x m)) = (Sink x m)  (Sink k End) = k\n"
                          "(Turn (This a b) n) = (Back n a b)  (Back n a b) = (Turn b a)\n"
                          "(Build n) = (Branch n (Build (- n 1)) n)");
  CHECK(!is_spine(program, "Cons", 0) && is_spine(program, "Cons", 1));
  CHECK(is_spine(program, "Node", 0) && !is_spine(program, "Node", 1) && is_spine(program, "Node", 2));
  CHECK(!is_spine(program, "More", 0) && is_spine(program, "More", 1));
  CHECK(!is_spine(program, "This", 0) && is_spine(program, "This", 1));
  CHECK(!is_spine(program, "Branch", 0) && is_spine(program, "Branch", 1) && !is_spine(program, "Branch", 2));
  CHECK_NUMBER(demand_of_argument(program, function_of(program, "Sort1"), DEMAND_WEAK, 1), DEMAND_SPINE);
  program_free(program);
}

static void programs_grow(void) {
  Program *program = load("(Sum Nil a) = a  (Sum (Cons x xs) a) = (Sum xs (+ a x))");
  const Function *sum = function_of(program, "Sum");
  CHECK_NUMBER(demand_of_argument(program, sum, DEMAND_WEAK, 1), DEMAND_WEAK);
  NameId cons;
  program_find_name(program, "Cons", 4, &cons);
  CHECK(demand_is_spine(program, cons, 1) && !demand_is_spine(program, cons, 0));
  static const char more[] = "(Deep (Cons x xs)) = (Deep x)  (Add x) = (Sum x 1)\n"
                             "(Walk (Pair a b)) = (Walk a)";
  CHECK(program_load(program, "more", more, strlen(more)));
  CHECK(!demand_is_spine(program, cons, 0)); // what was analysed relies on it
  NameId pair;
  program_find_name(program, "Pair", 4, &pair);
  CHECK(demand_is_spine(program, pair, 0) && !demand_is_spine(program, pair, 1));
  CHECK_NUMBER(demand_of_argument(program, function_of(program, "Add"), DEMAND_WEAK, 0), DEMAND_COMPLETE);
  const Function *expression = program_load_expression(program, "e", "let a = (Add [1]); (+ a a)", 26);
  if (CHECK(expression)) {
    const Term *body = expression->rules.items[0]->body;
    CHECK_NUMBER(body->kind, TERM_DUP);
    CHECK_NUMBER(demand_of_variable(program, body->dup.body, DEMAND_WEAK, body->dup.first), DEMAND_COMPLETE);
  }
  CHECK(!demand_is_restricted(program));
  CHECK(program_load(program, "patterns", "(Odd (Sum a b)) = a", 19));
  CHECK(demand_is_restricted(program));
  CHECK_NUMBER(demand_of_argument(program, sum, DEMAND_WEAK, 0), DEMAND_WEAK);
  CHECK_NUMBER(demand_of_argument(program, sum, DEMAND_WEAK, 1), DEMAND_LAZY);
  program_free(program);
}

static void built_in_functions(void) {
  Program *program = load("Main = 1");
  const Function *test = function_of(program, "U60.if"), *swap = function_of(program, "U60.swap");
  CHECK_NUMBER(demand_of_argument(program, test, DEMAND_WEAK, 0), DEMAND_COMPLETE);
  CHECK_NUMBER(demand_of_argument(program, test, DEMAND_LAZY, 0), DEMAND_LAZY);
  CHECK_NUMBER(demand_of_argument(program, test, DEMAND_COMPLETE, 1), DEMAND_LAZY);
  CHECK_NUMBER(demand_of_argument(program, swap, DEMAND_COMPLETE, 1), DEMAND_COMPLETE);
  CHECK_NUMBER(demand_of_argument(program, swap, DEMAND_WEAK, 1), DEMAND_LAZY);
  CHECK_NUMBER(demand_of_argument(program, function_of(program, "HVM.log"), DEMAND_COMPLETE, 0), DEMAND_LAZY);
  program_free(program);
}

// The first dup of a rule R: the demand on its value, by the demand on the dup's body.
static void check_dup(const char *text, const char *expected) {
  Program *program = load(text);
  const Term *term = function_of(program, "R")->rules.items[0]->body;
  while (term->kind == TERM_LAMBDA) term = term->lambda.body;
  char found[4] = {0};
  if (CHECK_SAY(term->kind == TERM_DUP, "no dup: %s", text))
    for (Demand on = DEMAND_WEAK; on <= DEMAND_COMPLETE; on++) {
      Demand first = demand_of_variable(program, term->dup.body, on, term->dup.first);
      CHECK_NUMBER(demand_of_variable(program, term->dup.body, on, term->dup.second), first);
      found[on - 1] = MARKS[first];
    }
  CHECK_SAY(strcmp(found, expected) == 0, "%s, not %s, in %s", found, expected, text);
  program_free(program);
}

static void variables(void) {
  check_dup("(R x) = (+ x x)", "CCC");
  check_dup("(R c x) = if c { x } else { (+ x 1) }", "WSC");
  check_dup("(R c x) = if c { x } else { (K x) }", "..C");
  check_dup("(R x) = let y = (* x 2); (K y y)", "..C");
  check_dup("(R x) = let y = (* x 2); (K y (+ y 1))", "..C");
  check_dup("(R x) = let y = (K x); (H (H y y) y)  (H (K a) b) = a", "SSC");
  check_dup("R = λx (+ x x)", "CCC");
  check_dup("(R x) = let y = (* x 2); λz (+ y y)", "...");
}

// The demand on a dup in an inner scope is told by what is demanded of that scope.
static void variables_of_inner_scopes(void) {
  Program *program = load("(R x z) = (K (+ 1 let y = (* x 2); (+ y y)) λv let w = (* v z); (P w w))");
  const Term *body = function_of(program, "R")->rules.items[0]->body;
  const Term *first = body->call.arguments[0]->operate.right, *second = body->call.arguments[1]->lambda.body;
  if (CHECK(first->kind == TERM_DUP && second->kind == TERM_DUP)) {
    CHECK_NUMBER(demand_of_variable(program, first->dup.body, DEMAND_COMPLETE, first->dup.first), DEMAND_COMPLETE);
    CHECK_NUMBER(demand_of_variable(program, first->dup.body, DEMAND_LAZY, first->dup.first), DEMAND_LAZY);
    CHECK_NUMBER(demand_of_variable(program, second->dup.body, DEMAND_COMPLETE, second->dup.first), DEMAND_COMPLETE);
    CHECK_NUMBER(demand_of_variable(program, second->dup.body, DEMAND_WEAK, second->dup.first), DEMAND_LAZY);
  }
  program_free(program);
}

// What this process works to load the text.
static double load_seconds(const Buffer *text) {
  struct timespec start, end;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  Program *program = program_new();
  program->keep_lambdas = true;
  CHECK(program_load(program, "big", text->text, text->size));
  program_free(program);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9;
}

static void write_circle(Buffer *text, int size) { // one component, in which what is learnt goes the long way
  for (int i = 0; i < size; i++)
    buffer_format(text, "(F%d 0 x) = %s  (F%d n x) = (F%d (- n 1) x)\n", i, i ? "x" : "0", i, (i + 1) % size);
}

static void write_chain(Buffer *text, int size) {
  for (int i = 0; i < size; i++) buffer_format(text, "(F%d x) = (+ 1 (F%d x))\n", i, i + 1);
}

static void write_branches(Buffer *text, int size) {
  buffer_text(text, "(F c x y) = ");
  for (int i = 0; i < size; i++) buffer_format(text, "if (== c %d) { (+ x y) } else { ", i);
  buffer_text(text, "x");
  for (int i = 0; i < size; i++) buffer_text(text, " }");
}

static void write_lets(Buffer *text, int size) {
  buffer_text(text, "(F x0) = ");
  for (int i = 0; i < size; i++) buffer_format(text, "let x%d = (+ x%d x%d);\n", i + 1, i, i);
  buffer_format(text, "x%d", size);
}

static void large_programs_take_linear_time(void) {
  enum { SMALL = 12500, TIMES = 8, SLACK = 3 };
  static const struct {
    const char *name;
    void (*write)(Buffer *, int);
  } SHAPES[] = {{"circle", write_circle}, {"chain", write_chain}, {"branches", write_branches}, {"lets", write_lets}};
  for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
    double seconds[2];
    for (int large = 0; large < 2; large++) {
      Buffer text = {0};
      SHAPES[i].write(&text, large ? TIMES * SMALL : SMALL);
      seconds[large] = load_seconds(&text);
      buffer_free(&text);
    }
    if (getenv("SHOW")) printf("%s: %.3f s, %.3f s\n", SHAPES[i].name, seconds[0], seconds[1]);
    CHECK_SAY(seconds[1] < TIMES * SLACK * (seconds[0] + 0.01), "%s: %.3f s, %d times as large %.3f s", SHAPES[i].name,
              seconds[0], TIMES, seconds[1]);
  }
}

int main(void) {
  accumulators_are_strict();
  mutual_recursion();
  lists();
  trees();
  branches();
  patterns();
  lambdas_and_dups();
  infinite_structures();
  restricted_programs();
  effects_restrict_functions();
  programs_with_effects_grow();
  recursive_fields();
  programs_grow();
  built_in_functions();
  variables();
  variables_of_inner_scopes();
  large_programs_take_linear_time();
  return unit_finish();
}
