/* SPDX-License-Identifier: MIT
 * Products and convolutions of back ends with one, two and three threads of ours: equal bits, and they return, whatever
 * the environment lets an OpenMP runtime start (ctest runs this under several variables). Oracle of the values: some
 * elements summed by plain loops in long double. */
#include "mygrad/mygrad.h"
#include "runtime/linalg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEAMS = 3 };

static uint64_t state = 12345;

static double uniform(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) * 0x1p-53 - 0.5;
}

static void *array(mg_dtype dtype, size_t n) {
    void *v = malloc(n * mg_dtype_size(dtype));
    for (size_t i = 0; v && i < n; i++) {
        if (dtype == MG_F32) ((float *)v)[i] = (float)uniform();
        if (dtype == MG_F64) ((double *)v)[i] = uniform();
        if (dtype == MG_BF16) ((uint16_t *)v)[i] = (uint16_t)(0x3f80 + (int)(uniform() * 64)); /* 0.75 to 1.25 */
    }
    return v;
}

static double get(mg_dtype dtype, const void *v, size_t i) {
    if (dtype == MG_F64) return ((const double *)v)[i];
    if (dtype == MG_F32) return (double)((const float *)v)[i];
    float wide;
    memcpy(&wide, &(uint32_t){(uint32_t)((const uint16_t *)v)[i] << 16}, sizeof wide);
    return (double)wide;
}

/* m x k times k x n, `batch` of them. */
static int product(mg_dtype dtype, int64_t batch, int64_t m, int64_t n, int64_t k) {
    int64_t item = (int64_t)mg_dtype_size(dtype);
    size_t size = (size_t)(batch * m * n * item);
    void *a = array(dtype, (size_t)(batch * m * k)), *b = array(dtype, (size_t)(batch * k * n)), *c[TEAMS];
    int wrong = 0;
    for (int t = 0; t < TEAMS; t++) {
        c[t] = calloc(1, size);
        mg_set_num_threads(t + 1);
        int64_t steps[3] = {m * k * item, k * n * item, m * n * item};
        mgr_matmul args = {dtype,
                           m,
                           n,
                           k,
                           1,
                           &batch,
                           {a, k * item, item, &steps[0]},
                           {b, n * item, item, &steps[1]},
                           {c[t], n * item, item, &steps[2]}};
        wrong += mgr_matmul_run(&args) != MG_OK || memcmp(c[t], c[0], size) != 0;
    }
    double eps = dtype == MG_F64 ? 0x1p-52 : dtype == MG_F32 ? 0x1p-23 : 0x1p-7;
    for (int64_t s = 0; s < batch * m; s += 1 + batch * m / 50)
        for (int64_t j = 0; j < n; j += 1 + n / 50) {
            long double sum = 0, size_of = 0;
            for (int64_t p = 0; p < k; p++) {
                double x = get(dtype, a, (size_t)(s * k + p)), y = get(dtype, b, (size_t)((s / m * k + p) * n + j));
                sum += (long double)x * y;
                size_of += fabsl((long double)x * y);
            }
            wrong += !(fabsl(sum - get(dtype, c[0], (size_t)(s * n + j))) <= (long double)(2 + k) * eps * size_of);
        }
    if (wrong)
        printf("%s, %lld x %lld x %lld, %lld of them: wrong, or other bits with 2 or 3 threads\n", mg_dtype_name(dtype),
               (long long)m, (long long)n, (long long)k, (long long)batch);
    free(a), free(b);
    for (int t = 0; t < TEAMS; t++) free(c[t]);
    return wrong;
}

/* dw of some filters, channels and taps, from x and dy. */
static int wrong_weights(mg_dtype dtype, int64_t n, int64_t c, int64_t f, int64_t side, void *const in[3],
                         const void *dw) {
    int wrong = 0;
    for (int64_t i = 0; i < f * c * 9; i += 1 + f * c * 9 / 200) {
        int64_t filter = i / 9 / c, channel = i / 9 % c, dy = i % 9 / 3 - 1, dx = i % 3 - 1;
        long double sum = 0, size = 0;
        for (int64_t k = 0; k < n; k++)
            for (int64_t p = 0; p < side * side; p++) {
                int64_t y = p / side + dy, x = p % side + dx;
                if (y < 0 || y >= side || x < 0 || x >= side) continue;
                long double term = (long double)get(dtype, in[0], (size_t)(((k * c + channel) * side + y) * side + x)) *
                                   get(dtype, in[2], (size_t)((k * f + filter) * side * side + p));
                sum += term;
                size += fabsl(term);
            }
        long double eps = dtype == MG_F64 ? 0x1p-52L : dtype == MG_F32 ? 0x1p-23L : 0;
        long double bound = (long double)(n * side * side + 2) * eps * size + (dtype == MG_BF16 ? 0x1p-7L * size : 0);
        wrong += !(fabsl(sum - get(dtype, dw, (size_t)i)) <= bound);
    }
    return wrong;
}

/* Square images, 3 x 3 windows, padding 1: all three passes. */
static int convolution(mg_dtype dtype, int64_t n, int64_t c, int64_t f, int64_t side) {
    int64_t x[2] = {side, side}, w[2] = {3, 3}, one[2] = {1, 1};
    size_t sizes[3] = {(size_t)(n * c * side * side), (size_t)(f * c * 9), (size_t)(n * f * side * side)};
    void *in[3], *out[TEAMS][3];
    mgr_conv args = {dtype, 2, n, c, f, x, w, x, one, one, one};
    int wrong = 0;
    for (int i = 0; i < 3; i++) in[i] = array(dtype, sizes[i]);
    for (int t = 0; t < TEAMS; t++) {
        mg_set_num_threads(t + 1);
        for (int i = 0; i < 3; i++) out[t][i] = calloc(sizes[i], mg_dtype_size(dtype));
        wrong += mgr_conv_forward(&args, in[0], in[1], out[t][2]) != MG_OK;
        wrong += mgr_conv_backward_data(&args, in[2], in[1], out[t][0]) != MG_OK;
        wrong += mgr_conv_backward_weights(&args, in[0], in[2], out[t][1]) != MG_OK;
        for (int i = 0; i < 3; i++) wrong += memcmp(out[t][i], out[0][i], sizes[i] * mg_dtype_size(dtype)) != 0;
    }
    wrong += wrong_weights(dtype, n, c, f, side, in, out[0][1]);
    /* With ones in the window's middle only, each element of y is the sum of x over its channels, dx of dy likewise. */
    memset(in[1], 0, sizes[1] * mg_dtype_size(dtype));
    for (int64_t i = 0; i < f * c; i++) {
        if (dtype == MG_F64) ((double *)in[1])[9 * i + 4] = 1;
        if (dtype == MG_F32) ((float *)in[1])[9 * i + 4] = 1;
    }
    if (dtype != MG_BF16) {
        wrong += mgr_conv_forward(&args, in[0], in[1], out[0][2]) != MG_OK;
        wrong += mgr_conv_backward_data(&args, in[2], in[1], out[0][0]) != MG_OK;
        int64_t area = side * side;
        double eps = (dtype == MG_F64 ? 0x1p-52 : 0x1p-23) * (double)(c + f + 2) * (double)(c + f);
        for (int64_t i = 0; i < n; i++)
            for (int64_t p = 0; p < area; p += 7) {
                double y = 0, dx = 0;
                for (int64_t j = 0; j < c; j++) y += get(dtype, in[0], (size_t)((i * c + j) * area + p));
                for (int64_t j = 0; j < f; j++) dx += get(dtype, in[2], (size_t)((i * f + j) * area + p));
                for (int64_t j = 0; j < f; j++)
                    wrong += !(fabs(get(dtype, out[0][2], (size_t)((i * f + j) * area + p)) - y) <= eps);
                for (int64_t j = 0; j < c; j++)
                    wrong += !(fabs(get(dtype, out[0][0], (size_t)((i * c + j) * area + p)) - dx) <= eps);
            }
    }
    if (wrong)
        printf("convolution of %s, %lld images %lld x %lld, %lld to %lld: wrong, or other bits\n", mg_dtype_name(dtype),
               (long long)n, (long long)side, (long long)side, (long long)c, (long long)f);
    for (int i = 0; i < 3; i++) free(in[i]);
    for (int t = 0; t < TEAMS; t++)
        for (int i = 0; i < 3; i++) free(out[t][i]);
    return wrong;
}

int main(void) {
    int wrong = 0;
    alarm(100); /* a hang is a failure */
    wrong += product(MG_F64, 1, 900, 900, 900);
    for (int i = 0; i < 3; i++) {
        mg_dtype dtype = (mg_dtype[]){MG_F64, MG_F32, MG_BF16}[i];
        wrong += product(dtype, 1, 517, 310, 200) + product(dtype, 1, 30, 1500, 600) + product(dtype, 37, 65, 70, 80);
        wrong += convolution(dtype, 37, 3, 10, 20) + convolution(dtype, 1, 20, 260, 12) +
                 convolution(dtype, 2, 260, 20, 9) + convolution(dtype, 12, 40, 24, 16);
    }
    if (!wrong) puts("ok");
    return wrong != 0;
}
