/* SPDX-License-Identifier: MIT
 * Buffers counted over a caching pool, and small fixed-size blocks for the tape. In steady state nothing here asks the
 * system. Knows bytes only: no dtypes, no shapes. */
#ifndef MGR_MEMORY_H
#define MGR_MEMORY_H

#include "mygrad/base.h"

/* A buffer of the pool, or borrowed memory with an optional free function. data is 64-byte aligned when owned. */
typedef struct mgr_buffer {
    _Atomic uint32_t refs;
    uint32_t size_class; /* the pool's business; MGR_BORROWED for foreign memory */
    size_t bytes;        /* asked for; the block may be larger */
    void *data;
    void (*free)(void *data, void *context); /* borrowed memory only, may be NULL */
    void *context;
    _Atomic uint32_t guards; /* the holders' business: 0 when the last one goes */
} mgr_buffer;
#define MGR_BORROWED UINT32_MAX

/* A buffer of at least `bytes` (0 is fine) with one count; contents undefined. NULL with an error set. */
mgr_buffer *mgr_buffer_new(size_t bytes);
/* The same over the caller's memory, which must live until the last release. NULL with an error set (nothing freed). */
mgr_buffer *mgr_buffer_borrow(void *data, size_t bytes, void (*free_data)(void *, void *), void *context);
void mgr_buffer_retain(mgr_buffer *buffer);
void mgr_buffer_release(mgr_buffer *buffer); /* last one: back to the pool (or to its owner); NULL is fine */

/* Small blocks from per-thread free lists: classes of 64, 128, 256, 512, 1024 bytes; larger ones from the system.
 * 64-byte aligned, not zeroed. A block may be freed on another thread than the one that got it (with the same size).
 * Blocks outlive their thread. */
void *mgr_block_new(size_t bytes); /* NULL with an error set */
void mgr_block_free(void *block, size_t bytes);

/* Plain system allocation through the library's (replaceable, failing in tests) allocator. NULL with an error set. */
void *mgr_alloc(size_t bytes);
void *mgr_try_alloc(size_t bytes); /* the same without an error set */
void mgr_free(void *p);

/* Tests and embedders: functions used for every byte the library takes from the system. NULL restores the C library's.
 * Only while nothing is allocated. */
typedef struct mgr_allocator {
    void *(*alloc)(size_t bytes, size_t alignment, void *context);
    void (*free)(void *p, size_t bytes, void *context);
    void *context;
} mgr_allocator;
void mgr_set_allocator(const mgr_allocator *allocator);

/* Give idle pool memory back to the system; returns the bytes given back. */
size_t mgr_trim(void);
/* Idle bytes the pool may keep, to within 256 KiB a thread, but that 0 keeps nothing; MYGRAD_CACHE_BYTES; default a
 * quarter of RAM. */
void mgr_set_pool_limit(size_t bytes);

typedef struct mgr_memory_stats {
    uint64_t system_allocs;   /* calls to the system's allocator since start */
    uint64_t pool_hits;       /* buffers served without it */
    uint64_t live_bytes;      /* in buffers that are held; to within 256 KiB for each thread that allocates meanwhile */
    uint64_t peak_live_bytes; /* the largest live_bytes since the last reset, to within 256 KiB a thread */
    uint64_t idle_bytes;      /* in the pool */
    uint64_t live_buffers;
    uint64_t live_blocks; /* small blocks handed out */
} mgr_memory_stats;
void mgr_memory_get_stats(mgr_memory_stats *out);
void mgr_memory_reset_peak(void);
/* live_bytes, to within 256 KiB for each other thread, without a walk over the threads. */
uint64_t mgr_live_about(void);

#endif
