/* SPDX-License-Identifier: MIT
 * Gradient contributions during one backward walk: collected per root, summed when the walk reaches it (rules A5). What
 * a view, or reshape's copy, receives is its root's at once, so that no sum depends on how operands lie in memory. */
#ifndef MGA_CONTRIBUTION_H
#define MGA_CONTRIBUTION_H

#include "autodiff/thread.h"
#include "runtime/arena.h"

/* All three are held. Where the mask is -0 the value counts; where it is +0 the contribution has no say, and the value
 * is -0. NULL: it counts everywhere. */
typedef struct mga_contribution {
    mga_node *value;
    mga_view *region; /* NULL: the whole */
    mga_node *mask;   /* the value itself: an UPDATE with -0, which is its own mask */
    struct mga_contribution *next;
} mga_contribution;

typedef struct mga_walk {
    mgr_arena arena;
    size_t n;
    mga_node **order;                 /* reverse recording order, each with a count */
    mga_node **gradients;             /* by node->walk: the finished sum, or NULL */
    mga_contribution **first, **last; /* by node->walk, in the order they arrived */
} mga_walk;

/* Take over the nodes that were visited (thread->walk), newest first; node->walk becomes the position. */
mg_status mga_walk_order(mga_walk *walk, mga_thread *thread);

/* The sum of node's contributions, held by the walk; NULL if there are none, or with an error set. */
mga_node *mga_walk_gradient(mga_walk *walk, mga_node *node);
void mga_walk_end(mga_walk *walk);

/* Does what this node receives go on at once? Then it has no turn in the walk, and a gradient only to be looked at. */
static inline bool mga_passes_on(const mga_node *node) {
    return (node->flags & MGA_HISTORY) &&
           (node->op == MGA_OP_VIEW || (node->op == MGA_OP_CONVERT && node->which == MGA_UNSEEN_COPY));
}

/* d (count taken over, also on failure) is added to target's gradient: summed over broadcast axes and cast to its dtype
 * first. */
mg_status mga_contribute(mga_walk *walk, mga_node *target, mga_node *d);

/* Gradients of functional updates, of sums of regions. */
mg_status mga_contribute_update(mga_walk *walk, mga_node *update, mga_node *g, int which);
mg_status mga_contribute_pairs(mga_walk *walk, mga_node *node, mga_node *g);

/* contribution_sum.c: the sum, counted. The contributions keep what they hold, but for regions that the sum takes. */
mga_node *mga_sum_contributions(mgr_arena *arena, mga_node *target, mga_contribution *first);

/* base with the region replaced by value (a count of each for the node; region's layout as mga_view_make takes it).
 * NULL with an error set. */
mga_node *mga_updated(mga_node *base, mga_node *value, int64_t offset, const int64_t *strides);
/* What says of the region, in `shape`, that only there (inside), or only around it, a contribution counts. */
mga_node *mga_region_mask(mg_dtype dtype, const mgr_shape *shape, const mgr_shape *part, const mga_view *region,
                          bool inside);

#endif
