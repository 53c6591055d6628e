/* SPDX-License-Identifier: MIT
 * What families of benchmarks are given and what they hand back: rows of the table, gates, and ways to measure. Knows
 * no family. */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include "bench_stats.h"

enum { BENCH_NAME = 64 };

/* A line of the table. */
typedef struct bench_row {
    char name[BENCH_NAME];  /* family/what/size, by which results are compared */
    bench_interval value;   /* seconds of a round, or what `unit` says */
    const char *unit;       /* NULL: seconds */
    double bytes, flops;    /* of a round; 0: not counted */
    double share;           /* of what the machine can do; 0: not known */
    char against[24];       /* what `ratio` compares with; "": nothing */
    bench_interval ratio;   /* the other side's time by this one's: above 1 is faster */
    bench_interval control; /* this side by itself (A/A): what ratios mean nothing within */
} bench_row;

/* A promise and what became of it. */
typedef struct bench_gate {
    char what[BENCH_NAME + 24];
    bench_interval measured;
    double gate;
    bool at_least, met;
    const char *unit; /* "x", "ns", "bytes" */
} bench_gate;

/* What the machine reaches at a working set: filled by the limits family. */
enum { BENCH_LEVELS = 4, BENCH_THREADS = 2 }; /* L1, L2, L3, memory; one thread, all threads */
typedef struct bench_limits {
    bool known;
    double bandwidth[BENCH_LEVELS][BENCH_THREADS]; /* bytes/s of a triad, whichever kind of store is faster */
    double flops[2][BENCH_THREADS];                /* multiply-adds count two: f32, f64 */
} bench_limits;

typedef struct bench_suite {
    bool quick, progress, failed;
    int threads; /* the most that the machine has for us */
    bench_row *rows;
    size_t n_rows, row_capacity;
    bench_gate *gates;
    size_t n_gates, gate_capacity;
    bench_limits limits;
} bench_suite;

/* A row of the table, to be filled in until the next is added. Its name is printf's. Ends the program without memory.
 */
bench_row *suite_row(bench_suite *suite, const char *format, ...) __attribute__((format(printf, 2, 3)));
void suite_gate(bench_suite *suite, const char *what, bench_interval measured, double gate, bool at_least,
                const char *unit);

/* A line on the terminal about what runs now; nothing when stderr is no terminal. */
void suite_progress(const bench_suite *suite, const char *what);

/* Something could not be measured: said on stderr, remembered, and the program will end with a failure. */
void suite_fail(bench_suite *suite, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- one side by itself, timed by Google Benchmark ---- */

typedef struct suite_case {
    char name[BENCH_NAME];
    void (*run)(void *context);
    void *context;
    double bytes, flops; /* of a round */
    double working_set;  /* bytes it goes over: what `share` is measured against */
    bool f64;            /* which peak its flops are measured against */
    int threads;
} suite_case;

/* Register; the case is copied. suite_run_cases makes a row of each, in order. */
void suite_case_add(bench_suite *suite, const suite_case *added);
void suite_run_cases(bench_suite *suite);

/* Share of the limit: the time that the machine needs at least, for the bytes or for the flops, by the time it took. */
double suite_share(const bench_suite *suite, const suite_case *c, double seconds);

/* ---- two sides against each other: A B B A ---- */

typedef struct suite_side {
    void (*run)(void *context);
    void *context;
} suite_side;

typedef struct suite_pair {
    bench_interval a, b;    /* seconds of a round */
    bench_interval ratio;   /* b by a: how many times faster a is */
    bench_interval control; /* a by a */
} suite_pair;
suite_pair suite_measure_pair(const bench_suite *suite, suite_side a, suite_side b);

/* ---- small help ---- */

double suite_clock(void); /* seconds, monotonic */

/* 64-byte aligned memory whose pages are there, huge ones if they may be; ends the program if there is none. */
void *suite_memory(size_t bytes);

/* n values in [low, high), the same ones each time. */
void suite_fill_f32(float *out, size_t n, double low, double high, uint64_t seed);

/* "4K", "16M": powers of 1024 where they fit. */
const char *suite_size_name(size_t n, char out[24]);

/* ---- the families ---- */

typedef struct bench_family {
    const char *name, *what;
    void (*run)(bench_suite *suite);
} bench_family;
extern const bench_family bench_families[]; /* ends with a NULL name; limits comes first */

void family_limits(bench_suite *suite);
void family_kernels(bench_suite *suite);
void family_stream(bench_suite *suite);
void family_vs_sleef(bench_suite *suite);
void family_chain(bench_suite *suite);
void family_reduce(bench_suite *suite);
void family_supers(bench_suite *suite);
void family_tape(bench_suite *suite);
void family_memory(bench_suite *suite);
void family_alloc(bench_suite *suite);
void family_products(bench_suite *suite);
void family_demo(bench_suite *suite);
void family_load(bench_suite *suite);

/* Figures that shares need, measured briefly, when the limits family itself has not been run. */
void limits_ensure(bench_suite *suite);

#endif
