/* SPDX-License-Identifier: MIT
 * Tensors and storages: the user's handles over nodes, scopes that own them, and the state of one thread (rules A, B).
 */
#ifndef MGA_HANDLE_H
#define MGA_HANDLE_H

#include "autodiff/node.h"
#include "mygrad/tensor.h"
#include "runtime/status.h"
#include "runtime/system_memory.h"

/* What a base and its views share. Made when the first view is. */
typedef struct mga_storage {
    uint32_t refs;
    uint32_t version;
    mga_node *root;     /* the whole, contiguous in the base's shape (or in that of a value behind it, see base) */
    mg_tensor *base;    /* the handle of the whole; NULL once released. It is a view itself where its value is one of
                           something that no handle shows: a reshaped copy, a part of what was detached */
    mgr_buffer *synced; /* borrowed memory, counted, that is the value from the next use on (mg_sync); NULL: none */
    uint32_t written;   /* version of the elements: another root may hold the same ones */
    bool replaced;      /* written over while a gradient or a recorded graph hung from it */
} mga_storage;

/* The value of a view, and of views of it, whose constancy or history is not that of the storage: a leaf of its own, of
 * the whole. */
typedef struct mga_own {
    uint32_t refs;
    uint32_t version; /* `written` of the storage when it was derived */
    mga_node *node;
} mga_own;

enum {
    MGA_T_KEPT = 1,
    MGA_T_GRAD = 2,     /* belongs to the tensor it is the gradient of */
    MGA_T_APART = 4,    /* a view made while nothing was recorded: a variable with a history of its own, which begins
                           (`own`) when it is next used while something is */
    MGA_T_REPLACED = 8, /* as storage->replaced, of a tensor without storage */
    MGA_T_OPEN = 16,    /* in a thread's list of what is settled when scopes close, or later (history.h) */
    MGA_T_CLOSED = 32,  /* no handle any more: its scope has closed, or it was released */
    MGA_T_CONSUMED = 64 /* made before the history of the value that it shows was consumed */
};

struct mg_tensor {
    mga_node *node;                    /* current value if version == storage->version (or there is no storage) */
    mga_storage *storage;              /* NULL until a view or an in-place write needs one */
    mga_view *view;                    /* relative to storage->root; NULL: the whole */
    mga_own *own;                      /* NULL: its history and constancy are the storage's */
    const mgr_shape *shape;            /* node's, which counts it: it changes its node, never its shape */
    mg_tensor *grad;                   /* handle made by mg_grad */
    mg_tensor *owner;                  /* of such a handle: the tensor whose gradient it is still */
    mg_tensor *prev, *next;            /* the list of its scope; kept tensors and gradients are in none */
    mg_tensor *open_next, **open_link; /* these three with the lock held, also by other threads than the user's */
    mga_node *open_node;               /* its value then, counted; NULL: that has nothing more to let go of */
    uint32_t open_scope;
    uint32_t version;
    uint32_t scope; /* index of the scope that owns it; kept: UINT32_MAX */
    uint8_t dtype;
    uint8_t flags;
};
_Static_assert(sizeof(mg_tensor) <= 128, "the second class of small blocks");

/* The node whose gradient is t's (a view's: a region of it), and whose flag says whether t is constant. */
static inline mga_node *mga_home(const mg_tensor *t) {
    if (!t->storage) return t->node;
    return t->own ? t->own->node : t->storage->root;
}

/* The value of the whole that t is, or is a view of. */
static inline mga_node *mga_root(const mg_tensor *t) { return t->storage ? t->storage->root : t->node; }

/* Does t stand for the whole of its storage? */
static inline bool mga_is_whole(const mg_tensor *t) { return !t->view || t->storage->base == t; }

static inline bool mga_is_variable(const mg_tensor *t) {
    if ((t->flags & MGA_T_APART) && !t->own) return true;
    return mga_home(t)->flags & MGA_VARIABLE;
}

/* Was own written over, through its base, while a gradient or a recorded graph hung from it? */
static inline bool mga_is_outdated(const mga_own *own, const mga_storage *storage) {
    return own->version != storage->written &&
           (own->node->grad || atomic_load_explicit(&own->node->history, memory_order_relaxed) > 0);
}

/* A node's gradient, or NULL. */
static inline mga_node *mga_node_grad(const mga_node *node) {
    return node->flags & MGA_GRAD_STORED ? node->grad_storage->root : node->grad;
}

/* Is there one that may be seen? */
static inline bool mga_shows_grad(const mga_node *node) { return node->grad && !(node->flags & MGA_GRAD_ASIDE); }

/* A new handle in the innermost scope; takes over the count of node, also on failure. node == NULL (an error is set):
 * returns NULL. */
mg_tensor *mga_wrap(mga_node *node);
/* The same for a node that is no view, or whose storage the caller sees to. */
mg_tensor *mga_wrap_node(mga_node *node);

/* A new handle that shows a part of root, whose count is taken over, also on failure; no handle shows the whole, so
 * this one is the base of its views. */
mg_tensor *mga_wrap_view_of(mga_node *root, const mgr_shape *shape, int64_t offset, const int64_t *strides);

/* A new handle over storage's elements at offset and strides (bytes, relative to the storage's first element), of own's
 * value (or NULL). Takes over the counts of both, also on failure; storage NULL (an error is set) gives NULL. */
mg_tensor *mga_wrap_over(mga_storage *storage, mga_own *own, const mgr_shape *shape, int64_t offset,
                         const int64_t *strides);

/* x[key], for `op`, which errors name. */
mg_tensor *mga_view_at(const char *op, mg_tensor *x, mg_key key);

/* Is t a tensor, and no error pending? False with an error set. */
bool mga_is_usable(const char *op, const mg_tensor *t);

/* The node that holds t's present value (not counted for the caller: valid while t is not written or released). NULL
 * with an error set: t is NULL, an error is pending, or no memory to re-derive a stale view. */
mga_node *mga_value(const char *op, mg_tensor *t);

/* The same after t was written, where it may as well wait for t's next use: what is done is not undone, nor reported as
 * failed, for want of memory. */
void mga_try_value(const char *op, mg_tensor *t);

/* mga_value for n operands of an op. False with an error set. */
bool mga_operands(const char *op, int n, mg_tensor *const *t, mga_node **nodes);

/* A functional in-place write. First all of it that can fail, of several writes for each; nothing has changed then.
 * Then it is done, or let go. */
typedef struct mga_write {
    mg_tensor *t;
    mga_node *root; /* what the storage, or t without one, goes on with */
    mga_node *own;  /* what t's own value goes on with; NULL: it has none */
} mga_write;

/* t's whole value is to become `value` (t's shape and dtype, count taken over, also on failure). before: a write that
 * will be done before this one, or NULL. */
mg_status mga_write_begin(const char *op, mg_tensor *t, mga_node *value, const mga_write *before, mga_write *w);
void mga_write_end(const char *op, mga_write *w);
void mga_write_cancel(mga_write *w);

/* mga_write_begin for t[...] = value, broadcast, by unsafe casting. Takes over the count of value. */
mg_status mga_copy_begin(const char *op, mg_tensor *t, mga_node *value, const mga_write *before, mga_write *w);

/* t's value after `before` (or NULL) was done; counted. NULL with an error set. */
mga_node *mga_value_before(const char *op, mg_tensor *t, const mga_write *before);

/* Can t be written at all? Not what is frozen, nor a view in which two indices are one element. False with an error
 * set. */
bool mga_can_write(const char *op, const mg_tensor *t);

/* Before t is written: its gradient and its base's go, and mg_grad_status will tell why. */
void mga_drop_written_grads(mg_tensor *t);

/* May a value of this shape be written into t, which is no stale view? Asked before several are. False with an error
 * set. */
bool mga_can_copy_into(const char *op, const mg_tensor *t, const mgr_shape *shape);

/* Storage for a tensor that gets its first view or in-place write. False with an error set. */
bool mga_storage_make(mg_tensor *t);
/* The storage of what no handle shows as yet; takes over the count of root, also on failure. NULL with an error set. */
mga_storage *mga_storage_new(mga_node *root);
void mga_storage_release(mga_storage *storage);

/* t's whole value becomes `root`, whose count is taken over. Nothing is recorded, and gradients stay behind. */
void mga_set_root(mg_tensor *t, mga_node *root);

/* Is t kept, or of another scope than the innermost one? Views: is their base. */
bool mga_is_outer(const mg_tensor *t);

/* Mark and want the value of a kept tensor. */
mg_status mga_keep_node(mga_node *node);

/* ---- handles that are none any more ---- */

/* The memory of a handle that ended says so until it is used again; in the debug mode that of the latest is not used
 * again (closed.c). */
void mga_closed_keep(mg_tensor *t);
/* Has this handle's scope closed, or was it released? As far as that can still be told. */
static inline bool mga_is_closed(const mg_tensor *t) { return MGR_IS_POISONED(t) || (t->flags & MGA_T_CLOSED); }

/* ---- tensor_value.c ---- */

/* A leaf over node's memory, evaluated for it, variable or not as asked for, and neither shown nor kept as yet: node
 * stays what others recorded. Borrowed memory goes to the leaf, and node gets a copy if others hold it. Counted; NULL
 * with an error set. */
mga_node *mga_leaf_over(mga_node *node, bool variable);
/* The same for the value of a view of borrowed memory, which stays where it is: a copy then. */
mga_node *mga_leaf_beside(mga_node *node, bool variable);

/* Give t a value of its own over the storage's memory, for itself and the views that will be made of it. */
bool mga_own_make(mg_tensor *t, bool variable);
void mga_own_release(mga_own *own);

/* t's own value becomes node, whose count is taken over, as the storage is now. */
void mga_set_own(mg_tensor *t, mga_node *node);

/* Readers of borrowed memory get a copy of their own, so that the memory can be written now. */
mg_status mga_save_for_readers(mga_node *node);
/* How many of node's counts are t's handle's and its base's, if nobody reads it through these. */
uint32_t mga_handle_counts(const mg_tensor *t, const mga_node *node);
/* Does anybody but t, its base and their storage hold the whole? (Other views do, as if they read it.) */
bool mga_is_read(const mg_tensor *t);
void mga_exchange_buffers(mga_node *a, mga_node *b);
static inline bool mga_is_borrowed(const mga_node *node) {
    return node->buffer && node->buffer->size_class == MGR_BORROWED;
}

/* The handle's present node is not that of its storage, or not to be recorded from any more. */
bool mga_is_stale(const mg_tensor *t);

/* Make a value that nobody but the caller holds constant or variable. False if others hold it. */
bool mga_set_fresh_constant(mga_node *node, bool constant);

/* ---- gradients ---- */

/* Dropping a tensor's (its handle becomes a temporary), dropping a node's. */
void mga_handle_drop_grad(mg_tensor *t);
/* What a use does: as if dropped, but that backward(.accumulate) adds to it. Every forward uses what it differentiates
 * by, so micro-batches would never add up otherwise. */
void mga_handle_set_grad_aside(mg_tensor *t);
void mga_handle_orphan_grad(mg_tensor *t);
void mga_drop_node_grad(mga_node *node);

/* The op was recorded, or (result NULL) it failed: using its operands drops their gradients. Returns result. */
static inline mg_tensor *mga_used(mg_tensor *result, int n, mg_tensor *const *t) {
    for (int i = 0; result && i < n; i++)
        if (t[i]->grad || mga_shows_grad(mga_home(t[i]))) mga_handle_set_grad_aside(t[i]);
    return result;
}

/* What the handles of a node's gradient share, so that what is written through one is what everybody reads. Made for
 * the first view or write. NULL with an error set. */
mga_storage *mga_grad_storage(mga_node *node);
/* A handle of owner's gradient: the whole, or the owner's view of it. NULL with an error set. */
mg_tensor *mga_wrap_grad(mg_tensor *owner);

#endif
