/* SPDX-License-Identifier: MIT
 * cumsum and cumprod, and the recurrence and the shift that their gradients need. Each is computed when it is called;
 * the loops are runtime/scan's. */
#include "autodiff/cumulate.h"

#include "autodiff/backward.h"
#include "autodiff/composite.h"
#include "autodiff/flush.h"
#include "autodiff/options.h"
#include "autodiff/product_range.h"
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

/* c ? 0 : x; counts are taken over. */
static mga_node *unless(mga_node *c, mga_node *x) {
    mga_node *zero = c && x ? mga_fill_f64((mg_dtype)x->dtype, x->shape, 0) : NULL;
    mga_node *in[3] = {c, zero, x};
    mga_node *result = zero ? mga_record_map(MGK_OP_WHERE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    for (int i = 0; i < 3; i++) mga_node_release(in[i]);
    return result;
}

/* before s, but 0 instead of nan where `before` is 0, whatever comes later; counts are taken over. */
static mga_node *weighted(mga_node *before, mga_node *s) {
    mga_node *zero = before && s ? mga_fill_f64((mg_dtype)s->dtype, s->shape, 0) : NULL;
    mga_node *none = mga_binary(MGK_OP_EQUAL, mga_held(before), zero);
    mga_node *product = mga_binary(MGK_OP_MULTIPLY, before, s);
    none = mga_binary(MGK_OP_LOGICAL_AND, none, mga_unary(MGK_OP_ISNAN, mga_held(product)));
    return unless(none, product);
}

/* s again, but where it is nan, because something from the n-th 0 on overflowed, without what comes from there. Its
 * count is taken over. */
static mga_node *without_overflow(mga_node *near_one, mga_node *seed, mga_node *g, mga_node *s, mga_direction way,
                                  int n) {
    const mgr_scan scan = geometry(near_one, way);
    mga_node *x = s ? mga_contiguous(near_one) : NULL, *given = x ? mga_contiguous(g) : NULL;
    mga_node *from = given ? mga_from_zero(x, given, &scan, n) : NULL;
    mga_node *rest = unless(from, mga_held(seed));
    mga_node *without = rest ? mga_recurrence(near_one, rest, back(way), 1) : NULL;
    mga_node *in[3] = {without ? mga_unary(MGK_OP_ISNAN, mga_held(s)) : NULL, without, s};
    mga_node *result = in[0] ? mga_record_map(MGK_OP_WHERE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO) : NULL;
    for (int i = 0; i < 3; i++) mga_node_release(in[i]);
    mga_node_release(rest);
    mga_node_release(given);
    mga_node_release(x);
    return result;
}

/* The same by factors without their powers of two, and seeds with those of the products that they belong to. */
static mga_node *scaled_cumprod_grad(mga_node *x, mga_node *g, mga_direction way) {
    mga_node *packed = mga_contiguous(x), *result = NULL;
    const mgr_scan scan = geometry(x, way);
    mga_powers powers;
    if (packed && mga_powers_of(packed, &scan, true, &powers) == MG_OK) {
        mga_node *near_one = mga_binary(MGK_OP_MULTIPLY, mga_held(x), mga_held(powers.down));
        mga_node *running = near_one ? mga_cumulate(MGK_OP_CUMPROD, near_one, way) : NULL;
        mga_node *before = running ? mga_shift(running, way, 1) : NULL;
        mga_node *seed = before ? mga_powers_put_back(mga_held(g), &powers) : NULL;
        mga_node *s = seed ? mga_recurrence(near_one, seed, back(way), 1) : NULL;
        for (int n = 2; n > 0; n--) s = without_overflow(near_one, seed, g, s, way, n);
        result = mga_binary(MGK_OP_MULTIPLY, weighted(before, s), mga_held(powers.down));
        mga_node_release(seed);
        mga_node_release(running);
        mga_node_release(near_one);
        mga_powers_release(&powers);
    }
    mga_node_release(packed);
    return result;
}

static mga_node *trusted_parts(mga_node *x, mga_node *g, const mga_node *before, const mga_node *s, mga_direction way) {
    const mgr_scan scan = geometry(x, way);
    mga_node *packed = mga_contiguous(x), *seed = packed ? mga_contiguous(g) : NULL;
    mga_node *trusted = seed ? mga_trusted(&(mga_scan_parts){packed, seed, before, s}, &scan) : NULL;
    mga_node_release(seed);
    mga_node_release(packed);
    return trusted;
}

/* d/dx[i] = (x[0] ... x[i - 1]) s[i], s[i] = g[i] + x[i + 1] s[i + 1]: no division, so a 0 is like any number. Where
 * the first factor is 0 the derivative is, whatever comes later. Where either may have left the range of normal
 * numbers on the way, the scaled factors have their say. */
mg_status mga_cumprod_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    const scan_state *how = node->extra;
    (void)which;
    *out = NULL;
    mga_node *before = mga_shift(node, how->way, 1);
    mga_node *s = before ? mga_recurrence(node->in[0], g, back(how->way), 1) : NULL;
    const bool all = s && mga_all_normal(before) && mga_all_normal(s);
    mga_node *trusted = s && !all ? trusted_parts(node->in[0], g, before, s, how->way) : NULL;
    mga_node *plain = weighted(before, s);
    if (all || !plain) {
        mga_node_release(trusted);
        return done(plain, out);
    }
    mga_node *in[3] = {trusted, plain, trusted ? scaled_cumprod_grad(node->in[0], g, how->way) : NULL};
    if (in[2]) *out = mga_record_map(MGK_OP_WHERE, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
    for (int i = 0; i < 3; i++) mga_node_release(in[i]);
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
    return mga_used(1, &x, mga_composite_end(mgk_ops[op].name, given.constant, mga_converted(wide, dtype)));
}

mg_tensor *mg_cumsum_with(mg_tensor *x, const mg_scan_opts *opts) { return cumulated(MGK_OP_CUMSUM, x, opts); }
mg_tensor *mg_cumprod_with(mg_tensor *x, const mg_scan_opts *opts) { return cumulated(MGK_OP_CUMPROD, x, opts); }

mg_tensor *(mg_cumsum)(mg_tensor *x) { return mg_cumsum_with(x, NULL); }
mg_tensor *(mg_cumprod)(mg_tensor *x) { return mg_cumprod_with(x, NULL); }
