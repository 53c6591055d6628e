/* SPDX-License-Identifier: MIT
 * Axes given as a mask, and permuted to the end. */
#include "autodiff/reduce_axes.h"

#include "autodiff/arguments.h"
#include "autodiff/flush.h"
#include "runtime/status.h"

mg_status mga_axis_mask(const char *op, mg_axes axes, int ndim, uint64_t *mask) {
    *mask = ndim == 0 ? 0 : (UINT64_MAX >> (64 - ndim));
    MGR_TRY(mga_read_axes(op, &axes, NULL));
    if (!axes.v) return MG_OK;
    *mask = 0;
    if (ndim == 0 && axes.n == 1 && (axes.v[0] == 0 || axes.v[0] == -1)) return MG_OK;
    for (int i = 0; i < axes.n; i++) {
        int axis = mgr_axis(op, axes.v[i], ndim);
        if (axis < 0) return mgr_error();
        if (*mask & (UINT64_C(1) << axis))
            return mgr_fail(MG_ERR_VALUE, op, "duplicate value in 'axis': %d", axes.v[i]);
        *mask |= UINT64_C(1) << axis;
    }
    return MG_OK;
}

mga_node *mga_reduced_view(mga_node *x, uint64_t axes, int perm[MG_MAX_NDIM], int64_t *outer, int64_t *length) {
    int ndim = x->shape->ndim, n = 0;
    int64_t strides[MG_MAX_NDIM], dims[MG_MAX_NDIM], moved[MG_MAX_NDIM];
    mga_node_strides(x, strides);
    *outer = *length = 1;
    for (int reduced = 0; reduced < 2; reduced++) {
        for (int i = 0; i < ndim; i++) {
            if ((int)(axes >> i & 1) != reduced) continue;
            *(reduced ? length : outer) *= x->shape->dims[i];
            dims[n] = x->shape->dims[i];
            moved[n] = strides[i];
            perm[n++] = i;
        }
    }
    const mgr_shape *shape = mgr_shape_get(ndim, dims);
    mga_node *view = shape ? mga_view_new(x, shape, 0, moved) : NULL;
    if (shape) mgr_shape_release(shape);
    return view;
}

mga_node *mga_reduced_last(mga_node *x, uint64_t axes, int perm[MG_MAX_NDIM], int64_t *outer, int64_t *length) {
    if (mga_eval(x) != MG_OK) return NULL;
    mga_node *view = mga_reduced_view(x, axes, perm, outer, length);
    mga_node *packed = view ? mga_contiguous(view) : NULL;
    mga_node_release(view);
    return packed;
}

mga_node *mga_spread(const mga_node *node, mga_node *g) {
    const mgr_shape *shape = node->in[0]->shape;
    int64_t dims[MG_MAX_NDIM];
    for (int i = 0; i < shape->ndim; i++) dims[i] = node->axes >> i & 1 ? 1 : shape->dims[i];
    const mgr_shape *kept = mgr_shape_get(shape->ndim, dims);
    mga_node *column = kept ? mga_reshape_node(g, kept) : NULL;
    mga_node *wide = column ? mga_broadcast_node(column, shape) : NULL;
    mga_node_release(column);
    if (kept) mgr_shape_release(kept);
    return wide;
}
