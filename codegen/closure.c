/* SPDX-License-Identifier: MIT
 * Proof that differentiating never leaves the registered ops: every op that a rule uses has, for each input, a rule or
 * `none`. */
#include "op_model.h"

static bool check_rule(mgc_world *w, const mgc_op *op, int i) {
    const mgc_order order = mgc_postorder(&op->rule[i].expr, 1);
    bool ok = true;
    for (int k = 0; k < order.n; k++) {
        const mgc_node *e = order.list[k];
        if (e->kind == MGC_FN)
            ok = mgc_error(&w->diag, op->s->in[i].at, "closure: d/d%s of '%s' calls '%s', which is no registered op",
                           op->s->in[i].name, op->name, e->fn);
        if (e->kind != MGC_OP) continue;
        for (int j = 0; j < e->op->s->n_in; j++) {
            const mgc_rule_kind kind = e->op->rule[j].kind;
            if (kind == MGC_RULE_EXPR || kind == MGC_RULE_NONE) continue;
            ok = mgc_error(&w->diag, op->s->in[i].at,
                           "closure: d/d%s of '%s' uses '%s', which has no d/d%s and does not say none",
                           op->s->in[i].name, op->name, e->op->name, e->op->s->in[j].name);
        }
    }
    return ok;
}

bool mgc_check_closure(mgc_world *w) {
    bool ok = true;
    for (int k = 0; k < w->n_ops; k++) {
        const mgc_op *op = w->ops[k];
        for (int i = 0; i < op->s->n_in; i++)
            if (op->rule[i].kind == MGC_RULE_EXPR && !check_rule(w, op, i)) ok = false;
    }
    return ok;
}
