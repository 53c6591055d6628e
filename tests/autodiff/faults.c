/* SPDX-License-Identifier: MIT
 * See faults.h. Small blocks come from slabs of one size, which is how their requests are told from others. */
#include "faults.h"

#include "runtime/linalg.h"
#include "runtime/memory.h"
#include "runtime/sizes.h"
#include "runtime/system_memory.h"
#include "runtime/tile.h"

#include <limits.h>
#include <mygrad/mygrad.h>
#include <stdlib.h>

enum { CLASSES = 5, SMALLEST = 64 };

typedef struct taken {
    struct taken *next;
} taken;

static struct {
    int seen, first, count;
    bool slabs;
} fault;
static taken *lists[CLASSES];

static void *faulty_alloc(size_t bytes, size_t alignment, void *context) {
    (void)context;
    const int i = fault.seen++;
    void *p = NULL;
    if (fault.slabs && bytes == MGR_BLOCK_SLAB_BYTES) return NULL;
    if (i >= fault.first && i - fault.first < fault.count) return NULL;
    return posix_memalign(&p, alignment < sizeof p ? sizeof p : alignment, bytes) ? NULL : p;
}

static void faulty_free(void *p, size_t bytes, void *context) {
    (void)bytes;
    (void)context;
    free(p);
}

static void set(int first, int count, bool slabs, bool on) {
    static const mgr_allocator faulty = {faulty_alloc, faulty_free, NULL};
    mg_trim();
    mgr_tile_cache_clear();
    mgr_linalg_clear();
    fault.seen = 0;
    fault.first = first;
    fault.count = count;
    fault.slabs = slabs;
    mgr_set_allocator(on ? &faulty : NULL);
}

void faults_from(int first, int count) { set(first, count, false, true); }

void faults_leave_blocks(int left) {
    set(0, INT_MAX, true, true);
    for (int c = 0; c < CLASSES; c++) {
        for (taken *t; (t = mgr_block_try((size_t)SMALLEST << c));) {
            t->next = lists[c];
            lists[c] = t;
        }
        for (int i = 0; i < left && lists[c]; i++) {
            taken *t = lists[c];
            lists[c] = t->next;
            mgr_block_free(t, (size_t)SMALLEST << c);
        }
    }
    fault.count = 0;
}

void faults_end(void) {
    set(0, 0, false, false);
    for (int c = 0; c < CLASSES; c++)
        for (taken *t; (t = lists[c]);) {
            lists[c] = t->next;
            mgr_block_free(t, (size_t)SMALLEST << c);
        }
}
