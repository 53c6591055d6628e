/* SPDX-License-Identifier: MIT
 * The caches of tile programs: hits, bounds, other kernel tables, what threads share, no memory. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/cpu.h"
#include "runtime/memory.h"
#include "runtime/sizes.h"
#include "runtime/status.h"
#include "runtime/tile.h"
#include "tests/harness.h"
#include "tests/runtime/fork_memory.h"

enum { LINKS = 14, PATTERNS = 1 << LINKS };

/* Of structures: what fits into every cache, what fits into a thread's, how often the shared level must be asked for
 * one that it shall not forget. */
enum { FEW = MGR_SIZE(20, 2), LATEST = MGR_SIZE(400, 2), AGAIN = MGR_SIZE(1000, 2) };

/* Spec number i: a chain of adds and multiplies whose pattern is i in binary. */
static void numbered_spec(mgr_tile_spec *s, int i) {
    memset(s, 0xee, sizeof *s); /* unused entries may hold anything */
    s->n_inputs = 2;
    s->n_params = 0;
    s->inputs[0] = s->inputs[1] = (mgr_tile_input){.dtype = MG_F32};
    s->n_instr = LINKS;
    for (int k = 0; k < LINKS; k++) {
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
    s->outputs[0] = (mgr_tile_output){.value = LINKS + 1, .dtype = MG_F32};
}

/* What spec number i makes of two equal inputs x. */
static float expected(int i, float x) {
    float y = x;
    for (int k = 0; k < LINKS; k++) y = i >> k & 1 ? y + x : y * x;
    return y;
}

/* A run of program number i over 5 elements, which gives y its values. */
typedef struct short_run {
    float x[5], y[5];
    int64_t n, stride;
    mgr_tile_operand in[2], out;
    mgr_tile_args args;
    mgr_tile_run *run;
} short_run;

static bool prepare(short_run *r, mgr_tile_program *p) {
    *r = (short_run){.x = {1, 2, -1, 0.5f, 0}, .n = 5, .stride = 4};
    r->in[0] = r->in[1] = (mgr_tile_operand){r->x, &r->stride};
    r->out = (mgr_tile_operand){r->y, &r->stride};
    r->args = (mgr_tile_args){.ndim = 1, .dims = &r->n, .inputs = r->in, .outputs = &r->out};
    r->run = p ? mgr_tile_prepare(p, &r->args) : NULL;
    return r->run != NULL;
}

static bool execute(short_run *r, int i) {
    mgr_tile_execute(r->run);
    for (int k = 0; k < 5; k++)
        if (!(r->y[k] == expected(i, r->x[k]))) return false;
    return true;
}

/* Get spec number i and give it back; false if there was none. */
static bool ask(mgr_tile_spec *spec, int i) {
    numbered_spec(spec, i);
    mgr_tile_program *p = mgr_tile_program_get(spec);
    mgr_tile_program_release(p);
    return p != NULL;
}

static void forget_all(void) {
    mgr_tile_cache_clear();
    mgr_tile_shared_clear();
}

MG_TEST(tile_cache, hits_and_bound) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    CHECK(spec != NULL);
    mgr_tile_stats before, after;
    forget_all();
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
    CHECK_MSG(after.programs_cached <= MGR_TILE_PROGRAMS, "cached %llu", (unsigned long long)after.programs_cached);
    before = after;
    for (int round = 0; round < 3; round++) /* the latest are still there, in any order */
        for (int i = 1999; i >= 2000 - LATEST; i -= 1 + round) {
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
    numbered_spec(spec, PATTERNS - 1);
    mgr_tile_program *p = mgr_tile_program_get(spec);
    forget_all();
    short_run r;
    CHECK(prepare(&r, p));
    mgr_tile_program_release(p);
    CHECK(execute(&r, PATTERNS - 1) && r.y[0] == 1 + LINKS);
    free(spec);
}

MG_TEST(tile_cache, other_kernels_are_other_programs) {
    const mgk_table *scalar = mgr_kernels_of(MGK_SCALAR);
    if (mgr_kernels() == scalar) SKIP("only one table can run here");
    mgr_tile_spec *spec = malloc(sizeof *spec);
    CHECK(spec != NULL);
    numbered_spec(spec, 1);
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
    for (int i = 0; i < FEW; i++) ask(spec, i);
    mgr_tile_get_stats(result);
    free(spec);
    return NULL;
}

/* A cache belongs to its thread and goes with it (the leak checker watches). */
MG_TEST(tile_cache, per_thread) {
    mgr_tile_stats before, after;
    mgr_tile_get_stats(&before);
    mgr_tile_stats theirs = {0};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, use_cache, &theirs) == 0);
    pthread_join(thread, NULL);
    mgr_tile_get_stats(&after);
    CHECK(theirs.programs_cached == FEW);
    CHECK(after.programs_cached == before.programs_cached);
}

MG_TEST(tile_cache, a_second_thread_plans_nothing) {
    mgr_tile_stats before, first = {0}, second = {0}, last = {0};
    pthread_t thread;
    forget_all();
    mgr_tile_get_stats(&before);
    CHECK_EQ_U64(before.shared_cached, 0);
    use_cache(&first);
    CHECK_EQ_U64(first.programs_planned - before.programs_planned, FEW);
    CHECK_EQ_U64(first.shared_hits, before.shared_hits);
    CHECK_EQ_U64(first.shared_cached, FEW);
    CHECK(pthread_create(&thread, NULL, use_cache, &second) == 0);
    pthread_join(thread, NULL);
    CHECK_EQ_U64(second.programs_planned, 0);
    CHECK_EQ_U64(second.shared_hits, FEW);
    CHECK_EQ_U64(second.programs_cached, FEW);
    CHECK_EQ_U64(second.shared_cached, FEW);
    mgr_tile_shared_clear(); /* what this thread has stays; the next one plans */
    use_cache(&last);
    CHECK_EQ_U64(last.programs_planned, first.programs_planned);
    CHECK_EQ_U64(last.shared_cached, 0);
    memset(&last, 0, sizeof last);
    CHECK(pthread_create(&thread, NULL, use_cache, &last) == 0);
    pthread_join(thread, NULL);
    CHECK_EQ_U64(last.programs_planned, FEW);
    CHECK_EQ_U64(last.shared_hits, 0);
}

/* Counts what it hands out, and overwrites what it gets back. */
static _Atomic int64_t handed_out;

static void *counting_alloc(size_t bytes, size_t alignment, void *context) {
    (void)context;
    void *p = NULL;
    if (posix_memalign(&p, alignment < sizeof(void *) ? sizeof(void *) : alignment, bytes)) return NULL;
    atomic_fetch_add(&handed_out, 1);
    return p;
}

static void scribbling_free(void *p, size_t bytes, void *context) {
    (void)context;
    memset(p, 0xdd, bytes);
    atomic_fetch_sub(&handed_out, 1);
    free(p);
}

static const mgr_allocator counting = {counting_alloc, scribbling_free, NULL};

/* 10^4 structures: the shared level keeps the latest 2048, and those asked for again. All memory comes back. */
static void *many_structures(void *context) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    mgr_tile_stats stats;
    bool *good = context;
    *good = spec != NULL;
    for (int i = 0; *good && i < 10000; i++) {
        *good = ask(spec, i);
        if (i % AGAIN == 0) { /* out of this thread's cache by now, if i > 0: asks the shared level */
            mgr_tile_cache_clear();
            *good = *good && ask(spec, 0);
        }
        mgr_tile_get_stats(&stats);
        uint64_t limit = i < MGR_TILE_SHARED_PROGRAMS ? (uint64_t)i + 1 : MGR_TILE_SHARED_PROGRAMS;
        *good = *good && stats.shared_cached == limit && stats.programs_planned == (uint64_t)i + 1;
        *good = *good && atomic_load(&handed_out) <= 1 + MGR_TILE_SHARED_PROGRAMS + MGR_TILE_PROGRAMS;
    }
    mgr_tile_cache_clear();
    uint64_t hits = stats.shared_hits;
    for (int i = 9999; *good && i > 10000 - MGR_TILE_SHARED_PROGRAMS; i--) *good = ask(spec, i);
    *good = *good && ask(spec, 0);
    mgr_tile_get_stats(&stats);
    *good = *good && stats.programs_planned == 10000 && stats.shared_hits == hits + MGR_TILE_SHARED_PROGRAMS;
    *good = *good && ask(spec, 1);
    mgr_tile_get_stats(&stats);
    *good = *good && stats.programs_planned == 10001;
    free(spec);
    return NULL;
}

MG_TEST(tile_cache, shared_level_is_bounded) {
    forget_all();
    bool good = false;
    pthread_t thread;
    atomic_store(&handed_out, 0); /* other tests may have left some of it in the pool */
    mgr_set_allocator(&counting);
    CHECK(pthread_create(&thread, NULL, many_structures, &good) == 0);
    pthread_join(thread, NULL);
    CHECK_EQ_I64(atomic_load(&handed_out), MGR_TILE_SHARED_PROGRAMS); /* the thread's cache went with it */
    mgr_tile_shared_clear();
    mgr_set_allocator(NULL);
    CHECK(good);
    CHECK_EQ_I64(atomic_load(&handed_out), 0);
}

static void *fill_shared(void *context) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    *(bool *)context = spec != NULL;
    for (int i = 100; spec && i < 101 + MGR_TILE_SHARED_PROGRAMS; i++) *(bool *)context &= ask(spec, i);
    free(spec);
    return NULL;
}

/* Other threads push a program out of the shared level, then its own thread out of its cache: a program that is held
 * and a run that is prepared stay whole. */
MG_TEST(tile_cache, evicted_while_in_use) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    CHECK(spec != NULL);
    short_run a, b;
    bool filled = false;
    pthread_t thread;
    forget_all();
    mgr_set_allocator(&counting);
    numbered_spec(spec, 5);
    mgr_tile_program *p = mgr_tile_program_get(spec);
    CHECK(prepare(&a, p));
    mgr_tile_program_release(p); /* only the run holds it */
    numbered_spec(spec, 6);
    mgr_tile_program *held = mgr_tile_program_get(spec);
    CHECK(pthread_create(&thread, NULL, fill_shared, &filled) == 0);
    pthread_join(thread, NULL);
    CHECK(filled);
    for (int i = 1000; i < 1000 + MGR_TILE_PROGRAMS; i++) CHECK(ask(spec, i));
    CHECK(execute(&a, 5));
    CHECK(prepare(&b, held));
    mgr_tile_program_release(held);
    forget_all();
    CHECK(execute(&b, 6));
    mgr_set_allocator(NULL);
    free(spec);
}

enum { RACERS = 4, ROUNDS = MGR_SIZE(100, 3) };

typedef struct race {
    pthread_barrier_t *barrier;
    uint64_t seed;
    mgr_tile_program *programs[ROUNDS]; /* held */
    mgr_tile_stats stats;
    bool good;
} race;

/* All ask for the same new structure at once, then all for any of many while the shared level is cleared. */
static void *run_race(void *context) {
    race *r = context;
    mgr_tile_spec *spec = malloc(sizeof *spec);
    mg_test_rng rng = mg_test_rng_from(r->seed);
    r->good = spec != NULL;
    short_run s;
    for (int i = 0; i < ROUNDS; i++) {
        if (spec) numbered_spec(spec, i);
        pthread_barrier_wait(r->barrier);
        r->programs[i] = spec ? mgr_tile_program_get(spec) : NULL;
        r->good = r->good && prepare(&s, r->programs[i]) && execute(&s, i);
    }
    mgr_tile_get_stats(&r->stats);
    pthread_barrier_wait(r->barrier);
    for (int k = 0; r->good && k < 5000; k++) {
        int i = (int)mg_test_int(&rng, 0, k % 100 < 50 ? 100 : PATTERNS - 1);
        numbered_spec(spec, i);
        mgr_tile_program *p = mgr_tile_program_get(spec);
        r->good = prepare(&s, p);
        mgr_tile_program_release(p);
        r->good = r->good && execute(&s, i);
        if (mg_test_int(&rng, 0, 999) == 0) mgr_tile_shared_clear();
        if (mg_test_int(&rng, 0, 499) == 0) mgr_tile_cache_clear();
    }
    free(spec);
    return NULL;
}

MG_TEST(tile_cache, races_for_new_structures) {
    static race races[RACERS];
    pthread_barrier_t barrier;
    pthread_t threads[RACERS];
    forget_all();
    CHECK(pthread_barrier_init(&barrier, NULL, RACERS) == 0);
    for (int t = 0; t < RACERS; t++) {
        races[t] = (race){.barrier = &barrier, .seed = mg_test_seed() + (uint64_t)t};
        CHECK(pthread_create(&threads[t], NULL, run_race, &races[t]) == 0);
    }
    for (int t = 0; t < RACERS; t++) pthread_join(threads[t], NULL);
    pthread_barrier_destroy(&barrier);
    uint64_t planned = 0, hits = 0;
    for (int t = 0; t < RACERS; t++) {
        CHECK_MSG(races[t].good, "thread %d", t);
        CHECK_EQ_U64(races[t].stats.shared_cached, ROUNDS);
        planned += races[t].stats.programs_planned;
        hits += races[t].stats.shared_hits;
        for (int i = 0; i < ROUNDS; i++) { /* all got the same body; released on a thread that never had it */
            CHECK_MSG(races[t].programs[i] == races[0].programs[i], "structure %d", i);
            if (t) mgr_tile_program_release(races[t].programs[i]);
        }
    }
    for (int i = 0; i < ROUNDS; i++) mgr_tile_program_release(races[0].programs[i]);
    CHECK_EQ_U64(planned + hits, RACERS * ROUNDS);
    CHECK_MSG(planned >= ROUNDS, "planned %llu", (unsigned long long)planned);
}

static atomic_bool asking;

static void *keep_asking(void *context) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    (void)context;
    for (int i = 0; spec && atomic_load(&asking); i++) ask(spec, i % PATTERNS);
    free(spec);
    return NULL;
}

/* A child finds the shared level whole and its lock free, whatever other threads did when it was made. */
MG_TEST(tile_cache, fork_while_others_ask) {
    mgr_tile_spec *spec = malloc(sizeof *spec);
    CHECK(spec != NULL);
    pthread_t thread;
    atomic_store(&asking, true);
    fork_memory_begin();
    CHECK(pthread_create(&thread, NULL, keep_asking, NULL) == 0);
    for (int round = 0; round < 20; round++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            mgr_tile_cache_clear();
            bool good = true;
            for (int i = 0; i < 100; i++) good = good && ask(spec, i);
            _exit(good ? 0 : 1);
        }
        int status = -1;
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        CHECK_EQ_I64(status, 0);
    }
    atomic_store(&asking, false);
    pthread_join(thread, NULL);
    fork_memory_end();
    free(spec);
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
    forget_all();
    mgr_trim();
    mgr_memory_get_stats(&before);
    int failures = 0;
    for (int n = 0; n < 12; n++) {
        attempt a = {.failures_after = n};
        mgr_tile_shared_clear(); /* the thread has to plan */
        pthread_t thread;        /* a new one has no cache and no pool of its own */
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
