#include "tree.h"

#include <pthread.h>

const TSLanguage *tree_sitter_hvm(void);

static const char *const NODE_NAMES[NODE_KIND_COUNT] = {
    "",          "rule",     "constructor", "name",     "variable", "application", "parenthesized", "unit",
    "operation", "operator", "lambda",      "wildcard", "let",      "duplication", "superposition", "list",
    "if",        "ask",      "strict",      "integer",  "float",    "character",   "string",        "symbol",
    "comment"};

static uint8_t kinds[UINT16_MAX + 1]; // NodeKind by TSSymbol

// tree-sitter ends the process when memory is short, in words of its own: it gets allocators that say it in ours.

static void *checked(void *memory) {
  if (!memory) memory_exhausted();
  return memory;
}

static void *allocate(size_t size) { return checked(malloc(size ? size : 1)); }
static void *allocate_zeroed(size_t count, size_t size) { return checked(calloc(count ? count : 1, size ? size : 1)); }
static void *reallocate(void *memory, size_t size) { return checked(realloc(memory, size ? size : 1)); }

static void prepare(void) {
  ts_set_allocator(allocate, allocate_zeroed, reallocate, free);
  const TSLanguage *language = tree_sitter_hvm();
  uint32_t symbols = ts_language_symbol_count(language);
  for (uint32_t symbol = 0; symbol < symbols; symbol++) {
    if (ts_language_symbol_type(language, (TSSymbol)symbol) != TSSymbolTypeRegular) continue;
    for (int kind = 1; kind < NODE_KIND_COUNT; kind++)
      if (strcmp(ts_language_symbol_name(language, (TSSymbol)symbol), NODE_NAMES[kind]) == 0)
        kinds[symbol] = (uint8_t)kind;
  }
}

TSTree *tree_read(const char *text, uint32_t size) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, prepare);
  TSParser *parser = ts_parser_new();
  ts_parser_set_language(parser, tree_sitter_hvm());
  // Error recovery searches for the cheapest repair and may take long on rubbish; a text without errors is read in a
  // fraction of this time, one with errors is explained by our own reader anyway.
  ts_parser_set_timeout_micros(parser, 2000000 + (uint64_t)size * 10);
  TSTree *tree = ts_parser_parse_string(parser, NULL, text, size);
  ts_parser_delete(parser);
  return tree;
}

NodeKind tree_kind(TSNode node) { return (NodeKind)kinds[ts_node_symbol(node)]; }
