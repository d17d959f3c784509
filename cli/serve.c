#include "cli.h"

#include <stdio.h>
#include <unistd.h>

#include "editor/server.h"

static const struct option LONG_OPTIONS[] = {{"stdio", no_argument, NULL, 's'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

static int serve(const Command *command, int count, char **words) {
  for (int code; (code = option_next(command, count, words, ":hV", LONG_OPTIONS)) != -1;) {
    if (code == '?') return EXIT_USAGE;
    if (code == 'h') return output_help(command);
    if (code == 'V') return output_version();
  }
  if (optind < count) return usage_error(command, "the language server takes no files");
  return server_run(STDIN_FILENO, stdout);
}

static const char HELP[] =
    "hvm lsp: the language server, for editors\n"
    "\n"
    "usage: hvm lsp\n"
    "\n"
    "Speaks the language server protocol on standard input and output: diagnostics with fixes, hover, definition,\n"
    "references, symbols, completion, rename, formatting, folding, semantic tokens, signatures, and hints where "
    "variables\n"
    "are cloned.\n"
    "\n"
    "options:\n"
    "      --stdio    accepted: some clients say it\n"
    "  -h, --help     shows this help\n"
    "  -V, --version  shows the version\n"
    "\n"
    "exit status: 0 when the client ended it in order, 1 when the connection broke, 2 when the command line is wrong\n";

const Command COMMAND_SERVE = {"lsp", NULL, "the language server, for editors", HELP, serve, "hvm lsp"};
