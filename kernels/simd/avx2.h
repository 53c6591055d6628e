/* SPDX-License-Identifier: MIT
 * The vocabulary on AVX2 with FMA and F16C: a vector is two registers, a mask a vector of 0 and -1 lanes. Floats,
 * memory, masks and conversions; integer arithmetic and shifts are in avx2_int.h. What the functions mean is in simd.h.
 */
#ifndef MGK_SIMD_AVX2_H
#define MGK_SIMD_AVX2_H

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "avx2.h needs -march=x86-64-v3 (AVX2, FMA, F16C)"
#endif

#include <immintrin.h>

#include "kernels/simd/element.h"

/* Without optimisation gcc's intrinsics with immediate operands are macros, whose casts warn where they are used. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"

typedef struct mgv_f32 {
    __m256 lo, hi;
} mgv_f32;
typedef struct mgv_f64 {
    __m256d lo, hi;
} mgv_f64;
typedef struct mgv_int_ {
    __m256i lo, hi;
} mgv_int_;
typedef mgv_int_ mgv_i8, mgv_u8, mgv_i16, mgv_u16, mgv_i32, mgv_u32, mgv_i64, mgv_u64;
typedef mgv_int_ mgv_b8, mgv_b16, mgv_b32, mgv_b64;

/* One intrinsic for each half. */
#define MGV_UNARY_(name, t, result, op)                                                                                \
    MGV_FN mgv_##result mgv_##name##_##t(mgv_##t v) { return (mgv_##result){op(v.lo), op(v.hi)}; }
#define MGV_BINARY_(name, t, result, op)                                                                               \
    MGV_FN mgv_##result mgv_##name##_##t(mgv_##t a, mgv_##t b) {                                                       \
        return (mgv_##result){op(a.lo, b.lo), op(a.hi, b.hi)};                                                         \
    }

/* ---- memory ---- */
#define MGV_LOAD_I_(p)     _mm256_loadu_si256((const __m256i *)(p))
#define MGV_STORE_I_(p, v) _mm256_storeu_si256((__m256i *)(p), v)
/* These ask for no alignment, but clang takes their parameter's type at its word. */
#define MGV_LOAD_PS_(p)     _mm256_loadu_ps((const float *)(p))
#define MGV_STORE_PS_(p, v) _mm256_storeu_ps((float *)(p), v)
#define MGV_LOAD_PD_(p)     _mm256_loadu_pd((const double *)(p))
#define MGV_STORE_PD_(p, v) _mm256_storeu_pd((double *)(p), v)
#define MGV_MEMORY_(t, load, store, set1)                                                                              \
    MGV_FN mgv_##t mgv_load_##t(const mgv_at_##t *p) { return (mgv_##t){load(p), load(p + MGV_LANES_##t / 2)}; }       \
    MGV_FN void mgv_store_##t(mgv_at_##t *p, mgv_##t v) {                                                              \
        store(p, v.lo);                                                                                                \
        store(p + MGV_LANES_##t / 2, v.hi);                                                                            \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_set1_##t(MGV_ELEM_##t x) { return (mgv_##t){set1, set1}; }
MGV_MEMORY_(f32, MGV_LOAD_PS_, MGV_STORE_PS_, _mm256_set1_ps(x))
MGV_MEMORY_(f64, MGV_LOAD_PD_, MGV_STORE_PD_, _mm256_set1_pd(x))
MGV_MEMORY_(i8, MGV_LOAD_I_, MGV_STORE_I_, _mm256_set1_epi8(x))
MGV_MEMORY_(i16, MGV_LOAD_I_, MGV_STORE_I_, _mm256_set1_epi16(x))
MGV_MEMORY_(i32, MGV_LOAD_I_, MGV_STORE_I_, _mm256_set1_epi32(x))
MGV_MEMORY_(i64, MGV_LOAD_I_, MGV_STORE_I_, _mm256_set1_epi64x(x))
MGV_MEMORY_(u8, MGV_LOAD_I_, MGV_STORE_I_, _mm256_set1_epi8((char)x))
MGV_MEMORY_(u16, MGV_LOAD_I_, MGV_STORE_I_, _mm256_set1_epi16((short)x))
MGV_MEMORY_(u32, MGV_LOAD_I_, MGV_STORE_I_, _mm256_set1_epi32((int)x))
MGV_MEMORY_(u64, MGV_LOAD_I_, MGV_STORE_I_, _mm256_set1_epi64x((long long)x))
#undef MGV_MEMORY_

/* The first n lanes of 32 or 64 bits, as -1: what maskload and maskstore take. Lanes that are off never fault. */
MGV_FN mgv_int_ mgv_first32_(size_t n) {
    const __m256i count = _mm256_set1_epi32((int)n), iota = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return (mgv_int_){_mm256_cmpgt_epi32(count, iota),
                      _mm256_cmpgt_epi32(count, _mm256_add_epi32(iota, _mm256_set1_epi32(8)))};
}
MGV_FN mgv_int_ mgv_first64_(size_t n) {
    const __m256i count = _mm256_set1_epi64x((long long)n);
    return (mgv_int_){_mm256_cmpgt_epi64(count, _mm256_setr_epi64x(0, 1, 2, 3)),
                      _mm256_cmpgt_epi64(count, _mm256_setr_epi64x(4, 5, 6, 7))};
}
#define MGV_PARTIAL_(t, w, p_, cast)                                                                                   \
    MGV_FN mgv_##t mgv_loadn_##t(const mgv_at_##t *p, size_t n) {                                                      \
        const mgv_int_ on = mgv_first##w##_(n);                                                                        \
        return (mgv_##t){_mm256_maskload_##p_((const cast *)p, on.lo),                                                 \
                         _mm256_maskload_##p_((const cast *)p + MGV_LANES_##t / 2, on.hi)};                            \
    }                                                                                                                  \
    MGV_FN void mgv_storen_##t(mgv_at_##t *p, mgv_##t v, size_t n) {                                                   \
        const mgv_int_ on = mgv_first##w##_(n);                                                                        \
        _mm256_maskstore_##p_((cast *)p, on.lo, v.lo);                                                                 \
        _mm256_maskstore_##p_((cast *)p + MGV_LANES_##t / 2, on.hi, v.hi);                                             \
    }
MGV_PARTIAL_(f32, 32, ps, float)
MGV_PARTIAL_(f64, 64, pd, double)
MGV_PARTIAL_(i32, 32, epi32, int)
MGV_PARTIAL_(u32, 32, epi32, int)
MGV_PARTIAL_(i64, 64, epi64, long long)
MGV_PARTIAL_(u64, 64, epi64, long long)
#undef MGV_PARTIAL_
/* There is no masked load of bytes or words: go through a full vector in memory. */
#define MGV_PARTIAL_(t)                                                                                                \
    MGV_FN mgv_##t mgv_loadn_##t(const mgv_at_##t *p, size_t n) {                                                      \
        MGV_ELEM_##t lanes[MGV_LANES_##t] = {0};                                                                       \
        if (n) memcpy(lanes, p, n * sizeof *p);                                                                        \
        return mgv_load_##t(lanes);                                                                                    \
    }                                                                                                                  \
    MGV_FN void mgv_storen_##t(mgv_at_##t *p, mgv_##t v, size_t n) {                                                   \
        MGV_ELEM_##t lanes[MGV_LANES_##t];                                                                             \
        mgv_store_##t(lanes, v);                                                                                       \
        if (n) memcpy(p, lanes, n * sizeof *p);                                                                        \
    }
MGV_PARTIAL_(i8)
MGV_PARTIAL_(u8)
MGV_PARTIAL_(i16)
MGV_PARTIAL_(u16)
#undef MGV_PARTIAL_

MGV_FN void mgv_stream_f32(float *p, mgv_f32 v) {
    _mm256_stream_ps(p, v.lo);
    _mm256_stream_ps(p + 8, v.hi);
}
MGV_FN void mgv_stream_f64(double *p, mgv_f64 v) {
    _mm256_stream_pd(p, v.lo);
    _mm256_stream_pd(p + 4, v.hi);
}
MGV_FN void mgv_fence(void) { _mm_sfence(); }
MGV_FN void mgv_prefetch(const void *p) { __builtin_prefetch(p, 0, 2); }

/* ---- masks ---- */
/* Bytes in memory become lanes by sign extension of the 0 / -1 that a comparison with zero gives. */
MGV_FN mgv_b8 mgv_loadm_b8(const void *p) {
    const __m256i zero = _mm256_setzero_si256(), ones = _mm256_set1_epi32(-1), *q = p;
    return (mgv_b8){_mm256_xor_si256(_mm256_cmpeq_epi8(_mm256_loadu_si256(q), zero), ones),
                    _mm256_xor_si256(_mm256_cmpeq_epi8(_mm256_loadu_si256(q + 1), zero), ones)};
}
MGV_FN __m128i mgv_nonzero8_(__m128i v) {
    return _mm_xor_si128(_mm_cmpeq_epi8(v, _mm_setzero_si128()), _mm_set1_epi32(-1));
}
MGV_FN mgv_b16 mgv_loadm_b16(const void *p) {
    const __m128i *q = p;
    return (mgv_b16){_mm256_cvtepi8_epi16(mgv_nonzero8_(_mm_loadu_si128(q))),
                     _mm256_cvtepi8_epi16(mgv_nonzero8_(_mm_loadu_si128(q + 1)))};
}
MGV_FN mgv_b32 mgv_loadm_b32(const void *p) {
    const __m128i m = mgv_nonzero8_(_mm_loadu_si128((const __m128i *)p));
    return (mgv_b32){_mm256_cvtepi8_epi32(m), _mm256_cvtepi8_epi32(_mm_unpackhi_epi64(m, m))};
}
MGV_FN mgv_b64 mgv_loadm_b64(const void *p) {
    const __m128i m = mgv_nonzero8_(_mm_loadl_epi64((const __m128i *)p));
    return (mgv_b64){_mm256_cvtepi8_epi64(m), _mm256_cvtepi8_epi64(_mm_srli_epi64(m, 32))};
}

/* Lanes become bytes by packing; packs work within 128-bit halves, so the quarters are put in order afterwards. */
MGV_FN __m256i mgv_pack16_(mgv_int_ m) { return _mm256_permute4x64_epi64(_mm256_packs_epi16(m.lo, m.hi), 0xd8); }
MGV_FN __m256i mgv_pack32_(mgv_int_ m) { return _mm256_permute4x64_epi64(_mm256_packs_epi32(m.lo, m.hi), 0xd8); }
MGV_FN __m128i mgv_bytes32_(mgv_int_ m) {
    const __m256i half = mgv_pack32_(m);
    return _mm_packs_epi16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}
MGV_FN void mgv_storem_b8(void *p, mgv_b8 m) {
    const __m256i one = _mm256_set1_epi8(1);
    __m256i *q = p;
    _mm256_storeu_si256(q, _mm256_and_si256(m.lo, one));
    _mm256_storeu_si256(q + 1, _mm256_and_si256(m.hi, one));
}
MGV_FN void mgv_storem_b16(void *p, mgv_b16 m) {
    _mm256_storeu_si256((__m256i *)p, _mm256_and_si256(mgv_pack16_(m), _mm256_set1_epi8(1)));
}
MGV_FN void mgv_storem_b32(void *p, mgv_b32 m) {
    _mm_storeu_si128((__m128i *)p, _mm_and_si128(mgv_bytes32_(m), _mm_set1_epi8(1)));
}
MGV_FN void mgv_storem_b64(void *p, mgv_b64 m) { /* the lanes, seen as twice as many of 32 bits, come out doubled */
    const __m128i twice = mgv_bytes32_(m);
    _mm_storel_epi64((__m128i *)p, _mm_and_si128(_mm_packs_epi16(twice, twice), _mm_set1_epi8(1)));
}
#define MGV_MASKS_(b)                                                                                                  \
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
    MGV_BINARY_(and, b, b, _mm256_and_si256)                                                                           \
    MGV_BINARY_(or, b, b, _mm256_or_si256)                                                                             \
    MGV_BINARY_(xor, b, b, _mm256_xor_si256)                                                                           \
    MGV_FN mgv_##b mgv_andnot_##b(mgv_##b x, mgv_##b y) {                                                              \
        return (mgv_##b){_mm256_andnot_si256(y.lo, x.lo), _mm256_andnot_si256(y.hi, x.hi)};                            \
    }                                                                                                                  \
    MGV_FN mgv_##b mgv_not_##b(mgv_##b x) {                                                                            \
        const __m256i ones = _mm256_set1_epi32(-1);                                                                    \
        return (mgv_##b){_mm256_xor_si256(x.lo, ones), _mm256_xor_si256(x.hi, ones)};                                  \
    }                                                                                                                  \
    MGV_FN bool mgv_any_##b(mgv_##b m) { return _mm256_movemask_epi8(_mm256_or_si256(m.lo, m.hi)) != 0; }              \
    MGV_FN bool mgv_all_##b(mgv_##b m) { return _mm256_movemask_epi8(_mm256_and_si256(m.lo, m.hi)) == -1; }
MGV_FOR_MASKS(MGV_MASKS_)
#undef MGV_MASKS_

/* ---- float arithmetic, compare, select ---- */
/* The max instruction gives its second operand when the two are equal or unordered. Taken both ways round, the results
 * differ only for zeros of unlike signs, which "and" makes +0 (for min, "or" makes -0), and for NaN, where all ones
 * (a NaN) overrule. */
#define MGV_MAX_(p, a, b)                                                                                              \
    _mm256_or_##p(_mm256_and_##p(_mm256_max_##p(a, b), _mm256_max_##p(b, a)), _mm256_cmp_##p(a, b, _CMP_UNORD_Q))
#define MGV_MIN_(p, a, b)                                                                                              \
    _mm256_or_##p(_mm256_or_##p(_mm256_min_##p(a, b), _mm256_min_##p(b, a)), _mm256_cmp_##p(a, b, _CMP_UNORD_Q))
#define MGV_ROUND_(name, t, p, mode)                                                                                   \
    MGV_FN mgv_##t mgv_##name##_##t(mgv_##t v) {                                                                       \
        return (mgv_##t){_mm256_round_##p(v.lo, (mode) | _MM_FROUND_NO_EXC),                                           \
                         _mm256_round_##p(v.hi, (mode) | _MM_FROUND_NO_EXC)};                                          \
    }
#define MGV_COMPARE_(name, t, w, p, predicate)                                                                         \
    MGV_FN mgv_b##w mgv_##name##_##t(mgv_##t a, mgv_##t b) {                                                           \
        return (mgv_b##w){_mm256_cast##p##_si256(_mm256_cmp_##p(a.lo, b.lo, predicate)),                               \
                          _mm256_cast##p##_si256(_mm256_cmp_##p(a.hi, b.hi, predicate))};                              \
    }
#define MGV_FLOAT_(t, w, p, zero)                                                                                      \
    MGV_BINARY_(add, t, t, _mm256_add_##p)                                                                             \
    MGV_BINARY_(sub, t, t, _mm256_sub_##p)                                                                             \
    MGV_BINARY_(mul, t, t, _mm256_mul_##p)                                                                             \
    MGV_BINARY_(div, t, t, _mm256_div_##p)                                                                             \
    MGV_UNARY_(sqrt, t, t, _mm256_sqrt_##p)                                                                            \
    MGV_ROUND_(rint, t, p, _MM_FROUND_TO_NEAREST_INT)                                                                  \
    MGV_ROUND_(floor, t, p, _MM_FROUND_TO_NEG_INF)                                                                     \
    MGV_ROUND_(ceil, t, p, _MM_FROUND_TO_POS_INF)                                                                      \
    MGV_ROUND_(trunc, t, p, _MM_FROUND_TO_ZERO)                                                                        \
    MGV_COMPARE_(eq, t, w, p, _CMP_EQ_OQ)                                                                              \
    MGV_COMPARE_(ne, t, w, p, _CMP_NEQ_UQ)                                                                             \
    MGV_COMPARE_(lt, t, w, p, _CMP_LT_OQ)                                                                              \
    MGV_COMPARE_(le, t, w, p, _CMP_LE_OQ)                                                                              \
    MGV_COMPARE_(gt, t, w, p, _CMP_GT_OQ)                                                                              \
    MGV_COMPARE_(ge, t, w, p, _CMP_GE_OQ)                                                                              \
    MGV_FN mgv_##t mgv_max_##t(mgv_##t a, mgv_##t b) {                                                                 \
        return (mgv_##t){MGV_MAX_(p, a.lo, b.lo), MGV_MAX_(p, a.hi, b.hi)};                                            \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_min_##t(mgv_##t a, mgv_##t b) {                                                                 \
        return (mgv_##t){MGV_MIN_(p, a.lo, b.lo), MGV_MIN_(p, a.hi, b.hi)};                                            \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_neg_##t(mgv_##t v) {                                                                            \
        return (mgv_##t){_mm256_xor_##p(v.lo, _mm256_set1_##p(zero)), _mm256_xor_##p(v.hi, _mm256_set1_##p(zero))};    \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_abs_##t(mgv_##t v) {                                                                            \
        return (mgv_##t){_mm256_andnot_##p(_mm256_set1_##p(zero), v.lo),                                               \
                         _mm256_andnot_##p(_mm256_set1_##p(zero), v.hi)};                                              \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_fma_##t(mgv_##t a, mgv_##t b, mgv_##t c) {                                                      \
        return (mgv_##t){_mm256_fmadd_##p(a.lo, b.lo, c.lo), _mm256_fmadd_##p(a.hi, b.hi, c.hi)};                      \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_fnma_##t(mgv_##t a, mgv_##t b, mgv_##t c) {                                                     \
        return (mgv_##t){_mm256_fnmadd_##p(a.lo, b.lo, c.lo), _mm256_fnmadd_##p(a.hi, b.hi, c.hi)};                    \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_copysign_##t(mgv_##t mag, mgv_##t sgn) {                                                        \
        const __typeof__(mag.lo) sign = _mm256_set1_##p(zero);                                                         \
        return (mgv_##t){_mm256_or_##p(_mm256_andnot_##p(sign, mag.lo), _mm256_and_##p(sign, sgn.lo)),                 \
                         _mm256_or_##p(_mm256_andnot_##p(sign, mag.hi), _mm256_and_##p(sign, sgn.hi))};                \
    }                                                                                                                  \
    MGV_FN mgv_##t mgv_select_##t(mgv_b##w m, mgv_##t a, mgv_##t b) {                                                  \
        return (mgv_##t){_mm256_blendv_##p(b.lo, a.lo, _mm256_castsi256_##p(m.lo)),                                    \
                         _mm256_blendv_##p(b.hi, a.hi, _mm256_castsi256_##p(m.hi))};                                   \
    }                                                                                                                  \
    MGV_FN mgv_b##w mgv_isnan_##t(mgv_##t v) {                                                                         \
        return (mgv_b##w){_mm256_cast##p##_si256(_mm256_cmp_##p(v.lo, v.lo, _CMP_UNORD_Q)),                            \
                          _mm256_cast##p##_si256(_mm256_cmp_##p(v.hi, v.hi, _CMP_UNORD_Q))};                           \
    }                                                                                                                  \
    MGV_UNARY_(bits, t, i##w, _mm256_cast##p##_si256)                                                                  \
    MGV_FN mgv_##t mgv_frombits_##t(mgv_i##w v) {                                                                      \
        return (mgv_##t){_mm256_castsi256_##p(v.lo), _mm256_castsi256_##p(v.hi)};                                      \
    }
MGV_FLOAT_(f32, 32, ps, -0.0f)
MGV_FLOAT_(f64, 64, pd, -0.0)
#undef MGV_FLOAT_
#undef MGV_COMPARE_
#undef MGV_ROUND_
#undef MGV_MAX_
#undef MGV_MIN_

MGV_FN __m256i mgv_sign32_(__m256i v) { return _mm256_srai_epi32(v, 31); }
MGV_FN __m256i mgv_sign64_(__m256i v) { return _mm256_cmpgt_epi64(_mm256_setzero_si256(), v); }
#define MGV_SIGNBIT_(t, w, p)                                                                                          \
    MGV_FN mgv_b##w mgv_signbit_##t(mgv_##t v) {                                                                       \
        const mgv_int_ bits = mgv_bits_##t(v), nan = mgv_isnan_##t(v);                                                 \
        return (mgv_b##w){_mm256_andnot_si256(nan.lo, mgv_sign##w##_(bits.lo)),                                        \
                          _mm256_andnot_si256(nan.hi, mgv_sign##w##_(bits.hi))};                                       \
    }
MGV_SIGNBIT_(f32, 32, ps)
MGV_SIGNBIT_(f64, 64, pd)
#undef MGV_SIGNBIT_

/* ---- convert ---- */
MGV_FN mgv_f32 mgv_cvt_i32_f32(mgv_i32 v) { return (mgv_f32){_mm256_cvtepi32_ps(v.lo), _mm256_cvtepi32_ps(v.hi)}; }
MGV_FN mgv_i32 mgv_cvt_f32_i32(mgv_f32 v) { return (mgv_i32){_mm256_cvtps_epi32(v.lo), _mm256_cvtps_epi32(v.hi)}; }
/* 3 * 2^51 plus an integer below 2^51 in size has that integer in its low bits. */
#define MGV_MAGIC_D_ _mm256_set1_pd(0x1.8p52)
#define MGV_MAGIC_I_ _mm256_castpd_si256(MGV_MAGIC_D_)
MGV_FN __m256d mgv_i64_f64_(__m256i v) {
    return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_add_epi64(v, MGV_MAGIC_I_)), MGV_MAGIC_D_);
}
MGV_FN __m256i mgv_f64_i64_(__m256d v) {
    return _mm256_sub_epi64(_mm256_castpd_si256(_mm256_add_pd(v, MGV_MAGIC_D_)), MGV_MAGIC_I_);
}
#undef MGV_MAGIC_D_
#undef MGV_MAGIC_I_
MGV_FN mgv_f64 mgv_cvt_i64_f64(mgv_i64 v) { return (mgv_f64){mgv_i64_f64_(v.lo), mgv_i64_f64_(v.hi)}; }
MGV_FN mgv_i64 mgv_cvt_f64_i64(mgv_f64 v) { return (mgv_i64){mgv_f64_i64_(v.lo), mgv_f64_i64_(v.hi)}; }
MGV_FN mgv_f64 mgv_quarters_f64_(__m256 v) {
    return (mgv_f64){_mm256_cvtps_pd(_mm256_castps256_ps128(v)), _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1))};
}
MGV_FN mgv_f64 mgv_widen_lo_f64(mgv_f32 v) { return mgv_quarters_f64_(v.lo); }
MGV_FN mgv_f64 mgv_widen_hi_f64(mgv_f32 v) { return mgv_quarters_f64_(v.hi); }
MGV_FN mgv_f32 mgv_narrow_f32(mgv_f64 lo, mgv_f64 hi) {
    return (mgv_f32){_mm256_set_m128(_mm256_cvtpd_ps(lo.hi), _mm256_cvtpd_ps(lo.lo)),
                     _mm256_set_m128(_mm256_cvtpd_ps(hi.hi), _mm256_cvtpd_ps(hi.lo))};
}

/* Sixteen halves in memory, h the pair of registers that holds them. */
MGV_FN __m256i mgv_load_halves_(const mgv_at_u16 *p, size_t n) {
    uint16_t lanes[16] = {0};
    if (n >= 16) return MGV_LOAD_I_(p);
    if (n) memcpy(lanes, p, n * sizeof *p);
    return MGV_LOAD_I_(lanes);
}
MGV_FN void mgv_store_halves_(mgv_at_u16 *p, __m256i h, size_t n) {
    uint16_t lanes[16];
    if (n >= 16) {
        MGV_STORE_I_(p, h);
        return;
    }
    MGV_STORE_I_(lanes, h);
    if (n) memcpy(p, lanes, n * sizeof *p);
}
MGV_FN mgv_f32 mgv_loadn_f16_f32(const mgv_at_u16 *p, size_t n) {
    const __m256i h = mgv_load_halves_(p, n);
    return (mgv_f32){_mm256_cvtph_ps(_mm256_castsi256_si128(h)), _mm256_cvtph_ps(_mm256_extracti128_si256(h, 1))};
}
MGV_FN void mgv_storen_f16_f32(mgv_at_u16 *p, mgv_f32 v, size_t n) {
    mgv_store_halves_(p,
                      _mm256_set_m128i(_mm256_cvtps_ph(v.hi, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
                                       _mm256_cvtps_ph(v.lo, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)),
                      n);
}
MGV_FN __m256 mgv_bf16_f32_(__m128i h) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16)); }
MGV_FN mgv_f32 mgv_loadn_bf16_f32(const mgv_at_u16 *p, size_t n) {
    const __m256i h = mgv_load_halves_(p, n);
    return (mgv_f32){mgv_bf16_f32_(_mm256_castsi256_si128(h)), mgv_bf16_f32_(_mm256_extracti128_si256(h, 1))};
}
MGV_FN __m256i mgv_f32_bf16_(__m256 v) {
    const __m256i bits = _mm256_castps_si256(v), top = _mm256_srli_epi32(bits, 16);
    const __m256i odd = _mm256_and_si256(top, _mm256_set1_epi32(1));
    const __m256i up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    return _mm256_blendv_epi8(_mm256_srli_epi32(up, 16), _mm256_or_si256(top, _mm256_set1_epi32(0x40)), nan);
}
MGV_FN void mgv_storen_bf16_f32(mgv_at_u16 *p, mgv_f32 v, size_t n) {
    const __m256i h = _mm256_packus_epi32(mgv_f32_bf16_(v.lo), mgv_f32_bf16_(v.hi));
    mgv_store_halves_(p, _mm256_permute4x64_epi64(h, 0xd8), n);
}

/* ---- tables ---- */
MGV_FN mgv_f32 mgv_gather_f32(const float *base, mgv_i32 idx) {
    return (mgv_f32){_mm256_i32gather_ps(base, idx.lo, 4), _mm256_i32gather_ps(base, idx.hi, 4)};
}
MGV_FN mgv_f64 mgv_gather_f64(const double *base, mgv_i64 idx) {
    return (mgv_f64){_mm256_i64gather_pd(base, idx.lo, 8), _mm256_i64gather_pd(base, idx.hi, 8)};
}
/* The permute takes the low three bits of an index; the next one, moved to the sign, chooses the half of the table. */
MGV_FN __m256 mgv_lookup16_(mgv_f32 table, __m256i idx) {
    return _mm256_blendv_ps(_mm256_permutevar8x32_ps(table.lo, idx), _mm256_permutevar8x32_ps(table.hi, idx),
                            _mm256_castsi256_ps(_mm256_slli_epi32(idx, 28)));
}
MGV_FN mgv_f32 mgv_lookup16_f32(mgv_f32 table, mgv_i32 idx) {
    return (mgv_f32){mgv_lookup16_(table, idx.lo), mgv_lookup16_(table, idx.hi)};
}
/* Doubles are permuted as pairs of 32-bit lanes, 2 * idx and 2 * idx + 1. */
MGV_FN __m256d mgv_lookup8_(mgv_f64 table, __m256i idx) {
    const __m256i even = _mm256_shuffle_epi32(_mm256_add_epi64(idx, idx), 0xa0);
    const __m256i pair = _mm256_or_si256(even, _mm256_set1_epi64x(1ll << 32));
    const __m256 lo = _mm256_permutevar8x32_ps(_mm256_castpd_ps(table.lo), pair);
    const __m256 hi = _mm256_permutevar8x32_ps(_mm256_castpd_ps(table.hi), pair);
    return _mm256_blendv_pd(_mm256_castps_pd(lo), _mm256_castps_pd(hi),
                            _mm256_castsi256_pd(_mm256_slli_epi64(idx, 61)));
}
MGV_FN mgv_f64 mgv_lookup8_f64(mgv_f64 table, mgv_i64 idx) {
    return (mgv_f64){mgv_lookup8_(table, idx.lo), mgv_lookup8_(table, idx.hi)};
}

#include "kernels/simd/avx2_int.h"

#undef MGV_UNARY_
#undef MGV_BINARY_
#undef MGV_LOAD_I_
#undef MGV_STORE_I_
#pragma GCC diagnostic pop

#include "kernels/simd/divide.h"

#endif
