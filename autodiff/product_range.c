/* SPDX-License-Identifier: MIT
 * Running products that stay in range. A product of the other factors may be a number where a running product from one
 * end is not: 0 times what overflowed is nan, and so on. Taking powers of two off is exact, so the bits are those of
 * the plain products wherever these stay in range. */
#include "autodiff/product_range.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "autodiff/composite.h"
#include "autodiff/flush.h"
#include "autodiff/record.h"
#include "runtime/dtype.h"
#include "runtime/fpenv.h"

bool mga_all_normal(const mga_node *x) {
    MGR_CANONICAL;
    const float *narrow = mga_data(x);
    const double *wide = mga_data(x);
    bool all = true;
    if (x->dtype == MG_F32)
        for (int64_t i = 0; i < x->shape->size; i++) all &= fabsf(narrow[i]) >= FLT_MIN && fabsf(narrow[i]) <= FLT_MAX;
    else
        for (int64_t i = 0; i < x->shape->size; i++) all &= fabs(wide[i]) >= DBL_MIN && fabs(wide[i]) <= DBL_MAX;
    return all;
}

static double element(const mga_node *x, int64_t i) {
    return x->dtype == MG_F32 ? (double)((const float *)mga_data(x))[i] : ((const double *)mga_data(x))[i];
}

static bool is_normal(const mga_node *x, int64_t i) {
    const bool narrow = x->dtype == MG_F32;
    const double size = fabs(element(x, i)), least = narrow ? (double)FLT_MIN : DBL_MIN;
    return size >= least && size <= (narrow ? (double)FLT_MAX : DBL_MAX);
}

/* 2^e, and e that far that it is a normal number of x's dtype. */
static int held(const mga_node *x, int64_t e) {
    const int most = x->dtype == MG_F32 ? FLT_MAX_EXP - 2 : DBL_MAX_EXP - 2;
    return (int)(e < -most ? -most : e > most ? most : e);
}
static void put_power(mga_node *leaf, int64_t i, int64_t e) {
    const double power = ldexp(1, held(leaf, e));
    if (leaf->dtype == MG_F32)
        ((float *)mga_data(leaf))[i] = (float)power;
    else
        ((double *)mga_data(leaf))[i] = power;
}

/* The exponent to take off x so that the product of what is left, `product` before, lies in [1/2, 1); 0 for what is no
 * factor. */
static int exponent_of(const mga_node *x, int64_t i, double *product) {
    const double value = element(x, i);
    int of_value, of_product;
    if (value == 0 || !isfinite(value)) return 0;
    const double mantissa = frexp(value, &of_value);
    frexp(mantissa * *product, &of_product); /* neither is far from 1, but for what could not be taken off before */
    const int e = held(x, (int64_t)of_value + of_product);
    *product = ldexp(mantissa * *product, of_value - e);
    return e;
}

/* One line, in the order of the scan. */
static void line(const mga_node *x, int64_t first, int64_t step, int64_t length, bool running, mga_powers *p) {
    double product = 1;
    int64_t sum = 0;
    for (int64_t k = 0; k < length; k++) {
        const int e = exponent_of(x, first + k * step, &product);
        sum += e;
        put_power(p->down, first + k * step, -e);
        if (running) {
            put_power(p->up[0], first + k * step, sum / 2);
            put_power(p->up[1], first + k * step, sum - sum / 2);
        }
    }
    for (int64_t k = 0; !running && k < length; k++) {
        const int64_t t = sum + (int64_t)ilogb(element(p->down, first + k * step));
        put_power(p->up[0], first + k * step, t / 2);
        put_power(p->up[1], first + k * step, t - t / 2);
    }
}

/* The first element of each line, and the step to the next one. */
typedef struct lines {
    int64_t count, inner, length, first, step, skip;
} lines;

static lines lines_of(const mgr_scan *scan) {
    return (lines){.count = scan->outer * scan->inner,
                   .inner = scan->inner,
                   .length = scan->length,
                   .first = scan->reverse ? (scan->length - 1) * scan->inner : 0,
                   .step = scan->reverse ? -scan->inner : scan->inner,
                   .skip = scan->length * scan->inner};
}
static int64_t line_start(const lines *l, int64_t i) { return i / l->inner * l->skip + i % l->inner + l->first; }

mga_node *mga_trusted(const mga_scan_parts *p, const mgr_scan *scan) {
    MGR_CANONICAL;
    const lines l = lines_of(scan);
    mga_node *leaf = mga_leaf_empty(MG_BOOL, p->x->shape);
    uint8_t *trusted = leaf ? mga_data(leaf) : NULL;
    for (int64_t i = 0; leaf && i < l.count; i++) {
        const int64_t start = line_start(&l, i);
        bool good = true, zero = false;
        for (int64_t k = 0; k < l.length; k++) {
            const int64_t at = start + k * l.step;
            zero = zero || (k > 0 && element(p->x, at - l.step) == 0);
            good = good && (is_normal(p->before, at) || (zero && element(p->before, at) == 0));
            trusted[at] = good;
        }
        good = true;
        for (int64_t k = l.length - 1; k >= 0; k--) {
            const int64_t at = start + k * l.step, next = at + l.step;
            const bool first = k == l.length - 1 || element(p->g, at) != 0;
            const bool none = first || element(p->s, next) == 0 || element(p->x, next) == 0;
            good = good && (is_normal(p->s, at) || (none && element(p->s, at) == 0));
            trusted[at] &= good;
        }
    }
    return leaf;
}

mga_node *mga_from_zero(const mga_node *x, const mga_node *g, const mgr_scan *scan, int n) {
    MGR_CANONICAL;
    const lines l = lines_of(scan);
    mga_node *leaf = mga_leaf_empty(MG_BOOL, x->shape);
    if (!leaf) return NULL;
    uint8_t *from = mga_data(leaf);
    memset(from, 0, (size_t)x->shape->size);
    for (int64_t i = 0; i < l.count; i++) {
        const int64_t start = line_start(&l, i);
        int64_t zero = -1, last = l.length - 1;
        for (int left = n; left > 0 && zero < l.length; left--)
            for (zero++; zero < l.length && element(x, start + zero * l.step) != 0;) zero++;
        while (last > zero && isfinite(element(x, start + last * l.step)) &&
               isfinite(element(g, start + last * l.step)))
            last--;
        for (int64_t k = zero; last == zero && k < l.length; k++) from[start + k * l.step] = 1;
    }
    return leaf;
}

mg_status mga_powers_of(const mga_node *x, const mgr_scan *scan, bool running, mga_powers *powers) {
    MGR_CANONICAL;
    mga_node **leaves[] = {&powers->down, &powers->up[0], &powers->up[1]};
    *powers = (mga_powers){0};
    for (int i = 0; i < 3; i++) {
        *leaves[i] = mga_leaf_empty((mg_dtype)x->dtype, x->shape);
        if (*leaves[i]) continue;
        mga_powers_release(powers);
        return mgr_error();
    }
    const lines l = lines_of(scan);
    for (int64_t i = 0; i < l.count; i++) line(x, line_start(&l, i), l.step, l.length, running, powers);
    return MG_OK;
}

void mga_powers_release(mga_powers *powers) {
    mga_node_release(powers->down);
    mga_node_release(powers->up[0]);
    mga_node_release(powers->up[1]);
    *powers = (mga_powers){0};
}

mga_node *mga_powers_put_back(mga_node *node, const mga_powers *powers) {
    for (int i = 0; i < 2; i++) node = mga_binary(MGK_OP_MULTIPLY, node, mga_held(powers->up[i]));
    return node;
}
