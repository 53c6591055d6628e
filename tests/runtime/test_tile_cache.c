/* SPDX-License-Identifier: MIT
 * The cache of tile programs: hits, bounds, other kernel tables, other threads. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cpu.h"
#include "runtime/memory.h"
#include "runtime/status.h"
#include "runtime/tile.h"
#include "tests/harness.h"

/* Spec number i: a chain of adds and multiplies whose pattern is i in binary. */
static void numbered_spec(mgr_tile_spec *s, int i) {
    memset(s, 0xee, sizeof *s); /* unused entries may hold anything */
    s->n_inputs = 2;
    s->n_params = 0;
    s->inputs[0] = s->inputs[1] = (mgr_tile_input){.dtype = MG_F32};
    s->n_instr = 12;
    for (int k = 0; k < 12; k++) {
        mgr_tile_instr *in = &s->instr[k];
        in->op = i >> k & 1 ? MGK_OP_ADD : MGK_OP_MULTIPLY;
        in->row = MG_F32;
        in->round = 0;
        in->n_in = 2;
        in->n_out = 1;
        in->in[0] = (uint16_t)(k ? k + 1 : 0);
        in->in[1] = 1;
        in->params = 0;
    }
    s->n_outputs = 1;
    s->outputs[0] = (mgr_tile_output){.value = 13, .dtype = MG_F32};
}

MG_TEST(tile_cache, hits_and_bound) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    CHECK(spec != NULL);
    mgr_tile_stats before, after;
    mgr_tile_get_stats(&before);
    for (int i = 0; i < 2000; i++) {
        numbered_spec(spec, i);
        mgr_tile_program *p = mgr_tile_program_get(spec);
        CHECK(p != NULL);
        mgr_tile_program_release(p);
    }
    mgr_tile_get_stats(&after);
    CHECK_MSG(after.programs_planned - before.programs_planned == 2000, "planned %llu",
              (unsigned long long)(after.programs_planned - before.programs_planned));
    CHECK_MSG(after.programs_cached <= 512, "cached %llu", (unsigned long long)after.programs_cached);
    before = after;
    for (int round = 0; round < 3; round++) /* the latest are still there, in any order */
        for (int i = 1999; i >= 1600; i -= 1 + round) {
            numbered_spec(spec, i);
            memset(&spec->instr[3].in[2], round, 4);
            mgr_tile_program *p = mgr_tile_program_get(spec), *again = mgr_tile_program_get(spec);
            CHECK(p != NULL && p == again);
            mgr_tile_program_release(p);
            mgr_tile_program_release(again);
        }
    mgr_tile_get_stats(&after);
    CHECK(after.programs_planned == before.programs_planned);
    mgr_tile_cache_clear();
    mgr_tile_get_stats(&after);
    CHECK(after.programs_cached == 0);
    free(spec);
}

/* A program that is held outlives its place in the cache, and the cache itself. */
MG_TEST(tile_cache, held_programs_survive) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    CHECK(spec != NULL);
    numbered_spec(spec, 4095);
    mgr_tile_program *p = mgr_tile_program_get(spec);
    mgr_tile_cache_clear();
    float x[5] = {1, 2, 3, 4, 5}, y[5] = {0};
    int64_t n = 5, stride = 4;
    mgr_tile_operand in[2] = {{x, &stride}, {x, &stride}}, out = {y, &stride};
    mgr_tile_args args = {.ndim = 1, .dims = &n, .inputs = in, .outputs = &out};
    mgr_tile_run *run = mgr_tile_prepare(p, &args);
    CHECK(run != NULL);
    mgr_tile_execute(run);
    CHECK(y[0] == 13 && y[4] == 65);
    mgr_tile_program_release(p);
    free(spec);
}

MG_TEST(tile_cache, other_kernels_are_other_programs) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    CHECK(spec != NULL);
    numbered_spec(spec, 1);
    const mgk_table *scalar = mgr_kernels_of(MGK_SCALAR);
    if (mgr_kernels() == scalar) SKIP("only one table can run here");
    mgr_tile_program *a = mgr_tile_program_get(spec);
    mgr_kernels_override(scalar);
    mgr_tile_program *b = mgr_tile_program_get(spec);
    mgr_kernels_override(NULL);
    mgr_tile_program *c = mgr_tile_program_get(spec);
    CHECK(a != b && a == c);
    mgr_tile_program_release(a);
    mgr_tile_program_release(b);
    mgr_tile_program_release(c);
    free(spec);
}

static void *use_cache(void *result) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    if (!spec) return NULL;
    for (int i = 0; i < 20; i++) {
        numbered_spec(spec, i);
        mgr_tile_program_release(mgr_tile_program_get(spec));
    }
    mgr_tile_stats stats;
    mgr_tile_get_stats(&stats);
    *(uint64_t *)result = stats.programs_cached;
    free(spec);
    return NULL;
}

/* A cache belongs to its thread and goes with it (the leak checker watches). */
MG_TEST(tile_cache, per_thread) {
    mgr_tile_stats before, after;
    mgr_tile_get_stats(&before);
    uint64_t cached = 0;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, use_cache, &cached) == 0);
    pthread_join(thread, NULL);
    mgr_tile_get_stats(&after);
    CHECK(cached == 20);
    CHECK(after.programs_cached == before.programs_cached);
}

static _Thread_local int until_failure = 1 << 30;

static void *failing_alloc(size_t bytes, size_t alignment, void *context) {
    (void)context;
    void *p = NULL;
    if (until_failure-- <= 0) return NULL;
    return posix_memalign(&p, alignment < sizeof(void *) ? sizeof(void *) : alignment, bytes) ? NULL : p;
}

static void failing_free(void *p, size_t bytes, void *context) {
    (void)bytes;
    (void)context;
    free(p);
}

typedef struct attempt {
    int failures_after;
    bool failed, wrong;
} attempt;

/* One run of n elements: it works, or says that there is no memory and leaves y alone. */
static void try_run(attempt *a, int64_t n, float *x, float *y) {
    static _Thread_local mgr_tile_spec spec;
    numbered_spec(&spec, 6);
    int64_t stride = 4;
    mgr_tile_operand in[2] = {{x, &stride}, {x, &stride}}, out = {y, &stride};
    mgr_tile_args args = {.ndim = 1, .dims = &n, .inputs = in, .outputs = &out};
    y[0] = 7;
    mgr_tile_program *p = mgr_tile_program_get(&spec);
    mgr_tile_run *run = p ? mgr_tile_prepare(p, &args) : NULL;
    if (run) mgr_tile_execute(run);
    mgr_tile_program_release(p);
    a->failed |= !run;
    a->wrong |= run ? mgr_error() != MG_OK || y[0] != 3 : mgr_error() != MG_ERR_NO_MEMORY || y[0] != 7;
    mgr_error_take(NULL);
}

static void *try_runs(void *context) {
    attempt *a = context;
    float *x = malloc(20000 * sizeof *x), *y = malloc(20000 * sizeof *y);
    if (x && y) {
        for (int i = 0; i < 20000; i++) x[i] = 1;
        until_failure = a->failures_after;
        try_run(a, 20, x, y);
        try_run(a, 1000, x, y);
        try_run(a, 20000, x, y);
        until_failure = 1 << 30;
    }
    free(x);
    free(y);
    return NULL;
}

MG_TEST(tile_cache, any_allocation_may_fail) {
    mgr_allocator failing = {failing_alloc, failing_free, NULL};
    mgr_memory_stats before, after;
    mgr_tile_cache_clear();
    mgr_trim();
    mgr_memory_get_stats(&before);
    int failures = 0;
    for (int n = 0; n < 12; n++) {
        attempt a = {.failures_after = n};
        pthread_t thread; /* a new one has no cache and no pool of its own */
        mgr_set_allocator(&failing);
        CHECK(pthread_create(&thread, NULL, try_runs, &a) == 0);
        pthread_join(thread, NULL);
        mgr_set_allocator(NULL);
        mgr_trim();
        mgr_memory_get_stats(&after);
        failures += a.failed;
        CHECK_MSG(!a.wrong, "no memory after %d calls", n);
        CHECK(after.live_blocks == before.live_blocks && after.live_bytes == before.live_bytes);
    }
    CHECK_MSG(failures >= 3 && failures < 12, "%d attempts of 12 failed", failures);
}

/* Runs of every kind leave nothing behind, and take nothing from the system once they have been seen. */
MG_TEST(tile_cache, steady_state) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    float *x = calloc(200000, 4), *y = calloc(200000, 4);
    CHECK(spec != NULL && x != NULL && y != NULL);
    numbered_spec(spec, 5);
    mgr_memory_stats before, after;
    for (int round = 0; round < 3; round++) {
        for (int64_t n = 1; n < 200000; n = n * 3 + 1) {
            int64_t stride = 4;
            mgr_tile_operand in[2] = {{x, &stride}, {x, &stride}}, out = {y, &stride};
            mgr_tile_args args = {.ndim = 1, .dims = &n, .inputs = in, .outputs = &out};
            mgr_tile_program *p = mgr_tile_program_get(spec);
            mgr_tile_run *run = mgr_tile_prepare(p, &args);
            CHECK(run != NULL);
            mgr_tile_execute(run);
            mgr_tile_program_release(p);
        }
        mgr_memory_get_stats(round ? &after : &before);
    }
    CHECK_MSG(after.system_allocs == before.system_allocs, "%llu more",
              (unsigned long long)(after.system_allocs - before.system_allocs));
    CHECK(after.live_bytes == before.live_bytes && after.live_blocks == before.live_blocks);
    free(spec);
    free(x);
    free(y);
}
