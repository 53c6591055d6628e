/* SPDX-License-Identifier: MIT
 * What both implementations of parallel_for share: which of them is built, how a range is cut, and running one chunk.
 */
#ifndef MGR_PARALLEL_PLAN_H
#define MGR_PARALLEL_PLAN_H

#include "runtime/fpenv.h"
#include "runtime/parallel.h"

#if defined(MYGRAD_PARALLEL_PTHREAD) || !defined(MYGRAD_HAVE_OPENMP) || !MYGRAD_HAVE_OPENMP
#define MGR_PARALLEL_USES_OPENMP 0
#else
#define MGR_PARALLEL_USES_OPENMP 1
#endif

#define MGR_PARALLEL_MOST_CHUNKS 1024

/* chunks * length >= n, at most MGR_PARALLEL_MOST_CHUNKS of them, for a team of `members` with the caller. */
typedef struct mgr_parallel_plan {
    mgr_parallel_body *body;
    void *context;
    int64_t n, length;
    int chunks, members;
} mgr_parallel_plan;

/* Run it, on the team or, where there is none to be had, in the caller. */
void mgr_parallel_run(const mgr_parallel_plan *plan);

static inline void mgr_parallel_chunk(const mgr_parallel_plan *plan, int chunk, int worker) {
    int64_t begin = chunk * plan->length, end = begin + plan->length;
    mgr_fpenv env = mgr_fpenv_enter();
    plan->body(begin, end < plan->n ? end : plan->n, worker, plan->context);
    mgr_fpenv_leave(env);
}

static inline void mgr_parallel_serial(const mgr_parallel_plan *plan) {
    mgr_fpenv env = mgr_fpenv_enter();
    plan->body(0, plan->n, 0, plan->context);
    mgr_fpenv_leave(env);
}

#endif
