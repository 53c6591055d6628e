/* SPDX-License-Identifier: MIT
 * The vocabulary in plain C: arrays and loops, for any CPU. It defines the bits that the other headers must give;
 * what the functions mean is in simd.h. */
#ifndef MGK_SIMD_SCALAR_H
#define MGK_SIMD_SCALAR_H

#include <math.h>

#include "kernels/simd/element.h"

/* In kernels of hundreds of operations gcc takes these arrays apart into thousands of scalars: 1.2 to 5.5 times as slow
 * (gcc 12, the functions of kernels/vmath), and more than twice as long to compile. In short ones that is what lets a
 * loop vectorise. */
#if defined(MGV_LONG_KERNELS) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-sra")
#endif

#define MGV_TYPE_(t)                                                                                                   \
    typedef struct {                                                                                                   \
        MGV_ELEM_##t a[MGV_LANES_##t];                                                                                 \
    } mgv_##t;
MGV_FOR_ALL(MGV_TYPE_)
#undef MGV_TYPE_

/* Masks hold 0 or 1 in lanes as wide as the data, so that loops over both vectorise. */
typedef struct {
    uint8_t a[64];
} mgv_b8;
typedef struct {
    uint16_t a[32];
} mgv_b16;
typedef struct {
    uint32_t a[16];
} mgv_b32;
typedef struct {
    uint64_t a[8];
} mgv_b64;

/* r.a[i] = expr for every lane i of type t. */
#define MGV_EACH_(t, result, expr)                                                                                     \
    mgv_##result r;                                                                                                    \
    for (int i = 0; i < MGV_LANES_##t; i++) r.a[i] = (expr);                                                           \
    return r
#define MGV_UNARY_(name, t, expr)                                                                                      \
    MGV_FN mgv_##t mgv_##name##_##t(mgv_##t v) { MGV_EACH_(t, t, (MGV_ELEM_##t)(expr)); }
#define MGV_BINARY_(name, t, expr)                                                                                     \
    MGV_FN mgv_##t mgv_##name##_##t(mgv_##t a, mgv_##t b) { MGV_EACH_(t, t, (MGV_ELEM_##t)(expr)); }

/* ---- memory ---- */
#define MGV_MEMORY_(t)                                                                                                 \
    MGV_FN mgv_##t mgv_load_##t(const mgv_at_##t *p) {                                                                 \
        mgv_##t v;                                                                                                     \
        memcpy(v.a, p, 64);                                                                                            \
        return v;                                                                                                      \
    }                                                                                                                  \
    MGV_FN void mgv_store_##t(mgv_at_##t *p, mgv_##t v) { memcpy(p, v.a, 64); }                                        \
    MGV_FN mgv_##t mgv_loadn_##t(const mgv_at_##t *p, size_t n) {                                                      \
        mgv_##t v = {{0}};                                                                                             \
        if (n) memcpy(v.a, p, n * sizeof *p);                                                                          \
        return v;                                                                                                      \
    }                                                                                                                  \
    MGV_FN void mgv_storen_##t(mgv_at_##t *p, mgv_##t v, size_t n) {                                                   \
        if (n) memcpy(p, v.a, n * sizeof *p);                                                                          \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_set1_##t(MGV_ELEM_##t x) { MGV_EACH_(t, t, x); }
MGV_FOR_ALL(MGV_MEMORY_)
#undef MGV_MEMORY_

MGV_FN void mgv_stream_f32(float *p, mgv_f32 v) { mgv_store_f32(p, v); }
MGV_FN void mgv_stream_f64(double *p, mgv_f64 v) { mgv_store_f64(p, v); }
MGV_FN void mgv_fence(void) {} /* these are ordinary stores */
MGV_FN void mgv_prefetch(const void *p) { __builtin_prefetch(p, 0, 2); }

/* ---- masks ---- */
#define MGV_MASKS_(b)                                                                                                  \
    MGV_FN mgv_##b mgv_loadmn_##b(const void *p, size_t n) {                                                           \
        const unsigned char *byte = p;                                                                                 \
        mgv_##b m = {{0}};                                                                                             \
        for (size_t i = 0; i < n; i++) m.a[i] = byte[i] != 0;                                                          \
        return m;                                                                                                      \
    }                                                                                                                  \
    MGV_FN mgv_##b mgv_loadm_##b(const void *p) { return mgv_loadmn_##b(p, MGV_LANES_##b); }                           \
    MGV_FN void mgv_storemn_##b(void *p, mgv_##b m, size_t n) {                                                        \
        unsigned char *byte = p;                                                                                       \
        for (size_t i = 0; i < n; i++) byte[i] = (unsigned char)m.a[i];                                                \
    }                                                                                                                  \
    MGV_FN void mgv_storem_##b(void *p, mgv_##b m) { mgv_storemn_##b(p, m, MGV_LANES_##b); }                           \
    MGV_FN mgv_##b mgv_and_##b(mgv_##b a, mgv_##b b_) { MGV_EACH_(b, b, a.a[i] & b_.a[i]); }                           \
    MGV_FN mgv_##b mgv_or_##b(mgv_##b a, mgv_##b b_) { MGV_EACH_(b, b, a.a[i] | b_.a[i]); }                            \
    MGV_FN mgv_##b mgv_xor_##b(mgv_##b a, mgv_##b b_) { MGV_EACH_(b, b, a.a[i] ^ b_.a[i]); }                           \
    MGV_FN mgv_##b mgv_andnot_##b(mgv_##b a, mgv_##b b_) { MGV_EACH_(b, b, a.a[i] & !b_.a[i]); }                       \
    MGV_FN mgv_##b mgv_not_##b(mgv_##b a) { MGV_EACH_(b, b, !a.a[i]); }                                                \
    MGV_FN bool mgv_any_##b(mgv_##b m) {                                                                               \
        unsigned any = 0;                                                                                              \
        for (int i = 0; i < MGV_LANES_##b; i++) any |= (unsigned)m.a[i];                                               \
        return any != 0;                                                                                               \
    }                                                                                                                  \
    MGV_FN bool mgv_all_##b(mgv_##b m) {                                                                               \
        unsigned all = 1;                                                                                              \
        for (int i = 0; i < MGV_LANES_##b; i++) all &= (unsigned)m.a[i];                                               \
        return all != 0;                                                                                               \
    }
MGV_FOR_MASKS(MGV_MASKS_)
#undef MGV_MASKS_

/* ---- arithmetic ---- */
#define MGV_ARITHMETIC_F_(t)                                                                                           \
    MGV_BINARY_(add, t, a.a[i] + b.a[i])                                                                               \
    MGV_BINARY_(sub, t, a.a[i] - b.a[i])                                                                               \
    MGV_BINARY_(mul, t, a.a[i] * b.a[i])                                                                               \
    MGV_BINARY_(div, t, a.a[i] / b.a[i])
MGV_FOR_FLOATS(MGV_ARITHMETIC_F_)
#undef MGV_ARITHMETIC_F_

/* Unsigned 64-bit arithmetic wraps, and its low bits are those of every narrower type. */
#define MGV_ARITHMETIC_I_(t)                                                                                           \
    MGV_BINARY_(add, t, (uint64_t)a.a[i] + (uint64_t)b.a[i])                                                           \
    MGV_BINARY_(sub, t, (uint64_t)a.a[i] - (uint64_t)b.a[i])                                                           \
    MGV_BINARY_(mul, t, (uint64_t)a.a[i] * (uint64_t)b.a[i])                                                           \
    MGV_UNARY_(neg, t, 0 - (uint64_t)v.a[i])                                                                           \
    MGV_BINARY_(max, t, a.a[i] > b.a[i] ? a.a[i] : b.a[i])                                                             \
    MGV_BINARY_(min, t, a.a[i] < b.a[i] ? a.a[i] : b.a[i])
MGV_FOR_INTS(MGV_ARITHMETIC_I_)
#undef MGV_ARITHMETIC_I_
#define MGV_ABS_S_(t) MGV_UNARY_(abs, t, v.a[i] < 0 ? 0 - (uint64_t)v.a[i] : (uint64_t)v.a[i])
#define MGV_ABS_U_(t) MGV_UNARY_(abs, t, v.a[i])
MGV_FOR_SIGNED(MGV_ABS_S_)
MGV_FOR_UNSIGNED(MGV_ABS_U_)
#undef MGV_ABS_S_
#undef MGV_ABS_U_

/* w: width; sfx: suffix of the libm functions; sign: the sign bit. */
#define MGV_FLOAT_(t, w, sfx, sign)                                                                                    \
    MGV_FN MGV_ELEM_##t mgv_max1_##t(MGV_ELEM_##t a, MGV_ELEM_##t b) {                                                 \
        if (a > b || a != a) return a;                                                                                 \
        if (a == b) return mgv_##t##_of_bits(mgv_##t##_bits(a) & mgv_##t##_bits(b)); /* +0 over -0 */                  \
        return b;                                                                                                      \
    }                                                                                                                  \
    MGV_FN MGV_ELEM_##t mgv_min1_##t(MGV_ELEM_##t a, MGV_ELEM_##t b) {                                                 \
        if (a < b || a != a) return a;                                                                                 \
        if (a == b) return mgv_##t##_of_bits(mgv_##t##_bits(a) | mgv_##t##_bits(b)); /* -0 over +0 */                  \
        return b;                                                                                                      \
    }                                                                                                                  \
    MGV_BINARY_(max, t, mgv_max1_##t(a.a[i], b.a[i]))                                                                  \
    MGV_BINARY_(min, t, mgv_min1_##t(a.a[i], b.a[i]))                                                                  \
    MGV_UNARY_(neg, t, mgv_##t##_of_bits(mgv_##t##_bits(v.a[i]) ^ (sign)))                                             \
    MGV_UNARY_(abs, t, mgv_##t##_of_bits(mgv_##t##_bits(v.a[i]) & ~(sign)))                                            \
    MGV_UNARY_(sqrt, t, sqrt##sfx(v.a[i]))                                                                             \
    MGV_UNARY_(rint, t, rint##sfx(v.a[i]))                                                                             \
    MGV_UNARY_(floor, t, floor##sfx(v.a[i]))                                                                           \
    MGV_UNARY_(ceil, t, ceil##sfx(v.a[i]))                                                                             \
    MGV_UNARY_(trunc, t, trunc##sfx(v.a[i]))                                                                           \
    MGV_FN mgv_##t mgv_fma_##t(mgv_##t a, mgv_##t b, mgv_##t c) { MGV_EACH_(t, t, fma##sfx(a.a[i], b.a[i], c.a[i])); } \
    MGV_FN mgv_##t mgv_fnma_##t(mgv_##t a, mgv_##t b, mgv_##t c) {                                                     \
        MGV_EACH_(t, t, fma##sfx(-a.a[i], b.a[i], c.a[i]));                                                            \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_copysign_##t(mgv_##t mag, mgv_##t sgn) {                                                        \
        MGV_EACH_(t, t,                                                                                                \
                  mgv_##t##_of_bits((mgv_##t##_bits(mag.a[i]) & ~(sign)) | (mgv_##t##_bits(sgn.a[i]) & (sign))));      \
    }                                                                                                                  \
    MGV_FN mgv_b##w mgv_isnan_##t(mgv_##t v) { MGV_EACH_(t, b##w, v.a[i] != v.a[i]); }                                 \
    MGV_FN mgv_b##w mgv_signbit_##t(mgv_##t v) {                                                                       \
        MGV_EACH_(t, b##w, (mgv_##t##_bits(v.a[i]) >> (w - 1)) & (v.a[i] == v.a[i]));                                  \
    }                                                                                                                  \
    MGV_FN mgv_i##w mgv_bits_##t(mgv_##t v) { MGV_EACH_(t, i##w, (int##w##_t)mgv_##t##_bits(v.a[i])); }                \
    MGV_FN mgv_##t mgv_frombits_##t(mgv_i##w v) { MGV_EACH_(t, t, mgv_##t##_of_bits((uint##w##_t)v.a[i])); }
MGV_FLOAT_(f32, 32, f, UINT32_C(0x80000000))
MGV_FLOAT_(f64, 64, , UINT64_C(0x8000000000000000))
#undef MGV_FLOAT_

/* ---- compare and select ---- */
#define MGV_COMPARE1_(name, t, op)                                                                                     \
    MGV_FN MGV_MASK_##t mgv_##name##_##t(mgv_##t a, mgv_##t b) {                                                       \
        MGV_MASK_##t r;                                                                                                \
        for (int i = 0; i < MGV_LANES_##t; i++) r.a[i] = a.a[i] op b.a[i];                                             \
        return r;                                                                                                      \
    }
#define MGV_COMPARE_(t)                                                                                                \
    MGV_COMPARE1_(eq, t, ==)                                                                                           \
    MGV_COMPARE1_(ne, t, !=)                                                                                           \
    MGV_COMPARE1_(lt, t, <)                                                                                            \
    MGV_COMPARE1_(le, t, <=)                                                                                           \
    MGV_COMPARE1_(gt, t, >)                                                                                            \
    MGV_COMPARE1_(ge, t, >=)                                                                                           \
    MGV_FN mgv_##t mgv_select_##t(MGV_MASK_##t m, mgv_##t a, mgv_##t b) { MGV_EACH_(t, t, m.a[i] ? a.a[i] : b.a[i]); }
MGV_FOR_ALL(MGV_COMPARE_)
#undef MGV_COMPARE_
#undef MGV_COMPARE1_

/* ---- bits ---- */
/* Shifts are done in 64 bits; a count past the width is brought to 63 (signed) or answered with 0. */
#define MGV_BITS_(t)                                                                                                   \
    MGV_BINARY_(and, t, a.a[i] & b.a[i])                                                                               \
    MGV_BINARY_(or, t, a.a[i] | b.a[i])                                                                                \
    MGV_BINARY_(xor, t, a.a[i] ^ b.a[i])                                                                               \
    MGV_BINARY_(andnot, t, a.a[i] & ~b.a[i])                                                                           \
    MGV_UNARY_(not, t, ~v.a[i])                                                                                        \
    MGV_FN mgv_##t mgv_shl_##t(mgv_##t v, int k) { MGV_EACH_(t, t, (MGV_ELEM_##t)((uint64_t)v.a[i] << k)); }           \
    MGV_FN mgv_##t mgv_shr_##t(mgv_##t v, int k) { MGV_EACH_(t, t, (MGV_ELEM_##t)(v.a[i] >> k)); }
MGV_FOR_INTS(MGV_BITS_)
#undef MGV_BITS_
#define MGV_SHIFT_S_(t, w)                                                                                             \
    MGV_BINARY_(shlv, t, (uint##w##_t)b.a[i] < w ? (uint64_t)a.a[i] << (uint##w##_t)b.a[i] : 0)                        \
    MGV_BINARY_(shrv, t, a.a[i] >> ((uint##w##_t)b.a[i] < w ? (uint##w##_t)b.a[i] : w - 1))
#define MGV_SHIFT_U_(t, w)                                                                                             \
    MGV_BINARY_(shlv, t, b.a[i] < w ? (uint64_t)a.a[i] << b.a[i] : 0)                                                  \
    MGV_BINARY_(shrv, t, b.a[i] < w ? a.a[i] >> b.a[i] : 0)
MGV_SHIFT_S_(i8, 8)
MGV_SHIFT_S_(i16, 16)
MGV_SHIFT_S_(i32, 32)
MGV_SHIFT_S_(i64, 64)
MGV_SHIFT_U_(u8, 8)
MGV_SHIFT_U_(u16, 16)
MGV_SHIFT_U_(u32, 32)
MGV_SHIFT_U_(u64, 64)
#undef MGV_SHIFT_S_
#undef MGV_SHIFT_U_
#define MGV_AS_(w)                                                                                                     \
    MGV_FN mgv_i##w mgv_as_u##w##_i##w(mgv_u##w v) { MGV_EACH_(i##w, i##w, (int##w##_t)v.a[i]); }                      \
    MGV_FN mgv_u##w mgv_as_i##w##_u##w(mgv_i##w v) { MGV_EACH_(u##w, u##w, (uint##w##_t)v.a[i]); }
MGV_AS_(8)
MGV_AS_(16)
MGV_AS_(32)
MGV_AS_(64)
#undef MGV_AS_

/* ---- convert ---- */
MGV_FN mgv_f32 mgv_cvt_i32_f32(mgv_i32 v) { MGV_EACH_(f32, f32, (float)v.a[i]); }
MGV_FN mgv_i32 mgv_cvt_f32_i32(mgv_f32 v) { MGV_EACH_(f32, i32, (int32_t)lrintf(v.a[i])); }
MGV_FN mgv_f64 mgv_cvt_i64_f64(mgv_i64 v) { MGV_EACH_(f64, f64, (double)v.a[i]); }
MGV_FN mgv_i64 mgv_cvt_f64_i64(mgv_f64 v) { MGV_EACH_(f64, i64, llrint(v.a[i])); }
MGV_FN mgv_f64 mgv_widen_lo_f64(mgv_f32 v) { MGV_EACH_(f64, f64, (double)v.a[i]); }
MGV_FN mgv_f64 mgv_widen_hi_f64(mgv_f32 v) { MGV_EACH_(f64, f64, (double)v.a[i + 8]); }
MGV_FN mgv_f32 mgv_narrow_f32(mgv_f64 lo, mgv_f64 hi) {
    mgv_f32 r;
    for (int i = 0; i < 8; i++) {
        r.a[i] = (float)lo.a[i];
        r.a[i + 8] = (float)hi.a[i];
    }
    return r;
}
#define MGV_HALF_(h)                                                                                                   \
    MGV_FN mgv_f32 mgv_loadn_##h##_f32(const mgv_at_u16 *p, size_t n) {                                                \
        mgv_f32 v = {{0}};                                                                                             \
        uint16_t lanes[16];                                                                                            \
        if (n) memcpy(lanes, p, n * sizeof *p);                                                                        \
        for (size_t i = 0; i < n; i++) v.a[i] = mgv_##h##_to_f32(lanes[i]);                                            \
        return v;                                                                                                      \
    }                                                                                                                  \
    MGV_FN void mgv_storen_##h##_f32(mgv_at_u16 *p, mgv_f32 v, size_t n) {                                             \
        uint16_t lanes[16];                                                                                            \
        for (size_t i = 0; i < n; i++) lanes[i] = mgv_f32_to_##h(v.a[i]);                                              \
        if (n) memcpy(p, lanes, n * sizeof *p);                                                                        \
    }
MGV_HALF_(f16)
MGV_HALF_(bf16)
#undef MGV_HALF_

/* ---- tables ---- */
MGV_FN mgv_f32 mgv_gather_f32(const float *base, mgv_i32 idx) { MGV_EACH_(f32, f32, base[idx.a[i]]); }
MGV_FN mgv_f64 mgv_gather_f64(const double *base, mgv_i64 idx) { MGV_EACH_(f64, f64, base[idx.a[i]]); }
MGV_FN mgv_f32 mgv_lookup16_f32(mgv_f32 table, mgv_i32 idx) { MGV_EACH_(f32, f32, table.a[idx.a[i] & 15]); }
MGV_FN mgv_f64 mgv_lookup8_f64(mgv_f64 table, mgv_i64 idx) { MGV_EACH_(f64, f64, table.a[idx.a[i] & 7]); }

#undef MGV_EACH_
#undef MGV_UNARY_
#undef MGV_BINARY_

#include "kernels/simd/divide.h"

#endif
