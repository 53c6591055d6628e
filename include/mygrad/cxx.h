/* SPDX-License-Identifier: MIT
 * C++: options as a last argument, where C has keyword macros, for the functions that are not generated (those of ops.h
 * bring their own): mg_softmax(x, options), mg_divmod(x, y, &q, &r, mg::opts{}); from C++20 on they may be written
 * there, mg_softmax(x, {.axis = 0}). Lists that free themselves. Nothing in C. */
#ifndef MYGRAD_CXX_H
#define MYGRAD_CXX_H

#include "mygrad/elementwise.h"
#include "mygrad/nnet.h"
#include "mygrad/reductions.h"
#include "mygrad/runtime.h"
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

namespace mg {

/* The members of a .npz file, as mg_load_npz_all gives them; empty and false where that failed.
 *     for (auto [name, tensor] : mg::npz("model.npz")) ...
 *     mg::npz saved("model.npz"); mg_tensor *w = mg_keep(saved["w"]); */
class npz {
  public:
    explicit npz(const char *path) : list_(mg_load_npz_all(path)) {}
    static npz names(const char *path) { return npz(mg_npz_names(path)); } /* no tensors: they are all null */
    npz(npz &&other) noexcept : list_(other.list_) { other.list_ = nullptr; }
    npz &operator=(npz &&other) noexcept {
        mg_npz *mine = list_;
        list_ = other.list_;
        other.list_ = mine;
        return *this;
    }
    npz(const npz &) = delete;
    npz &operator=(const npz &) = delete;
    ~npz() { mg_npz_free(list_); }

    explicit operator bool() const { return list_ != nullptr; }
    size_t size() const { return list_ ? list_->count : 0; }
    mg_tensor *operator[](const char *name) const { return mg_npz_find(list_, name); } /* null, with an error: none */

    struct member {
        const char *name;
        mg_tensor *tensor;
    };
    class iterator {
      public:
        iterator(const mg_npz *list, size_t i) : list_(list), i_(i) {}
        member operator*() const { return {list_->names[i_], list_->tensors ? list_->tensors[i_] : nullptr}; }
        iterator &operator++() {
            ++i_;
            return *this;
        }
        bool operator!=(const iterator &other) const { return i_ != other.i_; }
        bool operator==(const iterator &other) const { return i_ == other.i_; }

      private:
        const mg_npz *list_;
        size_t i_;
    };
    iterator begin() const { return iterator(list_, 0); }
    iterator end() const { return iterator(list_, size()); }

  private:
    explicit npz(mg_npz *list) : list_(list) {}
    mg_npz *list_;
};

} // namespace mg

#undef MG_CXX_ONE_
#undef MG_CXX_TWO_
#undef MG_CXX_SHAPE_
#undef MG_CXX_LIST_
#undef MG_CXX_OPTIMIZER_

#endif
#endif
