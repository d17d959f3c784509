// A page that shows all steps and works offline: the page of cli/html with the steps in it. A term is written as what
// changed from the one before.
#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

extern const char page_html[], page_html_end[], page_dagre[], page_dagre_end[];
__asm__(".pushsection .rodata\n"
        ".hidden page_html, page_html_end, page_dagre, page_dagre_end\n"
        ".global page_html, page_html_end, page_dagre, page_dagre_end\n"
        "page_html: .incbin \"cli/html/page.html\"\n"
        "page_html_end: .byte 0\n"
        "page_dagre: .incbin \"cli/html/dagre.min.js\"\n"
        "page_dagre_end: .byte 0\n"
        ".popsection\n");

static const char DAGRE_MARK[] = "/*DAGRE*/", DATA_MARK[] = "/*DATA*/";

typedef struct {
  TraceOutput output;
  char *term; // the last one that was written
  size_t size;
  bool any;
} Writer;

static size_t utf16_units(const char *text, size_t size) {
  size_t units = 0;
  for (size_t at = 0; at < size; at++) {
    units += (text[at] & 0xC0) != 0x80;
    units += (unsigned char)text[at] >= 0xF0;
  }
  return units;
}

// As JSON, which in a script must not contain its end.
static void write_string(FILE *out, const char *text, size_t size) {
  putc('"', out);
  for (size_t at = 0; at < size; at++) {
    unsigned char c = (unsigned char)text[at];
    if (c == '"' || c == '\\')
      putc('\\', out), putc(c, out);
    else if (c < 32 || c == '<' || c == '>')
      fprintf(out, "\\u%04x", c);
    else
      putc(c, out);
  }
  putc('"', out);
}

static void write_ranges(FILE *out, const hvm_picture *picture) {
  size_t at = 0, units = 0;
  putc('[', out);
  for (size_t i = 0; i < picture->range_count; i++) {
    hvm_range range = picture->ranges[i];
    units += utf16_units(picture->text + at, range.start - at);
    size_t length = utf16_units(picture->text + range.start, range.end - range.start);
    fprintf(out, "%s[%zu,%zu]", i ? "," : "", units, units + length);
    units += length;
    at = range.end;
  }
  putc(']', out);
}

// [units kept at the front, at the end, what stands between]
static void write_change(Writer *writer, const hvm_picture *picture) {
  size_t least = writer->size < picture->size ? writer->size : picture->size, front = 0, back = 0;
  while (front < least && writer->term[front] == picture->text[front]) front++;
  while (front > 0 && front < picture->size && (picture->text[front] & 0xC0) == 0x80) front--;
  while (front > 0 && front < writer->size && (writer->term[front] & 0xC0) == 0x80) front--;
  while (back < least - front && writer->term[writer->size - 1 - back] == picture->text[picture->size - 1 - back])
    back++;
  while (back > 0 && (picture->text[picture->size - back] & 0xC0) == 0x80) back--;
  fprintf(writer->output.out, "[%zu,%zu,", utf16_units(picture->text, front),
          utf16_units(picture->text + picture->size - back, back));
  write_string(writer->output.out, picture->text + front, picture->size - back - front);
  putc(']', writer->output.out);
}

static void keep(Writer *writer, const hvm_picture *picture) {
  writer->term = realloc(writer->term, picture->size + 1);
  if (!writer->term) abort();
  memcpy(writer->term, picture->text, picture->size);
  writer->size = picture->size;
}

static void *begin(const TraceOutput *output) {
  Writer *writer = calloc(1, sizeof *writer);
  if (!writer) return NULL;
  writer->output = *output;
  const char *dagre = strstr(page_html, DAGRE_MARK), *data = strstr(page_html, DATA_MARK);
  FILE *out = output->out;
  fwrite(page_html, 1, (size_t)(dagre - page_html), out);
  fwrite(page_dagre, 1, (size_t)(page_dagre_end - page_dagre), out);
  dagre += sizeof DAGRE_MARK - 1;
  fwrite(dagre, 1, (size_t)(data - dagre), out);
  fputs("{\"title\":", out);
  write_string(out, output->program, strlen(output->program));
  return writer;
}

static bool step(void *context, const hvm_step *one) {
  Writer *writer = context;
  FILE *out = writer->output.out;
  if (!writer->any) {
    fputs(",\"first\":", out);
    write_string(out, one->before.text, one->before.size);
    fputs(",\"steps\":[\n", out);
    keep(writer, &one->before);
  }
  fprintf(out, "%s[%" PRIu64 ",%" PRIu64 ",", writer->any ? ",\n" : "", one->number, one->rewrites);
  write_string(out, one->rule, strlen(one->rule));
  fprintf(out, ",%u,%u,", one->line, one->index);
  bool begins = one->part == HVM_STEP_BEGINS, ends = one->part == HVM_STEP_ENDS;
  bool same = writer->size == one->before.size && memcmp(writer->term, one->before.text, writer->size) == 0;
  if (ends || same) {
    putc('0', out);
  } else {
    write_change(writer, &one->before);
    keep(writer, &one->before);
  }
  putc(',', out);
  write_ranges(out, &one->before);
  putc(',', out);
  if (begins)
    putc('0', out);
  else
    write_change(writer, &one->after);
  putc(',', out);
  write_ranges(out, &one->after);
  if (one->strict || one->depth) { // how deep; 0: a step of another kind, 1: a strict call, 2: it begins, 3: it ends
    int kind = begins ? 2 : ends ? 3 : one->strict;
    fprintf(out, ",%u,%d,\"%s\"", one->depth, kind, ends ? strict_end_title(one->left) : "");
  }
  putc(']', out);
  if (!begins) keep(writer, &one->after);
  writer->any = true;
  return !ferror(out);
}

static bool end(void *context, const TraceEnd *how) {
  Writer *writer = context;
  FILE *out = writer->output.out;
  char text[128];
  if (how->cut)
    snprintf(text, sizeof text, "cut here after %" PRIu64 " steps: --steps shows more", how->limit);
  else
    snprintf(text, sizeof text, "%s",
             how->status == HVM_OK        ? "the end"
             : how->status == HVM_STOPPED ? "the rest was not asked for"
                                          : "the reduction failed here");
  if (!writer->any) fputs(",\"first\":\"\",\"steps\":[", out);
  fputs("\n],\"end\":", out);
  write_string(out, text, strlen(text));
  putc('}', out);
  const char *rest = strstr(page_html, DATA_MARK) + sizeof DATA_MARK - 1;
  fwrite(rest, 1, (size_t)(page_html_end - rest), out);
  fflush(out);
  bool written = !ferror(out);
  free(writer->term);
  free(writer);
  return written;
}

const TraceFormat TRACE_HTML = {"html", begin, step, end};
