#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RED = 31, YELLOW = 33 }; // as the terminal numbers colours

bool output_colour(Colour colour) {
  if (colour != COLOUR_AUTO) return colour == COLOUR_ALWAYS;
  const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return isatty(STDERR_FILENO) && !(no && *no) && !(terminal && strcmp(terminal, "dumb") == 0);
}

// What the program has written so far comes before the messages when both go to one terminal.
void output_messages(hvm_runtime *runtime, bool colour) {
  fflush(stdout);
  fputs(hvm_messages(runtime, colour), stderr);
  hvm_clear_diagnostics(runtime);
}

static void report(const char *severity, int colour, const char *format, va_list arguments) {
  if (colour)
    fprintf(stderr, "\x1b[1mhvm:\x1b[0m \x1b[1;%dm%s:\x1b[0m \x1b[1m", colour, severity);
  else
    fprintf(stderr, "hvm: %s: ", severity);
  vfprintf(stderr, format, arguments);
  fputs(colour ? "\x1b[0m\n" : "\n", stderr);
}

void output_error(bool colour, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report("error", colour ? RED : 0, format, arguments);
  va_end(arguments);
}

void output_warning(bool colour, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report("warning", colour ? YELLOW : 0, format, arguments);
  va_end(arguments);
}

int output_version(void) {
  puts("hvm " HVM_VERSION);
  return EXIT_OK;
}

int output_help(const Command *command) {
  fputs(command->help, stdout);
  return EXIT_OK;
}

int output_finish(int status) {
  bool failed = ferror(stdout) != 0;
  int reason = 0;
  if (fflush(stdout) != 0) {
    failed = true;
    reason = errno;
  }
  if (!failed) return status;
  // What could not be written is dropped, so that it is reported once.
  __fpurge(stdout);
  clearerr(stdout);
  output_error(false, "cannot write to standard output%s%s", reason ? ": " : "", reason ? strerror(reason) : "");
  return status ? status : EXIT_ERROR;
}
