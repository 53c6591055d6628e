/* SPDX-License-Identifier: MIT
 * Oracles of the vector maths; see the header. */
#include "vmath_oracle.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "vmath_lanes.h"

static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static double csch(double x) { return 1 / sinh(x); }
static double sech(double x) { return 1 / cosh(x); }
static double coth(double x) { return 1 / tanh(x); }
static double arccsch(double x) { return asinh(1 / x); }
static double arccoth(double x) { return isinf(x) ? 1 / x : copysign(0.5 * log1p(2 / (fabs(x) - 1)), x); }
static double soft_sign(double x) { return isinf(x) ? copysign(1, x) : x / (1 + fabs(x)); }
static double silu(double x) { return isinf(x) && x < 0 ? -0.0 : x / (1 + exp(-x)); }
static double softplus(double x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }
static double elu(double x) {
    const float narrow = (float)x;
    uint32_t b;
    float alpha;
    memcpy(&b, &narrow, sizeof b);
    b = 0x3f000000 + ((b ^ b << 7) & 0xffffff);
    memcpy(&alpha, &b, sizeof alpha);
    return x < 0 ? (double)alpha * expm1(x) : x;
}
#define SELU_SCALE 1.0507009873554805
#define SELU_ALPHA 1.6732632423543772
static double selu(double x) { return SELU_SCALE * (x < 0 ? SELU_ALPHA * expm1(x) : x); }

static double csc(double x) { return 1 / sin(x); }
static double sec(double x) { return 1 / cos(x); }
static double cot(double x) { return 1 / tan(x); }
static double arccsc(double x) { return asin(1 / x); }
/* From the tangent, for near 1 the cosine says little. */
static double arcsec(double x) {
    return fabs(x) < 1 ? (double)NAN : atan2(sqrt((fabs(x) - 1) * (fabs(x) + 1)), copysign(1, x));
}
static double arccot(double x) { return x == 0 ? 1.57079632679489661923 : atan(1 / x); }
/* By the distance from the nearest whole number, which is exact. */
static double sinc(double x) {
    const double pi = 3.14159265358979323846, n = rint(x), f = x - n;
    const double s = fmod(n, 2) == 0 ? sin(pi * f) : -sin(pi * f);
    return x == 0 ? 1 : f == 0 ? 0 : s / (pi * x);
}
/* The series of the derivative where cos(pi x) and sinc(x) cancel. */
static double sinc_slope(double x) {
    const double pi = 3.14159265358979323846, n = rint(x), f = x - n, w = x * x * pi * pi;
    if (fabs(x) < 0.5) {
        double sum = 0, term = pi;
        for (int k = 1; k < 14; k++) {
            term *= -w / (2 * k) / (2 * k + 1);
            sum += 2 * k * term;
        }
        return fabs(x) < 1e-10 ? -pi * pi / 3 * x : sum / pi / x;
    }
    const double c = fmod(n, 2) == 0 ? cos(pi * f) : -cos(pi * f);
    return (c - sinc(x)) / x;
}

static double gauss(double x) { return exp(-(x * x)); } /* x has the bits of a float: its square is exact */

/* Phi(-a) = erfc(a/sqrt 2)/2: what a/sqrt 2 loses in rounding is put right by the slope. */
static double tail(double a) {
    const double root = 0.70710678118654752440, t = a * root;
    const double lost = fma(a, root, -t) - a * 4.8336466567264567e-17;
    return 0.5 * (erfc(t) - 1.1283791670955126 * exp(-(t * t)) * lost);
}
static double gelu(double x) { return isinf(x) ? (x > 0 ? x : -0.0) : x * tail(-x); }
static double gelu_slope(double x) {
    if (fabs(x) > 38) return x > 0 ? 1 : -0.0;
    if (fabs(x + 0.75) < 0.01) { /* near the zero */
        const long double w = (long double)x, root = sqrtl(0.5L);
        return (double)(erfcl(-w * root) / 2 + w * expl(-(w * w) / 2) * 0.398942280401432677940L);
    }
    return tail(-x) + x * exp(-(x * x) / 2) * 0.39894228040143267794;
}

/* sigmoid(w) and sigmoid(-w) in extended precision, w = 2 sqrt(2/pi) (x + 0.044715 x^3), and x times w's slope. */
static long double gelu_exponent(long double x) { return 1.595769121605730711760L * (x + 0.044715L * x * x * x); }
static long double gelu_steepness(long double x) { return 1.595769121605730711760L * (x + 3 * 0.044715L * x * x * x); }
static double gelu_tanh(double x) {
    if (fabs(x) > 100) return x > 0 ? x : -0.0;
    return (double)(x / (1 + expl(-gelu_exponent((long double)x))));
}
static double gelu_tanh_slope(double x) {
    if (fabs(x) > 100) return isnan(x) ? x : x > 0 ? 1 : -0.0;
    const long double w = gelu_exponent((long double)x), z = expl(-fabsl(w));
    const long double left = z * (1 + z - gelu_steepness(fabsl((long double)x))) / ((1 + z) * (1 + z));
    return (double)(x > 0 ? 1 - left : left);
}

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
/* By the distance f from the nearest whole number n, which is exact; where n is 0 as sin x / x. */
static int exact_sinc(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    if (!mpfr_number_p(x)) return mpfr_sub(r, x, x, rounding);
    if (mpfr_zero_p(x)) return mpfr_set_ui(r, 1, rounding);
    mpfr_t n, f, pi;
    mpfr_inits2(mpfr_get_prec(x), n, f, pi, (mpfr_ptr)0);
    mpfr_const_pi(pi, rounding);
    mpfr_rint(n, x, MPFR_RNDN);
    mpfr_sub(f, x, n, rounding);
    mpfr_mul(f, f, pi, rounding);
    mpfr_sin(f, f, rounding);
    mpfr_mul(pi, pi, x, rounding);
    mpfr_div_2ui(n, n, 1, rounding);
    mpfr_div(r, f, pi, rounding);
    if (!mpfr_integer_p(n)) mpfr_neg(r, r, rounding);
    if (mpfr_zero_p(r)) mpfr_set_ui(r, 0, rounding);
    mpfr_clears(n, f, pi, (mpfr_ptr)0);
    return 0;
}

/* (cos(pi x) - sinc(x))/x, with bits for what cancels; of the smallest x the first term of the series. */
static int exact_sinc_slope(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    if (!mpfr_number_p(x)) return mpfr_sub(r, x, x, rounding);
    mpfr_t c, s, y;
    mpfr_inits2(320, c, s, y, (mpfr_ptr)0);
    mpfr_const_pi(c, rounding);
    if (mpfr_zero_p(x) || mpfr_get_exp(x) < -50) {
        mpfr_sqr(c, c, rounding);
        mpfr_mul(c, c, x, rounding);
        mpfr_div_si(r, c, -3, rounding);
    } else {
        mpfr_rint(s, x, MPFR_RNDN);
        mpfr_sub(y, x, s, rounding);
        mpfr_div_2ui(s, s, 1, rounding);
        const bool odd = !mpfr_integer_p(s);
        mpfr_mul(y, y, c, rounding);
        mpfr_mul(c, c, x, rounding);
        mpfr_sin_cos(s, y, y, rounding);
        mpfr_div(s, s, c, rounding);
        mpfr_sub(y, y, s, rounding);
        mpfr_div(r, y, x, rounding);
        if (odd) mpfr_neg(r, r, rounding);
    }
    mpfr_clears(c, s, y, (mpfr_ptr)0);
    return 0;
}

static int exact_soft_sign(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    if (mpfr_inf_p(x)) return mpfr_set_si(r, mpfr_sgn(x), rounding);
    mpfr_t a;
    mpfr_init2(a, 2200); /* 1 + |x| exactly */
    mpfr_abs(a, x, rounding);
    mpfr_add_ui(a, a, 1, rounding);
    const int t = mpfr_div(r, x, a, rounding);
    mpfr_clear(a);
    return t;
}

static int exact_silu(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    if (mpfr_inf_p(x) && mpfr_sgn(x) < 0) return mpfr_set_zero(r, -1), 0;
    mpfr_t a;
    mpfr_init2(a, 128);
    exact_sigmoid(a, x, rounding);
    const int t = mpfr_mul(r, x, a, rounding);
    mpfr_clear(a);
    return t;
}

static int exact_softplus(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    mpfr_t a;
    mpfr_init2(a, 128);
    mpfr_abs(a, x, rounding);
    mpfr_neg(a, a, rounding);
    mpfr_exp(a, a, rounding);
    mpfr_log1p(a, a, rounding);
    const int t = mpfr_sgn(x) > 0 ? mpfr_add(r, x, a, rounding) : mpfr_set(r, a, rounding);
    mpfr_clear(a);
    return t;
}

static int exact_elu(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    double alpha = mpfr_get_d(x, rounding);
    uint64_t b;
    if (!(alpha < 0)) return mpfr_set(r, x, rounding);
    memcpy(&b, &alpha, sizeof b);
    b = 0x3fe0000000000000 + ((b ^ b << 7) & 0x1fffffffffffff);
    memcpy(&alpha, &b, sizeof alpha);
    mpfr_expm1(r, x, rounding);
    return mpfr_mul_d(r, r, alpha, rounding);
}

static int exact_selu(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    if (mpfr_sgn(x) >= 0 || mpfr_nan_p(x)) return mpfr_mul_d(r, x, SELU_SCALE, rounding);
    mpfr_expm1(r, x, rounding);
    mpfr_mul_d(r, r, SELU_ALPHA, rounding);
    return mpfr_mul_d(r, r, SELU_SCALE, rounding);
}

/* erfc by the Taylor series from the nearest multiple of 1/8, where it is known from mpfr_erfc, which far out takes 200
 * us a call: erfc(c + h) = erfc(c) - 2 exp(-c^2)/sqrt(pi) sum b[n] h^(n+1)/(n+1), b[n+1] = -2 (c b[n] + b[n-1])/(n+1).
 */
enum { GRID = 8 * 40, GRID_BITS = 192 };
static mpfr_t grid_erfc[GRID + 1], grid_slope[GRID + 1];
static bool have_grid;

static void make_grid(void) {
    mpfr_t c, root;
    mpfr_inits2(GRID_BITS, c, root, (mpfr_ptr)NULL);
    mpfr_const_pi(root, MPFR_RNDN);
    mpfr_sqrt(root, root, MPFR_RNDN);
    for (int k = 0; k <= GRID; k++) {
        mpfr_inits2(GRID_BITS, grid_erfc[k], grid_slope[k], (mpfr_ptr)NULL);
        mpfr_set_d(c, k / 8.0, MPFR_RNDN);
        mpfr_erfc(grid_erfc[k], c, MPFR_RNDN);
        mpfr_sqr(c, c, MPFR_RNDN);
        mpfr_neg(c, c, MPFR_RNDN);
        mpfr_exp(c, c, MPFR_RNDN);
        mpfr_mul_2ui(c, c, 1, MPFR_RNDN);
        mpfr_div(grid_slope[k], c, root, MPFR_RNDN);
    }
    mpfr_clears(c, root, (mpfr_ptr)NULL);
    have_grid = true;
}

static void clear_grid(void) {
    for (int k = 0; k <= GRID && have_grid; k++) mpfr_clears(grid_erfc[k], grid_slope[k], (mpfr_ptr)NULL);
    have_grid = false;
}

/* sum = the sum above, to GRID_BITS. */
static void taylor_sum(mpfr_t sum, unsigned k, const mpfr_t h) {
    mpfr_t b, before, power, term;
    mpfr_inits2(GRID_BITS, b, before, power, term, (mpfr_ptr)NULL);
    mpfr_set_zero(before, 1);
    mpfr_set_ui(b, 1, MPFR_RNDN);
    mpfr_set(power, h, MPFR_RNDN);
    mpfr_set_zero(sum, 1);
    for (unsigned n = 0; n < 200; n++) {
        mpfr_mul(term, b, power, MPFR_RNDN);
        mpfr_div_ui(term, term, n + 1, MPFR_RNDN);
        mpfr_add(sum, sum, term, MPFR_RNDN);
        if (mpfr_zero_p(h) || (n > 2 && mpfr_get_exp(term) < mpfr_get_exp(sum) - GRID_BITS)) break;
        mpfr_mul_ui(term, b, k, MPFR_RNDN);
        mpfr_div_2ui(term, term, 3, MPFR_RNDN);
        mpfr_add(term, term, before, MPFR_RNDN);
        mpfr_swap(before, b);
        mpfr_mul_si(term, term, -2, MPFR_RNDN);
        mpfr_div_ui(b, term, n + 1, MPFR_RNDN);
        mpfr_mul(power, power, h, MPFR_RNDN);
    }
    mpfr_clears(b, before, power, term, (mpfr_ptr)NULL);
}

static int exact_erfc(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    const double rough = mpfr_get_d(x, MPFR_RNDN), a = fabs(rough);
    if (!(a > 0.5 && a < 39)) return mpfr_erfc(r, x, rounding);
    if (!have_grid) make_grid();
    const unsigned k = (unsigned)(a * 8 + 0.5);
    mpfr_t h, y;
    mpfr_inits2(GRID_BITS, h, y, (mpfr_ptr)NULL);
    mpfr_abs(h, x, MPFR_RNDN);
    mpfr_sub_d(h, h, k / 8.0, MPFR_RNDN);
    taylor_sum(y, k, h);
    mpfr_mul(y, y, grid_slope[k], MPFR_RNDN);
    mpfr_sub(y, grid_erfc[k], y, MPFR_RNDN);
    if (rough < 0) mpfr_ui_sub(y, 2, y, MPFR_RNDN);
    mpfr_set(r, y, rounding);
    mpfr_clears(h, y, (mpfr_ptr)NULL);
    return 0;
}

static int exact_gauss(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    mpfr_sqr(r, x, rounding);
    mpfr_neg(r, r, rounding);
    return mpfr_exp(r, r, rounding);
}

/* Phi(x); x itself is what r is. */
static void exact_phi(mpfr_t r, mpfr_rnd_t rounding) {
    mpfr_t root;
    mpfr_init2(root, mpfr_get_prec(r));
    mpfr_set_ui(root, 2, rounding);
    mpfr_sqrt(root, root, rounding);
    mpfr_neg(r, r, rounding);
    mpfr_div(r, r, root, rounding);
    exact_erfc(r, r, rounding);
    mpfr_div_2ui(r, r, 1, rounding);
    mpfr_clear(root);
}

/* Infinities are as the limits say, and so are the derivatives from 100 on, where 1 - 10^-2000 is 1. They cancel near
 * their zeros, which 192 bits can bear. */
static bool limit(mpfr_t r, const mpfr_t x, double right) {
    const double a = fabs(mpfr_get_d(x, MPFR_RNDN));
    if (!(right == 1 ? a > 100 : isinf(a))) return false;
    mpfr_set_d(r, mpfr_sgn(x) > 0 ? right : -0.0, MPFR_RNDN);
    return true;
}

static int exact_gelu(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    if (limit(r, x, (double)INFINITY)) return 0;
    mpfr_t phi;
    mpfr_init2(phi, 128);
    mpfr_set(phi, x, rounding);
    exact_phi(phi, rounding);
    mpfr_mul(r, x, phi, rounding);
    mpfr_clear(phi);
    return 0;
}

static int exact_gelu_slope(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    if (limit(r, x, 1)) return 0;
    mpfr_t phi, bell, root;
    mpfr_inits2(192, phi, bell, root, (mpfr_ptr)NULL);
    mpfr_set(phi, x, rounding);
    exact_phi(phi, rounding);
    mpfr_sqr(bell, x, rounding);
    mpfr_div_si(bell, bell, -2, rounding);
    mpfr_exp(bell, bell, rounding);
    mpfr_mul(bell, bell, x, rounding);
    mpfr_const_pi(root, rounding);
    mpfr_mul_2ui(root, root, 1, rounding);
    mpfr_sqrt(root, root, rounding);
    mpfr_div(bell, bell, root, rounding);
    mpfr_add(r, phi, bell, rounding);
    mpfr_clears(phi, bell, root, (mpfr_ptr)NULL);
    return 0;
}

/* 2 sqrt(2/pi) (x + k 0.044715 x^3) */
static void exact_gelu_cubic(mpfr_t r, const mpfr_t x, unsigned long k, mpfr_rnd_t rounding) {
    mpfr_t root;
    mpfr_init2(root, mpfr_get_prec(r));
    mpfr_sqr(r, x, rounding);
    mpfr_mul_ui(r, r, 44715 * k, rounding);
    mpfr_div_ui(r, r, 1000000, rounding);
    mpfr_add_ui(r, r, 1, rounding);
    mpfr_mul(r, r, x, rounding);
    mpfr_const_pi(root, rounding);
    mpfr_ui_div(root, 8, root, rounding);
    mpfr_sqrt(root, root, rounding);
    mpfr_mul(r, r, root, rounding);
    mpfr_clear(root);
}

static int exact_gelu_tanh(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    if (limit(r, x, (double)INFINITY)) return 0;
    mpfr_t w;
    mpfr_init2(w, 192);
    exact_gelu_cubic(w, x, 1, rounding);
    exact_sigmoid(w, w, rounding);
    mpfr_mul(r, x, w, rounding);
    mpfr_clear(w);
    return 0;
}

/* s + x w' s (1 - s), where s = sigmoid(w) and 1 - s = sigmoid(-w). */
static int exact_gelu_tanh_slope(mpfr_t r, const mpfr_t x, mpfr_rnd_t rounding) {
    if (limit(r, x, 1)) return 0;
    mpfr_t s, other, steep;
    mpfr_inits2(192, s, other, steep, (mpfr_ptr)NULL);
    exact_gelu_cubic(s, x, 1, rounding);
    mpfr_neg(other, s, rounding);
    exact_sigmoid(s, s, rounding);
    exact_sigmoid(other, other, rounding);
    exact_gelu_cubic(steep, x, 3, rounding);
    mpfr_mul(steep, steep, s, rounding);
    mpfr_mul(steep, steep, other, rounding);
    mpfr_add(r, s, steep, rounding);
    mpfr_clears(s, other, steep, (mpfr_ptr)NULL);
    return 0;
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

double vmath_oracle_gap(void) {
    double worst = 0;
    mpfr_t x, y, z;
    mpfr_inits2(128, x, y, z, (mpfr_ptr)NULL);
    for (int i = 0; i < 400; i++) {
        mpfr_set_d(x, i % 2 ? 39 * i / 400.0 : i / 80.0 - 2.5, MPFR_RNDN);
        mpfr_div_ui(x, x, 3 + (unsigned)i % 5 * 2, MPFR_RNDN);
        mpfr_mul_ui(x, x, 3, MPFR_RNDN);
        exact_erfc(y, x, MPFR_RNDN);
        mpfr_erfc(z, x, MPFR_RNDN);
        mpfr_div(y, y, z, MPFR_RNDN);
        mpfr_sub_ui(y, y, 1, MPFR_RNDN);
        worst = fmax(worst, fabs(mpfr_get_d(y, MPFR_RNDN)));
    }
    mpfr_clears(x, y, z, (mpfr_ptr)NULL);
    return worst;
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

void vmath_oracle_release(void) {
    clear_grid();
    mpfr_free_cache();
}
#else
const char *vmath_oracle_name(void) { return "none"; }
bool vmath_oracle_has_f64(void) { return false; }
long double vmath_exact_f64(int fn, double x) { return fn + (long double)x; } /* never called */
double vmath_oracle_gap(void) { return 0; }
double vmath_pair_ulp_f64(int fn, double x, double y, double z) { return fn + x + y + z; }
void vmath_oracle_release(void) {}
#endif
