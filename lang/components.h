// Directed graphs, and their strongly connected components, in time linear in their size (Tarjan), without recursion.
#ifndef HVM_LANG_COMPONENTS_H
#define HVM_LANG_COMPONENTS_H

#include "memory.h"

// Nodes are 0 .. count - 1; those that node n points at are targets[first[n]] .. targets[first[n + 1] - 1].
typedef struct {
  uint32_t count;
  const size_t *first;
  const uint32_t *targets;
} Graph;

typedef struct {
  uint32_t from, to;
} Edge;

// The graph of so many nodes that has these edges, at each node in their order; for graph_free.
Graph graph_of_edges(uint32_t count, const Edge *edges, size_t edge_count);
void graph_free(Graph *graph);

typedef struct {
  uint32_t count;
  uint32_t *of;    // by node: its component
  uint32_t *nodes; // component by component, each after those that it points at
  uint32_t *start; // component c is nodes[start[c]] .. nodes[start[c + 1] - 1]
} Components;

Components components_find(const Graph *graph);
void components_free(Components *components);

#endif
