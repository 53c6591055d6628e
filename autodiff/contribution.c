/* SPDX-License-Identifier: MIT
 * Collecting gradient contributions: from what an op's rule gives for an operand to regions of the root that it is part
 * of. contribution_sum.c adds them up. */
#include "autodiff/contribution.h"

#include "autodiff/box.h"
#include "autodiff/history.h"
#include "autodiff/record.h"

#include <string.h>

mg_status mga_walk_order(mga_walk *walk, mga_thread *thread) {
    if (!mga_nodes_sort(&thread->walk, &thread->stack)) return mgr_error();
    const mga_nodes *visited = &thread->walk;
    size_t n = visited->n, bytes = (n + 1) * sizeof(void *);
    walk->order = mgr_arena_alloc(&walk->arena, bytes);
    walk->gradients = mgr_arena_alloc(&walk->arena, bytes);
    walk->first = mgr_arena_alloc(&walk->arena, bytes);
    walk->last = mgr_arena_alloc(&walk->arena, bytes);
    if (!walk->order || !walk->gradients || !walk->first || !walk->last) return mgr_error();
    memset(walk->gradients, 0, bytes);
    memset(walk->first, 0, bytes);
    for (size_t i = 0; i < n; i++) {
        mga_node *node = visited->v[n - 1 - i];
        walk->order[i] = node;
        node->walk = (uint32_t)i;
        mga_node_retain(node);
    }
    walk->n = n;
    return MG_OK;
}

static void free_region(mga_view *region, const mga_node *value) {
    if (region) mgr_block_free(region, mga_view_bytes(value->shape->ndim));
}

static void drop(const mga_contribution *c) {
    free_region(c->region, c->value);
    mga_node_release(c->mask);
    mga_node_release(c->value);
}

void mga_walk_end(mga_walk *walk) {
    for (size_t i = 0; i < walk->n; i++) {
        mga_node *node = walk->order[i];
        mga_node_release(walk->gradients[node->walk]);
        for (const mga_contribution *c = walk->first[node->walk]; c; c = c->next) drop(c);
    }
    for (size_t i = 0; i < walk->n; i++) mga_node_release(walk->order[i]);
    mgr_arena_reset(&walk->arena);
}

mga_node *mga_walk_gradient(mga_walk *walk, mga_node *node) {
    mga_contribution *first = walk->first[node->walk];
    if (!first) return NULL;
    mga_node *sum = first->value;
    if (first->next || first->region || first->mask) {
        sum = mga_sum_contributions(&walk->arena, node, first);
        if (!sum) return NULL;
        for (const mga_contribution *c = first; c; c = c->next) drop(c);
    }
    walk->first[node->walk] = NULL;
    return walk->gradients[node->walk] = sum;
}

/* Takes over what c holds, also on failure. */
static mg_status append(mga_walk *walk, const mga_node *target, const mga_contribution *given) {
    mga_contribution *c = mgr_arena_alloc(&walk->arena, sizeof *c);
    if (!c) {
        drop(given);
        return mgr_error();
    }
    *c = *given;
    c->next = NULL;
    if (walk->first[target->walk])
        walk->last[target->walk]->next = c;
    else
        walk->first[target->walk] = c;
    walk->last[target->walk] = c;
    return MG_OK;
}

/* ---- fitting a gradient to what it is the gradient of ---- */

/* The axes over which `wide` was broadcast from `narrow`. */
static uint64_t broadcast_axes(const mgr_shape *narrow, const mgr_shape *wide) {
    uint64_t axes = 0;
    int added = wide->ndim - narrow->ndim;
    for (int i = 0; i < wide->ndim; i++)
        if (i < added || (narrow->dims[i - added] == 1 && wide->dims[i] != 1)) axes |= UINT64_C(1) << i;
    return axes;
}

/* d in `shape`: summed over what the operand was stretched to, or stretched itself where a rule needed less. Takes over
 * d; counted. */
static mga_node *fit(mga_node *d, const mgr_shape *shape) {
    if (d->shape == shape) return d;
    const mgr_shape *both = mgr_shape_broadcast("backward", d->shape, shape);
    mga_node *fitted = NULL;
    if (both == shape)
        fitted = mga_broadcast_node(d, shape);
    else if (both)
        fitted = mga_record_reduce(MGK_OP_SUM, d, broadcast_axes(shape, d->shape), shape, MG_CONSTANT_AUTO);
    if (both) mgr_shape_release(both);
    mga_node_release(d);
    return fitted;
}

/* ---- through views to the root ---- */

/* Where each axis of `root` is in a part that shows each of its elements once, in other order: -1 for those of length
 * 1. False if it is no such part. */
static bool permutes(const mgr_shape *part, int64_t offset, const int64_t *strides, const mga_node *root, int *axis) {
    int64_t whole[MG_MAX_NDIM];
    uint64_t used = 0;
    if (offset != 0 || part->size != root->shape->size) return false;
    mgr_strides_contiguous(root->shape, mg_dtype_size((mg_dtype)root->dtype), whole);
    for (int i = 0; i < root->shape->ndim; i++) {
        axis[i] = -1;
        if (root->shape->dims[i] == 1) continue;
        for (int k = 0; k < part->ndim && axis[i] < 0; k++)
            if (!(used & (UINT64_C(1) << k)) && part->dims[k] == root->shape->dims[i] && strides[k] == whole[i])
                axis[i] = k;
        if (axis[i] < 0) return false;
        used |= UINT64_C(1) << axis[i];
    }
    return true;
}

/* x, of a permuted shape, as root's. Takes over x; counted. */
static mga_node *unpermuted(mga_node *x, const mgr_shape *shape, const int *axis) {
    int64_t own[MG_MAX_NDIM], strides[MG_MAX_NDIM];
    if (!x) return NULL;
    mga_node_strides(x, own);
    for (int i = 0; i < shape->ndim; i++) strides[i] = axis[i] < 0 ? 0 : own[axis[i]];
    mga_node *seen = mga_view_new(x, shape, 0, strides);
    mga_node_release(x);
    return seen;
}

static mga_node *reshaped(mga_node *x, const mgr_shape *shape) {
    mga_node *seen = x ? mga_reshape_node(x, shape) : NULL;
    mga_node_release(x);
    return seen;
}

/* Over the axes that a view repeats (stride 0), so that each element is named once: the values are added, and of the
 * masks one counts. Takes over x; counted. */
static mga_node *without_repeats(mga_node *x, const int64_t *strides, uint16_t op) {
    uint64_t axes = 0;
    for (int i = 0; x && i < x->shape->ndim; i++)
        if (strides[i] == 0 && x->shape->dims[i] != 1) axes |= UINT64_C(1) << i;
    if (!axes) return x;
    const mgr_shape *shape = mga_reduced_shape(x->shape, axes, true);
    mga_node *sum = shape ? mga_record_reduce(op, x, axes, shape, MG_CONSTANT_AUTO) : NULL;
    if (shape) mgr_shape_release(shape);
    mga_node_release(x);
    return sum;
}

static mg_status deliver(mga_walk *walk, mga_node *target, mga_contribution *c);

/* c, without a region, to the part of root at offset and strides that it has the shape of. */
static mg_status place(mga_walk *walk, mga_node *root, mga_contribution *c, int64_t offset, const int64_t *strides) {
    const bool masked = c->mask;
    int axis[MG_MAX_NDIM];
    c->value = without_repeats(c->value, strides, MGK_OP_SUM);
    c->mask = without_repeats(c->mask, strides, MGK_OP_MIN);
    if (c->value && offset == 0 && c->value->shape->size == root->shape->size &&
        mgr_strides_are_contiguous(c->value->shape, mg_dtype_size((mg_dtype)root->dtype), strides)) {
        c->value = reshaped(c->value, root->shape);
        c->mask = reshaped(c->mask, root->shape);
    } else if (c->value && permutes(c->value->shape, offset, strides, root, axis)) {
        c->value = unpermuted(c->value, root->shape, axis);
        c->mask = unpermuted(c->mask, root->shape, axis);
    } else if (c->value) {
        c->region = mga_view_make(c->value->shape->ndim, offset, strides);
    }
    if (mgr_error() == MG_OK && c->value && (c->mask || !masked)) return deliver(walk, root, c);
    drop(c);
    return mgr_error();
}

/* ---- reshape's copies ---- */

/* c as one to the whole copy, which has no say outside its region. */
static mg_status spread(const mga_node *copy, mga_contribution *c) {
    const mg_dtype dtype = (mg_dtype)copy->dtype;
    mga_node *zero = mga_fill_f64(dtype, copy->shape, -0.0);
    mga_node *value = zero ? mga_updated(zero, c->value, c->region->offset, c->region->strides) : NULL;
    mga_node *mask = value ? mga_region_mask(dtype, copy->shape, c->value->shape, c->region, true) : NULL;
    mga_node_release(zero);
    drop(c);
    *c = (mga_contribution){.value = value, .mask = mask};
    return mask ? MG_OK : mgr_error();
}

/* The region of `copy`, as one of the root whose view it is a copy of. False if it runs over the end of an axis. */
static bool is_region_of_root(const mga_node *copy, const mga_contribution *c, mga_part_axes *axes, int64_t *offset,
                              int64_t *strides) {
    const mga_view *view = copy->in[0]->extra;
    const mgr_shape *part = c->value->shape;
    if (c->mask || part->size == 0) return false;
    if (!mga_part_along(copy->shape, mg_dtype_size((mg_dtype)copy->dtype), part, c->region, axes)) return false;
    *offset = view->offset;
    for (int i = 0; i < copy->shape->ndim; i++) *offset += axes->at[i] * view->strides[i];
    for (int k = 0; k < axes->ndim; k++) /* length 1: no repeat */
        strides[k] = axes->on[k] < 0 ? 1 : axes->by[k] * view->strides[axes->on[k]];
    return true;
}

/* On to what was copied, as if the copy were a view of it. */
static mg_status through_copy(mga_walk *walk, mga_node *copy, mga_contribution *c) {
    mga_node *view = copy->in[0];
    mga_part_axes axes;
    int64_t offset, strides[MG_MAX_NDIM];
    if (!c->region || !mga_passes_on(view)) return deliver(walk, view, c);
    if (is_region_of_root(copy, c, &axes, &offset, strides)) {
        const mgr_shape *shape = mgr_shape_get(axes.ndim, axes.dims);
        mga_node *value = shape ? mga_reshape_node(c->value, shape) : NULL;
        if (shape) mgr_shape_release(shape);
        drop(c);
        *c = (mga_contribution){.value = value};
        return value ? place(walk, view->in[0], c, offset, strides) : mgr_error();
    }
    if (spread(copy, c) == MG_OK) return deliver(walk, view, c);
    drop(c);
    return mgr_error();
}

/* The copy is a tensor of its own, too: who asks for its gradient gets what came through it. */
static mg_status keep_own(mga_walk *walk, mga_node *copy, const mga_contribution *c) {
    mga_contribution own = *c;
    if (!(copy->flags & MGA_KEPT) && !mga_is_shown(copy)) return MG_OK;
    if (c->region) own.region = mga_view_make(c->value->shape->ndim, c->region->offset, c->region->strides);
    if (c->region && !own.region) return mgr_error();
    mga_node_retain(own.value);
    if (own.mask) mga_node_retain(own.mask);
    return append(walk, copy, &own);
}

/* A zero like any other: what was written over in a copy is part of nothing else. */
static void close_hole(mga_contribution *c) {
    if (c->mask != c->value) return;
    c->value->in[1]->scalar = 0.0;
    mga_node_release(c->mask);
    c->mask = NULL;
}

/* Takes over what c holds, also on failure. */
static mg_status deliver(mga_walk *walk, mga_node *target, mga_contribution *c) {
    if (!(target->flags & MGA_VARIABLE)) { /* made a constant since */
        drop(c);
        return MG_OK;
    }
    if (!mga_passes_on(target)) return append(walk, target, c);
    if (target->op == MGA_OP_VIEW) {
        const mga_view *view = target->extra;
        return place(walk, target->in[0], c, view->offset, view->strides);
    }
    close_hole(c);
    if (keep_own(walk, target, c) == MG_OK) return through_copy(walk, target, c);
    drop(c);
    return mgr_error();
}

mg_status mga_contribute(mga_walk *walk, mga_node *target, mga_node *d) {
    d = fit(d, target->shape);
    if (d && (d->dtype != target->dtype || d->weak)) {
        mga_node *cast = mga_record_convert(d, (mg_dtype)target->dtype);
        mga_node_release(d);
        d = cast;
    }
    return d ? deliver(walk, target, &(mga_contribution){.value = d}) : mgr_error();
}

/* ---- functional updates: y = base with base[region] = value ---- */

mga_node *mga_updated(mga_node *base, mga_node *value, int64_t offset, const int64_t *strides) {
    mga_node *in[2] = {base, value};
    mga_node *node = mga_node_new(MGA_OP_UPDATE, (mg_dtype)base->dtype, (mg_dtype)base->dtype, base->shape, 2, in);
    if (node) node->extra = mga_view_make(value->shape->ndim, offset, strides);
    if (!node || !node->extra) {
        mga_node_release(node);
        return NULL;
    }
    if (mga_wants_history(2, in)) mga_node_set_history(node);
    return node;
}

mga_node *mga_region_mask(mg_dtype dtype, const mgr_shape *shape, const mgr_shape *part, const mga_view *region,
                          bool inside) {
    mga_node *whole = mga_fill_f64(dtype, shape, inside ? 0.0 : -0.0);
    mga_node *within = whole ? mga_fill_f64(dtype, part, inside ? -0.0 : 0.0) : NULL;
    mga_node *mask = within ? mga_updated(whole, within, region->offset, region->strides) : NULL;
    mga_node_release(whole);
    mga_node_release(within);
    return mask;
}

/* Regions are named in a contiguous layout, so that is what a gradient must have before they are read from it. Counted.
 */
static mga_node *plain(mga_node *g) {
    if (g->op == MGA_OP_VIEW) return mga_record_copy(g);
    mga_node_retain(g);
    return g;
}

mg_status mga_contribute_update(mga_walk *walk, mga_node *update, mga_node *g, int which) {
    const mga_view *region = update->extra;
    mga_node *value = update->in[1], *whole = plain(g);
    if (!whole) return mgr_error();
    if (which == 1) {
        mga_node *seen = mga_view_new(whole, value->shape, region->offset, region->strides);
        mga_node_release(whole);
        return seen ? mga_contribute(walk, value, seen) : mgr_error();
    }
    mga_node *zero = mga_fill_f64((mg_dtype)g->dtype, value->shape, -0.0);
    mga_node *rest = zero ? mga_updated(whole, zero, region->offset, region->strides) : NULL;
    mga_node_release(zero);
    mga_node_release(whole);
    if (!rest) return mgr_error();
    mga_node_retain(rest);
    return deliver(walk, update->in[0], &(mga_contribution){.value = rest, .mask = rest});
}

/* In the order in which a chain of additions would give it on: the last first, but for the first two. */
mg_status mga_contribute_pairs(mga_walk *walk, mga_node *node, mga_node *g) {
    const mga_pairs *pairs = node->extra;
    mga_node *whole = plain(g);
    mg_status status = whole ? MG_OK : mgr_error();
    size_t first = 0;
    while (first < pairs->n && !(pairs->pair[first].value->flags & MGA_VARIABLE)) first++;
    for (size_t i = pairs->n; i-- > first && status == MG_OK;) {
        size_t turn = i == first + 1 ? first : i == first && pairs->n > first + 1 ? first + 1 : i;
        const mga_pair *pair = &pairs->pair[turn];
        if (!(pair->value->flags & MGA_VARIABLE)) continue;
        mga_node *seen = whole;
        if (pair->region)
            seen = mga_view_new(whole, pair->value->shape, pair->region->offset, pair->region->strides);
        else
            mga_node_retain(whole);
        status = seen ? mga_contribute(walk, pair->value, seen) : mgr_error();
    }
    mga_node_release(whole);
    return status;
}
