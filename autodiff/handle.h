/* SPDX-License-Identifier: MIT
 * Tensors and storages: the user's handles over nodes, scopes that own them, and the state of one thread (rules A, B).
 */
#ifndef MGA_HANDLE_H
#define MGA_HANDLE_H

#include "autodiff/node.h"
#include "mygrad/tensor.h"
#include "runtime/status.h"

/* What a base and its views share. Made when the first view is. */
typedef struct mga_storage {
    uint32_t refs;
    uint32_t version;
    mga_node *root;  /* the whole, contiguous in the base's shape */
    mg_tensor *base; /* the handle of the whole; NULL once released */
    uint8_t layout;  /* 0: plain (A4; blocked layouts come with convolution epilogues) */
} mga_storage;

enum { MGA_T_KEPT = 1, MGA_T_GRAD = 2 /* belongs to the tensor it is the gradient of */ };

struct mg_tensor {
    mga_node *node;         /* current value if version == storage->version (or there is no storage) */
    mga_storage *storage;   /* NULL until a view or an in-place write needs one */
    mga_view *view;         /* relative to storage->root; NULL: the whole */
    const mgr_shape *shape; /* node's, which counts it: it changes its node, never its shape */
    mg_tensor *grad;        /* handle made by mg_grad ... */
    uint64_t grad_of;       /* ... from the gradient of the root with this seq: addresses come back, numbers do not */
    mg_tensor *prev, *next; /* the list of its scope; kept tensors and gradients are in none */
    uint32_t version;
    uint8_t dtype;
    uint8_t flags;
    bool variable;  /* the tensor's own flag: survives in-place writes */
    uint32_t scope; /* index of the scope that owns it; kept: UINT32_MAX */
};

/* A new handle in the innermost scope; takes over the count of node, also on failure. node == NULL (an error is set):
 * returns NULL. */
mg_tensor *mga_wrap(mga_node *node);
/* The same for a node that is no view, or whose storage the caller sees to. */
mg_tensor *mga_wrap_node(mga_node *node);

/* A new handle that shows a part of root, whose count is taken over, also on failure; no handle shows the whole. */
mg_tensor *mga_wrap_view_of(mga_node *root, const mgr_shape *shape, int64_t offset, const int64_t *strides);

/* The node that holds t's present value (not counted for the caller: valid while t is not written or released). NULL
 * with an error set: t is NULL, an error is pending, or no memory to re-derive a stale view. */
mga_node *mga_value(const char *op, mg_tensor *t);

/* mga_value for n operands of an op, dropping their gradients as any use in a new op does. False with an error set. */
bool mga_operands(const char *op, int n, mg_tensor *const *t, mga_node **nodes);

/* The functional in-place write: t's whole value becomes `value` (t's shape and dtype, count taken over, also on
 * failure). */
mg_status mga_assign(const char *op, mg_tensor *t, mga_node *value);

/* t[...] = value, broadcast, by unsafe casting. Takes over the count of value. Returns t, or NULL with an error that
 * names op. */
mg_tensor *mga_copy_into(const char *op, mg_tensor *t, mga_node *value);

/* May a value of this shape be written into t, which is no stale view? Asked before several are. False with an error
 * set. */
bool mga_can_copy_into(const char *op, const mg_tensor *t, const mgr_shape *shape);

/* Storage for a tensor that gets its first view or in-place write. False with an error set. */
bool mga_storage_make(mg_tensor *t);
void mga_storage_release(mga_storage *storage);

/* Mark and want the value of a kept tensor. */
mg_status mga_keep_node(mga_node *node);

/* No handle shows this value any more: no gradient is attached to it. */
void mga_node_unshow(mga_node *node);

/* Gradients: dropping a tensor's (its handle becomes a temporary), dropping a node's, wrapping one for its owner (count
 * taken over). */
void mga_handle_drop_grad(mg_tensor *t);
void mga_drop_node_grad(mga_node *node);
void mga_handle_orphan_grad(mg_tensor *t);
mg_tensor *mga_wrap_grad(mg_tensor *owner, mga_node *grad);

#endif
