/* SPDX-License-Identifier: MIT
 * Memory for tests that fork while other threads allocate. AddressSanitizer's allocator has locks of its own that a
 * child may inherit taken (gcc 12 does not release them), so there the library gets its memory from the system page by
 * page, which the leak checker must be told of: what hangs from them it could not see. Everywhere else it comes from
 * the C library, whose allocator survives fork. */
#ifndef MG_TEST_FORK_MEMORY_H
#define MG_TEST_FORK_MEMORY_H

#include "runtime/memory.h"
#include "runtime/system_memory.h"

#ifdef MGR_HAVE_ASAN
#include <sanitizer/lsan_interface.h>
#include <sys/mman.h>

static inline void *fork_memory_alloc(size_t bytes, size_t alignment, void *context) {
    (void)alignment; /* a page is enough: more is asked only in the hope of huge pages */
    (void)context;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    __lsan_register_root_region(p, bytes);
    return p;
}

static inline void fork_memory_free(void *p, size_t bytes, void *context) {
    (void)context;
    __lsan_unregister_root_region(p, bytes);
    (void)munmap(p, bytes);
}
#endif

/* Before the threads that allocate start; ends with fork_memory_end, when they have been joined. */
static inline void fork_memory_begin(void) {
#ifdef MGR_HAVE_ASAN
    static const mgr_allocator pages = {fork_memory_alloc, fork_memory_free, NULL};
    mgr_set_allocator(&pages);
#endif
}

static inline void fork_memory_end(void) {
#ifdef MGR_HAVE_ASAN
    mgr_set_allocator(NULL);
#endif
}

#endif
