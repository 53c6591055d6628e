/* SPDX-License-Identifier: MIT
 * The tape's workloads. Results are read through a volatile, so that nothing is left out. */
#include "tape_cases.h"

static volatile float sink;

static void read_first(mg_tensor *t) {
    const float *p = mg_data_f32(t);
    if (p) sink = p[0];
}

static void forward(void *arg) {
    const tape_data *d = arg;
    MG_SCOPE;
    read_first(mg_multiply(d->x, d->w));
}

static void backward(void *arg) {
    const tape_data *d = arg;
    MG_SCOPE;
    mg_tensor *z = mg_multiply(d->x, d->w);
    read_first(z);
    mg_backward(z);
    read_first(mg_grad(d->x));
    read_first(mg_grad(d->w));
}

/* Through x alone: a w shared by all operations would measure the sum of a hundred gradients. */
static void chain(void *arg) {
    const tape_data *d = arg;
    MG_SCOPE;
    mg_tensor *y = d->x;
    for (int i = 0; i < TAPE_CHAIN; i++) y = mg_multiply(y, d->c);
    read_first(y);
    mg_backward(y);
    read_first(mg_grad(d->x));
}

/* The instructions that each may take: they do not depend on the clock, the memory or who else computes. Another
 * compiler may need TAPE_SLACK of it more; what costs more than that says so here, in the commit that costs it. */
const tape_case tape_cases[] = {
    {"tape/forward", "z = x * w of 64 f32, z read", forward, 1, 2160},
    {"tape/backward", "the same, backward, both gradients read", backward, 1, 8969},
    {"tape/chain", "100 times y = y * c of 64 f32, backward, per operation", chain, TAPE_CHAIN, 3386},
    {0},
};

bool tape_data_make(tape_data *data) {
    float x[TAPE_ELEMENTS], w[TAPE_ELEMENTS], c[TAPE_ELEMENTS];
    for (int i = 0; i < TAPE_ELEMENTS; i++) {
        x[i] = 1 + (float)i / 64;
        w[i] = 2 - (float)i / 64;
        c[i] = 1 + (float)i / 4096;
    }
    data->x = mg_keep(mg_from_f32(x, MG_SHAPE(TAPE_ELEMENTS)));
    data->w = mg_keep(mg_from_f32(w, MG_SHAPE(TAPE_ELEMENTS)));
    data->c = mg_keep(mg_set_constant(mg_from_f32(c, MG_SHAPE(TAPE_ELEMENTS)), true));
    return data->c != NULL;
}

void tape_data_free(tape_data *data) {
    mg_release(data->x);
    mg_release(data->w);
    mg_release(data->c);
    *data = (tape_data){0};
}
