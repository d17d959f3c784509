#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double ADVICE_SECONDS = 1;

bool reduction_option(const Command *command, Reduction *reduction, int code, const char *value) {
  switch (code) {
  case 'c': return option_boolean(command, value, &reduction->cost);
  case 's': return option_memory(command, value, &reduction->settings.memory);
  case 't': return option_threads(command, value, &reduction->settings.threads);
  case OPTION_STRICT: return option_strict(command, value, &reduction->settings.graph_only);
  case OPTION_NATIVE: return option_native(command, value, &reduction->settings.native);
  case OPTION_SHARING: return option_sharing(command, value, &reduction->settings.sharing);
  case OPTION_COLOUR: return option_colour(command, value, &reduction->colour);
  case OPTION_PROFILE:
    reduction->settings.profile = true;
    reduction->picture = value;
    return !value || *value || (usage_error(command, "--profile= needs the name of a file"), false);
  case OPTION_STATS:
    reduction->json = strcmp(value, "json") == 0;
    return reduction->json || (usage_error(command, "--stats takes json, not '%s'", value), false);
  default: return false;
  }
}

static void check_environment(const Reduction *reduction) {
  const char *most = getenv("HVM_CACHE_MAX");
  uint64_t bytes;
  if (!most || reduction->settings.native == HVM_NATIVE_OFF || hvm_parse_size(most, &bytes)) return;
  output_warning(output_colour(reduction->colour), "HVM_CACHE_MAX is '%s', which is no size like 512M: 256M is taken",
                 most);
}

hvm_runtime *reduction_begin(const Reduction *reduction) {
  interrupt_catch();
  check_environment(reduction);
  hvm_runtime *runtime = hvm_new(&reduction->settings);
  if (!runtime) output_error(output_colour(reduction->colour), "cannot reserve memory; try a smaller --memory");
  return runtime;
}

static void print_statistics(hvm_runtime *runtime, const Reduction *reduction) {
  if (!reduction->cost && !reduction->json) return;
  hvm_collect(runtime);
  hvm_statistics statistics = hvm_stats(runtime);
  if (reduction->cost) statistics_cost(&statistics);
  if (reduction->json) statistics_json(runtime, &statistics);
}

// False, after a report: the picture could not be written.
static bool show_profile(hvm_runtime *runtime, const Reduction *reduction, FILE *picture, const char *title) {
  const hvm_profile *profile = hvm_profile_last(runtime);
  if (profile) profile_print(profile, reduction->settings.native == HVM_NATIVE_OFF);
  if (!picture) return true;
  bool written = !profile || profile_draw(profile, picture, title);
  int reason = errno;
  written = fclose(picture) == 0 && written;
  if (!written)
    output_error(output_colour(reduction->colour), "cannot write the file '%s': %s", reduction->picture,
                 strerror(reason));
  return written;
}

static int print_result(hvm_runtime *runtime) {
  size_t size;
  char *text = hvm_result_text(runtime, &size);
  if (!text) return EXIT_ERROR;
  fwrite(text, 1, size, stdout);
  putchar('\n');
  free(text);
  return output_finish(EXIT_OK);
}

// A word to those who wait: to a terminal, after a long run, or after one that took all memory.
static void advise(hvm_runtime *runtime, const Reduction *reduction, hvm_status status, double seconds) {
  if (status != HVM_EXHAUSTED && (seconds < ADVICE_SECONDS || !isatty(STDERR_FILENO))) return;
  const char *advice = hvm_advice(runtime);
  if (advice) output_note(output_colour(reduction->colour), "%s", advice);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int reduce(const Reduction *reduction, hvm_runtime *runtime, const char *name, const char *expression) {
  FILE *picture = reduction->picture ? fopen(reduction->picture, "w") : NULL;
  if (reduction->picture && !picture) {
    output_error(output_colour(reduction->colour), "cannot write the file '%s': %s", reduction->picture,
                 strerror(errno));
    return EXIT_ERROR;
  }
  double start = now();
  interrupt_begin(runtime);
  hvm_status status = expression ? hvm_reduce(runtime, expression) : hvm_reduce_main(runtime);
  int exit_status = status == HVM_OK ? print_result(runtime) : EXIT_ERROR;
  interrupt_end();
  output_messages(runtime, output_colour(reduction->colour));
  advise(runtime, reduction, status, now() - start);
  if (reduction->settings.profile && !show_profile(runtime, reduction, picture, expression ? expression : name))
    exit_status = EXIT_ERROR;
  print_statistics(runtime, reduction);
  return exit_status;
}

int reduction_end(const Reduction *reduction, hvm_runtime *runtime, hvm_status status, const char *name,
                  const char *expression) {
  output_messages(runtime, output_colour(reduction->colour));
  int exit_status = status == HVM_OK ? reduce(reduction, runtime, name, expression) : EXIT_ERROR;
  hvm_free(runtime);
  return exit_status;
}
