/* SPDX-License-Identifier: MIT
 * Matrix products and convolutions: which back end, in which shape. Strides that a back end would silently be slow on
 * are packed, batches are coalesced, f16 (and bf16 without hardware) goes through f32. The arithmetic itself is in
 * onednn.c, blas.c, gemm.c, im2col.c. */
#include "runtime/linalg.h"
#include "runtime/fpenv.h"
#include "runtime/memory.h"
#include "runtime/pack.h"
#include "runtime/parallel.h"
#include "runtime/products.h"
#include "runtime/sizes.h"
#include "runtime/slices.h"
#include "runtime/status.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Up to this many multiplications our own loops are done before oneDNN has found its primitive, or BLAS has unpacked
 * its arguments [measured]. */
#define TINY_FOR_ONEDNN 512
#define TINY_FOR_BLAS   216

static _Thread_local uint64_t packed_operands;

/* The problem while it is being put into shape: strides in bytes, batch axes shared by all three. */
typedef struct shaped {
    mg_dtype dtype;
    int64_t m, n, k;
    int ndim;
    int64_t batch[MG_MAX_NDIM];
    mgr_pack_view a, b, c;
} shaped;

static size_t item_of(const shaped *s) { return mg_dtype_size(s->dtype); }

bool mgr_stride_is_dense(int64_t rows, int64_t cols, int64_t row, int64_t col) {
    return (col == 1 && row >= (cols > 1 ? cols : 1)) || (row == 1 && col >= (rows > 1 ? rows : 1));
}

/* Lines of length one have free strides: give them the ones that look dense. */
static void settle_strides(mgr_pack_view *v, int64_t rows, int64_t cols, int64_t item) {
    if (cols == 1 && rows == 1)
        v->row = v->col = item;
    else if (cols == 1 && v->row == item)
        v->col = rows * item;
    else if (cols == 1)
        v->col = item;
    else if (rows == 1 && v->col == item)
        v->row = cols * item;
    else if (rows == 1)
        v->row = item;
}

static bool is_dense(const mgr_pack_view *v, int64_t rows, int64_t cols, int64_t item) {
    return v->row % item == 0 && v->col % item == 0 && mgr_stride_is_dense(rows, cols, v->row / item, v->col / item);
}

/* c^T = b^T a^T. */
static void transpose_problem(shaped *s) {
    mgr_pack_view a = s->a;
    int64_t m = s->m;
    s->a = s->b;
    s->b = a;
    s->m = s->n;
    s->n = m;
    for (mgr_pack_view *v = &s->a;; v = v == &s->a ? &s->b : &s->c) {
        int64_t row = v->row;
        v->row = v->col;
        v->col = row;
        if (v == &s->c) break;
    }
}

static void shape_problem(shaped *s, const mgr_matmul *args) {
    const mgr_matrix *from[3] = {&args->a, &args->b, &args->c};
    mgr_pack_view *to[3] = {&s->a, &s->b, &s->c};
    s->dtype = args->dtype;
    s->m = args->m;
    s->n = args->n;
    s->k = args->k;
    s->ndim = args->batch_ndim;
    for (int i = 0; i < 3; i++) {
        to[i]->data = from[i]->data;
        to[i]->row = from[i]->row_stride;
        to[i]->col = from[i]->col_stride;
        for (int d = 0; d < s->ndim; d++) to[i]->batch[d] = from[i]->batch_strides[d];
    }
    for (int d = 0; d < s->ndim; d++) s->batch[d] = args->batch[d];
    int64_t item = (int64_t)item_of(s);
    settle_strides(&s->a, s->m, s->k, item);
    settle_strides(&s->b, s->k, s->n, item);
    settle_strides(&s->c, s->m, s->n, item);
    if (s->c.col != item && s->c.row == item) transpose_problem(s);
}

/* Batch axes that all three operands walk as one become one; axes of length one go. */
static void coalesce_batch(shaped *s) {
    mgr_pack_view *v[3] = {&s->a, &s->b, &s->c};
    int n = 0;
    for (int d = 0; d < s->ndim; d++) {
        if (s->batch[d] == 1) continue;
        bool merge = n > 0;
        for (int i = 0; i < 3 && merge; i++) merge = v[i]->batch[n - 1] == v[i]->batch[d] * s->batch[d];
        int at = merge ? n - 1 : n++;
        s->batch[at] = merge ? s->batch[at] * s->batch[d] : s->batch[d];
        for (int i = 0; i < 3; i++) v[i]->batch[at] = v[i]->batch[d];
    }
    s->ndim = n;
}

/* (batch, m, k) times one (k, n) is one product with batch * m rows. */
static void fold_batch_into_rows(shaped *s) {
    int64_t item = (int64_t)item_of(s);
    while (s->ndim > 0) {
        int last = s->ndim - 1;
        int64_t rows = s->m * s->batch[last];
        mgr_pack_view a = s->a;
        if (s->b.batch[last] != 0 || a.batch[last] != s->m * a.row || s->c.batch[last] != s->m * s->c.row) return;
        settle_strides(&a, rows, s->k, item);
        if (!is_dense(&a, rows, s->k, item)) return;
        s->a = a;
        s->m = rows;
        s->ndim--;
    }
}

void mgr_gemm_run(const mgr_gemm *g, void *scratch) {
    bool fits = g->m < INT_MAX && g->n < INT_MAX && g->k < INT_MAX && g->a_row < INT_MAX && g->a_col < INT_MAX &&
                g->b_row < INT_MAX && g->b_col < INT_MAX && g->c_row < INT_MAX;
    bool some = g->m > 0 && g->n > 0 && g->k > 0;
    if (mgr_blas_has(g->dtype) && fits && some && (double)g->m * (double)g->n * (double)g->k > TINY_FOR_BLAS)
        mgr_blas_gemm(g);
    else
        mgr_gemm_own(g, scratch);
}

/* ---- Slices of a batch of products: some of its matrices, rows and columns ---- */

typedef struct slicing {
    const mgr_gemm_batch *g;
    int64_t batches, rows, cols; /* slices along each */
    char *scratch;               /* of our own loops; one for each worker */
    size_t scratch_bytes;
} slicing;

#define LARGE_B (1 << 19) /* bytes of b that outgrow half of an L2: many slices then read it again */

/* As many slices of rows as lose little on one thread: of 128 rows, but where b is large only four of them [2 % at a
 * side of 512], and beyond that of 256; two of 32 where there are no more rows [3 %, in f64 5 %]. Slices of columns are
 * slower [4 to 10 %]: only where rows do not make two. */
static slicing slicing_of(const mgr_gemm_batch *g) {
    const mgr_gemm *f = &g->first;
    double work = (double)f->m * (double)f->n * (double)f->k;
    bool large = (double)f->n * (double)f->k * (double)mg_dtype_size(f->dtype) > LARGE_B;
    int64_t rows = f->m / 128;
    if (large && rows > 4) rows = f->m / 256 > 4 ? f->m / 256 : 4;
    if (rows < 2 && f->m >= 64) rows = 2;
    slicing s = {.g = g, .batches = mgr_slice_count(work * (double)g->batch, g->batch), .rows = 1, .cols = 1};
    if (s.batches >= 8) return s;
    work *= (double)g->batch / (double)s.batches;
    s.rows = mgr_slice_count(work, rows);
    if (s.batches * s.rows == 1) s.cols = mgr_slice_count(work, f->n / 256);
    return s;
}

static mgr_gemm_batch slice_at(const slicing *s, int64_t slice) {
    mgr_gemm_batch part = *s->g;
    mgr_gemm *f = &part.first;
    int64_t item = (int64_t)mg_dtype_size(f->dtype), j = slice % s->cols, i = slice / s->cols % s->rows,
            b = slice / s->cols / s->rows;
    int64_t batch = mgr_slice_begin(part.batch, 1, s->batches, b), row = mgr_slice_begin(f->m, 8, s->rows, i),
            col = mgr_slice_begin(f->n, 64, s->cols, j);
    part.batch = mgr_slice_begin(part.batch, 1, s->batches, b + 1) - batch;
    f->m = mgr_slice_begin(f->m, 8, s->rows, i + 1) - row;
    f->n = mgr_slice_begin(f->n, 64, s->cols, j + 1) - col;
    f->a = (const char *)f->a + (batch * part.a_batch + row * f->a_row) * item;
    f->b = (const char *)f->b + (batch * part.b_batch + col * f->b_col) * item;
    f->c = (char *)f->c + (batch * part.c_batch + row * f->c_row + col) * item;
    return part;
}

static mgr_gemm product_at(const mgr_gemm_batch *g, int64_t i) {
    mgr_gemm one = g->first;
    int64_t item = (int64_t)mg_dtype_size(one.dtype);
    one.a = (const char *)one.a + i * g->a_batch * item;
    one.b = (const char *)one.b + i * g->b_batch * item;
    one.c = (char *)one.c + i * g->c_batch * item;
    return one;
}

static mg_status onednn_slice(int64_t slice, const void *context) {
    mgr_gemm_batch part = slice_at(context, slice);
    return mgr_onednn_matmul(&part);
}

/* All of it or nothing: a slice that is "not mine" leaves the whole to others. Slices have few shapes, the first and
 * the last nearly always all of them. */
static mg_status run_onednn(const mgr_gemm_batch *g) {
    slicing s = slicing_of(g);
    int64_t count = s.batches * s.rows * s.cols;
    for (int64_t i = 0; i < count && count > 1; i += count - 1) {
        mgr_gemm_batch part = slice_at(&s, i);
        part.first.c = NULL;
        MGR_TRY(mgr_onednn_matmul(&part));
    }
    return mgr_slices_run(count, onednn_slice, &s);
}

/* ---- Products through BLAS or our own loops ---- */

static void *worker_scratch(const slicing *s, int worker) { return s->scratch + (size_t)worker * s->scratch_bytes; }

/* Units: products, cut into slices where BLAS has them and they are large. */
static void products_body(int64_t begin, int64_t end, int worker, void *context) {
    const slicing *s = context;
    for (int64_t i = begin; i < end; i++) {
        mgr_gemm_batch part = slice_at(s, i);
        mgr_gemm_run(&part.first, worker_scratch(s, worker));
    }
}

static void blocks_body(int64_t begin, int64_t end, int worker, void *context) {
    const slicing *s = context;
    const mgr_gemm *f = &s->g->first;
    int64_t item = (int64_t)mg_dtype_size(f->dtype);
    for (int64_t u = begin; u < end; u++) {
        mgr_gemm one = product_at(s->g, u / (s->rows * s->cols));
        int64_t block = u % (s->rows * s->cols);
        int64_t i = block / s->cols * MGR_PRODUCT_ROWS, j = block % s->cols * MGR_PRODUCT_COLS;
        one.a = (const char *)one.a + i * one.a_row * item;
        one.b = (const char *)one.b + j * one.b_col * item;
        one.c = (char *)one.c + (i * one.c_row + j) * item;
        one.m = one.m - i < MGR_PRODUCT_ROWS ? one.m - i : MGR_PRODUCT_ROWS;
        one.n = one.n - j < MGR_PRODUCT_COLS ? one.n - j : MGR_PRODUCT_COLS;
        mgr_gemm_own(&one, worker_scratch(s, worker));
    }
}

static mg_status run_loops(const mgr_gemm_batch *g) {
    const mgr_gemm *f = &g->first;
    double work = (double)f->m * (double)f->n * (double)(f->k > 0 ? f->k : 1);
    bool blas = mgr_blas_has(f->dtype), large = work > MGR_PRODUCT_GRAIN;
    slicing s = slicing_of(g);
    s.batches = g->batch;
    if (blas || !large) {
        if (!large) s.rows = s.cols = 1;
    } else {
        s.rows = (f->m + MGR_PRODUCT_ROWS - 1) / MGR_PRODUCT_ROWS;
        s.cols = (f->n + MGR_PRODUCT_COLS - 1) / MGR_PRODUCT_COLS;
    }
    int64_t units = s.batches * s.rows * s.cols, workers = units > 1 ? mgr_num_threads() : 1;
    int64_t grain = large ? 1 : (int64_t)(MGR_PRODUCT_GRAIN / work) + 1;
    s.scratch_bytes = mgr_gemm_scratch(f->dtype);
    mgr_buffer *scratch = mgr_buffer_new(s.scratch_bytes * (size_t)workers);
    if (!scratch) return mgr_error();
    s.scratch = scratch->data;
    if (blas && large)
        mgr_parallel_each(units, (int)workers, products_body, &s);
    else
        mgr_parallel_for(units, mgr_grain_for(units, grain, workers), blas || !large ? products_body : blocks_body, &s);
    mgr_buffer_release(scratch);
    return MG_OK;
}

/* bf16 has no loops of its own: "not mine" goes up, and the whole product through f32. */
static mg_status run_batch(const mgr_gemm_batch *g) {
    const mgr_gemm *f = &g->first;
    bool bf16 = f->dtype == MG_BF16;
    bool tiny = (double)f->m * (double)f->n * (double)f->k <= TINY_FOR_ONEDNN && g->batch == 1 && !bf16;
    if (mgr_onednn_has(f->dtype) && !tiny && (f->k > 0 || bf16)) {
        mg_status status = f->k > 0 ? run_onednn(g) : MG_ERR_NOT_IMPLEMENTED;
        if (status != MG_ERR_NOT_IMPLEMENTED || bf16) return status;
    }
    return run_loops(g);
}

/* ---- All batches of a dense problem: the innermost axis goes to the back end, the others are walked here ---- */

static mg_status run_dense(const shaped *s) {
    int64_t item = (int64_t)item_of(s), index[MG_MAX_NDIM] = {0};
    int outer = s->ndim > 0 ? s->ndim - 1 : 0;
    mgr_gemm_batch g = {.first = {s->dtype, s->m, s->n, s->k, s->a.data, s->b.data, s->a.row / item, s->a.col / item,
                                  s->b.row / item, s->b.col / item, s->c.data, s->c.row / item, false},
                        .batch = 1};
    if (s->ndim > 0) {
        g.batch = s->batch[outer];
        g.a_batch = s->a.batch[outer] / item;
        g.b_batch = s->b.batch[outer] / item;
        g.c_batch = s->c.batch[outer] / item;
    }
    for (;;) {
        MGR_TRY(run_batch(&g));
        int d = outer - 1;
        for (; d >= 0; d--) {
            int64_t step = ++index[d] < s->batch[d] ? 1 : -(s->batch[d] - 1);
            g.first.a = (const char *)g.first.a + step * s->a.batch[d];
            g.first.b = (const char *)g.first.b + step * s->b.batch[d];
            g.first.c = (char *)g.first.c + step * s->c.batch[d];
            if (step == 1) break;
            index[d] = 0;
        }
        if (d < 0) return MG_OK;
    }
}

/* Batch strides that are no multiples of the element or (for the result) not growing are packed away too: oneDNN
 * refuses negative ones. */
static bool batch_is_plain(const shaped *s, const mgr_pack_view *v) {
    for (int d = 0; d < s->ndim; d++)
        if (s->batch[d] > 1 && (v->batch[d] < 0 || v->batch[d] % (int64_t)item_of(s) != 0)) return false;
    return true;
}

static bool is_plain(const shaped *s, const mgr_pack_view *v, int64_t rows, int64_t cols) {
    return is_dense(v, rows, cols, (int64_t)item_of(s)) && batch_is_plain(s, v);
}

/* A dense copy of v as `dtype` (contents undefined for the result), NULL with an error set. The view follows. */
static mgr_buffer *pack_operand(const shaped *s, mgr_pack_view *v, int64_t rows, int64_t cols, mg_dtype to, bool copy) {
    mgr_pack_view dense;
    bool by_rows =
        !copy || llabs(v->col) <= llabs(v->row); /* sources: whichever way reads them better; results have dense rows */
    size_t bytes = mgr_pack_plan(&dense, v, s->ndim, s->batch, rows, cols, mg_dtype_size(to), by_rows);
    mgr_buffer *buffer = mgr_buffer_new(bytes);
    if (!buffer) return NULL;
    dense.data = buffer->data;
    if (copy) mgr_pack_copy(s->ndim, s->batch, rows, cols, to, &dense, s->dtype, v);
    *v = dense;
    packed_operands++;
    return buffer;
}

/* The dtype a product is computed in. oneDNN's bf16 pairs neighbours along k: with an odd k it multiplies what follows
 * a row by zero, which an infinity there turns into NaN. */
static mg_dtype compute_dtype(mg_dtype dtype, int64_t k) {
    bool direct = dtype != MG_F16 && (dtype != MG_BF16 || (mgr_onednn_has(MG_BF16) && k % 2 == 0));
    return direct ? dtype : MG_F32;
}

static mg_status run_packed(shaped *s, mg_dtype compute) {
    mgr_pack_view c = s->c;
    int64_t m = s->m, batch[MG_MAX_NDIM];
    int ndim = s->ndim;
    bool convert = compute != s->dtype;
    mgr_buffer *pa = NULL, *pb = NULL, *pc = NULL;
    mg_status status = MG_OK;
    memcpy(batch, s->batch, sizeof batch);
    if (status == MG_OK && (convert || !is_plain(s, &s->a, s->m, s->k)) &&
        !(pa = pack_operand(s, &s->a, s->m, s->k, compute, true)))
        status = mgr_error();
    if (status == MG_OK && (convert || !is_plain(s, &s->b, s->k, s->n)) &&
        !(pb = pack_operand(s, &s->b, s->k, s->n, compute, true)))
        status = mgr_error();
    if (status == MG_OK && (convert || !is_plain(s, &s->c, s->m, s->n) || s->c.col != (int64_t)item_of(s)) &&
        !(pc = pack_operand(s, &s->c, s->m, s->n, compute, false)))
        status = mgr_error();
    if (status == MG_OK) {
        mgr_pack_view packed = s->c;
        mg_dtype dtype = s->dtype;
        s->dtype = compute;
        coalesce_batch(s);
        fold_batch_into_rows(s);
        status = run_dense(s);
        if (status == MG_OK && pc) mgr_pack_copy(ndim, batch, m, s->n, dtype, &c, compute, &packed);
    }
    mgr_buffer_release(pa);
    mgr_buffer_release(pb);
    mgr_buffer_release(pc);
    return status;
}

mg_status mgr_matmul_run(const mgr_matmul *args) {
    shaped s;
    if (args->m == 0 || args->n == 0) return MG_OK;
    for (int d = 0; d < args->batch_ndim; d++)
        if (args->batch[d] == 0) return MG_OK;
    shape_problem(&s, args);
    mgr_fpenv env = mgr_fpenv_enter();
    mg_dtype compute = compute_dtype(s.dtype, s.k);
    mg_status status = run_packed(&s, compute);
    if (status == MG_ERR_NOT_IMPLEMENTED) { /* bf16 in a shape that oneDNN only has slow loops for */
        shape_problem(&s, args);
        status = run_packed(&s, MG_F32);
    }
    mgr_fpenv_leave(env);
    return status;
}

void mgr_linalg_get_stats(mgr_linalg_stats *out) {
    mgr_onednn_get_stats(out);
    out->packed_operands = packed_operands;
}

void mgr_linalg_clear(void) { mgr_onednn_clear(); }

const char *mgr_linalg_backend(mg_dtype dtype) {
    mg_dtype compute = compute_dtype(dtype, 0);
    if (mgr_onednn_has(compute)) return mgr_onednn_name();
    return mgr_blas_has(compute) ? mgr_blas_name() : "own";
}
