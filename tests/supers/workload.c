/* SPDX-License-Identifier: MIT
 * Parameters, data and updates of the cases, and the one step that they all take. */
#include "workload.h"

enum { LARGEST = WIDTH * 4 * WIDTH };

/* Numbers in [low, high), the same ones each time. */
static void draw(float *out, size_t n, double low, double high, uint64_t seed) {
    for (size_t i = 0; i < n; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (float)(low + (high - low) * ((double)(seed >> 40) * 0x1p-24));
    }
}

static mg_tensor *data(float *values, double low, double high, uint64_t seed) {
    draw(values, BATCH * WIDTH, low, high, seed);
    return mg_keep(mg_set_constant(mg_from_f32(values, MG_SHAPE(BATCH, WIDTH)), true));
}

/* Positive and of a size that keeps activations in their middle: some models take logarithms of them. */
static mg_tensor *parameter(float *values, const int64_t shape[2], uint64_t seed) {
    size_t n = (size_t)(shape[0] * (shape[1] ? shape[1] : 1));
    draw(values, n, 0, shape[1] ? 0.125 : 1, seed);
    return mg_keep(mg_from_f32(values, mg_shape_of(shape[1] ? 2 : 1, shape)));
}

bool workload_begin(workload *t, const workload_case *c) {
    static float values[LARGEST];
    int64_t labels[BATCH];
    *t = (workload){.c = c};
    t->x = data(values, -1, 1, 1);
    t->noise = data(values, -1, 1, 2);
    t->mask = mg_keep(mg_greater(t->x, mg_scalar(-0.5)));
    t->y = mg_keep(mg_set_constant(mg_astype(mg_greater(t->noise, mg_scalar(0)), MG_F32), true));
    for (int i = 0; i < BATCH; i++) labels[i] = i * 7 % WIDTH;
    t->labels = mg_keep(mg_from_i64(labels, MG_SHAPE(BATCH)));
    for (; t->count < WORKLOAD_PARAMS && c->params[t->count][0]; t->count++) {
        t->p[t->count] = parameter(values, c->params[t->count], t->count + 3);
        if (c->update == BY_HAND) t->velocity[t->count] = mg_keep(mg_multiply(t->p[t->count], mg_scalar(0)));
    }
    if (c->update == BY_ADAM) t->optimizer = mg_adam(t->p, t->count);
    if (c->update == BY_SGD) t->optimizer = mg_sgd(t->p, t->count, .momentum = 0.9, .weight_decay = 1e-4);
    return t->labels && (t->optimizer || c->update == BY_HAND);
}

/* Gradient descent with momentum and weight decay, as one writes it without the optimisers. */
static void update_by_hand(workload *t) {
    mg_no_autodiff(true);
    for (size_t i = 0; i < t->count; i++) {
        mg_tensor *g = mg_grad(t->p[i]); /* before the parameter is used again, which drops it */
        g = mg_add(g, mg_multiply(mg_scalar(1e-4), t->p[i]));
        mg_tensor *v = mg_add(mg_multiply(mg_scalar(0.9), t->velocity[i]), g);
        mg_release(t->velocity[i]);
        t->velocity[i] = mg_keep(v);
        mg_isubtract(t->p[i], mg_multiply(mg_scalar(1e-2), v));
    }
    mg_no_autodiff(false);
}

void workload_evaluate(const workload *t) {
    MG_SCOPE;
    mg_no_autodiff(true);
    mg_eval(t->c->loss(t));
    mg_no_autodiff(false);
}

void workload_step(workload *t) {
    MG_SCOPE;
    mg_backward(t->c->loss(t));
    if (t->optimizer)
        mg_optimizer_step(t->optimizer);
    else
        update_by_hand(t);
    for (size_t i = 0; i < t->count; i++) mg_null_grad(t->p[i]);
    for (size_t i = 0; i < t->count; i++) mg_eval(t->p[i]);
}

void workload_end(workload *t) {
    mg_optimizer_free(t->optimizer);
    for (size_t i = 0; i < t->count; i++) {
        mg_release(t->p[i]);
        if (t->velocity[i]) mg_release(t->velocity[i]);
    }
    mg_tensor *held[] = {t->x, t->y, t->mask, t->labels, t->noise};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) mg_release(held[i]);
    mg_trim();
}
