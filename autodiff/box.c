/* SPDX-License-Identifier: MIT
 * Which parts of a whole touch no other: swept by bytes, then along each axis of the whole, by what their indices leave
 * when divided by the common step and by their intervals. A group that one sweep parts is swept on in its pieces. */
#include "autodiff/box.h"

#include "runtime/status.h"

#include <stdlib.h>
#include <string.h>

/* ---- a part along the whole's axes ---- */

typedef struct run {
    int64_t dim, stride;
} run;

/* An axis of the part that runs over whole rows of the whole is cut into one for the rows and one within them. Pushed
 * innermost first; the new count, or -1 if there are too many. */
static int cut_axis(const mgr_shape *whole, const int64_t *strides, run a, run *out, int n) {
    for (int i = whole->ndim; i-- > 0;) {
        int64_t length = whole->dims[i];
        if (length == 1 || strides[i] != a.stride || a.dim <= length || a.dim % length) continue;
        if (n == MG_MAX_NDIM) return -1;
        out[n++] = (run){length, a.stride};
        a = (run){a.dim / length, a.stride * length};
    }
    if (n == MG_MAX_NDIM) return -1;
    out[n++] = a;
    return n;
}

/* The axis of the whole that a stride steps along: the outermost whose stride divides it and is no longer. */
static int axis_of(const mgr_shape *whole, const int64_t *strides, int64_t stride) {
    int64_t length = stride < 0 ? -stride : stride;
    for (int i = 0; i < whole->ndim; i++)
        if (whole->dims[i] > 1 && strides[i] <= length && length % strides[i] == 0) return i;
    return -1;
}

/* The greatest common divisor; 0 has them all. */
static int64_t common(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Where the part lies along each axis of the whole: first and last index, and the greatest common step (0: one index).
 * False if it runs over an end. */
static bool extent(const mgr_shape *whole, const mga_part_axes *p, int64_t *first, int64_t *last, int64_t *step) {
    for (int i = 0; i < whole->ndim; i++) first[i] = last[i] = p->at[i], step[i] = 0;
    for (int k = 0; k < p->ndim; k++) {
        int i = p->on[k];
        if (i < 0) continue;
        int64_t reach = p->by[k] * (p->dims[k] - 1);
        *(reach < 0 ? &first[i] : &last[i]) += reach;
        step[i] = common(step[i], p->by[k] < 0 ? -p->by[k] : p->by[k]);
    }
    for (int i = 0; i < whole->ndim; i++)
        if (first[i] < 0 || last[i] >= whole->dims[i]) return false;
    return true;
}

static bool along(const mgr_shape *whole, size_t itemsize, const mgr_shape *part, const mga_view *place,
                  mga_part_axes *axes, int64_t *first, int64_t *last, int64_t *step) {
    int64_t strides[MG_MAX_NDIM];
    run inner_first[MG_MAX_NDIM];
    int n = 0;
    mgr_strides_contiguous(whole, itemsize, strides);
    for (int i = 0; i < whole->ndim; i++) axes->at[i] = place->offset / strides[i] % whole->dims[i];
    for (int k = part->ndim; k-- > 0;) {
        n = cut_axis(whole, strides, (run){part->dims[k], place->strides[k]}, inner_first, n);
        if (n < 0) return false;
    }
    axes->ndim = n;
    for (int k = 0; k < n; k++) {
        run a = inner_first[n - 1 - k];
        int i = a.dim == 1 ? -1 : axis_of(whole, strides, a.stride);
        if (a.dim > 1 && i < 0) return false;
        axes->dims[k] = a.dim;
        axes->on[k] = i;
        axes->by[k] = i < 0 ? 0 : a.stride / strides[i];
    }
    return extent(whole, axes, first, last, step);
}

bool mga_part_along(const mgr_shape *whole, size_t itemsize, const mgr_shape *part, const mga_view *place,
                    mga_part_axes *axes) {
    int64_t first[MG_MAX_NDIM], last[MG_MAX_NDIM], step[MG_MAX_NDIM];
    return along(whole, itemsize, part, place, axes, first, last, step);
}

/* ---- sweeping ---- */

/* One box while it is swept: [low, high] of the sweep at hand. */
typedef struct swept {
    int64_t low, high;
    mga_box *box;
    int64_t *extent; /* first, last and step by axis; NULL: over all of every axis */
} swept;

typedef struct sweep {
    const mgr_shape *whole;
    int64_t itemsize;
} sweep;

static int by_low(const void *a, const void *b) {
    int64_t x = ((const swept *)a)->low, y = ((const swept *)b)->low;
    return x < y ? -1 : x > y;
}

static int64_t first_of(const swept *s, int axis) { return s->extent[3 * axis]; }
static int64_t last_of(const swept *s, int axis) { return s->extent[3 * axis + 1]; }
static int64_t step_of(const swept *s, int axis) { return s->extent[3 * axis + 2]; }

/* Sweep 0 is by bytes; 2 i + 1 by what is left of the index along axis i divided by the common step; 2 i + 2 by the
 * interval along it. False: nothing to be gained. */
static bool set_ranges(size_t n, swept *s, int stage) {
    int axis = (stage - 1) / 2;
    int64_t step = 0;
    if (stage == 0) {
        for (size_t i = 0; i < n; i++) s[i].low = s[i].box->low, s[i].high = s[i].box->high - 1;
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        if (!s[i].extent) return false; /* it touches whatever there is */
        step = common(step, step_of(&s[i], axis));
    }
    bool residues = stage % 2 == 1;
    if (residues && step <= 1) return false;
    for (size_t i = 0; i < n; i++) {
        s[i].low = residues ? first_of(&s[i], axis) % step : first_of(&s[i], axis);
        s[i].high = residues ? s[i].low : last_of(&s[i], axis);
    }
    return true;
}

static bool is_dense(const sweep *w, const mga_box *box) {
    return box->shape->size * w->itemsize == box->high - box->low;
}

/* Boxes that touch by bytes, all without gaps, do share elements: together they are one stretch of bytes. */
static bool span(const sweep *w, size_t n, swept *s) {
    int64_t high = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_dense(w, s[i].box)) return false;
        if (s[i].box->high > high) high = s[i].box->high;
    }
    for (size_t i = 0; i < n; i++) s[i].box->ground = i ? MGA_GROUND_NONE : MGA_GROUND_SPAN;
    s->box->ground_low = s->box->low;
    s->box->ground_high = high;
    return true;
}

static void part(const sweep *w, size_t n, swept *s, int stage) {
    if (n == 1) {
        s->box->alone = true;
        s->box->ground = MGA_GROUND_NONE;
        return;
    }
    if (stage > 2 * w->whole->ndim) return;
    if (!set_ranges(n, s, stage)) return part(w, n, s, stage + 1);
    qsort(s, n, sizeof *s, by_low);
    for (size_t i = 0, end; i < n; i = end) {
        int64_t high = s[i].high;
        for (end = i + 1; end < n && s[end].low <= high; end++)
            if (s[end].high > high) high = s[end].high;
        if (stage == 0 && end - i > 1 && span(w, end - i, s + i)) continue;
        part(w, end - i, s + i, stage + 1);
    }
}

static bool set_extent(const sweep *w, mga_box *box, int64_t *extents) {
    mga_part_axes axes;
    int64_t first[MG_MAX_NDIM], last[MG_MAX_NDIM], step[MG_MAX_NDIM];
    if (!box->place) {
        for (int i = 0; i < w->whole->ndim; i++) first[i] = 0, last[i] = w->whole->dims[i] - 1, step[i] = 1;
    } else if (!along(w->whole, (size_t)w->itemsize, box->shape, box->place, &axes, first, last, step)) {
        return false;
    }
    for (int i = 0; i < w->whole->ndim; i++) {
        extents[3 * i] = first[i];
        extents[3 * i + 1] = last[i];
        extents[3 * i + 2] = step[i];
    }
    return true;
}

static void set_bytes(const sweep *w, mga_box *box) {
    if (!box->place) {
        box->low = 0;
        box->high = w->whole->size * w->itemsize;
        return;
    }
    mgr_strides_extent(box->shape, (size_t)w->itemsize, box->place->strides, &box->low, &box->high);
    box->low += box->place->offset;
    box->high += box->place->offset;
}

mg_status mga_boxes_find(mgr_arena *arena, const mgr_shape *whole, size_t itemsize, size_t n, mga_box *boxes) {
    const sweep w = {whole, (int64_t)itemsize};
    size_t width = 3 * (size_t)whole->ndim;
    swept *s = mgr_arena_alloc(arena, n * sizeof *s);
    int64_t *extents = s ? mgr_arena_alloc(arena, (n * width + 1) * sizeof *extents) : NULL;
    if (!extents) return mgr_error();
    for (size_t i = 0; i < n; i++) {
        boxes[i].alone = false;
        boxes[i].ground = MGA_GROUND_PART;
        set_bytes(&w, &boxes[i]);
        s[i] = (swept){.box = &boxes[i]};
        if (n > 1 && set_extent(&w, &boxes[i], extents + i * width)) s[i].extent = extents + i * width;
    }
    part(&w, n, s, 0);
    return MG_OK;
}
