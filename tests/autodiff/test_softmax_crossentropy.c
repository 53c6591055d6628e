/* SPDX-License-Identifier: MIT
 * Softmax cross-entropy against a long double evaluation of its definition, and MyGrad's own values. */
#include <math.h>
#include <stdlib.h>

#include "autodiff/backward.h"
#include "autodiff/handle.h"
#include "nnet_check.h"

mga_backward_fn mga_crossentropy_grad;

static const int64_t some_labels[] = {2, 0, 3, 3, 1};

static mg_tensor *loss(mg_tensor *const *in, void *context) {
    (void)context;
    return mg_softmax_crossentropy(in[0], mg_from_i64(some_labels, MG_SHAPE(5)));
}

static double expected_loss(const double *x, int n, int classes, const int64_t *labels) {
    long double total = 0;
    for (int i = 0; i < n; i++) {
        long double most = -INFINITY, sum = 0;
        for (int j = 0; j < classes; j++) most = fmaxl(most, x[i * classes + j]);
        for (int j = 0; j < classes; j++) sum += expl(x[i * classes + j] - most);
        total += most + logl(sum) - x[i * classes + labels[i]];
    }
    return (double)(total / n);
}

MG_TEST(softmax_crossentropy, values) {
    MG_SCOPE;
    mg_test_rng rng = mg_test_rng_new();
    mg_tensor *x = nnet_random(&rng, MG_SHAPE(5, 4));
    double *xv = nnet_read(x), expected = expected_loss(xv, 5, 4, some_labels);
    mg_tensor *y = loss(&x, NULL);
    CHECK_MSG(y != NULL, "%s", mg_take_error().message);
    CHECK_EQ_I64(mg_ndim(y), 0);
    CHECK_NEAR(mg_item(y), expected, 1e-14);
    mg_tensor *single = mg_astype(x, MG_F32), *half = mg_astype(x, MG_F16);
    CHECK_NEAR(mg_item(loss(&single, NULL)), expected, 1e-6);
    CHECK_EQ_I64(mg_dtype_of(loss(&half, NULL)), MG_F16);
    CHECK_NEAR(mg_item(loss(&half, NULL)), expected, 4e-3);
    free(xv);
}

MG_TEST(softmax_crossentropy, golden) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){2, 2, 2, 0, 0, 1e6}, MG_SHAPE(2, 3));
    mg_tensor *y = mg_softmax_crossentropy(x, mg_from_u8((uint8_t[]){0, 2}, MG_SHAPE(2)));
    CHECK_NEAR(mg_item(y), .5493061443340548, 1e-15);
    CHECK(mg_backward(y) == MG_OK);
    double *g = nnet_read(mg_grad(x)), expected[6] = {-1. / 3, 1. / 6, 1. / 6, 0, 0, 0};
    for (int i = 0; i < 6; i++) CHECK_NEAR(g[i], expected[i], 1e-15);
    free(g);
}

static mg_tensor *gradient(mg_tensor *const *in, void *context) {
    mga_node *out = NULL;
    mg_tensor *y = loss(in, context);
    CHECK(mga_crossentropy_grad(mga_value("test", y), mga_value("test", in[1]), 0, &out) == MG_OK);
    return mga_wrap(out);
}

MG_TEST(softmax_crossentropy, gradients) {
    MG_SCOPE;
    mg_test_rng rng = mg_test_rng_new();
    mg_tensor *in[2] = {nnet_random(&rng, MG_SHAPE(5, 4)), nnet_random(&rng, MG_SHAPE0)};
    nnet_check_gradients(loss, NULL, 1, in, 1e-7);
    nnet_check_gradients(gradient, NULL, 2, in, 1e-7);
    mg_tensor *y = gradient(in, NULL); /* recorded: the same numbers as the row kernel's */
    mg_tensor *f = loss(in, NULL);
    CHECK(mg_backward(f, .grad = mg_detach(in[1])) == MG_OK);
    double *a = nnet_read(y), *b = nnet_read(mg_grad(in[0]));
    for (int i = 0; i < 20; i++) CHECK_NEAR(a[i], b[i], 1e-15);
    free(a), free(b);
}

/* A row that has no softmax, and an incoming gradient of 0: nothing, once and twice. With another gradient nan stays.
 */
MG_TEST(softmax_crossentropy, without_a_gradient_what_has_no_value_gets_0) {
    static const double rows[][2] = {{-(double)INFINITY, -(double)INFINITY}, {1, (double)INFINITY}, {(double)NAN, 0}};
    static const mg_dtype dtypes[] = {MG_F16, MG_F32, MG_F64};
    for (int i = 0; i < 9; i++) {
        MG_SCOPE;
        mg_tensor *given = mg_from_f64((double[]){rows[i / 3][0], rows[i / 3][1], 0, 0}, MG_SHAPE(2, 2));
        mg_tensor *x = mg_astype(given, dtypes[i % 3]), *labels = mg_from_i64((int64_t[]){0, 1}, MG_SHAPE(2));
        for (int seed = 0; seed < 2; seed++) {
            mg_tensor *s = mg_astype(mg_from_f64((double[]){seed}, MG_SHAPE0), dtypes[i % 3]);
            CHECK(mg_backward(mg_softmax_crossentropy(x, labels), .grad = mg_detach(s)) == MG_OK);
            double *g = nnet_read(mg_grad(x));
            CHECK(seed ? isnan(g[0]) && isnan(g[1]) : g[0] == 0 && g[1] == 0);
            CHECK_NEAR(g[2], seed * 0.25, 0);
            CHECK_NEAR(g[3], seed * -0.25, 0);
            free(g);
            mga_node *out = NULL;
            mg_tensor *y = mg_softmax_crossentropy(x, labels);
            CHECK(mga_crossentropy_grad(mga_value("test", y), mga_value("test", s), 0, &out) == MG_OK);
            mg_tensor *dx = mga_wrap(out);
            CHECK(mg_backward(dx, .grad = mg_astype(mg_from_f64((double[]){0, 0, 1, 0}, MG_SHAPE(2, 2)),
                                                    dtypes[i % 3])) == MG_OK);
            g = nnet_read(mg_grad(x));
            CHECK(seed || (g[0] == 0 && g[1] == 0));
            CHECK_NEAR(g[2], seed * 0.125, 0);
            CHECK_NEAR(g[3], seed * -0.125, 0);
            CHECK(seed ? isnan(mg_item(mg_grad(s))) : mg_item(mg_grad(s)) == 0.25);
            free(g);
        }
    }
}

MG_TEST(softmax_crossentropy, errors) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(2, 3));
    CHECK(mg_softmax_crossentropy(x, mg_from_i32((int32_t[]){0, 3}, MG_SHAPE(2))) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "label 3 in row 1");
    CHECK(mg_softmax_crossentropy(x, mg_from_i64((int64_t[]){-1, 0}, MG_SHAPE(2))) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "label -1 in row 0");
    CHECK(mg_softmax_crossentropy(x, mg_ones(MG_SHAPE(2))) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "float32");
    CHECK(mg_softmax_crossentropy(x, mg_from_i64((int64_t[]){0, 0, 0}, MG_SHAPE(3))) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "(3,)");
    CHECK(mg_softmax_crossentropy(mg_astype(x, MG_I32), mg_from_i64((int64_t[]){0, 0}, MG_SHAPE(2))) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "int32");
}

MG_TEST(softmax_crossentropy, no_rows) {
    MG_SCOPE;
    mg_create_opts i64 = {.size = sizeof i64, .dtype = MG_I64};
    mg_tensor *y = mg_softmax_crossentropy(mg_ones(MG_SHAPE(0, 3)), mg_zeros_with(MG_SHAPE(0), &i64));
    CHECK(isnan(mg_item(y)));
}
