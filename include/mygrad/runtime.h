/* SPDX-License-Identifier: MIT
 * The machine room as users see it: threads, memory, files, counters. */
#ifndef MYGRAD_RUNTIME_H
#define MYGRAD_RUNTIME_H

#include "mygrad/tensor.h"

MG_EXTERN_C_BEGIN

/* The most threads this library uses; n < 1: back to MYGRAD_NUM_THREADS, or the cores this process may use (affinity,
 * cgroup quota). */
MG_API void mg_set_num_threads(int n);
MG_API int mg_num_threads(void);

/* Give idle memory back to the system; returns the bytes. */
MG_API size_t mg_trim(void);

/* Flush denormal numbers to zero in every computation on every thread: faster on data full of them, outside the promise
 * of equal bits. */
MG_API void mg_set_flush_denormals(bool flush);

/* Name of the instruction set in use: "avx512". */
MG_API const char *mg_isa(void);

/* How this library was built, and what serves it in this process now: put it into bug reports. A first line
 * "mygrad 0.1.0", then a line "name: value" each for compiler, flags, kernels (the instruction set in use, then all
 * that are built in), oneDNN, BLAS (with the core that it has chosen), zlib, threads (how many, and who runs them) and
 * OpenMP runtimes loaded. What is absent is "none"; more names may follow. Valid until this thread's next call; never
 * NULL, sets no error. Since 0.1. */
MG_API const char *mg_build_info(void);

/* Counters, for tests and for people who watch their memory. */
typedef struct mg_stats {
    uint64_t system_allocs;    /* calls to the system's allocator since the process started */
    uint64_t live_bytes;       /* in buffers held now; to within 256 KiB for each thread that allocates meanwhile */
    uint64_t peak_live_bytes;  /* the largest live_bytes since mg_stats_reset_peak, to within 256 KiB a thread */
    uint64_t idle_bytes;       /* cached in the pool */
    uint64_t live_nodes;       /* recorded operations of this thread */
    uint64_t live_tensors;     /* handles of this thread */
    uint64_t live_shapes;      /* distinct shapes known */
    uint64_t programs_planned; /* tile programs planned by this thread: neither its cache nor other threads had them */
    uint64_t programs_shared;  /* misses of this thread's cache served by what other threads planned */
    uint64_t programs_cached;  /* alive in this thread's cache */
    uint64_t clusters_run;     /* fused groups of operations executed by this thread */
} mg_stats;
MG_API void mg_get_stats(mg_stats *out);
MG_API void mg_stats_reset_peak(void);

/* NumPy files. Saving replaces the file atomically; .npz members are STORED. Loading gives tensors of the innermost
 * scope (floats are variables). Errors name the file, the offset and what was expected. */
MG_API mg_status mg_save_npy(const char *path, mg_tensor *x);
MG_API mg_tensor *mg_load_npy(const char *path);
MG_API mg_status mg_save_npz(const char *path, size_t n, const char *const *names, mg_tensor *const *tensors);
MG_API mg_tensor *mg_load_npz(const char *path, const char *name); /* one member */

MG_EXTERN_C_END

#endif
