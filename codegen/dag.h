/* SPDX-License-Identifier: MIT
 * Hash-consed expressions: equal expressions are one node, so sharing a subexpression is comparing pointers. */
#ifndef MGC_DAG_H
#define MGC_DAG_H

#include "ast.h"

struct mgc_op;

typedef enum mgc_node_kind {
    MGC_NUM,   /* a constant, exact in double */
    MGC_IN,    /* input `which` */
    MGC_OUT,   /* result `which` of the op, in rules */
    MGC_GRAD,  /* incoming gradient of result `which`, in rules */
    MGC_PARAM, /* parameter `which` */
    MGC_OP,    /* a registered map op: its inputs, then its parameters */
    MGC_FN     /* a function of kernels/simd (mgv_) or kernels/vmath (vm_), in eval only */
} mgc_node_kind;

typedef struct mgc_node {
    mgc_node_kind kind;
    bool mask; /* a condition */
    int which;
    int id; /* creation order */
    int n_args;
    double num;
    const struct mgc_op *op;
    const char *fn;
    const struct mgc_node *arg[MGC_MAX_ARGS];
    bool scalar;     /* made of constants and parameters alone */
    unsigned leaves; /* which occur: see mgc_uses */
    int size, depth; /* written out: within MGC_MAX_NODES and MGC_MAX_DEPTH */
    unsigned walk;   /* the last mgc_postorder that came here */
    uint64_t hash;
    struct mgc_node *next; /* in its bucket */
} mgc_node;

typedef struct mgc_dag {
    const struct mgc_op *multiply; /* for the simplifier; NULL when no file has it */
    mgc_node *buckets[4096];
    int n;
    bool too_large; /* a node did not fit: a leaf stands in its place until some pass says so (mgc_too_large) */
} mgc_dag;

const mgc_node *mgc_num(mgc_dag *g, double x);
/* IN, OUT, GRAD or PARAM. */
const mgc_node *mgc_leaf(mgc_dag *g, mgc_node_kind kind, int which, bool mask);
/* The call as it is; mgc_apply (simplify.h) is what passes use. A commutative op finds its swapped
 * twin, unless its derivatives tell the operands apart. */
const mgc_node *mgc_op_node(mgc_dag *g, const struct mgc_op *op, int n, const mgc_node *const arg[]);
const mgc_node *mgc_fn_node(mgc_dag *g, const char *fn, bool mask, int n, const mgc_node *const arg[]);

/* What stands for the leaves of an expression; NULL entries leave the leaf as it is. */
typedef struct mgc_binding {
    const mgc_node *in[MGC_MAX_IN];
    const mgc_node *out[MGC_MAX_OUT];
    const mgc_node *grad[MGC_MAX_OUT];
    const mgc_node *param[MGC_MAX_PARAMS];
} mgc_binding;

/* The expression with its leaves replaced, simplified on the way. */
const mgc_node *mgc_substitute(mgc_dag *g, const mgc_node *e, const mgc_binding *b);

/* Every occurrence of node `from` replaced by `to`. */
const mgc_node *mgc_replace(mgc_dag *g, const mgc_node *e, const mgc_node *from, const mgc_node *to);

/* True if leaf (kind, which) occurs in e. */
bool mgc_uses(const mgc_node *e, mgc_node_kind kind, int which);

/* True if e is made of constants and parameters alone: computed once per call, in double. */
bool mgc_is_scalar(const mgc_node *e);

/* All nodes under the roots, operands first, each once. */
typedef struct mgc_order {
    const mgc_node **list;
    int n;
} mgc_order;
mgc_order mgc_postorder(const mgc_node *const roots[], int n_roots);

#endif
