/* SPDX-License-Identifier: MIT
 * sinh, cosh and their reciprocals and quotient. With |x| = n ln2 + r and q = 4^-n:
 *   sinh|x| = 2^n (z cosh r + w sinh r), cosh x = 2^n (w cosh r + z sinh r), z = (1 - q)/2, w = (1 + q)/2,
 * so that nothing cancels: for n = 0 sinh is sinh r alone. f64 in double words; f32 computed in plain f64.
 * Accuracy and special values are in vmath.h. Coefficients: fit/hyperbolic.sollya. */
#ifndef MGK_VM_HYPERBOLIC_H
#define MGK_VM_HYPERBOLIC_H

#include "kernels/vmath/vm_exp.h"
#include "kernels/vmath/vm_words.h"

/* The largest x with a finite sinh and cosh. */
#define VM_SINH_MAX_F64 0x1.633ce8fb9f87dp9
/* Where all results of an argument capped here are those of larger ones: the reciprocals have vanished, and for f32
 * everything has overflowed. */
#define VM_SINH_CAP_F32 110.0
#define VM_SINH_CAP_F64 747.0

/* ---- f32 in f64 -------------------------------------------------------------------------------------------------- */

/* 2^n times sinh and cosh; scaling is by exponent: n = 0 where the argument is so small that sinh is no normal f64. */
typedef struct vm_sinh_cosh {
    mgv_f64 sinh, cosh;
    mgv_i64 power;
} vm_sinh_cosh;

/* cosh r = 1 + r^2 c(r^2), error 2^-32.5; sinh r = r + r^3 s(r^2), relative error 2^-35.7. */
MGV_FN vm_sinh_cosh vm_sinh_cosh_of(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), half = mgv_set1_f64(0.5), cap = mgv_set1_f64(VM_SINH_CAP_F32);
    const mgv_f64 a = mgv_abs_f64(x);
    const vm_reduced_f64 t = vm_reduce_f64(mgv_select_f64(mgv_gt_f64(a, cap), cap, a));
    const mgv_f64 q = mgv_frombits_f64(mgv_sub_i64(mgv_bits_f64(half), mgv_add_i64(t.power, t.power)));
    const mgv_f64 z = mgv_sub_f64(half, q), w = mgv_add_f64(half, q), r2 = mgv_mul_f64(t.r, t.r);
    mgv_f64 c = mgv_set1_f64(0x1.6d4329505a5c7p-10);
    c = vm_step_f64(c, r2, 0x1.5554e9009fd8dp-5);
    c = vm_step_f64(c, r2, 0x1.0000000b92b75p-1);
    mgv_f64 s = mgv_set1_f64(0x1.a124f4978c6abp-13);
    s = vm_step_f64(s, r2, 0x1.1110e0f06703dp-7);
    s = vm_step_f64(s, r2, 0x1.5555555a79751p-3);
    c = mgv_fma_f64(c, r2, one);
    s = mgv_fma_f64(mgv_mul_f64(s, r2), t.r, t.r);
    return (vm_sinh_cosh){mgv_fma_f64(w, s, mgv_mul_f64(z, c)), mgv_fma_f64(z, s, mgv_mul_f64(w, c)), t.power};
}

MGV_FN mgv_f64 vm_sinh_narrow(mgv_f64 x) {
    const vm_sinh_cosh a = vm_sinh_cosh_of(x);
    return mgv_copysign_f64(vm_scale_f64(a.sinh, a.power), x);
}
MGV_FN mgv_f64 vm_cosh_narrow(mgv_f64 x) {
    const vm_sinh_cosh a = vm_sinh_cosh_of(x);
    return vm_scale_f64(a.cosh, a.power);
}
MGV_FN mgv_f64 vm_csch_narrow(mgv_f64 x) {
    const vm_sinh_cosh a = vm_sinh_cosh_of(x);
    return mgv_copysign_f64(mgv_div_f64(mgv_set1_f64(1.0), vm_scale_f64(a.sinh, a.power)), x);
}
MGV_FN mgv_f64 vm_sech_narrow(mgv_f64 x) {
    const vm_sinh_cosh a = vm_sinh_cosh_of(x);
    return mgv_div_f64(mgv_set1_f64(1.0), vm_scale_f64(a.cosh, a.power));
}
MGV_FN mgv_f64 vm_coth_narrow(mgv_f64 x) {
    const vm_sinh_cosh a = vm_sinh_cosh_of(x);
    return mgv_copysign_f64(mgv_div_f64(a.cosh, a.sinh), x);
}
VM_F32_BY_F64(sinh, vm_sinh_narrow)
VM_F32_BY_F64(cosh, vm_cosh_narrow)
VM_F32_BY_F64(csch, vm_csch_narrow)
VM_F32_BY_F64(sech, vm_sech_narrow)
VM_F32_BY_F64(coth, vm_coth_narrow)

/* ---- f64 in double words ------------------------------------------------------------------------------------------
 */

/* |x| reduced, with z = zh + zl, w = wh + wl, and the series: cosh r = 1 + c, error 2^-68; sinh r = r + s, relative
 * error 2^-58.6. From n = 60 on q does not matter. */
typedef struct vm_hyperbolic {
    mgv_f64 z, zl, w, wl, rh, rl, c, s;
    mgv_i64 power;
} vm_hyperbolic;

MGV_FN vm_hyperbolic vm_hyperbolic_of(mgv_f64 x) {
    const mgv_f64 half = mgv_set1_f64(0.5), cap = mgv_set1_f64(VM_SINH_CAP_F64), a = mgv_abs_f64(x);
    const vm_reduced_f64 t = vm_reduce_f64(mgv_select_f64(mgv_gt_f64(a, cap), cap, a));
    const mgv_i64 n = mgv_min_i64(t.power, mgv_set1_i64((int64_t)60 << 52));
    const mgv_f64 q = mgv_frombits_f64(mgv_sub_i64(mgv_bits_f64(half), mgv_add_i64(n, n)));
    const mgv_f64 r2 = mgv_mul_f64(t.r, t.r);
    mgv_f64 c = mgv_set1_f64(0x1.1f78e74530fc4p-29);
    c = vm_step_f64(c, r2, 0x1.27e4d8155132ap-22);
    c = vm_step_f64(c, r2, 0x1.a01a01a819611p-16);
    c = vm_step_f64(c, r2, 0x1.6c16c16c15ff9p-10);
    c = vm_step_f64(c, r2, 0x1.5555555555556p-5);
    c = vm_step_f64(c, r2, 0x1p-1);
    mgv_f64 s = mgv_set1_f64(0x1.af3f0e4b53d58p-26);
    s = vm_step_f64(s, r2, 0x1.71de0a397c9f7p-19);
    s = vm_step_f64(s, r2, 0x1.a01a01a903115p-13);
    s = vm_step_f64(s, r2, 0x1.111111111070ap-7);
    s = vm_step_f64(s, r2, 0x1.5555555555556p-3);
    vm_hyperbolic h;
    h.z = mgv_sub_f64(half, q);
    h.zl = mgv_sub_f64(mgv_sub_f64(half, h.z), q);
    h.w = mgv_add_f64(half, q);
    h.wl = mgv_add_f64(mgv_sub_f64(half, h.w), q);
    h.rh = t.rh;
    h.rl = mgv_fnma_f64(t.n, mgv_set1_f64(VM_LN2_LO_F64), mgv_set1_f64(0.0));
    h.c = mgv_mul_f64(c, r2);
    h.s = mgv_mul_f64(mgv_mul_f64(r2, t.r), s);
    h.power = t.power;
    return h;
}

/* k cosh r + m sinh r for k = kh + kl, of which |kh| > |m rh| or kh = 0. */
MGV_FN vm_words vm_hyperbolic_sum(vm_hyperbolic h, mgv_f64 kh, mgv_f64 kl, mgv_f64 m) {
    const vm_words b = vm_product(h.rh, m), sum = vm_quick_sum(kh, b.hi);
    const mgv_f64 small = mgv_fma_f64(m, h.rl, mgv_add_f64(kl, mgv_add_f64(b.lo, sum.lo)));
    return vm_quick_sum(sum.hi, mgv_fma_f64(kh, h.c, mgv_fma_f64(m, h.s, small)));
}
MGV_FN vm_words vm_hyperbolic_sinh(vm_hyperbolic h) { return vm_hyperbolic_sum(h, h.z, h.zl, h.w); }
MGV_FN vm_words vm_hyperbolic_cosh(vm_hyperbolic h) { return vm_hyperbolic_sum(h, h.w, h.wl, h.z); }

MGV_FN mgv_f64 vm_sinh_f64(mgv_f64 x) {
    const vm_hyperbolic h = vm_hyperbolic_of(x);
    const mgv_f64 y = vm_scale_f64(vm_hyperbolic_sinh(h).hi, h.power), a = mgv_abs_f64(x);
    const mgv_b64 finite = mgv_le_f64(a, mgv_set1_f64(VM_SINH_MAX_F64));
    return mgv_copysign_f64(mgv_select_f64(finite, y, mgv_mul_f64(a, mgv_set1_f64(DBL_MAX))), x);
}
MGV_FN mgv_f64 vm_cosh_f64(mgv_f64 x) {
    const vm_hyperbolic h = vm_hyperbolic_of(x);
    const mgv_f64 y = vm_scale_f64(vm_hyperbolic_cosh(h).hi, h.power), a = mgv_abs_f64(x);
    const mgv_b64 finite = mgv_le_f64(a, mgv_set1_f64(VM_SINH_MAX_F64));
    return mgv_select_f64(finite, y, mgv_mul_f64(a, mgv_set1_f64(DBL_MAX)));
}

/* 1 / d 2^-n, corrected once; tiny: where it may be subnormal. Infinity and NaN stay what they are. */
MGV_FN mgv_f64 vm_hyperbolic_inverse(vm_words d, mgv_i64 power, mgv_b64 tiny) {
    const mgv_f64 one = mgv_set1_f64(1.0), inverse = mgv_div_f64(one, d.hi);
    const mgv_f64 rest = mgv_fnma_f64(inverse, d.lo, mgv_fnma_f64(inverse, d.hi, one));
    const mgv_f64 y = mgv_fma_f64(rest, inverse, inverse), inf = mgv_set1_f64((double)INFINITY);
    const mgv_f64 scaled = vm_scale_down_f64(y, mgv_sub_i64(mgv_set1_i64(0), power), tiny);
    return mgv_select_f64(mgv_lt_f64(inverse, inf), scaled, inverse);
}
MGV_FN mgv_f64 vm_csch_f64(mgv_f64 x) {
    const vm_hyperbolic h = vm_hyperbolic_of(x);
    const mgv_b64 tiny = mgv_gt_f64(mgv_abs_f64(x), mgv_set1_f64(700.0));
    return mgv_copysign_f64(vm_hyperbolic_inverse(vm_hyperbolic_sinh(h), h.power, tiny), x);
}
MGV_FN mgv_f64 vm_sech_f64(mgv_f64 x) {
    const vm_hyperbolic h = vm_hyperbolic_of(x);
    const mgv_b64 tiny = mgv_gt_f64(mgv_abs_f64(x), mgv_set1_f64(700.0));
    return vm_hyperbolic_inverse(vm_hyperbolic_cosh(h), h.power, tiny);
}

/* The quotient of the high words, corrected once unless it has overflowed. */
MGV_FN mgv_f64 vm_coth_f64(mgv_f64 x) {
    const vm_hyperbolic h = vm_hyperbolic_of(x);
    const vm_words top = vm_hyperbolic_cosh(h), d = vm_hyperbolic_sinh(h);
    const mgv_f64 inverse = mgv_div_f64(mgv_set1_f64(1.0), d.hi), quotient = mgv_mul_f64(top.hi, inverse);
    const mgv_f64 rest = mgv_fnma_f64(quotient, d.lo, mgv_add_f64(mgv_fnma_f64(quotient, d.hi, top.hi), top.lo));
    const mgv_f64 y = mgv_fma_f64(rest, inverse, quotient), inf = mgv_set1_f64((double)INFINITY);
    return mgv_copysign_f64(mgv_select_f64(mgv_eq_f64(quotient, inf), quotient, y), x);
}

#endif
