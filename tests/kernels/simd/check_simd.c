/* SPDX-License-Identifier: MIT
 * Every computing function of the vocabulary against one plain C expression per lane, over all pairs of special values
 * and random ones. The expressions are written from simd.h, in wider types where there are any; scalar.h is tested too.
 */
#include "kernels/simd/simd.h"

#include <math.h>

#include "harness.h"

#include "kernels/simd/check.h"

/* ---- what each function should give, for one lane ---- */
typedef __int128 wide;

static bool same_f32(float a, float b) { return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0; }
static bool same_f64(double a, double b) { return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0; }

static wide floor_div(wide a, wide b) {
    if (b == 0) return 0;
    const wide q = a / b;
    return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}
static wide floor_rem(wide a, wide b) { return b == 0 ? 0 : a - floor_div(a, b) * b; }

static wide magnitude(wide a) { return a < 0 ? -a : a; }

/* An integer kept in 128 bits is exact; cast to the lane's type it wraps. */
static wide shifted_left(wide a, uint64_t k, unsigned width) {
    return k >= width ? 0 : (wide)((unsigned __int128)a << k);
}
static wide shifted_right(wide a, uint64_t k) { return a >> (k > 100 ? 100 : k); }

static double round_even(double x) {
    if (!(fabs(x) < 0x1p52)) return x;
    double whole = (double)(int64_t)x;
    const double rest = fabs(x - whole);
    if (rest > 0.5 || (rest == 0.5 && fmod(whole, 2) != 0)) whole += x < 0 ? -1 : 1;
    return copysign(whole, x);
}
static double round_down(double x) {
    if (!(fabs(x) < 0x1p52)) return x;
    const double whole = (double)(int64_t)x;
    return copysign(whole > x ? whole - 1 : whole, x);
}
static double round_up(double x) { return -round_down(-x); }
static double round_zero(double x) { return fabs(x) < 0x1p52 ? copysign((double)(int64_t)x, x) : x; }

static double larger(double a, double b) {
    if (isnan(a) || isnan(b)) return NAN;
    if (a == b) return signbit(a) ? b : a;
    return a > b ? a : b;
}
static double smaller(double a, double b) {
    if (isnan(a) || isnan(b)) return NAN;
    if (a == b) return signbit(a) ? a : b;
    return a < b ? a : b;
}

/* ---- loops over the values ---- */
#define EACH_VECTOR(t, p) for (size_t i = 0; i < (p).count; i += MGV_LANES_##t)
#define EACH_LANE(t)      for (int j = 0; j < MGV_LANES_##t; j++)
#define LOAD_A(t)         mgv_load_##t(p.a + i)
#define LOAD_B(t)         mgv_load_##t(p.b + i)
#define LOAD_C(t)         mgv_load_##t(p.c + i)

#define SHOW_F(x) (double)(x)
#define SHOW_I(x) (long long)(x)
#define FORMAT_F  "%a"
#define FORMAT_I  "%lld"
/* Exact bits asked for: memcmp; else any NaN will do. */
#define BITS_EQUAL(t, got, want) (memcmp(&(got), &(want), sizeof(got)) == 0)
#define SAME(t, got, want)       same_##t(got, want)

#define CHECK_LANES(name, t, kind, equal, vector, want_expr)                                                           \
    EACH_VECTOR(t, p) {                                                                                                \
        MGV_ELEM_##t out[MGV_LANES_##t];                                                                               \
        mgv_store_##t(out, vector);                                                                                    \
        EACH_LANE(t) {                                                                                                 \
            const MGV_ELEM_##t a = p.a[i + (size_t)j], b = p.b[i + (size_t)j], c = p.c[i + (size_t)j];                 \
            const MGV_ELEM_##t want = (MGV_ELEM_##t)(want_expr), got = out[j];                                         \
            CHECK_MSG(equal(t, got, want),                                                                             \
                      "%s_%s(" FORMAT_##kind ", " FORMAT_##kind ", " FORMAT_##kind ") lane %d: " FORMAT_##kind         \
                      " instead of " FORMAT_##kind,                                                                    \
                      name, #t, SHOW_##kind(a), SHOW_##kind(b), SHOW_##kind(c), j, SHOW_##kind(got),                   \
                      SHOW_##kind(want));                                                                              \
        }                                                                                                              \
    }

#define MGT_STOREM_f32 mgv_storem_b32
#define MGT_STOREM_f64 mgv_storem_b64
#define MGT_STOREM_i8  mgv_storem_b8
#define MGT_STOREM_u8  mgv_storem_b8
#define MGT_STOREM_i16 mgv_storem_b16
#define MGT_STOREM_u16 mgv_storem_b16
#define MGT_STOREM_i32 mgv_storem_b32
#define MGT_STOREM_u32 mgv_storem_b32
#define MGT_STOREM_i64 mgv_storem_b64
#define MGT_STOREM_u64 mgv_storem_b64
#define CHECK_MASK(name, t, kind, mask, want_expr)                                                                     \
    EACH_VECTOR(t, p) {                                                                                                \
        unsigned char out[64];                                                                                         \
        MGT_STOREM_##t(out, mask);                                                                                     \
        EACH_LANE(t) {                                                                                                 \
            const MGV_ELEM_##t a = p.a[i + (size_t)j], b = p.b[i + (size_t)j];                                         \
            (void)b;                                                                                                   \
            CHECK_MSG(out[j] == (want_expr), "%s_%s(" FORMAT_##kind ", " FORMAT_##kind ") lane %d: mask byte %d",      \
                      name, #t, SHOW_##kind(a), SHOW_##kind(b), j, out[j]);                                            \
        }                                                                                                              \
    }

#define UNARY(name, t, kind, equal, want) CHECK_LANES(#name, t, kind, equal, mgv_##name##_##t(LOAD_A(t)), want)
#define BINARY(name, t, kind, equal, want)                                                                             \
    CHECK_LANES(#name, t, kind, equal, mgv_##name##_##t(LOAD_A(t), LOAD_B(t)), want)
#define COMPARE(name, t, kind, want) CHECK_MASK(#name, t, kind, mgv_##name##_##t(LOAD_A(t), LOAD_B(t)), want)
#define COMPARISONS(t, kind)                                                                                           \
    COMPARE(eq, t, kind, a == b)                                                                                       \
    COMPARE(ne, t, kind, a != b)                                                                                       \
    COMPARE(lt, t, kind, a < b)                                                                                        \
    COMPARE(le, t, kind, a <= b)                                                                                       \
    COMPARE(gt, t, kind, a > b)                                                                                        \
    COMPARE(ge, t, kind, a >= b)                                                                                       \
    CHECK_LANES("select", t, kind, BITS_EQUAL, mgv_select_##t(mgv_gt_##t(LOAD_A(t), LOAD_B(t)), LOAD_C(t), LOAD_A(t)), \
                a > b ? c : a)

/* ---- floats ---- */
/* fma of the C library is correctly rounded; it is not what the vector headers use. */
#define FLOAT_CHECKS(t, sfx, w)                                                                                        \
    static void floats_##t(void) {                                                                                     \
        mgt_pairs_##t p = mgt_pairs_new_##t();                                                                         \
        BINARY(add, t, F, SAME, a + b)                                                                                 \
        BINARY(sub, t, F, SAME, a - b)                                                                                 \
        BINARY(mul, t, F, SAME, a *b)                                                                                  \
        BINARY(div, t, F, SAME, a / b)                                                                                 \
        UNARY(sqrt, t, F, SAME, sqrt##sfx(a))                                                                          \
        UNARY(neg, t, F, BITS_EQUAL, flip_##t(a))                                                                      \
        UNARY(abs, t, F, BITS_EQUAL, clear_##t(a))                                                                     \
        BINARY(max, t, F, SAME, larger(a, b))                                                                          \
        BINARY(min, t, F, SAME, smaller(a, b))                                                                         \
        UNARY(rint, t, F, SAME, round_even(a))                                                                         \
        UNARY(floor, t, F, SAME, round_down(a))                                                                        \
        UNARY(ceil, t, F, SAME, round_up(a))                                                                           \
        UNARY(trunc, t, F, SAME, round_zero(a))                                                                        \
        BINARY(copysign, t, F, BITS_EQUAL, signbit(b) ? flip_##t(clear_##t(a)) : clear_##t(a))                         \
        CHECK_LANES("fma", t, F, SAME, mgv_fma_##t(LOAD_A(t), LOAD_B(t), LOAD_C(t)), fma##sfx(a, b, c))                \
        CHECK_LANES("fnma", t, F, SAME, mgv_fnma_##t(LOAD_A(t), LOAD_B(t), LOAD_C(t)), fma##sfx(-a, b, c))             \
        COMPARISONS(t, F)                                                                                              \
        CHECK_MASK("isnan", t, F, mgv_isnan_##t(LOAD_A(t)), isnan(a) != 0)                                             \
        CHECK_MASK("signbit", t, F, mgv_signbit_##t(LOAD_A(t)), signbit(a) && !isnan(a))                               \
        CHECK_LANES("bits", t, F, BITS_EQUAL, mgv_frombits_##t(mgv_bits_##t(LOAD_A(t))), a)                            \
        EACH_VECTOR(t, p) {                                                                                            \
            int##w##_t bits[MGV_LANES_##t];                                                                            \
            mgv_store_i##w(bits, mgv_bits_##t(LOAD_A(t)));                                                             \
            CHECK(memcmp(bits, p.a + i, 64) == 0);                                                                     \
        }                                                                                                              \
        mgt_pairs_free_##t(p);                                                                                         \
    }
static float flip_f32(float x) { return mgv_f32_of_bits(mgv_f32_bits(x) ^ 0x80000000u); }
static float clear_f32(float x) { return mgv_f32_of_bits(mgv_f32_bits(x) & 0x7fffffffu); }
static double flip_f64(double x) { return mgv_f64_of_bits(mgv_f64_bits(x) ^ 0x8000000000000000u); }
static double clear_f64(double x) { return mgv_f64_of_bits(mgv_f64_bits(x) & 0x7fffffffffffffffu); }
FLOAT_CHECKS(f32, f, 32)
FLOAT_CHECKS(f64, , 64)

void MGK_NAME(mgt_check_floats)(void) {
    floats_f32();
    floats_f64();
}

/* ---- integers ---- */
#define INT_CHECKS(t, w, as_name, as_type)                                                                             \
    static void ints_##t(void) {                                                                                       \
        mgt_pairs_##t p = mgt_pairs_new_##t();                                                                         \
        BINARY(add, t, I, BITS_EQUAL, (wide)a + b)                                                                     \
        BINARY(sub, t, I, BITS_EQUAL, (wide)a - b)                                                                     \
        BINARY(mul, t, I, BITS_EQUAL, (uint64_t)a *(uint64_t)b)                                                        \
        UNARY(neg, t, I, BITS_EQUAL, -(wide)a)                                                                         \
        UNARY(abs, t, I, BITS_EQUAL, magnitude(a))                                                                     \
        BINARY(max, t, I, BITS_EQUAL, a < b ? b : a)                                                                   \
        BINARY(min, t, I, BITS_EQUAL, a < b ? a : b)                                                                   \
        BINARY(div, t, I, BITS_EQUAL, floor_div(a, b))                                                                 \
        BINARY(rem, t, I, BITS_EQUAL, floor_rem(a, b))                                                                 \
        COMPARISONS(t, I)                                                                                              \
        BINARY(and, t, I, BITS_EQUAL, a &b)                                                                            \
        BINARY(or, t, I, BITS_EQUAL, a | b)                                                                            \
        BINARY(xor, t, I, BITS_EQUAL, a ^ b)                                                                           \
        BINARY(andnot, t, I, BITS_EQUAL, a & ~b)                                                                       \
        UNARY(not, t, I, BITS_EQUAL, ~a)                                                                               \
        for (int k = 0; k < w; k++) {                                                                                  \
            CHECK_LANES("shl", t, I, BITS_EQUAL, mgv_shl_##t(LOAD_A(t), k), shifted_left(a, (uint64_t)k, w))           \
            CHECK_LANES("shr", t, I, BITS_EQUAL, mgv_shr_##t(LOAD_A(t), k), shifted_right(a, (uint64_t)k))             \
        }                                                                                                              \
        BINARY(shlv, t, I, BITS_EQUAL, shifted_left(a, (uint##w##_t)b, w))                                             \
        BINARY(shrv, t, I, BITS_EQUAL, shifted_right(a, (uint##w##_t)b))                                               \
        EACH_VECTOR(t, p) {                                                                                            \
            as_type other[MGV_LANES_##t];                                                                              \
            mgv_store_##as_name(other, mgv_as_##t##_##as_name(LOAD_A(t)));                                             \
            CHECK(memcmp(other, p.a + i, 64) == 0);                                                                    \
        }                                                                                                              \
        mgt_pairs_free_##t(p);                                                                                         \
    }
INT_CHECKS(i8, 8, u8, uint8_t)
INT_CHECKS(i16, 16, u16, uint16_t)
INT_CHECKS(i32, 32, u32, uint32_t)
INT_CHECKS(i64, 64, u64, uint64_t)
INT_CHECKS(u8, 8, i8, int8_t)
INT_CHECKS(u16, 16, i16, int16_t)
INT_CHECKS(u32, 32, i32, int32_t)
INT_CHECKS(u64, 64, i64, int64_t)

/* Logic of masks, with lanes in all four combinations; any and all with none, one and every lane set. */
#define MASK_CHECKS(b)                                                                                                 \
    static void masks_##b(void) {                                                                                      \
        enum { N = MGV_LANES_##b };                                                                                    \
        unsigned char x[N], y[N], and[N], or [N], xor[N], andnot[N], not [N];                                          \
        for (int i = 0; i < N; i++) {                                                                                  \
            x[i] = (unsigned char)(i & 1 ? 1 + i : 0);                                                                 \
            y[i] = (unsigned char)(i & 2 ? 0x80 : 0);                                                                  \
        }                                                                                                              \
        const mgv_##b mx = mgv_loadm_##b(x), my = mgv_loadm_##b(y);                                                    \
        mgv_storem_##b(and, mgv_and_##b(mx, my));                                                                      \
        mgv_storem_##b(or, mgv_or_##b(mx, my));                                                                        \
        mgv_storem_##b(xor, mgv_xor_##b(mx, my));                                                                      \
        mgv_storem_##b(andnot, mgv_andnot_##b(mx, my));                                                                \
        mgv_storem_##b(not, mgv_not_##b(mx));                                                                          \
        for (int i = 0; i < N; i++) {                                                                                  \
            const int s = x[i] != 0, t = y[i] != 0;                                                                    \
            CHECK(and[i] == (s && t) && or [i] == (s || t) && xor[i] == (s != t));                                     \
            CHECK(andnot[i] == (s && !t) && not [i] == !s);                                                            \
        }                                                                                                              \
        memset(x, 0, N);                                                                                               \
        CHECK(!mgv_any_##b(mgv_loadm_##b(x)) && !mgv_all_##b(mgv_loadm_##b(x)));                                       \
        CHECK(mgv_all_##b(mgv_not_##b(mgv_loadm_##b(x))));                                                             \
        for (int i = 0; i < N; i++) {                                                                                  \
            memset(x, 0, N);                                                                                           \
            x[i] = 1;                                                                                                  \
            CHECK(mgv_any_##b(mgv_loadm_##b(x)) && !mgv_all_##b(mgv_loadm_##b(x)));                                    \
            memset(x, 255, N);                                                                                         \
            CHECK(mgv_all_##b(mgv_loadm_##b(x)));                                                                      \
            x[i] = 0;                                                                                                  \
            CHECK(mgv_any_##b(mgv_loadm_##b(x)) && !mgv_all_##b(mgv_loadm_##b(x)));                                    \
        }                                                                                                              \
    }
MGV_FOR_MASKS(MASK_CHECKS)

#define RUN_INTS(t)  ints_##t();
#define RUN_MASKS(b) masks_##b();
void MGK_NAME(mgt_check_ints)(void) {
    MGV_FOR_INTS(RUN_INTS)
    MGV_FOR_MASKS(RUN_MASKS)
}

/* ---- conversions and tables ---- */
static void between_f32_and_i32(void) {
    mgt_pairs_f32 p = mgt_pairs_new_f32();
    mgt_pairs_i32 q = mgt_pairs_new_i32();
    for (size_t i = 0; i < p.count; i += 16) {
        float x[16], back[16];
        int32_t got[16];
        for (size_t j = 0; j < 16; j++) x[j] = fabsf(p.a[i + j]) < 0x1p31f ? p.a[i + j] : -2.5f;
        mgv_store_i32(got, mgv_cvt_f32_i32(mgv_load_f32(x)));
        for (size_t j = 0; j < 16; j++)
            CHECK_MSG(got[j] == (int32_t)round_even(x[j]), "%a -> %d", (double)x[j], got[j]);
        if (i + 16 > q.count) continue;
        mgv_store_f32(back, mgv_cvt_i32_f32(mgv_load_i32(q.a + i)));
        for (size_t j = 0; j < 16; j++) CHECK(same_f32(back[j], (float)(double)q.a[i + j]));
    }
    mgt_pairs_free_f32(p);
    mgt_pairs_free_i32(q);
}

static void between_f64_and_i64(void) {
    mgt_pairs_f64 p = mgt_pairs_new_f64();
    for (size_t i = 0; i < p.count; i += 8) {
        double x[8], back[8];
        int64_t got[8];
        for (size_t j = 0; j < 8; j++) x[j] = fabs(p.a[i + j]) < 0x1p51 ? p.a[i + j] : -0x1.ffffffffffffcp50;
        mgv_store_i64(got, mgv_cvt_f64_i64(mgv_load_f64(x)));
        mgv_store_f64(back, mgv_cvt_i64_f64(mgv_load_i64(got)));
        for (size_t j = 0; j < 8; j++) {
            CHECK_MSG(got[j] == (int64_t)round_even(x[j]), "%a -> %lld", x[j], (long long)got[j]);
            CHECK(same_f64(back[j], (double)got[j]));
        }
    }
    mgt_pairs_free_f64(p);
}

static void between_f32_and_f64(void) {
    mgt_pairs_f32 p = mgt_pairs_new_f32();
    mgt_pairs_f64 q = mgt_pairs_new_f64();
    double wide_out[16];
    float narrow_out[16];
    for (size_t i = 0; i < p.count; i += 16) {
        mgv_store_f64(wide_out, mgv_widen_lo_f64(mgv_load_f32(p.a + i)));
        mgv_store_f64(wide_out + 8, mgv_widen_hi_f64(mgv_load_f32(p.a + i)));
        for (size_t j = 0; j < 16; j++) CHECK(same_f64(wide_out[j], (double)p.a[i + j]));
    }
    for (size_t i = 0; i < q.count; i += 16) {
        mgv_store_f32(narrow_out, mgv_narrow_f32(mgv_load_f64(q.a + i), mgv_load_f64(q.a + i + 8)));
        for (size_t j = 0; j < 16; j++) CHECK(same_f32(narrow_out[j], (float)q.a[i + j]));
    }
    mgt_pairs_free_f32(p);
    mgt_pairs_free_f64(q);
}

static void tables(void) {
    float small[16], big[1000], got[16];
    double small_d[8], big_d[1000], got_d[8];
    int32_t idx[16];
    int64_t idx_d[8];
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < 1000; i++) big[i] = (float)(i * i + 1), big_d[i] = i * i - 0.5;
    memcpy(small, big, sizeof small);
    memcpy(small_d, big_d, sizeof small_d);
    for (int round = 0; round < 1000; round++) {
        for (int j = 0; j < 16; j++) idx[j] = (int32_t)mg_test_int(&rng, 0, 999);
        for (int j = 0; j < 8; j++) idx_d[j] = mg_test_int(&rng, 0, 999);
        mgv_store_f32(got, mgv_gather_f32(big, mgv_load_i32(idx)));
        for (int j = 0; j < 16; j++) CHECK(same_f32(got[j], big[idx[j]]));
        mgv_store_f64(got_d, mgv_gather_f64(big_d, mgv_load_i64(idx_d)));
        for (int j = 0; j < 8; j++) CHECK(same_f64(got_d[j], big_d[idx_d[j]]));
        for (int j = 0; j < 16; j++) idx[j] = (int32_t)mg_test_u64(&rng);
        for (int j = 0; j < 8; j++) idx_d[j] = (int64_t)mg_test_u64(&rng);
        mgv_store_f32(got, mgv_lookup16_f32(mgv_load_f32(small), mgv_load_i32(idx)));
        for (int j = 0; j < 16; j++) CHECK(same_f32(got[j], small[idx[j] & 15]));
        mgv_store_f64(got_d, mgv_lookup8_f64(mgv_load_f64(small_d), mgv_load_i64(idx_d)));
        for (int j = 0; j < 8; j++) CHECK(same_f64(got_d[j], small_d[idx_d[j] & 7]));
    }
}

void MGK_NAME(mgt_check_conversions)(void) {
    between_f32_and_i32();
    between_f64_and_i64();
    between_f32_and_f64();
    tables();
}
