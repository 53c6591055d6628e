/* SPDX-License-Identifier: MIT
 * Matrix products against plain loops: exact for integers and bool; floats within the bound of a sum of k rounded
 * products in any order, |error| <= (k + 2) eps sum |a||b|. Shapes, strides (negative, zero, transposed, stepped),
 * batches and their broadcasts are random. */
#include "harness.h"
#include "runtime/dtype.h"
#include "runtime/linalg.h"
#include "runtime/memory.h"
#include "runtime/parallel.h"
#include "runtime/status.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_BATCH 3
#define CANARY    0xA5

/* A batch of matrices somewhere inside a block of memory with gaps around its elements. */
typedef struct holder {
    unsigned char *block;
    size_t bytes;
    int64_t dims[MAX_BATCH + 2], strides[MAX_BATCH + 2];
    int ndim;
    mgr_matrix matrix;
} holder;

/* Axes in random memory order, steps 1 or 2, some reversed; with `shared` some batch axes (and rarely rows or columns)
 * have stride 0. */
static void holder_make(holder *h, mg_test_rng *rng, mg_dtype dtype, int ndim, const int64_t *dims, bool awkward,
                        bool shared) {
    int order[MAX_BATCH + 2];
    int64_t item = (int64_t)mg_dtype_size(dtype), stride = item, start = 0;
    h->ndim = ndim;
    for (int d = 0; d < ndim; d++) order[d] = d;
    if (mg_test_int(rng, 0, 1)) {
        order[ndim - 1] = ndim - 2;
        order[ndim - 2] = ndim - 1;
    }
    for (int d = ndim - 1; d > 0 && awkward; d--) {
        int other = (int)mg_test_int(rng, 0, d), t = order[d];
        order[d] = order[other];
        order[other] = t;
    }
    for (int i = ndim - 1; i >= 0; i--) {
        int d = order[i];
        bool zero = shared && mg_test_int(rng, 0, d < ndim - 2 ? 2 : 15) == 0;
        int64_t step = awkward && mg_test_int(rng, 0, 3) == 0 ? 2 : 1;
        h->dims[d] = dims[d];
        h->strides[d] = zero ? 0 : stride * step;
        if (zero) continue;
        if (awkward && dims[d] > 0 && mg_test_int(rng, 0, 4) == 0) {
            start += (dims[d] - 1) * h->strides[d];
            h->strides[d] = -h->strides[d];
        }
        stride *= (dims[d] > 0 ? dims[d] : 1) * step;
        if (awkward && mg_test_int(rng, 0, 3) == 0) stride += item * mg_test_int(rng, 0, 3);
    }
    h->bytes = (size_t)stride + 64;
    h->block = malloc(h->bytes);
    memset(h->block, CANARY, h->bytes);
    h->matrix.data = h->block + 32 / item * item + start;
    h->matrix.row_stride = h->strides[ndim - 2];
    h->matrix.col_stride = h->strides[ndim - 1];
    h->matrix.batch_strides = h->strides;
}

static void *holder_at(const holder *h, const int64_t *batch, int64_t row, int64_t col) {
    char *p = h->matrix.data;
    for (int d = 0; d < h->ndim - 2; d++) p += batch[d] * h->strides[d];
    return p + row * h->matrix.row_stride + col * h->matrix.col_stride;
}

static bool next_index(int ndim, const int64_t *dims, int64_t *index) {
    for (int d = ndim - 1; d >= 0; d--) {
        if (++index[d] < dims[d]) return true;
        index[d] = 0;
    }
    return false;
}

static void fill_one(mg_test_rng *rng, mg_dtype dtype, void *element, bool special) {
    static const double odd[] = {0.0, -0.0, 1.0, -1.0, INFINITY, -INFINITY, NAN};
    uint64_t bits = mg_test_u64(rng);
    if (dtype == MG_BOOL)
        *(uint8_t *)element = bits >> 62 == 0;
    else if (!mg_dtype_is_float(dtype))
        memcpy(element, &bits, mg_dtype_size(dtype));
    else
        mgr_set_f64(dtype, element,
                    special && mg_test_int(rng, 0, 9) == 0 ? odd[mg_test_int(rng, 0, 6)] : mg_test_uniform(rng, -2, 2));
}

static void fill_random(holder *h, mg_test_rng *rng, mg_dtype dtype, bool special) {
    int64_t index[MAX_BATCH + 2] = {0};
    for (int d = 0; d < h->ndim; d++)
        if (h->dims[d] == 0) return;
    do fill_one(rng, dtype, holder_at(h, index, index[h->ndim - 2], index[h->ndim - 1]), special);
    while (next_index(h->ndim, h->dims, index));
}

static double unit_roundoff(mg_dtype dtype) {
    switch (dtype) {
    case MG_F16:
        return 0x1p-11;
    case MG_BF16:
        return 0x1p-8;
    case MG_F32:
        return 0x1p-24;
    default:
        return 0x1p-53;
    }
}

/* One element of the product, by the definition. */
static void check_element(const mgr_matmul *m, const holder *a, const holder *b, const holder *c, const int64_t *batch,
                          int64_t i, int64_t j) {
    const void *got = holder_at(c, batch, i, j);
    if (!mg_dtype_is_float(m->dtype)) {
        uint64_t sum = 0, mask = 0, value = 0;
        for (int64_t p = 0; p < m->k; p++) {
            uint64_t x = 0, y = 0;
            memcpy(&x, holder_at(a, batch, i, p), mg_dtype_size(m->dtype));
            memcpy(&y, holder_at(b, batch, p, j), mg_dtype_size(m->dtype));
            sum = m->dtype == MG_BOOL ? (sum | (x & y)) : sum + x * y;
        }
        memset(&mask, 0xff, mg_dtype_size(m->dtype));
        memcpy(&value, got, mg_dtype_size(m->dtype));
        CHECK_MSG(value == (sum & mask), "%s element (%ld, %ld): %lx, not %lx", mg_dtype_name(m->dtype), (long)i,
                  (long)j, (unsigned long)value, (unsigned long)(sum & mask));
        return;
    }
    long double sum = 0, size = 0;
    for (int64_t p = 0; p < m->k; p++) {
        long double t = (long double)mgr_get_f64(m->dtype, holder_at(a, batch, i, p)) *
                        mgr_get_f64(m->dtype, holder_at(b, batch, p, j));
        sum += t;
        size += fabsl(t);
    }
    mg_dtype acc = m->dtype == MG_F64 ? MG_F64 : MG_F32;
    double value = mgr_get_f64(m->dtype, got), expected = (double)sum;
    double bound = ((double)m->k + 2) * unit_roundoff(acc) * (double)size +
                   2 * unit_roundoff(m->dtype) * fabs(expected) + 1e-7 * (m->dtype == MG_F16);
    bool same = isnan(expected) ? isnan(value) : isinf(expected) ? value == expected : fabs(value - expected) <= bound;
    CHECK_MSG(same, "%s %ldx%ldx%ld element (%ld, %ld): %.17g, not %.17g (bound %g)", mg_dtype_name(m->dtype),
              (long)m->m, (long)m->n, (long)m->k, (long)i, (long)j, value, expected, bound);
}

/* Bytes of c's block that belong to no element must be as they were. */
static void check_gaps(const mgr_matmul *m, holder *c) {
    int64_t index[MAX_BATCH + 2] = {0};
    bool empty = false;
    for (int d = 0; d < c->ndim; d++) empty |= c->dims[d] == 0;
    if (!empty) do
            memset(holder_at(c, index, index[c->ndim - 2], index[c->ndim - 1]), CANARY, mg_dtype_size(m->dtype));
        while (next_index(c->ndim, c->dims, index));
    for (size_t i = 0; i < c->bytes; i++)
        CHECK_MSG(c->block[i] == CANARY, "byte %zu outside the result was written", i);
}

static void one_product(mg_test_rng *rng, mg_dtype dtype, int nbatch, const int64_t *batch, int64_t m, int64_t n,
                        int64_t k, bool awkward, bool special) {
    int64_t da[MAX_BATCH + 2] = {0}, db[MAX_BATCH + 2], dc[MAX_BATCH + 2], index[MAX_BATCH + 2] = {0};
    holder a, b, c;
    for (int d = 0; d < nbatch; d++) da[d] = batch[d];
    memcpy(db, da, sizeof da);
    memcpy(dc, da, sizeof da);
    da[nbatch] = m, da[nbatch + 1] = k;
    db[nbatch] = k, db[nbatch + 1] = n;
    dc[nbatch] = m, dc[nbatch + 1] = n;
    holder_make(&a, rng, dtype, nbatch + 2, da, awkward, true);
    holder_make(&b, rng, dtype, nbatch + 2, db, awkward, true);
    holder_make(&c, rng, dtype, nbatch + 2, dc, awkward, false);
    fill_random(&a, rng, dtype, special);
    fill_random(&b, rng, dtype, special);
    mgr_matmul args = {dtype, m, n, k, nbatch, batch, a.matrix, b.matrix, c.matrix};
    CHECK(mgr_matmul_run(&args) == MG_OK);
    bool some = true;
    for (int d = 0; d < nbatch + 2; d++) some &= dc[d] > 0;
    if (some) do
            check_element(&args, &a, &b, &c, index, index[nbatch], index[nbatch + 1]);
        while (next_index(nbatch + 2, dc, index));
    check_gaps(&args, &c);
    free(a.block);
    free(b.block);
    free(c.block);
}

MG_TEST(matmul, random_shapes_strides_batches) {
    mg_test_rng rng = mg_test_rng_new();
    int times = mg_test_times(60);
    for (int d = MG_BOOL; d < MG_DTYPE_COUNT; d++)
        for (int t = 0; t < times; t++) {
            int64_t batch[MAX_BATCH], top = t % 10 == 9 ? 150 : 20;
            int nbatch = (int)mg_test_int(&rng, 0, MAX_BATCH);
            for (int i = 0; i < nbatch; i++) batch[i] = mg_test_int(&rng, t % 8 == 0 ? 0 : 1, 4);
            if (top > 20 && nbatch > 1) nbatch = 1;
            int64_t m = mg_test_int(&rng, 0, top), n = mg_test_int(&rng, 0, top), k = mg_test_int(&rng, 0, top);
            one_product(&rng, (mg_dtype)d, nbatch, batch, m, n, k, t % 3 != 0, t % 5 == 0);
        }
}

MG_TEST(matmul, blocks_and_lines) {
    mg_test_rng rng = mg_test_rng_new();
    static const int64_t edge[] = {1, 3, 64, 65, 129, 257, 300};
    static const mg_dtype dtypes[] = {MG_BOOL, MG_I8, MG_U16, MG_I32, MG_I64, MG_F32, MG_F64};
    for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++)
        for (int t = 0; t < mg_test_times(12); t++)
            one_product(&rng, dtypes[d], 0, NULL, edge[mg_test_int(&rng, 0, 6)], edge[mg_test_int(&rng, 0, 6)],
                        edge[mg_test_int(&rng, 0, 6)], false, false);
}

/* (batch, m, k) times (k, n) folds into one product; the bits of each slice must be those of the whole for our own
 * loops (integers). */
MG_TEST(matmul, empty_inner_axis_writes_zeros) {
    for (int d = MG_BOOL; d < MG_DTYPE_COUNT; d++) {
        unsigned char c[2 * 3 * 8];
        int64_t item = (int64_t)mg_dtype_size((mg_dtype)d);
        memset(c, 0x55, sizeof c);
        mgr_matmul args = {.dtype = (mg_dtype)d,
                           .m = 2,
                           .n = 3,
                           .k = 0,
                           .a = {c, 0, item, NULL},
                           .b = {c, 3 * item, item, NULL},
                           .c = {c, 3 * item, item, NULL}};
        CHECK(mgr_matmul_run(&args) == MG_OK);
        for (int64_t i = 0; i < 6 * item; i++) CHECK_EQ_I64(c[i], 0);
    }
}

static mg_status square_f32(int64_t n, const float *a, const float *b, float *c) {
    mgr_matmul args = {.dtype = MG_F32, .m = n, .n = n, .k = n};
    args.a = (mgr_matrix){(void *)(uintptr_t)a, n * 4, 4, NULL};
    args.b = (mgr_matrix){(void *)(uintptr_t)b, n * 4, 4, NULL};
    args.c = (mgr_matrix){c, n * 4, 4, NULL};
    return mgr_matmul_run(&args);
}

MG_TEST(matmul, the_same_bits_on_every_run) {
    enum { N = 150 };
    mg_test_rng rng = mg_test_rng_new();
    float *v = malloc(sizeof(float) * N * N * 4), *a = v, *b = v + N * N, *c = b + N * N, *d = c + N * N;
    for (int i = 0; i < 2 * N * N; i++) v[i] = (float)mg_test_normal(&rng);
    CHECK(square_f32(N, a, b, c) == MG_OK);
    for (int t = 0; t < 5; t++) {
        CHECK(square_f32(N, a, b, d) == MG_OK);
        CHECK_EQ_MEM(c, d, sizeof(float) * N * N);
    }
    free(v);
}

/* Many shapes leave the cache at its cap; clearing empties it. */
MG_TEST(matmul, the_cache_of_primitives_is_bounded) {
    float v[64 * 64] = {0}, c[64 * 64];
    mgr_linalg_stats stats;
    int shapes = mg_test_is_quick() ? 600 : 10000;
    uint64_t most = 0;
    for (int i = 0; i < shapes; i++) {
        int64_t m = 9 + i % 25, n = 9 + i / 25 % 25, k = 9 + i / 625;
        mgr_matmul args = {.dtype = MG_F32, .m = m, .n = n, .k = k};
        args.a = (mgr_matrix){v, k * 4, 4, NULL};
        args.b = (mgr_matrix){v, n * 4, 4, NULL};
        args.c = (mgr_matrix){c, n * 4, 4, NULL};
        CHECK(mgr_matmul_run(&args) == MG_OK);
        mgr_linalg_get_stats(&stats);
        if (stats.primitives_cached > most) most = stats.primitives_cached;
    }
    CHECK_MSG(most <= 256, "%lu primitives in the cache", (unsigned long)most);
    mgr_linalg_clear();
    mgr_linalg_get_stats(&stats);
    CHECK_EQ_U64(stats.primitives_cached, 0);
}

MG_TEST(matmul, known_shapes_make_no_new_primitives) {
    float v[32 * 32] = {0}, c[32 * 32];
    mgr_linalg_stats before, after;
    CHECK(square_f32(32, v, v, c) == MG_OK);
    mgr_linalg_get_stats(&before);
    for (int i = 0; i < 100; i++) CHECK(square_f32(32, v, v, c) == MG_OK);
    mgr_linalg_get_stats(&after);
    CHECK_EQ_U64(after.primitives_created, before.primitives_created);
}

enum { SIDE = 96 };
typedef struct thread_work {
    const float *a, *b, *expected;
    int wrong;
} thread_work;

static void *multiply_often(void *arg) {
    thread_work *w = arg;
    float *c = malloc(sizeof(float) * SIDE * SIDE);
    for (int i = 0; i < 200; i++) {
        memset(c, 0, sizeof(float) * SIDE * SIDE);
        if (square_f32(SIDE, w->a, w->b, c) != MG_OK || memcmp(c, w->expected, sizeof(float) * SIDE * SIDE) != 0)
            w->wrong++;
    }
    free(c);
    return NULL;
}

MG_TEST(matmul, two_threads_at_once) {
    mg_test_rng rng = mg_test_rng_new();
    float *v = malloc(sizeof(float) * SIDE * SIDE * 3), *expected = v + 2 * SIDE * SIDE;
    for (int i = 0; i < 2 * SIDE * SIDE; i++) v[i] = (float)mg_test_normal(&rng);
    CHECK(square_f32(SIDE, v, v + SIDE * SIDE, expected) == MG_OK);
    thread_work w[2] = {{v, v + SIDE * SIDE, expected, 0}, {v, v + SIDE * SIDE, expected, 0}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, multiply_often, &w[i]) == 0);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    CHECK_EQ_I64(w[0].wrong + w[1].wrong, 0);
    free(v);
}

/* A child of a process that has used all its threads computes, alone, and does not hang. */
MG_TEST(matmul, in_a_forked_child) {
    float *v = calloc(SIDE * SIDE * 3, sizeof *v), *c = v + 2 * SIDE * SIDE;
    for (int i = 0; i < 2 * SIDE * SIDE; i++) v[i] = 1;
    CHECK(square_f32(SIDE, v, v + SIDE * SIDE, c) == MG_OK);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20);
        bool right = square_f32(SIDE, v, v + SIDE * SIDE, c) == MG_OK && c[0] == SIDE && c[SIDE * SIDE - 1] == SIDE;
        _exit(right ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    free(v);
    CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %d", status);
}

/* ---- The n-th allocation fails: an error, nothing written, nothing lost ---- */

static int until_failure;
static void *failing_alloc(size_t bytes, size_t alignment, void *context) {
    (void)context;
    return until_failure-- > 0 ? aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment) : NULL;
}
static void failing_free(void *p, size_t bytes, void *context) {
    (void)bytes;
    (void)context;
    free(p);
}

/* A product that must be packed (columns two apart), or all passes of a convolution with 18 x 18 images and 3 x 3
 * windows. */
static mg_status one_job(int which, mg_dtype dtype, void *a, void *b, void *result) {
    static const int64_t x[2] = {18, 18}, w[2] = {3, 3}, y[2] = {16, 16}, one[2] = {1, 1}, none[2] = {0, 0};
    int64_t item = (int64_t)mg_dtype_size(dtype);
    mgr_conv conv = {dtype, 2, 2, 3, 4, x, w, y, one, none, one};
    mgr_matmul product = {.dtype = dtype, .m = 20, .n = 20, .k = 20};
    product.a = (mgr_matrix){a, 40 * item, 2 * item, NULL};
    product.b = (mgr_matrix){b, 40 * item, 2 * item, NULL};
    product.c = (mgr_matrix){result, 40 * item, 2 * item, NULL};
    switch (which) {
    case 0:
        return mgr_matmul_run(&product);
    case 1:
        return mgr_conv_forward(&conv, a, b, result);
    case 2:
        return mgr_conv_backward_data(&conv, a, b, result);
    default:
        return mgr_conv_backward_weights(&conv, a, b, result);
    }
}

MG_TEST(matmul, any_allocation_may_fail) {
    enum { ROOM = 4096 * 8 };
    static const mg_dtype dtypes[] = {MG_F16, MG_BF16, MG_F32, MG_F64, MG_I32};
    const mgr_allocator failing = {failing_alloc, failing_free, NULL};
    unsigned char *a = calloc(3, ROOM), *b = a + ROOM, *c = b + ROOM;
    for (int d = 0; d < 5; d++)
        for (int which = 0; which < (d == 4 ? 1 : 4); which++) {
            mg_status status = MG_ERR_NO_MEMORY;
            for (int n = 0; n < 30 && status != MG_OK; n++) {
                mgr_linalg_clear();
                mgr_trim();
                memset(c, CANARY, ROOM);
                until_failure = n;
                mgr_set_allocator(&failing);
                status = one_job(which, dtypes[d], a, b, c);
                mgr_set_allocator(NULL);
                CHECK(status == mgr_error());
                if (status == MG_OK) break;
                CHECK_EQ_I64(status, MG_ERR_NO_MEMORY);
                CHECK(mgr_error_take(NULL));
                for (int i = 0; i < ROOM; i++) CHECK_EQ_I64(c[i], CANARY);
            }
            CHECK_EQ_I64(status, MG_OK);
        }
    mgr_linalg_clear();
    free(a);
}

MG_TEST(matmul, names_its_back_ends) {
    CHECK(strlen(mgr_linalg_backend(MG_F32)) > 0);
    CHECK(strlen(mgr_linalg_backend(MG_F64)) > 0);
    CHECK_EQ_STR(mgr_linalg_backend(MG_I32), "own");
}
