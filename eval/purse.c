#include "purse.h"

enum { PURSE_BITS = HARD_OR(1, 8), PURSE_SIZE = 1 << PURSE_BITS };
enum { PATIENCE = HARD_OR(1, 4) }; // how many other boxes come to a place before it is given to one of them

enum { GROWTH_LEAST = HARD_OR(1 << 10, 1 << 17) }; // cells

typedef struct {
  Location box; // that was left here last; 0: none
  uint32_t owners, patience;
} Kept;

struct Purse {
  Kept kept[PURSE_SIZE];
};

static Kept *place_of(Purse *purse, Location box) {
  return &purse->kept[box * 0x9E3779B97F4A7C15 >> (64 - PURSE_BITS)];
}

// The last one to leave a box erases it, with the next term that the machine erases: it may be at one.
static void leave(Machine *machine, Location box, uint64_t owners) {
  if (!owners) return;
  Word before = __atomic_fetch_sub(&machine->heap[box], owners * SHARE_ONE, __ATOMIC_ACQ_REL);
  if (before >= (owners + 1) * SHARE_ONE) return;
  machine->heap[box] += SHARE_ONE; // nobody else sees it any more
  ARRAY_PUSH(&machine->work, word_make(TAG_SHR, 0, box));
}

// What is left for the first time may be a list that several machines go through: it is not kept until the next time.
bool purse_keep(Machine *machine, Location box) {
  if (!machine->purse) machine->purse = calloc(1, sizeof *machine->purse);
  if (!machine->purse) memory_exhausted();
  Kept *kept = place_of(machine->purse, box);
  if (kept->box == box) {
    kept->owners++;
    kept->patience = PATIENCE;
    return true;
  }
  if (kept->owners && --kept->patience) return false;
  Kept other = *kept;
  *kept = (Kept){box, 0, PATIENCE};
  leave(machine, other.box, other.owners);
  return false;
}

bool purse_take(Machine *machine, Location box) {
  Kept *kept = place_of(machine->purse, box);
  if (kept->box != box || !kept->owners) return false;
  kept->owners--;
  return true;
}

void purse_empty(Machine *machine, Machine *of) {
  atomic_store(&of->purse_full, false);
  if (!of->purse) return;
  for (; of != machine && of->work.count; of->work.count--)
    ARRAY_PUSH(&machine->work, of->work.items[of->work.count - 1]);
  for (size_t i = 0; i < PURSE_SIZE; i++) {
    Kept kept = of->purse->kept[i];
    of->purse->kept[i] = (Kept){0}; // before it is erased: what it holds may come into the purse
    leave(machine, kept.box, kept.owners);
    machine_erase_all(machine);
  }
}

void purse_begin(Shared *shared) { atomic_store(&shared->purses_at, shared->heap_end + GROWTH_LEAST); }

void purse_heap_grew(Shared *shared, Location end) {
  Location at = atomic_load(&shared->purses_at), next = end + (end - shared->heap_start) / 8 + GROWTH_LEAST;
  if (end < at || !atomic_compare_exchange_strong(&shared->purses_at, &at, next)) return;
  for (Machine *one = atomic_load(&shared->machines); one; one = one->next) {
    atomic_store(&one->purse_full, true);
    machine_want_attention(one);
  }
}

void purse_forget(Machine *machine) {
  if (machine->purse) memset(machine->purse, 0, sizeof *machine->purse);
}

void purse_free(Machine *machine) { free(machine->purse); }
