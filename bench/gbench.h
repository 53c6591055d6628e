/* SPDX-License-Identifier: MIT
 * Google Benchmark as C sees it: named cases with a function and a context, run repeatedly, times per round handed to a
 * sink. gbench.cc behind it is the one file that knows Google Benchmark. */
#ifndef BENCH_GBENCH_H
#define BENCH_GBENCH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gbench_case {
    const char *name;           /* copied */
    void (*run)(void *context); /* one round */
    void *context;              /* must live until gbench_run has returned */
    double bytes, flops;        /* of a round, for Google Benchmark's counters; 0: none */
} gbench_case;

/* Add a case to those that the next gbench_run runs. */
void gbench_register(const gbench_case *added);

/* All repetitions of one case: wall-clock seconds per round of each. */
typedef void gbench_sink(void *context, const char *name, const double *seconds, size_t repetitions);

/* Run what was registered, in order, each `repetitions` times for at least `min_seconds`; then forget it. */
void gbench_run(int repetitions, double min_seconds, gbench_sink *sink, void *context);

#ifdef __cplusplus
}
#endif

#endif
