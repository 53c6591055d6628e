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

/* chunks * length >= n, each chunk at least `grain` long but the last, no more chunks than threads. */
typedef struct mgr_parallel_plan {
    mgr_parallel_body *body;
    void *context;
    int64_t n, length;
    int chunks;
} mgr_parallel_plan;

static inline mgr_parallel_plan mgr_parallel_cut(int64_t n, int64_t grain, mgr_parallel_body *body, void *context) {
    mgr_parallel_plan plan = {body, context, n, n, 1};
    if (grain < 1) grain = 1;
    if (n <= grain) return plan;
    int64_t most = n / grain, threads = mgr_num_threads();
    if (most > threads) most = threads;
    plan.length = n / most + (n % most != 0);
    plan.chunks = (int)(n / plan.length + (n % plan.length != 0));
    return plan;
}

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
