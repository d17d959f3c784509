#include "solo.h"

#include "worker.h"

enum { WAIT_ROUNDS = HARD_OR(1, 4000) }; // before who waits for the end of a solo leaves the processor to it

static bool may_be_solo(const Machine *machine) {
  const Shared *shared = machine->shared;
  return machine->many && !shared->code.open && !shared->profile && !shared->program->has_effects &&
         !shared->program->has_sparks;
}

void solo_begin(Machine *machine) {
  atomic_store(&machine->shared->solo, NULL);
  atomic_store(&machine->shared->running, 1);
}

void solo_attend(Machine *machine) {
  Shared *shared = machine->shared;
  Machine *none = NULL;
  if (atomic_load(&shared->running) != 1 || !machine->locked || !may_be_solo(machine)) return;
  if (!atomic_compare_exchange_strong(&shared->solo, &none, machine)) return;
  hard_pause();
  if (atomic_load(&shared->running) == 1)
    machine->locked = false;
  else
    atomic_store(&shared->solo, NULL);
}

void solo_end(Machine *machine) {
  if (machine->locked || atomic_load(&machine->shared->solo) != machine) return;
  machine->locked = machine->many;
  hard_pause();
  atomic_store(&machine->shared->solo, NULL);
}

void solo_yield(Machine *machine) {
  if (!machine->locked && atomic_load(&machine->shared->running) > 1) solo_end(machine);
}

// The one that is left hears of it.
void solo_stop(Machine *machine) {
  Shared *shared = machine->shared;
  solo_end(machine);
  hard_pause();
  int left = atomic_fetch_sub(&shared->running, 1) - 1;
  if (left == 0) worker_hurry_all(shared);
  if (left != 1 || !may_be_solo(machine)) return;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next)
    if (one != machine && atomic_load(&one->works) && !atomic_load(&one->waiting)) machine_want_attention(one);
}

void solo_go_on(Machine *machine) {
  Shared *shared = machine->shared;
  atomic_fetch_add(&shared->running, 1);
  hard_pause();
  unsigned round = 0;
  for (Machine *one; (one = atomic_load(&shared->solo)) && !atomic_load(&shared->stopping);) {
    if (round == 0) machine_want_attention(one);
    if (++round < WAIT_ROUNDS) {
      worker_pause_processor();
    } else {
      worker_nap();
      round = 0;
    }
  }
}
