/* SPDX-License-Identifier: MIT
 * cumsum and cumprod, and the recurrence and the shift that their gradients need. Each is computed when it is called;
 * the loops are runtime/scan's. */
#include "autodiff/cumulate.h"

#include "autodiff/backward.h"
#include "autodiff/composite.h"
#include "autodiff/flush.h"
#include "autodiff/options.h"
#include "autodiff/record.h"
#include "mygrad/reductions.h"
#include "runtime/dtype.h"
#include "runtime/scan.h"

typedef struct scan_state {
    mga_state state;
    mga_direction way;
    int lag;
    double fill;
} scan_state;

static mgr_scan geometry(const mga_node *x, mga_direction way) {
    mgr_scan scan = {.dtype = (mg_dtype)x->dtype, .reverse = way.reverse, .outer = 1, .length = 1, .inner = 1};
    for (int i = 0; i < x->shape->ndim; i++)
        *(i < way.axis ? &scan.outer : i == way.axis ? &scan.length : &scan.inner) *= x->shape->dims[i];
    return scan;
}

static void compute(uint16_t op, const scan_state *how, mga_node *const *in, void *out) {
    const mgr_scan scan = geometry(in[0], how->way);
    switch (op) {
    case MGK_OP_CUMSUM:
        mgr_scan_sum(&scan, mga_data(in[0]), out);
        break;
    case MGK_OP_CUMPROD:
        mgr_scan_product(&scan, mga_data(in[0]), out);
        break;
    case MGK_OP_RECURRENCE:
        mgr_scan_recurrence(&scan, how->lag, mga_data(in[0]), mga_data(in[1]), out);
        break;
    default:
        mgr_scan_shift(&scan, how->fill, mga_data(in[0]), out);
    }
}

/* One node of any of the ops. */
static mga_node *scan_node(uint16_t op, scan_state how, int n_in, mga_node *const *in) {
    mga_node *packed[2] = {mga_contiguous(in[0]), NULL}, *node = NULL;
    if (packed[0] && n_in > 1) packed[1] = mga_contiguous(in[1]);
    size_t bytes = (size_t)in[0]->shape->size * mg_dtype_size((mg_dtype)in[0]->dtype);
    mgr_buffer *result = packed[n_in - 1] ? mgr_buffer_new(bytes) : NULL;
    scan_state *kept = result && mga_wants_history(n_in, in) ? mgr_block_new(sizeof *kept) : NULL;
    if (result && mgr_error() == MG_OK) {
        compute(op, &how, packed, result->data);
        how.state = (mga_state){.bytes = sizeof *kept};
        if (kept) *kept = how;
        node =
            mga_record_opaque(op, (mg_dtype)in[0]->dtype, in[0]->shape, n_in, in, result, kept ? &kept->state : NULL);
        result = NULL;
    }
    mgr_buffer_release(result);
    mga_node_release(packed[0]);
    mga_node_release(packed[1]);
    return node;
}

mga_node *mga_cumulate(uint16_t op, mga_node *x, mga_direction way) {
    return scan_node(op, (scan_state){.way = way}, 1, &x);
}

mga_node *mga_recurrence(mga_node *a, mga_node *b, mga_direction way, int lag) {
    return scan_node(MGK_OP_RECURRENCE, (scan_state){.way = way, .lag = lag}, 2, (mga_node *[]){a, b});
}

mga_node *mga_shift(mga_node *x, mga_direction way, double fill) {
    return scan_node(MGK_OP_SHIFT, (scan_state){.way = way, .fill = fill}, 1, &x);
}

/* ---- gradients --------------------------------------------------------------------------------------------------- */

static mga_direction back(mga_direction way) { return (mga_direction){way.axis, !way.reverse}; }

static mg_status done(mga_node *result, mga_node **out) {
    *out = result;
    return result ? MG_OK : mgr_error();
}

mg_status mga_cumsum_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    const scan_state *how = node->extra;
    (void)which;
    return done(mga_cumulate(MGK_OP_CUMSUM, g, back(how->way)), out);
}

mg_status mga_shift_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    const scan_state *how = node->extra;
    (void)which;
    return done(mga_shift(g, back(how->way), 0), out);
}

/* With t = dL/dy, all of it: t[k] = g[k] + a[k + 1 - lag] t[k + 1], which is d/db; d/da[k - lag] = t[k] y[k - 1]. */
mg_status mga_recurrence_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    const scan_state *how = node->extra;
    mga_node *t = mga_recurrence(node->in[0], g, back(how->way), 1 - how->lag);
    if (which == 1 || !t) return done(t, out);
    if (how->lag) {
        mga_node *next = mga_shift(t, back(how->way), 0);
        mga_node_retain(node);
        mga_node_release(t);
        return done(mga_binary(MGK_OP_MULTIPLY, next, node), out);
    }
    return done(mga_binary(MGK_OP_MULTIPLY, t, mga_shift(node, how->way, 0)), out);
}

/* d/dx[i] = (x[0] ... x[i - 1]) s[i], s[i] = g[i] + x[i + 1] s[i + 1]: no division, so a 0 is like any number. Where
 * the first factor is 0 the derivative is, whatever comes later. */
mg_status mga_cumprod_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    const scan_state *how = node->extra;
    (void)which;
    *out = NULL;
    mga_node *before = mga_shift(node, how->way, 1);
    mga_node *s = before ? mga_recurrence(node->in[0], g, back(how->way), 1) : NULL;
    mga_node *zero = s ? mga_fill_f64((mg_dtype)node->dtype, node->shape, 0) : NULL;
    mga_node *none = zero ? mga_binary(MGK_OP_EQUAL, mga_held(before), mga_held(zero)) : NULL;
    mga_node *value = none ? mga_binary(MGK_OP_MULTIPLY, mga_held(before), mga_held(s)) : NULL;
    mga_node *in[3] = {none, zero, value};
    if (value) *out = mga_record_map(MGK_OP_WHERE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
    mga_node_release(value);
    mga_node_release(none);
    mga_node_release(zero);
    mga_node_release(s);
    mga_node_release(before);
    return *out ? MG_OK : mgr_error();
}

/* ---- cumsum, cumprod --------------------------------------------------------------------------------------------- */

/* x as it is scanned: flat without an axis, in its accumulator's dtype. *result: the dtype that comes back. */
static mga_node *scanned(uint16_t op, mga_node *x, mg_axes given, int *axis, mg_dtype *result) {
    const char *name = mgk_ops[op].name;
    const mgr_shape *flat = NULL;
    if (given.v && given.n != 1) {
        mgr_fail(MG_ERR_VALUE, name, "%d axes were given: one, or none for all elements", given.n);
        return NULL;
    }
    *axis = 0;
    if (given.v && (*axis = mgr_axis(name, given.v[0], x->shape->ndim ? x->shape->ndim : 1)) < 0) return NULL;
    *result = mgr_accumulator_dtype((mg_dtype)x->dtype);
    mga_node *wide = mga_record_convert(x, mgr_row_dtype(*result));
    if (!wide || (given.v && x->shape->ndim)) return wide;
    flat = mgr_shape_get(1, &x->shape->size);
    mga_node *row = flat ? mga_reshape_node(wide, flat) : NULL;
    if (flat) mgr_shape_release(flat);
    mga_node_release(wide);
    return row;
}

static mg_tensor *cumulated(uint16_t op, mg_tensor *x, const mg_scan_opts *opts) {
    mg_scan_opts given = {0};
    if (MGA_READ_OPTS(mgk_ops[op].name, given, opts) != MG_OK) return NULL;
    mga_node *in;
    mga_direction way = {0};
    mg_dtype dtype = MG_DTYPE_NONE;
    if (!mga_operands(mgk_ops[op].name, 1, &x, &in)) return NULL;
    if (mga_read_axes(mgk_ops[op].name, &given.axis, given.mg_text) != MG_OK) return NULL;
    mga_composite_begin(given.constant);
    mga_node *source = scanned(op, in, given.axis, &way.axis, &dtype);
    mga_node *wide = source ? mga_cumulate(op, source, way) : NULL;
    mga_node_release(source);
    return mga_composite_end(mgk_ops[op].name, given.constant, mga_converted(wide, dtype));
}

mg_tensor *mg_cumsum_with(mg_tensor *x, const mg_scan_opts *opts) { return cumulated(MGK_OP_CUMSUM, x, opts); }
mg_tensor *mg_cumprod_with(mg_tensor *x, const mg_scan_opts *opts) { return cumulated(MGK_OP_CUMPROD, x, opts); }

mg_tensor *(mg_cumsum)(mg_tensor *x) { return mg_cumsum_with(x, NULL); }
mg_tensor *(mg_cumprod)(mg_tensor *x) { return mg_cumprod_with(x, NULL); }
