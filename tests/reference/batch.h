// Many random programs in all modes. The programs of a batch stand in one file, so that the C compiler has one large
// file to do instead of many small ones. Each process does its share of the batches.
#ifndef HVM_TESTS_BATCH_H
#define HVM_TESTS_BATCH_H

#include "judge.h"

enum { BATCH_JOBS_LIMIT = 64 };

typedef struct {
  uint64_t seed, count;
  uint32_t batch, native_every, jobs; // native_every: machine code for one batch of so many; 0: never
  uint32_t scaled_every;              // one program of so many has large numbers in its Main; 0: never

  bool recursive; // which generator
  bool exact;     // it counts as a difference when one mode fails and the other does not end
} BatchOptions;

void batch_generate(const BatchOptions *options, uint64_t seed, Buffer *plain);
uint32_t batch_scale(const BatchOptions *options, uint64_t seed);
bool batch_run(const BatchOptions *options); // false after a difference, which it shows

#endif
