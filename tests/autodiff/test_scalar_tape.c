/* SPDX-License-Identifier: MIT
 * Random programs in which views, in-place writes, constants, detached values, borrowed memory, times without recording
 * and gradients that are written meet, against a tape of single numbers (scalar_tape.h). Every value, gradient and
 * constancy is compared after every step; integers, so that all is exact. */
#include "autodiff/thread.h"
#include "harness.h"
#include "scalar_tape.h"

#include <mygrad/mygrad.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct run {
    tape model;
    mg_tensor *tensor[TAPE_TENSORS];
    bool borrowed[TAPE_TENSORS];
    double memory[TAPE_TENSORS][TAPE_LENGTH];
    char log[4096];
    int logged;
} run;

static int pick(const run *r, mg_test_rng *rng) {
    int live[TAPE_TENSORS], n = 0;
    for (int i = 0; i < r->model.n_tensors; i++)
        if (r->model.tensor[i].live) live[n++] = i;
    return n ? live[mg_test_int(rng, 0, n - 1)] : -1;
}

/* Another one of as many elements. */
static int pick_like(const run *r, mg_test_rng *rng, int a) {
    for (int tries = 0; tries < 8; tries++) {
        int b = pick(r, rng);
        if (r->model.tensor[b].n == r->model.tensor[a].n) return b;
    }
    return a;
}

#define LOG(...)                                                                                                       \
    r->logged += snprintf(r->log + r->logged, sizeof r->log - (size_t)r->logged, __VA_ARGS__),                         \
        r->logged = r->logged > 4000 ? 4000 : r->logged

static void set(run *r, int k, mg_tensor *t) {
    if (k < 0) return;
    CHECK_MSG(t != NULL, "%s", r->log);
    r->tensor[k] = t;
    r->borrowed[k] = false;
}

static void leaf(run *r, mg_test_rng *rng) {
    double values[TAPE_LENGTH];
    for (int i = 0; i < TAPE_LENGTH; i++) values[i] = (double)mg_test_int(rng, -2, 3);
    const bool borrowed = mg_test_int(rng, 0, 3) == 0, constant = mg_test_int(rng, 0, 3) == 0;
    int k = tape_leaf(&r->model, values, TAPE_LENGTH, !constant);
    if (k < 0) return;
    LOG("%d = leaf%s%s %g %g %g %g %g %g\n", k, borrowed ? " borrowed" : "", constant ? " constant" : "", values[0],
        values[1], values[2], values[3], values[4], values[5]);
    double *memory = borrowed ? r->memory[k] : values;
    for (int i = 0; i < TAPE_LENGTH; i++) memory[i] = values[i];
    set(r, k,
        borrowed ? mg_borrow(MG_F64, memory, MG_SHAPE(TAPE_LENGTH), NULL, NULL)
                 : mg_from_f64(values, MG_SHAPE(TAPE_LENGTH)));
    r->borrowed[k] = borrowed;
    if (constant) mg_set_constant(r->tensor[k], true);
}

static void operation(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng), b = pick_like(r, rng, a), what = (int)mg_test_int(rng, 0, 3);
    mg_tensor *x = r->tensor[a], *y = r->tensor[b];
    const char op = "+-*n"[what];
    int k = what == 3 ? tape_negate(&r->model, a) : tape_binary(&r->model, op, a, b);
    LOG("%d = %d %c %d\n", k, a, op, b);
    if (k >= 0)
        set(r, k,
            what == 0   ? mg_add(x, y)
            : what == 1 ? mg_subtract(x, y)
            : what == 2 ? mg_multiply(x, y)
                        : mg_negative(x));
}

static void slice(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng), length = r->model.tensor[a].n;
    const int step = (int)mg_test_int(rng, 1, 2) * (mg_test_int(rng, 0, 2) ? 1 : -1), size = step < 0 ? -step : step;
    const int n = (int)mg_test_int(rng, 1, (length - 1) / size + 1), span = (n - 1) * size;
    const int low = (int)mg_test_int(rng, 0, length - 1 - span), first = step > 0 ? low : low + span;
    int k = tape_slice(&r->model, a, first, n, step);
    LOG("%d = %d[%d:%d items:%d]\n", k, a, first, n, step);
    const int64_t stop = first + (int64_t)n * step;
    if (k >= 0) set(r, k, mg_getitem(r->tensor[a], MG_KEY(MG_S(first, stop < 0 ? MG_NONE : stop, step))));
}

static void write(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng), b = pick_like(r, rng, a), what = (int)mg_test_int(rng, 0, 3);
    mg_tensor *x = r->tensor[a], *y = r->tensor[b], *done = NULL;
    const bool as_item = what == 3 && mg_test_int(rng, 0, 1);
    LOG("%d%s %c= %d\n", a, as_item ? "[...]" : "", "+-*="[what], b);
    tape_write(&r->model, a, "+-*="[what], b, as_item);
    if (r->model.full) return;
    if (what == 0) done = mg_iadd(x, y);
    if (what == 1) done = mg_isubtract(x, y);
    if (what == 2) done = mg_imultiply(x, y);
    if (what == 3) done = as_item ? mg_setitem(x, MG_KEY(MG_ELLIPSIS), y) : mg_copyto(x, y);
    CHECK_MSG(done == x, "%s", r->log);
}

static void overwrite(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng);
    const double value = (double)mg_test_int(rng, -2, 2);
    LOG("%d[:] = %g through a pointer\n", a, value);
    tape_overwrite(&r->model, a, value);
    mg_mem_guard(false);
    char *p = mg_data_mut(r->tensor[a]);
    mg_mem_guard(true);
    int64_t stride;
    CHECK_MSG(p && mg_strides(r->tensor[a], &stride) == MG_OK, "%s", r->log);
    for (int i = 0; i < r->model.tensor[a].n; i++) *(double *)(void *)(p + i * stride) = value;
}

static void constancy(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng);
    const bool constant = mg_test_int(rng, 0, 1);
    LOG("%d constant %d\n", a, constant);
    tape_set_constant(&r->model, a, constant);
    CHECK_MSG(mg_set_constant(r->tensor[a], constant) == r->tensor[a], "%s", r->log);
}

static void detach(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng), k = tape_detach(&r->model, a);
    LOG("%d = detached %d\n", k, a);
    if (k >= 0) set(r, k, mg_detach(r->tensor[a]));
}

static void backward(run *r, mg_test_rng *rng) {
    const int f = pick(r, rng);
    const bool accumulate = mg_test_int(rng, 0, 3) == 0;
    if (!r->model.recording) return;
    LOG("backward %d%s\n", f, accumulate ? ", accumulate" : "");
    tape_backward(&r->model, f, accumulate);
    if (!r->model.full) CHECK_MSG(mg_backward(r->tensor[f], .accumulate = accumulate) == MG_OK, "%s", r->log);
}

static void scale_grad(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng);
    if (!tape_has_grad(&r->model, a) || !r->model.recording) return;
    LOG("gradient of %d *= 3\n", a);
    tape_scale_grad(&r->model, a, 3);
    CHECK_MSG(mg_imultiply(mg_grad(r->tensor[a]), mg_scalar(3)) != NULL, "%s", r->log);
}

static void other(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng), what = (int)mg_test_int(rng, 0, 4);
    if (what == 0) {
        r->model.recording = !r->model.recording;
        LOG("recording %d\n", r->model.recording);
        mg_no_autodiff(!r->model.recording);
    } else if (what == 1 && r->model.n_tensors > 6) {
        LOG("release %d\n", a);
        tape_release(&r->model, a);
        mg_release(r->tensor[a]);
    } else if (what == 2) {
        LOG("eval %d\n", a);
        tape_use(&r->model, a);
        mg_eval(r->tensor[a]);
    } else if (what == 3) {
        LOG("keep %d\n", a);
        tape_use(&r->model, a);
        mg_keep(r->tensor[a]);
    } else if (r->borrowed[a]) {
        LOG("sync %d\n", a);
        tape_sync(&r->model, a);
        CHECK_EQ_I64(mg_sync(r->tensor[a]), MG_OK);
    }
}

static void compare_grad(run *r, int k) {
    mg_tensor *g = mg_grad(r->tensor[k]);
    CHECK_MSG((g != NULL) == tape_has_grad(&r->model, k), "%d has a gradient: %d\n%s", k, g != NULL, r->log);
    double got[TAPE_LENGTH];
    if (!g) return;
    LOG("(gradient of %d read)\n", k);
    CHECK_EQ_I64(mg_read(g, MG_F64, got), MG_OK);
    for (int i = 0; i < r->model.tensor[k].n; i++)
        CHECK_MSG(got[i] == tape_grad(&r->model, k, i), "gradient of %d at %d: %g, not %g\n%s", k, i, got[i],
                  tape_grad(&r->model, k, i), r->log);
}

static void compare_values(run *r, int k) {
    double got[TAPE_LENGTH];
    LOG("(%d read)\n", k);
    tape_use(&r->model, k);
    CHECK_MSG(mg_read(r->tensor[k], MG_F64, got) == MG_OK, "%s", r->log);
    for (int i = 0; i < r->model.tensor[k].n; i++)
        CHECK_MSG(got[i] == tape_element(&r->model, k, i), "%d at %d: %g, not %g\n%s", k, i, got[i],
                  tape_element(&r->model, k, i), r->log);
}

/* Looking evaluates, so most of the time nobody looks. */
static void compare(run *r, mg_test_rng *rng, bool all) {
    for (int k = 0; k < r->model.n_tensors && !r->model.full; k++) {
        if (!r->model.tensor[k].live) continue;
        CHECK_MSG(mg_is_constant(r->tensor[k]) == !tape_is_variable(&r->model, k), "%d is constant: %d\n%s", k,
                  mg_is_constant(r->tensor[k]), r->log);
        CHECK_MSG((mg_grad_status(r->tensor[k]) == MG_GRAD_READY) == tape_has_grad(&r->model, k),
                  "status of the gradient of %d: %d\n%s", k, (int)mg_grad_status(r->tensor[k]), r->log);
        if (all || mg_test_int(rng, 0, 15) == 0) compare_grad(r, k);
        if (all || mg_test_int(rng, 0, 15) == 0) compare_values(r, k);
    }
}

typedef void step(run *r, mg_test_rng *rng);
static step *const steps[] = {leaf,      operation, operation, operation,  slice,  slice, write, write,    write,
                              overwrite, constancy, constancy, scale_grad, detach, other, other, backward, backward};

static void program(run *r, mg_test_rng *rng) {
    const mg_scope scope = mg_scope_open();
    tape_start(&r->model);
    r->logged = 0;
    memset(r->tensor, 0, sizeof r->tensor);
    for (int i = 0; i < 2; i++) leaf(r, rng);
    for (int i = 0, n = (int)mg_test_int(rng, 4, 40); i < n && !r->model.full; i++) {
        steps[mg_test_int(rng, 0, sizeof steps / sizeof *steps - 1)](r, rng);
        if (!r->model.full) compare(r, rng, false);
    }
    compare(r, rng, true);
    if (!r->model.recording) mg_no_autodiff(false);
    for (int k = 0; k < r->model.n_tensors; k++)
        if (r->model.tensor[k].live && r->tensor[k]) mg_release(r->tensor[k]);
    CHECK_EQ_I64(mg_take_error().code, MG_OK);
    mg_scope_close(scope);
}

MG_TEST(scalar_tape, random_programs) {
    mg_test_rng rng = mg_test_rng_new();
    run *r = malloc(sizeof *r);
    mg_release(mg_scalar(0)); /* a thread's state */
    mga_thread *thread = mga_thread_get();
    for (int i = 0, n = mg_test_times(20000); i < n; i++) {
        thread->debug = i % 3 == 1;
        thread->eager = i % 5 == 1;
        thread->tiles_only = i % 7 == 1;
        program(r, &rng);
    }
    thread->debug = thread->eager = thread->tiles_only = false;
    free(r);
}
