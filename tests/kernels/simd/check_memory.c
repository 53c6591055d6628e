/* SPDX-License-Identifier: MIT
 * Loads and stores of the vocabulary between guard pages: every count, at both ends of a page, what must be written and
 * what must not. Also the 16-bit floats, all 65,536 of them one way and hard roundings the other. */
#include "kernels/simd/simd.h"

#include <math.h>

#include "harness.h"

#include "kernels/simd/check.h"

/* Place n elements at the start of the page (edge 0), just before its end (1), or in the middle, unaligned (2). */
static unsigned char *place(mgt_guarded m, int edge, size_t bytes) {
    return edge == 0 ? m.begin : edge == 1 ? m.end - bytes : m.begin + 333;
}

#define MEMORY_CHECKS(t)                                                                                               \
    static void memory_##t(mgt_guarded m) {                                                                            \
        enum { N = MGV_LANES_##t, SIZE = sizeof(MGV_ELEM_##t) };                                                       \
        MGV_ELEM_##t lanes[N];                                                                                         \
        for (int edge = 0; edge < 3; edge++) {                                                                         \
            for (size_t n = 0; n <= N; n++) {                                                                          \
                for (unsigned char *q = m.begin; q < m.end; q++) *q = (unsigned char)((q - m.begin) * 7 + 1);          \
                unsigned char *p = place(m, edge, n * SIZE);                                                           \
                mgv_store_##t(lanes, mgv_loadn_##t((const void *)p, n));                                               \
                CHECK(memcmp(lanes, p, n *SIZE) == 0);                                                                 \
                for (size_t i = n; i < N; i++) CHECK(lanes[i] == 0);                                                   \
                if (n == N) {                                                                                          \
                    mgv_store_##t(lanes, mgv_load_##t((const void *)p));                                               \
                    CHECK(memcmp(lanes, p, n *SIZE) == 0);                                                             \
                }                                                                                                      \
                for (int i = 0; i < N; i++) lanes[i] = (MGV_ELEM_##t)(i + 100);                                        \
                mgv_storen_##t((void *)p, mgv_load_##t(lanes), n);                                                     \
                CHECK(memcmp(lanes, p, n *SIZE) == 0);                                                                 \
                for (unsigned char *q = m.begin; q < m.end; q++)                                                       \
                    CHECK((q >= p && q < p + n * SIZE) || *q == (unsigned char)((q - m.begin) * 7 + 1));               \
                if (n != N) continue;                                                                                  \
                mgv_store_##t((void *)p, mgv_set1_##t((MGV_ELEM_##t)200));                                             \
                for (int i = 0; i < N; i++) lanes[i] = (MGV_ELEM_##t)200;                                              \
                CHECK(memcmp(lanes, p, n *SIZE) == 0);                                                                 \
            }                                                                                                          \
        }                                                                                                              \
    }
MGV_FOR_ALL(MEMORY_CHECKS)

#define MASK_CHECKS(b)                                                                                                 \
    static void masks_##b(mgt_guarded m) {                                                                             \
        enum { N = MGV_LANES_##b };                                                                                    \
        unsigned char lanes[N];                                                                                        \
        for (int edge = 0; edge < 3; edge++) {                                                                         \
            for (size_t n = 0; n <= N; n++) {                                                                          \
                for (unsigned char *q = m.begin; q < m.end; q++) *q = (unsigned char)((q - m.begin) % 3 * 77);         \
                unsigned char *p = place(m, edge, n);                                                                  \
                mgv_storem_##b(lanes, mgv_loadmn_##b(p, n));                                                           \
                for (size_t i = 0; i < N; i++) CHECK(lanes[i] == (i < n && p[i] != 0));                                \
                if (n == N) {                                                                                          \
                    mgv_storem_##b(lanes, mgv_loadm_##b(p));                                                           \
                    for (size_t i = 0; i < N; i++) CHECK(lanes[i] == (p[i] != 0));                                     \
                }                                                                                                      \
                for (int i = 0; i < N; i++) lanes[i] = i % 5 < 2;                                                      \
                mgv_storemn_##b(p, mgv_loadm_##b(lanes), n);                                                           \
                CHECK(memcmp(lanes, p, n) == 0);                                                                       \
                for (unsigned char *q = m.begin; q < m.end; q++)                                                       \
                    CHECK((q >= p && q < p + n) || *q == (unsigned char)((q - m.begin) % 3 * 77));                     \
                memset(p, 9, n);                                                                                       \
                if (n == N) {                                                                                          \
                    mgv_storem_##b(p, mgv_loadm_##b(lanes));                                                           \
                    CHECK(memcmp(lanes, p, n) == 0);                                                                   \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }
MGV_FOR_MASKS(MASK_CHECKS)

#define STREAM_CHECKS(t)                                                                                               \
    static void stream_##t(mgt_guarded m) {                                                                            \
        MGV_ELEM_##t *p = (MGV_ELEM_##t *)(void *)(m.end - 64), lanes[MGV_LANES_##t];                                  \
        for (int i = 0; i < MGV_LANES_##t; i++) lanes[i] = (MGV_ELEM_##t)i - (MGV_ELEM_##t)3.5;                        \
        mgv_stream_##t(p, mgv_load_##t(lanes));                                                                        \
        mgv_fence();                                                                                                   \
        mgv_prefetch(m.end); /* nobody's memory */                                                                     \
        CHECK(memcmp(lanes, p, 64) == 0);                                                                              \
    }
MGV_FOR_FLOATS(STREAM_CHECKS)

/* ---- f16 and bf16 ---- */
/* The value of a 16-bit float with m bits of fraction and the given bias, by arithmetic. */
static double half_value(unsigned h, int m, int bias) {
    const int sign = h >> 15 ? -1 : 1, exponent = (int)(h >> m & ((1u << (15 - m)) - 1)), top = (1 << (15 - m)) - 1;
    const double fraction = h & ((1u << m) - 1);
    if (exponent == top) return fraction != 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0) return sign * ldexp(fraction, 1 - bias - m);
    return sign * ldexp(fraction + (1 << m), exponent - bias - m);
}

/* The two neighbours of x among 16-bit floats, found by counting; the nearer, or the even one, is right. */
static bool rounds_to(float x, unsigned got, int m, int bias) {
    const unsigned infinite = (((1u << (15 - m)) - 1) << m);
    if (isnan(x)) return (got & 0x7fff) > infinite && (got >> (m - 1) & 1) != 0;
    if ((got >> 15) != (unsigned)(signbit(x) != 0) || (got & 0x7fff) > infinite) return false;
    const unsigned h = got & 0x7fff;
    const double v = fabs((double)x), step = ldexp(1, (int)(infinite >> m) - bias);
    /* For the purpose of rounding, infinity sits one step above the largest finite number. */
    const double at = h == infinite ? step : half_value(h, m, bias);
    const double below = h == 0 ? -1 : half_value(h - 1, m, bias);
    const double above = h == infinite ? INFINITY : h + 1 == infinite ? step : half_value(h + 1, m, bias);
    if (isinf(v)) return h == infinite;
    if (h != infinite && (v - at > above - v || (v - at == above - v && h % 2 == 1))) return false;
    return h == 0 || !(at - v > v - below || (at - v == v - below && h % 2 == 1));
}

#define HALF_CHECKS(h, m, bias)                                                                                        \
    static void halves_##h(mgt_guarded memory) {                                                                       \
        uint16_t in[16], out[16];                                                                                      \
        float x[16];                                                                                                   \
        mg_test_rng rng = mg_test_rng_new();                                                                           \
        for (unsigned first = 0; first < 65536; first += 16) {                                                         \
            for (unsigned j = 0; j < 16; j++) in[j] = (uint16_t)(first + j);                                           \
            mgv_store_f32(x, mgv_loadn_##h##_f32(in, 16));                                                             \
            for (unsigned j = 0; j < 16; j++) {                                                                        \
                const float want = (float)half_value(first + j, m, bias);                                              \
                CHECK_MSG(isnan(want) ? isnan(x[j]) : (x[j] == want && !signbit(x[j]) == !signbit(want)),              \
                          #h " %04x read as %a", first + j, (double)x[j]);                                             \
            }                                                                                                          \
            /* each value, the tie above it, and the floats next to that tie */                                        \
            for (int d = -1; d <= 1; d++) {                                                                            \
                float t[16];                                                                                           \
                for (unsigned j = 0; j < 16; j++) {                                                                    \
                    const double above = half_value((first + j + 1) & 0xffff, m, bias);                                \
                    t[j] = (float)(isfinite(above) ? ((double)x[j] + above) / 2 : (double)x[j] * 1.0009765625);        \
                    if (d) t[j] = nextafterf(t[j], d < 0 ? -INFINITY : INFINITY);                                      \
                }                                                                                                      \
                mgv_storen_##h##_f32(out, mgv_load_f32(t), 16);                                                        \
                for (int j = 0; j < 16; j++)                                                                           \
                    CHECK_MSG(rounds_to(t[j], out[j], m, bias), "%a -> " #h " %04x", (double)t[j], out[j]);            \
            }                                                                                                          \
        }                                                                                                              \
        for (int round = 0; round < 20000; round++) {                                                                  \
            for (int j = 0; j < 16; j++) x[j] = mg_test_any_f32(&rng);                                                 \
            mgv_storen_##h##_f32(out, mgv_load_f32(x), 16);                                                            \
            for (int j = 0; j < 16; j++)                                                                               \
                CHECK_MSG(rounds_to(x[j], out[j], m, bias), "%a -> " #h " %04x", (double)x[j], out[j]);                \
        }                                                                                                              \
        for (int edge = 0; edge < 3; edge++) {                                                                         \
            for (size_t n = 0; n <= 16; n++) {                                                                         \
                memset(memory.begin, 0x3f, (size_t)(memory.end - memory.begin));                                       \
                uint16_t *p = (uint16_t *)(void *)place(memory, edge, n * 2);                                          \
                mgv_store_f32(x, mgv_loadn_##h##_f32(p, n));                                                           \
                for (size_t j = 0; j < 16; j++) CHECK(x[j] == (j < n ? (float)half_value(0x3f3f, m, bias) : 0.0f));    \
                mgv_storen_##h##_f32(p, mgv_set1_f32(2.0f), n);                                                        \
                for (unsigned char *q = memory.begin; q < memory.end; q++)                                             \
                    CHECK(*q == 0x3f || (q >= (unsigned char *)p && q < (unsigned char *)(p + n)));                    \
                for (size_t j = 0; j < n; j++) {                                                                       \
                    uint16_t got;                                                                                      \
                    memcpy(&got, p + j, 2);                                                                            \
                    CHECK(half_value(got, m, bias) == 2);                                                              \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }
HALF_CHECKS(f16, 10, 15)
HALF_CHECKS(bf16, 7, 127)

#define RUN_MEMORY(t) memory_##t(m);
#define RUN_MASKS(b)  masks_##b(m);
#define RUN_STREAM(t) stream_##t(m);
void MGK_NAME(mgt_check_memory)(void) {
    mgt_guarded m = mgt_guarded_new();
    MGV_FOR_ALL(RUN_MEMORY)
    MGV_FOR_MASKS(RUN_MASKS)
    MGV_FOR_FLOATS(RUN_STREAM)
    halves_f16(m);
    halves_bf16(m);
    mgt_guarded_free(m);
}
