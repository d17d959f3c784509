// The whole term as text, while it is being reduced: part of it is in the heap, part in frames on the stack, of which
// each has a hole for what the frames above it make. Nothing recurses on the depth of the term.
#include "frames.h"
#include "trace.h"

enum { SIZE_LIMIT = 1 << 24 };      // of a text; what is longer ends with …
#define BOX_BIT ((Location)1 << 62) // of a location that is a box's, not a dup's

typedef struct {
  const Word *bottom, *top; // words of a frame
} Frame;

typedef enum {
  ITEM_TEXT,
  ITEM_TERM,
  ITEM_CELL,
  ITEM_CHAIN, // the frames from a number on
  ITEM_CLOSE, // a mark ends
  ITEM_LIST   // the rest of a list that is written with brackets
} ItemKind;

typedef struct {
  ItemKind kind;
  bool head;     // the function of an application, which is written without parentheses
  bool improper; // a List.cons or String.cons of a chain that does not end in nil
  bool made;     // ITEM_CLOSE
  unsigned depth;
  uint64_t value; // the term, the cell, the frame, where the mark began
  const char *text;
} Item;

typedef struct {
  Location cell;
  size_t chain;
} Hole;

typedef struct {
  size_t start, end; // of its text
  uint64_t serial;
} Part;

typedef struct {
  Machine *machine;
  const TraceFocus *focus;
  const TraceMark *marks;
  size_t mark_count;
  ARRAY(Frame) frames;
  ARRAY(Item) items;
  ARRAY(Location) dups; // that were met
  ARRAY(TraceRange) ranges[2];
  Hole *holes; // open addressing by cell
  size_t hole_capacity;
  Location *met; // the same for dups
  size_t met_capacity;
  Buffer text;
} Drawing;

static size_t hash(Location location, size_t capacity) {
  return (size_t)(location * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (capacity - 1);
}

// Cells that are empty because what belongs there is on the stack.

static void add_hole(Drawing *drawing, Location cell, size_t chain) {
  size_t at = hash(cell, drawing->hole_capacity);
  while (drawing->holes[at].cell) at = (at + 1) & (drawing->hole_capacity - 1);
  drawing->holes[at] = (Hole){cell, chain};
}

static const Hole *find_hole(const Drawing *drawing, Location cell) {
  size_t at = hash(cell, drawing->hole_capacity);
  for (; drawing->holes[at].cell; at = (at + 1) & (drawing->hole_capacity - 1))
    if (drawing->holes[at].cell == cell) return &drawing->holes[at];
  return NULL;
}

static void find_frames(Drawing *drawing) {
  const Machine *machine = drawing->machine;
  const Word *bottom = machine->stack + drawing->focus->base;
  for (const Word *top = drawing->focus->top - 1; top >= machine->stack;) {
    const Word *next = frames_next(machine, top);
    if (drawing->focus->base && next < bottom) break; // the strict call itself
    ARRAY_PUSH(&drawing->frames, (Frame){next + 1, top});
    top = next;
  }
  size_t count = drawing->frames.count;
  for (size_t i = 0; i < count / 2; i++) {
    Frame frame = drawing->frames.items[i];
    drawing->frames.items[i] = drawing->frames.items[count - 1 - i];
    drawing->frames.items[count - 1 - i] = frame;
  }
  for (drawing->hole_capacity = 16; drawing->hole_capacity < 2 * count + 2;) drawing->hole_capacity *= 2;
  drawing->holes = calloc(drawing->hole_capacity, sizeof *drawing->holes);
  if (!drawing->holes) memory_exhausted();
  for (size_t i = 0; i < count; i++) {
    const Frame *frame = &drawing->frames.items[i];
    unsigned kind = *frame->top & 15;
    if (kind == FRAME_NORMAL_STORE || kind == FRAME_DUP0 || kind == FRAME_DUP1)
      add_hole(drawing, *frame->top >> FRAME_SHIFT, i + 1);
    if (kind == FRAME_SHARE) add_hole(drawing, (*frame->top >> FRAME_SHIFT) + 1, i + 1);
    if (kind != FRAME_RUN) continue;
    const int32_t *pc = machine->shared->code.words.items + (*frame->top >> FRAME_SHIFT);
    if (pc[0] == CODE_FIELD) add_hole(drawing, word_location(frame->bottom[pc[5]]) + (Location)pc[6], i + 1);
  }
}

// Items and marks.

static void push(Drawing *drawing, Item item) { ARRAY_PUSH(&drawing->items, item); }
static void push_text(Drawing *drawing, const char *text) { push(drawing, (Item){.kind = ITEM_TEXT, .text = text}); }
static void push_term(Drawing *drawing, Word term, unsigned depth) {
  push(drawing, (Item){.kind = ITEM_TERM, .value = term, .depth = depth});
}
static void push_cell(Drawing *drawing, Location cell, unsigned depth) {
  push(drawing, (Item){.kind = ITEM_CELL, .value = cell, .depth = depth});
}
static void push_chain(Drawing *drawing, size_t chain, unsigned depth) {
  push(drawing, (Item){.kind = ITEM_CHAIN, .value = chain, .depth = depth});
}

// What is written next is marked, as far as the items go that are pushed from now on.
static void open_mark(Drawing *drawing, TraceMarkKind kind, uint64_t place) {
  for (size_t i = 0; i < drawing->mark_count; i++)
    if (drawing->marks[i].kind == kind && drawing->marks[i].place == place)
      push(drawing, (Item){.kind = ITEM_CLOSE, .made = drawing->marks[i].made, .value = drawing->text.size});
}

static void close_mark(Drawing *drawing, const Item *item) {
  if (item->value < drawing->text.size)
    ARRAY_PUSH(&drawing->ranges[item->made], (TraceRange){item->value, drawing->text.size});
}

static bool too_deep(Drawing *drawing, const Item *item) {
  unsigned limit = drawing->machine->trace->options.depth;
  if ((!limit || item->depth < limit) && drawing->text.size < SIZE_LIMIT) return false;
  buffer_text(&drawing->text, "…");
  return true;
}

// "(name …)": the caller pushed what follows the last field; now come the fields, last first.
static void begin_node(Drawing *drawing, const Item *item, const char *name) {
  if (!item->head) buffer_char(&drawing->text, '(');
  buffer_text(&drawing->text, name);
}
static void push_end(Drawing *drawing, const Item *item) {
  if (!item->head) push_text(drawing, ")");
}

// The name of a function or constructor. An expression and the body of a λ have none that a program can write.
static void write_symbol(Drawing *drawing, NameId name) {
  const Machine *machine = drawing->machine;
  const FunctionCode *function = machine->shared->code.functions.items[name];
  const char *text = machine->shared->program->names.items[name].text;
  if (function && function->function->lifted)
    buffer_format(&drawing->text, "#%u", (unsigned)function->function->name);
  else
    buffer_text(&drawing->text, *text == '(' ? "Main" : text);
}

// The caller wrote what comes after the bracket.
static void push_cells(Drawing *drawing, Location location, unsigned count, unsigned depth) {
  push_text(drawing, ")");
  for (unsigned i = count; i-- > 0;) {
    push_cell(drawing, location + i, depth + 1);
    push_text(drawing, " ");
  }
}

static void write_node(Drawing *drawing, NameId name, Location location, unsigned depth) {
  buffer_char(&drawing->text, '(');
  write_symbol(drawing, name);
  push_cells(drawing, location, drawing->machine->shared->code.arities.items[name], depth);
}

static void write_name(Drawing *drawing, Location location, unsigned side, bool dup) {
  trace_name_print(drawing->machine->trace, &drawing->text, location, side, dup);
}

// A box that has one owner, or holds a value without cells, is not shown.
static bool shows_box(const Drawing *drawing, Location box) {
  const Hole *hole = find_hole(drawing, box + 1);
  bool focus = hole && hole->chain == drawing->frames.count && !drawing->focus->registers;
  Word inner = focus ? drawing->focus->term : drawing->machine->heap[box + 1];
  return drawing->machine->heap[box] >= 2 * SHARE_ONE && !word_is_flat(inner);
}

static void meet_dup(Drawing *drawing, Location dup) {
  if (2 * drawing->dups.count + 2 > drawing->met_capacity) {
    free(drawing->met);
    drawing->met_capacity = drawing->met_capacity ? 2 * drawing->met_capacity : 64;
    drawing->met = calloc(drawing->met_capacity, sizeof *drawing->met);
    if (!drawing->met) memory_exhausted();
    for (size_t i = 0; i < drawing->dups.count; i++) {
      size_t at = hash(drawing->dups.items[i], drawing->met_capacity);
      while (drawing->met[at]) at = (at + 1) & (drawing->met_capacity - 1);
      drawing->met[at] = drawing->dups.items[i];
    }
  }
  size_t at = hash(dup, drawing->met_capacity);
  for (; drawing->met[at]; at = (at + 1) & (drawing->met_capacity - 1))
    if (drawing->met[at] == dup) return;
  drawing->met[at] = dup;
  ARRAY_PUSH(&drawing->dups, dup);
}

// What a cell holds, through variables that have a value: 0 and *hole when it is on the stack, below other frames.
static Word look(const Drawing *drawing, Location cell, const Hole **hole) {
  const Word *heap = drawing->machine->heap;
  *hole = find_hole(drawing, cell);
  bool focus = *hole && (*hole)->chain == drawing->frames.count && !drawing->focus->registers;
  Word term = focus ? drawing->focus->term : *hole ? 0 : heap[cell];
  if (focus) *hole = NULL;
  for (;;) {
    Location location = word_location(term);
    unsigned tag = word_tag(term);
    bool filled = tag == TAG_VAR && word_tag(heap[location]) != TAG_SLOT;
    bool fired = (tag == TAG_DP0 || tag == TAG_DP1) && heap[location + 1] & DUP_FIRED;
    if (tag == TAG_SHR && !shows_box(drawing, location)) return look(drawing, location + 1, hole);
    if (!filled && !fired) return term;
    term = heap[location];
  }
}

// Does a chain of cons cells end in nil, with a code point in each when it is a string?
static bool is_proper(const Drawing *drawing, Word term) {
  bool string = word_extra(term) <= NAME_STRING_NIL;
  NameId cons = string ? NAME_STRING_CONS : NAME_LIST_CONS, nil = cons + 1;
  const Hole *hole = NULL;
  while (!hole && word_key(term) == word_make(TAG_CTR, cons, 0)) {
    Location location = word_location(term);
    if (string) {
      Word code = look(drawing, location, &hole);
      bool character = word_tag(code) == TAG_NUM && number_value(code) >= 32 && number_value(code) <= 0x10FFFF;
      if (hole || !character || (number_value(code) >= 0xD800 && number_value(code) <= 0xDFFF)) return false;
    }
    term = look(drawing, location + 1, &hole);
  }
  return !hole && term == word_make(TAG_CTR, nil, 0);
}

static void write_string(Drawing *drawing, Word term) {
  const Hole *hole;
  buffer_char(&drawing->text, '"');
  for (; word_location(term); term = look(drawing, word_location(term) + 1, &hole)) {
    uint32_t code = (uint32_t)number_value(look(drawing, word_location(term), &hole));
    if (code == '"' || code == '\\') buffer_char(&drawing->text, '\\');
    buffer_code_point(&drawing->text, code);
  }
  buffer_char(&drawing->text, '"');
}

static void write_list(Drawing *drawing, const Item *item) {
  const Hole *hole;
  Word rest = look(drawing, word_location(item->value) + 1, &hole);
  if (word_location(rest))
    push(drawing, (Item){.kind = ITEM_LIST, .value = rest, .depth = item->depth, .text = ", "});
  else
    push_text(drawing, "]");
  buffer_text(&drawing->text, item->text);
  push_cell(drawing, word_location(item->value), item->depth + 1);
}

static void write_constructor(Drawing *drawing, Item *item) {
  NameId name = word_extra(item->value);
  Location location = word_location(item->value);
  const char *text = drawing->machine->shared->program->names.items[name].text;
  if (name <= NAME_LIST_NIL && !item->improper) {
    bool proper = is_proper(drawing, item->value);
    if (proper && name <= NAME_STRING_NIL) {
      write_string(drawing, item->value);
      return;
    }
    if (proper && location) {
      item->text = "[";
      write_list(drawing, item);
      return;
    }
    if (proper) {
      buffer_text(&drawing->text, "[]");
      return;
    }
  }
  if (!location) {
    buffer_text(&drawing->text, text);
    return;
  }
  if (too_deep(drawing, item)) return;
  write_node(drawing, name, location, item->depth);
  if (name <= NAME_LIST_NIL) drawing->items.items[drawing->items.count - 4].improper = true; // the tail
}

// (f a): the function is written as the head, so that (f a b) has one pair of parentheses.
static void push_function(Drawing *drawing, Item item) {
  item.head = true;
  push(drawing, item);
}

// A λ that the machine made a function of, applied to what it has: it waits for more.
static void write_closure(Drawing *drawing, const Item *item) {
  const Machine *machine = drawing->machine;
  NameId stage = word_extra(item->value);
  const Name *name = &machine->shared->program->names.items[stage];
  Location location = word_location(item->value);
  Buffer text = {0};
  if (location && too_deep(drawing, item)) return;
  if (location) buffer_char(&drawing->text, '(');
  trace_lambda_print(machine->shared->program, &text,
                     machine->shared->program->names.items[stage + name->missing].function, 0);
  buffer_add(&drawing->text, text.text, text.size);
  buffer_free(&text);
  if (location) push_text(drawing, ")");
  for (unsigned i = location ? machine->shared->code.arities.items[stage] : 0; i-- > 0;) {
    push_cell(drawing, location + i, item->depth + 1);
    push_text(drawing, " ");
  }
}

static void write_box(Drawing *drawing, const Item *item, Location box, Item content) {
  if (shows_box(drawing, box)) {
    write_name(drawing, box, 0, false);
    meet_dup(drawing, box | BOX_BIT);
    return;
  }
  content.head = item->head;
  content.depth = item->depth;
  push(drawing, content);
}

static void write_term(Drawing *drawing, Item *item) {
  const Machine *machine = drawing->machine;
  Word term = item->value;
  for (;;) { // through what has a value
    Location location = word_location(term);
    unsigned tag = word_tag(term);
    bool filled = tag == TAG_VAR && word_tag(machine->heap[location]) != TAG_SLOT;
    bool fired = (tag == TAG_DP0 || tag == TAG_DP1) && machine->heap[location + 1] & DUP_FIRED;
    if (!filled && !fired) break;
    open_mark(drawing, MARK_THROUGH, location);
    term = machine->heap[location];
  }
  item->value = term;
  Location location = word_location(term);
  unsigned tag = word_tag(term), extra = word_extra(term);
  switch (tag) {
  case TAG_NUM:
  case TAG_FLO: number_print(&drawing->text, term); return;
  case TAG_CTR: write_constructor(drawing, item); return;
  case TAG_CAL: {
    if (!location)
      write_symbol(drawing, extra);
    else if (!too_deep(drawing, item))
      write_node(drawing, extra, location, item->depth);
    return;
  }
  case TAG_LAM:
    if (word_is_closure(term)) {
      write_closure(drawing, item);
      return;
    }
    if (too_deep(drawing, item)) return;
    buffer_text(&drawing->text, "λ");
    if (machine->heap[location] == SLOT_FREE)
      write_name(drawing, location, 0, false);
    else
      buffer_char(&drawing->text, '*');
    buffer_char(&drawing->text, ' ');
    push_cell(drawing, location + 1, item->depth + 1);
    return;
  case TAG_APP: {
    if (too_deep(drawing, item)) return;
    open_mark(drawing, MARK_NODE, location);
    begin_node(drawing, item, "");
    push_end(drawing, item);
    push_cell(drawing, location + 1, item->depth + 1);
    push_text(drawing, " ");
    push_function(drawing, (Item){.kind = ITEM_CELL, .value = location, .depth = item->depth + !item->head});
    return;
  }
  case TAG_OP2:
    if (too_deep(drawing, item)) return;
    open_mark(drawing, MARK_NODE, location);
    buffer_format(&drawing->text, "(%s", OPERATOR_TEXT[op2_operator(extra)]);
    push_cells(drawing, location, 2, item->depth);
    return;
  case TAG_SUP:
    if (too_deep(drawing, item)) return;
    open_mark(drawing, MARK_NODE, location);
    buffer_char(&drawing->text, '{');
    push_text(drawing, "}");
    push_cell(drawing, location + 1, item->depth + 1);
    push_text(drawing, " ");
    push_cell(drawing, location, item->depth + 1);
    return;
  case TAG_VAR: write_name(drawing, location, 0, false); return;
  case TAG_DP0:
  case TAG_DP1:
    write_name(drawing, location, tag - TAG_DP0, true);
    meet_dup(drawing, location);
    return;
  case TAG_SHR: write_box(drawing, item, location, (Item){.kind = ITEM_CELL, .value = location + 1}); return;
  default: buffer_char(&drawing->text, '*');
  }
}

// A call whose arguments are in registers, one of them perhaps a hole.
static void write_call(Drawing *drawing, unsigned name, const Word *registers, unsigned hole, size_t chain,
                       unsigned depth) {
  const Machine *machine = drawing->machine;
  unsigned arity = machine->shared->code.arities.items[name];
  if (arity) buffer_char(&drawing->text, '('), push_text(drawing, ")");
  write_symbol(drawing, name);
  for (unsigned i = arity; i-- > 0;) {
    if (i == hole)
      push_chain(drawing, chain, depth + 1);
    else
      push_term(drawing, registers[i], depth + 1);
    push_text(drawing, " ");
  }
}

static void write_focus(Drawing *drawing, Item *item) {
  const TraceFocus *focus = drawing->focus;
  open_mark(drawing, MARK_HEIGHT, (uint64_t)(focus->top - drawing->machine->stack));
  if (focus->registers) {
    if (!too_deep(drawing, item))
      write_call(drawing, word_extra(focus->term), focus->registers, UINT32_MAX, 0, item->depth);
  } else {
    item->kind = ITEM_TERM;
    item->value = focus->term;
    write_term(drawing, item);
  }
}

static void write_operation(Drawing *drawing, Word frame, Word other, bool left, size_t chain, unsigned depth) {
  unsigned extra = (unsigned)(frame >> FRAME_SHIFT);
  buffer_char(&drawing->text, '(');
  buffer_text(&drawing->text, OPERATOR_TEXT[op2_operator(extra)]);
  push_text(drawing, ")");
  if (left) {
    push_term(drawing, other, depth + 1);
    push_text(drawing, " ");
    push_chain(drawing, chain, depth + 1);
  } else {
    push_chain(drawing, chain, depth + 1);
    push_text(drawing, " ");
    push_term(drawing, other, depth + 1);
  }
  push_text(drawing, " ");
}

static void write_chain(Drawing *drawing, Item *item) {
  const Machine *machine = drawing->machine;
  size_t chain = (size_t)item->value, next = chain + 1;
  if (chain == drawing->frames.count) {
    write_focus(drawing, item);
    return;
  }
  const Frame *frame = &drawing->frames.items[chain];
  Word top = *frame->top;
  unsigned kind = top & 15;
  open_mark(drawing, MARK_HEIGHT, (uint64_t)(frame->bottom - machine->stack));
  if (kind == FRAME_DUP0 || kind == FRAME_DUP1) {
    write_name(drawing, top >> FRAME_SHIFT, kind - FRAME_DUP0, true);
    meet_dup(drawing, top >> FRAME_SHIFT);
    return;
  }
  if (kind == FRAME_SHARE) {
    write_box(drawing, item, top >> FRAME_SHIFT, (Item){.kind = ITEM_CHAIN, .value = next});
    return;
  }
  if (too_deep(drawing, item)) return;
  switch (kind) {
  case FRAME_APP:
    begin_node(drawing, item, "");
    push_end(drawing, item);
    push_term(drawing, frame->bottom[0], item->depth + 1);
    push_text(drawing, " ");
    push_function(drawing, (Item){.kind = ITEM_CHAIN, .value = next, .depth = item->depth + !item->head});
    return;
  case FRAME_OP2_LEFT: write_operation(drawing, top, frame->bottom[0], true, next, item->depth); return;
  case FRAME_OP2_RIGHT: write_operation(drawing, top, frame->bottom[0], false, next, item->depth); return;
  case FRAME_RUN: {
    const int32_t *pc = machine->shared->code.words.items + (top >> FRAME_SHIFT);
    unsigned hole = pc[0] == CODE_FIELD ? UINT32_MAX : (unsigned)pc[1];
    if (pc[0] >= CODE_FORCE && !trace_awaits_argument(machine, pc)) { // never seen, since a strict call is the base
      buffer_text(&drawing->text, "…");
      return;
    }
    write_call(drawing, (unsigned)pc[3], frame->bottom, hole, next, item->depth);
    return;
  }
  case FRAME_ODD:
    write_call(drawing, (unsigned)(top >> ODD_NAME_SHIFT), frame->bottom, (unsigned)(top >> ODD_INDEX_SHIFT & 0xFF),
               next, item->depth);
    return;
  case FRAME_BUILTIN: {
    write_node(drawing, (NameId)(top >> FRAME_SHIFT), frame->bottom[1], item->depth);
    return;
  }
  default: buffer_char(&drawing->text, '*');
  }
}

static void write_item(Drawing *drawing, Item *item) {
  if (item->kind == ITEM_CELL) {
    const Hole *hole = find_hole(drawing, (Location)item->value);
    item->kind = hole ? ITEM_CHAIN : ITEM_TERM;
    item->value = hole ? hole->chain : drawing->machine->heap[item->value];
  }
  switch (item->kind) {
  case ITEM_TEXT: buffer_text(&drawing->text, item->text); return;
  case ITEM_CLOSE: close_mark(drawing, item); return;
  case ITEM_LIST: write_list(drawing, item); return;
  case ITEM_CHAIN: write_chain(drawing, item); return;
  default: write_term(drawing, item);
  }
}

static void write_items(Drawing *drawing) {
  while (drawing->items.count) {
    Item item = drawing->items.items[--drawing->items.count];
    write_item(drawing, &item);
  }
}

// let x = …
static void write_let(Drawing *drawing, Location box) {
  buffer_text(&drawing->text, "let ");
  write_name(drawing, box, 0, false);
  buffer_text(&drawing->text, " = ");
  if (word_tag(drawing->machine->heap[box + 1]) == TAG_SLOT && !find_hole(drawing, box + 1))
    push_text(drawing, "…"); // an outer strict call reduces it
  else
    push_cell(drawing, box + 1, 0);
  write_items(drawing);
}

// dup x y = …
static void write_dup(Drawing *drawing, Location dup) {
  open_mark(drawing, MARK_DUP, dup);
  buffer_text(&drawing->text, "dup ");
  write_name(drawing, dup, 0, true);
  buffer_char(&drawing->text, ' ');
  write_name(drawing, dup, 1, true);
  buffer_text(&drawing->text, " = ");
  if (drawing->focus->base && drawing->machine->heap[dup + 1] & DUP_CLAIMED && !find_hole(drawing, dup))
    push_text(drawing, "…"); // likewise
  else
    push_cell(drawing, dup, 0);
  write_items(drawing);
}

// The terms that an instruction works on.
static void write_words(Drawing *drawing) {
  const TraceFocus *focus = drawing->focus;
  bool brackets = *focus->operation;
  open_mark(drawing, MARK_HEIGHT, 0);
  if (brackets) push_text(drawing, ")");
  for (unsigned i = focus->count; i-- > 0;) {
    push_term(drawing, focus->words[i], brackets);
    if (brackets || i) push_text(drawing, " ");
  }
  if (brackets) push_text(drawing, focus->operation), push_text(drawing, "(");
}

static int compare_parts(const void *left, const void *right) {
  uint64_t a = ((const Part *)left)->serial, b = ((const Part *)right)->serial;
  return a < b ? -1 : a > b;
}

// Puts the parts in order: the dups as they came to be, the term last.
static void assemble(Drawing *drawing, Part *parts, size_t count, TracePicture *picture) {
  Part *sorted = malloc(count * sizeof *sorted);
  if (!sorted) memory_exhausted();
  memcpy(sorted, parts, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, compare_parts);
  for (size_t i = 0; i < count; i++) {
    const Part *part = &sorted[i];
    size_t to = picture->text.size;
    buffer_add(&picture->text, drawing->text.text + part->start, part->end - part->start);
    if (i + 1 < count) buffer_char(&picture->text, '\n');
    for (int made = 0; made < 2; made++)
      for (size_t k = 0; k < drawing->ranges[made].count; k++) {
        TraceRange range = drawing->ranges[made].items[k];
        if (range.start < part->start || range.end > part->end) continue;
        range.start = range.start - part->start + to;
        range.end = range.end - part->start + to;
        if (made)
          ARRAY_PUSH(&picture->made, range);
        else
          ARRAY_PUSH(&picture->redex, range);
      }
  }
  free(sorted);
}

// Of ranges that lie in each other the outer ones stay, in the order of the text.
static int compare_ranges(const void *left, const void *right) {
  const TraceRange *a = left, *b = right;
  if (a->start != b->start) return a->start < b->start ? -1 : 1;
  return a->end > b->end ? -1 : a->end < b->end;
}
static size_t simplify(TraceRange *ranges, size_t count) {
  size_t kept = 0;
  if (count) qsort(ranges, count, sizeof *ranges, compare_ranges);
  for (size_t i = 0; i < count; i++)
    if (!kept || ranges[i].start >= ranges[kept - 1].end) ranges[kept++] = ranges[i];
  return kept;
}

void trace_draw(Machine *machine, const TraceFocus *focus, TracePicture *picture, const TraceMark *marks,
                size_t count) {
  Drawing drawing = {.machine = machine, .focus = focus, .marks = marks, .mark_count = count};
  ARRAY(Part) parts = {0};
  picture->text.size = picture->redex.count = picture->made.count = 0;
  buffer_text(&drawing.text, "");
  find_frames(&drawing);
  if (focus->operation)
    write_words(&drawing);
  else if (focus->base)
    push_chain(&drawing, 0, 0);
  else
    push_cell(&drawing, machine->root, 0);
  write_items(&drawing);
  ARRAY_PUSH(&parts, (Part){.end = drawing.text.size, .serial = UINT64_MAX});
  for (size_t i = 0; i < machine->trace->lost.count; i++) meet_dup(&drawing, machine->trace->lost.items[i]);
  for (size_t i = 0; i < drawing.dups.count; i++) {
    Location dup = drawing.dups.items[i];
    size_t start = drawing.text.size;
    bool box = dup & BOX_BIT;
    dup &= ~(Location)BOX_BIT;
    if (box)
      write_let(&drawing, dup);
    else
      write_dup(&drawing, dup);
    size_t at = dup - machine->trace->first;
    uint64_t serial = at < machine->trace->names.count ? machine->trace->names.items[at].serial : 0;
    ARRAY_PUSH(&parts, (Part){.start = start, .end = drawing.text.size, .serial = serial});
  }
  assemble(&drawing, parts.items, parts.count, picture);
  picture->redex.count = simplify(picture->redex.items, picture->redex.count);
  picture->made.count = simplify(picture->made.items, picture->made.count);
  ARRAY_FREE(&parts);
  ARRAY_FREE(&drawing.frames);
  ARRAY_FREE(&drawing.items);
  ARRAY_FREE(&drawing.dups);
  ARRAY_FREE(&drawing.ranges[0]);
  ARRAY_FREE(&drawing.ranges[1]);
  free(drawing.holes);
  free(drawing.met);
  buffer_free(&drawing.text);
}
