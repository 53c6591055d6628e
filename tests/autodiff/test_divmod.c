/* SPDX-License-Identifier: MIT
 * Where divmod's two results go: .out and .out2, each by itself and together, with masks, over the operands, and what
 * is left alone when something does not fit. Values as NumPy's divmod(x, y, out=(q, r)) has them. */
#include "nnet_check.h"
#include "tensor_check.h"

#include <stddef.h>

#define FIXED(...)           mg_detach(vec(__VA_ARGS__))
#define SLICE(x, a, b, step) mg_getitem(x, MG_KEY(MG_S(a, b, step)))

MG_TEST(divmod_out, each_result_by_itself_and_both) {
    MG_SCOPE;
    mg_tensor *x = FIXED(7, -7, 8.5), *y = mg_scalar(3), *q, *r;
    mg_tensor *a = mg_zeros(MG_SHAPE(3), .constant = MG_CONSTANT), *b = mg_detach(mg_zeros(MG_SHAPE(2, 3)));
    CHECK_EQ_I64(mg_divmod(x, y, &q, &r, .out = a), MG_OK); /* float64 into float32: the same kind */
    CHECK(q == a && r != b && mg_dtype_of(r) == MG_F64);
    VALUES(a, 2, -3, 2);
    VALUES(r, 1, 2, 2.5);
    CHECK_EQ_I64(mg_divmod(mg_negative(x), y, &q, &r, .out2 = b), MG_OK); /* broadcast into two rows */
    CHECK(q != a && r == b);
    VALUES(q, -3, 2, -3);
    VALUES(b, 2, 1, 0.5, 2, 1, 0.5);
    CHECK_EQ_I64(mg_divmod(x, mg_scalar(-2), &q, &r, .out = a, .out2 = b), MG_OK);
    CHECK(q == a && r == b);
    VALUES(a, -4, 3, -5);
    VALUES(b, -1, -1, -1.5, -1, -1, -1.5);
    mg_tensor *ints = mg_from_i64((int64_t[]){7, -7, 5}, MG_SHAPE(3)), *rest = mg_zeros(MG_SHAPE(3), .dtype = MG_I32);
    CHECK_EQ_I64(mg_divmod(ints, mg_scalar_i64(2), &q, &r, .out = ints, .out2 = rest), MG_OK);
    VALUES(ints, 3, -4, 2);
    VALUES(rest, 1, 1, 1);
    CHECK(mg_dtype_of(rest) == MG_I32);
}

/* Neither has a gradient, so variables may be divided into a tensor as well. */
MG_TEST(divmod_out, of_variables) {
    MG_SCOPE;
    mg_tensor *x = vec(7, -7, 8.5), *a = FIXED(0, 0, 0), *b = FIXED(0, 0, 0), *q, *r;
    CHECK_EQ_I64(mg_divmod(x, mg_scalar(3), &q, &r), MG_OK);
    CHECK(mg_is_constant(q) && mg_is_constant(r));
    CHECK_EQ_I64(mg_divmod(x, vec(3, 3, 3), &q, &r, .out = a, .out2 = b), MG_OK);
    VALUES(a, 2, -3, 2);
    VALUES(b, 1, 2, 2.5);
}

MG_TEST(divmod_out, masked_elements_keep_what_they_had) {
    MG_SCOPE;
    mg_tensor *x = FIXED(7, 8, 9), *a = FIXED(-1, -2, -3), *b = FIXED(-4, -5, -6), *q, *r;
    mg_tensor *mask = mg_from_bool((bool[]){true, false, true}, MG_SHAPE(3));
    CHECK_EQ_I64(mg_divmod(x, mg_scalar(4), &q, &r, .where = mask, .out = a, .out2 = b), MG_OK);
    VALUES(a, 1, -2, 2);
    VALUES(b, 3, -5, 1);
    CHECK_EQ_I64(mg_divmod(x, mg_scalar(5), &q, &r, .where = mask, .out2 = b), MG_OK);
    VALUES(q, 1, 0, 1); /* a new tensor has 0 there */
    VALUES(b, 2, -5, 4);
}

/* As if both had been computed before either is written. */
MG_TEST(divmod_out, may_be_the_operands_and_views_of_them) {
    MG_SCOPE;
    mg_tensor *x = FIXED(7, 8, 9), *y = FIXED(2, 3, 5), *q, *r;
    CHECK_EQ_I64(mg_divmod(x, y, &q, &r, .out = y, .out2 = x), MG_OK);
    VALUES(y, 3, 2, 1);
    VALUES(x, 1, 2, 4);
    mg_tensor *all = mg_detach(mg_from_f64((double[]){17, 2, 26, 3, 35, 4}, MG_SHAPE(6)));
    mg_tensor *even = SLICE(all, MG_NONE, MG_NONE, 2), *odd = SLICE(all, 1, MG_NONE, 2);
    CHECK_EQ_I64(mg_divmod(even, odd, &q, &r, .out = odd, .out2 = even), MG_OK);
    VALUES(all, 1, 8, 2, 8, 3, 8);
    mg_tensor *mask = mg_from_bool((bool[]){false, true, true}, MG_SHAPE(3)), *back = SLICE(all, 2, MG_NONE, -1);
    mg_tensor *rest = SLICE(all, 3, MG_NONE, 1);
    CHECK_EQ_I64(mg_divmod(SLICE(all, 0, 3, 1), FIXED(1, 3, 2), &q, &r, .where = mask, .out = back, .out2 = rest),
                 MG_OK);
    VALUES(all, 1, 2, 2, 8, 2, 0); /* 8 = 2 * 3 + 2, 2 = 1 * 2 + 0 */
    double memory[] = {7, 8, 9}, others[] = {0, 0, 0};
    mg_tensor *over = mg_set_constant(mg_borrow(MG_F64, memory, MG_SHAPE(3), NULL, NULL), true);
    mg_tensor *under = mg_set_constant(mg_borrow(MG_F64, others, MG_SHAPE(3), NULL, NULL), true);
    CHECK_EQ_I64(mg_divmod(over, mg_scalar(4), &q, &r, .out = over, .out2 = under), MG_OK);
    CHECK(memory[0] == 1 && memory[1] == 2 && memory[2] == 2 && others[0] == 3 && others[1] == 0 && others[2] == 1);
}

static void refused(mg_status got, mg_status code, const char *part, mg_tensor *q, mg_tensor *r) {
    CHECK_EQ_I64(got, code);
    CHECK(!q && !r);
    nnet_expect_error(code, part);
}

/* What is wrong with either is found before either is written. */
MG_TEST(divmod_out, both_or_neither) {
    MG_SCOPE;
    mg_tensor *x = FIXED(7, 8, 9), *y = mg_scalar(4), *a = FIXED(1, 2, 3), *b = FIXED(4, 5, 6), *q = x, *r = x;
    mg_tensor *ints = mg_zeros(MG_SHAPE(3), .dtype = MG_I64), *small = mg_zeros(MG_SHAPE(2));
    mg_tensor *frozen = mg_keep(FIXED(0, 0, 0)), *rows = mg_ones(MG_SHAPE(2, 1), .dtype = MG_BOOL);
    CHECK_EQ_I64(mg_freeze(frozen), MG_OK);
    mg_status got = mg_divmod(x, y, &q, &r, .out = a, .out2 = ints);
    refused(got, MG_ERR_TYPE, "divmod: Cannot write a float64 result into a int64 tensor", q, r);
    got = mg_divmod(x, y, &q, &r, .out = a, .out2 = small);
    refused(got, MG_ERR_VALUE, "divmod: ", q, r);
    got = mg_divmod(x, y, &q, &r, .out = a, .out2 = mg_reshape(FIXED(0, 0, 0), MG_SHAPE(3, 1)));
    refused(got, MG_ERR_VALUE, "divmod: A value of shape (3,) does not fit into a tensor of shape (3, 1)", q, r);
    got = mg_divmod(x, y, &q, &r, .where = rows, .out = mg_zeros(MG_SHAPE(2, 3)), .out2 = b);
    refused(got, MG_ERR_VALUE, "divmod: A result of shape (2, 1) does not fit into .out of shape (3,)", q, r);
    got = mg_divmod(x, y, &q, &r, .out = a, .out2 = frozen);
    refused(got, MG_ERR_READ_ONLY, "divmod: The tensor is frozen", q, r);
    got = mg_divmod(x, y, &q, &r, .out = frozen, .out2 = b);
    refused(got, MG_ERR_READ_ONLY, "divmod: The tensor is frozen", q, r);
    got = mg_divmod(x, y, &q, &r, .out = a, .out2 = a);
    refused(got, MG_ERR_VALUE, "divmod: .out and .out2 are the same tensor", q, r);
    got = mg_divmod(x, mg_ones(MG_SHAPE(2)), &q, &r, .out = a, .out2 = b);
    refused(got, MG_ERR_VALUE, "(2,)", q, r);
    VALUES(a, 1, 2, 3);
    VALUES(b, 4, 5, 6);
    VALUES(ints, 0, 0, 0);
    mg_release(frozen);
}

MG_TEST(divmod_out, no_other_function_has_a_second_result) {
    MG_SCOPE;
    mg_tensor *x = FIXED(7, 8, 9), *a = FIXED(1, 2, 3);
    CHECK(mg_floor_divide(x, x, .out2 = a) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "floor_divide: .out2 is for a second result");
    CHECK(mg_clip(x, NULL, mg_scalar(8), .out2 = a) == NULL);
    nnet_expect_error(MG_ERR_VALUE, ".out2 is for a second result");
    VALUES(a, 1, 2, 3);
}

/* A caller whose header had no .out2. */
MG_TEST(divmod_out, its_place_is_not_looked_at_beyond_the_size) {
    MG_SCOPE;
    mg_tensor *x = FIXED(7, 8, 9), *a = FIXED(1, 2, 3), *q, *r;
    const mg_ufunc_opts opts = {.size = offsetof(mg_ufunc_opts, out2), .out = a, .out2 = a};
    CHECK_EQ_I64(mg_divmod_with(x, mg_scalar(4), &q, &r, &opts), MG_OK);
    CHECK(q == a && r != a);
    VALUES(a, 1, 2, 2);
    CHECK(mg_negative_with(x, &opts) == a);
}
