/* SPDX-License-Identifier: MIT
 * The kernels family: every kernel in the table of the instruction set in use, on arrays in L1. Runs over the generated
 * registry, so that a new op is measured without being named here. */
#include "suite.h"

#include "kernels/registry.h"
#include "op_inputs.h"
#include "runtime/cpu.h"
#include "runtime/dtype.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 512 };

typedef struct kernel {
    mgk_map_fn *map;
    mgk_reduce_fn *reduce;
    const void *in[MGK_MAX_IN];
    void *out[MGK_MAX_OUT];
    double params[MGK_MAX_PARAMS];
} kernel;

/* All that the cases point at; freed when they have run. */
typedef struct kernel_memory {
    void **blocks;
    size_t n, capacity;
} kernel_memory;

static void *block(kernel_memory *m, size_t bytes) {
    if (m->n == m->capacity) {
        m->capacity = m->capacity ? 2 * m->capacity : 256;
        m->blocks = realloc(m->blocks, m->capacity * sizeof *m->blocks);
        if (!m->blocks) abort(); /* suite_memory would end the program, too */
    }
    return m->blocks[m->n++] = suite_memory(bytes);
}

static void run_map(void *context) {
    const kernel *k = context;
    k->map(ELEMENTS, k->out, k->in, k->params);
}

static void run_reduce(void *context) {
    const kernel *k = context;
    k->reduce(k->out[0], k->in[0], ELEMENTS, 0);
}

static kernel *kernel_new(kernel_memory *m, int op, mg_dtype row, suite_case *c, mgk_form form) {
    const mgk_op_info *info = &mgk_ops[op];
    kernel *k = block(m, sizeof *k);
    for (int i = 0; i < info->n_in; i++) {
        mg_dtype dtype = info->bool_in >> i & 1 ? MG_BOOL : row;
        void *values = block(m, ELEMENTS * mg_dtype_size(dtype));
        op_inputs_fill(values, dtype, ELEMENTS, op, i);
        k->in[i] = values;
        bool scalar = (form == MGK_SV && i == 0) || (form == MGK_VS && i == 1);
        c->bytes += scalar ? 0 : (double)(ELEMENTS * mg_dtype_size(dtype));
    }
    for (int i = 0; i < info->n_out; i++) {
        size_t size = mg_dtype_size(info->bool_out >> i & 1 ? MG_BOOL : row);
        k->out[i] = block(m, ELEMENTS * size);
        c->bytes += (double)(ELEMENTS * size);
    }
    for (int i = 0; i < MGK_MAX_PARAMS; i++) k->params[i] = 0.5;
    return k;
}

static const char *const form_names[MGK_FORMS] = {"", "/sv", "/vs"};

static void add_case(bench_suite *suite, suite_case *c, kernel *k, mg_dtype row, double flops) {
    c->context = k;
    c->flops = row == MG_F32 || row == MG_F64 ? flops * ELEMENTS : 0;
    c->working_set = c->bytes;
    c->f64 = row == MG_F64;
    c->threads = 1;
    suite_case_add(suite, c);
}

static void add_op(bench_suite *suite, kernel_memory *m, int op) {
    const mgk_table *table = mgr_kernels();
    const mgk_op_info *info = &mgk_ops[op];
    for (int row = 1; row < MG_DTYPE_COUNT; row++) {
        const char *type = mg_dtype_name((mg_dtype)row);
        char short_name[8]; /* "float32" -> "f32", as in kernel names */
        snprintf(short_name, sizeof short_name, "%c%s", type[0], type + strcspn(type, "0123456789"));
        if (row == MG_BOOL) snprintf(short_name, sizeof short_name, "bool");
        for (int form = 0; form < MGK_FORMS; form++) {
            suite_case c = {.run = run_map};
            if (!table->map[op][row][form]) continue;
            snprintf(c.name, sizeof c.name, "kernels/%s/%s%s", info->name, short_name, form_names[form]);
            kernel *k = kernel_new(m, op, (mg_dtype)row, &c, (mgk_form)form);
            k->map = table->map[op][row][form];
            add_case(suite, &c, k, (mg_dtype)row, info->flops);
        }
        if (table->reduce[op][row]) {
            suite_case c = {.run = run_reduce};
            snprintf(c.name, sizeof c.name, "kernels/reduce %s/%s", info->name, short_name);
            kernel *k = kernel_new(m, op, (mg_dtype)row, &c, MGK_VV);
            k->reduce = table->reduce[op][row];
            c.bytes = (double)(ELEMENTS * mg_dtype_size((mg_dtype)row));
            add_case(suite, &c, k, (mg_dtype)row, info->flops);
        }
    }
}

void family_kernels(bench_suite *suite) {
    kernel_memory m = {0};
    limits_ensure(suite);
    for (int op = 1; op < MGK_OP_COUNT; op++) add_op(suite, &m, op);
    suite_run_cases(suite);
    for (size_t i = 0; i < m.n; i++) free(m.blocks[i]);
    free(m.blocks);
}
