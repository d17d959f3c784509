// Boxes that are lent. An argument may be in a box which others own, too. To take its constructors out costs a copy of
// each layer. Where a unit begins by asking what a parameter is, and there is a version of it that only borrows this
// parameter, it can leave the box as it is: it calls that version, and then leaves its share of the box. A unique
// argument is still consumed, so that its memory comes back while the unit runs.
//
// This is for machine code: which constructor a box has is seen only when the unit runs.
#include "aside.h"
#include "strict.h"

enum { OFFER_LIMIT = 5 }; // parameters that machine code is given in registers

// Could a call of the borrowing version lead to calls that lend less? Then each round of a loop might wait for the
// next.
static bool keeps_lending(const Strict *strict, const Unit *unit, const Step *step) {
  for (; step; step = step->next) {
    if (step->kind == STEP_TAIL) {
      const Unit *callee = strict->by_name.items[step->name];
      bool again = callee->function->component == unit->function->component;
      if (again && (callee->function != unit->function || (callee->borrowed & unit->borrowed) != unit->borrowed))
        return false;
    }
    if (step->aside && !aside_is_way(step) && !keeps_lending(strict, unit, step->aside)) return false;
    for (uint32_t i = 0; i < step->case_count; i++)
      if (!keeps_lending(strict, unit, step->cases[i].steps)) return false;
  }
  return true;
}

// Does it look into what it borrows, deeper than at one layer of which it keeps the fields? Copying that layer is as
// good.
static bool looks_deep(const Step *step) {
  for (; step; step = step->next) {
    if (step->kind == STEP_FORCE_FIELD) return true;
    if (step->aside && !aside_is_way(step) && looks_deep(step->aside)) return true;
    for (uint32_t i = 0; i < step->case_count; i++)
      if (looks_deep(step->cases[i].steps)) return true;
  }
  return false;
}

static void offer_argument(Strict *strict, const Unit *unit, Step *step) {
  Atom x = step->arguments[0];
  if (x < 0 || (uint32_t)x >= unit->function->arity || unit->loans.items[x].borrowed) return;
  if (step->borrower || !step->boxed || x >= OFFER_LIMIT || !step_opens(strict, step) ||
      !strict_lendable(strict, unit, (uint32_t)x))
    return;
  Unit *borrower = strict_borrowing(strict, unit, (uint64_t)1 << x);
  strict_ready(strict, borrower);
  if (!borrower->steps || !looks_deep(borrower->steps)) return;
  if (keeps_lending(strict, borrower, borrower->steps)) step->borrower = borrower->name;
}

// Follows the paths on which the parameters are still what the unit was given.
static void offer(Strict *strict, const Unit *unit, Step *step) {
  for (; step; step = step->next) {
    switch (step->kind) {
    case STEP_FORCE:
    case STEP_CHECK:
    case STEP_OPERATE: break;
    case STEP_IF: offer(strict, unit, step->aside); break;
    case STEP_CASE:
      offer_argument(strict, unit, step);
      for (uint32_t i = 0; i < step->case_count; i++) offer(strict, unit, step->cases[i].steps);
      offer(strict, unit, step->aside);
      return;
    default: return;
    }
  }
}

void strict_offer(Strict *strict, Unit *unit) {
  if (unit->steps && unit->function->recursive) offer(strict, unit, unit->steps);
}
