/* SPDX-License-Identifier: MIT
 * No op states more accuracy than is known (rules C3): what a stanza states must be within its bound (bound.c) or
 * within a measurement on file (accuracy.c). An op that states nothing states 0.5, correctly rounded. */
#include <math.h>
#include <string.h>

#include "bound.h"

/* Rounded up, so that stating what is printed is enough. */
static double shown(double ulp) { return isfinite(ulp) ? ceil(ulp * 1e4) / 1e4 : ulp; }

static mgc_bound worst_result(const mgc_world *w, const mgc_op *op, int row) {
    mgc_bound worst = {0};
    for (int j = 0; j < op->s->n_out; j++) {
        const mgc_bound b = mgc_error_bound(&w->accuracy, op->lowered[j], row);
        const mgc_how how = b.how > worst.how ? b.how : worst.how;
        if (b.ulp >= worst.ulp) worst = b;
        worst.how = how;
    }
    return worst;
}

static bool refuse(mgc_world *w, const mgc_op *op, int row, double stated, const mgc_bound *b) {
    const mgc_stanza *s = op->s;
    const char *file = w->accuracy.path ? w->accuracy.path : "a file of measurements (mgc --accuracy)";
    const char *known = b->trouble ? mgc_format("there is no bound: %s %s", b->trouble, mgc_print(op, b->in))
                                   : mgc_format("the bound is %.4f", shown(b->ulp));
    const char *advice = b->trouble ? "compute it otherwise (eval), state 'ulp none \"why\"'"
                                    : "state that, compute it otherwise (eval)";
    if (!s->has_ulp)
        return mgc_error(&w->diag, s->at,
                         "'%s' is not correctly rounded in %s, so it must state its ulp: %s; %s, or put a measured row "
                         "into %s",
                         op->name, mgc_rows[row].name, known, advice, file);
    return mgc_error(&w->diag, s->ulp_at[row == MGC_ROW_F64],
                     "'%s' states %g ULP in %s, but %s; %s, or put a measured "
                     "row into %s",
                     op->name, stated, mgc_rows[row].name, known, advice, file);
}

static bool check_row(mgc_world *w, mgc_op *op, int row) {
    const mgc_stanza *s = op->s;
    const double stated = !s->has_ulp ? 0.5 : row == MGC_ROW_F32 ? s->ulp_f32 : s->ulp_f64;
    const mgc_accuracy *measured = mgc_find_accuracy(&w->accuracy, op->name, row);
    if (measured && measured->ulp > stated)
        return mgc_error(&w->diag, s->has_ulp ? s->ulp_at[row == MGC_ROW_F64] : s->at,
                         "'%s' states %g ULP in %s, but %s, line %d, has measured %g", op->name, stated,
                         mgc_rows[row].name, w->accuracy.path, measured->at.line, measured->ulp);
    const mgc_bound b = worst_result(w, op, row);
    mgc_evidence *evidence = &op->evidence[row == MGC_ROW_F64];
    *evidence = (mgc_evidence){b.ulp, b.how};
    if (b.ulp <= stated) return true;
    if (!measured) return refuse(w, op, row, stated, &b);
    *evidence = (mgc_evidence){measured->ulp, measured->how};
    return true;
}

static bool is_called(const mgc_world *w, const char *function) {
    for (int k = 0; k < w->n_ops; k++) {
        const mgc_op *op = w->ops[k];
        if (op->s->kind != MGC_MAP) continue;
        const mgc_order order = mgc_postorder(op->lowered, op->s->n_out);
        for (int i = 0; i < order.n; i++)
            if (order.list[i]->kind == MGC_FN && strcmp(order.list[i]->fn, function) == 0) return true;
    }
    return false;
}

/* A row must be about something: an old name would keep nothing true. */
static bool check_names(mgc_world *w) {
    for (int i = 0; i < w->accuracy.n; i++) {
        const mgc_accuracy *a = &w->accuracy.list[i];
        const mgc_op *op = mgc_find(w, a->name);
        if (op && op->s->kind == MGC_MAP && (op->rows >> a->row & 1u)) continue;
        if (strncmp(a->name, "vm_", 3) == 0 && is_called(w, a->name)) continue;
        return mgc_error(&w->diag, a->at, "no map op with a %s row is called '%s', and no eval calls such a function",
                         mgc_rows[a->row].name, a->name);
    }
    return true;
}

bool mgc_check_accuracy(mgc_world *w) {
    if (!check_names(w)) return false;
    bool ok = true;
    for (int k = 0; k < w->n_ops; k++) {
        mgc_op *op = w->ops[k];
        if (op->s->kind != MGC_MAP || op->s->no_ulp || op->parent || op->s->super)
            continue; /* the last two: as their parts */
        for (int row = MGC_ROW_F32; row <= MGC_ROW_F64; row++)
            if ((op->rows >> row & 1u) && !check_row(w, op, row)) ok = false;
    }
    return ok;
}
