/* SPDX-License-Identifier: MIT
 * Evaluation: from wanted roots to regions, clusters and tile programs (rules D1, D2). */
#ifndef MGA_FLUSH_H
#define MGA_FLUSH_H

#include "autodiff/node.h"

/* Evaluate (n = 0: what closing scopes want): afterwards each root has data (views: their source has). Everything is
 * acquired before anything runs; on failure nothing has changed and the error names the op. */
mg_status mga_eval(mga_node *node);
mg_status mga_eval_all(size_t n, mga_node *const *nodes);

/* Evaluate and return a node whose data is contiguous: node itself (retained), or a packed copy with one count. NULL
 * with an error set. */
mga_node *mga_contiguous(mga_node *node);

/* First element of an evaluated node. */
static inline void *mga_data(const mga_node *node) { return mga_node_data(node); }

#endif
