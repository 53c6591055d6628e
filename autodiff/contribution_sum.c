/* SPDX-License-Identifier: MIT
 * Summing the contributions to one gradient. Per element: those that cover it, added in the order they arrived, the
 * first as it is; +0 where there is none. Wholes are a chain of additions. Regions that touch no other are summed by
 * themselves and put where they belong; where regions overlap, they are added one after the other to a ground of -0,
 * to which anything is added without change. */
#include "autodiff/box.h"
#include "autodiff/contribution.h"
#include "autodiff/graph_check.h"
#include "autodiff/record.h"

#include <string.h>

typedef struct group { /* of contributions to the same region */
    mga_contribution *head;
    mga_node *sum; /* counted; of a group that is alone */
    bool plain;    /* one at least counts everywhere in it */
    bool masked;   /* one at least does not */
} group;

typedef struct step {       /* a pair to be */
    mga_node *value;        /* counted */
    mga_view *made;         /* the region, if it is new ... */
    mga_contribution *from; /* ... or whose it is */
    mga_how how;
} step;

typedef struct summing {
    mgr_arena *arena;
    const mga_node *target;
    mga_contribution *first;
    size_t n, n_groups, n_steps, itemsize;
    uint32_t *group_of; /* by contribution */
    group *groups;
    mga_box *boxes; /* by group */
    step *steps;
    mga_node *minus; /* the last ground, counted: the next of its shape shares it */
} summing;

/* ---- sums ---- */

/* sum + value; takes over the sum, if there is one. Counted. */
static mga_node *added(mga_node *sum, mga_node *value) {
    if (!sum) {
        mga_node_retain(value);
        return value;
    }
    mga_node *in[2] = {sum, value};
    mga_node *next = mga_record_map(MGK_OP_ADD, in, NULL, MG_DTYPE_NONE, MG_CONSTANT_AUTO);
    mga_node_release(sum);
    return next;
}

static mga_node *sum_whole(const mga_contribution *c) {
    mga_node *sum = added(NULL, c->value);
    for (c = c->next; c && sum; c = c->next) sum = added(sum, c->value);
    return sum;
}

/* ---- what updates leave out ---- */

static bool same_place(const mgr_shape *a, const mga_view *at, const mgr_shape *b, const mga_view *other) {
    if (a != b || at->offset != other->offset) return false;
    for (int i = 0; i < a->ndim; i++)
        if (a->dims[i] != 1 && at->strides[i] != other->strides[i]) return false;
    return true;
}

static bool is_covered(const mga_contribution *hole, const mga_contribution *c) {
    const mga_node *update = hole->value;
    for (; c; c = c->next) {
        if (c->mask || c == hole) continue;
        if (!c->region || same_place(c->value->shape, c->region, update->in[1]->shape, update->extra)) return true;
    }
    return false;
}

/* An update's -0 that something else covers counts as a value, and alone it is a zero like any other; else its mask is
 * made. */
static mg_status settle_holes(const mga_node *target, mga_contribution *first) {
    for (mga_contribution *c = first; c; c = c->next) {
        if (c->mask != c->value) continue;
        mga_node *update = c->value;
        mga_node *mask = NULL;
        if (!first->next) {
            update->in[1]->scalar = 0.0; /* nobody has read it yet */
        } else if (!is_covered(c, first)) {
            mask = mga_region_mask((mg_dtype)target->dtype, target->shape, update->in[1]->shape, update->extra, false);
            if (!mask) return mgr_error();
        }
        mga_node_release(c->mask);
        c->mask = mask;
    }
    return MG_OK;
}

/* ---- groups ---- */

static uint64_t hash_of(const mga_contribution *c) {
    if (!c->region) return 0;
    uint64_t hash = (uint64_t)(uintptr_t)c->value->shape >> 4;
    hash = (hash ^ (uint64_t)c->region->offset) * UINT64_C(0x9e3779b97f4a7c15);
    for (int i = 0; i < c->value->shape->ndim; i++)
        if (c->value->shape->dims[i] != 1)
            hash = (hash ^ (uint64_t)c->region->strides[i]) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 29;
}

static bool same_region(const mga_contribution *a, const mga_contribution *b) {
    if (!a->region || !b->region) return a->region == b->region;
    return same_place(a->value->shape, a->region, b->value->shape, b->region);
}

static bool is_empty(const mga_contribution *c) { return c->value->shape->size == 0; }

static mg_status make_groups(summing *s) {
    size_t slots = 4;
    while (slots < 2 * s->n) slots *= 2;
    uint32_t *table = mgr_arena_alloc(s->arena, slots * sizeof *table);
    s->group_of = mgr_arena_alloc(s->arena, s->n * sizeof *s->group_of);
    s->groups = mgr_arena_alloc(s->arena, s->n * sizeof *s->groups);
    s->boxes = mgr_arena_alloc(s->arena, s->n * sizeof *s->boxes);
    s->steps = mgr_arena_alloc(s->arena, (4 * s->n + 2) * sizeof *s->steps);
    if (!table || !s->group_of || !s->groups || !s->boxes || !s->steps) return mgr_error();
    memset(table, 0, slots * sizeof *table);
    size_t i = 0;
    for (mga_contribution *c = s->first; c; c = c->next, i++) {
        if (is_empty(c)) continue;
        size_t at = hash_of(c) & (slots - 1);
        while (table[at] && !same_region(s->groups[table[at] - 1].head, c)) at = (at + 1) & (slots - 1);
        if (!table[at]) {
            s->groups[s->n_groups] = (group){.head = c};
            s->boxes[s->n_groups] = (mga_box){.shape = c->value->shape, .place = c->region};
            table[at] = (uint32_t)++s->n_groups;
        }
        s->group_of[i] = table[at] - 1;
        *(c->mask ? &s->groups[table[at] - 1].masked : &s->groups[table[at] - 1].plain) = true;
    }
    return MG_OK;
}

/* ---- steps ---- */

/* Takes over value (NULL: an error is set, and there is no region) and region. */
static mg_status add_step(summing *s, mga_node *value, mga_view *made, mga_contribution *from, mga_how how) {
    if (!value) return mgr_error();
    s->steps[s->n_steps++] = (step){value, made, from, how};
    return MG_OK;
}

static mga_node *zeros(const summing *s, const mgr_shape *shape, double zero) {
    return mga_fill_f64((mg_dtype)s->target->dtype, shape, zero);
}

/* A ground of -0 over `shape` at offset and strides. */
static mg_status put_ground(summing *s, const mgr_shape *shape, int64_t offset, const int64_t *strides) {
    if (s->minus && s->minus->shape != shape) {
        mga_node_release(s->minus);
        s->minus = NULL;
    }
    if (!s->minus) s->minus = zeros(s, shape, -0.0);
    mga_view *region = s->minus ? mga_view_make(shape->ndim, offset, strides) : NULL;
    if (!region) return mgr_error();
    mga_node_retain(s->minus);
    return add_step(s, s->minus, region, NULL, MGA_PUT);
}

static mg_status put_span(summing *s, const mga_box *box) {
    int64_t item = (int64_t)s->itemsize, length = (box->ground_high - box->ground_low) / item;
    const mgr_shape *shape = mgr_shape_get(1, &length);
    if (!shape) return mgr_error();
    mg_status status = put_ground(s, shape, box->ground_low, &item);
    mgr_shape_release(shape);
    return status;
}

/* Is every element covered, as far as is known? */
static bool covers(const summing *s) {
    const int64_t bytes = s->target->shape->size * (int64_t)s->itemsize;
    int64_t left = bytes;
    for (size_t g = 0; g < s->n_groups; g++) {
        const mga_box *box = &s->boxes[g];
        if (box->alone) left -= box->shape->size * (int64_t)s->itemsize;
        if (box->ground == MGA_GROUND_SPAN) left -= box->ground_high - box->ground_low;
    }
    return left == 0;
}

/* Where nothing covers, +0; where something is added, -0. */
static mg_status lay_ground(summing *s) {
    if (!covers(s)) MGR_TRY(add_step(s, zeros(s, s->target->shape, 0.0), NULL, NULL, MGA_PUT));
    for (size_t g = 0; g < s->n_groups; g++) {
        const mga_box *box = &s->boxes[g];
        if (box->ground == MGA_GROUND_SPAN) MGR_TRY(put_span(s, box));
        if (box->ground == MGA_GROUND_PART && s->groups[g].plain)
            MGR_TRY(put_ground(s, box->shape, box->place->offset, box->place->strides));
    }
    for (mga_contribution *c = s->first; c; c = c->next) {
        if (!c->mask) continue;
        mga_view *region =
            c->region ? mga_view_make(c->value->shape->ndim, c->region->offset, c->region->strides) : NULL;
        if (c->region && !region) return mgr_error();
        mga_node_retain(c->mask);
        MGR_TRY(add_step(s, c->mask, region, NULL, MGA_LEAST));
    }
    return MG_OK;
}

/* Groups that are alone are summed by themselves; the others' values are added in order. */
static mg_status add_values(summing *s) {
    size_t i = 0;
    for (mga_contribution *c = s->first; c; c = c->next, i++) {
        if (is_empty(c)) continue;
        group *g = &s->groups[s->group_of[i]];
        if (s->boxes[s->group_of[i]].alone) {
            g->sum = added(g->sum, c->value);
            if (!g->sum) return mgr_error();
            continue;
        }
        mga_node_retain(c->value);
        MGR_TRY(add_step(s, c->value, NULL, c, MGA_ADD));
    }
    for (size_t g = 0; g < s->n_groups; g++) {
        mga_node *sum = s->groups[g].sum;
        s->groups[g].sum = NULL;
        if (sum) MGR_TRY(add_step(s, sum, NULL, s->groups[g].head, MGA_PUT));
    }
    return MG_OK;
}

/* A whole among the regions covers everything: first of all it is the ground itself. */
static mg_status add_to_whole(summing *s) {
    bool first = !s->first->region && !s->first->mask;
    if (!first) MGR_TRY(add_step(s, zeros(s, s->target->shape, -0.0), NULL, NULL, MGA_PUT));
    for (mga_contribution *c = s->first; c; c = c->next, first = false) {
        if (is_empty(c)) continue;
        mga_node_retain(c->value);
        MGR_TRY(add_step(s, c->value, NULL, c, first ? MGA_PUT : MGA_ADD));
    }
    return MG_OK;
}

/* A contribution with a mask does not cover its region, so that no span of regions can be one ground. */
static void settle_masked(summing *s) {
    bool masked = false;
    for (size_t g = 0; g < s->n_groups; g++) {
        if (s->groups[g].masked) s->boxes[g].alone = false;
        masked = masked || s->groups[g].masked;
    }
    for (size_t g = 0; masked && g < s->n_groups; g++)
        if (!s->boxes[g].alone) s->boxes[g].ground = MGA_GROUND_PART;
}

static mg_status make_steps(summing *s) {
    MGR_TRY(make_groups(s));
    for (size_t g = 0; g < s->n_groups; g++)
        if (!s->groups[g].head->region && s->groups[g].plain) return add_to_whole(s);
    MGR_TRY(mga_boxes_find(s->arena, s->target->shape, s->itemsize, s->n_groups, s->boxes));
    settle_masked(s);
    MGR_TRY(lay_ground(s));
    return add_values(s);
}

/* ---- the node ---- */

static mga_node *make_node(summing *s) {
    const mga_node *target = s->target;
    mga_node *node =
        mga_node_new(MGA_OP_ACCUMULATE, (mg_dtype)target->dtype, (mg_dtype)target->dtype, target->shape, 0, NULL);
    mga_pairs *pairs = node ? mgr_block_new(sizeof *pairs + s->n_steps * sizeof pairs->pair[0]) : NULL;
    if (!pairs) {
        mga_node_release(node);
        return NULL;
    }
    pairs->n = s->n_steps;
    node->extra = pairs;
    unsigned depth = 0;
    for (size_t i = 0; i < s->n_steps; i++) {
        step *t = &s->steps[i];
        pairs->pair[i] = (mga_pair){t->value, t->from ? t->from->region : t->made, t->how};
        if (t->from) t->from->region = NULL;
        if (t->value->depth > depth) depth = t->value->depth;
        if (mga_wants_history(1, &t->value)) mga_node_set_history(node);
    }
    node->depth = (uint16_t)(depth < UINT16_MAX ? depth + 1 : depth);
    s->n_steps = 0;
    MGR_CHECK(mga_check_sum(node));
    return node;
}

static void let_go(summing *s) {
    for (size_t i = 0; i < s->n_steps; i++) {
        const step *t = &s->steps[i];
        if (t->made) mgr_block_free(t->made, mga_view_bytes(t->value->shape->ndim));
        mga_node_release(t->value);
    }
    for (size_t g = 0; g < s->n_groups; g++) mga_node_release(s->groups[g].sum);
    mga_node_release(s->minus);
}

mga_node *mga_sum_contributions(mgr_arena *arena, mga_node *target, mga_contribution *first) {
    summing s = {.arena = arena, .target = target, .first = first};
    bool parts = false, plain = false;
    if (settle_holes(target, first) != MG_OK) return NULL;
    for (const mga_contribution *c = first; c; c = c->next) {
        s.n++;
        parts = parts || c->region;
        plain = plain || !c->mask;
    }
    if (!parts && plain) return sum_whole(first);
    s.itemsize = mg_dtype_size((mg_dtype)target->dtype);
    mga_node *node = make_steps(&s) == MG_OK ? make_node(&s) : NULL;
    let_go(&s);
    return node;
}
