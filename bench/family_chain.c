/* SPDX-License-Identifier: MIT
 * The chain family: y = relu(exp(x*w) + x*b - w) * x and its gradients, recorded and run fused, against the same
 * operations run one by one and against a loop fused by hand. Nothing is timed before all three gave the same bits. */
#include "suite.h"

#include "autodiff/thread.h"
#include "bench_loops.h"
#include "mygrad/mygrad.h"
#include "runtime/cpu.h"
#include "runtime/parallel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct chain {
    int64_t n;
    bool gradient, eager;
    mg_tensor *x, *w, *b;
    float *hand[3];     /* what the loop by hand writes: y, or the gradients of x, w, b */
    float *expected[3]; /* where bits are compared: outputs of the library are copied here */
} chain;

/* In statements of its own where order matters: contributions are added in the order of recording, and C does not say
 * which argument of a call is recorded first. */
static mg_tensor *record(const chain *c) {
    mg_tensor *e = mg_exp(mg_multiply(c->x, c->w));
    mg_tensor *sum = mg_add(e, mg_multiply(c->x, c->b));
    return mg_multiply(mg_relu(mg_subtract(sum, c->w)), c->x);
}

static void keep_bits(const chain *c, mg_tensor *t, int i) {
    const float *data = mg_data_f32(t);
    if (data && c->expected[i]) memcpy(c->expected[i], data, (size_t)c->n * sizeof *data);
}

static void run_library(void *context) {
    const chain *c = context;
    mga_thread_get()->eager = c->eager; /* as MYGRAD_EAGER=1 does */
    if (!c->gradient) mg_no_autodiff(true);
    {
        MG_SCOPE;
        mg_tensor *y = record(c);
        if (!c->gradient) {
            keep_bits(c, y, 0);
        } else if (mg_backward(y) == MG_OK) {
            keep_bits(c, mg_grad(c->x), 0);
            keep_bits(c, mg_grad(c->w), 1);
            keep_bits(c, mg_grad(c->b), 2);
        }
        mg_null_grad(c->x); /* inside the scope, to which handles of dropped gradients go over */
        mg_null_grad(c->w);
        mg_null_grad(c->b);
    }
    if (!c->gradient) mg_no_autodiff(false);
    mga_thread_get()->eager = false;
}

typedef struct by_hand {
    const chain *c;
    const float *x, *w, *b;
    bool past;
} by_hand;

static void hand_part(int64_t begin, int64_t end, int worker, void *context) {
    const by_hand *h = context;
    const bench_loops *f = bench_loops_here();
    size_t n = (size_t)(end - begin) * 16, o = (size_t)begin * 16;
    float *out[3] = {h->c->hand[0] + o, h->c->hand[1] + o, h->c->hand[2] + o};
    (void)worker;
    if (h->c->gradient)
        (h->past ? f->chain_gradient_past : f->chain_gradient)(n, out, h->x + o, h->w + o, h->b + o);
    else
        (h->past ? f->chain_past : f->chain)(n, out[0], h->x + o, h->w + o, h->b + o);
}

/* As one would write it: past the caches where the output is larger than they are, threads where there is enough. */
static void run_hand(void *context) {
    const chain *c = context;
    by_hand h = {c, mg_data_f32(c->x), mg_data_f32(c->w), mg_data_f32(c->b), false};
    h.past = (size_t)c->n * (c->gradient ? 12 : 4) > mgr_cpu_caches()->llc;
    mgr_parallel_for(c->n / 16, 1024, hand_part, &h);
}

/* The library fused and one by one, and the loop by hand: the same bits. */
static bool same_bits(bench_suite *suite, chain *c) {
    size_t bytes = (size_t)c->n * sizeof(float);
    int outputs = c->gradient ? 3 : 1;
    bool same = true;
    run_hand(c);
    for (int eager = 0; eager < 2; eager++) {
        for (int i = 0; i < 3; i++) c->expected[i] = suite_memory(bytes);
        c->eager = eager;
        run_library(c);
        c->eager = false;
        for (int i = 0; i < 3; i++) {
            same = same && (i >= outputs || memcmp(c->expected[i], c->hand[i], bytes) == 0);
            free(c->expected[i]);
            c->expected[i] = NULL;
        }
        if (!same)
            suite_fail(suite, "chain of %lld: the %s library and the loop by hand differ in bits", (long long)c->n,
                       eager ? "eager" : "fused");
    }
    mg_error error = mg_take_error();
    if (error.code != MG_OK) suite_fail(suite, "chain: %s: %s", error.op, error.message);
    return same && error.code == MG_OK;
}

static bool make(chain *c, int64_t n, bool gradient) {
    float *values = suite_memory((size_t)n * sizeof *values);
    mg_tensor **inputs[3] = {&c->x, &c->w, &c->b};
    *c = (chain){.n = n, .gradient = gradient};
    for (int i = 0; i < 3; i++) {
        suite_fill_f32(values, (size_t)n, -2, 2, (uint64_t)i + 1);
        *inputs[i] = mg_keep(mg_from_f32(values, MG_SHAPE(n)));
        c->hand[i] = suite_memory((size_t)n * sizeof *values);
    }
    free(values);
    return c->b != NULL;
}

static void unmake(chain *c) {
    mg_release(c->x);
    mg_release(c->w);
    mg_release(c->b);
    for (int i = 0; i < 3; i++) free(c->hand[i]);
    mg_trim();
}

static void add_row(bench_suite *suite, const suite_case *figures, const suite_pair *p, const char *against) {
    bench_row *row = suite_row(suite, "%s%s", figures->name, strcmp(against, "by hand") == 0 ? "/hand" : "");
    row->value = p->a;
    row->bytes = figures->bytes;
    row->share = suite_share(suite, figures, p->a.mid);
    row->ratio = p->ratio;
    row->control = p->control;
    snprintf(row->against, sizeof row->against, "%s", against);
}

/* Gates are promises about the forward chain; against the loop by hand a ratio of times, library by hand. */
static void add_gates(bench_suite *suite, const chain *c, const char *size, int threads, bench_interval eager,
                      bench_interval hand) {
    char what[BENCH_NAME + 24];
    bench_interval slower = {1 / hand.high, 1 / hand.mid, 1 / hand.low};
    bool large = c->n == INT64_C(16) << 20, small = c->n == 64 << 10;
    if (threads > 1) {
        snprintf(what, sizeof what, "chain%s/f32/%s/%dt over eager", c->gradient ? " gradient" : "", size, threads);
        suite_gate(suite, what, eager, 1, true, "x");
    } else if (!c->gradient && (large || small)) {
        snprintf(what, sizeof what, "chain/f32/%s/1t over eager", size);
        suite_gate(suite, what, eager, large ? 2.5 : 1.6, true, "x");
        snprintf(what, sizeof what, "chain/f32/%s/1t of hand-fused", size);
        suite_gate(suite, what, slower, large ? 1.3 : 1.8, false, "x");
    }
}

static void measure(bench_suite *suite, int64_t n, bool gradient, int threads) {
    char size[24];
    chain lazy;
    if (!make(&lazy, n, gradient)) return suite_fail(suite, "chain: no tensors of %lld elements", (long long)n);
    chain eager = lazy;
    eager.eager = true;
    suite_case figures = {.bytes = (double)n * 4 * (gradient ? 6 : 4), .threads = threads};
    figures.working_set = figures.bytes;
    suite_size_name((size_t)n, size);
    snprintf(figures.name, sizeof figures.name, "chain%s/f32/%s/%dt", gradient ? " gradient" : "", size, threads);
    suite_progress(suite, figures.name);
    mg_set_num_threads(threads);
    if (same_bits(suite, &lazy)) {
        suite_side library = {run_library, &lazy};
        suite_pair e = suite_measure_pair(suite, library, (suite_side){run_library, &eager});
        suite_pair h = suite_measure_pair(suite, library, (suite_side){run_hand, &lazy});
        add_row(suite, &figures, &e, "eager");
        add_row(suite, &figures, &h, "by hand");
        add_gates(suite, &lazy, size, threads, e.ratio, h.ratio);
    }
    mg_set_num_threads(0);
    unmake(&lazy);
}

void family_chain(bench_suite *suite) {
    static const int64_t sizes[] = {4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20};
    limits_ensure(suite);
    for (int gradient = 0; gradient < 2; gradient++)
        for (int many = 0; many < (suite->threads > 1 ? 2 : 1); many++)
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                bool quickly = sizes[i] == 4 << 10 || sizes[i] == 64 << 10 || sizes[i] == 1 << 20;
                if (!suite->quick || quickly) measure(suite, sizes[i], gradient, many ? suite->threads : 1);
            }
}
