// How a C program uses libhvm. After `make install`:
//
//   cc embed.c $(pkg-config --cflags --libs hvm) -o embed
//
// Two runtimes, each with a program of its own; results as text and as a tree; errors as data.
#include <hvm.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SQUARES[] = "(Map f [])                = []\n"
                              "(Map f (List.cons x xs)) = (List.cons (f x) (Map f xs))\n"
                              "(Squares xs)             = (Map λx(* x x) xs)\n";

static const char TREES[] = "(Grow 0) = Leaf\n"
                            "(Grow n) = (Node (Grow (- n 1)) n (Grow (- n 1)))\n";

static hvm_runtime *load(const char *name, const char *program) {
  hvm_options options = {.memory = UINT64_C(256) << 20};
  hvm_runtime *runtime = hvm_new(&options);
  if (!runtime) {
    fputs("no memory\n", stderr);
    exit(1);
  }
  if (hvm_load_text(runtime, name, program, strlen(program)) != HVM_OK) {
    fputs(hvm_messages(runtime, false), stderr);
    exit(1);
  }
  return runtime;
}

static void show(hvm_runtime *runtime, const char *expression) {
  if (hvm_reduce(runtime, expression) != HVM_OK) {
    for (size_t i = 0; i < hvm_diagnostic_count(runtime); i++) {
      hvm_diagnostic diagnostic = hvm_diagnostic_at(runtime, i);
      printf("%s: %s at %u:%u\n", expression, diagnostic.message, diagnostic.line, diagnostic.column);
    }
    hvm_clear_diagnostics(runtime);
    return;
  }
  char *text = hvm_result_text(runtime, NULL);
  printf("%s = %s\n", expression, text);
  free(text);
}

// Adds up the numbers of a result, however they are arranged.
static uint64_t sum(hvm_node node) {
  uint64_t total = hvm_kind(node) == HVM_NODE_U60 ? hvm_u60(node) : 0;
  for (unsigned i = 0; i < hvm_child_count(node); i++) total += sum(hvm_child(node, i));
  return total;
}

int main(void) {
  hvm_runtime *squares = load("squares", SQUARES), *trees = load("trees", TREES);
  show(squares, "(Squares [1, 2, 3, 4])");
  show(trees, "(Grow 2)");
  show(trees, "(Squares [1])"); // only the other runtime has this rule
  show(squares, "(Squares [1, missing])");

  if (hvm_reduce(trees, "(Grow 10)") != HVM_OK) return 1;
  hvm_node root = hvm_result(trees);
  printf("(Grow 10) is a %s of %u fields; its numbers add up to %" PRIu64 "\n", hvm_name(root), hvm_child_count(root),
         sum(root));

  hvm_collect(squares);
  hvm_collect(trees);
  printf("live cells: %" PRIu64 " and %" PRIu64 "\n", hvm_stats(squares).live_cells, hvm_stats(trees).live_cells);
  hvm_free(squares);
  hvm_free(trees);
  return 0;
}
