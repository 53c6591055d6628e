/* SPDX-License-Identifier: MIT
 * any, all, prod, var and std: values against long double, dtypes, axes, nothing at all, MyGrad's conventions,
 * gradients where central differences cannot go (zeros, overflow, no variance). */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "autodiff/backward.h"
#include "autodiff/handle.h"
#include "nnet_check.h"
#include "tensor_check.h"

mga_backward_fn mga_prod_grad;

#define INF      ((double)INFINITY)
#define NOT      ((double)NAN)
#define VEC(...) mg_from_f64((double[]){__VA_ARGS__}, MG_SHAPE(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

static void check_gradient(mg_tensor *f, mg_tensor *x, int64_t n, const double *expected) {
    CHECK_MSG(f != NULL, "%s", mg_take_error().message);
    CHECK(mg_backward(f) == MG_OK);
    check_values(mg_grad(x), n, expected);
}
#define GRAD(f, x, ...) check_gradient(f, x, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

/* ---- any, all ---- */

MG_TEST(reductions, any_and_all_of_every_dtype) {
    for (int dtype = MG_BOOL; dtype < MG_DTYPE_COUNT; dtype++) {
        if (mg_dtype_size((mg_dtype)dtype) == 0) continue;
        MG_SCOPE;
        mg_tensor *x = mg_astype(mg_from_f64((double[]){0, 0, 0, 2, 0, 1}, MG_SHAPE(2, 3)), (mg_dtype)dtype);
        CHECK_EQ_I64(mg_dtype_of(mg_any(x)), MG_BOOL);
        CHECK(mg_is_constant(mg_all(x)));
        VALUES(mg_any(x), 1);
        VALUES(mg_all(x), 0);
        VALUES(mg_any(x, .axis = MG_AXES(1)), 0, 1);
        VALUES(mg_any(x, .axis = MG_AXES(0), .keepdims = true), 1, 0, 1);
        VALUES(mg_all(x, .axis = MG_AXES(-2)), 0, 0, 0);
        VALUES(mg_all(x, .axis = MG_AXES0), 0, 0, 0, 1, 0, 1);
        VALUES(mg_all(mg_getitem(x, MG_KEY(MG_I(1), MG_S(MG_NONE, MG_NONE, -2)))), 1);
    }
}

MG_TEST(reductions, any_and_all_take_nan_for_true) {
    MG_SCOPE;
    VALUES(mg_any(VEC(0, NOT)), 1);
    VALUES(mg_all(VEC(-INF, NOT, 5e-324)), 1);
    VALUES(mg_all(VEC(-0.0, NOT)), 0);
}

MG_TEST(reductions, nothing_has_no_true_and_no_false) {
    MG_SCOPE;
    mg_tensor *x = mg_zeros(MG_SHAPE(0, 3));
    VALUES(mg_any(x), 0);
    VALUES(mg_all(x), 1);
    VALUES(mg_any(x, .axis = MG_AXES(0)), 0, 0, 0);
    VALUES(mg_all(x, .axis = MG_AXES(0)), 1, 1, 1);
    CHECK_EQ_I64(mg_size(mg_all(x, .axis = MG_AXES(1))), 0);
    VALUES(mg_prod(x), 1);
    VALUES(mg_prod(x, .axis = MG_AXES(0)), 1, 1, 1);
    VALUES(mg_var(x), NOT);
    VALUES(mg_std(x, .axis = MG_AXES(0), .ddof = 1), NOT, NOT, NOT);
}

MG_TEST(reductions, any_finds_one_among_many) {
    MG_SCOPE;
    mg_tensor *x = mg_zeros(MG_SHAPE(100003), .dtype = MG_BOOL);
    CHECK_EQ_I64((int64_t)mg_item(mg_any(x)), 0);
    bool *values = mg_data_mut(x);
    values[99990] = true;
    CHECK_EQ_I64((int64_t)mg_item(mg_any(x)), 1);
    CHECK_EQ_I64((int64_t)mg_item(mg_all(x)), 0);
}

/* ---- prod ---- */

MG_TEST(reductions, prod_within_a_rounding_a_factor) {
    mg_test_rng rng = mg_test_rng_new();
    for (int t = 0; t < mg_test_times(40); t++) {
        MG_SCOPE;
        const int64_t n = mg_test_int(&rng, 1, t % 2 ? 300 : 9000);
        double *values = malloc((size_t)n * sizeof *values);
        long double wanted = 1;
        for (int64_t i = 0; i < n; i++) {
            values[i] = (double)(float)mg_test_uniform(&rng, 0.9, 1.1) * (mg_test_int(&rng, 0, 1) ? 1 : -1);
            wanted *= (long double)values[i];
        }
        mg_tensor *x = mg_from_f64(values, mg_shape_of(1, &n));
        /* n - 1 roundings, each of at most u; and those of the oracle, 2^-64 each. */
        CHECK_NEAR(mg_item(mg_prod(x)), (double)wanted, (double)n * 0x1p-52 * fabs((double)wanted));
        CHECK_NEAR(mg_item(mg_prod(mg_astype(x, MG_F32))), (double)wanted, (double)n * 0x1p-23 * fabs((double)wanted));
        free(values);
    }
}

MG_TEST(reductions, prod_of_integers_wraps_in_64_bits) {
    MG_SCOPE;
    mg_tensor *x = mg_from_i64((int64_t[]){INT64_C(1) << 62, 2, -1, 3}, MG_SHAPE(4));
    CHECK_EQ_I64(mg_item_i64(mg_prod(x)), INT64_MIN);
    mg_tensor *bytes = mg_from_u8((uint8_t[]){200, 200, 200}, MG_SHAPE(3));
    CHECK_EQ_I64(mg_dtype_of(mg_prod(bytes)), MG_U64);
    CHECK_EQ_I64(mg_item_i64(mg_prod(bytes)), 8000000);
    mg_tensor *bools = mg_from_bool((bool[]){true, true, false}, MG_SHAPE(3));
    CHECK_EQ_I64(mg_dtype_of(mg_prod(bools)), MG_I64);
    CHECK_EQ_I64(mg_item_i64(mg_prod(bools)), 0);
}

MG_TEST(reductions, gradient_of_prod_with_one_zero_and_with_two) {
    MG_SCOPE;
    mg_tensor *one = VEC(2, 0, 3), *two = VEC(2, 0, 0),
              *lanes = mg_from_f64((double[]){2, 0, 3, 4, 5, 0}, MG_SHAPE(2, 3));
    GRAD(mg_prod(one), one, 0, 6, 0);
    GRAD(mg_prod(two), two, 0, 0, 0);
    GRAD(mg_prod(lanes, .axis = MG_AXES(1)), lanes, 0, 6, 0, 0, 0, 20);
    GRAD(mg_prod(lanes, .axis = MG_AXES(0)), lanes, 4, 5, 0, 2, 0, 3);
    GRAD(mg_prod(lanes, .axis = MG_AXES0), lanes, 1, 1, 1, 1, 1, 1);
}

/* x / prod would be inf / inf and 0 / 0 here. */
MG_TEST(reductions, gradient_of_prod_does_not_divide) {
    MG_SCOPE;
    mg_tensor *over = VEC(0x1p600, 0x1p600, 0x1p-700), *under = VEC(0x1p-600, 0x1p-600, 0x1p700), *inf = VEC(INF, 2);
    GRAD(mg_prod(over), over, 0x1p-100, 0x1p-100, INF);
    GRAD(mg_prod(under), under, 0x1p100, 0x1p100, 0);
    GRAD(mg_prod(inf), inf, 2, INF);
    mg_tensor *half = mg_astype(VEC(300, 300, 0.01), MG_F16);
    CHECK(mg_backward(mg_prod(half)) == MG_OK);
    double *g = nnet_read(mg_grad(half));
    CHECK_NEAR(g[0], 3, 3 * 0x1p-10); /* 0.01 and the result are rounded to 11 bits */
    CHECK(isinf(g[2]));
    free(g);
}

MG_TEST(reductions, gradient_of_prod_of_views_scalars_and_nothing) {
    MG_SCOPE;
    mg_tensor *s = mg_from_f64((double[]){7}, MG_SHAPE0), *none = mg_zeros(MG_SHAPE(2, 0));
    GRAD(mg_prod(s), s, 1);
    CHECK(mg_backward(mg_prod(none, .axis = MG_AXES(1))) == MG_OK);
    CHECK_EQ_I64(mg_size(mg_grad(none)), 0);
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3));
    GRAD(mg_prod(mg_getitem(mg_transpose(x, (mg_axes){0}), MG_KEY(MG_S(MG_NONE, MG_NONE, -2)))), x, 72, 0, 24, 18, 0,
         12);
}

static mg_tensor *prod_gradient(mg_tensor *const *in, void *context) {
    mga_node *out = NULL;
    mg_tensor *y = mg_prod(in[0], .axis = MG_AXES(0, 2));
    CHECK(mga_prod_grad(mga_value("test", y), mga_value("test", in[1]), 0, &out) == MG_OK);
    (void)context;
    return mga_wrap(out);
}

MG_TEST(reductions, gradients_of_gradients_of_prod) {
    MG_SCOPE;
    mg_test_rng rng = mg_test_rng_new();
    mg_tensor *in[2] = {nnet_random(&rng, MG_SHAPE(2, 3, 2)), nnet_random(&rng, MG_SHAPE(3))};
    nnet_check_gradients(prod_gradient, NULL, 2, in, 1e-6);
}

/* ---- var, std ---- */

/* Two passes in long double. */
static long double variance_of(const double *x, int64_t n, double ddof) {
    long double mean = 0, sum = 0;
    for (int64_t i = 0; i < n; i++) mean += (long double)x[i];
    mean /= (long double)n;
    for (int64_t i = 0; i < n; i++) sum += ((long double)x[i] - mean) * ((long double)x[i] - mean);
    return sum / ((long double)n - (long double)ddof);
}

/* Each square is off by 3.01 ULP or less; the tree adds log2(n) + 6 roundings (64 elements a lane first); the mean's
 * own error d costs n d^2, d <= (log2(n) + 70) u max|x|; one division, and half of it all and one rounding for the
 * root. */
static double bound(int64_t n, double u, double wanted, double largest) {
    const double depth = log2((double)n) + 72, d = depth * u * largest;
    return depth * u * wanted + d * d;
}

MG_TEST(reductions, var_and_std_are_those_of_two_passes) {
    mg_test_rng rng = mg_test_rng_new();
    for (int t = 0; t < mg_test_times(60); t++) {
        MG_SCOPE;
        const int64_t n = mg_test_int(&rng, 2, t % 3 ? 400 : 20000);
        const double middle = t % 2 ? 1000 : 0, ddof = (double)(t % 2);
        double *values = malloc((size_t)n * sizeof *values);
        for (int64_t i = 0; i < n; i++) values[i] = (double)(float)(middle + mg_test_normal(&rng));
        mg_tensor *x = mg_from_f64(values, mg_shape_of(1, &n)), *narrow = mg_astype(x, MG_F32);
        const double wanted = (double)variance_of(values, n, ddof), largest = middle + 6;
        const double wide_bound = bound(n, 0x1p-53, wanted, largest), narrow_bound = bound(n, 0x1p-24, wanted, largest);
        CHECK_NEAR(mg_item(mg_var(x, .ddof = ddof)), wanted, wide_bound);
        CHECK_NEAR(mg_item(mg_var(narrow, .ddof = ddof)), wanted, narrow_bound);
        CHECK_NEAR(mg_item(mg_std(x, .ddof = ddof)), sqrt(wanted), wide_bound / sqrt(wanted));
        CHECK_NEAR(mg_item(mg_std(narrow, .ddof = ddof)), sqrt(wanted), narrow_bound / sqrt(wanted));
        free(values);
    }
}

MG_TEST(reductions, var_over_axes) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3, 5, 2, 9}, MG_SHAPE(2, 3));
    VALUES(mg_var(x, .axis = MG_AXES(0)), 4, 0, 9);
    VALUES(mg_var(x, .axis = MG_AXES(0), .ddof = 1, .keepdims = true), 8, 0, 18);
    CHECK_EQ_I64(mg_ndim(mg_var(x, .axis = MG_AXES(0), .keepdims = true)), 2);
    VALUES(mg_std(mg_transpose(x, (mg_axes){0}), .axis = MG_AXES(-1)), 2, 0, 3);
    VALUES(mg_var(x, .axis = MG_AXES(1, 0)), mg_item(mg_var(x)));
    VALUES(mg_var(x, .axis = MG_AXES0), 0, 0, 0, 0, 0, 0);
    VALUES(mg_std(mg_from_f64((double[]){3}, MG_SHAPE0)), 0);
    CHECK(mg_var(x, .axis = MG_AXES(2)) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "var");
    CHECK(mg_std(x, .axis = MG_AXES(1, -1)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "std: duplicate");
}

MG_TEST(reductions, var_dtypes) {
    MG_SCOPE;
    mg_tensor *ints = mg_from_i32((int32_t[]){1, 2, 3, 6}, MG_SHAPE(4)), *f32 = mg_astype(VEC(1, 2), MG_F32);
    CHECK_EQ_I64(mg_dtype_of(mg_var(ints)), MG_F64);
    VALUES(mg_var(ints), 3.5);
    CHECK_EQ_I64(mg_dtype_of(mg_var(f32)), MG_F32);
    CHECK(mg_is_constant(mg_var(f32, .constant = MG_CONSTANT)) && !mg_is_constant(mg_std(f32)));
    mg_tensor *half = mg_astype(VEC(60000, -60000), MG_F16); /* the squares are beyond float16, the result is not */
    CHECK_EQ_I64(mg_dtype_of(mg_std(half)), MG_F16);
    VALUES(mg_std(half), 60000);
    mg_tensor *many = mg_full(MG_SHAPE(5000), 1.5, .dtype = MG_BF16);
    VALUES(mg_var(many), 0);
}

MG_TEST(reductions, var_with_as_many_degrees_as_elements) {
    MG_SCOPE;
    mg_tensor *x = VEC(1, 2), *same = VEC(2, 2);
    VALUES(mg_var(x, .ddof = 2), INF);
    VALUES(mg_var(x, .ddof = 3), INF);
    VALUES(mg_var(same, .ddof = 2), NOT);
    GRAD(mg_var(x, .axis = MG_AXES(0), .ddof = 2), x, -INF, INF);
    GRAD(mg_var(x, .ddof = 2), x, -INF, INF);
}

MG_TEST(reductions, std_without_variance_has_no_gradient) {
    MG_SCOPE;
    mg_tensor *x = VEC(2, 2, 2);
    GRAD(mg_std(x), x, NOT, NOT, NOT);
    GRAD(mg_var(x), x, 0, 0, 0);
    mg_tensor *y = VEC(2, 3, 5);
    CHECK_NEAR(mg_item(mg_std(y, .ddof = 1)), 1.5275252316519468, 2 * DBL_EPSILON);
    CHECK(mg_backward(mg_std(y, .ddof = 1)) == MG_OK);
    double *g = nnet_read(mg_grad(y));
    CHECK_NEAR(g[0], -0.43643578047198484, 1e-15);
    CHECK_NEAR(g[1], -0.10910894511799607, 1e-15);
    CHECK_NEAR(g[2], 0.54554472558998090, 1e-15);
    free(g);
    mg_tensor *z = VEC(1, 2, 3, 4);
    GRAD(mg_var(z, .axis = MG_AXES0), z, 0, 0, 0, 0);
    GRAD(mg_std(z, .axis = MG_AXES0), z, 0, 0, 0, 0); /* MyGrad's axis=(): zeros */
    GRAD(mg_std(z, .axis = MG_AXES0, .ddof = 1), z, 0, 0, 0, 0);
    VALUES(mg_std(z, .axis = MG_AXES0, .ddof = 1), NOT, NOT, NOT, NOT);
    CHECK(mg_is_constant(mg_std(z, .axis = MG_AXES0, .constant = MG_CONSTANT)));
    mg_tensor *none = mg_zeros(MG_SHAPE(0));
    CHECK(mg_backward(mg_var(none)) == MG_OK);
    CHECK_EQ_I64(mg_size(mg_grad(none)), 0);
}

/* numpy.sum(numpy.float64(3), axis=0) is 3: a scalar takes 0 and -1 for an axis, and nothing else. */
MG_TEST(reductions, scalars_take_axis_0_and_minus_1) {
    MG_SCOPE;
    mg_tensor *x = mg_full(MG_SHAPE0, 3, .dtype = MG_F64);
    VALUES(mg_sum(x, .axis = MG_AXES(0)), 3);
    GRAD(mg_max(x, .axis = MG_AXES(-1), .keepdims = true), x, 1);
    VALUES(mg_var(x, .axis = MG_AXES(0)), 0);
    VALUES(mg_logsumexp(x, .axis = MG_AXES(-1)), 3);
    VALUES(mg_softmax(x, .axis = MG_AXES(-1)), 1);
    VALUES(mg_any(x, .axis = MG_AXES(0)), 1);
    CHECK(mg_sum(x, .axis = MG_AXES(1)) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "sum");
    CHECK(mg_sum(x, .axis = MG_AXES(0, 0)) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "sum");
}

static mg_tensor *moments(mg_tensor *const *in, void *context) {
    const int what = *(int *)context;
    const mg_var_opts opts = {.size = sizeof opts,
                              .axis = mg_axes_of(what / 4 + 1, (int[]){2, 0}),
                              .keepdims = what & 2,
                              .ddof = what & 2 ? 1 : 0};
    return (what & 1 ? mg_std_with : mg_var_with)(in[0], &opts);
}

MG_TEST(reductions, central_differences_of_var_and_std) {
    mg_test_rng rng = mg_test_rng_new();
    for (int what = 0; what < 8; what++) {
        MG_SCOPE;
        mg_tensor *x = nnet_random(&rng, MG_SHAPE(2, 3, 4));
        nnet_check_gradients(moments, &what, 1, &x, 1e-6);
    }
}
