/* SPDX-License-Identifier: MIT
 * C++: options as a last argument, where C has keyword macros, for the functions that are not generated (those of ops.h
 * bring their own): mg_softmax(x, options), mg_divmod(x, y, &q, &r, mg::opts{}); from C++20 on they may be written
 * there, mg_softmax(x, {.axis = 0}). Nothing in C. */
#ifndef MYGRAD_CXX_H
#define MYGRAD_CXX_H

#include "mygrad/elementwise.h"
#include "mygrad/nnet.h"
#include "mygrad/reductions.h"
#include "mygrad/tensor.h"

#ifdef __cplusplus

#define MG_CXX_ONE_(name, options)                                                                                     \
    inline mg_tensor *name(mg_tensor *x, const options &opts) { return name##_with(x, &opts); }
#define MG_CXX_TWO_(result, name, options)                                                                             \
    inline result name(mg_tensor *x, mg_tensor *y, const options &opts) { return name##_with(x, y, &opts); }
#define MG_CXX_SHAPE_(name)                                                                                            \
    inline mg_tensor *name(mg_shape_arg shape, const mg_create_opts &opts) { return name##_with(shape, &opts); }
#define MG_CXX_LIST_(name)                                                                                             \
    inline mg_tensor *name(std::initializer_list<mg_tensor *> t, const mg_sequence_opts &opts = {}) {                  \
        return name##_with(t.begin(), t.size(), &opts);                                                                \
    }
#define MG_CXX_OPTIMIZER_(name, options)                                                                               \
    inline mg_optimizer *name(mg_tensor *const *params, size_t n, const options &opts) {                               \
        return name##_with(params, n, &opts);                                                                          \
    }                                                                                                                  \
    inline mg_optimizer *name(std::initializer_list<mg_tensor *> params, const options &opts = {}) {                   \
        return name##_with(params.begin(), params.size(), &opts);                                                      \
    }

MG_CXX_SHAPE_(mg_zeros)
MG_CXX_SHAPE_(mg_ones)
MG_CXX_SHAPE_(mg_empty)
inline mg_tensor *mg_full(mg_shape_arg shape, double value, const mg_create_opts &opts) {
    return mg_full_with(shape, value, &opts);
}
inline mg_status mg_backward(mg_tensor *f, const mg_backward_opts &opts) { return mg_backward_with(f, &opts); }

inline mg_status mg_divmod(mg_tensor *x, mg_tensor *y, mg_tensor **quotient, mg_tensor **remainder,
                           const mg_ufunc_opts &opts) {
    return mg_divmod_with(x, y, quotient, remainder, &opts);
}
MG_CXX_TWO_(mg_tensor *, mg_isclose, mg_close_opts)
MG_CXX_TWO_(bool, mg_allclose, mg_close_opts)

MG_CXX_ONE_(mg_var, mg_var_opts)
MG_CXX_ONE_(mg_std, mg_var_opts)
MG_CXX_ONE_(mg_cumsum, mg_scan_opts)
MG_CXX_ONE_(mg_cumprod, mg_scan_opts)
MG_CXX_ONE_(mg_logsumexp, mg_reduce_opts)
MG_CXX_LIST_(mg_add_sequence)
MG_CXX_LIST_(mg_multiply_sequence)

MG_CXX_ONE_(mg_argmax, mg_arg_opts)
MG_CXX_ONE_(mg_argmin, mg_arg_opts)
MG_CXX_ONE_(mg_softmax, mg_softmax_opts)
MG_CXX_ONE_(mg_logsoftmax, mg_softmax_opts)
MG_CXX_TWO_(mg_tensor *, mg_conv_nd, mg_conv_opts)
MG_CXX_OPTIMIZER_(mg_sgd, mg_sgd_opts)
MG_CXX_OPTIMIZER_(mg_adam, mg_adam_opts)

#undef MG_CXX_ONE_
#undef MG_CXX_TWO_
#undef MG_CXX_SHAPE_
#undef MG_CXX_LIST_
#undef MG_CXX_OPTIMIZER_

#endif
#endif
