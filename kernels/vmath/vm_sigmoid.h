/* SPDX-License-Identifier: MIT
 * sigmoid: z = exp(-|x|) in double words, then 1 / (1 + z) or z / (1 + z), with 2^n put on after the division.
 * Accuracy and special values are in vmath.h. Coefficients: fit/exp.sollya. */
#ifndef MGK_VM_SIGMOID_H
#define MGK_VM_SIGMOID_H

#include "kernels/vmath/vm_exp.h"
#include "kernels/vmath/vm_words.h"

/* exp(-|x|) = 2^n (p + pl). In the denominator n stops at -64 (-128), where z no longer matters; den + dl = 1 + z. The
 * quotient of the high parts is corrected once by what it leaves. */
MGV_FN mgv_f32 vm_sigmoid_f32(mgv_f32 x) {
    const mgv_f32 one = mgv_set1_f32(1.0f), zero = mgv_set1_f32(0.0f), low = mgv_set1_f32(VM_EXP_ZERO_F32);
    const mgv_f32 minus = mgv_neg_f32(mgv_abs_f32(x));
    const vm_reduced_f32 a = vm_reduce_f32(mgv_select_f32(mgv_lt_f32(minus, low), low, minus));
    const mgv_f32 r2 = mgv_mul_f32(a.r, a.r), sum = mgv_add_f32(a.rh, one);
    const mgv_f32 err = mgv_sub_f32(a.rh, mgv_sub_f32(sum, one));
    const mgv_f32 tail = mgv_fnma_f32(a.n, mgv_set1_f32(VM_LN2_LO_F32), err);
    const mgv_f32 c = mgv_fma_f32(r2, vm_exp_poly_f32(a.r), tail);
    const mgv_f32 p = mgv_add_f32(sum, c), pl = mgv_sub_f32(c, mgv_sub_f32(p, sum));
    const mgv_f32 s = vm_scale_f32(one, mgv_max_i32(a.power, mgv_set1_i32(-64 * (1 << 23))));
    const mgv_f32 den = mgv_fma_f32(p, s, one);
    const mgv_f32 dl = mgv_fma_f32(pl, s, mgv_fma_f32(p, s, mgv_sub_f32(one, den)));
    const mgv_b32 negative = mgv_lt_f32(x, zero), tiny = mgv_lt_f32(x, mgv_set1_f32(VM_EXP_TINY_F32));
    const mgv_f32 h = mgv_select_f32(negative, p, one), l = mgv_select_f32(negative, pl, zero);
    const mgv_f32 inverse = mgv_div_f32(one, den), quotient = mgv_mul_f32(h, inverse);
    const mgv_f32 rest = mgv_fnma_f32(quotient, dl, mgv_add_f32(mgv_fnma_f32(quotient, den, h), l));
    const mgv_i32 power = mgv_select_i32(negative, a.power, mgv_set1_i32(0));
    return vm_scale_down_f32(mgv_fma_f32(rest, inverse, quotient), power, tiny);
}

/* exp(-|x|) = 2^power exp, and 1 + that; scale = 2^n, with n stopped at -128. */
typedef struct vm_logistic {
    vm_words exp, sum;
    mgv_f64 scale;
    mgv_i64 power;
} vm_logistic;

MGV_FN vm_logistic vm_logistic_of(mgv_f64 minus) {
    const mgv_f64 one = mgv_set1_f64(1.0);
    const vm_reduced_f64 a = vm_reduce_f64(minus);
    const mgv_f64 r2 = mgv_mul_f64(a.r, a.r), sum = mgv_add_f64(a.rh, one);
    const mgv_f64 err = mgv_sub_f64(a.rh, mgv_sub_f64(sum, one));
    const mgv_f64 tail = mgv_fnma_f64(a.n, mgv_set1_f64(VM_LN2_LO_F64), err);
    const vm_words p = vm_quick_sum(sum, mgv_fma_f64(r2, vm_exp_poly_f64(a.r), tail));
    const mgv_f64 s = vm_scale_f64(one, mgv_max_i64(a.power, mgv_set1_i64(-128 * ((int64_t)1 << 52))));
    const mgv_f64 den = mgv_fma_f64(p.hi, s, one);
    const mgv_f64 dl = mgv_fma_f64(p.lo, s, mgv_fma_f64(p.hi, s, mgv_sub_f64(one, den)));
    return (vm_logistic){p, {den, dl}, s, a.power};
}

/* The quotient of the high parts, corrected once by what it leaves. */
MGV_FN mgv_f64 vm_logistic_quotient(vm_words top, vm_words den) {
    const mgv_f64 inverse = mgv_div_f64(mgv_set1_f64(1.0), den.hi), quotient = mgv_mul_f64(top.hi, inverse);
    const mgv_f64 left = mgv_add_f64(mgv_fnma_f64(quotient, den.hi, top.hi), top.lo);
    return mgv_fma_f64(mgv_fnma_f64(quotient, den.lo, left), inverse, quotient);
}

MGV_FN mgv_f64 vm_sigmoid_f64(mgv_f64 x) {
    const mgv_f64 one = mgv_set1_f64(1.0), zero = mgv_set1_f64(0.0), low = mgv_set1_f64(VM_EXP_ZERO_F64);
    const mgv_f64 minus = mgv_neg_f64(mgv_abs_f64(x));
    const vm_logistic a = vm_logistic_of(mgv_select_f64(mgv_lt_f64(minus, low), low, minus));
    const mgv_b64 negative = mgv_lt_f64(x, zero), tiny = mgv_lt_f64(x, mgv_set1_f64(VM_EXP_TINY_F64));
    const vm_words top = vm_words_select(negative, a.exp, (vm_words){one, zero});
    const mgv_i64 power = mgv_select_i64(negative, a.power, mgv_set1_i64(0));
    return vm_scale_down_f64(vm_logistic_quotient(top, a.sum), power, tiny);
}

#endif
