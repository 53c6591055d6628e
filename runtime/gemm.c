/* SPDX-License-Identifier: MIT
 * Our own matrix product: integers (wrapping), bool ("or of ands"), and f32/f64 where there is no BLAS or the product
 * is tiny. Plain C that compilers vectorise; serial, any strides. Threads and batches are linalg.c's business. */
#include "runtime/products.h"
#include "runtime/sizes.h"

#include <string.h>

#define T             float
#define GEMM(name)    gemm_f32_##name
#define MR            4
#define NR            8
#define STEP(c, a, b) ((c) + (a) * (b))
#include "runtime/gemm_body.h"

#define T             double
#define GEMM(name)    gemm_f64_##name
#define MR            4
#define NR            4
#define STEP(c, a, b) ((c) + (a) * (b))
#include "runtime/gemm_body.h"

/* Signed integers share the unsigned loops: wrapping products and sums are the same bits. */
#define T             uint8_t
#define GEMM(name)    gemm_w8_##name
#define MR            4
#define NR            16
#define STEP(c, a, b) ((uint8_t)((c) + (a) * (b)))
#include "runtime/gemm_body.h"

#define T             uint16_t
#define GEMM(name)    gemm_w16_##name
#define MR            4
#define NR            16
#define STEP(c, a, b) ((uint16_t)((c) + (uint32_t)(a) * (b)))
#include "runtime/gemm_body.h"

#define T             uint32_t
#define GEMM(name)    gemm_w32_##name
#define MR            4
#define NR            8
#define STEP(c, a, b) ((c) + (a) * (b))
#include "runtime/gemm_body.h"

#define T             uint64_t
#define GEMM(name)    gemm_w64_##name
#define MR            4
#define NR            4
#define STEP(c, a, b) ((c) + (a) * (b))
#include "runtime/gemm_body.h"

#define T             uint8_t
#define GEMM(name)    gemm_bool_##name
#define MR            4
#define NR            16
#define STEP(c, a, b) ((uint8_t)((c) | ((a) & (b))))
#include "runtime/gemm_body.h"

size_t mgr_gemm_scratch(mg_dtype dtype) {
    return mg_dtype_size(dtype) * (MGR_GEMM_MC * MGR_GEMM_KC + MGR_GEMM_KC * MGR_GEMM_NC);
}

void mgr_gemm_own(const mgr_gemm *g, void *scratch) {
    if (g->k == 0) {
        size_t item = mg_dtype_size(g->dtype);
        for (int64_t i = 0; i < g->m && !g->accumulate; i++)
            memset((char *)g->c + (size_t)(i * g->c_row) * item, 0, (size_t)g->n * item);
        return;
    }
    switch (g->dtype) {
    case MG_F32:
        gemm_f32_run(g, scratch);
        return;
    case MG_F64:
        gemm_f64_run(g, scratch);
        return;
    case MG_BOOL:
        gemm_bool_run(g, scratch);
        return;
    case MG_I8:
    case MG_U8:
        gemm_w8_run(g, scratch);
        return;
    case MG_I16:
    case MG_U16:
        gemm_w16_run(g, scratch);
        return;
    case MG_I32:
    case MG_U32:
        gemm_w32_run(g, scratch);
        return;
    case MG_I64:
    case MG_U64:
        gemm_w64_run(g, scratch);
        return;
    default:
        return; /* f16 and bf16 come here as f32 */
    }
}
