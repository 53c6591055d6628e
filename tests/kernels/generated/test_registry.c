/* SPDX-License-Identifier: MIT
 * The generated registry and tables are consistent: names, arities, references of rules, which kernels are there. */
#include <string.h>

#include "generated.h"

MG_TEST(generated_registry, names_and_arities) {
    for (size_t a = 0; a < MGK_OP_COUNT; a++) {
        const mgk_op_info *op = &mgk_ops[a];
        CHECK(op->name && op->name[0]);
        CHECK(op->n_in <= MGK_MAX_IN && op->n_out <= MGK_MAX_OUT && op->n_params <= MGK_MAX_PARAMS);
        CHECK_MSG(a == 0 || (op->n_in >= 1 && op->n_out >= 1), "%s", op->name);
        for (size_t b = a + 1; b < MGK_OP_COUNT; b++) CHECK(strcmp(op->name, mgk_ops[b].name) != 0);
    }
    CHECK_EQ_STR(mgk_ops[MGK_OP_ADD].name, "add");
    CHECK_EQ_I64(mgk_ops[MGK_OP_WHERE].bool_in, 1);
    CHECK_EQ_I64(mgk_ops[MGK_OP_LESS].bool_out, 1);
    CHECK_EQ_I64(mgk_ops[MGK_OP_SUM].step, MGK_OP_ADD);
    CHECK(mgk_ops[MGK_OP_ADD].commutative && !mgk_ops[MGK_OP_SUBTRACT].commutative);
    CHECK(mgk_ops[MGK_OP_ADAM].internal && mgk_ops[MGK_OP_ADAM].n_out == 3);
}

static void check_ref(const mgk_op_info *op, const mgk_rule *rule, uint8_t ref, int steps_before) {
    const int which = ref & 0xf;
    int limit = 0;
    switch (ref & 0xf0) {
    case MGK_REF_GRAD:
    case MGK_REF_OUT:
        limit = op->n_out;
        break;
    case MGK_REF_IN:
        limit = op->n_in;
        break;
    case MGK_REF_STEP:
        limit = steps_before;
        break;
    case MGK_REF_CONST:
        limit = rule->n_consts;
        break;
    case MGK_REF_PARAM:
        limit = op->n_params;
        break;
    default:
        break;
    }
    CHECK_MSG(which < limit, "%s: reference 0x%02x", op->name, ref);
}

MG_TEST(generated_registry, rules_refer_to_what_exists) {
    for (size_t a = 1; a < MGK_OP_COUNT; a++) {
        const mgk_op_info *op = &mgk_ops[a];
        for (int i = 0; op->rules && i < op->n_in; i++) {
            const mgk_rule *rule = &op->rules[i];
            if (rule->n_steps == 0 && rule->result != 0xff) check_ref(op, rule, rule->result, 0);
            for (int s = 0; s < rule->n_steps; s++) {
                const mgk_step *step = &rule->steps[s];
                CHECK(step->op > 0 && step->op < MGK_OP_COUNT && mgk_ops[step->op].kind == MGK_KIND_MAP);
                CHECK_MSG(step->n_in == mgk_ops[step->op].n_in && mgk_ops[step->op].rules, "%s", op->name);
                for (int k = 0; k < step->n_in; k++) check_ref(op, rule, step->in[k], s);
            }
            if (!rule->fused) continue;
            CHECK(mgk_ops[rule->fused].internal && !mgk_ops[rule->fused].rules);
            CHECK_EQ_I64(mgk_ops[rule->fused].n_in, rule->n_fused_in);
            for (int k = 0; k < rule->n_fused_in; k++) check_ref(op, rule, rule->fused_in[k], 0);
        }
    }
}

/* Every superinstruction is found from the op that it ends in, longer ones first. */
MG_TEST(generated_registry, superinstructions_are_listed) {
    int listed = 0, supers = 0;
    for (size_t a = 1; a < MGK_OP_COUNT; a++) {
        supers += mgk_ops[a].n_pattern > 0;
        int longest = 255;
        for (unsigned s = mgk_ops[a].supers; s; s = mgk_ops[s].shorter_super, listed++) {
            const mgk_op_info *super = &mgk_ops[s];
            CHECK_MSG(super->internal && super->n_pattern >= 2 && super->n_pattern <= longest, "%s", super->name);
            longest = super->n_pattern;
            CHECK_EQ_I64(super->pattern[super->n_pattern - 1].op, (int64_t)a);
            for (int k = 0; k < super->n_pattern; k++)
                for (int i = 0; i < super->pattern[k].n_in; i++) check_ref(super, NULL, super->pattern[k].in[i], k);
        }
    }
    CHECK(supers > 0);
    CHECK_EQ_I64(listed, supers);
}

MG_TEST(generated_registry, kernels_exist_exactly_where_rows_are) {
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    for (int t = 0; t < n_tables; t++) {
        for (size_t op = 1; op < MGK_OP_COUNT; op++) {
            const bool map = mgk_ops[op].kind == MGK_KIND_MAP;
            const bool forms = map && mgk_ops[op].n_in == 2 && !mgk_ops[op].commutative;
            for (int row = 0; row < MG_DTYPE_COUNT; row++) {
                const bool here = map && (mgk_ops[op].row_types >> row & 1);
                mgk_map_fn *const *f = tables[t]->map[op][row];
                CHECK_MSG((f[MGK_VV] != NULL) == here && (f[MGK_SV] != NULL) == (here && forms) &&
                              (f[MGK_VS] != NULL) == (here && forms),
                          "%s row %d %s", mgk_ops[op].name, row, tables[t]->name);
            }
        }
    }
}
