// Readback: normal terms as text.
//
// Nothing recurses on the depth of the term: an explicit stack holds what is still to be written. The names of bound
// variables depend on which binders are used at all, which is known only at the end: the text is written with marks
// for names, and put together afterwards. All of it takes time linear in the text.
#include "machine.h"

const char *const PRINT_MESSAGES[] = {[PRINT_OK] = "",
                                      [PRINT_TOO_LARGE] =
                                          "out of memory: the text of the result is larger than the limit",
                                      [PRINT_INTERRUPTED] = "interrupted while printing the result",
                                      [PRINT_TORN] = "clones of a λ took each other's place"};
const char *const PRINT_TORN_HINT = "a λ that clones its own variable was cloned itself, and its clones met: lazy "
                                    "cloning has no result for that; run it with "
                                    "--sharing=need, or build the copies separately, by calls of a function";

// How much of a chain of String.cons or List.cons is known already.
typedef enum { CHAIN_UNKNOWN, CHAIN_RAW, CHAIN_PROPER, CHAIN_ITEMS } Chain;

typedef struct {
  const char *text; // a text to write; NULL: a term
  Word term;
  const Choice *choices;
  Chain chain;
  uint64_t raw; // CHAIN_RAW: so many cells more to write as constructors; then the rest is proper if `proper`
  bool proper;
  bool head;      // the term is the function of an application
  bool scope_end; // nothing to write: the body of the λ ends here
} Item;

typedef enum { MARK_VARIABLE, MARK_BINDER, MARK_SCOPE_END } MarkKind;
typedef struct {
  size_t at;
  Location slot;
  MarkKind kind;
  size_t variable;
  const Choice *choices; // of the way to a binder or a variable
} Mark;
typedef struct {
  bool bound, open, used, scopeless;
  uint32_t number;
  size_t outer;          // the variable of the same slot whose λ this one's is in; SIZE_MAX: none
  const Choice *choices; // of the way to its binder
} Variable;
typedef struct {
  Location slot;
  size_t variable;
} Entry;

typedef struct {
  const Machine *machine;
  ARRAY(Item) items;
  ARRAY(Mark) marks;
  Buffer text;
  Arena arena;
  bool torn;    // the text shows what no program without superpositions and scopeless variables can mean
  bool escaped; // … what none without scopeless variables can
  ARRAY(Variable) variables;
  Entry *entries; // open addressing by slot: the variable that it stands for at the moment
  size_t capacity;
} Printer;

static void push_text(Printer *printer, const char *text) { ARRAY_PUSH(&printer->items, (Item){.text = text}); }
static void push_term(Printer *printer, Word term, const Choice *choices) {
  ARRAY_PUSH(&printer->items, (Item){.term = term, .choices = choices});
}

static const Choice *add_choice(Arena *arena, const Choice *outer, Label label, unsigned side) {
  if (!label) return outer;
  Choice *choice = ARENA_NEW(arena, Choice);
  *choice = (Choice){outer, label, side};
  return choice;
}

// The list without one of its members: those before it are copied.
static const Choice *drop_choice(Arena *arena, const Choice *choices, const Choice *dropped) {
  const Choice *result = NULL, **place = &result;
  for (; choices != dropped; choices = choices->outer) {
    Choice *copy = ARENA_NEW(arena, Choice);
    *copy = *choices;
    *place = copy;
    place = &copy->outer;
  }
  *place = dropped->outer;
  return result;
}

void machine_see_through(const Machine *machine, Arena *arena, Word *term, const Choice **choices) {
  const Word *heap = machine->heap;
  for (;;) {
    Location location = word_location(*term);
    unsigned tag = word_tag(*term);
    if (tag == TAG_DP0 || tag == TAG_DP1) {
      Label label = heap[location + 1] >> DUP_LABEL_SHIFT;
      if (!(heap[location + 1] & DUP_FIRED)) *choices = add_choice(arena, *choices, label, tag - TAG_DP0);
      *term = heap[location];
    } else if (tag == TAG_SHR) {
      *term = heap[location + 1];
    } else if (tag == TAG_VAR && word_tag(heap[location]) != TAG_SLOT) {
      *term = heap[location];
    } else if (tag == TAG_SUP) {
      const Choice *choice = *choices;
      while (choice && choice->label != heap[location + 2]) choice = choice->outer;
      if (!choice) return;
      *term = heap[location + choice->side];
      *choices = drop_choice(arena, *choices, choice);
    } else {
      return;
    }
  }
}

static void write_escaped(Buffer *out, uint32_t code) {
  switch (code) {
  case '\n': buffer_text(out, "\\n"); return;
  case '\t': buffer_text(out, "\\t"); return;
  case '\r': buffer_text(out, "\\r"); return;
  case 0: buffer_text(out, "\\0"); return;
  case '\\': buffer_text(out, "\\\\"); return;
  case '"': buffer_text(out, "\\\""); return;
  default: break;
  }
  // Control characters, and what is invisible or no character at all.
  bool hidden = code < 32 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 || code == 0xFEFF ||
                (code & 0xFFFE) == 0xFFFE;
  if (hidden)
    buffer_format(out, "\\u{%x}", code);
  else
    buffer_code_point(out, code);
}

static bool is_code_point(Word word) {
  uint64_t value = number_value(word);
  return word_tag(word) == TAG_NUM && value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF);
}

// Measures a chain from its first cell: how many cells must be written as constructors, and whether the rest is proper.
static void measure_chain(const Printer *printer, Item *item, NameId cons, NameId nil) {
  const Word *heap = printer->machine->heap;
  uint64_t count = 0, last_odd = 0;
  Word term = item->term;
  for (; word_key(term) == word_make(TAG_CTR, cons, 0); term = heap[word_location(term) + 1]) {
    count++;
    if (cons == NAME_STRING_CONS && !is_code_point(heap[word_location(term)])) last_odd = count;
  }
  item->proper = term == word_make(TAG_CTR, nil, 0);
  item->raw = item->proper ? last_odd : count;
  item->chain = item->raw ? CHAIN_RAW : CHAIN_PROPER;
}

// The next item of a proper list, or its end: what follows waits as one entry of the stack.
static void write_items(Printer *printer, Item *item) {
  Location location = word_location(item->term);
  if (!location) {
    buffer_char(&printer->text, ']');
    return;
  }
  if (item->raw) buffer_text(&printer->text, ", ");
  item->term = printer->machine->heap[location + 1];
  item->raw = 1; // an item came before
  ARRAY_PUSH(&printer->items, *item);
  push_term(printer, printer->machine->heap[location], item->choices);
}

static void write_proper_chain(Printer *printer, const Item *item, NameId cons) {
  const Word *heap = printer->machine->heap;
  if (cons == NAME_STRING_CONS) {
    buffer_char(&printer->text, '"');
    for (Word term = item->term; word_location(term); term = heap[word_location(term) + 1])
      write_escaped(&printer->text, (uint32_t)number_value(heap[word_location(term)]));
    buffer_char(&printer->text, '"');
    return;
  }
  buffer_char(&printer->text, '[');
  Item items = *item;
  items.chain = CHAIN_ITEMS;
  items.raw = 0;
  write_items(printer, &items);
}

// Opens "(name" and pushes the fields and ")".
static void write_node(Printer *printer, const char *name, Location location, unsigned count, const Choice *choices) {
  buffer_char(&printer->text, '(');
  buffer_text(&printer->text, name);
  push_text(printer, ")");
  for (unsigned i = count; i-- > 0;) {
    push_term(printer, printer->machine->heap[location + i], choices);
    push_text(printer, " ");
  }
}

static void write_constructor(Printer *printer, Item *item) {
  const Machine *machine = printer->machine;
  NameId name = word_extra(item->term);
  const char *text = machine->shared->program->names.items[name].text;
  bool string = name == NAME_STRING_CONS || name == NAME_STRING_NIL;
  if (string || name == NAME_LIST_CONS || name == NAME_LIST_NIL) {
    NameId cons = string ? NAME_STRING_CONS : NAME_LIST_CONS;
    if (item->chain == CHAIN_UNKNOWN) measure_chain(printer, item, cons, string ? NAME_STRING_NIL : NAME_LIST_NIL);
    if (item->chain == CHAIN_PROPER || (item->chain == CHAIN_RAW && item->raw == 0 && item->proper)) {
      write_proper_chain(printer, item, cons);
      return;
    }
    if (word_location(item->term)) {
      write_node(printer, text, word_location(item->term), 2, item->choices);
      // The tail, which lies two places above the bottom of what was pushed, goes on with what is known.
      Item *tail = &printer->items.items[printer->items.count - 4];
      tail->chain = CHAIN_RAW;
      tail->raw = item->raw - 1;
      tail->proper = item->proper;
      Word next = tail->term;
      if (word_key(next) != word_make(TAG_CTR, cons, 0)) tail->chain = CHAIN_UNKNOWN;
      return;
    }
  }
  unsigned arity = word_location(item->term) ? machine->shared->code.arities.items[name] : 0;
  if (arity)
    write_node(printer, text, word_location(item->term), arity, item->choices);
  else
    buffer_format(&printer->text, item->head ? "(%s)" : "%s", text);
}

static void write_application(Printer *printer, Item *item) {
  const Word *heap = printer->machine->heap;
  Word function = item->term;
  const Choice *choices = item->choices;
  buffer_char(&printer->text, '(');
  push_text(printer, ")");
  while (word_tag(function) == TAG_APP) {
    push_term(printer, heap[word_location(function) + 1], choices);
    push_text(printer, " ");
    function = heap[word_location(function)];
    machine_see_through(printer->machine, &printer->arena, &function, &choices);
  }
  push_term(printer, function, choices);
  printer->items.items[printer->items.count - 1].head = true;
}

// A negative number cannot be the head of an application: right after "(" its sign is an operator.
static void write_number(Printer *printer, const Item *item) {
  Buffer *out = &printer->text;
  size_t start = out->size;
  number_print(out, item->term);
  if (!item->head || out->text[start] != '-') return;
  bool zero = number_double(item->term) == 0.0;
  out->size = start;
  buffer_text(out, zero ? "(* 0.0 -1.0)" : "(- 0.0 ");
  if (zero) return;
  number_print(out, number_f60(-number_double(item->term)));
  buffer_char(out, ')');
}

static void mark(Printer *printer, const Item *item, MarkKind kind) {
  ARRAY_PUSH(&printer->marks, (Mark){printer->text.size, word_location(item->term), kind, 0, item->choices});
}

static void write_term(Printer *printer, Item *item) {
  const Machine *machine = printer->machine;
  machine_see_through(machine, &printer->arena, &item->term, &item->choices);
  Word term = item->term;
  Location location = word_location(term);
  switch (word_tag(term)) {
  case TAG_NUM:
  case TAG_FLO: write_number(printer, item); return;
  case TAG_CTR: write_constructor(printer, item); return;
  case TAG_APP: write_application(printer, item); return;
  case TAG_OP2: write_node(printer, OPERATOR_TEXT[op2_operator(word_extra(term))], location, 2, item->choices); return;
  case TAG_CAL: {
    unsigned arity = machine->shared->code.arities.items[word_extra(term)];
    const char *name = machine->shared->program->names.items[word_extra(term)].text;
    if (arity)
      write_node(printer, name, location, arity, item->choices);
    else
      buffer_format(&printer->text, item->head ? "(%s)" : "%s", name);
    return;
  }
  case TAG_LAM:
    buffer_text(&printer->text, "λ");
    mark(printer, item, MARK_BINDER);
    buffer_char(&printer->text, ' ');
    ARRAY_PUSH(&printer->items, (Item){.term = term, .scope_end = true});
    push_term(printer, machine->heap[location + 1], item->choices);
    return;
  case TAG_SUP:
    printer->torn = true;
    buffer_char(&printer->text, '{');
    push_text(printer, "}");
    push_term(printer, machine->heap[location + 1], item->choices);
    push_text(printer, " ");
    push_term(printer, machine->heap[location], item->choices);
    return;
  case TAG_VAR: mark(printer, item, MARK_VARIABLE); return;
  default:
    printer->torn = true;
    buffer_char(&printer->text, '*');
    return;
  }
}

// Names.

static Entry *find_entry(Printer *printer, Location slot) {
  size_t mask = printer->capacity - 1;
  size_t at = (size_t)(slot * UINT64_C(0x9E3779B97F4A7C15) >> 20) & mask;
  while (printer->entries[at].slot && printer->entries[at].slot != slot) at = (at + 1) & mask;
  return &printer->entries[at];
}

// The length of a list of choices with which another one ends; -1 when it does not.
static ptrdiff_t common_end(const Choice *choices, const Choice *end) {
  ptrdiff_t length = 0, extra = 0;
  for (const Choice *at = end; at; at = at->outer) length++;
  for (const Choice *at = choices; at; at = at->outer) extra++;
  for (extra -= length; extra > 0; extra--) choices = choices->outer;
  if (extra < 0) return -1;
  for (; choices != end; choices = choices->outer, end = end->outer)
    if (choices->label != end->label || choices->side != end->side) return -1;
  return length;
}

// A λ inside another copy of itself: its variable belongs to that copy whose way its own way goes on from the farthest.
static size_t innermost_copy(const Printer *printer, const Mark *one, size_t variable) {
  const Variable *all = printer->variables.items;
  if (all[variable].outer == SIZE_MAX) return variable;
  size_t found = variable;
  ptrdiff_t longest = -1;
  for (size_t at = variable; at != SIZE_MAX; at = all[at].outer) {
    ptrdiff_t length = common_end(one->choices, all[at].choices);
    if (length > longest) longest = length, found = at;
  }
  return found;
}

// Which variable a mark means. A λ below a stuck dup is written once for each side, each time with a variable of its
// own; the other side can be inside its body. A variable that occurs outside of its λ is scopeless, and may come before
// it.
static void resolve_mark(Printer *printer, Mark *one) {
  Entry *entry = find_entry(printer, one->slot);
  if (!entry->slot || (one->kind == MARK_BINDER && printer->variables.items[entry->variable].bound)) {
    size_t outer = entry->slot && printer->variables.items[entry->variable].open ? entry->variable : SIZE_MAX;
    *entry = (Entry){one->slot, printer->variables.count};
    ARRAY_PUSH(&printer->variables, (Variable){.outer = outer});
  }
  one->variable = one->kind == MARK_VARIABLE ? innermost_copy(printer, one, entry->variable) : entry->variable;
  Variable *variable = &printer->variables.items[one->variable];
  if (one->kind == MARK_BINDER) {
    variable->bound = variable->open = true;
    variable->choices = one->choices;
  } else if (one->kind == MARK_SCOPE_END) {
    variable->open = false;
    if (variable->outer != SIZE_MAX) entry->variable = variable->outer;
  } else {
    variable->used = true;
    variable->scopeless |= !variable->open;
  }
}

// Used binders are numbered in the order in which they are met, then the variables without one.
static void number_variables(Printer *printer) {
  uint32_t next = 0;
  for (int binders = 1; binders >= 0; binders--)
    for (size_t i = 0; i < printer->marks.count; i++) {
      Variable *variable = &printer->variables.items[printer->marks.items[i].variable];
      bool binder = printer->marks.items[i].kind == MARK_BINDER;
      if (binder == (binders == 1) && variable->used && !variable->number) variable->number = ++next;
    }
}

static void write_names(Printer *printer, Buffer *out) {
  Mark *marks = printer->marks.items;
  size_t count = printer->marks.count;
  for (printer->capacity = 16; printer->capacity < 2 * count + 2;) printer->capacity *= 2;
  printer->entries = calloc(printer->capacity, sizeof *printer->entries);
  if (!printer->entries) memory_exhausted();
  for (size_t i = 0; i < count; i++) resolve_mark(printer, &marks[i]);
  number_variables(printer);
  size_t from = 0;
  for (size_t i = 0; i < count; i++) {
    const Variable *variable = &printer->variables.items[marks[i].variable];
    buffer_add(out, printer->text.text + from, marks[i].at - from);
    from = marks[i].at;
    if (marks[i].kind == MARK_SCOPE_END) continue;
    printer->escaped |= variable->scopeless;
    if (variable->used)
      buffer_text(out, variable->scopeless ? "$x" : "x"), buffer_number(out, variable->number - 1);
    else
      buffer_char(out, '*');
  }
  buffer_add(out, printer->text.text + from, printer->text.size - from);
  ARRAY_FREE(&printer->variables);
  free(printer->entries);
}

// Nothing of a text may be larger than the memory that the machine may use: a small result can have a very long text.
static bool is_too_large(const Printer *printer) {
  size_t bytes = printer->text.size + printer->items.count * sizeof(Item) + printer->marks.count * sizeof(Mark);
  return bytes > printer->machine->shared->memory_limit;
}

PrintStatus machine_print(const Machine *machine, Buffer *out, Word term) {
  Printer printer = {.machine = machine};
  PrintStatus status = PRINT_OK;
  push_term(&printer, term, NULL);
  while (printer.items.count && status == PRINT_OK) {
    Item item = printer.items.items[--printer.items.count];
    if (item.text)
      buffer_text(&printer.text, item.text);
    else if (item.scope_end)
      mark(&printer, &item, MARK_SCOPE_END);
    else if (item.chain == CHAIN_ITEMS)
      write_items(&printer, &item);
    else
      write_term(&printer, &item);
    if (is_too_large(&printer)) status = PRINT_TOO_LARGE;
    if (atomic_load_explicit(&machine->shared->interrupted, memory_order_relaxed)) status = PRINT_INTERRUPTED;
  }
  size_t start = out->size;
  if (status == PRINT_OK) write_names(&printer, out);
  const Program *program = machine->shared->program;
  if (!program->has_scopeless && (printer.escaped || (printer.torn && !program->has_superposition))) {
    out->size = start;
    status = PRINT_TORN;
  }
  ARRAY_FREE(&printer.items);
  ARRAY_FREE(&printer.marks);
  buffer_free(&printer.text);
  arena_free(&printer.arena);
  return status;
}
