/* SPDX-License-Identifier: MIT
 * argmax and argmin: positions of largest and smallest elements, as constants. */
#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/options.h"
#include "autodiff/record.h"
#include "autodiff/reduce_axes.h"
#include "mygrad/nnet.h"
#include "runtime/rows.h"

static const char *const names[2] = {"argmin", "argmax"};

/* The axes to search, or false with an error set. */
static bool search_axes(const char *op, const mgr_shape *shape, mg_axes given, uint64_t *axes) {
    if (given.v && given.n != 1) {
        mgr_fail(MG_ERR_VALUE, op, "%d axes were given: one, or none for all", given.n);
        return false;
    }
    return mga_axis_mask(op, given, shape->ndim, axes) == MG_OK;
}

static mga_node *positions(bool largest, mga_node *x, uint64_t axes, bool keepdims) {
    int perm[MG_MAX_NDIM];
    int64_t outer, length;
    mga_node *rows = mga_reduced_last(x, axes, perm, &outer, &length), *leaf = NULL;
    if (!rows) return NULL;
    if (length == 0) {
        char text[MGR_SHAPE_TEXT];
        mgr_fail(MG_ERR_VALUE, names[largest], "shape %s has no elements along the axis to search",
                 mgr_shape_text(x->shape, text));
    } else {
        const mgr_shape *shape = mga_reduced_shape(x->shape, axes, keepdims);
        leaf = shape ? mga_leaf_empty(MG_I64, shape) : NULL;
        if (shape) mgr_shape_release(shape);
    }
    if (leaf && outer > 0 &&
        mgr_argextremum((mg_dtype)x->dtype, largest, outer, length, mga_data(rows), mga_data(leaf)) != MG_OK) {
        mga_node_release(leaf);
        leaf = NULL;
    }
    mga_node_release(rows);
    return leaf;
}

static mg_tensor *search(bool largest, mg_tensor *x, const mg_arg_opts *opts) {
    mg_arg_opts given = {0};
    if (MGA_READ_OPTS(names[largest], given, opts) != MG_OK) return NULL;
    mga_node *in = mga_value(names[largest], x); /* no history: x keeps its gradient */
    uint64_t axes;
    if (!in || mga_read_axes(names[largest], &given.axis, given.mg_text) != MG_OK) return NULL;
    if (!search_axes(names[largest], in->shape, given.axis, &axes)) return NULL;
    return mga_wrap(positions(largest, in, axes, given.keepdims));
}

mg_tensor *mg_argmax_with(mg_tensor *x, const mg_arg_opts *opts) { return search(true, x, opts); }
mg_tensor *mg_argmin_with(mg_tensor *x, const mg_arg_opts *opts) { return search(false, x, opts); }

mg_tensor *(mg_argmax)(mg_tensor *x) { return mg_argmax_with(x, NULL); }
mg_tensor *(mg_argmin)(mg_tensor *x) { return mg_argmin_with(x, NULL); }
