#include "profile.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine.h"
#include "spark.h"

enum { ASK_NANOSECONDS = 20000 };
enum { OTHERS_LEAST = 100000 }; // nanoseconds
enum { SHARDS = 256, RECORDS_OF_A_SHARD = 256, NAMES_KNOWN = 256 };
static const uint64_t FIRST_WIDTH = 1 << 14;

// A spark that nobody has begun with, with the path on which it was made; or one that is done and that nobody who owns
// the box has looked at since, with the path on which it was computed.
typedef struct Record Record;
struct Record {
  Record *next;
  Location box;
  const Machine *maker;
  bool done;
  unsigned function;
  ProfilePath path;
};

// Records by a hash of their boxes. Of those that are done, the oldest are forgotten when there are too many.
typedef struct {
  pthread_mutex_t lock;
  Record *first, *unused;
  unsigned count;
} Shard;

struct Profile {
  uint64_t start, end;
  pthread_t asker; // if asks: see ask
  bool asks;
  atomic_bool ended;
  pthread_mutex_t lock; // of what follows
  ProfilePath longest;
  atomic_uint functions;
  const char *names[PROFILE_FUNCTIONS];
  atomic_uint known; // NameIds and their numbers, which are only added to
  NameId ids[NAMES_KNOWN];
  uint8_t numbers[NAMES_KNOWN];
  Shard shards[SHARDS];
};

struct MachineProfile {
  ProfilePath path; // to where it is, up to the time and the rewrites of the next two
  uint64_t since, rewritten;
  uint64_t sampled, used;  // when the processor time was read last, and what it was
  unsigned function;       // whose spark it computes
  ProfilePath woken;       // the path of who woke it
  bool was_woken;          // … after it has waited
  char *outer;             // the frame of machine code's call for the spark that is entered next; NULL: none
  ARRAY(uint64_t) entered; // what it computed when it began with each spark that it is in: see enter
  ProfileTotals totals[PROFILE_FUNCTIONS];
  ProfileTimeline timeline;
};

uint64_t profile_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t count_rewrites(const Machine *machine) {
  uint64_t count = 0;
  for (int rule = 0; rule < RULE_COUNT; rule++) count += machine->rewrites[rule];
  return count;
}

uint64_t profile_processor_time(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void sample(MachineProfile *profile, uint64_t now) {
  profile->sampled = now;
  profile->used = profile_processor_time();
}

// What others had of the processor in a stretch of time up to now is not this machine's. Reading the processor time is
// slow, so only long stretches are looked at: others do not come for less.
static uint64_t own_time(MachineProfile *profile, uint64_t time, uint64_t now) {
  if (time < OTHERS_LEAST) return time;
  uint64_t sampled = profile->sampled, used = profile->used;
  sample(profile, now);
  uint64_t passed = now - sampled, own = profile->used - used;
  return own >= passed ? time : passed - own >= time ? 0 : time - (passed - own);
}

// The busy time since the last call belongs to the path and to the function.
static void advance(Machine *machine, uint64_t now) {
  MachineProfile *profile = machine->profile;
  uint64_t time = now - profile->since, rewrites = count_rewrites(machine);
  profile->since = now;
  if (machine->account.activity != ACTIVITY_BUSY) return;
  ProfileTotals *totals = &profile->totals[profile->function];
  time = own_time(profile, time, now);
  totals->work += time;
  totals->rewrites += rewrites - profile->rewritten;
  profile->path.nanoseconds += time;
  profile->path.parts[profile->function] += time;
  profile->path.rewrites += rewrites - profile->rewritten;
  profile->rewritten = rewrites;
}

// The longer one by time. The path with the most rewrites may be another one.
static void path_join(ProfilePath *path, const ProfilePath *other) {
  uint64_t rewrites = path->rewrites > other->rewrites ? path->rewrites : other->rewrites;
  if (other->nanoseconds > path->nanoseconds) *path = *other;
  path->rewrites = rewrites;
}

static void note_longest(Profile *profile, const ProfilePath *path) {
  pthread_mutex_lock(&profile->lock);
  path_join(&profile->longest, path);
  pthread_mutex_unlock(&profile->lock);
}

// On the stack of what was entered: the path's parts, as many as there are functions so far, its length and rewrites,
// the function with this number of parts, the runtime's frames between machine code, and on top the box.
static void push_entered(MachineProfile *profile, unsigned parts, size_t frames, Location box) {
  ARRAY_RESERVE(&profile->entered, profile->entered.count + parts + 5);
  uint64_t *top = profile->entered.items + profile->entered.count;
  memcpy(top, profile->path.parts, parts * sizeof *top);
  top[parts] = profile->path.nanoseconds;
  top[parts + 1] = profile->path.rewrites;
  top[parts + 2] = profile->function | (uint64_t)parts << 32;
  top[parts + 3] = frames;
  top[parts + 4] = box;
  profile->entered.count += parts + 5;
}

static size_t pop_entered(MachineProfile *profile, ProfilePath *path) {
  uint64_t *top = profile->entered.items + profile->entered.count;
  size_t parts = top[-3] >> 32;
  profile->function = (uint32_t)top[-3];
  *path = (ProfilePath){.nanoseconds = top[-5], .rewrites = top[-4]};
  memcpy(path->parts, top - 5 - parts, parts * sizeof *top);
  profile->entered.count -= parts + 5;
  return top[-2];
}

// Timelines.

static void widen(ProfileTimeline *timeline) {
  timeline->width *= 2;
  for (unsigned i = 0; i < PROFILE_BUCKETS; i++) {
    for (int activity = 0; activity < ACTIVITIES; activity++)
      timeline->spent[i][activity] =
          2 * i + 1 < PROFILE_BUCKETS ? timeline->spent[2 * i][activity] + timeline->spent[2 * i + 1][activity] : 0;
  }
}

static void add_time(ProfileTimeline *timeline, uint64_t from, uint64_t to, Activity activity) {
  while (to >= timeline->width * PROFILE_BUCKETS) widen(timeline);
  while (from < to) {
    uint64_t bucket = from / timeline->width, end = (bucket + 1) * timeline->width;
    if (end > to) end = to;
    timeline->spent[bucket][activity] += end - from;
    from = end;
  }
}

void profile_turn(Machine *machine, Activity activity) {
  Account *account = &machine->account;
  uint64_t now = profile_now();
  account->spent[account->activity] += now - account->since;
  if (machine->profile) {
    uint64_t start = machine->shared->profile->start;
    advance(machine, now);
    add_time(&machine->profile->timeline, account->since - start, now - start, account->activity);
  }
  if (machine->profile && activity == ACTIVITY_BUSY) sample(machine->profile, now);
  atomic_store_explicit(&account->activity, activity, memory_order_relaxed);
  account->since = now;
}

// Runs.

Profile *profile_new(void) {
  Profile *profile = calloc(1, sizeof *profile);
  if (!profile) memory_exhausted();
  pthread_mutex_init(&profile->lock, NULL);
  for (int i = 0; i < SHARDS; i++) pthread_mutex_init(&profile->shards[i].lock, NULL);
  return profile;
}

static void free_records(Record *record) {
  while (record) {
    Record *next = record->next;
    free(record);
    record = next;
  }
}

static void clear(Profile *profile) {
  for (int i = 0; i < SHARDS; i++) {
    Shard *shard = &profile->shards[i];
    free_records(shard->first);
    free_records(shard->unused);
    shard->first = shard->unused = NULL;
    shard->count = 0;
  }
}

void profile_free(Profile *profile) {
  if (!profile) return;
  clear(profile);
  pthread_mutex_destroy(&profile->lock);
  for (int i = 0; i < SHARDS; i++) pthread_mutex_destroy(&profile->shards[i].lock);
  free(profile);
}

void profile_free_machine(MachineProfile *profile) {
  if (!profile) return;
  ARRAY_FREE(&profile->entered);
  free(profile);
}

static void begin_account(Machine *machine, Activity activity, uint64_t now) {
  machine->account.activity = activity;
  machine->account.since = now;
  if (!machine->shared->profile) return;
  MachineProfile *profile = machine->profile;
  if (!profile) profile = machine->profile = calloc(1, sizeof *profile);
  if (!profile) memory_exhausted();
  ARRAY_FREE(&profile->entered);
  *profile = (MachineProfile){.since = now, .rewritten = count_rewrites(machine), .timeline.width = FIRST_WIDTH};
  sample(profile, now); // of the main machine, which is busy
}

void profile_add_machine(Machine *machine) { begin_account(machine, ACTIVITY_ASLEEP, profile_now()); }

// As a helper that never finds work: a machine that has made no sparks for some time makes more.
static void *ask(void *argument) {
  Shared *shared = argument;
  while (!atomic_load(&shared->profile->ended)) {
    spark_ask_all(shared);
    nanosleep(&(struct timespec){0, ASK_NANOSECONDS}, NULL);
  }
  return NULL;
}

void profile_begin(Shared *shared) {
  Profile *profile = shared->profile;
  uint64_t now = profile_now();
  if (profile) {
    profile->start = profile->end = now;
    profile->longest = (ProfilePath){0};
    profile->functions = 1;
    profile->names[0] = NULL;
    atomic_store(&profile->known, 0);
  }
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next)
    begin_account(one, one == shared->main ? ACTIVITY_BUSY : ACTIVITY_ASLEEP, now);
  if (!profile) return;
  atomic_store(&profile->ended, false);
  profile->asks = pthread_create(&profile->asker, NULL, ask, shared) == 0;
}

void profile_end(Shared *shared) {
  Profile *profile = shared->profile;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    profile_turn(one, ACTIVITY_ASLEEP);
    if (!profile) continue;
    note_longest(profile, &one->profile->path);
    while (one->profile->entered.count) { // the run was stopped
      pop_entered(one->profile, &one->profile->path);
      note_longest(profile, &one->profile->path);
    }
  }
  if (!profile) return;
  profile->end = shared->main->account.since;
  atomic_store(&profile->ended, true);
  if (profile->asks) pthread_join(profile->asker, NULL);
  profile->asks = false;
  clear(profile);
}

// Functions.

static unsigned find_function(Profile *profile, NameId id, const char *name) {
  unsigned known = atomic_load(&profile->known), number;
  for (unsigned i = 0; i < known; i++)
    if (profile->ids[i] == id) return profile->numbers[i];
  pthread_mutex_lock(&profile->lock);
  for (number = 1; number < profile->functions; number++)
    if (profile->names[number] && strcmp(profile->names[number], name) == 0) break;
  if (number == PROFILE_FUNCTIONS) number--;
  if (number == profile->functions) {
    profile->names[number] = number < PROFILE_FUNCTIONS - 1 ? name : NULL;
    atomic_store(&profile->functions, number + 1);
  }
  known = atomic_load(&profile->known);
  if (known < NAMES_KNOWN) {
    profile->ids[known] = id;
    profile->numbers[known] = (uint8_t)number;
    atomic_store(&profile->known, known + 1);
  }
  pthread_mutex_unlock(&profile->lock);
  return number;
}

// Records.

static Shard *find_shard(Profile *profile, Location box) {
  return &profile->shards[box * UINT64_C(0x9E3779B97F4A7C15) >> 56];
}

static void remove_record(Shard *shard, Record **at) {
  Record *record = *at;
  *at = record->next;
  record->next = shard->unused;
  shard->unused = record;
  shard->count--;
}

static Record **find_record(Shard *shard, Location box) {
  Record **at = &shard->first;
  while (*at && (*at)->box != box) at = &(*at)->next;
  return at;
}

static void forget_oldest(Shard *shard) {
  Record **oldest = NULL;
  for (Record **at = &shard->first; *at; at = &(*at)->next)
    if ((*at)->done) oldest = at;
  if (oldest) remove_record(shard, oldest);
}

static void add_record(Machine *machine, Location box, unsigned function, bool done) {
  Shard *shard = find_shard(machine->shared->profile, box);
  pthread_mutex_lock(&shard->lock);
  Record **at = find_record(shard, box), *record;
  if (*at) remove_record(shard, at); // of a box that was there before
  if (shard->count >= RECORDS_OF_A_SHARD) forget_oldest(shard);
  record = shard->unused;
  if (record)
    shard->unused = record->next;
  else if (!(record = malloc(sizeof *record)))
    memory_exhausted();
  *record = (Record){shard->first, box, machine, done, function, machine->profile->path};
  shard->first = record;
  shard->count++;
  pthread_mutex_unlock(&shard->lock);
}

// The record of a box, which is forgotten; false: there is none.
static bool take_record(Profile *profile, Location box, bool done, Record *taken) {
  Shard *shard = find_shard(profile, box);
  pthread_mutex_lock(&shard->lock);
  Record **at = find_record(shard, box), *record = *at;
  bool found = record && record->done == done;
  if (found) {
    *taken = *record;
    remove_record(shard, at);
  }
  pthread_mutex_unlock(&shard->lock);
  return found;
}

// Sparks.

void profile_spark(Machine *machine, Location box, Word term) {
  Profile *profile = machine->shared->profile;
  unsigned function = machine->profile->function;
  if (word_tag(term) == TAG_CAL)
    function = find_function(profile, word_extra(term), machine->shared->program->names.items[word_extra(term)].text);
  advance(machine, profile_now());
  machine->profile->totals[function].sparks++;
  add_record(machine, box, function, false);
}

void profile_from_native(Machine *machine, char *frame) { machine->profile->outer = frame; }

bool profile_meet(Machine *machine, Location box, Word inner) {
  Profile *profile = machine->shared->profile;
  Record record;
  if (word_tag(inner) == TAG_CAL) {
    Shard *shard = find_shard(profile, box);
    pthread_mutex_lock(&shard->lock);
    const Record *found = *find_record(shard, box);
    bool new = found && !found->done;
    pthread_mutex_unlock(&shard->lock);
    return new;
  }
  if (!word_is_value(inner) || !take_record(profile, box, true, &record)) return false;
  advance(machine, profile_now());
  path_join(&machine->profile->path, &record.path);
  return false;
}

void profile_enter(Machine *machine, Location box) {
  Profile *shared = machine->shared->profile;
  MachineProfile *profile = machine->profile;
  Record record;
  if (!take_record(shared, box, false, &record)) return;
  advance(machine, profile_now());
  size_t frames = profile->outer ? (size_t)(profile->outer - (char *)__builtin_frame_address(0)) : 0;
  profile->outer = NULL;
  if (frames) spark_move_stack(machine, -(ptrdiff_t)frames);
  push_entered(profile, profile_functions(shared), frames, box);
  profile->path = record.path;
  profile->function = record.function;
  if (record.maker != machine) profile->totals[record.function].taken++;
}

void profile_forget(Machine *machine, Location box) {
  Record record;
  take_record(machine->shared->profile, box, false, &record);
}

void profile_leave(Machine *machine, Location box, bool others) {
  MachineProfile *profile = machine->profile;
  if (!profile->entered.count || profile->entered.items[profile->entered.count - 1] != box) return;
  advance(machine, profile_now());
  note_longest(machine->shared->profile, &profile->path);
  if (others) add_record(machine, box, profile->function, true);
  ProfilePath before;
  size_t frames = pop_entered(profile, &before);
  if (frames) spark_move_stack(machine, (ptrdiff_t)frames);
  path_join(&profile->path, &before);
}

void profile_wake(Machine *machine, Machine *waiting) {
  advance(machine, profile_now());
  waiting->profile->woken = machine->profile->path;
  waiting->profile->was_woken = true;
}

void profile_woken(Machine *machine) {
  MachineProfile *profile = machine->profile;
  if (profile->was_woken) path_join(&profile->path, &profile->woken);
  profile->was_woken = false;
}

void profile_settled(Machine *machine) {
  Profile *profile = machine->shared->profile;
  advance(machine, profile_now());
  pthread_mutex_lock(&profile->lock);
  path_join(&machine->profile->path, &profile->longest);
  pthread_mutex_unlock(&profile->lock);
}

// Results.

unsigned profile_functions(const Profile *profile) { return atomic_load(&profile->functions); }
const char *profile_function(const Profile *profile, unsigned number) { return profile->names[number]; }
const ProfilePath *profile_span(const Profile *profile) { return &profile->longest; }
uint64_t profile_wall(const Profile *profile) { return profile->end - profile->start; }
const ProfileTotals *profile_totals(const MachineProfile *profile, unsigned number) { return &profile->totals[number]; }
const ProfileTimeline *profile_timeline(const MachineProfile *profile) { return &profile->timeline; }
