// Threads keep out of each other's way (eval/processors.c).
#include <sched.h>
#include <stdlib.h>

#include "eval/worker.h"
#include "unit.h"

// Two machines; the second one is the calling thread's, and the first one works on the processor `other`.
typedef struct {
  Shared *shared;
  Machine *first, *second;
  uint32_t other;
} World;

static void begin(World *world) {
  world->shared = calloc(1, sizeof *world->shared);
  size_t bytes = (sizeof(Machine) + MACHINE_ALIGNMENT - 1) / MACHINE_ALIGNMENT * MACHINE_ALIGNMENT;
  world->first = aligned_alloc(MACHINE_ALIGNMENT, bytes);
  world->second = aligned_alloc(MACHINE_ALIGNMENT, bytes);
  memset(world->first, 0, bytes), memset(world->second, 0, bytes);
  world->first->shared = world->second->shared = world->shared;
  world->second->next = world->first;
  atomic_store(&world->shared->machines, world->second);
  world->other = (uint32_t)sched_getcpu();
  atomic_store(&world->first->processor, &world->other);
  atomic_store(&world->first->account.activity, ACTIVITY_BUSY);
  processors_enter(world->second);
}

static void end(World *world) { free(world->first), free(world->second), free(world->shared); }

static bool is_free_to_move(const cpu_set_t *before) {
  cpu_set_t now;
  return sched_getaffinity(0, sizeof now, &now) == 0 && CPU_EQUAL(&now, before);
}

static void a_thread_leaves_the_processor_of_another_one(Activity activity) {
  cpu_set_t all;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  World world;
  begin(&world);
  atomic_store(&world.first->account.activity, activity);
  bool knows = atomic_load(&world.second->processor) != NULL; // some C libraries do not ask the kernel to say it
  if (knows && CPU_COUNT(&all) > 1) {
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(world.other, &here);
    int stayed = 0;
    for (int i = 0; i < 20; i++) {
      sched_setaffinity(0, sizeof here, &here); // the thread goes where the other one is
      sched_setaffinity(0, sizeof all, &all);
      if ((uint32_t)sched_getcpu() != world.other) continue; // and was moved already
      processors_spread(world.second);
      stayed += (uint32_t)sched_getcpu() == world.other; // the kernel may bring it back at once
      CHECK(is_free_to_move(&all));
    }
    CHECK(stayed < 10);
  }
  end(&world);
}

static void a_thread_stays_where_no_other_one_works_or_can_work(void) {
  cpu_set_t all, here;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  World world;
  begin(&world);
  CPU_ZERO(&here);
  CPU_SET(world.other, &here);
  CHECK(sched_setaffinity(0, sizeof here, &here) == 0);
  processors_spread(world.second); // there is no other processor
  CHECK_NUMBER((uint32_t)sched_getcpu(), world.other);
  CHECK(is_free_to_move(&here));
  CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
  atomic_store(&world.first->account.activity, ACTIVITY_WAITING);
  processors_spread(world.second);
  atomic_store(&world.first->account.activity, ACTIVITY_ASLEEP);
  processors_spread(world.second);
  CHECK(is_free_to_move(&all));
  world.other = UINT32_MAX; // the kernel has not said it yet
  atomic_store(&world.first->account.activity, ACTIVITY_BUSY);
  processors_spread(world.second);
  processors_leave(world.first);
  processors_spread(world.second);
  processors_leave(world.second);
  processors_spread(world.second);
  CHECK(is_free_to_move(&all));
  end(&world);
}

static void free_processors_are_those_without_machines(void) {
  cpu_set_t all, room;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  World world;
  begin(&world);
  world.shared->processors = all;
  bool any = processors_free(world.shared, &room);
  CHECK(any == (CPU_COUNT(&all) > 1) || (uint32_t)sched_getcpu() != world.other);
  CHECK(!CPU_ISSET(world.other, &room));
  CPU_OR(&room, &room, &all);
  CHECK(CPU_EQUAL(&room, &all)); // and only those of the run
  CPU_ZERO(&world.shared->processors);
  CHECK(!processors_free(world.shared, &room));
  processors_leave(world.second);
  end(&world);
}

int main(void) {
  free_processors_are_those_without_machines();
  a_thread_leaves_the_processor_of_another_one(ACTIVITY_BUSY);
  a_thread_leaves_the_processor_of_another_one(ACTIVITY_SEARCHING);
  a_thread_stays_where_no_other_one_works_or_can_work();
  return unit_finish();
}
