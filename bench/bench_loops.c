/* SPDX-License-Identifier: MIT
 * The loops, compiled once per instruction set. Plain loops over the vocabulary: no tails, no dispatch, no threads. */
#include "bench_loops.h"

#include "kernels/simd/simd.h"
#include "kernels/vmath/vmath.h"

/* Enough independent sums for the latency of two multiply-adds a cycle, few enough for the registers: a vector is two
 * of AVX2's 16, four of NEON's 32, one of AVX-512's 32. */
#if defined(MGK_ISA_AVX512)
#define SUMS 10
#else
#define SUMS 6
#endif

static float bench_read(size_t n, const float *a) {
    mgv_f32 sum[SUMS];
    size_t i = 0;
    float lanes[MGV_LANES_f32], total = 0;
    for (int k = 0; k < SUMS; k++) sum[k] = mgv_set1_f32(0);
    for (; i + SUMS * MGV_LANES_f32 <= n; i += SUMS * MGV_LANES_f32)
        for (int k = 0; k < SUMS; k++) sum[k] = mgv_add_f32(sum[k], mgv_load_f32(a + i + (size_t)k * MGV_LANES_f32));
    for (; i < n; i += MGV_LANES_f32) sum[0] = mgv_add_f32(sum[0], mgv_load_f32(a + i));
    for (int k = 1; k < SUMS; k++) sum[0] = mgv_add_f32(sum[0], sum[k]);
    mgv_store_f32(lanes, sum[0]);
    for (int k = 0; k < MGV_LANES_f32; k++) total += lanes[k];
    return total;
}

#define COPY_(name, store)                                                                                             \
    static void name(size_t n, float *out, const float *a) {                                                           \
        for (size_t i = 0; i < n; i += MGV_LANES_f32) store(out + i, mgv_load_f32(a + i));                             \
        mgv_fence();                                                                                                   \
    }
COPY_(bench_copy, mgv_store_f32)
COPY_(bench_copy_past, mgv_stream_f32)

#define TRIAD_(name, store)                                                                                            \
    static void name(size_t n, float *out, const float *a, const float *b) {                                           \
        const mgv_f32 s = mgv_set1_f32(3);                                                                             \
        for (size_t i = 0; i < n; i += MGV_LANES_f32)                                                                  \
            store(out + i, mgv_fma_f32(s, mgv_load_f32(b + i), mgv_load_f32(a + i)));                                  \
        mgv_fence();                                                                                                   \
    }
TRIAD_(bench_triad, mgv_store_f32)
TRIAD_(bench_triad_past, mgv_stream_f32)

#define FMA_(name, t)                                                                                                  \
    static double name(size_t rounds) {                                                                                \
        const mgv_##t factor = mgv_set1_##t(0.5f), term = mgv_set1_##t(1);                                             \
        mgv_##t sum[SUMS];                                                                                             \
        MGV_ELEM_##t lanes[MGV_LANES_##t];                                                                             \
        double total = 0;                                                                                              \
        for (int k = 0; k < SUMS; k++) sum[k] = mgv_set1_##t((MGV_ELEM_##t)k);                                         \
        for (size_t i = 0; i < rounds * BENCH_FMA_ROUND; i++)                                                          \
            for (int k = 0; k < SUMS; k++) sum[k] = mgv_fma_##t(sum[k], factor, term);                                 \
        for (int k = 1; k < SUMS; k++) sum[0] = mgv_add_##t(sum[0], sum[k]);                                           \
        mgv_store_##t(lanes, sum[0]);                                                                                  \
        for (int k = 0; k < MGV_LANES_##t; k++) total += (double)lanes[k];                                             \
        return total;                                                                                                  \
    }
FMA_(bench_fma_f32, f32)
FMA_(bench_fma_f64, f64)

MGV_FN mgv_f32 relu(mgv_f32 t) {
    const mgv_f32 zero = mgv_set1_f32(0);
    return mgv_select_f32(mgv_lt_f32(t, zero), zero, t);
}

/* Each operation rounds by itself, as the library's does: no fma but inside exp. */
#define CHAIN_(name, store)                                                                                            \
    static void name(size_t n, float *y, const float *x, const float *w, const float *b) {                             \
        for (size_t i = 0; i < n; i += MGV_LANES_f32) {                                                                \
            const mgv_f32 xv = mgv_load_f32(x + i), wv = mgv_load_f32(w + i), bv = mgv_load_f32(b + i);                \
            const mgv_f32 sum = mgv_add_f32(vm_exp_f32(mgv_mul_f32(xv, wv)), mgv_mul_f32(xv, bv));                     \
            store(y + i, mgv_mul_f32(relu(mgv_sub_f32(sum, wv)), xv));                                                 \
        }                                                                                                              \
        mgv_fence();                                                                                                   \
    }
CHAIN_(bench_chain, mgv_store_f32)
CHAIN_(bench_chain_past, mgv_stream_f32)

/* Contributions of several paths are added from the last recorded to the first, as the library does (rules A5). */
#define GRADIENT_(name, store)                                                                                         \
    static void name(size_t n, float *const d[3], const float *x, const float *w, const float *b) {                    \
        const mgv_f32 zero = mgv_set1_f32(0);                                                                          \
        for (size_t i = 0; i < n; i += MGV_LANES_f32) {                                                                \
            const mgv_f32 xv = mgv_load_f32(x + i), wv = mgv_load_f32(w + i), bv = mgv_load_f32(b + i);                \
            const mgv_f32 e = vm_exp_f32(mgv_mul_f32(xv, wv));                                                         \
            const mgv_f32 r = relu(mgv_sub_f32(mgv_add_f32(e, mgv_mul_f32(xv, bv)), wv));                              \
            const mgv_f32 dt = mgv_select_f32(mgv_gt_f32(r, zero), xv, zero), du = mgv_mul_f32(dt, e);                 \
            const mgv_f32 late = mgv_add_f32(r, mgv_mul_f32(dt, bv));                                                  \
            store(d[0] + i, mgv_add_f32(late, mgv_mul_f32(du, wv)));                                                   \
            store(d[1] + i, mgv_add_f32(mgv_neg_f32(dt), mgv_mul_f32(du, xv)));                                        \
            store(d[2] + i, mgv_mul_f32(dt, xv));                                                                      \
        }                                                                                                              \
        mgv_fence();                                                                                                   \
    }
GRADIENT_(bench_chain_gradient, mgv_store_f32)
GRADIENT_(bench_chain_gradient_past, mgv_stream_f32)

const bench_loops MGK_NAME(bench_loops) = {
    .read = bench_read,
    .copy = bench_copy,
    .copy_past = bench_copy_past,
    .triad = bench_triad,
    .triad_past = bench_triad_past,
    .fma_f32 = bench_fma_f32,
    .fma_f64 = bench_fma_f64,
    .fma_f32_flops = 2.0 * SUMS * BENCH_FMA_ROUND * MGV_LANES_f32,
    .fma_f64_flops = 2.0 * SUMS * BENCH_FMA_ROUND * MGV_LANES_f64,
    .chain = bench_chain,
    .chain_past = bench_chain_past,
    .chain_gradient = bench_chain_gradient,
    .chain_gradient_past = bench_chain_gradient_past,
};
