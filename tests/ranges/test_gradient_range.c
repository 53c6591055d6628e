/* SPDX-License-Identifier: MIT
 * The gradient of every map, in every float dtype, over all of its range: where the value is defined the
 * gradient is not nan, and where it can be held it is right to a stated relative error. What is exempt is in one list,
 * with the reason. Incoming gradients are of the order of 1, where all that can be held must be right, and of every
 * other order, where the derivative itself and its product with g must be normal numbers for that. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "autodiff/handle.h"
#include "autodiff/record.h"
#include "kernels/registry.h"
#include "range_oracle.h"
#include "range_points.h"

#include <mygrad/mygrad.h>

/* ---- what is stated, and what is exempt ---- */

typedef struct place {
    const char *op;
    int input;
    double x, y, value;
    const range_float *f;
    double g;
} place;

static bool at_zero(const place *p) { return p->x == 0; }
static bool both_zero(const place *p) { return p->x == 0 && p->y == 0; }
static bool same_infinity(const place *p) { return isinf(p->x) && p->x == p->y; }
static bool base_below_zero(const place *p) { return p->x < 0; }
static bool pole_of_power(const place *p) { return p->x == 0 && p->y < 0; }
static bool infinite_operand(const place *p) { return (isinf(p->x) || isinf(p->y)) && p->value != 0; }
static bool ratio_subnormal(const place *p) {
    const double least = range_least_normal(p->f), ratio = fabs(p->x) < fabs(p->y) ? p->x / p->y : p->y / p->x;
    return fabs(ratio) < 2 * least || fabs(p->value) < 2 * least || hypot(p->x, p->y) < 2 * least;
}
static bool length_overflows(const place *p) { return hypot(p->x, p->y) > range_largest(p->f); }
static bool power_of_base_overflows(const place *p) { return pow(fabs(p->x), p->y - 1) > range_largest(p->f) / 2; }
static bool one_less_is_the_same(const place *p) { return p->x < 0 && fabs(p->y) > 0.5 / range_eps(p->f); }
static bool power_of_base_subnormal(const place *p) { return pow(fabs(p->x), p->y - 1) < 2 * range_least_normal(p->f); }
static bool outside(const place *p, double part) {
    return !(fabs(part) >= 2 * range_least_normal(p->f) && fabs(part) <= range_largest(p->f) / 2);
}
static bool g_times_value_outside(const place *p) { return outside(p, p->g * p->value); }
static bool g_times_first_outside(const place *p) { return outside(p, p->g * (p->x / hypot(p->x, p->y))); }
static bool g_times_second_outside(const place *p) { return outside(p, p->g * (p->y / hypot(p->x, p->y))); }
static bool g_times_log_outside(const place *p) { return outside(p, p->g * log(p->x)); }
static bool value_subnormal(const place *p) { return fabs(p->value) < range_least_normal(p->f); }
static bool quotient_subnormal(const place *p) { return value_subnormal(p) && fabs(p->x) > 1e-30; }
static bool bell_subnormal(const place *p) { return exp(-p->x * p->x / 2) < 2 * range_least_normal(p->f); }
static bool square_of_sech_subnormal(const place *p) {
    const double v = 0.7978845608028654 * p->x * (1 + 0.044715 * p->x * p->x);
    return 4 * exp(-2 * fabs(v)) < 4 * range_least_normal(p->f);
}

/* Where a gradient may be nan though the value is defined. */
static const struct {
    const char *op;
    int input;
    bool (*where)(const place *p);
    const char *why;
} may_be_nan[] = {
    {"absolute_nan", 0, at_zero, "that is what it is for: MyGrad's nan_to_num=False"},
    {"arctan2", 0, both_zero, "there is none, as in MyGrad"},
    {"arctan2", 1, both_zero, "there is none, as in MyGrad"},
    {"logaddexp", 0, same_infinity, "there is none, as in MyGrad"},
    {"logaddexp", 1, same_infinity, "there is none, as in MyGrad"},
    {"logaddexp2", 0, same_infinity, "there is none, as in MyGrad"},
    {"logaddexp2", 1, same_infinity, "there is none, as in MyGrad"},
    {"power", 1, base_below_zero, "x^y is no number beside a whole y, as in MyGrad"},
    {"power", 1, pole_of_power, "inf * 0, as in MyGrad"},
    {"power", 0, infinite_operand, "inf^inf and 1^inf say nothing of their neighbours"},
    {"power", 1, infinite_operand, "inf^inf and 1^inf say nothing of their neighbours"},
};

/* Where it may be off by more than is stated. */
static const struct {
    const char *op;
    int input;
    bool (*where)(const place *p);
    const char *why;
} may_be_off[] = {
    {"divide", 1, ratio_subnormal, "the quotient, which the rule takes from the value, has few bits"},
    {"hypot", 0, ratio_subnormal, "the quotient, or the length, has few bits"},
    {"hypot", 1, ratio_subnormal, "the quotient, or the length, has few bits"},
    {"arctan2", 0, ratio_subnormal, "the quotient, or the length, has few bits"},
    {"arctan2", 1, ratio_subnormal, "the quotient, or the length, has few bits"},
    {"arctan2", 0, length_overflows, "the length of (x, y) does, and the gradient is below the normal numbers"},
    {"arctan2", 1, length_overflows, "the length of (x, y) does, and the gradient is below the normal numbers"},
    {"power", 0, power_of_base_overflows, "x^(y - 1) overflows beside a small y: bases close to 0, exponents too"},
    {"power", 0, power_of_base_subnormal, "x^(y - 1), which the rule multiplies, has few bits"},
    {"power", 0, one_less_is_the_same, "y - 1 is rounded to an even number as y is, and the sign is that of y"},
    {"power", 1, value_subnormal, "the value, which the rule multiplies, has few bits"},
    {"gauss", 0, value_subnormal, "the value, which the rule multiplies, has few bits"},
    {"sinc_slope", 0, quotient_subnormal, "the value, which the rule divides, has few bits"},
    {"gelu_slope", 0, bell_subnormal, "what the rule multiplies has few bits"},
    {"gelu_tanh_slope", 0, square_of_sech_subnormal, "what the rule multiplies has few bits"},
    {"power", 1, g_times_log_outside, "g is multiplied with the logarithm first"},
    {"divide", 1, g_times_value_outside, "g is multiplied with the quotient first"},
    {"arctan2", 0, g_times_second_outside, "g is multiplied with the cosine first"},
    {"arctan2", 1, g_times_first_outside, "g is multiplied with the sine first"},
};

static bool exempt_from_nan(const place *p) {
    for (size_t i = 0; i < sizeof may_be_nan / sizeof *may_be_nan; i++)
        if (strcmp(may_be_nan[i].op, p->op) == 0 && may_be_nan[i].input == p->input && may_be_nan[i].where(p))
            return true;
    return false;
}
static bool exempt_from_error(const place *p) {
    for (size_t i = 0; i < sizeof may_be_off / sizeof *may_be_off; i++)
        if (strcmp(may_be_off[i].op, p->op) == 0 && may_be_off[i].input == p->input && may_be_off[i].where(p))
            return true;
    return false;
}

/* The relative error that is stated, in eps: rules of up to seven roundings, functions of up to 1 ULP among them, and
 * what the rounding of an argument does to a function. */
static double stated(const place *p) {
    if (strcmp(p->op, "power") == 0 && p->input == 0 && p->y != 1) /* of y - 1 */
        return 6 + fabs((p->y - 1) * log(fabs(p->x)));
    if (strcmp(p->op, "logaddexp") == 0 || strcmp(p->op, "logaddexp2") == 0) /* of x - y */
        return 6 + fabs(p->x - p->y);
    const double x = p->x, square = x * x;
    if (strcmp(p->op, "gelu_slope") == 0) return 8 * (1 + fabs(square / (2 - square))); /* terms that cancel */
    if (strcmp(p->op, "sinc_slope") == 0 && x != 0) {
        const double pi = 3.14159265358979324, a = sin(pi * x) * pi / x, b = 2 * p->value / x;
        return 8 * (1 + (fabs(a) + fabs(b)) / fabs(a + b));
    }
    if (strcmp(p->op, "gelu_tanh_slope") == 0) { /* and what the rounding of v does to sech(v) */
        const double v = 0.7978845608028654 * x * (1 + 0.044715 * square), steep = 0.7978845608028654 + 0.107 * square;
        const double terms = 2 * steep - 0.798, other = x * steep * steep * tanh(v);
        return 8 * (1 + fabs(v) + (terms + fabs(other)) / fabs(terms - other));
    }
    if (strcmp(p->op, "silu") == 0) /* terms of opposite signs beside the zero at -1.278 */
        return 8 * (1 + fabs(1 / (p->x + 1.2784645427610738)));
    return 8;
}

/* ---- gradients ---- */

static double parameter(const char *op, int k) {
    if (strcmp(op, "elu") == 0) return RANGE_ALPHA;
    if (strcmp(op, "leaky_relu") == 0) return RANGE_SLOPE;
    return k == 0 ? RANGE_LOW : RANGE_HIGH;
}

static mg_tensor *tensor_of(const range_float *f, size_t n, const double *values) {
    const int64_t size = (int64_t)n;
    return mg_astype(mg_from_f64(values, mg_shape_of(1, &size)), f->dtype);
}

/* What f(x, ...) has for each point, and its gradients for a g that is the same everywhere. */
typedef struct outcome {
    double *value, *slope[MGK_MAX_IN];
} outcome;

static double *read(mg_tensor *t, size_t n) {
    double *values = malloc((n + 1) * sizeof *values);
    CHECK(t && values && mg_read(t, MG_F64, values) == MG_OK);
    return values;
}

static bool differentiates(const mgk_op_info *op, int input) {
    return op->rules[input].n_steps > 0 || op->rules[input].result != 0xff;
}

/* Internal ones, too: second derivatives are made of them. */
static mg_tensor *called(uint16_t op, mg_tensor *const *in, const double *params) {
    mga_node *nodes[MGK_MAX_IN] = {NULL};
    for (int i = 0; i < mgk_ops[op].n_in; i++) nodes[i] = mga_value("test", in[i]);
    return mga_wrap(mga_record_map(op, nodes, params, MG_DTYPE_NONE, MG_CONSTANT_AUTO));
}

static outcome evaluate(uint16_t op, const range_float *f, size_t n, double *const *operands, double g) {
    const mgk_op_info *info = &mgk_ops[op];
    const int64_t size = (int64_t)n;
    const mg_shape shape = mg_shape_of(1, &size);
    mg_tensor *in[MGK_MAX_IN];
    double params[MGK_MAX_PARAMS];
    outcome result = {0};
    MG_SCOPE;
    for (int i = 0; i < info->n_in; i++) {
        in[i] = mg_keep(tensor_of(f, n, operands[i]));
        if (info->bool_in >> i & 1) in[i] = mg_greater(in[i], mg_scalar(0));
    }
    for (int k = 0; k < info->n_params; k++) params[k] = parameter(info->name, k);
    mg_tensor *y = called(op, in, info->n_params ? params : NULL);
    mg_tensor *seed = mg_full(shape, g, .dtype = f->dtype);
    CHECK_MSG(y && mg_backward(y, .grad = seed) == MG_OK, "%s %s: %s", info->name, f->name, mg_take_error().message);
    result.value = read(y, n);
    for (int i = 0; i < info->n_in; i++)
        if (differentiates(info, i)) result.slope[i] = read(mg_grad(in[i]), n);
    for (int i = 0; i < info->n_in; i++) mg_release(in[i]);
    return result;
}

static void discard(outcome *o) {
    free(o->value);
    for (int i = 0; i < MGK_MAX_IN; i++) free(o->slope[i]);
}

/* ---- the checks ---- */

/* Of the order of 1? */
static bool plain(double g) { return fabs(g) >= 0.5 && fabs(g) <= 2; }

/* 0, or so far from both ends that a factor of 16 keeps it there? */
static bool moderate(const range_float *f, double g) {
    return g == 0 || (fabs(g) >= 4 * range_least_normal(f) && fabs(g) <= range_largest(f) / 16);
}

/* Is a number with this exponent normal, and four from either end? */
static bool normal(const range_float *f, long exponent) {
    return exponent >= f->lowest + 4 && exponent <= f->highest - 4;
}

static bool right(const place *p, double got, char why[160]) {
    const double operands[2] = {p->x, p->y}, eps = range_eps(p->f), least = range_least(p->f);
    const range_answer a = range_compare(p->op, p->input, operands, p->g, got);
    snprintf(why, 160, "exactly %a, off by %.3g eps", a.nearest, a.error / eps);
    if (a.infinite) return true; /* a pole: not nan, which was seen before */
    if (a.zero) return got == 0;
    if (!plain(p->g) && !(normal(p->f, a.slope) && normal(p->f, a.exponent))) return true;
    if (isinf(got) && fabs(a.nearest / p->g) > range_largest(p->f) * (1 - 8 * eps))
        return true; /* the slope is no number */
    const bool beside_the_end = fabs(a.nearest) > range_largest(p->f) * (1 - stated(p) * eps);
    if (isinf(got)) return beside_the_end && (got > 0) == (a.nearest > 0);
    if (a.exponent < p->f->lowest + 4)
        return fabs(got - a.nearest) <= 16 * least + 2 * stated(p) * eps * fabs(a.nearest);
    return fabs(a.error) <= stated(p) * eps;
}

/* What does not hold is said, the first of each op and operand, and counted. */
typedef struct findings {
    int count;
    const char *op;
    int input;
} findings;

static void found(findings *all, const place *p, double got, const char *what) {
    all->count++;
    if (all->op == p->op && all->input == p->input) return;
    all->op = p->op;
    all->input = p->input;
    fprintf(stderr, "%s %s: d/d%d at (%a, %a), where the value is %a, is %a for g = %a: %s\n", p->op, p->f->name,
            p->input, p->x, p->y, p->value, got, p->g, what);
}

/* 0 times a derivative that is no number is nan, as anywhere; that of power may be made of one. */
static bool nothing_times_infinity(const place *p) {
    if (p->g != 0 || !range_has_mpfr()) return p->g == 0;
    const range_answer a = range_compare(p->op, p->input, (const double[]){p->x, p->y}, 1, 1);
    return a.infinite || fabs(a.nearest) > range_largest(p->f) * (1 - 8 * range_eps(p->f)) || exempt_from_error(p);
}

static void check_point(findings *all, const place *p, double got) {
    char why[160];
    const bool defined = !isnan(p->x) && !isnan(p->y) && !isnan(p->value);
    const bool infinite = isinf(p->x) || isinf(p->y) || isinf(p->value);
    if (!defined || (infinite && !plain(p->g))) return;
    if (isnan(got)) {
        if (!exempt_from_nan(p) && !nothing_times_infinity(p)) found(all, p, got, "not exempt");
        return;
    }
    /* What has overflowed, or has infinite operands, is looked at for nan alone. */
    if (infinite || !moderate(p->f, p->g) || !range_has_mpfr() || exempt_from_error(p)) return;
    if (!right(p, got, why)) found(all, p, got, why);
}

/* Incoming gradients: the order of 1, then every other, with both signs. */
enum { PLAIN_SEEDS = 3, OTHER_SEEDS = 9, SEEDS = PLAIN_SEEDS + OTHER_SEEDS };

static double seed(const range_float *f, int k, mg_test_rng *rng) {
    static const double plain[PLAIN_SEEDS] = {1, 2, -0.75};
    if (k < PLAIN_SEEDS) return plain[k];
    const double any = mg_test_uniform(rng, 1, 2);
    const double others[OTHER_SEEDS] = {0,
                                        ldexp(any, (int)mg_test_int(rng, f->lowest + 2, f->highest - 6)),
                                        range_least_normal(f) * 4 * any,
                                        ldexp(any, f->lowest / 2),
                                        ldexp(any, f->highest / 2),
                                        range_largest(f) / 16,
                                        range_least(f), /* from here on: not nan, no more */
                                        range_least_normal(f) / 4 * any,
                                        range_largest(f) / 2};
    const double g = others[k - PLAIN_SEEDS];
    return range_rounded(f, mg_test_int(rng, 0, 1) ? g : -g);
}

static void check_unary(findings *all, uint16_t op, const range_float *f, mg_test_rng *rng) {
    size_t n;
    double *x = range_points(f, rng, true, &n);
    for (int s = 0; s < SEEDS; s++) {
        const double g = seed(f, s, rng);
        const size_t first = s > 0 ? mg_test_u64(rng) % 8 : 0;
        outcome o = evaluate(op, f, n, &x, g);
        for (size_t k = first; k<n; k += s> 0 ? 8 : 1) { /* of all but the first a part will do */
            const place p = {mgk_ops[op].name, 0, x[k], 0, o.value[k], f, g};
            check_point(all, &p, o.slope[0][k]);
        }
        discard(&o);
    }
    free(x);
}

/* All pairs. */
static void check_binary(findings *all, uint16_t op, const range_float *f, mg_test_rng *rng) {
    size_t n;
    double *points = range_points(f, rng, false, &n), *in[2];
    for (int i = 0; i < 2; i++) {
        in[i] = malloc(n * n * sizeof **in);
        CHECK(in[i] != NULL);
    }
    for (size_t k = 0; k < n * n; k++) in[0][k] = points[k / n], in[1][k] = points[k % n];
    for (int s = 0; s < SEEDS; s += s == 0 ? PLAIN_SEEDS : 1) {
        const double g = seed(f, s == 0 ? (int)mg_test_int(rng, 0, PLAIN_SEEDS - 1) : s, rng);
        const size_t step = s == 0 ? 1 : 31, first = mg_test_u64(rng) % step;
        outcome o = evaluate(op, f, n * n, in, g);
        for (size_t k = first; k < n * n; k += step) {
            for (int i = 0; i < 2; i++) {
                if (!o.slope[i]) continue;
                const place p = {mgk_ops[op].name, i, in[0][k], in[1][k], o.value[k], f, g};
                check_point(all, &p, o.slope[i][k]);
            }
        }
        discard(&o);
    }
    free(points);
    free(in[0]);
    free(in[1]);
}

/* Ops that choose: a gradient is g or 0, wherever. */
static void check_choosing(uint16_t op, const range_float *f, mg_test_rng *rng) {
    size_t n;
    double *points = range_points(f, rng, true, &n), *in[3];
    for (int i = 0; i < 3; i++) {
        in[i] = malloc(n * sizeof **in);
        CHECK(in[i] != NULL);
        for (size_t k = 0; k < n; k++) in[i][k] = points[mg_test_u64(rng) % n];
    }
    outcome o = evaluate(op, f, n, in, 2);
    for (size_t k = 0; k < n; k++)
        for (int i = 0; i < 3; i++)
            if (o.slope[i])
                CHECK_MSG(o.slope[i][k] == 0 || o.slope[i][k] == 2, "%s: %a", mgk_ops[op].name, o.slope[i][k]);
    discard(&o);
    free(points);
    for (int i = 0; i < 3; i++) free(in[i]);
}

static bool has_gradient(const mgk_op_info *op) {
    if (op->kind != MGK_KIND_MAP || op->n_out != 1 || !op->rules) return false;
    for (int i = 0; i < op->n_in; i++)
        if (differentiates(op, i)) return true;
    return false;
}

static void check_dtype(const range_float *f) {
    mg_test_rng rng = mg_test_rng_new();
    findings all = {0};
    int count = 0;
    for (uint16_t op = 1; op < MGK_OP_COUNT; op++) {
        const mgk_op_info *info = &mgk_ops[op];
        if (!has_gradient(info)) continue;
        count++;
        if (info->n_in == 3 || info->bool_in) {
            check_choosing(op, f, &rng);
            continue;
        }
        for (int i = 0; i < info->n_in; i++)
            if (differentiates(info, i))
                CHECK_MSG(range_knows(info->name, i), "%s has no oracle: add one to tests/ranges/range_oracle.c",
                          info->name);
        if (info->n_in == 1) check_unary(&all, op, f, &rng);
        if (info->n_in == 2) check_binary(&all, op, f, &rng);
    }
    range_release();
    CHECK_MSG(all.count == 0 && count > 50, "%d places of %d ops", all.count, count);
}

MG_TEST(gradient_range, float16) { check_dtype(&range_floats[0]); }
MG_TEST(gradient_range, bfloat16) { check_dtype(&range_floats[1]); }
MG_TEST(gradient_range, float32) { check_dtype(&range_floats[2]); }
MG_TEST(gradient_range, float64) { check_dtype(&range_floats[3]); }

/* The largest power of 5/4: twice it is no number, but twice it times log(5/4) is. Points of pairs do not come by. */
MG_TEST(gradient_range, of_power_beside_the_end) {
    findings all = {0};
    for (int k = 0; k < RANGE_FLOATS; k++) {
        const range_float *f = &range_floats[k];
        double x = 1.25, y = log(range_largest(f)) / log(x), g = 2, *in[2] = {&x, &y};
        const double unit = ldexp(range_eps(f), ilogb(y));
        y = unit * floor(y / unit);
        outcome o = evaluate(MGK_OP_POWER, f, 1, in, g);
        CHECK(o.value[0] > range_largest(f) / 2 && o.value[0] <= range_largest(f));
        for (int i = 0; i < 2; i++) {
            const place p = {"power", i, x, y, o.value[0], f, g};
            check_point(&all, &p, o.slope[i][0]);
        }
        CHECK(!isinf(o.slope[1][0]));
        discard(&o);
    }
    range_release();
    CHECK_EQ_I64(all.count, 0);
}

/* A place that no gradient needs is none: the lists above may not grow old. */
MG_TEST(gradient_range, exemptions_name_ops) {
    for (size_t i = 0; i < sizeof may_be_nan / sizeof *may_be_nan; i++) {
        bool found = false;
        for (uint16_t op = 1; op < MGK_OP_COUNT; op++) found |= strcmp(mgk_ops[op].name, may_be_nan[i].op) == 0;
        CHECK_MSG(found && may_be_nan[i].why[0], "%s is no op", may_be_nan[i].op);
    }
}
