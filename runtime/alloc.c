/* SPDX-License-Identifier: MIT
 * The library's allocator: the C library's unless replaced, counted, and plain allocations on top of it. Caches
 * nothing. */
#include "runtime/status.h"
#include "runtime/system_memory.h"

#include <stdlib.h>

static void *default_alloc(size_t bytes, size_t alignment, void *context) {
    (void)context;
    void *p = NULL;
    return posix_memalign(&p, alignment < sizeof(void *) ? sizeof(void *) : alignment, bytes) == 0 ? p : NULL;
}

static void default_free(void *p, size_t bytes, void *context) {
    (void)bytes;
    (void)context;
    free(p);
}

static const mgr_allocator c_library = {default_alloc, default_free, NULL};
static mgr_allocator current = {default_alloc, default_free, NULL}; /* changed only while nothing is allocated */
static _Atomic uint64_t allocs;

/* Memory remembers who gave it, so what the caches still hold across a change goes back to its giver. */
void mgr_set_allocator(const mgr_allocator *allocator) { current = allocator ? *allocator : c_library; }

void *mgr_system_get(size_t bytes, size_t alignment, mgr_system_owner *owner) {
    atomic_fetch_add_explicit(&allocs, 1, memory_order_relaxed);
    *owner = (mgr_system_owner){current.free, current.context};
    return current.alloc(bytes, alignment, current.context);
}

void mgr_system_put(void *p, size_t bytes, mgr_system_owner owner) { owner.free(p, bytes, owner.context); }

uint64_t mgr_system_allocs(void) { return atomic_load_explicit(&allocs, memory_order_relaxed); }

/* In front of every plain allocation; as long as the alignment, so that data behind it are aligned. */
typedef struct plain_header {
    _Alignas(64) size_t bytes; /* with the header */
    mgr_system_owner owner;
} plain_header;

void *mgr_try_alloc(size_t bytes) {
    mgr_system_owner owner;
    if (bytes > SIZE_MAX / 2) return NULL;
    size_t total = sizeof(plain_header) + (bytes ? bytes : 1);
    plain_header *header = mgr_system_get(total, _Alignof(plain_header), &owner);
    if (!header) return NULL;
    *header = (plain_header){total, owner};
    return header + 1;
}

void *mgr_alloc(size_t bytes) {
    void *p = mgr_try_alloc(bytes);
    if (!p) mgr_fail_memory(NULL, bytes);
    return p;
}

void mgr_free(void *p) {
    if (!p) return;
    plain_header *header = (plain_header *)p - 1;
    mgr_system_put(header, header->bytes, header->owner);
}
