/* SPDX-License-Identifier: MIT
 * Lines of tensors: every public map and reduction in every dtype it takes, with its gradients; layers that work on
 * rows and windows; random programs. */
#include "bits.h"

#include "autodiff/op_api.h"
#include "autodiff/program.h"
#include "kernels/generated/generated.h"

#include <mygrad/mygrad.h>

#include <stdlib.h>
#include <string.h>

enum { N = 263, PROGRAMS = 200, LARGE_PROGRAMS = 4 };

static void add_tensor(bits_hash *h, mg_tensor *t) {
    if (!t) return;
    const size_t n = (size_t)mg_size(t);
    void *elements = malloc(n * mg_dtype_size(mg_dtype_of(t)) + 8);
    CHECK(mg_read(t, mg_dtype_of(t), elements) == MG_OK);
    bits_add(h, mg_dtype_of(t), elements, n);
    free(elements);
}

static void check_no_error(const char *name, mg_dtype dtype) {
    const mg_error error = mg_take_error();
    CHECK_MSG(error.code == MG_OK, "%s %s: %s", name, bits_dtype_name(dtype), error.message);
}

/* Input i of an op, in a dtype that has no kernels of its own through f32. Negative powers of integers are refused. */
static mg_tensor *input(mg_test_rng *rng, const mgk_op_info *op, int i, mg_dtype dtype) {
    static unsigned char room[8 * N];
    const bool half = dtype == MG_F16 || dtype == MG_BF16, mask = op->bool_in >> i & 1;
    gen_fill(rng, op, i, half ? MG_F32 : dtype, room, N);
    const int64_t n = N;
    mg_tensor *x = mg_from_data(mask ? MG_BOOL : half ? MG_F32 : dtype, room, mg_shape_of(1, &n));
    if (op == &mgk_ops[MGK_OP_POWER] && i == 1 && dtype >= MG_I8 && dtype <= MG_I64)
        x = mg_absolute(mg_right_shift(x, mg_scalar_i64(1)));
    return half && !mask ? mg_astype(x, dtype) : x;
}

/* Where the op does not take the dtype there is no line. */
static void map_line(uint16_t op, mg_dtype dtype) {
    MG_SCOPE;
    const mgk_op_info *info = &mgk_ops[op];
    mg_test_rng rng = bits_rng(info->name, dtype);
    mg_tensor *in[MGK_MAX_IN] = {NULL};
    double params[MGK_MAX_PARAMS];
    for (int i = 0; i < info->n_in; i++) in[i] = mg_keep(input(&rng, info, i, dtype));
    for (int k = 0; k < MGK_MAX_PARAMS; k++) params[k] = mg_test_uniform(&rng, 0.01, 0.99);
    mg_tensor *y = mga_ufunc(op, in, params, NULL);
    if (y) {
        bits_hash h = bits_begin();
        add_tensor(&h, y);
        if (mg_dtype_is_float(mg_dtype_of(y)) && mg_dtype_is_float(dtype)) mg_backward(y);
        for (int i = 0; i < info->n_in; i++) add_tensor(&h, mg_grad(in[i]));
        check_no_error(info->name, dtype);
        bits_line(&h, "op %s %s", info->name, bits_dtype_name(dtype));
    }
    mg_take_error();
    for (int i = 0; i < info->n_in; i++) mg_release(in[i]);
}

/* Finite values of any dtype, from f64. */
static mg_tensor *finite_values(mg_test_rng *rng, mg_dtype dtype, int64_t rows, int64_t cols) {
    const size_t n = (size_t)(rows * cols);
    double *values = malloc(n * sizeof *values + 8);
    for (size_t i = 0; i < n; i++) values[i] = mg_test_uniform(rng, -40, 40);
    mg_tensor *x = mg_from_f64(values, mg_shape_of(2, (const int64_t[]){rows, cols}));
    free(values);
    return mg_astype(x, dtype);
}

static void reduce_once(bits_hash *h, uint16_t op, mg_tensor *x, mg_axes axes) {
    const mg_reduce_opts opts = {.size = sizeof opts, .axis = axes};
    mg_tensor *y = mga_reduce(op, x, &opts);
    add_tensor(h, y);
    if (!mg_dtype_is_float(mg_dtype_of(x))) return;
    mg_backward(y);
    add_tensor(h, mg_grad(x));
}

/* Lengths around lanes, blocks and tiles; both axes, one and all; rows, columns, reversed and with gaps. */
static void reduce_line(uint16_t op, mg_dtype dtype) {
    static const int64_t shapes[][2] = {{1, 1}, {1, 7}, {3, 64}, {65, 3}, {1, 1025}, {5, 4099}, {1031, 2}, {130, 131}};
    mg_test_rng rng = bits_rng(mgk_ops[op].name, dtype);
    bits_hash h = bits_begin();
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        MG_SCOPE;
        mg_tensor *x = finite_values(&rng, dtype, shapes[s][0], shapes[s][1]);
        mg_tensor *views[] = {x, mg_transpose(x, (mg_axes){0}),
                              mg_getitem(x, MG_KEY(MG_ALL, MG_S(MG_NONE, MG_NONE, -1))),
                              mg_getitem(x, MG_KEY(MG_ALL, MG_S(0, MG_NONE, 3)))};
        for (size_t v = 0; v < sizeof views / sizeof *views; v++) {
            mg_tensor *view = mg_keep(views[v]);
            reduce_once(&h, op, view, (mg_axes){0});
            for (int axis = 0; axis < 2; axis++) reduce_once(&h, op, view, mg_axes_of(1, &axis));
            if (v > 0) mg_release(view);
        }
        mg_release(x);
    }
    check_no_error(mgk_ops[op].name, dtype);
    bits_line(&h, "op %s %s", mgk_ops[op].name, bits_dtype_name(dtype));
}

static void layer_lines(mg_dtype dtype) {
    MG_SCOPE;
    enum { ROWS = 37, COLS = 12 };
    mg_test_rng rng = bits_rng("layers", dtype);
    int64_t labels[ROWS];
    for (int i = 0; i < ROWS; i++) labels[i] = mg_test_int(&rng, 0, COLS - 1);
    mg_tensor *x = mg_keep(finite_values(&rng, dtype, ROWS, COLS));
    bits_hash loss = bits_begin(), pool = bits_begin(), argmax = bits_begin(), argmin = bits_begin();
    mg_tensor *y = mg_softmax_crossentropy(x, mg_from_i64(labels, MG_SHAPE(ROWS)));
    add_tensor(&loss, y);
    mg_backward(y);
    add_tensor(&loss, mg_grad(x));
    y = mg_max_pool(x, MG_SHAPE(3), MG_SHAPE(3));
    add_tensor(&pool, y);
    mg_backward(y);
    add_tensor(&pool, mg_grad(x));
    add_tensor(&argmax, mg_argmax_with(x, NULL));
    add_tensor(&argmin, mg_argmin_with(x, NULL));
    mg_release(x);
    check_no_error("layers", dtype);
    bits_line(&loss, "op softmax_crossentropy %s", bits_dtype_name(dtype));
    bits_line(&pool, "op max_pool %s", bits_dtype_name(dtype));
    bits_line(&argmax, "op argmax %s", bits_dtype_name(dtype));
    bits_line(&argmin, "op argmin %s", bits_dtype_name(dtype));
}

/* What is no reduction of one pass: along rows and columns that take more than a block, of a view. */
static void add_with_gradient(bits_hash *h, mg_tensor *y, mg_tensor *x) {
    add_tensor(h, y);
    mg_backward(y);
    add_tensor(h, mg_grad(x));
}

static void scan_lines(mg_dtype dtype) {
    static const int64_t shapes[][2] = {{1, 1}, {3, 4100}, {4099, 3}, {130, 131}};
    mg_test_rng rng = bits_rng("scans", dtype);
    bits_hash sums = bits_begin(), products = bits_begin(), moments = bits_begin(), softmax = bits_begin();
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        MG_SCOPE;
        mg_tensor *x = finite_values(&rng, dtype, shapes[s][0], shapes[s][1]);
        mg_tensor *view = mg_keep(mg_getitem(mg_transpose(x, (mg_axes){0}), MG_KEY(MG_S(MG_NONE, MG_NONE, -1))));
        mg_tensor *near_one = mg_keep(mg_add(mg_scalar(1), mg_multiply(view, mg_scalar(0.001))));
        for (int axis = 0; axis < 2; axis++) {
            add_with_gradient(&sums, mg_cumsum(view, .axis = MG_AXES(axis)), view);
            add_with_gradient(&products, mg_cumprod(near_one, .axis = MG_AXES(axis)), near_one);
            add_with_gradient(&moments, mg_std(view, .axis = MG_AXES(axis), .ddof = -1), view);
            add_with_gradient(&softmax, mg_softmax(view, .axis = MG_AXES(axis)), view);
            add_with_gradient(&softmax, mg_logsoftmax(view, .axis = MG_AXES(axis)), view);
            add_with_gradient(&softmax, mg_logsumexp(view, .axis = MG_AXES(axis)), view);
        }
        add_with_gradient(&sums, mg_cumsum(view), view);
        add_with_gradient(&moments, mg_var(view), view);
        mg_release(view);
        mg_release(near_one);
    }
    check_no_error("scans", dtype);
    bits_line(&sums, "op cumsum %s", bits_dtype_name(dtype));
    bits_line(&products, "op cumprod %s", bits_dtype_name(dtype));
    bits_line(&moments, "op var %s", bits_dtype_name(dtype));
    bits_line(&softmax, "op softmax %s", bits_dtype_name(dtype));
}

static void program_line(int i, bool large) {
    mg_test_rng rng = bits_rng(large ? "large program" : "program", (mg_dtype)i);
    const program p = program_random(&rng, false, large);
    program_result result;
    program_run(&p, &result);
    CHECK_MSG(result.error[0] == 0, "program %d: %s", i, result.error);
    bits_hash h = bits_begin();
    bits_add(&h, MG_U8, result.bytes, result.n); /* NaNs are one NaN already */
    bits_line(&h, "%s %d", large ? "large-program" : "program", i);
    program_result_free(&result);
}

void bits_of_tensors(void) {
    for (uint16_t op = 1; op < MGK_OP_COUNT; op++) {
        const mgk_op_info *info = &mgk_ops[op];
        if (info->internal) continue;
        for (int dtype = 1; dtype < MG_DTYPE_COUNT; dtype++) {
            if (info->kind == MGK_KIND_MAP && info->n_out == 1) map_line(op, (mg_dtype)dtype);
            if (info->kind == MGK_KIND_REDUCE) reduce_line(op, (mg_dtype)dtype);
        }
    }
    for (int dtype = 1; dtype < MG_DTYPE_COUNT; dtype++)
        if (mg_dtype_is_float((mg_dtype)dtype)) layer_lines((mg_dtype)dtype);
    for (int dtype = 1; dtype < MG_DTYPE_COUNT; dtype++)
        if (mg_dtype_is_float((mg_dtype)dtype)) scan_lines((mg_dtype)dtype);
    for (int i = 0; i < PROGRAMS; i++) program_line(i, false);
    for (int i = 0; i < LARGE_PROGRAMS; i++) program_line(i, true);
}
