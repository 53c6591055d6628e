/* SPDX-License-Identifier: MIT
 * The 64-byte vocabulary: the contract of what {scalar,avx2,avx512,neon}.h implement, and the choice among them.
 * Every header has the same functions, in the same order, with the same results bit for bit (any NaN equals any NaN).
 *
 * TYPES. One vector is 64 bytes whatever the ISA: a register on AVX-512, two on AVX2, four on NEON, an array in scalar.
 *   mgv_f32 (16 lanes)  mgv_f64 (8)   mgv_i8 mgv_u8 (64)  mgv_i16 mgv_u16 (32)
 *   mgv_i32 mgv_u32 (16)  mgv_i64 mgv_u64 (8)
 *   mgv_b8 mgv_b16 mgv_b32 mgv_b64    masks for lanes of 8, 16, 32, 64 bits
 *   MGV_LANES_<t>                     lanes, as a constant
 * n is a size_t, a shift count k an int, p a pointer to mgv_at_<t>, the element type at any address, to which pointers
 * to plain elements convert (void * for masks, mgv_at_u16 * for f16 and bf16).
 * In the names below <t> is f32 f64 i8 i16 i32 i64 u8 u16 u32 u64, <i> one of the eight integers, <f> f32 or f64, <b>
 * the mask type of a type's lane width. All functions are static inline. Rows marked (all) exist for every <t>.
 *
 * MEMORY (all). No alignment is asked for, not even an element's; bytes outside [p, p + n) are never touched.
 *   mgv_load_<t>(p)            mgv_store_<t>(p, v)
 *   mgv_loadn_<t>(p, n)        first n lanes (0 <= n <= lanes), the rest zero
 *   mgv_storen_<t>(p, v, n)    first n lanes
 *   mgv_set1_<t>(x)            every lane x
 *   mgv_stream_<t>(p, v)       f32, f64 only: store past the caches, p 64-byte aligned; mgv_fence() orders them
 *   mgv_prefetch(p)            p's line will be read soon; any p, nothing else happens
 * MASKS in memory are bool bytes, one per lane of the named width:
 *   mgv_loadm_<b>(p) mgv_loadmn_<b>(p, n)   nonzero byte = true, lanes past n false
 *   mgv_storem_<b>(p, m) mgv_storemn_<b>(p, m, n)   writes 0 or 1
 *   mgv_and_<b> or_ xor_ andnot_(a, b) = a & ~b, not_;  mgv_any_<b>(m), mgv_all_<b>(m) -> bool
 *
 * ARITHMETIC.
 *   mgv_add_<t> sub_ mul_      (all); integers wrap
 *   mgv_neg_<t> mgv_abs_<t>    (all); floats: flip / clear the sign bit, NaN too; abs(INT_MIN) = INT_MIN
 *   mgv_max_<t> mgv_min_<t>    (all); floats: NaN wins over any number, -0 < +0
 *   mgv_div_<f> mgv_sqrt_<f>   IEEE, correctly rounded
 *   mgv_fma_<f>(a, b, c) = a*b + c     mgv_fnma_<f>(a, b, c) = c - a*b     rounded once
 *   mgv_div_<i> mgv_rem_<i>    FLOOR division and its remainder (sign of the divisor), as NumPy's // and %;
 *                              x / 0 = x % 0 = 0; INT_MIN / -1 = INT_MIN, INT_MIN % -1 = 0
 *   mgv_rint_<f> floor_ ceil_ trunc_   rint: ties to even; sign of zero kept, NaN stays NaN
 *   mgv_copysign_<f>(mag, sgn)
 * COMPARE (all) -> <b>: mgv_eq_<t> ne_ lt_ le_ gt_ ge_. IEEE: every one but ne is false with NaN; -0 == +0.
 *   mgv_select_<t>(m, a, b) = m ? a : b, lane by lane, bits untouched
 *   mgv_isnan_<f>(v); mgv_signbit_<f>(v): the sign bit is set AND the lane is not NaN
 * BITS (integers): mgv_and_<i> or_ xor_ andnot_(a, b) = a & ~b, not_
 *   mgv_shl_<i>(v, k) mgv_shr_<i>(v, k)      one count for all lanes (0 <= k < width); shr is arithmetic for signed
 *   mgv_shlv_<i>(v, k) mgv_shrv_<i>(v, k)    a count per lane; a count >= width (as unsigned) gives 0, for signed shr
 *                                            the sign
 *   mgv_bits_<f>(v): f32 -> i32, f64 -> i64;  mgv_frombits_<f>(v): back
 *   mgv_as_u<w>_i<w>(v), mgv_as_i<w>_u<w>(v): reinterpret
 * CONVERT
 *   mgv_cvt_i32_f32(v)  mgv_cvt_f32_i32(v)   i32 -> f32 (nearest even); f32 -> i32 nearest even, |v| < 2^31 required
 *   mgv_cvt_i64_f64(v)  mgv_cvt_f64_i64(v)   the same; here |v| < 2^51 is required in both directions
 *   mgv_widen_lo_f64(v) mgv_widen_hi_f64(v)  f32 lanes 0..7 / 8..15 -> f64
 *   mgv_narrow_f32(lo, hi)                   two f64 -> f32, nearest even
 *   mgv_loadn_f16_f32(p, n) loadn_bf16_f32(p, n)   uint16_t -> f32, exact, rest zero
 *   mgv_storen_f16_f32(p, v, n) storen_bf16_f32    f32 -> uint16_t, nearest even, subnormals kept, NaN -> quiet NaN
 * TABLES
 *   mgv_gather_f32(base, i32 idx)  mgv_gather_f64(base, i64 idx)   base[idx], every index in range
 *   mgv_lookup16_f32(mgv_f32 table, i32 idx)   table[idx & 15]
 *   mgv_lookup8_f64(mgv_f64 table, i64 idx)    table[idx & 7]
 * REDUCE: none. Lanes are folded through memory by halving (rules C1), so every ISA adds in the same order.
 *
 * Not in the vocabulary, on purpose: estimates (rcp, rsqrt), FP16 and BF16 arithmetic, horizontal sums, fast min/max.
 */
#ifndef MGK_SIMD_H
#define MGK_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MGV_LANES_f32 16
#define MGV_LANES_f64 8
#define MGV_LANES_i8  64
#define MGV_LANES_u8  64
#define MGV_LANES_i16 32
#define MGV_LANES_u16 32
#define MGV_LANES_i32 16
#define MGV_LANES_u32 16
#define MGV_LANES_i64 8
#define MGV_LANES_u64 8

/* The build compiles each kernel file once per ISA with one of these defined (cmake/isa.cmake). */
#if defined(MGK_ISA_AVX512)
#define MGK_ISA avx512
#include "kernels/simd/avx512.h"
#elif defined(MGK_ISA_AVX2)
#define MGK_ISA avx2
#include "kernels/simd/avx2.h"
#elif defined(MGK_ISA_NEON)
#define MGK_ISA neon
#include "kernels/simd/neon.h"
#elif defined(MGK_ISA_SCALAR)
#define MGK_ISA scalar
#include "kernels/simd/scalar.h"
#else
#error "define one of MGK_ISA_SCALAR, MGK_ISA_AVX2, MGK_ISA_AVX512, MGK_ISA_NEON"
#endif

/* mgk_add_f32 -> mgk_add_f32_avx2: the ISA is the last word of every kernel's name. */
#define MGK_PASTE_(a, b) a##_##b
#define MGK_PASTE(a, b)  MGK_PASTE_(a, b)
#define MGK_NAME(base)   MGK_PASTE(base, MGK_ISA)

#endif
