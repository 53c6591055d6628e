/* SPDX-License-Identifier: MIT
 * What people read: the table of rows and the list of gates. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "suite.h"

void table_print(const bench_suite *suite);
void gates_print(const bench_suite *suite);

/* "12.3 us", in the unit that suits `like`, so that columns of an interval agree. */
void table_time(double seconds, double like, char out[24]);

#endif
