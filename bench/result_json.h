/* SPDX-License-Identifier: MIT
 * Results as JSON, written and read back. The reader takes what the writer writes, and JSON in general as far as the
 * members it looks for go. */
#ifndef BENCH_RESULT_JSON_H
#define BENCH_RESULT_JSON_H

#include "machine.h"
#include "suite.h"

#include <stdio.h>

bool result_json_write(const char *path, const bench_suite *suite, const machine_fact *facts, int n);
void result_json_print(FILE *out, const bench_suite *suite, const machine_fact *facts, int n);

/* What comparing needs of a file of results. */
typedef struct old_result {
    char name[BENCH_NAME];
    bench_interval value, ratio; /* ratio: all 0 where there was none */
    double noise;                /* half the width of its A/A interval; 0 where there was none */
} old_result;

/* The rows of JSON text, in order; *out is malloc's. The number of rows, or -1 with a sentence in `error`. */
long result_json_parse(const char *text, old_result **out, char *error, size_t error_size);

#endif
