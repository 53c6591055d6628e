/* SPDX-License-Identifier: MIT
 * Results as a picture: bars of ratios where there are ratios, of shares of the limit elsewhere. Plain SVG. */
#ifndef BENCH_CHART_H
#define BENCH_CHART_H

#include "machine.h"
#include "suite.h"

bool chart_write(const char *path, const bench_suite *suite, const machine_fact *facts, int n);

#endif
