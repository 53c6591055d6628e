/* SPDX-License-Identifier: MIT
 * The static error bound. Each node carries its error in units in the last place (ULP) of the exact value v, and
 * relative to |v| in units of eps = 2^(1 - digits). As |v| eps / 2 < ulp(v) <= |v| eps, so rel <= ulp <= 2 rel. Every
 * sum and product here is rounded up, second-order terms are kept. Where a bound would need to know more about the
 * operands (differences, conditions on rounded values, functions of them), there is none. */
#include "bound.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "functions.h"

enum { NEGATIVE = 1, POSITIVE = 2, ANY_SIGN = 3 };

typedef enum kind { ADD, SUB, MUL, DIV, NEG, ABS, MAX, MIN, SQRT, FMA, FNMA, COPYSIGN, SELECT, VM, OTHER } kind;

/* The op's name is what parts made of parameters and constants alone are still called. */
static const struct {
    const char *fn, *op;
    kind kind;
} kinds[] = {{"mgv_add", "add", ADD},        {"mgv_sub", "subtract", SUB}, {"mgv_mul", "multiply", MUL},
             {"mgv_div", "divide", DIV},     {"mgv_neg", "negative", NEG}, {"mgv_abs", "abs", ABS},
             {"mgv_max", "maximum", MAX},    {"mgv_min", "minimum", MIN},  {"mgv_sqrt", "sqrt", SQRT},
             {"mgv_fma", "", FMA},           {"mgv_fnma", "", FNMA},       {"mgv_copysign", "", COPYSIGN},
             {"mgv_select", "where", SELECT}};

static const mgc_function *function_of(const mgc_node *e) {
    char args[MGC_MAX_ARGS + 1] = {0};
    for (int i = 0; i < e->n_args; i++) args[i] = e->arg[i]->mask ? 'm' : 'v';
    return mgc_find_function(e->fn, args);
}

static kind kind_of(const mgc_node *e) {
    const bool fn = e->kind == MGC_FN;
    const char *name = fn ? e->fn : e->op->name;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(name, fn ? kinds[i].fn : kinds[i].op) == 0) return kinds[i].kind;
    return fn && function_of(e)->roundings > 1 ? VM : OTHER;
}

/* a + b and a * b, never below the exact result; a, b >= 0. */
static double add_up(double a, double b) {
    const double big = fmax(a, b), small = fmin(a, b), s = big + small;
    return s - big < small ? nextafter(s, (double)INFINITY) : s;
}
static double mul_up(double a, double b) { return a > 0 && b > 0 ? nextafter(a * b, (double)INFINITY) : 0; }

static const mgc_bound exact = {.sign = ANY_SIGN};

static mgc_bound none(const char *trouble, const mgc_node *in) {
    return (mgc_bound){.ulp = (double)INFINITY, .rel = (double)INFINITY, .trouble = trouble, .in = in};
}

/* One correct rounding of f(computed operands), which is off by `rel`. The exact value v may lie just below a power of
 * two B and that one above it, where rounding costs a whole ulp(v); but with rel <= 1/2 it is less than ulp(v) above
 * B, so that rounding goes back to B and helps. */
static mgc_bound rounded(double rel, double eps) {
    mgc_bound b = {.ulp = 0.5, .rel = 0.5, .sign = ANY_SIGN};
    if (rel == 0) return b;
    b.ulp = add_up(2 * rel, rel <= 0.5 ? 0.5 : 1);
    b.rel = add_up(add_up(rel, 0.5), mul_up(0.5 * rel, eps));
    return b;
}

/* (1 + a)(1 + b) - 1 */
static double product(double a, double b, double eps) { return add_up(add_up(a, b), mul_up(mul_up(a, b), eps)); }

/* 1 / (1 - b) - 1; a correct rounding is off by at most u / (1 + u) (u = eps / 2), so its inverse by u. */
static double inverse(const mgc_bound *b, double eps) {
    if (b->ulp <= 0.5) return b->rel;
    const double left = 1 - mul_up(b->rel, eps);
    return left < 0.5 ? (double)INFINITY : nextafter(b->rel / nextafter(left, 0), (double)INFINITY);
}

/* 1 - sqrt(1 - a) <= a / (1 + sqrt(1 - a)) */
static double root(double a, double eps) {
    const double left = 1 - mul_up(a, eps);
    if (a == 0 || left < 0.5) return a;
    return nextafter(a / (1 + nextafter(sqrt(nextafter(left, 0)), 0)), (double)INFINITY);
}

static bool power_of_two(const mgc_node *e) {
    int k;
    return e->kind == MGC_NUM && fabs(frexp(e->num, &k)) == 0.5;
}

static int opposite(int sign) { return (sign & NEGATIVE ? POSITIVE : 0) | (sign & POSITIVE ? NEGATIVE : 0); }

/* Of the product or quotient of the first two operands. */
static int sign_of_product(const mgc_node *e, const mgc_bound *x) {
    if (e->arg[0] == e->arg[1]) return POSITIVE;
    return (x[0].sign & POSITIVE ? x[1].sign : 0) | (x[0].sign & NEGATIVE ? opposite(x[1].sign) : 0);
}

static int sign_of(const mgc_node *e, kind k, const mgc_bound *x) {
    switch (k) {
    case ADD:
        return x[0].sign | x[1].sign;
    case SUB:
        return x[0].sign | opposite(x[1].sign);
    case MUL:
    case DIV:
        return sign_of_product(e, x);
    case FMA:
        return x[2].sign | sign_of_product(e, x);
    case FNMA:
        return x[2].sign | opposite(sign_of_product(e, x));
    case NEG:
        return opposite(x[0].sign);
    case ABS:
    case SQRT:
        return POSITIVE;
    case MAX:
        return x[0].sign == POSITIVE || x[1].sign == POSITIVE ? POSITIVE : x[0].sign | x[1].sign;
    case MIN:
        return x[0].sign == NEGATIVE || x[1].sign == NEGATIVE ? NEGATIVE : x[0].sign | x[1].sign;
    case SELECT:
        return x[1].sign | x[2].sign;
    case VM:
        return strcmp(e->fn, "vm_exp") == 0 || strcmp(e->fn, "vm_sigmoid") == 0 ? POSITIVE : ANY_SIGN;
    default:
        return ANY_SIGN;
    }
}

/* One of the two, whichever: as the larger error has it. */
static mgc_bound either(const mgc_bound *a, const mgc_bound *b) {
    return (mgc_bound){.ulp = fmax(a->ulp, b->ulp), .rel = fmax(a->rel, b->rel)};
}

/* The larger or the smaller: rounding is monotonic, other errors are in proportion to the value but not to its ulp. */
static mgc_bound larger(const mgc_bound *a, const mgc_bound *b) {
    mgc_bound r = either(a, b);
    if (r.ulp > 0.5) r.ulp = 2 * r.rel;
    return r;
}

static mgc_bound sum(const mgc_node *e, double rel_a, double rel_b, int sign, double eps) {
    if ((rel_a > 0 || rel_b > 0) && sign == ANY_SIGN) return none("terms may cancel in", e);
    return rounded(fmax(rel_a, rel_b), eps);
}

static mgc_bound measured_function(const mgc_accuracies *measured, const mgc_node *e, int row) {
    const mgc_accuracy *a = mgc_find_accuracy(measured, e->fn, row);
    if (!a) return none("not on file is", e);
    const double ulp = fmax(a->ulp, nextafter(0.5, 1)); /* a measurement does not make it correctly rounded */
    return (mgc_bound){.ulp = ulp, .rel = ulp, .how = a->how};
}

/* What the function's rounding, if it has one, makes of exact operands. */
static mgc_bound of_exact(const mgc_node *e, kind k, double eps) {
    if (e->kind == MGC_OP) return k == OTHER ? none("nothing is known of", e) : rounded(0, eps);
    return function_of(e)->roundings ? rounded(0, eps) : exact;
}

/* Sign and evidence are set by the caller. */
static mgc_bound error_of(const mgc_accuracies *measured, const mgc_node *e, kind k, const mgc_bound *x, int row,
                          double eps) {
    bool all_exact = true;
    for (int i = 0; i < e->n_args; i++) {
        if (x[i].trouble) return x[i];
        all_exact = all_exact && x[i].rel == 0;
    }
    const int sign = sign_of(e, k, x);
    if (k == NEG || k == ABS) return x[0];
    if (k == MUL && power_of_two(e->arg[0])) return x[1];
    if ((k == MUL || k == DIV) && power_of_two(e->arg[1])) return x[0];
    if (k == VM && all_exact) return measured_function(measured, e, row);
    if (k == SELECT && x[0].rel == 0) return either(&x[1], &x[2]);
    if (all_exact) return of_exact(e, k, eps);
    switch (k) {
    case COPYSIGN:
        return x[0];
    case MAX:
    case MIN:
        return larger(&x[0], &x[1]);
    case MUL:
        return rounded(product(x[0].rel, x[1].rel, eps), eps);
    case DIV:
        return rounded(product(x[0].rel, inverse(&x[1], eps), eps), eps);
    case SQRT:
        return rounded(root(x[0].rel, eps), eps);
    case ADD:
    case SUB:
        return sum(e, x[0].rel, x[1].rel, sign, eps);
    case FMA:
    case FNMA:
        return sum(e, product(x[0].rel, x[1].rel, eps), x[2].rel, sign, eps);
    default:
        return none(e->mask ? "rounded values decide in" : "rounded values go into", e);
    }
}

static mgc_bound combine(const mgc_accuracies *measured, const mgc_node *e, const mgc_bound *x, int row, double eps) {
    const kind k = kind_of(e);
    mgc_bound b = error_of(measured, e, k, x, row, eps);
    b.sign = sign_of(e, k, x);
    for (int i = 0; i < e->n_args; i++)
        if (x[i].how > b.how) b.how = x[i].how;
    return b;
}

/* Made of numbers and parameters: computed in double, from the parameters as they were given. A number with more bits
 * than a float stands for one that had to be rounded (0.1, pi). */
static mgc_bound in_double(const mgc_accuracies *measured, const mgc_node *e) {
    mgc_bound x[MGC_MAX_ARGS] = {{0}};
    for (int i = 0; i < e->n_args; i++) x[i] = in_double(measured, e->arg[i]);
    if (e->n_args) return combine(measured, e, x, MGC_ROW_F64, DBL_EPSILON);
    if (e->kind != MGC_NUM) return exact;
    const bool is_short = !isfinite(e->num) || (double)(float)e->num == e->num;
    mgc_bound b = is_short ? exact : rounded(0, DBL_EPSILON);
    b.sign = e->num < 0 ? NEGATIVE : POSITIVE;
    return b;
}

/* A number as float: how far it is off is known. It was rounded to double before. */
static mgc_bound number_f32(double x) {
    const double off = fabs((double)(float)x - x), before = 2 * DBL_EPSILON / (double)FLT_EPSILON;
    const double ulp = ldexp(1, ilogb(x) - (FLT_MANT_DIG - 1));
    return (mgc_bound){.ulp = add_up(nextafter(off / ulp, (double)INFINITY), before),
                       .rel = add_up(nextafter(off / fabs(x) / (double)FLT_EPSILON, (double)INFINITY), before)};
}

/* The same, then rounded to the row's dtype. A parameter by itself is a weak scalar, which the row's dtype holds. */
static mgc_bound scalar(const mgc_accuracies *measured, const mgc_node *e, int row) {
    if (e->kind == MGC_PARAM) return exact;
    const mgc_bound wide = in_double(measured, e);
    if (wide.trouble || row == MGC_ROW_F64) return wide;
    if (e->kind == MGC_NUM && wide.rel == 0) return wide;
    mgc_bound b = e->kind == MGC_NUM ? number_f32(e->num)
                                     : rounded(wide.rel * (DBL_EPSILON / (double)FLT_EPSILON), (double)FLT_EPSILON);
    b.sign = wide.sign;
    return b;
}

/* Of a node that comes before place k of the order. */
static mgc_bound bound_at(const mgc_order *order, const mgc_bound *bounds, int k, const mgc_node *e) {
    while (order->list[--k] != e) {
    }
    return bounds[k];
}

mgc_bound mgc_error_bound(const mgc_accuracies *measured, const mgc_node *lowered, int row) {
    const double eps = row == MGC_ROW_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    const mgc_order order = mgc_postorder(&lowered, 1);
    mgc_bound *bounds = mgc_alloc((size_t)order.n * sizeof *bounds);
    for (int k = 0; k < order.n; k++) {
        const mgc_node *e = order.list[k];
        mgc_bound x[MGC_MAX_ARGS] = {{0}};
        for (int i = 0; i < e->n_args; i++) x[i] = bound_at(&order, bounds, k, e->arg[i]);
        bounds[k] = exact;
        if (mgc_is_scalar(e)) {
            bounds[k] = scalar(measured, e, row);
        } else if (e->n_args) {
            bounds[k] = combine(measured, e, x, row, eps);
        }
    }
    return bounds[order.n - 1];
}

double mgc_error_bound_16(double ulp_f32, int digits) {
    return rounded(ldexp(ulp_f32, digits - FLT_MANT_DIG), ldexp(1, 1 - digits)).ulp;
}
