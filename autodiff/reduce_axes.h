/* SPDX-License-Identifier: MIT
 * The axes of a reduction: as a mask, and in the order that row kernels want. */
#ifndef MGA_REDUCE_AXES_H
#define MGA_REDUCE_AXES_H

#include "autodiff/node.h"
#include "mygrad/tensor.h"

/* Bit i for axis i of ndim, from what arguments.h has read or not; none given means all of them. A scalar has none, but
 * takes 0 and -1 for one, as in NumPy. Errors name the op. */
mg_status mga_axis_mask(const char *op, mg_axes axes, int ndim, uint64_t *mask);

/* x as a view with its axes permuted to (kept..., reduced...), both in order: rows to be read as (outer, length).
 * perm[i] is the axis of x that axis i of the result was. One count; NULL with an error set. */
mga_node *mga_reduced_view(mga_node *x, uint64_t axes, int perm[MG_MAX_NDIM], int64_t *outer, int64_t *length);

/* The same, evaluated and packed. */
mga_node *mga_reduced_last(mga_node *x, uint64_t axes, int perm[MG_MAX_NDIM], int64_t *outer, int64_t *length);

/* g, the gradient of the reduction `node`, whatever became of the reduced axes, stretched over node's input. */
mga_node *mga_spread(const mga_node *node, mga_node *g);

#endif
