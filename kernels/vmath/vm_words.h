/* SPDX-License-Identifier: MIT
 * Double words: a value as the unevaluated sum hi + lo of two f64, |lo| <= ulp(hi)/2 and a little, for what one f64
 * cannot hold to half an ULP (and pairs of f32 likewise); and f32 functions computed in f64. No function of mathematics
 * is here. Sources: Dekker 1971; Joldes, Muller, Popescu, "Tight and rigorous error bounds for basic building blocks of
 * double-word arithmetic", 2017. Errors below are relative, u = 2^-53; nothing may overflow or be subnormal. */
#ifndef MGK_VM_WORDS_H
#define MGK_VM_WORDS_H

#include "kernels/vmath/vm_base.h"

typedef struct vm_words {
    mgv_f64 hi, lo;
} vm_words;
typedef struct vm_pair_f32 {
    mgv_f32 hi, lo;
} vm_pair_f32;

/* a + b exactly; the quick one needs |a| >= |b| or a = 0. */
MGV_FN vm_words vm_quick_sum(mgv_f64 a, mgv_f64 b) {
    const mgv_f64 s = mgv_add_f64(a, b);
    return (vm_words){s, mgv_sub_f64(b, mgv_sub_f64(s, a))};
}
MGV_FN vm_words vm_sum(mgv_f64 a, mgv_f64 b) {
    const mgv_f64 s = mgv_add_f64(a, b), b2 = mgv_sub_f64(s, a), a2 = mgv_sub_f64(s, b2);
    return (vm_words){s, mgv_add_f64(mgv_sub_f64(a, a2), mgv_sub_f64(b, b2))};
}

/* a b exactly. */
MGV_FN vm_words vm_product(mgv_f64 a, mgv_f64 b) {
    const mgv_f64 p = mgv_mul_f64(a, b);
    return (vm_words){p, mgv_neg_f64(mgv_fnma_f64(a, b, p))};
}

MGV_FN vm_words vm_words_neg(vm_words x) { return (vm_words){mgv_neg_f64(x.hi), mgv_neg_f64(x.lo)}; }
MGV_FN vm_words vm_words_set1(double hi, double lo) { return (vm_words){mgv_set1_f64(hi), mgv_set1_f64(lo)}; }
MGV_FN mgv_f64 vm_words_round(vm_words x) { return mgv_add_f64(x.hi, x.lo); }

/* x 2^k where the factor is one f64. */
MGV_FN vm_words vm_words_scale(vm_words x, mgv_f64 power) {
    return (vm_words){mgv_mul_f64(x.hi, power), mgv_mul_f64(x.lo, power)};
}

/* 2 u^2 for x + b. */
MGV_FN vm_words vm_words_add_f64(vm_words x, mgv_f64 b) {
    const vm_words s = vm_sum(x.hi, b);
    return vm_quick_sum(s.hi, mgv_add_f64(x.lo, s.lo));
}
/* 3 u^2 (and a little) for x + y, of any signs. */
MGV_FN vm_words vm_words_add(vm_words x, vm_words y) {
    const vm_words s = vm_sum(x.hi, y.hi), t = vm_sum(x.lo, y.lo);
    const vm_words v = vm_quick_sum(s.hi, mgv_add_f64(s.lo, t.hi));
    return vm_quick_sum(v.hi, mgv_add_f64(t.lo, v.lo));
}

/* 2 u^2 for x b, 4 u^2 for x y. */
MGV_FN vm_words vm_words_mul_f64(vm_words x, mgv_f64 b) {
    const vm_words p = vm_product(x.hi, b);
    return vm_quick_sum(p.hi, mgv_fma_f64(x.lo, b, p.lo));
}
MGV_FN vm_words vm_words_mul(vm_words x, vm_words y) {
    const vm_words p = vm_product(x.hi, y.hi);
    const mgv_f64 cross = mgv_fma_f64(x.lo, y.hi, mgv_fma_f64(x.hi, y.lo, p.lo));
    return vm_quick_sum(p.hi, cross);
}

/* 10 u^2 for x / y: one step of correction on the quotient of the high words. */
MGV_FN vm_words vm_words_div(vm_words x, vm_words y) {
    const mgv_f64 q = mgv_div_f64(x.hi, y.hi);
    const mgv_f64 rest = mgv_fnma_f64(q, y.lo, mgv_add_f64(mgv_fnma_f64(q, y.hi, x.hi), x.lo));
    return vm_quick_sum(q, mgv_div_f64(rest, y.hi));
}

/* 4 u^2 for the square root of x > 0. */
MGV_FN vm_words vm_words_sqrt(vm_words x) {
    const mgv_f64 s = mgv_sqrt_f64(x.hi);
    const mgv_f64 rest = mgv_add_f64(mgv_fnma_f64(s, s, x.hi), x.lo);
    return vm_quick_sum(s, mgv_div_f64(rest, mgv_add_f64(s, s)));
}

MGV_FN vm_words vm_words_select(mgv_b64 m, vm_words a, vm_words b) {
    return (vm_words){mgv_select_f64(m, a.hi, b.hi), mgv_select_f64(m, a.lo, b.lo)};
}

/* vm_<name>_f32 from an f64 function that is good to some 2^-40: one rounding, 0.5 ULP and a little. Overflow and
 * subnormal results come right by themselves, for f64 reaches further than f32. */
#define VM_F32_BY_F64(name, function)                                                                                  \
    MGV_FN mgv_f32 vm_##name##_f32(mgv_f32 x) {                                                                        \
        return mgv_narrow_f32(function(mgv_widen_lo_f64(x)), function(mgv_widen_hi_f64(x)));                           \
    }
#define VM_F32_BY_F64_2(name, function)                                                                                \
    MGV_FN mgv_f32 vm_##name##_f32(mgv_f32 x, mgv_f32 y) {                                                             \
        return mgv_narrow_f32(function(mgv_widen_lo_f64(x), mgv_widen_lo_f64(y)),                                      \
                              function(mgv_widen_hi_f64(x), mgv_widen_hi_f64(y)));                                     \
    }

#endif
