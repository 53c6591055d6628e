/* SPDX-License-Identifier: MIT
 * What the room's files need to keep state per thread and to survive fork: exit hooks in a fixed order, and the one
 * list of process-wide locks. Knows nothing of what the state is. */
#ifndef MGR_THREAD_H
#define MGR_THREAD_H

#include "mygrad/base.h"

/* Per-thread state is one pointer (or a few words) in this storage class; anything larger is on the heap behind it. All
 * thread-local variables together must fit into what the system keeps for libraries loaded by dlopen, some 500 bytes.
 */
#define MGR_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

/* For what a fast path rarely calls: kept out of line, so that the fast path needs no stack frame. */
#define MGR_SLOW  __attribute__((noinline, cold))
#define MGR_APART __attribute__((noinline)) /* a long way round, which would burden the short one with its frame */

/* Order in which a thread's states are torn down: users before what they use. */
typedef enum mgr_thread_rank {
    MGR_THREAD_TAPE = 0,
    MGR_THREAD_TILES,
    MGR_THREAD_LINALG,
    MGR_THREAD_SHAPES,
    MGR_THREAD_BLOCKS,
    MGR_THREAD_POOL,
    MGR_THREAD_TEXT,
    MGR_THREAD_STATUS,
    MGR_THREAD_RANKS
} mgr_thread_rank;

/* From now on `at_exit` runs when a thread that called this ends (also when the library is unloaded, for the unloading
 * thread). One function per rank and process; it finds its state in its own thread-local pointer, which may be NULL,
 * and sets it to NULL. Never allocates. False if the system has no thread key left: the state of ending threads is then
 * leaked, nothing worse. */
typedef void mgr_thread_exit_fn(void);
bool mgr_thread_arm(mgr_thread_rank rank, mgr_thread_exit_fn *at_exit);

/* Every process-wide lock of the library, in the order in which they may be nested. fork() takes them all, so that a
 * child finds them free and what they guard whole. */
typedef enum mgr_lock {
    MGR_LOCK_HANDLES = 0,
    MGR_LOCK_PARALLEL,
    MGR_LOCK_LINALG,
    MGR_LOCK_TILES,
    MGR_LOCK_SHAPES,
    MGR_LOCK_POOL,
    MGR_LOCK_BLOCKS, /* the pool's smallest buffers are blocks */
    MGR_LOCK_HANDLER,
    MGR_LOCK_BLAS, /* how many are inside a BLAS that has threads of its own */
    MGR_LOCKS
} mgr_lock;
void mgr_lock_acquire(mgr_lock lock);
void mgr_lock_release(mgr_lock lock);

/* Have fork() watched from now on, if it was not: for state that must not be used in a child but has no lock and no
 * exit hook. */
void mgr_fork_watch(void);

/* True in a process that was forked from one that had used the library. */
bool mgr_forked(void);

#endif
