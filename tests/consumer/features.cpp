// SPDX-License-Identifier: MIT
// A user's program in C++ that combines everything: every way to make a tensor, to write it, to differentiate it, and to
// leave the scope in which that happens, exceptions among them, on this thread and on several at once. Ends with 0 if values
// and gradients are those that plain C++ computes, no error is left over, and no tensor.
#include <mygrad/mygrad.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using numbers = std::array<double, 6>; // of shape (2, 3)
constexpr numbers first = {1, -2, 3, -4, 5, -6};
const mg_shape shape = {2, 3};

std::atomic<int> failures{0}, borrowed{0}, freed{0};

// ---- ways to make a tensor with the values of `first` ---------------------------------------------------------------

void give_back(void *data, void *) {
    delete[] static_cast<double *>(data);
    freed++;
}

mg_tensor *lent(size_t n) {
    double *data = new double[n]{};
    for (size_t i = 0; i < first.size(); i++) data[n - first.size() + i] = first[i];
    borrowed++;
    return mg_borrow(MG_F64, data, static_cast<int64_t>(n), give_back, nullptr);
}

struct maker {
    const char *name;
    mg_tensor *(*make)();
};
const maker makers[] = {
    {"a copy", [] { return mg_from_f64(first.data(), shape); }},
    {"borrowed memory", [] { return mg_reshape(lent(6), shape); }},
    {"a slice of borrowed memory", [] { return mg_reshape(mg_getitem(lent(9), MG_S(3, MG_NONE, 1)), {2, -1}); }},
    {"a transposed view",
     [] {
         const double columns[] = {1, -4, -2, 5, 3, -6};
         return mg_transpose(mg_from_f64(columns, {3, 2}), {1, 0});
     }},
    {"a view backwards",
     [] {
         const double backwards[] = {-6, 5, -4, 3, -2, 1};
         return mg_reshape(mg_getitem(mg_from_f64(backwards, 6), MG_S(MG_NONE, MG_NONE, -1)), shape);
     }},
    {"a result", [] { return mg_subtract(mg_from_f64(first.data(), shape), mg_scalar(0)); }},
    {"a file",
     [] {
         static std::atomic<int> files{0};
         const std::string path = "features" + std::to_string(files++) + ".npz";
         const char *name = "x";
         mg_tensor *saved = mg_from_f64(first.data(), shape);
         if (mg_save_npz(path.c_str(), 1, &name, &saved) != MG_OK) return static_cast<mg_tensor *>(nullptr);
         mg::npz all(path.c_str());
         std::remove(path.c_str());
         return all[name];
     }},
};

// ---- ways to write into it ------------------------------------------------------------------------------------------

struct writer {
    const char *name;
    void (*write)(mg_tensor *);
    double (*expected)(double, size_t i);
};
const writer writers[] = {
    {"nothing", [](mg_tensor *) {}, [](double x, size_t) { return x; }},
    {"+= -= *= /=",
     [](mg_tensor *x) {
         mg_idivide(mg_imultiply(mg_isubtract(mg_iadd(x, mg_scalar(3)), mg_scalar(2)), mg_scalar(8)), mg_scalar(2));
     },
     [](double x, size_t) { return (x + 1) * 4; }},
    {"[0] =", [](mg_tensor *x) { mg_setitem(x, 0, mg_scalar(7)); },
     [](double x, size_t i) { return i < 3 ? 7 : x; }},
    {"[:, ::2] =", [](mg_tensor *x) { mg_setitem(x, {MG_ALL, MG_S(MG_NONE, MG_NONE, 2)}, mg_scalar(-1)); },
     [](double x, size_t i) { return i % 3 == 1 ? x : -1; }},
    {"into a view", [](mg_tensor *x) { mg_imultiply(mg_getitem(x, {MG_ALL, 1}), mg_scalar(2)); },
     [](double x, size_t i) { return i % 3 == 1 ? 2 * x : x; }},
    {"copyto", [](mg_tensor *x) { mg_copyto(x, mg_square(x)); }, [](double x, size_t) { return x * x; }},
    {".out",
     [](mg_tensor *x) {
         mg_no_autodiff(true); // .out keeps no history
         mg::opts opts;
         opts.out = x;
         mg_add(x, x, opts);
         mg_no_autodiff(false);
     },
     [](double x, size_t) { return 2 * x; }},
    {"a pointer",
     [](mg_tensor *x) {
         int64_t strides[2];
         mg_mem_guard(false); // what x is a view or result of may stay recorded
         char *data = static_cast<char *>(mg_data_mut(x));
         mg_mem_guard(true);
         if (data && mg_strides(x, strides) == MG_OK) *reinterpret_cast<double *>(data + strides[0] + strides[1]) = 9;
     },
     [](double x, size_t i) { return i == 4 ? 9 : x; }},
    {"+= without history",
     [](mg_tensor *x) {
         mg_no_autodiff(true);
         mg_iadd(x, mg_scalar(1));
         mg_no_autodiff(false);
     },
     [](double x, size_t) { return x + 1; }},
};

// ---- ways to differentiate sum(x * x) by it -------------------------------------------------------------------------

struct walker {
    const char *name;
    mg_status (*walk)(mg_tensor *);
    double times; // gradient / 2x; 0: none
};
mg_tensor *loss(mg_tensor *x) { return mg_sum(mg_multiply(x, x)); }
const walker walkers[] = {
    {"backward", [](mg_tensor *x) { return mg_backward(loss(x)); }, 1},
    {"backward that consumes",
     [](mg_tensor *x) {
         mg_backward_opts opts;
         opts.consume = true;
         return mg_backward(loss(x), opts);
     },
     1},
    {"backward from 3, twice, accumulated",
     [](mg_tensor *x) {
         mg_backward_opts opts;
         opts.grad = mg_scalar(3);
         opts.accumulate = true;
         mg_tensor *f = loss(x), *again = loss(x); // both now: a use in a new operation drops the gradient
         const mg_status status = mg_backward(f, opts);
         return status != MG_OK ? status : mg_backward(again, opts);
     },
     6},
    {"backward after a scope of its own",
     [](mg_tensor *x) {
         mg_tensor *f;
         {
             MG_SCOPE;
             f = mg_keep(loss(x));
         }
         const mg_status status = mg_backward(f);
         mg_release(f);
         return status;
     },
     1},
    {"backward of what was not recorded",
     [](mg_tensor *x) {
         mg_no_autodiff(true);
         mg_tensor *f = loss(x);
         mg_no_autodiff(false);
         return mg_backward(f);
     },
     0},
};

// ---- ways to leave --------------------------------------------------------------------------------------------------

struct case_failed : std::runtime_error {
    using runtime_error::runtime_error;
};

void check(mg_tensor *x, const writer &how, const walker &walk) {
    numbers values{}, gradient{};
    if (mg_read(x, MG_F64, values.data()) != MG_OK) throw case_failed("no values");
    mg_tensor *grad = mg_grad(x);
    if ((grad != nullptr) != (walk.times != 0)) throw case_failed(grad ? "a gradient" : "no gradient");
    if (grad && mg_read(grad, MG_F64, gradient.data()) != MG_OK) throw case_failed("no gradient's values");
    for (size_t i = 0; i < values.size(); i++) {
        const double expected = how.expected(first[i], i);
        if (values[i] != expected) throw case_failed("values");
        if (gradient[i] != walk.times * 2 * expected) throw case_failed("gradient");
    }
}

mg_tensor *made_and_walked(const maker &make, const writer &how, const walker &walk) {
    mg_tensor *x = mg_keep(make.make());
    how.write(x);
    if (walk.walk(x) != MG_OK) throw case_failed("backward");
    return x;
}

struct left {};

void leave_by(int way, const maker &make, const writer &how, const walker &walk) {
    mg::scope outer;
    mg_tensor *x = nullptr;
    switch (way) {
    case 0: x = made_and_walked(make, how, walk); break;
    case 1: // out of two scopes by an exception, with work pending in both
        try {
            mg::scope middle;
            mg_tensor *pending = mg_exp(mg_ones({2, 3}));
            mg::scope inner;
            x = made_and_walked(make, how, walk);
            mg_multiply(mg_detach(x), pending);
            throw left();
        } catch (const left &) {
        }
        break;
    case 2: // an error that waits while scopes close, and is taken
        x = made_and_walked(make, how, walk);
        {
            MG_SCOPE;
            mg_add(x, mg_ones({4, 5}));
            MG_SCOPE;
            if (mg_square(x) || mg_iadd(x, x)) throw case_failed("an error does not wait");
        }
        if (mg_take_error().code != MG_ERR_VALUE) throw case_failed("no value error");
        break;
    default: { // made in a scope that is gone, by options that are gone
        mg::scope inner;
        std::vector<mg_reduce_opts> options(3);
        options[2].axis = 0;
        x = made_and_walked(make, how, walk);
        mg_sum(mg_detach(x), options[2]);
    }
    }
    check(x, how, walk);
    mg_release(x);
}

void all_ways() {
    for (const maker &make : makers)
        for (const writer &how : writers)
            for (const walker &walk : walkers)
                for (int way = 0; way < 4; way++) {
                    std::string why;
                    try {
                        leave_by(way, make, how, walk);
                    } catch (const case_failed &failed) { why = failed.what(); }
                    const mg_error error = mg_take_error();
                    if (why.empty() && error.code == MG_OK) continue;
                    std::printf("%s, written by %s, %s, left by way %d: %s (%s: %s)\n", make.name, how.name, walk.name, way,
                                why.c_str(), error.op, error.message);
                    failures++;
                }
    mg_scope_reset();
    mg_stats stats;
    mg_get_stats(&stats);
    if (stats.live_tensors == 0) return;
    std::printf("%llu tensors are left over\n", static_cast<unsigned long long>(stats.live_tensors));
    failures++;
}

} // namespace

int main() {
    all_ways();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) threads.emplace_back(all_ways);
    for (std::thread &thread : threads) thread.join();
    if (borrowed != freed) {
        std::printf("%d arrays were lent, and %d came back\n", borrowed.load(), freed.load());
        failures++;
    }
    return failures == 0 ? 0 : 1;
}
