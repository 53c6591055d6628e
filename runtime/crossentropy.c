/* SPDX-License-Identifier: MIT
 * Softmax and the mean of its cross-entropy with given classes, rows in parallel. Exponentials and logarithms are the
 * library's map kernels, sums have the fixed order of its reductions; so the bits are the same on every ISA and for any
 * number of threads. */
#include "runtime/cpu.h"
#include "runtime/fpenv.h"
#include "runtime/memory.h"
#include "runtime/parallel.h"
#include "runtime/rows.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

#include "mgk_ops.h"

#include <string.h>

typedef struct job {
    int64_t n, classes;
    const void *x, *g;
    void *p, *losses, *sums;
    const int64_t *labels;
} job;

#define T       float
#define F(name) name##_f32
#define DTYPE   MG_F32
#include "runtime/crossentropy_body.h"

#define T       double
#define F(name) name##_f64
#define DTYPE   MG_F64
#include "runtime/crossentropy_body.h"

static int64_t grain(int64_t classes) { return MGR_CROSSENTROPY_GRAIN / classes + 1; }

/* j->losses and j->sums hold n elements each. */
static void forward_f32(job *j, float *loss) {
    mgr_parallel_for(j->n, grain(j->classes), rows_f32, j);
    *loss = tree_sum_f32(mgr_kernels(), j->losses, j->n) / (float)j->n;
}

static void forward_f64(job *j, double *loss) {
    mgr_parallel_for(j->n, grain(j->classes), rows_f64, j);
    *loss = tree_sum_f64(mgr_kernels(), j->losses, j->n) / (double)j->n;
}

static bool is_half(mg_dtype dtype) { return dtype == MG_F16 || dtype == MG_BF16; }

static mg_status check(mg_dtype dtype, int64_t classes) {
    if (!mg_dtype_is_float(dtype))
        return mgr_fail(MG_ERR_TYPE, "softmax_crossentropy", "scores are %s, not floats", mg_dtype_name(dtype));
    if (classes < 1)
        return mgr_fail(MG_ERR_VALUE, "softmax_crossentropy", "there are %lld classes", (long long)classes);
    return MG_OK;
}

mg_status mgr_crossentropy_forward(mg_dtype dtype, int64_t n, int64_t classes, const void *x, const int64_t *labels,
                                   void *p, void *loss) {
    MGR_TRY(check(dtype, classes));
    bool half = is_half(dtype);
    size_t item = half ? sizeof(float) : mg_dtype_size(dtype), rows = (size_t)n, elements = rows * (size_t)classes;
    mgr_buffer *scratch = mgr_buffer_new(item * (2 * rows + (half ? elements : 0)));
    if (!scratch) return mgr_error();
    char *base = scratch->data;
    job j = {.n = n, .classes = classes, .x = x, .p = p, .losses = base, .sums = base + item * rows, .labels = labels};
    mgr_fpenv env = mgr_fpenv_enter();
    if (half) {
        const mgk_converts *to = mgr_kernels()->converts;
        float mean;
        j.p = base + 2 * item * rows;
        to->to[dtype][MG_F32](elements, j.p, x);
        j.x = j.p; /* rows are read before they are overwritten */
        forward_f32(&j, &mean);
        to->to[MG_F32][dtype](elements, p, j.p);
        to->to[MG_F32][dtype](1, loss, &mean);
    } else if (dtype == MG_F32) {
        forward_f32(&j, loss);
    } else {
        forward_f64(&j, loss);
    }
    mgr_fpenv_leave(env);
    mgr_buffer_release(scratch);
    return MG_OK;
}

static mg_status backward_half(mg_dtype dtype, job *j, const void *p, const void *g, void *dx) {
    size_t elements = (size_t)j->n * (size_t)j->classes;
    const mgk_converts *to = mgr_kernels()->converts;
    float wide;
    mgr_buffer *scratch = mgr_buffer_new(sizeof(float) * elements);
    if (!scratch) return mgr_error();
    to->to[dtype][MG_F32](elements, scratch->data, p);
    to->to[dtype][MG_F32](1, &wide, g);
    j->x = j->p = scratch->data;
    j->g = &wide;
    mgr_parallel_for(j->n, grain(j->classes), gradient_rows_f32, j);
    to->to[MG_F32][dtype](elements, dx, scratch->data);
    mgr_buffer_release(scratch);
    return MG_OK;
}

mg_status mgr_crossentropy_backward(mg_dtype dtype, int64_t n, int64_t classes, const void *p, const int64_t *labels,
                                    const void *g, void *dx) {
    MGR_TRY(check(dtype, classes));
    job j = {.n = n, .classes = classes, .x = p, .g = g, .p = dx, .labels = labels};
    mgr_fpenv env = mgr_fpenv_enter();
    mg_status status = MG_OK;
    if (is_half(dtype))
        status = backward_half(dtype, &j, p, g, dx);
    else
        mgr_parallel_for(n, grain(classes), dtype == MG_F32 ? gradient_rows_f32 : gradient_rows_f64, &j);
    mgr_fpenv_leave(env);
    return status;
}
