/* SPDX-License-Identifier: MIT
 * How many threads a call may use, and how a range is cut for them. Starts none: that is parallel.c or
 * parallel_pthread.c. */
#include "runtime/cpu.h"
#include "runtime/environment.h"
#include "runtime/parallel_plan.h"
#include "runtime/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More is surely a mistake, and would be one stack each. */
#define MAX_THREADS 1024

static _Atomic int wanted;       /* mgr_set_num_threads; 0: not given */
static _Atomic int default_size; /* 0: not known yet */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int from_environment(void) {
    const char *text = getenv("MYGRAD_NUM_THREADS");
    if (!text || !*text) return 0;
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && !errno && n >= 1 && n <= MAX_THREADS) return (int)n;
    char problem[64];
    snprintf(problem, sizeof problem, "is not a number from 1 to %d", MAX_THREADS);
    mgr_env_ignored("MYGRAD_NUM_THREADS", text, problem);
    return 0;
}

static void start(void) {
    int n = from_environment();
    bool given = n > 0;
    if (!given) n = mgr_cpu_usable();
    if (n > MAX_THREADS) n = MAX_THREADS;
    if (mgr_env_is_on(MGR_ENV_VERBOSE))
        fprintf(stderr, "mygrad: %d threads (%s) by %s\n", n, given ? "MYGRAD_NUM_THREADS" : "usable cores",
                mgr_parallel_backend());
    atomic_store(&default_size, n);
}

int mgr_num_threads(void) {
    if (mgr_forked()) return 1;
    int n = atomic_load_explicit(&wanted, memory_order_relaxed);
    if (n == 0) n = atomic_load_explicit(&default_size, memory_order_acquire);
    if (n == 0) {
        pthread_once(&once, start);
        n = atomic_load(&default_size);
    }
    return n;
}

void mgr_set_num_threads(int n) { atomic_store(&wanted, n < 1 ? 0 : n > MAX_THREADS ? MAX_THREADS : n); }

/* Chunks of at least `grain` elements, no more than `most`, for no more than `workers`. */
static void cut_and_run(int64_t n, int64_t grain, int64_t most, int workers, mgr_parallel_body *body, void *context) {
    int64_t chunks = n / grain < most ? n / grain : most;
    mgr_parallel_plan plan = {body, context, n, n, 1, 1};
    if (chunks > 1 && workers > 1) {
        plan.length = n / chunks + (n % chunks != 0);
        plan.chunks = (int)(n / plan.length + (n % plan.length != 0));
        plan.members = plan.chunks < workers ? plan.chunks : workers;
    }
    mgr_parallel_run(&plan);
}

void mgr_parallel_for(int64_t n, int64_t grain, mgr_parallel_body *body, void *context) {
    if (n <= 0) return;
    if (grain < 1) grain = 1;
    int threads = n > grain ? mgr_num_threads() : 1;
    cut_and_run(n, grain, threads, threads, body, context);
}

void mgr_parallel_each(int64_t n, int workers, mgr_parallel_body *body, void *context) {
    if (n <= 0) return;
    int threads = n > 1 ? mgr_num_threads() : 1;
    cut_and_run(n, 1, MGR_PARALLEL_MOST_CHUNKS, threads < workers ? threads : workers, body, context);
}
