/* SPDX-License-Identifier: MIT
 * New results beside old ones. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include "suite.h"

/* Print, for each row that the file of old results has too, both medians, their ratio and whether it is faster, slower
 * or noise; then the counts. False with a sentence in `error` when the file cannot be used. */
bool compare_print(const char *path, const bench_suite *suite, char *error, size_t error_size);

#endif
