/* SPDX-License-Identifier: MIT
 * power: 2^(y log2|x|) and what the signs, zeros and infinities make of it. |x| = 2^e m, log2 m from the nearest of
 * eight c and s = (m - c)/(m + c); f64 has the logarithm and its product with y in two words, f32 is computed in plain
 * f64. Accuracy and special values are in vmath.h. Coefficients: fit/power.sollya. */
#ifndef MGK_VM_POWER_H
#define MGK_VM_POWER_H

#include "kernels/vmath/vm_log2.h"
#include "kernels/vmath/vm_logaddexp.h"

/* 2 / ln2 and ln2 */
#define VM_POWER_SCALE    0x1.71547652b82fep1
#define VM_POWER_SCALE_LO 0x1.777d0ffda0d24p-55
/* The bits of 23/32, and of half the distance of two c. */
#define VM_POWER_LOW  0x3fe7000000000000
#define VM_POWER_HALF 0x1000000000000

/* |x| = 2^e m for a normal |x|, which of the c, and c itself. */
typedef struct vm_power_parts {
    mgv_f64 e, m, c;
    mgv_i64 which;
} vm_power_parts;

MGV_FN vm_power_parts vm_power_parts_of(mgv_f64 a) {
    const mgv_i64 low = mgv_set1_i64(VM_POWER_LOW), i = mgv_sub_i64(mgv_bits_f64(a), low);
    const mgv_i64 fraction = mgv_and_i64(i, mgv_set1_i64(0xfffffffffffff));
    const mgv_i64 top = mgv_and_i64(i, mgv_set1_i64(0xe000000000000));
    vm_power_parts p;
    p.e = vm_exponent_f64(i);
    p.m = mgv_frombits_f64(mgv_add_i64(fraction, low));
    p.c = mgv_frombits_f64(mgv_add_i64(top, mgv_set1_i64(VM_POWER_LOW + VM_POWER_HALF)));
    p.which = mgv_shr_i64(top, 49);
    return p;
}

/* x^y from its magnitude: x < 0 has the sign where y is odd, and NaN where y is not whole. Infinite y are even. */
MGV_FN mgv_f32 vm_power_signs_f32(mgv_f32 magnitude, mgv_f32 x, mgv_f32 y) {
    const mgv_f32 one = mgv_set1_f32(1.0f), zero = mgv_set1_f32(0.0f), half = mgv_mul_f32(y, mgv_set1_f32(0.5f));
    const mgv_b32 whole = mgv_eq_f32(mgv_rint_f32(y), y), even = mgv_eq_f32(mgv_rint_f32(half), half);
    const mgv_b32 below = mgv_and_b32(mgv_lt_f32(x, zero), mgv_gt_f32(x, mgv_set1_f32(-INFINITY)));
    mgv_f32 r = mgv_select_f32(mgv_andnot_b32(whole, even), mgv_copysign_f32(magnitude, x), magnitude);
    r = mgv_select_f32(mgv_andnot_b32(below, whole), mgv_set1_f32(NAN), r);
    return mgv_select_f32(mgv_or_b32(mgv_eq_f32(y, zero), mgv_eq_f32(x, one)), one, r);
}
MGV_FN mgv_f64 vm_power_signs_f64(mgv_f64 magnitude, mgv_f64 x, mgv_f64 y) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), half = mgv_mul_f64(y, mgv_set1_f64(0.5));
    const mgv_b64 whole = mgv_eq_f64(mgv_rint_f64(y), y), even = mgv_eq_f64(mgv_rint_f64(half), half);
    const mgv_b64 below = mgv_and_b64(mgv_lt_f64(x, zero), mgv_gt_f64(x, mgv_set1_f64(-(double)INFINITY)));
    mgv_f64 r = mgv_select_f64(mgv_andnot_b64(whole, even), mgv_copysign_f64(magnitude, x), magnitude);
    r = mgv_select_f64(mgv_andnot_b64(below, whole), mgv_set1_f64((double)NAN), r);
    return mgv_select_f64(mgv_or_b64(mgv_eq_f64(y, zero), mgv_eq_f64(x, one)), one, r);
}

/* y, but not beyond the cap: where x^y is 0, 1 or infinite all the same, so that an infinite y has a product with 0. */
MGV_FN mgv_f64 vm_power_capped(mgv_f64 y, double cap) {
    const mgv_f64 most = mgv_set1_f64(cap);
    return mgv_select_f64(mgv_gt_f64(mgv_abs_f64(y), most), mgv_copysign_f64(most, y), y);
}

/* The logarithms of 0, infinity and NaN. */
MGV_FN mgv_f64 vm_power_log_ends(mgv_f64 log, mgv_f64 a) {
    const mgv_f64 inf = mgv_set1_f64((double)INFINITY);
    log = mgv_select_f64(mgv_lt_f64(a, inf), log, a);
    return mgv_select_f64(mgv_eq_f64(a, mgv_set1_f64(0.0)), mgv_neg_f64(inf), log);
}

/* ---- f32 in f64 -------------------------------------------------------------------------------------------------- */

/* |x|^y: log2|x| is off by 2^-36 of its part near 1, 2^r by 2^-28.4. Products beyond 1000 have left f32. */
MGV_FN mgv_f64 vm_power_narrow(mgv_f64 x, mgv_f64 y) {
    static const double logs[8] = {
        -0x1.a8ff971810a5ep-2, -0x1.32bfee370ee68p-2, -0x1.8a8980abfbd32p-3, -0x1.7d60496cfbb4cp-4, 0,
        0x1.5c01a39fbd688p-3,  0x1.49a784bcd1b8bp-2,  0x1.d6753e032ea0fp-2};
    const mgv_f64 a = mgv_abs_f64(x);
    const vm_power_parts b = vm_power_parts_of(a);
    const mgv_f64 s = mgv_div_f64(mgv_sub_f64(b.m, b.c), mgv_add_f64(b.m, b.c)), z = mgv_mul_f64(s, s);
    mgv_f64 p = mgv_set1_f64(0x1.27a86adfc22f6p-1);
    p = mgv_fma_f64(vm_step_f64(p, z, 0x1.ec709c4e046f2p-1), z, mgv_set1_f64(VM_POWER_SCALE));
    mgv_f64 log = mgv_add_f64(b.e, mgv_lookup8_f64(mgv_load_f64(logs), b.which));
    log = vm_power_log_ends(mgv_fma_f64(s, p, log), a);
    const mgv_f64 product = vm_power_capped(mgv_mul_f64(vm_power_capped(y, 0x1p40), log), 1000.0);
    return mgv_select_f64(mgv_eq_f64(product, product), vm_exp2_narrow(product), product);
}

MGV_FN mgv_f32 vm_power_f32(mgv_f32 x, mgv_f32 y) {
    const mgv_f32 r = mgv_narrow_f32(vm_power_narrow(mgv_widen_lo_f64(x), mgv_widen_lo_f64(y)),
                                     vm_power_narrow(mgv_widen_hi_f64(x), mgv_widen_hi_f64(y)));
    return vm_power_signs_f32(r, x, y);
}

/* ---- f64 in double words ----------------------------------------------------------------------------------------- */

/* (m - c)/(m + c); the difference is exact. */
MGV_FN vm_words vm_power_quotient(mgv_f64 m, mgv_f64 c) {
    const mgv_f64 top = mgv_sub_f64(m, c), sum = mgv_add_f64(m, c), low = mgv_add_f64(mgv_sub_f64(c, sum), m);
    const mgv_f64 inverse = mgv_div_f64(mgv_set1_f64(1.0), sum), s = mgv_mul_f64(top, inverse);
    const mgv_f64 rest = mgv_fnma_f64(s, low, mgv_fnma_f64(s, sum, top));
    return (vm_words){s, mgv_mul_f64(rest, inverse)};
}

/* log2 a = e + log2 c + u (1 + z/3 + z^2 r(z)), u = 2/ln2 s: relative error 2^-68. Subnormals are scaled up first. */
MGV_FN vm_words vm_power_log(mgv_f64 a) {
    static const double high[8] = {-0x1.a8ff97181p-2, -0x1.32bfee370ep-2, -0x1.8a8980abfcp-3, -0x1.7d60496cf8p-4, 0,
                                   0x1.5c01a39fbcp-3, 0x1.49a784bcd2p-2,  0x1.d6753e032ep-2};
    static const double low[8] = {
        -0x1.4bc302ffa76fbp-43, -0x1.cd0cb4492f1bcp-43, 0x1.66cccab240e9p-46, -0x1.da6339da288fcp-43, 0,
        0x1.6879fa00b120ap-43,  -0x1.1d406db502403p-44, 0x1.41dfc7d7c3321p-43};
    const mgv_b64 small = mgv_lt_f64(a, mgv_set1_f64(DBL_MIN));
    const vm_power_parts b = vm_power_parts_of(mgv_select_f64(small, mgv_mul_f64(a, mgv_set1_f64(0x1p54)), a));
    const mgv_f64 e = mgv_add_f64(b.e, mgv_select_f64(small, mgv_set1_f64(-54.0), mgv_set1_f64(0.0)));
    const vm_words s = vm_power_quotient(b.m, b.c);
    const mgv_f64 scale = mgv_set1_f64(VM_POWER_SCALE), third = mgv_set1_f64(0x1.5555555555555p-2);
    const mgv_f64 u = mgv_mul_f64(s.hi, scale), twice = mgv_add_f64(s.hi, s.hi);
    const mgv_f64 ul = mgv_sub_f64(mgv_fma_f64(s.lo, scale, mgv_mul_f64(s.hi, mgv_set1_f64(VM_POWER_SCALE_LO))),
                                   mgv_fnma_f64(s.hi, scale, u));
    const mgv_f64 z = mgv_mul_f64(s.hi, s.hi), zl = mgv_sub_f64(mgv_mul_f64(twice, s.lo), mgv_fnma_f64(s.hi, s.hi, z));
    mgv_f64 r = mgv_set1_f64(0x1.720a39e1b2157p-4);
    r = vm_step_f64(r, z, 0x1.c71de8559b38p-4);
    r = vm_step_f64(r, z, 0x1.24924901ca75dp-3);
    r = vm_step_f64(r, z, 0x1.999999999bedcp-3);
    const mgv_f64 v = mgv_mul_f64(z, third);
    const mgv_f64 more = mgv_fma_f64(zl, third, mgv_mul_f64(z, mgv_fma_f64(z, r, mgv_set1_f64(0x1.5555555555555p-56))));
    const mgv_f64 vl = mgv_sub_f64(more, mgv_fnma_f64(z, third, v));
    const mgv_f64 c = mgv_mul_f64(u, v),
                  cl = mgv_sub_f64(mgv_fma_f64(u, vl, mgv_mul_f64(ul, v)), mgv_fnma_f64(u, v, c));
    const mgv_f64 base = mgv_add_f64(e, mgv_lookup8_f64(mgv_load_f64(high), b.which));
    const vm_words first = vm_quick_sum(base, u), second = vm_quick_sum(first.hi, c);
    const mgv_f64 lows = mgv_add_f64(mgv_add_f64(ul, cl), mgv_lookup8_f64(mgv_load_f64(low), b.which));
    return vm_quick_sum(second.hi, mgv_add_f64(mgv_add_f64(first.lo, second.lo), lows));
}

/* 2^(p + low) for |p| <= 1100. */
MGV_FN mgv_f64 vm_power_exp(mgv_f64 p, mgv_f64 low) {
    const mgv_f64 one = mgv_set1_f64(1.0), magic = mgv_set1_f64(0x1.8p52), t = mgv_add_f64(p, magic);
    const mgv_f64 y = vm_words_round(vm_exp2_words(mgv_sub_f64(p, mgv_sub_f64(t, magic)), low));
    const mgv_b64 tiny = mgv_lt_f64(p, mgv_set1_f64(-1020.0)), huge = mgv_gt_f64(p, mgv_set1_f64(1020.0));
    const mgv_i64 up = mgv_set1_i64((int64_t)128 << 52), down = mgv_set1_i64(-((int64_t)128 << 52));
    const mgv_i64 by = mgv_select_i64(tiny, up, mgv_select_i64(huge, down, mgv_set1_i64(0)));
    const mgv_f64 back = mgv_select_f64(tiny, mgv_set1_f64(0x1p-128), mgv_select_f64(huge, mgv_set1_f64(0x1p128), one));
    return mgv_mul_f64(vm_scale_f64(y, mgv_add_i64(mgv_shl_i64(mgv_bits_f64(t), 52), by)), back);
}

MGV_FN mgv_f64 vm_power_f64(mgv_f64 x, mgv_f64 y) {
    const mgv_f64 a = mgv_abs_f64(x), capped = vm_power_capped(y, 0x1p70), most = mgv_set1_f64(1100.0);
    const vm_words log = vm_power_log(a);
    const mgv_f64 high = vm_power_log_ends(log.hi, a), p = mgv_mul_f64(capped, high);
    const mgv_f64 low = mgv_sub_f64(mgv_mul_f64(capped, log.lo), mgv_fnma_f64(capped, high, p));
    const mgv_b64 beyond = mgv_gt_f64(mgv_abs_f64(p), most);
    const mgv_f64 r = vm_power_exp(mgv_select_f64(beyond, mgv_copysign_f64(most, p), p),
                                   mgv_select_f64(beyond, mgv_set1_f64(0.0), low));
    return vm_power_signs_f64(mgv_select_f64(mgv_eq_f64(p, p), r, p), x, y);
}

#endif
