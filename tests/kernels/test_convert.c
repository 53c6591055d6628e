/* SPDX-License-Identifier: MIT
 * All conversions between dtypes, of every instruction set, against exact arithmetic in 128-bit integers and long
 * double: special and random values, every 16-bit float, every tie of f64 on its way to 16 bits, all short lengths, in
 * place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#include "kernels/hand_written.h"
#include "kernels/isas.h"
#include "kernels/simd/check.h"

/* A number of any dtype, exactly. */
typedef struct number {
    bool is_float;
    __int128 i;
    double f;
} number;

static const size_t size_of[MG_DTYPE_COUNT] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};

/* ---- reading and writing one element ---- */
static double decode_half(unsigned h, int m, int bias) {
    const int sign = h >> 15 ? -1 : 1, top = (1 << (15 - m)) - 1, exponent = (int)(h >> m) & top;
    const double fraction = h & ((1u << m) - 1);
    if (exponent == top) return fraction != 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0) return sign * ldexp(fraction, 1 - bias - m);
    return sign * ldexp(fraction + (1 << m), exponent - bias - m);
}

static uint16_t encode_half(long double v, int m, int bias) {
    const unsigned infinite = ((1u << (15 - m)) - 1) << m, sign = signbit(v) ? 0x8000u : 0;
    const long double a = fabsl(v);
    if (isnan(v)) return (uint16_t)(infinite | 1u << (m - 1));
    if (isinf(v)) return (uint16_t)(sign | infinite);
    if (a == 0) return (uint16_t)sign;
    const int e = ilogbl(a) < 1 - bias ? 1 - bias : ilogbl(a);
    const long double units = rintl(scalbnl(a, m - e));
    const long double bits = scalbnl((long double)(e + bias - 1), m) + units;
    return (uint16_t)(sign | (bits >= infinite ? infinite : (unsigned)bits));
}

#define INTEGER_CASES(M)                                                                                               \
    M(MG_BOOL, uint8_t)                                                                                                \
    M(MG_I8, int8_t)                                                                                                   \
    M(MG_I16, int16_t)                                                                                                 \
    M(MG_I32, int32_t)                                                                                                 \
    M(MG_I64, int64_t)                                                                                                 \
    M(MG_U8, uint8_t)                                                                                                  \
    M(MG_U16, uint16_t)                                                                                                \
    M(MG_U32, uint32_t)                                                                                                \
    M(MG_U64, uint64_t)

static number read_one(mg_dtype t, const void *p) {
    number x = {mg_dtype_is_float(t), 0, 0};
    uint16_t h;
    float f;
    switch (t) {
#define READ(code, type)                                                                                               \
    case code: {                                                                                                       \
        type v;                                                                                                        \
        memcpy(&v, p, sizeof v);                                                                                       \
        x.i = v;                                                                                                       \
        break;                                                                                                         \
    }
        INTEGER_CASES(READ)
    case MG_F16:
    case MG_BF16:
        memcpy(&h, p, sizeof h);
        x.f = t == MG_F16 ? decode_half(h, 10, 15) : decode_half(h, 7, 127);
        break;
    case MG_F32:
        memcpy(&f, p, sizeof f);
        x.f = (double)f;
        break;
    default:
        memcpy(&x.f, p, sizeof x.f);
    }
    return x;
}

static __int128 to_integer(mg_dtype t, number x) {
    if (t == MG_BOOL) return x.is_float ? x.f != 0 : x.i != 0;
    if (!x.is_float) return x.i;
    if (t == MG_U64 && x.f >= 0x1p63 && x.f < 0x1p64) return (__int128)x.f;
    if (x.f >= -0x1p63 && x.f < 0x1p63) return (__int128)x.f;
    return INT64_MIN;
}

static void write_one(mg_dtype t, number x, void *p) {
    const long double v = x.is_float ? (long double)x.f : (long double)x.i;
    const float f = x.is_float ? (float)x.f : (float)v;
    const double d = x.is_float ? x.f : (double)v;
    const uint16_t h = t == MG_F16 ? encode_half(v, 10, 15) : encode_half(v, 7, 127);
    switch (t) {
#define WRITE(code, type)                                                                                              \
    case code: {                                                                                                       \
        const type w = (type)to_integer(t, x);                                                                         \
        memcpy(p, &w, sizeof w);                                                                                       \
        break;                                                                                                         \
    }
        INTEGER_CASES(WRITE)
    case MG_F16:
    case MG_BF16:
        memcpy(p, &h, sizeof h);
        break;
    case MG_F32:
        memcpy(p, &f, sizeof f);
        break;
    default:
        memcpy(p, &d, sizeof d);
    }
}

/* The same bytes, or NaN and a NaN of any kind. */
static bool agree(mg_dtype t, const void *got, const void *want) {
    if (memcmp(got, want, size_of[t]) == 0) return true;
    return mg_dtype_is_float(t) && isnan(read_one(t, got).f) && isnan(read_one(t, want).f);
}

/* ---- the values of a dtype ---- */
static void *copy_of(const void *values, size_t bytes) {
    void *p = malloc(bytes);
    CHECK(p);
    memcpy(p, values, bytes);
    return p;
}

static void *values_of(mg_dtype t, size_t *count) {
    void *values = NULL;
    switch (t) {
#define VALUES(code, t_)                                                                                               \
    case code: {                                                                                                       \
        mgt_pairs_##t_ p = mgt_pairs_new_##t_();                                                                       \
        *count = p.count;                                                                                              \
        values = copy_of(p.b, p.count * sizeof *p.b);                                                                  \
        mgt_pairs_free_##t_(p);                                                                                        \
        break;                                                                                                         \
    }
        VALUES(MG_I8, i8)
        VALUES(MG_I16, i16)
        VALUES(MG_I32, i32)
        VALUES(MG_I64, i64)
        VALUES(MG_U8, u8)
        VALUES(MG_U16, u16)
        VALUES(MG_U32, u32)
        VALUES(MG_U64, u64)
        VALUES(MG_F32, f32)
        VALUES(MG_F64, f64)
    case MG_BOOL: {
        unsigned char b[100];
        for (int i = 0; i < 100; i++) b[i] = i % 3 == 0;
        *count = 100;
        values = copy_of(b, *count);
        break;
    }
    default: {
        uint16_t *h = malloc(65536 * sizeof *h);
        CHECK(h);
        for (unsigned i = 0; i < 65536; i++) h[i] = (uint16_t)i;
        *count = 65536;
        values = h;
    }
    }
    return values;
}

/* ---- the checks ---- */
static void check_array(mgk_convert_fn *convert, mg_dtype from, mg_dtype to, const void *in, size_t n) {
    unsigned char *out = malloc(n * size_of[to] + 1), want[8];
    CHECK(out);
    out[n * size_of[to]] = 0x5a;
    convert(n, out, in);
    for (size_t i = 0; i < n; i++) {
        const number x = read_one(from, (const char *)in + i * size_of[from]);
        write_one(to, x, want);
        CHECK_MSG(agree(to, out + i * size_of[to], want), "%s -> %s, element %zu: %a (%lld) became %a (%lld)",
                  mg_dtype_name(from), mg_dtype_name(to), i, x.f, (long long)x.i, read_one(to, out + i * size_of[to]).f,
                  (long long)read_one(to, out + i * size_of[to]).i);
    }
    CHECK(out[n * size_of[to]] == 0x5a);
    if (size_of[from] == size_of[to]) {
        void *same = copy_of(in, n * size_of[from]);
        convert(n, same, same);
        CHECK_MSG(memcmp(same, out, n * size_of[to]) == 0, "%s -> %s in place", mg_dtype_name(from), mg_dtype_name(to));
        free(same);
    }
    free(out);
}

/* Every length up to n_max, source and result each ending where memory ends, the result's neighbour untouched. */
static void check_lengths(mgk_convert_fn *convert, mg_dtype from, mg_dtype to, const void *in, size_t n_max) {
    mgt_guarded a = mgt_guarded_new(), b = mgt_guarded_new();
    for (size_t n = 0; n <= n_max; n++) {
        unsigned char *x = a.end - n * size_of[from], *y = b.end - n * size_of[to], want[8];
        memcpy(x, in, n * size_of[from]);
        y[-1] = 0x5a;
        convert(n, y, x);
        CHECK(y[-1] == 0x5a);
        for (size_t i = 0; i < n; i++) {
            write_one(to, read_one(from, x + i * size_of[from]), want);
            CHECK_MSG(agree(to, y + i * size_of[to], want), "%s -> %s, element %zu of %zu", mg_dtype_name(from),
                      mg_dtype_name(to), i, n);
        }
    }
    mgt_guarded_free(a);
    mgt_guarded_free(b);
}

static void check_all(const mgk_converts *table) {
    for (mg_dtype from = MG_BOOL; from < MG_DTYPE_COUNT; from++) {
        size_t count;
        void *values = values_of(from, &count);
        for (mg_dtype to = MG_BOOL; to < MG_DTYPE_COUNT; to++) {
            check_array(table->to[from][to], from, to, values, count);
            check_lengths(table->to[from][to], from, to, values, count < 70 ? count : 70);
        }
        CHECK(table->to[from][0] == NULL && table->to[0][from] == NULL);
        free(values);
    }
}

/* Between any two neighbouring 16-bit floats: the middle, and the f64 on each side of it. */
static void check_ties(const mgk_converts *table, mg_dtype half, int m, int bias) {
    enum { N = 3 * 65536 };
    double *x = malloc(N * sizeof *x);
    CHECK(x);
    for (unsigned h = 0; h < 65536; h++) {
        const double at = decode_half(h, m, bias), next = decode_half((h + 1) & 0xffff, m, bias);
        const double middle = isfinite(next) ? (at + next) / 2 : at * (1 + ldexp(1, -m - 1));
        x[3 * h] = nextafter(middle, -INFINITY);
        x[3 * h + 1] = middle;
        x[3 * h + 2] = nextafter(middle, INFINITY);
    }
    check_array(table->to[MG_F64][half], MG_F64, half, x, N);
    free(x);
}

static void check_round(mgk_convert_fn *round, mg_dtype half) {
    size_t count;
    float *x = values_of(MG_F32, &count), *y = copy_of(x, count * sizeof *x);
    round(count - 5, y, y);
    for (size_t i = 0; i < count; i++) {
        unsigned char h[8], want[8];
        write_one(half, (number){true, 0, (double)x[i]}, h);
        write_one(MG_F32, read_one(half, h), want);
        CHECK_MSG(i < count - 5 ? agree(MG_F32, y + i, want) : memcmp(y + i, x + i, sizeof *x) == 0, "%s of %a is %a",
                  mg_dtype_name(half), (double)x[i], (double)y[i]);
    }
    free(x);
    free(y);
}

#define TESTS(isa)                                                                                                     \
    MG_TEST(convert_##isa, all_pairs) {                                                                                \
        mgt_need_##isa();                                                                                              \
        check_all(&mgk_converts_##isa);                                                                                \
    }                                                                                                                  \
    MG_TEST(convert_##isa, ties_and_rounding) {                                                                        \
        mgt_need_##isa();                                                                                              \
        check_ties(&mgk_converts_##isa, MG_F16, 10, 15);                                                               \
        check_ties(&mgk_converts_##isa, MG_BF16, 7, 127);                                                              \
        check_round(mgk_converts_##isa.round_f16, MG_F16);                                                             \
        check_round(mgk_converts_##isa.round_bf16, MG_BF16);                                                           \
    }
MGT_FOR_ISAS(TESTS)
