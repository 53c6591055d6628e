/* SPDX-License-Identifier: MIT
 * Dense copies of batches of matrices, with a change of dtype where one is asked for. What is packed when, linalg.c
 * decides. */
#include "runtime/pack.h"
#include "runtime/cpu.h"
#include "runtime/parallel.h"
#include "runtime/sizes.h"

#include <stdlib.h>
#include <string.h>

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

/* log2 of an element's size: the index of the move kernels. */
static int width_of(size_t item) { return item == 1 ? 0 : item == 2 ? 1 : item == 4 ? 2 : 3; }

/* n elements of one line; strides in bytes. */
static void copy_line(const mgk_moves *moves, int64_t n, size_t item, char *to, int64_t to_step, const char *from,
                      int64_t from_step) {
    if (to_step == (int64_t)item && from_step == (int64_t)item)
        memcpy(to, from, (size_t)n * item);
    else if (to_step == (int64_t)item)
        moves->gather[width_of(item)]((size_t)n, to, from, from_step);
    else if (from_step == (int64_t)item)
        moves->scatter[width_of(item)]((size_t)n, to, to_step, from);
    else
        for (int64_t i = 0; i < n; i++) memcpy(to + i * to_step, from + i * from_step, item);
}

/* The same with another dtype, some elements at a time between dense stretches. */
static void convert_line(const mgk_table *table, int64_t n, mg_dtype to_dtype, char *to, int64_t to_step,
                         mg_dtype from_dtype, const char *from, int64_t from_step) {
    size_t to_item = mg_dtype_size(to_dtype), from_item = mg_dtype_size(from_dtype);
    mgk_convert_fn *convert = table->converts->to[from_dtype][to_dtype];
    _Alignas(64) char in[MGR_PACK_STRETCH * 8], out[MGR_PACK_STRETCH * 8];
    if (to_step == (int64_t)to_item && from_step == (int64_t)from_item) {
        convert((size_t)n, to, from);
        return;
    }
    for (int64_t at = 0; at < n; at += MGR_PACK_STRETCH) {
        int64_t count = n - at < MGR_PACK_STRETCH ? n - at : MGR_PACK_STRETCH;
        copy_line(table->moves, count, from_item, in, (int64_t)from_item, from + at * from_step, from_step);
        convert((size_t)count, out, in);
        copy_line(table->moves, count, to_item, to + at * to_step, to_step, out, (int64_t)to_item);
    }
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
    const mgk_table *table = mgr_kernels();
    size_t item = mg_dtype_size(j->to_dtype);
    (void)worker;
    for (int64_t u = begin; u < end; u++) {
        char *to;
        const char *from;
        locate(j, u / j->lines, &to, &from);
        to += u % j->lines * j->to_line;
        from += u % j->lines * j->from_line;
        if (j->to_dtype == j->from_dtype)
            copy_line(table->moves, j->length, item, to, j->to_step, from, j->from_step);
        else
            convert_line(table, j->length, j->to_dtype, to, j->to_step, j->from_dtype, from, j->from_step);
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
    mgr_parallel_for(matrices * j.lines, MGR_PACK_GRAIN / j.length + 1, lines_body, &j);
}
