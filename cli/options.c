#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 4096 };
static const uint64_t MEMORY_MIN = UINT64_C(1) << 20;

static void hint(const Command *command) {
  if (command)
    fprintf(stderr, "  = hint: '%s --help' shows how it is used\n", command->call);
  else
    fputs("  = hint: 'hvm --help' shows how it is used\n", stderr);
}

int usage_error(const Command *command, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  output_error_list(false, format, arguments);
  va_end(arguments);
  hint(command);
  return EXIT_USAGE;
}

static const char *long_name(const struct option *names, int code) {
  for (; names->name; names++)
    if (names->val == code) return names->name;
  return "";
}

// getopt_long leaves the place of a faulty word to be guessed: a long option is behind us, a letter that others follow
// in the same word is not.
static void report_faulty(const Command *command, int code, int count, char **words, const struct option *names) {
  int letter = optopt;
  const char *behind = words[optind > 0 ? optind - 1 : 0];
  if (code == ':' && letter < 256 && strncmp(behind, "--", 2) != 0)
    usage_error(command, "option '-%c' needs a value", letter);
  else if (code == ':')
    usage_error(command, "option '%s' needs a value", behind);
  else if (letter == 0)
    usage_error(command, "unknown option '%s'", behind);
  else if (strncmp(behind, "--", 2) == 0 && *long_name(names, letter))
    usage_error(command, "option '--%s' takes no value", long_name(names, letter));
  else if (isdigit(letter))
    usage_error(command, "unknown option '-%c'; write '--' before an expression that begins with '-'", letter);
  else if (letter < 128 && isprint(letter))
    usage_error(command, "unknown option '-%c'", letter);
  else
    usage_error(command, "unknown option '%s'", optind < count ? words[optind] : behind);
}

int option_next(const Command *command, int count, char **words, const char *letters, const struct option *names) {
  opterr = 0;
  int code = getopt_long(count, words, letters, names, NULL);
  if (code != '?' && code != ':') return code;
  report_faulty(command, code, count, words, names);
  return '?';
}

int option_join_boolean(int count, char **words, const char *letter, const char *name) {
  int kept = 0;
  for (int i = 0; i < count; i++) {
    char *word = words[i];
    if (strcmp(word, "--") == 0) { // what follows is no option
      while (i < count) words[kept++] = words[i++];
      break;
    }
    bool joins = strcmp(word, letter) == 0 || strcmp(word, name) == 0;
    const char *next = joins && i + 1 < count ? words[i + 1] : "";
    if (strcmp(next, "true") == 0)
      i++;
    else if (strcmp(next, "false") == 0)
      i++, word = "--cost=false";
    words[kept++] = word;
  }
  words[kept] = NULL;
  return kept;
}

bool option_boolean(const Command *command, const char *text, bool *value) {
  if (text && *text == '=') text++; // -c=true
  if (!text || strcmp(text, "true") == 0)
    *value = true;
  else if (strcmp(text, "false") == 0)
    *value = false;
  else
    return usage_error(command, "'%s' is neither true nor false", text), false;
  return true;
}

static bool parse_number(const char *text, uint64_t *number, const char **end) {
  if (!isdigit((unsigned char)*text)) return false;
  char *stop;
  errno = 0;
  unsigned long long value = strtoull(text, &stop, 10);
  *number = value;
  *end = stop;
  return errno == 0;
}

bool option_memory(const Command *command, const char *text, uint64_t *bytes) {
  uint64_t number;
  if (!hvm_parse_size(text, &number))
    return usage_error(command, "'%s' is no memory size; sizes look like 512M or 8G", text), false;
  if (number < MEMORY_MIN)
    return usage_error(command, "a memory size of %s is too small; it must be 1M or more", text), false;
  *bytes = number;
  return true;
}

bool option_threads(const Command *command, const char *text, unsigned *threads) {
  const char *end;
  uint64_t number;
  if (!parse_number(text, &number, &end) || *end || number < 1 || number > THREADS_MAX)
    return usage_error(command, "'%s' is no number of threads from 1 to %d", text, THREADS_MAX), false;
  *threads = (unsigned)number;
  return true;
}

bool option_colour(const Command *command, const char *text, Colour *colour) {
  static const char *const names[] = {"auto", "always", "never"};
  for (int i = 0; i < 3; i++) {
    if (strcmp(text, names[i]) == 0) {
      *colour = (Colour)i;
      return true;
    }
  }
  return usage_error(command, "--color takes auto, always or never, not '%s'", text), false;
}

bool option_strict(const Command *command, const char *text, bool *graph_only) {
  *graph_only = strcmp(text, "off") == 0;
  if (*graph_only || strcmp(text, "on") == 0) return true;
  return usage_error(command, "--strict takes on or off, not '%s'", text), false;
}

bool option_native(const Command *command, const char *text, hvm_native *native) {
  static const char *const names[] = {"auto", "on", "off"};
  for (int i = 0; i < 3; i++) {
    if (strcmp(text, names[i]) == 0) {
      *native = (hvm_native)i;
      return true;
    }
  }
  return usage_error(command, "--native takes auto, on or off, not '%s'", text), false;
}

bool option_sharing(const Command *command, const char *text, hvm_sharing *sharing) {
  *sharing = strcmp(text, "need") == 0 ? HVM_SHARING_NEED : HVM_SHARING_OPTIMAL;
  if (*sharing == HVM_SHARING_NEED || strcmp(text, "optimal") == 0) return true;
  return usage_error(command, "--sharing takes optimal or need, not '%s'", text), false;
}
