/* SPDX-License-Identifier: MIT
 * How a reduction is cut up: which axes are walked as [P][R][Q] (P and Q kept, R reduced), how many elements a unit of
 * work has, where its accumulators live. Reduced axes keep their logical order, so k runs as rules C1 say.
 *
 *   small   a tile holds whole groups [R][Q] of several p       e.g. (65536, 10) over its last axis
 *   large   a unit is at most `unit` reduced rows of at most `q_chunk` kept elements; blocks meet in partials
 * [P][blocks][Q] */
#include <string.h>

#include "runtime/parallel.h"
#include "runtime/shape.h"
#include "runtime/sizes.h"
#include "runtime/tile_plan.h"

static bool is_reduced(const draft *d, int axis) { return d->args->reduced >> axis & 1; }

/* The kept axes as a space of their own, with every reduced output's strides. */
static void plan_kept(draft *d, int n_axes, const int *order) {
    const mgr_tile_program *p = d->program;
    int kept = 0, n = 0;
    int axes[MG_MAX_NDIM];
    for (int i = 0; i < n_axes; i++)
        if (!is_reduced(d, order[i])) axes[kept++] = order[i];
    for (int i = 0; i < kept; i++) d->kept_dims[i] = d->args->dims[axes[i]];
    for (int o = 0; o < p->n_outputs; o++) {
        if (!p->outputs[o].reduce) continue;
        for (int i = 0; i < kept; i++) d->kept_strides[n][i] = d->args->outputs[o].strides[axes[i]];
        n++;
    }
    uint64_t barrier = 0;
    d->reduction.kept.ndim = kept ? mgr_coalesce(kept, d->kept_dims, n, d->kept_strides, &barrier) : 0;
}

int mgr_tile_reduce_axes(draft *d, int *order) {
    int sorted[MG_MAX_NDIM], n = mgr_tile_order_axes(d, sorted), count = 0;
    tile_reduction *red = &d->reduction;
    *red = (tile_reduction){.p = 1, .r = 1, .q = 1};
    int q_from = n; /* sorted[q_from..n): the kept axes faster than every reduced one */
    while (q_from > 0 && !is_reduced(d, sorted[q_from - 1])) q_from--;
    if (q_from == 0) q_from = n; /* nothing is reduced */
    for (int i = 0; i < q_from; i++) {
        if (is_reduced(d, sorted[i])) continue;
        red->p *= d->args->dims[sorted[i]];
        order[count++] = sorted[i];
    }
    for (int axis = 0; axis < d->args->ndim; axis++) {
        if (!is_reduced(d, axis) || d->args->dims[axis] == 1) continue;
        red->r *= d->args->dims[axis];
        order[count++] = axis;
    }
    for (int i = q_from; i < n; i++) {
        red->q *= d->args->dims[sorted[i]];
        order[count++] = sorted[i];
    }
    plan_kept(d, count, order);
    return count;
}

/* Kept elements per unit. Whole rows are best, for memory is then read straight on; but their lane state (256 bytes an
 * element) should stay in L2, and every thread should have a unit. */
static int64_t chunk_of(const tile_reduction *red, int64_t length, int64_t units) {
    int64_t limit = (int64_t)(mgr_cpu_caches()->l2 / 2 / MGK_REDUCE_LANE_BYTES) / 64 * 64;
    if (limit < 64) limit = 64;
    if (length < limit) limit = length;
    int64_t pieces = (red->q + limit - 1) / limit, threads = mgr_num_threads();
    if (red->r * red->q >= MGR_TILE_SPLIT && units * pieces < threads) pieces = (threads + units - 1) / units;
    if (pieces == 1) return red->q;
    int64_t even = (int64_t)tile_round_up((size_t)((red->q + pieces - 1) / pieces), 64);
    if (even > limit) even = limit;
    return even < red->q ? even : red->q;
}

int64_t mgr_tile_reduce_plan(const mgr_tile_program *program, tile_reduction *red, int64_t length) {
    red->block_min = INT64_MAX;
    red->unit = 0;
    for (int o = 0; o < program->n_outputs; o++) {
        if (!program->outputs[o].reduce) continue;
        int64_t block = tile_block(&program->outputs[o]);
        if (block < red->block_min) red->block_min = block;
        if (block > red->unit) red->unit = block;
    }
    if (red->r <= red->block_min && red->r <= length && red->r * red->q <= length) {
        red->groups = length / (red->r * red->q);
        if (red->groups > red->p) red->groups = red->p;
        red->n_units = (red->p + red->groups - 1) / red->groups;
        return red->groups * red->r * red->q;
    }
    int64_t per_chunk = red->p * ((red->r + red->unit - 1) / red->unit);
    red->q_chunk = chunk_of(red, length, per_chunk);
    red->n_chunks = (red->q + red->q_chunk - 1) / red->q_chunk;
    red->n_units = red->n_chunks * per_chunk;
    return red->q_chunk == red->q ? length - length % red->q : length;
}

size_t mgr_tile_reduce_lay_out(draft *d, char *base, size_t at) {
    const mgr_tile_program *p = d->program;
    tile_reduction *red = &d->reduction;
    size_t ndim = (size_t)red->kept.ndim, n_out = p->n_outputs, n = 0;
    tile_reduction *home = tile_place(base, at);
    at += tile_round_up(sizeof *red, 8);
    size_t *state = tile_place(base, at);
    at += sizeof(size_t) * n_out;
    char **partials = tile_place(base, at);
    at += sizeof(char *) * n_out;
    int64_t **strides = tile_place(base, at);
    at += sizeof(int64_t *) * n_out;
    int64_t *dims = tile_place(base, at);
    at += sizeof(int64_t) * ndim;
    if (base) {
        memcpy(state, red->state, sizeof(size_t) * n_out);
        memcpy(dims, d->kept_dims, sizeof(int64_t) * ndim);
    }
    for (size_t o = 0; o < n_out; o++) {
        const tile_out *out = &p->outputs[o];
        if (!out->reduce) continue;
        int64_t blocks = red->groups ? 1 : tile_blocks(out, red->r);
        at = tile_round_up(at, 64);
        if (base) partials[o] = blocks > 1 ? base + at : NULL;
        if (blocks > 1) at += (size_t)(red->p * blocks * red->q) * mg_dtype_size(out->row);
        at = tile_round_up(at, 8);
        if (base) strides[o] = memcpy(base + at, d->kept_strides[n], sizeof(int64_t) * ndim);
        at += sizeof(int64_t) * ndim;
        n++;
    }
    if (base) {
        *home = *red;
        home->state = state;
        home->partials = partials;
        home->kept_strides = strides;
        home->kept.dims = dims;
        d->run.reduction = home;
    }
    return at;
}

size_t mgr_tile_reduce_scratch(draft *d, size_t at) {
    const mgr_tile_program *p = d->program;
    tile_reduction *red = &d->reduction;
    red->state = d->reduce_state;
    red->area_a = at;
    if (d->run.total == 0 || red->groups) {
        size_t bytes = tile_round_up((size_t)d->run.length * 8, 64) + 64;
        red->area_b = at + bytes;
        return at + 2 * bytes;
    }
    for (int o = 0; o < p->n_outputs; o++) {
        const tile_out *out = &p->outputs[o];
        if (!out->reduce) continue;
        int64_t lanes = tile_lanes(out), rows = red->q > 1 && red->r < lanes ? red->r : lanes;
        red->state[o] = at;
        at += tile_round_up((size_t)(rows * red->q_chunk) * mg_dtype_size(out->row), 64) + 64;
    }
    return at;
}
