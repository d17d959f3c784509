// Recursive fields: where the spine of a constructor goes on.
//
// A field is recursive if a function takes it out of an argument and it comes back, passed on as an argument perhaps
// several times, to where it was taken out: the parameters of the functions are a graph, whose edges are the variables
// that calls pass on, and such a field is an edge within a component of it. Or if a recursive function builds it by a
// call of itself.
#ifndef HVM_LANG_SPINE_H
#define HVM_LANG_SPINE_H

#include "components.h"
#include "program.h"

// Marks the fields of the constructors that are new, from the rules of functions whose demand's node is their number
// here and whose variables have slots, at most slot_limit of them in a rule. Components are those of the call graph.
void spine_find(Program *program, Function *const *functions, uint32_t count, const Components *components,
                uint32_t slot_limit);

#endif
