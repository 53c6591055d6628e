/* SPDX-License-Identifier: MIT
 * Convolution over any number of axes as matrix products (f32, f64): patches of the input are laid out as columns, a
 * bounded block at a time, and multiplied. Block sizes and the order of every sum depend on the problem only, never on
 * the threads.
 *
 *   col[(channel, window offset)][output position] = x at that position + offset, or 0 in the padding
 *   y = w col      dcol = w^T dy, then added back (col2im)      dw = sum over images of dy col^T
 */
#include "runtime/memory.h"
#include "runtime/parallel.h"
#include "runtime/products.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

#include <string.h>

#define COLUMN_ELEMENTS 65536      /* of a block of columns: half a megabyte of doubles */
#define COLUMN_ROWS     1024       /* channels per block are chosen to stay below this many rows */
#define GROUPS          8          /* of images that sum their weight gradients apart */
#define GROUP_BYTES     (16 << 20) /* of all partial weight gradients together */

typedef struct geometry {
    const mgr_conv *args;
    size_t item;
    int64_t x_size, w_size, y_size; /* per image and channel, per filter and channel */
    int64_t taps;                   /* c * w_size: the length of a filter */
    int64_t block_channels, channel_blocks, block_positions, position_blocks;
    int64_t groups, images_per_group;
    size_t column_bytes, gemm_bytes; /* scratch of one worker */
    char *scratch, *partials;
    const char *x, *w, *dy;
    char *y, *dx, *dw;
} geometry;

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t blocks_of(int64_t n, int64_t block) { return (n + block - 1) / block; }
static int64_t product(int n, const int64_t *v) {
    int64_t p = 1;
    for (int i = 0; i < n; i++) p *= v[i];
    return p;
}

static void geometry_set(geometry *g, const mgr_conv *args) {
    memset(g, 0, sizeof *g);
    g->args = args;
    g->item = mg_dtype_size(args->dtype);
    g->x_size = product(args->spatial, args->x);
    g->w_size = product(args->spatial, args->w);
    g->y_size = product(args->spatial, args->y);
    g->taps = args->c * g->w_size;
    g->block_channels = max64(1, min64(args->c, COLUMN_ROWS / g->w_size));
    g->channel_blocks = blocks_of(args->c, g->block_channels);
    g->block_positions = max64(1, min64(g->y_size, COLUMN_ELEMENTS / (g->block_channels * g->w_size)));
    g->position_blocks = blocks_of(g->y_size, g->block_positions);
    size_t column = g->item * (size_t)(g->block_channels * g->w_size * g->block_positions);
    g->column_bytes = (column + 63) & ~(size_t)63;
    g->gemm_bytes = (mgr_gemm_scratch(args->dtype) + 63) & ~(size_t)63;
}

static char *worker_columns(const geometry *g, int worker) {
    return g->scratch + (size_t)worker * (g->column_bytes + g->gemm_bytes);
}
static char *worker_gemm(const geometry *g, int worker) { return worker_columns(g, worker) + g->column_bytes; }

/* ---- Walking the positions of one (channel, window offset): runs along the last axis ---- */

typedef struct walk {
    const mgr_conv *args;
    int64_t offset[MG_MAX_NDIM]; /* of this tap: window index * dilation - pad */
    int64_t y[MG_MAX_NDIM];      /* where the next run starts */
    int64_t left;                /* positions that remain */
    int64_t low, high;           /* of the last axis: positions that read inside x */
} walk;

typedef struct run {
    int64_t length, before, inside; /* positions: all, those left of x, those that read x */
    int64_t x;                      /* element of the first inside one, in its channel */
} run;

static void walk_start(walk *w, const mgr_conv *args, int64_t tap, int64_t first, int64_t count) {
    int last = args->spatial - 1;
    w->args = args;
    w->left = count;
    for (int d = last; d >= 0; d--) {
        w->offset[d] = tap % args->w[d] * args->dilation[d] - args->pad[d];
        tap /= args->w[d];
        w->y[d] = first % args->y[d];
        first /= args->y[d];
    }
    int64_t s = args->stride[last], o = w->offset[last];
    w->low = o >= 0 ? 0 : (-o + s - 1) / s;
    w->high = args->x[last] <= o ? 0 : (args->x[last] - o + s - 1) / s;
}

static bool walk_next(walk *w, run *r) {
    const mgr_conv *a = w->args;
    int last = a->spatial - 1;
    if (w->left == 0) return false;
    int64_t first = w->y[last], x = 0;
    bool outside = false;
    r->length = min64(a->y[last] - first, w->left);
    for (int d = 0; d < last; d++) {
        int64_t at = w->y[d] * a->stride[d] + w->offset[d];
        outside |= at < 0 || at >= a->x[d];
        x = x * a->x[d] + at;
    }
    int64_t low = max64(first, min64(w->low, first + r->length)), high = max64(low, min64(w->high, first + r->length));
    r->before = outside ? r->length : low - first;
    r->inside = outside ? 0 : high - low;
    r->x = x * a->x[last] + low * a->stride[last] + w->offset[last];
    w->left -= r->length;
    w->y[last] = 0;
    for (int d = last - 1; d >= 0; d--) {
        if (++w->y[d] < a->y[d]) break;
        w->y[d] = 0;
    }
    return true;
}

/* ---- Columns from an image and back ---- */

static void copy_run(size_t item, char *to, const char *from, int64_t n, int64_t step) {
    if (step == 1)
        memcpy(to, from, (size_t)n * item);
    else if (item == 4)
        for (int64_t i = 0; i < n; i++) ((uint32_t *)(void *)to)[i] = ((const uint32_t *)(const void *)from)[i * step];
    else
        for (int64_t i = 0; i < n; i++) ((uint64_t *)(void *)to)[i] = ((const uint64_t *)(const void *)from)[i * step];
}

static void add_run(mg_dtype dtype, char *to, const char *from, int64_t n, int64_t step) {
    if (dtype == MG_F32)
        for (int64_t i = 0; i < n; i++) ((float *)(void *)to)[i * step] += ((const float *)(const void *)from)[i];
    else
        for (int64_t i = 0; i < n; i++) ((double *)(void *)to)[i * step] += ((const double *)(const void *)from)[i];
}

/* `image` is the first of `channels`; columns are channels * w_size rows of `count` positions from `first`. */
static void columns_from_image(const geometry *g, char *columns, const char *image, int64_t channels, int64_t first,
                               int64_t count) {
    int64_t step = g->args->stride[g->args->spatial - 1];
    for (int64_t c = 0; c < channels; c++)
        for (int64_t tap = 0; tap < g->w_size; tap++) {
            walk w;
            run r;
            walk_start(&w, g->args, tap, first, count);
            while (walk_next(&w, &r)) {
                size_t before = (size_t)r.before * g->item, inside = (size_t)r.inside * g->item;
                memset(columns, 0, before);
                if (r.inside)
                    copy_run(g->item, columns + before, image + (c * g->x_size + r.x) * (int64_t)g->item, r.inside,
                             step);
                memset(columns + before + inside, 0, (size_t)r.length * g->item - before - inside);
                columns += (size_t)r.length * g->item;
            }
        }
}

static void columns_to_image(const geometry *g, const char *columns, char *image, int64_t channels, int64_t first,
                             int64_t count) {
    int64_t step = g->args->stride[g->args->spatial - 1];
    for (int64_t c = 0; c < channels; c++)
        for (int64_t tap = 0; tap < g->w_size; tap++) {
            walk w;
            run r;
            walk_start(&w, g->args, tap, first, count);
            while (walk_next(&w, &r)) {
                if (r.inside)
                    add_run(g->args->dtype, image + (c * g->x_size + r.x) * (int64_t)g->item,
                            columns + (size_t)r.before * g->item, r.inside, step);
                columns += (size_t)r.length * g->item;
            }
        }
}

/* ---- Units of work ---- */

typedef struct block {
    int64_t first, count;
} block;

static block block_at(int64_t index, int64_t size, int64_t total) {
    block b = {index * size, min64(size, total - index * size)};
    return b;
}

static block channels_at(const geometry *g, int64_t index) { return block_at(index, g->block_channels, g->args->c); }
static block positions_at(const geometry *g, int64_t index) { return block_at(index, g->block_positions, g->y_size); }

/* Element `index` of an array. */
static char *at(const geometry *g, const char *base, int64_t index) {
    return (char *)(uintptr_t)base + index * (int64_t)g->item;
}

/* A unit is (image, block of positions): every element of y belongs to one. */
static void forward_body(int64_t begin, int64_t end, int worker, void *context) {
    const geometry *g = context;
    const mgr_conv *a = g->args;
    char *columns = worker_columns(g, worker);
    for (int64_t u = begin; u < end; u++) {
        int64_t image = u / g->position_blocks;
        block p = positions_at(g, u % g->position_blocks);
        for (int64_t cb = 0; cb < g->channel_blocks; cb++) {
            block c = channels_at(g, cb);
            columns_from_image(g, columns, at(g, g->x, (image * a->c + c.first) * g->x_size), c.count, p.first,
                               p.count);
            mgr_gemm one = {a->dtype,
                            a->f,
                            p.count,
                            c.count * g->w_size,
                            at(g, g->w, c.first * g->w_size),
                            columns,
                            g->taps,
                            1,
                            p.count,
                            1,
                            at(g, g->y, image * a->f * g->y_size + p.first),
                            g->y_size,
                            cb > 0};
            mgr_gemm_run(&one, worker_gemm(g, worker));
        }
    }
}

/* A unit is (image, block of channels): every element of dx belongs to one. */
static void backward_data_body(int64_t begin, int64_t end, int worker, void *context) {
    const geometry *g = context;
    const mgr_conv *a = g->args;
    char *columns = worker_columns(g, worker);
    for (int64_t u = begin; u < end; u++) {
        int64_t image = u / g->channel_blocks;
        block c = channels_at(g, u % g->channel_blocks);
        char *dx = at(g, g->dx, (image * a->c + c.first) * g->x_size);
        memset(dx, 0, (size_t)(c.count * g->x_size) * g->item);
        for (int64_t pb = 0; pb < g->position_blocks; pb++) {
            block p = positions_at(g, pb);
            mgr_gemm one = {a->dtype,
                            c.count * g->w_size,
                            p.count,
                            a->f,
                            at(g, g->w, c.first * g->w_size),
                            at(g, g->dy, image * a->f * g->y_size + p.first),
                            1,
                            g->taps,
                            g->y_size,
                            1,
                            columns,
                            p.count,
                            false};
            mgr_gemm_run(&one, worker_gemm(g, worker));
            columns_to_image(g, columns, dx, c.count, p.first, p.count);
        }
    }
}

/* A unit is (group of images, block of channels): a part of that group's weight gradient. */
static void backward_weights_body(int64_t begin, int64_t end, int worker, void *context) {
    const geometry *g = context;
    const mgr_conv *a = g->args;
    char *columns = worker_columns(g, worker);
    for (int64_t u = begin; u < end; u++) {
        int64_t group = u / g->channel_blocks;
        block c = channels_at(g, u % g->channel_blocks), images = block_at(group, g->images_per_group, a->n);
        char *dw = at(g, group == 0 ? g->dw : at(g, g->partials, (group - 1) * a->f * g->taps), c.first * g->w_size);
        bool more = false;
        for (int64_t i = images.first; i < images.first + images.count; i++)
            for (int64_t pb = 0; pb < g->position_blocks; pb++, more = true) {
                block p = positions_at(g, pb);
                columns_from_image(g, columns, at(g, g->x, (i * a->c + c.first) * g->x_size), c.count, p.first,
                                   p.count);
                mgr_gemm one = {a->dtype,
                                a->f,
                                c.count * g->w_size,
                                p.count,
                                at(g, g->dy, i * a->f * g->y_size + p.first),
                                columns,
                                g->y_size,
                                1,
                                1,
                                p.count,
                                dw,
                                g->taps,
                                more};
                mgr_gemm_run(&one, worker_gemm(g, worker));
            }
    }
}

/* ---- Entry points ---- */

/* Scratch for every worker and `extra` bytes, then the units; `work` is multiplications per unit. */
static mg_status run_units(geometry *g, int64_t units, double work, size_t extra, mgr_parallel_body *body) {
    size_t per_worker = g->column_bytes + g->gemm_bytes, workers = (size_t)min64(mgr_num_threads(), units);
    mgr_buffer *scratch = mgr_buffer_new(per_worker * workers + extra);
    if (!scratch) return mgr_error();
    g->scratch = scratch->data;
    g->partials = g->scratch + per_worker * workers;
    int64_t grain = work >= MGR_PRODUCT_GRAIN ? 1 : (int64_t)(MGR_PRODUCT_GRAIN / (work + 1)) + 1;
    mgr_parallel_for(units, mgr_grain_for(units, grain, (int64_t)workers), body, g);
    for (int64_t group = 1; group < g->groups; group++)
        add_run(g->args->dtype, g->dw, at(g, g->partials, (group - 1) * g->args->f * g->taps), g->args->f * g->taps, 1);
    mgr_buffer_release(scratch);
    return MG_OK;
}

mg_status mgr_im2col_forward(const mgr_conv *args, const void *x, const void *w, void *y) {
    geometry g;
    geometry_set(&g, args);
    g.x = x;
    g.w = w;
    g.y = y;
    if (args->n == 0 || args->f == 0) return MG_OK;
    if (args->c == 0) return memset(y, 0, (size_t)(args->n * args->f * g.y_size) * g.item), MG_OK;
    double work = (double)args->f * (double)g.taps * (double)g.block_positions;
    return run_units(&g, args->n * g.position_blocks, work, 0, forward_body);
}

mg_status mgr_im2col_backward_data(const mgr_conv *args, const void *dy, const void *w, void *dx) {
    geometry g;
    geometry_set(&g, args);
    g.dy = dy;
    g.w = w;
    g.dx = dx;
    if (args->n == 0 || args->c == 0) return MG_OK;
    double work = (double)args->f * (double)(g.block_channels * g.w_size) * (double)g.y_size;
    return run_units(&g, args->n * g.channel_blocks, work, 0, backward_data_body);
}

mg_status mgr_im2col_backward_weights(const mgr_conv *args, const void *x, const void *dy, void *dw) {
    geometry g;
    geometry_set(&g, args);
    g.x = x;
    g.dy = dy;
    g.dw = dw;
    size_t bytes = (size_t)(args->f * g.taps) * g.item;
    if (bytes == 0) return MG_OK;
    if (args->n == 0) return memset(dw, 0, bytes), MG_OK;
    g.groups = max64(1, min64(GROUP_BYTES / (int64_t)bytes, GROUPS));
    g.images_per_group = blocks_of(args->n, min64(g.groups, args->n));
    g.groups = blocks_of(args->n, g.images_per_group);
    double work =
        (double)args->f * (double)(g.block_channels * g.w_size) * (double)g.y_size * (double)g.images_per_group;
    return run_units(&g, g.groups * g.channel_blocks, work, bytes * (size_t)(g.groups - 1), backward_weights_body);
}
