/* SPDX-License-Identifier: MIT
 * From a cluster of maps and reductions to one tile program with its operands. */
#include "autodiff/job.h"

#include "runtime/dtype.h"
#include "runtime/status.h"

typedef struct builder {
    mga_flush *flush;
    mga_job *job;
    const mga_cluster *cluster;
    mgr_tile_spec *spec;
    const mga_node *input_node[MGR_TILE_MAX_INPUTS];
    mgr_tile_operand inputs[MGR_TILE_MAX_INPUTS], outputs[MGR_TILE_MAX_OUTPUTS];
    mg_dtype value_dtype[MGR_TILE_MAX_INPUTS + MGR_TILE_MAX_INSTR * MGK_MAX_OUT]; /* logical */
    uint64_t scalars[MGR_TILE_MAX_INPUTS];
    double params[MGR_TILE_MAX_INSTR * MGK_MAX_PARAMS];
    uint16_t n_values; /* results so far; numbered after the inputs, whose count is not known yet */
} builder;

/* While the program is built results are numbered from RESULT_BASE; renumber() closes the gap. */
enum { RESULT_BASE = MGR_TILE_MAX_INPUTS };

static int64_t *new_strides(builder *b) {
    return mgr_arena_alloc(&b->flush->arena, ((size_t)b->cluster->space->ndim + 1) * sizeof(int64_t));
}

static int add_input(builder *b, const mga_node *node, mg_dtype dtype, bool scalar) {
    int i = b->spec->n_inputs;
    if (i == MGR_TILE_MAX_INPUTS) {
        mgr_fail(MG_ERR_VALUE, "flush", "A fused group of operations has more than %d inputs.", MGR_TILE_MAX_INPUTS);
        return -1;
    }
    b->spec->n_inputs++;
    b->spec->inputs[i] = (mgr_tile_input){(uint8_t)dtype, scalar};
    b->input_node[i] = node;
    b->value_dtype[i] = dtype;
    return i;
}

/* A FILL enters as a run-time scalar, already in the dtype it is wanted in. */
static int fill_input(builder *b, const mga_node *node, mg_dtype want) {
    for (int i = 0; i < b->spec->n_inputs; i++)
        if (b->input_node[i] == node && b->value_dtype[i] == want) return i;
    int i = add_input(b, node, want, true);
    if (i < 0) return i;
    int64_t *strides = new_strides(b);
    if (!strides) return -1;
    for (int a = 0; a < b->cluster->space->ndim; a++) strides[a] = 0;
    if (mg_dtype_is_float((mg_dtype)node->dtype))
        mgr_set_f64(want, &b->scalars[i], node->scalar);
    else
        mgr_set_i64(want, &b->scalars[i], node->integer);
    b->inputs[i] = (mgr_tile_operand){&b->scalars[i], strides};
    return i;
}

static int array_input(builder *b, const mga_node *node) {
    for (int i = 0; i < b->spec->n_inputs; i++)
        if (b->input_node[i] == node) return i;
    int i = add_input(b, node, (mg_dtype)node->dtype, node->shape->size == 1);
    if (i < 0) return i;
    int64_t own[MG_MAX_NDIM], *strides = new_strides(b);
    if (!strides) return -1;
    mga_node_strides(node, own);
    mgr_strides_broadcast(node->shape, own, b->cluster->space, strides);
    b->inputs[i] = (mgr_tile_operand){mga_operand_data(b->flush, node), strides};
    return i;
}

static int add_instr(builder *b, mgr_tile_instr instr, mg_dtype result) {
    if (b->spec->n_instr == MGR_TILE_MAX_INSTR) {
        mgr_fail(MG_ERR_VALUE, "flush", "A fused group of operations has more than %d instructions.",
                 MGR_TILE_MAX_INSTR);
        return -1;
    }
    int first = RESULT_BASE + b->n_values;
    for (int j = 0; j < instr.n_out; j++) b->value_dtype[first + j] = result;
    b->n_values = (uint16_t)(b->n_values + instr.n_out);
    b->spec->instr[b->spec->n_instr++] = instr;
    return first;
}

/* The value as dtype `want`: itself where the row's bits already are that (f16 held as f32 is an f32), else through a
 * conversion. */
static int converted(builder *b, int value, mg_dtype want) {
    if (value < 0) return value;
    mg_dtype have = b->value_dtype[value];
    if (have == want || (mgr_row_dtype(have) == want && want == MG_F32)) return value;
    return add_instr(b, mga_convert_instr(want, (uint16_t)value), want);
}

/* The tile value that holds `node` as dtype `want`. */
static int operand(builder *b, const mga_node *node, mg_dtype want) {
    const mga_entry *entry = mga_region_entry(&b->flush->region, node);
    uint32_t cluster = (uint32_t)(b->cluster - b->flush->region.clusters);
    if (entry && entry->cluster == cluster && mga_operand_is_direct(node, b->cluster->space))
        return converted(b, entry->value, want);
    if (node->op == MGA_OP_FILL && !node->data) return fill_input(b, node, want);
    return converted(b, array_input(b, node), want);
}

static mg_status emit_map(builder *b, mga_entry *entry) {
    const mga_node *node = entry->node;
    const mgk_op_info *info = &mgk_ops[node->op];
    mg_dtype cdtype = (mg_dtype)node->cdtype;
    mgr_tile_instr instr = {.op = node->op,
                            .row = (uint8_t)mgr_row_dtype(cdtype),
                            .n_in = info->n_in,
                            .n_out = info->n_out,
                            .params = b->spec->n_params};
    if (!(info->bool_out & 1)) instr.round = mga_rounding(cdtype);
    for (int i = 0; i < info->n_in; i++) {
        int value = operand(b, node->in[i], info->bool_in & (1u << i) ? MG_BOOL : cdtype);
        if (value < 0) return mgr_error();
        instr.in[i] = (uint16_t)value;
    }
    const double *params = node->n_params > 1 ? node->extra : &node->scalar;
    for (int i = 0; i < node->n_params; i++) b->params[b->spec->n_params++] = params[i];
    int value = add_instr(b, instr, (mg_dtype)node->dtype);
    if (value < 0) return mgr_error();
    entry->value = (uint16_t)value;
    return MG_OK;
}

/* Which tile value an entry is; maps and conversions emit their instructions. */
static mg_status emit(builder *b, mga_entry *entry) {
    const mga_node *node = entry->node;
    if (node->op == MGA_OP_RESULT) {
        entry->value = (uint16_t)(b->flush->region.entries[node->in[0]->slot].value + node->which);
        return MG_OK;
    }
    if (node->op != MGA_OP_CONVERT && !mga_is_reduce(node)) return emit_map(b, entry);
    int value = operand(b, node->in[0], (mg_dtype)node->cdtype);
    if (value < 0) return mgr_error();
    entry->value = (uint16_t)value;
    return MG_OK;
}

static void output_strides(const builder *b, const mga_node *node, int64_t *strides) {
    const mgr_shape *space = b->cluster->space;
    uint64_t reduced = mga_is_reduce(node) ? node->axes : 0;
    int64_t stride = (int64_t)mg_dtype_size((mg_dtype)node->dtype);
    for (int i = space->ndim - 1; i >= 0; i--) {
        bool kept = !(reduced & (UINT64_C(1) << i));
        strides[i] = kept ? stride : 0;
        if (kept) stride *= space->dims[i];
    }
}

static mgr_buffer *find_takeover(const builder *b, const mga_entry *entry) {
    const mga_node *node = entry->node;
    if (mga_is_reduce(node)) return NULL;
    if (node->op == MGA_OP_RESULT) {
        const mga_node *op = node->in[0];
        return node->which < op->n_in ? mga_job_takeover(b->flush, entry, op->in[node->which], 0) : NULL;
    }
    mgr_buffer *taken = NULL;
    for (int i = 0; i < node->n_in && !taken; i++) taken = mga_job_takeover(b->flush, entry, node->in[i], 0);
    return taken;
}

static mg_status add_output(builder *b, mga_entry *entry) {
    const mga_node *node = entry->node;
    char *data;
    MGR_TRY(mga_job_claim(b->flush, b->job, entry, find_takeover(b, entry), &data));
    int64_t *strides = new_strides(b);
    if (!strides) return mgr_error();
    output_strides(b, node, strides);
    bool reduce = mga_is_reduce(node);
    mgr_tile_output output = {.value = entry->value,
                              .dtype = node->dtype,
                              .reduce = reduce ? node->op : 0,
                              .finish = reduce && node->op == MGK_OP_MEAN ? MGR_FINISH_MEAN : MGR_FINISH_NONE};
    b->outputs[b->spec->n_outputs] = (mgr_tile_operand){data, strides};
    b->spec->outputs[b->spec->n_outputs++] = output;
    return MG_OK;
}

static uint16_t renumbered(const mgr_tile_spec *spec, uint16_t value) {
    return value < RESULT_BASE ? value : (uint16_t)(value - RESULT_BASE + spec->n_inputs);
}

static void renumber(mgr_tile_spec *spec) {
    for (int i = 0; i < spec->n_instr; i++)
        for (int k = 0; k < spec->instr[i].n_in; k++) spec->instr[i].in[k] = renumbered(spec, spec->instr[i].in[k]);
    for (int i = 0; i < spec->n_outputs; i++) spec->outputs[i].value = renumbered(spec, spec->outputs[i].value);
}

mg_status mga_prepare_tile(mga_flush *flush, mga_job *job, const mga_cluster *cluster) {
    builder *b = mgr_arena_alloc(&flush->arena, sizeof *b);
    mgr_tile_spec *spec = b ? mgr_arena_alloc(&flush->arena, sizeof *spec) : NULL;
    mgr_tile_args *args = spec ? mgr_arena_alloc(&flush->arena, sizeof *args) : NULL;
    if (!args) return mgr_error();
    b->flush = flush;
    b->job = job;
    b->cluster = cluster;
    b->spec = spec;
    b->n_values = 0;
    spec->n_inputs = spec->n_instr = spec->n_outputs = spec->n_params = 0;
    for (uint32_t i = cluster->first; i != MGA_NO_ENTRY; i = flush->region.entries[i].next)
        MGR_TRY(emit(b, &flush->region.entries[i]));
    for (uint32_t i = cluster->first; i != MGA_NO_ENTRY; i = flush->region.entries[i].next)
        if (flush->region.entries[i].store) MGR_TRY(add_output(b, &flush->region.entries[i]));
    renumber(spec);
    *args = (mgr_tile_args){.ndim = cluster->space->ndim,
                            .dims = cluster->space->dims,
                            .reduced = cluster->reduced,
                            .inputs = b->inputs,
                            .outputs = b->outputs,
                            .params = b->params};
    return mga_job_add_run(flush, job, spec, args);
}
