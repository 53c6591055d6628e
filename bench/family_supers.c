/* SPDX-License-Identifier: MIT
 * The supers family: what superinstructions save. Each one against its parts, tiles in L1; then whole steps of training
 * (tests/supers) against the same with kernels that have no superinstruction. Same bits, so only time differs. */
#include "suite.h"

#include "kernels/registry.h"
#include "mygrad/mygrad.h"
#include "op_inputs.h"
#include "runtime/cpu.h"
#include "runtime/dtype.h"
#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 1024, MAX_PARTS = 8 };

/* ---- one by one ---- */

typedef struct tiles {
    int op;
    mg_dtype row;
    const void *in[MGK_MAX_IN];
    void *between[MAX_PARTS]; /* results of the parts */
} tiles;

static void run_whole(void *context) {
    const tiles *t = context;
    void *out[1] = {t->between[mgk_ops[t->op].n_pattern - 1]};
    mgr_kernels()->map[t->op][t->row][MGK_VV](TILE, out, t->in, NULL);
}

static void run_parts(void *context) {
    const tiles *t = context;
    for (int s = 0; s < mgk_ops[t->op].n_pattern; s++) {
        const mgk_step *step = &mgk_ops[t->op].pattern[s];
        const void *in[MGK_MAX_IN];
        for (int j = 0; j < step->n_in; j++) {
            int which = step->in[j] & 0xf;
            in[j] = (step->in[j] & 0xf0) == MGK_REF_STEP ? t->between[which] : t->in[which];
        }
        mgr_kernels()->map[step->op][t->row][MGK_VV](TILE, (void *[1]){t->between[s]}, in, NULL);
    }
}

static void add_ratio(bench_row *row, const suite_pair *p, const char *against) {
    row->value = p->a;
    row->ratio = p->ratio;
    row->control = p->control;
    snprintf(row->against, sizeof row->against, "%s", against);
}

/* Array i of a block: no two of them begin at the same place of a page, which would make loads wait for stores. */
static void *tile_at(char *memory, int i) { return memory + (size_t)i * (TILE * sizeof(double) + 576); }

static void measure_kernel(bench_suite *suite, int op, mg_dtype row) {
    const mgk_op_info *info = &mgk_ops[op];
    tiles t = {.op = op, .row = row};
    char *memory = suite_memory((MGK_MAX_IN + MAX_PARTS) * (TILE * sizeof(double) + 576));
    int n = 0;
    for (int i = 0; i < info->n_in; i++) {
        void *values = tile_at(memory, n++);
        op_inputs_fill(values, info->bool_in >> i & 1 ? MG_BOOL : row, TILE, op, i);
        t.in[i] = values;
    }
    for (int s = 0; s < info->n_pattern; s++) t.between[s] = tile_at(memory, n++);
    suite_progress(suite, info->name);
    suite_pair p = suite_measure_pair(suite, (suite_side){run_whole, &t}, (suite_side){run_parts, &t});
    add_ratio(suite_row(suite, "supers/%s/%s", info->name, row == MG_F32 ? "f32" : "f64"), &p, "its parts");
    free(memory);
}

/* ---- steps of training ---- */

typedef mgk_map_fn *const kernel_row[MG_DTYPE_COUNT][MGK_FORMS];

/* The kernels in use without superinstructions: tile programs made with them have none. */
static mgk_table plain;

static bool make_plain(void) {
    size_t bytes = sizeof(kernel_row) * MGK_OP_COUNT;
    char *map = malloc(bytes);
    if (!map) return false;
    plain = *mgr_kernels();
    memcpy(map, plain.map, bytes);
    for (int op = 1; op < MGK_OP_COUNT; op++)
        if (mgk_ops[op].n_pattern > 0) memset(map + sizeof(kernel_row) * (size_t)op, 0, sizeof(kernel_row));
    plain.map = (kernel_row *)(void *)map;
    return true;
}

static void run_step(void *context) { workload_step(context); }

static void run_plain_step(void *context) {
    mgr_kernels_override(&plain);
    workload_step(context);
    mgr_kernels_override(NULL);
}

static void measure_cases(bench_suite *suite, const workload_case *c) {
    for (; c->name; c++) {
        workload t;
        suite_progress(suite, c->name);
        if (workload_begin(&t, c)) {
            suite_pair p = suite_measure_pair(suite, (suite_side){run_step, &t}, (suite_side){run_plain_step, &t});
            add_ratio(suite_row(suite, "supers/step/%s", c->name), &p, "without");
        }
        workload_end(&t);
    }
}

void family_supers(bench_suite *suite) {
    mg_set_num_threads(1);
    for (int op = 1; op < MGK_OP_COUNT; op++) {
        if (mgk_ops[op].n_pattern == 0) continue;
        measure_kernel(suite, op, MG_F32);
        if (!suite->quick) measure_kernel(suite, op, MG_F64);
    }
    if (!make_plain()) return suite_fail(suite, "supers: no memory");
    measure_cases(suite, workload_nets);
    measure_cases(suite, workload_models);
    free((void *)(uintptr_t)plain.map);
    mg_set_num_threads(0);
    mg_error error = mg_take_error();
    if (error.code != MG_OK) suite_fail(suite, "supers: %s: %s", error.op, error.message);
}
