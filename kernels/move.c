/* SPDX-License-Identifier: MIT
 * Moving elements without looking at them: strided gathers and scatters, fills, transposition of blocks, copies past
 * the caches. One function per element width of 1, 2, 4, 8 bytes. */
#include "kernels/simd/simd.h"

#include "kernels/hand_written.h"

#define WORD_1 uint8_t
#define WORD_2 uint16_t
#define WORD_4 uint32_t
#define WORD_8 uint64_t

/* Memory need not be aligned for the word: fixed-size memcpy is the load and the store. */
#define LOAD_STORE(w)                                                                                                  \
    MGV_FN WORD_##w load_##w(const char *p) {                                                                          \
        WORD_##w x;                                                                                                    \
        memcpy(&x, p, w);                                                                                              \
        return x;                                                                                                      \
    }                                                                                                                  \
    MGV_FN void store_##w(char *p, WORD_##w x) { memcpy(p, &x, w); }
LOAD_STORE(1)
LOAD_STORE(2)
LOAD_STORE(4)
LOAD_STORE(8)

/* ---- fill ---- */
#define FILL(w)                                                                                                        \
    static void fill_##w(size_t n, void *out, const void *value) {                                                     \
        char *restrict y = out;                                                                                        \
        const WORD_##w x = load_##w(value);                                                                            \
        for (size_t i = 0; i < n; i++) store_##w(y + i * w, x);                                                        \
    }
FILL(1)
FILL(2)
FILL(4)
FILL(8)

/* ---- strided to dense, dense to strided ---- */
/* Constant strides (dense, backwards) are loops of their own, which the compiler can vectorise. */
#define GATHER(w)                                                                                                      \
    static void gather_##w(size_t n, void *out, const void *in, ptrdiff_t stride) {                                    \
        char *restrict y = out;                                                                                        \
        const char *restrict x = in;                                                                                   \
        if (n == 0) return;                                                                                            \
        if (stride == w) {                                                                                             \
            memcpy(y, x, n *w);                                                                                        \
        } else if (stride == 0) {                                                                                      \
            fill_##w(n, y, x);                                                                                         \
        } else if (stride == -w) {                                                                                     \
            for (size_t i = 0; i < n; i++) store_##w(y + i * w, load_##w(x - i * w));                                  \
        } else {                                                                                                       \
            for (size_t i = 0; i < n; i++) store_##w(y + i * w, load_##w(x + (ptrdiff_t)i * stride));                  \
        }                                                                                                              \
    }                                                                                                                  \
    static void scatter_##w(size_t n, void *out, ptrdiff_t stride, const void *in) {                                   \
        char *restrict y = out;                                                                                        \
        const char *restrict x = in;                                                                                   \
        if (n == 0) return;                                                                                            \
        if (stride == w) {                                                                                             \
            memcpy(y, x, n *w);                                                                                        \
        } else if (stride == -w) {                                                                                     \
            for (size_t i = 0; i < n; i++) store_##w(y - i * w, load_##w(x + i * w));                                  \
        } else {                                                                                                       \
            for (size_t i = 0; i < n; i++) store_##w(y + (ptrdiff_t)i * stride, load_##w(x + i * w));                  \
        }                                                                                                              \
    }
GATHER(1)
GATHER(2)
GATHER(4)
GATHER(8)

/* ---- transpose ---- */
/* Squares of S x S elements, about a cache line wide: every line of source and result is touched once per square. */
#define TRANSPOSE(w, S)                                                                                                \
    static void square_##w(size_t rows, char *out, const char *in, ptrdiff_t in_stride) {                              \
        WORD_##w tile[S][S];                                                                                           \
        for (size_t r = 0; r < S; r++)                                                                                 \
            for (size_t c = 0; c < S; c++) tile[c][r] = load_##w(in + (ptrdiff_t)r * in_stride + c * w);               \
        for (size_t c = 0; c < S; c++) memcpy(out + c * rows * w, tile[c], S * w);                                     \
    }                                                                                                                  \
    static void transpose_##w(size_t rows, size_t cols, void *out, const void *in, ptrdiff_t in_stride) {              \
        const size_t row_end = rows - rows % S, col_end = cols - cols % S;                                             \
        const char *restrict x = in;                                                                                   \
        char *restrict y = out;                                                                                        \
        for (size_t r = 0; r < row_end; r += S)                                                                        \
            for (size_t c = 0; c < col_end; c += S)                                                                    \
                square_##w(rows, y + (c * rows + r) * w, x + (ptrdiff_t)r * in_stride + c * w, in_stride);             \
        for (size_t c = 0; c < cols; c++)                                                                              \
            for (size_t r = c < col_end ? row_end : 0; r < rows; r++)                                                  \
                store_##w(y + (c * rows + r) * w, load_##w(x + (ptrdiff_t)r * in_stride + c * w));                     \
    }
TRANSPOSE(1, 16)
TRANSPOSE(2, 16)
TRANSPOSE(4, 16)
TRANSPOSE(8, 8)

/* ---- past the caches ---- */
/* Vectors of f32 carry any bits unchanged. The head up to a whole vector and the tail are ordinary copies. */
static void stream(size_t bytes, void *out, const void *in) {
    char *restrict y = out;
    const char *restrict x = in;
    size_t head = (size_t)(-(uintptr_t)y & 63);
    if (head > bytes) head = bytes;
    if (head) memcpy(y, x, head);
    size_t i = head;
    for (; i + 64 <= bytes; i += 64)
        mgv_stream_f32((float *)(void *)(y + i), mgv_load_f32((const float *)(const void *)(x + i)));
    if (i < bytes) memcpy(y + i, x + i, bytes - i);
}

static void streamed(void) { mgv_fence(); }

const mgk_moves MGK_NAME(mgk_moves) = {
    .gather = {gather_1, gather_2, gather_4, gather_8},
    .scatter = {scatter_1, scatter_2, scatter_4, scatter_8},
    .fill = {fill_1, fill_2, fill_4, fill_8},
    .transpose = {transpose_1, transpose_2, transpose_4, transpose_8},
    .stream = stream,
    .streamed = streamed,
};
