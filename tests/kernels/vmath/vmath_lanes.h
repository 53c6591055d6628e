/* SPDX-License-Identifier: MIT
 * The vector-maths functions as loops over arrays, one table per instruction set compiled in: what the tests here call.
 */
#ifndef MGT_VMATH_LANES_H
#define MGT_VMATH_LANES_H

#include <stddef.h>

#include "vmath_functions.h"

extern const char *const vmath_names[VMATH_COUNT], *const vmath_pair_names[VMATH_PAIR_COUNT];

/* n elements, any n. */
typedef struct vmath_lanes {
    const char *isa;
    void (*f32[VMATH_COUNT])(size_t n, float *y, const float *x);
    void (*f64[VMATH_COUNT])(size_t n, double *y, const double *x);
    void (*pair_f32[VMATH_PAIR_COUNT])(size_t n, float *z, const float *x, const float *y);
    void (*pair_f64[VMATH_PAIR_COUNT])(size_t n, double *z, const double *x, const double *y);
} vmath_lanes;

/* The tables that this build has and this CPU can run: *count of them. */
const vmath_lanes *const *vmath_runnable(int *count);

#endif
