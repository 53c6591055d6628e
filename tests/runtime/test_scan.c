/* SPDX-License-Identifier: MIT
 * Scans against rule C1 written out for one lane at a time, bit for bit, forward and backward, for one thread and
 * several; the recurrence and the shift against plain loops. */
#include "harness.h"
#include "kernels/kernel.h"
#include "runtime/dtype.h"
#include "runtime/parallel.h"
#include "runtime/scan.h"

#include <stdlib.h>
#include <string.h>

typedef union number {
    uint64_t u;
    float f;
    double d;
} number;

static number load(mg_dtype dtype, const char *x, int64_t at) {
    const size_t size = mg_dtype_size(dtype);
    number v = {0};
    memcpy(&v, x + (size_t)at * size, size);
    return v;
}

/* volatile: each step rounds. */
static number step(mg_dtype dtype, bool product, number a, number b) {
    if (dtype == MG_F32) {
        volatile float r = product ? a.f * b.f : a.f + b.f;
        return (number){.f = r};
    }
    if (dtype == MG_F64) {
        volatile double r = product ? a.d * b.d : a.d + b.d;
        return (number){.d = r};
    }
    return (number){.u = product ? a.u * b.u : a.u + b.u};
}

static int64_t place(const mgr_scan *s, int64_t o, int64_t k, int64_t c) {
    return (o * s->length + (s->reverse ? s->length - 1 - k : k)) * s->inner + c;
}

static void expect_lane(const mgr_scan *s, bool product, const char *x, char *y, int64_t o, int64_t c) {
    const int64_t block = (int64_t)MGK_REDUCE_BLOCK(mg_dtype_size(s->dtype));
    number before = {0}, local = {0}, all = {0};
    for (int64_t k = 0; k < s->length; k++) {
        const number v = load(s->dtype, x, place(s, o, k, c));
        if (k % block == 0) before = all;
        local = k % block == 0 ? v : step(s->dtype, product, local, v);
        all = k < block ? local : step(s->dtype, product, before, local);
        memcpy(y + (size_t)place(s, o, k, c) * mg_dtype_size(s->dtype), &all, mg_dtype_size(s->dtype));
    }
}

static void fill(mg_test_rng *rng, mg_dtype dtype, char *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        char *e = x + (size_t)i * mg_dtype_size(dtype);
        if (mg_dtype_is_float(dtype))
            mgr_set_f64(dtype, e, mg_test_int(rng, 0, 30) ? mg_test_uniform(rng, -1.8, 1.8) : mg_test_any_f64(rng));
        else
            mgr_set_i64(dtype, e, (int64_t)mg_test_u64(rng));
    }
}

static bool same(mg_dtype dtype, const char *a, const char *b, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const number x = load(dtype, a, i), y = load(dtype, b, i);
        const bool nans = dtype == MG_F32 ? x.f != x.f && y.f != y.f : dtype == MG_F64 && x.d != x.d && y.d != y.d;
        if (x.u != y.u && !nans) return false;
    }
    return true;
}

static void check_case(mg_test_rng *rng, const mgr_scan *s) {
    const int64_t n = s->outer * s->length * s->inner;
    const size_t bytes = (size_t)n * mg_dtype_size(s->dtype);
    char *x = malloc(bytes + 8), *y = malloc(bytes + 8), *wanted = malloc(bytes + 8);
    fill(rng, s->dtype, x, n);
    for (int product = 0; product < 2; product++) {
        for (int64_t o = 0; o < s->outer; o++)
            for (int64_t c = 0; c < s->inner; c++) expect_lane(s, product, x, wanted, o, c);
        for (int threads = 1; threads <= 4; threads += 3) {
            mgr_set_num_threads(threads);
            memset(y, 0x5a, bytes);
            (product ? mgr_scan_product : mgr_scan_sum)(s, x, y);
            CHECK_MSG(same(s->dtype, y, wanted, n), "%s %s of (%ld, %ld, %ld), reverse %d, %d threads",
                      mg_dtype_name(s->dtype), product ? "product" : "sum", (long)s->outer, (long)s->length,
                      (long)s->inner, s->reverse, threads);
        }
        mgr_set_num_threads(0);
    }
    free(x), free(y), free(wanted);
}

static const mg_dtype accumulators[] = {MG_F32, MG_F64, MG_I64, MG_U64};

MG_TEST(scan, rows_and_columns_in_the_order_of_blocks) {
    mg_test_rng rng = mg_test_rng_new();
    static const int64_t shapes[][3] = {{1, 1, 1},     {3, 0, 2},    {0, 5, 1},      {1, 7, 1},      {19, 3, 1},
                                        {2, 4096, 1},  {2, 4097, 1}, {1, 70000, 1},  {5, 9000, 1},   {9, 2049, 1},
                                        {3, 17, 5},    {1, 4099, 3}, {2, 2050, 130}, {1, 8200, 129}, {40, 2, 300},
                                        {1, 40961, 1}, {1, 1, 1000}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int d = 0; d < 4; d++)
            for (int reverse = 0; reverse < 2; reverse++)
                check_case(&rng, &(mgr_scan){accumulators[d], reverse, shapes[i][0], shapes[i][1], shapes[i][2]});
    for (int t = 0; t < mg_test_times(100); t++)
        check_case(&rng, &(mgr_scan){accumulators[t % 4], mg_test_int(&rng, 0, 1), mg_test_int(&rng, 1, 20),
                                     mg_test_int(&rng, 1, t % 8 ? 60 : 10000), mg_test_int(&rng, 1, 3)});
}

MG_TEST(scan, recurrence_and_shift_are_plain_loops) {
    mg_test_rng rng = mg_test_rng_new();
    for (int t = 0; t < mg_test_times(200); t++) {
        const mgr_scan s = {MG_F64, mg_test_int(&rng, 0, 1), mg_test_int(&rng, 1, 9), mg_test_int(&rng, 1, 40),
                            mg_test_int(&rng, 1, t % 3 ? 2 : 300)};
        const int lag = (int)mg_test_int(&rng, 0, 1);
        const int64_t n = s.outer * s.length * s.inner;
        double *a = malloc((size_t)n * 8), *b = malloc((size_t)n * 8), *y = malloc((size_t)n * 8);
        float *narrow = malloc((size_t)n * 4), *moved = malloc((size_t)n * 4);
        fill(&rng, MG_F64, (char *)a, n);
        fill(&rng, MG_F64, (char *)b, n);
        for (int64_t i = 0; i < n; i++) narrow[i] = (float)a[i];
        mgr_set_num_threads(1 + t % 4);
        mgr_scan_recurrence(&s, lag, a, b, y);
        mgr_scan shift = s;
        shift.dtype = MG_F32;
        mgr_scan_shift(&shift, 0.75, narrow, moved);
        mgr_set_num_threads(0);
        for (int64_t o = 0; o < s.outer; o++)
            for (int64_t c = 0; c < s.inner; c++)
                for (int64_t k = 0; k < s.length; k++) {
                    const int64_t at = place(&s, o, k, c), last = k ? place(&s, o, k - 1, c) : 0;
                    volatile double carried = k ? a[place(&s, o, k - lag, c)] * y[last] : 0;
                    CHECK_BITS_F64(y[at], k ? b[at] + carried : b[at]);
                    CHECK_BITS_F32(moved[at], k ? narrow[last] : 0.75f);
                }
        free(a), free(b), free(y), free(narrow), free(moved);
    }
}
