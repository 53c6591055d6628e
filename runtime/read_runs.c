/* SPDX-License-Identifier: MIT
 * Which way of reading is fastest, tried out. [Of a loop that reads 16M floats, one thread, Zen 4: a sum has 0.88
 * to 1.0 in one run and 0.72 to 1.0 in four, depending on the pages that a process got; a maximum on AVX2 0.83 to 1.0
 * and 0.71 to 1.1. On Zen 5, two threads: 0.97 to 1.03 in one run fetched ahead, 0.73 to 0.82 in four each. On Zen 3
 * fetching ahead was slower than not.]
 *
 * Each kernel has its own record, a few share one by chance. Every way is tried at first, then the best one is taken,
 * and now and then another one is tried again. Races between threads lose a sample. */
#include "runtime/read_runs.h"

#include "kernels/kernel.h"
#include "runtime/cpu.h"

#include <stdatomic.h>
#include <time.h>

enum {
    WAYS = 4,
    RECORDS = 16,
    TRIES = 2,  /* of each way at first */
    AGAIN = 32, /* one of so many calls tries another way */
    UNIT = 64,  /* of a time: 1/64 ns for a block */
    WEIGHT = 4, /* a new time counts for one part in so many */
    FEWEST = 16 /* blocks that are worth a look at the clock */
};

static const uint8_t runs_of[WAYS] = {1, 2, MGK_REDUCE_RUNS, 0};

typedef struct record {
    _Atomic uint32_t calls;
    _Atomic uint32_t time[WAYS]; /* of a block; 0: not tried */
} record;

static record records[RECORDS];

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static unsigned best_way(const record *r) {
    unsigned best = 0;
    for (unsigned way = 1; way < WAYS; way++) {
        const uint32_t time = atomic_load_explicit(&r->time[way], memory_order_relaxed);
        if (time < atomic_load_explicit(&r->time[best], memory_order_relaxed)) best = way;
    }
    return best;
}

mgr_reading mgr_reading_begin(uintptr_t what, size_t array_bytes, size_t blocks) {
    mgr_reading reading = {.runs = 1};
    if (array_bytes <= mgr_cpu_caches()->llc) return reading;
    reading.what = (uint32_t)(what >> 4) * UINT32_C(2654435769) >> 28;
    record *r = &records[reading.what];
    if (blocks < FEWEST) {
        reading.runs = runs_of[best_way(r)];
        return reading;
    }
    const uint32_t call = atomic_fetch_add_explicit(&r->calls, 1, memory_order_relaxed);
    const bool other = call < TRIES * WAYS || call % AGAIN == 0;
    reading.way = other ? (call < TRIES * WAYS ? call : call / AGAIN) % WAYS : best_way(r);
    reading.runs = runs_of[reading.way];
    reading.start = now_ns();
    return reading;
}

/* What was interrupted counts as twice as slow at most. */
void mgr_reading_end(mgr_reading reading, size_t blocks) {
    if (reading.start == 0) return;
    _Atomic uint32_t *time = &records[reading.what].time[reading.way];
    const uint64_t before = atomic_load_explicit(time, memory_order_relaxed);
    uint64_t now = (uint64_t)(now_ns() - reading.start) * UNIT / blocks + 1;
    if (now > UINT32_MAX) now = UINT32_MAX;
    if (before != 0 && now > 2 * before) now = 2 * before;
    const uint64_t after = before == 0 ? now : (before * (WEIGHT - 1) + now) / WEIGHT;
    atomic_store_explicit(time, (uint32_t)(after < UINT32_MAX ? after : UINT32_MAX), memory_order_relaxed);
}

void mgr_reading_forget(void) {
    for (int i = 0; i < RECORDS; i++) {
        atomic_store_explicit(&records[i].calls, 0, memory_order_relaxed);
        for (int way = 0; way < WAYS; way++) atomic_store_explicit(&records[i].time[way], 0, memory_order_relaxed);
    }
}
