/* SPDX-License-Identifier: MIT
 * Small fixed-size blocks for nodes, handles and headers: per-thread lists, refilled in batches from process-wide ones,
 * those from slabs. Slabs are kept for the life of the process: their blocks may be held by any thread. */
#include "runtime/sizes.h"
#include "runtime/status.h"
#include "runtime/system_memory.h"
#include "runtime/thread.h"

enum { CLASSES = 5 };

/* At the start of each slab, so that all memory stays reachable from `shared`. */
typedef struct slab {
    _Alignas(64) struct slab *next;
} slab;

static const uint32_t class_bytes[CLASSES] = {64, 128, 256, 512, 1024};

typedef struct free_block {
    struct free_block *next;
    struct free_block *next_batch; /* in the first block of a batch on a process-wide list */
    uint32_t count;                /* likewise */
} free_block;

typedef struct free_list {
    free_block *head;
    uint32_t count;
} free_list;

/* A thread frees into `list`; when that is a full batch it becomes `spare`, and the old spare goes to everyone. So a
 * thread that only frees what another one allocates keeps at most two batches, and one that does both never takes a
 * lock. */
typedef struct block_thread {
    free_list list[CLASSES], spare[CLASSES];
    mgr_counter news, frees;
    struct block_thread *next, **link; /* under MGR_LOCK_BLOCKS */
    mgr_system_owner owner;
} block_thread;

static MGR_THREAD_LOCAL block_thread *self;

static struct {
    free_block *batches[CLASSES];
    block_thread *threads;
    slab *slabs;
    uint64_t live; /* of ended threads and of those that got no state; may wrap below 0, the sum does not */
} shared;          /* under MGR_LOCK_BLOCKS */

/* 0..4 for 1..1024 bytes. */
static inline unsigned class_of(size_t bytes) {
    return bytes <= 64 ? 0u : 58u - (unsigned)__builtin_clzll((unsigned long long)(bytes - 1));
}

/* Of a list that is not empty. */
static inline free_block *list_pop(free_list *list, unsigned class) {
    free_block *block = list->head;
    MGR_UNPOISON(block, class_bytes[class]);
    list->head = block->next;
    list->count--;
    return block;
}

static inline void list_push(free_list *list, free_block *block, unsigned class) {
    block->next = list->head;
    MGR_POISON(block, class_bytes[class]);
    list->head = block;
    list->count++;
}

/* With the lock held. */
static void share_list(free_list *list, unsigned class) {
    free_block *first = list->head;
    if (!first) return;
    MGR_UNPOISON(first, sizeof *first);
    first->count = list->count;
    first->next_batch = shared.batches[class];
    shared.batches[class] = first;
    MGR_POISON(first, sizeof *first);
    *list = (free_list){NULL, 0};
}

static void thread_end(void) {
    block_thread *state = self;
    if (!state) return;
    self = NULL;
    mgr_lock_acquire(MGR_LOCK_BLOCKS);
    for (unsigned class = 0; class < CLASSES; class ++) {
        share_list(&state->list[class], class);
        share_list(&state->spare[class], class);
    }
    shared.live += mgr_counter_get(&state->news) - mgr_counter_get(&state->frees);
    *state->link = state->next;
    if (state->next) state->next->link = state->link;
    mgr_lock_release(MGR_LOCK_BLOCKS);
    mgr_system_put(state, sizeof *state, state->owner);
}

static MGR_SLOW block_thread *thread_begin(void) {
    mgr_system_owner owner;
    block_thread *state = mgr_system_get(sizeof *state, 64, &owner);
    if (!state) return NULL;
    *state = (block_thread){.owner = owner, .link = &shared.threads};
    mgr_lock_acquire(MGR_LOCK_BLOCKS);
    state->next = shared.threads;
    if (state->next) state->next->link = &state->next;
    shared.threads = state;
    mgr_lock_release(MGR_LOCK_BLOCKS);
    self = state;
    mgr_thread_arm(MGR_THREAD_BLOCKS, thread_end);
    return state;
}

/* A new slab, cut into batches: one for the caller, the others for everyone. Empty without memory. */
static free_list slab_new(unsigned class) {
    mgr_system_owner owner;
    slab *new_slab = mgr_system_get(MGR_BLOCK_SLAB_BYTES, 64, &owner);
    free_list list = {NULL, 0};
    if (!new_slab) return list;
    mgr_lock_acquire(MGR_LOCK_BLOCKS);
    new_slab->next = shared.slabs;
    shared.slabs = new_slab;
    char *first = (char *)(new_slab + 1), *block = (char *)new_slab + MGR_BLOCK_SLAB_BYTES;
    while ((size_t)(block - first) >= class_bytes[class]) {
        block -= class_bytes[class];
        if (list.count == MGR_BLOCK_BATCH) share_list(&list, class);
        list_push(&list, (free_block *)block, class);
    }
    mgr_lock_release(MGR_LOCK_BLOCKS);
    return list;
}

/* Fill an empty list: the spare, a batch of everyone's, or a slab. False: no memory. */
static MGR_SLOW bool refill(block_thread *state, unsigned class) {
    free_list *list = &state->list[class];
    if (state->spare[class].head) {
        *list = state->spare[class];
        state->spare[class] = (free_list){NULL, 0};
        return true;
    }
    mgr_lock_acquire(MGR_LOCK_BLOCKS);
    free_block *batch = shared.batches[class];
    if (batch) {
        MGR_UNPOISON(batch, sizeof *batch);
        shared.batches[class] = batch->next_batch;
        *list = (free_list){batch, batch->count};
    }
    mgr_lock_release(MGR_LOCK_BLOCKS);
    if (!batch) *list = slab_new(class);
    return list->head != NULL;
}

static MGR_SLOW void *large_new(size_t bytes) {
    void *p = mgr_alloc(bytes);
    if (!p) return NULL;
    mgr_lock_acquire(MGR_LOCK_BLOCKS);
    shared.live++;
    mgr_lock_release(MGR_LOCK_BLOCKS);
    return p;
}

void *mgr_block_try(size_t bytes) {
    unsigned class = class_of(bytes);
    block_thread *state = self ? self : thread_begin();
    if (!state || (!state->list[class].head && !refill(state, class))) return NULL;
    mgr_counter_add(&state->news, 1);
    return list_pop(&state->list[class], class);
}

static MGR_SLOW void *slow_new(size_t bytes) {
    void *block = mgr_block_try(bytes);
    if (!block) mgr_fail_memory(NULL, bytes);
    return block;
}

void *mgr_block_new(size_t bytes) {
    if (bytes > class_bytes[CLASSES - 1]) return large_new(bytes);
    unsigned class = class_of(bytes);
    block_thread *state = self;
    if (!state || !state->list[class].head) return slow_new(bytes);
    mgr_counter_add(&state->news, 1);
    return list_pop(&state->list[class], class);
}

static MGR_SLOW void large_free(void *block) {
    mgr_lock_acquire(MGR_LOCK_BLOCKS);
    shared.live--;
    mgr_lock_release(MGR_LOCK_BLOCKS);
    mgr_free(block);
}

/* The list is a full batch: it becomes the spare, the old spare goes to everyone. */
static MGR_SLOW void put_aside(block_thread *state, unsigned class) {
    if (state->spare[class].head) {
        mgr_lock_acquire(MGR_LOCK_BLOCKS);
        share_list(&state->spare[class], class);
        mgr_lock_release(MGR_LOCK_BLOCKS);
    }
    state->spare[class] = state->list[class];
    state->list[class] = (free_list){NULL, 0};
}

static inline void keep(block_thread *state, free_block *block, unsigned class) {
    mgr_counter_add(&state->frees, 1);
    list_push(&state->list[class], block, class);
    if (state->list[class].count >= MGR_BLOCK_BATCH) put_aside(state, class);
}

/* The first block that a thread sees is one it frees. If it can have no state, that is a batch of one for everyone. */
static MGR_SLOW void slow_free(free_block *block, unsigned class) {
    if (thread_begin()) {
        keep(self, block, class);
        return;
    }
    free_list one = {NULL, 0};
    list_push(&one, block, class);
    mgr_lock_acquire(MGR_LOCK_BLOCKS);
    share_list(&one, class);
    shared.live--;
    mgr_lock_release(MGR_LOCK_BLOCKS);
}

void mgr_block_free(void *block, size_t bytes) {
    if (!block) return;
    if (bytes > class_bytes[CLASSES - 1]) {
        large_free(block);
        return;
    }
    unsigned class = class_of(bytes);
    if (self)
        keep(self, block, class);
    else
        slow_free(block, class);
}

uint64_t mgr_blocks_live(void) {
    mgr_lock_acquire(MGR_LOCK_BLOCKS);
    uint64_t live = shared.live;
    for (block_thread *state = shared.threads; state; state = state->next)
        live += mgr_counter_get(&state->news) - mgr_counter_get(&state->frees);
    mgr_lock_release(MGR_LOCK_BLOCKS);
    return live;
}
