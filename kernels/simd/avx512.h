/* SPDX-License-Identifier: MIT
 * The vocabulary on AVX-512 (F, BW, DQ, VL, CD): a vector is one register, a mask one mask register.
 * What the functions mean is in simd.h. */
#ifndef MGK_SIMD_AVX512_H
#define MGK_SIMD_AVX512_H

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) || !defined(__AVX512VL__) ||             \
    !defined(__AVX512CD__) || !defined(__FMA__) || !defined(__F16C__) || !defined(__BMI2__)
#error "avx512.h needs -march=x86-64-v4 (AVX-512 F, BW, DQ, VL, CD)"
#endif

#include <immintrin.h>

#include "kernels/simd/element.h"

/* Without optimisation gcc's intrinsics with immediate operands are macros, whose casts warn where they are used. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"

typedef __m512 mgv_f32;
typedef __m512d mgv_f64;
typedef __m512i mgv_i8, mgv_u8, mgv_i16, mgv_u16, mgv_i32, mgv_u32, mgv_i64, mgv_u64;
typedef __mmask64 mgv_b8;
typedef __mmask32 mgv_b16;
typedef __mmask16 mgv_b32;
typedef __mmask8 mgv_b64;

/* w: lane width; p: the intrinsics' suffix; the arguments are named like the vocabulary's. */
#define MGV_UNARY_(name, t, expr)                                                                                      \
    MGV_FN mgv_##t mgv_##name##_##t(mgv_##t v) { return (expr); }
#define MGV_BINARY_(name, t, expr)                                                                                     \
    MGV_FN mgv_##t mgv_##name##_##t(mgv_##t a, mgv_##t b) { return (expr); }

/* The first n lanes, as a mask of the lane width w = 8, 16, 32, 64. */
#define MGV_FIRST_8(n)  ((__mmask64)_bzhi_u64(~0ull, (unsigned)(n)))
#define MGV_FIRST_16(n) ((__mmask32)_bzhi_u32(~0u, (unsigned)(n)))
#define MGV_FIRST_32(n) ((__mmask16)_bzhi_u32(0xffffu, (unsigned)(n)))
#define MGV_FIRST_64(n) ((__mmask8)_bzhi_u32(0xffu, (unsigned)(n)))

/* ---- memory ---- */
#define MGV_MEMORY_(t, w, p_load, p_mask, set1)                                                                        \
    MGV_FN mgv_##t mgv_load_##t(const mgv_at_##t *p) { return _mm512_loadu_##p_load((const void *)p); }                \
    MGV_FN void mgv_store_##t(mgv_at_##t *p, mgv_##t v) { _mm512_storeu_##p_load((void *)p, v); }                      \
    MGV_FN mgv_##t mgv_loadn_##t(const mgv_at_##t *p, size_t n) {                                                      \
        return _mm512_maskz_loadu_##p_mask(MGV_FIRST_##w(n), (const void *)p);                                         \
    }                                                                                                                  \
    MGV_FN void mgv_storen_##t(mgv_at_##t *p, mgv_##t v, size_t n) {                                                   \
        _mm512_mask_storeu_##p_mask((void *)p, MGV_FIRST_##w(n), v);                                                   \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_set1_##t(MGV_ELEM_##t x) { return set1; }
MGV_MEMORY_(f32, 32, ps, ps, _mm512_set1_ps(x))
MGV_MEMORY_(f64, 64, pd, pd, _mm512_set1_pd(x))
MGV_MEMORY_(i8, 8, si512, epi8, _mm512_set1_epi8(x))
MGV_MEMORY_(i16, 16, si512, epi16, _mm512_set1_epi16(x))
MGV_MEMORY_(i32, 32, si512, epi32, _mm512_set1_epi32(x))
MGV_MEMORY_(i64, 64, si512, epi64, _mm512_set1_epi64(x))
MGV_MEMORY_(u8, 8, si512, epi8, _mm512_set1_epi8((char)x))
MGV_MEMORY_(u16, 16, si512, epi16, _mm512_set1_epi16((short)x))
MGV_MEMORY_(u32, 32, si512, epi32, _mm512_set1_epi32((int)x))
MGV_MEMORY_(u64, 64, si512, epi64, _mm512_set1_epi64((long long)x))
#undef MGV_MEMORY_

MGV_FN void mgv_stream_f32(float *p, mgv_f32 v) { _mm512_stream_ps(p, v); }
MGV_FN void mgv_stream_f64(double *p, mgv_f64 v) { _mm512_stream_pd(p, v); }
MGV_FN void mgv_fence(void) { _mm_sfence(); }
MGV_FN void mgv_prefetch(const void *p) { __builtin_prefetch(p, 0, 2); }

/* ---- masks ---- */
MGV_FN mgv_b8 mgv_loadm_b8(const void *p) {
    const __m512i v = _mm512_loadu_si512(p);
    return _mm512_test_epi8_mask(v, v);
}
MGV_FN mgv_b16 mgv_loadm_b16(const void *p) {
    const __m256i v = _mm256_loadu_si256((const __m256i *)p);
    return _mm256_test_epi8_mask(v, v);
}
MGV_FN mgv_b32 mgv_loadm_b32(const void *p) {
    const __m128i v = _mm_loadu_si128((const __m128i *)p);
    return _mm_test_epi8_mask(v, v);
}
MGV_FN mgv_b64 mgv_loadm_b64(const void *p) {
    const __m128i v = _mm_loadl_epi64((const __m128i *)p);
    return (mgv_b64)_mm_test_epi8_mask(v, v);
}
MGV_FN mgv_b8 mgv_loadmn_b8(const void *p, size_t n) {
    const __m512i v = _mm512_maskz_loadu_epi8(MGV_FIRST_8(n), p);
    return _mm512_test_epi8_mask(v, v);
}
MGV_FN mgv_b16 mgv_loadmn_b16(const void *p, size_t n) {
    const __m256i v = _mm256_maskz_loadu_epi8(MGV_FIRST_16(n), p);
    return _mm256_test_epi8_mask(v, v);
}
MGV_FN mgv_b32 mgv_loadmn_b32(const void *p, size_t n) {
    const __m128i v = _mm_maskz_loadu_epi8(MGV_FIRST_32(n), p);
    return _mm_test_epi8_mask(v, v);
}
MGV_FN mgv_b64 mgv_loadmn_b64(const void *p, size_t n) {
    const __m128i v = _mm_maskz_loadu_epi8(MGV_FIRST_64(n), p);
    return (mgv_b64)_mm_test_epi8_mask(v, v);
}
MGV_FN void mgv_storem_b8(void *p, mgv_b8 m) { _mm512_storeu_si512(p, _mm512_maskz_set1_epi8(m, 1)); }
MGV_FN void mgv_storem_b16(void *p, mgv_b16 m) { _mm256_storeu_si256((__m256i *)p, _mm256_maskz_set1_epi8(m, 1)); }
MGV_FN void mgv_storem_b32(void *p, mgv_b32 m) { _mm_storeu_si128((__m128i *)p, _mm_maskz_set1_epi8(m, 1)); }
MGV_FN void mgv_storem_b64(void *p, mgv_b64 m) { _mm_storel_epi64((__m128i *)p, _mm_maskz_set1_epi8(m, 1)); }
MGV_FN void mgv_storemn_b8(void *p, mgv_b8 m, size_t n) {
    _mm512_mask_storeu_epi8(p, MGV_FIRST_8(n), _mm512_maskz_set1_epi8(m, 1));
}
MGV_FN void mgv_storemn_b16(void *p, mgv_b16 m, size_t n) {
    _mm256_mask_storeu_epi8(p, MGV_FIRST_16(n), _mm256_maskz_set1_epi8(m, 1));
}
MGV_FN void mgv_storemn_b32(void *p, mgv_b32 m, size_t n) {
    _mm_mask_storeu_epi8(p, MGV_FIRST_32(n), _mm_maskz_set1_epi8(m, 1));
}
MGV_FN void mgv_storemn_b64(void *p, mgv_b64 m, size_t n) {
    _mm_mask_storeu_epi8(p, MGV_FIRST_64(n), _mm_maskz_set1_epi8(m, 1));
}
#define MGV_MASKS_(b, ones)                                                                                            \
    MGV_FN mgv_##b mgv_and_##b(mgv_##b x, mgv_##b y) { return (mgv_##b)(x & y); }                                      \
    MGV_FN mgv_##b mgv_or_##b(mgv_##b x, mgv_##b y) { return (mgv_##b)(x | y); }                                       \
    MGV_FN mgv_##b mgv_xor_##b(mgv_##b x, mgv_##b y) { return (mgv_##b)(x ^ y); }                                      \
    MGV_FN mgv_##b mgv_andnot_##b(mgv_##b x, mgv_##b y) { return (mgv_##b)(x & ~y); }                                  \
    MGV_FN mgv_##b mgv_not_##b(mgv_##b x) { return (mgv_##b) ~x; }                                                     \
    MGV_FN bool mgv_any_##b(mgv_##b m) { return m != 0; }                                                              \
    MGV_FN bool mgv_all_##b(mgv_##b m) { return m == (ones); }
MGV_MASKS_(b8, 0xffffffffffffffffu)
MGV_MASKS_(b16, 0xffffffffu)
MGV_MASKS_(b32, 0xffffu)
MGV_MASKS_(b64, 0xffu)
#undef MGV_MASKS_

/* ---- arithmetic ---- */
/* range: selection by IEEE maxNum / minNum, which tells -0 from +0 but prefers numbers; the masked add puts NaN back.
 */
#define MGV_FLOAT_(t, w, p, si)                                                                                        \
    MGV_BINARY_(add, t, _mm512_add_##p(a, b))                                                                          \
    MGV_BINARY_(sub, t, _mm512_sub_##p(a, b))                                                                          \
    MGV_BINARY_(mul, t, _mm512_mul_##p(a, b))                                                                          \
    MGV_BINARY_(div, t, _mm512_div_##p(a, b))                                                                          \
    MGV_BINARY_(max, t,                                                                                                \
                _mm512_mask_add_##p(_mm512_range_##p(a, b, 5), _mm512_cmp_##p##_mask(a, b, _CMP_UNORD_Q), a, b))       \
    MGV_BINARY_(min, t,                                                                                                \
                _mm512_mask_add_##p(_mm512_range_##p(a, b, 4), _mm512_cmp_##p##_mask(a, b, _CMP_UNORD_Q), a, b))       \
    MGV_UNARY_(neg, t, _mm512_xor_##p(v, _mm512_set1_##p(-0.0##si)))                                                   \
    MGV_UNARY_(abs, t, _mm512_andnot_##p(_mm512_set1_##p(-0.0##si), v))                                                \
    MGV_UNARY_(sqrt, t, _mm512_sqrt_##p(v))                                                                            \
    MGV_UNARY_(rint, t, _mm512_roundscale_##p(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC))                       \
    MGV_UNARY_(floor, t, _mm512_roundscale_##p(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC))                          \
    MGV_UNARY_(ceil, t, _mm512_roundscale_##p(v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC))                           \
    MGV_UNARY_(trunc, t, _mm512_roundscale_##p(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC))                             \
    MGV_FN mgv_##t mgv_fma_##t(mgv_##t a, mgv_##t b, mgv_##t c) { return _mm512_fmadd_##p(a, b, c); }                  \
    MGV_FN mgv_##t mgv_fnma_##t(mgv_##t a, mgv_##t b, mgv_##t c) { return _mm512_fnmadd_##p(a, b, c); }                \
    MGV_FN mgv_##t mgv_copysign_##t(mgv_##t mag, mgv_##t sgn) {                                                        \
        const mgv_##t sign = _mm512_set1_##p(-0.0##si);                                                                \
        return _mm512_or_##p(_mm512_andnot_##p(sign, mag), _mm512_and_##p(sign, sgn));                                 \
    }                                                                                                                  \
    MGV_FN mgv_b##w mgv_isnan_##t(mgv_##t v) { return _mm512_cmp_##p##_mask(v, v, _CMP_UNORD_Q); }                     \
    MGV_FN mgv_b##w mgv_signbit_##t(mgv_##t v) {                                                                       \
        return _mm512_mask_cmp_##p##_mask(_mm512_movepi##w##_mask(_mm512_cast##p##_si512(v)), v, v, _CMP_ORD_Q);       \
    }                                                                                                                  \
    MGV_FN mgv_i##w mgv_bits_##t(mgv_##t v) { return _mm512_cast##p##_si512(v); }                                      \
    MGV_FN mgv_##t mgv_frombits_##t(mgv_i##w v) { return _mm512_castsi512_##p(v); }
MGV_FLOAT_(f32, 32, ps, f)
MGV_FLOAT_(f64, 64, pd, )
#undef MGV_FLOAT_

/* x * y in 8 bits: the even bytes, and the odd ones moved down, as 16-bit products. */
MGV_FN __m512i mgv_mul8_(__m512i x, __m512i y) {
    const __m512i even = _mm512_mullo_epi16(x, y);
    const __m512i odd = _mm512_mullo_epi16(_mm512_srli_epi16(x, 8), _mm512_srli_epi16(y, 8));
    return _mm512_mask_mov_epi8(even, 0xaaaaaaaaaaaaaaaau, _mm512_slli_epi16(odd, 8));
}
#define mgv_mul16_ _mm512_mullo_epi16
#define mgv_mul32_ _mm512_mullo_epi32
#define mgv_mul64_ _mm512_mullo_epi64

/* s: i or u, as in epi8 and epu8. */
#define MGV_INT_(t, w, s, abs_v)                                                                                       \
    MGV_BINARY_(add, t, _mm512_add_epi##w(a, b))                                                                       \
    MGV_BINARY_(sub, t, _mm512_sub_epi##w(a, b))                                                                       \
    MGV_BINARY_(mul, t, mgv_mul##w##_(a, b))                                                                           \
    MGV_UNARY_(neg, t, _mm512_sub_epi##w(_mm512_setzero_si512(), v))                                                   \
    MGV_UNARY_(abs, t, abs_v)                                                                                          \
    MGV_BINARY_(max, t, _mm512_max_ep##s##w(a, b))                                                                     \
    MGV_BINARY_(min, t, _mm512_min_ep##s##w(a, b))
#define MGV_INTS_(w)                                                                                                   \
    MGV_INT_(i##w, w, i, _mm512_abs_epi##w(v))                                                                         \
    MGV_INT_(u##w, w, u, v)
MGV_INTS_(8)
MGV_INTS_(16)
MGV_INTS_(32)
MGV_INTS_(64)
#undef MGV_INT_
#undef MGV_INTS_

/* ---- compare and select ---- */
#define MGV_COMPARE1_(name, t, suffix, predicate)                                                                      \
    MGV_FN MGV_MASK_##t mgv_##name##_##t(mgv_##t a, mgv_##t b) { return _mm512_cmp_##suffix##_mask(a, b, predicate); }
#define MGV_COMPARE_F_(t, p)                                                                                           \
    MGV_COMPARE1_(eq, t, p, _CMP_EQ_OQ)                                                                                \
    MGV_COMPARE1_(ne, t, p, _CMP_NEQ_UQ)                                                                               \
    MGV_COMPARE1_(lt, t, p, _CMP_LT_OQ)                                                                                \
    MGV_COMPARE1_(le, t, p, _CMP_LE_OQ)                                                                                \
    MGV_COMPARE1_(gt, t, p, _CMP_GT_OQ)                                                                                \
    MGV_COMPARE1_(ge, t, p, _CMP_GE_OQ)                                                                                \
    MGV_FN mgv_##t mgv_select_##t(MGV_MASK_##t m, mgv_##t a, mgv_##t b) { return _mm512_mask_blend_##p(m, b, a); }
#define MGV_COMPARE_I_(t, w, s)                                                                                        \
    MGV_COMPARE1_(eq, t, ep##s##w, _MM_CMPINT_EQ)                                                                      \
    MGV_COMPARE1_(ne, t, ep##s##w, _MM_CMPINT_NE)                                                                      \
    MGV_COMPARE1_(lt, t, ep##s##w, _MM_CMPINT_LT)                                                                      \
    MGV_COMPARE1_(le, t, ep##s##w, _MM_CMPINT_LE)                                                                      \
    MGV_COMPARE1_(gt, t, ep##s##w, _MM_CMPINT_NLE)                                                                     \
    MGV_COMPARE1_(ge, t, ep##s##w, _MM_CMPINT_NLT)                                                                     \
    MGV_FN mgv_##t mgv_select_##t(MGV_MASK_##t m, mgv_##t a, mgv_##t b) { return _mm512_mask_blend_epi##w(m, b, a); }
MGV_COMPARE_F_(f32, ps)
MGV_COMPARE_F_(f64, pd)
MGV_COMPARE_I_(i8, 8, i)
MGV_COMPARE_I_(u8, 8, u)
MGV_COMPARE_I_(i16, 16, i)
MGV_COMPARE_I_(u16, 16, u)
MGV_COMPARE_I_(i32, 32, i)
MGV_COMPARE_I_(u32, 32, u)
MGV_COMPARE_I_(i64, 64, i)
MGV_COMPARE_I_(u64, 64, u)
#undef MGV_COMPARE1_
#undef MGV_COMPARE_F_
#undef MGV_COMPARE_I_

/* ---- bits ---- */
/* Bytes are shifted as 16-bit lanes, widened from each half and narrowed again. */
#define MGV_BY_HALVES_(extend_v, extend_k, shift)                                                                      \
    const __m512i lo = shift(extend_v(_mm512_castsi512_si256(v)), extend_k(_mm512_castsi512_si256(k)));                \
    const __m512i hi = shift(extend_v(_mm512_extracti64x4_epi64(v, 1)), extend_k(_mm512_extracti64x4_epi64(k, 1)));    \
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi16_epi8(lo)), _mm512_cvtepi16_epi8(hi), 1)
MGV_FN __m512i mgv_sllv8_(__m512i v, __m512i k) {
    MGV_BY_HALVES_(_mm512_cvtepu8_epi16, _mm512_cvtepu8_epi16, _mm512_sllv_epi16);
}
MGV_FN __m512i mgv_srlv8_(__m512i v, __m512i k) {
    MGV_BY_HALVES_(_mm512_cvtepu8_epi16, _mm512_cvtepu8_epi16, _mm512_srlv_epi16);
}
MGV_FN __m512i mgv_srav8_(__m512i v, __m512i k) {
    MGV_BY_HALVES_(_mm512_cvtepi8_epi16, _mm512_cvtepu8_epi16, _mm512_srav_epi16);
}
#undef MGV_BY_HALVES_
MGV_FN __m512i mgv_sll8_(__m512i v, int k) {
    return _mm512_and_si512(_mm512_slli_epi16(v, (unsigned)k), _mm512_set1_epi8((char)(0xff << k)));
}
MGV_FN __m512i mgv_srl8_(__m512i v, int k) {
    return _mm512_and_si512(_mm512_srli_epi16(v, (unsigned)k), _mm512_set1_epi8((char)(0xff >> k)));
}
MGV_FN __m512i mgv_sra8_(__m512i v, int k) { return mgv_srav8_(v, _mm512_set1_epi8((char)k)); }
#define MGV_SHIFTS_(w)                                                                                                 \
    MGV_FN __m512i mgv_sllv##w##_(__m512i v, __m512i k) { return _mm512_sllv_epi##w(v, k); }                           \
    MGV_FN __m512i mgv_srlv##w##_(__m512i v, __m512i k) { return _mm512_srlv_epi##w(v, k); }                           \
    MGV_FN __m512i mgv_srav##w##_(__m512i v, __m512i k) { return _mm512_srav_epi##w(v, k); }                           \
    MGV_FN __m512i mgv_sll##w##_(__m512i v, int k) { return _mm512_slli_epi##w(v, (unsigned)k); }                      \
    MGV_FN __m512i mgv_srl##w##_(__m512i v, int k) { return _mm512_srli_epi##w(v, (unsigned)k); }                      \
    MGV_FN __m512i mgv_sra##w##_(__m512i v, int k) { return _mm512_srai_epi##w(v, (unsigned)k); }
MGV_SHIFTS_(16)
MGV_SHIFTS_(32)
MGV_SHIFTS_(64)
#undef MGV_SHIFTS_

#define MGV_BITS_(t, w, la)                                                                                            \
    MGV_BINARY_(and, t, _mm512_and_si512(a, b))                                                                        \
    MGV_BINARY_(or, t, _mm512_or_si512(a, b))                                                                          \
    MGV_BINARY_(xor, t, _mm512_xor_si512(a, b))                                                                        \
    MGV_BINARY_(andnot, t, _mm512_andnot_si512(b, a))                                                                  \
    MGV_UNARY_(not, t, _mm512_xor_si512(v, _mm512_set1_epi32(-1)))                                                     \
    MGV_FN mgv_##t mgv_shl_##t(mgv_##t v, int k) { return mgv_sll##w##_(v, k); }                                       \
    MGV_FN mgv_##t mgv_shr_##t(mgv_##t v, int k) { return mgv_sr##la##w##_(v, k); }                                    \
    MGV_FN mgv_##t mgv_shlv_##t(mgv_##t v, mgv_##t k) { return mgv_sllv##w##_(v, k); }                                 \
    MGV_FN mgv_##t mgv_shrv_##t(mgv_##t v, mgv_##t k) { return mgv_sr##la##v##w##_(v, k); }
#define MGV_AS_(w)                                                                                                     \
    MGV_BITS_(i##w, w, a)                                                                                              \
    MGV_BITS_(u##w, w, l)                                                                                              \
    MGV_FN mgv_i##w mgv_as_u##w##_i##w(mgv_u##w v) { return v; }                                                       \
    MGV_FN mgv_u##w mgv_as_i##w##_u##w(mgv_i##w v) { return v; }
MGV_AS_(8)
MGV_AS_(16)
MGV_AS_(32)
MGV_AS_(64)
#undef MGV_BITS_
#undef MGV_AS_

/* ---- convert ---- */
MGV_FN mgv_f32 mgv_cvt_i32_f32(mgv_i32 v) { return _mm512_cvtepi32_ps(v); }
MGV_FN mgv_i32 mgv_cvt_f32_i32(mgv_f32 v) { return _mm512_cvtps_epi32(v); }
MGV_FN mgv_f64 mgv_cvt_i64_f64(mgv_i64 v) { return _mm512_cvtepi64_pd(v); }
MGV_FN mgv_i64 mgv_cvt_f64_i64(mgv_f64 v) { return _mm512_cvtpd_epi64(v); }
MGV_FN mgv_f64 mgv_widen_lo_f64(mgv_f32 v) { return _mm512_cvtps_pd(_mm512_castps512_ps256(v)); }
MGV_FN mgv_f64 mgv_widen_hi_f64(mgv_f32 v) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1)); }
MGV_FN mgv_f32 mgv_narrow_f32(mgv_f64 lo, mgv_f64 hi) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(lo)), _mm512_cvtpd_ps(hi), 1);
}
MGV_FN mgv_f32 mgv_loadn_f16_f32(const mgv_at_u16 *p, size_t n) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(MGV_FIRST_32(n), p));
}
MGV_FN void mgv_storen_f16_f32(mgv_at_u16 *p, mgv_f32 v, size_t n) {
    const __m256i h = _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_mask_storeu_epi16(p, MGV_FIRST_32(n), h);
}
MGV_FN mgv_f32 mgv_loadn_bf16_f32(const mgv_at_u16 *p, size_t n) {
    const __m512i bits = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(MGV_FIRST_32(n), p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}
MGV_FN void mgv_storen_bf16_f32(mgv_at_u16 *p, mgv_f32 v, size_t n) {
    const __m512i bits = _mm512_castps_si512(v), top = _mm512_srli_epi32(bits, 16);
    const __m512i odd = _mm512_and_si512(top, _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    const __m512i rounded = _mm512_srli_epi32(up, 16);
    const __m512i r = _mm512_mask_or_epi32(rounded, mgv_isnan_f32(v), top, _mm512_set1_epi32(0x40));
    _mm256_mask_storeu_epi16(p, MGV_FIRST_32(n), _mm512_cvtepi32_epi16(r));
}

/* ---- tables ---- */
MGV_FN mgv_f32 mgv_gather_f32(const float *base, mgv_i32 idx) { return _mm512_i32gather_ps(idx, base, 4); }
MGV_FN mgv_f64 mgv_gather_f64(const double *base, mgv_i64 idx) { return _mm512_i64gather_pd(idx, base, 8); }
MGV_FN mgv_f32 mgv_lookup16_f32(mgv_f32 table, mgv_i32 idx) { return _mm512_permutexvar_ps(idx, table); }
MGV_FN mgv_f64 mgv_lookup8_f64(mgv_f64 table, mgv_i64 idx) { return _mm512_permutexvar_pd(idx, table); }

#undef mgv_mul16_
#undef mgv_mul32_
#undef mgv_mul64_
#undef MGV_UNARY_
#undef MGV_BINARY_
#pragma GCC diagnostic pop

#include "kernels/simd/divide.h"

#endif
