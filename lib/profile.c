#include "lib/profile.h"

#include <stdlib.h>

#include "eval/strict.h"

// Machines are added in front of the list, so the last one is the first.
static const Machine *machine_at(const Machine *main, size_t index) {
  const Machine *found = NULL;
  size_t count = 0;
  for (const Machine *one = main->shared->machines; one; one = one->next) count += one == main || one->worker;
  for (const Machine *one = main->shared->machines; one && count > index; one = one->next)
    if (one == main || one->worker) count--, found = one;
  return count == index ? found : NULL;
}

static double seconds(uint64_t nanoseconds) { return (double)nanoseconds * 1e-9; }

bool profile_worker(const Machine *machine, size_t index, hvm_worker *worker) {
  const Machine *one = machine_at(machine, index);
  if (!one) return false;
  const uint64_t *spent = one->account.spent;
  *worker = (hvm_worker){.sparks = one->sparks,
                         .steals = one->steals,
                         .waits = one->waits,
                         .busy = seconds(spent[ACTIVITY_BUSY]),
                         .idle = seconds(spent[ACTIVITY_SEARCHING] + spent[ACTIVITY_ASLEEP]),
                         .waiting = seconds(spent[ACTIVITY_WAITING])};
  for (int rule = 0; rule < RULE_COUNT; rule++) worker->rewrites += one->rewrites[rule];
  return true;
}

static int by_work(const void *first, const void *second) {
  double a = ((const hvm_profile_function *)first)->work, b = ((const hvm_profile_function *)second)->work;
  return a < b ? 1 : a > b ? -1 : 0;
}

static void add_functions(ProfileResult *result, const Shared *shared) {
  const Profile *profile = shared->profile;
  const ProfilePath *span = profile_span(profile);
  hvm_profile *to = &result->profile;
  unsigned count = profile_functions(profile);
  hvm_profile_function *functions = ARENA_ARRAY(&result->arena, hvm_profile_function, count);
  for (unsigned i = 0; i < count; i++) {
    hvm_profile_function function = {.name = profile_function(profile, i), .span = seconds(span->parts[i])};
    for (const Machine *one = shared->machines; one; one = one->next) {
      const ProfileTotals *totals = profile_totals(one->profile, i);
      function.sparks += totals->sparks;
      function.taken += totals->taken;
      function.rewrites += totals->rewrites;
      function.work += seconds(totals->work);
    }
    to->work_rewrites += function.rewrites;
    to->work += function.work;
    functions[i] = function;
  }
  bool others = count == PROFILE_FUNCTIONS;
  if (count > 1) qsort(functions + 1, count - 1 - others, sizeof *functions, by_work);
  to->functions = functions;
  to->function_count = count;
}

// Parts of the run of equal length: the widest buckets of all machines.
static void add_lanes(ProfileResult *result, const Machine *main) {
  hvm_profile *to = &result->profile;
  uint64_t width = 0, wall = profile_wall(main->shared->profile);
  const Machine *one;
  size_t count = 0;
  for (; (one = machine_at(main, count)); count++)
    if (profile_timeline(one->profile)->width > width) width = profile_timeline(one->profile)->width;
  size_t parts = (size_t)((wall + width - 1) / width);
  hvm_profile_lane *lanes = ARENA_ARRAY(&result->arena, hvm_profile_lane, count);
  for (size_t lane = 0; lane < count; lane++) {
    const ProfileTimeline *timeline = profile_timeline(machine_at(main, lane)->profile);
    float *shares[ACTIVITIES];
    for (int activity = 0; activity < ACTIVITIES; activity++) {
      shares[activity] = ARENA_ARRAY(&result->arena, float, parts + 1);
      for (size_t i = 0; i < parts; i++) shares[activity][i] = 0;
      uint64_t end = wall - (parts - 1) * width; // of the last part
      for (size_t i = 0; i < PROFILE_BUCKETS; i++) {
        size_t part = (size_t)(i * timeline->width / width);
        if (part < parts)
          shares[activity][part] += (float)timeline->spent[i][activity] / (float)(part + 1 < parts ? width : end);
      }
    }
    lanes[lane] = (hvm_profile_lane){shares[ACTIVITY_BUSY], shares[ACTIVITY_SEARCHING], shares[ACTIVITY_WAITING]};
  }
  to->lanes = lanes;
  to->lane_count = count;
  to->part_count = parts;
  to->part = seconds(width);
}

const hvm_profile *profile_result(ProfileResult *result, const Machine *machine) {
  const Shared *shared = machine->shared;
  if (!shared->profile || profile_wall(shared->profile) == 0) return NULL;
  arena_free(&result->arena);
  const ProfilePath *span = profile_span(shared->profile);
  result->profile = (hvm_profile){.threads = shared->threads,
                                  .may_spark = shared->code.spreads,
                                  .calm = atomic_load(&shared->calm),
                                  .wall = seconds(profile_wall(shared->profile)),
                                  .span = seconds(span->nanoseconds),
                                  .span_rewrites = span->rewrites};
  add_functions(result, shared);
  add_lanes(result, machine);
  return &result->profile;
}
