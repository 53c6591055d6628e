/* SPDX-License-Identifier: MIT
 * Rules B5, B6: each allocation of a call in turn fails, alone or with all that follow. The call answers with a status,
 * leaves nothing behind, and works when it is repeated. Over every public op, forward and backward, a training step,
 * files, scopes, views and in-place writes. Oracles: the counters, and the bits of an undisturbed run. */
#include "autodiff/op_api.h"
#include "autodiff/thread.h"
#include "harness.h"
#include "op_domains.h"
#include "runtime/linalg.h"
#include "runtime/memory.h"
#include "runtime/tile.h"

#include <limits.h>
#include <mygrad/mygrad.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Allocations from number `first` on fail, `count` of them. */
static struct { int seen, first, count; } fault;

static void *faulty_alloc(size_t bytes, size_t alignment, void *context) {
    (void)context;
    int i = fault.seen++;
    void *p = NULL;
    if (i >= fault.first && i - fault.first < fault.count) return NULL;
    return posix_memalign(&p, alignment < sizeof p ? sizeof p : alignment, bytes) ? NULL : p;
}

static void faulty_free(void *p, size_t bytes, void *context) {
    (void)bytes;
    (void)context;
    free(p);
}

/* With every cache empty, so that the next call has to ask the system again; count 0 for "nothing fails". */
static void set_fault(int first, int count) {
    static const mgr_allocator faulty = {faulty_alloc, faulty_free, NULL};
    mgr_tile_cache_clear();
    mgr_linalg_clear();
    mg_trim();
    fault.seen = 0;
    fault.first = first;
    fault.count = count;
    mgr_set_allocator(count ? &faulty : NULL);
}

/* What a scene came to: its status and a hash of all the bytes it read. */
typedef struct outcome {
    mg_status status;
    uint64_t hash;
    bool reached; /* an allocation was refused */
    bool leaked_tensors, leaked_nodes;
} outcome;

/* A scene runs in an open scope. It need not look at any status: after an error every call answers with it. */
typedef struct scene {
    void (*run)(const struct scene *scene, uint64_t *hash);
    uint16_t op;
    int64_t size;
    bool tiles_only, fresh_thread;
} scene;

static void take_up(uint64_t *hash, mg_tensor *x) {
    double values[6000];
    int64_t n = mg_size(x);
    CHECK(n <= (int64_t)(sizeof values / sizeof *values));
    if (mg_read(x, MG_F64, values) != MG_OK) return;
    const unsigned char *bytes = (const unsigned char *)values;
    for (size_t i = 0; i < (size_t)n * sizeof *values; i++) *hash = (*hash ^ bytes[i]) * UINT64_C(0x100000001b3);
}

static void perform(const scene *s, int first, int count, outcome *o) {
    mg_stats before, after;
    *o = (outcome){.hash = 1469598103934665603u};
    if (!s->fresh_thread) mga_thread_get()->tiles_only = s->tiles_only;
    mg_get_stats(&before);
    set_fault(first, count);
    mg_scope scope = mg_scope_open();
    s->run(s, &o->hash);
    mg_status closed = mg_scope_close(scope);
    o->reached = count && fault.seen > first;
    set_fault(0, 0);
    o->status = mg_take_error().code;
    if (closed != MG_OK && scope.token &&
        mg_scope_close(scope) != MG_OK) /* it stayed open, or it closed with an error */
        (void)mg_take_error();
    mg_get_stats(&after);
    o->leaked_tensors = after.live_tensors != before.live_tensors;
    o->leaked_nodes = after.live_nodes != before.live_nodes;
    if (!s->fresh_thread) mga_thread_get()->tiles_only = false;
}

typedef struct errand {
    const scene *scene;
    int first, count;
    outcome *outcome;
} errand;

static void *perform_errand(void *p) {
    const errand *e = p;
    perform(e->scene, e->first, e->count, e->outcome);
    return NULL;
}

static outcome attempt(const scene *s, int first, int count) {
    outcome o;
    errand e = {s, first, count, &o};
    pthread_t thread;
    if (!s->fresh_thread) {
        perform_errand(&e);
    } else {
        CHECK(pthread_create(&thread, NULL, perform_errand, &e) == 0);
        pthread_join(thread, NULL);
    }
    return o;
}

static uint64_t live_bytes(void) {
    mg_stats stats;
    set_fault(0, 0);
    mg_get_stats(&stats);
    return stats.live_bytes;
}

/* Every n until no allocation is left to refuse. Returns how many there are. */
static int each_fails(const scene *s, const char *name, int count) {
    outcome whole = attempt(s, 0, 0);
    CHECK_MSG(whole.status == MG_OK, "%s without faults: status %d", name, (int)whole.status);
    uint64_t before = live_bytes();
    for (int n = 0; n < 3000; n++) {
        outcome o = attempt(s, n, count);
        CHECK_MSG(o.status == MG_OK || (o.reached && o.status == MG_ERR_NO_MEMORY), "%s, %d: status %d", name, n,
                  (int)o.status);
        CHECK_MSG(o.status != MG_OK || o.hash == whole.hash, "%s, %d: done, with other values", name, n);
        CHECK_MSG(!o.leaked_tensors, "%s, %d: tensors are left", name, n);
        CHECK_MSG(!o.leaked_nodes, "%s, %d: nodes are left", name, n);
        uint64_t left = live_bytes();
        CHECK_MSG(left == before, "%s, %d: %lld bytes are left", name, n, (long long)(left - before));
        outcome again = attempt(s, 0, 0);
        CHECK_MSG(again.status == MG_OK && again.hash == whole.hash, "%s, %d: wrong when repeated", name, n);
        if (!o.reached) return n;
    }
    FAIL("%s does not end", name);
}

static int all_faults(const scene *s, const char *name) {
    int alone = each_fails(s, name, 1), after = each_fails(s, name, INT_MAX);
    CHECK_MSG(alone > 0 && after > 0, "%s allocates nothing: nothing was tested", name);
    return alone;
}

/* ---- every op ---- */

static const struct {
    int op, input;
    double lo, hi;
} domains[] = {MGK_DOMAINS};

static mg_tensor *draw(const scene *s, int input) {
    double lo = -4, hi = 4, values[6000];
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        if (domains[i].op != s->op || domains[i].input != input) continue;
        lo = domains[i].lo > lo ? domains[i].lo : lo;
        hi = domains[i].hi < hi ? domains[i].hi : hi;
    }
    for (int64_t k = 0; k < s->size; k++) values[k] = lo + (hi - lo) * (double)(7 * k % 31 + 1 + input) / 36;
    mg_tensor *x = mg_from_f64(values, MG_SHAPE(s->size / 4, 4));
    if (mgk_ops[s->op].bool_in & (1u << input)) return mg_astype(x, MG_BOOL);
    const bool floats = mgk_ops[s->op].row_types & 1u << MG_F64 || mgk_ops[s->op].typing == MGK_TYPES_LOGICAL;
    return floats ? x : mg_astype(x, MG_I32);
}

static void forward_and_backward(const scene *s, uint64_t *hash) {
    const mgk_op_info *info = &mgk_ops[s->op];
    const double params[MGK_MAX_PARAMS] = {0.5};
    mg_tensor *in[MGK_MAX_IN];
    for (int i = 0; i < info->n_in; i++) in[i] = draw(s, i);
    mg_reduce_opts rows = {.size = sizeof rows, .axis = MG_AXES(1)};
    mg_tensor *y = info->kind == MGK_KIND_REDUCE ? mga_reduce(s->op, in[0], &rows) : mga_ufunc(s->op, in, params, NULL);
    take_up(hash, y);
    if (!y || mg_is_constant(y)) return;
    (void)mg_backward(mg_sum(mg_multiply(y, y)));
    for (int i = 0; i < info->n_in; i++)
        if (mg_grad(in[i])) take_up(hash, mg_grad(in[i]));
}

MG_TEST(every_allocation, of_each_op) {
    static const int64_t sizes[] = {12, 6000};
    int ops = 0;
    for (uint16_t op = 1; op < MGK_OP_COUNT; op++) {
        const mgk_op_info *info = &mgk_ops[op];
        if (info->internal || info->n_out != 1 || (info->kind != MGK_KIND_MAP && info->kind != MGK_KIND_REDUCE))
            continue;
        ops++;
        for (int i = 0; i < 3; i++) {
            scene s = {.run = forward_and_backward, .op = op, .size = sizes[i / 2], .tiles_only = i == 1};
            all_faults(&s, info->name);
        }
    }
    CHECK(ops >= 25); /* a registry that lost them would pass otherwise */
}

/* ---- a training step ---- */

static mg_tensor *ramp(mg_shape shape, double step) {
    double values[400];
    int64_t n = 1;
    for (int i = 0; i < shape.ndim; i++) n *= shape.dims[i];
    for (int64_t k = 0; k < n; k++) values[k] = step * (double)(11 * k % 17 - 8);
    return mg_astype(mg_from_f64(values, shape), MG_F32);
}

static void train(const scene *s, uint64_t *hash) {
    (void)s;
    mg_tensor *params[] = {mg_keep(ramp(MG_SHAPE(3, 2, 3, 3), 0.05)), mg_keep(ramp(MG_SHAPE(12, 3), 0.1)),
                           mg_keep(ramp(MG_SHAPE(3), 0.1))};
    mg_optimizer *optimizer = (mg_adam)(params, 3);
    for (int step = 0; step < 2; step++) {
        MG_SCOPE;
        mg_tensor *x = ramp(MG_SHAPE(4, 2, 6, 6), 0.1), *labels = mg_from_i32((int32_t[]){0, 1, 2, 1}, MG_SHAPE(4));
        mg_tensor *y = mg_max_pool(mg_relu(mg_conv_nd(x, params[0])), MG_SHAPE(2, 2), MG_SHAPE(2));
        mg_tensor *scores = mg_add(mg_matmul(mg_reshape(y, MG_SHAPE(4, 12)), params[1]), params[2]);
        mg_tensor *loss = mg_softmax_crossentropy(scores, labels);
        if (mg_backward(loss) == MG_OK && mg_optimizer_step(optimizer) == MG_OK) take_up(hash, loss);
    }
    for (int i = 0; i < 3; i++) {
        take_up(hash, params[i]);
        mg_release(params[i]);
    }
    mg_optimizer_free(optimizer);
}

MG_TEST(every_allocation, of_a_training_step) {
    scene s = {.run = train};
    all_faults(&s, "a training step");
    s.tiles_only = true;
    all_faults(&s, "a training step by tiles");
}

/* With the thread's own state to be made, too. */
MG_TEST(every_allocation, of_a_new_thread) {
    scene s = {.run = train, .fresh_thread = true};
    all_faults(&s, "a training step of a new thread");
}

/* ---- files ---- */

static void save_and_load(const scene *s, uint64_t *hash) {
    (void)s;
    char path[64];
    snprintf(path, sizeof path, "every_allocation_%ld.npz", (long)getpid());
    mg_tensor *a = ramp(MG_SHAPE(10, 10), 0.5), *b = mg_exp(ramp(MG_SHAPE(3), 1));
    const char *names[] = {"a", "b"};
    if (mg_save_npz(path, 2, names, (mg_tensor *[]){a, b}) == MG_OK) {
        take_up(hash, mg_load_npz(path, "b"));
        take_up(hash, mg_load_npz(path, "a"));
        mg_npz *all = mg_load_npz_all(path), *list = mg_npz_names(path);
        if (all && list) take_up(hash, mg_npz_find(all, list->names[1]));
        mg_npz_free(all);
        mg_npz_free(list);
    }
    unlink(path);
    if (mg_save_npy(path, mg_transpose(a, (mg_axes){0})) == MG_OK) take_up(hash, mg_load_npy(path));
    unlink(path);
}

MG_TEST(every_allocation, of_files) {
    scene s = {.run = save_and_load};
    all_faults(&s, "files");
}

/* ---- scopes, keeps, views, in-place writes ---- */

static void escape(const scene *s, uint64_t *hash) {
    (void)s;
    mg_tensor *w = mg_keep(ramp(MG_SHAPE(20, 20), 0.1)), *kept = NULL;
    for (int i = 0; i < 3; i++) {
        mg_scope inner = mg_scope_open();
        mg_tensor *y = mg_multiply(mg_exp(w), w);
        mg_release(kept);
        kept = mg_keep(mg_sum(y, .axis = MG_AXES(0)));
        (void)mg_backward(kept, .accumulate = i > 0);
        if (mg_scope_close(inner) != MG_OK) break;
    }
    take_up(hash, kept);
    if (mg_grad(w)) take_up(hash, mg_grad(w));
    mg_release(kept);
    mg_release(w);
}

MG_TEST(every_allocation, of_what_escapes) {
    scene s = {.run = escape};
    all_faults(&s, "scopes");
    s.tiles_only = true;
    all_faults(&s, "scopes by tiles");
}

static void write_into_views(const scene *s, uint64_t *hash) {
    (void)s;
    mg_tensor *x = ramp(MG_SHAPE(12, 8), 0.1), *y = mg_multiply(x, mg_scalar(2));
    mg_tensor *rows = mg_getitem(y, MG_KEY(MG_S(0, 12, 3))), *seen = mg_exp(y);
    mg_tensor *flipped = mg_transpose(y, (mg_axes){0});
    mg_iadd(rows, mg_scalar(1));
    mg_imultiply(mg_reshape(y, MG_SHAPE(96)), mg_scalar(3));
    mg_setitem(y, MG_KEY(MG_I(2)), ramp(MG_SHAPE(8), 0.2));
    mg_copyto(mg_getitem(flipped, MG_KEY(MG_I(1))), mg_scalar(4));
    mg_tensor *part = mg_getitem(flipped, MG_KEY(MG_I(3))), *values = ramp(MG_SHAPE(12), 0.3);
    mg_exp(mg_detach(values), .where = mg_greater(values, mg_scalar(1)), .out = part);
    mg_tensor *loss =
        mg_add(mg_sum(mg_multiply(flipped, flipped)),
               mg_sum(mg_multiply(seen, mg_broadcast_to(mg_sum(rows, .axis = MG_AXES(0)), MG_SHAPE(12, 8)))));
    (void)mg_backward(loss);
    take_up(hash, y);
    take_up(hash, seen);
    if (mg_grad(x)) take_up(hash, mg_grad(x));
}

MG_TEST(every_allocation, of_views_and_writes) {
    scene s = {.run = write_into_views};
    all_faults(&s, "views");
    s.tiles_only = true;
    all_faults(&s, "views by tiles");
}

/* Gradients of every kind of sum: disjoint parts, overlapping ones, reshape's copies in whole and in parts, with what
 * was written over left out. */
static void sum_parts(const scene *s, uint64_t *hash) {
    (void)s;
    mg_tensor *x = ramp(MG_SHAPE(6, 8), 0.1), *y = mg_square(x), *z = mg_exp(x);
    mg_tensor *copy = mg_reshape(mg_transpose(y, (mg_axes){0}), MG_SHAPE(4, 12));
    mg_tensor *f = mg_sum(mg_multiply(mg_getitem(copy, MG_KEY(MG_I(1))), mg_getitem(copy, MG_KEY(MG_I(2)))));
    f = mg_add(f, mg_sum(mg_getitem(mg_reshape(copy, MG_SHAPE(48)), MG_KEY(MG_S(5, 40, 7)))));
    f = mg_add(f, mg_add(mg_sum(mg_getitem(y, MG_KEY(MG_S(0, 4, 1)))), mg_sum(mg_getitem(y, MG_KEY(MG_S(3, 6, 1))))));
    for (int i = 0; i < 6; i++) f = mg_add(f, mg_sum(mg_getitem(z, MG_KEY(MG_I(i)))));
    mg_tensor *early = mg_getitem(y, MG_KEY(MG_S(0, 2, 1), MG_S(0, 3, 1)));
    f = mg_add(f, mg_sum(early));
    mg_setitem(y, MG_KEY(MG_S(1, 5, 1)), mg_scalar(2));
    (void)mg_backward(mg_add(f, mg_sum(mg_multiply(y, y))));
    if (mg_grad(x)) take_up(hash, mg_grad(x));
}

MG_TEST(every_allocation, of_sums_of_parts) {
    scene s = {.run = sum_parts};
    all_faults(&s, "sums of parts");
    s.tiles_only = true;
    all_faults(&s, "sums of parts by tiles");
}

/* Functions of several nodes, and rules that evaluate what they need. */
static void reduce_and_scan(const scene *s, uint64_t *hash) {
    (void)s;
    mg_tensor *x = ramp(MG_SHAPE(12, 8), 0.1);
    mg_tensor *y =
        mg_multiply_sequence(MG_TENSORS(mg_cumsum(x, .axis = MG_AXES(1)), mg_cumprod(x, .axis = MG_AXES(0)), x));
    mg_tensor *z = mg_add_sequence(MG_TENSORS(mg_softmax(y), mg_logsoftmax(x, .axis = MG_AXES(0)), mg_std(x)));
    z = mg_add(z, mg_std(x, .axis = MG_AXES0));
    mg_tensor *loss = mg_add(mg_prod(z), mg_sum(mg_logsumexp(z, .axis = MG_AXES(0))));
    (void)mg_backward(mg_add(loss, mg_sum(mg_prod(mg_transpose(x, (mg_axes){0}), .axis = MG_AXES(1)))));
    take_up(hash, mg_any(mg_less(z, x)));
    take_up(hash, mg_argmin(z));
    take_up(hash, loss);
    if (mg_grad(x)) take_up(hash, mg_grad(x));
}

MG_TEST(every_allocation, of_reductions_and_scans) {
    scene s = {.run = reduce_and_scan};
    all_faults(&s, "reductions");
    s.tiles_only = true;
    all_faults(&s, "reductions by tiles");
}

/* Two results by pointer, an answer that is no tensor, functions of several nodes, and exponents that are looked at
 * when their power is recorded. */
static void divide_and_compare(const scene *s, uint64_t *hash) {
    (void)s;
    mg_tensor *x = ramp(MG_SHAPE(12, 8), 0.1), *y = mg_add(x, mg_scalar(0.55)), *quotient, *rest;
    mg_tensor *mask = mg_greater(x, mg_scalar(0));
    if (mg_divmod(x, y, &quotient, &rest, .where = mask) == MG_OK) {
        take_up(hash, quotient);
        take_up(hash, rest);
    } else {
        CHECK(!quotient && !rest);
    }
    mg_tensor *a = mg_zeros(MG_SHAPE(12, 8), .constant = MG_CONSTANT), *b = a ? mg_detach(x) : NULL;
    if (mg_divmod(x, y, &quotient, &rest, .where = mask, .constant = MG_CONSTANT, .out = a, .out2 = b) == MG_OK) {
        take_up(hash, a);
        take_up(hash, b);
    }
    take_up(hash, mg_isclose(x, y, .tolerance = MG_TOLERANCE(0.5, 0.1), .equal_nan = true));
    *hash += (mg_allclose(y, y) ? 1u : 0u) + (mg_allclose(x, y) ? 2u : 0u);
    mg_tensor *whole = mg_astype(x, MG_I32), *wide = mg_astype(whole, MG_I64), *natural = mg_astype(y, MG_U64);
    take_up(hash, mg_less(wide, natural, .where = mask));
    take_up(hash, mg_not_equal(mg_getitem(natural, MG_KEY(MG_I(0))), wide));
    take_up(hash, mg_add_sequence(MG_TENSORS(x, wide, y), .constant = MG_CONSTANT));
    take_up(hash, mg_power(whole, mg_add(whole, mg_scalar_i64(1)), .where = mask));
    mg_tensor *loss = mg_add(mg_sum(mg_multiply(mg_absolute_nan(y), x)), mg_var(y, .ddof = 1));
    (void)mg_backward(mg_add(loss, mg_sum(mg_var(x, .axis = MG_AXES(1)))));
    take_up(hash, loss);
    if (mg_grad(x)) take_up(hash, mg_grad(x));
}

MG_TEST(every_allocation, of_division_and_comparison) {
    scene s = {.run = divide_and_compare};
    all_faults(&s, "division");
    s.tiles_only = true;
    all_faults(&s, "division by tiles");
}

static void look_around(const scene *s, uint64_t *hash) {
    (void)s;
    float memory[30] = {1, 2, 3};
    mg_tensor *x = mg_borrow(MG_F32, memory, MG_SHAPE(30), NULL, NULL), *y = mg_keep(mg_sqrt(mg_square(x)));
    char *text = mg_to_string(y);
    free(text);
    take_up(hash, mg_argmax(y));
    take_up(hash, mg_softmax_crossentropy(mg_reshape(y, MG_SHAPE(10, 3)), mg_zeros(MG_SHAPE(10), .dtype = MG_I64)));
    take_up(hash, mg_detach(mg_copy(y)));
    mg_release(y);
    (void)mg_sync(x);
    mg_release(x); /* before the memory it is over */
}

MG_TEST(every_allocation, of_looking) {
    scene s = {.run = look_around};
    all_faults(&s, "looking");
}
