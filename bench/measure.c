// measure SECONDS OUT ERR COMMAND…: runs a command without input, its output in two files, and prints
//   status wall-seconds user-and-system-seconds peak-KiB
// A signal counts as status 128 + its number; after SECONDS the command gets SIGKILL. This program is small, so that
// the peak is the command's own: a child starts with the memory of the process that it is forked from.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static void over(int signal_number) {
  (void)signal_number;
  kill(child, SIGKILL);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec * 1e-6; }

static void redirect(const char *path, int flags, int descriptor) {
  int opened = open(path, flags, 0666);
  if (opened < 0 || dup2(opened, descriptor) < 0) _exit(126);
  close(opened);
}

int main(int count, char **words) {
  if (count < 5) {
    fputs("usage: measure SECONDS OUT ERR COMMAND…\n", stderr);
    return 2;
  }
  double start = now();
  child = fork();
  if (child < 0) {
    perror("measure");
    return 1;
  }
  if (child == 0) {
    redirect("/dev/null", O_RDONLY, STDIN_FILENO);
    redirect(words[2], O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    redirect(words[3], O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    execvp(words[4], words + 4);
    _exit(127);
  }
  signal(SIGALRM, over);
  alarm((unsigned)atoi(words[1]));
  int status;
  struct rusage usage;
  while (wait4(child, &status, 0, &usage) < 0) continue;
  double wall = now() - start;
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  printf("%d %.6f %.6f %ld\n", code, wall, seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
  return 0;
}
