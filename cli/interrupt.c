#include "cli.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

// One Ctrl-C may arrive as several signals, from a terminal and from a parent: those within this time are one.
enum { ONE_INTERRUPT_MS = 300 };
// Within this time an interrupted reduction ends, or the process does.
enum { INTERRUPT_SECONDS = 3 };

// What the handler works with: the runtime that reduces, NULL when none does; when it was interrupted, 0: never.
static hvm_runtime *_Atomic reducing;
static _Atomic int64_t interrupted_at;

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

static void give_up(int signal_number) {
  static const char message[] = "hvm: error: interrupted\n";
  (void)signal_number;
  ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
  (void)written;
  _exit(EXIT_ERROR);
}

static void interrupt(int signal_number) {
  hvm_runtime *runtime = reducing;
  int64_t first = interrupted_at;
  if (!first && !runtime) give_up(signal_number);
  if (!first) {
    interrupted_at = milliseconds();
    hvm_interrupt(runtime);
    alarm(INTERRUPT_SECONDS);
  } else if (milliseconds() - first > ONE_INTERRUPT_MS) {
    signal(signal_number, SIG_DFL);
    raise(signal_number);
  }
}

// System calls are not restarted, so that a program which waits for input or sleeps ends too.
void interrupt_catch(void) {
  struct sigaction action = {.sa_handler = interrupt};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  action.sa_handler = give_up;
  sigaction(SIGALRM, &action, NULL);
}

void interrupt_begin(hvm_runtime *runtime) { reducing = runtime; }

void interrupt_end(void) {
  reducing = NULL;
  alarm(0);
}

void interrupt_ignore(void) {
  signal(SIGINT, SIG_IGN);
  interrupted_at = 0;
}
