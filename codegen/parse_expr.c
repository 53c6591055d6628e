/* SPDX-License-Identifier: MIT
 * Expressions by recursive descent. Operators become calls of the ops they stand for. */
#include "parser.h"

#include <math.h>
#include <string.h>

#include "operators.h"

/* Limits are checked where a node is made, and where the parser would call itself. */
static mgc_expr *too_deep(mgc_parser *p, mgc_place at) {
    mgc_error(p->d, at, "expected at most %d expressions inside each other; a + b + c counts as (a + b) + c",
              MGC_MAX_DEPTH);
    return NULL;
}

/* NULL with a message: the op has too many. */
static mgc_expr *make(mgc_parser *p, mgc_expr_kind kind, mgc_place at) {
    if (p->nodes == MGC_MAX_NODES) {
        mgc_error(p->d, at, "expected at most %d numbers, names and calls in an op", MGC_MAX_NODES);
        return NULL;
    }
    p->nodes++;
    mgc_expr *e = mgc_alloc(sizeof *e);
    e->kind = kind;
    e->at = at;
    return e;
}

static mgc_expr *make_number(mgc_parser *p, double x, mgc_place at) {
    mgc_expr *e = make(p, MGC_E_NUMBER, at);
    if (e) e->number = x;
    return e;
}

/* One more argument; NULL with a message when that is too deep, or when there is none because of an earlier message. */
static mgc_expr *add_argument(mgc_parser *p, mgc_expr *e, mgc_expr *arg) {
    if (!e || !arg) return NULL;
    if (arg->depth >= e->depth) e->depth = arg->depth + 1;
    if (e->depth >= MGC_MAX_DEPTH) return too_deep(p, e->at);
    e->args[e->n_args++] = arg;
    return e;
}

static mgc_expr *make_call(mgc_parser *p, const char *name, mgc_place at) {
    mgc_expr *e = make(p, MGC_E_CALL, at);
    if (e) e->name = name;
    return e;
}

/* One level further in: `parse` with the nesting counted. */
static mgc_expr *inside(mgc_parser *p, mgc_expr *(*parse)(mgc_parser *)) {
    if (p->depth == MGC_MAX_DEPTH) return too_deep(p, p->t->at);
    p->depth++;
    mgc_expr *e = parse(p);
    p->depth--;
    return e;
}

static mgc_expr *parse_call(mgc_parser *p, const char *name, mgc_place at) {
    mgc_expr *e = make_call(p, name, at);
    if (!e || mgc_take_punct(p, ")")) return e;
    do {
        if (e->n_args == MGC_MAX_ARGS) {
            mgc_error(p->d, p->t->at, "expected at most %d arguments", MGC_MAX_ARGS);
            return NULL;
        }
        if (!add_argument(p, e, mgc_parse_expr(p))) return NULL;
    } while (mgc_take_punct(p, ","));
    return mgc_need_punct(p, ")") ? e : NULL;
}

static mgc_expr *parse_primary(mgc_parser *p) {
    const mgc_token *t = p->t;
    if (t->kind == MGC_T_NUMBER) {
        p->t++;
        return make_number(p, t->number, t->at);
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
    if (strcmp(t->text, "inf") == 0) return make_number(p, (double)INFINITY, t->at);
    if (strcmp(t->text, "nan") == 0) return make_number(p, (double)NAN, t->at);
    if (strcmp(t->text, "pi") == 0) return make_number(p, 3.14159265358979323846, t->at);
    mgc_expr *e = make(p, MGC_E_NAME, t->at);
    if (e) e->name = t->text;
    return e;
}

static mgc_expr *parse_unary(mgc_parser *p) {
    const mgc_place at = p->t->at;
    if (mgc_take_punct(p, "-")) {
        mgc_expr *e = inside(p, parse_unary);
        if (e && e->kind == MGC_E_NUMBER) return make_number(p, -e->number, at);
        return e ? add_argument(p, make_call(p, "negative", at), e) : NULL;
    }
    if (mgc_take_punct(p, "!")) {
        mgc_expr *e = inside(p, parse_unary);
        return e ? add_argument(p, make_call(p, "logical_not", at), e) : NULL;
    }
    return parse_primary(p);
}

static mgc_expr *parse_binary(mgc_parser *p, int level) {
    if (level == MGC_LEVEL_UNARY) return parse_unary(p);
    mgc_expr *left = parse_binary(p, level + 1);
    for (bool again = left != NULL; again;) {
        again = false;
        for (const mgc_operator *o = mgc_operators; o->sign; o++) {
            const mgc_place at = p->t->at;
            if (o->level != level || !mgc_take_punct(p, o->sign)) continue;
            mgc_expr *right = parse_binary(p, level + 1);
            if (!right) return NULL;
            left = add_argument(p, add_argument(p, make_call(p, o->op, at), left), right);
            again = left && level != MGC_LEVEL_COMPARE;
            break;
        }
    }
    return left;
}

static mgc_expr *parse_choice(mgc_parser *p) {
    mgc_expr *c = parse_binary(p, MGC_LEVEL_OR);
    const mgc_place at = p->t->at;
    if (!c || !mgc_take_punct(p, "?")) return c;
    mgc_expr *a = mgc_parse_expr(p);
    if (!a || !mgc_need_punct(p, ":")) return NULL;
    mgc_expr *b = mgc_parse_expr(p);
    return b ? add_argument(p, add_argument(p, add_argument(p, make_call(p, "where", at), c), a), b) : NULL;
}

mgc_expr *mgc_parse_expr(mgc_parser *p) { return inside(p, parse_choice); }
