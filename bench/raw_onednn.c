/* SPDX-License-Identifier: MIT
 * oneDNN called directly, as its user would: primitives made once, scratch of one's own, plain layouts outside. Also
 * stands in front of dnnl_primitive_execute for the whole program, to clock what the library spends there. */
#include "raw_onednn.h"

#include <stdlib.h>

#if MYGRAD_HAVE_ONEDNN

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <time.h>

bool raw_available(void) { return true; }

enum { OPERANDS = 3, RESULT = 2 };

struct raw_product {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive, reorder[OPERANDS];
    dnnl_memory_t outer[OPERANDS], inner[OPERANDS]; /* inner: in the layout it likes, or NULL */
    int arg[OPERANDS];
};

static bool begin(raw_product *p) {
    return dnnl_engine_create(&p->engine, dnnl_cpu, 0) == dnnl_success &&
           dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags) == dnnl_success;
}

/* Operand i as the caller has it and as the primitive wants it; a reorder between the two where they differ. */
static bool bind(raw_product *p, int i, const dnnl_memory_desc_t *outer, const_dnnl_primitive_desc_t pd) {
    const dnnl_memory_desc_t *inner = dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, p->arg[i]);
    dnnl_primitive_desc_t reorder = NULL;
    if (dnnl_memory_create(&p->outer[i], outer, p->engine, DNNL_MEMORY_NONE) != dnnl_success) return false;
    if (dnnl_memory_desc_equal(inner, outer)) return true;
    const dnnl_memory_desc_t *from = i == RESULT ? inner : outer, *to = i == RESULT ? outer : inner;
    bool ok = dnnl_memory_create(&p->inner[i], inner, p->engine, DNNL_MEMORY_ALLOCATE) == dnnl_success &&
              dnnl_reorder_primitive_desc_create(&reorder, from, p->engine, to, p->engine, NULL) == dnnl_success &&
              dnnl_primitive_create(&p->reorder[i], reorder) == dnnl_success;
    dnnl_primitive_desc_destroy(reorder);
    return ok;
}

static bool finish(raw_product *p, const_dnnl_primitive_desc_t pd, const dnnl_memory_desc_t outer[OPERANDS]) {
    bool ok = dnnl_primitive_create(&p->primitive, pd) == dnnl_success;
    for (int i = 0; i < OPERANDS; i++) ok = ok && bind(p, i, &outer[i], pd);
    return ok;
}

raw_product *raw_matmul_new(int64_t m, int64_t n, int64_t k) {
    raw_product *p = calloc(1, sizeof *p);
    dnnl_dims_t dims[OPERANDS] = {{m, k}, {k, n}, {m, n}};
    static const int args[OPERANDS] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    dnnl_memory_desc_t outer[OPERANDS];
    dnnl_matmul_desc_t desc;
    dnnl_primitive_desc_t pd = NULL;
    bool ok = p && begin(p);
    for (int i = 0; ok && i < OPERANDS; i++) {
        p->arg[i] = args[i];
        ok = dnnl_memory_desc_init_by_tag(&outer[i], 2, dims[i], dnnl_f32, dnnl_ab) == dnnl_success;
    }
    ok = ok && dnnl_matmul_desc_init(&desc, &outer[0], &outer[1], NULL, &outer[2]) == dnnl_success &&
         dnnl_primitive_desc_create(&pd, &desc, NULL, p->engine, NULL) == dnnl_success && finish(p, pd, outer);
    dnnl_primitive_desc_destroy(pd);
    return ok ? p : (raw_free(p), NULL);
}

/* l: x, w, y by role. */
static bool describe(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, raw_kind kind, const dnnl_memory_desc_t l[3],
                     const raw_conv *shape) {
    dnnl_dims_t stride = {shape->s, shape->s}, pad = {shape->p, shape->p};
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t forward = NULL;
    bool ok = dnnl_convolution_forward_desc_init(&desc, dnnl_forward_training, dnnl_convolution_direct, &l[0], &l[1],
                                                 NULL, &l[2], stride, pad, pad) == dnnl_success &&
              dnnl_primitive_desc_create(&forward, &desc, NULL, engine, NULL) == dnnl_success;
    if (kind == RAW_FORWARD || !ok) return *pd = forward, ok;
    dnnl_status_t s = kind == RAW_BACKWARD_DATA
                          ? dnnl_convolution_backward_data_desc_init(&desc, dnnl_convolution_direct, &l[0], &l[1],
                                                                     &l[2], stride, pad, pad)
                          : dnnl_convolution_backward_weights_desc_init(&desc, dnnl_convolution_direct, &l[0], &l[1],
                                                                        NULL, &l[2], stride, pad, pad);
    ok = s == dnnl_success && dnnl_primitive_desc_create(pd, &desc, NULL, engine, forward) == dnnl_success;
    dnnl_primitive_desc_destroy(forward);
    return ok;
}

raw_product *raw_conv_new(raw_kind kind, const raw_conv *s, bool blocked) {
    /* Which role is source, source and result, and what oneDNN calls them. */
    static const int roles[3][OPERANDS] = {{0, 1, 2}, {2, 1, 0}, {0, 2, 1}};
    static const int args[3][OPERANDS] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                                          {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
                                          {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS}};
    int64_t h = raw_conv_out(s, s->h), w = raw_conv_out(s, s->w);
    dnnl_dims_t dims[3] = {{s->n, s->c, s->h, s->w}, {s->f, s->c, s->k, s->k}, {s->n, s->f, h, w}};
    dnnl_memory_desc_t plain[3], wanted[3], outer[OPERANDS];
    raw_product *p = calloc(1, sizeof *p);
    dnnl_primitive_desc_t pd = NULL;
    bool ok = p && begin(p);
    for (int i = 0; ok && i < 3; i++) {
        ok = dnnl_memory_desc_init_by_tag(&plain[i], 4, dims[i], dnnl_f32, dnnl_abcd) == dnnl_success &&
             dnnl_memory_desc_init_by_tag(&wanted[i], 4, dims[i], dnnl_f32,
                                          blocked ? dnnl_format_tag_any : dnnl_abcd) == dnnl_success;
    }
    for (int i = 0; ok && i < OPERANDS; i++) {
        outer[i] = plain[roles[kind][i]];
        p->arg[i] = args[kind][i];
    }
    ok = ok && describe(&pd, p->engine, kind, wanted, s) && finish(p, pd, outer);
    dnnl_primitive_desc_destroy(pd);
    return ok ? p : (raw_free(p), NULL);
}

static bool reorder(raw_product *p, int i) {
    dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, i == RESULT ? p->inner[i] : p->outer[i]},
                               {DNNL_ARG_TO, i == RESULT ? p->outer[i] : p->inner[i]}};
    return !p->inner[i] || dnnl_primitive_execute(p->reorder[i], p->stream, 2, args) == dnnl_success;
}

bool raw_run(raw_product *p, const void *a, const void *b, void *result) {
    void *data[OPERANDS] = {(void *)(uintptr_t)a, (void *)(uintptr_t)b, result};
    dnnl_exec_arg_t args[OPERANDS];
    bool ok = true;
    for (int i = 0; i < OPERANDS; i++) {
        ok = ok && dnnl_memory_set_data_handle(p->outer[i], data[i]) == dnnl_success;
        args[i] = (dnnl_exec_arg_t){p->arg[i], p->inner[i] ? p->inner[i] : p->outer[i]};
        if (i != RESULT) ok = ok && reorder(p, i);
    }
    ok = ok && dnnl_primitive_execute(p->primitive, p->stream, OPERANDS, args) == dnnl_success && reorder(p, RESULT);
    return ok && dnnl_stream_wait(p->stream) == dnnl_success;
}

void raw_free(raw_product *p) {
    if (!p) return;
    for (int i = 0; i < OPERANDS; i++) {
        dnnl_primitive_destroy(p->reorder[i]);
        dnnl_memory_destroy(p->outer[i]);
        dnnl_memory_destroy(p->inner[i]);
    }
    dnnl_primitive_destroy(p->primitive);
    dnnl_stream_destroy(p->stream);
    dnnl_engine_destroy(p->engine);
    free(p);
}

/* ---- the clock ---- */

static _Thread_local bool clock_on;
static _Thread_local int clock_depth;
static _Thread_local double clock_seconds;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The program's own definition is found before the shared library's, by the library's calls as well (they are linked
 * statically), and hands on to it. Execution on the CPU is done when the call returns. */
dnnl_status_t dnnl_primitive_execute(const_dnnl_primitive_t primitive, dnnl_stream_t stream, int n,
                                     const dnnl_exec_arg_t *args) {
    typedef dnnl_status_t execute(const_dnnl_primitive_t, dnnl_stream_t, int, const dnnl_exec_arg_t *);
    static execute *next;
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "dnnl_primitive_execute");
    if (!next) return dnnl_runtime_error;
    if (!clock_on || clock_depth) return next(primitive, stream, n, args);
    double start = now();
    clock_depth++;
    dnnl_status_t s = next(primitive, stream, n, args);
    clock_depth--;
    clock_seconds += now() - start;
    return s;
}

void raw_clock(bool on) { clock_on = on; }

double raw_clock_take(void) {
    double s = clock_seconds;
    clock_seconds = 0;
    return s;
}

#else

bool raw_available(void) { return false; }
raw_product *raw_matmul_new(int64_t m, int64_t n, int64_t k) { return (void)m, (void)n, (void)k, NULL; }
raw_product *raw_conv_new(raw_kind kind, const raw_conv *shape, bool blocked) {
    return (void)kind, (void)shape, (void)blocked, NULL;
}
bool raw_run(raw_product *p, const void *a, const void *b, void *result) {
    return (void)p, (void)a, (void)b, (void)result, false;
}
void raw_free(raw_product *p) { (void)p; }
void raw_clock(bool on) { (void)on; }
double raw_clock_take(void) { return 0; }

#endif
