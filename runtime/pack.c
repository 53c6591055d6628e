/* SPDX-License-Identifier: MIT
 * Dense copies of batches of matrices, with a change of dtype where one is asked for. What is packed when, linalg.c
 * decides. */
#include "runtime/pack.h"
#include "runtime/dtype.h"
#include "runtime/parallel.h"

#include <stdlib.h>
#include <string.h>

#define GRAIN_ELEMENTS 65536

size_t mgr_pack_plan(mgr_pack_view *dense, const mgr_pack_view *from, int ndim, const int64_t *batch, int64_t rows,
                     int64_t cols, size_t item, bool by_rows) {
    int64_t size = (int64_t)item, total = size * rows * cols;
    dense->data = NULL;
    dense->row = by_rows ? cols * size : size;
    dense->col = by_rows ? size : rows * size;
    for (int d = ndim - 1; d >= 0; d--) {
        bool shared = from->batch[d] == 0;
        dense->batch[d] = shared ? 0 : total;
        if (!shared) total *= batch[d];
    }
    return (size_t)total;
}

/* n elements of one line; strides in bytes. */
static void copy_line(int64_t n, size_t item, char *to, int64_t to_step, const char *from, int64_t from_step) {
    if (to_step == (int64_t)item && from_step == (int64_t)item) {
        memcpy(to, from, (size_t)n * item);
        return;
    }
    switch (item) {
    case 1:
        for (int64_t i = 0; i < n; i++) to[i * to_step] = from[i * from_step];
        return;
    case 2:
        for (int64_t i = 0; i < n; i++) memcpy(to + i * to_step, from + i * from_step, 2);
        return;
    case 4:
        for (int64_t i = 0; i < n; i++) memcpy(to + i * to_step, from + i * from_step, 4);
        return;
    default:
        for (int64_t i = 0; i < n; i++) memcpy(to + i * to_step, from + i * from_step, 8);
        return;
    }
}

static void convert_line(int64_t n, mg_dtype to_dtype, char *to, int64_t to_step, mg_dtype from_dtype, const char *from,
                         int64_t from_step) {
    for (int64_t i = 0; i < n; i++)
        mgr_set_f64(to_dtype, to + i * to_step, mgr_get_f64(from_dtype, from + i * from_step));
}

typedef struct job {
    int ndim;
    const int64_t *batch;
    int64_t lines, length, to_line, to_step, from_line, from_step;
    mg_dtype to_dtype, from_dtype;
    const mgr_pack_view *to, *from;
} job;

/* Matrix `number` in the order of the batch axes that are not shared in `to`: where it starts in both. */
static void locate(const job *j, int64_t number, char **to, const char **from) {
    *to = j->to->data;
    *from = j->from->data;
    for (int d = j->ndim - 1; d >= 0; d--) {
        if (j->to->batch[d] == 0) continue;
        int64_t at = number % j->batch[d];
        number /= j->batch[d];
        *to += at * j->to->batch[d];
        *from += at * j->from->batch[d];
    }
}

static void lines_body(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    (void)worker;
    for (int64_t u = begin; u < end; u++) {
        char *to;
        const char *from;
        locate(j, u / j->lines, &to, &from);
        to += u % j->lines * j->to_line;
        from += u % j->lines * j->from_line;
        if (j->to_dtype == j->from_dtype)
            copy_line(j->length, mg_dtype_size(j->to_dtype), to, j->to_step, from, j->from_step);
        else
            convert_line(j->length, j->to_dtype, to, j->to_step, j->from_dtype, from, j->from_step);
    }
}

void mgr_pack_copy(int ndim, const int64_t *batch, int64_t rows, int64_t cols, mg_dtype to_dtype,
                   const mgr_pack_view *to, mg_dtype from_dtype, const mgr_pack_view *from) {
    bool by_rows = llabs(to->col) <= llabs(to->row);
    job j = {.ndim = ndim, .batch = batch, .to_dtype = to_dtype, .from_dtype = from_dtype, .to = to, .from = from};
    j.lines = by_rows ? rows : cols;
    j.length = by_rows ? cols : rows;
    j.to_line = by_rows ? to->row : to->col;
    j.to_step = by_rows ? to->col : to->row;
    j.from_line = by_rows ? from->row : from->col;
    j.from_step = by_rows ? from->col : from->row;
    int64_t matrices = 1;
    for (int d = 0; d < ndim; d++)
        if (to->batch[d] != 0) matrices *= batch[d];
    if (j.lines == 0 || j.length == 0) return;
    mgr_parallel_for(matrices * j.lines, GRAIN_ELEMENTS / j.length + 1, lines_body, &j);
}
