/* SPDX-License-Identifier: MIT
 * .out and .where of the functions that work element by element, and operands that are conditions or bounds: expected
 * values are worked out by hand, as NumPy has them. */
#include "nnet_check.h"
#include "tensor_check.h"

#include <math.h>

#define NOT                  ((double)NAN)
#define SLICE(x, a, b, step) mg_getitem(x, MG_KEY(MG_S(a, b, step)))

/* A constant, so that .out is allowed while autodiff records. */
static mg_tensor *fixed(int n, const double *values) { return mg_set_constant(mg_from_f64(values, MG_SHAPE(n)), true); }
#define FIXED(...) fixed((int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)), (double[]){__VA_ARGS__})

/* ---- .out ---- */

MG_TEST(ufunc_out, whole_tensors) {
    MG_SCOPE;
    mg_tensor *x = FIXED(1, 2, 3), *z = mg_zeros(MG_SHAPE(3), .dtype = MG_F32, .constant = MG_CONSTANT);
    CHECK(mg_add(x, mg_scalar(0.5), .out = z) == z); /* float64 into float32: the same kind */
    CHECK_EQ_I64(mg_dtype_of(z), MG_F32);
    VALUES(z, 1.5, 2.5, 3.5);
    CHECK(mg_multiply(z, z, .out = z) == z);
    VALUES(z, 2.25, 6.25, 12.25);
    mg_tensor *wide = mg_zeros(MG_SHAPE(2, 3), .dtype = MG_F64);
    mg_exp(FIXED(0, 0, 0), .out = wide); /* broadcasts to .out */
    VALUES(wide, 1, 1, 1, 1, 1, 1);
}

/* The result is that of the operands as they were, wherever .out lies. */
MG_TEST(ufunc_out, views_that_overlap_the_operands) {
    MG_SCOPE;
    mg_tensor *x = FIXED(1, 2, 3, 4, 5, 6), *seen = mg_add(x, mg_scalar(0));
    CHECK(mg_add(SLICE(x, 0, 5, 1), mg_scalar(10), .out = SLICE(x, 1, 6, 1)));
    VALUES(x, 1, 11, 12, 13, 14, 15);
    VALUES(seen, 1, 2, 3, 4, 5, 6); /* whoever read x keeps what it was */
    mg_subtract(SLICE(x, MG_NONE, MG_NONE, -1), mg_scalar(10), .out = x);
    VALUES(x, 5, 4, 3, 2, 1, -9);
    mg_multiply(SLICE(x, 0, 3, 1), SLICE(x, 3, 6, 1), .out = SLICE(x, 0, 6, 2));
    VALUES(x, 10, 4, 4, 2, -27, -9);
    mg_tensor *square = mg_reshape(FIXED(1, 2, 3, 4), MG_SHAPE(2, 2));
    mg_power(mg_transpose(square, (mg_axes){0}), mg_scalar(2), .out = square);
    VALUES(square, 1, 9, 4, 16);
}

MG_TEST(ufunc_out, masked_elements_keep_what_they_had) {
    MG_SCOPE;
    mg_tensor *x = FIXED(1, 2, 3), *mask = mg_from_bool((bool[]){true, false, true}, MG_SHAPE(3));
    mg_tensor *z = mg_full(MG_SHAPE(3), 7, .dtype = MG_F64), *rows = mg_full(MG_SHAPE(2, 3), 7, .dtype = MG_F32);
    CHECK(mg_negative(x, .out = z, .where = mask) == z);
    VALUES(z, -1, 7, -3);
    CHECK(mg_add(x, x, .out = x, .where = mg_greater(x, mg_scalar(1))) == x);
    VALUES(x, 1, 4, 6);
    mg_square(x, .out = rows, .where = mg_reshape(mg_from_bool((bool[]){false, true}, MG_SHAPE(2)), MG_SHAPE(2, 1)));
    VALUES(rows, 7, 7, 7, 1, 16, 36);
    mg_tensor *view = SLICE(z, MG_NONE, MG_NONE, -2); /* elements 2, 0 */
    mg_reciprocal(FIXED(0, 4), .out = view, .where = mg_from_bool((bool[]){false, true}, MG_SHAPE(2)));
    VALUES(z, 0.25, 7, -3);
}

/* Where the mask leaves .out alone, its gradient goes on to what it was computed from. */
MG_TEST(ufunc_out, kept_elements_keep_their_gradient) {
    MG_SCOPE;
    mg_tensor *x = FIXED(1, 2, 3), *v = vec(1, 2, 3), *squares = mg_multiply(v, v);
    for (int times = 0; times < 2; times++)
        CHECK(mg_add(x, x, .out = squares, .where = mg_less(x, mg_scalar(2))) == squares);
    VALUES(squares, 2, 4, 9);
    CHECK(mg_backward(squares) == MG_OK);
    VALUES(mg_grad(v), 0, 4, 6);
}

MG_TEST(ufunc_out, errors) {
    MG_SCOPE;
    mg_tensor *x = FIXED(1, 2, 3), *z = mg_zeros(MG_SHAPE(3), .dtype = MG_F64), *v = vec(1, 2, 3);
    CHECK(!mg_add(x, x, .out = mg_zeros(MG_SHAPE(2))));
    nnet_expect_error(MG_ERR_VALUE, "(2,)");
    CHECK(!mg_add(mg_ones(MG_SHAPE(2, 3)), x, .out = z, .constant = MG_CONSTANT));
    nnet_expect_error(MG_ERR_VALUE, "(2, 3)");
    CHECK(!mg_add(x, x, .out = mg_zeros(MG_SHAPE(3), .dtype = MG_I64)));
    nnet_expect_error(MG_ERR_TYPE, "same_kind");
    CHECK(!mg_add(v, x, .out = z));
    nnet_expect_error(MG_ERR_NOT_IMPLEMENTED, ".out");
    CHECK(!mg_add(x, x, .out = z, .where = x));
    nnet_expect_error(MG_ERR_TYPE, "bool");
    VALUES(z, 0, 0, 0);
}

/* ---- .where ---- */

/* The mask broadcasts with the operands, in both directions; elements without an operation are 0 and have no gradient,
 * whatever the rule makes of them. */
MG_TEST(ufunc_where, broadcasts_both_ways) {
    MG_SCOPE;
    mg_tensor *x = vec(0, 1, 4), *rows = mg_from_bool((bool[]){false, true}, MG_SHAPE(2, 1));
    mg_tensor *y = mg_divide(mg_scalar(1), mg_sqrt(x), .where = mg_greater(x, mg_scalar(0)));
    VALUES(y, 0, 1, 0.5);
    mg_tensor *z = mg_multiply(y, y, .where = rows);
    CHECK_EQ_I64(mg_dim(z, 0), 2);
    VALUES(z, 0, 0, 0, 0, 1, 0.25);
    mg_tensor *w = vec(2, 3, 5), *mask = mg_from_bool((bool[]){true, false, true}, MG_SHAPE(3));
    mg_tensor *f = mg_log(mg_reshape(w, MG_SHAPE(1, 3)), .where = mask);
    CHECK_EQ_I64(mg_ndim(f), 2);
    CHECK(mg_backward(f) == MG_OK);
    VALUES(mg_grad(w), 0.5, 0, 0.2);
    mg_tensor *u = vec(0, 1, 4);
    CHECK(mg_backward(mg_multiply(
              u, u, .where = mg_from_bool((bool[]){true, false, true, false, true, true}, MG_SHAPE(2, 3)))) == MG_OK);
    VALUES(mg_grad(u), 0, 2, 16);
    mg_tensor *none = mg_add(vec(1, 2, 3), mg_scalar(1), .where = mg_zeros(MG_SHAPE(0, 3), .dtype = MG_BOOL));
    CHECK_EQ_I64(mg_size(none), 0);
}

/* ---- conditions and bounds ---- */

MG_TEST(ufunc_operands, where_takes_any_tensor_for_a_condition) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_from_f64((double[]){10, 20}, MG_SHAPE(2, 1));
    mg_tensor *z = mg_where(FIXED(0, NOT, -0.0), x, y);
    VALUES(z, 10, 2, 10, 20, 2, 20);
    CHECK(mg_backward(z) == MG_OK);
    VALUES(mg_grad(x), 0, 2, 0);
    VALUES(mg_grad(y), 2, 2);
    mg_tensor *backwards = SLICE(mg_from_bool((bool[]){true, true, false}, MG_SHAPE(3)), MG_NONE, MG_NONE, -1);
    VALUES(mg_where(backwards, x, mg_scalar(0)), 0, 2, 3);
}

/* minimum(upper, maximum(lower, x)): bounds broadcast, have gradients, and nobody has one where x is a bound. */
MG_TEST(ufunc_operands, clip_between_tensors) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){-5, 0, 5, 1, 2, 9}, MG_SHAPE(2, 3)), *low = vec(-1, 0, 1);
    mg_tensor *high = mg_from_f64((double[]){2, 4}, MG_SHAPE(2, 1));
    mg_tensor *y = mg_clip(x, low, high);
    VALUES(y, -1, 0, 2, 1, 2, 4);
    CHECK(mg_backward(y) == MG_OK);
    VALUES(mg_grad(x), 0, 0, 0, 1, 1, 0);
    VALUES(mg_grad(low), 1, 0, 0);
    VALUES(mg_grad(high), 1, 1);
    VALUES(mg_clip(vec(0, 1, NOT), mg_scalar(3), vec(2, 2, 2)), 2, 2, NOT); /* crossed bounds: the upper one */
    mg_tensor *z = FIXED(-5, 0.5, 5);
    mg_clip(SLICE(z, MG_NONE, MG_NONE, -1), FIXED(-1, -1, -1), mg_scalar(1), .out = z);
    VALUES(z, 1, 0.5, -1);
}
