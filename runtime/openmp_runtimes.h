/* SPDX-License-Identifier: MIT
 * Which OpenMP runtimes are in this process: two of them work, but each has a pool of threads of its own, and they
 * fight for the cores. Looks at the names of loaded files, and calls none of them. */
#ifndef MGR_OPENMP_RUNTIMES_H
#define MGR_OPENMP_RUNTIMES_H

#include "mygrad/base.h"

/* Runtimes have numbers from 0; -1: none that we know. */
int mgr_openmp_of_file(const char *path);
const char *mgr_openmp_name(int runtime); /* "libgomp"; NULL from the last one on */

/* Bit i: runtime i is loaded now. */
unsigned mgr_openmp_loaded(void);

#endif
