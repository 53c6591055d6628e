/* SPDX-License-Identifier: MIT
 * The values and the guarded memory that the checks in simd/ work on; compiled once, for no instruction set. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

#include "kernels/simd/check.h"

mgt_guarded mgt_guarded_new(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *p = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    CHECK(mprotect(p + page, page, PROT_READ | PROT_WRITE) == 0);
    return (mgt_guarded){p + page, p + 2 * page};
}

void mgt_guarded_free(mgt_guarded memory) {
    const size_t page = (size_t)(memory.end - memory.begin);
    munmap(memory.begin - page, 3 * page);
}

static float f32_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double f64_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Half are random bits, half numbers of ordinary size, where sums cancel and rounding has ties. */
static float random_f32(mg_test_rng *rng) {
    const uint64_t r = mg_test_u64(rng);
    return r & 1 ? f32_of((uint32_t)(r >> 32)) : ldexpf((float)((int64_t)(r >> 44) - (1 << 19)), -(int)(r >> 1 & 31));
}

static double random_f64(mg_test_rng *rng) {
    const uint64_t r = mg_test_u64(rng), s = mg_test_u64(rng);
    return r & 1 ? f64_of(s) : ldexp((double)((int64_t)(s >> 44) - (1 << 19)), -(int)(r >> 1 & 63));
}

/* Every third integer is small, for shift counts and divisors. */
static uint64_t random_int(mg_test_rng *rng) {
    const uint64_t r = mg_test_u64(rng);
    return r % 3 == 0 ? (r >> 32) % 80 - 8 : r;
}

#define DEFINE_PAIRS(t, type, random, ...)                                                                             \
    mgt_pairs_##t mgt_pairs_new_##t(void) {                                                                            \
        const type special[] = {__VA_ARGS__};                                                                          \
        const size_t n = sizeof special / sizeof *special, count = (n * n + 8192) / 64 * 64;                           \
        mgt_pairs_##t p = {count, malloc(count * sizeof(type)), malloc(count * sizeof(type)),                          \
                           malloc(count * sizeof(type))};                                                              \
        mg_test_rng rng = mg_test_rng_new();                                                                           \
        CHECK(p.a &&p.b &&p.c);                                                                                        \
        for (size_t i = 0; i < count; i++) {                                                                           \
            p.a[i] = i < n * n ? special[i / n] : (type)random(&rng);                                                  \
            p.b[i] = i < n * n ? special[i % n] : (type)random(&rng);                                                  \
            p.c[i] = mg_test_u64(&rng) & 1 ? special[mg_test_u64(&rng) % n] : (type)random(&rng);                      \
        }                                                                                                              \
        return p;                                                                                                      \
    }                                                                                                                  \
    void mgt_pairs_free_##t(mgt_pairs_##t p) {                                                                         \
        free(p.a);                                                                                                     \
        free(p.b);                                                                                                     \
        free(p.c);                                                                                                     \
    }

DEFINE_PAIRS(f32, float, random_f32, 0.0f, -0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 3.0f, 0.5f, -0.5f, 1.5f, -1.5f, 2.5f, -2.5f,
             0.25f, 0.75f, 0x1.fffffep-2f, 0x1.000002p-1f, 8388607.5f, -8388607.5f, 0x1p23f, 0x1p24f, -0x1p24f, 0x1p31f,
             -0x1p31f, 0x1.fffffep30f, 0x1p32f, 0x1p63f, -0x1p63f, 0x1.fffffep62f, 0x1p64f, 0x1.fffffep127f,
             -0x1.fffffep127f, 0x1p-126f, -0x1p-126f, 0x1.fffffcp-127f, 0x1p-149f, -0x1p-149f, 0x1.8p-148f, 65504.0f,
             65519.996f, 65520.0f, -65520.0f, 0x1p-14f, 0x1p-24f, 0x1p-25f, 0x1.000002p-25f, 0x1.8p-24f, 255.0f, 256.0f,
             127.5f, -128.5f, 0.1f, 1e10f, -1e-10f, 3.14159274f, INFINITY, -INFINITY, f32_of(0x7fc00000u),
             f32_of(0xffc00000u), f32_of(0x7f800001u), f32_of(0xff812345u))
DEFINE_PAIRS(f64, double, random_f64, 0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.25, 0.75,
             0x1.fffffffffffffp-2, 0x1.0000000000001p-1, 4503599627370495.5, -4503599627370495.5, 0x1p52, 0x1p53,
             -0x1p53, 2147483647.0, 2147483648.0, -2147483648.0, -2147483649.0, 4294967296.0, 0x1p50, -0x1p50, 0x1p51,
             -0x1p51, 0x1.8p51, 0x1p63, -0x1p63, 0x1.fffffffffffffp62, -0x1.0000000000001p63, 0x1p64,
             0x1.fffffffffffffp63, 0x1.fffffffffffffp1023, -0x1.fffffffffffffp1023, 0x1p-1022, -0x1p-1022,
             0x1.ffffffffffffep-1023, 0x1p-1074, -0x1p-1074, 0x1.8p-1073, 0x1.fffffep127, 0x1.fffffefp127,
             0x1.ffffffp127, 0x1p-149, 0x1p-150, 0x1.0000000000001p-150, 65504.0, 65520.0, 65519.99999, 0x1p-24,
             0x1p-25, 0x1.0000000000001p-25, 255.0, 256.0, 127.5, -128.5, 0.1, 1e10, -1e-10, 3.141592653589793,
             INFINITY, -INFINITY, f64_of(0x7ff8000000000000u), f64_of(0xfff8000000000000u), f64_of(0x7ff0000000000001u),
             f64_of(0xfff0000012345678u))
#define SIGNED_SPECIALS(type, w, min, max)                                                                             \
    0, 1, 2, 3, 5, 7, 10, w - 1, w, w + 1, -1, -2, -3, -7, -w, min, min + 1, max, max - 1, min / 2, max / 2,           \
        (type)0x5555555555555555, (type)0xaaaaaaaaaaaaaaaa, (type)0x0f0f0f0f0f0f0f0f, 100, -100
#define UNSIGNED_SPECIALS(type, w, max)                                                                                \
    0, 1, 2, 3, 5, 7, 10, w - 1, w, w + 1, max, max - 1, max / 2, max / 2 + 1, max / 2 + 2, max / 4,                   \
        (type)0x5555555555555555, (type)0xaaaaaaaaaaaaaaaa, (type)0x0f0f0f0f0f0f0f0f, 100, 200
DEFINE_PAIRS(i8, int8_t, random_int, SIGNED_SPECIALS(int8_t, 8, INT8_MIN, INT8_MAX))
DEFINE_PAIRS(i16, int16_t, random_int, SIGNED_SPECIALS(int16_t, 16, INT16_MIN, INT16_MAX), 256, 255, -256, 128)
DEFINE_PAIRS(i32, int32_t, random_int, SIGNED_SPECIALS(int32_t, 32, INT32_MIN, INT32_MAX), 65535, 65536, -65537,
             16777217, 0x7fffff80, 0x7fffffc0)
DEFINE_PAIRS(i64, int64_t, random_int, SIGNED_SPECIALS(int64_t, 64, INT64_MIN, INT64_MAX), INT32_MAX, INT32_MIN,
             INT64_C(4294967296), INT64_C(9007199254740993), INT64_C(-9007199254740993), INT64_C(0x7ffffffffffffdff),
             INT64_C(0x7ffffffffffffe00), INT64_C(0x4040000000000001), INT64_C(0x4040000000000000),
             INT64_C(0x7fffffbfffffffff), INT64_C(0x4000004000000001), 16777217, 257, 2049)
DEFINE_PAIRS(u8, uint8_t, random_int, UNSIGNED_SPECIALS(uint8_t, 8, UINT8_MAX))
DEFINE_PAIRS(u16, uint16_t, random_int, UNSIGNED_SPECIALS(uint16_t, 16, UINT16_MAX), 256, 255, 65519, 65520, 2049)
DEFINE_PAIRS(u32, uint32_t, random_int, UNSIGNED_SPECIALS(uint32_t, 32, UINT32_MAX), 65535, 65536, 16777217,
             0xffffff7fu, 0xffffff80u, 0x80000080u, 0x80000081u)
DEFINE_PAIRS(u64, uint64_t, random_int, UNSIGNED_SPECIALS(uint64_t, 64, UINT64_MAX), UINT32_MAX,
             UINT64_C(9007199254740993), UINT64_C(0xfffffffffffffbff), UINT64_C(0xfffffffffffffc00),
             UINT64_C(0x8000000000000400), UINT64_C(0x8000000000000401), UINT64_C(0x8000008000000001),
             UINT64_C(0x8000008000000000), UINT64_C(0x8080000000000001), UINT64_C(0x8080000000000000),
             UINT64_C(0xffffff7fffffffff), 16777217, 257, 2049)
