// What the machines of a run do when (worker.h), and how parallel the run is.
//
// Every machine knows how long it was busy, searched for work, slept without work, and waited for a value: it turns
// from one of these activities to another only when it steals, waits or rests, so this is always counted.
//
// A *profile*, which is only made when it is asked for, also follows the paths through the run. A path is a sequence of
// stretches of busy time of which each could only begin when the one before had ended. A spark continues the path of
// who made it; who takes the value of a spark goes on with the longer one of its own path and that on which the value
// was computed; who was woken likewise, with the path of who woke it. The *span* is the longest path, the *work* is the
// sum of all busy time. This is what Cilkview does: He, Leiserson, Leiserson, "The Cilkview scalability analyzer", SPAA
// 2010. It holds whoever computes a spark, so a profile can be made on one thread, too: sparks are made as if others
// were hungry, and taken back. Not followed is a constructor that machine code finds done in the box of a stolen spark.
//
// Times are of CLOCK_MONOTONIC, in nanoseconds; work and span leave out what other processes had of the processors. A
// machine writes its own figures; others read them when no run is on.
#ifndef HVM_EVAL_PROFILE_H
#define HVM_EVAL_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "word.h"

typedef struct Machine Machine;
typedef struct Shared Shared;

typedef enum { ACTIVITY_ASLEEP, ACTIVITY_SEARCHING, ACTIVITY_BUSY, ACTIVITY_WAITING, ACTIVITIES } Activity;

typedef struct {
  _Atomic(Activity) activity; // others may look
  uint64_t since;             // when it began
  uint64_t spent[ACTIVITIES]; // before that, in all runs
} Account;

uint64_t profile_now(void);
uint64_t profile_processor_time(void); // of this thread
void profile_turn(Machine *machine, Activity activity);

enum { PROFILE_FUNCTIONS = 30 }; // that are told apart: 0 is what is in no spark, the last one all others
enum { PROFILE_BUCKETS = 512 };  // of a timeline, at most: they become wider when these are full

typedef struct {
  uint64_t nanoseconds, rewrites;
  uint64_t parts[PROFILE_FUNCTIONS]; // of the nanoseconds, by the function whose spark it was in
} ProfilePath;

typedef struct {
  uint64_t width;                              // of a bucket in nanoseconds
  uint64_t spent[PROFILE_BUCKETS][ACTIVITIES]; // the first begins with the run
} ProfileTimeline;

typedef struct {
  uint64_t work, rewrites, sparks; // of the sparks of a function: without those of others in them
  uint64_t taken;                  // sparks that another machine had made
} ProfileTotals;

typedef struct Profile Profile;               // of a run
typedef struct MachineProfile MachineProfile; // of a machine in it

Profile *profile_new(void);
void profile_free(Profile *profile);
void profile_free_machine(MachineProfile *profile);
void profile_add_machine(
    Machine *machine); // a machine of a run that is on: its account, and its profile if one is made

// A run begins, with the main machine busy; it ended: all machines rest.
void profile_begin(Shared *shared);
void profile_end(Shared *shared);

// Below: only where Machine.profile is not NULL.

void profile_spark(Machine *machine, Location box, Word term); // it was made
// Machine code is to get the value of a spark from the runtime, called with this frame, or (NULL) has got it. The
// runtime's frames are not to count when it is asked how deep a spark is, or sparks would have none in them.
void profile_from_native(Machine *machine, char *frame);
// A box is to be reduced that has this term. Is it a spark that nobody has begun with? Who claims it enters it then.
bool profile_meet(Machine *machine, Location box, Word inner);
// From here on the machine computes the spark in a box, until profile_leave.
void profile_enter(Machine *machine, Location box);
// The term of any box was reduced. others: there are owners who have still to take it.
void profile_leave(Machine *machine, Location box, bool others);
void profile_forget(Machine *machine, Location box); // a spark that was stolen is not to be computed
void profile_wake(Machine *machine, Machine *waiting);
void profile_woken(Machine *machine);
void profile_settled(Machine *machine); // it has waited until there were no sparks any more

// What came of the last run. Names of functions are by number, below profile_functions.
unsigned profile_functions(const Profile *profile);
const char *profile_function(const Profile *profile, unsigned number);
const ProfilePath *profile_span(const Profile *profile);
uint64_t profile_wall(const Profile *profile); // what the run took
const ProfileTotals *profile_totals(const MachineProfile *profile, unsigned number);
const ProfileTimeline *profile_timeline(const MachineProfile *profile);

#endif
