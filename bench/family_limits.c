/* SPDX-License-Identifier: MIT
 * The limits family: what this machine can do at all, so that other families can say which share of it they reach. Each
 * thread goes over memory of its own; bytes are those the loop reads and writes, whatever the caches fetch beside. */
#include "suite.h"

#include "bench_loops.h"
#include "mygrad/runtime.h"
#include "runtime/cpu.h"
#include "runtime/parallel.h"

#include <stdio.h>
#include <stdlib.h>

const bench_loops *bench_loops_here(void) {
    switch (mgr_kernels()->isa) {
#ifdef BENCH_HAVE_AVX2
    case MGK_AVX2:
        return &bench_loops_avx2;
#endif
#ifdef BENCH_HAVE_AVX512
    case MGK_AVX512:
        return &bench_loops_avx512;
#endif
#ifdef BENCH_HAVE_NEON
    case MGK_NEON:
        return &bench_loops_neon;
#endif
    default:
        return &bench_loops_scalar;
    }
}

typedef enum limit_kind { READ, COPY, COPY_PAST, TRIAD, TRIAD_PAST, FMA_F32, FMA_F64, KINDS } limit_kind;

static const struct {
    const char *name;
    int arrays;
} kinds[KINDS] = {{"read", 1}, {"copy", 2}, {"copy, past caches", 2}, {"triad", 3}, {"triad, past caches", 3},
                  {"f32", 0},  {"f64", 0}};

static const char *const levels[BENCH_LEVELS] = {"L1", "L2", "L3", "memory"};

typedef struct limit {
    limit_kind kind;
    int level, threads;
    size_t n, passes; /* elements of one thread's array, times a round goes over them */
    float *memory;
} limit;

static volatile double sink;

/* Thread `first`'s own arrays are side by side in its own stretch of memory. */
static void work(int64_t first, int64_t end, int worker, void *context) {
    const limit *l = context;
    const bench_loops *f = bench_loops_here();
    (void)worker;
    for (int64_t t = first; t < end; t++) {
        float *a = l->memory + (size_t)t * l->n * 3, *b = a + l->n, *out = b + l->n;
        for (size_t pass = 0; pass < l->passes; pass++) switch (l->kind) {
            case READ:
                sink = (double)f->read(l->n, a);
                break;
            case COPY:
                f->copy(l->n, out, a);
                break;
            case COPY_PAST:
                f->copy_past(l->n, out, a);
                break;
            case TRIAD:
                f->triad(l->n, out, a, b);
                break;
            case TRIAD_PAST:
                f->triad_past(l->n, out, a, b);
                break;
            case FMA_F32:
                sink = f->fma_f32(64);
                break;
            case FMA_F64:
                sink = f->fma_f64(64);
                break;
            default:
                break;
            }
    }
}

static void run(void *context) {
    limit *l = context;
    mg_set_num_threads(l->threads);
    mgr_parallel_for(l->threads, 1, work, l);
}

/* Bytes that all threads' arrays take: half of a level, so that all of it stays there; several times the last level. */
static double level_bytes(const bench_suite *suite, int level, int threads) {
    const mgr_caches *c = mgr_cpu_caches();
    double beyond = 4.0 * (double)c->llc, least = suite->quick ? 96e6 : 256e6;
    if (level == 3) return beyond > least ? beyond : least;
    return level == 2 ? (double)c->llc / 2 : (double)(level ? c->l2 : c->l1) / 2 * threads;
}

static size_t memory_of(const bench_suite *suite) {
    return (size_t)(3 * level_bytes(suite, 3, suite->threads)) + 3 * 64;
}

static void add_limit(bench_suite *suite, limit *l) {
    const bench_loops *f = bench_loops_here();
    suite_case c = {.run = run, .context = l, .threads = l->threads};
    if (l->kind >= FMA_F32) {
        l->passes = 8;
        snprintf(c.name, sizeof c.name, "limits/fma/%s/%dt", kinds[l->kind].name, l->threads);
        c.flops = (l->kind == FMA_F32 ? f->fma_f32_flops : f->fma_f64_flops) * 64 * 8 * l->threads;
    } else {
        double bytes = level_bytes(suite, l->level, l->threads);
        l->n = (size_t)(bytes / l->threads / (kinds[l->kind].arrays * 4.0)) / 16 * 16;
        double pass = (double)l->n * 4 * kinds[l->kind].arrays;
        l->passes = pass < 4e6 ? (size_t)(4e6 / pass) : 1;
        snprintf(c.name, sizeof c.name, "limits/%s/%s/%dt", kinds[l->kind].name, levels[l->level], l->threads);
        c.bytes = pass * (double)l->passes * l->threads;
    }
    suite_case_add(suite, &c);
}

static void take_figures(bench_suite *suite, const limit *list, size_t n, const bench_row *rows) {
    bench_limits *known = &suite->limits;
    for (size_t i = 0; i < n; i++) {
        const limit *l = &list[i];
        for (int many = l->threads > 1; many <= (l->threads == suite->threads); many++) {
            double *best =
                l->kind >= FMA_F32 ? &known->flops[l->kind == FMA_F64][many] : &known->bandwidth[l->level][many];
            double rate = (l->kind >= FMA_F32 ? rows[i].flops : rows[i].bytes) / rows[i].value.mid;
            bool counts = l->kind == TRIAD || l->kind == TRIAD_PAST || l->kind >= FMA_F32;
            if (counts && rate > *best) *best = rate;
        }
    }
    known->known = true;
}

void family_limits(bench_suite *suite) {
    limit list[BENCH_THREADS * (BENCH_LEVELS * FMA_F32 + 2)];
    size_t n = 0, first_row = suite->n_rows;
    float *memory = suite_memory(memory_of(suite));
    for (int many = 0; many < (suite->threads > 1 ? 2 : 1); many++) {
        int threads = many ? suite->threads : 1;
        for (int level = 0; level < BENCH_LEVELS; level++)
            for (int kind = READ; kind < FMA_F32; kind++)
                if (level >= 2 || (kind != COPY_PAST && kind != TRIAD_PAST)) /* past caches that would do: pointless */
                    list[n++] = (limit){.kind = (limit_kind)kind, .level = level, .threads = threads, .memory = memory};
        for (int kind = FMA_F32; kind < KINDS; kind++)
            list[n++] = (limit){.kind = (limit_kind)kind, .threads = threads, .memory = memory};
    }
    for (size_t i = 0; i < n; i++) add_limit(suite, &list[i]);
    suite_run_cases(suite);
    take_figures(suite, list, n, suite->rows + first_row);
    mg_set_num_threads(0);
    free(memory);
}

void limits_ensure(bench_suite *suite) {
    if (suite->limits.known) return;
    bench_suite brief = {.quick = true, .progress = suite->progress, .threads = suite->threads};
    family_limits(&brief);
    suite->limits = brief.limits;
    free(brief.rows);
}
