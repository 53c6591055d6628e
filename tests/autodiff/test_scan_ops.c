/* SPDX-License-Identifier: MIT
 * cumsum and cumprod of tensors: axes, dtypes, views, MyGrad's conventions; gradients against central differences and,
 * at zeros, against products written out; gradients of gradients. */
#include <math.h>
#include <stdlib.h>

#include "autodiff/backward.h"
#include "autodiff/cumulate.h"
#include "autodiff/handle.h"
#include "nnet_check.h"
#include "tensor_check.h"

mga_backward_fn mga_cumprod_grad, mga_cumsum_grad, mga_recurrence_grad, mga_shift_grad;

#define INF      ((double)INFINITY)
#define VEC(...) mg_from_f64((double[]){__VA_ARGS__}, MG_SHAPE(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

static void check_gradient(mg_tensor *f, mg_tensor *x, int64_t n, const double *expected) {
    CHECK_MSG(f != NULL, "%s", mg_take_error().message);
    CHECK(mg_backward(f) == MG_OK);
    check_values(mg_grad(x), n, expected);
}
#define GRAD(f, x, ...) check_gradient(f, x, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

MG_TEST(scan_ops, every_axis_and_none) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3));
    VALUES(mg_cumsum(x), 1, 3, 6, 10, 15, 21);
    CHECK_EQ_I64(mg_ndim(mg_cumsum(x)), 1);
    VALUES(mg_cumsum(x, .axis = MG_AXES(0)), 1, 2, 3, 5, 7, 9);
    VALUES(mg_cumsum(x, .axis = MG_AXES(-1)), 1, 3, 6, 4, 9, 15);
    VALUES(mg_cumprod(x, .axis = MG_AXES(1)), 1, 2, 6, 4, 20, 120);
    VALUES(mg_cumprod(x), 1, 2, 6, 24, 120, 720);
    VALUES(mg_cumsum(mg_transpose(x, (mg_axes){0})), 1, 5, 7, 12, 15, 21);
    VALUES(mg_cumprod(mg_getitem(x, MG_KEY(MG_I(1), MG_S(MG_NONE, MG_NONE, -1)))), 6, 30, 120);
    VALUES(mg_cumsum(mg_broadcast_to(VEC(1, 2), MG_SHAPE(3, 2)), .axis = MG_AXES(0)), 1, 2, 2, 4, 3, 6);
}

MG_TEST(scan_ops, scalars_and_nothing) {
    MG_SCOPE;
    mg_tensor *s = mg_from_f64((double[]){4}, MG_SHAPE0), *none = mg_zeros(MG_SHAPE(3, 0));
    CHECK_EQ_I64(mg_ndim(mg_cumsum(s)), 1);
    VALUES(mg_cumprod(s, .axis = MG_AXES(0)), 4);
    GRAD(mg_cumprod(s), s, 1);
    CHECK_EQ_I64(mg_dim(mg_cumsum(none), 0), 0);
    mg_tensor *y = mg_cumprod(none, .axis = MG_AXES(1));
    CHECK_EQ_I64(mg_dim(y, 0), 3);
    CHECK(mg_backward(y) == MG_OK);
    CHECK_EQ_I64(mg_size(mg_grad(none)), 0);
    CHECK_EQ_I64(mg_dim(mg_grad(none), 0), 3);
}

MG_TEST(scan_ops, dtypes_are_those_of_sum) {
    MG_SCOPE;
    static const mg_dtype dtypes[][2] = {{MG_BOOL, MG_I64}, {MG_I8, MG_I64},    {MG_U16, MG_U64},
                                         {MG_F16, MG_F16},  {MG_BF16, MG_BF16}, {MG_F32, MG_F32}};
    for (int i = 0; i < 6; i++) {
        mg_tensor *x = mg_astype(VEC(1, 1, 1), dtypes[i][0]);
        CHECK_EQ_I64(mg_dtype_of(mg_cumsum(x)), dtypes[i][1]);
        CHECK_EQ_I64(mg_dtype_of(mg_sum(x)), dtypes[i][1]);
        CHECK_EQ_I64(mg_dtype_of(mg_cumprod(x)), dtypes[i][1]);
        CHECK_EQ_I64(mg_dtype_of(mg_prod(x)), dtypes[i][1]);
        VALUES(mg_cumsum(x), 1, 2, 3);
    }
    /* 2049 needs 12 bits, float16 has 11: adding 1 to 2048 in float16 would stay there. */
    mg_tensor *ones = mg_full(MG_SHAPE(4096), 1, .dtype = MG_F16);
    double *sums = nnet_read(mg_cumsum(ones));
    CHECK_NEAR(sums[4095], 4096, 0);
    free(sums);
    int64_t big[2] = {INT64_MAX, 1};
    CHECK_EQ_I64(mg_data_i64(mg_cumsum(mg_from_i64(big, MG_SHAPE(2))))[1], INT64_MIN);
}

MG_TEST(scan_ops, constants_and_errors) {
    MG_SCOPE;
    mg_tensor *x = VEC(1, 2);
    CHECK(!mg_is_constant(mg_cumsum(x)));
    CHECK(mg_is_constant(mg_cumsum(x, .constant = MG_CONSTANT)));
    CHECK(mg_is_constant(mg_cumprod(mg_astype(x, MG_I32))));
    CHECK(mg_cumsum(x, .axis = MG_AXES(0, 0)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "2 axes");
    CHECK(mg_cumprod(x, .axis = MG_AXES(1)) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "cumprod");
}

MG_TEST(scan_ops, gradient_of_cumprod_is_exact_at_zeros) {
    MG_SCOPE;
    mg_tensor *x = VEC(2, 0, 3, 0, 4);
    GRAD(mg_cumprod(x), x, 1, 8, 0, 0, 0);
    mg_tensor *columns = mg_from_f64((double[]){0, 2, 3, 0, 5, 5}, MG_SHAPE(3, 2));
    GRAD(mg_cumprod(columns, .axis = MG_AXES(0)), columns, 19, 1, 0, 12, 0, 0);
    mg_tensor *tiny = VEC(1e-200, 1e-200, 1e200); /* the product underflows, nothing here does */
    GRAD(mg_getitem(mg_cumprod(tiny), MG_KEY(MG_I(1))), tiny, 1e-200, 1e-200, 0);
}

/* Sums of products that overflow, or vanish, before a factor brings them back; what overflows after a 0 is nothing to
 * what is before it. */
MG_TEST(scan_ops, gradient_of_cumprod_whose_sums_leave_the_range) {
    MG_SCOPE;
    const double tiny = 0x1p-900, huge = 0x1p900;
    mg_tensor *x = VEC(tiny, 1, huge, huge, tiny);
    GRAD(mg_getitem(mg_cumprod(x), MG_KEY(MG_I(3))), x, INF, huge, 1, 1, 0);
    GRAD(mg_getitem(mg_cumprod(x), MG_KEY(MG_I(4))), x, huge, 1, tiny, tiny, huge);
    mg_tensor *a = mg_full(MG_SHAPE(26), 100, .dtype = MG_F32);
    CHECK(mg_setitem(a, MG_KEY(MG_I(0)), mg_scalar(2)) == a && mg_setitem(a, MG_KEY(MG_I(1)), mg_scalar(0)) == a);
    CHECK(mg_backward(mg_cumprod(a)) == MG_OK);
    double *g = nnet_read(mg_grad(a));
    CHECK(g[0] == 1 && g[1] == INF);
    for (int i = 2; i < 26; i++) CHECK_NEAR(g[i], 0, 0);
    free(g);
}

MG_TEST(scan_ops, gradient_of_cumprod_keeps_infinities) {
    MG_SCOPE;
    mg_tensor *x = VEC(2, INF, 3);
    GRAD(mg_cumprod(x), x, INF, 8, INF);
    mg_tensor *y = VEC(0, 3, INF); /* what comes after a zero counts for nothing */
    GRAD(mg_cumprod(y), y, INF, 0, 0);
}

/* As prod's: what an element is multiplied with, and no division by it, which would be nan. */
MG_TEST(scan_ops, gradient_of_cumprod_beside_nan_is_the_product_of_the_others) {
    MG_SCOPE;
    const double nan = (double)NAN;
    mg_tensor *x = VEC(2, nan, 3);
    GRAD(mg_cumprod(x), x, nan, 8, nan);
    mg_tensor *y = VEC(2, 3, nan);
    GRAD(mg_cumprod(y), y, nan, nan, 6);
}

static mg_tensor *scanned(mg_tensor *const *in, void *context) {
    const int what = *(int *)context;
    const int axis = what / 2;
    const mg_scan_opts opts = {.size = sizeof opts, .axis = axis < 3 ? mg_axes_of(1, &axis) : MG_AXES_ALL};
    return (what % 2 ? mg_cumprod_with : mg_cumsum_with)(in[0], &opts);
}

static mg_tensor *scanned_flat(mg_tensor *const *in, void *context) {
    return *(int *)context ? mg_cumprod(in[0]) : mg_cumsum(mg_transpose(in[0], (mg_axes){0}));
}

MG_TEST(scan_ops, central_differences) {
    mg_test_rng rng = mg_test_rng_new();
    for (int what = 0; what < 6; what++) {
        MG_SCOPE;
        mg_tensor *x = nnet_random(&rng, MG_SHAPE(3, 4, 2));
        nnet_check_gradients(scanned, &what, 1, &x, 1e-7);
    }
    for (int what = 0; what < 2; what++) {
        MG_SCOPE;
        mg_tensor *x = nnet_random(&rng, MG_SHAPE(2, 4));
        nnet_check_gradients(scanned_flat, &what, 1, &x, 1e-7);
    }
}

/* ---- gradients as functions of x and g, differentiated again, in both directions ---- */

typedef struct again {
    bool reverse;
    int kind; /* cumsum, cumprod, shift, recurrence with respect to a and b */
    int lag;
} again;

static mg_tensor *gradient(mg_tensor *const *in, void *context) {
    static mga_backward_fn *const rules[] = {mga_cumsum_grad, mga_cumprod_grad, mga_shift_grad, mga_recurrence_grad,
                                             mga_recurrence_grad};
    const again *a = context;
    const mga_direction way = {1, a->reverse};
    mga_node *x = mga_value("test", in[0]), *g = mga_value("test", in[1]), *b = mga_value("test", in[2]), *out = NULL;
    mga_node *y = a->kind == 0   ? mga_cumulate(MGK_OP_CUMSUM, x, way)
                  : a->kind == 1 ? mga_cumulate(MGK_OP_CUMPROD, x, way)
                  : a->kind == 2 ? mga_shift(x, way, 1)
                                 : mga_recurrence(x, b, way, a->lag);
    CHECK(y != NULL);
    CHECK(rules[a->kind](y, g, a->kind == 4, &out) == MG_OK);
    mga_node_release(y);
    return mga_wrap(out);
}

MG_TEST(scan_ops, gradients_of_gradients_beside_zeros) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < 6; i++) {
        MG_SCOPE;
        again a = {.reverse = i & 1, .kind = 1};
        double values[10];
        for (int k = 0; k < 10; k++) values[k] = k % 4 == i / 2 ? 0 : mg_test_uniform(&rng, 0.5, 2);
        mg_tensor *in[3] = {mg_from_f64(values, MG_SHAPE(2, 5, 1)), nnet_random(&rng, MG_SHAPE(2, 5, 1)),
                            nnet_random(&rng, MG_SHAPE(2, 5, 1))};
        nnet_check_gradients(gradient, &a, 3, in, 1e-6);
    }
}

MG_TEST(scan_ops, gradients_of_gradients) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < 20; i++) {
        MG_SCOPE;
        again a = {.reverse = i & 1, .lag = i >> 1 & 1, .kind = i / 4};
        mg_tensor *in[3] = {nnet_random(&rng, MG_SHAPE(2, 5, 2)), nnet_random(&rng, MG_SHAPE(2, 5, 2)),
                            nnet_random(&rng, MG_SHAPE(2, 5, 2))};
        nnet_check_gradients(gradient, &a, 3, in, 1e-6);
    }
}
