/* SPDX-License-Identifier: MIT
 * Scans of nodes: what gradients are made of. All are differentiable. */
#ifndef MGA_CUMULATE_H
#define MGA_CUMULATE_H

#include "autodiff/node.h"

/* Along which axis, and which way. */
typedef struct mga_direction {
    int axis;
    bool reverse;
} mga_direction;

/* Running sums and products of x: floats of 32 or 64 bits, 64-bit integers. NULL with an error set. */
mga_node *mga_cumulate(uint16_t op, mga_node *x, mga_direction way);

/* y[0] = b[0], y[k] = b[k] + a[k - lag] y[k - 1]; a and b of one shape and dtype, f32 or f64. */
mga_node *mga_recurrence(mga_node *a, mga_node *b, mga_direction way, int lag);

/* y[0] = fill, y[k] = x[k - 1]; f32 or f64. */
mga_node *mga_shift(mga_node *x, mga_direction way, double fill);

#endif
