/* SPDX-License-Identifier: MIT
 * Collecting and summing gradient contributions. */
#include "autodiff/contribution.h"

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

void mga_walk_end(mga_walk *walk) {
    for (size_t i = 0; i < walk->n; i++) {
        mga_node *node = walk->order[i];
        mga_node_release(walk->gradients[node->walk]);
        for (mga_contribution *c = walk->first[node->walk]; c; c = c->next) {
            free_region(c->region, c->value);
            mga_node_release(c->value);
        }
    }
    for (size_t i = 0; i < walk->n; i++) mga_node_release(walk->order[i]);
    mgr_arena_reset(&walk->arena);
}

/* Takes over value and region, also on failure. */
static mg_status append(mga_walk *walk, const mga_node *target, mga_node *value, mga_view *region) {
    mga_contribution *c = mgr_arena_alloc(&walk->arena, sizeof *c);
    if (!c) {
        free_region(region, value);
        mga_node_release(value);
        return mgr_error();
    }
    *c = (mga_contribution){value, region, NULL};
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

mg_status mga_contribute(mga_walk *walk, mga_node *target, mga_node *d) {
    d = fit(d, target->shape);
    if (d && (d->dtype != target->dtype || d->weak)) {
        mga_node *cast = mga_record_convert(d, (mg_dtype)target->dtype);
        mga_node_release(d);
        d = cast;
    }
    return d ? append(walk, target, d, NULL) : mgr_error();
}

/* ---- summing ---- */

static mga_node *sum_whole(const mga_contribution *c) {
    mga_node *sum = c->value;
    mga_node_retain(sum);
    for (c = c->next; c && sum; c = c->next) {
        mga_node *in[2] = {sum, c->value};
        mga_node *next = mga_record_map(MGK_OP_ADD, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
        mga_node_release(sum);
        sum = next;
    }
    return sum;
}

/* Takes over what the contributions hold. */
static mga_node *sum_regions(mga_node *target, mga_contribution *first, size_t n) {
    mga_node *node =
        mga_node_new(MGA_OP_ACCUMULATE, (mg_dtype)target->dtype, (mg_dtype)target->dtype, target->shape, 0, NULL);
    mga_pairs *pairs = node ? mgr_block_new(sizeof *pairs + n * sizeof pairs->pair[0]) : NULL;
    if (!pairs) {
        mga_node_release(node);
        return NULL;
    }
    pairs->n = n;
    node->extra = pairs;
    unsigned depth = 0;
    for (size_t i = 0; i < n; i++, first = first->next) {
        pairs->pair[i] = (mga_pair){first->value, first->region};
        if (first->value->depth > depth) depth = first->value->depth;
        if (mga_wants_history(1, &first->value)) mga_node_set_history(node);
    }
    node->depth = (uint16_t)(depth < UINT16_MAX ? depth + 1 : depth);
    return node;
}

mga_node *mga_walk_gradient(mga_walk *walk, mga_node *node) {
    mga_contribution *first = walk->first[node->walk];
    size_t n = 0;
    bool regions = false;
    for (const mga_contribution *c = first; c; c = c->next, n++) regions = regions || c->region;
    if (n == 0) return NULL;
    mga_node *sum = regions ? sum_regions(node, first, n) : sum_whole(first);
    if (!sum) return NULL;
    walk->first[node->walk] = NULL;
    for (const mga_contribution *c = first; c && !regions; c = c->next) mga_node_release(c->value);
    return walk->gradients[node->walk] = sum;
}

/* ---- views ---- */

/* A view that shows each element of its source once, in other order: the strides of the gradient seen from the source,
 * or false. */
static bool invert(const mga_node *view, const mga_node *g, int64_t *strides) {
    const mga_node *source = view->in[0];
    const mga_view *v = view->extra;
    int64_t whole[MG_MAX_NDIM], of_g[MG_MAX_NDIM];
    uint64_t used = 0;
    if (v->offset != 0 || view->shape->size != source->shape->size) return false;
    mgr_strides_contiguous(source->shape, mg_dtype_size((mg_dtype)source->dtype), whole);
    mga_node_strides(g, of_g);
    for (int i = 0; i < source->shape->ndim; i++) {
        int match = -1;
        for (int k = 0; k < view->shape->ndim && match < 0; k++)
            if (!(used & (UINT64_C(1) << k)) && view->shape->dims[k] == source->shape->dims[i] &&
                v->strides[k] == whole[i])
                match = k;
        if (source->shape->dims[i] == 1) {
            strides[i] = 0;
            continue;
        }
        if (match < 0) return false;
        used |= UINT64_C(1) << match;
        strides[i] = of_g[match];
    }
    return true;
}

/* Sum over the axes that the view repeats (stride 0), so that each element is named once. Takes over g; counted. */
static mga_node *sum_repeats(const mga_node *view, mga_node *g) {
    const mga_view *v = view->extra;
    uint64_t axes = 0;
    for (int i = 0; i < view->shape->ndim; i++)
        if (v->strides[i] == 0 && view->shape->dims[i] != 1) axes |= UINT64_C(1) << i;
    if (!axes) return g;
    const mgr_shape *shape = mga_reduced_shape(g->shape, axes, true);
    mga_node *sum = shape ? mga_record_reduce(MGK_OP_SUM, g, axes, shape, MG_CONSTANT_AUTO) : NULL;
    if (shape) mgr_shape_release(shape);
    mga_node_release(g);
    return sum;
}

mg_status mga_contribute_view(mga_walk *walk, mga_node *view, mga_node *g) {
    mga_node *source = view->in[0];
    const mga_view *v = view->extra;
    int64_t strides[MG_MAX_NDIM];
    mga_node_retain(g);
    g = sum_repeats(view, g);
    if (!g) return mgr_error();
    mga_node *whole = NULL;
    if (v->offset == 0 && g->shape->size == source->shape->size &&
        mgr_strides_are_contiguous(view->shape, mg_dtype_size((mg_dtype)view->dtype), v->strides)) {
        whole = mga_reshape_node(g, source->shape);
    } else if (g->shape == view->shape && invert(view, g, strides)) {
        whole = mga_view_new(g, source->shape, 0, strides);
    } else {
        mga_view *region = mga_view_make(g->shape->ndim, v->offset, v->strides);
        if (region) return append(walk, source, g, region);
        mga_node_release(g);
        return mgr_error();
    }
    mga_node_release(g);
    return whole ? append(walk, source, whole, NULL) : mgr_error();
}

/* ---- functional updates: y = base with base[region] = value ---- */

/* Regions are named in a contiguous layout, so that is what a gradient must have before they are read from it. Counted.
 */
static mga_node *plain(mga_node *g) {
    if (g->op == MGA_OP_VIEW) return mga_record_copy(g);
    mga_node_retain(g);
    return g;
}

mg_status mga_contribute_update(mga_walk *walk, mga_node *update, mga_node *g, int which) {
    const mga_view *region = update->extra;
    mga_node *value = update->in[1];
    if (which == 1) {
        mga_node *whole = plain(g);
        mga_node *seen = whole ? mga_view_new(whole, value->shape, region->offset, region->strides) : NULL;
        mga_node_release(whole);
        return seen ? mga_contribute(walk, value, seen) : mgr_error();
    }
    mga_node *zero = mga_fill_f64((mg_dtype)g->dtype, value->shape, 0.0);
    mga_node *contiguous = zero ? plain(g) : NULL;
    mga_node *in[2] = {contiguous, zero};
    mga_node *node =
        contiguous ? mga_node_new(MGA_OP_UPDATE, (mg_dtype)g->dtype, (mg_dtype)g->dtype, g->shape, 2, in) : NULL;
    mga_node_release(contiguous);
    mga_node_release(zero);
    if (node) node->extra = mga_view_make(value->shape->ndim, region->offset, region->strides);
    if (!node || !node->extra) {
        mga_node_release(node);
        return mgr_error();
    }
    if (mga_wants_history(1, &g)) mga_node_set_history(node);
    return mga_contribute(walk, update->in[0], node);
}

mg_status mga_contribute_pairs(mga_walk *walk, mga_node *node, mga_node *g) {
    const mga_pairs *pairs = node->extra;
    mga_node *whole = plain(g);
    mg_status status = whole ? MG_OK : mgr_error();
    for (size_t i = 0; i < pairs->n && status == MG_OK; i++) {
        const mga_pair *pair = &pairs->pair[i];
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
