/* SPDX-License-Identifier: MIT
 * logsumexp, softmax and logsoftmax against long double, to the promised fractions of an ULP; infinities and NaN as
 * SciPy and MyGrad have them; axes, dtypes, nothing at all; gradients against central differences, and theirs again. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "autodiff/backward.h"
#include "autodiff/handle.h"
#include "nnet_check.h"
#include "tensor_check.h"

mga_backward_fn mga_softmax_grad, mga_logsoftmax_grad, mga_logsumexp_grad;

#define INF      ((double)INFINITY)
#define NOT      ((double)NAN)
#define VEC(...) mg_from_f64((double[]){__VA_ARGS__}, MG_SHAPE(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

/* ---- accuracy ---- */

/* An error in ULPs of a double or a float at |x|, the smallest number's included. In long double: of a subnormal result
 * it is no double. */
static double in_ulp(long double error, double x, bool narrow) {
    const int e = ilogb(fmax(fabs(x), narrow ? (double)FLT_MIN : DBL_MIN));
    return (double)(fabsl(error) / ldexpl(1, e - (narrow ? 23 : 52)));
}

typedef struct worst {
    double logsumexp, softmax, logsoftmax;
} worst;

/* long double has 11 bits more than double: its sums are off by n 2^-64, its functions by less than 1 of its ULP. */
static void check_row(int64_t n, const double *values, bool narrow, worst *w) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64(values, mg_shape_of(1, &n));
    if (narrow) x = mg_astype(x, MG_F32);
    double most = -INF, largest = 0, *soft = nnet_read(mg_softmax(x)), *log_soft = nnet_read(mg_logsoftmax(x));
    long double sum = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, values[i]), largest = fmax(largest, fabs(values[i]));
    for (int64_t i = 0; i < n; i++) sum += expl((long double)values[i] - (long double)most);
    const long double lse = (long double)most + logl(sum);
    const double found = mg_item(mg_logsumexp(x));
    w->logsumexp = fmax(w->logsumexp, in_ulp((long double)found - lse, fmax(largest, fabs((double)lse)), narrow));
    for (int64_t i = 0; i < n; i++) {
        const long double shifted = (long double)values[i] - (long double)most;
        const long double y = expl(shifted) / sum, log_y = shifted - logl(sum);
        CHECK_MSG(soft[i] >= 0 && soft[i] <= 1, "softmax of %a beside %a is %a", values[i], most, soft[i]);
        if (fabsl(log_y) > (narrow ? (long double)FLT_MAX : (long double)DBL_MAX)) {
            CHECK_MSG(log_soft[i] <= (narrow ? -(double)FLT_MAX : -DBL_MAX), "logsoftmax of %a beside %a is %a",
                      values[i], most, log_soft[i]);
            continue;
        }
        const double scale = fmax(largest, fabs((double)log_y));
        w->softmax = fmax(w->softmax, in_ulp((long double)soft[i] - y, (double)y, narrow));
        w->logsoftmax = fmax(w->logsoftmax, in_ulp((long double)log_soft[i] - log_y, scale, narrow));
    }
    free(soft);
    free(log_soft);
}

/* Any finite number: every exponent. */
static double any(mg_test_rng *rng, bool narrow) {
    double x;
    do x = narrow ? (double)mg_test_any_f32(rng) : mg_test_any_f64(rng);
    while (!isfinite(x));
    return x;
}

static double draw(mg_test_rng *rng, int kind, double middle) {
    switch (kind) {
    case 0:
        return mg_test_normal(rng);
    case 1:
        return middle + mg_test_uniform(rng, -1, 1);
    case 2:
        return mg_test_uniform(rng, -100, 100);
    case 3:
        return mg_test_uniform(rng, -800, 800);
    case 4:
        return middle; /* all equal: the errors of exp add up */
    case 5:
        return mg_test_int(rng, 0, 9) ? middle - 6.3 : middle;
    default:
        return mg_test_uniform(rng, -1e-3, 1e-3) * mg_test_uniform(rng, -1e-9, 1);
    }
}

MG_TEST(softmax, errors_are_below_the_promised_ulp) {
    mg_test_rng rng = mg_test_rng_new();
    for (int narrow = 0; narrow < 2; narrow++) {
        worst w = {0};
        for (int t = 0; t < mg_test_times(700); t++) {
            const int64_t n = t % 4 == 0 ? 2 : mg_test_int(&rng, 1, t % 16 == 1 ? 6000 : 40);
            double *values = malloc((size_t)n * sizeof *values);
            double middle = mg_test_uniform(&rng, -10, 10);
            if (t % 3 == 0) middle = -log((double)n) + mg_test_uniform(&rng, -0.1, 0.1); /* results near 0 */
            for (int64_t i = 0; i < n; i++) {
                values[i] = draw(&rng, t % 7, middle);
                if (narrow) values[i] = (double)(float)values[i];
            }
            check_row(n, values, narrow, &w);
            free(values);
        }
        printf("%s: logsumexp %.3f, softmax %.3f, logsoftmax %.3f ULP; ", narrow ? "f32" : "f64", w.logsumexp,
               w.softmax, w.logsoftmax);
        CHECK(w.logsumexp <= 1 && w.softmax <= 1 && w.logsoftmax <= 1);
    }
}

/* Numbers of any size beside each other: x - max has a low word of its own size where exp(x - max) is nothing. */
MG_TEST(softmax, errors_of_numbers_of_any_size_are_below_the_promised_ulp) {
    mg_test_rng rng = mg_test_rng_new();
    static const double found[][3] = {{-1.797e308, 30, 30},
                                      {-1.797e308, 1e30, 0},
                                      {-1.797e308, 1e292, -1e291},
                                      {DBL_MAX, 0x1.8p971, 1},
                                      {-DBL_MAX, -0x1.8p971, -DBL_MAX}};
    for (int narrow = 0; narrow < 2; narrow++) {
        worst w = {0};
        for (int t = 0; t < mg_test_times(20000); t++) {
            double values[3];
            const int64_t n = mg_test_int(&rng, 2, 3);
            for (int i = 0; i < 3; i++) values[i] = any(&rng, narrow);
            if (t % 5 == 0) values[1] = mg_test_uniform(&rng, -40, 40);
            if (narrow) values[1] = (double)(float)values[1];
            check_row(n, values, narrow, &w);
        }
        for (size_t i = 0; !narrow && i < sizeof found / sizeof *found; i++) {
            check_row(2, found[i], false, &w);
            check_row(3, found[i], false, &w);
        }
        CHECK_MSG(w.logsumexp <= 1 && w.softmax <= 1 && w.logsoftmax <= 1, "%s: %.3g, %.3g, %.3g ULP",
                  narrow ? "f32" : "f64", w.logsumexp, w.softmax, w.logsoftmax);
    }
}

/* ---- conventions ---- */

MG_TEST(softmax, infinities_and_nan) {
    MG_SCOPE;
    VALUES(mg_logsumexp(VEC(-INF, -INF)), -INF);
    VALUES(mg_logsumexp(VEC(-INF, 3)), 3);
    VALUES(mg_logsumexp(VEC(1, INF)), INF);
    VALUES(mg_logsumexp(VEC(INF, -INF)), INF);
    VALUES(mg_logsumexp(VEC(1, NOT, INF)), NOT);
    VALUES(mg_softmax(VEC(-INF, 0, 0)), 0, 0.5, 0.5);
    VALUES(mg_softmax(VEC(-INF, -INF)), NOT, NOT);
    VALUES(mg_softmax(VEC(1, INF)), NOT, NOT);
    VALUES(mg_softmax(VEC(1, NOT)), NOT, NOT);
    VALUES(mg_logsoftmax(VEC(-INF, 0)), -INF, 0);
    VALUES(mg_logsoftmax(VEC(-INF, -INF)), NOT, NOT);
    VALUES(mg_logsoftmax(VEC(1, INF)), -INF, NOT);
    VALUES(mg_logsoftmax(VEC(1, NOT)), NOT, NOT);
}

MG_TEST(softmax, far_apart_and_huge) {
    MG_SCOPE;
    VALUES(mg_logsumexp(VEC(1e308, 1e308)), 1e308);
    VALUES(mg_logsumexp(VEC(DBL_MAX, -DBL_MAX)), DBL_MAX);
    VALUES(mg_softmax(VEC(1e308, -1e308)), 1, 0);
    VALUES(mg_softmax(VEC(DBL_MAX, -DBL_MAX)), 1, 0);
    VALUES(mg_logsoftmax(VEC(0, -1e6)), 0, -1e6);
    VALUES(mg_softmax(VEC(0, -744)), 1, exp(-744));                                /* subnormal */
    CHECK_NEAR(mg_item(mg_logsumexp(VEC(0, -50))), 1.9287498479639178e-22, 1e-37); /* log(1 + e^-50), not 0 */
}

MG_TEST(softmax, axes_scalars_and_nothing) {
    MG_SCOPE;
    mg_tensor *x = mg_zeros(MG_SHAPE(2, 4), .dtype = MG_F64);
    VALUES(mg_softmax(x), .25, .25, .25, .25, .25, .25, .25, .25);
    VALUES(mg_softmax(x, .axis = MG_AXES(0)), .5, .5, .5, .5, .5, .5, .5, .5);
    VALUES(mg_softmax(x, .axis = MG_AXES(0, 1)), .125, .125, .125, .125, .125, .125, .125, .125);
    VALUES(mg_softmax(x, .axis = MG_AXES0), 1, 1, 1, 1, 1, 1, 1, 1);
    CHECK_EQ_I64(mg_ndim(mg_logsumexp(x)), 0);
    CHECK_EQ_I64(mg_ndim(mg_logsumexp(x, .axis = MG_AXES(1))), 1);
    CHECK_EQ_I64(mg_ndim(mg_logsumexp(x, .axis = MG_AXES(1), .keepdims = true)), 2);
    CHECK_EQ_I64(mg_dim(mg_logsumexp(x, .axis = MG_AXES(0)), 0), 4);
    mg_tensor *s = mg_from_f64((double[]){5}, MG_SHAPE0);
    VALUES(mg_softmax(s), 1);
    VALUES(mg_logsoftmax(s), 0);
    VALUES(mg_logsumexp(s), 5);
    mg_tensor *none = mg_zeros(MG_SHAPE(2, 0));
    VALUES(mg_logsumexp(none, .axis = MG_AXES(1)), -INF, -INF);
    CHECK_EQ_I64(mg_size(mg_softmax(none)), 0);
    CHECK_EQ_I64(mg_dim(mg_logsoftmax(none, .axis = MG_AXES(0)), 0), 2);
    CHECK(mg_backward(mg_logsoftmax(none)) == MG_OK);
    CHECK_EQ_I64(mg_size(mg_grad(none)), 0);
    CHECK(mg_backward(mg_logsumexp(none)) == MG_OK);
    CHECK(mg_softmax(s, .axis = MG_AXES(1)) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "softmax");
    CHECK(mg_logsumexp(x, .axis = MG_AXES(1, 1)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "logsumexp");
}

MG_TEST(softmax, dtypes_views_and_constants) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3)), *t = mg_transpose(x, (mg_axes){0});
    double *along = nnet_read(mg_softmax(t, .axis = MG_AXES(0))), *rows = nnet_read(mg_softmax(x));
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++) CHECK_BITS_F64(along[j * 2 + i], rows[i * 3 + j]);
    free(along);
    free(rows);
    CHECK_EQ_I64(mg_dtype_of(mg_softmax(mg_astype(x, MG_I8))), MG_F64);
    CHECK(mg_is_constant(mg_logsumexp(mg_astype(x, MG_I8))));
    CHECK(mg_is_constant(mg_softmax(x, .constant = MG_CONSTANT)) && !mg_is_constant(mg_softmax(x)));
    static const mg_dtype dtypes[] = {MG_F16, MG_BF16, MG_F32};
    for (int i = 0; i < 3; i++) {
        mg_tensor *narrow = mg_astype(x, dtypes[i]);
        CHECK_EQ_I64(mg_dtype_of(mg_logsoftmax(narrow)), dtypes[i]);
        CHECK_EQ_I64(mg_dtype_of(mg_logsumexp(narrow)), dtypes[i]);
        CHECK(mg_backward(mg_sum(mg_square(mg_softmax(narrow)))) == MG_OK);
        CHECK_EQ_I64(mg_dtype_of(mg_grad(narrow)), dtypes[i]);
    }
}

/* ---- gradients ---- */

static mg_tensor *function(mg_tensor *const *in, void *context) {
    const int what = *(int *)context;
    static const int axes[][2] = {{2, 0}, {0, 2}, {1, 1}};
    const mg_axes axis = mg_axes_of(what / 3 == 1 ? 2 : what / 3 == 3 ? 0 : 1, axes[what / 3 % 3]);
    const mg_softmax_opts opts = {.size = sizeof opts, .axis = axis};
    const mg_reduce_opts reduce = {.size = sizeof reduce, .axis = axis, .keepdims = what % 2};
    return what % 3 == 0   ? mg_softmax_with(in[0], &opts)
           : what % 3 == 1 ? mg_logsoftmax_with(in[0], &opts)
                           : mg_logsumexp_with(in[0], &reduce);
}

MG_TEST(softmax, central_differences) {
    mg_test_rng rng = mg_test_rng_new();
    for (int what = 0; what < 12; what++) {
        MG_SCOPE;
        mg_tensor *x = nnet_random(&rng, MG_SHAPE(2, 3, 4));
        nnet_check_gradients(function, &what, 1, &x, 1e-7);
    }
}

/* Where exp would overflow or vanish: the gradient of logsoftmax is g - softmax sum(g), exactly 1 and -1 here. */
MG_TEST(softmax, gradients_far_out) {
    MG_SCOPE;
    mg_tensor *x = VEC(1000, -1000), *g = VEC(0, 1);
    CHECK(mg_backward(mg_logsoftmax(x), .grad = g) == MG_OK);
    VALUES(mg_grad(x), -1, 1);
    CHECK(mg_backward(mg_softmax(x)) == MG_OK);
    VALUES(mg_grad(x), 0, 0);
    CHECK(mg_backward(mg_logsumexp(x)) == MG_OK);
    VALUES(mg_grad(x), 1, 0);
}

/* g - softmax sum(g), where softmax of a row with inf or nan in it, or of -inf alone, is nan: so is all of the row's
 * gradient, as in MyGrad. Other rows know nothing of it. */
MG_TEST(softmax, gradient_of_logsoftmax_is_nan_in_rows_where_softmax_is) {
    static const double rows[][2] = {{1, INF}, {-INF, INF}, {NOT, 1}, {-INF, -INF}};
    for (int i = 0; i < 4; i++) {
        MG_SCOPE;
        mg_tensor *x = mg_from_f64((double[]){rows[i][0], rows[i][1], 0, 0}, MG_SHAPE(2, 2));
        mg_tensor *g = mg_from_f64((double[]){1, 0, 1, 0}, MG_SHAPE(2, 2));
        CHECK(mg_backward(mg_logsoftmax(x), .grad = g) == MG_OK);
        VALUES(mg_grad(x), NOT, NOT, 0.5, -0.5);
    }
    MG_SCOPE;
    mg_tensor *x = VEC(-INF, 0, 0); /* softmax has values: 0, 0.5, 0.5 */
    CHECK(mg_backward(mg_logsoftmax(x), .grad = VEC(0, 1, 0)) == MG_OK);
    VALUES(mg_grad(x), 0, 0.5, -0.5);
}

/* Factors that have no value, and gradients that are 0: rows that nobody asks for. Where g is not 0, nan stays. */
static void check_spared(mg_tensor *(*f)(mg_tensor *), double first, double second) {
    static const double seeds[][2] = {{0, 0}, {1, 0}, {0, -1}, {-0.0, 0.0}};
    for (int i = 0; i < 4; i++) {
        MG_SCOPE;
        mg_tensor *x = mg_from_f64((double[]){first, second, 0, 0}, MG_SHAPE(2, 2));
        mg_tensor *g = mg_from_f64((double[]){seeds[i][0], seeds[i][1], 1, 0}, MG_SHAPE(2, 2));
        CHECK(mg_backward(f(x), .grad = g) == MG_OK);
        double *grad = nnet_read(mg_grad(x));
        for (int k = 0; k < 2; k++)
            CHECK_MSG(i % 3 == 0 ? grad[k] == 0 : isnan(grad[k]), "%g, %g: %g", first, second, grad[k]);
        CHECK(grad[2] > 0 && grad[3] < 0);
        free(grad);
    }
}

static mg_tensor *plain_softmax(mg_tensor *x) { return mg_softmax(x); }
static mg_tensor *plain_logsoftmax(mg_tensor *x) { return mg_logsoftmax(x); }

MG_TEST(softmax, rows_without_a_value_and_without_a_gradient_get_0) {
    static const double rows[][2] = {{-INF, -INF}, {INF, 0}, {0, INF}, {NOT, 1}};
    for (int i = 0; i < 4; i++) {
        check_spared(plain_softmax, rows[i][0], rows[i][1]);
        check_spared(plain_logsoftmax, rows[i][0], rows[i][1]);
        for (int seed = 0; seed < 2; seed++) {
            MG_SCOPE;
            mg_tensor *x = mg_from_f64((double[]){rows[i][0], rows[i][1], 0, 0}, MG_SHAPE(2, 2));
            mg_tensor *g = mg_from_f64((double[]){seed, 1}, MG_SHAPE(2));
            CHECK(mg_backward(mg_logsumexp(x, .axis = MG_AXES(1)), .grad = g) == MG_OK);
            VALUES(mg_grad(x), seed ? NOT : 0, seed ? NOT : 0, 0.5, 0.5);
        }
    }
}

/* The same a second time: where the first gradient was spared, its own is. d/dx of w . d(softmax)/dx in the other row
 * is a number; and so it is at g = 0 where the row has a softmax: d/dg of y (g - sum(g y)) is y (1 - y). */
MG_TEST(softmax, second_derivatives_of_spared_rows) {
    for (int what = 0; what < 3; what++) {
        MG_SCOPE;
        mg_tensor *x = mg_from_f64((double[]){-INF, -INF, 0, 1}, MG_SHAPE(2, 2));
        mg_tensor *g = mg_from_f64((double[]){0, 0, 0, 0}, MG_SHAPE(2, 2));
        mga_backward_fn *fn = what == 0 ? mga_softmax_grad : what == 1 ? mga_logsoftmax_grad : mga_logsumexp_grad;
        mg_tensor *y = what == 0   ? mg_softmax(x)
                       : what == 1 ? mg_logsoftmax(x)
                                   : mg_logsumexp(x, .axis = MG_AXES(1), .keepdims = true);
        mg_tensor *seed = what < 2 ? g : mg_zeros(MG_SHAPE(2, 1), .dtype = MG_F64);
        mga_node *out = NULL;
        CHECK(fn(mga_value("test", y), mga_value("test", seed), 0, &out) == MG_OK);
        mg_tensor *w = mg_from_f64((double[]){0, 0, 0, 1}, MG_SHAPE(2, 2)), *dx = mga_wrap(out);
        CHECK(mg_backward(dx, .grad = w) == MG_OK);
        VALUES(mg_grad(x), 0, 0, 0, 0);
        const double p = 1 / (1 + exp(-1));
        if (what == 0) VALUES(mg_grad(seed), 0, 0, -p * (1 - p), p * (1 - p));
        if (what == 1) VALUES(mg_grad(seed), 0, 0, -p, 1 - p);
        if (what == 2) VALUES(mg_grad(seed), 0, p);
    }
}

typedef struct rule {
    mga_backward_fn *fn;
    int what;
} rule;

static mg_tensor *gradient(mg_tensor *const *in, void *context) {
    rule *r = context;
    mga_node *out = NULL;
    mg_tensor *y = function(in, &r->what);
    CHECK(r->fn(mga_value("test", y), mga_value("test", in[1]), 0, &out) == MG_OK);
    return mga_wrap(out);
}

MG_TEST(softmax, gradients_of_gradients) {
    mg_test_rng rng = mg_test_rng_new();
    rule rules[] = {{mga_softmax_grad, 0}, {mga_logsoftmax_grad, 1}, {mga_logsumexp_grad, 2}};
    for (int i = 0; i < 3; i++) {
        MG_SCOPE;
        mg_tensor *in[2] = {nnet_random(&rng, MG_SHAPE(2, 3, 4)),
                            i < 2 ? nnet_random(&rng, MG_SHAPE(2, 3, 4)) : nnet_random(&rng, MG_SHAPE(2, 3))};
        nnet_check_gradients(gradient, &rules[i], 2, in, 1e-6);
    }
}
