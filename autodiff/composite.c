/* SPDX-License-Identifier: MIT
 * Recording several nodes for one function. */
#include "autodiff/composite.h"

#include "autodiff/record.h"

void mga_composite_begin(mg_constant constant) {
    if (constant == MG_CONSTANT) mg_no_autodiff(true);
}

mg_tensor *mga_composite_end(const char *op, mg_constant constant, mga_node *result) {
    if (constant == MG_CONSTANT) mg_no_autodiff(false);
    if (result && constant == MG_VARIABLE && !mg_dtype_is_float((mg_dtype)result->dtype)) {
        mgr_fail(MG_ERR_VALUE, op, "Integer-valued tensors must be treated as constants, and the result is %s.",
                 mg_dtype_name((mg_dtype)result->dtype));
        mga_node_release(result);
        return NULL;
    }
    const bool set =
        constant == MG_CONSTANT_AUTO || (result && mga_set_fresh_constant(result, constant == MG_CONSTANT));
    mg_tensor *t = mga_wrap(result);
    return t && !set ? mg_set_constant(t, constant == MG_CONSTANT) : t;
}

mga_node *mga_unary(uint16_t op, mga_node *x) {
    mga_node *node = x ? mga_record_map(op, &x, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    mga_node_release(x);
    return node;
}

mga_node *mga_binary(uint16_t op, mga_node *a, mga_node *b) {
    mga_node *in[2] = {a, b};
    mga_node *node = a && b ? mga_record_map(op, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    mga_node_release(a);
    mga_node_release(b);
    return node;
}

mga_node *mga_reduced(uint16_t op, mga_node *x, uint64_t axes, mg_constant constant) {
    const mgr_shape *shape = x ? mga_reduced_shape(x->shape, axes, true) : NULL;
    mga_node *node = shape ? mga_record_reduce(op, x, axes, shape, constant) : NULL;
    if (shape) mgr_shape_release(shape);
    mga_node_release(x);
    return node;
}

mga_node *mga_converted(mga_node *x, mg_dtype dtype) {
    mga_node *node = x ? mga_record_convert(x, dtype) : NULL;
    mga_node_release(x);
    return node;
}

mga_node *mga_held(mga_node *x) {
    if (x) mga_node_retain(x);
    return x;
}
