/* SPDX-License-Identifier: MIT
 * What softmax and log-sum-exp need beyond exp and log: exp(x - m) and log(s + t) in double words, the quotient of such
 * an exponential and a sum, and sums with a logarithm in double words. For f64; the f32 functions are these, rounded.
 *
 * exp(x - m), x - m taken exactly, is off by at most 2^-55 (relative), log(s + t) by at most that (absolute; less near
 * s + t = 1): four roundings of what is below 0.07, or of r^2 of the reduced argument. */
#ifndef MGK_VM_SOFTMAX_H
#define MGK_VM_SOFTMAX_H

#include "kernels/vmath/vm_exp.h"
#include "kernels/vmath/vm_log.h"
#include "kernels/vmath/vm_words.h"

/* 2^n (p + pl) = exp(hi + lo), |lo| <= ulp(hi): as in sigmoid. Where hi is held at a limit, lo belongs to a number that
 * is no longer there, and may be as large as an ulp of it: it counts as 0. */
typedef struct vm_exp_scaled {
    vm_words p;
    mgv_i64 power;
} vm_exp_scaled;

MGV_FN vm_exp_scaled vm_exp_of_words(mgv_f64 hi, mgv_f64 lo) {
    const mgv_f64 one = mgv_set1_f64(1.0), low = mgv_set1_f64(VM_EXP_ZERO_F64), most = mgv_set1_f64(VM_EXP_MAX_F64);
    const mgv_b64 below = mgv_lt_f64(hi, low), above = mgv_gt_f64(hi, most);
    const vm_reduced_f64 a = vm_reduce_f64(mgv_select_f64(above, most, mgv_select_f64(below, low, hi)));
    const mgv_f64 rest = mgv_select_f64(mgv_or_b64(below, above), mgv_set1_f64(0.0), lo);
    const vm_words sum = vm_quick_sum(one, a.rh);
    const mgv_f64 tail = mgv_fnma_f64(a.n, mgv_set1_f64(VM_LN2_LO_F64), rest), r = mgv_add_f64(a.rh, tail);
    const mgv_f64 c = mgv_fma_f64(mgv_mul_f64(r, r), vm_exp_poly_f64(r), mgv_add_f64(sum.lo, tail));
    return (vm_exp_scaled){vm_quick_sum(sum.hi, c), a.power};
}

/* The low word of x - m is no number where the high one is infinite, or the sum overflowed on the way: beyond the
 * limits. */
MGV_FN vm_exp_scaled vm_exp_of_difference(mgv_f64 x, mgv_f64 m) {
    const vm_words d = vm_sum(x, mgv_neg_f64(m));
    return vm_exp_of_words(d.hi, d.lo);
}

/* exp(x - m): its high word is that of exp_f64, inf, 0 and NaN included; its low word, 0 where that is nothing. */
MGV_FN mgv_f64 vm_exp_above_f64(mgv_f64 x, mgv_f64 m) {
    const mgv_f64 d = mgv_sub_f64(x, m);
    const vm_exp_scaled e = vm_exp_of_difference(x, m);
    const mgv_f64 y = vm_scale_down_f64(e.p.hi, e.power, mgv_lt_f64(d, mgv_set1_f64(VM_EXP_TINY_F64)));
    const mgv_b64 finite = mgv_le_f64(d, mgv_set1_f64(VM_EXP_MAX_F64));
    return mgv_select_f64(finite, y, mgv_mul_f64(d, mgv_set1_f64(DBL_MAX)));
}
MGV_FN mgv_f64 vm_exp_above_low_f64(mgv_f64 x, mgv_f64 m) {
    const mgv_f64 d = mgv_sub_f64(x, m), zero = mgv_set1_f64(0.0);
    const vm_exp_scaled e = vm_exp_of_difference(x, m);
    const mgv_b64 counts = mgv_and_b64(mgv_gt_f64(d, mgv_set1_f64(-600.0)), mgv_lt_f64(d, mgv_set1_f64(700.0)));
    const mgv_f64 scale = mgv_select_f64(counts, vm_scale_f64(mgv_set1_f64(1.0), e.power), zero);
    return mgv_select_f64(counts, mgv_mul_f64(e.p.lo, scale), zero);
}

/* exp(x - m) / (s + t), s finite and not 0, rounded once; scaled after the division, for it may be subnormal. What is
 * no number is not scaled: its sign and payload, which differ between processors, would reach the exponent. */
MGV_FN mgv_f64 vm_softmax_f64(mgv_f64 x, mgv_f64 m, mgv_f64 s, mgv_f64 t) {
    const mgv_f64 d = mgv_sub_f64(x, m);
    const vm_exp_scaled e = vm_exp_of_difference(x, m);
    const mgv_f64 q = vm_words_round(vm_words_div(e.p, vm_quick_sum(s, t)));
    const mgv_f64 y = vm_scale_down_f64(q, e.power, mgv_lt_f64(d, mgv_set1_f64(-600.0)));
    const mgv_b64 finite = mgv_lt_f64(mgv_abs_f64(q), mgv_set1_f64((double)INFINITY));
    return mgv_select_f64(mgv_and_b64(finite, mgv_le_f64(d, mgv_set1_f64(0.0))), y, mgv_set1_f64((double)NAN));
}

/* What log(s + t) has beyond log(s'), s' = s + t rounded: (s + t) exp(-log s') - 1. */
MGV_FN mgv_f64 vm_log_of_words_f64(mgv_f64 s, mgv_f64 t) {
    const mgv_b64 finite = mgv_lt_f64(s, mgv_set1_f64((double)INFINITY)); /* t is no number where s is infinite */
    return vm_log_f64(mgv_select_f64(finite, mgv_add_f64(s, t), s));
}
MGV_FN mgv_f64 vm_log_of_words_low_f64(mgv_f64 s, mgv_f64 t) {
    const vm_words sum = vm_quick_sum(s, t);
    const mgv_f64 y = vm_log_f64(sum.hi), zero = mgv_set1_f64(0.0);
    const vm_exp_scaled e = vm_exp_of_words(mgv_neg_f64(y), zero);
    const mgv_f64 hi = vm_scale_f64(e.p.hi, e.power), lo = vm_scale_f64(e.p.lo, e.power);
    const mgv_f64 low = mgv_select_f64(mgv_eq_f64(e.p.lo, zero), zero, lo);
    const mgv_f64 rest = mgv_fma_f64(sum.hi, low, mgv_mul_f64(sum.lo, hi));
    const mgv_f64 q = mgv_add_f64(mgv_fma_f64(sum.hi, hi, mgv_set1_f64(-1.0)), rest);
    return mgv_select_f64(mgv_lt_f64(mgv_abs_f64(y), mgv_set1_f64((double)INFINITY)), q, zero);
}

/* From here on a difference of two f64 may have overflowed while its rounding error was computed; what a logarithm adds
 * to it is far below its last place. */
#define VM_WORDS_HUGE 0x1p1020

/* a + (b + c), rounded once; where a + b is huge or not finite, that. */
MGV_FN mgv_f64 vm_sum_of_words_f64(mgv_f64 a, mgv_f64 b, mgv_f64 c) {
    const vm_words s = vm_sum(a, b);
    const mgv_f64 y = mgv_add_f64(s.hi, mgv_add_f64(s.lo, c));
    return mgv_select_f64(mgv_lt_f64(mgv_abs_f64(s.hi), mgv_set1_f64(VM_WORDS_HUGE)), y, s.hi);
}
/* x - m - (a + b), rounded once, the same. */
MGV_FN mgv_f64 vm_log_softmax_f64(mgv_f64 x, mgv_f64 m, mgv_f64 a, mgv_f64 b) {
    const mgv_f64 huge = mgv_set1_f64(VM_WORDS_HUGE);
    const vm_words d = vm_sum(x, mgv_neg_f64(m)), s = vm_sum(d.hi, mgv_neg_f64(a));
    const mgv_f64 y = mgv_add_f64(s.hi, mgv_add_f64(s.lo, mgv_sub_f64(d.lo, b)));
    return mgv_select_f64(mgv_lt_f64(mgv_abs_f64(s.hi), huge), y, mgv_sub_f64(d.hi, a));
}

/* The f32 functions. */
#define VM_F32_BY_F64_OF_2(name)                                                                                       \
    MGV_FN mgv_f32 vm_##name##_f32(mgv_f32 x, mgv_f32 y) {                                                             \
        return mgv_narrow_f32(vm_##name##_f64(mgv_widen_lo_f64(x), mgv_widen_lo_f64(y)),                               \
                              vm_##name##_f64(mgv_widen_hi_f64(x), mgv_widen_hi_f64(y)));                              \
    }
#define VM_F32_BY_F64_OF_4(name)                                                                                       \
    MGV_FN mgv_f32 vm_##name##_f32(mgv_f32 x, mgv_f32 y, mgv_f32 z, mgv_f32 w) {                                       \
        return mgv_narrow_f32(                                                                                         \
            vm_##name##_f64(mgv_widen_lo_f64(x), mgv_widen_lo_f64(y), mgv_widen_lo_f64(z), mgv_widen_lo_f64(w)),       \
            vm_##name##_f64(mgv_widen_hi_f64(x), mgv_widen_hi_f64(y), mgv_widen_hi_f64(z), mgv_widen_hi_f64(w)));      \
    }
VM_F32_BY_F64_OF_2(exp_above)
VM_F32_BY_F64_OF_2(exp_above_low)
VM_F32_BY_F64_OF_2(log_of_words)
VM_F32_BY_F64_OF_2(log_of_words_low)
VM_F32_BY_F64_OF_4(softmax)
VM_F32_BY_F64_OF_4(log_softmax)
MGV_FN mgv_f32 vm_sum_of_words_f32(mgv_f32 a, mgv_f32 b, mgv_f32 c) {
    return mgv_narrow_f32(vm_sum_of_words_f64(mgv_widen_lo_f64(a), mgv_widen_lo_f64(b), mgv_widen_lo_f64(c)),
                          vm_sum_of_words_f64(mgv_widen_hi_f64(a), mgv_widen_hi_f64(b), mgv_widen_hi_f64(c)));
}

#endif
