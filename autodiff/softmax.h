/* SPDX-License-Identifier: MIT
 * softmax as a node, for rules that are made of it. */
#ifndef MGA_SOFTMAX_H
#define MGA_SOFTMAX_H

#include "autodiff/node.h"

/* softmax of x, a float, over the axes (a bit each): recorded as one op, evaluated. NULL: an error is set. */
mga_node *mga_softmax_node(mga_node *x, uint64_t axes);

#endif
