/* SPDX-License-Identifier: MIT
 * isclose, allclose, divmod and absolute_nan: values and dtypes worked out by hand, or by NumPy where it is named; what
 * they do to gradients; their errors. That floor_divide and remainder are right, tests/kernels/generated shows. */
#include "harness.h"

#include <math.h>
#include <mygrad/mygrad.h>

#define INF ((double)INFINITY)
#define NOT ((double)NAN)

static void check_close(const mg_close_opts *opts, const bool expected[8]) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 1 + 2e-5, INF, INF, NOT, 1e-9, 1, 5}, MG_SHAPE(8));
    mg_tensor *y = mg_from_f64((double[]){1 + 2e-5, 1, INF, -INF, NOT, 0, INF, 5 + 4e-5}, MG_SHAPE(8));
    mg_tensor *close = mg_isclose_with(x, y, opts);
    CHECK_EQ_I64(mg_dtype_of(close), MG_BOOL);
    const bool *got = mg_data(close);
    for (int i = 0; i < 8; i++) CHECK_MSG(got[i] == expected[i], "element %d is %d", i, got[i]);
}

MG_TEST(close, numpy_isclose) {
    check_close(NULL, (const bool[]){false, false, true, false, false, true, false, true});
    check_close(&(mg_close_opts){.size = sizeof(mg_close_opts), .equal_nan = true},
                (const bool[]){false, false, true, false, true, true, false, true});
    check_close(&(mg_close_opts){.size = sizeof(mg_close_opts), .tolerance = MG_TOLERANCE(0, 0)},
                (const bool[]){false, false, true, false, false, false, false, false});
    check_close(&(mg_close_opts){.size = sizeof(mg_close_opts), .tolerance = MG_TOLERANCE(1e-4, 0)},
                (const bool[]){true, true, true, false, false, false, false, true});
}

/* |x - y| <= rtol |y|: y is the larger one, or it is not. */
MG_TEST(close, is_not_symmetric) {
    MG_SCOPE;
    mg_tensor *small = mg_scalar(9), *large = mg_scalar(10);
    CHECK_EQ_I64(mg_item_i64(mg_isclose(small, large, .tolerance = MG_TOLERANCE(0.1, 0))), 1);
    CHECK_EQ_I64(mg_item_i64(mg_isclose(large, small, .tolerance = MG_TOLERANCE(0.1, 0))), 0);
}

MG_TEST(close, integers_and_bool_in_float64) {
    MG_SCOPE;
    const int64_t big = INT64_C(1) << 62;
    mg_tensor *x = mg_from_i64((int64_t[]){big, 3}, MG_SHAPE(2)),
              *y = mg_from_i64((int64_t[]){big + 1, 4}, MG_SHAPE(2));
    const bool *got = mg_data(mg_isclose(x, y));
    CHECK(got[0] && !got[1]);
    mg_tensor *t = mg_from_bool((const bool[]){true, false}, MG_SHAPE(2));
    CHECK(mg_allclose(t, t) && !mg_allclose(t, mg_logical_not(t)));
    CHECK(mg_allclose(mg_scalar_i64(3), mg_scalar(3 + 1e-6)));
}

MG_TEST(close, every_element_and_none) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(3, 4)), *row = mg_ones(MG_SHAPE(4));
    CHECK(mg_allclose(x, row));
    mg_setitem(row, MG_KEY(MG_I(2)), mg_scalar(1.1));
    CHECK(!mg_allclose(x, row));
    CHECK(mg_allclose(x, row, .tolerance = MG_TOLERANCE(0, 0.2)));
    CHECK(mg_allclose(mg_zeros(MG_SHAPE(0, 4)), row));
    CHECK_EQ_I64(mg_take_error().code, MG_OK);
    CHECK(!mg_allclose(x, mg_ones(MG_SHAPE(5))));
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_VALUE);
    CHECK(!mg_allclose(NULL, x));
    CHECK(mg_take_error().code != MG_OK);
}

MG_TEST(close, gradients_stay) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2}, MG_SHAPE(2));
    mg_backward(mg_sum(mg_multiply(x, x)));
    CHECK(mg_is_constant(mg_isclose(x, x)) && mg_allclose(x, x));
    CHECK(mg_grad(x) != NULL);
}

MG_TEST(divmod, both_results) {
    MG_SCOPE;
    mg_tensor *x = mg_from_i64((int64_t[]){7, -7, 7, -7, 5, INT64_MIN}, MG_SHAPE(6)), *q, *r;
    mg_tensor *y = mg_from_i64((int64_t[]){2, 2, -2, -2, 0, -1}, MG_SHAPE(6));
    static const int64_t quotients[] = {3, -4, -4, 3, 0, INT64_MIN}, rests[] = {1, 1, -1, -1, 0, 0};
    CHECK_EQ_I64(mg_divmod(x, y, &q, &r), MG_OK);
    for (int i = 0; i < 6; i++) {
        CHECK_EQ_I64(mg_data_i64(q)[i], quotients[i]);
        CHECK_EQ_I64(mg_data_i64(r)[i], rests[i]);
    }
    /* numpy.divmod(-7.5, 2.) is (-4.0, 0.5); of bool operands both are int8 */
    CHECK_EQ_I64(mg_divmod(mg_scalar(-7.5), mg_scalar(2), &q, &r), MG_OK);
    CHECK_BITS_F64(mg_item(q), -4.0);
    CHECK_BITS_F64(mg_item(r), 0.5);
    mg_tensor *t = mg_ones(MG_SHAPE(1), .dtype = MG_BOOL);
    CHECK_EQ_I64((mg_divmod)(t, t, &q, &r), MG_OK);
    CHECK(mg_dtype_of(q) == MG_I8 && mg_dtype_of(r) == MG_I8);
    CHECK_EQ_I64(mg_item_i64(q), 1);
    CHECK_EQ_I64(mg_item_i64(r), 0);
}

MG_TEST(divmod, options_and_errors) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){7, 8}, MG_SHAPE(2)), *y = mg_scalar(3), *q = x, *r = x;
    mg_tensor *first = mg_from_bool((const bool[]){true, false}, MG_SHAPE(2));
    CHECK_EQ_I64(mg_divmod(x, y, &q, &r, .where = first), MG_OK);
    CHECK_BITS_F64(mg_data_f64(q)[0], 2.0);
    CHECK_BITS_F64(mg_data_f64(q)[1], 0.0);
    CHECK_BITS_F64(mg_data_f64(r)[0], 1.0);
    CHECK_BITS_F64(mg_data_f64(r)[1], 0.0);
    CHECK_EQ_I64(mg_divmod(x, mg_ones(MG_SHAPE(3)), &q, &r), MG_ERR_VALUE);
    CHECK(!q && !r && mg_take_error().code == MG_ERR_VALUE);
}

/* MyGrad: abs(nan_to_num=False) has nan for the derivative at 0, and 0 at nan as with True. */
MG_TEST(absolute_nan, derivative_is_nan_at_0) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){-2, 0, -0.0, 3, NOT}, MG_SHAPE(5));
    mg_backward(mg_sum(mg_absolute_nan(x)));
    const double *g = mg_data_f64(mg_grad(x));
    CHECK_BITS_F64(g[0], -1.0);
    CHECK(isnan(g[1]) && isnan(g[2]));
    CHECK_BITS_F64(g[3], 1.0);
    CHECK_BITS_F64(g[4], 0.0);
    const double *y = mg_data_f64(mg_absolute_nan(x));
    CHECK_BITS_F64(y[0], 2.0);
    CHECK_BITS_F64(y[2], 0.0);
    CHECK(isnan(y[4]));
    mg_backward(mg_absolute_nan(x, .where = mg_isfinite(x)));
    CHECK_BITS_F64(mg_data_f64(mg_grad(x))[4], 0.0);
}
