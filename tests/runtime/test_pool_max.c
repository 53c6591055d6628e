/* SPDX-License-Identifier: MIT
 * Max pooling against a plain search over every window, in every dtype, one to four axes, with ties, NaNs, overlapping
 * windows and gaps between windows; the gradient against additions in window order. */
#include "harness.h"
#include "runtime/dtype.h"
#include "runtime/parallel.h"
#include "runtime/rows.h"
#include "runtime/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AXES 4

typedef struct problem {
    mgr_pool pool;
    int64_t x[AXES], y[AXES], window[AXES], stride[AXES], xs, ys, ws;
} problem;

static void problem_link(problem *p) {
    p->pool.x = p->x;
    p->pool.y = p->y;
    p->pool.pool = p->window;
    p->pool.stride = p->stride;
    p->xs = p->ys = p->ws = 1;
    for (int d = 0; d < p->pool.spatial; d++) {
        p->x[d] = (p->y[d] - 1) * p->stride[d] + p->window[d];
        p->xs *= p->x[d];
        p->ys *= p->y[d];
        p->ws *= p->window[d];
    }
}

static int64_t element_of(const problem *p, int64_t o, int64_t tap) {
    int64_t at = 0, scale = 1;
    for (int d = p->pool.spatial - 1; d >= 0; d--) {
        at += (o % p->y[d] * p->stride[d] + tap % p->window[d]) * scale;
        scale *= p->x[d];
        o /= p->y[d];
        tap /= p->window[d];
    }
    return at;
}

static void fill(mg_test_rng *rng, mg_dtype dtype, char *x, int64_t n) {
    static const double odd[] = {NAN, INFINITY, -INFINITY, -0.0};
    size_t item = mg_dtype_size(dtype);
    for (int64_t i = 0; i < n; i++) {
        char *e = x + (size_t)i * item;
        if (dtype == MG_BOOL)
            *e = (char)mg_test_int(rng, 0, 1);
        else if (!mg_dtype_is_float(dtype))
            mgr_set_i64(dtype, e, mg_test_int(rng, 0, 1) ? mg_test_int(rng, 0, 3) : (int64_t)mg_test_u64(rng));
        else
            mgr_set_f64(dtype, e,
                        mg_test_int(rng, 0, 12) == 0 ? odd[mg_test_int(rng, 0, 3)]
                                                     : (double)mg_test_int(rng, -3, 3) / 2);
    }
}

static bool beats(mg_dtype dtype, const char *a, const char *b) {
    if (mg_dtype_is_float(dtype)) {
        double x = mgr_get_f64(dtype, a), y = mgr_get_f64(dtype, b);
        return !isnan(y) && (isnan(x) || x > y);
    }
    if (dtype == MG_U64) {
        uint64_t x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return x > y;
    }
    return mgr_get_i64(dtype, a) > mgr_get_i64(dtype, b);
}

static void check_gradient(const problem *p, mg_test_rng *rng, const int64_t *where) {
    mg_dtype dtype = p->pool.dtype;
    size_t item = mg_dtype_size(dtype);
    int64_t nx = p->pool.outer * p->xs, ny = p->pool.outer * p->ys;
    char *dy = malloc((size_t)ny * item + 1), *dx = malloc((size_t)nx * item + 1),
         *expected = calloc((size_t)nx + 1, item);
    for (int64_t i = 0; i < ny; i++) {
        char *to = expected + (size_t)(i / p->ys * p->xs + where[i]) * item;
        mgr_set_f64(dtype, dy + (size_t)i * item, mg_test_normal(rng));
        double sum = mgr_get_f64(dtype, to) + mgr_get_f64(dtype, dy + (size_t)i * item);
        mgr_set_f64(dtype, to, dtype == MG_F16 || dtype == MG_BF16 ? (float)sum : sum);
    }
    CHECK(mgr_maxpool_backward(&p->pool, dy, where, dx) == MG_OK);
    CHECK_EQ_MEM(dx, expected, (size_t)nx * item);
    free(dy), free(dx), free(expected);
}

static void check_problem(const problem *p, mg_test_rng *rng) {
    mg_dtype dtype = p->pool.dtype;
    size_t item = mg_dtype_size(dtype);
    int64_t nx = p->pool.outer * p->xs, ny = p->pool.outer * p->ys;
    char *x = malloc((size_t)nx * item + 1), *y = malloc((size_t)ny * item + 1);
    int64_t *where = malloc((size_t)(ny + 1) * sizeof *where);
    fill(rng, dtype, x, nx);
    CHECK(mgr_maxpool_forward(&p->pool, x, y, where) == MG_OK);
    for (int64_t i = 0; i < ny; i++) {
        const char *block = x + (size_t)(i / p->ys * p->xs) * item;
        int64_t at = element_of(p, i % p->ys, 0);
        for (int64_t tap = 1; tap < p->ws; tap++) {
            int64_t other = element_of(p, i % p->ys, tap);
            if (beats(dtype, block + (size_t)other * item, block + (size_t)at * item)) at = other;
        }
        CHECK_MSG(where[i] == at, "%s, %d axes, window %ld: element %ld of x, not %ld", mg_dtype_name(dtype),
                  p->pool.spatial, (long)i, (long)where[i], (long)at);
        CHECK_EQ_MEM(y + (size_t)i * item, block + (size_t)at * item, item);
    }
    if (mg_dtype_is_float(dtype)) check_gradient(p, rng, where);
    free(x), free(y), free(where);
}

MG_TEST(pool_max, random_problems) {
    mg_test_rng rng = mg_test_rng_new();
    for (int d = MG_BOOL; d < MG_DTYPE_COUNT; d++)
        for (int t = 0; t < mg_test_times(40); t++) {
            problem p = {.pool = {.dtype = (mg_dtype)d, .spatial = 1 + t % AXES, .outer = mg_test_int(&rng, 0, 5)}};
            for (int a = 0; a < p.pool.spatial; a++) {
                p.y[a] = mg_test_int(&rng, 1, p.pool.spatial > 2 ? 3 : 8);
                p.window[a] = mg_test_int(&rng, 1, 3);
                p.stride[a] = mg_test_int(&rng, 1, 4);
            }
            problem_link(&p);
            check_problem(&p, &rng);
        }
}

MG_TEST(pool_max, two_by_two) {
    mg_test_rng rng = mg_test_rng_new();
    for (int t = 0; t < mg_test_times(40); t++) {
        problem p = {.pool = {.dtype = t % 4 ? MG_F32 : MG_F64, .spatial = 2, .outer = mg_test_int(&rng, 1, 40)},
                     .window = {2, 2},
                     .stride = {2, 2}};
        p.y[0] = mg_test_int(&rng, 1, 14);
        p.y[1] = mg_test_int(&rng, 1, 20);
        problem_link(&p);
        check_problem(&p, &rng);
    }
}

/* max_pool of [1, nan, 3] with windows of 2: the NaN wins both, so its gradient is 2. */
MG_TEST(pool_max, the_documented_example) {
    problem p = {.pool = {.dtype = MG_F64, .spatial = 1, .outer = 1}, .y = {2}, .window = {2}, .stride = {1}};
    double x[3] = {1, NAN, 3}, y[2], dy[2] = {1, 1}, dx[3];
    int64_t where[2];
    problem_link(&p);
    CHECK(mgr_maxpool_forward(&p.pool, x, y, where) == MG_OK);
    CHECK(mgr_maxpool_backward(&p.pool, dy, where, dx) == MG_OK);
    CHECK(dx[0] == 0 && dx[1] == 2 && dx[2] == 0);
}

MG_TEST(pool_max, integers_have_no_gradient) {
    problem p = {.pool = {.dtype = MG_I32, .spatial = 1, .outer = 1}, .y = {1}, .window = {1}, .stride = {1}};
    mgr_error_record error;
    problem_link(&p);
    CHECK(mgr_maxpool_backward(&p.pool, NULL, NULL, NULL) == MG_ERR_TYPE);
    CHECK(mgr_error_take(&error));
}
