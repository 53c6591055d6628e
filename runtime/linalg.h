/* SPDX-License-Identifier: MIT
 * Matrix product and convolution on arrays: chooses oneDNN (onednn.c), BLAS (blas.c) or our own loops (gemm.c,
 * im2col.c). Shapes are checked by the caller; these functions check strides, pack what a back end would silently be
 * slow on, and report failures. */
#ifndef MGR_LINALG_H
#define MGR_LINALG_H

#include "mygrad/base.h"

typedef struct mgr_matrix {
    void *data;                     /* element (0, 0) of batch (0, ...) */
    int64_t row_stride, col_stride; /* bytes; any sign, 0 is fine for sources */
    const int64_t *batch_strides;   /* bytes, batch_ndim of them; 0 where broadcast */
} mgr_matrix;

/* c[b] = a[b] (m x k) times b[b] (k x n) for every batch index. All dtypes: f32 and bf16 by oneDNN, f64 by BLAS, f16
 * through f32, integers wrap, bool is "or of ands" as NumPy. c overlaps neither source and is written whole (k = 0
 * writes zeros). */
typedef struct mgr_matmul {
    mg_dtype dtype;
    int64_t m, n, k;
    int batch_ndim;
    const int64_t *batch;
    mgr_matrix a, b, c;
} mgr_matmul;
mg_status mgr_matmul_run(const mgr_matmul *args);

/* Correlation over `spatial` axes (1..MG_MAX_NDIM-2), zero padding on both sides, all arrays contiguous in C order:
 * x (n, c, x...), w (f, c, w...), y (n, f, y...), y = (x + 2 pad - ((w - 1) dilation + 1)) / stride + 1 exactly.
 * dilation 1 is dense. */
typedef struct mgr_conv {
    mg_dtype dtype; /* a float */
    int spatial;
    int64_t n, c, f;
    const int64_t *x, *w, *y;
    const int64_t *stride, *pad, *dilation;
} mgr_conv;
mg_status mgr_conv_forward(const mgr_conv *args, const void *x, const void *w, void *y);
mg_status mgr_conv_backward_data(const mgr_conv *args, const void *dy, const void *w, void *dx);
mg_status mgr_conv_backward_weights(const mgr_conv *args, const void *x, const void *dy, void *dw);

/* This thread's bounded cache of primitives: counters for tests; clear gives back what it holds (as does the thread's
 * end). */
typedef struct mgr_linalg_stats {
    uint64_t primitives_created, primitives_cached, packed_operands;
} mgr_linalg_stats;
void mgr_linalg_get_stats(mgr_linalg_stats *out);
void mgr_linalg_clear(void);

/* "oneDNN 2.6.3", "OpenBLAS 0.3.21 SkylakeX", "own": for mg_build_info and verbose output. */
const char *mgr_linalg_backend(mg_dtype dtype);

#endif
