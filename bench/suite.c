/* SPDX-License-Identifier: MIT
 * Rows, gates, and the two ways of measuring: Google Benchmark for one side by itself, A B B A for two. */
#include "suite.h"

#include "gbench.h"
#include "runtime/cpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static void *grown(void *array, size_t n, size_t *capacity, size_t size) {
    if (n < *capacity) return array;
    *capacity = *capacity ? 2 * *capacity : 64;
    array = realloc(array, *capacity * size);
    if (!array) {
        fprintf(stderr, "mygrad_bench: no memory\n");
        exit(EXIT_FAILURE);
    }
    return array;
}

bench_row *suite_row(bench_suite *suite, const char *format, ...) {
    suite->rows = grown(suite->rows, suite->n_rows, &suite->row_capacity, sizeof *suite->rows);
    bench_row *row = &suite->rows[suite->n_rows++];
    *row = (bench_row){0};
    va_list args;
    va_start(args, format);
    vsnprintf(row->name, sizeof row->name, format, args);
    va_end(args);
    return row;
}

void suite_gate(bench_suite *suite, const char *what, bench_interval measured, double gate, bool at_least,
                const char *unit) {
    suite->gates = grown(suite->gates, suite->n_gates, &suite->gate_capacity, sizeof *suite->gates);
    bench_gate *g = &suite->gates[suite->n_gates++];
    *g = (bench_gate){.measured = measured, .gate = gate, .at_least = at_least, .unit = unit};
    snprintf(g->what, sizeof g->what, "%s", what);
    g->met = bench_gate_met(measured, gate, at_least, strcmp(unit, "x") == 0 ? 1 : gate);
}

void suite_progress(const bench_suite *suite, const char *what) {
    if (suite->progress) fprintf(stderr, "\r\033[K%s", what);
}

void suite_fail(bench_suite *suite, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%smygrad_bench: ", suite->progress ? "\r\033[K" : "");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    suite->failed = true;
}

/* ---- one side by itself ---- */

static suite_case *cases;
static size_t n_cases, case_capacity;

void suite_case_add(bench_suite *suite, const suite_case *added) {
    (void)suite;
    cases = grown(cases, n_cases, &case_capacity, sizeof *cases);
    cases[n_cases++] = *added;
}

/* Which store of the machine a working set lives in, half of each being for it. */
static int level_of(double bytes) {
    const mgr_caches *c = mgr_cpu_caches();
    return bytes <= (double)c->l1 ? 0 : bytes <= (double)c->l2 ? 1 : bytes <= (double)c->llc ? 2 : 3;
}

double suite_share(const bench_suite *suite, const suite_case *c, double seconds) {
    int many = c->threads > 1;
    double bandwidth = suite->limits.bandwidth[level_of(c->working_set)][many];
    double peak = suite->limits.flops[c->f64][many];
    if (!suite->limits.known || seconds <= 0) return 0;
    double moving = c->working_set > 0 && bandwidth > 0 ? c->bytes / bandwidth : 0;
    double computing = peak > 0 ? c->flops / peak : 0;
    return (moving > computing ? moving : computing) / seconds;
}

typedef struct collecting {
    bench_suite *suite;
    size_t next;
} collecting;

static void collect(void *context, const char *name, const double *seconds, size_t repetitions) {
    collecting *to = context;
    const suite_case *c = &cases[to->next++];
    double *copy = malloc(repetitions * sizeof *copy);
    bench_row *row = suite_row(to->suite, "%s", c->name);
    (void)name;
    if (!copy) return suite_fail(to->suite, "no memory");
    memcpy(copy, seconds, repetitions * sizeof *copy);
    row->value = bench_bootstrap(copy, repetitions, to->next);
    row->bytes = c->bytes;
    row->flops = c->flops;
    row->share = suite_share(to->suite, c, row->value.mid);
    free(copy);
    suite_progress(to->suite, to->next < n_cases ? cases[to->next].name : "");
}

void suite_run_cases(bench_suite *suite) {
    collecting to = {suite, 0};
    for (size_t i = 0; i < n_cases; i++) {
        const suite_case *c = &cases[i];
        gbench_register(&(gbench_case){c->name, c->run, c->context, c->bytes, c->flops});
    }
    if (n_cases) suite_progress(suite, cases[0].name);
    gbench_run(suite->quick ? 5 : 11, suite->quick ? 0.001 : 0.01, collect, &to);
    n_cases = 0;
}

/* ---- two sides ---- */

enum { PAIRS = 31, QUICK_ROUND_US = 500, ROUND_US = 2000 };

static double time_of(suite_side side, long rounds) {
    double start = suite_clock();
    for (long i = 0; i < rounds; i++) side.run(side.context);
    return suite_clock() - start;
}

/* So many rounds that timing them takes long enough for the clock and the noise of interrupts. */
static long rounds_for(const bench_suite *suite, suite_side side) {
    double wanted = 1e-6 * (suite->quick ? QUICK_ROUND_US : ROUND_US);
    long rounds = 1;
    time_of(side, 1);
    for (;;) {
        double t = time_of(side, rounds);
        if (t >= wanted) return rounds;
        long more = t > 0 ? (long)((double)rounds * wanted / t * 1.2) + 1 : 10 * rounds;
        rounds = more < 10 * rounds ? more : 10 * rounds;
    }
}

suite_pair suite_measure_pair(const bench_suite *suite, suite_side a, suite_side b) {
    double ta[2 * PAIRS], tb[2 * PAIRS], ratio[PAIRS], control[PAIRS], previous = 0;
    long na = rounds_for(suite, a), nb = rounds_for(suite, b);
    int n_control = 0;
    for (int i = 0; i < PAIRS; i++) {
        ta[2 * i] = time_of(a, na) / (double)na;
        tb[2 * i] = time_of(b, nb) / (double)nb;
        tb[2 * i + 1] = time_of(b, nb) / (double)nb;
        ta[2 * i + 1] = time_of(a, na) / (double)na;
        double sum = ta[2 * i] + ta[2 * i + 1];
        ratio[i] = (tb[2 * i] + tb[2 * i + 1]) / sum;
        if (i > 0) control[n_control++] = i % 2 ? previous / sum : sum / previous; /* drift cancels */
        previous = sum;
    }
    return (suite_pair){bench_bootstrap(ta, 2 * PAIRS, 1), bench_bootstrap(tb, 2 * PAIRS, 2),
                        bench_bootstrap(ratio, PAIRS, 3), bench_bootstrap(control, (size_t)n_control, 4)};
}

/* ---- small help ---- */

double suite_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* On the pages that the library asks for, or one side would wait for addresses that the other has at hand. */
void *suite_memory(size_t bytes) {
    const size_t huge = (size_t)2 << 20, unit = bytes >= huge ? huge : 64;
    size_t whole = (bytes + unit - 1) & ~(unit - 1);
    void *p = aligned_alloc(unit, whole ? whole : unit);
    if (!p) {
        fprintf(stderr, "mygrad_bench: no memory for %zu bytes\n", bytes);
        exit(EXIT_FAILURE);
    }
    if (unit == huge) (void)madvise(p, whole, MADV_HUGEPAGE);
    memset(p, 0, whole);
    return p;
}

void suite_fill_f32(float *out, size_t n, double low, double high, uint64_t seed) {
    for (size_t i = 0; i < n; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (float)(low + (high - low) * ((double)(seed >> 40) * 0x1p-24));
    }
}

const char *suite_size_name(size_t n, char out[24]) {
    if (n >= 1u << 20 && n % (1u << 20) == 0)
        snprintf(out, 24, "%zuM", n >> 20);
    else if (n >= 1u << 10 && n % (1u << 10) == 0)
        snprintf(out, 24, "%zuK", n >> 10);
    else
        snprintf(out, 24, "%zu", n);
    return out;
}
