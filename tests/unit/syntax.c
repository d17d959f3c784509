// The two readers of the grammar: tree-sitter's, which gives the terms, and the one that explains errors. A text must
// be well-formed for both or for neither; else an error would lack its explanation, or a good text would get one.
#include "lang/syntax.h"

#include <tree_sitter/api.h>

#include "unit.h"

const TSLanguage *tree_sitter_hvm(void);

static bool parser_accepts(TSParser *parser, const char *text, size_t size) {
  TSTree *tree = ts_parser_parse_string(parser, NULL, text, (uint32_t)size);
  bool good = tree && !ts_node_has_error(ts_tree_root_node(tree));
  ts_tree_delete(tree);
  return good;
}

// Keywords as names are the one known difference: the grammar takes them, and the converter rejects them (parse.c).
typedef enum { REJECTED, ACCEPTED, KEYWORD } Verdict;

static Verdict reader_accepts(const char *text, size_t size) {
  Source source;
  Diagnostics diagnostics = {0};
  source_init(&source, "text.hvm", text, size);
  Verdict verdict = syntax_explain(&source, SYNTAX_FILE, &diagnostics) == 0 ? ACCEPTED : REJECTED;
  for (size_t i = 0; i < diagnostics.list.count; i++)
    if (strstr(diagnostics.list.items[i].message, "keyword")) verdict = KEYWORD;
  diagnostics_free(&diagnostics);
  source_free(&source);
  return verdict;
}

static const char *const SEEDS[] = {
    "(Map f []) = []\n(Map f (List.cons x xs)) = (List.cons (f x) (Map f xs))\nMain = (Map λx (+ x 1) [1, 2 3])\n",
    "// a comment\nMain = let a = 1; dup b c = (P 0x2A 0b11); {b (- c -1.5e-3)}\n",
    "(F !x 'a' \"s\\n\\u{3bb}\" `q`) = if x { (% x %sym) } else { () }\nMain = ask y = (F 1); ask (G y) @z (z y)\n",
    "Main = (λ$x λ* (Nil. $x res.value) λx.(x))\n(G (A b) 1.0) = ((f x) (<< 1 2) [[] [1]])\n",
};
static const char *const PIECES[] = {"(",    ")",     "[",     "]",    "{",   "}",  "=",  ";",  ",",   ".",    "λ",
                                     "@",    "*",     "-",     "-1.5", "%",   "%a", "x",  "$y", "Foo", "Bar.", "1",
                                     "0x",   "12abc", "1.5",   "'",    "'a'", "\"", "`",  "\\", "!",   "let ", "dup ",
                                     "ask ", "if ",   "else ", "+ ",   ">=",  "//", "\n", " ",  "#",   "\t"};

// Removes, doubles or exchanges a stretch, or puts in a piece of the language.
static void mutate(UnitRandom *random, Buffer *text) {
  uint32_t at = unit_below(random, (uint32_t)text->size + 1);
  uint32_t left = (uint32_t)text->size - at, size = unit_below(random, left < 12 ? left + 1 : 12);
  Buffer changed = {0};
  buffer_add(&changed, text->text, at);
  switch (unit_below(random, 4)) {
  case 0: break;
  case 1: buffer_add(&changed, text->text + at, size), buffer_add(&changed, text->text + at, size); break;
  default:
    buffer_text(&changed, PIECES[unit_below(random, sizeof PIECES / sizeof *PIECES)]);
    if (unit_below(random, 2)) size = 0;
  }
  buffer_add(&changed, text->text + at + size, left - size);
  buffer_free(text);
  *text = changed;
}

static void both_readers_accept_the_same_texts(void) {
  UnitRandom random = {7};
  TSParser *parser = ts_parser_new();
  ts_parser_set_language(parser, tree_sitter_hvm());
  unsigned good = 0;
  for (int round = 0; round < 60000; round++) {
    Buffer text = {0};
    buffer_text(&text, SEEDS[unit_below(&random, sizeof SEEDS / sizeof *SEEDS)]);
    for (uint32_t changes = unit_below(&random, 4); changes; changes--) mutate(&random, &text);
    Verdict verdict = reader_accepts(text.text, text.size);
    bool accepted = parser_accepts(parser, text.text, text.size);
    if (verdict != KEYWORD) CHECK_SAY(accepted == (verdict == ACCEPTED), "only one reader accepts: %s", text.text);
    good += accepted;
    buffer_free(&text);
  }
  CHECK_SAY(good > 15000 && good < 50000, "%u of 60000 texts are well-formed: too few or too many to tell", good);
  ts_parser_delete(parser);
}

int main(void) {
  both_readers_accept_the_same_texts();
  return unit_finish();
}
