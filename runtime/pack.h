/* SPDX-License-Identifier: MIT
 * Dense copies of batches of matrices, for back ends that take no odd strides or other dtypes. Private to the products.
 */
#ifndef MGR_PACK_H
#define MGR_PACK_H

#include "mygrad/base.h"

/* A batch of matrices as it lies in memory; strides in bytes, 0 on batch axes (and in sources, anywhere) that are
 * broadcast. */
typedef struct mgr_pack_view {
    void *data;
    int64_t row, col;
    int64_t batch[MG_MAX_NDIM];
} mgr_pack_view;

/* Strides of a dense copy of `from` with elements of `item` bytes, rows contiguous or columns; batch axes that are
 * broadcast in `from` stay so and are copied once. Returns the bytes it needs; `dense->data` is left for the caller. */
size_t mgr_pack_plan(mgr_pack_view *dense, const mgr_pack_view *from, int ndim, const int64_t *batch, int64_t rows,
                     int64_t cols, size_t item, bool by_rows);

/* to = (dtype)from; batch axes with stride 0 in `to` are visited once. Parallel over matrices. */
void mgr_pack_copy(int ndim, const int64_t *batch, int64_t rows, int64_t cols, mg_dtype to_dtype,
                   const mgr_pack_view *to, mg_dtype from_dtype, const mgr_pack_view *from);

#endif
