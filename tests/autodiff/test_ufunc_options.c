/* SPDX-License-Identifier: MIT
 * What every elementwise operation takes: .where, .out (whole tensors and views, overlapping the operands or not),
 * .dtype and .constant, against what NumPy 2 does with them; clip with one bound. */
#include "nnet_check.h"
#include "tensor_check.h"

#include <math.h>

#define CONST(...) mg_set_constant(VEC(__VA_ARGS__), true)
#define VEC(...)   mg_from_f64((double[]){__VA_ARGS__}, MG_SHAPE(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))
#define REST       MG_S(1, MG_NONE, MG_NONE)

static mg_tensor *mask_of_2(bool a, bool b) { return mg_from_bool((const bool[]){a, b}, MG_SHAPE(2)); }

MG_TEST(ufunc_options, where_selects_and_broadcasts) {
    MG_SCOPE;
    mg_tensor *x = VEC(0, 4), *column = mg_reshape(mask_of_2(true, false), MG_SHAPE(2, 1));
    VALUES(mg_square(x, .where = column), 0, 16, 0, 0);
    VALUES(mg_log(x, .where = mask_of_2(false, true)), 0, log(4.0));
    CHECK(mg_square(x, .where = x) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "float64");
    for (int constant = 0; constant < 2; constant++) { /* recorded or not, it is square that fails */
        mg_set_constant(x, constant);
        CHECK(mg_square(x, .where = mg_ones(MG_SHAPE(3), .dtype = MG_BOOL)) == NULL);
        nnet_expect_error(MG_ERR_VALUE, "square: operands could not be broadcast");
    }
}

MG_TEST(ufunc_options, where_keeps_what_out_holds) {
    MG_SCOPE;
    mg_tensor *x = CONST(1, 2), *out = CONST(7, -0.0), *wide = mg_set_constant(mg_full(MG_SHAPE(2, 2), 9), true);
    CHECK(mg_add(x, x, .where = mask_of_2(true, false), .out = out) == out);
    VALUES(out, 2, -0.0);
    mg_add(x, x, .where = mask_of_2(false, true), .out = wide); /* float64 into float32, a row into two */
    VALUES(wide, 9, 4, 9, 4);
    /* numpy.add(i, i, out=f4, where=...): each sum is cast once, 2^53 + 2 to float32 */
    mg_tensor *big = mg_from_i64((int64_t[]){1, (INT64_C(1) << 52) + 1}, MG_SHAPE(2)),
              *f32 = mg_set_constant(mg_ones(MG_SHAPE(2)), true);
    mg_add(big, big, .where = mask_of_2(false, true), .out = f32);
    VALUES(f32, 1, 0x1p53);
    CHECK(mg_add(x, x, .where = mg_ones(MG_SHAPE(3, 2), .dtype = MG_BOOL), .out = out) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "add: A result of shape (3, 2) does not fit into .out of shape (2,)");
}

MG_TEST(ufunc_options, out_is_written_and_returned) {
    MG_SCOPE;
    mg_tensor *x = CONST(1, 2, 4), *out = mg_set_constant(mg_zeros(MG_SHAPE(2, 3)), true);
    mg_tensor *before = mg_add(out, mg_scalar(1));
    CHECK(mg_reciprocal(x, .out = out) == out);
    VALUES(out, 1, 0.5, 0.25, 1, 0.5, 0.25);
    CHECK(mg_dtype_of(out) == MG_F32 && mg_is_constant(out));
    VALUES(before, 1, 1, 1, 1, 1, 1);
    CHECK(mg_less(x, mg_scalar(3), .out = x) == x); /* itself, by a safe cast from bool */
    VALUES(x, 1, 1, 0);
}

/* As NumPy: as if the result had been computed before anything is written. */
MG_TEST(ufunc_options, out_may_overlap_the_operands) {
    MG_SCOPE;
    mg_tensor *a = CONST(0, 1, 2, 3, 4), *b = CONST(1, 2, 3, 4), *c = CONST(1, 2, 3, 4);
    mg_tensor *head = mg_getitem(a, MG_KEY(MG_S(0, 4, 1))), *tail = mg_getitem(a, MG_KEY(REST));
    CHECK(mg_add(head, tail, .out = tail) == tail);
    VALUES(a, 0, 1, 3, 5, 7);
    mg_multiply(mg_getitem(b, MG_KEY(MG_S(MG_NONE, MG_NONE, -1))), b, .out = b);
    VALUES(b, 4, 6, 6, 4);
    mg_tensor *odd = mg_getitem(c, MG_KEY(MG_S(1, MG_NONE, 2))), *even = mg_getitem(c, MG_KEY(MG_S(0, MG_NONE, 2)));
    mg_subtract(even, odd, .where = mask_of_2(false, true), .out = odd);
    VALUES(c, 1, 2, 3, -1);
    mg_tensor *m = mg_set_constant(mg_zeros(MG_SHAPE(2, 3)), true);
    mg_exp(CONST(0, 0), .out = mg_getitem(m, MG_KEY(MG_ALL, MG_I(1))));
    VALUES(m, 0, 1, 0, 0, 1, 0);
}

MG_TEST(ufunc_options, out_of_recorded_graphs_is_an_error) {
    MG_SCOPE;
    mg_tensor *x = VEC(1, 2), *out = CONST(5, 6), *y;
    CHECK(mg_exp(x, .out = out) == NULL);
    nnet_expect_error(MG_ERR_NOT_IMPLEMENTED, "exp: Gradients through .out");
    VALUES(out, 5, 6);
    CHECK(mg_exp(x, .out = out, .constant = MG_CONSTANT) == out); /* nothing to differentiate */
    VALUES(out, exp(1.0), exp(2.0));
    mg_no_autodiff(true);
    CHECK(mg_negative(x, .out = x) == x);
    mg_no_autodiff(false);
    VALUES(x, -1, -2);
    /* what was recorded before keeps the old values; the elements that were written over get no gradient */
    mg_tensor *z = VEC(1, 2);
    y = mg_square(z);
    mg_add(CONST(3, 3), CONST(1, 1), .where = mask_of_2(true, false), .out = z);
    VALUES(z, 4, 2);
    CHECK_EQ_I64(mg_backward(y), MG_OK);
    VALUES(y, 1, 4);
}

MG_TEST(ufunc_options, out_must_fit_and_cast) {
    MG_SCOPE;
    mg_tensor *x = CONST(1, 2), *ints = mg_from_i32((int32_t[]){1, 2}, MG_SHAPE(2));
    mg_tensor *square = mg_reshape(CONST(1, 2, 3, 4), MG_SHAPE(2, 2)), *row = mg_reshape(x, MG_SHAPE(1, 2));
    CHECK(mg_add(x, x, .out = ints) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "add: Cannot write a float64 result into a int32 tensor");
    CHECK(mg_exp(square, .out = x) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "exp: A result of shape (2, 2) does not fit into .out of shape (2,)");
    CHECK(mg_exp(square, .out = row) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "exp: A value of shape (2, 2) does not fit into a tensor of shape (1, 2)");
    mg_tensor *none = mg_zeros(MG_SHAPE(0)), *scalar = mg_full(MG_SHAPE0, 2, .constant = MG_CONSTANT);
    CHECK(mg_exp(mg_zeros(MG_SHAPE(0), .constant = MG_CONSTANT), .out = none) == none);
    CHECK(mg_exp2(scalar, .out = scalar) == scalar);
    VALUES(scalar, 4);
}

/* The dtype is that of computation and result, as far as NumPy has a loop for it; else a type error, as there. */
MG_TEST(ufunc_options, dtype_is_computed_in_and_returned) {
    MG_SCOPE;
    mg_tensor *ints = mg_from_i64((int64_t[]){1, 2}, MG_SHAPE(2)), *x = VEC(0.1, 0.2), *y;
    y = mg_add(x, x, .dtype = MG_F32);
    CHECK_EQ_I64(mg_dtype_of(y), MG_F32);
    VALUES(y, 0.2f, 0.4f);
    CHECK_EQ_I64(mg_dtype_of(mg_exp(ints, .dtype = MG_F32)), MG_F32);
    CHECK_EQ_I64(mg_dtype_of(mg_left_shift(ints, ints, .dtype = MG_I16)), MG_I16);
    CHECK_EQ_I64(mg_dtype_of(mg_less(x, x, .dtype = MG_BOOL)), MG_BOOL);
    CHECK_EQ_I64(mg_dtype_of(mg_logical_and(x, ints, .dtype = MG_BOOL)), MG_BOOL);
    VALUES(mg_less(VEC(0.25), VEC(0.5), .dtype = MG_BOOL), 1);
    CHECK(mg_exp(ints, .dtype = MG_I64) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "exp: exp of int64 operands gives float64, not int64");
    CHECK(mg_divide(ints, ints, .dtype = MG_I64) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "not int64");
    CHECK(mg_less(ints, ints, .dtype = MG_F64) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "less: less of int64 operands gives bool, not float64");
    CHECK(mg_isnan(x, .dtype = MG_F32) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "gives bool");
    CHECK(mg_square(mask_of_2(true, false), .dtype = MG_BOOL) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "gives int8");
    CHECK(mg_add(x, x, .dtype = MG_I32) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "no same_kind cast");
}

MG_TEST(ufunc_options, constant_wins) {
    MG_SCOPE;
    mg_tensor *x = VEC(1, 2), *c = CONST(1, 2), *ints = mg_from_i64((int64_t[]){1, 2}, MG_SHAPE(2));
    CHECK(mg_is_constant(mg_exp(x, .constant = MG_CONSTANT)) && !mg_is_constant(mg_exp(c, .constant = MG_VARIABLE)));
    CHECK(mg_is_constant(mg_add(c, c)) && !mg_is_constant(mg_add(c, x)) && mg_is_constant(mg_add(ints, ints)));
    CHECK(mg_add(ints, ints, .constant = MG_VARIABLE) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "add: Integer-valued tensors must be treated as constants");
    CHECK(mg_cumsum(ints, .constant = MG_VARIABLE) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "cumsum: Integer-valued tensors must be treated as constants");
}

MG_TEST(ufunc_options, clip_with_one_bound) {
    MG_SCOPE;
    const double nan = (double)NAN;
    mg_tensor *x = VEC(-1, 2, 3, nan), *low = mg_scalar(2);
    VALUES(mg_clip(x, low, NULL), 2, 2, 3, nan);
    VALUES(mg_clip(x, NULL, low), -1, 2, 2, nan);
    CHECK_EQ_I64(mg_backward(mg_clip(x, low, NULL)), MG_OK);
    VALUES(mg_grad(x), 0, 0, 1, 1);
    CHECK_EQ_I64(mg_backward(mg_clip(x, NULL, low)), MG_OK);
    VALUES(mg_grad(x), 1, 0, 0, 1);
    CHECK(mg_clip(x, NULL, NULL) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "clip: Neither bound is given");
    CHECK(mg_clip(x, mg_add(x, mg_ones(MG_SHAPE(3))), NULL) == NULL); /* a bound that failed is no missing one */
    nnet_expect_error(MG_ERR_VALUE, "add");
}

/* Rounding, signs and rests are flat wherever they have a slope: constants, unless that was asked for otherwise. */
MG_TEST(ufunc_options, what_has_no_gradient_is_constant) {
    MG_SCOPE;
    mg_tensor *x = VEC(1.5, -2, 3), *y = VEC(2, 2, 2);
    mg_tensor *const flat[] = {mg_floor(x),           mg_ceil(x),         mg_trunc(x),  mg_rint(x), mg_sign(x),
                               mg_floor_divide(x, y), mg_remainder(x, y), mg_fmod(x, y)};
    for (size_t i = 0; i < sizeof flat / sizeof *flat; i++) {
        CHECK_MSG(mg_is_constant(flat[i]), "%zu", i);
        mg_tensor *product = mg_sum(mg_multiply(flat[i], x));
        CHECK(!mg_is_constant(product) && mg_backward(product) == MG_OK);
        CHECK_BITS_F64(mg_data_f64(mg_grad(x))[2], mg_data_f64(flat[i])[2]);
    }
    CHECK(!mg_is_constant(mg_floor(x, .constant = MG_VARIABLE)) && !mg_is_constant(mg_absolute(x)));
    CHECK(!mg_is_constant(mg_where(mg_greater(x, y), x, y)) && mg_backward(mg_floor(x)) == MG_OK);
}
