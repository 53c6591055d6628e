/* SPDX-License-Identifier: MIT
 * Kernels of a row or window at a time that are no maps and no plain reductions: arg-reductions, max pooling, softmax
 * cross-entropy. Contiguous arrays in C order; threads inside; same bits for any number of them. Shapes and labels are
 * checked by the caller. */
#ifndef MGR_ROWS_H
#define MGR_ROWS_H

#include "mygrad/base.h"

/* index[o] = position of the first largest (or smallest) of x[o][0..length); a NaN wins, the first one. length >= 1.
 * Every dtype. */
mg_status mgr_argextremum(mg_dtype dtype, bool largest, int64_t outer, int64_t length, const void *x, int64_t *index);

/* The same along the middle axis of x[outer][length][inner]: index[outer][inner]. Better than packing rows where inner
 * is some dozens or more. */
mg_status mgr_argextremum_columns(mg_dtype dtype, bool largest, int64_t outer, int64_t length, int64_t inner,
                                  const void *x, int64_t *index);

/* dx = 0, then dx[o][index[o]] = g[o]. Every dtype of 1, 2, 4 or 8 bytes. */
mg_status mgr_scatter_row(mg_dtype dtype, int64_t outer, int64_t length, const void *g, const int64_t *index, void *dx);

/* Max pooling over the last `spatial` axes: x (outer, x...), y (outer, y...), y = (x - pool) / stride + 1 exactly.
 * where[] receives, per element of y, the row-major position of the first largest element (a NaN wins) inside x's
 * spatial block. Any dtype. */
typedef struct mgr_pool {
    mg_dtype dtype;
    int spatial;
    int64_t outer;
    const int64_t *x, *y, *pool, *stride;
} mgr_pool;
mg_status mgr_maxpool_forward(const mgr_pool *args, const void *x, void *y, int64_t *where);
/* dx = 0, then dx[where] += dy, windows in row-major order. Floats; f16/bf16 are rounded after each addition. */
mg_status mgr_maxpool_backward(const mgr_pool *args, const void *dy, const int64_t *where, void *dx);

/* p[i] = softmax(x[i]) (max-subtracted), loss = mean over n of -log p[i][label[i]], computed as log-sum-exp minus the
 * score. x (n, classes), labels in [0, classes). Exponentials and sums by the library's own kernels in the library's
 * fixed order. f32, f64; f16/bf16 via f32. */
mg_status mgr_crossentropy_forward(mg_dtype dtype, int64_t n, int64_t classes, const void *x, const int64_t *labels,
                                   void *p, void *loss);
/* dx[i][j] = (p[i][j] - [j == label[i]]) * (g / n) */
mg_status mgr_crossentropy_backward(mg_dtype dtype, int64_t n, int64_t classes, const void *p, const int64_t *labels,
                                    const void *g, void *dx);

#endif
