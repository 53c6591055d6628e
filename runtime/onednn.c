/* SPDX-License-Identifier: MIT
 * The only file that knows oneDNN: matrix products and convolutions of f32 and bf16, through primitives that each
 * thread keeps in a bounded cache. Strides are checked and packed by linalg.c; what oneDNN does not do, or only by its
 * slow reference loops, is answered with "not mine".
 *
 *   problem (all numbers that a primitive depends on) -> plan (primitive, reorders to the layouts it likes, scratch
 * offsets) -> run
 */
#include "runtime/products.h"

#if MYGRAD_HAVE_ONEDNN

#include "runtime/memory.h"
#include "runtime/openmp_alone.h"
#include "runtime/sizes.h"
#include "runtime/status.h"
#include "runtime/thread.h"

#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

typedef enum plan_kind { PLAN_MATMUL, PLAN_FORWARD, PLAN_BACKWARD_DATA, PLAN_BACKWARD_WEIGHTS } plan_kind;

/* Everything a primitive depends on, compared as a whole. Matmul: batch, m, n, k, then strides of a, b, c. Convolution:
 * n, c, f, the channels of x and y that images and filters are apart by, then x, w, y, stride, pad, dilation by axis.
 */
#define PROBLEM_NUMBERS 23
typedef struct problem {
    int32_t kind, dtype, spatial, unused;
    int64_t v[PROBLEM_NUMBERS];
} problem;

#define PLAN_OPERANDS 3 /* two sources and one result, in this order */
#define RESULT        2

typedef struct operand {
    dnnl_memory_t outer;      /* the caller's array */
    dnnl_memory_t inner;      /* the same in the primitive's layout, in scratch; NULL if that is the caller's */
    dnnl_primitive_t reorder; /* outer -> inner for sources, inner -> outer for the result */
    size_t offset;            /* of inner in scratch */
    int arg;                  /* DNNL_ARG_* */
} operand;

typedef struct plan {
    problem key;
    uint64_t hash, used;
    struct plan *next;
    dnnl_primitive_t primitive; /* NULL: oneDNN declines this problem */
    dnnl_memory_t scratchpad, reorder_scratchpad[PLAN_OPERANDS];
    operand operands[PLAN_OPERANDS];
    size_t scratch_bytes; /* inner arrays, then one scratchpad that all primitives of the plan share */
    size_t scratchpad_offset;
} plan;

/* Per thread: primitives are never run by a thread that did not make them. */
typedef struct context {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t attr;
    uint64_t clock, created, cached;
    plan *buckets[MGR_ONEDNN_BUCKETS];
} context;

/* ---- What depends on the version of oneDNN: descriptors and how primitives are made from them. ---- */
#if DNNL_VERSION_MAJOR != 2
#error "This file speaks oneDNN 2.x; cmake/backends.cmake should have refused this version."
#endif

typedef dnnl_memory_desc_t layout;

static dnnl_data_type_t data_type(int32_t dtype) { return dtype == MG_BF16 ? dnnl_bf16 : dnnl_f32; }

static bool layout_strided(layout *out, int ndim, const dnnl_dims_t dims, int32_t dtype, const dnnl_dims_t strides) {
    return dnnl_memory_desc_init_by_strides(out, ndim, dims, data_type(dtype), strides) == dnnl_success;
}

static bool layout_any(layout *out, int ndim, const dnnl_dims_t dims, int32_t dtype) {
    return dnnl_memory_desc_init_by_tag(out, ndim, dims, data_type(dtype), dnnl_format_tag_any) == dnnl_success;
}

static dnnl_status_t matmul_describe(dnnl_primitive_desc_t *pd, const context *ctx, const layout l[PLAN_OPERANDS]) {
    dnnl_matmul_desc_t desc;
    dnnl_status_t s = dnnl_matmul_desc_init(&desc, &l[0], &l[1], NULL, &l[2]);
    return s != dnnl_success ? s : dnnl_primitive_desc_create(pd, &desc, ctx->attr, ctx->engine, NULL);
}

/* l: x, w, y by role, whatever is computed from what. */
static dnnl_status_t conv_describe(dnnl_primitive_desc_t *pd, const context *ctx, int32_t kind, const layout *x,
                                   const layout *w, const layout *y, const dnnl_dims_t stride,
                                   const dnnl_dims_t dilation, const dnnl_dims_t pad) {
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t forward = NULL;
    dnnl_status_t s = dnnl_dilated_convolution_forward_desc_init(&desc, dnnl_forward_training, dnnl_convolution_direct,
                                                                 x, w, NULL, y, stride, dilation, pad, pad);
    if (s == dnnl_success) s = dnnl_primitive_desc_create(&forward, &desc, ctx->attr, ctx->engine, NULL);
    if (kind == PLAN_FORWARD || s != dnnl_success) {
        *pd = forward;
        return s;
    }
    if (kind == PLAN_BACKWARD_DATA)
        s = dnnl_dilated_convolution_backward_data_desc_init(&desc, dnnl_convolution_direct, x, w, y, stride, dilation,
                                                             pad, pad);
    else
        s = dnnl_dilated_convolution_backward_weights_desc_init(&desc, dnnl_convolution_direct, x, w, NULL, y, stride,
                                                                dilation, pad, pad);
    if (s == dnnl_success) s = dnnl_primitive_desc_create(pd, &desc, ctx->attr, ctx->engine, forward);
    dnnl_primitive_desc_destroy(forward);
    return s;
}

static const layout *layout_of_arg(const_dnnl_primitive_desc_t pd, int arg) {
    return dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, arg);
}

static const layout *layout_of_scratchpad(const_dnnl_primitive_desc_t pd) {
    return dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
}

static dnnl_status_t reorder_describe(dnnl_primitive_desc_t *pd, const context *ctx, const layout *from,
                                      const layout *to) {
    return dnnl_reorder_primitive_desc_create(pd, from, ctx->engine, to, ctx->engine, ctx->attr);
}
/* ---- End of what depends on the version. ---- */

static MGR_THREAD_LOCAL context *self;

static void plan_destroy(plan *p) {
    for (int i = 0; i < PLAN_OPERANDS; i++) {
        dnnl_primitive_destroy(p->operands[i].reorder);
        dnnl_memory_destroy(p->operands[i].outer);
        dnnl_memory_destroy(p->operands[i].inner);
        dnnl_memory_destroy(p->reorder_scratchpad[i]);
    }
    dnnl_memory_destroy(p->scratchpad);
    dnnl_primitive_destroy(p->primitive);
    mgr_free(p);
}

static void context_destroy(context *ctx) {
    if (!ctx) return;
    for (int i = 0; i < MGR_ONEDNN_BUCKETS; i++)
        for (plan *p = ctx->buckets[i], *next; p; p = next) {
            next = p->next;
            plan_destroy(p);
        }
    dnnl_primitive_attr_destroy(ctx->attr);
    dnnl_stream_destroy(ctx->stream);
    dnnl_engine_destroy(ctx->engine);
    mgr_free(ctx);
}

/* This thread's context; made at the first use, destroyed when the thread ends. NULL with an error set. */
static context *context_get(void) {
    if (self) return self;
    context *ctx = mgr_alloc(sizeof *ctx);
    if (!ctx) return NULL;
    memset(ctx, 0, sizeof *ctx);
    dnnl_status_t s = dnnl_engine_create(&ctx->engine, dnnl_cpu, 0);
    if (s == dnnl_success) s = dnnl_stream_create(&ctx->stream, ctx->engine, dnnl_stream_default_flags);
    if (s == dnnl_success) s = dnnl_primitive_attr_create(&ctx->attr);
    /* The library's scratchpads belong to the creating thread in ways that crash; the default fpmath mode may lower f32
     * to bf16. */
    if (s == dnnl_success) s = dnnl_primitive_attr_set_scratchpad_mode(ctx->attr, dnnl_scratchpad_mode_user);
    if (s == dnnl_success) s = dnnl_primitive_attr_set_fpmath_mode(ctx->attr, dnnl_fpmath_mode_strict);
    if (s != dnnl_success) {
        context_destroy(ctx);
        mgr_fail(s == dnnl_out_of_memory ? MG_ERR_NO_MEMORY : MG_ERR_BACKEND, NULL,
                 "oneDNN refused an engine for this thread (its status %d)", (int)s);
        return NULL;
    }
    self = ctx;
    mgr_thread_arm(MGR_THREAD_LINALG, mgr_onednn_clear);
    return ctx;
}

/* ---- The cache ---- */

static uint64_t problem_hash(const problem *key) {
    const unsigned char *bytes = (const unsigned char *)key;
    uint64_t h = 0x9e3779b97f4a7c15u, word;
    for (size_t i = 0; i < sizeof *key; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    return h;
}

static plan *cache_find(context *ctx, const problem *key, uint64_t hash) {
    for (plan *p = ctx->buckets[hash % MGR_ONEDNN_BUCKETS]; p; p = p->next)
        if (p->hash == hash && memcmp(&p->key, key, sizeof *key) == 0) {
            p->used = ++ctx->clock;
            return p;
        }
    return NULL;
}

/* Misses cost a hundred microseconds of code generation, so a scan for the oldest plan is cheap. */
static void cache_drop_oldest(context *ctx) {
    plan **oldest = NULL;
    for (int i = 0; i < MGR_ONEDNN_BUCKETS; i++)
        for (plan **link = &ctx->buckets[i]; *link; link = &(*link)->next)
            if (!oldest || (*link)->used < (*oldest)->used) oldest = link;
    if (!oldest) return;
    plan *gone = *oldest;
    *oldest = gone->next;
    plan_destroy(gone);
    ctx->cached--;
}

static void cache_insert(context *ctx, plan *p) {
    if (ctx->cached == MGR_ONEDNN_PLANS) cache_drop_oldest(ctx);
    plan **bucket = &ctx->buckets[p->hash % MGR_ONEDNN_BUCKETS];
    p->used = ++ctx->clock;
    p->next = *bucket;
    *bucket = p;
    ctx->cached++;
}

/* ---- Making plans ---- */

static size_t align64(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

/* Room for another primitive's scratchpad: they run one after the other and share the largest. */
static dnnl_status_t want_scratchpad(const context *ctx, const_dnnl_primitive_desc_t pd, dnnl_memory_t *memory,
                                     size_t *largest) {
    const layout *l = layout_of_scratchpad(pd);
    size_t bytes = l ? dnnl_memory_desc_get_size(l) : 0;
    if (bytes == 0) return dnnl_success;
    if (bytes > *largest) *largest = bytes;
    return dnnl_memory_create(memory, l, ctx->engine, DNNL_MEMORY_NONE);
}

/* Operand i as the caller has it, and, where the primitive wants another layout, its inner array and the reorder
 * between the two. */
static dnnl_status_t plan_operand(const context *ctx, plan *p, int i, const layout *outer,
                                  const_dnnl_primitive_desc_t pd, size_t *largest) {
    operand *o = &p->operands[i];
    const layout *inner = layout_of_arg(pd, o->arg);
    dnnl_status_t s = dnnl_memory_create(&o->outer, outer, ctx->engine, DNNL_MEMORY_NONE);
    if (s != dnnl_success || dnnl_memory_desc_equal(inner, outer)) return s;
    dnnl_primitive_desc_t reorder = NULL;
    s = dnnl_memory_create(&o->inner, inner, ctx->engine, DNNL_MEMORY_NONE);
    if (s == dnnl_success)
        s = i == RESULT ? reorder_describe(&reorder, ctx, inner, outer) : reorder_describe(&reorder, ctx, outer, inner);
    if (s == dnnl_success) s = dnnl_primitive_create(&o->reorder, reorder);
    if (s == dnnl_success) s = want_scratchpad(ctx, reorder, &p->reorder_scratchpad[i], largest);
    dnnl_primitive_desc_destroy(reorder);
    o->offset = p->scratch_bytes;
    p->scratch_bytes += align64(dnnl_memory_desc_get_size(inner));
    return s;
}

static bool is_reference(const_dnnl_primitive_desc_t pd) {
    const char *name = NULL;
    return dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) != dnnl_success || !name ||
           strncmp(name, "ref", 3) == 0;
}

/* The rest of a plan, once its primitive is described. */
static dnnl_status_t plan_finish(const context *ctx, plan *p, const_dnnl_primitive_desc_t pd,
                                 const layout outer[PLAN_OPERANDS]) {
    size_t largest = 0;
    if (is_reference(pd)) return dnnl_unimplemented;
    dnnl_status_t s = dnnl_primitive_create(&p->primitive, pd);
    if (s == dnnl_success) s = want_scratchpad(ctx, pd, &p->scratchpad, &largest);
    for (int i = 0; i < PLAN_OPERANDS && s == dnnl_success; i++) s = plan_operand(ctx, p, i, &outer[i], pd, &largest);
    p->scratchpad_offset = p->scratch_bytes;
    p->scratch_bytes += largest;
    return s;
}

static dnnl_status_t plan_matmul(const context *ctx, plan *p) {
    const int64_t *v = p->key.v;
    int64_t batch = v[0], m = v[1], n = v[2], k = v[3];
    int ndim = batch > 1 ? 3 : 2, skip = 3 - ndim;
    /* A shared operand has batch length 1, as broadcasting goes in oneDNN. */
    dnnl_dims_t dims[3] = {{v[4] ? batch : 1, m, k}, {v[7] ? batch : 1, k, n}, {batch, m, n}};
    dnnl_dims_t strides[3] = {{v[4], v[5], v[6]}, {v[7], v[8], v[9]}, {v[10], v[11], v[12]}};
    static const int args[3] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    layout outer[PLAN_OPERANDS];
    for (int i = 0; i < PLAN_OPERANDS; i++) {
        p->operands[i].arg = args[i];
        if (dims[i][0] == 1 && ndim == 3) strides[i][0] = dims[i][1] * dims[i][2];
        memmove(dims[i], dims[i] + skip, sizeof(int64_t) * (size_t)ndim);
        memmove(strides[i], strides[i] + skip, sizeof(int64_t) * (size_t)ndim);
        if (!layout_strided(&outer[i], ndim, dims[i], p->key.dtype, strides[i])) return dnnl_unimplemented;
    }
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t s = matmul_describe(&pd, ctx, outer);
    if (s == dnnl_success) s = plan_finish(ctx, p, pd, outer);
    dnnl_primitive_desc_destroy(pd);
    return s;
}

static void dense_strides(int ndim, const dnnl_dims_t dims, dnnl_dims_t strides) {
    strides[ndim - 1] = 1;
    for (int i = ndim - 1; i > 0; i--) strides[i - 1] = strides[i] * (dims[i] > 0 ? dims[i] : 1);
}

/* By kind: which role (x, w, y) is source 0, source 1 and result, and what oneDNN calls them. */
static const int conv_roles[4][3] = {{0}, {0, 1, 2}, {2, 1, 0}, {0, 2, 1}};
static const int conv_args[4][3] = {{0},
                                    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                                    {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
                                    {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS}};

typedef struct conv_plan {
    int kind, ndim;
    dnnl_dims_t dims[3], stride, pad, dilation; /* dims by role */
    layout plain[3], any[3];
} conv_plan;

static dnnl_status_t conv_try(dnnl_primitive_desc_t *pd, const context *ctx, const conv_plan *c, const layout l[3]) {
    return conv_describe(pd, ctx, c->kind, &l[0], &l[1], &l[2], c->stride, c->dilation, c->pad);
}

static const layout *conv_layout(const conv_plan *c, const_dnnl_primitive_desc_t pd, int role) {
    for (int i = 0; i < 3; i++)
        if (conv_roles[c->kind][i] == role) return layout_of_arg(pd, conv_args[c->kind][i]);
    return NULL;
}

/* One position of x for one of y: a product of the plain arrays, which then need no columns. */
static bool is_pointwise(const conv_plan *c) {
    for (int i = 2; i < c->ndim; i++)
        if (c->dims[1][i] != 1 || c->stride[i - 2] != 1 || c->pad[i - 2] != 0) return false;
    return true;
}

#define POINTWISE_POSITIONS 128 /* of y in an image: a product as narrow as fewer is slow [at 49: 1.2 times] */

/* Are the plain layouts faster than the blocked ones of `pd`, all reorders included? Blocks of channels win by a factor
 * of two, but are padded where there are few (of x, in its gradient and in that of w), and what is padded is computed:
 * eightfold, plain takes .5 of the time, fourfold .4 to .9, threefold the same. Pointwise, the reorders are most of the
 * work [plain takes .2 to .9]; only the gradient of w, as a product, is too small for registers as wide as 16. */
static bool plain_is_faster(const plan *p, const conv_plan *c, const_dnnl_primitive_desc_t pd) {
    const layout *x = conv_layout(c, pd, 0), *y = conv_layout(c, pd, 2);
    int64_t positions = 1;
    bool weights = c->kind == PLAN_BACKWARD_WEIGHTS;
    for (int i = 2; i < c->ndim; i++) positions *= c->dims[2][i];
    bool single = p->key.dtype == MG_F32, pointwise = single && positions >= POINTWISE_POSITIONS && is_pointwise(c);
    if (pointwise && weights)
        return y->padded_dims[1] > 2 * c->dims[2][1] ||
               (c->dims[0][1] >= 8 && y->format_desc.blocking.inner_nblks > 0 &&
                y->format_desc.blocking.inner_blks[0] <= 8);
    if (pointwise) return true;
    return c->kind != PLAN_FORWARD && (single || !weights) && x->padded_dims[1] > (weights ? 4 : 3) * c->dims[0][1];
}

static bool conv_plan_of(const plan *p, conv_plan *c) {
    int spatial = p->key.spatial;
    const int64_t *v = p->key.v, *axes = v + 5;
    /* Axes: x, w, y, stride, pad, dilation with `spatial` numbers each. */
    *c = (conv_plan){.kind = p->key.kind, .ndim = spatial + 2, .dims = {{v[0], v[1]}, {v[2], v[1]}, {v[0], v[2]}}};
    for (int i = 0; i < spatial; i++) {
        for (int role = 0; role < 3; role++) c->dims[role][2 + i] = axes[role * spatial + i];
        c->stride[i] = axes[3 * spatial + i];
        c->pad[i] = axes[4 * spatial + i];
        c->dilation[i] = axes[5 * spatial + i] - 1; /* 0 is dense here */
    }
    for (int role = 0; role < 3; role++) {
        dnnl_dims_t strides;
        dense_strides(c->ndim, c->dims[role], strides);
        strides[0] = strides[1] * (role == 2 ? v[4] : v[3]);
        if (!layout_strided(&c->plain[role], c->ndim, c->dims[role], p->key.dtype, strides) ||
            !layout_any(&c->any[role], c->ndim, c->dims[role], p->key.dtype))
            return false;
    }
    return true;
}

static dnnl_status_t plan_conv(const context *ctx, plan *p) {
    conv_plan c;
    if (!conv_plan_of(p, &c)) return dnnl_unimplemented;
    dnnl_primitive_desc_t pd = NULL, plain = NULL;
    dnnl_status_t s = conv_try(&pd, ctx, &c, c.any);
    if (s == dnnl_success && plain_is_faster(p, &c, pd)) {
        s = conv_try(&plain, ctx, &c, c.plain);
        bool take = s == dnnl_success && !is_reference(plain);
        dnnl_primitive_desc_destroy(take ? pd : plain);
        if (take) pd = plain;
        if (s != dnnl_out_of_memory) s = dnnl_success;
    }
    layout ordered[PLAN_OPERANDS];
    for (int i = 0; i < PLAN_OPERANDS; i++) {
        ordered[i] = c.plain[conv_roles[c.kind][i]];
        p->operands[i].arg = conv_args[c.kind][i];
    }
    if (s == dnnl_success) s = plan_finish(ctx, p, pd, ordered);
    dnnl_primitive_desc_destroy(pd);
    return s;
}

/* The plan for a problem, cached or new; one that declines is cached too. NULL with an error set: no memory. */
static plan *plan_get(context *ctx, const problem *key) {
    uint64_t hash = problem_hash(key);
    plan *p = cache_find(ctx, key, hash);
    if (p) return p;
    p = mgr_alloc(sizeof *p);
    if (!p) return NULL;
    memset(p, 0, sizeof *p);
    p->key = *key;
    p->hash = hash;
    dnnl_status_t s = key->kind == PLAN_MATMUL ? plan_matmul(ctx, p) : plan_conv(ctx, p);
    if (s == dnnl_out_of_memory) {
        plan_destroy(p);
        mgr_fail(MG_ERR_NO_MEMORY, NULL, "oneDNN found no memory for a primitive");
        return NULL;
    }
    if (s != dnnl_success) {
        dnnl_primitive_destroy(p->primitive);
        p->primitive = NULL;
    } else {
        ctx->created++;
    }
    cache_insert(ctx, p);
    return p;
}

/* ---- Running plans ---- */

static dnnl_status_t run_reorder(const context *ctx, const plan *p, int i) {
    const operand *o = &p->operands[i];
    dnnl_exec_arg_t args[3] = {{DNNL_ARG_FROM, i == RESULT ? o->inner : o->outer},
                               {DNNL_ARG_TO, i == RESULT ? o->outer : o->inner}};
    int n = 2;
    if (p->reorder_scratchpad[i]) args[n++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, p->reorder_scratchpad[i]};
    return dnnl_primitive_execute(o->reorder, ctx->stream, n, args);
}

static dnnl_status_t plan_bind(const plan *p, void *const data[PLAN_OPERANDS], char *scratch) {
    dnnl_status_t s = dnnl_success;
    for (int i = 0; i < PLAN_OPERANDS && s == dnnl_success; i++) {
        const operand *o = &p->operands[i];
        s = dnnl_memory_set_data_handle(o->outer, data[i]);
        if (o->inner && s == dnnl_success) s = dnnl_memory_set_data_handle(o->inner, scratch + o->offset);
        if (p->reorder_scratchpad[i] && s == dnnl_success)
            s = dnnl_memory_set_data_handle(p->reorder_scratchpad[i], scratch + p->scratchpad_offset);
    }
    if (p->scratchpad && s == dnnl_success)
        s = dnnl_memory_set_data_handle(p->scratchpad, scratch + p->scratchpad_offset);
    return s;
}

static dnnl_status_t plan_execute(const context *ctx, const plan *p, void *const data[PLAN_OPERANDS], char *scratch) {
    dnnl_exec_arg_t args[PLAN_OPERANDS + 1];
    int n = 0;
    dnnl_status_t s = plan_bind(p, data, scratch);
    for (int i = 0; i < PLAN_OPERANDS && s == dnnl_success; i++) {
        const operand *o = &p->operands[i];
        args[n++] = (dnnl_exec_arg_t){o->arg, o->inner ? o->inner : o->outer};
        if (o->inner && i != RESULT) s = run_reorder(ctx, p, i);
    }
    if (p->scratchpad) args[n++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, p->scratchpad};
    if (s == dnnl_success) s = dnnl_primitive_execute(p->primitive, ctx->stream, n, args);
    if (s == dnnl_success && p->operands[RESULT].inner) s = run_reorder(ctx, p, RESULT);
    if (s == dnnl_success) s = dnnl_stream_wait(ctx->stream);
    return s;
}

static mgr_openmp openmp;
static pthread_once_t openmp_once = PTHREAD_ONCE_INIT;

static void find_openmp(void) { openmp = mgr_openmp_find(NULL); }

/* Find or make the plan, acquire scratch, run; `plan_get` and all of oneDNN see one thread (it divides the work when a
 * primitive is made). Without data: would it be taken? */
static mg_status solve_alone(context *ctx, const problem *key, void *const data[PLAN_OPERANDS]) {
    plan *p = plan_get(ctx, key);
    mgr_buffer *scratch = NULL;
    if (!p) return mgr_error();
    if (!p->primitive) return MG_ERR_NOT_IMPLEMENTED;
    if (!data) return MG_OK;
    if (p->scratch_bytes && !(scratch = mgr_buffer_new(p->scratch_bytes))) return mgr_error();
    dnnl_status_t s = plan_execute(ctx, p, data, scratch ? scratch->data : NULL);
    mgr_buffer_release(scratch);
    if (s == dnnl_success) return MG_OK;
    return mgr_fail(MG_ERR_BACKEND, NULL, "oneDNN refused to run a primitive (its status %d)", (int)s);
}

static mg_status solve(const problem *key, const void *a, const void *b, void *result) {
    context *ctx = context_get();
    if (!ctx) return mgr_error();
    pthread_once(&openmp_once, find_openmp);
    void *data[PLAN_OPERANDS] = {(void *)(uintptr_t)a, (void *)(uintptr_t)b, result};
    int before = mgr_openmp_alone_begin(&openmp);
    mg_status status = solve_alone(ctx, key, result ? data : NULL);
    mgr_openmp_alone_end(&openmp, before);
    return status;
}

static bool cpu_has_bf16(void) {
    dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
    return isa == dnnl_cpu_isa_avx512_core_bf16 || isa == dnnl_cpu_isa_avx512_core_amx;
}

/* bf16 without hardware for it is slower in oneDNN than f32 with conversions around it. */
bool mgr_onednn_has(mg_dtype dtype) { return dtype == MG_F32 || (dtype == MG_BF16 && cpu_has_bf16()); }

mg_status mgr_onednn_matmul(const mgr_gemm_batch *g) {
    const mgr_gemm *f = &g->first;
    problem key = {.kind = PLAN_MATMUL, .dtype = (int32_t)f->dtype};
    const int64_t v[13] = {g->batch,   f->m,     f->n,     f->k,       g->a_batch, f->a_row, f->a_col,
                           g->b_batch, f->b_row, f->b_col, g->c_batch, f->c_row,   1};
    if (f->accumulate) return MG_ERR_NOT_IMPLEMENTED;
    memcpy(key.v, v, sizeof v);
    return solve(&key, f->a, f->b, f->c);
}

mg_status mgr_onednn_conv(mgr_conv_pass pass, const mgr_conv_part *part, const void *a, const void *b, void *result) {
    static const plan_kind kinds[] = {PLAN_FORWARD, PLAN_BACKWARD_DATA, PLAN_BACKWARD_WEIGHTS};
    const mgr_conv *whole = part->whole;
    if (whole->spatial > 3) return MG_ERR_NOT_IMPLEMENTED;
    problem key = {.kind = (int32_t)kinds[pass],
                   .dtype = (int32_t)whole->dtype,
                   .spatial = whole->spatial,
                   .v = {part->n, part->c, part->f, whole->c, whole->f}};
    const int64_t *axes[6] = {whole->x, whole->w, whole->y, whole->stride, whole->pad, whole->dilation};
    for (int i = 0; i < 6; i++)
        memcpy(key.v + 5 + i * whole->spatial, axes[i], sizeof(int64_t) * (size_t)whole->spatial);
    return solve(&key, a, b, result);
}

void mgr_onednn_get_stats(mgr_linalg_stats *out) {
    out->primitives_created = self ? self->created : 0;
    out->primitives_cached = self ? self->cached : 0;
}

void mgr_onednn_clear(void) {
    context_destroy(self);
    self = NULL;
}

static char name[32];
static pthread_once_t name_once = PTHREAD_ONCE_INIT;

static void find_name(void) {
    const dnnl_version_t *v = dnnl_version();
    snprintf(name, sizeof name, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
}

const char *mgr_onednn_name(void) {
    pthread_once(&name_once, find_name);
    return name;
}

#else

bool mgr_onednn_has(mg_dtype dtype) { return (void)dtype, false; }
mg_status mgr_onednn_matmul(const mgr_gemm_batch *g) { return (void)g, MG_ERR_NOT_IMPLEMENTED; }
mg_status mgr_onednn_conv(mgr_conv_pass pass, const mgr_conv_part *part, const void *a, const void *b, void *result) {
    return (void)pass, (void)part, (void)a, (void)b, (void)result, MG_ERR_NOT_IMPLEMENTED;
}
void mgr_onednn_get_stats(mgr_linalg_stats *out) { out->primitives_created = out->primitives_cached = 0; }
void mgr_onednn_clear(void) {}
const char *mgr_onednn_name(void) { return "none"; }

#endif
