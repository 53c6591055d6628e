/* SPDX-License-Identifier: MIT
 * The floating-point environment: what the caller had set is gone inside and back afterwards, on this thread and on
 * workers. */
#include "harness.h"
#include "runtime/fpenv.h"
#include "runtime/linalg.h"
#include "runtime/parallel.h"

#include <fenv.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define FLUSHING 0x8040u
static unsigned control(void) { return _mm_getcsr(); }
static void set_control(unsigned value) { _mm_setcsr(value); }
#elif defined(__aarch64__)
#define FLUSHING (1u << 24)
static unsigned control(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return (unsigned)value;
}
static void set_control(unsigned value) { __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)value)); }
#endif

#ifdef FLUSHING
/* Half of the smallest normal number, and 1 plus a bit more than half an ULP, computed at run time. */
static bool denormals_live(void) {
    volatile double tiny = DBL_MIN;
    volatile double half = tiny * 0.5;
    return half > 0;
}

static bool rounds_to_nearest(void) {
    volatile double one = 1, little = DBL_EPSILON * 0.75;
    volatile double up = one + little, down = -one - little;
    return up == 1 + DBL_EPSILON && down == -1 - DBL_EPSILON;
}

MG_TEST(fpenv, nothing_to_do) {
    unsigned before = control();
    mgr_fpenv env = mgr_fpenv_enter();
    CHECK(!env.changed);
    CHECK_EQ_U64(control(), before);
    mgr_fpenv_leave(env);
    CHECK_EQ_U64(control(), before);
}

MG_TEST(fpenv, callers_modes_are_set_aside) {
    unsigned before = control();
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
    for (int flush = 0; flush < 2; flush++)
        for (int k = 0; k < 4; k++) {
            fesetround(modes[k]);
            if (flush) set_control(control() | FLUSHING);
            unsigned callers = control();
            bool odd = flush || modes[k] != FE_TONEAREST;
            mgr_fpenv env = mgr_fpenv_enter();
            bool canonical = denormals_live() && rounds_to_nearest();
            mgr_fpenv_leave(env);
            unsigned after = control();
            set_control(before);
            fesetround(FE_TONEAREST);
            CHECK_EQ_I64(env.changed, odd);
            CHECK(canonical);
            if (odd) CHECK_EQ_U64(after, callers);
        }
    set_control(before);
}

MG_TEST(fpenv, flush_mode) {
    mgr_fpenv_set_flush_denormals(true);
    mgr_fpenv env = mgr_fpenv_enter();
    bool flushes = !denormals_live(), nearest = rounds_to_nearest();
    mgr_fpenv_leave(env);
    mgr_fpenv_set_flush_denormals(false);
    CHECK(env.changed && flushes && nearest);
    CHECK(denormals_live());
}

static void look(int64_t begin, int64_t end, int worker, void *context) {
    (void)worker;
    for (int64_t i = begin; i < end; i++) ((bool *)context)[i] = denormals_live() && rounds_to_nearest();
}

MG_TEST(fpenv, canonical_on_every_worker) {
    enum { N = 64 };
    bool canonical[N] = {false};
    unsigned before = control();
    mgr_set_num_threads(4);
    set_control(before | FLUSHING); /* new threads inherit it */
    fesetround(FE_UPWARD);
    mgr_parallel_for(N, 1, look, canonical);
    mgr_parallel_for(1, 100, look, canonical); /* serial */
    fesetround(FE_TONEAREST);
    set_control(before);
    mgr_set_num_threads(0);
    for (int i = 0; i < N; i++) CHECK_MSG(canonical[i], "element %d", i);
}

/* How many elements of (denormals x identity), of *all, came out as zero. Large enough for a library to use all its
 * threads. */
static int64_t flushed_by_matmul(mg_dtype dtype, int64_t *all) {
    const int64_t N = strcmp(mgr_linalg_backend(dtype), "own") == 0 ? 16 : 512;
    size_t item = mg_dtype_size(dtype), bytes = (size_t)(N * N) * item;
    unsigned char *a = malloc(bytes), *eye = calloc((size_t)(N * N), item), *c = malloc(bytes), *zero = calloc(1, item);
    CHECK(a && eye && c && zero);
    for (int64_t i = 0; i < N * N; i++) {
        float little = FLT_MIN / 2;
        double tiny = DBL_MIN / 2;
        memcpy(a + (size_t)i * item, dtype == MG_F32 ? (void *)&little : (void *)&tiny, item);
    }
    for (int64_t i = 0; i < N; i++) {
        float one = 1;
        double wide_one = 1;
        memcpy(eye + (size_t)(i * N + i) * item, dtype == MG_F32 ? (void *)&one : (void *)&wide_one, item);
    }
    int64_t row = N * (int64_t)item, column = (int64_t)item, zeros = 0;
    mgr_matmul args = {
        dtype, N, N, N, 0, NULL, {a, row, column, NULL}, {eye, row, column, NULL}, {c, row, column, NULL}};
    mg_status status = mgr_matmul_run(&args);
    for (size_t i = 0; i < (size_t)(N * N); i++) zeros += memcmp(c + i * item, zero, item) == 0;
    free(a);
    free(eye);
    free(c);
    free(zero);
    CHECK_EQ_I64(status, MG_OK);
    *all = N * N;
    return zeros;
}

/* Workers are started by a thread that flushes, and inherit that; then the mode is set and unset under them. */
MG_TEST(fpenv, libraries_compute_canonically_on_every_thread) {
    static const mg_dtype dtypes[] = {MG_F32, MG_F64};
    enum { N = 64 };
    bool canonical[N];
    int64_t all;
    unsigned before = control();
    mgr_set_num_threads(3); /* so that the team is a new one */
    set_control(before | FLUSHING);
    mgr_parallel_for(N, 1, look, canonical);
    set_control(before);
    for (int i = 0; i < 2; i++) CHECK_EQ_I64(flushed_by_matmul(dtypes[i], &all), 0);
    for (int i = 0; i < 2; i++) {
        mgr_fpenv_set_flush_denormals(true);
        int64_t flushed = flushed_by_matmul(dtypes[i], &all);
        mgr_fpenv_set_flush_denormals(false);
        CHECK_EQ_I64(flushed, all);
        CHECK_EQ_I64(flushed_by_matmul(dtypes[i], &all), 0);
    }
    CHECK_EQ_U64(control() & FLUSHING, before & FLUSHING);
    mgr_set_num_threads(0);
}
#endif
