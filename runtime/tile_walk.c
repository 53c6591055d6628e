/* SPDX-License-Identifier: MIT
 * Strided memory to and from contiguous tiles: a range of the flattened space is cut into blocks of rows x columns,
 * and each block goes to the move kernel that suits its strides. Conversions are not done here. */
#include <string.h>

#include "runtime/tile_impl.h"

/* Below this many columns a kernel call per row costs more than the elements. */
#define SHORT_ROW 24

void mgr_tile_index(const tile_space *space, int64_t start, int64_t *index) {
    for (int i = space->ndim - 1; i > 0; i--) {
        int64_t q = start / space->dims[i];
        index[i] = start - q * space->dims[i];
        start = q;
    }
    if (space->ndim) index[0] = start;
}

/* Blocks of short rows: loops over elements of one type, at any alignment. */
#define SHORT_ROWS(bits)                                                                                               \
    static void pack_short_##bits(const tile_patch *b, char *tile, const char *data) {                                 \
        uint##bits##_t e;                                                                                              \
        for (int64_t r = 0; r < b->rows; r++, data += b->row_stride, tile += b->cols * (bits / 8)) {                   \
            if (b->col_stride == 0) {                                                                                  \
                memcpy(&e, data, sizeof e);                                                                            \
                for (int64_t c = 0; c < b->cols; c++) memcpy(tile + c * (bits / 8), &e, sizeof e);                     \
            } else if (b->col_stride == bits / 8) {                                                                    \
                for (int64_t c = 0; c < b->cols; c++) {                                                                \
                    memcpy(&e, data + c * (bits / 8), sizeof e);                                                       \
                    memcpy(tile + c * (bits / 8), &e, sizeof e);                                                       \
                }                                                                                                      \
            } else {                                                                                                   \
                for (int64_t c = 0; c < b->cols; c++) {                                                                \
                    memcpy(&e, data + c * b->col_stride, sizeof e);                                                    \
                    memcpy(tile + c * (bits / 8), &e, sizeof e);                                                       \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static void unpack_short_##bits(const tile_patch *b, char *data, const char *tile) {                               \
        uint##bits##_t e;                                                                                              \
        for (int64_t r = 0; r < b->rows; r++, data += b->row_stride, tile += b->cols * (bits / 8))                     \
            for (int64_t c = 0; c < b->cols; c++) {                                                                    \
                memcpy(&e, tile + c * (bits / 8), sizeof e);                                                           \
                memcpy(data + c * b->col_stride, &e, sizeof e);                                                        \
            }                                                                                                          \
    }
SHORT_ROWS(8)
SHORT_ROWS(16)
SHORT_ROWS(32)
SHORT_ROWS(64)

static void pack_short(const tile_patch *b, int width, char *tile, const char *data) {
    switch (width) {
    case 0:
        pack_short_8(b, tile, data);
        break;
    case 1:
        pack_short_16(b, tile, data);
        break;
    case 2:
        pack_short_32(b, tile, data);
        break;
    default:
        pack_short_64(b, tile, data);
        break;
    }
}

static void unpack_short(const tile_patch *b, int width, char *data, const char *tile) {
    switch (width) {
    case 0:
        unpack_short_8(b, data, tile);
        break;
    case 1:
        unpack_short_16(b, data, tile);
        break;
    case 2:
        unpack_short_32(b, data, tile);
        break;
    default:
        unpack_short_64(b, data, tile);
        break;
    }
}

/* Rows stand side by side in memory: read by memory rows (the tile's columns), written by columns, in strips that stay
 * in L1. */
static void pack_transposed(const mgk_moves *moves, const tile_patch *b, int width, char *tile, const char *data) {
    int64_t strip = 64;
    for (int64_t r = 0; r < b->rows; r += strip) {
        int64_t n = b->rows - r < strip ? b->rows - r : strip;
        moves->transpose[width]((size_t)b->cols, (size_t)n, tile + ((r * b->cols) << width), data + (r << width),
                                b->col_stride);
    }
}

void mgr_tile_pack_block(const mgk_moves *moves, const tile_patch *b, int width, char *tile, const char *data) {
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

void mgr_tile_unpack_block(const mgk_moves *moves, const tile_patch *b, int width, char *data, const char *tile) {
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
static tile_patch next_block(const tile_space *space, const int64_t *strides, const int64_t *index, int64_t n) {
    int last = space->ndim - 1;
    tile_patch b = {.rows = 1, .cols = n, .row_stride = 0, .col_stride = last >= 0 ? (ptrdiff_t)strides[last] : 0};
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

static void advance(const tile_space *space, int64_t *index, const tile_patch *b) {
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
        tile_patch b = next_block(space, strides, index, n);
        mgr_tile_pack_block(moves, &b, width, to, data + offset_of(space, strides, index));
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
        tile_patch b = next_block(space, strides, index, n);
        mgr_tile_unpack_block(moves, &b, width, data + offset_of(space, strides, index), from);
        from += (b.rows * b.cols) << width;
        n -= b.rows * b.cols;
        if (n > 0) advance(space, index, &b);
    }
}
