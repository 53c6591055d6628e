/* SPDX-License-Identifier: MIT
 * var and std, recorded as mean, squared_deviation, sum and a division: two passes of the tile machine, both in the
 * order of rules C1. The gradient is that of the sum alone, for the one of the mean adds up to nothing. */
#include "autodiff/composite.h"
#include "autodiff/options.h"
#include "autodiff/record.h"
#include "autodiff/reduce_axes.h"
#include "autodiff/thread.h"
#include "mygrad/reductions.h"
#include "runtime/dtype.h"
#include "runtime/fpenv.h"
#include "runtime/thread.h"

/* In our floating-point environment. */
static MGR_APART double divisor_of(const int64_t *count, const double *ddof) {
    MGR_CANONICAL;
    volatile const double *given = ddof;
    volatile double n = (double)*(volatile const int64_t *)count, divisor = n > *given ? n - *given : 0;
    return divisor;
}

/* The sum over the axes, whose count is taken over. */
static mga_node *summed(mga_node *squares, uint64_t axes, bool keepdims) {
    const mgr_shape *shape = squares ? mga_reduced_shape(squares->shape, axes, keepdims) : NULL;
    mga_node *sum = shape ? mga_record_reduce(MGK_OP_SUM, squares, axes, shape, MG_CONSTANT_AUTO) : NULL;
    if (shape) mgr_shape_release(shape);
    mga_node_release(squares);
    return sum;
}

/* In the dtype that is computed in. */
static mga_node *variance(mga_node *x, uint64_t axes, const mg_var_opts *opts) {
    int64_t count = 1;
    for (int i = 0; i < x->shape->ndim; i++) count *= axes >> i & 1 ? x->shape->dims[i] : 1;
    double divisor = divisor_of(&count, &opts->ddof);
    mga_node *mean = mga_reduced(MGK_OP_MEAN, mga_held(x), axes, MG_CONSTANT_AUTO);
    mga_node *squares = mga_binary(MGK_OP_SQUARED_DEVIATION, mga_held(x), mean);
    mga_node *sum = summed(squares, axes, opts->keepdims);
    mga_node *n = sum ? mga_fill_f64((mg_dtype)sum->dtype, sum->shape, divisor) : NULL;
    return mga_binary(MGK_OP_DIVIDE, sum, n);
}

static mga_node *moment_node(mga_node *x, uint64_t axes, const mg_var_opts *opts, bool root) {
    const mg_dtype dtype = mg_dtype_is_float((mg_dtype)x->dtype) ? (mg_dtype)x->dtype : MG_F64;
    mga_node *wide = mga_record_convert(x, mgr_row_dtype(dtype));
    mga_node *result = wide ? variance(wide, axes, opts) : NULL;
    mga_node_release(wide);
    if (root) result = mga_unary(MGK_OP_SQRT, result);
    return mga_converted(result, dtype);
}

/* Over no axes at all every element is its own mean, whatever it is: as in MyGrad the gradient is 0, not the 0/0 of
 * std's formula. x is the choice that is never taken. */
static mga_node *idle_node(mga_node *x, const mg_var_opts *opts, bool root) {
    mg_no_autodiff(true);
    mga_node *value = moment_node(x, 0, opts, root);
    mg_no_autodiff(false);
    if (!value || !mga_recording()) return value;
    value->flags &= (uint16_t)~MGA_VARIABLE;
    if (!(x->flags & MGA_VARIABLE)) return value;
    mga_node *in[3] = {mga_fill_f64(MG_BOOL, value->shape, 0), x, value};
    mga_node *node = in[0] ? mga_record_map(MGK_OP_WHERE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    mga_node_release(in[0]);
    mga_node_release(value);
    return node;
}

static mg_tensor *moment(const char *op, mg_tensor *x, const mg_var_opts *opts, bool root) {
    mg_var_opts given = {0};
    if (MGA_READ_OPTS(op, given, opts) != MG_OK) return NULL;
    mga_node *in;
    uint64_t axes;
    if (!mga_operands(op, 1, &x, &in)) return NULL;
    if (mga_read_axes(op, &given.axis, given.mg_text) != MG_OK) return NULL;
    if (mga_axis_mask(op, given.axis, in->shape->ndim, &axes) != MG_OK) return NULL;
    const bool idle = given.axis.v && given.axis.n == 0 && mg_dtype_is_float((mg_dtype)in->dtype);
    mga_composite_begin(given.constant);
    mga_node *result = idle ? idle_node(in, &given, root) : moment_node(in, axes, &given, root);
    return mga_used(1, &x, mga_composite_end(op, given.constant, result));
}

mg_tensor *mg_var_with(mg_tensor *x, const mg_var_opts *opts) { return moment("var", x, opts, false); }
mg_tensor *mg_std_with(mg_tensor *x, const mg_var_opts *opts) { return moment("std", x, opts, true); }

mg_tensor *(mg_var)(mg_tensor *x) { return mg_var_with(x, NULL); }
mg_tensor *(mg_std)(mg_tensor *x) { return mg_std_with(x, NULL); }
