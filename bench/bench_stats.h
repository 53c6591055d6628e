/* SPDX-License-Identifier: MIT
 * The statistics of measuring (rules E8): medians, bootstrap intervals, whether a gate is met, whether two results
 * differ. Numbers in, numbers out: knows no clock and no library. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A median and its 95 % interval. */
typedef struct bench_interval {
    double low, mid, high;
} bench_interval;

/* The median of n values (the mean of the middle two for even n), which are sorted; NaN for none. */
double bench_median(double *values, size_t n);

/* The median of n values and the percentile bootstrap interval of that median: the 2.5th and 97.5th percentile of the
 * medians of BENCH_RESAMPLES samples drawn with replacement. The same numbers for the same values and seed. The values
 * are sorted; n = 1 gives a point, more than BENCH_MAX_SAMPLES are thinned out. */
enum { BENCH_RESAMPLES = 2000, BENCH_MAX_SAMPLES = 512 };
bench_interval bench_bootstrap(double *values, size_t n, uint64_t seed);

/* A gate is met when the interval reaches it and the median is within 0.02 of it: absolutely where the gate is a ratio
 * (scale 1), relatively elsewhere (scale = the gate). at_least: high >= gate and mid >= gate - 0.02 scale; otherwise
 * mirrored. */
bool bench_gate_met(bench_interval measured, double gate, bool at_least, double scale);

/* New against old, smaller being better. Noise, unless the intervals are disjoint and the medians differ by more than
 * `noise` (a share, such as 0.02). */
typedef enum bench_verdict { BENCH_NOISE, BENCH_FASTER, BENCH_SLOWER } bench_verdict;
bench_verdict bench_compare(bench_interval before, bench_interval after, double noise);
const char *bench_verdict_name(bench_verdict verdict);

#endif
