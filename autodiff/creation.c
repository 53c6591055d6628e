/* SPDX-License-Identifier: MIT
 * Making tensors from data, and copies, casts. */
#include "autodiff/handle.h"
#include "autodiff/options.h"
#include "autodiff/record.h"
#include "runtime/dtype.h"
#include "runtime/fill.h"

#include <string.h>

static const mgr_shape *checked_shape(const char *op, mg_shape shape, mg_dtype dtype) {
    if (mgr_error() != MG_OK) return NULL;
    if (mg_dtype_size(dtype) == 0) {
        mgr_fail(MG_ERR_TYPE, op, "%d is no dtype.", (int)dtype);
        return NULL;
    }
    if (mga_read_shape(op, "shape", &shape, NULL) != MG_OK) return NULL;
    const char *context = mgr_error_context(op);
    const mgr_shape *interned = mgr_shape_get(shape.ndim, shape.dims);
    mgr_error_context(context);
    return interned;
}

static mga_node *empty_leaf(const char *op, mg_dtype dtype, const mgr_shape *shape) {
    const char *context = mgr_error_context(op);
    mga_node *leaf = mga_leaf_empty(dtype, shape);
    mgr_error_context(context);
    return leaf;
}

/* Constancy of a new leaf: the flag, else floats are variables. False with an error set. */
static bool set_constancy(const char *op, mga_node *node, mg_constant constant) {
    bool is_float = mg_dtype_is_float((mg_dtype)node->dtype);
    if (constant == MG_VARIABLE && !is_float) {
        mgr_fail(MG_ERR_VALUE, op, "Integer-valued tensors must be treated as constants, and this one is %s.",
                 mg_dtype_name((mg_dtype)node->dtype));
        return false;
    }
    if (is_float && constant != MG_CONSTANT) node->flags |= MGA_VARIABLE;
    return true;
}

static mg_tensor *wrap_leaf(const char *op, mga_node *node, mg_constant constant) {
    if (!node) return NULL;
    if (set_constancy(op, node, constant)) return mga_wrap(node);
    mga_node_release(node);
    return NULL;
}

mg_tensor *mg_from_data(mg_dtype dtype, const void *data, mg_shape shape) {
    const mgr_shape *interned = checked_shape("tensor", shape, dtype);
    if (!interned) return NULL;
    mga_node *node = NULL;
    if (!data && interned->size > 0)
        mgr_fail(MG_ERR_VALUE, "tensor", "The data pointer is NULL, and the shape has %lld elements.",
                 (long long)interned->size);
    else
        node = empty_leaf("tensor", dtype, interned);
    if (node && interned->size > 0) memcpy(node->data, data, (size_t)interned->size * mg_dtype_size(dtype));
    mgr_shape_release(interned);
    return wrap_leaf("tensor", node, MG_CONSTANT_AUTO);
}

mg_tensor *mg_from_f64(const double *data, mg_shape shape) { return mg_from_data(MG_F64, data, shape); }
mg_tensor *mg_from_f32(const float *data, mg_shape shape) { return mg_from_data(MG_F32, data, shape); }
mg_tensor *mg_from_i64(const int64_t *data, mg_shape shape) { return mg_from_data(MG_I64, data, shape); }
mg_tensor *mg_from_i32(const int32_t *data, mg_shape shape) { return mg_from_data(MG_I32, data, shape); }
mg_tensor *mg_from_u8(const uint8_t *data, mg_shape shape) { return mg_from_data(MG_U8, data, shape); }
mg_tensor *mg_from_bool(const bool *data, mg_shape shape) { return mg_from_data(MG_BOOL, data, shape); }

mg_tensor *mg_borrow(mg_dtype dtype, void *data, mg_shape shape, void (*free_data)(void *, void *), void *context) {
    const mgr_shape *interned = checked_shape("borrow", shape, dtype);
    if (!interned) return NULL;
    size_t itemsize = mg_dtype_size(dtype);
    mga_node *node = NULL;
    if (!data && interned->size > 0)
        mgr_fail(MG_ERR_VALUE, "borrow", "The data pointer is NULL, and the shape has %lld elements.",
                 (long long)interned->size);
    else if ((uintptr_t)data % itemsize)
        mgr_fail(MG_ERR_VALUE, "borrow", "The data pointer %p is not aligned to %zu bytes.", data, itemsize);
    else
        node = mga_leaf_new(dtype, interned,
                            mgr_buffer_borrow(data, (size_t)interned->size * itemsize, free_data, context));
    mgr_shape_release(interned);
    return wrap_leaf("borrow", node, MG_CONSTANT_AUTO);
}

/* ---- scalars ---- */

static mg_tensor *scalar(mg_dtype dtype, mgr_weak weak, double value, int64_t integer) {
    mga_node *node = mgr_error() == MG_OK ? mga_fill_scalar(dtype, weak, value) : NULL;
    if (node && dtype == MG_I64) node->integer = integer;
    return mga_wrap(node);
}

mg_tensor *mg_scalar(double value) { return scalar(MG_F64, MGR_WEAK_FLOAT, value, 0); }
mg_tensor *mg_scalar_i64(int64_t value) { return scalar(MG_I64, MGR_WEAK_INT, 0, value); }

/* ---- filled ---- */

static mg_tensor *filled(const char *op, mg_shape shape, const mg_create_opts *opts, bool fill, double value) {
    mg_create_opts given = {0};
    if (MGA_READ_OPTS(op, given, opts) != MG_OK) return NULL;
    mg_dtype dtype = given.dtype != MG_DTYPE_NONE ? given.dtype : MG_F32;
    const mgr_shape *interned = checked_shape(op, shape, dtype);
    mga_node *node = interned ? empty_leaf(op, dtype, interned) : NULL;
    if (interned) mgr_shape_release(interned);
    if (!node) return NULL;
    if (fill) {
        uint64_t element = 0;
        mgr_set_f64(dtype, &element, value);
        mgr_fill(dtype, node->shape->size, node->data, &element);
    }
    return wrap_leaf(op, node, given.constant);
}

mg_tensor *mg_zeros_with(mg_shape shape, const mg_create_opts *opts) { return filled("zeros", shape, opts, true, 0.0); }
mg_tensor *mg_ones_with(mg_shape shape, const mg_create_opts *opts) { return filled("ones", shape, opts, true, 1.0); }
mg_tensor *mg_empty_with(mg_shape shape, const mg_create_opts *opts) {
    return filled("empty", shape, opts, false, 0.0);
}
mg_tensor *mg_full_with(mg_shape shape, double value, const mg_create_opts *opts) {
    return filled("full", shape, opts, true, value);
}

mg_tensor *(mg_zeros)(mg_shape shape) { return mg_zeros_with(shape, NULL); }
mg_tensor *(mg_ones)(mg_shape shape) { return mg_ones_with(shape, NULL); }
mg_tensor *(mg_empty)(mg_shape shape) { return mg_empty_with(shape, NULL); }
mg_tensor *(mg_full)(mg_shape shape, double value) { return mg_full_with(shape, value, NULL); }

/* ---- from tensors ---- */

/* A recorded copy or cast without history; constant as x is (integers always). */
static mg_tensor *fresh(const char *op, mg_tensor *x, mg_dtype dtype) {
    mga_node *value = mga_value(op, x);
    if (!value) return NULL;
    if (mg_dtype_size(dtype) == 0) {
        mgr_fail(MG_ERR_TYPE, op, "%d is no dtype.", (int)dtype);
        return NULL;
    }
    mg_no_autodiff(true);
    mga_node *node = mga_node_new(MGA_OP_CONVERT, dtype, dtype, value->shape, 1, &value);
    mg_no_autodiff(false);
    if (!node) return NULL;
    if (mga_is_variable(x) && mg_dtype_is_float(dtype)) node->flags |= MGA_VARIABLE;
    return mga_wrap(node);
}

mg_tensor *mg_astype(mg_tensor *x, mg_dtype dtype) { return fresh("astype", x, dtype); }
mg_tensor *mg_copy(mg_tensor *x) { return fresh("copy", x, x ? (mg_dtype)x->dtype : MG_F64); }
