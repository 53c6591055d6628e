/* SPDX-License-Identifier: MIT
 * Max pooling against plain loops, gradients against central differences and MyGrad's own values. */
#include <math.h>
#include <stdlib.h>

#include "autodiff/backward.h"
#include "autodiff/handle.h"
#include "nnet_check.h"

mga_backward_fn mga_pool_grad;

static void check_values(mg_tensor *x, int n, const double *expected) {
    CHECK_MSG(x != NULL, "%s", mg_take_error().message);
    CHECK_EQ_I64(mg_size(x), n);
    double *found = nnet_read(x);
    for (int i = 0; i < n; i++) CHECK_NEAR(found[i], expected[i], 0);
    free(found);
}

MG_TEST(max_pool, golden) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 1, 0, 1, 1, 0}, MG_SHAPE(2, 3));
    mg_tensor *y = mg_max_pool(x, MG_SHAPE(2, 2), MG_SHAPE(1));
    check_values(y, 2, (double[]){1, 1});
    CHECK(mg_backward(y) == MG_OK);
    check_values(mg_grad(x), 6, (double[]){1, 1, 0, 0, 0, 0});
    mg_tensor *z = mg_from_f64((double[]){1, NAN, 3}, MG_SHAPE(3));
    CHECK(mg_backward(mg_max_pool(z, MG_SHAPE(2), MG_SHAPE(1))) == MG_OK);
    check_values(mg_grad(z), 3, (double[]){0, 2, 0});
}

MG_TEST(max_pool, random_windows) {
    mg_test_rng rng = mg_test_rng_new();
    for (int round = 0; round < mg_test_times(40); round++) {
        MG_SCOPE;
        int64_t window[2], stride[2], y[4] = {mg_test_int(&rng, 1, 3), mg_test_int(&rng, 1, 3)}, x[4] = {y[0], y[1]};
        for (int i = 0; i < 2; i++) {
            window[i] = mg_test_int(&rng, 1, 3), stride[i] = mg_test_int(&rng, 1, 3);
            y[i + 2] = mg_test_int(&rng, 1, 4), x[i + 2] = (y[i + 2] - 1) * stride[i] + window[i];
        }
        mg_tensor *in = nnet_random(&rng, mg_shape_of(4, x));
        double *xv = nnet_read(in);
        double *yv = nnet_read(mg_max_pool(in, mg_shape_of(2, window), mg_shape_of(2, stride)));
        int64_t out[4] = {0};
        do {
            double most = -INFINITY;
            int64_t tap[2] = {0};
            do {
                int64_t from[4] = {out[0], out[1], out[2] * stride[0] + tap[0], out[3] * stride[1] + tap[1]};
                most = fmax(most, xv[nnet_index(4, x, from)]);
            } while (nnet_next(2, window, tap));
            CHECK_NEAR(yv[nnet_index(4, y, out)], most, 0);
        } while (nnet_next(4, y, out));
        free(xv), free(yv);
    }
}

static mg_tensor *pooled(mg_tensor *const *in, void *context) {
    (void)context;
    return mg_max_pool(in[0], MG_SHAPE(3, 2), MG_SHAPE(2, 1));
}

static mg_tensor *gradient(mg_tensor *const *in, void *context) {
    mga_node *out = NULL;
    mg_tensor *y = pooled(in, context);
    CHECK(mga_pool_grad(mga_value("test", y), mga_value("test", in[1]), 0, &out) == MG_OK);
    return mga_wrap(out);
}

MG_TEST(max_pool, gradients) {
    MG_SCOPE;
    mg_test_rng rng = mg_test_rng_new();
    mg_tensor *in[2] = {nnet_distinct(&rng, MG_SHAPE(2, 2, 5, 4)), nnet_random(&rng, MG_SHAPE(2, 2, 2, 3))};
    nnet_check_gradients(pooled, NULL, 1, in, 1e-7);
    nnet_check_gradients(gradient, NULL, 2, in, 1e-7);
}

MG_TEST(max_pool, integers_and_views) {
    MG_SCOPE;
    mg_tensor *x = mg_from_i32((int32_t[]){1, 5, 3, 9, 2, 4}, MG_SHAPE(2, 3));
    mg_tensor *y = mg_max_pool(mg_transpose(x, (mg_axes){0}), MG_SHAPE(3, 1), MG_SHAPE(1));
    CHECK_EQ_I64(mg_dtype_of(y), MG_I32);
    CHECK(mg_is_constant(y));
    check_values(y, 2, (double[]){5, 9});
    CHECK_EQ_I64(mg_size(mg_max_pool(mg_ones(MG_SHAPE(0, 4)), MG_SHAPE(2), MG_SHAPE(2))), 0);
}

MG_TEST(max_pool, errors) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(2, 5));
    CHECK(mg_max_pool(x, MG_SHAPE(2), MG_SHAPE(2)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "length 5, window 2, stride 2");
    CHECK(mg_max_pool(x, MG_SHAPE(6), MG_SHAPE(1)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "window 6");
    CHECK(mg_max_pool(x, MG_SHAPE(1, 1, 1), MG_SHAPE(1)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "(2, 5)");
    CHECK(mg_max_pool(x, MG_SHAPE(0), MG_SHAPE(1)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "pool 0");
    CHECK(mg_max_pool(x, MG_SHAPE(1), MG_SHAPE(0)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "stride 0");
}
