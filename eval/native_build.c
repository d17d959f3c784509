#include "native_build.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// Large units are optimised less, which halves the time and costs a hundredth of the code's speed, and compiled by
// several processes. How many these are changes nothing about what the code does.
enum { LARGE_UNIT = 1 << 17, PART = 1 << 15, PARTS_LIMIT = 16 }; // bytes of C, and parts
static const char *const FLAGS[] = {"-O2",
                                    "-falign-functions=64",
                                    "-fPIC",
                                    "-shared",
                                    "-std=gnu11",
                                    "-fno-strict-aliasing",
                                    "-fno-semantic-interposition",
                                    "-fvisibility=hidden",
                                    "-pipe",
                                    "-w"};
static const char *const LARGE_FLAGS[] = {"-O1", "-foptimize-sibling-calls"}; // instead of the first
enum { FLAG_COUNT = sizeof FLAGS / sizeof *FLAGS, LARGE_COUNT = sizeof LARGE_FLAGS / sizeof *LARGE_FLAGS };

// Writes the flags for a unit behind the words that are there, and ends them.
static void add_flags(const char **words, size_t size) {
  bool large = size >= LARGE_UNIT;
  for (int i = 0; i < LARGE_COUNT && large; i++) *words++ = LARGE_FLAGS[i];
  for (int i = large; i < FLAG_COUNT; i++) *words++ = FLAGS[i];
  *words = NULL;
}

static int count_parts(size_t size) {
  cpu_set_t usable;
  size_t count = sched_getaffinity(0, sizeof usable, &usable) == 0 ? (size_t)CPU_COUNT(&usable) : 1;
  if (count > size / PART) count = size / PART;
  if (count > PARTS_LIMIT) count = PARTS_LIMIT;
  return size < LARGE_UNIT ? 1 : (int)count;
}

// Finding.

static bool is_program(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0;
}

static bool find_in_path(const char *name, Buffer *path) {
  const char *at = getenv("PATH");
  for (const char *end; at && *at; at = *end ? end + 1 : end) {
    end = strchrnul(at, ':');
    if (*at != '/') continue; // a compiler from the current folder is nobody's wish
    path->size = 0;
    buffer_format(path, "%.*s/%s", (int)(end - at), at, name);
    if (is_program(path->text)) return true;
  }
  return false;
}

bool compiler_find(Buffer *path, Buffer *reason) {
  const char *wanted = getenv("HVM_CC"), *name = wanted && *wanted ? wanted : "cc";
  if (!strchr(name, '/')) {
    if (find_in_path(name, path)) return true;
  } else if (is_program(name)) {
    char *absolute = *name == '/' ? NULL : getcwd(NULL, 0);
    buffer_format(path, "%s%s%s", absolute ? absolute : "", absolute ? "/" : "", name);
    free(absolute);
    return true;
  }
  buffer_format(reason, "there is no C compiler '%s'; install gcc or clang, or let HVM_CC name one", name);
  return false;
}

void compiler_describe(const char *path, size_t size, Buffer *out) {
  const char *flags[FLAG_COUNT + LARGE_COUNT + 1];
  struct stat about = {0};
  stat(path, &about);
  buffer_text(out, "// ");
  for (; *path; path++) buffer_char(out, (unsigned char)*path < ' ' ? '?' : *path);
  buffer_format(out, " %lld %lld.%09ld", (long long)about.st_size, (long long)about.st_mtim.tv_sec,
                about.st_mtim.tv_nsec);
  add_flags(flags, size);
  for (const char **flag = flags; *flag; flag++) buffer_format(out, " %s", *flag);
  buffer_char(out, '\n');
}

// Starting. A compiler process may take two minutes and 2 GiB: what needs more is better interpreted than that somebody
// else's memory goes. The shell waits for its background process, which does everything. When nobody wants to wait any
// longer, the shell is killed, and the background process goes on alone.

static const char SCRIPT[] = "umask 077\n"
                             "workshop=$1 module=$2 parts=$3\n"
                             "shift 3\n"
                             "TMPDIR=. && export TMPDIR\n"
                             "compile() {\n"
                             "  [ \"$parts\" -gt 1 ] || { \"$@\" -o unit.so unit.c; return; }\n"
                             "  part=0 running= failed=0\n"
                             "  while [ \"$part\" -lt \"$parts\" ]; do\n"
                             "    \"$@\" -DPARTS=\"$parts\" -DPART=\"$part\" -c -o \"$part.o\" unit.c &\n"
                             "    running=\"$running $!\" part=$((part + 1))\n"
                             "  done\n"
                             "  for process in $running; do wait \"$process\" || failed=1; done\n"
                             "  [ \"$failed\" = 0 ] && \"$@\" -o unit.so ./*.o\n"
                             "}\n"
                             "{ ulimit -t 120; ulimit -v 2097152\n"
                             "  compile \"$@\" && { [ -s unit.so ] || { echo 'it made nothing' >&2; false; }; } && "
                             "cat unit.so unit.c >module.so && "
                             "mv -fT module.so \"../$module\"\n"
                             "  rm -rf \"../$workshop\"; } &\n"
                             "echo >&2\n" // from here on the shell may be killed
                             "wait\n";

enum { SAFE_DESCRIPTOR = 10, LOCK_DESCRIPTOR = 3 }; // from where on descriptors do not get into each other's way

static int start_shell(const char *const *words, int workshop, int messages, pid_t *process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t all, none;
  sigfillset(&all), sigemptyset(&none);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addfchdir_np(&actions, workshop);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, workshop, LOCK_DESCRIPTOR);
#if defined __GLIBC__ && __GLIBC_PREREQ(2, 34) // a pipe that somebody reads to its end must not wait for a compiler
  posix_spawn_file_actions_addclosefrom_np(&actions, LOCK_DESCRIPTOR + 1);
#endif
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  int error = posix_spawn(process, "/bin/sh", &actions, &attributes, (char *const *)(uintptr_t)words, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

// The first line is the shell's.
static void hear_start(int messages) {
  char first = 0;
  while (first != '\n') {
    ssize_t count = read(messages, &first, 1);
    if (count == 0 || (count < 0 && errno != EINTR)) return;
  }
}

bool compiler_start(Compiler *compiler, const char *path, size_t size, int workshop, const char *workshop_name,
                    const char *module_name, Buffer *reason) {
  char parts[16];
  snprintf(parts, sizeof parts, "%d", count_parts(size));
  const char *words[8 + FLAG_COUNT + LARGE_COUNT + 1] = {"sh",          "-c",        SCRIPT, "sh",
                                                         workshop_name, module_name, parts,  path};
  add_flags(words + 8, size);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    buffer_format(reason, "cannot make a pipe: %s", strerror(errno));
    return false;
  }
  int folder = fcntl(workshop, F_DUPFD_CLOEXEC, SAFE_DESCRIPTOR);
  int messages = fcntl(ends[1], F_DUPFD_CLOEXEC, SAFE_DESCRIPTOR);
  int error = folder < 0 || messages < 0 ? errno : start_shell(words, folder, messages, &compiler->process);
  if (folder >= 0) close(folder);
  if (messages >= 0) close(messages);
  close(ends[1]);
  compiler->messages = ends[0];
  if (error == 0) {
    hear_start(ends[0]);
    return true;
  }
  buffer_format(reason, "cannot start a shell for the C compiler: %s", strerror(error));
  close(ends[0]);
  return false;
}

void compiler_leave(Compiler *compiler) {
  kill(compiler->process, SIGKILL);
  while (waitpid(compiler->process, NULL, 0) < 0 && errno == EINTR) continue;
  close(compiler->messages);
}
