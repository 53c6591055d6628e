/* SPDX-License-Identifier: MIT
 * argmax and argmin against a loop, with ties and NaNs. */
#include <math.h>
#include <stdlib.h>

#include "nnet_check.h"

typedef mg_tensor *search_fn(mg_tensor *x, const mg_arg_opts *opts);
static search_fn *const searches[2] = {mg_argmin_with, mg_argmax_with};

static bool beats(int largest, double a, double b) { return largest ? a > b : a < b; }

MG_TEST(argextremum, every_axis) {
    mg_test_rng rng = mg_test_rng_new();
    static const mg_dtype dtypes[] = {MG_F64, MG_F32, MG_F16, MG_BF16, MG_I8, MG_I64, MG_BOOL};
    for (int round = 0; round < mg_test_times(60); round++) {
        const int largest = round % 2;
        MG_SCOPE;
        int64_t dims[3] = {mg_test_int(&rng, 1, 5), mg_test_int(&rng, 1, 40), mg_test_int(&rng, 1, 5)};
        int64_t strides[3] = {dims[1] * dims[2], dims[2], 1}, size = dims[0] * strides[0];
        double values[1000], *v;
        for (int64_t i = 0; i < size; i++) values[i] = (double)mg_test_int(&rng, 0, 6);
        mg_dtype dtype = dtypes[round / 2 % 7];
        mg_tensor *x = mg_astype(mg_from_f64(values, mg_shape_of(3, dims)), dtype);
        v = nnet_read(x);
        for (int axis = 0; axis < 3; axis++) {
            mg_tensor *found =
                searches[largest](x, &(mg_arg_opts){.size = sizeof(mg_arg_opts), .axis = MG_AXES(axis - 3)});
            CHECK_MSG(found != NULL, "%s", mg_take_error().message);
            CHECK_EQ_I64(mg_ndim(found), 2);
            CHECK_EQ_I64(mg_dtype_of(found), MG_I64);
            CHECK(mg_is_constant(found));
            const int64_t *index = mg_data_i64(found);
            int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;
            for (int64_t i = 0; i < dims[a]; i++) {
                for (int64_t j = 0; j < dims[b]; j++) {
                    int64_t best = 0, start = i * strides[a] + j * strides[b];
                    for (int64_t k = 1; k < dims[axis]; k++) {
                        if (beats(largest, v[start + k * strides[axis]], v[start + best * strides[axis]])) best = k;
                    }
                    CHECK_EQ_I64(index[i * dims[b] + j], best);
                }
            }
        }
        int64_t best = 0;
        for (int64_t k = 1; k < size; k++) best = beats(largest, v[k], v[best]) ? k : best;
        CHECK_EQ_I64(mg_item_i64(searches[largest](x, NULL)), best);
        free(v);
    }
}

/* Axes whose inner rows are so long that columns are searched as they lie; views that do not lie like that. */
MG_TEST(argextremum, axes_of_long_rows) {
    MG_SCOPE;
    enum { A = 3, B = 37, C = 50 };
    double values[A * B * C];
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < A * B * C; i++) values[i] = (double)mg_test_int(&rng, 0, 9);
    mg_tensor *x = mg_from_f64(values, MG_SHAPE(A, B, C)), *back = mg_transpose(x, MG_AXES(2, 1, 0));
    const int64_t *first = mg_data_i64(mg_argmax(x, .axis = MG_AXES(1)));
    const int64_t *turned = mg_data_i64(mg_argmax(back, .axis = MG_AXES(1))); /* (C, A) */
    const int64_t *outer = mg_data_i64(mg_argmin(x, .axis = MG_AXES(0)));
    for (int a = 0; a < A; a++)
        for (int c = 0; c < C; c++) {
            int best = 0;
            for (int b = 1; b < B; b++)
                if (values[(a * B + b) * C + c] > values[(a * B + best) * C + c]) best = b;
            CHECK_EQ_I64(first[a * C + c], best);
            CHECK_EQ_I64(turned[c * A + a], best);
        }
    for (int i = 0; i < B * C; i++) {
        int best = 0;
        for (int a = 1; a < A; a++)
            if (values[a * B * C + i] < values[best * B * C + i]) best = a;
        CHECK_EQ_I64(outer[i], best);
    }
}

MG_TEST(argextremum, first_nan_wins) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, NAN, 7, NAN}, MG_SHAPE(4));
    CHECK_EQ_I64(mg_item_i64(mg_argmax(x)), 1);
    CHECK_EQ_I64(mg_item_i64(mg_argmin(x)), 1);
    CHECK_EQ_I64(mg_item_i64(mg_argmax(mg_scalar(3))), 0);
    CHECK_EQ_I64(mg_item_i64(mg_argmin(mg_scalar(3))), 0);
}

MG_TEST(argextremum, keepdims_and_scalars) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 5, 2, 7, 0, 3}, MG_SHAPE(2, 3)), *y;
    y = mg_argmax(x, .axis = MG_AXES(-1), .keepdims = true);
    CHECK(mg_ndim(y) == 2 && mg_dim(y, 0) == 2 && mg_dim(y, 1) == 1);
    CHECK(mg_data_i64(y)[0] == 1 && mg_data_i64(y)[1] == 0);
    y = mg_argmin(x, .keepdims = true);
    CHECK(mg_ndim(y) == 2 && mg_size(y) == 1 && mg_item_i64(y) == 4);
    y = mg_argmax(mg_scalar(3), .axis = MG_AXES(-1)); /* as numpy.argmax of a scalar */
    CHECK(mg_ndim(y) == 0 && mg_item_i64(y) == 0);
    CHECK(mg_argmax(mg_scalar(3), .axis = MG_AXES(1)) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "1");
}

MG_TEST(argextremum, empty_and_errors) {
    MG_SCOPE;
    mg_tensor *x = mg_zeros(MG_SHAPE(0, 3));
    CHECK(mg_argmax(x) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "(0, 3)");
    CHECK(mg_argmin(x) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "argmin");
    CHECK(mg_argmax(x, .axis = MG_AXES(0)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "(0, 3)");
    CHECK_EQ_I64(mg_size(mg_argmax(x, .axis = MG_AXES(1))), 0);
    CHECK(mg_argmax(x, .axis = MG_AXES(2)) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "2");
    CHECK(mg_argmax(x, .axis = MG_AXES(0, 1)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "2 axes");
}
