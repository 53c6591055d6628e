/* SPDX-License-Identifier: MIT
 * Life and death of nodes: counts, inputs, buffers. No dtype or shape is decided here. */
#include "autodiff/node.h"

#include "autodiff/borrowed.h"
#include "autodiff/graph_check.h"
#include "autodiff/history.h"
#include "autodiff/thread.h"
#include "runtime/status.h"

#include <string.h>

void mga_node_retain(mga_node *node) {
    if (node->flags & MGA_FROZEN) return;
    if (node->flags & MGA_SHARED) {
        atomic_fetch_add_explicit(&node->refs, 1, memory_order_relaxed);
    } else {
        uint32_t refs = atomic_load_explicit(&node->refs, memory_order_relaxed);
        atomic_store_explicit(&node->refs, refs + 1, memory_order_relaxed);
    }
}

/* True if that was the last count. */
static bool drop(mga_node *node) {
    if (node->flags & MGA_FROZEN) return false;
    if (node->flags & MGA_SHARED) return atomic_fetch_sub_explicit(&node->refs, 1, memory_order_acq_rel) == 1;
    uint32_t refs = atomic_load_explicit(&node->refs, memory_order_relaxed);
    atomic_store_explicit(&node->refs, refs - 1, memory_order_relaxed);
    return refs == 1;
}

/* The dead are chained through their seq, which nobody reads any more, so that a graph of any depth dies without
 * recursion. */
static void bury(mga_node *node, mga_node **dead) {
    if (node && drop(node)) {
        node->seq = (uint64_t)(uintptr_t)*dead;
        *dead = node;
    }
}

static void release_extra(mga_node *node, mga_node **dead) {
    if (!node->extra) return;
    if (node->op == MGA_OP_VIEW) {
        mgr_block_free(node->extra, mga_view_bytes(node->shape->ndim));
    } else if (node->op == MGA_OP_UPDATE) {
        mgr_block_free(node->extra, mga_view_bytes(node->in[1]->shape->ndim));
    } else if (node->op == MGA_OP_ACCUMULATE) {
        mga_pairs *pairs = node->extra;
        for (size_t i = 0; i < pairs->n; i++) {
            mga_pair *pair = &pairs->pair[i];
            if (pair->region) mgr_block_free(pair->region, mga_view_bytes(pair->value->shape->ndim));
            bury(pair->value, dead);
        }
        mgr_block_free(pairs, sizeof *pairs + pairs->n * sizeof pairs->pair[0]);
    } else if (node->op < MGK_OP_COUNT && mgk_ops[node->op].kind >= MGK_KIND_SCAN) {
        mga_state *held = node->extra;
        size_t bytes = held->bytes;
        if (held->destroy) held->destroy(held);
        mgr_block_free(held, bytes);
    } else {
        mgr_block_free(node->extra, node->n_params * sizeof(double));
    }
    node->extra = NULL;
}

/* Of frozen nodes nothing is counted; of what shares its memory, in the buffer, too. */
static MGR_APART void count_apart(mga_node *input, uint32_t change) {
    if (input->flags & MGA_FROZEN) return;
    atomic_fetch_add_explicit(&input->history, change, memory_order_relaxed);
    atomic_fetch_add_explicit(&input->buffer->guards, change, memory_order_relaxed);
}

static inline void count_history(mga_node *input, uint32_t change) {
    if (input->op == MGA_OP_VIEW) input = input->in[0];
    if (input->flags & (MGA_FROZEN | MGA_SHARES)) {
        count_apart(input, change);
    } else if (input->flags & MGA_SHARED) {
        atomic_fetch_add_explicit(&input->history, change, memory_order_relaxed);
    } else {
        uint32_t history = atomic_load_explicit(&input->history, memory_order_relaxed);
        atomic_store_explicit(&input->history, history + change, memory_order_relaxed);
    }
}

void mga_node_set_history(mga_node *node) {
    if (node->flags & MGA_HISTORY) return;
    node->flags |= MGA_HISTORY | MGA_VARIABLE;
    for (int i = 0; i < node->n_in; i++) count_history(node->in[i], 1);
}

void mga_node_clear_history(mga_node *node) {
    if (!(node->flags & MGA_HISTORY)) return;
    node->flags &= (uint16_t)~MGA_HISTORY;
    for (int i = 0; i < node->n_in; i++) count_history(node->in[i], UINT32_MAX);
}

static void guard_by_buffer(mga_node *node) {
    if (node->flags & (MGA_SHARES | MGA_FROZEN)) return;
    node->flags |= MGA_SHARES;
    atomic_fetch_add_explicit(&node->buffer->guards, atomic_load_explicit(&node->history, memory_order_relaxed),
                              memory_order_relaxed);
}

void mga_guard_together(mga_node *a, mga_node *b) {
    if (a->buffer != b->buffer) return;
    guard_by_buffer(a);
    guard_by_buffer(b);
}

/* A gradient's storage is shared with its handles. */
static void release_grad(mga_node *node, mga_node **dead) {
    if (!(node->flags & MGA_GRAD_STORED)) {
        bury(node->grad, dead);
        return;
    }
    mga_storage *storage = node->grad_storage;
    if (--storage->refs) return;
    bury(storage->root, dead);
    mgr_block_free(storage, sizeof *storage);
}

static void destroy(mga_node *node, mga_node **dead) {
    mga_node_clear_history(node);
    release_extra(node, dead);
    for (int i = 0; i < node->n_in; i++) bury(node->in[i], dead);
    release_grad(node, dead);
    mgr_buffer_release(node->buffer);
    mgr_shape_release(node->shape);
    mgr_block_free(node, sizeof *node);
    mga_thread *t = mga_thread_peek();
    if (t) t->live_nodes--;
}

static void destroy_all(mga_node *dead) {
    while (dead) {
        mga_node *next = dead;
        dead = (mga_node *)(uintptr_t)next->seq;
        destroy(next, &dead);
    }
}

void mga_node_release(mga_node *node) {
    mga_node *dead = NULL;
    bury(node, &dead);
    destroy_all(dead);
}

void mga_node_drop_inputs(mga_node *node) {
    mga_node *dead = NULL;
    mga_node_clear_history(node);
    release_extra(node, &dead);
    for (int i = 0; i < node->n_in; i++) bury(node->in[i], &dead);
    node->n_in = 0;
    node->n_params = 0;
    node->integer = 0;
    node->op = MGA_OP_LEAF;
    destroy_all(dead);
}

mga_node *mga_node_new(uint16_t op, mg_dtype dtype, mg_dtype cdtype, const mgr_shape *shape, int n_in,
                       mga_node *const *in) {
    mga_thread *t = mga_thread_get();
    mga_node *node = t ? mgr_block_new(sizeof *node) : NULL;
    if (!node) return NULL;
    memset(node, 0, sizeof *node);
    atomic_init(&node->refs, 1);
    node->op = op;
    node->dtype = (uint8_t)dtype;
    node->cdtype = (uint8_t)cdtype;
    node->n_in = (uint8_t)n_in;
    node->owner = t->number;
    node->shape = shape;
    mgr_shape_retain(shape);
    unsigned depth = 0;
    for (int i = 0; i < n_in; i++) {
        node->in[i] = in[i];
        mga_node_retain(in[i]);
        if (in[i]->seq > t->seq) t->seq = in[i]->seq; /* another thread's: what is read was recorded before */
        if (!in[i]->data && in[i]->depth > depth) depth = in[i]->depth;
    }
    node->seq = ++t->seq;
    node->depth = (uint16_t)(depth < UINT16_MAX ? depth + 1 : depth);
    t->live_nodes++;
    if (t->debug) mga_borrowed_note(node);
    MGR_CHECK(mga_check_node(node));
    return node;
}

mga_node *mga_leaf_new(mg_dtype dtype, const mgr_shape *shape, mgr_buffer *buffer) {
    mga_node *node = buffer ? mga_node_new(MGA_OP_LEAF, dtype, dtype, shape, 0, NULL) : NULL;
    if (!node) {
        mgr_buffer_release(buffer);
        return NULL;
    }
    node->buffer = buffer;
    node->data = buffer->data;
    return node;
}

mga_node *mga_leaf_empty(mg_dtype dtype, const mgr_shape *shape) {
    mga_node *leaf = mga_leaf_new(dtype, shape, mgr_buffer_new((size_t)shape->size * mg_dtype_size(dtype)));
    if (leaf) mga_sweep_note_bytes(mga_thread_peek());
    return leaf;
}

mga_node *mga_fill_f64(mg_dtype dtype, const mgr_shape *shape, double value) {
    mga_node *node = mga_node_new(MGA_OP_FILL, dtype, dtype, shape, 0, NULL);
    if (!node) return NULL;
    node->depth = 0;
    if (mg_dtype_is_float(dtype)) {
        double rounded[1];
        mgr_set_f64(dtype, rounded, value);
        node->scalar = mgr_get_f64(dtype, rounded);
    } else {
        int64_t whole = 0;
        mgr_set_f64(dtype == MG_U64 ? MG_U64 : MG_I64, &whole, value); /* the bits, of either */
        if (dtype == MG_BOOL) {
            uint8_t truth;
            mgr_set_f64(MG_BOOL, &truth, value);
            whole = truth;
        }
        node->integer = whole;
    }
    return node;
}

mga_node *mga_fill_scalar(mg_dtype dtype, mgr_weak weak, double value) {
    const mgr_shape *shape = mgr_shape_get(0, NULL);
    mga_node *node = shape ? mga_fill_f64(dtype, shape, value) : NULL;
    if (shape) mgr_shape_release(shape);
    if (node) node->weak = (uint8_t)weak;
    return node;
}

const char *mga_op_name(uint16_t op) {
    if (op < MGK_OP_COUNT) return mgk_ops[op].name;
    switch (op) {
    case MGA_OP_LEAF:
        return "leaf";
    case MGA_OP_FILL:
        return "fill";
    case MGA_OP_VIEW:
        return "view";
    case MGA_OP_CONVERT:
        return "astype";
    case MGA_OP_RESULT:
        return "result";
    case MGA_OP_UPDATE:
        return "setitem";
    default:
        return "accumulate";
    }
}

void mga_node_strides(const mga_node *node, int64_t *strides) {
    if (node->op == MGA_OP_VIEW) {
        const mga_view *view = node->extra;
        memcpy(strides, view->strides, (size_t)node->shape->ndim * sizeof *strides);
    } else {
        mgr_strides_contiguous(node->shape, mg_dtype_size((mg_dtype)node->dtype), strides);
    }
}

bool mga_node_is_contiguous(const mga_node *node) {
    if (node->op != MGA_OP_VIEW) return true;
    const mga_view *view = node->extra;
    return mgr_strides_are_contiguous(node->shape, mg_dtype_size((mg_dtype)node->dtype), view->strides);
}
