#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "editor/format.h"

typedef struct {
  bool check, colour;
  int status;
} Formatting;

static void report(const Diagnostics *diagnostics, bool colour) {
  Buffer text = {0};
  for (size_t i = 0; i < diagnostics->list.count; i++) diagnostic_render(&text, &diagnostics->list.items[i], colour);
  fflush(stdout);
  if (text.size) fwrite(text.text, 1, text.size, stderr);
  buffer_free(&text);
}

// Closes the descriptor. False: errno says why.
static bool write_all(int descriptor, const Buffer *text) {
  int error = 0;
  for (size_t at = 0; at < text->size && !error;) {
    ssize_t size = write(descriptor, text->text + at, text->size - at);
    if (size >= 0)
      at += (size_t)size;
    else if (errno != EINTR)
      error = errno;
  }
  if (!error && ftruncate(descriptor, (off_t)text->size) != 0) error = errno; // of what was longer
  if (close(descriptor) != 0 && !error) error = errno;
  errno = error;
  return !error;
}

// Into the file itself, where no other one may take its place. Room is made first: what does not fit is not begun.
static bool overwrite(const char *path, const Buffer *text, off_t old_size) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  int error = text->size > (size_t)old_size ? posix_fallocate(descriptor, 0, (off_t)text->size) : 0;
  if (error) {
    if (ftruncate(descriptor, old_size) == 0) error = error == EINVAL ? EFBIG : error;
    close(descriptor);
    errno = error;
    return false;
  }
  return write_all(descriptor, text);
}

// The new text appears as a whole, beside the file and then in its place. Where nothing may be made beside it, or
// nothing may take its place, the file is written; a text for which there is no room leaves the file as it was.
static bool replace_file(const char *path, const Buffer *text) {
  struct stat information;
  char *target = realpath(path, NULL), *beside = NULL;
  if (!target || stat(target, &information) != 0) return free(target), false;
  int descriptor = output_beside(target, &beside);
  bool good = false, impossible = descriptor < 0;
  if (!impossible) {
    if (fchmod(descriptor, information.st_mode & 07777) != 0)
      impossible = true, close(descriptor);
    else if (write_all(descriptor, text))
      good = rename(beside, target) == 0, impossible = !good;
    int error = errno;
    if (!good) unlink(beside);
    errno = error;
  }
  if (impossible && errno != ENOSPC && errno != EDQUOT) good = overwrite(target, text, information.st_size);
  free(beside);
  free(target);
  return good;
}

static void use(Formatting *to, const char *path, const char *old, size_t old_size, const Buffer *text) {
  bool standard = strcmp(path, "-") == 0;
  bool same = text->size == old_size && (!old_size || memcmp(text->text, old, old_size) == 0);
  if (to->check) {
    if (same) return;
    printf("%s\n", standard ? "<stdin>" : path);
    to->status = EXIT_ERROR;
  } else if (standard) {
    if (text->size) fwrite(text->text, 1, text->size, stdout);
  } else if (!same && !replace_file(path, text)) {
    output_error(to->colour, "cannot write the file '%s': %s", path, strerror(errno));
    to->status = EXIT_ERROR;
  }
}

static void format_file(Formatting *to, const char *path) {
  size_t size;
  char *text = source_read(path, &size);
  if (!text || size >= UINT32_MAX - 16) {
    if (text) output_error(to->colour, "%s: larger than 4 GiB", path);
    free(text);
    to->status = EXIT_ERROR;
    return;
  }
  char *ended = realloc(text, size + 1);
  if (!ended) memory_exhausted();
  ended[size] = 0;
  Source source;
  Diagnostics diagnostics = {0};
  Buffer out = {0};
  source_init(&source, strcmp(path, "-") == 0 ? "<stdin>" : path, ended, size);
  if (format_source(&source, &diagnostics, &out)) {
    use(to, path, ended, size, &out);
  } else {
    report(&diagnostics, to->colour);
    to->status = EXIT_ERROR;
  }
  buffer_free(&out);
  diagnostics_free(&diagnostics);
  source_free(&source);
  free(ended);
}

static const struct option LONG_OPTIONS[] = {{"check", no_argument, NULL, 'n'},
                                             {"color", required_argument, NULL, OPTION_COLOUR},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

static int format(const Command *command, int count, char **words) {
  Formatting to = {.status = EXIT_OK};
  Colour colour = COLOUR_AUTO;
  for (int code; (code = option_next(command, count, words, ":nhV", LONG_OPTIONS)) != -1;) {
    if (code == '?') return EXIT_USAGE;
    if (code == 'h') return output_help(command);
    if (code == 'V') return output_version();
    if (code == 'n') to.check = true;
    if (code == OPTION_COLOUR && !option_colour(command, optarg, &colour)) return EXIT_USAGE;
  }
  to.colour = output_colour(colour);
  if (optind == count) return usage_error(command, "nothing to format: give a file, or - for standard input");
  for (int i = optind; i < count; i++) format_file(&to, words[i]);
  return to.status;
}

static const char HELP[] =
    "hvm fmt: writes programs in the one style\n"
    "\n"
    "usage: hvm fmt [OPTION…] FILE…\n"
    "\n"
    "Each file is replaced by its formatted text; - reads standard input and writes standard output. Meaning and "
    "comments\n"
    "stay as they are. A file with syntax errors is left alone.\n"
    "\n"
    "options:\n"
    "  -n, --check       changes nothing, and prints the names of the files that are not formatted\n"
    "      --color WHEN  colours messages: auto (default), always or never\n"
    "  -h, --help        shows this help\n"
    "  -V, --version     shows the version\n"
    "\n"
    "exit status: 0 when all is formatted, 1 with errors or when --check found something, 2 when the command line is\n"
    "wrong\n"
    "\n"
    "examples:\n"
    "  hvm fmt main.hvm\n"
    "  hvm fmt --check lib/*.hvm\n"
    "  hvm fmt - <main.hvm\n";

const Command COMMAND_FORMAT = {"fmt", NULL, "writes programs in the one style", HELP, format, "hvm fmt"};
