/* SPDX-License-Identifier: MIT
 * Small blocks: apart, aligned, counted; freed elsewhere, after their thread's end, and under a failing allocator. */
#include "harness.h"
#include "runtime/memory.h"
#include "runtime/status.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static uint64_t live_blocks(void) {
    mgr_memory_stats stats;
    mgr_memory_get_stats(&stats);
    return stats.live_blocks;
}

static uint64_t system_allocs(void) {
    mgr_memory_stats stats;
    mgr_memory_get_stats(&stats);
    return stats.system_allocs;
}

MG_TEST(blocks, aligned_apart_and_counted) {
    enum { N = 3000 };
    static struct {
        unsigned char *p;
        size_t bytes;
    } held[N];
    mg_test_rng rng = mg_test_rng_new();
    uint64_t before = live_blocks();
    for (int round = 0; round < mg_test_times(40); round++) {
        for (int i = 0; i < N; i++) {
            if (held[i].p) { /* nobody else wrote into it */
                for (size_t k = 0; k < held[i].bytes; k++) CHECK_EQ_U64(held[i].p[k], i & 255);
                mgr_block_free(held[i].p, held[i].bytes);
                held[i].p = NULL;
            } else if (mg_test_int(&rng, 0, 2)) {
                held[i].bytes = (size_t)mg_test_int(&rng, 0, i % 50 == 0 ? 5000 : 1024);
                held[i].p = mgr_block_new(held[i].bytes);
                CHECK(held[i].p && (uintptr_t)held[i].p % 64 == 0);
                memset(held[i].p, i & 255, held[i].bytes);
            }
        }
        uint64_t expected = before;
        for (int i = 0; i < N; i++) expected += held[i].p != NULL;
        CHECK_EQ_U64(live_blocks(), expected);
    }
    for (int i = 0; i < N; i++) {
        if (held[i].p) mgr_block_free(held[i].p, held[i].bytes);
        held[i].p = NULL;
    }
    mgr_block_free(NULL, 64);
    CHECK_EQ_U64(live_blocks(), before);
}

MG_TEST(blocks, steady_state_asks_nobody) {
    void *p[200];
    for (int round = 0; round < 3; round++) {
        uint64_t before = system_allocs();
        for (int step = 0; step < 1000; step++) {
            for (int i = 0; i < 200; i++) p[i] = mgr_block_new(128);
            for (int i = 0; i < 200; i++) mgr_block_free(p[i], 128);
        }
        if (round > 0) CHECK_EQ_U64(system_allocs(), before);
    }
}

/* A thread that makes, another one that frees. */
enum { HANDED = 50000, RING = 256 };
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    void *ring[RING];
    int made, freed;
} line = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void *make(void *unused) {
    (void)unused;
    for (int i = 0; i < HANDED; i++) {
        int *p = mgr_block_new(64);
        if (p) *p = i;
        pthread_mutex_lock(&line.mutex);
        while (line.made - line.freed == RING) pthread_cond_wait(&line.changed, &line.mutex);
        line.ring[line.made++ % RING] = p;
        pthread_cond_broadcast(&line.changed);
        pthread_mutex_unlock(&line.mutex);
    }
    return NULL;
}

MG_TEST(blocks, handed_to_another_thread) {
    pthread_t maker;
    uint64_t before = live_blocks(), allocs = system_allocs();
    line.made = line.freed = 0;
    pthread_create(&maker, NULL, make, NULL);
    for (int i = 0; i < HANDED; i++) {
        pthread_mutex_lock(&line.mutex);
        while (line.made == line.freed) pthread_cond_wait(&line.changed, &line.mutex);
        int *p = line.ring[line.freed++ % RING];
        pthread_cond_broadcast(&line.changed);
        pthread_mutex_unlock(&line.mutex);
        CHECK(p && *p == i);
        mgr_block_free(p, 64);
    }
    pthread_join(maker, NULL);
    CHECK_EQ_U64(live_blocks(), before);
    CHECK_MSG(system_allocs() - allocs < 8, "%llu slabs for a ring of %d",
              (unsigned long long)(system_allocs() - allocs), RING);
}

static void *leave_behind(void *out) {
    void **blocks = out;
    for (int i = 0; i < 100; i++) {
        blocks[i] = mgr_block_new(512);
        if (blocks[i]) memset(blocks[i], i, 512);
        mgr_block_free(mgr_block_new(512), 512);
    }
    return NULL;
}

MG_TEST(blocks, outlive_their_thread_and_its_lists_are_reused) {
    static void *blocks[100];
    uint64_t before = live_blocks(), allocs = 0;
    for (int round = 0; round < 50; round++) {
        pthread_t thread;
        pthread_create(&thread, NULL, leave_behind, blocks);
        pthread_join(thread, NULL);
        CHECK_EQ_U64(live_blocks(), before + 100);
        for (int i = 0; i < 100; i++) {
            CHECK(((unsigned char *)blocks[i])[511] == i);
            mgr_block_free(blocks[i], 512);
        }
        if (round == 5) allocs = system_allocs();
    }
    CHECK_EQ_U64(live_blocks(), before);
    CHECK_MSG(system_allocs() - allocs <= 44 + 2, "%llu calls", (unsigned long long)(system_allocs() - allocs));
}

/* ---- a failing allocator, for both kinds of memory ---- */

static int until_failure, outstanding;

static void *failing_alloc(size_t bytes, size_t alignment, void *context) {
    void *p = NULL;
    (void)context;
    if (until_failure-- <= 0) return NULL;
    if (posix_memalign(&p, alignment, bytes) != 0) return NULL;
    outstanding++;
    return p;
}

static void failing_free(void *p, size_t bytes, void *context) {
    (void)bytes;
    (void)context;
    outstanding--;
    free(p);
}

static void *try_everything(void *failed) {
    void *blocks[300];
    mgr_buffer *buffers[8];
    int n = 0, m = 0;
    bool wrong = false;
    for (int i = 0; i < 300; i++) {
        void *p = mgr_block_new((size_t)(i % 7) * 200 + 1);
        if (p)
            blocks[n++] = memset(p, 1, (size_t)(i % 7) * 200 + 1), blocks[n - 1] = p;
        else {
            wrong |= mgr_error() != MG_ERR_NO_MEMORY;
            mgr_error_take(NULL);
            mgr_block_free(NULL, 1);
            blocks[n++] = NULL;
        }
    }
    for (int i = 0; i < 8; i++) {
        buffers[m] = mgr_buffer_new((size_t)3000 << (2 * i));
        if (buffers[m])
            memset(buffers[m++]->data, 1, 3000);
        else
            wrong |= mgr_error() != MG_ERR_NO_MEMORY;
        mgr_error_take(NULL);
    }
    mgr_buffer *borrowed = mgr_buffer_borrow(blocks, sizeof blocks, NULL, NULL);
    wrong |= !borrowed && mgr_error() != MG_ERR_NO_MEMORY;
    mgr_error_take(NULL);
    mgr_buffer_release(borrowed);
    void *plain = mgr_alloc(1000);
    wrong |= !plain && mgr_error() != MG_ERR_NO_MEMORY;
    mgr_error_take(NULL);
    mgr_free(plain);
    while (m > 0) mgr_buffer_release(buffers[--m]);
    for (int i = 0; i < 300; i++)
        if (blocks[i]) mgr_block_free(blocks[i], (size_t)(i % 7) * 200 + 1);
    *(bool *)failed = wrong;
    return NULL;
}

MG_TEST(blocks, any_allocation_may_fail) {
    mgr_allocator failing = {failing_alloc, failing_free, NULL};
    mgr_memory_stats before, after;
    mgr_trim();
    mgr_memory_get_stats(&before);
    for (int n = 0; n < 30; n++) {
        bool wrong = true;
        pthread_t thread; /* a new one has to get everything anew */
        until_failure = n;
        mgr_set_allocator(&failing);
        pthread_create(&thread, NULL, try_everything, &wrong);
        pthread_join(thread, NULL);
        until_failure = 1 << 30;
        mgr_set_allocator(NULL);
        mgr_trim();
        mgr_memory_get_stats(&after);
        CHECK_MSG(!wrong, "no memory after %d calls", n);
        CHECK_EQ_U64(after.live_blocks, before.live_blocks);
        CHECK_EQ_U64(after.live_buffers, before.live_buffers);
        CHECK_EQ_U64(after.live_bytes, before.live_bytes);
    }
}
