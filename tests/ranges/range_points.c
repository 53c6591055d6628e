/* SPDX-License-Identifier: MIT
 * Points of a float dtype. */
#include "range_points.h"

#include <math.h>
#include <stdlib.h>

const range_float range_floats[RANGE_FLOATS] = {
    {MG_F16, "float16", 11, -14, 16},
    {MG_BF16, "bfloat16", 8, -126, 128},
    {MG_F32, "float32", 24, -126, 128},
    {MG_F64, "float64", 53, -1022, 1024},
};

double range_eps(const range_float *f) { return ldexp(1, 1 - f->digits); }
double range_largest(const range_float *f) { return ldexp(1 - ldexp(1, -f->digits), f->highest - 1) * 2; }
double range_least_normal(const range_float *f) { return ldexp(1, f->lowest); }
double range_least(const range_float *f) { return ldexp(1, f->lowest - f->digits + 1); }

double range_rounded(const range_float *f, double x) {
    int e;
    if (x == 0 || !isfinite(x)) return x;
    frexp(x, &e);
    const int unit = e - f->digits < f->lowest - f->digits + 1 ? f->lowest - f->digits + 1 : e - f->digits;
    const double r = ldexp(nearbyint(ldexp(x, -unit)), unit);
    return fabs(r) > range_largest(f) ? copysign(INFINITY, x) : r;
}

typedef struct list {
    double *at;
    size_t n, room;
} list;

static void put(list *l, const range_float *f, double x) {
    if (l->n + 2 > l->room) {
        l->room = l->room * 2 + 64;
        l->at = realloc(l->at, l->room * sizeof *l->at);
        if (!l->at) abort();
    }
    l->at[l->n++] = range_rounded(f, x);
    l->at[l->n++] = -range_rounded(f, x);
}

/* 0, inf, the ends of the dtype, and what functions turn at: on both sides. */
static void put_edges(list *l, const range_float *f, bool dense) {
    static const double turns[] = {0.5, 1, 2, 3, 1e-3, 88.5, 709.5, 0.7518, 1.2784645, 1.5707963267948966, 20.5};
    const double eps = range_eps(f);
    put(l, f, 0);
    put(l, f, INFINITY);
    put(l, f, range_largest(f));
    put(l, f, range_least(f));
    put(l, f, range_least_normal(f));
    for (size_t i = 0; i < (dense ? sizeof turns / sizeof *turns : 4); i++) {
        put(l, f, turns[i]);
        put(l, f, turns[i] * (1 + eps));
        put(l, f, turns[i] * (1 - eps));
    }
}

double *range_points(const range_float *f, mg_test_rng *rng, bool dense, size_t *n) {
    list l = {0};
    put_edges(&l, f, dense);
    const int least = f->lowest - f->digits + 1, sparse = mg_test_is_quick() ? 16 : 40;
    const int step = dense ? 1 : (f->highest - least) / sparse + 1, each = dense && !mg_test_is_quick() ? 3 : 1;
    for (int e = least; e < f->highest; e += step) {
        const int64_t last = e + step <= f->highest ? step - 1 : f->highest - 1 - e;
        for (int i = 0; i < each; i++)
            put(&l, f, ldexp(mg_test_uniform(rng, 1, 1.9), e + (int)mg_test_int(rng, 0, last)));
    }
    static const double widths[] = {2, 20, 800};
    for (int i = 0; i < (dense ? 300 : 12); i++) put(&l, f, mg_test_uniform(rng, 0, widths[i % 3]));
    *n = l.n;
    return l.at;
}
