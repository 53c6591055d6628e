/* SPDX-License-Identifier: MIT
 * Rules F7, the sweep: what dies later than the last write, release or scope close that could have told is let go of
 * when nodes or bytes have doubled; at O(1) a node; and no bit or gradient depends on it. Threads that let go of each
 * other's histories, or try to use them. */
#include "autodiff/history.h"
#include "harness.h"
#include "tensor_check.h"

#include <mygrad/mygrad.h>
#include <pthread.h>
#include <string.h>

static mg_stats stats(void) {
    mg_stats s;
    mg_get_stats(&s);
    return s;
}

static mg_tensor *ones(int64_t n) { return mg_ones(MG_SHAPE(n), .dtype = MG_F64); }

/* Live nodes, then bytes, that are many enough for a sweep; all gone afterwards. */
static void spend_nodes(void) {
    MG_SCOPE;
    mg_tensor *x = mg_set_constant(vec(1, 2, 3), true);
    for (int i = 0; i < 5000; i++) x = mg_negative(x);
    mg_eval(x);
}

static void spend_bytes(void) {
    MG_SCOPE;
    for (int i = 0; i < 64; i++) ones(1 << 17);
    mg_negative(ones(1)); /* what is made last may be what made it due */
}

/* f(x) kept, x released when the scope of f(x) has closed. */
static void dies_later(void (*spend)(void)) {
    mg_scope_reset();
    mga_sweep(mga_thread_get()); /* what other tests left */
    const mg_stats before = stats();
    mg_tensor *x = mg_keep(ones(1000)), *y;
    {
        MG_SCOPE;
        y = mg_keep(mg_exp(mg_square(mg_multiply(x, x))));
    }
    mg_release(x);
    CHECK(stats().live_nodes - before.live_nodes == 4);
    spend();
    CHECK_EQ_I64(stats().live_nodes - before.live_nodes, 1);
    CHECK(stats().live_bytes - before.live_bytes < 12000);
    MG_SCOPE;
    CHECK(!mg_is_constant(y));
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(y))), MG_OK);
    CHECK_NEAR(mg_data_f64(mg_grad(y))[999], 2 * 2.718281828459045, 1e-14);
    mg_release(y);
}

MG_TEST(sweep, a_history_whose_variables_die_later_goes_when_nodes_have_doubled) { dies_later(spend_nodes); }
MG_TEST(sweep, or_bytes) { dies_later(spend_bytes); }

/* Between a write and the close that would settle it: what a backward has consumed has nothing more to let go of. */
MG_TEST(sweep, one_before_a_close_leaves_it_nothing_to_do) {
    mg_tensor *w = mg_keep(ones(3)), *x = mg_keep(ones(3));
    for (int turn = 0; turn < 3; turn++) {
        MG_SCOPE;
        mg_iadd(w, mg_multiply(x, x));
        CHECK_EQ_I64(mg_backward(mg_sum(w), .consume = true), MG_OK);
        mga_sweep(mga_thread_get());
    }
    MG_SCOPE;
    VALUES(w, 4, 4, 4);
    VALUES(mg_grad(x), 2, 2, 2);
    mg_release(w);
    mg_release(x);
}

/* ---- loops ---- */

typedef struct state {
    mg_tensor *w, *mean;
} state;

static void replace(mg_tensor **t, mg_tensor *value) {
    mg_tensor *old = *t;
    *t = value;
    mg_release(old);
}

/* Everything is released by hand, what things were computed from last. */
static void without_scopes(state *s) {
    mg_tensor *x = ones(64), *h = mg_square(x), *y = mg_keep(mg_exp(h));
    mg_release(h);
    mg_release(x);
    replace(&s->mean, y);
}

/* A list of values whose variables are gone: only they are to stay. */
static void mean_then_step(state *s) {
    mg_tensor *mean;
    {
        MG_SCOPE;
        mean = mg_keep(mg_add(mg_multiply(s->mean, mg_scalar(.9)), mg_multiply(s->w, mg_scalar(.1))));
    }
    replace(&s->mean, mean);
    mg_isubtract(s->w, mg_scalar(1e-6));
    mg_scope_reset();
}

static void step_then_mean(state *s) {
    mg_tensor *w, *mean;
    {
        MG_SCOPE;
        w = mg_keep(mg_multiply(s->w, mg_scalar(.999999)));
        mean = mg_keep(mg_add(mg_multiply(s->w, mg_scalar(.1)), mg_multiply(s->mean, mg_scalar(.9))));
    }
    replace(&s->mean, mean);
    replace(&s->w, w);
}

static void mean_with_names(state *s) {
    mg_tensor *tenth = mg_scalar(.1), *rest = mg_scalar(.9), *a = mg_multiply(s->w, tenth),
              *b = mg_multiply(s->mean, rest), *mean = mg_keep(mg_add(a, b)), *w = mg_keep(mg_negative(s->w));
    mg_eval(mean), mg_eval(w);
    replace(&s->mean, mean);
    mg_release(b), mg_release(a), mg_release(tenth), mg_release(rest);
    replace(&s->w, w);
}

static void through_a_view(state *s) {
    MG_SCOPE;
    mg_tensor *part = mg_getitem(s->w, MG_KEY(MG_S(0, 8, 1)));
    mg_isubtract(part, mg_multiply(mg_getitem(s->mean, MG_KEY(MG_S(0, 8, 1))), mg_scalar(1e-6)));
    mg_isubtract(s->mean, mg_multiply(s->w, mg_scalar(1e-6)));
}

MG_TEST(sweep, loops_are_flat_however_they_let_go) {
    static const struct {
        const char *name;
        void (*turn)(state *s);
    } loops[] = {{"without scopes", without_scopes},
                 {"mean, then step", mean_then_step},
                 {"step, then mean", step_then_mean},
                 {"mean with names", mean_with_names},
                 {"through a view", through_a_view}};
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        state s = {mg_keep(ones(64)), mg_keep(ones(64))};
        const mg_stats before = stats();
        uint64_t nodes = 0, bytes = 0;
        for (int turn = 0; turn < 20000; turn++) {
            loops[i].turn(&s);
            const mg_stats now = stats();
            if (now.live_nodes > before.live_nodes && now.live_nodes - before.live_nodes > nodes)
                nodes = now.live_nodes - before.live_nodes;
            if (now.live_bytes > before.live_bytes && now.live_bytes - before.live_bytes > bytes)
                bytes = now.live_bytes - before.live_bytes;
        }
        mg_error error = mg_take_error();
        CHECK_MSG(error.code == MG_OK, "%s: %s", loops[i].name, error.message);
        CHECK_MSG(nodes < 3000 && bytes < (12u << 20), "%s: %llu nodes, %llu bytes", loops[i].name,
                  (unsigned long long)nodes, (unsigned long long)bytes);
        mg_release(s.w), mg_release(s.mean);
        mg_scope_reset();
    }
}

/* ---- what rightly stays, and what it costs ---- */

/* w = (1 - rate)^n: each turn is a node that stays. */
MG_TEST(sweep, visits_a_node_a_few_times_while_a_graph_grows) {
    const mga_thread *thread = mga_thread_get();
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = x, *first = NULL;
    const uint64_t searched = thread->searched, seq = thread->seq;
    for (int i = 0; i < 200000; i++) {
        mg_tensor *next = mg_negative(y);
        if (i == 100)
            first = y;
        else if (i % 2 && y != x)
            mg_release(y);
        y = next;
    }
    const double per_node = (double)(thread->searched - searched) / (double)(thread->seq - seq);
    CHECK_MSG(per_node < 6, "%g visits a node", per_node);
    CHECK(stats().live_nodes >= 200000);
    CHECK_EQ_I64(mg_backward(y), MG_OK);
    VALUES(mg_grad(x), 1, 1, 1);
    VALUES(mg_grad(first), 1, 1, 1);
}

/* A program with kept, released, written, consumed values, that leads to numbers. */
static void program(bool sweeping, double *result) {
    mga_thread *thread = mga_thread_get();
    mg_tensor *w = mg_keep(vec(.1, .2, .3)), *rate = mg_keep(mg_from_f64((double[]){.01}, MG_SHAPE(1)));
    mg_tensor *seen = NULL;
    for (int i = 0; i < 30; i++) {
        MG_SCOPE;
        if (sweeping) thread->sweep_nodes = 0;
        mg_tensor *x = vec(1, 2, 3 + i), *h = mg_exp(mg_multiply(w, x)), *v = mg_getitem(h, MG_KEY(MG_S(0, 2, 1)));
        mg_tensor *kept = mg_keep(mg_sum(mg_square(h)));
        if (i % 3) mg_release(x);
        if (sweeping) thread->sweep_nodes = 0;
        mg_tensor *loss = mg_add(mg_sum(v), mg_multiply(kept, mg_scalar(.1)));
        if (sweeping) thread->sweep_nodes = 0;
        mg_backward(loss, .consume = i < 5 && i % 2);
        mg_tensor *g = mg_grad(w);
        mg_isubtract(w, mg_multiply(mg_grad(h) ? mg_grad(h) : g, i == 7 ? rate : mg_scalar(.01)));
        if (sweeping) thread->sweep_nodes = 0;
        mg_imultiply(w, mg_subtract(mg_scalar(1), rate));
        if (i == 5) seen = mg_keep(mg_square(w));
        mg_release(kept);
    }
    MG_SCOPE;
    if (sweeping) thread->sweep_nodes = 0;
    mg_backward(mg_add(mg_sum(w), mg_sum(seen)));
    mg_read(w, MG_F64, result);
    mg_read(mg_grad(rate), MG_F64, result + 3);
    mg_read(mg_grad(seen), MG_F64, result + 4);
    mg_release(w), mg_release(rate), mg_release(seen);
}

MG_TEST(sweep, changes_no_bit_and_no_gradient) {
    double with[7], without[7];
    program(false, without);
    program(true, with);
    CHECK_EQ_I64(mg_take_error().code, MG_OK);
    CHECK_EQ_MEM(with, without, sizeof with);
    CHECK(with[3] != 0);
}

/* ---- threads ---- */

static void *differentiate(void *p) {
    mg_tensor *y = p;
    MG_SCOPE;
    mg_tensor *f = mg_sum(mg_square(y));
    CHECK(mg_item(f) == 98); /* reading is fine */
    CHECK(mg_backward(f) == MG_ERR_INVALID_BACKPROP);
    CHECK_CONTAINS(mg_take_error().message, "(3,)");
    mg_tensor *copy = mg_set_constant(mg_detach(y), false);
    CHECK(mg_backward(mg_sum(mg_square(copy))) == MG_OK);
    VALUES(mg_grad(copy), 2, 8, 18);
    return NULL;
}

MG_TEST(sweep, another_thread_may_read_a_value_but_not_differentiate_through_its_history) {
    mg_tensor *x = mg_keep(vec(1, 2, 3)), *y;
    {
        MG_SCOPE;
        y = mg_keep(mg_square(x));
    }
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, differentiate, y) == 0);
    pthread_join(thread, NULL);
    MG_SCOPE;
    CHECK(mg_grad(y) == NULL);
    CHECK_EQ_I64(mg_backward(mg_sum(y)), MG_OK);
    VALUES(mg_grad(x), 2, 4, 6);
    mg_release(y), mg_release(x);
}

enum { KEPT = 400 };

static void *release_all(void *p) {
    mg_tensor **t = p;
    for (int i = 0; i < KEPT; i++) mg_release(t[i]);
    return NULL;
}

/* What another thread lets go of shares its history with what this one goes on with. */
MG_TEST(sweep, histories_may_be_let_go_of_by_several_threads) {
    mg_tensor *x = mg_keep(vec(1, 2, 3)), *theirs[KEPT], *ours[KEPT];
    {
        MG_SCOPE;
        for (int i = 0; i < KEPT; i++) {
            mg_tensor *h = mg_exp(mg_getitem(x, MG_KEY(MG_S(0, 2, 1)))), *k = mg_multiply(h, mg_scalar(i));
            theirs[i] = mg_keep(mg_sum(mg_multiply(k, h)));
            ours[i] = mg_keep(mg_square(mg_multiply(k, h)));
        }
    }
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, release_all, theirs) == 0);
    for (int i = 0; i < KEPT; i++) {
        if (i % 3 == 0) spend_nodes();
        if (i % 3 == 1) {
            MG_SCOPE;
            CHECK_EQ_I64(mg_backward(mg_sum(ours[i])), MG_OK);
        }
        mg_release(ours[i]);
    }
    pthread_join(thread, NULL);
    mg_release(x);
    CHECK_EQ_I64(mg_take_error().code, MG_OK);
}
