// How many threads a run has unless it is told.
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "worker.h"

unsigned worker_default_threads(void) {
  cpu_set_t set;
  long count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
  FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
  long quota, period;
  if (file) {
    if (fscanf(file, "%ld %ld", &quota, &period) == 2 && period > 0 && quota > 0) {
      long whole = (quota + period - 1) / period;
      if (whole < count) count = whole;
    }
    fclose(file);
  }
  return count < 1 ? 1 : (unsigned)count;
}
