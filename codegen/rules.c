/* SPDX-License-Identifier: MIT
 * Rules as steps: a derivative becomes a list of registered ops over references, and, when it has two or more steps and
 * few operands, also an internal op that does all of them in one kernel. */
#include <string.h>

#include "op_model.h"
#include "simplify.h"

static int const_index(mgc_rule *r, double x) {
    for (int i = 0; i < r->n_consts; i++)
        if (memcmp(&r->consts[i], &x, sizeof x) == 0) return i;
    r->consts[r->n_consts] = x;
    return r->n_consts++;
}

static mgc_ref ref_of(mgc_rule *r, const mgc_node *e) {
    if (e->kind == MGC_NUM) return (mgc_ref){MGC_NUM, const_index(r, e->num)};
    if (e->kind != MGC_OP) return (mgc_ref){e->kind, e->which};
    int i = 0;
    while (r->steps[i].node != e) i++;
    return (mgc_ref){MGC_OP, i};
}

/* One step; its operands were made before it. */
static bool add_step(mgc_world *w, const mgc_op *op, mgc_rule *r, mgc_place at, const char *what, const mgc_node *e) {
    if (r->n_steps == MGC_MAX_STEPS || r->n_consts + e->n_args > MGC_MAX_STEPS)
        return mgc_error(&w->diag, at,
                         "%s needs more than %d steps or constants: make a part of its formula an op of its own", what,
                         MGC_MAX_STEPS);
    bool scalar = true;
    for (int k = 0; k < e->op->s->n_in; k++) scalar = scalar && mgc_is_scalar(e->arg[k]);
    if (scalar)
        return mgc_error(&w->diag, at, "%s computes '%s' from parameters alone; make that a parameter", what,
                         mgc_print(op, e));
    mgc_step *step = &r->steps[r->n_steps];
    step->op = e->op;
    for (int k = 0; k < e->n_args; k++) step->in[k] = ref_of(r, e->arg[k]);
    step->node = e;
    r->n_steps++;
    return true;
}

bool mgc_rule_steps(mgc_world *w, const mgc_op *op, mgc_rule *rule, mgc_place at, const char *what) {
    const mgc_order order = mgc_postorder(&rule->expr, 1);
    for (int j = 0; j < order.n; j++)
        if (order.list[j]->kind == MGC_OP && !add_step(w, op, rule, at, what, order.list[j])) return false;
    if (rule->n_steps == 0) rule->result = ref_of(rule, rule->expr);
    return true;
}

/* The operands of the rule in the order of mgk_ref's bytes: gradients, inputs, results. -1 if there are too many. */
static int operands(const mgc_rule *r, mgc_ref *out) {
    static const mgc_node_kind kinds[] = {MGC_GRAD, MGC_IN, MGC_OUT};
    int n = 0;
    for (int k = 0; k < 3; k++) {
        for (int which = 0; which < MGC_MAX_IN; which++) {
            if (!mgc_uses(r->expr, kinds[k], which)) continue;
            if (n == MGC_MAX_IN) return -1;
            out[n++] = (mgc_ref){kinds[k], which};
        }
    }
    return n;
}

static const char *ref_name(const mgc_op *op, mgc_ref ref) {
    if (ref.kind == MGC_IN) return op->s->in[ref.which].name;
    if (ref.kind == MGC_OUT) return mgc_result_name(op, ref.which);
    for (int i = 0; i < op->s->n_in; i++)
        if (strcmp(op->s->in[i].name, "g") == 0) return "gradient";
    return op->s->n_out == 1 ? "g" : mgc_format("g_%s", op->s->results[ref.which]);
}

/* Is the name an input's or a parameter's of the op, or one of the first n operands'? */
static bool is_taken(const mgc_op *op, const mgc_stanza *fused, int n, const char *name) {
    for (int i = 0; i < op->s->n_in; i++)
        if (strcmp(op->s->in[i].name, name) == 0) return true;
    for (int i = 0; i < op->s->n_params; i++)
        if (strcmp(op->s->params[i], name) == 0) return true;
    for (int k = 0; k < n; k++)
        if (strcmp(fused->in[k].name, name) == 0) return true;
    return false;
}

static void make_fused(mgc_world *w, mgc_op *op, int i) {
    mgc_rule *r = &op->rule[i];
    const int n = operands(r, r->fused_in);
    if (r->n_steps < 2 || n < 1) return;
    mgc_stanza *s = mgc_alloc(sizeof *s);
    *s = *op->s;
    s->name = mgc_format("%s_d%d", op->name, i);
    s->doc = mgc_format("d/d%s of %s, all steps in one kernel.", op->s->in[i].name, op->name);
    s->types = MGC_TYPES_FLOAT;
    s->internal = true;
    s->commutative = s->has_ulp = false;
    s->ulp_f32 = s->ulp_f64 = 0;
    s->flops = s->n_lets = s->n_eval = 0;
    s->bool_row = s->int_row = NULL;
    s->n_in = n;
    s->n_out = s->n_value = 1;
    s->results[0] = NULL;
    mgc_binding b = {{0}, {0}, {0}, {0}};
    for (int k = 0; k < n; k++) {
        const mgc_ref ref = r->fused_in[k];
        const bool mask = ref.kind == MGC_IN && mgc_input_is_mask(op, ref.which);
        s->in[k] = ref.kind == MGC_IN ? op->s->in[ref.which] : (mgc_input){.lo = -4, .hi = 4, .at = op->s->in[i].at};
        s->in[k].name = ref_name(op, ref);
        while (ref.kind != MGC_IN && is_taken(op, s, k, s->in[k].name))
            s->in[k].name = mgc_format("%s_", s->in[k].name);
        s->in[k].condition = mask;
        s->in[k].rule = MGC_RULE_UNSET;
        const mgc_node *leaf = mgc_leaf(&w->dag, MGC_IN, k, mask);
        if (ref.kind == MGC_IN) b.in[ref.which] = leaf;
        if (ref.kind == MGC_OUT) b.out[ref.which] = leaf;
        if (ref.kind == MGC_GRAD) b.grad[ref.which] = leaf;
    }
    r->n_fused_in = n;
    r->fused = mgc_add_op(w, s, op->file);
    r->fused->parent = op;
    r->fused->parent_rule = i;
    r->fused->value[0] = r->fused->eval[0] = mgc_substitute(&w->dag, r->expr, &b);
}

bool mgc_make_steps(mgc_world *w) {
    const int n_given = w->n_ops;
    for (int k = 0; k < n_given; k++) {
        mgc_op *op = w->ops[k];
        for (int i = 0; i < op->s->n_in; i++) {
            mgc_rule *r = &op->rule[i];
            if (r->kind != MGC_RULE_EXPR) continue;
            const char *what = mgc_format("d/d%s of '%s'", op->s->in[i].name, op->name);
            if (!mgc_rule_steps(w, op, r, op->s->in[i].at, what)) return false;
            make_fused(w, op, i);
        }
        if (op->s->super && !mgc_make_pattern(w, op)) return false;
    }
    return true;
}
