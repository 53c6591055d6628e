/* SPDX-License-Identifier: MIT
 * Derivatives by the chain rule over the DAG. A condition stays outside of the products of its branches (masks select,
 * they never multiply), and the op's own value is used where it occurs. */
#include <string.h>

#include "op_model.h"
#include "simplify.h"

typedef struct derivation {
    mgc_world *w;
    const mgc_op *op;
    int target;  /* the input */
    bool failed; /* a message was given */
} derivation;

static const mgc_node *propagate(derivation *d, const mgc_node *e, const mgc_node *adjoint);

static bool is_where(const mgc_node *e) { return e->kind == MGC_OP && strcmp(e->op->name, "where") == 0; }

static bool is_zero(const mgc_node *e) { return e->kind == MGC_NUM && e->num == 0; }

static const mgc_node *sum(derivation *d, const mgc_node *a, const mgc_node *b) {
    if (!a || !b) return a ? a : b;
    const mgc_op *add = mgc_find(d->w, "add");
    if (add) return mgc_apply(&d->w->dag, add, 2, (const mgc_node *[]){a, b});
    mgc_error(&d->w->diag, d->op->s->at, "deriving '%s' needs an op called 'add', and no file has one", d->op->name);
    d->failed = true;
    return NULL;
}

/* c ? a : b with NULL for a branch that does not depend on the target. */
static const mgc_node *choose(derivation *d, const mgc_op *where, const mgc_node *c, const mgc_node *a,
                              const mgc_node *b) {
    if (!a && !b) return NULL;
    const mgc_node *zero = mgc_num(&d->w->dag, 0);
    return mgc_apply(&d->w->dag, where, 3, (const mgc_node *[]){c, a ? a : zero, b ? b : zero});
}

/* The rule of argument k of the call e, applied to the adjoint; NULL if there is none. */
static const mgc_node *apply_rule(derivation *d, const mgc_node *e, int k, const mgc_node *adjoint) {
    mgc_op *op = mgc_find(d->w, e->op->name);
    const mgc_rule *rule = &op->rule[k];
    if (rule->kind == MGC_RULE_UNSET && !mgc_derive(d->w, op, k)) {
        d->failed = d->failed || rule->kind == MGC_RULE_UNSET;
        return NULL;
    }
    if (rule->kind != MGC_RULE_EXPR) return NULL;
    mgc_binding b = {.out = {e}, .grad = {adjoint}};
    for (int i = 0; i < op->s->n_in; i++) b.in[i] = e->arg[i];
    for (int i = 0; i < op->s->n_params; i++) b.param[i] = e->arg[op->s->n_in + i];
    return mgc_substitute(&d->w->dag, rule->expr, &b);
}

/* The same for e that depends on the target. */
static const mgc_node *follow(derivation *d, const mgc_node *e, const mgc_node *adjoint) {
    if (e->kind == MGC_IN) return adjoint;
    if (is_where(adjoint) && (is_zero(adjoint->arg[1]) || is_zero(adjoint->arg[2]))) {
        const mgc_node *a = is_zero(adjoint->arg[1]) ? NULL : propagate(d, e, adjoint->arg[1]);
        const mgc_node *b = is_zero(adjoint->arg[2]) ? NULL : propagate(d, e, adjoint->arg[2]);
        return choose(d, adjoint->op, adjoint->arg[0], a, b);
    }
    if (is_where(e))
        return choose(d, e->op, e->arg[0], propagate(d, e->arg[1], adjoint), propagate(d, e->arg[2], adjoint));
    const mgc_node *total = NULL;
    for (int k = 0; k < e->op->s->n_in && !d->failed; k++) {
        if (e->arg[k]->mask || !mgc_uses(e->arg[k], MGC_IN, d->target)) continue;
        const mgc_node *part = apply_rule(d, e, k, adjoint);
        if (part) part = propagate(d, e->arg[k], part);
        total = sum(d, total, part);
    }
    return d->failed ? NULL : total;
}

/* adjoint * d(e)/d(target), summed over all paths; NULL for zero. */
static const mgc_node *propagate(derivation *d, const mgc_node *e, const mgc_node *adjoint) {
    if (d->failed || e->mask || !mgc_uses(e, MGC_IN, d->target)) return NULL;
    if (d->w->depth == MGC_MAX_DEPTH) d->w->dag.too_large = true;
    if (d->w->dag.too_large) {
        d->failed = true;
        mgc_too_large(d->w, d->op);
        return NULL;
    }
    d->w->depth++;
    const mgc_node *r = follow(d, e, adjoint);
    d->w->depth--;
    return r;
}

/* Does the value call its own op? Then it defines nothing that could be derived. */
static bool calls(const mgc_node *e, const mgc_op *op) {
    if (e->kind == MGC_OP && e->op == op) return true;
    for (int i = 0; i < e->n_args; i++)
        if (calls(e->arg[i], op)) return true;
    return false;
}

const mgc_node *mgc_derive(mgc_world *w, mgc_op *op, int i) {
    mgc_rule *rule = &op->rule[i];
    if (rule->kind != MGC_RULE_UNSET) return rule->expr;
    for (int j = 0; j < op->s->n_out; j++) {
        if (!rule->busy && !calls(op->value[j], op)) continue;
        if (rule->reported) return NULL;
        rule->reported = true;
        mgc_error(&w->diag, op->s->in[i].at,
                  "closure: '%s' has no d/d%s, and it cannot be derived because its value leads back to '%s'", op->name,
                  op->s->in[i].name, op->name);
        return NULL;
    }
    derivation d = {.w = w, .op = op, .target = i};
    const mgc_node *total = NULL;
    rule->busy = true;
    for (int j = 0; j < op->s->n_out && !d.failed; j++) {
        if (op->value[j]->mask) continue;
        total = sum(&d, total, propagate(&d, op->value[j], mgc_leaf(&w->dag, MGC_GRAD, j, false)));
    }
    rule->busy = false;
    if (d.failed) return NULL;
    for (int j = 0; total && j < op->s->n_out; j++)
        if (op->value[j]->n_args > 0)
            total = mgc_replace(&w->dag, total, op->value[j], mgc_leaf(&w->dag, MGC_OUT, j, false));
    if (w->dag.too_large) {
        mgc_too_large(w, op);
        return NULL;
    }
    rule->derived = true;
    rule->kind = total ? MGC_RULE_EXPR : MGC_RULE_NONE;
    return rule->expr = total;
}

bool mgc_derive_all(mgc_world *w) {
    for (int k = 0; k < w->n_ops; k++) {
        mgc_op *op = w->ops[k];
        for (int i = 0; i < op->s->n_in; i++) {
            if (op->rule[i].kind != MGC_RULE_UNSET) continue;
            if (op->s->kind != MGC_MAP) {
                op->rule[i].kind = MGC_RULE_NONE;
                continue;
            }
            mgc_derive(w, op, i);
            if (w->dag.too_large) return false;
        }
    }
    return w->diag.errors == 0;
}
