/* SPDX-License-Identifier: MIT
 * Gathers, scatters, fills, transpositions and streaming copies of every instruction set against byte loops, at the
 * edges of memory, with strides of every kind. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#include "kernels/hand_written.h"
#include "kernels/isas.h"
#include "kernels/simd/check.h"

static void scramble(mgt_guarded m, unsigned salt) {
    for (unsigned char *p = m.begin; p < m.end; p++)
        *p = (unsigned char)((p - m.begin) * 37 + ((p - m.begin) >> 8) + salt);
}

/* The element that lies first in a strided run of n which exactly fits before the end of the page, or after its start.
 */
static unsigned char *run_start(mgt_guarded m, bool at_end, size_t n, ptrdiff_t stride, size_t width) {
    const ptrdiff_t reach = n ? (ptrdiff_t)(n - 1) * stride : 0, bytes = n ? (ptrdiff_t)width : 0;
    const ptrdiff_t low = reach < 0 ? reach : 0, high = (reach > 0 ? reach : 0) + bytes;
    return at_end ? m.end - high : m.begin - low;
}

static void check_strided(const mgk_moves *moves, int w) {
    const ptrdiff_t width = 1 << w;
    const ptrdiff_t strides[] = {width, -width, 0, 2 * width, -2 * width, 3 * width, width + 1, -width - 3, 17};
    mgt_guarded dense = mgt_guarded_new(), strided = mgt_guarded_new(), copy = mgt_guarded_new();
    const size_t page = (size_t)(copy.end - copy.begin);
    for (size_t s = 0; s < sizeof strides / sizeof *strides; s++) {
        for (size_t n = 0; n <= 130; n++) {
            for (int at_end = 0; at_end < 2; at_end++) {
                unsigned char *x = run_start(strided, at_end, n, strides[s], (size_t)width);
                unsigned char *y = run_start(dense, at_end, n, width, (size_t)width);
                scramble(strided, 1);
                scramble(dense, 99);
                memcpy(copy.begin, dense.begin, page);
                for (size_t i = 0; i < n; i++)
                    memcpy(copy.begin + (y - dense.begin) + (ptrdiff_t)i * width, x + (ptrdiff_t)i * strides[s],
                           (size_t)width);
                moves->gather[w](n, y, x, strides[s]);
                CHECK_MSG(memcmp(copy.begin, dense.begin, page) == 0, "gather of %zu x %td bytes, stride %td", n, width,
                          strides[s]);
                scramble(dense, 5);
                memcpy(copy.begin, strided.begin, page);
                for (size_t i = 0; i < n; i++)
                    memcpy(copy.begin + (x - strided.begin) + (ptrdiff_t)i * strides[s], y + (ptrdiff_t)i * width,
                           (size_t)width);
                moves->scatter[w](n, x, strides[s], y);
                CHECK_MSG(memcmp(copy.begin, strided.begin, page) == 0, "scatter of %zu x %td bytes, stride %td", n,
                          width, strides[s]);
            }
        }
    }
    mgt_guarded_free(dense);
    mgt_guarded_free(strided);
    mgt_guarded_free(copy);
}

static void check_fill(const mgk_moves *moves, int w) {
    const size_t width = (size_t)1 << w;
    const unsigned char value[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    mgt_guarded m = mgt_guarded_new();
    for (size_t n = 0; n <= 200; n++) {
        memset(m.begin, 0xee, (size_t)(m.end - m.begin));
        unsigned char *p = m.end - n * width - 3 * (n % 2);
        moves->fill[w](n, p, value);
        for (unsigned char *q = m.begin; q < m.end; q++)
            CHECK(*q == (q >= p && q < p + n * width ? value[(size_t)(q - p) % width] : 0xee));
    }
    mgt_guarded_free(m);
}

/* Big enough for several blocks and ragged edges; the source reversed by a negative stride every other time. */
static void check_transpose(const mgk_moves *moves, int w) {
    const size_t width = (size_t)1 << w;
    mg_test_rng rng = mg_test_rng_new();
    for (int round = 0; round < mg_test_times(300); round++) {
        const size_t rows = (size_t)mg_test_int(&rng, 0, 70), cols = (size_t)mg_test_int(&rng, 0, 70);
        const size_t pitch = cols * width + (size_t)mg_test_int(&rng, 0, 9);
        const ptrdiff_t stride = round % 2 ? -(ptrdiff_t)pitch : (ptrdiff_t)pitch;
        unsigned char *in = malloc(rows * pitch + 1), *out = malloc(rows * cols * width + 1);
        CHECK(in && out);
        for (size_t i = 0; i < rows * pitch; i++) in[i] = (unsigned char)mg_test_u64(&rng);
        out[rows * cols * width] = 0x5a;
        const unsigned char *first = stride < 0 && rows ? in + (rows - 1) * pitch : in;
        moves->transpose[w](rows, cols, out, first, stride);
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < cols; c++)
                CHECK_MSG(memcmp(out + (c * rows + r) * width, first + (ptrdiff_t)r * stride + (ptrdiff_t)(c * width),
                                 width) == 0,
                          "%zu x %zu of %zu bytes, stride %td: element %zu, %zu", rows, cols, width, stride, r, c);
        CHECK(out[rows * cols * width] == 0x5a);
        free(in);
        free(out);
    }
}

static void check_stream(const mgk_moves *moves) {
    mgt_guarded a = mgt_guarded_new(), b = mgt_guarded_new();
    scramble(a, 3);
    for (size_t bytes = 0; bytes <= 300; bytes++) {
        for (size_t shift = 0; shift < 64; shift++) {
            const unsigned char *x = a.end - bytes - shift % 3;
            unsigned char *y = b.end - bytes - shift;
            memset(b.begin, 0xee, (size_t)(b.end - b.begin));
            moves->stream(bytes, y, x);
            moves->streamed();
            CHECK(memcmp(x, y, bytes) == 0 && y[-1] == 0xee);
            for (unsigned char *q = y + bytes; q < b.end; q++) CHECK(*q == 0xee);
        }
    }
    mgt_guarded_free(a);
    mgt_guarded_free(b);
}

#define TESTS(isa)                                                                                                     \
    MG_TEST(move_##isa, strided) {                                                                                     \
        mgt_need_##isa();                                                                                              \
        for (int w = 0; w < 4; w++) check_strided(&mgk_moves_##isa, w);                                                \
    }                                                                                                                  \
    MG_TEST(move_##isa, fill_and_stream) {                                                                             \
        mgt_need_##isa();                                                                                              \
        for (int w = 0; w < 4; w++) check_fill(&mgk_moves_##isa, w);                                                   \
        check_stream(&mgk_moves_##isa);                                                                                \
    }                                                                                                                  \
    MG_TEST(move_##isa, transpose) {                                                                                   \
        mgt_need_##isa();                                                                                              \
        for (int w = 0; w < 4; w++) check_transpose(&mgk_moves_##isa, w);                                              \
    }
MGT_FOR_ISAS(TESTS)
