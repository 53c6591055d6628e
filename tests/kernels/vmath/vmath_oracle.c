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

/* The larger, and the smaller less the larger: 0 for equal infinities. */
static double logaddexp(double x, double y) {
    if (x == y) return x + log(2);
    return x > y ? x + log1p(exp(y - x)) : y + log1p(exp(x - y));
}
static double logaddexp2(double x, double y) {
    if (x == y) return x + 1;
    return x > y ? x + log1p(exp2(y - x)) / log(2) : y + log1p(exp2(x - y)) / log(2);
}

double vmath_exact_f32(int fn, float x) {
#define F32_(name, o32, o64) o32,
    static double (*const of[VMATH_COUNT])(double) = {VMATH_FUNCTIONS(F32_)};
    return of[fn]((double)x);
}

/* |y - exact| in units of the last of `digits` bits, for exponents from `low` to `high`: of exact or of `beside`. */
static double ulps(long double y, long double exact, long double beside, int digits, int low, int high) {
    if (isnan(exact) || isnan(y)) return isnan(exact) && isnan(y) ? 0 : (double)INFINITY;
    if (beside == 0 && (signbit(exact) != 0) != (signbit(y) != 0))
        return (double)INFINITY; /* no function here has results of the wrong sign, zeros included */
    if (isinf(exact) || fabsl(exact) >= ldexpl(1, high)) return isinf(y) && y * exact > 0 ? 0 : (double)INFINITY;
    int e = low;
    const long double most = fabsl(exact) > beside ? fabsl(exact) : beside;
    if (most != 0) (void)frexpl(most, &e);
    if (isinf(y)) y = copysignl(ldexpl(1, high), y);
    return (double)ldexpl(fabsl(y - exact), digits - (e < low ? low : e));
}

/* What the error of fn(x, y) is measured beside the result in; 0: nothing. */
static long double beside(int fn, long double x, long double y) {
    if (fn != VMATH_logaddexp && fn != VMATH_logaddexp2) return 0;
    const long double most = fmaxl(fabsl(x), fabsl(y));
    return isinf(most) ? 0 : most;
}

double vmath_ulp_f32(float y, double exact) {
    return ulps((long double)y, (long double)exact, 0, FLT_MANT_DIG, FLT_MIN_EXP, FLT_MAX_EXP);
}

double vmath_ulp_f64(double y, long double exact) {
    return ulps((long double)y, exact, 0, DBL_MANT_DIG, DBL_MIN_EXP, DBL_MAX_EXP);
}

double vmath_pair_ulp_f32(int fn, float x, float y, float z) {
#define F32_PAIR_(name, o32, o64) o32,
    static double (*const of[VMATH_PAIR_COUNT])(double, double) = {VMATH_PAIRS(F32_PAIR_)};
    const long double exact = (long double)of[fn]((double)x, (double)y);
    if ((long double)z == exact && z != 0) return 0; /* exact: the common case, made fast */
    const long double other = beside(fn, (long double)x, (long double)y);
    return ulps((long double)z, exact, other, FLT_MANT_DIG, FLT_MIN_EXP, FLT_MAX_EXP);
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

/* log(e^x + e^y), either in the base of `power`; the sum has the bits of the smaller one that matter, for the precision
 * is more than twice that of the result's ULP. */
static int exact_sum(mpfr_t r, const mpfr_t x, const mpfr_t y, int (*power)(mpfr_t, const mpfr_t, mpfr_rnd_t)) {
    const bool first = mpfr_greater_p(x, y) != 0;
    mpfr_t gap;
    mpfr_init2(gap, 160);
    mpfr_set_zero(gap, 1);
    if (!mpfr_equal_p(x, y)) mpfr_sub(gap, first ? y : x, first ? x : y, MPFR_RNDN);
    power(gap, gap, MPFR_RNDN);
    mpfr_log1p(gap, gap, MPFR_RNDN);
    if (power == mpfr_exp2) {
        mpfr_t ln2;
        mpfr_init2(ln2, 160);
        mpfr_const_log2(ln2, MPFR_RNDN);
        mpfr_div(gap, gap, ln2, MPFR_RNDN);
        mpfr_clear(ln2);
    }
    const int inexact = mpfr_add(r, first ? x : y, gap, MPFR_RNDN);
    mpfr_clear(gap);
    return inexact;
}
static int exact_logaddexp(mpfr_t r, const mpfr_t x, const mpfr_t y, mpfr_rnd_t rounding) {
    (void)rounding;
    return exact_sum(r, x, y, mpfr_exp);
}
static int exact_logaddexp2(mpfr_t r, const mpfr_t x, const mpfr_t y, mpfr_rnd_t rounding) {
    (void)rounding;
    return exact_sum(r, x, y, mpfr_exp2);
}

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

double vmath_pair_ulp_f64(int fn, double x, double y, double z) {
#define F64_PAIR_(name, o32, o64) o64,
    static int (*const of[VMATH_PAIR_COUNT])(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t) = {VMATH_PAIRS(F64_PAIR_)};
    mpfr_t r, a, b;
    mpfr_inits2(128, r, a, b, (mpfr_ptr)NULL);
    mpfr_set_d(a, x, MPFR_RNDN);
    mpfr_set_d(b, y, MPFR_RNDN);
    of[fn](r, a, b, MPFR_RNDN);
    const long double exact = mpfr_get_ld(r, MPFR_RNDN), other = beside(fn, (long double)x, (long double)y);
    mpfr_clears(r, a, b, (mpfr_ptr)NULL);
    return ulps((long double)z, exact, other, DBL_MANT_DIG, DBL_MIN_EXP, DBL_MAX_EXP);
}

void vmath_oracle_release(void) { mpfr_free_cache(); }
#else
const char *vmath_oracle_name(void) { return "none"; }
bool vmath_oracle_has_f64(void) { return false; }
long double vmath_exact_f64(int fn, double x) { return fn + (long double)x; } /* never called */
double vmath_pair_ulp_f64(int fn, double x, double y, double z) { return fn + x + y + z; }
void vmath_oracle_release(void) {}
#endif
