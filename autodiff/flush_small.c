/* SPDX-License-Identifier: MIT
 * Small arrays: one kernel call a node, in recording order; every result has a buffer, which stays in L1 until the next
 * call reads it. No clusters, no programs. The bits are those of the tile machine, whose kernels these are. */
#include "autodiff/flush_small.h"

#include "autodiff/job.h"
#include "runtime/cpu.h"
#include "runtime/dtype.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

/* ---- which regions ---- */

static bool is_scalar_fill(const mga_node *node) { return node->op == MGA_OP_FILL && !node->data; }

/* As an array of the node's own elements, or a number that a tile can be filled with. */
static bool operand_serves(const mga_node *node, const mga_node *operand, mg_dtype want) {
    if (is_scalar_fill(operand)) return true;
    return operand->op != MGA_OP_VIEW && operand->shape == node->shape && operand->dtype == want;
}

static bool node_serves(const mga_node *node) {
    if (node->op >= MGK_OP_COUNT || node->shape->size > MGA_SMALL_ELEMENTS || node->shape->size == 0) return false;
    const mgk_op_info *info = &mgk_ops[node->op];
    mg_dtype row = (mg_dtype)node->cdtype;
    if (info->kind != MGK_KIND_MAP || info->n_out != 1 || row == MG_F16 || row == MG_BF16) return false;
    for (int i = 0; i < info->n_in; i++)
        if (!operand_serves(node, node->in[i], info->bool_in & (1u << i) ? MG_BOOL : row)) return false;
    return true;
}

bool mga_flush_small_serves(const mga_nodes *walk) {
    for (size_t i = 0; i < walk->n; i++)
        if (!node_serves(walk->v[i])) return false;
    return true;
}

/* ---- one node ---- */

typedef struct operands {
    const void *in[MGK_MAX_IN];
    mgk_map_fn *kernel;
    uint64_t ones[MGK_MAX_IN];
    _Alignas(64) uint64_t tiles[MGK_MAX_IN][MGA_SMALL_ELEMENTS];
} operands;

static void fill_element(const mga_node *fill, mg_dtype dtype, uint64_t *element) {
    if (mg_dtype_is_float((mg_dtype)fill->dtype))
        mgr_set_f64(dtype, element, fill->scalar);
    else
        mgr_set_i64(dtype, element, fill->integer);
}

/* The kernel form that takes one number, if the op has one for it; else a tile of copies. */
static void set_scalar(operands *o, const mgk_table *table, const mga_node *node, int i, mg_dtype dtype) {
    static const mgk_form form_of[2] = {MGK_SV, MGK_VS};
    mgk_map_fn *const *forms = table->map[node->op][node->cdtype];
    fill_element(node->in[i], dtype, &o->ones[i]);
    o->in[i] = &o->ones[i];
    if (node->n_in == 2 && o->kernel == forms[MGK_VV] && forms[form_of[i]]) {
        o->kernel = forms[form_of[i]];
        return;
    }
    size_t size = mg_dtype_size(dtype);
    table->moves->fill[__builtin_ctz((unsigned)size)]((size_t)node->shape->size, o->tiles[i], &o->ones[i]);
    o->in[i] = o->tiles[i];
}

static void set_operands(operands *o, const mgk_table *table, const mga_node *node) {
    uint8_t bools = mgk_ops[node->op].bool_in;
    o->kernel = table->map[node->op][node->cdtype][MGK_VV];
    for (int i = 0; i < node->n_in; i++) {
        if (is_scalar_fill(node->in[i]))
            set_scalar(o, table, node, i, bools & (1u << i) ? MG_BOOL : (mg_dtype)node->cdtype);
        else
            o->in[i] = node->in[i]->data;
    }
}

/* The result's buffer with a count: an operand's that nobody else will read, or a new one. NULL with an error set. */
static mgr_buffer *result_buffer(const mga_node *node) {
    for (int i = 0; i < node->n_in; i++) {
        mgr_buffer *taken = mga_takeover(node, node->in[i], 0);
        if (!taken) continue;
        mgr_buffer_retain(taken);
        return taken;
    }
    return mgr_buffer_new((size_t)node->shape->size * mg_dtype_size((mg_dtype)node->dtype));
}

static mg_status compute(operands *o, const mgk_table *table, mga_node *node) {
    mgr_error_context(mgk_ops[node->op].name);
    mgr_buffer *buffer = result_buffer(node);
    if (!buffer) return mgr_error();
    set_operands(o, table, node);
    o->kernel((size_t)node->shape->size, &buffer->data, o->in, node->n_params > 1 ? node->extra : &node->scalar);
    node->buffer = buffer;
    node->data = buffer->data;
    node->depth = 0;
    if (!(node->flags & MGA_HISTORY)) mga_node_drop_inputs(node);
    return MG_OK;
}

/* ---- all of them ---- */

enum { ROOT = 1 }; /* node->slot of what was asked for */

/* What only leads to other values is let go at the end, as the tile machine would not have stored it (rules D2). */
static bool passes(const mga_node *node) {
    return (node->flags & (MGA_HISTORY | MGA_NEEDED | MGA_COMPUTED)) == MGA_HISTORY;
}

static void let_go(mga_node *node) {
    if (node->data) {
        mgr_buffer_release(node->buffer);
        node->buffer = NULL;
        node->data = NULL;
        node->flags |= MGA_COMPUTED;
    }
    mga_node_release(node);
}

/* The nodes to let go, with a count each, are moved to the front of the walk. Dropping one node's inputs may be the end
 * of an earlier one, so the others are not looked at again once they are computed. */
static mg_status compute_all(mga_nodes *walk, size_t *n_passing) {
    operands o;
    const mgk_table *table = mgr_kernels();
    mg_status status = MG_OK;
    for (size_t i = 0; i < walk->n && status == MG_OK; i++) {
        mga_node *node = walk->v[i];
        bool passing = node->slot != ROOT && passes(node);
        if (passing) {
            mga_node_retain(node);
            walk->v[(*n_passing)++] = node;
        }
        status = compute(&o, table, node);
    }
    return status;
}

mg_status mga_flush_small_run(mga_nodes *walk, size_t n_roots, mga_node *const *roots) {
    size_t n_passing = 0;
    const char *context = mgr_error_context(NULL);
    for (size_t i = 0; i < walk->n; i++) walk->v[i]->slot = 0;
    for (size_t i = 0; i < n_roots; i++) {
        mga_node *root = roots[i]->op == MGA_OP_VIEW ? roots[i]->in[0] : roots[i];
        if (!root->data) root->slot = ROOT;
    }
    mg_status status = compute_all(walk, &n_passing);
    for (size_t i = 0; i < n_passing; i++) let_go(walk->v[i]);
    mgr_error_context(context);
    return status;
}
