/* SPDX-License-Identifier: MIT
 * Superinstructions: an internal op whose value is a tree of two or more registered ops, as the steps that the tile
 * machine looks for (runtime/tile_super.c). Each op knows the superinstructions that end in it, longest first. */
#include <string.h>

#include "op_model.h"

/* How often the steps read the operand. */
static int uses(const mgc_rule *r, mgc_node_kind kind, int which) {
    int n = 0;
    for (int s = 0; s < r->n_steps; s++)
        for (int k = 0; k < r->steps[s].op->s->n_in; k++)
            n += r->steps[s].in[k].kind == kind && r->steps[s].in[k].which == which;
    return n;
}

static bool check_tree(mgc_world *w, const mgc_op *op) {
    const mgc_stanza *s = op->s;
    const mgc_rule *r = &op->pattern;
    if (r->n_steps < 2 || s->n_out != 1 || s->n_params > 0 || r->n_consts > 0 || s->n_eval > 0)
        return mgc_error(&w->diag, s->at,
                         "the superinstruction '%s' must have one result, a value of two or more ops on inputs alone, "
                         "and no eval",
                         op->name);
    for (int k = 0; k + 1 < r->n_steps; k++)
        if (uses(r, MGC_OP, k) != 1)
            return mgc_error(&w->diag, s->at, "'%s' uses '%s' more than once: a superinstruction must be a tree",
                             op->name, mgc_print(op, r->steps[k].node));
    for (int i = 0; i < s->n_in; i++)
        if (uses(r, MGC_IN, i) == 0)
            return mgc_error(&w->diag, s->in[i].at, "'%s' does not use '%s'", op->name, s->in[i].name);
    for (int k = 0; k < r->n_steps; k++)
        if (r->steps[k].op->s->n_params > 0)
            return mgc_error(&w->diag, s->at, "'%s' uses '%s', which has parameters", op->name, r->steps[k].op->name);
    return true;
}

static void enlist(mgc_op *op, mgc_op *last) {
    const mgc_op **at = &last->supers;
    while (*at && (*at)->pattern.n_steps >= op->pattern.n_steps) at = &((mgc_op *)*at)->shorter_super;
    op->shorter_super = *at;
    *at = op;
}

bool mgc_make_pattern(mgc_world *w, mgc_op *op) {
    mgc_rule *r = &op->pattern;
    r->kind = MGC_RULE_EXPR;
    r->expr = op->value[0];
    if (!mgc_rule_steps(w, op, r, op->s->at, mgc_format("'%s'", op->name)) || !check_tree(w, op)) return false;
    enlist(op, mgc_find(w, r->steps[r->n_steps - 1].op->name));
    return true;
}
