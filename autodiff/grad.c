/* SPDX-License-Identifier: MIT
 * Gradients as the user sees them: asking, dropping, detaching, constancy. */
#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/record.h"
#include "autodiff/thread.h"

/* The gradient node of t, counted, or NULL without an error: a view's is that region of its base's. */
static mga_node *grad_node(mg_tensor *t) {
    if (t->storage && t->version != t->storage->version) return NULL;
    mga_node *whole = t->storage ? t->storage->root->grad : t->node->grad;
    if (!whole) return NULL;
    if (!t->view) {
        mga_node_retain(whole);
        return whole;
    }
    mga_node *view = mga_view_new(whole, t->shape, t->view->offset, t->view->strides);
    mga_node *copy = view ? mga_record_copy(view) : NULL; /* gradients are contiguous, whatever the view */
    mga_node_release(view);
    return copy;
}

mg_tensor *mg_grad(mg_tensor *t) {
    if (mgr_error() != MG_OK || !t) return NULL;
    if (!t->variable) return NULL;
    const mga_node *whole = t->storage ? t->storage->root->grad : t->node->grad;
    uint64_t seq = whole ? whole->seq : 0;
    bool current = !t->storage || t->version == t->storage->version;
    if (t->grad && current && whole && t->grad_of == whole->seq) return t->grad;
    mg_no_autodiff(true);
    mga_node *g = grad_node(t);
    mg_no_autodiff(false);
    if (!g) return NULL;
    mga_handle_orphan_grad(t);
    mg_tensor *handle = mga_wrap_grad(t, g);
    if (handle) {
        handle->variable = false;
        t->grad_of = seq;
    }
    return handle;
}

mg_grad_state mg_grad_status(const mg_tensor *t) {
    if (!t || !t->variable) return MG_GRAD_CONSTANT;
    const mga_node *node = t->storage ? t->storage->root : t->node;
    if (t->storage && t->version != t->storage->version) return MG_GRAD_NONE;
    if (node->grad) return MG_GRAD_READY;
    return node->flags & MGA_CONSUMED ? MG_GRAD_RELEASED : MG_GRAD_NONE;
}

void mg_null_grad(mg_tensor *t) {
    if (t) mga_handle_drop_grad(t);
}

mg_tensor *mg_detach(mg_tensor *x) {
    mga_node *node = mga_value("detach", x);
    if (!node) return NULL;
    if (mga_eval(node) != MG_OK) return NULL;
    int64_t strides[MG_MAX_NDIM];
    mga_node_strides(node, strides);
    mga_node *source = node->op == MGA_OP_VIEW ? node->in[0] : node;
    mga_node *same = mga_node_new(MGA_OP_LEAF, (mg_dtype)node->dtype, (mg_dtype)node->dtype, source->shape, 0, NULL);
    if (!same) return NULL;
    same->buffer = source->buffer;
    same->data = source->data;
    mgr_buffer_retain(source->buffer);
    const mga_view *view = node->op == MGA_OP_VIEW ? node->extra : NULL;
    mg_tensor *t = view ? mga_wrap_view_of(same, node->shape, view->offset, strides) : mga_wrap(same);
    if (t) t->variable = false;
    return t;
}

mg_tensor *mg_set_constant(mg_tensor *x, bool constant) {
    mga_node *node = mga_value("set_constant", x);
    if (!node) return NULL;
    if (!constant && !mg_dtype_is_float((mg_dtype)x->dtype)) {
        mgr_fail(MG_ERR_TYPE, "set_constant",
                 "Integer-valued tensors must be treated as constants, and this one is %s.",
                 mg_dtype_name((mg_dtype)x->dtype));
        return NULL;
    }
    mga_handle_drop_grad(x);
    if (constant && (node->flags & MGA_HISTORY) && !x->storage) { /* from now on a leaf */
        if (mga_eval(node) != MG_OK) return NULL;
        mga_node *leaf = mga_node_new(MGA_OP_LEAF, (mg_dtype)node->dtype, (mg_dtype)node->dtype, node->shape, 0, NULL);
        if (!leaf) return NULL;
        mgr_buffer_retain(node->buffer);
        leaf->buffer = node->buffer;
        leaf->data = node->data;
        mga_node_release(node);
        x->node = node = leaf;
    }
    x->variable = !constant;
    if (constant) mga_node_clear_history(node);
    if (constant)
        node->flags &= (uint16_t)~MGA_VARIABLE;
    else
        node->flags |= MGA_VARIABLE;
    return x;
}
