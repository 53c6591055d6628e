/* SPDX-License-Identifier: MIT
 * logsumexp, softmax and logsoftmax over any axes. The values are recorded as constants in f64, whatever the dtype, and
 * evaluated at once: the largest element, then exponentials in double words, whose high parts are multiples of one
 * number and so small that their sum is exact. Gradients are recorded from the results. */
#include "autodiff/softmax.h"
#include "autodiff/backward.h"
#include "autodiff/composite.h"
#include "autodiff/flush.h"
#include "autodiff/options.h"
#include "autodiff/record.h"
#include "autodiff/reduce_axes.h"
#include "mygrad/nnet.h"
#include "mygrad/reductions.h"
#include "runtime/dtype.h"

/* 1.5 2^p, 2^p the power of two that is not less than the number of elements: adding it rounds numbers of [0, 1] to
 * multiples of 2^(p - 52), of which `count` add up to less than 2^(p + 1). */
static double splitter(const mgr_shape *shape, uint64_t axes) {
    int64_t count = 1;
    for (int i = 0; i < shape->ndim; i++) count *= axes >> i & 1 ? shape->dims[i] : 1;
    double value = 1.5; /* exact, in any floating-point environment */
    for (uint64_t power = 1; power < (uint64_t)count; power *= 2) value *= 2;
    return value;
}

/* The largest element of each row of x, which is f64; 0 where that is not finite, if asked for. */
static mga_node *shift_of(mga_node *x, uint64_t axes, bool finite) {
    mga_node *most = mga_reduced(MGK_OP_MAX, mga_held(x), axes, MG_CONSTANT_AUTO);
    if (!most || !finite) return most;
    mga_node *zero = mga_fill_f64(MG_F64, most->shape, 0);
    mga_node *in[3] = {zero ? mga_unary(MGK_OP_ISFINITE, mga_held(most)) : NULL, most, zero};
    mga_node *shift = in[0] ? mga_record_map(MGK_OP_WHERE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    for (int i = 0; i < 3; i++) mga_node_release(in[i]);
    return shift;
}

/* sum(exp(x - shift)) as parts[0] + parts[1]. */
static mg_status sums_of(mga_node *x, mga_node *shift, uint64_t axes, mga_node *parts[2]) {
    const double params[1] = {splitter(x->shape, axes)};
    MGR_TRY(mga_record_multi(MGK_OP_EXP_PARTS, (mga_node *[]){x, shift}, params, parts));
    for (int i = 0; i < 2; i++) parts[i] = mga_reduced(MGK_OP_SUM, parts[i], axes, MG_CONSTANT_AUTO);
    if (parts[0] && parts[1]) return MG_OK;
    mga_node_release(parts[0]);
    mga_node_release(parts[1]);
    return mgr_error();
}

/* The value in f64 from x, the shift and the two parts of the sum. */
static mga_node *combined(uint16_t op, mga_node *x, mga_node *shift, mga_node *const sums[2]) {
    mga_node *logs[2] = {NULL, NULL}, *result = NULL;
    if (op == MGK_OP_SOFTMAX) {
        mga_node *in[4] = {x, shift, sums[0], sums[1]};
        return mga_record_map(MGK_OP_SOFTMAX_OF, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
    }
    if (mga_record_multi(MGK_OP_LOG_PARTS, sums, NULL, logs) != MG_OK) return NULL;
    mga_node *of_x[4] = {x, shift, logs[0], logs[1]};
    if (op == MGK_OP_LOGSOFTMAX)
        result = mga_record_map(MGK_OP_LOGSOFTMAX_OF, of_x, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
    else
        result = mga_record_map(MGK_OP_LOGSUMEXP_OF, of_x + 1, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
    mga_node_release(logs[0]);
    mga_node_release(logs[1]);
    return result;
}

/* The value of the op in `dtype`, evaluated, without history; reduced axes keep their length of 1. */
static mga_node *value_of(uint16_t op, mga_node *x, uint64_t axes, mg_dtype dtype) {
    mga_node *sums[2], *result = NULL;
    mg_no_autodiff(true);
    mga_node *wide = mga_record_convert(x, MG_F64);
    mga_node *shift = wide ? shift_of(wide, axes, op != MGK_OP_SOFTMAX) : NULL;
    if (shift && sums_of(wide, shift, axes, sums) == MG_OK) {
        result = combined(op, wide, shift, sums);
        mga_node_release(sums[0]);
        mga_node_release(sums[1]);
    }
    result = mga_converted(result, dtype);
    mga_node_release(shift);
    mga_node_release(wide);
    mg_no_autodiff(false);
    if (!result || mga_eval(result) == MG_OK) return result;
    mga_node_release(result);
    return NULL;
}

/* The op as one node on x, a float. */
static mga_node *node_of(uint16_t op, mga_node *x, uint64_t axes, bool keepdims) {
    mga_node *value = value_of(op, x, axes, (mg_dtype)x->dtype), *node = NULL;
    const mgr_shape *shape = NULL;
    if (value) shape = op == MGK_OP_LOGSUMEXP ? mga_reduced_shape(x->shape, axes, keepdims) : x->shape;
    if (shape) {
        mgr_buffer_retain(value->buffer);
        node = mga_record_opaque(op, (mg_dtype)x->dtype, shape, 1, &x, value->buffer, NULL);
    }
    if (node) node->axes = axes;
    if (shape && op == MGK_OP_LOGSUMEXP) mgr_shape_release(shape);
    mga_node_release(value);
    return node;
}

mga_node *mga_softmax_node(mga_node *x, uint64_t axes) { return node_of(MGK_OP_SOFTMAX, x, axes, true); }

static mg_tensor *recorded(uint16_t op, mga_node *x, uint64_t axes, bool keepdims, mg_constant constant) {
    mga_composite_begin(constant);
    mga_node *in = mga_record_convert(x, mg_dtype_is_float((mg_dtype)x->dtype) ? (mg_dtype)x->dtype : MG_F64);
    mga_node *node = in ? node_of(op, in, axes, keepdims) : NULL;
    mga_node_release(in);
    return mga_composite_end(mgk_ops[op].name, constant, node);
}

/* ---- gradients --------------------------------------------------------------------------------------------------- */

/* In f32 where the dtype has 16 bits. */
static mga_node *widened(mga_node *x) { return mga_record_convert(x, mgr_row_dtype((mg_dtype)x->dtype)); }

static mg_status narrowed(mga_node *result, const mga_node *node, mga_node **out) {
    *out = mga_converted(result, (mg_dtype)node->in[0]->dtype);
    return *out ? MG_OK : mgr_error();
}

/* Factors that are nan where the incoming gradient is 0 give 0 (MGK_OP_KNOWN_PRODUCT): a row that has no softmax, and
 * that nobody asks for, must not reach what the other rows of a batch share. */
static mga_node *product(mga_node *factor, mga_node *g) { return mga_binary(MGK_OP_KNOWN_PRODUCT, factor, g); }

mg_status mga_softmax_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    (void)which;
    mga_node *y = widened(node), *seed = y ? widened(g) : NULL;
    mga_node *common = mga_reduced(MGK_OP_SUM, product(mga_held(y), mga_held(seed)), node->axes, MG_CONSTANT_AUTO);
    mga_node *rest = mga_binary(MGK_OP_SUBTRACT, seed, common);
    return narrowed(product(y, rest), node, out);
}

/* c ? a : b, taking over the counts. */
static mga_node *chosen(mga_node *c, mga_node *a, mga_node *b) {
    mga_node *in[3] = {c, a, b};
    mga_node *result = c && a && b ? mga_record_map(MGK_OP_WHERE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    for (int i = 0; i < 3; i++) mga_node_release(in[i]);
    return result;
}

/* The sum of the seed, nan in rows that have no softmax: exp(y) alone would not tell, beside inf it is 0. */
static mga_node *total_of(mga_node *y, mga_node *seed, uint64_t axes) {
    mga_node *known = chosen(mga_unary(MGK_OP_ISNAN, mga_held(y)), mga_held(y), mga_held(seed));
    return mga_reduced(MGK_OP_SUM, known, axes, MG_CONSTANT_AUTO);
}

/* In which rows the total is nan and all of the seed 0. Elsewhere the rule is what it is: its derivative is right at
 * g = 0, too. */
static mga_node *spared_rows(mga_node *total, mga_node *seed, uint64_t axes) {
    mga_node *size = mga_reduced(MGK_OP_SUM, mga_unary(MGK_OP_ABSOLUTE, mga_held(seed)), axes, MG_CONSTANT_AUTO);
    mga_node *zero = size ? mga_fill_f64((mg_dtype)size->dtype, size->shape, 0) : NULL;
    mga_node *nothing = mga_binary(MGK_OP_EQUAL, size, zero);
    return mga_binary(MGK_OP_LOGICAL_AND, nothing, mga_unary(MGK_OP_ISNAN, mga_held(total)));
}

/* x, but 0 in the spared rows; the count of x is taken over. */
static mga_node *unless(mga_node *spared, mga_node *x) {
    mga_node *zero = spared ? mga_fill_f64((mg_dtype)x->dtype, spared->shape, 0) : NULL;
    return chosen(mga_held(spared), zero, x);
}

mg_status mga_logsoftmax_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    (void)which;
    mga_node *y = widened(node), *seed = y ? widened(g) : NULL;
    mga_node *total = seed ? total_of(y, seed, node->axes) : NULL;
    mga_node *spared = total ? spared_rows(total, seed, node->axes) : NULL;
    mga_node *known = unless(spared, y), *sum = unless(spared, total);
    mga_node *share = mga_binary(MGK_OP_MULTIPLY, mga_unary(MGK_OP_EXP, known), sum);
    mga_node_release(spared);
    return narrowed(mga_binary(MGK_OP_SUBTRACT, seed, share), node, out);
}

/* A softmax, recorded as one, so that this can be differentiated again. */
mg_status mga_logsumexp_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    (void)which;
    mga_node *softmax = mga_softmax_node(node->in[0], node->axes);
    return narrowed(product(softmax, softmax ? mga_spread(node, g) : NULL), node, out);
}

/* ---- public ------------------------------------------------------------------------------------------------------ */

/* The last axis if none is given, all if MG_AXES_ALL says so, no axis of a scalar. */
static mg_tensor *normalised(uint16_t op, mg_tensor *x, const mg_softmax_opts *opts) {
    const int last = -1;
    mg_softmax_opts given = {0};
    if (MGA_READ_OPTS(mgk_ops[op].name, given, opts) != MG_OK) return NULL;
    mga_node *in;
    uint64_t axes;
    if (!mga_operands(mgk_ops[op].name, 1, &x, &in)) return NULL;
    if (mga_read_axes(mgk_ops[op].name, &given.axis, given.mg_text) != MG_OK) return NULL;
    if (!given.axis.v && given.axis.n == 0) given.axis = (mg_axes){.n = in->shape->ndim ? 1 : 0, .v = &last};
    if (mga_axis_mask(mgk_ops[op].name, given.axis, in->shape->ndim, &axes) != MG_OK) return NULL;
    return mga_used(1, &x, recorded(op, in, axes, true, given.constant));
}

mg_tensor *mg_softmax_with(mg_tensor *x, const mg_softmax_opts *opts) { return normalised(MGK_OP_SOFTMAX, x, opts); }
mg_tensor *mg_logsoftmax_with(mg_tensor *x, const mg_softmax_opts *opts) {
    return normalised(MGK_OP_LOGSOFTMAX, x, opts);
}

mg_tensor *mg_logsumexp_with(mg_tensor *x, const mg_reduce_opts *opts) {
    mg_reduce_opts given = {0};
    if (MGA_READ_OPTS("logsumexp", given, opts) != MG_OK) return NULL;
    mga_node *in;
    uint64_t axes;
    if (!mga_operands("logsumexp", 1, &x, &in)) return NULL;
    if (mga_read_axes("logsumexp", &given.axis, given.mg_text) != MG_OK) return NULL;
    if (mga_axis_mask("logsumexp", given.axis, in->shape->ndim, &axes) != MG_OK) return NULL;
    return mga_used(1, &x, recorded(MGK_OP_LOGSUMEXP, in, axes, given.keepdims, given.constant));
}

mg_tensor *(mg_softmax)(mg_tensor *x) { return mg_softmax_with(x, NULL); }
mg_tensor *(mg_logsoftmax)(mg_tensor *x) { return mg_logsoftmax_with(x, NULL); }
mg_tensor *(mg_logsumexp)(mg_tensor *x) { return mg_logsumexp_with(x, NULL); }
