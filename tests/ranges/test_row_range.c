/* SPDX-License-Identifier: MIT
 * Values and gradients of all that works on rows (reductions, softmax and its kin, scans) at numbers and incoming
 * gradients of any size, against MPFR. The registry says what there is: what is not looked at here is in one list, with
 * the reason. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/registry.h"
#include "range_oracle.h"
#include "range_points.h"
#include "row_oracle.h"

#include <mygrad/mygrad.h>

/* ---- what is stated, and what is exempt ---- */

static const struct {
    const char *op, *why;
} elsewhere[] = {
    {"any", "is a constant"},
    {"all", "is a constant"},
    {"argmax", "is a constant"},
    {"argmin", "is a constant"},
    {"divmod", "is a constant"},
    {"isclose", "is a constant"},
    {"allclose", "is a constant"},
    {"matmul", "sums of a back end: tests/autodiff/test_matmul.c"},
    {"conv_nd", "sums of a back end: tests/autodiff/test_conv_nd.c"},
    {"max_pool", "sums of what is chosen, and not of rows: tests/autodiff/test_max_pool.c"},
};

static bool looked_at_elsewhere(const char *op) {
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (strcmp(elsewhere[i].op, op) == 0) return elsewhere[i].why[0] != 0;
    return false;
}

/* What is known of a row: of its value, the least and the largest number of it. */
typedef struct place {
    const range_float *f;
    bool infinite, nothing; /* is there an infinite operand, or result; is all of g 0? */
    bool masked;            /* are infinite operands -inf, beside others? */
    double value;           /* of what has one result */
} place;

static bool has_infinity(const place *p) { return p->infinite; }
static bool empty_row(const place *p) { return isinf(p->value) && !p->nothing; }
static bool root_of_nothing(const place *p) { return fabs(p->value) < 2 * sqrt(range_least_normal(p->f)); }

/* Where a gradient may be nan though the value is defined. */
static const struct {
    const char *op;
    bool (*where)(const place *p);
    const char *why;
} may_be_nan[] = {
    {"logsumexp", empty_row, "of nothing but -inf, as in MyGrad, if it is asked for"},
    {"std", root_of_nothing, "0/0 where all elements are equal, as in MyGrad, or the variance vanished"},
    {"var", has_infinity, "inf - inf, or 0 * inf"},
    {"std", has_infinity, "inf - inf, or 0 * inf"},
    {"prod", has_infinity, "0 * inf: tests/ranges/test_product_range.c"},
    {"cumprod", has_infinity, "0 * inf: tests/ranges/test_product_range.c"},
};

static bool exempt_from_nan(const char *op, const place *p) {
    for (size_t i = 0; i < sizeof may_be_nan / sizeof *may_be_nan; i++)
        if (strcmp(may_be_nan[i].op, op) == 0 && may_be_nan[i].where(p)) return true;
    return false;
}

enum { LAST = 1 };

static mg_tensor *call(const char *op, mg_tensor *x, mg_tensor *labels) {
    const mg_axes last = MG_AXES(LAST);
    if (strcmp(op, "sum") == 0) return mg_sum(x, .axis = last);
    if (strcmp(op, "mean") == 0) return mg_mean(x, .axis = last);
    if (strcmp(op, "max") == 0) return mg_max(x, .axis = last);
    if (strcmp(op, "min") == 0) return mg_min(x, .axis = last);
    if (strcmp(op, "prod") == 0) return mg_prod(x, .axis = last);
    if (strcmp(op, "var") == 0) return mg_var(x, .axis = last);
    if (strcmp(op, "std") == 0) return mg_std(x, .axis = last);
    if (strcmp(op, "cumsum") == 0) return mg_cumsum(x, .axis = last);
    if (strcmp(op, "cumprod") == 0) return mg_cumprod(x, .axis = last);
    if (strcmp(op, "logsumexp") == 0) return mg_logsumexp(x, .axis = last);
    if (strcmp(op, "softmax") == 0) return mg_softmax(x);
    if (strcmp(op, "logsoftmax") == 0) return mg_logsoftmax(x);
    if (strcmp(op, "softmax_crossentropy") == 0) return mg_softmax_crossentropy(x, labels);
    FAIL("%s is not called: add it to tests/ranges/test_row_range.c", op);
}

/* ---- rows ---- */

enum { ROWS = 64 };

typedef struct batch {
    const char *op;
    const range_float *f;
    int rows, n, labels[ROWS];
    double x[ROWS * ROW_MOST], g[ROWS * ROW_MOST], value[ROWS * ROW_MOST], slope[ROWS * ROW_MOST];
} batch;

/* A number with an exponent from `low` to `high`. */
static double of_exponents(mg_test_rng *rng, int low, int high) {
    const double x = ldexp(mg_test_uniform(rng, 1, 2), (int)mg_test_int(rng, low, high));
    return mg_test_int(rng, 0, 1) ? x : -x;
}

static double element(mg_test_rng *rng, const range_float *f, int kind, double middle) {
    const int least = f->lowest - f->digits + 1;
    switch (kind) {
    case 0:
        return of_exponents(rng, least, f->highest - 2);
    case 1:
        return middle + mg_test_uniform(rng, -1, 1);
    case 2:
        return mg_test_int(rng, 0, 2) ? middle : 0;
    case 3:
        return mg_test_uniform(rng, -800, 800);
    case 4:
        return of_exponents(rng, f->highest - 4, f->highest - 2);
    case 5:
        return of_exponents(rng, least, f->lowest + 2);
    case 6:
        return mg_test_int(rng, 0, 2) ? mg_test_uniform(rng, -20, 20) : (double)-INFINITY;
    case 7:
        return of_exponents(rng, f->lowest / 8, f->highest / 8);
    default:
        return mg_test_normal(rng);
    }
}

static double gradient(mg_test_rng *rng, const range_float *f, int kind) {
    switch (kind) {
    case 0:
        return 0;
    case 1:
        return mg_test_int(rng, 0, 3) ? 0 : 1;
    case 2:
        return of_exponents(rng, f->lowest + 2, f->highest - 6);
    case 3:
        return of_exponents(rng, f->highest - 8, f->highest - 6);
    case 4:
        return of_exponents(rng, f->lowest + 2, f->lowest + 4);
    default:
        return mg_test_normal(rng);
    }
}

static void draw(mg_test_rng *rng, batch *b) {
    b->rows = 1 << mg_test_int(rng, 0, 6);
    b->n = (int)mg_test_int(rng, 1, ROW_MOST);
    for (int r = 0; r < b->rows; r++) {
        const int kind = (int)mg_test_int(rng, 0, 8), of_g = (int)mg_test_int(rng, 0, 6);
        const double middle = of_exponents(rng, -2, mg_test_int(rng, 0, 1) ? 8 : b->f->highest - 3);
        b->labels[r] = (int)mg_test_int(rng, 0, b->n - 1);
        for (int i = 0; i < b->n; i++) {
            b->x[r * b->n + i] = range_rounded(b->f, element(rng, b->f, kind, middle));
            b->g[r * b->n + i] = range_rounded(b->f, gradient(rng, b->f, of_g));
        }
    }
}

static mg_tensor *tensor_of(const range_float *f, int ndim, const int64_t *dims, const double *values) {
    return mg_astype(mg_from_f64(values, mg_shape_of(ndim, dims)), f->dtype);
}

/* One loss for all rows? */
static bool is_loss(const batch *b) { return strcmp(b->op, "softmax_crossentropy") == 0; }

static void run(batch *b) {
    MG_SCOPE;
    const int64_t dims[2] = {b->rows, b->n}, one = b->rows;
    int64_t labels[ROWS];
    double g[ROWS * ROW_MOST];
    for (int r = 0; r < b->rows; r++) labels[r] = b->labels[r];
    const bool by_row = row_makes_one(b->op);
    for (int r = 0; r < b->rows; r++)
        for (int i = 0; i < b->n; i++) g[by_row ? r : r * b->n + i] = b->g[r * b->n + (by_row ? 0 : i)];
    mg_tensor *x = tensor_of(b->f, 2, dims, b->x);
    mg_tensor *y = call(b->op, x, mg_from_i64(labels, mg_shape_of(1, &one)));
    mg_tensor *seed = tensor_of(b->f, is_loss(b) ? 0 : by_row ? 1 : 2, by_row ? &one : dims, g);
    CHECK_MSG(y && mg_backward(y, .grad = seed) == MG_OK, "%s %s: %s", b->op, b->f->name, mg_take_error().message);
    CHECK(mg_read(y, MG_F64, b->value) == MG_OK && mg_read(mg_grad(x), MG_F64, b->slope) == MG_OK);
}

/* ---- the checks ---- */

typedef struct findings {
    int count, looked_at;
    const char *op;
} findings;

static void found(findings *all, const batch *b, int row, int i, double got, const row_answer *a, const char *what) {
    if (all->count++ && all->op == b->op) return;
    all->op = b->op;
    fprintf(stderr, "%s %s: %s %d of %d is %a, exactly %a, off by %.3g eps of 2^%ld; x:", b->op, b->f->name, what, i,
            b->n, got, a->nearest, a->off / range_eps(b->f), a->exponent);
    for (int k = 0; k < b->n; k++) fprintf(stderr, " %a", b->x[row * b->n + k]);
    fprintf(stderr, "; g:");
    for (int k = 0; k < b->n; k++) fprintf(stderr, " %a", b->g[row * b->n + k]);
    fprintf(stderr, "\n");
}

/* In eps of the terms without their signs: of each function's own, and one for each element that is added or
 * multiplied. */
static double stated(const batch *b) { return 8 + 2 * b->n; }

/* Is all that is multiplied on the way a normal number, four from either end, and the sum of the terms? */
static bool in_range(const batch *b, const row_answer *a) {
    return a->exponent <= b->f->highest - 4 && a->most <= b->f->highest - 4 && a->least >= b->f->lowest + 4;
}

static bool right(const batch *b, double got, const row_answer *a) {
    const double eps = range_eps(b->f);
    if (a->zero) return got == 0;
    if (isnan(a->nearest)) return true; /* std's, where all elements are equal: 0/0 */
    if (!in_range(b, a)) return true;
    if (a->exponent < b->f->lowest + 4)
        return fabs(got - a->nearest) <= 16 * range_least(b->f) + 2 * stated(b) * eps * fabs(a->nearest);
    return isfinite(got) && a->off <= stated(b) * eps;
}

/* Is no result of the row nan? */
static bool place_of(const batch *b, int row, place *p) {
    const bool one = row_makes_one(b->op);
    const double *values = &b->value[is_loss(b) ? 0 : one ? row : row * b->n];
    bool finite = false;
    *p = (place){.f = b->f, .nothing = true, .masked = true, .value = values[0]};
    for (int i = 0; i < b->n; i++) {
        const double y = values[one ? 0 : i];
        if (isnan(y)) return false;
        const double x = b->x[row * b->n + i];
        p->infinite |= isinf(x) || isinf(y);
        finite |= isfinite(x);
        p->masked &= x != (double)INFINITY;
        p->nothing &= b->g[is_loss(b) ? 0 : row * b->n + (one ? 0 : i)] == 0;
    }
    p->masked &= finite;
    return true;
}

static void check_value(findings *all, const batch *b, const row_point *p, int row) {
    row_answer answers[ROW_MOST] = {{0}};
    const int results = row_makes_one(b->op) ? 1 : b->n;
    if (is_loss(b) || strcmp(b->op, "var") == 0 || strcmp(b->op, "std") == 0) return; /* not of this row, or cancels */
    row_value(b->op, p, &b->value[row * results], answers);
    for (int i = 0; i < results; i++)
        if (!right(b, b->value[row * results + i], &answers[i]))
            found(all, b, row, i, b->value[row * results + i], &answers[i], "value");
}

static void check_row(findings *all, const batch *b, int row) {
    row_answer answers[ROW_MOST] = {{0}};
    const double share = b->g[0] / b->rows, *slope = &b->slope[row * b->n];
    const row_point p = {b->n, &b->x[row * b->n], is_loss(b) ? &share : &b->g[row * b->n], b->labels[row]};
    place at;
    if (!place_of(b, row, &at)) return;
    const bool has_values = !at.infinite || (at.masked && row_exponentiates(b->op));
    const bool exact = range_has_mpfr() && has_values, exempt = exempt_from_nan(b->op, &at);
    if (exact) row_gradient(b->op, &p, slope, answers);
    for (int i = 0; i < b->n; i++) {
        if (isnan(slope[i]) && (exempt || !in_range(b, &answers[i]))) continue;
        if (isnan(slope[i]) || (exact && !right(b, slope[i], &answers[i])))
            found(all, b, row, i, slope[i], &answers[i], "gradient");
        all->looked_at += exact && in_range(b, &answers[i]);
    }
    if (exact && !at.infinite) check_value(all, b, &p, row);
}

static void check_dtype(const range_float *f) {
    mg_test_rng rng = mg_test_rng_new();
    findings all = {0};
    int count = 0;
    for (uint16_t op = 1; op < MGK_OP_COUNT; op++) {
        const mgk_op_info *info = &mgk_ops[op];
        if (info->internal || info->kind == MGK_KIND_MAP || looked_at_elsewhere(info->name)) continue;
        CHECK_MSG(row_knows(info->name), "%s has no oracle: add one to tests/ranges/row_oracle.c", info->name);
        count++;
        for (int t = 0; t < mg_test_times(60); t++) {
            batch b = {.op = info->name, .f = f};
            draw(&rng, &b);
            run(&b);
            for (int row = 0; row < b.rows; row++) check_row(&all, &b, row);
        }
    }
    range_release();
    CHECK_MSG(all.count == 0 && count >= 13, "%d of %d elements, %d ops", all.count, all.looked_at, count);
}

MG_TEST(row_range, float16) { check_dtype(&range_floats[0]); }
MG_TEST(row_range, bfloat16) { check_dtype(&range_floats[1]); }
MG_TEST(row_range, float32) { check_dtype(&range_floats[2]); }
MG_TEST(row_range, float64) { check_dtype(&range_floats[3]); }

/* The list may not grow old. */
MG_TEST(row_range, what_is_looked_at_elsewhere_exists) {
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        uint16_t op = 1;
        while (op < MGK_OP_COUNT && strcmp(mgk_ops[op].name, elsewhere[i].op) != 0) op++;
        CHECK_MSG(op < MGK_OP_COUNT && mgk_ops[op].kind != MGK_KIND_MAP, "%s", elsewhere[i].op);
    }
}
