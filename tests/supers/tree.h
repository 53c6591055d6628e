/* SPDX-License-Identifier: MIT
 * Trees of a few ops: their shape and ops, not what they read. Two and three instructions of a tile program that could
 * be one, and the superinstructions of the registry, are such trees. */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stdio.h>

#include "kernels/registry.h"

enum { TREE_OPS = 8, TREE_CODES = TREE_OPS * (MGK_MAX_IN + 1), TREE_TEXT = 256 };

/* An op of a tree; its operands are other ops of it, by index, or -1: read from outside. */
typedef struct tree_op {
    uint16_t op;
    int child[MGK_MAX_IN];
} tree_op;

/* In prefix order, 0 for what is read; commuting operands in one order, so that equal trees are equal bytes. */
typedef struct tree {
    uint16_t n, code[TREE_CODES];
} tree;

tree tree_of(const tree_op *ops, int root);
tree tree_of_super(uint16_t op);
bool tree_equal(const tree *a, const tree *b);

/* As a formula: "a * b + c". Returns out. */
const char *tree_text(const tree *t, char out[TREE_TEXT]);

#endif
