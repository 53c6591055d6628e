/* SPDX-License-Identifier: MIT
 * A region: the pending nodes that a flush must compute, in recording order, cut into clusters of one iteration space
 * each (rules D1), with the decision which values are stored (D2). No programs, no buffers. */
#ifndef MGA_REGION_H
#define MGA_REGION_H

#include "autodiff/thread.h"
#include "runtime/arena.h"

#define MGA_NO_ENTRY UINT32_MAX

typedef enum mga_cluster_kind { MGA_CLUSTER_TILE, MGA_CLUSTER_UPDATE, MGA_CLUSTER_ACCUMULATE } mga_cluster_kind;

/* One pending node of the region; node->slot is its index while node->mark is the region's epoch. */
typedef struct mga_entry {
    mga_node *node;
    uint32_t cluster;
    uint32_t next;   /* the next entry of the same cluster, or MGA_NO_ENTRY */
    uint16_t value;  /* cluster.c: the tile value that holds it */
    bool store;      /* gets a buffer */
    uint8_t results; /* an op with several results: how many of them are stored in this region */
} mga_entry;

typedef struct mga_cluster {
    mga_cluster_kind kind;
    bool has_reduce;
    uint16_t n_instr, n_inputs, n_outputs; /* upper bounds while clusters grow */
    uint32_t level;                        /* clusters run in order of level; what crosses them goes upwards only */
    uint32_t first, last;                  /* entries */
    const mgr_shape *space;
    uint64_t reduced; /* axes, if has_reduce */
} mga_cluster;

typedef struct mga_region {
    uint32_t epoch;
    uint32_t n, n_clusters, capacity;
    mga_entry *entries;
    mga_cluster *clusters;
} mga_region;

/* All pending nodes below the roots into thread->walk, in recording order. */
mg_status mga_region_collect(mga_thread *thread, size_t n_roots, mga_node *const *roots);

/* Of what was collected from these roots: cluster, decide stores. Everything lives in the arena. */
mg_status mga_region_build(mga_region *region, mgr_arena *arena, const mga_thread *thread, size_t n_roots,
                           mga_node *const *roots);

/* The entry of a pending node in this region, through views; NULL if its value is already there. */
mga_entry *mga_region_entry(const mga_region *region, const mga_node *node);

/* True if `node`, as an operand in this iteration space, is the very element of the same tile: no view, no broadcast,
 * not reduced. */
bool mga_operand_is_direct(const mga_node *node, const mgr_shape *space);

/* The iteration space of a map or reduction. */
const mgr_shape *mga_node_space(const mga_node *node);

#endif
