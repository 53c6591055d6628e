/* SPDX-License-Identifier: MIT
 * Lines of the kernels: every generated map in every row, the lanes of every reduction, every conversion. */
#include "bits.h"

#include "kernels/generated/generated.h"

#include <string.h>

enum { N = 1031, ODD = 3 }; /* many vectors and a tail, at odd addresses */

static unsigned char in_room[MGK_MAX_IN][8 * N + 16], out_room[MGK_MAX_OUT][8 * N + 16];

static void hash_outputs(bits_hash *h, const mgk_op_info *op, mg_dtype row) {
    for (int j = 0; j < op->n_out; j++) bits_add(h, op->bool_out >> j & 1 ? MG_BOOL : row, out_room[j] + ODD, N);
}

/* All forms of one map; SV and VS read the first element of their scalar operand. */
static void map_line(const mgk_table *table, size_t op, mg_dtype row) {
    const mgk_op_info *info = &mgk_ops[op];
    mg_test_rng rng = bits_rng(info->name, row);
    const void *in[MGK_MAX_IN] = {NULL};
    void *out[MGK_MAX_OUT] = {NULL};
    double params[MGK_MAX_PARAMS] = {0};
    for (int i = 0; i < info->n_in; i++) {
        gen_fill(&rng, info, i, row, in_room[i] + ODD, N);
        in[i] = in_room[i] + ODD;
    }
    for (int j = 0; j < info->n_out; j++) out[j] = out_room[j] + ODD;
    for (int k = 0; k < info->n_params; k++) params[k] = mg_test_uniform(&rng, 0.01, 0.99);
    bits_hash h = bits_begin();
    for (int form = 0; form < MGK_FORMS; form++) {
        mgk_map_fn *f = table->map[op][row][form];
        if (!f) continue;
        memset(out_room, 0, sizeof out_room);
        f(N, out, in, params);
        hash_outputs(&h, info, row);
    }
    bits_line(&h, "map %s %s", info->name, bits_dtype_name(row));
}

/* Numbers whose sums depend on the order, and stay finite. */
static void fill_finite(mg_test_rng *rng, mg_dtype row, void *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const double x = mg_test_uniform(rng, -4, 4);
        const float narrow = (float)x;
        const uint64_t whole = row == MG_BOOL ? mg_test_u64(rng) & 1 : mg_test_u64(rng);
        const void *from = row == MG_F64 ? (const void *)&x : row == MG_F32 ? (const void *)&narrow : &whole;
        memcpy((unsigned char *)out + i * gen_size(row), from, gen_size(row));
    }
}

static void lanes_line(const mgk_table *table, size_t op, mg_dtype row) {
    mg_test_rng rng = bits_rng(mgk_ops[op].name, row);
    const size_t size = gen_size(row);
    unsigned char lanes[MGK_REDUCE_LANE_BYTES];
    fill_finite(&rng, row, lanes, MGK_REDUCE_LANES(size));
    fill_finite(&rng, row, in_room[0] + ODD, N);
    static const size_t runs[] = {0, 1, 5, 64, 77, 300, 584};
    uint64_t k = 0;
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
        table->reduce[op][row](lanes, in_room[0] + ODD + k * size, runs[r], k);
        k += runs[r];
    }
    CHECK_EQ_U64(k, N);
    bits_hash h = bits_begin();
    bits_add(&h, row, lanes, MGK_REDUCE_LANES(size));
    bits_line(&h, "lanes %s %s", mgk_ops[op].name, bits_dtype_name(row));
}

/* From f16 and bf16: all of their values are tested elsewhere; here any bits will do. */
static void convert_line(const mgk_table *table, mg_dtype from, mg_dtype to) {
    mg_test_rng rng = bits_rng("convert", from);
    for (size_t i = 0; i < N; i++) {
        const float f32 = mg_test_any_f32(&rng);
        const double f64 = mg_test_u64(&rng) % 2 ? mg_test_any_f64(&rng) : mg_test_uniform(&rng, -70000, 70000);
        const uint64_t whole = from == MG_BOOL ? mg_test_u64(&rng) & 1 : mg_test_u64(&rng);
        const void *value = from == MG_F64 ? (const void *)&f64 : from == MG_F32 ? (const void *)&f32 : &whole;
        memcpy(in_room[0] + ODD + i * bits_dtype_size(from), value, bits_dtype_size(from));
    }
    table->converts->to[from][to](N, out_room[0] + ODD, in_room[0] + ODD);
    bits_hash h = bits_begin();
    bits_add(&h, to, out_room[0] + ODD, N);
    bits_line(&h, "convert %s %s", bits_dtype_name(from), bits_dtype_name(to));
}

void bits_of_kernels(const mgk_table *table) {
    for (size_t op = 1; op < MGK_OP_COUNT; op++) {
        for (int row = 1; row < MG_DTYPE_COUNT; row++) {
            if (table->map[op][row][MGK_VV]) map_line(table, op, (mg_dtype)row);
            if (table->reduce[op][row]) lanes_line(table, op, (mg_dtype)row);
        }
    }
    for (int from = 1; from < MG_DTYPE_COUNT; from++)
        for (int to = 1; to < MG_DTYPE_COUNT; to++) convert_line(table, (mg_dtype)from, (mg_dtype)to);
}
