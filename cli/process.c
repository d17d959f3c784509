#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "cli.h"

enum { MEMORY_STEP = 1 << 20 }; // bytes of address space that malloc takes at once

// A closed descriptor is opened in the direction in which it is not used: reading or writing fails as if it were
// closed, and no file takes its number.
static void complete_streams(void) {
  for (int descriptor = 0; descriptor < 3; descriptor++) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    int opened = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened > descriptor) close(opened);
  }
}

void process_prepare(void) {
  signal(SIGPIPE, SIG_IGN); // what cannot be written is reported
  signal(SIGXFSZ, SIG_IGN);
  complete_streams();
#ifdef __GLIBC__
  mallopt(M_TOP_PAD, MEMORY_STEP); // off the main thread it asks the kernel for page after page otherwise
#endif
}
