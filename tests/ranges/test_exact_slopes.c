/* SPDX-License-Identifier: MIT
 * Gradients at points where nothing but a constant of the rule is left, or nothing is rounded: the nearest number of
 * the dtype, or the one beside it where two operations round; and at kinks, ends and poles what the documentation says.
 * The numbers are written with more digits than any dtype has. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "autodiff/handle.h"
#include "autodiff/record.h"
#include "kernels/registry.h"
#include "range_points.h"

#include <mygrad/mygrad.h>

/* `units`: how many units in the last place it may be off. */
typedef struct exact {
    const char *op;
    double x;
    long double slope;
    int units;
} exact;

#define INF ((double)INFINITY)
#define LN2 0.693147180559945309417232L

static const exact table[] = {
    {"absolute", 0, 0, 0},
    {"absolute", -0.0, 0, 0},
    {"absolute", 3, 1, 0},
    {"absolute", -3, -1, 0},
    {"square", 3, 6, 0},
    {"reciprocal", 2, -0.25L, 0},
    {"reciprocal", 0, -INFINITY, 0},
    {"sqrt", 4, 0.25L, 0},
    {"sqrt", 0, INFINITY, 0},
    {"cbrt", 8, 1 / 12.0L, 0},
    {"cbrt", -8, 1 / 12.0L, 0},
    {"exp", 0, 1, 0},
    {"expm1", 0, 1, 0},
    {"exp2", 0, LN2, 0},
    {"exp2", 5, 32 * LN2, 0},
    {"exp2", -3, LN2 / 8, 0},
    {"log", 4, 0.25L, 0},
    {"log1p", 3, 0.25L, 0},
    {"log2", 1, 1.442695040888963407359925L, 0},
    {"log2", 8, 1.442695040888963407359925L / 8, 0},
    {"log10", 1, 0.434294481903251827651129L, 0},
    {"log10", 4, 0.434294481903251827651129L / 4, 0},
    {"sin", 0, 1, 0},
    {"cos", 0, 0, 0},
    {"tan", 0, 1, 0},
    {"sec", 0, 0, 0},
    {"cot", 0, -INFINITY, 0},
    {"csc", 0, -INFINITY, 0},
    {"arcsin", 0, 1, 0},
    {"arcsin", 1, 0, 0},
    {"arcsin", -1, 0, 0},
    {"arccos", 0, -1, 0},
    {"arccos", 1, 0, 0},
    {"arccos", -1, 0, 0},
    {"arctan", 0, 1, 0},
    {"arctan", 0.5, 0.8L, 0},
    {"arctan", 1, 0.5L, 0},
    {"arctan", 2, 0.2L, 0},
    {"arccot", 0, -1, 0},
    {"arccot", 1, -0.5L, 0},
    {"arccot", -2, -0.2L, 0},
    {"arcsec", 1, 0, 0},
    {"arcsec", -1, 0, 0},
    {"arcsec", 1.25, 16 / 15.0L, 1},
    {"arccsc", 1, 0, 0},
    {"arccsc", -1, 0, 0},
    {"arccsc", -1.25, -16 / 15.0L, 1},
    {"sinh", 0, 1, 0},
    {"cosh", 0, 0, 0},
    {"tanh", 0, 1, 0},
    {"coth", 0, -INFINITY, 0},
    {"sech", 0, 0, 0},
    {"csch", 0, -INFINITY, 0},
    {"arcsinh", 0, 1, 0},
    {"arcsinh", 0.75, 0.8L, 0},
    {"arcsinh", -1.875, 8 / 17.0L, 0},
    {"arcsinh", 3.9375, 16 / 65.0L, 0},
    {"arccosh", 1, INFINITY, 0},
    {"arccosh", 1.25, 4 / 3.0L, 0},
    {"arctanh", 0, 1, 0},
    {"arctanh", 0.5, 4 / 3.0L, 0},
    {"arctanh", -1, INFINITY, 0},
    {"arccoth", 2, -1 / 3.0L, 0},
    {"arccoth", -1, INFINITY, 0},
    {"arccsch", 0, -INFINITY, 0},
    {"arccsch", 0.75, -16 / 15.0L, 1},
    {"arccsch", -1.875, -64 / 255.0L, 1},
    {"sinc", 0, 0, 0},
    {"sinc", 1, -1, 0},
    {"sinc", -2, -0.5L, 0},
    {"sinc", 0.5, -1.273239544735162686151070L, 1},
    {"erf", 0, 1.128379167095512573896159L, 0},
    {"erfc", 0, -1.128379167095512573896159L, 0},
    {"sigmoid", 0, 0.25L, 0},
    {"softplus", 0, 0.5L, 0},
    {"silu", 0, 0.5L, 0},
    {"soft_sign", 0, 1, 0},
    {"soft_sign", -1, 0.25L, 0},
    {"relu", 0, 0, 0},
    {"relu", -0.0, 0, 0},
    {"relu", 2, 1, 0},
    {"leaky_relu", 0, 0, 0},
    {"leaky_relu", -1, 0.25L, 0},
    {"leaky_relu", 1, 1, 0},
    {"hard_tanh", 1, 0, 0},
    {"hard_tanh", -1, 0, 0},
    {"hard_tanh", 0, 1, 0},
    {"elu", 0, 1, 0},
    {"elu", -0.0, 1, 0},
    {"elu", -INF, 0, 0},
    {"selu", 0, 1.0507009873554805L, 0},
    {"selu", -0.0, 1.0507009873554805L, 0},
    {"selu", 2, 1.0507009873554805L, 0},
    {"selu", -INF, 0, 0},
    {"gelu", 0, 0.5L, 0},
    {"gelu", INF, 1, 0},
    {"gelu", -INF, 0, 0},
    {"gelu_tanh", 0, 0.5L, 0},
    {"gelu_tanh", INF, 1, 0},
    {"gelu_slope", 0, 0.797884560802865355879892L, 0}, /* from here on: what second derivatives are made of */
    {"gelu_tanh_slope", 0, 0.797884560802865355879892L, 0},
    {"sinc_slope", 0, -3.289868133696452872944830L, 1},
    {"gauss", 0, 0, 0},
    {"gauss", INF, 0, 0},
    {"gauss", -INF, 0, 0},
};

/* Below 0, but so little that exp is 1: the constant that it is multiplied with. */
static const exact beside_zero[] = {
    {"elu", -1, 0.75L, 0}, {"selu", -1, 1.758099340847376681243558L, 0}, /* the product of its two doubles */
};

static uint16_t op_named(const char *name) {
    uint16_t op = 1;
    while (op < MGK_OP_COUNT && strcmp(mgk_ops[op].name, name) != 0) op++;
    CHECK_MSG(op < MGK_OP_COUNT, "%s is no op", name);
    return op;
}

static double slope_at(const range_float *f, const char *name, double x) {
    const uint16_t op = op_named(name);
    const double params[MGK_MAX_PARAMS] = {strcmp(name, "elu") == 0          ? 0.75
                                           : strcmp(name, "leaky_relu") == 0 ? 0.25
                                                                             : -1,
                                           1};
    MG_SCOPE;
    mg_tensor *t = mg_astype(mg_from_f64((const double[]){x}, MG_SHAPE(1)), f->dtype);
    mga_node *in = mga_value("test", t);
    mg_tensor *y =
        mga_wrap(mga_record_map(op, &in, mgk_ops[op].n_params ? params : NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO));
    CHECK_MSG(y && mg_backward(y) == MG_OK, "%s: %s", name, mg_take_error().message);
    return mg_item(mg_grad(t));
}

/* Is it right? What is not is said. */
static bool check_one(const range_float *f, const exact *e, double x) {
    const double got = slope_at(f, e->op, x), want = range_rounded(f, (double)e->slope);
    int exponent;
    frexp(want, &exponent);
    const double unit = ldexp(1, exponent - f->digits);
    const bool same = isinf(want) ? got == want : fabs(got - want) <= e->units * unit;
    if (!same) fprintf(stderr, "%s %s at %g: %.17g, exactly %.20Lg\n", e->op, f->name, x, got, e->slope);
    return same;
}

/* The first rounding, to double, does not matter: no number here is that close to the middle of two of a narrower
 * dtype. */
MG_TEST(exact_slopes, constants_kinks_and_poles) {
    int wrong = 0;
    for (int k = 0; k < RANGE_FLOATS; k++) {
        const range_float *f = &range_floats[k];
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) wrong += !check_one(f, &table[i], table[i].x);
        for (size_t i = 0; i < sizeof beside_zero / sizeof *beside_zero; i++)
            wrong += !check_one(f, &beside_zero[i], -range_least_normal(f));
    }
    CHECK_EQ_I64(wrong, 0);
}

MG_TEST(exact_slopes, the_one_that_has_none_at_0) {
    for (int k = 0; k < RANGE_FLOATS; k++) {
        CHECK(isnan(slope_at(&range_floats[k], "absolute_nan", 0)));
        CHECK(isnan(slope_at(&range_floats[k], "absolute_nan", -0.0)));
        CHECK(slope_at(&range_floats[k], "absolute_nan", -2) == -1);
    }
}
