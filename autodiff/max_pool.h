/* SPDX-License-Identifier: MIT
 * Gradients that go to chosen elements: max pooling, and the extremum reductions, which are pooling with one window. */
#ifndef MGA_MAX_POOL_H
#define MGA_MAX_POOL_H

#include "autodiff/node.h"

/* A node of g's dtype and shape `all` that is 0 but for one element of each row: reading `all` as (outer, length),
 * element where[o] of row o is g's element o. Differentiable. where: int64, one per row; its count stays the caller's.
 * NULL with an error set. */
mga_node *mga_scatter_rows(mga_node *g, const mgr_shape *all, int64_t outer, int64_t length, mgr_buffer *where);

#endif
