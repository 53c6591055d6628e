/* SPDX-License-Identifier: MIT
 * The demo family: one training step of examples/train_digits (forward, loss, backward, Adam; batch 64) and the share
 * of it that is not spent in oneDNN's primitives, which raw_onednn.c clocks. */
#include "suite.h"

#include "dataset.h"
#include "digits.h"
#include "model.h"
#include "raw_onednn.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 64, STEPS = 62 };

typedef struct demo {
    model m;
    mg_optimizer *adam;
    float *images;
    int64_t labels[BATCH];
} demo;

static void step(void *context) {
    const demo *d = context;
    MG_SCOPE;
    mg_tensor *images = mg_set_constant(mg_from_f32(d->images, MG_SHAPE(BATCH, 1, IMAGE_SIDE, IMAGE_SIDE)), true);
    mg_tensor *labels = mg_from_i64(d->labels, MG_SHAPE(BATCH));
    mg_tensor *loss = mg_softmax_crossentropy(model_forward(&d->m, images), labels);
    mg_backward(loss, .consume = true);
    mg_optimizer_step(d->adam);
}

static bool make(demo *d) {
    digit_data data;
    uint32_t order[BATCH];
    *d = (demo){0};
    if (!digits_make(&data, BATCH, 1, 1)) return false;
    d->images = suite_memory(BATCH * IMAGE_PIXELS * sizeof *d->images);
    for (uint32_t i = 0; i < BATCH; i++) order[i] = i;
    dataset_batch(&data.train, order, BATCH, d->images, d->labels);
    dataset_free(&data.train);
    dataset_free(&data.test);
    if (model_convolutional(&d->m, 1)) d->adam = mg_adam(d->m.params, d->m.count);
    return d->adam != NULL;
}

static void unmake(demo *d) {
    mg_optimizer_free(d->adam);
    model_free(&d->m);
    free(d->images);
}

/* Steps one by one, each with its time in oneDNN. */
static void measure(bench_suite *suite, demo *d, int threads) {
    double whole[STEPS], outside[STEPS], inside[STEPS];
    mg_set_num_threads(threads);
    suite_progress(suite, "demo");
    for (int i = 0; i < 20; i++) step(d);
    raw_clock(true);
    for (int i = 0; i < STEPS; i++) {
        raw_clock_take();
        double start = suite_clock();
        step(d);
        whole[i] = suite_clock() - start;
        inside[i] = raw_clock_take();
        outside[i] = 100 * (1 - inside[i] / whole[i]);
    }
    raw_clock(false);
    bench_row *row = suite_row(suite, "demo/step, batch %d/%dt", BATCH, threads);
    row->value = bench_bootstrap(whole, STEPS, 1);
    row = suite_row(suite, "demo/step, in oneDNN/%dt", threads);
    row->value = bench_bootstrap(inside, STEPS, 2);
    row = suite_row(suite, "demo/share outside oneDNN/%dt", threads);
    row->value = bench_bootstrap(outside, STEPS, 3);
    row->unit = "%";
}

void family_demo(bench_suite *suite) {
    demo d;
    if (make(&d))
        for (int many = 0; many < (suite->threads > 1 ? 2 : 1); many++) measure(suite, &d, many ? suite->threads : 1);
    unmake(&d);
    mg_set_num_threads(0);
    mg_error error = mg_take_error();
    if (error.code != MG_OK || !d.adam) suite_fail(suite, "demo: %s: %s", error.op, error.message);
}
