/* SPDX-License-Identifier: MIT
 * Boxes: a strided part of a whole seen along the whole's axes, and which of many parts touch no other. Geometry only:
 * no nodes. What is not proven cheaply counts as touching. */
#ifndef MGA_BOX_H
#define MGA_BOX_H

#include "autodiff/node.h"
#include "runtime/arena.h"

/* A part with its axes cut so that each runs along one axis of the whole: axis k steps by `by[k]` along axis `on[k]`
 * (-1: length 1), from the part's first element, which is `at[]` in the whole. */
typedef struct mga_part_axes {
    int ndim;
    int64_t dims[MG_MAX_NDIM], by[MG_MAX_NDIM];
    int on[MG_MAX_NDIM];
    int64_t at[MG_MAX_NDIM]; /* by axis of the whole */
} mga_part_axes;

/* False where the part runs over the end of an axis. `whole` is contiguous; the part has elements. */
bool mga_part_along(const mgr_shape *whole, size_t itemsize, const mgr_shape *part, const mga_view *place,
                    mga_part_axes *axes);

/* What of a part must be prepared before others are added to it: nothing (its fellows' span does, or it is alone), the
 * part, or the bytes [low, high), which the parts that touch there cover without a gap. */
typedef enum mga_box_ground { MGA_GROUND_NONE, MGA_GROUND_PART, MGA_GROUND_SPAN } mga_box_ground;

typedef struct mga_box {
    const mgr_shape *shape;
    const mga_view *place; /* NULL: the whole */
    int64_t low, high;     /* the bytes of the whole that it lies in */
    bool alone;            /* shares no element with any other */
    mga_box_ground ground;
    int64_t ground_low, ground_high;
} mga_box;

/* Given shape and place, each another one, finds the rest. Takes time in proportion to n log n. */
mg_status mga_boxes_find(mgr_arena *arena, const mgr_shape *whole, size_t itemsize, size_t n, mga_box *boxes);

#endif
