/* SPDX-License-Identifier: MIT
 * Strides in bytes: contiguous, broadcast, reshaped, and the bytes they span. Merging axes is in coalesce.c. */
#include "runtime/shape.h"

void mgr_strides_contiguous(const mgr_shape *shape, size_t itemsize, int64_t *strides) {
    int64_t stride = (int64_t)itemsize;
    for (int i = shape->ndim; i-- > 0;) {
        strides[i] = stride;
        if (shape->dims[i] > 1) stride *= shape->dims[i];
    }
}

bool mgr_strides_are_contiguous(const mgr_shape *shape, size_t itemsize, const int64_t *strides) {
    int64_t stride = (int64_t)itemsize;
    if (shape->size == 0) return true;
    for (int i = shape->ndim; i-- > 0;) {
        if (shape->dims[i] == 1) continue;
        if (strides[i] != stride) return false;
        stride *= shape->dims[i];
    }
    return true;
}

void mgr_strides_broadcast(const mgr_shape *from, const int64_t *strides, const mgr_shape *to, int64_t *out) {
    int added = to->ndim - from->ndim;
    for (int i = 0; i < to->ndim; i++) {
        int axis = i - added;
        bool stretched = axis < 0 || (from->dims[axis] == 1 && to->dims[i] != 1);
        out[i] = stretched ? 0 : strides[axis];
    }
}

/* One group: old axes [from, from_end) and new axes [to, to_end) have equally many elements. The old ones must be
 * walked as one axis. */
static bool reshape_group(const int64_t *dims, const int64_t *strides, int from, int from_end, const int64_t *new_dims,
                          int64_t *out, int to, int to_end) {
    for (int i = from; i + 1 < from_end; i++)
        if (strides[i] != strides[i + 1] * dims[i + 1]) return false;
    int64_t stride = strides[from_end - 1];
    for (int i = to_end; i-- > to;) {
        out[i] = stride;
        stride *= new_dims[i];
    }
    return true;
}

bool mgr_strides_reshape(const mgr_shape *from, const int64_t *strides, const mgr_shape *to, int64_t *out) {
    if (from->size != to->size) return false;
    if (from->size == 0) {
        mgr_strides_contiguous(to, 1, out);
        return true;
    }
    int64_t dims[MG_MAX_NDIM], steps[MG_MAX_NDIM]; /* the old axes that are longer than 1 */
    int n = 0;
    for (int i = 0; i < from->ndim; i++) {
        if (from->dims[i] == 1) continue;
        dims[n] = from->dims[i];
        steps[n++] = strides[i];
    }
    int i = 0, j = 0;
    while (i < n) { /* the shortest groups of axes with equal products */
        int i_end = i + 1, j_end = j + 1;
        int64_t old_product = dims[i], new_product = to->dims[j];
        while (old_product != new_product) {
            if (old_product < new_product)
                old_product *= dims[i_end++];
            else
                new_product *= to->dims[j_end++];
        }
        if (!reshape_group(dims, steps, i, i_end, to->dims, out, j, j_end)) return false;
        i = i_end;
        j = j_end;
    }
    /* Axes of length 1 left over at the end: any stride is right. */
    for (; j < to->ndim; j++) out[j] = n ? steps[n - 1] : 0;
    return true;
}

void mgr_strides_extent(const mgr_shape *shape, size_t itemsize, const int64_t *strides, int64_t *low, int64_t *high) {
    *low = *high = 0;
    if (shape->size == 0) return;
    for (int i = 0; i < shape->ndim; i++) {
        int64_t span = (shape->dims[i] - 1) * strides[i];
        if (span < 0)
            *low += span;
        else
            *high += span;
    }
    *high += (int64_t)itemsize;
}
