/* SPDX-License-Identifier: MIT
 * Writing in place, functionally (rules A2): the storage gets a new root, readers keep the old one. */
#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/record.h"
#include "autodiff/thread.h"
#include "runtime/dtype.h"
#include "runtime/tile.h"

#include <string.h>

/* ---- the new root ---- */

/* The root's new value: the whole, or the old root with the view's region replaced. Counted; takes over `value`. */
static mga_node *new_root(mg_tensor *t, mga_node *value) {
    if (!t->view) return value;
    mga_node *in[2] = {t->storage->root, value};
    mga_node *node =
        mga_node_new(MGA_OP_UPDATE, (mg_dtype)t->dtype, (mg_dtype)t->dtype, t->storage->root->shape, 2, in);
    mga_node_release(value);
    if (!node) return NULL;
    node->extra = mga_view_make(t->shape->ndim, t->view->offset, t->view->strides);
    if (!node->extra) {
        mga_node_release(node);
        return NULL;
    }
    if (mga_wants_history(2, in)) mga_node_set_history(node);
    return node;
}

static bool is_borrowed(const mga_node *node) { return node->buffer && node->buffer->size_class == MGR_BORROWED; }

/* Readers of borrowed memory get a copy of their own, so that the memory can be written now. */
static mg_status save_for_readers(mga_node *node) {
    size_t bytes = (size_t)node->shape->size * mg_dtype_size((mg_dtype)node->dtype);
    mgr_buffer *copy = mgr_buffer_new(bytes);
    if (!copy) return mgr_error();
    memcpy(copy->data, node->data, bytes);
    mgr_buffer_release(node->buffer);
    node->buffer = copy;
    node->data = copy->data;
    return MG_OK;
}

/* Writes into borrowed memory run at once: evaluate the new root, then move its contents and the memory over. */
static mg_status write_through(mga_node *old, mga_node *root) {
    size_t bytes = (size_t)old->shape->size * mg_dtype_size((mg_dtype)old->dtype);
    MGR_TRY(mga_eval(root));
    mgr_buffer *memory = old->buffer;
    mgr_buffer_retain(memory);
    mg_status status = save_for_readers(old);
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

/* Flags that belong to the tensor, not to the value: a variable stays one, a kept tensor is evaluated when scopes
 * close. */
static mg_status adopt(mg_tensor *t, mga_node *root, bool variable, bool kept) {
    if (!variable) mga_node_clear_history(root);
    if (variable)
        root->flags |= MGA_VARIABLE;
    else
        root->flags &= (uint16_t)~MGA_VARIABLE;
    if (kept) return mga_keep_node(root);
    const mga_thread *thread = mga_thread_peek();
    const mg_tensor *owner = t->storage ? t->storage->base : t;
    bool outer = !owner || !thread || owner->scope != (uint32_t)(thread->n_scopes - 1);
    return outer && !root->data ? mga_want(root) : MG_OK;
}

static mg_status check_writable(const char *op, const mga_node *root) {
    if (!(root->flags & MGA_FROZEN)) return MG_OK;
    return mgr_fail(MG_ERR_READ_ONLY, op, "The tensor is frozen: it cannot be written.");
}

mg_status mga_assign(const char *op, mg_tensor *t, mga_node *value) {
    if (!value) return mgr_error();
    mga_node *old = t->storage ? t->storage->root : t->node;
    if (check_writable(op, old) != MG_OK) {
        mga_node_release(value);
        return mgr_error();
    }
    bool kept = (t->flags & MGA_T_KEPT) || (old->flags & MGA_KEPT),
         variable = t->view ? old->flags & MGA_VARIABLE : t->variable;
    mga_node *root = new_root(t, value);
    if (!root) return mgr_error();
    mg_status status = is_borrowed(old) ? write_through(old, root) : MG_OK;
    if (status == MG_OK) status = adopt(t, root, variable, kept);
    if (status != MG_OK) {
        mga_node_release(root);
        return status;
    }
    mga_handle_drop_grad(t);
    if (t->storage && t->storage->base && t->storage->base != t) mga_handle_drop_grad(t->storage->base);
    root->flags |= MGA_VISIBLE;
    mga_node_unshow(old);
    if (!t->storage) {
        mga_node_release(t->node);
        t->node = root;
        return MG_OK;
    }
    mga_drop_node_grad(t->storage->root);
    mga_node_release(t->storage->root);
    t->storage->root = root;
    t->storage->version++;
    return mga_value(op, t) ? MG_OK : mgr_error();
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
    return fits(op, t, shape) && check_writable(op, t->storage ? t->storage->root : t->node) == MG_OK;
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

static mg_tensor *inplace(const char *name, uint16_t op, mg_tensor *x, mg_tensor *y) {
    mg_tensor *t[2] = {x, y};
    mga_node *nodes[2];
    if (!mga_operands(name, 2, t, nodes)) return NULL;
    return write(name, x, mga_record_map(op, nodes, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO), true);
}

mg_tensor *mg_iadd(mg_tensor *x, mg_tensor *y) { return inplace("iadd", MGK_OP_ADD, x, y); }
mg_tensor *mg_isubtract(mg_tensor *x, mg_tensor *y) { return inplace("isubtract", MGK_OP_SUBTRACT, x, y); }
mg_tensor *mg_imultiply(mg_tensor *x, mg_tensor *y) { return inplace("imultiply", MGK_OP_MULTIPLY, x, y); }
mg_tensor *mg_idivide(mg_tensor *x, mg_tensor *y) { return inplace("idivide", MGK_OP_DIVIDE, x, y); }

mg_tensor *mga_copy_into(const char *op, mg_tensor *t, mga_node *value) { return write(op, t, value, false); }

mg_tensor *mg_copyto(mg_tensor *x, mg_tensor *y) {
    mg_tensor *t[2] = {x, y};
    mga_node *nodes[2];
    if (!mga_operands("copyto", 2, t, nodes)) return NULL;
    mga_node_retain(nodes[1]);
    return write("copyto", x, nodes[1], false);
}

mg_tensor *mg_setitem(mg_tensor *x, mg_key key, mg_tensor *y) {
    mg_tensor *view = mg_getitem(x, key);
    bool ok = view && mg_copyto(view, y);
    mg_release(view);
    return ok && mga_value("setitem", x) ? x : NULL;
}

mg_status mg_sync(mg_tensor *x) {
    mga_node *node = mga_value("sync", x);
    if (!node) return mgr_error();
    mga_node *root = node->op == MGA_OP_VIEW ? node->in[0] : node;
    MGR_TRY(mga_eval(root));
    if (!is_borrowed(root) || atomic_load_explicit(&root->refs, memory_order_relaxed) <= 1) return MG_OK;
    /* Others read this value: they keep a copy, and the tensor goes on over the memory. */
    mgr_buffer *memory = root->buffer;
    mgr_buffer_retain(memory);
    mga_node *leaf = mga_leaf_new((mg_dtype)root->dtype, root->shape, memory);
    if (!leaf) return mgr_error();
    mg_status status = mga_storage_make(x) ? save_for_readers(root) : mgr_error();
    if (status != MG_OK) {
        mga_node_release(leaf);
        return status;
    }
    leaf->flags |= root->flags & (MGA_VARIABLE | MGA_KEPT | MGA_SHARED | MGA_VISIBLE);
    mga_node_release(x->storage->root);
    x->storage->root = leaf;
    x->storage->version++;
    return mga_value("sync", x) ? MG_OK : mgr_error();
}
