/* SPDX-License-Identifier: MIT
 * parallel_for over OpenMP; the only file that knows it. Empty when OpenMP is off: then parallel_pthread.c serves. */
#include "runtime/parallel_plan.h"

#if MGR_PARALLEL_USES_OPENMP
#include "runtime/thread.h"

#include <dlfcn.h>
#include <link.h>
#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* ---- which runtime serves ---- */

static const char *const runtimes[] = {"libgomp", "libomp", "libiomp5"};
enum { RUNTIMES = sizeof runtimes / sizeof *runtimes };

static int runtime_of(const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path ? path : "";
    for (int i = 0; i < RUNTIMES; i++)
        if (strncmp(name, runtimes[i], strlen(runtimes[i])) == 0) return i;
    return -1;
}

static int note_loaded(struct dl_phdr_info *info, size_t size, void *seen) {
    (void)size;
    int i = runtime_of(info->dlpi_name);
    if (i >= 0) *(unsigned *)seen |= 1u << i;
    return 0;
}

/* The number of the runtime that our calls end in, -1 if unknown; *path is its file. */
static int find_serving(const char **path) {
    Dl_info info;
    /* In a program that is not position-independent the address is a stub of its own: then the name decides. */
    void *symbols[] = {(void *)(uintptr_t)omp_get_max_threads, dlsym(RTLD_DEFAULT, "omp_get_max_threads")};
    for (int i = 0; i < 2; i++) {
        if (!symbols[i] || !dladdr(symbols[i], &info) || runtime_of(info.dli_fname) < 0) continue;
        *path = info.dli_fname;
        return runtime_of(info.dli_fname);
    }
    return -1;
}

static char backend[96];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Also pins the runtime: its idle threads would be left without code if unloading us unloaded it. */
static void find_backend(void) {
    const char *path = NULL;
    int serving = find_serving(&path);
    unsigned seen = 0;
    if (path) (void)dlopen(path, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    dl_iterate_phdr(note_loaded, &seen);
    int at = snprintf(backend, sizeof backend, "OpenMP (%s", serving >= 0 ? runtimes[serving] : "built in");
    for (int i = 0; i < RUNTIMES; i++)
        if (i != serving && (seen >> i & 1))
            at += snprintf(backend + at, sizeof backend - (size_t)at, "; %s is loaded, too", runtimes[i]);
    snprintf(backend + at, sizeof backend - (size_t)at, ")");
}

const char *mgr_parallel_backend(void) {
    pthread_once(&once, find_backend);
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
    pthread_once(&once, find_backend);
#pragma omp parallel num_threads(plan.chunks)
    {
        int worker = omp_get_thread_num(), team = omp_get_num_threads(); /* a team may be smaller than asked for */
        for (int chunk = worker; chunk < plan.chunks; chunk += team) mgr_parallel_chunk(&plan, chunk, worker);
    }
}

int mgr_parallel_enter_library(int *saved) {
    int n = mgr_forked() || omp_in_parallel() ? 1 : mgr_num_threads();
    *saved = omp_get_max_threads();
    if (n > 1) {
        mgr_fork_watch();
        pthread_once(&once, find_backend);
    }
    if (n != *saved) omp_set_num_threads(n);
    return n;
}

void mgr_parallel_leave_library(int saved) {
    if (omp_get_max_threads() != saved) omp_set_num_threads(saved);
}

#endif
