/* SPDX-License-Identifier: MIT
 * The training loop. One step is one scope: what it makes is gone when it ends, only the parameters stay. */
#include "training.h"

#include <stdio.h>
#include <stdlib.h>

#include "interrupt.h"
#include "progress.h"
#include "random.h"

enum { EXAM_BATCH = 250 };

/* A mini-batch in memory, reused for all. */
typedef struct batch {
    uint32_t *order; /* of all images in the set */
    float *images;
    int64_t *labels;
    size_t count;
} batch;

static bool batch_alloc(batch *b, size_t images, size_t size) {
    *b = (batch){malloc(images * sizeof *b->order), malloc(size * IMAGE_PIXELS * sizeof *b->images),
                 malloc(size * sizeof *b->labels), 0};
    if (!b->order || !b->images || !b->labels) return false;
    for (size_t i = 0; i < images; i++) b->order[i] = (uint32_t)i;
    return true;
}

static void batch_free(batch *b) {
    free(b->order);
    free(b->images);
    free(b->labels);
}

static void batch_load(batch *b, const dataset *set, size_t first, size_t size) {
    b->count = set->count - first < size ? set->count - first : size;
    dataset_batch(set, b->order + first, b->count, b->images, b->labels);
}

static mg_tensor *batch_images(const batch *b) {
    mg_tensor *images = mg_from_f32(b->images, MG_SHAPE((int64_t)b->count, 1, IMAGE_SIDE, IMAGE_SIDE));
    return mg_set_constant(images, true); /* nobody needs a gradient for pixels */
}

/* The largest of the ten scores of each image. */
static bool answers(mg_tensor *scores, size_t count, uint8_t *out) {
    const float *s = mg_data_f32(scores);
    if (!s) return false;
    for (size_t i = 0; i < count; i++) {
        int best = 0;
        for (int k = 1; k < CLASSES; k++)
            if (s[i * CLASSES + (size_t)k] > s[i * CLASSES + (size_t)best]) best = k;
        out[i] = (uint8_t)best;
    }
    return true;
}

static bool look(mg_tensor *scores, mg_tensor *loss, const batch *b, progress *p, double *value) {
    uint8_t *answer = malloc(b->count);
    bool ok = answer && answers(scores, b->count, answer);
    size_t right = 0;
    for (size_t i = 0; ok && i < b->count; i++) right += answer[i] == b->labels[i];
    free(answer);
    if (!ok) return false;
    *value = mg_item(loss);
    progress_look(p, *value, right, b->count);
    return true;
}

/* Forward, loss, backward, Adam. If asked to look, *loss_value is set. */
static bool step(const model *m, mg_optimizer *adam, const batch *b, progress *p, bool looking, double *loss_value) {
    MG_SCOPE;
    mg_tensor *scores = model_forward(m, batch_images(b));
    mg_tensor *labels = mg_from_i64(b->labels, MG_SHAPE((int64_t)b->count));
    mg_tensor *loss = mg_softmax_crossentropy(scores, labels);
    if (looking && !look(scores, loss, b, p, loss_value)) return false;
    mg_backward(loss, .consume = true);
    return mg_optimizer_step(adam) == MG_OK; /* says so if anything before it failed, too */
}

static bool train_epoch(const model *m, mg_optimizer *adam, const dataset *set, batch *b, const options *o, progress *p,
                        curve *losses, size_t *images) {
    size_t done = 0;
    bool ok = true;
    for (size_t steps = 0; ok && done < set->count && !interrupted(); steps++) {
        bool looking = steps % LOOK_EVERY == 0;
        double loss = 0;
        batch_load(b, set, done, o->batch);
        ok = step(m, adam, b, p, looking, &loss);
        if (ok) done += b->count;
        if (ok && looking) ok = curve_add(losses, p->epoch - 1 + (double)done / (double)set->count, loss);
        if (ok) progress_draw(p, done);
    }
    progress_end(p, done);
    *images += done;
    return ok;
}

bool train(const model *m, const dataset *set, const options *o, curve *losses, size_t *images) {
    rng shuffler = {o->seed ^ 0x5f0d};
    batch b = {0};
    mg_optimizer *adam = mg_adam(m->params, m->count, .lr = o->lr);
    bool ok = adam && batch_alloc(&b, set->count, o->batch);
    *images = 0;
    for (int epoch = 1; ok && epoch <= o->epochs && !interrupted(); epoch++) {
        progress p;
        losses->epochs = epoch;
        progress_begin(&p, epoch, o->epochs, set->count);
        rng_shuffle(&shuffler, b.order, set->count);
        ok = train_epoch(m, adam, set, &b, o, &p, losses, images);
    }
    batch_free(&b);
    mg_optimizer_free(adam);
    return ok;
}

static bool examine_batch(const model *m, const batch *b, confusion *out) {
    MG_SCOPE;
    uint8_t answer[EXAM_BATCH];
    if (!answers(model_forward(m, batch_images(b)), b->count, answer)) return false;
    for (size_t i = 0; i < b->count; i++) out->count[b->labels[i]][answer[i]]++;
    return true;
}

bool examine(const model *m, const dataset *set, confusion *out) {
    *out = (confusion){0};
    batch b;
    bool ok = batch_alloc(&b, set->count, EXAM_BATCH);
    mg_no_autodiff(true);
    for (size_t first = 0; ok && first < set->count && !interrupted(); first += b.count) {
        batch_load(&b, set, first, EXAM_BATCH);
        ok = examine_batch(m, &b, out);
    }
    mg_no_autodiff(false);
    batch_free(&b);
    return ok;
}

bool draw_graph(const model *m, const dataset *set, const char *directory, bool svg) {
    batch b;
    bool ok = batch_alloc(&b, set->count, 8);
    if (ok) {
        MG_SCOPE;
        batch_load(&b, set, 0, 8);
        mg_tensor *labels = mg_from_i64(b.labels, MG_SHAPE((int64_t)b.count));
        mg_tensor *loss = mg_softmax_crossentropy(model_forward(m, batch_images(&b)), labels);
        char path[4096];
        snprintf(path, sizeof path, "%s/graph.dot", directory);
        ok = mg_save_graph(loss, path) == MG_OK;
        snprintf(path, sizeof path, "%s/graph.svg", directory);
        if (ok && svg) ok = mg_save_graph(loss, path) == MG_OK;
    }
    batch_free(&b);
    return ok;
}
