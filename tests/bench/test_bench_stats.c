/* SPDX-License-Identifier: MIT
 * Statistics of measuring: medians against counting, bootstrap intervals against the exact distribution of a resampled
 * median, gates and verdicts against their definition. */
#include "harness.h"

#include "bench_stats.h"

#include <math.h>
#include <string.h>

/* A median has at most half of the values below it and at most half above. */
static void check_median(const double *values, size_t n, double median) {
    size_t below = 0, above = 0;
    for (size_t i = 0; i < n; i++) {
        below += values[i] < median;
        above += values[i] > median;
    }
    CHECK_MSG(2 * below <= n && 2 * above <= n, "%zu of %zu below, %zu above %g", below, n, above, median);
}

MG_TEST(bench_stats, median_splits_in_half) {
    mg_test_rng rng = mg_test_rng_new();
    for (int round = 0; round < mg_test_times(2000); round++) {
        double values[40] = {0}, sorted[40];
        size_t n = (size_t)mg_test_int(&rng, 1, 40);
        for (size_t i = 0; i < n; i++) values[i] = (double)mg_test_int(&rng, -5, 5);
        memcpy(sorted, values, sizeof sorted);
        check_median(values, n, bench_median(sorted, n));
        for (size_t i = 1; i < n; i++) CHECK(sorted[i - 1] <= sorted[i]);
    }
    CHECK_BITS_F64(bench_median((double[]){4, 1, 3, 2}, 4), 2.5);
    CHECK(isnan(bench_median(NULL, 0)));
}

/* P(median of n draws from n values, n odd, is at most the k-th smallest) = P(Binomial(n, k/n) > n/2). */
static double at_most(size_t n, size_t k) {
    double p = (double)k / (double)n, sum = 0;
    for (size_t j = n / 2 + 1; j <= n; j++) {
        double term = exp(lgamma((double)n + 1) - lgamma((double)j + 1) - lgamma((double)(n - j) + 1));
        sum += term * pow(p, (double)j) * pow(1 - p, (double)(n - j));
    }
    return sum;
}

/* With the values 1..n the bounds are order statistics. 2,000 resamples estimate a tail of 0.025 with deviation 0.0035;
 * five of them leave one failure in 10^6 seeds, so the exact probabilities at the bounds must enclose 0.025 +- 0.0175.
 */
MG_TEST(bench_stats, bootstrap_bounds_are_the_exact_percentiles) {
    mg_test_rng rng = mg_test_rng_new();
    for (size_t n = 5; n <= 101; n += 6) {
        double values[101];
        size_t odd = n | 1u;
        for (size_t i = 0; i < odd; i++) values[i] = (double)(odd - i);
        bench_interval b = bench_bootstrap(values, odd, mg_test_u64(&rng));
        CHECK_BITS_F64(b.mid, (double)(odd + 1) / 2);
        size_t low = (size_t)b.low, high = (size_t)b.high;
        CHECK(b.low == (double)low && b.high == (double)high);
        CHECK_MSG(at_most(odd, low) > 0.0075, "low %zu of %zu", low, odd);
        CHECK_MSG(at_most(odd, low - 1) < 0.0425, "low %zu of %zu", low, odd);
        CHECK_MSG(at_most(odd, high) > 0.9575, "high %zu of %zu", high, odd);
        CHECK_MSG(at_most(odd, high - 1) < 0.9925, "high %zu of %zu", high, odd);
    }
}

MG_TEST(bench_stats, bootstrap_repeats_and_bears_few_and_many_values) {
    double a[31], b[31], many[2000], one[1] = {7};
    for (int i = 0; i < 31; i++) a[i] = b[i] = (i * 17) % 31;
    bench_interval x = bench_bootstrap(a, 31, 5), y = bench_bootstrap(b, 31, 5);
    CHECK(x.low == y.low && x.mid == y.mid && x.high == y.high);
    CHECK(x.low < x.mid && x.mid < x.high);
    x = bench_bootstrap(one, 1, 1);
    CHECK(x.low == 7 && x.mid == 7 && x.high == 7);
    for (int i = 0; i < 2000; i++) many[i] = (i * 7) % 2000; /* each of 0..1999 once */
    x = bench_bootstrap(many, 2000, 3);
    CHECK_BITS_F64(x.mid, 999.5);
    CHECK(x.low > 850 && x.low < 999.5 && x.high > 999.5 && x.high < 1150); /* 512 of them: deviation 32 */
}

static bench_interval interval(double low, double mid, double high) { return (bench_interval){low, mid, high}; }

MG_TEST(bench_stats, gates_need_the_interval_and_the_median) {
    CHECK(bench_gate_met(interval(2.4, 2.6, 2.7), 2.5, true, 1));
    CHECK(bench_gate_met(interval(2.4, 2.485, 2.51), 2.5, true, 1));  /* 0.015 short, and the interval reaches it */
    CHECK(!bench_gate_met(interval(2.4, 2.485, 2.49), 2.5, true, 1)); /* the interval does not */
    CHECK(!bench_gate_met(interval(2.0, 2.47, 2.9), 2.5, true, 1));   /* the median is too far */
    CHECK(bench_gate_met(interval(1.29, 1.31, 1.4), 1.3, false, 1));
    CHECK(!bench_gate_met(interval(1.305, 1.31, 1.4), 1.3, false, 1));
    CHECK(!bench_gate_met(interval(1.2, 1.33, 1.4), 1.3, false, 1));
    CHECK(bench_gate_met(interval(245, 254, 260), 250, false, 250)); /* 250 ns: 2 % are 5 ns */
    CHECK(!bench_gate_met(interval(245, 256, 260), 250, false, 250));
    CHECK(!bench_gate_met(interval((double)NAN, (double)NAN, (double)NAN), 1, true, 1));
}

MG_TEST(bench_stats, verdicts_need_disjoint_intervals_beyond_the_noise) {
    CHECK_EQ_I64(bench_compare(interval(90, 100, 110), interval(70, 80, 89), 0.03), BENCH_FASTER);
    CHECK_EQ_I64(bench_compare(interval(90, 100, 110), interval(70, 80, 91), 0.03), BENCH_NOISE);   /* overlap */
    CHECK_EQ_I64(bench_compare(interval(99, 100, 101), interval(97, 98, 98.5), 0.03), BENCH_NOISE); /* 2 % */
    CHECK_EQ_I64(bench_compare(interval(99, 100, 101), interval(97, 98, 98.5), 0.01), BENCH_FASTER);
    CHECK_EQ_I64(bench_compare(interval(90, 100, 110), interval(111, 120, 130), 0.03), BENCH_SLOWER);
    CHECK_EQ_I64(bench_compare(interval(90, 100, 110), interval(109, 120, 130), 0.03), BENCH_NOISE);
    CHECK_EQ_STR(bench_verdict_name(BENCH_SLOWER), "slower");
}
