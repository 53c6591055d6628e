/* SPDX-License-Identifier: MIT
 * Jobs that write regions: functional updates (x[key] = y) and sums of region contributions (gradients of slices). */
#include "autodiff/job.h"

#include "runtime/dtype.h"
#include "runtime/status.h"

/* dst = src, dst + src or the lesser of both, over src's shape; arguments in the arena because they must live until the
 * run. */
typedef struct region_run {
    mgr_tile_spec spec;
    mgr_tile_args args;
    mgr_tile_operand inputs[2], output;
    int64_t dst_strides[MG_MAX_NDIM], src_strides[MG_MAX_NDIM];
    uint64_t scalar;
} region_run;

static void set_source(const mga_flush *flush, region_run *run, mg_dtype dtype, const mga_node *src) {
    bool fill = src->op == MGA_OP_FILL && !src->data;
    if (fill && mg_dtype_is_float((mg_dtype)src->dtype))
        mgr_set_f64(dtype, &run->scalar, src->scalar);
    else if (fill)
        mgr_set_i64(dtype, &run->scalar, src->integer);
    for (int i = 0; fill && i < src->shape->ndim; i++) run->src_strides[i] = 0;
    if (!fill) mga_node_strides(src, run->src_strides);
    run->spec.inputs[0] = (mgr_tile_input){fill ? (uint8_t)dtype : src->dtype, fill};
    run->inputs[0] = (mgr_tile_operand){fill ? (void *)&run->scalar : mga_operand_data(flush, src), run->src_strides};
    run->spec.n_inputs = 1;
    if (run->spec.inputs[0].dtype != dtype) {
        run->spec.instr[run->spec.n_instr++] = mga_convert_instr(dtype, 0);
    }
}

/* One run of `src` (any node of the region's shape) into dst at the region. */
static mg_status add_region_run(mga_flush *flush, mga_job *job, mg_dtype dtype, char *dst, const int64_t *strides,
                                const mga_node *src, mga_how how) {
    region_run *run = mgr_arena_alloc(&flush->arena, sizeof *run);
    if (!run) return mgr_error();
    run->spec.n_inputs = run->spec.n_instr = run->spec.n_outputs = run->spec.n_params = 0;
    set_source(flush, run, dtype, src);
    for (int i = 0; i < src->shape->ndim; i++) run->dst_strides[i] = strides[i];
    uint16_t value = 0;
    if (how != MGA_PUT) {
        run->spec.inputs[1] = (mgr_tile_input){(uint8_t)dtype, 0};
        run->inputs[1] = (mgr_tile_operand){dst, run->dst_strides};
        run->spec.n_inputs = 2;
    }
    if (run->spec.n_instr) value = run->spec.n_inputs;
    if (how != MGA_PUT) {
        run->spec.instr[run->spec.n_instr] = (mgr_tile_instr){.op = how == MGA_ADD ? MGK_OP_ADD : MGK_OP_MINIMUM,
                                                              .row = (uint8_t)mgr_row_dtype(dtype),
                                                              .round = mga_rounding(dtype),
                                                              .n_in = 2,
                                                              .n_out = 1,
                                                              .in = {1, value}};
        value = (uint16_t)(run->spec.n_inputs + run->spec.n_instr++);
    }
    run->output = (mgr_tile_operand){dst, run->dst_strides};
    run->spec.outputs[0] = (mgr_tile_output){.value = value, .dtype = (uint8_t)dtype};
    run->spec.n_outputs = 1;
    run->args = (mgr_tile_args){
        .ndim = src->shape->ndim, .dims = src->shape->dims, .inputs = run->inputs, .outputs = &run->output};
    return mga_job_add_run(flush, job, &run->spec, &run->args);
}

static mg_status copy_whole(mga_flush *flush, mga_job *job, const mga_node *node, char *dst, const mga_node *src) {
    int64_t strides[MG_MAX_NDIM];
    mgr_strides_contiguous(node->shape, mg_dtype_size((mg_dtype)node->dtype), strides);
    return add_region_run(flush, job, (mg_dtype)node->dtype, dst, strides, src, MGA_PUT);
}

static bool is_only_held_once(const mga_node *node) {
    return atomic_load_explicit(&node->refs, memory_order_relaxed) == 1;
}

/* x[key] += y: the new elements are computed from the old root by an earlier cluster of this flush, which then lets it
 * go. */
static uint32_t readers_of_base(const mga_flush *flush, const mga_node *update) {
    const mga_node *base = update->in[0], *value = update->in[1];
    const mga_entry *entry = mga_region_entry(&flush->region, value);
    uint32_t readers = 0;
    if (!entry || entry->node != value || !entry->store || !mga_is_map(value) || !is_only_held_once(value) ||
        (value->flags & MGA_HISTORY))
        return 0;
    for (int i = 0; i < value->n_in; i++) {
        const mga_node *in = value->in[i];
        readers += in == base || (in->op == MGA_OP_VIEW && in->in[0] == base && is_only_held_once(in));
    }
    return readers;
}

mg_status mga_prepare_update(mga_flush *flush, mga_job *job, const mga_cluster *cluster) {
    mga_entry *entry = &flush->region.entries[cluster->first];
    mga_node *node = entry->node;
    const mga_view *region = node->extra;
    mgr_buffer *taken = mga_job_takeover(flush, entry, node->in[0], readers_of_base(flush, node));
    char *data;
    MGR_TRY(mga_job_claim(flush, job, entry, taken, &data));
    if (!taken) MGR_TRY(copy_whole(flush, job, node, data, node->in[0]));
    return add_region_run(flush, job, (mg_dtype)node->dtype, data + region->offset, region->strides, node->in[1],
                          MGA_PUT);
}

mg_status mga_prepare_accumulate(mga_flush *flush, mga_job *job, const mga_cluster *cluster) {
    mga_entry *entry = &flush->region.entries[cluster->first];
    mga_node *node = entry->node;
    const mga_pairs *pairs = node->extra;
    int64_t whole[MG_MAX_NDIM];
    char *data;
    MGR_TRY(mga_job_claim(flush, job, entry, NULL, &data));
    mgr_strides_contiguous(node->shape, mg_dtype_size((mg_dtype)node->dtype), whole);
    for (size_t i = 0; i < pairs->n; i++) {
        const mga_pair *pair = &pairs->pair[i];
        const int64_t *strides = pair->region ? pair->region->strides : whole;
        char *dst = data + (pair->region ? pair->region->offset : 0);
        MGR_TRY(add_region_run(flush, job, (mg_dtype)node->dtype, dst, strides, pair->value, pair->how));
    }
    return MG_OK;
}
