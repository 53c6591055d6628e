/* SPDX-License-Identifier: MIT
 * isclose and allclose, as NumPy has them: recorded as ordinary ops without history, so tiles compute them in one pass.
 */
#include "autodiff/composite.h"
#include "autodiff/number_text.h"
#include "autodiff/op_api.h"
#include "autodiff/options.h"
#include "mygrad/elementwise.h"
#include "runtime/dtype.h"

static mga_node *weak(double value) { return mga_fill_scalar(MG_F64, MGR_WEAK_FLOAT, value); }

/* |x - y| <= atol + rtol |y|, for finite y. */
static mga_node *within(mga_node *x, mga_node *y, const mg_tolerance *t) {
    mga_node *distance = mga_unary(MGK_OP_ABSOLUTE, mga_binary(MGK_OP_SUBTRACT, mga_held(x), mga_held(y)));
    mga_node *relative = mga_binary(MGK_OP_MULTIPLY, weak(t->rtol), mga_unary(MGK_OP_ABSOLUTE, mga_held(y)));
    mga_node *near = mga_binary(MGK_OP_LESS_EQUAL, distance, mga_binary(MGK_OP_ADD, weak(t->atol), relative));
    return mga_binary(MGK_OP_LOGICAL_AND, near, mga_unary(MGK_OP_ISFINITE, mga_held(y)));
}

static mga_node *both_nan(mga_node *x, mga_node *y) {
    return mga_binary(MGK_OP_LOGICAL_AND, mga_unary(MGK_OP_ISNAN, mga_held(x)), mga_unary(MGK_OP_ISNAN, mga_held(y)));
}

static mga_node *close_node(mga_node *x, mga_node *y, const mg_close_opts *opts) {
    const bool is_wide = y->weak || mg_dtype_is_float((mg_dtype)y->dtype);
    mga_node *wide = is_wide ? mga_held(y) : mga_converted(mga_held(y), MG_F64);
    if (!wide) return NULL;
    mga_node *close = within(x, wide, &opts->tolerance);
    close = mga_binary(MGK_OP_LOGICAL_OR, close, mga_binary(MGK_OP_EQUAL, mga_held(x), mga_held(wide)));
    if (opts->equal_nan) close = mga_binary(MGK_OP_LOGICAL_OR, close, both_nan(x, wide));
    mga_node_release(wide);
    return close;
}

/* A number alone is both of its numbers or none: known of 0 only. */
static mg_status read_tolerance(const char *op, mg_close_opts *opts) {
    char text[MGA_NUMBER_BYTES];
    if (opts->tolerance.mg_one != 0)
        return mgr_fail(MG_ERR_VALUE, op, "tolerance %s alone: MG_TOLERANCE(rtol, atol) says relative and absolute",
                        mga_number_text(opts->tolerance.mg_one, 6, text));
    if (!opts->tolerance.given && !mga_names(opts->mg_text, ".tolerance"))
        opts->tolerance = (mg_tolerance){0, true, 1e-5, 1e-8};
    return MG_OK;
}

/* No history: x and y keep their gradients. */
static mg_tensor *close_of(const char *op, mg_tensor *x, mg_tensor *y, const mg_close_opts *opts) {
    mg_close_opts given = {0};
    if (MGA_READ_OPTS(op, given, opts) != MG_OK || read_tolerance(op, &given) != MG_OK) return NULL;
    mga_node *a = mga_value(op, x), *b = a ? mga_value(op, y) : NULL;
    if (!b) return NULL;
    mga_composite_begin(MG_CONSTANT);
    return mga_composite_end(op, MG_CONSTANT, close_node(a, b, &given));
}

mg_tensor *mg_isclose_with(mg_tensor *x, mg_tensor *y, const mg_close_opts *opts) {
    return close_of("isclose", x, y, opts);
}

bool mg_allclose_with(mg_tensor *x, mg_tensor *y, const mg_close_opts *opts) {
    mg_tensor *close = close_of("allclose", x, y, opts);
    mg_tensor *all = close ? mga_reduce(MGK_OP_ALL, close, NULL) : NULL;
    const bool answer = all && mg_item_i64(all) == 1;
    mg_release(all);
    mg_release(close);
    return answer;
}

mg_tensor *(mg_isclose)(mg_tensor *x, mg_tensor *y) { return mg_isclose_with(x, y, NULL); }
bool(mg_allclose)(mg_tensor *x, mg_tensor *y) { return mg_allclose_with(x, y, NULL); }
