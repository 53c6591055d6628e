/* SPDX-License-Identifier: MIT
 * Strided memory to and from contiguous tiles: a range of the flattened space is cut into blocks of rows x columns,
 * and each block goes to the move kernel that suits its strides. Conversions are not done here. */
#include <string.h>

#include "runtime/tile_impl.h"

/* Below this many columns a kernel call per row costs more than the elements. */
#define SHORT_ROW 24

typedef struct block {
    int64_t rows, cols;
    ptrdiff_t row_stride, col_stride;
} block;

void mgr_tile_index(const tile_space *space, int64_t start, int64_t *index) {
    for (int i = space->ndim - 1; i > 0; i--) {
        int64_t q = start / space->dims[i];
        index[i] = start - q * space->dims[i];
        start = q;
    }
    if (space->ndim) index[0] = start;
}

/* Element loops for blocks of short rows: DST and SRC are the addresses of element (r, c). */
#define COPY_ELEMENTS(type, DST, SRC)                                                                                  \
    for (int64_t r = 0; r < b->rows; r++)                                                                              \
        for (int64_t c = 0; c < b->cols; c++) {                                                                        \
            type e;                                                                                                    \
            memcpy(&e, SRC, sizeof e);                                                                                 \
            memcpy(DST, &e, sizeof e);                                                                                 \
        }
#define TILE_AT(type)  (tile + (r * b->cols + c) * (int64_t)sizeof(type))
#define ARRAY_AT(type) (data + r * b->row_stride + c * b->col_stride)

static void pack_short(const block *b, int width, char *tile, const char *data) {
    switch (width) {
    case 0:
        COPY_ELEMENTS(uint8_t, TILE_AT(uint8_t), ARRAY_AT(uint8_t)) break;
    case 1:
        COPY_ELEMENTS(uint16_t, TILE_AT(uint16_t), ARRAY_AT(uint16_t)) break;
    case 2:
        COPY_ELEMENTS(uint32_t, TILE_AT(uint32_t), ARRAY_AT(uint32_t)) break;
    default:
        COPY_ELEMENTS(uint64_t, TILE_AT(uint64_t), ARRAY_AT(uint64_t)) break;
    }
}

static void unpack_short(const block *b, int width, char *data, const char *tile) {
    switch (width) {
    case 0:
        COPY_ELEMENTS(uint8_t, ARRAY_AT(uint8_t), TILE_AT(uint8_t)) break;
    case 1:
        COPY_ELEMENTS(uint16_t, ARRAY_AT(uint16_t), TILE_AT(uint16_t)) break;
    case 2:
        COPY_ELEMENTS(uint32_t, ARRAY_AT(uint32_t), TILE_AT(uint32_t)) break;
    default:
        COPY_ELEMENTS(uint64_t, ARRAY_AT(uint64_t), TILE_AT(uint64_t)) break;
    }
}

/* Rows stand side by side in memory: read by memory rows (the tile's columns), written by columns, in strips that stay
 * in L1. */
static void pack_transposed(const mgk_moves *moves, const block *b, int width, char *tile, const char *data) {
    int64_t strip = 64;
    for (int64_t r = 0; r < b->rows; r += strip) {
        int64_t n = b->rows - r < strip ? b->rows - r : strip;
        moves->transpose[width]((size_t)b->cols, (size_t)n, tile + ((r * b->cols) << width), data + (r << width),
                                b->col_stride);
    }
}

static void pack_block(const mgk_moves *moves, const block *b, int width, char *tile, const char *data) {
    ptrdiff_t size = (ptrdiff_t)1 << width;
    size_t row_bytes = (size_t)b->cols << width;
    if (b->col_stride == size && b->row_stride == (ptrdiff_t)row_bytes) {
        memcpy(tile, data, row_bytes * (size_t)b->rows);
    } else if (b->rows >= 4 && b->cols >= 2 && b->row_stride == size && b->col_stride != 0) {
        pack_transposed(moves, b, width, tile, data);
    } else if (b->cols < SHORT_ROW) {
        pack_short(b, width, tile, data);
    } else {
        for (int64_t r = 0; r < b->rows; r++, tile += row_bytes, data += b->row_stride) {
            if (b->col_stride == size)
                memcpy(tile, data, row_bytes);
            else if (b->col_stride == 0)
                moves->fill[width]((size_t)b->cols, tile, data);
            else
                moves->gather[width]((size_t)b->cols, tile, data, b->col_stride);
        }
    }
}

static void unpack_block(const mgk_moves *moves, const block *b, int width, char *data, const char *tile) {
    ptrdiff_t size = (ptrdiff_t)1 << width;
    size_t row_bytes = (size_t)b->cols << width;
    if (b->col_stride == size && b->row_stride == (ptrdiff_t)row_bytes) {
        memcpy(data, tile, row_bytes * (size_t)b->rows);
    } else if (b->cols < SHORT_ROW) {
        unpack_short(b, width, data, tile);
    } else {
        for (int64_t r = 0; r < b->rows; r++, tile += row_bytes, data += b->row_stride) {
            if (b->col_stride == size)
                memcpy(data, tile, row_bytes);
            else
                moves->scatter[width]((size_t)b->cols, data, b->col_stride, tile);
        }
    }
}

/* The next block at `index`: whole rows of the innermost axis as far as the axis above goes, or part of one row. */
static block next_block(const tile_space *space, const int64_t *strides, const int64_t *index, int64_t n) {
    int last = space->ndim - 1;
    block b = {.rows = 1, .cols = n, .row_stride = 0, .col_stride = last >= 0 ? (ptrdiff_t)strides[last] : 0};
    if (last < 0) return b;
    int64_t left = space->dims[last] - index[last];
    if (n < left) return b;
    b.cols = left;
    if (index[last] == 0 && last > 0) {
        int64_t rows = space->dims[last - 1] - index[last - 1];
        b.rows = n / left < rows ? n / left : rows;
        b.row_stride = (ptrdiff_t)strides[last - 1];
    }
    return b;
}

static void advance(const tile_space *space, int64_t *index, const block *b) {
    int last = space->ndim - 1;
    index[last] += b->cols;
    if (index[last] < space->dims[last]) return;
    index[last] = 0;
    int64_t carry = b->rows;
    for (int i = last - 1; i >= 0; i--) {
        index[i] += carry;
        if (index[i] < space->dims[i]) return;
        index[i] = 0;
        carry = 1;
    }
}

static ptrdiff_t offset_of(const tile_space *space, const int64_t *strides, const int64_t *index) {
    int64_t offset = 0;
    for (int i = 0; i < space->ndim; i++) offset += index[i] * strides[i];
    return (ptrdiff_t)offset;
}

void mgr_tile_pack(const mgk_moves *moves, const tile_space *space, const int64_t *strides, const char *data, int width,
                   int64_t start, int64_t n, void *tile) {
    int64_t index[MG_MAX_NDIM];
    char *to = tile;
    mgr_tile_index(space, start, index);
    while (n > 0) {
        block b = next_block(space, strides, index, n);
        pack_block(moves, &b, width, to, data + offset_of(space, strides, index));
        to += (b.rows * b.cols) << width;
        n -= b.rows * b.cols;
        if (n > 0) advance(space, index, &b);
    }
}

void mgr_tile_unpack(const mgk_moves *moves, const tile_space *space, const int64_t *strides, char *data, int width,
                     int64_t start, int64_t n, const void *tile) {
    int64_t index[MG_MAX_NDIM];
    const char *from = tile;
    mgr_tile_index(space, start, index);
    while (n > 0) {
        block b = next_block(space, strides, index, n);
        unpack_block(moves, &b, width, data + offset_of(space, strides, index), from);
        from += (b.rows * b.cols) << width;
        n -= b.rows * b.cols;
        if (n > 0) advance(space, index, &b);
    }
}
