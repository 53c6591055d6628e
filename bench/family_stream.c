/* SPDX-License-Identifier: MIT
 * The stream family: elementwise arithmetic on arrays that are larger than every cache, against a loop that moves as
 * many bytes and stores past the caches: copy for one operand, triad for two. */
#include "suite.h"

#include "bench_loops.h"
#include "mygrad/mygrad.h"
#include "runtime/cpu.h"
#include "runtime/parallel.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct stream {
    int64_t n;
    mg_tensor *x, *y;
    float *out; /* of the loop */
    mg_tensor *(*op)(const struct stream *s);
    int n_in;
} stream;

static mg_tensor *add(const stream *s) { return mg_add(s->x, s->y); }
static mg_tensor *multiply(const stream *s) { return mg_multiply(s->x, s->y); }
static mg_tensor *divide(const stream *s) { return mg_divide(s->x, s->y); }
static mg_tensor *maximum(const stream *s) { return mg_maximum(s->x, s->y); }
static mg_tensor *square(const stream *s) { return mg_square(s->x); }
static mg_tensor *add_one(const stream *s) { return mg_add(s->x, mg_scalar(1)); }

static void run_library(void *context) {
    const stream *s = context;
    MG_SCOPE;
    mg_sync(s->op(s));
}

static void part(int64_t begin, int64_t end, int worker, void *context) {
    const stream *s = context;
    const size_t n = (size_t)(end - begin) * 16, o = (size_t)begin * 16;
    (void)worker;
    if (s->n_in == 2)
        bench_loops_here()->triad_past(n, s->out + o, mg_data_f32(s->x) + o, mg_data_f32(s->y) + o);
    else
        bench_loops_here()->copy_past(n, s->out + o, mg_data_f32(s->x) + o);
}

static void run_loop(void *context) { mgr_parallel_for(((stream *)context)->n / 16, 1 << 12, part, context); }

static void against_loop(bench_suite *suite, const char *name, stream *s, int threads) {
    char size[24], what[BENCH_NAME];
    bench_row *row = suite_row(suite, "stream/%s/%s/%dt", name, suite_size_name((size_t)s->n, size), threads);
    suite_progress(suite, row->name);
    mg_set_num_threads(threads);
    const suite_pair p = suite_measure_pair(suite, (suite_side){run_library, s}, (suite_side){run_loop, s});
    mg_set_num_threads(0);
    row->value = p.a;
    row->ratio = p.ratio;
    row->control = p.control;
    row->bytes = 4.0 * (double)s->n * (s->n_in + 1);
    snprintf(row->against, sizeof row->against, s->n_in == 2 ? "triad" : "copy");
    snprintf(what, sizeof what, "%s %s, %d thread%s: of the bandwidth", name, size, threads, threads > 1 ? "s" : "");
    suite_gate(suite, what, p.ratio, 0.9, true, "x");
}

void family_stream(bench_suite *suite) {
    static const struct {
        const char *name;
        mg_tensor *(*op)(const stream *s);
        int n_in;
    } list[] = {{"add", add, 2},         {"multiply", multiply, 2}, {"divide", divide, 2},
                {"maximum", maximum, 2}, {"square", square, 1},     {"add 1", add_one, 1}};
    int64_t n = suite->quick ? 1 << 22 : 1 << 24;
    while ((size_t)n * sizeof(float) < 2 * mgr_cpu_caches()->llc) n *= 2; /* smaller ones need not go past the caches */
    float *values = suite_memory((size_t)n * sizeof *values);
    suite_fill_f32(values, (size_t)n, 0.5, 2, 1);
    mg_scope scope = mg_scope_open();
    mg_no_autodiff(true);
    mg_tensor *x = mg_from_f32(values, MG_SHAPE(n)), *y = mg_from_f32(values, MG_SHAPE(n));
    if (!x || !y) suite_fail(suite, "stream: %s", mg_take_error().message);
    for (int many = 0; x && y && many < (suite->threads > 1 ? 2 : 1); many++)
        for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
            stream s = {n, x, y, values, list[i].op, list[i].n_in};
            against_loop(suite, list[i].name, &s, many ? suite->threads : 1);
        }
    mg_no_autodiff(false);
    mg_scope_close(scope);
    free(values);
}
