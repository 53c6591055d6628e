/* SPDX-License-Identifier: MIT
 * Programs that end in reductions against rule C1 written out with plain loops. */
#include <stdlib.h>
#include <string.h>

#include "runtime/cpu.h"
#include "runtime/parallel.h"
#include "runtime/status.h"
#include "tests/harness.h"
#include "tile_oracle.h"

static void random_reductions(int n, uint64_t seed, const oracle_limits *limits) {
    const char *text = getenv("MYGRAD_TEST_SEED");
    if (text) seed = strtoull(text, NULL, 10);
    oracle_case *c = malloc(sizeof *c);
    CHECK(c != NULL);
    for (int i = 0; i < mg_test_times(n); i++) {
        oracle_make(c, seed + (uint64_t)i, limits);
        oracle_everywhere(c);
        oracle_free(c);
    }
    free(c);
}

MG_TEST(tile_reduce, small_random_reductions) {
    random_reductions(1500, 1, &(oracle_limits){.max_total = 700, .max_instr = 4, .reductions = true});
}
MG_TEST(tile_reduce, random_reductions) {
    random_reductions(300, 100000,
                      &(oracle_limits){.min_total = 300, .max_total = 20000, .max_instr = 4, .reductions = true});
}
MG_TEST(tile_reduce, large_random_reductions) {
    random_reductions(15, 200000,
                      &(oracle_limits){.min_total = 60000, .max_total = 300000, .max_instr = 2, .reductions = true});
}

static void reduce_case(int ndim, const int64_t *dims, uint64_t reduced, uint8_t dtype, uint16_t op, uint8_t finish,
                        bool deviation);

/* y = op(x) over `reduced` axes of dims, for every float accumulator, plain layout. */
static void reduce_shape(int ndim, const int64_t *dims, uint64_t reduced, uint8_t dtype, uint16_t op, uint8_t finish) {
    reduce_case(ndim, dims, reduced, dtype, op, finish, false);
}

/* deviation: of squared_deviation(x, m) instead, m being the same for all that is reduced to one element. */
static void reduce_case(int ndim, const int64_t *dims, uint64_t reduced, uint8_t dtype, uint16_t op, uint8_t finish,
                        bool deviation) {
    oracle_case *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->seed = c->state = (uint64_t)dims[0] * 31 + reduced;
    c->calm = true;
    c->ndim = ndim;
    c->total = 1;
    for (int i = 0; i < ndim; i++) c->total *= c->dims[i] = dims[i];
    c->reduced = reduced;
    c->spec.n_inputs = c->spec.n_outputs = 1;
    c->spec.inputs[0].dtype = dtype;
    c->row[0] = dtype;
    c->spec.outputs[0] = (mgr_tile_output){.value = 0, .dtype = dtype, .reduce = op, .finish = finish};
    c->alias[0] = -1;
    oracle_array_new(c, &c->in[0], dtype, true, false, 0);
    if (deviation) {
        c->spec.n_inputs = 2;
        c->spec.n_instr = 1;
        c->spec.inputs[1].dtype = c->row[1] = c->row[2] = dtype;
        c->spec.instr[0] =
            (mgr_tile_instr){.op = MGK_OP_SQUARED_DEVIATION, .row = dtype, .n_in = 2, .n_out = 1, .in = {0, 1}};
        c->spec.outputs[0].value = 2;
        oracle_array_new(c, &c->in[1], dtype, true, false, reduced);
    }
    oracle_array_new(c, &c->out[0], dtype, true, false, reduced);
    oracle_everywhere(c);
    oracle_free(c);
    free(c);
}

/* Around lanes, blocks and tiles: one row, columns, groups. */
MG_TEST(tile_reduce, edges_of_lanes_and_blocks) {
    static const int64_t lengths[] = {1,   2,    3,    31,   32,   33,   63,   64,   65,    127,
                                      129, 2047, 2048, 2049, 4095, 4096, 4097, 8192, 12289, 20000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (int kind = 0; kind < 2; kind++) {
            uint8_t dtype = kind ? MG_F64 : MG_F32;
            reduce_shape(1, (int64_t[]){lengths[i]}, 1, dtype, MGK_OP_SUM, MGR_FINISH_NONE);
            reduce_shape(2, (int64_t[]){3, lengths[i]}, 2, dtype, MGK_OP_SUM, MGR_FINISH_MEAN);
            reduce_shape(2, (int64_t[]){lengths[i], 3}, 1, dtype, MGK_OP_MAX, MGR_FINISH_NONE);
            reduce_shape(3, (int64_t[]){2, lengths[i], 2}, 2, dtype, MGK_OP_SUM, MGR_FINISH_NONE);
        }
    reduce_shape(2, (int64_t[]){70, 1500}, 1, MG_F32, MGK_OP_SUM, MGR_FINISH_NONE);
    reduce_shape(2, (int64_t[]){5000, 600}, 1, MG_F32, MGK_OP_SUM, MGR_FINISH_MEAN);
    reduce_shape(4, (int64_t[]){6, 5, 30, 31}, 1 | 4 | 8, MG_F32, MGK_OP_SUM, MGR_FINISH_MEAN);
    reduce_shape(2, (int64_t[]){0, 5}, 1, MG_F32, MGK_OP_SUM, MGR_FINISH_NONE);
    reduce_shape(2, (int64_t[]){0, 5}, 1, MG_F64, MGK_OP_SUM, MGR_FINISH_MEAN);
    reduce_shape(2, (int64_t[]){0, 5}, 2, MG_F32, MGK_OP_SUM, MGR_FINISH_NONE);
}

/* Outputs whose blocks are of different lengths, in one program: no tile may hold parts of two of the shorter ones, and
 * no unit of work ends inside a longer one. Over rows, columns, and columns in chunks; straight, and computed. */
MG_TEST(tile_reduce, outputs_with_blocks_of_their_own) {
    static const int64_t shapes[][3] = {{1, 2500, 1}, {1, 20000, 1}, {3, 4097, 1}, {1, 9000, 3},
                                        {2, 5000, 7}, {1, 6200, 80}, {1, 70, 700}};
    static const uint8_t dtypes[] = {MG_F32, MG_F64, MG_F16, MG_I8, MG_F64, MG_U16};
    static const uint16_t ops[] = {MGK_OP_SUM, MGK_OP_SUM, MGK_OP_MAX, MGK_OP_MIN, MGK_OP_MIN, MGK_OP_MAX};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int n = 2; n <= 6; n += 2) {
            oracle_case *c = calloc(1, sizeof *c);
            CHECK(c != NULL);
            c->seed = c->state = i + 1;
            c->calm = true;
            c->ndim = 3;
            c->total = 1;
            for (int k = 0; k < 3; k++) c->total *= c->dims[k] = shapes[i][k];
            c->reduced = 2;
            c->spec.n_inputs = c->spec.n_outputs = (uint16_t)n;
            for (int k = 0; k < n; k++) {
                c->spec.inputs[k].dtype = dtypes[k];
                c->row[k] = dtypes[k] == MG_F16 ? MG_F32 : dtypes[k];
                c->logical[k] = dtypes[k];
                c->spec.outputs[k] = (mgr_tile_output){.value = (uint16_t)k, .dtype = dtypes[k], .reduce = ops[k]};
                c->alias[k] = -1;
                oracle_array_new(c, &c->in[k], dtypes[k], n < 6, false, 0);
                oracle_array_new(c, &c->out[k], dtypes[k], true, false, c->reduced);
            }
            oracle_everywhere(c);
            oracle_free(c);
            free(c);
        }
}

/* Rows so long that columns are reduced lane by lane, four rows at a time: around lanes and blocks, and with pieces of
 * rows; every dtype of an accumulator. */
MG_TEST(tile_reduce, long_rows_go_by_lanes) {
    static const int64_t lengths[] = {63, 64, 65, 128, 129, 300, 321, 4096, 4097, 4200};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        reduce_shape(2, (int64_t[]){lengths[i], 257}, 1, MG_F32, MGK_OP_SUM, MGR_FINISH_MEAN);
        reduce_shape(3, (int64_t[]){2, lengths[i], 256}, 2, MG_F64, MGK_OP_SUM, MGR_FINISH_NONE);
        reduce_shape(2, (int64_t[]){lengths[i], 300}, 1, MG_F32, MGK_OP_MAX, MGR_FINISH_NONE);
        reduce_shape(2, (int64_t[]){lengths[i], 300}, 1, MG_I64, MGK_OP_SUM, MGR_FINISH_NONE);
        reduce_case(2, (int64_t[]){lengths[i], 280}, 1, MG_F32, MGK_OP_SUM, MGR_FINISH_NONE, true);
    }
    reduce_shape(2, (int64_t[]){400, 5000}, 1, MG_F32, MGK_OP_SUM, MGR_FINISH_NONE);
    reduce_shape(2, (int64_t[]){300, 1000}, 1, MG_U8, MGK_OP_MAX, MGR_FINISH_NONE);
}

/* The second pass of a variance: whole blocks in one kernel, whatever is left in tiles; one mean, or one a row. */
MG_TEST(tile_reduce, sums_of_squared_deviations) {
    for (int kind = 0; kind < 2; kind++) {
        uint8_t dtype = kind ? MG_F64 : MG_F32;
        static const int64_t lengths[] = {100, 2048, 4095, 4096, 4097, 8192, 12300, 40000};
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            reduce_case(1, (int64_t[]){lengths[i]}, 1, dtype, MGK_OP_SUM, MGR_FINISH_NONE, true);
            reduce_case(2, (int64_t[]){5, lengths[i]}, 2, dtype, MGK_OP_SUM, MGR_FINISH_MEAN, true);
            reduce_case(3, (int64_t[]){2, 3, lengths[i]}, 4, dtype, MGK_OP_SUM, MGR_FINISH_NONE, true);
        }
    }
}
