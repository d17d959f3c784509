// Graphs of terms, for Graphviz: a node for each part of the term, an edge to each of its parts, and dashed edges from
// a variable to the λ or the dup that binds it. The graph is read from the text of the term, which has its structure.
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum { NODE_TERM, NODE_LAMBDA, NODE_DUP, NODE_VARIABLE } NodeKind;

typedef struct {
  NodeKind kind;
  size_t start, end;            // in the text
  size_t label, label_end;      // … of its label; empty: an application or a superposition
  size_t parent;                // SIZE_MAX: none
  size_t names[2], name_end[2]; // what it binds
} Node;

typedef struct {
  const hvm_picture *picture;
  Node *nodes;
  size_t count, capacity;
} Graph;

typedef struct {
  TraceOutput output;
  KeptStep last;
  bool any, svg;
} Writer;

static size_t add_node(Graph *graph, NodeKind kind, size_t parent, size_t start) {
  if (graph->count == graph->capacity) {
    graph->capacity = graph->capacity ? 2 * graph->capacity : 64;
    graph->nodes = realloc(graph->nodes, graph->capacity * sizeof *graph->nodes);
    if (!graph->nodes) abort();
  }
  graph->nodes[graph->count] = (Node){.kind = kind, .start = start, .parent = parent};
  return graph->count++;
}

static bool is_end(char c) { return strchr(" \n()[]{},", c) != NULL; } // NUL, too

static size_t word_end(const char *text, size_t at) {
  while (!is_end(text[at])) at++;
  return at;
}

static size_t string_end(const char *text, size_t at) {
  for (at++; text[at] && text[at] != '"'; at++)
    if (text[at] == '\\' && text[at + 1]) at++;
  return text[at] ? at + 1 : at;
}

static bool is_variable(const char *text, size_t at) {
  return (text[at] >= 'a' && text[at] <= 'z') || text[at] == '_' || text[at] == '$';
}

// "let x = " stands where the term is used more than once.
static bool is_let(const char *text, size_t at) { return strncmp(text + at, "let ", 4) == 0; }

// The end of a dup's line or of a λ is the end of its body: those that are open end where a part ends.
static size_t end_part(Graph *graph, size_t open, size_t end) {
  while (open != SIZE_MAX && (graph->nodes[open].kind == NODE_LAMBDA || graph->nodes[open].kind == NODE_DUP)) {
    graph->nodes[open].end = end;
    open = graph->nodes[open].parent;
  }
  return open;
}

// "dup x y = " and "λx ": what a binder begins with. Returns where its term begins.
static size_t read_binder(Graph *graph, Node *node, size_t at) {
  const char *text = graph->picture->text;
  bool dup = node->kind == NODE_DUP;
  int names = dup && !is_let(text, at) ? 2 : 1;
  node->label = node->start;
  at += dup ? 4 : 2;
  for (int i = 0; i < names; i++) {
    node->names[i] = at;
    node->name_end[i] = at = word_end(text, at);
    node->label_end = at++;
  }
  return dup ? at + 2 : at;
}

static void read_graph(Graph *graph) {
  const char *text = graph->picture->text;
  size_t open = SIZE_MAX;
  for (size_t at = 0; at < graph->picture->size;) {
    char c = text[at];
    if (c == ' ' || c == '\n' || c == ',') {
      at++;
    } else if ((strncmp(text + at, "dup ", 4) == 0 || is_let(text, at)) && (at == 0 || text[at - 1] == '\n')) {
      open = add_node(graph, NODE_DUP, open, at);
      at = read_binder(graph, &graph->nodes[open], at);
    } else if (strncmp(text + at, "λ", 2) == 0) {
      open = add_node(graph, NODE_LAMBDA, open, at);
      at = read_binder(graph, &graph->nodes[open], at);
    } else if (c == '(' || c == '[' || c == '{') {
      open = add_node(graph, NODE_TERM, open, at);
      Node *node = &graph->nodes[open];
      node->label = node->label_end = ++at;
      bool applied = c == '(' && (strchr("([{\"", text[at]) || is_variable(text, at) || (text[at] & 0x80));
      if (c == '(' && !applied) node->label_end = at = word_end(text, at);
    } else if (c == ')' || c == ']' || c == '}') {
      at++;
      if (open == SIZE_MAX) continue;
      graph->nodes[open].end = at;
      open = end_part(graph, graph->nodes[open].parent, at);
    } else {
      size_t node = add_node(graph, is_variable(text, at) ? NODE_VARIABLE : NODE_TERM, open, at);
      size_t end = c == '"' ? string_end(text, at) : word_end(text, at);
      graph->nodes[node].label = at;
      graph->nodes[node].end = graph->nodes[node].label_end = at = end > at ? end : at + 1;
      open = end_part(graph, open, at);
    }
  }
}

static bool marks(const Graph *graph, const Node *node) {
  const hvm_picture *picture = graph->picture;
  for (size_t i = 0; i < picture->range_count; i++)
    if (picture->ranges[i].start <= node->start && node->end <= picture->ranges[i].end) return true;
  return false;
}

static bool same_text(const char *text, size_t a, size_t a_end, size_t b, size_t b_end) {
  return a_end - a == b_end - b && memcmp(text + a, text + b, a_end - a) == 0;
}

static void write_label(FILE *out, const Graph *graph, const Node *node) {
  const char *text = graph->picture->text;
  if (node->label == node->label_end) {
    fputs(text[node->start] == '{' ? "{ }" : text[node->start] == '[' ? "[ ]" : "apply", out);
    return;
  }
  enum { LONGEST = 40 };
  size_t end = node->label_end > node->label + LONGEST ? node->label + LONGEST : node->label_end;
  while (end < node->label_end && (text[end] & 0xC0) == 0x80) end++;
  for (size_t at = node->label; at < end; at++) {
    if (text[at] == '"' || text[at] == '\\') putc('\\', out);
    putc(text[at], out);
  }
  if (end < node->label_end) fputs("…", out);
}

static void write_edges(FILE *out, const Graph *graph, size_t index) {
  const Node *node = &graph->nodes[index];
  const char *text = graph->picture->text;
  if (node->parent != SIZE_MAX) fprintf(out, "  n%zu -> n%zu;\n", node->parent, index);
  for (size_t i = 0; i < graph->count && node->kind == NODE_VARIABLE; i++)
    for (int side = 0; side < 2; side++) {
      const Node *binder = &graph->nodes[i];
      if (binder->names[side] == binder->name_end[side] ||
          !same_text(text, node->label, node->label_end, binder->names[side], binder->name_end[side]))
        continue;
      fprintf(out, "  n%zu -> n%zu [style=dashed, color=\"#777777\", constraint=%s];\n", index, i,
              binder->kind == NODE_DUP ? "true" : "false");
    }
}

// The graph of a picture, whose marked parts are coloured.
static void write_graph(FILE *out, const hvm_picture *picture, const char *title) {
  static const char *const shapes[] = {"box", "ellipse", "invtrapezium", "plaintext"};
  Graph graph = {.picture = picture};
  read_graph(&graph);
  fputs("digraph {\n  label=\"", out);
  for (const char *at = title; *at; at++) {
    if (*at == '"' || *at == '\\') putc('\\', out);
    putc(*at, out);
  }
  fputs("\";\n  ordering=out;\n  node [fontname=\"monospace\", fontsize=11, style=filled, fillcolor=white, height=0.3,"
        " margin=\"0.08,0.04\"];\n  edge [arrowsize=0.6];\n",
        out);
  for (size_t i = 0; i < graph.count; i++) {
    const Node *node = &graph.nodes[i];
    fprintf(out, "  n%zu [shape=%s, label=\"", i, shapes[node->kind]);
    write_label(out, &graph, node);
    fprintf(out, "\"%s];\n", marks(&graph, node) ? ", fillcolor=\"#ffe08a\"" : "");
  }
  for (size_t i = 0; i < graph.count; i++) write_edges(out, &graph, i);
  fputs("}\n", out);
  free(graph.nodes);
}

// Says what could not be written, for the reason in errno.
static bool complain(const char *path) {
  output_error(false, "cannot write the file '%s': %s", path, strerror(errno));
  return false;
}

// What dot draws, at its beginning. NULL: it could not. It goes through a file, since dot does not tell whether all of
// it was written.
static FILE *draw(const hvm_picture *picture, const char *title) {
  static const char end[] = "</svg>\n";
  char command[64], last[sizeof end] = "";
  FILE *drawing = tmpfile();
  if (!drawing) return complain("a temporary one"), NULL;
  int descriptor = fileno(drawing);
  snprintf(command, sizeof command, "exec dot -Tsvg >&%d", descriptor);
  fcntl(descriptor, F_SETFD, 0);
  FILE *pipe = popen(command, "w"); // NOLINT: a fixed command
  if (pipe) write_graph(pipe, picture, title);
  bool drawn = pipe && pclose(pipe) == 0 && fseek(drawing, -(long)strlen(end), SEEK_END) == 0 &&
               fread(last, 1, strlen(end), drawing) == strlen(end) && strcmp(last, end) == 0;
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  rewind(drawing);
  if (drawn) return drawing;
  output_error(false,
               "'dot' of Graphviz could not draw the graph, or had no room for it in the folder of temporary files");
  fclose(drawing);
  return NULL;
}

static void copy(FILE *from, FILE *to) {
  char block[1 << 14];
  for (size_t size; (size = fread(block, 1, sizeof block, from)) > 0;) fwrite(block, 1, size, to);
}

// In a file of its own, by its number; the end of an opened call has that of the call.
static bool write_step(const Writer *writer, const hvm_picture *picture, const char *title, uint64_t number,
                       bool ends) {
  char path[1024];
  bool own = writer->output.folder != NULL;
  if (own)
    snprintf(path, sizeof path, "%sstep-%06llu%s.%s", writer->output.folder, (unsigned long long)number,
             ends ? "-end" : "", writer->svg ? "svg" : "dot");
  FILE *drawing = writer->svg ? draw(picture, title) : NULL;
  if (writer->svg && !drawing) return false;
  FILE *out = own ? fopen(path, "w") : writer->output.out;
  if (out && drawing)
    copy(drawing, out);
  else if (out)
    write_graph(out, picture, title);
  if (drawing) fclose(drawing);
  if (!out) return complain(path);
  if (!own) return !ferror(out); // whoever opened it says so
  int reason = output_lost(out);
  fclose(out);
  errno = reason;
  return !reason || complain(path);
}

static bool has_dot(void) {
  int status = system("command -v dot >/dev/null 2>&1"); // NOLINT: a fixed command
  if (status == 0) return true;
  if (status == -1)
    output_error(false, "svg needs the command 'dot', which cannot be run: %s", strerror(errno));
  else
    output_error(false, "svg needs the command 'dot': install Graphviz, or use --format dot or html");
  return false;
}

static void *begin_any(const TraceOutput *output, bool svg) {
  if (svg && !has_dot()) return NULL;
  if (output->folder && mkdir(output->folder, 0777) != 0 && errno != EEXIST) {
    output_error(false, "cannot make the folder '%s': %s", output->folder, strerror(errno));
    return NULL;
  }
  Writer *writer = calloc(1, sizeof *writer);
  if (!writer) return NULL;
  writer->output = *output;
  writer->svg = svg;
  writer->output.last = output->last || (svg && !output->folder); // one picture a file
  return writer;
}

static void *begin_dot(const TraceOutput *output) { return begin_any(output, false); }
static void *begin_svg(const TraceOutput *output) { return begin_any(output, true); }

static bool write_start(Writer *writer, const hvm_step *one) {
  writer->any = true;
  return write_step(writer, &one->before, writer->output.program, one->number - 1, false);
}

static bool step(void *context, const hvm_step *one) {
  Writer *writer = context;
  bool first = !writer->any;
  char title[300];
  if (one->part == HVM_STEP_BEGINS) return !first || writer->output.last || write_start(writer, one);
  writer->any = true;
  if (writer->output.last) {
    kept_step_set(&writer->last, one);
    return true;
  }
  if (first && one->part == HVM_STEP_WHOLE && !write_start(writer, one)) return false;
  int length = snprintf(title, sizeof title, "%llu  ", (unsigned long long)one->number);
  step_title(one, title + length, sizeof title - (size_t)length);
  bool ends = one->part == HVM_STEP_ENDS;
  uint64_t last = one->number + (one->rewrites && !ends ? one->rewrites - 1 : 0);
  return write_step(writer, &one->after, title, last, ends);
}

static bool end(void *context, const TraceEnd *how) {
  Writer *writer = context;
  bool written = true;
  (void)how;
  if (writer->output.last && writer->any) {
    char title[300];
    step_title(&writer->last.step, title, sizeof title);
    written = write_step(writer, &writer->last.step.after, title, writer->last.step.number, false);
  }
  kept_step_free(&writer->last);
  free(writer);
  return written;
}

const TraceFormat TRACE_DOT = {"dot", begin_dot, step, end};
const TraceFormat TRACE_SVG = {"svg", begin_svg, step, end};
