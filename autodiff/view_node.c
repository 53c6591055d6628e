/* SPDX-License-Identifier: MIT
 * View nodes: composition, reshaping, broadcasting. Views hold no data; they say where in their source the elements
 * are. */
#include "autodiff/node.h"

#include "autodiff/record.h"

#include <string.h>

char *mga_node_data(const mga_node *node) {
    if (node->op != MGA_OP_VIEW) return node->data;
    const mga_view *view = node->extra;
    return node->in[0]->data ? node->in[0]->data + view->offset : NULL;
}

mga_view *mga_view_make(int ndim, int64_t offset, const int64_t *strides) {
    mga_view *view = mgr_block_new(mga_view_bytes(ndim));
    if (!view) return NULL;
    view->offset = offset;
    memcpy(view->strides, strides, (size_t)ndim * sizeof *strides);
    return view;
}

mga_node *mga_view_new(mga_node *source, const mgr_shape *shape, int64_t offset, const int64_t *strides) {
    if (source->op == MGA_OP_FILL) {
        mga_node *fill = mga_fill_f64((mg_dtype)source->dtype, shape, 0);
        if (!fill) return NULL;
        fill->integer = source->integer; /* the union's bits, whichever member they are */
        fill->weak = source->weak;
        return fill;
    }
    if (source->op == MGA_OP_VIEW) {
        offset += ((const mga_view *)source->extra)->offset;
        source = source->in[0];
    }
    size_t itemsize = mg_dtype_size((mg_dtype)source->dtype);
    if (offset == 0 && shape == source->shape && mgr_strides_are_contiguous(shape, itemsize, strides)) {
        mga_node_retain(source);
        return source;
    }
    mga_node *node = mga_node_new(MGA_OP_VIEW, (mg_dtype)source->dtype, (mg_dtype)source->dtype, shape, 1, &source);
    if (!node) return NULL;
    node->depth = source->depth;
    node->extra = mga_view_make(shape->ndim, offset, strides);
    if (!node->extra) {
        mga_node_release(node);
        return NULL;
    }
    if (mga_wants_history(1, &source))
        mga_node_set_history(node);
    else if ((source->flags & MGA_VARIABLE) && mg_dtype_is_float((mg_dtype)source->dtype))
        node->flags |= MGA_VARIABLE;
    return node;
}

mga_node *mga_reshape_node(mga_node *source, const mgr_shape *shape) {
    if (shape == source->shape) {
        mga_node_retain(source);
        return source;
    }
    int64_t strides[MG_MAX_NDIM], reshaped[MG_MAX_NDIM];
    mga_node_strides(source, strides);
    if (mgr_strides_reshape(source->shape, strides, shape, reshaped)) return mga_view_new(source, shape, 0, reshaped);
    mga_node *copy = mga_record_copy(source);
    if (!copy) return NULL;
    copy->which = MGA_UNSEEN_COPY;
    mgr_strides_contiguous(shape, mg_dtype_size((mg_dtype)source->dtype), reshaped);
    mga_node *node = mga_view_new(copy, shape, 0, reshaped);
    mga_node_release(copy);
    return node;
}

mga_node *mga_broadcast_node(mga_node *source, const mgr_shape *shape) {
    if (shape == source->shape) {
        mga_node_retain(source);
        return source;
    }
    int64_t strides[MG_MAX_NDIM], wide[MG_MAX_NDIM];
    mga_node_strides(source, strides);
    mgr_strides_broadcast(source->shape, strides, shape, wide);
    return mga_view_new(source, shape, 0, wide);
}
