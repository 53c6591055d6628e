/* SPDX-License-Identifier: MIT
 * parallel_for: the one place where work becomes threads. Two implementations, OpenMP (parallel.c) and pthreads
 * (parallel_pthread.c), one contract. */
#ifndef MGR_PARALLEL_H
#define MGR_PARALLEL_H

#include "mygrad/base.h"

/* Run body(begin, end, worker, context) over a partition of [0, n) into contiguous, ordered chunks, each at least
 * `grain` long but the last; at most mgr_num_threads() chunks at once. worker is in [0, mgr_num_threads()), unique
 * among bodies that run at the same time. Runs in the caller, serially, when n <= grain, inside another parallel region
 * (ours or the caller's OpenMP one), or in a forked child. body must not fail. The floating-point environment is
 * canonical inside. Returns when all is done. */
typedef void mgr_parallel_body(int64_t begin, int64_t end, int worker, void *context);
void mgr_parallel_for(int64_t n, int64_t grain, mgr_parallel_body *body, void *context);

/* The most threads a call may use: mgr_set_num_threads, else MYGRAD_NUM_THREADS, else the usable cores. */
int mgr_num_threads(void);
void mgr_set_num_threads(int n); /* n < 1: back to the default */

/* Around a call into a library that has threads of its own (oneDNN, OpenBLAS): until leave, its OpenMP teams started by
 * this thread are as large as ours could be here, which is returned: mgr_num_threads(), or 1 inside a parallel region,
 * in a forked child, or for so few multiply-adds that a team gains nothing. The caller's floating-point environment is
 * canonical already; the team's becomes so, which costs a region of its own. */
#define MGR_TEAM_MULTIPLY_ADDS 131072
typedef struct mgr_library_call {
    int threads, saved; /* in teams, and what the caller had set */
    bool env_changed;   /* some thread of the team has an environment to be given back */
} mgr_library_call;
int mgr_parallel_enter_library(mgr_library_call *call, double multiply_adds);
void mgr_parallel_leave_library(const mgr_library_call *call);

/* "OpenMP (libgomp)", "OpenMP (libgomp; libomp is loaded, too)", "pthreads": who serves. Valid until this thread's next
 * call. */
const char *mgr_parallel_backend(void);

#endif
