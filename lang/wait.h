// What a term waits for: whether something could be reduced under λs before their variables arrive.
//
// Where nothing can, a λ may be copied as code: its copies have no work to share. "Nothing" leaves out what costs no
// more than copying: arithmetic on what is there, building data, and calls of functions that give back, for each of
// their own steps, an operation or application that waits in turn, or a constructor of such things: a row whose copy
// would take as long as making it anew, as in λr (Map λc (Dot r c) columns). Nor does it count what takes a few steps,
// whose number does not depend on data, as λi (Filter λx (!= (% x i) 0) xs), which looks at one element.
#ifndef HVM_LANG_WAIT_H
#define HVM_LANG_WAIT_H

#include "program.h"

// Is there nothing to be done with the term, other than a little arithmetic?
bool wait_is_still(const Program *program, const Term *term);
// … before one of the binders' variables has arrived? On terms that are not linear yet.
bool wait_is_fine(const Program *program, const Term *term, const Binder *const *binders, uint32_t count);
// … nor are there even the few steps of functions that look at a number, as of Church in (Church 3): is the term as
// good in several places as in one, where each of them would take these steps, and perhaps again and again?
bool wait_may_repeat(const Program *program, const Term *term, const Binder *const *binders, uint32_t count);

#endif
