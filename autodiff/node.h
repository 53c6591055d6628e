/* SPDX-License-Identifier: MIT
 * The nodes of the lazy graph: what a value is and what it would be computed from. Nodes are counted; buffers hang from
 * them. When nodes are computed is flush.c's business, what belongs to the user is tensor.h's. */
#ifndef MGA_NODE_H
#define MGA_NODE_H

#include "kernels/registry.h"
#include "runtime/dtype.h"
#include "runtime/memory.h"
#include "runtime/shape.h"

#include <stdatomic.h>

/* Kinds of node beside the ops of the registry. */
enum {
    MGA_OP_LEAF = 0xff00, /* has its data, from nothing */
    MGA_OP_FILL, /* every element is `scalar` (a weak scalar, zeros, the seed of backward); data only if somebody needs
                    memory */
    MGA_OP_VIEW, /* in[0]'s elements through offset and strides (extra: mga_view); in[0] is never a VIEW and is
                    contiguous */
    MGA_OP_CONVERT,   /* in[0] as dtype; with the same dtype: a contiguous copy */
    MGA_OP_RESULT,    /* result number `which` of in[0], a map with several results */
    MGA_OP_UPDATE,    /* in[0] (whole, contiguous) with the region extra (mga_view) replaced by in[1] */
    MGA_OP_ACCUMULATE /* regions that are written and added to one after the other (extra: mga_pairs) */
};

enum {
    MGA_VARIABLE = 1,       /* takes part in differentiation */
    MGA_HISTORY = 2,        /* inputs are held for backward, also after evaluation */
    MGA_NEEDED = 4,         /* a recorded rule reads this value */
    MGA_COMPUTED = 8,       /* was computed once in a tile without being stored */
    MGA_SHARED = 16,        /* counts are atomic: kept tensors may be read by several threads */
    MGA_FROZEN = 32,        /* not counted at all */
    MGA_KEPT = 64,          /* a kept tensor's value: evaluated when its scope closes, gets a gradient */
    MGA_CONSUMED = 128,     /* history was let go by backward(.consume), its own or that of what it was recorded from */
    MGA_GRAD_STORED = 256,  /* somebody has looked at its gradient, which has a storage since */
    MGA_WAS_CONSUMED = 512, /* the leaf that a consumed value goes on as */
    MGA_SHARES = 1024,      /* its memory is that of other values of one tensor: who needs it is counted in the buffer,
                               too */
    MGA_HELD = 2048,        /* the counts of all below it are atomic: a kept tensor leads there, which may end on any
                               thread */
    MGA_GRAD_ASIDE = 4096   /* a use dropped its gradient: backward(.accumulate) alone still adds to it */
};

/* The copy that reshape needs where strides cannot show the elements in another shape: for gradients it is a view. */
enum { MGA_UNSEEN_COPY = 1 };

typedef struct mga_view {
    int64_t offset;    /* bytes from the source's first element */
    int64_t strides[]; /* bytes per axis of the view */
} mga_view;

typedef struct mga_node mga_node;

/* What a pair does to the elements of its region. Each is put before anything is added to it. */
typedef enum mga_how {
    MGA_PUT,
    MGA_ADD,
    MGA_LEAST /* the lesser of both zeros: -0 if anything covers the element, so that what is added stays as it is */
} mga_how;

typedef struct mga_pair {
    mga_node *value;
    mga_view *region; /* NULL: the whole; the region's shape is value->shape */
    mga_how how;
} mga_pair;

typedef struct mga_pairs {
    size_t n;
    mga_pair pair[];
} mga_pairs;

/* State of an opaque op (conv geometry, pooling positions, labels): starts with its own destructor; holds counts on
 * what it names. */
typedef struct mga_state {
    size_t bytes;                             /* of the block, as given to mgr_block_new */
    void (*destroy)(struct mga_state *state); /* releases what the state holds, not the block; may be NULL */
} mga_state;

struct mga_node {
    _Atomic uint32_t refs;
    uint16_t op;    /* enum mgk_op or MGA_OP_* */
    uint8_t dtype;  /* of the result */
    uint8_t cdtype; /* computed in (before a bool result); f16 and bf16 mean: f32 row, rounded */
    uint16_t flags;
    uint8_t n_in;
    uint8_t which; /* MGA_OP_RESULT; MGA_OP_CONVERT: MGA_UNSEEN_COPY or 0 */
    uint8_t weak;  /* mgr_weak, MGA_OP_FILL only */
    uint8_t n_params;
    uint16_t depth;           /* of pending ops below; capped by flush */
    uint32_t mark;            /* epoch of the last walk that saw it */
    uint32_t slot;            /* a flush's number for it */
    uint32_t walk;            /* a backward's number for it */
    _Atomic uint32_t history; /* recorded nodes whose backward may read this value: its memory is guarded */
    _Atomic uint32_t shown;   /* handles and storages that show it: its gradient may be asked for */
    uint32_t owner;           /* number of the thread that recorded it */
    uint64_t seq;             /* recording order */
    const mgr_shape *shape;
    mgr_buffer *buffer; /* NULL: pending (or a view, or a FILL without memory) */
    char *data;         /* first element; NULL while pending */
    mga_node *in[MGK_MAX_IN];
    union {
        mga_node *grad;                   /* left by the last backward */
        struct mga_storage *grad_storage; /* with MGA_GRAD_STORED: what its handles and their views share */
    };
    union {
        double scalar;   /* FILL with a float dtype; a map's only parameter */
        int64_t integer; /* FILL with an integer dtype */
        uint64_t axes;   /* reductions: bit i, axis i of in[0] is reduced */
    };
    void *extra; /* mga_view, mga_pairs, mga_state, or double[n_params] when n_params > 1 */
};
_Static_assert(sizeof(mga_node) <= 128, "rules D5: at most 128 bytes a node");

/* A pending node with one count for the caller: flags, inputs (counted), shape (counted). NULL with an error set. No
 * shape or dtype checks here. */
mga_node *mga_node_new(uint16_t op, mg_dtype dtype, mg_dtype cdtype, const mgr_shape *shape, int n_in,
                       mga_node *const *in);
void mga_node_retain(mga_node *node);
void mga_node_release(mga_node *node); /* NULL is fine; cascades without recursion */

/* Hold the inputs for backward, and guard their memory; and the reverse. */
void mga_node_set_history(mga_node *node);
void mga_node_clear_history(mga_node *node);
/* Both, evaluated, are values of one tensor or of its views: if they share their memory it is guarded for both. */
void mga_guard_together(mga_node *a, mga_node *b);

/* An evaluated node that needs no history becomes a leaf: its inputs and extra are let go. */
void mga_node_drop_inputs(mga_node *node);

/* An evaluated leaf over `buffer` (its count is taken over, also on failure), data at its start. */
mga_node *mga_leaf_new(mg_dtype dtype, const mgr_shape *shape, mgr_buffer *buffer);
/* A leaf with a fresh buffer of undefined contents. */
mga_node *mga_leaf_empty(mg_dtype dtype, const mgr_shape *shape);
/* FILL. */
mga_node *mga_fill_f64(mg_dtype dtype, const mgr_shape *shape, double value);
/* A FILL of shape (), which takes part in promotion as weak says. */
mga_node *mga_fill_scalar(mg_dtype dtype, mgr_weak weak, double value);
/* VIEW of source (any node; views are composed, views of FILLs are FILLs). offset and strides are relative to source's
 * own layout, which for a VIEW is its strides. An identity view returns source, retained. */
mga_node *mga_view_new(mga_node *source, const mgr_shape *shape, int64_t offset, const int64_t *strides);
/* source with the same elements in C order under another shape of equal size: a view if strides allow, else a copy's
 * view. */
mga_node *mga_reshape_node(mga_node *source, const mgr_shape *shape);
/* source broadcast to shape. */
mga_node *mga_broadcast_node(mga_node *source, const mgr_shape *shape);

/* Blocks that hold a view of ndim axes. mga_view_make copies strides; NULL with an error set. Freed with
 * mgr_block_free(view, mga_view_bytes(ndim)). */
static inline size_t mga_view_bytes(int ndim) { return sizeof(mga_view) + (size_t)ndim * sizeof(int64_t); }
mga_view *mga_view_make(int ndim, int64_t offset, const int64_t *strides);

/* First element of an evaluated node (through views); NULL while pending, and for FILLs without memory. */
char *mga_node_data(const mga_node *node);

/* Strides in bytes of a node's elements once evaluated. */
void mga_node_strides(const mga_node *node, int64_t *strides);
bool mga_node_is_contiguous(const mga_node *node);

/* Kind of op, for nodes of the registry; true also for CONVERT. */
static inline bool mga_is_map(const mga_node *node) {
    return node->op == MGA_OP_CONVERT || (node->op < MGK_OP_COUNT && mgk_ops[node->op].kind == MGK_KIND_MAP);
}
static inline bool mga_is_reduce(const mga_node *node) {
    return node->op < MGK_OP_COUNT && mgk_ops[node->op].kind == MGK_KIND_REDUCE;
}

const char *mga_op_name(uint16_t op);

#endif
