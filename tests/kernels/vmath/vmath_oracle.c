/* SPDX-License-Identifier: MIT
 * Oracles of the vector maths; see the header. */
#include "vmath_oracle.h"

#include <float.h>
#include <math.h>

#include "vmath_lanes.h"

static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static double csch(double x) { return 1 / sinh(x); }
static double sech(double x) { return 1 / cosh(x); }
static double coth(double x) { return 1 / tanh(x); }
static double arccsch(double x) { return asinh(1 / x); }
static double arccoth(double x) { return isinf(x) ? 1 / x : copysign(0.5 * log1p(2 / (fabs(x) - 1)), x); }

static double csc(double x) { return 1 / sin(x); }
static double sec(double x) { return 1 / cos(x); }
static double cot(double x) { return 1 / tan(x); }
static double arccsc(double x) { return asin(1 / x); }
/* From the tangent, for near 1 the cosine says little. */
static double arcsec(double x) {
    return fabs(x) < 1 ? (double)NAN : atan2(sqrt((fabs(x) - 1) * (fabs(x) + 1)), copysign(1, x));
}
static double arccot(double x) { return x == 0 ? 1.57079632679489661923 : atan(1 / x); }

double vmath_exact_f32(int fn, float x) {
#define F32_(name, o32, o64) o32,
    static double (*const of[VMATH_COUNT])(double) = {VMATH_FUNCTIONS(F32_)};
    return of[fn]((double)x);
}

/* |y - exact| in units of the last of `digits` bits, for exponents from `low` to `high`. */
static double ulps(long double y, long double exact, int digits, int low, int high) {
    if (isnan(exact) || isnan(y)) return isnan(exact) && isnan(y) ? 0 : (double)INFINITY;
    if ((signbit(exact) != 0) != (signbit(y) != 0))
        return (double)INFINITY; /* no function here has results of the wrong sign, zeros included */
    if (isinf(exact) || fabsl(exact) >= ldexpl(1, high)) return isinf(y) ? 0 : (double)INFINITY;
    int e = low;
    if (exact != 0) (void)frexpl(exact, &e);
    if (isinf(y)) y = copysignl(ldexpl(1, high), y);
    return (double)ldexpl(fabsl(y - exact), digits - (e < low ? low : e));
}

double vmath_ulp_f32(float y, double exact) {
    return ulps((long double)y, (long double)exact, FLT_MANT_DIG, FLT_MIN_EXP, FLT_MAX_EXP);
}

double vmath_ulp_f64(double y, long double exact) {
    return ulps((long double)y, exact, DBL_MANT_DIG, DBL_MIN_EXP, DBL_MAX_EXP);
}

#if defined(VMATH_HAVE_MPFR)
#include <mpfr.h>

static int exact_sigmoid(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    mpfr_neg(r, x, rounding);
    mpfr_exp(r, r, rounding);
    mpfr_add_ui(r, r, 1, rounding);
    return mpfr_ui_div(r, 1, r, rounding);
}

static int exact_arccsch(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    mpfr_ui_div(r, 1, x, rounding);
    return mpfr_asinh(r, r, rounding);
}

static int exact_arccoth(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    mpfr_ui_div(r, 1, x, rounding);
    return mpfr_atanh(r, r, rounding);
}

/* r has twice the bits: near 1 the inverses of a rounded reciprocal lose half of theirs. */
static int of_reciprocal(mpfr_t r, const mpfr_t x, int (*f)(mpfr_t, const mpfr_t, mpfr_rnd_t)) {
    mpfr_t wide;
    mpfr_init2(wide, 2 * mpfr_get_prec(x));
    mpfr_ui_div(wide, 1, x, MPFR_RNDN);
    f(wide, wide, MPFR_RNDN);
    mpfr_set(r, wide, MPFR_RNDN);
    mpfr_clear(wide);
    return 0;
}
static int exact_arccsc(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    return (void)rounding, of_reciprocal(r, x, mpfr_asin);
}
static int exact_arcsec(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    return (void)rounding, of_reciprocal(r, x, mpfr_acos);
}
static int exact_arccot(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    if (mpfr_zero_p(x)) mpfr_abs(r, x, rounding);
    return of_reciprocal(r, mpfr_zero_p(x) ? r : x, mpfr_atan);
}

/* By the distance from the nearest whole number, which is exact; where that is x itself by sin x / x. */
const char *vmath_oracle_name(void) { return "mpfr-128"; }

bool vmath_oracle_has_f64(void) { return LDBL_MANT_DIG >= 64; }

long double vmath_exact_f64(int fn, double x) {
#define F64_(name, o32, o64) o64,
    static int (*const of[VMATH_COUNT])(mpfr_t, const mpfr_t, mpfr_rnd_t) = {VMATH_FUNCTIONS(F64_)};
    mpfr_t r;
    mpfr_init2(r, 128);
    mpfr_set_d(r, x, MPFR_RNDN);
    of[fn](r, r, MPFR_RNDN);
    const long double exact = mpfr_get_ld(r, MPFR_RNDN);
    mpfr_clear(r);
    return exact;
}

void vmath_oracle_release(void) { mpfr_free_cache(); }
#else
const char *vmath_oracle_name(void) { return "none"; }
bool vmath_oracle_has_f64(void) { return false; }
long double vmath_exact_f64(int fn, double x) { return fn + (long double)x; } /* never called */
void vmath_oracle_release(void) {}
#endif
