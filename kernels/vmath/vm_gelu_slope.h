/* SPDX-License-Identifier: MIT
 * The derivatives of gelu and gelu_tanh, which have zeros near -0.752. With a = |x|, both are S(-a) = 2^n e F(a) for x
 * < 0 and 1 - S(-a) for x > 0, where e decays and F has the zero; near it F is t times a polynomial in t, the distance
 * from it. f64 in double words, f32 computed in plain f64. Accuracy and special values are in vmath.h. Coefficients:
 * fit/gelu.sollya. */
#ifndef MGK_VM_GELU_SLOPE_H
#define MGK_VM_GELU_SLOPE_H

#include "kernels/vmath/vm_gelu.h"

/* F(a) = t (s0 + t (s[0] + t (s[1] + ...))), t = a - zero. */
typedef struct vm_zero_wide {
    double zero, zero_low, s0, s0_low, s[11];
} vm_zero_wide;

/* clang-format off */
static const vm_zero_wide vm_gelu_zero = {
    0x1.80ead197f00b4p-1, -0x1.13e74c58cada8p-56, -0x1.25126c154319p-1, 0x1.4e34958eca0aep-55,
    {0x1.5b297ebb9a527p-4, -0x1.2bad2862a3fe1p-5, 0x1.d507ae5ca7246p-7, -0x1.526fe74d69e88p-8,
     0x1.c7c0250d42d0dp-10, -0x1.20e423836af32p-11, 0x1.5b284dac11a1dp-13, -0x1.8d963bf1945bp-15,
     0x1.b40860abdf0cbp-17, -0x1.cc9e580a50e48p-19, 0x1.a4694525c838fp-21}
};
static const double vm_gelu_zero_narrow[6] = {
    -0x1.25126c1736335p-1, 0x1.5b297ec94512fp-4, -0x1.2bace96c13a18p-5, 0x1.d5072ac42c5a1p-7,
    -0x1.536c971c449b7p-8, 0x1.c93e75ca044bdp-10
};
static const vm_zero_wide vm_gelu_tanh_zero = {
    0x1.81429f9e97e4dp-1, -0x1.4f523ed77dbdcp-55, -0x1.3af6cd05624f6p1, -0x1.3d5a77f8f162bp-53,
    {-0x1.993cd34bf4f0bp-4, -0x1.9a0ef5cdf30dp-2, 0x1.3720c65c91ceap-4, -0x1.f37b831f900dfp-6,
     0x1.721f46cf43fa7p-7, -0x1.e3b483b9f9bdcp-9, 0x1.2e3c2441cef83p-10, -0x1.75d3e76f49c27p-12,
     0x1.b043783a9e7d3p-14, -0x1.d8e0409dd5f92p-16, 0x1.05b57d4049d1ap-17}
};
static const double vm_gelu_tanh_zero_narrow[6] = {
    -0x1.3af6cd08a5bfdp1, -0x1.993cd2ecbfc47p-4, -0x1.9a0ec1172cca2p-2, 0x1.372053c3db239p-4,
    -0x1.f522a7791d5c8p-6, 0x1.736c31e2f3eccp-7
};
/* clang-format on */

/* f, but what z says closer than 1/8 to the zero. */
VM_LARGE vm_words vm_beside_zero(mgv_f64 a, vm_words f, const vm_zero_wide *z) {
    const vm_words t = vm_sum(mgv_sub_f64(a, mgv_set1_f64(z->zero)), mgv_set1_f64(-z->zero_low));
    mgv_f64 q = mgv_set1_f64(z->s[10]);
    for (int k = 9; k >= 0; k--) q = vm_step_f64(q, t.hi, z->s[k]);
    const vm_words factor = vm_quick_sum(mgv_set1_f64(z->s0), mgv_mul_f64(q, t.hi));
    const vm_words near = vm_words_mul(t, (vm_words){factor.hi, mgv_add_f64(factor.lo, mgv_set1_f64(z->s0_low))});
    return vm_words_select(mgv_lt_f64(mgv_abs_f64(t.hi), mgv_set1_f64(0.125)), near, f);
}
VM_LARGE mgv_f64 vm_beside_zero_narrow(mgv_f64 a, mgv_f64 f, const vm_zero_wide *z, const double s[6]) {
    const mgv_f64 t = mgv_sub_f64(mgv_sub_f64(a, mgv_set1_f64(z->zero)), mgv_set1_f64(z->zero_low));
    mgv_f64 q = mgv_set1_f64(s[5]);
    for (int k = 4; k >= 0; k--) q = vm_step_f64(q, t, s[k]);
    return mgv_select_f64(mgv_lt_f64(mgv_abs_f64(t), mgv_set1_f64(0.125)), mgv_mul_f64(q, t), f);
}

/* 1/sqrt(2 pi). */
#define VM_PHI_0_HI 0x1.9884533d43651p-2
#define VM_PHI_0_LO (-0x1.cbc0d30ebfd15p-56)

/* e = exp(-a^2/2), F = G(a/sqrt 2)/2 - a phi(0). */
VM_LARGE mgv_f64 vm_gelu_slope_f64(mgv_f64 x) {
    const mgv_f64 a = vm_capped(x, VM_GELU_CAP_F64);
    vm_scaled y = vm_exp_minus(vm_product(a, mgv_mul_f64(a, mgv_set1_f64(0.5))));
    const vm_words bell = vm_words_mul_f64(vm_words_set1(-VM_PHI_0_HI, -VM_PHI_0_LO), a);
    const vm_words f = vm_words_add(bell, vm_tail_of(a, &vm_gelu_tail));
    y.p = vm_words_mul(y.p, vm_beside_zero(a, f, &vm_gelu_zero));
    y = vm_gelu_side(x, y);
    const mgv_b64 tiny = mgv_lt_f64(x, mgv_set1_f64(-36.0));
    return vm_unless_nan(a, vm_scale_down_f64(vm_words_round(y.p), y.power, tiny));
}
VM_LARGE mgv_f64 vm_gelu_slope_narrow(mgv_f64 x) {
    const mgv_f64 a = vm_capped(x, VM_GELU_CAP_F32), one = mgv_set1_f64(1.0);
    const mgv_f64 gauss = vm_exp_minus_narrow(mgv_mul_f64(mgv_mul_f64(a, a), mgv_set1_f64(0.5)));
    const mgv_f64 f = mgv_fnma_f64(a, mgv_set1_f64(VM_PHI_0_HI), vm_tail_of_narrow(a, &vm_gelu_tail_narrow));
    const mgv_f64 p = mgv_mul_f64(gauss, vm_beside_zero_narrow(a, f, &vm_gelu_zero, vm_gelu_zero_narrow));
    return mgv_select_f64(mgv_gt_f64(x, mgv_set1_f64(0.0)), mgv_sub_f64(one, p), p);
}
VM_F32_BY_F64(gelu_slope, vm_gelu_slope_narrow)

/* e = z / (1 + z)^2, F = 1 + z - a w', with z = exp(-w) and w of a. */
VM_LARGE mgv_f64 vm_gelu_tanh_slope_f64(mgv_f64 x) {
    const mgv_f64 a = vm_capped(x, VM_GELU_TANH_CAP_F64);
    const vm_gelu_exponent w = vm_gelu_exponent_of(a);
    vm_scaled y = vm_exp_minus(w.w);
    const vm_words den = vm_one_and(y);
    const vm_words f = vm_beside_zero(a, vm_words_add(den, vm_words_neg(w.a_slope)), &vm_gelu_tanh_zero);
    y.p = vm_words_div(vm_words_mul(y.p, f), vm_words_mul(den, den));
    y = vm_gelu_side(x, y);
    const mgv_b64 tiny = mgv_lt_f64(x, mgv_set1_f64(-20.5));
    return vm_unless_nan(a, vm_scale_down_f64(vm_words_round(y.p), y.power, tiny));
}
VM_LARGE mgv_f64 vm_gelu_tanh_slope_narrow(mgv_f64 x) {
    const mgv_f64 a = vm_capped(x, VM_GELU_TANH_CAP_F32), one = mgv_set1_f64(1.0), a2 = mgv_mul_f64(a, a);
    const mgv_f64 b = mgv_mul_f64(a2, mgv_set1_f64(VM_GELU_B_HI)), main = mgv_set1_f64(VM_GELU_A_HI);
    const mgv_f64 z = vm_exp_minus_narrow(mgv_mul_f64(a, mgv_add_f64(main, b))), den = mgv_add_f64(one, z);
    const mgv_f64 a_slope = mgv_mul_f64(a, mgv_fma_f64(b, mgv_set1_f64(3.0), main));
    const mgv_f64 f = vm_beside_zero_narrow(a, mgv_sub_f64(den, a_slope), &vm_gelu_tanh_zero, vm_gelu_tanh_zero_narrow);
    const mgv_f64 p = mgv_div_f64(mgv_mul_f64(z, f), mgv_mul_f64(den, den));
    return mgv_select_f64(mgv_gt_f64(x, mgv_set1_f64(0.0)), mgv_sub_f64(one, p), p);
}
VM_F32_BY_F64(gelu_tanh_slope, vm_gelu_tanh_slope_narrow)

#endif
