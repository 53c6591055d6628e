/* SPDX-License-Identifier: MIT
 * The syntax tree: stanzas and expressions as written, names not yet resolved. */
#ifndef MGC_AST_H
#define MGC_AST_H

#include "lexer.h"

/* Limits of kernels/registry.h; the generated registry asserts that they agree. */
#define MGC_MAX_IN      4
#define MGC_MAX_OUT     3
#define MGC_MAX_PARAMS  8
#define MGC_MAX_ARGS    (MGC_MAX_IN + MGC_MAX_PARAMS)
#define MGC_MAX_LETS    16
#define MGC_MAX_ALIASES 4

/* Every pass walks expressions by recursion: these two keep it from running out of stack or time. They hold for what is
 * written and for what it stands for, with lets and called ops written out. */
#define MGC_MAX_DEPTH 500   /* expressions inside each other; a + b + c is (a + b) + c */
#define MGC_MAX_NODES 16384 /* numbers, names and calls in an op */

typedef enum mgc_expr_kind { MGC_E_NUMBER, MGC_E_NAME, MGC_E_CALL } mgc_expr_kind;

/* Operators are calls: a + b is add(a, b), c ? a : b is where(c, a, b). */
typedef struct mgc_expr {
    mgc_expr_kind kind;
    double number;
    const char *name; /* of the variable, or of what is called */
    int n_args;
    struct mgc_expr *args[MGC_MAX_ARGS];
    int depth; /* of what is inside */
    mgc_place at;
} mgc_expr;

/* The kinds of rules D6. Kernels of the first two are generated. The others are written: their stanza is their place in
 * the tables and their documentation. */
typedef enum mgc_kind { MGC_MAP, MGC_REDUCE, MGC_SCAN, MGC_ROW, MGC_MOVE, MGC_OPAQUE, MGC_KINDS } mgc_kind;

static inline bool mgc_is_written(mgc_kind kind) { return kind >= MGC_SCAN; }

typedef enum mgc_types {
    MGC_TYPES_UNSET,
    MGC_TYPES_FLOAT,
    MGC_TYPES_DIVIDE, /* as float, but integers of every size become f64 */
    MGC_TYPES_NUMERIC,
    MGC_TYPES_INTEGER, /* integers and bool */
    MGC_TYPES_ALL,
    MGC_TYPES_SAME, /* opaque functions decide themselves */
    MGC_TYPES_COMPARE,
    MGC_TYPES_LOGICAL,
    MGC_TYPES_SUM,
    MGC_TYPES_MEAN
} mgc_types;

typedef enum mgc_rule_kind { MGC_RULE_UNSET, MGC_RULE_NONE, MGC_RULE_EXPR, MGC_RULE_FUNCTION } mgc_rule_kind;

typedef struct mgc_input {
    const char *name;
    bool condition, has_domain;
    double lo, hi; /* domain */
    mgc_rule_kind rule;
    mgc_expr *rule_expr;
    mgc_place at;
} mgc_input;

typedef struct mgc_stanza {
    mgc_kind kind;
    const char *name;
    mgc_place at;
    int n_in, n_params, n_out, n_lets;
    mgc_input in[MGC_MAX_IN];
    const char *params[MGC_MAX_PARAMS];
    const char *results[MGC_MAX_OUT]; /* NULL when the only result is called y */
    const char *let_names[MGC_MAX_LETS];
    mgc_expr *lets[MGC_MAX_LETS];
    int n_value, n_eval;
    mgc_expr *value[MGC_MAX_OUT];
    mgc_expr *eval[MGC_MAX_OUT];
    mgc_expr *bool_row, *int_row; /* eval of these rows, where it is another */
    mgc_types types;
    bool bool_as_i8; /* no bool row: bool is taken as int8 */
    const char *doc, *note, *since;
    const char *aliases[MGC_MAX_ALIASES]; /* further names of the public function */
    int n_aliases;
    const char *super;    /* a superinstruction, and why there is one; NULL: none */
    const char *function; /* written kinds: the public function */
    const char *shape;    /* written kinds: the result's shape */
    const char *backward; /* reduce, written kinds: the function that propagates gradients; NULL: none */
    const char *step;
    mgc_place step_at;
    double identity;
    bool has_ulp, commutative, internal;
    bool summed; /* kernels that add its values as they are computed */
    double ulp_f32, ulp_f64;
    mgc_place ulp_at[2]; /* of these two */
    const char *no_ulp;  /* why no accuracy can be stated */
    int flops;           /* 0: counted */
} mgc_stanza;

typedef struct mgc_stanzas {
    mgc_stanza **list;
    int n, cap;
} mgc_stanzas;

/* What the only result is called when it has no name of its own: y, unless an input is called that. */
const char *mgc_unnamed_result(const mgc_stanza *s);

/* Appends the stanzas of one source; false with a message in d. */
bool mgc_parse(mgc_diag *d, const mgc_source *source, mgc_stanzas *out);

#endif
