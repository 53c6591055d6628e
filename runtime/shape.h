/* SPDX-License-Identifier: MIT
 * Shapes: interned, so that equality is a pointer compare; broadcasting; strides. No data and no tensors here.
 * Strides are in bytes everywhere below the public face. */
#ifndef MGR_SHAPE_H
#define MGR_SHAPE_H

#include "mygrad/base.h"

/* One per distinct (ndim, dims) in the process. Counted: whoever stores the pointer holds a count. Unused ones stay as
 * a bounded cache. */
typedef struct mgr_shape {
    _Atomic uint32_t refs;
    int32_t ndim;
    uint64_t hash;
    int64_t size;   /* number of elements; 1 for ndim 0 */
    int64_t dims[]; /* ndim of them */
} mgr_shape;

/* The shape with these dims, with a count for the caller; NULL with an error set (negative dim, ndim > MG_MAX_NDIM,
 * size above 2^62 bytes' worth, no memory). A small per-thread cache answers repeated shapes without a lock. */
const mgr_shape *mgr_shape_get(int ndim, const int64_t *dims);
void mgr_shape_retain(const mgr_shape *shape);
void mgr_shape_release(const mgr_shape *shape);
size_t mgr_shape_live(void); /* interned shapes that exist now, for tests and mg_stats */

/* NumPy's broadcast of a and b (retained), or NULL with a value error that names op and both shapes. a == b costs a
 * pointer compare. */
const mgr_shape *mgr_shape_broadcast(const char *op, const mgr_shape *a, const mgr_shape *b);

/* "(2, 3)", "(3,)", "()" into buffer; returns buffer. MGR_SHAPE_TEXT bytes always suffice (long shapes are cut with
 * "..."). */
#define MGR_SHAPE_TEXT 128
const char *mgr_shape_text(const mgr_shape *shape, char *buffer);
const char *mgr_dims_text(int ndim, const int64_t *dims, char *buffer);

/* C-order strides in bytes; axes of length 1 get the stride they would have. */
void mgr_strides_contiguous(const mgr_shape *shape, size_t itemsize, int64_t *strides);
bool mgr_strides_are_contiguous(const mgr_shape *shape, size_t itemsize,
                                const int64_t *strides); /* lengths 0 and 1 are free */

/* Strides that read an array of shape `from` as shape `to` (`from` broadcasts to `to`): 0 on stretched and on added
 * axes. */
void mgr_strides_broadcast(const mgr_shape *from, const int64_t *strides, const mgr_shape *to, int64_t *out);

/* Strides for the same elements in the same C order under new dims, without a copy: true and `out`, or false if
 * impossible. */
bool mgr_strides_reshape(const mgr_shape *from, const int64_t *strides, const mgr_shape *to, int64_t *out);

/* The bytes an array touches relative to its first element: [*low, *high). Both 0 for empty arrays. */
void mgr_strides_extent(const mgr_shape *shape, size_t itemsize, const int64_t *strides, int64_t *low, int64_t *high);

/* Coalesce neighbouring axes that every one of n operands walks as one, and drop axes of length 1; keeps the logical
 * order. dims[ndim] and strides[op][axis] are rewritten in place; returns the new ndim (>= 1 unless ndim was 0; an
 * all-ones space becomes one axis of length 1). `barrier` bit i: never merge axis i - 1 with axis i (as where reduced
 * axes meet kept ones); it is renumbered in place. */
int mgr_coalesce(int ndim, int64_t *dims, int n, int64_t (*strides)[MG_MAX_NDIM], uint64_t *barrier);

/* Axis in [-ndim, ndim) to [0, ndim); index error naming op otherwise, returned as -1. */
int mgr_axis(const char *op, int axis, int ndim);

#endif
