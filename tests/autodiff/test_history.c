/* SPDX-License-Identifier: MIT
 * Rules F7: histories end by themselves, so that loops which write their parameters stay as large as one turn; and what
 * backward(.consume) leaves of a value. */
#include "harness.h"
#include "tensor_check.h"

#include <mygrad/mygrad.h>

static uint64_t live_nodes(void) {
    mg_stats stats;
    mg_get_stats(&stats);
    return stats.live_nodes;
}

static uint64_t live_bytes(void) {
    mg_stats stats;
    mg_get_stats(&stats);
    return stats.live_bytes;
}

/* A way to take one step of descent on sum(w^2); may put another tensor in the place of *w. */
typedef void step_fn(mg_tensor **w, bool consume);

static mg_tensor *lr(void) { return mg_scalar(1e-3); }

static void subtract_in_place(mg_tensor **w, bool consume) {
    MG_SCOPE;
    mg_backward(mg_sum(mg_square(*w)), .consume = consume);
    mg_isubtract(*w, mg_multiply(mg_grad(*w), lr()));
}

static void with_decay(mg_tensor **w, bool consume) {
    MG_SCOPE;
    mg_backward(mg_sum(mg_square(*w)), .consume = consume);
    mg_tensor *g = mg_grad(*w), *decay = mg_multiply(*w, mg_scalar(1e-6)), *step = mg_add(g, decay);
    mg_isubtract(*w, mg_multiply(step, lr()));
}

static void through_a_view(mg_tensor **w, bool consume) {
    MG_SCOPE;
    mg_tensor *v = mg_getitem(*w, MG_KEY(MG_S(0, 2, 1)));
    mg_backward(mg_sum(mg_square(v)), .consume = consume);
    mg_isubtract(v, mg_multiply(mg_grad(v), lr()));
}

static void keep_the_next(mg_tensor **w, bool consume) {
    MG_SCOPE;
    mg_tensor *old = *w;
    mg_backward(mg_sum(mg_square(old)), .consume = consume);
    *w = mg_keep(mg_subtract(old, mg_multiply(mg_grad(old), lr())));
    mg_release(old);
}

static mg_tensor *previous; /* released one turn late */

static void keep_the_next_release_later(mg_tensor **w, bool consume) {
    mg_tensor *old = *w;
    {
        MG_SCOPE;
        mg_backward(mg_sum(mg_square(old)), .consume = consume);
        mg_tensor *g = mg_grad(old), *decayed = mg_multiply(old, mg_scalar(1 - 1e-6));
        *w = mg_keep(mg_subtract(decayed, mg_multiply(g, lr())));
    }
    mg_release(previous);
    previous = old;
}

static void set_items(mg_tensor **w, bool consume) {
    MG_SCOPE;
    mg_backward(mg_sum(mg_square(*w)), .consume = consume);
    mg_setitem(*w, MG_KEY(MG_ELLIPSIS), mg_subtract(*w, mg_multiply(mg_grad(*w), lr())));
}

static void released_by_hand(mg_tensor **w, bool consume) {
    mg_tensor *squares = mg_square(*w), *loss = mg_sum(squares), *rate = lr(), *small = mg_scalar(1e-6);
    mg_backward(loss, .consume = consume);
    mg_tensor *g = mg_multiply(mg_grad(*w), rate), *decay = mg_multiply(*w, small), *step = mg_add(g, decay);
    mg_isubtract(*w, step);
    mg_tensor *all[] = {step, decay, g, squares, loss, rate, small}; /* in no particular order */
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mg_release(all[i]);
    mg_scope_reset(); /* what has no name here */
}

static void averaged(mg_tensor **w, bool consume) {
    static mg_tensor *mean;
    if (!mean) mean = mg_keep(mg_copy(*w));
    MG_SCOPE;
    mg_backward(mg_sum(mg_square(*w)), .consume = consume);
    mg_isubtract(*w, mg_multiply(mg_grad(*w), lr()));
    mg_imultiply(mean, mg_scalar(.9));
    mg_iadd(mean, mg_multiply(*w, mg_scalar(.1)));
}

static void loss_averaged(mg_tensor **w, bool consume) {
    static mg_tensor *mean;
    MG_SCOPE;
    mg_tensor *loss = mg_sum(mg_square(*w)), *old = mean;
    mean = mg_keep(old ? mg_add(mg_multiply(old, mg_scalar(.9)), mg_multiply(loss, mg_scalar(.1))) : mg_copy(loss));
    mg_release(old);
    mg_backward(loss, .consume = consume);
    mg_isubtract(*w, mg_multiply(mg_grad(*w), lr()));
}

static const struct {
    const char *name;
    step_fn *step;
} spellings[] = {{"isubtract", subtract_in_place},
                 {"with decay", with_decay},
                 {"through a view", through_a_view},
                 {"keep", keep_the_next},
                 {"keep, release later", keep_the_next_release_later},
                 {"setitem", set_items},
                 {"released by hand", released_by_hand},
                 {"moving average of the parameter", averaged},
                 {"moving average of the loss", loss_averaged}};

static void check_flat(const char *name, step_fn *step, bool consume, bool outer_scope) {
    mg_scope scope = {0};
    if (outer_scope) scope = mg_scope_open();
    mg_tensor *w = mg_ones(MG_SHAPE(4), .dtype = MG_F64);
    if (!outer_scope) mg_keep(w);
    if (outer_scope && (step == keep_the_next || step == keep_the_next_release_later)) mg_keep(w);
    if (step == released_by_hand) mg_keep(w);
    previous = NULL;
    for (int i = 0; i < 20; i++) step(&w, consume);
    const uint64_t nodes = live_nodes(), bytes = live_bytes();
    for (int i = 0; i < 200; i++) step(&w, consume);
    CHECK_MSG(live_nodes() <= nodes + 2, "%s, consume %d: %llu nodes became %llu", name, consume,
              (unsigned long long)nodes, (unsigned long long)live_nodes());
    CHECK_MSG(live_bytes() <= bytes + 256, "%s, consume %d: %llu bytes became %llu", name, consume,
              (unsigned long long)bytes, (unsigned long long)live_bytes());
    mg_error error = mg_take_error();
    CHECK_MSG(error.code == MG_OK, "%s, consume %d: %s: %s", name, consume, error.op, error.message);
    double got[4];
    CHECK_EQ_I64(mg_read(w, MG_F64, got), MG_OK);
    CHECK(got[0] < .9 && got[0] > .6 && got[1] == got[0]);
    CHECK(!mg_is_constant(w));
    mg_release(previous);
    mg_release(w);
    if (outer_scope) mg_scope_close(scope);
}

MG_TEST(history, descent_stays_as_large_as_one_turn_however_it_is_spelled) {
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        for (int consume = 0; consume < 2; consume++) check_flat(spellings[i].name, spellings[i].step, consume, false);
}

MG_TEST(history, so_it_does_when_an_outer_scope_owns_the_parameter) {
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (spellings[i].step != released_by_hand) check_flat(spellings[i].name, spellings[i].step, false, true);
}

/* 300 nodes between one parameter and the next, which is more than one look may visit for itself. */
MG_TEST(history, long_steps_end_too) {
    mg_tensor *w = mg_keep(mg_ones(MG_SHAPE(2), .dtype = MG_F64));
    uint64_t nodes = 0;
    for (int turn = 0; turn < 40; turn++) {
        mg_tensor *next, *old = w;
        {
            MG_SCOPE;
            next = mg_add(w, mg_scalar(0));
            for (int i = 0; i < 300; i++) next = mg_multiply(next, mg_scalar(.9999));
            w = mg_keep(next);
        }
        mg_release(old);
        if (turn == 10) nodes = live_nodes();
    }
    CHECK_MSG(live_nodes() <= nodes + 310, "%llu nodes became %llu", (unsigned long long)nodes,
              (unsigned long long)live_nodes());
    mg_release(w);
}

/* Each value of w leads to one of p or q that is held, so it lives; two turns on it does not. */
static void alternately(mg_tensor *const *p, mg_tensor *w, int turn) {
    MG_SCOPE;
    mg_copyto(p[turn & 1], mg_scalar(1e-6));
    mg_isubtract(w, mg_add(p[0], p[1]));
}

MG_TEST(history, what_is_written_in_turns_does_not_hold_what_was_before) {
    mg_tensor *w = mg_keep(vec(1, 2, 3)), *p[2] = {mg_keep(vec(0, 0, 0)), mg_keep(vec(0, 0, 0))};
    for (int i = 0; i < 50; i++) alternately(p, w, i);
    const uint64_t nodes = live_nodes();
    for (int i = 50; i < 1000; i++) alternately(p, w, i);
    CHECK_MSG(live_nodes() <= nodes + 8, "%llu nodes became %llu", (unsigned long long)nodes,
              (unsigned long long)live_nodes());
    mg_backward(mg_sum(w));
    VALUES(mg_grad(p[1]), -1, -1, -1);
    mg_release(w), mg_release(p[0]), mg_release(p[1]);
}

/* ---- what rightly stays ---- */

static void scale_down(mg_tensor *w, mg_tensor *rate) {
    MG_SCOPE;
    mg_isubtract(w, mg_multiply(w, rate));
}

/* w = (1 - rate)^5 w0: d/d rate = -5 (1 - rate)^4 sum(w0) */
MG_TEST(history, a_variable_that_is_held_keeps_the_history_below_it) {
    MG_SCOPE;
    mg_tensor *rate = mg_from_f64((double[]){.1}, MG_SHAPE(1)), *w = mg_keep(vec(1, 2, 3));
    for (int i = 0; i < 5; i++) scale_down(w, rate);
    mg_backward(mg_sum(w));
    CHECK_NEAR(mg_item(mg_grad(rate)), -5 * .9 * .9 * .9 * .9 * 6, 1e-12);
    mg_release(w);
}

MG_TEST(history, a_released_leaf_takes_nothing_from_what_is_still_seen) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *h = mg_square(x), *y = mg_keep(mg_multiply(h, mg_scalar(2)));
    mg_release(x);
    mg_backward(mg_sum(y));
    VALUES(mg_grad(h), 2, 2, 2);
    VALUES(mg_grad(y), 1, 1, 1);
    mg_release(y);
}

MG_TEST(history, a_value_whose_variables_are_gone_is_a_variable_itself) {
    mg_tensor *y;
    {
        MG_SCOPE;
        y = mg_keep(mg_square(vec(1, 2, 3)));
    }
    MG_SCOPE;
    CHECK(!mg_is_constant(y));
    mg_backward(mg_sum(mg_square(y)));
    VALUES(mg_grad(y), 2, 8, 18);
    mg_release(y);
}

MG_TEST(history, two_handles_may_show_one_value) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *same = mg_reshape(x, MG_SHAPE(3)), *y = mg_square(x);
    mg_release(x);
    mg_backward(mg_sum(y));
    VALUES(mg_grad(same), 2, 4, 6);
}

/* ---- after .consume ---- */

MG_TEST(history, a_consumed_value_is_a_leaf_for_what_comes_after) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_keep(mg_square(x));
    CHECK_EQ_I64(mg_backward(mg_sum(y), .consume = true), MG_OK);
    VALUES(mg_grad(y), 1, 1, 1);
    VALUES(mg_grad(x), 2, 4, 6);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_multiply(mg_scalar(3), y))), MG_OK);
    VALUES(mg_grad(y), 3, 3, 3);
    VALUES(mg_grad(x), 2, 4, 6);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(mg_getitem(y, MG_KEY(MG_S(1, 3, 1)))))), MG_OK);
    VALUES(mg_grad(y), 0, 8, 18);
    mg_release(y);
}

MG_TEST(history, also_a_temporary_that_was_never_stored) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *h = mg_square(x);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_exp(h)), .consume = true), MG_OK);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_multiply(mg_scalar(3), h))), MG_OK);
    VALUES(mg_grad(h), 3, 3, 3);
}

MG_TEST(history, what_was_recorded_through_it_before_is_an_invalid_backprop) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_square(x), *before = mg_sum(mg_multiply(mg_scalar(3), y));
    mg_tensor *mixed = mg_add(before, mg_sum(x));
    CHECK_EQ_I64(mg_backward(mg_sum(y), .consume = true), MG_OK);
    CHECK_EQ_I64(mg_backward(before), MG_ERR_INVALID_BACKPROP);
    CHECK_CONTAINS(mg_take_error().message, "(3,)");
    CHECK_EQ_I64(mg_backward(mixed), MG_ERR_INVALID_BACKPROP);
    mg_take_error();
    mg_release(y); /* it stays one */
    CHECK_EQ_I64(mg_backward(before), MG_ERR_INVALID_BACKPROP);
    mg_take_error();
}

/* Of a view, too, whatever reads it first; one that is made now, or of what was written since, is another matter. */
MG_TEST(history, so_is_a_view_that_was_made_before) {
    for (int read = 0; read < 2; read++) {
        MG_SCOPE;
        const mg_key ends = MG_KEY(MG_S(0, 3, 2));
        mg_tensor *x = vec(1, 2, 3), *y = mg_keep(mg_square(x)), *v = mg_getitem(y, ends);
        CHECK_EQ_I64(mg_backward(mg_sum(y), .consume = true), MG_OK);
        if (read) CHECK_EQ_I64(mg_eval(mg_sum(v)), MG_OK);
        CHECK_EQ_I64(mg_backward(v), MG_ERR_INVALID_BACKPROP);
        mg_take_error();
        CHECK_EQ_I64(mg_backward(mg_sum(v)), MG_OK);
        CHECK_EQ_I64(mg_backward(mg_getitem(y, ends)), MG_OK);
        VALUES(mg_grad(y), 1, 0, 1);
        mg_imultiply(y, mg_scalar(2));
        CHECK_EQ_I64(mg_backward(v), MG_OK);
        mg_release(y);
    }
}

MG_TEST(history, reading_a_consumed_loss_does_not_make_its_history_again) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *f = mg_sum(mg_square(x));
    CHECK_EQ_I64(mg_backward(f, .consume = true), MG_OK);
    CHECK_NEAR(mg_item(f), 14, 0);
    CHECK_EQ_I64(mg_backward(f), MG_ERR_INVALID_BACKPROP);
    mg_take_error();
    VALUES(mg_grad(x), 2, 4, 6);
}

MG_TEST(history, a_use_drops_a_gradient_that_nobody_has_looked_at) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *d = mg_set_constant(mg_detach(mg_getitem(x, MG_KEY(MG_S(0, 2, 1)))), false);
    mg_backward(mg_sum(mg_add(mg_sum(mg_square(x)), mg_square(d))));
    mg_exp(x), mg_exp(d);
    CHECK_EQ_I64(mg_grad_status(x), MG_GRAD_NONE);
    CHECK_EQ_I64(mg_grad_status(d), MG_GRAD_NONE);
}

MG_TEST(history, a_view_of_a_leaf_outlives_a_consumed_graph) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *v = mg_getitem(x, MG_KEY(MG_S(0, 2, 1)));
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(v)), .consume = true), MG_OK);
    VALUES(mg_grad(v), 2, 4);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_multiply(mg_scalar(3), v))), MG_OK);
    VALUES(mg_grad(x), 3, 3, 0);
}

MG_TEST(history, a_kept_view_of_a_temporary_gets_its_gradient) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3, 4}, MG_SHAPE(4));
    mg_tensor *v = mg_keep(mg_reshape(mg_square(x), MG_SHAPE(2, 2)));
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(v)), .consume = true), MG_OK);
    VALUES(mg_grad(v), 2, 8, 18, 32);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_multiply(mg_scalar(3), v)), .consume = true), MG_OK);
    VALUES(mg_grad(v), 3, 3, 3, 3);
    mg_release(v);
}

MG_TEST(history, a_consumed_parameter_chain_is_written_on) {
    mg_tensor *w = mg_keep(mg_multiply(vec(1, 2, 3), mg_scalar(1)));
    for (int i = 0; i < 3; i++) {
        MG_SCOPE;
        CHECK_EQ_I64(mg_backward(mg_sum(mg_square(w)), .consume = true), MG_OK);
        CHECK(mg_isubtract(w, mg_multiply(mg_grad(w), mg_scalar(.25))) == w);
    }
    VALUES(w, .125, .25, .375);
    mg_release(w);
}

MG_TEST(history, status_says_that_a_tensor_was_written_since) {
    MG_SCOPE;
    mg_tensor *w = vec(1, 2, 3), *f = mg_sum(mg_square(w));
    CHECK_EQ_I64(mg_grad_status(w), MG_GRAD_NONE);
    mg_backward(f);
    mg_iadd(w, mg_scalar(1));
    CHECK(mg_grad(w) == NULL);
    CHECK_EQ_I64(mg_grad_status(w), MG_GRAD_REPLACED);
    mg_backward(f); /* of the old value */
    CHECK_EQ_I64(mg_grad_status(w), MG_GRAD_REPLACED);
    mg_backward(mg_sum(mg_square(w)));
    CHECK_EQ_I64(mg_grad_status(w), MG_GRAD_READY);
    VALUES(mg_grad(w), 4, 6, 8);
}

MG_TEST(history, an_invalid_backprop_stays_one_when_what_lies_between_is_released) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_square(x), *between = mg_multiply(mg_scalar(3), y);
    mg_tensor *mixed = mg_multiply(x, y), *before = mg_sum(between), *both = mg_sum(mg_add(mixed, x));
    CHECK_EQ_I64(mg_backward(mg_sum(y), .consume = true), MG_OK);
    mg_release(y);
    mg_release(between);
    mg_release(mixed);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ_I64(mg_backward(i ? both : before), MG_ERR_INVALID_BACKPROP);
        mg_take_error();
    }
}

MG_TEST(history, and_when_the_scope_of_a_kept_one_closes) {
    mg_tensor *x = mg_keep(vec(1, 2, 3)), *y = mg_keep(mg_square(x)), *before;
    {
        MG_SCOPE;
        before = mg_keep(mg_multiply(mg_scalar(3), y));
        CHECK_EQ_I64(mg_backward(mg_sum(y), .consume = true), MG_OK);
    }
    MG_SCOPE;
    CHECK_EQ_I64(mg_backward(mg_sum(before)), MG_ERR_INVALID_BACKPROP);
    mg_take_error();
    mg_tensor *all[] = {before, y, x};
    for (int i = 0; i < 3; i++) mg_release(all[i]);
}

/* Keeping it meant a gradient; nobody can ask for that any more. */
MG_TEST(history, a_kept_tensor_that_is_released_takes_its_gradient_along) {
    uint64_t bytes[2];
    for (int kept = 0; kept < 2; kept++) {
        MG_SCOPE;
        const uint64_t before = live_bytes();
        mg_tensor *x = mg_ones(MG_SHAPE(1000), .dtype = MG_F64), *y = mg_square(x), *f = mg_sum(mg_exp(mg_exp(y)));
        if (kept) mg_keep(y);
        mg_eval(y);
        mg_eval(f);
        mg_release(y);
        CHECK_EQ_I64(mg_backward(f), MG_OK);
        mg_eval(mg_grad(x));
        bytes[kept] = live_bytes() - before;
    }
    CHECK_MSG(bytes[1] < bytes[0] + 8000, "%llu bytes, never kept %llu", (unsigned long long)bytes[1],
              (unsigned long long)bytes[0]);
}

static mg_tensor *whole_result(void) { return mg_square(vec(1, 2, 3)); }
static mg_tensor *view_of_result(void) { return mg_getitem(mg_square(vec(1, 2, 3)), MG_KEY(MG_S(0, 2, 1))); }
static mg_tensor *written_result(void) {
    mg_tensor *y = mg_square(vec(1, 2, 3));
    return mg_imultiply(y, mg_scalar(2));
}
static mg_tensor *view_of_its_own(void) {
    mg_tensor *v = mg_set_constant(mg_getitem(mg_set_constant(vec(1, 2, 3), true), MG_KEY(MG_S(0, 2, 1))), false);
    mg_set_constant(mg_set_constant(v, true), false);
    return mg_imultiply(v, mg_exp(mg_getitem(vec(1, 2, 3), MG_KEY(MG_S(0, 2, 1)))));
}

static mg_tensor *result_of_such_a_view(void) {
    mg_tensor *c = mg_set_constant(vec(1, 2, 3), true);
    return mg_square(mg_set_constant(mg_getitem(c, MG_KEY(MG_S(0, 2, 1))), false));
}
static mg_tensor *result_of_a_base(void) {
    mg_tensor *x = vec(1, 2, 3);
    mg_getitem(x, MG_KEY(MG_S(0, 2, 1)));
    return mg_square(x);
}

/* One turn leaves the value (a view: and its base; of its own: both
 * values, the base's still with its operands), not what it was computed from. */
MG_TEST(history, what_is_kept_lets_go_of_the_rest_when_its_scope_closes_or_is_reset) {
    static const struct {
        mg_tensor *(*make)(void);
        uint64_t nodes;
    } cases[] = {{whole_result, 1},    {view_of_result, 2},        {written_result, 1},
                 {view_of_its_own, 5}, {result_of_such_a_view, 1}, {result_of_a_base, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int way = 0; way < 3; way++) {
            mg_scope_reset();
            const uint64_t before = live_nodes();
            mg_scope outer = way == 2 ? mg_scope_open() : (mg_scope){0}, inner = way ? mg_scope_open() : (mg_scope){0};
            mg_tensor *t = mg_keep(cases[i].make());
            if (way) CHECK_EQ_I64(mg_scope_close(inner), MG_OK);
            if (!way) CHECK_EQ_I64(mg_scope_reset(), MG_OK);
            CHECK_MSG(live_nodes() - before <= cases[i].nodes, "case %zu, way %d: %llu nodes", i, way,
                      (unsigned long long)(live_nodes() - before));
            CHECK(!mg_is_constant(t));
            if (way == 2) CHECK_EQ_I64(mg_scope_close(outer), MG_OK);
            mg_release(t);
            mg_scope_reset();
            CHECK_EQ_I64(live_nodes() - before, 0);
        }
}

MG_TEST(history, whichever_of_several_is_released_the_others_let_go) {
    for (int order = 0; order < 6; order++) {
        mg_scope_reset();
        const uint64_t before = live_nodes();
        mg_tensor *t[3];
        const int first = order % 3, second = (first + 1 + order / 3) % 3, rest = 3 - first - second;
        {
            MG_SCOPE;
            for (int i = 0; i < 3; i++) t[i] = mg_keep(mg_square(vec(i, 1, 2)));
            mg_release(t[first]);
            mg_release(t[second]);
        }
        CHECK_EQ_I64(live_nodes() - before, 1);
        VALUES(t[rest], rest * rest, 1, 4);
        mg_release(t[rest]);
    }
}

MG_TEST(history, a_consumed_value_may_be_read_before_its_gradient) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_square(x), *k = mg_keep(mg_multiply(y, mg_scalar(2)));
    mg_tensor *part = mg_getitem(k, MG_KEY(MG_S(0, 2, 1)));
    CHECK_EQ_I64(mg_backward(mg_sum(mg_exp(mg_multiply(k, mg_scalar(0)))), .consume = true), MG_OK);
    mg_tensor *g = mg_grad(part), *whole = mg_grad(k);
    VALUES(g, 0, 0);
    VALUES(k, 2, 8, 18);
    CHECK(mg_grad(k) == whole && mg_grad(part) == g);
    mg_iadd(g, mg_scalar(3));
    VALUES(mg_grad(k), 3, 3, 0);
    mg_release(k);
}

/* v and its part share a value of their own, which is written, consumed, and written over through the base. */
MG_TEST(history, views_of_one_value_of_their_own_go_on_together) {
    MG_SCOPE;
    mg_tensor *c = mg_set_constant(vec(1, 2, 3), true), *x = vec(2, 2, 2);
    mg_tensor *v = mg_keep(mg_set_constant(mg_getitem(c, MG_KEY(MG_S(0, 2, 1))), false));
    mg_tensor *part = mg_getitem(v, MG_KEY(MG_S(1, 2, 1)));
    for (int i = 0; i < 2; i++) {
        mg_imultiply(v, mg_getitem(x, MG_KEY(MG_S(0, 2, 1))));
        CHECK_EQ_I64(mg_backward(mg_sum(mg_square(v)), .consume = true), MG_OK);
        if (i == 0) VALUES(v, 2, 4);
        if (i == 0) VALUES(mg_grad(v), 4, 8);
        CHECK_EQ_I64(mg_backward(mg_sum(mg_square(part))), MG_OK);
        if (i == 0) VALUES(mg_grad(v), 0, 8);
        mg_imultiply(part, mg_getitem(x, MG_KEY(MG_S(0, 1, 1))));
        CHECK_EQ_I64(mg_backward(mg_sum(mg_square(v)), .consume = true), MG_OK);
        CHECK(mg_grad(v) != NULL && mg_grad(part) != NULL);
        mg_copyto(c, mg_scalar(7));
        VALUES(part, 7);
        VALUES(v, 7, 7);
    }
    mg_release(v);
}
