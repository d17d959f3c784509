// Messages of the language server protocol on two streams: a header that ends with an empty line, and as many bytes of
// JSON as it says.
#ifndef HVM_EDITOR_MESSAGE_H
#define HVM_EDITOR_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct {
  int descriptor;
  char *bytes; // read, but not yet used
  size_t start, end, capacity;
} Input;

typedef enum { MESSAGE_GOOD, MESSAGE_BAD, MESSAGE_END } MessageStatus;

// Waits for the next message. MESSAGE_BAD: it is no JSON, is too large, or its header says no length; the next call
// goes on behind it.
MessageStatus message_read(Input *input, json_t **message);
// Whether bytes of a further message are there already, so that answers that nobody asked for can wait.
bool message_waits(Input *input);
// False when the stream is closed. Takes the message.
bool message_write(FILE *out, json_t *message);

// Parts of messages; all take NULL and the wrong type of JSON for "not there".
const char *json_text_at(const json_t *object, const char *key); // NULL
int64_t json_number_at(const json_t *object, const char *key, int64_t otherwise);
// A string of bytes that should be UTF-8; what is not becomes U+FFFD.
json_t *json_clean(const char *text, size_t size);

#endif
