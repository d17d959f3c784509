// Boxes that are lent. An argument may be in a box which others own, too. To take its constructors out costs a copy of
// each layer. Where a unit begins by asking what a parameter is, and there is a version of it that only borrows this
// parameter, it can leave the box as it is: it calls that version, and then leaves its share of the box. A unique
// argument is still consumed, so that its memory comes back while the unit runs. It asks before the first case, also
// for parameters that only a later case asks about: by then others may have been taken apart.
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

// The unit that borrows a parameter, if it is worth it to leave this one's box as it is.
static NameId borrower(Strict *strict, const Unit *unit, Atom x) {
  if (unit->loans.items[x].borrowed || !strict_lendable(strict, unit, (uint32_t)x)) return 0;
  Unit *other = strict_borrowing(strict, unit, (uint64_t)1 << x);
  strict_ready(strict, other);
  bool worth = other->steps && looks_deep(other->steps) && keeps_lending(strict, other, other->steps);
  return worth ? other->name : 0;
}

// The parameters that are perhaps in boxes when a case is asked: of this one and of those behind it, even where others
// have been taken apart by then.
static uint64_t find_boxed(const Strict *strict, const Unit *unit, const Step *step) {
  uint64_t boxed = 0;
  for (; step; step = step->next) {
    Atom x = step->kind == STEP_CASE ? step->arguments[0] : NO_ATOM;
    if (x >= 0 && (uint32_t)x < unit->function->arity && x < OFFER_LIMIT && step->boxed && step_opens(strict, step))
      boxed |= (uint64_t)1 << x;
    for (uint32_t i = 0; i < step->case_count; i++) boxed |= find_boxed(strict, unit, step->cases[i].steps);
    if (step->kind == STEP_IF || step->kind == STEP_CASE) boxed |= find_boxed(strict, unit, step->aside);
  }
  return boxed;
}

static Step *new_offer(Strict *strict, Atom x, NameId name, Step *next) {
  Arena *arena = &strict->code->arena;
  Step *step = ARENA_NEW(arena, Step);
  *step = (Step){.kind = STEP_OFFER, .dst = NO_ATOM, .reuse = NO_ATOM, .count = 1, .name = name, .next = next};
  step->arguments = ARENA_ARRAY(arena, Atom, 1);
  step->arguments[0] = x;
  step->live = next->live; // of which it is one
  return step;
}

// Follows the paths to the first cases. offered: parameters that are by now, as a set.
static void offer(Strict *strict, const Unit *unit, Step **place, uint64_t offered) {
  for (; *place; place = &(*place)->next) {
    Step *step = *place;
    switch (step->kind) {
    case STEP_FORCE:
    case STEP_CHECK:
    case STEP_OPERATE: break;
    case STEP_OFFER: offered |= (uint64_t)1 << step->arguments[0]; break;
    case STEP_IF: offer(strict, unit, &step->aside, offered); break;
    case STEP_CASE:
      for (Atom x = 0; x < OFFER_LIMIT; x++) {
        if (!((find_boxed(strict, unit, step) & ~offered) >> x & 1)) continue;
        NameId name = borrower(strict, unit, x);
        if (name) *place = new_offer(strict, x, name, *place);
      }
      return;
    default: return;
    }
  }
}

void strict_offer(Strict *strict, Unit *unit) {
  if (unit->steps && unit->function->recursive) offer(strict, unit, &unit->steps, 0);
}
