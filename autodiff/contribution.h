/* SPDX-License-Identifier: MIT
 * Gradient contributions during one backward walk: collected per node, summed when the walk reaches it (rules A5). */
#ifndef MGA_CONTRIBUTION_H
#define MGA_CONTRIBUTION_H

#include "autodiff/thread.h"
#include "runtime/arena.h"

typedef struct mga_contribution {
    mga_node *value;
    mga_view *region; /* NULL: the whole */
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

/* d (count taken over, also on failure) is added to target's gradient: summed over broadcast axes and cast to its dtype
 * first. */
mg_status mga_contribute(mga_walk *walk, mga_node *target, mga_node *d);

/* Gradients of views, of functional updates, of sums of regions. */
mg_status mga_contribute_view(mga_walk *walk, mga_node *view, mga_node *g);
mg_status mga_contribute_update(mga_walk *walk, mga_node *update, mga_node *g, int which);
mg_status mga_contribute_pairs(mga_walk *walk, mga_node *node, mga_node *g);

#endif
