/* SPDX-License-Identifier: MIT
 * Between linalg.c and its back ends: one dense product, who can do it, and how to ask. Nothing here is for other
 * rooms. */
#ifndef MGR_PRODUCTS_H
#define MGR_PRODUCTS_H

#include "runtime/linalg.h"

/* c (m x n, rows dense) = a (m x k) b (k x n), or += if accumulate. Strides are in elements. */
typedef struct mgr_gemm {
    mg_dtype dtype;
    int64_t m, n, k;
    const void *a, *b;
    int64_t a_row, a_col, b_row, b_col;
    void *c;
    int64_t c_row;
    bool accumulate;
} mgr_gemm;

/* `batch` products of the same kind; batch strides in elements, 0 where an operand is shared. */
typedef struct mgr_gemm_batch {
    mgr_gemm first;
    int64_t batch, a_batch, b_batch, c_batch;
} mgr_gemm_batch;

/* A grain for mgr_parallel_for that keeps it from cutting n into more than `workers` chunks, which have scratch. */
static inline int64_t mgr_grain_for(int64_t n, int64_t grain, int64_t workers) {
    int64_t least = (n + workers - 1) / workers;
    return grain > least ? grain : least;
}

/* A matrix whose one stride is 1 and whose other one spans at least a line: what BLAS and oneDNN take without a copy.
 */
bool mgr_stride_is_dense(int64_t rows, int64_t cols, int64_t row, int64_t col);

/* gemm.c: our own loops, every dtype but f16 and bf16, any strides. Serial; k ascends, so the bits never depend on
 * blocking or threads. `scratch` holds mgr_gemm_scratch(dtype) bytes, 64-byte aligned. */
size_t mgr_gemm_scratch(mg_dtype dtype);
void mgr_gemm_own(const mgr_gemm *g, void *scratch);

/* linalg.c: BLAS or our own loops, whichever serves this dtype, on the calling thread; `scratch` as above. a and b
 * dense. Cannot fail. */
void mgr_gemm_run(const mgr_gemm *g, void *scratch);

/* blas.c: f32 and f64, a and b dense, m, n, k > 0; on the calling thread. */
bool mgr_blas_has(mg_dtype dtype);
void mgr_blas_gemm(const mgr_gemm *g);
const char *mgr_blas_name(void);

typedef enum mgr_conv_pass { MGR_CONV_FORWARD, MGR_CONV_BACKWARD_DATA, MGR_CONV_BACKWARD_WEIGHTS } mgr_conv_pass;

/* Some images, channels and filters of a convolution; arrays begin at the part's first element, and what lies between
 * its images and filters is the whole's. */
typedef struct mgr_conv_part {
    const mgr_conv *whole;
    int64_t n, c, f;
} mgr_conv_part;

/* onednn.c, on the calling thread. MG_ERR_NOT_IMPLEMENTED means "not mine": no error is recorded, the caller takes
 * another way. Other failures are recorded. Without a result to write, only whether it is mine. Operands of
 * convolutions: x, w, y; dy, w, dx; x, dy, dw. */
bool mgr_onednn_has(mg_dtype dtype);
mg_status mgr_onednn_matmul(const mgr_gemm_batch *g);
mg_status mgr_onednn_conv(mgr_conv_pass pass, const mgr_conv_part *part, const void *a, const void *b, void *result);
void mgr_onednn_get_stats(mgr_linalg_stats *out); /* primitives_* of this thread */
void mgr_onednn_clear(void);                      /* this thread's primitives, stream and engine */
const char *mgr_onednn_name(void);

/* im2col.c: any number of axes, f32 and f64. */
mg_status mgr_im2col_forward(const mgr_conv *args, const void *x, const void *w, void *y);
mg_status mgr_im2col_backward_data(const mgr_conv *args, const void *dy, const void *w, void *dx);
mg_status mgr_im2col_backward_weights(const mgr_conv *args, const void *x, const void *dy, void *dw);

#endif
