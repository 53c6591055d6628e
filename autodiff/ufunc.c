/* SPDX-License-Identifier: MIT
 * What stands between the generated public functions and recording: options, axes, masks, out. */
#include "autodiff/composite.h"
#include "autodiff/flush.h"
#include "autodiff/op_api.h"
#include "autodiff/options.h"
#include "autodiff/record.h"
#include "autodiff/reduce_axes.h"
#include "runtime/dtype.h"
#include "runtime/thread.h"

#include <math.h>

/* The mask's node, which broadcasts with the operands; NULL with an error set. */
static mga_node *mask_of(const mgk_op_info *info, mga_node *const *nodes, mg_tensor *where) {
    mga_node *mask = mga_value(info->name, where);
    if (!mask) return NULL;
    if (mask->dtype != MG_BOOL) {
        mgr_fail(MG_ERR_TYPE, info->name, "A mask must be bool, this one is %s.", mg_dtype_name((mg_dtype)mask->dtype));
        return NULL;
    }
    for (int i = 0; i < info->n_in; i++) {
        const mgr_shape *both = mgr_shape_broadcast(info->name, mask->shape, nodes[i]->shape);
        if (!both) return NULL;
        mgr_shape_release(both);
    }
    return mask;
}

/* result where the mask holds, other elsewhere: selected, never multiplied. Takes over result and other. */
static mga_node *selected(mga_node *mask, mga_node *result, mga_node *other) {
    mga_node *in[3] = {mask, result, other}, *picked = NULL;
    if (result && other) picked = mga_record_map(MGK_OP_WHERE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
    mga_node_release(result);
    mga_node_release(other);
    return picked;
}

/* Elements where the mask is false are 0 (rules C6). Takes over result. */
static mga_node *masked(mga_node *mask, mga_node *result) {
    if (!result) return NULL;
    return selected(mask, result, mga_fill_f64((mg_dtype)result->dtype, result->shape, 0.0));
}

/* Variables go through a gate, so that the gradient of a masked element is 0 whatever the rule makes of it. held[i]: to
 * let go afterwards. */
static bool gated(int n, mga_node **nodes, mga_node **held, mga_node *mask) {
    bool ok = true;
    for (int i = 0; i < n; i++) {
        held[i] = NULL;
        if (!ok || !mga_wants_history(1, &nodes[i])) continue;
        mga_node *in[2] = {mask, nodes[i]};
        held[i] = mga_record_map(MGK_OP_GATE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
        ok = held[i] != NULL;
        nodes[i] = held[i];
    }
    return ok;
}

/* Every element, also those that the mask will hide. */
static mga_node *record_gated(uint16_t op, mga_node **nodes, const double *params, const mg_ufunc_opts *opts,
                              mga_node *mask) {
    mga_node *held[MGK_MAX_IN], *result = NULL;
    int n = mgk_ops[op].n_in;
    if (gated(n, nodes, held, mask)) result = mga_record_map(op, nodes, params, opts->dtype, opts->constant);
    for (int i = 0; i < n; i++) mga_node_release(held[i]);
    return result;
}

/* A result of variables does not; what a mask keeps of out may be one, for it stays what it is. */
static bool goes_into(const char *op, const mga_node *result, const mga_node *mask, const mg_tensor *out) {
    const mgr_shape *shape = mask && mask->shape->ndim > result->shape->ndim ? mask->shape : result->shape;
    char a[MGR_SHAPE_TEXT], b[MGR_SHAPE_TEXT];
    if (result->flags & MGA_HISTORY) {
        mgr_fail(MG_ERR_NOT_IMPLEMENTED, op,
                 "Gradients through .out are not implemented yet: use constants, or mg_no_autodiff.");
    } else if (!mgr_can_cast_same_kind((mg_dtype)result->dtype, (mg_dtype)out->dtype)) {
        mgr_fail(MG_ERR_TYPE, op, "Cannot write a %s result into a %s tensor: no same_kind cast.",
                 mg_dtype_name((mg_dtype)result->dtype), mg_dtype_name((mg_dtype)out->dtype));
    } else if (shape->ndim > out->shape->ndim) {
        mgr_fail(MG_ERR_VALUE, op, "A result of shape %s does not fit into .out of shape %s.", mgr_shape_text(shape, a),
                 mgr_shape_text(out->shape, b));
    } else {
        return true;
    }
    return false;
}

/* Into an existing tensor, outside recorded graphs; where there is a mask and it is false, that keeps what it holds.
 * Takes over result. */
static mg_tensor *into(const char *op, mga_node *result, mga_node *mask, mg_tensor *out) {
    mga_node *old = mga_value(op, out);
    if (!old || !goes_into(op, result, mask, out)) {
        mga_node_release(result);
        return NULL;
    }
    if (mask) result = selected(mask, mga_converted(result, (mg_dtype)out->dtype), mga_held(old));
    return result ? mga_copy_into(op, out, result) : NULL;
}

/* NumPy's clip with None: the other bound alone. A bound that failed has left its error. */
static MGR_SLOW mg_tensor *clip_one_side(mg_tensor *const in[], const mg_ufunc_opts *opts) {
    mg_tensor *with_low[] = {in[1], in[0]}, *with_high[] = {in[2], in[0]};
    if (in[1]) return mga_ufunc(MGK_OP_MAXIMUM, with_low, NULL, opts);
    if (in[2]) return mga_ufunc(MGK_OP_MINIMUM, with_high, NULL, opts);
    mgr_fail(MG_ERR_VALUE, "clip", "Neither bound is given: low and high are NULL.");
    return NULL;
}

/* Integers to negative integer powers are an error, as in NumPy. A kernel cannot fail, so the exponents that the mask
 * leaves are computed, in the dtype they are used in, when their power is recorded. */
static mg_status check_exponents(const mga_node *power, mga_node *y, mga_node *mask) {
    const mg_dtype dtype = (mg_dtype)power->dtype;
    if (dtype < MG_I8 || dtype > MG_I64 || power->shape->size == 0) return MG_OK;
    mga_node *least = mga_record_convert(y, dtype);
    if (mask) least = masked(mask, least);
    uint64_t all = 0;
    if (least && mga_axis_mask("power", (mg_axes){0}, least->shape->ndim, &all) == MG_OK)
        least = mga_reduced(MGK_OP_MIN, least, all, MG_CONSTANT);
    const mg_status status = least ? mga_eval(least) : mgr_error();
    const int64_t exponent = status == MG_OK ? mgr_get_i64(dtype, mga_data(least)) : 0;
    mga_node_release(least);
    if (exponent >= 0) return status;
    return mgr_fail(MG_ERR_VALUE, "power", "Integers to negative integer powers are not allowed: exponent %lld in %s.",
                    (long long)exponent, mg_dtype_name(dtype));
}

/* Elements that a mask hides are computed, too, and hidden afterwards. */
static mga_node *record(uint16_t op, mga_node **nodes, const double *params, const mg_ufunc_opts *opts,
                        mga_node *mask) {
    mga_node *exponents = op == MGK_OP_POWER ? nodes[1] : NULL;
    mga_node *result = mask ? record_gated(op, nodes, params, opts, mask)
                            : mga_record_map(op, nodes, params, opts->dtype, opts->constant);
    if (!result || !exponents || check_exponents(result, exponents, mask) == MG_OK) return result;
    mga_node_release(result);
    return NULL;
}

/* Options of a header that knew fewer fields, with the defaults of the others in *all, or of a caller who expects a
 * second result; NULL with an error set. */
static MGR_SLOW const mg_ufunc_opts *completed(const char *op, const mg_ufunc_opts *opts, mg_ufunc_opts *all) {
    *all = (mg_ufunc_opts){0};
    if (MGA_READ_OPTS(op, *all, opts) != MG_OK) return NULL;
    if (!all->out2) return all;
    mgr_fail(MG_ERR_VALUE, op, ".out2 is for a second result, and this function has one: use .out.");
    return NULL;
}

/* A call by the macros brings options, most often the standard ones. */
static bool asks(const mg_ufunc_opts *opts) {
    return opts &&
           (opts->size < sizeof *opts || opts->where || opts->out || opts->dtype || opts->constant || opts->out2);
}

static MGR_APART mg_tensor *with_options(uint16_t op, mga_node **nodes, const double *params,
                                         const mg_ufunc_opts *opts) {
    const mgk_op_info *info = &mgk_ops[op];
    mg_ufunc_opts all;
    mga_node *mask = NULL;
    if ((opts->size < sizeof all || opts->out2) && !(opts = completed(info->name, opts, &all))) return NULL;
    if (opts->where && !(mask = mask_of(info, nodes, opts->where))) return NULL;
    mga_node *result = record(op, nodes, params, opts, mask);
    if (result && opts->out) return into(info->name, result, mask, opts->out);
    return mga_wrap(mask ? masked(mask, result) : result);
}

mg_tensor *mga_ufunc(uint16_t op, mg_tensor *const in[], const double *params, const mg_ufunc_opts *opts) {
    const mgk_op_info *info = &mgk_ops[op];
    static const mg_ufunc_opts standard = {.size = sizeof standard};
    mga_node *nodes[MGK_MAX_IN];
    if (op == MGK_OP_CLIP && in[0] && (!in[1] || !in[2])) return clip_one_side(in, opts);
    if (!mga_operands(info->name, info->n_in, in, nodes)) return NULL;
    mg_tensor *result = asks(opts) || op == MGK_OP_POWER
                            ? with_options(op, nodes, params, opts ? opts : &standard)
                            : mga_wrap(mga_record_map(op, nodes, params, MG_DTYPE_NONE, MG_CONSTANT_AUTO));
    return mga_used(info->n_in, in, result);
}

/* ---- two results ---- */

/* All that could be wrong with writing result into out, but memory. */
static bool can_go_into(const char *op, const mga_node *result, const mga_node *mask, mg_tensor *out) {
    return mga_value(op, out) && goes_into(op, result, mask, out) && mga_can_copy_into(op, out, result->shape) &&
           (!mask || mga_can_copy_into(op, out, mask->shape));
}

static bool record_two(const char *name, const uint16_t ops[2], mga_node *const nodes[2], const mg_ufunc_opts *opts,
                       mga_node *mask, mga_node *made[2]) {
    mg_tensor *const outs[2] = {opts->out, opts->out2};
    for (int k = 0; k < 2; k++) {
        mga_node *own[2] = {nodes[0], nodes[1]}; /* a mask puts gates in their place */
        made[k] = mask ? record_gated(ops[k], own, NULL, opts, mask)
                       : mga_record_map(ops[k], own, NULL, opts->dtype, opts->constant);
        if (!made[k] || (outs[k] && !can_go_into(name, made[k], mask, outs[k]))) return false;
    }
    return true;
}

mg_status mga_ufunc_two(const char *name, const uint16_t ops[2], mg_tensor *const in[2], const mg_ufunc_opts *opts,
                        mg_tensor *results[2]) {
    mg_ufunc_opts all = {0};
    mga_node *nodes[2], *mask = NULL, *made[2] = {NULL, NULL};
    MGR_TRY(MGA_READ_OPTS(name, all, opts));
    mg_tensor *const outs[2] = {all.out, all.out2};
    if (all.out && all.out == all.out2)
        return mgr_fail(MG_ERR_VALUE, name, ".out and .out2 are the same tensor: each result needs its own.");
    if (!mga_operands(name, 2, in, nodes)) return mgr_error();
    if (all.where && !(mask = mask_of(&mgk_ops[ops[0]], nodes, all.where))) return mgr_error();
    bool ok = record_two(name, ops, nodes, &all, mask, made);
    for (int i = 0; i < 4; i++) { /* new tensors first: they can be taken back */
        const int k = i % 2;
        if (!ok || (outs[k] != NULL) != (i >= 2)) continue;
        results[k] = outs[k] ? into(name, made[k], mask, outs[k]) : mga_wrap(mask ? masked(mask, made[k]) : made[k]);
        made[k] = NULL;
        ok = results[k] != NULL;
    }
    for (int k = 0; k < 2; k++) {
        mga_node_release(made[k]);
        if (ok) continue;
        if (!outs[k]) mg_release(results[k]);
        results[k] = NULL;
    }
    mga_used(2, in, results[0]);
    return ok ? MG_OK : mgr_error();
}

/* ---- reductions ---- */

/* max and min of nothing have no value: their identity is no number. */
static mg_status check_empty(const mgk_op_info *info, const mga_node *x, uint64_t mask) {
    if (!isinf(info->identity)) return MG_OK;
    char text[MGR_SHAPE_TEXT];
    for (int i = 0; i < x->shape->ndim; i++)
        if ((mask & (UINT64_C(1) << i)) && x->shape->dims[i] == 0)
            return mgr_fail(MG_ERR_VALUE, info->name,
                            "zero-size tensor of shape %s to reduction operation %s which has no identity",
                            mgr_shape_text(x->shape, text), info->name);
    return MG_OK;
}

mg_tensor *mga_reduce(uint16_t op, mg_tensor *x, const mg_reduce_opts *opts) {
    const mgk_op_info *info = &mgk_ops[op];
    mga_node *node;
    uint64_t mask;
    mg_reduce_opts all = {0};
    if (MGA_READ_OPTS(info->name, all, opts) != MG_OK) return NULL;
    if (!mga_operands(info->name, 1, &x, &node)) return NULL;
    if (mga_read_axes(info->name, &all.axis, all.mg_text) != MG_OK ||
        mga_axis_mask(info->name, all.axis, node->shape->ndim, &mask) != MG_OK ||
        check_empty(info, node, mask) != MG_OK)
        return NULL;
    const mgr_shape *shape = mga_reduced_shape(node->shape, mask, all.keepdims);
    if (!shape) return NULL;
    mg_tensor *t = mga_wrap(mga_record_reduce(op, node, mask, shape, all.constant));
    mgr_shape_release(shape);
    return mga_used(1, &x, t);
}
