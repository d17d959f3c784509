// Solo: one of many machines while none of the others runs, since they sleep, wait or look for work.
//
// Boxes are claimed, counted and settled as ever, and others may come back to find them so. But what one machine does
// meanwhile needs no locked instruction, and these are what sharing costs: each holds up the loads behind it. So
// Machine.locked says whether others may run, and is looked at wherever a count or a claim changes; it does so itself
// at safe points only. Who begins to run counts itself first, and then waits if one is solo; who wants to be solo says
// so first, and then counts: one of the two sees the other (Dekker's way, as in Dijkstra, "Cooperating sequential
// processes", 1965). A machine that is solo leaves off at its next safe point once somebody waits.
//
// Only what programs without effects, hints and open λs do is done so: dups and variables always change with locked
// instructions, and a machine that waits for input has no safe points.
#ifndef HVM_EVAL_SOLO_H
#define HVM_EVAL_SOLO_H

#include "machine.h"

void solo_begin(Machine *machine);  // a run: the main machine runs
void solo_attend(Machine *machine); // at a safe point: it may be solo from now on
void solo_yield(Machine *machine);  // likewise: it is so no more if somebody waits for that
void solo_end(Machine *machine);    // it is so no more

// From one of these to the other a machine does not touch the heap: it sleeps, waits, or looks for work.
void solo_stop(Machine *machine);
void solo_go_on(Machine *machine);

#endif
