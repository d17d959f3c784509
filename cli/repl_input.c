#include "repl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dlfcn.h>
#include <editline/readline.h>

enum { HISTORY_LINES = 1000 };

// libedit and what it needs would make every start of hvm a quarter slower: only repl loads it. Without it, lines are
// read as they come.
#define SYMBOLS(X)                                                                                                     \
  X(readline)                                                                                                          \
  X(add_history)                                                                                                       \
  X(using_history)                                                                                                     \
  X(stifle_history)                                                                                                    \
  X(read_history)                                                                                                      \
  X(write_history)                                                                                                     \
  X(rl_initialize)                                                                                                     \
  X(rl_completion_matches)                                                                                             \
  X(rl_readline_name)                                                                                                  \
  X(rl_line_buffer)                                                                                                    \
  X(rl_attempted_completion_function)                                                                                  \
  X(rl_attempted_completion_over)                                                                                      \
  X(rl_completer_word_break_characters)                                                                                \
  X(rl_basic_word_break_characters)
#define DECLARE(symbol) __typeof__(&symbol) symbol;
static struct {
  SYMBOLS(DECLARE)
  bool loaded;
} edit;

static void load_editor(void) {
  void *library = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!library) library = dlopen("libedit.so", RTLD_NOW | RTLD_LOCAL);
  edit.loaded = library != NULL;
#define LOAD(symbol)                                                                                                   \
  if (edit.loaded) *(void **)(void *)&edit.symbol = dlsym(library, #symbol);                                           \
  edit.loaded = edit.loaded && edit.symbol;
  SYMBOLS(LOAD)
}

static const hvm_runtime *completed; // whose names are completed
static size_t complete_at;

bool input_is_terminal(void) { return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO); }

static const char *const COMMANDS[] = {":load", ":reload", ":info", ":trace", ":step", ":stats", ":help", ":quit"};

// The next name that begins so: first those of commands, then those of the program.
static char *next_name(const char *text, int state) {
  enum { COUNT = sizeof COMMANDS / sizeof *COMMANDS };
  if (!state) complete_at = 0;
  size_t size = strlen(text);
  for (; complete_at < COUNT; complete_at++)
    if (size && strncmp(COMMANDS[complete_at], text, size) == 0) return strdup(COMMANDS[complete_at++]);
  hvm_name_info info;
  while (completed && hvm_name_at(completed, complete_at++ - COUNT, &info))
    if (info.name[0] >= 'A' && info.name[0] <= 'Z' && strncmp(info.name, text, size) == 0) return strdup(info.name);
  return NULL;
}

static char **complete(const char *text, int start, int end) {
  (void)end;
  if (start > 0 && strncmp(*edit.rl_line_buffer, ":load ", 6) == 0) return NULL; // files, as it does anyway
  *edit.rl_attempted_completion_over = 1;
  return edit.rl_completion_matches(text, next_name);
}

static void history_path(char *path, size_t size) {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  *path = 0;
  if (state && *state == '/')
    snprintf(path, size, "%s/hvm_history", state);
  else if (home && *home == '/')
    snprintf(path, size, "%s/.hvm_history", home);
}

void input_begin(const hvm_runtime *names) {
  static char break_characters[] = " \t\n()[]{},\"";
  char path[512];
  completed = names;
  if (input_is_terminal()) load_editor();
  if (!edit.loaded) return;
  *edit.rl_readline_name = "hvm";
  edit.rl_initialize();
  edit.using_history();
  edit.stifle_history(HISTORY_LINES);
  *edit.rl_attempted_completion_function = complete;
  *edit.rl_completer_word_break_characters = break_characters;
  *edit.rl_basic_word_break_characters = break_characters;
  history_path(path, sizeof path);
  if (*path) edit.read_history(path);
}

void input_names(const hvm_runtime *names) { completed = names; }

void input_end(void) {
  char path[512];
  history_path(path, sizeof path);
  if (!edit.loaded || !*path) return;
  mode_t mask = umask(0077);
  edit.write_history(path);
  umask(mask);
}

char *input_line(const char *prompt) {
  if (edit.loaded) return edit.readline(prompt);
  if (input_is_terminal()) fputs(prompt, stdout), fflush(stdout);
  char *line = NULL;
  size_t capacity = 0;
  ssize_t size = getline(&line, &capacity, stdin);
  if (size < 0) {
    free(line);
    return NULL;
  }
  if (size && line[size - 1] == '\n') line[size - 1] = 0;
  return line;
}

void input_remember(const char *text) {
  if (edit.loaded && *text) edit.add_history(text);
}
