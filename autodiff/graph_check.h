/* SPDX-License-Identifier: MIT
 * Hardened build: walkers over the structures of this room, called through MGR_CHECK after each pass over the graph. */
#ifndef MGA_GRAPH_CHECK_H
#define MGA_GRAPH_CHECK_H

#include "autodiff/contribution.h"
#include "autodiff/job.h"
#include "runtime/check.h"

/* A new node: what it reads was recorded before it. */
void mga_check_node(const mga_node *node);

/* A region that was built from these roots: recording order, use counts, clusters, levels, stores (region_check.c). */
void mga_check_region(const mga_region *region, size_t n_roots, mga_node *const *roots);
/* `order` runs every cluster once, lower levels first. */
void mga_check_running_order(const mga_region *region, const uint32_t *order);
/* Every value that is stored has a buffer of its own that is large enough, no other has one. */
void mga_check_claims(const mga_flush *flush);

/* A backward's order, before its walk and after it (backward_check.c). */
void mga_check_walk(const mga_walk *walk, const mga_thread *thread);
void mga_check_walked(const mga_walk *walk);
/* A sum of regions: every element is put, before anything is added to it and never after. */
void mga_check_sum(const mga_node *node);

/* A handle and its storage; all handles of one scope. */
void mga_check_handle(const mg_tensor *t);
void mga_check_scope(const mga_thread *thread, size_t scope);

#endif
