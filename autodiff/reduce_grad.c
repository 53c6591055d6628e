/* SPDX-License-Identifier: MIT
 * Gradients of sum, mean, max and min. Those of the first two are recorded views; that of an extremum goes whole to its
 * first occurrence, found anew from the input. */
#include "autodiff/backward.h"
#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/max_pool.h"
#include "autodiff/record.h"
#include "autodiff/reduce_axes.h"
#include "runtime/rows.h"
#include "runtime/status.h"

/* g, whatever became of the reduced axes, stretched over the input of `node`. */
static mga_node *spread(const mga_node *node, mga_node *g) {
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

mg_status mga_sum_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    (void)which;
    *out = spread(node, g);
    return *out ? MG_OK : mgr_error();
}

/* g / count, a count that 16-bit floats may not hold. */
static mga_node *divided(mga_node *g, int64_t count) {
    mg_dtype dtype = (mg_dtype)g->dtype, wide = dtype == MG_F16 || dtype == MG_BF16 ? MG_F32 : dtype;
    mga_node *in[2] = {mga_record_convert(g, wide), NULL};
    if (in[0]) in[1] = mga_fill_f64(wide, g->shape, (double)count);
    mga_node *share = in[1] ? mga_record_map(MGK_OP_DIVIDE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    mga_node *result = share ? mga_record_convert(share, dtype) : NULL;
    mga_node_release(share);
    mga_node_release(in[1]);
    mga_node_release(in[0]);
    return result;
}

mg_status mga_mean_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    (void)which;
    const mgr_shape *shape = node->in[0]->shape;
    int64_t count = 1;
    for (int i = 0; i < shape->ndim; i++) count *= node->axes >> i & 1 ? shape->dims[i] : 1;
    mga_node *share = divided(g, count);
    *out = share ? spread(node, share) : NULL;
    mga_node_release(share);
    return *out ? MG_OK : mgr_error();
}

/* Undo mga_reduced_last: a view of `rows` (in the permuted shape) with axes where x has them. */
static mga_node *axes_back(mga_node *rows, const mgr_shape *shape, const int *perm) {
    int64_t strides[MG_MAX_NDIM], step = (int64_t)mg_dtype_size((mg_dtype)rows->dtype);
    for (int i = shape->ndim - 1; i >= 0; i--) {
        strides[perm[i]] = step;
        step *= rows->shape->dims[i];
    }
    return mga_view_new(rows, shape, 0, strides);
}

mg_status mga_extremum_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    (void)which;
    mga_node *x = node->in[0], *dx = NULL;
    int perm[MG_MAX_NDIM];
    int64_t outer, length;
    *out = NULL;
    mga_node *rows = mga_reduced_last(x, node->axes, perm, &outer, &length);
    if (!rows) return mgr_error();
    mgr_buffer *where = mgr_buffer_new((size_t)outer * sizeof(int64_t));
    mg_status status = where ? MG_OK : mgr_error();
    if (where && outer > 0) {
        status =
            mgr_argextremum((mg_dtype)x->dtype, node->op == MGK_OP_MAX, outer, length, mga_data(rows), where->data);
    }
    if (status == MG_OK) dx = mga_scatter_rows(g, rows->shape, outer, length, where);
    if (dx) *out = axes_back(dx, x->shape, perm);
    mga_node_release(dx);
    mgr_buffer_release(where);
    mga_node_release(rows);
    return *out ? MG_OK : mgr_error();
}
