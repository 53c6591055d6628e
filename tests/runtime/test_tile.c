/* SPDX-License-Identifier: MIT
 * The tile machine on programs without reductions: random ones against the interpreter, and the corners by name. */
#include <stdlib.h>
#include <string.h>

#include "runtime/cpu.h"
#include "runtime/memory.h"
#include "runtime/parallel.h"
#include "runtime/status.h"
#include "tests/harness.h"
#include "tile_oracle.h"

static uint64_t first_seed(void) {
    const char *text = getenv("MYGRAD_TEST_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

static void random_cases(int n, const oracle_limits *limits) {
    uint64_t seed = first_seed();
    oracle_case *c = malloc(sizeof *c);
    CHECK(c != NULL);
    for (int i = 0; i < mg_test_times(n); i++) {
        oracle_make(c, seed + (uint64_t)i, limits);
        oracle_everywhere(c);
        oracle_free(c);
    }
    free(c);
}

MG_TEST(tile, small_random_programs) { random_cases(1500, &(oracle_limits){.max_total = 600, .max_instr = 8}); }
MG_TEST(tile, random_programs) {
    random_cases(250, &(oracle_limits){.min_total = 500, .max_total = 20000, .max_instr = 12});
}
MG_TEST(tile, large_random_programs) {
    random_cases(12, &(oracle_limits){.min_total = 100000, .max_total = 300000, .max_instr = 8});
}
MG_TEST(tile, long_programs) { random_cases(60, &(oracle_limits){.max_total = 3000, .max_instr = 60}); }

/* ---- By hand ---- */

/* A case of f32 inputs with the given dims; the caller gives layouts, instructions and outputs. */
static oracle_case *new_case(int ndim, const int64_t *dims, int n_inputs) {
    oracle_case *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->seed = c->state = 77;
    c->ndim = ndim;
    c->total = 1;
    for (int i = 0; i < ndim; i++) c->total *= c->dims[i] = dims[i];
    c->spec.n_inputs = (uint16_t)n_inputs;
    for (int i = 0; i < n_inputs; i++) {
        c->spec.inputs[i].dtype = MG_F32;
        c->row[i] = c->logical[i] = MG_F32;
    }
    c->n_values = n_inputs;
    return c;
}

static void add_op(oracle_case *c, uint16_t op, int a, int b) {
    mgr_tile_instr *in = &c->spec.instr[c->spec.n_instr++];
    *in = (mgr_tile_instr){.op = op, .row = MG_F32, .n_in = b < 0 ? 1 : 2, .n_out = 1};
    in->in[0] = (uint16_t)a;
    in->in[1] = (uint16_t)(b < 0 ? 0 : b);
    c->row[c->n_values] = c->logical[c->n_values] = MG_F32;
    c->n_values++;
}

static void add_store(oracle_case *c, int value, int alias) {
    int o = c->spec.n_outputs++;
    c->spec.outputs[o] = (mgr_tile_output){.value = (uint16_t)value, .dtype = MG_F32};
    c->alias[o] = alias;
    if (alias < 0) oracle_array_new(c, &c->out[o], MG_F32, true, false, 0);
}

static void end_case(oracle_case *c) {
    oracle_everywhere(c);
    oracle_free(c);
    free(c);
}

static void plain_inputs(oracle_case *c) {
    for (int i = 0; i < c->spec.n_inputs; i++) oracle_array_new(c, &c->in[i], MG_F32, true, false, 0);
}

/* The array is overwritten by an early result and read again later: it has to be set aside. */
MG_TEST(tile, output_over_an_input_that_is_read_later) {
    static const int64_t lengths[] = {1, 64, 1000, 5000, 70001};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        oracle_case *c = new_case(1, &lengths[i], 2);
        plain_inputs(c);
        add_op(c, MGK_OP_ADD, 0, 1);
        add_op(c, MGK_OP_MULTIPLY, 2, 0);
        add_op(c, MGK_OP_SUBTRACT, 3, 1);
        add_store(c, 2, 0);
        add_store(c, 3, 1);
        add_store(c, 4, -1);
        end_case(c);
    }
}

/* The same with rows that have gaps between them. */
MG_TEST(tile, overwritten_rows_that_are_read_later) {
    int64_t dims[2] = {9, 700};
    oracle_case *c = new_case(2, dims, 2);
    oracle_array_new(c, &c->in[1], MG_F32, true, false, 0);
    for (;;) {
        oracle_array_new(c, &c->in[0], MG_F32, false, false, 0);
        if (c->in[0].strides[1] == 4 && c->in[0].strides[0] > 4 * dims[1]) break;
        oracle_array_free(&c->in[0]);
    }
    add_op(c, MGK_OP_ADD, 0, 1);
    add_op(c, MGK_OP_MULTIPLY, 2, 0);
    add_store(c, 2, 0);
    add_store(c, 3, -1);
    end_case(c);
}

/* Two arrays change places: no instruction at all. */
MG_TEST(tile, swap) {
    static const int64_t lengths[] = {3, 1000, 9000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        oracle_case *c = new_case(1, &lengths[i], 2);
        plain_inputs(c);
        add_store(c, 0, 1);
        add_store(c, 1, 0);
        end_case(c);
    }
}

/* Outputs beyond the last-level cache are streamed. */
MG_TEST(tile, larger_than_the_cache) {
    int64_t n = (int64_t)mgr_cpu_caches()->llc / 4 + 12345;
    if (n > 40 << 20) SKIP("the cache is too large to outgrow it here");
    float *x = malloc((size_t)n * 4), *y = malloc((size_t)n * 4);
    CHECK(x != NULL && y != NULL);
    for (int64_t i = 0; i < n; i++) x[i] = (float)(i % 4099) - 1000.0f;
    oracle_case *c = new_case(1, &n, 1);
    add_op(c, MGK_OP_ADD, 0, 0);
    add_op(c, MGK_OP_MULTIPLY, 1, 0);
    c->spec.n_outputs = 1;
    c->spec.outputs[0] = (mgr_tile_output){.value = 2, .dtype = MG_F32};
    int64_t stride = 4;
    mgr_tile_operand in = {x, &stride}, out = {y + 1, &stride};
    int64_t m = n - 1;
    mgr_tile_args args = {.ndim = 1, .dims = &m, .inputs = &in, .outputs = &out};
    mgr_tile_program *p = mgr_tile_program_get(&c->spec);
    mgr_tile_run *run = mgr_tile_prepare(p, &args);
    CHECK(run != NULL);
    mgr_tile_execute(run);
    mgr_tile_program_release(p);
    int64_t bad = 0;
    for (int64_t i = 0; i < m; i++) bad += y[i + 1] != (x[i] + x[i]) * x[i];
    CHECK_MSG(bad == 0, "%lld elements differ", (long long)bad);
    free(x);
    free(y);
    free(c);
}

/* A.T beside A: boxes over both axes, with ragged edges and a batch axis. */
MG_TEST(tile, transposed_operands) {
    static const int64_t shapes[][3] = {{1, 32, 32}, {1, 100, 77}, {3, 65, 130}, {2, 200, 33}, {1, 300, 500}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        oracle_case *c = new_case(3, shapes[i], 2);
        plain_inputs(c);
        c->in[1].strides[1] = 4;
        c->in[1].strides[2] = 4 * shapes[i][1];
        add_op(c, MGK_OP_SUBTRACT, 0, 1);
        add_op(c, MGK_OP_MULTIPLY, 2, 1);
        add_store(c, 2, -1);
        add_store(c, 3, 0);
        end_case(c);
    }
}

/* Rows: long slices, biases along either axis, short periods. */
MG_TEST(tile, broadcast_shapes) {
    static const int64_t shapes[][2] = {{6000, 10}, {10, 6000}, {40, 513}, {100, 129},
                                        {700, 64},  {3, 1},     {1, 3},    {2000, 3}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        oracle_case *c = new_case(2, shapes[i], 4);
        oracle_array_new(c, &c->in[0], MG_F32, false, false, 0);
        oracle_array_new(c, &c->in[1], MG_F32, true, false, 1);
        oracle_array_new(c, &c->in[2], MG_F32, true, false, 2);
        oracle_array_new(c, &c->in[3], MG_F32, true, false, 3);
        add_op(c, MGK_OP_ADD, 0, 1);
        add_op(c, MGK_OP_SUBTRACT, 2, 4);
        add_op(c, MGK_OP_MULTIPLY, 5, 3);
        add_store(c, 6, -1);
        end_case(c);
    }
}

/* A scalar is read when the run is executed, not when it is prepared. */
MG_TEST(tile, scalars_are_read_at_execution) {
    float x[3] = {1, 2, 3}, s = 10, y[3];
    int64_t n = 3, stride = 4, zero = 0;
    oracle_case *c = new_case(1, &n, 2);
    c->spec.inputs[1].scalar = 1;
    add_op(c, MGK_OP_ADD, 0, 1);
    c->spec.n_outputs = 1;
    c->spec.outputs[0] = (mgr_tile_output){.value = 2, .dtype = MG_F32};
    mgr_tile_operand in[2] = {{x, &stride}, {&s, &zero}}, out = {y, &stride};
    mgr_tile_args args = {.ndim = 1, .dims = &n, .inputs = in, .outputs = &out};
    mgr_tile_program *p = mgr_tile_program_get(&c->spec);
    mgr_tile_run *run = mgr_tile_prepare(p, &args);
    CHECK(run != NULL);
    s = 20;
    mgr_tile_execute(run);
    CHECK(y[0] == 21 && y[2] == 23);
    mgr_tile_run *other = mgr_tile_prepare(p, &args);
    mgr_tile_discard(other);
    mgr_tile_program_release(p);
    free(c);
}
