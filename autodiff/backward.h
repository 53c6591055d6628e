/* SPDX-License-Identifier: MIT
 * What a gradient rule written in C (the `backward` of opaque and reduce stanzas) looks like. The walk itself is
 * backward.c. */
#ifndef MGA_BACKWARD_H
#define MGA_BACKWARD_H

#include "autodiff/node.h"

/* The gradient with respect to node->in[which], given g, the gradient of node's result (same shape and dtype as node):
 * a node of the input's dtype and of its shape (or of the broadcast shape it was used in: the walk sums that back),
 * with one count. *out = NULL: no gradient. Called only for inputs that are variables. Builds expressions with
 * record.h, or evaluates and computes at once. */
typedef mg_status mga_backward_fn(mga_node *node, mga_node *g, int which, mga_node **out);

/* Generated: by op, NULL where the registry's rules serve. */
extern mga_backward_fn *const mga_backward_table[MGK_OP_COUNT];

#endif
