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

/* NumPy files.
 *  - Saving replaces the file atomically: whoever reads it meanwhile has the old one or the new one, whole, and a save
 *    that fails changes nothing. A file that is replaced keeps its mode (but for setuid and its kin), its list of who
 *    else may (ACL) and the attributes that users gave it; where the path is a symbolic link, the link stays and what
 * it leads to is replaced; other names of the file (hard links) keep the old one. The temporary file lies beside it,
 *    NAME.mg-PID-N.tmp; one that a killed process left is removed by the next save to that name. The file, and then its
 *    name in the directory, is on the disk when the call returns.
 *  - Loading takes regular files and pipes ("/dev/stdin", bash's <(zcat x.npy.gz)), and gives tensors of the innermost
 *    scope, whose floats are variables. A pipe that nobody writes to is given a second.
 *  - .npz members are written STORED; deflated ones are read where the build has zlib. Of several with one name the
 *    last is meant. Members that are no arrays (their names do not end in .npy) are passed over.
 *  - Errors name the file, the offset and what was expected: MG_ERR_IO, MG_ERR_FORMAT, MG_ERR_TYPE for a dtype that has
 *    no counterpart, MG_ERR_VALUE for a directory, a device or a socket. */
MG_API mg_status mg_save_npy(const char *path, mg_tensor *x);
MG_API mg_tensor *mg_load_npy(const char *path);
/* names[i] is the member of tensors[i]: UTF-8, not empty, all different; else MG_ERR_VALUE. */
MG_API mg_status mg_save_npz(const char *path, size_t n, const char *const *names, mg_tensor *const *tensors);
/* One member; the others are not looked at. MG_ERR_INDEX names those that there are. */
MG_API mg_tensor *mg_load_npz(const char *path, const char *name);

/* The members of a .npz file, in its order, each name once and without ".npy". */
typedef struct mg_npz {
    size_t count;
    const char *const *names;
    mg_tensor *const *tensors; /* tensors[i] is the member names[i]; NULL from mg_npz_names */
} mg_npz;

/* The whole file, of one save: two mg_load_npz may see two of them. All members or, with an error, NULL. The list is
 * the caller's (mg_npz_free), the tensors belong to the innermost scope as those of mg_load_npz do. Since 0.1. */
MG_API mg_npz *mg_load_npz_all(const char *path);
/* The names alone; no array is read. The list is the caller's (mg_npz_free); NULL with an error. Since 0.1. */
MG_API mg_npz *mg_npz_names(const char *path);
/* The tensor of that name, which belongs to whom it belonged before. MG_ERR_INDEX names those that there are. Since
 * 0.1. */
MG_API mg_tensor *mg_npz_find(const mg_npz *npz, const char *name);
/* Frees the list and its names; the tensors stay. NULL is fine. Since 0.1. */
MG_API void mg_npz_free(mg_npz *npz);

MG_EXTERN_C_END

#endif
