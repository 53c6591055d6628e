/* SPDX-License-Identifier: MIT
 * argmax and argmin: positions of largest and smallest elements, as constants. */
#include "autodiff/composite.h"
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

/* x as [outer][length][inner] around the one axis to search, where it lies like that and rows of inner elements are
 * long enough to be read as they are; else inner is 1 and the axes to search are packed last. */
typedef struct layout {
    mga_node *x; /* one count */
    int64_t outer, length, inner;
} layout;

static layout layout_of(mga_node *x, uint64_t axes) {
    enum { LONG_ROW = 32 };
    int perm[MG_MAX_NDIM];
    layout l = {.outer = 1, .length = 1, .inner = 1};
    if (mga_eval(x) != MG_OK) return l;
    const bool one = axes != 0 && (axes & (axes - 1)) == 0;
    for (int i = 0; one && i < x->shape->ndim; i++)
        *(axes >> i == 0 ? &l.inner : axes >> i & 1 ? &l.length : &l.outer) *= x->shape->dims[i];
    if (one && l.inner >= LONG_ROW && mga_node_is_contiguous(x)) {
        l.x = mga_held(x);
    } else {
        l.inner = 1;
        l.x = mga_reduced_last(x, axes, perm, &l.outer, &l.length);
    }
    return l;
}

static mg_status find(bool largest, const layout *l, int64_t *index) {
    const mg_dtype dtype = (mg_dtype)l->x->dtype;
    if (l->outer == 0 || l->inner == 0) return MG_OK;
    return l->inner > 1 ? mgr_argextremum_columns(dtype, largest, l->outer, l->length, l->inner, mga_data(l->x), index)
                        : mgr_argextremum(dtype, largest, l->outer, l->length, mga_data(l->x), index);
}

static mga_node *positions(bool largest, mga_node *x, uint64_t axes, bool keepdims) {
    const layout l = layout_of(x, axes);
    mga_node *leaf = NULL;
    if (!l.x) return NULL;
    if (l.length == 0) {
        char text[MGR_SHAPE_TEXT];
        mgr_fail(MG_ERR_VALUE, names[largest], "shape %s has no elements along the axis to search",
                 mgr_shape_text(x->shape, text));
    } else {
        const mgr_shape *shape = mga_reduced_shape(x->shape, axes, keepdims);
        leaf = shape ? mga_leaf_empty(MG_I64, shape) : NULL;
        if (shape) mgr_shape_release(shape);
    }
    if (leaf && find(largest, &l, mga_data(leaf)) != MG_OK) {
        mga_node_release(leaf);
        leaf = NULL;
    }
    mga_node_release(l.x);
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
