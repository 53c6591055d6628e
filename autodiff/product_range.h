/* SPDX-License-Identifier: MIT
 * Running products that stay in range: powers of two that are taken off the factors, and put back at the end. */
#ifndef MGA_PRODUCT_RANGE_H
#define MGA_PRODUCT_RANGE_H

#include "autodiff/node.h"
#include "runtime/scan.h"

/* Is every element, of an evaluated contiguous node of f32 or f64, a normal number? Then no product on the way to it
 * overflowed or vanished. */
bool mga_all_normal(const mga_node *x);

/* A gradient of cumprod is before[i] s[i], s[i] = g[i] + x[i + 1] s[i + 1] (cumulate.c). A bool leaf that is true where
 * nothing on the way to both was too large or too small to be a normal number; what is 0 for a factor's sake counts as
 * one. All are evaluated and contiguous. */
typedef struct mga_scan_parts {
    const mga_node *x, *g, *before, *s;
} mga_scan_parts;
mga_node *mga_trusted(const mga_scan_parts *parts, const mgr_scan *scan);

/* For the lines of x that `scan` describes: 2^-e for each factor, such that the products of what is left of them,
 * from a line's start on, lie around 1 (0, inf and nan are left alone, and not counted); and 2^t as two factors, for it
 * may be out of range by itself: t is the sum of the e of the other factors of the line, or of those up to here if
 * `running`. Leaves of x's dtype and shape, counted; released together. */
typedef struct mga_powers {
    mga_node *down, *up[2];
} mga_powers;
mg_status mga_powers_of(const mga_node *x, const mgr_scan *scan, bool running, mga_powers *powers);
void mga_powers_release(mga_powers *powers);

/* A bool leaf that is true from the n-th 0 of a line on, where what follows is finite in x and g: the products that
 * have that 0 in them get nothing of it, not even 0 times what has overflowed. */
mga_node *mga_from_zero(const mga_node *x, const mga_node *g, const mgr_scan *scan, int n);

/* node times up[0] times up[1]; the count of node is taken over. */
mga_node *mga_powers_put_back(mga_node *node, const mga_powers *powers);

#endif
