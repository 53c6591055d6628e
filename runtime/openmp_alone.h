/* SPDX-License-Identifier: MIT
 * One thread for a call into a library that has OpenMP teams of its own: such a team is asked for and not verified, so
 * a library may wait for threads that it was never given. Calls the runtime that the library brought along, by name;
 * knows none at build time. */
#ifndef MGR_OPENMP_ALONE_H
#define MGR_OPENMP_ALONE_H

#include "mygrad/base.h"

/* The runtime's functions; all NULL where there is none. */
typedef struct mgr_openmp {
    int (*max_threads)(void);
    void (*set_threads)(int n);
    int (*in_parallel)(void);
} mgr_openmp;

/* The runtime that `handle` (of dlopen) and what it needs bring; NULL: the one that our own calls would reach. */
mgr_openmp mgr_openmp_find(void *handle);

/* Until end, teams started by this thread have one member. Returns what end puts back. */
static inline int mgr_openmp_alone_begin(const mgr_openmp *openmp) {
    int before = openmp->set_threads ? openmp->max_threads() : 1;
    if (before != 1) openmp->set_threads(1);
    return before;
}

static inline void mgr_openmp_alone_end(const mgr_openmp *openmp, int before) {
    if (before != 1) openmp->set_threads(before);
}

#endif
