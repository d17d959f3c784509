#include "message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lang/memory.h"
#include "lang/source.h"

enum { HEADER_LIMIT = 1 << 16, CHUNK = 1 << 16 };
static const size_t BODY_LIMIT = (size_t)1 << 30;

static bool fill(Input *input) {
  if (input->start) {
    memmove(input->bytes, input->bytes + input->start, input->end - input->start);
    input->end -= input->start;
    input->start = 0;
  }
  if (input->capacity - input->end < CHUNK)
    input->bytes = memory_grow(input->bytes, &input->capacity, input->end + CHUNK, 1);
  ssize_t got;
  do got = read(input->descriptor, input->bytes + input->end, input->capacity - input->end);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  input->end += (size_t)got;
  return true;
}

// The next line of the header, without its end and NUL-terminated in place; NULL at the end of the stream.
static char *read_line(Input *input) {
  size_t seen = 0;
  for (;;) {
    char *start = input->bytes + input->start;
    size_t count = input->end - input->start;
    char *end = count > seen ? memchr(start + seen, '\n', count - seen) : NULL;
    if (!end && count > HEADER_LIMIT) end = start + count - 1; // rubbish
    if (end) {
      input->start += (size_t)(end - start) + 1;
      if (end > start && end[-1] == '\r') end--;
      *end = 0;
      return start;
    }
    seen = count;
    if (!fill(input)) return NULL;
  }
}

static bool skip(Input *input, size_t size) {
  while (size) {
    if (input->start == input->end && !fill(input)) return false;
    size_t part = input->end - input->start < size ? input->end - input->start : size;
    input->start += part;
    size -= part;
  }
  return true;
}

MessageStatus message_read(Input *input, json_t **message) {
  size_t length = 0;
  bool known = false, any = false;
  *message = NULL;
  for (char *line;;) {
    if (!(line = read_line(input))) return MESSAGE_END;
    if (!*line && !any) continue; // empty lines between messages
    if (!*line) break;
    any = true;
    char *end;
    if (strncasecmp(line, "Content-Length:", 15) != 0) continue;
    errno = 0;
    length = strtoull(line + 15, &end, 10);
    known = !errno && end > line + 15 && !*end;
  }
  if (!known) return MESSAGE_BAD;
  if (length > BODY_LIMIT) return skip(input, length) ? MESSAGE_BAD : MESSAGE_END;
  while (input->end - input->start < length)
    if (!fill(input)) return MESSAGE_END;
  *message = json_loadb(input->bytes + input->start, length, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
  input->start += length;
  return *message ? MESSAGE_GOOD : MESSAGE_BAD;
}

bool message_waits(Input *input) {
  if (input->start < input->end) return true;
  struct pollfd poll_for = {.fd = input->descriptor, .events = POLLIN};
  return poll(&poll_for, 1, 0) > 0 && (poll_for.revents & POLLIN);
}

bool message_write(FILE *out, json_t *message) {
  char *text = json_dumps(message, JSON_COMPACT);
  json_decref(message);
  if (!text) return true; // cannot be: all strings are clean
  fprintf(out, "Content-Length: %zu\r\n\r\n%s", strlen(text), text);
  free(text);
  return fflush(out) == 0;
}

const char *json_text_at(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

int64_t json_number_at(const json_t *object, const char *key, int64_t otherwise) {
  const json_t *value = json_object_get(object, key);
  return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

json_t *json_clean(const char *text, size_t size) {
  json_t *value = json_stringn(text, size);
  if (value) return value;
  Buffer clean = {0};
  uint32_t code;
  for (size_t at = 0, step; at < size; at += step ? step : 1) {
    step = source_decode(text, size, at, &code);
    if (step)
      buffer_add(&clean, text + at, step);
    else
      buffer_text(&clean, "\xEF\xBF\xBD");
  }
  value = json_stringn(clean.text, clean.size);
  buffer_free(&clean);
  return value;
}
