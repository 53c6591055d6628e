/* SPDX-License-Identifier: MIT
 * Expressions by recursive descent. Operators become calls of the ops they stand for. */
#include "parser.h"

#include <math.h>
#include <string.h>

static mgc_expr *make(mgc_expr_kind kind, mgc_place at) {
    mgc_expr *e = mgc_alloc(sizeof *e);
    e->kind = kind;
    e->at = at;
    return e;
}

static mgc_expr *make_number(double x, mgc_place at) {
    mgc_expr *e = make(MGC_E_NUMBER, at);
    e->number = x;
    return e;
}

static mgc_expr *make_call(const char *name, mgc_place at, int n, mgc_expr *a, mgc_expr *b, mgc_expr *c) {
    mgc_expr *e = make(MGC_E_CALL, at);
    e->name = name;
    e->n_args = n;
    e->args[0] = a;
    e->args[1] = b;
    e->args[2] = c;
    return e;
}

static mgc_expr *parse_call(mgc_parser *p, const char *name, mgc_place at) {
    mgc_expr *e = make(MGC_E_CALL, at);
    e->name = name;
    if (mgc_take_punct(p, ")")) return e;
    do {
        if (e->n_args == MGC_MAX_ARGS) {
            mgc_error(p->d, p->t->at, "expected at most %d arguments", MGC_MAX_ARGS);
            return NULL;
        }
        if (!(e->args[e->n_args++] = mgc_parse_expr(p))) return NULL;
    } while (mgc_take_punct(p, ","));
    return mgc_need_punct(p, ")") ? e : NULL;
}

static mgc_expr *parse_primary(mgc_parser *p) {
    const mgc_token *t = p->t;
    if (t->kind == MGC_T_NUMBER) {
        p->t++;
        return make_number(t->number, t->at);
    }
    if (mgc_take_punct(p, "(")) {
        mgc_expr *e = mgc_parse_expr(p);
        return e && mgc_need_punct(p, ")") ? e : NULL;
    }
    if (t->kind != MGC_T_NAME) {
        mgc_fail_expected(p, "an expression");
        return NULL;
    }
    p->t++;
    if (mgc_take_punct(p, "(")) return parse_call(p, t->text, t->at);
    if (strcmp(t->text, "inf") == 0) return make_number((double)INFINITY, t->at);
    if (strcmp(t->text, "nan") == 0) return make_number((double)NAN, t->at);
    if (strcmp(t->text, "pi") == 0) return make_number(3.14159265358979323846, t->at);
    mgc_expr *e = make(MGC_E_NAME, t->at);
    e->name = t->text;
    return e;
}

static mgc_expr *parse_unary(mgc_parser *p) {
    const mgc_place at = p->t->at;
    if (mgc_take_punct(p, "-")) {
        mgc_expr *e = parse_unary(p);
        if (!e) return NULL;
        return e->kind == MGC_E_NUMBER ? make_number(-e->number, at) : make_call("negative", at, 1, e, NULL, NULL);
    }
    if (mgc_take_punct(p, "!")) {
        mgc_expr *e = parse_unary(p);
        return e ? make_call("logical_not", at, 1, e, NULL, NULL) : NULL;
    }
    return parse_primary(p);
}

/* Binary operators from loose to tight; comparisons do not chain. */
static const struct {
    const char *sign, *op;
    int level;
} operators[] = {{"|", "logical_or", 0}, {"&", "logical_and", 1},    {"<", "less", 2},     {"<=", "less_equal", 2},
                 {">", "greater", 2},    {">=", "greater_equal", 2}, {"==", "equal", 2},   {"!=", "not_equal", 2},
                 {"+", "add", 3},        {"-", "subtract", 3},       {"*", "multiply", 4}, {"/", "divide", 4}};

static mgc_expr *parse_binary(mgc_parser *p, int level) {
    mgc_expr *left = level > 4 ? parse_unary(p) : parse_binary(p, level + 1);
    if (level > 4) return left;
    for (bool again = left != NULL; again;) {
        again = false;
        for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
            const mgc_place at = p->t->at;
            if (operators[i].level != level || !mgc_take_punct(p, operators[i].sign)) continue;
            mgc_expr *right = parse_binary(p, level + 1);
            if (!right) return NULL;
            left = make_call(operators[i].op, at, 2, left, right, NULL);
            again = level != 2;
            break;
        }
    }
    return left;
}

mgc_expr *mgc_parse_expr(mgc_parser *p) {
    mgc_expr *c = parse_binary(p, 0);
    const mgc_place at = p->t->at;
    if (!c || !mgc_take_punct(p, "?")) return c;
    mgc_expr *a = mgc_parse_expr(p);
    if (!a || !mgc_need_punct(p, ":")) return NULL;
    mgc_expr *b = mgc_parse_expr(p);
    return b ? make_call("where", at, 3, c, a, b) : NULL;
}
