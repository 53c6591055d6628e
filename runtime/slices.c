/* SPDX-License-Identifier: MIT
 * Counting slices and running them on the team; what a slice is, linalg.c and linalg_conv.c know. */
#include "runtime/slices.h"
#include "runtime/parallel.h"
#include "runtime/status.h"

#include <limits.h>
#include <stdatomic.h>

int64_t mgr_slice_count(double work, int64_t most) {
    if (most > MGR_SLICES) most = MGR_SLICES;
    int64_t count = work < MGR_SLICE_WORK * (double)most ? (int64_t)(work / MGR_SLICE_WORK) : most;
    return count >= 8 ? count / 8 * 8 : count >= 4 ? 4 : count >= 2 ? 2 : 1;
}

int64_t mgr_slice_begin(int64_t n, int64_t step, int64_t count, int64_t i) {
    return i == count ? n : n / step * i / count * step;
}

typedef struct slices {
    mgr_slice_fn *run;
    const void *context;
    mg_status status;         /* of the caller's own */
    _Atomic uint64_t failing; /* a bit for each that failed elsewhere */
} slices;

static void slices_body(int64_t begin, int64_t end, int worker, void *context) {
    slices *s = context;
    for (int64_t i = begin; i < end; i++) {
        mg_status status = worker == 0 && s->status != MG_OK ? s->status : s->run(i, s->context);
        if (status == MG_OK) continue;
        if (worker == 0) {
            s->status = status;
        } else {
            (void)mgr_error_take(NULL);
            atomic_fetch_or(&s->failing, (uint64_t)1 << i);
        }
    }
}

mg_status mgr_slices_run(int64_t count, mgr_slice_fn *run, const void *context) {
    slices s = {.run = run, .context = context, .status = MG_OK};
    mgr_parallel_each(count, INT_MAX, slices_body, &s);
    uint64_t failing = atomic_load(&s.failing);
    for (int64_t i = 0; i < count && s.status == MG_OK; i++)
        if (failing >> i & 1) s.status = run(i, context);
    return s.status;
}
