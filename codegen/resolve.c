/* SPDX-License-Identifier: MIT
 * Names to nodes: expressions of the stanzas become DAG nodes, with arity and condition/value checked. */
#include <string.h>

#include "functions.h"
#include "op_model.h"
#include "simplify.h"

/* Where an expression stands decides which names it may use. */
typedef struct scope {
    mgc_world *w;
    mgc_op *op;
    bool in_eval;  /* functions of simd and vmath are allowed */
    bool in_rule;  /* g and the results are allowed */
    bool bool_row; /* inputs are conditions */
} scope;

static const mgc_node *resolve_expr(const scope *sc, const mgc_expr *e);

static const mgc_node *fail(const scope *sc, mgc_place at, const char *message) {
    mgc_error(&sc->w->diag, at, "%s", message);
    return NULL;
}

/* The gradient of result j: g, or g_<result> when there are several. */
static bool is_gradient(const mgc_stanza *s, const char *name, int j) {
    if (s->n_out == 1) return strcmp(name, "g") == 0;
    return strncmp(name, "g_", 2) == 0 && strcmp(name + 2, s->results[j]) == 0;
}

/* Inputs hide results and g: maximum(x, y) has no name for its value. */
static const mgc_node *resolve_name(const scope *sc, const mgc_expr *e) {
    const mgc_stanza *s = sc->op->s;
    mgc_dag *g = &sc->w->dag;
    for (int i = 0; i < s->n_in; i++)
        if (strcmp(s->in[i].name, e->name) == 0)
            return mgc_leaf(g, MGC_IN, i, sc->bool_row || mgc_input_is_mask(sc->op, i));
    for (int i = 0; i < s->n_params; i++)
        if (strcmp(s->params[i], e->name) == 0) return mgc_leaf(g, MGC_PARAM, i, false);
    if (sc->in_rule) {
        for (int j = 0; j < s->n_out; j++) {
            if (is_gradient(s, e->name, j)) return mgc_leaf(g, MGC_GRAD, j, false);
            if (strcmp(mgc_result_name(sc->op, j), e->name) == 0) return mgc_leaf(g, MGC_OUT, j, sc->op->bool_out);
        }
    }
    for (int i = 0; i < s->n_lets; i++)
        if (sc->op->lets[i] && strcmp(s->let_names[i], e->name) == 0) return sc->op->lets[i];
    return fail(sc, e->at,
                mgc_format("expected an input, a parameter%s of '%s', found '%s'",
                           sc->in_rule ? ", a result or the gradient" : " or a let", sc->op->name, e->name));
}

static const mgc_node *resolve_function(const scope *sc, const mgc_expr *e, const mgc_node *const arg[]) {
    if (!sc->in_eval)
        return fail(sc, e->at, mgc_format("'%s' may be called in eval only; expected a registered op", e->name));
    char kinds[MGC_MAX_ARGS + 1] = {0};
    for (int i = 0; i < e->n_args; i++) kinds[i] = arg[i]->mask ? 'm' : 'v';
    const mgc_function *f = mgc_find_function(e->name, kinds);
    if (!f)
        return fail(sc, e->at,
                    mgc_format("'%s' does not exist or does not take (%s) (v: value, m: condition)", e->name, kinds));
    const mgc_node *n = mgc_fn_node(&sc->w->dag, e->name, f->result == 'm', e->n_args, arg);
    if (!sc->w->dag.too_large) return n;
    mgc_too_large(sc->w, sc->op);
    return NULL;
}

static const mgc_node *resolve_call(const scope *sc, const mgc_expr *e) {
    const mgc_node *arg[MGC_MAX_ARGS];
    for (int i = 0; i < e->n_args; i++)
        if (!(arg[i] = resolve_expr(sc, e->args[i]))) return NULL;
    if (mgc_is_function_name(e->name)) return resolve_function(sc, e, arg);
    mgc_op *op = mgc_find(sc->w, e->name);
    if (!op) return fail(sc, e->at, mgc_format("no op is called '%s'", e->name));
    const mgc_stanza *s = op->s;
    if (s->kind != MGC_MAP || s->n_out != 1)
        return fail(sc, e->at,
                    mgc_format("'%s' cannot be part of an expression: it is no map with one result", e->name));
    if (e->n_args != s->n_in + s->n_params)
        return fail(sc, e->at,
                    mgc_format("'%s' takes %d inputs and %d parameters, found %d arguments", e->name, s->n_in,
                               s->n_params, e->n_args));
    for (int i = 0; i < e->n_args; i++) {
        const bool wants = i < s->n_in && mgc_input_is_mask(op, i);
        if (wants != arg[i]->mask)
            return fail(sc, e->args[i]->at,
                        mgc_format("'%s' takes a %s here, found a %s", e->name, wants ? "condition" : "value",
                                   wants ? "value" : "condition"));
        if (i >= s->n_in && !mgc_is_scalar(arg[i]))
            return fail(sc, e->args[i]->at,
                        mgc_format("parameter '%s' of '%s' must be made of numbers and parameters",
                                   s->params[i - s->n_in], e->name));
    }
    const mgc_node *n = mgc_apply(&sc->w->dag, op, e->n_args, arg);
    if (!sc->w->dag.too_large) return n;
    mgc_too_large(sc->w, sc->op);
    return NULL;
}

static const mgc_node *resolve_expr(const scope *sc, const mgc_expr *e) {
    if (e->kind == MGC_E_NUMBER) return mgc_num(&sc->w->dag, e->number);
    return e->kind == MGC_E_NAME ? resolve_name(sc, e) : resolve_call(sc, e);
}

/* A whole value, eval or rule, whose kind must be the one asked for. */
static const mgc_node *resolve_root(const scope *sc, const mgc_expr *e, bool mask) {
    const mgc_node *n = resolve_expr(sc, e);
    if (n && n->mask != mask)
        return fail(
            sc, e->at,
            mgc_format("expected a %s, found a %s", mask ? "condition" : "value", n->mask ? "condition" : "value"));
    return n;
}

static bool resolve_rules(mgc_world *w, mgc_op *op) {
    const scope sc = {.w = w, .op = op, .in_rule = true};
    for (int i = 0; i < op->s->n_in; i++) {
        const mgc_input *in = &op->s->in[i];
        mgc_rule *rule = &op->rule[i];
        rule->kind = in->rule;
        if (mgc_is_written(op->s->kind)) rule->kind = op->s->backward ? MGC_RULE_FUNCTION : MGC_RULE_NONE;
        if (in->condition || (op->bool_out && rule->kind == MGC_RULE_UNSET)) rule->kind = MGC_RULE_NONE;
        if (rule->kind == MGC_RULE_FUNCTION && op->s->kind == MGC_MAP)
            return mgc_error(&w->diag, op->s->at, "'%s' is a map: its derivative must be an expression or none",
                             op->name);
        if (rule->kind == MGC_RULE_EXPR && op->s->kind != MGC_MAP)
            return mgc_error(&w->diag, op->s->at, "'%s' is no map: its derivative must be a function or none",
                             op->name);
        if (rule->kind == MGC_RULE_EXPR && !(rule->expr = resolve_root(&sc, in->rule_expr, false))) return false;
    }
    return true;
}

static bool resolve_map(mgc_world *w, mgc_op *op) {
    const mgc_stanza *s = op->s;
    scope sc = {.w = w, .op = op};
    for (int i = 0; i < s->n_lets; i++)
        if (!(op->lets[i] = resolve_expr(&sc, s->lets[i]))) return false;
    for (int j = 0; j < s->n_out; j++)
        if (!(op->value[j] = resolve_root(&sc, s->value[j], op->bool_out))) return false;
    sc.in_eval = true;
    for (int j = 0; j < s->n_out; j++) {
        op->eval[j] = op->value[j];
        if (s->n_eval && !(op->eval[j] = resolve_root(&sc, s->eval[j], op->bool_out))) return false;
    }
    if (s->int_row && !(op->int_row = resolve_root(&sc, s->int_row, op->bool_out))) return false;
    sc.bool_row = true;
    return !s->bool_row || (op->bool_row = resolve_root(&sc, s->bool_row, true));
}

static bool resolve_reduce(mgc_world *w, mgc_op *op) {
    mgc_op *step = mgc_find(w, op->s->step);
    if (!step || step->s->kind != MGC_MAP || step->s->n_in != 2 || step->s->n_out != 1 || step->s->n_params != 0 ||
        step->bool_out)
        return mgc_error(&w->diag, op->s->step_at, "expected a binary map op with a value as result, found '%s'",
                         op->s->step);
    if (op->rows & ~step->rows)
        return mgc_error(&w->diag, op->s->step_at, "'%s' has no kernels for some of the types of '%s'", step->name,
                         op->name);
    op->step = step;
    step->reduce_rows |= op->rows;
    return true;
}

bool mgc_resolve(mgc_world *w) {
    for (int i = 0; i < w->n_ops; i++) {
        mgc_op *op = w->ops[i];
        if (op->s->kind == MGC_MAP && !resolve_map(w, op)) return false;
        if (op->s->kind == MGC_REDUCE && !resolve_reduce(w, op)) return false;
        if (!resolve_rules(w, op)) return false;
    }
    return true;
}
