/* SPDX-License-Identifier: MIT
 * The reduce family: sum, mean and max of 16M floats against a loop that only reads them, with one thread and with all;
 * and what takes more passes (var, cumsum, softmax), against the same loop. */
#include "suite.h"

#include "bench_loops.h"
#include "mygrad/mygrad.h"
#include "runtime/parallel.h"

#include <stdio.h>
#include <stdlib.h>

enum { N = 16 << 20 };

static mg_tensor *sum(mg_tensor *x) { return mg_sum(x); }
static mg_tensor *mean(mg_tensor *x) { return mg_mean(x); }
static mg_tensor *max(mg_tensor *x) { return mg_max(x); }
static mg_tensor *var(mg_tensor *x) { return mg_var(x); }
static mg_tensor *cumsum(mg_tensor *x) { return mg_cumsum(x); }
static mg_tensor *softmax(mg_tensor *x) { return mg_softmax(mg_reshape(x, MG_SHAPE(-1, 256))); }

typedef struct reduction {
    const char *name;
    mg_tensor *(*run)(mg_tensor *x);
    bool one_pass; /* of which something is promised */
} reduction;

static const reduction reductions[] = {{"sum", sum, true},  {"mean", mean, true},      {"max", max, true},
                                       {"var", var, false}, {"cumsum", cumsum, false}, {"softmax", softmax, false}};

typedef struct problem {
    const reduction *what;
    mg_tensor *x;
    const float *data;
    int threads;
} problem;

static void run_library(void *context) {
    const problem *p = context;
    MG_SCOPE;
    mg_eval(p->what->run(p->x));
}

static volatile float sink;

static void read_part(int64_t begin, int64_t end, int worker, void *context) {
    const problem *p = context;
    (void)worker;
    const int64_t part = N / p->threads / 64 * 64;
    for (int64_t t = begin; t < end; t++) sink = bench_loops_here()->read((size_t)part, p->data + t * part);
}

static void run_read(void *context) {
    problem *p = context;
    mgr_parallel_for(p->threads, 1, read_part, p);
}

static void measure(bench_suite *suite, problem p) {
    mg_set_num_threads(p.threads);
    bench_row *row = suite_row(suite, "reduce/%s/16M/%dt", p.what->name, p.threads);
    suite_progress(suite, row->name);
    const suite_pair pair = suite_measure_pair(suite, (suite_side){run_library, &p}, (suite_side){run_read, &p});
    row->value = pair.a;
    row->ratio = pair.ratio;
    row->control = pair.control;
    row->bytes = 4.0 * N;
    snprintf(row->against, sizeof row->against, "a loop that reads");
    char what[BENCH_NAME];
    snprintf(what, sizeof what, "%s of 16M floats by reading them, %d threads", p.what->name, p.threads);
    if (p.what->one_pass) suite_gate(suite, what, pair.ratio, 0.9, true, "x");
    mg_set_num_threads(0);
}

void family_reduce(bench_suite *suite) {
    float *data = suite_memory(4 * (size_t)N);
    suite_fill_f32(data, N, -1, 1, 5);
    mg_tensor *x = mg_keep(mg_borrow(MG_F32, data, MG_SHAPE(N), NULL, NULL));
    mg_set_constant(x, true);
    for (size_t i = 0; i < sizeof reductions / sizeof *reductions; i++) {
        measure(suite, (problem){&reductions[i], x, data, 1});
        if (suite->threads > 1) measure(suite, (problem){&reductions[i], x, data, suite->threads});
    }
    mg_release(x);
    const mg_error error = mg_take_error();
    if (error.code != MG_OK) suite_fail(suite, "reduce: %s: %s", error.op, error.message);
    free(data);
}
