/* SPDX-License-Identifier: MIT
 * Convolution, forward and both gradients, against plain loops over every (output, tap) pair, within the bound of sums
 * of rounded products in any order: |error| <= (terms + 2) eps sum |a||b|. One to four axes, strides, paddings,
 * dilations, every float dtype, empty axes. */
#include "harness.h"
#include "runtime/dtype.h"
#include "runtime/linalg.h"
#include "runtime/parallel.h"
#include "runtime/status.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define AXES 4

typedef struct problem {
    mgr_conv conv;
    int64_t x[AXES], w[AXES], y[AXES], stride[AXES], pad[AXES], dilation[AXES];
    int64_t xs, ws, ys; /* products of the spatial axes */
} problem;

static void problem_link(problem *p) {
    p->conv.x = p->x;
    p->conv.w = p->w;
    p->conv.y = p->y;
    p->conv.stride = p->stride;
    p->conv.pad = p->pad;
    p->conv.dilation = p->dilation;
    p->xs = p->ws = p->ys = 1;
    for (int d = 0; d < p->conv.spatial; d++) {
        p->xs *= p->x[d];
        p->ws *= p->w[d];
        p->ys *= p->y[d];
    }
}

/* y first, then the x that it needs exactly. */
static void problem_random(problem *p, mg_test_rng *rng, mg_dtype dtype, int spatial, int64_t channels) {
    int64_t top = spatial == 1 ? 20 : spatial == 2 ? 7 : 3;
    memset(p, 0, sizeof *p);
    p->conv = (mgr_conv){.dtype = dtype,
                         .spatial = spatial,
                         .n = mg_test_int(rng, 1, 3),
                         .c = mg_test_int(rng, 1, channels),
                         .f = mg_test_int(rng, 1, channels)};
    for (int d = 0; d < spatial; d++) {
        for (;;) {
            p->w[d] = mg_test_int(rng, 1, 3);
            p->y[d] = mg_test_int(rng, 1, top);
            p->stride[d] = mg_test_int(rng, 1, 3);
            p->dilation[d] = mg_test_int(rng, 1, 3);
            p->pad[d] = mg_test_int(rng, 0, 2);
            p->x[d] = (p->y[d] - 1) * p->stride[d] + (p->w[d] - 1) * p->dilation[d] + 1 - 2 * p->pad[d];
            if (p->x[d] > 0) break;
        }
    }
    problem_link(p);
}

static void *array_random(mg_test_rng *rng, mg_dtype dtype, int64_t count) {
    size_t item = mg_dtype_size(dtype);
    char *v = malloc((size_t)count * item + 1);
    for (int64_t i = 0; i < count; i++) mgr_set_f64(dtype, v + (size_t)i * item, mg_test_uniform(rng, -2, 2));
    return v;
}

static double get(mg_dtype dtype, const void *v, int64_t i) {
    return mgr_get_f64(dtype, (const char *)v + (size_t)i * mg_dtype_size(dtype));
}

/* Element of x that tap t reads at output position o, or -1 in the padding. */
static int64_t x_of(const problem *p, int64_t o, int64_t t) {
    int64_t at = 0, scale = 1;
    for (int d = p->conv.spatial - 1; d >= 0; d--) {
        int64_t i = o % p->y[d] * p->stride[d] + t % p->w[d] * p->dilation[d] - p->pad[d];
        if (i < 0 || i >= p->x[d]) return -1;
        at += i * scale;
        scale *= p->x[d];
        o /= p->y[d];
        t /= p->w[d];
    }
    return at;
}

typedef struct sums {
    double *value, *size;
    int64_t *terms;
} sums;

static sums sums_new(int64_t n) {
    sums s = {calloc((size_t)n + 1, sizeof(double)), calloc((size_t)n + 1, sizeof(double)),
              calloc((size_t)n + 1, sizeof(int64_t))};
    return s;
}

static void sums_add(sums *s, int64_t i, double a, double b) {
    s->value[i] += a * b;
    s->size[i] += fabs(a * b);
    s->terms[i]++;
}

static void sums_check(sums *s, const char *what, const problem *p, const void *got, int64_t n) {
    mg_dtype dtype = p->conv.dtype;
    double eps = dtype == MG_F64 ? 0x1p-52 : 0x1p-24, last = dtype == MG_F16 ? 0x1p-11 : dtype == MG_BF16 ? 0x1p-8 : 0;
    for (int64_t i = 0; i < n; i++) {
        double v = get(dtype, got, i), bound = ((double)s->terms[i] + 3) * eps * s->size[i] +
                                               2 * last * fabs(s->value[i]) + 1e-7 * (dtype == MG_F16);
        CHECK_MSG(fabs(v - s->value[i]) <= bound,
                  "%s %s, %d axes, n %ld c %ld f %ld, x %ld.. w %ld.. stride %ld pad %ld dilation %ld: element %ld is "
                  "%.9g, not %.9g (bound %g)",
                  what, mg_dtype_name(dtype), p->conv.spatial, (long)p->conv.n, (long)p->conv.c, (long)p->conv.f,
                  (long)p->x[0], (long)p->w[0], (long)p->stride[0], (long)p->pad[0], (long)p->dilation[0], (long)i, v,
                  s->value[i], bound);
    }
    free(s->value);
    free(s->size);
    free(s->terms);
}

/* All three passes of one problem: each sum of the definition goes to the y, x or w element it belongs to. */
static void check_problem(const problem *p, mg_test_rng *rng) {
    const mgr_conv *c = &p->conv;
    mg_dtype t = c->dtype;
    int64_t nx = c->n * c->c * p->xs, nw = c->f * c->c * p->ws, ny = c->n * c->f * p->ys;
    void *x = array_random(rng, t, nx), *w = array_random(rng, t, nw), *dy = array_random(rng, t, ny);
    void *y = array_random(rng, t, ny), *dx = array_random(rng, t, nx), *dw = array_random(rng, t, nw);
    sums sy = sums_new(ny), sx = sums_new(nx), sw = sums_new(nw);
    for (int64_t n = 0; n < c->n; n++)
        for (int64_t f = 0; f < c->f; f++)
            for (int64_t ch = 0; ch < c->c; ch++)
                for (int64_t o = 0; o < p->ys; o++)
                    for (int64_t tap = 0; tap < p->ws; tap++) {
                        int64_t at = x_of(p, o, tap), iy = (n * c->f + f) * p->ys + o,
                                iw = (f * c->c + ch) * p->ws + tap;
                        if (at < 0) continue;
                        int64_t ix = (n * c->c + ch) * p->xs + at;
                        sums_add(&sy, iy, get(t, x, ix), get(t, w, iw));
                        sums_add(&sx, ix, get(t, dy, iy), get(t, w, iw));
                        sums_add(&sw, iw, get(t, dy, iy), get(t, x, ix));
                    }
    CHECK(mgr_conv_forward(c, x, w, y) == MG_OK);
    CHECK(mgr_conv_backward_data(c, dy, w, dx) == MG_OK);
    CHECK(mgr_conv_backward_weights(c, x, dy, dw) == MG_OK);
    sums_check(&sy, "forward", p, y, ny);
    sums_check(&sx, "backward data", p, dx, nx);
    sums_check(&sw, "backward weights", p, dw, nw);
    free(x), free(w), free(dy), free(y), free(dx), free(dw);
}

MG_TEST(conv, random_problems) {
    mg_test_rng rng = mg_test_rng_new();
    static const mg_dtype dtypes[] = {MG_F32, MG_F64, MG_F16, MG_BF16};
    int times = mg_test_times(40);
    for (int d = 0; d < 4; d++)
        for (int t = 0; t < times; t++) {
            problem p;
            problem_random(&p, &rng, dtypes[d], 1 + t % AXES, t % 5 == 0 ? 20 : 5);
            check_problem(&p, &rng);
        }
}

/* The shapes of the digits network, with one image more than a multiple of the groups. */
MG_TEST(conv, digits_network) {
    mg_test_rng rng = mg_test_rng_new();
    static const int64_t channels[2][2] = {{1, 16}, {16, 32}}, sides[2] = {28, 14};
    for (int dtype = MG_F32; dtype <= MG_F64; dtype++)
        for (int layer = 0; layer < 2; layer++) {
            problem p = {
                .conv = {
                    .dtype = (mg_dtype)dtype, .spatial = 2, .n = 9, .c = channels[layer][0], .f = channels[layer][1]}};
            for (int d = 0; d < 2; d++) {
                p.x[d] = p.y[d] = sides[layer];
                p.w[d] = 3;
                p.stride[d] = p.pad[d] = p.dilation[d] = 1;
            }
            problem_link(&p);
            check_problem(&p, &rng);
        }
}

/* Many positions and channels, so that im2col works in several blocks. */
MG_TEST(conv, many_blocks) {
    mg_test_rng rng = mg_test_rng_new();
    for (int dtype = MG_F32; dtype <= MG_F64; dtype++) {
        problem p = {.conv = {.dtype = (mg_dtype)dtype, .spatial = 1, .n = 2, .c = 700, .f = 2},
                     .x = {131},
                     .w = {3},
                     .y = {131},
                     .stride = {1},
                     .pad = {1},
                     .dilation = {1}};
        problem_link(&p);
        check_problem(&p, &rng);
    }
}

/* conv of ones (1, 1, 4) with ones (1, 1, 2), padding 1, dilation 3: [1, 2, 1]. */
MG_TEST(conv, the_documented_example) {
    for (int dtype = MG_F32; dtype <= MG_F64; dtype++) {
        problem p = {.conv = {.dtype = (mg_dtype)dtype, .spatial = 1, .n = 1, .c = 1, .f = 1},
                     .x = {4},
                     .w = {2},
                     .y = {3},
                     .stride = {1},
                     .pad = {1},
                     .dilation = {3}};
        char ones[4 * 8], y[3 * 8];
        problem_link(&p);
        for (int i = 0; i < 4; i++) mgr_set_f64((mg_dtype)dtype, ones + (size_t)i * mg_dtype_size((mg_dtype)dtype), 1);
        CHECK(mgr_conv_forward(&p.conv, ones, ones, y) == MG_OK);
        for (int i = 0; i < 3; i++) CHECK(get((mg_dtype)dtype, y, i) == (i == 1 ? 2 : 1));
    }
}

MG_TEST(conv, empty_axes) {
    static const mg_dtype dtypes[] = {MG_F32, MG_F64, MG_F16, MG_BF16};
    mg_test_rng rng = mg_test_rng_new();
    for (int d = 0; d < 4; d++)
        for (int which = 0; which < 3; which++) {
            problem p;
            problem_random(&p, &rng, dtypes[d], 2, 3);
            *(which == 0 ? &p.conv.n : which == 1 ? &p.conv.c : &p.conv.f) = 0;
            check_problem(&p, &rng);
        }
}

static void run_all(const problem *p, const void *x, const void *w, const void *dy, void *y, void *dx, void *dw) {
    CHECK(mgr_conv_forward(&p->conv, x, w, y) == MG_OK);
    CHECK(mgr_conv_backward_data(&p->conv, dy, w, dx) == MG_OK);
    CHECK(mgr_conv_backward_weights(&p->conv, x, dy, dw) == MG_OK);
}

MG_TEST(conv, the_same_bits_on_every_run) {
    mg_test_rng rng = mg_test_rng_new();
    for (int t = 0; t < 12; t++) {
        problem p;
        problem_random(&p, &rng, t % 2 ? MG_F32 : MG_F64, 1 + t % AXES, 8);
        mg_dtype d = p.conv.dtype;
        size_t item = mg_dtype_size(d);
        int64_t nx = p.conv.n * p.conv.c * p.xs, nw = p.conv.f * p.conv.c * p.ws, ny = p.conv.n * p.conv.f * p.ys;
        void *x = array_random(&rng, d, nx), *w = array_random(&rng, d, nw), *dy = array_random(&rng, d, ny);
        void *y[2], *dx[2], *dw[2];
        for (int i = 0; i < 2; i++) {
            y[i] = array_random(&rng, d, ny);
            dx[i] = array_random(&rng, d, nx);
            dw[i] = array_random(&rng, d, nw);
            run_all(&p, x, w, dy, y[i], dx[i], dw[i]);
        }
        CHECK_EQ_MEM(y[0], y[1], (size_t)ny * item);
        CHECK_EQ_MEM(dx[0], dx[1], (size_t)nx * item);
        CHECK_EQ_MEM(dw[0], dw[1], (size_t)nw * item);
        for (int i = 0; i < 2; i++) free(y[i]), free(dx[i]), free(dw[i]);
        free(x), free(w), free(dy);
    }
}

/* Shapes on both sides of every choice of layout: padded channels, pointwise with many and few positions, parts of the
 * channels. Values, and the same bits with 2 and 3 threads as with one. */
MG_TEST(conv, few_channels_and_pointwise) {
    static const int64_t shapes[][7] = {{9, 1, 16, 28, 3, 1, 1},   {5, 1, 6, 16, 5, 2, 1},   {5, 2, 16, 20, 3, 1, 1},
                                        {4, 3, 16, 20, 5, 2, 1},   {6, 5, 16, 16, 3, 1, 2},  {6, 16, 1, 16, 3, 1, 1},
                                        {9, 16, 16, 28, 1, 0, 1},  {4, 3, 16, 12, 1, 0, 1},  {4, 16, 3, 12, 1, 0, 1},
                                        {4, 40, 24, 7, 1, 0, 1},   {5, 16, 24, 28, 1, 0, 2}, {1, 260, 300, 16, 1, 0, 1},
                                        {2, 300, 260, 12, 1, 0, 1}};
    mg_test_rng rng = mg_test_rng_new();
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const int64_t *v = shapes[s];
        problem p = {.conv = {.dtype = MG_F32, .spatial = 2, .n = v[0], .c = v[1], .f = v[2]}};
        for (int d = 0; d < 2; d++) {
            p.x[d] = v[3];
            p.w[d] = v[4];
            p.pad[d] = v[5];
            p.stride[d] = v[6];
            p.y[d] = (v[3] + 2 * v[5] - v[4]) / v[6] + 1;
            p.x[d] = (p.y[d] - 1) * v[6] + v[4] - 2 * v[5]; /* exactly what y needs */
            p.dilation[d] = 1;
        }
        problem_link(&p);
        check_problem(&p, &rng);
        int64_t nx = p.conv.n * p.conv.c * p.xs, nw = p.conv.f * p.conv.c * p.ws, ny = p.conv.n * p.conv.f * p.ys;
        void *x = array_random(&rng, MG_F32, nx), *w = array_random(&rng, MG_F32, nw),
             *dy = array_random(&rng, MG_F32, ny), *y[3], *dx[3], *dw[3];
        for (int t = 0; t < 3; t++) {
            y[t] = array_random(&rng, MG_F32, ny);
            dx[t] = array_random(&rng, MG_F32, nx);
            dw[t] = array_random(&rng, MG_F32, nw);
            mgr_set_num_threads(t + 1);
            run_all(&p, x, w, dy, y[t], dx[t], dw[t]);
            CHECK_EQ_MEM(y[0], y[t], sizeof(float) * (size_t)ny);
            CHECK_EQ_MEM(dx[0], dx[t], sizeof(float) * (size_t)nx);
            CHECK_EQ_MEM(dw[0], dw[t], sizeof(float) * (size_t)nw);
        }
        mgr_set_num_threads(0);
        for (int t = 0; t < 3; t++) free(y[t]), free(dx[t]), free(dw[t]);
        free(x), free(w), free(dy);
    }
}

static void *many_problems(void *arg) {
    mg_test_rng rng = mg_test_rng_from(*(uint64_t *)arg);
    for (int t = 0; t < 30; t++) {
        problem p;
        problem_random(&p, &rng, t % 2 ? MG_F32 : MG_F64, 1 + t % 3, 6);
        int64_t nx = p.conv.n * p.conv.c * p.xs, nw = p.conv.f * p.conv.c * p.ws, ny = p.conv.n * p.conv.f * p.ys;
        void *x = array_random(&rng, p.conv.dtype, nx), *w = array_random(&rng, p.conv.dtype, nw),
             *y = array_random(&rng, p.conv.dtype, ny);
        double sum = 0, expected = 0;
        if (mgr_conv_forward(&p.conv, x, w, y) != MG_OK) return arg;
        for (int64_t i = 0; i < ny; i++) sum += get(p.conv.dtype, y, i);
        for (int64_t n = 0; n < p.conv.n; n++)
            for (int64_t f = 0; f < p.conv.f; f++)
                for (int64_t c = 0; c < p.conv.c; c++)
                    for (int64_t o = 0; o < p.ys; o++)
                        for (int64_t tap = 0; tap < p.ws; tap++) {
                            int64_t at = x_of(&p, o, tap);
                            if (at >= 0)
                                expected += get(p.conv.dtype, x, (n * p.conv.c + c) * p.xs + at) *
                                            get(p.conv.dtype, w, (f * p.conv.c + c) * p.ws + tap);
                        }
        free(x), free(w), free(y);
        if (fabs(sum - expected) > 1e-3 * (1 + fabs(expected))) return arg;
    }
    return NULL;
}

MG_TEST(conv, two_threads_at_once) {
    pthread_t threads[2];
    uint64_t seeds[2] = {mg_test_seed(), mg_test_seed() + 1};
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, many_problems, &seeds[i]) == 0);
    for (int i = 0; i < 2; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        CHECK(!failed);
    }
}
