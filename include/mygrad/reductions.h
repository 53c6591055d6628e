/* SPDX-License-Identifier: MIT
 * Reductions that take more than one pass, scans along an axis, sums and products of several tensors. Rules of tensor.h
 * apply. Sums, products and extremes are in ops.h (generated); softmax is in nnet.h. */
#ifndef MYGRAD_REDUCTIONS_H
#define MYGRAD_REDUCTIONS_H

#include "mygrad/tensor.h"

MG_EXTERN_C_BEGIN

/* The mean of the squared distances from the mean, sum((x - mean(x))^2) / (N - ddof), over `axis`; its square root. Two
 * passes; booleans and integers in float64, 16-bit floats in float32, rounded once. No elements, or N <= ddof: nan or
 * inf, as in NumPy. Gradient of var: 2 (x - mean) / (N - ddof) g; of std where the variance is 0: nan; of both over no
 * axes (MG_AXES0): 0. Since 0.1. */
typedef struct mg_var_opts {
    MG_OPTS_HEAD(mg_var_opts);
    mg_axes axis MG_DEFAULT_({}); /* default: all; MG_AXES0: none */
    bool keepdims MG_DEFAULT_(false);
    mg_constant constant MG_DEFAULT_(MG_CONSTANT_AUTO);
    double ddof MG_DEFAULT_(0); /* "delta degrees of freedom": 0, or 1 for an unbiased estimate */
} mg_var_opts;
MG_API mg_tensor *mg_var_with(mg_tensor *x, const mg_var_opts *opts);
MG_API mg_tensor *mg_std_with(mg_tensor *x, const mg_var_opts *opts);

/* Running sums and products along an axis, y[k] = x[0] + ... + x[k]; without an axis of all elements in C order, of
 * shape (size,). Booleans and integers are accumulated in 64 bits, 16-bit floats in float32. The gradient of cumprod is
 * exact where there are zeros, and beside inf and nan the product of the others. Value error for more than one axis.
 * Since 0.1. */
typedef struct mg_scan_opts {
    MG_OPTS_HEAD(mg_scan_opts);
    mg_axes axis MG_DEFAULT_({}); /* one */
    mg_constant constant MG_DEFAULT_(MG_CONSTANT_AUTO);
} mg_scan_opts;
MG_API mg_tensor *mg_cumsum_with(mg_tensor *x, const mg_scan_opts *opts);
MG_API mg_tensor *mg_cumprod_with(mg_tensor *x, const mg_scan_opts *opts);

/* log(sum(exp(x))) over `axis`, without overflow: -inf for no elements or where all are -inf, inf where one is.
 * Integers and bool become float64. Accuracy: 1 ULP of the largest of |x| and |result|. Gradient: g softmax(x),
 * and 0 where softmax is nan and g is 0. Since 0.1. */
MG_API mg_tensor *mg_logsumexp_with(mg_tensor *x, const mg_reduce_opts *opts);

/* The sum and the product of n >= 2 tensors (value error for fewer), from left to right; they broadcast and promote as
 * in mg_add. mg_add_sequence(MG_TENSORS(x, y, z)) or mg_add_sequence((mg_tensor *[]){x, y, z}, 3); in C++
 * mg_add_sequence({x, y, z}). Since 0.1. */
typedef struct mg_sequence_opts {
    MG_OPTS_HEAD(mg_sequence_opts);
    MG_OPTS_TENSORS;
    mg_constant constant MG_DEFAULT_(MG_CONSTANT_AUTO);
} mg_sequence_opts;
MG_API mg_tensor *mg_add_sequence_with(mg_tensor *const *tensors, size_t n, const mg_sequence_opts *opts);
MG_API mg_tensor *mg_multiply_sequence_with(mg_tensor *const *tensors, size_t n, const mg_sequence_opts *opts);

/* ---- the plain functions behind the keyword macros --------------------------------------------------------------- */

MG_API mg_tensor *(mg_var)(mg_tensor *x);
MG_API mg_tensor *(mg_std)(mg_tensor *x);
MG_API mg_tensor *(mg_cumsum)(mg_tensor *x);
MG_API mg_tensor *(mg_cumprod)(mg_tensor *x);
MG_API mg_tensor *(mg_logsumexp)(mg_tensor *x);
MG_API mg_tensor *(mg_add_sequence)(mg_tensor *const *tensors, size_t n);
MG_API mg_tensor *(mg_multiply_sequence)(mg_tensor *const *tensors, size_t n);

#ifndef __cplusplus
static inline mg_tensor *mg_add_sequence_of_call(const mg_sequence_opts *opts) {
    return mg_add_sequence_with(opts->mg_tensors, opts->mg_count, opts);
}
static inline mg_tensor *mg_multiply_sequence_of_call(const mg_sequence_opts *opts) {
    return mg_multiply_sequence_with(opts->mg_tensors, opts->mg_count, opts);
}
#define mg_var(...)                MG_VAR_(__VA_ARGS__, .mg_end = 0)
#define MG_VAR_(x, ...)            mg_var_with(x, MG_OPTIONS_(mg_var_opts, __VA_ARGS__))
#define mg_std(...)                MG_STD_(__VA_ARGS__, .mg_end = 0)
#define MG_STD_(x, ...)            mg_std_with(x, MG_OPTIONS_(mg_var_opts, __VA_ARGS__))
#define mg_cumsum(...)             MG_CUMSUM_(__VA_ARGS__, .mg_end = 0)
#define MG_CUMSUM_(x, ...)         mg_cumsum_with(x, MG_OPTIONS_(mg_scan_opts, __VA_ARGS__))
#define mg_cumprod(...)            MG_CUMPROD_(__VA_ARGS__, .mg_end = 0)
#define MG_CUMPROD_(x, ...)        mg_cumprod_with(x, MG_OPTIONS_(mg_scan_opts, __VA_ARGS__))
#define mg_logsumexp(...)          MG_LOGSUMEXP_(__VA_ARGS__, .mg_end = 0)
#define MG_LOGSUMEXP_(x, ...)      mg_logsumexp_with(x, MG_OPTIONS_(mg_reduce_opts, __VA_ARGS__))
#define mg_add_sequence(...)       MG_ADD_SEQUENCE_(__VA_ARGS__, .mg_end = 0)
#define MG_ADD_SEQUENCE_(...)      mg_add_sequence_of_call(MG_OPTIONS_OF_TENSORS_(mg_sequence_opts, __VA_ARGS__))
#define mg_multiply_sequence(...)  MG_MULTIPLY_SEQUENCE_(__VA_ARGS__, .mg_end = 0)
#define MG_MULTIPLY_SEQUENCE_(...) mg_multiply_sequence_of_call(MG_OPTIONS_OF_TENSORS_(mg_sequence_opts, __VA_ARGS__))
#endif

MG_EXTERN_C_END

#endif
