/* SPDX-License-Identifier: MIT
 * exp(-x^2), and exp(-s) for an s in double words, which is what the tails of erfc and gelu are made of: a rounded
 * square would be off by up to 370 ULP of the result. Accuracy and special values are in vmath.h. Coefficients:
 * fit/exp.sollya, fit/gauss.sollya. */
#ifndef MGK_VM_GAUSS_H
#define MGK_VM_GAUSS_H

#include "kernels/vmath/vm_exp.h"
#include "kernels/vmath/vm_words.h"

/* 2^n (p.hi + p.lo), with n where the exponent of an f64 is. */
typedef struct vm_scaled {
    vm_words p;
    mgv_i64 power;
} vm_scaled;

/* exp(-s) for 0 <= s.hi <= 800: relative error 2^-55.5. */
VM_LARGE vm_scaled vm_exp_minus(vm_words s) {
    const mgv_f64 one = mgv_set1_f64(1.0);
    const vm_reduced_f64 a = vm_reduce_f64(mgv_neg_f64(s.hi));
    const mgv_f64 sum = mgv_add_f64(a.rh, one), err = mgv_sub_f64(a.rh, mgv_sub_f64(sum, one));
    const mgv_f64 low = mgv_fnma_f64(a.n, mgv_set1_f64(VM_LN2_LO_F64), mgv_neg_f64(s.lo)), r = mgv_add_f64(a.rh, low);
    const mgv_f64 c = mgv_fma_f64(mgv_mul_f64(r, r), vm_exp_poly_f64(r), mgv_add_f64(low, err));
    return (vm_scaled){vm_quick_sum(sum, c), a.power};
}

/* exp(-s) for 0 <= s <= 700 in plain f64: relative error 2^-33.4, for f32 results. */
VM_LARGE mgv_f64 vm_exp_minus_narrow(mgv_f64 s) {
    const mgv_f64 one = mgv_set1_f64(1.0);
    const vm_reduced_f64 a = vm_reduce_f64(mgv_neg_f64(s));
    mgv_f64 q = mgv_set1_f64(0x1.a1b800127014p-13);
    q = vm_step_f64(q, a.r, 0x1.6d967f4a176b6p-10);
    q = vm_step_f64(q, a.r, 0x1.11107cf2f77d6p-7);
    q = vm_step_f64(q, a.r, 0x1.5554805c9116p-5);
    q = vm_step_f64(q, a.r, 0x1.55555597fe32ap-3);
    q = vm_step_f64(q, a.r, 0x1.00000042e8eep-1);
    return vm_scale_f64(mgv_fma_f64(a.r, mgv_fma_f64(a.r, q, one), one), a.power);
}

/* |x|, at most cap; NaN stays. */
MGV_FN mgv_f64 vm_capped(mgv_f64 x, double cap) {
    const mgv_f64 a = mgv_abs_f64(x), most = mgv_set1_f64(cap);
    return mgv_select_f64(mgv_gt_f64(a, most), most, a);
}

/* y, but NaN where a is: the payload of a NaN leaks into the power of 2, which may make a number of it. (Not that of a
 * widened f32: its low bits are zeros.) */
MGV_FN mgv_f64 vm_unless_nan(mgv_f64 a, mgv_f64 y) { return mgv_select_f64(mgv_isnan_f64(a), a, y); }

/* 1 where n = 0, down to 2^-128, beyond which it makes no difference to what is of the order of 1. */
MGV_FN mgv_f64 vm_power_beside_one(mgv_i64 power) {
    return vm_scale_f64(mgv_set1_f64(1.0), mgv_max_i64(power, mgv_set1_i64(-128 * ((int64_t)1 << 52))));
}

VM_LARGE mgv_f64 vm_gauss_f64(mgv_f64 x) {
    const mgv_f64 a = vm_capped(x, 28.0);
    const vm_scaled y = vm_exp_minus(vm_product(a, a));
    return vm_unless_nan(a, vm_scale_down_f64(y.p.hi, y.power, mgv_gt_f64(a, mgv_set1_f64(26.0))));
}
MGV_FN mgv_f64 vm_gauss_narrow(mgv_f64 x) {
    const mgv_f64 a = vm_capped(x, 16.0);
    return vm_exp_minus_narrow(mgv_mul_f64(a, a));
}
VM_F32_BY_F64(gauss, vm_gauss_narrow)

#endif
