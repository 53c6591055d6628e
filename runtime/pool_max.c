/* SPDX-License-Identifier: MIT
 * Max pooling over any number of trailing axes and its gradient. Windows are visited in row-major order, so ties, NaNs
 * and sums of overlapping windows come out the same for any number of threads. */
#include "runtime/dtype.h"
#include "runtime/extremum.h"
#include "runtime/parallel.h"
#include "runtime/rows.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

#include <string.h>

typedef struct job {
    const mgr_pool *args;
    int64_t x_size, y_size; /* of one spatial block */
    size_t item;
    const char *x, *dy;
    char *y, *dx;
    int64_t *where_out;
    const int64_t *where;
} job;

/* The output axes as an odometer; `corner` is the element of x where the window at hand begins. */
typedef struct odometer {
    int64_t at[MG_MAX_NDIM], x_step[MG_MAX_NDIM], corner;
} odometer;

static void odometer_start(odometer *o, const mgr_pool *args) {
    int64_t step = 1;
    o->corner = 0;
    for (int d = args->spatial - 1; d >= 0; d--) {
        o->at[d] = 0;
        o->x_step[d] = step;
        step *= args->x[d];
    }
}

static void odometer_next(odometer *o, const mgr_pool *args) {
    for (int d = args->spatial - 1; d >= 0; d--) {
        o->corner += o->x_step[d] * args->stride[d];
        if (++o->at[d] < args->y[d]) return;
        o->corner -= o->x_step[d] * args->stride[d] * args->y[d];
        o->at[d] = 0;
    }
}

typedef int64_t window_fn(const void *block, const mgr_pool *args, const odometer *o, int64_t lines);

/* Position of the first largest element of the window at `corner`; it has `lines` lines along the last axis. */
#define WINDOW(dtype, name, type, key_type, key, is_nan)                                                               \
    static int64_t window_##name(const void *block, const mgr_pool *args, const odometer *o, int64_t lines) {          \
        int last = args->spatial - 1;                                                                                  \
        const type *x = block;                                                                                         \
        int64_t at = o->corner, index[MG_MAX_NDIM] = {0}, line = o->corner;                                            \
        key_type best = key(x[at]);                                                                                    \
        for (int64_t l = 0; l < lines; l++) {                                                                          \
            for (int64_t i = line; i < line + args->pool[last]; i++) {                                                 \
                key_type v = key(x[i]);                                                                                \
                if (is_nan(best)) return at;                                                                           \
                if (v > best || is_nan(v)) best = v, at = i;                                                           \
            }                                                                                                          \
            for (int d = last - 1; d >= 0; d--) {                                                                      \
                line += o->x_step[d];                                                                                  \
                if (++index[d] < args->pool[d]) break;                                                                 \
                line -= o->x_step[d] * args->pool[d];                                                                  \
                index[d] = 0;                                                                                          \
            }                                                                                                          \
        }                                                                                                              \
        return at;                                                                                                     \
    }
MGR_EXTREMUM_DTYPES(WINDOW)

#define ROW_OF_TABLE(dtype, name, type, key_type, key, is_nan) [dtype] = window_##name,
static window_fn *const windows[MG_DTYPE_COUNT] = {MGR_EXTREMUM_DTYPES(ROW_OF_TABLE)};

static void forward_blocks(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    const mgr_pool *args = j->args;
    window_fn *window = windows[args->dtype];
    int64_t lines = 1;
    (void)worker;
    for (int d = 0; d < args->spatial - 1; d++) lines *= args->pool[d];
    for (int64_t b = begin; b < end; b++) {
        const char *x = j->x + (size_t)(b * j->x_size) * j->item;
        odometer o;
        odometer_start(&o, args);
        for (int64_t i = b * j->y_size; i < (b + 1) * j->y_size; i++, odometer_next(&o, args)) {
            j->where_out[i] = window(x, args, &o, lines);
            memcpy(j->y + (size_t)i * j->item, x + (size_t)j->where_out[i] * j->item, j->item);
        }
    }
}

/* The usual case, 2 x 2 windows side by side over planes of floats, without branches. */
static void forward_2x2_f32(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    const mgr_pool *args = j->args;
    int64_t width = args->x[1], rows = args->y[0], cols = args->y[1];
    (void)worker;
    for (int64_t b = begin; b < end; b++)
        for (int64_t r = 0; r < rows; r++) {
            const float *top = (const float *)(const void *)j->x + b * j->x_size + 2 * r * width, *bottom = top + width;
            float *y = (float *)(void *)j->y + b * j->y_size + r * cols;
            int64_t *where = j->where_out + b * j->y_size + r * cols;
            for (int64_t c = 0; c < cols; c++) {
                float v[4] = {top[2 * c], top[2 * c + 1], bottom[2 * c], bottom[2 * c + 1]};
                float best = v[0];
                int32_t at = 0;
                for (int i = 1; i < 4; i++) {
                    bool better = !(v[i] <= best) & (best == best);
                    best = better ? v[i] : best;
                    at = better ? i : at;
                }
                y[c] = best;
                where[c] = 2 * r * width + 2 * c + (at & 1) + (at & 2 ? width : 0);
            }
        }
}

static bool is_2x2_f32(const mgr_pool *args) {
    return args->dtype == MG_F32 && args->spatial == 2 && args->pool[0] == 2 && args->pool[1] == 2 &&
           args->stride[0] == 2 && args->stride[1] == 2;
}

static void backward_blocks(int64_t begin, int64_t end, int worker, void *context) {
    const job *j = context;
    mg_dtype dtype = j->args->dtype;
    (void)worker;
    memset(j->dx + (size_t)(begin * j->x_size) * j->item, 0, (size_t)((end - begin) * j->x_size) * j->item);
    for (int64_t b = begin; b < end; b++)
        for (int64_t i = b * j->y_size; i < (b + 1) * j->y_size; i++) {
            char *dx = j->dx + (size_t)(b * j->x_size + j->where[i]) * j->item;
            const char *dy = j->dy + (size_t)i * j->item;
            if (dtype == MG_F32)
                *(float *)(void *)dx += *(const float *)(const void *)dy;
            else if (dtype == MG_F64)
                *(double *)(void *)dx += *(const double *)(const void *)dy;
            else
                mgr_set_f64(dtype, dx, (float)mgr_get_f64(dtype, dx) + (float)mgr_get_f64(dtype, dy));
        }
}

static job job_of(const mgr_pool *args) {
    job j = {.args = args, .x_size = 1, .y_size = 1, .item = mg_dtype_size(args->dtype)};
    for (int d = 0; d < args->spatial; d++) {
        j.x_size *= args->x[d];
        j.y_size *= args->y[d];
    }
    return j;
}

mg_status mgr_maxpool_forward(const mgr_pool *args, const void *x, void *y, int64_t *where) {
    job j = job_of(args);
    if (j.item == 0) return mgr_fail(MG_ERR_TYPE, "max_pool", "no dtype has the number %d", (int)args->dtype);
    j.x = x;
    j.y = y;
    j.where_out = where;
    if (args->spatial == 0) { /* windows of one element each */
        memcpy(y, x, (size_t)args->outer * j.item);
        memset(where, 0, (size_t)args->outer * sizeof *where);
        return MG_OK;
    }
    if (j.y_size == 0) return MG_OK;
    mgr_parallel_for(args->outer, MGR_MAX_POOL_GRAIN / j.x_size + 1,
                     is_2x2_f32(args) ? forward_2x2_f32 : forward_blocks, &j);
    return MG_OK;
}

mg_status mgr_maxpool_backward(const mgr_pool *args, const void *dy, const int64_t *where, void *dx) {
    job j = job_of(args);
    if (!mg_dtype_is_float(args->dtype))
        return mgr_fail(MG_ERR_TYPE, "max_pool", "%s has no gradient", mg_dtype_name(args->dtype));
    j.dy = dy;
    j.dx = dx;
    j.where = where;
    if (j.x_size == 0) return MG_OK;
    mgr_parallel_for(args->outer, MGR_MAX_POOL_GRAIN / j.x_size + 1, backward_blocks, &j);
    return MG_OK;
}
