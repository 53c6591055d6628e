/* SPDX-License-Identifier: MIT
 * The products family: matmul through the public API and the demo's convolutions through runtime/linalg.h (whose
 * backward parts the public API has only inside a graph), against oneDNN called directly with the same layouts. */
#include "suite.h"

#include "mygrad/mygrad.h"
#include "raw_onednn.h"
#include "runtime/linalg.h"
#include "runtime/openmp_alone.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct product {
    /* matmul */
    mg_tensor *ta, *tb;
    /* convolution: operands as mgr_conv_* and raw_run take them */
    raw_kind kind;
    raw_conv shape;
    const float *a, *b;
    float *result;
    raw_product *raw;
} product;

static void by_raw(void *context) {
    const product *p = context;
    raw_run(p->raw, p->a, p->b, p->result);
}

static void by_matmul(void *context) {
    const product *p = context;
    MG_SCOPE;
    mg_eval(mg_matmul(p->ta, p->tb));
}

static void by_conv(void *context) {
    const product *p = context;
    const raw_conv *s = &p->shape;
    int64_t x[2] = {s->h, s->w}, w[2] = {s->k, s->k}, one[2] = {1, 1}, pad[2] = {s->p, s->p};
    int64_t y[2] = {raw_conv_out(s, s->h), raw_conv_out(s, s->w)}, stride[2] = {s->s, s->s};
    mgr_conv c = {.dtype = MG_F32,
                  .spatial = 2,
                  .n = s->n,
                  .c = s->c,
                  .f = s->f,
                  .x = x,
                  .w = w,
                  .y = y,
                  .stride = stride,
                  .pad = pad,
                  .dilation = one};
    if (p->kind == RAW_FORWARD) mgr_conv_forward(&c, p->a, p->b, p->result);
    if (p->kind == RAW_BACKWARD_DATA) mgr_conv_backward_data(&c, p->a, p->b, p->result);
    if (p->kind == RAW_BACKWARD_WEIGHTS) mgr_conv_backward_weights(&c, p->a, p->b, p->result);
}

/* Small whole numbers: their products and sums are exact in f32 (at most 4 * 50,176 < 2^24), so every order of adding
 * gives the same, and results can be compared for equality. */
static void fill_whole(float *out, size_t n, uint64_t seed) {
    suite_fill_f32(out, n, -2.5, 2.5, seed);
    for (size_t i = 0; i < n; i++) out[i] = rintf(out[i]);
}

static bool same(const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!(a[i] == b[i])) return false;
    return true;
}

static void report(bench_suite *suite, const char *name, double flops, double bytes, suite_pair p) {
    suite_case c = {.flops = flops, .bytes = bytes, .working_set = bytes, .threads = 1};
    bench_row *row = suite_row(suite, "%s", name);
    row->value = p.a;
    row->flops = flops;
    row->share = suite_share(suite, &c, p.a.mid);
    row->ratio = p.ratio;
    row->control = p.control;
    snprintf(row->against, sizeof row->against, "raw oneDNN");
    char what[BENCH_NAME + 16];
    snprintf(what, sizeof what, "%s of raw oneDNN", name);
    suite_gate(suite, what, p.ratio, 0.95, true, "x");
}

static void matmul(bench_suite *suite, int64_t n) {
    size_t count = (size_t)(n * n);
    char name[BENCH_NAME];
    float *a = suite_memory(4 * count), *b = suite_memory(4 * count);
    product p = {.a = a, .b = b, .result = suite_memory(4 * count), .raw = raw_matmul_new(n, n, n)};
    fill_whole(a, count, 1);
    fill_whole(b, count, 2);
    snprintf(name, sizeof name, "matmul/f32/%lld/1t", (long long)n);
    suite_progress(suite, name);
    MG_SCOPE;
    p.ta = mg_from_f32(a, MG_SHAPE(n, n));
    p.tb = mg_from_f32(b, MG_SHAPE(n, n));
    mg_no_autodiff(true);
    const float *ours = mg_data_f32(mg_matmul(p.ta, p.tb));
    if (!p.raw || !ours || !raw_run(p.raw, a, b, p.result) || !same(ours, p.result, count))
        suite_fail(suite, "%s: no oneDNN, or another result than oneDNN's", name);
    else
        report(suite, name, 2.0 * (double)(n * n * n), 12.0 * (double)count,
               suite_measure_pair(suite, (suite_side){by_matmul, &p}, (suite_side){by_raw, &p}));
    mg_no_autodiff(false);
    raw_free(p.raw);
    free(a);
    free(b);
    free(p.result);
}

/* A user of oneDNN would take the layouts that are faster on the whole, reorders included. */
static raw_product *faster_conv(const bench_suite *suite, const product *p) {
    product plain = *p, blocked = *p;
    plain.raw = raw_conv_new(p->kind, &p->shape, false);
    blocked.raw = raw_conv_new(p->kind, &p->shape, true);
    bool take_plain = plain.raw != NULL;
    if (plain.raw && blocked.raw)
        take_plain =
            suite_measure_pair(suite, (suite_side){by_raw, &plain}, (suite_side){by_raw, &blocked}).ratio.mid > 1;
    raw_free(take_plain ? blocked.raw : plain.raw);
    return take_plain ? plain.raw : blocked.raw;
}

static const char *const kind_names[] = {"forward", "backward data", "backward weights"};

static void conv(bench_suite *suite, const char *what, raw_conv s, raw_kind kind) {
    size_t sizes[3] = {(size_t)(s.n * s.c * s.h * s.w), (size_t)(s.f * s.c * s.k * s.k),
                       (size_t)(s.n * s.f * raw_conv_out(&s, s.h) * raw_conv_out(&s, s.w))}; /* x, w, y */
    static const int roles[3][3] = {{0, 1, 2}, {2, 1, 0}, {0, 2, 1}};
    size_t na = sizes[roles[kind][0]], nb = sizes[roles[kind][1]], n = sizes[roles[kind][2]];
    float *a = suite_memory(4 * na), *b = suite_memory(4 * nb), *theirs = suite_memory(4 * n),
          *ours = suite_memory(4 * n);
    product p = {.kind = kind, .shape = s, .a = a, .b = b, .result = theirs};
    double flops = 2.0 * (double)sizes[2] * (double)(s.c * s.k * s.k);
    char name[BENCH_NAME];
    snprintf(name, sizeof name, "%s/%s/1t", what, kind_names[kind]);
    suite_progress(suite, name);
    fill_whole(a, na, 3);
    fill_whole(b, nb, 4);
    p.raw = faster_conv(suite, &p);
    product mine = p;
    mine.result = ours;
    if (p.raw) by_raw(&p);
    by_conv(&mine);
    if (!p.raw || !same(ours, theirs, n))
        suite_fail(suite, "%s: no oneDNN, or another result than oneDNN's", name);
    else
        report(suite, name, flops, 4.0 * (double)(na + nb + n),
               suite_measure_pair(suite, (suite_side){by_conv, &mine}, (suite_side){by_raw, &p}));
    raw_free(p.raw);
    free(a);
    free(b);
    free(theirs);
    free(ours);
}

void family_products(bench_suite *suite) {
    static const int64_t sizes[] = {128, 256, 512, 1024};
    if (!raw_available()) {
        printf("products: left out, this build has no oneDNN to compare with\n\n");
        return;
    }
    limits_ensure(suite);
    mg_set_num_threads(1);
    mgr_openmp openmp = mgr_openmp_find(NULL);
    int before = mgr_openmp_alone_begin(&openmp); /* the other side, too */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) matmul(suite, sizes[i]);
    for (int kind = RAW_FORWARD; kind <= RAW_BACKWARD_WEIGHTS; kind++) /* examples/train_digits/model.c, batch 64 */
        conv(suite, "conv 1 to 16, 28x28", (raw_conv){64, 1, 16, 28, 28, 3, 1, 1}, (raw_kind)kind);
    for (int kind = RAW_FORWARD; kind <= RAW_BACKWARD_WEIGHTS; kind++)
        conv(suite, "conv 16 to 32, 14x14", (raw_conv){64, 16, 32, 14, 14, 3, 1, 1}, (raw_kind)kind);
    for (int kind = RAW_FORWARD; kind <= RAW_BACKWARD_WEIGHTS; kind++) /* first layers, pointwise ones, strides */
        conv(suite, "conv 1 to 16, 28x28, 5x5", (raw_conv){64, 1, 16, 28, 28, 5, 2, 1}, (raw_kind)kind);
    for (int kind = RAW_FORWARD; kind <= RAW_BACKWARD_WEIGHTS; kind++)
        conv(suite, "conv 3 to 16, 32x32, stride 2", (raw_conv){64, 3, 16, 32, 32, 3, 1, 2}, (raw_kind)kind);
    for (int kind = RAW_FORWARD; kind <= RAW_BACKWARD_WEIGHTS; kind++)
        conv(suite, "conv 16 to 16, 28x28, 1x1", (raw_conv){64, 16, 16, 28, 28, 1, 0, 1}, (raw_kind)kind);
    mgr_openmp_alone_end(&openmp, before);
    mg_set_num_threads(0);
    mg_error error = mg_take_error();
    if (error.code != MG_OK) suite_fail(suite, "products: %s: %s", error.op, error.message);
}
