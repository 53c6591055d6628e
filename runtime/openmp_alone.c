/* SPDX-License-Identifier: MIT
 * Finding the OpenMP runtime of a library by the names of its functions. */
#include "runtime/openmp_alone.h"

#include <dlfcn.h>
#include <string.h>

mgr_openmp mgr_openmp_find(void *handle) {
    mgr_openmp found = {NULL, NULL, NULL};
    if (!handle) handle = RTLD_DEFAULT;
    void *max = dlsym(handle, "omp_get_max_threads"), *set = dlsym(handle, "omp_set_num_threads");
    void *in = dlsym(handle, "omp_in_parallel");
    if (!max || !set || !in) return found;
    memcpy(&found.max_threads, &max, sizeof max); /* an object pointer does not convert to a function's in C */
    memcpy(&found.set_threads, &set, sizeof set);
    memcpy(&found.in_parallel, &in, sizeof in);
    return found;
}
