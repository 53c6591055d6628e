// SPDX-License-Identifier: MIT
// Every way to write shapes, axes, keys and options in C++, without a warning from anybody's compiler, and with the values
// that the documentation promises: shapes, axes and keys own what they say, stored, returned, copied and moved, long after
// what they were made of is gone. forms.cmake compiles it at -O2 with the address sanitizer and runs it.
#include <mygrad/mygrad.h>

#include <cstdio>
#include <utility>
#include <vector>

static int failures;

static void expect(const char *what, mg_tensor *x, const std::vector<double> &values) {
    std::vector<double> got(values.size());
    if (x && mg_size(x) == static_cast<int64_t>(got.size()) && mg_read(x, MG_F64, got.data()) == MG_OK && got == values)
        return;
    const mg_error error = mg_take_error();
    std::printf("%s: wrong (%s)\n", what, error.message);
    failures++;
}

static void refused(const char *what, const void *result) {
    if (mg_take_error().code == MG_ERR_VALUE && !result) return;
    std::printf("%s: was not refused\n", what);
    failures++;
}

// Not inlined, so that nothing of the caller's keeps what is dead alive; the stack is then used by somebody else.
#define APART __attribute__((noinline))
APART static mg_shape shape_of(int64_t n) {
    mg_shape s = MG_SHAPE(n, 3);
    return s;
}
APART static mg_axes axes_of(int a, int b) {
    const int list[] = {a, b};
    return mg_axes_of(2, list);
}
APART static mg_reduce_opts options_of(int a, int b) {
    mg_reduce_opts o;
    o.axis = MG_AXES(a, b);
    o.keepdims = true;
    return o;
}
APART static mg_key key_of(int64_t i) {
    mg_key key = MG_KEY(MG_I(i), MG_S(MG_NONE, MG_NONE, -1));
    return key;
}
APART static mg_conv_opts padded(int64_t n) {
    mg_conv_opts o{};
    o.padding = MG_SHAPE(n, 0);
    return o;
}
APART static int overwrite_the_stack() {
    volatile int room[4096];
    for (int i = 0; i < 4096; i++) room[i] = -7;
    return room[17];
}

static void stored(mg_tensor *x) {
    mg::scope scope;
    mg_shape s = shape_of(2), t = s, dead = MG_SHAPE(9, 9, 9);
    mg_axes both = axes_of(0, 1), one = 1, zero = 0;
    mg_reduce_opts all = options_of(0, 1), copy = all;
    mg_key key = key_of(1), another = key;
    const mg_conv_opts conv = padded(1);
    t = std::move(dead);
    t = std::move(s);
    key = another;
    overwrite_the_stack();
    expect("a stored shape", mg_reshape(x, t), {1, 2, 3, 4, 5, 6});
    all.axis = 1;
    mg_reduce_opts other;
    other.axis = both;
    expect("stored axes", mg_sum(x, copy), {21});
    expect("stored axes", mg_sum(x, other), {21});
    expect("a stored number", mg_sum(x, all), {6, 15});
    other.axis = one;
    expect("a stored number", mg_sum(x, other), {6, 15});
    other.axis = std::move(zero);
    expect("a stored zero", mg_sum(x, other), {5, 7, 9});
    other.axis = {0, -1};
    expect("braces", mg_sum(x, other), {21});
    other.axis = MG_AXES(0);
    expect("a list of zero", mg_sum(x, other), {5, 7, 9});
    other.axis = MG_AXES0;
    expect("no axes", mg_sum(x, other), {1, 2, 3, 4, 5, 6});
    other.axis = mg_axes_of(0, nullptr);
    expect("no axes", mg_sum(x, other), {1, 2, 3, 4, 5, 6});
    other.axis = MG_AXES_ALL;
    expect("all axes", mg_sum(x, other), {21});
    other.axis = mg_axes{};
    expect("not given", mg_sum(x, other), {21});
    expect("a stored key", mg_getitem(x, key), {6, 5, 4});
    mg_tensor *image = mg_ones({1, 1, 3, 3}), *filter = mg_ones({1, 1, 3, 3});
    expect("stored padding", mg_conv_nd(image, filter, conv), {6, 9, 6});
}

static void arguments(mg_tensor *x) {
    mg::scope scope;
    const std::vector<int64_t> dims = {3, 2};
    expect("braces", mg_reshape(x, {3, 2}), {1, 2, 3, 4, 5, 6});
    expect("a number", mg_reshape(x, -1), {1, 2, 3, 4, 5, 6});
    expect("a vector", mg_reshape(x, mg_shape_of(static_cast<int>(dims.size()), dims.data())), {1, 2, 3, 4, 5, 6});
    expect("()", mg_ones({}), {1});
    expect("()", mg_ones(MG_SHAPE0), {1});
    expect("(0,)", mg_ones(0), {});
    expect("(3,)", mg_ones(3), {1, 1, 1});
    expect("(2,)", mg_full({2}, 1.5), {1.5, 1.5});
    expect("a transpose", mg_transpose(x, {1, 0}), {1, 4, 2, 5, 3, 6});
    expect("a transpose", mg_transpose(x, {}), {1, 4, 2, 5, 3, 6});
    expect("a transpose", mg_transpose(x, MG_AXES_ALL), {1, 4, 2, 5, 3, 6});
    expect("a pool", mg_max_pool(x, {2, 3}, 1), {6});
    expect("keys", mg_getitem(x, MG_KEY(1, MG_ALL)), {4, 5, 6});
    expect("keys", mg_getitem(x, {MG_ELLIPSIS, MG_NEWAXIS, 0}), {1, 4});
    expect("keys", mg_getitem(x, {1}), {4, 5, 6});
    expect("a key", mg_getitem(x, MG_I(-1)), {4, 5, 6});
    const int last = 1;
    const mg_key number = 1, index = MG_I(1);
    expect("a number", mg_getitem(x, 1), {4, 5, 6});
    expect("a number", mg_getitem(mg_getitem(x, last), -1), {6});
    expect("a number", mg_setitem(mg_copy(x), 0, mg_getitem(x, last)), {4, 5, 6, 4, 5, 6});
    expect("a stored number", mg_getitem(x, number), {4, 5, 6});
    expect("a stored index", mg_getitem(x, index), {4, 5, 6});
    expect("no key", mg_getitem(x, {}), {1, 2, 3, 4, 5, 6});
    refused("a count and no array", mg_reshape(x, mg_shape_of(2, nullptr)));
    refused("a negative count", mg_reshape(x, mg_shape_of(-1, dims.data())));
    refused("a count and no array", mg_transpose(x, mg_axes_of(2, nullptr)));
    refused("a count and no array", mg_getitem(x, mg_key_of(1, nullptr)));
    refused("a negative count", mg_getitem(x, mg_key_of(-1, nullptr)));
}

static void optimisers() {
    MG_SCOPE;
    mg_tensor *w = mg_keep(mg_ones({})), *both[] = {w, mg_keep(mg_ones(2))};
    mg_adam_opts still;
    still.lr = 0; // a number like others
    mg_optimizer *adam = mg_adam({w}, still), *sgd = mg_sgd(both, 2), *plain = mg_sgd({both[0], both[1]});
    failures += !sgd || !plain || mg_backward(mg_square(w)) != MG_OK || mg_optimizer_step(adam) != MG_OK;
    expect("a learning rate of 0", w, {1});
    failures += mg_adam_opts{}.lr != 1e-3 || mg_adam_opts{}.beta2 != 0.999 || mg_sgd_opts{}.lr != 1e-2;
    for (mg_optimizer *o : {adam, sgd, plain}) mg_optimizer_free(o);
    for (mg_tensor *t : both) mg_release(t);
    for (int i = 0; i < 2; i++) {
        MG_SCOPE;
        { MG_SCOPE; { MG_SCOPE; mg_scalar(i); } }
    }
}

#if __cplusplus >= 202002L
static void designated(mg_tensor *x) {
    mg::scope scope;
    const int zero = 0;
    expect(".axis = 1", mg_sum(x, {.axis = 1}), {6, 15});
    expect(".axis = 0", mg_sum(x, {.axis = 0, .keepdims = true}), {5, 7, 9});
    expect(".axis = zero", mg_sum(x, {.axis = zero}), {5, 7, 9});
    expect(".axis = {0, -1}", mg_sum(x, {.axis = {0, -1}}), {21});
    expect(".axis = MG_AXES(1)", mg_sum(x, {.axis = MG_AXES(1)}), {6, 15});
    expect(".keepdims", mg_sum(x, {.keepdims = true}), {21});
    expect(".ddof", mg_var(x, {.axis = 1, .ddof = 1}), {1, 1});
    expect(".axis", mg_cumsum(x, {.axis = 0}), {1, 2, 3, 5, 7, 9});
    expect(".axis", mg_argmax(x, {.axis = 1}), {2, 2});
    expect(".where", mg_add(x, x, {.where = mg_greater(x, mg_scalar(5))}), {0, 0, 0, 0, 0, 12});
    expect(".dtype", mg_zeros({2}, {.dtype = MG_F64}), {0, 0});
    mg_tensor *image = mg_ones({1, 1, 3, 3}), *filter = mg_ones({1, 1, 3, 3});
    expect(".padding = 1", mg_conv_nd(image, filter, {.stride = 2, .padding = 1}), {4, 4, 4, 4});
    refused(".stride = 0", mg_conv_nd(image, filter, {.stride = 0}));
    mg_reduce_opts options{.axis = MG_AXES(0)};
    overwrite_the_stack();
    expect("options", mg_sum(x, options), {5, 7, 9});
    failures += !mg_allclose(x, x, {.tolerance = MG_TOLERANCE(0, 0)});
}
#endif

int main() {
    MG_SCOPE;
    const double values[] = {1, 2, 3, 4, 5, 6};
    mg_tensor *x = mg_from_f64(values, {2, 3});
    stored(x);
    arguments(x);
    optimisers();
#if __cplusplus >= 202002L
    designated(x);
#endif
    const mg_error error = mg_take_error();
    if (error.code != MG_OK) std::printf("%s: %s\n", error.op, error.message);
    return failures || error.code != MG_OK;
}
