/* SPDX-License-Identifier: MIT
 * Axes, shapes and keys in every form: numbers alone, 0 among them, lists, none, all; and what is none of that. */
#include "autodiff/arguments.h"
#include "nnet_check.h"
#include "tensor_check.h"

#include <math.h>
#include <string.h>

#define AXIS_MACRO 0
#define OPTIONS    .axis = 0, .keepdims = true

static mg_tensor *two_by_three(void) { return mg_from_f64((double[]){1, 2, 3, 4, 5, 6}, MG_SHAPE(2, 3)); }

/* The pending error is a value error with both parts; it is taken. */
static void refused(const char *op, const char *values) {
    const mg_error error = mg_take_error();
    CHECK_EQ_I64(error.code, MG_ERR_VALUE);
    CHECK_CONTAINS(error.op, op);
    CHECK_CONTAINS(error.message, values);
}

/* ---- a number alone ---- */

MG_TEST(arguments, axis_is_a_number) {
    MG_SCOPE;
    mg_tensor *x = two_by_three();
    const int zero = 0, one = 1;
    const mg_axes columns = MG_AXES(0);
    VALUES(mg_sum(x, .axis = 1), 6, 15);
    VALUES(mg_sum(x, .axis = -1), 6, 15);
    VALUES(mg_sum(x, .axis = one), 6, 15);
    VALUES(mg_sum(x, .axis = 0), 5, 7, 9);
    VALUES(mg_sum(x, .axis = (0)), 5, 7, 9);
    VALUES(mg_sum(x, .axis = zero), 5, 7, 9);
    VALUES(mg_sum(x, .axis = AXIS_MACRO), 5, 7, 9);
    VALUES(mg_sum(x, .axis = -2), 5, 7, 9);
    VALUES(mg_sum(x, .keepdims = true, .axis = 0), 5, 7, 9);
    VALUES(mg_sum(x, OPTIONS), 5, 7, 9);
    VALUES(mg_sum(x, .axis = {1}), 6, 15);
    VALUES(mg_sum(x, .axis = columns), 5, 7, 9);
    VALUES(mg_sum(mg_sum(x, .axis = 0), .axis = 0), 21);
    CHECK_EQ_I64(mg_ndim(mg_sum(x, .axis = 0, .keepdims = true)), 2);
    CHECK(mg_sum(x, .axis = 2) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "axis 2 is out of bounds for a tensor of 2 axes");
    CHECK(mg_sum(x, .axis = -3) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "axis -3 is");
    CHECK(mg_sum(x, .axis = INT32_MIN) == NULL); /* not MG_AXES_ALL */
    nnet_expect_error(MG_ERR_INDEX, "axis -2147483648 is");
}

MG_TEST(arguments, without_an_axis_all_are_meant) {
    MG_SCOPE;
    mg_tensor *x = two_by_three();
    VALUES(mg_sum(x), 21);
    VALUES(mg_sum(x, .keepdims = true), 21);
    CHECK_EQ_I64(mg_ndim(mg_sum(x, .keepdims = true)), 2);
    VALUES(mg_sum(x, .axis = MG_AXES_ALL), 21);
    VALUES(mg_sum(x, .axis = MG_AXES(0, -1)), 21);
    VALUES(mg_sum(x, .axis = MG_AXES0), 1, 2, 3, 4, 5, 6);
    VALUES(mg_sum(x, .axis = mg_axes_of(0, NULL)), 1, 2, 3, 4, 5, 6);
    VALUES(mg_sum_with(x, NULL), 21);
    mg_reduce_opts opts = {.size = sizeof opts}; /* a struct says 0 with a list */
    VALUES(mg_sum_with(x, &opts), 21);
    opts.axis = MG_AXES(0);
    VALUES(mg_sum_with(x, &opts), 5, 7, 9);
    opts.axis = MG_AXES_ALL;
    VALUES(mg_sum_with(x, &opts), 21);
    opts = (mg_reduce_opts){.size = sizeof opts, .mg_text = ".axis"};
    VALUES(mg_sum_with(x, &opts), 5, 7, 9);
    opts.axis.mg_one = 1;
    VALUES(mg_sum_with(x, &opts), 6, 15);
}

/* Of a scalar, 0 and -1 are no axis, as in NumPy. */
MG_TEST(arguments, axis_of_a_scalar) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){3}, MG_SHAPE0);
    VALUES(mg_sum(x, .axis = 0), 3);
    VALUES(mg_sum(x, .axis = -1), 3);
    VALUES(mg_softmax(x, .axis = 0), 1);
    CHECK(mg_sum(x, .axis = 1) == NULL);
    nnet_expect_error(MG_ERR_INDEX, "axis 1 is");
}

/* f(x, .axis = a number) is f(x, .axis = MG_AXES(that number)), and not f of all or of the default axis. */
#define NUMBER_IS_LIST(f)                                                                                              \
    do {                                                                                                               \
        same_tensors(#f, f(x, .axis = 0), f(x, .axis = MG_AXES(0)), 3);                                                \
        same_tensors(#f, f(x, .axis = 1), f(x, .axis = MG_AXES(1)), 2);                                                \
        same_tensors(#f, f(x, .axis = -2), f(x, .axis = MG_AXES(0)), 3);                                               \
        CHECK(f(x, .axis = MG_AXES(0, 0)) == NULL && mg_take_error().code == MG_ERR_VALUE);                            \
        CHECK(f(x, .axis = 0, 1) == NULL);                                                                             \
        refused("", "a list of 1 numbers, but its array is NULL");                                                     \
        CHECK(f(x, .axis = 1, 2) == NULL);                                                                             \
        refused("", "1 and then 2 without an array: several numbers are written MG_AXES(...)");                        \
        CHECK(f(x, .axis = {.n = 2}) == NULL);                                                                         \
        refused("", "a list of 2 numbers, but its array is NULL");                                                     \
        CHECK(f(x, .axis = {.n = -1}) == NULL);                                                                        \
        refused("", "a list of -1 numbers");                                                                           \
        CHECK(f(x, .axis = {.n = INT32_MIN}) == NULL);                                                                 \
        refused("", "a list of -2147483648 numbers");                                                                  \
        CHECK(f(x, .axis = {.n = -1, .v = &(int){0}}) == NULL);                                                        \
        refused("", "a list of -1 numbers");                                                                           \
        CHECK(f(x, .axis = {.n = 33, .v = many}) == NULL);                                                             \
        refused("", "a list of 33 numbers");                                                                           \
    } while (0)

/* reduced: how many are left of each row or column; functions that keep them all have six. */
static void same_tensors(const char *name, mg_tensor *a, mg_tensor *b, int64_t reduced) {
    double got[6], expected[6];
    CHECK_MSG(a && b && mg_size(a) == mg_size(b), "%s: %s", name, mg_take_error().message);
    CHECK_MSG(mg_size(a) == 6 || mg_size(a) == reduced, "%s", name);
    CHECK(mg_read(a, MG_F64, got) == MG_OK && mg_read(b, MG_F64, expected) == MG_OK);
    CHECK_MSG(memcmp(got, expected, (size_t)mg_size(a) * sizeof *got) == 0, "%s", name);
}

MG_TEST(arguments, every_axis_option_reads_alike) {
    MG_SCOPE;
    mg_tensor *x = two_by_three();
    static const int many[33];
    NUMBER_IS_LIST(mg_sum);
    NUMBER_IS_LIST(mg_mean);
    NUMBER_IS_LIST(mg_prod);
    NUMBER_IS_LIST(mg_max);
    NUMBER_IS_LIST(mg_min);
    NUMBER_IS_LIST(mg_amax);
    NUMBER_IS_LIST(mg_any);
    NUMBER_IS_LIST(mg_all);
    NUMBER_IS_LIST(mg_var);
    NUMBER_IS_LIST(mg_std);
    NUMBER_IS_LIST(mg_logsumexp);
    NUMBER_IS_LIST(mg_softmax);
    NUMBER_IS_LIST(mg_logsoftmax);
    NUMBER_IS_LIST(mg_cumsum);
    NUMBER_IS_LIST(mg_cumprod);
    NUMBER_IS_LIST(mg_argmax);
    NUMBER_IS_LIST(mg_argmin);
}

MG_TEST(arguments, all_axes_said_aloud) {
    MG_SCOPE;
    mg_tensor *x = two_by_three(), *zeros = mg_zeros(MG_SHAPE(2, 3), .dtype = MG_F64);
    VALUES(mg_softmax(mg_zeros(MG_SHAPE(2, 2), .dtype = MG_F64), .axis = MG_AXES_ALL), 0.25, 0.25, 0.25, 0.25);
    VALUES(mg_softmax(mg_zeros(MG_SHAPE(2, 2), .dtype = MG_F64)), 0.5, 0.5, 0.5, 0.5);
    VALUES(mg_cumsum(x, .axis = MG_AXES_ALL), 1, 3, 6, 10, 15, 21);
    VALUES(mg_cumsum(x, .axis = 0), 1, 2, 3, 5, 7, 9);
    VALUES(mg_argmax(x, .axis = MG_AXES_ALL), 5);
    VALUES(mg_argmax(x, .axis = 0), 1, 1, 1);
    VALUES(mg_var(zeros, .axis = MG_AXES_ALL, .keepdims = true), 0);
    VALUES(mg_transpose(x, MG_AXES_ALL), 1, 4, 2, 5, 3, 6);
    VALUES(mg_transpose(x, (mg_axes){0}), 1, 4, 2, 5, 3, 6);
    VALUES(mg_transpose(x, MG_AXES(0, 1)), 1, 2, 3, 4, 5, 6);
}

/* ---- shapes ---- */

MG_TEST(arguments, convolution_takes_numbers) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(1, 1, 3, 3), .dtype = MG_F64), *w = mg_ones(MG_SHAPE(1, 1, 3, 3), .dtype = MG_F64);
    VALUES(mg_conv_nd(x, w, .padding = 1), 4, 6, 4, 6, 9, 6, 4, 6, 4);
    VALUES(mg_conv_nd(x, w, .padding = MG_SHAPE(1, 1)), 4, 6, 4, 6, 9, 6, 4, 6, 4);
    VALUES(mg_conv_nd(x, w, .padding = 1, .stride = 2), 4, 4, 4, 4);
    VALUES(mg_conv_nd(x, w, .padding = MG_SHAPE(1, 0)), 6, 9, 6);
    VALUES(mg_conv_nd(x, w, .padding = 2, .dilation = 2), 4, 2, 4, 2, 1, 2, 4, 2, 4);
    VALUES(mg_conv_nd(x, w, .padding = 0), 9);
    VALUES(mg_conv_nd(x, w, .stride = MG_SHAPE(2)), 9);
    CHECK(mg_conv_nd(x, w, .stride = 0) == NULL);
    refused("conv_nd", "stride 0 is less than 1");
    CHECK(mg_conv_nd(x, w, .dilation = 0) == NULL);
    refused("conv_nd", "dilation 0 is less than 1");
    CHECK(mg_conv_nd(x, w, .padding = -1) == NULL);
    refused("conv_nd", "padding -1 is less than 0");
    CHECK(mg_conv_nd(x, w, .stride = {.ndim = 2}) == NULL);
    refused("conv_nd", ".stride: a list of 2 numbers, but its array is NULL");
    CHECK(mg_conv_nd(x, w, .padding = {.ndim = -2}) == NULL);
    refused("conv_nd", ".padding: a list of -2 numbers");
    CHECK(mg_conv_nd(x, w, .dilation = 1, 2) == NULL);
    refused("conv_nd", ".dilation: 1 and then 2 without an array: several numbers are written MG_SHAPE(...)");
    CHECK(mg_conv_nd(x, w, .padding = MG_SHAPE(1, 1, 1)) == NULL);
    refused("conv_nd", "padding has 3 numbers, but there are 2 spatial axes");
}

/* Each function that takes a shape: none of what is no list gets further. */
MG_TEST(arguments, shapes_without_an_array_are_refused) {
    MG_SCOPE;
    mg_tensor *x = two_by_three();
    static const int64_t many[33] = {1};
    const mg_shape wrong[] = {{.ndim = 2}, {.ndim = -1}, {.ndim = -1, .dims = many}, {.ndim = 33, .dims = many}};
    const char *const sentence[] = {"a list of 2 numbers, but its array is NULL", "a list of -1 numbers",
                                    "a list of -1 numbers", "a list of 33 numbers: a tensor has at most 32"};
    for (int i = 0; i < 4; i++) {
        const double value = 1;
        double room[2] = {0};
        CHECK(!mg_from_f64(&value, wrong[i]));
        refused("tensor", sentence[i]);
        CHECK(!mg_from_data(MG_I8, &value, wrong[i]));
        refused("tensor", sentence[i]);
        CHECK(!mg_borrow(MG_F64, room, wrong[i], NULL, NULL));
        refused("borrow", sentence[i]);
        CHECK(!mg_zeros(wrong[i]));
        refused("zeros", sentence[i]);
        CHECK(!mg_ones(wrong[i]));
        refused("ones", sentence[i]);
        CHECK(!mg_empty(wrong[i], .dtype = MG_I8));
        refused("empty", sentence[i]);
        CHECK(!mg_full(wrong[i], 2));
        refused("full", sentence[i]);
        CHECK(!mg_reshape(x, wrong[i]));
        refused("reshape", sentence[i]);
        CHECK(!mg_broadcast_to(x, wrong[i]));
        refused("broadcast_to", sentence[i]);
        CHECK(!mg_max_pool(x, wrong[i], MG_SHAPE(1)));
        refused("max_pool", sentence[i]);
        CHECK(!mg_max_pool(x, MG_SHAPE(1), wrong[i]));
        refused("max_pool", sentence[i]);
    }
}

MG_TEST(arguments, shapes_of_arrays) {
    MG_SCOPE;
    mg_tensor *x = two_by_three();
    int64_t dims[] = {3, 2};
    const mg_shape stored = MG_SHAPE(dims[0], 2), scalar = MG_SHAPE0;
    CHECK_EQ_I64(mg_dim(mg_reshape(x, mg_shape_of(2, dims)), 0), 3);
    CHECK_EQ_I64(mg_dim(mg_reshape(x, stored), 0), 3);
    CHECK_EQ_I64(mg_dim(mg_reshape(x, (mg_shape){.ndim = 2, .dims = dims}), 0), 3);
    CHECK_EQ_I64(mg_ndim(mg_zeros(scalar)), 0);
    CHECK_EQ_I64(mg_ndim(mg_zeros((mg_shape){0})), 0);
    CHECK_EQ_I64(mg_ndim(mg_zeros(mg_shape_of(0, NULL))), 0);
    CHECK_EQ_I64(mg_size(mg_zeros((mg_shape){.mg_one = 4})), 4);
    CHECK_EQ_I64(mg_size(mg_reshape(x, (mg_shape){.mg_one = -1})), 6);
}

/* ---- keys ---- */

MG_TEST(arguments, keys_are_checked) {
    MG_SCOPE;
    mg_tensor *x = two_by_three(), *one = mg_scalar(1);
    CHECK(!mg_getitem(x, (mg_key){.n = 2}));
    refused("getitem", "a key of 2 indices, but its array is NULL");
    CHECK(!mg_getitem(x, (mg_key){.n = -1, .v = &MG_I(0)}));
    refused("getitem", "a key of -1 indices");
    CHECK(!mg_setitem(x, (mg_key){.n = 1}, one));
    refused("", "a key of 1 indices, but its array is NULL");
    CHECK(!mg_setitem(x, (mg_key){.n = -3}, one));
    refused("", "a key of -3 indices");
    CHECK_EQ_I64(mg_ndim(mg_getitem(x, (mg_key){0})), 2); /* x[()] */
    CHECK_EQ_I64(mg_ndim(mg_getitem(x, mg_key_of(0, NULL))), 2);
    /* Bare numbers fill the first index, kind and bounds: MG_KEY(1, 2) in C. */
    for (int number = -2; number < 40; number++) {
        const mg_index index = {.kind = (mg_index_kind)number, .start = 2};
        CHECK(!mg_getitem(x, mg_key_of(1, &index)));
        nnet_expect_error(MG_ERR_INDEX, "Index 0 is of no known kind");
    }
}

/* ---- zeros that are meant ---- */

static double after_two_steps(mg_optimizer *optimizer, mg_tensor *w) {
    const double slopes[] = {1, -3};
    CHECK(optimizer != NULL);
    for (int i = 0; i < 2; i++) {
        MG_SCOPE;
        CHECK_EQ_I64(mg_backward(mg_multiply(w, mg_scalar(slopes[i]))), MG_OK);
        CHECK_EQ_I64(mg_optimizer_step(optimizer), MG_OK);
    }
    mg_optimizer_free(optimizer);
    return mg_item(w);
}

static mg_tensor *weight(void) { return mg_keep(mg_from_f64((double[]){1}, MG_SHAPE0)); }

/* beta1 = 0: m is the last gradient; v = 0.001 g^2 + 0.999 v. */
MG_TEST(arguments, zero_is_a_number_for_optimisers) {
    mg_tensor *w = weight();
    const double v = (0.999 * 0.001 + 0.001 * 9) / (1 - 0.999 * 0.999);
    CHECK_NEAR(after_two_steps(mg_adam(MG_TENSORS(w), .lr = 0.5, .beta1 = 0), w), 1 - 0.5 + 0.5 * 3 / sqrt(v), 1e-7);
    mg_release(w);
    w = weight(); /* beta2 = 0: v is the last square; m = 0.1 g + 0.9 m */
    const double m = (0.9 * 0.1 - 0.1 * 3) / (1 - 0.81);
    CHECK_NEAR(after_two_steps(mg_adam(MG_TENSORS(w), .lr = 0.5, .beta2 = 0), w), 1 - 0.5 - 0.5 * m / 3, 1e-7);
    mg_release(w);
    w = weight();
    CHECK_NEAR(after_two_steps(mg_adam(MG_TENSORS(w), .lr = 0), w), 1, 0);
    CHECK_NEAR(after_two_steps(mg_sgd(MG_TENSORS(w), .lr = 0), w), 1, 0);
    CHECK_NEAR(after_two_steps(mg_sgd(MG_TENSORS(w), .momentum = 0), w), 1 - 0.01 + 0.03, 1e-12);
    mg_release(w);
    w = weight(); /* by hand: 0 is the default, unless it is named */
    mg_sgd_opts opts = {.size = sizeof opts};
    CHECK_NEAR(after_two_steps(mg_sgd_with(MG_TENSORS(w), &opts), w), 1 - 0.01 + 0.03, 1e-12);
    opts.mg_text = ".lr";
    CHECK_NEAR(after_two_steps(mg_sgd_with(MG_TENSORS(w), &opts), w), 1.02, 1e-12);
    mg_release(w);
}

MG_TEST(arguments, tolerance_of_zero) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = vec(1, 2, 3 + 1e-9);
    CHECK(mg_allclose(x, y) && mg_allclose(x, y, .equal_nan = true));
    CHECK(!mg_allclose(x, y, .tolerance = 0) && mg_allclose(x, x, .tolerance = 0));
    CHECK(!mg_allclose(x, y, .tolerance = MG_TOLERANCE(0, 0)) && mg_allclose(x, y, .tolerance = MG_TOLERANCE(1e-9, 0)));
    CHECK(!mg_allclose(x, y, .tolerance = 1e-3));
    refused("allclose", "tolerance 0.001 alone: MG_TOLERANCE(rtol, atol)");
    CHECK(!mg_isclose(x, y, .tolerance = 0.5));
    refused("isclose", "tolerance 0.5 alone");
}

/* ---- braces ---- */

MG_TEST(arguments, braces_in_keyword_calls) {
    mg_tensor *w = weight(), *b = weight();
    {
        MG_SCOPE;
        mg_optimizer *adam = mg_adam((mg_tensor *[]){w, b}, 2, .lr = 0.1), *sgd = mg_sgd((mg_tensor *const[]){w, b}, 2);
        CHECK(adam && sgd);
        mg_optimizer_free(adam);
        mg_optimizer_free(sgd);
        VALUES(mg_add_sequence((mg_tensor *[]){w, b, w}, 3), 3);
        CHECK(mg_is_constant(mg_multiply_sequence((mg_tensor *[]){w, b}, 2, .constant = MG_CONSTANT)));
        mg_tensor *mine[] = {w, b};
        VALUES(mg_add_sequence(mine, 2), 2);
        VALUES(mg_add_sequence(mine, sizeof mine / sizeof *mine, .constant = MG_CONSTANT), 2);
        CHECK(!mg_adam((mg_tensor *[]){w, w}, 2));
        refused("adam", "parameters 0 and 1 are the same tensor");
        CHECK(!mg_sgd(mine, 0));
        refused("sgd", "no parameters");
        mg_tensor *sums[] = {mg_sum(w, .axis = 0), mg_sum(b, .axis = -1)}; /* without a warning */
        CHECK(sums[0] && sums[1]);
    }
    mg_release(w);
    mg_release(b);
}

MG_TEST(arguments, scopes_in_scopes) {
    MG_SCOPE;
    mg_tensor *outer = vec(1, 2, 3);
    for (int i = 0; i < 2; i++) {
        MG_SCOPE;
        {
            MG_SCOPE;
            {
                MG_SCOPE;
                CHECK_EQ_I64(mg_size(mg_square(outer)), 3);
            }
        }
    }
    VALUES(outer, 1, 2, 3);
}

/* ---- the text of a call ---- */

MG_TEST(arguments, options_are_found_in_their_text) {
    static const char *const with[] = {".axis = 0, .mg_end = 0",
                                       ".keepdims = true, .axis=0",
                                       ". axis = 0",
                                       "  .axis = 0",
                                       ".where = f(x, {1, 2}), .axis = 0",
                                       ".axis.n = 2",
                                       "(T []){w, b}, 2, .axis = 0",
                                       ".a = \"(\\\"\", .axis = 0",
                                       ".a = '(', .axis = 0",
                                       ".a = '\\'', .axis = 0",
                                       ".a = \"\\\\\", .axis = 0",
                                       ".axis",
                                       ",.axis = 0"};
    static const char *const without[] = {"",
                                          ".mg_end = 0",
                                          ".keepdims = true",
                                          ".axis_of = 0",
                                          ".my_axis = 0",
                                          "axis = 0",
                                          ".a = f(x, .axis = 0)",
                                          ".a = {.axis = 0}",
                                          ".a = (1, .axis), .b = 0",
                                          ".a = \", .axis = 0\"",
                                          ".a = ',' .axis",
                                          ".a = x.axis",
                                          ".a = x[1, .axis]",
                                          ".axi",
                                          "=",
                                          ".",
                                          ".a = \"",
                                          ".a = \"\\"};
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) CHECK_MSG(mga_names(with[i], ".axis"), "%s", with[i]);
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        CHECK_MSG(!mga_names(without[i], ".axis"), "%s", without[i]);
    CHECK(!mga_names(NULL, ".axis"));
    CHECK(mga_number(0, 7, ".lr", NULL) == 7 && mga_number(0, 7, ".lr", ".lr = 0") == 0);
    CHECK(mga_number(0, 7, ".lr", "=") == 0 && mga_number(3, 7, ".lr", NULL) == 3);
}

/* Options inside options, each with its own text. */
MG_TEST(arguments, nested_calls_have_their_own_text) {
    MG_SCOPE;
    mg_tensor *x = two_by_three(), *all = mg_ones(MG_SHAPE(2, 3), .dtype = MG_F64);
    VALUES(mg_sum(mg_multiply(x, all, .where = mg_greater(mg_sum(x, .axis = 0), mg_scalar(5)))), 16);
    mg_reduce_opts opts = {.size = sizeof opts, .keepdims = mg_item(mg_sum(mg_sum(x, .axis = 0), .axis = 0)) == 21};
    VALUES(mg_sum_with(x, &opts), 21); /* another call's .axis = 0 is not ours */
    VALUES(mg_sum(x, .keepdims = mg_ndim(mg_sum(x, .axis = 0)) == 1), 21);
}

/* ---- NULL where to write, and where to read ---- */

MG_TEST(arguments, null_outputs_are_refused) {
    MG_SCOPE;
    mg_tensor *x = two_by_three(), *q = x, *r = x;
    CHECK_EQ_I64(mg_read(x, MG_F64, NULL), MG_ERR_VALUE);
    refused("read", "out, where to write, is NULL");
    CHECK_EQ_I64(mg_strides(x, NULL), MG_ERR_VALUE);
    refused("strides", "strides, where to write, is NULL");
    CHECK_EQ_I64(mg_divmod(x, x, NULL, &r), MG_ERR_VALUE);
    CHECK(r == NULL);
    refused("divmod", "quotient, where to write, is NULL");
    CHECK_EQ_I64((mg_divmod)(x, x, &q, NULL), MG_ERR_VALUE);
    CHECK(q == NULL);
    refused("divmod", "remainder, where to write, is NULL");
    mg_get_stats(NULL);
    refused("get_stats", "out, where to write, is NULL");
    CHECK_EQ_I64(mg_read(mg_zeros(MG_SHAPE(0)), MG_F64, NULL), MG_OK); /* nothing to write */
    CHECK_EQ_I64(mg_strides(mg_scalar(1), NULL), MG_OK);
}

MG_TEST(arguments, null_inputs_are_refused) {
    MG_SCOPE;
    mg_tensor *x = two_by_three(), *const none[] = {x, NULL};
    CHECK(!mg_from_f64(NULL, MG_SHAPE(2)));
    refused("tensor", "NULL, and the shape has 2 elements");
    CHECK(!mg_borrow(MG_F32, NULL, MG_SHAPE(2), NULL, NULL));
    refused("borrow", "NULL, and the shape has 2 elements");
    CHECK(!mg_add_sequence(NULL, 3));
    refused("add_sequence", "tensors is NULL (n is 3)");
    CHECK(!mg_multiply_sequence(none, 2));
    refused("multiply_sequence", "NULL");
    CHECK(!mg_sgd(NULL, 2));
    refused("sgd", "params is NULL, and 2");
    CHECK(!mg_adam(none + 1, 1));
    refused("adam", "parameter 0 is NULL");
    CHECK_EQ_I64(mg_optimizer_step(NULL), MG_ERR_VALUE);
    refused("optimizer_step", "NULL");
    mg_optimizer_free(NULL);
    mg_release(NULL);
    CHECK_EQ_I64(mg_save_npy(NULL, x), MG_ERR_VALUE);
    refused("save_npy", "path is NULL");
    CHECK_EQ_I64(mg_save_npy("x.npy", NULL), MG_ERR_VALUE);
    refused("save_npy", "NULL");
    CHECK(!mg_load_npy(NULL) && !mg_load_npz(NULL, "x"));
    refused("load_npy", "path is NULL");
    CHECK(!mg_load_npz("x.npz", NULL));
    refused("load_npz", "name is NULL");
    CHECK(!mg_load_npz_all(NULL));
    refused("load_npz_all", "path is NULL");
    CHECK(!mg_npz_names(NULL));
    refused("npz_names", "path is NULL");
    CHECK(!mg_npz_find(NULL, "x"));
    refused("npz_find", "NULL");
    mg_npz_free(NULL);
    CHECK_EQ_I64(mg_save_npz(NULL, 0, NULL, NULL), MG_ERR_VALUE);
    refused("save_npz", "path is NULL");
    CHECK_EQ_I64(mg_save_npz("x.npz", 2, NULL, none), MG_ERR_VALUE);
    refused("save_npz", "names is NULL, and n is 2");
    CHECK_EQ_I64(mg_save_npz("x.npz", 2, (const char *const[]){"a", "b"}, NULL), MG_ERR_VALUE);
    refused("save_npz", "tensors is NULL, and n is 2");
    CHECK_EQ_I64(mg_save_npz("x.npz", 2, (const char *const[]){"a", NULL}, none), MG_ERR_VALUE);
    refused("save_npz", "name 1 of 2 is NULL");
    CHECK_EQ_I64(mg_save_graph(x, NULL), MG_ERR_VALUE);
    refused("save_graph", "path is NULL");
}

MG_TEST(arguments, null_tensors_are_refused) {
    MG_SCOPE;
    mg_tensor *x = two_by_three(), *q, *r;
#define NO_TENSOR(call)                                                                                                \
    do {                                                                                                               \
        CHECK(!(call));                                                                                                \
        refused("", "NULL");                                                                                           \
    } while (0)
#define NO_SUCCESS(call) NO_TENSOR((call) == MG_OK)
    NO_TENSOR(mg_add(NULL, x));
    NO_TENSOR(mg_add(x, NULL));
    NO_TENSOR(mg_sum(NULL, .axis = 0));
    NO_TENSOR(mg_clip(x, NULL, NULL));
    NO_TENSOR(mg_iadd(NULL, x));
    NO_TENSOR(mg_idivide(x, NULL));
    NO_TENSOR(mg_copyto(NULL, x));
    NO_TENSOR(mg_setitem(NULL, MG_KEY(MG_I(0)), x));
    NO_TENSOR(mg_setitem(x, MG_KEY(MG_I(0)), NULL));
    NO_TENSOR(mg_getitem(NULL, MG_KEY(MG_I(0))));
    NO_TENSOR(mg_reshape(NULL, MG_SHAPE(6)));
    NO_TENSOR(mg_transpose(NULL, MG_AXES_ALL));
    NO_TENSOR(mg_broadcast_to(NULL, MG_SHAPE(6)));
    NO_TENSOR(mg_astype(NULL, MG_F32));
    NO_TENSOR(mg_copy(NULL));
    NO_TENSOR(mg_detach(NULL));
    NO_TENSOR(mg_set_constant(NULL, true));
    NO_TENSOR(mg_keep(NULL));
    NO_TENSOR(mg_matmul(x, NULL));
    NO_TENSOR(mg_conv_nd(NULL, x));
    NO_TENSOR(mg_max_pool(NULL, MG_SHAPE(1), MG_SHAPE(1)));
    NO_TENSOR(mg_softmax_crossentropy(x, NULL));
    NO_TENSOR(mg_softmax(NULL));
    NO_TENSOR(mg_logsumexp(NULL));
    NO_TENSOR(mg_argmax(NULL));
    NO_TENSOR(mg_var(NULL));
    NO_TENSOR(mg_cumprod(NULL));
    NO_TENSOR(mg_isclose(NULL, x));
    NO_TENSOR(mg_allclose(x, NULL));
    NO_TENSOR(mg_data(NULL));
    NO_TENSOR(mg_data_f32(NULL));
    NO_TENSOR(mg_data_mut(NULL));
    NO_TENSOR(mg_to_string(NULL));
    NO_TENSOR(!isnan(mg_item(NULL)));
    NO_TENSOR(mg_item_i64(NULL));
    NO_SUCCESS(mg_divmod(NULL, x, &q, &r));
    NO_SUCCESS(mg_eval(NULL));
    NO_SUCCESS(mg_read(NULL, MG_F64, &q));
    NO_SUCCESS(mg_strides(NULL, (int64_t[2]){0}));
    NO_SUCCESS(mg_print(NULL));
    NO_SUCCESS(mg_sync(NULL));
    NO_SUCCESS(mg_freeze(NULL));
    NO_SUCCESS(mg_backward(NULL));
    NO_SUCCESS(mg_save_graph(NULL, "x.svg"));
    mg_null_grad(NULL); /* these say nothing */
    mg_scope_cleanup(NULL);
    CHECK(!mg_grad(NULL) && !mg_base(NULL) && !mg_dims(NULL) && mg_dim(NULL, 0) == -1 && mg_size(NULL) == 0);
    CHECK_EQ_I64(mg_take_error().code, MG_OK);
}

static void named(const char *op, const char *text) {
    const mg_error error = mg_take_error();
    CHECK(error.code != MG_OK);
    CHECK_EQ_STR(error.op, op);
    CHECK_CONTAINS(error.message, text);
}

/* Also where the fault shows in what they are made of: shapes, memory, views. */
MG_TEST(arguments, errors_name_what_was_called) {
    MG_SCOPE;
    mg_tensor *x = mg_zeros(MG_SHAPE(3));
    CHECK(!mg_zeros(MG_SHAPE(-1)));
    named("zeros", "negative dimensions");
    CHECK(!mg_ones(MG_SHAPE(INT64_MAX, 5)));
    named("ones", "address space");
    CHECK(!mg_from_f64(NULL, MG_SHAPE(INT64_MAX, 5)));
    named("tensor", "address space");
    CHECK(!mg_setitem(x, MG_KEY(MG_I(7)), x));
    named("setitem", "index 7 is out of bounds");
    CHECK(!mg_setitem(x, MG_KEY(MG_S(0, 2, 1)), x));
    named("setitem", "(3,)");
    CHECK(!mg_getitem(x, MG_KEY(MG_I(7))));
    named("getitem", "index 7 is out of bounds");
}
