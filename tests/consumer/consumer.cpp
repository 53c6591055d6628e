// SPDX-License-Identifier: MIT
// A user's program in C++17 and later: the scope is an object, options are a last argument. Ends with 0 if the numbers are right.
#include <mygrad/mygrad.h>

#include <cstdio>
#include <utility>

static bool right(const char *what, double got, double expected) {
    if (got == expected) return true;
    std::printf("%s: %g instead of %g\n", what, got, expected);
    return false;
}

static bool gradient() {
    mg::scope scope;
    const double values[] = {1, 2, 3, 4, 5, 6};
    const bool choice[] = {true, false, true};
    mg_tensor *x = mg_from_f64(values, MG_SHAPE(2, 3));
    mg::opts opts{};
    opts.where = mg_from_bool(choice, MG_SHAPE(3));
    mg_tensor *f = mg_sum(mg_multiply(x, x, opts));
    mg_backward(f);
    return right("f", mg_item(f), 1 + 9 + 16 + 36) && right("df", mg_item(mg_sum(mg_grad(x))), 2 * (1 + 3 + 4 + 6)) &&
           right("df[1, 2]", mg_item(mg_getitem(mg_grad(x), MG_KEY(MG_I(1), MG_I(-1)))), 12);
}

// Other names, two results, an answer that is no tensor.
static bool division() {
    mg::scope scope;
    const double values[] = {-5, 4};
    mg_tensor *x = mg_from_f64(values, MG_SHAPE(2)), *q, *r, *rest;
    mg::opts opts{};
    opts.where = mg_greater(x, mg_scalar(0));
    if (mg_divmod(x, mg_scalar(3), &q, &r) != MG_OK || mg_divmod(x, mg_scalar(3), &q, &rest, opts) != MG_OK)
        return false;
    return right("divmod", mg_item(mg_sum(q)), 1) && right("mod", mg_item(mg_sum(mg_mod(x, mg_scalar(3)))), 2) &&
           right("true_divide", mg_item(mg_sum(mg_true_divide(x, mg_scalar(2), opts))), 2) &&
           mg_allclose(mg_mod(x, mg_scalar(3)), r) && !mg_allclose(r, rest);
}

// Several tensors in braces, with options and without.
static bool sequences() {
    mg::scope scope;
    mg_tensor *x = mg_ones(MG_SHAPE(2));
    mg_sequence_opts fixed{};
    fixed.constant = MG_CONSTANT;
    return right("add_sequence", mg_item(mg_sum(mg_add_sequence({x, x, x}))), 6) &&
           mg_is_constant(mg_multiply_sequence({x, x}, fixed)) && !mg_is_constant(mg_multiply_sequence({x, x}));
}

// What is not generated takes options, too.
static bool options() {
    mg::scope scope;
    mg_create_opts wide{};
    wide.dtype = MG_F64;
    mg_tensor *x = mg_full(MG_SHAPE(2, 4), 3, wide);
    mg_softmax_opts first{};
    first.axis = MG_AXES(0);
    mg_var_opts unbiased{};
    unbiased.ddof = 1;
    mg_backward_opts onto{};
    onto.accumulate = true;
    return right("softmax", mg_item(mg_sum(mg_softmax(x, first))), 4) && right("var", mg_item(mg_var(x, unbiased)), 0) &&
           mg_dtype_of(x) == MG_F64 && mg_backward(mg_sum(x), onto) == MG_OK && right("dx", mg_item(mg_sum(mg_grad(x))), 8);
}

// A file is one object: its members by name, or one after the other; the names alone; moved, and absent.
static bool files() {
    mg::scope scope;
    const char *path = "consumer.npz", *names[] = {"w", "b"};
    mg_tensor *tensors[] = {mg_full(MG_SHAPE(2), 3), mg_ones(MG_SHAPE(4))};
    if (mg_save_npz(path, 2, names, tensors) != MG_OK) return false;
    mg::npz first(path), saved(std::move(first));
    double sum = 0;
    for (auto [name, tensor] : saved) sum += (name[0] == 'w' ? 10 : 1) * mg_item(mg_sum(tensor));
    int listed = 0;
    for (auto [name, tensor] : mg::npz::names(path)) listed += name[0] == "wb"[listed] && !tensor;
    bool ok = right("npz", sum, 64) && right("names", listed, 2) && right("w", mg_item(mg_sum(saved["w"])), 6);
    std::remove(path);
    mg::npz absent(path);
    return ok && saved && saved.size() == 2 && !absent && absent.size() == 0 && !(absent.begin() != absent.end()) &&
           mg_take_error().code == MG_ERR_IO;
}

// Shapes and axes own their numbers, wherever they are kept, and a number alone is one.
static mg_shape stored(int64_t n) { return MG_SHAPE(n, 3); }
static bool values() {
    mg::scope scope;
    mg_shape shape = stored(2);
    mg_tensor *x = mg_ones(shape), *image = mg_ones({1, 1, 3, 3});
    mg_reduce_opts rows, columns;
    rows.axis = 1;
    columns.axis = 0;
    mg_conv_opts padded;
    padded.padding = 1;
    bool ok = right("rows", mg_item(mg_max(mg_sum(x, rows))), 3) && right("columns", mg_item(mg_max(mg_sum(x, columns))), 2) &&
              right("padding", mg_item(mg_sum(mg_conv_nd(image, image, padded))), 49);
#if __cplusplus >= 202002L
    ok = ok && right(".axis", mg_item(mg_max(mg_sum(x, {.axis = 0, .keepdims = true}))), 2) &&
         right(".padding", mg_item(mg_sum(mg_conv_nd(image, image, {.padding = {1, 1}}))), 49);
#endif
    return ok;
}

int main() {
    MG_SCOPE;
    bool ok = gradient() && division() && sequences() && options() && files() && values();
    mg_tensor *ones = mg_ones(MG_SHAPE(8, 8));
    ok = right("abs", mg_item(mg_amax(mg_abs(mg_negative(ones), mg::opts{}))), 1) && ok;
    ok = right("matmul", mg_item(mg_sum(mg_matmul(ones, ones))), 512) && ok;
    mg_error error = mg_take_error();
    if (error.code != MG_OK) std::printf("%s: %s\n", error.op, error.message);
    return ok && error.code == MG_OK ? 0 : 1;
}
