/* SPDX-License-Identifier: MIT
 * Where gradients are looked at: every exponent of a float dtype, both signs, the edges of domains and of the dtype. */
#ifndef TEST_RANGE_POINTS_H
#define TEST_RANGE_POINTS_H

#include "harness.h"

#include "mygrad/base.h"

/* What is known of a float dtype: eps is the distance of 1 from the next number. */
typedef struct range_float {
    mg_dtype dtype;
    const char *name;
    int digits, lowest, highest; /* of normal numbers: 2^lowest <= |x| < 2^highest */
} range_float;
enum { RANGE_FLOATS = 4 };
extern const range_float range_floats[RANGE_FLOATS];

double range_eps(const range_float *f);
double range_largest(const range_float *f);
double range_least_normal(const range_float *f);
double range_least(const range_float *f); /* subnormal */

/* x, rounded to the dtype. */
double range_rounded(const range_float *f, double x);

/* Numbers of the dtype, which the caller frees; `dense`: of every exponent, for one operand. */
double *range_points(const range_float *f, mg_test_rng *rng, bool dense, size_t *n);

#endif
