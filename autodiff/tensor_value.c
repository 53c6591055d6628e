/* SPDX-License-Identifier: MIT
 * Finding a tensor's present value: views that were written behind their back, borrowed memory that was synced, values
 * whose history was consumed, and views that have a history of their own. */
#include "autodiff/flush.h"
#include "autodiff/graph_check.h"
#include "autodiff/handle.h"
#include "autodiff/history.h"
#include "autodiff/thread.h"

#include <string.h>

/* ---- leaves over memory that is there ---- */

mg_status mga_save_for_readers(mga_node *node) {
    size_t bytes = (size_t)node->shape->size * mg_dtype_size((mg_dtype)node->dtype);
    mgr_buffer *copy = mgr_buffer_new(bytes);
    if (!copy) return mgr_error();
    memcpy(copy->data, node->data, bytes);
    mgr_buffer_release(node->buffer);
    node->buffer = copy;
    node->data = copy->data;
    return MG_OK;
}

void mga_exchange_buffers(mga_node *a, mga_node *b) {
    mgr_buffer *buffer = a->buffer;
    char *data = a->data;
    a->buffer = b->buffer;
    a->data = b->data;
    b->buffer = buffer;
    b->data = data;
}

static uint32_t counts_of(const mg_tensor *t, const mga_node *node) {
    if (t->node == node) return 1;
    const bool viewed = t->node->op == MGA_OP_VIEW && t->node->in[0] == node;
    return viewed && atomic_load_explicit(&t->node->refs, memory_order_acquire) == 1;
}

uint32_t mga_handle_counts(const mg_tensor *t, const mga_node *node) {
    const mg_tensor *base = t->storage ? t->storage->base : NULL;
    return counts_of(t, node) + (base && base != t ? counts_of(base, node) : 0);
}

bool mga_is_read(const mg_tensor *t) {
    const mga_node *root = mga_root(t);
    const uint32_t own = (t->storage ? 1u : 0u) + mga_handle_counts(t, root);
    return atomic_load_explicit(&root->refs, memory_order_acquire) > own;
}

static mga_node *leaf_of(const mga_node *node, mgr_buffer *buffer, bool variable) {
    mga_node *leaf = mga_leaf_new((mg_dtype)node->dtype, node->shape, buffer);
    if (!leaf) return NULL;
    leaf->weak = node->weak;
    if (variable) leaf->flags |= MGA_VARIABLE;
    return leaf;
}

mga_node *mga_leaf_over(mga_node *node, bool variable) {
    if (mga_eval(node) != MG_OK) return NULL;
    mgr_buffer *memory = node->buffer;
    mgr_buffer_retain(memory);
    mga_node *leaf = leaf_of(node, memory, variable);
    if (!leaf || !mga_is_borrowed(node) || mga_save_for_readers(node) == MG_OK) return leaf;
    mga_node_release(leaf);
    return NULL;
}

mga_node *mga_leaf_beside(mga_node *node, bool variable) {
    if (mga_eval(node) != MG_OK) return NULL;
    mgr_buffer *memory = node->buffer;
    if (!mga_is_borrowed(node)) {
        mgr_buffer_retain(memory);
        return leaf_of(node, memory, variable);
    }
    mgr_buffer *copy = mgr_buffer_new(memory->bytes);
    if (copy) memcpy(copy->data, memory->data, memory->bytes);
    return copy ? leaf_of(node, copy, variable) : NULL;
}

/* ---- values of their own ---- */

void mga_own_release(mga_own *own) {
    if (!own || --own->refs) return;
    mga_unshow(own->node);
    mga_node_release(own->node);
    mgr_block_free(own, sizeof *own);
}

/* own's node becomes `leaf`, whose count is taken over. */
static void set_own(mga_own *own, mga_node *leaf, uint32_t version) {
    leaf->flags |= own->node->flags & (MGA_KEPT | MGA_SHARED);
    mga_show(leaf);
    mga_unshow(own->node);
    mga_node_release(own->node);
    own->node = leaf;
    own->version = version;
}

void mga_set_own(mg_tensor *t, mga_node *node) { set_own(t->own, node, t->storage->written); }

/* Was t made before the history of what it shows was consumed, and not written since? */
static void note_consumed(mg_tensor *t, const mga_node *source) {
    const mga_node *before = t->node->op == MGA_OP_VIEW ? t->node->in[0] : t->node;
    if (!(source->flags & MGA_WAS_CONSUMED))
        t->flags &= (uint8_t)~MGA_T_CONSUMED;
    else if (before->flags & MGA_CONSUMED)
        t->flags |= MGA_T_CONSUMED;
}

static bool rederive(mg_tensor *t) {
    mga_storage *storage = t->storage;
    mga_node *node = t->own ? t->own->node : storage->root, *source = node;
    if (t->view) {
        const bool variable = node->flags & MGA_VARIABLE;
        node = mga_view_new(node, t->shape, t->view->offset, t->view->strides);
        if (!node) return false;
        /* a view leads to its base, whether something is recorded just now or not */
        if (variable && node->op == MGA_OP_VIEW && !(t->flags & MGA_T_APART && !t->own)) mga_node_set_history(node);
    } else {
        mga_node_retain(node);
    }
    note_consumed(t, source);
    mga_node_release(t->node);
    t->node = node;
    t->version = storage->version;
    return true;
}

bool mga_own_make(mg_tensor *t, bool variable) {
    mga_node *leaf = mga_leaf_beside(t->storage->root, variable);
    mga_own *own = leaf ? mgr_block_new(sizeof *own) : NULL;
    if (!own) {
        mga_node_release(leaf);
        return false;
    }
    *own = (mga_own){.refs = 1, .version = t->storage->written, .node = leaf};
    mga_guard_together(t->storage->root, leaf);
    leaf->flags |= t->storage->root->flags & (MGA_KEPT | MGA_SHARED);
    mga_show(leaf);
    mga_own *old = t->own;
    t->own = own;
    const bool done = rederive(t);
    if (!done) t->own = old;
    mga_own_release(done ? old : own);
    return done;
}

static void move_grad(mga_node *from, mga_node *to) {
    to->grad = from->grad;
    to->flags |= from->flags & (MGA_GRAD_STORED | MGA_GRAD_ASIDE);
    from->grad = NULL;
    from->flags &= (uint16_t) ~(MGA_GRAD_STORED | MGA_GRAD_ASIDE);
}

/* The leaf that a consumed value goes on as has its gradient, and its place among values of one memory. */
static void go_on_from_consumed(mga_node *value, mga_node *leaf) {
    move_grad(value, leaf);
    leaf->flags |= MGA_WAS_CONSUMED;
    if (value->flags & MGA_SHARES) mga_guard_together(value, leaf);
}

static bool renew_own(mga_own *own, mga_storage *storage) {
    const bool written = own->version != storage->written, variable = own->node->flags & MGA_VARIABLE;
    const bool consumed = !written && (own->node->flags & MGA_CONSUMED);
    if (!consumed && !written) return true;
    mga_node *leaf = consumed ? mga_leaf_over(own->node, variable) : mga_leaf_beside(storage->root, variable);
    if (!leaf) return false;
    if (consumed) go_on_from_consumed(own->node, leaf);
    if (written && mga_is_outdated(own, storage)) storage->replaced = true;
    if (written) mga_guard_together(storage->root, leaf);
    set_own(own, leaf, storage->written);
    return true;
}

/* ---- roots ---- */

/* A root with the same elements: values of views' own stay as they are. */
static void replace_root(mg_tensor *t, mga_node *root) {
    mga_node **place = t->storage ? &t->storage->root : &t->node, *old = *place;
    root->flags |= old->flags & (MGA_KEPT | MGA_SHARED);
    mga_show(root);
    mga_unshow(old);
    *place = root;
    mga_node_release(old);
    if (t->storage) t->storage->version++;
}

void mga_set_root(mg_tensor *t, mga_node *root) {
    replace_root(t, root);
    if (t->storage) t->storage->written++;
}

/* What was recorded through a consumed value stays an invalid backprop; what is recorded from now on sees a leaf (rules
 * F7), which has the gradient. */
static bool renew_consumed(mg_tensor *t) {
    mga_node *old = t->storage ? t->storage->root : t->node;
    mga_node *leaf = mga_leaf_over(old, old->flags & MGA_VARIABLE);
    if (!leaf) return false;
    go_on_from_consumed(old, leaf);
    replace_root(t, leaf);
    return true;
}

/* The borrowed memory is the value again. */
static bool adopt_synced(mg_tensor *t) {
    mga_storage *storage = t->storage;
    const mga_node *old = storage->root;
    mgr_buffer_retain(storage->synced);
    mga_node *leaf = leaf_of(old, storage->synced, old->flags & MGA_VARIABLE);
    if (!leaf) return false;
    mgr_buffer_release(storage->synced);
    storage->synced = NULL;
    storage->replaced = true;
    mga_set_root(t, leaf);
    return true;
}

/* ---- the present value ---- */

static bool is_consumed(const mga_node *node) { return node->flags & MGA_CONSUMED; }

bool mga_is_stale(const mg_tensor *t) {
    const mga_storage *storage = t->storage;
    if (!storage) return is_consumed(t->node);
    if (t->version != storage->version || storage->synced || is_consumed(t->node) || is_consumed(storage->root))
        return true;
    if (!t->own) return (t->flags & MGA_T_APART) && mga_recording();
    const mga_node *source = t->node->op == MGA_OP_VIEW ? t->node->in[0] : t->node;
    return t->own->version != storage->written || source != t->own->node || is_consumed(t->own->node);
}

static MGR_SLOW bool renew(mg_tensor *t) {
    mga_storage *storage = t->storage;
    if (!storage) return renew_consumed(t);
    if (storage->synced && !adopt_synced(t)) return false;
    if (is_consumed(storage->root) && !renew_consumed(t)) return false;
    if (t->own && !renew_own(t->own, storage)) return false;
    if (!t->own && (t->flags & MGA_T_APART) && mga_recording()) return mga_own_make(t, true);
    return rederive(t);
}

static MGR_SLOW void fail_no_tensor(const char *op, const mg_tensor *t) {
    if (t)
        mgr_fail(MG_ERR_VALUE, op,
                 "An operand is no tensor any more: its scope has closed, or it was released. mg_keep makes a tensor "
                 "outlive its scope.");
    else
        mgr_fail(MG_ERR_VALUE, op, "An operand is NULL.");
}

bool mga_is_usable(const char *op, const mg_tensor *t) {
    if (mgr_error() != MG_OK) return false;
    if (t && !mga_is_closed(t)) return true;
    fail_no_tensor(op, t);
    return false;
}

mga_node *mga_value(const char *op, mg_tensor *t) {
    if (!mga_is_usable(op, t)) return NULL;
    MGR_CHECK(mga_check_handle(t));
    if (mga_is_stale(t) && !renew(t)) return NULL;
    return t->node;
}

void mga_try_value(const char *op, mg_tensor *t) {
    if (!mga_value(op, t)) (void)mg_take_error();
}

bool mga_operands(const char *op, int n, mg_tensor *const *t, mga_node **nodes) {
    for (int i = 0; i < n; i++) {
        nodes[i] = mga_value(op, t[i]);
        if (!nodes[i]) return false;
    }
    return true;
}
