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

#if defined(VMATH_HAVE_MPFR)
/* The same for double, computed by MPFR with 160 bits. */
double vmath_ulp_f64(int fn, double x, double y);
void vmath_oracle_release(void);
#endif

#endif
