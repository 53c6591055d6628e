/* SPDX-License-Identifier: MIT
 * Convolution: which back end. oneDNN where it can (f32, bf16; one to three axes), im2col otherwise; f16, and bf16
 * where it has no hardware, through f32. */
#include "runtime/fpenv.h"
#include "runtime/linalg.h"
#include "runtime/memory.h"
#include "runtime/pack.h"
#include "runtime/products.h"
#include "runtime/status.h"

typedef mg_status conv_fn(const mgr_conv *args, const void *a, const void *b, void *result);

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

static mg_status run_direct(const mgr_conv *args, bool empty, conv_fn *onednn, conv_fn *im2col, const void *a,
                            const void *b, void *result) {
    if (mgr_onednn_has(args->dtype) && !empty) {
        mg_status status = onednn(args, a, b, result);
        if (status != MG_ERR_NOT_IMPLEMENTED) return status;
    }
    return im2col(args, a, b, result);
}

static mg_status run_through_f32(const mgr_conv *args, bool empty, conv_fn *onednn, conv_fn *im2col,
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
        status = run_direct(&wide, empty, onednn, im2col, buffer[0]->data, buffer[1]->data, buffer[2]->data);
    }
    if (status == MG_OK) convert(shape[2], args->dtype, result, MG_F32, buffer[2]->data);
    for (int i = 0; i < 3; i++) mgr_buffer_release(buffer[i]);
    return status;
}

/* shape: of a, b and the result. */
static mg_status run(const mgr_conv *args, conv_fn *onednn, conv_fn *im2col, const array shape[3], const void *a,
                     const void *b, void *result) {
    bool empty = is_empty(shape[0]) || is_empty(shape[1]) || is_empty(shape[2]);
    bool direct = args->dtype == MG_F32 || args->dtype == MG_F64;
    mgr_fpenv env = mgr_fpenv_enter();
    mg_status status = MG_ERR_NOT_IMPLEMENTED;
    if (args->dtype == MG_BF16 && mgr_onednn_has(MG_BF16) && !empty) status = onednn(args, a, b, result);
    if (status == MG_ERR_NOT_IMPLEMENTED)
        status = direct ? run_direct(args, empty, onednn, im2col, a, b, result)
                        : run_through_f32(args, empty, onednn, im2col, shape, a, b, result);
    mgr_fpenv_leave(env);
    return status;
}

mg_status mgr_conv_forward(const mgr_conv *args, const void *x, const void *w, void *y) {
    array shape[3] = {array_of(args->n, args->c, args->spatial, args->x),
                      array_of(args->f, args->c, args->spatial, args->w),
                      array_of(args->n, args->f, args->spatial, args->y)};
    return run(args, mgr_onednn_conv_forward, mgr_im2col_forward, shape, x, w, y);
}

mg_status mgr_conv_backward_data(const mgr_conv *args, const void *dy, const void *w, void *dx) {
    array shape[3] = {array_of(args->n, args->f, args->spatial, args->y),
                      array_of(args->f, args->c, args->spatial, args->w),
                      array_of(args->n, args->c, args->spatial, args->x)};
    return run(args, mgr_onednn_conv_backward_data, mgr_im2col_backward_data, shape, dy, w, dx);
}

mg_status mgr_conv_backward_weights(const mgr_conv *args, const void *x, const void *dy, void *dw) {
    array shape[3] = {array_of(args->n, args->c, args->spatial, args->x),
                      array_of(args->n, args->f, args->spatial, args->y),
                      array_of(args->f, args->c, args->spatial, args->w)};
    return run(args, mgr_onednn_conv_backward_weights, mgr_im2col_backward_weights, shape, x, dy, dw);
}
