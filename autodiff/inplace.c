/* SPDX-License-Identifier: MIT
 * Writing in place, functionally (rules A2): the storage gets a new root, readers keep the old one. */
#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/history.h"
#include "autodiff/record.h"
#include "autodiff/thread.h"
#include "runtime/dtype.h"
#include "runtime/tile.h"

#include <string.h>

/* ---- may it be written ---- */

/* Two indices that are one element: an axis longer than 1 along which nothing moves. Views are cut from contiguous
 * arrays, so there is no other way. */
static bool repeats(const mg_tensor *t) {
    if (!t->view || t->shape->size == 0) return false;
    for (int i = 0; i < t->shape->ndim; i++)
        if (t->shape->dims[i] > 1 && t->view->strides[i] == 0) return true;
    return false;
}

bool mga_can_write(const char *op, const mg_tensor *t) {
    const mga_node *root = mga_root(t);
    char text[MGR_SHAPE_TEXT];
    if (root->flags & MGA_FROZEN)
        mgr_fail(MG_ERR_READ_ONLY, op, "The tensor is frozen: it cannot be written.");
    else if (repeats(t))
        mgr_fail(MG_ERR_READ_ONLY, op,
                 "The view of shape %s shows some elements several times (it was broadcast): it cannot be written.",
                 mgr_shape_text(t->shape, text));
    else
        return true;
    return false;
}

/* ---- the new root ---- */

/* root's new value once t's elements are `value`: the whole, or root with the view's region replaced. Counted; NULL
 * with an error set. */
static mga_node *updated(mga_node *root, const mg_tensor *t, mga_node *value) {
    if (!t->view) {
        mga_node_retain(value);
        return value;
    }
    mga_node *in[2] = {root, value};
    mga_node *node = mga_node_new(MGA_OP_UPDATE, (mg_dtype)t->dtype, (mg_dtype)t->dtype, root->shape, 2, in);
    if (!node) return NULL;
    node->extra = mga_view_make(t->shape->ndim, t->view->offset, t->view->strides);
    if (!node->extra) {
        mga_node_release(node);
        return NULL;
    }
    if (mga_wants_history(2, in)) mga_node_set_history(node);
    return node;
}

static void set_variable(mga_node *root, bool variable) {
    if (!variable) mga_node_clear_history(root);
    if (variable)
        root->flags |= MGA_VARIABLE;
    else
        root->flags &= (uint16_t)~MGA_VARIABLE;
}

/* What belongs to the tensor, not to the value: a kept or outer tensor's is evaluated when scopes close, and what is
 * then left of its history is settled. */
static mg_status adopt(mg_tensor *t, mga_node *root, bool kept) {
    if (kept) return mga_keep_node(root);
    return mga_is_outer(t) && !root->data ? mga_want(root) : MG_OK;
}

static bool is_kept(const mg_tensor *t, const mga_node *old) {
    return (t->flags & MGA_T_KEPT) || (old->flags & MGA_KEPT);
}

/* What goes to borrowed memory is computed now, into memory that is the node's alone. */
static mg_status compute(mga_node *node) {
    MGR_TRY(mga_eval(node));
    const bool shared = atomic_load_explicit(&node->buffer->refs, memory_order_acquire) > 1;
    return shared || mga_is_borrowed(node) ? mga_save_for_readers(node) : MG_OK;
}

/* What the storage goes on with instead of old. A constant takes no history of what is written into it, and neither
 * does a variable through a constant view of it. Counted; takes over the count of value. */
static mga_node *new_root(mg_tensor *t, mga_node *old, mga_node *value) {
    const bool variable = old->flags & MGA_VARIABLE;
    if (t->own && variable && !mga_is_variable(t)) {
        mga_node *constant = mga_constant_copy(value);
        mga_node_release(value);
        value = constant;
    }
    mga_node *root = value ? updated(old, t, value) : NULL;
    mga_node_release(value);
    if (!root) return NULL;
    set_variable(root, variable);
    mg_status status = mga_is_borrowed(mga_root(t)) ? compute(root) : MG_OK;
    if (status == MG_OK) status = adopt(t, root, is_kept(t, old));
    if (status == MG_OK) return root;
    mga_node_release(root);
    return NULL;
}

/* The same for what a view with a value of its own goes on with. */
static mga_node *new_own(mg_tensor *t, mga_node *old, mga_node *value) {
    const bool variable = mga_is_variable(t);
    mga_node *node = updated(old, t, value);
    if (!node) return NULL;
    set_variable(node, variable);
    if (adopt(t, node, is_kept(t, old)) == MG_OK) return node;
    mga_node_release(node);
    return NULL;
}

/* Will t's storage be written before that? Then what it goes on with then, else NULL. */
static mga_node *root_before(const mg_tensor *t, const mga_write *before) {
    return before && t->storage && t->storage == before->t->storage ? before->root : NULL;
}

/* What t's own value is when it is written; counted. */
static mga_node *own_before(mg_tensor *t, const mga_write *before) {
    mga_node *root = root_before(t, before);
    if (root && before->t->own != t->own) return mga_leaf_beside(root, mga_is_variable(t));
    mga_node *own = root ? before->own : t->own->node;
    mga_node_retain(own);
    return own;
}

static void note_replaced(mg_tensor *t) {
    const mga_node *home = mga_home(t);
    if (!mga_shows_grad(home) && atomic_load_explicit(&home->history, memory_order_relaxed) == 0) return;
    if (t->storage)
        t->storage->replaced = true;
    else
        t->flags |= MGA_T_REPLACED;
}

void mga_drop_written_grads(mg_tensor *t) {
    note_replaced(t);
    mga_handle_drop_grad(t);
    if (!t->storage) return;
    if (t->storage->base && t->storage->base != t) mga_handle_drop_grad(t->storage->base);
    mga_drop_node_grad(t->storage->root);
}

/* ---- one write, or several of which all happen or none ---- */

mga_node *mga_value_before(const char *op, mg_tensor *t, const mga_write *before) {
    mga_node *root = root_before(t, before), *node = root ? root : mga_value(op, t);
    if (root && t->view) return mga_view_new(root, t->shape, t->view->offset, t->view->strides);
    if (node) mga_node_retain(node);
    return node;
}

mg_status mga_write_begin(const char *op, mg_tensor *t, mga_node *value, const mga_write *before, mga_write *w) {
    *w = (mga_write){.t = t};
    if (!value) return mgr_error();
    bool ok = mga_can_write(op, t) && (!t->owner || mga_storage_make(t));
    if (ok && t->own) {
        mga_node *own = own_before(t, before);
        w->own = own ? new_own(t, own, value) : NULL;
        mga_node_release(own);
        ok = w->own;
    }
    mga_node *root = root_before(t, before);
    if (ok)
        w->root = new_root(t, root ? root : mga_root(t), value);
    else
        mga_node_release(value);
    if (w->root) return MG_OK;
    mga_write_cancel(w);
    return mgr_error();
}

void mga_write_cancel(mga_write *w) {
    mga_node_release(w->root);
    mga_node_release(w->own);
    w->root = w->own = NULL;
}

static void exchange_bytes(char *a, char *b, size_t bytes) {
    char part[512];
    for (size_t at = 0, n; at < bytes; at += n) {
        n = bytes - at < sizeof part ? bytes - at : sizeof part;
        memcpy(part, a + at, n);
        memcpy(a + at, b + at, n);
        memcpy(b + at, part, n);
    }
}

/* Borrowed memory goes over from old to root, and shows what root was computed to be; who still reads old finds its
 * elements where that was computed. Takes over a count of old. */
static void move_memory(const mg_tensor *t, mga_node *old, mga_node *root) {
    const size_t bytes = (size_t)old->shape->size * mg_dtype_size((mg_dtype)old->dtype);
    const bool is_read = atomic_load_explicit(&old->refs, memory_order_acquire) > 1 + mga_handle_counts(t, old);
    if (bytes && is_read) exchange_bytes(old->data, root->data, bytes);
    if (bytes && !is_read) memcpy(old->data, root->data, bytes);
    mga_exchange_buffers(old, root);
    mga_node_release(old);
}

void mga_write_end(const char *op, mga_write *w) {
    mg_tensor *t = w->t, *base = t->storage ? t->storage->base : NULL;
    mg_tensor *who = base && !t->own && (base->flags & MGA_T_KEPT) ? base : t; /* whose history goes on */
    mga_node *old = mga_root(t), *root = w->root;
    mga_settle_not(who);
    const bool borrowed = mga_is_borrowed(old);
    if (borrowed) mga_node_retain(old);
    mga_drop_written_grads(t);
    mga_set_root(t, root);
    if (w->own) mga_set_own(t, w->own);
    w->root = w->own = NULL;
    mga_node *home = mga_home(t);
    mga_settle_branches(home);
    if (borrowed) move_memory(t, old, root);
    if ((home->flags & MGA_HISTORY) && (is_kept(t, home) || mga_is_outer(t))) mga_settle_later(who);
    mga_try_value(op, t);
    mga_sweep_if_due(mga_thread_get());
}

static mg_status assign(const char *op, mg_tensor *t, mga_node *value) {
    mga_write w;
    MGR_TRY(mga_write_begin(op, t, value, NULL, &w));
    mga_write_end(op, &w);
    return MG_OK;
}

/* ---- the public operations ---- */

/* Broadcasts a value of this shape to t's? */
static bool fits(const char *op, const mg_tensor *t, const mgr_shape *shape) {
    char a[MGR_SHAPE_TEXT], b[MGR_SHAPE_TEXT];
    const mgr_shape *both = mgr_shape_broadcast(op, t->shape, shape);
    const bool fitting = both == t->shape;
    if (both && !fitting)
        mgr_fail(MG_ERR_VALUE, op, "A value of shape %s does not fit into a tensor of shape %s.",
                 mgr_shape_text(shape, a), mgr_shape_text(t->shape, b));
    if (both) mgr_shape_release(both);
    return fitting;
}

bool mga_can_copy_into(const char *op, const mg_tensor *t, const mgr_shape *shape) {
    return fits(op, t, shape) && mga_can_write(op, t);
}

/* value as t's dtype and shape, by same_kind or unsafe casting. Takes over value; counted result. */
static mga_node *fitted(const char *op, const mg_tensor *t, mga_node *value, bool same_kind) {
    if (!value) return NULL;
    mga_node *result = NULL;
    const bool fitting = fits(op, t, value->shape);
    if (fitting && same_kind && !mgr_can_cast_same_kind((mg_dtype)value->dtype, (mg_dtype)t->dtype))
        mgr_fail(MG_ERR_TYPE, op, "Cannot write a %s result into a %s tensor: no same_kind cast.",
                 mg_dtype_name((mg_dtype)value->dtype), mg_dtype_name((mg_dtype)t->dtype));
    else if (fitting)
        result = mga_record_convert(value, (mg_dtype)t->dtype);
    mga_node_release(value);
    if (!result) return NULL;
    mga_node *wide = mga_broadcast_node(result, t->shape);
    mga_node_release(result);
    return wide;
}

/* A root must own contiguous data: views, fills and values that others hold are copied by a recorded op. */
static mga_node *owned(mga_node *value, bool whole) {
    if (!value || !whole) return value;
    bool lent = atomic_load_explicit(&value->refs, memory_order_relaxed) > 1 || (value->flags & MGA_FROZEN);
    if (!lent && value->op != MGA_OP_VIEW && value->op != MGA_OP_FILL) return value;
    mga_node *copy = mga_record_copy(value);
    mga_node_release(value);
    return copy;
}

static mg_tensor *write(const char *op, mg_tensor *x, mga_node *value, bool same_kind) {
    value = owned(fitted(op, x, value, same_kind), !x->view);
    return assign(op, x, value) == MG_OK ? x : NULL;
}

/* Using y drops its gradient, as any use does; writing x drops that of x, if it comes to that. */
static mg_tensor *written(mg_tensor *x, mg_tensor *y) {
    if (x && y != x) mga_handle_set_grad_aside(y);
    return x;
}

static mg_tensor *inplace(const char *name, uint16_t op, mg_tensor *x, mg_tensor *y) {
    mga_node *nodes[2] = {mga_value(name, x), mga_value(name, y)};
    if (!nodes[0] || !nodes[1]) return NULL;
    mga_node *value = mga_record_map(op, nodes, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
    return written(write(name, x, value, true), y);
}

mg_tensor *mg_iadd(mg_tensor *x, mg_tensor *y) { return inplace("iadd", MGK_OP_ADD, x, y); }
mg_tensor *mg_isubtract(mg_tensor *x, mg_tensor *y) { return inplace("isubtract", MGK_OP_SUBTRACT, x, y); }
mg_tensor *mg_imultiply(mg_tensor *x, mg_tensor *y) { return inplace("imultiply", MGK_OP_MULTIPLY, x, y); }
mg_tensor *mg_idivide(mg_tensor *x, mg_tensor *y) { return inplace("idivide", MGK_OP_DIVIDE, x, y); }

mg_status mga_copy_begin(const char *op, mg_tensor *t, mga_node *value, const mga_write *before, mga_write *w) {
    return mga_write_begin(op, t, owned(fitted(op, t, value, false), !t->view), before, w);
}

/* The value without those leading axes of length 1 that a tensor of ndim axes does not have, which an assignment
 * allows. Counted; NULL with an error set. */
static mga_node *without_leading(mga_node *value, int ndim) {
    const mgr_shape *from = value->shape;
    int extra = 0;
    while (from->ndim - extra > ndim && from->dims[extra] == 1) extra++;
    const mgr_shape *shape = mgr_shape_get(from->ndim - extra, from->dims + extra);
    mga_node *node = shape ? mga_reshape_node(value, shape) : NULL;
    if (shape) mgr_shape_release(shape);
    return node;
}

static mg_tensor *copied(const char *op, mg_tensor *x, mg_tensor *y) {
    mga_node *target = mga_value(op, x), *value = target ? mga_value(op, y) : NULL;
    if (!value) return NULL;
    return written(write(op, x, without_leading(value, x->shape->ndim), false), y);
}

mg_tensor *mg_copyto(mg_tensor *x, mg_tensor *y) { return copied("copyto", x, y); }

mg_tensor *mg_setitem(mg_tensor *x, mg_key key, mg_tensor *y) {
    mg_tensor *view = mga_view_at("setitem", x, key);
    bool ok = view && copied("setitem", view, y);
    mg_release(view);
    if (ok) mga_try_value("setitem", x);
    return ok ? x : NULL;
}

static bool is_tensor_synced(const mg_tensor *x) { return x && !mga_is_closed(x) && x->storage && x->storage->synced; }

/* Who reads the old value has it from now on as a copy; the memory is x's value again when x is next used. */
mg_status mg_sync(mg_tensor *x) {
    if (is_tensor_synced(x)) return mgr_error();
    mga_node *node = mga_value("sync", x);
    if (!node) return mgr_error();
    mga_node *root = mga_root(x);
    MGR_TRY(mga_eval(root));
    if (!mga_is_borrowed(root)) return MG_OK;
    if (root->flags & MGA_FROZEN)
        return mgr_fail(MG_ERR_READ_ONLY, "sync", "The tensor is frozen: its memory must stay as it is.");
    const bool is_read = root->op != MGA_OP_LEAF || mga_is_read(x);
    const bool has_views = x->storage && (x->storage->refs > 1 || x->own);
    if (!is_read && !root->grad && !has_views) {
        root->flags &= (uint16_t)~MGA_WAS_CONSUMED; /* what comes from outside was recorded by nobody */
        return MG_OK;
    }
    if (!mga_storage_make(x)) return mgr_error();
    mgr_buffer *memory = root->buffer;
    mgr_buffer_retain(memory);
    if (!is_read || mga_save_for_readers(root) == MG_OK)
        x->storage->synced = memory;
    else
        mgr_buffer_release(memory);
    return mgr_error();
}
