/* SPDX-License-Identifier: MIT
 * Integer arithmetic, comparisons and shifts of the AVX2 vocabulary; a part of avx2.h, which includes it. Where AVX2
 * has no instruction (64-bit multiply, unsigned compare, shifts of bytes and words) the wider or signed one is used. */
#ifndef MGK_SIMD_AVX2_INT_H
#define MGK_SIMD_AVX2_INT_H

/* ---- one register at a time: what the instruction set lacks ---- */
#define MGV_ODD_BYTES_ _mm256_set1_epi16((short)0xff00)
#define MGV_ODD_WORDS_ _mm256_set1_epi32((int)0xffff0000)
MGV_FN __m256i mgv_mul8_(__m256i x, __m256i y) {
    const __m256i even = _mm256_mullo_epi16(x, y);
    const __m256i odd = _mm256_mullo_epi16(_mm256_srli_epi16(x, 8), _mm256_srli_epi16(y, 8));
    return _mm256_blendv_epi8(even, _mm256_slli_epi16(odd, 8), MGV_ODD_BYTES_);
}
MGV_FN __m256i mgv_mul64_(__m256i x, __m256i y) { /* the product of the high halves is past 64 bits */
    const __m256i cross = _mm256_mullo_epi32(x, _mm256_shuffle_epi32(y, 0xb1));
    const __m256i sum = _mm256_add_epi32(cross, _mm256_srli_epi64(cross, 32));
    return _mm256_add_epi64(_mm256_mul_epu32(x, y), _mm256_slli_epi64(sum, 32));
}
MGV_FN __m256i mgv_abs64_(__m256i v) {
    const __m256i s = mgv_sign64_(v);
    return _mm256_sub_epi64(_mm256_xor_si256(v, s), s);
}
#define mgv_mul16_   _mm256_mullo_epi16
#define mgv_mul32_   _mm256_mullo_epi32
#define mgv_abs8_    _mm256_abs_epi8
#define mgv_abs16_   _mm256_abs_epi16
#define mgv_abs32_   _mm256_abs_epi32
#define MGV_NONE_(v) (v)
#define MGV_TOP_8_   _mm256_set1_epi8((char)0x80)
#define MGV_TOP_16_  _mm256_set1_epi16((short)0x8000)
#define MGV_TOP_32_  _mm256_set1_epi32((int)0x80000000)
#define MGV_TOP_64_  _mm256_set1_epi64x((long long)0x8000000000000000)
#define MGV_GT_(w)                                                                                                     \
    MGV_FN __m256i mgv_gt_i##w##_(__m256i x, __m256i y) { return _mm256_cmpgt_epi##w(x, y); }                          \
    MGV_FN __m256i mgv_gt_u##w##_(__m256i x, __m256i y) {                                                              \
        return _mm256_cmpgt_epi##w(_mm256_xor_si256(x, MGV_TOP_##w##_), _mm256_xor_si256(y, MGV_TOP_##w##_));          \
    }
MGV_GT_(8)
MGV_GT_(16)
MGV_GT_(32)
MGV_GT_(64)
#undef MGV_GT_
#define mgv_max_i8_  _mm256_max_epi8
#define mgv_max_i16_ _mm256_max_epi16
#define mgv_max_i32_ _mm256_max_epi32
#define mgv_max_u8_  _mm256_max_epu8
#define mgv_max_u16_ _mm256_max_epu16
#define mgv_max_u32_ _mm256_max_epu32
#define mgv_min_i8_  _mm256_min_epi8
#define mgv_min_i16_ _mm256_min_epi16
#define mgv_min_i32_ _mm256_min_epi32
#define mgv_min_u8_  _mm256_min_epu8
#define mgv_min_u16_ _mm256_min_epu16
#define mgv_min_u32_ _mm256_min_epu32
MGV_FN __m256i mgv_max_i64_(__m256i x, __m256i y) { return _mm256_blendv_epi8(y, x, mgv_gt_i64_(x, y)); }
MGV_FN __m256i mgv_max_u64_(__m256i x, __m256i y) { return _mm256_blendv_epi8(y, x, mgv_gt_u64_(x, y)); }
MGV_FN __m256i mgv_min_i64_(__m256i x, __m256i y) { return _mm256_blendv_epi8(x, y, mgv_gt_i64_(x, y)); }
MGV_FN __m256i mgv_min_u64_(__m256i x, __m256i y) { return _mm256_blendv_epi8(x, y, mgv_gt_u64_(x, y)); }

/* ---- shifts of one register ---- */
MGV_FN __m256i mgv_sll8_(__m256i v, int k) {
    return _mm256_and_si256(_mm256_slli_epi16(v, k), _mm256_set1_epi8((char)(0xff << k)));
}
MGV_FN __m256i mgv_srl8_(__m256i v, int k) {
    return _mm256_and_si256(_mm256_srli_epi16(v, k), _mm256_set1_epi8((char)(0xff >> k)));
}
MGV_FN __m256i mgv_sra8_(__m256i v, int k) { /* the shifted sign bit, flipped and subtracted, extends itself */
    const __m256i top = _mm256_set1_epi8((char)(0x80 >> k));
    return _mm256_sub_epi8(_mm256_xor_si256(mgv_srl8_(v, k), top), top);
}
MGV_FN __m256i mgv_sra64_(__m256i v, int k) { /* a negative number is complemented before and after */
    const __m256i s = mgv_sign64_(v);
    return _mm256_xor_si256(_mm256_srli_epi64(_mm256_xor_si256(v, s), k), s);
}
MGV_FN __m256i mgv_sll16_(__m256i v, int k) { return _mm256_slli_epi16(v, k); }
MGV_FN __m256i mgv_srl16_(__m256i v, int k) { return _mm256_srli_epi16(v, k); }
MGV_FN __m256i mgv_sra16_(__m256i v, int k) { return _mm256_srai_epi16(v, k); }
MGV_FN __m256i mgv_sll32_(__m256i v, int k) { return _mm256_slli_epi32(v, k); }
MGV_FN __m256i mgv_srl32_(__m256i v, int k) { return _mm256_srli_epi32(v, k); }
MGV_FN __m256i mgv_sra32_(__m256i v, int k) { return _mm256_srai_epi32(v, k); }
MGV_FN __m256i mgv_sll64_(__m256i v, int k) { return _mm256_slli_epi64(v, k); }
MGV_FN __m256i mgv_srl64_(__m256i v, int k) { return _mm256_srli_epi64(v, k); }

#define mgv_sllv32_ _mm256_sllv_epi32
#define mgv_srlv32_ _mm256_srlv_epi32
#define mgv_srav32_ _mm256_srav_epi32
#define mgv_sllv64_ _mm256_sllv_epi64
#define mgv_srlv64_ _mm256_srlv_epi64
MGV_FN __m256i mgv_srav64_(__m256i v, __m256i k) {
    const __m256i s = mgv_sign64_(v);
    return _mm256_xor_si256(_mm256_srlv_epi64(_mm256_xor_si256(v, s), k), s);
}
/* Lanes of w bits are shifted as the even and the odd ones among lanes of W = 2w bits. Counts are unsigned, so a large
 * one stays large; odd lanes are brought down (with or without their sign) and put back at the top. */
#define MGV_EVEN_ODD_(w, W, mask)                                                                                      \
    MGV_FN __m256i mgv_join##w##_(__m256i even, __m256i odd) {                                                         \
        return _mm256_blendv_epi8(even, _mm256_slli_epi##W(odd, w), mask);                                             \
    }                                                                                                                  \
    MGV_FN __m256i mgv_sllv##w##_(__m256i v, __m256i k) {                                                              \
        return mgv_join##w##_(mgv_sllv##W##_(v, _mm256_andnot_si256(mask, k)),                                         \
                              mgv_sllv##W##_(_mm256_srli_epi##W(v, w), _mm256_srli_epi##W(k, w)));                     \
    }                                                                                                                  \
    MGV_FN __m256i mgv_srlv##w##_(__m256i v, __m256i k) {                                                              \
        return mgv_join##w##_(mgv_srlv##W##_(_mm256_andnot_si256(mask, v), _mm256_andnot_si256(mask, k)),              \
                              mgv_srlv##W##_(_mm256_srli_epi##W(v, w), _mm256_srli_epi##W(k, w)));                     \
    }                                                                                                                  \
    MGV_FN __m256i mgv_srav##w##_(__m256i v, __m256i k) {                                                              \
        return mgv_join##w##_(                                                                                         \
            mgv_srav##W##_(_mm256_srai_epi##W(_mm256_slli_epi##W(v, w), w), _mm256_andnot_si256(mask, k)),             \
            mgv_srav##W##_(_mm256_srai_epi##W(v, w), _mm256_srli_epi##W(k, w)));                                       \
    }
MGV_EVEN_ODD_(16, 32, MGV_ODD_WORDS_)
MGV_EVEN_ODD_(8, 16, MGV_ODD_BYTES_)
#undef MGV_EVEN_ODD_
#undef MGV_ODD_BYTES_
#undef MGV_ODD_WORDS_

/* ---- the vocabulary ---- */
/* s: i or u; la: logical or arithmetic right shift (l, a); abs: per register. */
#define MGV_INT_(t, w, la, abs_)                                                                                       \
    MGV_BINARY_(add, t, t, _mm256_add_epi##w)                                                                          \
    MGV_BINARY_(sub, t, t, _mm256_sub_epi##w)                                                                          \
    MGV_BINARY_(mul, t, t, mgv_mul##w##_)                                                                              \
    MGV_BINARY_(max, t, t, mgv_max_##t##_)                                                                             \
    MGV_BINARY_(min, t, t, mgv_min_##t##_)                                                                             \
    MGV_UNARY_(abs, t, t, abs_)                                                                                        \
    MGV_FN mgv_##t mgv_neg_##t(mgv_##t v) {                                                                            \
        const __m256i zero = _mm256_setzero_si256();                                                                   \
        return (mgv_##t){_mm256_sub_epi##w(zero, v.lo), _mm256_sub_epi##w(zero, v.hi)};                                \
    }                                                                                                                  \
    MGV_BINARY_(eq, t, b##w, _mm256_cmpeq_epi##w)                                                                      \
    MGV_BINARY_(gt, t, b##w, mgv_gt_##t##_)                                                                            \
    MGV_FN mgv_b##w mgv_ne_##t(mgv_##t a, mgv_##t b) { return mgv_not_b##w(mgv_eq_##t(a, b)); }                        \
    MGV_FN mgv_b##w mgv_lt_##t(mgv_##t a, mgv_##t b) { return mgv_gt_##t(b, a); }                                      \
    MGV_FN mgv_b##w mgv_le_##t(mgv_##t a, mgv_##t b) { return mgv_not_b##w(mgv_gt_##t(a, b)); }                        \
    MGV_FN mgv_b##w mgv_ge_##t(mgv_##t a, mgv_##t b) { return mgv_not_b##w(mgv_gt_##t(b, a)); }                        \
    MGV_FN mgv_##t mgv_select_##t(mgv_b##w m, mgv_##t a, mgv_##t b) {                                                  \
        return (mgv_##t){_mm256_blendv_epi8(b.lo, a.lo, m.lo), _mm256_blendv_epi8(b.hi, a.hi, m.hi)};                  \
    }                                                                                                                  \
    MGV_BINARY_(and, t, t, _mm256_and_si256)                                                                           \
    MGV_BINARY_(or, t, t, _mm256_or_si256)                                                                             \
    MGV_BINARY_(xor, t, t, _mm256_xor_si256)                                                                           \
    MGV_FN mgv_##t mgv_andnot_##t(mgv_##t a, mgv_##t b) { return mgv_andnot_b##w(a, b); }                              \
    MGV_FN mgv_##t mgv_not_##t(mgv_##t v) { return mgv_not_b##w(v); }                                                  \
    MGV_FN mgv_##t mgv_shl_##t(mgv_##t v, int k) { return (mgv_##t){mgv_sll##w##_(v.lo, k), mgv_sll##w##_(v.hi, k)}; } \
    MGV_FN mgv_##t mgv_shr_##t(mgv_##t v, int k) {                                                                     \
        return (mgv_##t){mgv_sr##la##w##_(v.lo, k), mgv_sr##la##w##_(v.hi, k)};                                        \
    }                                                                                                                  \
    MGV_BINARY_(shlv, t, t, mgv_sllv##w##_)                                                                            \
    MGV_BINARY_(shrv, t, t, mgv_sr##la##v##w##_)
#define MGV_WIDTH_(w)                                                                                                  \
    MGV_INT_(i##w, w, a, mgv_abs##w##_)                                                                                \
    MGV_INT_(u##w, w, l, MGV_NONE_)                                                                                    \
    MGV_FN mgv_i##w mgv_as_u##w##_i##w(mgv_u##w v) { return v; }                                                       \
    MGV_FN mgv_u##w mgv_as_i##w##_u##w(mgv_i##w v) { return v; }
MGV_WIDTH_(8)
MGV_WIDTH_(16)
MGV_WIDTH_(32)
MGV_WIDTH_(64)
#undef MGV_WIDTH_
#undef MGV_INT_
#undef MGV_NONE_
#undef MGV_TOP_8_
#undef MGV_TOP_16_
#undef MGV_TOP_32_
#undef MGV_TOP_64_

#endif
