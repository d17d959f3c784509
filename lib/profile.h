// What hvm.h tells of machines and profiles.
#ifndef HVM_LIB_PROFILE_H
#define HVM_LIB_PROFILE_H

#include "eval/machine.h"
#include "hvm.h"

typedef struct {
  Arena arena;
  hvm_profile profile;
} ProfileResult;

bool profile_worker(const Machine *machine, size_t index, hvm_worker *worker);
const hvm_profile *profile_result(ProfileResult *result, const Machine *machine); // NULL: there is none

#endif
