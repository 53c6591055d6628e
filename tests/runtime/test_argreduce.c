/* SPDX-License-Identifier: MIT
 * Positions of extremes against a plain search in long double (or 64-bit integers), in every dtype, with ties, NaNs and
 * infinities; the scatter against a plain loop. */
#include "harness.h"
#include "runtime/dtype.h"
#include "runtime/parallel.h"
#include "runtime/rows.h"
#include "runtime/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fill(mg_test_rng *rng, mg_dtype dtype, char *x, int64_t n) {
    static const double odd[] = {NAN, INFINITY, -INFINITY, 0.0, -0.0};
    size_t item = mg_dtype_size(dtype);
    bool few = mg_test_int(rng, 0, 1), nans = mg_test_int(rng, 0, 2) == 0; /* few values: many ties */
    for (int64_t i = 0; i < n; i++) {
        char *e = x + (size_t)i * item;
        if (dtype == MG_BOOL)
            *e = (char)mg_test_int(rng, 0, 1);
        else if (!mg_dtype_is_float(dtype))
            mgr_set_i64(dtype, e, few ? mg_test_int(rng, 0, 3) : (int64_t)mg_test_u64(rng));
        else if (mg_test_int(rng, 0, 19) == 0)
            mgr_set_f64(dtype, e, odd[mg_test_int(rng, nans ? 0 : 1, 4)]);
        else
            mgr_set_f64(dtype, e, few ? (double)mg_test_int(rng, -2, 2) : mg_test_normal(rng));
    }
}

static long double value(mg_dtype dtype, const char *x, int64_t i) {
    const char *e = x + (size_t)i * mg_dtype_size(dtype);
    if (mg_dtype_is_float(dtype)) return mgr_get_f64(dtype, e);
    if (dtype != MG_U64) return (long double)mgr_get_i64(dtype, e);
    uint64_t u;
    memcpy(&u, e, sizeof u);
    return (long double)u;
}

static int64_t search(mg_dtype dtype, const char *x, int64_t n, bool largest) {
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        long double v = value(dtype, x, i), best = value(dtype, x, at);
        if (isnan(v)) return i;
        if (largest ? v > best : v < best) at = i;
    }
    return at;
}

MG_TEST(argreduce, every_dtype) {
    mg_test_rng rng = mg_test_rng_new();
    for (int d = MG_BOOL; d < MG_DTYPE_COUNT; d++)
        for (int t = 0; t < mg_test_times(40); t++) {
            mg_dtype dtype = (mg_dtype)d;
            int64_t outer = mg_test_int(&rng, 0, 9), length = mg_test_int(&rng, 1, t % 4 ? 12 : 3000);
            size_t item = mg_dtype_size(dtype);
            bool largest = mg_test_int(&rng, 0, 1);
            char *x = malloc((size_t)(outer * length) * item + 1);
            int64_t *index = malloc(sizeof *index * (size_t)(outer + 1));
            fill(&rng, dtype, x, outer * length);
            CHECK(mgr_argextremum(dtype, largest, outer, length, x, index) == MG_OK);
            for (int64_t o = 0; o < outer; o++) {
                int64_t expected = search(dtype, x + (size_t)(o * length) * item, length, largest);
                CHECK_MSG(index[o] == expected, "%s row %ld of %ld: %ld, not %ld", mg_dtype_name(dtype), (long)o,
                          (long)length, (long)index[o], (long)expected);
            }
            free(x);
            free(index);
        }
}

/* Rows in blocks, in pieces for several threads, and columns: against the same plain search. */
static void check_columns(mg_test_rng *rng, mg_dtype dtype, int64_t outer, int64_t length, int64_t inner) {
    const size_t item = mg_dtype_size(dtype);
    const bool largest = mg_test_int(rng, 0, 1);
    char *x = malloc((size_t)(outer * length * inner) * item + 1), *column = malloc((size_t)length * item);
    int64_t *index = malloc(sizeof *index * (size_t)(outer * inner + 1));
    CHECK(x && column && index);
    fill(rng, dtype, x, outer * length * inner);
    if (inner == 1)
        CHECK(mgr_argextremum(dtype, largest, outer, length, x, index) == MG_OK);
    else
        CHECK(mgr_argextremum_columns(dtype, largest, outer, length, inner, x, index) == MG_OK);
    for (int64_t i = 0; i < outer * inner; i++) {
        for (int64_t k = 0; k < length; k++)
            memcpy(column + (size_t)k * item, x + (size_t)((i / inner * length + k) * inner + i % inner) * item, item);
        const int64_t expected = search(dtype, column, length, largest);
        CHECK_MSG(index[i] == expected, "%s (%ld, %ld, %ld) column %ld: %ld, not %ld", mg_dtype_name(dtype),
                  (long)outer, (long)length, (long)inner, (long)i, (long)index[i], (long)expected);
    }
    free(x);
    free(column);
    free(index);
}

MG_TEST(argreduce, long_rows) {
    mg_test_rng rng = mg_test_rng_new();
    for (int d = MG_BOOL; d < MG_DTYPE_COUNT; d++)
        for (int t = 0; t < mg_test_times(8); t++) {
            check_columns(&rng, (mg_dtype)d, mg_test_int(&rng, 1, 3), mg_test_int(&rng, 1000, 40000), 1);
            mgr_set_num_threads((int)mg_test_int(&rng, 1, 3));
            if (t < 2) check_columns(&rng, (mg_dtype)d, 1, mg_test_int(&rng, 131072, 300000), 1);
            mgr_set_num_threads(0);
        }
}

/* Rows of whole blocks, several of which are reduced before the first is looked through. */
MG_TEST(argreduce, rows_of_whole_blocks) {
    mg_test_rng rng = mg_test_rng_new();
    for (int d = MG_BOOL; d < MG_DTYPE_COUNT; d++)
        for (int t = 0; t < mg_test_times(6); t++) {
            const int64_t block = (int64_t)MGK_REDUCE_BLOCK(mg_dtype_size((mg_dtype)d));
            mgr_set_num_threads((int)mg_test_int(&rng, 1, 3));
            check_columns(&rng, (mg_dtype)d, mg_test_int(&rng, 2, 24), block * (t % 3 + 1), 1);
            mgr_set_num_threads(0);
        }
}

MG_TEST(argreduce, columns) {
    mg_test_rng rng = mg_test_rng_new();
    for (int d = MG_BOOL; d < MG_DTYPE_COUNT; d++)
        for (int t = 0; t < mg_test_times(10); t++)
            check_columns(&rng, (mg_dtype)d, mg_test_int(&rng, 0, 3), mg_test_int(&rng, 1, 70),
                          t % 3 ? mg_test_int(&rng, 2, 300) : mg_test_int(&rng, 1000, 2500));
}

/* The largest is one of many equal ones, and stands in any block; zeros of both signs are equal. */
MG_TEST(argreduce, first_of_equals_in_any_block) {
    enum { N = 20000 };
    float *x = malloc(N * sizeof *x);
    CHECK(x != NULL);
    for (int first = 0; first < N; first += 997) {
        for (int i = 0; i < N; i++) x[i] = i < first ? -1.0f : i == first ? -0.0f : i % 3 ? 0.0f : -2.0f;
        int64_t at = -1;
        CHECK(mgr_argextremum(MG_F32, true, 1, N, x, &at) == MG_OK);
        CHECK_EQ_I64(at, first);
        for (int i = 0; i < N; i++) x[i] = -x[i];
        CHECK(mgr_argextremum(MG_F32, false, 1, N, x, &at) == MG_OK);
        CHECK_EQ_I64(at, first);
        x[(first * 7 + 5) % N] = NAN;
        x[N - 1] = NAN;
        CHECK(mgr_argextremum(MG_F32, true, 1, N, x, &at) == MG_OK);
        CHECK_EQ_I64(at, (first * 7 + 5) % N);
    }
    free(x);
}

MG_TEST(argreduce, first_nan_wins) {
    float x[5] = {1, NAN, 7, NAN, -9};
    int64_t at = -1;
    CHECK(mgr_argextremum(MG_F32, true, 1, 5, x, &at) == MG_OK && at == 1);
    CHECK(mgr_argextremum(MG_F32, false, 1, 5, x, &at) == MG_OK && at == 1);
    int64_t columns[2] = {-1, -1};
    float y[8] = {1, 2, NAN, 9, 7, 2, NAN, NAN};
    CHECK(mgr_argextremum_columns(MG_F32, true, 1, 4, 2, y, columns) == MG_OK && columns[0] == 1 && columns[1] == 3);
}

MG_TEST(argreduce, no_extreme_of_nothing) {
    int64_t at;
    mgr_error_record error;
    CHECK(mgr_argextremum(MG_F32, true, 1, 0, NULL, &at) == MG_ERR_VALUE);
    CHECK(mgr_error_take(&error));
    CHECK_EQ_STR(error.op, "argmax");
    CHECK(mgr_argextremum(MG_DTYPE_NONE, false, 1, 1, NULL, &at) == MG_ERR_TYPE);
    CHECK(mgr_error_take(&error));
}

MG_TEST(argreduce, scatter_is_a_row_of_zeros_but_one) {
    mg_test_rng rng = mg_test_rng_new();
    static const mg_dtype dtypes[] = {MG_U8, MG_F16, MG_F32, MG_F64};
    for (int t = 0; t < mg_test_times(40); t++) {
        mg_dtype dtype = dtypes[t % 4];
        size_t item = mg_dtype_size(dtype);
        int64_t outer = mg_test_int(&rng, 0, 50), length = mg_test_int(&rng, 1, 40);
        char *g = malloc((size_t)outer * item + 1), *dx = malloc((size_t)(outer * length) * item + 1),
             *zero = calloc(1, item);
        int64_t *index = malloc(sizeof *index * (size_t)(outer + 1));
        memset(dx, 0x77, (size_t)(outer * length) * item);
        for (int64_t o = 0; o < outer; o++) {
            uint64_t bits = mg_test_u64(&rng);
            memcpy(g + (size_t)o * item, &bits, item);
            index[o] = mg_test_int(&rng, 0, length - 1);
        }
        CHECK(mgr_scatter_row(dtype, outer, length, g, index, dx) == MG_OK);
        for (int64_t o = 0; o < outer; o++)
            for (int64_t i = 0; i < length; i++)
                CHECK_EQ_MEM(dx + (size_t)(o * length + i) * item, i == index[o] ? g + (size_t)o * item : zero, item);
        free(g), free(dx), free(zero), free(index);
    }
}
