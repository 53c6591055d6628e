/* SPDX-License-Identifier: MIT
 * Several threads infer with one frozen model (rules B7) while another trains one of its own. Oracle: the same work
 * done by one thread after the other, bit for bit. */
#include "harness.h"

#include <mygrad/mygrad.h>
#include <pthread.h>
#include <string.h>

enum { READERS = 3, SCORES = 4 * 3, PARAMS = 3 };

static mg_tensor *ramp(mg_shape shape, int start, double step) {
    double values[512];
    int64_t n = 1;
    for (int i = 0; i < shape.ndim; i++) n *= shape.dims[i];
    CHECK(n <= (int64_t)(sizeof values / sizeof *values));
    for (int64_t k = 0; k < n; k++) values[k] = step * (double)((start + 11 * k) % 17 - 8);
    return mg_astype(mg_from_f64(values, shape), MG_F32);
}

static void make_model(mg_tensor **params) {
    MG_SCOPE;
    params[0] = mg_keep(ramp(MG_SHAPE(3, 2, 3, 3), 0, 0.05));
    params[1] = mg_keep(ramp(MG_SHAPE(12, 3), 1, 0.1));
    params[2] = mg_keep(ramp(MG_SHAPE(3), 2, 0.1));
}

static mg_tensor *scores_of(mg_tensor *const *params, int input) {
    mg_tensor *x = ramp(MG_SHAPE(4, 2, 6, 6), input, 0.1);
    mg_tensor *y = mg_max_pool(mg_relu(mg_conv_nd(x, params[0])), MG_SHAPE(2, 2), MG_SHAPE(2));
    return mg_add(mg_matmul(mg_reshape(y, MG_SHAPE(4, 12)), params[1]), params[2]);
}

typedef struct work {
    mg_tensor *const *model; /* frozen; NULL for the one who trains */
    int first, times;
    float result[SCORES * 64];
    mg_status status;
} work;

/* Every other time without recording. What is compared is mixed with views and reductions of the shared tensors. */
static void infer(work *w) {
    for (int i = 0; i < w->times; i++) {
        MG_SCOPE;
        mg_no_autodiff(i % 2);
        mg_tensor *flat = mg_reshape(w->model[1], MG_SHAPE(36)), *scores = scores_of(w->model, w->first + i);
        scores = mg_add(mg_tanh(scores), mg_multiply(mg_sum(flat), mg_max(mg_transpose(w->model[1], (mg_axes){0}))));
        w->status = mg_read(scores, MG_F32, w->result + SCORES * (i % 64));
        if (i % 2) mg_no_autodiff(false);
        if (w->status != MG_OK) return;
    }
}

static void train(work *w) {
    mg_tensor *params[PARAMS];
    make_model(params);
    mg_optimizer *adam = (mg_adam)(params, PARAMS);
    for (int i = 0; i < w->times && w->status == MG_OK; i++) {
        MG_SCOPE;
        mg_tensor *labels = mg_from_i32((int32_t[]){0, 1, 2, 1}, MG_SHAPE(4));
        w->status = mg_backward(mg_softmax_crossentropy(scores_of(params, i), labels));
        if (w->status == MG_OK) w->status = mg_optimizer_step(adam);
    }
    if (w->status == MG_OK) w->status = mg_read(params[0], MG_F32, w->result);
    if (w->status == MG_OK) w->status = mg_read(params[1], MG_F32, w->result + 3 * 2 * 3 * 3);
    mg_optimizer_free(adam);
    for (int i = 0; i < PARAMS; i++) mg_release(params[i]);
}

static void *run(void *p) {
    work *w = p;
    if (w->model)
        infer(w);
    else
        train(w);
    return NULL;
}

MG_TEST(shared_model, readers_and_a_trainer) {
    static work together[READERS + 1], alone[READERS + 1];
    pthread_t threads[READERS + 1];
    mg_tensor *model[PARAMS];
    make_model(model);
    for (int i = 0; i < PARAMS; i++) CHECK_EQ_I64(mg_freeze(model[i]), MG_OK);
    for (int i = 0; i <= READERS; i++) {
        together[i] = (work){.model = i < READERS ? model : NULL, .first = 3 * i, .times = mg_test_times(400)};
        alone[i] = together[i];
    }
    for (int i = 0; i <= READERS; i++) CHECK_EQ_I64(pthread_create(&threads[i], NULL, run, &together[i]), 0);
    for (int i = 0; i <= READERS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i <= READERS; i++) {
        run(&alone[i]);
        CHECK_EQ_I64(together[i].status, MG_OK);
        CHECK_EQ_I64(alone[i].status, MG_OK);
        CHECK_MSG(memcmp(together[i].result, alone[i].result, sizeof alone[i].result) == 0, "thread %d", i);
    }
    CHECK(memcmp(alone[0].result, alone[1].result, sizeof alone[0].result) != 0);
    CHECK(mg_iadd(model[2], mg_scalar(1)) == NULL && mg_take_error().code == MG_ERR_READ_ONLY);
    CHECK(mg_copyto(mg_reshape(model[1], MG_SHAPE(36)), mg_scalar(1)) == NULL);
    CHECK_EQ_I64(mg_take_error().code, MG_ERR_READ_ONLY);
    for (int i = 0; i < PARAMS; i++) mg_release(model[i]);
}

/* Another thread's recording numbers begin anew. What it reads from us was recorded before all the same. */
static void *backward_through_ours(void *context) {
    mg_tensor *y = context;
    MG_SCOPE;
    mg_tensor *z = mg_sum(mg_multiply(y, y));
    return (void *)(intptr_t)(mg_backward(z) == MG_OK && mg_take_error().code == MG_OK);
}

MG_TEST(shared_model, what_another_thread_recorded_is_walked_in_order) {
    mg_tensor *ours = mg_keep(mg_from_f64((double[]){3}, MG_SHAPE(1)));
    for (int i = 0; i < 100; i++) mg_release(mg_copy(ours)); /* our numbers are far ahead */
    mg_tensor *y = mg_keep(mg_set_constant(mg_detach(mg_multiply(ours, ours)), false));
    pthread_t thread;
    void *ok = NULL;
    CHECK(pthread_create(&thread, NULL, backward_through_ours, y) == 0);
    pthread_join(thread, &ok);
    CHECK(ok != NULL);
    CHECK(mg_grad(y) != NULL);
    CHECK_BITS_F64(mg_item(mg_grad(y)), 2.0 * 9);
    mg_release(y);
    mg_release(ours);
}
