/* SPDX-License-Identifier: MIT
 * The load family: a training step of examples/train_digits and a product of f64, alone and beside busy processes that
 * it starts and ends itself: none, one and two for each core. Promised beside k of them: 0.8 of the better of one
 * thread (in the same company) and a fair share, which is 1 / (1 + k) of all threads alone. */
#include "suite.h"

#include "dataset.h"
#include "digits.h"
#include "model.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

enum { BATCH = 64, SIDE = 512, MOST_BUSY = 256 };

typedef struct work {
    const char *name;
    void (*run)(void *context);
    void *context;
} work;

typedef struct training {
    model m;
    mg_optimizer *adam;
    float *images;
    int64_t labels[BATCH];
} training;

static void step(void *context) {
    const training *t = context;
    MG_SCOPE;
    mg_tensor *images = mg_set_constant(mg_from_f32(t->images, MG_SHAPE(BATCH, 1, IMAGE_SIDE, IMAGE_SIDE)), true);
    mg_tensor *loss = mg_softmax_crossentropy(model_forward(&t->m, images), mg_from_i64(t->labels, MG_SHAPE(BATCH)));
    mg_backward(loss, .consume = true);
    mg_optimizer_step(t->adam);
}

static bool training_make(training *t) {
    digit_data data;
    uint32_t order[BATCH];
    *t = (training){0};
    if (!digits_make(&data, BATCH, 1, 1)) return false;
    t->images = suite_memory(BATCH * IMAGE_PIXELS * sizeof *t->images);
    for (uint32_t i = 0; i < BATCH; i++) order[i] = i;
    dataset_batch(&data.train, order, BATCH, t->images, t->labels);
    dataset_free(&data.train);
    dataset_free(&data.test);
    if (model_convolutional(&t->m, 1)) t->adam = mg_adam(t->m.params, t->m.count);
    return t->adam != NULL;
}

static void training_unmake(training *t) {
    mg_optimizer_free(t->adam);
    model_free(&t->m);
    free(t->images);
}

static void multiply(void *context) {
    mg_tensor *x = context;
    MG_SCOPE;
    mg_eval(mg_matmul(x, x));
}

/* ---- busy processes ---- */

static pid_t busy[MOST_BUSY];
static int n_busy;

static void busy_start(int n) {
    pid_t parent = getpid();
    while (n_busy < n && n_busy < MOST_BUSY) {
        pid_t child = fork();
        if (child < 0) return;
        if (child == 0) {
#if defined(__linux__)
            prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
            while (getppid() == parent)
                for (volatile long i = 0; i < 100000000; i++) continue;
            _exit(0);
        }
        busy[n_busy++] = child;
    }
}

static void busy_end(void) {
    while (n_busy > 0) {
        kill(busy[--n_busy], SIGKILL);
        waitpid(busy[n_busy], NULL, 0);
    }
}

/* ---- measuring ---- */

/* Seconds of a round with one thread [0] and all [1], in turns of a quarter of a second: schedulers think in
 * milliseconds, and rounds of one turn are not independent. A turn's mean is one value. */
static void measure(const bench_suite *suite, const work *w, bench_interval out[2]) {
    enum { MOST_TURNS = 24 };
    int turns = suite->quick ? 4 : MOST_TURNS;
    double values[2][MOST_TURNS];
    for (int turn = 0; turn < turns; turn++)
        for (int side = 0; side < 2; side++) {
            int many = (turn + side) % 2;
            mg_set_num_threads(many ? suite->threads : 1);
            long rounds = 0;
            w->run(w->context);
            double start = suite_clock(), now = start;
            for (; now - start < 0.25; now = suite_clock(), rounds++) w->run(w->context);
            values[many][turn] = (now - start) / (double)rounds;
        }
    for (int many = 0; many < 2; many++) out[many] = bench_bootstrap(values[many], (size_t)turns, 1);
}

static void report(bench_suite *suite, const work *w, int per_core, const bench_interval here[2], double all_alone) {
    for (int many = 0; many < 2; many++) {
        bench_row *row =
            suite_row(suite, "load/%s, beside %d a core/%dt", w->name, per_core, many ? suite->threads : 1);
        row->value = here[many];
    }
    double share = all_alone * (1 + per_core), best = here[0].mid < share ? here[0].mid : share;
    bench_interval reached = {best / here[1].high, best / here[1].mid, best / here[1].low};
    bench_row *row = suite_row(suite, "load/%s, beside %d a core/of the best", w->name, per_core);
    row->value = reached;
    row->unit = "x";
    char what[BENCH_NAME + 24];
    snprintf(what, sizeof what, "%s beside %d a core", w->name, per_core);
    if (per_core > 0) suite_gate(suite, what, reached, 0.8, true, "x");
}

static void under_load(bench_suite *suite, const work *w) {
    double all_alone = 0;
    for (int per_core = 0; per_core <= 2; per_core++) {
        bench_interval here[2];
        suite_progress(suite, w->name);
        busy_start(per_core * suite->threads);
        measure(suite, w, here);
        busy_end();
        if (per_core == 0) all_alone = here[1].mid;
        report(suite, w, per_core, here, all_alone);
    }
}

void family_load(bench_suite *suite) {
    training t;
    static double values[SIDE * SIDE];
    if (suite->threads < 2) {
        printf("load: left out, one core has no team\n\n");
        return;
    }
    for (int i = 0; i < SIDE * SIDE; i++) values[i] = (double)(i % 7);
    if (training_make(&t)) {
        MG_SCOPE;
        mg_tensor *x = mg_from_f64(values, MG_SHAPE(SIDE, SIDE));
        under_load(suite, &(work){"training step", step, &t});
        under_load(suite, &(work){"matmul f64 512", multiply, mg_set_constant(x, true)});
    }
    training_unmake(&t);
    mg_set_num_threads(0);
    mg_error error = mg_take_error();
    if (error.code != MG_OK || !t.adam) suite_fail(suite, "load: %s: %s", error.op, error.message);
}
