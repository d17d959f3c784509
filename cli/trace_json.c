// One JSON object a line; docs/trace.md describes them.
#include "trace.h"

#include <jansson.h>
#include <stdlib.h>

static void *begin(const TraceOutput *output) {
  TraceOutput *writer = malloc(sizeof *writer);
  if (writer) *writer = *output;
  return writer;
}

// Ranges count characters, that is code points.
static json_t *ranges_json(const hvm_picture *picture) {
  json_t *all = json_array();
  size_t at = 0, characters = 0;
  for (size_t i = 0; i < picture->range_count; i++) {
    json_t *pair = json_array();
    size_t ends[2] = {picture->ranges[i].start, picture->ranges[i].end};
    for (int k = 0; k < 2; k++) {
      for (; at < ends[k]; at++) characters += (picture->text[at] & 0xC0) != 0x80;
      json_array_append_new(pair, json_integer((json_int_t)characters));
    }
    json_array_append_new(all, pair);
  }
  return all;
}

static bool write_line(FILE *out, json_t *object) {
  bool written = json_dumpf(object, out, JSON_COMPACT) == 0 && putc('\n', out) != EOF;
  json_decref(object);
  return written;
}

static bool step(void *context, const hvm_step *one) {
  static const char *const parts[] = {"call", "begins", "ends"};
  const TraceOutput *writer = context;
  json_t *object = json_object();
  json_object_set_new(object, "step", json_integer((json_int_t)one->number));
  if (one->part != HVM_STEP_BEGINS) json_object_set_new(object, "rewrites", json_integer((json_int_t)one->rewrites));
  json_object_set_new(object, "rule", json_string(one->rule));
  if (one->strict) json_object_set_new(object, "strict", json_string(parts[one->part]));
  if (one->left) json_object_set_new(object, "left", json_string(one->left));
  if (one->depth) {
    json_object_set_new(object, "depth", json_integer(one->depth));
    json_object_set_new(object, "parent", json_integer((json_int_t)one->parent));
  }
  if (one->path) {
    json_object_set_new(object, "path", json_string(one->path));
    json_object_set_new(object, "line", json_integer(one->line));
    json_object_set_new(object, "index", json_integer(one->index));
  } else {
    json_object_set_new(object, "line", json_null());
  }
  if (one->part != HVM_STEP_ENDS) {
    json_object_set_new(object, "before", json_stringn_nocheck(one->before.text, one->before.size));
    json_object_set_new(object, "redex", ranges_json(&one->before));
  }
  if (one->part != HVM_STEP_BEGINS) {
    json_object_set_new(object, "term", json_stringn_nocheck(one->after.text, one->after.size));
    json_object_set_new(object, "contractum", ranges_json(&one->after));
  }
  return write_line(writer->out, object);
}

static bool end(void *context, const TraceEnd *how) {
  TraceOutput *writer = context;
  const char *why = how->cut ? "cut" : how->status == HVM_OK ? "result" : how->status == HVM_STOPPED ? "to" : "error";
  json_t *object = json_object();
  json_object_set_new(object, "end", json_string(why));
  json_object_set_new(object, "rewrites", json_integer((json_int_t)how->rewrites));
  json_object_set_new(object, "shown", json_integer((json_int_t)how->shown));
  if (how->result) json_object_set_new(object, "result", json_string_nocheck(how->result));
  bool written = write_line(writer->out, object);
  free(writer);
  return written;
}

const TraceFormat TRACE_JSONL = {"jsonl", begin, step, end};
