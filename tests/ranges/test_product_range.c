/* SPDX-License-Identifier: MIT
 * The gradients of prod and cumprod at numbers of any size: the products of the other elements, by mantissas in long
 * double and exponents that are added up. */
#include <math.h>
#include <stdlib.h>

#include "range_points.h"

#include <mygrad/mygrad.h>

enum { MOST = 9 };

/* m 2^e. */
typedef struct scaled {
    long double m;
    int64_t e;
} scaled;

static scaled product_of(const double *x, int from, int to, int but) {
    scaled p = {1, 0};
    for (int i = from; i <= to; i++) {
        int e;
        if (i == but) continue;
        p.m *= (long double)frexp(x[i], &e);
        p.e += e;
        p.m = frexpl(p.m, &e);
        p.e += p.m == 0 ? 0 : e;
    }
    return p;
}

/* An exponent of a normal number, with a place to spare? */
static bool in_range(const range_float *f, scaled p) { return p.m == 0 || (p.e > f->lowest + 1 && p.e < f->highest); }

static bool close_to(const range_float *f, double got, scaled p) {
    if (p.m == 0) return got == 0;
    if (p.e > f->highest + 1) return isinf(got) && (got > 0) == (p.m > 0);
    if (p.e >= f->highest && isinf(got)) return (got > 0) == (p.m > 0);
    if (p.e < f->lowest - f->digits - 1) return got == 0 || fabs(got) == range_least(f);
    const double want = (double)ldexpl(p.m, (int)p.e);
    return fabs(got - want) <= 4 * range_least(f) + 2 * MOST * range_eps(f) * fabs(want);
}

static mg_tensor *row(const range_float *f, int n, const double *x) {
    const int64_t length = n;
    return mg_astype(mg_from_f64(x, mg_shape_of(1, &length)), f->dtype);
}

/* Elements of every exponent, or of few on both sides of 1, and now and then a 0. */
static void draw(mg_test_rng *rng, const range_float *f, int n, double *x) {
    const int64_t wide = mg_test_int(rng, 0, 1), span = wide ? f->highest - 2 : mg_test_int(rng, 1, f->highest / 2);
    for (int i = 0; i < n; i++) {
        x[i] = ldexp(mg_test_uniform(rng, 1, 2), (int)mg_test_int(rng, -span, span));
        if (mg_test_int(rng, 0, 1)) x[i] = -x[i];
        if (mg_test_int(rng, 0, 11) == 0) x[i] = 0;
        x[i] = range_rounded(f, x[i]);
    }
}

MG_TEST(product_range, prod) {
    mg_test_rng rng = mg_test_rng_new();
    for (int t = 0; t < mg_test_times(8000); t++) {
        MG_SCOPE;
        const range_float *f = &range_floats[t % RANGE_FLOATS];
        double x[MOST], g[MOST];
        const int n = (int)mg_test_int(&rng, 1, MOST);
        draw(&rng, f, n, x);
        mg_tensor *in = row(f, n, x);
        CHECK(mg_backward(mg_prod(in)) == MG_OK && mg_read(mg_grad(in), MG_F64, g) == MG_OK);
        for (int i = 0; i < n; i++) {
            const scaled p = product_of(x, 0, n - 1, i);
            CHECK_MSG(close_to(f, g[i], p), "%s, %d of %d: %a, exactly %Lg 2^%lld", f->name, i, n, g[i], p.m,
                      (long long)p.e);
        }
    }
}

/* Is every product of some of x[from] ... x[to], from either end as said, in range? */
static bool all_in_range(const range_float *f, const double *x, int from, int to, bool backwards) {
    bool all = true;
    for (int i = from; i <= to; i++)
        all = all && in_range(f, backwards ? product_of(x, i, to, -1) : product_of(x, from, i, -1));
    return all;
}

/* Of one result at a time: right where that is a normal number or 0, or where nothing on the way to its gradient is
 * anything else. */
MG_TEST(product_range, cumprod) {
    mg_test_rng rng = mg_test_rng_new();
    int looked_at = 0;
    for (int t = 0; t < mg_test_times(8000); t++) {
        MG_SCOPE;
        const range_float *f = &range_floats[t % RANGE_FLOATS];
        double x[MOST], g[MOST], value[MOST], seed[MOST] = {0};
        const int n = (int)mg_test_int(&rng, 1, MOST), k = (int)mg_test_int(&rng, 0, n - 1);
        draw(&rng, f, n, x);
        seed[k] = 1;
        mg_tensor *in = row(f, n, x), *y = mg_cumprod(in);
        CHECK(mg_read(y, MG_F64, value) == MG_OK);
        CHECK(mg_backward(y, .grad = row(f, n, seed)) == MG_OK && mg_read(mg_grad(in), MG_F64, g) == MG_OK);
        const bool whole = in_range(f, product_of(x, 0, k, -1));
        for (int i = 0; i < n; i++) {
            const scaled p = i <= k ? product_of(x, 0, k, i) : (scaled){0, 0};
            CHECK_MSG(!isnan(g[i]) || isnan(value[k]), "%s, %d of %d, result %d, which is %g", f->name, i, n, k,
                      value[k]);
            if (isnan(value[k])) continue;
            if (!whole && !(all_in_range(f, x, 0, i - 1, false) && all_in_range(f, x, i + 1, k, true))) continue;
            looked_at++;
            CHECK_MSG(close_to(f, g[i], p), "%s, %d of %d, result %d: %a, exactly %Lg 2^%lld", f->name, i, n, k, g[i],
                      p.m, (long long)p.e);
        }
    }
    CHECK(looked_at > 1000);
}
