/* SPDX-License-Identifier: MIT
 * Derivatives by MPFR with 400 bits: differences that could cancel are taken of exact operands, or are written so that
 * they do not. Nothing can overflow or vanish on the way: exponents have 62 bits. */
#include "range_oracle.h"

#include <math.h>
#include <string.h>

#ifdef RANGE_HAVE_MPFR
#include <mpfr.h>

#define BITS 400
#define R    MPFR_RNDN

bool range_has_mpfr(void) { return true; }

/* r = the derivative at x (and y); t: to use. */
typedef void slope(mpfr_ptr r, mpfr_ptr x, mpfr_ptr y, mpfr_t t[]);
#define SLOPE(name) static void name(mpfr_ptr r, mpfr_ptr x, mpfr_ptr y, mpfr_t t[])
#define UNUSED      (void)x, (void)y, (void)t

static void set(mpfr_ptr r, double v) { mpfr_set_d(r, v, R); }
static bool is(mpfr_ptr x, double v) { return mpfr_cmp_d(x, v) == 0; }
static void inverse(mpfr_ptr r) { mpfr_ui_div(r, 1, r, R); }
static void negate(mpfr_ptr r) { mpfr_neg(r, r, R); }

/* 1 + x^2, (1 - x)(1 + x), (|x| - 1)(|x| + 1) */
static void one_and_square(mpfr_ptr r, mpfr_ptr x) {
    mpfr_sqr(r, x, R);
    mpfr_add_ui(r, r, 1, R);
}
static void one_less_square(mpfr_ptr r, mpfr_ptr x, mpfr_t t[]) {
    mpfr_ui_sub(t[0], 1, x, R);
    mpfr_add_ui(r, x, 1, R);
    mpfr_mul(r, r, t[0], R);
}
static void square_less_one(mpfr_ptr r, mpfr_ptr x, mpfr_t t[]) {
    one_less_square(r, x, t);
    negate(r);
}
/* 1 / (1 + exp(-x)) */
static void logistic(mpfr_ptr r, mpfr_ptr x) {
    mpfr_neg(r, x, R);
    mpfr_exp(r, r, R);
    mpfr_add_ui(r, r, 1, R);
    inverse(r);
}
/* c exp(-x^2 / d), c = sqrt(a / pi) */
static void bell(mpfr_ptr r, mpfr_ptr x, double a, unsigned long d, mpfr_t t[]) {
    mpfr_const_pi(t[0], R);
    set(r, a);
    mpfr_div(t[0], r, t[0], R);
    mpfr_sqrt(t[0], t[0], R);
    mpfr_sqr(r, x, R);
    mpfr_div_ui(r, r, d, R);
    negate(r);
    mpfr_exp(r, r, R);
    mpfr_mul(r, r, t[0], R);
}

SLOPE(one) { UNUSED, set(r, 1); }
SLOPE(minus_one) { UNUSED, set(r, -1); }
SLOPE(of_absolute) { UNUSED, set(r, mpfr_sgn(x)); }
SLOPE(of_reciprocal) {
    UNUSED;
    mpfr_sqr(r, x, R);
    inverse(r);
    negate(r);
}
SLOPE(of_square) { UNUSED, mpfr_mul_ui(r, x, 2, R); }
SLOPE(of_sqrt) {
    UNUSED;
    mpfr_sqrt(r, x, R);
    mpfr_mul_ui(r, r, 2, R);
    inverse(r);
}
SLOPE(of_cbrt) {
    UNUSED;
    mpfr_cbrt(r, x, R);
    mpfr_sqr(r, r, R);
    mpfr_mul_ui(r, r, 3, R);
    inverse(r);
}
SLOPE(of_exp) { UNUSED, mpfr_exp(r, x, R); }
SLOPE(of_exp2) {
    UNUSED;
    mpfr_exp2(r, x, R);
    mpfr_const_log2(t[0], R);
    mpfr_mul(r, r, t[0], R);
}
static void of_log_base(mpfr_ptr r, mpfr_ptr x, unsigned long base, mpfr_t t[]) {
    mpfr_set_ui(t[0], base, R);
    mpfr_log(t[0], t[0], R);
    mpfr_mul(r, x, t[0], R);
    inverse(r);
}
SLOPE(of_log) { UNUSED, mpfr_ui_div(r, 1, x, R); }
SLOPE(of_log2) { UNUSED, of_log_base(r, x, 2, t); }
SLOPE(of_log10) { UNUSED, of_log_base(r, x, 10, t); }
SLOPE(of_log1p) {
    UNUSED;
    mpfr_add_ui(r, x, 1, R);
    inverse(r);
}
SLOPE(of_sin) { UNUSED, mpfr_cos(r, x, R); }
SLOPE(of_cos) { UNUSED, mpfr_sin(r, x, R), negate(r); }
SLOPE(of_tan) { UNUSED, mpfr_sec(r, x, R), mpfr_sqr(r, r, R); }
SLOPE(of_cot) { UNUSED, mpfr_csc(r, x, R), mpfr_sqr(r, r, R), negate(r); }
SLOPE(of_sec) { UNUSED, mpfr_sec(r, x, R), mpfr_tan(t[0], x, R), mpfr_mul(r, r, t[0], R); }
SLOPE(of_csc) { UNUSED, mpfr_csc(r, x, R), mpfr_cot(t[0], x, R), mpfr_mul(r, r, t[0], R), negate(r); }
SLOPE(of_arcsin) {
    UNUSED;
    one_less_square(r, x, t);
    mpfr_sqrt(r, r, R);
    inverse(r);
    if (is(x, 1) || is(x, -1)) set(r, 0);
}
SLOPE(of_arccos) { of_arcsin(r, x, y, t), negate(r); }
SLOPE(of_arctan) { UNUSED, one_and_square(r, x), inverse(r); }
SLOPE(of_arccot) { UNUSED, of_arctan(r, x, y, t), negate(r); }
SLOPE(of_arcsec) {
    UNUSED;
    square_less_one(r, x, t);
    mpfr_sqrt(r, r, R);
    mpfr_abs(t[0], x, R);
    mpfr_mul(r, r, t[0], R);
    inverse(r);
    if (is(x, 1) || is(x, -1)) set(r, 0);
}
SLOPE(of_arccsc) { of_arcsec(r, x, y, t), negate(r); }
SLOPE(of_sinh) { UNUSED, mpfr_cosh(r, x, R); }
SLOPE(of_cosh) { UNUSED, mpfr_sinh(r, x, R); }
SLOPE(of_tanh) { UNUSED, mpfr_sech(r, x, R), mpfr_sqr(r, r, R); }
SLOPE(of_coth) { UNUSED, mpfr_csch(r, x, R), mpfr_sqr(r, r, R), negate(r); }
SLOPE(of_sech) { UNUSED, mpfr_sech(r, x, R), mpfr_tanh(t[0], x, R), mpfr_mul(r, r, t[0], R), negate(r); }
SLOPE(of_csch) { UNUSED, mpfr_csch(r, x, R), mpfr_coth(t[0], x, R), mpfr_mul(r, r, t[0], R), negate(r); }
SLOPE(of_arcsinh) { UNUSED, one_and_square(r, x), mpfr_sqrt(r, r, R), inverse(r); }
SLOPE(of_arccosh) { UNUSED, square_less_one(r, x, t), mpfr_sqrt(r, r, R), inverse(r); }
SLOPE(of_arctanh) { UNUSED, one_less_square(r, x, t), inverse(r); }
SLOPE(of_arccsch) {
    UNUSED;
    one_and_square(r, x);
    mpfr_sqrt(r, r, R);
    mpfr_abs(t[0], x, R);
    mpfr_mul(r, r, t[0], R);
    inverse(r);
    negate(r);
}
/* (cos(pi x) - sinc(x)) / x; beside 0 the first terms of its series, -pi^2/3 x (1 - pi^2/10 x^2). */
SLOPE(of_sinc) {
    UNUSED;
    mpfr_const_pi(t[0], R);
    if (mpfr_zero_p(x) || mpfr_get_exp(x) < -150) {
        mpfr_sqr(t[0], t[0], R);
        mpfr_div_si(t[0], t[0], -3, R);
        mpfr_mul(r, t[0], x, R);
        return;
    }
    set(t[1], 2);
    mpfr_fmod(t[1], x, t[1], R); /* exact */
    mpfr_mul(t[1], t[1], t[0], R);
    mpfr_sin_cos(t[2], r, t[1], R);
    mpfr_mul(t[0], t[0], x, R);
    mpfr_div(t[2], t[2], t[0], R);
    mpfr_sub(r, r, t[2], R);
    mpfr_div(r, r, x, R);
}
SLOPE(of_erf) { UNUSED, bell(r, x, 4, 1, t); }
SLOPE(of_erfc) { UNUSED, bell(r, x, 4, 1, t), negate(r); }
SLOPE(of_sigmoid) {
    UNUSED;
    logistic(r, x);
    mpfr_neg(t[1], x, R);
    logistic(t[0], t[1]);
    mpfr_mul(r, r, t[0], R);
}
SLOPE(of_softplus) { UNUSED, logistic(r, x); }
SLOPE(of_silu) {
    UNUSED;
    of_sigmoid(r, x, y, t);
    mpfr_mul(r, r, x, R);
    logistic(t[0], x);
    mpfr_add(r, r, t[0], R);
}
SLOPE(of_soft_sign) {
    UNUSED;
    mpfr_abs(r, x, R);
    mpfr_add_ui(r, r, 1, R);
    mpfr_sqr(r, r, R);
    inverse(r);
}
SLOPE(of_relu) { UNUSED, set(r, mpfr_sgn(x) > 0); }
SLOPE(of_leaky_relu) { UNUSED, set(r, mpfr_sgn(x) > 0 ? 1 : mpfr_sgn(x) < 0 ? RANGE_SLOPE : 0); }
SLOPE(of_hard_tanh) { UNUSED, set(r, mpfr_cmp_d(x, RANGE_LOW) > 0 && mpfr_cmp_d(x, RANGE_HIGH) < 0); }
SLOPE(of_elu) {
    UNUSED;
    mpfr_exp(r, x, R);
    mpfr_mul_d(r, r, RANGE_ALPHA, R);
    if (mpfr_sgn(x) >= 0) set(r, 1);
}
SLOPE(of_selu) {
    UNUSED;
    mpfr_exp(r, x, R);
    set(t[0], 1.6732632423543772); /* the doubles, not the decimals */
    mpfr_mul(r, r, t[0], R);
    if (mpfr_sgn(x) >= 0) set(r, 1);
    set(t[0], 1.0507009873554805);
    mpfr_mul(r, r, t[0], R);
}
/* Phi(x) + x phi(x); beyond 200 Phi is 0 or 1. */
SLOPE(of_gelu) {
    UNUSED;
    if (mpfr_cmpabs_ui(x, 200) > 0) {
        set(r, mpfr_sgn(x) > 0);
        return;
    }
    bell(t[1], x, 0.5, 2, t);
    mpfr_mul(t[1], t[1], x, R);
    set(t[0], 0.5);
    mpfr_sqrt(t[0], t[0], R);
    mpfr_mul(t[0], t[0], x, R);
    negate(t[0]);
    mpfr_erfc(r, t[0], R);
    mpfr_div_ui(r, r, 2, R);
    mpfr_add(r, r, t[1], R);
}
/* s(w) + x w' s(w) s(-w), w = 2 sqrt(2/pi) (x + k x^3), k = 0.044715. */
SLOPE(of_gelu_tanh) {
    UNUSED;
    mpfr_const_pi(t[2], R);
    mpfr_ui_div(t[2], 8, t[2], R);
    mpfr_sqrt(t[2], t[2], R);
    mpfr_set_str(t[3], "0.044715", 10, R);
    mpfr_sqr(t[1], x, R);
    mpfr_mul(t[3], t[3], t[1], R); /* k x^2 */
    mpfr_add_ui(t[1], t[3], 1, R);
    mpfr_mul(t[1], t[1], t[2], R);
    mpfr_mul(t[4], t[1], x, R); /* w */
    mpfr_mul_ui(t[3], t[3], 3, R);
    mpfr_add_ui(t[3], t[3], 1, R);
    mpfr_mul(t[2], t[2], t[3], R); /* w' */
    of_sigmoid(r, t[4], y, t);
    mpfr_mul(r, r, x, R);
    mpfr_mul(r, r, t[2], R);
    logistic(t[0], t[4]);
    mpfr_add(r, r, t[0], R);
}

/* ---- internal: what second derivatives are made of ---- */

SLOPE(of_gauss) {
    UNUSED;
    mpfr_sqr(r, x, R);
    negate(r);
    mpfr_exp(r, r, R);
    mpfr_mul(r, r, x, R);
    mpfr_mul_si(r, r, -2, R);
}
/* phi(x) (2 - x^2) */
SLOPE(of_gelu_slope) {
    UNUSED;
    bell(t[1], x, 0.5, 2, t);
    mpfr_sqr(r, x, R);
    mpfr_ui_sub(r, 2, r, R);
    mpfr_mul(r, r, t[1], R);
}
/* -(pi^2 sinc(x) + 2 sinc'(x) / x); beside 0 -pi^2/3 (1 - 3/10 pi^2 x^2 ...). */
SLOPE(of_sinc_slope) {
    mpfr_const_pi(t[3], R);
    mpfr_sqr(t[3], t[3], R);
    if (mpfr_zero_p(x) || mpfr_get_exp(x) < -100) {
        mpfr_div_si(r, t[3], -3, R);
        return;
    }
    of_sinc(r, x, y, t);
    mpfr_div(r, r, x, R);
    mpfr_mul_ui(r, r, 2, R);
    set(t[1], 2);
    mpfr_fmod(t[1], x, t[1], R); /* exact */
    mpfr_const_pi(t[0], R);
    mpfr_mul(t[1], t[1], t[0], R);
    mpfr_sin(t[1], t[1], R);
    mpfr_mul(t[0], t[0], x, R);
    mpfr_div(t[1], t[1], t[0], R); /* sinc */
    mpfr_mul(t[1], t[1], t[3], R);
    mpfr_add(r, r, t[1], R);
    negate(r);
}
/* t[2] = c = sqrt(2/pi), t[3] = 3 c k x^2, r = c (1 + 3 k x^2) */
SLOPE(of_gelu_tanh_argument) {
    UNUSED;
    mpfr_const_pi(t[2], R);
    mpfr_ui_div(t[2], 2, t[2], R);
    mpfr_sqrt(t[2], t[2], R);
    mpfr_set_str(t[3], "0.134145", 10, R);
    mpfr_sqr(r, x, R);
    mpfr_mul(t[3], t[3], r, R);
    mpfr_mul(t[3], t[3], t[2], R);
    mpfr_add(r, t[3], t[2], R);
}
/* sech(v)^2 (2 v' - c - x v'^2 tanh(v)), v = x (c + k c x^2) */
SLOPE(of_gelu_tanh_slope) {
    of_gelu_tanh_argument(r, x, y, t);
    mpfr_div_ui(t[3], t[3], 3, R);
    mpfr_add(t[3], t[3], t[2], R);
    mpfr_mul(t[3], t[3], x, R); /* v */
    mpfr_tanh(t[1], t[3], R);
    mpfr_sech(t[0], t[3], R);
    mpfr_sqr(t[0], t[0], R);
    mpfr_mul(t[1], t[1], x, R);
    mpfr_sqr(t[3], r, R);
    mpfr_mul(t[1], t[1], t[3], R);
    mpfr_mul_ui(r, r, 2, R);
    mpfr_sub(r, r, t[2], R);
    mpfr_sub(r, r, t[1], R);
    mpfr_mul(r, r, t[0], R);
}
SLOPE(of_deviation) {
    UNUSED;
    mpfr_set_prec(r, 2300);
    mpfr_sub(r, x, y, R);
    mpfr_mul_ui(r, r, 2, R);
}

/* ---- two operands: the names say by which ---- */

SLOPE(other) { UNUSED, mpfr_set(r, y, R); }
SLOPE(first) { UNUSED, mpfr_set(r, x, R); }
SLOPE(divide_x) { UNUSED, mpfr_ui_div(r, 1, y, R); }
SLOPE(divide_y) { UNUSED, mpfr_sqr(r, y, R), mpfr_div(r, x, r, R), negate(r); }
SLOPE(maximum_x) { UNUSED, set(r, mpfr_cmp(x, y) > 0); }
SLOPE(maximum_y) { UNUSED, set(r, mpfr_cmp(x, y) < 0); }
SLOPE(hypot_x) {
    UNUSED;
    mpfr_hypot(r, x, y, R);
    if (mpfr_zero_p(r)) return;
    mpfr_div(r, x, r, R);
}
SLOPE(hypot_y) { hypot_x(r, y, x, t); }
/* arctan2(y, x) has the operands in that order. */
static void squares(mpfr_ptr r, mpfr_ptr x, mpfr_ptr y) {
    mpfr_hypot(r, x, y, R);
    mpfr_sqr(r, r, R);
}
SLOPE(arctan2_0) { UNUSED, squares(r, x, y), mpfr_div(r, y, r, R); }
SLOPE(arctan2_1) { UNUSED, squares(r, x, y), mpfr_div(r, x, r, R), negate(r); }
/* The difference with all of its bits: 2100 of them. */
static void difference(mpfr_ptr r, mpfr_ptr x, mpfr_ptr y) {
    mpfr_set_prec(r, 2300);
    mpfr_sub(r, x, y, R);
}
SLOPE(logaddexp_x) {
    UNUSED;
    difference(t[5], x, y);
    logistic(r, t[5]);
}
SLOPE(logaddexp_y) { logaddexp_x(r, y, x, t); }
SLOPE(logaddexp2_x) {
    UNUSED;
    difference(t[5], y, x);
    mpfr_exp2(r, t[5], R);
    mpfr_add_ui(r, r, 1, R);
    inverse(r);
}
SLOPE(logaddexp2_y) { logaddexp2_x(r, y, x, t); }
SLOPE(power_x) {
    UNUSED;
    difference(t[5], y, t[6]); /* t[6] is 1 */
    mpfr_pow(r, x, t[5], R);
    mpfr_mul(r, r, y, R);
    if (mpfr_zero_p(y)) set(r, 0);
}
SLOPE(power_y) {
    UNUSED;
    mpfr_pow(r, x, y, R);
    if (mpfr_zero_p(x) && mpfr_sgn(y) >= 0) set(r, 0); /* as MyGrad's, 0^0 too */
    if (mpfr_zero_p(x)) return;
    mpfr_log(t[0], x, R);
    mpfr_mul(r, r, t[0], R);
}

static const struct {
    const char *op;
    slope *by[2];
} slopes[] = {
    {"add", {one, one}},
    {"subtract", {one, minus_one}},
    {"multiply", {other, first}},
    {"divide", {divide_x, divide_y}},
    {"maximum", {maximum_x, maximum_y}},
    {"minimum", {maximum_y, maximum_x}},
    {"hypot", {hypot_x, hypot_y}},
    {"arctan2", {arctan2_0, arctan2_1}},
    {"logaddexp", {logaddexp_x, logaddexp_y}},
    {"logaddexp2", {logaddexp2_x, logaddexp2_y}},
    {"power", {power_x, power_y}},
    {"negative", {minus_one}},
    {"positive", {one}},
    {"absolute", {of_absolute}},
    {"absolute_nan", {of_absolute}},
    {"reciprocal", {of_reciprocal}},
    {"square", {of_square}},
    {"sqrt", {of_sqrt}},
    {"cbrt", {of_cbrt}},
    {"exp", {of_exp}},
    {"expm1", {of_exp}},
    {"exp2", {of_exp2}},
    {"log", {of_log}},
    {"log2", {of_log2}},
    {"log10", {of_log10}},
    {"log1p", {of_log1p}},
    {"sin", {of_sin}},
    {"cos", {of_cos}},
    {"tan", {of_tan}},
    {"cot", {of_cot}},
    {"sec", {of_sec}},
    {"csc", {of_csc}},
    {"arcsin", {of_arcsin}},
    {"arccos", {of_arccos}},
    {"arctan", {of_arctan}},
    {"arccot", {of_arccot}},
    {"arcsec", {of_arcsec}},
    {"arccsc", {of_arccsc}},
    {"sinh", {of_sinh}},
    {"cosh", {of_cosh}},
    {"tanh", {of_tanh}},
    {"coth", {of_coth}},
    {"sech", {of_sech}},
    {"csch", {of_csch}},
    {"arcsinh", {of_arcsinh}},
    {"arccosh", {of_arccosh}},
    {"arctanh", {of_arctanh}},
    {"arccoth", {of_arctanh}},
    {"arccsch", {of_arccsch}},
    {"sinc", {of_sinc}},
    {"erf", {of_erf}},
    {"erfc", {of_erfc}},
    {"sigmoid", {of_sigmoid}},
    {"softplus", {of_softplus}},
    {"silu", {of_silu}},
    {"soft_sign", {of_soft_sign}},
    {"relu", {of_relu}},
    {"leaky_relu", {of_leaky_relu}},
    {"hard_tanh", {of_hard_tanh}},
    {"elu", {of_elu}},
    {"selu", {of_selu}},
    {"gelu", {of_gelu}},
    {"gelu_tanh", {of_gelu_tanh}},
    {"gauss", {of_gauss}},
    {"gelu_slope", {of_gelu_slope}},
    {"gelu_tanh_argument", {of_gelu_tanh_argument}},
    {"gelu_tanh_slope", {of_gelu_tanh_slope}},
    {"sinc_slope", {of_sinc_slope}},
    {"squared_deviation", {of_deviation}},
    {"known_product", {other, first}},
};

static slope *slope_of(const char *op, int input) {
    for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++)
        if (strcmp(slopes[i].op, op) == 0) return slopes[i].by[input];
    return NULL;
}

bool range_knows(const char *op, int input) { return input < 2 && slope_of(op, input) != NULL; }

range_answer range_compare(const char *op, int input, const double *operands, double g, double got) {
    enum { N_TEMPORARIES = 7 };
    mpfr_t x, y, r, found, t[N_TEMPORARIES];
    mpfr_inits2(BITS, x, y, r, found, (mpfr_ptr)0);
    for (int i = 0; i < N_TEMPORARIES; i++) mpfr_init2(t[i], BITS);
    set(x, operands[0]);
    set(y, operands[1]);
    set(t[6], 1);
    slope_of(op, input)(r, x, y, t);
    range_answer answer = {.slope = mpfr_regular_p(r) ? mpfr_get_exp(r) : 0};
    mpfr_mul_d(r, r, g, R);
    answer.nearest = mpfr_get_d(r, R);
    answer.zero = mpfr_zero_p(r);
    answer.infinite = !mpfr_number_p(r);
    if (!answer.zero && !answer.infinite) {
        answer.exponent = mpfr_get_exp(r);
        set(found, got);
        mpfr_sub(found, found, r, R);
        mpfr_div(found, found, r, R);
        answer.error = mpfr_get_d(found, R);
    } else {
        answer.error = got;
    }
    for (int i = 0; i < N_TEMPORARIES; i++) mpfr_clear(t[i]);
    mpfr_clears(x, y, r, found, (mpfr_ptr)0);
    return answer;
}

void range_release(void) { mpfr_free_cache(); }

#else

bool range_has_mpfr(void) { return false; }
bool range_knows(const char *op, int input) { return op && input >= 0; }
range_answer range_compare(const char *op, int input, const double *operands, double g, double got) {
    (void)op, (void)input, (void)operands, (void)g;
    return (range_answer){.error = got};
}
void range_release(void) {}

#endif
