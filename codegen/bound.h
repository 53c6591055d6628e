/* SPDX-License-Identifier: MIT
 * How wrong a lowered expression can be: its roundings counted, from the operands up. */
#ifndef MGC_BOUND_H
#define MGC_BOUND_H

#include "op_model.h"

/* Of one node: computed - exact, where the exact value follows by real arithmetic from exact inputs, and from
 * parameters as the row's dtype holds them. */
typedef struct mgc_bound {
    double ulp;          /* at most ulp * (unit in the last place of the exact value); infinite: no bound */
    double rel;          /* at most rel * 2^(1 - digits) * |exact| */
    mgc_how how;         /* the weakest of what it rests on */
    int sign;            /* of the exact value: 1 it may be negative, 2 it may be positive */
    const char *trouble; /* no bound: why ... */
    const mgc_node *in;  /* ... and where */
} mgc_bound;

/* A guarantee wherever no intermediate result overflows or is subnormal. `row` is MGC_ROW_F32 or MGC_ROW_F64. */
mgc_bound mgc_error_bound(const mgc_accuracies *measured, const mgc_node *lowered, int row);

/* ULP of a type with `digits` bits (f16: 11, bf16: 8) for what f32 has within ulp_f32: one more rounding. */
double mgc_error_bound_16(double ulp_f32, int digits);

#endif
