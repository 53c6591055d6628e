/* SPDX-License-Identifier: MIT
 * parallel_for over OpenMP; the only file that knows it. Empty when OpenMP is off: then parallel_pthread.c serves. */
#include "runtime/parallel_plan.h"

#if MGR_PARALLEL_USES_OPENMP
#include "runtime/openmp_runtimes.h"
#include "runtime/thread.h"

#include <dlfcn.h>
#include <omp.h>
#include <pthread.h>
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

void mgr_parallel_for(int64_t n, int64_t grain, mgr_parallel_body *body, void *context) {
    if (n <= 0) return;
    mgr_parallel_plan plan = mgr_parallel_cut(n, grain, body, context);
    /* A forked child must not touch the runtime: its threads did not survive, and libgomp waits for them for ever. */
    if (plan.chunks == 1 || mgr_forked() || omp_in_parallel()) {
        mgr_parallel_serial(&plan);
        return;
    }
    mgr_fork_watch();
    pthread_once(&once, find_runtime);
#pragma omp parallel num_threads(plan.chunks)
    {
        int worker = omp_get_thread_num(), team = omp_get_num_threads(); /* a team may be smaller than asked for */
        for (int chunk = worker; chunk < plan.chunks; chunk += team) mgr_parallel_chunk(&plan, chunk, worker);
    }
}

/* Workers of the team that the library will get (a runtime keeps them from one region to the next) may have inherited
 * a foreign floating-point environment from the thread that started them, or been given one by the program. */
static bool set_environments_aside(int n) {
    bool changed = false;
#pragma omp parallel num_threads(n)
    if (mgr_fpenv_set_aside()) {
#pragma omp atomic write /* a reduction would, with clang, export the symbol of a lock */
        changed = true;
    }
    return changed;
}

int mgr_parallel_enter_library(mgr_library_call *call, double multiply_adds) {
    bool small = multiply_adds < MGR_TEAM_MULTIPLY_ADDS;
    int n = small || mgr_forked() || omp_in_parallel() ? 1 : mgr_num_threads();
    *call = (mgr_library_call){n, omp_get_max_threads(), false};
    if (n > 1) {
        mgr_fork_watch();
        pthread_once(&once, find_runtime);
        call->env_changed = set_environments_aside(n);
    }
    if (n != call->saved) omp_set_num_threads(n);
    return n;
}

void mgr_parallel_leave_library(const mgr_library_call *call) {
    if (call->env_changed) {
#pragma omp parallel num_threads(call->threads)
        mgr_fpenv_put_back();
    }
    if (omp_get_max_threads() != call->saved) omp_set_num_threads(call->saved);
}

#endif
