/* SPDX-License-Identifier: MIT
 * The six comparisons of int64 with uint64 against plain loops over the edges of both, where float64 would be wrong; as
 * arrays, scalars, views and weak scalars, with options. */
#include "nnet_check.h"
#include "tensor_check.h"

static const int64_t ints[] = {INT64_MIN,        INT64_MIN + 1,          -(INT64_C(1) << 53) - 1, -2,       -1, 0, 1,
                               INT64_C(1) << 53, (INT64_C(1) << 53) + 1, INT64_MAX - 1,           INT64_MAX};
static const uint64_t naturals[] = {0,
                                    1,
                                    UINT64_C(1) << 53,
                                    (UINT64_C(1) << 53) + 1,
                                    INT64_MAX - 1,
                                    INT64_MAX,
                                    UINT64_C(1) << 63,
                                    (UINT64_C(1) << 63) + 1,
                                    UINT64_MAX - 1,
                                    UINT64_MAX};
enum { N = sizeof ints / sizeof *ints, M = sizeof naturals / sizeof *naturals };

typedef mg_tensor *compare(mg_tensor *x, mg_tensor *y, const mg_ufunc_opts *opts);
static compare *const functions[] = {mg_less_with,          mg_less_equal_with, mg_greater_with,
                                     mg_greater_equal_with, mg_equal_with,      mg_not_equal_with};
enum { N_FUNCTIONS = sizeof functions / sizeof *functions };

/* -1, 0 or 1: i less than u, equal, greater. */
static int order(int64_t i, uint64_t u) {
    if (i < 0) return -1;
    return (uint64_t)i < u ? -1 : (uint64_t)i > u;
}

static bool expected(int f, int order) {
    const bool answers[] = {order<0, order <= 0, order> 0, order >= 0, order == 0, order != 0};
    return answers[f];
}

static mg_tensor *signed_column(void) { return mg_reshape(mg_from_i64(ints, MG_SHAPE(N)), MG_SHAPE(N, 1)); }
static mg_tensor *unsigned_row(void) { return mg_from_data(MG_U64, naturals, MG_SHAPE(M)); }

static void check(int f, int i, int u, double found, bool swapped) {
    const int way = swapped ? -order(ints[i], naturals[u]) : order(ints[i], naturals[u]);
    CHECK_MSG(found == (double)expected(f, way), "comparison %d of %lld and %llu%s: %g", f, (long long)ints[i],
              (unsigned long long)naturals[u], swapped ? ", swapped" : "", found);
}

/* A column against a row, in both orders. */
MG_TEST(mixed_compare, every_pair_of_edges) {
    for (int f = 0; f < N_FUNCTIONS; f++) {
        MG_SCOPE;
        double found[N * M], swapped[N * M];
        mg_tensor *x = functions[f](signed_column(), unsigned_row(), NULL);
        CHECK(mg_dtype_of(x) == MG_BOOL && mg_is_constant(x));
        CHECK_EQ_I64(mg_read(x, MG_F64, found), MG_OK);
        CHECK_EQ_I64(mg_read(functions[f](unsigned_row(), signed_column(), NULL), MG_F64, swapped), MG_OK);
        for (int i = 0; i < N; i++)
            for (int u = 0; u < M; u++) {
                check(f, i, u, found[i * M + u], false);
                check(f, i, u, swapped[i * M + u], true);
            }
    }
}

/* Scalars of shape (), and views with every kind of stride: backwards, two apart, none. */
MG_TEST(mixed_compare, scalars_and_strides) {
    mg_test_rng rng = mg_test_rng_new();
    for (int f = 0; f < N_FUNCTIONS; f++) {
        MG_SCOPE;
        mg_tensor *columns = mg_broadcast_to(signed_column(), MG_SHAPE(N, M));
        mg_tensor *half = mg_getitem(columns, MG_KEY(MG_S(MG_NONE, MG_NONE, -1), MG_S(MG_NONE, MG_NONE, 2)));
        mg_tensor *row = mg_getitem(unsigned_row(), MG_KEY(MG_S(MG_NONE, MG_NONE, 2)));
        double found[N * M / 2];
        CHECK_EQ_I64(mg_read(functions[f](half, row, NULL), MG_F64, found), MG_OK);
        for (int i = 0; i < N; i++)
            for (int u = 0; u < M / 2; u++) check(f, N - 1 - i, 2 * u, found[i * (M / 2) + u], false);
        for (int t = 0; t < 10; t++) {
            const int i = (int)mg_test_int(&rng, 0, N - 1), u = (int)mg_test_int(&rng, 0, M - 1);
            mg_tensor *x = mg_from_i64(&ints[i], MG_SHAPE0), *y = mg_from_data(MG_U64, &naturals[u], MG_SHAPE0);
            check(f, i, u, mg_item(functions[f](x, y, NULL)), false);
            mg_tensor *weak = mg_scalar_i64(ints[i]); /* takes the other's dtype where that holds it */
            check(f, i, u, mg_item(functions[f](weak, y, NULL)), false);
            check(f, i, u, mg_item(functions[f](y, weak, NULL)), true);
        }
    }
}

/* Longer than a vector and than a tile, with every tail. */
MG_TEST(mixed_compare, many_elements) {
    enum { LENGTH = 2500 };
    static int64_t x[LENGTH];
    static uint64_t y[LENGTH];
    static double found[LENGTH];
    mg_test_rng rng = mg_test_rng_new();
    for (int k = 0; k < LENGTH; k++) {
        x[k] = ints[mg_test_int(&rng, 0, N - 1)];
        y[k] = mg_test_int(&rng, 0, 3) ? naturals[mg_test_int(&rng, 0, M - 1)] : (uint64_t)x[k];
    }
    for (int f = 0; f < N_FUNCTIONS; f++) {
        MG_SCOPE;
        const int64_t n = LENGTH - f;
        mg_tensor *a = mg_from_i64(x, mg_shape_of(1, &n)), *b = mg_from_data(MG_U64, y, mg_shape_of(1, &n));
        CHECK_EQ_I64(mg_read(functions[f](a, b, NULL), MG_F64, found), MG_OK);
        for (int k = 0; k < n; k++) CHECK(found[k] == (double)expected(f, order(x[k], y[k])));
    }
}

MG_TEST(mixed_compare, options_and_errors) {
    MG_SCOPE;
    const uint64_t above[] = {UINT64_MAX, UINT64_MAX, 3};
    mg_tensor *x = mg_from_i64((int64_t[]){-1, -1, 3}, MG_SHAPE(3)), *y = mg_from_data(MG_U64, above, MG_SHAPE(3));
    mg_tensor *mask = mg_from_bool((bool[]){true, false, true}, MG_SHAPE(3)), *out = mg_detach(vec(7, 7, 7));
    VALUES(mg_less(x, y, .where = mask, .dtype = MG_BOOL), 1, 0, 0);
    VALUES(mg_not_equal(x, y, .where = mask, .out = out), 1, 7, 0);
    CHECK_EQ_I64(mg_size(mg_equal(mg_getitem(x, MG_KEY(MG_S(0, 0, 1))), mg_zeros(MG_SHAPE(0), .dtype = MG_U64))), 0);
    CHECK(mg_less(x, y, .constant = MG_VARIABLE) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "less: Integer-valued");
    CHECK(mg_greater(y, x, .dtype = MG_F64) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "greater: ");
    CHECK(mg_less(y, mg_from_i64((int64_t[]){1, 2}, MG_SHAPE(2))) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "less: operands could not be broadcast");
    CHECK_EQ_I64(mg_dtype_of(mg_maximum(x, y)), MG_F64); /* as NumPy */
}
