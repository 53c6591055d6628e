/* SPDX-License-Identifier: MIT
 * Views for the user: indexing, transposing, reshaping, broadcasting. Base and views share a storage. */
#include "autodiff/arguments.h"
#include "autodiff/handle.h"
#include "autodiff/record.h"
#include "autodiff/thread.h"

#include <string.h>

/* The storage of a new view of x, counted. Frozen tensors are shared by threads, so nothing is noted in them: their
 * views, which cannot be written either, have storages of their own, without a base that could end on another thread.
 */
static mga_storage *storage_of_view(mg_tensor *x) {
    mga_node *root = x->storage ? x->storage->root : x->node;
    if (root->flags & MGA_FROZEN) return mga_storage_new(root);
    if (!mga_storage_make(x)) return NULL;
    x->storage->refs++;
    return x->storage;
}

/* A view shares the value of x, and what history that has. While nothing is recorded it has none, and is a variable or
 * a constant by its dtype, as every other result. */
static mg_tensor *wrap_view(mg_tensor *x, const mgr_shape *shape, int64_t offset, const int64_t *strides) {
    mga_storage *storage = storage_of_view(x);
    if (!storage) return NULL;
    const bool recording = mga_recording();
    mga_own *own = recording ? x->own : NULL;
    if (own) own->refs++;
    mg_tensor *t = mga_wrap_over(storage, own, shape, offset, strides);
    if (t && !recording && mg_dtype_is_float((mg_dtype)t->dtype)) t->flags |= MGA_T_APART;
    return t;
}

/* Where x's elements are relative to its storage. */
static int64_t layout(const mg_tensor *x, int64_t *strides) {
    if (!x->view) {
        mgr_strides_contiguous(x->shape, mg_dtype_size((mg_dtype)x->dtype), strides);
        return 0;
    }
    memcpy(strides, x->view->strides, (size_t)x->shape->ndim * sizeof *strides);
    return x->view->offset;
}

/* ---- indexing ---- */

typedef struct slicer {
    const char *op;
    const mg_tensor *x;
    int64_t in_strides[MG_MAX_NDIM];
    int64_t dims[MG_MAX_NDIM], strides[MG_MAX_NDIM];
    int64_t offset;
    int ndim, axis; /* of the result so far; next axis of x */
} slicer;

static mg_status push_axis(slicer *s, int64_t dim, int64_t stride) {
    if (s->ndim == MG_MAX_NDIM)
        return mgr_fail(MG_ERR_INDEX, s->op, "The result would have more than %d axes.", MG_MAX_NDIM);
    s->dims[s->ndim] = dim;
    s->strides[s->ndim++] = stride;
    return MG_OK;
}

static mg_status take_int(slicer *s, int64_t i) {
    int64_t n = s->x->shape->dims[s->axis];
    if (i < -n || i >= n)
        return mgr_fail(MG_ERR_INDEX, s->op, "index %lld is out of bounds for axis %d with size %lld", (long long)i,
                        s->axis, (long long)n);
    s->offset += (i < 0 ? i + n : i) * s->in_strides[s->axis++];
    return MG_OK;
}

static int64_t clamp(int64_t i, int64_t n, int64_t low, int64_t high) {
    if (i < 0) i = i < -n ? low : i + n;
    return i < low ? low : i > high ? high : i;
}

/* Python's slice.indices. */
static mg_status take_slice(slicer *s, const mg_index *index) {
    int64_t n = s->x->shape->dims[s->axis], step = index->step == MG_NONE ? 1 : index->step, count = 0;
    if (step == 0) return mgr_fail(MG_ERR_VALUE, s->op, "slice step cannot be zero (axis %d)", s->axis);
    if (step == INT64_MIN) step = -INT64_MAX;
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    int64_t start = index->start == MG_NONE ? (step > 0 ? low : high) : clamp(index->start, n, low, high);
    int64_t stop = index->stop == MG_NONE ? (step > 0 ? high : low) : clamp(index->stop, n, low, high);
    if (step > 0 && start < stop) count = (stop - start - 1) / step + 1;
    if (step < 0 && start > stop) count = (start - stop - 1) / -step + 1;
    int64_t stride = s->in_strides[s->axis++];
    if (count > 0) s->offset += start * stride;
    return push_axis(s, count, count > 1 ? stride * step : stride);
}

static mg_status take_rest(slicer *s, int axes) {
    for (; axes > 0; axes--, s->axis++) MGR_TRY(push_axis(s, s->x->shape->dims[s->axis], s->in_strides[s->axis]));
    return MG_OK;
}

static mg_status take_key(slicer *s, mg_key key) {
    int used = 0, ellipses = 0, ndim = s->x->shape->ndim;
    for (int i = 0; i < key.n; i++) {
        used += key.v[i].kind == MG_INDEX_INT || key.v[i].kind == MG_INDEX_SLICE;
        ellipses += key.v[i].kind == MG_INDEX_ELLIPSIS;
    }
    if (ellipses > 1)
        return mgr_fail(MG_ERR_INDEX, s->op, "an index can only have a single ellipsis, this one has %d", ellipses);
    if (used > ndim)
        return mgr_fail(MG_ERR_INDEX, s->op, "too many indices: the tensor is %d-dimensional, but %d were indexed",
                        ndim, used);
    for (int i = 0; i < key.n; i++) {
        switch (key.v[i].kind) {
        case MG_INDEX_INT:
            MGR_TRY(take_int(s, key.v[i].start));
            break;
        case MG_INDEX_SLICE:
            MGR_TRY(take_slice(s, &key.v[i]));
            break;
        case MG_INDEX_NEWAXIS:
            MGR_TRY(push_axis(s, 1, 0));
            break;
        case MG_INDEX_ELLIPSIS:
            MGR_TRY(take_rest(s, ndim - used));
            break;
        default:
            return mgr_fail(MG_ERR_INDEX, s->op, "Index %d is of no known kind (%d); a number i is written MG_I(i).", i,
                            (int)key.v[i].kind);
        }
    }
    return take_rest(s, ndim - s->axis);
}

mg_tensor *mga_view_at(const char *op, mg_tensor *x, mg_key key) {
    if (!mga_value(op, x) || mga_read_key(op, &key) != MG_OK) return NULL;
    slicer s = {.op = op, .x = x};
    s.offset = layout(x, s.in_strides);
    if (take_key(&s, key) != MG_OK) return NULL;
    const mgr_shape *shape = mgr_shape_get(s.ndim, s.dims);
    if (!shape) return NULL;
    mg_tensor *t = wrap_view(x, shape, s.offset, s.strides);
    mgr_shape_release(shape);
    return t;
}

mg_tensor *mg_getitem(mg_tensor *x, mg_key key) { return mga_view_at("getitem", x, key); }

/* ---- other views ---- */

static mg_status permutation(mg_axes axes, int ndim, int *order) {
    uint64_t seen = 0;
    MGR_TRY(mga_read_axes("transpose", &axes, NULL));
    if (axes.v && axes.n != ndim)
        return mgr_fail(MG_ERR_VALUE, "transpose", "axes don't match tensor: %d given, %d dimensions", axes.n, ndim);
    for (int i = 0; i < ndim; i++) {
        order[i] = axes.v ? mgr_axis("transpose", axes.v[i], ndim) : ndim - 1 - i;
        if (order[i] < 0) return mgr_error();
        if (seen & (UINT64_C(1) << order[i]))
            return mgr_fail(MG_ERR_VALUE, "transpose", "repeated axis %d in transpose", order[i]);
        seen |= UINT64_C(1) << order[i];
    }
    return MG_OK;
}

mg_tensor *mg_transpose(mg_tensor *x, mg_axes axes) {
    if (!mga_value("transpose", x)) return NULL;
    int order[MG_MAX_NDIM];
    int64_t own[MG_MAX_NDIM], dims[MG_MAX_NDIM], strides[MG_MAX_NDIM];
    if (permutation(axes, x->shape->ndim, order) != MG_OK) return NULL;
    int64_t offset = layout(x, own);
    for (int i = 0; i < x->shape->ndim; i++) {
        dims[i] = x->shape->dims[order[i]];
        strides[i] = own[order[i]];
    }
    const mgr_shape *shape = mgr_shape_get(x->shape->ndim, dims);
    mg_tensor *t = shape ? wrap_view(x, shape, offset, strides) : NULL;
    if (shape) mgr_shape_release(shape);
    return t;
}

mg_tensor *mg_broadcast_to(mg_tensor *x, mg_shape to) {
    if (!mga_value("broadcast_to", x) || mga_read_shape("broadcast_to", "shape", &to, NULL) != MG_OK) return NULL;
    const mgr_shape *shape = mgr_shape_get(to.ndim, to.dims);
    if (!shape) return NULL;
    mg_tensor *t = NULL;
    const mgr_shape *both = mgr_shape_broadcast("broadcast_to", x->shape, shape);
    if (both && both != shape) {
        char from[MGR_SHAPE_TEXT], into[MGR_SHAPE_TEXT];
        mgr_fail(MG_ERR_VALUE, "broadcast_to", "A tensor of shape %s does not broadcast to shape %s.",
                 mgr_shape_text(x->shape, from), mgr_shape_text(shape, into));
    } else if (both) {
        int64_t own[MG_MAX_NDIM], strides[MG_MAX_NDIM];
        int64_t offset = layout(x, own);
        mgr_strides_broadcast(x->shape, own, shape, strides);
        t = wrap_view(x, shape, offset, strides);
    }
    if (both) mgr_shape_release(both);
    mgr_shape_release(shape);
    return t;
}

/* The shape asked for, with -1 worked out; counted. */
static const mgr_shape *reshape_target(const mg_tensor *x, mg_shape to) {
    int64_t dims[MG_MAX_NDIM], known = 1;
    int unknown = -1;
    char from[MGR_SHAPE_TEXT], into[MGR_SHAPE_TEXT];
    for (int i = 0; i < to.ndim; i++) {
        dims[i] = to.dims[i];
        if (dims[i] == -1 && unknown < 0)
            unknown = i;
        else if (__builtin_mul_overflow(known, dims[i], &known))
            known = -1;
    }
    if (unknown >= 0) dims[unknown] = known > 0 ? x->shape->size / known : -1;
    bool fits = unknown < 0 ? known == x->shape->size : known > 0 && x->shape->size % known == 0;
    for (int i = 0; i < to.ndim; i++) fits = fits && dims[i] >= 0;
    if (fits) return mgr_shape_get(to.ndim, dims);
    mgr_fail(MG_ERR_VALUE, "reshape", "cannot reshape tensor of shape %s into shape %s", mgr_shape_text(x->shape, from),
             mgr_dims_text(to.ndim, to.dims, into));
    return NULL;
}

mg_tensor *mg_reshape(mg_tensor *x, mg_shape to) {
    mga_node *node = mga_value("reshape", x);
    if (!node || mga_read_shape("reshape", "shape", &to, NULL) != MG_OK) return NULL;
    const mgr_shape *shape = reshape_target(x, to);
    if (!shape) return NULL;
    int64_t own[MG_MAX_NDIM], strides[MG_MAX_NDIM];
    int64_t offset = layout(x, own);
    mg_tensor *t = mgr_strides_reshape(x->shape, own, shape, strides) ? wrap_view(x, shape, offset, strides)
                                                                      : mga_wrap(mga_reshape_node(node, shape));
    mgr_shape_release(shape);
    return t;
}
