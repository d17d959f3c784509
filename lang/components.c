#include "components.h"

static const uint32_t UNSEEN = UINT32_MAX;

typedef struct {
  const Graph *graph;
  Components *found;
  uint32_t *low;           // by node: the least number reached from it; UNSEEN before it was visited
  size_t *next;            // by node: the edge to look at next
  ARRAY(uint32_t) path;    // the nodes being visited
  ARRAY(uint32_t) waiting; // visited, without a component
  uint32_t visited, done;
} Search;

Graph graph_of_edges(uint32_t count, const Edge *edges, size_t edge_count) {
  size_t *first = memory_zeroed((size_t)count + 2, sizeof *first);
  uint32_t *targets = memory_zeroed(edge_count, sizeof *targets);
  for (size_t i = 0; i < edge_count; i++) first[edges[i].from + 2]++;
  for (size_t i = 2; i < (size_t)count + 2; i++) first[i] += first[i - 1];
  for (size_t i = 0; i < edge_count; i++) targets[first[edges[i].from + 1]++] = edges[i].to;
  return (Graph){count, first, targets};
}

void graph_free(Graph *graph) {
  free((void *)(uintptr_t)graph->first);
  free((void *)(uintptr_t)graph->targets);
}

static void enter(Search *search, uint32_t node, uint32_t *number) {
  number[node] = search->low[node] = search->visited++;
  search->next[node] = search->graph->first[node];
  ARRAY_PUSH(&search->path, node);
  ARRAY_PUSH(&search->waiting, node);
}

// All that waits since the node was entered is one component.
static void close_component(Search *search, uint32_t node) {
  Components *found = search->found;
  found->start[found->count] = search->done;
  uint32_t member;
  do {
    member = search->waiting.items[--search->waiting.count];
    found->of[member] = found->count;
    found->nodes[search->done++] = member;
  } while (member != node);
  found->count++;
}

static void visit(Search *search, uint32_t root, uint32_t *number) {
  enter(search, root, number);
  while (search->path.count) {
    uint32_t node = search->path.items[search->path.count - 1];
    if (search->next[node] < search->graph->first[node + 1]) {
      uint32_t target = search->graph->targets[search->next[node]++];
      if (number[target] == UNSEEN)
        enter(search, target, number);
      else if (search->found->of[target] == UNSEEN && number[target] < search->low[node])
        search->low[node] = number[target];
      continue;
    }
    search->path.count--;
    if (search->low[node] == number[node]) close_component(search, node);
    if (!search->path.count) break;
    uint32_t above = search->path.items[search->path.count - 1];
    if (search->low[node] < search->low[above]) search->low[above] = search->low[node];
  }
}

Components components_find(const Graph *graph) {
  Components found = {.of = memory_zeroed(graph->count, sizeof(uint32_t)),
                      .nodes = memory_zeroed(graph->count, sizeof(uint32_t)),
                      .start = memory_zeroed(graph->count + 1, sizeof(uint32_t))};
  Search search = {.graph = graph,
                   .found = &found,
                   .low = memory_zeroed(graph->count, sizeof(uint32_t)),
                   .next = memory_zeroed(graph->count, sizeof(size_t))};
  uint32_t *number = memory_zeroed(graph->count, sizeof(uint32_t)); // in the order of the visit
  for (uint32_t i = 0; i < graph->count; i++) number[i] = found.of[i] = UNSEEN;
  for (uint32_t i = 0; i < graph->count; i++)
    if (number[i] == UNSEEN) visit(&search, i, number);
  found.start[found.count] = search.done;
  free(number);
  free(search.low);
  free(search.next);
  ARRAY_FREE(&search.path);
  ARRAY_FREE(&search.waiting);
  return found;
}

void components_free(Components *components) {
  free(components->of);
  free(components->nodes);
  free(components->start);
}
