/* SPDX-License-Identifier: MIT
 * Oracles of the vector maths; see the header. */
#include "vmath_oracle.h"

#include <float.h>
#include <math.h>

#include "vmath_lanes.h"

static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }

double vmath_exact_f32(int fn, float x) {
    static double (*const of[VMATH_COUNT])(double) = {exp, expm1, log, log1p, tanh, sigmoid};
    return of[fn]((double)x);
}

double vmath_ulp_f32(float y, double exact) {
    if (isnan(exact) || isnan(y)) return isnan(exact) && isnan(y) ? 0 : (double)INFINITY;
    if (isinf(exact)) return (double)y == exact ? 0 : (double)INFINITY;
    if (exact == 0 || y == 0)
        if (signbit(exact) != signbit(y)) return (double)INFINITY;
    int e;
    (void)frexp(exact, &e);
    if (e > 128) e = 129; /* everything from 2^128 on is one infinity: y must be that */
    const double ulp = ldexp(1.0, exact == 0 || e < FLT_MIN_EXP ? FLT_MIN_EXP - FLT_MANT_DIG : e - FLT_MANT_DIG);
    const double got = isinf(y) ? copysign(0x1p128, (double)y) : (double)y;
    if (fabs(exact) >= 0x1p128) return isinf(y) && got * exact > 0 ? 0 : (double)INFINITY;
    return fabs(got - exact) / ulp;
}

#if defined(VMATH_HAVE_MPFR)
#include <mpfr.h>

enum { BITS = 160 };

static void exact_f64(mpfr_t r, int fn, double x) {
    static int (*const of[VMATH_COUNT])(mpfr_t, const mpfr_t, mpfr_rnd_t) = {mpfr_exp,   mpfr_expm1, mpfr_log,
                                                                             mpfr_log1p, mpfr_tanh,  NULL};
    mpfr_set_d(r, fn == VMATH_SIGMOID ? -x : x, MPFR_RNDN);
    if (fn != VMATH_SIGMOID) {
        of[fn](r, r, MPFR_RNDN);
        return;
    }
    mpfr_exp(r, r, MPFR_RNDN);
    mpfr_add_ui(r, r, 1, MPFR_RNDN);
    mpfr_ui_div(r, 1, r, MPFR_RNDN);
}

double vmath_ulp_f64(int fn, double x, double y) {
    mpfr_t r;
    mpfr_init2(r, BITS);
    exact_f64(r, fn, x);
    double ulps;
    if (mpfr_nan_p(r) || isnan(y)) {
        ulps = mpfr_nan_p(r) && isnan(y) ? 0 : (double)INFINITY;
    } else if (mpfr_inf_p(r)) {
        ulps = isinf(y) && (mpfr_sgn(r) > 0) == (y > 0) ? 0 : (double)INFINITY;
    } else if ((mpfr_zero_p(r) || y == 0) && (mpfr_signbit(r) != 0) != (signbit(y) != 0)) {
        ulps = (double)INFINITY;
    } else if (!mpfr_zero_p(r) && mpfr_get_exp(r) > DBL_MAX_EXP) {
        ulps = isinf(y) && (mpfr_sgn(r) > 0) == (y > 0) ? 0 : (double)INFINITY;
    } else {
        const mpfr_exp_t e = mpfr_zero_p(r) || mpfr_get_exp(r) < DBL_MIN_EXP ? DBL_MIN_EXP : mpfr_get_exp(r);
        mpfr_t d;
        mpfr_init2(d, BITS);
        if (isinf(y))
            mpfr_set_si_2exp(d, y > 0 ? 1 : -1, DBL_MAX_EXP, MPFR_RNDN);
        else
            mpfr_set_d(d, y, MPFR_RNDN);
        mpfr_sub(d, d, r, MPFR_RNDN);
        mpfr_mul_2si(d, d, DBL_MANT_DIG - (long)e, MPFR_RNDN);
        ulps = fabs(mpfr_get_d(d, MPFR_RNDN));
        mpfr_clear(d);
    }
    mpfr_clear(r);
    return ulps;
}

void vmath_oracle_release(void) { mpfr_free_cache(); }
#endif
