/* SPDX-License-Identifier: MIT
 * Random programs in which views, in-place writes, constants, detached and consumed values, borrowed memory, scopes,
 * times without recording and gradients that are read, used and written meet, against a tape of single numbers
 * (scalar_tape.h). Every value, gradient and constancy is compared after every step; integers, so that all is exact. */
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
    double *memory[TAPE_TENSORS]; /* borrowed: that of the whole */
    double memories[TAPE_TENSORS][TAPE_LENGTH];
    mg_scope scopes[4];
    char log[8192];
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
        r->logged = r->logged > 8000 ? 8000 : r->logged

static void set(run *r, int k, mg_tensor *t) {
    if (k < 0) return;
    CHECK_MSG(t != NULL, "%s", r->log);
    r->tensor[k] = t;
    r->memory[k] = NULL;
}

static void leaf(run *r, mg_test_rng *rng) {
    double values[TAPE_LENGTH];
    for (int i = 0; i < TAPE_LENGTH; i++) values[i] = (double)mg_test_int(rng, -2, 3);
    const bool borrowed = mg_test_int(rng, 0, 3) == 0, constant = mg_test_int(rng, 0, 3) == 0;
    int k = tape_leaf(&r->model, values, TAPE_LENGTH, !constant);
    if (k < 0) return;
    LOG("%d = leaf%s%s %g %g %g %g %g %g\n", k, borrowed ? " borrowed" : "", constant ? " constant" : "", values[0],
        values[1], values[2], values[3], values[4], values[5]);
    double *memory = borrowed ? r->memories[k] : values;
    for (int i = 0; i < TAPE_LENGTH; i++) memory[i] = values[i];
    set(r, k,
        borrowed ? mg_borrow(MG_F64, memory, MG_SHAPE(TAPE_LENGTH), NULL, NULL)
                 : mg_from_f64(values, MG_SHAPE(TAPE_LENGTH)));
    if (borrowed) r->memory[k] = memory;
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
    if (k < 0) return;
    set(r, k, mg_getitem(r->tensor[a], MG_KEY(MG_S(first, stop < 0 ? MG_NONE : stop, step))));
    r->memory[k] = r->memory[a];
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

static void write_op(run *r, mg_test_rng *rng) {
    const int to = pick(r, rng), a = pick_like(r, rng, to), b = pick_like(r, rng, to),
              what = (int)mg_test_int(rng, 0, 2);
    mg_tensor *x = r->tensor[a], *y = r->tensor[b], *z = r->tensor[to], *done;
    const bool variable = tape_is_variable(&r->model, a) || tape_is_variable(&r->model, b);
    if (variable && r->model.recording) return; /* gradients do not go through .out */
    LOG("%d = %d %c %d by .out\n", to, a, "+-*"[what], b);
    tape_write_op(&r->model, to, "+-*"[what], a, b);
    if (r->model.full) return;
    done = what == 0 ? mg_add(x, y, .out = z) : what == 1 ? mg_subtract(x, y, .out = z) : mg_multiply(x, y, .out = z);
    CHECK_MSG(done == z, "%s", r->log);
}

static void fill(run *r, mg_tensor *x, int n, double value) {
    mg_mem_guard(false);
    char *p = mg_data_mut(x);
    mg_mem_guard(true);
    int64_t stride;
    CHECK_MSG(p && mg_strides(x, &stride) == MG_OK, "%s", r->log);
    for (int i = 0; i < n; i++) *(double *)(void *)(p + i * stride) = value;
}

static void overwrite(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng);
    const double value = (double)mg_test_int(rng, -2, 2);
    LOG("%d[:] = %g through a pointer\n", a, value);
    tape_overwrite(&r->model, a, value);
    fill(r, r->tensor[a], r->model.tensor[a].n, value);
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
    const bool consume = mg_test_int(rng, 0, 3) == 0 && tape_may_consume(&r->model, f);
    LOG("backward %d%s%s", f, accumulate ? ", accumulate" : "", consume ? ", consume" : "");
    const bool valid = tape_backward(&r->model, f, accumulate, consume);
    LOG("%s\n", valid ? "" : ": invalid");
    if (r->model.full) return;
    mg_status status = mg_backward(r->tensor[f], .accumulate = accumulate, .consume = consume);
    CHECK_MSG(status == (valid ? MG_OK : MG_ERR_INVALID_BACKPROP), "status %d\n%s", (int)status, r->log);
    if (!valid) CHECK_EQ_I64(mg_take_error().code, MG_ERR_INVALID_BACKPROP);
}

/* The gradient as an operand: in an operation, or to step its tensor or another. */
static void use_grad(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng), to = mg_test_int(rng, 0, 1) ? a : pick_like(r, rng, a);
    const bool inplace = mg_test_int(rng, 0, 1);
    if (!tape_has_grad(&r->model, a)) return;
    double values[TAPE_LENGTH] = {0};
    for (int i = 0; i < r->model.tensor[a].n; i++) values[i] = tape_grad(&r->model, a, i);
    const int g = tape_leaf(&r->model, values, r->model.tensor[a].n, false);
    if (g < 0) return;
    tape_release(&r->model, g);
    LOG("%d %s gradient of %d\n", to, inplace ? "-=" : "times the", a);
    if (inplace) {
        tape_write(&r->model, to, '-', g, false);
        if (!r->model.full)
            CHECK_MSG(mg_isubtract(r->tensor[to], mg_grad(r->tensor[a])) == r->tensor[to], "%s", r->log);
    } else {
        const int k = tape_binary(&r->model, '*', to, g);
        if (k >= 0) set(r, k, mg_multiply(r->tensor[to], mg_grad(r->tensor[a])));
    }
}

static void write_grad(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng);
    if (!tape_has_grad(&r->model, a) || !r->model.recording) return;
    mg_tensor *g = mg_grad(r->tensor[a]);
    if (mg_test_int(rng, 0, 1)) {
        LOG("gradient of %d *= 3\n", a);
        tape_scale_grad(&r->model, a, 3);
        CHECK_MSG(mg_imultiply(g, mg_scalar(3)) == g, "%s", r->log);
        return;
    }
    LOG("gradient of %d = 2 through a pointer\n", a);
    tape_fill_grad(&r->model, a, 2);
    fill(r, g, r->model.tensor[a].n, 2);
}

static void sync_memory(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng);
    if (!r->memory[a]) return;
    LOG("sync %d:", a);
    CHECK_EQ_I64(mg_sync(r->tensor[a]), MG_OK);
    for (int i = 0; i < TAPE_LENGTH; i++) {
        if (mg_test_int(rng, 0, 2) == 0) r->memory[a][i] = (double)mg_test_int(rng, -2, 3);
        LOG(" %g", r->memory[a][i]);
    }
    LOG("\n");
    tape_sync(&r->model, a, r->memory[a]);
}

static void keep(run *r, int a) {
    LOG("keep %d\n", a);
    tape_keep(&r->model, a);
    CHECK_MSG(mg_keep(r->tensor[a]) == r->tensor[a], "%s", r->log);
}

static void release(run *r, int a) {
    LOG("release %d\n", a);
    tape_release(&r->model, a);
    mg_release(r->tensor[a]);
}

static void keep_one(run *r, mg_test_rng *rng) { keep(r, pick(r, rng)); }

static void release_one(run *r, mg_test_rng *rng) {
    if (r->model.n_tensors > 6) release(r, pick(r, rng));
}

/* mg_keep moves on: w = keep(w - v), and the old w is released. */
static void move_on(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng), b = pick_like(r, rng, a), k = tape_binary(&r->model, '-', a, b);
    LOG("%d = %d - %d\n", k, a, b);
    if (k < 0) return;
    set(r, k, mg_subtract(r->tensor[a], r->tensor[b]));
    keep(r, k);
    release(r, a);
}

static void evaluate(run *r, mg_test_rng *rng) {
    const int a = pick(r, rng);
    LOG("eval %d\n", a);
    tape_use(&r->model, a);
    CHECK_EQ_I64(mg_eval(r->tensor[a]), MG_OK);
}

static void switch_recording(run *r, mg_test_rng *rng) {
    if (r->model.recording && mg_test_int(rng, 0, 1)) return;
    r->model.recording = !r->model.recording;
    LOG("recording %d\n", r->model.recording);
    mg_no_autodiff(!r->model.recording);
}

static void close_scope(run *r) {
    LOG("scope %d closes\n", r->model.scope);
    tape_close_scope(&r->model);
    CHECK_MSG(mg_scope_close(r->scopes[r->model.scope]) == MG_OK, "%s", r->log);
}

static void scope(run *r, mg_test_rng *rng) {
    if (r->model.scope && mg_test_int(rng, 0, 1)) {
        close_scope(r);
    } else if (r->model.scope < (int)(sizeof r->scopes / sizeof *r->scopes)) {
        r->scopes[r->model.scope] = mg_scope_open();
        tape_open_scope(&r->model);
        LOG("scope %d opens\n", r->model.scope);
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
    for (int i = 0; i < r->model.tensor[k].n && r->memory[k]; i++)
        CHECK_MSG(r->memory[k][r->model.tensor[k].first + i * r->model.tensor[k].step] == got[i],
                  "the memory of %d at %d\n%s", k, i, r->log);
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
static step *const steps[] = {
    leaf,        operation, operation,        operation, slice,      slice,    write,       write,    write,   write_op,
    overwrite,   constancy, constancy,        use_grad,  write_grad, detach,   sync_memory, keep_one, move_on, scope,
    release_one, evaluate,  switch_recording, backward,  backward,   backward, scope,       use_grad};

static void program(run *r, mg_test_rng *rng) {
    const mg_scope scope = mg_scope_open();
    tape_start(&r->model);
    r->logged = 0;
    memset(r->tensor, 0, sizeof r->tensor);
    memset(r->memory, 0, sizeof r->memory);
    for (int i = 0; i < 2; i++) leaf(r, rng);
    for (int i = 0, n = (int)mg_test_int(rng, 4, 60); i < n && !r->model.full; i++) {
        if (pick(r, rng) < 0) leaf(r, rng);
        steps[mg_test_int(rng, 0, sizeof steps / sizeof *steps - 1)](r, rng);
        if (!r->model.full) compare(r, rng, false);
    }
    compare(r, rng, true);
    while (r->model.scope) close_scope(r);
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
