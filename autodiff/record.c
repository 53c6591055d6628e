/* SPDX-License-Identifier: MIT
 * Recording: promotes, broadcasts, decides constancy and history, and makes the pending node. Nothing is computed here.
 */
#include "autodiff/record.h"

#include "autodiff/backward.h"
#include "autodiff/history.h"
#include "autodiff/thread.h"
#include "runtime/dtype.h"
#include "runtime/status.h"

#include <pthread.h>

/* What the rules of an op read, per input that is differentiated: bit i for input i, NEEDS_OUT for the op's own value.
 */
enum { NEEDS_OUT = 0x80 };
static uint8_t needs[MGK_OP_COUNT][MGK_MAX_IN];
static bool has_rule[MGK_OP_COUNT]; /* of maps: for one input at least; others are constants, like floor */
static pthread_once_t needs_once = PTHREAD_ONCE_INIT;

static uint8_t need_of(uint8_t ref) {
    if ((ref & 0xf0) == MGK_REF_IN) return (uint8_t)(1u << (ref & 0x0f));
    return (ref & 0xf0) == MGK_REF_OUT ? NEEDS_OUT : 0;
}

static void find_needs(void) {
    for (int op = 1; op < MGK_OP_COUNT; op++) {
        const mgk_op_info *info = &mgk_ops[op];
        for (int i = 0; i < info->n_in && info->rules; i++) {
            const mgk_rule *rule = &info->rules[i];
            uint8_t mask = rule->n_steps == 0 && rule->result != 0xff ? need_of(rule->result) : 0;
            for (int s = 0; s < rule->n_steps; s++)
                for (int a = 0; a < rule->steps[s].n_in; a++) mask |= need_of(rule->steps[s].in[a]);
            needs[op][i] = mask;
            has_rule[op] = has_rule[op] || rule->n_steps > 0 || rule->result != 0xff;
        }
        if (info->kind == MGK_KIND_REDUCE && mga_backward_table[op] && info->step != MGK_OP_ADD) needs[op][0] = 1;
    }
}

void mga_record_ready(void) { pthread_once(&needs_once, find_needs); }

static void mark_needed(mga_node *node) {
    uint8_t mask = 0;
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i]->flags & MGA_VARIABLE) mask |= needs[node->op][i];
    if (mask & NEEDS_OUT) node->flags |= MGA_NEEDED;
    for (int i = 0; i < node->n_in; i++) {
        mga_node *source = node->in[i]->op == MGA_OP_VIEW ? node->in[i]->in[0] : node->in[i];
        if ((mask & (1u << i)) && !source->data) source->flags |= MGA_NEEDED;
    }
}

bool mga_wants_history(int n_in, mga_node *const *in) {
    if (!mga_recording()) return false;
    for (int i = 0; i < n_in; i++)
        if (in[i]->flags & MGA_VARIABLE) return true;
    return false;
}

/* Constancy as MyGrad has it: the flag if given, else by dtype and inputs; without recording, by dtype alone. */
static mg_status set_flags(mga_node *node, mg_constant constant, bool differentiable) {
    bool is_float = mg_dtype_is_float((mg_dtype)node->dtype);
    if (constant == MG_VARIABLE && !is_float)
        return mgr_fail(MG_ERR_VALUE, mga_op_name(node->op),
                        "Integer-valued tensors must be treated as constants, and the result is %s.",
                        mg_dtype_name((mg_dtype)node->dtype));
    if (!is_float || constant == MG_CONSTANT) return MG_OK;
    if (!mga_recording() || constant == MG_VARIABLE) node->flags |= MGA_VARIABLE;
    if (differentiable && mga_wants_history(node->n_in, node->in)) {
        mga_node_set_history(node);
        if (node->op < MGK_OP_COUNT) mark_needed(node);
    }
    return MG_OK;
}

static mg_status check_flags(mga_node **node, mg_constant constant, bool differentiable) {
    if (!*node) return mgr_error();
    mg_status status = set_flags(*node, constant, differentiable);
    if (status != MG_OK) {
        mga_node_release(*node);
        *node = NULL;
    }
    return status;
}

/* Of operands that are not all alike. */
static mg_dtype promoted_dtype(const mgk_op_info *info, mga_node *const *in) {
    mgr_operand_type types[MGK_MAX_IN];
    int n = 0;
    bool meet = false;
    for (int i = 0; i < info->n_in; i++) {
        if (info->bool_in & (1u << i)) continue;
        types[n] = (mgr_operand_type){(mg_dtype)in[i]->dtype, (mgr_weak)in[i]->weak};
        meet = meet || in[i]->weak || types[n].dtype == MG_BF16;
        n++;
    }
    /* each by itself, as NumPy: int8 and uint8 meet in float16, not in the float of int16; but beside bfloat16, which
     * NumPy has not, an integer that it can hold stays with it */
    for (int i = 0; info->typing == MGK_TYPES_FLOAT && !meet && i < n; i++)
        types[i].dtype = mgr_float_of(types[i].dtype);
    return mgr_promote(n, types);
}

/* Does the integer dtype hold this number? Signed ones of b bits: -2^(b-1) to 2^(b-1) - 1. */
static bool holds(mg_dtype dtype, int64_t number) {
    const int bits = 8 * (int)mg_dtype_size(dtype);
    if (mgr_accumulator_dtype(dtype) == MG_U64) return number >= 0 && (bits == 64 || number >> bits == 0);
    return bits == 64 || (number >> (bits - 1) == 0 || number >> (bits - 1) == -1);
}

/* An integer that is weak beside integers must be one of theirs; to compare it, both get wider instead. As NumPy. */
static mg_status fit_weak(const mgk_op_info *info, mga_node *const *in, mg_dtype *promoted) {
    for (int i = 0; i < info->n_in; i++) {
        if (in[i]->weak != MGR_WEAK_INT || (info->bool_in >> i & 1)) continue;
        if (mg_dtype_is_float(*promoted) || holds(*promoted, in[i]->integer)) continue;
        if (info->typing == MGK_TYPES_COMPARE)
            *promoted = mg_promote_types(*promoted, MG_I64);
        else if (info->typing == MGK_TYPES_SAME || info->typing == MGK_TYPES_NUMBER)
            return mgr_fail(MG_ERR_VALUE, info->name, "The integer %lld is out of bounds for %s.",
                            (long long)in[i]->integer, mg_dtype_name(*promoted));
    }
    return MG_OK;
}

/* The dtype that all operands have, none of them weak, conditions apart; else MG_DTYPE_NONE. */
static mg_dtype common_dtype(const mgk_op_info *info, mga_node *const *in) {
    uint8_t dtype = MG_DTYPE_NONE;
    for (int i = 0; i < info->n_in; i++) {
        if (info->bool_in >> i & 1) continue;
        if (in[i]->weak || (dtype != MG_DTYPE_NONE && dtype != in[i]->dtype)) return MG_DTYPE_NONE;
        dtype = in[i]->dtype;
    }
    return (mg_dtype)dtype;
}

static MGR_APART mg_status mixed_types(const mgk_op_info *info, mga_node *const *in, mg_dtype promoted, mg_dtype asked,
                                       mg_dtype *logical, mg_dtype *result) {
    const bool is_bool = info->typing == MGK_TYPES_COMPARE || info->typing == MGK_TYPES_LOGICAL;
    mg_dtype row;
    if (asked != MG_DTYPE_NONE && asked != promoted && !is_bool) {
        if (!mgr_can_cast_same_kind(promoted, asked))
            return mgr_fail(MG_ERR_TYPE, info->name, "Cannot compute %s of %s operands in %s: no same_kind cast.",
                            info->name, mg_dtype_name(promoted), mg_dtype_name(asked));
        promoted = asked;
    }
    MGR_TRY(fit_weak(info, in, &promoted));
    MGR_TRY(mgr_result_type(info, promoted, &row, logical, result));
    if (asked == MG_DTYPE_NONE || asked == *result) return MG_OK;
    return mgr_fail(MG_ERR_TYPE, info->name, "%s of %s operands gives %s, not %s.", info->name, mg_dtype_name(promoted),
                    mg_dtype_name(*result), mg_dtype_name(asked));
}

static mg_status result_types(const mgk_op_info *info, mga_node *const *in, mg_dtype asked, mg_dtype *logical,
                              mg_dtype *result) {
    mg_dtype row, common = common_dtype(info, in);
    if (common && !asked) return mgr_result_type(info, common, &row, logical, result);
    return mixed_types(info, in, common ? common : promoted_dtype(info, in), asked, logical, result);
}

/* The common shape of n operands: *made is NULL if it is the shape of all, else it is counted. */
static const mgr_shape *common_shape(const char *op, int n, mga_node *const *in, const mgr_shape **made) {
    const mgr_shape *shape = in[0]->shape;
    *made = NULL;
    for (int i = 1; i < n && shape; i++) {
        if (in[i]->shape == shape) continue;
        const mgr_shape *wider = mgr_shape_broadcast(op, shape, in[i]->shape);
        if (*made) mgr_shape_release(*made);
        shape = *made = wider;
    }
    return shape;
}

/* A parameter is a weak scalar. The kernel rounds it to its row; what has no row of its own is rounded here, except
 * where it goes into numbers that are computed from it (internal ops: 1 - b2 of adam). */
static double param_in(const mga_node *node, double value) {
    const mg_dtype dtype = (mg_dtype)node->cdtype;
    uint16_t element;
    if (mgk_ops[node->op].internal || (dtype != MG_F16 && dtype != MG_BF16)) return value;
    mgr_set_f64(dtype, &element, value);
    return mgr_get_f64(dtype, &element);
}

static bool set_params(mga_node *node, int n, const double *params) {
    node->n_params = (uint8_t)n;
    if (n == 1) node->scalar = param_in(node, params[0]);
    if (n <= 1) return true;
    double *copy = mgr_block_new((size_t)n * sizeof *copy);
    if (!copy) {
        node->n_params = 0;
        return false;
    }
    for (int i = 0; i < n; i++) copy[i] = param_in(node, params[i]);
    node->extra = copy;
    return true;
}

/* Conditions must be bool arrays: others are converted. held[i] is what to let go afterwards. */
static bool bool_operands(const mgk_op_info *info, mga_node *const *in, mga_node **out, mga_node **held) {
    bool ok = true;
    for (int i = 0; i < info->n_in; i++) {
        out[i] = in[i];
        held[i] = NULL;
        if (ok && (info->bool_in & (1u << i)) && in[i]->dtype != MG_BOOL) {
            out[i] = held[i] = mga_record_convert(in[i], MG_BOOL);
            ok = out[i] != NULL;
        }
    }
    return ok;
}

mga_node *mga_record_map(uint16_t op, mga_node *const *in, const double *params, mg_dtype dtype, mg_constant constant) {
    const mgk_op_info *info = &mgk_ops[op];
    mg_dtype logical, result;
    if (result_types(info, in, dtype, &logical, &result) != MG_OK) return NULL;
    if (result == MG_BOOL && in[0]->dtype != in[info->n_in - 1]->dtype && mga_is_mixed_compare(info, in) &&
        constant != MG_VARIABLE) /* which is an error */
        return mga_record_mixed_compare(op, in);
    mga_node *operands[MGK_MAX_IN], *held[MGK_MAX_IN], *node = NULL;
    bool ok = true;
    if (info->bool_in) {
        ok = bool_operands(info, in, operands, held);
        in = operands;
    }
    const mgr_shape *made, *shape = ok ? common_shape(info->name, info->n_in, in, &made) : NULL;
    if (shape) {
        node = mga_node_new(op, result, logical, shape, info->n_in, in);
        if (made) mgr_shape_release(made);
        if (node && info->n_params && !set_params(node, info->n_params, params)) {
            mga_node_release(node);
            node = NULL;
        }
        check_flags(&node, constant, has_rule[op] || info->internal);
    }
    for (int i = 0; info->bool_in && i < info->n_in; i++) mga_node_release(held[i]);
    return node;
}

mg_status mga_record_multi(uint16_t op, mga_node *const *in, const double *params, mga_node **results) {
    const mgk_op_info *info = &mgk_ops[op];
    mga_node *node = mga_record_map(op, in, params, MG_DTYPE_NONE, MG_CONSTANT);
    if (!node) return mgr_error();
    int made = 0;
    for (; made < info->n_out; made++) {
        results[made] =
            mga_node_new(MGA_OP_RESULT, (mg_dtype)node->dtype, (mg_dtype)node->cdtype, node->shape, 1, &node);
        if (!results[made]) break;
        results[made]->which = (uint8_t)made;
    }
    mga_node_release(node);
    if (made == info->n_out) return MG_OK;
    while (made > 0) mga_node_release(results[--made]);
    return mgr_error();
}

/* The shape without (or, keepdims, with length 1 in place of) the reduced axes, counted. */
const mgr_shape *mga_reduced_shape(const mgr_shape *shape, uint64_t axes, bool keepdims) {
    int64_t dims[MG_MAX_NDIM];
    int ndim = 0;
    for (int i = 0; i < shape->ndim; i++) {
        bool reduced = axes & (UINT64_C(1) << i);
        if (!reduced)
            dims[ndim++] = shape->dims[i];
        else if (keepdims)
            dims[ndim++] = 1;
    }
    return mgr_shape_get(ndim, dims);
}

mga_node *mga_record_reduce(uint16_t op, mga_node *x, uint64_t axes, const mgr_shape *shape, mg_constant constant) {
    const mgk_op_info *info = &mgk_ops[op];
    mg_dtype logical, result;
    if (result_types(info, &x, MG_DTYPE_NONE, &logical, &result) != MG_OK) return NULL;
    const mgr_shape *own = NULL;
    if (!shape) shape = own = mga_reduced_shape(x->shape, axes, false);
    if (!shape) return NULL;
    mga_node *node = mga_node_new(op, result, logical, shape, 1, &x);
    if (own) mgr_shape_release(own);
    if (node) node->axes = axes;
    check_flags(&node, constant, mga_backward_table[op] != NULL);
    return node;
}

mga_node *mga_record_convert(mga_node *x, mg_dtype dtype) {
    if (x->dtype == dtype && !x->weak) {
        mga_node_retain(x);
        return x;
    }
    if (x->op == MGA_OP_FILL) {
        double value = mg_dtype_is_float((mg_dtype)x->dtype) ? x->scalar : mgr_get_f64(MG_I64, &x->integer);
        mga_node *fill = mga_fill_f64(dtype, x->shape, value);
        if (fill && !mg_dtype_is_float((mg_dtype)x->dtype) && !mg_dtype_is_float(dtype)) fill->integer = x->integer;
        return fill;
    }
    mga_node *node = mga_node_new(MGA_OP_CONVERT, dtype, dtype, x->shape, 1, &x);
    check_flags(&node, MG_CONSTANT_AUTO, mg_dtype_is_float((mg_dtype)x->dtype));
    return node;
}

mga_node *mga_record_copy(mga_node *x) {
    mga_node *node = mga_node_new(MGA_OP_CONVERT, (mg_dtype)x->dtype, (mg_dtype)x->dtype, x->shape, 1, &x);
    check_flags(&node, MG_CONSTANT_AUTO, mg_dtype_is_float((mg_dtype)x->dtype));
    return node;
}

mga_node *mga_constant_copy(mga_node *x) {
    mg_no_autodiff(true);
    mga_node *copy = mga_record_copy(x);
    mg_no_autodiff(false);
    if (copy) copy->flags &= (uint16_t)~MGA_VARIABLE;
    return copy;
}

mga_node *mga_record_opaque(uint16_t op, mg_dtype dtype, const mgr_shape *shape, int n_in, mga_node *const *in,
                            mgr_buffer *buffer, mga_state *held) {
    mga_node *node = mga_node_new(op, dtype, dtype, shape, n_in, in);
    if (!node) {
        mgr_buffer_release(buffer);
        if (held) {
            size_t bytes = held->bytes;
            if (held->destroy) held->destroy(held);
            mgr_block_free(held, bytes);
        }
        return NULL;
    }
    node->buffer = buffer;
    node->data = buffer->data;
    node->depth = 0;
    node->extra = held;
    mga_sweep_note_bytes(mga_thread_get());
    check_flags(&node, MG_CONSTANT_AUTO, mga_backward_table[op] != NULL);
    if (node && !(node->flags & MGA_HISTORY)) mga_node_drop_inputs(node);
    return node;
}
