#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lang/memory.h"

enum { RED = 31, YELLOW = 33, BLUE = 34 }; // as the terminal numbers colours

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
  Buffer message = {0}, shown = {0};
  if (colour)
    buffer_format(&shown, "\x1b[1mhvm:\x1b[0m \x1b[1;%dm%s:\x1b[0m \x1b[1m", colour, severity);
  else
    buffer_format(&shown, "hvm: %s: ", severity);
  buffer_vformat(&message, format, arguments);
  buffer_printable(&shown, message.text);
  buffer_text(&shown, colour ? "\x1b[0m\n" : "\n");
  fwrite(shown.text, 1, shown.size, stderr);
  buffer_free(&message);
  buffer_free(&shown);
}

void output_error_list(bool colour, const char *format, va_list arguments) {
  report("error", colour ? RED : 0, format, arguments);
}

void output_error(bool colour, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  output_error_list(colour, format, arguments);
  va_end(arguments);
}

void output_warning(bool colour, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report("warning", colour ? YELLOW : 0, format, arguments);
  va_end(arguments);
}

void output_note(bool colour, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report("note", colour ? BLUE : 0, format, arguments);
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

int output_lost(FILE *file) {
  int reason = fflush(file) == 0 ? 0 : errno;
  if (!reason && !ferror(file)) return 0;
  // An earlier failure has left no reason, but the next byte fails as well.
  if (!reason && write(fileno(file), "\n", 1) < 0) reason = errno;
  return reason ? reason : EIO;
}

int output_finish(int status) {
  int reason = output_lost(stdout);
  if (!reason) return status;
  // What could not be written is dropped, so that it is reported once.
  __fpurge(stdout);
  clearerr(stdout);
  output_error(false, "cannot write to standard output: %s", strerror(reason));
  return status ? status : EXIT_ERROR;
}

int output_beside(const char *path, char **name) {
  for (unsigned number = (unsigned)getpid();; number++) {
    if (asprintf(name, "%s.%u", path, number) < 0) memory_exhausted();
    int descriptor = open(*name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor >= 0) return descriptor;
    int reason = errno;
    free(*name);
    *name = NULL;
    errno = reason;
    if (reason != EEXIST) return -1;
  }
}
