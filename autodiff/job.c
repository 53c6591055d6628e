/* SPDX-License-Identifier: MIT
 * What all jobs share: claiming buffers, adding runs, running, giving back. */
#include "autodiff/job.h"

#include "runtime/dtype.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

#include <string.h>

uint8_t mga_rounding(mg_dtype dtype) { return dtype == MG_F16 || dtype == MG_BF16 ? (uint8_t)dtype : 0; }

mgr_tile_instr mga_convert_instr(mg_dtype dtype, uint16_t value) {
    return (mgr_tile_instr){.op = MGR_OP_CONVERT,
                            .row = (uint8_t)mgr_row_dtype(dtype),
                            .round = mga_rounding(dtype),
                            .n_in = 1,
                            .n_out = 1,
                            .in = {value}};
}

char *mga_operand_data(const mga_flush *flush, const mga_node *node) {
    const mga_entry *entry = mga_region_entry(&flush->region, node);
    if (!entry) return mga_node_data(node);
    char *data = flush->buffers[entry - flush->region.entries]->data;
    return node->op == MGA_OP_VIEW ? data + ((const mga_view *)node->extra)->offset : data;
}

/* Results of one op share its inputs: they may be overwritten only if every result that exists is stored in this flush.
 */
static bool all_results_here(const mga_flush *flush, const mga_node *op) {
    return atomic_load_explicit(&op->refs, memory_order_relaxed) == flush->region.entries[op->slot].results;
}

mgr_buffer *mga_takeover(const mga_node *node, const mga_node *input, uint32_t readers) {
    if (input->op != MGA_OP_LEAF || !input->buffer || input->buffer->size_class == MGR_BORROWED) return NULL;
    if ((node->flags & MGA_HISTORY) || (input->flags & MGA_FROZEN)) return NULL;
    if (input->data != input->buffer->data || input->shape != node->shape) return NULL;
    if (mg_dtype_size((mg_dtype)input->dtype) != mg_dtype_size((mg_dtype)node->dtype)) return NULL;
    if (atomic_load_explicit(&input->refs, memory_order_acquire) != 1 + readers) return NULL;
    if (atomic_load_explicit(&input->buffer->refs, memory_order_relaxed) != 1)
        return NULL; /* also: not taken over already */
    return input->buffer;
}

mgr_buffer *mga_job_takeover(const mga_flush *flush, const mga_entry *entry, const mga_node *input, uint32_t readers) {
    const mga_node *node = entry->node;
    if (node->op == MGA_OP_RESULT && !all_results_here(flush, node->in[0])) return NULL;
    return mga_takeover(node, input, readers);
}

mg_status mga_job_claim(mga_flush *flush, mga_job *job, mga_entry *entry, mgr_buffer *taken, char **data) {
    mga_node *node = entry->node;
    if (job->n_claims == job->claim_capacity) {
        uint32_t capacity = job->claim_capacity ? 2 * job->claim_capacity : MGA_CLAIMS_START;
        mga_claim *claims = mgr_arena_alloc(&flush->arena, capacity * sizeof *claims);
        if (!claims) return mgr_error();
        if (job->n_claims) memcpy(claims, job->claims, job->n_claims * sizeof *claims);
        job->claims = claims;
        job->claim_capacity = capacity;
    }
    mgr_buffer *buffer = taken;
    if (taken)
        mgr_buffer_retain(taken);
    else
        buffer = mgr_buffer_new((size_t)node->shape->size * mg_dtype_size((mg_dtype)node->dtype));
    if (!buffer) return mgr_error();
    job->claims[job->n_claims++] = (mga_claim){node, buffer};
    flush->buffers[entry - flush->region.entries] = buffer;
    *data = buffer->data;
    return MG_OK;
}

mg_status mga_job_add_run(mga_flush *flush, mga_job *job, const mgr_tile_spec *spec, const mgr_tile_args *args) {
    if (job->n_runs == job->run_capacity) {
        uint32_t capacity = job->run_capacity ? 2 * job->run_capacity : 1;
        mgr_tile_run **runs = mgr_arena_alloc(&flush->arena, capacity * sizeof *runs);
        if (!runs) return mgr_error();
        if (job->n_runs) memcpy(runs, job->runs, job->n_runs * sizeof *runs);
        job->runs = runs;
        job->run_capacity = capacity;
    }
    mgr_tile_program *program = mgr_tile_program_get(spec);
    mgr_tile_run *run = program ? mgr_tile_prepare(program, args) : NULL;
    mgr_tile_program_release(program);
    if (!run) return mgr_error();
    job->runs[job->n_runs++] = run;
    return MG_OK;
}

mg_status mga_job_prepare(mga_flush *flush, mga_job *job, const mga_cluster *cluster) {
    *job = (mga_job){0};
    switch (cluster->kind) {
    case MGA_CLUSTER_UPDATE:
        return mga_prepare_update(flush, job, cluster);
    case MGA_CLUSTER_ACCUMULATE:
        return mga_prepare_accumulate(flush, job, cluster);
    default:
        return mga_prepare_tile(flush, job, cluster);
    }
}

void mga_job_run(mga_job *job) {
    for (uint32_t i = 0; i < job->n_runs; i++) mgr_tile_execute(job->runs[i]);
    job->n_runs = 0;
}

void mga_job_discard(mga_job *job) {
    for (uint32_t i = 0; i < job->n_runs; i++) mgr_tile_discard(job->runs[i]);
    for (uint32_t i = 0; i < job->n_claims; i++) mgr_buffer_release(job->claims[i].buffer);
    job->n_runs = job->n_claims = 0;
}
