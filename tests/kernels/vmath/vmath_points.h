/* SPDX-License-Identifier: MIT
 * Inputs for the vector-maths tests: the i-th of an endless fixed sequence per function, a mixture of every bit
 * pattern, uniform values in the ranges that matter, neighbourhoods of the reduction's and the result's turning points,
 * and tiny values. */
#ifndef MGT_VMATH_POINTS_H
#define MGT_VMATH_POINTS_H

#include <stdint.h>

double vmath_point_f64(int fn, uint64_t i, uint64_t seed);
float vmath_point_f32(int fn, uint64_t i, uint64_t seed);

/* The worst inputs of the exhaustive runs, thresholds of overflow, underflow and saturation, and turning points. */
typedef struct vmath_hard {
    int fn;
    double x;
} vmath_hard;
extern const vmath_hard vmath_hard_f32[], vmath_hard_f64[];
extern const int vmath_n_hard_f32, vmath_n_hard_f64;

#endif
