/* SPDX-License-Identifier: MIT
 * One thread key for all per-thread state, one fork handler for all locks. Holds no state of its own per thread. */
#include "runtime/thread.h"

#include <pthread.h>
#include <stdatomic.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static atomic_bool have_key;
static atomic_bool forked;
static _Atomic(mgr_thread_exit_fn *) exits[MGR_THREAD_RANKS];

/* One cache line each: the pool's lock is not slowed down by its neighbour's. */
static struct {
    _Alignas(64) pthread_mutex_t mutex;
} locks[MGR_LOCKS] = {[0 ... MGR_LOCKS - 1] = {PTHREAD_MUTEX_INITIALIZER}};

static void run_exits(void *armed) {
    (void)armed;
    for (int rank = 0; rank < MGR_THREAD_RANKS; rank++) {
        mgr_thread_exit_fn *at_exit = atomic_load(&exits[rank]);
        if (at_exit) at_exit();
    }
}

static void before_fork(void) {
    for (int i = 0; i < MGR_LOCKS; i++) pthread_mutex_lock(&locks[i].mutex);
}

static void after_fork_parent(void) {
    for (int i = MGR_LOCKS - 1; i >= 0; i--) pthread_mutex_unlock(&locks[i].mutex);
}

static void after_fork_child(void) {
    atomic_store(&forked, true);
    after_fork_parent();
}

static void start(void) {
    atomic_store(&have_key, pthread_key_create(&key, run_exits) == 0);
    /* Fails only without memory; then a child of a threaded parent is no worse off than with most libraries. */
    (void)pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

/* After dlclose nothing may call back into us: the key goes, and with it the unloading thread's own state. After the
 * destructors without a number, one of which ends the team, whose threads still need it. */
__attribute__((destructor(1000))) static void stop(void) {
    if (!atomic_exchange(&have_key, false)) return;
    run_exits(NULL);
    pthread_key_delete(key);
}

bool mgr_thread_arm(mgr_thread_rank rank, mgr_thread_exit_fn *at_exit) {
    pthread_once(&once, start);
    if (!atomic_load(&have_key)) return false;
    atomic_store(&exits[rank], at_exit);
    return pthread_setspecific(key, &once) == 0; /* any value that is not NULL */
}

void mgr_lock_acquire(mgr_lock lock) {
    pthread_once(&once, start);
    pthread_mutex_lock(&locks[lock].mutex);
}

void mgr_lock_release(mgr_lock lock) { pthread_mutex_unlock(&locks[lock].mutex); }

void mgr_fork_watch(void) { pthread_once(&once, start); }

bool mgr_forked(void) { return atomic_load_explicit(&forked, memory_order_relaxed); }
