/* SPDX-License-Identifier: MIT
 * The kernel ABI: one function type per family, and the table per ISA that dispatch chooses from.
 * Kernels work on plain arrays, take counts in elements, need no alignment, handle tails themselves, never touch a byte
 * outside the given ranges, keep no state, cannot fail. What an op is (arity, rule, docs) is in the generated registry.
 */
#ifndef MGK_KERNEL_H
#define MGK_KERNEL_H

#include "mygrad/base.h"

/* MAP: out[j][i] = f_j(in[0][i], in[1][i], ...; params). Inputs and outputs are arrays of the op's row dtype, except
 * those the registry marks as bool. An output may be exactly the same array as an input of the same element size;
 * otherwise they are disjoint. params: the op's scalar parameters, rounded once to the row dtype by the kernel. */
typedef void mgk_map_fn(size_t n, void *const out[], const void *const in[], const double *params);

/* Operand forms of a binary map. In SV in[0] points at one element, in VS in[1] does. Only ops that do not commute have
 * the last two; for the rest they are NULL and a tile of copies is used. */
typedef enum mgk_form { MGK_VV = 0, MGK_SV = 1, MGK_VS = 2, MGK_FORMS = 3 } mgk_form;

/* PAST: the same in f32 and f64 where the work is so small that memory is all that counts, with stores past the caches:
 * loads and stores take turns line by line, as in a copy. One output, 64-byte aligned and no input; n is a multiple of
 * the vector's lanes. When other threads may read it: mgk_streamed_fn. */
#define MGK_FLOAT_ROW(dtype) ((dtype)-MG_F32)
#define MGK_FLOAT_ROWS       2

/* REDUCE (rules C1): lanes[(k + i) mod L] = step(lanes[...], x[i]) for i = 0..n-1 in order, where L = MGK_REDUCE_LANES
 * of the dtype. The step is a registered binary map op; folding lanes and merging blocks is done with that op's map
 * kernel. */
typedef void mgk_reduce_fn(void *lanes, const void *x, size_t n, uint64_t k);

/* BLOCKS: out[b] = the lanes of elements b * B .. b * B + B - 1, each element's as above from k = 0 on, folded by
 * halving; B = MGK_REDUCE_BLOCK of the dtype. What REDUCE and a fold would give for whole blocks, at the speed of
 * memory. runs: 1..MGK_REDUCE_RUNS; the blocks are read as so many equal runs side by side, which may be faster from
 * memory and is slower from a cache; 0: in one run, whose lines are fetched a page ahead. The results are the same. */
typedef void mgk_blocks_fn(size_t blocks, void *out, const void *x, size_t runs);

/* COLUMNS: acc[i] = step(... step(acc[i], rows[0][i]) ..., rows[3][i]) for i < n. */
typedef void mgk_columns_fn(size_t n, void *acc, const void *const rows[4]);

/* SUMS: as BLOCKS with the step add, of f(x[i], *operand) instead of x[i], for a map f in f32 or f64. */
typedef void mgk_sums_fn(size_t blocks, void *out, const void *x, const void *operand, size_t runs);

#define MGK_REDUCE_LANE_BYTES      256u /* L: lanes of one block, in bytes of the accumulator type */
#define MGK_REDUCE_LANES(itemsize) (MGK_REDUCE_LANE_BYTES / (itemsize))
#define MGK_REDUCE_ROUNDS          64u
#define MGK_REDUCE_BLOCK(itemsize) (MGK_REDUCE_ROUNDS * MGK_REDUCE_LANES(itemsize)) /* B: elements of one block */
#define MGK_REDUCE_RUNS            4u

/* CONVERT: out[i] = (to)in[i] by the table in docs/numerics.md (C4). Arrays are disjoint, or the same if the sizes are
 * equal. */
typedef void mgk_convert_fn(size_t n, void *out, const void *in);

/* MOVE, per element width of 1, 2, 4, 8 bytes (index = log2 of the width). Strides in bytes, any sign, also 0. */
typedef void mgk_gather_fn(size_t n, void *out, const void *in, ptrdiff_t stride);
typedef void mgk_scatter_fn(size_t n, void *out, ptrdiff_t stride, const void *in);
typedef void mgk_fill_fn(size_t n, void *out, const void *value);
/* out[c * rows + r] = in[r * in_stride + c * width]: a block of rows x cols read by rows, written by columns. */
typedef void mgk_transpose_fn(size_t rows, size_t cols, void *out, const void *in, ptrdiff_t in_stride);
/* memcpy that goes past the caches; any alignment, any size. Other threads may read what was streamed after the thread
 * that streamed has called `streamed`, once for all of it: a fence waits for memory, and a tile must not. */
typedef void mgk_stream_fn(size_t bytes, void *out, const void *in);
typedef void mgk_streamed_fn(void);

typedef struct mgk_moves {
    mgk_gather_fn *gather[4];
    mgk_scatter_fn *scatter[4];
    mgk_fill_fn *fill[4];
    mgk_transpose_fn *transpose[4];
    mgk_stream_fn *stream;
    mgk_streamed_fn *streamed;
} mgk_moves;

typedef struct mgk_converts {
    mgk_convert_fn *to[MG_DTYPE_COUNT][MG_DTYPE_COUNT]; /* [from][to]; all dtypes, [x][x] is a copy; index 0 is NULL */
    mgk_convert_fn *round_f16;                          /* f32 -> f16 -> f32, may be in place */
    mgk_convert_fn *round_bf16;                         /* f32 -> bf16 -> f32, may be in place */
} mgk_converts;

typedef enum mgk_isa { MGK_SCALAR = 0, MGK_AVX2 = 1, MGK_AVX512 = 2, MGK_NEON = 3, MGK_ISA_COUNT = 4 } mgk_isa;

/* Generated, one per ISA built in: map[op][dtype][form]. Rows exist for bool, the integers, f32 and f64 as the op's
 * types say. */
typedef struct mgk_table {
    mgk_isa isa;
    const char *name; /* "scalar", "avx2", "avx512", "neon" */
    mgk_map_fn *const (*map)[MG_DTYPE_COUNT][MGK_FORMS];
    mgk_map_fn *const (*past)[MGK_FLOAT_ROWS][MGK_FORMS]; /* [op][MGK_FLOAT_ROW(dtype)][form]; NULL where none */
    mgk_reduce_fn *const (*reduce)[MG_DTYPE_COUNT];       /* by the op that is the step; NULL where none */
    mgk_blocks_fn *const (*blocks)[MG_DTYPE_COUNT];       /* where there is a reduce kernel */
    mgk_columns_fn *const (*columns)[MG_DTYPE_COUNT];     /* likewise */
    mgk_sums_fn *const (*sums)[MGK_FLOAT_ROWS];           /* by map; NULL where none */
    const mgk_moves *moves;
    const mgk_converts *converts;
} mgk_table;

#endif
