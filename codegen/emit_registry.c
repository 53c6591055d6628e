/* SPDX-License-Identifier: MIT
 * The registry (kernels/registry.h): one row per op, and the rules as steps. */
#include <math.h>

#include "emit.h"

static const char *typing_of(const mgc_op *op) {
    if (op->s->bool_as_i8) return "MGK_TYPES_NUMBER";
    switch (op->s->types) {
    case MGC_TYPES_FLOAT:
        return "MGK_TYPES_FLOAT";
    case MGC_TYPES_DIVIDE:
        return "MGK_TYPES_DIVIDE";
    case MGC_TYPES_COMPARE:
        return "MGK_TYPES_COMPARE";
    case MGC_TYPES_LOGICAL:
        return "MGK_TYPES_LOGICAL";
    case MGC_TYPES_SUM:
        return "MGK_TYPES_SUM";
    case MGC_TYPES_MEAN:
        return "MGK_TYPES_MEAN";
    default:
        return "MGK_TYPES_SAME";
    }
}

static char *ref_text(mgc_ref ref) {
    static const char *const names[] = {[MGC_NUM] = "CONST", [MGC_IN] = "IN",       [MGC_OUT] = "OUT",
                                        [MGC_GRAD] = "GRAD", [MGC_PARAM] = "PARAM", [MGC_OP] = "STEP"};
    return mgc_format("MGK_REF(MGK_REF_%s, %d)", names[ref.kind], ref.which);
}

static void put_refs(mgc_text *t, const mgc_ref *refs, int n) {
    mgc_put(t, "{");
    for (int i = 0; i < n; i++) mgc_put(t, "%s%s", i ? ", " : "", ref_text(refs[i]));
    mgc_put(t, n ? "}" : "0}");
}

static void put_steps(mgc_text *t, const mgc_op *op, const mgc_rule *r, const char *name) {
    if (r->n_steps == 0) return;
    mgc_put(t, "static const mgk_step %s[] = {\n", name);
    for (int k = 0; k < r->n_steps; k++) {
        const mgc_step *step = &r->steps[k];
        mgc_put(t, "    {MGK_OP_%s, %d, ", step->op->upper, step->op->s->n_in);
        put_refs(t, step->in, step->op->s->n_in);
        mgc_put(t, ", ");
        put_refs(t, step->in + step->op->s->n_in, step->op->s->n_params);
        mgc_put(t, "}, /* %s */\n", mgc_print(op, step->node));
    }
    mgc_put(t, "};\n");
}

static void put_rule_data(mgc_text *t, const mgc_op *op, int i) {
    const mgc_rule *r = &op->rule[i];
    if (r->n_consts > 0) {
        mgc_put(t, "static const double consts_%s_d%d[] = {", op->name, i);
        for (int k = 0; k < r->n_consts; k++) mgc_put(t, "%s%s", k ? ", " : "", mgc_c_double(r->consts[k]));
        mgc_put(t, "};\n");
    }
    put_steps(t, op, r, mgc_format("steps_%s_d%d", op->name, i));
}

static void put_rule(mgc_text *t, const mgc_op *op, int i) {
    const mgc_rule *r = &op->rule[i];
    if (r->kind != MGC_RULE_EXPR) {
        mgc_put(t, "    {.result = 0xff},\n");
        return;
    }
    mgc_put(t, "    {.n_steps = %d, .result = %s", r->n_steps, r->n_steps ? "0" : ref_text(r->result));
    if (r->fused) {
        mgc_put(t, ", .fused = MGK_OP_%s, .n_fused_in = %d, .fused_in = ", r->fused->upper, r->n_fused_in);
        put_refs(t, r->fused_in, r->n_fused_in);
    }
    if (r->n_consts) mgc_put(t, ", .n_consts = %d, .consts = consts_%s_d%d", r->n_consts, op->name, i);
    if (r->n_steps) mgc_put(t, ", .steps = steps_%s_d%d", op->name, i);
    mgc_put(t, "},\n");
}

static void put_rules(mgc_text *t, const mgc_op *op) {
    if (op->s->kind != MGC_MAP || op->parent) return;
    for (int i = 0; i < op->s->n_in; i++) put_rule_data(t, op, i);
    put_steps(t, op, &op->pattern, mgc_format("pattern_%s", op->name));
    mgc_put(t, "static const mgk_rule rules_%s[] = {\n", op->name);
    for (int i = 0; i < op->s->n_in; i++) put_rule(t, op, i);
    mgc_put(t, "};\n\n");
}

static void put_row_types(mgc_text *t, unsigned rows) {
    const char *sep = "";
    for (int row = 0; row < MGC_ROW_COUNT; row++) {
        if (!(rows >> row & 1u)) continue;
        mgc_put(t, "%s1u << %s", sep, mgc_rows[row].dtype);
        sep = " | ";
    }
    if (!rows) mgc_put(t, "0");
}

static void put_info(mgc_text *t, const mgc_op *op) {
    static const char *const kinds[] = {[MGC_MAP] = "MAP", [MGC_REDUCE] = "REDUCE", [MGC_SCAN] = "SCAN",
                                        [MGC_ROW] = "ROW", [MGC_MOVE] = "MOVE",     [MGC_OPAQUE] = "OPAQUE"};
    const mgc_stanza *s = op->s;
    unsigned bool_in = 0, bool_out = op->bool_out ? 1 : 0;
    for (int i = 0; i < s->n_in; i++)
        if (s->in[i].condition) bool_in |= 1u << i;
    mgc_put(t, "    [MGK_OP_%s] = {.name = \"%s\", .kind = MGK_KIND_%s, .typing = %s,\n", op->upper, op->name,
            kinds[s->kind], typing_of(op));
    mgc_put(t,
            "        .n_in = %d, .n_out = %d, .n_params = %d, .bool_in = 0x%x, .bool_out = 0x%x, .commutative = %s, "
            ".internal = %s,\n",
            s->n_in, s->n_out, s->n_params, bool_in, bool_out, s->commutative ? "true" : "false",
            op->internal ? "true" : "false");
    if (op->step)
        mgc_put(t, "        .step = MGK_OP_%s, .identity = %s,\n", op->step->upper, mgc_c_double(s->identity));
    mgc_put(t, "        .flops = %d, .ulp_f32 = %.3ff, .ulp_f64 = %.3ff,\n        .row_types = ", op->flops,
            s->ulp_f32 + 0.0, s->ulp_f64 + 0.0);
    put_row_types(t, op->rows);
    if (s->kind == MGC_MAP && !op->parent) mgc_put(t, ",\n        .rules = rules_%s", op->name);
    if (s->super) mgc_put(t, ",\n        .n_pattern = %d, .pattern = pattern_%s", op->pattern.n_steps, op->name);
    if (op->supers) mgc_put(t, ", .supers = MGK_OP_%s", op->supers->upper);
    if (op->shorter_super) mgc_put(t, ", .shorter_super = MGK_OP_%s", op->shorter_super->upper);
    mgc_put(t, "},\n");
}

char *mgc_emit_registry(const mgc_world *w) {
    mgc_text t = {0};
    mgc_put_banner(&t, "codegen/ops", "The registry of ops: what kernels/registry.h describes.");
    mgc_put(&t, "#include <math.h>\n\n#include \"kernels/registry.h\"\n\n");
    mgc_put(&t,
            "_Static_assert(MGK_MAX_IN == %d && MGK_MAX_OUT == %d && MGK_MAX_PARAMS == %d, \"mgc and "
            "kernels/registry.h have the same limits\");\n\n",
            MGC_MAX_IN, MGC_MAX_OUT, MGC_MAX_PARAMS);
    for (int i = 0; i < w->n_ops; i++) put_rules(&t, w->ops[i]);
    mgc_put(&t, "const mgk_op_info mgk_ops[MGK_OP_COUNT] = {\n    [MGK_OP_NONE] = {.name = \"none\"},\n");
    for (int i = 0; i < w->n_ops; i++) put_info(&t, w->ops[i]);
    mgc_put(&t, "};\n");
    return t.s;
}
