/* SPDX-License-Identifier: MIT
 * Running sums and products along one axis, and the linear recurrence that their gradients are made of. Contiguous
 * arrays read as [outer][length][inner], walked along `length`; threads inside, the same bits for any number of them.
 */
#ifndef MGR_SCAN_H
#define MGR_SCAN_H

#include "mygrad/base.h"

typedef struct mgr_scan {
    mg_dtype dtype; /* i64, u64, f32, f64: accumulators */
    bool reverse;   /* from the last element to the first */
    int64_t outer, length, inner;
} mgr_scan;

/* y[k] = x[0] + ... + x[k] (the product): one after the other inside a block of MGK_REDUCE_BLOCK elements, what came
 * before the block added (multiplied) once to each of its elements (rules C1). Integers wrap. y is not x. */
void mgr_scan_sum(const mgr_scan *scan, const void *x, void *y);
void mgr_scan_product(const mgr_scan *scan, const void *x, void *y);

/* y[0] = b[0], y[k] = b[k] + a[k - lag] y[k - 1], lag 0 or 1; f32 and f64. y is neither a nor b. */
void mgr_scan_recurrence(const mgr_scan *scan, int lag, const void *a, const void *b, void *y);

/* y[0] = fill, y[k] = x[k - 1]; f32 and f64. y is not x. */
void mgr_scan_shift(const mgr_scan *scan, double fill, const void *x, void *y);

#endif
