/* SPDX-License-Identifier: MIT
 * Rules B: what a scope owns, what escapes it, errors that wait to be taken, gradients of temporaries. */
#include "autodiff/handle.h"
#include "harness.h"
#include "tensor_check.h"

#include <mygrad/mygrad.h>
#include <pthread.h>
#include <string.h>

static uint64_t live_tensors(void) {
    mg_stats stats;
    mg_get_stats(&stats);
    return stats.live_tensors;
}

static int64_t leave_early(int how) {
    for (int i = 0; i < 3; i++) {
        MG_SCOPE;
        mg_tensor *x = vec(1, 2, 3);
        mg_add(x, x);
        if (how == 0) break;
        if (how == 1) continue;
        return mg_size(x);
    }
    return 0;
}

MG_TEST(scopes, close_on_every_way_out) {
    uint64_t before = live_tensors();
    for (int how = 0; how < 3; how++) leave_early(how);
    CHECK_EQ_U64(live_tensors(), before);
}

MG_TEST(scopes, closing_one_closes_those_opened_after_it) {
    uint64_t before = live_tensors();
    mg_scope outer = mg_scope_open();
    vec(1, 2, 3);
    mg_scope inner = mg_scope_open();
    vec(1, 2, 3);
    CHECK_EQ_I64(mg_scope_close(outer), MG_OK);
    CHECK_EQ_U64(live_tensors(), before);
    CHECK_EQ_I64(mg_scope_close(inner), MG_ERR_VALUE);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_VALUE);
}

MG_TEST(scopes, kept_tensors_escape_evaluated) {
    mg_tensor *y;
    {
        MG_SCOPE;
        mg_tensor *x = vec(1, 2, 3);
        y = mg_keep(mg_multiply(x, x));
    }
    VALUES(y, 1, 4, 9);
    mg_release(y);
}

MG_TEST(scopes, history_of_a_kept_tensor_is_not_cut) {
    mg_tensor *x = mg_keep(vec(1, 2, 3)), *y;
    {
        MG_SCOPE;
        y = mg_keep(mg_multiply(mg_exp(mg_multiply(x, mg_scalar(0))), x));
    }
    CHECK_EQ_I64(mg_backward(y), MG_OK);
    VALUES(mg_grad(x), 1, 1, 1);
    mg_release(x);
    mg_release(y);
}

MG_TEST(scopes, writes_to_outer_tensors_and_their_gradients_escape) {
    mg_tensor *w = mg_keep(vec(1, 2, 3)), *outer = vec(0, 0, 0), *view = mg_getitem(outer, MG_KEY(MG_S(1, MG_NONE, 1)));
    {
        MG_SCOPE;
        mg_tensor *x = vec(10, 20, 30);
        mg_backward(mg_sum(mg_multiply(x, w)));
        mg_iadd(outer, x);
        mg_iadd(view, mg_scalar(1));
    }
    VALUES(mg_grad(w), 10, 20, 30);
    VALUES(outer, 10, 21, 31);
    VALUES(view, 21, 31);
    mg_release(w);
}

/* Not when somebody reads them later: what they are computed from may be memory that the caller changes, and is held.
 */
MG_TEST(scopes, written_outer_tensors_are_evaluated_at_the_close) {
    enum { N = 3000 }; /* more than is computed without a plan */
    MG_SCOPE;
    mg_tensor *outer = mg_zeros(MG_SHAPE(N)), *base = mg_zeros(MG_SHAPE(2 * N)); /* float32 */
    mg_tensor *view = mg_getitem(base, MG_KEY(MG_S(1, MG_NONE, 2)));
    for (int depth = 0; depth < 2; depth++) {
        mg_scope scope = mg_scope_open(), inner = depth ? mg_scope_open() : scope;
        mg_tensor *x = mg_exp(mg_zeros(MG_SHAPE(N)));
        mg_iadd(outer, x);
        mg_imultiply(view, x);
        mg_iadd(view, x);
        CHECK(!outer->node->data && !base->storage->root->data);
        CHECK_EQ_I64(mg_scope_close(inner), MG_OK);
        CHECK(outer->node->data && base->storage->root->data);
        if (depth) CHECK_EQ_I64(mg_scope_close(scope), MG_OK);
        CHECK(mg_data_f32(outer)[N - 1] == (float)depth + 1 && mg_data_f32(base)[2 * N - 1] == (float)depth + 1);
    }
}

MG_TEST(scopes, a_temporarys_gradient_is_computed_on_demand) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *h = mg_multiply(x, x), *f = mg_sum(mg_multiply(h, mg_scalar(3)));
    CHECK_EQ_I64(mg_grad_status(h), MG_GRAD_NONE);
    CHECK_EQ_I64(mg_backward(f), MG_OK);
    CHECK_EQ_I64(mg_grad_status(h), MG_GRAD_READY);
    VALUES(mg_grad(h), 3, 3, 3);
    VALUES(mg_grad(x), 6, 12, 18);
    VALUES(mg_grad(f), 1);
}

MG_TEST(scopes, a_new_use_drops_the_gradient_a_view_does_not) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3);
    mg_backward(mg_multiply(x, x));
    mg_tensor *g = mg_grad(x), *view = mg_getitem(x, MG_KEY(MG_S(0, 2, 1)));
    CHECK(mg_grad(x) == g);
    VALUES(mg_grad(view), 2, 4);
    mg_add(x, x);
    CHECK(mg_grad(x) == NULL);
    CHECK_EQ_I64(mg_grad_status(x), MG_GRAD_NONE);
    VALUES(g, 2, 4, 6); /* whoever holds it keeps it */
}

MG_TEST(scopes, consume_lets_go_of_history) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *h = mg_exp(x), *f = mg_sum(h);
    CHECK_EQ_I64(mg_backward(f, .consume = true), MG_OK);
    CHECK(mg_grad(x) != NULL);
    CHECK_EQ_I64(mg_grad_status(h), MG_GRAD_RELEASED);
    CHECK_EQ_I64(mg_backward(f), MG_ERR_INVALID_BACKPROP);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_INVALID_BACKPROP);
    CHECK(mg_grad(x) != NULL);
}

MG_TEST(scopes, micro_batches_accumulate) {
    mg_tensor *w = mg_keep(vec(1, 1, 1));
    for (int i = 0; i < 3; i++) {
        MG_SCOPE;
        mg_tensor *x = vec(1, 2, 3);
        mg_tensor *g = mg_grad(w);
        (void)g;
        mg_tensor *f = mg_sum(mg_multiply(x, mg_getitem(w, MG_KEY(MG_ELLIPSIS)))); /* a view: w keeps its gradient */
        CHECK_EQ_I64(mg_backward(f, .accumulate = true), MG_OK);
    }
    VALUES(mg_grad(w), 3, 6, 9);
    mg_release(w);
}

/* Each batch uses w, its square or not, and a kept value between them. */
MG_TEST(scopes, so_they_do_whatever_each_batch_uses) {
    for (int way = 0; way < 8; way++) {
        mg_tensor *w = mg_keep(vec(1, 2, 3)), *whole = way & 4 ? mg_keep(mg_square(w)) : NULL;
        for (int i = 0; i < 3; i++) {
            MG_SCOPE;
            mg_tensor *f = mg_sum(whole ? mg_positive(whole) : mg_square(w));
            CHECK_EQ_I64(mg_grad_status(w) == MG_GRAD_READY, whole && i > 0);
            CHECK_EQ_I64(mg_backward(f, .accumulate = (way & 1) || i > 0, .consume = !whole && (way & 2)), MG_OK);
            if (way & 2) mg_imultiply(mg_grad(w), mg_scalar(1)); /* its place is shown */
        }
        VALUES(mg_grad(w), 6, 12, 18);
        if (whole) VALUES(mg_grad(whole), 3, 3, 3);
        mg_release(whole), mg_release(w);
    }
}

MG_TEST(scopes, what_a_use_hides_goes_when_it_is_written_or_dropped) {
    for (int way = 0; way < 4; way++) {
        MG_SCOPE;
        mg_tensor *w = mg_keep(vec(1, 2, 3)), *v = mg_getitem(w, MG_KEY(MG_ELLIPSIS));
        mg_backward(mg_sum(mg_square(w)));
        mg_exp(w);
        CHECK(mg_grad(w) == NULL && mg_grad(v) == NULL);
        CHECK_EQ_I64(mg_grad_status(w), MG_GRAD_NONE);
        mg_optimizer *sgd = mg_sgd(&w, 1);
        CHECK_EQ_I64(mg_optimizer_step(sgd), MG_OK); /* sees none */
        mg_optimizer_free(sgd);
        VALUES(w, 1, 2, 3);
        if (way == 0) mg_null_grad(w);
        if (way == 1) mg_imultiply(w, mg_scalar(1));
        if (way == 2) mg_copyto(v, mg_copy(w));
        if (way == 3) mg_backward(mg_sum(w)); /* replaces it */
        mg_backward(mg_sum(w), .accumulate = true);
        VALUES(mg_grad(w), way == 3 ? 2 : 1, way == 3 ? 2 : 1, way == 3 ? 2 : 1);
        mg_release(w);
    }
}

MG_TEST(scopes, the_first_error_waits) {
    MG_SCOPE;
    mg_tensor *x = vec(1, 2, 3), *y = mg_from_f64((double[]){1, 2}, MG_SHAPE(2));
    CHECK(mg_add(x, y) == NULL);
    CHECK(mg_add(x, x) == NULL);
    CHECK(mg_reshape(NULL, MG_SHAPE(1)) == NULL);
    CHECK_EQ_I64(mg_backward(x), MG_ERR_VALUE);
    CHECK_EQ_I64(mg_size(x), 3); /* queries go on */
    mg_error error = mg_take_error();
    CHECK_EQ_I64(error.code, MG_ERR_VALUE);
    CHECK_EQ_STR(error.op, "add");
    CHECK_CONTAINS(error.message, "(3,)");
    CHECK_CONTAINS(error.message, "(2,)");
    CHECK_EQ_I64(mg_take_error().code, MG_OK);
    CHECK(mg_add(x, x) != NULL);
    CHECK(mg_add(x, NULL) == NULL);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_VALUE);
}

static void *thread_with_open_scopes(void *context) {
    mg_scope_open();
    mg_tensor *x = vec(1, 2, 3);
    mg_backward(mg_sum(mg_exp(x)));
    mg_scope_open();
    *(mg_tensor **)context = mg_keep(mg_add(x, x));
    mg_eval(*(mg_tensor **)context);
    return NULL;
}

MG_TEST(scopes, a_thread_may_end_with_open_scopes) {
    pthread_t thread;
    mg_tensor *kept = NULL;
    CHECK_EQ_I64(pthread_create(&thread, NULL, thread_with_open_scopes, &kept), 0);
    pthread_join(thread, NULL);
    VALUES(kept, 2, 4, 6);
    mg_release(kept);
}

enum { READERS = 4 };

static void *infer(void *model) {
    for (int i = 0; i < 200; i++) {
        MG_SCOPE;
        mg_tensor *y = mg_sum(mg_multiply(model, mg_add(model, mg_scalar(1))));
        if (mg_item(y) != 1 * 2 + 2 * 3 + 3 * 4) return (void *)1;
    }
    return NULL;
}

MG_TEST(scopes, a_frozen_tensor_is_read_by_many_threads) {
    mg_tensor *model = mg_keep(vec(1, 2, 3));
    CHECK_EQ_I64(mg_freeze(model), MG_OK);
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++) CHECK_EQ_I64(pthread_create(&threads[i], NULL, infer, model), 0);
    for (int i = 0; i < READERS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        CHECK(wrong == NULL);
    }
    CHECK(mg_data_mut(model) == NULL);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_READ_ONLY);
    mg_release(model);
}
