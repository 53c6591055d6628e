/* SPDX-License-Identifier: MIT
 * Sums and products of two or more tensors: chains of add and multiply, whose rules multiply by the other factors and
 * never divide, so that zeros need no care. */
#include "autodiff/composite.h"
#include "autodiff/record.h"
#include "mygrad/reductions.h"

static mg_tensor *chained(const char *name, uint16_t op, mg_tensor *const *tensors, size_t n) {
    mga_node *node, *result = NULL;
    if (!tensors || n < 2) {
        mgr_fail(MG_ERR_VALUE, name, "%zu tensors were given: two or more are needed", tensors ? n : (size_t)0);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (!mga_operands(name, 1, &tensors[i], &node)) break;
        result = i ? mga_binary(op, result, mga_held(node)) : mga_held(node);
        if (!result) break;
        if (i == n - 1) return mga_wrap(result);
    }
    mga_node_release(result);
    return NULL;
}

mg_tensor *mg_add_sequence(mg_tensor *const *tensors, size_t n) {
    return chained("add_sequence", MGK_OP_ADD, tensors, n);
}
mg_tensor *mg_multiply_sequence(mg_tensor *const *tensors, size_t n) {
    return chained("multiply_sequence", MGK_OP_MULTIPLY, tensors, n);
}
