/* SPDX-License-Identifier: MIT
 * Recording: from operands to pending nodes, with dtypes, shapes, constancy and history decided. The one way a node
 * with an op comes to be, for users' calls and for gradient rules alike. */
#ifndef MGA_RECORD_H
#define MGA_RECORD_H

#include "autodiff/node.h"
#include "mygrad/tensor.h"

/* Called when a thread's state is made, before it records: what the rules of each op read is found once. */
void mga_record_ready(void);

/* Map op on nodes: promotes, broadcasts, records. dtype: MG_DTYPE_NONE or the dtype asked for. NULL with an error set.
 */
mga_node *mga_record_map(uint16_t op, mga_node *const *in, const double *params, mg_dtype dtype, mg_constant constant);

/* Comparisons of int64 with uint64, of which no dtype holds both: is this one, and its node, by several ops. */
bool mga_is_mixed_compare(const mgk_op_info *info, mga_node *const *in);
mga_node *mga_record_mixed_compare(uint16_t op, mga_node *const *in);

/* Map op with several results: results[] receives n_out counted nodes (all or none). */
mg_status mga_record_multi(uint16_t op, mga_node *const *in, const double *params, mga_node **results);

/* Reduction over the axes in mask (all of them: every bit below ndim); `shape`: the result's shape, or NULL for the
 * plain one without the reduced axes. */
mga_node *mga_record_reduce(uint16_t op, mga_node *x, uint64_t axes, const mgr_shape *shape, mg_constant constant);

/* x's shape without the reduced axes, or with length 1 in their place; counted. */
const mgr_shape *mga_reduced_shape(const mgr_shape *shape, uint64_t axes, bool keepdims);

/* x as dtype (x itself, retained, if it is already). */
mga_node *mga_record_convert(mga_node *x, mg_dtype dtype);

/* A contiguous copy of x, recorded. */
mga_node *mga_record_copy(mga_node *x);
/* The same without history, and constant. */
mga_node *mga_constant_copy(mga_node *x);

/* An opaque op that has run: the result in `buffer` (count taken over, also on failure); state (or NULL) is taken over,
 * also on failure. History is recorded if autodiff is on and any input is a variable. */
mga_node *mga_record_opaque(uint16_t op, mg_dtype dtype, const mgr_shape *shape, int n_in, mga_node *const *in,
                            mgr_buffer *buffer, mga_state *state);

/* Does anything recorded now get history (autodiff on, some input variable)? Opaque ops ask before they save state for
 * backward. */
bool mga_wants_history(int n_in, mga_node *const *in);

#endif
