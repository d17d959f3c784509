// Dups among several machines. Both sides may be asked for, or erased, at the same time.
//
// Whoever asks first claims the dup: takes the term out of its first cell, with a compare-and-swap that leaves a word
// of TAG_SLOT there, and reduces it. Whoever asks for the other side meanwhile puts itself into that word and sleeps
// (worker_wait). When the dup fires, its state says so first, and then the first cell gets what is left for the other
// side; who finds a dup that fired with the claim still in place waits for a moment. A side that is erased sets its bit
// in the state; of the two, the one that finds the other's mark there frees the dup. So nobody ever holds a lock, and
// who claims never waits for who does not.
//
// The claim is in the first cell in runs of one machine as well, since others may come while it is there.
#ifndef HVM_EVAL_CLAIM_H
#define HVM_EVAL_CLAIM_H

#include "machine.h"

// Asks for a side of a dup. True: the dup is claimed, and *term its term. False: it fired, *term is what was left for
// this side, and the dup is free.
bool claim_dup(Machine *machine, Location dup, Word *term);

// A claimed dup fires: `other` is what the other side gets, or erased if nobody wants it.
void claim_settle(Machine *machine, Location dup, Word other);

// The term of a claimed dup is stuck: it goes back.
void claim_put_back(Machine *machine, Location dup, Word term);

// A side of a dup is erased. True: the dup is free, and *term is to be erased. halved: the other side is left alone
// with a dup that did not fire as yet.
bool claim_erase(Machine *machine, Location dup, unsigned side, Word *term, bool *halved);

#endif
