/* SPDX-License-Identifier: MIT
 * soft_sign, silu, softplus, elu and selu: the quotient with its denominator in double words, x sigmoid(x), max(x, 0) +
 * log1p(exp(-|x|)), and products with expm1. f32 computed in plain f64 except soft_sign, f64 in double words.
 * Accuracy and special values are in vmath.h. Coefficients: fit/activation.sollya, fit/exp.sollya, fit/area.sollya. */
#ifndef MGK_VM_ACTIVATION_H
#define MGK_VM_ACTIVATION_H

#include "kernels/vmath/vm_area.h"
#include "kernels/vmath/vm_sigmoid.h"

/* ---- soft_sign ---------------------------------------------------------------------------------------------------
 */

/* Beyond, x/(1 + |x|) is 1 but for less than half an ULP. */
#define VM_SOFT_SIGN_CAP_F32 0x1p30f
#define VM_SOFT_SIGN_CAP_F64 0x1p60

/* a / (1 + a), a = |x|: the quotient by the rounded denominator, corrected by what both leave. */
MGV_FN mgv_f32 vm_soft_sign_f32(mgv_f32 x) {
    const mgv_f32 one = mgv_set1_f32(1.0f), cap = mgv_set1_f32(VM_SOFT_SIGN_CAP_F32), size = mgv_abs_f32(x);
    const mgv_f32 a = mgv_select_f32(mgv_gt_f32(size, cap), cap, size), den = mgv_add_f32(a, one);
    const mgv_b32 large = mgv_gt_f32(a, one);
    const mgv_f32 more = mgv_select_f32(large, a, one), less = mgv_select_f32(large, one, a);
    const mgv_f32 lost = mgv_sub_f32(less, mgv_sub_f32(den, more));
    const mgv_f32 inverse = mgv_div_f32(one, den), quotient = mgv_mul_f32(a, inverse);
    const mgv_f32 rest = mgv_fnma_f32(quotient, lost, mgv_fnma_f32(quotient, den, a));
    return mgv_copysign_f32(mgv_fma_f32(rest, inverse, quotient), x);
}

MGV_FN mgv_f64 vm_soft_sign_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), cap = mgv_set1_f64(VM_SOFT_SIGN_CAP_F64), size = mgv_abs_f64(x);
    const mgv_f64 a = mgv_select_f64(mgv_gt_f64(size, cap), cap, size), den = mgv_add_f64(a, one);
    const mgv_b64 large = mgv_gt_f64(a, one);
    const mgv_f64 more = mgv_select_f64(large, a, one), less = mgv_select_f64(large, one, a);
    const mgv_f64 lost = mgv_sub_f64(less, mgv_sub_f64(den, more));
    const mgv_f64 inverse = mgv_div_f64(one, den), quotient = mgv_mul_f64(a, inverse);
    const mgv_f64 rest = mgv_fnma_f64(quotient, lost, mgv_fnma_f64(quotient, den, a));
    return mgv_copysign_f64(mgv_fma_f64(rest, inverse, quotient), x);
}

/* ---- f32 in f64 -------------------------------------------------------------------------------------------------- */

/* e^x = 2^n (1 + m) with m = expm1(r), relative error 2^-30.9; power = 2^n, for |x| <= 700. */
typedef struct vm_exp_narrow {
    mgv_f64 m, power;
} vm_exp_narrow;

MGV_FN vm_exp_narrow vm_exp_narrow_of(mgv_f64 x) {
    const vm_reduced_f64 a = vm_reduce_f64(x);
    mgv_f64 q = mgv_set1_f64(0x1.a072c38e7dc9cp-13);
    q = vm_step_f64(q, a.r, 0x1.6d42d6174e277p-10);
    q = vm_step_f64(q, a.r, 0x1.11114be2712a5p-7);
    q = vm_step_f64(q, a.r, 0x1.5554e9509113ep-5);
    q = vm_step_f64(q, a.r, 0x1.555555272ae64p-3);
    q = vm_step_f64(q, a.r, 0x1.0000000b7f898p-1);
    const mgv_f64 power = mgv_frombits_f64(mgv_add_i64(mgv_bits_f64(mgv_set1_f64(1.0)), a.power));
    return (vm_exp_narrow){mgv_fma_f64(mgv_mul_f64(a.r, a.r), q, a.r), power};
}

/* Where f32 sees no more of exp(-|x|), even times the largest x. */
#define VM_LOGISTIC_CAP_F32 200.0

/* x / (1 + exp(-x)), x not below where that has vanished. */
MGV_FN mgv_f64 vm_silu_narrow(mgv_f64 x) {
    const mgv_f64 cap = mgv_set1_f64(VM_LOGISTIC_CAP_F32), low = mgv_neg_f64(cap), one = mgv_set1_f64(1.0);
    const mgv_f64 in = mgv_select_f64(mgv_lt_f64(x, low), low, x);
    const vm_exp_narrow e = vm_exp_narrow_of(mgv_neg_f64(mgv_select_f64(mgv_gt_f64(in, cap), cap, in)));
    return mgv_div_f64(in, mgv_fma_f64(e.m, e.power, mgv_add_f64(e.power, one)));
}
VM_F32_BY_F64(silu, vm_silu_narrow)

/* ln(1 + z) = e ln2 + 2 atanh(t/2) with t = 2 (v - 1)/(v + 1), v = (1 + z)/2^e, and e = 1 from here on. */
#define VM_SOFTPLUS_HALVE 0.41421356237309503

MGV_FN mgv_f64 vm_softplus_narrow(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), half = mgv_set1_f64(0.5);
    const mgv_f64 a = mgv_abs_f64(x), cap = mgv_set1_f64(VM_LOGISTIC_CAP_F32);
    const vm_exp_narrow p = vm_exp_narrow_of(mgv_neg_f64(mgv_select_f64(mgv_gt_f64(a, cap), cap, a)));
    const mgv_f64 z = mgv_fma_f64(p.m, p.power, p.power);
    const mgv_b64 large = mgv_gt_f64(z, mgv_set1_f64(VM_SOFTPLUS_HALVE));
    const mgv_f64 e = mgv_select_f64(large, one, zero), top = mgv_sub_f64(z, e);
    const mgv_f64 bottom = mgv_fma_f64(z, half, mgv_select_f64(large, mgv_set1_f64(1.5), one));
    const mgv_f64 y = vm_area_narrow(e, mgv_div_f64(top, bottom));
    return mgv_add_f64(mgv_select_f64(mgv_gt_f64(x, zero), x, zero), y);
}
VM_F32_BY_F64(softplus, vm_softplus_narrow)

/* The same 1.0507009873554805 and 1.6732632423543772 as MyGrad's, and their product. */
#define VM_SELU_SCALE       0x1.0cfabd6a91132p+0
#define VM_SELU_SCALE_ALPHA 0x1.c212cc640f03p+0
#define VM_SELU_PRODUCT_LO  0x1.092dbf6372048p-54

/* alpha expm1(x) below 0, scale x from there on. Results of -40 are those of anything below. */
MGV_FN mgv_f64 vm_elu_narrow(mgv_f64 x, mgv_f64 alpha, mgv_f64 scale) {
    const mgv_f64 low = mgv_set1_f64(-40.0), one = mgv_set1_f64(1.0);
    const vm_exp_narrow e = vm_exp_narrow_of(mgv_select_f64(mgv_lt_f64(x, low), low, x));
    const mgv_f64 y = mgv_fma_f64(e.m, e.power, mgv_sub_f64(e.power, one));
    const mgv_b64 negative = mgv_lt_f64(x, mgv_set1_f64(0.0));
    return mgv_mul_f64(mgv_select_f64(negative, y, x), mgv_select_f64(negative, alpha, scale));
}
MGV_FN mgv_f64 vm_selu_narrow(mgv_f64 x) {
    return vm_elu_narrow(x, mgv_set1_f64(VM_SELU_SCALE_ALPHA), mgv_set1_f64(VM_SELU_SCALE));
}
VM_F32_BY_F64(selu, vm_selu_narrow)

MGV_FN mgv_f32 vm_elu_f32(mgv_f32 x, mgv_f32 alpha) {
    const mgv_f64 one = mgv_set1_f64(1.0);
    return mgv_narrow_f32(vm_elu_narrow(mgv_widen_lo_f64(x), mgv_widen_lo_f64(alpha), one),
                          vm_elu_narrow(mgv_widen_hi_f64(x), mgv_widen_hi_f64(alpha), one));
}

/* ---- f64 in double words ------------------------------------------------------------------------------------------
 */

/* x sigmoid(x); -760 exp(-760) has vanished. */
MGV_FN mgv_f64 vm_silu_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), low = mgv_set1_f64(-760.0);
    const mgv_f64 in = mgv_select_f64(mgv_lt_f64(x, low), low, x), minus = mgv_neg_f64(mgv_abs_f64(in));
    const vm_logistic a = vm_logistic_of(mgv_select_f64(mgv_lt_f64(minus, low), low, minus));
    const mgv_b64 negative = mgv_lt_f64(x, zero), tiny = mgv_lt_f64(x, mgv_set1_f64(VM_EXP_TINY_F64));
    vm_words top = vm_product(in, mgv_select_f64(negative, a.exp.hi, one));
    top.lo = mgv_fma_f64(in, mgv_select_f64(negative, a.exp.lo, zero), top.lo);
    const mgv_i64 power = mgv_select_i64(negative, a.power, mgv_set1_i64(0));
    const mgv_f64 y = vm_scale_down_f64(vm_logistic_quotient(top, a.sum), power, tiny);
    return mgv_select_f64(mgv_lt_f64(x, mgv_set1_f64((double)INFINITY)), mgv_copysign_f64(y, x), x);
}

/* max(x, 0) + ln(1 + z), z = exp(-|x|) = 2^n (hi + lo): in the logarithm n stops at -128, where it no longer matters;
 * the rest is put on afterwards. */
MGV_FN mgv_f64 vm_softplus_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), half = mgv_set1_f64(0.5);
    const mgv_f64 low = mgv_set1_f64(VM_EXP_ZERO_F64), minus = mgv_neg_f64(mgv_abs_f64(x));
    const vm_logistic a = vm_logistic_of(mgv_select_f64(mgv_lt_f64(minus, low), low, minus));
    const vm_words z = vm_words_scale(a.exp, a.scale);
    const mgv_b64 large = mgv_gt_f64(z.hi, mgv_set1_f64(VM_SOFTPLUS_HALVE)), positive = mgv_gt_f64(x, zero);
    const mgv_f64 e = mgv_select_f64(large, one, zero);
    const vm_words less = vm_quick_sum(mgv_neg_f64(e), z.hi);
    const vm_words more = vm_quick_sum(mgv_select_f64(large, mgv_set1_f64(1.5), one), mgv_mul_f64(z.hi, half));
    const vm_words top = {less.hi, mgv_add_f64(less.lo, z.lo)};
    const vm_words bottom = {more.hi, mgv_fma_f64(z.lo, half, more.lo)};
    const vm_words t = vm_area_quotient(top, bottom, mgv_div_f64(one, bottom.hi));
    const vm_words sum = vm_quick_sum(mgv_mul_f64(e, mgv_set1_f64(VM_LN2_HI_F64)), t.hi);
    const mgv_f64 rest = mgv_fma_f64(e, mgv_set1_f64(VM_LN2_LO_F64), mgv_add_f64(vm_area_rest_f64(t), sum.lo));
    const vm_words all = vm_sum(mgv_select_f64(positive, x, zero), sum.hi);
    const mgv_f64 y = mgv_add_f64(all.hi, mgv_add_f64(all.lo, rest));
    const mgv_i64 left = mgv_sub_i64(a.power, mgv_sub_i64(mgv_bits_f64(a.scale), mgv_bits_f64(one)));
    const mgv_i64 power = mgv_select_i64(mgv_lt_f64(x, zero), left, mgv_set1_i64(0));
    const mgv_f64 scaled = vm_scale_down_f64(y, power, mgv_lt_f64(x, mgv_set1_f64(VM_EXP_TINY_F64)));
    return mgv_select_f64(mgv_lt_f64(x, mgv_set1_f64((double)INFINITY)), scaled, x);
}

/* expm1(x) for x < 0, hi + lo with |lo| < |hi| / 5: below -45 it is that of -45. */
MGV_FN vm_words vm_expm1_below(mgv_f64 x) {
    const mgv_f64 low = mgv_set1_f64(-45.0);
    const vm_reduced_f64 a = vm_reduce_f64(mgv_select_f64(mgv_lt_f64(x, low), low, x));
    const mgv_f64 power = mgv_frombits_f64(mgv_add_i64(mgv_bits_f64(mgv_set1_f64(1.0)), a.power));
    return vm_words_scale(vm_expm1_words(a), power);
}

/* One rounding of the large product; alpha = 0 and infinity by themselves, for their product with lo has any sign, or
 * none. */
MGV_FN mgv_f64 vm_elu_f64(mgv_f64 x, mgv_f64 alpha) {
    const vm_words e = vm_expm1_below(x);
    const mgv_f64 zero = mgv_set1_f64(0.0), size = mgv_abs_f64(alpha);
    const mgv_b64 ordinary = mgv_and_b64(mgv_gt_f64(size, zero), mgv_lt_f64(size, mgv_set1_f64((double)INFINITY)));
    const mgv_f64 lo = mgv_select_f64(ordinary, mgv_mul_f64(alpha, e.lo), mgv_neg_f64(zero));
    return mgv_select_f64(mgv_lt_f64(x, zero), mgv_fma_f64(alpha, e.hi, lo), x);
}

MGV_FN mgv_f64 vm_selu_f64(mgv_f64 x) {
    const vm_words e = vm_expm1_below(x);
    const mgv_f64 hi = mgv_set1_f64(VM_SELU_SCALE_ALPHA), lo = mgv_set1_f64(VM_SELU_PRODUCT_LO);
    const mgv_f64 y = mgv_fma_f64(hi, e.hi, mgv_fma_f64(hi, e.lo, mgv_mul_f64(lo, e.hi)));
    return mgv_select_f64(mgv_lt_f64(x, mgv_set1_f64(0.0)), y, mgv_mul_f64(mgv_set1_f64(VM_SELU_SCALE), x));
}

#endif
