/* SPDX-License-Identifier: MIT
 * The vs_sleef family: our vector maths against SLEEF's functions of at most 1.0 ULP, in one process, the same
 * instruction set, arrays in L1. */
#include "suite.h"

#include "kernels/registry.h"
#include "op_inputs.h"
#include "runtime/cpu.h"
#include "sleef_loops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 1024 };

typedef struct duel {
    mgk_map_fn *ours;
    const sleef_loop *theirs;
    bool f64;
    const void *in[2];
    void *out;
} duel;

static void run_ours(void *context) {
    const duel *d = context;
    d->ours(ELEMENTS, (void *[]){d->out}, d->in, NULL);
}

static void run_theirs(void *context) {
    const duel *d = context;
    if (d->f64)
        d->theirs->f64(ELEMENTS, d->out, d->in[0], d->in[1]);
    else
        d->theirs->f32(ELEMENTS, d->out, d->in[0], d->in[1]);
}

static int op_named(const char *name) {
    for (int op = 1; op < MGK_OP_COUNT; op++)
        if (strcmp(mgk_ops[op].name, name) == 0) return op;
    return MGK_OP_NONE;
}

/* The ratio's logarithms are added to `sum`. */
static void fight(bench_suite *suite, const char *isa, const char *op, duel *d, bench_interval *sum) {
    const char *type = d->f64 ? "f64" : "f32";
    char what[BENCH_NAME];
    bench_row *row = suite_row(suite, "vs_sleef/%s/%s/%s", op, type, isa);
    suite_progress(suite, row->name);
    const suite_pair p = suite_measure_pair(suite, (suite_side){run_ours, d}, (suite_side){run_theirs, d});
    row->value = p.a;
    row->ratio = p.ratio;
    row->control = p.control;
    row->bytes = (double)ELEMENTS * (d->f64 ? 8 : 4) * (d->in[1] ? 3 : 2);
    snprintf(row->against, sizeof row->against, "SLEEF");
    snprintf(what, sizeof what, "%s %s %s, not slower than SLEEF", op, type, isa);
    suite_gate(suite, what, p.ratio, 1, true, "x");
    sum->low += log(p.ratio.low);
    sum->mid += log(p.ratio.mid);
    sum->high += log(p.ratio.high);
}

static void all_of(bench_suite *suite, const mgk_table *table, const sleef_loop *theirs) {
    const char *isa = table->name;
    bench_interval sum = {0, 0, 0};
    char what[BENCH_NAME];
    for (int i = 0; i < SLEEF_COUNT; i++) {
        const int op = op_named(theirs[i].op);
        for (int f64 = 0; f64 < 2; f64++) {
            const mg_dtype row = f64 ? MG_F64 : MG_F32;
            void *memory[3] = {suite_memory(ELEMENTS * 8), suite_memory(ELEMENTS * 8), suite_memory(ELEMENTS * 8)};
            duel d = {table->map[op][row][MGK_VV], &theirs[i], f64, {NULL, NULL}, memory[2]};
            for (int k = 0; k < mgk_ops[op].n_in && k < 2; k++) {
                op_inputs_fill(memory[k], row, ELEMENTS, op, k);
                d.in[k] = memory[k];
            }
            fight(suite, isa, theirs[i].op, &d, &sum);
            for (int k = 0; k < 3; k++) free(memory[k]);
        }
    }
    const double n = 2.0 * SLEEF_COUNT;
    const bench_interval mean = {exp(sum.low / n), exp(sum.mid / n), exp(sum.high / n)};
    snprintf(what, sizeof what, "vs_sleef %s, geometric mean", isa);
    suite_gate(suite, what, mean, 1.3, true, "x");
}

void family_vs_sleef(bench_suite *suite) {
    const mgk_table *avx512 = mgr_kernels_of(MGK_AVX512), *avx2 = mgr_kernels_of(MGK_AVX2);
    for (int i = 0; i < SLEEF_COUNT; i++)
        if (!op_named(sleef_loops_avx2[i].op)) return suite_fail(suite, "no op is named %s", sleef_loops_avx2[i].op);
    if (avx512) all_of(suite, avx512, sleef_loops_avx512);
    if (avx2) all_of(suite, avx2, sleef_loops_avx2);
}
