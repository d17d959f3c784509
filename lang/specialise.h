// Calls of functions with known λs become calls of functions made for them.
//
//   applied      ((F a) b), where rules of F give λs        (F' a b), which needs none
//   specialised  (Map λx (+ x k) xs)                        (Map' xs k), with λx (+ x k) in the place of its parameter
//   inlined      ((Compose f g) x), of one rule             (f (g x))
//
// What such a λ meets in its function is β, done here. Only calls with λs and applications of calls and λs are looked
// at: first-order programs stay as they are.
//
// No sharing is lost. An application that is replaced was the only user of its function; a value that is used several
// times is bound by a let, unless it is a variable, a number, or a λ that has nothing to share (wait.h), or with
// sharing by need any λ. A function is made for a λ only if it passes the λ on to itself unchanged, so that there are
// finitely many.
//
// No result shows a function that is made here: a call of it that gets stuck becomes the call that it stands for.
#ifndef HVM_LANG_SPECIALISE_H
#define HVM_LANG_SPECIALISE_H

#include "program.h"

// Rewrites the bodies of the functions that are not compiled yet, which match has seen, and adds functions. Must run on
// the deep stack.
void specialise_program(Program *program);

#endif
