/* SPDX-License-Identifier: MIT
 * Below memory.h: the one door to the system's memory, the counters shared by its files, and marking idle memory for
 * AddressSanitizer. */
#ifndef MGR_SYSTEM_MEMORY_H
#define MGR_SYSTEM_MEMORY_H

#include "runtime/memory.h"

#include <stdatomic.h>

/* What is needed to give memory back, whatever allocator is in force by then. */
typedef struct mgr_system_owner {
    void (*free)(void *p, size_t bytes, void *context);
    void *context;
} mgr_system_owner;

/* From the allocator in force; NULL, without an error set, if it has none. */
void *mgr_system_get(size_t bytes, size_t alignment, mgr_system_owner *owner);
void mgr_system_put(void *p, size_t bytes, mgr_system_owner owner);
uint64_t mgr_system_allocs(void);

/* The parts of mgr_memory_stats and mgr_trim that the small blocks know. */
uint64_t mgr_blocks_live(void);

/* mgr_block_new for at most 1024 bytes, but without setting an error when there is no memory. */
void *mgr_block_try(size_t bytes);

/* A count that its own thread bumps and any thread may read. */
typedef _Atomic uint64_t mgr_counter;
static inline void mgr_counter_add(mgr_counter *counter, uint64_t n) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}
static inline uint64_t mgr_counter_get(mgr_counter *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Memory that sits in a free list reads as freed under AddressSanitizer. */
#if defined(__SANITIZE_ADDRESS__)
#define MGR_HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MGR_HAVE_ASAN 1
#endif
#endif
#ifdef MGR_HAVE_ASAN
#include <sanitizer/asan_interface.h>
#define MGR_POISON(p, bytes)   ASAN_POISON_MEMORY_REGION(p, bytes)
#define MGR_UNPOISON(p, bytes) ASAN_UNPOISON_MEMORY_REGION(p, bytes)
#define MGR_IS_POISONED(p)     __asan_address_is_poisoned(p)
#else
#define MGR_POISON(p, bytes)   ((void)(p), (void)(bytes))
#define MGR_UNPOISON(p, bytes) ((void)(p), (void)(bytes))
#define MGR_IS_POISONED(p)     0
#endif

#endif
