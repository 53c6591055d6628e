/* SPDX-License-Identifier: MIT
 * Rules B6 and law 6: whichever allocation fails, the call says so, nothing is half done, and the same call works
 * afterwards. */
#include "harness.h"
#include "runtime/linalg.h"
#include "runtime/memory.h"
#include "runtime/system_memory.h"
#include "runtime/tile.h"

#include <limits.h>
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

/* The second one is the caller's memory, and a recorded graph reads it. */
MG_TEST(failed_memory, also_where_a_parameter_is_borrowed) {
    static double memory[N];
    int failures = 0;
    for (int first = 0; first < 80; first++) {
        MG_SCOPE;
        fault f = {0, first, 1};
        for (int i = 0; i < N; i++) memory[i] = 1.5 + 1e-4 * i;
        mg_tensor *a = mg_keep(make(0.5)), *b = mg_keep(mg_borrow(MG_F64, memory, MG_SHAPE(N), NULL, NULL));
        mg_optimizer *optimizer = mg_adam(((mg_tensor *[]){a, b}), 2);
        mg_tensor *graph = mg_multiply(mg_exp(a), b);
        CHECK_EQ_I64(mg_backward(mg_sum(graph)), MG_OK);
        mg_eval(mg_grad(a)), mg_eval(mg_grad(b));
        set_fault(&f);
        mg_status status = mg_optimizer_step(optimizer);
        set_fault(NULL);
        mg_take_error();
        if (status != MG_OK) {
            failures++;
            check_all(a, same, 0.5, "a");
            check_all(b, same, 1.5, "b");
            CHECK(memory[0] == 1.5 && mg_grad(a) && mg_grad(b));
            CHECK_EQ_I64(mg_optimizer_step(optimizer), MG_OK);
        }
        CHECK(mg_data_f64(a)[0] < 0.5 && memory[N - 1] < 1.5 + 1e-4 * (N - 1) && mg_data_f64(b) == memory);
        CHECK_NEAR(mg_data_f64(graph)[0], exp(0.5) * 1.5, 1e-12);
        mg_optimizer_free(optimizer);
        mg_release(a);
        mg_release(b);
    }
    CHECK(failures >= 3);
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

/* ---- the small blocks that nodes and handles come from ---- */

enum { CLASSES = 5, SMALLEST = 64, LEFT = 40 };

typedef struct taken {
    struct taken *next;
} taken;

/* Take every free block of every class but `left` of each, from a system that gives no more. */
static void leave_blocks(taken *lists[CLASSES], int left) {
    static fault all;
    all = (fault){.count = INT_MAX};
    set_fault(&all);
    for (int c = 0; c < CLASSES; c++) {
        lists[c] = NULL;
        for (taken *t; (t = mgr_block_try((size_t)SMALLEST << c));) {
            t->next = lists[c];
            lists[c] = t;
        }
        for (int i = 0; i < left && lists[c]; i++) {
            taken *t = lists[c];
            lists[c] = t->next;
            mgr_block_free(t, (size_t)SMALLEST << c);
        }
    }
}

static void give_back(taken *lists[CLASSES]) {
    set_fault(NULL);
    for (int c = 0; c < CLASSES; c++)
        for (taken *t = lists[c], *next; t; t = next) {
            next = t->next;
            mgr_block_free(t, (size_t)SMALLEST << c);
        }
}

static mg_tensor *add_two(mg_tensor *x, mg_tensor *two) { return mg_iadd(x, two); }
static mg_tensor *add_to_grad(mg_tensor *x, mg_tensor *two) { return mg_iadd(mg_grad(x), two) ? x : NULL; }
static mg_tensor *set_first(mg_tensor *x, mg_tensor *two) { return mg_setitem(x, MG_KEY(MG_S(0, 1, 1)), two); }
static mg_tensor *flip_constant(mg_tensor *x, mg_tensor *two) {
    (void)two;
    return mg_set_constant(x, !mg_is_constant(x));
}

static const struct {
    const char *name;
    mg_tensor *(*change)(mg_tensor *x, mg_tensor *two);
    double value[2], grad[2]; /* of v then; grad 0: none */
    bool flips;
} changes[] = {{"iadd", add_two, {3, 4}, {0}, false},
               {"iadd of the gradient", add_to_grad, {1, 2}, {4, 6}, false},
               {"setitem", set_first, {2, 2}, {0}, false},
               {"set_constant", flip_constant, {1, 2}, {0}, true}};

static bool has(mg_tensor *t, const double *values) {
    double got[2] = {0};
    return mg_read(t, MG_F64, got) == MG_OK && got[0] == values[0] && got[1] == values[1];
}

/* v, [1 2] with gradient [2 4], is changed, or it is as it was and there is an error. Returns whether it was changed.
 */
static bool all_or_nothing(size_t i, int kind, int left) {
    static const double value[] = {1, 2}, grad[] = {2, 4};
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3}, MG_SHAPE(3)), *two = mg_scalar(2);
    mg_tensor *v = kind ? mg_getitem(x, MG_KEY(MG_S(0, 2, 1))) : mg_from_f64(value, MG_SHAPE(2));
    if (kind == 2) mg_set_constant(mg_set_constant(v, true), false);
    mg_backward(mg_sum(mg_square(v)));
    mg_eval(mg_grad(v));
    const bool constant = mg_is_constant(v);
    taken *lists[CLASSES];
    leave_blocks(lists, left);
    const bool done = changes[i].change(v, two) != NULL;
    give_back(lists);
    const mg_status status = mg_take_error().code;
    const char *name = changes[i].name;
    CHECK_MSG(done == (status == MG_OK), "%s, kind %d, %d blocks: status %d", name, kind, left, (int)status);
    CHECK_MSG(has(v, done ? changes[i].value : value), "%s, kind %d, %d blocks: done %d, other values", name, kind,
              left, done);
    CHECK_MSG(mg_is_constant(v) == (constant != (done && changes[i].flips)), "%s, kind %d, %d blocks: constancy", name,
              kind, left);
    const double *expected = done ? changes[i].grad : grad;
    CHECK_MSG(expected[0] == 0 ? !mg_grad(v) : mg_grad(v) && has(mg_grad(v), expected),
              "%s, kind %d, %d blocks: done %d, other gradient", name, kind, left, done);
    return done;
}

MG_TEST(failed_memory, a_write_is_done_or_it_failed) {
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        for (int kind = 0; kind < 3; kind++) {
            int done = 0;
            for (int left = 0; left < LEFT; left++) done += all_or_nothing(i, kind, left);
            CHECK_MSG(done > 0 && done < LEFT, "%s, kind %d: done %d times of %d", changes[i].name, kind, done, LEFT);
        }
}
