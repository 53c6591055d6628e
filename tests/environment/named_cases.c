/* SPDX-License-Identifier: MIT
 * Functions that are not called like others of their type, or have a type of their own: each name beside the case that
 * calls it. A new function of an unknown type needs a line here. */
#include "modes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double numbers[6] = {0.1, -2.5, 1.0 / 3, 1e-310, 4, 0.7};

static mg_tensor *small(mg_dtype dtype) { return mg_astype(mg_from_f64(numbers, MG_SHAPE(2, 3)), dtype); }

#define CALLED(r, y, call)                                                                                             \
    do {                                                                                                               \
        IN_MODE(r, if ((y = (call))) mg_eval(y));                                                                      \
        put_tensor(r, y);                                                                                              \
    } while (0)

/* ---- making tensors ---- */

static void creation(run *r, any_function *f) {
    static const double filled[] = {0.1, NAN, INFINITY, -3.7, 1e300, 5e-324, 1e19, -0.0, 2e9};
    (void)f;
    for (int dtype = MG_BOOL; mg_dtype_size((mg_dtype)dtype); dtype++)
        for (size_t i = 0; i < sizeof filled / sizeof *filled; i++) {
            MG_SCOPE;
            mg_create_opts opts = {.size = sizeof opts, .dtype = (mg_dtype)dtype};
            mg_tensor *y;
            CALLED(r, y, mg_full_with(MG_SHAPE(2), filled[i], &opts));
            CALLED(r, y, (mg_full)(MG_SHAPE(2), filled[i]));
            CALLED(r, y, mg_ones_with(MG_SHAPE(2), &opts));
            CALLED(r, y, mg_zeros_with(MG_SHAPE(2), &opts));
            CALLED(r, y, (mg_ones)(MG_SHAPE(2)));
            CALLED(r, y, (mg_zeros)(MG_SHAPE(2)));
            CALLED(r, y, mg_scalar(filled[i]));
            CALLED(r, y, mg_astype(mg_scalar(filled[i]), (mg_dtype)dtype));
            CALLED(r, y, mg_astype(mg_scalar_i64(INT64_MAX), (mg_dtype)dtype));
            CALLED(r, y, mg_multiply(mg_ones_with(MG_SHAPE(2), &opts), mg_scalar(filled[i])));
            CALLED(r, y, mg_astype(mg_from_f64(&filled[i], MG_SHAPE(1)), (mg_dtype)dtype));
            IN_MODE(r, (mg_empty)(MG_SHAPE(2)); mg_empty_with(MG_SHAPE(2), &opts));
            put_error(r);
        }
}

static void from_memory(run *r, any_function *f) {
    static double borrowed[2] = {0.1, NAN};
    (void)f;
    MG_SCOPE;
    mg_tensor *y;
    CALLED(r, y, mg_from_data(MG_F64, numbers, MG_SHAPE(6)));
    CALLED(r, y, mg_from_f64(numbers, MG_SHAPE(6)));
    CALLED(r, y, mg_from_f32((float[]){0.1f, (float)NAN}, MG_SHAPE(2)));
    CALLED(r, y, mg_from_i64((int64_t[]){1, INT64_MIN}, MG_SHAPE(2)));
    CALLED(r, y, mg_from_i32((int32_t[]){1, -2}, MG_SHAPE(2)));
    CALLED(r, y, mg_from_u8((uint8_t[]){1, 200}, MG_SHAPE(2)));
    CALLED(r, y, mg_from_bool((bool[]){true, false}, MG_SHAPE(2)));
    CALLED(r, y, mg_borrow(MG_F64, borrowed, MG_SHAPE(2), NULL, NULL));
    IN_MODE(r, mg_sync(y); mg_exp(y); mg_sync(y));
    put_error(r);
}

/* ---- looking ---- */

static void queries(run *r, any_function *f) {
    (void)f;
    MG_SCOPE;
    mg_tensor *x = small(MG_F64);
    int64_t strides[2], seen[8] = {0};
    IN_MODE(r, mg_strides(x, strides); seen[0] = mg_ndim(x); seen[1] = mg_dims(x)[0]; seen[2] = mg_dim(x, -1);
            seen[3] = mg_size(x); seen[4] = mg_dtype_of(x); seen[5] = mg_is_constant(x); seen[6] = mg_base(x) != NULL;
            seen[7] = mg_grad_status(x));
    put(r, strides, sizeof strides);
    put(r, seen, sizeof seen);
}

static void reading(run *r, any_function *f) {
    static const double items[] = {0.1, NAN, INFINITY, -3.7, 1e300, 5e-324, 1e19, 3e9};
    (void)f;
    for (int from = MG_BOOL; mg_dtype_size((mg_dtype)from); from++)
        for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
            MG_SCOPE;
            mg_tensor *x = mg_full(MG_SHAPE(1), items[i], .dtype = (mg_dtype)from);
            double item;
            int64_t whole;
            IN_MODE(r, item = mg_item(x); whole = mg_item_i64(x));
            put(r, &item, sizeof item);
            put(r, &whole, sizeof whole);
            for (int to = MG_BOOL; mg_dtype_size((mg_dtype)to); to++) {
                uint64_t element = 0;
                IN_MODE(r, mg_read(x, (mg_dtype)to, &element));
                put(r, &element, sizeof element);
            }
            IN_MODE(r, mg_eval(x); mg_data(x); mg_data_mut(x));
            if (from == MG_F32) IN_MODE(r, mg_data_f32(x));
            if (from == MG_F64) IN_MODE(r, mg_data_f64(x));
            if (from == MG_I64) IN_MODE(r, mg_data_i64(x));
            put_error(r);
        }
}

static void text_of(run *r, mg_tensor *x) {
    char *text;
    IN_MODE(r, text = mg_to_string(x));
    put_text(r, text);
    free(text);
}

static void printing(run *r, any_function *f) {
    static const double shown[] = {0.1, 1e300, -2.5e-8, NAN, INFINITY, 0.123456785, 0.5, 5e-324, 1e22, 2.5};
    (void)f;
    for (int dtype = MG_BOOL; mg_dtype_size((mg_dtype)dtype); dtype++) {
        MG_SCOPE;
        text_of(r, mg_astype(mg_from_f64(shown, MG_SHAPE(10)), (mg_dtype)dtype));
        text_of(r, mg_astype(mg_from_f64(numbers, MG_SHAPE(2, 3)), (mg_dtype)dtype));
        for (int i = 0; i < 10; i++) text_of(r, mg_full(MG_SHAPE0, shown[i], .dtype = (mg_dtype)dtype));
    }
    MG_SCOPE;
    IN_MODE(r, mg_print(mg_scalar(0.1)));
    put_error(r);
}

/* ---- views and writes ---- */

static void views(run *r, any_function *f) {
    (void)f;
    MG_SCOPE;
    mg_tensor *x = small(MG_F32), *y;
    CALLED(r, y, mg_getitem(x, MG_KEY(MG_ALL, MG_I(1))));
    CALLED(r, y, mg_transpose(x, (mg_axes){0}));
    CALLED(r, y, mg_broadcast_to(x, MG_SHAPE(2, 2, 3)));
    CALLED(r, y, mg_reshape(mg_transpose(x, (mg_axes){0}), MG_SHAPE(-1)));
    CALLED(r, y, mg_detach(x));
    CALLED(r, y, mg_set_constant(mg_detach(x), true));
    mg_tensor *wide = small(MG_F64);
    CALLED(r, y, mg_setitem(x, MG_KEY(MG_I(0)), mg_getitem(wide, MG_KEY(MG_I(1)))));
    CALLED(r, y, mg_copyto(x, wide));
}

static void keeping(run *r, any_function *f) {
    (void)f;
    mg_tensor *kept;
    {
        mg_scope scope;
        IN_MODE(r, scope = mg_scope_open(); kept = mg_keep(mg_exp(mg_from_f64(numbers, MG_SHAPE(6))));
                mg_status status = mg_scope_close(scope); (void)status);
        put_tensor(r, kept);
        IN_MODE(r, mg_freeze(kept); mg_release(kept); scope = mg_scope_open(); mg_log(mg_scalar(-0.5));
                mg_scope_cleanup(&scope); mg_scope_reset());
    }
    put_error(r);
}

static void gradients(run *r, any_function *f) {
    (void)f;
    for (int k = 0; k < 2; k++) {
        MG_SCOPE;
        mg_tensor *x = small(k ? MG_F32 : MG_F64), *y = mg_multiply(mg_sin(x), mg_scalar(0.1)), *g;
        mg_backward_opts opts = {.size = sizeof opts, .grad = mg_full(MG_SHAPE0, 1.0 / 3), .accumulate = true};
        IN_MODE(r, mg_backward_with(y, &opts); mg_backward_with(mg_mean(mg_exp(x)), &opts));
        CALLED(r, g, mg_grad(x));
        CALLED(r, g, mg_grad(y));
        IN_MODE(r, mg_null_grad(x); (mg_backward)(mg_std(mg_square(x))));
        CALLED(r, g, mg_grad(x));
        put_error(r);
    }
}

/* ---- layers ---- */

static void layers(run *r, any_function *f) {
    static const mg_dtype dtypes[] = {MG_F64, MG_F32, MG_BF16, MG_F16};
    (void)f;
    for (int d = 0; d < 4; d++) {
        MG_SCOPE;
        mg_tensor *x = small(dtypes[d]), *w = mg_transpose(mg_detach(x), (mg_axes){0}), *y;
        CALLED(r, y, mg_matmul(x, w));
        IN_MODE(r, mg_backward(mg_sum(y)));
        put_tensor(r, mg_grad(x));
        mg_tensor *image =
            mg_reshape(mg_sin(mg_astype(mg_reshape(small(MG_F64), MG_SHAPE(1, 1, 6)), dtypes[d])), MG_SHAPE(1, 1, 6));
        mg_tensor *window = mg_reshape(mg_getitem(small(dtypes[d]), MG_KEY(MG_I(0))), MG_SHAPE(1, 1, 3));
        mg_conv_opts opts = {.size = sizeof opts, .padding = MG_SHAPE(1)};
        CALLED(r, y, mg_conv_nd_with(image, window, &opts));
        CALLED(r, y, (mg_conv_nd)(image, window));
        IN_MODE(r, mg_backward(mg_sum(y)));
        put_tensor(r, mg_grad(window));
        mg_tensor *patch = small(dtypes[d]);
        CALLED(r, y, mg_max_pool(patch, MG_SHAPE(2), MG_SHAPE(1)));
        IN_MODE(r, mg_backward(mg_sum(y)));
        put_tensor(r, mg_grad(patch));
        mg_tensor *scores = small(dtypes[d]);
        CALLED(r, y, mg_softmax_crossentropy(scores, mg_from_i64((int64_t[]){2, 0}, MG_SHAPE(2))));
        IN_MODE(r, mg_backward(y));
        put_tensor(r, mg_grad(scores));
        /* what the sentences say of windows that do not fit */
        opts.stride = MG_SHAPE(3);
        CALLED(r, y, mg_conv_nd_with(image, window, &opts));
        CALLED(r, y, mg_max_pool(patch, MG_SHAPE(2), MG_SHAPE(7)));
    }
}

static void quotients(run *r, any_function *f) {
    (void)f;
    for (int dtype = MG_I8; mg_dtype_size((mg_dtype)dtype); dtype++) {
        MG_SCOPE;
        mg_tensor *x = small((mg_dtype)dtype), *y = mg_full(MG_SHAPE(3), 0.7, .dtype = (mg_dtype)dtype);
        mg_tensor *quotient = NULL, *remainder = NULL;
        IN_MODE(r, (mg_divmod)(x, y, &quotient, &remainder); mg_eval(quotient); mg_eval(remainder));
        put_tensor(r, quotient);
        put_tensor(r, remainder);
        IN_MODE(r, mg_divmod_with(y, x, &quotient, &remainder, NULL); mg_eval(quotient); mg_eval(remainder));
        put_tensor(r, quotient);
        put_tensor(r, remainder);
    }
}

/* ---- optimisers ---- */

static void steps(run *r, mg_optimizer *optimizer, mg_tensor *w) {
    static const double rates[3] = {0.07, 0.3, 1e-300};
    for (int step = 0; step < 3; step++) {
        MG_SCOPE;
        IN_MODE(r, mg_backward(mg_sum(mg_square(mg_add(w, mg_scalar(0.3))))); mg_optimizer_step(optimizer));
        put_tensor(r, w);
        IN_MODE(r, mg_optimizer_set_lr(optimizer, rates[step]));
    }
    IN_MODE(r, mg_optimizer_free(optimizer));
    put_error(r);
}

static void optimisers(run *r, any_function *f) {
    static const double wrong[] = {1.5, NAN, -1e-9, INFINITY, 1.0 / 3 - 1};
    (void)f;
    for (int kind = 0; kind < 8; kind++) {
        MG_SCOPE;
        mg_tensor *w = mg_keep(small(kind % 2 ? MG_F32 : MG_F64));
        mg_optimizer *optimizer = NULL;
        mg_sgd_opts sgd = {.size = sizeof sgd, .lr = 0.1, .momentum = 0.9, .weight_decay = 1e-4};
        mg_adam_opts adam = {.size = sizeof adam, .lr = 0.03, .beta2 = 0.99};
        IN_MODE(r, optimizer = kind < 2   ? mg_sgd_with(&w, 1, &sgd)
                               : kind < 4 ? mg_adam_with(&w, 1, &adam)
                               : kind < 6 ? (mg_sgd)(&w, 1)
                                          : (mg_adam)(&w, 1));
        steps(r, optimizer, w);
        mg_release(w);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        MG_SCOPE;
        double negative = -fabs(wrong[i]);
        mg_tensor *w = mg_keep(small(MG_F64));
        mg_optimizer *good = mg_sgd(&w, 1);
        IN_MODE(r, mg_adam_with(&w, 1, &(mg_adam_opts){.size = sizeof(mg_adam_opts), .beta1 = wrong[i]}));
        put_error(r);
        IN_MODE(r, mg_adam_with(&w, 1, &(mg_adam_opts){.size = sizeof(mg_adam_opts), .eps = negative}));
        put_error(r);
        IN_MODE(r, mg_sgd_with(&w, 1, &(mg_sgd_opts){.size = sizeof(mg_sgd_opts), .momentum = wrong[i]}));
        put_error(r);
        IN_MODE(r, mg_sgd_with(&w, 1, &(mg_sgd_opts){.size = sizeof(mg_sgd_opts), .weight_decay = negative}));
        put_error(r);
        IN_MODE(r, mg_optimizer_set_lr(good, negative));
        put_error(r);
        mg_optimizer_free(good);
        mg_release(w);
    }
}

/* ---- files ---- */

static void put_file(run *r, const char *path) {
    FILE *file = fopen(path, "rb");
    CHECK_MSG(file != NULL, "%s", path);
    char bytes[4096];
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;) put(r, bytes, n);
    fclose(file);
}

static void files(run *r, any_function *f) {
    char directory[256], npy[300], npz[300], dot[300];
    const char *temporary = getenv("TMPDIR");
    (void)f;
    snprintf(directory, sizeof directory, "%s/mygrad-environment-XXXXXX", temporary ? temporary : "/tmp");
    CHECK(mkdtemp(directory));
    snprintf(npy, sizeof npy, "%s/x.npy", directory);
    snprintf(npz, sizeof npz, "%s/x.npz", directory);
    snprintf(dot, sizeof dot, "%s/x.dot", directory);
    MG_SCOPE;
    mg_tensor *x = small(MG_F64), *back;
    IN_MODE(r, mg_save_npy(npy, x); mg_save_npz(npz, 1, (const char *[]){"x"}, &x));
    CALLED(r, back, mg_load_npy(npy));
    CALLED(r, back, mg_load_npz(npz, "x"));
    mg_npz *all = NULL, *names = NULL;
    IN_MODE(r, all = mg_load_npz_all(npz); names = mg_npz_names(npz));
    CHECK(all && names);
    CALLED(r, back, mg_npz_find(all, "x"));
    IN_MODE(r, mg_npz_free(all); mg_npz_free(names));
    mg_tensor *y = mg_add(mg_multiply(x, mg_scalar(0.125)), mg_multiply(mg_scalar(1e-7 / 3), mg_scalar(-1e300)));
    IN_MODE(r, mg_save_graph(y, dot));
    put_file(r, npy);
    put_file(r, dot);
    unlink(npy), unlink(npz), unlink(dot), rmdir(directory);
    put_error(r);
}

/* ---- settings ---- */

static void settings(run *r, any_function *f) {
    mg_stats stats;
    (void)f;
    IN_MODE(r, put_text(r, mg_status_name(MG_ERR_VALUE)); put_text(r, mg_dtype_name(MG_F16));
            put_text(r, mg_dtype_name(mg_promote_types(MG_I32, MG_F32))));
    bool is_float;
    size_t size;
    IN_MODE(r, is_float = mg_dtype_is_float(MG_BF16); size = mg_dtype_size(MG_I16); mg_autodiff_enabled();
            mg_no_autodiff(true); mg_no_autodiff(false); mg_mem_guard(true); mg_set_error_handler(NULL, NULL);
            mg_take_error(); mg_set_num_threads(mg_num_threads()); mg_set_num_threads(0); mg_trim(); mg_isa();
            mg_build_info(); mg_get_stats(&stats); mg_stats_reset_peak(); mg_set_flush_denormals(true);
            mg_set_flush_denormals(false));
    put(r, &is_float, sizeof is_float);
    put(r, &size, sizeof size);
    put_error(r);
}

/* ---- which is which ---- */

typedef struct named_case {
    case_fn *call;
    const char *names[24];
} named_case;

static const named_case named[] = {
    {creation,
     {"mg_full", "mg_full_with", "mg_ones", "mg_ones_with", "mg_zeros", "mg_zeros_with", "mg_empty", "mg_empty_with",
      "mg_scalar", "mg_scalar_i64", "mg_astype"}},
    {from_memory,
     {"mg_from_data", "mg_from_f64", "mg_from_f32", "mg_from_i64", "mg_from_i32", "mg_from_u8", "mg_from_bool",
      "mg_borrow", "mg_sync"}},
    {queries,
     {"mg_ndim", "mg_dims", "mg_dim", "mg_size", "mg_dtype_of", "mg_is_constant", "mg_base", "mg_strides",
      "mg_grad_status"}},
    {reading,
     {"mg_eval", "mg_data", "mg_data_f32", "mg_data_f64", "mg_data_i64", "mg_data_mut", "mg_read", "mg_item",
      "mg_item_i64"}},
    {printing, {"mg_print", "mg_to_string"}},
    {views,
     {"mg_getitem", "mg_transpose", "mg_broadcast_to", "mg_reshape", "mg_setitem", "mg_copyto", "mg_detach",
      "mg_set_constant"}},
    {keeping,
     {"mg_keep", "mg_release", "mg_freeze", "mg_scope_open", "mg_scope_close", "mg_scope_cleanup", "mg_scope_reset"}},
    {gradients, {"mg_backward", "mg_backward_with", "mg_grad", "mg_null_grad"}},
    {layers, {"mg_matmul", "mg_conv_nd", "mg_conv_nd_with", "mg_max_pool", "mg_softmax_crossentropy"}},
    {quotients, {"mg_divmod", "mg_divmod_with"}},
    {optimisers,
     {"mg_sgd", "mg_sgd_with", "mg_adam", "mg_adam_with", "mg_optimizer_step", "mg_optimizer_set_lr",
      "mg_optimizer_free"}},
    {files,
     {"mg_save_npy", "mg_load_npy", "mg_save_npz", "mg_load_npz", "mg_load_npz_all", "mg_npz_names", "mg_npz_find",
      "mg_npz_free", "mg_save_graph"}},
    {settings,
     {"mg_status_name", "mg_dtype_name", "mg_dtype_size", "mg_dtype_is_float", "mg_promote_types", "mg_no_autodiff",
      "mg_autodiff_enabled", "mg_mem_guard", "mg_set_error_handler", "mg_take_error", "mg_set_num_threads",
      "mg_num_threads", "mg_trim", "mg_set_flush_denormals", "mg_isa", "mg_build_info", "mg_get_stats",
      "mg_stats_reset_peak"}},
};

case_fn *case_by_name(const char *name) {
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        for (const char *const *other = named[i].names; *other; other++)
            if (strcmp(*other, name) == 0) return named[i].call;
    return NULL;
}
