/* SPDX-License-Identifier: MIT
 * What every vocabulary header shares before its first function: element types, mask names, lists of types to stamp
 * families from, and the exact one-value conversions of f16 and bf16. No vector is known here. */
#ifndef MGK_SIMD_ELEMENT_H
#define MGK_SIMD_ELEMENT_H

#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__)
#error "kernels must not be compiled with -ffast-math: results would differ between instruction sets"
#endif
#if FLT_EVAL_METHOD != 0
#error "kernels need float arithmetic in float (x87 code generation is not supported)"
#endif

/* Always inlined: a vector that goes through a call in memory costs more than the operation. */
#define MGV_FN static inline __attribute__((always_inline, unused))

#define MGV_ELEM_f32 float
#define MGV_ELEM_f64 double
#define MGV_ELEM_i8  int8_t
#define MGV_ELEM_u8  uint8_t
#define MGV_ELEM_i16 int16_t
#define MGV_ELEM_u16 uint16_t
#define MGV_ELEM_i32 int32_t
#define MGV_ELEM_u32 uint32_t
#define MGV_ELEM_i64 int64_t
#define MGV_ELEM_u64 uint64_t

/* An element in memory, at any address: pointers to it promise no alignment, whatever the compiler makes of them. */
#define MGV_AT_(t) typedef MGV_ELEM_##t mgv_at_##t __attribute__((aligned(1), may_alias));
MGV_AT_(f32)
MGV_AT_(f64)
MGV_AT_(i8)
MGV_AT_(u8)
MGV_AT_(i16)
MGV_AT_(u16)
MGV_AT_(i32)
MGV_AT_(u32)
MGV_AT_(i64)
MGV_AT_(u64)
#undef MGV_AT_

#define MGV_MASK_f32 mgv_b32
#define MGV_MASK_f64 mgv_b64
#define MGV_MASK_i8  mgv_b8
#define MGV_MASK_u8  mgv_b8
#define MGV_MASK_i16 mgv_b16
#define MGV_MASK_u16 mgv_b16
#define MGV_MASK_i32 mgv_b32
#define MGV_MASK_u32 mgv_b32
#define MGV_MASK_i64 mgv_b64
#define MGV_MASK_u64 mgv_b64

#define MGV_LANES_b8  64
#define MGV_LANES_b16 32
#define MGV_LANES_b32 16
#define MGV_LANES_b64 8

#define MGV_FOR_FLOATS(M)   M(f32) M(f64)
#define MGV_FOR_SIGNED(M)   M(i8) M(i16) M(i32) M(i64)
#define MGV_FOR_UNSIGNED(M) M(u8) M(u16) M(u32) M(u64)
#define MGV_FOR_INTS(M)     MGV_FOR_SIGNED(M) MGV_FOR_UNSIGNED(M)
#define MGV_FOR_ALL(M)      MGV_FOR_FLOATS(M) MGV_FOR_INTS(M)
#define MGV_FOR_MASKS(M)    M(b8) M(b16) M(b32) M(b64)

MGV_FN uint32_t mgv_f32_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

MGV_FN float mgv_f32_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

MGV_FN uint64_t mgv_f64_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

MGV_FN double mgv_f64_of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* IEEE half -> float, exact. Subnormals are scaled by a multiplication that is exact in float. */
MGV_FN float mgv_f16_to_f32(uint16_t h) {
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, rest = h & 0x7fffu;
    if (rest >= 0x7c00u) return mgv_f32_of_bits(sign | 0x7f800000u | ((rest & 0x3ffu) << 13));
    if (rest >= 0x0400u) return mgv_f32_of_bits(sign | ((rest << 13) + 0x38000000u));
    return mgv_f32_of_bits(sign | mgv_f32_bits((float)rest * 0x1p-24f));
}

/* float -> IEEE half, nearest even; values past the half's range become infinite, NaN becomes a quiet NaN. */
MGV_FN uint16_t mgv_f32_to_f16(float x) {
    const uint32_t bits = mgv_f32_bits(x), sign = (bits >> 16) & 0x8000u, rest = bits & 0x7fffffffu;
    if (rest > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | ((rest >> 13) & 0x3ffu));
    if (rest >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u); /* 65520, the tie above the largest half */
    if (rest >= 0x38800000u)                                    /* 2^-14: normal halves */
        return (uint16_t)(sign | ((rest - 0x38000000u + 0xfffu + ((rest >> 13) & 1u)) >> 13));
    /* Below: adding 0.5 puts the unit in the last place at 2^-24, the addition itself rounds to nearest even. */
    return (uint16_t)(sign | (mgv_f32_bits(mgv_f32_of_bits(rest) + 0.5f) - 0x3f000000u));
}

MGV_FN float mgv_bf16_to_f32(uint16_t h) { return mgv_f32_of_bits((uint32_t)h << 16); }

/* float -> bfloat16, nearest even; NaN becomes a quiet NaN. */
MGV_FN uint16_t mgv_f32_to_bf16(float x) {
    const uint32_t bits = mgv_f32_bits(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((bits >> 16) | 0x40u);
    return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

#endif
