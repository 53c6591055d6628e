/* SPDX-License-Identifier: MIT
 * Permuting reduced axes to the end. */
#include "autodiff/reduce_axes.h"

#include "autodiff/flush.h"

mga_node *mga_reduced_last(mga_node *x, uint64_t axes, int perm[MG_MAX_NDIM], int64_t *outer, int64_t *length) {
    if (mga_eval(x) != MG_OK) return NULL;
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
    mga_node *packed = view ? mga_contiguous(view) : NULL;
    mga_node_release(view);
    if (shape) mgr_shape_release(shape);
    return packed;
}
