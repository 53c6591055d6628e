/* SPDX-License-Identifier: MIT
 * Sums and products of two or more tensors: chains of add and multiply, whose rules multiply by the other factors and
 * never divide, so that zeros need no care. */
#include "autodiff/composite.h"
#include "autodiff/options.h"
#include "autodiff/record.h"
#include "mygrad/reductions.h"

static mga_node *chain(const char *name, uint16_t op, mg_tensor *const *tensors, size_t n) {
    mga_node *node, *result = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!mga_operands(name, 1, &tensors[i], &node)) {
            mga_node_release(result);
            return NULL;
        }
        result = i ? mga_binary(op, result, mga_held(node)) : mga_held(node);
        if (!result) return NULL;
    }
    return result;
}

static mg_tensor *chained(const char *name, uint16_t op, mg_tensor *const *tensors, size_t n,
                          const mg_sequence_opts *opts) {
    mg_sequence_opts given = {0};
    if (MGA_READ_OPTS(name, given, opts) != MG_OK) return NULL;
    if (!tensors || n < 2) {
        mgr_fail(MG_ERR_VALUE, name, "%zu tensors were given: two or more are needed%s (n is %zu)",
                 tensors ? n : (size_t)0, tensors ? "" : ", but tensors is NULL", n);
        return NULL;
    }
    mga_composite_begin(given.constant);
    mg_tensor *t = mga_composite_end(name, given.constant, chain(name, op, tensors, n));
    for (size_t i = 0; t && i < n; i++) mga_used(1, &tensors[i], t);
    return t;
}

mg_tensor *mg_add_sequence_with(mg_tensor *const *tensors, size_t n, const mg_sequence_opts *opts) {
    return chained("add_sequence", MGK_OP_ADD, tensors, n, opts);
}
mg_tensor *mg_multiply_sequence_with(mg_tensor *const *tensors, size_t n, const mg_sequence_opts *opts) {
    return chained("multiply_sequence", MGK_OP_MULTIPLY, tensors, n, opts);
}

mg_tensor *(mg_add_sequence)(mg_tensor *const *tensors, size_t n) { return mg_add_sequence_with(tensors, n, NULL); }
mg_tensor *(mg_multiply_sequence)(mg_tensor *const *tensors, size_t n) {
    return mg_multiply_sequence_with(tensors, n, NULL);
}
