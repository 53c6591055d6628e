/* SPDX-License-Identifier: MIT
 * Expressions as text in the op language, with the names of the stanza: for comments, docs and messages. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op_model.h"
#include "operators.h"

static void put(mgc_text *t, const mgc_op *op, const mgc_node *e, int level);

static void put_number(mgc_text *t, double x) {
    if (isinf(x)) {
        mgc_put(t, "%sinf", x < 0 ? "-" : "");
        return;
    }
    char s[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(s, sizeof s, "%.*g", digits, x);
        if (strtod(s, NULL) == x) break;
    }
    mgc_put(t, "%s", s);
}

static void put_leaf(mgc_text *t, const mgc_op *op, const mgc_node *e) {
    if (e->kind == MGC_IN) mgc_put(t, "%s", op->s->in[e->which].name);
    if (e->kind == MGC_PARAM) mgc_put(t, "%s", op->s->params[e->which]);
    if (e->kind == MGC_OUT) mgc_put(t, "%s", mgc_result_name(op, e->which));
    if (e->kind == MGC_GRAD && op->s->n_out == 1) mgc_put(t, "g");
    if (e->kind == MGC_GRAD && op->s->n_out > 1) mgc_put(t, "g_%s", op->s->results[e->which]);
}

static void put_call(mgc_text *t, const mgc_op *op, const mgc_node *e) {
    mgc_put(t, "%s(", e->kind == MGC_FN ? e->fn : e->op->name);
    for (int i = 0; i < e->n_args; i++) {
        if (i > 0) mgc_put(t, ", ");
        put(t, op, e->arg[i], 0);
    }
    mgc_put(t, ")");
}

static void put_operator(mgc_text *t, const mgc_op *op, const mgc_node *e, int level, const mgc_operator *o) {
    if (o->level < level) mgc_put(t, "(");
    put(t, op, e->arg[0], o->level);
    mgc_put(t, " %s ", o->sign);
    put(t, op, e->arg[1], o->level + 1);
    if (o->level < level) mgc_put(t, ")");
}

static void put(mgc_text *t, const mgc_op *op, const mgc_node *e, int level) {
    if (e->kind == MGC_NUM) {
        put_number(t, e->num);
    } else if (e->n_args == 0) {
        put_leaf(t, op, e);
    } else if (e->kind == MGC_FN) {
        put_call(t, op, e);
    } else if (strcmp(e->op->name, "negative") == 0 || strcmp(e->op->name, "logical_not") == 0) {
        if (level >= MGC_LEVEL_UNARY) mgc_put(t, "(");
        mgc_put(t, strcmp(e->op->name, "negative") == 0 ? "-" : "!");
        put(t, op, e->arg[0], MGC_LEVEL_UNARY);
        if (level >= MGC_LEVEL_UNARY) mgc_put(t, ")");
    } else if (strcmp(e->op->name, "where") == 0) {
        if (level > 0) mgc_put(t, "(");
        put(t, op, e->arg[0], MGC_LEVEL_OR);
        mgc_put(t, " ? ");
        put(t, op, e->arg[1], MGC_LEVEL_OR);
        mgc_put(t, " : ");
        put(t, op, e->arg[2], 0);
        if (level > 0) mgc_put(t, ")");
    } else {
        const mgc_operator *o = mgc_operators;
        while (o->sign && strcmp(o->op, e->op->name) != 0) o++;
        if (o->sign) put_operator(t, op, e, level, o);
        if (!o->sign) put_call(t, op, e);
    }
}

char *mgc_print(const mgc_op *op, const mgc_node *e) {
    mgc_text t = {0};
    put(&t, op, e, 0);
    return t.s;
}
