/* SPDX-License-Identifier: MIT
 * A job: one cluster made ready to run, with programs, buffers and scratch acquired. Between mga_job_prepare and
 * mga_job_run nothing can fail. */
#ifndef MGA_JOB_H
#define MGA_JOB_H

#include "autodiff/region.h"
#include "runtime/tile.h"

/* A buffer that an entry will own: fresh, or taken over from an input that nobody else can see. */
typedef struct mga_claim {
    mga_node *node;
    mgr_buffer *buffer; /* one count */
} mga_claim;

typedef struct mga_job {
    uint32_t n_runs, n_claims, run_capacity, claim_capacity;
    mgr_tile_run **runs; /* in order */
    mga_claim *claims;
} mga_job;

/* One evaluation in progress. Everything but the thread lives in the arena. */
typedef struct mga_flush {
    mga_thread *thread;
    mgr_arena arena;
    mga_region region;
    mga_job *jobs;        /* one per cluster, in running order */
    mgr_buffer **buffers; /* by entry: claimed buffer or NULL */
    uint32_t n_jobs;
} mga_flush;

/* Acquire everything for one cluster. On failure the job is left such that mga_job_discard can be called. */
mg_status mga_job_prepare(mga_flush *flush, mga_job *job, const mga_cluster *cluster);
void mga_job_run(mga_job *job);
void mga_job_discard(mga_job *job);

/* job.c, for the kinds of cluster. */
mg_status mga_job_claim(mga_flush *flush, mga_job *job, mga_entry *entry, mgr_buffer *taken, char **data);
mg_status mga_job_add_run(mga_flush *flush, mga_job *job, const mgr_tile_spec *spec, const mgr_tile_args *args);

/* What results of an instruction in this dtype are rounded to (0: nothing), and a conversion to it. */
uint8_t mga_rounding(mg_dtype dtype);
mgr_tile_instr mga_convert_instr(mg_dtype dtype, uint16_t value);

/* Where the data of an operand are, or will be when its cluster has run. */
char *mga_operand_data(const mga_flush *flush, const mga_node *node);

/* The buffer of `input` if `node` (for the second function `entry`'s, which may be a RESULT) may be computed in place
 * over it, else NULL. readers: how many of the input's counts belong to nodes that will have read it, and let it go, by
 * then. */
mgr_buffer *mga_takeover(const mga_node *node, const mga_node *input, uint32_t readers);
mgr_buffer *mga_job_takeover(const mga_flush *flush, const mga_entry *entry, const mga_node *input, uint32_t readers);

/* The three kinds. */
mg_status mga_prepare_tile(mga_flush *flush, mga_job *job, const mga_cluster *cluster);
mg_status mga_prepare_update(mga_flush *flush, mga_job *job, const mga_cluster *cluster);
mg_status mga_prepare_accumulate(mga_flush *flush, mga_job *job, const mga_cluster *cluster);

#endif
