// Containers, names, source texts and diagnostics: lang/memory, intern, source, diagnostic.
#include "lang/diagnostic.h"
#include "lang/intern.h"
#include "unit.h"

static void arena_memory_is_zeroed_aligned_and_disjoint(void) {
  enum { COUNT = 3000 };
  static unsigned char *blocks[COUNT];
  static size_t sizes[COUNT];
  Arena arena = {0};
  UnitRandom random = {1};
  bool aligned = true, zeroed = true, kept = true;
  for (size_t i = 0; i < COUNT; i++) {
    sizes[i] = i % 500 == 7 ? 100000 + i : unit_below(&random, 300);
    blocks[i] = arena_alloc(&arena, sizes[i]);
    aligned = aligned && (uintptr_t)blocks[i] % 16 == 0;
    for (size_t k = 0; k < sizes[i]; k++) zeroed = zeroed && blocks[i][k] == 0;
    memset(blocks[i], (int)(i % 251) + 1, sizes[i]);
  }
  for (size_t i = 0; i < COUNT; i++)
    for (size_t k = 0; k < sizes[i]; k++) kept = kept && blocks[i][k] == i % 251 + 1;
  CHECK(aligned);
  CHECK(zeroed);
  CHECK(kept);
  arena_free(&arena);
  CHECK(arena.last == NULL);
  CHECK(arena_alloc(&arena, 0) != NULL);
  arena_free(&arena);
  arena_free(&arena);
}

static void arena_texts_are_copies_with_an_end(void) {
  Arena arena = {0};
  char original[] = "abc\0def";
  char *copy = arena_text(&arena, original, 7);
  original[0] = 'x';
  CHECK(memcmp(copy, "abc\0def", 8) == 0);
  CHECK_TEXT(arena_text(&arena, NULL, 0), "");
  CHECK_TEXT(arena_format(&arena, "%s-%d", "n", 42), "n-42");
  CHECK_TEXT(arena_format(&arena, "%s", ""), "");
  arena_free(&arena);
}

static void buffer_grows_and_stays_terminated(void) {
  Buffer buffer = {0};
  for (int i = 0; i < 100000; i++) {
    buffer_char(&buffer, (char)('a' + i % 26));
    if (buffer.text[buffer.size] != 0 || buffer.size >= buffer.capacity) CHECK_SAY(false, "no end after %d", i);
  }
  CHECK_NUMBER(buffer.size, 100000);
  CHECK(buffer.text[99999] == 'a' + 99999 % 26);
  buffer_free(&buffer);
  CHECK(buffer.text == NULL && buffer.size == 0 && buffer.capacity == 0);
  buffer_text(&buffer, "");
  CHECK_TEXT(buffer.text, "");
  buffer_number(&buffer, 0);
  buffer_char(&buffer, ' ');
  buffer_number(&buffer, UINT64_MAX);
  buffer_format(&buffer, " %05d %s", 42, "é");
  buffer_add(&buffer, "xyz", 1);
  CHECK_TEXT(buffer.text, "0 18446744073709551615 00042 éx");
  buffer.size = 0;
  char large[5000];
  memset(large, 'q', sizeof large - 1);
  large[sizeof large - 1] = 0;
  buffer_format(&buffer, "%s%s", large, large);
  CHECK_NUMBER(buffer.size, 2 * (sizeof large - 1));
  CHECK_NUMBER(strlen(buffer.text), buffer.size);
  buffer_free(&buffer);
}

static void arrays_keep_their_items_as_they_grow(void) {
  ARRAY(uint32_t) numbers = {0};
  for (uint32_t i = 0; i < 100000; i++) ARRAY_PUSH(&numbers, i * i);
  bool same = true;
  for (uint32_t i = 0; i < 100000; i++) same = same && numbers.items[i] == i * i;
  CHECK(same);
  CHECK_NUMBER(numbers.count, 100000);
  CHECK(numbers.capacity >= numbers.count);
  size_t capacity = numbers.capacity;
  ARRAY_RESERVE(&numbers, 10);
  CHECK_NUMBER(numbers.capacity, capacity);
  ARRAY_RESERVE(&numbers, 1000000);
  CHECK(numbers.capacity >= 1000000 && numbers.count == 100000);
  ARRAY_FREE(&numbers);
  CHECK(numbers.items == NULL && numbers.count == 0 && numbers.capacity == 0);
}

static void interning_numbers_names_in_order_of_appearance(void) {
  enum { COUNT = 100000 };
  Interner interner = {0};
  Arena arena = {0};
  char name[32];
  CHECK_NUMBER(intern_find(&interner, "x", 1), UINT32_MAX);
  bool ordered = true, stable = true, found = true, texts = true;
  for (uint32_t i = 0; i < COUNT; i++) {
    int size = snprintf(name, sizeof name, "Name.%u", i * 7919u);
    ordered = ordered && intern(&interner, &arena, name, (size_t)size) == i;
  }
  for (uint32_t i = COUNT; i-- > 0;) {
    int size = snprintf(name, sizeof name, "Name.%u", i * 7919u);
    stable = stable && intern(&interner, &arena, name, (size_t)size) == i;
    found = found && intern_find(&interner, name, (size_t)size) == i;
    const InternedText *text = &interner.texts.items[i];
    texts = texts && text->size == (uint32_t)size && unit_same_text(text->text, name);
  }
  CHECK(ordered);
  CHECK(stable);
  CHECK(found);
  CHECK(texts);
  CHECK_NUMBER(interner.texts.count, COUNT);
  CHECK_NUMBER(intern_find(&interner, "Name.", 5), UINT32_MAX);
  CHECK_NUMBER(intern(&interner, &arena, "", 0), COUNT);
  CHECK_NUMBER(intern(&interner, &arena, "a\0b", 3), COUNT + 1);
  CHECK_NUMBER(intern(&interner, &arena, "a\0c", 3), COUNT + 2);
  CHECK_NUMBER(intern(&interner, &arena, "a", 1), COUNT + 3);
  intern_free(&interner);
  arena_free(&arena);
}

static void every_code_point_survives_encoding_and_decoding(void) {
  Buffer buffer = {0};
  uint32_t wrong = 0;
  for (uint32_t code = 0; code <= 0x10FFFF; code++) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    uint32_t decoded = 0;
    buffer.size = 0;
    buffer_code_point(&buffer, code);
    size_t expected = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    size_t size = source_decode(buffer.text, buffer.size, 0, &decoded);
    if (size != expected || size != buffer.size || decoded != code) wrong++;
    if (expected > 1 && source_decode(buffer.text, buffer.size - 1, 0, &decoded)) wrong++;
  }
  CHECK_NUMBER(wrong, 0);
  buffer_free(&buffer);
}

static void malformed_utf8_is_told(void) {
  static const char *const bad[] = {"\x80",
                                    "\xBF",
                                    "\xC0\x80",
                                    "\xC1\xBF",
                                    "\xC2",
                                    "\xC2\x41",
                                    "\xC2\xC2",
                                    "\xE0\x80\x80",
                                    "\xE0\x9F\xBF",
                                    "\xED\xA0\x80",
                                    "\xED\xBF\xBF",
                                    "\xE2\x82",
                                    "\xE2\x28\xA1",
                                    "\xE2\x82\x28",
                                    "\xF0\x80\x80\x80",
                                    "\xF0\x8F\xBF\xBF",
                                    "\xF4\x90\x80\x80",
                                    "\xF5\x80\x80\x80",
                                    "\xF0\x9F\x98",
                                    "\xFE",
                                    "\xFF",
                                    "\xF8\x88\x80\x80\x80",
                                    "\xFC\x84\x80\x80\x80\x80"};
  uint32_t code = 0;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK_SAY(source_decode(bad[i], strlen(bad[i]), 0, &code) == 0, "malformed sequence %zu is accepted", i);
  CHECK_NUMBER(source_decode("", 0, 0, &code), 0);
  CHECK_NUMBER(source_decode("\0", 1, 0, &code), 1);
  CHECK_NUMBER(code, 0);
  CHECK_NUMBER(source_decode("aλb", 4, 1, &code), 2);
  CHECK_NUMBER(code, 0x3BB);
  CHECK_NUMBER(source_decode("\xF4\x8F\xBF\xBF", 4, 0, &code), 4);
  CHECK_NUMBER(code, 0x10FFFF);
}

static void check_place(const Source *source, uint32_t offset, uint32_t line, uint32_t column) {
  Place place = source_place(source, offset);
  CHECK_SAY(place.line == line && place.column == column, "offset %u is at %u:%u, not %u:%u", offset, place.line,
            place.column, line, column);
}

static void check_line(const Source *source, uint32_t line, const char *expected) {
  Span span = source_line(source, line);
  CHECK_SAY(span.end - span.start == strlen(expected) &&
                memcmp(source->text + span.start, expected, strlen(expected)) == 0,
            "line %u is '%.*s', not '%s'", line, (int)(span.end - span.start), source->text + span.start, expected);
}

static void places_count_code_points_and_lines(void) {
  static const char text[] = "ab\r\nλx\tz\n\n\nend";
  Source source;
  source_init(&source, "p", text, sizeof text - 1);
  check_place(&source, 0, 1, 1);
  check_place(&source, 2, 1, 3);
  check_place(&source, 4, 2, 1);
  check_place(&source, 6, 2, 2);
  check_place(&source, 7, 2, 3);
  check_place(&source, 8, 2, 4);
  check_place(&source, 9, 2, 5);
  check_place(&source, 10, 3, 1);
  check_place(&source, 11, 4, 1);
  check_place(&source, 12, 5, 1);
  check_place(&source, 15, 5, 4);
  check_place(&source, 1000, 5, 4);
  check_line(&source, 1, "ab");
  check_line(&source, 2, "λx\tz");
  check_line(&source, 3, "");
  check_line(&source, 5, "end");
  source_free(&source);
  source_init(&source, "empty", "", 0);
  check_place(&source, 0, 1, 1);
  check_line(&source, 1, "");
  source_free(&source);
  source_init(&source, "ends", "a\n", 2);
  check_place(&source, 2, 2, 1);
  check_line(&source, 2, "");
  source_free(&source);
}

static void a_byte_order_mark_is_no_column(void) {
  Source source;
  source_init(&source, "p", "\xEF\xBB\xBFMain = 1\r\nλ", 15);
  check_place(&source, 0, 1, 1);
  check_place(&source, 3, 1, 1);
  check_place(&source, 4, 1, 2);
  check_place(&source, 13, 2, 1);
  source_free(&source);
}

static void check_rendering(const char *path, const char *text, Span span, Severity severity, const char *hint,
                            const char *expected) {
  Source source;
  Diagnostics all = {0};
  Buffer out = {0};
  source_init(&source, path, text, strlen(text));
  Diagnostic *diagnostic = diagnostic_add(&all, severity, &source, span, "%s", "what");
  if (hint) diagnostic_hint(&all, diagnostic, "%s", hint);
  diagnostic_render(&out, diagnostic, false);
  CHECK_TEXT(out.text, expected);
  buffer_free(&out);
  diagnostics_free(&all);
  source_free(&source);
}

static void diagnostics_underline_their_span(void) {
  check_rendering("main.hvm", "Main =\n  (Pair x z)\n", (Span){17, 18}, SEVERITY_ERROR, "did you mean 'x'?",
                  "main.hvm:2:11: error: what\n"
                  "  2 |   (Pair x z)\n"
                  "    |           ^\n"
                  "    = hint: did you mean 'x'?\n");
  check_rendering("m", "\tλλ ab\r\nx", (Span){6, 8}, SEVERITY_WARNING, NULL,
                  "m:1:5: warning: what\n"
                  "  1 |  λλ ab\n"
                  "    |     ^^\n");
  check_rendering("m", "\xEF\xBB\xBFMain = x", (Span){10, 11}, SEVERITY_ERROR, NULL,
                  "m:1:8: error: what\n"
                  "  1 | Main = x\n"
                  "    |        ^\n");
  // at the end of the text, of a line, and over several lines
  check_rendering("m", "Main = ", (Span){7, 7}, SEVERITY_ERROR, NULL,
                  "m:1:8: error: what\n"
                  "  1 | Main = \n"
                  "    |        ^\n");
  check_rendering("m", "ab\ncd\n", (Span){1, 5}, SEVERITY_ERROR, NULL,
                  "m:1:2: error: what\n"
                  "  1 | ab\n"
                  "    |  ^\n");
  check_rendering("m",
                  "a\x01"
                  "b\x7F",
                  (Span){2, 3}, SEVERITY_ERROR, NULL,
                  "m:1:3: error: what\n"
                  "  1 | a.b.\n"
                  "    |   ^\n");
  check_rendering("m",
                  "a\xFF"
                  "b",
                  (Span){1, 2}, SEVERITY_ERROR, NULL,
                  "m:1:2: error: what\n"
                  "  1 | a�b\n"
                  "    |  ^\n");
}

static void the_gutter_is_as_wide_as_the_line_number(void) {
  Buffer text = {0};
  for (int i = 0; i < 99; i++) buffer_char(&text, '\n');
  buffer_text(&text, "bad");
  check_rendering("m", text.text, (Span){99, 102}, SEVERITY_ERROR, "try",
                  "m:100:1: error: what\n"
                  "  100 | bad\n"
                  "      | ^^^\n"
                  "      = hint: try\n");
  buffer_free(&text);
}

static void diagnostics_without_a_place_show_no_line(void) {
  Source source;
  Diagnostics all = {0};
  Buffer out = {0};
  source_init(&source, "main.hvm", "a\nb", 3);
  Diagnostic *diagnostic = diagnostic_add(&all, SEVERITY_ERROR, NULL, (Span){0, 0}, "number %d", 7);
  diagnostic_render(&out, diagnostic, false);
  diagnostic = diagnostic_add(&all, SEVERITY_WARNING, &source, (Span){0, 0}, "whole");
  diagnostic->placed = false;
  diagnostic_hint(&all, diagnostic, "do %s", "it");
  diagnostic_render(&out, diagnostic, false);
  diagnostic = diagnostic_add(&all, SEVERITY_ERROR, &source, (Span){2, 3}, "second");
  diagnostic_note(&all, diagnostic, &source, (Span){0, 1}, "first %s", "here");
  diagnostic_render(&out, diagnostic, false);
  CHECK_TEXT(out.text, "hvm: error: number 7\n"
                       "main.hvm: warning: whole\n"
                       "    = hint: do it\n"
                       "main.hvm:2:1: error: second\n"
                       "  2 | b\n"
                       "    | ^\n"
                       "    = note: first here (main.hvm:1:1)\n"
                       "  1 | a\n"
                       "    | ^\n");
  CHECK_NUMBER(all.errors, 2);
  CHECK_NUMBER(all.warnings, 1);
  buffer_free(&out);
  diagnostics_free(&all);
  CHECK(all.list.count == 0 && all.errors == 0);
  source_free(&source);
}

static void colours_only_add_escapes(void) {
  Source source;
  Diagnostics all = {0};
  Buffer plain = {0}, coloured = {0};
  source_init(&source, "m", "abc", 3);
  Diagnostic *diagnostic = diagnostic_add(&all, SEVERITY_ERROR, &source, (Span){1, 2}, "what");
  diagnostic_hint(&all, diagnostic, "hint");
  diagnostic_render(&plain, diagnostic, false);
  diagnostic_render(&coloured, diagnostic, true);
  CHECK(strchr(plain.text, '\x1b') == NULL);
  CHECK(coloured.size > plain.size);
  char *to = coloured.text;
  for (const char *from = coloured.text; *from;) {
    if (*from == '\x1b') {
      while (*from != 'm') from++;
      from++;
    } else
      *to++ = *from++;
  }
  *to = 0;
  CHECK_TEXT(coloured.text, plain.text);
  buffer_free(&plain);
  buffer_free(&coloured);
  diagnostics_free(&all);
  source_free(&source);
}

static void very_long_lines_are_shown_in_part(void) {
  Source source;
  Diagnostics all = {0};
  Buffer text = {0}, out = {0};
  for (int i = 0; i < 20000; i++) buffer_text(&text, i == 12345 ? "X" : "λ");
  source_init(&source, "m", text.text, text.size);
  Diagnostic *diagnostic = diagnostic_add(&all, SEVERITY_ERROR, &source, (Span){2 * 12345, 2 * 12345 + 1}, "what");
  diagnostic_render(&out, diagnostic, false);
  CHECK(out.size < 1000);
  CHECK(strncmp(out.text, "m:1:12346: error: what\n", 23) == 0);
  // The mark stands below the X.
  const char *line = strchr(out.text, '\n') + 1, *under = strchr(line, '\n') + 1;
  size_t x = 0, mark = 0;
  for (const char *at = line; *at != 'X' && *at != '\n'; at++) x += (*at & 0xC0) != 0x80;
  for (const char *at = under; *at != '^' && *at != '\n'; at++) mark += (*at & 0xC0) != 0x80;
  CHECK_NUMBER(mark, x);
  CHECK(strchr(line, 'X') != NULL && strchr(under, '^') != NULL);
  buffer_free(&text);
  buffer_free(&out);
  diagnostics_free(&all);
  source_free(&source);
}

static void sorting_is_by_place_and_stable(void) {
  enum { COUNT = 5000 };
  Source source;
  Diagnostics all = {0};
  UnitRandom random = {7};
  source_init(&source, "m", "text", 4);
  for (uint32_t i = 0; i < COUNT; i++) {
    uint32_t at = unit_below(&random, 100);
    if (at == 99)
      diagnostic_add(&all, SEVERITY_ERROR, NULL, (Span){0, 0}, "%u", i);
    else
      diagnostic_add(&all, SEVERITY_ERROR, &source, (Span){at, at}, "%u", i);
  }
  diagnostics_sort(&all);
  bool sorted = true, stable = true;
  for (size_t i = 1; i < all.list.count; i++) {
    const Diagnostic *a = &all.list.items[i - 1], *b = &all.list.items[i];
    uint32_t x = a->source ? a->span.start : UINT32_MAX, y = b->source ? b->span.start : UINT32_MAX;
    sorted = sorted && x <= y;
    stable = stable && (x != y || strtoul(a->message, NULL, 10) < strtoul(b->message, NULL, 10));
  }
  CHECK(sorted);
  CHECK(stable);
  CHECK_NUMBER(all.list.count, DIAGNOSTIC_LIMIT);
  CHECK_NUMBER(all.dropped, COUNT - DIAGNOSTIC_LIMIT);
  CHECK_NUMBER(all.errors + all.warnings, COUNT);
  diagnostics_free(&all);
  source_free(&source);
}

static void sizes_have_units(void) {
  static const struct {
    const char *text;
    uint64_t bytes;
  } good[] = {{"0", 0},
              {"1000", 1000},
              {"64K", 64 << 10},
              {"512m", 512 << 20},
              {"8G", UINT64_C(8) << 30},
              {"3T", UINT64_C(3) << 40},
              {"16777215T", UINT64_C(16777215) << 40},
              {"18446744073709551615", UINT64_MAX}};
  static const char *const bad[] = {
      "", "K", "-1", " 1", "1 ", "1KB", "1Q", "1.5G", "0x10", "1e3", "lots", "16777216T", "18446744073709551616"};
  uint64_t bytes;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    CHECK(memory_parse_size(good[i].text, &bytes));
    CHECK_NUMBER(bytes, good[i].bytes);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(!memory_parse_size(bad[i], &bytes));
}

int main(void) {
  arena_memory_is_zeroed_aligned_and_disjoint();
  arena_texts_are_copies_with_an_end();
  buffer_grows_and_stays_terminated();
  arrays_keep_their_items_as_they_grow();
  interning_numbers_names_in_order_of_appearance();
  every_code_point_survives_encoding_and_decoding();
  malformed_utf8_is_told();
  places_count_code_points_and_lines();
  a_byte_order_mark_is_no_column();
  diagnostics_underline_their_span();
  the_gutter_is_as_wide_as_the_line_number();
  diagnostics_without_a_place_show_no_line();
  colours_only_add_escapes();
  very_long_lines_are_shown_in_part();
  sorting_is_by_place_and_stable();
  sizes_have_units();
  return unit_finish();
}
