#include "format.h"

#include "lang/syntax.h"
#include "lang/term.h"
#include "lang/tree.h"
#include "layout.h"

enum { ALIGN_LIMIT = LAYOUT_WIDTH / 2, HEAD_LIMIT = LAYOUT_WIDTH / 2 };

typedef struct {
  Arena arena;
  const char *text;
  TSTreeCursor cursor;
  uint32_t depth;
  bool too_deep;
} Formatter;

// A part of a construct, with the comments around it.
typedef struct {
  NodeKind kind;
  Doc *doc;
  Doc *chain;       // the same without a group of its own: then its lines break when those around it do; may be NULL
  uint32_t opening; // columns of its first line when its lines break, where it may begin behind an '='; else 0
  bool atom;        // one token
  bool commented;
} Part;

typedef struct {
  Part *items;
  size_t count, capacity;
  Doc *opening; // the first token without a name
} Parts;

static Doc *text_of(Formatter *formatter, const char *text, size_t size) {
  return doc_text(&formatter->arena, text, size);
}
static Doc *word(Formatter *formatter, const char *text) { return doc_word(&formatter->arena, text); }
static Doc *line(Formatter *formatter) { return doc_line(&formatter->arena, " "); }
static Doc *hard_line(Formatter *formatter) { return doc_line(&formatter->arena, NULL); }
static Doc *indent(Formatter *formatter, Doc *part) { return doc_indent(&formatter->arena, part); }
static Doc *group(Formatter *formatter, Doc *part) { return doc_group(&formatter->arena, part); }
#define ROW(formatter, ...) DOC_ROW(&(formatter)->arena, __VA_ARGS__)

// Comments

typedef struct {
  const char *start;
  size_t size;
  size_t lines; // ends of lines before it
} CommentLine;

// The next line of a comment node, which may hold many, without the space around it. False at the end.
static bool next_comment(const char **at, const char *end, CommentLine *found) {
  found->lines = 0;
  while (*at < end && **at != '/') found->lines += *(*at)++ == '\n';
  if (*at == end) return false;
  const char *stop = memchr(*at, '\n', (size_t)(end - *at));
  found->start = *at;
  *at = stop ? stop : end;
  found->size = (size_t)(*at - found->start);
  while (strchr(" \t\r\f", found->start[found->size - 1])) found->size--;
  return true;
}

static bool same_line(const Formatter *formatter, uint32_t start, uint32_t end) {
  return !memchr(formatter->text + start, '\n', end - start);
}

// The comments of a node, one below the other.
static Doc *comments(Formatter *formatter, TSNode node) {
  const char *at = formatter->text + ts_node_start_byte(node), *end = formatter->text + ts_node_end_byte(node);
  Doc *all = NULL;
  for (CommentLine found; next_comment(&at, end, &found);) {
    Doc *comment = doc_comment(&formatter->arena, found.start, found.size);
    all = all ? ROW(formatter, all, hard_line(formatter), comment) : comment;
  }
  return all;
}

static void add_comment(Formatter *formatter, Part *part, Doc *before, Doc *space, Doc *behind) {
  part->doc = ROW(formatter, before, space, behind);
  part->chain = NULL;
  part->opening = 0;
  part->atom = false;
  part->commented = true;
}

// Terms

static Part build(Formatter *formatter, bool head);

// The named parts of the node at the cursor, which stays there.
static Parts parts_of(Formatter *formatter, NodeKind kind) {
  Parts parts = {0};
  Doc *comment = NULL; // waits for the part that it stands before
  uint32_t end = 0;    // of the token or part before
  bool head = kind == NODE_APPLICATION || kind == NODE_PARENTHESIZED;
  if (!ts_tree_cursor_goto_first_child(&formatter->cursor)) return parts;
  do {
    TSNode node = ts_tree_cursor_current_node(&formatter->cursor);
    NodeKind part_kind = tree_kind(node);
    uint32_t start = ts_node_start_byte(node);
    if (part_kind == NODE_COMMENT) {
      Doc *found = comments(formatter, node);
      Part *last = parts.count ? &parts.items[parts.count - 1] : NULL;
      bool behind = last && !comment && same_line(formatter, end, start);
      if (behind)
        add_comment(formatter, last, last->doc, word(formatter, " "), found);
      else if (last && (kind == NODE_LAMBDA || kind == NODE_OPERATION)) // what follows stands on the line of `last`
        add_comment(formatter, last, last->doc, hard_line(formatter), found);
      else
        comment = comment ? ROW(formatter, comment, hard_line(formatter), found) : found;
      continue;
    }
    end = ts_node_end_byte(node);
    if (part_kind == NODE_OTHER) {
      if (!parts.opening) parts.opening = text_of(formatter, formatter->text + start, end - start);
      continue;
    }
    Part part = build(formatter, head && parts.count == 0);
    if (comment) add_comment(formatter, &part, comment, hard_line(formatter), part.doc);
    comment = NULL;
    ARRAY_PUSH(&parts, part);
  } while (ts_tree_cursor_goto_next_sibling(&formatter->cursor));
  ts_tree_cursor_goto_parent(&formatter->cursor);
  if (comment && parts.count)
    add_comment(formatter, &parts.items[parts.count - 1], parts.items[parts.count - 1].doc, hard_line(formatter),
                comment);
  else if (comment)
    ARRAY_PUSH(&parts, (Part){.kind = NODE_COMMENT, .doc = comment});
  return parts;
}

typedef ARRAY(Doc *) Docs;

static Doc *row_of(Formatter *formatter, Docs *docs) {
  Doc *doc = doc_row(&formatter->arena, docs->items, docs->count);
  ARRAY_FREE(docs);
  return doc;
}

static bool all_atoms(const Parts *parts, size_t from) {
  for (size_t i = from; i < parts->count; i++)
    if (!parts->items[i].atom) return false;
  return true;
}

// Parts each on a line of its own, or, when they are tokens, as many as fit on each. comma: between them.
static Doc *lines_of(Formatter *formatter, const Parts *parts, size_t from, bool comma) {
  Docs docs = {0};
  bool fill = all_atoms(parts, from);
  for (size_t i = from; i < parts->count; i++) {
    Doc *item = parts->items[i].doc;
    if (i > from || !comma) item = ROW(formatter, line(formatter), item);
    if (fill && (i > from || !comma)) item = group(formatter, item);
    ARRAY_PUSH(&docs, item);
    if (comma && i + 1 < parts->count) {
      Doc *mark = word(formatter, ",");
      if (!fill) mark = doc_flat(&formatter->arena, ",");
      ARRAY_PUSH(&docs, mark);
    }
  }
  return row_of(formatter, &docs);
}

// What hands its last argument on: written as a sequence of lines.
static bool is_effect(const Formatter *formatter, TSNode node, const Parts *parts) {
  static const char *const NAMES[] = {"HVM.log",  "HVM.print", "HVM.query", "HVM.store",
                                      "HVM.load", "HVM.sleep", "HVM.spark"};
  TSNode name = ts_node_child_by_field_name(node, "name", 4);
  const char *text = formatter->text + ts_node_start_byte(name);
  size_t size = ts_node_end_byte(name) - ts_node_start_byte(name);
  if (parts->count < 3) return false;
  for (size_t i = 0; i + 1 < parts->count; i++)
    if (parts->items[i].commented) return false;
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    if (strlen(NAMES[i]) == size && memcmp(NAMES[i], text, size) == 0) return true;
  return false;
}

// The head, and tokens right behind it that are no longer than half a line, on the first line; the rest below.
static Doc *call_below(Formatter *formatter, const Parts *parts) {
  Docs docs = {0};
  ARRAY_PUSH(&docs, word(formatter, "("));
  ARRAY_PUSH(&docs, parts->items[0].doc);
  uint32_t width = parts->items[0].doc->width;
  size_t next = 1;
  bool fill = all_atoms(parts, 1);
  while (!fill && parts->items[0].atom && next + 1 < parts->count && parts->items[next].atom &&
         (width += 1 + parts->items[next].doc->width) <= HEAD_LIMIT) {
    ARRAY_PUSH(&docs, word(formatter, " "));
    ARRAY_PUSH(&docs, parts->items[next++].doc);
  }
  ARRAY_PUSH(&docs, indent(formatter, lines_of(formatter, parts, next, false)));
  ARRAY_PUSH(&docs, word(formatter, ")"));
  return row_of(formatter, &docs);
}

// Where the last argument is the largest: only that one below, if the others have room on the first line.
static Doc *build_call(Formatter *formatter, const Parts *parts) {
  Doc *below = call_below(formatter, parts);
  const Part *last = &parts->items[parts->count - 1];
  if (last->atom) return group(formatter, below);
  for (size_t i = 0; i + 1 < parts->count; i++)
    if (parts->items[i].doc->hard || parts->items[i].doc->width > last->doc->width) return group(formatter, below);
  Docs docs = {0};
  for (size_t i = 0; i + 1 < parts->count; i++) {
    ARRAY_PUSH(&docs, word(formatter, i ? " " : "("));
    ARRAY_PUSH(&docs, parts->items[i].doc);
  }
  Doc *first = row_of(formatter, &docs);
  Doc *rest = ROW(formatter, indent(formatter, ROW(formatter, line(formatter), last->doc)), word(formatter, ")"));
  return doc_choice(&formatter->arena, ROW(formatter, first, rest), first->width, below);
}

static Part build_effect(Formatter *formatter, const Parts *parts) {
  Docs docs = {0};
  ARRAY_PUSH(&docs, word(formatter, "("));
  ARRAY_PUSH(&docs, parts->items[0].doc);
  for (size_t i = 1; i + 1 < parts->count; i++) {
    ARRAY_PUSH(&docs, word(formatter, " "));
    ARRAY_PUSH(&docs, parts->items[i].doc);
  }
  const Part *last = &parts->items[parts->count - 1];
  bool goes_on = last->chain && last->kind == NODE_CONSTRUCTOR;
  ARRAY_PUSH(&docs, goes_on ? hard_line(formatter) : line(formatter));
  ARRAY_PUSH(&docs, goes_on ? last->chain : last->doc);
  ARRAY_PUSH(&docs, word(formatter, ")"));
  Doc *chain = row_of(formatter, &docs);
  return (Part){.doc = group(formatter, chain), .chain = chain};
}

static Part build_constructor(Formatter *formatter, TSNode node, const Parts *parts, bool head) {
  if (is_effect(formatter, node, parts)) return build_effect(formatter, parts);
  if (parts->count > 1) return (Part){.doc = build_call(formatter, parts)};
  // (Name) is Name, but ((Name) x) is not (Name x).
  if (!head) return parts->items[0];
  return (Part){.doc = ROW(formatter, word(formatter, "("), parts->items[0].doc, word(formatter, ")"))};
}

static Doc *build_list(Formatter *formatter, const Parts *parts) {
  if (!parts->count) return word(formatter, "[]");
  Doc *edge = doc_line(&formatter->arena, ""), *end = doc_line(&formatter->arena, "");
  Doc *items = indent(formatter, ROW(formatter, edge, lines_of(formatter, parts, 0, true)));
  return group(formatter, ROW(formatter, word(formatter, "["), items, end, word(formatter, "]")));
}

// A let, dup or ask, or a λ with one as its body.
static bool is_sequence(const Part *part) {
  return part->chain && part->kind != NODE_CONSTRUCTOR && part->kind != NODE_IF;
}

// Another if in the second branch goes on in the same column.
static Part build_if(Formatter *formatter, const Parts *parts) {
  const Part *condition = &parts->items[0], *other = &parts->items[2];
  bool goes_on = other->kind == NODE_IF && other->chain;
  Doc *first = indent(formatter, ROW(formatter, line(formatter), parts->items[1].doc)), *second;
  if (goes_on)
    second = ROW(formatter, word(formatter, " "), other->chain, doc_flat(&formatter->arena, " "));
  else
    second = ROW(formatter, indent(formatter, ROW(formatter, line(formatter), other->doc)), line(formatter));
  Doc *chain = ROW(formatter, word(formatter, "if "), condition->doc, word(formatter, " {"), first, line(formatter),
                   word(formatter, "} else {"), second, word(formatter, "}"));
  uint32_t opening = condition->doc->hard ? 0 : condition->doc->width + 5;
  return (Part){.doc = group(formatter, chain), .chain = chain, .opening = opening};
}

static Part build_lambda(Formatter *formatter, const Parts *parts) {
  const Part *body = &parts->items[1];
  Doc *binder = ROW(formatter, parts->opening, parts->items[0].doc);
  if (!is_sequence(body)) return (Part){.doc = ROW(formatter, binder, word(formatter, " "), body->doc)};
  uint32_t opening = binder->width;
  Doc *chain;
  if (body->kind == NODE_LAMBDA) {
    chain = ROW(formatter, binder, word(formatter, " "), body->chain);
    opening += 1 + body->opening;
  } else {
    chain = ROW(formatter, binder, indent(formatter, ROW(formatter, line(formatter), body->chain)));
  }
  return (Part){.doc = group(formatter, chain), .chain = chain, .opening = opening};
}

static Doc *assign(Formatter *formatter, const Part *value) {
  return doc_assign(&formatter->arena, value->doc, value->opening);
}

// let, dup, ask: names, value, body. Flat, a ';' stands between value and body.
static Part build_chain(Formatter *formatter, const char *keyword, const Parts *parts) {
  Docs docs = {0};
  ARRAY_PUSH(&docs, word(formatter, keyword));
  size_t names = parts->count - 2;
  for (size_t i = 0; i < names; i++) {
    ARRAY_PUSH(&docs, word(formatter, " "));
    ARRAY_PUSH(&docs, parts->items[i].doc);
  }
  if (names) ARRAY_PUSH(&docs, word(formatter, " ="));
  ARRAY_PUSH(&docs, assign(formatter, &parts->items[names]));
  const Part *body = &parts->items[names + 1];
  ARRAY_PUSH(&docs, doc_line(&formatter->arena, "; "));
  ARRAY_PUSH(&docs, is_sequence(body) ? body->chain : body->doc);
  Doc *chain = row_of(formatter, &docs);
  return (Part){.doc = group(formatter, chain), .chain = chain};
}

static Part build_compound(Formatter *formatter, TSNode node, NodeKind kind, const Parts *parts, bool head) {
  const Part *items = parts->items;
  switch (kind) {
  case NODE_CONSTRUCTOR: return build_constructor(formatter, node, parts, head);
  case NODE_APPLICATION: return (Part){.doc = build_call(formatter, parts)};
  case NODE_PARENTHESIZED:
    return (Part){.doc = ROW(formatter, word(formatter, "("), items[0].doc, word(formatter, ")"))};
  case NODE_OPERATION: {
    Doc *right = indent(formatter, ROW(formatter, line(formatter), items[2].doc));
    return (Part){.doc = group(formatter, ROW(formatter, word(formatter, "("), items[0].doc, word(formatter, " "),
                                              items[1].doc, right, word(formatter, ")")))};
  }
  case NODE_SUPERPOSITION: {
    Doc *second = indent(formatter, ROW(formatter, line(formatter), items[1].doc));
    return (Part){
        .doc = group(formatter, ROW(formatter, word(formatter, "{"), items[0].doc, second, word(formatter, "}")))};
  }
  case NODE_LIST: return (Part){.doc = build_list(formatter, parts), .opening = parts->count ? 1 : 0};
  case NODE_IF: return build_if(formatter, parts);
  case NODE_LAMBDA: return build_lambda(formatter, parts);
  case NODE_LET: return build_chain(formatter, "let", parts);
  case NODE_DUPLICATION: return build_chain(formatter, "dup", parts);
  case NODE_ASK: return build_chain(formatter, "ask", parts);
  case NODE_STRICT: return (Part){.doc = ROW(formatter, word(formatter, "!"), items[0].doc)};
  default: return items[0]; // not reached
  }
}

static bool is_compound(NodeKind kind) {
  return (kind >= NODE_APPLICATION && kind <= NODE_OPERATION && kind != NODE_UNIT) || kind == NODE_CONSTRUCTOR ||
         kind == NODE_LAMBDA || (kind >= NODE_LET && kind <= NODE_STRICT);
}

// The term at the cursor, which stays there. head: it is what an application applies.
static Part build(Formatter *formatter, bool head) {
  TSNode node = ts_tree_cursor_current_node(&formatter->cursor);
  NodeKind kind = tree_kind(node);
  uint32_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);
  if (kind == NODE_UNIT) return (Part){.kind = kind, .doc = word(formatter, "()"), .atom = true};
  bool deep = formatter->depth >= term_depth_limit();
  if (!is_compound(kind) || deep) {
    formatter->too_deep |= deep;
    return (Part){.kind = kind, .doc = text_of(formatter, formatter->text + start, end - start), .atom = true};
  }
  formatter->depth++;
  Parts parts = parts_of(formatter, kind);
  Part part = build_compound(formatter, node, kind, &parts, head);
  ARRAY_FREE(&parts);
  formatter->depth--;
  part.kind = kind;
  return part;
}

// Files

typedef struct {
  Doc *head; // NULL: a comment
  Part body;
  Doc *comment;     // of its own, or behind the rule
  bool blank;       // an empty line stands before it
  bool flat;        // the rule fits on one line
  bool same;        // its body begins on the line of its head
  uint32_t padding; // columns before the '='
} Item;
typedef ARRAY(Item) Items;

static size_t count_lines(const Formatter *formatter, uint32_t start, uint32_t end) {
  size_t lines = 0;
  for (uint32_t i = start; i < end; i++) lines += formatter->text[i] == '\n';
  return lines;
}

static void add_comments(Formatter *formatter, Items *items, TSNode node, uint32_t end) {
  uint32_t start = ts_node_start_byte(node);
  const char *at = formatter->text + start, *stop = formatter->text + ts_node_end_byte(node);
  size_t lines = count_lines(formatter, end, start);
  bool behind = items->count && items->items[items->count - 1].head && lines == 0;
  for (CommentLine found; next_comment(&at, stop, &found); behind = false) {
    Doc *comment = doc_comment(&formatter->arena, found.start, found.size);
    if (behind)
      items->items[items->count - 1].comment = comment;
    else
      ARRAY_PUSH(items, (Item){.comment = comment, .blank = lines + found.lines > 1});
    lines = 0;
  }
}

static void add_rule(Formatter *formatter, Items *items, bool blank) {
  Parts parts = parts_of(formatter, NODE_RULE);
  Item item = {.head = parts.items[0].doc, .body = parts.items[1], .blank = blank};
  if (is_sequence(&item.body)) { // every let of a rule has a line of its own
    item.body.doc = item.body.chain;
    item.body.doc->hard = true;
  }
  uint32_t head = item.head->hard ? LAYOUT_WIDTH : item.head->width + 3;
  const Doc *body = item.body.doc;
  item.flat = !body->hard && head + body->width <= LAYOUT_WIDTH;
  bool below = !body->hard && LAYOUT_STEP + body->width <= LAYOUT_WIDTH;
  item.same = item.flat || (!below && item.body.opening && head + item.body.opening <= LAYOUT_WIDTH);
  ARRAY_PUSH(items, item);
  ARRAY_FREE(&parts);
}

// Aligns the '=' of rules that follow each other without anything between, unless a line would become too long for it.
// all: those that end their line, too.
static bool align(Item *items, size_t count, bool all) {
  uint32_t widest = 0, least = UINT32_MAX;
  for (size_t i = 0; i < count; i++) {
    uint32_t width = items[i].head->width;
    if (!items[i].same && !all) continue;
    if (items[i].head->hard) return false;
    if (width > widest) widest = width;
    if (width < least) least = width;
  }
  if (widest <= least || widest - least > ALIGN_LIMIT) return false;
  for (size_t i = 0; i < count; i++) {
    uint32_t needed = items[i].flat ? items[i].body.doc->width : items[i].body.opening;
    if (items[i].same && widest + 3 + needed > LAYOUT_WIDTH) return false;
  }
  for (size_t i = 0; i < count; i++)
    if (items[i].same || all) items[i].padding = widest - items[i].head->width;
  return true;
}

static void align_group(Item *items, size_t count) {
  if (!align(items, count, true)) align(items, count, false);
}

static void align_groups(Items *items) {
  for (size_t i = 0, end; i < items->count; i = end) {
    for (end = i + 1; end < items->count && items->items[end].head && !items->items[end].blank;) end++;
    if (items->items[i].head)
      align_group(items->items + i, end - i);
    else if (end > i + 1)
      align_group(items->items + i + 1, end - i - 1);
  }
}

static void write_item(Formatter *formatter, const Item *item, Buffer *out) {
  static const char SPACE[] = "                                        "; // ALIGN_LIMIT
  if (!item->head) {
    layout_write(out, item->comment);
    return;
  }
  Doc *padding = text_of(formatter, SPACE, item->padding);
  Doc *rule = ROW(formatter, item->head, padding, word(formatter, " ="), assign(formatter, &item->body));
  layout_write(out, rule);
  if (!item->comment) return;
  buffer_char(out, ' ');
  layout_write(out, item->comment);
}

static void write_file(Formatter *formatter, TSNode root, Buffer *out) {
  Items items = {0};
  uint32_t end = 0;
  formatter->cursor = ts_tree_cursor_new(root);
  if (ts_tree_cursor_goto_first_child(&formatter->cursor)) {
    do {
      TSNode node = ts_tree_cursor_current_node(&formatter->cursor);
      NodeKind kind = tree_kind(node);
      if (kind == NODE_COMMENT)
        add_comments(formatter, &items, node, end);
      else if (kind == NODE_RULE)
        add_rule(formatter, &items, count_lines(formatter, end, ts_node_start_byte(node)) > 1);
      end = ts_node_end_byte(node);
    } while (ts_tree_cursor_goto_next_sibling(&formatter->cursor));
  }
  ts_tree_cursor_delete(&formatter->cursor);
  align_groups(&items);
  for (size_t i = 0; i < items.count; i++) {
    if (i && items.items[i].blank) buffer_char(out, '\n');
    write_item(formatter, &items.items[i], out);
    buffer_char(out, '\n');
  }
  ARRAY_FREE(&items);
}

// The terms of a tree as bytes: kinds of nodes, and the text of those that are tokens.
static Buffer terms_of(TSNode root, const char *text) {
  Buffer out = {0};
  TSTreeCursor cursor = ts_tree_cursor_new(root);
  for (bool more = true; more;) {
    TSNode node = ts_tree_cursor_current_node(&cursor);
    NodeKind kind = tree_kind(node);
    if (kind != NODE_OTHER && kind != NODE_COMMENT) {
      buffer_char(&out, (char)kind);
      uint32_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);
      if (!is_compound(kind) && kind != NODE_RULE && kind != NODE_UNIT) buffer_add(&out, text + start, end - start);
    }
    if (ts_tree_cursor_goto_first_child(&cursor)) continue;
    while (!(more = ts_tree_cursor_goto_next_sibling(&cursor)) && ts_tree_cursor_goto_parent(&cursor))
      buffer_char(&out, ')');
  }
  ts_tree_cursor_delete(&cursor);
  return out;
}

static bool same_terms(TSNode root, const char *text, const char *changed, size_t size) {
  TSTree *tree = tree_read(changed, (uint32_t)size);
  if (!tree) return false;
  TSNode other = ts_tree_root_node(tree);
  bool same = !ts_node_has_error(other);
  if (same) {
    Buffer a = terms_of(root, text), b = terms_of(other, changed);
    same = a.size == b.size && (!a.size || memcmp(a.text, b.text, a.size) == 0);
    buffer_free(&a);
    buffer_free(&b);
  }
  ts_tree_delete(tree);
  return same;
}

typedef struct {
  const Source *source;
  Diagnostics *diagnostics;
  Buffer *out;
  bool good;
} FormatJob;

static void fail(FormatJob *job, const char *message) {
  diagnostic_add(job->diagnostics, SEVERITY_ERROR, job->source, (Span){0, 0}, "%s", message)->placed = false;
}

// Bytes that are no UTF-8 may stand in comments; tree-sitter gets something else of the same length for them.
static char *readable(const Source *source) {
  char *copy = malloc(source->size + 1);
  if (!copy) memory_exhausted();
  memcpy(copy, source->text, source->size);
  copy[source->size] = 0;
  uint32_t code;
  for (size_t at = 0, size; at < source->size; at += size ? size : 1)
    if (!(size = source_decode(source->text, source->size, at, &code))) copy[at] = '?';
  return copy;
}

static void run_format(void *argument) {
  FormatJob *job = argument;
  if (syntax_explain(job->source, SYNTAX_FILE, job->diagnostics)) return;
  char *text = readable(job->source);
  TSTree *tree = tree_read(text, job->source->size);
  Formatter formatter = {.text = job->source->text};
  size_t start = job->out->size;
  if (!tree || ts_node_has_error(ts_tree_root_node(tree))) {
    fail(job, "this text cannot be parsed");
  } else {
    write_file(&formatter, ts_tree_root_node(tree), job->out);
    Source changed = {.text = job->out->text + start, .size = (uint32_t)(job->out->size - start)};
    char *copy = changed.size ? readable(&changed) : NULL;
    if (formatter.too_deep)
      fail(job, "a term is nested too deeply to be formatted");
    else if (copy && !same_terms(ts_tree_root_node(tree), text, copy, changed.size))
      fail(job, "formatting would change what this program means; please report this");
    else
      job->good = true;
    free(copy);
  }
  if (!job->good) job->out->size = start;
  if (tree) ts_tree_delete(tree);
  arena_free(&formatter.arena);
  free(text);
}

bool format_source(const Source *source, Diagnostics *diagnostics, Buffer *out) {
  FormatJob job = {source, diagnostics, out, false};
  term_run_deep(run_format, &job);
  return job.good;
}
