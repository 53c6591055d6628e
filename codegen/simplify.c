/* SPDX-License-Identifier: MIT
 * Exact identities only (rules C2): sharing, -(-x), signs moved through * and /, times 1 or -1, division by a power of
 * two, conditions with equal branches. Never x+0, 0*x, x-x or another order of summation. */
#include "simplify.h"

#include <math.h>
#include <string.h>

#include "op_model.h"

static bool is(const mgc_op *op, const char *name) { return strcmp(op->name, name) == 0; }

static bool is_call(const mgc_node *e, const char *name) { return e->kind == MGC_OP && is(e->op, name); }

static bool is_num(const mgc_node *e, double x) { return e->kind == MGC_NUM && e->num == x; }

/* Operations on two constants are done once, in double; the result is rounded to the row dtype where it is used. */
static const mgc_node *fold(mgc_dag *g, const mgc_op *op, int n, const mgc_node *const arg[]) {
    if (arg[0]->kind != MGC_NUM || n > 2 || (n == 2 && arg[1]->kind != MGC_NUM)) return NULL;
    const double a = arg[0]->num;
    if (n == 1) return is(op, "negative") ? mgc_num(g, -a) : NULL;
    const double b = arg[1]->num;
    if (is(op, "add")) return mgc_num(g, a + b);
    if (is(op, "subtract")) return mgc_num(g, a - b);
    if (is(op, "multiply")) return mgc_num(g, a * b);
    if (is(op, "divide")) return mgc_num(g, a / b);
    return NULL;
}

static const mgc_node *negate(mgc_dag *g, const mgc_op *negative, const mgc_node *x) {
    return mgc_apply(g, negative, 1, &x);
}

/* 1/x is exact in f32 (and so in f64 and the 16-bit types' f32 arithmetic): x is a power of two of moderate size. */
static bool exact_inverse(double x) {
    int e;
    return fabs(frexp(x, &e)) == 0.5 && e > -14 && e < 15;
}

static const mgc_node *simplify_multiply(mgc_dag *g, const mgc_op *op, const mgc_node *a, const mgc_node *b) {
    if (is_num(a, 1)) return b;
    if (is_num(b, 1)) return a;
    const bool na = is_call(a, "negative"), nb = is_call(b, "negative");
    if (na && nb) return mgc_apply(g, op, 2, (const mgc_node *[]){a->arg[0], b->arg[0]});
    if (na) return negate(g, a->op, mgc_apply(g, op, 2, (const mgc_node *[]){a->arg[0], b}));
    if (nb) return negate(g, b->op, mgc_apply(g, op, 2, (const mgc_node *[]){a, b->arg[0]}));
    return NULL;
}

static const mgc_node *simplify_divide(mgc_dag *g, const mgc_op *op, const mgc_node *a, const mgc_node *b) {
    if (is_num(b, 1)) return a;
    const bool na = is_call(a, "negative"), nb = is_call(b, "negative");
    if (na && nb) return mgc_apply(g, op, 2, (const mgc_node *[]){a->arg[0], b->arg[0]});
    if (na) return negate(g, a->op, mgc_apply(g, op, 2, (const mgc_node *[]){a->arg[0], b}));
    if (nb) return negate(g, b->op, mgc_apply(g, op, 2, (const mgc_node *[]){a, b->arg[0]}));
    return NULL;
}

/* x / 2^k = x * 2^-k, both rounded once from the same real number. Needs `multiply` to be registered. */
static const mgc_node *divide_by_power(mgc_dag *g, const mgc_node *a, const mgc_node *b) {
    if (b->kind != MGC_NUM || !exact_inverse(b->num) || !g->multiply) return NULL;
    return mgc_apply(g, g->multiply, 2, (const mgc_node *[]){a, mgc_num(g, 1 / b->num)});
}

static const mgc_node *simplify_where(mgc_dag *g, const mgc_op *op, const mgc_node *const arg[]) {
    if (arg[1] == arg[2]) return arg[1];
    if (is_call(arg[0], "logical_not"))
        return mgc_apply(g, op, 3, (const mgc_node *[]){arg[0]->arg[0], arg[2], arg[1]});
    return NULL;
}

const mgc_node *mgc_apply(mgc_dag *g, const mgc_op *op, int n, const mgc_node *const arg[]) {
    const mgc_node *e = fold(g, op, n, arg);
    if (e) return e;
    if ((is(op, "negative") || is(op, "logical_not")) && arg[0]->kind == MGC_OP && arg[0]->op == op)
        return arg[0]->arg[0];
    if (is(op, "multiply")) e = simplify_multiply(g, op, arg[0], arg[1]);
    if (is(op, "divide")) {
        e = simplify_divide(g, op, arg[0], arg[1]);
        if (!e) e = divide_by_power(g, arg[0], arg[1]);
    }
    if (is(op, "where")) e = simplify_where(g, op, arg);
    return e ? e : mgc_op_node(g, op, n, arg);
}
