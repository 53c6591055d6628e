/* SPDX-License-Identifier: MIT
 * Handles: wrapping nodes for the user, keeping and releasing. */
#include "autodiff/handle.h"

#include "autodiff/flush.h"
#include "autodiff/graph_check.h"
#include "autodiff/history.h"
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
    thread->live_tensors++;
    return t;
}

static inline mg_tensor *wrap_plain(mga_node *node) {
    if (!node) return NULL;
    mga_thread *thread = mga_thread_get();
    mg_tensor *t = thread ? new_handle(thread, node) : NULL;
    if (!t) {
        mga_node_release(node);
        return NULL;
    }
    mga_show(node);
    link_innermost(thread, t);
    if (thread->n_scopes == 1) mga_root_check(thread);
    if (!node->data && (thread->eager || node->depth >= MGA_DEPTH_CAP) && node->op != MGA_OP_FILL &&
        mga_eval(node) != MG_OK) {
        mg_release(t);
        return NULL;
    }
    mga_sweep_if_due(thread);
    return t;
}

mg_tensor *mga_wrap_node(mga_node *node) { return wrap_plain(node); }

mg_tensor *mga_wrap_over(mga_storage *storage, mga_own *own, const mgr_shape *shape, int64_t offset,
                         const int64_t *strides) {
    mga_thread *thread = storage ? mga_thread_get() : NULL;
    mga_view *view = thread ? mga_view_make(shape->ndim, offset, strides) : NULL;
    mga_node *node = view ? mga_view_new(own ? own->node : storage->root, shape, offset, strides) : NULL;
    mg_tensor *t = node ? new_handle(thread, node) : NULL;
    if (!t) {
        mga_node_release(node);
        if (view) mgr_block_free(view, mga_view_bytes(shape->ndim));
        mga_own_release(own);
        mga_storage_release(storage);
        return NULL;
    }
    t->view = view;
    t->own = own;
    t->storage = storage;
    t->version = storage->version;
    link_innermost(thread, t);
    if (thread->n_scopes == 1) mga_root_check(thread);
    if (thread->eager && mga_eval(node) != MG_OK) {
        mg_release(t);
        return NULL;
    }
    mga_sweep_if_due(thread);
    return t;
}

mg_tensor *mga_wrap_view_of(mga_node *root, const mgr_shape *shape, int64_t offset, const int64_t *strides) {
    mga_storage *storage = root ? mga_storage_new(root) : NULL;
    mg_tensor *t = storage ? mga_wrap_over(storage, NULL, shape, offset, strides) : NULL;
    if (t) t->storage->base = t;
    return t;
}

/* Of what no handle shows as yet. */
static MGR_APART mg_tensor *wrap_view(mga_node *node) {
    mga_node *source = node->in[0];
    const mga_view *view = node->extra;
    mga_node_retain(source);
    mg_tensor *t = mga_wrap_view_of(source, node->shape, view->offset, view->strides);
    mga_node_release(node);
    return t;
}

mg_tensor *mga_wrap(mga_node *node) { return node && node->op == MGA_OP_VIEW ? wrap_view(node) : wrap_plain(node); }

/* ---- storages ---- */

mga_storage *mga_storage_new(mga_node *root) {
    mga_storage *storage = mgr_block_new(sizeof *storage);
    if (!storage) {
        mga_node_release(root);
        return NULL;
    }
    *storage = (mga_storage){.refs = 1, .root = root};
    mga_show(root);
    return storage;
}

/* The handle of a gradient goes over to the storage that all handles of it share. */
static bool share_grad(mg_tensor *t) {
    mga_storage *storage = mga_grad_storage(mga_home(t->owner));
    if (!storage) return false;
    mga_unshow(t->node); /* it was shown by the handle itself */
    storage->refs++;
    storage->base = t;
    t->storage = storage;
    t->version = storage->version;
    return true;
}

/* The storage shows the node from now on, instead of the handle. */
bool mga_storage_make(mg_tensor *t) {
    if (t->storage) return true;
    if (t->owner) return share_grad(t);
    mga_storage *storage = mgr_block_new(sizeof *storage);
    if (!storage) return false;
    *storage = (mga_storage){.refs = 1, .root = t->node, .base = t, .replaced = t->flags & MGA_T_REPLACED};
    mga_node_retain(t->node);
    t->storage = storage;
    t->version = 0;
    return true;
}

void mga_storage_release(mga_storage *storage) {
    if (!storage || --storage->refs) return;
    mga_drop_node_grad(storage->root); /* breaks the circle of node, gradient and history */
    mga_unshow(storage->root);
    mga_node_release(storage->root);
    mgr_buffer_release(storage->synced);
    mgr_block_free(storage, sizeof *storage);
}

/* All but its gradient's handle. */
static inline void end_handle(mga_thread *thread, mg_tensor *t) {
    if (mga_is_open(t)) mga_settle_not(t);
    if (t->owner) t->owner->grad = NULL;
    if (t->storage) {
        if (t->storage->base == t) t->storage->base = NULL;
        mga_own_release(t->own);
        mga_storage_release(t->storage);
    } else {
        if (t->node->grad) mga_drop_node_grad(t->node); /* a storage's goes with the storage */
        mga_unshow(t->node);
    }
    if (t->view) mgr_block_free(t->view, mga_view_bytes(t->shape->ndim));
    mga_node_release(t->node);
    t->flags = MGA_T_CLOSED;
    if (thread->debug)
        mga_closed_keep(t);
    else
        mgr_block_free(t, sizeof *t);
    thread->live_tensors--;
}

static void end_grad_handle(mga_thread *thread, mg_tensor *t);

static void destroy(mga_thread *thread, mg_tensor *t) {
    if (t->grad) end_grad_handle(thread, t);
    end_handle(thread, t);
}

/* As deep as somebody asked for gradients of gradients. */
static MGR_APART void end_grad_handle(mga_thread *thread, mg_tensor *t) {
    mg_tensor *grad = t->grad;
    t->grad = NULL;
    grad->owner = NULL;
    if (grad->scope == GRAD_SCOPE) destroy(thread, grad);
}

/* ---- gradients ---- */

/* The handle of a gradient outlives the gradient's place: it becomes a temporary of the innermost scope. */
void mga_handle_orphan_grad(mg_tensor *t) {
    mg_tensor *grad = t->grad;
    mga_thread *thread = grad ? mga_thread_get() : NULL;
    if (!thread) return;
    t->grad = NULL;
    grad->owner = NULL;
    if (grad->scope == GRAD_SCOPE) link_innermost(thread, grad);
}

void mga_drop_node_grad(mga_node *node) {
    mga_node *grad = node->grad;
    mga_storage *storage = node->flags & MGA_GRAD_STORED ? node->grad_storage : NULL;
    if (!grad) return;
    node->grad = NULL;
    node->flags &= (uint16_t) ~(MGA_GRAD_STORED | MGA_GRAD_ASIDE);
    if (storage)
        mga_storage_release(storage);
    else
        mga_node_release(grad);
}

void mga_handle_drop_grad(mg_tensor *t) {
    if (t->grad) mga_handle_orphan_grad(t);
    if (t->own || mga_is_whole(t)) mga_drop_node_grad(mga_home(t));
}

void mga_handle_set_grad_aside(mg_tensor *t) {
    if (t->grad) mga_handle_orphan_grad(t);
    mga_node *home = mga_home(t);
    if ((t->own || mga_is_whole(t)) && mga_shows_grad(home)) home->flags |= MGA_GRAD_ASIDE;
}

mga_storage *mga_grad_storage(mga_node *node) {
    if (node->flags & MGA_GRAD_STORED) return node->grad_storage;
    mga_node *grad = node->grad;
    mga_node_retain(grad);
    mga_storage *storage = mga_storage_new(grad);
    if (!storage) return NULL;
    mga_node_release(grad);
    node->grad_storage = storage;
    node->flags |= MGA_GRAD_STORED;
    return storage;
}

static mg_tensor *grad_handle(mg_tensor *owner, mga_node *node) {
    mga_thread *thread = mga_thread_get();
    mg_tensor *t = thread && node ? new_handle(thread, node) : NULL;
    if (!t) {
        mga_node_release(node);
        return NULL;
    }
    t->scope = GRAD_SCOPE;
    t->flags = MGA_T_GRAD;
    t->owner = owner;
    owner->grad = t;
    return t;
}

/* Of a view, or of a gradient that has views or was written. */
static MGR_APART mg_tensor *shared_grad(mg_tensor *owner) {
    mga_storage *storage = mga_grad_storage(mga_home(owner));
    if (!storage) return NULL;
    const mga_view *of = owner->view;
    mga_view *view = of ? mga_view_make(owner->shape->ndim, of->offset, of->strides) : NULL;
    mga_node *node = NULL;
    if (view)
        node = mga_view_new(storage->root, owner->shape, of->offset, of->strides);
    else if (!of)
        mga_node_retain(node = storage->root);
    mg_tensor *t = grad_handle(owner, node);
    if (!t) {
        if (view) mgr_block_free(view, mga_view_bytes(owner->shape->ndim));
        return NULL;
    }
    t->view = view;
    t->storage = storage;
    t->version = storage->version;
    storage->refs++;
    if (mga_is_whole(owner)) storage->base = t;
    return t;
}

mg_tensor *mga_wrap_grad(mg_tensor *owner) {
    mga_node *home = mga_home(owner);
    if (owner->view || (home->flags & MGA_GRAD_STORED)) return shared_grad(owner);
    mga_node_retain(home->grad);
    mg_tensor *t = grad_handle(owner, home->grad);
    if (t) mga_show(t->node);
    return t;
}

/* ---- keeping and releasing ---- */

bool mga_is_outer(const mg_tensor *t) {
    const mga_thread *thread = mga_thread_peek();
    const mg_tensor *owner = t->storage ? t->storage->base : t;
    return !owner || !thread || owner->scope != (uint32_t)(thread->n_scopes - 1);
}

/* A kept tensor's value: wanted when scopes close, and counted atomically, for several threads may hold it. */
mg_status mga_keep_node(mga_node *node) {
    if (!mga_node_data(node) && mga_want(node) != MG_OK) return mgr_error();
    node->flags |= MGA_KEPT | MGA_SHARED;
    if (node->op == MGA_OP_VIEW) node->in[0]->flags |= MGA_SHARED;
    return MG_OK;
}

/* A view's gradient is a region of its home's, so that is kept along. */
mg_tensor *mg_keep(mg_tensor *t) {
    mga_node *node = mga_value("keep", t);
    if (!node) return NULL;
    mga_thread *thread = mga_thread_get();
    if (t->flags & MGA_T_KEPT) return t;
    mga_node *home = mga_home(t);
    if (!(home->flags & MGA_FROZEN) && mga_keep_node(home) != MG_OK) return NULL;
    if (home != node && mga_keep_node(node) != MG_OK) return NULL;
    unlink_from(thread, t);
    t->flags |= MGA_T_KEPT;
    t->scope = KEPT_SCOPE;
    if (home->flags & MGA_HISTORY) mga_settle_later(t);
    return t;
}

void mg_release(mg_tensor *t) {
    mga_thread *thread = t ? mga_thread_get() : NULL;
    if (!thread) return;
    if (mga_is_closed(t)) {
        mgr_fail(MG_ERR_VALUE, "release", "The tensor was released before, or its scope has closed.");
        return;
    }
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
    mga_node *root = t->storage ? t->storage->root : node; /* whose elements a view with a value of its own shows */
    MGR_TRY(mga_eval(node));
    MGR_TRY(mga_eval(root));
    mga_handle_drop_grad(t);
    mga_settle_not(t);
    root->flags |= MGA_FROZEN;
    if (node->op == MGA_OP_VIEW) node->in[0]->flags |= MGA_FROZEN;
    node->flags |= MGA_FROZEN;
    return MG_OK;
}
