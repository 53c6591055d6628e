/* SPDX-License-Identifier: MIT
 * parallel_for: the one place where work becomes threads. Two implementations, our own team (parallel_pthread.c) and
 * OpenMP (parallel.c), one contract. Why our own is the default stands in docs/dependencies.md. */
#ifndef MGR_PARALLEL_H
#define MGR_PARALLEL_H

#include "mygrad/base.h"

/* Run body(begin, end, worker, context) over a partition of [0, n) into contiguous, ordered chunks, each at least
 * `grain` long but the last; at most mgr_num_threads() chunks at once. worker is in [0, mgr_num_threads()), unique
 * among bodies that run at the same time. Runs in the caller, serially, when n <= grain, inside another parallel region
 * (ours or the caller's OpenMP one), in a forked child, while another thread has the team, or while cores for it are
 * missing. body must not fail. The floating-point environment is
 * canonical inside. Returns when all is done. */
typedef void mgr_parallel_body(int64_t begin, int64_t end, int worker, void *context);
void mgr_parallel_for(int64_t n, int64_t grain, mgr_parallel_body *body, void *context);

/* The same for n pieces, each large enough to be worth a thread, by `workers` of them at most: they are handed out one
 * by one, so a thread that is late or slow leaves the rest to others. */
void mgr_parallel_each(int64_t n, int workers, mgr_parallel_body *body, void *context);

/* The most threads a call may use: mgr_set_num_threads, else MYGRAD_NUM_THREADS, else the usable cores. */
int mgr_num_threads(void);
void mgr_set_num_threads(int n); /* n < 1: back to the default */

/* "own team", "OpenMP (libgomp)", "OpenMP (libgomp; libomp is loaded, too)": who serves. Valid until this thread's next
 * call. */
const char *mgr_parallel_backend(void);

/* End the waiting threads of a team of our own, who give back what they cache; the next region starts them again.
 * Nothing while a region runs. */
void mgr_parallel_rest(void);

#endif
