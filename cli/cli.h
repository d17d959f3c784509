// The command `hvm`: a thin layer on lib/hvm.h.
//
// main.c        finds the subcommand in COMMANDS and calls it
// run.c check.c compile.c format.c serve.c one subcommand each: its options, its help text, its work
// trace.h       trace, and run -d
// repl.c        repl: the commands; repl_input.c: the line editor
// reduction.c   what run shares with the programs that compile makes
// program.c     the command line of such a program
// compiler.c    the C compiler for compile
// runtime.c     an object file with the library and program.c, from which programs are made
// options.c     what subcommands share of option parsing; all complaints about a command line end with status 2
// output.c      everything that is written: messages, results, help, and whether standard output took it
// statistics.c  -c and --stats
// profile.c     --profile
// interrupt.c   Ctrl-C and SIGTERM
// source.c      programs from files and from standard input
//
// A subcommand returns the exit status of the process. No other function exits.
#ifndef HVM_CLI_H
#define HVM_CLI_H

#include "lib/hvm.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { EXIT_OK = 0, EXIT_ERROR = 1, EXIT_USAGE = 2 };

typedef struct Command Command;
struct Command {
  const char *name, *alias; // alias may be NULL
  const char *summary;      // one line for the list of commands
  const char *help;         // the whole help text
  // words[0] is the subcommand's name; the words may be reordered.
  int (*run)(const Command *command, int count, char **words);
  const char *call; // as what a user calls it
};

extern const Command COMMAND_RUN, COMMAND_TRACE, COMMAND_REPL, COMMAND_COMPILE, COMMAND_CHECK, COMMAND_FORMAT,
    COMMAND_SERVE;

typedef enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } Colour;

// options.c

// The next option as getopt_long does it, at the end -1. A faulty option is reported, then '?' is returned.
// Option letters must begin with ':'.
int option_next(const Command *command, int count, char **words, const char *letters, const struct option *names);
// Codes of long options without a letter.
enum {
  OPTION_COLOUR = 256,
  OPTION_STATS,
  OPTION_JSON,
  OPTION_DEMAND,
  OPTION_EXPLAIN,
  OPTION_STEPS,
  OPTION_CHECK_THREADS,
  OPTION_STRICT,
  OPTION_NATIVE,
  OPTION_SHARING,
  OPTION_EMIT_C,
  OPTION_PROFILE
};
// Each parses one option's value; false after a report.
bool option_boolean(const Command *command, const char *text, bool *value);
bool option_memory(const Command *command, const char *text, uint64_t *bytes);
bool option_threads(const Command *command, const char *text, unsigned *threads);
bool option_colour(const Command *command, const char *text, Colour *colour);
bool option_strict(const Command *command, const char *text, bool *graph_only);
bool option_sharing(const Command *command, const char *text, hvm_sharing *sharing);
bool option_native(const Command *command, const char *text, hvm_native *native);
// HVM1 wrote `-c true`: joins such a pair into one word. Returns the new count.
int option_join_boolean(int count, char **words, const char *letter, const char *name);
// Reports a wrong command line; command may be NULL. Returns EXIT_USAGE.
int usage_error(const Command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

// process.c

// At the start of main: a closed pipe will be an error message, not a silent death; the three standard streams exist,
// so that no file that is opened later is mistaken for one of them.
void process_prepare(void);

// output.c

bool output_colour(Colour colour);                       // whether messages are coloured
void output_messages(hvm_runtime *runtime, bool colour); // prints all diagnostics and forgets them
void output_error(bool colour, const char *format, ...) __attribute__((format(printf, 2, 3)));
void output_error_list(bool colour, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
void output_warning(bool colour, const char *format, ...) __attribute__((format(printf, 2, 3)));
void output_note(bool colour, const char *format, ...) __attribute__((format(printf, 2, 3)));
int output_version(void);
int output_help(const Command *command);
int output_lost(FILE *file); // why something of it could not be written, as in errno; 0: nothing is lost
// Flushes standard output. If anything written to it was lost, says so and returns EXIT_ERROR, else status.
int output_finish(int status);
// A new file beside the one at that path, to take its place when it is written: its descriptor, and its name, which the
// caller frees. Nobody else may read it. -1: there can be none, errno says why, and the name is NULL.
int output_beside(const char *path, char **name);

// source.c

bool source_is_file(const char *word); // "-", a name that ends in .hvm, or an existing file
bool source_has_suffix(const char *word);
hvm_status source_load(hvm_runtime *runtime, const char *path); // "-" is standard input
// The text of a file or of standard input, which the caller frees; NULL after a report.
char *source_read(const char *path, size_t *size);

// reduction.c

typedef struct {
  hvm_options settings;
  bool cost, json;
  const char *picture; // where the profile is drawn; NULL: nowhere
  Colour colour;
} Reduction;
// Letters and long options of a reduction, for option_next, and what one of them sets; false after a report.
#define REDUCTION_LETTERS "c::s:t:hV"
// clang-format off
#define REDUCTION_OPTIONS \
  {"cost", optional_argument, NULL, 'c'}, \
  {"stats", required_argument, NULL, OPTION_STATS}, \
  {"profile", optional_argument, NULL, OPTION_PROFILE}, \
  {"memory", required_argument, NULL, 's'}, \
  {"threads", required_argument, NULL, 't'}, \
  {"strict", required_argument, NULL, OPTION_STRICT}, \
  {"native", required_argument, NULL, OPTION_NATIVE}, \
  {"sharing", required_argument, NULL, OPTION_SHARING}, \
  {"color", required_argument, NULL, OPTION_COLOUR}, \
  {"help", no_argument, NULL, 'h'}, \
  {"version", no_argument, NULL, 'V'}, \
  {NULL, 0, NULL, 0}
// clang-format on
bool reduction_option(const Command *command, Reduction *reduction, int code, const char *value);
// A new runtime; NULL after a report.
hvm_runtime *reduction_begin(const Reduction *reduction);
// Reduces the expression, or Main when it is NULL, prints what is to be printed, frees the runtime. Status: of loading.
// Name: of the program, for the profile's title; NULL: it has none.
int reduction_end(const Reduction *reduction, hvm_runtime *runtime, hvm_status status, const char *name,
                  const char *expression);

// compiler.c

// Compiles and links a C file and an object file with everything a program needs; false after a report. The output
// appears when it is complete, in the place of what was there.
bool compiler_link(const char *source, size_t size, const char *output, bool colour);

// runtime.c

// An object file with everything that a program needs beside its text and its machine code.
extern const unsigned char runtime_object[], runtime_object_end[];

// statistics.c

void statistics_cost(const hvm_statistics *statistics);
void statistics_json(const hvm_runtime *runtime, const hvm_statistics *statistics);

// profile.c

// counted: the rewrites are all counted, since there was no machine code.
void profile_print(const hvm_profile *profile, bool counted);
// As an SVG; false: it could not be written.
bool profile_draw(const hvm_profile *profile, FILE *out, const char *title);

// interrupt.c

// From interrupt_catch on, an interrupt ends the process with a message and EXIT_ERROR; between interrupt_begin and
// interrupt_end it ends the reduction instead. A second one kills the process.
void interrupt_catch(void);
void interrupt_begin(hvm_runtime *runtime);
void interrupt_end(void);
// Between reductions: an interrupt does nothing, and the next one is a first one.
void interrupt_ignore(void);

// main.c

const Command *command_find(const char *name); // NULL: there is none
const Command *command_at(size_t index);       // NULL: past the last

#endif
