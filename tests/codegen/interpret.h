/* SPDX-License-Identifier: MIT
 * What the tests of mgc share: loading the op files, and interpreters of the syntax tree and of the DAG in double. The
 * meaning of each primitive op is written here in plain C. */
#ifndef MYGRAD_TEST_INTERPRET_H
#define MYGRAD_TEST_INTERPRET_H

#include "harness.h"

#include "codegen/op_model.h"

/* The repository's op files and `extra` (NULL: none), compiled or only read. The world is freed with mgc_free_all. */
mgc_world *world_with(const char *extra, bool compile);

/* `text` alone, without and with the text of an accuracy file; all that mgc does is done, but nothing is written. */
mgc_world *world_of(const char *text);
mgc_world *world_measured(const char *text, const char *measured);

/* An op by its name, on its operands in double; false for one that is no primitive. mgc has a table of its own, in long
 * double: this one is its oracle. */
bool interpret_primitive(const char *op, const double x[], double *r);

/* The values of the leaves. */
typedef struct interpret_env {
    double in[MGC_MAX_IN], out[MGC_MAX_OUT], grad[MGC_MAX_OUT], param[MGC_MAX_PARAMS];
    bool f32; /* round to float after each op */
} interpret_env;

/* Conditions are 0 or 1. Ops that are no primitives are computed by their value. */
double interpret(const mgc_node *e, const interpret_env *env);

/* The expression as written, names looked up among the inputs of `op`. */
double interpret_syntax(const mgc_world *w, const mgc_op *op, const mgc_expr *e, const interpret_env *env);

#endif
