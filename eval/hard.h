// A test build (-DHVM_HARD, `make test-hard`) in which what is rare between threads happens all the time: sparks at
// every place where one may be made, deques and runs of cells that are used up at once, thieves that leave most of
// their work for later, owners that leave their own sparks to others, and pauses where machines meet. Results must not
// differ.
//
// HVM_HARD_SEED, a number, chooses another sequence of pauses and chances; no other build reads it.
#ifndef HVM_EVAL_HARD_H
#define HVM_EVAL_HARD_H

#include <stdbool.h>

#ifdef HVM_HARD
#define HARD_OR(hard, usual) (hard)
void hard_pause(void); // sometimes yields, or sleeps for some microseconds; keeps errno
bool hard_chance(unsigned one_time_in);
#else
#define HARD_OR(hard, usual) (usual)
static inline void hard_pause(void) {}
static inline bool hard_chance(unsigned one_time_in) { return (void)one_time_in, false; }
#endif

#endif
