#include "cli.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

// HVM1's line, so that its scripts go on working. RPS counts millions of rewrites per second.
void statistics_cost(const hvm_statistics *statistics) {
  double rate = statistics->seconds > 0 ? (double)statistics->rewrites / statistics->seconds / 1e6 : 0;
  fprintf(stderr, "[TIME: %.2fs | COST: %" PRIu64 " | RPS: %.2fm]\n", statistics->seconds, statistics->rewrites, rate);
}

static void add_count(json_t *object, const char *name, uint64_t count) {
  json_object_set_new(object, name, json_integer((json_int_t)count));
}

static json_t *workers(const hvm_runtime *runtime) {
  json_t *all = json_array();
  hvm_worker worker;
  for (size_t i = 0; hvm_worker_at(runtime, i, &worker); i++) {
    json_t *one = json_object();
    add_count(one, "rewrites", worker.rewrites);
    add_count(one, "sparks", worker.sparks);
    add_count(one, "steals", worker.steals);
    add_count(one, "waits", worker.waits);
    json_object_set_new(one, "busy_seconds", json_real(worker.busy));
    json_object_set_new(one, "idle_seconds", json_real(worker.idle));
    json_object_set_new(one, "waiting_seconds", json_real(worker.waiting));
    json_array_append_new(all, one);
  }
  return all;
}

void statistics_json(const hvm_runtime *runtime, const hvm_statistics *statistics) {
  json_t *all = json_object(), *rules = json_object();
  for (int rule = 0; rule < HVM_RULE_COUNT; rule++)
    add_count(rules, hvm_rule_name((hvm_rule)rule), statistics->rewrites_by_rule[rule]);
  add_count(all, "rewrites", statistics->rewrites);
  json_object_set_new(all, "rewrites_by_rule", rules);
  json_object_set_new(all, "workers", workers(runtime));
  add_count(all, "live_cells", statistics->live_cells);
  add_count(all, "threads", statistics->machines ? statistics->machines : 1);
  add_count(all, "sparks", statistics->sparks);
  add_count(all, "hints", statistics->hints);
  add_count(all, "steals", statistics->steals);
  add_count(all, "waits", statistics->waits);
  add_count(all, "cycle_cells", statistics->cycle_cells);
  add_count(all, "peak_cells", statistics->peak_cells);
  add_count(all, "peak_bytes", statistics->peak_bytes);
  json_object_set_new(all, "seconds", json_real(statistics->seconds));
  json_dumpf(all, stderr, JSON_REAL_PRECISION(9));
  fputc('\n', stderr);
  json_decref(all);
}
