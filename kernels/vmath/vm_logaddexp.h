/* SPDX-License-Identifier: MIT
 * logaddexp and logaddexp2: the larger operand plus log(1 + t), where t is the exponential of the other one less the
 * larger: 2 atanh(t/(2 + t)), added in two words. f64 keeps low words all the way; f32 is computed in plain f64.
 * Accuracy and special values are in vmath.h. Coefficients: fit/logaddexp.sollya; of exp2 fit/power.sollya, of exp in
 * f64 fit/exp.sollya. */
#ifndef MGK_VM_LOGADDEXP_H
#define MGK_VM_LOGADDEXP_H

#include "kernels/vmath/vm_exp.h"
#include "kernels/vmath/vm_words.h"

/* 2 / ln2 */
#define VM_TWICE_LOG2E_F64    0x1.71547652b82fep1
#define VM_TWICE_LOG2E_LO_F64 0x1.777d0ffda0d24p-55

/* The larger operand, and what is added to it in the exponent: from -below to 0, or NaN if an operand is. Equal
 * infinities differ by 0. */
typedef struct vm_addends {
    mgv_f64 most, gap;
    mgv_b64 vanishes; /* the gap was larger */
} vm_addends;

MGV_FN vm_addends vm_addends_of(mgv_f64 x, mgv_f64 y, double below) {
    const mgv_b64 first = mgv_gt_f64(x, y);
    const mgv_f64 most = mgv_select_f64(first, x, y), least = mgv_select_f64(first, y, x), cap = mgv_set1_f64(-below);
    const mgv_f64 gap = mgv_select_f64(mgv_eq_f64(most, least), mgv_set1_f64(0.0), mgv_sub_f64(least, most));
    const mgv_b64 vanishes = mgv_lt_f64(gap, cap);
    return (vm_addends){most, mgv_select_f64(vanishes, cap, gap), vanishes};
}

/* most + part, but most where that is infinite, and NaN where the gap is. */
MGV_FN mgv_f64 vm_addends_result(vm_addends a, mgv_f64 sum) {
    const mgv_b64 finite = mgv_lt_f64(mgv_abs_f64(a.most), mgv_set1_f64((double)INFINITY));
    const mgv_b64 ordinary = mgv_and_b64(finite, mgv_le_f64(a.gap, mgv_set1_f64(0.0)));
    return mgv_select_f64(ordinary, sum, mgv_add_f64(a.most, a.gap));
}

/* ---- f32 in f64 -------------------------------------------------------------------------------------------------- */

/* 2^n (1 + r (1 + r q(r))): relative error 2^-33.7. */
MGV_FN mgv_f64 vm_exp_of_gap(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0);
    const vm_reduced_f64 a = vm_reduce_f64(x);
    mgv_f64 q = mgv_set1_f64(0x1.a1b8003add454p-13);
    q = vm_step_f64(q, a.r, 0x1.6d967f469e2b8p-10);
    q = vm_step_f64(q, a.r, 0x1.11107cf2cfa4cp-7);
    q = vm_step_f64(q, a.r, 0x1.5554805c959f4p-5);
    q = vm_step_f64(q, a.r, 0x1.55555597fe59ep-3);
    q = vm_step_f64(q, a.r, 0x1.00000042e8eb7p-1);
    return vm_scale_f64(mgv_fma_f64(a.r, mgv_fma_f64(a.r, q, one), one), a.power);
}
/* 2^n (1 + r q(r)): relative error 2^-28.4. */
MGV_FN mgv_f64 vm_exp2_narrow(mgv_f64 x) {
    const mgv_f64 magic = mgv_set1_f64(0x1.8p52), t = mgv_add_f64(x, magic), r = mgv_sub_f64(x, mgv_sub_f64(t, magic));
    mgv_f64 q = mgv_set1_f64(0x1.448fc54b9b9eap-13);
    q = vm_step_f64(q, r, 0x1.5f47b486ecd4cp-10);
    q = vm_step_f64(q, r, 0x1.3b29aa0ebbb7p-7);
    q = vm_step_f64(q, r, 0x1.c6aecf6571a72p-5);
    q = vm_step_f64(q, r, 0x1.ebfbe0d78a6dbp-3);
    q = vm_step_f64(q, r, 0x1.62e430cc53773p-1);
    return vm_scale_f64(vm_step_f64(q, r, 1.0), mgv_shl_i64(mgv_bits_f64(t), 52));
}

/* The relative errors of log(1 + t) and of log2(1 + t): 2^-31.2. Gaps beyond 700 leave nothing in f32. */
MGV_FN mgv_f64 vm_logaddexp_narrow(mgv_f64 x, mgv_f64 y) {
    const vm_addends a = vm_addends_of(x, y, 700.0);
    const mgv_f64 t = vm_exp_of_gap(a.gap), s = mgv_div_f64(t, mgv_add_f64(t, mgv_set1_f64(2.0)));
    const mgv_f64 z = mgv_mul_f64(s, s);
    mgv_f64 p = mgv_set1_f64(0x1.dc3cc98a903ccp-3);
    p = vm_step_f64(p, z, 0x1.bc6ab6ce539eap-3);
    p = vm_step_f64(p, z, 0x1.24ca5675118fcp-2);
    p = vm_step_f64(p, z, 0x1.9998cdcb537eep-2);
    p = vm_step_f64(p, z, 0x1.55555590792bap-1);
    p = vm_step_f64(p, z, 2.0);
    return vm_addends_result(a, mgv_fma_f64(s, p, a.most));
}
MGV_FN mgv_f64 vm_logaddexp2_narrow(mgv_f64 x, mgv_f64 y) {
    const vm_addends a = vm_addends_of(x, y, 1000.0);
    const mgv_f64 t = vm_exp2_narrow(a.gap), s = mgv_div_f64(t, mgv_add_f64(t, mgv_set1_f64(2.0)));
    const mgv_f64 z = mgv_mul_f64(s, s);
    mgv_f64 p = mgv_set1_f64(0x1.57885f485ca0ep-2);
    p = vm_step_f64(p, z, 0x1.409438f6175bfp-2);
    p = vm_step_f64(p, z, 0x1.a6684056fbf32p-2);
    p = vm_step_f64(p, z, 0x1.2776320b31491p-1);
    p = vm_step_f64(p, z, 0x1.ec709e18f26adp-1);
    p = vm_step_f64(p, z, VM_TWICE_LOG2E_F64);
    const mgv_f64 sum = mgv_fma_f64(s, p, a.most), one = mgv_set1_f64(1.0);
    return vm_addends_result(a, mgv_select_f64(mgv_eq_f64(x, y), mgv_add_f64(a.most, one), sum));
}
VM_F32_BY_F64_2(logaddexp, vm_logaddexp_narrow)
VM_F32_BY_F64_2(logaddexp2, vm_logaddexp2_narrow)

/* ---- f64 --------------------------------------------------------------------------------------------------------- */

/* 2^(r + low), |r| <= 1/2 and low far below, as 1 + ln2 r + r^2 q(r), error 2^-61.6: the low word is up to 0.06. */
MGV_FN vm_words vm_exp2_words(mgv_f64 r, mgv_f64 low) {
    const mgv_f64 one = mgv_set1_f64(1.0), r2 = mgv_mul_f64(r, r);
    mgv_f64 even = mgv_set1_f64(0x1.b50c3781828bbp-36);
    even = vm_step_f64(even, r2, 0x1.e4db36895c874p-28);
    even = vm_step_f64(even, r2, 0x1.62c01eaf2011ap-20);
    even = vm_step_f64(even, r2, 0x1.430912f96606fp-13);
    even = vm_step_f64(even, r2, 0x1.3b2ab6fba4a96p-7);
    even = vm_step_f64(even, r2, 0x1.ebfbdff82c59p-3);
    mgv_f64 odd = mgv_set1_f64(0x1.e9f7cfce95ab3p-32);
    odd = vm_step_f64(odd, r2, 0x1.b524e466388afp-24);
    odd = vm_step_f64(odd, r2, 0x1.ffcbfc70eada1p-17);
    odd = vm_step_f64(odd, r2, 0x1.5d87fe78a369bp-10);
    odd = vm_step_f64(odd, r2, 0x1.c6b08d704a0c8p-5);
    const mgv_f64 tail = mgv_mul_f64(r2, mgv_fma_f64(odd, r, even)), ln2 = mgv_set1_f64(VM_LN2_HI_F64);
    const mgv_f64 w = mgv_mul_f64(r, ln2), slope = mgv_fma_f64(mgv_add_f64(w, tail), ln2, ln2);
    const mgv_f64 wl =
        mgv_sub_f64(mgv_fma_f64(low, slope, mgv_mul_f64(r, mgv_set1_f64(VM_LN2_LO_F64))), mgv_fnma_f64(r, ln2, w));
    const vm_words sum = vm_quick_sum(one, w);
    return (vm_words){sum.hi, mgv_add_f64(sum.lo, mgv_add_f64(tail, wl))};
}

/* What the gap has lost to rounding. */
MGV_FN mgv_f64 vm_addends_lost(vm_addends a, mgv_f64 x, mgv_f64 y) {
    const mgv_b64 first = mgv_gt_f64(x, y);
    const vm_words gap = vm_sum(mgv_select_f64(first, y, x), mgv_neg_f64(a.most));
    return mgv_select_f64(a.vanishes, mgv_set1_f64(0.0), gap.lo);
}

/* t / (2 + t) for t = 2^n times the sum of the two words, or 0. */
MGV_FN vm_words vm_addends_quotient(vm_addends a, mgv_f64 hi, mgv_f64 lo, mgv_i64 power) {
    const mgv_f64 one = mgv_set1_f64(1.0), two = mgv_set1_f64(2.0);
    const mgv_f64 scale = mgv_select_f64(a.vanishes, mgv_set1_f64(0.0), vm_scale_f64(one, power));
    const vm_words t = vm_words_scale(vm_quick_sum(hi, lo), scale), sum = vm_quick_sum(two, t.hi);
    const mgv_f64 inverse = mgv_div_f64(one, sum.hi), s = mgv_mul_f64(t.hi, inverse);
    const mgv_f64 rest = mgv_fnma_f64(s, mgv_add_f64(sum.lo, t.lo), mgv_add_f64(mgv_fnma_f64(s, sum.hi, t.hi), t.lo));
    return (vm_words){s, mgv_mul_f64(rest, inverse)};
}

/* log(1 + t) = 2 s + s^3 p(s^2): relative error 2^-61.8. */
MGV_FN mgv_f64 vm_logaddexp_f64(mgv_f64 x, mgv_f64 y) {
    const vm_addends a = vm_addends_of(x, y, 700.0);
    const vm_reduced_f64 e = vm_reduce_f64(a.gap);
    const mgv_f64 lost = mgv_fnma_f64(e.n, mgv_set1_f64(VM_LN2_LO_F64), vm_addends_lost(a, x, y));
    const mgv_f64 tail = mgv_fma_f64(mgv_mul_f64(e.r, e.r), vm_exp_poly_f64(e.r), lost);
    const vm_words start = vm_quick_sum(mgv_set1_f64(1.0), e.rh);
    const vm_words s = vm_addends_quotient(a, start.hi, mgv_add_f64(start.lo, tail), e.power);
    const mgv_f64 z = mgv_mul_f64(s.hi, s.hi), z2 = mgv_mul_f64(z, z);
    mgv_f64 even = mgv_set1_f64(0x1.3295b98a1292ep-3);
    even = vm_step_f64(even, z2, 0x1.b841f7059a64p-4);
    even = vm_step_f64(even, z2, 0x1.1114a0bbc203bp-3);
    even = vm_step_f64(even, z2, 0x1.745d16ae53f07p-3);
    even = vm_step_f64(even, z2, 0x1.2492492483f12p-2);
    even = vm_step_f64(even, z2, 0x1.5555555555555p-1);
    mgv_f64 odd = mgv_set1_f64(0x1.42b0c303203ap-4);
    odd = vm_step_f64(odd, z2, 0x1.e131045d3fe63p-4);
    odd = vm_step_f64(odd, z2, 0x1.3b13a6616eb39p-3);
    odd = vm_step_f64(odd, z2, 0x1.c71c71ce0cbe4p-3);
    odd = vm_step_f64(odd, z2, 0x1.9999999999b13p-2);
    const mgv_f64 p = mgv_fma_f64(odd, z, even);
    const vm_words sum = vm_sum(a.most, mgv_add_f64(s.hi, s.hi));
    const mgv_f64 left = mgv_add_f64(s.lo, s.lo), gain = mgv_fma_f64(left, z, left); /* left / (1 - z) */
    const mgv_f64 low = mgv_fma_f64(mgv_mul_f64(s.hi, z), p, gain);
    return vm_addends_result(a, mgv_add_f64(sum.hi, mgv_add_f64(sum.lo, low)));
}

/* log2(1 + t) = 2/ln2 s + s^3 p(s^2): relative error 2^-61.9. */
MGV_FN mgv_f64 vm_logaddexp2_f64(mgv_f64 x, mgv_f64 y) {
    const vm_addends a = vm_addends_of(x, y, 1000.0);
    const mgv_f64 magic = mgv_set1_f64(0x1.8p52), t = mgv_add_f64(a.gap, magic);
    const mgv_f64 r = mgv_sub_f64(a.gap, mgv_sub_f64(t, magic));
    const vm_words e = vm_exp2_words(r, vm_addends_lost(a, x, y));
    const vm_words s = vm_addends_quotient(a, e.hi, e.lo, mgv_shl_i64(mgv_bits_f64(t), 52));
    const mgv_f64 z = mgv_mul_f64(s.hi, s.hi), z2 = mgv_mul_f64(z, z);
    mgv_f64 even = mgv_set1_f64(0x1.bb4ef04c2b097p-3);
    even = vm_step_f64(even, z2, 0x1.3db981fa16591p-3);
    even = vm_step_f64(even, z2, 0x1.89f9477104461p-3);
    even = vm_step_f64(even, z2, 0x1.0c9a844700c2p-2);
    even = vm_step_f64(even, z2, 0x1.a61762a79ad1dp-2);
    even = vm_step_f64(even, z2, 0x1.ec709dc3a03fdp-1);
    mgv_f64 odd = mgv_set1_f64(0x1.d0609413b2104p-4);
    odd = vm_step_f64(odd, z2, 0x1.5b15fb375d2b3p-3);
    odd = vm_step_f64(odd, z2, 0x1.c68f40ae0794cp-3);
    odd = vm_step_f64(odd, z2, 0x1.484b13dc343bep-2);
    odd = vm_step_f64(odd, z2, 0x1.2776c50ef9cfep-1);
    const mgv_f64 p = mgv_fma_f64(odd, z, even), twice = mgv_set1_f64(VM_TWICE_LOG2E_F64);
    const mgv_f64 part = mgv_mul_f64(s.hi, twice), lost = mgv_fnma_f64(s.hi, twice, part);
    const mgv_f64 left = mgv_mul_f64(s.lo, twice), gain = mgv_fma_f64(left, z, left); /* left / (1 - z) */
    const mgv_f64 rest = mgv_sub_f64(mgv_fma_f64(s.hi, mgv_set1_f64(VM_TWICE_LOG2E_LO_F64), gain), lost);
    const vm_words sum = vm_sum(a.most, part);
    const mgv_f64 low = mgv_fma_f64(mgv_mul_f64(s.hi, z), p, rest);
    return vm_addends_result(a, mgv_add_f64(sum.hi, mgv_add_f64(sum.lo, low)));
}

#endif
