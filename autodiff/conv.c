/* SPDX-License-Identifier: MIT
 * N-D convolution of tensors: its checks, and one opaque op in three roles. With y = conv(x, w), the scalar <y, dy> is
 * linear in each of x, w and dy, so the forward pass and its two gradients are gradients of each other: that makes the
 * op differentiable any number of times. The arithmetic is runtime/linalg's. */
#include <string.h>

#include "autodiff/backward.h"
#include "autodiff/flush.h"
#include "autodiff/nnet_opts.h"
#include "autodiff/number_text.h"
#include "autodiff/options.h"
#include "autodiff/record.h"
#include "mygrad/nnet.h"
#include "runtime/linalg.h"

/* What a node with this op is, and its two inputs. */
typedef enum conv_role {
    CONV_FORWARD, /* (x, w) -> y */
    CONV_DATA,    /* (dy, w) -> dx */
    CONV_WEIGHTS  /* (x, dy) -> dw */
} conv_role;

enum { CONV_X, CONV_W, CONV_Y, CONV_STRIDE, CONV_PAD, CONV_DILATION, CONV_ROWS };

typedef struct conv_state {
    mga_state state;
    conv_role role;
    int spatial;
    int64_t n, c, f;
    int64_t lengths[]; /* CONV_ROWS rows of `spatial` numbers */
} conv_state;

static int64_t *conv_row(conv_state *state, int row) { return state->lengths + row * state->spatial; }

static conv_state *conv_state_new(conv_role role, int spatial) {
    size_t bytes = sizeof(conv_state) + (size_t)(CONV_ROWS * spatial) * sizeof(int64_t);
    conv_state *state = mgr_block_new(bytes);
    if (!state) return NULL;
    state->state = (mga_state){.bytes = bytes};
    state->role = role;
    state->spatial = spatial;
    return state;
}

/* The result's shape: dims of x, w or y, by role. */
static const mgr_shape *conv_shape(conv_state *state, conv_role role) {
    static const int row[] = {[CONV_FORWARD] = CONV_Y, [CONV_DATA] = CONV_X, [CONV_WEIGHTS] = CONV_W};
    int64_t dims[MG_MAX_NDIM];
    dims[0] = role == CONV_WEIGHTS ? state->f : state->n;
    dims[1] = role == CONV_FORWARD ? state->f : state->c;
    memcpy(dims + 2, conv_row(state, row[role]), (size_t)state->spatial * sizeof(int64_t));
    return mgr_shape_get(state->spatial + 2, dims);
}

static mg_status conv_compute(conv_state *state, conv_role role, const mga_node *a, const mga_node *b,
                              mgr_buffer *result) {
    if (a->shape->size == 0 || b->shape->size == 0) { /* a sum of nothing */
        memset(result->data, 0, result->bytes);
        return MG_OK;
    }
    mgr_conv args = {.dtype = (mg_dtype)a->dtype,
                     .spatial = state->spatial,
                     .n = state->n,
                     .c = state->c,
                     .f = state->f,
                     .x = conv_row(state, CONV_X),
                     .w = conv_row(state, CONV_W),
                     .y = conv_row(state, CONV_Y),
                     .stride = conv_row(state, CONV_STRIDE),
                     .pad = conv_row(state, CONV_PAD),
                     .dilation = conv_row(state, CONV_DILATION)};
    const void *in_a = mga_data(a), *in_b = mga_data(b);
    if (role == CONV_FORWARD) return mgr_conv_forward(&args, in_a, in_b, result->data);
    if (role == CONV_DATA) return mgr_conv_backward_data(&args, in_a, in_b, result->data);
    return mgr_conv_backward_weights(&args, in_a, in_b, result->data);
}

/* The buffer with the result of a role on two nodes, or NULL. */
static mgr_buffer *conv_buffer(conv_state *state, conv_role role, const mgr_shape *shape, mga_node *a, mga_node *b) {
    mga_node *in_a = mga_contiguous(a), *in_b = in_a ? mga_contiguous(b) : NULL;
    mgr_buffer *result = in_b ? mgr_buffer_new((size_t)shape->size * mg_dtype_size((mg_dtype)a->dtype)) : NULL;
    if (result && shape->size > 0 && conv_compute(state, role, in_a, in_b, result) != MG_OK) {
        mgr_buffer_release(result);
        result = NULL;
    }
    mga_node_release(in_a);
    mga_node_release(in_b);
    return result;
}

/* A new node in state's role; takes state over. */
static mga_node *conv_node(conv_state *state, mga_node *a, mga_node *b) {
    const mgr_shape *shape = conv_shape(state, state->role);
    mgr_buffer *result = shape ? conv_buffer(state, state->role, shape, a, b) : NULL;
    mga_node *node = NULL;
    if (result) {
        node = mga_record_opaque(MGK_OP_CONV_ND, (mg_dtype)a->dtype, shape, 2, (mga_node *[]){a, b}, result,
                                 &state->state);
    } else {
        mgr_block_free(state, state->state.bytes);
    }
    mgr_shape_release(shape);
    return node;
}

/* ---- gradient --------------------------------------------------------------------------------------------------- */

/* Where the two inputs of a gradient come from: the incoming gradient, or the node's own inputs. */
enum { FROM_GRAD = 2 };
static const struct conv_rule {
    conv_role role;
    uint8_t from[2];
} conv_rules[3][2] = {
    [CONV_FORWARD] = {{CONV_DATA, {FROM_GRAD, 1}}, {CONV_WEIGHTS, {0, FROM_GRAD}}},
    [CONV_DATA] = {{CONV_FORWARD, {FROM_GRAD, 1}}, {CONV_WEIGHTS, {FROM_GRAD, 0}}},
    [CONV_WEIGHTS] = {{CONV_DATA, {1, FROM_GRAD}}, {CONV_FORWARD, {0, FROM_GRAD}}},
};

mg_status mga_conv_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    conv_state *state = node->extra;
    const struct conv_rule *rule = &conv_rules[state->role][which];
    conv_state *copy = conv_state_new(rule->role, state->spatial);
    if (!copy) return mgr_error();
    copy->n = state->n, copy->c = state->c, copy->f = state->f;
    memcpy(copy->lengths, state->lengths, (size_t)(CONV_ROWS * state->spatial) * sizeof(int64_t));
    mga_node *from[3] = {node->in[0], node->in[1], g};
    *out = conv_node(copy, from[rule->from[0]], from[rule->from[1]]);
    return *out ? MG_OK : mgr_error();
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

/* Y from X, W, stride, padding and dilation of one axis; value error unless windows tile the axis exactly. */
static mg_status conv_length(conv_state *state, int axis) {
    int64_t x = conv_row(state, CONV_X)[axis], w = conv_row(state, CONV_W)[axis];
    int64_t stride = conv_row(state, CONV_STRIDE)[axis], pad = conv_row(state, CONV_PAD)[axis];
    int64_t dilation = conv_row(state, CONV_DILATION)[axis], window, padded;
    if (w < 1) return mgr_fail(MG_ERR_VALUE, "conv_nd", "window of length %lld on spatial axis %d", (long long)w, axis);
    if (__builtin_mul_overflow(w - 1, dilation, &window) || __builtin_add_overflow(window, 1, &window)) {
        return mgr_fail(MG_ERR_VALUE, "conv_nd", "window %lld with dilation %lld on spatial axis %d is too long",
                        (long long)w, (long long)dilation, axis);
    }
    if (__builtin_mul_overflow(2, pad, &padded) || __builtin_add_overflow(padded, x, &padded)) {
        return mgr_fail(MG_ERR_VALUE, "conv_nd", "padding %lld on spatial axis %d is too large", (long long)pad, axis);
    }
    if (window > padded || (padded - window) % stride != 0) {
        char positions[MGA_NUMBER_BYTES];
        return mgr_fail(
            MG_ERR_VALUE, "conv_nd",
            "windows do not tile spatial axis %d: length %lld, padding %lld, window %lld, dilation %lld, "
            "stride %lld give (%lld + 2*%lld - %lld) / %lld + 1 = %s positions, not a positive whole number",
            axis, (long long)x, (long long)pad, (long long)w, (long long)dilation, (long long)stride, (long long)x,
            (long long)pad, (long long)window, (long long)stride,
            mga_positions_text(padded - window, stride, positions));
    }
    conv_row(state, CONV_Y)[axis] = (padded - window) / stride + 1;
    return MG_OK;
}

static mg_status conv_geometry(conv_state *state, const mgr_shape *x, const mgr_shape *w, const mg_conv_opts *opts) {
    state->n = x->dims[0], state->c = x->dims[1], state->f = w->dims[0];
    int spatial = state->spatial;
    MGR_TRY(mga_per_axis("conv_nd", "stride", opts->stride, spatial, 1, 1, conv_row(state, CONV_STRIDE)));
    MGR_TRY(mga_per_axis("conv_nd", "padding", opts->padding, spatial, 0, 0, conv_row(state, CONV_PAD)));
    MGR_TRY(mga_per_axis("conv_nd", "dilation", opts->dilation, spatial, 1, 1, conv_row(state, CONV_DILATION)));
    for (int i = 0; i < spatial; i++) {
        conv_row(state, CONV_X)[i] = x->dims[i + 2];
        conv_row(state, CONV_W)[i] = w->dims[i + 2];
        MGR_TRY(conv_length(state, i));
    }
    return MG_OK;
}

static mg_status conv_check(const mga_node *x, const mga_node *w, mg_dtype dtype) {
    char x_text[MGR_SHAPE_TEXT], w_text[MGR_SHAPE_TEXT];
    if (!mg_dtype_is_float(dtype)) {
        return mgr_fail(MG_ERR_TYPE, "conv_nd", "operands of dtypes %s and %s: at least one must be a float",
                        mg_dtype_name((mg_dtype)x->dtype), mg_dtype_name((mg_dtype)w->dtype));
    }
    if (x->shape->ndim < 3 || x->shape->ndim != w->shape->ndim || x->shape->dims[1] != w->shape->dims[1]) {
        return mgr_fail(MG_ERR_VALUE, "conv_nd",
                        "x of shape %s and w of shape %s: they must be (N, C, X...) and (F, C, W...) with the same C "
                        "and equally many axes, at least three",
                        mgr_shape_text(x->shape, x_text), mgr_shape_text(w->shape, w_text));
    }
    return MG_OK;
}

static mga_node *conv_recorded(mga_node *x, mga_node *w, const mg_conv_opts *opts) {
    conv_state *state = conv_state_new(CONV_FORWARD, x->shape->ndim - 2);
    if (!state) return NULL;
    if (conv_geometry(state, x->shape, w->shape, opts) != MG_OK) {
        mgr_block_free(state, state->state.bytes);
        return NULL;
    }
    return conv_node(state, x, w);
}

mg_tensor *mg_conv_nd_with(mg_tensor *x, mg_tensor *w, const mg_conv_opts *opts) {
    mg_conv_opts given = {0};
    if (MGA_READ_OPTS("conv_nd", given, opts) != MG_OK) return NULL;
    mga_node *in[2];
    if (mga_read_shape("conv_nd", ".stride", &given.stride, given.mg_text) != MG_OK ||
        mga_read_shape("conv_nd", ".padding", &given.padding, given.mg_text) != MG_OK ||
        mga_read_shape("conv_nd", ".dilation", &given.dilation, given.mg_text) != MG_OK)
        return NULL;
    mg_tensor *const operands[2] = {x, w};
    if (!mga_operands("conv_nd", 2, operands, in)) return NULL;
    mg_dtype dtype = mg_promote_types((mg_dtype)in[0]->dtype, (mg_dtype)in[1]->dtype);
    if (conv_check(in[0], in[1], dtype) != MG_OK) return NULL;
    if (given.constant == MG_CONSTANT) mg_no_autodiff(true);
    mga_node *data = mga_record_convert(in[0], dtype), *weights = data ? mga_record_convert(in[1], dtype) : NULL;
    mga_node *result = weights ? conv_recorded(data, weights, &given) : NULL;
    mga_node_release(data);
    mga_node_release(weights);
    if (given.constant == MG_CONSTANT) mg_no_autodiff(false);
    mg_tensor *tensor = mga_used(mga_wrap(result), 2, operands);
    if (!tensor || given.constant == MG_CONSTANT_AUTO) return tensor;
    return mg_set_constant(tensor, given.constant == MG_CONSTANT);
}

mg_tensor *(mg_conv_nd)(mg_tensor *x, mg_tensor *w) { return mg_conv_nd_with(x, w, NULL); }
