/* SPDX-License-Identifier: MIT
 * Gradients of sum, mean, max and min: central differences, MyGrad's own values for ties and NaN, and a plain loop for
 * whole axes. */
#include <math.h>
#include <stdlib.h>

#include "autodiff/backward.h"
#include "autodiff/handle.h"
#include "nnet_check.h"

mga_backward_fn mga_extremum_grad, mga_prod_grad;

typedef mg_tensor *reduce_fn(mg_tensor *x, const mg_reduce_opts *opts);

typedef struct reduction {
    reduce_fn *fn;
    mg_reduce_opts opts;
} reduction;

static mg_tensor *reduced(mg_tensor *const *in, void *context) {
    reduction *r = context;
    return r->fn(in[0], &r->opts);
}

static reduce_fn *const functions[] = {mg_sum_with, mg_mean_with, mg_max_with, mg_min_with};

MG_TEST(reduce_grad, central_differences) {
    mg_test_rng rng = mg_test_rng_new();
    static const int axes[][2] = {{0, 1}, {1, 2}, {-1, 0}, {2, 1}, {0, 0}};
    static const int counts[] = {1, 1, 1, 2, 0};
    for (int f = 0; f < 4; f++) {
        for (int a = 0; a < 6; a++) {
            MG_SCOPE;
            reduction r = {functions[f], {.size = sizeof r.opts, .keepdims = (a + f) % 2 == 0}};
            if (a < 5) r.opts.axis = mg_axes_of(counts[a], axes[a]);
            mg_tensor *x = nnet_distinct(&rng, MG_SHAPE(2, 3, 4));
            nnet_check_gradients(reduced, &r, 1, &x, 1e-7);
        }
    }
}

static void check_gradient(mg_tensor *x, int n, const double *expected) {
    double *found = nnet_read(mg_grad(x));
    for (int i = 0; i < n; i++) CHECK_NEAR(found[i], expected[i], 0);
    free(found);
}

MG_TEST(reduce_grad, first_of_ties) {
    MG_SCOPE;
    mg_tensor *a = mg_from_f64((double[]){1, 3, 3}, MG_SHAPE(3));
    CHECK(mg_backward(mg_max(a)) == MG_OK);
    check_gradient(a, 3, (double[]){0, 1, 0});
    mg_tensor *b = mg_from_f64((double[]){1, 3, 3, 1, 0, 3}, MG_SHAPE(2, 3));
    CHECK(mg_backward(mg_max(b, .axis = MG_AXES(0))) == MG_OK);
    check_gradient(b, 6, (double[]){1, 1, 1, 0, 0, 0});
    mg_tensor *c = mg_from_f64((double[]){1, NAN, 3, NAN}, MG_SHAPE(4));
    CHECK(mg_backward(mg_max(c)) == MG_OK);
    check_gradient(c, 4, (double[]){0, 1, 0, 0});
    mg_tensor *d = mg_from_f64((double[]){1, 0, 0}, MG_SHAPE(3));
    CHECK(mg_backward(mg_min(d)) == MG_OK);
    check_gradient(d, 3, (double[]){0, 1, 0});
}

/* MyGrad divides the product by x, which is nan at inf and at nan; the derivative is the product of the others. */
MG_TEST(reduce_grad, prod_beside_inf_and_nan_is_the_product_of_the_others) {
    MG_SCOPE;
    mg_tensor *a = mg_from_f64((double[]){INFINITY, 2, 3}, MG_SHAPE(3));
    CHECK(mg_backward(mg_prod(a)) == MG_OK);
    check_gradient(a, 3, (double[]){6, INFINITY, INFINITY});
    mg_tensor *b = mg_from_f64((double[]){2, NAN, 3}, MG_SHAPE(3));
    CHECK(mg_backward(mg_prod(b)) == MG_OK);
    check_gradient(b, 3, (double[]){NAN, 6, NAN});
    mg_tensor *c = mg_from_f64((double[]){0, -INFINITY, 3}, MG_SHAPE(3)); /* 0 inf is nan, and no factor of its own */
    CHECK(mg_backward(mg_prod(c)) == MG_OK);
    check_gradient(c, 3, (double[]){-INFINITY, 0, NAN});
}

/* The product of the others may be a number where a product from one end is none: it overflows beside a 0, or vanishes
 * before it would come back. */
MG_TEST(reduce_grad, prod_whose_running_products_leave_the_range) {
    MG_SCOPE;
    mg_tensor *a = mg_full(MG_SHAPE(24), 100, .dtype = MG_F32);
    CHECK(mg_setitem(a, MG_KEY(MG_I(0)), mg_scalar(0)) == a);
    CHECK(mg_backward(mg_prod(a)) == MG_OK);
    double *g = nnet_read(mg_grad(a));
    CHECK(g[0] == (double)INFINITY);
    for (int i = 1; i < 24; i++) CHECK_NEAR(g[i], 0, 0);
    free(g);
    mg_tensor *b = mg_from_f64((double[]){1e-300, 1e-300, 1e-300, 1e300, 1e300, 8, 1e300}, MG_SHAPE(7));
    CHECK(mg_backward(mg_prod(b)) == MG_OK);
    g = nnet_read(mg_grad(b));
    for (int i = 0; i < 7; i++) {
        const double expected = i == 5 ? 1 : i < 3 ? 8e300 : 8e-300;
        CHECK_MSG(fabs(g[i] / expected - 1) < 1e-14, "%d: %g, exactly %g", i, g[i], expected);
    }
    free(g);
    mg_tensor *c = mg_from_f64((double[]){-1e-200, 0, -1e-200, 1e-200, -1e300, 1e300, 2, 0x1p-1074}, MG_SHAPE(2, 4));
    CHECK(mg_backward(mg_prod(c, .axis = MG_AXES(1))) == MG_OK);
    g = nnet_read(mg_grad(c));
    const double last = 0x1p-1074 * 1e300, second[4] = {2 * last, -2 * last, -last * 1e300, -(double)INFINITY};
    CHECK(g[0] == 0 && g[1] == 0 && g[2] == 0 && g[3] == 0); /* 1e-600 vanishes */
    for (int i = 0; i < 4; i++) CHECK_NEAR(g[4 + i], second[i], i < 3 ? 1e-14 * fabs(second[i]) : 0);
    free(g);
}

static mg_tensor *prod_gradient(mg_tensor *const *in, void *context) {
    mga_node *out = NULL;
    mg_tensor *y = mg_prod(in[0], .axis = MG_AXES(1));
    CHECK(mg_eval(y) == MG_OK);
    CHECK(mga_prod_grad(mga_value("test", y), mga_value("test", in[1]), 0, &out) == MG_OK);
    (void)context;
    return mga_wrap(out);
}

/* Scaled, and plain: the same derivatives again. */
MG_TEST(reduce_grad, prod_again_beside_zeros) {
    MG_SCOPE;
    mg_test_rng rng = mg_test_rng_new();
    for (int zeros = 0; zeros < 3; zeros++) {
        double values[12];
        for (int i = 0; i < 12; i++) values[i] = i % 5 < zeros ? 0 : mg_test_uniform(&rng, 0.5, 2);
        mg_tensor *in[2] = {mg_from_f64(values, MG_SHAPE(3, 4)), nnet_random(&rng, MG_SHAPE(3))};
        nnet_check_gradients(prod_gradient, NULL, 2, in, 1e-6);
    }
}

/* "First" is in C order over the sorted reduced axes, whatever order they are given in. */
MG_TEST(reduce_grad, order_of_axes) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){0, 5, 5, 0, 0, 0, 0, 5}, MG_SHAPE(2, 2, 2));
    CHECK(mg_backward(mg_max(x, .axis = MG_AXES(2, 0))) == MG_OK);
    check_gradient(x, 8, (double[]){0, 1, 1, 0, 0, 0, 0, 0});
}

MG_TEST(reduce_grad, scalars_and_views) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){4}, MG_SHAPE0);
    CHECK(mg_backward(mg_multiply(mg_max(x), x)) == MG_OK);
    check_gradient(x, 1, (double[]){8});
    mg_tensor *y = mg_from_f64((double[]){1, 2, 3, 4, 9, 6}, MG_SHAPE(2, 3));
    CHECK(mg_backward(mg_max(mg_transpose(y, (mg_axes){0}), .axis = MG_AXES(0))) == MG_OK);
    check_gradient(y, 6, (double[]){0, 0, 1, 0, 1, 0});
}

/* 70,000 is infinite in float16, yet g / 70,000 is not 0 for a large g. */
MG_TEST(reduce_grad, mean_of_many_halves) {
    MG_SCOPE;
    mg_tensor *x = mg_astype(mg_zeros(MG_SHAPE(70000)), MG_F16);
    mg_tensor *seed = mg_astype(mg_full(MG_SHAPE0, 60000), MG_F16);
    CHECK(mg_backward(mg_mean(x), .grad = seed) == MG_OK);
    double *g = nnet_read(mg_grad(x));
    CHECK_NEAR(g[0], 60000. / 70000, 5e-4);
    CHECK_NEAR(g[69999], 60000. / 70000, 5e-4);
    free(g);
}

static mg_tensor *gradient(mg_tensor *const *in, void *context) {
    mga_node *out = NULL;
    mg_tensor *y = mg_max(in[0], .axis = MG_AXES(1));
    CHECK(mg_eval(y) == MG_OK);
    CHECK(mga_extremum_grad(mga_value("test", y), mga_value("test", in[1]), 0, &out) == MG_OK);
    (void)context;
    return mga_wrap(out);
}

MG_TEST(reduce_grad, gradients_of_gradients) {
    MG_SCOPE;
    mg_test_rng rng = mg_test_rng_new();
    mg_tensor *in[2] = {nnet_distinct(&rng, MG_SHAPE(2, 4, 3)), nnet_random(&rng, MG_SHAPE(2, 3))};
    nnet_check_gradients(gradient, NULL, 2, in, 1e-7);
}
