/* SPDX-License-Identifier: MIT
 * What a handle may be asked and told at times when there is little to say: gradients whose handle was kept and
 * released, frozen views, scopes that are closed already, tensors that were written before anybody differentiated. */
#include "autodiff/handle.h"
#include "harness.h"
#include "tensor_check.h"

#include <mygrad/mygrad.h>

#define HEAD MG_KEY(MG_S(0, 2, 1))

static uint64_t live_nodes(void) {
    mg_stats stats;
    mg_get_stats(&stats);
    return stats.live_nodes;
}

static void check_refused(bool refused, mg_status code) {
    CHECK(refused);
    CHECK_EQ_I64(mg_take_error().code, code);
}

/* ---- gradients ---- */

MG_TEST(handles, a_released_handle_leaves_the_gradient) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(x))), MG_OK);
    mg_tensor *g = mg_keep(mg_grad(x));
    mg_imultiply(g, mg_scalar(2));
    VALUES(mg_grad(x), 4, 8, 12);
    mg_release(g);
    VALUES(mg_grad(x), 4, 8, 12);
    mg_imultiply(mg_grad(x), mg_scalar(2));
    VALUES(mg_grad(mg_getitem(x, HEAD)), 8, 16);
}

MG_TEST(handles, a_gradient_that_is_made_variable_stays_in_its_place) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(x))), MG_OK);
    mg_tensor *g = mg_grad(x);
    CHECK(mg_set_constant(g, false) == g && mg_grad(x) == g);
    mg_imultiply(g, mg_scalar(2));
    VALUES(mg_grad(x), 4, 8, 12);
}

/* A temporary's gradient waits, and what it waits for is the temporary: not for ever. */
MG_TEST(handles, a_gradient_that_nobody_asked_for_ends_with_its_tensor) {
    mg_tensor *x = mg_keep(vec(1, 2, 3));
    const uint64_t before = live_nodes();
    {
        MG_SCOPE;
        mg_tensor *y = mg_square(x);
        mg_getitem(y, HEAD);
        CHECK_EQ_I64(mg_backward(mg_sum(mg_multiply(y, mg_exp(y)))), MG_OK);
        mg_null_grad(x);
    }
    CHECK_EQ_U64(live_nodes(), before);
    mg_release(x);
}

MG_TEST(handles, replaced_is_what_had_a_gradient_or_readers) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = vec(1, 2, 3);
    mg_copyto(x, mg_scalar(1));
    CHECK_EQ_I64(mg_grad_status(x), MG_GRAD_NONE);
    mg_getitem(y, HEAD);
    CHECK_EQ_I64(mg_backward(mg_sum(y)), MG_OK);
    mg_iadd(y, mg_scalar(1));
    CHECK_EQ_I64(mg_grad_status(y), MG_GRAD_REPLACED);
}

MG_TEST(handles, questions_about_no_tensor) {
    MG_SCOPE;
    CHECK_EQ_I64(mg_grad_status(NULL), MG_GRAD_CONSTANT);
    CHECK(mg_grad(NULL) == NULL);
    mg_null_grad(NULL);
    mg_tensor *x = mg_reshape(vec(1, 2, 3), MG_SHAPE(3, 1));
    CHECK_EQ_I64(mg_dim(x, -2), 3);
    CHECK_EQ_I64(mg_dim(x, -3), -1);
    CHECK_EQ_I64(mg_dim(x, 2), -1);
}

/* ---- constancy ---- */

MG_TEST(handles, integers_stay_constant_and_the_frozen_as_they_are) {
    MG_SCOPE;
    mg_tensor *i = mg_astype(vec(1, 2, 3), MG_I64), *x = mg_keep(vec(1, 2, 3));
    check_refused(mg_set_constant(i, false) == NULL, MG_ERR_TYPE);
    CHECK(mg_is_constant(i));
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(x))), MG_OK);
    CHECK_EQ_I64(mg_freeze(x), MG_OK);
    CHECK(mg_grad(x) == NULL);
    check_refused(mg_set_constant(x, true) == NULL, MG_ERR_READ_ONLY);
    CHECK(!mg_is_constant(x));
    mg_release(x);
}

/* ---- what threads will share ---- */

MG_TEST(handles, a_frozen_view_is_computed_and_counted_by_nobody) {
    MG_SCOPE;
    mg_tensor *y = mg_square(vec(1, 2, 3)), *v = mg_getitem(y, HEAD);
    mg_set_constant(mg_set_constant(v, true), false);
    mg_imultiply(v, mg_scalar(2)); /* a value of its own that waits */
    mg_keep(v);
    CHECK(v->node->flags & MGA_SHARED);
    CHECK(v->node->in[0]->flags & MGA_SHARED);
    CHECK_EQ_I64(mg_freeze(v), MG_OK);
    CHECK(mga_node_data(v->node) != NULL && mga_node_data(y->storage->root) != NULL);
    CHECK((v->node->flags & MGA_FROZEN) && (v->node->in[0]->flags & MGA_FROZEN));
    mg_release(v);
}

/* ---- histories ---- */

/* A constant that is held is no reason to remember what it was multiplied with. */
MG_TEST(handles, held_constants_keep_no_history_alive) {
    mg_tensor *c = mg_keep(mg_set_constant(vec(.5, .5, .5), true)), *w = mg_keep(vec(1, 2, 3));
    uint64_t before = 0;
    for (int i = 0; i < 50; i++) {
        MG_SCOPE;
        mg_imultiply(w, c);
        mg_eval(w);
        if (i == 2) before = live_nodes();
        if (i > 2) CHECK_EQ_U64(live_nodes(), before);
    }
    mg_release(w);
    mg_release(c);
}

/* What was written into it in a scope is settled when that closes, not at its next write. */
MG_TEST(handles, an_outer_tensor_lets_go_when_the_scope_of_its_variables_closes) {
    MG_SCOPE;
    mg_tensor *kept = mg_keep(vec(1, 2, 3)), *outer = vec(1, 2, 3);
    mg_eval(outer);
    const uint64_t before = live_nodes();
    {
        MG_SCOPE;
        mg_tensor *s = vec(4, 5, 6);
        mg_iadd(kept, mg_square(s));
        mg_iadd(outer, mg_square(s));
    }
    CHECK_EQ_U64(live_nodes(), before);
    VALUES(kept, 17, 27, 39);
    VALUES(outer, 17, 27, 39);
    mg_release(kept);
}

/* ---- memory ---- */

MG_TEST(handles, memory_that_nobody_reads_is_written_where_it_is) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3);
    double *p = mg_data_mut(x);
    CHECK(mg_data_mut(x) == p);
    p[0] = 5;
    VALUES(x, 5, 2, 3);
}

/* ---- scopes ---- */

MG_TEST(handles, a_hundred_scopes_deep) {
    MG_SCOPE;
    mg_scope scopes[100];
    mg_tensor *x = vec(1, 2, 3);
    const mg_tensor *last = NULL;
    for (int i = 0; i < 100; i++) {
        scopes[i] = mg_scope_open();
        last = mg_add(x, mg_scalar(i));
    }
    CHECK(last != NULL);
    mg_scope_cleanup(&(mg_scope){scopes[99].token}); /* as MG_SCOPE does */
    for (int i = 98; i >= 50; i--) CHECK_EQ_I64(mg_scope_close(scopes[i]), MG_OK);
    CHECK_EQ_I64(mg_scope_close(scopes[0]), MG_OK);
    check_refused(mg_scope_close(scopes[1]) != MG_OK, MG_ERR_VALUE);
    mg_scope_cleanup(&scopes[1]); /* closed already: nothing to do, and no error */
    VALUES(x, 1, 2, 3);
    CHECK_EQ_I64(mg_take_error().code, MG_OK);
}

/* ---- values of views' own that several views share ---- */

static void check_shared_own(bool first_again) {
    MG_SCOPE;
    mg_tensor *x = vec(4, 5, 6), *v = mg_getitem(mg_set_constant(vec(1, 2, 3), true), HEAD);
    mg_set_constant(v, false);
    mg_tensor *w = mg_getitem(v, MG_KEY(MG_S(1, 2, 1)));
    mg_imultiply(v, mg_getitem(x, HEAD));
    CHECK_EQ_I64(mg_eval(w), MG_OK);
    CHECK_EQ_I64(mg_backward(mg_sum(v), .consume = true), MG_OK);
    if (first_again) CHECK_EQ_I64(mg_eval(v), MG_OK);
    CHECK_EQ_I64(mg_backward(mg_sum(mg_square(w))), MG_OK); /* of a leaf, from now on */
    VALUES(mg_grad(w), 20);
    VALUES(mg_grad(v), 0, 20);
}

MG_TEST(handles, a_value_that_views_share_is_consumed_for_all_of_them) {
    check_shared_own(false);
    check_shared_own(true);
}
