// parse [--pad] TEXT: reads a text with libtree-sitter and types in the middle of it. Prints, of the processor's time
// of this thread, the fastest of ROUNDS each:
//   bytes  seconds to read  milliseconds of a key  of a `(` that stays open
// --pad: for the grammar of tokens.js, which wants a multiple of 16 tokens; nothing is typed then.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tree_sitter/api.h>

enum { ROUNDS = 3, KEYS = 5, ROOM = 64 };

const TSLanguage *tree_sitter_hvm(void);

static TSParser *parser;
static char *text;
static uint32_t size;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static TSTree *read_text(const TSTree *old) { return ts_parser_parse_string(parser, old, text, size); }

static bool broken(const TSTree *tree) { return ts_node_has_error(ts_tree_root_node(tree)); }

static bool load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) return false;
  size = (uint32_t)ftell(file);
  text = calloc(1, (size_t)size + ROOM);
  rewind(file);
  bool good = text && fread(text, 1, size, file) == size;
  fclose(file);
  return good;
}

static void pad(void) {
  for (int i = 0; i < 16; i++) {
    TSTree *tree = read_text(NULL);
    bool done = !broken(tree);
    ts_tree_delete(tree);
    if (done) return;
    memcpy(text + size, " )", 3);
    size += 2;
  }
}

static TSPoint point_at(uint32_t at) {
  TSPoint point = {0, 0};
  uint32_t line = 0;
  for (uint32_t i = 0; i < at; i++)
    if (text[i] == '\n') point.row++, line = i + 1;
  point.column = at - line;
  return point;
}

// Puts a character in, or takes it out; the seconds that the library takes.
static double edit(TSTree **tree, uint32_t at, char put) {
  TSPoint here = point_at(at), behind = {here.row, here.column + 1};
  TSInputEdit edit = {at, at + !put, at + !!put, here, put ? here : behind, put ? behind : here};
  memmove(text + at + !!put, text + at + !put, size - at - !put);
  if (put) text[at] = put;
  size += put ? 1 : -1u;
  double start = now();
  ts_tree_edit(*tree, &edit);
  TSTree *next = read_text(*tree);
  double seconds = now() - start;
  ts_tree_delete(*tree);
  *tree = next;
  return seconds;
}

// The time of a key in the middle, behind the first letter of a name or before it.
static double type(TSTree **tree, char key) {
  uint32_t at = size / 2;
  while (at + 1 < size && !(text[at - 1] == '(' && text[at] >= 'A' && text[at] <= 'Z')) at++;
  if (key != '(') at++;
  double best = 1e9;
  for (int i = 0; i < KEYS; i++) {
    double seconds = edit(tree, at, key);
    if (seconds < best) best = seconds;
    edit(tree, at, 0);
  }
  return best;
}

int main(int count, char **words) {
  bool padded = count == 3 && strcmp(words[1], "--pad") == 0;
  if (count != 2 + padded || !load(words[1 + padded])) return 2;
  parser = ts_parser_new();
  if (!ts_parser_set_language(parser, tree_sitter_hvm())) return 2;
  if (padded) pad();
  double best = 1e9;
  TSTree *tree = NULL;
  for (int i = 0; i < ROUNDS; i++) {
    if (tree) ts_tree_delete(tree);
    double start = now();
    tree = read_text(NULL);
    double seconds = now() - start;
    if (seconds < best) best = seconds;
  }
  if (broken(tree)) return 1;
  printf("%u %.6f", size, best);
  // While the bracket is open, a grammar may take as long as for the whole text, or more.
  if (!padded) {
    double key = type(&tree, 'a'), open = type(&tree, '(');
    printf(" %.4f %.4f", key * 1e3, open * 1e3);
  }
  printf("\n");
  ts_tree_delete(tree);
  ts_parser_delete(parser);
  free(text);
  return 0;
}
