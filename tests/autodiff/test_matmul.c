/* SPDX-License-Identifier: MIT
 * Matrix products against plain loops over broadcast indices; gradients against central differences. */
#include <math.h>
#include <stdlib.h>

#include "autodiff/backward.h"
#include "autodiff/handle.h"
#include "nnet_check.h"

mga_backward_fn mga_matmul_grad;

/* Element (batch..., i, j) of an array whose shape lacks leading axes or has length 1 where batch does not. */
static double element(const double *data, int ndim, const int64_t *dims, int batch_ndim, const int64_t *batch,
                      int64_t i, int64_t j) {
    int64_t index = 0;
    for (int axis = 0; axis < ndim - 2; axis++) {
        int64_t position = batch[batch_ndim - (ndim - 2) + axis];
        index = index * dims[axis] + (dims[axis] == 1 ? 0 : position);
    }
    return data[(index * dims[ndim - 2] + i) * dims[ndim - 1] + j];
}

/* y, of any shape with the right elements, is a (2-D or more) times b. */
static void check_product(mg_tensor *y, int an, const int64_t *ad, const double *a, int bn, const int64_t *bd,
                          const double *b, double tolerance) {
    CHECK_MSG(y != NULL, "%s", mg_take_error().message);
    int bdim = (an > bn ? an : bn) - 2;
    int64_t batch_dims[MG_MAX_NDIM], batch[MG_MAX_NDIM] = {0}, n = 0;
    for (int i = 0; i < bdim; i++) {
        int64_t left = i < bdim - (an - 2) ? 1 : ad[i - (bdim - (an - 2))];
        int64_t right = i < bdim - (bn - 2) ? 1 : bd[i - (bdim - (bn - 2))];
        batch_dims[i] = left == 1 ? right : left;
    }
    double *found = nnet_read(y);
    do {
        for (int64_t i = 0; i < ad[an - 2]; i++) {
            for (int64_t j = 0; j < bd[bn - 1]; j++, n++) {
                double sum = 0;
                for (int64_t k = 0; k < ad[an - 1]; k++) {
                    sum += element(a, an, ad, bdim, batch, i, k) * element(b, bn, bd, bdim, batch, k, j);
                }
                CHECK_NEAR(found[n], sum, tolerance * (1 + fabs(sum)));
            }
        }
    } while (nnet_next(bdim, batch_dims, batch));
    CHECK_EQ_I64(n, mg_size(y));
    free(found);
}

MG_TEST(matmul, random_batches) {
    mg_test_rng rng = mg_test_rng_new();
    for (int round = 0; round < mg_test_times(60); round++) {
        MG_SCOPE;
        int64_t ad[5], bd[5];
        int an = (int)mg_test_int(&rng, 2, 4), bn = (int)mg_test_int(&rng, 2, 4);
        int64_t batch[2] = {mg_test_int(&rng, 1, 3), mg_test_int(&rng, 1, 3)};
        for (int i = 0; i < an - 2; i++) ad[i] = mg_test_int(&rng, 0, 3) ? batch[2 - (an - 2) + i] : 1;
        for (int i = 0; i < bn - 2; i++) bd[i] = mg_test_int(&rng, 0, 3) ? batch[2 - (bn - 2) + i] : 1;
        ad[an - 2] = mg_test_int(&rng, 1, 6), bd[bn - 1] = mg_test_int(&rng, 1, 6);
        ad[an - 1] = bd[bn - 2] = mg_test_int(&rng, 1, 6);
        mg_tensor *a = nnet_random(&rng, mg_shape_of(an, ad)), *b = nnet_random(&rng, mg_shape_of(bn, bd));
        double *av = nnet_read(a), *bv = nnet_read(b);
        check_product(mg_matmul(a, b), an, ad, av, bn, bd, bv, 1e-12);
        check_product(mg_matmul(mg_astype(a, MG_F32), mg_astype(b, MG_F32)), an, ad, av, bn, bd, bv, 1e-5);
        free(av), free(bv);
    }
}

MG_TEST(matmul, strided_views) {
    MG_SCOPE;
    mg_test_rng rng = mg_test_rng_new();
    mg_tensor *a = nnet_random(&rng, MG_SHAPE(6, 8)), *b = nnet_random(&rng, MG_SHAPE(7, 4));
    mg_tensor *left = mg_getitem(mg_transpose(a, (mg_axes){0}), MG_KEY(MG_S(MG_NONE, MG_NONE, -2), MG_S(1, 5, 1)));
    mg_tensor *right = mg_getitem(b, MG_KEY(MG_S(0, 7, 2), MG_S(3, MG_NONE, -1)));
    double *lv = nnet_read(left), *rv = nnet_read(right);
    check_product(mg_matmul(left, right), 2, (int64_t[]){4, 4}, lv, 2, (int64_t[]){4, 4}, rv, 1e-12);
    mg_tensor *wide = mg_broadcast_to(mg_getitem(b, MG_KEY(MG_S(0, 4, 1), MG_S(0, 1, 1))), MG_SHAPE(3, 4, 5));
    double *wv = nnet_read(wide);
    check_product(mg_matmul(left, wide), 2, (int64_t[]){4, 4}, lv, 3, (int64_t[]){3, 4, 5}, wv, 1e-12);
    free(lv), free(rv), free(wv);
}

MG_TEST(matmul, vectors) {
    MG_SCOPE;
    mg_tensor *u = mg_from_f64((double[]){1, 2, 3}, MG_SHAPE(3)), *v = mg_from_f64((double[]){4, 5, 6}, MG_SHAPE(3));
    mg_tensor *m = mg_from_f64((double[]){1, 0, 2, 0, 1, 3}, MG_SHAPE(2, 3));
    mg_tensor *uv = mg_matmul(u, v), *mv = mg_matmul(m, v), *um = mg_matmul(u, mg_transpose(m, (mg_axes){0}));
    CHECK_EQ_I64(mg_ndim(uv), 0);
    CHECK_NEAR(mg_item(uv), 32, 0);
    CHECK_EQ_I64(mg_ndim(mv), 1);
    double *x = nnet_read(mv), *y = nnet_read(um);
    CHECK_NEAR(x[0], 16, 0);
    CHECK_NEAR(x[1], 23, 0);
    CHECK_NEAR(y[0], 7, 0);
    CHECK_NEAR(y[1], 11, 0);
    free(x), free(y);
}

MG_TEST(matmul, integers_wrap_and_promote) {
    MG_SCOPE;
    mg_tensor *a = mg_from_u8((uint8_t[]){200, 100}, MG_SHAPE(1, 2)),
              *b = mg_from_u8((uint8_t[]){2, 3}, MG_SHAPE(2, 1));
    mg_tensor *wrapped = mg_matmul(a, b);
    CHECK_EQ_I64(mg_dtype_of(wrapped), MG_U8);
    CHECK_EQ_I64(mg_item_i64(wrapped), 700 & 255);
    CHECK(mg_is_constant(wrapped));
    mg_tensor *mixed = mg_matmul(a, mg_from_f32((float[]){0.5f, 0.25f}, MG_SHAPE(2, 1)));
    CHECK_EQ_I64(mg_dtype_of(mixed), MG_F32);
    CHECK_NEAR(mg_item(mixed), 125, 0);
}

MG_TEST(matmul, empty) {
    MG_SCOPE;
    mg_create_opts f64 = {.size = sizeof f64, .dtype = MG_F64};
    mg_tensor *y = mg_matmul(mg_ones_with(MG_SHAPE(2, 0), &f64), mg_ones_with(MG_SHAPE(0, 3), &f64));
    double *values = nnet_read(y);
    CHECK_EQ_I64(mg_size(y), 6);
    for (int i = 0; i < 6; i++) CHECK_NEAR(values[i], 0, 0);
    free(values);
    CHECK_EQ_I64(mg_size(mg_matmul(mg_ones(MG_SHAPE(0, 4)), mg_ones(MG_SHAPE(4, 3)))), 0);
}

MG_TEST(matmul, errors_name_shapes) {
    MG_SCOPE;
    mg_tensor *a = mg_ones(MG_SHAPE(2, 3));
    CHECK(mg_matmul(a, mg_ones(MG_SHAPE(4, 5))) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "(2, 3) and (4, 5)");
    CHECK(mg_matmul(a, mg_ones(MG_SHAPE0)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "0-d");
    CHECK(mg_matmul(mg_ones(MG_SHAPE(2, 2, 3)), mg_ones(MG_SHAPE(3, 3, 4))) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "batch");
    CHECK(mg_matmul(a, NULL) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "matmul");
}

static mg_tensor *product(mg_tensor *const *in, void *context) {
    (void)context;
    return mg_matmul(in[0], in[1]);
}

MG_TEST(matmul, gradients) {
    static const struct {
        int an, bn;
        int64_t a[4], b[4];
    } cases[] = {
        {2, 2, {3, 4}, {4, 2}},       {1, 1, {4}, {4}},
        {1, 2, {3}, {3, 4}},          {2, 1, {4, 3}, {3}},
        {3, 2, {2, 3, 4}, {4, 2}},    {2, 3, {3, 4}, {2, 4, 2}},
        {3, 3, {2, 3, 4}, {1, 4, 2}}, {1, 3, {3}, {2, 3, 2}},
        {4, 1, {2, 2, 3, 4}, {4}},    {4, 3, {2, 1, 2, 3}, {3, 3, 2}},
        {4, 2, {2, 3, 1, 2}, {2, 1}},
    };
    mg_test_rng rng = mg_test_rng_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MG_SCOPE;
        mg_tensor *in[2] = {nnet_random(&rng, mg_shape_of(cases[i].an, cases[i].a)),
                            nnet_random(&rng, mg_shape_of(cases[i].bn, cases[i].b))};
        nnet_check_gradients(product, NULL, 2, in, 1e-7);
    }
}

static mg_tensor *gradient(mg_tensor *const *in, void *context) {
    mga_node *out = NULL;
    mg_tensor *y = mg_matmul(in[0], in[1]);
    CHECK(mga_matmul_grad(mga_value("test", y), mga_value("test", in[2]), *(int *)context, &out) == MG_OK);
    return mga_wrap(out);
}

MG_TEST(matmul, gradients_of_gradients) {
    mg_test_rng rng = mg_test_rng_new();
    for (int which = 0; which < 2; which++) {
        MG_SCOPE;
        mg_tensor *in[3] = {nnet_random(&rng, MG_SHAPE(2, 2, 3)), nnet_random(&rng, MG_SHAPE(2, 3, 2)),
                            nnet_random(&rng, MG_SHAPE(2, 2, 2))};
        nnet_check_gradients(gradient, &which, 3, in, 1e-7);
    }
}
