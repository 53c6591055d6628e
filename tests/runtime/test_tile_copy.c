/* SPDX-License-Identifier: MIT
 * mgr_copy against plain loops: every pair of dtypes, random layouts, guard pages on both sides. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cpu.h"
#include "runtime/dtype.h"
#include "runtime/parallel.h"
#include "tests/harness.h"
#include "tile_oracle.h"

static void expect_copy(const oracle_case *c, oracle_array *dst, const oracle_array *src) {
    const mgk_converts *convert = mgr_kernels()->converts;
    memcpy(dst->expected, dst->before, dst->bytes);
    for (int64_t i = 0; i < c->total; i++) {
        int64_t rest = i, to = dst->offset, from = src->offset;
        for (int k = c->ndim - 1; k >= 0; k--) {
            to += rest % c->dims[k] * dst->strides[k];
            from += rest % c->dims[k] * src->strides[k];
            rest /= c->dims[k];
        }
        convert->to[src->dtype][dst->dtype](1, dst->expected + to, src->before + from);
    }
}

/* NaNs are one NaN; everything else is compared as bytes, gaps included. */
static bool same_image(const oracle_array *a) {
    size_t size = mg_dtype_size(a->dtype);
    for (size_t i = 0; i + size <= a->bytes; i += size) {
        const char *got = a->bytes_at + i, *want = a->expected + i;
        bool nans =
            mg_dtype_is_float(a->dtype) && isnan(mgr_get_f64(a->dtype, got)) && isnan(mgr_get_f64(a->dtype, want));
        if (memcmp(got, want, size) != 0 && !nans) return false;
    }
    return true;
}

static void copy_case(oracle_case *c, mg_dtype to, mg_dtype from, bool plain_to, bool plain_from) {
    oracle_array_new(c, &c->in[0], from, plain_from, !plain_from, 0);
    oracle_array_new(c, &c->out[0], to, plain_to, false, 0);
    c->spec.n_inputs = c->spec.n_outputs = 1;
    c->alias[0] = -1;
    oracle_array *dst = &c->out[0], *src = &c->in[0];
    expect_copy(c, dst, src);
    for (int threads = 1; threads <= 2; threads++) {
        mgr_set_num_threads(threads);
        memcpy(dst->bytes_at, dst->before, dst->bytes);
        mg_status status = mgr_copy(c->ndim, c->dims, to, dst->bytes_at + dst->offset, dst->strides, from,
                                    src->bytes_at + src->offset, src->strides);
        CHECK_MSG(status == MG_OK && same_image(dst), "%s to %s, case %llu, %d threads", mg_dtype_name(from),
                  mg_dtype_name(to), (unsigned long long)c->seed, threads);
    }
    mgr_set_num_threads(0);
    oracle_free(c);
}

static void start_case(oracle_case *c, uint64_t seed, int ndim, const int64_t *dims) {
    memset(c, 0, sizeof *c);
    c->seed = seed;
    c->state = seed * 977 + 5;
    c->ndim = ndim;
    c->total = 1;
    for (int i = 0; i < ndim; i++) c->total *= c->dims[i] = dims[i];
}

MG_TEST(tile_copy, random_layouts) {
    oracle_case *c = malloc(sizeof *c);
    CHECK(c != NULL);
    uint64_t state = 3;
    for (uint64_t i = 0; i < 3000; i++) {
        int ndim = (int)oracle_below(&state, 5);
        int64_t dims[5];
        for (int k = 0; k < ndim; k++)
            dims[k] = oracle_below(&state, 8) ? 1 + oracle_below(&state, 9) : oracle_below(&state, 60);
        start_case(c, i, ndim, dims);
        mg_dtype from = (mg_dtype)(1 + oracle_below(&state, MG_DTYPE_COUNT - 1));
        mg_dtype to = oracle_below(&state, 2) ? from : (mg_dtype)(1 + oracle_below(&state, MG_DTYPE_COUNT - 1));
        copy_case(c, to, from, oracle_below(&state, 2), oracle_below(&state, 3) == 0);
    }
    free(c);
}

MG_TEST(tile_copy, large) {
    oracle_case *c = malloc(sizeof *c);
    CHECK(c != NULL);
    static const int64_t shapes[][3] = {{1, 700, 900}, {3, 333, 257}, {64, 64, 64}, {2, 100000, 3}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (uint64_t k = 0; k < 8; k++) {
            start_case(c, i * 8 + k, 3, shapes[i]);
            copy_case(c, k & 1 ? MG_F32 : MG_F16, MG_F32, k & 2, k & 4);
        }
    free(c);
}

/* The transpose of a matrix, as the reader of a file in Fortran order needs it. */
MG_TEST(tile_copy, transpose) {
    int64_t rows = 300, cols = 517, dims[2] = {rows, cols}, plain[2] = {cols * 4, 4}, turned[2] = {4, rows * 4};
    float *x = malloc((size_t)(rows * cols) * 4), *y = malloc((size_t)(rows * cols) * 4);
    CHECK(x != NULL && y != NULL);
    for (int64_t i = 0; i < rows * cols; i++) x[i] = (float)i;
    CHECK(mgr_copy(2, dims, MG_F32, y, plain, MG_F32, x, turned) == MG_OK);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t k = 0; k < cols; k++) CHECK(y[r * cols + k] == x[k * rows + r]);
    CHECK(mgr_copy(2, dims, MG_F32, y, turned, MG_F32, x, plain) == MG_OK);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t k = 0; k < cols; k++) CHECK(y[k * rows + r] == x[r * cols + k]);
    free(x);
    free(y);
}
