/* SPDX-License-Identifier: MIT
 * Convolution: which back end. oneDNN where it can (f32, bf16; one to three axes), in slices; im2col otherwise; f16,
 * and bf16 where it has no hardware, through f32. */
#include "runtime/fpenv.h"
#include "runtime/linalg.h"
#include "runtime/memory.h"
#include "runtime/pack.h"
#include "runtime/parallel.h"
#include "runtime/products.h"
#include "runtime/slices.h"
#include "runtime/status.h"

typedef mg_status im2col_fn(const mgr_conv *args, const void *a, const void *b, void *result);

typedef struct array {
    int64_t lines, length; /* of the flat array: first axis and the rest */
} array;

static array array_of(int64_t first, int64_t second, int spatial, const int64_t *dims) {
    array a = {first, second};
    for (int i = 0; i < spatial; i++) a.length *= dims[i];
    return a;
}

static bool is_empty(array a) { return a.lines == 0 || a.length == 0; }

static void convert(array a, mg_dtype to_dtype, void *to, mg_dtype from_dtype, const void *from) {
    int64_t to_item = (int64_t)mg_dtype_size(to_dtype), from_item = (int64_t)mg_dtype_size(from_dtype);
    mgr_pack_view t = {.data = to, .row = a.length * to_item, .col = to_item};
    mgr_pack_view f = {.data = (void *)(uintptr_t)from, .row = a.length * from_item, .col = from_item};
    mgr_pack_copy(0, NULL, a.lines, a.length, to_dtype, &t, from_dtype, &f);
}

/* ---- Slices of a convolution by oneDNN: some images, or some channels of the result ---- */

typedef struct slicing {
    const mgr_conv *args;
    mgr_conv_pass pass;
    int64_t images, channels; /* slices along each */
    int64_t x_size, w_size, y_size;
    const char *a, *b;
    char *result;
    float *partials; /* weight gradients of all image slices but the first */
} slicing;

/* A slice reads all weights, and where it changes their layout that costs as much as some 25 positions of y do (as 45
 * where it writes them and they are added): 2 % of this many. */
#define SLICE_POSITIONS       1024
#define SLICE_POSITIONS_ADDED 2048
#define SLICE_CHANNELS        128        /* as little as x may be used for each time that it is read */
#define SLICE_PARTIALS_MOST   (16 << 20) /* bytes */

static slicing slicing_of(const mgr_conv *args, mgr_conv_pass pass, const void *a, const void *b, void *result) {
    slicing s = {.args = args, .pass = pass, .x_size = 1, .w_size = 1, .y_size = 1, .a = a, .b = b, .result = result};
    for (int i = 0; i < args->spatial; i++) {
        s.x_size *= args->x[i];
        s.w_size *= args->w[i];
        s.y_size *= args->y[i];
    }
    double work = (double)args->n * (double)args->c * (double)args->f * (double)s.w_size * (double)s.y_size;
    bool weights = pass == MGR_CONV_BACKWARD_WEIGHTS;
    double most = (double)args->n * (double)s.y_size / (weights ? SLICE_POSITIONS_ADDED : SLICE_POSITIONS);
    double partials = SLICE_PARTIALS_MOST / ((double)(args->f * args->c) * (double)s.w_size * sizeof *s.partials);
    if (weights && partials < most) most = partials;
    if (weights && args->dtype != MG_F32) most = 1; /* a sum of rounded parts */
    if ((double)args->n < most) most = (double)args->n;
    s.images = mgr_slice_count(work, (int64_t)most);
    s.channels = 1;
    if (s.images < 4)
        s.channels = mgr_slice_count(work / (double)s.images,
                                     (pass == MGR_CONV_BACKWARD_DATA ? args->c : args->f) / SLICE_CHANNELS);
    return s;
}

static mg_status run_slice(const slicing *s, int64_t slice, bool really) {
    const mgr_conv *g = s->args;
    int64_t i = slice / s->channels, j = slice % s->channels, item = (int64_t)mg_dtype_size(g->dtype);
    int64_t all = s->pass == MGR_CONV_BACKWARD_DATA ? g->c : g->f, image = mgr_slice_begin(g->n, 1, s->images, i),
            channel = mgr_slice_begin(all, 16, s->channels, j);
    int64_t images = mgr_slice_begin(g->n, 1, s->images, i + 1) - image,
            channels = mgr_slice_begin(all, 16, s->channels, j + 1) - channel;
    mgr_conv_part part = {g, images, s->pass == MGR_CONV_BACKWARD_DATA ? channels : g->c,
                          s->pass == MGR_CONV_BACKWARD_DATA ? g->f : channels};
    int64_t x = image * g->c * s->x_size, y = image * g->f * s->y_size, filters = channel * g->c * s->w_size;
    int64_t a, b, result;
    char *out = s->result;
    switch (s->pass) {
    case MGR_CONV_FORWARD:
        a = x, b = filters, result = y + channel * s->y_size;
        break;
    case MGR_CONV_BACKWARD_DATA:
        a = y, b = channel * s->w_size, result = x + channel * s->x_size;
        break;
    default:
        a = x, b = y + channel * s->y_size, result = filters;
        if (i > 0 && really) out = (char *)(s->partials + (i - 1) * g->f * g->c * s->w_size);
    }
    return mgr_onednn_conv(s->pass, &part, s->a + a * item, s->b + b * item, really ? out + result * item : NULL);
}

static mg_status slice_fn(int64_t slice, const void *context) { return run_slice(context, slice, true); }

/* Partial weight gradients are added in the order of their images. */
static void add_partials(int64_t begin, int64_t end, int worker, void *context) {
    const slicing *s = context;
    float *dw = (float *)(void *)s->result;
    int64_t count = s->args->f * s->args->c * s->w_size;
    (void)worker;
    for (int64_t p = 0; p < s->images - 1; p++)
        for (int64_t i = begin; i < end; i++) dw[i] += s->partials[p * count + i];
}

static mg_status run_onednn(const mgr_conv *args, mgr_conv_pass pass, const void *a, const void *b, void *result) {
    slicing s = slicing_of(args, pass, a, b, result);
    int64_t count = s.images * s.channels, weights = args->f * args->c * s.w_size;
    for (int64_t i = 0; i < count && count > 1; i += count - 1) MGR_TRY(run_slice(&s, i, false));
    mgr_buffer *partials = NULL;
    bool adds = pass == MGR_CONV_BACKWARD_WEIGHTS && s.images > 1;
    if (adds && !(partials = mgr_buffer_new(sizeof *s.partials * (size_t)((s.images - 1) * weights))))
        return mgr_error();
    if (adds) s.partials = partials->data;
    mg_status status = mgr_slices_run(count, slice_fn, &s);
    if (adds && status == MG_OK) mgr_parallel_for(weights, 16384, add_partials, &s);
    mgr_buffer_release(partials);
    return status;
}

static mg_status run_direct(const mgr_conv *args, bool empty, mgr_conv_pass pass, im2col_fn *im2col, const void *a,
                            const void *b, void *result) {
    if (mgr_onednn_has(args->dtype) && !empty) {
        mg_status status = run_onednn(args, pass, a, b, result);
        if (status != MG_ERR_NOT_IMPLEMENTED) return status;
    }
    return im2col(args, a, b, result);
}

static mg_status run_through_f32(const mgr_conv *args, bool empty, mgr_conv_pass pass, im2col_fn *im2col,
                                 const array shape[3], const void *a, const void *b, void *result) {
    mgr_conv wide = *args;
    mgr_buffer *buffer[3] = {NULL, NULL, NULL};
    mg_status status = MG_OK;
    wide.dtype = MG_F32;
    for (int i = 0; i < 3 && status == MG_OK; i++) {
        buffer[i] = mgr_buffer_new(sizeof(float) * (size_t)(shape[i].lines * shape[i].length));
        if (!buffer[i]) status = mgr_error();
    }
    if (status == MG_OK) {
        convert(shape[0], MG_F32, buffer[0]->data, args->dtype, a);
        convert(shape[1], MG_F32, buffer[1]->data, args->dtype, b);
        status = run_direct(&wide, empty, pass, im2col, buffer[0]->data, buffer[1]->data, buffer[2]->data);
    }
    if (status == MG_OK) convert(shape[2], args->dtype, result, MG_F32, buffer[2]->data);
    for (int i = 0; i < 3; i++) mgr_buffer_release(buffer[i]);
    return status;
}

/* shape: of a, b and the result. */
static mg_status run(const mgr_conv *args, mgr_conv_pass pass, im2col_fn *im2col, const array shape[3], const void *a,
                     const void *b, void *result) {
    bool empty = is_empty(shape[0]) || is_empty(shape[1]) || is_empty(shape[2]);
    bool direct = args->dtype == MG_F32 || args->dtype == MG_F64;
    mgr_fpenv env = mgr_fpenv_enter();
    mg_status status = MG_ERR_NOT_IMPLEMENTED;
    if (args->dtype == MG_BF16 && mgr_onednn_has(MG_BF16) && !empty) status = run_onednn(args, pass, a, b, result);
    if (status == MG_ERR_NOT_IMPLEMENTED)
        status = direct ? run_direct(args, empty, pass, im2col, a, b, result)
                        : run_through_f32(args, empty, pass, im2col, shape, a, b, result);
    mgr_fpenv_leave(env);
    return status;
}

mg_status mgr_conv_forward(const mgr_conv *args, const void *x, const void *w, void *y) {
    array shape[3] = {array_of(args->n, args->c, args->spatial, args->x),
                      array_of(args->f, args->c, args->spatial, args->w),
                      array_of(args->n, args->f, args->spatial, args->y)};
    return run(args, MGR_CONV_FORWARD, mgr_im2col_forward, shape, x, w, y);
}

mg_status mgr_conv_backward_data(const mgr_conv *args, const void *dy, const void *w, void *dx) {
    array shape[3] = {array_of(args->n, args->f, args->spatial, args->y),
                      array_of(args->f, args->c, args->spatial, args->w),
                      array_of(args->n, args->c, args->spatial, args->x)};
    return run(args, MGR_CONV_BACKWARD_DATA, mgr_im2col_backward_data, shape, dy, w, dx);
}

mg_status mgr_conv_backward_weights(const mgr_conv *args, const void *x, const void *dy, void *dw) {
    array shape[3] = {array_of(args->n, args->c, args->spatial, args->x),
                      array_of(args->n, args->f, args->spatial, args->y),
                      array_of(args->f, args->c, args->spatial, args->w)};
    return run(args, MGR_CONV_BACKWARD_WEIGHTS, mgr_im2col_backward_weights, shape, x, dy, dw);
}
