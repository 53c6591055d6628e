/* SPDX-License-Identifier: MIT
 * Scans over rows (blocks side by side, then what came before them) and over columns (a stretch of them at a time). The
 * blocks are those of reductions, so neither the number of threads nor the layout decides a bit. */
#include "runtime/scan.h"

#include "kernels/kernel.h"
#include "runtime/fpenv.h"
#include "runtime/parallel.h"
#include "runtime/sizes.h"

#include <string.h>

enum { SIDE_BY_SIDE = 8 };

typedef struct job {
    const mgr_scan *scan;
    int lag;
    double fill;
    int64_t blocks;    /* of a row */
    int64_t stretches; /* of a row of columns */
    const void *x, *b;
    void *y;
} job;

/* Where block i of all rows begins, in the direction of the scan, and its length. */
static int64_t block_start(const job *j, int64_t i, int64_t block, int64_t *n) {
    const int64_t length = j->scan->length, row = i / j->blocks, k = i % j->blocks * block;
    *n = length - k < block ? length - k : block;
    return row * length + (j->scan->reverse ? length - 1 - k : k);
}

/* Where stretch i begins: its first column's first element, in the direction of the scan; and how many columns. */
static int64_t stretch_start(const job *j, int64_t i, int64_t *width) {
    const int64_t inner = j->scan->inner, outer = i / j->stretches, column = i % j->stretches * MGR_SCAN_STRETCH;
    *width = inner - column < MGR_SCAN_STRETCH ? inner - column : MGR_SCAN_STRETCH;
    return (outer * j->scan->length + (j->scan->reverse ? j->scan->length - 1 : 0)) * inner + column;
}

static void run_stretches(job *j, mgr_parallel_body *body) {
    const mgr_scan *scan = j->scan;
    j->stretches = (scan->inner + MGR_SCAN_STRETCH - 1) / MGR_SCAN_STRETCH;
    const int64_t width = scan->inner < MGR_SCAN_STRETCH ? scan->inner : MGR_SCAN_STRETCH;
    mgr_parallel_for(scan->outer * j->stretches, MGR_SCAN_GRAIN / (scan->length * width) + 1, body, j);
}

#define T          uint64_t
#define F(name)    name##_sum_u64
#define STEP(a, b) ((a) + (b))
#include "runtime/scan_body.h"

#define T          uint64_t
#define F(name)    name##_product_u64
#define STEP(a, b) ((a) * (b))
#include "runtime/scan_body.h"

#define T          float
#define F(name)    name##_sum_f32
#define STEP(a, b) ((a) + (b))
#include "runtime/scan_body.h"

#define T          float
#define F(name)    name##_product_f32
#define STEP(a, b) ((a) * (b))
#include "runtime/scan_body.h"

#define T          double
#define F(name)    name##_sum_f64
#define STEP(a, b) ((a) + (b))
#include "runtime/scan_body.h"

#define T          double
#define F(name)    name##_product_f64
#define STEP(a, b) ((a) * (b))
#include "runtime/scan_body.h"

#define T       float
#define F(name) name##_f32
#include "runtime/scan_recurrence.h"

#define T       double
#define F(name) name##_f64
#include "runtime/scan_recurrence.h"

static bool is_empty(const mgr_scan *scan) { return scan->outer == 0 || scan->length == 0 || scan->inner == 0; }

/* Signed integers are added and multiplied as unsigned ones: the same bits, and they may wrap. */
static void run(const mgr_scan *scan, const void *x, void *y, void (*const by_type[3])(job *)) {
    job j = {.scan = scan, .x = x, .y = y};
    if (is_empty(scan)) return;
    mgr_fpenv env = mgr_fpenv_enter();
    by_type[scan->dtype == MG_F64 ? 2 : scan->dtype == MG_F32](&j);
    mgr_fpenv_leave(env);
}

void mgr_scan_sum(const mgr_scan *scan, const void *x, void *y) {
    run(scan, x, y, (void (*const[])(job *)){scan_sum_u64, scan_sum_f32, scan_sum_f64});
}

void mgr_scan_product(const mgr_scan *scan, const void *x, void *y) {
    run(scan, x, y, (void (*const[])(job *)){scan_product_u64, scan_product_f32, scan_product_f64});
}

void mgr_scan_recurrence(const mgr_scan *scan, int lag, const void *a, const void *b, void *y) {
    job j = {.scan = scan, .lag = lag, .x = a, .b = b, .y = y};
    if (is_empty(scan)) return;
    mgr_fpenv env = mgr_fpenv_enter();
    run_stretches(&j, scan->dtype == MG_F32 ? recurrence_f32 : recurrence_f64);
    mgr_fpenv_leave(env);
}

void mgr_scan_shift(const mgr_scan *scan, double fill, const void *x, void *y) {
    job j = {.scan = scan, .fill = fill, .x = x, .y = y};
    if (is_empty(scan)) return;
    mgr_parallel_for(scan->outer, MGR_SCAN_GRAIN / (scan->length * scan->inner) + 1,
                     scan->dtype == MG_F32 ? shift_f32 : shift_f64, &j);
}
