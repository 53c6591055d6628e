/* SPDX-License-Identifier: MIT
 * Looking at tensors: queries, evaluation, pointers to elements. */
#include "autodiff/arguments.h"
#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/thread.h"
#include "runtime/dtype.h"
#include "runtime/tile.h"

#include <math.h>
#include <string.h>

/* ---- queries ---- */

static bool is_tensor(const mg_tensor *x) { return x && !mga_is_closed(x); }

int mg_ndim(const mg_tensor *x) { return is_tensor(x) ? x->shape->ndim : 0; }
const int64_t *mg_dims(const mg_tensor *x) { return is_tensor(x) ? x->shape->dims : NULL; }
int64_t mg_size(const mg_tensor *x) { return is_tensor(x) ? x->shape->size : 0; }
mg_dtype mg_dtype_of(const mg_tensor *x) { return is_tensor(x) ? (mg_dtype)x->dtype : MG_DTYPE_NONE; }
bool mg_is_constant(const mg_tensor *x) { return !is_tensor(x) || !mga_is_variable(x); }
mg_tensor *mg_base(const mg_tensor *x) { return is_tensor(x) && !mga_is_whole(x) ? x->storage->base : NULL; }

int64_t mg_dim(const mg_tensor *x, int axis) {
    if (!is_tensor(x) || axis < -x->shape->ndim || axis >= x->shape->ndim) return -1;
    return x->shape->dims[axis < 0 ? axis + x->shape->ndim : axis];
}

/* ---- evaluation ---- */

/* t's value, evaluated; NULL with an error set. */
static mga_node *evaluated(const char *op, mg_tensor *x) {
    mga_node *node = mga_value(op, x);
    return node && mga_eval(node) == MG_OK ? node : NULL;
}

mg_status mg_eval(mg_tensor *x) { return evaluated("eval", x) ? MG_OK : mgr_error(); }

const void *mg_data(mg_tensor *x) {
    mga_node *node = evaluated("data", x);
    return node && node->shape->size > 0 ? mga_node_data(node) : NULL;
}

static const void *typed_data(mg_tensor *x, mg_dtype dtype) {
    if (is_tensor(x) && x->dtype != dtype) {
        mgr_fail(MG_ERR_TYPE, "data", "The tensor is %s, not %s.", mg_dtype_name((mg_dtype)x->dtype),
                 mg_dtype_name(dtype));
        return NULL;
    }
    return mg_data(x);
}

const float *mg_data_f32(mg_tensor *x) { return typed_data(x, MG_F32); }
const double *mg_data_f64(mg_tensor *x) { return typed_data(x, MG_F64); }
const int64_t *mg_data_i64(mg_tensor *x) { return typed_data(x, MG_I64); }

mg_status mg_strides(mg_tensor *x, int64_t *strides) {
    if (!mga_is_usable("strides", x)) return mgr_error(); /* no use: mg_data_mut's pointer stays good */
    if (x->shape->ndim > 0) MGR_TRY(mga_check_out("strides", "strides", strides));
    if (x->view)
        memcpy(strides, x->view->strides, (size_t)x->shape->ndim * sizeof *strides);
    else
        mgr_strides_contiguous(x->shape, mg_dtype_size((mg_dtype)x->dtype), strides);
    return MG_OK;
}

mg_status mg_read(mg_tensor *x, mg_dtype dtype, void *out) {
    const mga_node *node = evaluated("read", x);
    if (!node) return mgr_error();
    if (mg_dtype_size(dtype) == 0) return mgr_fail(MG_ERR_TYPE, "read", "%d is no dtype.", (int)dtype);
    if (node->shape->size > 0) MGR_TRY(mga_check_out("read", "out", out));
    int64_t from[MG_MAX_NDIM], to[MG_MAX_NDIM];
    mga_node_strides(node, from);
    mgr_strides_contiguous(node->shape, mg_dtype_size(dtype), to);
    return mgr_copy(node->shape->ndim, node->shape->dims, dtype, out, to, (mg_dtype)node->dtype, mga_node_data(node),
                    from);
}

static const void *only_element(mg_tensor *x) {
    if (is_tensor(x) && mgr_error() == MG_OK && x->shape->size != 1) {
        char text[MGR_SHAPE_TEXT];
        mgr_fail(MG_ERR_VALUE, "item", "can only convert a tensor of size 1 to a scalar, this one has shape %s",
                 mgr_shape_text(x->shape, text));
        return NULL;
    }
    return mg_data(x);
}

double mg_item(mg_tensor *x) {
    const void *element = only_element(x);
    return element ? mgr_get_f64((mg_dtype)x->dtype, element) : (double)NAN;
}

int64_t mg_item_i64(mg_tensor *x) {
    const void *element = only_element(x);
    return element ? mgr_get_i64((mg_dtype)x->dtype, element) : 0;
}

/* ---- writing from outside ---- */

/* Does a recorded graph need this value's memory, or was the value recorded by one, which writing would end? Pending
 * readers do not count: they get a copy. */
static bool guarded(const mga_node *node) {
    if (node->flags & MGA_HISTORY || atomic_load_explicit(&node->history, memory_order_relaxed) > 0) return true;
    return (node->flags & MGA_SHARES) && atomic_load_explicit(&node->buffer->guards, memory_order_relaxed) > 0;
}

/* Can the root's memory be written where it is? */
static bool is_alone(const mg_tensor *x) {
    const mga_node *root = x->storage->root;
    return !mga_is_read(x) && atomic_load_explicit(&root->buffer->refs, memory_order_acquire) == 1;
}

/* The root's elements go over to leaf, which nobody else holds; its readers keep theirs. Borrowed memory is the
 * leaf's. */
static void go_on_as(mg_tensor *x, mga_node *leaf) {
    mga_node *root = x->storage->root;
    const size_t bytes = (size_t)root->shape->size * mg_dtype_size((mg_dtype)root->dtype);
    if (bytes) memcpy(leaf->data, root->data, bytes);
    if (mga_is_borrowed(root)) mga_exchange_buffers(root, leaf);
    leaf->flags |= root->flags & MGA_VARIABLE;
    mga_set_root(x, leaf);
}

/* x's memory as nobody else's. What that may need is acquired first; whether it is needed shows when x's gradients,
 * which may be computed from x, are gone. */
static bool make_exclusive(mg_tensor *x) {
    mga_node *root = x->storage->root, *leaf = NULL;
    if (!is_alone(x) && !(leaf = mga_leaf_empty((mg_dtype)root->dtype, root->shape))) return false;
    mga_drop_written_grads(x);
    if (!is_alone(x)) {
        go_on_as(x, leaf);
        return true;
    }
    mga_node_release(leaf);
    if (root->op != MGA_OP_LEAF) { /* what is written was computed by nobody */
        mga_node_drop_inputs(root);
        root->weak = MGR_STRONG;
    }
    return true;
}

static mg_status check_unguarded(const mg_tensor *x) {
    if (!mga_thread_get()->guard || !(guarded(x->storage->root) || guarded(mga_home(x)))) return MG_OK;
    return mgr_fail(MG_ERR_READ_ONLY, "data_mut",
                    "A recorded graph needs this %s tensor's memory: write with in-place operations, or let go of the "
                    "graph first.",
                    mg_dtype_name((mg_dtype)x->dtype));
}

void *mg_data_mut(mg_tensor *x) {
    mga_node *node = evaluated("data_mut", x);
    if (!node || !mga_can_write("data_mut", x)) return NULL;
    if (!mga_storage_make(x) || mga_eval(x->storage->root) != MG_OK || check_unguarded(x) != MG_OK) return NULL;
    if (!make_exclusive(x)) return NULL;
    x->storage->root->flags &= (uint16_t)~MGA_WAS_CONSUMED; /* what comes from outside was recorded by nobody */
    mga_try_value("data_mut", x);
    if (x->storage->refs > 1 || x->own) { /* views' own values begin again when the memory has been written */
        x->storage->version++;
        x->storage->written++;
    }
    char *first = x->storage->root->data;
    return x->shape->size > 0 ? first + (x->view ? x->view->offset : 0) : NULL;
}
