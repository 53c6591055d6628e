/* SPDX-License-Identifier: MIT
 * Rules B6 and law 6: whichever allocation fails, the call says so, nothing is half done, and the same call works
 * afterwards. */
#include "harness.h"
#include "runtime/linalg.h"
#include "runtime/memory.h"
#include "runtime/tile.h"

#include <math.h>
#include <mygrad/mygrad.h>
#include <stdlib.h>
#include <string.h>

/* Fails the allocations from number `first` on, `count` of them. */
typedef struct fault {
    int seen, first, count;
} fault;

static void *faulty_alloc(size_t bytes, size_t alignment, void *context) {
    fault *f = context;
    int i = f->seen++;
    void *p = NULL;
    if (i >= f->first && i < f->first + f->count) return NULL;
    return posix_memalign(&p, alignment < sizeof p ? sizeof p : alignment, bytes) ? NULL : p;
}

static void faulty_free(void *p, size_t bytes, void *context) {
    (void)bytes;
    (void)context;
    free(p);
}

/* Empty every cache, so that the next call has to ask the system again. */
static void set_fault(fault *f) {
    static mgr_allocator allocator;
    mg_trim();
    mgr_tile_cache_clear();
    mgr_linalg_clear();
    allocator = (mgr_allocator){faulty_alloc, faulty_free, f};
    mgr_set_allocator(f ? &allocator : NULL);
}

enum { N = 5000 };

static mg_tensor *make(double start) {
    static double values[N];
    for (int i = 0; i < N; i++) values[i] = start + 1e-4 * i;
    return mg_from_f64(values, MG_SHAPE(N));
}

static void check_all(mg_tensor *t, double (*expected)(double x), double start, const char *what) {
    const double *p = mg_data_f64(t);
    CHECK_MSG(p != NULL, "%s: %s", what, mg_take_error().message);
    for (int i = 0; i < N; i++) CHECK_NEAR(p[i], expected(start + 1e-4 * i), 1e-13 * fabs(expected(start + 1e-4 * i)));
}

static double exp_times_x(double x) { return exp(x) * x; }
static double exp_times_x_slope(double x) { return exp(x) * (x + 1); }

MG_TEST(failed_memory, evaluation_can_be_retried) {
    int failures = 0, named = 0;
    for (int first = 0; first < 60; first++) {
        MG_SCOPE;
        fault f = {0, first, 1};
        mg_tensor *x = make(0.5), *y = mg_multiply(mg_exp(x), x), *s = mg_sum(y);
        set_fault(&f);
        mg_status status = mg_eval(s);
        if (status == MG_OK) status = mg_eval(y);
        set_fault(NULL);
        if (status != MG_OK) {
            failures++;
            CHECK_EQ_I64(status, MG_ERR_NO_MEMORY);
            mg_error error = mg_take_error();
            CHECK_EQ_I64(error.code, MG_ERR_NO_MEMORY);
            if (error.op[0]) named++;
        }
        check_all(y, exp_times_x, 0.5, "y");
        CHECK(isfinite(mg_item(s)));
    }
    CHECK(failures >= 3);
    CHECK_MSG(named >= 2, "only %d of %d errors name the operation", named, failures);
}

MG_TEST(failed_memory, gradients_are_attached_all_or_none) {
    int failures = 0;
    for (int first = 0; first < 60; first++) {
        MG_SCOPE;
        fault f = {0, first, 2}; /* the second try fails, too */
        mg_tensor *x = make(0.5), *w = make(1), *h = mg_multiply(mg_exp(x), x);
        mg_tensor *rows = mg_reshape(mg_multiply(h, w), MG_SHAPE(50, 100)),
                  *v = mg_full(MG_SHAPE(100, 3), 0.5, .dtype = MG_F64);
        mg_tensor *loss = mg_sum(mg_matmul(rows, v));
        set_fault(&f);
        mg_status status = loss ? mg_backward(loss, .consume = first % 2 == 1) : MG_ERR_NO_MEMORY;
        set_fault(NULL);
        if (status == MG_OK) continue;
        failures++;
        CHECK_EQ_I64(mg_take_error().code, MG_ERR_NO_MEMORY);
        CHECK(mg_grad(x) == NULL && mg_grad(w) == NULL && mg_grad(v) == NULL && mg_grad(h) == NULL);
        CHECK_EQ_I64(mg_backward(h), MG_OK);
        check_all(mg_grad(x), exp_times_x_slope, 0.5, "x.grad");
    }
    CHECK(failures >= 3);
}

static double twice_plus_one(double x) { return 2 * x + 1; }
static double same(double x) { return x; }

MG_TEST(failed_memory, in_place_writes_happen_or_not) {
    int failures = 0;
    for (int first = 0; first < 40; first++) {
        MG_SCOPE;
        fault f = {0, first, 1};
        mg_tensor *x = make(0.5), *seen = mg_multiply(x, mg_scalar(1));
        mg_eval(seen);
        set_fault(&f);
        mg_tensor *done = mg_copyto(x, mg_add(mg_multiply(x, mg_scalar(2)), mg_scalar(1)));
        mg_status status = done ? mg_eval(x) : MG_ERR_NO_MEMORY;
        set_fault(NULL);
        if (status != MG_OK) failures++;
        mg_take_error();
        check_all(x, done ? twice_plus_one : same, 0.5, "x");
        check_all(seen, same, 0.5, "seen");
    }
    CHECK(failures >= 2);
}

MG_TEST(failed_memory, an_optimiser_updates_all_or_none) {
    int failures = 0;
    for (int first = 0; first < 60; first++) {
        MG_SCOPE;
        fault f = {0, first, 1};
        mg_tensor *a = mg_keep(make(0.5)), *b = mg_keep(make(1.5));
        mg_optimizer *optimizer = mg_adam(((mg_tensor *[]){a, b}), 2);
        CHECK_EQ_I64(mg_backward(mg_sum(mg_multiply(mg_exp(a), b))), MG_OK);
        mg_eval(mg_grad(a));
        set_fault(&f);
        mg_status status = mg_optimizer_step(optimizer);
        set_fault(NULL);
        mg_take_error();
        if (status != MG_OK) {
            failures++;
            check_all(a, same, 0.5, "a");
            check_all(b, same, 1.5, "b");
            CHECK_EQ_I64(mg_optimizer_step(optimizer), MG_OK);
        }
        CHECK(mg_data_f64(a)[0] < 0.5 && mg_data_f64(b)[N - 1] < 1.5 + 1e-4 * (N - 1));
        mg_optimizer_free(optimizer);
        mg_release(a);
        mg_release(b);
    }
    CHECK(failures >= 2);
}

/* Closing a scope evaluates what escapes; if that fails it stays open and can be closed again. */
MG_TEST(failed_memory, a_scope_that_cannot_close_stays_open) {
    mg_tensor *y = NULL;
    fault f = {0, 0, 1000};
    mg_scope scope = mg_scope_open();
    y = mg_keep(mg_multiply(mg_exp(make(0.5)), make(0.5)));
    set_fault(&f);
    mg_status status = mg_scope_close(scope);
    set_fault(NULL);
    CHECK_EQ_I64(status, MG_ERR_NO_MEMORY);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_NO_MEMORY);
    CHECK_EQ_I64(mg_scope_close(scope), MG_OK);
    check_all(y, exp_times_x, 0.5, "y");
    mg_release(y);
}
