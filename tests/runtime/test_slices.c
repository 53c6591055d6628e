/* SPDX-License-Identifier: MIT
 * Slices: how many, where they begin, what becomes of one that fails on another thread; and the same bits for any
 * number of threads, in builds of every kind (tests/linking/back_end_teams.c has the values, and more shapes). */
#include "harness.h"
#include "runtime/dtype.h"
#include "runtime/linalg.h"
#include "runtime/parallel.h"
#include "runtime/slices.h"
#include "runtime/status.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

MG_TEST(slices, counts) {
    CHECK_EQ_I64(mgr_slice_count(0, 100), 1);
    CHECK_EQ_I64(mgr_slice_count(1e12, 0), 1);
    CHECK_EQ_I64(mgr_slice_count(2.9 * MGR_SLICE_WORK, 100), 2);
    CHECK_EQ_I64(mgr_slice_count(7.9 * MGR_SLICE_WORK, 100), 4);
    CHECK_EQ_I64(mgr_slice_count(31.9 * MGR_SLICE_WORK, 100), 24);
    CHECK_EQ_I64(mgr_slice_count(1e30, 7), 4);
    CHECK_EQ_I64(mgr_slice_count(1e30, 1000000), MGR_SLICES);
}

MG_TEST(slices, lie_end_to_end) {
    mg_test_rng rng = mg_test_rng_new();
    for (int t = 0; t < mg_test_times(2000); t++) {
        int64_t step = mg_test_int(&rng, 1, 64), count = mg_test_int(&rng, 1, MGR_SLICES);
        int64_t n = mg_test_int(&rng, step * count, 10000 + step * count), at = 0;
        CHECK_EQ_I64(mgr_slice_begin(n, step, count, 0), 0);
        for (int64_t i = 1; i <= count; i++) {
            int64_t end = mgr_slice_begin(n, step, count, i);
            CHECK_MSG(end > at && (end % step == 0 || i == count), "slice %lld of %lld over %lld by %lld ends at %lld",
                      (long long)i, (long long)count, (long long)n, (long long)step, (long long)end);
            at = end;
        }
        CHECK_EQ_I64(at, n);
    }
}

typedef struct failing {
    pthread_t caller;
    bool always; /* also on the caller */
    _Atomic int *done;
    _Atomic int *failures;
} failing;

static mg_status run_failing(int64_t slice, const void *context) {
    const failing *f = context;
    bool here = pthread_equal(pthread_self(), f->caller);
    if (!here || (f->always && slice == 5)) {
        atomic_fetch_add(f->failures, 1);
        return mgr_fail(MG_ERR_NO_MEMORY, "slice", "slice %d", (int)slice);
    }
    usleep(200); /* so that others come */
    atomic_fetch_add(&f->done[slice], 1);
    return MG_OK;
}

MG_TEST(slices, one_that_fails_elsewhere_is_run_here) {
    enum { COUNT = 40 };
    _Atomic int done[COUNT], failures = 0;
    mgr_set_num_threads(4);
    for (int always = 0; always < 2; always++) {
        for (int i = 0; i < COUNT; i++) done[i] = 0;
        failing f = {pthread_self(), always, done, &failures};
        mg_status status = mgr_slices_run(COUNT, run_failing, &f);
        CHECK_EQ_I64(status, always ? MG_ERR_NO_MEMORY : MG_OK);
        CHECK_EQ_I64(mgr_error(), status);
        mgr_error_record record;
        if (mgr_error_take(&record)) CHECK_EQ_STR(record.message, "slice 5");
        for (int i = 0; i < COUNT && !always; i++) CHECK_EQ_I64(done[i], 1);
    }
    mgr_set_num_threads(0);
}

/* By rows, by columns, by the batch: bits with 2 and 3 threads as with one. */
MG_TEST(slices, bits_do_not_depend_on_threads) {
    static const mg_dtype dtypes[] = {MG_F32, MG_F64, MG_BF16};
    static const int64_t shapes[][4] = {{1, 517, 310, 200}, {1, 30, 1500, 600}, {21, 50, 50, 70}};
    mg_test_rng rng = mg_test_rng_new();
    for (int s = 0; s < 9; s++) {
        const int64_t *v = shapes[s / 3];
        mg_dtype dtype = dtypes[s % 3];
        int64_t item = (int64_t)mg_dtype_size(dtype),
                steps[3] = {v[1] * v[3] * item, v[3] * v[2] * item, v[1] * v[2] * item};
        int64_t count = v[0] * v[1] * v[2];
        char *a = malloc((size_t)(v[0] * steps[0])), *b = malloc((size_t)(v[0] * steps[1])), *c[3];
        for (int64_t i = 0; i < v[0] * v[1] * v[3]; i++) mgr_set_f64(dtype, a + i * item, mg_test_normal(&rng));
        for (int64_t i = 0; i < v[0] * v[3] * v[2]; i++) mgr_set_f64(dtype, b + i * item, mg_test_normal(&rng));
        for (int t = 0; t < 3; t++) {
            c[t] = malloc((size_t)(count * item));
            mgr_set_num_threads(t + 1);
            mgr_matmul args = {dtype,
                               v[1],
                               v[2],
                               v[3],
                               1,
                               v,
                               {a, v[3] * item, item, &steps[0]},
                               {b, v[2] * item, item, &steps[1]},
                               {c[t], v[2] * item, item, &steps[2]}};
            CHECK_EQ_I64(mgr_matmul_run(&args), MG_OK);
            CHECK_EQ_MEM(c[0], c[t], (size_t)(count * item));
        }
        mgr_set_num_threads(0);
        free(a), free(b), free(c[0]), free(c[1]), free(c[2]);
    }
}
