/* SPDX-License-Identifier: MIT
 * power of integers: wrap-around, and the exponents that are an error when they are recorded. Values by hand or as
 * NumPy has them; that the kernels are right, tests/kernels/generated shows, and the dtypes, test_types.c. */
#include "harness.h"

#include <mygrad/mygrad.h>
#include <string.h>

static void expect_i64(mg_tensor *got, int n, const int64_t *expected) {
    int64_t values[8];
    CHECK_EQ_I64(mg_size(got), n);
    CHECK_EQ_I64(mg_read(got, MG_I64, values), MG_OK);
    for (int i = 0; i < n; i++) CHECK_EQ_I64(values[i], expected[i]);
}

/* A value error that names the exponent. */
static void expect_refused(mg_tensor *got, const char *exponent) {
    CHECK(!got);
    const mg_error error = mg_take_error();
    CHECK_EQ_I64(error.code, MG_ERR_VALUE);
    CHECK_EQ_STR(error.op, "power");
    CHECK_CONTAINS(error.message, exponent);
}

static mg_tensor *ints(mg_dtype dtype, int n, const int64_t *values) {
    return mg_astype(mg_from_i64(values, MG_SHAPE(n)), dtype);
}

MG_TEST(integer_power, wraps) {
    MG_SCOPE;
    mg_tensor *x = ints(MG_I32, 5, (int64_t[]){2, -3, 0, 10, 0}), *y = ints(MG_I32, 5, (int64_t[]){10, 3, 0, 10, 5});
    expect_i64(mg_power(x, y), 5, (int64_t[]){1024, -27, 1, 1410065408, 0});
    expect_i64(mg_power(mg_astype(y, MG_U8), mg_scalar_i64(3)), 5, (int64_t[]){232, 27, 0, 232, 125});
    expect_i64(mg_power(mg_astype(x, MG_BOOL), mg_astype(y, MG_BOOL)), 5, (int64_t[]){1, 1, 1, 1, 0});
    expect_i64(mg_power(ints(MG_I64, 2, (int64_t[]){3, -7}), mg_scalar_i64(INT64_MAX)), 2,
               (int64_t[]){-6148914691236517205, -7905747460161236407});
}

/* Lazy exponents are computed for the check; views of any stride are. */
MG_TEST(integer_power, negative_exponents_are_named) {
    MG_SCOPE;
    mg_tensor *x = ints(MG_I32, 5, (int64_t[]){2, -3, 0, 10, 0}), *y = ints(MG_I32, 5, (int64_t[]){10, 3, 0, 10, 5});
    expect_refused(mg_power(x, mg_subtract(y, mg_scalar_i64(3))), "exponent -3 ");
    expect_refused(mg_power(x, mg_getitem(mg_subtract(y, mg_scalar_i64(3)), MG_KEY(MG_S(MG_NONE, MG_NONE, -1)))),
                   "exponent -3 ");
    expect_refused(mg_power(x, mg_scalar_i64(-1)), "exponent -1 ");
    expect_refused(mg_power(mg_astype(x, MG_U8), mg_scalar_i64(-1)), "-1 is out of bounds for uint8");
    expect_refused(mg_power(mg_scalar_i64(2), mg_scalar_i64(-2)), "exponent -2 ");
    expect_refused(mg_power(mg_astype(x, MG_BOOL), ints(MG_I8, 1, (int64_t[]){-8})), "exponent -8 in int8");
    expect_refused(mg_power(x, ints(MG_I64, 1, (int64_t[]){INT64_C(0xfffffffe)}), .dtype = MG_I32), "exponent -2 ");
    expect_refused(mg_power(ints(MG_I8, 1, (int64_t[]){1}), mg_scalar_i64(200)), "200 is out of bounds for int8");
    mg_tensor *into = mg_zeros(MG_SHAPE(5), .dtype = MG_I32);
    expect_refused(mg_power(x, mg_scalar_i64(-1), .out = into), "exponent -1 ");
    expect_i64(into, 5, (int64_t[]){0, 0, 0, 0, 0});
}

MG_TEST(integer_power, masked_exponents_are_not_looked_at) {
    MG_SCOPE;
    mg_tensor *x = ints(MG_I32, 3, (int64_t[]){2, 3, 4}), *y = ints(MG_I32, 3, (int64_t[]){5, -1, 2});
    mg_tensor *rows = mg_from_bool((bool[]){true, true, true, false, true, false}, MG_SHAPE(2, 3));
    expect_i64(mg_power(x, y, .where = mg_greater(y, mg_scalar_i64(0))), 3, (int64_t[]){32, 0, 16});
    expect_refused(mg_power(x, y, .where = rows), "exponent -1 ");
    expect_refused(mg_power(x, mg_scalar_i64(-4), .where = rows), "exponent -4 ");
    expect_i64(mg_power(x, mg_scalar_i64(-4), .where = mg_zeros(MG_SHAPE(3), .dtype = MG_BOOL)), 3,
               (int64_t[]){0, 0, 0});
}

MG_TEST(integer_power, floats_take_any_exponent) {
    MG_SCOPE;
    mg_tensor *x = ints(MG_I32, 2, (int64_t[]){2, 4}), *y = ints(MG_I32, 2, (int64_t[]){-1, -2});
    mg_tensor *z[] = {mg_power(x, y, .dtype = MG_F64), mg_power(mg_astype(x, MG_F64), y),
                      mg_power(mg_astype(x, MG_U64), y)};
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_I64(mg_dtype_of(z[i]), MG_F64);
        CHECK_BITS_F64(mg_item(mg_sum(z[i])), 0.5 + 0.0625);
    }
}

/* Nothing is computed of nothing, whatever the exponents are; a single one is looked at. */
MG_TEST(integer_power, empty_and_0d) {
    MG_SCOPE;
    mg_tensor *none = mg_zeros(MG_SHAPE(0, 2), .dtype = MG_I32), *y = ints(MG_I32, 2, (int64_t[]){-1, -2});
    CHECK_EQ_I64(mg_size(mg_power(none, y)), 0);
    CHECK_EQ_I64(mg_size(mg_power(y, none)), 0);
    CHECK_EQ_I64(mg_item_i64(mg_power(mg_full(MG_SHAPE0, 3, .dtype = MG_I16), mg_full(MG_SHAPE0, 9, .dtype = MG_I8))),
                 19683);
    expect_refused(mg_power(mg_sum(y), mg_sum(y)), "exponent -3 ");
    CHECK(!mg_power(ints(MG_I32, 3, (int64_t[]){1, 2, 3}), y)); /* the shapes come first */
    CHECK_CONTAINS(mg_take_error().message, "(3,)");
}
