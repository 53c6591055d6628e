/* SPDX-License-Identifier: MIT
 * Law 6 for every way of writing into every kind of tensor, with memory running out at every place: what could not be
 * done has changed no value, no gradient and no history, and works when it is tried again. */
#include "faults.h"
#include "harness.h"

#include <limits.h>
#include <mygrad/mygrad.h>
#include <stdlib.h>

enum { N = 4, BASE = 6 };

typedef enum kind { PLAIN, OUTER, WITH_VIEW, VIEW, OWN, GRADIENT, BORROWED, BORROWED_READ, BORROWED_VIEW, KINDS } kind;
static const char *const kind_names[] = {"plain",    "an outer tensor", "with a view",
                                         "a view",   "of its own",      "a gradient",
                                         "borrowed", "borrowed, read",  "a view of borrowed memory"};

typedef struct scene {
    kind kind;
    double memory[BASE], before[N], whole[BASE]; /* what target and base hold */
    mg_tensor *target, *base;                    /* base NULL: none */
    mg_tensor *y, *mask, *graph, *reader;
} scene;

static bool is_borrowed(kind k) { return k == BORROWED || k == BORROWED_READ || k == BORROWED_VIEW; }
static bool has_graph(kind k) { return k != BORROWED && k != GRADIENT; }

static mg_tensor *slice(mg_tensor *x) { return mg_getitem(x, MG_KEY(MG_S(1, 1 + N, 1))); }

static mg_tensor *whole_of(scene *s, int64_t n) {
    return is_borrowed(s->kind) ? mg_borrow(MG_F64, s->memory, MG_SHAPE(n), NULL, NULL)
                                : mg_from_f64(s->memory, MG_SHAPE(n));
}

/* target: 1 2 3 4 with gradient 2 4 6 8, or none if nothing was recorded; y: 5 6 7 8 with gradient 10 12 14 16. */
static void set_up(scene *s, kind k) {
    *s = (scene){.kind = k};
    const bool part = k == VIEW || k == OWN || k == BORROWED_VIEW;
    for (int i = 0; i < BASE; i++) s->whole[i] = s->memory[i] = part ? i : i + 1;
    for (int i = 0; i < N; i++) s->before[i] = i + 1;
    mg_tensor *x = whole_of(s, part ? BASE : N);
    s->target = part ? slice(x) : x;
    if (part) s->base = x;
    if (k == WITH_VIEW) s->reader = mg_getitem(x, MG_KEY(MG_S(0, 2, 1)));
    if (k == OWN) mg_set_constant(mg_set_constant(s->target, true), false);
    if (k == GRADIENT) {
        for (int i = 0; i < N; i++) s->memory[i] = .5 * (i + 1);
        s->base = mg_from_f64(s->memory, MG_SHAPE(N));
        mg_backward(mg_sum(mg_square(s->base)));
        s->target = mg_grad(s->base);
        s->base = NULL;
        mg_set_constant(s->target, true);
    }
    if (k == BORROWED_READ) s->reader = mg_add(x, mg_scalar(0));
    s->mask = mg_from_bool((bool[]){false, false, true, true}, MG_SHAPE(N));
    s->y = mg_from_f64((double[]){5, 6, 7, 8}, MG_SHAPE(N));
    mg_backward(mg_sum(mg_square(s->y)));
    mg_eval(mg_grad(s->y));
    if (!has_graph(k)) return;
    s->graph = mg_square(s->target);
    mg_backward(mg_sum(s->graph));
    mg_eval(mg_grad(s->target));
}

/* ---- the ways ---- */

static bool iadd(scene *s) { return mg_iadd(s->target, s->y); }
static bool imultiply(scene *s) { return mg_imultiply(s->target, s->y); }
static bool copyto(scene *s) { return mg_copyto(s->target, s->y); }
static bool setitem(scene *s) {
    return mg_setitem(s->target, MG_KEY(MG_S(0, 2, 1)), mg_getitem(s->y, MG_KEY(MG_S(0, 2, 1))));
}
static bool out(scene *s) {
    mg_no_autodiff(true);
    const bool done = mg_multiply(s->y, s->y, .out = s->target);
    mg_no_autodiff(false);
    return done;
}
static bool masked(scene *s) {
    mg_no_autodiff(true);
    const bool done = mg_multiply(s->y, s->y, .out = s->target, .where = s->mask);
    mg_no_autodiff(false);
    return done;
}
static bool pointer(scene *s) {
    mg_mem_guard(false);
    double *p = mg_data_mut(s->target);
    mg_mem_guard(true);
    for (int i = 0; p && i < N; i++) p[i] = 9 + i;
    return p;
}
static bool self(scene *s) { return mg_isubtract(s->target, s->target); }

static const struct way {
    const char *name;
    bool (*write)(scene *s);
    double after[N];
    bool uses_y;
} ways[] = {{"iadd", iadd, {6, 8, 10, 12}, true},
            {"imultiply", imultiply, {5, 12, 21, 32}, true},
            {"copyto", copyto, {5, 6, 7, 8}, true},
            {"setitem", setitem, {5, 6, 3, 4}, false}, /* a view of y is used, which has its gradient in y's place */
            {"out", out, {25, 36, 49, 64}, true},
            {"out where", masked, {1, 2, 49, 64}, true},
            {"data_mut", pointer, {9, 10, 11, 12}, false},
            {"isubtract of itself", self, {0, 0, 0, 0}, false}};

/* ---- what holds ---- */

static bool shows(mg_tensor *t, int64_t n, const double *values, double times) {
    double got[BASE];
    if (!t || mg_size(t) != n || mg_read(t, MG_F64, got) != MG_OK) return false;
    for (int i = 0; i < n; i++)
        if (got[i] != times * values[i]) return false;
    return true;
}

#define HOLDS(c) CHECK_MSG(c, "%s, %s, place %d: done %d", w->name, kind_names[s->kind], place, done)

static void check_values(scene *s, const struct way *w, int place, bool done) {
    const double *now = done ? w->after : s->before;
    HOLDS(shows(s->target, N, now, 1));
    for (int i = 0; s->base && done && i < N; i++) s->whole[1 + i] = now[i];
    if (s->base) HOLDS(shows(s->base, BASE, s->whole, 1));
    for (int i = 0; is_borrowed(s->kind) && i < N; i++) HOLDS(s->memory[s->base ? 1 + i : i] == now[i]);
    if (s->kind == WITH_VIEW) HOLDS(shows(s->reader, 2, now, 1));
    if (s->kind == BORROWED_READ) HOLDS(shows(s->reader, N, s->before, 1));
    HOLDS(shows(s->y, N, (double[]){5, 6, 7, 8}, 1));
}

static void check_gradients(scene *s, const struct way *w, int place, bool done) {
    const double y[] = {5, 6, 7, 8}, squares[] = {1, 4, 9, 16};
    if (!done || !w->uses_y) HOLDS(shows(mg_grad(s->y), N, y, 2));
    if (done && w->uses_y) HOLDS(!mg_grad(s->y));
    if (!has_graph(s->kind)) return;
    if (done) HOLDS(!mg_grad(s->target) && mg_grad_status(s->target) == MG_GRAD_REPLACED);
    if (!done) HOLDS(shows(mg_grad(s->target), N, s->before, 2));
    HOLDS(shows(s->graph, N, squares, 1));
    if (done) return;
    mg_null_grad(s->target);
    HOLDS(mg_backward(mg_sum(s->graph)) == MG_OK && shows(mg_grad(s->target), N, s->before, 2));
}

/* left < 0: the requests from number `place` on fail, -left of them. Returns whether the write was done at once. */
static bool attempt(kind k, const struct way *w, int place, int left) {
    scene made, *s = &made;
    mg_scope outer = mg_scope_open();
    set_up(s, k);
    CHECK_MSG(mg_take_error().code == MG_OK, "%s", kind_names[k]);
    mg_scope inner = k == OUTER ? mg_scope_open() : (mg_scope){0};
    if (left < 0)
        faults_from(place, -left);
    else
        faults_leave_blocks(left);
    bool done = w->write(s);
    faults_end();
    const bool at_once = done;
    HOLDS((mg_take_error().code == MG_OK) == done);
    check_values(s, w, place, done);
    check_gradients(s, w, place, done);
    if (!done) {
        HOLDS(w->write(s));
        done = true;
        check_values(s, w, place, done);
    }
    if (k == OUTER) CHECK_EQ_I64(mg_scope_close(inner), MG_OK);
    HOLDS(shows(s->target, N, w->after, 1));
    CHECK_EQ_I64(mg_scope_close(outer), MG_OK);
    return at_once;
}

static void check_way(const struct way *w) {
    for (kind k = 0; k < KINDS; k++) {
        int failed = 0;
        for (int left = 0, done = 0; done < 3; left++) {
            const bool at_once = attempt(k, w, left, left);
            failed += !at_once;
            done += at_once;
            CHECK_MSG(left < 200, "%s, %s never succeeds", w->name, kind_names[k]);
        }
        CHECK_MSG(failed > 0 || w->write == pointer, "%s, %s needs no block", w->name, kind_names[k]);
        for (int count = 1; count <= 2; count++)
            for (int place = 0, done = 0; done < 8; place++) done += attempt(k, w, place, count == 1 ? -1 : -INT_MAX);
    }
}

MG_TEST(failed_writes, of_every_kind_happen_or_not) {
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) check_way(&ways[i]);
}

/* ---- two results ---- */

/* Two tensors, or two views of one, which may share an element. */
static bool two_at_once(int layout, int left, bool with_mask) {
    const double y[] = {7, 8, 9}, before[] = {1, 2, 3, 4, 5, 6};
    const double quotient[] = {3, 4, 4}, rest[] = {1, 0, 1};
    double expected[6], got[6];
    MG_SCOPE;
    mg_tensor *base = mg_from_f64(before, MG_SHAPE(6)), *x = mg_from_f64(y, MG_SHAPE(3));
    mg_tensor *a = mg_getitem(base, MG_KEY(MG_S(0, 3, 1)));
    mg_tensor *b = mg_getitem(base, MG_KEY(layout == 2 ? MG_S(2, 5, 1) : MG_S(3, 6, 1)));
    if (layout == 0) a = mg_copy(a), b = mg_copy(b);
    if (layout == 3) mg_set_constant(b, true);
    if (layout == 4) b = mg_set_constant(b, true), a = mg_getitem(b, MG_KEY(MG_S(MG_NONE, MG_NONE, -1)));
    mg_tensor *mask = with_mask ? mg_from_bool((bool[]){true, false, true}, MG_SHAPE(3)) : NULL;
    mg_tensor *two = mg_scalar(2);
    mg_eval(a), mg_eval(b);
    mg_no_autodiff(true);
    faults_leave_blocks(left);
    mg_tensor *q, *r;
    const bool done = mg_divmod(x, two, &q, &r, .out = a, .out2 = b, .where = mask) == MG_OK;
    faults_end();
    mg_no_autodiff(false);
    CHECK((mg_take_error().code == MG_OK) == done && q == (done ? a : NULL) && r == (done ? b : NULL));
    for (int i = 0; i < 6; i++) expected[i] = before[i];
    for (int i = 0; done && i < 3; i++) {
        const int at[2] = {layout == 4 ? 5 - i : i, 3 + i - (layout == 2)};
        if (with_mask && i == 1) continue;
        expected[at[0]] = quotient[i];
    }
    for (int i = 0; done && i < 3; i++)
        if (!with_mask || i != 1) expected[3 + i - (layout == 2)] = rest[i];
    if (layout == 0) {
        CHECK_EQ_I64(mg_read(a, MG_F64, got), MG_OK);
        CHECK_EQ_I64(mg_read(b, MG_F64, got + 3), MG_OK);
    } else {
        CHECK_EQ_I64(mg_read(base, MG_F64, got), MG_OK);
    }
    for (int i = 0; i < 6; i++)
        CHECK_MSG(got[i] == expected[i], "layout %d, %d blocks, mask %d, done %d: element %d is %g, not %g", layout,
                  left, with_mask, done, i, got[i], expected[i]);
    if (layout == 0) return done;
    double parts[3];
    CHECK_EQ_I64(mg_read(b, MG_F64, parts), MG_OK);
    for (int i = 0; i < 3; i++) CHECK(parts[i] == expected[3 + i - (layout == 2)]);
    CHECK_EQ_I64(mg_read(a, MG_F64, parts), MG_OK);
    for (int i = 0; i < 3; i++) CHECK(parts[i] == expected[layout == 4 ? 5 - i : i]);
    return done;
}

MG_TEST(failed_writes, two_results_are_written_both_or_neither) {
    for (int layout = 0; layout < 5; layout++)
        for (int mask = 0; mask < 2; mask++) {
            int failed = 0;
            for (int left = 0, done = 0; done < 3; left++) {
                const bool at_once = two_at_once(layout, left, mask);
                failed += !at_once;
                done += at_once;
                CHECK(left < 200);
            }
            CHECK(failed > 0);
        }
}
