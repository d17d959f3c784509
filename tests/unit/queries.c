// The grammar as editors use it: every query compiles and takes what it should, large files are read fast, and an edit
// in one costs little and gives the tree that reading it anew would give.
#include "lang/memory.h"

#include <dirent.h>
#include <time.h>
#include <tree_sitter/api.h>

#include "unit.h"

const TSLanguage *tree_sitter_hvm(void);

// Seconds that this process has worked: others may use the machine.
static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool reduced(void) {
  const char *value = getenv("REDUCED");
  return value && *value == '1';
}

static bool read_file(Buffer *out, const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return false;
  char chunk[4096];
  for (size_t size; (size = fread(chunk, 1, sizeof chunk, file)) > 0;) buffer_add(out, chunk, size);
  fclose(file);
  return true;
}

static TSQuery *load_query(const char *name) {
  char path[100];
  snprintf(path, sizeof path, "grammar/queries/%s.scm", name);
  Buffer text = {0};
  if (!CHECK_SAY(read_file(&text, path), "%s cannot be read", path)) return NULL;
  uint32_t at;
  TSQueryError error;
  TSQuery *query = ts_query_new(tree_sitter_hvm(), text.text, (uint32_t)text.size, &at, &error);
  CHECK_SAY(query, "%s: error %d at byte %u: %.20s", path, (int)error, at, text.text + at);
  buffer_free(&text);
  return query;
}

// All captures of a query in a text, as "name=text" lines; texts of several lines as their first line and "…".
static char *captures(const char *name, const char *text) {
  Buffer out = {0};
  buffer_text(&out, "");
  TSQuery *query = load_query(name);
  if (!query) return out.text;
  TSParser *parser = ts_parser_new();
  ts_parser_set_language(parser, tree_sitter_hvm());
  TSTree *tree = ts_parser_parse_string(parser, NULL, text, (uint32_t)strlen(text));
  TSQueryCursor *cursor = ts_query_cursor_new();
  ts_query_cursor_exec(cursor, query, ts_tree_root_node(tree));
  TSQueryMatch match;
  uint32_t index, size;
  while (ts_query_cursor_next_capture(cursor, &match, &index)) {
    TSQueryCapture capture = match.captures[index];
    const char *start = text + ts_node_start_byte(capture.node), *end = text + ts_node_end_byte(capture.node);
    const char *line = memchr(start, '\n', (size_t)(end - start));
    buffer_text(&out, ts_query_capture_name_for_id(query, capture.index, &size));
    buffer_char(&out, '=');
    buffer_add(&out, start, (size_t)((line ? line : end) - start));
    buffer_text(&out, line ? "…\n" : "\n");
  }
  ts_query_cursor_delete(cursor);
  ts_tree_delete(tree);
  ts_parser_delete(parser);
  ts_query_delete(query);
  return out.text;
}

static void check_captures(const char *name, const char *text, const char *expected) {
  char *found = captures(name, text);
  CHECK_SAY(strcmp(found, expected) == 0, "%s.scm takes of %s\n%s  not\n%s", name, text, found, expected);
  free(found);
}

static void test_queries(void) {
  check_captures("folds", "// a\n// b\n(F x) = [\n  x\n]\n", "fold=// a…\nfold=(F x) = […\nfold=(F x)\nfold=[…\n");
  check_captures("locals", "(F x) = let y = x; y",
                 "local.scope=(F x) = let y = x; y\nlocal.definition=x\nlocal.reference=x\nlocal.scope=let y = x; y\n"
                 "local.definition=y\nlocal.reference=y\nlocal.reference=x\nlocal.reference=y\n");
  check_captures("injections", "A = 1 // b\n", "injection.content=// b\n");
  check_captures(
      "textobjects", "(F x 1) = λy (G y)",
      "function.outer=(F x 1) = λy (G y)\nparameter.inner=x\nparameter.outer=x\nparameter.inner=1\n"
      "parameter.outer=1\nfunction.inner=λy (G y)\nblock.outer=λy (G y)\ncall.outer=(G y)\nblock.inner=(G y)\n"
      "parameter.inner=y\nparameter.outer=y\n");
  check_captures("indents", "A = [\n1\n]",
                 "indent.begin=A = […\nindent.begin=A\nindent.begin=[…\nindent.end=[…\nindent.branch=]\n");
  check_captures("tags", "// d\nA = (B C)\n",
                 "doc=// d\ndefinition.function=A = (B C)\nreference.call=A\nname=A\nname=A\nreference.call=(B C)\n"
                 "name=B\nreference.call=C\nname=C\n");
  TSQuery *query = load_query("highlights");
  if (query) ts_query_delete(query);
}

// A program of about so many bytes, with a bit of everything; *lines is how many it has.
static Buffer program_of(size_t bytes, uint32_t *lines) {
  Buffer text = {0};
  *lines = 0;
  for (unsigned i = 0; text.size < bytes; i++, *lines += 8)
    buffer_format(&text,
                  "// rule number %u\n"
                  "(Map%u f [])               = []\n"
                  "(Map%u f (List.cons x xs)) = (List.cons (f x) (Map%u f xs))\n"
                  "(Go%u 0 a \"text\\n\") = let b = (+ a 0x2A); dup c d = b; {(P c 'x') (- d -1.5e-3)}\n"
                  "(If%u !x y) =\n"
                  "  if (== x %%sym) { [1, 2 3] } else { λz @w (z w $q) }\n"
                  "Value%u = ask r = (HVM.query); (HVM.print r (Go%u 1 2 3))\n\n",
                  i, i, i, i, i, i, i, i);
  return text;
}

static void test_speed(void) {
  uint32_t lines;
  Buffer text = program_of(10u << 20, &lines);
  TSParser *parser = ts_parser_new();
  ts_parser_set_language(parser, tree_sitter_hvm());
  double best[2] = {1e9, 1e9}; // of a tenth, of all
  for (int round = 0; round < (reduced() ? 1 : 2); round++) {
    for (int all = 0; all < 2; all++) {
      uint32_t size = (uint32_t)(all ? text.size : text.size / 10);
      double start = now();
      TSTree *tree = ts_parser_parse_string(parser, NULL, text.text, size);
      double seconds = now() - start;
      if (seconds < best[all]) best[all] = seconds;
      if (all) CHECK(!ts_node_has_error(ts_tree_root_node(tree)));
      ts_tree_delete(tree);
    }
  }
  if (getenv("SHOW")) printf("%.1f MB/s, %.1f for a tenth\n", 10.0 / best[1], 1.0 / best[0]);
  if (!reduced()) { CHECK_SAY(best[1] < 20 * best[0], "10 MiB take %.3f s, a tenth of it %.3f s", best[1], best[0]); }
  ts_parser_delete(parser);
  buffer_free(&text);
}

static TSPoint point_at(const Buffer *text, size_t at) {
  TSPoint point = {0, 0};
  size_t line = 0;
  for (size_t i = 0; i < at; i++)
    if (text->text[i] == '\n') point.row++, line = i + 1;
  point.column = (uint32_t)(at - line);
  return point;
}

static void replace(Buffer *text, size_t at, size_t removed, const char *put) {
  Buffer changed = {0};
  buffer_add(&changed, text->text, at);
  buffer_text(&changed, put);
  buffer_add(&changed, text->text + at + removed, text->size - at - removed);
  buffer_free(text);
  *text = changed;
}

static TSTree *edit(TSParser *parser, TSTree *tree, Buffer *text, size_t at, size_t removed, const char *put,
                    double *seconds) {
  TSInputEdit edit = {.start_byte = (uint32_t)at,
                      .old_end_byte = (uint32_t)(at + removed),
                      .new_end_byte = (uint32_t)(at + strlen(put)),
                      .start_point = point_at(text, at),
                      .old_end_point = point_at(text, at + removed)};
  replace(text, at, removed, put);
  edit.new_end_point = point_at(text, edit.new_end_byte);
  double start = now();
  ts_tree_edit(tree, &edit);
  TSTree *next = ts_parser_parse_string(parser, tree, text->text, (uint32_t)text->size);
  *seconds = now() - start;
  ts_tree_delete(tree);
  return next;
}

static bool same_tree(TSParser *parser, const TSTree *tree, const Buffer *text) {
  TSTree *fresh = ts_parser_parse_string(parser, NULL, text->text, (uint32_t)text->size);
  char *a = ts_node_string(ts_tree_root_node(tree)), *b = ts_node_string(ts_tree_root_node(fresh));
  bool same = strcmp(a, b) == 0;
  free(a);
  free(b);
  ts_tree_delete(fresh);
  return same;
}

// Typing in the middle of a large file: letters of a name, a bracket that is closed some keys later. The grammar's
// parts and chapters keep the library from looking at every rule of the file again, also while the bracket is open.
static void test_edits(size_t size, uint32_t least_lines, bool compare) {
  uint32_t lines;
  Buffer text = program_of(size, &lines);
  CHECK_SAY(lines >= least_lines, "%u lines", lines);
  TSParser *parser = ts_parser_new();
  ts_parser_set_language(parser, tree_sitter_hvm());
  double whole = now();
  TSTree *tree = ts_parser_parse_string(parser, NULL, text.text, (uint32_t)text.size);
  whole = now() - whole;
  static const char *const keys[] = {"a", "b", "(", "N", " ", "1", ")", " "};
  enum { KEYS = sizeof keys / sizeof *keys, ROUNDS = 5 };
  double worst = 0;
  for (int i = 0; i < KEYS; i++) {
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) { // typed, taken back, and typed again
      size_t at = (size_t)(strstr(text.text + text.size / 2, "(f x)") - text.text) + 4;
      double seconds;
      tree = edit(parser, tree, &text, at, 0, keys[i], &seconds);
      if (seconds < best) best = seconds;
      if (round + 1 < ROUNDS) tree = edit(parser, tree, &text, at, strlen(keys[i]), "", &seconds);
    }
    if (best > worst) worst = best;
    if (getenv("SHOW")) printf("%u lines, key %s: %.3f ms\n", lines, keys[i], best * 1e3);
    if (compare) CHECK(same_tree(parser, tree, &text));
  }
  CHECK_SAY(worst < whole / 50, "of %u lines, a key takes %.2f ms, the whole %.2f ms", lines, worst * 1e3, whole * 1e3);
  ts_tree_delete(tree);
  ts_parser_delete(parser);
  buffer_free(&text);
}

// Whole lines that are put in and taken out all over a file, and damage that is mended: parts and chapters change, and
// the tree is as if the text was read anew.
static void test_random_edits(void) {
  static const char *const PUT[] = {
      "(New x) = x\n", "New = 1\n(New y) =\n  (y\n    New)\n", "// a\n", "(", "[1\n", "\"", ""};
  enum { ROUNDS = 100, TAKEN = 1500 };
  uint32_t lines;
  Buffer text = program_of(60000, &lines);
  TSParser *parser = ts_parser_new();
  ts_parser_set_language(parser, tree_sitter_hvm());
  TSTree *tree = ts_parser_parse_string(parser, NULL, text.text, (uint32_t)text.size);
  UnitRandom random = {1};
  for (int i = 0; i < ROUNDS; i++) {
    double seconds;
    const char *put = PUT[unit_below(&random, sizeof PUT / sizeof *PUT)];
    size_t start =
        (size_t)(strstr(text.text + unit_below(&random, (uint32_t)text.size - 3 * TAKEN), "\n//") + 1 - text.text);
    size_t end = (size_t)(strstr(text.text + start + unit_below(&random, TAKEN), "\n//") + 1 - text.text);
    char *taken = strndup(text.text + start, end - start);
    tree = edit(parser, tree, &text, start, end - start, put, &seconds);
    bool broken = ts_node_has_error(ts_tree_root_node(tree));
    if (!broken) CHECK(same_tree(parser, tree, &text));
    if (broken || i % 2) { // back to what was
      tree = edit(parser, tree, &text, start, strlen(put), taken, &seconds);
      CHECK(same_tree(parser, tree, &text));
    }
    free(taken);
  }
  ts_tree_delete(tree);
  ts_parser_delete(parser);
  buffer_free(&text);
}

// Programs

static bool ends_with(const char *text, const char *end) {
  size_t size = strlen(text), end_size = strlen(end);
  return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static void for_programs(const char *folder, void (*visit)(TSParser *, const char *path, Buffer *text)) {
  DIR *directory = opendir(folder);
  if (!CHECK_SAY(directory, "there is no folder %s", folder)) return;
  TSParser *parser = ts_parser_new();
  ts_parser_set_language(parser, tree_sitter_hvm());
  for (struct dirent *entry; (entry = readdir(directory));) {
    char path[600];
    Buffer text = {0};
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (ends_with(path, ".hvm") && read_file(&text, path)) visit(parser, path, &text);
    buffer_free(&text);
  }
  ts_parser_delete(parser);
  closedir(directory);
}

static void is_good(TSParser *parser, const char *path, Buffer *text) {
  TSTree *tree = ts_parser_parse_string(parser, NULL, text->text, (uint32_t)text->size);
  CHECK_SAY(!ts_node_has_error(ts_tree_root_node(tree)), "%s has a syntax error", path);
  ts_tree_delete(tree);
}

// Whether there is a rule of this name that is not damaged.
static bool has_rule(TSNode node, const Buffer *text, const char *name) {
  if (strcmp(ts_node_type(node), "rule") == 0 && !ts_node_has_error(node)) {
    TSNode found = ts_node_child_by_field_name(ts_node_child_by_field_name(node, "lhs", 3), "name", 4);
    uint32_t start = ts_node_is_null(found) ? 0 : ts_node_start_byte(found);
    if (!ts_node_is_null(found) && ts_node_end_byte(found) - start == strlen(name) &&
        memcmp(text->text + start, name, strlen(name)) == 0)
      return true;
  }
  for (uint32_t i = 0; i < ts_node_child_count(node); i++)
    if (has_rule(ts_node_child(node, i), text, name)) return true;
  return false;
}

// Behind an error the rules are whole again.
static void recovers(TSParser *parser, const char *path, Buffer *text) {
  buffer_text(text, "\n\n(Sentinel a) = (Sentinel a)\nLast = 1\n");
  TSTree *tree = ts_parser_parse_string(parser, NULL, text->text, (uint32_t)text->size);
  CHECK_SAY(has_rule(ts_tree_root_node(tree), text, "Sentinel"), "%s: the next rule is damaged", path);
  CHECK_SAY(has_rule(ts_tree_root_node(tree), text, "Last"), "%s: the last rule is damaged", path);
  ts_tree_delete(tree);
}

static void test_programs(void) {
  static const char *const folders[] = {"examples",    "bench/programs",          "bench/held-out",
                                        "tests/cases", "tests/conformance/cases", "tests/conformance/unsound"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) for_programs(folders[i], is_good);
  for_programs("tests/conformance/errors", recovers);
}

int main(void) {
  test_queries();
  test_programs();
  test_speed();
  test_edits(540000, 10000, true);
  if (!reduced()) test_edits(5400000, 100000, false);
  test_random_edits();
  return unit_finish();
}
