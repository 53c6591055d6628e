/* SPDX-License-Identifier: MIT
 * Loops written by hand in the 64-byte vocabulary, one table per instruction set: what the machine can do (limits.c),
 * and the fused chain with the roundings of its parts (chain.c). */
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

#include "kernels/kernel.h"

/* Multiply-adds per element of the vectors that one round of the fma loops does. */
enum { BENCH_FMA_ROUND = 64 };

typedef struct bench_loops {
    /* n is a multiple of 16, arrays are 64-byte aligned; _past: stores go past the caches */
    float (*read)(size_t n, const float *a);
    void (*copy)(size_t n, float *out, const float *a);
    void (*copy_past)(size_t n, float *out, const float *a);
    void (*triad)(size_t n, float *out, const float *a, const float *b);
    void (*triad_past)(size_t n, float *out, const float *a, const float *b);
    double (*fma_f32)(size_t rounds); /* returns something that depends on all of it */
    double (*fma_f64)(size_t rounds);
    double fma_f32_flops, fma_f64_flops; /* of a round */
    /* y = relu(exp(x*w) + x*b - w) * x; and the gradients of its sum */
    void (*chain)(size_t n, float *y, const float *x, const float *w, const float *b);
    void (*chain_past)(size_t n, float *y, const float *x, const float *w, const float *b);
    void (*chain_gradient)(size_t n, float *const d[3], const float *x, const float *w, const float *b);
    void (*chain_gradient_past)(size_t n, float *const d[3], const float *x, const float *w, const float *b);
} bench_loops;

extern const bench_loops bench_loops_scalar, bench_loops_avx2, bench_loops_avx512, bench_loops_neon;

/* The table for the instruction set in use. */
const bench_loops *bench_loops_here(void);

#endif
