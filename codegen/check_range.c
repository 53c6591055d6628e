/* SPDX-License-Identifier: MIT
 * Derivatives that mgc derived, tried out over the whole range of f32 and f64: the chain rule is right on paper, but
 * its formula may overflow or vanish on the way to a number. Evaluated as a row would, rounding after each operation,
 * and again in long double, which has room. A point where the value is defined and the first says nan, inf or 0 for an
 * ordinary number is an error in the library's own files, a warning in a user's; a d/dx given by hand is not looked at.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "op_model.h"

typedef long double number;
typedef enum row { WIDE, F32, F64 } row;

typedef struct leaves {
    number in[MGC_MAX_IN], out[MGC_MAX_OUT];
} leaves;

/* ---- evaluation -------------------------------------------------------------------------------------------------- */

static number larger(number a, number b) { return isnan(a) || isnan(b) ? (number)NAN : a > b ? a : b; }

bool mgc_primitive(const char *op, const number x[], number *r) {
    typedef number function(number);
    static const struct {
        const char *op;
        function *f;
    } functions[] = {
        {"absolute", fabsl}, {"sqrt", sqrtl},     {"cbrt", cbrtl},   {"exp", expl},     {"exp2", exp2l},
        {"expm1", expm1l},   {"log", logl},       {"log2", log2l},   {"log10", log10l}, {"log1p", log1pl},
        {"sin", sinl},       {"cos", cosl},       {"tan", tanl},     {"arcsin", asinl}, {"arccos", acosl},
        {"arctan", atanl},   {"sinh", sinhl},     {"cosh", coshl},   {"tanh", tanhl},   {"arcsinh", asinhl},
        {"arccosh", acoshl}, {"arctanh", atanhl}, {"erf", erfl},     {"erfc", erfcl},   {"rint", nearbyintl},
        {"floor", floorl},   {"ceil", ceill},     {"trunc", truncl},
    };
    const number a = x[0], b = x[1];
    const struct {
        const char *op;
        number value;
    } others[] = {
        {"add", a + b},
        {"subtract", a - b},
        {"multiply", a * b},
        {"divide", a / b},
        {"negative", -a},
        {"where", a != 0 ? b : x[2]},
        {"less", a < b},
        {"less_equal", a <= b},
        {"greater", a > b},
        {"greater_equal", a >= b},
        {"equal", a == b},
        {"not_equal", a != b},
        {"logical_not", a == 0},
        {"logical_and", a != 0 && b != 0},
        {"logical_or", a != 0 || b != 0},
        {"maximum", larger(a, b)},
        {"minimum", -larger(-a, -b)},
        {"signbit", !isnan(a) && signbit(a)},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].op, op) == 0) return *r = others[i].value, true;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].op, op) == 0) return *r = functions[i].f(a), true;
    if (strcmp(op, "power") == 0) return *r = powl(a, b), true;
    if (strcmp(op, "arctan2") == 0) return *r = atan2l(a, b), true;
    return false;
}

static number rounded(row to, number x) { return to == F32 ? (number)(float)x : to == F64 ? (number)(double)x : x; }

static bool calls_itself(const mgc_node *e, const mgc_op *op) {
    if (e->kind == MGC_OP && e->op == op) return true;
    for (int i = 0; i < e->n_args; i++)
        if (calls_itself(e->arg[i], op)) return true;
    return false;
}

/* The op whose value is not known; NULL: *r is the value. Parameters are 1/2. */
static const mgc_op *evaluate(const mgc_node *e, const leaves *l, row as, number *r);

/* By its formula: step by step, or, where it says by itself how it is computed, as exactly as we can. */
static const mgc_op *call(const mgc_op *op, const number x[], row as, number *r) {
    if (mgc_primitive(op->name, x, r)) return NULL;
    if (calls_itself(op->value[0], op)) return op;
    leaves inner = {{0}, {0}};
    for (int i = 0; i < op->s->n_in; i++) inner.in[i] = x[i];
    return evaluate(op->value[0], &inner, op->s->n_eval ? WIDE : as, r);
}

static const mgc_op *evaluate(const mgc_node *e, const leaves *l, row as, number *r) {
    number x[MGC_MAX_ARGS] = {0};
    switch (e->kind) {
    case MGC_NUM:
        *r = rounded(as, e->num);
        return NULL;
    case MGC_IN:
        *r = l->in[e->which];
        return NULL;
    case MGC_OUT:
        *r = l->out[e->which];
        return NULL;
    case MGC_GRAD:
        *r = 1;
        return NULL;
    case MGC_PARAM:
        *r = 0.5L;
        return NULL;
    default:
        break;
    }
    for (int i = 0; i < e->n_args; i++) {
        const mgc_op *unknown = evaluate(e->arg[i], l, as, &x[i]);
        if (unknown) return unknown;
    }
    const mgc_op *unknown = call(e->op, x, as, r);
    if (!unknown) *r = rounded(as, *r);
    return unknown;
}

/* ---- points ------------------------------------------------------------------------------------------------------ */

/* What is tried: point k of an input, from 1 outwards, both signs; 0 first. `step` exponents apart. */
typedef struct range {
    row as;
    const char *name;
    int lowest, highest; /* exponents of normal numbers */
    number least, most;
} range;

static const range ranges[] = {{F32, "float32", FLT_MIN_EXP, FLT_MAX_EXP - 1, FLT_MIN, FLT_MAX},
                               {F64, "float64", DBL_MIN_EXP, DBL_MAX_EXP - 1, DBL_MIN, DBL_MAX}};

static int count_points(const range *r, int step) { return 1 + 2 * ((r->highest - r->lowest) / step + 1); }

static number point(const range *r, int step, int k) {
    if (k == 0) return 0;
    const int j = (k - 1) / 2, up = r->highest / step, e = j <= up ? j * step : -(j - up) * step;
    const number x = ldexpl(1, e < r->lowest ? r->lowest : e);
    return k % 2 ? x : -x;
}

static bool ordinary(const range *r, number x) { return fabsl(x) >= 4 * r->least && fabsl(x) <= r->most / 4; }

typedef struct trial {
    mgc_world *w;
    const mgc_op *op;
    int input;
    const range *r;
    const mgc_op *unknown;
    number is, right; /* what the rule has and what it should have */
    leaves at;
} trial;

/* Is there nothing to say of the rule at this point? */
static bool passes(trial *t) {
    leaves narrow = t->at, wide = t->at;
    const mgc_node *rule = t->op->rule[t->input].expr;
    const row own = t->op->s->n_eval ? WIDE : t->r->as;
    bool vanished = false;
    for (int j = 0; j < t->op->s->n_out; j++) {
        number value;
        if ((t->unknown = evaluate(t->op->value[j], &narrow, own, &value))) return false;
        if ((t->unknown = evaluate(t->op->value[j], &wide, WIDE, &wide.out[j]))) return false;
        narrow.out[j] = rounded(t->r->as, value);
        if (isnan(narrow.out[j])) return true;
        vanished |= isinf(narrow.out[j]) || (narrow.out[j] == 0 && wide.out[j] != 0);
    }
    if ((t->unknown = evaluate(rule, &narrow, t->r->as, &t->is))) return false;
    if ((t->unknown = evaluate(rule, &wide, WIDE, &t->right))) return false;
    if (isnan(t->is)) return false;
    return vanished || !ordinary(t->r, t->right) || (t->is != 0 && !isinf(t->is));
}

static const char *text_of(number x) { return isnan(x) ? "nan" : mgc_format("%Lg", x); }

static bool report(const trial *t, bool users) {
    const mgc_stanza *s = t->op->s;
    mgc_text where = {0};
    for (int i = 0; i < s->n_in; i++) mgc_put(&where, "%s%s = %Lg", i ? ", " : "", s->in[i].name, t->at.in[i]);
    const char *right = isnan(t->right) ? "" : mgc_format(" where %Lg is right", t->right);
    const char *what = t->unknown ? mgc_format("cannot be shown safe, for '%s' has no formula", t->unknown->name)
                                  : mgc_format("is %s%s in %s at %s", text_of(t->is), right, t->r->name, where.s);
    const char *text = mgc_format("d/d%s of '%s', which was derived, %s: give a d/d%s", s->in[t->input].name, s->name,
                                  what, s->in[t->input].name);
    if (!users) return mgc_error(&t->w->diag, s->in[t->input].at, "%s", text);
    mgc_warning(&t->w->diag, s->in[t->input].at, "%s", text);
    return true;
}

/* All points of the inputs from `first` on; false at one that does not pass. */
static bool walk(trial *t, int first, int step) {
    if (first == t->op->s->n_in) return passes(t);
    const bool mask = mgc_input_is_mask(t->op, first);
    const int n = mask ? 2 : count_points(t->r, step);
    for (int k = 0; k < n; k++) {
        t->at.in[first] = mask ? k : point(t->r, step, k);
        if (!walk(t, first + 1, step)) return false;
    }
    return true;
}

static bool check_rule(mgc_world *w, const mgc_op *op, int input) {
    static const int steps[MGC_MAX_IN][2] = {{1, 1}, {8, 64}, {24, 192}, {60, 480}}; /* some ten thousand points */
    int size = op->rule[input].expr->size;
    for (int j = 0; j < op->s->n_out; j++) size += op->value[j]->size;
    for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
        if (ranges[k].as == F64 && LDBL_MAX_EXP == DBL_MAX_EXP) continue; /* there is no wider type to know better */
        trial t = {.w = w, .op = op, .input = input, .r = &ranges[k]};
        if (walk(&t, 0, steps[op->s->n_in - 1][k] * (1 + size / 200))) continue;
        return report(&t, w->files[op->file].users);
    }
    return true;
}

bool mgc_check_range(mgc_world *w) {
    bool ok = true;
    for (int k = 0; k < w->n_ops; k++) {
        const mgc_op *op = w->ops[k];
        const bool floats = op->rows & MGC_ROWS_FLOAT;
        for (int i = 0; i < op->s->n_in && !op->parent && floats; i++)
            if (op->rule[i].derived && op->rule[i].kind == MGC_RULE_EXPR && !check_rule(w, op, i)) ok = false;
    }
    return ok;
}
