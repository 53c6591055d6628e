/* SPDX-License-Identifier: MIT
 * Max pooling of tensors: its checks, and one opaque op in three roles, choosing elements, scattering a gradient to the
 * chosen ones, and gathering from them; the last two are gradients of each other. The kernels are runtime/rows'. */
#include "autodiff/max_pool.h"

#include <string.h>

#include "autodiff/arguments.h"
#include "autodiff/backward.h"
#include "autodiff/flush.h"
#include "autodiff/nnet_opts.h"
#include "autodiff/number_text.h"
#include "autodiff/record.h"
#include "mygrad/nnet.h"
#include "runtime/parallel.h"
#include "runtime/rows.h"

typedef enum pool_role { POOL_CHOOSE, POOL_SCATTER, POOL_GATHER } pool_role;

enum { POOL_X, POOL_Y, POOL_WINDOW, POOL_STRIDE, POOL_ROWS };

typedef struct pool_state {
    mga_state state;
    pool_role role;
    int spatial;
    int64_t outer;
    const mgr_shape *all, *chosen; /* of x and of y; counted */
    mgr_buffer *where;             /* int64 per element of y, its position in x's spatial block; counted */
    int64_t lengths[];             /* POOL_ROWS rows of `spatial` numbers */
} pool_state;

static int64_t *pool_row(pool_state *state, int row) { return state->lengths + row * state->spatial; }

static void pool_destroy(mga_state *base) {
    pool_state *state = (pool_state *)base;
    if (state->all) mgr_shape_release(state->all);
    if (state->chosen) mgr_shape_release(state->chosen);
    mgr_buffer_release(state->where);
}

static void pool_free(pool_state *state) {
    pool_destroy(&state->state);
    mgr_block_free(state, state->state.bytes);
}

static pool_state *pool_state_new(pool_role role, int spatial, int64_t outer) {
    size_t bytes = sizeof(pool_state) + (size_t)(POOL_ROWS * spatial) * sizeof(int64_t);
    pool_state *state = mgr_block_new(bytes);
    if (!state) return NULL;
    memset(state, 0, bytes);
    state->state = (mga_state){.bytes = bytes, .destroy = pool_destroy};
    state->role = role;
    state->spatial = spatial;
    state->outer = outer;
    return state;
}

/* state in another role. */
static pool_state *pool_state_as(pool_state *state, pool_role role) {
    pool_state *copy = pool_state_new(role, state->spatial, state->outer);
    if (!copy) return NULL;
    memcpy(copy->lengths, state->lengths, (size_t)(POOL_ROWS * state->spatial) * sizeof(int64_t));
    copy->all = state->all, copy->chosen = state->chosen, copy->where = state->where;
    mgr_shape_retain(copy->all);
    mgr_shape_retain(copy->chosen);
    mgr_buffer_retain(copy->where);
    return copy;
}

static int64_t block_length(const pool_state *state, int row) {
    int64_t length = 1;
    for (int i = 0; i < state->spatial; i++) length *= state->lengths[row * state->spatial + i];
    return length;
}

/* ---- the three roles --------------------------------------------------------------------------------------------- */

typedef struct gather_job {
    const char *from;
    char *to;
    const int64_t *where;
    int64_t block, chosen; /* elements of x's and y's spatial blocks */
    size_t item;
} gather_job;

static void gather_some(int64_t begin, int64_t end, int worker, void *context) {
    (void)worker;
    const gather_job *job = context;
    for (int64_t i = begin; i < end; i++) {
        int64_t source = i / job->chosen * job->block + job->where[i];
        memcpy(job->to + (size_t)i * job->item, job->from + (size_t)source * job->item, job->item);
    }
}

static mg_status pool_compute(pool_state *state, const mga_node *in, void *result) {
    mg_dtype dtype = (mg_dtype)in->dtype;
    mgr_pool args = {.dtype = dtype,
                     .spatial = state->spatial,
                     .outer = state->outer,
                     .x = pool_row(state, POOL_X),
                     .y = pool_row(state, POOL_Y),
                     .pool = pool_row(state, POOL_WINDOW),
                     .stride = pool_row(state, POOL_STRIDE)};
    int64_t block = block_length(state, POOL_X), chosen = block_length(state, POOL_Y);
    if (state->role == POOL_CHOOSE) return mgr_maxpool_forward(&args, mga_data(in), result, state->where->data);
    if (state->role == POOL_SCATTER && chosen == 1) {
        return mgr_scatter_row(dtype, state->outer, block, mga_data(in), state->where->data, result);
    }
    if (state->role == POOL_SCATTER) return mgr_maxpool_backward(&args, mga_data(in), state->where->data, result);
    gather_job job = {mga_data(in), result, state->where->data, block, chosen, mg_dtype_size(dtype)};
    mgr_parallel_for(state->outer * chosen, 16384, gather_some, &job);
    return MG_OK;
}

/* A new node in state's role; takes state over. */
static mga_node *pool_node(pool_state *state, mga_node *in) {
    const mgr_shape *shape = state->role == POOL_SCATTER ? state->all : state->chosen;
    mg_dtype dtype = (mg_dtype)in->dtype;
    mga_node *source = mga_contiguous(in);
    mgr_buffer *result = source ? mgr_buffer_new((size_t)shape->size * mg_dtype_size(dtype)) : NULL;
    mg_status status = result ? MG_OK : MG_ERR_NO_MEMORY;
    if (result && shape->size > 0) status = pool_compute(state, source, result->data);
    mga_node_release(source);
    if (status != MG_OK) {
        mgr_buffer_release(result);
        pool_free(state);
        return NULL;
    }
    mgr_shape_retain(shape); /* the state may go while it is recorded */
    mga_state *kept = &state->state;
    if (!mga_wants_history(1, &in)) {
        pool_free(state);
        kept = NULL;
    }
    mga_node *node = mga_record_opaque(MGK_OP_MAX_POOL, dtype, shape, 1, &in, result, kept);
    mgr_shape_release(shape);
    return node;
}

mg_status mga_pool_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    (void)which;
    pool_state *state = node->extra;
    pool_state *copy = pool_state_as(state, state->role == POOL_SCATTER ? POOL_GATHER : POOL_SCATTER);
    *out = copy ? pool_node(copy, g) : NULL;
    return *out ? MG_OK : mgr_error();
}

mga_node *mga_scatter_rows(mga_node *g, const mgr_shape *all, int64_t outer, int64_t length, mgr_buffer *where) {
    pool_state *state = pool_state_new(POOL_SCATTER, 1, outer);
    if (!state) return NULL;
    *pool_row(state, POOL_X) = *pool_row(state, POOL_WINDOW) = length;
    *pool_row(state, POOL_Y) = *pool_row(state, POOL_STRIDE) = 1;
    state->all = all, state->chosen = g->shape, state->where = where;
    mgr_shape_retain(state->all);
    mgr_shape_retain(state->chosen);
    mgr_buffer_retain(where);
    return pool_node(state, g);
}

/* ---- max_pool ---------------------------------------------------------------------------------------------------- */

static mg_status pool_geometry(pool_state *state, const mgr_shape *shape, mg_shape pool, mg_shape stride) {
    int first = shape->ndim - state->spatial;
    MGR_TRY(mga_per_axis("max_pool", "pool", pool, state->spatial, 1, 1, pool_row(state, POOL_WINDOW)));
    MGR_TRY(mga_per_axis("max_pool", "stride", stride, state->spatial, 1, 1, pool_row(state, POOL_STRIDE)));
    int64_t chosen[MG_MAX_NDIM];
    for (int i = 0; i < first; i++) {
        chosen[i] = shape->dims[i];
        state->outer *= shape->dims[i];
    }
    for (int i = 0; i < state->spatial; i++) {
        int64_t x = shape->dims[first + i], window = pool_row(state, POOL_WINDOW)[i];
        int64_t step = pool_row(state, POOL_STRIDE)[i];
        if (window > x || (x - window) % step != 0) {
            char positions[MGA_NUMBER_BYTES];
            return mgr_fail(MG_ERR_VALUE, "max_pool",
                            "windows do not tile axis %d: length %lld, window %lld, stride %lld give "
                            "(%lld - %lld) / %lld + 1 = %s positions, not a positive whole number",
                            first + i, (long long)x, (long long)window, (long long)step, (long long)x,
                            (long long)window, (long long)step, mga_positions_text(x - window, step, positions));
        }
        pool_row(state, POOL_X)[i] = x;
        chosen[first + i] = pool_row(state, POOL_Y)[i] = (x - window) / step + 1;
    }
    mgr_shape_retain(shape);
    state->all = shape;
    state->chosen = mgr_shape_get(shape->ndim, chosen);
    if (state->chosen) state->where = mgr_buffer_new((size_t)state->chosen->size * sizeof(int64_t));
    return state->where ? MG_OK : mgr_error();
}

mg_tensor *mg_max_pool(mg_tensor *x, mg_shape pool, mg_shape stride) {
    mga_node *in;
    if (!mga_operands("max_pool", 1, &x, &in)) return NULL;
    if (mga_read_shape("max_pool", "pool", &pool, NULL) != MG_OK) return NULL;
    if (mga_read_shape("max_pool", "stride", &stride, NULL) != MG_OK) return NULL;
    if (pool.ndim < 1 || pool.ndim > in->shape->ndim || stride.ndim < 1) {
        char text[MGR_SHAPE_TEXT];
        mgr_fail(MG_ERR_VALUE, "max_pool",
                 "x of shape %s, pool of %d numbers, stride of %d: pool must name 1 to %d of the last axes, and "
                 "stride be one number or one for each",
                 mgr_shape_text(in->shape, text), pool.ndim, stride.ndim, in->shape->ndim);
        return NULL;
    }
    pool_state *state = pool_state_new(POOL_CHOOSE, pool.ndim, 1);
    if (!state) return NULL;
    if (pool_geometry(state, in->shape, pool, stride) != MG_OK) {
        pool_free(state);
        return NULL;
    }
    return mga_used(1, &x, mga_wrap(pool_node(state, in)));
}
