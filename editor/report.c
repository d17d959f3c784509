#include "scope.h"
#include "server.h"

enum { SEVERITY_IS_ERROR = 1, SEVERITY_IS_WARNING = 2, SEVERITY_IS_HINT = 4, TAG_UNNECESSARY = 1 };
enum { UNUSED_LIMIT = 1000 };

// An editor shows no line below the message, so a place behind a line's end is widened to the character before it.
static Span visible(const Source *source, Span span) {
  if (span.start < span.end || !source->size) return span;
  if (span.end < source->size && source->text[span.end] != '\n') return (Span){span.start, span.end + 1};
  uint32_t start = span.start;
  while (start && strchr(" \t\r\n", source->text[start - 1])) start--;
  if (!start) return span;
  span.end = start--;
  while (start && ((unsigned char)source->text[start] & 0xC0) == 0x80) start--;
  span.start = start;
  return span;
}

static json_t *diagnostic_json(const Document *document, const Diagnostic *diagnostic) {
  const Source *source = &document->source;
  Buffer message = {0};
  buffer_text(&message, diagnostic->message);
  if (diagnostic->hint) buffer_format(&message, "\n%s", diagnostic->hint);
  Span span = diagnostic->placed ? visible(source, diagnostic->span) : (Span){0, 0};
  int severity = diagnostic->severity == SEVERITY_ERROR ? SEVERITY_IS_ERROR : SEVERITY_IS_WARNING;
  json_t *object = json_pack("{s:o, s:i, s:s, s:o}", "range", json_range(source, span), "severity", severity, "source",
                             "hvm", "message", json_clean(message.text, message.size));
  if (diagnostic->note && diagnostic->note_source == source) {
    json_t *related = json_pack("{s:o, s:o}", "location", json_location(document, diagnostic->note_span), "message",
                                json_clean(diagnostic->note, strlen(diagnostic->note)));
    json_object_set_new(object, "relatedInformation", json_pack("[o]", related));
  }
  buffer_free(&message);
  return object;
}

typedef struct {
  Document *document;
  json_t *array;
} ReportJob;

static json_t *unused_json(const Document *document, const Binder *binder) {
  char message[100];
  snprintf(message, sizeof message, "'%.60s' is not used", binder->name);
  return json_pack("{s:o, s:i, s:s, s:o, s:[i]}", "range", json_range(&document->source, binder->span), "severity",
                   SEVERITY_IS_HINT, "source", "hvm", "message", json_clean(message, strlen(message)), "tags",
                   TAG_UNNECESSARY);
}

// Variables that nothing uses: no mistakes, but shown pale.
static void add_unused(void *argument) {
  ReportJob *job = argument;
  const Pieces *pieces = &job->document->pieces;
  Bounds bounds = {0};
  for (size_t i = 0, shown = 0; i < pieces->count && shown < UNUSED_LIMIT; i++) {
    bounds.count = 0;
    if (pieces->items[i].rule) scope_bounds(pieces->items[i].rule, &bounds);
    for (size_t k = 0; k < bounds.count && shown < UNUSED_LIMIT; k++) {
      const Binder *binder = bounds.items[k].binder;
      if (binder->uses || binder->name[0] == '_') continue;
      shown++;
      json_array_append_new(job->array, unused_json(job->document, binder));
    }
  }
  ARRAY_FREE(&bounds);
}

json_t *report_diagnostics(Document *document) {
  ReportJob job = {document, json_array()};
  const Diagnostics *all = &document->program->diagnostics;
  for (size_t i = 0; i < all->list.count; i++)
    json_array_append_new(job.array, diagnostic_json(document, &all->list.items[i]));
  term_run_deep(add_unused, &job);
  return job.array;
}

// Edits that mend what a diagnostic says

typedef struct {
  Span span;
  char text[80], title[120];
} Fix;

static bool suggest(Fix *fix, Span span, const char *text, const char *title) {
  fix->span = span;
  snprintf(fix->text, sizeof fix->text, "%s", text);
  snprintf(fix->title, sizeof fix->title, "%s", title);
  return true;
}

static bool starts(const char *text, const char *with) { return text && strncmp(text, with, strlen(with)) == 0; }

// A rule and the end of its line.
static Span whole_lines(const Source *source, Span span) {
  while (span.end < source->size && strchr(" \t\r", source->text[span.end])) span.end++;
  if (span.end < source->size && source->text[span.end] == '\n') span.end++;
  return span;
}

static char closing(const char *message) { // expected a term or ')' to close the '(' of line 3, found …
  const char *at = strstr(message, "to close the '");
  return !at ? 0 : at[14] == '(' ? ')' : at[14] == '[' ? ']' : '}';
}

static bool fix_of(Document *document, const Diagnostic *diagnostic, Fix *fix) {
  const Source *source = &document->source;
  const char *message = diagnostic->message, *hint = diagnostic->hint ? diagnostic->hint : "";
  Span span = diagnostic->span;
  char name[60], title[110];
  if (sscanf(hint, "did you mean '%59[^']'?", name) == 1) {
    snprintf(title, sizeof title, "change to '%s'", name);
    return suggest(fix, span, name, title);
  }
  if (strcmp(hint, "comments start with //") == 0) return suggest(fix, span, "//", "begin the comment with //");
  if (strcmp(hint, "definitions are written with one '='") == 0 ||
      strcmp(hint, "definitions are written with '='") == 0)
    return suggest(fix, span, "=", "change to '='");
  if (strcmp(hint, "λ is written λ or @") == 0) return suggest(fix, span, "λ", "change to 'λ'");
  if (starts(hint, "put a space after the dot to bind")) {
    const char *dot = memchr(source->text + span.start, '.', span.end - span.start);
    uint32_t at = dot ? (uint32_t)(dot + 1 - source->text) : span.end;
    return suggest(fix, (Span){at, at}, " ", "put a space after the dot");
  }
  if (starts(message, "expected") && closing(message) && strstr(message, ", found ")) {
    uint32_t at = span.start; // behind what stands before the place
    while (at && strchr(" \t\r\n", source->text[at - 1])) at--;
    const Token *before = at ? document_token_at(document, at - 1) : NULL;
    if (!before || before->span.end < at) at = span.start; // a comment
    name[0] = closing(message), name[1] = 0;
    snprintf(title, sizeof title, "insert '%s'", name);
    return suggest(fix, (Span){at, at}, name, title);
  }
  bool useless = strstr(message, "this rule is ignored") || strstr(message, "never match");
  const Piece *piece = useless ? document_piece_at(document, span.start) : NULL;
  return piece && suggest(fix, whole_lines(source, piece->span), "", "remove the rule");
}

json_t *feature_actions(Server *server, const json_t *params) {
  Document *document = server->document;
  Span asked = json_span_at(&document->source, json_object_get(params, "range"));
  const Diagnostics *all = &document->program->diagnostics;
  json_t *actions = json_array();
  for (size_t i = 0; i < all->list.count; i++) {
    const Diagnostic *diagnostic = &all->list.items[i];
    Span span = visible(&document->source, diagnostic->span);
    Fix fix;
    if (!diagnostic->placed || span.end < asked.start || span.start > asked.end) continue;
    if (!fix_of(document, diagnostic, &fix)) continue;
    json_t *edits = json_object();
    json_object_set_new(edits, document->uri,
                        json_pack("[o]", json_edit(&document->source, fix.span, fix.text, strlen(fix.text))));
    json_array_append_new(
        actions, json_pack("{s:o, s:s, s:[o], s:{s:o}}", "title", json_clean(fix.title, strlen(fix.title)), "kind",
                           "quickfix", "diagnostics", diagnostic_json(document, diagnostic), "edit", "changes", edits));
  }
  return actions;
}
