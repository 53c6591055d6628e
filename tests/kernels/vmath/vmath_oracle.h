/* SPDX-License-Identifier: MIT
 * The truth to test against, and the distance from it in units in the last place (ULP) of the exact value.
 * f32: the C library's double functions. f64: MPFR, where the build has it (VMATH_HAVE_MPFR). */
#ifndef MGT_VMATH_ORACLE_H
#define MGT_VMATH_ORACLE_H

#include <stdbool.h>

/* The exact value rounded to double (f32), for any x. */
double vmath_exact_f32(int fn, float x);

/* |y - exact| in ULP of a float at exact; 0 where both are NaN or the same infinity; an infinite y counts as 2^128 when
 * exact is finite; INFINITY for a wrong NaN, infinity or sign of zero. */
double vmath_ulp_f32(float y, double exact);

/* The same for double, exact to 64 bits at least, if vmath_oracle_has_f64(). */
long double vmath_exact_f64(int fn, double x);
double vmath_ulp_f64(double y, long double exact);

/* The error of z = fn(x, y), as above. logaddexp and logaddexp2 are measured in ULP of the largest of |x|, |y| and the
 * result (of the exact one); their sign may be wrong where that is within the error. */
double vmath_pair_ulp_f32(int fn, float x, float y, float z);
double vmath_pair_ulp_f64(int fn, double x, double y, double z);

bool vmath_oracle_has_f64(void);

/* How far the oracle of erfc, a series of its own, is from mpfr_erfc: the largest relative difference of some points.
 */
double vmath_oracle_gap(void);
const char *vmath_oracle_name(void); /* of the f64 oracle */
void vmath_oracle_release(void);

#endif
