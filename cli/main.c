#include "cli.h"

#include <stdio.h>
#include <string.h>

static const char HELP_HEAD[] = "hvm: runs programs of rewrite rules and λs, lazily and with optimal sharing\n"
                                "\n"
                                "usage: hvm COMMAND [OPTION…] [ARGUMENT…]\n"
                                "\n"
                                "commands:\n";
static const char HELP_TAIL[] = "  help COMMAND   shows what a command does and its options\n"
                                "\n"
                                "options:\n"
                                "  -h, --help     shows this help; after a command, the command's\n"
                                "  -V, --version  shows the version\n"
                                "\n"
                                "examples:\n"
                                "  hvm run main.hvm             reduces Main and prints its normal form\n"
                                "  hvm run main.hvm '(Fib 30)'  reduces an expression with the rules of a file\n"
                                "  hvm run '(* 6 7)'            needs no file\n"
                                "  hvm trace main.hvm           shows how it is reduced, step by step\n"
                                "  hvm check main.hvm           only looks for mistakes\n"
                                "  hvm compile main.hvm         makes the program 'main'\n";

static const Command *const COMMANDS[] = {&COMMAND_RUN,   &COMMAND_TRACE,  &COMMAND_REPL, &COMMAND_COMPILE,
                                          &COMMAND_CHECK, &COMMAND_FORMAT, &COMMAND_SERVE};

const Command *command_at(size_t index) { return index < sizeof COMMANDS / sizeof *COMMANDS ? COMMANDS[index] : NULL; }

const Command *command_find(const char *name) {
  const Command *command;
  for (size_t i = 0; (command = command_at(i)); i++)
    if (strcmp(command->name, name) == 0 || (command->alias && strcmp(command->alias, name) == 0)) return command;
  return NULL;
}

static int help_all(void) {
  fputs(HELP_HEAD, stdout);
  const Command *command;
  for (size_t i = 0; (command = command_at(i)); i++) {
    char name[32];
    snprintf(name, sizeof name, "%s%s%s", command->name, command->alias ? ", " : "",
             command->alias ? command->alias : "");
    printf("  %-14s %s\n", name, command->summary);
  }
  fputs(HELP_TAIL, stdout);
  return EXIT_OK;
}

static int help(int count, char **words) {
  if (count > 2) return usage_error(NULL, "help takes one command");
  if (count < 2 || strcmp(words[1], "help") == 0) return help_all();
  const Command *command = command_find(words[1]);
  return command ? output_help(command) : usage_error(NULL, "no command '%s' to help with", words[1]);
}

static int unknown(const char *word) {
  if (word[0] == '-' && word[1]) return usage_error(NULL, "unknown option '%s'", word);
  if (source_is_file(word)) return usage_error(NULL, "a command is missing; did you mean 'hvm run %s'?", word);
  if (strchr("([{\"`@", word[0])) return usage_error(NULL, "a command is missing; did you mean hvm run '%s'?", word);
  return usage_error(NULL, "unknown command '%s'", word);
}

static int dispatch(int count, char **words) {
  if (count < 2) return usage_error(NULL, "a command is missing");
  const char *word = words[1];
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return help_all();
  if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) return output_version();
  if (strcmp(word, "help") == 0) return help(count - 1, words + 1);
  const Command *command = command_find(word);
  return command ? command->run(command, count - 1, words + 1) : unknown(word);
}

int main(int count, char **words) {
  process_prepare();
  return output_finish(dispatch(count, words));
}
