/* SPDX-License-Identifier: MIT
 * From ops to functions: every call is replaced by how its op is computed, until only simd and vmath functions are
 * left. Parts made of constants and parameters stay as they are: they are computed once per call, in double. */
#include <string.h>

#include "functions.h"
#include "op_model.h"

static bool lower_op(mgc_world *w, mgc_op *op) {
    if (op->lowered[0]) return true;
    if (op->lowering)
        return mgc_error(&w->diag, op->s->at,
                         "the eval of '%s' leads back to '%s': say how it is computed with mgv_ or vm_ functions",
                         op->name, op->name);
    op->lowering = true;
    for (int j = 0; j < op->s->n_out; j++) {
        const mgc_node *e = mgc_lower(w, op, op->eval[j]);
        if (!e) return false;
        op->lowered[j] = e;
    }
    for (int i = 0; i < op->s->n_lets; i++)
        if (!(op->lowered_lets[i] = mgc_lower(w, op, op->lets[i]))) return false;
    op->lowering = false;
    return true;
}

static const mgc_node *lower(mgc_world *w, const mgc_op *op, const mgc_node *e) {
    if (e->n_args == 0 || mgc_is_scalar(e)) return e;
    const mgc_node *arg[MGC_MAX_ARGS];
    for (int i = 0; i < e->n_args; i++)
        if (!(arg[i] = mgc_lower(w, op, e->arg[i]))) return NULL;
    if (e->kind == MGC_FN) return mgc_fn_node(&w->dag, e->fn, e->mask, e->n_args, arg);
    mgc_op *callee = mgc_find(w, e->op->name);
    if (!lower_op(w, callee)) return NULL;
    mgc_binding b = {{0}, {0}, {0}, {0}};
    for (int i = 0; i < callee->s->n_in; i++) b.in[i] = arg[i];
    for (int i = 0; i < callee->s->n_params; i++) b.param[i] = arg[callee->s->n_in + i];
    return mgc_substitute(&w->dag, callee->lowered[0], &b);
}

const mgc_node *mgc_lower(mgc_world *w, const mgc_op *op, const mgc_node *e) {
    if (w->depth == MGC_MAX_DEPTH) w->dag.too_large = true;
    w->depth++;
    const mgc_node *n = w->dag.too_large ? e : lower(w, op, e);
    w->depth--;
    if (!n || !w->dag.too_large) return n;
    mgc_too_large(w, op);
    return NULL;
}

static const mgc_function *function_of(const mgc_node *e) {
    char kinds[MGC_MAX_ARGS + 1] = {0};
    for (int i = 0; i < e->n_args; i++) kinds[i] = e->arg[i]->mask ? 'm' : 'v';
    return mgc_find_function(e->fn, kinds);
}

/* A vm_ function costs what the op says that is computed by it alone. */
static int function_flops(const mgc_world *w, const mgc_node *e) {
    for (int k = 0; k < w->n_ops; k++) {
        const mgc_op *op = w->ops[k];
        if (op->s->flops && op->eval[0] && op->eval[0]->kind == MGC_FN && strcmp(op->eval[0]->fn, e->fn) == 0)
            return op->s->flops;
    }
    return function_of(e)->flops;
}

/* One statement per function, in a kernel of one row or the other. */
static bool fits_a_kernel(mgc_world *w, const mgc_op *op, const mgc_node *const roots[], int n_roots) {
    const mgc_order order = mgc_postorder(roots, n_roots);
    int n = 0;
    for (int k = 0; k < order.n; k++) n += order.list[k]->kind == MGC_FN;
    if (n <= MGC_MAX_STATEMENTS) return true;
    return mgc_error(&w->diag, op->s->at, "'%s' has more than %d operations, too many for one kernel", op->name,
                     MGC_MAX_STATEMENTS);
}

/* Of the functions that compute this row. */
static bool check_functions(mgc_world *w, const mgc_op *op, int row, const mgc_order *order) {
    const char kind = 1u << row & MGC_ROWS_FLOAT ? 'f' : 'i';
    for (int k = 0; k < order->n; k++) {
        const mgc_node *e = order->list[k];
        if (e->kind != MGC_FN) continue;
        const mgc_function *f = function_of(e);
        if (f->rows == 'a' || f->rows == kind) continue;
        return mgc_error(&w->diag, op->s->at,
                         "'%s' has a row %s, but there is no %s of %s: expected other types or another eval", op->name,
                         mgc_rows[row].name, e->fn, kind == 'f' ? "floats" : "integers");
    }
    return true;
}

const mgc_node *const *mgc_roots_of_row(const mgc_op *op, int row) {
    if (row == MGC_ROW_BOOL && op->bool_row) return &op->bool_row;
    return op->int_row && !(1u << row & MGC_ROWS_FLOAT) ? &op->int_row : op->lowered;
}

/* Every function that the kernels of the op will call exists. */
static bool check_rows(mgc_world *w, const mgc_op *op) {
    for (int row = 0; row < MGC_ROW_COUNT; row++) {
        if (!(op->rows >> row & 1u)) continue;
        const mgc_order order = mgc_postorder(mgc_roots_of_row(op, row), op->s->n_out);
        if (!check_functions(w, op, row, &order)) return false;
    }
    return true;
}

/* The rows that have an eval of their own. */
static bool lower_row(mgc_world *w, mgc_op *op, const mgc_node **root) {
    return !*root || ((*root = mgc_lower(w, op, *root)) && fits_a_kernel(w, op, root, 1));
}

static int count_flops(const mgc_world *w, const mgc_op *op) {
    const mgc_order order = mgc_postorder(op->lowered, op->s->n_out);
    int flops = 0;
    for (int k = 0; k < order.n; k++)
        if (order.list[k]->kind == MGC_FN) flops += function_flops(w, order.list[k]);
    return flops;
}

bool mgc_lower_all(mgc_world *w) {
    for (int k = 0; k < w->n_ops; k++) {
        mgc_op *op = w->ops[k];
        if (op->s->kind != MGC_MAP) continue;
        if (!lower_op(w, op) || !fits_a_kernel(w, op, op->lowered, op->s->n_out)) return false;
        op->flops = op->s->flops ? op->s->flops : count_flops(w, op);
        if (!lower_row(w, op, &op->bool_row) || !lower_row(w, op, &op->int_row)) return false;
        if (!check_rows(w, op)) return false;
    }
    for (int k = 0; k < w->n_ops; k++)
        if (w->ops[k]->step) w->ops[k]->flops = w->ops[k]->step->flops;
    return true;
}
