#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool source_has_suffix(const char *word) {
  size_t size = strlen(word);
  return size > 4 && strcmp(word + size - 4, ".hvm") == 0;
}

bool source_is_file(const char *word) {
  struct stat information;
  if (strcmp(word, "-") == 0 || source_has_suffix(word)) return true;
  return stat(word, &information) == 0 && !S_ISDIR(information.st_mode);
}

// The whole of standard input, which the caller frees; NULL when it cannot be read or is too large.
static char *read_input(size_t *size) {
  size_t capacity = 1 << 16, count = 0;
  char *text = malloc(capacity);
  while (text) {
    count += fread(text + count, 1, capacity - count, stdin);
    if (count < capacity) break;
    char *grown = capacity <= SIZE_MAX / 2 ? realloc(text, capacity *= 2) : NULL;
    if (!grown) free(text);
    text = grown;
  }
  if (text && ferror(stdin)) {
    free(text);
    text = NULL;
  }
  *size = count;
  return text;
}

hvm_status source_load(hvm_runtime *runtime, const char *path) {
  if (strcmp(path, "-") != 0) return hvm_load_file(runtime, path);
  size_t size;
  char *text = read_input(&size);
  if (!text) {
    output_error(false, "cannot read standard input");
    return HVM_UNREADABLE;
  }
  hvm_status status = hvm_load_text(runtime, "<stdin>", text, size);
  free(text);
  return status;
}
