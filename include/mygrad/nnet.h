/* SPDX-License-Identifier: MIT
 * Matrix product, layers, losses and optimisers. Rules of tensor.h apply. */
#ifndef MYGRAD_NNET_H
#define MYGRAD_NNET_H

#include "mygrad/tensor.h"

MG_EXTERN_C_BEGIN

/* Matrix product with NumPy's rules: (..., m, k) times (..., k, n), batch axes broadcast, 1-D operands are promoted and
 * the added axis dropped. f32 and bf16 go to oneDNN, f64 to BLAS. Value error for 0-d operands and unequal k. */
MG_API mg_tensor *mg_matmul(mg_tensor *a, mg_tensor *b);

/* N-D correlation of x (N, C, X...) with w (F, C, W...): y (N, F, Y...), Y = (X + 2 padding - ((W - 1) dilation + 1)) /
 * stride + 1, which must be a positive whole number. stride, padding, dilation: one number for all axes, or one per
 * axis. */
typedef struct mg_conv_opts {
    MG_OPTS_HEAD(mg_conv_opts);
    mg_shape stride MG_DEFAULT_({});   /* default 1 */
    mg_shape padding MG_DEFAULT_({});  /* default 0 */
    mg_shape dilation MG_DEFAULT_({}); /* default 1: dense */
    mg_constant constant MG_DEFAULT_(MG_CONSTANT_AUTO);
} mg_conv_opts;
MG_API mg_tensor *mg_conv_nd_with(mg_tensor *x, mg_tensor *w, const mg_conv_opts *opts);

/* Largest element of each window of `pool` over the last axes of x; windows must tile x exactly. The gradient goes to
 * the first largest; NaN wins. */
MG_API mg_tensor *mg_max_pool(mg_tensor *x, mg_shape_arg pool, mg_shape_arg stride);

/* Mean over N of -log softmax(x)[i, labels[i]]: x (N, C) float, labels (N,) integer in [0, C) (index error otherwise).
 * Shape (). Gradient: (softmax - onehot) g / N; where softmax is nan, nan, but 0 if g is 0. */
MG_API mg_tensor *mg_softmax_crossentropy(mg_tensor *x, mg_tensor *labels);

/* Position of the first largest (smallest) element (the first NaN, if there is one) along axis, or in the flattened x
 * without one; shape: x's without the axis, or () (with keepdims: length 1 instead). Every dtype; int64, constant; x
 * keeps its gradient. Value error if there is nothing to search, or for more than one axis; index error for an axis
 * that x does not have. Since 0.1. */
typedef struct mg_arg_opts {
    MG_OPTS_HEAD(mg_arg_opts);
    mg_axes axis MG_DEFAULT_({}); /* at most one */
    bool keepdims MG_DEFAULT_(false);
} mg_arg_opts;
MG_API mg_tensor *mg_argmax_with(mg_tensor *x, const mg_arg_opts *opts);
MG_API mg_tensor *mg_argmin_with(mg_tensor *x, const mg_arg_opts *opts);

/* exp(x) / sum(exp(x)) and its logarithm over `axis`, without overflow. Where the largest element is not finite: nan,
 * but for logsoftmax, which is x - mg_logsumexp(x). Integers and bool become float64. Accuracy: softmax 1 ULP,
 * logsoftmax 1 ULP of the largest of |x| and |result|. Gradients: y (g - sum(g y)), g - exp(y) sum(g);
 * nan for the whole row where softmax is nan, but 0 if all of g is 0 there: a masked row of a batch. Since 0.1. */
typedef struct mg_softmax_opts {
    MG_OPTS_HEAD(mg_softmax_opts);
    mg_axes axis MG_DEFAULT_({}); /* default: the last */
    mg_constant constant MG_DEFAULT_(MG_CONSTANT_AUTO);
} mg_softmax_opts;
MG_API mg_tensor *mg_softmax_with(mg_tensor *x, const mg_softmax_opts *opts);
MG_API mg_tensor *mg_logsoftmax_with(mg_tensor *x, const mg_softmax_opts *opts);

/* ---- optimisers ------------------------------------------------------------------------------------------------ */

/* Holds the parameters (kept tensors, which must outlive it) and its state. */
typedef struct mg_optimizer mg_optimizer;

typedef struct mg_sgd_opts {
    MG_OPTS_HEAD(mg_sgd_opts);
    MG_OPTS_TENSORS;
    double lr MG_DEFAULT_(1e-2);        /* default 1e-2 */
    double momentum MG_DEFAULT_(0);     /* default 0 */
    double weight_decay MG_DEFAULT_(0); /* L2, default 0 */
} mg_sgd_opts;

typedef struct mg_adam_opts {
    MG_OPTS_HEAD(mg_adam_opts);
    MG_OPTS_TENSORS;
    double lr MG_DEFAULT_(1e-3);     /* default 1e-3 */
    double beta1 MG_DEFAULT_(0.9);   /* default 0.9 */
    double beta2 MG_DEFAULT_(0.999); /* default 0.999 */
    double eps MG_DEFAULT_(1e-8);    /* default 1e-8 */
} mg_adam_opts;

/* Several parameters: mg_adam((mg_tensor *[]){w, b}, 2, .lr = 0.1), or MG_TENSORS(w, b) for the first two arguments; in
 * C++ also mg_adam({w, b}). */
MG_API mg_optimizer *mg_sgd_with(mg_tensor *const *params, size_t n, const mg_sgd_opts *opts);
MG_API mg_optimizer *mg_adam_with(mg_tensor *const *params, size_t n, const mg_adam_opts *opts);

/* One update of every parameter that has a gradient, in place; the gradients are dropped. All parameters are updated or
 * none. */
MG_API mg_status mg_optimizer_step(mg_optimizer *optimizer);
MG_API void mg_optimizer_set_lr(mg_optimizer *optimizer, double lr);
MG_API void mg_optimizer_free(mg_optimizer *optimizer);

/* ---- the plain functions behind the keyword macros --------------------------------------------------------------- */

MG_API mg_tensor *(mg_conv_nd)(mg_tensor *x, mg_tensor *w);
MG_API mg_tensor *(mg_argmax)(mg_tensor *x);
MG_API mg_tensor *(mg_argmin)(mg_tensor *x);
MG_API mg_tensor *(mg_softmax)(mg_tensor *x);
MG_API mg_tensor *(mg_logsoftmax)(mg_tensor *x);
MG_API mg_optimizer *(mg_sgd)(mg_tensor *const *params, size_t n);
MG_API mg_optimizer *(mg_adam)(mg_tensor *const *params, size_t n);

#ifndef __cplusplus
static inline mg_optimizer *mg_sgd_of_call(const mg_sgd_opts *opts) {
    return mg_sgd_with(opts->mg_tensors, opts->mg_count, opts);
}
static inline mg_optimizer *mg_adam_of_call(const mg_adam_opts *opts) {
    return mg_adam_with(opts->mg_tensors, opts->mg_count, opts);
}
#define mg_conv_nd(...)        MG_CONV_ND_(__VA_ARGS__, .mg_end = 0)
#define MG_CONV_ND_(x, w, ...) mg_conv_nd_with(x, w, MG_OPTIONS_(mg_conv_opts, __VA_ARGS__))
#define mg_argmax(...)         MG_ARGMAX_(__VA_ARGS__, .mg_end = 0)
#define MG_ARGMAX_(x, ...)     mg_argmax_with(x, MG_OPTIONS_(mg_arg_opts, __VA_ARGS__))
#define mg_argmin(...)         MG_ARGMIN_(__VA_ARGS__, .mg_end = 0)
#define MG_ARGMIN_(x, ...)     mg_argmin_with(x, MG_OPTIONS_(mg_arg_opts, __VA_ARGS__))
#define mg_softmax(...)        MG_SOFTMAX_(__VA_ARGS__, .mg_end = 0)
#define MG_SOFTMAX_(x, ...)    mg_softmax_with(x, MG_OPTIONS_(mg_softmax_opts, __VA_ARGS__))
#define mg_logsoftmax(...)     MG_LOGSOFTMAX_(__VA_ARGS__, .mg_end = 0)
#define MG_LOGSOFTMAX_(x, ...) mg_logsoftmax_with(x, MG_OPTIONS_(mg_softmax_opts, __VA_ARGS__))
#define mg_sgd(...)            MG_SGD_(__VA_ARGS__, .mg_end = 0)
#define MG_SGD_(...)           mg_sgd_of_call(MG_OPTIONS_OF_TENSORS_(mg_sgd_opts, __VA_ARGS__))
#define mg_adam(...)           MG_ADAM_(__VA_ARGS__, .mg_end = 0)
#define MG_ADAM_(...)          mg_adam_of_call(MG_OPTIONS_OF_TENSORS_(mg_adam_opts, __VA_ARGS__))
#endif

MG_EXTERN_C_END

#endif
