/* SPDX-License-Identifier: MIT
 * Axes in the order that row kernels want: kept ones first, reduced ones last. */
#ifndef MGA_REDUCE_AXES_H
#define MGA_REDUCE_AXES_H

#include "autodiff/node.h"

/* x evaluated, its axes permuted to (kept..., reduced...), both in order, packed: rows to be read as (outer, length).
 * perm[i] is the axis of x that axis i of the result was. One count; NULL with an error set. */
mga_node *mga_reduced_last(mga_node *x, uint64_t axes, int perm[MG_MAX_NDIM], int64_t *outer, int64_t *length);

#endif
