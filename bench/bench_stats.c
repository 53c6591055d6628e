/* SPDX-License-Identifier: MIT
 * The statistics of measuring. The bootstrap draws from a counter whose bits are mixed, so it repeats exactly. */
#include "bench_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(const double *sorted, size_t n) {
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double bench_median(double *values, size_t n) {
    if (n == 0) return (double)NAN;
    qsort(values, n, sizeof *values, ascending);
    return middle(values, n);
}

static uint64_t mixed(uint64_t *counter) {
    uint64_t z = *counter += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The median of n draws out of n sorted values: counting how often each is drawn saves sorting the draws. */
static double resampled_median(const double *sorted, size_t n, uint64_t *counter) {
    uint16_t drawn[BENCH_MAX_SAMPLES];
    memset(drawn, 0, n * sizeof *drawn);
    for (size_t i = 0; i < n; i++) drawn[(mixed(counter) >> 32) * n >> 32]++;
    size_t seen = 0, lower = (n - 1) / 2, upper = n / 2, k = 0;
    while (seen + drawn[k] <= lower) seen += drawn[k++];
    double low = sorted[k];
    while (seen + drawn[k] <= upper) seen += drawn[k++];
    return (low + sorted[k]) / 2;
}

/* Every k-th of sorted values: the same distribution, few enough to draw from. */
static size_t thin(double *sorted, size_t n) {
    if (n <= BENCH_MAX_SAMPLES) return n;
    for (size_t i = 0; i < BENCH_MAX_SAMPLES; i++) sorted[i] = sorted[(2 * i + 1) * n / (2 * BENCH_MAX_SAMPLES)];
    return BENCH_MAX_SAMPLES;
}

bench_interval bench_bootstrap(double *values, size_t n, uint64_t seed) {
    double medians[BENCH_RESAMPLES], mid = bench_median(values, n);
    if (n < 2) return (bench_interval){mid, mid, mid};
    n = thin(values, n);
    for (int i = 0; i < BENCH_RESAMPLES; i++) medians[i] = resampled_median(values, n, &seed);
    qsort(medians, BENCH_RESAMPLES, sizeof *medians, ascending);
    return (bench_interval){medians[BENCH_RESAMPLES * 25 / 1000], mid, medians[BENCH_RESAMPLES * 975 / 1000 - 1]};
}

bool bench_gate_met(bench_interval measured, double gate, bool at_least, double scale) {
    double slack = 0.02 * scale;
    if (at_least) return measured.high >= gate && measured.mid >= gate - slack;
    return measured.low <= gate && measured.mid <= gate + slack;
}

bench_verdict bench_compare(bench_interval before, bench_interval after, double noise) {
    if (after.high < before.low && after.mid < before.mid * (1 - noise)) return BENCH_FASTER;
    if (after.low > before.high && after.mid > before.mid * (1 + noise)) return BENCH_SLOWER;
    return BENCH_NOISE;
}

const char *bench_verdict_name(bench_verdict verdict) {
    return verdict == BENCH_FASTER ? "faster" : verdict == BENCH_SLOWER ? "slower" : "noise";
}
