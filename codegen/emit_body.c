/* SPDX-License-Identifier: MIT
 * The innermost part of a kernel: a function of one vector per operand, one statement per node of the lowered DAG. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"

typedef struct body_writer {
    mgc_world *w;
    const mgc_op *op;
    int row;
    const mgc_node *const *roots;
    mgc_body *body;
    int n_names;
    const mgc_node *nodes[MGC_MAX_STATEMENTS];
    const char *names[MGC_MAX_STATEMENTS];
} body_writer;

bool mgc_row_is_logic(const mgc_op *op, int row) {
    return row == MGC_ROW_BOOL && (op->bool_row || op->s->types == MGC_TYPES_LOGICAL);
}

char *mgc_c_double(double x) {
    if (isnan(x)) return mgc_format("(double)NAN");
    if (isinf(x)) return mgc_format("%s(double)INFINITY", x < 0 ? "-" : "");
    char s[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(s, sizeof s, "%.*g", digits, x);
        if (strtod(s, NULL) == x) break;
    }
    return mgc_format("%s%s", s, strpbrk(s, ".e") ? "" : ".0");
}

char *mgc_c_constant(int row, double x) {
    const char *v = mgc_rows[row].vector;
    if (row == MGC_ROW_F64) return mgc_format("mgv_set1_f64(%s)", mgc_c_double(x));
    if (row == MGC_ROW_F32 && isfinite(x) && (double)(float)x == x)
        return mgc_format("mgv_set1_f32(%sf)", mgc_c_double(x));
    if (row == MGC_ROW_F32) return mgc_format("mgv_set1_f32((float)%s)", mgc_c_double(x));
    const int bits = 8 * mgc_rows[row].size;
    const bool is_signed = v[0] == 'i';
    const double lo = is_signed ? -ldexp(1, bits - 1) : 0, hi = ldexp(1, is_signed ? bits - 1 : bits);
    if (row == MGC_ROW_BOOL ? x != 0 && x != 1 : !(x >= lo && x < hi && fabs(x) < 0x1p31 && x == floor(x))) return NULL;
    return mgc_format("mgv_set1_%s(%.0f)", v, x);
}

static bool name_taken(const body_writer *b, const char *name) {
    const mgc_stanza *s = b->op->s;
    for (int i = 0; i < s->n_in; i++)
        if (strcmp(s->in[i].name, name) == 0) return true;
    for (int i = 0; i < s->n_params; i++)
        if (strcmp(s->params[i], name) == 0) return true;
    for (int j = 0; s->n_out > 1 && j < s->n_out; j++)
        if (strcmp(s->results[j], name) == 0) return true;
    for (int i = 0; i < b->body->n_scalars; i++)
        if (strcmp(b->body->scalar_names[i], name) == 0) return true;
    for (int i = 0; i < b->n_names; i++)
        if (strcmp(b->names[i], name) == 0) return true;
    return false;
}

static const char *fresh(const body_writer *b, const char *wanted, int number) {
    const char *name = wanted ? wanted : mgc_format("t%d", number);
    while (name_taken(b, name)) name = mgc_format("%s_", name);
    return name;
}

/* The name the stanza gives to this node: a let's, or the only result's. */
static const char *given_name(const body_writer *b, const mgc_node *e) {
    const mgc_stanza *s = b->op->s;
    for (int i = 0; i < s->n_lets; i++)
        if (b->op->lowered_lets[i] == e) return s->let_names[i];
    for (int j = 0; j < s->n_out; j++)
        if (b->roots[j] == e) return s->n_out == 1 ? mgc_result_name(b->op, j) : mgc_format("%s_v", s->results[j]);
    return NULL;
}

/* The text of an operand; NULL with a message if the row cannot hold a constant. */
static const char *operand(body_writer *b, const mgc_node *e) {
    if (e->kind == MGC_IN) return b->op->s->in[e->which].name;
    if (e->kind == MGC_NUM) {
        const char *c = mgc_c_constant(b->row, e->num);
        if (!c)
            mgc_error(&b->w->diag, b->op->s->at, "'%s' has a row %s, which cannot hold its constant %s", b->op->name,
                      mgc_rows[b->row].name, mgc_c_double(e->num));
        return c;
    }
    for (int i = 0; i < b->n_names; i++)
        if (b->nodes[i] == e) return b->names[i];
    mgc_body *body = b->body;
    for (int i = 0; i < body->n_scalars; i++)
        if (body->scalars[i] == e) return body->scalar_names[i];
    return "?";
}

/* a becomes an argument if it is made of parameters. */
static bool find_scalar(body_writer *b, const mgc_node *a) {
    mgc_body *body = b->body;
    if (a->kind == MGC_NUM || !mgc_is_scalar(a)) return true;
    int j = 0;
    while (j < body->n_scalars && body->scalars[j] != a) j++;
    if (j < body->n_scalars) return true;
    if (j == MGC_MAX_ARGS)
        return mgc_error(&b->w->diag, b->op->s->at, "'%s' computes more than %d numbers from its parameters",
                         b->op->name, MGC_MAX_ARGS);
    body->scalar_names[j] = a->kind == MGC_PARAM ? b->op->s->params[a->which] : fresh(b, mgc_format("s%d", j + 1), 0);
    body->scalars[j] = a;
    body->n_scalars++;
    return true;
}

/* Each part made of parameters that stands next to a vector or is a result. */
static bool find_scalars(body_writer *b, const mgc_order *order, int n_roots) {
    for (int k = 0; k < order->n; k++) {
        const mgc_node *e = order->list[k];
        for (int i = 0; e->kind == MGC_FN && i < e->n_args; i++)
            if (!find_scalar(b, e->arg[i])) return false;
    }
    for (int j = 0; j < n_roots; j++)
        if (!find_scalar(b, b->roots[j])) return false;
    return true;
}

static const char *type_of(const body_writer *b, bool mask) {
    if (mask) return mgc_format("mgv_b%d", 8 * mgc_rows[b->row].size);
    return mgc_format("mgv_%s", mgc_rows[b->row].vector);
}

/* mgv_and of conditions works on masks; everything else on vectors of the row. */
static const char *suffix_of(const body_writer *b, const mgc_node *e) {
    const bool masks = e->arg[0]->mask && strcmp(e->fn, "mgv_select") != 0;
    return masks ? mgc_format("b%d", 8 * mgc_rows[b->row].size) : mgc_rows[b->row].vector;
}

static bool put_statement(body_writer *b, mgc_text *t, const mgc_node *e, int number) {
    const char *name = fresh(b, given_name(b, e), number);
    mgc_text call = {0};
    mgc_put(&call, "%s_%s(", e->fn, suffix_of(b, e));
    for (int i = 0; i < e->n_args; i++) {
        const char *a = operand(b, e->arg[i]);
        if (!a) return false;
        mgc_put(&call, "%s%s", i ? ", " : "", a);
    }
    mgc_put(t, "    const %s %s = %s);\n", type_of(b, e->mask), name, call.s);
    b->nodes[b->n_names] = e;
    b->names[b->n_names++] = name;
    return true;
}

static void put_head(body_writer *b, mgc_text *t, const char *separator) {
    const mgc_stanza *s = b->op->s;
    const bool logic = mgc_row_is_logic(b->op, b->row);
    const char *sep = "";
    mgc_put(t, "static inline %s vec_%s_%s(", s->n_out == 1 ? type_of(b, b->op->bool_out || logic) : "void",
            b->op->name, mgc_rows[b->row].name);
    for (int i = 0; i < s->n_in; i++, sep = separator)
        mgc_put(t, "%s%s %s", sep, type_of(b, logic || mgc_input_is_mask(b->op, i)), s->in[i].name);
    for (int i = 0; i < b->body->n_scalars; i++, sep = separator)
        mgc_put(t, "%s%s %s", sep, type_of(b, false), b->body->scalar_names[i]);
    if (s->n_out > 1)
        for (int j = 0; j < s->n_out; j++) mgc_put(t, "%s%s *%s", separator, type_of(b, false), s->results[j]);
    mgc_put(t, ") {\n");
}

bool mgc_emit_body(mgc_world *w, const mgc_op *op, int row, mgc_body *body) {
    *body = (mgc_body){0};
    body_writer b = {.w = w, .op = op, .row = row, .body = body};
    b.roots = mgc_roots_of_row(op, row);
    const mgc_order order = mgc_postorder(b.roots, op->s->n_out);
    if (!find_scalars(&b, &order, op->s->n_out)) return false;
    mgc_text t = {0};
    put_head(&b, &t, ", ");
    int number = 1;
    for (int k = 0; k < order.n; k++)
        if (order.list[k]->kind == MGC_FN && !put_statement(&b, &t, order.list[k], number++)) return false;
    for (int i = 0; i < op->s->n_in; i++) {
        bool used = false;
        for (int k = 0; k < order.n; k++) used = used || (order.list[k]->kind == MGC_IN && order.list[k]->which == i);
        if (!used) mgc_put(&t, "    (void)%s;\n", op->s->in[i].name);
    }
    for (int j = 0; j < op->s->n_out; j++) {
        const char *value = operand(&b, b.roots[j]);
        if (!value) return false;
        if (op->s->n_out == 1) mgc_put(&t, "    return %s;\n", value);
        if (op->s->n_out > 1) mgc_put(&t, "    *%s = %s;\n", op->s->results[j], value);
    }
    mgc_put(&t, "}\n");
    body->text = t.s;
    return true;
}
