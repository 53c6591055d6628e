/* SPDX-License-Identifier: MIT
 * The vocabulary on NEON of Armv8.0 (AArch64): a vector is four registers, a mask a vector of 0 and -1 lanes.
 * What the functions mean is in simd.h. */
#ifndef MGK_SIMD_NEON_H
#define MGK_SIMD_NEON_H

#if !defined(__aarch64__) || !defined(__ARM_NEON) || !defined(__ARM_FEATURE_FMA)
#error "neon.h needs an AArch64 compiler with NEON (-march=armv8-a)"
#endif

#include <arm_neon.h>

#include "kernels/simd/element.h"

/* t: our name of a type; s: the intrinsics' suffix; reg: one register of it. */
#define MGV_TYPE_(t, reg)                                                                                              \
    typedef struct mgv_##t {                                                                                           \
        reg v[4];                                                                                                      \
    } mgv_##t;
MGV_TYPE_(f32, float32x4_t)
MGV_TYPE_(f64, float64x2_t)
MGV_TYPE_(i8, int8x16_t)
MGV_TYPE_(i16, int16x8_t)
MGV_TYPE_(i32, int32x4_t)
MGV_TYPE_(i64, int64x2_t)
MGV_TYPE_(u8, uint8x16_t)
MGV_TYPE_(u16, uint16x8_t)
MGV_TYPE_(u32, uint32x4_t)
MGV_TYPE_(u64, uint64x2_t)
#undef MGV_TYPE_
typedef mgv_u8 mgv_b8;
typedef mgv_u16 mgv_b16;
typedef mgv_u32 mgv_b32;
typedef mgv_u64 mgv_b64;

/* One intrinsic for each of the four registers. */
#define MGV_UNARY_(name, t, result, op)                                                                                \
    MGV_FN mgv_##result mgv_##name##_##t(mgv_##t a) {                                                                  \
        return (mgv_##result){{op(a.v[0]), op(a.v[1]), op(a.v[2]), op(a.v[3])}};                                       \
    }
#define MGV_BINARY_(name, t, result, op)                                                                               \
    MGV_FN mgv_##result mgv_##name##_##t(mgv_##t a, mgv_##t b) {                                                       \
        return (mgv_##result){{op(a.v[0], b.v[0]), op(a.v[1], b.v[1]), op(a.v[2], b.v[2]), op(a.v[3], b.v[3])}};       \
    }
#define MGV_TERNARY_(name, t, op)                                                                                      \
    MGV_FN mgv_##t mgv_##name##_##t(mgv_##t a, mgv_##t b, mgv_##t c) {                                                 \
        return (mgv_##t){{op(a.v[0], b.v[0], c.v[0]), op(a.v[1], b.v[1], c.v[1]), op(a.v[2], b.v[2], c.v[2]),          \
                          op(a.v[3], b.v[3], c.v[3])}};                                                                \
    }

/* ---- memory ---- */
#define MGV_MEMORY_(t, s)                                                                                              \
    MGV_FN mgv_##t mgv_load_##t(const mgv_at_##t *p) {                                                                 \
        enum { STEP = MGV_LANES_##t / 4 };                                                                             \
        return (mgv_##t){{vld1q_##s(p), vld1q_##s(p + STEP), vld1q_##s(p + 2 * STEP), vld1q_##s(p + 3 * STEP)}};       \
    }                                                                                                                  \
    MGV_FN void mgv_store_##t(mgv_at_##t *p, mgv_##t a) {                                                              \
        enum { STEP = MGV_LANES_##t / 4 };                                                                             \
        vst1q_##s(p, a.v[0]);                                                                                          \
        vst1q_##s(p + STEP, a.v[1]);                                                                                   \
        vst1q_##s(p + 2 * STEP, a.v[2]);                                                                               \
        vst1q_##s(p + 3 * STEP, a.v[3]);                                                                               \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_loadn_##t(const mgv_at_##t *p, size_t n) {                                                      \
        MGV_ELEM_##t lanes[MGV_LANES_##t] = {0};                                                                       \
        if (n) memcpy(lanes, p, n * sizeof *p);                                                                        \
        return mgv_load_##t(lanes);                                                                                    \
    }                                                                                                                  \
    MGV_FN void mgv_storen_##t(mgv_at_##t *p, mgv_##t a, size_t n) {                                                   \
        MGV_ELEM_##t lanes[MGV_LANES_##t];                                                                             \
        mgv_store_##t(lanes, a);                                                                                       \
        if (n) memcpy(p, lanes, n * sizeof *p);                                                                        \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_set1_##t(MGV_ELEM_##t x) {                                                                      \
        return (mgv_##t){{vdupq_n_##s(x), vdupq_n_##s(x), vdupq_n_##s(x), vdupq_n_##s(x)}};                            \
    }
MGV_MEMORY_(f32, f32)
MGV_MEMORY_(f64, f64)
MGV_MEMORY_(i8, s8)
MGV_MEMORY_(i16, s16)
MGV_MEMORY_(i32, s32)
MGV_MEMORY_(i64, s64)
MGV_MEMORY_(u8, u8)
MGV_MEMORY_(u16, u16)
MGV_MEMORY_(u32, u32)
MGV_MEMORY_(u64, u64)
#undef MGV_MEMORY_

/* Stores past the caches have no intrinsic here; plain ones keep the meaning. */
MGV_FN void mgv_stream_f32(float *p, mgv_f32 a) { mgv_store_f32(p, a); }
MGV_FN void mgv_stream_f64(double *p, mgv_f64 a) { mgv_store_f64(p, a); }
MGV_FN void mgv_fence(void) {}
MGV_FN void mgv_prefetch(const void *p) { __builtin_prefetch(p, 0, 2); }

/* ---- masks ---- */
/* Bytes in memory become lanes by sign extension of the 0 / -1 that a test gives; lanes become bytes by narrowing. */
MGV_FN mgv_b8 mgv_loadm_b8(const void *p) {
    const mgv_u8 a = mgv_load_u8(p);
    return (mgv_b8){
        {vtstq_u8(a.v[0], a.v[0]), vtstq_u8(a.v[1], a.v[1]), vtstq_u8(a.v[2], a.v[2]), vtstq_u8(a.v[3], a.v[3])}};
}
MGV_FN int16x8_t mgv_low_(uint8x16_t a) { return vmovl_s8(vreinterpret_s8_u8(vget_low_u8(a))); }
MGV_FN int16x8_t mgv_high_(uint8x16_t a) { return vmovl_s8(vreinterpret_s8_u8(vget_high_u8(a))); }
MGV_FN mgv_b16 mgv_loadm_b16(const void *p) {
    const uint8_t *byte = p;
    const uint8x16_t x = vld1q_u8(byte), y = vld1q_u8(byte + 16), m = vtstq_u8(x, x), n = vtstq_u8(y, y);
    return (mgv_b16){{vreinterpretq_u16_s16(mgv_low_(m)), vreinterpretq_u16_s16(mgv_high_(m)),
                      vreinterpretq_u16_s16(mgv_low_(n)), vreinterpretq_u16_s16(mgv_high_(n))}};
}
#define MGV_WIDER32_(half, m) vreinterpretq_u32_s32(vmovl_s16(vget_##half##_s16(m)))
MGV_FN mgv_b32 mgv_loadm_b32(const void *p) {
    const uint8x16_t x = vld1q_u8(p), m = vtstq_u8(x, x);
    const int16x8_t lo = mgv_low_(m), hi = mgv_high_(m);
    return (mgv_b32){{MGV_WIDER32_(low, lo), MGV_WIDER32_(high, lo), MGV_WIDER32_(low, hi), MGV_WIDER32_(high, hi)}};
}
#undef MGV_WIDER32_
#define MGV_WIDER64_(half, m) vreinterpretq_u64_s64(vmovl_s32(vget_##half##_s32(m)))
MGV_FN mgv_b64 mgv_loadm_b64(const void *p) {
    const uint8x8_t x = vld1_u8(p);
    const int16x8_t m = vmovl_s8(vreinterpret_s8_u8(vtst_u8(x, x)));
    const int32x4_t lo = vmovl_s16(vget_low_s16(m)), hi = vmovl_s16(vget_high_s16(m));
    return (mgv_b64){{MGV_WIDER64_(low, lo), MGV_WIDER64_(high, lo), MGV_WIDER64_(low, hi), MGV_WIDER64_(high, hi)}};
}
#undef MGV_WIDER64_
MGV_FN uint8x16_t mgv_bytes16_(uint16x8_t lo, uint16x8_t hi) {
    return vandq_u8(vcombine_u8(vmovn_u16(lo), vmovn_u16(hi)), vdupq_n_u8(1));
}
MGV_FN uint16x8_t mgv_words_(uint32x4_t lo, uint32x4_t hi) { return vcombine_u16(vmovn_u32(lo), vmovn_u32(hi)); }
MGV_FN void mgv_storem_b8(void *p, mgv_b8 m) {
    uint8_t *byte = p;
    for (int i = 0; i < 4; i++) vst1q_u8(byte + 16 * i, vandq_u8(m.v[i], vdupq_n_u8(1)));
}
MGV_FN void mgv_storem_b16(void *p, mgv_b16 m) {
    uint8_t *byte = p;
    vst1q_u8(byte, mgv_bytes16_(m.v[0], m.v[1]));
    vst1q_u8(byte + 16, mgv_bytes16_(m.v[2], m.v[3]));
}
MGV_FN void mgv_storem_b32(void *p, mgv_b32 m) {
    vst1q_u8(p, mgv_bytes16_(mgv_words_(m.v[0], m.v[1]), mgv_words_(m.v[2], m.v[3])));
}
MGV_FN void mgv_storem_b64(void *p, mgv_b64 m) {
    const uint32x4_t lo = vcombine_u32(vmovn_u64(m.v[0]), vmovn_u64(m.v[1]));
    const uint32x4_t hi = vcombine_u32(vmovn_u64(m.v[2]), vmovn_u64(m.v[3]));
    vst1_u8(p, vand_u8(vmovn_u16(mgv_words_(lo, hi)), vdup_n_u8(1)));
}
#define MGV_SAME_(x) (x)
#define MGV_MASKS_(b, s, as32)                                                                                         \
    MGV_FN mgv_##b mgv_loadmn_##b(const void *p, size_t n) {                                                           \
        unsigned char byte[MGV_LANES_##b] = {0};                                                                       \
        if (n) memcpy(byte, p, n);                                                                                     \
        return mgv_loadm_##b(byte);                                                                                    \
    }                                                                                                                  \
    MGV_FN void mgv_storemn_##b(void *p, mgv_##b m, size_t n) {                                                        \
        unsigned char byte[MGV_LANES_##b];                                                                             \
        mgv_storem_##b(byte, m);                                                                                       \
        if (n) memcpy(p, byte, n);                                                                                     \
    }                                                                                                                  \
    MGV_BINARY_(and, b, b, vandq_##s)                                                                                  \
    MGV_BINARY_(or, b, b, vorrq_##s)                                                                                   \
    MGV_BINARY_(xor, b, b, veorq_##s)                                                                                  \
    MGV_BINARY_(andnot, b, b, vbicq_##s)                                                                               \
    MGV_FN mgv_##b mgv_not_##b(mgv_##b m) {                                                                            \
        const __typeof__(m.v[0]) ones = vceqq_##s(m.v[0], m.v[0]);                                                     \
        return (mgv_##b){                                                                                              \
            {veorq_##s(m.v[0], ones), veorq_##s(m.v[1], ones), veorq_##s(m.v[2], ones), veorq_##s(m.v[3], ones)}};     \
    }                                                                                                                  \
    MGV_FN bool mgv_any_##b(mgv_##b m) {                                                                               \
        return vmaxvq_u32(as32(vorrq_##s(vorrq_##s(m.v[0], m.v[1]), vorrq_##s(m.v[2], m.v[3])))) != 0;                 \
    }                                                                                                                  \
    MGV_FN bool mgv_all_##b(mgv_##b m) {                                                                               \
        return vminvq_u32(as32(vandq_##s(vandq_##s(m.v[0], m.v[1]), vandq_##s(m.v[2], m.v[3])))) == UINT32_MAX;        \
    }
MGV_MASKS_(b8, u8, vreinterpretq_u32_u8)
MGV_MASKS_(b16, u16, vreinterpretq_u32_u16)
MGV_MASKS_(b32, u32, MGV_SAME_)
MGV_MASKS_(b64, u64, vreinterpretq_u32_u64)
#undef MGV_MASKS_

/* ---- arithmetic, compare, select ---- */
#define MGV_COMPARE_(t, w, s)                                                                                          \
    MGV_BINARY_(eq, t, b##w, vceqq_##s)                                                                                \
    MGV_FN mgv_b##w mgv_ne_##t(mgv_##t a, mgv_##t b) { return mgv_not_b##w(mgv_eq_##t(a, b)); }                        \
    MGV_BINARY_(lt, t, b##w, vcltq_##s)                                                                                \
    MGV_BINARY_(le, t, b##w, vcleq_##s)                                                                                \
    MGV_BINARY_(gt, t, b##w, vcgtq_##s)                                                                                \
    MGV_BINARY_(ge, t, b##w, vcgeq_##s)                                                                                \
    MGV_FN mgv_##t mgv_select_##t(mgv_b##w m, mgv_##t a, mgv_##t b) {                                                  \
        return (mgv_##t){{vbslq_##s(m.v[0], a.v[0], b.v[0]), vbslq_##s(m.v[1], a.v[1], b.v[1]),                        \
                          vbslq_##s(m.v[2], a.v[2], b.v[2]), vbslq_##s(m.v[3], a.v[3], b.v[3])}};                      \
    }
/* fmax and fmin of this architecture let NaN win and order -0 below +0, as simd.h asks. */
#define MGV_FMA_f32_(a, b, c)     vfmaq_f32(c, a, b)
#define MGV_FMA_f64_(a, b, c)     vfmaq_f64(c, a, b)
#define MGV_FNMA_f32_(a, b, c)    vfmsq_f32(c, a, b)
#define MGV_FNMA_f64_(a, b, c)    vfmsq_f64(c, a, b)
#define MGV_COPYSIGN_f32_(mag, s) vbslq_f32(vdupq_n_u32(0x80000000u), s, mag)
#define MGV_COPYSIGN_f64_(mag, s) vbslq_f64(vdupq_n_u64(0x8000000000000000u), s, mag)
#define MGV_FLOAT_(t, w)                                                                                               \
    MGV_BINARY_(add, t, t, vaddq_##t)                                                                                  \
    MGV_BINARY_(sub, t, t, vsubq_##t)                                                                                  \
    MGV_BINARY_(mul, t, t, vmulq_##t)                                                                                  \
    MGV_BINARY_(div, t, t, vdivq_##t)                                                                                  \
    MGV_BINARY_(max, t, t, vmaxq_##t)                                                                                  \
    MGV_BINARY_(min, t, t, vminq_##t)                                                                                  \
    MGV_UNARY_(neg, t, t, vnegq_##t)                                                                                   \
    MGV_UNARY_(abs, t, t, vabsq_##t)                                                                                   \
    MGV_UNARY_(sqrt, t, t, vsqrtq_##t)                                                                                 \
    MGV_UNARY_(rint, t, t, vrndnq_##t)                                                                                 \
    MGV_UNARY_(floor, t, t, vrndmq_##t)                                                                                \
    MGV_UNARY_(ceil, t, t, vrndpq_##t)                                                                                 \
    MGV_UNARY_(trunc, t, t, vrndq_##t)                                                                                 \
    MGV_TERNARY_(fma, t, MGV_FMA_##t##_)                                                                               \
    MGV_TERNARY_(fnma, t, MGV_FNMA_##t##_)                                                                             \
    MGV_BINARY_(copysign, t, t, MGV_COPYSIGN_##t##_)                                                                   \
    MGV_COMPARE_(t, w, t)                                                                                              \
    MGV_UNARY_(bits, t, i##w, vreinterpretq_s##w##_##t)                                                                \
    MGV_FN mgv_##t mgv_frombits_##t(mgv_i##w a) {                                                                      \
        return (mgv_##t){{vreinterpretq_##t##_s##w(a.v[0]), vreinterpretq_##t##_s##w(a.v[1]),                          \
                          vreinterpretq_##t##_s##w(a.v[2]), vreinterpretq_##t##_s##w(a.v[3])}};                        \
    }                                                                                                                  \
    MGV_FN mgv_b##w mgv_isnan_##t(mgv_##t a) { return mgv_ne_##t(a, a); }
MGV_FLOAT_(f32, 32)
MGV_FLOAT_(f64, 64)
#undef MGV_FLOAT_

/* Without an instruction for it: 64-bit products, maxima and minima. */
MGV_FN uint64x2_t mgv_mul_u64_(uint64x2_t a, uint64x2_t b) {
    return vcombine_u64(vcreate_u64(vgetq_lane_u64(a, 0) * vgetq_lane_u64(b, 0)),
                        vcreate_u64(vgetq_lane_u64(a, 1) * vgetq_lane_u64(b, 1)));
}
MGV_FN int64x2_t mgv_mul_s64_(int64x2_t a, int64x2_t b) {
    return vreinterpretq_s64_u64(mgv_mul_u64_(vreinterpretq_u64_s64(a), vreinterpretq_u64_s64(b)));
}
MGV_FN uint64x2_t mgv_max_u64_(uint64x2_t a, uint64x2_t b) { return vbslq_u64(vcgtq_u64(a, b), a, b); }
MGV_FN uint64x2_t mgv_min_u64_(uint64x2_t a, uint64x2_t b) { return vbslq_u64(vcgtq_u64(a, b), b, a); }
MGV_FN int64x2_t mgv_max_s64_(int64x2_t a, int64x2_t b) { return vbslq_s64(vcgtq_s64(a, b), a, b); }
MGV_FN int64x2_t mgv_min_s64_(int64x2_t a, int64x2_t b) { return vbslq_s64(vcgtq_s64(a, b), b, a); }
#define MGV_PLAIN_(s)                                                                                                  \
    MGV_FN __typeof__(vdupq_n_##s(0)) mgv_mul_##s##_(__typeof__(vdupq_n_##s(0)) a, __typeof__(a) b) {                  \
        return vmulq_##s(a, b);                                                                                        \
    }                                                                                                                  \
    MGV_FN __typeof__(vdupq_n_##s(0)) mgv_max_##s##_(__typeof__(vdupq_n_##s(0)) a, __typeof__(a) b) {                  \
        return vmaxq_##s(a, b);                                                                                        \
    }                                                                                                                  \
    MGV_FN __typeof__(vdupq_n_##s(0)) mgv_min_##s##_(__typeof__(vdupq_n_##s(0)) a, __typeof__(a) b) {                  \
        return vminq_##s(a, b);                                                                                        \
    }
MGV_PLAIN_(s8)
MGV_PLAIN_(s16)
MGV_PLAIN_(s32)
MGV_PLAIN_(u8)
MGV_PLAIN_(u16)
MGV_PLAIN_(u32)
#undef MGV_PLAIN_

#define MGV_INT_(t, w, s, abs_)                                                                                        \
    MGV_BINARY_(add, t, t, vaddq_##s)                                                                                  \
    MGV_BINARY_(sub, t, t, vsubq_##s)                                                                                  \
    MGV_BINARY_(mul, t, t, mgv_mul_##s##_)                                                                             \
    MGV_FN mgv_##t mgv_neg_##t(mgv_##t a) { return mgv_sub_##t(mgv_set1_##t(0), a); }                                  \
    MGV_UNARY_(abs, t, t, abs_)                                                                                        \
    MGV_BINARY_(max, t, t, mgv_max_##s##_)                                                                             \
    MGV_BINARY_(min, t, t, mgv_min_##s##_)                                                                             \
    MGV_COMPARE_(t, w, s)
#define MGV_WIDTH_(w)                                                                                                  \
    MGV_INT_(i##w, w, s##w, vabsq_s##w)                                                                                \
    MGV_INT_(u##w, w, u##w, MGV_SAME_)
MGV_WIDTH_(8)
MGV_WIDTH_(16)
MGV_WIDTH_(32)
MGV_WIDTH_(64)
#undef MGV_WIDTH_
#undef MGV_INT_
#undef MGV_COMPARE_

#define MGV_SIGNBIT_(t, w)                                                                                             \
    MGV_FN mgv_b##w mgv_signbit_##t(mgv_##t a) {                                                                       \
        return mgv_and_b##w(mgv_lt_i##w(mgv_bits_##t(a), mgv_set1_i##w(0)), mgv_eq_##t(a, a));                         \
    }
MGV_SIGNBIT_(f32, 32)
MGV_SIGNBIT_(f64, 64)
#undef MGV_SIGNBIT_

/* ---- bits ---- */
/* One instruction shifts left by a signed count per lane, right where it is negative; by the width it clears, or leaves
 * the sign. Counts past the width are brought down to it. */
#define MGV_AS_(w)                                                                                                     \
    MGV_FN mgv_i##w mgv_as_u##w##_i##w(mgv_u##w a) {                                                                   \
        return (mgv_i##w){{vreinterpretq_s##w##_u##w(a.v[0]), vreinterpretq_s##w##_u##w(a.v[1]),                       \
                           vreinterpretq_s##w##_u##w(a.v[2]), vreinterpretq_s##w##_u##w(a.v[3])}};                     \
    }                                                                                                                  \
    MGV_FN mgv_u##w mgv_as_i##w##_u##w(mgv_i##w a) {                                                                   \
        return (mgv_u##w){{vreinterpretq_u##w##_s##w(a.v[0]), vreinterpretq_u##w##_s##w(a.v[1]),                       \
                           vreinterpretq_u##w##_s##w(a.v[2]), vreinterpretq_u##w##_s##w(a.v[3])}};                     \
    }
MGV_AS_(8)
MGV_AS_(16)
MGV_AS_(32)
MGV_AS_(64)
#undef MGV_AS_
#define MGV_BITS_(t, w, s, unsigned_count)                                                                             \
    MGV_BINARY_(and, t, t, vandq_##s)                                                                                  \
    MGV_BINARY_(or, t, t, vorrq_##s)                                                                                   \
    MGV_BINARY_(xor, t, t, veorq_##s)                                                                                  \
    MGV_BINARY_(andnot, t, t, vbicq_##s)                                                                               \
    MGV_FN mgv_##t mgv_not_##t(mgv_##t a) { return mgv_xor_##t(a, mgv_set1_##t((MGV_ELEM_##t) - 1)); }                 \
    MGV_FN mgv_##t mgv_shift_##t##_(mgv_##t a, mgv_i##w k) {                                                           \
        return (mgv_##t){{vshlq_##s(a.v[0], k.v[0]), vshlq_##s(a.v[1], k.v[1]), vshlq_##s(a.v[2], k.v[2]),             \
                          vshlq_##s(a.v[3], k.v[3])}};                                                                 \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_shl_##t(mgv_##t a, int k) { return mgv_shift_##t##_(a, mgv_set1_i##w((int##w##_t)k)); }         \
    MGV_FN mgv_##t mgv_shr_##t(mgv_##t a, int k) { return mgv_shift_##t##_(a, mgv_set1_i##w((int##w##_t) - k)); }      \
    MGV_FN mgv_i##w mgv_count_##t##_(mgv_##t k) {                                                                      \
        return mgv_as_u##w##_i##w(mgv_min_u##w(unsigned_count(k), mgv_set1_u##w(w)));                                  \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_shlv_##t(mgv_##t a, mgv_##t k) { return mgv_shift_##t##_(a, mgv_count_##t##_(k)); }             \
    MGV_FN mgv_##t mgv_shrv_##t(mgv_##t a, mgv_##t k) { return mgv_shift_##t##_(a, mgv_neg_i##w(mgv_count_##t##_(k))); }
MGV_BITS_(i8, 8, s8, mgv_as_i8_u8)
MGV_BITS_(i16, 16, s16, mgv_as_i16_u16)
MGV_BITS_(i32, 32, s32, mgv_as_i32_u32)
MGV_BITS_(i64, 64, s64, mgv_as_i64_u64)
MGV_BITS_(u8, 8, u8, MGV_SAME_)
MGV_BITS_(u16, 16, u16, MGV_SAME_)
MGV_BITS_(u32, 32, u32, MGV_SAME_)
MGV_BITS_(u64, 64, u64, MGV_SAME_)
#undef MGV_BITS_

/* ---- convert ---- */
MGV_FN mgv_f32 mgv_cvt_i32_f32(mgv_i32 a) {
    return (mgv_f32){{vcvtq_f32_s32(a.v[0]), vcvtq_f32_s32(a.v[1]), vcvtq_f32_s32(a.v[2]), vcvtq_f32_s32(a.v[3])}};
}
MGV_FN mgv_i32 mgv_cvt_f32_i32(mgv_f32 a) {
    return (mgv_i32){{vcvtnq_s32_f32(a.v[0]), vcvtnq_s32_f32(a.v[1]), vcvtnq_s32_f32(a.v[2]), vcvtnq_s32_f32(a.v[3])}};
}
MGV_FN mgv_f64 mgv_cvt_i64_f64(mgv_i64 a) {
    return (mgv_f64){{vcvtq_f64_s64(a.v[0]), vcvtq_f64_s64(a.v[1]), vcvtq_f64_s64(a.v[2]), vcvtq_f64_s64(a.v[3])}};
}
MGV_FN mgv_i64 mgv_cvt_f64_i64(mgv_f64 a) {
    return (mgv_i64){{vcvtnq_s64_f64(a.v[0]), vcvtnq_s64_f64(a.v[1]), vcvtnq_s64_f64(a.v[2]), vcvtnq_s64_f64(a.v[3])}};
}
MGV_FN mgv_f64 mgv_widen_lo_f64(mgv_f32 a) {
    return (mgv_f64){{vcvt_f64_f32(vget_low_f32(a.v[0])), vcvt_high_f64_f32(a.v[0]), vcvt_f64_f32(vget_low_f32(a.v[1])),
                      vcvt_high_f64_f32(a.v[1])}};
}
MGV_FN mgv_f64 mgv_widen_hi_f64(mgv_f32 a) {
    return (mgv_f64){{vcvt_f64_f32(vget_low_f32(a.v[2])), vcvt_high_f64_f32(a.v[2]), vcvt_f64_f32(vget_low_f32(a.v[3])),
                      vcvt_high_f64_f32(a.v[3])}};
}
MGV_FN mgv_f32 mgv_narrow_f32(mgv_f64 lo, mgv_f64 hi) {
    return (mgv_f32){
        {vcvt_high_f32_f64(vcvt_f32_f64(lo.v[0]), lo.v[1]), vcvt_high_f32_f64(vcvt_f32_f64(lo.v[2]), lo.v[3]),
         vcvt_high_f32_f64(vcvt_f32_f64(hi.v[0]), hi.v[1]), vcvt_high_f32_f64(vcvt_f32_f64(hi.v[2]), hi.v[3])}};
}
MGV_FN float32x4_t mgv_from_f16_(uint16x4_t h) { return vcvt_f32_f16(vreinterpret_f16_u16(h)); }
MGV_FN uint16x4_t mgv_to_f16_(float32x4_t a) { return vreinterpret_u16_f16(vcvt_f16_f32(a)); }
MGV_FN float32x4_t mgv_from_bf16_(uint16x4_t h) { return vreinterpretq_f32_u32(vshll_n_u16(h, 16)); }
MGV_FN uint16x4_t mgv_to_bf16_(float32x4_t a) {
    const uint32x4_t bits = vreinterpretq_u32_f32(a), top = vshrq_n_u32(bits, 16);
    const uint32x4_t odd = vandq_u32(top, vdupq_n_u32(1));
    const uint32x4_t up = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
    const uint32x4_t quiet = vorrq_u32(top, vdupq_n_u32(0x40));
    return vmovn_u32(vbslq_u32(vceqq_f32(a, a), vshrq_n_u32(up, 16), quiet));
}
#define MGV_HALF_(h)                                                                                                   \
    MGV_FN mgv_f32 mgv_loadn_##h##_f32(const mgv_at_u16 *p, size_t n) {                                                \
        uint16_t lanes[16] = {0};                                                                                      \
        if (n < 16) {                                                                                                  \
            if (n) memcpy(lanes, p, n * sizeof *p);                                                                    \
            p = lanes;                                                                                                 \
        }                                                                                                              \
        return (mgv_f32){{mgv_from_##h##_(vld1_u16(p)), mgv_from_##h##_(vld1_u16(p + 4)),                              \
                          mgv_from_##h##_(vld1_u16(p + 8)), mgv_from_##h##_(vld1_u16(p + 12))}};                       \
    }                                                                                                                  \
    MGV_FN void mgv_storen_##h##_f32(mgv_at_u16 *p, mgv_f32 a, size_t n) {                                             \
        uint16_t lanes[16];                                                                                            \
        mgv_at_u16 *q = n < 16 ? lanes : p;                                                                            \
        for (int i = 0; i < 4; i++) vst1_u16(q + 4 * i, mgv_to_##h##_(a.v[i]));                                        \
        if (n && n < 16) memcpy(p, lanes, n * sizeof *p);                                                              \
    }
MGV_HALF_(f16)
MGV_HALF_(bf16)
#undef MGV_HALF_

/* ---- tables ---- */
MGV_FN mgv_f32 mgv_gather_f32(const float *base, mgv_i32 idx) {
    float lanes[16];
    int32_t at[16];
    mgv_store_i32(at, idx);
    for (int i = 0; i < 16; i++) lanes[i] = base[at[i]];
    return mgv_load_f32(lanes);
}
MGV_FN mgv_f64 mgv_gather_f64(const double *base, mgv_i64 idx) {
    double lanes[8];
    int64_t at[8];
    mgv_store_i64(at, idx);
    for (int i = 0; i < 8; i++) lanes[i] = base[at[i]];
    return mgv_load_f64(lanes);
}
/* A table of 64 bytes is looked up byte by byte: lane number times lane size, plus the byte within the lane. */
MGV_FN float32x4_t mgv_lookup16_(uint8x16x4_t table, int32x4_t idx) {
    const uint32x4_t lane = vandq_u32(vreinterpretq_u32_s32(idx), vdupq_n_u32(15));
    const uint32x4_t at = vmlaq_u32(vdupq_n_u32(0x03020100u), lane, vdupq_n_u32(0x04040404u));
    return vreinterpretq_f32_u8(vqtbl4q_u8(table, vreinterpretq_u8_u32(at)));
}
MGV_FN mgv_f32 mgv_lookup16_f32(mgv_f32 table, mgv_i32 idx) {
    const uint8x16x4_t t = {{vreinterpretq_u8_f32(table.v[0]), vreinterpretq_u8_f32(table.v[1]),
                             vreinterpretq_u8_f32(table.v[2]), vreinterpretq_u8_f32(table.v[3])}};
    return (mgv_f32){{mgv_lookup16_(t, idx.v[0]), mgv_lookup16_(t, idx.v[1]), mgv_lookup16_(t, idx.v[2]),
                      mgv_lookup16_(t, idx.v[3])}};
}
MGV_FN float64x2_t mgv_lookup8_(uint8x16x4_t table, int64x2_t idx) {
    const uint32x4_t words = vreinterpretq_u32_s64(idx);
    const uint32x4_t lane = vandq_u32(vtrn1q_u32(words, words), vdupq_n_u32(7));
    const uint32x4_t byte = vreinterpretq_u32_u64(vdupq_n_u64(0x0706050403020100u));
    return vreinterpretq_f64_u8(
        vqtbl4q_u8(table, vreinterpretq_u8_u32(vmlaq_u32(byte, lane, vdupq_n_u32(0x08080808u)))));
}
MGV_FN mgv_f64 mgv_lookup8_f64(mgv_f64 table, mgv_i64 idx) {
    const uint8x16x4_t t = {{vreinterpretq_u8_f64(table.v[0]), vreinterpretq_u8_f64(table.v[1]),
                             vreinterpretq_u8_f64(table.v[2]), vreinterpretq_u8_f64(table.v[3])}};
    return (mgv_f64){
        {mgv_lookup8_(t, idx.v[0]), mgv_lookup8_(t, idx.v[1]), mgv_lookup8_(t, idx.v[2]), mgv_lookup8_(t, idx.v[3])}};
}

#undef MGV_SAME_
#undef MGV_FMA_f32_
#undef MGV_FMA_f64_
#undef MGV_FNMA_f32_
#undef MGV_FNMA_f64_
#undef MGV_COPYSIGN_f32_
#undef MGV_COPYSIGN_f64_
#undef MGV_UNARY_
#undef MGV_BINARY_
#undef MGV_TERNARY_

#include "kernels/simd/divide.h"

#endif
