/* SPDX-License-Identifier: MIT
 * Gradients of sum, mean, prod, max and min. Those of the first two are recorded views; that of an extremum goes whole
 * to its first occurrence, found anew from the input; that of a product is the product of the others. */
#include "autodiff/backward.h"
#include "autodiff/composite.h"
#include "autodiff/cumulate.h"
#include "autodiff/flush.h"
#include "autodiff/max_pool.h"
#include "autodiff/product_range.h"
#include "autodiff/record.h"
#include "autodiff/reduce_axes.h"
#include "runtime/dtype.h"
#include "runtime/rows.h"
#include "runtime/status.h"

mg_status mga_sum_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    (void)which;
    *out = mga_spread(node, g);
    return *out ? MG_OK : mgr_error();
}

/* g / count, a count that 16-bit floats may not hold. */
static mga_node *divided(mga_node *g, int64_t count) {
    mg_dtype dtype = (mg_dtype)g->dtype, wide = dtype == MG_F16 || dtype == MG_BF16 ? MG_F32 : dtype;
    mga_node *in[2] = {mga_record_convert(g, wide), NULL};
    if (in[0]) in[1] = mga_fill_f64(wide, g->shape, (double)count);
    mga_node *share = in[1] ? mga_record_map(MGK_OP_DIVIDE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    mga_node *result = share ? mga_record_convert(share, dtype) : NULL;
    mga_node_release(share);
    mga_node_release(in[1]);
    mga_node_release(in[0]);
    return result;
}

mg_status mga_mean_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    (void)which;
    const mgr_shape *shape = node->in[0]->shape;
    int64_t count = 1;
    for (int i = 0; i < shape->ndim; i++) count *= node->axes >> i & 1 ? shape->dims[i] : 1;
    mga_node *share = divided(g, count);
    *out = share ? mga_spread(node, share) : NULL;
    mga_node_release(share);
    return *out ? MG_OK : mgr_error();
}

/* Undo mga_reduced_last: a view of `rows` (in the permuted shape) with axes where x has them. */
static mga_node *axes_back(mga_node *rows, const mgr_shape *shape, const int *perm) {
    int64_t strides[MG_MAX_NDIM], step = (int64_t)mg_dtype_size((mg_dtype)rows->dtype);
    for (int i = shape->ndim - 1; i >= 0; i--) {
        strides[perm[i]] = step;
        step *= rows->shape->dims[i];
    }
    return mga_view_new(rows, shape, 0, strides);
}

/* What is before each element of its row, multiplied: (outer, length), from either end. */
static mga_node *product_before(mga_node *rows, bool reverse) {
    const mga_direction way = {.axis = 1, .reverse = reverse};
    mga_node *running = mga_cumulate(MGK_OP_CUMPROD, rows, way);
    mga_node *before = running ? mga_shift(running, way, 1) : NULL;
    mga_node_release(running);
    return before;
}

/* What is before and after each element, multiplied; NULL, where a running product left the range of normal numbers, is
 * no error. */
static mga_node *product_of_others(mga_node *rows, bool in_range) {
    mga_node *before = product_before(rows, false), *after = before ? product_before(rows, true) : NULL;
    if (after && in_range && !(mga_all_normal(before) && mga_all_normal(after))) {
        mga_node_release(before);
        mga_node_release(after);
        return NULL;
    }
    return mga_binary(MGK_OP_MULTIPLY, before, after);
}

/* The same with powers of two taken off the elements, and put back. */
static mga_node *scaled_product_of_others(mga_node *rows) {
    const mgr_scan scan = {.outer = rows->shape->dims[0], .length = rows->shape->dims[1], .inner = 1};
    mga_node *packed = mga_contiguous(rows), *result = NULL;
    mga_powers powers;
    if (packed && mga_powers_of(packed, &scan, false, &powers) == MG_OK) {
        mga_node *near_one = mga_binary(MGK_OP_MULTIPLY, mga_held(rows), mga_held(powers.down));
        if (near_one) result = mga_powers_put_back(product_of_others(near_one, false), &powers);
        mga_node_release(near_one);
        mga_powers_release(&powers);
    }
    mga_node_release(packed);
    return result;
}

mg_status mga_prod_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    mg_dtype dtype = (mg_dtype)node->in[0]->dtype, wide = mgr_row_dtype(dtype);
    int perm[MG_MAX_NDIM];
    int64_t size[2];
    (void)which;
    mga_node *x = mga_record_convert(node->in[0], wide);
    mga_node *last = x ? mga_reduced_view(x, node->axes, perm, &size[0], &size[1]) : NULL;
    const mgr_shape *flat = last ? mgr_shape_get(2, size) : NULL;
    mga_node *rows = flat ? mga_reshape_node(last, flat) : NULL;
    mga_node *others = rows ? product_of_others(rows, true) : NULL;
    if (rows && !others && mgr_error() == MG_OK) others = scaled_product_of_others(rows);
    mga_node *blocks = others ? mga_reshape_node(others, last->shape) : NULL;
    mga_node *placed = blocks ? axes_back(blocks, x->shape, perm) : NULL;
    mga_node *seed = placed ? mga_spread(node, g) : NULL;
    *out = mga_converted(mga_binary(MGK_OP_MULTIPLY, placed, mga_converted(seed, wide)), dtype);
    mga_node_release(blocks);
    mga_node_release(others);
    mga_node_release(rows);
    if (flat) mgr_shape_release(flat);
    mga_node_release(last);
    mga_node_release(x);
    return *out ? MG_OK : mgr_error();
}

mg_status mga_extremum_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    (void)which;
    mga_node *x = node->in[0], *dx = NULL;
    int perm[MG_MAX_NDIM];
    int64_t outer, length;
    *out = NULL;
    mga_node *rows = mga_reduced_last(x, node->axes, perm, &outer, &length);
    if (!rows) return mgr_error();
    mgr_buffer *where = mgr_buffer_new((size_t)outer * sizeof(int64_t));
    mg_status status = where ? MG_OK : mgr_error();
    if (where && outer > 0) {
        status =
            mgr_argextremum((mg_dtype)x->dtype, node->op == MGK_OP_MAX, outer, length, mga_data(rows), where->data);
    }
    if (status == MG_OK) dx = mga_scatter_rows(g, rows->shape, outer, length, where);
    if (dx) *out = axes_back(dx, x->shape, perm);
    mga_node_release(dx);
    mgr_buffer_release(where);
    mga_node_release(rows);
    return *out ? MG_OK : mgr_error();
}
