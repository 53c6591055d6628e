/* SPDX-License-Identifier: MIT
 * The functions that `eval` may call: mgv_ of kernels/simd and vm_ of kernels/vmath, without their type suffix. */
#ifndef MGC_FUNCTIONS_H
#define MGC_FUNCTIONS_H

#include <stdbool.h>

typedef struct mgc_function {
    const char *name;
    const char *args; /* v: value, m: condition */
    char result;
    char rows; /* a: all, f: floats, i: integers, bool among them; of conditions, the width of the row */
    int flops;
    int roundings; /* 0: exact; 1: correctly rounded; 2: how far off is on file */
} mgc_function;

bool mgc_is_function_name(const char *name);

/* NULL when there is no such function with these argument kinds. Any vm_ name that is not in the table takes one to
 * four values and gives one. */
const mgc_function *mgc_find_function(const char *name, const char *args);

#endif
