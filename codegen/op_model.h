/* SPDX-License-Identifier: MIT
 * What mgc knows of each op once names are resolved: the one structure that all later passes read and fill. */
#ifndef MGC_OP_MODEL_H
#define MGC_OP_MODEL_H

#include "accuracy.h"
#include "dag.h"

/* Row dtypes, with the numbers of mg_dtype. MGC_ROW_BOOL is computed on bytes. */
enum {
    MGC_ROW_BOOL = 1,
    MGC_ROW_I8,
    MGC_ROW_I16,
    MGC_ROW_I32,
    MGC_ROW_I64,
    MGC_ROW_U8,
    MGC_ROW_U16,
    MGC_ROW_U32,
    MGC_ROW_U64,
    MGC_ROW_F32 = 12,
    MGC_ROW_F64 = 13,
    MGC_ROW_COUNT = 14
};

typedef struct mgc_row {
    const char *name;   /* "f32": in kernel names and vector types; bool rows use the vectors of u8 */
    const char *vector; /* "f32", "u8" */
    const char *c;      /* "float" */
    const char *dtype;  /* "MG_F32" */
    int size;
} mgc_row;
extern const mgc_row mgc_rows[MGC_ROW_COUNT];

#define MGC_ROWS_FLOAT ((1u << MGC_ROW_F32) | (1u << MGC_ROW_F64))
#define MGC_ROWS_INT   (((1u << (MGC_ROW_U64 + 1)) - 1u) & ~((1u << (MGC_ROW_BOOL + 1)) - 1u))

/* Where an operand of a step comes from: the high half of mgk_ref's bytes. */
typedef struct mgc_ref {
    mgc_node_kind kind; /* GRAD, IN, OUT, PARAM, NUM = constant, OP = an earlier step */
    int which;
} mgc_ref;

#define MGC_MAX_STEPS      16
#define MGC_MAX_STATEMENTS 256  /* in a kernel, as in the function that emit_body.c writes */
#define MGC_MAX_OPS        4096 /* without derivatives; with them mgk_step's 16 bits must do */

typedef struct mgc_step {
    const struct mgc_op *op;
    mgc_ref in[MGC_MAX_ARGS]; /* inputs, then parameters */
    const mgc_node *node;
} mgc_step;

typedef struct mgc_rule {
    mgc_rule_kind kind; /* NONE, EXPR or FUNCTION once resolved; UNSET: nothing is known */
    bool derived;       /* by us, not given */
    bool busy;          /* being derived: a cycle if met again */
    bool reported;      /* that it cannot be derived */
    const mgc_node *expr;
    mgc_ref result; /* when there are no steps */
    int n_steps, n_consts, n_fused_in;
    mgc_step steps[MGC_MAX_STEPS];
    double consts[MGC_MAX_STEPS];
    mgc_ref fused_in[MGC_MAX_IN];
    struct mgc_op *fused; /* NULL: none */
} mgc_rule;

typedef struct mgc_op {
    const mgc_stanza *s;
    const char *name, *upper;
    int id; /* in enum mgk_op */
    int file;
    unsigned rows;        /* bit per row dtype: kernels exist */
    unsigned reduce_rows; /* bit per row dtype: used as a reduction's step there */
    bool bool_out;
    bool internal;
    const mgc_node *value[MGC_MAX_OUT];
    const mgc_node *eval[MGC_MAX_OUT];
    const mgc_node *bool_row, *int_row;
    const mgc_node *lowered[MGC_MAX_OUT]; /* eval in terms of functions only */
    bool lowering;
    const mgc_node *lets[MGC_MAX_LETS];
    const mgc_node *lowered_lets[MGC_MAX_LETS]; /* for names in what is emitted */
    const struct mgc_op *step;
    const struct mgc_op *parent; /* of a derivative op */
    int parent_rule;
    int flops;
    mgc_evidence evidence[2]; /* f32, f64: what the stated ulp rests on */
    mgc_rule rule[MGC_MAX_IN];
    mgc_rule pattern;                   /* superinstructions: the steps that they stand for */
    const struct mgc_op *supers;        /* the longest superinstruction that ends in this op */
    const struct mgc_op *shorter_super; /* superinstructions: the next one that ends in the same op */
} mgc_op;

typedef struct mgc_file {
    mgc_source source;
    const char *stem; /* "arithmetic" of codegen/ops/arithmetic.ops */
    bool users;       /* not one of the library's own */
} mgc_file;

typedef struct mgc_world {
    mgc_diag diag;
    mgc_dag dag;
    mgc_accuracies accuracy;
    mgc_file *files;
    int n_files;
    mgc_op **ops;
    int n_ops, cap_ops;
    int depth;  /* of the pass that follows calls from op to op */
    bool users; /* files that are loaded from now on are a user's */
} mgc_world;

mgc_op *mgc_find(const mgc_world *w, const char *name);
mgc_op *mgc_add_op(mgc_world *w, const mgc_stanza *s, int file);

/* True if input i of the op is a condition in every row. */
bool mgc_input_is_mask(const mgc_op *op, int i);

/* "x", "g", "y": names of leaves as the stanza has them. */
const char *mgc_result_name(const mgc_op *op, int j);

/* One file's text into stanzas, and those into ops. */
bool mgc_load(mgc_world *w, const char *path, const char *text);

/* All passes after reading, in order; false with messages in w->diag. */
bool mgc_compile(mgc_world *w);

/* A message at the op that its expressions do not fit; false. */
bool mgc_too_large(mgc_world *w, const mgc_op *op);

/* The passes. */
bool mgc_resolve(mgc_world *w);       /* names -> DAG */
bool mgc_derive_all(mgc_world *w);    /* rules that are not given */
bool mgc_check_closure(mgc_world *w); /* every op in a rule has rules */
bool mgc_make_steps(mgc_world *w);    /* rules -> steps, fused ops; superinstructions -> patterns */
bool mgc_check_range(mgc_world *w);   /* derived rules do not overflow or vanish on the way */
/* What an op is that no formula defines, in long double; false: not known. */
bool mgc_primitive(const char *op, const long double x[], long double *r);
/* The lowered results of this row's kernel: the bool row's, the integer rows' or everyone's. */
const mgc_node *const *mgc_roots_of_row(const mgc_op *op, int row);
bool mgc_lower_all(mgc_world *w);      /* ops -> functions of simd and vmath; flops */
bool mgc_check_accuracy(mgc_world *w); /* what is stated is bounded or measured */

/* d(results)/d(input i) times the incoming gradients; NULL: no dependence, or an error was given. */
const mgc_node *mgc_derive(mgc_world *w, mgc_op *op, int i);

/* e in terms of functions; NULL with a message naming `op`. */
const mgc_node *mgc_lower(mgc_world *w, const mgc_op *op, const mgc_node *e);

/* Every operation of `expr` as a step of the rule. `what` begins the messages: "d/dx of 'exp'". */
bool mgc_rule_steps(mgc_world *w, const mgc_op *op, mgc_rule *rule, mgc_place at, const char *what);

/* The pattern of a superinstruction, and its place in the lists that the tile machine searches. */
bool mgc_make_pattern(mgc_world *w, mgc_op *op);

/* The expression as text in the op language. */
char *mgc_print(const mgc_op *op, const mgc_node *e);

#endif
