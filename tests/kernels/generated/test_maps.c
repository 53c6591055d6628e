/* SPDX-License-Identifier: MIT
 * Every generated map kernel of every ISA this CPU has: values against oracles, tails and guard pages, in place, scalar
 * forms, the same bits on every ISA, and derivative kernels against the steps they stand for. */
#include <stdio.h>
#include <string.h>

#include "generated.h"

#define MAX_N 1100

/* One call's arrays: inputs and results in guarded memory. */
typedef struct call {
    const mgk_op_info *op;
    mg_dtype row;
    size_t n;
    gen_guarded in[MGK_MAX_IN], out[MGK_MAX_OUT];
    const void *in_ptr[MGK_MAX_IN];
    void *out_ptr[MGK_MAX_OUT];
    double params[MGK_MAX_PARAMS];
} call;

static void call_make(call *c, mg_test_rng *rng, const mgk_op_info *op, mg_dtype row, size_t n, bool at_end) {
    *c = (call){.op = op, .row = row, .n = n};
    for (int i = 0; i < op->n_in; i++) {
        c->in[i] = gen_guard(n * gen_in_size(op, row, i), at_end);
        gen_fill(rng, op, i, row, c->in[i].data, n);
        c->in_ptr[i] = c->in[i].data;
    }
    for (int j = 0; j < op->n_out; j++) {
        c->out[j] = gen_guard(n * gen_out_size(op, row, j), at_end);
        c->out_ptr[j] = c->out[j].data;
    }
    for (int k = 0; k < op->n_params; k++) c->params[k] = mg_test_uniform(rng, 0.01, 0.99);
}

static void call_free(call *c) {
    for (int i = 0; i < c->op->n_in; i++) gen_release(&c->in[i]);
    for (int j = 0; j < c->op->n_out; j++) gen_release(&c->out[j]);
}

static mg_dtype out_type(const mgk_op_info *op, mg_dtype row, int j) { return op->bool_out >> j & 1 ? MG_BOOL : row; }

static void check_oracle(const call *c, const char *isa) {
    for (int j = 0; j < c->op->n_out; j++) {
        for (size_t i = 0; i < c->n; i++) {
            const void *in[MGK_MAX_IN];
            for (int k = 0; k < c->op->n_in; k++)
                in[k] = (const char *)c->in_ptr[k] + i * gen_in_size(c->op, c->row, k);
            char why[200];
            CHECK_MSG(gen_check(c->op, c->row, in, c->params, j,
                                (const char *)c->out_ptr[j] + i * gen_out_size(c->op, c->row, j), why),
                      "%s %s %s, element %zu of %zu, result %d: %s", c->op->name, gen_row_name(c->row), isa, i, c->n, j,
                      why);
        }
    }
}

static void check_same(const call *c, int j, const void *a, const void *b, const char *isa, const char *what) {
    const mg_dtype type = out_type(c->op, c->row, j);
    const size_t size = gen_size(type);
    for (size_t i = 0; i < c->n; i++)
        CHECK_MSG(gen_same(type, (const char *)a + i * size, (const char *)b + i * size),
                  "%s %s %s, element %zu of %zu, result %d: %s", c->op->name, gen_row_name(c->row), isa, i, c->n, j,
                  what);
}

/* Each result into each input's own array, where the element sizes agree. */
static void check_in_place(const call *c, const mgk_table *table, mgk_map_fn *f) {
    static unsigned char copy[8 * MAX_N];
    for (int j = 0; j < c->op->n_out; j++) {
        for (int i = 0; i < c->op->n_in; i++) {
            const size_t size = gen_out_size(c->op, c->row, j);
            if (gen_in_size(c->op, c->row, i) != size) continue;
            static unsigned char other[MGK_MAX_OUT][8 * MAX_N];
            memcpy(copy, c->in_ptr[i], c->n * size);
            const void *in[MGK_MAX_IN];
            void *out[MGK_MAX_OUT];
            for (int k = 0; k < c->op->n_in; k++) in[k] = k == i ? copy : c->in_ptr[k];
            for (int k = 0; k < c->op->n_out; k++) out[k] = k == j ? (void *)copy : (void *)other[k];
            f(c->n, out, in, c->params);
            check_same(c, j, copy, c->out_ptr[j], table->name, "in place differs");
        }
    }
}

/* SV and VS give what VV gives for an array of copies. */
static void check_forms(const call *c, const mgk_table *table, size_t op) {
    static unsigned char copies[8 * MAX_N], vv[MGK_MAX_OUT][8 * MAX_N], got[MGK_MAX_OUT][8 * MAX_N];
    mgk_map_fn *const *forms = table->map[op][c->row];
    for (int s = 0; s < 2; s++) {
        mgk_map_fn *f = forms[s == 0 ? MGK_SV : MGK_VS];
        if (!f || c->n == 0) continue;
        const size_t size = gen_in_size(c->op, c->row, s);
        for (size_t i = 0; i < c->n; i++)
            memcpy(copies + i * size, (const char *)c->in_ptr[s] + (c->n - 1) * size, size);
        gen_guarded one = gen_guard(size, true);
        memcpy(one.data, copies, size);
        const void *in[2] = {c->in_ptr[0], c->in_ptr[1]};
        void *all[MGK_MAX_OUT], *split[MGK_MAX_OUT];
        for (int j = 0; j < MGK_MAX_OUT; j++) {
            all[j] = vv[j];
            split[j] = got[j];
        }
        in[s] = copies;
        forms[MGK_VV](c->n, all, in, c->params);
        in[s] = one.data;
        f(c->n, split, in, c->params);
        for (int j = 0; j < c->op->n_out; j++)
            check_same(c, j, got[j], vv[j], table->name, s == 0 ? "SV is not VV" : "VS is not VV");
        gen_release(&one);
    }
}

/* Arrays at odd addresses, each at another one: the same bits as where elements are aligned. */
static void check_misaligned(const call *c, const mgk_table *table, size_t op) {
    static unsigned char in_room[MGK_MAX_IN][8 * MAX_N + 16], room[2][MGK_MAX_OUT][8 * MAX_N + 16];
    for (int form = 0; form < MGK_FORMS; form++) {
        mgk_map_fn *f = table->map[op][c->row][form];
        if (!f || (form != MGK_VV && c->n == 0)) continue;
        const void *in[MGK_MAX_IN];
        void *aligned[MGK_MAX_OUT], *odd[MGK_MAX_OUT];
        for (int i = 0; i < c->op->n_in; i++)
            in[i] = memcpy(in_room[i] + 1 + 2 * i, c->in_ptr[i], c->n * gen_in_size(c->op, c->row, i));
        for (int j = 0; j < c->op->n_out; j++) {
            aligned[j] = room[0][j];
            odd[j] = room[1][j] + 3 + 2 * j;
        }
        f(c->n, aligned, c->in_ptr, c->params);
        f(c->n, odd, in, c->params);
        for (int j = 0; j < c->op->n_out; j++) check_same(c, j, odd[j], aligned[j], table->name, "at odd addresses");
    }
}

static void test_case(mg_test_rng *rng, size_t op, mg_dtype row, size_t n, bool at_end) {
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    const mgk_op_info *info = &mgk_ops[op];
    call c;
    call_make(&c, rng, info, row, n, at_end);
    static unsigned char first[MGK_MAX_OUT][8 * MAX_N];
    for (int t = 0; t < n_tables; t++) {
        mgk_map_fn *f = tables[t]->map[op][row][MGK_VV];
        CHECK_MSG(f != NULL, "%s %s has no kernel for %s", info->name, gen_row_name(row), tables[t]->name);
        for (int j = 0; j < info->n_out; j++) memset(c.out_ptr[j], 0xa5, c.out[j].bytes);
        f(n, c.out_ptr, c.in_ptr, c.params);
        if (t == 0 && gen_has_oracle(info)) check_oracle(&c, tables[t]->name);
        for (int j = 0; j < info->n_out; j++) {
            if (t == 0) memcpy(first[j], c.out_ptr[j], c.out[j].bytes);
            check_same(&c, j, c.out_ptr[j], first[j], tables[t]->name, "not the bits of the scalar kernel");
        }
        check_in_place(&c, tables[t], f);
        check_forms(&c, tables[t], op);
        check_misaligned(&c, tables[t], op);
    }
    call_free(&c);
}

MG_TEST(generated_maps, every_kernel) {
    mg_test_rng rng = mg_test_rng_new();
    for (size_t op = 1; op < MGK_OP_COUNT; op++) {
        if (mgk_ops[op].kind != MGK_KIND_MAP) continue;
        for (int row = 1; row < MG_DTYPE_COUNT; row++) {
            if (!(mgk_ops[op].row_types >> row & 1)) continue;
            const size_t lanes = 64 / gen_size((mg_dtype)row);
            const size_t sizes[] = {0, 1, lanes - 1, lanes, lanes + 1, 3 * lanes + 5, 1029};
            for (int s = 0; s < 14; s++) test_case(&rng, op, (mg_dtype)row, sizes[s / 2], s % 2 == 0);
        }
    }
}

/* ---- kernels that stand for several ops: derivatives, superinstructions -------------------------------------------
 */

/* The steps that the fused op stands for, as a rule: of a derivative, or of a superinstruction. False if it is neither.
 */
static bool rule_of(size_t fused, mgk_rule *rule) {
    const mgk_op_info *info = &mgk_ops[fused];
    *rule = (mgk_rule){.n_steps = info->n_pattern, .steps = info->pattern, .n_fused_in = info->n_in};
    for (int k = 0; k < MGK_MAX_IN; k++) rule->fused_in[k] = MGK_REF(MGK_REF_IN, k);
    if (info->n_pattern) return true;
    for (size_t op = 1; op < MGK_OP_COUNT; op++) {
        for (int i = 0; mgk_ops[op].rules && i < mgk_ops[op].n_in; i++) {
            if (mgk_ops[op].rules[i].fused != fused) continue;
            *rule = mgk_ops[op].rules[i];
            return true;
        }
    }
    return false;
}

/* Values of steps and constants while a rule is run step by step. */
typedef struct expansion {
    const call *c;
    mgk_rule rule;
    unsigned char steps[16][8 * MAX_N], consts[16][8 * MAX_N];
} expansion;

static const void *operand(expansion *e, uint8_t ref) {
    for (int k = 0; k < e->rule.n_fused_in; k++)
        if (e->rule.fused_in[k] == ref) return e->c->in_ptr[k];
    const unsigned what = ref & 0xf0u, which = ref & 0xfu;
    if (what == MGK_REF_STEP) return e->steps[which];
    CHECK_MSG(what == MGK_REF_CONST || what == MGK_REF_PARAM, "reference 0x%02x is not among the fused inputs", ref);
    const double x = what == MGK_REF_CONST ? e->rule.consts[which] : e->c->params[which];
    unsigned char *room = e->consts[which + (what == MGK_REF_PARAM ? 8u : 0u)];
    for (size_t i = 0; i < e->c->n; i++) {
        if (e->c->row == MG_F32) ((float *)(void *)room)[i] = (float)x;
        if (e->c->row == MG_F64) ((double *)(void *)room)[i] = x;
    }
    return room;
}

static void check_expansion(mg_test_rng *rng, const mgk_table *table, size_t fused, mg_dtype row, size_t n) {
    static expansion e;
    CHECK_MSG(rule_of(fused, &e.rule), "%s belongs to no rule", mgk_ops[fused].name);
    call c;
    call_make(&c, rng, &mgk_ops[fused], row, n, true);
    e.c = &c;
    for (unsigned s = 0; s < e.rule.n_steps; s++) {
        const mgk_step *step = &e.rule.steps[s];
        const void *in[MGK_MAX_IN];
        double params[MGK_MAX_PARAMS];
        for (int k = 0; k < step->n_in; k++) in[k] = operand(&e, step->in[k]);
        for (int k = 0; k < mgk_ops[step->op].n_params; k++) {
            const unsigned which = step->params[k] & 0xfu;
            params[k] = (step->params[k] & 0xf0u) == MGK_REF_CONST ? e.rule.consts[which] : c.params[which];
        }
        void *out = e.steps[s];
        const mg_dtype step_row = mgk_ops[step->op].typing == MGK_TYPES_LOGICAL ? MG_BOOL : row;
        table->map[step->op][step_row][MGK_VV](n, &out, in, params);
    }
    table->map[fused][row][MGK_VV](n, c.out_ptr, c.in_ptr, c.params);
    check_same(&c, 0, c.out_ptr[0], e.steps[e.rule.n_steps - 1], table->name, "not the bits of its steps");
    call_free(&c);
}

MG_TEST(generated_maps, fused_kernels_are_their_steps) {
    mg_test_rng rng = mg_test_rng_new();
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    int derivatives = 0, supers = 0;
    for (size_t op = 1; op < MGK_OP_COUNT; op++) {
        mgk_rule rule;
        if (!rule_of(op, &rule)) continue;
        derivatives += mgk_ops[op].n_pattern == 0;
        supers += mgk_ops[op].n_pattern > 0;
        for (int t = 0; t < n_tables; t++) {
            for (int times = mg_test_times(10); times > 0; times--) {
                check_expansion(&rng, tables[t], op, MG_F32, 1029);
                check_expansion(&rng, tables[t], op, MG_F64, 1029);
            }
        }
    }
    CHECK_MSG(derivatives > 0 && supers > 0, "%d derivatives and %d superinstructions have kernels of their own",
              derivatives, supers);
}
