#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// RUNTIME_LIBS: what must be linked beside the runtime's object file, words in quotes with commas behind them.

extern char **environ;

static const char SOURCE_NAME[] = "program.c", OBJECT_NAME[] = "runtime.o";
enum { NOT_FOUND = 127 };

// An interrupt ends the compiler; we then clean up and end like after an error.
static volatile sig_atomic_t interrupted;
static volatile pid_t compiler;

static void interrupt(int signal_number) {
  interrupted = 1;
  if (compiler > 0) kill(compiler, signal_number);
}

static void catch_interrupts(void) {
  struct sigaction action = {.sa_handler = interrupt};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
}

// Paths. A folder of our own, and a file beside the output, so that it takes the output's place at once.

typedef struct {
  char *folder, *source, *object, *output;
} Paths;

static char *join(const char *left, const char *right) {
  char *all = NULL;
  return asprintf(&all, "%s%s", left, right) < 0 ? NULL : all;
}

static bool write_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wbx");
  if (!file) return false;
  bool written = fwrite(bytes, 1, size, file) == size;
  return (fclose(file) == 0) && written;
}

static bool make_output(Paths *paths, const char *output) {
  int file = output_beside(output, &paths->output);
  if (file < 0) return false;
  mode_t mask = umask(0);
  umask(mask);
  fchmod(file, 0777 & ~mask);
  close(file);
  return true;
}

static bool make_folder(Paths *paths) {
  const char *parent = getenv("TMPDIR");
  char *folder = join(parent && *parent ? parent : "/tmp", "/hvm-XXXXXX");
  if (!folder || !mkdtemp(folder)) {
    free(folder);
    return false;
  }
  paths->folder = folder;
  char *inside = join(folder, "/");
  paths->source = inside ? join(inside, SOURCE_NAME) : NULL;
  paths->object = inside ? join(inside, OBJECT_NAME) : NULL;
  free(inside);
  return paths->source && paths->object;
}

static void remove_file(char *path) {
  if (path) unlink(path);
  free(path);
}

static void clean_up(Paths *paths) {
  remove_file(paths->source);
  remove_file(paths->object);
  remove_file(paths->output);
  if (paths->folder) rmdir(paths->folder);
  free(paths->folder);
}

// The exit status of the compiler.
static int run_compiler(const char *name, const Paths *paths) {
  // clang-format off
  const char *const words[] = {name, "-O2", "-std=gnu11", "-falign-functions=64", "-fno-strict-aliasing", "-w", "-pipe", "-s",
                               "-o", paths->output, paths->source, paths->object,
                               RUNTIME_LIBS "-lm", "-lpthread", "-ldl", NULL};
  // clang-format on
  pid_t process;
  int status;
  int error = posix_spawnp(&process, name, NULL, NULL, (char *const *)(uintptr_t)words, environ);
  if (error) {
    errno = error;
    return NOT_FOUND;
  }
  compiler = process;
  if (interrupted) kill(process, SIGTERM);
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  compiler = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_ERROR;
}

static bool link_in(const Paths *paths, const char *output, bool colour) {
  const char *wanted = getenv("HVM_CC"), *name = wanted && *wanted ? wanted : "cc";
  struct stat made;
  errno = 0;
  int status = run_compiler(name, paths);
  if (interrupted)
    output_error(colour, "interrupted");
  else if (status == NOT_FOUND && errno == ENOENT)
    output_error(colour, "there is no C compiler '%s'; install gcc or clang, or let HVM_CC name one", name);
  else if (status == NOT_FOUND)
    output_error(colour, "cannot run the C compiler '%s': %s", name, strerror(errno));
  else if (status != 0)
    output_error(colour, "the C compiler '%s' failed", name);
  else if (stat(paths->output, &made) != 0 || made.st_size == 0)
    output_error(colour, "the C compiler '%s' made nothing", name);
  else if (rename(paths->output, output) != 0)
    output_error(colour, "cannot write '%s': %s", output, strerror(errno));
  else
    return true;
  return false;
}

bool compiler_link(const char *source, size_t size, const char *output, bool colour) {
  Paths paths = {0};
  bool linked = false;
  catch_interrupts();
  if (!make_output(&paths, output))
    output_error(colour, "cannot write '%s': %s", output, strerror(errno));
  else if (!make_folder(&paths) || !write_file(paths.source, source, size) ||
           !write_file(paths.object, runtime_object, (size_t)(runtime_object_end - runtime_object)))
    output_error(colour, "cannot write temporary files: %s", strerror(errno));
  else
    linked = link_in(&paths, output, colour);
  clean_up(&paths);
  return linked;
}
