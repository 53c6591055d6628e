/* SPDX-License-Identifier: MIT
 * Functions that record several nodes: one flag `.constant` for all of them, and operations on nodes that take over
 * their operands. */
#ifndef MGA_COMPOSITE_H
#define MGA_COMPOSITE_H

#include "autodiff/handle.h"

/* Around what is recorded: with MG_CONSTANT nothing gets history. The end takes over result's count (NULL: an error is
 * set), and makes its tensor constant or variable as asked for; errors name the op. */
void mga_composite_begin(mg_constant constant);
mg_tensor *mga_composite_end(const char *op, mg_constant constant, mga_node *result);

/* Map ops, a reduction that keeps its axes (length 1), a conversion; NULL where an operand is. Counts of operands are
 * taken over: mga_held keeps one's own. */
mga_node *mga_unary(uint16_t op, mga_node *x);
mga_node *mga_binary(uint16_t op, mga_node *a, mga_node *b);
mga_node *mga_reduced(uint16_t op, mga_node *x, uint64_t axes, mg_constant constant);
mga_node *mga_converted(mga_node *x, mg_dtype dtype);
mga_node *mga_held(mga_node *x);

#endif
