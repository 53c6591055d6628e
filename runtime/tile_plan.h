/* SPDX-License-Identifier: MIT
 * A run while it is being planned: tile_plan.c and tile_reduce_plan.c fill it in turn. */
#ifndef MGR_TILE_PLAN_H
#define MGR_TILE_PLAN_H

#include "runtime/tile_impl.h"

typedef struct draft {
    const mgr_tile_program *program;
    const mgr_tile_args *args;
    mgr_tile_run run;
    int used_temps;
    bool streams;
    tile_operand operands[TILE_MAX_OPERANDS];
    int64_t dims[MG_MAX_NDIM];
    int64_t strides[TILE_MAX_OPERANDS][MG_MAX_NDIM]; /* of the operands that take part, in turn */
    tile_reduction reduction;
    size_t reduce_state[MGR_TILE_MAX_OUTPUTS];
    int64_t kept_dims[MG_MAX_NDIM];
    int64_t kept_strides[MGR_TILE_MAX_OUTPUTS][MG_MAX_NDIM]; /* of the reduced outputs, in turn */
} draft;

/* The axes longer than 1 in the order that the operands' strides ask for, stored outputs first. Returns their number.
 */
int mgr_tile_order_axes(const draft *d, int *order);

/* Iteration order [P][R][Q] of a program with reductions; fills d->reduction's p, r, q and the kept space. Returns the
 * number of axes. */
int mgr_tile_reduce_axes(draft *d, int *order);

/* Given the tile length that L1 allows: small or large, units of work. Returns the length to use. */
int64_t mgr_tile_reduce_plan(const mgr_tile_program *program, tile_reduction *reduction, int64_t length);

/* The reduction's part of the run's memory from base + at, and of a worker's scratch. Both return the end. */
size_t mgr_tile_reduce_lay_out(draft *d, char *base, size_t at);
size_t mgr_tile_reduce_scratch(draft *d, size_t at);

#endif
