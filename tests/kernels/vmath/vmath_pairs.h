/* SPDX-License-Identifier: MIT
 * Inputs for the tests of vector maths of two operands: the i-th pair of an endless fixed sequence per function, a
 * mixture of every bit pattern, all exponents, near-equal operands, every combination of special values, and where the
 * function is delicate: limits of overflow and underflow, turning points, powers of numbers near 1. */
#ifndef MGT_VMATH_PAIRS_H
#define MGT_VMATH_PAIRS_H

#include <stdint.h>

void vmath_pair_f64(int fn, uint64_t i, uint64_t seed, double *x, double *y);
void vmath_pair_f32(int fn, uint64_t i, uint64_t seed, float *x, float *y);

/* The worst inputs of the long runs, and thresholds. */
typedef struct vmath_hard_pair {
    int fn;
    double x, y;
} vmath_hard_pair;
extern const vmath_hard_pair vmath_hard_pairs_f32[], vmath_hard_pairs_f64[];
extern const int vmath_n_hard_pairs_f32, vmath_n_hard_pairs_f64;

#endif
