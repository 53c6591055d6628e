/* SPDX-License-Identifier: MIT
 * Every generated reduce kernel against a plain loop over the lanes, in random runs that begin at any phase; those for
 * whole blocks against the run kernel and a plain fold, those for columns against a plain loop. */
#include <string.h>

#include "generated.h"

#define MAX_RUN 3000

static void check_runs(mg_test_rng *rng, const mgk_table *table, size_t op, mg_dtype row) {
    static unsigned char mine[MGK_REDUCE_LANE_BYTES];
    const size_t size = gen_size(row), lanes = MGK_REDUCE_LANES(size);
    const size_t shift = mg_test_u64(rng) % 4; /* kernels need no alignment */
    gen_guarded acc = gen_guard(MGK_REDUCE_LANE_BYTES + shift, mg_test_u64(rng) & 1);
    unsigned char *const at = acc.data + shift;
    gen_fill(rng, &mgk_ops[op], 0, row, mine, lanes);
    memcpy(at, mine, MGK_REDUCE_LANE_BYTES);
    uint64_t k = mg_test_u64(rng) % (3 * lanes);
    for (int run = 0; run < 8; run++) {
        const size_t n = (size_t)mg_test_int(rng, 0, run % 2 ? MAX_RUN : (int64_t)(2 * lanes));
        gen_guarded x = gen_guard(n * size + shift, mg_test_u64(rng) & 1);
        gen_fill(rng, &mgk_ops[op], 0, row, x.data + shift, n);
        table->reduce[op][row](at, x.data + shift, n, k);
        for (size_t i = 0; i < n; i++) {
            void *lane = mine + (k + i) % lanes * size;
            unsigned char r[8];
            void *const out[] = {r};
            CHECK(gen_exact(mgk_ops[op].name, row, (const void *[]){lane, x.data + shift + i * size}, NULL, out));
            memcpy(lane, r, size);
        }
        k += n;
        gen_release(&x);
    }
    for (size_t i = 0; i < lanes; i++)
        CHECK_MSG(gen_same(row, at + i * size, mine + i * size), "%s %s %s: lane %zu differs", mgk_ops[op].name,
                  gen_row_name(row), table->name, i);
    gen_release(&acc);
}

MG_TEST(generated_reduce, lanes_are_those_of_a_plain_loop) {
    mg_test_rng rng = mg_test_rng_new();
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    for (int t = 0; t < n_tables; t++)
        for (size_t op = 1; op < MGK_OP_COUNT; op++)
            for (int row = 1; row < MG_DTYPE_COUNT; row++)
                for (int times = mg_test_times(10); times > 0 && tables[t]->reduce[op][row]; times--)
                    check_runs(&rng, tables[t], op, (mg_dtype)row);
}

/* lanes[L] to lanes[0], by halving. */
static void fold_lanes(size_t op, mg_dtype row, unsigned char *lanes) {
    const size_t size = gen_size(row);
    for (size_t half = MGK_REDUCE_LANES(size) / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++) {
            unsigned char r[8];
            void *const out[] = {r};
            CHECK(gen_exact(mgk_ops[op].name, row, (const void *[]){lanes + i * size, lanes + (i + half) * size}, NULL,
                            out));
            memcpy(lanes + i * size, r, size);
        }
}

static void check_blocks(mg_test_rng *rng, const mgk_table *table, size_t op, mg_dtype row) {
    const size_t size = gen_size(row), lanes = MGK_REDUCE_LANES(size), block = MGK_REDUCE_BLOCK(size);
    const size_t n = (size_t)mg_test_int(rng, 0, 9), shift = mg_test_u64(rng) % 4;
    gen_guarded x = gen_guard(n * block * size + shift, mg_test_u64(rng) & 1);
    gen_guarded out = gen_guard(n * size + shift, mg_test_u64(rng) & 1);
    gen_fill(rng, &mgk_ops[op], 0, row, x.data + shift, n * block);
    table->blocks[op][row](n, out.data + shift, x.data + shift, mg_test_u64(rng) % (MGK_REDUCE_RUNS + 1));
    for (size_t b = 0; b < n; b++) {
        static unsigned char mine[MGK_REDUCE_LANE_BYTES];
        const unsigned char *from = x.data + shift + b * block * size;
        memcpy(mine, from, MGK_REDUCE_LANE_BYTES); /* the first round of the lanes */
        table->reduce[op][row](mine, from + MGK_REDUCE_LANE_BYTES, block - lanes, lanes);
        fold_lanes(op, row, mine);
        CHECK_MSG(gen_same(row, out.data + shift + b * size, mine), "%s %s %s: block %zu of %zu differs",
                  mgk_ops[op].name, gen_row_name(row), table->name, b, n);
    }
    gen_release(&x);
    gen_release(&out);
}

MG_TEST(generated_reduce, blocks_are_folded_lanes) {
    mg_test_rng rng = mg_test_rng_new();
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    for (int t = 0; t < n_tables; t++)
        for (size_t op = 1; op < MGK_OP_COUNT; op++)
            for (int row = 1; row < MG_DTYPE_COUNT; row++) {
                CHECK(!tables[t]->blocks[op][row] == !tables[t]->reduce[op][row]);
                for (int times = mg_test_times(5); times > 0 && tables[t]->blocks[op][row]; times--)
                    check_blocks(&rng, tables[t], op, (mg_dtype)row);
            }
}

static void check_columns(mg_test_rng *rng, const mgk_table *table, size_t op, mg_dtype row) {
    const size_t size = gen_size(row), n = (size_t)mg_test_int(rng, 0, 300), shift = mg_test_u64(rng) % 4;
    gen_guarded acc = gen_guard(n * size + shift, mg_test_u64(rng) & 1), rows[4];
    const void *in[4];
    unsigned char *const at = acc.data + shift, mine[300 * 8];
    gen_fill(rng, &mgk_ops[op], 0, row, at, n);
    memcpy(mine, at, n * size);
    for (int k = 0; k < 4; k++) {
        rows[k] = gen_guard(n * size + shift, mg_test_u64(rng) & 1);
        gen_fill(rng, &mgk_ops[op], 1, row, rows[k].data + shift, n);
        in[k] = rows[k].data + shift;
        for (size_t i = 0; i < n; i++) {
            unsigned char r[8];
            const void *const pair[] = {mine + i * size, rows[k].data + shift + i * size};
            CHECK(gen_exact(mgk_ops[op].name, row, pair, NULL, (void *[]){r}));
            memcpy(mine + i * size, r, size);
        }
    }
    table->columns[op][row](n, at, in);
    for (size_t i = 0; i < n; i++)
        CHECK_MSG(gen_same(row, at + i * size, mine + i * size), "%s %s %s: column %zu of %zu differs",
                  mgk_ops[op].name, gen_row_name(row), table->name, i, n);
    for (int k = 0; k < 4; k++) gen_release(&rows[k]);
    gen_release(&acc);
}

MG_TEST(generated_reduce, columns_take_four_rows) {
    mg_test_rng rng = mg_test_rng_new();
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    for (int t = 0; t < n_tables; t++)
        for (size_t op = 1; op < MGK_OP_COUNT; op++)
            for (int row = 1; row < MG_DTYPE_COUNT; row++) {
                CHECK(!tables[t]->columns[op][row] == !tables[t]->reduce[op][row]);
                for (int times = mg_test_times(5); times > 0 && tables[t]->columns[op][row]; times--)
                    check_columns(&rng, tables[t], op, (mg_dtype)row);
            }
}

/* Against the map's values, one by one, and the kernel that adds blocks of those. */
static void check_sums(mg_test_rng *rng, const mgk_table *table, size_t op, mg_dtype row) {
    const size_t size = gen_size(row), n = (size_t)mg_test_int(rng, 0, 9), count = n * MGK_REDUCE_BLOCK(size);
    const size_t shift = mg_test_u64(rng) % 4;
    gen_guarded x = gen_guard(count * size + shift, mg_test_u64(rng) & 1);
    gen_guarded values = gen_guard(count * size, true), out = gen_guard(n * size + shift, mg_test_u64(rng) & 1);
    unsigned char one[8], mine[9 * 8];
    gen_fill(rng, &mgk_ops[op], 0, row, x.data + shift, count);
    gen_fill(rng, &mgk_ops[op], 1, row, one, 1);
    for (size_t i = 0; i < count; i++) {
        const void *const in[] = {x.data + shift + i * size, one};
        table->map[op][row][MGK_VV](1, (void *[]){values.data + i * size}, in, NULL);
    }
    table->blocks[MGK_OP_ADD][row](n, mine, values.data, 1);
    table->sums[op][MGK_FLOAT_ROW(row)](n, out.data + shift, x.data + shift, one,
                                        mg_test_u64(rng) % (MGK_REDUCE_RUNS + 1));
    for (size_t b = 0; b < n; b++)
        CHECK_MSG(gen_same(row, out.data + shift + b * size, mine + b * size), "%s %s %s: sum %zu of %zu differs",
                  mgk_ops[op].name, gen_row_name(row), table->name, b, n);
    gen_release(&x);
    gen_release(&values);
    gen_release(&out);
}

MG_TEST(generated_reduce, sums_are_of_values_of_the_map) {
    mg_test_rng rng = mg_test_rng_new();
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    for (int t = 0; t < n_tables; t++) {
        CHECK(tables[t]->sums[MGK_OP_SQUARED_DEVIATION][MGK_FLOAT_ROW(MG_F32)] != NULL);
        for (size_t op = 1; op < MGK_OP_COUNT; op++)
            for (int row = MG_F32; row <= MG_F64; row++)
                for (int times = mg_test_times(5); times > 0 && tables[t]->sums[op][MGK_FLOAT_ROW(row)]; times--)
                    check_sums(&rng, tables[t], op, (mg_dtype)row);
    }
}

MG_TEST(generated_reduce, every_reduction_has_its_kernels) {
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    for (size_t op = 1; op < MGK_OP_COUNT; op++) {
        if (mgk_ops[op].kind != MGK_KIND_REDUCE) continue;
        for (int row = 1; row < MG_DTYPE_COUNT; row++)
            for (int t = 0; t < n_tables && (mgk_ops[op].row_types >> row & 1); t++)
                CHECK_MSG(tables[t]->reduce[mgk_ops[op].step][row] && tables[t]->map[mgk_ops[op].step][row][MGK_VV],
                          "%s %s %s", mgk_ops[op].name, gen_row_name((mg_dtype)row), tables[t]->name);
    }
}
