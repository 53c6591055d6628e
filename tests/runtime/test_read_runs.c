/* SPDX-License-Identifier: MIT
 * How large arrays are read: every way is tried, and what takes long is left. The bits are test_reduce.c's business. */
#include "runtime/read_runs.h"

#include "kernels/kernel.h"
#include "runtime/cpu.h"
#include "tests/harness.h"

#include <time.h>

enum { BLOCKS = 64, CALLS = 200 };

static void take_time(long ns) { nanosleep(&(struct timespec){.tv_nsec = ns}, NULL); }

MG_TEST(read_runs, caches_are_read_in_one) {
    const size_t llc = mgr_cpu_caches()->llc;
    for (int i = 0; i < 20; i++) {
        mgr_reading reading = mgr_reading_begin(0x1230, llc, BLOCKS);
        CHECK(reading.runs == 1 && reading.start == 0);
        mgr_reading_end(reading, BLOCKS);
    }
}

/* Way `fast` takes no time and the others 0.2 ms: after each was tried it is taken, but for a look at others. */
static int taken(uintptr_t what, size_t fast, int *ways) {
    int n = 0;
    for (int i = 0; i < CALLS; i++) {
        const mgr_reading reading = mgr_reading_begin(what, mgr_cpu_caches()->llc + 1, BLOCKS);
        CHECK(reading.runs <= MGK_REDUCE_RUNS && reading.start != 0);
        *ways |= 1 << reading.runs;
        if (reading.runs != fast) take_time(200000);
        mgr_reading_end(reading, BLOCKS);
        n += reading.runs == fast;
    }
    return n;
}

MG_TEST(read_runs, the_fastest_way_is_taken) {
    static const size_t all[] = {0, 1, 2, MGK_REDUCE_RUNS};
    for (int i = 0; i < 4; i++) {
        const size_t fast = all[i];
        mgr_reading_forget();
        int ways = 0, n = taken(0x40, fast, &ways);
        CHECK_EQ_I64(ways, 1 | 1 << 1 | 1 << 2 | 1 << MGK_REDUCE_RUNS);
        CHECK_MSG(n >= CALLS - 16 && n < CALLS, "%zu runs: taken in %d of %d calls", fast, n, CALLS);
    }
}

/* What has become slow is left again, by the time that each of the other ways has had its turn. */
MG_TEST(read_runs, the_choice_changes_with_the_times) {
    int ways = 0;
    mgr_reading_forget();
    (void)taken(0x990, 1, &ways);
    int n = 0; /* on a busy machine the times of the first calls are anything, and a way's turn comes all 128 calls */
    for (int round = 0; round < 30 && n < CALLS - 16; round++) n = taken(0x990, 4, &ways);
    CHECK_MSG(n >= CALLS - 16, "4 runs: taken in %d of %d calls", n, CALLS);
}

/* Few blocks are not timed, but read as has been found best. */
MG_TEST(read_runs, few_blocks_are_read_as_others) {
    int ways = 0;
    mgr_reading_forget();
    (void)taken(0x770, 2, &ways);
    const mgr_reading reading = mgr_reading_begin(0x770, mgr_cpu_caches()->llc + 1, 3);
    CHECK(reading.runs == 2 && reading.start == 0);
    mgr_reading_end(reading, 3);
}
