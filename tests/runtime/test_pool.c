/* SPDX-License-Identifier: MIT
 * Buffers: sizes, counts, reuse, the limit, trimming, borrowed memory, several threads; and plain allocations. */
#include "harness.h"
#include "runtime/memory.h"
#include "runtime/parallel.h"
#include "runtime/status.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

/* Nothing idle, and no other thread that could have something. */
static void alone(void) {
    mgr_parallel_rest();
    mgr_trim();
}

static mgr_memory_stats stats_now(void) {
    mgr_memory_stats stats;
    mgr_memory_get_stats(&stats);
    return stats;
}

static mgr_buffer *new_buffer(size_t bytes) {
    mgr_buffer *buffer = mgr_buffer_new(bytes);
    CHECK(buffer != NULL);
    return buffer;
}

MG_TEST(pool, every_size_fits_aligned_with_little_waste) {
    mg_test_rng rng = mg_test_rng_new();
    alone();
    for (int i = 0; i < mg_test_times(3000); i++) {
        size_t bytes = i < 700 ? (size_t)i : (size_t)(mg_test_u64(&rng) >> mg_test_int(&rng, 40, 63));
        uint64_t before = stats_now().live_bytes;
        mgr_buffer *buffer = new_buffer(bytes);
        uint64_t taken = stats_now().live_bytes - before;
        CHECK_EQ_U64(buffer->bytes, bytes);
        CHECK_EQ_U64(buffer->refs, 1);
        CHECK((uintptr_t)buffer->data % 64 == 0);
        CHECK_MSG(taken >= bytes && taken <= bytes + bytes / 4 + 64, "%llu bytes for %zu", (unsigned long long)taken,
                  bytes);
        if (bytes) { /* AddressSanitizer watches these */
            ((char *)buffer->data)[0] = 1;
            ((char *)buffer->data)[bytes - 1] = 1;
        }
        mgr_buffer_release(buffer);
        CHECK_EQ_U64(stats_now().live_bytes, before);
    }
    mgr_error_take(NULL);
    CHECK(mgr_buffer_new(SIZE_MAX) == NULL);
    CHECK_EQ_I64(mgr_error(), MG_ERR_NO_MEMORY);
    mgr_error_take(NULL);
    alone();
}

MG_TEST(pool, counts) {
    mgr_memory_stats before = stats_now(), now;
    mgr_buffer *buffer = new_buffer(1000);
    mgr_buffer_retain(buffer);
    mgr_buffer_release(buffer);
    now = stats_now();
    CHECK_EQ_U64(now.live_buffers, before.live_buffers + 1);
    CHECK_EQ_U64(now.live_bytes, before.live_bytes + 1024);
    mgr_buffer_release(buffer);
    mgr_buffer_release(NULL);
    now = stats_now();
    CHECK_EQ_U64(now.live_buffers, before.live_buffers);
    CHECK_EQ_U64(now.live_bytes, before.live_bytes);
    CHECK(now.idle_bytes >= 1024);
}

MG_TEST(pool, released_buffers_come_back) {
    static const size_t sizes[] = {10, 100, 5000, 300000, 1 << 20, 5 << 20};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        mgr_buffer *first = new_buffer(sizes[k]);
        void *data = first->data;
        mgr_buffer_release(first);
        mgr_memory_stats before = stats_now();
        for (int i = 0; i < 100; i++) {
            mgr_buffer *again = new_buffer(sizes[k]);
            CHECK(again->data == data);
            mgr_buffer_release(again);
        }
        mgr_memory_stats after = stats_now();
        CHECK_EQ_U64(after.system_allocs, before.system_allocs);
        CHECK_EQ_U64(after.pool_hits, before.pool_hits + 100);
        CHECK_EQ_U64(after.idle_bytes, before.idle_bytes);
    }
}

MG_TEST(pool, peak) {
    mgr_memory_reset_peak();
    uint64_t base = stats_now().live_bytes;
    mgr_buffer *a = new_buffer(1 << 20), *b = new_buffer(1 << 20);
    mgr_buffer_release(a);
    mgr_buffer_release(b);
    CHECK_EQ_U64(stats_now().peak_live_bytes, base + (2 << 20));
    mgr_memory_reset_peak();
    CHECK_EQ_U64(stats_now().peak_live_bytes, base);
}

MG_TEST(pool, trim_gives_back) {
    mgr_buffer *buffers[20];
    alone();
    for (int i = 0; i < 20; i++) buffers[i] = new_buffer((size_t)1000 << (i % 10));
    uint64_t idle = stats_now().idle_bytes;
    for (int i = 0; i < 20; i++) mgr_buffer_release(buffers[i]);
    uint64_t now = stats_now().idle_bytes;
    CHECK(now > idle);
    CHECK_EQ_U64(mgr_trim(), now);
    CHECK_EQ_U64(stats_now().idle_bytes, 0);
    CHECK_EQ_U64(mgr_trim(), 0);
}

MG_TEST(pool, limit_holds) {
    mgr_buffer *buffers[32];
    alone();
    mgr_set_pool_limit(10 << 20);
    for (int i = 0; i < 32; i++) buffers[i] = new_buffer(1 << 20);
    for (int i = 0; i < 32; i++) {
        mgr_buffer_release(buffers[i]);
        CHECK(stats_now().idle_bytes <= 10 << 20);
    }
    CHECK_EQ_U64(stats_now().idle_bytes, 10 << 20);
    mgr_set_pool_limit(3 << 20);
    CHECK(stats_now().idle_bytes <= 3 << 20);
    mgr_set_pool_limit(0);
    CHECK_EQ_U64(stats_now().idle_bytes, 0);
    mgr_buffer_release(new_buffer(100));
    CHECK_EQ_U64(stats_now().idle_bytes, 0);
    mgr_set_pool_limit(SIZE_MAX);
    mgr_buffer_release(new_buffer(100));
    CHECK(stats_now().idle_bytes > 0);
    mgr_set_pool_limit((size_t)1 << 30);
}

static int freed, context_of_free;
static void on_free(void *data, void *context) {
    CHECK(data == (void *)&freed && context == (void *)&context_of_free);
    freed++;
}

MG_TEST(pool, borrowed_memory) {
    mgr_memory_stats before = stats_now();
    freed = 0;
    mgr_buffer *buffer = mgr_buffer_borrow(&freed, sizeof freed, on_free, &context_of_free);
    CHECK(buffer && buffer->data == (void *)&freed && buffer->size_class == MGR_BORROWED);
    CHECK_EQ_U64(buffer->bytes, sizeof freed);
    mgr_buffer_retain(buffer);
    mgr_buffer_release(buffer);
    CHECK_EQ_I64(freed, 0);
    mgr_buffer_release(buffer);
    CHECK_EQ_I64(freed, 1);
    mgr_buffer_release(mgr_buffer_borrow(&freed, 4, NULL, NULL));
    CHECK_EQ_U64(stats_now().live_bytes, before.live_bytes);
    CHECK_EQ_U64(stats_now().live_blocks, before.live_blocks);
}

/* ---- threads: buffers wander through a shared table; each carries a pattern only its present holder writes ---- */

enum { THREADS = 4, SLOTS = 128 };
static _Atomic(mgr_buffer *) slots[SLOTS];
static int bad[THREADS];

static bool intact(const mgr_buffer *buffer) {
    const unsigned char *data = buffer->data;
    for (size_t i = 0; i < buffer->bytes; i += 61)
        if (data[i] != (unsigned char)buffer->bytes) return false;
    return true;
}

static void *wander(void *number) {
    int id = (int)(intptr_t)number;
    mg_test_rng rng = mg_test_rng_from(mg_test_seed() + (uint64_t)id);
    for (int i = 0; i < mg_test_times(40000); i++) {
        size_t bytes = (size_t)(mg_test_u64(&rng) >> mg_test_int(&rng, i % 100 ? 52 : 43, 63));
        mgr_buffer *mine = mgr_buffer_new(bytes);
        if (!mine) {
            bad[id] = 1;
            break;
        }
        memset(mine->data, (int)bytes, bytes);
        mgr_buffer *theirs =
            __atomic_exchange_n((mgr_buffer **)&slots[mg_test_int(&rng, 0, SLOTS - 1)], mine, __ATOMIC_ACQ_REL);
        if (theirs) bad[id] |= !intact(theirs);
        mgr_buffer_release(theirs);
        if (i % 5000 == 0) mgr_trim();
    }
    return NULL;
}

MG_TEST(pool, buffers_wander_among_threads) {
    pthread_t threads[THREADS];
    mgr_memory_stats before = stats_now();
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, wander, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_MSG(!bad[i], "thread %d", i);
    }
    for (int i = 0; i < SLOTS; i++) {
        mgr_buffer_release(slots[i]);
        slots[i] = NULL;
    }
    mgr_memory_stats after = stats_now();
    CHECK_EQ_U64(after.live_buffers, before.live_buffers);
    CHECK_EQ_U64(after.live_bytes, before.live_bytes);
    alone();
    CHECK_EQ_U64(stats_now().idle_bytes, 0); /* ended threads left nothing behind */
}

/* What a second thread does while the first one waits: one step after the other, in turns. */
static _Atomic int turn;
static mgr_buffer *handed[2];

static void wait_for_turn(int number) {
    while (atomic_load(&turn) != number) sched_yield();
}

static void *other_thread(void *unused) {
    (void)unused;
    wait_for_turn(1);
    mgr_buffer_release(handed[0]);
    atomic_store(&turn, 2);
    wait_for_turn(3);
    mgr_buffer_release(handed[1]);
    atomic_store(&turn, 4);
    wait_for_turn(5);
    return NULL;
}

static void other_threads_turn(int number) {
    atomic_store(&turn, number);
    wait_for_turn(number + 1);
}

/* A limit of 0 keeps nothing, whatever each thread has released of the others' buffers, and kept before. */
MG_TEST(pool, nothing_is_kept_with_a_limit_of_0) {
    pthread_t thread;
    alone();
    mgr_set_pool_limit((size_t)1 << 30);
    handed[0] = new_buffer(200 << 10);
    handed[1] = new_buffer(1000);
    atomic_store(&turn, 0);
    CHECK_EQ_I64(pthread_create(&thread, NULL, other_thread, NULL), 0);
    other_threads_turn(1);
    CHECK(stats_now().idle_bytes > 0);
    mgr_set_pool_limit(0);
    other_threads_turn(3); /* at its next release, it lets go of the first one, too */
    CHECK_EQ_U64(stats_now().idle_bytes, 0);
    mgr_buffer_release(new_buffer(40 << 10));
    CHECK_EQ_U64(stats_now().idle_bytes, 0);
    atomic_store(&turn, 5);
    pthread_join(thread, NULL);
    CHECK_EQ_U64(stats_now().idle_bytes, 0);
    mgr_set_pool_limit((size_t)1 << 30);
}

static mgr_buffer *shared_buffer;
static void *share(void *unused) {
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        mgr_buffer_retain(shared_buffer);
        mgr_buffer_release(shared_buffer);
    }
    mgr_buffer_release(shared_buffer);
    return NULL;
}

MG_TEST(pool, one_buffer_held_by_many) {
    pthread_t threads[THREADS];
    uint64_t before = stats_now().live_buffers;
    shared_buffer = new_buffer(64);
    for (int i = 0; i < THREADS; i++) mgr_buffer_retain(shared_buffer);
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, share, NULL);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    CHECK_EQ_U64(shared_buffer->refs, 1);
    mgr_buffer_release(shared_buffer);
    CHECK_EQ_U64(stats_now().live_buffers, before);
}

MG_TEST(pool, plain_allocations) {
    for (size_t bytes = 0; bytes < 300; bytes += 7) {
        char *p = mgr_alloc(bytes);
        CHECK(p && (uintptr_t)p % 64 == 0);
        memset(p, 1, bytes);
        mgr_free(p);
    }
    mgr_free(NULL);
    mgr_error_take(NULL);
    CHECK(mgr_alloc(SIZE_MAX - 5) == NULL);
    CHECK_EQ_I64(mgr_error(), MG_ERR_NO_MEMORY);
    mgr_error_take(NULL);
}
