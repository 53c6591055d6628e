/* SPDX-License-Identifier: MIT
 * Softmax cross-entropy of scores and class labels as one op. The row kernels are runtime/rows'; where the gradient
 * itself may be differentiated it is recorded as ordinary ops instead. */
#include <math.h>
#include <string.h>

#include "autodiff/backward.h"
#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/record.h"
#include "autodiff/softmax.h"
#include "mygrad/nnet.h"
#include "runtime/dtype.h"
#include "runtime/rows.h"

static const char *const op_name = "softmax_crossentropy";

typedef struct loss_state {
    mga_state state;
    mgr_buffer *softmax; /* (N, C), of x's dtype; counted */
} loss_state;

static void loss_destroy(mga_state *state) { mgr_buffer_release(((loss_state *)state)->softmax); }

static mg_status check_operands(const mga_node *x, const mga_node *labels) {
    char x_text[MGR_SHAPE_TEXT], label_text[MGR_SHAPE_TEXT];
    mg_dtype scores = (mg_dtype)x->dtype, classes = (mg_dtype)labels->dtype;
    if (!mg_dtype_is_float(scores)) {
        return mgr_fail(MG_ERR_TYPE, op_name, "scores of dtype %s: they must be floats", mg_dtype_name(scores));
    }
    if (mg_dtype_is_float(classes) || classes == MG_BOOL) {
        return mgr_fail(MG_ERR_TYPE, op_name, "labels of dtype %s: they must be integers", mg_dtype_name(classes));
    }
    if (x->shape->ndim != 2 || labels->shape->ndim != 1 || x->shape->dims[0] != labels->shape->dims[0]) {
        return mgr_fail(MG_ERR_VALUE, op_name,
                        "scores of shape %s and labels of shape %s: they must be (N, C) and (N,)",
                        mgr_shape_text(x->shape, x_text), mgr_shape_text(labels->shape, label_text));
    }
    return MG_OK;
}

static mg_status check_labels(int64_t n, int64_t classes, const int64_t *labels) {
    for (int64_t i = 0; i < n; i++) {
        if (labels[i] >= 0 && labels[i] < classes) continue;
        return mgr_fail(MG_ERR_INDEX, op_name, "label %lld in row %lld is outside [0, %lld)", (long long)labels[i],
                        (long long)i, (long long)classes);
    }
    return MG_OK;
}

/* Loss and softmax of contiguous x; the mean over no rows is NaN. */
static mg_status compute_loss(const mga_node *x, const mga_node *labels, void *softmax, void *loss) {
    int64_t n = x->shape->dims[0], classes = x->shape->dims[1];
    MGR_TRY(check_labels(n, classes, mga_data(labels)));
    if (n == 0) {
        mgr_set_f64((mg_dtype)x->dtype, loss, (double)NAN);
        return MG_OK;
    }
    return mgr_crossentropy_forward((mg_dtype)x->dtype, n, classes, mga_data(x), mga_data(labels), softmax, loss);
}

/* The state that history needs, taking over the count of softmax; NULL without an error where nothing needs it. */
static loss_state *keep_softmax(mga_node *const *in, mgr_buffer *softmax) {
    loss_state *state = mga_wants_history(2, in) ? mgr_block_new(sizeof *state) : NULL;
    if (state) {
        state->state = (mga_state){.bytes = sizeof *state, .destroy = loss_destroy};
        state->softmax = softmax;
    } else {
        mgr_buffer_release(softmax);
    }
    return state;
}

/* labels: int64. */
static mga_node *loss_node(mga_node *x, mga_node *labels) {
    mga_node *in[2] = {x, labels}, *node = NULL;
    size_t item = mg_dtype_size((mg_dtype)x->dtype);
    mga_node *scores = mga_contiguous(x);
    mgr_buffer *softmax = scores ? mgr_buffer_new((size_t)x->shape->size * item) : NULL;
    mgr_buffer *loss = softmax ? mgr_buffer_new(item) : NULL;
    const mgr_shape *scalar = loss ? mgr_shape_get(0, NULL) : NULL;
    if (scalar && compute_loss(scores, labels, softmax->data, loss->data) == MG_OK) {
        loss_state *state = keep_softmax(in, softmax);
        softmax = NULL;
        if (mgr_error() == MG_OK) {
            node = mga_record_opaque(MGK_OP_SOFTMAX_CROSSENTROPY, (mg_dtype)x->dtype, scalar, 2, in, loss,
                                     state ? &state->state : NULL);
            loss = NULL;
        }
    }
    if (scalar) mgr_shape_release(scalar);
    mgr_buffer_release(loss);
    mgr_buffer_release(softmax);
    mga_node_release(scores);
    return node;
}

mg_tensor *mg_softmax_crossentropy(mg_tensor *x, mg_tensor *labels) {
    mga_node *in[2];
    mg_tensor *const operands[2] = {x, labels};
    if (!mga_operands(op_name, 2, operands, in)) return NULL;
    if (check_operands(in[0], in[1]) != MG_OK) return NULL;
    mga_node *wide = mga_record_convert(in[1], MG_I64);
    mga_node *packed = wide ? mga_contiguous(wide) : NULL;
    mga_node *node = packed ? loss_node(in[0], packed) : NULL;
    mga_node_release(packed);
    mga_node_release(wide);
    return mga_used(mga_wrap(node), 2, operands);
}

/* ---- gradient --------------------------------------------------------------------------------------------------- */

/* (softmax - onehot) g / n by the row kernel; 0 where g is and softmax is nan. */
static mga_node *gradient_leaf(mga_node *node, mga_node *g) {
    const mga_node *x = node->in[0], *labels = node->in[1];
    const loss_state *state = node->extra;
    mga_node *seed = mga_contiguous(g);
    mga_node *dx = seed ? mga_leaf_empty((mg_dtype)x->dtype, x->shape) : NULL;
    if (dx && x->shape->size > 0 &&
        mgr_crossentropy_backward((mg_dtype)x->dtype, x->shape->dims[0], x->shape->dims[1], state->softmax->data,
                                  mga_data(labels), mga_data(seed), mga_data(dx)) != MG_OK) {
        mga_node_release(dx);
        dx = NULL;
    }
    mga_node_release(seed);
    return dx;
}

/* A constant (N, C) with 1 at each label. */
static mga_node *onehot_leaf(const mga_node *x, const mga_node *labels) {
    mga_node *leaf = mga_leaf_empty((mg_dtype)x->dtype, x->shape);
    if (!leaf) return NULL;
    size_t item = mg_dtype_size((mg_dtype)x->dtype), classes = (size_t)x->shape->dims[1];
    const int64_t *label = mga_data(labels);
    memset(mga_data(leaf), 0, (size_t)x->shape->size * item);
    for (size_t i = 0; i < (size_t)x->shape->dims[0]; i++) {
        mgr_set_f64((mg_dtype)x->dtype, (char *)mga_data(leaf) + (i * classes + (size_t)label[i]) * item, 1);
    }
    return leaf;
}

/* A binary op on nodes whose counts are taken over; NULL operands mean failure. */
static mga_node *binary(uint16_t op, mga_node *a, mga_node *b) {
    mga_node *in[2] = {a, b};
    mga_node *node = a && b ? mga_record_map(op, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    mga_node_release(a);
    mga_node_release(b);
    return node;
}

/* Of a softmax that is one op, so that its own gradient leaves rows alone that have none and are not asked for. */
static mga_node *gradient_recorded(mga_node *node, mga_node *g) {
    mga_node *x = node->in[0];
    mga_node *count = mga_fill_f64((mg_dtype)x->dtype, g->shape, (double)x->shape->dims[0]);
    mga_node_retain(g);
    mga_node *share = binary(MGK_OP_DIVIDE, g, count);
    mga_node *difference = binary(MGK_OP_SUBTRACT, mga_softmax_node(x, 2), onehot_leaf(x, node->in[1]));
    return binary(MGK_OP_KNOWN_PRODUCT, difference, share);
}

mg_status mga_crossentropy_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    *out = NULL;
    if (which != 0) return MG_OK;
    bool again = node->in[0]->shape->size > 0 && mga_wants_history(2, (mga_node *[]){node->in[0], g});
    *out = again ? gradient_recorded(node, g) : gradient_leaf(node, g);
    return *out ? MG_OK : mgr_error();
}
