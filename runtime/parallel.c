/* SPDX-License-Identifier: MIT
 * parallel_for over OpenMP, for builds that ask for it; the only file that knows it. Empty otherwise: then
 * parallel_pthread.c serves. */
#include "runtime/parallel_plan.h"

#if MGR_PARALLEL_USES_OPENMP
#include "runtime/openmp_runtimes.h"
#include "runtime/thread.h"

#include <dlfcn.h>
#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

/* ---- which runtime serves ---- */

/* The number of the runtime that our calls end in, -1 if unknown; *path is its file. */
static int find_serving(const char **path) {
    Dl_info info;
    /* In a program that is not position-independent the address is a stub of its own: then the name decides. */
    void *symbols[] = {(void *)(uintptr_t)omp_get_max_threads, dlsym(RTLD_DEFAULT, "omp_get_max_threads")};
    for (int i = 0; i < 2; i++) {
        if (!symbols[i] || !dladdr(symbols[i], &info) || mgr_openmp_of_file(info.dli_fname) < 0) continue;
        *path = info.dli_fname;
        return mgr_openmp_of_file(info.dli_fname);
    }
    return -1;
}

static int serving = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Also pins the runtime: its idle threads would be left without code if unloading us unloaded it. */
static void find_runtime(void) {
    const char *path = NULL;
    serving = find_serving(&path);
    if (path) (void)dlopen(path, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

/* Who serves is settled; who else is there may change with every library that the program loads. */
const char *mgr_parallel_backend(void) {
    static _Thread_local char backend[96];
    pthread_once(&once, find_runtime);
    unsigned loaded = mgr_openmp_loaded();
    int at = snprintf(backend, sizeof backend, "OpenMP (%s", serving >= 0 ? mgr_openmp_name(serving) : "built in");
    for (int i = 0; mgr_openmp_name(i); i++)
        if (i != serving && (loaded >> i & 1))
            at += snprintf(backend + at, sizeof backend - (size_t)at, "; %s is loaded, too", mgr_openmp_name(i));
    snprintf(backend + at, sizeof backend - (size_t)at, ")");
    return backend;
}

void mgr_parallel_rest(void) {} /* OpenMP's threads are OpenMP's */

static void run_by_team(const mgr_parallel_plan *plan) {
    _Atomic int next = 0; /* a member that is late finds nothing left */
#pragma omp parallel num_threads(plan->members)
    {
        int worker = omp_get_thread_num(), chunk;
        while ((chunk = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed)) < plan->chunks)
            mgr_parallel_chunk(plan, chunk, worker);
    }
}

/* New threads inherit the mask of who starts them: none of the program's signals is for them. A runtime keeps them from
 * one region to the next, as many as that has. */
static void grow_team(int members) {
    static MGR_THREAD_LOCAL int kept;
    if (members > kept) {
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        _Atomic int come = 0; /* a region without a body may be left out */
#pragma omp parallel num_threads(members)
        atomic_fetch_add_explicit(&come, 1, memory_order_relaxed);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    kept = members;
}

void mgr_parallel_run(const mgr_parallel_plan *plan) {
    /* A forked child must not touch the runtime: its threads did not survive, and libgomp waits for them for ever. */
    if (plan->chunks == 1 || mgr_forked() || omp_in_parallel()) {
        mgr_parallel_serial(plan);
        return;
    }
    mgr_fork_watch();
    pthread_once(&once, find_runtime);
    grow_team(plan->members);
    run_by_team(plan);
}

#endif
