/* SPDX-License-Identifier: MIT
 * Arrays of values in the domain of an op, which is its stanza's. */
#ifndef BENCH_OP_INPUTS_H
#define BENCH_OP_INPUTS_H

#include "mygrad/base.h"

#include <stddef.h>

/* n values for input `input` of the op, whatever the dtype; conditions and bools alternate irregularly. The same ones
 * each time. */
void op_inputs_fill(void *out, mg_dtype dtype, size_t n, int op, int input);

#endif
