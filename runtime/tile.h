/* SPDX-License-Identifier: MIT
 * The tile machine (law 3, rules D): short straight-line programs of generated kernels, run tile by tile with
 * temporaries in L1. Knows arrays and iteration spaces; nothing of tensors, gradients or when to run.
 *
 *   spec (structure, the cache key)  --mgr_tile_program_get-->  program (kernels chosen, temporaries assigned, pairs
 * fused) program + args (pointers, strides, sizes, scalars)  --mgr_tile_prepare-->  run (everything acquired)
 * --mgr_tile_execute-->  cannot fail
 */
#ifndef MGR_TILE_H
#define MGR_TILE_H

#include "kernels/registry.h"

#define MGR_TILE_MAX_INSTR   64
#define MGR_TILE_MAX_INPUTS  64
#define MGR_TILE_MAX_OUTPUTS 64

/* Opcode of a conversion between dtypes (rules C4) beside the map ops of the registry. */
#define MGR_OP_CONVERT 0xfff0u

/* Values are numbered: inputs 0..n_inputs-1, then the results of each instruction in order. A value lives in tiles of
 * its row dtype (f16 and bf16 values are held as f32, always exactly representable in 16 bits: `round` sees to that).
 */
typedef struct mgr_tile_instr {
    uint16_t op;   /* a map op, or MGR_OP_CONVERT (to `row` rounded to `round`) */
    uint8_t row;   /* mg_dtype: the kernel row */
    uint8_t round; /* MG_F16 or MG_BF16: results are rounded to it; else 0 */
    uint8_t n_in, n_out;
    uint16_t in[MGK_MAX_IN]; /* value numbers */
    uint16_t params;         /* index of this op's first parameter in args->params */
} mgr_tile_instr;

typedef struct mgr_tile_input {
    uint8_t dtype;  /* as in memory: any mg_dtype; converted to its row dtype when loaded */
    uint8_t scalar; /* 1: a run-time scalar, one element at args->inputs[i].data */
} mgr_tile_input;

typedef enum mgr_tile_finish {
    MGR_FINISH_NONE = 0,
    MGR_FINISH_MEAN = 1
} mgr_tile_finish; /* MEAN: divide by the count */

typedef struct mgr_tile_output {
    uint16_t value;
    uint8_t dtype;   /* as stored; equal to the value's logical dtype (row dtype, or f16/bf16 held as f32) */
    uint8_t finish;  /* reductions only */
    uint16_t reduce; /* 0: store every element; else the reduce op (its `step` accumulates). The value's row is the
                        accumulator's */
} mgr_tile_output;

typedef struct mgr_tile_spec {
    uint16_t n_inputs, n_instr, n_outputs, n_params;
    mgr_tile_input inputs[MGR_TILE_MAX_INPUTS];
    mgr_tile_instr instr[MGR_TILE_MAX_INSTR]; /* none at all is a copy, cast or reduction of inputs */
    mgr_tile_output outputs[MGR_TILE_MAX_OUTPUTS];
} mgr_tile_spec;

typedef struct mgr_tile_program mgr_tile_program;

/* The program for this structure, with one count: from the thread's cache (bounded LRU; "same as last time" costs one
 * compare), from what other threads planned (bounded LRU, shared), or planned now. Only the first n_* entries of the
 * spec's arrays are read. Programs are read-only and may be used and released by any thread. NULL with an error set: no
 * memory. */
mgr_tile_program *mgr_tile_program_get(const mgr_tile_spec *spec);
void mgr_tile_program_release(mgr_tile_program *program);

typedef struct mgr_tile_operand {
    void *data;             /* first logical element */
    const int64_t *strides; /* bytes per axis of the iteration space (ndim of them); 0 where broadcast, and on reduced
                               axes of reduced outputs */
} mgr_tile_operand;

typedef struct mgr_tile_args {
    int ndim;
    const int64_t *dims; /* the iteration space, in logical C order */
    uint64_t
        reduced; /* bit i: axis i is reduced, for every output with a reduce op (stored outputs are written in full) */
    const mgr_tile_operand *inputs;
    const mgr_tile_operand *outputs;
    const double *params;
    /* An output may be exactly an input array (same data and strides, same element size); otherwise arrays that are
     * written overlap nothing. */
} mgr_tile_args;

typedef struct mgr_tile_run mgr_tile_run;

/* Plan one execution: coalesce axes, choose order, tile length, threads, non-temporal stores; acquire all scratch. The
 * run holds the program; args and what it points to must live until execute or discard; arrays and scalars are read by
 * execute. Numbering of reduced elements follows rules C1, whatever the strides. A reduction's identity must be neutral
 * to the bit: lanes start there, so a sum of nothing but -0.0 is -0.0; the sum of no element at all is +0.0, its mean
 * NaN. NULL with an error set. */
mgr_tile_run *mgr_tile_prepare(mgr_tile_program *program, const mgr_tile_args *args);
void mgr_tile_execute(mgr_tile_run *run); /* and frees it */
void mgr_tile_discard(mgr_tile_run *run);

/* dst = (dtype)src over `dims`: pack, unpack, cast, broadcast in one call. */
mg_status mgr_copy(int ndim, const int64_t *dims, mg_dtype dst_dtype, void *dst, const int64_t *dst_strides,
                   mg_dtype src_dtype, const void *src, const int64_t *src_strides);

typedef struct mgr_tile_stats {
    uint64_t programs_planned; /* compiled by this thread */
    uint64_t programs_cached;  /* alive in this thread's cache */
    uint64_t shared_hits;      /* misses of this thread's cache that the shared level served */
    uint64_t shared_cached;    /* alive in the shared level */
    uint64_t runs;
    uint64_t tiles;
} mgr_tile_stats;
void mgr_tile_get_stats(mgr_tile_stats *out);
void mgr_tile_cache_clear(void);  /* this thread's */
void mgr_tile_shared_clear(void); /* what threads share; what they cache or hold stays */

#endif
