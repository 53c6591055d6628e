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
    const mga_node *root = t->storage ? t->storage->root : t->node;
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

/* Writes into borrowed memory run at once: evaluate the new root, then move its contents and the memory over. */
static mg_status write_through(mga_node *old, mga_node *root) {
    size_t bytes = (size_t)old->shape->size * mg_dtype_size((mg_dtype)old->dtype);
    MGR_TRY(mga_eval(root));
    mgr_buffer *memory = old->buffer;
    mgr_buffer_retain(memory);
    mg_status status = mga_save_for_readers(old);
    if (status == MG_OK) {
        memcpy(memory->data, root->data, bytes);
        mgr_buffer_release(root->buffer);
        root->buffer = memory;
        root->data = memory->data;
    } else {
        mgr_buffer_release(memory);
    }
    return status;
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

/* The storage's new root. A constant takes no history of what is written into it, and neither does a variable through a
 * constant view of it. Counted; takes over the count of value. */
static mga_node *new_root(mg_tensor *t, mga_node *value) {
    mga_node *old = t->storage ? t->storage->root : t->node;
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
    mg_status status = mga_is_borrowed(old) ? write_through(old, root) : MG_OK;
    if (status == MG_OK) status = adopt(t, root, is_kept(t, old));
    if (status == MG_OK) return root;
    mga_node_release(root);
    return NULL;
}

/* The same for what a view with a value of its own goes on with. */
static mga_node *new_own(mg_tensor *t, mga_node *value) {
    const bool variable = mga_is_variable(t);
    mga_node *node = updated(t->own->node, t, value);
    if (!node) return NULL;
    set_variable(node, variable);
    if (adopt(t, node, is_kept(t, t->own->node)) == MG_OK) return node;
    mga_node_release(node);
    return NULL;
}

static void note_replaced(mg_tensor *t) {
    const mga_node *home = mga_home(t);
    if (!home->grad && atomic_load_explicit(&home->history, memory_order_relaxed) == 0) return;
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

mg_status mga_assign(const char *op, mg_tensor *t, mga_node *value) {
    if (!value) return mgr_error();
    if (!mga_can_write(op, t)) {
        mga_node_release(value);
        return mgr_error();
    }
    mga_node *own = NULL;
    if ((t->owner && !mga_storage_make(t)) || (t->own && !(own = new_own(t, value)))) {
        mga_node_release(value);
        return mgr_error();
    }
    mga_node *root = new_root(t, value);
    if (!root) {
        mga_node_release(own);
        return mgr_error();
    }
    mga_drop_written_grads(t);
    mga_set_root(t, root);
    if (own) mga_set_own(t, own);
    mga_node *home = mga_home(t);
    mga_settle_branches(home);
    if ((home->flags & MGA_HISTORY) && (is_kept(t, home) || mga_is_outer(t))) mga_settle_later(t);
    mga_try_value(op, t);
    return MG_OK;
}

/* ---- several writes of which all happen or none ---- */

static mga_node *root_of(const mg_tensor *t) { return t->storage ? t->storage->root : t->node; }

mg_status mga_set_memory_aside(const char *op, mg_tensor *t, mgr_buffer **memory) {
    mga_node *root = root_of(t);
    *memory = NULL;
    if (!mga_can_write(op, t)) return mgr_error();
    if (!mga_is_borrowed(root)) return MG_OK;
    mgr_buffer *borrowed = root->buffer;
    mgr_buffer_retain(borrowed);
    if (mga_save_for_readers(root) == MG_OK)
        *memory = borrowed;
    else
        mgr_buffer_release(borrowed);
    return mgr_error();
}

static void move_into(mga_node *node, mgr_buffer *memory) {
    mgr_buffer_release(node->buffer);
    node->buffer = memory;
    node->data = memory->data;
}

void mga_put_memory_back(mg_tensor *t, mgr_buffer *memory) {
    if (memory) move_into(root_of(t), memory);
}

void mga_fill_memory(mga_node *value, mgr_buffer *memory) {
    if (!memory) return;
    memcpy(memory->data, value->data, (size_t)value->shape->size * mg_dtype_size((mg_dtype)value->dtype));
    move_into(value, memory);
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
    return mga_assign(op, x, value) == MG_OK ? x : NULL;
}

/* Using y drops its gradient, as any use does; writing x drops that of x, if it comes to that. */
static mg_tensor *written(mg_tensor *x, mg_tensor *y) {
    if (x && y != x) mga_handle_drop_grad(y);
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

mg_tensor *mga_copy_into(const char *op, mg_tensor *t, mga_node *value) { return write(op, t, value, false); }

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

mg_tensor *mg_copyto(mg_tensor *x, mg_tensor *y) {
    mga_node *target = mga_value("copyto", x), *value = target ? mga_value("copyto", y) : NULL;
    if (!value) return NULL;
    return written(write("copyto", x, without_leading(value, x->shape->ndim), false), y);
}

mg_tensor *mg_setitem(mg_tensor *x, mg_key key, mg_tensor *y) {
    mg_tensor *view = mg_getitem(x, key);
    bool ok = view && mg_copyto(view, y);
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
    mga_node *root = x->storage ? x->storage->root : node;
    MGR_TRY(mga_eval(root));
    if (!mga_is_borrowed(root)) return MG_OK;
    if (root->flags & MGA_FROZEN)
        return mgr_fail(MG_ERR_READ_ONLY, "sync", "The tensor is frozen: its memory must stay as it is.");
    const uint32_t own = x->storage && node == root ? 2 : 1;
    const bool is_read = root->op != MGA_OP_LEAF || atomic_load_explicit(&root->refs, memory_order_relaxed) > own;
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
