#include "cli.h"

#include <errno.h>
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
  if (stat(word, &information) != 0) return false;
  // A folder may happen to be called like a name in an expression; a path to one was meant as a file.
  return !S_ISDIR(information.st_mode) || strchr(word, '/');
}

// A larger program is an error, which the library reports; input need not end.
static const size_t INPUT_MAX = UINT32_MAX;

// All of a file, or more than INPUT_MAX of it, which the caller frees; NULL when it cannot be read.
static char *read_all(FILE *file, size_t *size) {
  size_t capacity = 1 << 16, count = 0;
  char *text = malloc(capacity);
  while (text) {
    count += fread(text + count, 1, capacity - count, file);
    if (count < capacity || count > INPUT_MAX) break;
    char *grown = realloc(text, capacity *= 2);
    if (!grown) free(text);
    text = grown;
  }
  if (text && ferror(file)) {
    free(text);
    text = NULL;
  }
  *size = count;
  return text;
}

char *source_read(const char *path, size_t *size) {
  bool named = strcmp(path, "-") != 0;
  FILE *file = named ? fopen(path, "rb") : stdin;
  char *text = file ? read_all(file, size) : NULL;
  if (!text && named) output_error(false, "cannot read the file '%s': %s", path, strerror(errno));
  if (!text && !named) output_error(false, "cannot read standard input: %s", strerror(errno));
  if (file && named) fclose(file);
  return text;
}

hvm_status source_load(hvm_runtime *runtime, const char *path) {
  if (strcmp(path, "-") != 0) return hvm_load_file(runtime, path);
  size_t size;
  char *text = source_read(path, &size);
  if (!text) return HVM_UNREADABLE;
  hvm_status status = hvm_load_text(runtime, "<stdin>", text, size);
  free(text);
  return status;
}
