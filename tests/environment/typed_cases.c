/* SPDX-License-Identifier: MIT
 * Every exported function, and how functions of one type are called: on tensors of every kind of dtype that hold what
 * raises exceptions (nan, infinities, denormals, what overflows, what must be rounded), with their gradients. */
#include "modes.h"

#include <math.h>

enum { COUNT = 12, ROWS = 3, COLUMNS = COUNT / ROWS, LONG = 5000 };

static const double values[COUNT] = {0.1, -2.5, 0.0, -0.0, 1e300, -1e300, INFINITY, NAN, 5e-324, 1.0 / 3, 7, 0.999};
static const double others[COUNT] = {3, 0.7, 2, -1, 1e300, 1e-300, 2, 1, 0.5, NAN, -3, 1e-3};

static mg_tensor *matrix_of(const double *from, mg_dtype dtype) {
    return mg_astype(mg_from_f64(from, MG_SHAPE(ROWS, COLUMNS)), dtype);
}

static mg_tensor *long_one(mg_dtype dtype, double step) {
    static double many[LONG];
    for (int i = 0; i < LONG; i++) many[i] = 0.001 + step * i;
    return mg_astype(mg_from_f64(many, MG_SHAPE(LONG)), dtype);
}

enum { KINDS = 9 };

/* The k-th operand; `second`: as the right one beside it. */
static mg_tensor *operand(int k, bool second) {
    static const mg_dtype dtypes[] = {MG_F64, MG_F32, MG_F16, MG_BF16, MG_I64, MG_U8, MG_BOOL};
    if (k < 7) return matrix_of(second ? others : values, dtypes[k]);
    if (k == 7) return second ? mg_scalar(0.1) : mg_full(MG_SHAPE(0, 3), 1);
    return long_one(MG_F32, second ? 0.0007 : 0.01);
}

static void backward_in_mode(run *r, mg_tensor *y, mg_tensor *x) {
    mg_tensor *g = NULL;
    if (!y || mg_is_constant(y) || mg_is_constant(x)) return;
    mg_status status;
    IN_MODE(r, status = mg_backward(mg_sum(y)); if (status == MG_OK && (g = mg_grad(x))) mg_eval(g));
    put(r, &status, sizeof status);
    if (g) put_tensor(r, g);
    put_error(r);
}

#define CALLED(r, y, call)                                                                                             \
    do {                                                                                                               \
        IN_MODE(r, if ((y = (call))) mg_eval(y));                                                                      \
        put_tensor(r, y);                                                                                              \
    } while (0)

/* ---- ufuncs ---- */

typedef mg_tensor *unary(mg_tensor *);
typedef mg_tensor *unary_with(mg_tensor *, const mg_ufunc_opts *);
typedef mg_tensor *binary(mg_tensor *, mg_tensor *);
typedef mg_tensor *binary_with(mg_tensor *, mg_tensor *, const mg_ufunc_opts *);
typedef mg_tensor *ternary(mg_tensor *, mg_tensor *, mg_tensor *);
typedef mg_tensor *ternary_with(mg_tensor *, mg_tensor *, mg_tensor *, const mg_ufunc_opts *);
typedef mg_tensor *one_number(mg_tensor *, double);
typedef mg_tensor *one_number_with(mg_tensor *, double, const mg_ufunc_opts *);
typedef mg_tensor *two_numbers(mg_tensor *, double, double);
typedef mg_tensor *two_numbers_with(mg_tensor *, double, double, const mg_ufunc_opts *);

/* f of one tensor, by whatever its type is. */
typedef mg_tensor *of_tensors(any_function *f, mg_tensor *const *x, const mg_ufunc_opts *opts);

static void call_each(run *r, any_function *f, of_tensors *call) {
    for (int k = 0; k < KINDS; k++) {
        MG_SCOPE;
        mg_tensor *x[3] = {operand(k, false), operand(k, true), operand(k, false)}, *y = NULL;
        CALLED(r, y, call(f, x, NULL));
        backward_in_mode(r, y, x[0]);
    }
}

static void call_each_with(run *r, any_function *f, of_tensors *call) {
    call_each(r, f, call);
    for (int k = 0; k < 6; k++)
        for (int option = 0; option < 3; option++) {
            MG_SCOPE;
            mg_ufunc_opts opts = {.size = sizeof opts};
            mg_tensor *x[3] = {operand(k, false), operand(k, true), operand(k, false)}, *y = NULL;
            if (option == 0) opts.dtype = MG_F64;
            if (option == 1) opts.where = mg_greater(matrix_of(others, MG_F64), mg_scalar(1));
            if (option == 2) opts.out = mg_zeros(MG_SHAPE(ROWS, COLUMNS), .dtype = MG_F64, .constant = MG_CONSTANT);
            if (option == 2) opts.constant = MG_CONSTANT;
            CALLED(r, y, call(f, x, &opts));
            backward_in_mode(r, y, x[0]);
        }
}

#define CALLERS(type, plain, with)                                                                                     \
    static mg_tensor *plain_##type(any_function *f, mg_tensor *const *x, const mg_ufunc_opts *opts) {                  \
        (void)opts;                                                                                                    \
        return ((type *)f)plain;                                                                                       \
    }                                                                                                                  \
    static mg_tensor *with_##type(any_function *f, mg_tensor *const *x, const mg_ufunc_opts *opts) {                   \
        return ((type##_with *)f)with;                                                                                 \
    }                                                                                                                  \
    static void call_##type(run *r, any_function *f) { call_each(r, f, plain_##type); }                                \
    static void call_##type##_with(run *r, any_function *f) { call_each_with(r, f, with_##type); }
CALLERS(unary, (x[0]), (x[0], opts))
CALLERS(binary, (x[0], x[1]), (x[0], x[1], opts))
CALLERS(ternary, (x[0], x[1], x[2]), (x[0], x[1], x[2], opts))
CALLERS(one_number, (x[0], 0.3), (x[0], 0.3, opts))
CALLERS(two_numbers, (x[0], -0.3, 0.7), (x[0], -0.3, 0.7, opts))

/* ---- over axes ---- */

typedef mg_tensor *reduce_with(mg_tensor *, const mg_reduce_opts *);
typedef mg_tensor *var_with(mg_tensor *, const mg_var_opts *);
typedef mg_tensor *scan_with(mg_tensor *, const mg_scan_opts *);
typedef mg_tensor *softmax_with(mg_tensor *, const mg_softmax_opts *);
typedef mg_tensor *arg_with(mg_tensor *, const mg_arg_opts *);
typedef mg_tensor *close_with(mg_tensor *, mg_tensor *, const mg_close_opts *);
typedef bool all_close(mg_tensor *, mg_tensor *);
typedef bool all_close_with(mg_tensor *, mg_tensor *, const mg_close_opts *);
typedef mg_tensor *sequence(mg_tensor *const *, size_t);
typedef mg_tensor *sequence_with(mg_tensor *const *, size_t, const mg_sequence_opts *);

/* Options beyond axis are those that a type has. */
#define OVER_AXES(type, options, ...)                                                                                  \
    static void call_##type(run *r, any_function *f) {                                                                 \
        for (int k = 0; k < 2 * KINDS; k++) {                                                                          \
            MG_SCOPE;                                                                                                  \
            static const int axis[1] = {0};                                                                            \
            options opts = {.size = sizeof opts};                                                                      \
            mg_tensor *x = operand(k / 2, false), *y = NULL;                                                           \
            if (k % 2) opts.axis = mg_axes_of(1, axis);                                                                \
            __VA_ARGS__;                                                                                               \
            CALLED(r, y, ((type *)f)(x, &opts));                                                                       \
            backward_in_mode(r, y, x);                                                                                 \
        }                                                                                                              \
    }
OVER_AXES(reduce_with, mg_reduce_opts, opts.keepdims = k % 4 > 1)
OVER_AXES(var_with, mg_var_opts, opts.ddof = 0.3)
OVER_AXES(scan_with, mg_scan_opts, (void)0)
OVER_AXES(softmax_with, mg_softmax_opts, (void)0)
OVER_AXES(arg_with, mg_arg_opts, (void)0)

static void call_close_with(run *r, any_function *f) {
    for (int k = 0; k < KINDS; k++) {
        MG_SCOPE;
        mg_close_opts opts = {.size = sizeof opts, .tolerance = MG_TOLERANCE(0.1, 1e-9), .equal_nan = k % 2};
        mg_tensor *x = operand(k, false), *other = operand(k, true), *y = NULL;
        CALLED(r, y, ((close_with *)f)(x, other, &opts));
    }
}

static void call_all_close(run *r, any_function *f) {
    for (int k = 0; k < KINDS; k++) {
        MG_SCOPE;
        bool answer;
        mg_tensor *x = operand(k, false), *other = operand(k, k % 2);
        IN_MODE(r, answer = ((all_close *)f)(x, other));
        put(r, &answer, sizeof answer);
        put_error(r);
    }
}

static void call_all_close_with(run *r, any_function *f) {
    for (int k = 0; k < KINDS; k++) {
        MG_SCOPE;
        bool answer;
        mg_close_opts opts = {.size = sizeof opts, .tolerance = MG_TOLERANCE(0.1, 1e-9), .equal_nan = true};
        mg_tensor *x = operand(k, false), *other = operand(k, k % 2);
        IN_MODE(r, answer = ((all_close_with *)f)(x, other, &opts));
        put(r, &answer, sizeof answer);
        put_error(r);
    }
}

static mg_tensor *of_sequence(any_function *f, mg_tensor *const *x, const mg_ufunc_opts *opts) {
    (void)opts;
    return ((sequence *)f)(x, 3);
}
static mg_tensor *of_sequence_with(any_function *f, mg_tensor *const *x, const mg_ufunc_opts *opts) {
    (void)opts;
    return ((sequence_with *)f)(x, 3, NULL);
}
static void call_sequence(run *r, any_function *f) { call_each(r, f, of_sequence); }
static void call_sequence_with(run *r, any_function *f) { call_each(r, f, of_sequence_with); }

/* ---- all of them ---- */

#define CALLER_OF(f)                                                                                                   \
    _Generic(&(f), unary *                                                                                             \
             : call_unary, unary_with *                                                                                \
             : call_unary_with, binary *                                                                               \
             : call_binary, binary_with *                                                                              \
             : call_binary_with, ternary *                                                                             \
             : call_ternary, ternary_with *                                                                            \
             : call_ternary_with, one_number *                                                                         \
             : call_one_number, one_number_with *                                                                      \
             : call_one_number_with, two_numbers *                                                                     \
             : call_two_numbers, two_numbers_with *                                                                    \
             : call_two_numbers_with, reduce_with *                                                                    \
             : call_reduce_with, var_with *                                                                            \
             : call_var_with, scan_with *                                                                              \
             : call_scan_with, softmax_with *                                                                          \
             : call_softmax_with, arg_with *                                                                           \
             : call_arg_with, close_with *                                                                             \
             : call_close_with, all_close *                                                                            \
             : call_all_close, all_close_with *                                                                        \
             : call_all_close_with, sequence *                                                                         \
             : call_sequence, sequence_with *                                                                          \
             : call_sequence_with, default                                                                             \
             : (case_fn *)0)

const function_case functions[] = {
#define NAME(f) {#f, (any_function *)(f), CALLER_OF(f)},
#include "exported.inc"
};
const size_t n_functions = sizeof functions / sizeof *functions;
