/* SPDX-License-Identifier: MIT
 * superinstructions [LEAST]: runs the cases of training and says which superinstructions they have and which trees of
 * instructions could be others, down to a share of LEAST percent (default 0.5). Fails where a superinstruction is in
 * none of them: codegen/ops/super.ops may only have what something needs. */
#include "census.h"
#include "dataset.h"
#include "model.h"
#include "workload.h"
#include "workload_rules.h"

#include <stdlib.h>

static mg_tensor *digits_loss(const model *m) {
    static float images[BATCH * IMAGE_PIXELS];
    int64_t labels[BATCH];
    for (int i = 0; i < BATCH * IMAGE_PIXELS; i++) images[i] = (float)(i * 37 % 101) / 100;
    for (int i = 0; i < BATCH; i++) labels[i] = i % CLASSES;
    mg_tensor *x = mg_set_constant(mg_from_f32(images, MG_SHAPE(BATCH, 1, IMAGE_SIDE, IMAGE_SIDE)), true);
    return mg_softmax_crossentropy(model_forward(m, x), mg_from_i64(labels, MG_SHAPE(BATCH)));
}

static void digits_evaluate(const model *m) {
    MG_SCOPE;
    mg_no_autodiff(true);
    mg_eval(digits_loss(m));
    mg_no_autodiff(false);
}

/* A step of examples/train_digits. */
static void digits_step(const model *m, mg_optimizer *optimizer) {
    MG_SCOPE;
    mg_backward(digits_loss(m), .consume = true);
    mg_optimizer_step(optimizer);
}

static void digits(const char *name, bool adam) {
    model m;
    if (!model_convolutional(&m, 1)) return;
    mg_optimizer *o =
        adam ? mg_adam(m.params, m.count) : mg_sgd(m.params, m.count, .momentum = 0.9, .weight_decay = 1e-4);
    digits_step(&m, o);
    census_begin(name);
    digits_step(&m, o);
    digits_evaluate(&m);
    census_end();
    mg_optimizer_free(o);
    model_free(&m);
}

/* A step and an evaluation without gradients, as loops have both; not the first step, which makes what later ones have.
 */
static void cases(const workload_case *c) {
    for (; c->name; c++) {
        workload t;
        if (workload_begin(&t, c)) {
            workload_step(&t);
            census_begin(c->name);
            workload_step(&t);
            workload_evaluate(&t);
            census_end();
        }
        workload_end(&t);
        mg_error e = mg_take_error();
        if (e.code == MG_OK) continue;
        fprintf(stderr, "%s: %s: %s\n", c->name, e.op, e.message);
        exit(EXIT_FAILURE);
    }
}

int main(int argc, char **argv) {
    mg_set_num_threads(1);
    digits("digits, Adam", true);
    digits("digits, SGD", false);
    cases(workload_nets);
    cases(workload_models);
    census_begin("rules of all ops");
    workload_rules();
    census_end();
    mg_error e = mg_take_error();
    if (e.code != MG_OK) return fprintf(stderr, "%s: %s\n", e.op, e.message), EXIT_FAILURE;
    census_print(stdout, argc > 1 ? atof(argv[1]) : 0.5);
    return census_unused(stderr) ? EXIT_FAILURE : EXIT_SUCCESS;
}
