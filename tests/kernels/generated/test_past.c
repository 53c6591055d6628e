/* SPDX-License-Identifier: MIT
 * Kernels that store past the caches against the ordinary ones of the same op, which have oracles of their own: the
 * same bits, and not a byte beside. */
#include <string.h>

#include "generated.h"

#define MOST 512

static void check_past(mg_test_rng *rng, const mgk_table *table, size_t op, mg_dtype row, int form) {
    const mgk_op_info *info = &mgk_ops[op];
    const size_t size = gen_size(row), n = (size_t)mg_test_int(rng, 0, MOST / 16) * 16;
    gen_guarded arrays[MGK_MAX_IN], out = gen_guard(n * size, true), expected = gen_guard(n * size, false);
    const void *in[MGK_MAX_IN];
    double params[MGK_MAX_PARAMS] = {0.5, 0.25, 2, 1};
    for (int i = 0; i < info->n_in; i++) {
        const bool one = (form == MGK_SV && i == 0) || (form == MGK_VS && i == 1);
        const size_t count = one ? 1 : n, bytes = count * gen_in_size(info, row, i), shift = mg_test_u64(rng) % 4;
        arrays[i] = gen_guard(bytes + shift, mg_test_u64(rng) & 1);
        gen_fill(rng, info, i, row, arrays[i].data + shift, count);
        in[i] = arrays[i].data + shift;
    }
    CHECK(((uintptr_t)out.data & 63) == 0);
    table->map[op][row][form](n, (void *[]){expected.data}, in, params);
    table->past[op][MGK_FLOAT_ROW(row)][form](n, (void *[]){out.data}, in, params);
    table->moves->streamed();
    for (size_t i = 0; i < n; i++)
        CHECK_MSG(gen_same(row, out.data + i * size, expected.data + i * size), "%s %s %s, form %d: element %zu of %zu",
                  info->name, gen_row_name(row), table->name, form, i, n);
    for (int i = 0; i < info->n_in; i++) gen_release(&arrays[i]);
    gen_release(&out);
    gen_release(&expected);
}

MG_TEST(generated_past, same_bits_as_the_ordinary_kernels) {
    mg_test_rng rng = mg_test_rng_new();
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    for (int t = 0; t < n_tables; t++)
        for (size_t op = 1; op < MGK_OP_COUNT; op++)
            for (int row = MG_F32; row <= MG_F64; row++)
                for (int form = 0; form < MGK_FORMS; form++) {
                    mgk_map_fn *past = tables[t]->past[op][MGK_FLOAT_ROW(row)][form];
                    CHECK(!past || tables[t]->map[op][row][form]);
                    for (int times = mg_test_times(3); times > 0 && past; times--)
                        check_past(&rng, tables[t], op, (mg_dtype)row, form);
                }
}

/* What the promise about elementwise arithmetic on large arrays rests on. */
MG_TEST(generated_past, plain_arithmetic_has_them) {
    static const int ops[] = {MGK_OP_ADD,     MGK_OP_SUBTRACT, MGK_OP_MULTIPLY, MGK_OP_DIVIDE,
                              MGK_OP_MAXIMUM, MGK_OP_MINIMUM,  MGK_OP_SQUARE,   MGK_OP_NEGATIVE};
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    for (int t = 0; t < n_tables; t++)
        for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
            for (int row = MG_F32; row <= MG_F64; row++)
                CHECK_MSG(tables[t]->past[ops[i]][MGK_FLOAT_ROW(row)][MGK_VV] != NULL, "%s", mgk_ops[ops[i]].name);
}
