// Speculation: what a program offers by HVM.spark, and nobody may ever need.
//
// A *hint* is a box (share.h) in a machine's second deque. Machines without other work reduce it. What they make there
// lies in its place when somebody asks for it; what nobody asks for must not be seen. So a machine that speculates
//
//   - fails only if its result is demanded: until then it is parked, asleep where it would have failed;
//   - is parked as well when speculation took its share of the memory, or when nobody else owns its box any more;
//   - leaves when the result of the run is there: what it has claimed then is reachable from nowhere, and its cells
//     come back when the heap is emptied.
//
// Nothing that it did is undone: cells that it claimed stay claimed. They hold its address (CLAIM_OWNER), so that who
// waits for one knows for whom. A machine is *demanded* when it does not speculate, or when a machine that is demanded
// waits for it. Who begins to wait wakes those that this makes demanded.
//
// The sparks of a machine that speculates are speculative, too (DEQUE_SPECULATIVE).
#ifndef HVM_EVAL_SPECULATE_H
#define HVM_EVAL_SPECULATE_H

#include "machine.h"

// A hint: takes one of the owners of a box. Other terms, and boxes that were hints before, are erased.
void speculate_hint(Machine *machine, Word term);

// For worker.c.
bool speculate_has_hints(Shared *shared);            // that may be taken
Location speculate_find(Machine *machine);           // takes one, or DEQUE_EMPTY
void speculate_run(Machine *machine, Location box);  // reduces the term of a speculative spark
void speculate_left(Machine *machine);               // by a jump: the run, or its speculation, has ended
void speculate_drop(Machine *machine, Location box); // a spark that is not wanted any more
void speculate_attend(Machine *machine);             // at a safe point: parks it if need be
void speculate_demand(Shared *shared);               // somebody has begun to wait
bool speculate_is_all(Shared *shared);               // no machine that is demanded runs
void speculate_begin(Shared *shared);                // a run
void speculate_end(Machine *machine);                // … whose result is in normal form

// A failure of a machine that speculates: comes back when it is demanded.
void speculate_hold(Machine *machine);
// It takes more memory.
void speculate_grow(Machine *machine, size_t bytes);
// The result's cell is in weak head normal form, and all below it, while others may speculate: afterwards nobody does.
// False: in it are λs or stuck terms, for which what was abandoned may be needed; everything is to be done again.
bool speculate_finish(Machine *machine);

#endif
