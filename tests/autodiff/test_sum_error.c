/* SPDX-License-Identifier: MIT
 * How the error of float32 sums and means grows: like log n, against sums that are exact because they are of integers.
 * MYGRAD_TEST_SUM_ELEMENTS says how far (the test labelled long: 10^8). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "mygrad/mygrad.h"

/* Multiples of 2^-24 below 1: their sum is an integer times 2^-24. */
static int64_t draw(mg_test_rng *rng, int64_t n, float *x) {
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = (int64_t)(mg_test_u64(rng) >> 40);
        x[i] = (float)k * 0x1p-24f;
        sum += k;
    }
    return sum;
}

/* Rounding errors an element may meet: 63 additions in its lane, 6 foldings of 64 lanes, one a level of the tree of
 * blocks; each at most u = 2^-24 of a partial sum, and those of positive numbers add up to no more than the whole. */
static double depth_of(int64_t n) {
    const double blocks = ceil((double)n / 4096);
    return fmin((double)n, 69 + ceil(log2(blocks)));
}

static void check_length(mg_test_rng *rng, int64_t n, float *x) {
    MG_SCOPE;
    const double exact = (double)draw(rng, n, x) * 0x1p-24; /* 10^8 values of 24 bits: 51 bits */
    mg_tensor *t = mg_borrow(MG_F32, x, mg_shape_of(1, &n), NULL, NULL);
    const double sum = mg_item(mg_sum(t)), mean = mg_item(mg_mean(t));
    volatile float plain = 0;
    for (int64_t i = 0; i < n; i++) plain += x[i];
    const double off = fabs(sum - exact) / exact, off_mean = fabs(mean - exact / (double)n) / (exact / (double)n);
    printf("n = %9lld: sum off by %.2g eps, mean by %.2g eps; one after the other by %.3g eps\n", (long long)n,
           off / 0x1p-23, off_mean / 0x1p-23, fabs((double)plain - exact) / exact / 0x1p-23);
    const double u = 0x1p-24;
    CHECK(off <= depth_of(n) * u * (1 + depth_of(n) * u));
    CHECK(off_mean <= (depth_of(n) + 1) * u * (1 + depth_of(n) * u));
    /* What is meant by growing like log n. Roundings of either sign partly cancel, so this is less than the bound. */
    CHECK(off <= log2((double)n) * 2 * u && off_mean <= log2((double)n) * 2 * u);
}

MG_TEST(sum_error, grows_like_log_n) {
    mg_test_rng rng = mg_test_rng_from(20240229);
    const char *text = getenv("MYGRAD_TEST_SUM_ELEMENTS");
    const int64_t most = text ? atoll(text) : 1000000;
    float *x = malloc((size_t)most * sizeof *x);
    CHECK(x != NULL);
    for (int64_t n = 10; n <= most; n *= 10) check_length(&rng, n, x);
    free(x);
}
