// The built-in functions with effects, and strings between text and cells.
#include <errno.h>
#include <stdio_ext.h>
#include <time.h>

#include "machine.h"

bool machine_string(const Machine *machine, Buffer *out, Word term) {
  for (; word_key(term) == word_make(TAG_CTR, NAME_STRING_CONS, 0); term = machine->heap[word_location(term) + 1]) {
    Word code = machine->heap[word_location(term)];
    uint64_t value = number_value(code);
    if (word_tag(code) != TAG_NUM || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return false;
    buffer_code_point(out, (uint32_t)value);
  }
  return term == word_make(TAG_CTR, NAME_STRING_NIL, 0);
}

Word machine_make_string(Machine *machine, const char *text, size_t size) {
  Word nil = word_make(TAG_CTR, NAME_STRING_NIL, 0), first = nil;
  Location last = 0;
  for (size_t at = 0; at < size;) {
    uint32_t code = 0;
    size_t length = source_decode(text, size, at, &code);
    if (!length) length = 1, code = 0xFFFD;
    at += length;
    Location node = heap_alloc(machine, 2);
    machine->heap[node] = number_u60(code);
    machine->heap[node + 1] = nil;
    Word cons = word_make(TAG_CTR, NAME_STRING_CONS, node);
    if (last)
      machine->heap[last + 1] = cons;
    else
      first = cons;
    last = node;
  }
  return first;
}

// Fails with the built-in function that runs as what was being reduced.
static _Noreturn void fail_here(Machine *machine, MachineStatus status, const char *message) {
  char hint[128];
  snprintf(hint, sizeof hint, "while reducing a call of %.80s", machine->running);
  machine_fail(machine, status, NULL, hint, "%s", message);
}

static void write_line(Machine *machine, Buffer *text) {
  buffer_char(text, '\n');
  size_t written = fwrite(text->text, 1, text->size, machine->shared->output);
  bool failed = written != text->size || fflush(machine->shared->output) != 0;
  int error = errno;
  buffer_free(text);
  if (!failed) return;
  __fpurge(machine->shared->output); // it is reported here, once
  clearerr(machine->shared->output);
  char message[128];
  snprintf(message, sizeof message, "cannot write the output: %s", strerror(error));
  fail_here(machine, MACHINE_FAILED, message);
}

static BuiltinResult run_log(Machine *machine, Word *arguments) {
  Buffer text = {0};
  PrintStatus status = machine_print(machine, &text, arguments[0]);
  if (status != PRINT_OK) {
    static const MachineStatus statuses[] = {[PRINT_TOO_LARGE] = MACHINE_EXHAUSTED,
                                             [PRINT_INTERRUPTED] = MACHINE_INTERRUPTED,
                                             [PRINT_TORN] = MACHINE_FAILED};
    buffer_free(&text);
    machine_fail(machine, statuses[status], NULL, status == PRINT_TORN ? PRINT_TORN_HINT : NULL, "%s",
                 PRINT_MESSAGES[status]);
  }
  write_line(machine, &text);
  heap_erase(machine, arguments[0]);
  return (BuiltinResult){.next = arguments[1]};
}

static BuiltinResult run_print(Machine *machine, Word *arguments) {
  Buffer text = {0};
  if (!machine_string(machine, &text, arguments[0])) {
    buffer_free(&text);
    return (BuiltinResult){.stuck = true};
  }
  write_line(machine, &text);
  heap_erase(machine, arguments[0]);
  return (BuiltinResult){.next = arguments[1]};
}

// Text from outside becomes cells, of which each character takes two: more than the limit holds is not even read.
static void check_size(Machine *machine, Buffer *text, FILE *file) {
  bool interrupted = atomic_load(&machine->shared->interrupted);
  if (!interrupted && text->size <= machine->shared->memory_limit / 16) return;
  buffer_free(text);
  if (file && file != machine->shared->input) fclose(file);
  fail_here(machine, interrupted ? MACHINE_INTERRUPTED : MACHINE_EXHAUSTED,
            interrupted ? "interrupted" : "out of memory: the text that is read is larger than the limit");
}

static BuiltinResult run_query(Machine *machine, Word *arguments) {
  Buffer line = {0};
  buffer_text(&line, "");
  fflush(machine->shared->output);
  for (int c; (c = getc(machine->shared->input)) != EOF && c != '\n';) {
    buffer_char(&line, (char)c);
    if (line.size % 4096 == 0) check_size(machine, &line, NULL);
  }
  check_size(machine, &line, NULL);
  if (ferror(machine->shared->input)) {
    char message[128];
    snprintf(message, sizeof message, "cannot read the standard input: %s", strerror(errno));
    clearerr(machine->shared->input);
    buffer_free(&line);
    fail_here(machine, MACHINE_FAILED, message);
  }
  if (line.size && line.text[line.size - 1] == '\r') line.size--;
  Word text = machine_make_string(machine, line.text, line.size);
  buffer_free(&line);
  return (BuiltinResult){.next = arguments[0], .argument = text, .applied = true};
}

// The file of a path, which may be any string: the system knows none with NUL in it.
static FILE *open_file(const Buffer *path, const char *mode) {
  if (path->size && memchr(path->text, 0, path->size)) return errno = EINVAL, NULL;
  return fopen(path->size ? path->text : "", mode);
}

static _Noreturn void fail_file(Machine *machine, Buffer *path, const char *what) {
  int error = errno;
  char message[512];
  Buffer shown = {0};
  buffer_text(&shown, ""); // so that there is a text
  if (path->size) buffer_printable(&shown, path->text);
  snprintf(message, sizeof message, "cannot %s the file '%.300s': %s", what, shown.text, strerror(error));
  buffer_free(&shown);
  buffer_free(path);
  if (atomic_load(&machine->shared->interrupted)) fail_here(machine, MACHINE_INTERRUPTED, "interrupted");
  fail_here(machine, MACHINE_FAILED, message);
}

static BuiltinResult run_store(Machine *machine, Word *arguments) {
  Buffer path = {0}, text = {0};
  if (!machine_string(machine, &path, arguments[0]) || !machine_string(machine, &text, arguments[1])) {
    buffer_free(&path);
    buffer_free(&text);
    return (BuiltinResult){.stuck = true};
  }
  FILE *file = open_file(&path, "wb");
  bool failed = !file || (text.size && fwrite(text.text, 1, text.size, file) != text.size);
  if (file && fclose(file) != 0) failed = true;
  buffer_free(&text);
  if (failed) fail_file(machine, &path, "write");
  buffer_free(&path);
  heap_erase(machine, arguments[0]);
  heap_erase(machine, arguments[1]);
  return (BuiltinResult){.next = arguments[2]};
}

static BuiltinResult run_load(Machine *machine, Word *arguments) {
  Buffer path = {0}, text = {0};
  if (!machine_string(machine, &path, arguments[0])) {
    buffer_free(&path);
    return (BuiltinResult){.stuck = true};
  }
  FILE *file = open_file(&path, "rb");
  bool failed = !file;
  char block[1 << 14];
  for (size_t size; !failed && (size = fread(block, 1, sizeof block, file)) > 0;) {
    buffer_add(&text, block, size);
    check_size(machine, &text, file);
  }
  if (file && ferror(file)) failed = true;
  int error = errno;
  if (file) fclose(file);
  errno = error;
  if (failed) {
    buffer_free(&text);
    fail_file(machine, &path, "read");
  }
  buffer_free(&path);
  Word string = machine_make_string(machine, text.text, text.size);
  buffer_free(&text);
  heap_erase(machine, arguments[0]);
  return (BuiltinResult){.next = arguments[1], .argument = string, .applied = true};
}

static BuiltinResult run_sleep(Machine *machine, Word *arguments) {
  uint64_t left = number_value(arguments[0]);
  fflush(machine->shared->output);
  while (left && !atomic_load(&machine->shared->interrupted)) { // in short naps, so that an interrupt is seen
    uint64_t nap = left < 50000000 ? left : 50000000;
    struct timespec time = {(time_t)0, (long)nap};
    nanosleep(&time, NULL);
    left -= nap;
  }
  return (BuiltinResult){.next = arguments[1]};
}

static BuiltinResult run(Machine *machine, Builtin builtin, Word *arguments) {
  switch (builtin) {
  case BUILTIN_LOG: return run_log(machine, arguments);
  case BUILTIN_PRINT: return run_print(machine, arguments);
  case BUILTIN_QUERY: return run_query(machine, arguments);
  case BUILTIN_STORE: return run_store(machine, arguments);
  case BUILTIN_LOAD: return run_load(machine, arguments);
  case BUILTIN_SLEEP: return run_sleep(machine, arguments);
  default: return (BuiltinResult){.stuck = true};
  }
}

BuiltinResult machine_builtin(Machine *machine, Builtin builtin, Word *arguments) {
  static const NameId names[] = {
      [BUILTIN_LOG] = NAME_LOG,     [BUILTIN_PRINT] = NAME_PRINT, [BUILTIN_QUERY] = NAME_QUERY,
      [BUILTIN_STORE] = NAME_STORE, [BUILTIN_LOAD] = NAME_LOAD,   [BUILTIN_SLEEP] = NAME_SLEEP};
#ifdef HVM_CHECK // what other machines reduce has no effects: lang/effects.h
  if (machine != machine->shared->main) abort();
#endif
  machine->running = machine->shared->program->names.items[names[builtin]].text;
  BuiltinResult result = run(machine, builtin, arguments);
  machine->running = NULL;
  return result;
}
