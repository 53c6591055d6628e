/* SPDX-License-Identifier: MIT
 * absolute whose gradient at 0 is nan. Its value there is sqrt(x * x), the rules of which give inf times 0; everywhere
 * else, and at nan, it is absolute. */
#include "autodiff/composite.h"
#include "autodiff/record.h"
#include "mygrad/elementwise.h"

/* c ? x : y; counts of all are taken over. */
static mga_node *chosen(mga_node *c, mga_node *x, mga_node *y) {
    mga_node *in[] = {c, x, y};
    mga_node *node = c && x && y ? mga_record_map(MGK_OP_WHERE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    for (int i = 0; i < 3; i++) mga_node_release(in[i]);
    return node;
}

mg_tensor *mg_absolute_nan(mg_tensor *x) {
    mga_node *node;
    if (!mga_operands("absolute_nan", 1, &x, &node)) return NULL;
    mga_node *plain = mga_unary(MGK_OP_ABSOLUTE, mga_held(node));
    if (!plain || !mg_dtype_is_float((mg_dtype)node->dtype)) return mga_wrap(plain);
    mga_node *zero = mga_unary(MGK_OP_LOGICAL_NOT, mga_held(node));
    mga_node *only_zeros =
        chosen(mga_held(zero), mga_held(node), mga_fill_f64((mg_dtype)node->dtype, node->shape, 1.0));
    mga_node *root = mga_unary(MGK_OP_SQRT, mga_unary(MGK_OP_SQUARE, only_zeros));
    return mga_wrap(chosen(zero, root, plain));
}
