/* SPDX-License-Identifier: MIT
 * SLEEF's functions of at most 1.0 ULP, each in a loop over arrays: the other side of the vs_sleef family. One table
 * per instruction set, in the order of SLEEF_FUNCTIONS; the one list of functions that both libraries have. */
#ifndef BENCH_SLEEF_LOOPS_H
#define BENCH_SLEEF_LOOPS_H

#include <stddef.h>

/* F1(our op, their function, their bound in tenths of an ULP); F2 has two operands. */
#define SLEEF_FUNCTIONS(F1, F2)                                                                                        \
    F1(exp, exp, u10)                                                                                                  \
    F1(exp2, exp2, u10)                                                                                                \
    F1(expm1, expm1, u10)                                                                                              \
    F1(log, log, u10)                                                                                                  \
    F1(log2, log2, u10)                                                                                                \
    F1(log10, log10, u10)                                                                                              \
    F1(log1p, log1p, u10)                                                                                              \
    F1(sin, sin, u10)                                                                                                  \
    F1(cos, cos, u10)                                                                                                  \
    F1(tan, tan, u10)                                                                                                  \
    F1(arcsin, asin, u10)                                                                                              \
    F1(arccos, acos, u10)                                                                                              \
    F1(arctan, atan, u10)                                                                                              \
    F1(cbrt, cbrt, u10)                                                                                                \
    F1(sinh, sinh, u10)                                                                                                \
    F1(cosh, cosh, u10)                                                                                                \
    F1(tanh, tanh, u10)                                                                                                \
    F1(arcsinh, asinh, u10)                                                                                            \
    F1(arccosh, acosh, u10)                                                                                            \
    F1(arctanh, atanh, u10)                                                                                            \
    F1(erf, erf, u10)                                                                                                  \
    F2(arctan2, atan2, u10)                                                                                            \
    F2(hypot, hypot, u05)                                                                                              \
    F2(power, pow, u10)

/* n is a multiple of 16; y (the second operand) is NULL where the function has one. */
typedef struct sleef_loop {
    const char *op; /* ours */
    void (*f32)(size_t n, float *out, const float *x, const float *y);
    void (*f64)(size_t n, double *out, const double *x, const double *y);
} sleef_loop;

#define SLEEF_COUNT_(...) +1
enum { SLEEF_COUNT = 0 SLEEF_FUNCTIONS(SLEEF_COUNT_, SLEEF_COUNT_) };

extern const sleef_loop sleef_loops_avx2[SLEEF_COUNT], sleef_loops_avx512[SLEEF_COUNT];

#endif
