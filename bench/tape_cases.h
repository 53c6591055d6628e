/* SPDX-License-Identifier: MIT
 * The workloads whose fixed cost is measured: what recording, backward and evaluation cost apart from arithmetic.
 * Shared by the timed family (tape.c) and the counting of instructions (count.c). */
#ifndef BENCH_TAPE_CASES_H
#define BENCH_TAPE_CASES_H

#include <mygrad/mygrad.h>

enum { TAPE_ELEMENTS = 64, TAPE_CHAIN = 100 };

#define TAPE_SLACK 0.02

typedef struct tape_data {
    mg_tensor *x, *w, *c; /* 64 f32 each, kept; c is a constant */
} tape_data;

typedef struct tape_case {
    const char *name, *what;
    void (*run)(void *data); /* a tape_data; one round in a scope of its own */
    int ops;                 /* recorded operations of a round: gate and report are per operation */
    double instructions;     /* promised, but for TAPE_SLACK */
} tape_case;

/* All cases; the last one has no name. */
extern const tape_case tape_cases[];

bool tape_data_make(tape_data *data);
void tape_data_free(tape_data *data);

#endif
