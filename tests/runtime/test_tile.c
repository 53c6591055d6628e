/* SPDX-License-Identifier: MIT
 * The tile machine on programs without reductions: random ones against the interpreter, and the corners by name. */
#include <stdlib.h>
#include <string.h>

#include "runtime/cpu.h"
#include "runtime/memory.h"
#include "runtime/parallel.h"
#include "runtime/status.h"
#include "tests/harness.h"
#include "tile_oracle.h"

static uint64_t first_seed(void) {
    const char *text = getenv("MYGRAD_TEST_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

/* One case on every table and for several thread counts. */
static void check_everywhere(oracle_case *c) {
    char message[256];
    oracle_expect(c);
    for (int isa = 0; isa < MGK_ISA_COUNT; isa++) {
        const mgk_table *table = mgr_kernels_of((mgk_isa)isa);
        if (!table) continue;
        mgr_kernels_override(table);
        for (int threads = 1; threads <= (c->total > 10000 ? 3 : 1); threads++) {
            mgr_set_num_threads(threads);
            mg_status status = oracle_run(c);
            bool good = status == MG_OK && oracle_check(c, message);
            if (!good) oracle_print(c);
            CHECK_MSG(good, "seed %llu, %s, %d threads: %s", (unsigned long long)c->seed, table->name, threads,
                      status == MG_OK ? message : mg_status_name(status));
        }
    }
    mgr_kernels_override(NULL);
    mgr_set_num_threads(0);
}

static void random_cases(int n, const oracle_limits *limits) {
    uint64_t seed = first_seed();
    oracle_case *c = malloc(sizeof *c);
    CHECK(c != NULL);
    for (int i = 0; i < n; i++) {
        oracle_make(c, seed + (uint64_t)i, limits);
        check_everywhere(c);
        oracle_free(c);
    }
    free(c);
}

MG_TEST(tile, small_random_programs) { random_cases(1500, &(oracle_limits){.max_total = 600, .max_instr = 8}); }
MG_TEST(tile, random_programs) { random_cases(250, &(oracle_limits){.max_total = 9000, .max_instr = 12}); }
MG_TEST(tile, large_random_programs) { random_cases(12, &(oracle_limits){.max_total = 150000, .max_instr = 6}); }
MG_TEST(tile, long_programs) { random_cases(40, &(oracle_limits){.max_total = 3000, .max_instr = 60}); }
