/* SPDX-License-Identifier: MIT
 * parallel_for over a small persistent pool of POSIX threads, for builds without OpenMP and for ThreadSanitizer. Empty
 * when parallel.c serves.
 *
 * One caller at a time owns the pool; whoever finds it busy runs serially. Chunks are handed out by a counter. Workers
 * and the waiting caller spin briefly before they sleep. */
#include "runtime/parallel_plan.h"

#if !MGR_PARALLEL_USES_OPENMP
#include "runtime/openmp_runtimes.h"
#include "runtime/thread.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { MAX_WORKERS = 1023, SPINS = 2000 };

static atomic_bool busy; /* owns all of `pool` but what is atomic or said to be under the mutex */
static MGR_THREAD_LOCAL bool inside;

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    const mgr_parallel_plan *plan; /* under the mutex, like `takers` and `stopping` */
    int takers;                    /* workers 1..takers take part in this generation */
    bool stopping;
    _Atomic uint64_t generation;
    _Atomic int next_chunk, running;
    int workers; /* owner only */
    pthread_t threads[MAX_WORKERS];
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void take_chunks(const mgr_parallel_plan *plan, int worker) {
    int chunk;
    inside = true;
    while ((chunk = atomic_fetch_add_explicit(&pool.next_chunk, 1, memory_order_relaxed)) < plan->chunks)
        mgr_parallel_chunk(plan, chunk, worker);
    inside = false;
}

/* Wait for a generation other than *seen. NULL: nothing to do in it (stop, if *stop). */
static const mgr_parallel_plan *next_work(uint64_t *seen, int worker, bool *stop) {
    for (int i = 0; i < SPINS && atomic_load_explicit(&pool.generation, memory_order_relaxed) == *seen; i++)
        pause_briefly();
    pthread_mutex_lock(&pool.mutex);
    while (atomic_load_explicit(&pool.generation, memory_order_relaxed) == *seen)
        pthread_cond_wait(&pool.work, &pool.mutex);
    *seen = atomic_load_explicit(&pool.generation, memory_order_relaxed);
    *stop = pool.stopping;
    const mgr_parallel_plan *plan = worker <= pool.takers ? pool.plan : NULL;
    pthread_mutex_unlock(&pool.mutex);
    return plan;
}

static void *work(void *number) {
    int worker = (int)(intptr_t)number;
    uint64_t seen = 0;
    for (;;) {
        bool stop;
        const mgr_parallel_plan *plan = next_work(&seen, worker, &stop);
        if (stop) return NULL;
        if (!plan) continue;
        take_chunks(plan, worker);
        pthread_mutex_lock(
            &pool.mutex); /* so that the caller cannot miss the last one between its look and its sleep */
        if (atomic_fetch_sub(&pool.running, 1) == 1) pthread_cond_signal(&pool.done);
        pthread_mutex_unlock(&pool.mutex);
    }
}

/* Have at least n workers, or as many as the system gives. Signals are left to the program's own threads. */
static void start_workers(int n) {
    sigset_t all, before;
    if (pool.workers >= n) return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool.workers < n && pool.workers < MAX_WORKERS) {
        void *number = (void *)(intptr_t)(pool.workers + 1);
        if (pthread_create(&pool.threads[pool.workers], NULL, work, number) != 0) break;
        pool.workers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void announce(const mgr_parallel_plan *plan, int takers, bool stopping) {
    pthread_mutex_lock(&pool.mutex);
    pool.plan = plan;
    pool.takers = takers;
    pool.stopping = stopping;
    atomic_store(&pool.running, takers);
    atomic_store(&pool.next_chunk, 0);
    atomic_fetch_add(&pool.generation, 1);
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.mutex);
}

static void wait_for_workers(void) {
    for (int i = 0; i < SPINS && atomic_load_explicit(&pool.running, memory_order_relaxed) > 0; i++) pause_briefly();
    pthread_mutex_lock(&pool.mutex);
    while (atomic_load(&pool.running) > 0) pthread_cond_wait(&pool.done, &pool.mutex);
    pool.plan = NULL; /* it dies with the caller's frame; a worker that oversleeps this generation finds nothing */
    pool.takers = 0;
    pthread_mutex_unlock(&pool.mutex);
}

void mgr_parallel_for(int64_t n, int64_t grain, mgr_parallel_body *body, void *context) {
    if (n <= 0) return;
    mgr_parallel_plan plan = mgr_parallel_cut(n, grain, body, context);
    if (plan.chunks == 1 || inside || mgr_forked() || atomic_exchange(&busy, true)) {
        mgr_parallel_serial(&plan);
        return;
    }
    mgr_fork_watch();
    start_workers(plan.chunks - 1);
    int takers = pool.workers < plan.chunks - 1 ? pool.workers : plan.chunks - 1;
    announce(&plan, takers, false);
    take_chunks(&plan, 0);
    wait_for_workers();
    atomic_store(&busy, false);
}

/* At exit and at dlclose no thread may be left in our code. A child has none of its parent's workers. */
__attribute__((destructor)) static void stop_workers(void) {
    if (mgr_forked() || atomic_exchange(&busy, true)) return;
    announce(NULL, 0, true);
    for (int i = 0; i < pool.workers; i++) pthread_join(pool.threads[i], NULL);
    pool.workers = 0;
}

/* We use no OpenMP, but oneDNN and OpenBLAS do; whether they brought a runtime along is only known once they are
 * loaded. `run_team` is what compilers make of a parallel region; libgomp has it, libomp too. */
static void (*set_openmp_threads)(int n);
static int (*get_openmp_threads)(void);
static void (*run_team)(void (*body)(void *), void *context, unsigned threads, unsigned flags);
static pthread_once_t openmp_once = PTHREAD_ONCE_INIT;

static void find_openmp(void) {
    void *set = dlsym(RTLD_DEFAULT, "omp_set_num_threads"), *get = dlsym(RTLD_DEFAULT, "omp_get_max_threads");
    void *team = dlsym(RTLD_DEFAULT, "GOMP_parallel");
    if (!set || !get) return;
    memcpy(&set_openmp_threads, &set, sizeof set); /* an object pointer does not convert to a function's in C */
    memcpy(&get_openmp_threads, &get, sizeof get);
    if (team) memcpy(&run_team, &team, sizeof team);
}

static void set_aside(void *changed) {
    if (mgr_fpenv_set_aside()) atomic_store((atomic_bool *)changed, true);
}

static void put_back(void *unused) {
    (void)unused;
    mgr_fpenv_put_back();
}

int mgr_parallel_enter_library(mgr_library_call *call, double multiply_adds) {
    bool small = multiply_adds < MGR_TEAM_MULTIPLY_ADDS;
    int n = small || inside || mgr_forked() ? 1 : mgr_num_threads();
    atomic_bool changed = false;
    pthread_once(&openmp_once, find_openmp);
    *call = (mgr_library_call){n, get_openmp_threads ? get_openmp_threads() : 0, false};
    if (n > 1) mgr_fork_watch();
    if (n > 1 && run_team) run_team(set_aside, &changed, (unsigned)n, 0);
    call->env_changed = atomic_load(&changed);
    if (call->saved && n != call->saved) set_openmp_threads(n);
    return n;
}

void mgr_parallel_leave_library(const mgr_library_call *call) {
    if (call->env_changed) run_team(put_back, NULL, (unsigned)call->threads, 0);
    if (call->saved && get_openmp_threads() != call->saved) set_openmp_threads(call->saved);
}

/* oneDNN and OpenBLAS may have brought pools of their own. */
const char *mgr_parallel_backend(void) {
    static _Thread_local char backend[96];
    unsigned loaded = mgr_openmp_loaded();
    int at = snprintf(backend, sizeof backend, "pthreads");
    for (int i = 0; mgr_openmp_name(i); i++)
        if (loaded >> i & 1)
            at += snprintf(backend + at, sizeof backend - (size_t)at, "; %s is loaded, too", mgr_openmp_name(i));
    return backend;
}

#endif
