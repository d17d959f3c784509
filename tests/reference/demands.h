// Is the demand analysis sound? Random programs in which what is demanded of an argument is replaced by a division by
// zero: then the call must not have a result, says the reference evaluator.
#ifndef HVM_TESTS_DEMANDS_H
#define HVM_TESTS_DEMANDS_H

#include <stdbool.h>
#include <stdint.h>

// Tries the programs of the seeds seed, seed + 1 …, prints "N passed, M failed"; false when one failed.
bool demands_test(uint64_t seed, uint64_t count);

#endif
