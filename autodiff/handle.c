/* SPDX-License-Identifier: MIT
 * Handles: wrapping nodes for the user, finding a tensor's present value, keeping and releasing. */
#include "autodiff/handle.h"

#include "autodiff/flush.h"
#include "autodiff/graph_check.h"
#include "autodiff/thread.h"
#include "runtime/sizes.h"

#include <string.h>

enum { KEPT_SCOPE = UINT32_MAX, GRAD_SCOPE = UINT32_MAX - 1 };

/* ---- lists ---- */

static void link_innermost(mga_thread *thread, mg_tensor *t) {
    t->scope = (uint32_t)(thread->n_scopes - 1);
    mg_tensor **head = &thread->scopes[t->scope].tensors;
    t->prev = NULL;
    t->next = *head;
    if (*head) (*head)->prev = t;
    *head = t;
}

static void unlink_from(mga_thread *thread, mg_tensor *t) {
    if (t->scope == KEPT_SCOPE || t->scope == GRAD_SCOPE) return;
    if (t->next) t->next->prev = t->prev;
    if (t->prev)
        t->prev->next = t->next;
    else
        thread->scopes[t->scope].tensors = t->next;
    t->prev = t->next = NULL;
}

/* ---- making and ending ---- */

static mg_tensor *new_handle(mga_thread *thread, mga_node *node) {
    mg_tensor *t = mgr_block_new(sizeof *t);
    if (!t) return NULL;
    memset(t, 0, sizeof *t);
    t->node = node;
    t->shape = node->shape;
    t->dtype = node->dtype;
    t->variable = node->flags & MGA_VARIABLE;
    thread->live_tensors++;
    return t;
}

mg_tensor *mga_wrap_node(mga_node *node) {
    if (!node) return NULL;
    mga_thread *thread = mga_thread_get();
    mg_tensor *t = thread ? new_handle(thread, node) : NULL;
    if (!t) {
        mga_node_release(node);
        return NULL;
    }
    if (!(node->flags & (MGA_SHARED | MGA_FROZEN))) node->flags |= MGA_VISIBLE;
    link_innermost(thread, t);
    if (thread->n_scopes == 1) mga_root_check(thread);
    if (!node->data && (thread->eager || node->depth >= MGA_DEPTH_CAP) && node->op != MGA_OP_FILL &&
        mga_eval(node) != MG_OK) {
        mg_release(t);
        return NULL;
    }
    return t;
}

/* Views of what no handle shows, as reshape's of its copy: the storage is the source's, so that views of this tensor,
 * which are views of the source, find their gradients there. */
static mg_tensor *wrap_part(mga_node *node) {
    mga_node *source = node->in[0];
    const mga_view *view = node->extra;
    mga_node_retain(source);
    if (!(source->flags & (MGA_SHARED | MGA_FROZEN))) source->flags |= MGA_VISIBLE;
    mg_tensor *t = mga_wrap_view_of(source, node->shape, view->offset, view->strides);
    mga_node_release(node);
    return t;
}

mg_tensor *mga_wrap(mga_node *node) { return node && node->op == MGA_OP_VIEW ? wrap_part(node) : mga_wrap_node(node); }

bool mga_storage_make(mg_tensor *t) {
    if (t->storage) return true;
    mga_storage *storage = mgr_block_new(sizeof *storage);
    if (!storage) return false;
    *storage = (mga_storage){.refs = 1, .root = t->node, .base = t};
    mga_node_retain(t->node);
    t->storage = storage;
    t->version = 0;
    return true;
}

/* The handle of a gradient outlives the gradient's place: it becomes a temporary of the innermost scope. */
void mga_handle_orphan_grad(mg_tensor *t) {
    mg_tensor *grad = t->grad;
    mga_thread *thread = grad ? mga_thread_get() : NULL;
    if (!thread) return;
    t->grad = NULL;
    if (grad->scope == GRAD_SCOPE) link_innermost(thread, grad);
}

void mga_node_unshow(mga_node *node) {
    if (!(node->flags & MGA_FROZEN)) node->flags &= (uint16_t) ~(MGA_VISIBLE | MGA_KEPT);
}

void mga_storage_release(mga_storage *storage) {
    if (!storage || --storage->refs) return;
    mga_node_unshow(storage->root);
    mga_drop_node_grad(storage->root);
    mga_node_release(storage->root);
    mgr_block_free(storage, sizeof *storage);
}

static void destroy(mga_thread *thread, mg_tensor *t) {
    if (t->grad) {
        mg_tensor *grad = t->grad;
        t->grad = NULL;
        if (grad->scope == GRAD_SCOPE) destroy(thread, grad); /* gradients have no gradient handles: depth 1 */
    }
    if (!t->view) mga_node_unshow(t->node);
    if (t->storage && t->storage->base == t) t->storage->base = NULL;
    if (!t->storage)
        mga_drop_node_grad(
            t->node); /* breaks the circle of node, gradient and history; a storage's goes with the storage */
    mga_storage_release(t->storage);
    if (t->view) mgr_block_free(t->view, mga_view_bytes(t->shape->ndim));
    mga_node_release(t->node);
    mgr_block_free(t, sizeof *t);
    thread->live_tensors--;
}

void mga_drop_node_grad(mga_node *node) {
    if (!node->grad) return;
    mga_node *grad = node->grad;
    node->grad = NULL;
    mga_node_release(grad);
}

void mga_handle_drop_grad(mg_tensor *t) {
    mga_handle_orphan_grad(t);
    if (!t->view && t->node->grad) mga_drop_node_grad(t->node);
}

/* A gradient's own handle belongs to the tensor, not to a scope. */
mg_tensor *mga_wrap_grad(mg_tensor *owner, mga_node *grad) {
    mga_thread *thread = mga_thread_get();
    mg_tensor *t = thread ? new_handle(thread, grad) : NULL;
    if (!t) {
        mga_node_release(grad);
        return NULL;
    }
    t->scope = GRAD_SCOPE;
    t->flags = MGA_T_GRAD;
    owner->grad = t;
    return t;
}

/* ---- keeping and releasing ---- */

/* A kept tensor's value: wanted when scopes close, and counted atomically, for several threads may hold it. */
mg_status mga_keep_node(mga_node *node) {
    if (!mga_node_data(node) && mga_want(node) != MG_OK) return mgr_error();
    node->flags |= MGA_KEPT | MGA_SHARED;
    if (node->op == MGA_OP_VIEW) node->in[0]->flags |= MGA_SHARED;
    return MG_OK;
}

mg_tensor *mg_keep(mg_tensor *t) {
    mga_node *node = mga_value("keep", t);
    if (!node) return NULL;
    mga_thread *thread = mga_thread_get();
    if (t->flags & MGA_T_KEPT) return t;
    mga_node *root = t->storage && !t->storage->base ? t->storage->root : node; /* the gradient's place */
    if (!(root->flags & MGA_FROZEN) && mga_keep_node(root) != MG_OK) return NULL;
    if (root != node && mga_keep_node(node) != MG_OK) return NULL;
    unlink_from(thread, t);
    t->flags |= MGA_T_KEPT;
    t->scope = KEPT_SCOPE;
    return t;
}

void mg_release(mg_tensor *t) {
    mga_thread *thread = t ? mga_thread_get() : NULL;
    if (!thread) return;
    if (t->scope == GRAD_SCOPE) return; /* its owner's */
    unlink_from(thread, t);
    destroy(thread, t);
}

void mga_release_scope(mga_thread *thread, size_t scope) {
    while (thread->scopes[scope].tensors) {
        mg_tensor *t = thread->scopes[scope].tensors;
        unlink_from(thread, t);
        destroy(thread, t);
    }
}

mg_status mg_freeze(mg_tensor *t) {
    mga_node *node = mga_value("freeze", t);
    if (!node) return mgr_error();
    if (!(t->flags & MGA_T_KEPT))
        return mgr_fail(MG_ERR_VALUE, "freeze", "Only a kept tensor can be frozen: call mg_keep first.");
    MGR_TRY(mga_eval(node));
    mga_handle_drop_grad(t);
    if (node->op == MGA_OP_VIEW) node->in[0]->flags |= MGA_FROZEN;
    node->flags |= MGA_FROZEN;
    return MG_OK;
}

/* ---- values ---- */

static bool rederive(mg_tensor *t) {
    mga_storage *storage = t->storage;
    mga_node *node = storage->root;
    if (t->view) {
        node = mga_view_new(storage->root, t->shape, t->view->offset, t->view->strides);
        if (!node) return false;
    } else {
        mga_node_retain(node);
    }
    mga_node_release(t->node);
    t->node = node;
    t->version = storage->version;
    return true;
}

mga_node *mga_value(const char *op, mg_tensor *t) {
    if (mgr_error() != MG_OK) return NULL;
    if (!t) {
        mgr_fail(MG_ERR_VALUE, op, "An operand is NULL.");
        return NULL;
    }
    MGR_CHECK(mga_check_handle(t));
    if (t->storage && t->version != t->storage->version && !rederive(t)) return NULL;
    return t->node;
}

bool mga_operands(const char *op, int n, mg_tensor *const *t, mga_node **nodes) {
    for (int i = 0; i < n; i++) {
        nodes[i] = mga_value(op, t[i]);
        if (!nodes[i]) return false;
    }
    for (int i = 0; i < n; i++)
        if (t[i]->grad || nodes[i]->grad) mga_handle_drop_grad(t[i]);
    return true;
}
