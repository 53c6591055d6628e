/* SPDX-License-Identifier: MIT
 * The only file that knows SLEEF, compiled once per instruction set: its vector functions in plain loops, a register at
 * a time. */
#include "sleef_loops.h"

#include <immintrin.h>
#include <sleef.h>

#if defined(MGK_ISA_AVX512)
#define TABLE      sleef_loops_avx512
#define F32_LANES  16
#define F64_LANES  8
#define LOAD_F32   _mm512_loadu_ps
#define LOAD_F64   _mm512_loadu_pd
#define STORE_F32  _mm512_storeu_ps
#define STORE_F64  _mm512_storeu_pd
#define F32_(f, u) Sleef_##f##f16_##u##avx512f
#define F64_(f, u) Sleef_##f##d8_##u##avx512f
#else
#define TABLE      sleef_loops_avx2
#define F32_LANES  8
#define F64_LANES  4
#define LOAD_F32   _mm256_loadu_ps
#define LOAD_F64   _mm256_loadu_pd
#define STORE_F32  _mm256_storeu_ps
#define STORE_F64  _mm256_storeu_pd
#define F32_(f, u) Sleef_##f##f8_##u##avx2
#define F64_(f, u) Sleef_##f##d4_##u##avx2
#endif

#define LOOP_(op, t, T, c, call)                                                                                       \
    static void op##_##t(size_t n, c *out, const c *x, const c *y) {                                                   \
        (void)y;                                                                                                       \
        for (size_t i = 0; i < n; i += T##_LANES) STORE_##T(out + i, call);                                            \
    }
#define LOOPS1_(op, f, u)                                                                                              \
    LOOP_(op, f32, F32, float, F32_(f, u)(LOAD_F32(x + i)))                                                            \
    LOOP_(op, f64, F64, double, F64_(f, u)(LOAD_F64(x + i)))
#define LOOPS2_(op, f, u)                                                                                              \
    LOOP_(op, f32, F32, float, F32_(f, u)(LOAD_F32(x + i), LOAD_F32(y + i)))                                           \
    LOOP_(op, f64, F64, double, F64_(f, u)(LOAD_F64(x + i), LOAD_F64(y + i)))
SLEEF_FUNCTIONS(LOOPS1_, LOOPS2_)

#define ROW_(op, f, u) {#op, op##_f32, op##_f64},
const sleef_loop TABLE[SLEEF_COUNT] = {SLEEF_FUNCTIONS(ROW_, ROW_)};
