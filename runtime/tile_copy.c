/* SPDX-License-Identifier: MIT
 * mgr_copy: one array to another of the same shape, with a cast if the dtypes differ: pack, unpack and broadcast in
 * one call. No program is involved; blocks of the space go through the move and convert kernels. */
#include <string.h>

#include "runtime/fpenv.h"
#include "runtime/parallel.h"
#include "runtime/shape.h"
#include "runtime/sizes.h"
#include "runtime/status.h"
#include "runtime/tile_impl.h"

typedef struct copy {
    const mgk_table *table;
    tile_space space;
    int64_t dims[MG_MAX_NDIM];
    int64_t strides[2][MG_MAX_NDIM]; /* destination, source */
    int64_t total;
    char *dst;
    const char *src;
    mgk_convert_fn *convert; /* NULL: same dtype */
    int dst_width, src_width;
    bool dst_flat, src_flat, stream;
} copy;

static bool is_flat(const copy *c, const int64_t *strides, int width) {
    int64_t expected = (int64_t)1 << width;
    for (int i = c->space.ndim - 1; i >= 0; i--) {
        if (c->dims[i] != 1 && strides[i] != expected) return false;
        expected *= c->dims[i];
    }
    return true;
}

/* Axes in the order of the destination's memory, joined where both sides allow. */
static void plan_axes(copy *c, int ndim, const int64_t *dims, const int64_t *dst, const int64_t *src) {
    int order[MG_MAX_NDIM];
    const int64_t *both[2] = {dst, src};
    int n = mgr_tile_sort_axes(ndim, dims, 2, both, order);
    for (int i = 0; i < n; i++) {
        c->dims[i] = dims[order[i]];
        c->strides[0][i] = dst[order[i]];
        c->strides[1][i] = src[order[i]];
    }
    uint64_t barrier = 0;
    c->space = (tile_space){.ndim = n ? mgr_coalesce(n, c->dims, 2, c->strides, &barrier) : 0, .dims = c->dims};
}

/* Elements [start, start + n), n <= MGR_COPY_TILE unless one side is flat and the dtypes agree. */
static void copy_range(const copy *c, int64_t start, int64_t n) {
    const mgk_moves *moves = c->table->moves;
    uint64_t raw[MGR_COPY_TILE], cast[MGR_COPY_TILE];
    char *to = c->dst + (start << c->dst_width);
    const char *from = c->src + (start << c->src_width);
    if (!c->src_flat) {
        void *packed = c->dst_flat && !c->convert ? (void *)to : raw;
        mgr_tile_pack(moves, &c->space, c->strides[1], c->src, c->src_width, start, n, packed);
        if (packed == to) return;
        from = packed;
    }
    if (c->convert) {
        void *converted = c->dst_flat ? (void *)to : cast;
        c->convert((size_t)n, converted, from);
        if (converted == to) return;
        from = converted;
    }
    if (!c->dst_flat)
        mgr_tile_unpack(moves, &c->space, c->strides[0], c->dst, c->dst_width, start, n, from);
    else if (c->stream)
        moves->stream((size_t)n << c->dst_width, to, from);
    else
        memcpy(to, from, (size_t)n << c->dst_width);
}

static void copy_stretches(int64_t begin, int64_t end, int worker, void *context) {
    (void)worker;
    const copy *c = context;
    int64_t at = begin * MGR_COPY_STRETCH, stop = end * MGR_COPY_STRETCH;
    if (stop > c->total) stop = c->total;
    bool in_one = !c->convert && (c->dst_flat || c->src_flat);
    int64_t step = in_one ? stop - at : MGR_COPY_TILE;
    for (; at < stop; at += step) copy_range(c, at, stop - at < step ? stop - at : step);
    if (c->stream) c->table->moves->streamed();
}

mg_status mgr_copy(int ndim, const int64_t *dims, mg_dtype dst_dtype, void *dst, const int64_t *dst_strides,
                   mg_dtype src_dtype, const void *src, const int64_t *src_strides) {
    copy c; /* field by field: zeros for dims and strides of 64 axes take longer than a short copy */
    c.table = mgr_kernels();
    c.total = 1;
    c.dst = dst;
    c.src = src;
    c.convert = NULL;
    for (int i = 0; i < ndim; i++) c.total *= dims[i];
    if (c.total == 0) return MG_OK;
    c.dst_width = tile_width(mg_dtype_size(dst_dtype));
    c.src_width = tile_width(mg_dtype_size(src_dtype));
    if (dst_dtype != src_dtype) {
        c.convert = c.table->converts->to[src_dtype][dst_dtype];
        if (!c.convert)
            return mgr_fail(MG_ERR_TYPE, "copy", "there is no conversion from %s to %s", mg_dtype_name(src_dtype),
                            mg_dtype_name(dst_dtype));
    }
    plan_axes(&c, ndim, dims, dst_strides, src_strides);
    c.dst_flat = is_flat(&c, c.strides[0], c.dst_width);
    c.src_flat = is_flat(&c, c.strides[1], c.src_width);
    c.stream = ((size_t)c.total << c.dst_width) > mgr_cpu_caches()->llc;
    int64_t stretches = (c.total + MGR_COPY_STRETCH - 1) / MGR_COPY_STRETCH;
    int64_t grain = (int64_t)(MGR_COPY_GRAIN_BYTES /
                              (MGR_COPY_STRETCH << (c.dst_width > c.src_width ? c.dst_width : c.src_width))) +
                    1;
    mgr_fpenv env = mgr_fpenv_enter();
    if (stretches <= grain)
        copy_stretches(0, stretches, 0, &c);
    else
        mgr_parallel_for(stretches, grain, copy_stretches, &c);
    mgr_fpenv_leave(env);
    return MG_OK;
}
