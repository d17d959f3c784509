// The lines that `hvm repl` reads: from a terminal with libedit, with history and completion, else as they come.
#ifndef HVM_CLI_REPL_H
#define HVM_CLI_REPL_H

#include "cli.h"

void input_begin(const hvm_runtime *names); // whose names are completed; NULL: of none
void input_names(const hvm_runtime *names);
void input_end(void);
bool input_is_terminal(void);
char *input_line(const char *prompt); // without its newline, the caller frees it; NULL at the end
void input_remember(const char *text);

#endif
