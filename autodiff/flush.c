/* SPDX-License-Identifier: MIT
 * Evaluation: region, jobs, run, and what the nodes become afterwards. Acquire first, run second (rules B6). */
#include "autodiff/flush.h"

#include "autodiff/borrowed.h"
#include "autodiff/flush_small.h"
#include "autodiff/graph_check.h"
#include "autodiff/history.h"
#include "autodiff/job.h"
#include "runtime/dtype.h"
#include "runtime/fill.h"
#include "runtime/fpenv.h"
#include "runtime/status.h"

#include <string.h>

/* ---- one node's own memory ---- */

/* A FILL that somebody wants to see in memory. */
static mg_status materialise_fill(mga_node *node) {
    const char *context = mgr_error_context("full");
    mgr_buffer *buffer = mgr_buffer_new((size_t)node->shape->size * mg_dtype_size((mg_dtype)node->dtype));
    mgr_error_context(context);
    if (!buffer) return mgr_error();
    uint64_t element = 0;
    if (mg_dtype_is_float((mg_dtype)node->dtype))
        mgr_set_f64((mg_dtype)node->dtype, &element, node->scalar);
    else
        mgr_set_i64((mg_dtype)node->dtype, &element, node->integer);
    mgr_fill((mg_dtype)node->dtype, node->shape->size, buffer->data, &element);
    node->buffer = buffer;
    node->data = buffer->data;
    return MG_OK;
}

/* ---- acquiring ---- */

static uint32_t highest_level(const mga_region *region) {
    uint32_t level = 0;
    for (uint32_t c = 0; c < region->n_clusters; c++)
        if (region->clusters[c].level > level) level = region->clusters[c].level;
    return level;
}

/* Cluster indices in running order: counting sort by level, recording order within one. NULL with an error set. */
static uint32_t *running_order(mga_flush *flush) {
    const mga_region *region = &flush->region;
    uint32_t levels = highest_level(region) + 1;
    uint32_t *order = mgr_arena_alloc(&flush->arena, (region->n_clusters + 1) * sizeof *order);
    uint32_t *start = mgr_arena_alloc(&flush->arena, (levels + 1) * sizeof *start);
    if (!order || !start) return NULL;
    memset(start, 0, (levels + 1) * sizeof *start);
    for (uint32_t c = 0; c < region->n_clusters; c++) start[region->clusters[c].level + 1]++;
    for (uint32_t l = 1; l <= levels; l++) start[l] += start[l - 1];
    for (uint32_t c = 0; c < region->n_clusters; c++) order[start[region->clusters[c].level]++] = c;
    return order;
}

/* A cluster of which nothing is wanted in memory (all its values are recomputed elsewhere) does not run. */
static bool is_wanted(const mga_region *region, const mga_cluster *cluster) {
    for (uint32_t i = cluster->first; i != MGA_NO_ENTRY; i = region->entries[i].next)
        if (region->entries[i].store) return true;
    return false;
}

static mg_status acquire(mga_flush *flush) {
    mga_region *region = &flush->region;
    uint32_t *order = running_order(flush);
    flush->jobs = order ? mgr_arena_alloc(&flush->arena, (region->n_clusters + 1) * sizeof *flush->jobs) : NULL;
    flush->buffers = flush->jobs ? mgr_arena_alloc(&flush->arena, (region->n + 1) * sizeof *flush->buffers) : NULL;
    if (!flush->buffers) return mgr_error();
    MGR_CHECK(mga_check_running_order(region, order));
    memset(flush->buffers, 0, region->n * sizeof *flush->buffers);
    for (uint32_t i = 0; i < region->n_clusters; i++) {
        const mga_cluster *cluster = &region->clusters[order[i]];
        if (!is_wanted(region, cluster)) continue;
        mgr_error_context(mga_op_name(region->entries[cluster->first].node->op));
        MGR_TRY(mga_job_prepare(flush, &flush->jobs[flush->n_jobs++], cluster));
    }
    MGR_CHECK(mga_check_claims(flush));
    return MG_OK;
}

/* ---- afterwards ---- */

/* Values get their buffers. What was computed without being stored is remembered, so that the second time it is. */
static void attach(mga_flush *flush) {
    for (uint32_t i = 0; i < flush->region.n; i++) {
        mga_node *node = flush->region.entries[i].node;
        node->depth = 0;
        if (!flush->region.entries[i].store) node->flags |= MGA_COMPUTED;
    }
    for (uint32_t j = 0; j < flush->n_jobs; j++) {
        for (uint32_t i = 0; i < flush->jobs[j].n_claims; i++) {
            mga_claim *claim = &flush->jobs[j].claims[i];
            claim->node->buffer = claim->buffer;
            claim->node->data = claim->buffer->data;
            mga_node_retain(claim->node); /* dropping one node's inputs may be the end of another */
        }
    }
    for (uint32_t j = 0; j < flush->n_jobs; j++) {
        for (uint32_t i = 0; i < flush->jobs[j].n_claims; i++) {
            mga_node *node = flush->jobs[j].claims[i].node;
            if (!(node->flags & MGA_HISTORY)) mga_node_drop_inputs(node);
            mga_node_release(node);
        }
    }
}

static mg_status run_flush(mga_flush *flush, size_t n_roots, mga_node *const *roots) {
    MGR_TRY(mga_region_collect(flush->thread, n_roots, roots));
    bool plan = flush->thread->debug || flush->thread->tiles_only;
    if (!plan && mga_flush_small_serves(&flush->thread->walk)) {
        flush->thread->clusters_run++;
        return mga_flush_small_run(&flush->thread->walk, n_roots, roots);
    }
    mg_status status = mga_region_build(&flush->region, &flush->arena, flush->thread, n_roots, roots);
    const char *context = mgr_error_context(NULL);
    if (status == MG_OK && flush->thread->debug) status = mga_borrowed_check(&flush->region);
    if (status == MG_OK) status = acquire(flush);
    mgr_error_context(context);
    if (status != MG_OK) {
        for (uint32_t j = 0; j < flush->n_jobs; j++) mga_job_discard(&flush->jobs[j]);
        return status;
    }
    for (uint32_t j = 0; j < flush->n_jobs; j++) mga_job_run(&flush->jobs[j]);
    attach(flush);
    mga_sweep_note_bytes(flush->thread);
    flush->thread->clusters_run += flush->n_jobs;
    return MG_OK;
}

static bool is_pending(const mga_node *node) {
    if (node->op == MGA_OP_VIEW) node = node->in[0];
    return !node->data;
}

/* Wanted values that somebody besides the list still holds go along with a flush: one pass over the data serves them
 * all. The rest leaves the list. Returns the new number of roots. */
static size_t add_wanted(mga_thread *thread, mga_node **roots, size_t n) {
    size_t left = 0;
    for (size_t i = 0; i < thread->wanted.n; i++) {
        mga_node *node = thread->wanted.v[i];
        if (is_pending(node) && atomic_load_explicit(&node->refs, memory_order_relaxed) > 1) {
            roots[n++] = node;
            thread->wanted.v[left++] = node;
        } else {
            mga_node_release(node);
        }
    }
    thread->wanted.n = left;
    return n;
}

static void clear_wanted(mga_thread *thread) {
    for (size_t i = 0; i < thread->wanted.n; i++) mga_node_release(thread->wanted.v[i]);
    thread->wanted.n = 0;
}

static mg_status eval_pending(mga_flush *flush, size_t n, mga_node *const *nodes) {
    mga_node **roots = mgr_arena_alloc(&flush->arena, (n + flush->thread->wanted.n + 1) * sizeof *roots);
    if (!roots) return mgr_error();
    size_t n_roots = 0;
    for (size_t i = 0; i < n; i++) {
        mga_node *node = nodes[i]->op == MGA_OP_VIEW ? nodes[i]->in[0] : nodes[i];
        if (node->op == MGA_OP_FILL && !node->data) MGR_TRY(materialise_fill(node));
        if (!node->data) roots[n_roots++] = node;
    }
    if (n_roots == 0 && n > 0) return MG_OK;
    n_roots = add_wanted(flush->thread, roots, n_roots);
    if (n_roots == 0) return MG_OK;
    mgr_fpenv env = mgr_fpenv_enter();
    mg_status status = run_flush(flush, n_roots, roots);
    mgr_fpenv_leave(env);
    MGR_TRY(status);
    clear_wanted(flush->thread);
    return MG_OK;
}

mg_status mga_eval_all(size_t n, mga_node *const *nodes) {
    mga_flush flush = {.thread = mga_thread_get()};
    if (!flush.thread) return mgr_error();
    mg_status status = eval_pending(&flush, n, nodes);
    mgr_arena_reset(&flush.arena);
    return status;
}

mg_status mga_eval(mga_node *node) {
    if (!is_pending(node)) return MG_OK;
    return mga_eval_all(1, &node);
}

mga_node *mga_contiguous(mga_node *node) {
    if (mga_node_is_contiguous(node)) {
        if (mga_eval(node) != MG_OK) return NULL;
        mga_node_retain(node);
        return node;
    }
    mga_node *copy = mga_node_new(MGA_OP_CONVERT, (mg_dtype)node->dtype, (mg_dtype)node->dtype, node->shape, 1, &node);
    if (copy && mga_eval(copy) != MG_OK) {
        mga_node_release(copy);
        return NULL;
    }
    return copy;
}
